//! Hours and quotas of an office as its head sets them: what there is, what a change comes to before it is saved, and the change. Releases
//! take their places from here when they are planned; what is released already stays as it is, and only a closure takes it away (rule 9).

use std::collections::BTreeSet;

use antrean_domain::catalogue::{Catalogue, CatalogueFiles, TIMETABLES};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::office::OfficeCode;
use antrean_domain::quota::{ChangeError, DayLine, Effect, Held, TimetableChange, days, effect};
use antrean_domain::staff::Task;
use antrean_domain::timetable::Timetable;
use antrean_store::ids::StaffId;
use antrean_store::locks::Lock;
use antrean_store::{Fault, Tx, slots};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::caller::Actor;
use crate::catalogue::{put_by_staff, stored};
use crate::operation::{Context, Error, Note, Operation};
use crate::staff::{Approved, Ask, StaffRefusal, approval};
use crate::ticket::zone_of;

/// Places that one person may change in a week alone; more need a second one.
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
}

/// What a timetable is known by: whoever changes it says which one they saw.
pub fn version_of(timetable: &Timetable) -> String {
    let text = serde_json::to_vec(timetable).unwrap_or_default();
    Hash32::of(&text).to_string().chars().take(16).collect()
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
    let days = days(&timetable, &catalogue.holidays, &dates, &held);
    Ok(Calendar { from, days, version: version_of(&timetable), timetable })
}

/// What a change would come to, or why it cannot be.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What changes, day by day, and what stays.
    pub effect: Effect,
    /// The timetable that it would be.
    pub after: Timetable,
    /// The one that it would be made of.
    pub version: String,
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
    let after = match change.apply(&before) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    let effect = effect_of(tx, cx, &catalogue, office, &before, &after)?;
    Ok(Ok(Preview { effect, after, version: version_of(&before) }))
}

fn effect_of(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    catalogue: &Catalogue,
    office: &OfficeCode,
    before: &Timetable,
    after: &Timetable,
) -> Result<Effect, Fault> {
    let today = zone_of(cx, office).local(cx.now).date();
    let mut dates: BTreeSet<Date> = dates_from(today.saturating_add(1.day()), EFFECT_DAYS).into_iter().collect();
    dates.extend(named(before, after).filter(|date| *date > today));
    let last = dates.last().copied().unwrap_or(today);
    let held = held(tx, office, today, last)?;
    let dates: Vec<Date> = dates.into_iter().collect();
    Ok(effect(before, after, &catalogue.holidays, &dates, &held, ALONE_PLACES_MAX))
}

/// The dates on which two timetables have different exceptions.
fn named<'a>(before: &'a Timetable, after: &'a Timetable) -> impl Iterator<Item = Date> + 'a {
    let (old, new) = (before.exceptions(), after.exceptions());
    old.keys().chain(new.keys()).filter(|date| old.get(date) != new.get(date)).copied()
}

/// What a request for a second person would come to now; nothing when it asks for something else, or can be done no more.
pub fn asked_for(tx: &Tx<'_>, cx: &Context<'_>, kind: &str, body: &str) -> Result<Option<Effect>, Error> {
    if kind != ChangeTimetable::NAME {
        return Ok(None);
    }
    let Ok(asked) = serde_json::from_str::<ChangeTimetable>(body) else { return Ok(None) };
    let (_, catalogue) = stored(tx)?;
    let Ok((before, after)) = asked.changed(&catalogue) else { return Ok(None) };
    Ok(Some(effect_of(tx, cx, &catalogue, &asked.office, &before, &after)?))
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
}

impl Operation for ChangeTimetable {
    const NAME: &'static str = "timetable_change";
    type Outcome = Approved<()>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<()>, Error> {
        let officer = cx.officer_for(tx, Task::Quota, Some(&self.office))?.id;
        approval::checked_reason(&self.reason)?;
        tx.lock(&Lock::Catalogue)?;
        let (files, catalogue) = stored(tx)?;
        let (before, after) = self.changed(&catalogue)?;
        if !effect_of(tx, cx, &catalogue, &self.office, &before, &after)?.second.is_empty() {
            return Ok(Approved::Asked { request: approval::ask(tx, cx, self)? });
        }
        self.write(tx, cx, officer, files, catalogue, after)?;
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

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        tx.lock(&Lock::Catalogue)?;
        let (files, catalogue) = stored(tx)?;
        let (_, after) = self.changed(&catalogue)?;
        self.write(tx, cx, asked_by, files, catalogue, after)
    }
}

impl ChangeTimetable {
    fn changed(&self, catalogue: &Catalogue) -> Result<(Timetable, Timetable), Error> {
        let before = timetable_of(catalogue, &self.office)?;
        if version_of(&before) != self.seen {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        let after = self.change.apply(&before).map_err(|_| StaffRefusal::TimetableWrong)?;
        Ok((before, after))
    }

    fn write(
        &self,
        tx: &Tx<'_>,
        cx: &Context<'_>,
        by: StaffId,
        mut files: CatalogueFiles,
        mut catalogue: Catalogue,
        after: Timetable,
    ) -> Result<(), Error> {
        catalogue.timetables.set(self.office, Some(after));
        let text = catalogue.timetables.to_text();
        files.replace(TIMETABLES, text.clone()).map_err(|_| Fault::Corrupt { what: TIMETABLES.to_owned() })?;
        // What is written must be read again by every node, and after every restart.
        Catalogue::parse(&files).map_err(|_| StaffRefusal::TimetableWrong)?;
        put_by_staff(tx, TIMETABLES, &text, cx.now)?;
        let reason = approval::checked_reason(&self.reason)?;
        let office = Some(self.office.as_str());
        let note = Note { kind: "timetable_changed", office, reason: Some(&reason), ..Note::default() };
        Ok(cx.note(tx, Actor::Staff(by), note)?)
    }
}
