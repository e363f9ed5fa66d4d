//! Mishaps: where a test makes the store fail as machines fail, at a moment of its choosing. In production there are none.
//!
//! SQLite's threads ask `Mishaps::at` at the points named by [`Point`]; nothing in them is of that engine alone. The question costs one
//! look at an `Option` when nobody gave an
//! answer in [`crate::StoreConfig`]. Whoever answers may also wait before answering, and so decides what runs beside what: that
//! makes a simulation with threads a function of its seed.

use std::fmt;
use std::sync::Arc;

/// Where an engine stands when it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// About to take what waits to be written.
    Take,
    /// About to run one of the operations taken.
    Operation,
    /// All of this transaction has run; about to commit it. `Busy` here is a commit that the engine refuses.
    Commit,
    /// It is committed, and nobody has heard of it yet. A crash here is the answer that never comes.
    Committed,
    /// Everybody has their answer, whatever it is.
    Answered,
    /// About to take one operation that reads.
    Read,
    /// That read is answered.
    ReadDone,
}

/// What happens there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing; work goes on.
    #[default]
    None,
    /// The process dies: what was not committed is lost, nobody gets an answer, and the store answers `Fault::Closed` from then on.
    Crash,
    /// The engine is busy for once: the operation (or at `Commit` all of them) is undone and answered with `Fault::Busy`.
    Busy,
}

/// Who decides about mishaps; by default nobody, and none happen.
#[derive(Clone, Default)]
pub struct Mishaps(Option<Arc<dyn Fn(Point) -> Mishap + Send + Sync>>);

impl Mishaps {
    /// Mishaps as `decide` says. It is called on the engine's threads.
    pub fn by(decide: impl Fn(Point) -> Mishap + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    /// What happens at a point.
    pub(crate) fn at(&self, point: Point) -> Mishap {
        self.0.as_ref().map_or(Mishap::None, |decide| decide(point))
    }
}

impl fmt::Debug for Mishaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Mishaps(a test)" } else { "Mishaps(none)" })
    }
}

/// Whether it is the same that decides; so that configurations can be compared.
impl PartialEq for Mishaps {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Mishaps {}
