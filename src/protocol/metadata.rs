//! The provider metadata (OpenID Connect Discovery §3, RFC 8414 §2): exactly what this deployment accepts.

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl,
    LanguageTag, ProviderMetadata, RegistrationUrl, ResponseTypes, Scope, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use crate::crypto::jwt::mac::MacAlgorithm;
use crate::protocol::authorize::response::ResponseMode;
use crate::protocol::claims::{self, ACR, STANDARD_SCOPES};
use crate::protocol::client::{AuthenticationMethod, GrantType};
use crate::protocol::context::Policy;
use crate::protocol::dynamic_registration::RegistrationMode;
use crate::protocol::response_type::ResponseType;
use crate::protocol::tokens::id_token::signing_algorithm;

/// Where the endpoints are, as absolute URLs.
#[derive(Clone, Debug)]
pub struct EndpointUrls {
    /// RFC 6749 §3.1.
    pub authorization: String,
    /// RFC 6749 §3.2.
    pub token: String,
    /// OpenID Connect Core §5.3.
    pub userinfo: String,
    /// RFC 7517 §5.
    pub jwks: String,
    /// RFC 7591.
    pub registration: String,
    /// RFC 7662.
    pub introspection: String,
    /// RFC 7009.
    pub revocation: String,
    /// OpenID Connect RP-Initiated Logout §2.1.
    pub end_session: String,
    /// OpenID Connect Session Management §3.3.
    pub check_session: String,
}

/// Members that `openidconnect` has no field for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of the document"
)]
struct Additional {
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    end_session_endpoint: String,
    check_session_iframe: String,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: Vec<String>,
}

impl AdditionalProviderMetadata for Additional {}

type Metadata = ProviderMetadata<
    Additional,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The metadata could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The issuer is not a URL; configuration checks that before.
    #[error("an endpoint address is not a URL")]
    Url(#[from] url::ParseError),
    /// JSON could not be written.
    #[error("the metadata could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

fn prompt_values(policy: &Policy) -> Vec<String> {
    let always = ["none", "login", "consent", "select_account"].into_iter();
    let create = policy.accounts.sign_up.then_some("create");
    always.chain(create).map(str::to_owned).collect()
}

/// Writes the document.
pub fn document(
    issuer: &str,
    policy: &Policy,
    urls: &EndpointUrls,
    id_token_algorithms: &[Algorithm],
    scopes: &[String],
) -> Result<String, MetadataError> {
    let is_confidential = |method: &AuthenticationMethod| *method != AuthenticationMethod::None;
    let confidential = AuthenticationMethod::ALL.into_iter();
    let confidential: Vec<_> = confidential.filter(is_confidential).collect();
    let additional = Additional {
        introspection_endpoint: urls.introspection.clone(),
        introspection_endpoint_auth_methods_supported: names(
            &confidential,
            AuthenticationMethod::as_str,
        ),
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        revocation_endpoint: urls.revocation.clone(),
        revocation_endpoint_auth_methods_supported: names(&AuthenticationMethod::ALL, |method| {
            method.as_str()
        }),
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        end_session_endpoint: urls.end_session.clone(),
        check_session_iframe: urls.check_session.clone(),
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        code_challenge_methods_supported: vec!["S256".to_owned()],
        authorization_response_iss_parameter_supported: true,
        prompt_values_supported: prompt_values(policy),
    };
    let acr_values = policy.acr_values.iter().map(|it| it.name.clone());
    let acr_values: Vec<_> = acr_values.map(AuthenticationContextClass::new).collect();
    let metadata = Metadata::new(
        IssuerUrl::new(issuer.to_owned())?,
        AuthUrl::new(urls.authorization.clone())?,
        JsonWebKeySetUrl::new(urls.jwks.clone())?,
        ResponseType::allowed(policy).map(response_type).collect(),
        vec![
            CoreSubjectIdentifierType::Public,
            CoreSubjectIdentifierType::Pairwise,
        ],
        id_token_algorithms
            .iter()
            .copied()
            .map(signing_algorithm)
            .collect(),
        additional,
    )
    .set_token_endpoint(Some(TokenUrl::new(urls.token.clone())?))
    .set_userinfo_endpoint(Some(UserInfoUrl::new(urls.userinfo.clone())?))
    .set_registration_endpoint(registration_endpoint(policy, urls)?)
    .set_scopes_supported(Some(scopes.iter().cloned().map(Scope::new).collect()))
    .set_response_modes_supported(Some(
        ResponseMode::ALL.into_iter().map(response_mode).collect(),
    ))
    .set_grant_types_supported(Some(grant_types(policy)))
    .set_token_endpoint_auth_methods_supported(Some(
        AuthenticationMethod::ALL
            .into_iter()
            .map(authentication_method)
            .collect(),
    ))
    .set_userinfo_signing_alg_values_supported(Some(
        id_token_algorithms
            .iter()
            .copied()
            .map(signing_algorithm)
            .collect(),
    ))
    .set_id_token_encryption_alg_values_supported(Some(
        KeyManagement::ALL.map(key_management).into(),
    ))
    .set_id_token_encryption_enc_values_supported(Some(ContentEncryption::ALL.map(content).into()))
    .set_userinfo_encryption_alg_values_supported(Some(
        KeyManagement::ALL.map(key_management).into(),
    ))
    .set_userinfo_encryption_enc_values_supported(Some(ContentEncryption::ALL.map(content).into()))
    .set_token_endpoint_auth_signing_alg_values_supported(Some(client_algorithms().collect()))
    // `none` is for clients that registered it, so nobody can take it for granted.
    .set_request_object_signing_alg_values_supported(Some(client_algorithms().collect()))
    .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
    .set_claims_supported(Some(
        claims::names()
            .chain((!acr_values.is_empty()).then_some(ACR))
            .map(|claim| CoreClaimName::new(claim.to_owned()))
            .collect(),
    ))
    .set_acr_values_supported((!acr_values.is_empty()).then_some(acr_values))
    .set_claims_parameter_supported(Some(true))
    // One page for all: it fits a window of any size.
    .set_display_values_supported(Some(vec![
        CoreAuthDisplay::Page,
        CoreAuthDisplay::Popup,
        CoreAuthDisplay::Touch,
        CoreAuthDisplay::Wap,
    ]))
    .set_ui_locales_supported(Some(vec![LanguageTag::new("en".to_owned())]))
    .set_request_parameter_supported(Some(true))
    .set_request_uri_parameter_supported(Some(true))
    .set_require_request_uri_registration(Some(true));
    Ok(serde_json::to_string(&metadata)?)
}

/// The scopes that metadata lists: the standard ones.
pub fn scopes() -> Vec<String> {
    STANDARD_SCOPES.map(str::to_owned).to_vec()
}

fn names<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| name(*value).to_owned()).collect()
}

fn registration_endpoint(
    policy: &Policy,
    urls: &EndpointUrls,
) -> Result<Option<RegistrationUrl>, url::ParseError> {
    if policy.registration.mode == RegistrationMode::Off {
        return Ok(None);
    }
    RegistrationUrl::new(urls.registration.clone()).map(Some)
}

fn response_mode(mode: ResponseMode) -> CoreResponseMode {
    match mode {
        ResponseMode::Query => CoreResponseMode::Query,
        ResponseMode::Fragment => CoreResponseMode::Fragment,
        ResponseMode::FormPost => CoreResponseMode::FormPost,
    }
}

fn assertion_algorithms() -> Vec<String> {
    let signatures = Algorithm::ALL.into_iter().map(Algorithm::as_str);
    let macs = MacAlgorithm::ALL.into_iter().map(MacAlgorithm::as_str);
    signatures.chain(macs).map(str::to_owned).collect()
}

/// With which clients sign.
fn client_algorithms() -> impl Iterator<Item = CoreJwsSigningAlgorithm> {
    let signatures = Algorithm::ALL.into_iter().map(signing_algorithm);
    signatures.chain(MacAlgorithm::ALL.into_iter().map(mac_algorithm))
}

fn mac_algorithm(algorithm: MacAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        MacAlgorithm::Hs256 => CoreJwsSigningAlgorithm::HmacSha256,
        MacAlgorithm::Hs384 => CoreJwsSigningAlgorithm::HmacSha384,
        MacAlgorithm::Hs512 => CoreJwsSigningAlgorithm::HmacSha512,
    }
}

fn key_management(algorithm: KeyManagement) -> CoreJweKeyManagementAlgorithm {
    match algorithm {
        KeyManagement::RsaOaep => CoreJweKeyManagementAlgorithm::RsaOaep,
        KeyManagement::RsaOaep256 => CoreJweKeyManagementAlgorithm::RsaOaepSha256,
        KeyManagement::EcdhEs => CoreJweKeyManagementAlgorithm::EcdhEs,
        KeyManagement::EcdhEsA128Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap128,
        KeyManagement::EcdhEsA192Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap192,
        KeyManagement::EcdhEsA256Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap256,
        KeyManagement::Rsa15 => CoreJweKeyManagementAlgorithm::RsaPkcs1V15,
    }
}

fn content(algorithm: ContentEncryption) -> CoreJweContentEncryptionAlgorithm {
    match algorithm {
        ContentEncryption::A128CbcHs256 => CoreJweContentEncryptionAlgorithm::Aes128CbcHmacSha256,
        ContentEncryption::A256CbcHs512 => CoreJweContentEncryptionAlgorithm::Aes256CbcHmacSha512,
        ContentEncryption::A128Gcm => CoreJweContentEncryptionAlgorithm::Aes128Gcm,
        ContentEncryption::A192Gcm => CoreJweContentEncryptionAlgorithm::Aes192Gcm,
        ContentEncryption::A256Gcm => CoreJweContentEncryptionAlgorithm::Aes256Gcm,
    }
}

fn response_type(response_type: ResponseType) -> ResponseTypes<CoreResponseType> {
    let words = [
        (response_type.has_code(), CoreResponseType::Code),
        (response_type.has_id_token(), CoreResponseType::IdToken),
        (response_type.has_access_token(), CoreResponseType::Token),
    ];
    let words = words.into_iter();
    ResponseTypes::new(
        words
            .filter_map(|(has, word)| has.then_some(word))
            .collect(),
    )
}

fn grant_types(policy: &Policy) -> Vec<CoreGrantType> {
    let is_offered =
        |grant: &GrantType| *grant != GrantType::Implicit || policy.front_channel_tokens;
    let grants = GrantType::ALL.into_iter().filter(is_offered);
    grants.map(grant_type).collect()
}

fn grant_type(grant: GrantType) -> CoreGrantType {
    match grant {
        GrantType::AuthorizationCode => CoreGrantType::AuthorizationCode,
        GrantType::ClientCredentials => CoreGrantType::ClientCredentials,
        GrantType::RefreshToken => CoreGrantType::RefreshToken,
        GrantType::Implicit => CoreGrantType::Implicit,
        GrantType::JwtBearer => CoreGrantType::JwtBearer,
        GrantType::TokenExchange => CoreGrantType::Extension(grant.as_str().to_owned()),
    }
}

fn authentication_method(method: AuthenticationMethod) -> CoreClientAuthMethod {
    match method {
        AuthenticationMethod::ClientSecretBasic => CoreClientAuthMethod::ClientSecretBasic,
        AuthenticationMethod::ClientSecretPost => CoreClientAuthMethod::ClientSecretPost,
        AuthenticationMethod::ClientSecretJwt => CoreClientAuthMethod::ClientSecretJwt,
        AuthenticationMethod::PrivateKeyJwt => CoreClientAuthMethod::PrivateKeyJwt,
        AuthenticationMethod::None => CoreClientAuthMethod::None,
    }
}
