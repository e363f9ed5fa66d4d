//! PostgreSQL as the engine: a bounded set of connections, each with a thread of its own, for one node of many.
//!
//! Each operation is its own transaction at READ COMMITTED. That is enough, and the right thing, because operations write and look at
//! what happened: a unique index, a `CHECK`, `ON CONFLICT`, an `UPDATE` with a condition are decided by the newest committed row, after
//! waiting for whoever is just changing it. A stricter level would refuse instead of wait, and would have to run each operation again
//! that meets another at the same slot or limit. What an operation reads before it writes is held by a lock ([`crate::locks`]).

mod connect;
mod fault;
mod hosts;
mod schema;
mod session;
mod tls;
mod url;
mod values;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use url::{DatabaseUrl, UrlError};

use crate::checkup::{self, Checkup, Depth};
use crate::job::{ReadJob, WriteJob};
use crate::queue::{Health, Lane, Queue};
use crate::spread::Spread;
use crate::{Fault, OpenError, Place, StoreConfig, StoreStats, Tx};
use connect::{NotConnected, Purpose};
use hosts::Hosts;
use worker::Worker;

/// The engine's threads and the ways to them.
pub(crate) struct Postgres {
    writes: Arc<Queue<Box<dyn WriteJob>>>,
    reads: Arc<Queue<Box<dyn ReadJob>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

/// What the threads tell each other and the outside.
#[derive(Default)]
struct Shared {
    batches: AtomicU64,
    writes: AtomicU64,
    reads: AtomicU64,
    commit_ns: AtomicU64,
    spread: Spread,
    /// Operations run again because others were in the way.
    again: AtomicU64,
    down: Mutex<Down>,
    hosts: Arc<Hosts>,
}

/// What is known about a database that could not be reached.
#[derive(Default)]
struct Down {
    /// Until when nobody tries to connect, since somebody just did in vain.
    until: Option<Instant>,
    /// Whether somebody is trying.
    trying: bool,
}

impl Postgres {
    pub(crate) fn open(url: &DatabaseUrl, config: &StoreConfig) -> Result<Self, OpenError> {
        schema::bring_up(url)?;
        let (writers, readers) = (config.writers.max(1), config.readers.max(1));
        let engine = Self {
            writes: Arc::new(Queue::new(config.queue_max, config.patience, writers, 1)),
            reads: Arc::new(Queue::new(config.queue_max, config.patience, readers, 1)),
            threads: Mutex::new(Vec::new()),
            shared: Arc::default(),
        };
        let (ready, started) = sync_channel(writers + readers);
        for index in 0..writers {
            let (url, shared) = (url.clone(), Arc::clone(&engine.shared));
            let (queue, ready) = (Arc::clone(&engine.writes), ready.clone());
            let run = move || Worker::new(url, Purpose::Write, shared).write(&queue, &ready);
            engine.start(format!("store-write-{index}"), run)?;
        }
        for index in 0..readers {
            let (url, shared) = (url.clone(), Arc::clone(&engine.shared));
            let (queue, ready) = (Arc::clone(&engine.reads), ready.clone());
            let run = move || Worker::new(url, Purpose::Read, shared).read(&queue, &ready);
            engine.start(format!("store-read-{index}"), run)?;
        }
        drop(ready);
        // Too few connections, or a role that may not read, is told now and not in the middle of a Friday.
        for result in started.iter().take(writers + readers) {
            if let Err(why) = result {
                return Err(not_open(url, &why));
            }
        }
        Ok(engine)
    }

    fn start(&self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name).spawn(run).map_err(OpenError::Thread)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    pub(crate) fn send_write(&self, lane: Lane, job: Box<dyn WriteJob>) -> Result<(), Fault> {
        self.writes.push(lane, job)
    }

    pub(crate) fn send_read(&self, lane: Lane, job: Box<dyn ReadJob>) -> Result<(), Fault> {
        self.reads.push(lane, job)
    }

    /// Takes nothing more, waits until everything taken is done, and ends the connections.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let this = thread::current().id();
        // The last clone may be dropped by an operation, on a thread of the store: it cannot wait for itself.
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != this) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }

    pub(crate) fn health(&self) -> Health {
        Health { writes: self.writes.health(), reads: self.reads.health() }
    }

    pub(crate) fn stats(&self) -> StoreStats {
        let (shared, health) = (&self.shared, self.health());
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let batches = read(&shared.batches);
        StoreStats {
            batches,
            writes: read(&shared.writes),
            reads: read(&shared.reads),
            batch_largest: batches.min(1),
            write_queue: health.writes.waiting(),
            read_queue: health.reads.waiting(),
            turned_away: health.writes.turned_away() + health.reads.turned_away(),
            expired: health.writes.expired() + health.reads.expired(),
            commit_time: Duration::from_nanos(read(&shared.commit_ns)),
            log_frames: 0,
            commit_us: shared.spread.commit_us.read(),
            batch: shared.spread.batch.read(),
            again: read(&shared.again),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.close();
    }
}

/// Looks at a database without changing it.
pub(crate) fn checkup(url: &DatabaseUrl, depth: Depth) -> Result<Checkup, OpenError> {
    let session = connect::session(url, Purpose::Read, &Arc::default()).map_err(|why| not_open(url, &why))?;
    let look = || -> Result<Checkup, Fault> {
        let schema_known = schema::newest();
        let tx = Tx::new(&session);
        let made =
            tx.one("SELECT count(*) FROM pg_class WHERE relname = 'refinery_schema_history'", &[], |row| row.int(0))?;
        let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
        let schema = if made == 0 { 0 } else { tx.one(newest, &[], |row| row.small(0))? };
        let contents = if schema == schema_known { Some(checkup::contents(&tx, depth)?) } else { None };
        Ok(Checkup { schema, schema_known, damage: Vec::new(), contents })
    };
    let found = session.begin().map_err(|trouble| trouble.fault()).and_then(|()| look());
    found.map_err(|fault| not_open(url, &NotConnected::Failed(fault.to_string())))
}

fn not_open(url: &DatabaseUrl, why: &NotConnected) -> OpenError {
    OpenError::Database { place: Place::Url(url.clone()), message: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Sql;
    use crate::statements::every_statement;
    use crate::tx::Engine as _;

    /// A session on a fresh database with the schema; `None` where there is no PostgreSQL.
    fn fresh(purpose: Purpose) -> Option<(antrean_cluster::Database, session::Session)> {
        let database = antrean_cluster::database()?;
        let url: DatabaseUrl = database.url().parse().expect("an address");
        schema::bring_up(&url).expect("a schema");
        Some((database, connect::session(&url, purpose, &Arc::default()).expect("a session")))
    }

    #[test]
    fn a_host_that_takes_connections_and_says_nothing_is_passed_over() {
        let Some(database) = antrean_cluster::database() else { return };
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let silent = silent.local_addr().expect("an address");
        let both = database.url().replacen('@', &format!("@{silent},"), 1);
        let url: DatabaseUrl = both.parse().expect("an address");
        let hosts = Arc::default();
        connect::session(&url, Purpose::Write, &hosts).expect("a session on the other host");
        assert_eq!(hosts.in_turn(2).next(), Some(1), "and it is asked first from now on");
        assert!(hosts.moved_from(0));
    }

    #[test]
    fn an_answer_from_memory_waits_for_the_standby_like_the_first_one() {
        let Some((_database, session)) = fresh(Purpose::Write) else { return };
        let writes = || {
            let mut writes = false;
            let assigned = Sql::both("SELECT (pg_current_xact_id_if_assigned() IS NOT NULL)::INT::INT8");
            session.each(assigned, &[], &mut |row| row.int(0).map(|is| writes = is == 1)).map(|()| writes)
        };
        let (key, now) = ([7; 16], jiff::Timestamp::UNIX_EPOCH);
        session.begin().expect("a transaction");
        assert_eq!(crate::idempotency::find(&Tx::new(&session), &key), Ok(None));
        assert_eq!(writes(), Ok(false), "who finds nothing has nothing to wait for");
        crate::idempotency::insert(&Tx::new(&session), &key, &[1; 16], b"answer", now).expect("a new key");
        assert_eq!(session.commit(), session::Committed::Kept);
        session.begin().expect("a transaction");
        assert!(crate::idempotency::find(&Tx::new(&session), &key).is_ok_and(|found| found.is_some()));
        assert_eq!(writes(), Ok(true));
        assert_eq!(session.commit(), session::Committed::Kept);
    }

    #[test]
    fn every_statement_can_be_prepared() {
        let Some((_database, session)) = fresh(Purpose::Write) else { return };
        for (name, sql) in every_statement() {
            if let Err(fault) = session.prepare(sql) {
                panic!("{name}: {fault}");
            }
        }
    }

    #[test]
    fn the_schema_has_the_tables_and_columns_that_an_archive_holds() {
        let Some((_database, session)) = fresh(Purpose::Read) else { return };
        let columns = Sql::both(
            "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns WHERE table_schema = 'public'",
        );
        session.begin().expect("a transaction");
        let found = Tx::new(&session)
            .all(columns, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
            .expect("columns");
        let mut schema: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in found {
            schema.entry(table).or_default().push(column);
        }
        crate::archive::names_all_of(&schema.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn statements_of_one_run_are_settled_before_the_commit_and_a_failed_one_is_not_kept() {
        let Some((_database, session)) = fresh(Purpose::Write) else { return };
        let put = Sql::both("INSERT INTO settings (name, value) VALUES ('once', '')");
        let count = || {
            let mut rows = 0;
            let all = Sql::both("SELECT count(*) FROM settings");
            session.each(all, &[], &mut |row| row.int(0).map(|count| rows = count)).map(|()| rows)
        };
        session.begin().expect("a transaction");
        session.post(put, &[]).expect("sent");
        assert_eq!(session.commit(), session::Committed::Kept);
        session.begin().expect("a transaction");
        // The second time it breaks a rule, and nobody waits for it.
        session.post(put, &[]).expect("sent");
        let committed = session.commit();
        assert!(matches!(committed, session::Committed::Undone(fault::Trouble::Refused(_))), "{committed:?}");
        session.begin().expect("a transaction");
        assert_eq!(count(), Ok(1));
        session.roll_back();
    }
}
