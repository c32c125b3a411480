//! Tokens of trusted issuers: which are believed, what the rules give for them, and what is issued (RFC 7521, RFC 7523).

mod assertion;
mod attributes;
mod binding;
mod definition;
mod grant;
mod selector;

use std::sync::Arc;

use issuant::protocol::client_auth::AuthenticatedClient;
use issuant::protocol::context::PublishedKeys;
use issuant::protocol::error::{Fault, Refusal};
use issuant::protocol::grants::jwt_bearer::{self, Presented};
use issuant::protocol::params::Params;
use issuant::protocol::tokens::{Issue, Owner, Vouched};
use issuant::protocol::trust::assertion::{Checked, Strictness, Verified, check};
use issuant::protocol::trust::directory::{Trust, Trusted};

use super::{Id, World};

/// Checks a token whose issuer publishes nothing.
fn checked(world: &World, trusted: &Arc<Trusted>, token: &str) -> Result<Verified, Id> {
    let published = PublishedKeys::default();
    let context = world.ground.context();
    match check(&context, trusted, &published, token, Strictness::Standard) {
        Ok(Checked::Good(verified)) => Ok(*verified),
        Ok(Checked::NeedsKeys) => panic!("the keys are at hand"),
        Err(refused) => Err(Refusal::from(refused).id()),
    }
}

/// A request at the token endpoint, up to the decision.
fn bring(
    world: &mut World,
    trust: &Trust,
    client: Option<&AuthenticatedClient>,
    params: &[(&str, &str)],
) -> Result<Issue, Id> {
    let params: Params<'_> = params.iter().copied().collect();
    let (token, trusted) = jwt_bearer::identify(trust, &params).map_err(|it| it.id())?;
    jwt_bearer::admit(&trusted, client).map_err(|it| it.id())?;
    let verified = checked(world, &trusted, token)?;
    let presented = Presented {
        verified: &verified,
        declared: &trust.declared,
        client,
        scope: params.find("scope"),
    };
    let before = world.store.clone();
    let context = world.ground.context();
    let store = &mut world.store;
    match store.transaction(|store| jwt_bearer::exchange(&context, store, presented)) {
        Ok(issue) => Ok(issue),
        Err(Fault::Refused(refusal)) => {
            // A replay is written down, and nothing else is.
            assert_eq!(before.replays, world.store.replays);
            Err(refusal.id())
        }
        Err(Fault::Failed(error)) => panic!("{error:?}"),
    }
}

/// Of whom an issue speaks.
fn vouched(issue: &Issue) -> &Vouched {
    let Owner::Vouched(vouched) = &issue.owner else {
        panic!("{:?}", issue.owner);
    };
    vouched
}
