//! The command line, as people and scripts meet it: the real program, run in an empty folder.
//!
//! `transcripts` holds what each command prints, in full; the other files say what matters about it.

mod discovery;
mod exit_codes;
mod keys;
mod logout;
mod program;
mod running;
mod secrets;
mod sector;
mod tls;
mod tokens;
mod transcripts;
mod trust;
