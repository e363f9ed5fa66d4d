//! Appointments: the place a party holds, and what became of it.
//!
//! A place is counted in its slot from `slots::take` until `slots::give_back`. Whoever moves an appointment to `cancelled`,
//! `cancelled_late` or `revoked` gives its places back in the same transaction; `audit` checks it.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::ReleaseId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named, names};
use crate::ids::{PartyId, SlotId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// How a party came by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The draw gave it.
    Draw,
    /// A wave gave it to a party on standby.
    Wave,
    /// Nobody wanted it in the draw; taken first come.
    Leftover,
    /// Taken in a first-come release.
    FirstCome,
}

named!(Source { Draw = "draw", Wave = "wave", Leftover = "leftover", FirstCome = "first_come" });

impl Source {
    /// The source's name, as it is in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        crate::columns::Named::name(self)
    }
}

macro_rules! columns {
    () => {
        "a.party_id, a.slot_id, a.state, a.source, a.choice, a.moves, a.sequence, a.booked_ms, a.changed_ms"
    };
}

statements! {
    INSERT = "INSERT INTO appointments (party_id, slot_id, state, source, choice, booked_ms, changed_ms)
              VALUES (?1, ?2, 'booked', ?3, ?4, ?5, ?5) ON CONFLICT (party_id) DO NOTHING";
    GET = concat!("SELECT ", columns!(), " FROM appointments a WHERE a.party_id = ?1");
    ADVANCE = "UPDATE appointments SET state = ?2, changed_ms = ?3, sequence = sequence + 1
               WHERE party_id = ?1 AND (state = ?4 OR state = ?5 OR state = ?6 OR state = ?7 OR state = ?8 OR state = ?9
                                        OR state = ?10 OR state = ?11 OR state = ?12)";
    // Only the holder's own move counts, and only one; a wave that grants a wish counts as it, a closure's does not.
    MOVE_TO = "UPDATE appointments SET slot_id = ?3, moves = moves + ?4, changed_ms = ?5, sequence = sequence + 1
               WHERE party_id = ?1 AND slot_id = ?2 AND state = 'booked' AND (?4 = 0 OR moves = 0)";
    OF_SLOT = concat!("SELECT ", columns!(), " FROM appointments a WHERE a.slot_id = ?1 ORDER BY a.party_id");
    LIVE_ON = concat!(
        "SELECT ", columns!(), ", p.size FROM slots s
         JOIN appointments a ON a.slot_id = s.id
         JOIN parties p ON p.id = a.party_id
         WHERE s.office = ?1 AND s.date = ?2 AND a.state IN ('booked', 'checked_in', 'called')
         ORDER BY s.starts, a.party_id"
    );
    COUNTS_BY_STATE = "SELECT a.state, count(*), sum(p.size) FROM slots s
                       JOIN appointments a ON a.slot_id = s.id
                       JOIN parties p ON p.id = a.party_id
                       WHERE s.release_id = ?1 GROUP BY a.state ORDER BY a.state";
}

/// An appointment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Whose it is.
    pub party: PartyId,
    /// Where and when.
    pub slot: SlotId,
    /// Where it stands.
    pub state: AppointmentState,
    /// How the party came by it.
    pub source: Source,
    /// Which of the party's choices it was, from 0.
    pub choice: Option<u32>,
    /// How often the holder moved it, 0 or 1.
    pub moves: u32,
    /// Counts the changes, for calendars and tickets.
    pub sequence: u32,
    /// When it was made.
    pub booked: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

/// The appointments of a release in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub state: AppointmentState,
    /// Appointments.
    pub parties: u64,
    /// People in them.
    pub people: u64,
}

fn appointment(row: &RowRef<'_>) -> Result<Appointment, Fault> {
    Ok(Appointment {
        party: row.party(0)?,
        slot: row.slot(1)?,
        state: row.named(2)?,
        source: row.named(3)?,
        choice: match row.int_opt(4)? {
            None => None,
            Some(_) => Some(row.small(4)?),
        },
        moves: row.small(5)?,
        sequence: row.small(6)?,
        booked: row.instant(7)?,
        changed: row.instant(8)?,
    })
}

/// Writes the appointment for places that were taken just before; `false` if the party has one, in whatever state.
pub fn insert(
    tx: &Tx<'_>,
    party: PartyId,
    slot: SlotId,
    source: Source,
    choice: Option<u32>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let values = [
        Value::Int(party.0),
        Value::Int(slot.0),
        name(source),
        Value::from(choice.map(i64::from)),
        Value::instant(now),
    ];
    tx.changed(INSERT, &values)
}

/// The appointment of a party.
pub fn get(tx: &Tx<'_>, party: PartyId) -> Result<Option<Appointment>, Fault> {
    tx.opt(GET, &[Value::Int(party.0)], appointment)
}

/// Moves an appointment on if it is in one of the states named; `false` if not.
pub fn advance(
    tx: &Tx<'_>,
    party: PartyId,
    from: &[AppointmentState],
    to: AppointmentState,
    now: Timestamp,
) -> Result<bool, Fault> {
    let in_set = names::<9, _>(from);
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
            in_set[6],
            in_set[7],
            in_set[8],
        ],
    )
}

/// Moves a booked appointment from one slot to another; `own` if it uses up the holder's one move. `false` if it is not booked there,
/// or was moved before. The places of both slots are for the caller to take and give back.
pub fn move_to(
    tx: &Tx<'_>,
    party: PartyId,
    from: SlotId,
    to: SlotId,
    own: bool,
    now: Timestamp,
) -> Result<bool, Fault> {
    let values =
        [Value::Int(party.0), Value::Int(from.0), Value::Int(to.0), Value::Int(own.into()), Value::instant(now)];
    tx.changed(MOVE_TO, &values)
}

/// All appointments of a slot, in whatever state, by party number.
pub fn of_slot(tx: &Tx<'_>, slot: SlotId) -> Result<Vec<Appointment>, Fault> {
    tx.all(OF_SLOT, &[Value::Int(slot.0)], appointment)
}

/// The live appointments of an office on a day with the size of each party, by arrival.
pub fn live_on(tx: &Tx<'_>, office: &OfficeCode, date: Date) -> Result<Vec<(Appointment, u32)>, Fault> {
    tx.all(LIVE_ON, &[Value::Text(office.as_str()), Value::Text(&date.to_string())], |row| {
        Ok((appointment(row)?, row.small(9)?))
    })
}

/// How many appointments and people of a release's slots are in each state that occurs.
pub fn counts_by_state(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<StateCount>, Fault> {
    tx.all(COUNTS_BY_STATE, &[Value::Text(release.as_str())], |row| {
        Ok(StateCount { state: row.named(0)?, parties: row.small(1)?, people: row.small(2)? })
    })
}
