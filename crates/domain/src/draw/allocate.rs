//! The allocation: once along the order, each party takes the first of its choices in which all of it fits.
//!
//! Nobody can do better by naming other choices than the true ones, since nothing that a party says moves its turn.

use std::collections::HashMap;
use std::ops::Range;

use super::closures::Closures;
use super::encoding::Hash32;
use super::entry::{Choice, EntryId, PEOPLE_MAX};
use super::freeze::Frozen;
use super::order::order;
use super::result::{ResultHead, ResultLine};
use super::rules::Rules;
use super::seed::Seed;
use crate::office::OfficeCode;
use crate::slot::{Places, SlotKey};

/// The slots of a release with the places left in each. A slot goes by its index in [`Rules::slots`].
#[derive(Clone, Debug)]
pub struct Board<'a> {
    rules: &'a Rules,
    left: Vec<u32>,
    /// Where each office's slots stand: together, by date and then by window, because the rules are sorted bytewise.
    offices: HashMap<OfficeCode, Range<usize>>,
}

/// A closure of a slot that the rules do not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slot {slot} is closed, but the rules do not have it")]
pub struct UnknownSlot {
    /// The slot.
    pub slot: SlotKey,
}

impl<'a> Board<'a> {
    /// The promised capacities, none where a slot was closed before the freeze.
    pub fn new(rules: &'a Rules, closures: &Closures) -> Result<Self, UnknownSlot> {
        let mut left: Vec<u32> = rules.slots().iter().map(|(_, places)| places.get()).collect();
        for closure in closures.iter() {
            let slot = rules.position(&closure.slot).ok_or(UnknownSlot { slot: closure.slot })?;
            left[slot] = 0;
        }
        let mut offices: HashMap<OfficeCode, Range<usize>> = HashMap::new();
        for (index, (slot, _)) in rules.slots().iter().enumerate() {
            offices.entry(slot.office).or_insert(index..index).end = index + 1;
        }
        Ok(Self { rules, left, offices })
    }

    /// The places left in a slot; none when there is no such slot.
    pub fn left(&self, slot: usize) -> Places {
        Places(self.left.get(slot).copied().unwrap_or_default())
    }

    /// All places left.
    pub fn left_in_all(&self) -> u64 {
        self.left.iter().copied().map(u64::from).sum()
    }

    /// The slots that a choice takes, by date and then by window.
    pub fn slots_of(&self, choice: &Choice) -> impl Iterator<Item = usize> + use<'a> {
        let slots = self.rules.slots();
        let mut of_office = self.offices.get(&choice.office).cloned().unwrap_or_default();
        if let Some(date) = choice.date {
            // Looked up rather than filtered, so that a list of a million invented dates is not slow to refuse.
            let start = of_office.start;
            let in_office = &slots[of_office];
            let before = in_office.partition_point(|(slot, _)| slot.date < date);
            let through = in_office.partition_point(|(slot, _)| slot.date <= date);
            of_office = start + before..start + through;
        }
        let window = choice.window;
        of_office.filter(move |slot| window.takes(slots[*slot].0.starts))
    }
}

/// Every different choice once, with its slots and how far each is known to be exhausted.
///
/// Places only ever become fewer, so a slot that is too small for a party of k stays too small for k. Each choice therefore
/// remembers, for each k, the first slot that may still do, and never looks back: a million parties with twenty wildcards
/// cost a few steps each.
struct Wishes {
    slots: Vec<u32>,
    wishes: Vec<Wish>,
}

struct Wish {
    /// End of the choice's slots in [`Wishes::slots`].
    end: u32,
    /// Position in [`Wishes::slots`] of the first slot that may still have room, for parties of 1, 2, ...
    from: [u32; PEOPLE_MAX],
}

impl Wishes {
    fn new(board: &Board<'_>, choices: &[Choice]) -> Self {
        let mut slots = Vec::new();
        let wishes = choices
            .iter()
            .map(|choice| {
                let start = slots.len() as u32;
                slots.extend(board.slots_of(choice).map(|slot| slot as u32));
                Wish { end: slots.len() as u32, from: [start; PEOPLE_MAX] }
            })
            .collect();
        Self { slots, wishes }
    }

    /// The first slot of a choice in which a party of `size` fits.
    fn first_fit(&mut self, left: &[u32], choice: u32, size: u8) -> Option<u32> {
        let wish = &mut self.wishes[choice as usize];
        let from = &mut wish.from[usize::from(size) - 1];
        while *from < wish.end {
            let slot = self.slots[*from as usize];
            if left[slot as usize] >= u32::from(size) {
                return Some(slot);
            }
            *from += 1;
        }
        None
    }
}

/// One line of the outcome, 12 bytes.
#[derive(Clone, Copy, Debug)]
struct Turn {
    entry: u32,
    /// The slot, or [`Turn::STANDBY`].
    slot: u32,
    choice: u8,
}

impl Turn {
    const STANDBY: u32 = u32::MAX;
}

/// A finished draw: every entry in order with its place or none.
#[derive(Debug)]
pub struct Drawing<'a> {
    frozen: &'a Frozen,
    board: Board<'a>,
    seed: Seed,
    turns: Vec<Turn>,
}

/// What a draw gave to one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The caller's number of the party.
    pub party: u64,
    /// The entry's id.
    pub entry_id: EntryId,
    /// The entry's rank in the order, from 1.
    pub rank: u32,
    /// How many people are in the party.
    pub size: u8,
    /// The place; none for a party on standby.
    pub place: Option<Given>,
}

/// A place given to a whole party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The slot's index in [`Rules::slots`].
    pub slot: usize,
    /// Which of the party's choices it is, from 0.
    pub choice: u8,
}

impl<'a> Drawing<'a> {
    pub(crate) fn run(frozen: &'a Frozen, seed: &Seed, mut board: Board<'a>) -> Self {
        let mut wishes = Wishes::new(&board, frozen.known_choices());
        let turns = order(seed, frozen.ids())
            .into_iter()
            .map(|index| {
                let entry = frozen.entry(index);
                let given = (0..)
                    .zip(entry.choices)
                    .find_map(|(at, choice)| Some((wishes.first_fit(&board.left, *choice, entry.size)?, at)));
                let Some((slot, choice)) = given else { return Turn { entry: index, slot: Turn::STANDBY, choice: 0 } };
                board.left[slot as usize] -= u32::from(entry.size);
                Turn { entry: index, slot, choice }
            })
            .collect();
        Self { frozen, board, seed: *seed, turns }
    }

    /// The seed that was drawn with.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The slots with the places that nobody took.
    pub fn board(&self) -> &Board<'a> {
        &self.board
    }

    /// What each party got, first rank first.
    pub fn placements(&self) -> impl ExactSizeIterator<Item = Placement> {
        self.turns.iter().enumerate().map(|(before, turn)| {
            let rank = before as u32 + 1;
            let entry = self.frozen.entry(turn.entry);
            let place = (turn.slot != Turn::STANDBY).then_some(Given { slot: turn.slot as usize, choice: turn.choice });
            Placement { party: entry.party, entry_id: *entry.id, rank, size: entry.size, place }
        })
    }

    /// The lines of the result file after its head, first rank first.
    pub fn result_lines(&self) -> impl ExactSizeIterator<Item = ResultLine> {
        self.placements().map(|placement| {
            let Placement { entry_id, rank, size, place, .. } = placement;
            ResultLine { rank, entry_id, size, slot: place.map(|given| self.board.rules.slots()[given.slot].0) }
        })
    }

    /// The first lines of the result file; `freeze` is the SHA-256 of the freeze file.
    pub fn result_head(&self, freeze: Hash32) -> ResultHead {
        ResultHead { release: self.frozen.release().clone(), freeze, seed: self.seed }
    }

    /// The whole result file, about 75 bytes an entry; `freeze` is the SHA-256 of the freeze file.
    pub fn result_file(&self, freeze: Hash32) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(250 + self.turns.len() * 75);
        text.push_str(&self.result_head(freeze).to_text());
        for line in self.result_lines() {
            writeln!(text, "{line}").expect("a String takes all");
        }
        text
    }
}
