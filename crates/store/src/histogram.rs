//! Counting how things are spread, for metrics: fixed bounds, atomics only, nothing locked and nothing allocated on the way.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets of every histogram, the one without an upper bound included.
pub const BUCKETS: usize = 16;

/// Counts values by size. The unit is the caller's.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    counts: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Histogram {
    /// Nothing counted yet. `bounds` grow, each the highest value of its bucket; at most 15.
    pub const fn new(bounds: &'static [u64]) -> Self {
        assert!(bounds.len() < BUCKETS, "one bucket is for what is above all bounds");
        Self { bounds, counts: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0) }
    }

    /// Counts a value.
    pub fn count(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was counted so far. Values that are being counted now may be in it or not.
    pub fn read(&self) -> Distribution {
        let counts = std::array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed));
        Distribution { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// How values were spread at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    bounds: &'static [u64],
    counts: [u64; BUCKETS],
    /// All values together.
    pub sum: u64,
}

impl Distribution {
    /// How many values were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Each bucket: its upper bound (`None` for the last, which has none) and its values.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = self.bounds.iter().map(|bound| Some(*bound)).chain([None]);
        bounds.zip(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::new(&[10, 20]);
        for value in [0, 10, 11, 20, 21, 1_000] {
            histogram.count(value);
        }
        let read = histogram.read();
        assert_eq!(read.buckets().collect::<Vec<_>>(), [(Some(10), 2), (Some(20), 2), (None, 2)]);
        assert_eq!((read.total(), read.sum), (6, 1_062));
        assert_eq!(Distribution::default().buckets().collect::<Vec<_>>(), [(None, 0)]);
    }
}
