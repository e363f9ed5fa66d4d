//! The closures file: slots taken back after the rules were published and before the freeze, each with its time and reason.

use std::collections::HashSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::encoding::Hash32;
use super::rules::whole_second;
use super::text::{FileError, Lines, WordsError, check_words, instant_text, must_be_written_as};
use crate::slot::SlotKey;

/// One closed slot. It gives no place in the draw, whatever the rules promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// The slot.
    pub slot: SlotKey,
    /// When it was closed; whole seconds.
    pub at: Timestamp,
    /// Why, in plain words of one line.
    pub reason: String,
}

/// All closures of a release before its freeze, by time and then by slot. Without any, the file is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closures(Vec<Closure>);

/// Why closures are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClosuresError {
    /// A slot that is closed twice.
    #[error("the slot {slot} is closed twice")]
    SlotTwice {
        /// The slot.
        slot: SlotKey,
    },
    /// A reason that cannot stand in a line.
    #[error("the reason for closing {slot}: {why}")]
    Reason {
        /// The slot.
        slot: SlotKey,
        /// What is wrong with it.
        why: WordsError,
    },
}

impl Closures {
    /// The first line of a closures file that has any.
    pub const FORMAT: &str = "antrean/closures/v1";

    /// Collects closures, which may come in any order; instants lose their fractions of a second.
    pub fn new(closures: impl IntoIterator<Item = Closure>) -> Result<Self, ClosuresError> {
        let mut closures: Vec<_> =
            closures.into_iter().map(|closure| Closure { at: whole_second(closure.at), ..closure }).collect();
        closures.sort_unstable_by(|one, other| (one.at, &one.slot).cmp(&(other.at, &other.slot)));
        let mut seen = HashSet::with_capacity(closures.len());
        for Closure { slot, reason, .. } in &closures {
            check_words(reason).map_err(|why| ClosuresError::Reason { slot: *slot, why })?;
            if !seen.insert(slot) {
                return Err(ClosuresError::SlotTwice { slot: *slot });
            }
        }
        Ok(Self(closures))
    }

    /// The closures, by time and then by slot.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Closure> {
        self.0.iter()
    }

    /// How many slots are closed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no slot is closed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 of the file, which the freeze file names.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(self.to_text().as_bytes())
    }

    /// Reads a closures file; refuses what [`Closures::to_text`] would not write.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut lines = Lines::open(Self::FORMAT, &["closed"], bytes)?;
        let mut line = lines.expect("closed")?;
        let mut closures = Vec::new();
        loop {
            let (slot, rest) = line.two_parts()?;
            let (at, reason) = rest.split_once(' ').ok_or_else(|| line.refuse(&"a part is missing"))?;
            check_words(reason).map_err(|why| line.refuse(&why))?;
            closures.push(Closure { slot: line.read_part(slot)?, at: line.read_part(at)?, reason: reason.to_owned() });
            let Some(next) = lines.next()? else { break };
            line = next;
        }
        let closures = Self::new(closures).map_err(|why| line.refuse(&why))?;
        must_be_written_as(Self::FORMAT, bytes, &closures.to_text())?;
        Ok(closures)
    }

    /// The closures file; empty without closures.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if !self.0.is_empty() {
            text.push_str(Self::FORMAT);
            text.push('\n');
        }
        for Closure { slot, at, reason } in &self.0 {
            writeln!(text, "closed {slot} {} {reason}", instant_text(*at)).expect("a String takes all");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "antrean/closures/v1\n\
        closed BTM/2027-01-13/08:00 2027-01-08T02:00:00Z banjir di lantai dasar\n\
        closed BTM-HB/2027-01-12/08:00 2027-01-09T02:00:00Z listrik\n\
        closed BTM/2027-01-12/08:00 2027-01-09T02:00:00Z listrik\n";

    #[test]
    fn no_closures_are_an_empty_file() {
        let none = Closures::parse(b"").expect("an empty file");
        assert!(none.is_empty());
        assert_eq!(none.hash().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(Closures::parse(b"antrean/closures/v1\n").is_err(), "a second spelling of nothing");
    }

    #[test]
    fn a_closures_file_is_read_back_as_written() {
        let closures = Closures::parse(FILE.as_bytes()).expect("closures");
        assert_eq!(closures.to_text(), FILE);
        let mut shuffled: Vec<_> = closures.iter().cloned().collect();
        shuffled.reverse();
        assert_eq!(Closures::new(shuffled), Ok(closures));
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for (from, to) in [
            ("v1", "v2"),
            ("closed", "open"),
            ("listrik\n", "listrik \n"),
            ("listrik\n", "\n"),
            (" listrik\n", "\n"),
            ("listrik\n", "listrik\r\n"),
            ("02:00:00Z", "02:00:00.0Z"),
            ("2027-01-08T", "2027-01-10T"),
            ("BTM-HB", "BTM"),
            ("BTM-HB", "CTM"),
        ] {
            assert!(FILE.contains(from));
            assert!(Closures::parse(FILE.replacen(from, to, 1).as_bytes()).is_err(), "{from} -> {to}");
        }
    }
}
