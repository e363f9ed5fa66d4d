//! The store: takes operations, runs them, answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::histogram::Distribution;
use crate::job::{self, Answer, ReadJob, WriteJob};
use crate::mishap::Mishaps;
use crate::postgres::{DatabaseUrl, Postgres};
use crate::queue::{Health, Lane, Patience};
use crate::sqlite::Sqlite;
use crate::{Fault, OpenError, Place, Tx};

/// Where the store is and how much it takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database.
    pub place: Place,
    /// Connections that write to a PostgreSQL database, each with a thread; at least 1. A database file has one writer in any case.
    pub writers: usize,
    /// Threads that read, each with its own connection; at least 1.
    pub readers: usize,
    /// Operations that may wait, writes and reads each, shared out among the lanes; one more is `Fault::Busy`.
    pub queue_max: usize,
    /// How long an operation may wait before it is `Fault::Busy` instead of run.
    pub patience: Patience,
    /// What a test lets go wrong with a database file; nothing by default.
    pub mishaps: Mishaps,
}

impl StoreConfig {
    /// Enough to use small machines fully: pages under load are bytes prepared once, so few readers serve many people.
    pub const READERS: usize = 4;

    /// As many transactions as share a commit on one disk without waiting for each other's rows; five nodes of them and their readers
    /// are the 100 connections that a server of PostgreSQL allows unless it is told otherwise.
    pub const WRITERS: usize = 16;

    /// A bound on memory, some 30 MB of operations: what cannot be done in time is refused long before a slow disk fills it, and at
    /// 10,000 writes a second the last of those who confirm waits 0.8 s.
    pub const QUEUE_MAX: usize = 16_384;

    /// The usual settings for a database file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::of(Place::File(path.into()))
    }

    /// The usual settings for a PostgreSQL database.
    pub fn url(url: DatabaseUrl) -> Self {
        Self::of(Place::Url(url))
    }

    fn of(place: Place) -> Self {
        Self {
            place,
            writers: Self::WRITERS,
            readers: Self::READERS,
            queue_max: Self::QUEUE_MAX,
            patience: Patience::default(),
            mishaps: Mishaps::default(),
        }
    }
}

/// What the store has done since it was opened, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Transactions committed, each with one or more operations.
    pub batches: u64,
    /// Writing operations answered, whatever the answer.
    pub writes: u64,
    /// Reading operations answered, with those that are being answered now.
    pub reads: u64,
    /// The most operations in one transaction so far.
    pub batch_largest: u64,
    /// Writing operations waiting now.
    pub write_queue: u64,
    /// Reading operations waiting now.
    pub read_queue: u64,
    /// Operations turned away on arrival: no room, or no hope to be done in time. By lane in `Store::health`.
    pub turned_away: u64,
    /// Operations refused because they had waited too long when their turn came.
    pub expired: u64,
    /// Time spent in commits, all together.
    pub commit_time: Duration,
    /// How long each commit took, in microseconds.
    pub commit_us: Distribution,
    /// How many operations each transaction had.
    pub batch: Distribution,
    /// Pages in the write-ahead log at the last look, each of 4 KiB.
    pub log_frames: u64,
    /// Operations run again because others were in the way, on PostgreSQL.
    pub again: u64,
}

/// The store. Cloning it is cheap; all clones are one store, closed when the last is dropped or when one is closed.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

/// The one or the other; the only place that asks which.
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Engine {
    fn send_write(&self, lane: Lane, job: Box<dyn WriteJob>) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.send_write(lane, job),
            Self::Postgres(engine) => engine.send_write(lane, job),
        }
    }

    fn send_read(&self, lane: Lane, job: Box<dyn ReadJob>) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.send_read(lane, job),
            Self::Postgres(engine) => engine.send_read(lane, job),
        }
    }

    fn close(&self) {
        match self {
            Self::Sqlite(engine) => engine.close(),
            Self::Postgres(engine) => engine.close(),
        }
    }

    fn stats(&self) -> StoreStats {
        match self {
            Self::Sqlite(engine) => engine.stats(),
            Self::Postgres(engine) => engine.stats(),
        }
    }

    fn health(&self) -> Health {
        match self {
            Self::Sqlite(engine) => engine.health(),
            Self::Postgres(engine) => engine.health(),
        }
    }
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the store's threads.
    pub fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let engine = match &config.place {
            Place::File(path) => Engine::Sqlite(Sqlite::open(path, config)?),
            Place::Url(url) => Engine::Postgres(Postgres::open(url, config)?),
        };
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Whether other nodes may write to the same database at any time, so that what this one wrote is not all that changed.
    pub fn is_shared(&self) -> bool {
        matches!(*self.engine, Engine::Postgres(_))
    }

    /// Runs an operation of the program itself that may write, and answers when what it wrote is on disk.
    ///
    /// An operation that returns `Err` or panics leaves nothing behind. It may be run again from the start, so it keeps no state of
    /// its own. It runs to its end even if the caller goes away.
    pub async fn write<T, F>(&self, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.write_in(Lane::Clock, op).await
    }

    /// As [`Store::write`], for somebody in a lane.
    pub async fn write_in<T, F>(&self, lane: Lane, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.send_write(lane, op)?.await.unwrap_or(Err(Fault::Closed))
    }

    /// As [`Store::write`], for threads outside an async runtime; panics within one.
    pub fn write_blocking<T, F>(&self, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.write_in_blocking(Lane::Clock, op)
    }

    /// As [`Store::write_in`], for threads outside an async runtime; panics within one.
    pub fn write_in_blocking<T, F>(&self, lane: Lane, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.send_write(lane, op)?.blocking_recv().unwrap_or(Err(Fault::Closed))
    }

    /// Runs an operation of the program itself that only reads, on one state of the database that includes every write answered before.
    ///
    /// While it runs, the write-ahead log cannot be begun anew: long reads are for the command line and for rare reports.
    pub async fn read<T, F>(&self, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.read_in(Lane::Clock, op).await
    }

    /// As [`Store::read`], for somebody in a lane. Not run at all if whoever asked has gone away when its turn comes.
    pub async fn read_in<T, F>(&self, lane: Lane, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.send_read(lane, op)?.await.unwrap_or(Err(Fault::Closed))
    }

    /// As [`Store::read`], for threads outside an async runtime; panics within one.
    pub fn read_blocking<T, F>(&self, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.read_in_blocking(Lane::Clock, op)
    }

    /// As [`Store::read_in`], for threads outside an async runtime; panics within one.
    pub fn read_in_blocking<T, F>(&self, lane: Lane, op: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.send_read(lane, op)?.blocking_recv().unwrap_or(Err(Fault::Closed))
    }

    /// Takes no more operations, finishes those it took, and closes the files. The other clones answer `Fault::Closed` from then on.
    pub async fn close(&self) {
        let engine = Arc::clone(&self.engine);
        // The threads are waited for on a thread that may block. That it was refused can only mean that the runtime is going down;
        // then the drop of the last clone waits.
        let _ = tokio::task::spawn_blocking(move || engine.close()).await;
    }

    /// As [`Store::close`], for threads outside an async runtime.
    pub fn close_blocking(&self) {
        self.engine.close();
    }

    /// Which engine keeps everything: `sqlite`.
    pub fn engine(&self) -> &'static str {
        "sqlite"
    }

    /// What the store has done so far.
    pub fn stats(&self) -> StoreStats {
        self.engine.stats()
    }

    /// How the queues are: who waits, how long, and how many were refused.
    pub fn health(&self) -> Health {
        self.engine.health()
    }

    fn send_write<T, F>(&self, lane: Lane, op: F) -> Result<Answer<T>, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (job, answer) = job::write(op);
        self.engine.send_write(lane, job)?;
        Ok(answer)
    }

    fn send_read<T, F>(&self, lane: Lane, op: F) -> Result<Answer<T>, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (job, answer) = job::read(op);
        self.engine.send_read(lane, job)?;
        Ok(answer)
    }
}
