//! The session of a browser: found by its cookie, over when idle too long or too old, noted as used, ended.

use std::sync::Arc;

use crate::crypto::secret::Secret;
use crate::identity::store::{IdentityStore, Session};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::StoreError;
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::store::Subject;

/// So many accounts can be signed in in one browser.
pub const MOST_ACCOUNTS: usize = 5;

/// A use is written down at most once in so many seconds.
const TOUCH_AFTER: i64 = 60;

/// A living session and its user.
#[derive(Clone, Debug)]
pub struct Living {
    /// The secret by which the browser holds it.
    pub cookie: Secret,
    /// The session.
    pub session: Session,
    /// Its user, who is active.
    pub subject: Subject,
}

impl Living {
    /// Whether the use has to be written down.
    pub fn needs_touch(&self, now: i64) -> bool {
        now - self.session.last_seen_at >= TOUCH_AFTER
    }
}

/// The session that the cookie stands for, if it is alive and its user is active.
pub fn find(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    cookie: &str,
) -> Result<Option<Living>, StoreError> {
    let Some(session) = store.session(&context.keys.session_digest(cookie))? else {
        return Ok(None);
    };
    let idle = context.now - session.last_seen_at;
    if context.now >= session.expires_at || idle >= context.policy.session_idle_lifetime {
        return Ok(None);
    }
    let subject = store
        .subject(&session.subject)?
        .filter(|subject| subject.active);
    Ok(subject.map(|subject| Living {
        cookie: Secret::new(cookie.to_owned()),
        session,
        subject,
    }))
}

/// The sessions that are alive of those that a browser holds, in its order, each account once.
pub fn find_all(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    cookies: &[String],
) -> Result<Vec<Living>, StoreError> {
    let mut accounts: Vec<Living> = Vec::new();
    for cookie in cookies.iter().take(MOST_ACCOUNTS) {
        if let Some(living) = find(context, store, cookie)?
            && accounts.iter().all(|it| it.subject.id != living.subject.id)
        {
            accounts.push(living);
        }
    }
    Ok(accounts)
}

/// Ends a session. Refresh families that belong to it end in the same transaction, and each client that took part and
/// registered an address for it is owed a notice from then on (OpenID Connect Back-Channel Logout §2.3). Answers the
/// clients that took part; `None` when somebody else ended the session before.
///
/// Sessions that merely run out go without a notice: who stays away has not signed out.
pub fn end(
    store: &mut dyn IdentityStore,
    find_client: &dyn Fn(&ClientId) -> Option<Arc<Client>>,
    session: &Session,
    now: Timestamp,
) -> Result<Option<Vec<Arc<Client>>>, StoreError> {
    store.lock_person(&session.subject)?;
    // Codes are given by who holds this row; so nobody joins between the look at the clients and the end.
    if !store.touch_session(&session.id, now)? {
        return Ok(None);
    }
    let ids = store.clients_of_session(&session.id)?;
    let clients = ids.iter().filter_map(find_client);
    let took_part: Vec<Arc<Client>> = clients.filter(|client| !client.disabled).collect();
    store.end_session(&session.id, now)?;
    let wants_notice = |client: &&Arc<Client>| client.metadata.backchannel_logout_uri.is_some();
    for client in took_part.iter().filter(wants_notice) {
        let notice = LogoutNotice::new(&session.id, &client.id, &session.subject, now);
        store.owe_notice(&notice)?;
    }
    Ok(Some(took_part))
}
