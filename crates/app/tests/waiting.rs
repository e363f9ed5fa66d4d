//! The waiting room with the real operations, the real store and the real clock, on a clock moved by hand.

mod town;

use antrean_app::Refusal;
use antrean_app::booking::{Book, BookFor};
use antrean_app::caller::Actor;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_app::waiting::{JoinLine, Joined, LineView, own_place};
use antrean_domain::draw::beacon::QUICKNET;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, Mode, ReleaseId, ReleasePlan};
use antrean_domain::waiting::{HALL, KeySource, LineKey, LinePhase, commitment};
use antrean_store::ids::SlotId;
use antrean_store::slots;
use jiff::SignedDuration;
use town::{FRIDAY, Person, Town, generous, nik_of, refusal, seconds, wib};

/// Lets in a few at a time, so that a line of a dozen is a line.
fn slow() -> Policy {
    Policy { line_rate_start: 60, line_rate_min: 60, line_rate_max: 60, line_at_work_min: 5, ..generous() }
}

async fn plan(town: &Town, plan: ReleasePlan) -> ReleaseId {
    let id = plan.id.clone();
    town.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
    town.tick().await;
    id
}

/// A town with a first-come release in Batam, half an hour before its opening.
async fn before_the_opening(policy: Policy) -> (Town, ReleaseId) {
    let town = Town::with_policy(71, policy).await;
    let release = plan(&town, Town::plan(Mode::FirstCome, &["BTM"])).await;
    town.at(wib(FRIDAY, 13, 30)).await;
    (town, release)
}

async fn join(person: &Person, release: &ReleaseId) -> Joined {
    person.perform(JoinLine { release: release.clone() }).await.unwrap()
}

fn line(town: &Town, release: &ReleaseId) -> LineView {
    town.app.overview().release(release).unwrap().line.clone().unwrap()
}

fn slot(town: &Town, release: &ReleaseId) -> SlotId {
    town.app.overview().release(release).unwrap().slots.iter().find(|slot| slot.capacity > 5).unwrap().id
}

/// Half a second passes, and the clock looks.
async fn tick(town: &Town) {
    town.clock.advance(SignedDuration::from_millis(500));
    town.tick().await;
}

async fn people(town: &Town, numbers: std::ops::Range<u32>) -> Vec<Person> {
    let mut people = Vec::new();
    for number in numbers {
        people.push(town.applicant(number).await);
    }
    people
}

#[tokio::test]
async fn the_order_of_those_present_is_the_hashs_whoever_came_first() {
    let (town, release) = before_the_opening(slow()).await;
    let people = people(&town, 0..12).await;
    let mut joined = Vec::new();
    for person in &people {
        joined.push(join(person, &release).await);
        town.clock.advance(seconds(60));
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let known = line(&town, &release);
    assert_eq!((known.phase, known.present), (LinePhase::Admitting, 12));
    let key = known.key.expect("the key is public").key;
    let mut by_value: Vec<usize> = (0..12).collect();
    by_value.sort_by_key(|index| key.value(&joined[*index].spot.line));
    assert_ne!(by_value, (0..12).collect::<Vec<_>>());
    let mut let_in: Vec<u64> = Vec::new();
    for _ in 0..200 {
        tick(&town).await;
        let now = line(&town, &release);
        let has_turn = |place: &&Joined| now.standing(&place.spot, town.app.now()).your_turn;
        let mut in_now: Vec<u64> = joined.iter().filter(has_turn).map(|place| key.value(&place.spot.line)).collect();
        in_now.sort_unstable();
        assert_eq!(in_now[..let_in.len()], let_in, "whoever is let in later stands behind, and nobody is sent back");
        let_in = in_now;
    }
    assert_eq!(let_in.len(), 12);
    town.check_rules().await;
}

#[tokio::test]
async fn fifty_joins_of_one_account_are_one_place() {
    let (town, release) = before_the_opening(generous()).await;
    let person = town.applicant(1).await;
    let all = (0..50).map(|_| {
        let (app, caller, release) = (town.app.clone(), person.caller.clone(), release.clone());
        tokio::spawn(async move { app.perform(caller, None, JoinLine { release }).await.unwrap() })
    });
    let mut places = Vec::new();
    for one in all.collect::<Vec<_>>() {
        places.push(one.await.unwrap());
    }
    assert!(places.windows(2).all(|pair| pair[0] == pair[1]));
    town.at(wib(FRIDAY, 14, 0)).await;
    assert_eq!(line(&town, &release).present, 1);
    // After the opening as well, and from another device.
    assert_eq!(join(&person, &release).await, places[0]);
    assert_eq!(line(&town, &release).arrivals, 0);
    let of = release.clone();
    let own = town.app.ask(person.caller.clone(), move |tx, cx| own_place(tx, cx, &of)).await.unwrap();
    assert_eq!(own.as_ref(), Some(&places[0]));
}

#[tokio::test]
async fn many_phones_with_one_nik_stand_at_one_value() {
    let (town, release) = before_the_opening(generous()).await;
    let one = town.applicant(1).await;
    let mut other = town.somebody(2).await;
    other.state_self(nik_of(1)).await.unwrap();
    assert_eq!(join(&one, &release).await.spot, join(&other, &release).await.spot);
}

#[tokio::test]
async fn who_changes_the_holder_after_joining_has_no_turn() {
    let (town, release) = before_the_opening(slow()).await;
    let mut broker = town.applicant(1).await;
    join(&broker, &release).await;
    join(&town.applicant(2).await, &release).await;
    broker.state_self(nik_of(3)).await.unwrap();
    town.at(wib(FRIDAY, 14, 0)).await;
    let slot = slot(&town, &release);
    for person in people(&town, 4..14).await {
        join(&person, &release).await;
    }
    while line(&town, &release).front.threshold < HALL {
        tick(&town).await;
    }
    // While others wait, the turn is that of the person who joined.
    assert!(!line(&town, &release).front.open);
    assert_eq!(refusal(broker.book(slot).await), Refusal::HolderChanged);
    broker.state_self(nik_of(1)).await.unwrap();
    broker.book(slot).await.unwrap();
}

#[tokio::test]
async fn late_ones_stand_behind_in_the_order_of_arrival() {
    let (town, release) = before_the_opening(slow()).await;
    let early = people(&town, 0..6).await;
    for person in &early {
        join(person, &release).await;
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let late = people(&town, 10..14).await;
    for (index, person) in late.iter().enumerate() {
        assert_eq!(join(person, &release).await.spot.number, Some(index as u64 + 1));
    }
    let mut seen_admitted = 0;
    for _ in 0..2_000 {
        tick(&town).await;
        let now = line(&town, &release);
        assert!(now.front.admitted == 0 || now.front.threshold == HALL);
        assert!(now.front.admitted >= seen_admitted);
        seen_admitted = now.front.admitted;
    }
    assert_eq!(seen_admitted, 4);
    assert!(line(&town, &release).front.open, "nobody waits any more");
}

#[tokio::test]
async fn a_booking_without_a_turn_is_refused_and_says_when_to_come_back() {
    let (town, release) = before_the_opening(slow()).await;
    let people = people(&town, 0..9).await;
    let mut joined = Vec::new();
    for person in &people {
        joined.push(join(person, &release).await);
    }
    let stranger = town.applicant(20).await;
    town.at(wib(FRIDAY, 14, 0)).await;
    let slot = slot(&town, &release);
    let refused = refusal(stranger.book(slot).await);
    assert!(refused.says_come_back());
    assert!(matches!(refused, Refusal::NotYourTurn { joined: false, .. }), "{refused:?}");
    let (mut booked, mut sent_back) = (0, 0);
    for _ in 0..600 {
        tick(&town).await;
        let now = line(&town, &release);
        for (person, place) in people.iter().zip(&joined) {
            let turn = now.standing(&place.spot, town.app.now()).your_turn;
            match person.book(slot).await {
                Ok(_) => {
                    assert!(turn);
                    booked += 1;
                }
                Err(antrean_app::Failure::Refused(Refusal::NotYourTurn { joined, ahead, retry_after_s, .. })) => {
                    assert!(!turn && joined && ahead.is_some_and(|ahead| ahead < 9) && retry_after_s > 0);
                    sent_back += 1;
                }
                Err(antrean_app::Failure::Refused(Refusal::AccountHasLive { .. })) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        if booked >= 5 {
            break;
        }
    }
    assert!(booked >= 5 && sent_back > 0, "{booked} booked, {sent_back} sent back");
    town.check_rules().await;
}

#[tokio::test]
async fn people_who_leave_hold_up_nobody() {
    let (town, release) = before_the_opening(slow()).await;
    for person in people(&town, 0..40).await {
        join(&person, &release).await;
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let last = town.applicant(100).await;
    join(&last, &release).await;
    let slot = slot(&town, &release);
    // One window is left, with fewer places than people who wait.
    let of = release.clone();
    let take_others = move |tx: &antrean_store::Tx<'_>| {
        for other in slots::of_release(tx, &of)?.iter().filter(|other| other.id != slot) {
            slots::take(tx, other.id, other.capacity)?;
        }
        Ok(())
    };
    town.app.store().write(take_others).await.unwrap();
    tick(&town).await;
    assert!(u64::from(line(&town, &release).left) < 40);
    // Not one of them comes back, and still the one who came last has a turn within the hour.
    assert!(matches!(refusal(last.book(slot).await), Refusal::NotYourTurn { joined: true, .. }));
    for _ in 0..60 {
        for _ in 0..120 {
            tick(&town).await;
        }
        match last.book(slot).await {
            Ok(_) => return,
            Err(failure) => assert!(matches!(refusal::<()>(Err(failure)), Refusal::NotYourTurn { .. })),
        }
    }
    panic!("the line stands still: {:?}", line(&town, &release));
}

#[tokio::test]
async fn restarts_clock_jumps_and_two_clocks_never_move_the_line_back() {
    let (mut town, release) = before_the_opening(slow()).await;
    for person in people(&town, 0..20).await {
        join(&person, &release).await;
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let mut before = line(&town, &release).front;
    let jumps = [500, 500, -3_600_000, 500, 500, 7_200_000, 500, -60_000, 0, 0, 500, 30_000, 500];
    for round in 0..6 {
        for ms in jumps {
            town.clock.advance(SignedDuration::from_millis(ms));
            // Two nodes that both believe to hold the clock; a lease is no lock.
            let (one, other) = (clock_of(&town, "one"), clock_of(&town, "other"));
            let _ = tokio::join!(one, other);
            town.app.refresh_overview().await.unwrap();
            let now = line(&town, &release).front;
            assert!(now.threshold >= before.threshold && now.admitted >= before.admitted);
            let let_in = u128::from(now.threshold - before.threshold) * 20 / u128::from(HALL);
            assert!(let_in <= 5, "{let_in} leapt at {ms} ms");
            before = now;
        }
        if round == 2 {
            town.restart_with(slow()).await;
        }
    }
    assert!(before.threshold > 0);
}

async fn clock_of(town: &Town, name: &str) {
    let mut clock = antrean_app::release_clock::ReleaseClock::new(
        town.app.clone(),
        std::sync::Arc::new(antrean_app::release_clock::NoBeacon),
        name,
    );
    clock.tick().await.unwrap();
}

#[tokio::test]
async fn the_secret_was_committed_to_before_and_gives_the_key_afterwards() {
    let (town, release) = before_the_opening(generous()).await;
    join(&town.applicant(1).await, &release).await;
    let before = line(&town, &release);
    assert_eq!((before.phase, before.key.is_none()), (LinePhase::Joining, true));
    town.at(wib(FRIDAY, 14, 0)).await;
    let after = line(&town, &release);
    assert_eq!(after.commitment, before.commitment);
    let key = after.key.expect("revealed");
    assert_eq!((key.source, key.round), (KeySource::Secret, 0));
    let secret = antrean_app::caller::unhex(&key.randomness).unwrap();
    assert_eq!(commitment(&release, &secret).to_string(), before.commitment);
    assert_eq!(LineKey::derive(&release, "secret", 0, &secret), key.key);
}

#[tokio::test]
async fn a_line_waits_for_its_beacon_for_a_minute_and_then_goes_by_the_secret() {
    let town = Town::with_policy(5, generous()).await;
    let opens = wib(FRIDAY, 14, 0);
    let round = QUICKNET.first_round_from(wib(jiff::civil::date(2026, 11, 29), 18, 0));
    let beacon = BeaconPlan::Drand { chain: QUICKNET.hash, round };
    let release = plan(&town, ReleasePlan { beacon, ..Town::plan(Mode::FirstCome, &["BTM"]) }).await;
    town.at(wib(FRIDAY, 13, 30)).await;
    let person = town.applicant(1).await;
    join(&person, &release).await;
    town.at(opens).await;
    let known = line(&town, &release);
    let (id, round) = known.beacon.clone().expect("named in advance");
    assert_eq!(id, "drand:52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971");
    let due = QUICKNET.time_of(round).unwrap();
    assert!(due >= opens + seconds(10) && due < opens + seconds(14));
    assert_eq!(known.phase, LinePhase::Ordering);
    assert!(matches!(refusal(person.book(slot(&town, &release)).await), Refusal::NotYourTurn { joined: true, .. }));
    town.at(due + seconds(59)).await;
    assert_eq!(line(&town, &release).phase, LinePhase::Ordering);
    town.at(due + seconds(60)).await;
    assert_eq!(line(&town, &release).key.map(|key| key.source), Some(KeySource::Secret));
}

#[tokio::test]
async fn nobody_waits_where_nobody_joined() {
    let town = Town::new(3).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    assert_eq!(line(&town, &release).phase, LinePhase::Open);
    town.applicant(1).await.book(slot(&town, &release)).await.unwrap();
}

#[tokio::test]
async fn a_release_may_do_without_and_a_draw_has_none() {
    let town = Town::new(3).await;
    let without = ReleasePlan { waiting_room: false, ..Town::plan(Mode::FirstCome, &["BTM"]) };
    let release = plan(&town, without).await;
    let person = town.applicant(1).await;
    assert_eq!(refusal(person.perform(JoinLine { release: release.clone() }).await), Refusal::NoWaitingRoom);
    town.at(wib(FRIDAY, 14, 0)).await;
    assert!(town.app.overview().release(&release).unwrap().line.is_none());
    person.book(slot(&town, &release)).await.unwrap();

    let town = Town::new(4).await;
    let drawn = town.open_release(Mode::Draw, &["BTM"]).await;
    let person = town.applicant(1).await;
    assert_eq!(refusal(person.perform(JoinLine { release: drawn }).await), Refusal::NoWaitingRoom);
}

#[tokio::test]
async fn joining_needs_a_person_and_the_right_time() {
    let town = Town::new(3).await;
    let release = plan(&town, Town::plan(Mode::FirstCome, &["BTM"])).await;
    let person = town.applicant(1).await;
    let join = || JoinLine { release: release.clone() };
    let too_early = refusal(person.perform(join()).await);
    assert_eq!(too_early, Refusal::LineNotOpen { joins: wib(FRIDAY, 13, 0) });
    town.at(wib(FRIDAY, 13, 0)).await;
    assert_eq!(refusal(town.somebody(2).await.perform(join()).await), Refusal::DetailsMissing);
    assert_eq!(
        refusal(town.app.perform(antrean_app::caller::Caller::default(), None, join()).await),
        Refusal::SignedOut
    );
    assert_eq!(refusal(person.perform(JoinLine { release: "NONE".parse().unwrap() }).await), Refusal::ReleaseUnknown);
    person.perform(join()).await.unwrap();
    town.at(Zone::Wib.at(jiff::civil::date(2026, 12, 4).to_datetime(jiff::civil::time(0, 0, 0, 0)))).await;
    assert_eq!(refusal(town.applicant(3).await.perform(join()).await), Refusal::LineOver);
}

#[tokio::test]
async fn when_all_places_are_gone_everybody_is_told_at_once() {
    let town = Town::with_policy(9, slow()).await;
    let release = plan(&town, Town::plan(Mode::FirstCome, &["BTM"])).await;
    town.at(wib(FRIDAY, 13, 30)).await;
    let people = people(&town, 0..3).await;
    let mut spots = Vec::new();
    for person in &people {
        spots.push(join(person, &release).await.spot);
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let of = release.clone();
    town.app
        .store()
        .write(move |tx| {
            for slot in slots::of_release(tx, &of)? {
                slots::take(tx, slot.id, slot.capacity)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    tick(&town).await;
    let now = line(&town, &release);
    assert_eq!(now.phase, LinePhase::Full);
    assert!(spots.iter().all(|spot| !now.standing(spot, town.app.now()).your_turn));
}

#[tokio::test]
async fn a_standby_booking_is_no_way_around_the_line() {
    let (town, release) = before_the_opening(slow()).await;
    for person in people(&town, 0..9).await {
        join(&person, &release).await;
    }
    town.at(wib(FRIDAY, 14, 0)).await;
    let stranger = town.applicant(50).await;
    let slot = slot(&town, &release);
    let refused = refusal(stranger.perform(Book { slot, who: BookFor::Standby }).await);
    assert!(matches!(refused, Refusal::NotYourTurn { .. }), "{refused:?}");
}
