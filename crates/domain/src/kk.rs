//! The number of a family card (kartu keluarga, KK): sixteen digits that bind the members of a family to one account.

use crate::nik::{NIK_DIGITS, NikError, sixteen_digits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A family card number: exactly sixteen ASCII digits. `Display` and `Debug` show the last four only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyCard([u8; NIK_DIGITS]);

/// Why a text is no family card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FamilyCardError {
    /// Something other than digits, spaces, dots and dashes was typed.
    #[error("a family card number has digits only")]
    NotDigits,
    /// Digits only, but not sixteen of them.
    #[error("a family card number has 16 digits, not {found}")]
    Length {
        /// How many digits were typed.
        found: usize,
    },
}

impl FamilyCard {
    /// Reads a number as people type it: spaces, dots and dashes are ignored.
    pub fn parse(text: &str) -> Result<Self, FamilyCardError> {
        sixteen_digits(text).map(Self).map_err(|error| match error {
            NikError::NotDigits => FamilyCardError::NotDigits,
            NikError::Length { found } => FamilyCardError::Length { found },
        })
    }

    /// The sixteen digits. Personal data: not for logs, pages or messages.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a family card number holds ASCII digits")
    }

    /// The form that may be shown: stars and the last four digits.
    pub fn masked(&self) -> String {
        format!("************{}", &self.as_str()[12..])
    }
}

impl fmt::Display for FamilyCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for FamilyCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FamilyCard({})", self.masked())
    }
}

impl FromStr for FamilyCard {
    type Err = FamilyCardError;

    fn from_str(text: &str) -> Result<Self, FamilyCardError> {
        Self::parse(text)
    }
}

/// All sixteen digits: what is serialized must be sealed before it rests anywhere.
impl Serialize for FamilyCard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FamilyCard {
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
    fn a_family_card_number_has_sixteen_digits() {
        assert_eq!(FamilyCard::parse("2171 0101-0120.0000").unwrap().as_str(), "2171010101200000");
        assert_eq!(FamilyCard::parse("217101010120000"), Err(FamilyCardError::Length { found: 15 }));
        assert_eq!(FamilyCard::parse("KK2171010101200000"), Err(FamilyCardError::NotDigits));
    }

    #[test]
    fn it_never_shows_more_than_its_last_four_digits() {
        let card = FamilyCard::parse("2171010101201234").unwrap();
        assert_eq!(format!("{card} {card:?}"), "************1234 FamilyCard(************1234)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = FamilyCard::parse(&text);
        }

        #[test]
        fn the_serialized_form_is_read_back(digits in "[0-9]{16}") {
            let card = FamilyCard::parse(&digits).unwrap();
            prop_assert_eq!(serde_json::from_str::<FamilyCard>(&serde_json::to_string(&card).unwrap()).unwrap(), card);
        }
    }
}
