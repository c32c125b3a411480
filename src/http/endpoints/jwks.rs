//! The public keys (RFC 7517 §5): prepared bytes.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::discovery::public_document;
use crate::http::state::AppState;

/// Answers with the key set.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    public_document(
        &request,
        &state.snapshot.load().jwks,
        state.site.jwks_max_age,
    )
}
