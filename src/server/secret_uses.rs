//! Brings the uses of client secrets and of personal access tokens from memory to the database: once a second, and when the
//! server stops.

use std::time::Duration;

use actix_web::web::Data;
use tokio::time::MissedTickBehavior;

use crate::http::state::AppState;
use crate::jobs;
use crate::protocol::error::Fault;

/// What is lost when the process dies is no older than this.
const EVERY: Duration = Duration::from_secs(1);

/// Writes down what was noted, for as long as the server runs.
pub(super) async fn keep_flushing(state: Data<AppState>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_told = false;
    loop {
        ticks.tick().await;
        match flush(&state).await {
            Ok(()) => is_told = false,
            Err(fault) if !is_told => {
                tracing::warn!(%fault, "the last uses of secrets and tokens cannot be written down; they wait");
                is_told = true;
            }
            Err(_) => {}
        }
    }
}

/// Writes down what was noted. What cannot be written waits for the next time.
pub async fn flush(state: &AppState) -> Result<(), Fault> {
    let secrets = state.secret_uses.take();
    let tokens = state.personal_token_uses.take();
    if secrets.is_empty() && tokens.is_empty() {
        return Ok(());
    }
    let written = jobs::secret_uses::write(&state.storage, secrets.clone(), tokens.clone()).await;
    if written.is_err() {
        state.secret_uses.give_back(secrets);
        state.personal_token_uses.give_back(tokens);
    }
    written
}
