//! The implicit and the hybrid flow, where the deployment allows them (OpenID Connect Core §3.2, §3.3).

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::half_hash;
use issuant::protocol::authorize::answer::Authentication;
use issuant::protocol::authorize::front_channel;
use issuant::protocol::authorize::response::ResponseMode;
use issuant::protocol::client::GrantType;
use issuant::protocol::response_type::ResponseType;
use issuant::protocol::revocation::revoke;
use issuant::protocol::store::WaitingRequests as _;
use issuant::protocol::tokens::id_token::IdTokenKeys;
use issuant::protocol::tokens::{self, Signer};
use serde_json::{Value, json};

use super::{Id, SESSION, Said, World, claims};
use crate::support::cast::{self, ISSUER};

/// A server that gives out tokens, to the client `web`.
fn world() -> World {
    let mut world = World::new();
    world.ground.policy.front_channel_tokens = true;
    world.change_client("web", |client| {
        client.grants.push(GrantType::Implicit);
        client.metadata.response_types = ResponseType::ALL.to_vec();
    });
    world
}

/// What a request gets, by name.
#[derive(Debug)]
struct Answer(Vec<(&'static str, String)>);

impl Answer {
    fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn id_token(&self) -> Value {
        claims(self.find("id_token").expect("an ID token"))
    }
}

fn grant(world: &mut World, deviations: &[(&str, &str)]) -> Answer {
    let request = world.authorize(deviations).unwrap();
    let client = world.client(request.client_id.as_str());
    let waiting = world.waiting(request);
    world.store.add_waiting_request(&waiting).unwrap();
    let context = world.ground.context();
    let by = || Authentication {
        session: SESSION.to_owned(),
        subject: "sub-ada".to_owned(),
        auth_time: context.now - 30,
        amr: vec!["pwd".to_owned()],
    };
    let mut grant = || {
        let store = &mut world.store;
        front_channel::grant(&context, store, &client, &waiting, by()).unwrap()
    };
    let granted = grant().expect("not gone");
    assert!(grant().is_none(), "a request is answered once");
    let id_token_keys = IdTokenKeys::new(&world.ground.keys).unwrap();
    let signer = Signer {
        issuer: ISSUER,
        policy: &world.ground.policy,
        keys: &world.ground.keys,
        own_key: None,
        id_token_keys: &id_token_keys,
        token_keys: &world.ground.token_keys,
        recipient: None,
        random: &world.ground.random,
        now: world.ground.now,
    };
    Answer(tokens::front_channel::sign(&granted, &signer).unwrap())
}

fn of_type(response_type: &str) -> [(&str, &str); 2] {
    [("response_type", response_type), ("nonce", "n-1")]
}

#[test]
fn answers_with_what_was_asked_for_and_nothing_else() {
    for (response_type, expected) in [
        ("id_token", &["id_token"][..]),
        (
            "id_token token",
            &[
                "id_token",
                "access_token",
                "token_type",
                "expires_in",
                "scope",
            ],
        ),
        ("code id_token", &["id_token", "code"]),
        (
            "code token",
            &["code", "access_token", "token_type", "expires_in", "scope"],
        ),
        (
            "token id_token code",
            &[
                "id_token",
                "code",
                "access_token",
                "token_type",
                "expires_in",
                "scope",
            ],
        ),
    ] {
        let answer = grant(&mut world(), &of_type(response_type));
        let names: Vec<&str> = answer.0.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, expected, "{response_type}");
    }
}

/// OpenID Connect Core §3.2.2.10, §3.3.2.11; Financial-grade API part 2 §5.1.
#[test]
fn the_id_token_vouches_for_what_it_travels_with_in_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let mut world = world();
        world.ground.keys = cast::key_set(&Algorithm::ALL);
        world.change_client("web", |client| client.id_token_algorithm = algorithm);
        let answer = grant(&mut world, &of_type("code id_token token"));
        let told = answer.id_token();
        let hash = |text: &str| half_hash(algorithm, text.as_bytes());
        assert_eq!(told["c_hash"], hash(answer.find("code").unwrap()));
        assert_eq!(told["at_hash"], hash(answer.find("access_token").unwrap()));
        assert_eq!(told["s_hash"], hash("s t"));
        assert_eq!(told["nonce"], "n-1");
    }
    let told = grant(&mut world(), &of_type("code id_token")).id_token();
    assert_eq!(told["at_hash"], Value::Null);
    let no_state = [
        ("response_type", "id_token token"),
        ("nonce", "n"),
        ("state", ""),
    ];
    let told = grant(&mut world(), &no_state).id_token();
    assert_eq!(
        (&told["s_hash"], &told["c_hash"]),
        (&Value::Null, &Value::Null)
    );
}

/// OpenID Connect Core §5.4.
#[test]
fn an_id_token_alone_says_what_the_scope_stands_for() {
    let email = |response_type| {
        let deviations = [
            ("response_type", response_type),
            ("nonce", "n"),
            ("scope", "openid email"),
        ];
        grant(&mut world(), &deviations).id_token()["email"].clone()
    };
    assert_eq!(email("id_token"), "ada@example.org");
    for other in ["id_token token", "code id_token", "code id_token token"] {
        assert_eq!(email(other), Value::Null, "{other}");
    }
}

#[test]
fn an_access_token_ends_with_its_session_and_refreshes_nothing() {
    let mut world = world();
    let deviations = [
        ("response_type", "id_token token"),
        ("nonce", "n"),
        ("scope", "openid offline_access read"),
    ];
    let answer = grant(&mut world, &deviations);
    // OpenID Connect Core §11.
    assert_eq!(answer.find("scope"), Some("openid read"));
    let token = answer.find("access_token").unwrap().to_owned();
    let family = world.family().clone();
    assert_eq!(family.session.as_deref(), Some(SESSION));
    assert_eq!(family.expires_at, world.ground.now + 300);
    let seen = world.show(&token).unwrap();
    assert_eq!(
        (seen.sub.as_str(), seen.client_id.as_str()),
        ("sub-ada", "web")
    );
}

#[test]
fn the_code_of_a_hybrid_answer_is_redeemed_as_any_other() {
    let mut world = world();
    let answer = grant(&mut world, &of_type("code id_token token"));
    let granted = world.redeem(answer.find("code").unwrap(), &[]).unwrap();
    let (front, back) = (answer.id_token(), granted.id_token.clone().unwrap());
    for same in ["iss", "sub", "aud", "nonce", "auth_time", "sid"] {
        assert_eq!(front[same], back[same], "{same}");
    }
    assert!(granted.refresh_token.is_some());
    let beside = answer.find("access_token").unwrap();
    assert!(world.show(beside).is_ok());
    assert_eq!(
        world.redeem(answer.find("code").unwrap(), &[]).unwrap_err(),
        "E1312"
    );
    // RFC 6749 §4.1.2: whoever stole the code may have the token beside it as well.
    assert!(world.show(beside).is_err());
}

/// RFC 7009 §2.1, RFC 9700 §4.14.2: what ends the one ends the other.
#[test]
fn the_token_beside_a_code_ends_with_the_refresh_token() {
    for is_theft in [false, true] {
        let mut world = world();
        let answer = grant(&mut world, &of_type("code id_token token"));
        let granted = world.redeem(answer.find("code").unwrap(), &[]).unwrap();
        let beside = answer.find("access_token").unwrap();
        if is_theft {
            let second = world.refresh(granted.refresh_token()).unwrap();
            world.refresh(second.refresh_token()).unwrap();
            world.refresh(granted.refresh_token()).unwrap_err();
        } else {
            let (ground, client) = (&world.ground, world.authenticated("web"));
            let (context, keys) = (ground.context(), &ground.keys);
            let token = granted.refresh_token();
            revoke(&context, &mut world.store, keys, &client, token).unwrap();
        }
        assert!(world.show(beside).is_err(), "theft: {is_theft}");
    }
}

#[track_caller]
fn refused(world: &World, deviations: &[(&str, &str)], id: Id) {
    let said = Said::Redirect {
        id,
        to: "https://web.example/cb".to_owned(),
        state: Some("s t".to_owned()),
    };
    let refusal = world.authorize(deviations).unwrap_err();
    assert_eq!(refusal, said, "{deviations:?}");
}

#[test]
fn requests_that_lack_something_are_refused() {
    let world = world();
    for response_type in [
        "id_token",
        "id_token token",
        "code id_token",
        "code id_token token",
    ] {
        // OpenID Connect Core §3.2.2.1, §3.3.2.11.
        refused(&world, &[("response_type", response_type)], "E1256");
        let deviations = [
            ("response_type", response_type),
            ("nonce", "n"),
            ("scope", "read"),
        ];
        refused(&world, &deviations, "E1257");
    }
    assert!(world.authorize(&[("response_type", "code token")]).is_ok());
    // RFC 9700 §2.1.1, RFC 7636 §4.4.1: the code of the hybrid flow, too.
    let without_challenge = [
        ("response_type", "code id_token"),
        ("nonce", "n"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    refused(&world, &without_challenge, "E1208");
    let implicit = [("response_type", "id_token")];
    assert!(
        world
            .authorize(&[&without_challenge[1..], &implicit].concat())
            .is_ok()
    );
    for response_type in ["id_token", "code id_token"] {
        let deviations = [
            ("response_type", response_type),
            ("nonce", "n"),
            ("scope", "openid client_registration"),
        ];
        refused(&world, &deviations, "E1207");
    }
    // RFC 9700 §2.1.2; OAuth 2.0 Multiple Response Types §4.
    for response_type in ["token", "none", "code code", "id_token id_token"] {
        refused(&world, &[("response_type", response_type)], "E1205");
    }
}

/// OAuth 2.0 Multiple Response Types §3, §5.
#[test]
fn tokens_travel_in_the_fragment_or_in_a_form() {
    let world = world();
    for response_type in ResponseType::ALL.into_iter().filter(|it| it.has_tokens()) {
        let mode = |mode: &'static str| {
            let deviations = [
                ("response_type", response_type.as_str()),
                ("nonce", "n"),
                ("response_mode", mode),
            ];
            world.authorize(&deviations).map(|it| it.response_mode)
        };
        assert_eq!(mode(""), Ok(ResponseMode::Fragment));
        assert_eq!(mode("fragment"), Ok(ResponseMode::Fragment));
        assert_eq!(mode("form_post"), Ok(ResponseMode::FormPost));
        let deviations = [
            ("response_type", response_type.as_str()),
            ("nonce", "n"),
            ("response_mode", "query"),
        ];
        refused(&world, &deviations, "E1258");
    }
    let code = world.authorize(&[]).unwrap();
    assert_eq!(code.response_mode, ResponseMode::Query);
}

#[test]
fn a_client_gets_what_it_is_registered_for() {
    let mut world = world();
    world.change_client("web", |client| {
        client.metadata.response_types = vec![ResponseType::Code, ResponseType::CodeIdToken];
    });
    assert!(world.authorize(&of_type("id_token code")).is_ok());
    for other in [
        "id_token",
        "id_token token",
        "code token",
        "code id_token token",
    ] {
        refused(&world, &of_type(other), "E1255");
    }
}

#[test]
fn nothing_of_it_exists_where_it_is_off() {
    let mut world = world();
    world.ground.policy.front_channel_tokens = false;
    for response_type in ResponseType::ALL.into_iter().filter(|it| it.has_tokens()) {
        refused(&world, &of_type(response_type.as_str()), "E1205");
    }
    let request = world.authorize(&[]).unwrap();
    let stored = serde_json::to_value(&request).unwrap();
    assert_eq!(stored["response_type"], Value::Null, "as it was before");
}

/// A request that came while it was allowed, and is answered when it is not any more.
#[test]
fn what_was_taken_back_meanwhile_is_not_given() {
    for take_back in [
        |world: &mut World| world.ground.policy.front_channel_tokens = false,
        |world: &mut World| {
            world.change_client("web", |client| {
                client.metadata.response_types = vec![ResponseType::Code];
            });
        },
    ] {
        let mut world = world();
        let request = world.authorize(&of_type("code id_token token")).unwrap();
        let waiting = world.waiting(request);
        world.store.add_waiting_request(&waiting).unwrap();
        take_back(&mut world);
        let before = world.store.clone();
        let by = Authentication {
            session: SESSION.to_owned(),
            subject: "sub-ada".to_owned(),
            auth_time: world.ground.now,
            amr: Vec::new(),
        };
        let client = world.client("web");
        let context = world.ground.context();
        let store = &mut world.store;
        let granted = front_channel::grant(&context, store, &client, &waiting, by).unwrap();
        assert!(granted.is_none());
        assert_eq!(world.store, before);
    }
}

#[test]
fn the_token_endpoint_knows_no_implicit_grant() {
    let refused = world().token("web", &[("grant_type", "implicit")]);
    assert_eq!(refused.unwrap_err(), "E1301");
}

/// OpenID Connect Core §5.5: claims that were asked for by name.
#[test]
fn claims_that_are_asked_for_by_name_are_told() {
    let wanted = json!({"id_token": {"email": null}}).to_string();
    let deviations = [
        ("response_type", "code id_token"),
        ("nonce", "n"),
        ("claims", &wanted),
    ];
    let told = grant(&mut world(), &deviations).id_token();
    assert_eq!(told["email"], "ada@example.org");
}
