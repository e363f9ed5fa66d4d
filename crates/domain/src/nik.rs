//! The national identity number (NIK): sixteen digits, never changed in a life, with hints that may be wrong but never a rule.
//!
//! Only the length is a rule. A NIK keeps the region and the birth date of the day it was issued, so everything read out of its digits is a
//! hint that may raise the check and must never refuse a person (PP 37/2007 art. 37 and PP 40/2019 art. 30).

use crate::region::{RegionLookup, Regions};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How many digits a NIK and a family card number have.
pub const NIK_DIGITS: usize = 16;

/// Added to the day of birth of women.
const FEMALE_DAY_OFFSET: u8 = 40;

/// A NIK: exactly sixteen ASCII digits, without separators. `Display` and `Debug` show the last four only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nik([u8; NIK_DIGITS]);

/// Why a text is no NIK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NikError {
    /// Something other than digits, spaces, dots and dashes was typed.
    #[error("a NIK has digits only")]
    NotDigits,
    /// Digits only, but not sixteen of them.
    #[error("a NIK has 16 digits, not {found}")]
    Length {
        /// How many digits were typed.
        found: usize,
    },
}

/// Sex as the population register records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Perempuan.
    Female,
    /// Laki-laki.
    Male,
}

/// What the digits of a NIK say about the birth date; the century is not in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthHint {
    /// Day of the month, 1 to 31, with the offset for women already taken off.
    pub day: u8,
    /// Month, 1 to 12.
    pub month: u8,
    /// Last two digits of the year.
    pub year2: u8,
    /// Female when the day was written with 40 added.
    pub sex: Sex,
}

/// Something about a NIK that does not fit what the person said; never a reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum NikWarning {
    /// The first four digits are no region of today or of the past.
    UnknownRegion,
    /// The region has another code today; informative, not a problem.
    FormerRegion {
        /// Name of the region today (or of the former province, where nothing succeeded it).
        now: String,
    },
    /// The middle six digits are no date in any century.
    ImpossibleDate,
    /// The date in the NIK is not the birth date given.
    BirthDateDiffers,
    /// The sex in the NIK is not the one given.
    SexDiffers,
}

impl Nik {
    /// Reads a NIK as people type it: spaces, dots and dashes are ignored.
    pub fn parse(text: &str) -> Result<Self, NikError> {
        sixteen_digits(text).map(Self)
    }

    /// The sixteen digits. Personal data: not for logs, pages or messages.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a NIK holds ASCII digits")
    }

    /// The form that may be shown: stars and the last four digits.
    pub fn masked(&self) -> String {
        format!("************{}", &self.as_str()[12..])
    }

    /// Province and regency (or city) of first registration, four digits.
    pub fn region(&self) -> &str {
        &self.as_str()[..4]
    }

    /// The birth date and sex in the digits, or `None` where they are no date in any century.
    pub fn birth_hint(&self) -> Option<BirthHint> {
        let pair = |at: usize| (self.0[at] - b'0') * 10 + (self.0[at + 1] - b'0');
        let (written_day, month, year2) = (pair(6), pair(8), pair(10));
        let (day, sex) = match written_day.checked_sub(FEMALE_DAY_OFFSET) {
            Some(day @ 1..) => (day, Sex::Female),
            _ => (written_day, Sex::Male),
        };
        let longest = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            // 1900 had no leap day but 2000 had, so every year divisible by four may be meant.
            2 if year2 % 4 == 0 => 29,
            2 => 28,
            _ => return None,
        };
        (1..=longest).contains(&day).then_some(BirthHint { day, month, year2, sex })
    }

    /// Everything in the digits that does not fit the birth date and sex given, in a fixed order: region, date, sex.
    pub fn warnings(&self, birth: Option<Date>, sex: Option<Sex>, regions: &Regions) -> Vec<NikWarning> {
        let mut warnings = Vec::new();
        match regions.lookup_nik(self.region()) {
            RegionLookup::Current(_) => {}
            RegionLookup::Former { now } => warnings.push(NikWarning::FormerRegion { now: now.to_owned() }),
            RegionLookup::Unknown => warnings.push(NikWarning::UnknownRegion),
        }
        match self.birth_hint() {
            None => warnings.push(NikWarning::ImpossibleDate),
            Some(hint) => {
                if birth.is_some_and(|birth| !hint.fits(birth)) {
                    warnings.push(NikWarning::BirthDateDiffers);
                }
                if sex.is_some_and(|sex| sex != hint.sex) {
                    warnings.push(NikWarning::SexDiffers);
                }
            }
        }
        warnings
    }

    /// A made-up NIK for demonstrations and tests: serial 0000 is never given to a person.
    ///
    /// `region4` and `district2` are four and two digits; anything else is a mistake of the caller and panics.
    pub fn synthetic(region4: &str, district2: &str, birth: Date, sex: Sex) -> Self {
        assert!(region4.len() == 4 && district2.len() == 2, "a region has 4 digits and a district 2");
        let offset = if sex == Sex::Female { FEMALE_DAY_OFFSET } else { 0 };
        let day = birth.day().unsigned_abs() + offset;
        let text = format!("{region4}{district2}{day:02}{:02}{:02}0000", birth.month(), birth.year().rem_euclid(100));
        Self::parse(&text).expect("a synthetic NIK is made of digits")
    }
}

impl BirthHint {
    /// Whether a full date agrees with the day, month and two digits of the year.
    pub fn fits(&self, birth: Date) -> bool {
        birth.day().unsigned_abs() == self.day
            && birth.month().unsigned_abs() == self.month
            && birth.year().rem_euclid(100) == i16::from(self.year2)
    }
}

/// The sixteen digits in a text that may hold spaces, dots and dashes.
pub(crate) fn sixteen_digits(text: &str) -> Result<[u8; NIK_DIGITS], NikError> {
    let mut digits = [0; NIK_DIGITS];
    let mut found = 0;
    for sign in text.chars() {
        match sign {
            '0'..='9' => {
                if let Some(place) = digits.get_mut(found) {
                    *place = sign as u8;
                }
                found += 1;
            }
            '.' | '-' => {}
            space if space.is_whitespace() => {}
            _ => return Err(NikError::NotDigits),
        }
    }
    if found == NIK_DIGITS { Ok(digits) } else { Err(NikError::Length { found }) }
}

impl fmt::Display for Nik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Nik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nik({})", self.masked())
    }
}

impl FromStr for Nik {
    type Err = NikError;

    fn from_str(text: &str) -> Result<Self, NikError> {
        Self::parse(text)
    }
}

/// All sixteen digits: what is serialized must be sealed before it rests anywhere.
impl Serialize for Nik {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Nik {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_nik_is_read_however_it_is_typed() {
        for typed in [
            "2171014501900000",
            " 2171014501900000 ",
            "217101 450190 0000",
            "2171.0145.0190.0000",
            "21-71-01-450190-0000",
            "2171\u{a0}0145\t0190\n0000",
        ] {
            assert_eq!(
                Nik::parse(typed).map(|nik| nik.as_str().to_owned()),
                Ok("2171014501900000".to_owned()),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn only_the_length_is_a_rule() {
        for (typed, error) in [
            ("", NikError::Length { found: 0 }),
            ("217101450190000", NikError::Length { found: 15 }),
            ("21710145019000000", NikError::Length { found: 17 }),
            ("21710145O1900000", NikError::NotDigits),
            ("2171014501900000x", NikError::NotDigits),
            ("２１７１０１４５０１９０００００", NikError::NotDigits),
            ("+171014501900000", NikError::NotDigits),
        ] {
            assert_eq!(Nik::parse(typed), Err(error), "{typed:?}");
        }
        for odd in ["0000000000000000", "9999999999999999"] {
            assert!(Nik::parse(odd).is_ok(), "{odd}");
        }
    }

    #[test]
    fn the_birth_hint_takes_forty_off_the_day_of_women_and_knows_impossible_dates() {
        let male = |day, month, year2| Some(BirthHint { day, month, year2, sex: Sex::Male });
        let female = |day, month, year2| Some(BirthHint { day, month, year2, sex: Sex::Female });
        for (middle, hint) in [
            ("050190", male(5, 1, 90)),
            ("450190", female(5, 1, 90)),
            ("010100", male(1, 1, 0)),
            ("410100", female(1, 1, 0)),
            ("311299", male(31, 12, 99)),
            ("711299", female(31, 12, 99)),
            ("290200", male(29, 2, 0)),
            ("690296", female(29, 2, 96)),
            ("290297", None),
            ("300200", None),
            ("310490", None),
            ("000190", None),
            ("400190", None),
            ("320190", None),
            ("720190", None),
            ("990190", None),
            ("050090", None),
            ("051390", None),
        ] {
            let nik = Nik::parse(&format!("217101{middle}0000")).unwrap();
            assert_eq!(nik.birth_hint(), hint, "{middle}");
        }
    }

    #[test]
    fn warnings_say_what_does_not_fit_and_nothing_else() {
        let regions = Catalogue::builtin().regions;
        let birth = date(1990, 1, 5);
        let former = |now: &str| NikWarning::FormerRegion { now: now.to_owned() };
        for (nik, warnings) in [
            ("2171014501900000", vec![]),
            ("2171010501900000", vec![NikWarning::SexDiffers]),
            ("2171014601900000", vec![NikWarning::BirthDateDiffers]),
            ("2171014501910000", vec![NikWarning::BirthDateDiffers]),
            ("2171010601900000", vec![NikWarning::BirthDateDiffers, NikWarning::SexDiffers]),
            ("2171013202900000", vec![NikWarning::ImpossibleDate]),
            ("9999014501900000", vec![NikWarning::UnknownRegion]),
            ("9999013202900000", vec![NikWarning::UnknownRegion, NikWarning::ImpossibleDate]),
            ("6473014501900000", vec![former("Kota Tarakan")]),
            ("9101014501900000", vec![former("Kabupaten Merauke")]),
            ("5471014501900000", vec![former("Timor Timur")]),
            ("1499014501900000", vec![former("Kepulauan Riau")]),
        ] {
            assert_eq!(Nik::parse(nik).unwrap().warnings(Some(birth), Some(Sex::Female), &regions), warnings, "{nik}");
        }
        assert_eq!(Nik::parse("2171010601900000").unwrap().warnings(None, None, &regions), vec![]);
    }

    #[test]
    fn a_nik_never_shows_more_than_its_last_four_digits() {
        let nik = Nik::parse("2171014501901234").unwrap();
        assert_eq!(nik.masked(), "************1234");
        assert_eq!(nik.to_string(), "************1234");
        assert_eq!(format!("{nik:?}"), "Nik(************1234)");
        assert_eq!(nik.region(), "2171");
    }

    #[test]
    fn a_nik_is_serialized_as_its_digits() {
        let nik = Nik::parse("2171014501900000").unwrap();
        let json = serde_json::to_string(&nik).unwrap();
        assert_eq!(json, "\"2171014501900000\"");
        assert_eq!(serde_json::from_str::<Nik>(&json).unwrap(), nik);
        assert!(serde_json::from_str::<Nik>("\"217101450190000\"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = Nik::parse(&text);
        }

        #[test]
        fn sixteen_digits_are_always_a_nik(digits in "[0-9]{16}") {
            let nik = Nik::parse(&digits).unwrap();
            prop_assert_eq!(nik.as_str(), &digits);
            let _ = nik.birth_hint();
        }

        #[test]
        fn a_synthetic_nik_says_what_it_was_made_of(days in 0..36_000_i32, female in any::<bool>(), district in 1..100_u8) {
            let birth = date(1925, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let sex = if female { Sex::Female } else { Sex::Male };
            let nik = Nik::synthetic("2171", &format!("{district:02}"), birth, sex);
            let hint = nik.birth_hint().unwrap();
            prop_assert!(hint.fits(birth));
            prop_assert_eq!(hint.sex, sex);
            prop_assert!(nik.as_str().ends_with("0000"));
        }
    }
}
