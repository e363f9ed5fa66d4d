//! What happens to a bundle that somebody has changed: no byte can differ unnoticed, and each lie is caught at its own step.

use antrean_domain::draw::allocate::Board;
use antrean_domain::draw::beacon::{BeaconId, BeaconValue, Label, QUICKNET};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::closures::{Closure, Closures};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, Leaf, LeafPerson};
use antrean_domain::draw::freeze::{FreezeFile, Frozen};
use antrean_domain::draw::person::{Commitment, Tag};
use antrean_domain::draw::rules::{Fallback, Rules, RulesHead};
use antrean_domain::draw::seed::Seed;
use antrean_domain::draw::verify::{Broken, Caution, Report, Step, verify};
use antrean_domain::slot::Places;
use jiff::{SignedDuration, Timestamp};

const ROUND: u64 = 657_413;
const SIGNATURE: &str =
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

fn local() -> BeaconValue {
    BeaconValue::Local { label: label("demo"), randomness: [0x5a; 32] }
}

/// An entry of people with these numbers.
fn leaf(rules: &Rules, people: &[u8], choices: &[&str]) -> Leaf {
    let people: Vec<_> =
        people.iter().map(|n| LeafPerson { tag: Tag([*n; 32]), commitment: Commitment([n ^ 255; 32]) }).collect();
    let choices: Vec<_> = choices.iter().map(|text| Choice::parse(text).expect("a choice")).collect();
    Leaf::build(&rules.head().release, &rules.hash(), &people, &choices).expect("a leaf")
}

/// The six files, each of which a test may change before they are bundled.
#[derive(Clone)]
struct Files {
    rules: Rules,
    closures: Closures,
    freeze: FreezeFile,
    leaves: Vec<Leaf>,
    beacon: BeaconValue,
    result: String,
}

impl Files {
    /// A small fair draw: three entries over three slots, one of them closed.
    fn fair(beacon: BeaconValue) -> Self {
        let head = RulesHead {
            release: "2023-W38".parse().unwrap(),
            opens: at("2023-09-13T07:00:00Z"),
            freeze: at("2023-09-15T10:00:00Z"),
            beacon: beacon.id(),
            round: beacon.round(),
            fallbacks: vec![Fallback { beacon: BeaconId::Manual(label("the national lottery")), round: 0 }],
            tag_key_sha256: Hash32::of(b"key"),
        };
        let slots = [("BTM/2023-09-19/08:00", 1), ("BTM/2023-09-19/13:00", 2), ("BTM-HB/2023-09-19/08:00", 5)];
        let slots = slots.map(|(slot, places)| (slot.parse().unwrap(), Places(places)));
        let rules = Rules::new(head, slots).expect("rules");
        let closed = Closure {
            slot: "BTM-HB/2023-09-19/08:00".parse().unwrap(),
            at: at("2023-09-14T01:02:03Z"),
            reason: "banjir".to_owned(),
        };
        let entries = [
            (&[1][..], &["BTM/2023-09-19/08:00", "BTM/*/pm"][..]),
            (&[2], &["BTM/*/am"]),
            (&[3, 4], &["BTM-HB/*/*", "BTM/*/*"]),
        ];
        let leaves = entries.map(|(people, choices)| leaf(&rules, people, choices)).to_vec();
        let closures = Closures::new([closed]).expect("closures");
        Self { freeze: placeholder(&rules, &closures), rules, closures, leaves, beacon, result: String::new() }
            .settled()
    }

    /// Computes everything again that follows from the rules, the closures, the leaves and the value, as a forger would.
    fn settled(mut self) -> Self {
        self.leaves.sort_by_key(|leaf| Leaf::parse(leaf.as_bytes()).unwrap().entry_id);
        let (release, rules) = (self.rules.head().release.clone(), self.rules.hash());
        let frozen = Frozen::from_leaves(release.clone(), rules, self.leaves.iter().map(|leaf| (0, leaf.as_bytes())))
            .expect("a list");
        let FreezeFile { beacon, round, frozen_at, .. } = self.freeze;
        self.freeze = frozen.freeze_file(rules, self.closures.hash(), beacon, round, frozen_at);
        let seed = Seed::derive(&release, &frozen.root(), frozen.size(), &self.beacon);
        let board = Board::new(&self.rules, &self.closures).expect("closures of known slots");
        self.result = frozen.draw(&seed, board).result_file(self.freeze.hash());
        self
    }

    fn tar(&self) -> Vec<u8> {
        let (rules, closures, freeze, beacon) =
            (self.rules.to_text(), self.closures.to_text(), self.freeze.to_text(), self.beacon.to_text());
        let leaves: Vec<u8> = self
            .leaves
            .iter()
            .flat_map(|leaf| [&(leaf.as_bytes().len() as u32).to_be_bytes(), leaf.as_bytes()].concat())
            .collect();
        let bundle = Bundle {
            rules: rules.as_bytes(),
            closures: closures.as_bytes(),
            freeze: freeze.as_bytes(),
            leaves: &leaves,
            beacon: beacon.as_bytes(),
            result: self.result.as_bytes(),
        };
        bundle.to_tar()
    }

    fn verify(&self) -> Result<Report, Broken> {
        verify(&Bundle::read(&self.tar()).expect("a bundle"))
    }

    fn broken(&self) -> Broken {
        self.verify().expect_err("a lie")
    }
}

/// A freeze file with everything that does not follow from the leaves.
fn placeholder(rules: &Rules, closures: &Closures) -> FreezeFile {
    let RulesHead { release, freeze, beacon, round, .. } = rules.head().clone();
    let frozen_at = freeze + SignedDuration::from_secs(2);
    FreezeFile {
        release,
        rules: rules.hash(),
        closures: closures.hash(),
        size: 0,
        root: Hash32::of(b""),
        beacon,
        round,
        frozen_at,
    }
}

fn drand() -> BeaconValue {
    BeaconValue::drand_from_hex(&QUICKNET, ROUND, SIGNATURE).expect("the published signature")
}

fn is_refused(tar: &[u8]) -> bool {
    Bundle::read(tar).map_or(true, |bundle| verify(&bundle).is_err())
}

#[test]
fn a_fair_bundle_passes_and_says_what_it_cannot_prove() {
    let report = Files::fair(local()).verify().expect("a fair draw");
    assert_eq!((report.entries, report.people, report.places), (3, 4, 3), "the closed slot gives no place");
    assert_eq!((report.given, report.standby), (3, 1));
    assert_eq!(report.cautions, [Caution::LocalBeacon]);
    let report = Files::fair(drand()).verify().expect("a fair draw");
    assert_eq!(report.cautions, [Caution::PublishedBefore { instant: at("2023-09-15T10:30:03Z") }]);
    let manual = BeaconValue::manual(label("the national lottery"), "04 11 23 é").unwrap();
    assert_eq!(Files::fair(manual).verify().expect("a fair draw").cautions, [Caution::ManualBeacon]);
}

#[test]
fn no_bit_of_a_bundle_can_be_flipped() {
    let tar = Files::fair(local()).tar();
    assert!(!is_refused(&tar));
    for at in 0..tar.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut changed = tar.clone();
            changed[at] ^= flip;
            assert!(is_refused(&changed), "byte {at} with {flip} flipped");
        }
    }
}

#[test]
fn no_byte_of_a_bundle_with_a_drand_value_can_be_changed() {
    let tar = Files::fair(drand()).tar();
    assert!(!is_refused(&tar));
    for at in 0..tar.len() {
        let mut changed = tar.clone();
        changed[at] ^= [1, 2, 4, 8, 16, 32, 64, 128][at % 8];
        assert!(is_refused(&changed), "byte {at}");
    }
}

#[test]
fn no_bundle_can_be_cut_or_lengthened() {
    let tar = Files::fair(local()).tar();
    for end in 0..tar.len() {
        assert!(is_refused(&tar[..end]), "cut at {end}");
    }
    assert!(is_refused(&[&tar[..], &[0; 512]].concat()));
}

#[test]
fn two_ranks_cannot_change_places() {
    let mut files = Files::fair(local());
    let mut lines: Vec<String> = files.result.lines().map(str::to_owned).collect();
    let (one, other) = (lines[4].clone(), lines[5].clone());
    lines[4] = format!("1 {}", other.split_once(' ').unwrap().1);
    lines[5] = format!("2 {}", one.split_once(' ').unwrap().1);
    files.result = lines.join("\n") + "\n";
    assert_eq!(files.broken().step, Step::Order);
}

#[test]
fn a_place_cannot_be_given_by_hand() {
    let mut files = Files::fair(local());
    let line = files.result.lines().find(|line| line.ends_with("standby")).expect("somebody on standby").to_owned();
    files.result = files.result.replace(&line, &line.replace("standby", "BTM/2023-09-19/13:00"));
    let broken = files.broken();
    assert_eq!(broken.step, Step::Allocation);
    assert!(broken.why.contains("has standby, the result says BTM/2023-09-19/13:00"), "{broken}");
}

#[test]
fn a_line_cannot_be_left_out_or_added() {
    let mut files = Files::fair(local());
    let cut = files.result.trim_end().rfind('\n').unwrap() + 1;
    let last = files.result.split_off(cut);
    assert_eq!(files.broken().step, Step::Result);
    files.result += &last;
    files.verify().expect("whole again");
    files.result += &last.replacen('3', "4", 1);
    assert_eq!(files.broken().step, Step::Result);
}

#[test]
fn nobody_can_be_in_twice() {
    let fair = Files::fair(local());
    let mut files = fair.clone();
    files.leaves.push(leaf(&fair.rules, &[9, 1], &["BTM/*/*"]));
    files.leaves.sort_by_key(|leaf| Leaf::parse(leaf.as_bytes()).unwrap().entry_id);
    assert_eq!(files.broken().step, Step::Tags);
    let mut files = fair.clone();
    files.leaves.push(leaf(&fair.rules, &[9, 9], &["BTM/*/*"]));
    files.leaves.sort_by_key(|leaf| Leaf::parse(leaf.as_bytes()).unwrap().entry_id);
    assert_eq!(files.broken().step, Step::Tags);
}

#[test]
fn entries_stand_by_id_and_nothing_else() {
    let mut files = Files::fair(local());
    files.leaves.reverse();
    assert_eq!(files.broken().step, Step::Ids);
    let mut files = Files::fair(local());
    files.leaves.push(files.leaves[2].clone());
    assert_eq!(files.broken().step, Step::Ids);
}

#[test]
fn an_entry_cannot_be_dropped_or_slipped_in_after_the_freeze() {
    let fair = Files::fair(local());
    let mut files = fair.clone();
    files.leaves.pop();
    assert_eq!(files.broken().step, Step::Root);
    let mut files = fair.clone();
    files.leaves.push(leaf(&fair.rules, &[9], &["BTM/*/*"]));
    files.leaves.sort_by_key(|leaf| Leaf::parse(leaf.as_bytes()).unwrap().entry_id);
    assert_eq!(files.broken().step, Step::Root);
}

#[test]
fn an_entry_under_other_rules_is_refused() {
    let mut files = Files::fair(local());
    let other = Files::fair(drand());
    files.leaves[0] = other.leaves[0].clone();
    assert_eq!(files.broken().step, Step::Leaves);
}

#[test]
fn the_list_cannot_be_frozen_early_or_close_to_the_value() {
    let mut files = Files::fair(drand());
    files.freeze.frozen_at = at("2023-09-15T09:59:59Z");
    assert_eq!(files.settled().broken().step, Step::FreezeTime);
    let mut files = Files::fair(drand());
    files.freeze.frozen_at = at("2023-09-15T10:30:04Z");
    let broken = files.settled().broken();
    assert_eq!(broken.step, Step::FreezeTime);
    assert!(broken.why.contains("round 657413 comes 1799 s after the freeze"), "{broken}");
}

#[test]
fn a_round_moves_by_whole_days_only() {
    let mut files = Files::fair(drand());
    files.freeze.frozen_at = at("2023-09-15T10:45:00Z");
    files.freeze.round = ROUND + 28_800;
    let broken = files.clone().settled().broken();
    assert_eq!(broken.step, Step::Beacon, "the freeze is in order, but waits for a later value: {broken}");
    for round in [ROUND - 28_800, ROUND + 1, ROUND + 28_799] {
        files.freeze.round = round;
        assert_eq!(files.clone().settled().broken().step, Step::FreezeTime);
    }
}

#[test]
fn closures_are_of_known_slots_and_before_the_freeze() {
    let fair = Files::fair(local());
    let closure = |slot: &str, time: &str| {
        Closures::new([Closure { slot: slot.parse().unwrap(), at: at(time), reason: "x".to_owned() }]).unwrap()
    };
    let mut files = fair.clone();
    files.closures = closure("BTM/2023-09-20/08:00", "2023-09-14T00:00:00Z");
    assert_eq!(files.broken().step, Step::Closures);
    let mut files = fair.clone();
    files.closures = closure("BTM/2023-09-19/08:00", "2023-09-15T10:00:03Z");
    assert_eq!(files.broken().step, Step::Freeze, "the freeze file names the closures");
    assert_eq!(files.settled().broken().step, Step::FreezeTime);
}

#[test]
fn a_value_of_another_beacon_is_refused_unless_the_rules_name_it() {
    let mut files = Files::fair(drand());
    files.beacon = BeaconValue::manual(label("a lottery of our choice"), "1").unwrap();
    assert_eq!(files.clone().settled().broken().step, Step::Beacon);
    files.beacon = BeaconValue::manual(label("the national lottery"), "04 11 23").unwrap();
    let cautions = files.settled().verify().expect("the fallback of the rules").cautions;
    assert!(cautions.contains(&Caution::FallbackUsed { line: 0 }) && cautions.contains(&Caution::ManualBeacon));
}

#[test]
fn a_value_that_the_chain_did_not_sign_is_refused() {
    let BeaconValue::Drand { chain, round, randomness, signature } = drand() else { unreachable!("a drand value") };
    let fair = Files::fair(drand());
    let with = |randomness, signature| {
        Files { beacon: BeaconValue::Drand { chain, round, randomness, signature }, ..fair.clone() }.settled()
    };
    with(randomness, signature).verify().expect("the published value");
    assert_eq!(with([7; 32], signature).broken().step, Step::Beacon);
    let mut forged = signature;
    forged[20] ^= 1;
    assert_eq!(with(Hash32::of(&forged).0, forged).broken().step, Step::Beacon);
}

#[test]
fn a_chosen_seed_is_refused() {
    let mut files = Files::fair(local());
    let seed = files.result.lines().nth(3).unwrap().to_owned();
    files.result = files.result.replace(&seed, &format!("seed {}", Hash32::of(b"mine")));
    assert_eq!(files.broken().step, Step::Seed);
}

#[test]
fn a_draw_without_entries_is_a_draw() {
    let mut files = Files::fair(local());
    files.leaves.clear();
    let report = files.settled().verify().expect("an empty draw");
    assert_eq!((report.entries, report.given, report.standby), (0, 0, 0));
}
