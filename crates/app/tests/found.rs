//! What the model and the simulation found once, each told as a story.

mod town;

use std::sync::{Arc, Mutex};

use antrean_app::appointment::{Cancel, Wish};
use antrean_app::caller::Actor;
use antrean_app::clock::Clock;
use antrean_app::day::Record;
use antrean_app::me::{Forget, RemoveFamily};
use antrean_app::party::LiveView;
use antrean_app::policy::Policy;
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_domain::appointment::{AppointmentEvent, AppointmentState};
use antrean_domain::release::Mode;
use antrean_store::ids::PartyId;
use antrean_store::releases::ReleaseState;
use antrean_store::{events, parties, wishes};
use jiff::Timestamp;
use jiff::civil::date;
use town::{Town, generous, nik_of, refusal, wib};

const SMALL: &str = "SMD-KKR";

#[tokio::test]
async fn whoever_has_missed_the_window_cannot_turn_it_into_a_late_cancellation() {
    let town = Town::new(1).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = town.app.overview().release(&release).unwrap().slots[0].clone();
    let person = town.applicant(1).await;
    let ticket = person.book(slot.id).await.unwrap();
    town.at(wib(slot.key.date, 8, 59)).await;
    assert!(matches!(person.mine().await.live, Some(LiveView::Appointment(ticket)) if ticket.can_cancel));
    town.at(wib(slot.key.date, 9, 0)).await;
    assert!(matches!(person.mine().await.live, Some(LiveView::Appointment(ticket)) if !ticket.can_cancel));
    assert_eq!(refusal(person.perform(Cancel { link: ticket.link }).await).code(), "not-possible-now");
}

#[tokio::test]
async fn a_wave_leaves_whoever_is_expected_today_where_they_are() {
    let town = Town::new(2).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let view = town.app.overview().release(&release).unwrap().clone();
    let today = view.slots.first().unwrap();
    let tomorrow = view.slots.last().unwrap();
    let wisher = town.applicant(1).await;
    let held = wisher.book(today.id).await.unwrap();
    let choices = vec![tomorrow.key.to_string().parse().unwrap()];
    wisher.perform(Wish { link: held.link, choices }).await.unwrap();
    let other = town.applicant(2).await;
    let given_up = other.book(tomorrow.id).await.unwrap();
    town.at(wib(today.key.date, 0, 0)).await;
    other.perform(Cancel { link: given_up.link }).await.unwrap();
    // The wave of this morning has the place that was wished for; the day of the one that is held has begun.
    town.at(wib(today.key.date, 9, 0)).await;
    let Some(LiveView::Appointment(ticket)) = wisher.mine().await.live else { panic!("a place") };
    assert_eq!(ticket.slot, today.key);
    town.check_rules().await;
}

#[tokio::test]
async fn a_wish_ends_with_its_appointment() {
    let town = Town::new(3).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let view = town.app.overview().release(&release).unwrap().clone();
    let wish = |link: String| Wish { link, choices: vec![view.slots[1].key.to_string().parse().unwrap()] };
    let (came, missing) = (town.applicant(1).await, town.applicant(2).await);
    for person in [&came, &missing] {
        let ticket = person.book(view.slots[0].id).await.unwrap();
        person.perform(wish(ticket.link)).await.unwrap();
    }
    town.at(wib(view.slots[0].key.date, 8, 0)).await;
    let Some(LiveView::Appointment(ticket)) = came.mine().await.live else { panic!("a place") };
    for event in [AppointmentEvent::CheckIn, AppointmentEvent::Serve] {
        town.app.perform_as(Actor::Operator, Record { link: ticket.link.clone(), event }).await.unwrap();
    }
    town.at(wib(view.slots[0].key.date.tomorrow().unwrap(), 0, 0)).await;
    assert_eq!(missing.mine().await.earlier[0].appointment.unwrap().0, AppointmentState::NoShow);
    for party in [1, 2] {
        let wish = town.app.store().read(move |tx| wishes::get(tx, PartyId(party))).await.unwrap();
        assert_eq!(wish, None);
    }
}

#[tokio::test]
async fn the_end_of_standby_is_in_the_log_of_each_who_waited() {
    let town = Town::new(4).await;
    let release = town.open_release(Mode::Draw, &[SMALL, "SMD"]).await;
    for number in 0..31 {
        town.applicant(number).await.enter(&release, &[&format!("{SMALL}/*/*")]).await.unwrap();
    }
    town.draw().await;
    town.at(wib(date(2026, 12, 3), 0, 0)).await;
    assert_eq!(town.app.overview().release(&release).unwrap().state, ReleaseState::Closed);
    let mut expired = 0;
    for party in 1..=31 {
        let log = town.app.store().read(move |tx| events::of_party(tx, PartyId(party))).await.unwrap();
        expired += log.iter().filter(|event| event.kind == "expired" && event.actor == "clock").count();
    }
    assert_eq!(expired, 1);
}

#[tokio::test]
async fn the_number_of_a_person_taken_out_never_means_somebody_else() {
    let town = Town::new(5).await;
    let mut person = town.family(1, 1).await;
    let child = person.people[1];
    person.perform(RemoveFamily { person: child }).await.unwrap();
    person.add_family(nik_of(7)).await.unwrap();
    assert_eq!(person.people.len(), 2);
    assert_ne!(person.people[1], child);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_that_can_be_read_about_its_people() {
    let town = Town::new(6).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = town.app.overview().release(&release).unwrap().slots[0].id;
    let person = town.family(1, 1).await;
    let ticket = person.book(slot).await.unwrap();
    assert_eq!(refusal(person.perform(Forget {}).await).code(), "in-live-party");
    person.perform(Cancel { link: ticket.link }).await.unwrap();
    person.perform(Forget {}).await.unwrap();
    let people = town.app.store().read(|tx| parties::people(tx, PartyId(1))).await.unwrap();
    assert_eq!(people.len(), 2, "the hashes stay");
    assert!(people.iter().all(|member| member.sealed.is_empty()));
}

#[tokio::test]
async fn whoever_has_wished_often_can_still_cancel_in_time() {
    let town = Town::with_policy(11, Policy { moves_per_account_day: 2, ..generous() }).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let view = town.app.overview().release(&release).unwrap().clone();
    let person = town.applicant(1).await;
    let ticket = person.book(view.slots[0].id).await.unwrap();
    let wish = |slot: usize| Wish {
        link: ticket.link.clone(),
        choices: vec![view.slots[slot].key.to_string().parse().unwrap()],
    };
    person.perform(wish(1)).await.unwrap();
    person.perform(wish(2)).await.unwrap();
    assert_eq!(refusal(person.perform(wish(1)).await).code(), "rate-limited");
    person.perform(Cancel { link: ticket.link.clone() }).await.unwrap();
}

/// A clock on which midnight comes while somebody looks at it: it moves on by a second at every look.
struct Creeping(Mutex<Timestamp>);

impl Clock for Creeping {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now += town::seconds(1);
        *now
    }
}

/// The release clock that looked just before midnight saw that the last day was not over and did not end it; then it saw that the
/// release was over and closed it. Whoever had been there that day stayed live for ever and could never enter again.
#[tokio::test]
async fn a_release_is_not_closed_before_its_last_day_is_ended_even_if_midnight_comes_meanwhile() {
    let town = Town::new(12).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = town.app.overview().release(&release).unwrap().slots.last().unwrap().clone();
    let person = town.applicant(1).await;
    let ticket = person.book(slot.id).await.unwrap();
    town.at(wib(slot.key.date, 8, 0)).await;
    let record = Record { link: ticket.link, event: AppointmentEvent::CheckIn };
    town.app.perform_as(Actor::Operator, record).await.unwrap();
    let midnight = wib(slot.key.date.tomorrow().unwrap(), 0, 0);
    let mut closed = false;
    for seconds in (0..60).rev() {
        // Each time it begins a little later, so that midnight comes before each of its steps in turn.

        let app = town.with_clock(Arc::new(Creeping(Mutex::new(midnight - town::seconds(seconds))))).await;
        ReleaseClock::new(app.clone(), Arc::new(NoBeacon), "test").tick().await.unwrap();
        let row = app.store().read(|tx| parties::get(tx, PartyId(1))).await.unwrap().unwrap();
        closed = app.overview().release(&release).is_some_and(|view| view.state == ReleaseState::Closed);
        assert!(!(closed && row.live), "{seconds} seconds before midnight: closed, but somebody is live in it");
    }
    assert!(closed, "in the end it is closed");
}

/// A node that stood still over midnight, after it had computed a wave, gave out places of a day that had begun.
#[tokio::test]
async fn a_wave_that_is_written_after_midnight_gives_no_place_of_that_day() {
    for seconds in 1..=20 {
        let town = Town::new(13).await;
        let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
        let view = town.app.overview().release(&release).unwrap().clone();
        let (first, last) = (view.slots.first().unwrap(), view.slots.last().unwrap());
        let (wisher, other) = (town.applicant(1).await, town.applicant(2).await);
        let held = wisher.book(last.id).await.unwrap();
        let choices = vec![first.key.to_string().parse().unwrap()];
        wisher.perform(Wish { link: held.link, choices }).await.unwrap();
        let given_up = other.book(first.id).await.unwrap();
        other.perform(Cancel { link: given_up.link }).await.unwrap();
        // Midnight comes so many looks at the clock after the wave of the evening is taken up.
        let midnight = wib(first.key.date, 0, 0);
        let app = town.with_clock(Arc::new(Creeping(Mutex::new(midnight - town::seconds(seconds))))).await;
        ReleaseClock::new(app.clone(), Arc::new(NoBeacon), "test").tick().await.unwrap();
        let log = town.app.store().read(|tx| events::of_party(tx, PartyId(1))).await.unwrap();
        let waved: Vec<_> = log.iter().filter(|event| event.kind == "waved").collect();
        assert!(waved.iter().all(|event| event.at < midnight), "{seconds} seconds before midnight: {waved:?}");
        town.check_rules().await;
    }
}
