//! Which claims about a user a scope reveals (OpenID Connect Core §5.4), and which a client asked for by name (§5.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::context::Timestamp;
use crate::protocol::profile::{Address, Names};
use crate::protocol::scope::Scope;
use crate::protocol::services::ServiceClaims;
use crate::protocol::store::Subject;

/// The scopes that people and clients of this server know, each with what it means to a person.
pub const STANDARD_SCOPES: [&str; 8] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "roles",
    "groups",
    "offline_access",
];

/// The claims this server can make about a user, as metadata lists them, and the scope that reveals each.
const SCOPE_OF_CLAIM: [(&str, &str); 23] = [
    ("sub", "openid"),
    ("sid", "openid"),
    ("name", "profile"),
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("roles", "roles"),
    ("groups", "groups"),
];

/// The name of the authentication context class among claims, which speaks of the sign-in and needs no scope but `openid`.
pub const ACR: &str = "acr";

/// The names of all claims about users.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCOPE_OF_CLAIM.iter().map(|(claim, _)| *claim)
}

/// The scope that reveals a claim; `None` for a claim that this server does not make.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let found = SCOPE_OF_CLAIM.iter().find(|(known, _)| *known == claim);
    found.map(|(_, scope)| *scope)
}

/// Claims that a client asked for by name, besides those of its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// At the userinfo endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// In ID tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// The authentication context class that the sign-in reaches, where the client wants to know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// What a service says in its tokens; there is no user of this server then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<ServiceClaims>,
}

impl RequestedClaims {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        let Self {
            userinfo,
            id_token,
            acr,
            own,
        } = self;
        userinfo.is_empty() && id_token.is_empty() && acr.is_none() && own.is_none()
    }

    /// The scopes that would reveal the same.
    pub fn scope(&self) -> Scope {
        let claims = self.userinfo.iter().chain(&self.id_token);
        claims
            .filter_map(|claim| scope_of(claim))
            .map(str::to_owned)
            .collect()
    }
}

/// The answer of the userinfo endpoint (OpenID Connect Core §5.3.2).
#[derive(Debug, Serialize)]
pub struct UserInfo<'a> {
    /// Always there.
    pub sub: &'a str,
    /// The authentication context class of the sign-in, where it was asked for here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    #[serde(flatten)]
    names: Option<Names>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a Address>,
}

impl<'a> UserInfo<'a> {
    /// What scope and request reveal about the user.
    pub fn new(subject: &'a Subject, scope: &Scope, requested: &[String]) -> Self {
        let shows = |claim: &str| {
            let is_in_scope = scope_of(claim).is_some_and(|of| scope.contains(of));
            is_in_scope || requested.iter().any(|it| it == claim)
        };
        let profile = &subject.profile;
        let email = subject.email.as_deref();
        let phone_number = profile.phone_number.as_deref();
        let is_phone_verified = profile.phone_number_verified.unwrap_or_default();
        // Before there was a scope of their own, roles came with the profile.
        let shows_roles = shows("roles") || scope.contains("profile");
        let some = |list: &'a [String]| (!list.is_empty()).then_some(list);
        Self {
            sub: &subject.id,
            acr: None,
            name: subject.name.as_deref().filter(|_| shows("name")),
            preferred_username: shows("preferred_username").then_some(&subject.username),
            updated_at: shows("updated_at").then_some(subject.updated_at),
            names: names_shown(&profile.names, shows),
            roles: some(&subject.roles).filter(|_| shows_roles),
            groups: some(&profile.groups).filter(|_| shows("groups")),
            email: email.filter(|_| shows("email")),
            email_verified: email
                .filter(|_| shows("email_verified"))
                .map(|_| subject.email_verified),
            phone_number: phone_number.filter(|_| shows("phone_number")),
            phone_number_verified: phone_number
                .filter(|_| shows("phone_number_verified"))
                .map(|_| is_phone_verified),
            address: profile.address.as_ref().filter(|_| shows("address")),
        }
    }

    /// The claims but `sub`, as members for another token.
    pub fn into_members(self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut members)) => {
                members.remove("sub");
                members
            }
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

/// `None` where nothing is there or may be shown, as for most people.
fn names_shown(names: &Names, shows: impl Fn(&str) -> bool) -> Option<Names> {
    if *names == Names::default() {
        return None;
    }
    let kept = |name: &str, value: &Option<String>| value.clone().filter(|_| shows(name));
    Some(Names {
        given_name: kept("given_name", &names.given_name),
        family_name: kept("family_name", &names.family_name),
        middle_name: kept("middle_name", &names.middle_name),
        nickname: kept("nickname", &names.nickname),
        profile: kept("profile", &names.profile),
        picture: kept("picture", &names.picture),
        website: kept("website", &names.website),
        gender: kept("gender", &names.gender),
        birthdate: kept("birthdate", &names.birthdate),
        zoneinfo: kept("zoneinfo", &names.zoneinfo),
        locale: kept("locale", &names.locale),
    })
}
