//! For those who watch the process: a word or two each.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use crate::http::error::RETRY_AFTER;
use crate::http::state::AppState;

/// The process is alive; never touches the database.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The process can do its work: its database can be read and written.
pub(crate) async fn ready(state: Data<AppState>) -> HttpResponse {
    if state.storage.is_ready(state.clock.now()).await {
        HttpResponse::Ok()
            .content_type("text/plain")
            .body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER))
            .content_type("text/plain")
            .body("database not reachable or not writable\n")
    }
}
