//! The session of a browser: found by its cookie, over when idle too long or too old, noted as used.

use crate::identity::store::{IdentityStore, Session};
use crate::protocol::context::Context;
use crate::protocol::error::StoreError;
use crate::protocol::store::Subject;

/// A use is written down at most once in so many seconds.
const TOUCH_AFTER: i64 = 60;

/// A living session and its user.
#[derive(Clone, Debug)]
pub struct Living {
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
    Ok(subject.map(|subject| Living { session, subject }))
}
