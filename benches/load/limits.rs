//! What one core and one disk can do, whatever a server makes of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::floor::Floor;
use crate::process::Meter;

/// Signatures a second on one core, by algorithm.
pub(crate) fn signing() -> Vec<(&'static str, f64)> {
    let random = SystemRandom::new();
    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let ed25519 = Ed25519KeyPair::generate().expect("a key");
    let rsa = RsaKeyPair::generate(KeySize::Rsa3072).expect("a key");
    let mut signature = vec![0; rsa.public_modulus_len()];
    vec![
        (
            "ES256",
            rate(|message| {
                black_box(ecdsa.sign(&random, message).expect("a signature"));
            }),
        ),
        (
            "RS256, 3072 bits",
            rate(|message| {
                rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("a signature");
            }),
        ),
        (
            "EdDSA",
            rate(|message| {
                black_box(ed25519.sign(message));
            }),
        ),
    ]
}

/// How often a second a block reaches the disk below that folder, with some environment.
pub(crate) fn fsyncs(folder: &str, environment: &[(&str, &str)]) -> f64 {
    let floor = Floor::start("fsync", folder, environment);
    floor.line.parse().expect("the floor says a number")
}

fn rate(mut sign: impl FnMut(&[u8])) -> f64 {
    // As long as the header and claims of a token of ours.
    let message = [b'a'; 420];
    let (began, mut count) = (Instant::now(), 0_u32);
    let before = Meter::own_seconds();
    while began.elapsed() < Duration::from_secs(1) {
        sign(&message);
        count += 1;
    }
    // Of this process's time, not of the clock's: others may use the core too.
    f64::from(count) / (Meter::own_seconds() - before)
}
