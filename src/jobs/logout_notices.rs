//! Tells clients that sessions are over: takes the notices that are due, makes a logout token for each, has it delivered
//! and writes down what came of it (OpenID Connect Back-Channel Logout §2.5).
//!
//! Several nodes look at the same queue. A notice belongs to the one that counted its try; a try that was begun and never
//! noted, because its node died, is made good by the next one.

use crate::protocol::client::Client;
use crate::protocol::context::Timestamp;
use crate::protocol::error::{Fault, StoreError};
use crate::protocol::logout_notice::{GIVEN_UP, LogoutNotice, NoticeState};
use crate::protocol::store::{LogoutNotices as _, SecurityEvent, SecurityEvents as _};
use crate::protocol::tokens::logout_token::LogoutTokens;
use crate::storage::{Storage, Transaction};

/// Carries a logout token to a client.
pub trait Courier: Send + Sync + 'static {
    /// Posts the token to the address; an error says in a few words of ours why the client did not take it. It ends within
    /// ten seconds.
    fn deliver(
        &self,
        address: &str,
        token: &str,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// Takes at most `most` notices that are due. Those that were tried often enough, by a node that died, are given up.
pub async fn take_due(
    storage: &Storage,
    now: Timestamp,
    most: i64,
) -> Result<Vec<LogoutNotice>, Fault> {
    // Mostly there is nothing, and that costs no write.
    let look = storage.read(move |it| Ok::<_, Fault>(it.due_notices(now, most)?));
    let due = look.await?;
    if due.is_empty() {
        return Ok(due);
    }
    storage
        .write(move |transaction| {
            let mut taken = Vec::new();
            for notice in due {
                match notice.next_due(now) {
                    None => {
                        let reason = "the server ended during the last try".to_owned();
                        note(transaction, &notice.failed(reason), now)?;
                    }
                    Some(due_at) if transaction.take_notice(&notice, due_at)? => {
                        taken.push(notice.taken(due_at));
                    }
                    Some(_) => {}
                }
            }
            Ok(taken)
        })
        .await
}

/// Makes the try that was taken, and notes how it went; answers what became of the notice.
pub async fn deliver(
    storage: &Storage,
    courier: &impl Courier,
    tokens: &LogoutTokens<'_>,
    client: Option<&Client>,
    notice: LogoutNotice,
) -> Result<NoticeState, Fault> {
    let wanted = client.and_then(|it| Some((it, it.metadata.backchannel_logout_uri.as_ref()?)));
    let noted = match wanted {
        None => notice.settled(NoticeState::Unwanted),
        Some((client, address)) => match tokens.make(&notice, client) {
            Err(error) => notice.failed(error.to_string()),
            Ok(token) => match courier.deliver(address.as_str(), &token).await {
                Ok(()) => notice.settled(NoticeState::Delivered),
                Err(reason) => notice.failed(reason),
            },
        },
    };
    let (state, now) = (noted.state, tokens.now);
    storage
        .write(move |transaction| Ok(note(transaction, &noted, now)?))
        .await
        .map(|()| state)
}

/// Notes how a try went, and in the same transaction, if it was the last one, that somebody has to know.
fn note(
    transaction: &mut Transaction,
    notice: &LogoutNotice,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_noted = transaction.note_try(notice, now)?;
    if is_noted && notice.state == NoticeState::GivenUp {
        transaction.record(&SecurityEvent {
            at: now,
            kind: GIVEN_UP,
            client_id: Some(notice.client_id.clone()),
            subject: Some(notice.subject.clone()),
            family: None,
            browser: None,
        })?;
    }
    Ok(())
}
