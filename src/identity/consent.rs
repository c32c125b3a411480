//! What a person agreed to, and what a scope means in a sentence.

use crate::identity::store::{Consent, IdentityStore};
use crate::protocol::client::ClientId;
use crate::protocol::context::Context;
use crate::protocol::error::StoreError;
use crate::protocol::scope::Scope;

/// Remembers that the person agreed, in addition to what was agreed to before.
pub fn agree(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    subject: &str,
    client_id: &ClientId,
    scope: &Scope,
) -> Result<(), StoreError> {
    let earlier = store.consent(subject, client_id)?;
    let (scope, created_at) = match &earlier {
        Some(earlier) => (earlier.scope.union(scope), earlier.created_at),
        None => (scope.clone(), context.now),
    };
    store.save_consent(&Consent {
        subject: subject.to_owned(),
        client_id: client_id.clone(),
        scope,
        created_at,
        updated_at: context.now,
    })
}

/// What a scope lets an app do, to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It reads something.
    See(&'static str),
    /// It acts while the person is away.
    ActWhenAway(&'static str),
    /// A scope of an API; only its name is known.
    Named,
}

/// The meaning of a scope.
pub fn meaning(scope: &str) -> Meaning {
    match scope {
        "openid" => Meaning::See("Know who you are on this server"),
        "profile" => Meaning::See("See your name, user name, picture and roles"),
        "address" => Meaning::See("See your postal address"),
        "phone" => Meaning::See("See your phone number"),
        "roles" => Meaning::See("See your roles"),
        "groups" => Meaning::See("See the groups you belong to"),
        "email" => Meaning::See("See your e-mail address"),
        "offline_access" => {
            Meaning::ActWhenAway("Keep this access when you are away, until you remove it")
        }
        _ => Meaning::Named,
    }
}
