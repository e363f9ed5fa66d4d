//! The rules file: what is promised to everybody before a release opens, and binds its draw by its hash.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::beacon::{BeaconError, BeaconId};
use super::encoding::Hash32;
use super::text::{FileError, Line, Lines, instant_text, must_be_written_as};
use crate::release::ReleaseId;
use crate::slot::{Places, SlotKey};

/// Most slots in one release: ten times what all offices of the country open in a week.
pub const SLOTS_MAX: usize = 100_000;

/// Most fallback lines; each is one more day of waiting.
pub const FALLBACKS_MAX: usize = 8;

/// Where to turn when nobody has the beacon's value a day after its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The other beacon.
    pub beacon: BeaconId,
    /// Its round; 0 for a beacon without rounds.
    pub round: u64,
}

/// Everything in the rules but the capacity table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesHead {
    /// The release.
    pub release: ReleaseId,
    /// When entering begins, at the earliest office; whole seconds.
    pub opens: Timestamp,
    /// When the list becomes final; whole seconds.
    pub freeze: Timestamp,
    /// The source of randomness.
    pub beacon: BeaconId,
    /// The round to wait for; 0 for a beacon without rounds.
    pub round: u64,
    /// What to do without the value, in order. Usually empty: then one waits.
    pub fallbacks: Vec<Fallback>,
    /// SHA-256 of the key behind the tags.
    pub tag_key_sha256: Hash32,
}

/// The rules of one release. Slots ascend bytewise and are distinct; each has its promised capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    head: RulesHead,
    slots: Vec<(SlotKey, Places)>,
    /// Of the file; kept, because every leaf has it in it.
    hash: Hash32,
}

/// Why rules are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The freeze is not after the opening.
    #[error("the freeze {freeze} is not after the opening {opens}")]
    FreezeBeforeOpening {
        /// The opening.
        opens: Timestamp,
        /// The freeze.
        freeze: Timestamp,
    },
    /// A round that its beacon cannot have.
    #[error(transparent)]
    Round(#[from] BeaconError),
    /// No slot, or more than [`SLOTS_MAX`].
    #[error("{found} slots, not 1 to {SLOTS_MAX}")]
    Slots {
        /// How many.
        found: usize,
    },
    /// More than [`FALLBACKS_MAX`] fallbacks.
    #[error("{found} fallbacks, at most {FALLBACKS_MAX}")]
    Fallbacks {
        /// How many.
        found: usize,
    },
    /// A slot that is listed twice.
    #[error("the slot {slot} is listed twice")]
    SlotTwice {
        /// The slot.
        slot: SlotKey,
    },
}

impl Rules {
    /// The first line of a rules file.
    pub const FORMAT: &str = "antrean/rules/v1";

    /// Makes rules; the slots may come in any order, and instants lose their fractions of a second.
    pub fn new(mut head: RulesHead, slots: impl IntoIterator<Item = (SlotKey, Places)>) -> Result<Self, RulesError> {
        head.opens = whole_second(head.opens);
        head.freeze = whole_second(head.freeze);
        let mut slots: Vec<_> = slots.into_iter().collect();
        slots.sort_unstable_by_key(|(slot, _)| *slot);
        Self::checked(head, slots)
    }

    fn checked(head: RulesHead, slots: Vec<(SlotKey, Places)>) -> Result<Self, RulesError> {
        let RulesHead { opens, freeze, fallbacks, .. } = &head;
        if freeze <= opens {
            return Err(RulesError::FreezeBeforeOpening { opens: *opens, freeze: *freeze });
        }
        head.beacon.check_round(head.round)?;
        if fallbacks.len() > FALLBACKS_MAX {
            return Err(RulesError::Fallbacks { found: fallbacks.len() });
        }
        for fallback in fallbacks {
            fallback.beacon.check_round(fallback.round)?;
        }
        if !(1..=SLOTS_MAX).contains(&slots.len()) {
            return Err(RulesError::Slots { found: slots.len() });
        }
        if let Some(pair) = slots.array_windows().find(|[(one, _), (other, _)]| one == other) {
            return Err(RulesError::SlotTwice { slot: pair[0].0 });
        }
        let mut rules = Self { head, slots, hash: Hash32::of(b"") };
        rules.hash = Hash32::of(rules.to_text().as_bytes());
        Ok(rules)
    }

    /// Everything but the slots.
    pub fn head(&self) -> &RulesHead {
        &self.head
    }

    /// The slots with their promised capacity, ascending bytewise. An allocation names a slot by its index here.
    pub fn slots(&self) -> &[(SlotKey, Places)] {
        &self.slots
    }

    /// The index of a slot in [`Rules::slots`].
    pub fn position(&self, slot: &SlotKey) -> Option<usize> {
        self.slots.binary_search_by(|(key, _)| key.cmp(slot)).ok()
    }

    /// SHA-256 of the file, which every entry and the freeze file name.
    pub fn hash(&self) -> Hash32 {
        self.hash
    }

    /// Reads a rules file; refuses what [`Rules::to_text`] would not write.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        const WORDS: &[&str] = &["release", "opens", "freeze", "beacon", "round", "fallback", "tag_key_sha256", "slot"];
        let mut lines = Lines::open(Self::FORMAT, WORDS, bytes)?;
        let release = lines.expect("release")?.read()?;
        let opens = lines.expect("opens")?.read()?;
        let freeze_line = lines.expect("freeze")?;
        let freeze = freeze_line.read()?;
        let beacon: BeaconId = lines.expect("beacon")?.read()?;
        let round_line = lines.expect("round")?;
        let round = round_line.read()?;
        beacon.check_round(round).map_err(|why| round_line.refuse(&why))?;
        let mut fallbacks = Vec::new();
        while let Some(line) = lines.next_of("fallback")? {
            fallbacks.push(Fallback::read(&line)?);
        }
        let tag_line = lines.expect("tag_key_sha256")?;
        let tag_key_sha256 = tag_line.read()?;
        let mut slots: Vec<(SlotKey, Places)> = Vec::new();
        let mut last = tag_line;
        while let Some(line) = lines.next_of("slot")? {
            let (slot, places) = line.two_parts()?;
            let slot = line.read_part(slot)?;
            if slots.last().is_some_and(|(before, _)| *before >= slot) {
                return Err(line.refuse(&"slots must ascend bytewise, each once"));
            }
            slots.push((slot, Places(line.read_part(places)?)));
            last = line;
        }
        lines.end()?;
        let head = RulesHead { release, opens, freeze, beacon, round, fallbacks, tag_key_sha256 };
        let rules = Self::checked(head, slots).map_err(|why| match why {
            RulesError::FreezeBeforeOpening { .. } => freeze_line.refuse(&why),
            _ => last.refuse(&why),
        })?;
        must_be_written_as(Self::FORMAT, bytes, &rules.to_text())?;
        Ok(rules)
    }

    /// The rules file.
    pub fn to_text(&self) -> String {
        let RulesHead { release, opens, freeze, beacon, round, fallbacks, tag_key_sha256 } = &self.head;
        let (opens, freeze) = (instant_text(*opens), instant_text(*freeze));
        let mut text = String::with_capacity(400 + self.slots.len() * 36);
        let write = |text: &mut String| {
            write!(
                text,
                "{}\nrelease {release}\nopens {opens}\nfreeze {freeze}\nbeacon {beacon}\nround {round}\n",
                Self::FORMAT
            )?;
            for Fallback { beacon, round } in fallbacks {
                writeln!(text, "fallback {beacon} {round}")?;
            }
            writeln!(text, "tag_key_sha256 {tag_key_sha256}")?;
            self.slots.iter().try_for_each(|(slot, places)| writeln!(text, "slot {slot} {places}"))
        };
        write(&mut text).expect("a String takes all");
        text
    }
}

impl Fallback {
    /// Reads `BEACON ROUND`; a label may hold spaces, so that the round is what follows the last one.
    fn read(line: &Line<'_>) -> Result<Self, FileError> {
        let (beacon, round) = line.value.rsplit_once(' ').ok_or_else(|| line.refuse(&"a part is missing"))?;
        let fallback = Self { beacon: line.read_part(beacon)?, round: line.read_part(round)? };
        fallback.beacon.check_round(fallback.round).map_err(|why| line.refuse(&why))?;
        Ok(fallback)
    }
}

/// An instant without its fraction of a second, as files write it.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("an instant without its fraction is an instant")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::text::Why;

    const FILE: &str = "antrean/rules/v1\nrelease 2027-W02\nopens 2027-01-08T07:00:00Z\nfreeze 2027-01-10T09:00:00Z\n\
        beacon drand:52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971\nround 35590612\n\
        fallback manual:the winning number of the national lottery 0\n\
        tag_key_sha256 630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd\n\
        slot BTM-HB/2027-01-12/08:00 2\nslot BTM/2027-01-12/08:00 3\nslot BTM/2027-01-12/13:00 0\n";

    fn refused(from: &str, to: &str) -> (usize, Why) {
        assert!(FILE.contains(from));
        let error = Rules::parse(FILE.replacen(from, to, 1).as_bytes()).expect_err("another spelling");
        (error.line, error.why)
    }

    #[test]
    fn a_rules_file_is_read_back_as_written() {
        let rules = Rules::parse(FILE.as_bytes()).expect("rules");
        assert_eq!(rules.to_text(), FILE);
        assert_eq!(rules.hash(), Hash32::of(FILE.as_bytes()));
        let mut shuffled = rules.slots().to_vec();
        shuffled.reverse();
        assert_eq!(Rules::new(rules.head().clone(), shuffled), Ok(rules.clone()));
        assert_eq!(rules.position(&"BTM/2027-01-12/13:00".parse().unwrap()), Some(2));
        assert_eq!(rules.head().fallbacks[0].round, 0);
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_line() {
        assert_eq!(refused("round ", "sound "), (6, Why::UnknownWord { found: "sound".to_owned() }));
        assert_eq!(
            refused("slot BTM/2027-01-12/13", "bonus 1\nslot BTM/2027-01-12/13"),
            (11, Why::UnknownWord { found: "bonus".to_owned() })
        );
        assert_eq!(refused("fallback", "Fallback"), (7, Why::UnknownWord { found: "Fallback".to_owned() }));
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for (from, to, line) in [
            ("rules/v1", "rules/v2", 1),
            ("opens 2027-01-08T07:00:00Z", "opens 2027-01-08T14:00:00+07:00", 3),
            ("opens 2027-01-08T07:00:00Z", "opens 2027-01-08T07:00:00.5Z", 3),
            ("freeze 2027-01-10", "freeze 2027-01-08T06:00:00Z\nfreeze 2027-01-10", 5),
            ("freeze 2027-01-10", "freeze 2027-01-07", 4),
            ("round 3", "round +3", 6),
            ("lottery 0", "lottery 1", 7),
            ("round 35590612", "round 0", 6),
            ("630d", "630D", 8),
            ("08:00 2", "08:00 02", 9),
            ("08:00 2", "08:00  2", 9),
            ("08:00 2", "08:00 2 ", 9),
            ("08:00 2\n", "08:00 2\r\n", 9),
            ("08:00 2", "08:00 -2", 9),
            ("BTM-HB/", "BTM/", 10),
            ("BTM-HB/2027-01-12/08:00", "ZZZ/2027-01-12/08:00", 10),
            ("13:00 0\n", "13:00 0", 11),
            ("13:00 0\n", "13:00 0\n\n", 12),
        ] {
            assert_eq!(refused(from, to).0, line, "{from} -> {to}");
        }
        assert_eq!(Rules::parse(b"").unwrap_err().line, 1);
        assert_eq!(
            Rules::parse(b"antrean/rules/v1\n\xff\n").unwrap_err(),
            FileError { format: Rules::FORMAT, line: 2, why: Why::NotUtf8 }
        );
    }

    #[test]
    fn rules_without_slots_or_with_one_twice_are_refused() {
        let rules = Rules::parse(FILE.as_bytes()).unwrap();
        assert_eq!(Rules::new(rules.head().clone(), []), Err(RulesError::Slots { found: 0 }));
        let twice = [rules.slots()[0], rules.slots()[0]];
        assert!(matches!(Rules::new(rules.head().clone(), twice), Err(RulesError::SlotTwice { .. })));
    }
}
