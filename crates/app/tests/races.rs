//! Many people at the same instant. Whatever the order in which they come through, the rules hold: here most booking
//! systems fail, because they look first and write afterwards.

pub(crate) mod town;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use antrean_app::app::App;
use antrean_app::appointment::{Cancel, Move};
use antrean_app::booking::{Book, BookFor};
use antrean_app::bundle;
use antrean_app::caller::{Actor, Caller};
use antrean_app::operation::IdempotencyKey;
use antrean_app::release::{Plan, Waved, draw, freeze, wave};
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_app::sign_in::{EnterCode, RequestCode};
use antrean_app::{Failure, Operation, Refusal};
use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::beacon::{BeaconValue, Label};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::verify::verify;
use antrean_domain::office::OfficeCode;
use antrean_domain::phone::Phone;
use antrean_domain::release::{BeaconPlan, Mode, ReleaseId};
use antrean_domain::slot::Places;
use antrean_domain::timetable::{Exception, Timetable, Window};
use antrean_store::ids::SlotId;
use antrean_store::releases::ReleaseState;
use antrean_store::slots::{self, Slot};
use antrean_store::{audit, challenges, events};
use jiff::civil::{Date, date, time};
use tokio::sync::Barrier;
use town::{FRIDAY, Person, Town, wib};

const TUESDAY: Date = date(2026, 12, 1);
const WEDNESDAY: Date = date(2026, 12, 2);

/// All at once: nobody starts before everybody is there. The answers come in the order of the futures.
async fn at_once<T: Send + 'static>(all: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(all.len()));
    let tasks: Vec<_> = all
        .into_iter()
        .map(|one| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                one.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("nobody panics"));
    }
    answers
}

/// How often which answer was given: `ok`, or the code of the refusal.
fn tally<T>(answers: &[Result<T, Failure>]) -> BTreeMap<&'static str, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let what = match answer {
            Ok(_) => "ok",
            Err(Failure::Refused(refusal)) => refusal.code(),
            Err(other) => panic!("not refused but failed: {other}"),
        };
        *tally.entry(what).or_default() += 1;
    }
    tally
}

/// Gives offices one window a day, from 08.00 to 09.00, with so many places.
fn set_hours(town: &Town, offices: &[(&str, u32)]) {
    let mut catalogue = (*town.app.catalogue()).clone();
    for (code, places) in offices {
        let code: OfficeCode = code.parse().unwrap();
        let window = Window {
            starts: time(8, 0, 0, 0),
            ends: time(9, 0, 0, 0),
            public: Places(*places),
            priority: Places::NONE,
            reserve: Places::NONE,
        };
        let hours = [TUESDAY, WEDNESDAY].map(|date| (date, Exception::Windows(vec![window])));
        catalogue.timetables.set(code, Some(Timetable::new(Default::default(), hours.into()).unwrap()));
    }
    town.app.set_catalogue(catalogue);
}

/// A release of offices with so many places a day, open.
async fn tiny_release(town: &Town, mode: Mode, offices: &[(&str, u32)]) -> ReleaseId {
    set_hours(town, offices);
    let codes: Vec<&str> = offices.iter().map(|(code, _)| *code).collect();
    town.open_release(mode, &codes).await
}

fn slot_ids(town: &Town, release: &ReleaseId) -> Vec<SlotId> {
    town.app.overview().release(release).unwrap().slots.iter().map(|slot| slot.id).collect()
}

async fn slot(app: &App, id: SlotId) -> Slot {
    app.store().read(move |tx| slots::get(tx, id)).await.unwrap().unwrap()
}

/// Exactly as many live parties and taken places as there must be, and no rule broken.
pub async fn assert_held(town: &Town, ids: &[SlotId], taken: u32) {
    let mut sum = 0;
    for id in ids {
        let slot = slot(&town.app, *id).await;
        assert!(slot.taken + slot.freed <= slot.capacity, "{slot:?}");
        sum += slot.taken;
    }
    assert_eq!(sum, taken, "places taken");
    let violations = town.app.store().read(audit::violations).await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

async fn applicants(town: &Town, numbers: std::ops::Range<u32>) -> Vec<Person> {
    let mut people = Vec::new();
    for number in numbers {
        people.push(town.applicant(number).await);
    }
    people
}

/// One request, ready to be sent.
type Request = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

fn request<T>(asked: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Request {
    Box::pin(async move { asked.await.map(drop) })
}

fn perform<O: Operation>(person: &Person, operation: O) -> Request {
    let (app, caller) = (person.app.clone(), person.caller.clone());
    request(async move { app.perform(caller, None, operation).await })
}

fn book(person: &Person, slot: SlotId) -> Request {
    perform(person, person.booking(slot))
}

fn clock_looks(town: &Town) -> Request {
    let app = town.app.clone();
    request(async move { ReleaseClock::new(app, Arc::new(NoBeacon), "test").tick().await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_who_book_a_slot_of_10_places_exactly_10_get_one() {
    let town = Town::new(1).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 10)]).await;
    let slot = slot_ids(&town, &release)[0];
    let people = applicants(&town, 0..64).await;
    let answers = at_once(people.iter().map(|person| book(person, slot)).collect()).await;
    assert_eq!(tally(&answers), [("full", 54), ("ok", 10)].into());
    assert_held(&town, &[slot], 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parties_of_different_size_never_oversell() {
    let town = Town::new(2).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 10)]).await;
    let slot_id = slot_ids(&town, &release)[0];
    let mut families = Vec::new();
    for number in 0..24 {
        families.push(town.family(number, number % 4).await);
    }
    let answers = at_once(families.iter().map(|family| book(family, slot_id)).collect()).await;
    let people: u32 = families
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(family, _)| family.people.len() as u32)
        .sum();
    // What is left is too little for the smallest that was refused.
    let refused = families.iter().zip(&answers).filter(|(_, answer)| answer.is_err());
    let smallest = refused.map(|(family, _)| family.people.len() as u32).min().unwrap();
    assert!(people <= 10 && 10 - people < smallest, "{people} places, refused from {smallest}");
    assert_held(&town, &[slot_id], people).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_person_in_50_accounts_at_three_offices_is_live_once() {
    for mode in [Mode::FirstCome, Mode::Draw] {
        let town = Town::new(3).await;
        let release = tiny_release(&town, mode, &[("BTM", 40), ("JAP", 40), ("SMD-KKR", 40)]).await;
        let ids = slot_ids(&town, &release);
        let wanted = town::nik_of(999);
        let mut requests = Vec::new();
        for number in 0..50 {
            let mut account = town.applicant(number).await;
            account.add_family(wanted).await.unwrap();
            account.people.remove(0);
            requests.push(if mode == Mode::Draw {
                let office = ["BTM", "JAP", "SMD-KKR"][number as usize % 3];
                perform(&account, account.entering(&release, &[&format!("{office}/*/*")]))
            } else {
                book(&account, ids[number as usize % ids.len()])
            });
        }
        let answers = at_once(requests).await;
        assert_eq!(tally(&answers), [("ok", 1), ("person-already-live", 49)].into(), "{mode}");
        assert_held(&town, &ids, u32::from(mode == Mode::FirstCome)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_account_that_books_50_times_at_once_is_live_once() {
    let town = Town::new(4).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 40), ("SMD-KKR", 40)]).await;
    let ids = slot_ids(&town, &release);
    let person = town.family(1, 4).await;
    let requests = (0..50).map(|index| {
        let mut one = Person { app: person.app.clone(), caller: person.caller.clone(), people: person.people.clone() };
        // Each time with somebody else of the family.
        one.people = vec![person.people[index % 5]];
        book(&one, ids[index % ids.len()])
    });
    let answers = at_once(requests.collect()).await;
    assert_eq!(tally(&answers), [("already-live", 49), ("ok", 1)].into());
    assert_held(&town, &ids, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_50_times_under_one_key_has_one_effect_and_one_answer() {
    let town = Town::new(5).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 40)]).await;
    let slot_id = slot_ids(&town, &release)[0];
    let person = town.applicant(1).await;
    let requests = (0..50).map(|_| {
        let (app, caller, booking) = (person.app.clone(), person.caller.clone(), person.booking(slot_id));
        let key = IdempotencyKey::parse("the-one-key");
        async move { app.perform(caller, key, booking).await }
    });
    let answers = at_once(requests.collect()).await;
    assert!(answers[0].is_ok());
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_held(&town, &[slot_id], 1).await;
    assert_eq!(town.messages().await.len(), 1, "one message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_requests_under_one_key_are_never_taken_for_each_other() {
    let town = Town::new(6).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 40)]).await;
    let ids = slot_ids(&town, &release);
    let person = town.applicant(1).await;
    let requests = (0..50).map(|index| {
        let (app, caller) = (person.app.clone(), person.caller.clone());
        let (booking, key) = (person.booking(ids[index % 2]), IdempotencyKey::parse("the-one-key"));
        async move { app.perform(caller, key, booking).await.map(|ticket| ticket.slot) }
    });
    let answers = at_once(requests.collect()).await;
    assert_eq!(tally(&answers), [("key-reused", 25), ("ok", 25)].into());
    let first = usize::from(answers[0].is_err());
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), index % 2 == first, "all of one request, none of the other");
    }
    assert_held(&town, &ids, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_place_that_is_cancelled_many_times_at_once_is_freed_once() {
    let town = Town::new(7).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 3)]).await;
    let ids = slot_ids(&town, &release);
    let family = town.family(1, 1).await;
    let ticket = family.book(ids[0]).await.unwrap();
    let requests = (0..20).map(|_| perform(&family, Cancel { link: ticket.link.clone() }));
    let answers = at_once(requests.collect()).await;
    assert_eq!(tally(&answers), [("not-possible-now", 19), ("ok", 1)].into());
    assert_eq!((slot(&town.app, ids[0]).await.taken, slot(&town.app, ids[0]).await.freed), (0, 2));
    assert_held(&town, &ids, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_and_moving_at_once_leaves_no_place_behind() {
    let town = Town::new(8).await;
    let release = tiny_release(&town, Mode::FirstCome, &[("BTM", 40)]).await;
    let ids = slot_ids(&town, &release);
    for number in 0..20 {
        let person = town.applicant(number).await;
        let ticket = person.book(ids[0]).await.unwrap();
        let cancel = perform(&person, Cancel { link: ticket.link.clone() });
        let moving = perform(&person, Move { link: ticket.link, slot: ids[1] });
        let both = if number % 2 == 0 { vec![cancel, moving] } else { vec![moving, cancel] };
        let answers = at_once(both).await;
        let (cancelled, moved) = if number % 2 == 0 { (&answers[0], &answers[1]) } else { (&answers[1], &answers[0]) };
        assert_eq!(*cancelled, Ok(()), "whatever came first, it is cancelled in the end");
        let too_late = Refusal::NotPossibleNow { state: AppointmentState::Cancelled };
        assert!(*moved == Ok(()) || *moved == Err(too_late.into()), "{moved:?}");
        assert!(person.mine().await.live.is_none());
    }
    assert_held(&town, &ids, 0).await;
    let mut freed = 0;
    for id in ids {
        freed += slot(&town.app, id).await.freed;
    }
    assert!((20..=40).contains(&freed), "one place each, two if it was moved first: {freed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_share_five_tries() {
    let town = Town::new(9).await;
    let phone = Phone::parse("081200001234").unwrap();
    let sent = town.app.perform(Caller::default(), None, RequestCode { phone }).await.unwrap();
    let (_, message) = town.messages().await.pop().unwrap();
    let antrean_app::message::Message::Code { code: right, .. } = message else { panic!("a code") };
    let wrong = (0..50).map(|guess| format!("{guess:06}")).filter(|guess| *guess != right);
    let requests = wrong.map(|code| {
        let (app, enter) = (town.app.clone(), EnterCode { challenge: sent.challenge.clone(), code });
        async move { app.perform(Caller::default(), None, enter).await.map(drop) }
    });
    let answers = at_once(requests.collect()).await;
    let tally = tally(&answers);
    assert_eq!(tally["code-wrong"], 5);
    assert_eq!(tally["code-expired"], answers.len() - 5);
    let mut left: Vec<u32> = answers
        .iter()
        .filter_map(|answer| match answer {
            Err(Failure::Refused(Refusal::CodeWrong { tries_left })) => Some(*tries_left),
            _ => None,
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "each guess has a try of its own");
    let late = EnterCode { challenge: sent.challenge.clone(), code: right };
    let late = town.app.perform(Caller::default(), None, late).await.map(drop);
    assert_eq!(late, Err(Refusal::CodeExpired.into()), "the right code comes too late");
    let token = antrean_app::caller::unhex::<32>(&sent.challenge).unwrap();
    let id = town.app.keys().keyed16("challenge", &token);
    let kept = town.app.store().read(move |tx| challenges::get(tx, &id)).await.unwrap().unwrap();
    assert_eq!((kept.tries, kept.used), (5, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_entered_ten_times_at_once_signs_in_once() {
    let town = Town::new(10).await;
    let phone = Phone::parse("081200001234").unwrap();
    let sent = town.app.perform(Caller::default(), None, RequestCode { phone }).await.unwrap();
    let (_, message) = town.messages().await.pop().unwrap();
    let antrean_app::message::Message::Code { code, .. } = message else { panic!("a code") };
    let requests = (0..10).map(|_| {
        let (app, enter) = (town.app.clone(), EnterCode { challenge: sent.challenge.clone(), code: code.clone() });
        async move { app.perform(Caller::default(), None, enter).await.map(|signed_in| signed_in.session) }
    });
    let answers = at_once(requests.collect()).await;
    assert!(answers[0].is_ok() && answers.iter().all(|answer| *answer == answers[0]), "one session for all");
    let log = town.app.store().read(|tx| events::recent(tx, 20)).await.unwrap();
    assert_eq!(log.iter().filter(|event| event.kind == "signed_in").count(), 1);
}

/// A drawn release with one place a day at each of two offices; the place of the first on Tuesday is given up, and
/// `waits` say whether somebody on standby wants it. Returns the slot, and the one who waits.
pub async fn freed_place(town: &Town, waits: bool) -> (ReleaseId, SlotId, Option<Person>) {
    let release = tiny_release(town, Mode::Draw, &[("BTM", 1), ("SMD-KKR", 1)]).await;
    let wanted = format!("BTM/{TUESDAY}/08:00");
    let mut people = vec![town.applicant(500).await];
    if waits {
        people.push(town.applicant(501).await);
    }
    for person in &people {
        person.enter(&release, &[&wanted]).await.unwrap();
    }
    town.draw().await;
    let mut waiting = None;
    let mut freed = None;
    for person in people {
        match person.mine().await.live.unwrap() {
            antrean_app::party::LiveView::Appointment(ticket) => {
                person.perform(Cancel { link: ticket.link }).await.unwrap();
                freed = town
                    .app
                    .overview()
                    .release(&release)
                    .unwrap()
                    .slots
                    .iter()
                    .find(|slot| slot.key == ticket.slot)
                    .cloned();
            }
            antrean_app::party::LiveView::Entry(_) => waiting = Some(person),
        }
    }
    (release, freed.unwrap().id, waiting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wave_that_four_nodes_run_at_once_is_run_once() {
    for seed in 0..5 {
        let town = Town::new(600 + seed).await;
        let (release, freed, waiting) = freed_place(&town, true).await;
        let at = wib(FRIDAY.saturating_add(jiff::Span::new().days(2)), 17, 0);
        town.clock.set(at);
        let waves = (0..4).map(|_| {
            let (app, release) = (town.app.clone(), release.clone());
            async move { wave(&app, &release, at).await.unwrap() }
        });
        let mut done = at_once(waves.collect()).await;
        done.sort_by_key(|done| *done != Waved::Done(1));
        assert_eq!(done, [Waved::Done(1), Waved::Before, Waved::Before, Waved::Before]);
        let live = waiting.unwrap().mine().await.live;
        assert!(matches!(live, Some(antrean_app::party::LiveView::Appointment(_))), "{live:?}");
        assert_held(&town, &[freed], 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn letters_that_eight_couriers_look_for_at_once_go_to_one_each() {
    let town = Town::new(700).await;
    let release = tiny_release(&town, Mode::Draw, &[("BTM", 4)]).await;
    for person in applicants(&town, 0..30).await {
        person.enter(&release, &["BTM/*/*"]).await.unwrap();
    }
    let couriers = (0..8).map(|_| {
        let app = town.app.clone();
        async move {
            let claimed = antrean_app::outbox::claim(&app).await.unwrap();
            claimed.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
        }
    });
    let mut claimed: Vec<i64> = at_once(couriers.collect()).await.into_iter().flatten().collect();
    let all = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), all, "no letter was claimed twice");
    assert!(all >= 30, "{all} letters");
}

/// The wave, and twenty who book the place at the same instant.
async fn wave_against_bookings(town: &Town, slot: SlotId) -> Vec<Result<(), Failure>> {
    let people = applicants(town, 0..20).await;
    town.clock.set(wib(FRIDAY.saturating_add(jiff::Span::new().days(2)), 17, 0));
    let mut all = vec![clock_looks(town)];
    all.extend(people.iter().map(|person| book(person, slot)));
    let mut answers = at_once(all).await;
    assert_eq!(answers.remove(0), Ok(()), "the clock does its work");
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_freed_place_goes_to_standby_and_to_nobody_who_is_quick() {
    for seed in 0..5 {
        let town = Town::new(100 + seed).await;
        let (_, slot, waiting) = freed_place(&town, true).await;
        let answers = wave_against_bookings(&town, slot).await;
        assert_eq!(tally(&answers), [("full", 20)].into());
        let live = waiting.unwrap().mine().await.live;
        assert!(matches!(live, Some(antrean_app::party::LiveView::Appointment(_))), "{live:?}");
        assert_held(&town, &[slot], 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_freed_place_that_nobody_waits_for_is_opened_by_the_wave_and_taken_once() {
    for seed in 0..5 {
        let town = Town::new(200 + seed).await;
        let (_, slot_id, _) = freed_place(&town, false).await;
        let answers = wave_against_bookings(&town, slot_id).await;
        let got = answers.iter().filter(|answer| answer.is_ok()).count() as u32;
        assert!(got <= 1, "{answers:?}");
        assert_held(&town, &[slot_id], got).await;
        let late = town.applicant(300).await;
        assert_eq!(book(&late, slot_id).await.is_ok(), got == 0, "after the wave it is open to all");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_takes_a_leftover_or_the_place_of_the_wave_but_not_both() {
    for seed in 0..5 {
        let town = Town::new(400 + seed).await;
        let (release, freed, waiting) = freed_place(&town, true).await;
        let waiting = waiting.unwrap();
        let view = town.app.overview().release(&release).unwrap().clone();
        let leftover = view.slots.iter().find(|slot| slot.left > 0).unwrap().id;
        town.clock.set(wib(FRIDAY.saturating_add(jiff::Span::new().days(2)), 17, 0));
        let both = vec![perform(&waiting, Book { slot: leftover, who: BookFor::Standby }), clock_looks(&town)];
        let answers = at_once(both).await;
        assert_eq!(answers[1], Ok(()));
        let by_wave = answers[0].is_err();
        assert_eq!(slot(&town.app, freed).await.taken, u32::from(by_wave));
        assert_held(&town, &[freed, leftover], 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draw_that_two_nodes_make_at_once_is_one_draw() {
    let town = Town::new(11).await;
    set_hours(&town, &[("BTM", 4), ("SMD-KKR", 3)]);
    let mut plan = Town::plan(Mode::Draw, &["BTM", "SMD-KKR"]);
    let label = Label::parse("a-lottery").unwrap();
    plan.beacon = BeaconPlan::Manual { label: label.clone() };
    let release = plan.id.clone();
    town.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
    town.at(wib(FRIDAY, 14, 0)).await;
    for person in applicants(&town, 0..30).await {
        person.enter(&release, &["BTM/*/*", "SMD-KKR/*/*"]).await.unwrap();
    }
    // Everything that a clock does for a release, by four at once, step by step.
    town.clock.set(wib(date(2026, 11, 29), 16, 0));
    town.tick().await;
    let freezing = (0..4).map(|_| {
        let (app, release) = (town.app.clone(), release.clone());
        async move { freeze(&app, &release).await }
    });
    assert_eq!(tally(&at_once(freezing.collect()).await), [("ok", 4)].into());
    let values = (0..4).map(|number| {
        let (app, release) = (town.app.clone(), release.clone());
        let file = BeaconValue::manual(label.clone(), &format!("numbers {number}")).unwrap().to_text();
        async move { app.perform_as(Actor::Operator, antrean_app::release::GiveBeacon { release, file }).await }
    });
    let answers = at_once(values.collect()).await;
    assert_eq!(tally(&answers), [("beacon-refused", 3), ("ok", 1)].into());
    let drawings = (0..4).map(|_| {
        let (app, release) = (town.app.clone(), release.clone());
        async move { draw(&app, &release).await }
    });
    let drawn = at_once(drawings.collect()).await;
    for drawn in drawn {
        let drawn = drawn.unwrap();
        assert_eq!((drawn.entries, drawn.placed), (30, 14));
    }
    town.tick().await;
    assert_eq!(town.app.overview().release(&release).unwrap().state, ReleaseState::Drawn);
    assert_held(&town, &slot_ids(&town, &release), 14).await;
    let bytes = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
    verify(&Bundle::read(&bytes).unwrap()).unwrap();
}
