//! How long a draw of a million entries takes and how much memory it needs.
//!
//! `cargo bench -p antrean-domain --bench draw -- [ENTRIES] [CHOICES]`, by default 1,000,000 entries with 4 choices each.
//!
//! Entries are invented over 272 offices with 30 slots each and 126,000 places, much fewer than are wanted. Nothing is asserted about
//! time; the numbers are printed.

use std::time::Instant;

use antrean_domain::draw::allocate::Board;
use antrean_domain::draw::beacon::{BeaconId, BeaconValue, Label};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::closures::Closures;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, Leaf, LeafPerson, WindowChoice};
use antrean_domain::draw::freeze::Freezer;
use antrean_domain::draw::person::{Commitment, Tag};
use antrean_domain::draw::rules::{Rules, RulesHead};
use antrean_domain::draw::seed::Seed;
use antrean_domain::draw::verify::verify;
use antrean_domain::slot::{Places, SlotKey, WindowStart};

const OFFICES: u64 = 272;
const DAYS: u64 = 5;
const STARTS: [u16; 6] = [8 * 60, 9 * 60, 10 * 60, 11 * 60, 13 * 60, 14 * 60];
const PLACES: u64 = 126_000;

/// Numbers for invented entries: SplitMix64, so that every run has the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

fn office(number: u64) -> String {
    let letter = |place: u64| char::from(b'A' + (number / place % 26) as u8);
    format!("{}{}X", letter(26), letter(1))
}

fn slots() -> Vec<(SlotKey, Places)> {
    let all = OFFICES * DAYS * STARTS.len() as u64;
    let keys = (0..OFFICES).flat_map(|number| {
        (0..DAYS).flat_map(move |day| {
            STARTS.map(|minutes| SlotKey {
                office: office(number).parse().expect("an office"),
                date: format!("2027-01-{:02}", 11 + day).parse().expect("a date"),
                starts: WindowStart::from_minutes(minutes).expect("a start"),
            })
        })
    });
    keys.zip(0..).map(|(key, index)| (key, Places((PLACES / all + u64::from(index < PLACES % all)) as u32))).collect()
}

fn leaf(rules: &Rules, number: u64, choice_count: u64, numbers: &mut Numbers) -> Leaf {
    // Most people apply alone, some in families.
    let size = [1, 1, 1, 1, 1, 1, 2, 2, 3, 4][numbers.below(10) as usize];
    let people: Vec<_> = (0..size)
        .map(|member: u64| {
            let tag = Hash32::of(&(number * 8 + member).to_be_bytes());
            LeafPerson { tag: Tag(tag.0), commitment: Commitment(tag.0) }
        })
        .collect();
    let choices: Vec<_> = (0..choice_count)
        .map(|_| {
            // A few offices are wanted by most people.
            let wanted = numbers.below(OFFICES).min(numbers.below(OFFICES));
            let (slot, _) = &rules.slots()[(wanted * DAYS * STARTS.len() as u64 + numbers.below(30)) as usize];
            let window =
                [WindowChoice::Any, WindowChoice::Morning, WindowChoice::Afternoon, WindowChoice::Start(slot.starts)]
                    [numbers.below(4) as usize];
            Choice { office: slot.office, date: (numbers.below(2) == 0).then_some(slot.date), window }
        })
        .collect();
    Leaf::build(&rules.head().release, &rules.hash(), &people, &choices).expect("a leaf")
}

/// Memory of this program in MB: the word of `/proc/self/status`, `VmHWM` for the peak or `VmRSS` for now; 0 where there is no such file.
fn memory_mb(word: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

struct Watch(Instant);

impl Watch {
    fn done(&mut self, what: &str) {
        println!(
            "{what:<42} {:>8.3} s   now {:>5} MB   peak {:>5} MB",
            self.0.elapsed().as_secs_f64(),
            memory_mb("VmRSS"),
            memory_mb("VmHWM")
        );
        self.0 = Instant::now();
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let entries = numbers.next().unwrap_or(1_000_000);
    let choice_count = numbers.next().unwrap_or(4).clamp(1, 20);

    let beacon = BeaconValue::Local { label: Label::parse("bench").expect("a label"), randomness: [7; 32] };
    let head = RulesHead {
        release: "2027-W02".parse().expect("a release"),
        opens: "2027-01-08T07:00:00Z".parse().expect("an instant"),
        freeze: "2027-01-10T09:00:00Z".parse().expect("an instant"),
        beacon: BeaconId::Local(Label::parse("bench").expect("a label")),
        round: 0,
        fallbacks: Vec::new(),
        tag_key_sha256: Hash32::of(b""),
    };
    let rules = Rules::new(head, slots()).expect("rules");
    let closures = Closures::default();
    println!("{entries} entries with {choice_count} choices each, {} slots, {PLACES} places", rules.slots().len());

    // All leaves at once would hide the memory that the draw itself needs: they are made in rounds, and only the taking is timed.
    let mut random = Numbers(1);
    let mut freezer = Freezer::new(rules.head().release.clone(), rules.hash());
    let mut watch = Watch(Instant::now());
    let mut taking = std::time::Duration::ZERO;
    let mut made = 0;
    while made < entries {
        let until = entries.min(made + 10_000);
        let leaves: Vec<_> =
            (made..until).map(|number| (number, leaf(&rules, number, choice_count, &mut random))).collect();
        let start = Instant::now();
        for (party, leaf) in &leaves {
            freezer.add(*party, leaf.as_bytes()).expect("an entry of the release");
        }
        taking += start.elapsed();
        made = until;
    }
    watch.done("entries made and taken");
    println!("{:<42} {:>8.3} s", "  of it: leaves read, hashed, taken", taking.as_secs_f64());
    let frozen = freezer.finish().expect("a list without doubles");
    watch.done("ids sorted, tags compared, root");
    let seed = Seed::derive(frozen.release(), &frozen.root(), frozen.size(), &beacon);
    let order = antrean_domain::draw::order::order(&seed, frozen.ids());
    watch.done("order alone");
    drop(order);
    let drawing = frozen.draw(&seed, Board::new(&rules, &closures).expect("a board"));
    watch.done("order and allocation");
    let placed = drawing.placements().filter(|placement| placement.place.is_some()).count();
    watch.done("placements read");
    println!("{placed} entries have a place, {} places are left", drawing.board().left_in_all());
    drop(drawing);
    drop(frozen);

    // The same again with everything kept for the bundle, and then the check of that bundle.
    let mut random = Numbers(1);
    let mut freezer = Freezer::new(rules.head().release.clone(), rules.hash()).keeping_leaves();
    for number in 0..entries {
        freezer
            .add(number, leaf(&rules, number, choice_count, &mut random).as_bytes())
            .expect("an entry of the release");
    }
    let frozen = freezer.finish().expect("a list without doubles");
    watch.done("again, with the leaves kept");
    let frozen_at = rules.head().freeze;
    let freeze = frozen.freeze_file(rules.hash(), closures.hash(), beacon.id(), 0, frozen_at);
    let result = frozen.draw(&seed, Board::new(&rules, &closures).expect("a board")).result_file(freeze.hash());
    watch.done("drawn, result written");
    let leaves = frozen.leaves().expect("kept").fold(Vec::new(), |mut all, leaf| {
        all.extend_from_slice(leaf);
        all
    });
    drop(frozen);
    watch.done("leaves.bin written");
    let (rules, freeze, beacon) = (rules.to_text(), freeze.to_text(), beacon.to_text());
    let bundle = Bundle {
        rules: rules.as_bytes(),
        closures: b"",
        freeze: freeze.as_bytes(),
        leaves: &leaves,
        beacon: beacon.as_bytes(),
        result: result.as_bytes(),
    };
    let report = verify(&bundle).expect("a fair draw");
    watch.done("bundle verified");
    println!(
        "{} entries, {} people, {} of {} places, {} on standby",
        report.entries, report.people, report.given, report.places, report.standby
    );
    println!("leaves.bin {} MB, result.txt {} MB", leaves.len() / 1_000_000, result.len() / 1_000_000);
}
