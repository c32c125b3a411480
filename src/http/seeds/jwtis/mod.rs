//! The paths of jwtis: services that register, get keys and tokens of their own, and publish the keys.
//!
//! A service is a client ([`crate::protocol::dynamic_registration::accept_service`]); its `kid` there is its `client_id`.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig, get, post, resource};

use crate::http::urls;

mod dialect;
pub(crate) mod keys;
mod options;
pub(crate) mod register;
mod tokens;

/// Those that nobody else has; registration shares its path with RFC 7592.
pub(crate) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(
            resource(urls::CLIENT_KEYS)
                .route(get().to(keys::show))
                .default_service(web::to(dialect::method_not_allowed)),
        )
        .service(
            resource(urls::RENEW_KEYS)
                .route(post().to(keys::renew))
                .default_service(web::to(dialect::method_not_allowed)),
        )
        .service(
            resource(urls::ISSUE_TOKEN)
                .route(post().to(tokens::issue))
                .default_service(web::to(dialect::method_not_allowed)),
        )
        .service(
            resource(urls::RENEW_TOKEN)
                .route(post().to(tokens::renew))
                .default_service(web::to(dialect::method_not_allowed)),
        )
        .service(resource(urls::PING).route(get().to(ping)));
}

async fn ping() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("pong")
}
