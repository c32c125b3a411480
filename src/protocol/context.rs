//! What a rule may know besides its request: the time, randomness, the issuer, the policy, the clients and
//! the keys under which tokens are digested. First argument everywhere; nothing is ambient.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::{Digest, DigestKey, RootKey};
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::random::RandomSource;
use crate::crypto::seal::SealingKey;
use crate::crypto::secret::{Secret, SecretBytes};
use crate::protocol::agents::AgentPolicy;
use crate::protocol::authorize::acr::ContextClass;
use crate::protocol::client::Client;
use crate::protocol::client_key_set::KeySetDefaults;
use crate::protocol::dynamic_registration::RegistrationPolicy;
use crate::protocol::personal_token::PersonalTokenPolicy;
use crate::protocol::refresh_policy::RefreshRotation;
use crate::protocol::trust::directory::Trusted;
use crate::protocol::trust::issuer::IssuerName;
use crate::protocol::verification::ForwardAuthPolicy;

/// Seconds since 1970-01-01 UTC.
pub type Timestamp = i64;

/// The clients as they are right now, without a database read.
pub trait ClientDirectory {
    /// The client of that id, enabled or not.
    fn client(&self, client_id: &str) -> Option<Arc<Client>>;

    /// The keys that a client publishes at this address, as far as they were read.
    fn published_keys(&self, jwks_uri: &str) -> PublishedKeys;

    /// The enabled trusted issuer of that name; a directory that knows none has no more to say.
    fn trusted_issuer(&self, _name: &str) -> Option<Arc<Trusted>> {
        None
    }
}

/// Keys that a client publishes.
#[derive(Clone, Debug, Default)]
pub struct PublishedKeys {
    /// What was read last; `None`: nothing that still holds.
    pub keys: Option<Arc<JwkSet>>,
    /// Whether reading them again may bring others; false for a while after each try.
    pub may_ask_again: bool,
}

/// Lifetimes in seconds, and what the deployment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Life of an access token.
    pub access_token_lifetime: i64,
    /// Life of an ID token.
    pub id_token_lifetime: i64,
    /// Life of an authorization code, at most 60 by default (OAuth 2.1 §4.1.2).
    pub code_lifetime: i64,
    /// Life of an authorization request while the person signs in.
    pub request_lifetime: i64,
    /// A refresh token family dies when it was not used for so long.
    pub refresh_idle_lifetime: i64,
    /// A refresh token family dies at this age.
    pub refresh_absolute_lifetime: i64,
    /// Within so many seconds a repeated refresh gets the identical answer; 0 turns it off.
    pub retry_window: i64,
    /// What a refresh does to the refresh token of a client that has no mode of its own.
    pub refresh_rotation: RefreshRotation,
    /// A browser session ends when it was not used for so long.
    pub session_idle_lifetime: i64,
    /// A browser session ends at this age.
    pub session_absolute_lifetime: i64,
    /// The authentication context classes that a sign-in reaches, the strongest last (OpenID Connect Core §2, `acr`).
    pub acr_values: Vec<ContextClass>,
    /// Who may register clients.
    pub registration: RegistrationPolicy,
    /// What people may do with their accounts.
    pub accounts: AccountPolicy,
    /// What holds for agents.
    pub agents: AgentPolicy,
    /// What holds for clients with keys of their own that this server keeps.
    pub key_sets: KeySetDefaults,
    /// Whether the authorization endpoint gives out tokens: the implicit and the hybrid flow.
    pub front_channel_tokens: bool,
    /// Whether and how programs that speak with Consul are served.
    pub consul: ConsulPolicy,
    /// Which requests may pass a proxy.
    pub forward_auth: ForwardAuthPolicy,
    /// What stands in for `cc-backend`.
    pub cluster_cockpit: ClusterCockpitPolicy,
    /// Tokens that people have for scripts.
    pub personal_tokens: PersonalTokenPolicy,
    /// Signs access tokens.
    pub access_token_algorithm: crate::crypto::algorithm::Algorithm,
}

/// Whether and how programs that speak with Consul are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsulPolicy {
    /// At all.
    pub enabled: bool,
    /// With what Consul does about absent claims, malformed names and audiences as well.
    pub strict_compat: bool,
}

/// What people may do with accounts by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountPolicy {
    /// Make one (Initiating User Registration via OpenID Connect 1.0).
    pub sign_up: bool,
    /// Enter another e-mail address; it counts as not verified.
    pub change_email: bool,
}

/// Paths and commands as `cc-backend` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterCockpitPolicy {
    /// Whether there are any.
    pub enabled: bool,
    /// The life of their tokens, in seconds.
    pub max_age: i64,
}

impl Default for ClusterCockpitPolicy {
    fn default() -> Self {
        Self {
            enabled: false,
            max_age: 30 * 86_400,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access_token_lifetime: 300,
            id_token_lifetime: 300,
            code_lifetime: 60,
            request_lifetime: 3600,
            refresh_idle_lifetime: 30 * 86_400,
            refresh_absolute_lifetime: 90 * 86_400,
            retry_window: 10,
            refresh_rotation: RefreshRotation::Tolerant,
            session_idle_lifetime: 86_400,
            session_absolute_lifetime: 30 * 86_400,
            // OpenID Connect Core §2: 0 is less than level 1 of ISO/IEC 29115, which a password reaches.
            acr_values: ["0", "1"].map(ContextClass::of_any_age).into(),
            registration: RegistrationPolicy::default(),
            accounts: AccountPolicy::default(),
            agents: AgentPolicy::default(),
            key_sets: KeySetDefaults::default(),
            front_channel_tokens: false,
            consul: ConsulPolicy::default(),
            forward_auth: ForwardAuthPolicy::default(),
            cluster_cockpit: ClusterCockpitPolicy::default(),
            personal_tokens: PersonalTokenPolicy::default(),
            access_token_algorithm: crate::crypto::algorithm::Algorithm::Es256,
        }
    }
}

/// The keyed digests under which bearer-like values are stored; one key a purpose.
#[derive(Debug)]
pub struct TokenKeys {
    refresh_mac: DigestKey,
    refresh: DigestKey,
    code: DigestKey,
    session: DigestKey,
    request: DigestKey,
    client_secret: DigestKey,
    link: DigestKey,
    registration: DigestKey,
    form: DigestKey,
    assertion: DigestKey,
    client_secret_seal: SealingKey,
    client_key_seal: SealingKey,
    browser_state: DigestKey,
    pairwise: DigestKey,
    trusted_assertion: DigestKey,
    reference: DigestKey,
    trust_secret_seal: SealingKey,
}

impl TokenKeys {
    /// Derives all of them from the root key.
    pub fn derive(root: &RootKey) -> Self {
        Self {
            refresh_mac: root.digest_key("refresh token mac"),
            refresh: root.digest_key("refresh token"),
            code: root.digest_key("authorization code"),
            session: root.digest_key("session"),
            request: root.digest_key("authorization request"),
            client_secret: root.digest_key("client secret"),
            link: root.digest_key("one-time link"),
            registration: root.digest_key("registration access token"),
            form: root.digest_key("form"),
            assertion: root.digest_key("client assertion"),
            client_secret_seal: root.sealing_key("client secret"),
            client_key_seal: root.sealing_key("client key"),
            browser_state: root.digest_key("browser state"),
            pairwise: root.digest_key("pairwise subject"),
            trusted_assertion: root.digest_key("assertion of a trusted issuer"),
            reference: root.digest_key("reference token"),
            trust_secret_seal: root.sealing_key("secret of a trusted issuer"),
        }
    }

    /// Makes and recognises refresh tokens.
    pub(crate) fn refresh_mac(&self) -> &DigestKey {
        &self.refresh_mac
    }

    /// Digest of a refresh token.
    pub fn refresh_digest(&self, token: &str) -> Digest {
        self.refresh.digest(token.as_bytes())
    }

    /// Digest of an authorization code.
    pub fn code_digest(&self, code: &str) -> Digest {
        self.code.digest(code.as_bytes())
    }

    /// Digest of a session cookie, or of the cookie that binds a request to a browser.
    pub fn session_digest(&self, cookie: &str) -> Digest {
        self.session.digest(cookie.as_bytes())
    }

    /// Digest of the handle of a stored authorization request.
    pub fn request_digest(&self, handle: &str) -> Digest {
        self.request.digest(handle.as_bytes())
    }

    /// Digest of a generated client secret.
    pub fn client_secret_digest(&self, secret: &str) -> Digest {
        self.client_secret.digest(secret.as_bytes())
    }

    /// The secret of a client that signs with it, encrypted for that client.
    pub fn seal_client_secret(
        &self,
        client_id: &str,
        secret: &Secret,
        random: &dyn RandomSource,
    ) -> Vec<u8> {
        let place = sealed_place(client_id);
        let plaintext = secret.expose().as_bytes();
        self.client_secret_seal.seal(&place, plaintext, random)
    }

    /// What [`TokenKeys::seal_client_secret`] sealed for that client.
    pub fn open_client_secret(&self, client_id: &str, sealed: &[u8]) -> Option<SecretBytes> {
        let place = sealed_place(client_id);
        self.client_secret_seal.open(&place, sealed).ok()
    }

    /// A private key that is held for a client, encrypted.
    pub(crate) fn seal_client_key(
        &self,
        kid: &str,
        private: &SecretBytes,
        random: &dyn RandomSource,
    ) -> Vec<u8> {
        let place = client_key_place(kid);
        self.client_key_seal.seal(&place, private.expose(), random)
    }

    /// What [`TokenKeys::seal_client_key`] sealed.
    pub(crate) fn open_client_key(&self, kid: &str, sealed: &[u8]) -> Option<SecretBytes> {
        self.client_key_seal
            .open(&client_key_place(kid), sealed)
            .ok()
    }

    /// Digest of a one-time link.
    pub fn link_digest(&self, token: &str) -> Digest {
        self.link.digest(token.as_bytes())
    }

    /// Digest of a registration access token.
    pub fn registration_digest(&self, token: &str) -> Digest {
        self.registration.digest(token.as_bytes())
    }

    /// Digest of the `jti` of a client's assertion.
    pub fn assertion_digest(&self, client_id: &str, jti: &str) -> Digest {
        // No client identifier has a blank.
        self.assertion
            .digest(format!("{client_id} {jti}").as_bytes())
    }

    /// Digest of the `jti` of a trusted issuer's token.
    pub fn trusted_assertion_digest(&self, issuer: &IssuerName, jti: &str) -> Digest {
        // No name of an issuer has a blank.
        self.trusted_assertion
            .digest(format!("{issuer} {jti}").as_bytes())
    }

    /// Digest of a reference token.
    pub fn reference_digest(&self, token: &str) -> Digest {
        self.reference.digest(token.as_bytes())
    }

    /// The secret that a trusted issuer signs with, encrypted for that issuer.
    pub fn seal_trust_secret(
        &self,
        issuer: &IssuerName,
        secret: &SecretBytes,
        random: &dyn RandomSource,
    ) -> Vec<u8> {
        let place = trust_place(issuer);
        self.trust_secret_seal.seal(&place, secret.expose(), random)
    }

    /// What [`TokenKeys::seal_trust_secret`] sealed for that issuer.
    pub fn open_trust_secret(&self, issuer: &IssuerName, sealed: &[u8]) -> Option<SecretBytes> {
        self.trust_secret_seal
            .open(&trust_place(issuer), sealed)
            .ok()
    }

    /// What a browser says of its session to scripts of this server.
    pub(crate) fn browser_state(&self, session: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.browser_state.mac(&[session.as_bytes()]))
    }

    /// Makes pairwise subject identifiers.
    pub(crate) fn pairwise(&self) -> &DigestKey {
        &self.pairwise
    }

    /// The value of a hidden form field that only a page of ours, in this browser, can carry.
    pub fn form_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.form.mac(parts)
    }
}

fn sealed_place(client_id: &str) -> String {
    format!("client_secrets.sealed/{client_id}")
}

fn trust_place(issuer: &IssuerName) -> String {
    format!("trusted_issuers.sealed_secret/{issuer}")
}

fn client_key_place(kid: &str) -> String {
    format!("client_keys.sealed/{kid}")
}

/// First argument of every rule.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time of the request.
    pub now: Timestamp,
    /// Where new secrets come from.
    pub random: &'a dyn RandomSource,
    /// The issuer identifier, without a trailing slash.
    pub issuer: &'a str,
    /// Lifetimes and permissions.
    pub policy: &'a Policy,
    /// The registered clients.
    pub clients: &'a dyn ClientDirectory,
    /// Digest keys.
    pub keys: &'a TokenKeys,
}
