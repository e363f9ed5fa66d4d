//! Reading an archive: checking every hash in it, and filling an empty store.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::bufread::GzDecoder;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use sha2::{Digest as _, Sha256};

use super::tables::{Kind, ROWS_AT_ONCE, STATEMENTS, TABLES, Table};
use super::write::end;
use super::{ArchiveError, FORM, Header, LINE_BYTES_MAX, Manifest, SET_STATE, TableSum, first_filled, hex, schema};
use crate::{Fault, Tx, Value};

/// Bytes read at once.
const BUFFER_BYTES: usize = 1 << 20;

fn damaged(why: impl Into<String>) -> ArchiveError {
    ArchiveError::Damaged(why.into())
}

/// Reads a whole archive and checks everything that can be checked without a store: every byte of the file, every row, every
/// hash and count. Nothing is believed before that.
pub fn check<F: Read + Seek>(file: &mut F, progress: &mut dyn FnMut(&str, u64)) -> Result<Manifest, ArchiveError> {
    let length = whole(file)?;
    walk(file, length, progress, &mut Nobody)
}

/// Fills an empty store from an archive, within the one transaction that it is given: an error leaves nothing behind, if the
/// operation then fails with it. The archive is checked again on the way.
///
/// Triggers that guard what is frozen stay in force throughout: releases are put in as planned, get their places, are opened, get
/// their entries, and are then brought to where they were.
pub fn restore<F: Read + Seek>(
    tx: &Tx<'_>,
    file: &mut F,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<Manifest, ArchiveError> {
    if let Some(table) = first_filled(tx)? {
        return Err(ArchiveError::NotEmpty { table });
    }
    let length = whole(file)?;
    let mut filling = Filling { tx, here: schema(tx)?, waiting: Vec::new(), states: HashMap::new() };
    let manifest = walk(file, length, progress, &mut filling)?;
    for sum in &manifest.tables {
        let Some(table) = TABLES.iter().find(|table| table.name == sum.table) else { continue };
        if let Some(last) = sum.last_number.filter(|_| table.is_numbered()) {
            tx.set_last_number(table.name, last)?;
        }
    }
    Ok(manifest)
}

/// Compares the file with the SHA-256 at its end. Gives the length of what is before that.
fn whole<F: Read + Seek>(file: &mut F) -> Result<u64, ArchiveError> {
    let end_bytes = end([0; 32]).len() as u64;
    let all = file.seek(SeekFrom::End(0))?;
    let length = all.checked_sub(end_bytes).ok_or_else(|| damaged("it is too short"))?;
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut rest = file.by_ref().take(length);
    loop {
        let read = rest.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let mut found = Vec::new();
    file.take(end_bytes).read_to_end(&mut found)?;
    if found != end(hash.finalize().into()) {
        return Err(damaged("the hash of the file is not the one at its end; it was cut short or changed"));
    }
    Ok(length)
}

/// What is done with what an archive holds.
trait Taker {
    /// The first line.
    fn begin(&mut self, header: &Header) -> Result<(), ArchiveError>;
    /// A row of the table with this index.
    fn row(&mut self, table: usize, row: Vec<Cell>) -> Result<(), ArchiveError>;
    /// The table has no more rows.
    fn done(&mut self, table: usize) -> Result<(), ArchiveError>;
}

struct Nobody;

impl Taker for Nobody {
    fn begin(&mut self, _: &Header) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn row(&mut self, _: usize, _: Vec<Cell>) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn done(&mut self, _: usize) -> Result<(), ArchiveError> {
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<(String, String)>,
}

#[derive(serde::Deserialize)]
struct LastLine {
    manifest: Manifest,
}

fn walk<F: Read + Seek>(
    file: &mut F,
    length: u64,
    progress: &mut dyn FnMut(&str, u64),
    taker: &mut dyn Taker,
) -> Result<Manifest, ArchiveError> {
    file.seek(SeekFrom::Start(0))?;
    let packed = BufReader::with_capacity(BUFFER_BYTES, file.take(length));
    let mut lines = Lines { from: BufReader::with_capacity(BUFFER_BYTES, GzDecoder::new(packed)), line: Vec::new() };
    let mut all = Sha256::new();
    let header: Header = from_json(lines.next()?, "the first line")?;
    all.update(&lines.line);
    if header.archive != FORM {
        return Err(damaged(format!("it calls itself {:?}, not {FORM:?}", header.archive)));
    }
    taker.begin(&header)?;
    let mut tables = Vec::new();
    // A line that is an array is a row; a line that is an object begins the next table, or ends the archive.
    let mut open: Option<(usize, u64, Sha256)> = None;
    let last: LastLine = loop {
        let line = lines.next()?;
        if line.first() == Some(&b'[') {
            let Some((table, rows, hash)) = &mut open else { return Err(damaged("a row belongs to no table")) };
            *rows += 1;
            taker.row(*table, row_of(&TABLES[*table], line)?)?;
            hash.update(line);
            all.update(line);
            if *rows % 10_000 == 0 {
                progress(TABLES[*table].name, *rows);
            }
            continue;
        }
        if let Some((table, rows, hash)) = open.take() {
            taker.done(table)?;
            let (table, sha256) = (TABLES[table].name.to_owned(), hex(&hash.finalize()));
            tables.push(TableSum { table, rows, sha256, last_number: None });
        }
        let Some(next) = TABLES.get(tables.len()) else { break from_json(line, "the manifest")? };
        let said: TableLine = from_json(line, "the line of a table")?;
        let columns = next.columns.iter().map(|(name, kind)| ((*name).to_owned(), kind.name().to_owned()));
        if said.table != next.name || said.columns != columns.collect::<Vec<_>>() {
            return Err(damaged(format!("table {:?} is not the {:?} of this schema", said.table, next.name)));
        }
        open = Some((tables.len(), 0, Sha256::new()));
        all.update(line);
    };
    lines.end()?;
    let manifest = last.manifest;
    for (table, said) in tables.iter_mut().zip(&manifest.tables) {
        // Not a hash of anything: what the manifest says is all there is.
        table.last_number = said.last_number;
    }
    let rows = tables.iter().map(|table| table.rows).sum();
    let found = Manifest { header, tables, rows, sha256: hex(&all.finalize()) };
    if found != manifest {
        return Err(damaged("what is in it is not what its manifest says"));
    }
    Ok(manifest)
}

struct Lines<R> {
    from: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line, with its end.
    fn next(&mut self) -> Result<&[u8], ArchiveError> {
        self.line.clear();
        let read = self.from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line).map_err(unpacking)?;
        if read == 0 || self.line.last() != Some(&b'\n') {
            return Err(damaged("it ends too early"));
        }
        Ok(&self.line)
    }

    fn end(&mut self) -> Result<(), ArchiveError> {
        self.line.clear();
        match self.from.read_until(b'\n', &mut self.line).map_err(unpacking)? {
            0 => Ok(()),
            _ => Err(damaged("there is something behind its manifest")),
        }
    }
}

/// Errors of the disk are told as such; what cannot be unpacked is the archive's own fault.
fn unpacking(error: io::Error) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            damaged(format!("it cannot be unpacked: {error}"))
        }
        _ => error.into(),
    }
}

fn from_json<'l, T: Deserialize<'l>>(line: &'l [u8], what: &str) -> Result<T, ArchiveError> {
    // The error is not told: it could quote what is in the line.
    serde_json::from_slice(line).map_err(|_| damaged(format!("{what} cannot be read")))
}

/// One cell, as it goes into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Blob(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Cell;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a whole number, a text or nothing")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cell, E> {
                i64::try_from(number).map(Cell::Int).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Cell, E> {
                Ok(Cell::Text(text))
            }
        }
        from.deserialize_any(Any)
    }
}

fn row_of(table: &Table, line: &[u8]) -> Result<Vec<Cell>, ArchiveError> {
    let mut row: Vec<Cell> = from_json(line, "a row")?;
    let wrong = || damaged(format!("a row of {} does not fit its columns", table.name));
    if row.len() != table.columns.len() {
        return Err(wrong());
    }
    for (cell, (_, kind)) in row.iter_mut().zip(table.columns) {
        match (kind, &*cell) {
            (_, Cell::Null) | (Kind::Int, Cell::Int(_)) | (Kind::Text, Cell::Text(_)) => {}
            (Kind::Bytes, Cell::Text(text)) => {
                *cell = Cell::Bytes(STANDARD_NO_PAD.decode(text).map_err(|_| wrong())?);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(row)
}

/// Puts rows into a store.
struct Filling<'a> {
    tx: &'a Tx<'a>,
    here: i64,
    waiting: Vec<Vec<Cell>>,
    /// Where each release stood, while they are put in as planned.
    states: HashMap<String, String>,
}

impl Filling<'_> {
    fn insert(&mut self, table: usize, many: bool) -> Result<(), Fault> {
        let sql = &STATEMENTS[table];
        let values = |rows: &[Vec<Cell>]| -> Result<(), Fault> {
            let values: Vec<Value<'_>> = rows.iter().flatten().map(Cell::value).collect();
            self.tx.execute(if many { sql.insert_many } else { sql.insert }, &values).map(drop)
        };
        if many {
            values(&self.waiting)?;
        } else {
            self.waiting.iter().try_for_each(|row| values(std::slice::from_ref(row)))?;
        }
        self.waiting.clear();
        Ok(())
    }

    /// Brings all releases that were further than that to a state.
    fn open_all(&self) -> Result<(), Fault> {
        for (id, state) in &self.states {
            if state != PLANNED {
                self.tx.execute(SET_STATE, &[Value::Text(id), Value::Text("open")])?;
            }
        }
        Ok(())
    }

    fn settle_all(&self) -> Result<(), Fault> {
        for (id, state) in &self.states {
            self.tx.execute(SET_STATE, &[Value::Text(id), Value::Text(state)])?;
        }
        Ok(())
    }
}

/// The state in which a release gets its places.
const PLANNED: &str = "planned";

impl Taker for Filling<'_> {
    fn begin(&mut self, header: &Header) -> Result<(), ArchiveError> {
        if header.schema == self.here {
            return Ok(());
        }
        Err(ArchiveError::Schema { found: header.schema, here: self.here, program: header.program.clone() })
    }

    fn row(&mut self, table: usize, mut row: Vec<Cell>) -> Result<(), ArchiveError> {
        if TABLES[table].name == "releases" {
            let (Cell::Text(id), Cell::Text(state)) = (row[0].clone(), &mut row[2]) else {
                return Err(damaged("a release has no id or no state"));
            };
            self.states.insert(id, std::mem::replace(state, PLANNED.to_owned()));
        }
        self.waiting.push(row);
        if self.waiting.len() == ROWS_AT_ONCE {
            self.insert(table, true)?;
        }
        Ok(())
    }

    fn done(&mut self, table: usize) -> Result<(), ArchiveError> {
        self.insert(table, false)?;
        match TABLES[table].name {
            "slots" => self.open_all()?,
            "entries" => self.settle_all()?,
            _ => {}
        }
        Ok(())
    }
}
