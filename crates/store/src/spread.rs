//! How the commits of an engine are spread, for metrics.

use crate::histogram::Histogram;

/// Upper bounds for the time of a commit, in microseconds: from a disk that lies to one that dies.
const COMMIT_US: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// Upper bounds for the operations in one transaction.
const BATCH: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 255];

/// How commits are spread.
pub(crate) struct Spread {
    pub(crate) commit_us: Histogram,
    pub(crate) batch: Histogram,
}

impl Default for Spread {
    fn default() -> Self {
        Self { commit_us: Histogram::new(COMMIT_US), batch: Histogram::new(BATCH) }
    }
}
