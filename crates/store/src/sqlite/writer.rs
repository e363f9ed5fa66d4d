//! The writer: takes whatever is queued, runs it in one transaction, commits once, then answers all.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use super::connection::Session;
use crate::job::WriteJob;
use crate::mishap::{Mishap, Mishaps, Point};
use crate::queue::Queue;
use crate::{Fault, Tx};

/// Operations in one transaction. More gains little (66,000 against 50,000 bookings/s for 256 against 64) and makes the first of them
/// wait longer for its answer.
pub(super) const BATCH_MAX: usize = 256;

/// How often a transaction is begun anew after waiting `BUSY_TIMEOUT` in vain for another process.
const BEGIN_TRIES: u32 = 3;

/// How long the writer waits for readers of older states before it gives up beginning the log anew until the next second.
const RESTART_PATIENCE: Duration = Duration::from_millis(20);

/// How a transaction ended.
#[derive(PartialEq, Eq)]
enum End {
    Committed,
    /// A test had the process die; whether before or after the commit, nobody is told.
    Died,
}

pub(super) struct Writer {
    pub(super) session: Session,
    pub(super) queue: Arc<Queue<Box<dyn WriteJob>>>,
    pub(super) shared: Arc<Shared>,
    pub(super) mishaps: Mishaps,
}

impl Writer {
    /// Until the queue is closed and empty.
    pub(super) fn run(self) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            if self.mishaps.at(Point::Take) == Mishap::Crash {
                return self.queue.abandon();
            }
            // No timer: while one batch is being synced, the next one gathers by itself.
            self.queue.take(&mut batch);
            if batch.is_empty() {
                return;
            }
            let began = Instant::now();
            let size = batch.len() as u64;
            let end = self.commit(&mut batch);
            let died = end == Ok(End::Died);
            if let Err(fault) = end {
                if !matches!(fault, Fault::Busy | Fault::Unavailable) {
                    tracing::error!(%fault, operations = size, "a transaction failed");
                }
                self.give_up();
                for job in &mut batch {
                    job.fail(fault.clone());
                }
            }
            if died {
                // Nothing is undone here: dropping the connection does what the next start after a crash does.
                for job in &mut batch {
                    job.fail(Fault::Closed);
                }
            }
            self.shared.batch_largest.fetch_max(size, Ordering::Relaxed);
            self.shared.writes.fetch_add(size, Ordering::Relaxed);
            // Only now: nobody hears of success before it is on disk (rule 4).
            for job in batch.drain(..) {
                job.answer();
            }
            self.mishaps.at(Point::Answered);
            if died {
                return self.queue.abandon();
            }
            if self.shared.restart_log.swap(false, Ordering::Relaxed) {
                self.restart_log();
            }
            self.queue.worked(began.elapsed());
        }
    }

    /// Runs the operations, each in its own savepoint, and commits. On `Err` none of them is kept.
    fn commit(&self, batch: &mut [Box<dyn WriteJob>]) -> Result<End, Fault> {
        self.begin()?;
        let (tx, size) = (Tx::new(&self.session), batch.len() as u64);
        for job in batch {
            match self.mishaps.at(Point::Operation) {
                Mishap::None => {}
                Mishap::Crash => return Ok(End::Died),
                Mishap::Busy => {
                    job.fail(Fault::Busy);
                    continue;
                }
            }
            self.session.say("SAVEPOINT operation")?;
            let kept = job.run(&tx);
            // A full disk can end the transaction in the middle, for everybody in it. Going on would write outside of any.
            if self.session.is_idle() {
                return Err(Fault::Unavailable);
            }
            if !kept {
                self.session.say("ROLLBACK TO SAVEPOINT operation")?;
            }
            self.session.say("RELEASE SAVEPOINT operation")?;
        }
        match self.mishaps.at(Point::Commit) {
            Mishap::None => {}
            Mishap::Crash => return Ok(End::Died),
            Mishap::Busy => return Err(Fault::Busy),
        }
        let began = Instant::now();
        self.session.say("COMMIT")?;
        let took = began.elapsed();
        self.shared.commit_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        self.shared.spread.commit_us.count(took.as_micros() as u64);
        self.shared.spread.batch.count(size);
        self.shared.batches.fetch_add(1, Ordering::Relaxed);
        match self.mishaps.at(Point::Committed) {
            Mishap::Crash => Ok(End::Died),
            _ => Ok(End::Committed),
        }
    }

    /// `IMMEDIATE`: the right to write is had at the start, so that no operation can fail for it in the middle.
    fn begin(&self) -> Result<(), Fault> {
        let mut tries = 1;
        loop {
            match self.session.say("BEGIN IMMEDIATE") {
                Err(Fault::Busy) if tries < BEGIN_TRIES => {
                    tracing::warn!(tries, "another process keeps the database locked");
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    fn give_up(&self) {
        // After some disk errors the engine has ended the transaction itself.
        if !self.session.is_idle()
            && let Err(fault) = self.session.say("ROLLBACK")
        {
            tracing::error!(%fault, "a failed transaction could not be undone");
        }
    }

    fn restart_log(&self) {
        match self.session.restart_log(RESTART_PATIENCE) {
            Ok(checkpoint) if checkpoint.busy => {
                tracing::warn!(frames = checkpoint.frames, "a long read keeps the write-ahead log growing");
            }
            Ok(_) => self.shared.log_frames.store(0, Ordering::Relaxed),
            Err(fault) => tracing::warn!(%fault, "the write-ahead log could not be begun anew"),
        }
    }
}
