//! Guessing limits that cannot be turned against users: a source or an account waits, nobody is locked out.
//!
//! Each try is counted before it is checked, by one atomic statement, so parallel tries cannot slip through; a
//! success takes its own count back. Unknown names are counted under the same kind of key as known
//! ones.

use crate::crypto::digest::Digest;
use crate::identity::sign_in::Attempt;
use crate::identity::store::{Failures, Forgive, IdentityStore};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::StoreError;

/// That the next try has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Seconds.
    pub seconds: i64,
}

/// One kind of limit.
struct Limit {
    /// So many failures cost nothing.
    free: i64,
    /// The longest wait in seconds.
    longest: i64,
    /// The count begins anew after so many seconds without a failure.
    window: i64,
}

/// A network: many people may share it.
const SOURCE: Limit = Limit {
    free: 20,
    longest: 60,
    window: 600,
};
/// An account as tried from one network: the wait doubles from 1 s. Tries from elsewhere do not count, so nobody can
/// keep the owner out.
const ACCOUNT: Limit = Limit {
    free: 5,
    longest: 60,
    window: 3600,
};

/// Counts the try under its source and its account; says how long to wait if one of them has to.
pub(super) fn admit(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    attempt: &Attempt<'_>,
) -> Result<Option<Wait>, StoreError> {
    let keys = keys(context, attempt);
    // Whoever has to wait is not counted again, so that waiting ends.
    let mut seen = [0; 2];
    for ((key, limit), seen) in keys.iter().zip(&mut seen) {
        let failures = store.failures(key)?;
        if let Some(wait) = limit.wait(failures, context.now) {
            return Ok(Some(wait));
        }
        *seen = failures.count;
    }
    let mut overtaken = false;
    for ((key, limit), seen) in keys.iter().zip(seen) {
        let counted = store.count_failure(key, context.now, limit.window)?;
        // Somebody counted between the look and the count: of parallel tries beyond the free ones, one may go on.
        overtaken |= counted.count > seen + 1 && counted.count > limit.free;
    }
    if overtaken {
        take_back(context, store, attempt)?;
    }
    Ok(overtaken.then_some(Wait { seconds: 1 }))
}

/// A try that was counted, but could not be checked.
pub fn take_back(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    attempt: &Attempt<'_>,
) -> Result<(), StoreError> {
    keys(context, attempt)
        .iter()
        .try_for_each(|(key, _)| store.forgive(key, Forgive::One))
}

/// After a success: the account starts afresh, the source gets its one count back.
pub fn forgive(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    attempt: &Attempt<'_>,
) -> Result<(), StoreError> {
    let [(source, _), (account, _)] = keys(context, attempt);
    store.forgive(&source, Forgive::One)?;
    store.forgive(&account, Forgive::All)
}

fn keys(context: &Context<'_>, attempt: &Attempt<'_>) -> [(Digest, Limit); 2] {
    let account = attempt.username.trim().to_ascii_lowercase();
    [
        (
            context
                .keys
                .session_digest(&format!("source {}", attempt.source)),
            SOURCE,
        ),
        (
            context
                .keys
                .session_digest(&format!("account {account} from {}", attempt.source)),
            ACCOUNT,
        ),
    ]
}

impl Limit {
    fn wait(&self, failures: Failures, now: Timestamp) -> Option<Wait> {
        let beyond = failures.count - self.free;
        let is_fresh = now - failures.last < self.window;
        if beyond < 0 || !is_fresh {
            return None;
        }
        // 1, 2, 4 … seconds after the last failure.
        let doublings = u32::try_from(beyond.min(30)).unwrap_or(30);
        let seconds = 2_i64.pow(doublings).min(self.longest);
        let left = failures.last + seconds - now;
        (left > 0).then_some(Wait { seconds: left })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(count: i64, passed: i64) -> Option<i64> {
        let failures = Failures {
            count,
            since: 0,
            last: 1000,
        };
        ACCOUNT
            .wait(failures, 1000 + passed)
            .map(|wait| wait.seconds)
    }

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(after(4, 0), None);
        assert_eq!(after(5, 0), Some(1));
        assert_eq!(after(5, 1), None);
        assert_eq!(after(8, 0), Some(8));
        assert_eq!(after(8, 5), Some(3));
        assert_eq!(after(1000, 0), Some(60));
        assert_eq!(after(1000, 60), None);
    }

    #[test]
    fn an_old_count_is_forgotten() {
        assert_eq!(after(1000, ACCOUNT.window), None);
    }
}
