//! A change of hours that waited while others changed the same office: what it changes, put on top of what there is by now. Cell by
//! cell, so that nothing is undone that another decided on; where both changed the same cell somebody has to say anew what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};

use crate::slot::{Places, Pool};
use crate::timetable::{Exception, Timetable, TimetableError, Window, check_windows};

/// The days that hours hold on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A day of every week.
    Week(Weekday),
    /// One date.
    Date(Date),
}

/// Why a change cannot be put on top of what there is by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// The places of a pool of a window were changed as well.
    Places {
        /// On which days.
        on: On,
        /// The start of the window.
        starts: Time,
        /// Of which pool.
        pool: Pool,
    },
    /// A window was changed as well.
    Window {
        /// On which days.
        on: On,
        /// The start of the window.
        starts: Time,
    },
    /// A window that it changes is there no more.
    Gone {
        /// On which days.
        on: On,
        /// The start of the window.
        starts: Time,
    },
    /// The windows of both do not fit together.
    Unfit {
        /// On which days.
        on: On,
    },
    /// What holds on a date was changed as well.
    Date {
        /// The date.
        date: Date,
    },
    /// Whether the place serves at all was changed as well.
    Service,
    /// It would end the service on a day that has come.
    Begun,
    /// All its dates have come.
    Passed,
    /// Too many dates differ from the week's rule.
    TooMany,
    /// All of it is so already.
    Nothing,
    /// It is not kept what it was made of.
    Unknown,
}

/// What a change made of a timetable, put on top of the timetable that there is now.
pub fn reworked(seen: &Timetable, wanted: &Timetable, now: &Timetable) -> Result<Timetable, Vec<Clash>> {
    let mut clashes = Vec::new();
    let mut week: [Vec<Window>; 7] = Default::default();
    for (at, windows) in (0_i8..).zip(&mut week) {
        let day = Weekday::from_monday_zero_offset(at).expect("a week has seven days");
        let of = |timetable: &Timetable| timetable.on_weekday(day).to_vec();
        *windows = hours(On::Week(day), &of(seen), &of(wanted), &of(now), &mut clashes);
    }
    let all = [seen, wanted, now].into_iter().flat_map(|timetable| timetable.exceptions().keys());
    let dates: BTreeSet<Date> = all.copied().collect();
    let mut exceptions = BTreeMap::new();
    for date in dates {
        exceptions.extend(on_date(date, [seen, wanted, now], &mut clashes).map(|what| (date, what)));
    }
    let of = |timetable: &Timetable| timetable.service_ended().cloned();
    let ended = one(&of(seen), of(wanted), of(now)).unwrap_or_else(|now| {
        clashes.push(Clash::Service);
        now
    });
    if !clashes.is_empty() {
        return Err(clashes);
    }
    // Each day was looked at above: of the whole only the number of dates is left.
    let after = Timetable::new(week, exceptions).map_err(|_: TimetableError| vec![Clash::TooMany])?;
    let after = after.with_service_ended(ended);
    if after == *now { Err(vec![Clash::Nothing]) } else { Ok(after) }
}

/// What only one of two has changed; where both have, what there is now.
fn one<T: PartialEq>(seen: &T, wanted: T, now: T) -> Result<T, T> {
    if wanted == *seen {
        Ok(now)
    } else if now == *seen {
        Ok(wanted)
    } else {
        Err(now)
    }
}

fn on_date(date: Date, all: [&Timetable; 3], clashes: &mut Vec<Clash>) -> Option<Exception> {
    let [seen, wanted, now] = all.map(|timetable| timetable.exceptions().get(&date));
    if let (Some(Exception::Windows(old)), Some(Exception::Windows(new)), Some(Exception::Windows(is))) =
        (seen, wanted, now)
    {
        return Some(Exception::Windows(hours(On::Date(date), old, new, is, clashes)));
    }
    let kept = one(&seen, wanted, now).unwrap_or_else(|now| {
        clashes.push(Clash::Date { date });
        now
    });
    kept.cloned()
}

fn hours(on: On, seen: &[Window], wanted: &[Window], now: &[Window], clashes: &mut Vec<Clash>) -> Vec<Window> {
    let all: BTreeSet<Time> = [seen, wanted, now].into_iter().flatten().map(|window| window.starts).collect();
    let before = clashes.len();
    let mut merged = Vec::new();
    for starts in all {
        let of = |windows: &[Window]| windows.iter().find(|window| window.starts == starts).copied();
        let (old, new, is) = (of(seen), of(wanted), of(now));
        match (one(&old, new, is), old, new, is) {
            (Ok(window), ..) => merged.extend(window),
            (Err(_), Some(old), Some(new), Some(is)) if old.ends == new.ends && old.ends == is.ends => {
                merged.push(places(on, old, new, is, clashes));
            }
            (Err(_), _, Some(_), None) => clashes.push(Clash::Gone { on, starts }),
            (Err(_), ..) => clashes.push(Clash::Window { on, starts }),
        }
    }
    if clashes.len() == before && check_windows(&merged).is_err() {
        clashes.push(Clash::Unfit { on });
    }
    merged
}

fn places(on: On, seen: Window, wanted: Window, now: Window, clashes: &mut Vec<Clash>) -> Window {
    let mut of = |pool: Pool| -> Places {
        one(&seen.pool(pool), wanted.pool(pool), now.pool(pool)).unwrap_or_else(|now| {
            clashes.push(Clash::Places { on, starts: seen.starts, pool });
            now
        })
    };
    Window { public: of(Pool::Public), priority: of(Pool::Priority), reserve: of(Pool::Reserve), ..now }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::service::Text;
    use crate::timetable::Ended;

    const CHRISTMAS: Date = date(2026, 12, 25);

    fn window(hour: i8, public: u32) -> Window {
        let (starts, ends) = (time(hour, 0, 0, 0), time(hour + 1, 0, 0, 0));
        Window { starts, ends, public: Places(public), priority: Places(2), reserve: Places(1) }
    }

    fn mondays(windows: &[Window]) -> Timetable {
        Timetable::default().with_weekday(Weekday::Monday, windows.to_vec()).unwrap()
    }

    fn closed(id: &str) -> Exception {
        Exception::Closed { why: Text { id: id.to_owned(), en: id.to_owned() } }
    }

    fn ends(from: Date) -> Ended {
        Ended { from: Some(from), why: Text { id: "Pindah".to_owned(), en: "Moved".to_owned() } }
    }

    #[test]
    fn what_others_changed_elsewhere_stays_and_the_change_is_put_on_top() {
        let seen = mondays(&[window(8, 10), window(9, 10)]);
        let wanted = mondays(&[window(8, 15), window(9, 10)]);
        let now = mondays(&[Window { priority: Places(4), ..window(8, 10) }, window(9, 7), window(10, 3)])
            .with_exception(CHRISTMAS, Some(closed("Natal")))
            .unwrap()
            .with_service_ended(Some(ends(date(2027, 6, 1))));
        let after = reworked(&seen, &wanted, &now).unwrap();
        let first = Window { priority: Places(4), ..window(8, 15) };
        assert_eq!(after.on_weekday(Weekday::Monday), [first, window(9, 7), window(10, 3)]);
        assert_eq!(after.exceptions(), now.exceptions());
        assert_eq!(after.service_ended(), now.service_ended());
        // Where nobody else changed anything it is the change itself.
        assert_eq!(reworked(&seen, &wanted, &seen), Ok(wanted));
    }

    #[test]
    fn what_both_changed_is_named_cell_by_cell_and_nothing_is_guessed() {
        let seen = mondays(&[window(8, 10), window(9, 10)]);
        let wanted = mondays(&[window(8, 15), window(9, 15)]);
        let on = On::Week(Weekday::Monday);
        let clashes = |wanted: &Timetable, now: &Timetable| reworked(&seen, wanted, now).unwrap_err();
        let same = mondays(&[window(8, 20), window(9, 10)]);
        assert_eq!(clashes(&wanted, &same), [Clash::Places { on, starts: time(8, 0, 0, 0), pool: Pool::Public }]);
        assert_eq!(clashes(&wanted, &mondays(&[window(8, 10)])), [Clash::Gone { on, starts: time(9, 0, 0, 0) }]);
        let longer = mondays(&[window(8, 10), Window { ends: time(11, 0, 0, 0), ..window(9, 10) }]);
        assert_eq!(clashes(&wanted, &longer), [Clash::Window { on, starts: time(9, 0, 0, 0) }]);
        let later = mondays(&[window(8, 10), window(9, 10), window(10, 5)]);
        assert_eq!(clashes(&later, &longer), [Clash::Unfit { on }]);
        let date = |id: &str| seen.clone().with_exception(CHRISTMAS, Some(closed(id))).unwrap();
        assert_eq!(clashes(&date("Natal"), &date("Libur")), [Clash::Date { date: CHRISTMAS }]);
        let ended = |month| seen.clone().with_service_ended(Some(ends(jiff::civil::date(2027, month, 1))));
        assert_eq!(clashes(&ended(1), &ended(2)), [Clash::Service]);
        assert_eq!(clashes(&date("Natal"), &date("Natal")), [Clash::Date { date: CHRISTMAS }]);
        let none = reworked(&wanted, &wanted, &wanted);
        assert_eq!(none, Err(vec![Clash::Nothing]));
    }
}
