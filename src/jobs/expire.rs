//! Removes rows that nobody can use any more, in small batches, so that requests never wait long behind it.

use crate::protocol::context::Timestamp;
use crate::protocol::error::Fault;
use crate::storage::Storage;

/// So many rows in one transaction.
const BATCH: usize = 500;

/// So many clients in one transaction, each with everything that belongs to it.
const CLIENTS: i64 = 10;

/// Removes everything that has expired; answers how many rows it was.
pub async fn remove_expired(storage: &Storage, now: Timestamp) -> Result<usize, Fault> {
    let mut removed = 0;
    loop {
        let remove = storage.write(move |transaction| Ok(transaction.remove_expired(now, BATCH)?));
        let batch: Result<usize, Fault> = remove.await;
        let batch = batch?;
        removed += batch;
        if batch < BATCH {
            break;
        }
    }
    loop {
        let remove = storage.write(move |it| Ok(it.remove_unused_clients(now, CLIENTS)?));
        let batch: Result<usize, Fault> = remove.await;
        match batch? {
            0 => return Ok(removed),
            batch => removed += batch,
        }
    }
}
