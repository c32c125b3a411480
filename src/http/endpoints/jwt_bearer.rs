//! The JWT bearer grant at the token endpoint (RFC 7523 §2.1), with what has to be waited for: the client, the keys of the
//! issuer.
//!
//! ```text
//! POST /token
//! Content-Type: application/x-www-form-urlencoded
//!
//! grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJhbGciOiJFUzI1NiIs…
//!
//! 200 OK
//! Cache-Control: no-store
//!
//! {"access_token":"eyJ0eXAiOiJhdCtqd3QiLC…","token_type":"Bearer","expires_in":300,"scope":"read"}
//! ```

use actix_web::HttpRequest;

use crate::http::endpoints::client::{authenticate, names_client};
use crate::http::scene::{Scene, broken};
use crate::http::{address, issuer_keys};
use crate::protocol::catalogue;
use crate::protocol::client::GrantType;
use crate::protocol::error::Fault;
use crate::protocol::grants::jwt_bearer::{self, Presented};
use crate::protocol::params::Params;
use crate::protocol::tokens::{self, TokenResponse};
use crate::protocol::trust::assertion::{Strictness, Verified};
use crate::protocol::trust::binding::{Terms, Verdict};

/// Whether a request is about this grant, which may come without a client.
pub(crate) fn is_meant(params: &Params<'_>) -> bool {
    params.find("grant_type") == Some(GrantType::JwtBearer.as_str())
}

/// Answers such a request.
pub(crate) async fn exchange(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
) -> Result<TokenResponse, Fault> {
    let client = if names_client(request, params) {
        Some(authenticate(request, scene, params).await?)
    } else {
        None
    };
    admit_source(request, scene)?;
    let (assertion, trusted) = jwt_bearer::identify(&scene.snapshot.trust, params)?;
    jwt_bearer::admit(&trusted, client.as_ref())?;
    let verified = issuer_keys::check(scene, &trusted, assertion, Strictness::Standard).await?;
    note_invalid_names(scene, &verified, jwt_bearer::terms(&trusted.issuer));
    let asked = params.find("scope").map(str::to_owned);
    let issue = scene
        .write(move |scene, store| {
            let presented = Presented {
                verified: &verified,
                declared: &scene.snapshot.trust.declared,
                client: client.as_ref(),
                scope: asked.as_deref(),
            };
            jwt_bearer::exchange(&scene.context(), store, presented)
        })
        .await?;
    let tokens = tokens::sign(&issue, &scene.signer(None));
    let tokens = tokens.map_err(|error| broken("signing tokens", error))?;
    let metrics = &scene.state.metrics;
    metrics.issued(GrantType::JwtBearer, Some(&issue.client), None);
    tracing::info!(
        trusted_issuer = %trusted.issuer.name,
        client.id = %issue.client.id,
        "token issued for an assertion"
    );
    Ok(tokens)
}

/// Tells of rules that match and give nothing, because the name that they make of the claims is none.
pub(crate) fn note_invalid_names(scene: &Scene, verified: &Verified, terms: Terms) {
    let (trusted, declared) = (&verified.trusted, &scene.snapshot.trust.declared);
    for (rule, verdict) in trusted.verdicts(&verified.attributes, declared, terms) {
        if matches!(verdict, Verdict::InvalidName(_)) {
            tracing::warn!(
                trusted_issuer = %trusted.issuer.name,
                binding_rule = rule.id,
                "a binding rule gives nothing, because the name that it makes is not valid"
            );
        }
    }
}

/// Anybody may send assertions, and each costs a signature that has to be checked.
pub(crate) fn admit_source(request: &HttpRequest, scene: &Scene) -> Result<(), Fault> {
    let source = address::source(request);
    if scene.state.assertions.admit(&source, scene.now) {
        Ok(())
    } else {
        Err((&catalogue::TRUST_RATE).into())
    }
}
