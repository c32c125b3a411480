//! An installation with one client and one person, and sign-ins that are written straight into its database: as many
//! as an experiment needs, without a password hash for each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use issuant::crypto::random::{SystemRandom, random_bytes, random_identifier};
use issuant::crypto::secret::Secret;
use issuant::identity::store::{Session, Sessions as _};
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::error::Fault;
use issuant::protocol::store::{AuthorizationCode, AuthorizationCodes as _, TokenFamilies as _};
use issuant::protocol::tokens::family::{Family, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::server::clock;
use issuant::storage::Transaction;

use crate::faults::wire;
use crate::support::server_process::Installation;

const CLIENT: &str = "app";
const PASSWORD: &str = "copper lantern drifts north";
const REDIRECT_URI: &str = "http://127.0.0.1/callback";
const SCOPE: &str = "read offline_access";
const DAY: i64 = 86_400;

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The installation, and what its client knows.
pub(crate) struct Stage {
    pub(crate) installation: Installation,
    authorization: String,
    subject: String,
    session: String,
}

impl Stage {
    /// Registers the client and the person.
    pub(crate) fn new(mut installation: Installation) -> Self {
        // Refusals are what these experiments are about: told one by one they would fill the memory of the tests.
        installation
            .variables
            .push(("ISSUANT_LOG_LEVEL", "error".into()));
        let mut create = vec!["client", "create", CLIENT, "--show-secret"];
        create.extend(["--redirect-uri", REDIRECT_URI, "--scope", SCOPE]);
        for grant in ["client_credentials", "authorization_code", "refresh_token"] {
            create.extend(["--grant", grant]);
        }
        // A generated secret, because a chosen one costs a password hash for each request.
        let secret = installation.run(&create, "")["client_secret"].take();
        let basic = STANDARD.encode(format!("{CLIENT}:{}", secret.as_str().unwrap()));
        let person = ["user", "create", "maya", "--password-file", "-"];
        let subject = installation.run(&person, PASSWORD)["sub"].take();
        let stage = Self {
            installation,
            authorization: format!("Basic {basic}"),
            subject: subject.as_str().unwrap().to_owned(),
            session: random_identifier(&SystemRandom),
        };
        let session = stage.session();
        stage.write(move |transaction| Ok(transaction.add_session(&session)?));
        stage
    }

    /// The refresh tokens of so many new sign-ins.
    pub(crate) fn refresh_tokens(&self, count: usize) -> Vec<String> {
        let keys = self.installation.token_keys();
        let now = clock::now();
        let (mut families, mut tokens) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let id = FamilyId(random_bytes(&SystemRandom));
            let (rotation, token) = Rotation::first(id, &SystemRandom, &keys, now, now + DAY);
            families.push(family(id, rotation, &self.subject));
            tokens.push(token.expose().to_owned());
        }
        self.write(move |transaction| {
            families
                .iter()
                .try_for_each(|family| transaction.add_family(family))?;
            Ok(())
        });
        tokens
    }

    /// So many new authorization codes.
    pub(crate) fn codes(&self, count: usize) -> Vec<String> {
        let keys = self.installation.token_keys();
        let (mut codes, mut texts) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let text = Secret::generate(&SystemRandom, "iac_");
            codes.push(AuthorizationCode {
                digest: keys.code_digest(text.expose()),
                ..self.code()
            });
            texts.push(text.expose().to_owned());
        }
        self.write(move |transaction| {
            codes
                .iter()
                .try_for_each(|code| transaction.add_code(code))?;
            Ok(())
        });
        texts
    }

    /// A request of the client, whole.
    pub(crate) fn request(&self, path: &str, fields: &[(&str, &str)]) -> String {
        wire::request(path, &self.authorization, fields)
    }

    /// The request that redeems a code.
    pub(crate) fn redeeming(&self, code: &str) -> String {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.request("/token", &fields)
    }

    /// The request that uses a refresh token.
    pub(crate) fn refreshing(&self, token: &str) -> String {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.request("/token", &fields)
    }

    /// The request that asks whether a token is good.
    pub(crate) fn introspecting(&self, token: &str) -> String {
        self.request("/introspect", &[("token", token)])
    }

    fn code(&self) -> AuthorizationCode {
        let now = clock::now();
        AuthorizationCode {
            digest: issuant::crypto::digest::Digest::from_bytes([0; 32]),
            family: FamilyId(random_bytes(&SystemRandom)),
            client_id: CLIENT.parse().unwrap(),
            redirect_uri: REDIRECT_URI.to_owned(),
            redirect_uri_was_received: true,
            code_challenge: Some(CHALLENGE.to_owned()),
            subject: self.subject.clone(),
            session: self.session.clone(),
            scope: SCOPE.parse().unwrap(),
            nonce: None,
            claims: RequestedClaims::default(),
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            // An experiment may take longer than a code usually lives.
            expires_at: now + DAY,
            redeemed_at: None,
        }
    }

    fn session(&self) -> Session {
        let now = clock::now();
        Session {
            id: self.session.clone(),
            cookie: issuant::crypto::digest::Digest::from_bytes(random_bytes(&SystemRandom)),
            subject: self.subject.clone(),
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            created_at: now,
            last_seen_at: now,
            expires_at: now + DAY,
            user_agent: "Browser/1".to_owned(),
            address: "127.0.0.1".to_owned(),
        }
    }

    fn write(&self, rule: impl FnOnce(&mut Transaction) -> Result<(), Fault> + Send + 'static) {
        let storage = self.installation.storage();
        storage.write_blocking(rule).unwrap();
        storage.close();
    }
}

/// A sign-in that outlives its browser session.
pub(crate) fn family(id: FamilyId, rotation: Rotation, subject: &str) -> Family {
    let now = clock::now();
    Family {
        id,
        client_id: CLIENT.parse().unwrap(),
        subject: Some(subject.to_owned()),
        session: None,
        scope: SCOPE.parse().unwrap(),
        audience: vec!["https://api.example".to_owned()],
        claims: RequestedClaims::default(),
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        created_at: now,
        expires_at: now + DAY,
        revoked: None,
        rotation,
    }
}
