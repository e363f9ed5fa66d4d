//! Entries: a party's application in a release that is drawn. Final at the freeze; the result is written once (rule 8).

use antrean_domain::draw::entry::EntryId;
use antrean_domain::release::ReleaseId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named, names};
use crate::ids::PartyId;
use crate::statements::statements;
use crate::{Fault, Tx, Value, parties};

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// In the list; the draw decides.
    Entered,
    /// Taken back before the freeze: not in the list.
    Withdrawn,
    /// Taken back after the freeze: keeps its line in the frozen list, gets no place.
    Left,
    /// Drawn without a place; waits for the waves.
    Standby,
    /// Got a place, in the draw or later.
    Placed,
    /// Waited to the end without a place.
    Expired,
}

named!(EntryState {
    Entered = "entered",
    Withdrawn = "withdrawn",
    Left = "left",
    Standby = "standby",
    Placed = "placed",
    Expired = "expired",
});

impl EntryState {
    /// The state's name, as it is in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        crate::columns::Named::name(self)
    }
}

statements! {
    INSERT = "INSERT INTO entries (party_id, release_id, entry_id, leaf, state, entered_ms, changed_ms)
              VALUES (?1, ?2, ?3, ?4, 'entered', ?5, ?5)";
    GET = "SELECT party_id, release_id, entry_id, leaf, state, rank, place, entered_ms, changed_ms
           FROM entries WHERE party_id = ?1";
    SET_LEAF = "UPDATE entries SET entry_id = ?2, leaf = ?3, changed_ms = ?4 WHERE party_id = ?1 AND state = 'entered'";
    ADVANCE = "UPDATE entries SET state = ?2, changed_ms = ?3 WHERE party_id = ?1
               AND (state = ?4 OR state = ?5 OR state = ?6 OR state = ?7 OR state = ?8 OR state = ?9)";
    EACH_FROZEN = "SELECT party_id, state, leaf FROM entries WHERE release_id = ?1 AND state <> 'withdrawn' ORDER BY party_id";
    WRITE_RESULT = "UPDATE entries SET rank = ?2, place = ?3, changed_ms = ?5,
                                       state = CASE WHEN state = 'left' THEN state ELSE ?4 END
                    WHERE party_id = ?1 AND rank IS NULL AND state IN ('entered', 'left')";
    STANDBY_AFTER = "SELECT e.party_id, e.rank, e.leaf, p.size FROM entries e JOIN parties p ON p.id = e.party_id
                     WHERE e.release_id = ?1 AND e.state = 'standby' AND e.rank > ?2 ORDER BY e.rank LIMIT ?3";
    STANDBY_RANKS = "SELECT rank FROM entries WHERE release_id = ?1 AND state = 'standby' ORDER BY rank";
    RESULTS = "SELECT e.rank, e.entry_id, p.size, e.place FROM entries e JOIN parties p ON p.id = e.party_id
               WHERE e.release_id = ?1 AND e.rank IS NOT NULL ORDER BY e.rank";
    TO_EXPIRE = "SELECT party_id FROM entries WHERE release_id = ?1 AND party_id > ?2 AND state IN ('entered', 'standby')
                 ORDER BY party_id LIMIT ?3";
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is.
    pub party: PartyId,
    /// The release it is in.
    pub release: ReleaseId,
    /// Its id in the published list.
    pub entry_id: EntryId,
    /// What the draw publishes of it; the choices are in it.
    pub leaf: Vec<u8>,
    /// Where it stands.
    pub state: EntryState,
    /// Its rank in the drawn order, from 1.
    pub rank: Option<u32>,
    /// The slot that the draw gave, as in the published result.
    pub place: Option<String>,
    /// When it was entered.
    pub entered: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

/// An entry that waits for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// Whose it is.
    pub party: PartyId,
    /// Its rank in the drawn order.
    pub rank: u32,
    /// What the draw published of it; the choices are in it.
    pub leaf: Vec<u8>,
    /// How many people.
    pub size: u32,
}

/// Enters a party in a release. A release that is not open is a fault of the rule `entries_only_while_open`: look first.
pub fn insert(
    tx: &Tx<'_>,
    party: PartyId,
    release: &ReleaseId,
    entry_id: &EntryId,
    leaf: &[u8],
    now: Timestamp,
) -> Result<(), Fault> {
    let values = [
        Value::Int(party.0),
        Value::Text(release.as_str()),
        Value::Blob(&entry_id.0),
        Value::Blob(leaf),
        Value::instant(now),
    ];
    tx.post(INSERT, &values)
}

/// The entry of a party.
pub fn get(tx: &Tx<'_>, party: PartyId) -> Result<Option<Entry>, Fault> {
    tx.opt(GET, &[Value::Int(party.0)], |row| {
        Ok(Entry {
            party: row.party(0)?,
            release: row.release(1)?,
            entry_id: EntryId(row.bytes(2)?),
            leaf: row.blob(3)?.to_vec(),
            state: row.named(4)?,
            rank: match row.int_opt(5)? {
                None => None,
                Some(_) => Some(row.small(5)?),
            },
            place: row.text_opt(6)?.map(str::to_owned),
            entered: row.instant(7)?,
            changed: row.instant(8)?,
        })
    })
}

/// Replaces what the draw will publish, while the entry is in the list of an open release; `false` if it is out of the list. Once the
/// release is frozen it is a fault of the rule `entries_frozen_never_change`.
pub fn set_leaf(tx: &Tx<'_>, party: PartyId, entry_id: &EntryId, leaf: &[u8], now: Timestamp) -> Result<bool, Fault> {
    tx.changed(SET_LEAF, &[Value::Int(party.0), Value::Blob(&entry_id.0), Value::Blob(leaf), Value::instant(now)])
}

/// Moves an entry on if it is in one of the states named; `false` if not.
pub fn advance(
    tx: &Tx<'_>,
    party: PartyId,
    from: &[EntryState],
    to: EntryState,
    now: Timestamp,
) -> Result<bool, Fault> {
    let in_set = names::<6, _>(from);
    tx.changed(
        ADVANCE,
        &[
            Value::Int(party.0),
            name(to),
            Value::instant(now),
            in_set[0],
            in_set[1],
            in_set[2],
            in_set[3],
            in_set[4],
            in_set[5],
        ],
    )
}

/// Hands over every entry of a release that is in its frozen list (all but those withdrawn), by party number, keeping none.
pub fn each_frozen(
    tx: &Tx<'_>,
    release: &ReleaseId,
    mut f: impl FnMut(PartyId, EntryState, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    tx.each(EACH_FROZEN, &[Value::Text(release.as_str())], |row| f(row.party(0)?, row.named(1)?, row.blob(2)?))
}

/// Writes what the draw gave, once; `false` if there is a result already. An entry that has left keeps that state.
pub fn write_result(
    tx: &Tx<'_>,
    party: PartyId,
    rank: u32,
    place: Option<&str>,
    to: EntryState,
    now: Timestamp,
) -> Result<bool, Fault> {
    let values = [Value::Int(party.0), Value::Int(rank.into()), Value::from(place), name(to), Value::instant(now)];
    tx.changed(WRITE_RESULT, &values)
}

/// The ranks of the entries of a release that wait, ascending: 4 bytes each, to tell everybody their place in the line.
pub fn standby_ranks(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<u32>, Fault> {
    tx.all(STANDBY_RANKS, &[Value::Text(release.as_str())], |row| row.small(0))
}

/// The entries of a release that wait behind a rank (0 for the first), in drawn order, at most `limit`.
pub fn standby_after(tx: &Tx<'_>, release: &ReleaseId, rank: u32, limit: u32) -> Result<Vec<Standby>, Fault> {
    let values = [Value::Text(release.as_str()), Value::Int(rank.into()), Value::Int(limit.into())];
    tx.all(STANDBY_AFTER, &values, |row| {
        Ok(Standby { party: row.party(0)?, rank: row.small(1)?, leaf: row.blob(2)?.to_vec(), size: row.small(3)? })
    })
}

/// Hands over the drawn result in drawn order, keeping none: rank, entry id, size, place.
pub fn results(
    tx: &Tx<'_>,
    release: &ReleaseId,
    mut f: impl FnMut(u32, EntryId, u32, Option<&str>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    tx.each(RESULTS, &[Value::Text(release.as_str())], |row| {
        f(row.small(0)?, EntryId(row.bytes(1)?), row.small(2)?, row.text_opt(3)?)
    })
}

/// Ends the wait of at most `limit` entries behind a party (0 for the first), and with it their parties; returns whose, in
/// order, each with whether it was still waiting: empty means done.
pub fn expire(
    tx: &Tx<'_>,
    release: &ReleaseId,
    after: PartyId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(PartyId, bool)>, Fault> {
    let values = [Value::Text(release.as_str()), Value::Int(after.0), Value::Int(limit.into())];
    let due = tx.all(TO_EXPIRE, &values, |row| row.party(0))?;
    due.iter().try_for_each(|party| parties::lock(tx, *party))?;
    let end = |party: PartyId| {
        // Whoever took a place, or left, just before keeps that.
        let waited = advance(tx, party, &[EntryState::Entered, EntryState::Standby], EntryState::Expired, now)?;
        if waited {
            parties::end(tx, party)?;
        }
        Ok((party, waited))
    };
    due.into_iter().map(end).collect()
}
