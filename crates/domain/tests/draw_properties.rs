//! What holds for every draw, whatever the slots and the choices: checked on invented ones against the rule in its plainest form.

use antrean_domain::draw::allocate::{Board, Placement};
use antrean_domain::draw::beacon::{BeaconId, Label};
use antrean_domain::draw::closures::{Closure, Closures};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, EntryId, Leaf, LeafPerson};
use antrean_domain::draw::freeze::{FreezeError, Frozen};
use antrean_domain::draw::order::Orderer;
use antrean_domain::draw::person::{Commitment, Tag};
use antrean_domain::draw::rules::{Rules, RulesHead};
use antrean_domain::draw::seed::Seed;
use antrean_domain::slot::{Places, SlotKey};
use proptest::prelude::*;

const OFFICES: [&str; 4] = ["BTM", "BTM-HB", "BTMX", "CGK"];
const DATES: [&str; 3] = ["2027-01-11", "2027-01-12", "2027-01-13"];
const STARTS: [&str; 4] = ["08:00", "11:59", "12:00", "13:30"];

/// A party: how many people, and what they wish.
#[derive(Clone, Debug)]
struct Party {
    size: u8,
    choices: Vec<Choice>,
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let dates = [&DATES[..], &["*", "*", "2027-01-14"]].concat();
    let windows = [&STARTS[..], &["am", "pm", "*", "*", "09:00"]].concat();
    let one = (prop::sample::select(&OFFICES[..]), prop::sample::select(dates), prop::sample::select(windows));
    let one =
        one.prop_map(|(office, date, window)| Choice::parse(&format!("{office}/{date}/{window}")).expect("a choice"));
    prop::collection::vec(one, 1..=6)
}

fn parties() -> impl Strategy<Value = Vec<Party>> {
    prop::collection::vec((1..=5_u8, choices()).prop_map(|(size, choices)| Party { size, choices }), 1..40)
}

fn slots() -> impl Strategy<Value = Vec<(SlotKey, Places)>> {
    let all: Vec<String> = OFFICES
        .iter()
        .flat_map(|office| {
            DATES.iter().flat_map(move |date| STARTS.iter().map(move |start| format!("{office}/{date}/{start}")))
        })
        .collect();
    let some = prop::sample::subsequence(all, 1..=30).prop_shuffle();
    (some, prop::collection::vec(0..7_u32, 30)).prop_map(|(slots, places)| {
        slots.iter().map(|slot| slot.parse().expect("a slot")).zip(places.into_iter().map(Places)).collect()
    })
}

fn rules(slots: Vec<(SlotKey, Places)>) -> Rules {
    let head = RulesHead {
        release: "2027-W02".parse().unwrap(),
        opens: "2027-01-08T07:00:00Z".parse().unwrap(),
        freeze: "2027-01-10T09:00:00Z".parse().unwrap(),
        beacon: BeaconId::Local(Label::parse("test").unwrap()),
        round: 0,
        fallbacks: Vec::new(),
        tag_key_sha256: Hash32::of(b""),
    };
    Rules::new(head, slots).expect("rules")
}

fn person(party: usize, member: u8) -> LeafPerson {
    let tag = Hash32::of(format!("{party}/{member}").as_bytes());
    LeafPerson { tag: Tag(tag.0), commitment: Commitment(Hash32::of(&tag.0).0) }
}

fn leaf(rules: &Rules, number: usize, party: &Party) -> Leaf {
    let people: Vec<_> = (0..party.size).map(|member| person(number, member)).collect();
    Leaf::build(&rules.head().release, &rules.hash(), &people, &party.choices).expect("a leaf")
}

fn leaves(rules: &Rules, parties: &[Party]) -> impl Iterator<Item = (u64, Vec<u8>)> {
    (0..).zip(parties).map(|(number, party)| (number as u64, leaf(rules, number, party).into_bytes()))
}

fn freeze(rules: &Rules, parties: &[Party]) -> Frozen {
    Frozen::from_leaves(rules.head().release.clone(), rules.hash(), leaves(rules, parties)).expect("a list")
}

fn draw(rules: &Rules, parties: &[Party], seed: Seed) -> Vec<Placement> {
    freeze(rules, parties).draw(&seed, Board::new(rules, &Closures::default()).unwrap()).placements().collect()
}

/// All slots that a party would take, best first, as the rule says: its choices in turn, each by date and then by window.
fn wishes<'a>(rules: &'a Rules, party: &'a Party) -> impl Iterator<Item = (usize, usize)> + 'a {
    party.choices.iter().enumerate().flat_map(|(at, choice)| {
        let mut taken: Vec<_> = (0..).zip(rules.slots()).filter(|(_, (slot, _))| choice.takes(slot)).collect();
        taken.sort_by_key(|(_, (slot, _))| (slot.date, slot.starts));
        taken.into_iter().map(move |(slot, _)| (slot, at)).collect::<Vec<_>>()
    })
}

/// The outcome computed in the plainest way: party, slot, choice.
fn plainly(rules: &Rules, parties: &[Party], seed: Seed) -> Vec<(usize, Option<(usize, usize)>)> {
    let orderer = Orderer::new(&seed);
    let mut order: Vec<usize> = (0..parties.len()).collect();
    order.sort_by_key(|party| orderer.key(&EntryId::of(&person(*party, 0).tag)));
    let mut left: Vec<u32> = rules.slots().iter().map(|(_, places)| places.get()).collect();
    let mut outcome = Vec::new();
    for number in order {
        let party = &parties[number];
        let place = wishes(rules, party).find(|(slot, _)| left[*slot] >= u32::from(party.size));
        if let Some((slot, _)) = place {
            left[slot] -= u32::from(party.size);
        }
        outcome.push((number, place));
    }
    outcome
}

fn place(placement: &Placement) -> Option<(usize, usize)> {
    placement.place.map(|given| (given.slot, usize::from(given.choice)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_fast_way_gives_what_the_plain_way_gives(slots in slots(), parties in parties(), seed: [u8; 32]) {
        let rules = rules(slots);
        let drawn = draw(&rules, &parties, Seed(seed));
        let fast: Vec<_> = drawn.iter().map(|placement| (placement.party as usize, place(placement))).collect();
        prop_assert_eq!(fast, plainly(&rules, &parties, Seed(seed)));
    }

    #[test]
    fn no_slot_is_given_beyond_its_capacity(slots in slots(), parties in parties(), seed: [u8; 32]) {
        let rules = rules(slots);
        let frozen = freeze(&rules, &parties);
        let drawing = frozen.draw(&Seed(seed), Board::new(&rules, &Closures::default()).unwrap());
        let mut taken = vec![0; rules.slots().len()];
        for placement in drawing.placements() {
            if let Some(given) = placement.place {
                taken[given.slot] += u32::from(placement.size);
            }
        }
        for (index, (slot, places)) in rules.slots().iter().enumerate() {
            prop_assert_eq!(taken[index] + drawing.board().left(index).get(), places.get(), "{}", slot);
        }
    }

    #[test]
    fn nobody_prefers_a_place_that_was_free_at_their_turn(slots in slots(), parties in parties(), seed: [u8; 32]) {
        let rules = rules(slots);
        let mut left: Vec<u32> = rules.slots().iter().map(|(_, places)| places.get()).collect();
        for placement in draw(&rules, &parties, Seed(seed)) {
            let got = place(&placement);
            for wish in wishes(&rules, &parties[placement.party as usize]).take_while(|wish| Some(*wish) != got) {
                prop_assert!(left[wish.0] < u32::from(placement.size), "party {} had room in slot {}", placement.party, wish.0);
            }
            if let Some((slot, _)) = got {
                left[slot] -= u32::from(placement.size);
            }
        }
    }

    #[test]
    fn telling_the_truth_is_the_best_strategy(
        slots in slots(), parties in parties(), seed: [u8; 32], liar: prop::sample::Index, lie in choices()
    ) {
        let rules = rules(slots);
        let liar = liar.index(parties.len());
        let honest = &parties[liar];
        let worth = |parties: &[Party]| {
            let placements = draw(&rules, parties, Seed(seed));
            let got = placements.iter().find(|placement| placement.party == liar as u64).and_then(place);
            // How far down the true list of wishes the place is; a place that is not wished for is worth nothing.
            got.and_then(|(slot, _)| wishes(&rules, honest).position(|(wished, _)| wished == slot)).unwrap_or(usize::MAX)
        };
        let mut lying = parties.clone();
        lying[liar].choices = lie;
        prop_assert!(worth(&parties) <= worth(&lying));
    }

    #[test]
    fn when_somebody_entered_changes_nothing(slots in slots(), parties in parties(), seed: [u8; 32], first: prop::sample::Index) {
        let rules = rules(slots);
        let in_order = draw(&rules, &parties, Seed(seed));
        let mut leaves: Vec<_> = leaves(&rules, &parties).collect();
        let first = first.index(leaves.len());
        leaves.rotate_left(first);
        leaves[1..].reverse();
        let frozen = Frozen::from_leaves(rules.head().release.clone(), rules.hash(), leaves).expect("a list");
        prop_assert_eq!(frozen.root(), freeze(&rules, &parties).root());
        let otherwise: Vec<_> = frozen.draw(&Seed(seed), Board::new(&rules, &Closures::default()).unwrap()).placements().collect();
        prop_assert_eq!(in_order, otherwise);
    }

    #[test]
    fn entering_again_gives_the_same_id(slots in slots(), one in parties(), other in parties(), salt: [u8; 32]) {
        let rules = rules(slots);
        let before = leaf(&rules, 7, &one[0]);
        // Other companions, another salt and other choices, but the same first applicant.
        let first = LeafPerson { commitment: Commitment(salt), ..person(7, 0) };
        let again = Leaf::build(&rules.head().release, &rules.hash(), &[first, person(8, 1)], &other[0].choices).expect("a leaf");
        prop_assert_eq!(Leaf::parse(before.as_bytes()).unwrap().entry_id, Leaf::parse(again.as_bytes()).unwrap().entry_id);
        let leaves = [(1, before.into_bytes()), (2, again.into_bytes())];
        let both = Frozen::from_leaves(rules.head().release.clone(), rules.hash(), leaves);
        let found = matches!(both, Err(FreezeError::SameTag { one: 1, other: 2, .. }));
        prop_assert!(found, "one person in two entries");
    }

    #[test]
    fn a_closed_slot_gives_no_place(slots in slots(), parties in parties(), seed: [u8; 32], closed: prop::sample::Index) {
        let rules = rules(slots);
        let closed = closed.index(rules.slots().len());
        let closure = Closure { slot: rules.slots()[closed].0, at: rules.head().opens, reason: "banjir".to_owned() };
        let closures = Closures::new([closure]).expect("a closure");
        let mut emptied = rules.slots().to_vec();
        emptied[closed].1 = Places(0);
        let frozen = freeze(&rules, &parties);
        let drawing = frozen.draw(&Seed(seed), Board::new(&rules, &closures).unwrap());
        let with_closure: Vec<_> = drawing.placements().map(|one| (one.party as usize, place(&one))).collect();
        // The parties are numbered alike under both rules, so that their ids and their order are the same.
        let without_places = Rules::new(rules.head().clone(), emptied).unwrap();
        prop_assert_eq!(with_closure, plainly(&without_places, &parties, Seed(seed)));
    }
}
