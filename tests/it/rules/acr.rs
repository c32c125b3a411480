//! The authentication context class: what may be asked for, and where it is told (OpenID Connect Core §2, §3.1.2.1,
//! §5.5.1.1; RFC 9470 §6.2).

use issuant::protocol::authorize::acr::ContextClass;
use issuant::protocol::authorize::next_step::{NextStep, SignedIn, next_step};
use issuant::protocol::catalogue;
use issuant::protocol::error::Refusal;
use serde_json::{Value, json};

use super::{Id, SESSION, Said, World};

const SILVER: &str = "urn:example:silver";
const GOLD: &str = "urn:example:gold";

/// A server whose sign-ins reach these classes.
fn reaching(reached: &[&str]) -> World {
    let mut world = World::new();
    let ladder = reached.iter().map(|it| ContextClass::of_any_age(it));
    world.ground.policy.acr_values = ladder.collect();
    world
}

#[track_caller]
fn told(world: &World, deviations: &[(&str, &str)], expected: Option<&str>) {
    let request = world.authorize(deviations).unwrap();
    let claims = request.claims_after(0);
    assert_eq!(claims.acr.as_deref(), expected, "{deviations:?}");
}

fn in_claims(wish: &Value) -> String {
    json!({ "id_token": { "acr": wish } }).to_string()
}

#[test]
fn it_is_told_to_who_asks() {
    let world = reaching(&[SILVER, GOLD]);
    told(&world, &[], None);
    told(&world, &[("acr_values", SILVER)], Some(SILVER));
    told(&world, &[("acr_values", GOLD)], Some(GOLD));
    // The first that is reached; where none is, the strongest, because the claim is voluntary.
    told(
        &world,
        &[("acr_values", "9 urn:example:silver 1")],
        Some(SILVER),
    );
    told(
        &world,
        &[("acr_values", "urn:example:silver urn:example:gold")],
        Some(SILVER),
    );
    told(&world, &[("acr_values", "9")], Some(GOLD));
    told(&world, &[("acr_values", " ")], Some(GOLD));
    for wish in [
        json!(null),
        json!({ "essential": true }),
        json!({ "value": "9" }),
        json!({ "essential": false, "values": ["9"] }),
        json!({ "essential": true, "values": [] }),
    ] {
        told(&world, &[("claims", &in_claims(&wish))], Some(GOLD));
    }
    let wish = json!({ "essential": true, "values": ["9", SILVER] });
    told(&world, &[("claims", &in_claims(&wish))], Some(SILVER));
    let userinfo = json!({ "userinfo": { "acr": { "essential": true, "value": "9" } } });
    told(&world, &[("claims", &userinfo.to_string())], Some(GOLD));
}

#[test]
fn a_class_that_is_essential_and_not_reached_is_refused() {
    let unmet: Id = "E1250";
    for (reached, wish) in [
        (&[SILVER][..], json!({ "essential": true, "value": GOLD })),
        (
            &[SILVER],
            json!({ "essential": true, "values": [GOLD, "9", ""] }),
        ),
        (&[], json!({ "essential": true, "values": [SILVER] })),
    ] {
        let claims = in_claims(&wish);
        let outcome = reaching(reached).authorize(&[("claims", &claims), ("acr_values", SILVER)]);
        let Err(Said::Redirect { id, .. }) = outcome else {
            panic!("{wish}")
        };
        assert_eq!(id, unmet, "{wish}");
    }
}

#[test]
fn a_client_has_classes_of_its_own_for_requests_that_name_none() {
    let mut world = reaching(&[SILVER, GOLD]);
    world.change_client("web", |client| {
        client.metadata.default_acr_values = vec!["9".to_owned(), SILVER.to_owned()];
    });
    told(&world, &[], Some(SILVER));
    told(&world, &[("acr_values", GOLD)], Some(GOLD));
    let wish = json!({ "essential": true, "value": GOLD });
    told(&world, &[("claims", &in_claims(&wish))], Some(GOLD));
}

#[test]
fn where_sign_ins_reach_nothing_nothing_is_told() {
    let world = reaching(&[]);
    told(&world, &[("acr_values", SILVER)], None);
    let essential = in_claims(&json!({ "essential": true }));
    told(&world, &[("claims", &essential)], None);
}

/// OpenID Connect Core §3.1.2.1, §5.5.1.1: what is told is what a sign-in of that age reaches.
#[test]
fn a_class_of_recent_sign_ins_is_reached_by_these_alone() {
    let mut world = reaching(&[SILVER, GOLD]);
    world.ground.policy.acr_values[1].max_age = Some(60);
    let wish = |is_essential: bool, values: &[&str]| {
        in_claims(&json!({ "essential": is_essential, "values": values }))
    };
    let (only_gold, either) = (wish(true, &[GOLD]), wish(true, &[GOLD, SILVER]));
    let voluntary = wish(false, &[GOLD]);
    for (deviations, young, old) in [
        (&[][..], None, None),
        (&[("acr_values", SILVER)], Some(SILVER), Some(SILVER)),
        (&[("acr_values", GOLD)], Some(GOLD), Some(SILVER)),
        (&[("claims", &*only_gold)], Some(GOLD), None),
        (&[("claims", &*either)], Some(GOLD), Some(SILVER)),
        (&[("claims", &*voluntary)], Some(GOLD), Some(SILVER)),
        // Who asks for none of these is told what any sign-in reaches.
        (&[("acr_values", "9")], Some(SILVER), Some(SILVER)),
    ] {
        let request = world.authorize(deviations).unwrap();
        let told = |age| request.claims_after(age).acr;
        assert_eq!(told(60).as_deref(), young, "{deviations:?}");
        assert_eq!(told(61).as_deref(), old, "{deviations:?}");
    }
    world.ground.policy.acr_values.remove(0);
    told(&world, &[("acr_values", "9")], None);
}

/// Whoever can be asked signs in again for what is preferred; without a page, what was reached has to do, if it may.
#[test]
fn a_sign_in_that_is_too_old_is_renewed() {
    let mut world = reaching(&[SILVER, GOLD]);
    world.ground.policy.acr_values[1].max_age = Some(60);
    let client = world.client("web");
    let now = world.ground.now;
    let everything = client.scope.clone();
    let essential = in_claims(&json!({ "essential": true, "value": GOLD }));
    let step = |deviations: &[(&str, &str)], age: i64, is_new: bool| {
        let mut waiting = world.waiting(world.authorize(deviations).unwrap());
        waiting.signed_in_by = is_new.then(|| SESSION.to_owned());
        let signed_in = SignedIn {
            session: SESSION,
            subject: "sub-ada",
            auth_time: now - age,
            names: [None, None],
            is_hinted: false,
            took_part: true,
        };
        next_step(&waiting, &client, Some(signed_in), Some(&everything), now)
    };
    let login_required = NextStep::Refuse(Refusal::new(&catalogue::LOGIN_REQUIRED));
    let preferred = [("acr_values", GOLD)];
    let needed = [("claims", &*essential)];
    for (deviations, none, age, is_new, expected) in [
        (&preferred, false, 60, false, NextStep::Answer),
        (&preferred, false, 61, false, NextStep::SignIn),
        // The person took long, but did what was asked.
        (&preferred, false, 61, true, NextStep::Answer),
        (&preferred, true, 61, false, NextStep::Answer),
        (&needed, false, 60, false, NextStep::Answer),
        (&needed, false, 61, false, NextStep::SignIn),
        (&needed, false, 61, true, NextStep::SignIn),
        (&needed, true, 61, false, login_required),
    ] {
        let mut deviations = deviations.to_vec();
        deviations.extend(none.then_some(("prompt", "none")));
        let told = step(&deviations, age, is_new);
        assert_eq!(told, expected, "{deviations:?} {age} {is_new}");
    }
}

#[test]
fn too_many_classes_are_refused() {
    let many = "1 ".repeat(1025);
    let Err(Said::Redirect { id, .. }) = World::new().authorize(&[("acr_values", &many)]) else {
        panic!()
    };
    assert_eq!(id, "E1220");
}

/// OpenID Connect Core §12.2.
#[test]
fn it_stays_the_same_in_refreshed_id_tokens() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("acr_values", "1")]);
    let granted = world.redeem(&code, &[]).unwrap();
    assert_eq!(granted.id_token.as_ref().unwrap()["acr"], "1");
    let refreshed = world.refresh(granted.refresh_token()).unwrap();
    assert_eq!(refreshed.id_token.unwrap()["acr"], "1");
    let code = world.code_of("sub-ada", &[]);
    let granted = world.redeem(&code, &[]).unwrap();
    assert_eq!(granted.id_token.unwrap()["acr"], Value::Null);
}
