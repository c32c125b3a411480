//! Personal access tokens: what is refused, and what is recorded.

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::key_set::KeySet;
use issuant::identity::store::Users as _;
use issuant::protocol::error::{Fault, Refusal};
use issuant::protocol::personal_token::{Naming, NotIssued, Wish, issue, sign};
use issuant::protocol::store::PersonalTokens as _;
use issuant::protocol::tokens::own_claims::OwnClaims;

use super::World;

fn wish(lifetime: i64) -> Wish {
    Wish {
        name: "backup".to_owned(),
        lifetime,
        scope: "profile".parse().unwrap(),
        audience: Vec::new(),
        claims: OwnClaims::default(),
        naming: Naming::Subject,
        algorithm: Algorithm::Es256,
    }
}

fn refusal(fault: Fault<NotIssued>) -> &'static str {
    match fault {
        Fault::Refused(reason) => Refusal::from(reason).id(),
        Fault::Failed(error) => panic!("{error}"),
    }
}

#[test]
fn zero_and_less_stand_for_the_usual_life() {
    let mut world = World::new();
    let person = world
        .store
        .user_by_username("ada")
        .unwrap()
        .unwrap()
        .subject;
    for (lifetime, expected) in [(0, 3600), (-5, 3600), (2, 2), (90 * 86_400, 90 * 86_400)] {
        let (ground, store) = (&world.ground, &mut world.store);
        let (context, keys) = (ground.context(), &ground.keys);
        let issued = issue(&context, store, keys, &person, wish(lifetime)).unwrap();
        let token = &issued.token;
        assert_eq!(token.expires_at - token.created_at, expected, "{lifetime}");
        assert!(sign(&issued, context.issuer, keys).is_ok());
        // The key is gone meanwhile: no other one signs in its place.
        assert!(sign(&issued, context.issuer, &KeySet::default()).is_err());
        let recorded = store.personal_token(&token.id).unwrap();
        assert_eq!(recorded.as_ref(), Some(token));
    }
}

#[test]
fn whoever_may_have_none_is_told_why_and_nothing_is_recorded() {
    let mut world = World::new();
    let person = world
        .store
        .user_by_username("ada")
        .unwrap()
        .unwrap()
        .subject;
    let mut disabled = person.clone();
    disabled.active = false;
    let mut other_key = wish(1);
    other_key.algorithm = Algorithm::Ps512;
    for (person, wish, id) in [
        (&person, wish(90 * 86_400 + 1), "E2103"),
        (&disabled, wish(1), "E2105"),
        (&person, other_key, "E2106"),
    ] {
        let (ground, store) = (&world.ground, &mut world.store);
        let (context, keys) = (ground.context(), &ground.keys);
        let refused = issue(&context, store, keys, person, wish).unwrap_err();
        assert_eq!(refusal(refused), id);
    }
    assert!(world.store.personal_tokens.is_empty());
}
