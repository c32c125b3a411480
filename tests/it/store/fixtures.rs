//! Small objects to store.

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::Digest;
use issuant::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use issuant::crypto::jwk_set::JwkSet;
use issuant::identity::store::{Consent, Session, User};
use issuant::protocol::authorize::acr::Classes;
use issuant::protocol::authorize::request::{AuthorizationRequest, Prompt};
use issuant::protocol::authorize::response::ResponseMode;
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::client::{
    AuthenticationMethod, Client, ClientId, ClientSecret, DynamicClient, GrantType, StoredSecret,
};
use issuant::protocol::client_metadata::{AssertionAlgorithm, ClientMetadata};
use issuant::protocol::logout_notice::LogoutNotice;
use issuant::protocol::profile::Profile;
use issuant::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use issuant::protocol::response_type::ResponseType;
use issuant::protocol::scope::Scope;
use issuant::protocol::services::ServiceClaims;
use issuant::protocol::store::{AuthorizationCode, Subject, WaitingRequest};
use issuant::protocol::subject_identifier::SubjectType;
use issuant::protocol::tokens::family::{Family, Pending, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::storage::keys::StoredKey;
use serde_json::{Map, json};

/// When everything was made.
pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const DAY: i64 = 86_400;

pub(crate) fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

pub(crate) fn client_id(id: &str) -> ClientId {
    id.parse().unwrap()
}

pub(crate) fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

pub(crate) fn client(id: &str) -> Client {
    Client {
        id: client_id(id),
        name: format!("The {id}"),
        authentication_method: AuthenticationMethod::ClientSecretBasic,
        secrets: vec![
            secret("first", StoredSecret::Generated(digest(1)), NOW),
            secret(
                "second",
                StoredSecret::Chosen("$argon2id$...".to_owned()),
                NOW + 1,
            ),
        ],
        grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: vec![
            "https://app.example/cb?a=\"b\""
                .replace('"', "%22")
                .parse()
                .unwrap(),
        ],
        post_logout_redirect_uris: vec!["https://app.example/".to_owned()],
        scope: scope("openid profile read"),
        audiences: vec!["https://api.example".to_owned()],
        id_token_algorithm: Algorithm::Es256,
        requires_pkce: true,
        requires_consent: false,
        metadata: ClientMetadata {
            userinfo_signed_response_alg: Some(Algorithm::Es256),
            default_max_age: Some(60),
            jwks: Some(public_keys()),
            token_endpoint_auth_signing_alg: Some(AssertionAlgorithm::Signature(Algorithm::EdDsa)),
            backchannel_logout_uri: Some("https://app.example/out?a=b".parse().unwrap()),
            backchannel_logout_session_required: Some(true),
            subject_type: Some(SubjectType::Pairwise),
            sector_identifier_uri: Some("https://app.example/sector".to_owned()),
            id_token_encrypted_response_alg: Some(KeyManagement::EcdhEsA128Kw),
            id_token_encrypted_response_enc: Some(ContentEncryption::A256CbcHs512),
            ..ClientMetadata::default()
        },
        refresh: RefreshOverrides {
            rotation: Some(RefreshRotation::Strict),
            retry_window: Some(0),
            idle_lifetime: Some(DAY),
            absolute_lifetime: Some(2 * DAY),
        },
        dynamic: Some(DynamicClient {
            token: Some(Digest::from_bytes([9; 32])),
            expires_at: NOW + DAY,
        }),
        disabled: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn secret(id: &str, stored: StoredSecret, created_at: i64) -> ClientSecret {
    ClientSecret {
        id: id.to_owned(),
        stored,
        created_at,
        expires_at: Some(NOW + DAY),
        last_used_at: None,
    }
}

pub(crate) fn user(name: &str) -> User {
    User {
        subject: Subject {
            id: format!("sub-{name}"),
            username: name.to_owned(),
            name: Some(format!("{name} Ärmel")),
            email: None,
            email_verified: true,
            roles: vec!["admin".to_owned(), "with \"quotes\"".to_owned()],
            profile: profile(),
            active: true,
            updated_at: NOW,
        },
        password_hash: Some("$argon2id$...".to_owned()),
        created_at: NOW,
    }
}

pub(crate) fn session(number: u8, subject: &str) -> Session {
    Session {
        id: format!("session-{number}"),
        cookie: digest(number),
        subject: subject.to_owned(),
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        created_at: NOW,
        last_seen_at: NOW + i64::from(number),
        expires_at: NOW + DAY,
        user_agent: "Browser/1 (ünïcode)".to_owned(),
        address: "192.0.2.1".to_owned(),
    }
}

pub(crate) fn consent(subject: &str, client: &str, text: &str) -> Consent {
    Consent {
        subject: subject.to_owned(),
        client_id: client_id(client),
        scope: scope(text),
        created_at: NOW,
        updated_at: NOW + 1,
    }
}

pub(crate) fn waiting_request(number: u8) -> WaitingRequest {
    WaitingRequest {
        handle: digest(number),
        browser: digest(100),
        request: AuthorizationRequest {
            client_id: client_id("app"),
            redirect_uri: "https://app.example/cb".to_owned(),
            redirect_uri_was_received: true,
            response_mode: ResponseMode::FormPost,
            state: Some("täglich \"neu\" \\ \u{0} 🦀".to_owned()),
            scope: scope("openid"),
            claims: claims(),
            classes: Classes::default(),
            nonce: Some("n".to_owned()),
            code_challenge: Some("c".to_owned()),
            prompt: Prompt {
                login: true,
                ..Prompt::default()
            },
            max_age: Some(60),
            login_hint: None,
            hinted_subject: Some("sub-ada".to_owned()),
            other_hinted_subjects: vec!["sub-bob".to_owned()],
            response_type: ResponseType::CodeIdToken,
        },
        created_at: NOW,
        expires_at: NOW + 3600,
        signed_in_by: None,
        consented_by: None,
        chosen_by: None,
    }
}

pub(crate) fn code(number: u8) -> AuthorizationCode {
    AuthorizationCode {
        digest: digest(number),
        family: FamilyId([number; 16]),
        client_id: client_id("app"),
        redirect_uri: "https://app.example/cb".to_owned(),
        redirect_uri_was_received: true,
        code_challenge: Some("challenge".to_owned()),
        subject: "sub-ada".to_owned(),
        session: "session-1".to_owned(),
        scope: scope("openid read"),
        claims: claims(),
        nonce: None,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        expires_at: NOW + 60,
        redeemed_at: None,
    }
}

pub(crate) fn family(number: u8) -> Family {
    Family {
        id: FamilyId([number; 16]),
        client_id: client_id("app"),
        subject: Some("sub-ada".to_owned()),
        session: Some("session-1".to_owned()),
        scope: scope("openid read"),
        audience: vec!["https://api.example".to_owned()],
        claims: claims(),
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        created_at: NOW,
        expires_at: NOW + 90 * DAY,
        revoked: None,
        rotation: Rotation {
            version: 0,
            generation: 0,
            current: digest(number),
            pending: None,
            former_tags: Vec::new(),
            last_used_at: NOW,
            idle_expires_at: NOW + 30 * DAY,
        },
    }
}

pub(crate) fn notice(session: &str) -> LogoutNotice {
    LogoutNotice::new(session, &client_id("app"), "sub-ada", NOW)
}

/// The state after `rotation`, with every part filled.
pub(crate) fn next(rotation: &Rotation) -> Rotation {
    Rotation {
        version: rotation.version + 1,
        generation: u32::MAX,
        current: digest(200),
        pending: Some(Pending {
            digest: digest(201),
            salt: [7; 16],
            minted_at: NOW + 5,
        }),
        former_tags: (0..8).map(|number| [number; 8]).collect(),
        last_used_at: NOW + 5,
        idle_expires_at: NOW + 30 * DAY + 5,
    }
}

/// A signing key that cannot sign.
pub(crate) fn key(kid: &str, active_from: i64) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        algorithm: Algorithm::EdDsa,
        public_jwk: "{\"kty\":\"OKP\"}".to_owned(),
        sealed: vec![1, 0, 255],
        created_at: NOW,
        active_from,
        verify_only_from: None,
        remove_at: None,
    }
}

fn claims() -> RequestedClaims {
    RequestedClaims {
        userinfo: vec!["email".to_owned()],
        id_token: vec!["name".to_owned()],
        acr: Some("1".to_owned()),
        own: Some(ServiceClaims {
            sub: Some("u1".to_owned()),
            others: Map::from_iter([("role".to_owned(), json!(["x", null]))]),
        }),
    }
}

fn profile() -> Profile {
    let mut profile = Profile::default();
    profile.names.given_name = Some("Zo\u{eb}".to_owned());
    profile.phone_number = Some("+49 30 1234".to_owned());
    profile.groups = vec!["staff".to_owned()];
    profile
}

/// RFC 8037, Appendix A.2.
/// One for signatures, one for encryption.
fn public_keys() -> JwkSet {
    let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"EC","crv":"P-256","alg":"ECDH-ES+A128KW","use":"enc","kid":"e","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    serde_json::from_str(set).unwrap()
}
