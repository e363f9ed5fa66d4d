//! What happened since the start, counted for metrics: refusals by reason, the release clock, messages. Nobody is in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;

/// Counts, each since the start of the process.
#[derive(Debug, Default)]
pub struct Tally {
    /// One count a reason; reasons are as many as there are kinds of refusals.
    refusals: RwLock<BTreeMap<&'static str, AtomicU64>>,
    looked_ms: AtomicI64,
    holds_clock: AtomicBool,
    /// Looks of the release clock in which something failed.
    clock_errors: AtomicU64,
    /// Messages that were sent, come back, or were given up.
    messages: [AtomicU64; 3],
}

/// What became of the messages of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Messages {
    /// Taken by the channel.
    pub sent: u64,
    /// Not taken, and tried again later.
    pub returned: u64,
    /// Given up for good.
    pub given_up: u64,
}

impl Tally {
    /// Counts a refusal by its code.
    pub(crate) fn refused(&self, code: &'static str) {
        if let Some(count) = self.refusals.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut refusals = self.refusals.write().unwrap_or_else(PoisonError::into_inner);
        refusals.entry(code).or_default().fetch_add(1, Ordering::Relaxed);
    }

    /// The release clock has looked.
    pub(crate) fn looked(&self, at: Timestamp, holds: bool, well: bool) {
        self.looked_ms.store(at.as_millisecond(), Ordering::Relaxed);
        self.holds_clock.store(holds, Ordering::Relaxed);
        if !well {
            self.clock_errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many messages of a round were sent, come back later, were given up.
    pub(crate) fn settled(&self, sent: u64, returned: u64, given_up: u64) {
        for (count, more) in self.messages.iter().zip([sent, returned, given_up]) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Refusals by code, such as `full`.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        let refusals = self.refusals.read().unwrap_or_else(PoisonError::into_inner);
        refusals.iter().map(|(code, count)| (*code, count.load(Ordering::Relaxed))).collect()
    }

    /// When the release clock of this node looked last; `None` if it never did.
    pub fn clock_looked(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.looked_ms.load(Ordering::Relaxed)).ok().filter(|at| at.as_millisecond() > 0)
    }

    /// Whether this node had the lease of the release clock at the last look.
    pub fn holds_clock(&self) -> bool {
        self.holds_clock.load(Ordering::Relaxed)
    }

    /// Looks of the release clock in which something failed.
    pub fn clock_errors(&self) -> u64 {
        self.clock_errors.load(Ordering::Relaxed)
    }

    /// What became of messages.
    pub fn messages(&self) -> Messages {
        let [sent, returned, given_up] = self.messages.each_ref().map(|count| count.load(Ordering::Relaxed));
        Messages { sent, returned, given_up }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_reason() {
        let tally = Tally::default();
        for code in ["full", "full", "signed-out"] {
            tally.refused(code);
        }
        assert_eq!(tally.refusals(), [("full", 2), ("signed-out", 1)]);
        assert_eq!(tally.clock_looked(), None);
    }
}
