//! What a user name, an address and a new password must look like.
//!
//! Every surface that makes or changes users asks here: the pages, the command line.

use std::fmt;
use std::str::FromStr;

use crate::crypto::password::MAX_PASSWORD;
use crate::crypto::secret::Secret;
pub use crate::protocol::roles::{ADMIN, is_role};

/// A name to sign in with: 1 to 64 characters, none of them white space, control character or `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// The text cannot be a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 1 to 64 characters, without white space, slash and control characters")]
pub struct MalformedUsername;

impl FromStr for Username {
    type Err = MalformedUsername;

    fn from_str(text: &str) -> Result<Self, MalformedUsername> {
        let is_bad = |character: char| {
            character.is_whitespace()
                || character.is_control()
                || character == '/'
                || is_direction_mark(character)
        };
        if (1..=64).contains(&text.chars().count()) && !text.contains(is_bad) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedUsername)
        }
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A mail address, as far as one can tell without writing to it: something before and after an @.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

/// The text cannot be a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mail address looks like ada@example.com")]
pub struct MalformedEmail;

impl FromStr for EmailAddress {
    type Err = MalformedEmail;

    fn from_str(text: &str) -> Result<Self, MalformedEmail> {
        let is_bad = |character: char| character.is_whitespace() || character.is_control();
        match text.rsplit_once('@') {
            Some((local, domain))
                if !local.is_empty()
                    && !domain.is_empty()
                    && text.len() <= 254
                    && !text.contains(is_bad) =>
            {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(MalformedEmail),
        }
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

/// What shows a person's name on pages: 1 to 100 characters on one line.
pub fn is_display_name(text: &str) -> bool {
    (1..=100).contains(&text.chars().count())
        && !text.contains(|character: char| character.is_control() || is_direction_mark(character))
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than 8 characters.
    #[error("the password needs at least 8 characters; 15 or more are better")]
    TooShort,
    /// More than 512 bytes.
    #[error("the password may have at most 512 bytes")]
    TooLong,
    /// The user's own name.
    #[error("the password may not be the user name")]
    IsName,
}

/// How good a password is that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordGrade {
    /// 8 to 14 characters: enough only with a second factor (NIST SP 800-63B §3.1.1.2).
    Short,
    /// 15 characters or more.
    Good,
}

/// Whether a new password may be taken, and how good it is.
pub fn grade_password(password: &Secret, username: &str) -> Result<PasswordGrade, WeakPassword> {
    let text = password.expose();
    if text.len() > MAX_PASSWORD {
        return Err(WeakPassword::TooLong);
    }
    let length = text.chars().count();
    if length < 8 {
        return Err(WeakPassword::TooShort);
    }
    if text.eq_ignore_ascii_case(username) {
        return Err(WeakPassword::IsName);
    }
    Ok(if length < 15 {
        PasswordGrade::Short
    } else {
        PasswordGrade::Good
    })
}

/// Characters that turn the direction of the text around them.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names() {
        for good in ["ada", "ada.lovelace@example.com", "Ä", &"x".repeat(64)] {
            assert!(good.parse::<Username>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a\n", "\u{202e}a", &"x".repeat(65)] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses() {
        assert!("ada@example.com".parse::<EmailAddress>().is_ok());
        for bad in ["", "ada", "@x", "a@", "a b@c"] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords() {
        let grade = |text: &str| grade_password(&Secret::new(text.to_owned()), "adalovelace");
        assert_eq!(grade("1234567"), Err(WeakPassword::TooShort));
        assert_eq!(grade("AdaLovelace"), Err(WeakPassword::IsName));
        assert_eq!(grade(&"x".repeat(513)), Err(WeakPassword::TooLong));
        assert_eq!(grade("12345678"), Ok(PasswordGrade::Short));
        assert_eq!(grade("correct horse battery"), Ok(PasswordGrade::Good));
    }
}
