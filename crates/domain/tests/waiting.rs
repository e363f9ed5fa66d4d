//! The waiting room: whose turn it is follows from what is public, and the line only ever goes forwards.

use std::collections::HashSet;

use antrean_domain::draw::encoding::Hash32;
use antrean_domain::keys::{Keyring, PersonKey};
use antrean_domain::release::ReleaseId;
use antrean_domain::waiting::{
    Front, HALL, Health, LineId, LineKey, NoPlaceToken, Owner, PlaceToken, Seen, Spot, Terms, commitment, estimate,
    look_again_s,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const TERMS: Terms = Terms { rate_start: 1_200, rate_min: 60, rate_max: 60_000, at_work_min: 20, decide_s: 180 };

fn release() -> ReleaseId {
    "2026-W49-BTM".parse().unwrap()
}

fn start() -> Timestamp {
    "2026-11-27T07:00:00Z".parse().unwrap()
}

fn id(number: u32) -> LineId {
    LineId(Hash32::of(&number.to_be_bytes()).0[..16].try_into().unwrap())
}

fn key() -> LineKey {
    LineKey::derive(&release(), "secret", 0, &[7; 32])
}

fn seen(now: Timestamp, present: u64, arrivals: u64, left: u32, health: Health) -> Seen {
    Seen { now, present, arrivals, left, health }
}

/// Lets so many half seconds pass in which nothing else changes.
fn pass(mut front: Front, halves: u32, present: u64, arrivals: u64, left: u32, health: Health) -> Front {
    for _ in 0..halves {
        let now = front.moved + SignedDuration::from_millis(500);
        front = front.step(&seen(now, present, arrivals, left, health), &TERMS);
    }
    front
}

#[test]
fn the_bytes_under_the_order_never_change() {
    // Computed by a program in another language from the protocol's text alone.
    assert_eq!(
        commitment(&release(), &[7; 32]).to_string(),
        "793b8f8f7df4940ba7461918a7697428dd611c839b5c0679ce6eb9f3d6a4f621"
    );
    assert_eq!(key().to_string(), "f41bd24f8f22bd3502d51e2d99c8412569048dc41cd3eed48fe7853b25d23bb7");
    assert_eq!(key().value(&LineId([9; 16])), 15_368_549_561_855);
}

#[test]
fn the_order_is_that_of_the_hash_and_not_of_the_joining() {
    let key = key();
    let values: Vec<u64> = (0..10_000).map(|number| key.value(&id(number))).collect();
    assert!(values.iter().all(|value| *value < HALL));
    assert_eq!(values.iter().collect::<HashSet<_>>().len(), values.len(), "ten thousand in 2^48 do not meet");
    // Who joined in the first tenth is in the first tenth of the order about every tenth time: 1,000 expected, deviation 30.
    let first = values[..1_000].iter().filter(|value| **value < HALL / 10).count();
    assert!((60..140).contains(&first), "{first}");
    let below_half = values.iter().filter(|value| **value < HALL / 2).count();
    assert!((4_800..5_200).contains(&below_half), "{below_half}");
}

#[test]
fn a_line_id_follows_from_release_and_holder_alone() {
    let keys = Keyring::derive(&[1; 32]);
    let person = PersonKey([3; 16]);
    let here = LineId::of(&keys, &release(), &person);
    assert_eq!(here, LineId::of(&keys, &release(), &person));
    assert_ne!(here, LineId::of(&keys, &release(), &PersonKey([4; 16])));
    assert_ne!(here, LineId::of(&keys, &"2026-W50".parse().unwrap(), &person), "no line tells about another");
    assert_ne!(here, LineId::of(&Keyring::derive(&[2; 32]), &release(), &person));
}

#[test]
fn those_present_are_let_in_by_value_and_later_ones_behind_them() {
    let key = key();
    let front = Front { threshold: HALL / 2, admitted: 0, ..Front::opening(start(), 1_000, &TERMS) };
    for number in 0..1_000 {
        let spot = Spot { line: id(number), number: None };
        assert_eq!(spot.is_in(&front, Some(&key)), key.value(&id(number)) < HALL / 2);
        assert!(!spot.is_in(&front, None), "nobody is in before the order is known");
    }
    let late = Spot { line: id(1), number: Some(1) };
    assert!(!late.is_in(&front, Some(&key)), "even the first of the late waits for all who were present");
    assert_eq!(late.ahead(&front, Some(&key), 1_000), Some(500));
    let all_present = Front { threshold: HALL, admitted: 3, ..front };
    let late = |number| Spot { line: id(1), number: Some(number) }.is_in(&all_present, Some(&key));
    assert!(late(3) && !late(4));
    assert_eq!(Spot { line: id(1), number: Some(9) }.ahead(&all_present, None, 1_000), Some(5));
}

#[test]
fn about_as_many_are_let_in_as_the_rate_says() {
    let front = pass(Front::opening(start(), 1_000_000, &TERMS), 120, 1_000_000, 0, 1_000_000, Health::Strained);
    let key = key();
    let within = (0..100_000).filter(|n| Spot { line: id(*n), number: None }.is_in(&front, Some(&key))).count();
    // 1,200 in a minute of a million: 120 of a hundred thousand, deviation 11.
    assert!((75..165).contains(&within), "{within}");
    assert!((1_000..1_300).contains(&(front.pace_milli / 1_000)), "{}", front.pace_milli);
}

#[test]
fn good_health_raises_the_rate_and_bad_health_lowers_it_faster() {
    let opening = Front::opening(start(), 1_000_000, &TERMS);
    let good = pass(opening, 60, 1_000_000, 0, 1_000_000, Health::Good);
    assert!(good.rate > 30_000, "{}", good.rate);
    let bad = pass(good, 10, 1_000_000, 0, 1_000_000, Health::Bad);
    assert!(bad.rate < good.rate / 3, "{} after {}", bad.rate, good.rate);
    let worst = pass(bad, 600, 1_000_000, 0, 1_000_000, Health::Bad);
    assert_eq!(worst.rate, TERMS.rate_min);
    assert!(worst.threshold > bad.threshold, "a line never stands still while there are places");
}

#[test]
fn no_more_are_let_in_than_places_are_left_and_who_does_not_come_holds_up_nobody() {
    let key = key();
    let ids: Vec<LineId> = (0..20_000).map(id).collect();
    let within = |front: &Front| ids.iter().filter(|id| key.value(id) < front.threshold).count();
    let opening = Front::opening(start(), 20_000, &TERMS);
    let after_a_minute = pass(opening, 120, 20_000, 0, 500, Health::Good);
    // 500 places: 500 at once, and those who are reckoned to have left within the minute.
    assert!((450..850).contains(&within(&after_a_minute)), "{}", within(&after_a_minute));
    // Nobody comes at all. The line goes on, and ends.
    let later = pass(after_a_minute, 2 * 60 * 150, 20_000, 0, 500, Health::Good);
    assert_eq!(later.threshold, HALL);
    assert!(later.open, "everybody was let in; whoever comes now goes in");
}

#[test]
fn one_place_left_is_not_fought_for_by_thousands() {
    let opening = Front::opening(start(), 100_000, &TERMS);
    let front = pass(opening, 120, 100_000, 0, 1, Health::Good);
    let let_in = u128::from(front.threshold) * 100_000 / u128::from(HALL);
    assert!((15..40).contains(&let_in), "{let_in}");
}

#[test]
fn nobody_is_let_in_where_nothing_is_left_and_the_line_goes_on_when_something_is() {
    let opening = Front::opening(start(), 1_000, &TERMS);
    let full = pass(opening, 100, 1_000, 50, 0, Health::Good);
    assert_eq!((full.threshold, full.admitted, full.open), (0, 0, false));
    let again = pass(full, 10, 1_000, 50, 100, Health::Good);
    assert!(again.threshold > 0);
}

#[test]
fn an_empty_line_is_open_until_the_server_cannot_bear_it() {
    let opening = Front::opening(start(), 0, &TERMS);
    assert!(opening.open);
    let open = pass(opening, 10, 0, 7, 1_000, Health::Good);
    assert_eq!((open.open, open.admitted), (true, 7), "who joins an open room is in");
    assert!(!open.differs(&pass(open, 10, 0, 7, 1_000, Health::Good)), "an idle line writes nothing");
    let closed = pass(open, 1, 0, 5_000, 1_000, Health::Bad);
    assert!(!closed.open && closed.admitted < 5_000);
    let strained = pass(closed, 1, 0, 5_000, 1_000, Health::Strained);
    assert!(!strained.open, "a room that was closed opens again in good health only, and when nobody waits");
    assert!(pass(closed, 600, 0, 5_000, 10_000, Health::Good).open);
}

#[test]
fn a_clock_that_jumps_lets_nobody_leap() {
    let front = pass(Front::opening(start(), 1_000_000, &TERMS), 10, 1_000_000, 0, 900_000, Health::Strained);
    let at = |now| front.step(&seen(now, 1_000_000, 0, 900_000, Health::Strained), &TERMS);
    let two_seconds = at(front.moved + SignedDuration::from_secs(2));
    for hours in [1, 24, 24 * 365] {
        let jumped = at(front.moved + SignedDuration::from_hours(hours));
        assert_eq!(jumped.threshold, two_seconds.threshold, "{hours} hours");
    }
    let back = at(front.moved - SignedDuration::from_hours(1));
    assert_eq!((back.threshold, back.admitted, back.rate), (front.threshold, front.admitted, front.rate));
    // And it goes on from there: a clock that went back does not stop the line for an hour.
    assert!(pass(back, 10, 1_000_000, 0, 900_000, Health::Good).threshold > front.threshold);
}

#[test]
fn times_are_ranges_that_people_say() {
    let range = |ahead, per_minute: u64| {
        let found = estimate(ahead, per_minute * 1_000)?;
        Some((found.from_min, found.to_min))
    };
    assert_eq!(range(10_000, 1_000), Some((5, Some(20))));
    assert_eq!(range(100, 1_000), Some((0, Some(1))));
    assert_eq!(range(1_000_000, 100), Some((720, None)));
    assert_eq!(range(5, 0), None);
}

#[test]
fn who_is_far_looks_rarely_and_a_long_line_more_rarely_still() {
    let spread: HashSet<u32> = (0..50).map(|spread| look_again_s(Some(100_000), 600_000, 100_000, spread)).collect();
    assert!(spread.len() > 10, "not all at once");
    assert!(look_again_s(Some(10), 600_000, 1_000_000, 0) <= 6);
    assert_eq!(look_again_s(Some(900_000), 600_000, 1_000_000, 0), 200);
    assert!((30..=40).contains(&look_again_s(Some(1_000), 600_000, 1_000, 0)));
}

#[test]
fn a_token_is_read_back_and_nothing_else_is() {
    let keys = Keyring::derive(&[1; 32]);
    let owner = Owner::of(&keys, &release(), 41);
    assert_ne!(owner, Owner::of(&keys, &release(), 42));
    for number in [None, Some(1), Some(u64::MAX)] {
        let token = PlaceToken { release: release(), spot: Spot { line: id(1), number }, owner };
        let text = token.issue(&keys);
        assert_eq!(PlaceToken::verify(&text, &keys), Ok(token));
        assert_eq!(PlaceToken::verify(&text, &Keyring::derive(&[2; 32])), Err(NoPlaceToken), "of another server");
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'1' { b'2' } else { b'1' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(PlaceToken::verify(&forged, &keys), Err(NoPlaceToken), "{forged}");
        }
    }
    for wrong in ["", ".", "v1", "v1.2026-W49.p"] {
        assert_eq!(PlaceToken::verify(wrong, &keys), Err(NoPlaceToken));
    }
}

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![Just(Health::Good), Just(Health::Strained), Just(Health::Bad)]
}

proptest! {
    /// Whatever the clock, the health, the places and the arrivals do: who was let in stays in.
    #[test]
    fn the_line_never_goes_back_and_never_beyond_who_is_there(
        present in 0_u64..2_000_000,
        ticks in prop::collection::vec((-3_600_000_i64..3_600_000, 0_u64..1_000, 0_u32..100_000, health()), 1..200),
    ) {
        let mut front = Front::opening(start(), present, &TERMS);
        let mut arrivals = 0;
        for (ms, more, left, health) in ticks {
            arrivals += more;
            let now = front.moved + SignedDuration::from_millis(ms);
            let next = front.step(&seen(now, present, arrivals, left, health), &TERMS);
            prop_assert!(next.threshold >= front.threshold && next.admitted >= front.admitted);
            prop_assert!(next.threshold <= HALL && next.admitted <= arrivals);
            prop_assert!(next.admitted == front.admitted || next.threshold == HALL, "late ones stand behind");
            prop_assert!((TERMS.rate_min..=TERMS.rate_max).contains(&next.rate));
            prop_assert!(left > 0 || next.threshold == front.threshold || front.open);
            let let_in = u128::from(next.threshold - front.threshold) * u128::from(present) / u128::from(HALL)
                + u128::from(next.admitted - front.admitted);
            // Two seconds at the highest rate, and what rounding adds.
            prop_assert!(front.open || let_in <= 2_002, "{} at once", let_in);
            front = next;
        }
    }

    /// Being ahead of somebody now is being ahead of them for ever.
    #[test]
    fn nobody_overtakes(one in 0_u32..100_000, other in 0_u32..100_000, threshold in 0..=HALL, admitted in 0_u64..100) {
        let key = key();
        let front = Front { threshold, admitted, ..Front::opening(start(), 1_000, &TERMS) };
        let place = |n: u32| Spot { line: id(n), number: n.is_multiple_of(3).then_some(u64::from(n % 200) + 1) };
        let (one, other) = (place(one), place(other));
        let rank = |spot: &Spot| (spot.number.is_some(), spot.number.unwrap_or_else(|| key.value(&spot.line)));
        if rank(&one) <= rank(&other) && other.is_in(&front, Some(&key)) {
            prop_assert!(one.is_in(&front, Some(&key)));
        }
        let ahead = |spot: &Spot| spot.ahead(&front, Some(&key), 1_000).unwrap();
        prop_assert!(rank(&one) > rank(&other) || ahead(&one) <= ahead(&other));
    }
}
