//! `antrean release verify` on the bundle of the protocol's test vector: it holds, and with any byte changed it does not.

use std::fs;

use antrean_domain::draw::allocate::Board;
use antrean_domain::draw::beacon::{BeaconValue, QUICKNET};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::closures::Closures;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::freeze::Freezer;
use antrean_domain::draw::rules::Rules;
use antrean_domain::draw::seed::Seed;
use serde::Deserialize;

use crate::running::{arg, json, run};

#[derive(Deserialize)]
struct Vector {
    rules: String,
    freeze: String,
    seed: Seed,
    round: u64,
    drand: Drand,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Drand {
    signature: String,
}

#[derive(Deserialize)]
struct Entry {
    made: u64,
    leaf: String,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// The bundle of the vector, put together from its values.
fn bundle() -> Vec<u8> {
    let vector: Vector = serde_json::from_str(include_str!("../../../domain/tests/data/draw_v1.json")).unwrap();
    let rules = Rules::parse(vector.rules.as_bytes()).unwrap();
    let mut freezer = Freezer::new(rules.head().release.clone(), rules.hash()).keeping_leaves();
    for entry in &vector.entries {
        freezer.add(entry.made, &unhex(&entry.leaf)).unwrap();
    }
    let frozen = freezer.finish().unwrap();
    let leaves = frozen.leaves().unwrap().collect::<Vec<_>>().concat();
    let drawing = frozen.draw(&vector.seed, Board::new(&rules, &Closures::default()).unwrap());
    let result = drawing.result_file(Hash32::of(vector.freeze.as_bytes()));
    let value = BeaconValue::drand_from_hex(&QUICKNET, vector.round, &vector.drand.signature).unwrap();
    let beacon = value.to_text();
    let bundle = Bundle {
        rules: vector.rules.as_bytes(),
        closures: b"",
        freeze: vector.freeze.as_bytes(),
        leaves: &leaves,
        beacon: beacon.as_bytes(),
        result: result.as_bytes(),
    };
    bundle.to_tar()
}

#[test]
fn the_vector_holds_and_every_step_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.tar");
    fs::write(&file, bundle()).unwrap();
    let ran = run(&["release", "verify", arg(&file)]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for step in ["rules", "leaves", "root", "beacon", "seed", "order", "allocation", "result"] {
        assert!(ran.out.contains(&format!("  ok  {step}")), "{step} is missing in {}", ran.out);
    }
    assert!(
        ran.out.contains("HOLDS: 8 entries with 12 people, 7 of 8 places given, 2 entries on standby"),
        "{}",
        ran.out
    );
    let told = json(&["release", "verify", arg(&file), "--json"]);
    assert_eq!(told["checks"].as_array().map(Vec::len), Some(13));
}

#[test]
fn no_byte_of_a_bundle_can_be_changed_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let good = bundle();
    let file = folder.path().join("bundle.tar");
    // A prime step meets headers, paddings and all six files at changing places.
    let step = 149;
    for (round, at) in (0..good.len()).step_by(step).enumerate() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (round % 8);
        fs::write(&file, &bad).unwrap();
        let ran = run(&["release", "verify", arg(&file)]);
        assert_eq!(ran.code, 1, "byte {at} of {}: {}", good.len(), ran.out);
        let (_, why) = ran.err.split_once("BROKEN at ").unwrap_or_else(|| panic!("byte {at}: {}", ran.err));
        assert!(why.trim().len() > 20 && ran.err.lines().count() == 1, "byte {at}: {}", ran.err);
    }
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    let told = run(&["release", "verify", arg(&file), "--json"]);
    assert_eq!(told.code, 1);
    assert!(told.out.contains("\"holds\": false") && told.out.contains("\"step\": \"bundle\""), "{}", told.out);
}

#[test]
fn what_cannot_be_read_is_another_matter_than_what_is_broken() {
    for unreadable in ["/nowhere/bundle.tar", "http://127.0.0.1:1/undian/X", "http://", "/"] {
        let ran = run(&["release", "verify", unreadable]);
        assert_eq!(ran.code, 2, "{unreadable}: {}", ran.err);
        assert!(ran.err.starts_with(&format!("antrean: {unreadable}: ")), "{}", ran.err);
    }
}
