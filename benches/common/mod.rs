//! Whom the benchmarks are about: one client, one user, and what was issued to them, put where the server finds it.
//!
//! Nothing here measures. Times and randomness are arguments, so that what is counted can be repeated.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::sha256_base64url;
use issuant::crypto::random::{RandomSource, random_bytes};
use issuant::identity::store::{OneTimeLinks as _, User, Users as _};
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::client::{
    AuthenticationMethod, Client, ClientSecret, GrantType, StoredSecret,
};
use issuant::protocol::client_metadata::ClientMetadata;
use issuant::protocol::context::{Timestamp, TokenKeys};
use issuant::protocol::error::{Fault, StoreError};
use issuant::protocol::profile::Profile;
use issuant::protocol::refresh_policy::RefreshOverrides;
use issuant::protocol::store::{AuthorizationCode, Subject};
use issuant::protocol::tokens::family::{Family, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::storage::{Storage, Transaction};

/// The client that sends every request.
pub(crate) const CLIENT: &str = "bench";
/// Its secret, as long as a generated one.
pub(crate) const SECRET: &str = "ics_1bTqQkPbD0cF5o0sT8vV3mZ2nJ7hXwYr4uE6aLgKdRi";
/// The user.
pub(crate) const SUBJECT: &str = "5o0sT8vV3mZ2nJ7hXwYr4u";
/// Where codes were sent.
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// RFC 7636 §4.1.
pub(crate) const VERIFIER: &str = "m3Qp7vXc9LkTz2RwYb5NfJh8DsGa4UeEo1CiVxPqZtK";

/// The client's `Authorization` header (RFC 6749 §2.3.1).
pub(crate) fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")))
}

/// A confidential client of that name that may use every grant.
pub(crate) fn client(id: &str, keys: &TokenKeys, now: Timestamp) -> Client {
    Client {
        id: id.parse().expect("an identifier"),
        name: "The measured app".to_owned(),
        authentication_method: AuthenticationMethod::ClientSecretBasic,
        secrets: vec![ClientSecret {
            id: "generated".to_owned(),
            stored: StoredSecret::Generated(keys.client_secret_digest(SECRET)),
            created_at: now,
            expires_at: None,
            last_used_at: None,
        }],
        grants: vec![
            GrantType::AuthorizationCode,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
        ],
        redirect_uris: vec![REDIRECT_URI.parse().expect("a redirect URI")],
        post_logout_redirect_uris: Vec::new(),
        scope: "openid profile offline_access read"
            .parse()
            .expect("a scope"),
        audiences: vec!["https://api.example".to_owned()],
        id_token_algorithm: Algorithm::Es256,
        metadata: ClientMetadata::default(),
        refresh: RefreshOverrides::default(),
        requires_pkce: true,
        requires_consent: true,
        dynamic: None,
        disabled: false,
        created_at: now,
        updated_at: now,
    }
}

/// The user, who has no password: nobody signs in here.
pub(crate) fn user(now: Timestamp) -> User {
    User {
        subject: Subject {
            id: SUBJECT.to_owned(),
            username: "ada".to_owned(),
            name: Some("Ada Example".to_owned()),
            email: Some("ada@example.org".to_owned()),
            email_verified: true,
            roles: Vec::new(),
            profile: Profile::default(),
            active: true,
            updated_at: now,
        },
        password_hash: None,
        created_at: now,
    }
}

/// A sign-in that can be refreshed, and its first refresh token.
pub(crate) fn family(
    scope: &str,
    issuer: &str,
    keys: &TokenKeys,
    random: &dyn RandomSource,
    now: Timestamp,
) -> (Family, String) {
    let id = FamilyId(random_bytes(random));
    let (rotation, token) = Rotation::first(id, random, keys, now, now + DAY);
    let family = Family {
        id,
        client_id: CLIENT.parse().expect("an identifier"),
        subject: Some(SUBJECT.to_owned()),
        session: None,
        scope: scope.parse().expect("a scope"),
        audience: vec!["https://api.example".to_owned(), issuer.to_owned()],
        claims: RequestedClaims::default(),
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        created_at: now,
        expires_at: now + DAY,
        revoked: None,
        rotation,
    };
    (family, token.expose().to_owned())
}

/// An authorization code for [`VERIFIER`], and what the client gets of it.
pub(crate) fn code(
    keys: &TokenKeys,
    random: &dyn RandomSource,
    now: Timestamp,
) -> (AuthorizationCode, String) {
    let text = URL_SAFE_NO_PAD.encode(random_bytes::<32>(random));
    let code = AuthorizationCode {
        digest: keys.code_digest(&text),
        family: FamilyId(random_bytes(random)),
        client_id: CLIENT.parse().expect("an identifier"),
        redirect_uri: REDIRECT_URI.to_owned(),
        redirect_uri_was_received: true,
        code_challenge: Some(sha256_base64url(VERIFIER.as_bytes())),
        subject: SUBJECT.to_owned(),
        session: "Zt8vV3mZ2nJ7hXwYr4uE6a".to_owned(),
        scope: "openid offline_access read".parse().expect("a scope"),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        claims: RequestedClaims::default(),
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        expires_at: now + 600,
        redeemed_at: None,
    };
    (code, text)
}

/// Registers the client and as many others, and the user.
pub(crate) fn register(storage: &Storage, keys: &TokenKeys, others: usize, now: Timestamp) {
    let names = (0..others).map(|number| format!("app-{number}"));
    let names = names.chain([CLIENT.to_owned()]);
    let clients: Vec<Client> = names.map(|name| client(&name, keys, now)).collect();
    write(storage, move |store| {
        clients.iter().try_for_each(|it| store.add_client(it))?;
        store.add_user(&user(now))?;
        store.mark_set_up()
    });
}

/// Writes in one transaction, on a thread of its own: a runtime must not be blocked. On a machine that is very busy,
/// connecting may take longer than the storage waits; then it is tried again.
pub(crate) fn write(
    storage: &Storage,
    rule: impl Fn(&mut Transaction) -> Result<(), StoreError> + Send + Sync + 'static,
) {
    let rule = Arc::new(rule);
    let write = || {
        let rule = Arc::clone(&rule);
        storage.write_blocking(move |store| Ok(rule(store)?))
    };
    for attempt in 1.. {
        let outcome: Result<(), Fault<()>> =
            std::thread::scope(|scope| scope.spawn(write).join().expect("a thread"));
        match outcome {
            Ok(()) => return,
            Err(fault) => assert!(attempt < ATTEMPTS, "it is not written: {fault:?}"),
        }
    }
}

const ATTEMPTS: u32 = 5;

const DAY: i64 = 86_400;
