//! All that is trusted right now, read once and kept with the snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwk::PublicJwk;
use crate::crypto::public_pem;
use crate::protocol::trust::attributes::Attributes;
use crate::protocol::trust::binding::{
    BindingRule, Bound, Declared, ReadRule, RuleError, Terms, Verdict,
};
use crate::protocol::trust::issuer::{KeySource, TrustedIssuer};

/// A trusted issuer, ready to be asked.
#[derive(Debug)]
pub struct Trusted {
    /// As it is stored.
    pub issuer: TrustedIssuer,
    /// Its rules that could be read, and those that could not.
    pub rules: Vec<ReadRule>,
    keys: Vec<PublicJwk>,
}

impl Trusted {
    /// Reads the keys of an issuer that are at hand, and its rules.
    pub fn new(issuer: TrustedIssuer, rules: Vec<ReadRule>) -> Self {
        let keys = match &issuer.keys {
            KeySource::Pem(texts) => {
                let read = texts.iter().filter_map(|pem| public_pem::read(pem).ok());
                read.collect()
            }
            KeySource::Jwks(_)
            | KeySource::JwksUrl(_)
            | KeySource::DiscoveryUrl(_)
            | KeySource::Secret => Vec::new(),
        };
        Self {
            issuer,
            rules,
            keys,
        }
    }

    /// Whether each key in PEM is one.
    pub fn can_read_keys(issuer: &TrustedIssuer) -> bool {
        match &issuer.keys {
            KeySource::Pem(texts) => texts.iter().all(|pem| public_pem::read(pem).is_ok()),
            KeySource::Jwks(_)
            | KeySource::JwksUrl(_)
            | KeySource::DiscoveryUrl(_)
            | KeySource::Secret => true,
        }
    }

    /// The exact `iss` of its tokens, where it is known beforehand.
    pub fn expected_issuer(&self) -> Option<&str> {
        match &self.issuer.keys {
            KeySource::DiscoveryUrl(remote) => Some(&remote.url),
            KeySource::Pem(_) | KeySource::Jwks(_) | KeySource::JwksUrl(_) | KeySource::Secret => {
                self.issuer.issuer.as_deref()
            }
        }
    }

    /// The keys in PEM that can verify signatures of this algorithm.
    pub(super) fn static_keys(&self, algorithm: Algorithm) -> impl Iterator<Item = &PublicJwk> {
        self.keys.iter().filter(move |key| key.suits(algorithm))
    }

    /// What each of the rules comes to, in order.
    pub fn verdicts<'a>(
        &'a self,
        attributes: &'a Attributes,
        declared: &'a Declared,
        terms: Terms,
    ) -> impl Iterator<Item = (&'a BindingRule, Verdict)> {
        self.rules
            .iter()
            .map(move |rule| (&rule.rule, rule.apply(attributes, declared, terms)))
    }
}

/// What is given where these verdicts were reached.
pub fn unite<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Bound {
    let mut bound = Bound::default();
    for verdict in verdicts {
        if let Verdict::Gives(identity) = verdict {
            bound.add(identity.clone());
        }
    }
    bound
}

/// All trusted issuers, and the roles and policies that their rules can give.
#[derive(Debug, Default)]
pub struct Trust {
    by_name: HashMap<String, Arc<Trusted>>,
    /// Roles and policies that an operator declared.
    pub declared: Declared,
    /// The ids of rules that cannot be read any more, and why.
    pub unreadable: Vec<(String, RuleError)>,
}

impl Trust {
    /// Puts them together. A rule that cannot be read any more gives nothing.
    pub fn new(issuers: Vec<TrustedIssuer>, rules: Vec<BindingRule>, declared: Declared) -> Self {
        let mut of_issuer: HashMap<String, Vec<BindingRule>> = HashMap::new();
        for rule in rules {
            let name = rule.trusted_issuer.as_str().to_owned();
            of_issuer.entry(name).or_default().push(rule);
        }
        let mut trust = Self {
            declared,
            ..Self::default()
        };
        for issuer in issuers {
            let name = issuer.name.as_str().to_owned();
            let mut rules = Vec::new();
            for rule in of_issuer.remove(&name).unwrap_or_default() {
                let id = rule.id.clone();
                match ReadRule::new(rule, &issuer.claim_mappings) {
                    Ok(rule) => rules.push(rule),
                    Err(error) => trust.unreadable.push((id, error)),
                }
            }
            let trusted = Arc::new(Trusted::new(issuer, rules));
            trust.by_name.insert(name, trusted);
        }
        trust
    }

    /// The enabled one of that name.
    pub fn find(&self, name: &str) -> Option<&Arc<Trusted>> {
        self.by_name.get(name).filter(|it| !it.issuer.disabled)
    }

    /// The enabled ones whose tokens have that `iss`.
    pub fn of_issuer<'a>(&'a self, issuer: &'a str) -> impl Iterator<Item = &'a Arc<Trusted>> {
        self.by_name
            .values()
            .filter(move |it| !it.issuer.disabled && it.expected_issuer() == Some(issuer))
    }
}
