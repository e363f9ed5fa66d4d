//! Whether this node can do what it is there for: commit. Asked by supervisors as often as they like, tried at most once a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use antrean_store::{Fault, settings};

use crate::app::App;

/// A commit this young is proof enough: a second is as often as it is worth trying.
const FRESH: Duration = Duration::from_secs(1);
/// With a commit this young the node still counts as ready, though the last try failed: one stumble is not an outage.
const STALE: Duration = Duration::from_secs(5);
/// A store that has not answered in this time is not ready. Supervisors wait a few seconds at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// The row that is written when nobody else writes anything.
const NAME: &str = "pulse";

/// Whether this node can commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can; the last commit that is known of is so old.
    Ready {
        /// Age of the last commit.
        age: Duration,
    },
    /// It cannot.
    NotReady {
        /// Why, for whoever looks after it.
        why: &'static str,
        /// Age of the last commit that is known of, if there was one.
        age: Option<Duration>,
    },
}

/// What is known about commits.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    seen: Mutex<Seen>,
    /// Held by the one who tries; the others wait and take what came of it.
    trying: tokio::sync::Mutex<()>,
    closing: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    committed: Option<Instant>,
    tried: Option<Instant>,
    failed: Option<&'static str>,
}

impl Pulse {
    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, outcome: Result<(), &'static str>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        seen.tried = Some(now);
        seen.failed = outcome.err();
        if outcome.is_ok() {
            seen.committed = Some(now);
        }
    }

    /// What can be said without trying; `None` if it is too long ago.
    fn known(&self) -> Option<Readiness> {
        let seen = self.seen();
        let age = seen.committed.map(|at| at.elapsed());
        if self.closing.load(Ordering::Relaxed) {
            return Some(Readiness::NotReady { why: "shutting down", age });
        }
        if seen.tried.is_none_or(|at| at.elapsed() > FRESH) {
            return None;
        }
        match (age, seen.failed) {
            (Some(age), None) => Some(Readiness::Ready { age }),
            (Some(age), Some(_)) if age < STALE => Some(Readiness::Ready { age }),
            (age, why) => Some(Readiness::NotReady { why: why.unwrap_or("nothing was committed yet"), age }),
        }
    }
}

impl App {
    /// Whether this node can commit: writes something tiny and commits it, unless that was tried within the last second.
    ///
    /// Under load the tiny write may wait like everybody's; then commits of others count just as well.
    pub async fn readiness(&self) -> Readiness {
        if let Some(known) = self.pulse().known() {
            return known;
        }
        let _trying = self.pulse().trying.lock().await;
        if let Some(known) = self.pulse().known() {
            return known;
        }
        let before = self.store().stats().batches;
        let now = self.now().as_millisecond().to_be_bytes();
        let tried = tokio::time::timeout(PATIENCE, self.store().write(move |tx| settings::put(tx, NAME, &now))).await;
        let outcome = match tried {
            Ok(Ok(())) => Ok(()),
            _ if self.store().stats().batches > before => Ok(()),
            Err(_) => Err("the store does not answer in time"),
            Ok(Err(Fault::Busy)) => Err("too much work is waiting"),
            Ok(Err(Fault::Unavailable)) => Err("the store cannot keep anything: a full disk, or no database server"),
            Ok(Err(Fault::Closed)) => Err("the store is closed"),
            Ok(Err(_)) => Err("the store failed; the log says how"),
        };
        self.pulse().note(outcome);
        self.pulse().known().unwrap_or(Readiness::NotReady { why: "the store is slow", age: None })
    }

    /// From now on this node is not ready: nobody new is to be sent to it.
    pub fn begin_closing(&self) {
        self.pulse().closing.store(true, Ordering::Relaxed);
    }
}
