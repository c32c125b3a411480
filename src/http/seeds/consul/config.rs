//! The `Config` of an auth method of type `jwt`, translated to a trusted issuer.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::http::seeds::consul::Denied;
use crate::http::seeds::consul::duration::Span;
use crate::protocol::client_metadata::AssertionAlgorithm;
use crate::protocol::trust::directory::Trusted;
use crate::protocol::trust::issuer::{ConsulMethod, IssuerName, KeySource, Remote, TrustedIssuer};

/// An auth method as it is sent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    pub(super) name: Option<String>,
    #[serde(rename = "Type")]
    pub(super) kind: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    #[serde(rename = "MaxTokenTTL")]
    max_token_ttl: Option<Span>,
    token_locality: Option<String>,
    config: Option<Value>,
}

/// Unknown keys are an error, as there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Config {
    #[serde(rename = "JWTValidationPubKeys")]
    keys: Option<Vec<String>>,
    #[serde(rename = "JWKSURL")]
    jwks_url: Option<String>,
    #[serde(rename = "JWKSCACert")]
    jwks_ca: Option<String>,
    #[serde(rename = "OIDCDiscoveryURL")]
    discovery_url: Option<String>,
    #[serde(rename = "OIDCDiscoveryCACert")]
    discovery_ca: Option<String>,
    #[serde(rename = "JWTSupportedAlgs")]
    algorithms: Option<Vec<String>>,
    bound_audiences: Option<Vec<String>>,
    bound_issuer: Option<String>,
    claim_mappings: Option<BTreeMap<String, String>>,
    list_claim_mappings: Option<BTreeMap<String, String>>,
    expiration_leeway: Option<Span>,
    not_before_leeway: Option<Span>,
    clock_skew_leeway: Option<Span>,
}

/// The trusted issuer that an auth method describes.
pub(super) fn translate(name: IssuerName, sent: Sent) -> Result<TrustedIssuer, Denied> {
    let raw = sent.config.unwrap_or_default();
    let config: Config = serde_json::from_value(raw.clone())
        .map_err(|error| Denied::definition(format!("Config: {error}")))?;
    let seconds = |span: &Option<Span>, field: &str| match span {
        None => Ok(0),
        Some(span) => span
            .seconds()
            .ok_or_else(|| Denied::definition(format!("{field}: not a span of time, as 10s"))),
    };
    let skew = seconds(&config.clock_skew_leeway, "ClockSkewLeeway")?;
    let expiration = seconds(&config.expiration_leeway, "ExpirationLeeway")?;
    seconds(&config.not_before_leeway, "NotBeforeLeeway")?;
    let lifetime = seconds(&sent.max_token_ttl, "MaxTokenTTL")?;
    if lifetime != 0 && !(SHORTEST..=LONGEST).contains(&lifetime) {
        return Err(Denied::definition("MaxTokenTTL: 1m to 24h"));
    }
    let token_locality = sent.token_locality.unwrap_or_default();
    if !["", "local", "global"].contains(&token_locality.as_str()) {
        return Err(Denied::definition("TokenLocality: local or global"));
    }
    let bound_issuer = config.bound_issuer.clone().filter(|it| !it.is_empty());
    let issuer = TrustedIssuer {
        name,
        description: sent.description.unwrap_or_default(),
        keys: key_source(&config)?,
        algorithms: algorithms(config.algorithms.unwrap_or_default())?,
        // Where keys are discovered, Consul does not look at BoundIssuer: the address is the issuer.
        issuer: bound_issuer.filter(|_| config.discovery_url.is_none()),
        audiences: config.bound_audiences.unwrap_or_default(),
        leeway: usual(skew, USUAL_SKEW),
        max_age: None,
        claim_mappings: config.claim_mappings.unwrap_or_default(),
        list_claim_mappings: config.list_claim_mappings.unwrap_or_default(),
        token_lifetime: (lifetime != 0).then_some(lifetime),
        token_audiences: Vec::new(),
        one_time: false,
        without_client: true,
        user_claim: None,
        lower_case: true,
        disabled: false,
        consul: Some(ConsulMethod {
            display_name: sent.display_name.unwrap_or_default(),
            max_token_ttl: written(sent.max_token_ttl.as_ref()),
            token_locality,
            expiration_leeway: usual(expiration, USUAL_EXPIRATION),
            config: raw,
        }),
        sealed_secret: None,
        created_at: 0,
        updated_at: 0,
    };
    if let Some(contradiction) = issuer.contradictions().first() {
        return Err(Denied::definition(contradiction.to_string()));
    }
    if Trusted::can_read_keys(&issuer) {
        Ok(issuer)
    } else {
        Err(Denied::definition(
            "JWTValidationPubKeys: each must be one PUBLIC KEY or CERTIFICATE in PEM",
        ))
    }
}

/// Exactly one of three.
fn key_source(config: &Config) -> Result<KeySource, Denied> {
    let given = |text: &Option<String>| text.clone().filter(|it| !it.is_empty());
    let keys = config.keys.clone().filter(|it| !it.is_empty());
    let (jwks, discovery) = (given(&config.jwks_url), given(&config.discovery_url));
    let has = [
        ("JWTValidationPubKeys", keys.is_some()),
        ("JWKSURL", jwks.is_some()),
        ("OIDCDiscoveryURL", discovery.is_some()),
    ];
    if given(&config.jwks_ca).is_some() && jwks.is_none() {
        return Err(Denied::definition("JWKSCACert: only with JWKSURL"));
    }
    if given(&config.discovery_ca).is_some() && discovery.is_none() {
        return Err(Denied::definition(
            "OIDCDiscoveryCACert: only with OIDCDiscoveryURL",
        ));
    }
    match (keys, jwks, discovery) {
        (Some(keys), None, None) => Ok(KeySource::Pem(keys)),
        (None, Some(url), None) => Ok(KeySource::JwksUrl(Remote {
            url,
            ca: given(&config.jwks_ca),
        })),
        (None, None, Some(url)) => Ok(KeySource::DiscoveryUrl(Remote {
            url,
            ca: given(&config.discovery_ca),
        })),
        (_, _, _) => {
            let named = has.iter().filter_map(|(name, is)| is.then_some(*name));
            let named: Vec<&str> = named.collect();
            Err(Denied::definition(format!(
                "exactly one of JWTValidationPubKeys, JWKSURL and OIDCDiscoveryURL is needed; given: {}",
                if named.is_empty() {
                    "none".to_owned()
                } else {
                    named.join(", ")
                }
            )))
        }
    }
}

fn algorithms(names: Vec<String>) -> Result<Vec<AssertionAlgorithm>, Denied> {
    let read = |name: String| {
        let parsed = name.parse().map(AssertionAlgorithm::Signature);
        parsed.map_err(|error| Denied::definition(format!("JWTSupportedAlgs: {error}")))
    };
    names.into_iter().map(read).collect()
}

/// 0 stands for the usual, and what is negative for none.
fn usual(seconds: i64, usual: i64) -> i64 {
    match seconds {
        0 => usual,
        seconds => seconds.max(0),
    }
}

fn written(span: Option<&Span>) -> String {
    match span {
        None => String::new(),
        Some(Span::Text(text)) => text.clone(),
        Some(Span::Number(seconds)) => format!("{seconds}s"),
    }
}

/// Of a token, in seconds.
const SHORTEST: i64 = 60;
const LONGEST: i64 = 86_400;

/// What Consul takes for 0, in seconds.
const USUAL_SKEW: i64 = 60;
const USUAL_EXPIRATION: i64 = 150;
