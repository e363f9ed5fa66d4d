//! Releases: what is opened together, from plan to draw. What was opened does not change (rules 8 and 9); triggers see to it.

use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named, names};
use crate::ids::PartyId;
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// Where a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Announced; can still be taken back.
    Planned,
    /// Takes entries, or bookings where the mode is first come.
    Open,
    /// The list of entries is final; waits for the beacon.
    Frozen,
    /// The seed is known and results are being written.
    Drawing,
    /// Every entry has its result; waves and leftover places go on.
    Drawn,
    /// Its last day is over.
    Closed,
}

named!(ReleaseState {
    Planned = "planned",
    Open = "open",
    Frozen = "frozen",
    Drawing = "drawing",
    Drawn = "drawn",
    Closed = "closed",
});

impl ReleaseState {
    /// The state's name, as it is in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        crate::columns::Named::name(self)
    }
}

macro_rules! columns {
    () => {
        "id, mode, state, plan, opens_ms, freeze_ms, ends_ms, rules, tag_key, closures, round, freeze_file, beacon_file, seed, \
         drawn_through, drawn_ms"
    };
}

statements! {
    INSERT = "INSERT INTO releases (id, mode, state, plan, opens_ms, freeze_ms, ends_ms, rules, tag_key, round)
              VALUES (?1, ?2, 'planned', ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    GET = concat!("SELECT ", columns!(), " FROM releases WHERE id = ?1");
    LIST = concat!("SELECT ", columns!(), " FROM releases ORDER BY opens_ms DESC, id DESC");
    NEWEST = concat!("SELECT ", columns!(), " FROM releases ORDER BY opens_ms DESC, id DESC LIMIT ?1");
    UNFINISHED = concat!("SELECT ", columns!(), " FROM releases WHERE state <> 'closed' ORDER BY opens_ms, id LIMIT ?1");
    STANDING = "SELECT id, state, opens_ms, ends_ms, tag_key, round FROM releases WHERE id = ?1";
    STATE = "SELECT state FROM releases WHERE id = ?1";
    ADVANCE = "UPDATE releases SET state = ?2 WHERE id = ?1 AND state IN (?3, ?4, ?5, ?6, ?7, ?8)";
    SET_FREEZE = "UPDATE releases SET freeze_file = ?2, round = ?3 WHERE id = ?1 AND freeze_file IS NULL";
    SET_BEACON = "UPDATE releases SET beacon_file = ?2, seed = ?3 WHERE id = ?1 AND beacon_file IS NULL";
    SET_PROGRESS = "UPDATE releases SET drawn_through = ?2 WHERE id = ?1 AND drawn_through <= ?2";
    SET_DRAWN = "UPDATE releases SET drawn_ms = ?2 WHERE id = ?1 AND drawn_ms IS NULL";
    SET_CLOSURES = "UPDATE releases SET closures = ?2 WHERE id = ?1";
    IS_PLANNED = "SELECT 1 FROM releases WHERE id = ?1 AND state = 'planned'";
    REMOVE_SLOTS = "DELETE FROM slots WHERE release_id = ?1";
    REMOVE_COUNTS = "DELETE FROM release_counts WHERE release_id = ?1";
    REMOVE_PLACES_IN_LINE = "DELETE FROM line_places WHERE line_id IN (SELECT id FROM lines WHERE release_id = ?1)";
    REMOVE_ARRIVALS = "DELETE FROM line_arrivals WHERE line_id IN (SELECT id FROM lines WHERE release_id = ?1)";
    REMOVE_LINE = "DELETE FROM lines WHERE release_id = ?1";
    REMOVE = "DELETE FROM releases WHERE id = ?1";
    ADD_COUNTS = "INSERT INTO release_counts (release_id, office, entries, people) VALUES (?1, ?2, ?3, ?4)
                  ON CONFLICT (release_id, office) DO UPDATE
                  SET entries = release_counts.entries + excluded.entries, people = release_counts.people + excluded.people";
    COUNTS = "SELECT office, entries, people FROM release_counts WHERE release_id = ?1 ORDER BY office";
    OPENED_BETWEEN = "SELECT count(*) FROM releases WHERE opens_ms > ?1 AND opens_ms <= ?2";
}

/// A release to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRelease {
    /// Its name.
    pub id: ReleaseId,
    /// Draw or first come.
    pub mode: Mode,
    /// The `ReleasePlan` as JSON.
    pub plan: String,
    /// Earliest opening over the zones.
    pub opens: Timestamp,
    /// When the list of entries becomes final.
    pub freeze: Timestamp,
    /// After this instant no standby entry can get a place.
    pub ends: Timestamp,
    /// The rules file of the draw; empty where there is none.
    pub rules: String,
    /// The key of the people's tags, sealed.
    pub tag_key: Vec<u8>,
    /// The beacon round announced with the plan; 0 where there is none.
    pub round: u64,
}

/// A release as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub id: ReleaseId,
    /// Draw or first come.
    pub mode: Mode,
    /// Where it stands.
    pub state: ReleaseState,
    /// The `ReleasePlan` as JSON.
    pub plan: String,
    /// Earliest opening over the zones.
    pub opens: Timestamp,
    /// When the list of entries becomes final.
    pub freeze: Timestamp,
    /// After this instant no standby entry can get a place.
    pub ends: Timestamp,
    /// The rules file of the draw.
    pub rules: String,
    /// The key of the people's tags, sealed.
    pub tag_key: Vec<u8>,
    /// The closures file of the draw; empty while nothing was closed.
    pub closures: String,
    /// The beacon round, after sliding.
    pub round: u64,
    /// The freeze file, once the list is final.
    pub freeze_file: Option<String>,
    /// The beacon file, once the value is known.
    pub beacon_file: Option<String>,
    /// The seed of the draw, once the value is known.
    pub seed: Option<[u8; 32]>,
    /// The highest party number whose result is written; 0 at first.
    pub drawn_through: PartyId,
    /// When the last result was written.
    pub drawn: Option<Timestamp>,
}

/// What entries and bookings need to know of a release: everything that is short. A national release's rules alone are
/// 150 KB, and reading them takes longer than a booking may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub id: ReleaseId,
    /// Where it stands.
    pub state: ReleaseState,
    /// Earliest opening over the zones.
    pub opens: Timestamp,
    /// After this instant no standby entry can get a place.
    pub ends: Timestamp,
    /// The key of the people's tags, sealed.
    pub tag_key: Vec<u8>,
    /// The beacon round, after sliding.
    pub round: u64,
}

fn release(row: &RowRef<'_>) -> Result<Release, Fault> {
    Ok(Release {
        id: row.release(0)?,
        mode: row.named(1)?,
        state: row.named(2)?,
        plan: row.text(3)?.to_owned(),
        opens: row.instant(4)?,
        freeze: row.instant(5)?,
        ends: row.instant(6)?,
        rules: row.text(7)?.to_owned(),
        tag_key: row.blob(8)?.to_vec(),
        closures: row.text(9)?.to_owned(),
        round: row.small(10)?,
        freeze_file: row.text_opt(11)?.map(str::to_owned),
        beacon_file: row.text_opt(12)?.map(str::to_owned),
        seed: row.bytes_opt(13)?,
        drawn_through: row.party(14)?,
        drawn: row.instant_opt(15)?,
    })
}

/// Plans a release. A name that was used already is a fault: look first.
pub fn insert(tx: &Tx<'_>, new: &NewRelease) -> Result<(), Fault> {
    let values = [
        Value::Text(new.id.as_str()),
        name(new.mode),
        Value::Text(&new.plan),
        Value::instant(new.opens),
        Value::instant(new.freeze),
        Value::instant(new.ends),
        Value::Text(&new.rules),
        Value::Blob(&new.tag_key),
        Value::Int(new.round.cast_signed()),
    ];
    tx.post(INSERT, &values)
}

/// A release by its name.
pub fn get(tx: &Tx<'_>, id: &ReleaseId) -> Result<Option<Release>, Fault> {
    tx.opt(GET, &[Value::Text(id.as_str())], release)
}

/// All releases, the newest first.
pub fn list(tx: &Tx<'_>) -> Result<Vec<Release>, Fault> {
    tx.all(LIST, &[], release)
}

/// The releases that opened or open last, newest first, at most `limit`.
pub fn newest(tx: &Tx<'_>, limit: u32) -> Result<Vec<Release>, Fault> {
    tx.all(NEWEST, &[Value::Int(limit.into())], release)
}

/// The releases that are not closed, the oldest first, at most `limit`.
pub fn unfinished(tx: &Tx<'_>, limit: u32) -> Result<Vec<Release>, Fault> {
    tx.all(UNFINISHED, &[Value::Int(limit.into())], release)
}

/// What is short of a release, by its name.
pub fn standing(tx: &Tx<'_>, id: &ReleaseId) -> Result<Option<Standing>, Fault> {
    tx.opt(STANDING, &[Value::Text(id.as_str())], |row| {
        Ok(Standing {
            id: row.release(0)?,
            state: row.named(1)?,
            opens: row.instant(2)?,
            ends: row.instant(3)?,
            tag_key: row.blob(4)?.to_vec(),
            round: row.small(5)?,
        })
    })
}

/// Where a release stands, without the long texts of its row.
pub fn state(tx: &Tx<'_>, id: &ReleaseId) -> Result<Option<ReleaseState>, Fault> {
    tx.opt(STATE, &[Value::Text(id.as_str())], |row| row.named(0))
}

/// Moves a release on if it is in one of the states named; `false` if not.
pub fn advance(tx: &Tx<'_>, id: &ReleaseId, from: &[ReleaseState], to: ReleaseState) -> Result<bool, Fault> {
    let in_set = names::<6, _>(from);
    tx.changed(
        ADVANCE,
        &[Value::Text(id.as_str()), name(to), in_set[0], in_set[1], in_set[2], in_set[3], in_set[4], in_set[5]],
    )
}

/// Writes the freeze file and the round it names, once; `false` if there is one already.
pub fn set_freeze(tx: &Tx<'_>, id: &ReleaseId, freeze_file: &str, round: u64) -> Result<bool, Fault> {
    tx.changed(SET_FREEZE, &[Value::Text(id.as_str()), Value::Text(freeze_file), Value::Int(round.cast_signed())])
}

/// Writes the beacon file and the seed, once; `false` if they are there already: a draw is never run a second time.
pub fn set_beacon(tx: &Tx<'_>, id: &ReleaseId, beacon_file: &str, seed: &[u8; 32]) -> Result<bool, Fault> {
    tx.changed(SET_BEACON, &[Value::Text(id.as_str()), Value::Text(beacon_file), Value::Blob(seed)])
}

/// Notes through which party the results are written; never goes back.
pub fn set_progress(tx: &Tx<'_>, id: &ReleaseId, drawn_through: PartyId) -> Result<(), Fault> {
    tx.post(SET_PROGRESS, &[Value::Text(id.as_str()), Value::Int(drawn_through.0)])
}

/// Notes when the last result was written; `false` if that is noted already.
pub fn set_drawn(tx: &Tx<'_>, id: &ReleaseId, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(SET_DRAWN, &[Value::Text(id.as_str()), Value::instant(now)])
}

/// Replaces the closures file.
pub fn set_closures(tx: &Tx<'_>, id: &ReleaseId, closures: &str) -> Result<(), Fault> {
    tx.post(SET_CLOSURES, &[Value::Text(id.as_str()), Value::Text(closures)])
}

/// Takes a release back with its slots while it is only planned; `false` if it is not.
pub fn remove_planned(tx: &Tx<'_>, id: &ReleaseId) -> Result<bool, Fault> {
    let values = [Value::Text(id.as_str())];
    if tx.opt(IS_PLANNED, &values, |row| row.int(0))?.is_none() {
        return Ok(false);
    }
    tx.execute(REMOVE_SLOTS, &values)?;
    tx.execute(REMOVE_COUNTS, &values)?;
    tx.execute(REMOVE_PLACES_IN_LINE, &values)?;
    tx.execute(REMOVE_ARRIVALS, &values)?;
    tx.execute(REMOVE_LINE, &values)?;
    tx.changed(REMOVE, &values)
}

/// Adds to (or with negative numbers takes from) the count of entries whose first choice is an office.
pub fn add_counts(tx: &Tx<'_>, id: &ReleaseId, office: &OfficeCode, entries: i64, people: i64) -> Result<(), Fault> {
    let values = [Value::Text(id.as_str()), Value::Text(office.as_str()), Value::Int(entries), Value::Int(people)];
    tx.post(ADD_COUNTS, &values)
}

/// Entries and people by office of the first choice, by office.
pub fn counts(tx: &Tx<'_>, id: &ReleaseId) -> Result<Vec<(OfficeCode, i64, i64)>, Fault> {
    tx.all(COUNTS, &[Value::Text(id.as_str())], |row| Ok((row.office(0)?, row.int(1)?, row.int(2)?)))
}

/// How many releases opened after one instant and up to another.
pub fn opened_between(tx: &Tx<'_>, after: Timestamp, through: Timestamp) -> Result<i64, Fault> {
    tx.one(OPENED_BETWEEN, &[Value::instant(after), Value::instant(through)], |row| row.int(0))
}
