//! Agents: pairs of tokens for API keys, refresh tokens and access tokens (seed S0).

use issuant::crypto::jwt;
use issuant::protocol::agents;
use issuant::protocol::client::GrantType;
use issuant::protocol::client_metadata::ClientKind;
use issuant::protocol::error::Fault;
use issuant::protocol::refresh_policy::RefreshRotation;
use issuant::protocol::tokens::Issue;
use issuant::protocol::tokens::family::{RevocationReason, Revoked, RotationEvent};

use serde_json::Value;

use super::{Granted, Id, World};
use crate::support::cast::NOW;

const AGENT: &str = "service";

/// The client `service` is an agent.
fn world() -> World {
    let mut world = World::new();
    world.change_client(AGENT, |client| {
        client.metadata.kind = Some(ClientKind::Agent);
        client.grants = vec![GrantType::ClientCredentials, GrantType::RefreshToken];
    });
    world
}

impl World {
    fn by_key_event(&mut self) -> Result<(Granted, Option<RotationEvent>), Id> {
        let client = self.authenticated(AGENT);
        let issue = agents::by_api_key(&self.ground.context(), &mut self.store, &client);
        self.answered(issue)
    }

    fn by_key(&mut self) -> Result<Granted, Id> {
        self.by_key_event().map(|(granted, _)| granted)
    }

    fn by_refresh(&mut self, token: &str) -> Result<Granted, Id> {
        let context = self.ground.context();
        let issue = agents::by_refresh_token(&context, &mut self.store, token);
        self.answered(issue).map(|(granted, _)| granted)
    }

    fn by_access(&mut self, token: &str) -> Result<Granted, Id> {
        let context = self.ground.context();
        let keys = &self.ground.keys;
        let proven = agents::by_access_token(&context, &mut self.store, keys, token);
        let issue = proven.map(|(issue, promotion)| {
            if let Some(promotion) = &promotion {
                issuant::protocol::bearer::promote(&mut self.store, promotion).unwrap();
            }
            issue
        });
        self.answered(issue).map(|(granted, _)| granted)
    }

    fn answered(
        &self,
        issue: Result<Issue, Fault>,
    ) -> Result<(Granted, Option<RotationEvent>), Id> {
        match issue {
            Ok(issue) => Ok((self.signed(&issue), issue.rotation)),
            Err(Fault::Refused(refusal)) => Err(refusal.id()),
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_key_brings_a_pair_that_speaks_of_the_agent() {
    let mut world = world();
    world.change_client(AGENT, |client| {
        client.metadata.agent_id = Some("press-7".parse().unwrap());
    });
    let granted = world.by_key().unwrap();
    let claims = granted.claims();
    assert_eq!(claims["sub"], "press-7");
    assert_eq!(claims["client_id"], AGENT);
    assert_eq!(claims["aud"], "https://api.example");
    assert_eq!(claims["exp"], NOW + 900);
    assert_eq!(granted.scope, "read write", "nothing about persons");
    assert!(granted.id_token.is_none() && granted.refresh_token().starts_with("irt_"));
    assert_eq!(world.store.events[0].kind, "agent_signed_in");
}

/// RFC 6749 §4.4: such a token is the client's and has no family.
#[test]
fn its_client_credentials_are_those_of_any_client() {
    let mut world = world();
    let form = [("grant_type", "client_credentials")];
    let granted = world.token(AGENT, &form).unwrap();
    assert_eq!(granted.claims()["sub"], AGENT);
    assert_eq!(granted.claims()["exp"], NOW + 300);
    assert!(granted.refresh_token.is_none() && world.store.families.is_empty());
    assert_eq!(world.by_access(&granted.access_token).unwrap_err(), "E2009");
}

#[test]
fn a_key_gets_what_the_current_refresh_token_would() {
    let mut world = world();
    let (first, _) = world.by_key_event().unwrap();
    let (second, event) = world.by_key_event().unwrap();
    assert_eq!(event, Some(RotationEvent::Minted));
    let (again, event) = world.by_key_event().unwrap();
    assert_eq!(event, Some(RotationEvent::Repeated));
    assert_eq!(again.refresh_token, second.refresh_token);
    world.pass(10);
    let (third, event) = world.by_key_event().unwrap();
    assert_eq!(event, Some(RotationEvent::Replaced));
    assert!(world.show(&first.access_token).is_ok());
    assert!(world.show(&second.access_token).is_err(), "void");
    assert!(world.show(&third.access_token).is_ok(), "which promotes it");
    assert_eq!(
        world.by_refresh(first.refresh_token()).unwrap_err(),
        "E1324"
    );
    assert_eq!(
        world.family().revoked.map(|it| it.reason),
        Some(RevocationReason::RefreshReuse)
    );
    // Whoever stole what: the key begins anew, and nothing of before comes back.
    let anew = world.by_key().unwrap();
    assert!(world.by_refresh(anew.refresh_token()).is_ok());
    assert_eq!(
        world.by_refresh(third.refresh_token()).unwrap_err(),
        "E1323"
    );
    assert_eq!(world.store.families.len(), 2);
}

#[test]
fn an_expired_pair_is_succeeded_by_another() {
    let mut world = world();
    let first = world.by_key().unwrap();
    world.pass(30 * 86_400);
    assert_eq!(
        world.by_refresh(first.refresh_token()).unwrap_err(),
        "E1322"
    );
    let second = world.by_key().unwrap();
    assert!(world.by_refresh(second.refresh_token()).is_ok());
    let ended = world
        .store
        .families
        .values()
        .filter_map(|family| family.revoked);
    let ended: Vec<Revoked> = ended.collect();
    let expected = Revoked {
        at: NOW + 30 * 86_400,
        reason: RevocationReason::Succeeded,
    };
    assert_eq!(ended, [expected]);
}

#[test]
fn an_access_token_of_an_agent_never_outlives_its_family() {
    let mut world = world();
    world.ground.policy.refresh_absolute_lifetime = 1000;
    let first = world.by_key().unwrap();
    world.pass(600);
    let second = world.by_refresh(first.refresh_token()).unwrap();
    assert_eq!(second.claims()["exp"], NOW + 1000);
    let third = world.by_access(&second.access_token).unwrap();
    assert_eq!(third.claims()["exp"], NOW + 1000);
}

#[test]
fn an_agent_may_refresh_at_the_token_endpoint_too() {
    let mut world = world();
    let first = world.by_key().unwrap();
    let form = |token: &str| {
        [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.to_owned()),
        ]
    };
    let refresh = |world: &mut World, token: &str| {
        let form = form(token);
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        world.token(AGENT, &form)
    };
    let second = refresh(&mut world, first.refresh_token()).unwrap();
    assert_eq!(second.claims()["exp"], NOW + 900);
    world.change_client(AGENT, |client| client.metadata.kind = None);
    assert_eq!(
        refresh(&mut world, second.refresh_token()).unwrap_err(),
        "E1316"
    );
}

/// Each of the ways in which there is no good agent behind a credential that was good once.
#[test]
fn says_what_is_wrong_with_the_agent() {
    type Change = fn(&mut issuant::protocol::client::Client);
    let cases: [(Change, [Id; 2]); 3] = [
        (|it| it.disabled = true, ["E2007", "E2007"]),
        (|it| it.metadata.kind = None, ["E2006", "E2006"]),
        (
            |it| it.metadata.agent_id = Some("x".parse().unwrap()),
            ["E2008", ""],
        ),
    ];
    for (change, [for_access, for_refresh]) in cases {
        let mut world = world();
        let pair = world.by_key().unwrap();
        world.change_client(AGENT, change);
        assert_eq!(world.by_access(&pair.access_token).unwrap_err(), for_access);
        let refreshed = world.by_refresh(pair.refresh_token());
        assert_eq!(refreshed.map_or_else(|id| id, |_| ""), for_refresh);
    }
    let mut world = World::new();
    assert_eq!(world.by_key().unwrap_err(), "E2006", "a client of no kind");
}

#[test]
fn an_access_token_brings_another_but_no_refresh_token() {
    let mut world = world();
    let first = world.by_key().unwrap();
    let second = world.by_access(&first.access_token).unwrap();
    assert!(second.refresh_token.is_none());
    assert_ne!(second.claims()["jti"], first.claims()["jti"]);
    // It is used like the pair it came of, and dies with it.
    let third = world.by_refresh(first.refresh_token()).unwrap();
    assert!(
        world.by_access(&third.access_token).is_ok(),
        "which promotes it"
    );
    assert_eq!(
        world.by_refresh(first.refresh_token()).unwrap_err(),
        "E1324"
    );
    assert_eq!(world.by_access(&second.access_token).unwrap_err(), "E2011");
    world.pass(900);
    assert_eq!(world.by_access(&third.access_token).unwrap_err(), "E2010");
    for nothing in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(world.by_access(nothing).unwrap_err(), "E2009", "{nothing}");
    }
}

/// What this server's own key signed, but not as an access token: without an end, of another kind, by another algorithm.
#[test]
fn refuses_what_only_looks_like_its_access_token() {
    let mut world = world();
    let pair = world.by_key().unwrap();
    let algorithm = world.ground.policy.access_token_algorithm;
    let key = world.ground.keys.active(algorithm).unwrap().clone();
    let forged = |typ: &str, change: fn(&mut Value)| {
        let mut claims = pair.claims();
        change(&mut claims);
        jwt::sign(&key, Some(typ), &claims).unwrap()
    };
    let unsigned = {
        let payload = pair.access_token.split('.').nth(1).unwrap();
        format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}.")
    };
    for (token, expected) in [
        (forged("at+jwt", |_| {}), Ok(())),
        (forged("JWT", |_| {}), Err("E2009")),
        (forged("at+jwt", |it| remove(it, "exp")), Err("E2009")),
        (forged("at+jwt", |it| remove(it, "jti")), Err("E2009")),
        (forged("at+jwt", |it| remove(it, "sub")), Err("E2009")),
        (
            forged("at+jwt", |it| it["iss"] = "https://other.example".into()),
            Err("E2009"),
        ),
        (
            forged("at+jwt", |it| it["sub"] = "sub-ada".into()),
            Err("E2008"),
        ),
        (unsigned, Err("E2009")),
    ] {
        assert_eq!(world.by_access(&token).map(drop), expected, "{token}");
    }
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

/// A refresh token of a person is worth nothing without its client's credentials, and nothing happens to it.
#[test]
fn a_persons_refresh_token_is_no_credential_of_an_agent() {
    let mut world = world();
    let signed_in = world.sign_in();
    let before = world.store.clone();
    assert_eq!(
        world.by_refresh(signed_in.refresh_token()).unwrap_err(),
        "E1321"
    );
    assert_eq!(
        world.by_access(&signed_in.access_token).unwrap_err(),
        "E2006"
    );
    assert_eq!(world.by_refresh("irt_made-up").unwrap_err(), "E1320");
    assert_eq!(world.store, before);
}

#[test]
fn without_validation_signature_and_time_decide_alone() {
    for validates_record in [true, false] {
        let mut world = world();
        world.ground.policy.agents.validates_record = validates_record;
        let pair = world.by_key().unwrap();
        let ada = world.sign_in();
        world.disable_user("sub-ada");
        world.change_client(AGENT, |client| client.disabled = true);
        assert_eq!(world.show(&pair.access_token).is_err(), validates_record);
        assert!(
            world.show(&ada.access_token).is_err(),
            "people are always asked"
        );
        // It brings no other one.
        assert_eq!(world.by_access(&pair.access_token).unwrap_err(), "E2007");
        world.pass(900);
        assert!(world.show(&pair.access_token).is_err());
    }
}

#[test]
fn the_issuer_may_be_the_thumbprint_of_the_key() {
    let mut world = world();
    world.ground.policy.agents.issuer_is_key_thumbprint = true;
    let pair = world.by_key().unwrap();
    let algorithm = world.ground.policy.access_token_algorithm;
    let thumbprint = world
        .ground
        .keys
        .active(algorithm)
        .unwrap()
        .kid()
        .to_owned();
    assert_eq!(pair.claims()["iss"], thumbprint.as_str());
    assert!(world.show(&pair.access_token).is_ok());
    assert!(world.by_access(&pair.access_token).is_ok());
    let ada = world.sign_in();
    assert_eq!(ada.claims()["iss"], crate::support::cast::ISSUER);
    world.ground.policy.agents.issuer_is_key_thumbprint = false;
    assert!(world.show(&pair.access_token).is_err());
}

#[test]
fn other_modes_of_rotation_hold_for_agents_too() {
    let mut strict = world();
    strict.change_client(AGENT, |it| {
        it.refresh.rotation = Some(RefreshRotation::Strict);
    });
    let first = strict.by_key().unwrap();
    let second = strict.by_key().unwrap();
    assert_eq!(
        strict.by_refresh(first.refresh_token()).unwrap_err(),
        "E1324"
    );
    assert_eq!(
        strict.by_refresh(second.refresh_token()).unwrap_err(),
        "E1323"
    );
    let mut none = world();
    none.change_client(AGENT, |it| {
        it.refresh.rotation = Some(RefreshRotation::None);
    });
    let first = none.by_key().unwrap();
    let second = none.by_key().unwrap();
    for pair in [&first, &second, &second] {
        let kept = none.by_refresh(pair.refresh_token()).unwrap();
        assert_eq!(kept.refresh_token, pair.refresh_token);
    }
}

mod fleet {
    use issuant::crypto::random::{RandomSource as _, SeededRandom};
    use issuant::protocol::client_auth::{AuthenticatedClient, Identified, identify};
    use issuant::protocol::params::Params;

    use super::{AGENT, agents, world};

    const AGENTS: usize = 10_000;
    const ROUNDS: usize = 6;

    /// Of ten thousand agents, each refreshes again and again with the newest refresh token that reached it, and a third of
    /// all answers are lost; some come late, some twice. Nobody is refused, and nobody needs the key again.
    #[test]
    fn ten_thousand_agents_lose_answers_and_none_is_locked_out() {
        let mut world = world();
        let template = world.client(AGENT);
        let random = SeededRandom::new(20);
        let dice = || {
            let mut byte = [0];
            random.fill(&mut byte);
            byte[0] % 6
        };
        let mut held = Vec::with_capacity(AGENTS);
        for number in 0..AGENTS {
            let id = format!("agent-{number}");
            let mut client = (*template).clone();
            client.id = id.parse().unwrap();
            world.ground.clients.0.insert(id.clone(), client.into());
            let client = authenticated(&world, &id);
            // The first answer may be lost as well; then the key is shown again.
            let mut answer = None;
            while answer.is_none() {
                let context = world.ground.context();
                let issue = agents::by_api_key(&context, &mut world.store, &client).unwrap();
                answer = issue.refresh_token.filter(|_| dice() > 1);
            }
            held.push(answer.unwrap());
        }
        let mut lost = 0;
        for _ in 0..ROUNDS {
            world.pass(7);
            for token in &mut held {
                let context = world.ground.context();
                let mut refresh = || {
                    agents::by_refresh_token(&context, &mut world.store, token.expose()).unwrap()
                };
                let answer = match dice() {
                    0 | 1 => {
                        refresh();
                        lost += 1;
                        continue;
                    }
                    // At once again, because the answer was late.
                    2 => {
                        refresh();
                        refresh()
                    }
                    _ => refresh(),
                };
                *token = answer.refresh_token.unwrap();
            }
        }
        assert!(lost > AGENTS, "{lost}");
        assert_eq!(world.store.families.len(), AGENTS);
        assert!(
            world
                .store
                .families
                .values()
                .all(|family| family.revoked.is_none())
        );
    }

    fn authenticated(world: &super::World, id: &str) -> AuthenticatedClient {
        let secret = crate::support::cast::secret_of(AGENT);
        let header = super::super::basic(id, &secret);
        let identified = identify(&world.ground.context(), Some(&header), &Params::default());
        let Ok(Identified::Authenticated(client)) = identified else {
            panic!("{identified:?}");
        };
        client
    }
}
