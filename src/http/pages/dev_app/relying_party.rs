//! The relying party behind `/dev/app`: an ordinary client library that knows nothing but the issuer's address,
//! and reaches this server over HTTP like everybody else.

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreIdTokenClaims,
    CoreIdTokenVerifier, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, CsrfToken, EmptyAdditionalClaims,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    Scope, TokenResponse as _, UserInfoClaims,
};

use crate::fetch::{Itself, ItselfError};
use crate::http::urls;

/// The client that `issuant dev` registers.
pub const CLIENT_ID: &str = "demo-app";

/// What the demo application asks for.
pub const SCOPES: [&str; 3] = ["profile", "email", "offline_access"];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A sign-in that has begun.
pub(super) struct Begun {
    /// Where the browser goes.
    pub(super) address: String,
    /// Comes back with the code.
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// What arrived, verified.
pub(super) struct Received {
    pub(super) claims: CoreIdTokenClaims,
    pub(super) checks: Vec<String>,
    pub(super) id_token: String,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) userinfo: serde_json::Value,
}

/// What went wrong, for the developer who looks at the page.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {cause}")]
pub(super) struct Trouble {
    doing: &'static str,
    cause: String,
}

fn while_doing<E: std::error::Error>(doing: &'static str) -> impl Fn(E) -> Trouble {
    move |error| {
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(next) = source {
            cause = format!("{cause}: {next}");
            source = next.source();
        }
        Trouble { doing, cause }
    }
}

/// The relying party.
pub struct RelyingParty {
    issuer: String,
    http: Itself,
}

impl RelyingParty {
    /// A relying party of that issuer.
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            http: Itself::default(),
        }
    }

    /// Where codes arrive.
    pub fn redirect_uri(&self) -> String {
        format!("{}{}", self.issuer, urls::DEV_APP_CALLBACK)
    }

    /// Begins a sign-in.
    pub(super) async fn begin(&self) -> Result<Begun, Trouble> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let state = state.secret().clone();
        Ok(Begun {
            address: address.to_string(),
            state,
            nonce,
            verifier,
        })
    }

    /// Redeems a code.
    pub(super) async fn redeem(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
    ) -> Result<Received, Trouble> {
        let client = self.client().await?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(while_doing("preparing the token request"))?
            .set_pkce_verifier(verifier)
            .request_async(&|request| self.send(request))
            .await
            .map_err(while_doing("redeeming the code"))?;
        let check = |received: Option<&Nonce>| match received {
            Some(received) if received.secret() == nonce.secret() => Ok(()),
            Some(_) | None => Err("the nonce is another one".to_owned()),
        };
        self.receive(&client, &tokens, check, "nonce is the one that was sent")
            .await
    }

    /// Uses a refresh token.
    pub(super) async fn refresh(&self, refresh_token: String) -> Result<Received, Trouble> {
        let client = self.client().await?;
        let tokens = client
            .exchange_refresh_token(&RefreshToken::new(refresh_token))
            .map_err(while_doing("preparing the token request"))?
            .request_async(&|request| self.send(request))
            .await
            .map_err(while_doing("refreshing"))?;
        let check = |received: Option<&Nonce>| match received {
            None => Ok(()),
            Some(_) => Err("a refreshed ID token repeats no nonce".to_owned()),
        };
        self.receive(&client, &tokens, check, "refreshed, so without a nonce")
            .await
    }

    async fn receive(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        check_nonce: impl Fn(Option<&Nonce>) -> Result<(), String>,
        nonce_check: &str,
    ) -> Result<Received, Trouble> {
        let missing = |what| Trouble {
            doing: "reading the token response",
            cause: what,
        };
        let id_token = tokens
            .id_token()
            .ok_or_else(|| missing("it has no ID token".to_owned()))?;
        let verifier = client.id_token_verifier();
        let claims = id_token
            .claims(&verifier, check_nonce)
            .map_err(while_doing("verifying the ID token"))?
            .clone();
        let algorithm = check_hash(id_token, &verifier, &claims, tokens.access_token())?;
        let userinfo = self.userinfo(client, tokens, &claims).await?;
        Ok(Received {
            checks: vec![
                format!(
                    "signature is good: {algorithm}, with a key from {}",
                    urls::JWKS
                ),
                format!("issuer is {}", self.issuer),
                format!("audience is {CLIENT_ID}"),
                nonce_check.to_owned(),
                "at_hash fits the access token".to_owned(),
                "userinfo speaks of the same sub".to_owned(),
            ],
            claims,
            id_token: id_token.to_string(),
            access_token: tokens.access_token().secret().clone(),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
            userinfo,
        })
    }

    async fn userinfo(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<serde_json::Value, Trouble> {
        let userinfo: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = client
            .user_info(
                tokens.access_token().clone(),
                Some(claims.subject().clone()),
            )
            .map_err(while_doing("preparing the userinfo request"))?
            .request_async(&|request| self.send(request))
            .await
            .map_err(while_doing("asking userinfo"))?;
        serde_json::to_value(userinfo).map_err(while_doing("reading userinfo"))
    }

    /// Discovers the issuer anew each time, so that the page shows what is true now.
    async fn client(&self) -> Result<Client, Trouble> {
        let issuer =
            IssuerUrl::new(self.issuer.clone()).map_err(while_doing("reading the issuer"))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &|request| self.send(request))
            .await
            .map_err(while_doing("reading the discovery document"))?;
        let redirect_uri = RedirectUrl::new(self.redirect_uri());
        let redirect_uri = redirect_uri.map_err(while_doing("reading the redirect URI"))?;
        let id = ClientId::new(CLIENT_ID.to_owned());
        Ok(CoreClient::from_provider_metadata(metadata, id, None).set_redirect_uri(redirect_uri))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ItselfError> {
        let answer = self.http.send(request).await?;
        let mut response = HttpResponse::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// Compares `at_hash` (OpenID Connect Core §3.1.3.8); answers the algorithm of the signature.
fn check_hash(
    id_token: &CoreIdToken,
    verifier: &CoreIdTokenVerifier<'_>,
    claims: &CoreIdTokenClaims,
    access_token: &AccessToken,
) -> Result<String, Trouble> {
    let algorithm = id_token
        .signing_alg()
        .map_err(while_doing("reading the algorithm"))?;
    let key = id_token
        .signing_key(verifier)
        .map_err(while_doing("finding the key"))?;
    let hash = AccessTokenHash::from_token(access_token, algorithm, key)
        .map_err(while_doing("hashing the access token"))?;
    if claims.access_token_hash() == Some(&hash) {
        let named = serde_json::to_value(algorithm).map_err(while_doing("naming the algorithm"))?;
        Ok(named.as_str().unwrap_or_default().to_owned())
    } else {
        Err(Trouble {
            doing: "verifying the ID token",
            cause: "at_hash does not fit".to_owned(),
        })
    }
}
