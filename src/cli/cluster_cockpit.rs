//! The command line of `cc-backend`, for scripts that have it: flags with one dash or two, in place of a command.

use std::ffi::OsString;

use clap::Parser;

use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::serve::Serve;
use crate::cli::token::issue::issue;
use crate::cli::user::{create, delete, known_roles};
use crate::cli::{Common, Session};
use crate::crypto::password::MAX_PASSWORD;
use crate::crypto::random::{SystemRandom, random_identifier};
use crate::crypto::secret::Secret;
use crate::http::seeds::cluster_cockpit::wish;
use crate::identity::account::Username;
use crate::identity::store::User;
use crate::protocol::profile::Profile;
use crate::protocol::store::Subject;
use crate::server::data;

/// What is done, in this order.
#[derive(Parser, Debug)]
#[command(name = "issuant", disable_version_flag = true)]
pub(crate) struct Historic {
    #[command(flatten)]
    pub(super) common: Common,
    /// Adds a person
    #[arg(long, value_name = "NAME:ROLES:PASSWORD")]
    add_user: Option<String>,
    /// Removes a person
    #[arg(long, value_name = "NAME")]
    del_user: Option<String>,
    /// Issues a token
    #[arg(long, value_name = "NAME")]
    jwt: Option<String>,
    /// Runs the server, as later versions demand
    #[arg(long)]
    server: bool,
    /// Does not, as earlier ones demand; what holds in any case
    #[arg(long, conflicts_with = "server")]
    no_server: bool,
}

const FLAGS: [&str; 5] = ["add-user", "del-user", "jwt", "server", "no-server"];

/// The same arguments with two dashes each, if they begin as these do.
pub(super) fn recognise(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let name = |argument: &OsString| {
        let text = argument.to_str()?;
        let flag = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
        Some(flag.split('=').next()?.to_owned())
    };
    let first = arguments.iter().skip(1).find_map(&name)?;
    let has_command = arguments.get(1).is_some_and(|it| name(it).is_none());
    let is_one = |name: &String| FLAGS.contains(&name.as_str());
    let is_historic = is_one(&first) || arguments.iter().filter_map(&name).any(|it| is_one(&it));
    if has_command || !is_historic {
        return None;
    }
    let lengthen = |argument: &OsString| match argument.to_str() {
        Some(text) if text.starts_with('-') && !text.starts_with("--") && text.len() > 2 => {
            OsString::from(format!("-{text}"))
        }
        _ => argument.clone(),
    };
    Some(arguments.iter().map(lengthen).collect())
}

impl Historic {
    pub(super) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        if !local.config.policy.cluster_cockpit.enabled {
            let message = "the flags of ClusterCockpit are switched off";
            return Err(Failure::new(&failure::USAGE, message)
                .hint("Set cluster_cockpit.enabled to on, or use: issuant user create, issuant token issue."));
        }
        let mut answer = Answer::new(serde_json::json!({}), "");
        if let Some(text) = &self.add_user {
            answer = add_user(&local, text)?;
        }
        if let Some(name) = self.del_user {
            delete::remove(&local, name.clone())?;
            answer = answer.say(format!("Removed the user {name}."));
        }
        if let Some(name) = self.jwt {
            let done = (answer.talk, answer.warnings);
            answer = jwt(local, &name)?;
            answer.talk.splice(0..0, done.0);
            answer.warnings.splice(0..0, done.1);
        }
        if self.server {
            session.output.answer(&answer);
            return Serve::default().run(session);
        }
        Ok(answer)
    }
}

/// `demo:api,user:pa:ss`: the password may hold colons.
fn add_user(local: &Local, text: &str) -> Result<Answer, Failure> {
    let wrong = |message: String| Failure::new(&failure::VALUE, message);
    let mut parts = text.splitn(3, ':');
    let (Some(name), Some(roles), Some(password)) = (parts.next(), parts.next(), parts.next())
    else {
        let message = "a user is written as NAME:ROLE,ROLE:PASSWORD";
        return Err(wrong(message.to_owned()));
    };
    let username: Username = name.parse().map_err(|it| wrong(format!("{it}")))?;
    let roles: Vec<String> = roles
        .split(',')
        .map(|role| role.trim().to_owned())
        .filter(|role| !role.is_empty())
        .collect();
    let roles = known_roles(local, &roles)?;
    if password.len() > MAX_PASSWORD {
        return Err(wrong("the password may have at most 512 bytes".to_owned()));
    }
    let hash = (!password.is_empty())
        .then(|| {
            data::password_hasher(&local.data.root, &SystemRandom)
                .and_then(|it| it.hash(&Secret::new(password.to_owned()), &SystemRandom))
        })
        .transpose()
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))?;
    let mut warnings = vec![
        "the password stands in the command line, where other processes and the history of the shell see it; \
         rather use: issuant user create NAME --password-file -"
            .to_owned(),
    ];
    if !password.is_empty() && password.chars().count() < 15 {
        let warning = "the password is short; three or four random words are better";
        warnings.push(warning.to_owned());
    }
    let user = User {
        subject: Subject {
            id: random_identifier(&SystemRandom),
            username: username.into(),
            name: None,
            email: None,
            email_verified: false,
            profile: Profile::default(),
            roles,
            active: true,
            updated_at: local.now,
        },
        password_hash: hash,
        created_at: local.now,
    };
    create::add(local, &user)?;
    let line = format!("Added {}.", user.subject.username);
    Ok(Answer::new(serde_json::json!({"sub": user.subject.id}), "")
        .say(line)
        .warn(warnings))
}

/// The line that scripts look for, on standard output.
fn jwt(local: Local, name: &str) -> Result<Answer, Failure> {
    let lifetime = local.config.policy.cluster_cockpit.max_age;
    let longest = local.config.policy.personal_tokens.longest;
    let made = issue(local, name, wish(lifetime.min(longest)))?;
    let user = &made.user.subject;
    let warning = (!user.roles.iter().any(|role| role == "api"))
        .then(|| format!("user {} does not have the role api", user.username));
    let text = format!(
        "JWT: Successfully generated JWT for user '{}': {}\n",
        user.username, made.text
    );
    Ok(Answer::new(made.json(), text).warn(warning))
}
