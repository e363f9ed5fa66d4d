//! The test vector of `antrean/draw/v1`: every value of `data/draw_v1.json`, on which programs written independently agree.

use std::collections::HashMap;

use antrean_domain::draw::allocate::Board;
use antrean_domain::draw::beacon::{BeaconError, BeaconId, BeaconValue, QUICKNET};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::closures::Closures;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, EntryId, Leaf, LeafPerson};
use antrean_domain::draw::freeze::{Freezer, Frozen};
use antrean_domain::draw::merkle::path_leads_to;
use antrean_domain::draw::order::Orderer;
use antrean_domain::draw::person::{Commitment, Salt, Tag, TagKey, verify_receipt};
use antrean_domain::draw::rules::Rules;
use antrean_domain::draw::seed::Seed;
use antrean_domain::draw::verify::{Caution, Step, find_entry, verify};
use antrean_domain::name::FullName;
use antrean_domain::nik::Nik;
use antrean_domain::person::Person;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::SlotKey;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

#[derive(Deserialize)]
struct Vector {
    release: ReleaseId,
    rules: String,
    rules_hash: Hash32,
    tag_key: String,
    beacon: BeaconId,
    round: u64,
    randomness: Hash32,
    entries: Vec<Entry>,
    frozen: Vec<EntryId>,
    size: u64,
    root: Hash32,
    freeze: String,
    freeze_sha256: Hash32,
    seed: Seed,
    order: Vec<EntryId>,
    left: HashMap<SlotKey, u32>,
    inclusion: Inclusion,
    drand: Drand,
}

#[derive(Deserialize)]
struct Entry {
    /// The number under which the entry was made; its salts come from it.
    made: usize,
    people: Vec<VectorPerson>,
    choices: Vec<Choice>,
    #[serde(rename = "entry_id")]
    id: EntryId,
    leaf: String,
    leaf_hash: Hash32,
    order_key: Hash32,
    rank: u32,
    slot: Option<SlotKey>,
}

#[derive(Deserialize)]
struct VectorPerson {
    nik: String,
    name: String,
    birth_date: String,
    salt: String,
    tag: Tag,
    commitment: Commitment,
}

#[derive(Deserialize)]
struct Inclusion {
    entry_id: EntryId,
    index: u64,
    path: Vec<Hash32>,
}

#[derive(Deserialize)]
struct Drand {
    chain_hash: Hash32,
    period: i64,
    genesis: i64,
    public_key: String,
    round: u64,
    message: Hash32,
    signature: String,
    randomness: Hash32,
    negative_round: u64,
    negative_message: Hash32,
}

fn vector() -> Vector {
    serde_json::from_str(include_str!("data/draw_v1.json")).expect("the vector has this shape")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl VectorPerson {
    fn person(&self) -> Person {
        Person {
            nik: Nik::parse(&self.nik).expect("a NIK"),
            name: FullName::parse(&self.name).expect("a name"),
            birth_date: self.birth_date.parse().expect("a date"),
            sex: None,
        }
    }

    fn salt(&self) -> Salt {
        self.salt.parse().expect("a salt")
    }
}

impl Entry {
    fn leaf(&self, vector: &Vector) -> Leaf {
        let key: TagKey = vector.tag_key.parse().expect("a key");
        let people: Vec<_> = self
            .people
            .iter()
            .map(|one| LeafPerson {
                tag: key.tag(&vector.release, &Nik::parse(&one.nik).expect("a NIK")),
                commitment: Commitment::to(&one.person(), &one.salt()),
            })
            .collect();
        Leaf::build(&vector.release, &vector.rules_hash, &people, &self.choices).expect("a leaf")
    }
}

impl Vector {
    fn frozen(&self) -> Frozen {
        let mut freezer = Freezer::new(self.release.clone(), self.rules_hash).keeping_leaves();
        for entry in &self.entries {
            freezer.add(entry.made as u64, entry.leaf(self).as_bytes()).expect("an entry of the release");
        }
        freezer.finish().expect("a list without doubles")
    }

    fn beacon_value(&self) -> BeaconValue {
        BeaconValue::drand_from_hex(&QUICKNET, self.round, &self.drand.signature).expect("the published signature")
    }
}

#[test]
fn the_rules_file_is_read_written_and_hashed() {
    let vector = vector();
    let rules = Rules::parse(vector.rules.as_bytes()).expect("the rules of the vector");
    assert_eq!(rules.to_text(), vector.rules);
    assert_eq!(rules.hash(), vector.rules_hash);
    let head = rules.head();
    assert_eq!((&head.release, &head.beacon, head.round), (&vector.release, &vector.beacon, vector.round));
    assert_eq!(head.tag_key_sha256, vector.tag_key.parse::<TagKey>().unwrap().hash());
    assert_eq!(rules.slots().len(), vector.left.len());
}

#[test]
fn every_person_has_the_tag_and_the_commitment() {
    let vector = vector();
    let key: TagKey = vector.tag_key.parse().unwrap();
    assert_eq!(key.to_hex(), vector.tag_key);
    for entry in &vector.entries {
        for (j, one) in entry.people.iter().enumerate() {
            assert_eq!(one.salt, hex(&Sha256::digest(format!("salt-{}-{j}", entry.made))));
            let person = one.person();
            assert_eq!(person.name.as_str(), one.name, "a name is hashed as it is written");
            assert_eq!(key.tag(&vector.release, &person.nik), one.tag);
            assert_eq!(Commitment::to(&person, &one.salt()), one.commitment);
            assert!(verify_receipt(&one.salt(), &person, &one.commitment));
            let younger = Person { birth_date: person.birth_date.tomorrow().unwrap(), ..person };
            assert!(!verify_receipt(&one.salt(), &younger, &one.commitment));
        }
    }
}

#[test]
fn every_entry_has_the_id_the_leaf_and_the_leaf_hash() {
    let vector = vector();
    for entry in &vector.entries {
        let leaf = entry.leaf(&vector);
        assert_eq!(hex(leaf.as_bytes()), entry.leaf);
        assert_eq!(leaf.hash(), entry.leaf_hash);
        assert_eq!(EntryId::of(&entry.people[0].tag), entry.id);
        let view = Leaf::parse(leaf.as_bytes()).expect("a leaf");
        assert_eq!((view.entry_id, view.rules, view.release), (entry.id, vector.rules_hash, vector.release.as_str()));
        assert_eq!(view.choices().collect::<Vec<_>>(), entry.choices);
        assert!(
            view.people()
                .zip(&entry.people)
                .all(|(found, one)| (found.tag, found.commitment) == (one.tag, one.commitment))
        );
        assert!(view.has_own_id());
    }
    assert_eq!(vector.entries[0].leaf(&vector).as_bytes().len(), 172);
}

#[test]
fn the_list_freezes_to_the_root_and_the_freeze_file() {
    let vector = vector();
    let frozen = vector.frozen();
    assert_eq!((frozen.size(), frozen.root(), frozen.people()), (vector.size, vector.root, 12));
    assert_eq!(frozen.ids().copied().collect::<Vec<_>>(), vector.frozen);
    assert_eq!(frozen.parties().collect::<Vec<_>>(), [2, 3, 1, 6, 4, 7, 0, 5]);
    assert_eq!(frozen.tree().root(), vector.root);
    let frozen_at = "2023-09-15T10:00:02.987Z".parse().unwrap();
    let round = vector.beacon.round_for(vector.round, frozen_at).expect("a round");
    let file =
        frozen.freeze_file(vector.rules_hash, Closures::default().hash(), vector.beacon.clone(), round, frozen_at);
    assert_eq!(file.to_text(), vector.freeze);
    assert_eq!(file.hash(), vector.freeze_sha256);
    assert_eq!(antrean_domain::draw::freeze::FreezeFile::parse(vector.freeze.as_bytes()), Ok(file));
}

#[test]
fn the_audit_path_leads_from_the_leaf_to_the_root() {
    let vector = vector();
    let frozen = vector.frozen();
    let Inclusion { entry_id, index, path } = &vector.inclusion;
    assert_eq!(frozen.index_of(entry_id), Some(*index));
    assert_eq!(frozen.tree().path(*index).as_ref(), Some(path));
    let entry = vector.entries.iter().find(|entry| entry.id == *entry_id).unwrap();
    assert!(path_leads_to(entry.leaf_hash, *index, vector.size, path, &vector.root));
    assert!(!path_leads_to(entry.leaf_hash, index - 1, vector.size, path, &vector.root));
}

#[test]
fn quicknet_signs_its_round_and_no_other() {
    let Drand {
        chain_hash,
        period,
        genesis,
        public_key,
        round,
        message,
        signature,
        randomness,
        negative_round,
        negative_message,
    } = vector().drand;
    assert_eq!((QUICKNET.hash, QUICKNET.period_s, QUICKNET.genesis_s), (chain_hash, period, genesis));
    assert_eq!(hex(&QUICKNET.public_key), public_key);
    assert_eq!(Hash32::of(&round.to_be_bytes()), message);
    assert_eq!(Hash32::of(&negative_round.to_be_bytes()), negative_message);
    let value = BeaconValue::drand_from_hex(&QUICKNET, round, &signature).expect("the published signature");
    assert_eq!(value.randomness(), randomness.as_bytes());
    let other_round = BeaconValue::drand_from_hex(&QUICKNET, negative_round, &signature);
    assert_eq!(other_round, Err(BeaconError::OtherSignature { round: negative_round }));
    let changed = signature.strip_suffix('b').unwrap().to_owned() + "a";
    let outside = BeaconValue::drand_from_hex(&QUICKNET, round, &changed);
    assert!(matches!(outside, Err(BeaconError::NotASignature { .. })));
}

#[test]
fn the_seed_gives_the_order_and_the_places() {
    let vector = vector();
    let value = vector.beacon_value();
    assert_eq!(value.randomness(), vector.randomness.as_bytes());
    let seed = Seed::derive(&vector.release, &vector.root, vector.size, &value);
    assert_eq!(seed, vector.seed);
    let orderer = Orderer::new(&seed);
    for entry in &vector.entries {
        assert_eq!(orderer.key(&entry.id).as_bytes(), entry.order_key.as_bytes());
    }

    let rules = Rules::parse(vector.rules.as_bytes()).unwrap();
    let frozen = vector.frozen();
    let drawing = frozen.draw(&seed, Board::new(&rules, &Closures::default()).unwrap());
    assert_eq!(drawing.placements().map(|placement| placement.entry_id).collect::<Vec<_>>(), vector.order);
    for placement in drawing.placements() {
        let entry = &vector.entries[placement.party as usize];
        assert_eq!((placement.entry_id, placement.rank), (entry.id, entry.rank));
        assert_eq!(usize::from(placement.size), entry.people.len());
        assert_eq!(placement.place.map(|given| &rules.slots()[given.slot].0), entry.slot.as_ref());
        if let Some(given) = placement.place {
            assert!(entry.choices[usize::from(given.choice)].takes(&rules.slots()[given.slot].0));
        }
    }
    for (index, (slot, _)) in rules.slots().iter().enumerate() {
        assert_eq!(drawing.board().left(index).get(), vector.left[slot], "{slot}");
    }
}

#[test]
fn the_bundle_of_the_vector_is_verified() {
    let vector = vector();
    let (frozen, rules) = (vector.frozen(), Rules::parse(vector.rules.as_bytes()).unwrap());
    let leaves = frozen.leaves().expect("kept").collect::<Vec<_>>().concat();
    let result =
        frozen.draw(&vector.seed, Board::new(&rules, &Closures::default()).unwrap()).result_file(vector.freeze_sha256);
    let beacon = vector.beacon_value().to_text();
    let bundle = Bundle {
        rules: vector.rules.as_bytes(),
        closures: b"",
        freeze: vector.freeze.as_bytes(),
        leaves: &leaves,
        beacon: beacon.as_bytes(),
        result: result.as_bytes(),
    };
    let tar = bundle.to_tar();
    let report = verify(&Bundle::read(&tar).expect("a bundle")).expect("a fair draw");
    assert_eq!(report.checks.iter().map(|check| check.step).collect::<Vec<_>>(), Step::ALL);
    assert_eq!((report.entries, report.people, report.places, report.given, report.standby), (8, 12, 8, 7, 2));
    assert_eq!(
        (report.rules, report.freeze, report.root, report.seed),
        (vector.rules_hash, vector.freeze_sha256, vector.root, vector.seed)
    );
    assert_eq!(report.cautions, [Caution::PublishedBefore { instant: "2023-09-15T10:30:03Z".parse().unwrap() }]);

    let found = find_entry(&bundle, &vector.inclusion.entry_id).expect("a readable bundle").expect("a frozen entry");
    assert_eq!((found.index, &found.path), (vector.inclusion.index, &vector.inclusion.path));
    assert_eq!(found.line.expect("a line").rank, 3);
    assert_eq!(find_entry(&bundle, &EntryId([0; 16])), Ok(None));
}
