//! The whole store as one file, whatever engine it came from: for backups, and for moving from one engine to the other.
//!
//! An archive is a gzip file of lines of JSON. The first line says what it is, then each table has a line with its columns and
//! a line for each row, and the last line is the manifest: rows and SHA-256 of each table, and of everything before. A second,
//! empty gzip member carries the SHA-256 of the compressed file itself, so that no byte of it can change unnoticed; `zcat`
//! reads such a file without a word.
//!
//! What is sealed in the store stays sealed in the archive: it can be read with the master key alone, which is never in it.

mod read;
mod tables;
mod write;

use std::io;

use serde::{Deserialize, Serialize};

use crate::statements::statements;
use crate::{Fault, Tx};

pub use read::{check, restore};
pub use write::write;

#[cfg(test)]
pub(crate) use tables::tests::{every_statement, names_all_of};

/// What this form of archive is called, in its first line.
const FORM: &str = "antrean/archive/v1";

/// Longest line: the published file of a large release is the longest text there is, some megabytes.
const LINE_BYTES_MAX: u64 = 256 << 20;

statements! {
    SCHEMA = "SELECT max(version) FROM refinery_schema_history";
    SET_STATE = "UPDATE releases SET state = ?2 WHERE id = ?1";
}

/// What an archive says about itself before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form: `antrean/archive/v1`.
    pub archive: String,
    /// Number of the last migration of the schema that the rows belong to.
    pub schema: i64,
    /// When the state was read, RFC 3339.
    pub made: String,
    /// Which program made it, such as `antrean 0.1.0`.
    pub program: String,
    /// Fingerprint of the master key that opens what is sealed in it, hexadecimal.
    pub key_fingerprint: String,
}

/// What an archive says about one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// Its name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of its lines, hexadecimal.
    pub sha256: String,
    /// The highest number that it ever gave to a row; only where it gives numbers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_number: Option<i64>,
}

/// What an archive holds, in sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The first line.
    pub header: Header,
    /// Every table.
    pub tables: Vec<TableSum>,
    /// Rows of all tables.
    pub rows: u64,
    /// SHA-256 of all lines before the manifest, hexadecimal.
    pub sha256: String,
}

/// Why an archive could not be written, checked or restored.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read or written.
    #[error("the file cannot be read or written")]
    File(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Fault),
    /// It is no archive, or not as it was written.
    #[error("it is damaged, or no archive of antrean: {0}")]
    Damaged(String),
    /// It belongs to another schema.
    #[error(
        "it belongs to schema {found}, this program to schema {here}; restore it with the version that made it ({program})"
    )]
    Schema {
        /// The archive's schema.
        found: i64,
        /// This program's.
        here: i64,
        /// The program that made the archive.
        program: String,
    },
    /// The store that was to be filled has rows.
    #[error("the store is not empty: there are rows in {table}")]
    NotEmpty {
        /// The first table that has any.
        table: &'static str,
    },
    /// The store was never used, so there is nothing to keep.
    #[error("the store was never started: there is nothing in it")]
    NeverStarted,
}

/// Number of the last migration that was run.
pub fn schema(tx: &Tx<'_>) -> Result<i64, Fault> {
    tx.one(SCHEMA, &[], |row| row.int(0))
}

/// The first table that has a row; `None` in a store in which nothing was ever done.
pub fn first_filled(tx: &Tx<'_>) -> Result<Option<&'static str>, Fault> {
    for (table, sql) in tables::TABLES.iter().zip(tables::STATEMENTS.iter()) {
        if tx.opt(sql.any, &[], |_| Ok(()))?.is_some() {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
