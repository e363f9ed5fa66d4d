//! The counters of an office: what each is called and takes on, who sits there, and who relieved whom.

use antrean_domain::coverage::{Gap, gaps};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_domain::visit::{CallNumber, TakesOn, VisitState};
use antrean_store::counters::Counter;
use antrean_store::events::Recorded;
use antrean_store::ids::{CounterId, StaffId};
use antrean_store::visits::Visit;
use antrean_store::{Fault, Tx, counters, events, staff, visits};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DayRefusal, Today, today, work};
use crate::caller::Actor;
use crate::operation::{Context, Error, Note, Operation};
use crate::staff::{StaffRefusal, name_of};
use crate::ticket::zone_of;

/// The highest number of a counter: what a display has room for.
const NUMBER_MAX: u32 = 99;
/// Characters of a counter's name.
const NAME_MAX: usize = 40;
/// Lines of the log in which a day's doings with counters are looked for: twenty for each of fifty counters.
const LOOKED_THROUGH: u32 = 1_000;

const SET: &str = "counter_set";
const REMOVED: &str = "counter_removed";
const OPENED: &str = "counter_opened";
const TAKEN_OVER: &str = "counter_taken_over";
const CLOSED: &str = "counter_closed";

fn note_counter(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    by: Actor,
    kind: &str,
    counter: &Counter,
    why: &str,
) -> Result<(), Fault> {
    let reason = format!("{} {why}", counter.number);
    let office = Some(counter.office.as_str());
    cx.note(tx, by, Note { kind, office, reason: Some(reason.trim_end()), ..Note::default() })
}

/// What happened to the counters of an office today, the newest first.
fn doings(tx: &Tx<'_>, on: &Today<'_>) -> Result<Vec<Doing>, Fault> {
    let morning = on.zone.at(on.date.at(0, 0, 0, 0));
    let log = events::of_counters(tx, on.office.as_str(), morning, LOOKED_THROUGH)?;
    Ok(log.into_iter().filter_map(Doing::read).collect())
}

/// A line of the log about a counter, as `note_counter` writes it.
struct Doing {
    kind: String,
    counter: u32,
    by: StaffId,
    at: Timestamp,
    /// Whom they relieved.
    relieved: Option<StaffId>,
}

impl Doing {
    fn read(event: Recorded) -> Option<Self> {
        let reason = event.reason?;
        let (number, why) = reason.split_once(' ').unwrap_or((&reason, ""));
        let relieved = why.strip_prefix("staff ").filter(|_| event.kind == TAKEN_OVER);
        Some(Self {
            counter: number.parse().ok()?,
            by: StaffId(event.actor_id?),
            at: event.at,
            relieved: relieved.and_then(|id| id.parse().ok()).map(StaffId),
            kind: event.kind,
        })
    }
}

fn name(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<String, Fault> {
    let member = staff::get(tx, id)?.ok_or_else(|| Fault::Corrupt { what: format!("member of staff {id}") })?;
    name_of(cx, &member)
}

/// Makes a counter, or changes what one is called and takes on.
#[derive(Serialize, Deserialize)]
pub struct SetCounter {
    /// At which office.
    pub office: OfficeCode,
    /// The number that is called out.
    pub number: u32,
    /// What else it is called; may be empty.
    pub name: String,
    /// What it takes on.
    pub takes_on: TakesOn,
    /// The version it was seen at; none for a new one.
    pub version: Option<i64>,
}

impl Operation for SetCounter {
    const NAME: &'static str = "set_counter";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let on = work(tx, cx, Task::Describe, &self.office)?;
        let name = self.name.trim();
        let named = name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
        if !named || !(1..=NUMBER_MAX).contains(&self.number) {
            return Err(DayRefusal::CounterWrong { max: NUMBER_MAX }.into());
        }
        let takes_on = TakesOn::new(&self.takes_on.stages, &self.takes_on.classes)
            .ok_or(DayRefusal::CounterWrong { max: NUMBER_MAX })?;
        let known = known(tx, &on, self.number)?;
        let changed = match (&known, self.version) {
            (None, None) => counters::insert(tx, &self.office, self.number, name, &takes_on)?.is_some(),
            (Some(known), Some(version)) => counters::change(tx, known.id, version, name, &takes_on)?,
            _ => false,
        };
        if !changed {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        let why = format!("{} {}", takes_on.stages_text(), takes_on.classes_text());
        let counter = by_number(tx, &on, self.number)?;
        Ok(note_counter(tx, cx, Actor::Staff(on.officer.id), SET, &counter, &why)?)
    }
}

/// Removes a counter that was made by mistake, or is not there any more. What happened at it keeps its number.
#[derive(Serialize, Deserialize)]
pub struct RemoveCounter {
    /// At which office.
    pub office: OfficeCode,
    /// Its number.
    pub number: u32,
    /// The version it was seen at.
    pub version: i64,
}

impl Operation for RemoveCounter {
    const NAME: &'static str = "remove_counter";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let on = work(tx, cx, Task::Describe, &self.office)?;
        let counter = known(tx, &on, self.number)?.ok_or(StaffRefusal::ChangedMeanwhile)?;
        if !counters::remove(tx, counter.id, self.version)? {
            if counter.open {
                return Err(DayRefusal::CounterTaken { counter: self.number }.into());
            }
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        Ok(note_counter(tx, cx, Actor::Staff(on.officer.id), REMOVED, &counter, "")?)
    }
}

/// Sits down at a counter, wherever the caller sat before. A counter that was never set takes on everything: an office can begin
/// without setting anything. Where a colleague sits, the caller says whom they relieve; whoever is before the counter stays there.
#[derive(Serialize, Deserialize)]
pub struct OpenCounter {
    /// At which office.
    pub office: OfficeCode,
    /// The number that is called out.
    pub number: u32,
    /// Whom the caller relieves; none where nobody is known to sit there.
    pub from: Option<StaffId>,
}

impl Operation for OpenCounter {
    const NAME: &'static str = "open_counter";
    type Outcome = CounterId;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<CounterId, Error> {
        let on = work(tx, cx, Task::Counter, &self.office)?;
        if !(1..=NUMBER_MAX).contains(&self.number) {
            return Err(DayRefusal::CounterNumberWrong { max: NUMBER_MAX }.into());
        }
        if let Some(before) = counters::of_officer(tx, on.officer.id)? {
            if before.office == self.office && before.number == self.number {
                return Ok(before.id);
            }
            close(tx, cx, &on, &before)?;
        }
        if known(tx, &on, self.number)?.is_none() {
            counters::insert(tx, &self.office, self.number, "", &TakesOn::everything())?;
        }
        let counter = by_number(tx, &on, self.number)?;
        // Whoever was to be relieved may have gone: then nobody is in the way.
        if counters::open(tx, counter.id, on.officer.id)? {
            note_counter(tx, cx, Actor::Staff(on.officer.id), OPENED, &counter, "")?;
            return Ok(counter.id);
        }
        let from = self.from.ok_or(DayRefusal::CounterTaken { counter: self.number })?;
        if !counters::take_over(tx, counter.id, from, on.officer.id)? {
            return Err(DayRefusal::CounterTaken { counter: self.number }.into());
        }
        note_counter(tx, cx, Actor::Staff(on.officer.id), TAKEN_OVER, &counter, &format!("staff {from}"))?;
        Ok(counter.id)
    }
}

/// Leaves the counter. Whoever is before it is seen to first.
#[derive(Serialize, Deserialize)]
pub struct CloseCounter {
    /// At which office.
    pub office: OfficeCode,
}

impl Operation for CloseCounter {
    const NAME: &'static str = "close_counter";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let on = work(tx, cx, Task::Counter, &self.office)?;
        let counter = mine(tx, cx, &on)?;
        close(tx, cx, &on, &counter)
    }
}

fn close(tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>, counter: &Counter) -> Result<(), Error> {
    if let Some(visit) = visits::at_counter(tx, &counter.office, on.date, counter.number)? {
        return Err(DayRefusal::CounterBusy { number: visit.number }.into());
    }
    if !counters::close(tx, counter.id, on.officer.id)? {
        return Err(StaffRefusal::ChangedMeanwhile.into());
    }
    Ok(note_counter(tx, cx, Actor::Staff(on.officer.id), CLOSED, counter, "")?)
}

/// Closes what nobody closed on a day that is over: a counter that seems open would hide that nobody takes on what people wait for, and
/// whoever comes in the morning would have to take it over. Where somebody sat down since, the counter is of the day that runs.
pub(super) fn close_left_open(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, over: Date) -> Result<(), Fault> {
    let Ok(next) = over.tomorrow() else { return Ok(()) };
    let since = events::of_counters(tx, office.as_str(), zone_of(cx, office).at(next.at(0, 0, 0, 0)), LOOKED_THROUGH)?;
    let since: Vec<Doing> = since.into_iter().filter_map(Doing::read).collect();
    for counter in counters::list(tx, office)?.into_iter().filter(|counter| counter.open) {
        let Some(sits) = counter.staff else { continue };
        let sat_down = |doing: &Doing| doing.by == sits && [OPENED, TAKEN_OVER].contains(&doing.kind.as_str());
        if !since.iter().any(sat_down) && counters::close(tx, counter.id, sits)? {
            note_counter(tx, cx, Actor::Clock, CLOSED, &counter, "")?;
        }
    }
    Ok(())
}

fn known(tx: &Tx<'_>, on: &Today<'_>, number: u32) -> Result<Option<Counter>, Fault> {
    Ok(counters::list(tx, &on.office)?.into_iter().find(|counter| counter.number == number))
}

fn by_number(tx: &Tx<'_>, on: &Today<'_>, number: u32) -> Result<Counter, Error> {
    known(tx, on, number)?.ok_or_else(|| DayRefusal::NoCounter.into())
}

/// The open counter at this office where the officer sits. Whoever was relieved hears that.
pub(super) fn mine(tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>) -> Result<Counter, Error> {
    if let Some(counter) = counters::of_officer(tx, on.officer.id)?.filter(|counter| counter.office == on.office) {
        return Ok(counter);
    }
    Err(match relief(tx, cx, on)? {
        Some(relief) => DayRefusal::Relieved { counter: relief.counter }.into(),
        None => DayRefusal::NoCounter.into(),
    })
}

/// That a colleague took over the counter where somebody sat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relief {
    /// Which counter.
    pub counter: u32,
    /// The name of whoever sits there instead.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Who relieved the caller today, where they have sat nowhere since.
pub(super) fn relief(tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>) -> Result<Option<Relief>, Error> {
    let me = on.officer.id;
    let sat = |doing: &Doing| doing.by == me && [OPENED, TAKEN_OVER, CLOSED].contains(&doing.kind.as_str());
    let last = doings(tx, on)?.into_iter().find(|doing| sat(doing) || doing.relieved == Some(me));
    match last.filter(|doing| doing.relieved == Some(me)) {
        None => Ok(None),
        Some(doing) => Ok(Some(Relief { counter: doing.counter, by: name(tx, cx, doing.by)?, at: doing.at })),
    }
}

/// A counter as officers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterView {
    /// The number that is called out.
    pub number: u32,
    /// What else it is called.
    pub name: String,
    /// What it takes on.
    pub takes_on: TakesOn,
    /// The name of whoever sits there.
    pub officer: Option<String>,
    /// Whether it is open.
    pub open: bool,
    /// The version that a change of it names.
    pub version: i64,
}

/// The counters of an office, by number.
pub(super) fn seats(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<Vec<CounterView>, Error> {
    let mut seats = Vec::new();
    for counter in counters::list(tx, office)? {
        let sits = counter.staff.filter(|_| counter.open).map(|id| name(tx, cx, id)).transpose()?;
        seats.push(CounterView {
            number: counter.number,
            name: counter.name,
            takes_on: counter.takes_on,
            officer: sits,
            open: counter.open,
            version: counter.version,
        });
    }
    Ok(seats)
}

/// What no open counter takes on, with who waits for it on this day.
pub(super) fn open_gaps(seats: &[CounterView], day: &[Visit]) -> Vec<Gap> {
    let waits = day.iter().filter(|visit| visit.state == VisitState::Waiting);
    let waiting: Vec<_> = waits.map(|visit| (visit.stage, visit.number.class, visit.people)).collect();
    gaps(seats.iter().filter(|seat| seat.open).map(|seat| &seat.takes_on), &waiting)
}

/// Who sits at a counter, for whoever is about to relieve them.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Which counter.
    pub counter: u32,
    /// Who sits there.
    pub staff: StaffId,
    /// Their name.
    pub officer: String,
    /// Since when; none if not since today.
    pub since: Option<Timestamp>,
    /// The name of whoever they relieved, if they did.
    pub relieved: Option<String>,
    /// Whoever is before the counter.
    pub current: Option<(CallNumber, VisitState)>,
}

/// Who sits at a counter; none where it is closed, or was never there.
pub fn seat(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, number: u32) -> Result<Option<Seat>, Error> {
    let officer = cx.officer_for(tx, Task::Counter, Some(office))?;
    let on = today(cx, officer, office);
    let sits = known(tx, &on, number)?.filter(|counter| counter.open).and_then(|counter| counter.staff);
    let Some(sits) = sits else { return Ok(None) };
    let sat_down = |doing: &Doing| doing.counter == number && doing.by == sits && doing.kind != SET;
    let began = doings(tx, &on)?.into_iter().find(sat_down);
    let current = visits::at_counter(tx, office, on.date, number)?;
    Ok(Some(Seat {
        counter: number,
        staff: sits,
        officer: name(tx, cx, sits)?,
        since: began.as_ref().map(|doing| doing.at),
        relieved: began.and_then(|doing| doing.relieved).map(|id| name(tx, cx, id)).transpose()?,
        current: current.map(|visit| (visit.number, visit.state)),
    }))
}

/// What a head of office sees who sets the counters up.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// All counters.
    pub counters: Vec<CounterView>,
    /// What no open counter takes on, with who waits for it now.
    pub gaps: Vec<Gap>,
    /// What no counter at all is set to take on; nothing where there is no counter yet, since one that was never set takes on everything.
    pub never: Vec<Gap>,
}

/// The counters of an office, for whoever sets them up.
pub fn set_up(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<SetUp, Error> {
    let officer = cx.officer_for(tx, Task::Describe, Some(office))?;
    let on = today(cx, officer, office);
    let counters = seats(tx, cx, office)?;
    let never = if counters.is_empty() { Vec::new() } else { gaps(counters.iter().map(|seat| &seat.takes_on), &[]) };
    Ok(SetUp { gaps: open_gaps(&counters, &visits::on_day(tx, office, on.date)?), never, counters })
}

/// Who set a counter up last, today: what somebody is told who was overtaken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSet {
    /// Their name.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether they removed it.
    pub removed: bool,
}

/// Who set a counter up last; none if nobody did today.
pub fn last_set(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, number: u32) -> Result<Option<LastSet>, Error> {
    let officer = cx.officer_for(tx, Task::Describe, Some(office))?;
    let on = today(cx, officer, office);
    let set = |doing: &Doing| doing.counter == number && [SET, REMOVED].contains(&doing.kind.as_str());
    match doings(tx, &on)?.into_iter().find(set) {
        None => Ok(None),
        Some(doing) => Ok(Some(LastSet { by: name(tx, cx, doing.by)?, at: doing.at, removed: doing.kind == REMOVED })),
    }
}
