//! Many at once, over real connections: whatever arrives together, the rules hold.

mod people;

use std::collections::BTreeMap;

use antrean_domain::release::Mode;
use people::{Applicant, RELEASE, Server, statement};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The server on a loopback port of its own.
async fn listening(server: &Server) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router.clone().into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// One request over the wire.
struct Shot {
    url: String,
    token: String,
    key: String,
    body: Value,
}

/// Sends all at once; how often each status came, and the bodies.
async fn fire(shots: Vec<Shot>) -> (BTreeMap<u16, usize>, Vec<(u16, Value)>) {
    // Whichever test comes first installs it; all speak plain HTTP to a loopback address.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(shots.len()));
    let mut flying = JoinSet::new();
    for shot in shots {
        let (client, gate) = (client.clone(), gate.clone());
        flying.spawn(async move {
            let request =
                client.post(shot.url).bearer_auth(shot.token).header("idempotency-key", shot.key).json(&shot.body);
            gate.wait().await;
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().await.unwrap())
        });
    }
    let answers = flying.join_all().await;
    let mut counts = BTreeMap::new();
    for (status, _) in &answers {
        *counts.entry(*status).or_default() += 1;
    }
    (counts, answers)
}

fn token(applicant: &Applicant) -> String {
    applicant.token.clone().unwrap()
}

fn booking(applicant: &Applicant, slot: i64) -> Value {
    json!({"slot": slot, "for": "people", "people": [applicant.person], "service": "new", "passport": "electronic"})
}

/// A slot of so many places in an open first-come release.
async fn slot_with(server: &Server, places: u32) -> i64 {
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let release = server.app.overview().release(&RELEASE.parse().unwrap()).unwrap().clone();
    let slot = release.slots.iter().find(|slot| slot.capacity >= places).expect("a slot that is large enough");
    // The first of the places are taken by others until just so many are left.
    let (id, surplus) = (slot.id, slot.capacity - places);
    server.app.store().write(move |tx| antrean_store::slots::take(tx, id, surplus)).await.unwrap();
    id.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_who_book_a_slot_of_10_places_at_once_10_succeed() {
    let server = Server::new().await;
    let slot = slot_with(&server, 10).await;
    let base = listening(&server).await;
    let mut shots = Vec::new();
    for number in 0..64 {
        let applicant = server.applicant(number).await;
        let body = booking(&applicant, slot);
        shots.push(Shot {
            url: format!("{base}/api/v1/appointments"),
            token: token(&applicant),
            key: number.to_string(),
            body,
        });
    }
    let (counts, answers) = fire(shots).await;
    assert_eq!(counts, BTreeMap::from([(201, 10), (409, 54)]), "{answers:#?}");
    let refused = answers.iter().filter(|(status, _)| *status == 409).all(|(_, body)| body["code"] == "full");
    assert!(refused, "{answers:#?}");
    let codes: std::collections::BTreeSet<_> =
        answers.iter().filter_map(|(_, body)| body["code"].as_str()).filter(|code| *code != "full").collect();
    assert_eq!(codes.len(), 10, "ten different queue codes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_50_accounts_that_enter_one_nik_at_once_one_succeeds() {
    let server = Server::new().await;
    let offices = ["BTM", "BTM-HB", "JAKSEL", "SBY", "MKS"];
    server.open_release(Mode::Draw, &offices).await;
    let base = listening(&server).await;
    let mut shots = Vec::new();
    for number in 0..50 {
        let client = server.somebody(number).await;
        // Every account states the NIK of the same person.
        let me = client.put("/api/v1/me", &statement(7)).await.expect(200);
        let office = offices[number as usize % offices.len()];
        let body = json!({
            "people": [me["people"][0]["id"]], "service": "new", "passport": "electronic", "choices": [format!("{office}/*/*")],
        });
        let url = format!("{base}/api/v1/releases/{RELEASE}/entry");
        shots.push(Shot { url, token: client.token.clone().unwrap(), key: number.to_string(), body });
    }
    let (counts, answers) = fire(shots).await;
    assert_eq!(counts, BTreeMap::from([(201, 1), (409, 49)]), "{answers:#?}");
    server.check_rules().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_50_requests_of_one_account_at_once_one_succeeds() {
    let server = Server::new().await;
    let slot = slot_with(&server, 20).await;
    let base = listening(&server).await;
    let applicant = server.applicant(1).await;
    let shots = (0..50)
        .map(|number| Shot {
            url: format!("{base}/api/v1/appointments"),
            token: token(&applicant),
            key: number.to_string(),
            body: booking(&applicant, slot),
        })
        .collect();
    let (counts, answers) = fire(shots).await;
    assert_eq!(counts, BTreeMap::from([(201, 1), (409, 49)]), "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_sent_50_times_at_once_has_one_effect_and_one_answer() {
    let server = Server::new().await;
    let slot = slot_with(&server, 20).await;
    let base = listening(&server).await;
    let applicant = server.applicant(1).await;
    let with_key = |body: Value| Shot {
        url: format!("{base}/api/v1/appointments"),
        token: token(&applicant),
        key: "the-same".to_owned(),
        body,
    };
    let (counts, answers) = fire((0..50).map(|_| with_key(booking(&applicant, slot))).collect()).await;
    assert_eq!(counts, BTreeMap::from([(201, 50)]), "{answers:#?}");
    assert!(answers.iter().all(|(_, body)| *body == answers[0].1), "fifty times the same ticket");
    let taken = server
        .app
        .store()
        .read(move |tx| antrean_store::slots::get(tx, antrean_store::ids::SlotId(slot)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.capacity - taken.taken, 19, "one place was taken");
    let (counts, answers) = fire(vec![with_key(booking(&applicant, slot + 1))]).await;
    assert_eq!(counts, BTreeMap::from([(422, 1)]), "{answers:#?}");
}
