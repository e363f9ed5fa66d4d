//! A person's name: one field, as written on the identity card, because many Indonesians have one name and nobody has to have two.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;

/// Most characters of a name; identity cards print fewer.
pub const NAME_CHARS_MAX: usize = 100;
/// Longer texts are refused before they are normalized: combining marks may shrink a text, but not by this much.
const TEXT_BYTES_MAX: usize = 4_000;

/// A name in Unicode form NFC, without spaces at its ends or doubled inside. `Display` shows it whole, `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FullName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but spaces was typed.
    #[error("the name is empty")]
    Empty,
    /// The name is longer than any identity card prints.
    #[error("a name has at most {max} characters")]
    TooLong {
        /// Most characters allowed.
        max: usize,
    },
    /// No letter in it, or signs that no name has.
    #[error("this is not a name")]
    NotAName,
}

impl FullName {
    /// Reads a name: composes accents, drops invisible signs that come along when copying, joins inner spaces.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(NameError::TooLong { max: NAME_CHARS_MAX });
        }
        let visible: String = text.nfc().filter(|sign| !is_invisible(*sign)).collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(NameError::TooLong { max: NAME_CHARS_MAX });
        }
        if name.chars().any(|sign| sign.is_control() || matches!(sign, '<' | '>'))
            || !name.chars().any(char::is_alphabetic)
        {
            return Err(NameError::NotAName);
        }
        // Dropping an invisible sign may have brought a letter and its accent together.
        Ok(Self(name.nfc().collect()))
    }

    /// The name as it is shown to its owner and to officers.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for logs and public screens: the first word, then initials: `Budi S***`; a single name as `S***`.
    pub fn masked(&self) -> String {
        let first = self.0.split(' ').next().unwrap_or_default();
        if first.len() == self.0.len() {
            return first.chars().next().map_or_else(String::new, |initial| format!("{initial}***"));
        }
        let mut masked = first.to_owned();
        for initial in self.0.split(' ').skip(1).filter_map(|word| word.chars().next()) {
            masked.extend([' ', initial, '*', '*', '*']);
        }
        masked
    }
}

/// Zero-width signs and direction marks: unseen in a form, but they would make two equal names differ and can turn a line around.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FullName({})", self.masked())
    }
}

impl FromStr for FullName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Serialize for FullName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FullName {
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
    fn names_are_kept_as_they_are_but_tidied() {
        for (typed, name) in [
            ("Budi Santoso", "Budi Santoso"),
            ("  Budi \t  Santoso\n", "Budi Santoso"),
            ("Suharto", "Suharto"),
            ("I", "I"),
            ("dr. H. Moh. Ali, S.H.", "dr. H. Moh. Ali, S.H."),
            ("Nur'aini", "Nur'aini"),
            ("Ma\u{2019}ruf Al-Amin", "Ma\u{2019}ruf Al-Amin"),
            ("Andre\u{301}", "André"),
            ("Zoe\u{308} O'Neill", "Zoë O'Neill"),
            ("Siti\u{200b} Aminah\u{feff}", "Siti Aminah"),
            ("\u{202e}Budi\u{202c}", "Budi"),
            ("e\u{200b}\u{301}", "é"),
            ("陳 大文", "陳 大文"),
            ("Agus 2", "Agus 2"),
        ] {
            assert_eq!(FullName::parse(typed).map(|name| name.as_str().to_owned()), Ok(name.to_owned()), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        let max = NAME_CHARS_MAX;
        for (typed, error) in [
            ("", NameError::Empty),
            (" \t\n", NameError::Empty),
            ("\u{200b}\u{feff}", NameError::Empty),
            ("12345", NameError::NotAName),
            ("---", NameError::NotAName),
            ("😀", NameError::NotAName),
            ("Budi\u{0}Santoso", NameError::NotAName),
            ("Budi\u{7}", NameError::NotAName),
            ("<b>Budi</b>", NameError::NotAName),
            ("Budi > Santoso", NameError::NotAName),
        ] {
            assert_eq!(FullName::parse(typed), Err(error), "{typed:?}");
        }
        assert!(FullName::parse(&"é".repeat(max)).is_ok());
        assert_eq!(FullName::parse(&"a".repeat(max + 1)), Err(NameError::TooLong { max }));
        assert_eq!(FullName::parse(&"a".repeat(1_000_000)), Err(NameError::TooLong { max }));
    }

    #[test]
    fn a_masked_name_shows_one_word_and_initials() {
        for (name, masked) in [
            ("Budi Santoso", "Budi S***"),
            ("Muhammad Ali Akbar", "Muhammad A*** A***"),
            ("Suharto", "S***"),
            ("Élise", "É***"),
        ] {
            let name = FullName::parse(name).unwrap();
            assert_eq!(name.masked(), masked);
            assert_eq!(format!("{name:?}"), format!("FullName({masked})"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            if let Ok(name) = FullName::parse(&text) {
                let _ = name.masked();
            }
        }

        #[test]
        fn a_name_shown_is_read_back_the_same(text in "[\\PC ]{1,60}") {
            if let Ok(name) = FullName::parse(&text) {
                prop_assert_eq!(FullName::parse(&name.to_string()), Ok(name));
            }
        }
    }
}
