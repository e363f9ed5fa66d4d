//! The short code a party is known by on its day, such as `BK-QFJ8BD`.
//!
//! The six letters are a keyed permutation of the party's number: unique without an index, and no
//! code tells how many were given out before it or what the next one will be.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

/// The letters of a code. No `I`, `O`, `0` or `1`: they are misread on paper and misheard on the telephone.
pub const QUEUE_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Letters after the prefix. Six of 32 letters hold 30 bits, a billion parties.
const LETTERS: usize = 6;

/// Party numbers are told apart up to this many; after a billion parties the codes begin again.
pub const QUEUE_CODES: u64 = 1 << 30;

/// Bits in each half of the permutation's block.
const HALF_BITS: u32 = 15;
const HALF_MASK: u32 = (1 << HALF_BITS) - 1;

/// Four rounds make a permutation indistinguishable from a random one (Luby and Rackoff 1988);
/// eight keep a margin for halves as short as these.
const ROUNDS: u8 = 8;

/// The two letters that name an office at the head of a queue code; a unit has its parent's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QueuePrefix([u8; 2]);

/// Why a text is not a queue prefix: it must be exactly two characters of `A-Z` and `0-9`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a queue prefix is two characters of A-Z and 0-9, not {found:?}")]
pub struct QueuePrefixError {
    /// The text as given.
    pub found: String,
}

impl QueuePrefix {
    /// Parses two characters of `A-Z0-9`; lower case is taken as upper case.
    pub fn parse(text: &str) -> Result<Self, QueuePrefixError> {
        match *text.trim().to_ascii_uppercase().as_bytes() {
            [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => Ok(Self([a, b])),
            _ => Err(QueuePrefixError { found: text.to_owned() }),
        }
    }

    /// The two characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a queue prefix is ASCII")
    }
}

impl FromStr for QueuePrefix {
    type Err = QueuePrefixError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for QueuePrefix {
    type Error = QueuePrefixError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<QueuePrefix> for String {
    fn from(prefix: QueuePrefix) -> Self {
        prefix.as_str().to_owned()
    }
}

impl fmt::Display for QueuePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for QueuePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueuePrefix({})", self.as_str())
    }
}

/// The secret behind the permutation, with its first hash step done once. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct QueueKey(Hmac<Sha256>);

impl QueueKey {
    /// A key from 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// One round's 15 bits out of one half.
    fn round(&self, round: u8, half: u32) -> u32 {
        let mut mac = self.0.clone();
        mac.update(b"antrean/queue-code/v1\n");
        mac.update(&[round]);
        mac.update(&half.to_be_bytes());
        let out = mac.finalize().into_bytes();
        u32::from_be_bytes([out[0], out[1], out[2], out[3]]) & HALF_MASK
    }

    fn permute(&self, block: u32) -> u32 {
        let (mut left, mut right) = (block >> HALF_BITS, block & HALF_MASK);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.round(round, right));
        }
        left << HALF_BITS | right
    }

    fn unpermute(&self, block: u32) -> u32 {
        let (mut left, mut right) = (block >> HALF_BITS, block & HALF_MASK);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.round(round, left), left);
        }
        left << HALF_BITS | right
    }
}

impl fmt::Debug for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueKey(secret)")
    }
}

/// A party's code: the office's prefix, a dash and six letters, `BK-QFJ8BD`.
///
/// The six letters alone are unique for [`QUEUE_CODES`] parties over all offices; the prefix is for people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QueueCode {
    prefix: QueuePrefix,
    letters: [u8; LETTERS],
}

/// Why a text is not a queue code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueueCodeError {
    /// Not eight letters and digits: two of the office and six of the party.
    #[error("a queue code has 8 letters and digits, this has {found}")]
    Length {
        /// Letters and digits found.
        found: usize,
    },
    /// A character that no code contains, such as `I`, `O`, `0` or `1` among the last six.
    #[error("no queue code contains {letter:?} there")]
    Letter {
        /// The character as given.
        letter: char,
    },
}

impl QueueCode {
    /// The code of the party with this number. Numbers that differ by a multiple of [`QUEUE_CODES`] share their letters.
    pub fn of(prefix: QueuePrefix, number: u64, key: &QueueKey) -> Self {
        let mut bits = key.permute((number % QUEUE_CODES) as u32);
        let mut letters = [0; LETTERS];
        for letter in letters.iter_mut().rev() {
            *letter = QUEUE_ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        Self { prefix, letters }
    }

    /// The party's number modulo [`QUEUE_CODES`]. Every code has one; whether a party bears it is for the store to say.
    pub fn number(&self, key: &QueueKey) -> u64 {
        let bits =
            self.letters.iter().fold(0_u32, |bits, letter| bits << 5 | value_of(*letter).expect("parsed letters"));
        u64::from(key.unpermute(bits))
    }

    /// Reads a code as people write it: any case, with or without the dash, spaces and other dashes between.
    pub fn parse(text: &str) -> Result<Self, QueueCodeError> {
        let mut found = 0;
        let mut bytes = [0_u8; 2 + LETTERS];
        for letter in text.chars() {
            if letter.is_whitespace() || matches!(letter, '-' | '_' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
            {
                continue;
            }
            let upper = letter.to_ascii_uppercase();
            if !upper.is_ascii_alphanumeric() {
                return Err(QueueCodeError::Letter { letter });
            }
            if let Some(place) = bytes.get_mut(found) {
                if found >= 2 && value_of(upper as u8).is_none() {
                    return Err(QueueCodeError::Letter { letter });
                }
                *place = upper as u8;
            }
            found += 1;
        }
        if found != bytes.len() {
            return Err(QueueCodeError::Length { found });
        }
        let [a, b, letters @ ..] = bytes;
        Ok(Self { prefix: QueuePrefix([a, b]), letters })
    }

    /// The office's two characters.
    pub fn prefix(&self) -> QueuePrefix {
        self.prefix
    }

    /// The party's six letters, without prefix and dash.
    pub fn letters(&self) -> &str {
        std::str::from_utf8(&self.letters).expect("the alphabet is ASCII")
    }
}

fn value_of(letter: u8) -> Option<u32> {
    QUEUE_ALPHABET.iter().position(|known| *known == letter).map(|place| place as u32)
}

impl FromStr for QueueCode {
    type Err = QueueCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for QueueCode {
    type Error = QueueCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<QueueCode> for String {
    fn from(code: QueueCode) -> Self {
        code.to_string()
    }
}

impl fmt::Display for QueueCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.prefix, self.letters())
    }
}

impl fmt::Debug for QueueCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueueCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn key() -> QueueKey {
        QueueKey::new(&[7; 32])
    }

    fn prefix() -> QueuePrefix {
        QueuePrefix::parse("BK").unwrap()
    }

    #[test]
    fn the_first_hundred_thousand_parties_have_different_codes() {
        let codes: HashSet<QueueCode> = (0..100_000).map(|number| QueueCode::of(prefix(), number, &key())).collect();
        assert_eq!(codes.len(), 100_000);
    }

    #[test]
    fn neighbouring_numbers_do_not_look_alike() {
        let first = QueueCode::of(prefix(), 1, &key());
        let second = QueueCode::of(prefix(), 2, &key());
        let same = first.letters().bytes().zip(second.letters().bytes()).filter(|(a, b)| a == b).count();
        assert!(same < 4, "{first} {second}");
    }

    #[test]
    fn another_key_gives_another_code() {
        assert_ne!(QueueCode::of(prefix(), 5, &key()), QueueCode::of(prefix(), 5, &QueueKey::new(&[8; 32])));
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = QueueCode::parse("BK-QFJ8BD").unwrap();
        for text in ["bk-qfj8bd", "BKQFJ8BD", " bk qfj 8bd ", "BK\u{2013}QFJ8BD", "Bk.qfJ-8bD\n"] {
            assert_eq!(QueueCode::parse(text), Ok(code), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_code_is_refused_with_its_reason() {
        assert_eq!(QueueCode::parse("BK-QFJ8B"), Err(QueueCodeError::Length { found: 7 }));
        assert_eq!(QueueCode::parse("BK-QFJ8BDD"), Err(QueueCodeError::Length { found: 9 }));
        assert_eq!(QueueCode::parse(""), Err(QueueCodeError::Length { found: 0 }));
        assert_eq!(QueueCode::parse("BK-QFJ8B0"), Err(QueueCodeError::Letter { letter: '0' }));
        assert_eq!(QueueCode::parse("BK-QFJ8Bi"), Err(QueueCodeError::Letter { letter: 'i' }));
        assert_eq!(QueueCode::parse("BK-QFJ8Bé"), Err(QueueCodeError::Letter { letter: 'é' }));
    }

    #[test]
    fn a_prefix_is_two_letters_or_digits() {
        assert_eq!(QueuePrefix::parse("bk").unwrap().as_str(), "BK");
        assert_eq!(QueuePrefix::parse("J2").unwrap().as_str(), "J2");
        for text in ["", "B", "BKK", "B-", "é"] {
            assert!(QueuePrefix::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_is_a_plain_string_in_json() {
        let code: QueueCode = serde_json::from_str("\"BK-QFJ8BD\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"BK-QFJ8BD\"");
    }

    proptest! {
        #[test]
        fn a_code_leads_back_to_its_number(number in 0..QUEUE_CODES, secret in any::<[u8; 32]>()) {
            let key = QueueKey::new(&secret);
            prop_assert_eq!(QueueCode::of(prefix(), number, &key).number(&key), number);
        }

        #[test]
        fn every_code_is_the_code_of_its_number(letters in "[A-HJ-NP-Z2-9]{6}") {
            let code = QueueCode::parse(&format!("BK-{letters}")).unwrap();
            prop_assert_eq!(QueueCode::of(prefix(), code.number(&key()), &key()), code);
        }

        #[test]
        fn two_numbers_never_share_a_code(a in 0..QUEUE_CODES, b in 0..QUEUE_CODES) {
            prop_assert_eq!(a == b, QueueCode::of(prefix(), a, &key()) == QueueCode::of(prefix(), b, &key()));
        }

        #[test]
        fn no_code_contains_a_letter_that_is_misread(number: u64) {
            let code = QueueCode::of(prefix(), number, &key());
            prop_assert!(!code.letters().contains(['I', 'O', '0', '1']));
            prop_assert_eq!(code.to_string().len(), 9);
        }

        #[test]
        fn what_is_printed_is_read_back(number: u64) {
            let code = QueueCode::of(prefix(), number, &key());
            prop_assert_eq!(QueueCode::parse(&code.to_string().to_lowercase().replace('-', " ")), Ok(code));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,20}") {
            let _ = QueueCode::parse(&text);
            let _ = QueuePrefix::parse(&text);
        }
    }
}
