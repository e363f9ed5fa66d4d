//! The result file: every entry in drawn order with its place, or standby.

use std::fmt;

use super::encoding::Hash32;
use super::entry::{EntryId, PEOPLE_MAX};
use super::seed::Seed;
use super::text::{FileError, Lines, Why, must_be_written_as};
use crate::release::ReleaseId;
use crate::slot::SlotKey;

/// The first lines of a result file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultHead {
    /// The release.
    pub release: ReleaseId,
    /// SHA-256 of the freeze file.
    pub freeze: Hash32,
    /// The seed.
    pub seed: Seed,
}

impl ResultHead {
    /// The lines, each ended by LF, before the first entry.
    pub fn to_text(&self) -> String {
        let Self { release, freeze, seed } = self;
        format!("{}\nrelease {release}\nfreeze {freeze}\nseed {seed}\n", ResultFile::FORMAT)
    }
}

/// One entry's line, written `RANK ENTRY_ID K SLOT` or `RANK ENTRY_ID K standby`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultLine {
    /// The rank in the order, from 1.
    pub rank: u32,
    /// The entry.
    pub entry_id: EntryId,
    /// How many people are in it.
    pub size: u8,
    /// The slot that has them all; none on standby.
    pub slot: Option<SlotKey>,
}

impl ResultLine {
    /// Reads a line without its LF; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let mut part = || parts.next();
        Some(Self {
            rank: part()?.parse().ok()?,
            entry_id: part()?.parse().ok()?,
            size: part()?.parse().ok().filter(|size| (1..=PEOPLE_MAX).contains(&usize::from(*size)))?,
            slot: match part()? {
                "standby" => None,
                slot => Some(slot.parse().ok()?),
            },
        })
    }
}

impl fmt::Display for ResultLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.rank, self.entry_id, self.size)?;
        match &self.slot {
            Some(slot) => slot.fmt(f),
            None => f.write_str("standby"),
        }
    }
}

/// A result file whose head is read, and whose lines are read one by one, since there may be a million.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile<'a> {
    /// The first lines.
    pub head: ResultHead,
    /// All bytes after them.
    pub(crate) body: &'a [u8],
}

impl<'a> ResultFile<'a> {
    /// The first line of a result file.
    pub const FORMAT: &'static str = "antrean/result/v1";

    /// How many lines stand before the first entry's.
    pub(crate) const HEAD_LINES: usize = 4;

    /// Reads the head of a result file. The lines are checked as they are read.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FileError> {
        let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let end = ends.nth(Self::HEAD_LINES - 1).map_or(bytes.len(), |(at, _)| at + 1);
        let (head, body) = bytes.split_at(end);
        let mut lines = Lines::open(Self::FORMAT, &["release", "freeze", "seed"], head)?;
        let parsed = ResultHead {
            release: lines.expect("release")?.read()?,
            freeze: lines.expect("freeze")?.read()?,
            seed: lines.expect("seed")?.read()?,
        };
        lines.end()?;
        must_be_written_as(Self::FORMAT, head, &parsed.to_text())?;
        Ok(Self { head: parsed, body })
    }

    /// The entries' lines, each refused unless it is written as [`ResultLine`] writes it, with ranks from 1 without a gap.
    pub fn lines(&self) -> impl Iterator<Item = Result<ResultLine, FileError>> + use<'a> {
        self.body.split_inclusive(|byte| *byte == b'\n').zip(1..).map(|(bytes, rank)| {
            let error = |why| FileError { format: Self::FORMAT, line: Self::HEAD_LINES + rank as usize, why };
            let found = || String::from_utf8_lossy(bytes).trim_end().chars().take(120).collect();
            let text = bytes.strip_suffix(b"\n").ok_or_else(|| error(Why::NoLineEnd))?;
            std::str::from_utf8(text)
                .ok()
                .and_then(|text| ResultLine::parse(text).filter(|line| super::encoding::is_written_as(line, text)))
                .filter(|line| line.rank == rank)
                .ok_or_else(|| {
                    error(Why::NotCanonical { expected: format!("{rank} ENTRY_ID K SLOT or standby"), found: found() })
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "antrean/result/v1\nrelease 2027-W02\n\
        freeze f89ead705a68e2bc9941a39977a243fa9b61bde0efe6b23b03f3e1f4c3b482ae\n\
        seed 4b4d092f53f6890f5e940127b839ae2544351602ba0b154a82a0f8b12ed7b901\n\
        1 2950b887391f189c3a2f45936963da61 1 BTM/2027-01-13/08:00\n\
        2 837aff2cd4edb9fee96500f483c0c70e 2 standby\n";

    fn read(text: &str) -> Result<Vec<ResultLine>, FileError> {
        ResultFile::parse(text.as_bytes())?.lines().collect()
    }

    #[test]
    fn a_result_file_is_read_back_as_written() {
        let file = ResultFile::parse(FILE.as_bytes()).expect("a head");
        let lines: Vec<_> = file.lines().map(|line| line.expect("a line")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].slot, None);
        assert_eq!(lines.iter().fold(file.head.to_text(), |text, line| format!("{text}{line}\n")), FILE);
    }

    #[test]
    fn a_second_spelling_is_refused_with_its_line() {
        for (from, to, line) in [
            ("v1", "v2", 1),
            ("seed 4b", "seed 4B", 4),
            ("seed ", "root ", 4),
            ("1 2950", "01 2950", 5),
            ("1 2950", "2 2950", 5),
            (" 1 BTM", " 0 BTM", 5),
            (" 1 BTM", " 6 BTM", 5),
            ("08:00\n", "08:00 \n", 5),
            ("standby", "Standby", 6),
            ("standby\n", "standby", 6),
            ("standby\n", "standby\n\n", 7),
        ] {
            assert!(FILE.contains(from));
            assert_eq!(read(&FILE.replacen(from, to, 1)).expect_err("another spelling").line, line, "{from} -> {to}");
        }
    }
}
