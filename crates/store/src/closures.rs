//! Closures: places that an office took back, and what became of each party that held some. Settled once, kept for ever.

use antrean_domain::closure::{Cause, Range, Relocation};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::{SlotKey, WindowStart};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named};
use crate::ids::{ClosureId, PartyId, SlotId, StaffId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

named!(Cause {
    Disaster = "disaster",
    Outage = "outage",
    Order = "order",
    Staff = "staff",
    Security = "security",
    Other = "other",
});

/// How it is kept that somebody was reached by telephone, and that somebody tried.
const REACHED: &str = "reached";
const TRIED: &str = "tried";

/// A relocation as it is kept: its word, and whether people choose. `choose` is kept as `release` with a mark, since the word came later.
fn kept(relocation: Relocation) -> (&'static str, bool) {
    match relocation {
        Relocation::Choose => ("release", true),
        other => (other.as_str(), false),
    }
}

/// What became of a party whose places were taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing yet: the work has not come to it.
    Waiting,
    /// It has other places.
    Moved,
    /// It has none, and was told so; nothing counts against it.
    Revoked,
    /// It had given its places back by itself before the work came to it.
    Gone,
}

named!(Fate { Waiting = "waiting", Moved = "moved", Revoked = "revoked", Gone = "gone" });

macro_rules! columns {
    () => {
        "c.id, c.office, c.from_date, c.to_date, c.starts, c.ends, c.cause, c.words, c.relocation, c.asked_by, c.begun_ms, c.done_ms,
         c.chooses, c.lifted_ms"
    };
}

macro_rules! in_range {
    () => {
        "s.office = ?1 AND s.date >= ?2 AND s.date <= ?3 AND s.ends > ?4 AND s.starts < ?5 AND s.closed = 0"
    };
}

macro_rules! people {
    () => {
        "closure_people w LEFT JOIN replacements r ON r.party_id = w.party_id AND r.closure_id = w.closure_id"
    };
}

macro_rules! settled {
    () => {
        concat!(
            "SELECT w.party_id, w.state, f.office, f.date, f.starts, t.office, t.date, t.starts,
             w.called_by, w.called_ms, w.called, w.called_sealed, r.used_by FROM ",
            people!(),
            " JOIN slots f ON f.id = w.from_slot LEFT JOIN slots t ON t.id = w.to_slot"
        )
    };
}

/// Who has no place, has chosen none since, and was not reached.
macro_rules! to_call {
    () => {
        "w.state = 'revoked' AND r.used_by IS NULL AND w.called <> 'reached'"
    };
}

statements! {
    INSERT = "INSERT INTO closures (office, from_date, to_date, starts, ends, cause, words, relocation, asked_by, begun_ms,
              chooses) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    GET = concat!("SELECT ", columns!(), " FROM closures c WHERE c.id = ?1");
    OF_OFFICE = concat!("SELECT ", columns!(), " FROM closures c WHERE c.office = ?1 ORDER BY c.id DESC LIMIT ?2");
    RUNNING = concat!("SELECT ", columns!(), " FROM closures c WHERE c.done_ms IS NULL ORDER BY c.id");
    CURRENT = concat!(
        "SELECT ", columns!(), " FROM closures c WHERE c.to_date >= ?1 AND c.lifted_ms IS NULL ORDER BY c.from_date, c.id LIMIT ?2"
    );
    LIFT = "UPDATE closures SET lifted_by = ?2, lifted_ms = ?3 WHERE id = ?1 AND lifted_ms IS NULL AND done_ms IS NOT NULL";
    KEEP_SLOT = "INSERT INTO closure_slots (closure_id, slot_id) VALUES (?1, ?2) ON CONFLICT (closure_id, slot_id) DO NOTHING";
    SLOTS = "SELECT s.id, s.office, s.release_id, s.date, s.starts, r.state, s.taken, s.ends
             FROM closure_slots k JOIN slots s ON s.id = k.slot_id
             JOIN releases r ON r.id = s.release_id WHERE k.closure_id = ?1 AND s.closed = 1 ORDER BY s.id";
    DONE = "UPDATE closures SET done_ms = ?2 WHERE id = ?1 AND done_ms IS NULL";
    OPEN_SLOTS = concat!(
        "SELECT s.id, s.release_id, s.date, s.starts, r.state, s.taken, s.ends FROM slots s JOIN releases r ON r.id = s.release_id
         WHERE ", in_range!(), " ORDER BY s.id"
    );
    HOLDERS = concat!(
        "SELECT a.party_id, s.id, s.office, s.date, s.starts, p.size, s.release_id FROM slots s
         JOIN appointments a ON a.slot_id = s.id JOIN parties p ON p.id = a.party_id
         WHERE ", in_range!(), " AND a.state = 'booked' ORDER BY s.date, s.starts, a.party_id"
    );
    NAME = "INSERT INTO closure_people (closure_id, party_id, from_slot, state) VALUES (?1, ?2, ?3, 'waiting')
            ON CONFLICT (closure_id, party_id) DO NOTHING";
    WAITING = "SELECT w.party_id, w.from_slot FROM closure_people w JOIN slots s ON s.id = w.from_slot
               WHERE w.closure_id = ?1 AND w.state = 'waiting' ORDER BY s.date, s.starts, w.party_id LIMIT ?2";
    SETTLE = "UPDATE closure_people SET state = ?3, to_slot = ?4, done_ms = ?5
              WHERE closure_id = ?1 AND party_id = ?2 AND state = 'waiting'";
    COUNTS = "SELECT state, count(*) FROM closure_people WHERE closure_id = ?1 GROUP BY state ORDER BY state";
    PEOPLE = concat!(settled!(), " WHERE w.closure_id = ?1 ORDER BY w.state DESC, w.party_id LIMIT ?2 OFFSET ?3");
    TO_CALL = concat!(settled!(), " WHERE w.closure_id = ?1 AND ", to_call!(), " ORDER BY w.party_id LIMIT ?2 OFFSET ?3");
    COUNT_TO_CALL = concat!("SELECT count(*) FROM ", people!(), " WHERE w.closure_id = ?1 AND ", to_call!());
    CALLS = "SELECT state, called_by, called_ms, called, called_sealed FROM closure_people WHERE closure_id = ?1 AND party_id = ?2";
    CALLED = "UPDATE closure_people SET called_by = ?3, called_ms = ?4, called = ?5, called_sealed = ?6
              WHERE closure_id = ?1 AND party_id = ?2 AND coalesce(called_ms, 0) = ?7";
    OF_PARTY = "SELECT c.cause, c.words FROM closure_people w JOIN closures c ON c.id = w.closure_id
                WHERE w.party_id = ?1 ORDER BY c.id DESC LIMIT 1";
}

/// A closure about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClosure<'a> {
    /// The office.
    pub office: &'a OfficeCode,
    /// Which of its windows.
    pub range: Range,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, for the public.
    pub words: &'a str,
    /// Where the people go.
    pub relocation: Relocation,
    /// Who asked for it.
    pub asked_by: StaffId,
}

/// A closure as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Its number.
    pub id: ClosureId,
    /// The office.
    pub office: OfficeCode,
    /// Which of its windows.
    pub range: Range,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, for the public.
    pub words: String,
    /// Where the people go.
    pub relocation: Relocation,
    /// Who asked for it.
    pub asked_by: StaffId,
    /// When it began.
    pub begun: Timestamp,
    /// When everybody was settled.
    pub done: Option<Timestamp>,
    /// When it was lifted: what it closed and was still to come is open again.
    pub lifted: Option<Timestamp>,
}

/// A window that a range would close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSlot {
    /// Its number.
    pub id: SlotId,
    /// The release that it belongs to.
    pub release: ReleaseId,
    /// Office, date and start.
    pub key: SlotKey,
    /// Its end.
    pub ends: WindowStart,
    /// Where the release stands.
    pub state: crate::releases::ReleaseState,
    /// Places that are held.
    pub taken: u32,
}

/// A party that holds places in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The party.
    pub party: PartyId,
    /// The slot.
    pub slot: SlotId,
    /// Office, date and start of it.
    pub key: SlotKey,
    /// How many people.
    pub size: u32,
    /// The release of the slot.
    pub release: ReleaseId,
}

/// The calls to somebody who lost a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Who called last.
    pub by: StaffId,
    /// When that was: the version that another call names.
    pub last: Timestamp,
    /// Whether they were reached: nobody has to call any more.
    pub reached: bool,
    /// What came of each, sealed.
    pub sealed: Vec<u8>,
}

/// What became of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The party.
    pub party: PartyId,
    /// What it had.
    pub from: SlotKey,
    /// What became of it.
    pub fate: Fate,
    /// What it has now.
    pub to: Option<SlotKey>,
    /// The calls to it, if there were any.
    pub calls: Option<Calls>,
    /// The party by which its account chose another place since.
    pub replaced_by: Option<PartyId>,
}

fn closure(row: &RowRef<'_>) -> Result<Closure, Fault> {
    let hours = match (row.int_opt(4)?, row.int_opt(5)?) {
        (Some(_), Some(_)) => Some((row.starts(4)?, row.starts(5)?)),
        _ => None,
    };
    Ok(Closure {
        id: ClosureId(row.int(0)?),
        office: row.office(1)?,
        range: Range { from: row.date(2)?, to: row.date(3)?, hours },
        cause: row.named(6)?,
        words: row.text(7)?.to_owned(),
        relocation: if row.int(12)? == 1 {
            Relocation::Choose
        } else {
            let word = row.text(8)?;
            word.parse().map_err(|_| Fault::corrupt(format!("relocation {word}")))?
        },
        asked_by: StaffId(row.int(9)?),
        begun: row.instant(10)?,
        done: row.instant_opt(11)?,
        lifted: row.instant_opt(13)?,
    })
}

/// The five values of a range in a statement: office, first and last day, first minute, and the minute after the last.
fn ranged<'a>(office: &'a OfficeCode, dates: &'a (String, String), range: &Range) -> [Value<'a>; 5] {
    let (starts, ends) =
        range.hours.map_or((0, 24 * 60), |(starts, ends)| (starts.minutes().into(), ends.minutes().into()));
    [Value::Text(office.as_str()), Value::Text(&dates.0), Value::Text(&dates.1), Value::Int(starts), Value::Int(ends)]
}

fn dates(range: &Range) -> (String, String) {
    (range.from.to_string(), range.to.to_string())
}

/// Begins a closure.
pub fn insert(tx: &Tx<'_>, new: &NewClosure<'_>, now: Timestamp) -> Result<ClosureId, Fault> {
    let (dates, (word, chooses)) = (dates(&new.range), kept(new.relocation));
    let minutes = |at: Option<WindowStart>| Value::from(at.map(|at| i64::from(at.minutes())));
    let values = [
        Value::Text(new.office.as_str()),
        Value::Text(&dates.0),
        Value::Text(&dates.1),
        minutes(new.range.hours.map(|(starts, _)| starts)),
        minutes(new.range.hours.map(|(_, ends)| ends)),
        name(new.cause),
        Value::Text(new.words),
        Value::Text(word),
        Value::Int(new.asked_by.0),
        Value::instant(now),
        Value::Int(chooses.into()),
    ];
    tx.insert(INSERT, &values)?.map(ClosureId).ok_or_else(|| Fault::corrupt("a closure was not inserted"))
}

/// A closure by its number.
pub fn get(tx: &Tx<'_>, id: ClosureId) -> Result<Option<Closure>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], closure)
}

/// At most so many closures of an office, the newest first.
pub fn of_office(tx: &Tx<'_>, office: &OfficeCode, limit: u32) -> Result<Vec<Closure>, Fault> {
    tx.all(OF_OFFICE, &[Value::Text(office.as_str()), Value::Int(limit.into())], closure)
}

/// Closures in which somebody still waits for what becomes of them, the oldest first.
pub fn running(tx: &Tx<'_>) -> Result<Vec<Closure>, Fault> {
    tx.all(RUNNING, &[], closure)
}

/// Closures that are not over before a day and were not lifted, at most so many, by their first day.
pub fn current(tx: &Tx<'_>, from: Date, limit: u32) -> Result<Vec<Closure>, Fault> {
    tx.all(CURRENT, &[Value::Text(&from.to_string()), Value::Int(limit.into())], closure)
}

/// Lifts a closure; `false` if it was lifted before, or somebody in it still waits for what becomes of them.
pub fn lift(tx: &Tx<'_>, id: ClosureId, by: StaffId, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(LIFT, &[Value::Int(id.0), Value::Int(by.0), Value::instant(now)])
}

/// Notes that a closure closed a slot.
pub fn keep_slot(tx: &Tx<'_>, id: ClosureId, slot: SlotId) -> Result<(), Fault> {
    tx.post(KEEP_SLOT, &[Value::Int(id.0), Value::Int(slot.0)])
}

/// What a closure closed and is closed still, by number.
pub fn closed_slots(tx: &Tx<'_>, id: ClosureId) -> Result<Vec<OpenSlot>, Fault> {
    tx.all(SLOTS, &[Value::Int(id.0)], |row| {
        Ok(OpenSlot {
            id: row.slot(0)?,
            key: SlotKey { office: row.office(1)?, date: row.date(3)?, starts: row.starts(4)? },
            release: row.release(2)?,
            state: row.named(5)?,
            taken: row.small(6)?,
            ends: row.starts(7)?,
        })
    })
}

/// Everybody is settled; `false` if that was so before.
pub fn done(tx: &Tx<'_>, id: ClosureId, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(DONE, &[Value::Int(id.0), Value::instant(now)])
}

/// The windows in a range that are not closed yet, of all pools and releases, by number.
pub fn open_slots(tx: &Tx<'_>, office: &OfficeCode, range: &Range) -> Result<Vec<OpenSlot>, Fault> {
    tx.all(OPEN_SLOTS, &ranged(office, &dates(range), range), |row| {
        Ok(OpenSlot {
            id: row.slot(0)?,
            release: row.release(1)?,
            key: SlotKey { office: *office, date: row.date(2)?, starts: row.starts(3)? },
            state: row.named(4)?,
            taken: row.small(5)?,
            ends: row.starts(6)?,
        })
    })
}

/// Who holds places in the windows of a range that are not closed yet, in the order of their arrival.
pub fn holders(tx: &Tx<'_>, office: &OfficeCode, range: &Range) -> Result<Vec<Holder>, Fault> {
    tx.all(HOLDERS, &ranged(office, &dates(range), range), |row| {
        Ok(Holder {
            party: row.party(0)?,
            slot: row.slot(1)?,
            key: SlotKey { office: row.office(2)?, date: row.date(3)?, starts: row.starts(4)? },
            size: row.small(5)?,
            release: row.release(6)?,
        })
    })
}

/// Names a party as one whose places were taken back.
pub fn name_party(tx: &Tx<'_>, id: ClosureId, party: PartyId, from: SlotId) -> Result<(), Fault> {
    tx.post(NAME, &[Value::Int(id.0), Value::Int(party.0), Value::Int(from.0)])
}

/// The next parties that wait, at most so many, in the order of their arrival.
pub fn waiting(tx: &Tx<'_>, id: ClosureId, limit: u32) -> Result<Vec<(PartyId, SlotId)>, Fault> {
    tx.all(WAITING, &[Value::Int(id.0), Value::Int(limit.into())], |row| Ok((row.party(0)?, row.slot(1)?)))
}

/// Settles what becomes of a party; `false` if that was settled before.
pub fn settle(
    tx: &Tx<'_>,
    id: ClosureId,
    party: PartyId,
    fate: Fate,
    to: Option<SlotId>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let to = Value::from(to.map(|slot| slot.0));
    tx.changed(SETTLE, &[Value::Int(id.0), Value::Int(party.0), name(fate), to, Value::instant(now)])
}

/// How many parties have which fate.
pub fn counts(tx: &Tx<'_>, id: ClosureId) -> Result<Vec<(Fate, u32)>, Fault> {
    tx.all(COUNTS, &[Value::Int(id.0)], |row| Ok((row.named(0)?, row.small(1)?)))
}

/// Which of the people of a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Only those who still have to be called.
    pub to_call: bool,
    /// How many to leave out.
    pub skip: u32,
    /// How many at most.
    pub limit: u32,
}

/// The calls that a row tells of from this column on.
fn calls(row: &RowRef<'_>, at: usize) -> Result<Option<Calls>, Fault> {
    let (Some(by), Some(last)) = (row.int_opt(at)?, row.instant_opt(at + 1)?) else { return Ok(None) };
    let (reached, sealed) = (row.text(at + 2)? == REACHED, row.blob(at + 3)?.to_vec());
    Ok(Some(Calls { by: StaffId(by), last, reached, sealed }))
}

/// What became of whom: those who wait first, then those without a place.
pub fn people(tx: &Tx<'_>, id: ClosureId, part: Part) -> Result<Vec<Settled>, Fault> {
    let statement = if part.to_call { TO_CALL } else { PEOPLE };
    tx.all(statement, &[Value::Int(id.0), Value::Int(part.limit.into()), Value::Int(part.skip.into())], |row| {
        let key = |at| {
            Ok::<_, Fault>(SlotKey { office: row.office(at)?, date: row.date(at + 1)?, starts: row.starts(at + 2)? })
        };
        Ok(Settled {
            party: row.party(0)?,
            fate: row.named(1)?,
            from: key(2)?,
            to: row.int_opt(7)?.map(|_| key(5)).transpose()?,
            calls: calls(row, 8)?,
            replaced_by: row.int_opt(12)?.map(PartyId),
        })
    })
}

/// How many still have to be called.
pub fn to_call(tx: &Tx<'_>, id: ClosureId) -> Result<u32, Fault> {
    Ok(tx.opt(COUNT_TO_CALL, &[Value::Int(id.0)], |row| row.small(0))?.unwrap_or_default())
}

/// What became of a party in a closure, and the calls to it; `None` if it is not in it.
pub fn calls_to(tx: &Tx<'_>, id: ClosureId, party: PartyId) -> Result<Option<(Fate, Option<Calls>)>, Fault> {
    tx.opt(CALLS, &[Value::Int(id.0), Value::Int(party.0)], |row| Ok((row.named(0)?, calls(row, 1)?)))
}

/// Keeps the calls to a party with one more; `false` if another one came after the last that was seen.
pub fn called(
    tx: &Tx<'_>,
    id: ClosureId,
    party: PartyId,
    calls: &Calls,
    seen: Option<Timestamp>,
) -> Result<bool, Fault> {
    let values = [
        Value::Int(id.0),
        Value::Int(party.0),
        Value::Int(calls.by.0),
        Value::instant(calls.last),
        Value::Text(if calls.reached { REACHED } else { TRIED }),
        Value::Blob(&calls.sealed),
        Value::Int(seen.map_or(0, Timestamp::as_millisecond)),
    ];
    tx.changed(CALLED, &values)
}

/// Why a party's places were taken back, if they were: the newest cause and its words.
pub fn of_party(tx: &Tx<'_>, party: PartyId) -> Result<Option<(Cause, String)>, Fault> {
    tx.opt(OF_PARTY, &[Value::Int(party.0)], |row| Ok((row.named(0)?, row.text(1)?.to_owned())))
}
