//! A whole week, as people live it: entering, the draw, standby, waves, leftovers, moving, missing.

mod town;

use antrean_app::Refusal;
use antrean_app::appointment::{Cancel, Move, Wish};
use antrean_app::booking::{Book, BookFor};
use antrean_app::bundle;
use antrean_app::day::Record;
use antrean_app::entry::{Change, Withdraw};
use antrean_app::party::LiveView;
use antrean_app::release_clock::Step;
use antrean_app::ticket::TicketView;
use antrean_domain::appointment::{AppointmentEvent, AppointmentState};
use antrean_domain::draw::beacon::Label;
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::verify::verify;
use antrean_domain::release::Mode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::appointments::Source;
use antrean_store::releases::ReleaseState;
use jiff::civil::date;
use town::{Person, Town, refusal, wib};

async fn ticket(person: &Person) -> Option<TicketView> {
    match person.mine().await.live {
        Some(LiveView::Appointment(ticket)) => Some(ticket),
        _ => None,
    }
}

/// Kutai Kartanegara's counter opens on Mondays and Wednesdays with 30 places a day: scarce enough to run out.
const SMALL: &str = "SMD-KKR";

#[tokio::test]
async fn a_week_from_the_first_entry_to_the_last_wave() {
    let town = Town::new(1).await;
    let release = town.open_release(Mode::Draw, &[SMALL, "SMD"]).await;
    let mut people = Vec::new();
    for number in 0..45 {
        let person = town.applicant(number).await;
        person.enter(&release, &[&format!("{SMALL}/*/*")]).await.unwrap();
        people.push(person);
    }
    let steps = town.draw().await;
    assert!(steps.contains(&Step::Drawn(release.clone(), 45, 30)), "{steps:?}");
    town.check_rules().await;

    let mut winners = Vec::new();
    let mut waiting = Vec::new();
    for person in people {
        match person.mine().await.live.unwrap() {
            LiveView::Appointment(ticket) => winners.push((person, ticket)),
            LiveView::Entry(entry) => waiting.push((entry.rank.unwrap(), person)),
        }
    }
    assert_eq!((winners.len(), waiting.len()), (30, 15));
    waiting.sort_by_key(|(rank, _)| *rank);
    let view = town.app.overview().release(&release).unwrap().clone();
    assert_eq!(view.standby_position(waiting[0].0), Some(1));

    // Anybody can check the draw from its published file alone.
    let path = bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap();
    let bytes = std::fs::read(path).unwrap();
    let report = verify(&Bundle::read(&bytes).unwrap()).unwrap();
    assert_eq!((report.entries, report.given), (45, 30));

    // A place given up is to nobody's use until the wave, and then to the first on standby.
    let (first, given_up) = winners.remove(0);
    let cancelled = first.perform(Cancel { link: given_up.link.clone() }).await.unwrap();
    assert_eq!(cancelled.state, AppointmentState::Cancelled);
    town.tick().await;
    let slot =
        town.app.overview().release(&release).unwrap().slots.iter().find(|slot| slot.key == given_up.slot).cloned();
    assert_eq!(slot.unwrap().left, 0, "a freed place is not open before the wave");
    let steps = town.at(wib(date(2026, 11, 30), 9, 0)).await;
    assert!(steps.contains(&Step::Waved(release.clone(), wib(date(2026, 11, 30), 9, 0), 1)), "{steps:?}");
    let (_, next) = waiting.remove(0);
    let waved = ticket(&next).await.expect("the first on standby has the place");
    assert_eq!((waved.source, waved.slot), (Source::Wave, given_up.slot));
    assert_ne!(waved.code, given_up.code);
    town.check_rules().await;

    // Standby ends with the last wave; whoever waited may enter the next release.
    let steps = town.at(wib(date(2026, 12, 1), 17, 0)).await;
    assert!(steps.contains(&Step::StandbyEnded(release.clone(), 14)), "{steps:?}");
    assert!(waiting[0].1.mine().await.live.is_none());

    // On the day some come, one does not.
    let (came, his) = winners.remove(0);
    for event in [AppointmentEvent::CheckIn, AppointmentEvent::Call, AppointmentEvent::Serve] {
        let record = Record { link: his.link.clone(), event };
        town.app.perform_as(antrean_app::caller::Actor::Operator, record).await.unwrap();
    }
    assert!(came.mine().await.live.is_none());
    let steps = town.at(wib(date(2026, 12, 3), 0, 0)).await;
    assert!(steps.contains(&Step::Closed(release.clone())), "{steps:?}");
    let (missed, _) = winners.remove(0);
    let mine = missed.mine().await;
    assert!(mine.live.is_none());
    assert_eq!(mine.strikes.len(), 1);
    assert_eq!(mine.strikes[0].kind, "no_show");
    assert!(came.mine().await.strikes.is_empty());
    town.check_rules().await;
}

#[tokio::test]
async fn nobody_is_blamed_on_a_day_that_the_office_did_not_record() {
    let town = Town::new(2).await;
    let release = town.open_release(Mode::Draw, &["BTM"]).await;
    let person = town.applicant(1).await;
    person.enter(&release, &["BTM/2026-12-01/*"]).await.unwrap();
    town.draw().await;
    town.at(wib(date(2026, 12, 3), 0, 0)).await;
    let mine = person.mine().await;
    assert!(mine.live.is_none() && mine.strikes.is_empty());
    assert_eq!(mine.earlier[0].appointment.unwrap().0, AppointmentState::Unrecorded);
    town.check_rules().await;
}

#[tokio::test]
async fn an_entry_can_be_changed_and_withdrawn_until_the_freeze_and_keeps_its_id() {
    let town = Town::new(3).await;
    let release = town.open_release(Mode::Draw, &["BTM", "BTM-HB", SMALL]).await;
    let family = town.family(1, 2).await;
    let entered = family.enter(&release, &["BTM/*/am"]).await.unwrap();
    assert_eq!(entered.people.len(), 3);
    let change = Change {
        link: entered.link.clone(),
        people: family.people[..2].to_vec(),
        service: ServiceCode::Replacement,
        passport: PassportKind::Electronic,
        choices: vec!["BTM-HB/*/*".parse().unwrap(), "BTM/*/*".parse().unwrap()],
    };
    let changed = family.perform(change).await.unwrap();
    assert_eq!(changed.entry_id, entered.entry_id, "changing is no second draw");
    assert_eq!((changed.people.len(), changed.choices.len()), (2, 2));
    family.perform(Withdraw { link: entered.link.clone() }).await.unwrap();
    assert!(family.mine().await.live.is_none());
    let again = family.enter(&release, &["BTM/*/*"]).await.unwrap();
    assert_eq!(again.entry_id, entered.entry_id, "entering again is no second draw");
    town.tick().await;
    let view = town.app.overview().release(&release).unwrap().clone();
    assert_eq!((view.entries, view.people), (1, 3));
    town.check_rules().await;
    town.draw().await;
    assert_eq!(refusal(family.perform(Withdraw { link: again.link }).await).code(), "entry-final");
}

#[tokio::test]
async fn who_leaves_after_the_freeze_keeps_the_line_and_frees_the_place() {
    let town = Town::new(4).await;
    let mut plan = Town::plan(Mode::Draw, &[SMALL, "SMD"]);
    // A manual beacon leaves time between the freeze and the draw.
    plan.beacon = antrean_domain::release::BeaconPlan::Manual { label: Label::parse("a-lottery").unwrap() };
    let release = plan.id.clone();
    let operator = antrean_app::caller::Actor::Operator;
    town.app.perform_as(operator, antrean_app::release::Plan { plan }).await.unwrap();
    town.at(wib(town::FRIDAY, 14, 0)).await;
    let leaver = town.applicant(1).await;
    let entry = leaver.enter(&release, &[&format!("{SMALL}/2026-12-02/09:00")]).await.unwrap();
    let other = town.applicant(2).await;
    other.enter(&release, &[&format!("{SMALL}/2026-12-02/*")]).await.unwrap();
    town.draw().await;
    assert_eq!(town.app.overview().release(&release).unwrap().state, ReleaseState::Frozen);
    assert_eq!(refusal(town.applicant(3).await.enter(&release, &["BTM/*/*"]).await).code(), "entries-closed");
    leaver.perform(Withdraw { link: entry.link }).await.unwrap();
    let value =
        antrean_domain::draw::beacon::BeaconValue::manual(Label::parse("a-lottery").unwrap(), "12 34 56").unwrap();
    let give = antrean_app::release::GiveBeacon { release: release.clone(), file: value.to_text() };
    town.app.perform_as(operator, give).await.unwrap();
    let steps = town.tick().await;
    assert!(steps.contains(&Step::Drawn(release.clone(), 2, 2)), "{steps:?}");
    town.check_rules().await;
    let other_value =
        antrean_domain::draw::beacon::BeaconValue::manual(Label::parse("a-lottery").unwrap(), "65 43 21").unwrap();
    let again = antrean_app::release::GiveBeacon { release: release.clone(), file: other_value.to_text() };
    assert_eq!(refusal(town.app.perform_as(operator, again).await).code(), "beacon-refused");
    assert!(ticket(&other).await.is_some());
    assert!(leaver.mine().await.live.is_none());
    let bytes = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
    verify(&Bundle::read(&bytes).unwrap()).expect("the published draw holds, whoever left");
}

#[tokio::test]
async fn leftovers_are_taken_first_come_also_by_those_on_standby() {
    let town = Town::new(5).await;
    let release = town.open_release(Mode::Draw, &[SMALL, "BTM"]).await;
    let mut waiting = Vec::new();
    for number in 0..31 {
        let person = town.applicant(number).await;
        person.enter(&release, &[&format!("{SMALL}/*/*")]).await.unwrap();
        waiting.push(person);
    }
    let slot = town.app.overview().release(&release).unwrap().slots_of(&"BTM".parse().unwrap())[0].id;
    let early = refusal(town.applicant(100).await.book(slot).await);
    assert_eq!(early.code(), "not-drawn-yet");
    town.draw().await;
    let mut taken = 0;
    for person in &waiting {
        if ticket(person).await.is_none() {
            let book = Book { slot, who: BookFor::Standby };
            let place = person.perform(book).await.unwrap();
            assert_eq!(place.source, Source::Leftover);
            taken += 1;
        }
    }
    assert_eq!(taken, 1);
    let stranger = town.applicant(101).await;
    assert_eq!(stranger.book(slot).await.unwrap().source, Source::Leftover);
    assert_eq!(refusal(stranger.book(slot).await).code(), "already-live");
    town.check_rules().await;
}

#[tokio::test]
async fn first_come_places_are_known_at_once_and_can_be_moved_once() {
    let town = Town::new(6).await;
    let release = town.open_release(Mode::FirstCome, &["BTM", "BTM-HB"]).await;
    let view = town.app.overview().release(&release).unwrap().clone();
    let slots: Vec<_> = view.slots.iter().collect();
    let person = town.applicant(1).await;
    assert_eq!(refusal(person.enter(&release, &["BTM/*/*"]).await).code(), "other-mode");
    let booked = person.book(slots[0].id).await.unwrap();
    assert_eq!((booked.source, booked.slot), (Source::FirstCome, slots[0].key));
    let moved = person.perform(Move { link: booked.link.clone(), slot: slots[1].id }).await.unwrap();
    assert_eq!((moved.slot, moved.sequence), (slots[1].key, 1));
    let again = person.perform(Move { link: booked.link.clone(), slot: slots[2].id }).await;
    assert_eq!(refusal(again), Refusal::MovedAlready);
    let stranger = town.applicant(2).await;
    assert_eq!(refusal(stranger.perform(Cancel { link: booked.link.clone() }).await), Refusal::TicketUnknown);
    // The old place waits for the wave, then it is open to all.
    town.tick().await;
    let left = |town: &Town| town.app.overview().release(&release).unwrap().slots[0].left;
    assert_eq!(left(&town), slots[0].capacity - 1);
    town.at(wib(date(2026, 11, 28), 9, 0)).await;
    assert_eq!(left(&town), slots[0].capacity);
    // On the day itself cancelling counts; the first time it is a warning.
    town.at(wib(moved.slot.date, 6, 0)).await;
    let late = person.perform(Cancel { link: booked.link }).await.unwrap();
    assert_eq!(late.state, AppointmentState::CancelledLate);
    assert_eq!(person.mine().await.strikes[0].releases, 0);
    town.check_rules().await;
}

#[tokio::test]
async fn a_wish_is_met_by_a_wave_after_those_on_standby_and_keeps_the_place_until_then() {
    let town = Town::new(7).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let view = town.app.overview().release(&release).unwrap().clone();
    let (here, there) = (view.slots[0].clone(), view.slots[1].clone());
    let wisher = town.applicant(1).await;
    let held = wisher.book(here.id).await.unwrap();
    let other = town.applicant(2).await;
    let wanted = other.book(there.id).await.unwrap();
    let choices = vec![there.key.to_string().parse().unwrap()];
    let asked = wisher.perform(Wish { link: held.link, choices }).await.unwrap();
    assert_eq!((asked.wish.map(|wish| wish.len()), asked.slot), (Some(1), here.key));
    other.perform(Cancel { link: wanted.link }).await.unwrap();
    assert_eq!(ticket(&wisher).await.unwrap().slot, here.key);
    town.at(wib(date(2026, 11, 28), 9, 0)).await;
    let now = ticket(&wisher).await.unwrap();
    assert_eq!((now.slot, now.wish, now.can_move), (there.key, None, false));
    town.check_rules().await;
}

#[tokio::test]
async fn the_east_opens_before_the_west() {
    let town = Town::new(8).await;
    let plan = Town::plan(Mode::Draw, &["JAP", "BTM"]);
    let release = plan.id.clone();
    let operator = antrean_app::caller::Actor::Operator;
    town.app.perform_as(operator, antrean_app::release::Plan { plan }).await.unwrap();
    let person = town.applicant(1).await;
    town.at(wib(town::FRIDAY, 11, 59)).await;
    assert_eq!(refusal(person.enter(&release, &["JAP/*/*"]).await).code(), "not-open");
    town.at(wib(town::FRIDAY, 12, 0)).await;
    let early = refusal(person.enter(&release, &["JAP/*/*", "BTM/*/*"]).await);
    assert_eq!(early, Refusal::NotOpenYet { opens: wib(town::FRIDAY, 14, 0), office: Some("BTM".parse().unwrap()) });
    person.enter(&release, &["JAP/*/*"]).await.unwrap();
}

#[tokio::test]
async fn a_draw_that_was_cut_off_goes_on_after_a_restart_and_is_never_made_twice() {
    let mut town = Town::new(9).await;
    let release = town.open_release(Mode::Draw, &[SMALL, "SMD"]).await;
    for number in 0..40 {
        town.applicant(number).await.enter(&release, &[&format!("{SMALL}/*/*")]).await.unwrap();
    }
    town.draw().await;
    let before = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
    town.restart().await;
    let steps = town.tick().await;
    assert!(steps.iter().all(|step| !matches!(step, Step::Drawn(..) | Step::Frozen(_))), "{steps:?}");
    std::fs::remove_dir_all(town.app.published()).unwrap();
    let after = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
    assert_eq!(before, after, "the published files follow from the store");
    town.check_rules().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draw_that_is_cut_off_in_the_midst_of_writing_is_finished_once() {
    for (seed, cut_ms) in [(20, 2), (21, 8), (22, 20)] {
        let mut town = Town::new(seed).await;
        let release = town.open_release(Mode::Draw, &[SMALL, "SMD"]).await;
        for number in 0..420 {
            town.applicant(number).await.enter(&release, &[&format!("{SMALL}/*/*"), "SMD/*/am"]).await.unwrap();
        }
        // More than one piece; the future is dropped wherever it happens to be, as a crash would.
        town.clock.set(wib(date(2026, 11, 29), 16, 0));
        let cut = tokio::time::timeout(std::time::Duration::from_millis(cut_ms), town.tick());
        let finished = cut.await.is_ok();
        town.restart().await;
        let steps = town.tick().await;
        let view = town.app.overview().release(&release).unwrap().clone();
        assert_eq!(view.state, ReleaseState::Drawn, "cut after {cut_ms} ms, finished {finished}: {steps:?}");
        town.check_rules().await;
        let bytes = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
        let report = verify(&Bundle::read(&bytes).unwrap()).unwrap();
        assert_eq!(report.entries, 420);
        let placed =
            town.app.store().read(move |tx| antrean_store::appointments::counts_by_state(tx, &release)).await.unwrap();
        assert_eq!(placed.iter().map(|count| count.parties).sum::<u64>(), report.given);
    }
}
