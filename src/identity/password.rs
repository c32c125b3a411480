//! A new password of somebody's own choice.

use std::sync::Arc;

use crate::identity::activity::{self, Activity};
use crate::identity::session::{self, Living};
use crate::identity::sign_in::{self, Browser};
use crate::identity::store::{IdentityStore, User};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::Context;
use crate::protocol::error::StoreError;
use crate::protocol::tokens::family::RevocationReason;

/// Sets the hash of the new password. Whatever the old one began ends, in the same transaction: all sessions of the person, in
/// this browser too, and all that apps may do while the person is away. The person goes on with a new session.
///
/// `user` is as it was when the old password was compared; `None` when the password was changed meanwhile.
pub fn change(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    user: &User,
    new_hash: String,
    browser: &Browser<'_>,
    accounts: Vec<Living>,
) -> Result<Option<Vec<Living>>, StoreError> {
    let subject = &user.subject.id;
    store.lock_person(subject)?;
    let current = store.user(subject)?;
    let Some(mut current) = current.filter(|it| it.password_hash == user.password_hash) else {
        return Ok(None);
    };
    current.password_hash = Some(new_hash);
    store.replace_user(&current)?;
    let find_client =
        |id: &ClientId| -> Option<Arc<Client>> { context.clients.client(id.as_str()) };
    for session in store.sessions_of(subject)? {
        session::end(store, &find_client, &session, context.now)?;
    }
    store.revoke_families_of_person(subject, RevocationReason::UserRequest, context.now)?;
    let now = context.now;
    activity::record(store, Activity::PasswordChange, subject, None, browser, now)?;
    sign_in::start_session(context, store, &current, browser, accounts).map(Some)
}
