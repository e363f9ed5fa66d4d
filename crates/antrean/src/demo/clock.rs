//! The demo's clock: the machine's, until it goes on to another morning.

use std::sync::atomic::{AtomicI64, Ordering};

use antrean_app::clock::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// The machine's clock and so much more. It never goes back.
#[derive(Debug, Default)]
pub struct DemoClock {
    ahead_ms: AtomicI64,
}

impl DemoClock {
    /// How far it is ahead of the machine's.
    pub fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }

    /// Goes on to an instant; one that is past already changes nothing.
    pub fn go_on_to(&self, instant: Timestamp) {
        let ahead = instant.duration_since(SystemClock.now()).as_millis();
        // A started millisecond counts as a whole one, so that the instant has come.
        self.ahead_ms.fetch_max(i64::try_from(ahead).map_or(0, |ms| ms + 1), Ordering::Relaxed);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_millis(self.ahead_ms())
    }

    /// Whoever tries the demo with an app of their own has a phone that shows today.
    fn of_phones(&self) -> Timestamp {
        SystemClock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_and_never_back() {
        let clock = DemoClock::default();
        let then = SystemClock.now() + SignedDuration::from_hours(50);
        clock.go_on_to(then);
        assert!(clock.now() >= then);
        clock.go_on_to(then - SignedDuration::from_hours(10));
        assert!(clock.now() >= then);
        assert!(clock.of_phones() < then - SignedDuration::from_hours(49), "a phone does not go along");
    }
}
