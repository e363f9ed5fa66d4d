//! Replacements: the right of whoever lost a place by a closure to choose another before others. Used once.

use antrean_domain::office::OfficeCode;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::{ClosureId, PartyId, SlotId};
use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    INSERT = "INSERT INTO replacements (party_id, closure_id, until_ms) VALUES (?1, ?2, ?3) ON CONFLICT (party_id) DO NOTHING";
    OF_PARTY = "SELECT closure_id, until_ms, used_by FROM replacements WHERE party_id = ?1";
    USE = "UPDATE replacements SET used_by = ?2, used_ms = ?3 WHERE party_id = ?1 AND used_by IS NULL AND until_ms > ?3";
    FREE = "SELECT s.id FROM slots s JOIN releases r ON r.id = s.release_id
            WHERE s.office = ?1 AND s.date >= ?2 AND s.closed = 0 AND s.taken + s.freed + ?3 <= s.capacity AND s.pool <> 'priority'
                AND r.state <> 'closed'
            ORDER BY s.date, s.starts, s.pool LIMIT ?4";
}

/// A right to choose another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The closure that it comes from.
    pub closure: ClosureId,
    /// Until when it can be used.
    pub until: Timestamp,
    /// The party that used it.
    pub used_by: Option<PartyId>,
}

/// Gives a party's account the right.
pub fn insert(tx: &Tx<'_>, party: PartyId, closure: ClosureId, until: Timestamp) -> Result<(), Fault> {
    tx.post(INSERT, &[Value::Int(party.0), Value::Int(closure.0), Value::instant(until)])
}

/// The right that came from a party's loss.
pub fn of_party(tx: &Tx<'_>, party: PartyId) -> Result<Option<Replacement>, Fault> {
    tx.opt(OF_PARTY, &[Value::Int(party.0)], |row| {
        Ok(Replacement {
            closure: ClosureId(row.int(0)?),
            until: row.instant(1)?,
            used_by: row.int_opt(2)?.map(PartyId),
        })
    })
}

/// Uses the right up; `false` if it was used, or is over.
pub fn use_up(tx: &Tx<'_>, party: PartyId, by: PartyId, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(USE, &[Value::Int(party.0), Value::Int(by.0), Value::instant(now)])
}

/// Windows of an office from a day on that have room for so many, public and of the office's reserve, at most `limit`, by time.
pub fn free(tx: &Tx<'_>, office: &OfficeCode, from: Date, places: u32, limit: u32) -> Result<Vec<SlotId>, Fault> {
    let from = from.to_string();
    let values =
        [Value::Text(office.as_str()), Value::Text(&from), Value::Int(places.into()), Value::Int(limit.into())];
    tx.all(FREE, &values, |row| row.slot(0))
}
