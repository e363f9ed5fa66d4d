//! What offices did, in numbers: for their heads, for whoever plans, and as far as anybody may see it. Everything is counted from the
//! same rows that the day itself was run on.

use std::collections::BTreeMap;

use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::entry::Leaf;
use antrean_domain::numbers::{Cell, DAYS_MAX, Served, Tally, percentile, published, published_minutes, waits_with};
use antrean_domain::office::OfficeCode;
use antrean_domain::region::Zone;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::ServiceCode;
use antrean_domain::staff::Task;
use antrean_domain::visit::{Class, Outcome, VisitState};
use antrean_store::entries::EntryState;
use antrean_store::numbers::{self as counted, Came};
use antrean_store::{Fault, Tx, entries};
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::operation::{Context, Error};
use crate::overview::Overview;
use crate::ticket::zone_of;

/// Days that the standing questions look back on.
const LOOK_BACK_DAYS: i64 = 28;
/// Parties of a day below which it says nothing about counters.
const DAY_MIN: usize = 20;

/// What was asked for: from a day to a day, both within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Date,
    /// The last.
    pub through: Date,
}

impl Span {
    /// A span of at least one day and at most a quarter, or nothing.
    pub fn new(from: Date, through: Date) -> Option<Self> {
        let days = from.until(through).ok()?.get_days();
        (0..DAYS_MAX as i32).contains(&days).then_some(Self { from, through })
    }

    /// The week of a day, from Monday on.
    pub fn week(day: Date) -> Self {
        let from = day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
        Self { from, through: from.saturating_add(6.days()) }
    }

    /// The days up to one, as many as the standing questions look back on.
    pub fn lately(today: Date) -> Self {
        Self { from: today.saturating_sub((LOOK_BACK_DAYS - 1).days()), through: today }
    }

    fn dates(self) -> (Date, Date) {
        (self.from, self.through)
    }
}

/// What an office did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Day by day.
    pub days: BTreeMap<Date, Tally>,
    /// By the hour in which a window began, and in which people without an appointment came.
    pub hours: BTreeMap<i8, Tally>,
    /// By what was applied for; places are of no service.
    pub services: BTreeMap<ServiceCode, Tally>,
}

impl Numbers {
    fn count(&mut self, date: Date, hour: i8, service: Option<ServiceCode>, tally: &Tally) {
        self.days.entry(date).or_default().add(tally);
        self.hours.entry(hour).or_default().add(tally);
        if let Some(service) = service {
            self.services.entry(service).or_default().add(tally);
        }
    }

    /// All of it.
    pub fn total(&self) -> Tally {
        self.sum(|_| true)
    }

    /// By weekday, of those on which anything was, Monday first.
    pub fn weekdays(&self) -> Vec<(Weekday, Tally)> {
        let week = (0..7).filter_map(|offset| Weekday::from_monday_zero_offset(offset).ok());
        let there = week.filter(|weekday| self.days.keys().any(|date| date.weekday() == *weekday));
        there.map(|weekday| (weekday, self.sum(|date| date.weekday() == weekday))).collect()
    }

    fn sum(&self, fits: impl Fn(Date) -> bool) -> Tally {
        let mut sum = Tally::default();
        for (_, tally) in self.days.iter().filter(|(date, _)| fits(**date)) {
            sum.add(tally);
        }
        sum
    }
}

/// The numbers of an office.
pub fn of_office(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, span: Span) -> Result<Numbers, Error> {
    cx.officer_for(tx, Task::Report, Some(office))?;
    Ok(numbers(tx, zone_of(cx, office), office, span)?)
}

/// The sums of every office that the caller reaches and where there is anything to count, by code.
pub fn of_all(tx: &Tx<'_>, cx: &Context<'_>, span: Span) -> Result<Vec<(OfficeCode, Tally)>, Error> {
    let officer = cx.officer_for(tx, Task::Report, None)?;
    let mut all = Vec::new();
    for code in cx.catalogue.offices.iter().map(|office| office.code).filter(|code| officer.reaches(code)) {
        let total = numbers(tx, zone_of(cx, &code), &code, span)?.total();
        if total != Tally::default() {
            all.push((code, total));
        }
    }
    all.sort_by_key(|(code, _)| *code);
    Ok(all)
}

fn numbers(tx: &Tx<'_>, zone: Zone, office: &OfficeCode, span: Span) -> Result<Numbers, Fault> {
    counted_with(tx, zone, office, span, &counted::visits(tx, office, span.dates())?)
}

fn counted_with(tx: &Tx<'_>, zone: Zone, office: &OfficeCode, span: Span, visits: &[Came]) -> Result<Numbers, Fault> {
    let mut numbers = Numbers::default();
    for places in counted::places(tx, office, span.dates())? {
        let tally = if places.closed {
            Tally { closed: places.capacity, ..Tally::default() }
        } else {
            let idle = places.capacity.saturating_sub(places.used);
            Tally { released: places.capacity, idle, ..Tally::default() }
        };
        numbers.count(places.date, places.starts.time().hour(), None, &tally);
    }
    for given in counted::given(tx, office, span.dates())? {
        let mut tally = Tally { given: given.people, moved: given.moves, ..Tally::default() };
        match given.state {
            // How many of them came, their visit says.
            _ if given.there => {}
            AppointmentState::Booked
            | AppointmentState::CheckedIn
            | AppointmentState::Called
            | AppointmentState::Served => {
                tally.open = given.people;
            }
            AppointmentState::Cancelled => tally.cancelled = given.people,
            AppointmentState::CancelledLate => tally.cancelled_late = given.people,
            AppointmentState::Revoked => tally.revoked = given.people,
            AppointmentState::NoShow => tally.absent = given.people,
            AppointmentState::Unrecorded => tally.unrecorded = given.people,
        }
        numbers.count(given.date, given.starts.time().hour(), Some(given.service), &tally);
    }
    for came in visits {
        let tally = tally_of(came, zone);
        let hour = came.window.map_or_else(|| zone.local(came.at).hour(), |(starts, _)| starts.time().hour());
        numbers.count(came.date, hour, Some(came.service), &tally);
    }
    for struck in counted::strikes(tx, office, span.dates())? {
        let tally = Tally { strikes: struck.people, ..Tally::default() };
        numbers.count(struck.date, struck.starts.time().hour(), Some(struck.service), &tally);
    }
    Ok(numbers)
}

fn seconds(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

/// From when a visit waited: who was early waits from the beginning of their window on.
fn waited_from(came: &Came) -> Timestamp {
    if came.class == Class::Scheduled { came.at.max(came.due) } else { came.at }
}

fn tally_of(came: &Came, zone: Zone) -> Tally {
    let mut tally = Tally::default();
    match came.class {
        Class::Scheduled => {
            tally.came = came.arrived;
            tally.absent = came.people - came.arrived;
            let ends = came.window.map(|(_, ends)| zone.at(came.date.to_datetime(ends.time())));
            tally.late = if ends.is_some_and(|ends| came.at > ends) { came.arrived } else { 0 };
        }
        Class::Priority => tally.priority = came.arrived,
        Class::WalkIn => tally.walk_in = came.arrived,
    }
    match (came.state, came.outcome) {
        (VisitState::Done, Some(Outcome::Done)) => tally.served = came.arrived,
        (VisitState::Done, Some(Outcome::PapersMissing)) => tally.papers_missing = came.arrived,
        (VisitState::Done, Some(Outcome::Refused)) => tally.refused = came.arrived,
        (VisitState::Done, Some(Outcome::Reschedule)) => tally.rescheduled = came.arrived,
        (VisitState::Left | VisitState::Absent | VisitState::Unrecorded, _) => tally.gone = came.arrived,
        _ => {}
    }
    if let Some(called) = came.first_called {
        tally.waits.push(seconds(waited_from(came), called));
    }
    // How long it took is not known where an officer said so.
    if came.state == VisitState::Done && !came.inaccurate {
        tally.services.push(service(came));
    }
    tally
}

// ---- the standing questions ----

/// What the questions that are always asked come to, for the offices that the caller reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// The draw that was looked at for demand, if there was one.
    pub draw: Option<ReleaseId>,
    /// Where people want places, the most unmet first.
    pub demand: Vec<Demand>,
    /// Offices with places that nobody had, the most first: places released, places idle.
    pub idle: Vec<(OfficeCode, u32, u32)>,
    /// What one more counter would have done, the most minutes first.
    pub counters: Vec<OneMore>,
}

/// Demand at an office, as its first choices say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// The office.
    pub office: OfficeCode,
    /// Persons who named it first.
    pub first: u32,
    /// Of them: still without a place.
    pub unmet: u32,
}

/// What one more counter would have done at an office, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneMore {
    /// The office.
    pub office: OfficeCode,
    /// Days that were looked at.
    pub days: u32,
    /// The most counters that served on one of them.
    pub counters: u32,
    /// 90 of 100 parties waited at most so long.
    pub waited: u32,
    /// The same by reckoning with as many counters as there were.
    pub reckoned: u32,
    /// And with one more.
    pub with_one_more: u32,
}

/// Answers the standing questions for four weeks up to a day.
pub fn questions(tx: &Tx<'_>, cx: &Context<'_>, today: Date) -> Result<Questions, Error> {
    let officer = cx.officer_for(tx, Task::Report, None)?;
    let span = Span::lately(today);
    let mut found = Questions { draw: last_draw(cx.overview), ..Questions::default() };
    if let Some(release) = &found.draw {
        found.demand = demand(tx, release)?.into_iter().filter(|demand| officer.reaches(&demand.office)).collect();
    }
    for code in cx.catalogue.offices.iter().map(|office| office.code).filter(|code| officer.reaches(code)) {
        let visits = counted::visits(tx, &code, span.dates())?;
        let numbers = counted_with(tx, zone_of(cx, &code), &code, span, &visits)?;
        // Today is not over: what is free may still be taken.
        let past = numbers.sum(|date| date < today);
        if past.idle > 0 {
            found.idle.push((code, past.released, past.idle));
        }
        found.counters.extend(one_more(&code, &visits));
    }
    found.idle.sort_by_key(|(code, _, idle)| (std::cmp::Reverse(*idle), *code));
    found.counters.sort_by_key(|one| std::cmp::Reverse((one.reckoned - one.with_one_more, one.office)));
    Ok(found)
}

fn last_draw(overview: &Overview) -> Option<ReleaseId> {
    let drawn = overview.releases.iter().filter(|release| release.drawn.is_some());
    drawn.max_by_key(|release| release.drawn).map(|release| release.id.clone())
}

fn demand(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<Demand>, Fault> {
    let mut offices: BTreeMap<OfficeCode, (u32, u32)> = BTreeMap::new();
    entries::each_frozen(tx, release, |party, state, leaf| {
        let leaf = Leaf::parse(leaf).map_err(|error| Fault::Corrupt { what: format!("entry of {party}: {error}") })?;
        if let Some(choice) = leaf.choices().next() {
            let (first, unmet) = offices.entry(choice.office).or_default();
            *first += u32::from(leaf.size());
            if matches!(state, EntryState::Standby | EntryState::Expired) {
                *unmet += u32::from(leaf.size());
            }
        }
        Ok(())
    })?;
    let mut demand: Vec<Demand> =
        offices.into_iter().map(|(office, (first, unmet))| Demand { office, first, unmet }).collect();
    demand.sort_by_key(|demand| (std::cmp::Reverse(demand.unmet), demand.office));
    Ok(demand)
}

/// Seconds at counters.
fn service(came: &Came) -> u32 {
    u32::try_from(came.served_ms / 1_000).unwrap_or(u32::MAX)
}

fn one_more(office: &OfficeCode, visits: &[Came]) -> Option<OneMore> {
    let mut days: BTreeMap<Date, Vec<&Came>> = BTreeMap::new();
    for came in visits.iter().filter(|came| came.state == VisitState::Done && came.first_called.is_some()) {
        days.entry(came.date).or_default().push(came);
    }
    days.retain(|_, day| day.len() >= DAY_MIN);
    let (mut waited, mut reckoned, mut more) = (Vec::new(), Vec::new(), Vec::new());
    let (mut reckoned_days, mut counters) = (0, 0);
    for day in days.values() {
        let right: Vec<u32> = day.iter().filter(|came| !came.inaccurate).map(|came| service(came)).collect();
        // Whoever's time is not known took as long as others did; on a day without one that is known nothing can be reckoned.
        let Some(usual) = percentile(&right, 50) else { continue };
        reckoned_days += 1;
        let mut seen: Vec<u32> = day.iter().filter_map(|came| came.counter).collect();
        seen.sort_unstable();
        seen.dedup();
        let open = seen.len() as u32;
        counters = counters.max(open);
        let served: Vec<Served> = day
            .iter()
            .map(|came| Served {
                from: waited_from(came).as_second(),
                service: if came.inaccurate { usual } else { service(came) },
            })
            .collect();
        waited.extend(day.iter().filter_map(|came| Some(seconds(waited_from(came), came.first_called?))));
        reckoned.extend(waits_with(open, &served));
        more.extend(waits_with(open + 1, &served));
    }
    Some(OneMore {
        office: *office,
        days: reckoned_days,
        counters,
        waited: percentile(&waited, 90)?,
        reckoned: percentile(&reckoned, 90)?,
        with_one_more: percentile(&more, 90)?,
    })
}

// ---- what anybody may see ----

/// A week of an office as the public sees it: small counts are hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicWeek {
    /// The office.
    pub office: OfficeCode,
    /// Places released, closed places not counted. Places are no persons: they are told as they are.
    pub released: u32,
    /// Places that a closure took away.
    pub closed: u32,
    /// Persons given a place.
    pub given: Cell,
    /// Of them, who came.
    pub came: Cell,
    /// Of them, who did not come.
    pub absent: Cell,
    /// Persons without an appointment, those who go before others among them.
    pub without: Cell,
    /// Persons whose application was taken.
    pub served: Cell,
    /// Half of the parties waited at most so many minutes.
    pub wait_median_min: Option<u32>,
    /// 90 of 100 parties waited at most so many minutes.
    pub wait_p90_min: Option<u32>,
}

/// A week of all offices where anything was released or done, by code. For everybody: it asks for nobody on duty.
pub fn public_week(tx: &Tx<'_>, cx: &Context<'_>, monday: Date) -> Result<Vec<PublicWeek>, Fault> {
    let mut weeks = Vec::new();
    for office in cx.catalogue.offices.iter() {
        let total = numbers(tx, office.zone, &office.code, Span::week(monday))?.total();
        if total == Tally::default() {
            continue;
        }
        weeks.push(PublicWeek {
            office: office.code,
            released: total.released,
            closed: total.closed,
            given: published(total.given),
            came: published(total.came),
            absent: published(total.absent),
            without: published(total.walk_in + total.priority),
            served: published(total.served),
            wait_median_min: published_minutes(&total.waits, 50),
            wait_p90_min: published_minutes(&total.waits, 90),
        });
    }
    weeks.sort_by_key(|week| week.office);
    Ok(weeks)
}
