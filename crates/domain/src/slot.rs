//! A slot: one office, one date, one arrival window, with places in pools.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::calendar::Holidays;
use crate::office::{Office, OfficeCode};
use crate::timetable::{DayPlan, Timetables, Window};

/// A number of places, each for one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Places(pub u32);

impl Places {
    /// No place.
    pub const NONE: Self = Self(0);

    /// The bare number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether there is no place.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What is left after `taken`, or `None` when there are not so many.
    pub const fn take(self, taken: Self) -> Option<Self> {
        match self.0.checked_sub(taken.0) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }

    /// Both together; stops at the largest number rather than wrapping.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl std::iter::Sum for Places {
    fn sum<I: Iterator<Item = Self>>(places: I) -> Self {
        places.fold(Self::NONE, Self::plus)
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who a slot's places are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Released online to everybody.
    Public,
    /// For the elderly, disabled, pregnant and those with children under five, who walk in.
    Priority,
    /// In the hands of the head of the office, counted in the same tables.
    Reserve,
}

impl Pool {
    /// All pools, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Public, Self::Priority, Self::Reserve];

    /// The pool's name in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Priority => "priority",
            Self::Reserve => "reserve",
        }
    }
}

/// A text that names no pool.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a pool is public, priority or reserve, not {found:?}")]
pub struct PoolError {
    /// The text as given.
    pub found: String,
}

impl FromStr for Pool {
    type Err = PoolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|pool| pool.as_str() == text).ok_or_else(|| PoolError { found: text.to_owned() })
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The local time of day at which an arrival window begins, in whole minutes since midnight, `08:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WindowStart(u16);

/// Why something is not the start of a window.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WindowStartError {
    /// Not `HH:MM` with two digits each, from `00:00` to `23:59`.
    #[error("a window starts at HH:MM from 00:00 to 23:59, not {found:?}")]
    NotATime {
        /// The text as given.
        found: String,
    },
    /// A time with seconds.
    #[error("a window starts on a whole minute, not at {found}")]
    Seconds {
        /// The time as given.
        found: Time,
    },
}

impl WindowStart {
    /// Minutes in a day; every start is below it.
    pub const MINUTES_A_DAY: u16 = 24 * 60;

    /// Midnight, the first of a day.
    pub const FIRST: Self = Self(0);

    /// 23:59, the last of a day.
    pub const LAST: Self = Self(Self::MINUTES_A_DAY - 1);

    /// Parses exactly `HH:MM`. There is one way to write a start, since it is hashed into the draw.
    pub fn parse(text: &str) -> Result<Self, WindowStartError> {
        let refused = || WindowStartError::NotATime { found: text.to_owned() };
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
            return Err(refused());
        };
        let two = |tens: u8, ones: u8| {
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
        };
        match (two(h1, h2), two(m1, m2)) {
            (Some(hours @ 0..24), Some(minutes @ 0..60)) => Ok(Self(hours * 60 + minutes)),
            _ => Err(refused()),
        }
    }

    /// The start that is so many minutes after midnight; `None` from 1440 on.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes < Self::MINUTES_A_DAY { Some(Self(minutes)) } else { None }
    }

    /// The start at a time of day; refused when it is not a whole minute.
    pub fn from_time(time: Time) -> Result<Self, WindowStartError> {
        if time.second() != 0 || time.subsec_nanosecond() != 0 {
            return Err(WindowStartError::Seconds { found: time });
        }
        Ok(Self(time.hour() as u16 * 60 + time.minute() as u16))
    }

    /// Minutes since local midnight, 0 to 1439.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// As a local time of day.
    pub fn time(self) -> Time {
        Time::constant((self.0 / 60) as i8, (self.0 % 60) as i8, 0, 0)
    }

    /// Whether the window starts before noon, the draw's `am`; all others are its `pm`.
    pub const fn is_morning(self) -> bool {
        self.0 < 12 * 60
    }
}

impl FromStr for WindowStart {
    type Err = WindowStartError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for WindowStart {
    type Error = WindowStartError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<WindowStart> for String {
    fn from(starts: WindowStart) -> Self {
        starts.to_string()
    }
}

impl fmt::Display for WindowStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for WindowStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WindowStart({self})")
    }
}

/// What names a slot: office, local date and window start, written `BTM/2027-01-12/08:00`.
///
/// Keys are ordered as their texts are, byte by byte, because the draw's rules file is sorted so:
/// `BTM-HB/...` comes before `BTM/...`. Keys of one office stand together, by date and then by window.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotKey {
    /// The office.
    pub office: OfficeCode,
    /// The office's local date, in the years 0000 to 9999.
    pub date: Date,
    /// When the arrival window begins, in the office's local time.
    pub starts: WindowStart,
}

/// Why a text is not a slot key; the form is `OFFICE/YYYY-MM-DD/HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SlotKeyError {
    /// Not three parts divided by `/`.
    #[error("a slot is written OFFICE/YYYY-MM-DD/HH:MM, not {found:?}")]
    Parts {
        /// The text as given.
        found: String,
    },
    /// The first part is no office code.
    #[error("{found:?} is not an office code")]
    Office {
        /// The part as given.
        found: String,
    },
    /// The second part is no date.
    #[error("{found:?} is not a date written YYYY-MM-DD")]
    Date {
        /// The part as given.
        found: String,
    },
    /// The third part is no window start.
    #[error("{found:?} is not a window start written HH:MM")]
    Starts {
        /// The part as given.
        found: String,
    },
}

impl SlotKey {
    /// Parses exactly `OFFICE/YYYY-MM-DD/HH:MM`; there is one way to write a key, since it is hashed into the draw.
    pub fn parse(text: &str) -> Result<Self, SlotKeyError> {
        let mut parts = text.split('/');
        let (Some(office), Some(date), Some(starts), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SlotKeyError::Parts { found: text.to_owned() });
        };
        Ok(Self {
            office: OfficeCode::parse(office)
                .ok()
                .filter(|code| code.as_str() == office)
                .ok_or_else(|| SlotKeyError::Office { found: office.to_owned() })?,
            date: strict_date(date).ok_or_else(|| SlotKeyError::Date { found: date.to_owned() })?,
            starts: WindowStart::parse(starts).map_err(|_| SlotKeyError::Starts { found: starts.to_owned() })?,
        })
    }
}

/// A date written exactly `YYYY-MM-DD`, the only form that is hashed.
pub(crate) fn strict_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(place, byte)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if shape { text.parse().ok() } else { None }
}

impl Ord for SlotKey {
    fn cmp(&self, other: &Self) -> Ordering {
        // The dash that continues an office code sorts before the slash that ends it, so codes are compared with their slash.
        fn ended(key: &SlotKey) -> impl Iterator<Item = u8> + '_ {
            key.office.as_str().bytes().chain([b'/'])
        }
        let offices = if self.office == other.office { Ordering::Equal } else { ended(self).cmp(ended(other)) };
        offices.then_with(|| self.date.cmp(&other.date)).then_with(|| self.starts.cmp(&other.starts))
    }
}

impl PartialOrd for SlotKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for SlotKey {
    type Err = SlotKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SlotKey {
    type Error = SlotKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SlotKey> for String {
    fn from(key: SlotKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.office, self.date, self.starts)
    }
}

impl fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotKey({self})")
    }
}

/// One pool of one slot as the timetable plans it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPlan {
    /// Which slot.
    pub key: SlotKey,
    /// When the arrival window ends, local time.
    pub ends: Time,
    /// Which pool of it.
    pub pool: Pool,
    /// How many places the pool has, at least one.
    pub capacity: Places,
}

/// The windows of an office on a date; none when it is closed, whatever the reason.
pub(crate) fn open_windows(office: &Office, date: Date, timetables: &Timetables, holidays: &Holidays) -> Vec<Window> {
    match timetables.windows_on(office, date, holidays) {
        DayPlan::Open(windows) => windows,
        DayPlan::Closed { .. } => Vec::new(),
    }
}

/// The slots of an office on some dates as its timetable has them: by date, window and pool, without pools that have no
/// place. Days on which the office is closed have none.
pub fn slots_for(office: &Office, dates: &[Date], timetables: &Timetables, holidays: &Holidays) -> Vec<SlotPlan> {
    let of_window = |date: Date, window: Window| {
        let starts = WindowStart::from_time(window.starts).expect("timetables have whole minutes");
        let key = SlotKey { office: office.code, date, starts };
        [(Pool::Public, window.public), (Pool::Priority, window.priority), (Pool::Reserve, window.reserve)]
            .into_iter()
            .filter(|(_, capacity)| !capacity.is_none())
            .map(move |(pool, capacity)| SlotPlan { key, ends: window.ends, pool, capacity })
    };
    dates
        .iter()
        .flat_map(|date| open_windows(office, *date, timetables, holidays).into_iter().map(|window| (*date, window)))
        .flat_map(|(date, window)| of_window(date, window))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::Catalogue;

    fn any_key() -> impl Strategy<Value = SlotKey> {
        // Few letters, so that one code is often the beginning of another.
        ("[AB]{2,3}(-[A1]{1,2})?", 0..40_i64, 0..1440_u16).prop_map(|(office, days, minutes)| SlotKey {
            office: OfficeCode::parse(&office).unwrap(),
            date: date(2026, 12, 20).saturating_add(days.days()),
            starts: WindowStart::from_minutes(minutes).unwrap(),
        })
    }

    #[test]
    fn a_key_is_written_in_one_way_only() {
        let key = SlotKey::parse("BTM-HB/2027-01-12/08:00").unwrap();
        assert_eq!(key.to_string(), "BTM-HB/2027-01-12/08:00");
        assert_eq!(key.date, date(2027, 1, 12));
        assert_eq!(key.starts.minutes(), 480);
        for (text, why) in [
            ("BTM/2027-01-12", "three parts"),
            ("BTM/2027-01-12/08:00/", "three parts"),
            ("btm/2027-01-12/08:00", "capital letters"),
            ("BTM/2027-1-12/08:00", "two digits"),
            ("BTM/20270112/08:00", "dashes"),
            ("BTM/2027-02-29/08:00", "a day that exists"),
            ("BTM/+02027-01-12/08:00", "four digits"),
            ("BTM/2027-01-12/8:00", "two digits"),
            ("BTM/2027-01-12/24:00", "below 24"),
            ("BTM/2027-01-12/08:60", "below 60"),
            ("BTM/2027-01-12/08:0\u{661}", "ASCII"),
            (" BTM/2027-01-12/08:00", "no blanks"),
        ] {
            assert!(SlotKey::parse(text).is_err(), "{text}: {why}");
        }
    }

    #[test]
    fn a_unit_stands_before_its_parent_as_in_the_rules_file() {
        let unit = SlotKey::parse("BTM-HB/2027-01-12/08:00").unwrap();
        let parent = SlotKey::parse("BTM/2027-01-11/08:00").unwrap();
        assert!(unit < parent);
    }

    #[test]
    fn noon_is_afternoon() {
        assert!(WindowStart::parse("11:59").unwrap().is_morning());
        assert!(!WindowStart::parse("12:00").unwrap().is_morning());
    }

    #[test]
    fn a_start_has_no_seconds() {
        assert_eq!(WindowStart::from_time(Time::constant(8, 30, 0, 0)), Ok(WindowStart(510)));
        assert!(WindowStart::from_time(Time::constant(8, 30, 1, 0)).is_err());
        assert!(WindowStart::from_time(Time::constant(8, 30, 0, 1)).is_err());
        assert_eq!(WindowStart::from_minutes(1440), None);
        assert_eq!(WindowStart::LAST.time(), Time::constant(23, 59, 0, 0));
    }

    #[test]
    fn places_are_never_below_none() {
        assert_eq!(Places(5).take(Places(5)), Some(Places::NONE));
        assert_eq!(Places(5).take(Places(6)), None);
        assert_eq!(Places(u32::MAX).plus(Places(1)), Places(u32::MAX));
        assert_eq!([Places(1), Places(2)].into_iter().sum::<Places>(), Places(3));
    }

    #[test]
    fn every_pool_is_found_by_its_name() {
        for pool in Pool::ALL {
            assert_eq!(pool.as_str().parse(), Ok(pool));
            assert_eq!(serde_json::to_string(&pool).unwrap(), format!("\"{pool}\""));
        }
        assert!("online".parse::<Pool>().is_err());
    }

    #[test]
    fn an_office_has_slots_on_its_open_days_and_none_on_a_holiday() {
        let catalogue = Catalogue::builtin();
        let (christmas, monday, tuesday) = (date(2026, 12, 25), date(2026, 11, 30), date(2026, 12, 1));
        let office = catalogue
            .offices
            .iter()
            .find(|office| !open_windows(office, monday, &catalogue.timetables, &catalogue.holidays).is_empty())
            .unwrap();
        let slots_on = |dates: &[Date]| slots_for(office, dates, &catalogue.timetables, &catalogue.holidays);
        let slots = slots_on(&[monday, tuesday, christmas]);
        assert_eq!(slots, [slots_on(&[monday]), slots_on(&[tuesday])].concat());
        assert!(slots_on(&[christmas]).is_empty());
        assert!(slots.iter().all(|slot| slot.key.office == office.code && !slot.capacity.is_none()));
        assert!(slots.iter().all(|slot| slot.key.starts.time() < slot.ends));
        let distinct: HashSet<(SlotKey, Pool)> = slots.iter().map(|slot| (slot.key, slot.pool)).collect();
        assert_eq!(distinct.len(), slots.len());
    }

    proptest! {
        #[test]
        fn keys_are_ordered_as_their_texts_are(a in any_key(), b in any_key()) {
            prop_assert_eq!(a.cmp(&b), a.to_string().as_bytes().cmp(b.to_string().as_bytes()));
        }

        #[test]
        fn a_key_is_read_back_from_its_text(key in any_key()) {
            prop_assert_eq!(SlotKey::parse(&key.to_string()), Ok(key));
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(serde_json::from_str::<SlotKey>(&json).unwrap(), key);
        }

        #[test]
        fn what_is_read_is_written_as_it_was(text in "[A-C]{1,4}(-[A1])?/20[0-9]{2}-[01][0-9]-[0-3][0-9]/[0-2][0-9]:[0-6][0-9]") {
            if let Ok(key) = SlotKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
