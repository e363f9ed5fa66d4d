//! SQLite as the engine: one thread that writes, some that read, one that keeps the write-ahead log short.

mod checkpoint;
mod checkup;
mod connection;
mod reader;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(crate) use checkup::checkup;

use crate::job::{ReadJob, WriteJob};
use crate::{Fault, OpenError, StoreConfig, StoreStats};

/// The engine's threads and the ways to them.
pub(crate) struct Sqlite {
    /// Gone once the store is closed: then the threads finish what is queued, and end.
    senders: RwLock<Option<Senders>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

struct Senders {
    write: SyncSender<Box<dyn WriteJob>>,
    read: SyncSender<Box<dyn ReadJob>>,
}

/// What the threads tell each other and the outside.
#[derive(Default)]
struct Shared {
    batches: AtomicU64,
    writes: AtomicU64,
    reads: AtomicU64,
    batch_largest: AtomicU64,
    write_queue: AtomicU64,
    read_queue: AtomicU64,
    turned_away: AtomicU64,
    commit_ns: AtomicU64,
    log_frames: AtomicU64,
    /// Set by the checkpointer, done by the writer between two transactions: only there nobody has to be waited for.
    restart_log: AtomicBool,
    closing: Mutex<bool>,
    closed: Condvar,
}

impl Sqlite {
    pub(crate) fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        if let Some(directory) = config.path.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|source| OpenError::Directory { path: directory.to_owned(), source })?;
        }
        let shared = Arc::new(Shared::default());
        let session = connection::open_writer(&config.path)?;
        let queue_max = config.queue_max.max(1);
        let (write, writes) = sync_channel(queue_max);
        let (read, reads) = sync_channel(queue_max);
        let engine = Self {
            senders: RwLock::new(Some(Senders { write, read })),
            threads: Mutex::new(Vec::new()),
            shared: Arc::clone(&shared),
        };
        let reads = Arc::new(Mutex::new(reads));
        for index in 0..config.readers.max(1) {
            let reader = reader::Reader {
                session: connection::open_reader(&config.path)?,
                queue: Arc::clone(&reads),
                shared: Arc::clone(&shared),
            };
            engine.start(format!("store-read-{index}"), move || reader.run())?;
        }
        let checkpointer = connection::open_checkpointer(&config.path)?;
        let for_checkpointer = Arc::clone(&shared);
        engine.start("store-log".to_owned(), move || checkpoint::run(&checkpointer, &for_checkpointer))?;
        engine.start("store-write".to_owned(), move || writer::Writer { session, queue: writes, shared }.run())?;
        Ok(engine)
    }

    fn start(&self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name).spawn(run).map_err(OpenError::Thread)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    pub(crate) fn send_write(&self, job: Box<dyn WriteJob>) -> Result<(), Fault> {
        self.send(job, &self.shared.write_queue, |senders| &senders.write)
    }

    pub(crate) fn send_read(&self, job: Box<dyn ReadJob>) -> Result<(), Fault> {
        self.send(job, &self.shared.read_queue, |senders| &senders.read)
    }

    fn send<J>(&self, job: J, waiting: &AtomicU64, to: impl FnOnce(&Senders) -> &SyncSender<J>) -> Result<(), Fault> {
        let senders = self.senders.read().unwrap_or_else(PoisonError::into_inner);
        let Some(senders) = senders.as_ref() else { return Err(Fault::Closed) };
        // Counted before it is sent: the thread may take it, and count it off, at once.
        waiting.fetch_add(1, Ordering::Relaxed);
        to(senders).try_send(job).map_err(|refused| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => {
                    self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
                    Fault::Busy
                }
                TrySendError::Disconnected(_) => Fault::Closed,
            }
        })
    }

    /// Takes nothing more, waits until everything taken is done, and closes the files.
    pub(crate) fn close(&self) {
        drop(self.senders.write().unwrap_or_else(PoisonError::into_inner).take());
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

    pub(crate) fn stats(&self) -> StoreStats {
        let shared = &self.shared;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            batches: read(&shared.batches),
            writes: read(&shared.writes),
            reads: read(&shared.reads),
            batch_largest: read(&shared.batch_largest),
            write_queue: read(&shared.write_queue),
            read_queue: read(&shared.read_queue),
            turned_away: read(&shared.turned_away),
            commit_time: Duration::from_nanos(read(&shared.commit_ns)),
            log_frames: read(&shared.log_frames),
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.close();
    }
}
