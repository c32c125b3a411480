//! The `openidconnect` crate as relying party, against a listening server: discovery, code flow with PKCE, verification
//! of the ID token with nonce and `at_hash`, userinfo, refresh; once for each algorithm that signs ID tokens. The other
//! profiles are in [`profiles`].

mod profiles;

use std::net::TcpListener;

use actix_web::HttpServer;
use issuant::crypto::algorithm::Algorithm;
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreProviderMetadata, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
};

use crate::support::cast;
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, query, run};
use crate::support::person::Person;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A program that signs people in by this server, and knows its address only.
struct RelyingParty {
    http: reqwest::Client,
    issuer: String,
}

impl RelyingParty {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let answer = self.http.execute(request.try_into()?).await?;
        let mut response = HttpResponse::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = answer.bytes().await?.to_vec();
        Ok(response)
    }

    async fn discover(&self) -> Client {
        let issuer = IssuerUrl::new(self.issuer.clone()).unwrap();
        let send = |request| self.send(request);
        let metadata = CoreProviderMetadata::discover_async(issuer, &send).await;
        let secret = ClientSecret::new(cast::secret_of("web"));
        CoreClient::from_provider_metadata(
            metadata.unwrap(),
            ClientId::new("web".to_owned()),
            Some(secret),
        )
        .set_redirect_uri(RedirectUrl::new(WEB.to_owned()).unwrap())
    }
}

/// The library's verdict on signature, issuer, audience, times and nonce, and ours on `at_hash`.
fn verify(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: impl Fn(Option<&Nonce>) -> Result<(), String>,
    algorithm: Algorithm,
) -> CoreIdTokenClaims {
    let id_token = tokens.id_token().expect("an ID token");
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce).unwrap().clone();
    let signed_with = id_token.signing_alg().unwrap();
    let named = serde_json::to_value(signed_with).unwrap();
    assert_eq!(named, algorithm.as_str());
    let key = id_token.signing_key(&verifier).unwrap();
    let hash = AccessTokenHash::from_token(tokens.access_token(), signed_with, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));
    claims
}

/// A server that listens, and its clock stands where the library's does.
fn listening(algorithm: Algorithm) -> (TestOp, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let mut clients = cast::clients();
    let web = clients
        .iter_mut()
        .find(|client| client.id.as_str() == "web");
    web.unwrap().id_token_algorithm = algorithm;
    let mut algorithms = vec![Algorithm::Es256, algorithm];
    algorithms.dedup();
    let policy = Policy {
        registration: RegistrationPolicy {
            mode: RegistrationMode::Open,
            ..RegistrationPolicy::default()
        },
        ..Policy::default()
    };
    let setting = Setting {
        issuer,
        algorithms,
        clients,
        policy,
        start: issuant::server::clock::now(),
        ..Setting::default()
    };
    (TestOp::with(Database::sqlite(), setting), listener)
}

/// Walks through a journey with such a server.
fn walking(algorithm: Algorithm, journey: impl AsyncFnOnce(RelyingParty)) {
    run(async {
        let (op, listener) = listening(algorithm);
        let state = op.state.clone();
        let server = HttpServer::new(move || issuant::http::app(state.clone()))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        journey(RelyingParty {
            http: reqwest::Client::new(),
            issuer: op.state.site.issuer.clone(),
        })
        .await;
        handle.stop(false).await;
    });
}

fn signs_in_with(algorithm: Algorithm) {
    walking(algorithm, async |party| walk(&party, algorithm).await);
}

async fn walk(party: &RelyingParty, algorithm: Algorithm) {
    let client = party.discover().await;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let mut person = Person::new("ada", cast::PASSWORD);
    let told = query(person.authorize(address.as_str()).await.as_str());
    assert_eq!(&told["state"], state.secret());
    assert_eq!(told["iss"], party.issuer);

    let tokens = client
        .exchange_code(AuthorizationCode::new(told["code"].clone()))
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&|request| party.send(request))
        .await
        .unwrap();
    let same = |received: Option<&Nonce>| match received {
        Some(received) if received.secret() == nonce.secret() => Ok(()),
        _ => Err("another nonce".to_owned()),
    };
    let claims = verify(&client, &tokens, same, algorithm);
    assert_eq!(claims.subject().as_str(), "sub-ada");

    let userinfo: CoreUserInfoClaims = client
        .user_info(
            tokens.access_token().clone(),
            Some(claims.subject().clone()),
        )
        .unwrap()
        .request_async(&|request| party.send(request))
        .await
        .unwrap();
    assert_eq!(userinfo.preferred_username().unwrap().as_str(), "ada");

    let refreshed = client
        .exchange_refresh_token(tokens.refresh_token().expect("a refresh token"))
        .unwrap()
        .request_async(&|request| party.send(request))
        .await
        .unwrap();
    let without = |received: Option<&Nonce>| received.map_or(Ok(()), |_| Err("a nonce".to_owned()));
    let again = verify(&client, &refreshed, without, algorithm);
    assert_eq!(again.auth_time(), claims.auth_time());
    assert_ne!(
        refreshed.access_token().secret(),
        tokens.access_token().secret()
    );
}

#[test]
fn signs_in_with_es256() {
    signs_in_with(Algorithm::Es256);
}

#[test]
fn signs_in_with_es384() {
    signs_in_with(Algorithm::Es384);
}

#[test]
fn signs_in_with_eddsa() {
    signs_in_with(Algorithm::EdDsa);
}

#[test]
fn signs_in_with_rs256() {
    signs_in_with(Algorithm::Rs256);
}

#[test]
fn signs_in_with_rs384() {
    signs_in_with(Algorithm::Rs384);
}

#[test]
fn signs_in_with_rs512() {
    signs_in_with(Algorithm::Rs512);
}

#[test]
fn signs_in_with_ps384() {
    signs_in_with(Algorithm::Ps384);
}

#[test]
fn signs_in_with_ps512() {
    signs_in_with(Algorithm::Ps512);
}

#[test]
fn signs_in_with_ps256() {
    signs_in_with(Algorithm::Ps256);
}
