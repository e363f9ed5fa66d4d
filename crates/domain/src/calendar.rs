//! National holidays and collective leave: the days on which every office is closed.

use crate::catalogue::{CatalogueError, HOLIDAYS, Table};
use crate::service::Text;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Why a day is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    /// Hari libur nasional.
    National,
    /// Cuti bersama: collective leave; offices close as well.
    CutiBersama,
}

/// A day on which every office is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holiday {
    /// The day; a holiday begins at midnight in each zone.
    pub date: Date,
    /// What is kept.
    pub name: Text,
    /// Why it is off.
    pub kind: HolidayKind,
}

/// All known holidays.
#[derive(Debug, Clone, Default)]
pub struct Holidays {
    days: BTreeMap<Date, Vec<Holiday>>,
}

impl FromStr for HolidayKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "national" => Ok(Self::National),
            "cuti_bersama" => Ok(Self::CutiBersama),
            _ => Err(()),
        }
    }
}

impl Holidays {
    /// Reads and checks `holidays.csv`. Two holidays may fall on one day; the same one may not stand twice.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let mut days: BTreeMap<Date, Vec<Holiday>> = BTreeMap::new();
        for row in Table::read(HOLIDAYS, text, &["date", "name_id", "name_en", "kind"], &[])?.rows() {
            let holiday = Holiday {
                date: row.read("date", "a date such as 2026-08-17")?,
                name: Text { id: row.needed("name_id")?.to_owned(), en: row.needed("name_en")?.to_owned() },
                kind: row.read("kind", "national or cuti_bersama")?,
            };
            let that_day = days.entry(holiday.date).or_default();
            if that_day.iter().any(|other| other.name.id == holiday.name.id) {
                return Err(row.fault("date", format!("{} stands twice on {}", holiday.name.id, holiday.date)));
            }
            that_day.push(holiday);
        }
        Ok(Self { days })
    }

    /// The holidays on a date; mostly none, rarely two.
    pub fn on(&self, date: Date) -> &[Holiday] {
        self.days.get(&date).map_or(&[], Vec::as_slice)
    }

    /// Whether every office is closed on that date.
    pub fn is_holiday(&self, date: Date) -> bool {
        self.days.contains_key(&date)
    }

    /// Whether it is a Monday to Friday that is no holiday. Some units serve at weekends as well; their timetable says so.
    pub fn is_open_day(&self, date: Date) -> bool {
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.is_holiday(date)
    }

    /// All holidays by date.
    pub fn iter(&self) -> impl Iterator<Item = &Holiday> {
        self.days.values().flatten()
    }

    /// The last year for which any day is known; later years need a new decree.
    pub fn last_year(&self) -> Option<i16> {
        self.days.last_key_value().map(|(date, _)| date.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CatalogueFiles;
    use jiff::civil::date;

    #[test]
    fn offices_open_on_weekdays_that_are_no_holiday() {
        let holidays = Holidays::parse(&CatalogueFiles::builtin().holidays_csv).unwrap();
        for (day, open) in [
            (date(2026, 11, 23), true),
            (date(2026, 11, 21), false),
            (date(2026, 11, 22), false),
            (date(2026, 12, 24), false),
            (date(2026, 12, 25), false),
            (date(2026, 12, 28), true),
            (date(2027, 1, 1), false),
        ] {
            assert_eq!(holidays.is_open_day(day), open, "{day}");
        }
        let leave = &holidays.on(date(2026, 12, 24))[0];
        assert_eq!(leave.kind, HolidayKind::CutiBersama);
        assert!(!holidays.is_holiday(date(2026, 11, 22)), "a Sunday is not a holiday");
        assert_eq!(holidays.last_year(), Some(2027));
    }

    #[test]
    fn two_holidays_may_fall_on_one_day() {
        let text = "date,name_id,name_en,kind\n2008-05-01,Hari Buruh,Labour Day,national\n2008-05-01,Kenaikan,Ascension,national\n";
        assert_eq!(Holidays::parse(text).unwrap().on(date(2008, 5, 1)).len(), 2);
    }
}
