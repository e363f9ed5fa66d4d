//! Visits: who is at an office on a day, where each stands, and every call.
//!
//! Whoever changes visits of a day holds [`crate::locks::Lock::Day`]: numbers and calls are given one after another. A visit is changed
//! as a whole and names the version it was read at, so that of two who change it at once one is told.

use antrean_domain::office::OfficeCode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::visit::{CallNumber, Class, MissingPaper, Outcome, PriorityReason, Stage, VisitState};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::columns::{Named, name, named};
use crate::ids::{AccountId, PartyId, SlotId, VisitId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// Notes erased at once: a few milliseconds of the writer's time.
const ERASE_MAX: i64 = 1_000;
/// How a repeated call is written down, where a first one has the reason of the rule.
const AGAIN: &str = "again";

named!(Class { Scheduled = "scheduled", Priority = "priority", WalkIn = "walk_in" });
named!(Stage { Papers = "papers", Photo = "photo", Interview = "interview" });
named!(VisitState {
    Waiting = "waiting",
    Called = "called",
    Serving = "serving",
    Parked = "parked",
    Done = "done",
    Absent = "absent",
    Left = "left",
    Undone = "undone",
    Revoked = "revoked",
    Unrecorded = "unrecorded",
});
named!(Outcome { Done = "done", PapersMissing = "papers_missing", Refused = "refused", Reschedule = "reschedule" });
named!(PriorityReason {
    Elderly = "elderly",
    Disability = "disability",
    Pregnant = "pregnant",
    SmallChild = "small_child",
    Other = "other",
});

macro_rules! columns {
    () => {
        "v.id, v.office, v.date, v.class, v.number, v.party_id, v.slot_id, v.service, v.passport, v.reason, v.people, v.arrived,
         v.stage, v.state, v.counter, v.due_ms, v.arrived_ms, v.first_called_ms, v.called_ms, v.calls, v.started_ms, v.served_ms,
         v.finished_ms, v.outcome, v.missing, v.sealed, v.inaccurate, v.kept, v.changed_ms, v.version"
    };
}

statements! {
    LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM visits WHERE office = ?1 AND date = ?2 AND class = ?3";
    INSERT = "INSERT INTO visits (office, date, class, number, party_id, slot_id, service, passport, reason, people, arrived, stage,
                                  state, due_ms, arrived_ms, kept, changed_ms)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'waiting', ?13, ?14, ?15, ?16)";
    CHANGE = "UPDATE visits SET arrived = ?3, stage = ?4, state = ?5, counter = ?6, due_ms = ?7, first_called_ms = ?8, called_ms = ?9,
                                calls = ?10, started_ms = ?11, served_ms = ?12, finished_ms = ?13, outcome = ?14, missing = ?15,
                                sealed = ?16, inaccurate = ?17, changed_ms = ?18, version = version + 1
              WHERE id = ?1 AND version = ?2";
    GET = concat!("SELECT ", columns!(), " FROM visits v WHERE v.id = ?1");
    BY_NUMBER = concat!(
        "SELECT ", columns!(), " FROM visits v WHERE v.office = ?1 AND v.date = ?2 AND v.class = ?3 AND v.number = ?4"
    );
    // The newest one: whoever was checked in by mistake has an older one.
    OF_PARTY = concat!("SELECT ", columns!(), " FROM visits v WHERE v.party_id = ?1 ORDER BY v.id DESC LIMIT 1");
    ON_DAY = concat!("SELECT ", columns!(), " FROM visits v WHERE v.office = ?1 AND v.date = ?2 ORDER BY v.id");
    IN_STATE = concat!(
        "SELECT ", columns!(), " FROM visits v WHERE v.office = ?1 AND v.date = ?2 AND v.state = ?3 ORDER BY v.id"
    );
    // At most one visit is before a counter: the unique index says so.
    AT_COUNTER = concat!(
        "SELECT ", columns!(), " FROM visits v
         WHERE v.office = ?1 AND v.date = ?2 AND v.counter = ?3 AND v.state IN ('called', 'serving')"
    );
    INSERT_CALL = "INSERT INTO calls (office, date, visit_id, class, stage, counter, why, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    LAST_CALLS = "SELECT c.visit_id, c.class, v.number, c.stage, c.counter, c.why, c.at_ms FROM calls c JOIN visits v ON v.id = c.visit_id
                  WHERE c.office = ?1 AND c.date = ?2 AND (?3 = 1 OR c.why <> 'again') ORDER BY c.id DESC LIMIT ?4";
    ERASE_NOTES = "UPDATE visits SET sealed = NULL WHERE id IN
                   (SELECT id FROM visits WHERE sealed IS NOT NULL AND arrived_ms < ?1 ORDER BY arrived_ms LIMIT ?2)";
    ERASE_NOTES_OF_ACCOUNT = "UPDATE visits SET sealed = NULL
                              WHERE party_id IN (SELECT id FROM parties WHERE account_id = ?1 AND live = 0) AND sealed IS NOT NULL";
}

/// Somebody who arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVisit {
    /// At which office.
    pub office: OfficeCode,
    /// On which local date.
    pub date: Date,
    /// The number that is called out.
    pub number: CallNumber,
    /// With whose appointment.
    pub party: Option<PartyId>,
    /// Where people without an appointment took places, if they did.
    pub slot: Option<SlotId>,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// Why they go before others, if they do.
    pub reason: Option<PriorityReason>,
    /// People, 1 to 5.
    pub people: u32,
    /// How many of them are there.
    pub arrived_people: u32,
    /// Where they begin.
    pub stage: Stage,
    /// From when they may expect to be called.
    pub due: Timestamp,
    /// When they arrived.
    pub arrived: Timestamp,
    /// Whether that was while the door had no network.
    pub kept: bool,
}

/// A visit as it is kept. What may change is changed here and written with [`change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its number in the store.
    pub id: VisitId,
    /// At which office.
    pub office: OfficeCode,
    /// On which local date.
    pub date: Date,
    /// The number that is called out.
    pub number: CallNumber,
    /// With whose appointment.
    pub party: Option<PartyId>,
    /// Where people without an appointment took places, if they did.
    pub slot: Option<SlotId>,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// Why they go before others, if they do.
    pub reason: Option<PriorityReason>,
    /// People, 1 to 5.
    pub people: u32,
    /// How many of them are there.
    pub arrived_people: u32,
    /// Where they are in the course of an application.
    pub stage: Stage,
    /// Where the visit stands.
    pub state: VisitState,
    /// Number of the counter that called it last.
    pub counter: Option<u32>,
    /// From when they may expect to be called.
    pub due: Timestamp,
    /// When they arrived.
    pub arrived: Timestamp,
    /// When they were called for the first time.
    pub first_called: Option<Timestamp>,
    /// When they were last called at the present stage.
    pub called: Option<Timestamp>,
    /// How often they were called at the present stage.
    pub calls: u32,
    /// Since when they are at the counter, or were last.
    pub started: Option<Timestamp>,
    /// Milliseconds at counters, all stages together.
    pub served_ms: u64,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// What the counter came to.
    pub outcome: Option<Outcome>,
    /// The papers that were missing.
    pub missing: Vec<MissingPaper>,
    /// What officers noted, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Whether an officer said that its times are not right.
    pub inaccurate: bool,
    /// Whether they arrived while the door had no network.
    pub kept: bool,
    /// When it last changed.
    pub changed: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// A call as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whom.
    pub visit: VisitId,
    /// The number that was called out.
    pub number: CallNumber,
    /// At which stage.
    pub stage: Stage,
    /// To which counter.
    pub counter: u32,
    /// The reason of the rule; `None` for a repeated call.
    pub why: Option<String>,
    /// When.
    pub at: Timestamp,
}

fn call_number(class: Class, number: u16) -> Result<CallNumber, Fault> {
    CallNumber::new(class, number).ok_or_else(|| Fault::corrupt(format!("call number {number}")))
}

fn optional<T: Named>(row: &RowRef<'_>, column: usize) -> Result<Option<T>, Fault> {
    row.text_opt(column)?.map(|_| row.named(column)).transpose()
}

fn visit(row: &RowRef<'_>) -> Result<Visit, Fault> {
    let unknown = |paper: &str| Fault::corrupt(format!("the paper {paper:?} is unknown"));
    let missing = row.text(24)?.split(',').filter(|paper| !paper.is_empty());
    Ok(Visit {
        id: VisitId(row.int(0)?),
        office: row.office(1)?,
        date: row.date(2)?,
        number: call_number(row.named(3)?, row.small(4)?)?,
        party: row.int_opt(5)?.map(PartyId),
        slot: row.int_opt(6)?.map(SlotId),
        service: row.named(7)?,
        passport: row.named(8)?,
        reason: optional(row, 9)?,
        people: row.small(10)?,
        arrived_people: row.small(11)?,
        stage: row.named(12)?,
        state: row.named(13)?,
        counter: row.int_opt(14)?.map(|_| row.small(14)).transpose()?,
        due: row.instant(15)?,
        arrived: row.instant(16)?,
        first_called: row.instant_opt(17)?,
        called: row.instant_opt(18)?,
        calls: row.small(19)?,
        started: row.instant_opt(20)?,
        served_ms: row.small(21)?,
        finished: row.instant_opt(22)?,
        outcome: optional(row, 23)?,
        missing: missing
            .map(|paper| MissingPaper::from_name(paper).ok_or_else(|| unknown(paper)))
            .collect::<Result<_, _>>()?,
        sealed: row.blob_opt(25)?.map(<[u8]>::to_vec),
        inaccurate: row.flag(26)?,
        kept: row.flag(27)?,
        changed: row.instant(28)?,
        version: row.int(29)?,
    })
}

/// The next number of a class on a day; `None` when there is none left. Numbers are given one after another: see the module.
pub fn next_number(tx: &Tx<'_>, office: &OfficeCode, date: Date, class: Class) -> Result<Option<CallNumber>, Fault> {
    let values = [Value::Text(office.as_str()), Value::Text(&date.to_string()), name(class)];
    let last: u16 = tx.one(LAST_NUMBER, &values, |row| row.small(0))?;
    Ok(CallNumber::new(class, last + 1))
}

/// Somebody arrives and waits. A party that is there already is refused by the rule `one_open_visit_per_party`.
pub fn insert(tx: &Tx<'_>, new: &NewVisit, now: Timestamp) -> Result<VisitId, Fault> {
    let values = [
        Value::Text(new.office.as_str()),
        Value::Text(&new.date.to_string()),
        name(new.number.class),
        Value::Int(new.number.number().into()),
        Value::from(new.party.map(|party| party.0)),
        Value::from(new.slot.map(|slot| slot.0)),
        name(new.service),
        name(new.passport),
        new.reason.map_or(Value::Null, name),
        Value::Int(new.people.into()),
        Value::Int(new.arrived_people.into()),
        name(new.stage),
        Value::instant(new.due),
        Value::instant(new.arrived),
        Value::Int(new.kept.into()),
        Value::instant(now),
    ];
    tx.insert(INSERT, &values)?.map(VisitId).ok_or_else(|| Fault::corrupt("a visit was not inserted"))
}

/// Writes what may change of a visit; `false` if somebody else changed it since it was read.
pub fn change(tx: &Tx<'_>, visit: &Visit, now: Timestamp) -> Result<bool, Fault> {
    let instant = |at: Option<Timestamp>| at.map_or(Value::Null, Value::instant);
    let missing = visit.missing.iter().map(|paper| paper.as_str()).collect::<Vec<_>>().join(",");
    let values = [
        Value::Int(visit.id.0),
        Value::Int(visit.version),
        Value::Int(visit.arrived_people.into()),
        name(visit.stage),
        name(visit.state),
        Value::from(visit.counter.map(i64::from)),
        Value::instant(visit.due),
        instant(visit.first_called),
        instant(visit.called),
        Value::Int(visit.calls.into()),
        instant(visit.started),
        Value::Int(i64::try_from(visit.served_ms).unwrap_or(i64::MAX)),
        instant(visit.finished),
        visit.outcome.map_or(Value::Null, name),
        Value::Text(&missing),
        visit.sealed.as_deref().map_or(Value::Null, Value::Blob),
        Value::Int(visit.inaccurate.into()),
        Value::instant(now),
    ];
    tx.changed(CHANGE, &values)
}

/// A visit by its number in the store.
pub fn get(tx: &Tx<'_>, id: VisitId) -> Result<Option<Visit>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], visit)
}

/// A visit by the number that is called out.
pub fn by_number(tx: &Tx<'_>, office: &OfficeCode, date: Date, number: CallNumber) -> Result<Option<Visit>, Fault> {
    let date = date.to_string();
    let values =
        [Value::Text(office.as_str()), Value::Text(&date), name(number.class), Value::Int(number.number().into())];
    tx.opt(BY_NUMBER, &values, visit)
}

/// The newest visit of a party.
pub fn of_party(tx: &Tx<'_>, party: PartyId) -> Result<Option<Visit>, Fault> {
    tx.opt(OF_PARTY, &[Value::Int(party.0)], visit)
}

/// All visits of a day, in the order of arrival.
pub fn on_day(tx: &Tx<'_>, office: &OfficeCode, date: Date) -> Result<Vec<Visit>, Fault> {
    tx.all(ON_DAY, &[Value::Text(office.as_str()), Value::Text(&date.to_string())], visit)
}

/// The visits of a day in one state, in the order of arrival.
pub fn in_state(tx: &Tx<'_>, office: &OfficeCode, date: Date, state: VisitState) -> Result<Vec<Visit>, Fault> {
    tx.all(IN_STATE, &[Value::Text(office.as_str()), Value::Text(&date.to_string()), name(state)], visit)
}

/// The visit that a counter has before it.
pub fn at_counter(tx: &Tx<'_>, office: &OfficeCode, date: Date, counter: u32) -> Result<Option<Visit>, Fault> {
    let values = [Value::Text(office.as_str()), Value::Text(&date.to_string()), Value::Int(counter.into())];
    tx.opt(AT_COUNTER, &values, visit)
}

/// Writes a call down. `why` is the reason of the rule; `None` for a repeated call.
pub fn note_call(tx: &Tx<'_>, visit: &Visit, counter: u32, why: Option<&str>, now: Timestamp) -> Result<(), Fault> {
    let values = [
        Value::Text(visit.office.as_str()),
        Value::Text(&visit.date.to_string()),
        Value::Int(visit.id.0),
        name(visit.number.class),
        name(visit.stage),
        Value::Int(counter.into()),
        Value::Text(why.unwrap_or(AGAIN)),
        Value::instant(now),
    ];
    tx.post(INSERT_CALL, &values)
}

/// The last calls of a day, at most `limit`, the newest first; the repeated ones among them or not.
fn last_calls(tx: &Tx<'_>, office: &OfficeCode, date: Date, repeated: bool, limit: u32) -> Result<Vec<Call>, Fault> {
    let date = date.to_string();
    let values =
        [Value::Text(office.as_str()), Value::Text(&date), Value::Int(repeated.into()), Value::Int(limit.into())];
    tx.all(LAST_CALLS, &values, |row| {
        Ok(Call {
            visit: VisitId(row.int(0)?),
            number: call_number(row.named(1)?, row.small(2)?)?,
            stage: row.named(3)?,
            counter: row.small(4)?,
            why: Some(row.text(5)?.to_owned()).filter(|why| why != AGAIN),
            at: row.instant(6)?,
        })
    })
}

/// The last calls of a day that the rule decided, at most `limit`, the newest first.
pub fn decided_calls(tx: &Tx<'_>, office: &OfficeCode, date: Date, limit: u32) -> Result<Vec<Call>, Fault> {
    last_calls(tx, office, date, false, limit)
}

/// The last calls of a day as they were called out, at most `limit`, the newest first.
pub fn heard_calls(tx: &Tx<'_>, office: &OfficeCode, date: Date, limit: u32) -> Result<Vec<Call>, Fault> {
    last_calls(tx, office, date, true, limit)
}

/// Erases up to 1,000 notes of people who arrived before an instant; returns how many, so that 0 means done.
pub fn erase_notes_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(ERASE_NOTES, &[Value::instant(before), Value::Int(ERASE_MAX)])
}

/// Erases what was noted about an account's ended parties.
pub fn erase_notes_of_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.post(ERASE_NOTES_OF_ACCOUNT, &[Value::Int(account.0)])
}
