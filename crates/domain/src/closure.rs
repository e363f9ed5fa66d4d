//! A closure: an office takes places back for hours or days, and gives those who hold them other places. Which, is settled here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::slot::{SlotKey, WindowStart};

/// Most days of one closure: what lasts longer is closed again, and looked at again.
pub const DAYS_MAX: i32 = 31;

/// What is closed: whole days, or hours of one day, on the office's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Windows that lie in these hours, wholly or in part; none closes whole days.
    pub hours: Option<(WindowStart, WindowStart)>,
}

/// Why a range cannot be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RangeError {
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Backwards,
    /// It is longer than [`DAYS_MAX`] days.
    #[error("a closure has at most {DAYS_MAX} days")]
    TooLong,
    /// Hours of several days.
    #[error("hours are closed on one day; several days are closed whole")]
    HoursOfSeveralDays,
}

impl Range {
    /// A range that can be closed.
    pub fn new(from: Date, to: Date, hours: Option<(WindowStart, WindowStart)>) -> Result<Self, RangeError> {
        if to < from || hours.is_some_and(|(starts, ends)| ends <= starts) {
            return Err(RangeError::Backwards);
        }
        if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= DAYS_MAX {
            return Err(RangeError::TooLong);
        }
        if hours.is_some() && from != to {
            return Err(RangeError::HoursOfSeveralDays);
        }
        Ok(Self { from, to, hours })
    }

    /// The range as it is once these windows of it are closed: an hour that is touched is closed whole, and that is what people are told.
    #[must_use]
    pub fn over(self, windows: impl IntoIterator<Item = (WindowStart, WindowStart)>) -> Self {
        let hours = self.hours.map(|hours| {
            windows.into_iter().fold(hours, |(first, last), (starts, ends)| (first.min(starts), last.max(ends)))
        });
        Self { hours, ..self }
    }

    /// Whether a window lies in it, wholly or in part: nobody is served in half of an hour.
    pub fn holds(&self, date: Date, starts: WindowStart, ends: WindowStart) -> bool {
        let in_hours = self.hours.is_none_or(|(first, after)| first < ends && starts < after);
        self.from <= date && date <= self.to && in_hours
    }
}

/// Why an office closes, as a kind that is counted; the words for the public stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Water, earth, fire.
    Disaster,
    /// No power, no network, no system.
    Outage,
    /// A ministry's order.
    Order,
    /// Too few officers.
    Staff,
    /// Danger for people there.
    Security,
    /// Something else, which the words say.
    Other,
}

/// Where those who held the places go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relocation {
    /// To the nearest free places of the same office.
    SameOffice,
    /// To the nearest free places of the office and its units, the day before the hour.
    Family,
    /// Nowhere by themselves: each may choose among the free places of the office and its units before others can have them, and is
    /// called where need be.
    Choose,
    /// Nowhere in this release: each may choose a place of the next ones before others can have it.
    Release,
}

macro_rules! names {
    ($kind:ident, $wrong:ident: $($variant:ident = $name:literal),+) => {
        impl $kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in tables and forms.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $kind {
            type Err = $wrong;

            fn from_str(text: &str) -> Result<Self, $wrong> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or($wrong)
            }
        }
    };
}

/// A word that names no cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("that is no cause of a closure")]
pub struct UnknownCause;

/// A word that names no relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("that is no relocation of a closure")]
pub struct UnknownRelocation;

names!(Cause, UnknownCause: Disaster = "disaster", Outage = "outage", Order = "order", Staff = "staff", Security = "security",
       Other = "other");
names!(Relocation, UnknownRelocation: SameOffice = "same_office", Family = "family", Choose = "choose", Release = "release");

/// Free places that somebody may be moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free<T> {
    /// What names them to the caller.
    pub id: T,
    /// Where and when.
    pub slot: SlotKey,
    /// How many.
    pub left: u32,
}

/// Where a party of `size` goes that held a place at `from`: the free places that hold all of it, the best first. The nearest day comes
/// first, on it the same office before its neighbours, and there the hour that is nearest to the one it had.
pub fn best_first<T: Copy>(from: &SlotKey, size: u32, free: &[Free<T>]) -> Vec<Free<T>> {
    let mut fitting: Vec<Free<T>> = free.iter().filter(|place| place.left >= size).copied().collect();
    fitting.sort_by_key(|place| {
        let (starts, had) = (place.slot.starts.minutes(), from.starts.minutes());
        (place.slot.date, place.slot.office != from.office, starts.abs_diff(had), starts, place.slot.office)
    });
    fitting
}

/// Who goes where, and who nowhere: each party in its turn takes the best places that are left. Nobody is lost, no place is given twice.
pub fn assign<P: Copy, T: Copy + PartialEq>(
    parties: &[(P, SlotKey, u32)],
    free: &[Free<T>],
) -> Vec<(P, Option<Free<T>>)> {
    let mut free = free.to_vec();
    let place = |(party, from, size): &(P, SlotKey, u32)| {
        let best = best_first(from, *size, &free).into_iter().next();
        if let Some(taken) = best.and_then(|best| free.iter_mut().find(|place| place.id == best.id)) {
            taken.left -= size;
        }
        (*party, best)
    };
    parties.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn start(text: &str) -> WindowStart {
        WindowStart::parse(text).unwrap()
    }

    fn slot(text: &str) -> SlotKey {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_days_or_hours_of_one_day() {
        let (first, last) = (date(2026, 12, 1), date(2026, 12, 3));
        let days = Range::new(first, last, None).unwrap();
        let holds = |range: &Range, date, starts, ends| range.holds(date, start(starts), start(ends));
        assert!(holds(&days, first, "08:00", "09:00") && holds(&days, last, "15:00", "16:00"));
        assert!(!holds(&days, date(2026, 12, 4), "08:00", "09:00"));
        let hours = Range::new(first, first, Some((start("12:00"), start("15:00")))).unwrap();
        assert!(holds(&hours, first, "12:00", "13:00") && holds(&hours, first, "14:30", "15:30"));
        assert!(holds(&hours, first, "11:30", "12:30"), "in part");
        assert!(!holds(&hours, first, "11:00", "12:00") && !holds(&hours, first, "15:00", "16:00"));
        assert_eq!(Range::new(last, first, None), Err(RangeError::Backwards));
        assert_eq!(Range::new(first, first, Some((start("12:00"), start("12:00")))), Err(RangeError::Backwards));
        assert_eq!(
            Range::new(first, last, Some((start("08:00"), start("12:00")))),
            Err(RangeError::HoursOfSeveralDays)
        );
        assert_eq!(Range::new(first, date(2027, 1, 1), None), Err(RangeError::TooLong));
        assert!(Range::new(first, date(2026, 12, 31), None).is_ok());
    }

    #[test]
    fn the_nearest_day_comes_first_then_the_own_office_then_the_hour() {
        let free: Vec<Free<u32>> =
            ["BTM/2026-12-03/08:00", "BTM/2026-12-02/14:00", "BTM/2026-12-02/09:00", "BTM-HB/2026-12-02/08:00"]
                .into_iter()
                .zip(0..)
                .map(|(text, id)| Free { id, slot: slot(text), left: 2 })
                .collect();
        let order = |size| {
            best_first(&slot("BTM/2026-12-01/08:00"), size, &free).iter().map(|place| place.id).collect::<Vec<_>>()
        };
        assert_eq!(order(2), [2, 1, 3, 0]);
        assert_eq!(order(3), Vec::<u32>::new());
    }

    #[test]
    fn names_are_read_back() {
        assert!(Cause::ALL.iter().all(|cause| cause.as_str().parse() == Ok(*cause)));
        assert!(Relocation::ALL.iter().all(|relocation| relocation.as_str().parse() == Ok(*relocation)));
        assert!("flood".parse::<Cause>().is_err() && "".parse::<Relocation>().is_err());
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_no_place_is_given_twice(
            sizes in prop::collection::vec(1_u32..=5, 0..60),
            lefts in prop::collection::vec(0_u32..12, 0..20),
        ) {
            let from = slot("BTM/2026-12-01/08:00");
            let parties: Vec<(usize, SlotKey, u32)> = sizes.iter().enumerate().map(|(at, size)| (at, from, *size)).collect();
            let free: Vec<Free<usize>> = lefts
                .iter()
                .enumerate()
                .map(|(id, left)| {
                    let starts = WindowStart::from_minutes(480 + 30 * (id % 10) as u16).unwrap();
                    let day = date(2026, 12, 2 + (id / 10) as i8);
                    Free { id, slot: SlotKey { office: from.office, date: day, starts }, left: *left }
                })
                .collect();
            let given = assign(&parties, &free);
            prop_assert_eq!(given.iter().map(|(party, _)| *party).collect::<Vec<_>>(), (0..sizes.len()).collect::<Vec<_>>());
            let taken = |place: &Free<usize>| -> u32 {
                let there = given.iter().filter(|(_, to)| to.is_some_and(|to| to.id == place.id));
                there.map(|(at, _)| sizes[*at]).sum()
            };
            prop_assert!(free.iter().all(|place| taken(place) <= place.left));
            // Whoever goes nowhere would not have fitted anywhere at the end either.
            let left = |place: &Free<usize>| place.left - taken(place);
            for (at, _) in given.iter().filter(|(_, to)| to.is_none()) {
                prop_assert!(free.iter().all(|place| left(place) < sizes[*at]));
            }
        }
    }
}
