//! An operation on its way through the queue and back, whatever it returns.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{Fault, Tx};

/// A write: run once (or again, when the engine asks for it), answered when it is known whether it was kept.
pub(crate) trait WriteJob: Send {
    /// Runs the operation and keeps its result; `false` if what it wrote must be undone.
    fn run(&mut self, tx: &Tx<'_>) -> bool;

    /// Replaces the result: what the operation did was not kept.
    fn fail(&mut self, fault: Fault);

    /// Sends the result to whoever asked.
    fn answer(self: Box<Self>);
}

/// A read: run once, answered at once.
pub(crate) trait ReadJob: Send {
    fn run(self: Box<Self>, tx: Result<&Tx<'_>, Fault>);
}

pub(crate) type Answer<T> = oneshot::Receiver<Result<T, Fault>>;

struct Write<T, F> {
    op: F,
    result: Result<T, Fault>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

/// Wraps an operation that writes.
pub(crate) fn write<T, F>(op: F) -> (Box<dyn WriteJob>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Write { op, result: Err(Fault::Closed), reply }), answer)
}

impl<T, F> WriteJob for Write<T, F>
where
    T: Send,
    F: FnMut(&Tx<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        self.result = caught(|| (self.op)(tx));
        self.result.is_ok()
    }

    fn fail(&mut self, fault: Fault) {
        self.result = Err(fault);
    }

    fn answer(self: Box<Self>) {
        // Whoever asked may have gone away; what was done stays done.
        let _ = self.reply.send(self.result);
    }
}

struct Read<T, F> {
    op: F,
    reply: oneshot::Sender<Result<T, Fault>>,
}

/// Wraps an operation that reads.
pub(crate) fn read<T, F>(op: F) -> (Box<dyn ReadJob>, Answer<T>)
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Read { op, reply }), answer)
}

impl<T, F> ReadJob for Read<T, F>
where
    T: Send,
    F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send,
{
    fn run(self: Box<Self>, tx: Result<&Tx<'_>, Fault>) {
        let Self { op, reply } = *self;
        // Nobody is there to hear it: a rush of reloads leaves thousands of reads behind.
        if reply.is_closed() {
            return;
        }
        let result = tx.and_then(|tx| caught(|| op(tx)));
        let _ = reply.send(result);
    }
}

/// A panic of one operation must not take the thread with it, and with the thread everybody else's operations.
fn caught<T>(op: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(op)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(message, "an operation panicked; what it wrote is undone");
        Err(Fault::Panicked)
    })
}
