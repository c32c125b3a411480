//! The fields of a form that makes a person: the first administrator, or whoever signs up.

use std::sync::Arc;

use crate::crypto::random::random_identifier;
use crate::crypto::secret::Secret;
use crate::http::pages::view::FormError;
use crate::http::scene::Scene;
use crate::identity::account::{EmailAddress, PasswordGrade, Username, grade_password};
use crate::identity::store::User;
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::profile::Profile;
use crate::protocol::store::Subject;

/// A password that is the only proof has at least so many characters.
pub(crate) const SHORTEST_PASSWORD: u32 = 15;

/// What was typed, besides the password, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) error: Option<FormError>,
}

impl Typed {
    pub(crate) fn read(params: &Params<'_>) -> Self {
        let text = |name: &str| params.find(name).unwrap_or_default().trim().to_owned();
        Self {
            username: text("username"),
            email: text("email"),
            error: None,
        }
    }
}

/// The checked values of the form.
pub(crate) struct Fields {
    username: Username,
    email: Option<EmailAddress>,
    password: Secret,
}

impl Fields {
    pub(crate) fn check(params: &Params<'_>, typed: &Typed) -> Result<Self, FormError> {
        if typed.username.is_empty() {
            return Err(FormError::at_field("username", "Enter a user name"));
        }
        let username: Username = typed.username.parse().map_err(|_| {
            let message = "Enter a user name of at most 64 characters, without blanks";
            FormError::at_field("username", message)
        })?;
        Ok(Self {
            username,
            email: email(&typed.email)?,
            password: new_password(params, "password", &typed.username)?,
        })
    }

    /// The person, with the hash of the password.
    pub(crate) async fn into_user(self, scene: &Scene, roles: Vec<String>) -> Result<User, Fault> {
        let random = Arc::clone(&scene.state.random);
        let hash = scene.state.passwords.hash(self.password, random).await?;
        Ok(User {
            subject: Subject {
                id: random_identifier(&*scene.state.random),
                username: self.username.into(),
                name: None,
                email: self.email.map(Into::into),
                email_verified: false,
                roles,
                profile: Profile::default(),
                active: true,
                updated_at: scene.now,
            },
            password_hash: Some(hash),
            created_at: scene.now,
        })
    }
}

/// What a form says when somebody else has the name.
pub(crate) fn name_is_taken() -> FormError {
    FormError::at_field("username", "Choose another user name: this one is taken")
}

/// The address in the field `email`, which may be empty.
pub(crate) fn email(typed: &str) -> Result<Option<EmailAddress>, FormError> {
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|_| {
        let message = "Enter an e-mail address, as maya@example.com, or leave it empty";
        FormError::at_field("email", message)
    })
}

/// The new password in that field, if it may be taken.
pub(crate) fn new_password(
    params: &Params<'_>,
    field: &str,
    username: &str,
) -> Result<Secret, FormError> {
    let password = Secret::new(params.find(field).unwrap_or_default().to_owned());
    match grade_password(&password, username) {
        Ok(PasswordGrade::Good) => Ok(password),
        Ok(PasswordGrade::Short) | Err(_) => {
            let message =
                "Enter a password of 15 to 512 characters; three or four random words work well";
            Err(FormError::at_field(field, message))
        }
    }
}
