//! Ending what the account page lists: sessions, and what apps may do.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::account::Sent;
use crate::http::pages::{Origin, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::urls;
use crate::identity::activity::{self, Activity};
use crate::identity::session::{self, Living};
use crate::identity::store::{Consents as _, Sessions as _};
use crate::protocol::catalogue;
use crate::protocol::client::ClientId;
use crate::protocol::error::Fault;
use crate::protocol::tokens::family::RevocationReason;
use crate::storage::Transaction;

/// Ends one session.
pub(crate) async fn end_session(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let end = act(
        &request,
        payload,
        &scene,
        "session",
        |living, field, origin| {
            let wanted = field.unwrap_or_default();
            Box::new(move |scene, store| {
                let is_wanted = |id: &str| id == wanted;
                end_sessions(scene, store, &living, &is_wanted, &origin)
            })
        },
    );
    end.await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

/// Ends all sessions but this one.
pub(crate) async fn end_others(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let end = act(&request, payload, &scene, "others", |living, _, origin| {
        Box::new(move |scene, store| {
            let is_other = |id: &str| id != living.session.id;
            end_sessions(scene, store, &living, &is_other, &origin)
        })
    });
    end.await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

fn end_sessions(
    scene: &Scene,
    store: &mut Transaction,
    living: &Living,
    is_meant: &dyn Fn(&str) -> bool,
    origin: &Origin,
) -> Result<(), Fault> {
    let subject = &living.subject.id;
    let mut sessions = store.sessions_of(subject)?;
    sessions.retain(|session| is_meant(&session.id));
    for session in &sessions {
        let find_client = |id: &ClientId| scene.snapshot.client(id.as_str());
        session::end(store, &find_client, session, scene.now)?;
    }
    if !sessions.is_empty() {
        let (what, browser) = (Activity::SessionsEnded, origin.browser());
        activity::record(store, what, subject, None, &browser, scene.now)?;
    }
    Ok(())
}

/// Takes an app's access away.
pub(crate) async fn disconnect(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let end = act(&request, payload, &scene, "app", |living, field, origin| {
        let wanted: Option<ClientId> = field.and_then(|id| id.parse().ok());
        Box::new(move |scene, store| {
            let wanted = wanted.ok_or(&catalogue::MISSING_PARAMETER)?;
            let (reason, subject) = (RevocationReason::UserRequest, &living.subject.id);
            store.disconnect(subject, &wanted, reason, scene.now)?;
            let (what, browser) = (Activity::AppRemoved, origin.browser());
            let now = scene.now;
            activity::record(store, what, subject, Some(&wanted), &browser, now)?;
            Ok(())
        })
    });
    end.await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

type Act = Box<dyn FnOnce(&Scene, &mut Transaction) -> Result<(), Fault> + Send>;

/// Checks a form of the page, does what it asks for, and shows the page again.
async fn act(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
    done: &str,
    prepare: impl FnOnce(Living, Option<String>, Origin) -> Act,
) -> Result<HttpResponse, Fault> {
    let sent = Sent::read(request, payload, scene).await?;
    let Some(living) = sent.living.clone() else {
        return Ok(redirect(urls::LOGIN));
    };
    let params = sent.params()?;
    let field = params
        .find("session")
        .or(params.find("client_id"))
        .map(str::to_owned);
    let origin = Origin::of(request);
    scene.write(prepare(living, field, origin)).await?;
    Ok(redirect(&format!("{}?done={done}", urls::ACCOUNT)))
}
