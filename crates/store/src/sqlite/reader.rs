//! A reader: takes one operation after the other and runs it on one state of the database.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Shared;
use super::connection::Session;
use crate::Tx;
use crate::job::ReadJob;
use crate::mishap::{Mishaps, Point};
use crate::queue::Queue;

pub(super) struct Reader {
    pub(super) session: Session,
    pub(super) queue: Arc<Queue<Box<dyn ReadJob>>>,
    pub(super) shared: Arc<Shared>,
    pub(super) mishaps: Mishaps,
}

impl Reader {
    /// Until the queue is closed and empty.
    pub(super) fn run(self) {
        let mut next = Vec::with_capacity(1);
        loop {
            self.mishaps.at(Point::Read);
            self.queue.take(&mut next);
            let Some(job) = next.pop() else { return };
            // Counted before it is answered, as writes are: whoever has an answer finds it counted.
            self.shared.reads.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            self.read(job);
            self.queue.worked(began.elapsed());
            self.mishaps.at(Point::ReadDone);
        }
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        // The state is fixed by the first statement after this, and released at the end, or the log could never be begun anew.
        if let Err(fault) = self.session.say("BEGIN") {
            job.run(Err(fault));
            return;
        }
        job.run(Ok(&Tx::new(&self.session)));
        if !self.session.is_idle()
            && let Err(fault) = self.session.say("ROLLBACK")
        {
            tracing::error!(%fault, "a read could not be ended");
        }
    }
}
