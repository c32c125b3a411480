//! Which claims about a user a scope reveals (OpenID Connect Core §5.4).

use serde::Serialize;

use crate::protocol::context::Timestamp;
use crate::protocol::scope::Scope;
use crate::protocol::store::Subject;

/// The scopes that people and clients of this server know, each with what it means to a person.
pub const STANDARD_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The claims this server can make about a user, as metadata lists them.
pub const CLAIMS: [&str; 8] = [
    "sub",
    "name",
    "preferred_username",
    "updated_at",
    "email",
    "email_verified",
    "roles",
    "sid",
];

/// The answer of the userinfo endpoint (OpenID Connect Core §5.3.2).
#[derive(Debug, Serialize)]
pub struct UserInfo<'a> {
    /// Always there.
    pub sub: &'a str,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<&'a str>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub roles: &'a [String],
    /// Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}

impl<'a> UserInfo<'a> {
    /// What the scope reveals about the user.
    pub fn new(subject: &'a Subject, scope: &Scope) -> Self {
        let profile = scope.contains("profile");
        let email = scope
            .contains("email")
            .then_some(subject.email.as_deref())
            .flatten();
        Self {
            sub: &subject.id,
            name: subject.name.as_deref().filter(|_| profile),
            preferred_username: profile.then_some(subject.username.as_str()),
            updated_at: profile.then_some(subject.updated_at),
            roles: if profile { &subject.roles } else { &[] },
            email,
            email_verified: email.map(|_| subject.email_verified),
        }
    }
}
