//! Waves: the fixed times at which freed places went to those who wait. Each is run once.

use antrean_domain::release::ReleaseId;
use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    DONE = "SELECT 1 FROM waves WHERE release_id = ?1 AND at_ms = ?2";
    INSERT = "INSERT INTO waves (release_id, at_ms, done_ms, placed) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT (release_id, at_ms) DO NOTHING";
    LIST = "SELECT at_ms, done_ms, placed FROM waves WHERE release_id = ?1 ORDER BY at_ms";
}

/// A wave that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// When it was due.
    pub at: Timestamp,
    /// When it was run.
    pub done: Timestamp,
    /// Parties that got a place or a better one.
    pub placed: u32,
}

/// Whether the wave due at an instant was run.
pub fn done(tx: &Tx<'_>, release: &ReleaseId, at: Timestamp) -> Result<bool, Fault> {
    let values = [Value::Text(release.as_str()), Value::instant(at)];
    Ok(tx.opt(DONE, &values, |row| row.int(0))?.is_some())
}

/// Notes that the wave due at an instant was run; `false` if it was before.
pub fn insert(tx: &Tx<'_>, release: &ReleaseId, at: Timestamp, now: Timestamp, placed: u32) -> Result<bool, Fault> {
    let values = [Value::Text(release.as_str()), Value::instant(at), Value::instant(now), Value::Int(placed.into())];
    tx.changed(INSERT, &values)
}

/// The waves of a release that were run, by time.
pub fn list(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<Wave>, Fault> {
    tx.all(LIST, &[Value::Text(release.as_str())], |row| {
        Ok(Wave { at: row.instant(0)?, done: row.instant(1)?, placed: row.small(2)? })
    })
}
