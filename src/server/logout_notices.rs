//! Delivers logout notices for as long as the server runs: looks once a second, and makes several tries at the same time,
//! so that one slow client does not hold up the others.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::fetch::{FetchError, Fetcher};
use crate::http::endpoints::recipient;
use crate::http::state::AppState;
use crate::jobs::logout_notices::{self, Courier};
use crate::protocol::logout_notice::{LogoutNotice, NoticeState};
use crate::protocol::tokens::logout_token::LogoutTokens;

/// A client hears about a second after the session ended.
const EVERY: Duration = Duration::from_secs(1);

/// So many tries at the same time.
const MOST: usize = 32;

/// So much of an answer is read; nothing is done with it.
const ANSWER: usize = 16 * 1024;

/// Posts logout tokens (OpenID Connect Back-Channel Logout §2.5), guarded like every request to others.
pub struct Post(pub Arc<Fetcher>);

impl Courier for Post {
    async fn deliver(&self, address: &str, token: &str) -> Result<(), String> {
        let fields = [("logout_token", token)];
        match self.0.post_form(address, &fields, ANSWER).await {
            // The status came first, and it was a good one.
            Ok(_) | Err(FetchError::TooLong) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Delivers what is due.
pub(super) async fn keep_delivering(state: Data<AppState>) {
    let courier = Arc::new(Post(Arc::clone(&state.fetcher)));
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tries = JoinSet::new();
    let mut is_told = false;
    loop {
        ticks.tick().await;
        while tries.try_join_next().is_some() {}
        let room = i64::try_from(MOST - tries.len()).unwrap_or_default();
        if room == 0 {
            continue;
        }
        let now = state.clock.now();
        match logout_notices::take_due(&state.storage, now, room).await {
            Ok(taken) => {
                is_told = false;
                for notice in taken {
                    tries.spawn(try_one(state.clone(), Arc::clone(&courier), notice));
                }
            }
            Err(fault) if !is_told => {
                tracing::warn!(%fault, "logout notices cannot be taken; they wait");
                is_told = true;
            }
            Err(_) => {}
        }
    }
}

async fn try_one(state: Data<AppState>, courier: Arc<Post>, notice: LogoutNotice) {
    let snapshot = state.snapshot.load_full();
    let client_id = notice.client_id.clone();
    let client = snapshot.client(client_id.as_str());
    // Without a key the try fails, and says so where its failure is noted.
    let recipient = match &client {
        Some(client) => recipient::find_for_logout(&state, client)
            .await
            .ok()
            .flatten(),
        None => None,
    };
    let tokens = LogoutTokens {
        issuer: &state.site.issuer,
        keys: &snapshot.keys,
        token_keys: &state.token_keys,
        recipient: recipient.as_deref(),
        random: &*state.random,
        now: state.clock.now(),
    };
    let storage = &state.storage;
    let tried = logout_notices::deliver(storage, &*courier, &tokens, client.as_deref(), notice);
    match tried.await {
        Ok(NoticeState::GivenUp) => {
            tracing::warn!(client.id = %client_id, "a client did not take a logout token");
        }
        Ok(NoticeState::Waiting | NoticeState::Delivered | NoticeState::Unwanted) => {}
        Err(fault) => {
            tracing::warn!(%fault, client.id = %client_id, "what became of a logout token is not written down; it is sent again");
        }
    }
}
