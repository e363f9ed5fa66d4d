//! What an office did, in numbers: what is counted, medians, what one more counter would have done, and what of it the public may see.
//!
//! People are counted in persons, waits in parties: whoever comes together waits together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

/// Most days of one report.
pub const DAYS_MAX: usize = 92;
/// What fewer persons than this did is not published: a neighbour could tell who they were.
pub const SMALL: u32 = 5;

/// What was counted, of an office, a day, an hour, a service, or all of them together. Persons, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Places that were released, of all pools, without those that a closure took away.
    pub released: u32,
    /// Places that a closure took away, those of people who were there already among them.
    pub closed: u32,
    /// Of those released: nobody had them in the end.
    pub idle: u32,
    /// Persons who were given a place, whatever became of it.
    pub given: u32,
    /// Of those given: the day has not settled them yet.
    pub open: u32,
    /// Of those given: they came.
    pub came: u32,
    /// Of those who came: after the end of their window.
    pub late: u32,
    /// Of those given: they did not come, alone or out of a party that came in part.
    pub absent: u32,
    /// Of those given: they gave their place back in time.
    pub cancelled: u32,
    /// Of those given: they gave it back late.
    pub cancelled_late: u32,
    /// Of those given: the office took it back.
    pub revoked: u32,
    /// Of those given: the office recorded nobody at all on that day.
    pub unrecorded: u32,
    /// Parties that moved to this place from another.
    pub moved: u32,
    /// Persons without an appointment.
    pub walk_in: u32,
    /// Persons who go before others.
    pub priority: u32,
    /// Persons whose application was taken.
    pub served: u32,
    /// Persons who were sent home for papers.
    pub papers_missing: u32,
    /// Persons who were refused.
    pub refused: u32,
    /// Persons who were given another day.
    pub rescheduled: u32,
    /// Persons who came and were not served: they left, or did not answer the call.
    pub gone: u32,
    /// Consequences that were not lifted, each of one person.
    pub strikes: u32,
    /// Seconds that each party waited: from its arrival, or from the beginning of its window if it was early, to the first call.
    pub waits: Vec<u32>,
    /// Seconds that each party was at counters, all stages together.
    pub services: Vec<u32>,
}

impl Tally {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        let counts = [
            (&mut self.released, other.released),
            (&mut self.closed, other.closed),
            (&mut self.idle, other.idle),
            (&mut self.given, other.given),
            (&mut self.open, other.open),
            (&mut self.came, other.came),
            (&mut self.late, other.late),
            (&mut self.absent, other.absent),
            (&mut self.cancelled, other.cancelled),
            (&mut self.cancelled_late, other.cancelled_late),
            (&mut self.revoked, other.revoked),
            (&mut self.unrecorded, other.unrecorded),
            (&mut self.moved, other.moved),
            (&mut self.walk_in, other.walk_in),
            (&mut self.priority, other.priority),
            (&mut self.served, other.served),
            (&mut self.papers_missing, other.papers_missing),
            (&mut self.refused, other.refused),
            (&mut self.rescheduled, other.rescheduled),
            (&mut self.gone, other.gone),
            (&mut self.strikes, other.strikes),
        ];
        for (sum, more) in counts {
            *sum = sum.saturating_add(more);
        }
        self.waits.extend(&other.waits);
        self.services.extend(&other.services);
    }

    /// Whether everybody who was given a place is counted in exactly one way.
    pub fn adds_up(&self) -> bool {
        let ways =
            [self.open, self.came, self.absent, self.cancelled, self.cancelled_late, self.revoked, self.unrecorded];
        self.given == ways.iter().sum::<u32>() && self.late <= self.came
    }
}

/// The value below which `percent` of a hundred lie, by the nearest rank; nothing of nothing.
pub fn percentile(values: &[u32], percent: u32) -> Option<u32> {
    if values.is_empty() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent.min(100) as usize).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

/// One party of a day that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Second from which it waited, of any clock.
    pub from: i64,
    /// Seconds at counters.
    pub service: u32,
}

/// Seconds that each party of a day would have waited with so many counters that call in the order of arrival, each open all day.
///
/// An estimate: real counters pause, and call by the rule of their office. It is meant for comparing `n` with `n + 1`.
pub fn waits_with(counters: u32, day: &[Served]) -> Vec<u32> {
    let mut day = day.to_vec();
    day.sort_unstable_by_key(|served| served.from);
    let mut free: BinaryHeap<Reverse<i64>> = (0..counters.max(1)).map(|_| Reverse(i64::MIN)).collect();
    let mut waits = Vec::with_capacity(day.len());
    for served in day {
        let Reverse(earliest) = free.pop().unwrap_or(Reverse(i64::MIN));
        let starts = earliest.max(served.from);
        waits.push(u32::try_from(starts - served.from).unwrap_or(u32::MAX));
        free.push(Reverse(starts + i64::from(served.service)));
    }
    waits
}

/// A count as the public may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// So many.
    Count(u32),
    /// One to four: not published.
    Few,
}

/// Hides a small count.
pub const fn published(count: u32) -> Cell {
    if count > 0 && count < SMALL { Cell::Few } else { Cell::Count(count) }
}

/// A percentile in whole minutes, of no fewer parties than may be published.
pub fn published_minutes(seconds: &[u32], percent: u32) -> Option<u32> {
    if seconds.len() < SMALL as usize {
        return None;
    }
    percentile(seconds, percent).map(|seconds| seconds.div_ceil(60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_values_that_were_there() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 90), Some(7));
        assert_eq!(percentile(&[4, 1, 3, 2], 50), Some(2));
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 90)), (Some(50), Some(90)));
        assert_eq!((percentile(&hundred, 0), percentile(&hundred, 100)), (Some(1), Some(100)));
    }

    #[test]
    fn one_counter_serves_one_after_the_other_and_two_share() {
        let day = [0, 0, 0].map(|from| Served { from, service: 600 });
        assert_eq!(waits_with(1, &day), [0, 600, 1_200]);
        assert_eq!(waits_with(2, &day), [0, 0, 600]);
        assert_eq!(waits_with(0, &day), waits_with(1, &day), "no counter is counted as one");
        let apart = [Served { from: 10_000, service: 60 }, Served { from: 0, service: 60 }];
        assert_eq!(waits_with(1, &apart), [0, 0]);
    }

    #[test]
    fn small_counts_are_hidden_and_none_is_told() {
        assert_eq!([0, 1, 4, 5].map(published), [Cell::Count(0), Cell::Few, Cell::Few, Cell::Count(5)]);
        assert_eq!(published_minutes(&[60; 4], 50), None);
        assert_eq!(published_minutes(&[61; 5], 50), Some(2));
    }

    #[test]
    fn what_is_added_up_stays_added_up() {
        let mut sum = Tally { given: 3, came: 2, absent: 1, released: 4, idle: 1, waits: vec![1], ..Tally::default() };
        sum.add(&Tally { given: 2, cancelled: 2, released: 2, idle: 1, waits: vec![2], ..Tally::default() });
        assert!(sum.adds_up());
        assert_eq!((sum.given, sum.idle, sum.waits.len()), (5, 2, 2));
        assert!(!Tally { given: 1, ..Tally::default() }.adds_up());
    }

    proptest! {
        #[test]
        fn one_more_counter_makes_nobody_wait_longer(
            day in prop::collection::vec((0_i64..20_000, 1_u32..3_000), 0..60), counters in 1_u32..6
        ) {
            let day: Vec<Served> = day.into_iter().map(|(from, service)| Served { from, service }).collect();
            let (fewer, more) = (waits_with(counters, &day), waits_with(counters + 1, &day));
            prop_assert!(fewer.iter().zip(&more).all(|(fewer, more)| more <= fewer));
        }
    }
}
