//! SQLite as the engine: one thread that writes, some that read, one that keeps the write-ahead log short.

mod checkpoint;
mod checkup;
mod connection;
mod reader;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(crate) use checkup::checkup;

use crate::job::{ReadJob, WriteJob};
use crate::queue::{Health, Lane, Queue};
use crate::spread::Spread;
use crate::{Fault, OpenError, StoreConfig, StoreStats};

/// The engine's threads and the ways to them.
pub(crate) struct Sqlite {
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
    batch_largest: AtomicU64,
    commit_ns: AtomicU64,
    spread: Spread,
    log_frames: AtomicU64,
    /// Set by the checkpointer, done by the writer between two transactions: only there nobody has to be waited for.
    restart_log: AtomicBool,
    closing: Mutex<bool>,
    closed: Condvar,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, config: &StoreConfig) -> Result<Self, OpenError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|source| OpenError::Directory { path: directory.to_owned(), source })?;
        }
        let shared = Arc::new(Shared::default());
        let session = connection::open_writer(path)?;
        let readers = config.readers.max(1);
        let engine = Self {
            writes: Arc::new(Queue::new(config.queue_max, config.patience, 1, writer::BATCH_MAX)),
            reads: Arc::new(Queue::new(config.queue_max, config.patience, readers, 1)),
            threads: Mutex::new(Vec::new()),
            shared: Arc::clone(&shared),
        };
        for index in 0..readers {
            let reader = reader::Reader {
                session: connection::open_reader(path)?,
                queue: Arc::clone(&engine.reads),
                shared: Arc::clone(&shared),
                mishaps: config.mishaps.clone(),
            };
            engine.start(format!("store-read-{index}"), move || reader.run())?;
        }
        let checkpointer = connection::open_checkpointer(path)?;
        let for_checkpointer = Arc::clone(&shared);
        engine.start("store-log".to_owned(), move || checkpoint::run(&checkpointer, &for_checkpointer))?;
        let queue = Arc::clone(&engine.writes);
        let mishaps = config.mishaps.clone();
        engine.start("store-write".to_owned(), move || writer::Writer { session, queue, shared, mishaps }.run())?;
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

    /// Takes nothing more, waits until everything taken is done, and closes the files.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let this = thread::current().id();
        let (checkpointer, working): (Vec<_>, Vec<_>) =
            threads.into_iter().partition(|thread| thread.thread().name() == Some("store-log"));
        // The last clone may be dropped by an operation, on a thread of the store: it cannot wait for itself.
        for thread in working.into_iter().filter(|thread| thread.thread().id() != this) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        *self.shared.closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.closed.notify_all();
        for thread in checkpointer {
            if thread.join().is_err() {
                tracing::error!("the checkpointer of the store panicked");
            }
        }
    }

    pub(crate) fn health(&self) -> Health {
        Health { writes: self.writes.health(), reads: self.reads.health() }
    }

    pub(crate) fn stats(&self) -> StoreStats {
        let shared = &self.shared;
        let health = self.health();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            batches: read(&shared.batches),
            writes: read(&shared.writes),
            reads: read(&shared.reads),
            batch_largest: read(&shared.batch_largest),
            write_queue: health.writes.waiting(),
            read_queue: health.reads.waiting(),
            turned_away: health.writes.turned_away() + health.reads.turned_away(),
            expired: health.writes.expired() + health.reads.expired(),
            commit_time: Duration::from_nanos(read(&shared.commit_ns)),
            commit_us: shared.spread.commit_us.read(),
            batch: shared.spread.batch.read(),
            log_frames: read(&shared.log_frames),
            again: 0,
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.close();
    }
}
