//! Strikes: what a no-show or a late cancellation costs a person, until it is taken back on appeal.

use antrean_domain::consequence::StrikeKind;
use antrean_domain::keys::PersonKey;
use jiff::Timestamp;

use crate::columns::name;
use crate::ids::PartyId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    INSERT = "INSERT INTO strikes (person, party_id, kind, at_ms, releases) VALUES (?1, ?2, ?3, ?4, ?5)";
    OF_PERSON = "SELECT id, kind, at_ms, releases, lifted_ms, party_id FROM strikes WHERE person = ?1 ORDER BY at_ms, id";
    LIFT = "UPDATE strikes SET lifted_ms = ?2 WHERE id = ?1 AND lifted_ms IS NULL";
}

/// A strike as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Its number.
    pub id: i64,
    /// What the person did.
    pub kind: StrikeKind,
    /// When.
    pub at: Timestamp,
    /// How many releases the person rests; 0 is a warning.
    pub releases: u32,
    /// When it was taken back.
    pub lifted: Option<Timestamp>,
    /// With which party.
    pub party: PartyId,
}

/// Writes a strike.
pub fn insert(
    tx: &Tx<'_>,
    person: &PersonKey,
    party: PartyId,
    kind: StrikeKind,
    at: Timestamp,
    releases: u32,
) -> Result<(), Fault> {
    let values =
        [Value::Blob(&person.0), Value::Int(party.0), name(kind), Value::instant(at), Value::Int(releases.into())];
    tx.post(INSERT, &values)
}

/// All strikes of a person, also those taken back, by time.
pub fn of_person(tx: &Tx<'_>, person: &PersonKey) -> Result<Vec<Strike>, Fault> {
    tx.all(OF_PERSON, &[Value::Blob(&person.0)], |row| {
        Ok(Strike {
            id: row.int(0)?,
            kind: row.named(1)?,
            at: row.instant(2)?,
            releases: row.small(3)?,
            lifted: row.instant_opt(4)?,
            party: row.party(5)?,
        })
    })
}

/// Takes a strike back; `false` if it was taken back before.
pub fn lift(tx: &Tx<'_>, id: i64, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(LIFT, &[Value::Int(id), Value::instant(now)])
}
