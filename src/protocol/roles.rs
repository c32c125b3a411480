//! Which roles a person can have.
//!
//! Without a vocabulary a role is free text. With one, a role that is not in it is refused, so that a slip of the pen does not
//! make somebody silently powerless, and each is written as the vocabulary has it, whatever its case was when typed.

use std::fmt;

/// The role of administrators.
pub const ADMIN: &str = "admin";

/// A role: 1 to 64 printable ASCII characters without blanks, as `admin`.
pub fn is_role(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The roles of a deployment; none named: any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleVocabulary(Vec<String>);

/// Why a list of roles is no vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableVocabulary {
    /// A role has other characters than a role may have.
    #[error("holds a role that has not 1 to 64 printable ASCII characters, without blanks")]
    Malformed,
    /// Two roles differ in case alone.
    #[error("names a role twice; case makes no difference")]
    Twice,
}

/// A role that does not exist here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchRole {
    /// Not a role anywhere.
    #[error("a role has 1 to 64 printable ASCII characters, without blanks")]
    Malformed,
    /// Not in the vocabulary.
    #[error("there is no role `{role}`; there are {known}")]
    Unknown {
        /// As it was typed.
        role: String,
        /// All that there are.
        known: RoleVocabulary,
    },
}

impl RoleVocabulary {
    /// Takes the roles, and the one of administrators, without which nobody could be one.
    pub fn new(mut roles: Vec<String>) -> Result<Self, UnusableVocabulary> {
        if !roles.iter().all(|role| is_role(role)) {
            return Err(UnusableVocabulary::Malformed);
        }
        let mut folded: Vec<String> = roles.iter().map(|it| it.to_ascii_lowercase()).collect();
        folded.sort_unstable();
        if folded.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(UnusableVocabulary::Twice);
        }
        if !roles.is_empty() && !folded.iter().any(|role| role == ADMIN) {
            roles.push(ADMIN.to_owned());
        }
        Ok(Self(roles))
    }

    /// A role as it is kept.
    pub fn role(&self, typed: &str) -> Result<String, NoSuchRole> {
        if !is_role(typed) {
            return Err(NoSuchRole::Malformed);
        }
        if self.0.is_empty() {
            return Ok(typed.to_owned());
        }
        let found = self.0.iter().find(|role| role.eq_ignore_ascii_case(typed));
        found.cloned().ok_or_else(|| NoSuchRole::Unknown {
            role: typed.to_owned(),
            known: self.clone(),
        })
    }

    /// Several roles as they are kept: in order, each once.
    pub fn roles<T: AsRef<str>>(&self, typed: &[T]) -> Result<Vec<String>, NoSuchRole> {
        let roles = typed.iter().map(|role| self.role(role.as_ref()));
        let mut roles = roles.collect::<Result<Vec<String>, NoSuchRole>>()?;
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }
}

impl fmt::Display for RoleVocabulary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(roles: &[&str]) -> Result<RoleVocabulary, UnusableVocabulary> {
        RoleVocabulary::new(roles.iter().map(|role| (*role).to_owned()).collect())
    }

    #[test]
    fn without_a_vocabulary_a_role_is_free_text() {
        let any = RoleVocabulary::default();
        assert_eq!(any.role("Staff"), Ok("Staff".to_owned()));
        assert_eq!(any.role("two words"), Err(NoSuchRole::Malformed));
        assert_eq!(any.roles(&["b", "a", "b"]).unwrap(), ["a", "b"]);
    }

    #[test]
    fn with_one_others_are_refused_and_case_is_folded() {
        let some = vocabulary(&["user", "API"]).unwrap();
        assert_eq!(
            some.roles(&["api", "User", "ADMIN"]).unwrap(),
            ["API", "admin", "user"]
        );
        let refused = some.role("nosuchrole").unwrap_err().to_string();
        assert_eq!(
            refused,
            "there is no role `nosuchrole`; there are user, API, admin"
        );
    }

    #[test]
    fn a_vocabulary_names_each_role_once() {
        assert_eq!(vocabulary(&["a", "A"]), Err(UnusableVocabulary::Twice));
        assert_eq!(vocabulary(&["a b"]), Err(UnusableVocabulary::Malformed));
        assert_eq!(vocabulary(&[]), Ok(RoleVocabulary::default()));
    }
}
