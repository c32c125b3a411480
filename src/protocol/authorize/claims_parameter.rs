//! The `claims` parameter (OpenID Connect Core §5.5).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::protocol::authorize::acr;
use crate::protocol::catalogue;
use crate::protocol::claims::{self, ACR, RequestedClaims};
use crate::protocol::error::Refusal;
use crate::protocol::scope::Scope;

/// Members that no standard defines are ignored, as §5.5 says; so are claims that this server does not make.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameter {
    userinfo: Option<BTreeMap<String, Option<Wish>>>,
    id_token: Option<BTreeMap<String, Option<Wish>>>,
}

/// How one claim is asked for. That it is essential matters to `acr` alone: of others the server tells what it knows and
/// may tell.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    essential: Option<bool>,
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

/// What the parameter asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) claims: RequestedClaims,
    /// The persons it may be; empty: anybody.
    pub(super) subjects: Vec<String>,
    /// The authentication context class.
    pub(super) acr: Option<acr::Wish>,
}

/// The longest value accepted, in bytes.
const LONGEST: usize = 4096;

/// Reads it; `allowed` is the scope that the client may be granted at most.
pub(super) fn read(text: Option<&str>, allowed: &Scope) -> Result<Wanted, Refusal> {
    let Some(text) = text else {
        return Ok(Wanted::default());
    };
    let malformed = Refusal::new(&catalogue::CLAIMS_PARAMETER);
    if text.len() > LONGEST {
        return Err(malformed);
    }
    // Nesting is limited by the parser.
    let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| malformed)?;
    let read: Parameter = serde_json::from_value(members.into()).map_err(|_| malformed)?;
    let (userinfo, id_token) = (
        read.userinfo.unwrap_or_default(),
        read.id_token.unwrap_or_default(),
    );
    let mut subjects: Vec<String> = Vec::new();
    for wish in [&id_token, &userinfo] {
        let wish = wish.get("sub").and_then(Option::as_ref);
        let wished = wish.map_or(Some(Vec::new()), texts).ok_or(malformed)?;
        if subjects.is_empty() {
            subjects = wished;
        } else if !wished.is_empty() {
            // Both answers are about one person.
            subjects.retain(|subject| wished.contains(subject));
            if subjects.is_empty() {
                return Err(malformed);
            }
        }
    }
    let acr = match (id_token.get(ACR), userinfo.get(ACR)) {
        // Only there a value can be demanded (§5.5.1.1).
        (Some(Some(wish)), _) => Some(read_acr(wish).ok_or(malformed)?),
        (Some(None), _) | (None, Some(_)) => Some(acr::Wish::default()),
        (None, None) => None,
    };
    let names = |member: BTreeMap<String, Option<Wish>>| -> Vec<String> {
        let may = |name: &String| claims::scope_of(name).is_some_and(|it| allowed.contains(it));
        member.into_keys().filter(may).collect()
    };
    let wants_acr = userinfo.contains_key(ACR);
    let mut userinfo = names(userinfo);
    userinfo.extend(wants_acr.then(|| ACR.to_owned()));
    Ok(Wanted {
        claims: RequestedClaims {
            userinfo,
            id_token: names(id_token),
            acr: None,
            own: None,
        },
        subjects,
        acr,
    })
}

fn read_acr(wish: &Wish) -> Option<acr::Wish> {
    Some(acr::Wish {
        is_essential: wish.essential.unwrap_or_default(),
        values: texts(wish)?,
    })
}

/// The one value, or the values, of a claim that is text.
fn texts(wish: &Wish) -> Option<Vec<String>> {
    let values = wish.value.iter().chain(wish.values.iter().flatten());
    values
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Wanted, Refusal> {
        read(Some(text), &"openid email profile".parse().unwrap())
    }

    /// The example of OpenID Connect Core §5.5.
    #[test]
    fn reads_what_the_standard_shows() {
        let wanted = check(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"email":{"essential":true},
                "email_verified":{"essential":true},"picture":null,"http://example.info/claims/groups":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}"#,
        )
        .unwrap();
        let names = [
            "email",
            "email_verified",
            "given_name",
            "nickname",
            "picture",
        ];
        assert_eq!(wanted.claims.userinfo, names);
        assert!(wanted.claims.id_token.is_empty());
        assert!(wanted.subjects.is_empty());
        let acr = acr::Wish {
            is_essential: false,
            values: vec!["urn:mace:incommon:iap:silver".to_owned()],
        };
        assert_eq!(wanted.acr, Some(acr));
    }

    #[test]
    fn a_claim_beyond_the_clients_scope_is_not_asked_for() {
        let wanted = check(r#"{"id_token":{"phone_number":null,"email":null}}"#).unwrap();
        assert_eq!(wanted.claims.id_token, ["email"]);
    }

    #[test]
    fn tells_whom_it_has_to_be() {
        let wanted = check(r#"{"id_token":{"sub":{"value":"248289761001"}}}"#).unwrap();
        assert_eq!(wanted.subjects, ["248289761001"]);
        let wanted = check(
            r#"{"id_token":{"sub":{"values":["a","b","c"]}},"userinfo":{"sub":{"values":["c","b"]}}}"#,
        );
        assert_eq!(wanted.unwrap().subjects, ["b", "c"]);
    }

    #[test]
    fn refuses_what_is_malformed() {
        let deep = format!("{}{}", "{\"userinfo\":".repeat(10_000), "}".repeat(10_000));
        let deep_value = format!(
            "{{\"id_token\":{{\"email\":{{\"value\":{}{}}}}}}}",
            "[".repeat(1500),
            "]".repeat(1500)
        );
        for text in [
            "email",
            "[]",
            "{\"userinfo\":[]}",
            "{\"userinfo\":{\"email\":1}}",
            "{\"userinfo\":{\"email\":{\"essential\":\"yes\"}}}",
            "{\"id_token\":{\"sub\":{\"value\":7}}}",
            "{\"id_token\":{\"sub\":{\"values\":[7]}}}",
            "{\"id_token\":{\"sub\":{\"value\":\"a\"}},\"userinfo\":{\"sub\":{\"value\":\"b\"}}}",
            "{\"id_token\":{\"acr\":{\"value\":7}}}",
            "{\"id_token\":{\"acr\":{\"values\":[\"1\",null]}}}",
            "{\"userinfo\":{}",
            &deep,
            &deep_value,
        ] {
            assert_eq!(check(text).unwrap_err().id(), "E1224", "{text:.80}");
        }
    }
}
