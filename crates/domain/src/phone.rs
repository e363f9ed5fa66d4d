//! An Indonesian mobile number, the only kind an account may have: one-time codes to other countries and to fixed lines are not sent.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Fewest digits after +62 of a mobile number in use.
pub const NATIONAL_DIGITS_MIN: usize = 9;
/// Most digits after +62 of a mobile number in use.
pub const NATIONAL_DIGITS_MAX: usize = 12;
/// Numbers that differ only in the last four digits make one block of ten thousand, as carriers hand them out.
const BLOCK_DIGITS: usize = 4;
/// Longer texts are not looked at: no way of writing a number needs more.
const TEXT_MAX: usize = 40;

/// A mobile number in E.164, such as `+6281200001234`. `Display` and `Debug` hide the middle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is no number that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing was typed.
    #[error("the phone number is empty")]
    Empty,
    /// Something other than digits, spaces, dashes, dots, brackets and a leading plus was typed.
    #[error("a phone number has digits only")]
    NotANumber,
    /// The number belongs to another country.
    #[error("only Indonesian numbers (+62) can be used")]
    NotIndonesian,
    /// An Indonesian number that does not begin with 8: a fixed line or a service number.
    #[error("only mobile numbers (08...) can be used")]
    NotMobile,
    /// A mobile prefix with too few or too many digits.
    #[error(
        "an Indonesian mobile number has {NATIONAL_DIGITS_MIN} to {NATIONAL_DIGITS_MAX} digits after +62, not {found}"
    )]
    Length {
        /// How many digits there are after +62.
        found: usize,
    },
}

impl Phone {
    /// Reads a number as people write it: `0812...`, `62812...`, `+62 812...`, `+62 (0)812...`, `812...`; spaces, dashes, dots and
    /// brackets do not matter.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PhoneError::Empty);
        }
        if text.chars().count() > TEXT_MAX {
            return Err(PhoneError::NotANumber);
        }
        let (plus, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let mut digits = String::with_capacity(rest.len());
        for sign in rest.chars() {
            match sign {
                '0'..='9' => digits.push(sign),
                '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2013}' => {}
                space if space.is_whitespace() => {}
                _ => return Err(PhoneError::NotANumber),
            }
        }
        if digits.is_empty() {
            return Err(PhoneError::NotANumber);
        }
        let national = if plus {
            without_trunk_zero(digits.strip_prefix("62").ok_or(PhoneError::NotIndonesian)?)
        } else if let Some(international) = digits.strip_prefix("00") {
            without_trunk_zero(international.strip_prefix("62").ok_or(PhoneError::NotIndonesian)?)
        } else if let Some(national) = digits.strip_prefix('0') {
            national
        } else if let Some(national) = digits.strip_prefix("62") {
            without_trunk_zero(national)
        } else if digits.starts_with('8') {
            // A form that shows +62 in front of the field invites this.
            &digits
        } else {
            return Err(PhoneError::NotIndonesian);
        };
        if !national.starts_with('8') {
            return Err(PhoneError::NotMobile);
        }
        let found = national.len();
        if !(NATIONAL_DIGITS_MIN..=NATIONAL_DIGITS_MAX).contains(&found) {
            return Err(PhoneError::Length { found });
        }
        Ok(Self(format!("+62{national}")))
    }

    /// The number in E.164. Personal data: not for logs or pages.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The form that may be shown: `+62 812-****-1234`.
    pub fn masked(&self) -> String {
        format!("+62 {}-****-{}", &self.0[3..6], &self.0[self.0.len() - BLOCK_DIGITS..])
    }

    /// The block of ten thousand numbers that this one lies in, such as `+628120000`: for limits and alarms, which must not know
    /// the person.
    pub fn carrier_block(&self) -> &str {
        &self.0[..self.0.len() - BLOCK_DIGITS]
    }
}

/// People write `+62 (0)812...` and `+62 0812...`: the zero is not dialled after the country code.
fn without_trunk_zero(national: &str) -> &str {
    national.strip_prefix('0').unwrap_or(national)
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        Self::parse(text)
    }
}

/// The whole number: what is serialized must be sealed before it rests anywhere.
impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mobile_number_is_read_however_it_is_written() {
        for (written, e164) in [
            ("081200001234", "+6281200001234"),
            ("0812-0000-1234", "+6281200001234"),
            ("0812 0000 1234", "+6281200001234"),
            ("0812.0000.1234", "+6281200001234"),
            ("(0812) 0000-1234", "+6281200001234"),
            ("6281200001234", "+6281200001234"),
            ("62 812 0000 1234", "+6281200001234"),
            ("+6281200001234", "+6281200001234"),
            ("+62 812-0000-1234", "+6281200001234"),
            ("+62 (0)812-0000-1234", "+6281200001234"),
            ("+62081200001234", "+6281200001234"),
            ("62081200001234", "+6281200001234"),
            ("006281200001234", "+6281200001234"),
            ("81200001234", "+6281200001234"),
            (" 0812\u{2013}0000\u{2013}1234\u{a0}", "+6281200001234"),
            ("0811000012", "+62811000012"),
            ("0895000000123", "+62895000000123"),
        ] {
            assert_eq!(Phone::parse(written).map(|phone| phone.e164().to_owned()), Ok(e164.to_owned()), "{written:?}");
        }
    }

    #[test]
    fn what_is_no_indonesian_mobile_number_is_refused_with_the_reason() {
        for (written, error) in [
            ("", PhoneError::Empty),
            ("   ", PhoneError::Empty),
            ("+", PhoneError::NotANumber),
            ("--", PhoneError::NotANumber),
            ("nomor saya", PhoneError::NotANumber),
            ("0812-0000-12x4", PhoneError::NotANumber),
            ("0812+00001234", PhoneError::NotANumber),
            ("++6281200001234", PhoneError::NotANumber),
            ("０８１２００００１２３４", PhoneError::NotANumber),
            ("+6591234567", PhoneError::NotIndonesian),
            ("+1 202 555 0100", PhoneError::NotIndonesian),
            ("006591234567", PhoneError::NotIndonesian),
            ("91234567", PhoneError::NotIndonesian),
            ("0778-000000", PhoneError::NotMobile),
            ("021 5550000", PhoneError::NotMobile),
            ("+62 21 5550000", PhoneError::NotMobile),
            ("0", PhoneError::NotMobile),
            ("62", PhoneError::NotMobile),
            ("081200001", PhoneError::Length { found: 8 }),
            ("08120000123456", PhoneError::Length { found: 13 }),
        ] {
            assert_eq!(Phone::parse(written), Err(error), "{written:?}");
        }
        assert_eq!(Phone::parse(&"0812".repeat(50)), Err(PhoneError::NotANumber));
    }

    #[test]
    fn a_number_is_shown_without_its_middle_and_counted_by_its_block() {
        let phone = Phone::parse("0812-0000-7890").unwrap();
        assert_eq!(phone.masked(), "+62 812-****-7890");
        assert_eq!(phone.to_string(), "+62 812-****-7890");
        assert_eq!(format!("{phone:?}"), "Phone(+62 812-****-7890)");
        assert_eq!(phone.carrier_block(), "+628120000");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = Phone::parse(&text);
        }

        #[test]
        fn texts_of_the_right_signs_never_panic(text in "[+0-9 ().\\-]{0,45}") {
            if let Ok(phone) = Phone::parse(&text) {
                let _ = (phone.masked(), phone.carrier_block().len());
            }
        }

        #[test]
        fn every_way_of_writing_gives_one_number(national in "8[0-9]{8,11}") {
            let expected = format!("+62{national}");
            for written in [expected.clone(), format!("0{national}"), format!("62{national}"), national.clone()] {
                let phone = Phone::parse(&written).unwrap();
                prop_assert_eq!(phone.e164(), &expected);
                prop_assert_eq!(serde_json::from_str::<Phone>(&serde_json::to_string(&phone).unwrap()).unwrap(), phone);
            }
        }
    }
}
