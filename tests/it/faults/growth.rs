//! Rotation changes rows in place: however often tokens are refreshed, the database stays as large as it was when each
//! sign-in had been refreshed ten times. And the log in front of SQLite's file stays short, though somebody always reads.

use std::fs;
use std::future::{Future as _, poll_fn};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use issuant::crypto::digest::RootKey;
use issuant::crypto::random::{SystemRandom, random_bytes};
use issuant::identity::store::Users as _;
use issuant::protocol::client::Client;
use issuant::protocol::context::{ClientDirectory, Context, Policy, PublishedKeys, TokenKeys};
use issuant::protocol::error::{Fault, Trouble};
use issuant::protocol::refresh_policy::RefreshPolicy;
use issuant::protocol::store::TokenFamilies as _;
use issuant::protocol::tokens::family::{Family, Presented, Rotation};
use issuant::protocol::tokens::refresh_token::{FamilyId, Minted};
use issuant::server::clock;
use issuant::storage::{Storage, Transaction};

use crate::faults::stage::family;
use crate::faults::{Over, is_full, size};
use crate::support::cast;
use crate::support::databases::Database;

/// As many wait for one commit.
const WRITERS: usize = 32;
const READERS: usize = 2;
/// How often each of the writers refreshes, where not as often as it can: a thousand families are refreshed twice a second,
/// some hundred times as often as any client does.
const PACE: Duration = Duration::from_millis(16);
/// The log may be as long as this, whatever is written.
const LONGEST_LOG: u64 = 16 << 20;
/// PostgreSQL keeps a row's old versions until nobody can see them and somebody comes by. How many that are depends on
/// the longest of the transactions meanwhile; so the table may have room for this much a family, when a few families are
/// refreshed as fast as the machine can, or while other tests use the same server.
const MOST_A_FAMILY: i64 = 32 << 10;

#[test]
fn rotations_do_not_grow_the_sqlite_file() {
    let mut database = Database::sqlite();
    let url = database.settings().url.clone();
    let path = url.strip_prefix("sqlite:").unwrap();
    let pages = "page_count FROM pragma_page_count";
    let log = format!("{path}-wal");
    let measure = || database.number(pages) * 4096;
    let sizes = rotate(&database, Path::new(&log), None, measure);
    sizes.report("SQLite, the file");
    eprintln!(
        "SQLite's log was never longer than {} KiB",
        sizes.longest_log >> 10
    );
    assert!(sizes.longest_log <= LONGEST_LOG);
    let file = fs::metadata(path).unwrap().len();
    assert_eq!(i64::try_from(file).unwrap(), sizes.after_all);
    assert!(sizes.growth() <= 0.10);
}

#[test]
fn rotations_do_not_grow_the_postgres_table() {
    let Some(sizes) = rotate_on_postgres(Some(PACE), "at a pace") else {
        return;
    };
    assert!(sizes.growth() <= 0.10 || !is_full() && sizes.is_bounded());
}

#[test]
fn rotations_as_fast_as_can_be_leave_the_postgres_table_within_bounds() {
    let Some(sizes) = rotate_on_postgres(None, "as fast as can be") else {
        return;
    };
    assert!(sizes.is_bounded());
}

fn rotate_on_postgres(pace: Option<Duration>, how: &str) -> Option<Sizes> {
    let mut database = Database::postgres_apart()?;
    // A million rotations write faster than a slow disk takes the log; who waits for that is not asked to come again.
    database.settings().patience = Duration::from_mins(5);
    let bytes = "pg_total_relation_size('token_families') FROM (SELECT 1) one";
    let measure = || database.number(bytes);
    let sizes = rotate(&database, Path::new("/nowhere"), pace, measure);
    sizes.report(&format!(
        "PostgreSQL, token_families with its indexes, {how}"
    ));
    Some(sizes)
}

/// Sizes in bytes.
struct Sizes {
    fresh: i64,
    after_ten_each: i64,
    after_all: i64,
    longest_log: u64,
    families: usize,
    rotations: usize,
    took: Duration,
}

impl Sizes {
    /// By which part the size grew after the tenth rotation of each family.
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
    fn growth(&self) -> f64 {
        self.after_all as f64 / self.after_ten_each as f64 - 1.0
    }

    fn is_bounded(&self) -> bool {
        let families = i64::try_from(self.families).unwrap();
        self.after_all <= families * MOST_A_FAMILY
    }

    fn report(&self, what: &str) {
        eprintln!(
            "{what}: {} KiB fresh, {} KiB after ten rotations of each family, {} KiB after {} in {} s: {:+.1} %",
            self.fresh >> 10,
            self.after_ten_each >> 10,
            self.after_all >> 10,
            self.rotations,
            self.took.as_secs(),
            self.growth() * 100.0
        );
    }
}

/// Rotates families again and again, as the token endpoint does, with readers beside it.
fn rotate(
    database: &Database,
    log: &Path,
    pace: Option<Duration>,
    measure: impl Fn() -> i64,
) -> Sizes {
    let storage = database.open();
    let keys = TokenKeys::derive(&RootKey::generate(&SystemRandom));
    let mut holders = sign_in(&storage, &keys, size(100, 1000));
    let fresh = measure();
    let (began, longest_log, is_over) = (Instant::now(), AtomicU64::new(0), AtomicBool::new(false));
    let rounds = if pace.is_some() {
        size(20, 1000)
    } else {
        size(200, 1000)
    };
    let ids: Vec<FamilyId> = holders.iter().map(|it| it.family.id).collect();
    let mut after_ten_each = 0;
    thread::scope(|scope| {
        let _over = Over(&is_over);
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let length = fs::metadata(log).map_or(0, |it| it.len());
                longest_log.fetch_max(length, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        for _ in 0..READERS {
            scope.spawn(|| {
                for id in ids.iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = *id;
                    let found: Result<_, Fault> =
                        storage.read_blocking(move |it| Ok(it.family(&id)?));
                    assert!(found.unwrap().is_some());
                }
            });
        }
        all_together(&storage, &keys, &mut holders, 10, pace);
        after_ten_each = measure();
        all_together(&storage, &keys, &mut holders, rounds - 10, pace);
    });
    let after_all = measure();
    storage.close();
    Sizes {
        fresh,
        after_ten_each,
        after_all,
        longest_log: longest_log.into_inner(),
        families: ids.len(),
        rotations: ids.len() * rounds,
        took: began.elapsed(),
    }
}

/// A client with a refresh token, and the row that the server has of it.
struct Holder {
    family: Family,
    token: Minted,
}

fn sign_in(storage: &Storage, keys: &TokenKeys, count: usize) -> Vec<Holder> {
    let (client, user) = (cast::clients().remove(0), cast::users().remove(0));
    let now = clock::now();
    let new = || {
        let id = FamilyId(random_bytes(&SystemRandom));
        let (rotation, token) = Rotation::first(id, &SystemRandom, keys, now, now + 86_400);
        let family = Family {
            client_id: client.id.clone(),
            ..family(id, rotation, &user.subject.id)
        };
        let token = Minted::read(token.expose(), keys).unwrap();
        Holder { family, token }
    };
    let holders: Vec<Holder> = (0..count).map(|_| new()).collect();
    let families: Vec<Family> = holders.iter().map(|it| it.family.clone()).collect();
    let written: Result<(), Fault> = storage.write_blocking(move |transaction| {
        transaction.add_client(&client)?;
        transaction.add_user(&user)?;
        families
            .iter()
            .try_for_each(|family| transaction.add_family(family))?;
        Ok(())
    });
    written.unwrap();
    holders
}

/// As the server does: few threads, and many requests that wait for the same commit.
fn all_together(
    storage: &Storage,
    keys: &TokenKeys,
    holders: &mut [Holder],
    rounds: usize,
    pace: Option<Duration>,
) {
    let share = holders.len().div_ceil(WRITERS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut writers: Vec<_> = holders
        .chunks_mut(share)
        .map(|holders| {
            Box::pin(async move {
                for _ in 0..rounds {
                    for holder in &mut *holders {
                        holder.refresh(storage, keys).await;
                        if let Some(pace) = pace {
                            tokio::time::sleep(pace).await;
                        }
                    }
                }
            })
        })
        .collect();
    runtime.block_on(poll_fn(|context| {
        writers.retain_mut(|it| it.as_mut().poll(context).is_pending());
        if writers.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
}

impl Holder {
    async fn refresh(&mut self, storage: &Storage, keys: &TokenKeys) {
        let policy = Policy::default();
        let refresh = RefreshPolicy {
            rotation: policy.refresh_rotation,
            retry_window: policy.retry_window,
            idle_lifetime: policy.refresh_idle_lifetime,
            absolute_lifetime: policy.refresh_absolute_lifetime,
        };
        let context = Context {
            now: clock::now(),
            random: &SystemRandom,
            issuer: cast::ISSUER,
            policy: &policy,
            clients: &Nobody,
            keys,
        };
        let Presented::Rotate {
            rotation, answer, ..
        } = self.family.present(&context, &refresh, &self.token)
        else {
            panic!("the newest token was refused");
        };
        self.token = Minted::read(answer.expose(), keys).unwrap();
        self.family.rotation = rotation.clone();
        let id = self.family.id;
        // What is measured is how much room rotations take, also where the machine is too busy for one of them.
        for _ in 0..10 {
            let rotation = rotation.clone();
            let rule = move |transaction: &mut Transaction| {
                assert!(transaction.family(&id)?.is_some());
                Ok::<_, Fault>(transaction.rotate(&id, &rotation)?)
            };
            match storage.write_family(id, rule).await {
                Ok(is_rotated) => return assert!(is_rotated),
                Err(Fault::Failed(error)) if error.trouble() == Trouble::Unavailable => {}
                Err(fault) => panic!("{fault:?}"),
            }
        }
        panic!("the database was too busy ten times");
    }
}

/// No client: what a refresh token means depends on none.
struct Nobody;

impl ClientDirectory for Nobody {
    fn client(&self, _: &str) -> Option<Arc<Client>> {
        None
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        PublishedKeys::default()
    }
}
