//! What happened, counted for operators, in the text format of Prometheus.
//!
//! Owns the counters of what the rules decided. What the database measures of itself, it names itself. No label holds a
//! name of a client or a person, so their number is bounded.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::protocol::catalogue;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::Refusal;
use crate::protocol::tokens::family::RotationEvent;
use crate::storage::Storage;

/// One label.
type Label = [(&'static str, &'static str); 1];

/// Two.
type Labels = [(&'static str, &'static str); 2];

/// Counters, and the registry that names them.
pub struct Metrics {
    registry: Registry,
    tokens_issued: Family<Labels, Counter>,
    agents_served: Histogram,
    rotations: Family<Label, Counter>,
    promotions: Family<Label, Counter>,
    personal_tokens_issued: Counter,
    refresh_reuse: Counter,
    code_reuse: Counter,
    families_live: Gauge,
}

impl Metrics {
    /// All at zero.
    pub fn new(storage: &Storage) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("issuant"),
            tokens_issued: Family::default(),
            agents_served: Histogram::new(BUCKETS),
            rotations: Family::default(),
            promotions: Family::default(),
            personal_tokens_issued: Counter::default(),
            refresh_reuse: Counter::default(),
            code_reuse: Counter::default(),
            families_live: Gauge::default(),
        };
        // A series that is there from the beginning shows its first event as an increase.
        for grant in GrantType::ALL {
            for kind in [CLIENT, AGENT] {
                let labels = by_grant(grant, kind);
                metrics.tokens_issued.get_or_create(&labels).inc_by(0);
            }
        }
        for event in RotationEvent::ALL {
            metrics.rotations.get_or_create(&by_event(event)).inc_by(0);
        }
        for by in [BY_REFRESH_TOKEN, BY_ACCESS_TOKEN] {
            metrics.promotions.get_or_create(&by).inc_by(0);
        }
        metrics.register(storage);
        metrics
    }

    fn register(&mut self, storage: &Storage) {
        let registry = &mut self.registry;
        registry.register(
            "tokens_issued",
            "Token responses by grant and kind of client",
            self.tokens_issued.clone(),
        );
        registry.register_with_unit(
            "token_issue_duration",
            "How long answers with tokens for agents took",
            Unit::Seconds,
            self.agents_served.clone(),
        );
        registry.register(
            "refresh_rotations",
            "Refreshes by what they did; repeated is a retry inside the window",
            self.rotations.clone(),
        );
        registry.register(
            "refresh_promotions",
            "Successors that became current, by what showed that they had arrived",
            self.promotions.clone(),
        );
        registry.register(
            "personal_tokens_issued",
            "Personal access tokens that people made by themselves",
            self.personal_tokens_issued.clone(),
        );
        registry.register(
            "refresh_reuse",
            "Sign-ins revoked because a replaced refresh token was used: theft",
            self.refresh_reuse.clone(),
        );
        registry.register(
            "code_reuse",
            "Authorization codes that were used again",
            self.code_reuse.clone(),
        );
        registry.register(
            "families_live",
            "Sign-ins of clients that are neither revoked nor expired, counted once a minute",
            self.families_live.clone(),
        );
        storage.register_metrics(registry);
    }

    /// A token response leaves, to a client where there is one.
    pub fn issued(
        &self,
        grant: GrantType,
        client: Option<&Client>,
        rotation: Option<RotationEvent>,
    ) {
        let is_agent = client.is_some_and(Client::is_agent);
        let kind = if is_agent { AGENT } else { CLIENT };
        let labels = by_grant(grant, kind);
        self.tokens_issued.get_or_create(&labels).inc();
        let Some(event) = rotation else {
            return;
        };
        self.rotations.get_or_create(&by_event(event)).inc();
        if event == RotationEvent::Promoted {
            self.promotions.get_or_create(&BY_REFRESH_TOKEN).inc();
        }
    }

    /// An agent got what it asked for, after so long.
    pub(crate) fn agent_served(&self, took: Duration) {
        self.agents_served.observe(took.as_secs_f64());
    }

    /// An access token showed that a pending refresh token had arrived.
    pub fn promoted(&self) {
        self.promotions.get_or_create(&BY_ACCESS_TOKEN).inc();
    }

    /// A person made a token for a script.
    pub fn personal_token_issued(&self) {
        self.personal_tokens_issued.inc();
    }

    /// A request was refused.
    pub fn refused(&self, refusal: Refusal) {
        if refusal == Refusal::new(&catalogue::REFRESH_REUSED) {
            self.refresh_reuse.inc();
        } else if refusal == Refusal::new(&catalogue::CODE_USED) {
            self.code_reuse.inc();
        }
    }

    /// So many families live.
    pub fn families(&self, live: i64) {
        self.families_live.set(live);
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// Never, as long as text can be written into memory.
    pub fn text(&self, storage: &Storage) -> Result<String, std::fmt::Error> {
        storage.measure();
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn by_grant(grant: GrantType, kind: &'static str) -> Labels {
    [("grant", grant.as_str()), ("kind", kind)]
}

fn by_event(event: RotationEvent) -> Label {
    [("event", event.as_str())]
}

const CLIENT: &str = "client";
const AGENT: &str = "agent";
/// Seconds.
const BUCKETS: [f64; 10] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
];
const BY_REFRESH_TOKEN: Label = [("by", "refresh_token")];
const BY_ACCESS_TOKEN: Label = [("by", "access_token")];
