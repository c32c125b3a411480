//! Request objects: an authorization request as a JWT of the client, sent along or named by its address (RFC 9101, OpenID
//! Connect Core §6).
//!
//! Owns where the object comes from, who made it, and which parameters the request has then; what they mean is checked
//! as always. A request is resolved once, when it comes, and remembered so: an object that expires, or can be had only
//! once, lasts while the person signs in.
//!
//! The two standards differ in what parameters beside the object are worth. A request with `scope=openid` beside it is
//! one of OpenID Connect: they count where the object lacks them (Core §6.1). In others, and where the client registered
//! `require_signed_request_object`, the object alone counts (RFC 9101 §6.3, §10.5).

use std::str::FromStr as _;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::crypto::jwt::mac::MacAlgorithm;
use crate::crypto::jwt::{self, JwtRefused, MAX_TOKEN, unbound};
use crate::protocol::authorize::{
    AuthorizeRefusal, PageRefusal, find_client, front_channel, is_openid, way_back,
};
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client::Client;
use crate::protocol::client_auth::opened;
use crate::protocol::client_keys::{self, Found};
use crate::protocol::client_metadata::{AssertionAlgorithm, RequestObjectAlgorithm};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::Refusal;
use crate::protocol::params::{self, Params};
use crate::protocol::response_type::ResponseType;
use crate::protocol::tokens::access_token::Audiences;

/// How far a request came.
#[derive(Debug)]
pub enum Resolved {
    /// What it asks for, with all that the object says.
    Parameters(Params<'static>),
    /// The document at this address has to be read, then [`resolve`] is asked once more.
    NeedsDocument(String),
    /// The keys at this address have to be read, then [`resolve`] is asked once more.
    NeedsKeys(String),
}

/// What is at the `request_uri`.
#[derive(Clone, Debug)]
pub enum Document {
    /// Nobody has looked.
    Unread,
    /// This.
    Read(Arc<[u8]>),
    /// Nothing that can be had.
    Away,
}

/// Bytes of the longest object.
pub const LONGEST: usize = MAX_TOKEN;

/// Whether the request comes with an object, or may not come without.
pub fn is_needed(context: &Context<'_>, params: &Params<'_>) -> bool {
    let must_sign = |client: Arc<Client>| client.metadata.requires_request_object();
    let client = || context.clients.client(params.find("client_id")?);
    params.find("request").is_some()
        || params.find("request_uri").is_some()
        || client().is_some_and(must_sign)
}

/// Reads the object. Only an address that the client registered is ever asked for.
pub fn resolve(
    context: &Context<'_>,
    params: &Params<'_>,
    document: &Document,
) -> Result<Resolved, AuthorizeRefusal> {
    let client = find_client(context, params)?;
    read(context, &client, params, document).map_err(|refused| {
        let refusal = Refusal::new(refused);
        // Only an address that stands beside the object can be trusted: the object was not understood.
        let received = params.find("redirect_uri");
        match received.map(|received| client.redirect_target(Some(received))) {
            Some(Ok(target)) => {
                let response_type = front_channel::response_type(context, params);
                AuthorizeRefusal::Back(way_back(target, params, response_type), refusal)
            }
            Some(Err(_)) | None => AuthorizeRefusal::Page(PageRefusal {
                refusal,
                client: Some(client),
                received_redirect_uri: None,
            }),
        }
    })
}

type Refused = &'static Explanation;

fn read(
    context: &Context<'_>,
    client: &Client,
    outside: &Params<'_>,
    document: &Document,
) -> Result<Resolved, Refused> {
    let object = match (outside.find("request"), outside.find("request_uri")) {
        (Some(_), Some(_)) => return Err(&catalogue::REQUEST_OBJECT_TWICE),
        (Some(object), None) => object,
        (None, None) => return Err(&catalogue::REQUEST_OBJECT_REQUIRED),
        (None, Some(address)) => {
            let mut registered = client.metadata.request_uris.iter();
            if !registered.any(|uri| uri.admits(address)) {
                return Err(&catalogue::REQUEST_URI_NOT_REGISTERED);
            }
            match document {
                Document::Unread => return Ok(Resolved::NeedsDocument(address.to_owned())),
                Document::Away => return Err(&catalogue::REQUEST_URI_AWAY),
                Document::Read(bytes) => std::str::from_utf8(bytes)
                    .map_err(|_| &catalogue::REQUEST_OBJECT_MALFORMED)?
                    .trim_ascii(),
            }
        }
    };
    let claims = match verify(context, client, object)? {
        Verified::Claims(claims) => claims,
        Verified::NeedsKeys(address) => return Ok(Resolved::NeedsKeys(address)),
    };
    // It was read before, so it can be read.
    let typ = jwt::peek(object).map_err(explain)?.typ;
    check_claims(
        context,
        client,
        &claims,
        typ.is_some_and(|it| it.contains(TYPE)),
    )?;
    let inside = parameters(claims.parameters)?;
    merge(client, inside, outside).map(Resolved::Parameters)
}

/// The claims that speak of the object itself, and all others.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audiences>,
    sub: Option<String>,
    exp: Option<Timestamp>,
    nbf: Option<Timestamp>,
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

enum Verified {
    Claims(Claims),
    NeedsKeys(String),
}

/// The algorithm is the registered one; without one, any of those that metadata lists and the client's keys allow.
fn verify(context: &Context<'_>, client: &Client, object: &str) -> Result<Verified, Refused> {
    let unverified = jwt::peek(object).map_err(explain)?;
    let algorithm = match client.metadata.request_object_signing_alg {
        Some(RequestObjectAlgorithm::Unsecured(_)) => {
            if unverified.algorithm != unbound::UNSECURED {
                return Err(&catalogue::REQUEST_OBJECT_SIGNATURE);
            }
            let claims = unbound::unsecured(object, TYPE).map_err(explain)?;
            return Ok(Verified::Claims(claims));
        }
        _ if unverified.algorithm == unbound::UNSECURED => {
            return Err(&catalogue::REQUEST_OBJECT_UNSIGNED);
        }
        Some(RequestObjectAlgorithm::Signed(agreed)) => agreed,
        None => AssertionAlgorithm::from_str(&unverified.algorithm)
            .map_err(|_| &catalogue::REQUEST_OBJECT_SIGNATURE)?,
    };
    let algorithm = match algorithm {
        AssertionAlgorithm::Mac(agreed) => {
            let claims = verify_mac(context, client, agreed, object).map_err(explain)?;
            return Ok(Verified::Claims(claims));
        }
        AssertionAlgorithm::Signature(agreed) => agreed,
    };
    let key_id = unverified.key_id.as_deref();
    match client_keys::find(context, client, key_id, Some(algorithm)) {
        Found::Key(key) => {
            let claims = unbound::signed(&key, object, TYPE).map_err(explain)?;
            Ok(Verified::Claims(claims))
        }
        Found::AskAgain(address) => Ok(Verified::NeedsKeys(address)),
        Found::Nothing => Err(&catalogue::REQUEST_OBJECT_SIGNATURE),
        Found::Away => Err(&catalogue::CLIENT_KEYS_AWAY),
    }
}

/// Only a client that signs with its secret has one that can be had again.
fn verify_mac(
    context: &Context<'_>,
    client: &Client,
    algorithm: MacAlgorithm,
    object: &str,
) -> Result<Claims, JwtRefused> {
    let mut opened = opened(context, client);
    let verified = opened.find_map(|(_, secret)| {
        let read = unbound::signed_with_mac(secret.expose(), algorithm, object, TYPE);
        // Perhaps it was another one.
        Some(read).filter(|read| !matches!(read, Err(JwtRefused::BadSignature)))
    });
    verified.unwrap_or(Err(JwtRefused::UnknownKey))
}

/// Neither standard demands these claims, so none has to be there; what is there has to be right.
fn check_claims(
    context: &Context<'_>,
    client: &Client,
    claims: &Claims,
    is_typed: bool,
) -> Result<(), Refused> {
    let is_other = |issuer: &String| issuer != client.id.as_str();
    let is_for_others = |audience: &Audiences| !audience.contains(context.issuer);
    // RFC 9101 §10.8: without a type, that may be an assertion of the client, which means something else.
    let is_assertion = !is_typed && claims.sub.as_deref() == Some(client.id.as_str());
    let is_not_ours =
        claims.iss.as_ref().is_some_and(is_other) || claims.aud.as_ref().is_some_and(is_for_others);
    if is_not_ours || is_assertion {
        return Err(&catalogue::REQUEST_OBJECT_CLAIMS);
    }
    let has_expired = |exp: Timestamp| exp.saturating_add(LEEWAY) <= context.now;
    let is_early = |nbf: Timestamp| nbf > context.now.saturating_add(CLOCK_TOLERANCE);
    if claims.exp.is_some_and(has_expired) || claims.nbf.is_some_and(is_early) {
        return Err(&catalogue::REQUEST_OBJECT_TIME);
    }
    Ok(())
}

/// Claims as parameters: what is no text travels as JSON, as `claims` does and as `max_age` would.
fn parameters(claims: Map<String, Value>) -> Result<Vec<(String, String)>, Refused> {
    let malformed = Err(&catalogue::REQUEST_OBJECT_MALFORMED);
    if claims.len() > params::MOST {
        return malformed;
    }
    let mut parameters = Vec::with_capacity(claims.len());
    for (name, value) in claims {
        if NO_PARAMETERS.contains(&name.as_str()) {
            continue;
        }
        let text = match value {
            Value::Null => return malformed,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                value.to_string()
            }
        };
        if name.contains('\0') || text.contains('\0') {
            return malformed;
        }
        if !text.is_empty() {
            parameters.push((name, text));
        }
    }
    Ok(parameters)
}

fn merge(
    client: &Client,
    inside: Vec<(String, String)>,
    outside: &Params<'_>,
) -> Result<Params<'static>, Refused> {
    let find = |name: &str| {
        let found = inside.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let differs = |name: &str| match (find(name), outside.find(name)) {
        (Some(inner), Some(outer)) => inner != outer,
        (_, _) => false,
    };
    // The order of its words means nothing.
    let response_type = |text: Option<&str>| text.and_then(ResponseType::named);
    let is_same = response_type(find("response_type")).is_some()
        && response_type(find("response_type")) == response_type(outside.find("response_type"));
    let asks_for_another = differs("response_type") && !is_same;
    if differs("client_id") || asks_for_another {
        return Err(&catalogue::REQUEST_OBJECT_MISMATCH);
    }
    // A client whose requests must be signed would otherwise have to trust whoever adds to them.
    let is_openid = is_openid(outside) && !client.metadata.requires_request_object();
    // RFC 9101 §5: it stands in both places.
    if !is_openid && find("client_id").is_none() {
        return Err(&catalogue::REQUEST_OBJECT_MISMATCH);
    }
    let counts = |name: &str| {
        let is_object = ["request", "request_uri"].contains(&name);
        is_openid && !is_object && find(name).is_none()
    };
    let others: Vec<(String, String)> = outside
        .iter()
        .filter(|(name, _)| counts(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(inside.into_iter().chain(others).collect())
}

fn explain(refused: JwtRefused) -> Refused {
    match refused {
        JwtRefused::UnknownKey | JwtRefused::WrongAlgorithm | JwtRefused::BadSignature => {
            &catalogue::REQUEST_OBJECT_SIGNATURE
        }
        JwtRefused::Malformed
        | JwtRefused::TooLong
        | JwtRefused::WrongType
        | JwtRefused::WrongClaim => &catalogue::REQUEST_OBJECT_MALFORMED,
        JwtRefused::Expired | JwtRefused::NotYetValid => &catalogue::REQUEST_OBJECT_TIME,
        JwtRefused::OtherIssuer => &catalogue::REQUEST_OBJECT_CLAIMS,
    }
}

/// The type that RFC 9101 §10.8 gives to request objects; older ones have none or a general one.
const TYPE: &str = "oauth-authz-req+jwt";

/// Claims that speak of the object, besides those of [`Claims`]. An object may be used as often as it is good: what
/// must not be repeated is the code, and the person's browser may well load the address twice.
const NO_PARAMETERS: [&str; 2] = ["iat", "jti"];

/// The clock of the client may be late by so many seconds.
const LEEWAY: i64 = 10;

/// And ahead by so many.
const CLOCK_TOLERANCE: i64 = 60;
