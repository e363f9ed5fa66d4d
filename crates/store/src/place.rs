//! Where a store is: a file, or a database that many nodes share.

use std::fmt;
use std::path::PathBuf;

use crate::postgres::DatabaseUrl;

/// Where a store is. Shown without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A database file of this machine; its directory is made if need be.
    File(PathBuf),
    /// A PostgreSQL database.
    Url(DatabaseUrl),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}
