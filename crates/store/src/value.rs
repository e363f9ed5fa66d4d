//! Values into statements and out of rows, without a word about the engine.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::Fault;

/// One parameter of a statement, or one cell of a row. Texts and blobs are borrowed: binding copies nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number, also for instants (milliseconds since 1970) and flags (0 or 1).
    Int(i64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl Value<'static> {
    /// An instant, in whole milliseconds since 1970-01-01 UTC.
    pub fn instant(at: Timestamp) -> Self {
        Self::Int(at.as_millisecond())
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Value::Text)
    }
}

impl<'a> From<Option<&'a [u8; 16]>> for Value<'a> {
    fn from(bytes: Option<&'a [u8; 16]>) -> Self {
        bytes.map_or(Self::Null, |bytes| Value::Blob(bytes))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Value::Int)
    }
}

/// What an engine gives for a row.
pub(crate) trait Cells {
    fn cell(&self, column: usize) -> Result<Value<'_>, Fault>;
}

/// One row of a result, valid until the next is asked for. Columns are counted from 0; a cell of another kind is `Fault::Corrupt`.
pub struct RowRef<'r> {
    cells: &'r dyn Cells,
}

impl<'r> RowRef<'r> {
    pub(crate) fn new(cells: &'r dyn Cells) -> Self {
        Self { cells }
    }

    /// The cell as it is.
    pub fn value(&self, column: usize) -> Result<Value<'r>, Fault> {
        self.cells.cell(column)
    }

    /// A whole number.
    pub fn int(&self, column: usize) -> Result<i64, Fault> {
        self.int_opt(column)?.ok_or_else(|| missing(column))
    }

    /// A whole number or nothing.
    pub fn int_opt(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            other => Err(wrong(column, "a whole number", &other)),
        }
    }

    /// A whole number that fits the type, such as a `u8` for a position.
    pub fn small<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Fault> {
        let number = self.int(column)?;
        T::try_from(number).map_err(|_| Fault::corrupt(format!("column {column}: the number {number} is out of range")))
    }

    /// A flag, kept as 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool, Fault> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Fault::corrupt(format!("column {column}: the flag is {other}"))),
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&'r str, Fault> {
        self.text_opt(column)?.ok_or_else(|| missing(column))
    }

    /// A text or nothing.
    pub fn text_opt(&self, column: usize) -> Result<Option<&'r str>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(wrong(column, "a text", &other)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&'r [u8], Fault> {
        self.blob_opt(column)?.ok_or_else(|| missing(column))
    }

    /// Bytes or nothing.
    pub fn blob_opt(&self, column: usize) -> Result<Option<&'r [u8]>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other => Err(wrong(column, "bytes", &other)),
        }
    }

    /// Exactly so many bytes, such as a keyed hash of 16.
    pub fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], Fault> {
        self.bytes_opt(column)?.ok_or_else(|| missing(column))
    }

    /// Exactly so many bytes, or nothing.
    pub fn bytes_opt<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, Fault> {
        let Some(bytes) = self.blob_opt(column)? else { return Ok(None) };
        let exact =
            bytes.try_into().map_err(|_| Fault::corrupt(format!("column {column}: {} bytes, not {N}", bytes.len())))?;
        Ok(Some(exact))
    }

    /// An instant, from milliseconds since 1970-01-01 UTC.
    pub fn instant(&self, column: usize) -> Result<Timestamp, Fault> {
        self.instant_opt(column)?.ok_or_else(|| missing(column))
    }

    /// An instant or nothing.
    pub fn instant_opt(&self, column: usize) -> Result<Option<Timestamp>, Fault> {
        let Some(ms) = self.int_opt(column)? else { return Ok(None) };
        let at = Timestamp::from_millisecond(ms)
            .map_err(|_| Fault::corrupt(format!("column {column}: {ms} ms is no instant")))?;
        Ok(Some(at))
    }

    /// A civil date, from `YYYY-MM-DD`.
    pub fn date(&self, column: usize) -> Result<Date, Fault> {
        let text = self.text(column)?;
        text.parse().map_err(|_| Fault::corrupt(format!("column {column}: {text:?} is no date")))
    }
}

fn missing(column: usize) -> Fault {
    Fault::corrupt(format!("column {column}: nothing where a value must be"))
}

/// Says the kind that was found, never the value: it may be about a person.
fn wrong(column: usize, wanted: &str, found: &Value<'_>) -> Fault {
    let kind = match found {
        Value::Null => "nothing",
        Value::Int(_) => "a whole number",
        Value::Real(_) => "a real number",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
    };
    Fault::corrupt(format!("column {column}: {kind}, not {wanted}"))
}
