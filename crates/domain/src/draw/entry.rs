//! An entry as it is frozen: its id, its choices, and the leaf that holds them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::encoding::{Feed as _, Hash32, hex_value, is_written_as};
use super::merkle;
use super::person::{Commitment, Tag};
use crate::office::OfficeCode;
use crate::release::ReleaseId;
use crate::slot::{SlotKey, WindowStart};

/// Most people in one entry.
pub const PEOPLE_MAX: usize = 5;

/// Most choices in one entry; short lists would bring tactics back.
pub const CHOICES_MAX: usize = 20;

const LEAF_WORD: &[u8] = b"antrean/entry/v1\n";

hex_value!(
    /// The id of an entry in one release: 16 bytes that follow from its first applicant, so that entering again gives the same id.
    EntryId,
    16
);

impl EntryId {
    /// The id of the entry whose first applicant has this tag.
    pub fn of(first: &Tag) -> Self {
        let hash = Hash32::finish(Sha256::new().raw(b"antrean/entry-id/v1\n").raw(&first.0));
        let (id, _) = hash.0.split_first_chunk().expect("32 bytes begin with 16");
        Self(*id)
    }
}

/// Which arrival windows of a day a choice takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowChoice {
    /// The window that starts then, written `08:00`.
    Start(WindowStart),
    /// Every window that starts before 12:00, written `am`.
    Morning,
    /// Every window that starts at 12:00 or later, written `pm`.
    Afternoon,
    /// Every window, written `*`.
    Any,
}

impl WindowChoice {
    /// Whether a window that starts at `starts` is taken.
    pub fn takes(self, starts: WindowStart) -> bool {
        match self {
            Self::Start(wanted) => wanted == starts,
            Self::Morning => starts.is_morning(),
            Self::Afternoon => !starts.is_morning(),
            Self::Any => true,
        }
    }
}

impl fmt::Display for WindowChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(starts) => starts.fmt(f),
            Self::Morning => f.write_str("am"),
            Self::Afternoon => f.write_str("pm"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// One choice of an entry, written `BTM/2027-01-12/08:00`, `BTM/*/am`, `BTM/*/*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Choice {
    /// The office.
    pub office: OfficeCode,
    /// The date, or any date of the release.
    pub date: Option<Date>,
    /// The windows of the day.
    pub window: WindowChoice,
}

/// A text that is not a choice, or one in another spelling than it has in a leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a choice is OFFICE/DATE/WINDOW, with * for any date, and a start HH:MM, am, pm or * for the window, not `{found}`"
)]
pub struct ChoiceError {
    /// The text as given.
    pub found: String,
}

impl Choice {
    /// Reads `OFFICE/DATE/WINDOW`; there is one way to write a choice, since it is hashed into the draw.
    pub fn parse(text: &str) -> Result<Self, ChoiceError> {
        Self::read(text)
            .filter(|choice| is_written_as(choice, text))
            .ok_or_else(|| ChoiceError { found: text.chars().take(60).collect() })
    }

    fn read(text: &str) -> Option<Self> {
        let (office, rest) = text.split_once('/')?;
        let (date, window) = rest.split_once('/')?;
        Some(Self {
            office: office.parse().ok()?,
            date: if date == "*" { None } else { Some(date.parse().ok()?) },
            window: match window {
                "am" => WindowChoice::Morning,
                "pm" => WindowChoice::Afternoon,
                "*" => WindowChoice::Any,
                starts => WindowChoice::Start(starts.parse().ok()?),
            },
        })
    }

    /// Whether the choice takes `slot`.
    pub fn takes(&self, slot: &SlotKey) -> bool {
        self.office == slot.office && self.date.is_none_or(|date| date == slot.date) && self.window.takes(slot.starts)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.office)?;
        match self.date {
            Some(date) => write!(f, "{date}")?,
            None => f.write_str("*")?,
        }
        write!(f, "/{}", self.window)
    }
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Choice {
    type Error = ChoiceError;

    fn try_from(text: String) -> Result<Self, ChoiceError> {
        Self::parse(&text)
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        choice.to_string()
    }
}

/// Why bytes are not a leaf, or an entry cannot become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// The bytes do not begin with the word of a leaf.
    #[error("it does not begin with antrean/entry/v1")]
    OtherFormat,
    /// The bytes end before the leaf does.
    #[error("it ends too early")]
    Short,
    /// Bytes follow the last choice.
    #[error("{bytes} bytes follow the last choice")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The release is not named in ASCII.
    #[error("its release is not in ASCII")]
    Release,
    /// Not 1 to [`PEOPLE_MAX`] people.
    #[error("it has {found} people, not 1 to {PEOPLE_MAX}")]
    People {
        /// How many people.
        found: usize,
    },
    /// Not 1 to [`CHOICES_MAX`] choices.
    #[error("it has {found} choices, not 1 to {CHOICES_MAX}")]
    Choices {
        /// How many choices.
        found: usize,
    },
    /// A choice that is not one.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
}

/// One person of an entry, as the leaf shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafPerson {
    /// The person's tag in this release.
    pub tag: Tag,
    /// The commitment to the person.
    pub commitment: Commitment,
}

/// The bytes of one entry: 172 for one person with one choice. Their hash is what the root is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf(Vec<u8>);

impl Leaf {
    /// Builds the leaf of an entry; its id follows from the first person.
    pub fn build(
        release: &ReleaseId,
        rules: &Hash32,
        people: &[LeafPerson],
        choices: &[Choice],
    ) -> Result<Self, LeafError> {
        let first =
            people.first().filter(|_| people.len() <= PEOPLE_MAX).ok_or(LeafError::People { found: people.len() })?;
        if !(1..=CHOICES_MAX).contains(&choices.len()) {
            return Err(LeafError::Choices { found: choices.len() });
        }
        let mut bytes = Vec::with_capacity(88 + 64 * people.len() + 25 * choices.len())
            .raw(LEAF_WORD)
            .lp(release.as_str().as_bytes())
            .raw(&rules.0)
            .raw(&EntryId::of(&first.tag).0)
            .u8(people.len() as u8);
        for person in people {
            bytes = bytes.raw(&person.tag.0).raw(&person.commitment.0);
        }
        bytes = bytes.u8(choices.len() as u8);
        for choice in choices {
            bytes = bytes.lp(choice.to_string().as_bytes());
        }
        Ok(Self(bytes))
    }

    /// Reads a leaf without copying it. Strict: what is accepted is byte by byte what [`Leaf::build`] would give, except that
    /// the id may not be the first person's; see [`LeafView::has_own_id`].
    pub fn parse(bytes: &[u8]) -> Result<LeafView<'_>, LeafError> {
        let mut rest = Rest(bytes.strip_prefix(LEAF_WORD).ok_or(LeafError::OtherFormat)?);
        let release =
            std::str::from_utf8(rest.lp()?).ok().filter(|release| release.is_ascii()).ok_or(LeafError::Release)?;
        let rules = Hash32(*rest.array()?);
        let entry_id = EntryId(*rest.array()?);
        let count = usize::from(rest.array::<1>()?[0]);
        if !(1..=PEOPLE_MAX).contains(&count) {
            return Err(LeafError::People { found: count });
        }
        let people = rest.bytes(count * 64)?;
        let count = rest.array::<1>()?[0];
        if !(1..=CHOICES_MAX).contains(&usize::from(count)) {
            return Err(LeafError::Choices { found: usize::from(count) });
        }
        let choices = rest.0;
        for _ in 0..count {
            let text = std::str::from_utf8(rest.lp()?)
                .map_err(|_| ChoiceError { found: "bytes that are not UTF-8".to_owned() })?;
            Choice::parse(text)?;
        }
        if !rest.0.is_empty() {
            return Err(LeafError::Trailing { bytes: rest.0.len() });
        }
        let (people, _) = people.as_chunks();
        Ok(LeafView { release, rules, entry_id, people, choice_count: count, choices, hash: merkle::leaf_hash(bytes) })
    }

    /// The bytes, as they stand in `leaves.bin` after their length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The leaf's hash in the tree.
    pub fn hash(&self) -> Hash32 {
        merkle::leaf_hash(&self.0)
    }
}

/// A leaf as it was read, borrowing its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafView<'a> {
    /// The release that the entry is in.
    pub release: &'a str,
    /// The hash of the rules that the entry was made under.
    pub rules: Hash32,
    /// The entry's id.
    pub entry_id: EntryId,
    /// The leaf's hash in the tree.
    pub hash: Hash32,
    people: &'a [[u8; 64]],
    choice_count: u8,
    choices: &'a [u8],
}

impl<'a> LeafView<'a> {
    /// How many people are in the entry, 1 to [`PEOPLE_MAX`].
    pub fn size(&self) -> u8 {
        self.people.len() as u8
    }

    /// The people, first applicant first.
    pub fn people(&self) -> impl ExactSizeIterator<Item = LeafPerson> + use<'a> {
        self.people.iter().map(|person| {
            let (tag, commitment) = person.split_at(32);
            let half = |bytes: &[u8]| bytes.try_into().expect("half of 64 bytes");
            LeafPerson { tag: Tag(half(tag)), commitment: Commitment(half(commitment)) }
        })
    }

    /// The choices in the entry's order, as written.
    pub fn choice_texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = Rest(self.choices);
        (0..self.choice_count).map(move |_| {
            let text = rest.lp().expect("the choices were read before");
            std::str::from_utf8(text).expect("the choices were read before")
        })
    }

    /// The choices in the entry's order.
    pub fn choices(&self) -> impl Iterator<Item = Choice> + use<'a> {
        self.choice_texts().map(|text| Choice::parse(text).expect("the choices were read before"))
    }

    /// Whether the id is the one that follows from the first person.
    pub fn has_own_id(&self) -> bool {
        self.people().next().is_some_and(|first| EntryId::of(&first.tag) == self.entry_id)
    }
}

/// The bytes of a leaf that are not read yet.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], LeafError> {
        let (read, rest) = self.0.split_at_checked(count).ok_or(LeafError::Short)?;
        self.0 = rest;
        Ok(read)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], LeafError> {
        let (read, rest) = self.0.split_first_chunk().ok_or(LeafError::Short)?;
        self.0 = rest;
        Ok(read)
    }

    fn lp(&mut self) -> Result<&'a [u8], LeafError> {
        let length = u32::from_be_bytes(*self.array()?);
        self.bytes(length as usize)
    }
}

/// Cuts the next `lp(leaf)` off the bytes of a `leaves.bin`: the leaf's bytes and what follows; `None` when they end too early.
pub(crate) fn next_leaf(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = Rest(bytes);
    let leaf = rest.lp().ok()?;
    Some((leaf, rest.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(seed: u8) -> LeafPerson {
        LeafPerson { tag: Tag([seed; 32]), commitment: Commitment([seed ^ 255; 32]) }
    }

    fn leaf() -> Leaf {
        let choices = ["BTM/*/am", "BTM-HB/2027-01-12/08:00"].map(|text| Choice::parse(text).unwrap());
        Leaf::build(&"2027-W02".parse().unwrap(), &Hash32::of(b""), &[person(1), person(2)], &choices).unwrap()
    }

    #[test]
    fn a_choice_has_one_spelling() {
        for text in ["BTM/*/*", "BTM/2027-01-12/08:00", "BTM-HB/*/am", "BTM/2027-01-12/pm"] {
            assert_eq!(Choice::parse(text).expect("a choice").to_string(), text);
        }
        for text in [
            "",
            "BTM",
            "BTM/*",
            "BTM/*/",
            "btm/*/*",
            "BTM/**/*",
            "BTM/2027-1-12/*",
            "BTM/2027-01-32/*",
            "BTM/*/8:00",
            "BTM/*/24:00",
            "BTM/*/AM",
            " BTM/*/*",
            "BTM/*/* ",
            "BTM/*/*/*",
            "BTM/20270112/*",
            "BTM/*/08:00:00",
            "BTM/+002027-01-12/*",
            "BTM/2027-01-12T00:00/*",
        ] {
            assert!(Choice::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn noon_is_in_the_afternoon() {
        let starts = |text: &str| text.parse::<WindowStart>().unwrap();
        assert!(WindowChoice::Morning.takes(starts("11:59")) && !WindowChoice::Morning.takes(starts("12:00")));
        assert!(WindowChoice::Afternoon.takes(starts("12:00")) && !WindowChoice::Afternoon.takes(starts("11:59")));
    }

    #[test]
    fn a_leaf_is_read_back_as_it_was_built() {
        let leaf = leaf();
        let view = Leaf::parse(leaf.as_bytes()).expect("a leaf");
        assert_eq!((view.release, view.size(), view.hash), ("2027-W02", 2, leaf.hash()));
        assert_eq!(view.people().collect::<Vec<_>>(), [person(1), person(2)]);
        assert_eq!(view.choice_texts().collect::<Vec<_>>(), ["BTM/*/am", "BTM-HB/2027-01-12/08:00"]);
        assert!(view.has_own_id());
    }

    #[test]
    fn a_leaf_cut_or_lengthened_anywhere_is_refused() {
        let whole = leaf().into_bytes();
        for end in 0..whole.len() {
            assert!(Leaf::parse(&whole[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(Leaf::parse(&[&whole[..], b"\0"].concat()), Err(LeafError::Trailing { bytes: 1 }));
    }

    #[test]
    fn a_leaf_has_limits() {
        let (release, rules) = ("2027-W02".parse().unwrap(), Hash32::of(b""));
        let choice = Choice::parse("BTM/*/*").unwrap();
        let build = |people: usize, choices: usize| {
            Leaf::build(&release, &rules, &vec![person(1); people], &vec![choice; choices])
        };
        assert!(build(5, 20).is_ok());
        assert_eq!(build(0, 1), Err(LeafError::People { found: 0 }));
        assert_eq!(build(6, 1), Err(LeafError::People { found: 6 }));
        assert_eq!(build(1, 0), Err(LeafError::Choices { found: 0 }));
        assert_eq!(build(1, 21), Err(LeafError::Choices { found: 21 }));
        let mut bytes = build(1, 1).unwrap().into_bytes();
        let k = LEAF_WORD.len() + 4 + 8 + 32 + 16;
        assert_eq!(bytes[k], 1);
        for refused in [0, 6, 255] {
            bytes[k] = refused;
            assert_eq!(Leaf::parse(&bytes), Err(LeafError::People { found: usize::from(refused) }));
        }
        bytes[k] = 1;
        for refused in [0, 21, 255] {
            bytes[k + 65] = refused;
            assert_eq!(Leaf::parse(&bytes), Err(LeafError::Choices { found: usize::from(refused) }));
        }
    }
}
