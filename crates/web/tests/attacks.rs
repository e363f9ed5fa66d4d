//! What attackers try, each attack told as a story: what must not work does not, nothing changes half, and nobody learns anything.

mod people;

use antrean_app::policy::Policy;
use antrean_domain::release::Mode;
use axum::body::Body;
use axum::http::Method;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use people::{Answer, Applicant, Client, FRIDAY, RELEASE, Server, nik_of, phone_of, policy, settings, statement, wib};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// A browser with this session, which says nothing about where a form comes from.
fn browser(server: &Server, session: &Client) -> Client {
    server.stranger().with("cookie", format!("antrean_sesi={}", session.token.as_deref().unwrap_or_default()))
}

async fn submit(browser: &Client, path: &str, form: &str) -> Answer {
    browser.with("content-type", FORM).send(Method::POST, path, Body::from(form.to_owned())).await
}

async fn slots(server: &Server, office: &str) -> Vec<Value> {
    server.app.refresh_overview().await.unwrap();
    let path = format!("/api/v1/offices/{office}/slots?release={RELEASE}");
    server.stranger().get(&path).await.expect(200)["slots"].as_array().unwrap().clone()
}

fn id(slot: &Value) -> i64 {
    slot["id"].as_i64().unwrap()
}

fn the_freeze() -> Timestamp {
    wib(date(2026, 11, 29), 16, 0)
}

fn person_of(me: &Value, position: usize) -> i64 {
    me["people"][position]["id"].as_i64().unwrap()
}

// ---- one person, one place ----

#[tokio::test]
async fn a_person_gets_one_place_however_the_number_is_written() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM", "JAP"]).await;
    let (here, there) = (slots(&server, "BTM").await, slots(&server, "JAP").await);
    let owner = server.applicant(1).await;
    owner.book(id(&here[0])).await.expect(201);

    let thief = server.somebody(2).await;
    let nik = nik_of(1);
    for written in [nik.clone(), format!("{} {}", &nik[..6], &nik[6..]), nik.replace("90", "90-"), format!(".{nik}.")] {
        let mut who = statement(1);
        who["nik"] = json!(written);
        let me = thief.put("/api/v1/me", &who).await.expect(200);
        let thief = Applicant { person: person_of(&me, 0), client: thief.clone() };
        thief.book(id(&there[0])).await.problem(409, "person-already-live");
    }
    for written in
        ["２１７１０１０２０１９０００００", "٢١٧١٠١٠٢٠١٩٠٠٠٠٠", "21710102019000\u{200b}00", "2171010201900000\u{0}"]
    {
        let mut who = statement(1);
        who["nik"] = json!(written);
        thief.put("/api/v1/me", &who).await.problem(422, "fields");
    }
    // As family of somebody else it is the same person.
    let friend = server.applicant(3).await;
    let member = json!({"nik": nik, "name": "Siti Contoh", "birth_date": "1990-01-02", "sex": "male"});
    let me = friend.post("/api/v1/me/family", &member).await.expect(201);
    let wanted = json!({
        "slot": id(&there[0]), "for": "people", "people": [friend.person, person_of(&me, 1)],
        "service": "new", "passport": "electronic",
    });
    friend.post("/api/v1/appointments", &wanted).await.problem(409, "person-already-live");
    assert_eq!(slots(&server, "JAP").await[0]["left"], there[0]["left"], "nobody got anything");
    server.check_rules().await;
}

#[tokio::test]
async fn one_phone_is_one_account_however_it_is_written() {
    let server = Server::new().await;
    let first = server.applicant(7).await;
    for written in ["0812 0000 0007", "+62 (812) 0000-0007", "62812.0000.0007"] {
        let client = server.stranger();
        let sent = client.post("/api/v1/sessions/codes", &json!({"phone": written})).await.expect(202);
        let code = server.code_for(&phone_of(7)).await;
        let answer = json!({"challenge": sent["challenge"], "code": code});
        let session = client.post("/api/v1/sessions", &answer).await.expect(201);
        assert_eq!(session["complete"], true, "{written} is the account that was there");
    }
    first.get("/api/v1/me").await.problem(401, "signed-out");
}

#[tokio::test]
async fn whoever_has_a_place_stays_who_they_are() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slots = slots(&server, "BTM").await;
    let holder = server.applicant(1).await;
    let ticket = holder.book(id(&slots[0])).await.expect(201);
    for (field, value) in [("name", json!("Nama Lain")), ("nik", json!(nik_of(2))), ("birth_date", json!("1991-01-01"))]
    {
        let mut who = statement(1);
        who[field] = value;
        holder.put("/api/v1/me", &who).await.problem(409, "in-live-party");
    }
    holder.delete("/api/v1/me").await.problem(409, "in-live-party");
    holder.delete(&format!("/api/v1/me/family/{}", holder.person)).await.problem(404, "person-unknown");
    let form = "name=Nama+Lain&nik=2171010301900000&birth_day=3&birth_month=1&birth_year=1990&sex=male\
        &family_card=2171010101010000&consent=1&tetap=1&kunci=a";
    let page = submit(&browser(&server, &holder), "/daftar", form).await;
    assert_eq!(page.status, 422, "{}", page.text());
    let after = holder.get(&format!("/api/v1/appointments/{}", ticket["link"].as_str().unwrap())).await.expect(200);
    assert_eq!(after["people"], ticket["people"]);
}

#[tokio::test]
async fn only_the_people_of_ones_own_account_can_be_brought() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = id(&slots(&server, "BTM").await[0]);
    let (thief, owner) = (server.applicant(1).await, server.applicant(2).await);
    let book = async |people: Value| {
        let wanted =
            json!({"slot": slot, "for": "people", "people": people, "service": "new", "passport": "electronic"});
        thief.post("/api/v1/appointments", &wanted).await
    };
    book(json!([owner.person])).await.problem(404, "person-unknown");
    book(json!([thief.person, owner.person])).await.problem(404, "person-unknown");
    book(json!([])).await.problem(422, "nobody-chosen");
    book(json!([thief.person, thief.person])).await.problem(422, "person-twice");
    book(json!(vec![thief.person; 6])).await.problem(422, "party-too-large");
    book(json!(vec![thief.person; 5_000])).await.problem(422, "fields");
    for nobody in [json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN)] {
        book(json!([nobody])).await.problem(404, "person-unknown");
    }
    for no_number in [json!(u64::MAX), json!(1.5), json!("1"), json!(null), json!([]), json!(true), json!(1e300)] {
        book(json!([no_number])).await.problem(422, "fields");
    }
    let form = format!("service=new&passport=electronic&people={}&kunci=a", owner.person);
    let page = submit(&browser(&server, &thief), &format!("/antrean/{RELEASE}/tempat/{slot}"), &form).await;
    assert!(
        page.status.is_client_error()
            || page.header("location").ends_with("/layanan?lanjut=/antrean/2026-W49/tempat/1")
    );
    assert!(thief.get("/api/v1/me").await.expect(200)["live"].is_null());
    server.check_rules().await;
}

#[tokio::test]
async fn nobody_slips_into_an_entry_that_is_changed_by_looking_like_a_brother() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let holder = server.applicant(1).await;
    let mut people = vec![holder.person];
    // Masked, the brothers are one: "Muhammad R***", and the last four digits of their NIK.
    for (place, name) in ["Muhammad Rizki", "Muhammad Raihan"].into_iter().enumerate() {
        let member =
            json!({"nik": nik_of(2 + place as u32), "name": name, "birth_date": format!("2015-03-0{}", 1 + place)});
        let me = holder.post("/api/v1/me/family", &member).await.expect(201);
        people.push(person_of(&me, 1 + place));
    }
    let mut wanted = holder.wants(&["BTM/*/*"]);
    wanted["people"] = json!(people[..2]);
    let entry = holder.post(&format!("/api/v1/releases/{RELEASE}/entry"), &wanted).await.expect(201);
    let page = browser(&server, &holder);
    let link = entry["link"].as_str().unwrap();
    let to = submit(&page, &format!("/entri/{link}/ubah"), "kunci=a").await.header("location").to_owned();
    let check = page.get(&to).await.text();
    assert!(check.contains("Muhammad Rizki"), "{check}");
    assert!(!check.contains("Muhammad Raihan"), "{check}");
}

// ---- what belongs to another ----

#[tokio::test]
async fn what_is_anothers_is_neither_seen_nor_touched() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let (owner, thief) = (server.applicant(1).await, server.applicant(2).await);
    let entry = owner.enter(&["BTM/*/*"]).await.expect(201);
    let link = entry["link"].as_str().unwrap().to_owned();
    let wanted = json!({"people": [owner.person], "service": "new", "passport": "ordinary", "choices": ["BTM/*/pm"]});
    let own = format!("/api/v1/releases/{RELEASE}/entry");
    thief.get(&own).await.problem(404, "entry-unknown");
    thief.put(&own, &wanted).await.problem(404, "entry-unknown");
    thief.delete(&own).await.problem(404, "entry-unknown");
    thief.delete(&format!("/api/v1/me/family/{}", owner.person)).await.problem(404, "person-unknown");
    let page = browser(&server, &thief);
    for path in ["", "/ubah", "/mundur"] {
        let seen = page.get(&format!("/entri/{link}{path}")).await;
        assert!(!seen.text().contains("Siti") && !seen.text().contains("salt"), "{path}: {}", seen.text());
    }
    assert_eq!(submit(&page, &format!("/entri/{link}/ubah"), "kunci=a").await.status, 404);
    assert_eq!(submit(&page, &format!("/entri/{link}/mundur"), "kunci=a").await.status, 404);
    let form = format!("entri={link}&service=new&passport=ordinary&people={}&choices=BTM/*/pm&kunci=a", thief.person);
    let changed = submit(&page, &format!("/antrean/{RELEASE}/daftar/periksa"), &form).await;
    assert!(!changed.header("location").contains(&link), "{}", changed.text());

    server.draw().await;
    for (method, path, body) in [
        (Method::POST, "/cancel", json!({})),
        (Method::POST, "/move", json!({"slot": 2})),
        (Method::POST, "/wish", json!({"choices": ["BTM/*/*"]})),
    ] {
        let path = format!("/api/v1/appointments/{link}{path}");
        let answer =
            thief.with("content-type", "application/json").send(method, &path, Body::from(body.to_string())).await;
        answer.problem(404, "ticket-unknown");
    }
    for (path, form) in [("/batal", "kunci=a"), ("/pindah/2", "kunci=b"), ("/gelombang", "p=BTM/*/*&kunci=c")] {
        let answer = submit(&page, &format!("/tiket/{link}{path}"), form).await;
        assert!(answer.status == 403 || answer.status == 404, "{path}: {}", answer.status);
    }
    let seen = server.stranger().get(&format!("/tiket/{link}")).await;
    assert!(!seen.text().contains("Contoh") && !seen.text().contains(&nik_of(1)), "a link shows masked names only");
    let mine = owner.get("/api/v1/me").await.expect(200);
    assert_eq!(mine["live"]["appointment"]["state"], "booked", "{mine}");
    server.check_rules().await;
}

#[tokio::test]
async fn a_link_changed_in_any_letter_leads_nowhere() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = id(&slots(&server, "BTM").await[0]);
    let holder = server.applicant(1).await;
    let ticket = holder.book(slot).await.expect(201);
    let link = ticket["link"].as_str().unwrap();
    for place in 0..link.len() {
        let mut other = link.to_owned();
        other.replace_range(place..=place, if &link[place..=place] == "a" { "b" } else { "a" });
        holder.get(&format!("/api/v1/appointments/{other}")).await.problem(404, "ticket-unknown");
    }
    let code = ticket["code"].as_str().unwrap();
    for other in [link.to_uppercase(), format!("{link}a"), link[1..].to_owned(), code.to_owned(), "1".to_owned()] {
        holder.get(&format!("/api/v1/appointments/{other}")).await.problem(404, "ticket-unknown");
        assert_eq!(server.stranger().get(&format!("/tiket/{other}")).await.status, 404, "{other}");
    }
}

// ---- time ----

#[tokio::test]
async fn nobody_enters_a_second_too_early_or_at_the_second_of_the_freeze() {
    let server = Server::new().await;
    // Jayapura opens two hours before Batam.
    server.open_release(Mode::Draw, &["BTM", "JAP"]).await;
    let early = server.applicant(1).await;
    server.clock.set(wib(FRIDAY, 14, 0) - SignedDuration::from_secs(1));
    early.enter(&["BTM/*/*"]).await.problem(403, "not-open");
    early.enter(&["JAP/*/*", "BTM/*/*"]).await.problem(403, "not-open");
    let entry = early.enter(&["JAP/*/*"]).await.expect(201);
    server.clock.set(the_freeze() - SignedDuration::from_secs(1));
    let last = server.applicant(2).await;
    last.enter(&["BTM/*/*"]).await.expect(201);

    // The clock has not frozen it yet, and nobody gets in all the same; nor is anything changed any more.
    server.clock.set(the_freeze());
    let late = server.applicant(3).await;
    late.enter(&["BTM/*/*"]).await.problem(410, "entries-closed");
    let changed = early.put(&format!("/api/v1/releases/{RELEASE}/entry"), &early.wants(&["BTM/*/*"])).await;
    changed.problem(410, "entries-closed");
    let form = format!("service=new&passport=electronic&people={}&choices=BTM/*/*&kunci=a", late.person);
    let page = submit(&browser(&server, &late), &format!("/antrean/{RELEASE}/daftar/periksa"), &form).await;
    assert_eq!(page.status, 409);
    let read = early.get(&format!("/api/v1/releases/{RELEASE}/entry")).await.expect(200);
    assert_eq!(read["entry"]["choices"], entry["choices"]);
    server.check_rules().await;
}

#[tokio::test]
async fn a_place_given_back_is_nobodys_before_the_wave() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let all = slots(&server, "BTM").await;
    let (slot, places) = (id(&all[0]), all[0]["places"].as_u64().unwrap() as u32);
    let mut holders = Vec::new();
    for number in 0..places {
        let holder = server.applicant(number).await;
        let ticket = holder.book(slot).await.expect(201);
        holders.push((holder, ticket["link"].as_str().unwrap().to_owned()));
    }
    let sniper = server.applicant(500).await;
    sniper.book(slot).await.problem(409, "full");
    let (first, link) = &holders[0];
    first.post(&format!("/api/v1/appointments/{link}/cancel"), &json!({})).await.expect(200);
    let (second, link) = &holders[1];
    second.post(&format!("/api/v1/appointments/{link}/move"), &json!({"slot": id(&all[1])})).await.expect(200);
    // Neither seen nor had: not by a stranger, not by who moves, not by who gave it back.
    assert_eq!(slots(&server, "BTM").await[0]["left"], 0);
    sniper.book(slot).await.problem(409, "full");
    first.book(slot).await.problem(409, "full");
    let beside = sniper.book(id(&all[2])).await.expect(201);
    let to = format!("/api/v1/appointments/{}/move", beside["link"].as_str().unwrap());
    sniper.post(&to, &json!({"slot": slot})).await.problem(409, "full");
    // Moved once is moved for good, to wherever.
    let (second, link) = &holders[1];
    for to in &all {
        let answer = second.post(&format!("/api/v1/appointments/{link}/move"), &json!({"slot": id(to)})).await;
        assert!(answer.status.is_client_error(), "{}", answer.text());
    }
    let wish = second.post(&format!("/api/v1/appointments/{link}/wish"), &json!({"choices": ["BTM/*/*"]})).await;
    wish.problem(409, "moved-already");
    server.check_rules().await;
}

#[tokio::test]
async fn before_the_draw_no_place_can_be_had_by_its_number() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let slot = id(&slots(&server, "BTM").await[0]);
    let impatient = server.applicant(1).await;
    impatient.book(slot).await.problem(403, "not-drawn-yet");
    let form = format!("service=new&passport=electronic&people={}&kunci=a", impatient.person);
    let page = submit(&browser(&server, &impatient), &format!("/antrean/{RELEASE}/tempat/{slot}"), &form).await;
    assert_ne!(page.status, 200);
    server.clock.set(the_freeze());
    impatient.book(slot).await.problem(403, "not-drawn-yet");
    assert!(impatient.get("/api/v1/me").await.expect(200)["live"].is_null());
    for nowhere in [0, -1, i64::MAX, i64::MIN] {
        impatient.book(nowhere).await.problem(404, "slot-unknown");
    }
}

// ---- keys ----

#[tokio::test]
async fn a_key_of_another_account_or_another_wish_gives_nothing_away() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let all = slots(&server, "BTM").await;
    let (owner, thief) = (server.applicant(1).await, server.applicant(2).await);
    let keyed = |who: &Applicant| Applicant { client: who.with("idempotency-key", "shared"), person: who.person };
    let ticket = keyed(&owner).book(id(&all[0])).await.expect(201);
    assert_eq!(keyed(&owner).book(id(&all[0])).await.expect(201), ticket);
    keyed(&owner).book(id(&all[1])).await.problem(422, "key-reused");
    let body = json!({
        "slot": id(&all[0]), "for": "people", "people": [owner.person], "service": "new", "passport": "electronic",
    });
    let stolen = keyed(&thief).post("/api/v1/appointments", &body).await;
    stolen.problem(404, "person-unknown");
    assert!(!stolen.text().contains(ticket["link"].as_str().unwrap()));
    let signed_out = server.stranger().with("idempotency-key", "shared").post("/api/v1/appointments", &body).await;
    signed_out.problem(401, "signed-out");
    thief.book(id(&all[1])).await.expect(201);
    server.check_rules().await;
}

// ---- codes and sessions ----

#[tokio::test]
async fn a_code_opens_nothing_but_the_challenge_it_was_sent_for() {
    let server = Server::new().await;
    let client = server.stranger();
    let ask = async |number: u32| {
        client.post("/api/v1/sessions/codes", &json!({"phone": phone_of(number)})).await.expect(202)["challenge"]
            .clone()
    };
    let mine = ask(1).await;
    let my_code = server.code_for(&phone_of(1)).await;
    let (theirs, again) = (ask(2).await, ask(1).await);
    let try_it = async |challenge: &Value, code: &str| {
        client.post("/api/v1/sessions", &json!({"challenge": challenge, "code": code})).await
    };
    // One chance in a million that a code of another challenge is the same; the seed of the tests is fixed.
    try_it(&theirs, &my_code).await.problem(422, "code-wrong");
    try_it(&again, &my_code).await.problem(422, "code-wrong");
    try_it(&json!("0".repeat(64)), &my_code).await.problem(410, "code-expired");
    try_it(&json!(mine.as_str().unwrap().to_uppercase()), &my_code).await.problem(410, "code-expired");
    try_it(&mine, &my_code).await.expect(201);
}

#[tokio::test]
async fn guessing_a_code_ends_after_five_tries_however_many_come_at_once() {
    let server = Server::new().await;
    let client = server.stranger();
    let sent = client.post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await.expect(202);
    let code = server.code_for(&phone_of(1)).await;
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (client, body) = (client.clone(), json!({"challenge": sent["challenge"], "code": wrong}));
        guesses.spawn(async move { client.post("/api/v1/sessions", &body).await.status.as_u16() });
    }
    let answers = guesses.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 410).count(), 35, "{answers:?}");
    let right = json!({"challenge": sent["challenge"], "code": code});
    client.post("/api/v1/sessions", &right).await.problem(410, "code-expired");
    // The number itself is not locked: its owner asks for another code and is in.
    server.somebody(1).await.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn an_answer_sent_again_revives_no_session_that_has_ended() {
    let server = Server::new().await;
    let client = server.stranger();
    let sent = client.post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await.expect(202);
    let code = server.code_for(&phone_of(1)).await;
    let right = json!({"challenge": sent["challenge"], "code": code});
    let wrong = json!({
        "challenge": sent["challenge"], "code": format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000),
    });
    let session = client.post("/api/v1/sessions", &right).await.expect(201);
    // While it lasts the same answer gives the same session, and a wrong one nothing.
    assert_eq!(client.post("/api/v1/sessions", &right).await.expect(201)["token"], session["token"]);
    client.post("/api/v1/sessions", &wrong).await.problem(410, "code-expired");
    let mut holder = client.clone();
    holder.token = session["token"].as_str().map(str::to_owned);
    holder.delete("/api/v1/sessions/current").await.expect(204);
    client.post("/api/v1/sessions", &right).await.problem(410, "code-expired");
    holder.get("/api/v1/me").await.problem(401, "signed-out");
    assert_eq!(browser(&server, &holder).get("/saya").await.status, 303);
}

#[tokio::test]
async fn a_session_ends_with_the_account_and_with_a_new_device() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let old = server.applicant(1).await;
    let entry = old.enter(&["BTM/*/*"]).await.expect(201);
    let new = server.somebody(1).await;
    old.get("/api/v1/me").await.problem(401, "signed-out");
    new.delete(&format!("/api/v1/releases/{RELEASE}/entry")).await.expect(204);
    new.delete("/api/v1/me").await.expect(204);
    new.get("/api/v1/me").await.problem(401, "signed-out");
    assert_eq!(browser(&server, &new).get("/saya/data.json").await.status, 303);
    // Whoever gets the number afterwards gets nothing of what was.
    let heir = server.somebody(1).await;
    let me = heir.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["people"], &me["earlier"]), (&json!([]), &json!([])));
    let link = entry["link"].as_str().unwrap();
    assert_eq!(browser(&server, &heir).get(&format!("/entri/{link}")).await.status, 404);
}

#[tokio::test]
async fn a_session_given_by_somebody_else_is_not_taken() {
    let server = Server::new().await;
    let planted = "ab".repeat(32);
    let client =
        server.stranger().with("cookie", format!("antrean_sesi={planted}; antrean_kode=x.9999999999999999999.<b>"));
    let page = client.get("/masuk/kode").await;
    assert!(!page.text().contains("<b>"), "{}", page.text());
    let sent = submit(&client, "/masuk", &format!("phone={}", phone_of(1))).await;
    let challenge = sent.header("set-cookie").split(';').next().unwrap().to_owned();
    let code = server.code_for(&phone_of(1)).await;
    let own = client.with("cookie", format!("antrean_sesi={planted}; {challenge}"));
    let signed_in = submit(&own, "/masuk/kode", &format!("code={code}")).await;
    let given = signed_in.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned());
    let session = given.into_iter().find(|line| line.starts_with("antrean_sesi=")).expect("a session");
    assert!(!session.contains(&planted) && session.contains("HttpOnly") && session.contains("Secure"), "{session}");
    assert_eq!(client.get("/saya").await.status, 303, "the planted one opens nothing");
}

#[tokio::test]
async fn asking_for_a_code_does_not_tell_whether_the_number_is_known() {
    let server = Server::new().await;
    server.applicant(1).await;
    let seen = async |number: u32| {
        let answer = server.stranger().post("/api/v1/sessions/codes", &json!({"phone": phone_of(number)})).await;
        let mut body = answer.expect(202);
        assert_eq!(body["challenge"].as_str().unwrap().len(), 64);
        body["challenge"] = Value::Null;
        body["phone"] = Value::Null;
        let page = submit(&server.stranger(), "/masuk", &format!("phone={}", phone_of(number))).await;
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        (body, names, page.status, page.header("location").to_owned(), page.text())
    };
    assert_eq!(seen(1).await, seen(2).await);
}

// ---- forms of other sites, and where a form leads ----

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let server = Server::new().await;
    let somebody = server.applicant(1).await;
    let page = browser(&server, &somebody).with("host", "antrean.example.id");
    let before = server.writes();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "SAME-ORIGIN"),
        ("sec-fetch-site", "nonsense"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://antrean.example.id.evil.example"),
        ("origin", "https://evil.example/antrean.example.id"),
    ] {
        for path in ["/masuk", "/masuk/kode", "/keluar", "/daftar", "/saya/hapus", "/saya/bahasa", "/bahasa"] {
            let answer = submit(&page.with(name, value), path, "kunci=a&bahasa=en").await;
            assert_eq!(answer.status, 403, "{name}: {value} {path}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
    assert_eq!(server.writes(), before);
    // And a cookie alone is nobody for the API, which other sites may call.
    page.get("/api/v1/me").await.problem(401, "signed-out");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = id(&slots(&server, "BTM").await[0]);
    let holder = server.applicant(1).await;
    let link = holder.book(slot).await.expect(201)["link"].as_str().unwrap().to_owned();
    let page = browser(&server, &holder);
    let before = server.writes();
    let mut paths: Vec<String> = [
        "/",
        "/masuk",
        "/masuk/kode",
        "/masuk/kode/ulang",
        "/keluar",
        "/daftar",
        "/saya",
        "/saya/keluarga",
        "/saya/bahasa",
        "/saya/hapus",
        "/saya/data.json",
        "/bahasa?bahasa=en",
        "/kantor",
        "/kantor/BTM",
        "/undian",
        "/status",
    ]
    .map(str::to_owned)
    .into();
    paths.push(format!("/saya/keluarga/{}/hapus", holder.person));
    for step in ["", "/layanan", "/orang", "/pilihan", "/pilihan/kantor", "/pilihan/jam?kantor=BTM", "/periksa"] {
        paths.push(format!("/antrean/{RELEASE}/daftar{step}"));
    }
    for step in ["", "/jam?kantor=BTM", "/2"] {
        paths.push(format!("/antrean/{RELEASE}/tempat{step}"));
    }
    for step in [
        "",
        "/batal",
        "/pindah",
        "/pindah/2",
        "/pindah/kantor",
        "/kalender.ics",
        "/gelombang",
        "/gelombang?kantor=BTM&date=*&window=*&aksi=hapus",
        "/gelombang/kantor",
        "/gelombang/jam?kantor=BTM",
    ] {
        paths.push(format!("/tiket/{link}{step}"));
    }
    for step in ["", "/ubah", "/mundur"] {
        paths.push(format!("/entri/{link}{step}"));
    }
    for path in &paths {
        for method in [Method::GET, Method::HEAD] {
            let answer = page.with("x-http-method-override", "POST").send(method.clone(), path, Body::empty()).await;
            assert!(!answer.status.is_server_error(), "{method} {path}");
            assert!(answer.headers.get("set-cookie").is_none(), "{method} {path}");
        }
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            let answer = page.send(Method::from_bytes(method.as_bytes()).unwrap(), path, Body::empty()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
    assert_eq!(server.writes(), before, "a GET never changes anything");
}

#[tokio::test]
async fn a_head_is_the_page_without_its_body() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let page = browser(&server, &server.applicant(1).await.client);
    for path in ["/masuk", "/masuk/kode", "/daftar", "/saya", "/kantor", &format!("/antrean/{RELEASE}/tempat")] {
        let (get, head) = (page.get(path).await, page.send(Method::HEAD, path, Body::empty()).await);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let server = Server::new().await;
    let page = browser(&server, &server.applicant(1).await.client);
    for (typed, encoded) in [
        ("//evil.example", "%2F%2Fevil.example"),
        ("/\\evil.example", "%2F%5Cevil.example"),
        ("\\/evil.example", "%5C%2Fevil.example"),
        ("https://evil.example", "https%3A%2F%2Fevil.example"),
        ("javascript:alert(1)", "javascript%3Aalert(1)"),
        ("/<tab>/evil.example", "%2F%09%2Fevil.example"),
        ("/<line>/evil.example", "%2F%0A%2Fevil.example"),
        (" //evil.example", "+%2F%2Fevil.example"),
        ("a header", "%2Fa%0D%0ASet-Cookie%3A+antrean_sesi%3Devil"),
        ("/%09/evil.example", "%2F%2509%2Fevil.example"),
        ("/.//evil.example", "%2F.%2F%2Fevil.example"),
    ] {
        let signed_in = page.get(&format!("/masuk?lanjut={encoded}")).await;
        let language = submit(&page, "/bahasa", &format!("bahasa=en&kembali={encoded}")).await;
        for answer in [signed_in, language] {
            let to = answer.header("location");
            assert!(to.starts_with('/') && !to[1..].starts_with(['/', '\\']), "{typed}: {to}");
            assert!(to.bytes().all(|byte| byte.is_ascii_graphic()), "{typed}: {to}");
            assert!(!answer.header("set-cookie").contains("evil"), "{typed}");
        }
    }
    for path in ["/entri/%0d%0aSet-Cookie:%20a=b/ubah", "/entri/%2F%2Fevil.example/ubah", "/entri/%5Cevil.example/ubah"]
    {
        let answer = page.get(path).await;
        assert!(answer.headers.get("set-cookie").is_none() && !answer.header("location").starts_with("//"), "{path}");
    }
}

// ---- nonsense ----

/// What no honest person types; already encoded for an address or a form.
const NONSENSE: [&str; 22] = [
    "%00",
    "%FF%FE",
    "%F0%9F%98%80",
    "%CC%81a",
    "%E2%80%AE%E2%81%A6",
    "%C4%B0",
    "9999-99-99",
    "-1",
    "9223372036854775808",
    "1e400",
    "NaN",
    "inf",
    "%0D%0AX-Evil:%201",
    "'%20OR%201=1;%20DROP%20TABLE%20accounts;--",
    "%25s%25n",
    "..%2F..%2F..%2Fetc%2Fpasswd",
    "%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "%7B%7B7*7%7D%7D",
    "%24%7Bjndi:ldap://evil.example%7D",
    "BTM%2F*%2F*%0A",
    "*",
    "%EF%BC%91%EF%BC%92",
];

#[tokio::test]
async fn nonsense_in_an_address_is_answered_calmly_and_never_becomes_markup() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let holder = server.applicant(1).await;
    let mut signed_in = browser(&server, &holder);
    signed_in.token = holder.token.clone();
    let before = server.writes();
    for place in [
        "/{}",
        "/panduan/{}",
        "/kantor/{}",
        "/kantor?q={}",
        "/kantor?lat={}&lon={}",
        "/kantor?q={}&q={}",
        "/antrean/{}",
        "/antrean/{}/daftar",
        "/antrean/2026-W49/daftar/{}",
        "/antrean/2026-W49/tempat/{}",
        "/antrean/2026-W49/tempat/jam?kantor={}",
        "/antrean/2026-W49/tempat?provinsi={}&cari={}",
        "/entri/{}",
        "/tiket/{}",
        "/tiket/{}/pindah/{}",
        "/tiket/{}/kalender.ics",
        "/tiket/{}/gelombang?p={}&date={}&window={}&kantor={}",
        "/undian/{}",
        "/undian/2026-W49?entri={}",
        "/undian/2026-W49/{}",
        "/masuk?lanjut={}",
        "/masuk/kode?lanjut={}",
        "/saya/keluarga/{}/hapus",
        "/?bahasa={}",
        "/aset/{}/{}",
        "/demo/pesan?to={}",
        "/api/v1/offices/{}",
        "/api/v1/offices?q={}",
        "/api/v1/offices?near={}",
        "/api/v1/offices?province={}",
        "/api/v1/offices/BTM/slots?release={}",
        "/api/v1/releases/{}",
        "/api/v1/releases/{}/draw",
        "/api/v1/releases/2026-W49/draw/{}",
        "/api/v1/releases/{}/entry",
        "/api/v1/appointments/{}",
        "/api/v1/{}",
    ] {
        for nonsense in NONSENSE {
            let path = place.replace("{}", nonsense);
            for client in [server.stranger(), signed_in.clone()] {
                let answer = client.get(&path).await;
                assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
                assert!(answer.headers.get("x-evil").is_none(), "{path}");
                let kind = answer.header("content-type");
                assert!(
                    !(kind.starts_with("text/html") && answer.text().contains("<script>")),
                    "{path}: {}",
                    answer.text()
                );
            }
        }
    }
    let long = format!("/kantor?q={}", "a".repeat(60_000));
    assert!(!server.stranger().get(&long).await.status.is_server_error());
    assert_eq!(server.writes(), before);
}

#[tokio::test]
async fn nonsense_in_a_form_is_answered_calmly_and_never_becomes_markup() {
    const FIELDS: [&str; 27] = [
        "phone",
        "code",
        "kunci",
        "lanjut",
        "name",
        "nik",
        "birth_day",
        "birth_month",
        "birth_year",
        "sex",
        "consent",
        "married",
        "tetap",
        "family_card",
        "service",
        "passport",
        "people",
        "choices",
        "p",
        "aksi",
        "kantor",
        "date",
        "window",
        "entri",
        "cadangan",
        "bahasa",
        "kembali",
    ];
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let holder = server.applicant(1).await;
    let page = browser(&server, &holder);
    let mut bodies: Vec<String> =
        NONSENSE.iter().map(|value| FIELDS.map(|field| format!("{field}={value}")).join("&")).collect();
    // Every field twice, fields without end, and no form at all.
    bodies.push(FIELDS.map(|field| format!("{field}=1&{field}=2")).join("&"));
    bodies.push("people=1&".repeat(6_000));
    bodies.push("choices=BTM/*/*&".repeat(4_000));
    bodies.push("&".repeat(60_000));
    bodies.push("=".repeat(60_000));
    bodies.push("a=%".repeat(20_000));
    bodies.push(format!("kunci={}", "a".repeat(60_000)));
    bodies.push("a".repeat(70_000));
    let daftar = format!("/antrean/{RELEASE}/daftar");
    let ways = [
        "/masuk",
        "/masuk/kode",
        "/masuk/kode/ulang",
        "/daftar",
        "/saya/keluarga",
        "/saya/keluarga/1/hapus",
        "/saya/bahasa",
        "/bahasa",
        "/tiket/x/batal",
        "/tiket/x/pindah/1",
        "/tiket/x/gelombang",
        "/entri/x/ubah",
        "/entri/x/mundur",
    ];
    let steps = ["/layanan", "/orang", "/pilihan", "/pilihan/jam", "/periksa"].map(|step| format!("{daftar}{step}"));
    let paths = ways.map(str::to_owned).into_iter().chain(steps).chain([format!("/antrean/{RELEASE}/tempat/1")]);
    for path in paths {
        for body in &bodies {
            let answer = submit(&page, &path, body).await;
            let start: String = body.chars().take(80).collect();
            assert!(!answer.status.is_server_error(), "{path} {start}: {}", answer.text());
            assert!(!answer.text().contains("<script>"), "{path} {start}");
            assert!(answer.headers.get("x-evil").is_none(), "{path} {start}");
        }
        for kind in ["multipart/form-data; boundary=x", "application/json", "text/plain", "nonsense"] {
            let answer = page.with("content-type", kind).send(Method::POST, &path, Body::from("{}")).await;
            assert!(!answer.status.is_server_error(), "{path} as {kind}");
        }
    }
    let me = holder.get("/api/v1/me").await.expect(200);
    assert!(me["live"].is_null() && me["people"].as_array().unwrap().len() == 1, "{me}");
    assert_eq!(me["people"][0]["name"], "Siti Contoh");
    server.check_rules().await;
}

#[tokio::test]
async fn a_name_is_shown_as_it_was_written_and_never_as_markup() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let holder = server.applicant(1).await;
    let mut who = statement(1);
    for refused in ["<script>alert(1)</script>", "Siti <b>", "123", "\u{0}Siti", ""] {
        who["name"] = json!(refused);
        let answer = holder.put("/api/v1/me", &who).await;
        assert_eq!(answer.status, 422, "{refused:?}: {}", answer.text());
    }
    who["name"] = json!("Siti \"' onload=alert(1) x='&lt;");
    holder.put("/api/v1/me", &who).await.expect(200);
    holder.enter(&["BTM/*/*"]).await.expect(201);
    let page = browser(&server, &holder);
    assert!(page.get("/saya").await.text().contains("Siti &#34;&#39; onload"));
    for path in
        ["/saya", "/daftar", &format!("/antrean/{RELEASE}/daftar/orang"), &format!("/antrean/{RELEASE}/daftar/periksa")]
    {
        let html = page.get(path).await.text();
        assert!(!html.contains("\"' onload") && !html.contains("x='&lt;"), "{path}: {html}");
    }
}

#[tokio::test]
async fn no_file_but_the_published_ones_is_handed_out() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    server.applicant(1).await.enter(&["BTM/*/*"]).await.expect(201);
    server.draw().await;
    for file in [
        "..%2F..%2Fantrean.db",
        "%2e%2e%2f%2e%2e%2fmaster.key",
        "..",
        ".",
        "%00",
        "leaves.bin%00.txt",
        "LEAVES.BIN",
        "leaves.bin%2F",
        "%2Fetc%2Fpasswd",
        "..%5c..%5cantrean.db",
        "master.key",
    ] {
        for folder in [format!("/api/v1/releases/{RELEASE}/draw"), format!("/undian/{RELEASE}"), "/aset/..".to_owned()]
        {
            let answer = server.stranger().get(&format!("{folder}/{file}")).await;
            assert_eq!(answer.status, 404, "{folder}/{file}");
        }
    }
    let path = format!("/api/v1/releases/{RELEASE}/draw/leaves.bin");
    for range in [
        "bytes=0-".to_owned(),
        "bytes=99999999999999999999-".to_owned(),
        "bytes=0-,".repeat(2_000),
        "bytes=-0".to_owned(),
    ] {
        let answer = server.stranger().with("range", range.clone()).get(&path).await;
        assert!(!answer.status.is_server_error(), "{range}");
    }
}

// ---- what everybody shares ----

#[tokio::test]
async fn what_is_kept_for_all_is_the_same_whoever_asked_first() {
    let evil = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "evil"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("forwarded", "host=evil.example"),
        ("host", "evil.example"),
        ("referer", "https://evil.example/"),
        ("user-agent", "evil"),
        ("x-forwarded-for", "6.6.6.6"),
        ("accept", "text/evil"),
    ];
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    server.app.refresh_overview().await.unwrap();
    let holder = server.applicant(1).await;
    holder.enter(&["BTM/*/*"]).await.expect(201);
    for path in [
        "/",
        "/kantor",
        "/kantor/BTM",
        "/antrean",
        "/antrean/2026-W49",
        "/undian",
        "/undian/2026-W49",
        "/panduan",
        "/bantuan",
        "/privasi",
        "/status",
        "/api/v1/releases",
        "/api/v1/offices",
        "/api/v1/offices/BTM/slots?release=2026-W49",
    ] {
        let mut tags = Vec::new();
        for language in ["id", "en"] {
            let mut first = browser(&server, &holder).with("accept-language", language);
            first.token = holder.token.clone();
            let first = evil.iter().fold(first, |client, (name, value)| client.with(name, *value)).get(path).await;
            let plain = server.stranger().with("accept-language", language).get(path).await;
            assert_eq!(plain.text(), first.text(), "{path}");
            assert!(!plain.text().contains("evil"), "{path}");
            assert!(plain.headers.get("set-cookie").is_none() && first.headers.get("set-cookie").is_none(), "{path}");
            tags.push(plain.header("etag").to_owned());
        }
        if !path.starts_with("/api") {
            let other = server.stranger().with("accept-language", "id").with("if-none-match", tags[1].clone());
            assert_eq!(other.get(path).await.status, 200, "{path}: the tag of one language is not known in the other");
        }
    }
}

// ---- what lies on the disk, and filling it ----

#[tokio::test]
async fn who_takes_the_disk_reads_nothing_about_anybody() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let holder = server.somebody(1).await;
    let mut who = statement(1);
    who["name"] = json!("Zulaikha Wirasaba");
    let me = holder.put("/api/v1/me", &who).await.expect(200);
    let holder = Applicant { person: person_of(&me, 0), client: holder };
    let member = json!({"nik": nik_of(2), "name": "Kuncoro Wirasaba", "birth_date": "2015-03-02", "sex": "male"});
    holder.post("/api/v1/me/family", &member).await.expect(201);
    let entry = holder.enter(&["BTM/*/*"]).await.expect(201);
    let sent = submit(&server.stranger(), "/masuk", &format!("phone={}&kunci=a", phone_of(3))).await;
    let cookie = sent.header("set-cookie").to_owned();
    let challenge = cookie.trim_start_matches("antrean_kode=").split('.').next().unwrap();
    assert_eq!(challenge.len(), 64);
    let disk = server.on_disk();
    let holds = |text: &str| disk.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("entered"), "the log of changes can be read");
    let salt = entry["receipt"][0]["salt"].as_str().unwrap();
    let token = holder.token.as_deref().unwrap();
    for secret in
        ["Zulaikha", "Kuncoro", "1990-01-02", "2015-03-02", salt, token, challenge, "8120000", &nik_of(1), &nik_of(2)]
    {
        assert!(!holds(secret), "{secret} lies on the disk");
    }
}

#[tokio::test]
async fn whoever_tries_for_a_place_again_and_again_is_slowed_though_every_try_is_refused() {
    let strict = Policy { bookings_per_account_minute: 10, ..policy() };
    let server = Server::with(settings(), strict).await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let all = slots(&server, "BTM").await;
    let sniper = server.applicant(1).await;
    for _ in 0..10 {
        sniper.book(i64::MAX).await.problem(404, "slot-unknown");
    }
    sniper.book(i64::MAX).await.problem(429, "rate-limited");
    sniper.book(id(&all[0])).await.problem(429, "rate-limited");
    let other = server.applicant(2).await;
    other.book(id(&all[0])).await.expect(201);
    server.clock.set(server.app.now() + SignedDuration::from_mins(1));
    sniper.book(id(&all[0])).await.expect(201);
    server.check_rules().await;
}

#[tokio::test]
async fn one_account_cannot_fill_the_log_with_what_is_refused() {
    let strict = Policy { trifles_per_account_hour: 5, ..policy() };
    let server = Server::with(settings(), strict).await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let pest = server.applicant(1).await;
    for _ in 0..5 {
        pest.post("/api/v1/appointments/x/cancel", &json!({})).await.problem(404, "ticket-unknown");
    }
    for _ in 0..20 {
        pest.post("/api/v1/appointments/x/cancel", &json!({})).await.problem(429, "rate-limited");
        pest.put("/api/v1/me/language", &json!({"language": "en"})).await.problem(429, "rate-limited");
    }
    // What is allowed goes on.
    pest.enter(&["BTM/*/*"]).await.expect(201);
    let refused = server
        .app
        .store()
        .read(|tx| antrean_store::events::recent(tx, 1_000))
        .await
        .unwrap()
        .into_iter()
        .filter(|event| event.kind == "refused");
    assert_eq!(refused.count(), 5);
}
