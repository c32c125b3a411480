//! `issuant user set`: changes what is named, and tells each change.

use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, listed, printable};
use crate::cli::failure::{self, Failure};
use crate::cli::user::{end_sessions, find_to_change, known_roles, view};
use crate::cli::{Session, parse};
use crate::identity::account::{self, EmailAddress};
use crate::identity::store::{OneTimeLinks, User, Users};
use crate::protocol::change::Change;
use crate::protocol::profile::Profile;

/// Change a person; roles that are named replace the old ones
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant user set ada --email ada@example.com --email-verified
  issuant user set ada --role admin --role staff
  issuant user set ada --disable",
    after_long_help = "\
--disable ends all sessions, and refresh tokens are refused from then on. --clear email takes the address away.
To set a password: issuant user password NAME"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line of its own"
)]
pub(crate) struct Set {
    /// Name to sign in with
    #[arg(value_name = "NAME")]
    username: String,
    /// Mail address, not verified unless said so
    #[arg(long, value_name = "ADDRESS")]
    email: Option<EmailAddress>,
    /// Applications may rely on the mail address
    #[arg(long)]
    email_verified: bool,
    /// Full name
    #[arg(long, value_parser = parse::display_name)]
    name: Option<String>,
    /// Role within this deployment; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_parser = parse::role)]
    roles: Vec<String>,
    /// Other claims of OpenID Connect Core 5.1, as a JSON object; null takes one away
    #[arg(long, value_name = "JSON")]
    claims: Option<Change<Profile>>,
    /// Let the person sign in again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Lock the person out, at once and everywhere
    #[arg(long)]
    disable: bool,
    /// Take something away; may be repeated
    #[arg(long, value_name = "FIELD", value_parser = ["email", "name", "role"])]
    clear: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Set {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let (now, dry_run) = (local.now, self.dry_run);
        let roles = known_roles(&local, &self.roles)?;
        let (before, after, ended) = local.write(move |transaction| {
            let before = find_to_change(transaction, &self.username)?;
            let mut after = self.apply(before.clone(), roles);
            let mut ended = 0;
            if !dry_run && after != before {
                after.subject.updated_at = now;
                transaction.replace_user(&after)?;
                if !after.subject.active {
                    ended = end_sessions(transaction, &after.subject.id, now)?;
                }
                if is_admin(&after) {
                    transaction.mark_set_up()?;
                }
            }
            Ok((before, after, ended))
        })?;
        let changes = changes(&before, &after);
        if changes.is_empty() {
            let message = format!("nothing about {} would change", after.subject.username);
            return Err(Failure::new(&failure::VALUE, message)
                .hint("Name what to change; issuant user set --help lists the flags."));
        }
        let lines: Vec<String> = changes
            .iter()
            .map(|(name, old, new)| printable(&format!("{name}: {old} → {new}")))
            .collect();
        let data = json!({
            "user": view::json(&after),
            "changed": changes.iter().map(|(name, ..)| name).collect::<Vec<_>>(),
            "ended_sessions": ended,
            "dry_run": dry_run,
        });
        let answer = Answer::new(data, format!("{}\n", lines.join("\n")));
        Ok(if dry_run {
            answer.say("Nothing was changed.")
        } else if after.subject.active {
            answer
        } else {
            answer.say(format!("Ended {ended} session(s)."))
        })
    }

    fn apply(self, mut user: User, roles: Vec<String>) -> User {
        let subject = &mut user.subject;
        for field in &self.clear {
            match field.as_str() {
                "email" => subject.email = None,
                "name" => subject.name = None,
                _ => subject.roles.clear(),
            }
        }
        if let Some(email) = self.email.map(String::from)
            && subject.email.as_ref() != Some(&email)
        {
            // What was verified was the old address.
            subject.email_verified = false;
            subject.email = Some(email);
        }
        subject.email_verified =
            (subject.email_verified || self.email_verified) && subject.email.is_some();
        if self.name.is_some() {
            subject.name = self.name;
        }
        if !roles.is_empty() {
            subject.roles = roles;
        }
        if let Some(change) = &self.claims {
            subject.profile = change.apply(std::mem::take(&mut subject.profile));
        }
        subject.active = (subject.active || self.enable) && !self.disable;
        user
    }
}

fn is_admin(user: &User) -> bool {
    user.subject.roles.iter().any(|role| role == account::ADMIN)
}

/// What differs: name, old and new value.
fn changes(before: &User, after: &User) -> Vec<(&'static str, String, String)> {
    let describe = |user: &User| {
        [
            ("email", view::email(user)),
            ("name", view::text(user.subject.name.as_deref())),
            ("roles", listed(&user.subject.roles)),
            ("claims", view::profile(user)),
            ("state", view::state(user).to_owned()),
        ]
    };
    describe(before)
        .into_iter()
        .zip(describe(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| (name, old, new))
        .collect()
}
