//! A worker: takes one operation after the other and runs it in a transaction of its own, on a connection that it keeps alive.

use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::connect::{self, NotConnected, Purpose};
use super::fault::Trouble;
use super::session::{Committed, Session};
use super::url::DatabaseUrl;
use crate::job::{ReadJob, WriteJob};
use crate::queue::Queue;
use crate::{Fault, Tx};

/// How long an operation is run again when others are in the way. Whoever waits longer has reloaded the page by then.
const AGAIN_FOR: Duration = Duration::from_secs(4);

/// The pause before an operation is run again grows from this, a little different on each connection: two that were in each other's
/// way must not meet again at once.
const AGAIN_PAUSE: Duration = Duration::from_millis(2);

/// After a failure to connect nobody tries for so long: what comes meanwhile is turned away at once.
const DOWN_PAUSE: Duration = Duration::from_millis(300);

/// One connection's worker.
pub(super) struct Worker {
    url: DatabaseUrl,
    purpose: Purpose,
    shared: Arc<Shared>,
    session: Option<Session>,
}

/// How one run of an operation ended.
enum Ran {
    /// It is on disk.
    Kept,
    /// It failed by itself; its result is its own.
    Failed,
    /// Others were in the way.
    InTheWay,
    /// The connection was lost before the commit: nothing is kept.
    Lost,
    /// The connection was lost in the commit: nobody knows.
    Unknown,
}

impl Worker {
    pub(super) fn new(url: DatabaseUrl, purpose: Purpose, shared: Arc<Shared>) -> Self {
        Self { url, purpose, shared, session: None }
    }

    /// Runs operations that write, until the queue is closed and empty. Says first whether it could connect.
    pub(super) fn write(mut self, queue: &Queue<Box<dyn WriteJob>>, ready: &SyncSender<Result<(), NotConnected>>) {
        let _ = ready.send(self.connect());
        let mut next = Vec::with_capacity(1);
        loop {
            queue.take(&mut next);
            let Some(mut job) = next.pop() else { return };
            let began = Instant::now();
            if let Err(fault) = self.run(&mut *job, began) {
                job.fail(fault);
            }
            self.shared.writes.fetch_add(1, Ordering::Relaxed);
            job.answer();
            queue.worked(began.elapsed());
        }
    }

    /// Runs an operation, again if need be. On `Err` nothing of it is kept, or nobody knows.
    fn run(&mut self, job: &mut dyn WriteJob, began: Instant) -> Result<(), Fault> {
        let mut tries = 0;
        loop {
            self.connected()?;
            tries += 1;
            match self.once(job) {
                Ran::Kept | Ran::Failed => return Ok(()),
                Ran::Unknown => {
                    tracing::warn!("the connection was lost in a commit; whether it was kept is not known");
                    return Err(Fault::Unknown);
                }
                // The connection may have been dead for long; once more on a fresh one.
                Ran::Lost if tries > 1 => return Err(Fault::Unavailable),
                Ran::Lost => {}
                Ran::InTheWay if began.elapsed() > AGAIN_FOR => return Err(Fault::Busy),
                Ran::InTheWay => {
                    self.shared.again.fetch_add(1, Ordering::Relaxed);
                    let different = began.elapsed().subsec_nanos() % 8;
                    thread::sleep(AGAIN_PAUSE * tries.min(16) + Duration::from_millis(different.into()));
                }
            }
        }
    }

    fn once(&mut self, job: &mut dyn WriteJob) -> Ran {
        let Some(session) = &self.session else { return Ran::Lost };
        let ran = Self::transaction(session, &self.shared, job);
        if !session.is_usable() {
            self.session = None;
        }
        ran
    }

    fn transaction(session: &Session, shared: &Shared, job: &mut dyn WriteJob) -> Ran {
        if session.begin().is_err() {
            return Ran::Lost;
        }
        let keep = job.run(&Tx::new(session));
        if !keep {
            return match session.roll_back() {
                Trouble::None | Trouble::Refused(_) => Ran::Failed,
                Trouble::Again => Ran::InTheWay,
                Trouble::Lost => Ran::Lost,
            };
        }
        let began = Instant::now();
        let committed = session.commit();
        let took = began.elapsed();
        shared.commit_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        shared.spread.commit_us.count(took.as_micros() as u64);
        shared.spread.batch.count(1);
        match committed {
            Committed::Kept => {
                shared.batches.fetch_add(1, Ordering::Relaxed);
                Ran::Kept
            }
            Committed::Unknown => Ran::Unknown,
            Committed::Undone(Trouble::Again) => Ran::InTheWay,
            Committed::Undone(Trouble::Lost) => Ran::Lost,
            // The operation went on after a statement that failed, or one failed that nobody waited for.
            Committed::Undone(trouble) => {
                job.fail(trouble.fault());
                Ran::Failed
            }
        }
    }

    /// Runs operations that read, until the queue is closed and empty. Says first whether it could connect.
    pub(super) fn read(mut self, queue: &Queue<Box<dyn ReadJob>>, ready: &SyncSender<Result<(), NotConnected>>) {
        let _ = ready.send(self.connect());
        let mut next = Vec::with_capacity(1);
        loop {
            queue.take(&mut next);
            let Some(job) = next.pop() else { return };
            // Counted before it is answered: whoever has an answer finds it counted.
            self.shared.reads.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            self.read_one(job);
            queue.worked(began.elapsed());
        }
    }

    fn read_one(&mut self, job: Box<dyn ReadJob>) {
        // A read answers by itself, so the connection is asked first whether it is alive.
        for _ in 0..2 {
            if let Err(fault) = self.connected() {
                job.run(Err(fault));
                return;
            }
            let Some(session) = &self.session else { continue };
            if session.begin().and_then(|()| session.settle()).is_ok() {
                job.run(Ok(&Tx::new(session)));
                session.roll_back();
                if !session.is_usable() {
                    self.session = None;
                }
                return;
            }
            self.session = None;
        }
        job.run(Err(Fault::Unavailable));
    }

    /// Makes sure of a connection; `Unavailable` at once if one was just tried for in vain.
    fn connected(&mut self) -> Result<(), Fault> {
        if self.session.as_ref().is_some_and(Session::is_usable) {
            return Ok(());
        }
        self.session = None;
        let down = || self.shared.down.lock().unwrap_or_else(PoisonError::into_inner);
        {
            // While the database is away one worker looks for it, and nobody waits: a host that is silent costs seconds.
            let mut down = down();
            if let Some(until) = down.until {
                if down.trying || Instant::now() < until {
                    return Err(Fault::Unavailable);
                }
                down.trying = true;
            }
        }
        let result = connect::session(&self.url, self.purpose, &self.shared.hosts);
        let mut down = down();
        down.trying = false;
        match result {
            Ok(session) => {
                if down.until.take().is_some() {
                    tracing::info!("the database is back");
                }
                drop(down);
                self.session = Some(session);
                Ok(())
            }
            Err(why) => {
                if down.until.is_none() {
                    tracing::error!(%why, database = %self.url, "the database cannot be reached");
                }
                down.until = Some(Instant::now() + DOWN_PAUSE);
                Err(Fault::Unavailable)
            }
        }
    }

    fn connect(&mut self) -> Result<(), NotConnected> {
        self.session = Some(connect::session(&self.url, self.purpose, &self.shared.hosts)?);
        Ok(())
    }
}
