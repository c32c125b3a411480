//! The page at `/`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::view::{HomePage, Link, WaitingPage};
use crate::http::pages::{self, Visitor, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::urls;
use crate::identity::store::OneTimeLinks as _;
use crate::protocol::error::Fault;

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    tell(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let visitor = Visitor::find(request, scene).await?;
    let look = scene.read(move |_, store| Ok::<_, Fault>(store.is_set_up()?));
    let is_set_up = look.await?;
    let site = &scene.state.site;
    if !is_set_up && !site.development {
        let frame = pages::frame(request, scene, "Waiting for setup");
        let command = "issuant admin link".to_owned();
        return Ok(pages::show(&WaitingPage { frame, command }, None));
    }
    let mut links = Vec::new();
    if site.development {
        let label = "Try a sign-in with the demo application".to_owned();
        links.push(Link {
            label,
            url: urls::DEV_APP.to_owned(),
        });
    }
    let page = HomePage {
        frame: pages::frame(request, scene, "Home"),
        issuer: site.issuer.clone(),
        discovery_url: urls::OPENID_CONFIGURATION.to_owned(),
        signed_in: visitor
            .living()
            .map(|living| pages::display_name(&living.subject)),
        sign_in_url: urls::LOGIN.to_owned(),
        account_url: urls::ACCOUNT.to_owned(),
        links,
    };
    Ok(visitor.show(scene, &page, None))
}
