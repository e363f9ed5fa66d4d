//! A look at a database from outside, for `antrean doctor`: it makes nothing, migrates nothing and writes nothing, and a server may
//! be at work on the same database meanwhile.

use std::path::Path;

use jiff::Timestamp;

use crate::{DatabaseUrl, Fault, OpenError, Tx, audit, events, outbox, postgres, settings, sqlite};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Seconds, even with millions of rows: whether pages and rows can be read.
    Quick,
    /// Minutes with millions of rows: indexes against rows, and every rule of the design against the whole database.
    Thorough,
}

/// What was found in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkup {
    /// The version of the schema in the database; 0 where there is none yet.
    pub schema: u32,
    /// The newest version that this program knows.
    pub schema_known: u32,
    /// What the engine says about damaged pages, rows and indexes; empty is as it must be.
    pub damage: Vec<String>,
    /// What the nouns know. Only where the schema is this program's and nothing is damaged.
    pub contents: Option<Contents>,
}

/// What the nouns know about an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The fingerprint of the master key that the database was made with, 8 bytes; `None` before the first start.
    pub key_fingerprint: Option<Vec<u8>>,
    /// When the newest event was written, by the clock of the machine that wrote it.
    pub newest_event: Option<Timestamp>,
    /// When the oldest message that still waits was put into the outbox.
    pub oldest_waiting: Option<Timestamp>,
    /// Violations of the rules, as sentences; `None` unless asked for by [`Depth::Thorough`].
    pub violations: Option<Vec<String>>,
}

/// Looks at a database file. An error says that it cannot be opened or read at all.
pub fn of_file(path: &Path, depth: Depth) -> Result<Checkup, OpenError> {
    sqlite::checkup(path, depth)
}

/// Looks at a PostgreSQL database. Its pages are the server's own matter; an error says that it cannot be reached.
pub fn of_url(url: &DatabaseUrl, depth: Depth) -> Result<Checkup, OpenError> {
    postgres::checkup(url, depth)
}

/// What the nouns know, asked on one state of the database.
pub(crate) fn contents(tx: &Tx<'_>, depth: Depth) -> Result<Contents, Fault> {
    Ok(Contents {
        key_fingerprint: settings::get(tx, settings::KEY_FINGERPRINT)?,
        newest_event: events::recent(tx, 1)?.first().map(|event| event.at),
        oldest_waiting: outbox::oldest_waiting(tx)?,
        violations: match depth {
            Depth::Quick => None,
            Depth::Thorough => Some(audit::violations(tx)?),
        },
    })
}
