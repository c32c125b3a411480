//! A service registers under a name of its choice, and gets keys.
//!
//! ```text
//! POST /register/app1
//! Authorization: Bearer eyJ0eXAiOiJhdCtqd3Qi…
//! Content-Type: application/json
//!
//! {"sig_alg":"ES256","auth_ttl":"15m"}
//!
//! 201 Created
//!
//! {"kid":"app1","client_token":"irt_…","client_secret":"iss_…","pub_sig_key":{…},"pub_enc_key":{…},
//!  "expiry":1779800000,"valid":true}
//! ```

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;

use crate::http::address;
use crate::http::endpoints::client::require_scope;
use crate::http::error;
use crate::http::extract::{self, authorization};
use crate::http::scene::{Scene, broken};
use crate::http::seeds::jwtis::dialect::{self, Denied};
use crate::http::seeds::jwtis::options;
use crate::http::state::AppState;
use crate::protocol::bearer;
use crate::protocol::catalogue;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::client_key_set::{self, ClientKey, ClientKeys, KeySetPolicy, Renewal};
use crate::protocol::context::Timestamp;
use crate::protocol::dynamic_registration::{self, INITIAL_ACCESS_SCOPE};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::refresh_policy::RefreshRotation;
use crate::storage::Transaction;

/// What a service is told of its keys. Holds secrets: not printed.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
    pub(super) pub_sig_key: Value,
    pub(super) pub_enc_key: Value,
    pub(super) expiry: Timestamp,
    pub(super) valid: bool,
}

impl Told {
    /// Of keys that were just made.
    pub(super) fn of(client: &Client, keys: &[ClientKey]) -> Result<Self, Denied> {
        let [signing, encryption] = keys else {
            let failure = broken("showing the keys of a client", "there are not two");
            return Err(Denied::Failed(failure));
        };
        Ok(Self {
            kid: client.id.as_str().to_owned(),
            client_token: None,
            client_secret: None,
            pub_sig_key: shown(signing)?,
            pub_enc_key: shown(encryption)?,
            expiry: signing.expires_at,
            valid: true,
        })
    }
}

/// The public part of a key.
pub(super) fn shown(key: &ClientKey) -> Result<Value, Denied> {
    let during = "showing the keys of a client";
    serde_json::from_str(&key.public_jwk).map_err(|error| Denied::Failed(broken(during, error)))
}

/// Registers a service.
pub(crate) async fn answer(
    request: HttpRequest,
    kid: Path<String>,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    if !state.policy.key_sets.is_on {
        return error::method_not_allowed(request).await;
    }
    let scene = Scene::new(&state);
    match register(&request, &kid, payload, &scene).await {
        Ok(told) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .json(told),
        Err(denied) => dialect::answer(&request, &denied),
    }
}

async fn register(
    request: &HttpRequest,
    kid: &str,
    payload: Payload,
    scene: &Scene,
) -> Result<Told, Denied> {
    let nothing = Params::default();
    let token = bearer::find(authorization(request), &nothing).map_err(Fault::from)?;
    require_scope(scene, token, INITIAL_ACCESS_SCOPE).await?;
    let id: ClientId = kid
        .parse()
        .map_err(|_| Denied::bad_request("the kid is no name that a client may have"))?;
    let body = extract::json_body(request, payload).await?;
    let defaults = scene.state.policy.key_sets;
    let usual = (defaults.policy, RefreshRotation::None);
    let (policy, rotation) = options::read(&options::object(&body)?, &defaults, usual)?;
    if !(scene.state.registrations).admit(&address::source(request), scene.now) {
        return Err(Refusal::new(&catalogue::REGISTRATION_RATE).into());
    }
    refuse_known(scene, &id).await?;
    let renewal = make_keys(scene, &id, policy, 0).await?;
    let new = dynamic_registration::accept_service(&scene.context(), &id, policy, rotation);
    let most = scene.state.policy.registration.most;
    let (client, keys) = (new.client.clone(), renewal.keys);
    let rule = move |store: &mut Transaction| {
        if store.client(&client.id)?.is_some() {
            return Err((&catalogue::SERVICE_TAKEN).into());
        }
        if store.count_dynamic_clients()? >= most {
            return Err((&catalogue::REGISTRATION_FULL).into());
        }
        store.add_client(&client)?;
        store.add_client_keys(&keys)?;
        Ok::<_, Fault>((client, ClientKeys(keys)))
    };
    let (client, keys) = scene.change_keys_of(id, rule).await?;
    let mut told = Told::of(&client, &keys.0)?;
    told.client_secret = new.secret().map(|secret| secret.expose().to_owned());
    told.client_token = new.token().map(|token| token.expose().to_owned());
    Ok(told)
}

/// Before keys are made, which costs time.
async fn refuse_known(scene: &Scene, id: &ClientId) -> Result<(), Denied> {
    let wanted = id.clone();
    let known = scene.read(move |_, store| {
        let client = store.client(&wanted)?;
        Ok::<_, Fault>((client, ClientKeys(store.keys_of_client(&wanted)?)))
    });
    let (client, keys) = known.await?;
    let taken = match client {
        None => return Ok(()),
        Some(client) if !client.disabled && keys.signing(scene.now).is_some() => {
            &catalogue::SERVICE_TAKEN
        }
        Some(_) => &catalogue::SERVICE_EXPIRED,
    };
    Err(Refusal::new(taken).into())
}

/// Makes keys where nobody waits behind: RSA takes time.
pub(super) async fn make_keys(
    scene: &Scene,
    id: &ClientId,
    policy: KeySetPolicy,
    announced: i64,
) -> Result<Renewal, Denied> {
    let (asked, id) = (scene.clone(), id.clone());
    let making = web::block(move || {
        let state = &asked.state;
        let times = (asked.now, announced);
        client_key_set::make(&policy, &id, times, &state.token_keys, &*state.random)
    });
    let during = "making the keys of a client";
    let made = making
        .await
        .map_err(|error| Denied::Failed(broken(during, error)))?;
    made.map_err(|error| Denied::Failed(broken(during, error)))
}
