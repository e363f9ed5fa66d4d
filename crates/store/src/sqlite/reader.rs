//! A reader: takes one operation after the other and runs it on one state of the database.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use super::Shared;
use super::connection::Session;
use crate::Tx;
use crate::job::ReadJob;
use crate::tx::Engine as _;

pub(super) struct Reader {
    pub(super) session: Session,
    pub(super) queue: Arc<Mutex<Receiver<Box<dyn ReadJob>>>>,
    pub(super) shared: Arc<Shared>,
}

impl Reader {
    /// Until the last sender is gone and the queue is empty.
    pub(super) fn run(self) {
        loop {
            // One reader waits in the channel, the others for the lock: whoever takes an operation lets the next one in.
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = next else { return };
            self.shared.read_queue.fetch_sub(1, Ordering::Relaxed);
            // Counted before it is answered, as writes are: whoever has an answer finds it counted.
            self.shared.reads.fetch_add(1, Ordering::Relaxed);
            self.read(job);
        }
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        // The state is fixed by the first statement after this, and released at the end, or the log could never be begun anew.
        if let Err(fault) = self.session.execute("BEGIN", &[]) {
            job.run(Err(fault));
            return;
        }
        job.run(Ok(&Tx::new(&self.session)));
        if !self.session.is_idle()
            && let Err(fault) = self.session.execute("ROLLBACK", &[])
        {
            tracing::error!(%fault, "a read could not be ended");
        }
    }
}
