//! We are judged by programs that other people wrote.

mod openidconnect;
mod python;
