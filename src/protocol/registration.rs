//! Which settings of a client do not fit together (RFC 7591 §2, RFC 9700 §2).
//!
//! Owns the demands that no single value can meet; each value has its own type. Every surface that registers
//! clients asks here.

use url::Url;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwe::algorithm::KeyManagement;
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::jwt::mac::MacAlgorithm;
use crate::protocol::client::{
    AuthenticationMethod, Client, ClientSecret, GrantType, StoredSecret,
};
use crate::protocol::client_key_set::KeySetRefused;
use crate::protocol::client_metadata::{
    AssertionAlgorithm, ClientMetadata, RequestObjectAlgorithm, is_acr,
};
use crate::protocol::context::Policy;
use crate::protocol::redirect_uri::is_loopback;
use crate::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use crate::protocol::subject_identifier::{SubjectType, has_one_sector};

mod services;

/// Why a client cannot be as it is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A client that may use no grant can do nothing.
    #[error("the client needs at least one grant")]
    NoGrant,
    /// RFC 6749 §3.1.2.
    #[error("the grant authorization_code needs at least one redirect URI")]
    NoRedirectUri,
    /// RFC 6749 §4.4.
    #[error("the grant client_credentials needs a client with a secret, but the method is none")]
    PublicClientCredentials,
    /// OpenID Connect Registration §2.
    #[error(
        "response_types and grants do not belong together: a type with code needs authorization_code, one with id_token or token needs implicit, and each of these grants such a type"
    )]
    ResponseTypes,
    /// RFC 9700 §2.1.2: off unless the operator decides otherwise.
    #[error(
        "the grant implicit and response types with tokens need the setting front_channel_tokens = on"
    )]
    FrontChannelTokens,
    /// Only a person's sign-in makes a refresh token, and an agent's.
    #[error(
        "the grant refresh_token is of use only together with authorization_code, or for an agent"
    )]
    RefreshAlone,
    /// Its API key is both.
    #[error(
        "an agent authenticates with client_secret_basic and has the grants client_credentials and refresh_token alone"
    )]
    Agent,
    /// RFC 8693 §5: whoever may exchange tokens has to be known, and for whom.
    #[error(
        "the grant token-exchange needs a client with a secret or a key, and audiences of token_exchange in its metadata"
    )]
    TokenExchange,
    /// Nothing would have it as its `sub`.
    #[error("an agent_id is of use only with the kind agent")]
    AgentIdAlone,
    /// RFC 9700 §2.1.1.
    #[error("a client without a secret must use PKCE")]
    PublicWithoutPkce,
    /// RFC 9700 §2.2.2.
    #[error("the refresh rotation none needs a client with a secret, but the method is none")]
    PublicWithoutRotation,
    /// An idle life that can never be used up.
    #[error("the client's idle life of refresh tokens is longer than its absolute one")]
    IdleBeyondAbsolute,
    /// No key of this server signs userinfo answers that way.
    #[error("no signing key is for userinfo_signed_response_alg")]
    NoUserinfoKey,
    /// Front-Channel Logout §2.
    #[error("frontchannel_logout_uri must have scheme, host and port of a redirect URI")]
    FrontChannelElsewhere,
    /// No key of this server signs that way.
    #[error("no signing key is for {0}")]
    NoKey(Algorithm),
    /// There would be nothing to verify its assertions with.
    #[error("the method private_key_jwt needs jwks or jwks_uri in the metadata")]
    NoClientKeys,
    /// The method signs in another way.
    #[error(
        "token_endpoint_auth_signing_alg must be HS256, HS384 or HS512 with client_secret_jwt, and with no other method"
    )]
    AssertionAlgorithm,
    /// RFC 7591 §2.
    #[error("jwks and jwks_uri exclude each other")]
    KeysTwice,
    /// Only such addresses are asked.
    #[error(
        "the jwks_uri must be https (http only on a loopback host), without user name and fragment"
    )]
    JwksUri,
    /// OpenID Connect Core §8.1.
    #[error(
        "with subject_type pairwise, redirect URIs of several hosts need a sector_identifier_uri"
    )]
    SeveralSectors,
    /// Only such addresses are asked.
    #[error(
        "the sector_identifier_uri must be https (http only on a loopback host), without user name and fragment"
    )]
    SectorIdentifierUri,
    /// OpenID Connect Registration §2.
    #[error("an encrypted_response_enc needs the encrypted_response_alg beside it")]
    EncryptionWithoutAlgorithm,
    /// Its answers could never be encrypted.
    #[error("no key of jwks, and no jwks_uri, is for the encrypted_response_alg {}", .0.as_str())]
    NoEncryptionKey(KeyManagement),
    /// Its assertions could never be verified.
    #[error("no key of jwks is for the token_endpoint_auth_signing_alg {0}")]
    NoAssertionKey(Algorithm),
    /// They could not stand in `acr_values`.
    #[error(
        "default_acr_values must be at most 20 names of at most 255 printable ASCII characters without blanks"
    )]
    DefaultAcrValues,
    /// Its request objects could never be verified.
    #[error("the request_object_signing_alg {0} needs a key for it in jwks, or jwks_uri")]
    NoRequestObjectKey(Algorithm),
    /// Only that method keeps the secret in a form that signatures can be verified with.
    #[error("the request_object_signing_alg {} needs the method client_secret_jwt", .0.as_str())]
    RequestObjectSecret(MacAlgorithm),
    /// There is nothing to sign with.
    #[error("require_signed_request_object needs jwks, jwks_uri, or the method client_secret_jwt")]
    NoRequestObjectKeys,
    /// Longer than anything that is meant.
    #[error(
        "software_id and software_version have at most 255 characters, and no control characters"
    )]
    Software,
    /// Such keys could never be made.
    #[error("key_set: {0}")]
    KeySet(KeySetRefused),
    /// RFC 9101 §10.5.
    #[error("require_signed_request_object contradicts the request_object_signing_alg none")]
    UnsignedRequestObjects,
}

/// What is allowed, but seldom meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// They will never be used.
    #[error("the redirect URIs are of no use without the grant authorization_code")]
    UnusedRedirectUris,
    /// No ID token, no userinfo.
    #[error("without the scope openid the client gets no ID token")]
    NoOpenid,
    /// RFC 9700 §2.1.1.
    #[error("without PKCE a code can be injected into another sign-in")]
    NoPkce,
    /// It has to be confidential to authenticate.
    #[error("the client has no secret that it can authenticate with: add one")]
    NoSecret,
    /// There is nothing that they could be about.
    #[error("the refresh settings are of no use without the grant refresh_token")]
    UnusedRefreshSettings,
    /// Nobody ever signs in to the client.
    #[error("the logout addresses are of no use without the grant authorization_code")]
    UnusedLogoutUris,
    /// Only the tolerant mode repeats an answer.
    #[error("the retry window is of use only with the refresh rotation tolerant")]
    UnusedRetryWindow,
}

/// Everything that contradicts itself, or the policy of the deployment. `algorithms` are those that this server has keys for.
pub fn contradictions(
    client: &Client,
    algorithms: &[Algorithm],
    policy: &Policy,
) -> Vec<Contradiction> {
    let uses_code = client.may_use(GrantType::AuthorizationCode);
    let signs_people_in = client.signs_people_in();
    let checks = [
        (client.grants.is_empty(), Contradiction::NoGrant),
        (
            signs_people_in && client.redirect_uris.is_empty(),
            Contradiction::NoRedirectUri,
        ),
        (!has_fitting_types(client), Contradiction::ResponseTypes),
        (
            asks_for_tokens(client) && !policy.front_channel_tokens,
            Contradiction::FrontChannelTokens,
        ),
        (
            client.is_public() && client.may_use(GrantType::ClientCredentials),
            Contradiction::PublicClientCredentials,
        ),
        (
            client.may_use(GrantType::RefreshToken) && !uses_code && !client.is_agent(),
            Contradiction::RefreshAlone,
        ),
        (
            client.is_public() && uses_code && !client.requires_pkce,
            Contradiction::PublicWithoutPkce,
        ),
        (
            client.is_public()
                && client
                    .refresh
                    .rotation
                    .is_some_and(RefreshRotation::keeps_tokens),
            Contradiction::PublicWithoutRotation,
        ),
        (
            has_idle_beyond_absolute(&client.refresh),
            Contradiction::IdleBeyondAbsolute,
        ),
        (
            client
                .metadata
                .userinfo_signed_response_alg
                .is_some_and(|it| !algorithms.contains(&it)),
            Contradiction::NoUserinfoKey,
        ),
        (
            has_front_channel_elsewhere(client),
            Contradiction::FrontChannelElsewhere,
        ),
        (
            signs_people_in && !algorithms.contains(&client.id_token_algorithm),
            Contradiction::NoKey(client.id_token_algorithm),
        ),
    ];
    let can_verify = client.metadata.jwks.as_ref().map(JwkSet::can_verify);
    let has_keys = can_verify.unwrap_or(client.metadata.jwks_uri.is_some());
    let needs_keys = client.authentication_method == AuthenticationMethod::PrivateKeyJwt;
    let mut found = found(checks);
    if needs_keys && !has_keys {
        found.push(Contradiction::NoClientKeys);
    }
    if has_other_algorithm(client) {
        found.push(Contradiction::AssertionAlgorithm);
    }
    found.extend(services::contradictions(client, policy));
    found.extend(key_contradictions(&client.metadata));
    found.extend(request_object_contradiction(client));
    let software = [
        &client.metadata.software_id,
        &client.metadata.software_version,
    ];
    let is_strange = |it: &String| it.chars().count() > 255 || it.contains(char::is_control);
    if software.into_iter().flatten().any(is_strange) {
        found.push(Contradiction::Software);
    }
    let acr_values = &client.metadata.default_acr_values;
    if acr_values.len() > 20 || !acr_values.iter().all(|it| is_acr(it)) {
        found.push(Contradiction::DefaultAcrValues);
    }
    found.extend(sector_contradiction(client));
    found.extend(encryption_contradictions(&client.metadata));
    found
}

fn request_object_contradiction(client: &Client) -> Option<Contradiction> {
    let metadata = &client.metadata;
    let signs_with_secret = client.authentication_method == AuthenticationMethod::ClientSecretJwt;
    let has_keys = metadata.jwks.is_some() || metadata.jwks_uri.is_some() || signs_with_secret;
    if metadata.requires_request_object() && !has_keys {
        return Some(Contradiction::NoRequestObjectKeys);
    }
    let RequestObjectAlgorithm::Signed(algorithm) = metadata.request_object_signing_alg? else {
        let must_sign = metadata.requires_request_object();
        return must_sign.then_some(Contradiction::UnsignedRequestObjects);
    };
    match algorithm {
        AssertionAlgorithm::Mac(algorithm) => {
            (!signs_with_secret).then_some(Contradiction::RequestObjectSecret(algorithm))
        }
        AssertionAlgorithm::Signature(algorithm) => {
            let fits = |set: &JwkSet| set.has_key_for(algorithm);
            let has_key = metadata.jwks_uri.is_some() || metadata.jwks.as_ref().is_some_and(fits);
            (!has_key).then_some(Contradiction::NoRequestObjectKey(algorithm))
        }
    }
}

/// Each type has the grants that it needs, and each grant a type that needs it.
fn has_fitting_types(client: &Client) -> bool {
    let types = client.response_types();
    [GrantType::AuthorizationCode, GrantType::Implicit]
        .into_iter()
        .all(|grant| types.iter().any(|it| it.needs(grant)) == client.may_use(grant))
}

fn asks_for_tokens(client: &Client) -> bool {
    let types = client.response_types();
    client.may_use(GrantType::Implicit) || types.iter().any(|it| it.has_tokens())
}

fn has_other_algorithm(client: &Client) -> bool {
    let signs_with_secret = client.authentication_method == AuthenticationMethod::ClientSecretJwt;
    match client.metadata.token_endpoint_auth_signing_alg {
        Some(AssertionAlgorithm::Signature(_)) => signs_with_secret,
        Some(AssertionAlgorithm::Mac(_)) => !signs_with_secret,
        None => false,
    }
}

/// What the client says of its own keys.
fn key_contradictions(metadata: &ClientMetadata) -> Vec<Contradiction> {
    let algorithm = match metadata.token_endpoint_auth_signing_alg {
        Some(AssertionAlgorithm::Signature(algorithm)) => Some(algorithm),
        Some(AssertionAlgorithm::Mac(_)) | None => None,
    };
    let unfit = algorithm.filter(|it| {
        metadata
            .jwks
            .as_ref()
            .is_some_and(|set| !set.has_key_for(*it))
    });
    let is_askable = metadata.jwks_uri.as_deref().is_none_or(is_askable);
    let has_both = metadata.jwks.is_some() && metadata.jwks_uri.is_some();
    let mut found = found([
        (has_both, Contradiction::KeysTwice),
        (!is_askable, Contradiction::JwksUri),
    ]);
    found.extend(unfit.map(Contradiction::NoAssertionKey));
    found
}

fn encryption_contradictions(metadata: &ClientMetadata) -> Vec<Contradiction> {
    let (id_token, userinfo) = (
        metadata.id_token_encrypted_response_alg,
        metadata.userinfo_encrypted_response_alg,
    );
    let has_enc_alone = (id_token.is_none() && metadata.id_token_encrypted_response_enc.is_some())
        || (userinfo.is_none() && metadata.userinfo_encrypted_response_enc.is_some());
    let has_key = |alg: KeyManagement| {
        let registered = metadata.jwks.as_ref();
        let is_among = registered.is_some_and(|set| set.find_for_encryption(alg).is_some());
        is_among || metadata.jwks_uri.is_some()
    };
    let mut algorithms: Vec<KeyManagement> = [id_token, userinfo].into_iter().flatten().collect();
    algorithms.dedup();
    let mut found = found([(has_enc_alone, Contradiction::EncryptionWithoutAlgorithm)]);
    let unfit = algorithms.into_iter().filter(|alg| !has_key(*alg));
    found.extend(unfit.map(Contradiction::NoEncryptionKey));
    found
}

fn sector_contradiction(client: &Client) -> Option<Contradiction> {
    let metadata = &client.metadata;
    let address = metadata.sector_identifier_uri.as_deref();
    if !address.is_none_or(is_askable) {
        Some(Contradiction::SectorIdentifierUri)
    } else if metadata.subject_type == Some(SubjectType::Pairwise) && !has_one_sector(client) {
        Some(Contradiction::SeveralSectors)
    } else {
        None
    }
}

fn is_askable(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_fine = url.username().is_empty() && url.password().is_none();
        let is_tls = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        is_fine && is_tls && url.fragment().is_none() && url.has_host()
    })
}

/// Everything that is seldom meant.
pub fn doubts(client: &Client) -> Vec<Doubt> {
    let uses_code = client.may_use(GrantType::AuthorizationCode);
    let signs_people_in = client.signs_people_in();
    let needs_secret = client.authentication_method.uses_secrets();
    let signs_with_secret = client.authentication_method == AuthenticationMethod::ClientSecretJwt;
    let is_usable = |secret: &ClientSecret| {
        !signs_with_secret || matches!(secret.stored, StoredSecret::Sealed { .. })
    };
    let checks = [
        (
            !client.redirect_uris.is_empty() && !signs_people_in,
            Doubt::UnusedRedirectUris,
        ),
        (
            signs_people_in && !client.scope.contains("openid"),
            Doubt::NoOpenid,
        ),
        (uses_code && !client.requires_pkce, Doubt::NoPkce),
        (
            needs_secret && !client.secrets.iter().any(is_usable),
            Doubt::NoSecret,
        ),
        (
            client.refresh != RefreshOverrides::default()
                && !client.may_use(GrantType::RefreshToken),
            Doubt::UnusedRefreshSettings,
        ),
        (
            has_logout_uri(&client.metadata) && !signs_people_in,
            Doubt::UnusedLogoutUris,
        ),
        (
            client.refresh.retry_window.is_some()
                && matches!(
                    client.refresh.rotation,
                    Some(RefreshRotation::Strict | RefreshRotation::None)
                ),
            Doubt::UnusedRetryWindow,
        ),
    ];
    found(checks)
}

/// Of the client's own two values; beside one of the server's the smaller one wins.
fn has_idle_beyond_absolute(own: &RefreshOverrides) -> bool {
    match (own.idle_lifetime, own.absolute_lifetime) {
        (Some(idle), Some(absolute)) => idle > absolute,
        (_, _) => false,
    }
}

/// The frame of another host would tell it who signs out where.
fn has_front_channel_elsewhere(client: &Client) -> bool {
    let uri = client.metadata.frontchannel_logout_uri.as_ref();
    uri.is_some_and(|uri| !uri.shares_origin_with(&client.redirect_uris))
}

fn has_logout_uri(metadata: &ClientMetadata) -> bool {
    metadata.frontchannel_logout_uri.is_some() || metadata.backchannel_logout_uri.is_some()
}

/// The scope that a client gets when nobody says which: what a sign-in with refresh needs, nothing for a client
/// that acts for itself, whose scopes only its operator can know.
pub fn usual_scope(grants: &[GrantType]) -> &'static str {
    if grants.contains(&GrantType::AuthorizationCode) {
        "openid profile email offline_access"
    } else if grants.contains(&GrantType::Implicit) {
        "openid profile email"
    } else {
        ""
    }
}

/// The grants that a client gets when nobody says which.
pub fn usual_grants(has_redirect_uris: bool) -> Vec<GrantType> {
    if has_redirect_uris {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    } else {
        vec![GrantType::ClientCredentials]
    }
}

/// The algorithm of ID tokens when nobody says which: ES256, which costs a tenth of RS256 and which client libraries
/// of today verify, or else the first that there is a key for.
pub fn usual_id_token_algorithm(algorithms: &[Algorithm]) -> Algorithm {
    let first = algorithms.first().copied();
    let usual = algorithms
        .contains(&Algorithm::Es256)
        .then_some(Algorithm::Es256);
    usual.or(first).unwrap_or(Algorithm::Es256)
}

fn found<T, const N: usize>(checks: [(bool, T); N]) -> Vec<T> {
    checks
        .into_iter()
        .filter_map(|(is_so, what)| is_so.then_some(what))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::client_key_set::KeySetPolicy;
    use crate::protocol::client_metadata::Unsecured;
    use crate::protocol::response_type::ResponseType;

    fn client() -> Client {
        Client {
            id: "app".parse().unwrap(),
            name: "App".to_owned(),
            authentication_method: AuthenticationMethod::None,
            secrets: Vec::new(),
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            redirect_uris: vec!["https://app.example/cb".parse().unwrap()],
            post_logout_redirect_uris: Vec::new(),
            scope: "openid".parse().unwrap(),
            audiences: Vec::new(),
            id_token_algorithm: Algorithm::Rs256,
            requires_pkce: true,
            requires_consent: true,
            metadata: ClientMetadata::default(),
            refresh: RefreshOverrides::default(),
            dynamic: None,
            disabled: false,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn check(change: impl FnOnce(&mut Client)) -> (Vec<Contradiction>, Vec<Doubt>) {
        let mut client = client();
        change(&mut client);
        (
            contradictions(
                &client,
                &[Algorithm::Es256, Algorithm::Rs256],
                &Policy::default(),
            ),
            doubts(&client),
        )
    }

    #[test]
    fn a_public_app_with_pkce_is_as_it_should_be() {
        assert_eq!(check(|_| {}), (vec![], vec![]));
    }

    #[test]
    fn finds_each_contradiction() {
        let (found, _) = check(|client| client.grants = Vec::new());
        assert_eq!(found, [Contradiction::NoGrant]);
        let (found, _) = check(|client| client.redirect_uris = Vec::new());
        assert_eq!(found, [Contradiction::NoRedirectUri]);
        let (found, _) = check(|client| client.grants = vec![GrantType::ClientCredentials]);
        assert_eq!(found, [Contradiction::PublicClientCredentials]);
        let (found, _) = check(|client| client.grants = vec![GrantType::RefreshToken]);
        assert_eq!(found, [Contradiction::RefreshAlone]);
        let (found, _) = check(|client| client.requires_pkce = false);
        assert_eq!(found, [Contradiction::PublicWithoutPkce]);
        let (found, _) = check(|client| client.refresh.rotation = Some(RefreshRotation::None));
        assert_eq!(found, [Contradiction::PublicWithoutRotation]);
        let (found, _) = check(|client| {
            client.refresh.idle_lifetime = Some(61);
            client.refresh.absolute_lifetime = Some(60);
        });
        assert_eq!(found, [Contradiction::IdleBeyondAbsolute]);
        let (found, _) = check(|client| {
            let elsewhere = "https://other.example/out".parse().unwrap();
            client.metadata.frontchannel_logout_uri = Some(elsewhere);
        });
        assert_eq!(found, [Contradiction::FrontChannelElsewhere]);
        for values in [vec!["a b"], vec![""], vec!["1"; 21]] {
            let values: Vec<_> = values.into_iter().map(str::to_owned).collect();
            let (found, _) = check(|client| client.metadata.default_acr_values = values);
            assert_eq!(found, [Contradiction::DefaultAcrValues]);
        }
        let pairwise = Some(SubjectType::Pairwise);
        let (found, _) = check(|client| client.metadata.subject_type = pairwise);
        assert_eq!(found, []);
        let (found, _) = check(|client| {
            client.metadata.subject_type = pairwise;
            client
                .redirect_uris
                .push("https://b.example/".parse().unwrap());
        });
        assert_eq!(found, [Contradiction::SeveralSectors]);
        let (found, _) = check(|client| client.id_token_algorithm = Algorithm::EdDsa);
        assert_eq!(found, [Contradiction::NoKey(Algorithm::EdDsa)]);
    }

    #[test]
    fn finds_keys_that_do_not_fit() {
        let jwks = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let set = || serde_json::from_str(jwks).ok();
        let (found, _) = check(|client| {
            client.metadata.jwks = set();
            client.metadata.jwks_uri = Some("https://app.example/jwks".to_owned());
        });
        assert_eq!(found, [Contradiction::KeysTwice]);
        let (found, _) = check(|client| {
            client.metadata.jwks = set();
            client.metadata.token_endpoint_auth_signing_alg =
                Some(AssertionAlgorithm::Signature(Algorithm::Ps256));
        });
        assert_eq!(found, [Contradiction::NoAssertionKey(Algorithm::Ps256)]);
        let (found, _) = check(|client| {
            client.authentication_method = AuthenticationMethod::PrivateKeyJwt;
        });
        assert_eq!(found, [Contradiction::NoClientKeys]);
        let alg = KeyManagement::EcdhEs;
        let (found, _) = check(|client| {
            client.metadata.jwks = set();
            client.metadata.id_token_encrypted_response_alg = Some(alg);
            client.metadata.userinfo_encrypted_response_alg = Some(alg);
        });
        assert_eq!(found, [Contradiction::NoEncryptionKey(alg)]);
        let (found, doubts) = check(|client| {
            client.authentication_method = AuthenticationMethod::PrivateKeyJwt;
            client.metadata.jwks = set();
        });
        assert_eq!((found, doubts), (vec![], vec![]));
        let mac = Some(AssertionAlgorithm::Mac(MacAlgorithm::Hs256));
        let (found, _) = check(|client| client.metadata.token_endpoint_auth_signing_alg = mac);
        assert_eq!(found, [Contradiction::AssertionAlgorithm]);
        let (found, doubts) = check(|client| {
            client.authentication_method = AuthenticationMethod::ClientSecretJwt;
            client.metadata.token_endpoint_auth_signing_alg = mac;
        });
        assert_eq!((found, doubts), (vec![], vec![Doubt::NoSecret]));
        for address in [
            "jwks",
            "http://app.example/jwks",
            "ftp://localhost/jwks",
            "https://user@app.example/jwks",
            "https://app.example/jwks#a",
        ] {
            let (found, _) = check(|client| client.metadata.jwks_uri = Some(address.to_owned()));
            assert_eq!(found, [Contradiction::JwksUri], "{address}");
        }
        for address in [
            "https://app.example:8443/jwks",
            "http://127.0.0.1:8080/jwks",
        ] {
            let (found, _) = check(|client| client.metadata.jwks_uri = Some(address.to_owned()));
            assert_eq!(found, [], "{address}");
        }
    }

    /// OpenID Connect Registration §2, `response_types`.
    #[test]
    fn response_types_and_grants_belong_together() {
        use GrantType::{AuthorizationCode as Code, ClientCredentials, Implicit};
        let policy = Policy {
            front_channel_tokens: true,
            ..Policy::default()
        };
        let found = |grants: &[GrantType], types: &[&str], policy: &Policy| {
            let mut client = client();
            client.authentication_method = AuthenticationMethod::ClientSecretBasic;
            client.grants = grants.to_vec();
            let types = types.iter().map(|it| ResponseType::named(it).unwrap());
            client.metadata.response_types = types.collect();
            contradictions(&client, &[Algorithm::Rs256], policy)
        };
        for (grants, types) in [
            (&[Code][..], &[][..]),
            (&[Code], &["code"]),
            (&[Code, Implicit], &["code id_token"]),
            (&[Code, Implicit], &["code", "code token", "id_token"]),
            (&[Code, Implicit], &["code", "id_token token"]),
            (&[Implicit], &["id_token"]),
            (&[Implicit], &["id_token token", "id_token"]),
        ] {
            assert_eq!(found(grants, types, &policy), [], "{grants:?} {types:?}");
        }
        for (grants, types) in [
            (&[Code][..], &["code id_token"][..]),
            (&[Implicit], &["code id_token token"]),
            (&[Code, Implicit], &[]),
            (&[Code, Implicit], &["code"]),
            (&[Code, Implicit], &["id_token"]),
            (&[Implicit], &[]),
            (&[ClientCredentials], &["code"]),
        ] {
            let found = found(grants, types, &policy);
            assert_eq!(
                found,
                [Contradiction::ResponseTypes],
                "{grants:?} {types:?}"
            );
        }
        assert_eq!(
            found(&[Implicit], &["id_token"], &Policy::default()),
            [Contradiction::FrontChannelTokens]
        );
    }

    #[test]
    fn finds_request_objects_that_nothing_could_verify() {
        let signed = |algorithm| Some(RequestObjectAlgorithm::Signed(algorithm));
        let es256 = signed(AssertionAlgorithm::Signature(Algorithm::Es256));
        let (found, _) = check(|client| client.metadata.request_object_signing_alg = es256);
        assert_eq!(found, [Contradiction::NoRequestObjectKey(Algorithm::Es256)]);
        let (found, _) = check(|client| {
            client.metadata.request_object_signing_alg = es256;
            client.metadata.jwks_uri = Some("https://app.example/jwks".to_owned());
        });
        assert_eq!(found, []);
        let mac = signed(AssertionAlgorithm::Mac(MacAlgorithm::Hs256));
        let (found, _) = check(|client| client.metadata.request_object_signing_alg = mac);
        let secret = Contradiction::RequestObjectSecret(MacAlgorithm::Hs256);
        assert_eq!(found, [secret]);
        let (found, _) = check(|client| {
            client.authentication_method = AuthenticationMethod::ClientSecretJwt;
            client.metadata.request_object_signing_alg = mac;
        });
        assert_eq!(found, []);
        let none = Some(RequestObjectAlgorithm::Unsecured(Unsecured::None));
        let (found, _) = check(|client| client.metadata.request_object_signing_alg = none);
        assert_eq!(found, []);
        let (found, _) = check(|client| {
            client.metadata.request_object_signing_alg = none;
            client.metadata.require_signed_request_object = Some(true);
            client.metadata.jwks_uri = Some("https://app.example/jwks".to_owned());
        });
        assert_eq!(found, [Contradiction::UnsignedRequestObjects]);
        let (found, _) = check(|client| client.metadata.require_signed_request_object = Some(true));
        assert_eq!(found, [Contradiction::NoRequestObjectKeys]);
    }

    #[test]
    fn finds_keys_that_cannot_be_made() {
        let usual = crate::protocol::client_key_set::KeySetDefaults::default().policy;
        let (found, _) = check(|client| client.metadata.key_set = Some(usual));
        assert_eq!(found, []);
        let (found, _) = check(|client| {
            client.metadata.key_set = Some(KeySetPolicy {
                signing_bits: 384,
                ..usual
            });
        });
        let bits = Contradiction::KeySet(KeySetRefused::SigningBits);
        assert_eq!(found, [bits]);
    }

    #[test]
    fn doubts_what_is_seldom_meant() {
        let (_, doubts) = check(|client| {
            client.authentication_method = AuthenticationMethod::ClientSecretBasic;
            client.requires_pkce = false;
            client.scope = "read".parse().unwrap();
        });
        assert_eq!(doubts, [Doubt::NoOpenid, Doubt::NoPkce, Doubt::NoSecret]);
        let (_, doubts) = check(|client| client.grants = Vec::new());
        assert_eq!(doubts, [Doubt::UnusedRedirectUris]);
        let (_, doubts) = check(|client| {
            client.grants = vec![GrantType::AuthorizationCode];
            client.refresh.idle_lifetime = Some(60);
        });
        assert_eq!(doubts, [Doubt::UnusedRefreshSettings]);
        let (_, doubts) = check(|client| {
            client.authentication_method = AuthenticationMethod::ClientSecretBasic;
            client.grants = vec![GrantType::ClientCredentials];
            client.redirect_uris = Vec::new();
            let address = "https://app.example/out".parse().unwrap();
            client.metadata.backchannel_logout_uri = Some(address);
        });
        assert_eq!(doubts, [Doubt::NoSecret, Doubt::UnusedLogoutUris]);
        let (_, doubts) = check(|client| {
            client.refresh.rotation = Some(RefreshRotation::Strict);
            client.refresh.retry_window = Some(5);
        });
        assert_eq!(doubts, [Doubt::UnusedRetryWindow]);
    }

    #[test]
    fn a_confidential_client_may_keep_its_refresh_token() {
        let (found, _) = check(|client| {
            client.authentication_method = AuthenticationMethod::ClientSecretBasic;
            client.refresh.rotation = Some(RefreshRotation::None);
        });
        assert_eq!(found, []);
    }
}
