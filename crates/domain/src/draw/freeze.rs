//! The freeze: the list becomes final, its root is published, and only then may the randomness come out.

use std::collections::HashMap;

use jiff::Timestamp;

use super::allocate::{Board, Drawing};
use super::beacon::BeaconId;
use super::encoding::{Feed as _, Hash32};
use super::entry::{Choice, EntryId, Leaf, LeafError, LeafView};
use super::merkle::{self, Tree};
use super::person::Tag;
use super::rules::whole_second;
use super::seed::Seed;
use super::text::{FileError, Lines, instant_text, must_be_written_as};
use crate::release::ReleaseId;

/// Most entries in one draw: a tenth of all NIK holders could be in one.
pub const ENTRIES_MAX: usize = 28_000_000;

/// The freeze file: what is published before the beacon's round, in places that the operator does not control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeFile {
    /// The release.
    pub release: ReleaseId,
    /// SHA-256 of the rules file.
    pub rules: Hash32,
    /// SHA-256 of the closures file.
    pub closures: Hash32,
    /// How many entries are frozen.
    pub size: u64,
    /// The root over their leaves.
    pub root: Hash32,
    /// The source of randomness, as in the rules.
    pub beacon: BeaconId,
    /// The round to wait for: the one in the rules, or later by whole days when the freeze is late.
    pub round: u64,
    /// When the list was made final; written in whole seconds.
    pub frozen_at: Timestamp,
}

impl FreezeFile {
    /// The first line of a freeze file.
    pub const FORMAT: &str = "antrean/freeze/v1";

    /// Reads a freeze file; refuses what [`FreezeFile::to_text`] would not write.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        const WORDS: &[&str] = &["release", "rules", "closures", "size", "root", "beacon", "round", "frozen_at"];
        let mut lines = Lines::open(Self::FORMAT, WORDS, bytes)?;
        let mut file = Self {
            release: lines.expect("release")?.read()?,
            rules: lines.expect("rules")?.read()?,
            closures: lines.expect("closures")?.read()?,
            size: lines.expect("size")?.read()?,
            root: lines.expect("root")?.read()?,
            beacon: lines.expect("beacon")?.read()?,
            round: lines.expect("round")?.read()?,
            frozen_at: lines.expect("frozen_at")?.read()?,
        };
        lines.end()?;
        file.frozen_at = whole_second(file.frozen_at);
        must_be_written_as(Self::FORMAT, bytes, &file.to_text())?;
        Ok(file)
    }

    /// The freeze file.
    pub fn to_text(&self) -> String {
        let Self { release, rules, closures, size, root, beacon, round, frozen_at } = self;
        format!(
            "{}\nrelease {release}\nrules {rules}\nclosures {closures}\nsize {size}\nroot {root}\n\
             beacon {beacon}\nround {round}\nfrozen_at {}\n",
            Self::FORMAT,
            instant_text(*frozen_at)
        )
    }

    /// SHA-256 of the file, which the result names.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(self.to_text().as_bytes())
    }
}

/// Why a list cannot be frozen. A party is named by the caller's own number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// Bytes that are not a leaf.
    #[error("the entry of party {party} is not a leaf: {why}")]
    NotALeaf {
        /// The party.
        party: u64,
        /// What is wrong with the bytes.
        why: LeafError,
    },
    /// A leaf of another release, or made under other rules.
    #[error("the entry of party {party} is of another release or was made under other rules")]
    OtherRules {
        /// The party.
        party: u64,
    },
    /// An id that does not follow from the first person.
    #[error("the id {id} of party {party} does not follow from its first person")]
    OtherId {
        /// The party.
        party: u64,
        /// The id in the leaf.
        id: EntryId,
    },
    /// A person who is in two entries, or twice in one.
    #[error("the person with the tag {tag} is in the entries of the parties {one} and {other}")]
    SameTag {
        /// The person's tag.
        tag: Tag,
        /// A party.
        one: u64,
        /// Another party, or the same again.
        other: u64,
    },
    /// Two entries with one id.
    #[error("the parties {one} and {other} have the same id {id}")]
    SameId {
        /// The id.
        id: EntryId,
        /// A party.
        one: u64,
        /// Another party.
        other: u64,
    },
    /// More than [`ENTRIES_MAX`] entries.
    #[error("more than {ENTRIES_MAX} entries")]
    TooMany,
}

/// What is kept of one entry: 72 bytes, so that a million entries are 72 MB besides their choices.
#[derive(Clone, Copy, Debug)]
struct Record {
    id: EntryId,
    hash: Hash32,
    party: u64,
    leaf_starts: u64,
    choices_start: u32,
    size: u8,
    choice_count: u8,
}

/// Takes the leaves of a release one by one, in any order, and makes them a [`Frozen`] list.
#[derive(Debug)]
pub struct Freezer {
    release: ReleaseId,
    rules: Hash32,
    records: Vec<Record>,
    /// Each person's tag and the index of their entry's record, to find whoever is in twice.
    tags: Vec<(Tag, u32)>,
    /// The choices of all entries, as indexes into `known`; a million entries share a few thousand different ones.
    choices: Vec<u32>,
    known: Vec<Choice>,
    numbers: HashMap<Box<str>, u32>,
    /// The leaves with their lengths, one after the other as they came, if they are kept.
    leaves: Option<Vec<u8>>,
}

impl Freezer {
    /// Begins a list of `release` under the rules with this hash. The leaves themselves are not kept.
    pub fn new(release: ReleaseId, rules: Hash32) -> Self {
        Self {
            release,
            rules,
            records: Vec::new(),
            tags: Vec::new(),
            choices: Vec::new(),
            known: Vec::new(),
            numbers: HashMap::new(),
            leaves: None,
        }
    }

    /// Keeps the leaves too (about 0.2 GB a million), so that [`Frozen::leaves`] can give them in order for `leaves.bin`.
    #[must_use]
    pub fn keeping_leaves(mut self) -> Self {
        self.leaves.get_or_insert_default();
        self
    }

    /// Takes the leaf of one entry and tells its id. `party` is the caller's own number for it and comes back with its placement.
    pub fn add(&mut self, party: u64, leaf: &[u8]) -> Result<EntryId, FreezeError> {
        let view = Leaf::parse(leaf).map_err(|why| FreezeError::NotALeaf { party, why })?;
        if !view.has_own_id() {
            return Err(FreezeError::OtherId { party, id: view.entry_id });
        }
        if view.release != self.release.as_str() || view.rules != self.rules {
            return Err(FreezeError::OtherRules { party });
        }
        if self.records.len() == ENTRIES_MAX {
            return Err(FreezeError::TooMany);
        }
        let index = self.records.len() as u32;
        self.tags.extend(view.people().map(|person| (person.tag, index)));
        let (choices_start, choice_count) = self.add_choices(&view);
        let leaf_starts = match self.leaves.take() {
            None => 0,
            Some(leaves) => {
                let starts = leaves.len() as u64;
                self.leaves = Some(leaves.lp(leaf));
                starts
            }
        };
        let (id, hash, size) = (view.entry_id, view.hash, view.size());
        self.records.push(Record { id, hash, party, leaf_starts, choices_start, size, choice_count });
        Ok(id)
    }

    fn add_choices(&mut self, view: &LeafView<'_>) -> (u32, u8) {
        let start = self.choices.len();
        for text in view.choice_texts() {
            let number = self.numbers.get(text).copied().unwrap_or_else(|| {
                let number = self.known.len() as u32;
                self.known.push(Choice::parse(text).expect("the choices of a leaf are read with it"));
                self.numbers.insert(text.into(), number);
                number
            });
            self.choices.push(number);
        }
        (start as u32, (self.choices.len() - start) as u8)
    }

    /// Makes the list final: sorted by id, all ids and tags distinct, with its root.
    pub fn finish(self) -> Result<Frozen, FreezeError> {
        let Self { release, mut records, mut tags, choices, known, leaves, .. } = self;
        let people = tags.len() as u64;
        tags.sort_unstable();
        if let Some([(tag, one), (_, other)]) = tags.array_windows().find(|[(one, _), (other, _)]| one == other) {
            let party = |index: &u32| records[*index as usize].party;
            return Err(FreezeError::SameTag { tag: *tag, one: party(one), other: party(other) });
        }
        drop(tags);
        records.sort_unstable_by_key(|record| record.id);
        if let Some([one, other]) = records.array_windows().find(|[one, other]| one.id == other.id) {
            return Err(FreezeError::SameId { id: one.id, one: one.party, other: other.party });
        }
        let root = merkle::root(records.iter().map(|record| record.hash));
        Ok(Frozen { release, records, choices, known, leaves, people, root })
    }
}

/// A final list: entries ascend by id, and each person is in one of them.
#[derive(Debug)]
pub struct Frozen {
    release: ReleaseId,
    records: Vec<Record>,
    choices: Vec<u32>,
    known: Vec<Choice>,
    leaves: Option<Vec<u8>>,
    people: u64,
    root: Hash32,
}

impl Frozen {
    /// Freezes the leaves of `release` under the rules with this hash, each with the caller's number of its party, in any order.
    pub fn from_leaves<L: AsRef<[u8]>>(
        release: ReleaseId,
        rules: Hash32,
        leaves: impl IntoIterator<Item = (u64, L)>,
    ) -> Result<Self, FreezeError> {
        let mut freezer = Freezer::new(release, rules);
        for (party, leaf) in leaves {
            freezer.add(party, leaf.as_ref())?;
        }
        freezer.finish()
    }

    /// The release.
    pub fn release(&self) -> &ReleaseId {
        &self.release
    }

    /// The root over the leaves in order.
    pub fn root(&self) -> Hash32 {
        self.root
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.records.len() as u64
    }

    /// How many people are in them.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// The ids in order; the position of an id is its leaf's index in the tree.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &EntryId> {
        self.records.iter().map(|record| &record.id)
    }

    /// The parties in the order of their ids.
    pub fn parties(&self) -> impl ExactSizeIterator<Item = u64> {
        self.records.iter().map(|record| record.party)
    }

    /// The index of an entry's leaf in the tree.
    pub fn index_of(&self, id: &EntryId) -> Option<u64> {
        self.records.binary_search_by_key(id, |record| record.id).ok().map(|index| index as u64)
    }

    /// The whole tree, 64 bytes an entry, for audit paths.
    pub fn tree(&self) -> Tree {
        Tree::new(self.records.iter().map(|record| record.hash).collect())
    }

    /// The pieces of `leaves.bin` in order, each a leaf after its length; `None` when the leaves were not kept.
    pub fn leaves(&self) -> Option<impl ExactSizeIterator<Item = &[u8]>> {
        let leaves = self.leaves.as_deref()?;
        Some(self.records.iter().map(move |record| {
            let rest = &leaves[record.leaf_starts as usize..];
            let (length, _) = rest.split_first_chunk().expect("a leaf was kept with its length");
            &rest[..4 + u32::from_be_bytes(*length) as usize]
        }))
    }

    /// The freeze file of this list, to be published at least half an hour before the time of `round`.
    pub fn freeze_file(
        &self,
        rules: Hash32,
        closures: Hash32,
        beacon: BeaconId,
        round: u64,
        frozen_at: Timestamp,
    ) -> FreezeFile {
        FreezeFile {
            release: self.release.clone(),
            rules,
            closures,
            size: self.size(),
            root: self.root,
            beacon,
            round,
            frozen_at: whole_second(frozen_at),
        }
    }

    /// Draws: orders the entries under `seed` and gives out the places of `board` once along that order.
    pub fn draw<'a>(&'a self, seed: &Seed, board: Board<'a>) -> Drawing<'a> {
        Drawing::run(self, seed, board)
    }

    pub(crate) fn entry(&self, index: u32) -> FrozenEntry<'_> {
        let record = &self.records[index as usize];
        let start = record.choices_start as usize;
        FrozenEntry {
            id: &record.id,
            party: record.party,
            size: record.size,
            choices: &self.choices[start..start + usize::from(record.choice_count)],
        }
    }

    pub(crate) fn known_choices(&self) -> &[Choice] {
        &self.known
    }
}

/// One entry of a final list.
pub(crate) struct FrozenEntry<'a> {
    pub(crate) id: &'a EntryId,
    pub(crate) party: u64,
    pub(crate) size: u8,
    /// Indexes into [`Frozen::known_choices`].
    pub(crate) choices: &'a [u32],
}
