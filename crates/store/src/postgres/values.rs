//! Values into statements and out of rows, by the types that PostgreSQL declares for them.

use std::error::Error;

use bytes::{BufMut as _, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::Fault;
use crate::value::{Cells, Value};

/// A value that does not fit the type that is wanted. Says the types, never the value.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{what} does not fit the type {wanted}")]
pub(super) struct Unfit {
    what: &'static str,
    wanted: &'static str,
}

/// A statement's text with `$1` for `?1`, and what makes an `INSERT` tell the number of its row.
pub(super) fn numbered(text: &str, returning: bool) -> String {
    let mut numbered = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let placeholder = letter == '?' && rest.peek().is_some_and(char::is_ascii_digit);
        numbered.push(if placeholder { '$' } else { letter });
    }
    if returning {
        numbered.push_str(" RETURNING id");
    }
    numbered
}

/// A parameter: borrowed while it is sent, or kept where the statement is waited for later.
#[derive(Debug)]
pub(super) enum Param<'a> {
    Borrowed(Value<'a>),
    Text(Box<str>),
    Blob(Box<[u8]>),
}

impl<'a> Param<'a> {
    pub(super) fn of(value: Value<'a>) -> Self {
        Self::Borrowed(value)
    }
}

impl Param<'static> {
    pub(super) fn keep(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Borrowed(Value::Null),
            Value::Int(number) => Self::Borrowed(Value::Int(number)),
            Value::Real(number) => Self::Borrowed(Value::Real(number)),
            Value::Text(text) => Self::Text(text.into()),
            Value::Blob(bytes) => Self::Blob(bytes.into()),
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let value = match self {
            Self::Borrowed(value) => *value,
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
        };
        let wanted = wanted.clone();
        match value {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(number) => match wanted {
                Type::INT8 => out.put_i64(number),
                Type::INT4 => out.put_i32(narrow(number, "INTEGER")?),
                Type::INT2 => out.put_i16(narrow(number, "SMALLINT")?),
                Type::BOOL => out.put_u8(u8::from(number != 0)),
                _ => return unfit("a whole number"),
            },
            Value::Real(number) => match wanted {
                Type::FLOAT8 => out.put_f64(number),
                _ => return unfit("a real number"),
            },
            Value::Text(text) => match wanted {
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                    out.put_slice(text.as_bytes());
                }
                _ => return unfit("a text"),
            },
            Value::Blob(bytes) => match wanted {
                Type::BYTEA => out.put_slice(bytes),
                _ => return unfit("bytes"),
            },
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(wanted, out)
    }
}

fn narrow<T: TryFrom<i64>>(number: i64, wanted: &'static str) -> Result<T, Unfit> {
    T::try_from(number).map_err(|_| Unfit { what: "a whole number", wanted })
}

fn unfit(what: &'static str) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    Err(Unfit { what, wanted: "of its place" }.into())
}

/// A row of PostgreSQL.
pub(super) struct Row<'r>(pub(super) &'r tokio_postgres::Row);

impl Cells for Row<'_> {
    fn cell(&self, column: usize) -> Result<Value<'_>, Fault> {
        let cell: Cell<'_> = self.0.try_get(column).map_err(|error| {
            let why = Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Fault::corrupt(format!("column {column}: {why}"))
        })?;
        Ok(cell.0)
    }
}

struct Cell<'a>(Value<'a>);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let broken = || Unfit { what: "what the server sent", wanted: "it declared" };
        Ok(Self(match *of {
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into().map_err(|_| broken())?)),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into().map_err(|_| broken())?).into()),
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into().map_err(|_| broken())?).into()),
            Type::BOOL => Value::Int((raw != [0]).into()),
            Type::FLOAT8 => Value::Real(f64::from_be_bytes(raw.try_into().map_err(|_| broken())?)),
            Type::FLOAT4 => Value::Real(f32::from_be_bytes(raw.try_into().map_err(|_| broken())?).into()),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(std::str::from_utf8(raw).map_err(|_| broken())?)
            }
            Type::BYTEA => Value::Blob(raw),
            _ => return Err(Unfit { what: "a column", wanted: "that is known here" }.into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_written_as_postgresql_reads_them() {
        assert_eq!(
            numbered("SELECT a FROM b WHERE c = ?1 AND d > ?12", false),
            "SELECT a FROM b WHERE c = $1 AND d > $12"
        );
        assert_eq!(numbered("INSERT INTO a (b) VALUES (?1)", true), "INSERT INTO a (b) VALUES ($1) RETURNING id");
    }
}
