//! HTTP: decoding requests, calling the rules, rendering answers. The only module that names actix.
//!
//! Every route and middleware of the server stands on this one screen.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, get, head, post, resource};
use actix_web::{App, Error};

use crate::http::endpoints::{
    authorize, discovery, health, introspect, jwks, logout, register, revoke, token, userinfo,
    verify, webfinger,
};
use crate::http::pages::{
    account, accounts as accounts_page, assets, check_session, consent, dev_app, home, login,
    setup, sign_up,
};
use crate::http::seeds::fleet;
use crate::http::seeds::jwtis;
use crate::http::state::AppState;

mod accounts;
mod address;
pub mod client_keys;
mod cookies;
mod cors;
pub mod endpoints;
mod error;
mod extract;
mod form_token;
pub mod headers;
pub mod issuer_keys;
pub mod metrics;
pub mod pages;
pub mod passwords;
pub mod personal_token_uses;
pub mod request_objects;
mod scene;
pub mod secret_uses;
pub mod sector;
pub mod seeds;
pub mod snapshot;
pub mod starts;
pub mod state;
pub mod urls;

/// The whole application; the server and the tests run this very one.
pub fn app(
    state: Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let development = state.site.development;
    let has_jwtis = state.policy.key_sets.is_on;
    App::new()
        .app_data(state)
        .wrap(from_fn(address::require_own))
        .wrap(from_fn(headers::finish))
        // For clients.
        .service(endpoint(urls::TOKEN).route(post().to(token::answer)))
        .service(endpoint(urls::TOKEN_ALIAS).route(post().to(token::answer)))
        .service(endpoint(urls::INTROSPECT).route(post().to(introspect::answer)))
        .service(endpoint(urls::REVOKE).route(post().to(revoke::answer)))
        .service(
            endpoint(urls::USERINFO)
                .route(get().to(userinfo::answer))
                .route(post().to(userinfo::answer)),
        )
        .service(
            resource([urls::OPENID_CONFIGURATION, urls::OAUTH_METADATA])
                .route(get().to(discovery::answer))
                .route(head().to(discovery::answer)),
        )
        .service(
            resource(urls::JWKS)
                .route(get().to(jwks::answer))
                .route(head().to(jwks::answer)),
        )
        .service(endpoint(urls::REGISTER).route(post().to(register::register)))
        .service(
            endpoint(urls::REGISTERED_CLIENT)
                .route(get().to(register::manage))
                .route(web::put().to(register::manage))
                .route(web::delete().to(register::manage))
                .route(post().to(jwtis::register::answer)),
        )
        .service(resource(urls::WEBFINGER).route(get().to(webfinger::answer)))
        .configure(seeds::consul::routes)
        .configure(for_browsers)
        // As other servers have them.
        .service(resource(urls::FLEET_AUTHENTICATE).to(fleet::answer))
        .configure(seeds::cluster_cockpit::routes)
        .configure(move |routes| {
            if has_jwtis {
                jwtis::routes(routes);
            }
        })
        // For operators.
        .service(
            resource(urls::HEALTHZ)
                .route(get().to(health::alive))
                .route(head().to(health::alive)),
        )
        .service(resource(urls::METRICS).route(get().to(endpoints::metrics::answer)))
        .service(
            resource(urls::VERIFY)
                .route(get().to(verify::answer))
                .route(head().to(verify::answer)),
        )
        .service(
            resource(urls::READYZ)
                .route(get().to(health::ready))
                .route(head().to(health::ready)),
        )
        .configure(move |routes| {
            if development {
                dev_app::routes(routes);
            }
        })
        .default_service(web::to(error::not_found))
}

/// For browsers.
fn for_browsers(routes: &mut ServiceConfig) {
    routes
        .service(
            resource(urls::AUTHORIZE)
                .route(get().to(authorize::answer))
                .route(post().to(pages::repeat_as_get)),
        )
        .service(resource(urls::RESUME).route(get().to(authorize::resume)))
        .service(
            resource(urls::LOGIN)
                .route(get().to(login::show))
                .route(post().to(login::sign_in)),
        )
        .service(
            resource(urls::SIGN_UP)
                .route(get().to(sign_up::show))
                .route(post().to(sign_up::create)),
        )
        .service(
            resource(urls::ACCOUNTS)
                .route(get().to(accounts_page::show))
                .route(post().to(accounts_page::choose)),
        )
        .service(resource(urls::SIGN_OUT_ACCOUNT).route(post().to(accounts_page::sign_out)))
        .service(
            resource(urls::CONSENT)
                .route(get().to(consent::show))
                .route(post().to(consent::decide)),
        )
        .service(
            resource(urls::LOGOUT)
                .route(get().to(logout::answer))
                .route(post().to(pages::repeat_as_get)),
        )
        .service(resource(urls::LOGOUT_CONFIRM).route(post().to(logout::confirm)))
        .service(resource(urls::LOGGED_OUT).route(get().to(logout::signed_out)))
        .service(resource(urls::CHECK_SESSION).route(get().to(check_session::answer)))
        .service(resource(urls::ACCOUNT).route(get().to(account::show)))
        .service(
            resource(urls::PROFILE)
                .route(get().to(account::profile::show))
                .route(post().to(account::profile::save)),
        )
        .service(
            resource(urls::PASSWORD)
                .route(get().to(account::password::show))
                .route(post().to(account::password::change)),
        )
        .service(
            resource(urls::TOKENS)
                .route(get().to(account::tokens::show))
                .route(post().to(account::tokens::create)),
        )
        .service(resource(urls::REVOKE_TOKEN).route(post().to(account::tokens::revoke)))
        .service(resource(urls::END_SESSION).route(post().to(account::access::end_session)))
        .service(resource(urls::END_OTHER_SESSIONS).route(post().to(account::access::end_others)))
        .service(resource(urls::DISCONNECT_APP).route(post().to(account::access::disconnect)))
        .service(
            resource(urls::SETUP)
                .route(get().to(setup::show))
                .route(post().to(setup::create)),
        )
        .service(resource(urls::HOME).route(get().to(home::show)))
        .service(resource(urls::ASSETS).route(get().to(assets::answer)));
}

/// What the listener for metrics answers.
pub fn metrics_app(
    state: Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .wrap(from_fn(headers::finish))
        .service(resource(urls::METRICS).route(get().to(endpoints::metrics::on_own_listener)))
        .default_service(web::to(error::not_found))
}

/// A resource that client libraries call, maybe from a script in a browser.
fn endpoint(path: &str) -> actix_web::Resource {
    resource(path)
        .route(web::method(actix_web::http::Method::OPTIONS).to(cors::preflight))
        .default_service(web::to(error::method_not_allowed))
}
