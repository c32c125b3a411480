//! Formats of RSA keys; the only file that names `rsa`.
//!
//! Owns reading, checking and converting. **Never computes with a private key**: the package's
//! arithmetic takes a time that depends on the key (RUSTSEC-2023-0071), so signatures are made by
//! `signing_key` with another library, and what is done here is done by an operator, offline.

use rsa::{
    BigUint, RsaPrivateKey,
    pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, LineEnding},
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
    traits::{PrivateKeyParts, PublicKeyParts},
};
use zeroize::Zeroizing;

use crate::crypto::{
    secret::{Secret, SecretBytes},
    signing_key::KeyError,
};

/// The numbers of a private RSA key, big-endian, by their names in a JWK (RFC 7518 §6.3).
pub struct RsaNumbers {
    /// The modulus.
    pub n: Vec<u8>,
    /// The public exponent.
    pub e: Vec<u8>,
    /// The private exponent.
    pub d: Zeroizing<Vec<u8>>,
    /// The first prime.
    pub p: Zeroizing<Vec<u8>>,
    /// The second prime.
    pub q: Zeroizing<Vec<u8>>,
}

/// The numbers that follow from the others (RFC 7518 §6.3.2.4 to §6.3.2.6), big-endian.
pub struct RsaShortcuts {
    /// d mod (p − 1).
    pub dp: Zeroizing<Vec<u8>>,
    /// d mod (q − 1).
    pub dq: Zeroizing<Vec<u8>>,
    /// q⁻¹ mod p.
    pub qi: Zeroizing<Vec<u8>>,
}

/// Reads PKCS#8 (RFC 5208) or PKCS#1 (RFC 8017 A.1.2) DER, checks the key and writes PKCS#8 DER.
pub fn to_pkcs8(der: &[u8]) -> Result<SecretBytes, KeyError> {
    checked_pkcs8(&parse(der)?)
}

/// Puts a key together from its numbers, checks it and writes PKCS#8 DER.
pub fn from_numbers(numbers: &RsaNumbers) -> Result<SecretBytes, KeyError> {
    let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
    let key = RsaPrivateKey::from_components(
        number(&numbers.n),
        number(&numbers.e),
        number(&numbers.d),
        vec![number(&numbers.p), number(&numbers.q)],
    )
    .map_err(|_| KeyError::Unsuitable)?;
    checked_pkcs8(&key)
}

/// Takes a PKCS#8 or PKCS#1 key apart.
pub fn to_numbers(der: &[u8]) -> Result<(RsaNumbers, RsaShortcuts), KeyError> {
    let key = parse(der)?;
    let [p, q] = key.primes() else {
        return Err(KeyError::Unsuitable);
    };
    let (Some(dp), Some(dq), Some(qi)) = (key.dp(), key.dq(), key.crt_coefficient()) else {
        return Err(KeyError::Unsuitable);
    };
    let secret = |number: &BigUint| Zeroizing::new(number.to_bytes_be());
    let numbers = RsaNumbers {
        n: key.n().to_bytes_be(),
        e: key.e().to_bytes_be(),
        d: secret(key.d()),
        p: secret(p),
        q: secret(q),
    };
    Ok((
        numbers,
        RsaShortcuts {
            dp: secret(dp),
            dq: secret(dq),
            qi: secret(&qi),
        },
    ))
}

/// Writes a PKCS#8 or PKCS#1 key as PKCS#1 PEM (`RSA PRIVATE KEY`), for programs that read only that.
pub fn to_pkcs1_pem(der: &[u8]) -> Result<Secret, KeyError> {
    let pem = parse(der)?
        .to_pkcs1_pem(LineEnding::LF)
        .map_err(|_| KeyError::Unsuitable)?;
    Ok(Secret::new(pem.as_str().to_owned()))
}

/// Both readers end in the package's `validate`, which refuses an even exponent or one below 3,
/// and numbers that do not belong together.
fn parse(der: &[u8]) -> Result<RsaPrivateKey, KeyError> {
    RsaPrivateKey::from_pkcs8_der(der)
        .ok()
        .or_else(|| RsaPrivateKey::from_pkcs1_der(der).ok())
        .ok_or(KeyError::Unsuitable)
}

fn checked_pkcs8(key: &RsaPrivateKey) -> Result<SecretBytes, KeyError> {
    if !(2048..=8192).contains(&key.n().bits()) {
        return Err(KeyError::RsaSize);
    }
    key.validate().map_err(|_| KeyError::Unsuitable)?;
    let document = key.to_pkcs8_der().map_err(|_| KeyError::Unsuitable)?;
    Ok(SecretBytes::new(document.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{
        algorithm::Algorithm,
        signing_key::{RsaBits, SigningKey},
    };

    fn generated() -> SecretBytes {
        SigningKey::generate(Algorithm::Rs256, RsaBits::B2048)
            .unwrap()
            .1
    }

    #[test]
    fn pkcs8_pkcs1_and_numbers_are_the_same_key() {
        let pkcs8 = generated();
        assert_eq!(to_pkcs8(pkcs8.expose()).unwrap().expose(), pkcs8.expose());
        let pkcs1 = RsaPrivateKey::from_pkcs8_der(pkcs8.expose())
            .unwrap()
            .to_pkcs1_der()
            .unwrap();
        assert_eq!(to_pkcs8(pkcs1.as_bytes()).unwrap().expose(), pkcs8.expose());
        let (numbers, shortcuts) = to_numbers(pkcs8.expose()).unwrap();
        assert_eq!(from_numbers(&numbers).unwrap().expose(), pkcs8.expose());
        assert_eq!((numbers.n.len(), numbers.e), (256, vec![1, 0, 1]));
        assert!(!shortcuts.qi.is_empty() && shortcuts.dp != shortcuts.dq);
        let pem = to_pkcs1_pem(pkcs8.expose()).unwrap();
        assert!(
            pem.expose()
                .starts_with("-----BEGIN RSA PRIVATE KEY-----\n")
        );
    }

    #[test]
    fn numbers_that_do_not_belong_together_are_refused() {
        let changed = |change: fn(&mut RsaNumbers)| {
            let (mut numbers, _) = to_numbers(generated().expose()).unwrap();
            change(&mut numbers);
            from_numbers(&numbers).err()
        };
        assert_eq!(changed(|_| {}), None);
        assert_eq!(changed(|key| key.d[9] ^= 1), Some(KeyError::Unsuitable));
        assert_eq!(changed(|key| key.n[9] ^= 1), Some(KeyError::Unsuitable));
        assert_eq!(changed(|key| key.e = vec![1]), Some(KeyError::Unsuitable));
        assert_eq!(changed(|key| key.e = vec![2]), Some(KeyError::Unsuitable));
        assert_eq!(changed(|key| key.e = vec![3]), Some(KeyError::Unsuitable));
        assert_eq!(
            changed(|key| key.p = Zeroizing::new(vec![1])),
            Some(KeyError::Unsuitable)
        );
        assert_eq!(
            changed(|key| key.q = key.p.clone()),
            Some(KeyError::Unsuitable)
        );
        assert_eq!(
            changed(|key| key.d = Zeroizing::new(vec![])),
            Some(KeyError::Unsuitable)
        );
    }

    /// p = 61, q = 53: the numbers belong together, but anybody can find them.
    #[test]
    fn small_keys_are_refused() {
        let numbers = RsaNumbers {
            n: vec![0x0c, 0xa1],
            e: vec![17],
            d: Zeroizing::new(vec![0x0a, 0xc1]),
            p: Zeroizing::new(vec![61]),
            q: Zeroizing::new(vec![53]),
        };
        assert_eq!(from_numbers(&numbers).err(), Some(KeyError::RsaSize));
    }

    #[test]
    fn other_bytes_are_no_key() {
        let (_, elliptic) = SigningKey::generate(Algorithm::Es256, RsaBits::B2048).unwrap();
        for bytes in [elliptic.expose(), b"", b"0", &[0x30; 300]] {
            assert_eq!(to_pkcs8(bytes).err(), Some(KeyError::Unsuitable));
        }
    }
}
