//! Counters: where people are called to, what each takes on, and who sits there.

use antrean_domain::office::OfficeCode;
use antrean_domain::visit::TakesOn;

use crate::ids::{CounterId, StaffId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

macro_rules! columns {
    () => {
        "id, office, number, name, stages, classes, staff_id, open, version"
    };
}

statements! {
    INSERT = "INSERT INTO counters (office, number, name, stages, classes, open) VALUES (?1, ?2, ?3, ?4, ?5, 0)
              ON CONFLICT (office, number) DO NOTHING";
    CHANGE = "UPDATE counters SET name = ?3, stages = ?4, classes = ?5, version = version + 1 WHERE id = ?1 AND version = ?2";
    OPEN = "UPDATE counters SET open = 1, staff_id = ?2 WHERE id = ?1 AND open = 0";
    TAKE_OVER = "UPDATE counters SET staff_id = ?3 WHERE id = ?1 AND open = 1 AND staff_id = ?2";
    CLOSE = "UPDATE counters SET open = 0 WHERE id = ?1 AND open = 1 AND staff_id = ?2";
    REMOVE = "DELETE FROM counters WHERE id = ?1 AND version = ?2 AND open = 0";
    GET = concat!("SELECT ", columns!(), " FROM counters WHERE id = ?1");
    LIST = concat!("SELECT ", columns!(), " FROM counters WHERE office = ?1 ORDER BY number");
    OF_OFFICER = concat!("SELECT ", columns!(), " FROM counters WHERE staff_id = ?1 AND open = 1");
}

/// A counter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its number in the store.
    pub id: CounterId,
    /// At which office.
    pub office: OfficeCode,
    /// What is called out: "ke loket 3".
    pub number: u32,
    /// What else it is called; may be empty.
    pub name: String,
    /// What it takes on.
    pub takes_on: TakesOn,
    /// Who sits there, or sat there last.
    pub staff: Option<StaffId>,
    /// Whether it is open.
    pub open: bool,
    /// Grows with every change of its name and of what it takes on; a change names the one it was decided on. Who sits there is no
    /// part of it: an officer who sits down does not get in the way of a head who sets the counter up.
    pub version: i64,
}

fn counter(row: &RowRef<'_>) -> Result<Counter, Fault> {
    let takes_on = TakesOn::from_texts(row.text(4)?, row.text(5)?);
    Ok(Counter {
        id: CounterId(row.int(0)?),
        office: row.office(1)?,
        number: row.small(2)?,
        name: row.text(3)?.to_owned(),
        takes_on: takes_on.ok_or_else(|| Fault::corrupt("a counter takes on what is unknown"))?,
        staff: row.int_opt(6)?.map(StaffId),
        open: row.flag(7)?,
        version: row.int(8)?,
    })
}

/// A new counter, closed; `None` if the office has one of that number.
pub fn insert(
    tx: &Tx<'_>,
    office: &OfficeCode,
    number: u32,
    name: &str,
    takes_on: &TakesOn,
) -> Result<Option<CounterId>, Fault> {
    let (stages, classes) = (takes_on.stages_text(), takes_on.classes_text());
    let values = [
        Value::Text(office.as_str()),
        Value::Int(number.into()),
        Value::Text(name),
        Value::Text(&stages),
        Value::Text(&classes),
    ];
    Ok(tx.insert(INSERT, &values)?.map(CounterId))
}

/// Changes its name and what it takes on; `false` if somebody else changed it since `version`.
pub fn change(tx: &Tx<'_>, id: CounterId, version: i64, name: &str, takes_on: &TakesOn) -> Result<bool, Fault> {
    let (stages, classes) = (takes_on.stages_text(), takes_on.classes_text());
    let values =
        [Value::Int(id.0), Value::Int(version), Value::Text(name), Value::Text(&stages), Value::Text(&classes)];
    tx.changed(CHANGE, &values)
}

/// Opens it with somebody; `false` if somebody sits there. One who sits elsewhere is refused by the rule
/// `one_open_counter_per_officer`.
pub fn open(tx: &Tx<'_>, id: CounterId, staff: StaffId) -> Result<bool, Fault> {
    tx.changed(OPEN, &[Value::Int(id.0), Value::Int(staff.0)])
}

/// Gives it to somebody in the place of whoever sits there; `false` if `from` does not sit there any more.
pub fn take_over(tx: &Tx<'_>, id: CounterId, from: StaffId, to: StaffId) -> Result<bool, Fault> {
    tx.changed(TAKE_OVER, &[Value::Int(id.0), Value::Int(from.0), Value::Int(to.0)])
}

/// Closes it; `false` if `staff` does not sit there any more.
pub fn close(tx: &Tx<'_>, id: CounterId, staff: StaffId) -> Result<bool, Fault> {
    tx.changed(CLOSE, &[Value::Int(id.0), Value::Int(staff.0)])
}

/// Removes it; `false` if somebody changed it since `version`, or sits there. Visits, calls and the log know its number, not it:
/// nothing of what happened there goes with it.
pub fn remove(tx: &Tx<'_>, id: CounterId, version: i64) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Int(id.0), Value::Int(version)])
}

/// A counter by its number in the store.
pub fn get(tx: &Tx<'_>, id: CounterId) -> Result<Option<Counter>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], counter)
}

/// The counters of an office by number.
pub fn list(tx: &Tx<'_>, office: &OfficeCode) -> Result<Vec<Counter>, Fault> {
    tx.all(LIST, &[Value::Text(office.as_str())], counter)
}

/// The open counter where somebody sits.
pub fn of_officer(tx: &Tx<'_>, staff: StaffId) -> Result<Option<Counter>, Fault> {
    tx.opt(OF_OFFICER, &[Value::Int(staff.0)], counter)
}
