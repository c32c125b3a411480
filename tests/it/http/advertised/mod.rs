//! What discovery advertises works, and nothing beside it does: each value of each list is used as a client would, and each
//! flag is taken by its word (OpenID Connect Discovery §3, RFC 8414 §2).
//!
//! A value without a row fails, and so does a row without its value. Who adds a value adds it to its row; who adds a
//! member adds a row, and says which value beside the list is refused, and how.

mod app;
mod clients;
mod flags;
mod objects;
mod requests;
mod tokens;

use std::pin::Pin;

use issuant::crypto::algorithm::Algorithm;
use issuant::fetch::{Authorities, Fetcher, Reach};
use issuant::protocol::context::{AccountPolicy, Policy};
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use serde_json::Value;

use crate::support::cast::clients_that_exchange;
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, run};

/// Does with a value what a client would do with it.
type Exercise = for<'a> fn(&'a TestOp, &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A member of the document whose value is a list.
struct Row {
    member: &'static str,
    values: &'static [&'static str],
    accepted: Exercise,
    /// A value that the list does not have.
    outside: &'static str,
    refused: Exercise,
}

/// The algorithms of a client's assertions and request objects.
const ASSERTIONS: &[&str] = &[
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "HS256", "HS384", "HS512",
];
/// The algorithms of this server's keys.
const SIGNATURES: &[&str] = &[
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
];
const KEY_MANAGEMENT: &[&str] = &[
    "RSA-OAEP",
    "RSA-OAEP-256",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
];
const CONTENT_ENCRYPTION: &[&str] = &[
    "A128CBC-HS256",
    "A256CBC-HS512",
    "A128GCM",
    "A192GCM",
    "A256GCM",
];
const CONFIDENTIAL: &[&str] = &[
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
];
const METHODS: &[&str] = &[
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "none",
];

const ROWS: &[Row] = &[
    Row {
        member: "response_types_supported",
        values: &[
            "code",
            "id_token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ],
        accepted: |op, value| Box::pin(requests::response_type(op, value)),
        outside: "token",
        refused: |op, value| Box::pin(requests::no_response_type(op, value)),
    },
    Row {
        member: "response_modes_supported",
        values: &["query", "fragment", "form_post"],
        accepted: |op, value| Box::pin(requests::response_mode(op, value)),
        outside: "web_message",
        refused: |op, value| Box::pin(requests::no_response_mode(op, value)),
    },
    Row {
        member: "code_challenge_methods_supported",
        values: &["S256"],
        accepted: |op, value| Box::pin(requests::challenge_method(op, value)),
        outside: "plain",
        refused: |op, value| Box::pin(requests::no_challenge_method(op, value)),
    },
    Row {
        member: "prompt_values_supported",
        values: &["none", "login", "consent", "select_account", "create"],
        accepted: |op, value| Box::pin(requests::prompt(op, value)),
        outside: "register",
        refused: |op, value| Box::pin(requests::no_prompt(op, value)),
    },
    Row {
        member: "scopes_supported",
        values: &[
            "openid",
            "profile",
            "email",
            "address",
            "phone",
            "roles",
            "groups",
            "offline_access",
        ],
        accepted: |op, value| Box::pin(requests::scope(op, value)),
        // What means nothing here is ignored where openid stands beside it; this means something.
        outside: "client_registration",
        refused: |op, value| Box::pin(requests::no_scope(op, value)),
    },
    Row {
        member: "grant_types_supported",
        values: &[
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "implicit",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        accepted: |op, value| Box::pin(tokens::grant(op, value)),
        outside: "password",
        refused: |op, value| Box::pin(tokens::no_grant(op, value)),
    },
    Row {
        member: "subject_types_supported",
        values: &["public", "pairwise"],
        accepted: |op, value| Box::pin(tokens::subject_type(op, value)),
        outside: "ephemeral",
        refused: |op, value| Box::pin(tokens::no_subject_type(op, value)),
    },
    Row {
        member: "id_token_signing_alg_values_supported",
        values: SIGNATURES,
        accepted: |op, value| Box::pin(tokens::id_token(op, value)),
        outside: "none",
        refused: |op, value| Box::pin(tokens::no_id_token(op, value)),
    },
    Row {
        member: "userinfo_signing_alg_values_supported",
        values: SIGNATURES,
        accepted: |op, value| Box::pin(tokens::userinfo(op, value)),
        outside: "none",
        refused: |op, value| Box::pin(tokens::no_userinfo(op, value)),
    },
    Row {
        member: "claims_supported",
        values: &[
            "sub",
            "sid",
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
            "email",
            "email_verified",
            "address",
            "phone_number",
            "phone_number_verified",
            "roles",
            "groups",
            "acr",
        ],
        accepted: |op, value| Box::pin(tokens::claim(op, value)),
        outside: "shoe_size",
        refused: |op, value| Box::pin(tokens::no_claim(op, value)),
    },
    Row {
        member: "claim_types_supported",
        values: &["normal"],
        accepted: |op, value| Box::pin(tokens::claim_type(op, value)),
        outside: "distributed",
        refused: |op, value| Box::pin(tokens::no_claim_type(op, value)),
    },
    Row {
        member: "acr_values_supported",
        values: &["0", "1"],
        accepted: |op, value| Box::pin(requests::acr(op, value)),
        outside: "2",
        refused: |op, value| Box::pin(requests::no_acr(op, value)),
    },
    Row {
        member: "display_values_supported",
        values: &["page", "popup", "touch", "wap"],
        accepted: |op, value| Box::pin(requests::shown(op, "display", value)),
        outside: "hologram",
        // OpenID Connect Core §3.1.2.1 has no error for it: the page is the same.
        refused: |op, value| Box::pin(requests::shown(op, "display", value)),
    },
    Row {
        member: "ui_locales_supported",
        values: &["en"],
        accepted: |op, value| Box::pin(requests::shown(op, "ui_locales", value)),
        outside: "tlh",
        // OpenID Connect Core §3.1.2.1: no error, and the page is in a language that it has.
        refused: |op, value| Box::pin(requests::shown(op, "ui_locales", value)),
    },
    Row {
        member: "request_object_signing_alg_values_supported",
        values: ASSERTIONS,
        accepted: |op, value| Box::pin(objects::request_object(op, value)),
        outside: "RS1",
        refused: |op, value| Box::pin(objects::no_request_object(op, value)),
    },
    Row {
        member: "id_token_encryption_alg_values_supported",
        values: KEY_MANAGEMENT,
        accepted: |op, value| Box::pin(objects::key_management(op, "id_token", value)),
        outside: "RSA1_5",
        refused: |op, value| {
            Box::pin(objects::no_encryption(
                op,
                "id_token_encrypted_response_alg",
                value,
            ))
        },
    },
    Row {
        member: "id_token_encryption_enc_values_supported",
        values: CONTENT_ENCRYPTION,
        accepted: |op, value| Box::pin(objects::content_encryption(op, "id_token", value)),
        outside: "A192CBC-HS384",
        refused: |op, value| {
            Box::pin(objects::no_encryption(
                op,
                "id_token_encrypted_response_enc",
                value,
            ))
        },
    },
    Row {
        member: "userinfo_encryption_alg_values_supported",
        values: KEY_MANAGEMENT,
        accepted: |op, value| Box::pin(objects::key_management(op, "userinfo", value)),
        outside: "RSA1_5",
        refused: |op, value| {
            Box::pin(objects::no_encryption(
                op,
                "userinfo_encrypted_response_alg",
                value,
            ))
        },
    },
    Row {
        member: "userinfo_encryption_enc_values_supported",
        values: CONTENT_ENCRYPTION,
        accepted: |op, value| Box::pin(objects::content_encryption(op, "userinfo", value)),
        outside: "A192CBC-HS384",
        refused: |op, value| {
            Box::pin(objects::no_encryption(
                op,
                "userinfo_encrypted_response_enc",
                value,
            ))
        },
    },
    Row {
        member: "token_endpoint_auth_methods_supported",
        values: METHODS,
        accepted: |op, value| Box::pin(clients::method(op, "/token", value)),
        outside: "tls_client_auth",
        refused: |op, value| Box::pin(clients::no_method(op, "/token", value)),
    },
    Row {
        member: "revocation_endpoint_auth_methods_supported",
        values: METHODS,
        accepted: |op, value| Box::pin(clients::method(op, "/revoke", value)),
        outside: "tls_client_auth",
        refused: |op, value| Box::pin(clients::no_method(op, "/revoke", value)),
    },
    Row {
        member: "introspection_endpoint_auth_methods_supported",
        values: CONFIDENTIAL,
        accepted: |op, value| Box::pin(clients::method(op, "/introspect", value)),
        outside: "none",
        refused: |op, value| Box::pin(clients::no_method(op, "/introspect", value)),
    },
    Row {
        member: "token_endpoint_auth_signing_alg_values_supported",
        values: ASSERTIONS,
        accepted: |op, value| Box::pin(clients::algorithm(op, "/token", value)),
        outside: "none",
        refused: |op, value| Box::pin(clients::no_algorithm(op, "/token", value)),
    },
    Row {
        member: "revocation_endpoint_auth_signing_alg_values_supported",
        values: ASSERTIONS,
        accepted: |op, value| Box::pin(clients::algorithm(op, "/revoke", value)),
        outside: "none",
        refused: |op, value| Box::pin(clients::no_algorithm(op, "/revoke", value)),
    },
    Row {
        member: "introspection_endpoint_auth_signing_alg_values_supported",
        values: ASSERTIONS,
        accepted: |op, value| Box::pin(clients::algorithm(op, "/introspect", value)),
        outside: "none",
        refused: |op, value| Box::pin(clients::no_algorithm(op, "/introspect", value)),
    },
];

/// A server with all there is: a key of each algorithm, and registration for everybody.
fn with_everything(test: impl AsyncFnOnce(TestOp)) {
    let policy = Policy {
        registration: RegistrationPolicy {
            mode: RegistrationMode::Open,
            ..RegistrationPolicy::default()
        },
        front_channel_tokens: true,
        accounts: AccountPolicy {
            sign_up: true,
            ..AccountPolicy::default()
        },
        ..Policy::default()
    };
    let reach = Reach {
        allowed: Vec::new(),
        loopback: true,
    };
    let setting = Setting {
        algorithms: Algorithm::ALL.to_vec(),
        policy,
        clients: clients_that_exchange(),
        // Request objects are read from this machine.
        fetcher: Fetcher::new(reach, Authorities::default()),
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting)));
}

/// The members of the document that end in `_supported`.
async fn advertised(op: &TestOp) -> Vec<(String, Value)> {
    let document = op.get("/.well-known/openid-configuration").await.json(200);
    let members = document.as_object().unwrap().clone().into_iter();
    members
        .filter(|(member, _)| member.ends_with("_supported"))
        .collect()
}

/// Uses what the document lists under these members.
fn exercise(is_meant: fn(&Row) -> bool) {
    with_everything(async |op| {
        let advertised = advertised(&op).await;
        for row in ROWS.iter().filter(|row| is_meant(row)) {
            let found = advertised.iter().find(|(member, _)| member == row.member);
            let (_, listed) = found.unwrap_or_else(|| panic!("{} is not there", row.member));
            for value in listed.as_array().unwrap() {
                (row.accepted)(&op, value.as_str().unwrap()).await;
                // So many clients may register in a minute.
                op.pass(60);
            }
            let has = |value: &&str| listed.as_array().unwrap().iter().any(|it| it == value);
            assert!(!has(&row.outside), "{} is in {listed}", row.outside);
            (row.refused)(&op, row.outside).await;
        }
    });
}

#[test]
fn each_value_has_a_row_and_each_row_its_value() {
    with_everything(async |op| {
        let advertised = advertised(&op).await;
        for (member, value) in &advertised {
            let Some(listed) = value.as_array() else {
                continue;
            };
            let row = ROWS.iter().find(|row| row.member == member);
            let row = row.unwrap_or_else(|| panic!("{member} has no row"));
            assert_eq!(*listed, row.values, "{member}");
        }
        let is_there = |row: &Row| advertised.iter().any(|(member, _)| member == row.member);
        assert!(ROWS.iter().all(is_there));
    });
}

#[test]
fn each_flag_is_taken_by_its_word() {
    with_everything(async |op| {
        for (member, value) in advertised(&op).await {
            if let Some(flag) = value.as_bool() {
                flags::exercise(&op, &member, flag).await;
            }
        }
    });
}

fn is_about_clients(row: &Row) -> bool {
    row.member.contains("_endpoint_auth_")
}

#[test]
fn what_is_listed_for_clients_works_and_nothing_else() {
    exercise(is_about_clients);
}

#[test]
fn what_is_listed_for_people_works_and_nothing_else() {
    exercise(|row| !is_about_clients(row));
}
