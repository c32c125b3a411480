//! Who holds a token family, and whether they may still do anything.

use crate::protocol::client::Client;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::services::ServiceClaims;
use crate::protocol::store::{Store, Subject};
use crate::protocol::tokens::Owner;
use crate::protocol::tokens::family::Family;

/// Who holds a family: whom its tokens speak of.
#[derive(Debug)]
pub(crate) enum Holder {
    /// The user who signed in.
    User(Box<Subject>),
    /// The client, which is an agent.
    Agent {
        /// When the family ends: no token of it lives longer.
        until: Timestamp,
    },
    /// A service, or somebody whom only the service knows.
    Service {
        /// What its tokens say.
        claims: ServiceClaims,
        /// When the family ends: no token of it lives longer.
        until: Timestamp,
    },
}

impl Holder {
    /// The user, where there is one.
    pub(crate) fn subject(self) -> Option<Subject> {
        match self {
            Self::User(subject) => Some(*subject),
            Self::Agent { .. } | Self::Service { .. } => None,
        }
    }

    /// Whom tokens speak of that belong to this browser session, if to any.
    pub(crate) fn owner(self, session: Option<String>) -> Owner {
        match self {
            Self::User(subject) => Owner::User { subject, session },
            Self::Agent { until } => Owner::Agent { until },
            Self::Service { claims, until } => Owner::Service { claims, until },
        }
    }
}

/// The holder of a family of that client; `None` once a user was disabled or removed, or a client is no agent or service any more.
/// Whether the client is enabled was asked before.
pub(crate) fn find(
    store: &mut dyn Store,
    family: &Family,
    client: &Client,
) -> Result<Option<Holder>, StoreError> {
    let Some(subject) = &family.subject else {
        let until = family.expires_at;
        if let Some(claims) = &family.claims.own {
            let claims = claims.clone();
            let has_keys = client.metadata.key_set.is_some();
            return Ok(has_keys.then_some(Holder::Service { claims, until }));
        }
        return Ok(client.is_agent().then_some(Holder::Agent { until }));
    };
    let subject = store.subject(subject)?.filter(|subject| subject.active);
    Ok(subject.map(|subject| Holder::User(Box::new(subject))))
}
