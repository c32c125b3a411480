//! A trusted issuer: who it is, where its keys come from, what its tokens must say (RFC 7521 §4.1, RFC 7523 §3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crypto::jwk_set::JwkSet;
use crate::protocol::client_metadata::AssertionAlgorithm;
use crate::protocol::context::Timestamp;
use crate::protocol::trust::attributes::Mappings;

/// The name of a trusted issuer: 1 to 128 letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerName(String);

impl IssuerName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IssuerName {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<Self, MalformedName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedName)
        }
    }
}

impl TryFrom<String> for IssuerName {
    type Error = MalformedName;

    fn try_from(text: String) -> Result<Self, MalformedName> {
        text.parse()
    }
}

impl From<IssuerName> for String {
    fn from(name: IssuerName) -> Self {
        name.0
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text cannot name a trusted issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 128 letters, digits, _ and -")]
pub struct MalformedName;

/// Where the keys of an issuer come from; exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// Public keys or certificates in PEM. Each that fits is tried; key ids are not asked.
    Pem(Vec<String>),
    /// A set of public keys (RFC 7517 §5).
    Jwks(JwkSet),
    /// Where such a set is published.
    JwksUrl(Remote),
    /// Where the issuer's metadata are (OpenID Connect Discovery §4): the issuer itself.
    DiscoveryUrl(Remote),
    /// A secret of both sides, which is kept apart from this.
    Secret,
}

/// A document at another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its address, without `/.well-known/…` for metadata.
    pub url: String,
    /// Certificates in PEM that are trusted for this address besides the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// What a Consul auth method says besides, kept to be told again (`/v1/acl/auth-method`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsulMethod {
    /// For people.
    pub display_name: String,
    /// As it was sent.
    pub max_token_ttl: String,
    /// `local` or `global`.
    pub token_locality: String,
    /// Seconds after `iat` or `nbf` at which a token ends that says nothing, where Consul is followed strictly.
    pub expiration_leeway: i64,
    /// As it was sent.
    pub config: Value,
}

/// A trusted issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of the definition"
)]
pub struct TrustedIssuer {
    /// By which requests and binding rules name it.
    pub name: IssuerName,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where its keys come from.
    pub keys: KeySource,
    /// With which it signs (RFC 8725 §3.1); where empty, with whatever its keys are for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<AssertionAlgorithm>,
    /// The exact `iss` of its tokens; only a Consul method may go without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// One of these has to be in `aud`; where empty, this server's issuer or its token endpoint (RFC 7523 §3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// For so many seconds its clock may be off, at `exp`, `nbf` and `iat`.
    #[serde(default = "usual_leeway")]
    pub leeway: i64,
    /// A token counts for so many seconds after `iat`, which it needs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Claims that become `value.NAME`.
    #[serde(default, skip_serializing_if = "Mappings::is_empty")]
    pub claim_mappings: Mappings,
    /// Claims that become `list.NAME`.
    #[serde(default, skip_serializing_if = "Mappings::is_empty")]
    pub list_claim_mappings: Mappings,
    /// Life of the tokens that are issued for its own, in seconds; the usual one without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
    /// Who may accept them; this server itself where empty. A client's own audiences go before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_audiences: Vec<String>,
    /// Whether each token counts once (RFC 7523 §3, `jti`).
    #[serde(default)]
    pub one_time: bool,
    /// Whether somebody without a client may bring its tokens (RFC 7521 §4.1).
    #[serde(default)]
    pub without_client: bool,
    /// The claim that names a user of this server, for whom tokens are issued then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_claim: Option<String>,
    /// Whether what is put into names is turned to lower case.
    #[serde(default)]
    pub lower_case: bool,
    /// A disabled one is not believed.
    #[serde(default)]
    pub disabled: bool,
    /// What Consul calls it, where it came from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consul: Option<ConsulMethod>,
    /// The secret of both sides, encrypted.
    #[serde(skip)]
    pub sealed_secret: Option<Vec<u8>>,
    /// When it was added.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

fn usual_leeway() -> i64 {
    LEEWAY
}

impl TrustedIssuer {
    /// Life of a token that is issued for one of its own, in seconds.
    pub fn lifetime(&self, usual: i64) -> i64 {
        let consul = self.consul.as_ref().map(|_| CONSUL_LIFETIME);
        self.token_lifetime.or(consul).unwrap_or(usual)
    }

    /// What does not fit together.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut say = |is_so: bool, contradiction: Contradiction| {
            if is_so {
                found.push(contradiction);
            }
        };
        let has_secret = self.keys == KeySource::Secret;
        let is_mac = |it: &AssertionAlgorithm| matches!(it, AssertionAlgorithm::Mac(_));
        say(
            self.algorithms.iter().any(|it| is_mac(it) != has_secret),
            Contradiction::Algorithms,
        );
        say(
            matches!(&self.keys, KeySource::Pem(keys) if keys.is_empty()),
            Contradiction::NoKey,
        );
        say(
            matches!(&self.keys, KeySource::Jwks(keys) if !keys.can_verify()),
            Contradiction::NoKey,
        );
        let is_discovered = matches!(self.keys, KeySource::DiscoveryUrl(_));
        let has_issuer = self.issuer.as_ref().is_some_and(|it| !it.is_empty());
        say(
            !has_issuer && !is_discovered && self.consul.is_none(),
            Contradiction::NoIssuer,
        );
        say(
            matches!((&self.keys, &self.issuer), (KeySource::DiscoveryUrl(at), Some(issuer)) if at.url != *issuer),
            Contradiction::OtherIssuer,
        );
        say(
            has_twice(&self.claim_mappings) || has_twice(&self.list_claim_mappings),
            Contradiction::MappedTwice,
        );
        let mut names = self
            .claim_mappings
            .values()
            .chain(self.list_claim_mappings.values());
        let mut sources = self
            .claim_mappings
            .keys()
            .chain(self.list_claim_mappings.keys());
        say(
            names.any(String::is_empty) || sources.any(String::is_empty),
            Contradiction::EmptyMapping,
        );
        say(
            !(0..=LONGEST_LEEWAY).contains(&self.leeway),
            Contradiction::Leeway,
        );
        say(
            self.max_age.is_some_and(|it| it <= 0),
            Contradiction::MaxAge,
        );
        say(
            self.token_lifetime
                .is_some_and(|it| !(1..=LONGEST_LIFETIME).contains(&it)),
            Contradiction::Lifetime,
        );
        found
    }
}

fn has_twice(mappings: &Mappings) -> bool {
    let names: BTreeSet<&String> = mappings.values().collect();
    names.len() < mappings.len()
}

/// What does not fit together in a trusted issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// HMAC and public keys do not go together (RFC 8725 §2.1).
    #[error("algorithms: HS256, HS384 and HS512 go with a secret, all others with public keys")]
    Algorithms,
    /// A verifier without a key would believe everybody or nobody.
    #[error("keys: there is no key that signatures can be verified with")]
    NoKey,
    /// RFC 7523 §3.
    #[error("issuer: name the exact iss of its tokens")]
    NoIssuer,
    /// OpenID Connect Discovery §4.3.
    #[error("issuer: where metadata are read, the issuer is the address that they are read from")]
    OtherIssuer,
    /// Which of the claims would it be?
    #[error("claim_mappings, list_claim_mappings: two claims become the same attribute")]
    MappedTwice,
    /// An attribute without a name, or a claim without one.
    #[error("claim_mappings, list_claim_mappings: a claim or an attribute has no name")]
    EmptyMapping,
    /// In seconds.
    #[error("leeway: 0 to 600 seconds")]
    Leeway,
    /// In seconds.
    #[error("max_age: at least 1 second")]
    MaxAge,
    /// In seconds.
    #[error("token_lifetime: 1 second to 24 hours")]
    Lifetime,
}

/// The clocks of two servers may be apart by so many seconds.
pub const LEEWAY: i64 = 60;

/// The most that anybody may allow them to be.
const LONGEST_LEEWAY: i64 = 600;

/// The most that anybody may make of the life of a token.
pub const LONGEST_LIFETIME: i64 = 86_400;

/// Life of a token for which a Consul method says nothing; Consul's would live for ever.
const CONSUL_LIFETIME: i64 = 3600;
