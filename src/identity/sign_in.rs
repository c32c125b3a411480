//! Signing in with user name and password.
//!
//! In two halves, because the hash in between costs 100 ms and is paid for behind an admission queue: [`begin`] counts
//! the try and says which hash to compare, [`finish`] makes the session. An unknown user
//! costs the same hash and gets the same answer as a wrong password.

use crate::crypto::random::random_identifier;
use crate::crypto::secret::Secret;
use crate::identity::activity::{self, Activity};
use crate::identity::session::{self, Living};
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

impl Browser<'_> {
    /// What it calls itself, cut to 200 characters.
    pub fn name(&self) -> String {
        self.user_agent.chars().take(200).collect()
    }
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

/// Makes the session of a user whose password fitted. `None` when it is not the user's any more: a password that is
/// changed while an older one is compared ends all sessions, and none may begin afterwards.
pub fn finish(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    user: &User,
    attempt: &Attempt<'_>,
    browser: &Browser<'_>,
    accounts: Vec<Living>,
) -> Result<Option<Vec<Living>>, StoreError> {
    // In one order everywhere: with one account too many, somebody else's session ends as well.
    let others = accounts.iter().map(|it| it.subject.id.as_str());
    let mut persons: Vec<&str> = others.chain([user.subject.id.as_str()]).collect();
    persons.sort_unstable();
    persons.dedup();
    for person in persons {
        store.lock_person(person)?;
    }
    let current = store.user(&user.subject.id)?;
    let is_same = |it: &User| it.subject.active && it.password_hash == user.password_hash;
    let Some(current) = current.filter(is_same) else {
        return Ok(None);
    };
    throttle::forgive(context, store, attempt)?;
    start_session(context, store, &current, browser, accounts).map(Some)
}

/// Makes a session of a user who proved to be it in some way, beside those of the other `accounts` that are signed in in
/// the browser; answers all of them, the new one first. Its cookie is new each time. The session that the browser had of
/// the same user goes on under the new cookie, so that apps keep their access. Where there are too many, the one that was
/// last in the row ends.
pub fn start_session(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    user: &User,
    browser: &Browser<'_>,
    accounts: Vec<Living>,
) -> Result<Vec<Living>, StoreError> {
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
        user_agent: browser.name(),
        address: browser.address.to_owned(),
    };
    let now = context.now;
    activity::record(
        store,
        Activity::SignIn,
        &session.subject,
        None,
        browser,
        now,
    )?;
    let is_same = |it: &Living| it.subject.id == user.subject.id;
    let (same, mut others): (Vec<Living>, Vec<Living>) = accounts.into_iter().partition(is_same);
    let is_renewed = match same.into_iter().next() {
        Some(earlier) => {
            let renewed = Session {
                id: earlier.session.id,
                created_at: earlier.session.created_at,
                ..session.clone()
            };
            let is_renewed = store.renew_session(&renewed)?;
            if is_renewed {
                session = renewed;
            }
            is_renewed
        }
        None => false,
    };
    if !is_renewed {
        store.add_session(&session)?;
    }
    let find_client = |id: &ClientId| context.clients.client(id.as_str());
    while others.len() >= session::MOST_ACCOUNTS {
        if let Some(last) = others.pop() {
            session::end(store, &find_client, &last.session, context.now)?;
        }
    }
    let subject = user.subject.clone();
    let mut accounts = vec![Living {
        cookie,
        session,
        subject,
    }];
    accounts.append(&mut others);
    Ok(accounts)
}
