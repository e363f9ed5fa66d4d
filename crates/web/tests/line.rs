//! The waiting room over HTTP: one document for everybody, one place an account, no place for whoever forges one.

mod browser;
mod people;

use antrean_app::caller::Actor;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_domain::draw::beacon::Label;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleasePlan};
use axum::body::Body;
use axum::http::Method;
use browser::Browser;
use jiff::SignedDuration;
use jiff::civil::{date, time};
use people::{Answer, Applicant, Client, FRIDAY, RELEASE, Server, policy, settings, wib};
use serde_json::{Value, json};

const LINE: &str = "/api/v1/releases/2026-W49/line";
const PLACE: &str = "/api/v1/releases/2026-W49/line/place";
const ROOM: &str = "/antrean/2026-W49/tunggu";

/// A server that lets in a few at a time, half an hour before the opening of a first-come release.
async fn before_the_opening(waiting_room: bool) -> Server {
    let slow = Policy { line_rate_start: 60, line_rate_min: 60, line_rate_max: 60, line_at_work_min: 3, ..policy() };
    let server = Server::with(settings(), slow).await;
    let plan = ReleasePlan {
        id: RELEASE.parse().unwrap(),
        mode: Mode::FirstCome,
        opening: Opening::Local(FRIDAY.to_datetime(time(14, 0, 0, 0))),
        freeze: wib(date(2026, 11, 29), 16, 0),
        dates: vec![date(2026, 12, 1), date(2026, 12, 2)],
        offices: vec!["BTM".parse().unwrap()],
        beacon: BeaconPlan::Local { label: Label::parse("a-test").unwrap() },
        choices_max: 20,
        party_max: 5,
        wave_times: vec![time(9, 0, 0, 0), time(17, 0, 0, 0)],
        waiting_room,
    };
    server.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
    server.at(wib(FRIDAY, 13, 30)).await;
    server
}

async fn join(client: &Client) -> Answer {
    client.send(Method::POST, LINE, Body::empty()).await
}

async fn waiting(server: &Server, numbers: std::ops::Range<u32>) -> Vec<Applicant> {
    let mut people = Vec::new();
    for number in numbers {
        let one = server.applicant(number).await;
        join(&one).await.expect(200);
        people.push(one);
    }
    people
}

async fn signed_in(server: &Server, number: u32) -> Browser {
    Browser::signed_in(server, server.applicant(number).await.token.as_deref().unwrap())
}

async fn tick(server: &Server) {
    server.at(server.app.now() + SignedDuration::from_millis(500)).await;
}

fn slot(server: &Server) -> i64 {
    server.app.overview().releases[0].slots[0].id.0
}

fn token(place: &Value) -> String {
    place["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everybody_reads_the_same_small_document_and_caches_keep_it() {
    let server = before_the_opening(true).await;
    let people = waiting(&server, 0..9).await;
    server.at(wib(FRIDAY, 14, 0)).await;
    tick(&server).await;
    let reads = server.app.store().stats().reads;
    let answer = server.stranger().get(LINE).await;
    let document = answer.expect(200);
    assert_eq!((&document["phase"], &document["present"]), (&json!("admitting"), &json!(9)));
    assert!(answer.body.len() < 1_000, "{} bytes", answer.body.len());
    assert!(answer.header("cache-control").contains("public, max-age=2"));
    let tag = answer.header("etag").to_owned();
    for one in &people {
        let same = one.get(LINE).await;
        assert_eq!((same.header("etag"), &same.body), (tag.as_str(), &answer.body), "no line about anybody in it");
        assert_eq!(one.with("if-none-match", tag.clone()).get(LINE).await.status, 304);
    }
    assert_eq!(server.app.store().stats().reads, reads, "however many look, the store is asked nothing");
    assert!(!answer.text().contains("line_id"));
    let key = document["key"].clone();
    assert_eq!((&key["source"], key["randomness"].as_str().map(str::len)), (&json!("secret"), Some(64)));
}

#[tokio::test]
async fn a_place_is_joined_once_kept_and_found_again() {
    let server = before_the_opening(true).await;
    let one = server.applicant(1).await;
    let first = join(&one).await.expect(200);
    assert_eq!(
        (&first["your_turn"], &first["phase"], &first["number"]),
        (&json!(false), &json!("joining"), &Value::Null)
    );
    let again = join(&one).await.expect(200);
    assert_eq!((&again["token"], &again["line_id"]), (&first["token"], &first["line_id"]));
    let here = one.get(PLACE).await.expect(200);
    assert_eq!(here["token"], first["token"]);
    // Another device: a new session of the same account.
    let other = server.somebody(1).await;
    assert_eq!(other.get(PLACE).await.expect(200)["token"], first["token"]);
    assert_eq!(join(&other).await.expect(200)["token"], first["token"]);
    let not_yet = server.applicant(2).await.get(PLACE).await.problem(403, "not-your-turn");
    assert_eq!(not_yet["data"]["joined"], false);
}

#[tokio::test]
async fn a_token_alone_tells_where_it_stands_without_asking_the_store() {
    let server = before_the_opening(true).await;
    let people = waiting(&server, 0..5).await;
    let mine = token(&people[0].get(PLACE).await.expect(200));
    let theirs = token(&people[1].get(PLACE).await.expect(200));
    server.at(wib(FRIDAY, 14, 0)).await;
    let reads = server.app.store().stats().reads;
    let place = server.stranger().with("antrean-place", mine.clone()).get(PLACE).await.expect(200);
    assert_eq!(place["token"], mine);
    assert!(place["value"].as_u64().is_some() && place["ahead"].as_u64().is_some(), "{place}");
    assert_eq!(server.app.store().stats().reads, reads);
    // With a session beside it, it must be the holder's own.
    people[0].with("antrean-place", mine.clone()).get(PLACE).await.expect(200);
    people[0].with("antrean-place", theirs).get(PLACE).await.problem(403, "place-token-invalid");
    for forged in [mine.replace(".p.", ".1."), mine.replace("v1.", "v2."), format!("{mine}0"), "x".to_owned()] {
        server.stranger().with("antrean-place", forged).get(PLACE).await.problem(403, "place-token-invalid");
    }
    server.stranger().get(PLACE).await.problem(401, "signed-out");
}

#[tokio::test]
async fn who_has_no_turn_cannot_book_with_anybodys_token() {
    let server = before_the_opening(true).await;
    let people = waiting(&server, 0..9).await;
    server.at(wib(FRIDAY, 14, 0)).await;
    let slot = slot(&server);
    let mut booked = 0;
    for _ in 0..100 {
        tick(&server).await;
        for one in &people {
            let turn = one.get(PLACE).await.expect(200)["your_turn"] == true;
            let answer = one.book(slot).await;
            match (turn, answer.status.as_u16()) {
                (true, 201) => booked += 1,
                (true, 409) => {}
                (false, 403) => {
                    let problem = answer.problem(403, "not-your-turn");
                    assert_eq!(problem["data"]["joined"], true);
                    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
                }
                other => panic!("{other:?}: {}", answer.text()),
            }
        }
        if booked > 2 {
            break;
        }
    }
    assert!(booked > 2);
    // Somebody else's token in the hand of who has not joined is worth nothing: a booking goes by the account's own place.
    let admitted = token(&people[0].get(PLACE).await.expect(200));
    let stranger = server.applicant(50).await;
    let with_token = Applicant { client: stranger.with("antrean-place", admitted), person: stranger.person };
    assert_eq!(with_token.book(slot).await.problem(403, "not-your-turn")["data"]["joined"], false);
    server.check_rules().await;
}

#[tokio::test]
async fn joining_says_why_not() {
    let server = before_the_opening(true).await;
    server.stranger().send(Method::POST, LINE, Body::empty()).await.problem(401, "signed-out");
    join(&server.somebody(1).await).await.problem(409, "details-missing");
    server.at(wib(FRIDAY, 12, 59)).await;
    let early = join(&server.applicant(2).await.client).await.problem(403, "line-not-open");
    assert_eq!(early["data"]["joins"], "2026-11-27T06:00:00Z");
    server.stranger().get("/api/v1/releases/NONE/line").await.problem(404, "release-unknown");
    let server = before_the_opening(false).await;
    server.stranger().get(LINE).await.problem(404, "no-waiting-room");
    join(&server.applicant(3).await.client).await.problem(404, "no-waiting-room");
}

#[tokio::test]
async fn the_page_keeps_the_place_tells_the_turn_and_leads_to_the_places() {
    let server = before_the_opening(true).await;
    // Others wait as well, so that the line is one.
    waiting(&server, 0..4).await;
    let mut browser = Browser::new(&server);
    browser.open(&format!("/antrean/{RELEASE}")).await.shows("Masuk ruang tunggu");
    browser.open(ROOM).await.shows("Ruang tunggu").shows("Semua yang ikut sebelum itu diundi").shows("Ikut antre");
    let mut browser = signed_in(&server, 20).await;
    browser.open(ROOM).await;
    let form = browser.form(ROOM);
    browser.send(form.clone()).await;
    assert_eq!(browser.at, ROOM);
    browser.shows("Anda sudah ikut antre").shows("Tempat Anda tersimpan").shows("Banyak tab atau memuat ulang");
    assert!(browser.html.contains("<noscript><meta http-equiv=\"refresh\""), "works without a script");
    assert!(browser.html.contains("aria-live=\"polite\""));
    browser.hides("Ikut antre</button>");
    let reads = server.app.store().stats().reads;
    browser.open(ROOM).await.shows("Anda sudah ikut antre");
    assert_eq!(server.app.store().stats().reads, reads, "a reload asks the store nothing");
    browser.open(&format!("{ROOM}?diam=1")).await;
    assert!(!browser.html.contains("http-equiv=\"refresh\""), "who reads slowly can switch it off");

    server.at(wib(FRIDAY, 14, 0)).await;
    let line = server.app.overview().releases[0].line.clone().unwrap();
    assert_eq!(line.present, 5);
    let mut waited = false;
    for _ in 0..60 {
        browser.open(&format!("/antrean/{RELEASE}/tempat")).await;
        if browser.at != ROOM {
            break;
        }
        waited = true;
        browser.shows("Tempat Anda dalam antrean tersimpan");
        tick(&server).await;
    }
    assert!(waited, "whoever has no turn is led back to the waiting room");
    assert_eq!(browser.at, format!("/antrean/{RELEASE}/tempat"));
    browser.open(ROOM).await.shows("Giliran Anda").shows("Pilih tempat");
    assert!(browser.html.contains("<title>Giliran Anda"));
    assert!(!browser.html.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn a_place_in_a_browser_is_not_the_next_persons() {
    let server = before_the_opening(true).await;
    waiting(&server, 0..4).await;
    let mut browser = signed_in(&server, 20).await;
    browser.open(ROOM).await.hides("Anda sudah ikut antre");
    let form = browser.form(ROOM);
    browser.send(form).await.shows("Anda sudah ikut antre");
    browser.passed_on_to(server.applicant(21).await.token.as_deref().unwrap());
    browser.open(ROOM).await.hides("Anda sudah ikut antre");
    let form = browser.form(ROOM);
    browser.send(form).await.shows("Anda sudah ikut antre");
    server.at(wib(FRIDAY, 14, 0)).await;
    assert_eq!(server.app.overview().releases[0].line.as_ref().unwrap().present, 6);
}

#[tokio::test]
async fn the_page_says_when_it_is_full_over_or_not_there() {
    let server = before_the_opening(true).await;
    waiting(&server, 0..4).await;
    server.at(wib(FRIDAY, 12, 0)).await;
    let mut browser = Browser::new(&server);
    browser.open(ROOM).await.shows("Belum dibuka").hides("Ikut antre</button>");
    server.at(wib(FRIDAY, 14, 0)).await;
    server
        .app
        .store()
        .write(|tx| {
            for slot in antrean_store::slots::of_release(tx, &RELEASE.parse().unwrap())? {
                antrean_store::slots::take(tx, slot.id, slot.capacity)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    tick(&server).await;
    browser.open(ROOM).await.shows("Tempat sudah habis");
    server.at(wib(date(2026, 12, 4), 0, 0)).await;
    browser.open(ROOM).await.shows("Antrean sudah selesai");
    let server = before_the_opening(false).await;
    let mut browser = Browser::new(&server);
    browser.open(ROOM).await;
    assert_eq!(browser.at, format!("/antrean/{RELEASE}"));
}
