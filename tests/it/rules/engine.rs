//! Each row of the table at the head of `src/protocol/engine.rs`: first what the crate does, so that an update cannot
//! change it unseen, then what is made of it here.

use std::borrow::Cow;

use chrono::{DateTime, Duration, Utc};
use issuant::protocol::engine::{
    CodeRejected, CredentialsRejected, RefreshRejected, drive_client_credentials,
    drive_code_exchange, drive_refresh,
};
use issuant::protocol::params::Params;
use issuant::server::clock;
use oxide_auth::code_grant::accesstoken::{AccessToken, Authorization, Input, Output, Request};
use oxide_auth::code_grant::error::AccessTokenErrorType;
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::code_grant::refresh;
use oxide_auth::primitives::grant::{Extensions, Grant, Value};

use super::World;
use crate::support::cast::{CHALLENGE, NOW, VERIFIER, deviate};

/// A redemption as the crate sees it.
struct Redemption {
    redirect_uri: Option<&'static str>,
}

impl Request for Redemption {
    fn valid(&self) -> bool {
        true
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        Some("code".into())
    }
    fn authorization(&self) -> Authorization<'_> {
        Authorization::UsernamePassword("web".into(), Cow::Borrowed(b""))
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri.map(Cow::Borrowed)
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("authorization_code".into())
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

fn grant(scope: &str, until: DateTime<Utc>) -> Grant {
    Grant {
        owner_id: "sub-ada".to_owned(),
        client_id: "web".to_owned(),
        scope: scope.parse().unwrap(),
        redirect_uri: "https://web.example/cb".parse().unwrap(),
        until,
        extensions: Extensions::new(),
    }
}

/// The crate reads the system's clock, so these tests have to.
fn system_time() -> DateTime<Utc> {
    DateTime::from_timestamp(clock::now(), 0).unwrap()
}

/// What the crate's machine says of a code that stands for this grant; `None` when it is content.
fn crate_says(grant: Option<Grant>) -> Option<AccessTokenErrorType> {
    let mut machine = AccessToken::new(&Redemption {
        redirect_uri: Some("https://web.example/cb"),
    });
    assert!(matches!(
        machine.advance(Input::None),
        Output::Authenticate { .. }
    ));
    assert!(matches!(
        machine.advance(Input::Authenticated),
        Output::Recover { .. }
    ));
    match machine.advance(Input::Recovered(grant.map(Box::new))) {
        Output::Err(mut error) => Some(error.description().unwrap().kind()),
        Output::Extend { .. } => None,
        Output::Authenticate { .. }
        | Output::Recover { .. }
        | Output::Issue { .. }
        | Output::Ok(_) => {
            panic!("another state")
        }
    }
}

/// What our driver says of a fresh code of the web app.
fn driver_says(deviations: &[(&str, &str)], passed: i64) -> Result<(), CodeRejected> {
    let mut world = World::new();
    let text = world.code_of("sub-ada", &[]);
    let code = world.store.codes[&world.ground.token_keys.code_digest(&text)].clone();
    let valid = super::redemption(&text);
    let params: Params<'_> = deviate(&valid, deviations).into_iter().collect();
    drive_code_exchange(&code.client_id, &code, &params, NOW + passed)
}

#[test]
fn the_crate_calls_an_unknown_code_invalid_request() {
    assert_eq!(crate_says(None), Some(AccessTokenErrorType::InvalidRequest));
    let mut world = World::new();
    assert_eq!(
        world.redeem("unknown", &[]).unwrap_err(),
        "E1310",
        "we say invalid_grant"
    );
}

#[test]
fn the_crate_has_no_word_for_a_failed_verifier() {
    let stored = || Some(Value::private(Some(format!("{CHALLENGE}S"))));
    let verify = |verifier: &'static str| Pkce::required().verify(stored(), Some(verifier.into()));
    assert_eq!(verify(VERIFIER), Ok(()));
    assert_eq!(verify("wrong"), Err(()));
    assert_eq!(Pkce::required().verify(stored(), None), Err(()));
    assert_eq!(
        driver_says(&[("code_verifier", "")], 0),
        Err(CodeRejected::Verifier)
    );
    let wrong = "a".repeat(43);
    assert_eq!(
        driver_says(&[("code_verifier", &wrong)], 0),
        Err(CodeRejected::Verifier)
    );
}

#[test]
fn the_crate_accepts_any_verifier_syntax_and_a_verifier_without_challenge() {
    let digest = issuant::crypto::digest::sha256_base64url(b"a");
    let stored = Some(Value::private(Some(format!("{digest}S"))));
    assert_eq!(Pkce::required().verify(stored, Some("a".into())), Ok(()));
    assert_eq!(Pkce::optional().verify(None, Some("a".into())), Ok(()));
    assert_eq!(
        driver_says(&[("code_verifier", "a")], 0),
        Err(CodeRejected::Verifier)
    );
    // The verifier without a challenge: see `authorization_code`, E1315.
}

#[test]
fn the_crate_reads_a_missing_challenge_method_as_plain_and_refuses_it() {
    let challenge = || Some(Cow::Borrowed(CHALLENGE));
    assert!(Pkce::required().challenge(None, challenge()).is_err());
    assert!(
        Pkce::required()
            .challenge(Some("plain".into()), challenge())
            .is_err()
    );
    let encoded = Pkce::required()
        .challenge(Some("S256".into()), challenge())
        .unwrap()
        .unwrap();
    assert_eq!(
        encoded.into_private_value(),
        Ok(Some(format!("{CHALLENGE}S")))
    );
}

#[test]
fn the_crate_demands_a_redirect_uri() {
    let mut machine = AccessToken::new(&Redemption { redirect_uri: None });
    let Output::Err(mut error) = machine.advance(Input::None) else {
        panic!("an error")
    };
    let kind = error.description().unwrap().kind();
    assert_eq!(kind, AccessTokenErrorType::InvalidRequest);
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("redirect_uri", ""), ("scope", "read")]);
    assert!(
        world.redeem(&code, &[("redirect_uri", "")]).is_ok(),
        "we supply the stored one"
    );
}

#[test]
fn the_crate_reads_the_clock() {
    let day = Duration::days(1);
    let expired = crate_says(Some(grant("read", system_time() - day)));
    assert_eq!(expired, Some(AccessTokenErrorType::InvalidGrant));
    assert_eq!(crate_says(Some(grant("read", system_time() + day))), None);
    // Our clock counts, wherever the system's stands.
    assert_eq!(driver_says(&[], 59), Ok(()));
    assert_eq!(driver_says(&[], 60), Err(CodeRejected::Expired));
    assert_eq!(driver_says(&[], -1_000_000_000), Ok(()));
}

#[test]
fn the_crate_binds_a_code_to_client_and_address() {
    let forever = DateTime::<Utc>::MAX_UTC;
    let other = Grant {
        client_id: "other".to_owned(),
        ..grant("read", forever)
    };
    assert_eq!(
        crate_says(Some(other)),
        Some(AccessTokenErrorType::InvalidGrant)
    );
    let elsewhere = "https://web.example/other".parse().unwrap();
    let other = Grant {
        redirect_uri: elsewhere,
        ..grant("read", forever)
    };
    assert_eq!(
        crate_says(Some(other)),
        Some(AccessTokenErrorType::InvalidGrant)
    );
}

#[test]
fn the_crate_compares_parsed_addresses_and_we_their_text() {
    let parsed = |text: &str| -> url::Url { text.parse().unwrap() };
    assert_eq!(
        parsed("https://WEB.example/cb"),
        parsed("https://web.example/cb")
    );
    let upper = [("redirect_uri", "https://WEB.example/cb")];
    assert_eq!(driver_says(&upper, 0), Err(CodeRejected::RedirectUri));
}

/// The crate gives a refreshed grant an hour from now and may write its scope in any order.
#[test]
fn the_crate_chooses_lifetime_and_order_of_a_refresh() {
    struct Asked;
    impl refresh::Request for Asked {
        fn valid(&self) -> bool {
            true
        }
        fn refresh_token(&self) -> Option<Cow<'_, str>> {
            Some("token".into())
        }
        fn scope(&self) -> Option<Cow<'_, str>> {
            None
        }
        fn grant_type(&self) -> Option<Cow<'_, str>> {
            Some("refresh_token".into())
        }
        fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
            Some(("web".into(), Cow::Borrowed(b"")))
        }
        fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
            None
        }
    }
    let scopes = "a b c d e f g h";
    let mut machine = refresh::Refresh::new(&Asked);
    machine.advance(refresh::Input::Authenticated { scope: None });
    let granted = Box::new(grant(scopes, DateTime::<Utc>::MAX_UTC));
    let answer = machine.advance(refresh::Input::Recovered {
        scope: None,
        grant: Some(granted),
    });
    let refresh::Output::Refresh { grant, .. } = answer else {
        panic!("a refresh")
    };
    let left = grant.until - system_time();
    assert!(left < Duration::minutes(61) && left > Duration::minutes(59));
    let mut tokens: Vec<&str> = grant.scope.iter().collect();
    tokens.sort_unstable();
    assert_eq!(tokens.join(" "), scopes, "the same set, whatever its order");

    let mut world = World::new();
    world.change_client("web", |client| client.scope = scopes.parse().unwrap());
    let code = world.code_of("sub-ada", &[("scope", "h g f e d c b a")]);
    let granted = world.redeem(&code, &[]).unwrap();
    assert_eq!(granted.scope, scopes);
    assert_eq!(
        world.refresh(granted.refresh_token()).unwrap().scope,
        scopes
    );
}

#[test]
fn the_crate_spells_errors_its_own_way() {
    use oxide_auth::code_grant::error::AccessTokenError;
    let mut error = AccessTokenError::default();
    error.explain("because");
    let names: Vec<&str> = error.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["error", "description"]);
}

#[test]
fn a_refresh_is_rejected_for_client_time_and_scope_in_this_order() {
    let mut world = World::new();
    world.sign_in();
    let family = world.family().clone();
    let web = &family.client_id.clone();
    let other = &"other".parse().unwrap();
    let drive = |client, scope: &str, now| {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "any"),
            ("scope", scope),
        ];
        let params: Params<'_> = pairs.into_iter().collect();
        drive_refresh(client, &family, &params, now).map(|scope| scope.to_string())
    };
    let late = family.expires_at;
    assert_eq!(
        drive(other, "admin", late),
        Err(RefreshRejected::OtherClient)
    );
    assert_eq!(drive(web, "admin", late), Err(RefreshRejected::Expired));
    assert_eq!(drive(web, "admin", NOW), Err(RefreshRejected::Scope));
    assert_eq!(drive(web, "read", NOW), Ok("read".to_owned()));
    assert_eq!(drive(web, "", NOW), Ok("openid read".to_owned()));
}

#[test]
fn client_credentials_are_rejected_for_their_scope() {
    let drive = |scope: &str| {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        let params: Params<'_> = pairs.into_iter().collect();
        let offered = "read write".parse().unwrap();
        let granted = drive_client_credentials(&"web".parse().unwrap(), &offered, &params);
        granted.map(|scope| scope.to_string())
    };
    assert_eq!(drive("write read"), Ok("read write".to_owned()));
    assert_eq!(drive("admin"), Err(CredentialsRejected::Scope));
    assert_eq!(drive("re\"ad"), Err(CredentialsRejected::Scope));
}
