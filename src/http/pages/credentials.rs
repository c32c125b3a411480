//! A password that a person typed: the try is counted first, then the password is compared behind the admission queue.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

use crate::crypto::secret::Secret;
use crate::http::pages::view::FormError;
use crate::http::scene::Scene;
use crate::http::{address, error};
use crate::identity::sign_in::{self, Attempt, Begun};
use crate::identity::store::User;
use crate::identity::throttle::{self, Wait};
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Refusal, StoreError};

/// Who somebody says to be, and from where.
#[derive(Clone)]
pub(crate) struct Claimant {
    pub(crate) username: String,
    source: String,
}

/// What came of a try.
pub(crate) enum Checked {
    /// The password is the user's.
    Right(Box<User>),
    /// It is not, or there is no such user.
    Wrong,
    /// There were too many tries before.
    TooMany(Wait),
}

impl Claimant {
    pub(crate) fn new(request: &HttpRequest, username: String) -> Self {
        let source = address::source(request);
        Self { username, source }
    }

    /// For the rules.
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            username: &self.username,
            source: &self.source,
        }
    }

    /// Counts the try and compares. Who goes on after [`Checked::Right`] has the count forgiven.
    pub(crate) async fn check(
        &self,
        request: &HttpRequest,
        scene: &Scene,
        password: Secret,
    ) -> Result<Checked, Fault> {
        let passwords = &scene.state.passwords;
        let fitting = match self.begin(scene).await? {
            Begun::Wait(wait) => {
                error::log_refusal(request, Refusal::new(&catalogue::TOO_MANY_TRIES));
                return Ok(Checked::TooMany(wait));
            }
            Begun::Decoy => {
                let compared = passwords.fitting(password, Vec::new()).await;
                self.or_take_back(scene, compared).await?;
                None
            }
            Begun::Compare(user, hash) => {
                let compared = passwords.fitting(password, vec![hash]).await;
                let fitting = self.or_take_back(scene, compared).await?;
                fitting.map(|_| user)
            }
        };
        if let Some(user) = fitting {
            return Ok(Checked::Right(user));
        }
        error::log_refusal(request, Refusal::new(&catalogue::SIGN_IN_REFUSED));
        Ok(Checked::Wrong)
    }

    /// Counts the try in a transaction of its own, so that no later failure takes the count back.
    async fn begin(&self, scene: &Scene) -> Result<Begun, Fault> {
        let this = self.clone();
        let begin = scene.write(move |scene, store| {
            Ok(sign_in::begin(&scene.context(), store, &this.attempt())?)
        });
        begin.await
    }

    /// A try that could not be checked is not held against anybody.
    async fn or_take_back(
        &self,
        scene: &Scene,
        compared: Result<Option<usize>, StoreError>,
    ) -> Result<Option<usize>, Fault> {
        let error = match compared {
            Ok(fitting) => return Ok(fitting),
            Err(error) => error,
        };
        let this = self.clone();
        let take_back = scene.write(move |scene, store| {
            let context = scene.context();
            Ok::<_, Fault>(throttle::take_back(&context, store, &this.attempt())?)
        });
        take_back.await?;
        Err(error.into())
    }
}

/// What a form says after too many tries.
pub(crate) fn wait_sentence(wait: Wait) -> FormError {
    let message = format!(
        "There were too many failed tries. Wait {} seconds, then try again.",
        wait.seconds
    );
    FormError::of_form(&message)
}

/// Makes a page the answer to too many tries.
pub(crate) fn ask_to_wait(mut response: HttpResponse, wait: Wait) -> HttpResponse {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = header::HeaderValue::from(wait.seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}
