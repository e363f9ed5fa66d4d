//! What staff changed of offices: hours and quotas, or what is known of them. Written once, never changed, never removed.

use antrean_domain::office::OfficeCode;
use jiff::Timestamp;

use crate::columns::{name, named};
use crate::ids::{OfficeChangeId, StaffId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// What of an office a change is of. Each has versions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Hours and quotas.
    Hours,
    /// What is known of it: name, address and so on.
    Data,
}

named!(Part { Hours = "hours", Data = "data" });

macro_rules! columns {
    () => {
        "id, part, at_ms, changed_by, seconded_by, what, version_before, version_after, reason"
    };
}

statements! {
    INSERT = "INSERT INTO office_changes
              (office, part, at_ms, changed_by, seconded_by, places, what, version_before, version_after, reason)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    BEFORE = concat!("SELECT ", columns!(), " FROM office_changes WHERE office = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    OF_PART = concat!("SELECT ", columns!(), " FROM office_changes WHERE office = ?1 AND part = ?2 ORDER BY id DESC LIMIT ?3");
    // Changes of an office's data move no places.
    ALONE = "SELECT coalesce(sum(places), 0) FROM office_changes WHERE office = ?1 AND seconded_by IS NULL AND at_ms > ?2";
}

/// A change, to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOfficeChange<'a> {
    /// The office.
    pub office: &'a OfficeCode,
    /// What of it.
    pub part: Part,
    /// Who changed it.
    pub changed_by: StaffId,
    /// Who agreed, where a second person was needed.
    pub seconded_by: Option<StaffId>,
    /// Places that came or went in the week with the most.
    pub places: u32,
    /// What changed, as JSON.
    pub what: &'a str,
    /// What the part was known by before.
    pub version_before: &'a str,
    /// What it is known by since.
    pub version_after: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// A change as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeChange {
    /// Its number, growing in the order of happening.
    pub id: OfficeChangeId,
    /// What of the office.
    pub part: Part,
    /// When.
    pub at: Timestamp,
    /// Who changed it.
    pub changed_by: StaffId,
    /// Who agreed, where a second person was needed.
    pub seconded_by: Option<StaffId>,
    /// What changed, as JSON; unknown of the oldest.
    pub what: Option<String>,
    /// What the part was known by before.
    pub version_before: String,
    /// What it was known by then.
    pub version_after: String,
    /// Why.
    pub reason: String,
}

fn change(row: &RowRef<'_>) -> Result<OfficeChange, Fault> {
    Ok(OfficeChange {
        id: OfficeChangeId(row.int(0)?),
        part: row.named(1)?,
        at: row.instant(2)?,
        changed_by: StaffId(row.int(3)?),
        seconded_by: row.int_opt(4)?.map(StaffId),
        what: row.text_opt(5)?.map(str::to_owned),
        version_before: row.text(6)?.to_owned(),
        version_after: row.text(7)?.to_owned(),
        reason: row.text(8)?.to_owned(),
    })
}

/// Writes a change down. One that its own author agreed to is refused by the rule `office_changes_need_another_person`.
pub fn insert(tx: &Tx<'_>, new: &NewOfficeChange<'_>, now: Timestamp) -> Result<(), Fault> {
    let values = [
        Value::Text(new.office.as_str()),
        name(new.part),
        Value::instant(now),
        Value::Int(new.changed_by.0),
        Value::from(new.seconded_by.map(|staff| staff.0)),
        Value::Int(new.places.into()),
        Value::Text(new.what),
        Value::Text(new.version_before),
        Value::Text(new.version_after),
        Value::Text(new.reason),
    ];
    tx.post(INSERT, &values)
}

/// At most so many changes of an office before one of them, or the last ones; the newest first.
pub fn before(
    tx: &Tx<'_>,
    office: &OfficeCode,
    before: Option<OfficeChangeId>,
    limit: u32,
) -> Result<Vec<OfficeChange>, Fault> {
    let before = before.map_or(i64::MAX, |id| id.0);
    tx.all(BEFORE, &[Value::Text(office.as_str()), Value::Int(before), Value::Int(limit.into())], change)
}

/// At most so many of the last changes of a part of an office, the newest first.
pub fn of_part(tx: &Tx<'_>, office: &OfficeCode, part: Part, limit: u32) -> Result<Vec<OfficeChange>, Fault> {
    tx.all(OF_PART, &[Value::Text(office.as_str()), name(part), Value::Int(limit.into())], change)
}

/// Places of an office that were changed after an instant and that no second person has seen.
pub fn alone_since(tx: &Tx<'_>, office: &OfficeCode, since: Timestamp) -> Result<u32, Fault> {
    let places = tx.one(ALONE, &[Value::Text(office.as_str()), Value::instant(since)], |row| row.int(0))?;
    Ok(u32::try_from(places).unwrap_or(u32::MAX))
}
