//! The reference data (offices, regions, holidays, services, timetables) as the texts they were imported from.

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    LOAD = "SELECT part, body FROM catalogue ORDER BY part";
    PUT = "INSERT INTO catalogue (part, body, loaded_ms) VALUES (?1, ?2, ?3)
           ON CONFLICT (part) DO UPDATE SET body = excluded.body, loaded_ms = excluded.loaded_ms";
    LOADED = "SELECT max(loaded_ms) FROM catalogue";
}

/// All parts, each with its name and text, by name; empty at the first start.
pub fn load(tx: &Tx<'_>) -> Result<Vec<(String, String)>, Fault> {
    tx.all(LOAD, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
}

/// Puts a part in place of the one of its name.
pub fn put(tx: &Tx<'_>, part: &str, body: &str, now: Timestamp) -> Result<(), Fault> {
    tx.post(PUT, &[Value::Text(part), Value::Text(body), Value::instant(now)])
}

/// When a part was last put, to see that another process has imported something.
pub fn loaded(tx: &Tx<'_>) -> Result<Option<Timestamp>, Fault> {
    tx.one(LOADED, &[], |row| row.instant_opt(0))
}
