//! Hours and quotas of an office as its head sets them: what there is, what a change comes to before it is saved, and the change. Releases
//! take their places from here when they are planned; what is released already stays as it is, and only a closure takes it away (rule 9).

use std::collections::BTreeSet;

use antrean_domain::catalogue::{Catalogue, CatalogueFiles, TIMETABLES};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::office::OfficeCode;
use antrean_domain::quota::{
    Alone, ChangeError, DayLine, DaySum, Effect, Held, TimetableChange, days, effect, past_days,
};
use antrean_domain::rework::{Clash, reworked};
use antrean_domain::staff::Task;
use antrean_domain::timetable::Timetable;
use antrean_store::ids::StaffId;
use antrean_store::locks::Lock;
use antrean_store::office_changes::Part;
use antrean_store::{Fault, Tx, slots};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::caller::Actor;
use crate::catalogue::{put_by_staff, stored};
use crate::office_change::{self, Made, Overtaken, What};
use crate::operation::{Context, Error, Note, Operation};
use crate::staff::{Approved, Ask, StaffRefusal, approval};
use crate::ticket::zone_of;

/// Places that may be changed in a week without a second person, and in a day by all changes that no second person has seen.
pub const ALONE_PLACES_MAX: u32 = 100;
/// Days of a calendar: four weeks, from a Monday on.
pub const CALENDAR_DAYS: i64 = 28;
/// Days that an effect looks at: a quarter, from tomorrow on, and whatever later dates the change itself names.
const EFFECT_DAYS: i64 = 92;

/// Four weeks of an office.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The first day, a Monday.
    pub from: Date,
    /// Day by day.
    pub days: Vec<DayLine>,
    /// The week's rule and its exceptions.
    pub timetable: Timetable,
    /// Tells a later change whether somebody else changed it since.
    pub version: String,
    /// What is still given out of days on which the place is closed down.
    pub left_over: Option<LeftOver>,
}

/// What releases still hold of days on which a place is, or would be, closed down. Only a closure takes it away and moves the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOver {
    /// The first such date.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// People who have places.
    pub people: u32,
    /// Places that can be had.
    pub places: u32,
}

impl LeftOver {
    fn of(timetable: &Timetable, today: Date, held: &[Held]) -> Option<Self> {
        let ended = timetable.service_ended()?;
        let counts = |place: &&Held| {
            place.date > today && ended.holds_on(place.date) && !place.closed && place.booked + place.left > 0
        };
        held.iter().filter(counts).fold(None, |all: Option<Self>, place| {
            let date = place.date;
            let Self { from, to, people, places } = all.unwrap_or(Self { from: date, to: date, people: 0, places: 0 });
            let (people, places) = (people + place.booked, places + place.left);
            Some(Self { from: from.min(date), to: to.max(date), people, places })
        })
    }
}

/// What a timetable is known by: whoever changes it says which one they saw.
pub fn version_of(timetable: &Timetable) -> String {
    let text = serde_json::to_vec(timetable).unwrap_or_default();
    Hash32::of(&text).to_string().chars().take(16).collect()
}

/// What the hours of an office are known by now.
pub(crate) fn version(tx: &Tx<'_>, office: &OfficeCode) -> Result<String, Error> {
    let (_, catalogue) = stored(tx)?;
    Ok(version_of(&timetable_of(&catalogue, office)?))
}

fn today(cx: &Context<'_>, office: &OfficeCode) -> Date {
    zone_of(cx, office).local(cx.now).date()
}

fn timetable_of(catalogue: &Catalogue, office: &OfficeCode) -> Result<Timetable, Error> {
    let known = catalogue.offices.get(office).ok_or(StaffRefusal::OfficeNotYours { office: *office })?;
    Ok(catalogue.timetables.for_office(known).clone())
}

/// What releases hold of an office between two days.
fn held(tx: &Tx<'_>, office: &OfficeCode, from: Date, to: Date) -> Result<Vec<Held>, Fault> {
    let held = slots::of_office_between(tx, office, from, to)?.into_iter().map(|slot| Held {
        left: slot.left(),
        release: slot.release,
        // What is planned was published with its rules: it stays, opened or not.
        fixed: true,
        date: slot.key.date,
        starts: slot.key.starts,
        ends: slot.ends,
        pool: slot.pool,
        capacity: slot.capacity,
        booked: slot.taken,
        closed: slot.closed,
    });
    Ok(held.collect())
}

fn dates_from(from: Date, count: i64) -> Vec<Date> {
    (0..count).map(|day| from.saturating_add(day.days())).collect()
}

/// Four weeks of an office from the Monday of a date on.
pub fn calendar(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, date: Date) -> Result<Calendar, Error> {
    cx.officer_for(tx, Task::Look, Some(office))?;
    let (_, catalogue) = stored(tx)?;
    let timetable = timetable_of(&catalogue, office)?;
    let from = date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    let dates = dates_from(from, CALENDAR_DAYS);
    let held = held(tx, office, from, dates.last().copied().unwrap_or(from))?;
    // What has begun is as it was released: the timetable of today says nothing about it.
    let (past, coming) = dates.split_at(dates.partition_point(|date| *date <= today(cx, office)));
    let mut lines = past_days(&timetable, &catalogue.holidays, past, &held);
    lines.extend(days(&timetable, &catalogue.holidays, coming, &held));
    let left_over = left_over(tx, cx, office, &timetable)?;
    Ok(Calendar { from, days: lines, version: version_of(&timetable), timetable, left_over })
}

fn left_over(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    timetable: &Timetable,
) -> Result<Option<LeftOver>, Fault> {
    if timetable.service_ended().is_none() {
        return Ok(None);
    }
    let today = today(cx, office);
    Ok(LeftOver::of(timetable, today, &held(tx, office, today, Date::MAX)?))
}

/// What a change would come to, or why it cannot be.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What changes, day by day, and what stays.
    pub effect: Effect,
    /// The timetable that it would be.
    pub after: Timetable,
    /// What it makes of the places of whole days, where it changes places window by window.
    pub sums: Vec<DaySum>,
    /// The one that it would be made of.
    pub version: String,
    /// What would still be given out of days on which the place would be closed down.
    pub left_over: Option<LeftOver>,
}

/// Looks at a change in the quarter from tomorrow on.
pub fn preview(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    change: &TimetableChange,
) -> Result<Result<Preview, ChangeError>, Error> {
    cx.officer_for(tx, Task::Quota, Some(office))?;
    let (_, catalogue) = stored(tx)?;
    let before = timetable_of(&catalogue, office)?;
    let after = match applied(change, &before, today(cx, office)) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    let effect = effect_of(tx, cx, &catalogue, office, &before, &after)?;
    let left_over = left_over(tx, cx, office, &after)?;
    let sums = change.sums(&before, &after);
    Ok(Ok(Preview { effect, after, sums, version: version_of(&before), left_over }))
}

/// The timetable with a change that is made today, or why it cannot be.
fn applied(change: &TimetableChange, before: &Timetable, today: Date) -> Result<Timetable, ChangeError> {
    if let TimetableChange::Service { ended: Some(ended) } = change
        && ended.holds_on(today)
    {
        return Err(ChangeError::Begun);
    }
    if let Some(date) = change.past(before, today) {
        return Err(ChangeError::Past { date });
    }
    change.apply(before)
}

fn effect_of(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    catalogue: &Catalogue,
    office: &OfficeCode,
    before: &Timetable,
    after: &Timetable,
) -> Result<Effect, Fault> {
    let today = today(cx, office);
    let mut dates: BTreeSet<Date> = dates_from(today.saturating_add(1.day()), EFFECT_DAYS).into_iter().collect();
    dates.extend(named(before, after).filter(|date| *date > today));
    // Whoever has a place on any later day counts when the place is closed down.
    let held = held(tx, office, today.saturating_add(1.day()), Date::MAX)?;
    let dates: Vec<Date> = dates.into_iter().collect();
    let alone = Alone { most: ALONE_PLACES_MAX, earlier: office_change::alone(tx, cx, office)? };
    Ok(effect(before, after, &catalogue.holidays, &dates, &held, alone))
}

/// The dates on which two timetables have different exceptions.
fn named<'a>(before: &'a Timetable, after: &'a Timetable) -> impl Iterator<Item = Date> + 'a {
    let (old, new) = (before.exceptions(), after.exceptions());
    old.keys().chain(new.keys()).filter(|date| old.get(date) != new.get(date)).copied()
}

/// A change that waits for a second person, as it would be made now.
#[derive(Debug, Clone)]
pub struct AskedHours {
    /// The version that it is worked out on: whoever agrees says which one they saw.
    pub version: String,
    /// What others changed since it was asked for; none where nobody did.
    pub since: Option<Overtaken>,
    /// What it comes to, or why it can be done no more.
    pub came_to: Result<Effect, Vec<Clash>>,
}

/// What a request for a second person would come to now; nothing where it cannot be read.
pub(crate) fn asked_for(tx: &Tx<'_>, cx: &Context<'_>, body: &str) -> Result<Option<AskedHours>, Error> {
    let Ok(asked) = serde_json::from_str::<ChangeTimetable>(body) else { return Ok(None) };
    let (_, catalogue) = stored(tx)?;
    let now = timetable_of(&catalogue, &asked.office)?;
    let version = version_of(&now);
    let since = if version == asked.seen {
        None
    } else {
        Some(office_change::overtaken(tx, cx, &asked.office, Part::Hours, &asked.seen)?)
    };
    let came_to = match asked.on_top_of(cx, &now) {
        Ok(after) => Ok(effect_of(tx, cx, &catalogue, &asked.office, &now, &after)?),
        Err(clashes) => Err(clashes),
    };
    Ok(Some(AskedHours { version, since, came_to }))
}

/// Changes the hours and quotas of an office. Whoever saw another timetable than there is now is refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeTimetable {
    /// The office.
    pub office: OfficeCode,
    /// What changes.
    pub change: TimetableChange,
    /// The version that was looked at.
    pub seen: String,
    /// Why, for the log.
    pub reason: String,
    /// The timetable that was looked at, kept while a second person is waited for: by then others may have changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<Box<Timetable>>,
}

impl Operation for ChangeTimetable {
    const NAME: &'static str = "timetable_change";
    type Outcome = Approved<()>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<()>, Error> {
        let officer = cx.officer_for(tx, Task::Quota, Some(&self.office))?.id;
        approval::checked_reason(&self.reason)?;
        // What was changed before is counted under the lock as well: of two at once the second counts the first.
        tx.lock(&Lock::Catalogue)?;
        let planned = self.planned(tx, cx)?;
        if !planned.effect.second.is_empty() {
            let asked = Self {
                office: self.office,
                change: self.change.clone(),
                seen: self.seen.clone(),
                reason: self.reason.clone(),
                made_of: Some(Box::new(planned.before)),
            };
            return Ok(Approved::Asked { request: approval::ask(tx, cx, &asked)? });
        }
        self.write(tx, cx, officer, None, planned)?;
        Ok(Approved::Done { outcome: () })
    }
}

impl Ask for ChangeTimetable {
    fn office(&self) -> Option<&OfficeCode> {
        Some(&self.office)
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn still_as_seen(&self, tx: &Tx<'_>, seen: &str) -> Result<(), Error> {
        tx.lock(&Lock::Catalogue)?;
        if version(tx, &self.office)? == seen { Ok(()) } else { Err(StaffRefusal::ChangedMeanwhile.into()) }
    }

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        let second = cx.officer(tx)?.id;
        tx.lock(&Lock::Catalogue)?;
        let (files, catalogue) = stored(tx)?;
        let before = timetable_of(&catalogue, &self.office)?;
        let after = self.on_top_of(cx, &before).map_err(|_| StaffRefusal::TimetableWrong)?;
        let effect = effect_of(tx, cx, &catalogue, &self.office, &before, &after)?;
        self.write(tx, cx, asked_by, Some(second), Planned { files, catalogue, before, after, effect })
    }
}

/// A change worked out on the catalogue as it is stored.
struct Planned {
    files: CatalogueFiles,
    catalogue: Catalogue,
    before: Timetable,
    after: Timetable,
    effect: Effect,
}

impl ChangeTimetable {
    /// The timetable that it makes of the one it was asked for on, with what others have changed since; or why that cannot be.
    fn on_top_of(&self, cx: &Context<'_>, now: &Timetable) -> Result<Timetable, Vec<Clash>> {
        let today = today(cx, &self.office);
        // Made before such requests kept what they were made of, it can be done as long as nothing has changed.
        let is_same = version_of(now) == self.seen;
        let seen = self.made_of.as_deref().or(is_same.then_some(now)).ok_or_else(|| vec![Clash::Unknown])?;
        // While it waited some of its dates may have come: it is for those that are left.
        match &self.change {
            TimetableChange::Service { ended: Some(ended) } if ended.holds_on(today) => return Err(vec![Clash::Begun]),
            TimetableChange::Dates { through, .. } if *through <= today => return Err(vec![Clash::Passed]),
            _ => {}
        }
        let wanted = self.change.apply(seen).map_err(|_| vec![Clash::Nothing])?;
        reworked(seen, &wanted, now)
    }

    fn planned(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Planned, Error> {
        let (files, catalogue) = stored(tx)?;
        let before = timetable_of(&catalogue, &self.office)?;
        if version_of(&before) != self.seen {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        let after =
            applied(&self.change, &before, today(cx, &self.office)).map_err(|_| StaffRefusal::TimetableWrong)?;
        let effect = effect_of(tx, cx, &catalogue, &self.office, &before, &after)?;
        Ok(Planned { files, catalogue, before, after, effect })
    }

    fn write(
        &self,
        tx: &Tx<'_>,
        cx: &Context<'_>,
        by: StaffId,
        seconded_by: Option<StaffId>,
        planned: Planned,
    ) -> Result<(), Error> {
        let Planned { mut files, mut catalogue, before, after, effect } = planned;
        let (version_before, version) = (version_of(&before), version_of(&after));
        catalogue.timetables.set(self.office, Some(after));
        let text = catalogue.timetables.to_text();
        files.replace(TIMETABLES, text.clone()).map_err(|_| Fault::Corrupt { what: TIMETABLES.to_owned() })?;
        // What is written must be read again by every node, and after every restart.
        Catalogue::parse(&files).map_err(|_| StaffRefusal::TimetableWrong)?;
        put_by_staff(tx, TIMETABLES, &text, cx.now)?;
        let reason = approval::checked_reason(&self.reason)?;
        let made = Made {
            office: &self.office,
            part: Part::Hours,
            by,
            seconded_by,
            places: effect.places,
            what: &What::Hours { change: Box::new(self.change.clone()) },
            versions: (&version_before, &version),
            reason: &reason,
        };
        office_change::keep(tx, cx, &made)?;
        let office = Some(self.office.as_str());
        let note = Note { kind: "timetable_changed", office, reason: Some(&reason), ..Note::default() };
        Ok(cx.note(tx, Actor::Staff(by), note)?)
    }
}
