//! The people and clients that the tests of rules, HTTP and journeys have in common, and the keys of their server.

use std::sync::{Arc, LazyLock};

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::RootKey;
use issuant::crypto::key_set::{KeySet, KeyState};
use issuant::crypto::password::{PasswordCost, PasswordHasher};
use issuant::crypto::random::SeededRandom;
use issuant::crypto::secret::Secret;
use issuant::crypto::signing_key::{RsaBits, SigningKey};
use issuant::identity::store::User;
use issuant::protocol::client::{
    AuthenticationMethod, Client, ClientSecret, GrantType, StoredSecret,
};
use issuant::protocol::client_metadata::{ClientMetadata, TokenExchangePolicy};
use issuant::protocol::context::TokenKeys;
use issuant::protocol::profile::Profile;
use issuant::protocol::refresh_policy::RefreshOverrides;
use issuant::protocol::store::Subject;

/// The issuer of the tests that need no listener.
pub(crate) const ISSUER: &str = "https://id.example";
/// When every test begins.
pub(crate) const NOW: i64 = 1_800_000_000;
/// RFC 7636, Appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636, Appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// The password of every user.
pub(crate) const PASSWORD: &str = "copper lantern drifts north";

pub(crate) fn root() -> RootKey {
    RootKey::from_text(&"A".repeat(43)).unwrap()
}

pub(crate) fn token_keys() -> TokenKeys {
    TokenKeys::derive(&root())
}

pub(crate) fn password_hasher() -> PasswordHasher {
    let pepper = root().digest_key("password pepper");
    PasswordHasher::new(pepper, PasswordCost::for_tests(), &SeededRandom::new(1)).unwrap()
}

pub(crate) fn password_hash(password: &str) -> String {
    let secret = Secret::new(password.to_owned());
    password_hasher()
        .hash(&secret, &SeededRandom::new(2))
        .unwrap()
}

/// One active key of each of these algorithms; the same ones in every test of this process.
pub(crate) fn key_set(algorithms: &[Algorithm]) -> KeySet {
    static KEYS: LazyLock<Vec<Arc<SigningKey>>> =
        LazyLock::new(|| Algorithm::ALL.into_iter().map(new_key).collect());
    static ES256: LazyLock<Arc<SigningKey>> = LazyLock::new(|| new_key(Algorithm::Es256));
    let find = |algorithm: &Algorithm| {
        // Most tests need no other, and RSA keys take long to make.
        let key = if *algorithm == Algorithm::Es256 {
            &*ES256
        } else {
            let mut keys = KEYS.iter();
            keys.find(|key| key.algorithm() == *algorithm).unwrap()
        };
        (Arc::clone(key), KeyState::Active)
    };
    KeySet::new(algorithms.iter().map(find).collect()).unwrap()
}

/// A new key, in no set.
pub(crate) fn new_key(algorithm: Algorithm) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(algorithm, RsaBits::B2048).unwrap().0)
}

/// The generated secret of a client.
pub(crate) fn secret_of(client_id: &str) -> String {
    format!("{client_id}-secret")
}

/// All registered clients.
pub(crate) fn clients() -> Vec<Client> {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None};
    let all_scopes = "openid profile email offline_access read write";
    let web = Client {
        redirect_uris: uris(&["https://web.example/cb"]),
        post_logout_redirect_uris: vec!["https://web.example/bye".to_owned()],
        scope: all_scopes.parse().unwrap(),
        ..client("web", ClientSecretBasic)
    };
    vec![
        Client {
            name: "Other".to_owned(),
            ..Client {
                id: "other".parse().unwrap(),
                secrets: generated("other"),
                ..web.clone()
            }
        },
        Client {
            requires_consent: false,
            requires_pkce: false,
            redirect_uris: uris(&["https://portal.example/cb?tenant=1"]),
            ..Client {
                id: "portal".parse().unwrap(),
                secrets: generated("portal"),
                ..web.clone()
            }
        },
        Client {
            authentication_method: ClientSecretPost,
            secrets: vec![secret(
                "typed",
                StoredSecret::Chosen(password_hash("typed by hand")),
            )],
            ..Client {
                id: "post".parse().unwrap(),
                ..web.clone()
            }
        },
        Client {
            redirect_uris: uris(&["https://two.example/a", "https://two.example/b"]),
            ..Client {
                id: "two-addresses".parse().unwrap(),
                secrets: generated("two-addresses"),
                ..web.clone()
            }
        },
        Client {
            grants: vec![GrantType::AuthorizationCode],
            ..Client {
                id: "once".parse().unwrap(),
                secrets: generated("once"),
                ..web.clone()
            }
        },
        Client {
            disabled: true,
            ..Client {
                id: "disabled".parse().unwrap(),
                secrets: generated("disabled"),
                ..web.clone()
            }
        },
        web,
        Client {
            redirect_uris: uris(&["https://spa.example/cb"]),
            scope: "openid profile offline_access read".parse().unwrap(),
            ..client("spa", None)
        },
        Client {
            redirect_uris: uris(&[
                "http://127.0.0.1/cb",
                "http://[::1]/cb",
                "com.example.native:/cb",
            ]),
            scope: "openid read".parse().unwrap(),
            ..client("native", None)
        },
        Client {
            grants: vec![GrantType::ClientCredentials],
            scope: "openid read write".parse().unwrap(),
            audiences: vec!["https://api.example".to_owned()],
            ..client("service", ClientSecretBasic)
        },
    ]
}

fn uris(texts: &[&str]) -> Vec<issuant::protocol::redirect_uri::RegisteredRedirectUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn client(id: &str, authentication_method: AuthenticationMethod) -> Client {
    let is_public = authentication_method == AuthenticationMethod::None;
    Client {
        id: id.parse().unwrap(),
        name: format!("The {id} app"),
        authentication_method,
        secrets: if is_public { Vec::new() } else { generated(id) },
        grants: vec![
            GrantType::AuthorizationCode,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
        ],
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        scope: issuant::protocol::scope::Scope::default(),
        audiences: Vec::new(),
        id_token_algorithm: Algorithm::Es256,
        requires_pkce: true,
        requires_consent: true,
        metadata: ClientMetadata::default(),
        refresh: RefreshOverrides::default(),
        dynamic: None,
        disabled: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn generated(id: &str) -> Vec<ClientSecret> {
    let digest = token_keys().client_secret_digest(&secret_of(id));
    vec![secret("generated", StoredSecret::Generated(digest))]
}

fn secret(id: &str, stored: StoredSecret) -> ClientSecret {
    ClientSecret {
        id: id.to_owned(),
        stored,
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
    }
}

/// Ada and Bob, and Gus, who is disabled.
pub(crate) fn users() -> Vec<User> {
    let hash = password_hash(PASSWORD);
    ["ada", "bob", "gus"].map(|name| user(name, &hash)).into()
}

fn user(name: &str, hash: &str) -> User {
    User {
        subject: Subject {
            id: format!("sub-{name}"),
            username: name.to_owned(),
            name: Some(format!(
                "{}{} Example",
                name[..1].to_uppercase(),
                &name[1..]
            )),
            email: Some(format!("{name}@example.org")),
            email_verified: true,
            roles: if name == "ada" {
                vec!["admin".to_owned()]
            } else {
                Vec::new()
            },
            profile: Profile::default(),
            active: name != "gus",
            updated_at: NOW - 1000,
        },
        password_hash: Some(hash.to_owned()),
        created_at: NOW - 1000,
    }
}

/// A request with some parameters changed; an empty value counts as absent.
pub(crate) fn deviate<'a>(
    valid: &[(&'a str, &'a str)],
    deviations: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let is_kept = |(name, _): &&(&str, &str)| deviations.iter().all(|(other, _)| other != name);
    let kept = valid.iter().filter(is_kept);
    kept.chain(deviations).copied().collect()
}

/// The clients where `service` may exchange the tokens with which `web` calls it, for `https://next.example` and
/// `https://other.example`.
pub(crate) fn clients_that_exchange() -> Vec<Client> {
    let mut clients = clients();
    for client in &mut clients {
        match client.id.as_str() {
            "web" => client.audiences = vec!["https://api.example".to_owned()],
            "service" => {
                client.scope = "read write".parse().unwrap();
                client.grants.push(GrantType::TokenExchange);
                client.metadata.token_exchange = Some(TokenExchangePolicy {
                    audiences: ["https://next.example", "https://other.example"]
                        .map(str::to_owned)
                        .to_vec(),
                    impersonation: false,
                });
            }
            _ => {}
        }
    }
    clients
}
