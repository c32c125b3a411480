//! The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2), as a list of checks in order.
//!
//! Client and redirect target come first: a refusal before them is a *page*, never a redirect. Every later
//! refusal holds a [`RedirectTarget`] and travels back to the client.

use std::sync::Arc;

use crate::crypto::jwt::JwtRefused;
use crate::crypto::key_set::KeySet;
use crate::protocol::authorize::request::{AuthorizationRequest, Prompt};
use crate::protocol::authorize::response::{ResponseMode, WayBack};
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::claims::STANDARD_SCOPES;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::context::Context;
use crate::protocol::dynamic_registration::INITIAL_ACCESS_SCOPE;
use crate::protocol::engine::{self, AuthorizationAccepted, AuthorizationRejected};
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::{RedirectRefused, RedirectTarget};
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;
use crate::protocol::tokens::id_token;

pub mod acr;
pub mod answer;
mod claims_parameter;
pub mod front_channel;
pub mod next_step;
pub mod request;
pub mod request_object;
pub mod response;

/// How the endpoint says no.
#[derive(Debug)]
pub enum AuthorizeRefusal {
    /// On a page of ours, because nothing says that the address is the client's.
    Page(PageRefusal),
    /// At the client's address, with `state` and `iss`.
    Back(WayBack, Refusal),
}

/// A refusal on a page, with what a developer needs to see the difference.
#[derive(Debug)]
pub struct PageRefusal {
    /// Why.
    pub refusal: Refusal,
    /// The client, once known.
    pub client: Option<Arc<Client>>,
    /// The redirect URI as received, where that is the matter.
    pub received_redirect_uri: Option<String>,
}

/// The longest values accepted, in bytes.
const LONGEST: [(&str, usize); 5] = [
    ("acr_values", 2048),
    ("state", 2048),
    ("scope", 2048),
    ("nonce", 512),
    ("login_hint", 256),
];

/// Checks an authorization request, which was resolved if it came as a [`request_object`].
pub fn accept(
    context: &Context<'_>,
    keys: &KeySet,
    params: &Params<'_>,
) -> Result<(Arc<Client>, AuthorizationRequest), AuthorizeRefusal> {
    let client = find_client(context, params)?;
    let target = find_target(&client, params)?;
    let understood = without_unknown_scopes(&client, params);
    let params = understood.as_ref().unwrap_or(params);
    let response_type = front_channel::response_type(context, params);
    check(context, keys, (&client, response_type), &target, params)
        .map_err(|refusal| AuthorizeRefusal::Back(way_back(target, params, response_type), refusal))
        .map(|request| (client, request))
}

/// How a refusal travels: as the request wants it, if that can be understood.
fn way_back(target: RedirectTarget, params: &Params<'_>, response_type: ResponseType) -> WayBack {
    // A state that is refused for its length is not sent back.
    let state = params.find("state").filter(|state| state.len() <= 2048);
    WayBack {
        target,
        mode: response_mode(params, response_type)
            .unwrap_or_else(|_| front_channel::usual_mode(response_type)),
        state: state.map(str::to_owned),
    }
}

fn find_client(
    context: &Context<'_>,
    params: &Params<'_>,
) -> Result<Arc<Client>, AuthorizeRefusal> {
    let page = |explanation: &'static Explanation, client| {
        AuthorizeRefusal::Page(PageRefusal {
            refusal: Refusal::new(explanation),
            client,
            received_redirect_uri: None,
        })
    };
    let found = params
        .find("client_id")
        .and_then(|id| context.clients.client(id));
    let client = found.ok_or_else(|| page(&catalogue::UNKNOWN_CLIENT_PAGE, None))?;
    if client.disabled {
        return Err(page(&catalogue::CLIENT_DISABLED_PAGE, Some(client)));
    }
    Ok(client)
}

fn find_target(
    client: &Arc<Client>,
    params: &Params<'_>,
) -> Result<RedirectTarget, AuthorizeRefusal> {
    let received = params.find("redirect_uri");
    let target = match received {
        // OpenID Connect Core §3.1.2.1 requires the parameter.
        None if is_openid(params) => Err(RedirectRefused::Missing),
        received => client.redirect_target(received),
    };
    target.map_err(|refused| {
        let explanation = match refused {
            RedirectRefused::Missing => &catalogue::MISSING_REDIRECT_URI,
            RedirectRefused::NotRegistered => &catalogue::REDIRECT_URI_NOT_REGISTERED,
        };
        AuthorizeRefusal::Page(PageRefusal {
            refusal: Refusal::new(explanation),
            client: Some(Arc::clone(client)),
            received_redirect_uri: received.map(str::to_owned),
        })
    })
}

/// OpenID Connect Core §3.1.2.1: values of `scope` that nobody here understands are ignored; the answer of the token
/// endpoint says what was granted. Those that mean something here stay, and are judged. `None` where nothing is left out.
fn without_unknown_scopes(client: &Client, params: &Params<'_>) -> Option<Params<'static>> {
    let asked = params.find("scope").filter(|_| is_openid(params))?;
    let is_known = |name: &&str| {
        client.scope.contains(name)
            || STANDARD_SCOPES.contains(name)
            || *name == INITIAL_ACCESS_SCOPE
            || name.parse::<Scope>().is_err()
    };
    let known: Vec<&str> = asked.split(' ').filter(is_known).collect();
    if known.len() == asked.split(' ').count() {
        return None;
    }
    let others = params.iter().filter(|(name, _)| *name != "scope");
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(
        others
            .chain([("scope".to_owned(), known.join(" "))])
            .collect(),
    )
}

fn is_openid(params: &Params<'_>) -> bool {
    params
        .find("scope")
        .is_some_and(|scope| scope.split(' ').any(|name| name == "openid"))
}

/// The checks that may answer by redirect, in order.
fn check(
    context: &Context<'_>,
    keys: &KeySet,
    (client, response_type): (&Client, ResponseType),
    target: &RedirectTarget,
    params: &Params<'_>,
) -> Result<AuthorizationRequest, Refusal> {
    check_lengths(params)?;
    check_unsupported(params)?;
    let accepted = if response_type.has_tokens() {
        front_channel::check(client, target, params, response_type)?
    } else {
        check_code(client, target, params)?
    };
    let wanted = claims_parameter::read(params.find("claims"), &client.scope)?;
    let hinted = read_hint(context, keys, client, params)?;
    let mut subjects = wanted.subjects;
    if let Some(hinted) = hinted {
        if !subjects.is_empty() && !subjects.contains(&hinted) {
            return Err(Refusal::new(&catalogue::HINT_OTHER_PERSON));
        }
        subjects = vec![hinted];
    }
    let mut subjects = subjects.into_iter();
    let ladder = &context.policy.acr_values;
    let classes = acr::choose(ladder, client, params, wanted.acr.as_ref())?;
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: target.as_str().to_owned(),
        redirect_uri_was_received: target.was_received(),
        response_type,
        response_mode: response_mode(params, response_type)?,
        state: params.find("state").map(str::to_owned),
        scope: accepted.scope,
        claims: wanted.claims,
        classes,
        nonce: params.find("nonce").map(str::to_owned),
        code_challenge: accepted.code_challenge,
        prompt: parse_prompt(context, params)?,
        max_age: parse_max_age(params)?.or(client.metadata.default_max_age.map(i64::from)),
        login_hint: params.find("login_hint").map(str::to_owned),
        hinted_subject: subjects.next(),
        other_hinted_subjects: subjects.collect(),
    })
}

fn check_code(
    client: &Client,
    target: &RedirectTarget,
    params: &Params<'_>,
) -> Result<AuthorizationAccepted, Refusal> {
    let named = params
        .find("response_type")
        .ok_or(&catalogue::RESPONSE_TYPE_MISSING)?;
    if ResponseType::named(named) != Some(ResponseType::Code) {
        return Err(Refusal::new(&catalogue::RESPONSE_TYPE));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(Refusal::new(&catalogue::AUTHORIZE_GRANT_NOT_ALLOWED));
    }
    // OpenID Connect Registration §2: who registered others restricts itself to these.
    if !client.response_types().contains(&ResponseType::Code) {
        return Err(Refusal::new(&catalogue::RESPONSE_TYPE_NOT_REGISTERED));
    }
    Ok(engine::drive_authorization(client, target, params)?)
}

fn check_lengths(params: &Params<'_>) -> Result<(), Refusal> {
    let too_long = LONGEST.iter().any(|(name, longest)| {
        params
            .find(name)
            .is_some_and(|value| value.len() > *longest)
    });
    if too_long {
        Err(Refusal::new(&catalogue::VALUE_TOO_LONG))
    } else {
        Ok(())
    }
}

fn check_unsupported(params: &Params<'_>) -> Result<(), Refusal> {
    let unsupported: [(&str, &'static Explanation); 3] = [
        // An object that stood in the request was resolved before; what is here now stood in that object.
        ("request", &catalogue::REQUEST_OBJECT_NESTED),
        ("request_uri", &catalogue::REQUEST_OBJECT_NESTED),
        ("registration", &catalogue::REGISTRATION),
    ];
    for (name, explanation) in unsupported {
        if params.find(name).is_some() {
            return Err(Refusal::new(explanation));
        }
    }
    Ok(())
}

/// OAuth 2.0 Multiple Response Types §2.1.
fn response_mode(
    params: &Params<'_>,
    response_type: ResponseType,
) -> Result<ResponseMode, Refusal> {
    let Some(name) = params.find("response_mode") else {
        return Ok(front_channel::usual_mode(response_type));
    };
    match ResponseMode::named(name) {
        // Servers log it, and browsers send it on.
        Some(ResponseMode::Query) if response_type.has_tokens() => {
            Err(Refusal::new(&catalogue::TOKENS_IN_QUERY))
        }
        Some(mode) => Ok(mode),
        None => Err(Refusal::new(&catalogue::RESPONSE_MODE)),
    }
}

/// OpenID Connect Core §3.1.2.1: a set of words; `none` stands alone.
fn parse_prompt(context: &Context<'_>, params: &Params<'_>) -> Result<Prompt, Refusal> {
    let mut prompt = Prompt::default();
    let Some(words) = params.find("prompt") else {
        return Ok(prompt);
    };
    for word in words.split(' ') {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            "create" if context.policy.accounts.sign_up => prompt.create = true,
            _ => return Err(Refusal::new(&catalogue::PROMPT)),
        }
    }
    let is_alone = !prompt.login && !prompt.consent && !prompt.select_account && !prompt.create;
    if prompt.none && !is_alone {
        return Err(Refusal::new(&catalogue::PROMPT));
    }
    Ok(prompt)
}

fn parse_max_age(params: &Params<'_>) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.find("max_age") else {
        return Ok(None);
    };
    // The standard library also reads a plus sign.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(seconds) if is_number => Ok(Some(i64::from(seconds))),
        Ok(_) | Err(_) => Err(Refusal::new(&catalogue::MAX_AGE)),
    }
}

/// OpenID Connect Core §3.1.2.1: an ID token of ours, made for this client, expired or not.
fn read_hint(
    context: &Context<'_>,
    keys: &KeySet,
    client: &Client,
    params: &Params<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(hint) = params.find("id_token_hint") else {
        return Ok(None);
    };
    match id_token::read_hint(hint, context.issuer, keys, context.now) {
        Ok(hint) if hint.aud.contains(client.id.as_str()) => Ok(Some(hint.sub)),
        // Its key is gone, so it proves nothing any more: a page can ask, and without one nobody is known to be meant.
        Err(JwtRefused::UnknownKey) if id_token::names_issuer(hint, context.issuer) => {
            if params.find("prompt") == Some("none") {
                Err(Refusal::new(&catalogue::LOGIN_REQUIRED))
            } else {
                Ok(None)
            }
        }
        Ok(_) | Err(_) => Err(Refusal::new(&catalogue::ID_TOKEN_HINT)),
    }
}

impl From<AuthorizationRejected> for Refusal {
    fn from(rejected: AuthorizationRejected) -> Self {
        Self::new(match rejected {
            AuthorizationRejected::ResponseType => &catalogue::RESPONSE_TYPE,
            AuthorizationRejected::Scope => &catalogue::AUTHORIZE_SCOPE,
            AuthorizationRejected::ChallengeMissing => &catalogue::PKCE_MISSING,
            AuthorizationRejected::ChallengeMethod => &catalogue::PKCE_METHOD,
            AuthorizationRejected::ChallengeSyntax => &catalogue::PKCE_CHALLENGE,
            AuthorizationRejected::Request => &catalogue::MISSING_PARAMETER,
        })
    }
}
