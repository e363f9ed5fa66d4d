//! Days: whether an office's day is over for its appointments, and whether anybody was recorded there.

use antrean_domain::office::OfficeCode;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    CLOSE = "INSERT INTO closed_days (office, date, closed_ms) VALUES (?1, ?2, ?3) ON CONFLICT (office, date) DO NOTHING";
    WAS_ANYONE_RECORDED = "SELECT count(*) FROM (
                               SELECT 1 FROM slots s JOIN appointments a ON a.slot_id = s.id
                               WHERE s.office = ?1 AND s.date = ?2 AND a.state IN ('checked_in', 'called', 'served')
                               LIMIT 1
                           ) AS recorded";
}

/// Closes an office's day; `false` if it was closed before, so that its consequences are drawn once.
pub fn close(tx: &Tx<'_>, office: &OfficeCode, date: Date, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(CLOSE, &[Value::Text(office.as_str()), Value::Text(&date.to_string()), Value::instant(now)])
}

/// Whether the office recorded anybody that day: checked in, called or served. If not, nobody is to blame for not being there.
pub fn was_anyone_recorded(tx: &Tx<'_>, office: &OfficeCode, date: Date) -> Result<bool, Fault> {
    tx.one(WAS_ANYONE_RECORDED, &[Value::Text(office.as_str()), Value::Text(&date.to_string())], |row| row.flag(0))
}
