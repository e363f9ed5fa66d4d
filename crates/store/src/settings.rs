//! Small facts about the installation, by name.

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    GET = "SELECT value FROM settings WHERE name = ?1";
    PUT = "INSERT INTO settings (name, value) VALUES (?1, ?2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// The setting with the fingerprint of the master key that the database was made with.
pub const KEY_FINGERPRINT: &str = "key_fingerprint";

/// The value of a setting, if it was ever put.
pub fn get(tx: &Tx<'_>, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    tx.opt(GET, &[Value::Text(name)], |row| Ok(row.blob(0)?.to_vec()))
}

/// Puts a value in place of whatever was there.
pub fn put(tx: &Tx<'_>, name: &str, value: &[u8]) -> Result<(), Fault> {
    tx.post(PUT, &[Value::Text(name), Value::Blob(value)])
}
