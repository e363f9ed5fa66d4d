//! Writing an archive: row after row, as they come out of one consistent read.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::tables::{Kind, STATEMENTS, Statements, TABLES, Table};
use super::{ArchiveError, FORM, Header, Manifest, TableSum, hex, schema};
use crate::{Fault, RowRef, Tx, Value, settings};

/// Most of a row is hashes and sealed bytes, which do not get smaller: more effort buys time, not space.
const EFFORT: Compression = Compression::new(1);

/// Writes the whole store as the transaction sees it. `progress` hears the table and its rows so far, now and then.
///
/// The writer is handed back flushed but not synced. Nothing can be begun anew in an SQLite log as long as it takes.
pub fn write<W: Write>(
    tx: &Tx<'_>,
    made: Timestamp,
    program: &str,
    to: W,
    progress: &mut dyn FnMut(&'static str, u64),
) -> Result<(Manifest, W), ArchiveError> {
    let fingerprint = settings::get(tx, settings::KEY_FINGERPRINT)?.ok_or(ArchiveError::NeverStarted)?;
    let header = Header {
        archive: FORM.to_owned(),
        schema: schema(tx)?,
        made: made.to_string(),
        program: program.to_owned(),
        key_fingerprint: hex(&fingerprint),
    };
    let mut lines = Lines::new(Hashed { to, hash: Sha256::new() });
    lines.say(&header)?;
    let mut sums = Vec::new();
    for (table, sql) in TABLES.iter().zip(STATEMENTS.iter()) {
        sums.push(lines.table(tx, table, sql, progress)?);
    }
    let rows = sums.iter().map(|sum| sum.rows).sum();
    let manifest = Manifest { header, tables: sums, rows, sha256: hex(&lines.all.clone().finalize()) };
    lines.say(&json!({ "manifest": manifest }))?;
    let mut hashed = lines.to.finish()?;
    let end = end(hashed.hash.clone().finalize().into());
    hashed.to.write_all(&end)?;
    hashed.to.flush()?;
    Ok((manifest, hashed.to))
}

/// The empty gzip member at the end of an archive, with the SHA-256 of everything before it in its extra field.
pub(super) fn end(sha256: [u8; 32]) -> Vec<u8> {
    // The field is a subfield as RFC 1952 wants it: two letters of ours and the length.
    let mut extra = vec![b'A', b'N', 32, 0];
    extra.extend_from_slice(&sha256);
    let encoder = GzBuilder::new().extra(extra).write(Vec::new(), Compression::none());
    encoder.finish().expect("a vector takes everything")
}

struct Hashed<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

struct Lines<W: Write> {
    to: GzEncoder<W>,
    all: Sha256,
    line: Vec<u8>,
}

/// Rows of a table that belong in another order than the engine gives: the cells of their keys, and the line.
type Kept = Vec<(Vec<Cell>, Vec<u8>)>;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Null,
    Int(i64),
    Bytes(Vec<u8>),
}

impl<W: Write> Lines<W> {
    fn new(to: W) -> Self {
        // No time and no name: the same rows make the same file.
        Self { to: GzEncoder::new(to, EFFORT), all: Sha256::new(), line: Vec::new() }
    }

    fn say(&mut self, what: &impl serde::Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, what)?;
        self.line.push(b'\n');
        self.all.update(&self.line);
        self.to.write_all(&self.line)
    }

    fn table(
        &mut self,
        tx: &Tx<'_>,
        table: &'static Table,
        sql: &Statements,
        progress: &mut dyn FnMut(&'static str, u64),
    ) -> Result<TableSum, ArchiveError> {
        let columns: Vec<_> = table.columns.iter().map(|(name, kind)| (name, kind.name())).collect();
        self.say(&json!({"table": table.name, "columns": columns}))?;
        let (mut rows, mut hash) = (0, Sha256::new());
        let (mut failed, mut kept): (_, Kept) = (None, Vec::new());
        let mut line = std::mem::take(&mut self.line);
        let read = tx.each(sql.select, &[], |row| {
            line.clear();
            write_row(table, row, &mut line)?;
            rows += 1;
            if rows % 10_000 == 0 {
                progress(table.name, rows);
            }
            if table.is_sorted_here() {
                kept.push((key_of(table, row)?, line.clone()));
                return Ok(());
            }
            self.row(&line, &mut hash).map_err(|error| {
                failed = Some(error);
                Fault::Closed
            })
        });
        self.line = line;
        if let Some(error) = failed {
            return Err(error.into());
        }
        read?;
        kept.sort_unstable();
        for (_, line) in kept {
            self.row(&line, &mut hash)?;
        }
        progress(table.name, rows);
        let last_number = if table.is_numbered() { Some(tx.last_number(table.name)?) } else { None };
        Ok(TableSum { table: table.name.to_owned(), rows, sha256: hex(&hash.finalize()), last_number })
    }

    fn row(&mut self, line: &[u8], hash: &mut Sha256) -> io::Result<()> {
        hash.update(line);
        self.all.update(line);
        self.to.write_all(line)
    }
}

fn key_of(table: &Table, row: &RowRef<'_>) -> Result<Vec<Cell>, Fault> {
    let cell = |column| {
        Ok(match row.value(column)? {
            Value::Int(number) => Cell::Int(number),
            Value::Text(text) => Cell::Bytes(text.as_bytes().to_vec()),
            Value::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
            Value::Null | Value::Real(_) => Cell::Null,
        })
    };
    (0..table.key).map(cell).collect()
}

/// A row as a JSON array: numbers, texts, bytes in base64, `null`. A cell of another kind than its column's is `Fault::Corrupt`.
fn write_row(table: &Table, row: &RowRef<'_>, line: &mut Vec<u8>) -> Result<(), Fault> {
    line.push(b'[');
    for (column, (_, kind)) in table.columns.iter().enumerate() {
        if column > 0 {
            line.push(b',');
        }
        match kind {
            Kind::Int => match row.int_opt(column)? {
                None => line.extend_from_slice(b"null"),
                Some(number) => write!(line, "{number}").expect("a vector takes everything"),
            },
            Kind::Text => match row.text_opt(column)? {
                None => line.extend_from_slice(b"null"),
                Some(text) => serde_json::to_writer(&mut *line, text).expect("a text is JSON"),
            },
            Kind::Bytes => match row.blob_opt(column)? {
                None => line.extend_from_slice(b"null"),
                Some(bytes) => {
                    line.push(b'"');
                    let start = line.len();
                    line.resize(start + bytes.len().div_ceil(3) * 4, 0);
                    let written = STANDARD_NO_PAD
                        .encode_slice(bytes, &mut line[start..])
                        .expect("there is room for four signs for three bytes");
                    line.truncate(start + written);
                    line.push(b'"');
                }
            },
        }
    }
    line.extend_from_slice(b"]\n");
    Ok(())
}
