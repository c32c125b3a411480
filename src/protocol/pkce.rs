//! The syntax of PKCE values (RFC 7636 §4.1, §4.2). Comparing them is the engine's part.

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// A SHA-256 digest in base64url without padding: 43 characters (RFC 7636 §4.2).
pub fn is_s256_challenge(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::sha256_base64url;

    #[test]
    fn accepts_the_example_of_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_verifier(verifier));
        assert!(is_s256_challenge(challenge));
        assert_eq!(sha256_base64url(verifier.as_bytes()), challenge);
    }

    #[test]
    fn refuses_other_lengths_and_alphabets() {
        assert!(!is_verifier("a"));
        assert!(!is_verifier(&"a".repeat(42)));
        assert!(!is_verifier(&"a".repeat(129)));
        assert!(!is_verifier(&"+".repeat(43)));
        assert!(!is_s256_challenge(&"a".repeat(44)));
        assert!(!is_s256_challenge(&"=".repeat(43)));
    }
}
