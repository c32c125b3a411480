//! One token for another (RFC 8693).

use std::sync::Arc;

use issuant::protocol::client::GrantType;
use issuant::protocol::error::Fault;
use issuant::protocol::grants::token_exchange::{self, ACCESS_TOKEN, ID_TOKEN};
use issuant::protocol::params::Params;
use issuant::protocol::subject_identifier::SubjectType;
use issuant::protocol::tokens::actor::Actor;
use serde_json::json;

use super::{Granted, Id, World};
use crate::support::cast::{NOW, clients_that_exchange, deviate};

fn world() -> World {
    let mut world = World::new();
    for client in clients_that_exchange() {
        world
            .ground
            .clients
            .0
            .insert(client.id.to_string(), Arc::new(client));
    }
    world
}

/// Of Ada, with which `web` calls `service`.
fn subject_token(world: &mut World) -> String {
    world.sign_in().access_token
}

impl World {
    fn exchange_as(
        &mut self,
        client: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Result<Granted, Id> {
        let client = self.authenticated(client);
        let valid = [
            ("grant_type", GrantType::TokenExchange.as_str()),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
        ];
        let params: Params<'_> = deviate(&valid, more).into_iter().collect();
        let context = self.ground.context();
        let before = self.store.clone();
        let accepted = token_exchange::accept(&context, &self.ground.keys, &client, &params);
        let outcome = accepted.map_err(Fault::from).and_then(|accepted| {
            let store = &mut self.store;
            token_exchange::exchange(&context, store, &client, accepted)
        });
        match outcome {
            Ok(issue) => Ok(self.signed(&issue)),
            Err(Fault::Refused(refusal)) => {
                assert_eq!(self.store, before, "{}", refusal.id());
                Err(refusal.id())
            }
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        }
    }

    fn exchange(&mut self, token: &str, more: &[(&str, &str)]) -> Result<Granted, Id> {
        self.exchange_as("service", token, more)
    }
}

#[test]
fn what_comes_out_is_about_the_same_person_and_names_who_acts() {
    let mut world = world();
    let token = subject_token(&mut world);
    world.pass(200);
    let granted = world.exchange(&token, &[]).unwrap();
    let claims = granted.claims();
    assert_eq!(claims["sub"], "sub-ada");
    assert_eq!(claims["client_id"], "service");
    assert_eq!(claims["act"], json!({"sub": "service"}));
    assert_eq!(
        claims["aud"],
        json!(["https://next.example", "https://other.example"])
    );
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["scope"], "read", "of openid and read");
    assert_eq!(claims["exp"], NOW + 300, "as the token that it came of");
    assert!(granted.refresh_token.is_none() && granted.id_token.is_none());
    let event = world.store.events.last().unwrap();
    assert_eq!(
        (event.kind, event.subject.as_deref()),
        ("token_exchanged", Some("sub-ada"))
    );
    assert!(world.show(&granted.access_token).is_ok());
}

/// RFC 8693 §2.1.
#[test]
fn gives_one_of_the_allowed_audiences_or_resources() {
    let mut world = world();
    let token = subject_token(&mut world);
    for name in ["audience", "resource"] {
        let granted = world
            .exchange(&token, &[(name, "https://next.example")])
            .unwrap();
        assert_eq!(granted.claims()["aud"], "https://next.example");
        for other in ["https://api.example", "https://next.example/", "x"] {
            assert_eq!(
                world.exchange(&token, &[(name, other)]).unwrap_err(),
                "E1759"
            );
        }
    }
    let both = [
        ("audience", "https://next.example"),
        ("resource", "https://other.example"),
    ];
    let granted = world.exchange(&token, &both).unwrap();
    assert_eq!(
        granted.claims()["aud"],
        json!(["https://next.example", "https://other.example"])
    );
    world.change_client("service", |it| it.metadata.token_exchange = None);
    assert_eq!(world.exchange(&token, &[]).unwrap_err(), "E1759");
}

#[test]
fn never_widens_a_scope() {
    let mut world = world();
    let token = subject_token(&mut world);
    for wider in ["read write", "openid", "offline_access", "write", "re\"ad"] {
        assert_eq!(
            world.exchange(&token, &[("scope", wider)]).unwrap_err(),
            "E1760",
            "{wider}"
        );
    }
    assert_eq!(
        world.exchange(&token, &[("scope", "read")]).unwrap().scope,
        "read"
    );
    world.change_client("service", |it| it.scope = "write".parse().unwrap());
    assert_eq!(world.exchange(&token, &[]).unwrap().scope, "");
}

#[test]
fn takes_only_tokens_that_are_good_and_meant_for_the_client() {
    let mut world = world();
    let pair = world.sign_in();
    let token = pair.access_token.clone();
    let id_token = pair.id_token_text.clone().unwrap();
    let refresh_token = pair.refresh_token.clone().unwrap_or_default();
    for (token, kind, expected) in [
        ("", ACCESS_TOKEN, "E1750"),
        (token.as_str(), "", "E1750"),
        (
            &token,
            "urn:ietf:params:oauth:token-type:refresh_token",
            "E1751",
        ),
        (&token, "urn:ietf:params:oauth:token-type:jwt", "E1751"),
        (&token, "urn:ietf:params:oauth:token-type:saml2", "E1751"),
        (&token, ID_TOKEN, "E1754"),
        (&id_token, ACCESS_TOKEN, "E1754"),
        (&refresh_token, ACCESS_TOKEN, "E1754"),
        ("a.b.c", ACCESS_TOKEN, "E1754"),
        (
            "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.",
            ACCESS_TOKEN,
            "E1754",
        ),
        (&id_token, ID_TOKEN, "E1756"),
    ] {
        let refused = world.exchange(token, &[("subject_token_type", kind)]);
        assert_eq!(refused.unwrap_err(), expected, "{kind} {token}");
    }
    world.change_client("service", |it| {
        it.audiences = vec!["https://else.example".to_owned()];
    });
    assert_eq!(world.exchange(&token, &[]).unwrap_err(), "E1756");
    world.change_client("service", |it| {
        it.audiences = vec!["https://api.example".to_owned()];
    });
    world.pass(300);
    assert_eq!(world.exchange(&token, &[]).unwrap_err(), "E1754", "expired");
}

#[test]
fn gives_access_tokens_alone() {
    let mut world = world();
    let token = subject_token(&mut world);
    assert!(
        world
            .exchange(&token, &[("requested_token_type", ACCESS_TOKEN)])
            .is_ok()
    );
    for kind in ["refresh_token", "id_token", "jwt", "saml1"] {
        let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
        assert_eq!(
            world
                .exchange(&token, &[("requested_token_type", kind.as_str())])
                .unwrap_err(),
            "E1752"
        );
    }
}

/// RFC 8693 §1.1, §4.1.
#[test]
fn names_who_acted_before_and_has_an_end() {
    let mut world = world();
    world.change_client("service", |client| {
        let policy = client.metadata.token_exchange.as_mut().unwrap();
        policy.audiences.push("https://api.example".to_owned());
    });
    let mut token = subject_token(&mut world);
    for depth in 1..=4 {
        let granted = world.exchange(&token, &[]).unwrap();
        token = granted.access_token;
        let act = super::claims(&token)["act"].to_string();
        assert_eq!(act.matches("service").count(), depth);
    }
    assert_eq!(world.exchange(&token, &[]).unwrap_err(), "E1758");
    // Who impersonates adds nobody, and hides nobody.
    world.change_client("service", |client| {
        client
            .metadata
            .token_exchange
            .as_mut()
            .unwrap()
            .impersonation = true;
    });
    let act = world.exchange(&token, &[]).unwrap().claims()["act"].to_string();
    assert_eq!(act.matches("service").count(), 4);
    let fresh = subject_token(&mut world);
    assert_eq!(
        world.exchange(&fresh, &[]).unwrap().claims()["act"],
        json!(null)
    );
}

fn by<'a>(token: &'a str, kind: &'a str) -> [(&'a str, &'a str); 2] {
    [("actor_token", token), ("actor_token_type", kind)]
}

/// RFC 8693 §2.1, `actor_token`.
#[test]
fn the_actor_may_be_somebody_with_a_token() {
    let mut world = world();
    let token = subject_token(&mut world);
    let credentials = [("grant_type", "client_credentials")];
    let actor = world.token("service", &credentials).unwrap().access_token;
    world.change_client("other", |it| {
        it.audiences = vec!["https://api.example".to_owned()];
    });
    let of_other = world.token("other", &credentials).unwrap().access_token;
    let granted = world.exchange(&token, &by(&actor, ACCESS_TOKEN)).unwrap();
    assert_eq!(granted.claims()["act"], json!({"sub": "service"}));
    let granted = world
        .exchange(&token, &by(&of_other, ACCESS_TOKEN))
        .unwrap();
    assert_eq!(granted.claims()["act"], json!({"sub": "other"}));
    for (actor, kind, expected) in [
        (actor.as_str(), "", "E1753"),
        ("", ACCESS_TOKEN, "E1753"),
        (&actor, "urn:ietf:params:oauth:token-type:jwt", "E1753"),
        (&actor, ID_TOKEN, "E1755"),
        ("a.b.c", ACCESS_TOKEN, "E1755"),
    ] {
        assert_eq!(
            world.exchange(&token, &by(actor, kind)).unwrap_err(),
            expected,
            "{kind}"
        );
    }
    world.change_client("other", |it| it.disabled = true);
    assert_eq!(
        world
            .exchange(&token, &by(&of_other, ACCESS_TOKEN))
            .unwrap_err(),
        "E1755"
    );
}

/// RFC 8693 §4.4.
#[test]
fn a_token_may_say_who_acts() {
    for (named, expected) in [("service", Ok(())), ("other", Err("E1757"))] {
        let mut world = world();
        world.change_client("web", |client| {
            client.metadata.may_act = Some(Actor::after(named.to_owned(), None));
        });
        let token = subject_token(&mut world);
        assert_eq!(super::claims(&token)["may_act"], json!({"sub": named}));
        assert_eq!(world.exchange(&token, &[]).map(drop), expected);
    }
}

#[test]
fn an_exchanged_token_ends_with_what_it_came_of() {
    type End = fn(&mut World);
    let ends: [End; 4] = [
        |world| world.disable_user("sub-ada"),
        |world| world.change_client("web", |it| it.disabled = true),
        |world| world.change_client("service", |it| it.disabled = true),
        |world| {
            let family = world.store.families.values_mut().next().unwrap();
            family.revoked = Some(issuant::protocol::tokens::family::Revoked {
                at: NOW,
                reason: issuant::protocol::tokens::family::RevocationReason::UserRequest,
            });
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut world = world();
        let token = subject_token(&mut world);
        let granted = world.exchange(&token, &[]).unwrap();
        assert!(world.show(&granted.access_token).is_ok());
        end(&mut world);
        assert!(world.show(&granted.access_token).is_err(), "{number}");
        if number != 2 {
            assert_eq!(
                world.exchange(&token, &[]).unwrap_err(),
                "E1754",
                "{number}"
            );
        }
    }
}

/// An exchange shows that the token arrived, as every other use does.
#[test]
fn an_exchange_makes_a_pending_refresh_token_current() {
    let mut world = world();
    world.change_client("web", |it| {
        it.scope = "openid read offline_access".parse().unwrap();
    });
    let code = world.code_of(
        "sub-ada",
        &[
            ("scope", "openid read offline_access"),
            ("prompt", "consent"),
        ],
    );
    let first = world.redeem(&code, &[]).unwrap();
    let second = world.refresh(first.refresh_token()).unwrap();
    assert!(world.family().rotation.pending.is_some());
    world.exchange(&second.access_token, &[]).unwrap();
    assert!(world.family().rotation.pending.is_none());
    assert_eq!(world.refresh(first.refresh_token()).unwrap_err(), "E1324");
}

#[test]
fn a_clients_own_token_is_exchanged_and_ends_with_that_client() {
    let mut world = world();
    world.change_client("other", |it| {
        it.audiences = vec!["https://api.example".to_owned()];
    });
    let credentials = [("grant_type", "client_credentials"), ("scope", "read")];
    let own = world.token("service", &credentials).unwrap().access_token;
    let granted = world.exchange(&own, &[]).unwrap();
    assert_eq!(
        (&granted.claims()["sub"], &granted.claims()["act"]),
        (&json!("service"), &json!(null))
    );
    let others = world.token("other", &credentials).unwrap().access_token;
    let granted = world.exchange(&others, &[]).unwrap();
    assert_eq!(granted.claims()["sub"], "other");
    assert_eq!(granted.claims()["act"], json!({"sub": "service"}));
    assert!(world.show(&granted.access_token).is_ok());
    world.change_client("other", |it| it.disabled = true);
    assert!(world.show(&granted.access_token).is_err());
}

#[test]
fn an_id_token_is_exchanged_by_its_client_and_ends_with_its_session() {
    let mut world = world();
    let policy = world.client("service").metadata.token_exchange.clone();
    world.change_client("web", |client| {
        client.grants.push(GrantType::TokenExchange);
        client.metadata.token_exchange = policy;
    });
    let id_token = world.sign_in().id_token_text.unwrap();
    let kind = [("subject_token_type", ID_TOKEN)];
    let granted = world.exchange_as("web", &id_token, &kind).unwrap();
    assert_eq!(granted.claims()["sub"], "sub-ada");
    assert_eq!(granted.scope, "read write", "nothing about the person");
    assert!(world.show(&granted.access_token).is_ok());
    world.store.sessions.clear();
    assert!(world.show(&granted.access_token).is_err());
    assert_eq!(
        world.exchange_as("web", &id_token, &kind).unwrap_err(),
        "E1754"
    );
    world.change_client("web", |it| {
        it.metadata.subject_type = Some(SubjectType::Pairwise);
    });
    assert_eq!(
        world.exchange_as("web", &id_token, &kind).unwrap_err(),
        "E1761"
    );
    world.pass(300);
    assert_eq!(
        world.exchange_as("web", &id_token, &kind).unwrap_err(),
        "E1754"
    );
}

/// The identifier that hides a person goes on hiding it.
#[test]
fn a_pairwise_identifier_stays_as_it_is() {
    let mut world = world();
    world.change_client("web", |it| {
        it.metadata.subject_type = Some(SubjectType::Pairwise);
    });
    let token = subject_token(&mut world);
    let granted = world.exchange(&token, &[]).unwrap();
    assert_eq!(granted.claims()["sub"], super::claims(&token)["sub"]);
    assert_ne!(granted.claims()["sub"], "sub-ada");
    assert!(world.show(&granted.access_token).is_ok());
}
