//! Signing in with user name and password.
//!
//! In two halves, because the hash in between costs 100 ms and is paid for behind an admission queue: [`begin`] counts
//! the try and says which hash to compare, [`finish`] makes the session. An unknown user
//! costs the same hash and gets the same answer as a wrong password.

use crate::crypto::random::random_identifier;
use crate::crypto::secret::Secret;
use crate::identity::session;
use crate::identity::store::{IdentityStore, Session, User};
use crate::identity::throttle::{self, Wait};
use crate::protocol::client::ClientId;
use crate::protocol::context::Context;
use crate::protocol::error::StoreError;

/// A try to sign in.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// As it was typed.
    pub username: &'a str,
    /// The network the browser is in.
    pub source: &'a str,
}

/// What to do next.
#[derive(Debug)]
pub enum Begun {
    /// Compare the password with the user's hash.
    Compare(Box<User>, Secret),
    /// There is nothing to compare with; compare with a decoy, so that it takes as long.
    Decoy,
    /// Too many tries.
    Wait(Wait),
}

/// The browser of a person.
#[derive(Debug)]
pub struct Browser<'a> {
    /// The `User-Agent` header.
    pub user_agent: &'a str,
    /// The address it came from.
    pub address: &'a str,
}

/// Counts the try, then looks the user up.
pub fn begin(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    attempt: &Attempt<'_>,
) -> Result<Begun, StoreError> {
    if let Some(wait) = throttle::admit(context, store, attempt)? {
        return Ok(Begun::Wait(wait));
    }
    let user = store.user_by_username(attempt.username)?;
    Ok(match user.filter(|user| user.subject.active) {
        Some(user) => match user.password_hash.clone() {
            Some(hash) => Begun::Compare(Box::new(user), Secret::new(hash)),
            None => Begun::Decoy,
        },
        None => Begun::Decoy,
    })
}

/// A session that was just made, and the cookie that stands for it.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The value of the cookie.
    pub cookie: Secret,
}

/// Makes the session of a user whose password fitted.
pub fn finish(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    user: &User,
    attempt: &Attempt<'_>,
    browser: &Browser<'_>,
    earlier: Option<&Session>,
) -> Result<SignedIn, StoreError> {
    throttle::forgive(context, store, attempt)?;
    start_session(context, store, user, browser, earlier)
}

/// Makes a session of a user who proved to be it in some way. The cookie is new each time. The session that the browser
/// had before goes on under the new cookie if it is the same user's, so that apps keep their access; another
/// user's ends.
pub fn start_session(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    user: &User,
    browser: &Browser<'_>,
    earlier: Option<&Session>,
) -> Result<SignedIn, StoreError> {
    let cookie = Secret::generate(context.random, "");
    let mut session = Session {
        id: random_identifier(context.random),
        cookie: context.keys.session_digest(cookie.expose()),
        subject: user.subject.id.clone(),
        auth_time: context.now,
        amr: vec!["pwd".to_owned()],
        created_at: context.now,
        last_seen_at: context.now,
        expires_at: context.now + context.policy.session_absolute_lifetime,
        user_agent: browser.user_agent.chars().take(200).collect(),
        address: browser.address.to_owned(),
    };
    if let Some(earlier) = earlier {
        if earlier.subject == session.subject {
            session.id.clone_from(&earlier.id);
            session.created_at = earlier.created_at;
            if store.renew_session(&session)? {
                return Ok(SignedIn { session, cookie });
            }
        } else {
            let find_client = |id: &ClientId| context.clients.client(id.as_str());
            session::end(store, &find_client, earlier, context.now)?;
        }
    }
    store.add_session(&session)?;
    Ok(SignedIn { session, cookie })
}
