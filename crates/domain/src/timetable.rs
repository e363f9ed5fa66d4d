//! The weekly hours and quotas of each office, with exceptions by date: how many places there are, before any is given out.

use crate::calendar::Holidays;
use crate::catalogue::{CatalogueError, TIMETABLES, fault, line_at, read_toml};
use crate::office::{Office, OfficeCode, OfficeKind, Offices};
use crate::service::Text;
use crate::slot::Places;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use toml::Spanned;

/// Most windows of one day: one each half hour from seven to seven.
pub const WINDOWS_MAX: usize = 24;
/// Most places of one pool in one window; the largest office has some 500 a day.
pub const PLACES_MAX: u32 = 10_000;
/// Most days with other hours that one timetable may hold: two years of working days.
pub const EXCEPTIONS_MAX: usize = 520;

/// An arrival window of a day, in the office's local time, and its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First minute of arrival.
    pub starts: Time,
    /// The window ends before this minute.
    pub ends: Time,
    /// Places released online.
    pub public: Places,
    /// Places for the elderly, the disabled, the pregnant and small children, who walk in.
    pub priority: Places,
    /// Places the head of the office keeps back.
    pub reserve: Places,
}

/// What holds on one date instead of the week's rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exception {
    /// Closed all day.
    Closed {
        /// Why, for citizens.
        why: Text,
    },
    /// Other windows.
    Windows(Vec<Window>),
}

/// The hours and quotas of one office. Windows are sorted and do not overlap; that is checked wherever one is made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct Timetable {
    /// Monday first.
    week: [Vec<Window>; 7],
    exceptions: BTreeMap<Date, Exception>,
    out_of_service: Option<Ended>,
}

/// The end of a place: it gives out no appointments any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The first date without; none where that was before anybody asked.
    #[serde(default)]
    pub from: Option<Date>,
    /// Why, for citizens.
    pub why: Text,
}

impl Ended {
    /// Whether it holds on a date.
    pub fn holds_on(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date)
    }
}

/// Why a timetable cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// A window that ends when or before it starts.
    #[error("the window from {starts} ends at {ends}")]
    Backwards {
        /// Its start.
        starts: Time,
        /// Its end.
        ends: Time,
    },
    /// Two windows overlap, or they are not in order.
    #[error("the window from {starts} begins before the one above it ends")]
    Overlap {
        /// Start of the later one.
        starts: Time,
    },
    /// A window that does not begin and end on a full minute.
    #[error("a window begins and ends on a full minute, not at {time}")]
    Seconds {
        /// The time that has seconds.
        time: Time,
    },
    /// More windows in a day than can be.
    #[error("a day has at most {WINDOWS_MAX} windows, not {found}")]
    TooManyWindows {
        /// How many there are.
        found: usize,
    },
    /// More places than any office has.
    #[error("a window has at most {PLACES_MAX} places in a pool, not {found}")]
    TooManyPlaces {
        /// How many there are.
        found: u32,
    },
    /// More exceptions than are kept.
    #[error("a timetable has at most {EXCEPTIONS_MAX} days with other hours, not {found}")]
    TooManyExceptions {
        /// How many there are.
        found: usize,
    },
}

/// What an office does on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayPlan {
    /// Nobody is served by appointment.
    Closed {
        /// Why.
        why: WhyClosed,
    },
    /// The windows, at least one, in order.
    Open(Vec<Window>),
}

/// Why an office is closed on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyClosed {
    /// A national holiday or collective leave.
    Holiday {
        /// Its name.
        name: Text,
    },
    /// The office has no hours on this day of the week.
    Weekday(Weekday),
    /// Closed on this date, for a reason of the office.
    Exception {
        /// The reason.
        why: Text,
    },
    /// The place gives out no appointments at all.
    OutOfService {
        /// The reason.
        why: Text,
    },
}

/// The timetables of all offices: their own, or the usual one of their kind and class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timetables {
    own: HashMap<OfficeCode, Timetable>,
    usual: Vec<Usual>,
    /// Where the numbers of an office come from, for whoever reads the file.
    sources: HashMap<OfficeCode, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Usual {
    kind: OfficeKind,
    /// How the class begins (`I Khusus`); `None` fits every class.
    class: Option<String>,
    timetable: Timetable,
}

/// What a [`Timetable`] is read from and written to, before it is checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    week: [Vec<Window>; 7],
    #[serde(default)]
    exceptions: BTreeMap<Date, Exception>,
    #[serde(default)]
    out_of_service: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    out_of_service_from: Option<Date>,
}

impl TryFrom<Unchecked> for Timetable {
    type Error = TimetableError;

    fn try_from(unchecked: Unchecked) -> Result<Self, TimetableError> {
        let mut timetable = Self::new(unchecked.week, unchecked.exceptions)?;
        let from = unchecked.out_of_service_from;
        timetable.out_of_service = unchecked.out_of_service.map(|why| Ended { from, why });
        Ok(timetable)
    }
}

impl From<Timetable> for Unchecked {
    fn from(Timetable { week, exceptions, out_of_service }: Timetable) -> Self {
        let (out_of_service_from, out_of_service) = match out_of_service {
            Some(Ended { from, why }) => (from, Some(why)),
            None => (None, None),
        };
        Self { week, exceptions, out_of_service, out_of_service_from }
    }
}

impl Timetable {
    /// A timetable from the windows of each weekday (Monday first) and the dates that differ.
    pub fn new(week: [Vec<Window>; 7], exceptions: BTreeMap<Date, Exception>) -> Result<Self, TimetableError> {
        if exceptions.len() > EXCEPTIONS_MAX {
            return Err(TimetableError::TooManyExceptions { found: exceptions.len() });
        }
        for windows in &week {
            check_windows(windows)?;
        }
        for exception in exceptions.values() {
            if let Exception::Windows(windows) = exception {
                check_windows(windows)?;
            }
        }
        Ok(Self { week, exceptions, out_of_service: None })
    }

    /// The same timetable with other windows on one day of the week.
    pub fn with_weekday(mut self, weekday: Weekday, windows: Vec<Window>) -> Result<Self, TimetableError> {
        check_windows(&windows)?;
        self.week[weekday.to_monday_zero_offset() as usize] = windows;
        Ok(self)
    }

    /// The same timetable, giving out no appointments from a date on; or giving them out again, with `None`.
    #[must_use]
    pub fn with_service_ended(self, ended: Option<Ended>) -> Self {
        Self { out_of_service: ended, ..self }
    }

    /// From when on and why the place gives out no appointments at all, if it is to end or has ended.
    pub fn service_ended(&self) -> Option<&Ended> {
        self.out_of_service.as_ref()
    }

    /// The same timetable with one date changed, or back to the week's rule with `None`.
    pub fn with_exception(mut self, date: Date, exception: Option<Exception>) -> Result<Self, TimetableError> {
        match exception {
            Some(exception) => self.exceptions.insert(date, exception),
            None => self.exceptions.remove(&date),
        };
        let out_of_service = self.out_of_service.take();
        Ok(Self { out_of_service, ..Self::new(self.week, self.exceptions)? })
    }

    /// The windows of a day of the week, in order; none where the office is closed then.
    pub fn on_weekday(&self, weekday: Weekday) -> &[Window] {
        &self.week[weekday.to_monday_zero_offset() as usize]
    }

    /// The dates that differ from the week's rule.
    pub fn exceptions(&self) -> &BTreeMap<Date, Exception> {
        &self.exceptions
    }

    /// What holds on a date. A holiday closes the office unless the date has windows of its own.
    pub fn on(&self, date: Date, holidays: &Holidays) -> DayPlan {
        let closed = |why| DayPlan::Closed { why };
        if let Some(ended) = self.out_of_service.as_ref().filter(|ended| ended.holds_on(date)) {
            return closed(WhyClosed::OutOfService { why: ended.why.clone() });
        }
        match self.exceptions.get(&date) {
            Some(Exception::Windows(windows)) if !windows.is_empty() => return DayPlan::Open(windows.clone()),
            Some(Exception::Windows(_)) => return closed(WhyClosed::Weekday(date.weekday())),
            Some(Exception::Closed { why }) => return closed(WhyClosed::Exception { why: why.clone() }),
            None => {}
        }
        let windows = self.on_weekday(date.weekday());
        if let Some(holiday) = holidays.on(date).first() {
            closed(WhyClosed::Holiday { name: holiday.name.clone() })
        } else if windows.is_empty() {
            closed(WhyClosed::Weekday(date.weekday()))
        } else {
            DayPlan::Open(windows.to_vec())
        }
    }
}

impl Timetables {
    /// The timetable of an office: its own, or the usual one of its kind and class.
    pub fn for_office(&self, office: &Office) -> &Timetable {
        static NONE: Timetable =
            Timetable { week: [const { Vec::new() }; 7], exceptions: BTreeMap::new(), out_of_service: None };
        let fits = |usual: &&Usual| {
            let class_fits = |class: &String| office.class.as_ref().is_some_and(|own| class_begins(own, class));
            usual.kind == office.kind && usual.class.as_ref().is_none_or(class_fits)
        };
        // The parser has seen to it that every kind has a usual timetable for any class; without files there is none.
        let usual = || self.usual.iter().find(fits).map_or(&NONE, |usual| &usual.timetable);
        self.own.get(&office.code).unwrap_or_else(usual)
    }

    /// What an office does on a date.
    pub fn windows_on(&self, office: &Office, date: Date, holidays: &Holidays) -> DayPlan {
        self.for_office(office).on(date, holidays)
    }

    /// Gives an office its own timetable, as staff do; `None` takes it back to the usual one.
    pub fn set(&mut self, code: OfficeCode, timetable: Option<Timetable>) {
        match timetable {
            Some(timetable) => self.own.insert(code, timetable),
            None => self.own.remove(&code),
        };
    }
}

/// `I TPI` begins with `I` but `II TPI` does not: classes are compared word by word.
fn class_begins(class: &str, beginning: &str) -> bool {
    class.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

pub(crate) fn check_windows(windows: &[Window]) -> Result<(), TimetableError> {
    if windows.len() > WINDOWS_MAX {
        return Err(TimetableError::TooManyWindows { found: windows.len() });
    }
    let mut free_from = Time::MIN;
    for window in windows {
        for time in [window.starts, window.ends] {
            if time.second() != 0 || time.subsec_nanosecond() != 0 {
                return Err(TimetableError::Seconds { time });
            }
        }
        if window.ends <= window.starts {
            return Err(TimetableError::Backwards { starts: window.starts, ends: window.ends });
        }
        if window.starts < free_from {
            return Err(TimetableError::Overlap { starts: window.starts });
        }
        for places in [window.public, window.priority, window.reserve] {
            if places.0 > PLACES_MAX {
                return Err(TimetableError::TooManyPlaces { found: places.0 });
            }
        }
        free_from = window.ends;
    }
    Ok(())
}

// ---- the file: hours by name, then places a day, spread evenly over the windows ----

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    hours: BTreeMap<String, Spanned<HoursEntry>>,
    usual: Vec<Spanned<UsualEntry>>,
    #[serde(default)]
    office: BTreeMap<String, Spanned<OfficeEntry>>,
}

/// Windows such as `08:00-09:00` for each day of the week.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct HoursEntry {
    mon: Vec<String>,
    tue: Vec<String>,
    wed: Vec<String>,
    thu: Vec<String>,
    fri: Vec<String>,
    sat: Vec<String>,
    sun: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualEntry {
    kind: OfficeKind,
    class: Option<String>,
    hours: Option<String>,
    public: Option<u32>,
    #[serde(default)]
    priority: u32,
    #[serde(default)]
    reserve: u32,
    week: Option<HoursEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeEntry {
    hours: Option<String>,
    public: Option<u32>,
    priority: Option<u32>,
    reserve: Option<u32>,
    out_of_service: Option<Text>,
    out_of_service_from: Option<Date>,
    /// Windows with their own places, such as `08:00-09:00 50 5 2`, instead of hours and places of a day.
    week: Option<HoursEntry>,
    #[serde(default)]
    on: BTreeMap<String, DateEntry>,
    /// Where the numbers come from; for the reader of the file only.
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateEntry {
    closed: Option<Text>,
    windows: Option<Vec<String>>,
    /// Windows with their own places.
    places: Option<Vec<String>>,
    #[serde(default)]
    public: u32,
    #[serde(default)]
    priority: u32,
    #[serde(default)]
    reserve: u32,
}

/// Places of one day.
#[derive(Clone, Copy)]
struct ADay {
    public: u32,
    priority: u32,
    reserve: u32,
}

type Spans = Vec<(Time, Time)>;

impl Timetables {
    /// Reads and checks `timetables.toml` against the offices.
    pub fn parse(text: &str, offices: &Offices) -> Result<Self, CatalogueError> {
        let file: File = read_toml(TIMETABLES, text)?;
        let mut hours: HashMap<String, [Spans; 7]> = HashMap::new();
        for (name, entry) in file.hours {
            let line = line_at(text, &entry.span());
            hours.insert(
                name.clone(),
                week_of(entry.into_inner()).map_err(|why| fault(TIMETABLES, line, &format!("hours.{name}"), why))?,
            );
        }
        let mut timetables = Self::default();
        for entry in file.usual {
            let line = line_at(text, &entry.span());
            let at = |field: &str, why: String| fault(TIMETABLES, line, field, why);
            let UsualEntry { kind, class, hours: name, public, priority, reserve, week } = entry.into_inner();
            if timetables
                .usual
                .iter()
                .any(|other| other.kind == kind && (other.class.is_none() || other.class == class))
            {
                return Err(at("usual, class", "is never reached: an entry above fits every such office".to_owned()));
            }
            let timetable = match (name, public, week) {
                (Some(name), Some(public), None) => {
                    let week = hours
                        .get(&name)
                        .ok_or_else(|| at("usual, hours", format!("there are no hours named {name:?}")))?;
                    spread_week(week, ADay { public, priority, reserve })
                        .map_err(|error| at("usual", error.to_string()))?
                }
                (None, None, Some(week)) if priority == 0 && reserve == 0 => {
                    counted_week(week).map_err(|why| at("usual", why))?
                }
                _ => return Err(at("usual", "needs hours and public, or week".to_owned())),
            };
            timetables.usual.push(Usual { kind, class, timetable });
        }
        for kind in [OfficeKind::Office, OfficeKind::Ulp, OfficeKind::Ukk, OfficeKind::Mpp] {
            if !timetables.usual.iter().any(|usual| usual.kind == kind && usual.class.is_none()) {
                return Err(fault(TIMETABLES, 1, "usual", format!("{} has no entry without a class", kind.as_str())));
            }
        }
        for (code, entry) in file.office {
            let line = line_at(text, &entry.span());
            let at = |why: String| fault(TIMETABLES, line, &format!("office.{code}"), why);
            let office = code
                .parse()
                .ok()
                .and_then(|code: OfficeCode| offices.get(&code))
                .ok_or_else(|| at("there is no such office".to_owned()))?;
            let mut entry = entry.into_inner();
            let source = std::mem::take(&mut entry.source);
            if !source.is_empty() {
                timetables.sources.insert(office.code, source);
            }
            let timetable = own(entry, &hours).map_err(at)?;
            timetables.own.insert(office.code, timetable);
        }
        Ok(timetables)
    }
}

fn own(entry: OfficeEntry, hours: &HashMap<String, [Spans; 7]>) -> Result<Timetable, String> {
    let has_day =
        entry.hours.is_some() || entry.public.is_some() || entry.priority.is_some() || entry.reserve.is_some();
    let (why, from) = (entry.out_of_service, entry.out_of_service_from);
    if why.is_some() && from.is_none() && (has_day || (entry.week.is_none() && !entry.on.is_empty())) {
        return Err("a place out of service has no hours and no places".to_owned());
    }
    if why.is_none() && from.is_some() {
        return Err("out_of_service_from needs out_of_service: why there are no appointments any more".to_owned());
    }
    let mut timetable = match (entry.hours, entry.public, entry.week) {
        (Some(name), Some(public), None) => {
            let week = hours.get(&name).ok_or_else(|| format!("there are no hours named {name:?}"))?;
            let a_day = ADay { public, priority: entry.priority.unwrap_or(0), reserve: entry.reserve.unwrap_or(0) };
            spread_week(week, a_day).map_err(|error| error.to_string())?
        }
        (None, None, Some(week)) if !has_day => counted_week(week)?,
        (None, None, None) if why.is_some() => Timetable::default(),
        _ => return Err("needs hours and public, or week, or out_of_service".to_owned()),
    };
    for (date, entry) in entry.on {
        let date: Date = date.parse().map_err(|_| format!("{date:?} is not a date such as 2026-08-17"))?;
        let exception = match (entry.closed, entry.windows, entry.places) {
            (Some(why), None, None) => {
                why.check()?;
                Exception::Closed { why }
            }
            (None, Some(windows), None) => {
                let a_day = ADay { public: entry.public, priority: entry.priority, reserve: entry.reserve };
                Exception::Windows(spread(&spans(&windows)?, a_day))
            }
            (None, None, Some(windows)) => Exception::Windows(counted(&windows)?),
            _ => return Err(format!("on {date} needs either closed or windows or places")),
        };
        timetable = timetable.with_exception(date, Some(exception)).map_err(|error| format!("on {date} {error}"))?;
    }
    if let Some(why) = &why {
        why.check()?;
    }
    Ok(timetable.with_service_ended(why.map(|why| Ended { from, why })))
}

fn counted_week(entry: HoursEntry) -> Result<Timetable, String> {
    let HoursEntry { mon, tue, wed, thu, fri, sat, sun } = entry;
    let mut week: [Vec<Window>; 7] = Default::default();
    for (day, texts) in week.iter_mut().zip([mon, tue, wed, thu, fri, sat, sun]) {
        *day = counted(&texts)?;
    }
    Timetable::new(week, BTreeMap::new()).map_err(|error| error.to_string())
}

/// Windows with their places by pool, each written `08:00-09:00 50 5 2`.
fn counted(texts: &[String]) -> Result<Vec<Window>, String> {
    let window = |text: &String| {
        let mut parts = text.split(' ');
        let (starts, ends) = parts.next()?.split_once('-')?;
        let mut places = || parts.next()?.parse().ok().map(Places);
        let (public, priority, reserve) = (places()?, places()?, places()?);
        let whole = parts.next().is_none();
        whole.then_some(Window { starts: clock(starts)?, ends: clock(ends)?, public, priority, reserve })
    };
    let wrong = |text: &String| format!("{text:?} is not a window with places such as 08:00-09:00 50 5 2");
    texts.iter().map(|text| window(text).ok_or_else(|| wrong(text))).collect()
}

// ---- writing: every window with its places, so that nothing is spread anew when it is read ----

/// The names of the days, Monday first, as the file has them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Timetables {
    /// The text of `timetables.toml` that reads as these timetables.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Hours and quotas as staff have set them: window, then public, priority and reserve places.\n",
        );
        for Usual { kind, class, timetable } in &self.usual {
            text.push_str("\n[[usual]]\n");
            line(&mut text, "kind", &quoted(kind.as_str()));
            if let Some(class) = class {
                line(&mut text, "class", &quoted(class));
            }
            write_timetable(&mut text, timetable);
        }
        let own: BTreeMap<&OfficeCode, &Timetable> = self.own.iter().collect();
        for (code, timetable) in own {
            let _ = writeln!(text, "\n[office.{code}]");
            if let Some(source) = self.sources.get(code) {
                line(&mut text, "source", &quoted(source));
            }
            if let Some(Ended { from, why }) = &timetable.out_of_service {
                line(&mut text, "out_of_service", &both(why));
                if let Some(from) = from {
                    line(&mut text, "out_of_service_from", &quoted(&from.to_string()));
                }
            }
            write_timetable(&mut text, timetable);
        }
        text
    }
}

fn write_timetable(text: &mut String, timetable: &Timetable) {
    let days = DAYS.iter().zip(&timetable.week).filter(|(_, windows)| !windows.is_empty());
    let days: Vec<String> = days.map(|(day, windows)| format!("{day} = {}", list(windows))).collect();
    line(text, "week", &format!("{{ {} }}", days.join(", ")));
    for (date, exception) in &timetable.exceptions {
        let value = match exception {
            Exception::Closed { why } => format!("{{ closed = {} }}", both(why)),
            Exception::Windows(windows) => format!("{{ places = {} }}", list(windows)),
        };
        line(text, &format!("on.{date}"), &value);
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    text.push_str(key);
    text.push_str(" = ");
    text.push_str(value);
    text.push('\n');
}

fn list(windows: &[Window]) -> String {
    let written = |window: &Window| {
        let Window { starts, ends, public, priority, reserve } = window;
        let clock = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
        format!("\"{}-{} {} {} {}\"", clock(starts), clock(ends), public.0, priority.0, reserve.0)
    };
    format!("[{}]", windows.iter().map(written).collect::<Vec<_>>().join(", "))
}

fn both(text: &Text) -> String {
    format!("{{ id = {}, en = {} }}", quoted(&text.id), quoted(&text.en))
}

/// A text as TOML has it, with everything escaped that needs it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn week_of(entry: HoursEntry) -> Result<[Spans; 7], String> {
    let HoursEntry { mon, tue, wed, thu, fri, sat, sun } = entry;
    let mut week: [Spans; 7] = Default::default();
    for (day, texts) in week.iter_mut().zip([mon, tue, wed, thu, fri, sat, sun]) {
        *day = spans(&texts)?;
    }
    if week.iter().all(Vec::is_empty) {
        return Err("has no window on any day".to_owned());
    }
    Ok(week)
}

fn spans(texts: &[String]) -> Result<Spans, String> {
    let span = |text: &String| {
        let (starts, ends) = text.split_once('-')?;
        Some((clock(starts)?, clock(ends)?))
    };
    texts.iter().map(|text| span(text).ok_or_else(|| format!("{text:?} is not a window such as 08:00-09:00"))).collect()
}

/// A time written `08:00`.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
}

fn spread_week(week: &[Spans; 7], a_day: ADay) -> Result<Timetable, TimetableError> {
    Timetable::new(week.each_ref().map(|spans| spread(spans, a_day)), BTreeMap::new())
}

/// Spreads the places of a day evenly over its windows; what does not divide goes to the earlier ones, one each.
fn spread(spans: &Spans, a_day: ADay) -> Vec<Window> {
    let count = u32::try_from(spans.len()).unwrap_or(u32::MAX).max(1);
    let share = |total: u32, at: u32| Places(total / count + u32::from(at < total % count));
    (0..)
        .zip(spans)
        .map(|(at, &(starts, ends))| Window {
            starts,
            ends,
            public: share(a_day.public, at),
            priority: share(a_day.priority, at),
            reserve: share(a_day.reserve, at),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use jiff::civil::{date, time};

    fn window(starts: i8, ends: i8) -> Window {
        Window {
            starts: time(starts, 0, 0, 0),
            ends: time(ends, 0, 0, 0),
            public: Places(5),
            priority: Places(1),
            reserve: Places(0),
        }
    }

    fn on_mondays(windows: Vec<Window>) -> Result<Timetable, TimetableError> {
        let mut week: [Vec<Window>; 7] = Default::default();
        week[0] = windows;
        Timetable::new(week, BTreeMap::new())
    }

    fn public_places(catalogue: &Catalogue, office: &Office, date: Date) -> u32 {
        match catalogue.timetables.windows_on(office, date, &catalogue.holidays) {
            DayPlan::Open(windows) => windows.iter().map(|window| window.public.0).sum(),
            DayPlan::Closed { .. } => 0,
        }
    }

    #[test]
    fn a_normal_week_has_about_126_000_public_places() {
        let catalogue = Catalogue::builtin();
        let monday = date(2027, 1, 11);
        let days: Vec<Date> = monday.series(jiff::Span::new().days(1)).take(5).collect();
        let total: u32 = catalogue
            .offices
            .iter()
            .flat_map(|office| days.iter().map(|day| public_places(&catalogue, office, *day)).collect::<Vec<_>>())
            .sum();
        println!("public places in a normal week: {total}");
        assert!((100_000..=150_000).contains(&total), "{total}");
    }

    #[test]
    fn published_quotas_are_kept_to_the_place() {
        let catalogue = Catalogue::builtin();
        let places =
            |code: &str, date| public_places(&catalogue, catalogue.offices.get(&code.parse().unwrap()).unwrap(), date);
        let (monday, tuesday, friday, saturday) =
            (date(2027, 1, 11), date(2027, 1, 12), date(2027, 1, 15), date(2027, 1, 16));
        for (code, date, expected) in [
            ("BTM", monday, 200),
            ("BTM", friday, 200),
            ("BTM", saturday, 0),
            ("BTM-HB", tuesday, 80),
            ("BTM-MPP", tuesday, 20),
            ("BTM-HN", tuesday, 40),
            ("TBA-RPR", tuesday, 0),
            ("SMD-KKR", monday, 30),
            ("SMD-KKR", tuesday, 0),
            ("PMS-RMY", tuesday, 20),
            ("PMS-RMY", monday, 0),
            ("TNG-TC", saturday, 30),
            ("TNG-TC", monday, 0),
            ("JAKPUS", monday, 384),
        ] {
            assert_eq!(places(code, date), expected, "{code} on {date}");
        }
    }

    #[test]
    fn the_break_on_friday_is_longer() {
        let catalogue = Catalogue::builtin();
        let timetable = catalogue.timetables.for_office(catalogue.offices.get(&"BTM".parse().unwrap()).unwrap());
        let starts = |day| timetable.on_weekday(day).iter().map(|window| window.starts.hour()).collect::<Vec<_>>();
        assert_eq!(starts(Weekday::Thursday), [8, 9, 10, 11, 13, 14]);
        assert_eq!(starts(Weekday::Friday), [8, 9, 10, 13, 14]);
        assert_eq!(starts(Weekday::Sunday), [0_i8; 0]);
    }

    #[test]
    fn a_day_says_why_it_is_closed() {
        let catalogue = Catalogue::builtin();
        let plan = |code: &str, date| {
            let office = catalogue.offices.get(&code.parse().unwrap()).unwrap();
            catalogue.timetables.windows_on(office, date, &catalogue.holidays)
        };
        let closed = |plan| match plan {
            DayPlan::Closed { why } => why,
            DayPlan::Open(_) => panic!("open"),
        };
        assert!(
            matches!(closed(plan("BTM", date(2026, 12, 25))), WhyClosed::Holiday { name } if name.en == "Christmas Day")
        );
        assert_eq!(closed(plan("BTM", date(2026, 12, 26))), WhyClosed::Weekday(Weekday::Saturday));
        assert!(matches!(closed(plan("TBA-RPR", date(2026, 12, 28))), WhyClosed::OutOfService { .. }));
    }

    #[test]
    fn a_date_of_its_own_comes_before_the_week_and_the_holiday() {
        let holidays = Catalogue::builtin().holidays;
        let why = Text { id: "Listrik padam".to_owned(), en: "No electricity".to_owned() };
        let (monday, christmas) = (date(2026, 12, 28), date(2026, 12, 25));
        let plain = on_mondays(vec![window(8, 9), window(9, 10)]).unwrap();
        let timetable = plain
            .clone()
            .with_exception(monday, Some(Exception::Closed { why: why.clone() }))
            .unwrap()
            .with_exception(christmas, Some(Exception::Windows(vec![window(10, 11)])))
            .unwrap();
        assert_eq!(timetable.on(monday, &holidays), DayPlan::Closed { why: WhyClosed::Exception { why } });
        assert_eq!(timetable.on(christmas, &holidays), DayPlan::Open(vec![window(10, 11)]));
        assert_eq!(
            timetable.clone().with_exception(monday, None).unwrap().with_exception(christmas, None).unwrap(),
            plain
        );
        let json = serde_json::to_string(&timetable).unwrap();
        assert_eq!(serde_json::from_str::<Timetable>(&json).unwrap(), timetable);
    }

    #[test]
    fn a_timetable_that_cannot_be_is_refused() {
        let seconds = Window { starts: time(8, 0, 30, 0), ..window(8, 9) };
        let crowded = Window { public: Places(PLACES_MAX + 1), ..window(8, 9) };
        let quarter = |at: i8| Window {
            starts: time(at / 4, at % 4 * 15, 0, 0),
            ends: time((at + 1) / 4, (at + 1) % 4 * 15, 0, 0),
            ..window(0, 1)
        };
        for (windows, error) in [
            (vec![window(9, 9)], TimetableError::Backwards { starts: time(9, 0, 0, 0), ends: time(9, 0, 0, 0) }),
            (vec![window(8, 10), window(9, 11)], TimetableError::Overlap { starts: time(9, 0, 0, 0) }),
            (vec![window(9, 10), window(8, 9)], TimetableError::Overlap { starts: time(8, 0, 0, 0) }),
            (vec![seconds], TimetableError::Seconds { time: time(8, 0, 30, 0) }),
            (vec![crowded], TimetableError::TooManyPlaces { found: PLACES_MAX + 1 }),
            ((0..25).map(quarter).collect(), TimetableError::TooManyWindows { found: 25 }),
        ] {
            assert_eq!(on_mondays(windows), Err(error));
        }
        let far = date(2027, 1, 1).series(jiff::Span::new().days(1)).take(EXCEPTIONS_MAX + 1);
        let exceptions = far.map(|date| (date, Exception::Windows(vec![]))).collect();
        assert!(matches!(
            Timetable::new(Default::default(), exceptions),
            Err(TimetableError::TooManyExceptions { .. })
        ));
        let overlapping = r#"{"week":[[{"starts":"08:00:00","ends":"10:00:00","public":1,"priority":0,"reserve":0},
            {"starts":"09:00:00","ends":"11:00:00","public":1,"priority":0,"reserve":0}],[],[],[],[],[],[]]}"#;
        assert!(
            serde_json::from_str::<Timetable>(overlapping).unwrap_err().to_string().contains("before the one above")
        );
    }

    #[test]
    fn staff_can_give_an_office_hours_of_its_own_and_take_them_back() {
        let mut catalogue = Catalogue::builtin();
        let office = catalogue.offices.get(&"AGM".parse().unwrap()).unwrap();
        let usual = catalogue.timetables.for_office(office).clone();
        let own = on_mondays(vec![window(8, 9)]).unwrap();
        catalogue.timetables.set(office.code, Some(own.clone()));
        assert_eq!(catalogue.timetables.for_office(office), &own);
        catalogue.timetables.set(office.code, None);
        assert_eq!(catalogue.timetables.for_office(office), &usual);
    }

    #[test]
    fn places_of_a_day_are_spread_evenly_with_the_rest_first() {
        let hour = |at: i8| (time(at, 0, 0, 0), time(at + 1, 0, 0, 0));
        let windows = spread(&vec![hour(8), hour(9), hour(10)], ADay { public: 8, priority: 2, reserve: 0 });
        let places: Vec<_> =
            windows.iter().map(|window| (window.public.0, window.priority.0, window.reserve.0)).collect();
        assert_eq!(places, [(3, 1, 0), (3, 1, 0), (2, 0, 0)]);
    }

    #[test]
    fn classes_are_compared_word_by_word() {
        assert!(class_begins("I TPI", "I") && class_begins("I Khusus TPI", "I Khusus") && class_begins("II", "II"));
        assert!(!class_begins("II TPI", "I") && !class_begins("I TPI", "I Khusus"));
    }
}
