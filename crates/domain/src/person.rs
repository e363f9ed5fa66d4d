//! A person who applies: who they are, and how old they are on a day.

use crate::name::FullName;
use crate::nik::{Nik, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// From this age a person applies as an adult and may have a ten-year passport (Permenkumham 18/2022 art. 2A).
pub const ADULT_AGE: u8 = 17;
/// Nobody alive is older; an earlier birth date is a slip of the hand.
pub const AGE_MAX: u8 = 130;

/// An applicant. Personal data: `Debug` masks all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// National identity number.
    pub nik: Nik,
    /// Name as on the identity card.
    pub name: FullName,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex, where it was asked.
    pub sex: Option<Sex>,
}

/// A birth date that somebody alive may have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate(Date);

/// Why a text is no birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// Nothing was typed.
    #[error("the birth date is empty")]
    Empty,
    /// Not a day, a month and a year of four digits.
    #[error("a birth date is written as day, month and year, such as 25-01-1987")]
    Unreadable,
    /// The calendar has no such day.
    #[error("there is no such day")]
    Impossible,
    /// The date is after today.
    #[error("the birth date lies in the future")]
    Future,
    /// The date is more than 130 years ago.
    #[error("the birth date is more than {AGE_MAX} years ago")]
    TooLongAgo,
}

impl Person {
    /// Full years on a date; zero before birth.
    pub fn age_on(&self, date: Date) -> u8 {
        age_on(self.birth_date, date)
    }

    /// Whether the papers of a child are asked for on that date.
    pub fn is_child_on(&self, date: Date) -> bool {
        self.age_on(date) < ADULT_AGE
    }
}

/// Full years from a birth date to a date; zero before birth. Who is born on 29 February turns a year older on 1 March in common years.
pub fn age_on(birth: Date, date: Date) -> u8 {
    let had_birthday = (date.month(), date.day()) >= (birth.month(), birth.day());
    let years = date.year() - birth.year() - i16::from(!had_birthday);
    u8::try_from(years.max(0)).unwrap_or(u8::MAX)
}

impl BirthDate {
    /// Reads `YYYY-MM-DD`, `DD-MM-YYYY` (also with slashes, dots or spaces) or `DDMMYYYY`, as of a day.
    pub fn parse(text: &str, today: Date) -> Result<Self, BirthDateError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BirthDateError::Empty);
        }
        let (year, month, day) = year_month_day(text).ok_or(BirthDateError::Unreadable)?;
        let date = Date::new(year, month, day).map_err(|_| BirthDateError::Impossible)?;
        Self::new(date, today)
    }

    /// Takes a date that somebody alive on that day may be born on.
    pub fn new(date: Date, today: Date) -> Result<Self, BirthDateError> {
        if date > today {
            return Err(BirthDateError::Future);
        }
        if age_on(date, today) > AGE_MAX {
            return Err(BirthDateError::TooLongAgo);
        }
        Ok(Self(date))
    }

    /// The date.
    pub fn date(self) -> Date {
        self.0
    }
}

/// The three numbers of a written date; `None` where it is not written as a date. Which day exists is not asked here.
fn year_month_day(text: &str) -> Option<(i16, i8, i8)> {
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        vec![&text[..2], &text[2..4], &text[4..]]
    } else {
        text.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect()
    };
    let &[first, month, last] = parts.as_slice() else { return None };
    if ![first, month, last].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(****-**-**)")
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("nik", &self.nik).field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 11, 21);

    #[test]
    fn a_birth_date_is_read_in_the_ways_people_write_it() {
        for written in [
            "1987-01-25",
            "25-01-1987",
            "25/01/1987",
            "25.01.1987",
            "25 01 1987",
            "25/1/1987",
            "25 - 1 - 1987",
            "25011987",
            " 25-01-1987 ",
            "1987/01/25",
        ] {
            assert_eq!(BirthDate::parse(written, TODAY).map(BirthDate::date), Ok(date(1987, 1, 25)), "{written:?}");
        }
        assert_eq!(BirthDate::parse("2026-11-21", TODAY).map(BirthDate::date), Ok(TODAY));
        assert_eq!(BirthDate::parse("29-02-2024", TODAY).map(BirthDate::date), Ok(date(2024, 2, 29)));
    }

    #[test]
    fn what_is_no_birth_date_is_refused_with_the_reason() {
        for (written, error) in [
            ("", BirthDateError::Empty),
            ("  ", BirthDateError::Empty),
            ("25-01-87", BirthDateError::Unreadable),
            ("250187", BirthDateError::Unreadable),
            ("25 Januari 1987", BirthDateError::Unreadable),
            ("25-01", BirthDateError::Unreadable),
            ("1-2-3-1987", BirthDateError::Unreadable),
            ("+5-01-1987", BirthDateError::Unreadable),
            ("２５-01-1987", BirthDateError::Unreadable),
            ("025-01-1987", BirthDateError::Unreadable),
            ("31-02-1987", BirthDateError::Impossible),
            ("29-02-1987", BirthDateError::Impossible),
            ("00-01-1987", BirthDateError::Impossible),
            ("25-13-1987", BirthDateError::Impossible),
            ("1987-25-01", BirthDateError::Impossible),
            ("22-11-2026", BirthDateError::Future),
            ("25-01-2987", BirthDateError::Future),
            ("20-11-1895", BirthDateError::TooLongAgo),
            ("25-01-0187", BirthDateError::TooLongAgo),
        ] {
            assert_eq!(BirthDate::parse(written, TODAY).map(BirthDate::date), Err(error), "{written:?}");
        }
        assert!(BirthDate::parse("21-11-1896", TODAY).is_ok(), "a hundred and thirty years to the day");
    }

    #[test]
    fn age_counts_full_years() {
        for (birth, day, age) in [
            (date(2009, 11, 21), TODAY, 17),
            (date(2009, 11, 22), TODAY, 16),
            (date(2026, 11, 21), TODAY, 0),
            (date(2030, 1, 1), TODAY, 0),
            (date(2004, 2, 29), date(2021, 2, 28), 16),
            (date(2004, 2, 29), date(2021, 3, 1), 17),
            (date(1500, 1, 1), TODAY, 255),
        ] {
            assert_eq!(age_on(birth, day), age, "born {birth}, on {day}");
        }
    }

    #[test]
    fn a_person_is_a_child_until_the_day_of_seventeen() {
        let birth_date = date(2009, 11, 22);
        let person = Person {
            nik: Nik::synthetic("2171", "01", birth_date, Sex::Female),
            name: FullName::parse("Siti Aminah").unwrap(),
            birth_date,
            sex: Some(Sex::Female),
        };
        assert!(person.is_child_on(TODAY));
        assert!(!person.is_child_on(date(2026, 11, 22)));
        let shown = format!("{person:?}");
        assert!(!shown.contains("Aminah") && !shown.contains("2009") && !shown.contains("2171"), "{shown}");
        let json = serde_json::to_string(&person).unwrap();
        assert_eq!(serde_json::from_str::<Person>(&json).unwrap(), person);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = BirthDate::parse(&text, TODAY);
        }

        #[test]
        fn texts_of_the_right_signs_never_panic(text in "[0-9 ./\\-]{0,14}") {
            let _ = BirthDate::parse(&text, TODAY);
        }

        #[test]
        fn a_birth_date_shown_is_read_back(days in 0..47_000_i32) {
            let birth = BirthDate::new(TODAY.checked_sub(jiff::Span::new().days(days)).unwrap(), TODAY).unwrap();
            prop_assert_eq!(BirthDate::parse(&birth.to_string(), TODAY), Ok(birth));
        }
    }
}
