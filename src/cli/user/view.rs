//! A user as JSON, in the words of claims (OpenID Connect Core §5.1), and as lines. Never the password's hash.

use serde_json::{Value, json};

use crate::cli::answer::{listed, time_text};
use crate::identity::store::User;
use crate::protocol::profile::Profile;

pub(super) fn json(user: &User) -> Value {
    let subject = &user.subject;
    json!({
        "sub": subject.id,
        "username": subject.username,
        "name": subject.name,
        "email": subject.email,
        "email_verified": subject.email_verified,
        "claims": subject.profile,
        "roles": subject.roles,
        "disabled": !subject.active,
        "has_password": user.password_hash.is_some(),
        "created_at": user.created_at,
        "updated_at": subject.updated_at,
    })
}

pub(super) fn pairs(user: &User) -> Vec<(&'static str, String)> {
    let subject = &user.subject;
    vec![
        ("user", subject.username.clone()),
        ("name", text(subject.name.as_deref())),
        ("email", email(user)),
        ("roles", listed(&subject.roles)),
        ("claims", profile(user)),
        ("state", state(user).to_owned()),
        ("sub", subject.id.clone()),
        ("added", time_text(user.created_at)),
        ("changed", time_text(subject.updated_at)),
    ]
}

pub(super) fn email(user: &User) -> String {
    match &user.subject.email {
        None => "-".to_owned(),
        Some(email) if user.subject.email_verified => email.clone(),
        Some(email) => format!("{email} (not verified)"),
    }
}

/// What else is known of the person, as JSON on one line.
pub(super) fn profile(user: &User) -> String {
    if user.subject.profile == Profile::default() {
        return "-".to_owned();
    }
    json!(user.subject.profile).to_string()
}

pub(super) fn state(user: &User) -> &'static str {
    match (user.subject.active, user.password_hash.is_some()) {
        (false, _) => "disabled",
        (true, false) => "no password",
        (true, true) => "active",
    }
}

pub(super) fn text(value: Option<&str>) -> String {
    value.unwrap_or("-").to_owned()
}
