//! A release that is moved to another store in the middle of its life goes on there as if nothing had happened.

mod town;

use antrean_app::Refusal;
use antrean_app::appointment::Cancel;
use antrean_app::bundle;
use antrean_app::party::LiveView;
use antrean_app::release_clock::Step;
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::verify::verify;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_store::appointments::Source;
use jiff::civil::date;
use town::{Person, Town, refusal, wib};

/// Kutai Kartanegara's counter opens on Mondays and Wednesdays with 30 places a day: scarce enough to run out.
const SMALL: &str = "SMD-KKR";

/// The published file of the frozen list, with its root; checks the draw from the bundle alone.
async fn published(town: &Town, release: &ReleaseId) -> String {
    let bytes = std::fs::read(bundle::file(&town.app, release, bundle::BUNDLE).await.unwrap()).unwrap();
    let report = verify(&Bundle::read(&bytes).unwrap()).unwrap();
    assert_eq!((report.entries, report.given), (40, 30));
    town.app.overview().release(release).unwrap().freeze_file.clone().unwrap()
}

/// The same person, asking at another town.
fn at(town: &Town, person: &Person) -> Person {
    Person { app: town.app.clone(), caller: person.caller.clone(), people: person.people.clone() }
}

#[tokio::test]
async fn entries_that_are_open_are_drawn_elsewhere_and_places_given_back_go_out_elsewhere() {
    let town = Town::new(1).await;
    let release = town.open_release(Mode::Draw, &[SMALL, "SMD"]).await;
    let mut people = Vec::new();
    for number in 0..40 {
        let person = town.applicant(number).await;
        person.enter(&release, &[&format!("{SMALL}/*/*")]).await.unwrap();
        people.push(person);
    }

    // While entries are open: the session holds there too, and nobody can be in it twice.
    let second = town.moved().await;
    let again = at(&second, &people[0]).enter(&release, &[&format!("{SMALL}/*/*")]).await;
    assert!(matches!(refusal(again), Refusal::AccountHasLive { .. }));
    let steps = (town.draw().await, second.draw().await);
    assert_eq!(steps.0, steps.1);
    assert!(steps.0.contains(&Step::Drawn(release.clone(), 40, 30)), "{steps:?}");
    assert_eq!(published(&town, &release).await, published(&second, &release).await, "the very same list");
    second.check_rules().await;

    // Drawn, before the waves: a place that was given back before the move is given on after it.
    let mut standby = Vec::new();
    let mut given_up = None;
    for person in &people {
        let person = at(&second, person);
        match person.mine().await.live.unwrap() {
            LiveView::Entry(entry) => standby.push((entry.rank.unwrap(), person)),
            LiveView::Appointment(ticket) if given_up.is_none() => {
                person.perform(Cancel { link: ticket.link.clone() }).await.unwrap();
                given_up = Some(ticket);
            }
            LiveView::Appointment(_) => {}
        }
    }
    let third = second.moved().await;
    let nine = wib(date(2026, 11, 30), 9, 0);
    let steps = third.at(nine).await;
    assert!(steps.contains(&Step::Waved(release.clone(), nine, 1)), "{steps:?}");
    let (_, first) = standby.iter().min_by_key(|(rank, _)| *rank).unwrap();
    let Some(LiveView::Appointment(ticket)) = at(&third, first).mine().await.live else { panic!("no place") };
    assert_eq!((ticket.source, ticket.slot), (Source::Wave, given_up.unwrap().slot));
    third.check_rules().await;
}
