//! `issuant client create`.

use clap::Args;
use serde_json::Value;

use crate::cli::answer::{Answer, fields};
use crate::cli::client::refresh::RefreshFlags;
use crate::cli::client::view::{self, Made};
use crate::cli::client::{algorithms, check_sector, doubts, refuse_contradictions, secret};
use crate::cli::failure::{self, Failure};
use crate::cli::secrets::NewSecret;
use crate::cli::{Session, parse};
use crate::config::Config;
use crate::crypto::algorithm::Algorithm;
use crate::http::urls;
use crate::protocol::change::Change;
use crate::protocol::client::{AuthenticationMethod, Client, ClientId, ClientSecret, GrantType};
use crate::protocol::client_metadata::{ClientKind, ClientMetadata};
use crate::protocol::context::Timestamp;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::refresh_policy::RefreshOverrides;
use crate::protocol::registration;
use crate::protocol::scope::Scope;

/// Register a client
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant client create reports --grant client_credentials --scope \"read write\" --show-secret
  issuant client create shop --redirect-uri https://shop.example/callback --out shop.secret
  issuant client create phone --redirect-uri com.example.phone:/callback --auth-method none
  issuant client create bank --redirect-uri https://bank.example/cb --refresh-rotation none --refresh-idle 7d --out bank.secret
  issuant client create shop --redirect-uri https://shop.example/callback --secret-file - < secret.txt
  issuant client create press-7 --agent --audience https://api.example --out press-7.secret",
    after_long_help = "\
What is left out is chosen like this:
  --grant               authorization_code and refresh_token with a redirect URI; client_credentials and refresh_token
                        with --agent; else client_credentials
  --scope               \"openid profile email offline_access\" with authorization_code, else none
  --auth-method         client_secret_basic; private_key_jwt needs keys in --metadata, as {\"jwks_uri\":\"https://…\"};
                        client_secret_jwt signs with the secret, which is kept encrypted instead of its digest;
                        none makes a public client, for apps that cannot keep a secret
  --id-token-algorithm  ES256; RS256 for old libraries
  the secret            made here and shown once; only a digest of it is stored
  refresh settings      those of the server; --refresh-rotation takes
                          tolerant  a successor replaces a refresh token once it was used
                          strict    a refresh token is good once, and a lost response ends the sign-in
                          none      the refresh token stays the same; not with --auth-method none
--metadata takes, among others, where the client hears of sign-outs:
  backchannel_logout_uri   a logout token is posted there; issuant logout list shows what became of it
  frontchannel_logout_uri  opened in a frame after signing out; with scheme, host and port of a redirect URI
and under which identifiers it knows people:
  subject_type             pairwise: others than clients of other hosts do; public is the default
  sector_identifier_uri    where a JSON array of all redirect URIs stands, if those have several hosts; it is read now
and of an agent, whose API key is its ID and its secret:
  agent_id                 the sub of its tokens, where that is not its ID
and who acts for whom (RFC 8693):
  token_exchange           {\"audiences\":[…],\"impersonation\":false}, with the grant token-exchange: for whom it gets tokens
  may_act                  {\"sub\":\"ID\"}: the one party that may act for whom its tokens speak of
and how answers are encrypted to a key of its jwks or jwks_uri:
  id_token_encrypted_response_alg   RSA-OAEP, RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A192KW or ECDH-ES+A256KW
  id_token_encrypted_response_enc   A128CBC-HS256, which is the default, A256CBC-HS512, A128GCM, A192GCM or A256GCM
  userinfo_encrypted_response_alg, userinfo_encrypted_response_enc   the same for userinfo
PKCE and a consent page are demanded unless switched off. A running server notices within a second."
)]
pub(crate) struct Create {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
    /// Name that people read on the consent page
    #[arg(long, value_parser = parse::display_name)]
    name: Option<String>,
    /// Grant that the client may use; may be repeated
    #[arg(long = "grant", value_name = "GRANT", value_parser = parse::grant())]
    grants: Vec<GrantType>,
    /// Where codes may be sent, compared exactly; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<RegisteredRedirectUri>,
    /// Where a browser may go after signing out; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<RegisteredRedirectUri>,
    /// The most it may be granted, separated by blanks
    #[arg(long, value_name = "SCOPE")]
    scope: Option<Scope>,
    /// How it authenticates
    #[arg(long, value_name = "METHOD", value_parser = parse::authentication_method())]
    auth_method: Option<AuthenticationMethod>,
    /// Audience of its access tokens, instead of the issuer; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE", value_parser = parse::audience)]
    audiences: Vec<String>,
    /// Signs its ID tokens
    #[arg(long, value_name = "ALGORITHM", value_parser = parse::algorithm())]
    id_token_algorithm: Option<Algorithm>,
    /// Allow authorization requests without PKCE
    #[arg(long)]
    no_pkce: bool,
    /// Do not ask people for consent: for your own applications
    #[arg(long)]
    no_consent: bool,
    /// It is an agent: it gets pairs of tokens for its API key, as at Fleet Server
    #[arg(long)]
    agent: bool,
    /// Members of RFC 7591 and OpenID Connect Registration, as a JSON object
    #[arg(long, value_name = "JSON")]
    metadata: Option<Change<ClientMetadata>>,
    #[command(flatten)]
    refresh: RefreshFlags,
    #[command(flatten)]
    secret: NewSecret,
}

impl Create {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let method = self.auth_method;
        let method = method.unwrap_or(AuthenticationMethod::ClientSecretBasic);
        if method.uses_secrets() {
            self.secret.check_visible(session.output)?;
        } else {
            self.refuse_secret(method)?;
        }
        let local = session.open()?;
        let brought = self.secret.brought()?;
        let file = self.secret.open_file()?;
        let made = if method.uses_secrets() {
            Some(secret::make(&local, (&self.id, method), brought, None)?)
        } else {
            None
        };
        let stored = made.iter().map(|made| made.stored.clone()).collect();
        let show = self.secret.show_secret || session.output.stdout_is_terminal;
        let config = local.config.clone();
        let of = config.clone();
        let algorithms = local.read(move |transaction| Ok(algorithms(transaction, &of)?))?;
        let client = self.describe(stored, &algorithms, local.now);
        refuse_contradictions(&client, &algorithms, &config.policy)?;
        check_sector(&config, &client)?;
        let doubts = doubts(&client);
        let client = local.write(move |transaction| {
            if transaction.client(&client.id)?.is_some() {
                return Err(exists(&client.id).into());
            }
            transaction.add_client(&client)?;
            Ok(client)
        })?;
        let shown = match (made.and_then(|made| made.generated), file) {
            (Some(secret), Some(file)) => Made::InFile(file.fill(&secret)?),
            (Some(secret), None) if show => Made::Shown(secret),
            (Some(_) | None, _) => Made::Nowhere,
        };
        Ok(answer(&client, &shown, &config).warn(doubts))
    }

    fn refuse_secret(&self, method: AuthenticationMethod) -> Result<(), Failure> {
        if self.secret.secret_file.is_none() && self.secret.out.is_none() {
            return Ok(());
        }
        let method = method.as_str();
        let message = format!("a client that authenticates with {method} has no secret");
        Err(Failure::new(&failure::VALUE, message))
    }

    fn describe(
        self,
        secrets: Vec<ClientSecret>,
        algorithms: &[Algorithm],
        now: Timestamp,
    ) -> Client {
        let mut grants = self.grants;
        if grants.is_empty() {
            grants = if self.agent {
                vec![GrantType::ClientCredentials, GrantType::RefreshToken]
            } else {
                registration::usual_grants(!self.redirect_uris.is_empty())
            };
        }
        grants.sort_unstable();
        grants.dedup();
        let metadata = ClientMetadata {
            kind: self.agent.then_some(ClientKind::Agent),
            ..ClientMetadata::default()
        };
        let metadata = match self.metadata {
            Some(change) => change.apply(metadata),
            None => metadata,
        };
        Client {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: self.id,
            authentication_method: self
                .auth_method
                .unwrap_or(AuthenticationMethod::ClientSecretBasic),
            secrets,
            scope: self.scope.unwrap_or_else(|| {
                registration::usual_scope(&grants)
                    .split(' ')
                    .filter(|token| !token.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
            grants,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self
                .post_logout_redirect_uris
                .iter()
                .map(ToString::to_string)
                .collect(),
            audiences: self.audiences,
            id_token_algorithm: self
                .id_token_algorithm
                .unwrap_or_else(|| registration::usual_id_token_algorithm(algorithms)),
            requires_pkce: !self.no_pkce,
            requires_consent: !self.no_consent,
            metadata,
            refresh: self.refresh.apply(RefreshOverrides::default()),
            dynamic: None,
            disabled: false,
            created_at: now,
            updated_at: now,
        }
    }
}

fn exists(id: &ClientId) -> Failure {
    Failure::new(
        &failure::EXISTS,
        format!("there is a client `{id}` already"),
    )
    .hint(format!(
        "Change it with: issuant client set {id}, or choose another id."
    ))
}

fn answer(client: &Client, made: &Made, config: &Config) -> Answer {
    let mut data = view::json(client);
    if let (Made::Shown(secret), Value::Object(members)) = (made, &mut data) {
        members.insert("client_secret".to_owned(), secret.expose().into());
    }
    let mut pairs = view::pairs(client);
    if let Some(line) = made.line() {
        pairs.insert(1, ("secret", line));
    }
    let mut answer =
        Answer::new(data, fields(&pairs)).say(format!("Registered the client {}.", client.id));
    if client.signs_people_in() {
        answer = answer.say(format!(
            "next:  give the application the issuer {} and the client id {}",
            config.issuer, client.id
        ));
    }
    let sends_secret = matches!(
        client.authentication_method,
        AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost
    );
    if client.may_use(GrantType::ClientCredentials) && sends_secret {
        answer = answer.say(format!(
            "next:  curl -u {} -d grant_type=client_credentials {}{}",
            client.id,
            config.issuer,
            urls::TOKEN
        ));
    }
    answer
}
