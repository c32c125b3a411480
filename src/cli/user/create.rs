//! `issuant user create`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::answer::{Answer, fields};
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::user::{hash_password, known_roles, view};
use crate::cli::{Session, parse, secrets};
use crate::crypto::random::{SystemRandom, random_identifier};
use crate::identity::account::{self, EmailAddress, Username};
use crate::identity::store::{OneTimeLinks, User, Users};
use crate::protocol::change::Change;
use crate::protocol::context::Timestamp;
use crate::protocol::profile::Profile;
use crate::protocol::store::Subject;

/// Add a person, who signs in with name and password
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant user create ada
  issuant user create ada --email ada@example.com --name \"Ada Lovelace\" --role admin
  issuant user create ada --password-file - < password.txt",
    after_long_help = "\
The password is asked for, unless --password-file brings it. It needs 8 characters; 15 are better.
The role admin is for administrators of this server; other roles stand in the claim roles (scope profile). The setting
roles.vocabulary says which there are."
)]
pub(crate) struct Create {
    /// Name to sign in with
    #[arg(value_name = "NAME")]
    username: Username,
    /// Mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<EmailAddress>,
    /// Applications may rely on the mail address
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// Full name
    #[arg(long, value_parser = parse::display_name)]
    name: Option<String>,
    /// Role within this deployment; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_parser = parse::role)]
    roles: Vec<String>,
    /// Other claims of OpenID Connect Core 5.1, as a JSON object
    #[arg(long, value_name = "JSON")]
    claims: Option<Change<Profile>>,
    /// Take the password from this file (- for standard input) instead of asking
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Create {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let username = self.username.to_string();
        let roles = known_roles(&local, &self.roles)?;
        // Before a password is asked for.
        let name = username.clone();
        local.read(
            move |transaction| match transaction.user_by_username(&name)? {
                Some(_) => Err(exists(&name).into()),
                None => Ok(()),
            },
        )?;
        let password = secrets::new_password(session.output, self.password_file.as_deref())?;
        let (hash, warning) = hash_password(&local, &password, &username)?;
        let user = self.describe(roles, hash, local.now);
        add(&local, &user)?;
        Ok(Answer::new(view::json(&user), fields(&view::pairs(&user)))
            .warn(warning)
            .say(format!("Added {username}."))
            .say(format!(
                "next:  open {}, or any application, and sign in",
                local.config.issuer
            )))
    }

    fn describe(self, roles: Vec<String>, password_hash: String, now: Timestamp) -> User {
        User {
            subject: Subject {
                id: random_identifier(&SystemRandom),
                username: self.username.into(),
                name: self.name,
                email: self.email.map(String::from),
                email_verified: self.email_verified,
                profile: self
                    .claims
                    .map(|change| change.apply(Profile::default()))
                    .unwrap_or_default(),
                roles,
                active: true,
                updated_at: now,
            },
            password_hash: Some(password_hash),
            created_at: now,
        }
    }
}

/// Adds a person, unless the name is taken.
pub(crate) fn add(local: &Local, user: &User) -> Result<(), Failure> {
    let added = user.clone();
    local.write(move |transaction| {
        let subject = &added.subject;
        if transaction.user_by_username(&subject.username)?.is_some() {
            return Err(exists(&subject.username).into());
        }
        transaction.add_user(&added)?;
        if subject.roles.iter().any(|role| role == account::ADMIN) {
            transaction.mark_set_up()?;
        }
        Ok(())
    })
}

fn exists(name: &str) -> Failure {
    Failure::new(
        &failure::EXISTS,
        format!("there is a user `{name}` already"),
    )
    .hint(format!(
        "Change it with: issuant user set {name}, or choose another name."
    ))
}
