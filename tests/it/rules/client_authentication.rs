//! Who asks (RFC 6749 §2.3).

use issuant::crypto::digest::Digest;
use issuant::crypto::secret::Secret;
use issuant::protocol::client::{AuthenticationMethod, ClientSecret, StoredSecret};
use issuant::protocol::client_auth::{AuthenticatedClient, Identified, identify};
use issuant::protocol::params::Params;

use super::{Id, World, basic};
use crate::support::cast::{NOW, password_hash, password_hasher, secret_of};

/// Authenticates; answers the client's id.
fn check(world: &World, header: Option<&str>, params: &[(&str, &str)]) -> Result<String, Id> {
    let client = authenticate(world, header, params)?;
    Ok(client.client().id.to_string())
}

/// The name of the secret that fitted.
fn secret_that_fits(
    world: &World,
    header: Option<&str>,
    params: &[(&str, &str)],
) -> Option<String> {
    let client = authenticate(world, header, params).unwrap();
    client.secret().map(|secret| secret.id.clone())
}

/// Authenticates, and pays for the password hash where there is one.
fn authenticate(
    world: &World,
    header: Option<&str>,
    params: &[(&str, &str)],
) -> Result<AuthenticatedClient, Id> {
    let params: Params<'_> = params.iter().copied().collect();
    let client = match identify(&world.ground.context(), header, &params).map_err(|it| it.id())? {
        Identified::Authenticated(client) => client,
        Identified::NeedsPasswordCheck(check) => {
            let hasher = password_hasher();
            let fits = |hash: &Secret| hasher.verify(check.secret(), hash.expose()).unwrap();
            let fitting = check.hashes().iter().position(fits);
            check.conclude(fitting).map_err(|it| it.id())?
        }
        other @ (Identified::NeedsSpending(_) | Identified::NeedsKeys(_)) => panic!("{other:?}"),
    };
    Ok(client)
}

fn check_basic(world: &World, client_id: &str, secret: &str) -> Result<String, Id> {
    check(world, Some(&basic(client_id, secret)), &[])
}

#[test]
fn accepts_basic_authentication() {
    assert_eq!(
        check_basic(&World::new(), "web", "web-secret"),
        Ok("web".to_owned())
    );
}

#[test]
fn accepts_the_same_client_id_in_the_body_once_more() {
    let header = basic("web", "web-secret");
    let params = [("client_id", "web")];
    assert_eq!(
        check(&World::new(), Some(&header), &params),
        Ok("web".to_owned())
    );
}

#[test]
fn accepts_a_chosen_secret_in_the_body_after_its_hash_was_compared() {
    let params = [("client_id", "post"), ("client_secret", "typed by hand")];
    assert_eq!(check(&World::new(), None, &params), Ok("post".to_owned()));
}

#[test]
fn accepts_a_public_client_by_its_name() {
    assert_eq!(
        check(&World::new(), None, &[("client_id", "spa")]),
        Ok("spa".to_owned())
    );
}

#[test]
fn refuses_an_unknown_client_and_a_wrong_secret_alike() {
    let world = World::new();
    assert_eq!(check_basic(&world, "nobody", "web-secret"), Err("E1101"));
    assert_eq!(check_basic(&world, "web", "wrong"), Err("E1101"));
    assert_eq!(check_basic(&world, "web", ""), Err("E1101"));
    assert_eq!(check_basic(&world, "web", "other-secret"), Err("E1101"));
    let params = [("client_id", "post"), ("client_secret", "wrong")];
    assert_eq!(check(&world, None, &params), Err("E1101"));
    assert_eq!(
        check(&world, None, &[("client_id", "nobody")]),
        Err("E1101")
    );
}

#[test]
fn refuses_a_request_that_names_no_client() {
    let world = World::new();
    assert_eq!(check(&world, None, &[]), Err("E1102"));
    assert_eq!(
        check(&world, None, &[("client_id", ""), ("client_secret", "x")]),
        Err("E1102")
    );
}

#[test]
fn refuses_a_confidential_client_without_its_secret() {
    assert_eq!(
        check(&World::new(), None, &[("client_id", "web")]),
        Err("E1102")
    );
}

#[test]
fn refuses_two_ways_at_once() {
    let world = World::new();
    let header = basic("web", "web-secret");
    let both = [("client_id", "web"), ("client_secret", "web-secret")];
    assert_eq!(check(&world, Some(&header), &both), Err("E1103"));
    assert_eq!(check(&world, Some(&header), &both[1..]), Err("E1103"));
    assert_eq!(
        check(&world, Some(&header), &[("client_id", "other")]),
        Err("E1103")
    );
}

#[test]
fn refuses_another_way_than_the_registered_one() {
    let mut world = World::new();
    let params = [("client_id", "web"), ("client_secret", "web-secret")];
    assert_eq!(check(&world, None, &params), Err("E1104"));
    assert_eq!(check_basic(&world, "post", "typed by hand"), Err("E1104"));
    assert_eq!(check_basic(&world, "spa", "any"), Err("E1104"));
    world.change_client("web", |it| {
        it.authentication_method = AuthenticationMethod::None;
    });
    assert_eq!(check_basic(&world, "web", "web-secret"), Err("E1104"));
}

#[test]
fn tells_a_stranger_nothing_about_how_a_client_is_registered() {
    let params = [("client_id", "web"), ("client_secret", "wrong")];
    assert_eq!(check(&World::new(), None, &params), Err("E1101"));
}

#[test]
fn refuses_a_header_that_is_not_basic() {
    let world = World::new();
    for header in ["", "Basic", "Basic %%%", "Bearer abc", "Basic d2Vi"] {
        assert_eq!(check(&world, Some(header), &[]), Err("E1105"), "{header}");
    }
}

#[test]
fn refuses_a_disabled_client_that_proved_to_be_it() {
    let world = World::new();
    assert_eq!(
        check_basic(&world, "disabled", "disabled-secret"),
        Err("E1106")
    );
    assert_eq!(check_basic(&world, "disabled", "wrong"), Err("E1101"));
}

#[test]
fn refuses_a_secret_from_the_second_on_in_which_it_expires() {
    let mut world = World::new();
    world.change_client("web", |it| it.secrets[0].expires_at = Some(NOW + 10));
    world.pass(9);
    assert!(check_basic(&world, "web", "web-secret").is_ok());
    world.pass(1);
    assert_eq!(check_basic(&world, "web", "web-secret"), Err("E1101"));
}

#[test]
fn accepts_either_of_two_live_secrets() {
    let mut world = World::new();
    let stored = world.ground.token_keys.client_secret_digest("newer");
    world.change_client("web", |client| {
        client.secrets.push(ClientSecret {
            id: "newer".to_owned(),
            stored: StoredSecret::Generated(stored),
            created_at: NOW,
            expires_at: None,
            last_used_at: None,
        });
    });
    for (secret, id) in [("newer", "newer"), (&secret_of("web"), "generated")] {
        let fitting = secret_that_fits(&world, Some(&basic("web", secret)), &[]);
        assert_eq!(fitting.as_deref(), Some(id));
    }
}

#[test]
fn tells_which_of_several_chosen_secrets_fits() {
    let mut world = World::new();
    world.change_client("post", |client| {
        // Before the chosen one: an expired one, and one that was generated.
        let typed = client.secrets.remove(0);
        let secret = |id: &str, stored: StoredSecret| ClientSecret {
            id: id.to_owned(),
            stored,
            ..typed.clone()
        };
        client.secrets = vec![
            ClientSecret {
                expires_at: Some(NOW),
                ..secret("expired", StoredSecret::Chosen(password_hash("long ago")))
            },
            secret(
                "generated",
                StoredSecret::Generated(Digest::from_bytes([0; 32])),
            ),
            secret("older", StoredSecret::Chosen(password_hash("typed before"))),
            typed,
        ];
    });
    for (text, id) in [("typed before", "older"), ("typed by hand", "typed")] {
        let params = [("client_id", "post"), ("client_secret", text)];
        let fitting = secret_that_fits(&world, None, &params);
        assert_eq!(fitting.as_deref(), Some(id));
    }
    let params = [("client_id", "post"), ("client_secret", "long ago")];
    assert_eq!(check(&world, None, &params), Err("E1101"));
}

#[test]
fn a_public_client_has_no_secret_that_fits() {
    let params = [("client_id", "spa")];
    assert_eq!(secret_that_fits(&World::new(), None, &params), None);
}

#[test]
fn shows_no_secret_when_printed() {
    let world = World::new();
    let params = Params::from_iter([("client_id", "post"), ("client_secret", "canary")]);
    let identified = identify(&world.ground.context(), None, &params).unwrap();
    assert!(!format!("{identified:?}").contains("canary"));
    assert!(!format!("{:?}", Secret::new("canary".to_owned())).contains("canary"));
}
