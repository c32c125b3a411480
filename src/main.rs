//! The `issuant` program.

fn main() {}
