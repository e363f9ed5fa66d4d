//! The check of a published draw from nothing but its bundle, step by step.
//!
//! It says everything that the published bytes can say. What they cannot say is listed as a [`Caution`].

use std::fmt;

use jiff::Timestamp;

use super::allocate::{Board, Drawing};
use super::beacon::{BeaconId, BeaconValue, LEAD, SLIDE_ROUNDS};
use super::bundle::Bundle;
use super::closures::Closures;
use super::encoding::{Hash32, is_written_as};
use super::entry::{EntryId, Leaf, LeafView};
use super::freeze::{FreezeError, FreezeFile, Freezer, Frozen};
use super::merkle::Tree;
use super::result::{ResultFile, ResultLine};
use super::rules::Rules;
use super::seed::Seed;
use crate::release::ReleaseId;

/// The steps of a check, in order. Each one names what it holds true when it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The rules file is well formed.
    Rules,
    /// The closures file is well formed and closes slots of the rules only.
    Closures,
    /// The freeze file is well formed and names exactly these rules and closures.
    Freeze,
    /// The list was frozen when the rules say, and at least 30 minutes before the time of the beacon's round.
    FreezeTime,
    /// Every leaf is well formed, was made under these rules, and has the id that follows from its first person.
    Leaves,
    /// The ids ascend, so that the place in the list says nothing about when somebody entered.
    Ids,
    /// No person is in twice.
    Tags,
    /// The leaves give the published root and size.
    Root,
    /// The beacon's value is the one that the freeze file waits for, and its signature is right.
    Beacon,
    /// The seed follows from the root and the beacon's value.
    Seed,
    /// The entries stand in the order that the seed gives.
    Order,
    /// Every place was given by the rules, in that order.
    Allocation,
    /// The result file is equal to the recomputed one, byte by byte.
    Result,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 13] = [
        Self::Rules,
        Self::Closures,
        Self::Freeze,
        Self::FreezeTime,
        Self::Leaves,
        Self::Ids,
        Self::Tags,
        Self::Root,
        Self::Beacon,
        Self::Seed,
        Self::Order,
        Self::Allocation,
        Self::Result,
    ];

    /// The step's name for programs, such as `freeze_time`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Closures => "closures",
            Self::Freeze => "freeze",
            Self::FreezeTime => "freeze_time",
            Self::Leaves => "leaves",
            Self::Ids => "ids",
            Self::Tags => "tags",
            Self::Root => "root",
            Self::Beacon => "beacon",
            Self::Seed => "seed",
            Self::Order => "order",
            Self::Allocation => "allocation",
            Self::Result => "result",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A step that failed: the bundle is not a fair draw of its own rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {why}")]
pub struct Broken {
    /// The step.
    pub step: Step,
    /// A sentence without a full stop, with the values that do not fit.
    pub why: String,
}

impl Broken {
    fn at<E: fmt::Display>(step: Step) -> impl Fn(E) -> Self {
        move |why| Self { step, why: why.to_string() }
    }
}

/// A step that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The step.
    pub step: Step,
    /// What was found, with its values.
    pub found: String,
}

/// What the bundle alone cannot show, so that somebody has to look elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caution {
    /// The freeze file must have been published, outside the operator's reach, before this instant.
    PublishedBefore {
        /// [`LEAD`] before the time of the round.
        instant: Timestamp,
    },
    /// The freeze was late, and the round moved by so many days.
    RoundMoved {
        /// How many times 24 hours.
        days: u64,
    },
    /// A fallback of the rules was used; right only if nobody had the value of the first beacon a day after its time.
    FallbackUsed {
        /// Which fallback line, from 0.
        line: usize,
    },
    /// The value was announced in public; whether this is the announced value has to be looked up.
    ManualBeacon,
    /// The operator made the value: the draw proves nothing.
    LocalBeacon,
}

/// A draw that passed every step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The release.
    pub release: ReleaseId,
    /// Every step in order, with what was found.
    pub checks: Vec<Check>,
    /// What has to be looked up elsewhere.
    pub cautions: Vec<Caution>,
    /// SHA-256 of the rules file.
    pub rules: Hash32,
    /// SHA-256 of the freeze file.
    pub freeze: Hash32,
    /// The root over the frozen entries.
    pub root: Hash32,
    /// The seed.
    pub seed: Seed,
    /// How many entries there are.
    pub entries: u64,
    /// How many people are in them.
    pub people: u64,
    /// How many places there were to give, without closed slots.
    pub places: u64,
    /// How many of them were given; as many people have a place.
    pub given: u64,
    /// How many entries are on standby.
    pub standby: u64,
}

/// Recomputes a draw from its bundle. Takes the memory of the bundle again, and no time to speak of but for the hashes.
pub fn verify(bundle: &Bundle<'_>) -> Result<Report, Broken> {
    let mut checks = Vec::with_capacity(Step::ALL.len());
    let mut passed = |step, found| checks.push(Check { step, found });
    let mut cautions = Vec::new();

    let rules = Rules::parse(bundle.rules).map_err(Broken::at(Step::Rules))?;
    let rules_hash = Hash32::of(bundle.rules);
    passed(Step::Rules, format!("{} slots, hash {rules_hash}", rules.slots().len()));

    let closures = Closures::parse(bundle.closures).map_err(Broken::at(Step::Closures))?;
    let board = Board::new(&rules, &closures).map_err(Broken::at(Step::Closures))?;
    passed(Step::Closures, format!("{} slots closed before the freeze", closures.len()));

    let freeze = FreezeFile::parse(bundle.freeze).map_err(Broken::at(Step::Freeze))?;
    same(Step::Freeze, "the release", &freeze.release, &rules.head().release)?;
    same(Step::Freeze, "the hash of the rules", &freeze.rules, &rules_hash)?;
    same(Step::Freeze, "the hash of the closures", &freeze.closures, &Hash32::of(bundle.closures))?;
    same(Step::Freeze, "the beacon", &freeze.beacon, &rules.head().beacon)?;
    let freeze_hash = Hash32::of(bundle.freeze);
    passed(Step::Freeze, format!("hash {freeze_hash}"));

    passed(Step::FreezeTime, check_freeze_time(&rules, &closures, &freeze, &mut cautions)?);

    let frozen = read_leaves(bundle, &rules, rules_hash)?;
    passed(Step::Leaves, format!("{} entries with {} people", frozen.size(), frozen.people()));
    passed(Step::Ids, "every id is larger than the one before".to_owned());
    passed(Step::Tags, format!("{} different people", frozen.people()));

    same(Step::Root, "the size", &freeze.size, &frozen.size())?;
    same(Step::Root, "the root", &freeze.root, &frozen.root())?;
    passed(Step::Root, format!("root {}", freeze.root));

    let beacon = BeaconValue::parse(bundle.beacon).map_err(Broken::at(Step::Beacon))?;
    passed(Step::Beacon, check_beacon(&rules, &freeze, &beacon, &mut cautions)?);

    let seed = Seed::derive(&freeze.release, &freeze.root, freeze.size, &beacon);
    let result = ResultFile::parse(bundle.result).map_err(Broken::at(Step::Seed))?;
    same(Step::Seed, "the release of the result", &result.head.release, &freeze.release)?;
    same(Step::Seed, "the freeze file of the result", &result.head.freeze, &freeze_hash)?;
    same(Step::Seed, "the seed of the result", &result.head.seed, &seed)?;
    passed(Step::Seed, format!("seed {seed}"));

    let places = board.left_in_all();
    let drawing = frozen.draw(&seed, board);
    let standby = check_result(&result, &drawing)?;
    let given = places - drawing.board().left_in_all();
    passed(Step::Order, format!("{} ranks", frozen.size()));
    passed(Step::Allocation, format!("{given} of {places} places given, {standby} entries on standby"));
    passed(Step::Result, format!("hash {}", Hash32::of(bundle.result)));

    Ok(Report {
        release: rules.head().release.clone(),
        checks,
        cautions,
        rules: rules_hash,
        freeze: freeze_hash,
        root: freeze.root,
        seed,
        entries: frozen.size(),
        people: frozen.people(),
        places,
        given,
        standby,
    })
}

/// Compares a claimed value with what it must be.
fn same<T: PartialEq + fmt::Display>(step: Step, what: &str, found: &T, expected: &T) -> Result<(), Broken> {
    if found == expected {
        Ok(())
    } else {
        Err(Broken { step, why: format!("{what} is {found}, but must be {expected}") })
    }
}

fn check_freeze_time(
    rules: &Rules,
    closures: &Closures,
    freeze: &FreezeFile,
    cautions: &mut Vec<Caution>,
) -> Result<String, Broken> {
    let broken = |why| Err(Broken { step: Step::FreezeTime, why });
    let frozen_at = freeze.frozen_at;
    let planned = rules.head();
    if frozen_at < planned.freeze {
        return broken(format!("the list was frozen at {frozen_at}, before {}", planned.freeze));
    }
    if let Some(late) = closures.iter().find(|closure| closure.at > frozen_at) {
        return broken(format!("{} was closed at {}, after the freeze at {frozen_at}", late.slot, late.at));
    }
    let Some(chain) = freeze.beacon.chain().map_err(Broken::at(Step::FreezeTime))? else {
        same(Step::FreezeTime, "the round", &freeze.round, &0)?;
        return Ok(format!("frozen at {frozen_at}"));
    };
    // Later by more days than the freeze alone asks for is allowed: the file may have been published late.
    let earliest = freeze.beacon.round_for(planned.round, frozen_at).map_err(Broken::at(Step::FreezeTime))?;
    let moved = freeze.round.checked_sub(planned.round).filter(|moved| moved.is_multiple_of(SLIDE_ROUNDS));
    let (Some(moved), true) = (moved, freeze.round >= earliest) else {
        let Some(lead) = chain.time_of(freeze.round).map(|time| time.duration_since(frozen_at)) else {
            return broken(format!("round {} has no time", freeze.round));
        };
        let why = format!(
            "round {} comes {} s after the freeze at {frozen_at}; it must be {} or later by whole days, and at least {} s after it",
            freeze.round,
            lead.as_secs(),
            planned.round,
            LEAD.as_secs()
        );
        return broken(why);
    };
    let Some(time) = chain.time_of(freeze.round) else { return broken(format!("round {} has no time", freeze.round)) };
    cautions.push(Caution::PublishedBefore { instant: time - LEAD });
    if moved > 0 {
        cautions.push(Caution::RoundMoved { days: moved / SLIDE_ROUNDS });
    }
    Ok(format!("frozen at {frozen_at}, round {} at {time}", freeze.round))
}

fn read_leaves(bundle: &Bundle<'_>, rules: &Rules, rules_hash: Hash32) -> Result<Frozen, Broken> {
    let mut freezer = Freezer::new(rules.head().release.clone(), rules_hash);
    let mut before: Option<EntryId> = None;
    for (index, leaf) in (0..).zip(bundle.leaves()) {
        let leaf = leaf.map_err(|at| Broken {
            step: Step::Leaves,
            why: format!("leaf {index} is cut off at byte {at} of leaves.bin"),
        })?;
        let id = freezer
            .add(index, leaf)
            .map_err(|why| Broken { step: Step::Leaves, why: format!("leaf {index}: {why}") })?;
        if let Some(before) = before.filter(|before| *before >= id) {
            return Err(Broken {
                step: Step::Ids,
                why: format!("leaf {index} has the id {id}, which is not larger than {before}"),
            });
        }
        before = Some(id);
    }
    freezer.finish().map_err(|why| {
        let step = if matches!(why, FreezeError::SameTag { .. }) { Step::Tags } else { Step::Ids };
        Broken { step, why: why.to_string() }
    })
}

fn check_beacon(
    rules: &Rules,
    freeze: &FreezeFile,
    beacon: &BeaconValue,
    cautions: &mut Vec<Caution>,
) -> Result<String, Broken> {
    let (id, round) = (beacon.id(), beacon.round());
    if (&id, round) != (&freeze.beacon, freeze.round) {
        let fallback =
            rules.head().fallbacks.iter().position(|fallback| (&fallback.beacon, fallback.round) == (&id, round));
        let Some(line) = fallback else {
            let why = format!(
                "the value is of round {round} of {id}, but the freeze waits for round {} of {}",
                freeze.round, freeze.beacon
            );
            return Err(Broken { step: Step::Beacon, why });
        };
        cautions.push(Caution::FallbackUsed { line });
    }
    beacon.verify().map_err(Broken::at(Step::Beacon))?;
    match id {
        BeaconId::Drand(_) => {}
        BeaconId::Manual(_) => cautions.push(Caution::ManualBeacon),
        BeaconId::Local(_) => cautions.push(Caution::LocalBeacon),
    }
    Ok(format!("round {round} of {id}"))
}

/// Compares the result with the recomputed drawing line by line; gives the number of entries on standby.
fn check_result(result: &ResultFile<'_>, drawing: &Drawing<'_>) -> Result<u64, Broken> {
    let mut claimed = result.body.split_inclusive(|byte| *byte == b'\n');
    let mut standby = 0;
    for expected in drawing.result_lines() {
        let found = String::from_utf8_lossy(claimed.next().unwrap_or_default());
        if !found.strip_suffix('\n').is_some_and(|found| is_written_as(&expected, found)) {
            return Err(differs(&expected, found.trim_end()));
        }
        standby += u64::from(expected.slot.is_none());
    }
    match claimed.next() {
        None => Ok(standby),
        Some(_) => Err(Broken {
            step: Step::Result,
            why: format!("lines follow the last rank, {}", drawing.placements().len()),
        }),
    }
}

/// Says in which step a line of the result first departs from the recomputed one.
fn differs(expected: &ResultLine, found: &str) -> Broken {
    let rank = expected.rank;
    let (step, why) = match ResultLine::parse(found) {
        Some(line) if line.rank == rank && line.entry_id != expected.entry_id => (
            Step::Order,
            format!("rank {rank} belongs to entry {}, the result gives it to {}", expected.entry_id, line.entry_id),
        ),
        Some(line) if line.rank == rank && line.slot != expected.slot => {
            let place =
                |line: &ResultLine| line.slot.as_ref().map_or_else(|| "standby".to_owned(), ToString::to_string);
            let (expected, found) = (place(expected), place(&line));
            (Step::Allocation, format!("rank {rank} has {expected}, the result says {found}"))
        }
        _ => {
            let found: String = found.chars().take(120).collect();
            (Step::Result, format!("the line of rank {rank} must be `{expected}`, but is `{found}`"))
        }
    };
    Broken { step, why }
}

/// One entry in a bundle, for its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry<'a> {
    /// The index of its leaf.
    pub index: u64,
    /// The leaf, with the commitments that [`verify_receipt`](super::person::verify_receipt) compares with a receipt.
    pub leaf: LeafView<'a>,
    /// The audit path from the leaf to the root, for [`path_leads_to`](super::merkle::path_leads_to).
    pub path: Vec<Hash32>,
    /// Its line in the result; none when the result has no such line.
    pub line: Option<ResultLine>,
}

/// Looks one entry up in a bundle; `None` when it is not among the frozen ones. Says nothing about the rest: see [`verify`].
pub fn find_entry<'a>(bundle: &Bundle<'a>, id: &EntryId) -> Result<Option<FoundEntry<'a>>, Broken> {
    let mut hashes = Vec::new();
    let mut found = None;
    for (index, leaf) in (0..).zip(bundle.leaves()) {
        let leaf = leaf.map_err(|at| Broken {
            step: Step::Leaves,
            why: format!("leaf {index} is cut off at byte {at} of leaves.bin"),
        })?;
        let leaf = Leaf::parse(leaf).map_err(Broken::at(Step::Leaves))?;
        hashes.push(leaf.hash);
        if leaf.entry_id == *id {
            found = Some((index, leaf));
        }
    }
    let Some((index, leaf)) = found else { return Ok(None) };
    let path = Tree::new(hashes).path(index).unwrap_or_default();
    let result = ResultFile::parse(bundle.result).map_err(Broken::at(Step::Result))?;
    let line = result.lines().filter_map(Result::ok).find(|line| line.entry_id == *id);
    Ok(Some(FoundEntry { index, leaf, path, line }))
}
