//! Changes of hours and quotas as values, and what they come to before anybody saves them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::calendar::Holidays;
use crate::release::ReleaseId;
use crate::service::Text;
use crate::slot::{Places, Pool, WindowStart};
use crate::timetable::{
    DayPlan, EXCEPTIONS_MAX, Ended, Exception, PLACES_MAX, Timetable, TimetableError, WINDOWS_MAX, WhyClosed, Window,
};

/// Most days of one exception: a quarter. What lasts longer is the week's rule.
pub const RANGE_DAYS_MAX: usize = 92;
/// Most percent that places are scaled to: ten times as many is a mistake of typing.
pub const PERCENT_MAX: u32 = 1_000;
/// Most characters of a reason for citizens.
pub const WHY_CHARS_MAX: usize = 200;

/// Some days of the week, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weekdays(pub [bool; 7]);

impl Weekdays {
    /// One day alone.
    pub fn only(weekday: Weekday) -> Self {
        let mut days = Self::default();
        days.0[weekday.to_monday_zero_offset() as usize] = true;
        days
    }

    /// The days in order.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        let chosen = (0_i8..7).zip(self.0).filter(|(_, chosen)| *chosen);
        chosen.map(|(at, _)| Weekday::from_monday_zero_offset(at).expect("a week has seven days"))
    }
}

/// How places are changed in bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many more, or fewer; never below none.
    Add(i32),
    /// So many percent of what there is, rounded to the nearest place.
    Percent(u32),
    /// Exactly so many.
    Set(u32),
}

/// A change of the hours and quotas of one office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum TimetableChange {
    /// The windows of some days of the week; none closes those days.
    Weekdays {
        /// Which days.
        days: Weekdays,
        /// Their windows from now on.
        windows: Vec<Window>,
    },
    /// What holds on some dates instead of the week's rule; `None` goes back to that rule.
    Dates {
        /// The first date.
        from: Date,
        /// The last date.
        through: Date,
        /// What holds on each of them.
        exception: Option<Exception>,
    },
    /// The places of one pool in the windows that begin in a span of the day, on some days of the week.
    Places {
        /// Which days.
        days: Weekdays,
        /// Windows that begin at this time or later.
        from: Time,
        /// Windows that begin before this time.
        until: Time,
        /// Which pool.
        pool: Pool,
        /// How its places change.
        amount: Amount,
    },
    /// The place gives out no appointments any more, or again.
    Service {
        /// From when on and why it gives out none; `None` gives them out again.
        ended: Option<Ended>,
    },
    /// Another timetable as a whole, as from a file.
    Whole {
        /// The timetable.
        timetable: Timetable,
    },
}

/// Why a change cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum ChangeError {
    /// No day of the week was chosen.
    #[error("no day of the week was chosen")]
    NoDay,
    /// No window fits what was chosen, so nothing would change.
    #[error("no window begins in that time on those days")]
    NoWindow,
    /// The range ends before it begins, or has too many days.
    #[error("a range has 1 to {max} days, in order")]
    Range {
        /// Most days.
        max: u32,
    },
    /// More percent than can be meant.
    #[error("at most {max} percent")]
    Percent {
        /// Most percent.
        max: u32,
    },
    /// A text is missing in a language, or too long.
    #[error("a reason is needed in both languages, of at most {max} characters")]
    Why {
        /// Most characters.
        max: u32,
    },
    /// A window ends when or before it begins, or does not begin and end on a full minute.
    #[error("the window from {starts} ends before it begins")]
    Backwards {
        /// Its start.
        starts: Time,
    },
    /// A window begins before the one above it ends.
    #[error("the window from {starts} begins before the one above it ends")]
    Overlap {
        /// Its start.
        starts: Time,
    },
    /// More places than any office has.
    #[error("a window has at most {max} places in a pool")]
    TooManyPlaces {
        /// Most places.
        max: u32,
    },
    /// More windows in a day than can be.
    #[error("a day has at most {max} windows")]
    TooManyWindows {
        /// Most windows.
        max: u32,
    },
    /// More dates with other hours than are kept.
    #[error("a timetable has at most {max} days with other hours")]
    TooManyDates {
        /// Most dates.
        max: u32,
    },
    /// It changes what holds on a date that has come: of today a closure takes care, and what has passed stays as it was.
    #[error("{date} has come: a change is of later dates")]
    Past {
        /// The first such date.
        date: Date,
    },
    /// A place ends on a later day than today: of today a closure takes care.
    #[error("a place ends on a later day than today")]
    Begun,
    /// Nothing would change.
    #[error("nothing would change")]
    Nothing,
}

impl From<TimetableError> for ChangeError {
    fn from(error: TimetableError) -> Self {
        match error {
            TimetableError::Overlap { starts } => Self::Overlap { starts },
            TimetableError::Backwards { starts, .. } | TimetableError::Seconds { time: starts } => {
                Self::Backwards { starts }
            }
            TimetableError::TooManyPlaces { .. } => Self::TooManyPlaces { max: PLACES_MAX },
            TimetableError::TooManyWindows { .. } => Self::TooManyWindows { max: WINDOWS_MAX as u32 },
            TimetableError::TooManyExceptions { .. } => Self::TooManyDates { max: EXCEPTIONS_MAX as u32 },
        }
    }
}

/// The dates from one to another, if they are in order and not too many.
pub fn dates_of(from: Date, through: Date) -> Result<Vec<Date>, ChangeError> {
    let mut dates = Vec::new();
    let mut next = Some(from);
    while let Some(date) = next.filter(|date| *date <= through) {
        if dates.len() == RANGE_DAYS_MAX {
            return Err(ChangeError::Range { max: RANGE_DAYS_MAX as u32 });
        }
        dates.push(date);
        next = date.tomorrow().ok();
    }
    if dates.is_empty() { Err(ChangeError::Range { max: RANGE_DAYS_MAX as u32 }) } else { Ok(dates) }
}

fn checked_why(why: &Text) -> Result<(), ChangeError> {
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= WHY_CHARS_MAX;
    let plain = |text: &str| !text.chars().any(char::is_control);
    let good = [&why.id, &why.en].into_iter().all(|text| fits(text) && plain(text));
    if good { Ok(()) } else { Err(ChangeError::Why { max: WHY_CHARS_MAX as u32 }) }
}

impl TimetableChange {
    /// The timetable with the change, or why that cannot be.
    pub fn apply(&self, before: &Timetable) -> Result<Timetable, ChangeError> {
        let after = self.applied(before.clone())?;
        if after == *before { Err(ChangeError::Nothing) } else { Ok(after) }
    }

    /// The first date that it changes and that has come by a day: there is nothing left to change on it.
    pub fn past(&self, before: &Timetable, today: Date) -> Option<Date> {
        match self {
            Self::Dates { from, .. } => Some(*from).filter(|from| *from <= today),
            // What has passed may stand in a table, or be left out of it.
            Self::Whole { timetable } => {
                let (old, new) = (before.exceptions(), timetable.exceptions());
                new.range(..=today).find(|(date, exception)| old.get(date) != Some(exception)).map(|(date, _)| *date)
            }
            _ => None,
        }
    }

    /// What it makes of the places of its pool on each of its days, where it changes places.
    pub fn sums(&self, before: &Timetable, after: &Timetable) -> Vec<DaySum> {
        let Self::Places { days, from, until, pool, .. } = self else { return Vec::new() };
        let sum = |timetable: &Timetable, day| -> u32 {
            timetable.on_weekday(day).iter().map(|window| window.pool(*pool).get()).sum()
        };
        let meets = |window: &&Window| (*from..*until).contains(&window.starts);
        days.iter()
            .map(|weekday| DaySum {
                weekday,
                windows: before.on_weekday(weekday).iter().filter(meets).count() as u32,
                before: sum(before, weekday),
                after: sum(after, weekday),
            })
            .filter(|sum| sum.windows > 0)
            .collect()
    }

    fn applied(&self, mut timetable: Timetable) -> Result<Timetable, ChangeError> {
        match self {
            Self::Weekdays { days, windows } => {
                some_day(*days)?;
                for day in days.iter() {
                    timetable = timetable.with_weekday(day, windows.clone())?;
                }
                Ok(timetable)
            }
            Self::Dates { from, through, exception } => {
                if let Some(Exception::Closed { why }) = exception {
                    checked_why(why)?;
                }
                for date in dates_of(*from, *through)? {
                    timetable = timetable.with_exception(date, exception.clone())?;
                }
                Ok(timetable)
            }
            Self::Places { days, from, until, pool, amount } => {
                some_day(*days)?;
                let mut found = false;
                for day in days.iter() {
                    let mut windows = timetable.on_weekday(day).to_vec();
                    for window in windows.iter_mut().filter(|window| (*from..*until).contains(&window.starts)) {
                        found = true;
                        let places = window.pool_mut(*pool);
                        *places = amount.of(*places)?;
                    }
                    timetable = timetable.with_weekday(day, windows)?;
                }
                if found { Ok(timetable) } else { Err(ChangeError::NoWindow) }
            }
            Self::Service { ended } => {
                if let Some(ended) = ended {
                    checked_why(&ended.why)?;
                }
                Ok(timetable.with_service_ended(ended.clone()))
            }
            // A table has no column for it: an office that is closed down is opened by saying so, not by pasting hours.
            Self::Whole { timetable: other } => {
                Ok(other.clone().with_service_ended(timetable.service_ended().cloned()))
            }
        }
    }
}

/// What a change of places comes to on a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySum {
    /// The day.
    pub weekday: Weekday,
    /// Windows that it meets.
    pub windows: u32,
    /// Places of the pool on the whole day, as they are.
    pub before: u32,
    /// And as they would be.
    pub after: u32,
}

fn some_day(days: Weekdays) -> Result<(), ChangeError> {
    if days.iter().next().is_some() { Ok(()) } else { Err(ChangeError::NoDay) }
}

impl Amount {
    fn of(self, places: Places) -> Result<Places, ChangeError> {
        match self {
            Self::Add(more) => Ok(Places(places.get().saturating_add_signed(more))),
            Self::Percent(percent) if percent > PERCENT_MAX => Err(ChangeError::Percent { max: PERCENT_MAX }),
            Self::Percent(percent) => {
                let scaled = (u64::from(places.get()) * u64::from(percent) + 50) / 100;
                Ok(Places(u32::try_from(scaled).unwrap_or(u32::MAX)))
            }
            Self::Set(places) => Ok(Places(places)),
        }
    }
}

impl Window {
    /// The places of a pool.
    pub fn pool(&self, pool: Pool) -> Places {
        match pool {
            Pool::Public => self.public,
            Pool::Priority => self.priority,
            Pool::Reserve => self.reserve,
        }
    }

    fn pool_mut(&mut self, pool: Pool) -> &mut Places {
        match pool {
            Pool::Public => &mut self.public,
            Pool::Priority => &mut self.priority,
            Pool::Reserve => &mut self.reserve,
        }
    }
}

// ---- what there is, day by day ----

/// Places that a release holds already, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// In which release.
    pub release: ReleaseId,
    /// Whether the release was opened: then they never change again.
    pub fixed: bool,
    /// On which date.
    pub date: Date,
    /// When the window begins.
    pub starts: WindowStart,
    /// When it ends.
    pub ends: WindowStart,
    /// Of which pool.
    pub pool: Pool,
    /// Places there are.
    pub capacity: u32,
    /// Places given out.
    pub booked: u32,
    /// Places that can be had now.
    pub left: u32,
    /// Whether a closure took them away.
    pub closed: bool,
}

/// Where the places of a pool of a window stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In no release yet.
    Free,
    /// In a release that is planned: they still follow the timetable.
    Planned,
    /// In a release that was opened: they stay as they are.
    Open,
    /// Taken away by a closure.
    Closed,
}

/// The places of one pool in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLine {
    /// Places there are.
    pub capacity: u32,
    /// Places given out.
    pub booked: u32,
    /// Places that can be had now.
    pub left: u32,
    /// Where they stand.
    pub standing: Standing,
}

/// One window of a day, with its pools in the order of [`Pool::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowLine {
    /// When it begins.
    pub starts: WindowStart,
    /// When it ends.
    pub ends: WindowStart,
    /// Its pools.
    pub pools: [PoolLine; 3],
}

/// One day of an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayLine {
    /// The date.
    pub date: Date,
    /// Why the timetable has no windows on it, if it has none.
    pub closed: Option<WhyClosed>,
    /// Its windows. A closed day may have some: those that were released before.
    pub windows: Vec<WindowLine>,
}

/// Places that nobody has and nobody can take now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withheld {
    /// Given back: they wait for the next wave.
    pub freed: u32,
    /// Taken away by a closure.
    pub closed: u32,
}

impl DayLine {
    /// What is between the places of a pool, those given out and those that can be had.
    pub fn withheld(&self, pool: Pool) -> Withheld {
        let at = Pool::ALL.iter().position(|of| *of == pool).expect("all pools are in the list");
        self.windows.iter().map(|window| window.pools[at]).fold(Withheld::default(), |mut sum, line| {
            let rest = line.capacity.saturating_sub(line.booked + line.left);
            match line.standing {
                Standing::Closed => sum.closed += rest,
                Standing::Free | Standing::Planned | Standing::Open => sum.freed += rest,
            }
            sum
        })
    }

    /// Sum over the windows, all pools together.
    pub fn total(&self) -> PoolLine {
        self.sum(|_| true)
    }

    /// Sum over the windows of one pool.
    pub fn of_pool(&self, pool: Pool) -> PoolLine {
        self.sum(|of| of == pool)
    }

    fn sum(&self, fits: impl Fn(Pool) -> bool) -> PoolLine {
        let mut sum = PoolLine::NONE;
        for window in &self.windows {
            for (_, line) in Pool::ALL.into_iter().zip(window.pools).filter(|(pool, _)| fits(*pool)) {
                sum.capacity += line.capacity;
                sum.booked += line.booked;
                sum.left += line.left;
                sum.standing = sum.standing.max(line.standing);
            }
        }
        sum
    }
}

impl PoolLine {
    const NONE: Self = Self { capacity: 0, booked: 0, left: 0, standing: Standing::Free };
}

/// Some days of an office: what the timetable plans, and over it what releases hold already. Places of an opened release stay as they
/// are whatever the timetable says by now; those of a planned one follow it.
pub fn days(timetable: &Timetable, holidays: &Holidays, dates: &[Date], held: &[Held]) -> Vec<DayLine> {
    let mut by_date: BTreeMap<Date, Vec<&Held>> = BTreeMap::new();
    for place in held {
        by_date.entry(place.date).or_default().push(place);
    }
    let none = Vec::new();
    dates.iter().map(|date| day(timetable, holidays, *date, by_date.get(date).unwrap_or(&none))).collect()
}

/// Some days that are over, or have begun: what releases held of them, whatever the timetable says by now. Nothing can be released for
/// them any more.
pub fn past_days(timetable: &Timetable, holidays: &Holidays, dates: &[Date], held: &[Held]) -> Vec<DayLine> {
    let mut lines = days(timetable, holidays, dates, held);
    for line in &mut lines {
        if !held.iter().any(|place| place.fixed && place.date == line.date) {
            line.windows.clear();
        } else if matches!(line.closed, Some(WhyClosed::Weekday(_))) {
            // The week is another one since.
            line.closed = None;
        }
    }
    lines
}

fn day(timetable: &Timetable, holidays: &Holidays, date: Date, held: &[&Held]) -> DayLine {
    let (closed, planned) = match timetable.on(date, holidays) {
        DayPlan::Closed { why } => (Some(why), Vec::new()),
        DayPlan::Open(windows) => (None, windows),
    };
    let standing = if held.is_empty() { Standing::Free } else { Standing::Planned };
    let start = |time: Time| WindowStart::from_time(time).expect("timetables have whole minutes");
    // One release has all places of a day, so a day that was opened has nothing of the timetable any more.
    let is_fixed = held.iter().any(|place| place.fixed);
    let mut windows: BTreeMap<WindowStart, WindowLine> = BTreeMap::new();
    for window in planned.iter().filter(|_| !is_fixed) {
        let pools = Pool::ALL.map(|pool| {
            let capacity = window.pool(pool).get();
            PoolLine { capacity, booked: 0, left: capacity, standing }
        });
        let starts = start(window.starts);
        windows.insert(starts, WindowLine { starts, ends: start(window.ends), pools });
    }
    for place in held.iter().filter(|place| place.fixed) {
        let empty = WindowLine { starts: place.starts, ends: place.ends, pools: [PoolLine::NONE; 3] };
        let line = windows.entry(place.starts).or_insert(empty);
        let at = Pool::ALL.iter().position(|pool| *pool == place.pool).expect("all pools are in the list");
        let standing = if place.closed { Standing::Closed } else { Standing::Open };
        line.pools[at] = PoolLine { capacity: place.capacity, booked: place.booked, left: place.left, standing };
    }
    DayLine { date, closed, windows: windows.into_values().collect() }
}

// ---- the effect of a change ----

/// Places of an opened release that the new timetable would have otherwise. They stay: only a closure takes them away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stays {
    /// On which date.
    pub date: Date,
    /// In which window.
    pub starts: WindowStart,
    /// Of which pool.
    pub pool: Pool,
    /// In which release.
    pub release: ReleaseId,
    /// Places there are, and stay.
    pub capacity: u32,
    /// Places given out.
    pub booked: u32,
    /// Places the new timetable would have.
    pub wanted: u32,
}

/// Why a change needs a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum SecondPerson {
    /// More places come or go in one week than one person may change.
    ManyPlaces {
        /// Places in the week with the most.
        places: u32,
        /// Most that one person may change.
        most: u32,
    },
    /// Together with what was changed lately, and no second person has seen, more places come or go than one person may change.
    ManyTogether {
        /// Places in the week with the most.
        places: u32,
        /// Places of the changes before.
        earlier: u32,
        /// Most that may be changed without a second person.
        most: u32,
    },
    /// The new timetable has fewer places than are given out already.
    BelowBooked {
        /// Windows of pools in which that is so.
        windows: u32,
    },
    /// The office opens on a day on which all offices are closed.
    OpensOnHoliday {
        /// The first such date.
        date: Date,
    },
    /// The place is closed down.
    ClosesDown {
        /// People who have places there from then on.
        booked: u32,
    },
}

/// What a change comes to on the dates that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The days that change, as they are and as they would be.
    pub days: Vec<(DayLine, DayLine)>,
    /// What stays although the new timetable says otherwise.
    pub stays: Vec<Stays>,
    /// Planned releases whose places follow the change.
    pub releases: BTreeSet<ReleaseId>,
    /// Places that come or go in the week with the most.
    pub places: u32,
    /// Why a second person is needed, if one is.
    pub second: Vec<SecondPerson>,
}

/// How many places may be changed without a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alone {
    /// Most places in a week.
    pub most: u32,
    /// Places that were changed lately, and no second person has seen.
    pub earlier: u32,
}

/// Compares two timetables on some dates.
pub fn effect(
    before: &Timetable,
    after: &Timetable,
    holidays: &Holidays,
    dates: &[Date],
    held: &[Held],
    alone: Alone,
) -> Effect {
    let differs = |(old, new): &(DayLine, DayLine)| old.windows != new.windows || old.closed != new.closed;
    let pairs = days(before, holidays, dates, held).into_iter().zip(days(after, holidays, dates, held));
    let changes: Vec<(DayLine, DayLine)> = pairs.filter(differs).collect();
    let stays = stays(before, after, holidays, held, dates);
    let dates_changed: BTreeSet<Date> = changes.iter().map(|(old, _)| old.date).collect();
    let planned = held.iter().filter(|place| !place.fixed && dates_changed.contains(&place.date));
    let mut releases: BTreeSet<ReleaseId> = planned.map(|place| place.release.clone()).collect();
    releases.retain(|release| held.iter().any(|place| place.release == *release && !place.fixed));
    let places = places_a_week(&changes);
    let mut second = many(places, alone);
    second.extend(second_person(before, after, holidays, &stays, held));
    Effect { days: changes, stays, releases, places, second }
}

fn stays(before: &Timetable, after: &Timetable, holidays: &Holidays, held: &[Held], dates: &[Date]) -> Vec<Stays> {
    let wanted = |timetable: &Timetable, place: &Held| match timetable.on(place.date, holidays) {
        DayPlan::Closed { .. } => 0,
        DayPlan::Open(windows) => {
            let window = windows.iter().find(|window| WindowStart::from_time(window.starts) == Ok(place.starts));
            window.map_or(0, |window| window.pool(place.pool).get())
        }
    };
    let on_these = |place: &&Held| place.fixed && !place.closed && dates.contains(&place.date);
    held.iter()
        .filter(on_these)
        .filter(|place| wanted(before, place) != wanted(after, place) && wanted(after, place) != place.capacity)
        .map(|place| Stays {
            date: place.date,
            starts: place.starts,
            pool: place.pool,
            release: place.release.clone(),
            capacity: place.capacity,
            booked: place.booked,
            wanted: wanted(after, place),
        })
        .collect()
}

/// Places that come or go in the week with the most.
fn places_a_week(changes: &[(DayLine, DayLine)]) -> u32 {
    let mut weeks: BTreeMap<Date, u32> = BTreeMap::new();
    for (old, new) in changes {
        let since_monday = i64::from(old.date.weekday().to_monday_zero_offset());
        let monday = old.date.saturating_sub(jiff::Span::new().days(since_monday));
        *weeks.entry(monday).or_default() += places_moved(old, new);
    }
    weeks.into_values().max().unwrap_or(0)
}

fn many(places: u32, Alone { most, earlier }: Alone) -> Vec<SecondPerson> {
    if places > most {
        vec![SecondPerson::ManyPlaces { places, most }]
    } else if places > 0 && places.saturating_add(earlier) > most {
        vec![SecondPerson::ManyTogether { places, earlier, most }]
    } else {
        Vec::new()
    }
}

fn second_person(
    before: &Timetable,
    after: &Timetable,
    holidays: &Holidays,
    stays: &[Stays],
    held: &[Held],
) -> Vec<SecondPerson> {
    let mut found = Vec::new();
    let windows = stays.iter().filter(|stays| stays.wanted < stays.booked).count() as u32;
    if windows > 0 {
        found.push(SecondPerson::BelowBooked { windows });
    }
    let opens = |timetable: &Timetable, date: Date| matches!(timetable.on(date, holidays), DayPlan::Open(_));
    let holiday = after
        .exceptions()
        .keys()
        .find(|date| holidays.is_holiday(**date) && opens(after, **date) && !opens(before, **date));
    if let Some(date) = holiday {
        found.push(SecondPerson::OpensOnHoliday { date: *date });
    }
    if let Some(ended) = after.service_ended().filter(|ended| ends_sooner(before.service_ended(), ended)) {
        let from_then_on = held.iter().filter(|place| !place.closed && ended.holds_on(place.date));
        found.push(SecondPerson::ClosesDown { booked: from_then_on.map(|place| place.booked).sum() });
    }
    found
}

/// Whether a place ends that was not to end, or not yet.
fn ends_sooner(before: Option<&Ended>, after: &Ended) -> bool {
    // No date is before every date.
    let from = |ended: &Ended| ended.from.unwrap_or(Date::MIN);
    before.is_none_or(|before| from(after) < from(before))
}

/// Places that come or go between two states of a day, window by window and pool by pool.
fn places_moved(old: &DayLine, new: &DayLine) -> u32 {
    let starts: BTreeSet<WindowStart> = old.windows.iter().chain(&new.windows).map(|window| window.starts).collect();
    let capacity = |day: &DayLine, starts: WindowStart, at: usize| {
        day.windows.iter().find(|window| window.starts == starts).map_or(0, |window| window.pools[at].capacity)
    };
    let pools = 0..Pool::ALL.len();
    let of_window = |starts: &WindowStart| -> u32 {
        pools.clone().map(|at| capacity(old, *starts, at).abs_diff(capacity(new, *starts, at))).sum()
    };
    starts.iter().map(of_window).sum()
}

/// Some dates in a row.
pub fn dates_in(range: RangeInclusive<Date>) -> Vec<Date> {
    let mut dates = Vec::new();
    let mut next = Some(*range.start());
    while let Some(date) = next.filter(|date| range.contains(date)) {
        dates.push(date);
        next = date.tomorrow().ok();
    }
    dates
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::{Catalogue, CatalogueFiles};

    const MONDAY: Date = date(2026, 11, 30);

    fn window(hour: i8, public: u32) -> Window {
        let hours = |hour| time(hour, 0, 0, 0);
        let (priority, reserve) = (Places(2), Places(1));
        Window { starts: hours(hour), ends: hours(hour + 1), public: Places(public), priority, reserve }
    }

    fn mondays(places: u32) -> Timetable {
        let mut week: [Vec<Window>; 7] = Default::default();
        week[0] = vec![window(8, places), window(9, places)];
        Timetable::new(week, BTreeMap::new()).unwrap()
    }

    fn held(fixed: bool, hour: u16, capacity: u32, booked: u32) -> Held {
        Held {
            release: "2026-W49".parse().unwrap(),
            fixed,
            date: MONDAY,
            starts: WindowStart::from_minutes(hour * 60).unwrap(),
            ends: WindowStart::from_minutes(hour * 60 + 60).unwrap(),
            pool: Pool::Public,
            capacity,
            booked,
            left: capacity - booked,
            closed: false,
        }
    }

    fn text(id: &str) -> Text {
        Text { id: id.to_owned(), en: "x".to_owned() }
    }

    #[test]
    fn a_table_does_not_open_an_office_that_is_closed_down() {
        let why = Text { id: "Kantor ditutup.".to_owned(), en: "The office was closed down.".to_owned() };
        let ended = Ended { from: None, why };
        let closed = mondays(4).with_service_ended(Some(ended.clone()));
        let after = TimetableChange::Whole { timetable: mondays(9) }.apply(&closed).unwrap();
        assert_eq!(after.service_ended(), Some(&ended));
        assert_eq!(after.on_weekday(Weekday::Monday)[0].public, Places(9));
    }

    #[test]
    fn a_change_in_bulk_meets_the_chosen_windows_alone() {
        let before = mondays(10);
        let change = |amount| TimetableChange::Places {
            days: Weekdays::only(Weekday::Monday),
            from: time(9, 0, 0, 0),
            until: time(12, 0, 0, 0),
            pool: Pool::Public,
            amount,
        };
        let publics = |amount| -> Vec<u32> {
            let after = change(amount).apply(&before).unwrap();
            after.on_weekday(Weekday::Monday).iter().map(|window| window.public.get()).collect()
        };
        assert_eq!(publics(Amount::Add(5)), [10, 15]);
        let after = change(Amount::Add(5)).apply(&before).unwrap();
        let sum = DaySum { weekday: Weekday::Monday, windows: 1, before: 20, after: 25 };
        assert_eq!(change(Amount::Add(5)).sums(&before, &after), [sum]);
        assert_eq!(publics(Amount::Add(-50)), [10, 0]);
        assert_eq!(publics(Amount::Percent(125)), [10, 13]);
        assert_eq!(publics(Amount::Set(3)), [10, 3]);
        assert_eq!(change(Amount::Percent(100)).apply(&before), Err(ChangeError::Nothing));
        assert_eq!(change(Amount::Percent(1_001)).apply(&before), Err(ChangeError::Percent { max: PERCENT_MAX }));
    }

    #[test]
    fn every_change_that_cannot_be_says_why() {
        let before = mondays(10);
        let dates = |from, through, exception| TimetableChange::Dates { from, through, exception }.apply(&before);
        let closed = |id: &str| Some(Exception::Closed { why: text(id) });
        let range = Err(ChangeError::Range { max: RANGE_DAYS_MAX as u32 });
        assert_eq!(dates(MONDAY, date(2026, 11, 29), closed("Rapat")), range);
        assert_eq!(dates(MONDAY, date(2027, 11, 29), closed("Rapat")), range);
        assert_eq!(dates(MONDAY, MONDAY, closed(" ")), Err(ChangeError::Why { max: WHY_CHARS_MAX as u32 }));
        assert_eq!(dates(MONDAY, MONDAY, None), Err(ChangeError::Nothing));
        let weekdays = |days, windows| TimetableChange::Weekdays { days, windows }.apply(&before);
        assert_eq!(weekdays(Weekdays::default(), Vec::new()), Err(ChangeError::NoDay));
        let overlapping = weekdays(Weekdays::only(Weekday::Friday), vec![window(8, 1), window(8, 1)]).unwrap_err();
        assert_eq!(overlapping, ChangeError::Overlap { starts: time(8, 0, 0, 0) });
        let many = weekdays(Weekdays::only(Weekday::Friday), vec![window(8, 10_001)]).unwrap_err();
        assert_eq!(many, ChangeError::TooManyPlaces { max: PLACES_MAX });
        let shut_on = |date| TimetableChange::Dates { from: date, through: date, exception: closed("Rapat") };
        assert_eq!(shut_on(MONDAY).past(&before, MONDAY), Some(MONDAY));
        assert_eq!(shut_on(MONDAY.tomorrow().unwrap()).past(&before, MONDAY), None);
        let nothing_then = TimetableChange::Places {
            days: Weekdays::only(Weekday::Sunday),
            from: time(0, 0, 0, 0),
            until: time(23, 59, 0, 0),
            pool: Pool::Reserve,
            amount: Amount::Add(1),
        };
        assert_eq!(nothing_then.apply(&before), Err(ChangeError::NoWindow));
    }

    /// The place moves away on a date.
    fn closes(from: Date) -> TimetableChange {
        TimetableChange::Service { ended: Some(Ended { from: Some(from), why: text("Pindah") }) }
    }

    #[test]
    fn a_place_is_closed_down_from_its_date_on_and_has_its_hours_again_when_it_comes_back() {
        let before = mondays(10);
        let next_monday = MONDAY.saturating_add(jiff::Span::new().days(7));
        let ended = closes(next_monday).apply(&before).unwrap();
        let none = Holidays::default();
        assert!(matches!(ended.on(MONDAY, &none), DayPlan::Open(_)));
        assert!(matches!(ended.on(next_monday, &none), DayPlan::Closed { why: WhyClosed::OutOfService { .. } }));
        assert_eq!(TimetableChange::Service { ended: None }.apply(&ended).unwrap(), before);
    }

    #[test]
    fn what_was_opened_stays_and_what_is_planned_follows() {
        let (before, after) = (mondays(10), mondays(4));
        let none = Holidays::default();
        let of = |held: &[Held]| effect(&before, &after, &none, &[MONDAY], held, Alone { most: 100, earlier: 0 });
        let open = of(&[held(true, 8, 10, 7), held(true, 9, 10, 3)]);
        assert!(open.days.is_empty() && open.releases.is_empty());
        let wanted: Vec<(u32, u32)> = open.stays.iter().map(|stays| (stays.booked, stays.wanted)).collect();
        assert_eq!(wanted, [(7, 4), (3, 4)]);
        assert_eq!(open.second, [SecondPerson::BelowBooked { windows: 1 }]);
        let planned = of(&[held(false, 8, 10, 0), held(false, 9, 10, 0)]);
        assert!(planned.stays.is_empty() && planned.second.is_empty());
        assert_eq!(planned.releases.len(), 1);
        let totals: Vec<(u32, u32)> =
            planned.days.iter().map(|(old, new)| (old.total().capacity, new.total().capacity)).collect();
        assert_eq!(totals, [(26, 14)]);
    }

    #[test]
    fn two_people_are_needed_for_many_places_a_holiday_and_the_end_of_a_place() {
        let catalogue = Catalogue::builtin();
        let christmas = date(2026, 12, 25);
        let second = |change: TimetableChange, most| {
            let after = change.apply(&mondays(10)).unwrap();
            let (dates, alone) = (dates_in(MONDAY..=date(2026, 12, 31)), Alone { most, earlier: 0 });
            effect(&mondays(10), &after, &catalogue.holidays, &dates, &[held(true, 8, 10, 7)], alone).second
        };
        let more = |places| TimetableChange::Weekdays {
            days: Weekdays::only(Weekday::Monday),
            windows: vec![window(8, places), window(9, 10)],
        };
        assert_eq!(second(more(30), 20), []);
        assert_eq!(second(more(31), 20), [SecondPerson::ManyPlaces { places: 21, most: 20 }]);
        let opens = TimetableChange::Dates {
            from: christmas,
            through: christmas,
            exception: Some(Exception::Windows(vec![window(8, 1)])),
        };
        assert_eq!(second(opens, 100), [SecondPerson::OpensOnHoliday { date: christmas }]);
        assert!(second(closes(MONDAY), 1_000).contains(&SecondPerson::ClosesDown { booked: 7 }));
        let after_it = closes(MONDAY.saturating_add(jiff::Span::new().days(1)));
        assert_eq!(second(after_it, 1_000), [SecondPerson::ClosesDown { booked: 0 }]);
    }

    #[test]
    fn an_end_that_comes_sooner_is_an_end_and_one_that_comes_later_is_none() {
        let none = Holidays::default();
        let later = MONDAY.saturating_add(jiff::Span::new().days(7));
        let ended = |from| mondays(10).with_service_ended(Some(Ended { from, why: text("Pindah") }));
        let closes_down = |before: &Timetable, after: &Timetable| {
            let effect = effect(before, after, &none, &[], &[], Alone { most: 100, earlier: 0 });
            effect.second.contains(&SecondPerson::ClosesDown { booked: 0 })
        };
        assert!(closes_down(&ended(Some(later)), &ended(Some(MONDAY))));
        assert!(closes_down(&ended(Some(later)), &ended(None)));
        assert!(!closes_down(&ended(Some(MONDAY)), &ended(Some(later))));
        assert!(!closes_down(&ended(None), &ended(Some(MONDAY))));
        assert!(!closes_down(&ended(Some(MONDAY)), &mondays(10)));
    }

    #[test]
    fn small_changes_that_nobody_else_saw_count_together() {
        let none = Holidays::default();
        let second = |places: u32, earlier| {
            let alone = Alone { most: 20, earlier };
            effect(&mondays(10), &mondays(10 + places), &none, &[MONDAY], &[], alone).second
        };
        assert_eq!(second(5, 10), [], "two windows with five places more each, and ten before: twenty");
        assert_eq!(second(5, 11), [SecondPerson::ManyTogether { places: 10, earlier: 11, most: 20 }]);
        assert_eq!(second(11, 11), [SecondPerson::ManyPlaces { places: 22, most: 20 }]);
        assert_eq!(second(0, 30), [], "what moves no place is not counted");
    }

    #[test]
    fn a_day_tells_why_it_is_closed_and_what_was_released_on_it() {
        let catalogue = Catalogue::builtin();
        let tuesday = date(2026, 12, 1);
        let lines = days(&mondays(10), &catalogue.holidays, &[MONDAY, tuesday], &[held(true, 8, 9, 4)]);
        assert_eq!(lines[0].total(), PoolLine { capacity: 9, booked: 4, left: 5, standing: Standing::Open });
        assert_eq!(lines[1].closed, Some(WhyClosed::Weekday(Weekday::Tuesday)));
    }

    #[test]
    fn a_day_that_is_over_has_what_was_released_and_nothing_of_the_week() {
        let catalogue = Catalogue::builtin();
        let next = MONDAY.saturating_add(jiff::Span::new().days(7));
        let lines = past_days(&mondays(10), &catalogue.holidays, &[MONDAY, next], &[held(true, 8, 9, 4)]);
        assert_eq!(lines[0].total(), PoolLine { capacity: 9, booked: 4, left: 5, standing: Standing::Open });
        assert_eq!(lines[1].windows, [], "nothing was ever given on it");
        let tuesday = date(2026, 12, 1);
        let moved = Held { date: tuesday, ..held(true, 8, 9, 4) };
        let lines = past_days(&mondays(10), &catalogue.holidays, &[tuesday], &[moved]);
        assert_eq!((lines[0].closed.as_ref(), lines[0].total().capacity), (None, 9), "it had a Tuesday then");
    }

    #[test]
    fn places_of_a_day_add_up_with_those_that_wait_or_were_closed() {
        let catalogue = Catalogue::builtin();
        let freed = Held { left: 1, ..held(true, 8, 80, 75) };
        let shut = Held { left: 0, closed: true, ..held(true, 9, 10, 3) };
        let lines = days(&mondays(10), &catalogue.holidays, &[MONDAY], &[freed, shut]);
        assert_eq!(lines[0].withheld(Pool::Public), Withheld { freed: 4, closed: 7 });
        assert_eq!(lines[0].withheld(Pool::Reserve), Withheld::default());
    }

    /// Texts that are hard on every form of writing.
    fn any_text() -> impl Strategy<Value = Text> {
        let one = || "[=+@'\"\\\\#{}\\[\\], a-z\u{e9}-]{0,12}[a-z]";
        (one(), one()).prop_map(|(id, en)| Text { id: id.trim().to_owned(), en: en.trim().to_owned() })
    }

    fn any_windows() -> impl Strategy<Value = Vec<Window>> {
        let places = || (0..500_u32).prop_map(Places);
        let one = (0..3_i8, 1..59_i8, places(), places(), places());
        prop::collection::vec(one, 0..4).prop_map(|parts| {
            (0_i8..)
                .zip(parts)
                .map(|(at, (hour, minute, public, priority, reserve))| Window {
                    starts: time(at * 5 + hour, 0, 0, 0),
                    ends: time(at * 5 + hour, minute, 0, 0),
                    public,
                    priority,
                    reserve,
                })
                .collect()
        })
    }

    pub(crate) fn any_timetable() -> impl Strategy<Value = Timetable> {
        let exception = prop_oneof![
            any_text().prop_map(|why| Exception::Closed { why }),
            any_windows().prop_map(Exception::Windows),
        ];
        let date = (0..700_i64).prop_map(|day| MONDAY.saturating_add(jiff::Span::new().days(day)));
        let week = prop::array::uniform7(any_windows());
        (week, prop::collection::btree_map(date, exception, 0..5))
            .prop_map(|(week, exceptions)| Timetable::new(week, exceptions).unwrap())
    }

    proptest! {
        #[test]
        fn timetables_are_read_as_they_were_written(
            one in any_timetable(),
            other in any_timetable(),
            ended in prop::option::of((any_text(), prop::option::of(0..700_i64))),
        ) {
            let from = |day: i64| MONDAY.saturating_add(jiff::Span::new().days(day));
            let ended = ended.map(|(why, day)| Ended { from: day.map(from), why });
            let mut catalogue = Catalogue::builtin();
            catalogue.timetables.set("BTM".parse().unwrap(), Some(one.with_service_ended(ended)));
            catalogue.timetables.set("BTM-HB".parse().unwrap(), Some(other));
            let mut files = CatalogueFiles::builtin();
            files.replace(crate::catalogue::TIMETABLES, catalogue.timetables.to_text()).unwrap();
            let again = Catalogue::parse(&files).unwrap_or_else(|fault| panic!("{fault}\n{}", catalogue.timetables.to_text()));
            prop_assert_eq!(again.timetables, catalogue.timetables);
        }
    }
}
