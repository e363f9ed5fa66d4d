//! What applicants do through the API, from the first code to the last ticket.

mod people;

use antrean_domain::release::Mode;
use jiff::civil::date;
use people::{RELEASE, Server, nik_of, phone_of, statement, wib};
use serde_json::json;

#[tokio::test]
async fn a_code_becomes_a_session_and_the_session_ends() {
    let server = Server::new().await;
    let stranger = server.stranger();
    let sent = stranger.post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await;
    let sent_body = sent.expect(202);
    assert_eq!(sent_body["phone"], "+62 812-****-0001");
    assert!(sent.header("ratelimit-policy").contains("\"phone\";q="));
    let path = format!("/api/v1/sessions/codes/{}/resend", sent_body["challenge"].as_str().unwrap());
    let soon = stranger.post(&path, &json!(null)).await;
    soon.problem(429, "resend-too-soon");
    assert_eq!(soon.header("retry-after"), "30");
    server.clock.advance(jiff::SignedDuration::from_secs(31));
    stranger.post(&path, &json!(null)).await.expect(202);
    let code = server.code_for(&phone_of(1)).await;

    let wrong =
        json!({"challenge": sent_body["challenge"], "code": if code == "000000" { "000001" } else { "000000" }});
    let refused = stranger.post("/api/v1/sessions", &wrong).await;
    assert_eq!(refused.problem(422, "code-wrong")["data"]["tries_left"], 4);
    assert_eq!(refused.fields(), [("/code".to_owned(), "code-wrong".to_owned())]);

    let right = json!({"challenge": sent_body["challenge"], "code": code});
    let session = stranger.post("/api/v1/sessions", &right).await.expect(201);
    let again = stranger.post("/api/v1/sessions", &right).await.expect(201);
    assert_eq!(again["token"], session["token"], "sent twice on a slow line, one session");
    let mut client = stranger.clone();
    client.token = session["token"].as_str().map(str::to_owned);
    assert_eq!(client.get("/api/v1/me").await.expect(200)["people"], json!([]));
    client.delete("/api/v1/sessions/current").await.expect(204);
    stranger.post("/api/v1/sessions", &right).await.problem(410, "code-expired");
    let gone = client.get("/api/v1/me").await;
    gone.problem(401, "signed-out");
    assert_eq!(gone.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn an_account_knows_its_family_and_never_shows_a_nik_whole() {
    let server = Server::new().await;
    let applicant = server.applicant(1).await;
    let child = json!({"nik": nik_of(500), "name": "Budi Contoh", "birth_date": "02-03-2015", "sex": "male"});
    let added = applicant.post("/api/v1/me/family", &child).await;
    let me = added.expect(201);
    assert_eq!(me["people"][1]["name"], "Budi Contoh");
    assert_eq!(me["people"][1]["minor"], true);
    assert_eq!(me["people"][1]["warnings"][0]["code"], "birth_date_differs");
    assert!(!added.text().contains(&nik_of(500)));
    assert!(!added.text().contains(&nik_of(1)));
    assert!(!added.text().contains("2171010101010000"));
    applicant.post("/api/v1/me/family", &child).await.problem(409, "already-in-family");
    let id = me["people"][1]["id"].as_i64().unwrap();
    server.applicant(2).await.delete(&format!("/api/v1/me/family/{id}")).await.problem(404, "person-unknown");
    let me = applicant.delete(&format!("/api/v1/me/family/{id}")).await.expect(200);
    assert_eq!(me["people"].as_array().unwrap().len(), 1);
    applicant.put("/api/v1/me/language", &json!({"language": "en"})).await.expect(204);
    assert_eq!(applicant.get("/api/v1/me").await.expect(200)["language"], "en");
    applicant.delete("/api/v1/me").await.expect(204);
    applicant.get("/api/v1/me").await.problem(401, "signed-out");
}

#[tokio::test]
async fn an_entry_is_made_changed_drawn_and_becomes_a_ticket() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let applicant = server.applicant(1).await;
    let entered = applicant.enter(&["BTM/*/*"]).await;
    assert_eq!(entered.header("location"), format!("/api/v1/releases/{RELEASE}/entry"));
    assert_eq!(entered.header("cache-control"), "no-store");
    let entry = entered.expect(201);
    assert_eq!(entry["state"], "entered");
    let twice = applicant.enter(&["BTM/*/am"]).await;
    assert_eq!(twice.problem(409, "already-live")["data"]["link"], entry["link"]);
    let here = format!("/api/v1/releases/{RELEASE}/entry");
    let changed = applicant.put(&here, &applicant.wants(&["BTM/*/am", "BTM/*/*"])).await.expect(200);
    assert_eq!(changed["choices"], json!(["BTM/*/am", "BTM/*/*"]));
    assert_eq!(changed["entry_id"], entry["entry_id"]);
    assert_eq!(applicant.get(&here).await.expect(200)["entry"]["link"], entry["link"]);

    let other = server.applicant(2).await;
    other.get(&here).await.problem(404, "entry-unknown");
    other.enter(&["BTM/*/*"]).await.expect(201);
    let once = other.with("idempotency-key", "withdraw-once");
    once.delete(&here).await.expect(204);
    once.delete(&here).await.expect(204);
    other.delete(&here).await.problem(409, "entry-final");
    other.get(&here).await.problem(404, "entry-unknown");

    server.draw().await;
    let live = applicant.get(&here).await.expect(200);
    let ticket = &live["appointment"];
    assert_eq!(ticket["state"], "booked");
    assert_eq!(ticket["source"], "draw");
    applicant.delete(&here).await.problem(409, "entry-final");
    let link = ticket["link"].as_str().unwrap();
    assert_eq!(applicant.get(&format!("/api/v1/appointments/{link}")).await.expect(200)["code"], ticket["code"]);
    let shown = server.stranger().get(&format!("/api/v1/appointments/{link}/ticket")).await;
    let ticket = shown.expect(200);
    assert_eq!(ticket["office"]["code"], "BTM");
    assert!(!ticket["papers"][0].as_array().unwrap().is_empty());
    assert!(!shown.text().contains(&nik_of(1)));
    assert!(!shown.text().contains("Siti Contoh"));

    let cancelled = applicant.post(&format!("/api/v1/appointments/{link}/cancel"), &json!(null)).await.expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    server.check_rules().await;

    let draw = server.stranger().get(&format!("/api/v1/releases/{RELEASE}/draw")).await.expect(200);
    assert_eq!(draw["state"], "drawn");
    for file in draw["files"].as_array().unwrap() {
        assert_eq!(file["published"], true, "{file}");
        let answer = server.stranger().get(file["href"].as_str().unwrap()).await;
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.is_empty() || file["name"] == "closures.txt", "{file}");
    }
}

#[tokio::test]
async fn a_place_is_booked_first_come_moved_once_and_wished_better() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let stranger = server.stranger();
    let slots = stranger.get(&format!("/api/v1/offices/BTM/slots?release={RELEASE}")).await.expect(200);
    let ids: Vec<i64> = slots["slots"].as_array().unwrap().iter().map(|slot| slot["id"].as_i64().unwrap()).collect();
    let applicant = server.applicant(1).await;
    let booked = applicant.book(ids[0]).await;
    let place = booked.expect(201);
    let link = place["link"].as_str().unwrap();
    assert_eq!(booked.header("location"), format!("/api/v1/appointments/{link}"));
    let wish = json!({"choices": ["BTM/2026-12-02/am"]});
    let wished = applicant.post(&format!("/api/v1/appointments/{link}/wish"), &wish).await.expect(200);
    assert_eq!(wished["wish"], json!(["BTM/2026-12-02/am"]));
    let to = json!({"slot": ids[1]});
    let moved = applicant.post(&format!("/api/v1/appointments/{link}/move"), &to).await.expect(200);
    assert_ne!(moved["slot"], place["slot"]);
    let again = applicant.post(&format!("/api/v1/appointments/{link}/move"), &json!({"slot": ids[0]})).await;
    again.problem(409, "moved-already");
    server.check_rules().await;
}

#[tokio::test]
async fn the_same_key_has_one_effect_and_one_answer() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slots = server.stranger().get("/api/v1/offices/BTM/slots").await.expect(200);
    let slot = slots["slots"][0]["id"].as_i64().unwrap();
    let mut applicant = server.applicant(1).await;
    applicant.client = applicant.client.with("idempotency-key", "once-and-only-once");
    let first = applicant.book(slot).await;
    let second = applicant.book(slot).await;
    first.expect(201);
    assert_eq!(first.body, second.body);
    applicant.book(slots["slots"][1]["id"].as_i64().unwrap()).await.problem(422, "key-reused");
    server.app.refresh_overview().await.unwrap();
    let after = server.stranger().get("/api/v1/offices/BTM/slots").await.expect(200);
    let left = |slots: &serde_json::Value| slots["slots"][0]["left"].as_u64().unwrap();
    assert_eq!(left(&after), left(&slots) - 1);
}

#[tokio::test]
async fn another_persons_ticket_can_be_seen_by_its_link_but_not_touched() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slots = server.stranger().get("/api/v1/offices/BTM/slots").await.expect(200);
    let slot = |index: usize| slots["slots"][index]["id"].as_i64().unwrap();
    let owner = server.applicant(1).await;
    let link = owner.book(slot(0)).await.expect(201)["link"].as_str().unwrap().to_owned();
    let thief = server.applicant(2).await;
    let path = |act: &str| format!("/api/v1/appointments/{link}{act}");
    for client in [thief.client.clone(), thief.in_english()] {
        client.get(&path("")).await.problem(404, "ticket-unknown");
        client.post(&path("/cancel"), &json!(null)).await.problem(404, "ticket-unknown");
        client.post(&path("/move"), &json!({"slot": slot(1)})).await.problem(404, "ticket-unknown");
        client.post(&path("/wish"), &json!({"choices": []})).await.problem(404, "ticket-unknown");
    }
    server.stranger().post(&path("/cancel"), &json!(null)).await.problem(401, "signed-out");
    let seen = thief.get(&path("/ticket")).await.expect(200);
    assert_eq!(seen["appointment"]["state"], "booked");
    assert_eq!(owner.get(&path("")).await.expect(200)["slot"], seen["appointment"]["slot"]);
}

#[tokio::test]
async fn an_expired_session_is_signed_out_and_changes_nothing() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let applicant = server.applicant(1).await;
    server.clock.advance(jiff::SignedDuration::from_hours(24 * 31));
    applicant.get("/api/v1/me").await.problem(401, "signed-out");
    applicant.put("/api/v1/me", &statement(1)).await.problem(401, "signed-out");
    applicant.enter(&["BTM/*/*"]).await.problem(401, "signed-out");
    applicant.in_english().delete("/api/v1/me").await.problem(401, "signed-out");
    server.clock.set(wib(date(2026, 11, 27), 14, 0));
    assert_eq!(applicant.get("/api/v1/me").await.expect(200)["live"], json!(null));
}

#[tokio::test]
async fn a_new_device_ends_the_session_of_the_old_one() {
    let server = Server::new().await;
    let old = server.somebody(1).await;
    let new = server.somebody(1).await;
    old.get("/api/v1/me").await.problem(401, "signed-out");
    new.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn places_and_releases_are_there_for_everybody() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let stranger = server.stranger();
    let regions = stranger.get("/api/v1/regions").await.expect(200);
    assert_eq!(regions["regions"].as_array().unwrap().len(), 552);
    let all = stranger.get("/api/v1/offices").await.expect(200);
    let batam = stranger.get("/api/v1/offices?province=21").await.expect(200);
    assert!(batam["offices"].as_array().unwrap().len() < all["offices"].as_array().unwrap().len());
    let near = stranger.get("/api/v1/offices?near=1.13,104.05").await.expect(200);
    assert_eq!(near["offices"].as_array().unwrap().len(), 30);
    assert!(near["offices"][0]["distance_km"].as_f64() <= near["offices"][1]["distance_km"].as_f64());
    let found = stranger.get("/api/v1/offices?q=batam").await;
    assert_eq!(found.header("cache-control"), "no-store");
    assert!(found.text().contains("\"BTM\""));
    assert_eq!(stranger.get("/api/v1/offices/BTM").await.expect(200)["time_zone"], "Asia/Jakarta");
    stranger.get("/api/v1/offices/XXX").await.problem(404, "not-found");
    let services = stranger.get("/api/v1/services").await.expect(200);
    assert_eq!(services["fees"].as_array().unwrap().len(), 4);
    let releases = stranger.get("/api/v1/releases").await.expect(200);
    assert_eq!(releases["current"], RELEASE);
    let release = stranger.get(&format!("/api/v1/releases/{RELEASE}")).await.expect(200);
    assert_eq!(release["state"], "open");
    assert_eq!(release["offices"][0]["office"], "BTM");
    stranger.get("/api/v1/releases/2030-W01").await.problem(404, "release-unknown");
    stranger.get(&format!("/api/v1/releases/{RELEASE}/draw/rules.txt")).await;
    stranger.get(&format!("/api/v1/releases/{RELEASE}/draw/leaves.bin")).await.problem(404, "release-unknown");
    stranger
        .get(&format!("/api/v1/releases/{RELEASE}/draw/..%2f..%2fantrean.db"))
        .await
        .problem(404, "release-unknown");
}
