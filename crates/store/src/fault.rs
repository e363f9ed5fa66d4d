//! What can go wrong in the store. A fault is never a refusal: what a person may run into is told by a return value.

use std::path::PathBuf;

use crate::Place;

/// Why an operation has no result.
///
/// After any fault the operation left nothing behind, with one exception: when the commit itself failed (a broken disk, or
/// [`Fault::Unknown`]), it is not known whether the operation was kept. Idempotency keys make the repetition safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The queue has no room or no hope to be in time, the operation waited too long, or another process kept the database locked:
    /// nothing was done, come back in a moment. `Store::health` knows when.
    #[error("too much work is waiting")]
    Busy,
    /// Nothing can be kept just now: the disk is full or fails, or the database server cannot be reached. It may pass by itself.
    #[error("nothing can be kept just now")]
    Unavailable,
    /// The database was lost while it committed: whether the operation was kept is not known. The same request with the same
    /// idempotency key finds out; without one, look before doing it again.
    #[error("the database was lost while it committed")]
    Unknown,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The engine refused or failed.
    #[error("the database failed: {message}")]
    Database {
        /// The name of the constraint or trigger that refused, such as `slots_never_oversold`, where one did.
        rule: Option<String>,
        /// What the engine said. It names tables and columns, never values.
        message: String,
    },
    /// A row holds what it cannot hold, or is missing where it must be.
    #[error("the database is corrupt: {what}")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The operation panicked; what it had written was undone.
    #[error("the operation panicked")]
    Panicked,
}

impl Fault {
    /// The name of the constraint or trigger that refused, if that is what happened.
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Database { rule, .. } => rule.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory of the database cannot be made or entered.
    #[error("cannot use the directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a database, is locked, or the disk failed; the server cannot be reached, turned us away, or is too old.
    #[error("cannot open the database {place}: {message}")]
    Database {
        /// The database.
        place: Place,
        /// What the engine said.
        message: String,
    },
    /// The schema cannot be brought to this program's version, or is newer than it.
    #[error("cannot migrate the database {place}: {message}")]
    Migration {
        /// The database.
        place: Place,
        /// Which migration, and why.
        message: String,
    },
    /// A thread could not be started.
    #[error("cannot start a thread of the store")]
    Thread(#[source] std::io::Error),
}
