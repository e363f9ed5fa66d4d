//! Wishes: holders who asked to be moved at the next wave; each keeps its place until a better one is found.

use antrean_domain::release::ReleaseId;
use jiff::Timestamp;

use crate::ids::{PartyId, SlotId};
use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    PUT = "INSERT INTO wishes (party_id, choices, since_ms) VALUES (?1, ?2, ?3)
           ON CONFLICT (party_id) DO UPDATE SET choices = excluded.choices, since_ms = excluded.since_ms";
    GET = "SELECT choices FROM wishes WHERE party_id = ?1";
    REMOVE = "DELETE FROM wishes WHERE party_id = ?1";
    OF_RELEASE = "SELECT w.party_id, w.choices, w.since_ms, a.slot_id, p.size FROM wishes w
                  JOIN parties p ON p.id = w.party_id
                  JOIN appointments a ON a.party_id = w.party_id
                  WHERE p.release_id = ?1 AND a.state = 'booked' ORDER BY w.since_ms, w.party_id";
}

/// A wish of a holder whose appointment is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose it is.
    pub party: PartyId,
    /// The ranked choices, one a line.
    pub choices: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// The slot held now.
    pub slot: SlotId,
    /// How many people.
    pub size: u32,
}

/// Makes or replaces a party's wish; a replaced one waits from now.
pub fn put(tx: &Tx<'_>, party: PartyId, choices: &str, now: Timestamp) -> Result<(), Fault> {
    tx.post(PUT, &[Value::Int(party.0), Value::Text(choices), Value::instant(now)])
}

/// The choices of a party's wish, one a line.
pub fn get(tx: &Tx<'_>, party: PartyId) -> Result<Option<String>, Fault> {
    tx.opt(GET, &[Value::Int(party.0)], |row| Ok(row.text(0)?.to_owned()))
}

/// Takes a wish back; `false` if there was none.
pub fn remove(tx: &Tx<'_>, party: PartyId) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Int(party.0)])
}

/// The wishes of a release whose holders are still booked, the longest wait first.
pub fn of_release(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<Wish>, Fault> {
    tx.all(OF_RELEASE, &[Value::Text(release.as_str())], |row| {
        Ok(Wish {
            party: row.party(0)?,
            choices: row.text(1)?.to_owned(),
            since: row.instant(2)?,
            slot: row.slot(3)?,
            size: row.small(4)?,
        })
    })
}
