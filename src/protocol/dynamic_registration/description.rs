//! From the metadata of a registration to the client that they describe.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::crypto::algorithm::Algorithm;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::claims::STANDARD_SCOPES;
use crate::protocol::client::{AuthenticationMethod, Client, GrantType};
use crate::protocol::client_metadata::{ApplicationType, ClientKind, ClientMetadata};
use crate::protocol::context::Context;
use crate::protocol::dynamic_registration::{RegistrationMode, statement};
use crate::protocol::error::Refusal;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::refresh_policy::RefreshOverrides;
use crate::protocol::registration::{self, Contradiction};
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;

/// The members that stand for columns of a client (RFC 7591 §2); the others are [`ClientMetadata`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Basics {
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    scope: Option<String>,
    id_token_signed_response_alg: Option<String>,
    post_logout_redirect_uris: Vec<String>,
    // Only in requests of RFC 7592 §2.2.
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
}

/// Reads what was sent. `statement` is the one that the client has.
pub(super) fn read(
    context: &Context<'_>,
    body: &[u8],
    statement: Option<&str>,
) -> Result<(Basics, ClientMetadata), Refusal> {
    let refused = |_| Refusal::new(&catalogue::REGISTRATION_METADATA);
    let mut members: Map<String, Value> = serde_json::from_slice(body).map_err(refused)?;
    // RFC 7592 §2.2: null is as good as nothing.
    members.retain(|_, value| !value.is_null());
    // What an authority decided stays decided when the client leaves its statement out.
    if let Some(statement) = statement {
        let stated = members.entry(statement::MEMBER);
        stated.or_insert_with(|| Value::from(statement));
    }
    let members = statement::apply(context, members, statement)?;
    refuse_unsupported(&members)?;
    let mut members = Value::from(members);
    let basics = Basics::deserialize(&members).map_err(refused)?;
    // Those that are unknown are refused with what belongs to them.
    if let Some(members) = members.as_object_mut() {
        members.remove("response_types");
    }
    let metadata: ClientMetadata = serde_json::from_value(members).map_err(refused)?;
    // What operators alone decide: an exception, under which name resource servers know an agent, and who acts for whom.
    let may_name_endpoint = context.policy.registration.legacy_assertion_audience;
    let metadata = ClientMetadata {
        token_exchange: None,
        may_act: None,
        legacy_assertion_audience: may_name_endpoint.then_some(true),
        agent_id: None,
        key_set: None,
        ..metadata
    };
    Ok((basics, metadata))
}

/// What a client may ask for that says nothing: everything that people are asked about one by one.
const USUAL_SCOPE: &str = "openid profile email address phone offline_access";

/// A client that asks for protection must not get along without: it would believe itself safe.
fn refuse_unsupported(members: &Map<String, Value>) -> Result<(), Refusal> {
    let asks = |name: &&str| match members.get(*name) {
        None | Some(Value::Bool(false)) => false,
        Some(_) => true,
    };
    if UNSUPPORTED.iter().any(asks) {
        Err(Refusal::new(&catalogue::REGISTRATION_UNSUPPORTED))
    } else {
        Ok(())
    }
}

/// Registered names (IANA OAuth Dynamic Client Registration Metadata) of encryption and binding that do not exist here.
const UNSUPPORTED: [&str; 13] = [
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "require_pushed_authorization_requests",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "use_mtls_endpoint_aliases",
    "backchannel_token_delivery_mode",
];

/// The client that the metadata describe, without identifier and secret. `given` are scopes that it may have all the same.
pub(super) fn describe(
    context: &Context<'_>,
    algorithms: &[Algorithm],
    basics: &Basics,
    metadata: ClientMetadata,
    given: &Scope,
) -> Result<Client, Refusal> {
    let method: AuthenticationMethod = match &basics.token_endpoint_auth_method {
        None => AuthenticationMethod::ClientSecretBasic,
        Some(name) => name
            .parse()
            .map_err(|_| &catalogue::REGISTRATION_AUTHENTICATION)?,
    };
    let scope: Scope = match &basics.scope {
        None => USUAL_SCOPE,
        Some(scope) => scope,
    }
    .parse()
    .map_err(|_| &catalogue::REGISTRATION_SCOPE)?;
    // The scopes of APIs, and that of registering clients, are an operator's to give.
    if scope
        .iter()
        .any(|name| !STANDARD_SCOPES.contains(&name) && !given.contains(name))
    {
        return Err(Refusal::new(&catalogue::REGISTRATION_SCOPE));
    }
    // OpenID Connect Registration §2: those of acr_values_supported.
    let known = &context.policy.acr_values;
    let is_known = |name: &String| known.iter().any(|it| it.name == *name);
    if !metadata.default_acr_values.iter().all(is_known) {
        return Err(Refusal::new(&catalogue::REGISTRATION_METADATA));
    }
    let id_token_algorithm = match &basics.id_token_signed_response_alg {
        // OpenID Connect Registration §2.
        None if algorithms.contains(&Algorithm::Rs256) => Algorithm::Rs256,
        None => registration::usual_id_token_algorithm(algorithms),
        Some(name) => name
            .parse()
            .map_err(|_| &catalogue::REGISTRATION_ALGORITHM)?,
    };
    // OpenID Connect Registration §2.
    let starts = metadata.initiate_login_uri.as_ref();
    if starts.is_some_and(|uri| !uri.as_str().starts_with("https:")) {
        return Err(Refusal::new(&catalogue::REGISTRATION_METADATA));
    }
    let is_openid = scope.contains("openid");
    let metadata = ClientMetadata {
        response_types: response_types(context, basics)?,
        ..metadata
    };
    let grants = grants(context, basics)?;
    let is_native = metadata.application_type == Some(ApplicationType::Native);
    // Where anybody may register, an agent would be a token for everybody.
    let may_be_agent =
        context.policy.agents.is_on && context.policy.registration.mode == RegistrationMode::Token;
    if metadata.kind == Some(ClientKind::Agent) && !may_be_agent {
        return Err(Refusal::new(&catalogue::AGENT_REGISTRATION));
    }
    let client = Client {
        id: "new"
            .parse()
            .map_err(|_| &catalogue::REGISTRATION_METADATA)?,
        name: name(basics)?,
        authentication_method: method,
        secrets: Vec::new(),
        redirect_uris: redirect_uris(basics, is_native, grants.contains(&GrantType::Implicit))?,
        grants,
        post_logout_redirect_uris: post_logout_redirect_uris(basics)?,
        scope,
        audiences: Vec::new(),
        id_token_algorithm,
        // RFC 9700 §2.1.1: a confidential client may rely on the nonce of OpenID Connect instead.
        requires_pkce: method == AuthenticationMethod::None || !is_openid,
        requires_consent: true,
        metadata,
        refresh: RefreshOverrides::default(),
        dynamic: None,
        disabled: false,
        created_at: context.now,
        updated_at: context.now,
    };
    match registration::contradictions(&client, algorithms, context.policy).first() {
        None => Ok(client),
        Some(contradiction) => Err(Refusal::new(explain(*contradiction))),
    }
}

fn name(basics: &Basics) -> Result<String, Refusal> {
    match basics.client_name.as_deref().map(str::trim) {
        None | Some("") => {
            let first = basics.redirect_uris.first();
            let url = first.and_then(|uri| url::Url::parse(uri).ok());
            let host = url.and_then(|url| url.host_str().map(str::to_owned));
            Ok(host.unwrap_or_else(|| "An application".to_owned()))
        }
        Some(name) if name.chars().count() <= 100 && !name.contains(char::is_control) => {
            Ok(name.to_owned())
        }
        Some(_) => Err(Refusal::new(&catalogue::REGISTRATION_METADATA)),
    }
}

/// RFC 7591 §2.1: grants and response types belong together. Where anybody may register, tokens without a person would be
/// tokens for everybody.
fn grants(context: &Context<'_>, basics: &Basics) -> Result<Vec<GrantType>, Refusal> {
    let unsupported = Refusal::new(&catalogue::REGISTRATION_GRANT);
    let mut grants = match &basics.grant_types {
        None => vec![GrantType::AuthorizationCode],
        Some(names) => names
            .iter()
            .map(|name| name.parse().map_err(|_| unsupported))
            .collect::<Result<_, _>>()?,
    };
    grants.sort_unstable();
    grants.dedup();
    // So it is an operator's to give.
    if grants.contains(&GrantType::TokenExchange) {
        return Err(unsupported);
    }
    let is_open = context.policy.registration.mode == RegistrationMode::Open;
    let by_operator = [GrantType::ClientCredentials, GrantType::JwtBearer];
    if is_open && by_operator.iter().any(|it| grants.contains(it)) {
        return Err(unsupported);
    }
    // An empty list is none at all, and not the usual one.
    let has_none = basics.response_types.as_ref().is_some_and(Vec::is_empty);
    if has_none && grants.contains(&GrantType::AuthorizationCode) {
        return Err(unsupported);
    }
    Ok(grants)
}

/// Nothing stands for a code alone, which whoever may use the grant can ask for.
fn response_types(context: &Context<'_>, basics: &Basics) -> Result<Vec<ResponseType>, Refusal> {
    let unsupported = Refusal::new(&catalogue::REGISTRATION_GRANT);
    let names = basics.response_types.iter().flatten();
    let types = names.map(|name| ResponseType::named(name).ok_or(unsupported));
    let types: Vec<ResponseType> = types.collect::<Result<_, _>>()?;
    let is_code_alone = types.iter().all(|it| *it == ResponseType::Code);
    let uses_code = grants(context, basics)?.contains(&GrantType::AuthorizationCode);
    if is_code_alone && uses_code {
        Ok(Vec::new())
    } else {
        Ok(types)
    }
}

fn redirect_uris(
    basics: &Basics,
    is_native: bool,
    uses_implicit: bool,
) -> Result<Vec<RegisteredRedirectUri>, Refusal> {
    let refused = Refusal::new(&catalogue::REGISTRATION_REDIRECT_URI);
    if basics.redirect_uris.len() > MOST_URIS {
        return Err(refused);
    }
    let check = |text: &String| {
        let is_web = text.starts_with("https://");
        // OpenID Connect Registration §2: a web client has web addresses, a native one its own scheme or loopback.
        // With tokens in the browser, a web client has https addresses, and none of this machine.
        let fits = if uses_implicit && !is_native {
            is_web && !is_localhost(text)
        } else {
            is_native || is_web || text.starts_with("http://")
        };
        match text.parse() {
            Ok(uri) if fits && !text.contains('*') => Ok(uri),
            Ok(_) | Err(_) => Err(refused),
        }
    };
    basics.redirect_uris.iter().map(check).collect()
}

fn is_localhost(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.host_str() == Some("localhost"))
}

fn post_logout_redirect_uris(basics: &Basics) -> Result<Vec<String>, Refusal> {
    let refused = Refusal::new(&catalogue::REGISTRATION_REDIRECT_URI);
    if basics.post_logout_redirect_uris.len() > MOST_URIS {
        return Err(refused);
    }
    let check = |text: &String| match text.parse::<RegisteredRedirectUri>() {
        Ok(uri) => Ok(uri.to_string()),
        Err(_) => Err(refused),
    };
    basics.post_logout_redirect_uris.iter().map(check).collect()
}

const MOST_URIS: usize = 50;

fn explain(contradiction: Contradiction) -> &'static Explanation {
    match contradiction {
        Contradiction::NoRedirectUri => &catalogue::REGISTRATION_REDIRECT_URI,
        Contradiction::NoGrant
        | Contradiction::TokenExchange
        | Contradiction::RefreshAlone
        | Contradiction::ResponseTypes
        | Contradiction::FrontChannelTokens => &catalogue::REGISTRATION_GRANT,
        Contradiction::Agent | Contradiction::AgentIdAlone => &catalogue::AGENT_REGISTRATION,
        Contradiction::PublicClientCredentials => &catalogue::REGISTRATION_AUTHENTICATION,
        Contradiction::NoClientKeys
        | Contradiction::KeysTwice
        | Contradiction::JwksUri
        | Contradiction::AssertionAlgorithm
        | Contradiction::NoAssertionKey(_)
        | Contradiction::NoRequestObjectKey(_)
        | Contradiction::RequestObjectSecret(_)
        | Contradiction::NoRequestObjectKeys
        | Contradiction::UnsignedRequestObjects => &catalogue::REGISTRATION_KEYS,
        Contradiction::NoKey(_) | Contradiction::NoUserinfoKey => {
            &catalogue::REGISTRATION_ALGORITHM
        }
        Contradiction::EncryptionWithoutAlgorithm | Contradiction::NoEncryptionKey(_) => {
            &catalogue::REGISTRATION_ENCRYPTION
        }
        Contradiction::SeveralSectors | Contradiction::SectorIdentifierUri => {
            &catalogue::REGISTRATION_SECTOR
        }
        Contradiction::FrontChannelElsewhere
        | Contradiction::DefaultAcrValues
        | Contradiction::KeySet(_)
        | Contradiction::Software
        | Contradiction::PublicWithoutPkce
        | Contradiction::PublicWithoutRotation
        | Contradiction::IdleBeyondAbsolute => &catalogue::REGISTRATION_METADATA,
    }
}
