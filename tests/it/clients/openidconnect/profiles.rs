//! Form Post, Dynamic and RP-Initiated Logout with the `openidconnect` crate.

use std::collections::BTreeMap;

use issuant::crypto::algorithm::Algorithm;
use openidconnect::core::{
    CoreApplicationType, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGrantType,
    CoreIdToken, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreRegisterErrorResponseType, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::registration::{
    AdditionalClientMetadata, ClientRegistrationRequest, EmptyAdditionalClientRegistrationResponse,
};
use openidconnect::{
    AuthorizationCode, CsrfToken, IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Client, RelyingParty, walking};
use crate::support::cast;
use crate::support::op::{hidden_fields, query};
use crate::support::person::Person;

const CALLBACK: &str = "http://127.0.0.1/cb";
const BYE: &str = "http://127.0.0.1/bye";

/// What the crate has no field for (OpenID Connect RP-Initiated Logout §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leaving {
    post_logout_redirect_uris: Vec<String>,
}

impl AdditionalClientMetadata for Leaving {}

type Registration = ClientRegistrationRequest<
    Leaving,
    EmptyAdditionalClientRegistrationResponse,
    CoreApplicationType,
    CoreClientAuthMethod,
    CoreRegisterErrorResponseType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// From the issuer's address to a client that registered itself.
async fn register(party: &RelyingParty) -> (ProviderMetadataWithLogout, Client) {
    let send = |request| party.send(request);
    let issuer = IssuerUrl::new(party.issuer.clone()).unwrap();
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &send).await;
    let metadata = metadata.unwrap();
    let callback = RedirectUrl::new(CALLBACK.to_owned()).unwrap();
    let leaving = Leaving {
        post_logout_redirect_uris: vec![BYE.to_owned()],
    };
    let request = Registration::new(vec![callback.clone()], leaving)
        .set_application_type(Some(CoreApplicationType::Native))
        .set_subject_type(Some(CoreSubjectIdentifierType::Public))
        .set_id_token_signed_response_alg(Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256));
    let endpoint = metadata.registration_endpoint().unwrap();
    let told = request.register_async(endpoint, &send).await.unwrap();
    assert!(told.client_secret().is_some());
    let client = CoreClient::from_provider_metadata(
        metadata.clone(),
        told.client_id().clone(),
        told.client_secret().cloned(),
    );
    (metadata, client.set_redirect_uri(callback))
}

/// A sign-in that has begun.
struct Begun {
    address: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

fn begin(client: &Client, response_mode: &str) -> Begun {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_extra_param("response_mode", response_mode)
        .set_pkce_challenge(challenge)
        .url();
    Begun {
        address,
        state,
        nonce,
        verifier,
    }
}

/// From the answer to a verified ID token of Ada.
async fn finish(
    party: &RelyingParty,
    client: &Client,
    begun: Begun,
    answer: &BTreeMap<String, String>,
) -> CoreIdToken {
    assert_eq!(&answer["state"], begun.state.secret());
    let tokens = client
        .exchange_code(AuthorizationCode::new(answer["code"].clone()))
        .unwrap()
        .set_pkce_verifier(begun.verifier)
        .request_async(&|request| party.send(request))
        .await
        .unwrap();
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&client.id_token_verifier(), &begun.nonce);
    assert_eq!(claims.unwrap().subject().as_str(), "sub-ada");
    id_token.clone()
}

#[test]
fn registers_itself_and_signs_out_again() {
    walking(Algorithm::Es256, async |party| {
        let (metadata, client) = register(&party).await;
        let mut ada = Person::new("ada", cast::PASSWORD);
        let begun = begin(&client, "query");
        let answer = query(ada.authorize(begun.address.as_str()).await.as_str());
        let id_token = finish(&party, &client, begun, &answer).await;

        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        let state = CsrfToken::new_random();
        let leave = LogoutRequest::from(endpoint.unwrap())
            .set_id_token_hint(&id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(BYE.to_owned()).unwrap())
            .set_state(state.clone())
            .http_get_url();
        let left = ada.look(leave.as_str()).await.next.unwrap();
        assert_eq!(left.as_str(), format!("{BYE}?state={}", state.secret()));
        let account = ada.look(&format!("{}/account", party.issuer)).await;
        assert_eq!(account.next.unwrap().path(), "/login");
    });
}

#[test]
fn is_answered_in_a_form() {
    walking(Algorithm::Es256, async |party| {
        let (_, client) = register(&party).await;
        let mut ada = Person::new("ada", cast::PASSWORD);
        let begun = begin(&client, "form_post");
        let page = ada.browse(begun.address.as_str(), &party.issuer).await;
        let answer = hidden_fields(&page.html, CALLBACK).into_iter().collect();
        finish(&party, &client, begun, &answer).await;
    });
}
