//! People who reach the router in process, as they would over HTTP: a stranger, and applicants who sign in for real.
#![allow(dead_code, unused_imports, reason = "each test knows a part of these people")]

mod staff;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antrean_app::app::{App, Parts};
use antrean_app::caller::Actor;
use antrean_app::clock::ManualClock;
use antrean_app::entropy::SeededEntropy;
use antrean_app::message::Message;
use antrean_app::outbox;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_domain::draw::beacon::Label;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleasePlan};
use antrean_store::{Store, StoreConfig, audit};
use antrean_web::{WebSettings, WebState, router};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::{Date, date, time};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub use staff::PASSWORD;

/// The Friday on which the release opens.
pub const FRIDAY: Date = date(2026, 11, 27);
/// The release of every test.
pub const RELEASE: &str = "2026-W49";

/// A server in process, on a store that vanishes with it, with a clock moved by hand.
pub struct Server {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub router: Router,
    pub state: WebState,
    folder: tempfile::TempDir,
    _database: Option<antrean_cluster::Database>,
}

/// An instant on the clocks of the west.
pub fn wib(day: Date, hour: i8, minute: i8) -> Timestamp {
    Zone::Wib.at(day.to_datetime(time(hour, minute, 0, 0)))
}

/// Settings without limits by network.
pub fn settings() -> WebSettings {
    WebSettings { sign_ins_per_network_hour: None, ..WebSettings::default() }
}

/// Limits that no test reaches by chance.
pub fn policy() -> Policy {
    Policy {
        plan_weekly: false,
        codes_per_phone_hour: 1_000_000,
        codes_per_phone_day: 1_000_000,
        checks_per_phone_day: 1_000_000,
        people_per_account_day: 1_000_000,
        entries_per_account_hour: 1_000_000,
        bookings_per_account_minute: 1_000_000,
        moves_per_account_day: 1_000_000,
        ..Policy::default()
    }
}

/// Whether this program tests on PostgreSQL: its sources are the same, its name is not.
pub const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres");

impl Server {
    pub async fn new() -> Self {
        Self::with(settings(), policy()).await
    }

    pub async fn with(settings: WebSettings, policy: Policy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(wib(FRIDAY, 9, 0)));
        // The whole program is about PostgreSQL: without one all of its tests are left out, and the cluster has said so.
        let database = ON_POSTGRES.then(|| antrean_cluster::database().unwrap_or_else(|| std::process::exit(0)));
        let config = match &database {
            None => StoreConfig::at(folder.path().join("antrean.db")),
            Some(database) => StoreConfig { readers: 2, ..StoreConfig::url(database.url().parse().unwrap()) },
        };
        let store = Store::open(&config).unwrap();
        let app = App::start(Parts {
            store,
            master_key: [7; 32],
            policy,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(20_261_127)),
            published: folder.path().join("published"),
        })
        .await
        .unwrap();
        let state = WebState::new(app.clone(), settings);
        Self { app, clock, router: router(state.clone()), state, folder, _database: database }
    }

    /// Plans a release of the named offices for Tuesday and Wednesday of the next week, and opens it.
    pub async fn open_release(&self, mode: Mode, offices: &[&str]) {
        let plan = ReleasePlan {
            id: RELEASE.parse().unwrap(),
            mode,
            opening: Opening::Local(FRIDAY.to_datetime(time(14, 0, 0, 0))),
            freeze: wib(date(2026, 11, 29), 16, 0),
            dates: vec![date(2026, 12, 1), date(2026, 12, 2)],
            offices: offices.iter().map(|code| code.parse().unwrap()).collect(),
            beacon: BeaconPlan::Local { label: Label::parse("a-test").unwrap() },
            choices_max: 20,
            party_max: 5,
            wave_times: vec![time(9, 0, 0, 0), time(17, 0, 0, 0)],
            waiting_room: true,
        };
        self.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
        self.at(wib(FRIDAY, 14, 0)).await;
    }

    /// Moves the clock and lets it do what is due.
    pub async fn at(&self, instant: Timestamp) {
        self.clock.set(instant);
        ReleaseClock::new(self.app.clone(), Arc::new(NoBeacon), "test").tick().await.unwrap();
    }

    /// Freezes and draws.
    pub async fn draw(&self) {
        self.at(wib(date(2026, 11, 29), 16, 0)).await;
        self.at(wib(date(2026, 11, 29), 18, 0)).await;
    }

    /// How many writing operations the store has answered: what never reached it cannot have changed it.
    pub fn writes(&self) -> u64 {
        self.app.store().stats().writes
    }

    /// Every rule that the store can check about itself.
    pub async fn check_rules(&self) {
        let violations = self.app.store().read(audit::violations).await.unwrap();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// Every byte that lies on the disk: what a thief of the disk can read.
    pub fn on_disk(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Client {
        Client { router: self.router.clone(), token: None, headers: HashMap::new(), peer: None }
    }

    /// The code of the newest message to a number.
    pub async fn code_for(&self, phone: &str) -> String {
        let phone = antrean_domain::phone::Phone::parse(phone).unwrap();
        let mut found = None;
        loop {
            let opened = outbox::claim(&self.app).await.unwrap();
            if opened.is_empty() {
                return found.expect("a code was sent");
            }
            outbox::settle(&self.app, opened.iter().map(|letter| letter.id).collect(), Vec::new()).await.unwrap();
            for letter in opened {
                if let Message::Code { code, .. } = letter.message
                    && letter.phone == phone
                {
                    found = Some(code);
                }
            }
        }
    }

    /// Somebody with a session who has not said who they are; `number` makes the phone.
    pub async fn somebody(&self, number: u32) -> Client {
        let mut client = self.stranger();
        let phone = phone_of(number);
        let sent = client.post("/api/v1/sessions/codes", &json!({"phone": phone})).await.expect(202);
        let code = self.code_for(&phone).await;
        let answer = json!({"challenge": sent["challenge"], "code": code});
        let session = client.post("/api/v1/sessions", &answer).await.expect(201);
        client.token = Some(session["token"].as_str().unwrap().to_owned());
        client
    }

    /// An adult who has said who they are.
    pub async fn applicant(&self, number: u32) -> Applicant {
        let client = self.somebody(number).await;
        let me = client.put("/api/v1/me", &statement(number)).await.expect(200);
        Applicant { person: me["people"][0]["id"].as_i64().unwrap(), client }
    }
}

/// A made-up mobile number.
pub fn phone_of(number: u32) -> String {
    format!("0812-0000-{:04}", number % 10_000)
}

/// A made-up NIK (serial 0000), different for every number below 9,000.
pub fn nik_of(number: u32) -> String {
    format!("2171{:02}{:02}{:02}900000", 1 + number / (28 * 12), 1 + number % 28, 1 + number / 28 % 12)
}

/// Who a made-up person says they are.
pub fn statement(number: u32) -> Value {
    json!({
        "nik": nik_of(number), "family_card": "2171010101010000", "name": "Siti Contoh",
        "birth_date": format!("1990-{:02}-{:02}", 1 + number / 28 % 12, 1 + number % 28), "sex": "male", "consent": true,
    })
}

/// Somebody with an account, and the number of the holder.
pub struct Applicant {
    pub client: Client,
    pub person: i64,
}

impl std::ops::Deref for Applicant {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Applicant {
    /// What this applicant asks for in an entry.
    pub fn wants(&self, choices: &[&str]) -> Value {
        json!({"people": [self.person], "service": "new", "passport": "electronic", "choices": choices})
    }

    pub async fn enter(&self, choices: &[&str]) -> Answer {
        self.post(&format!("/api/v1/releases/{RELEASE}/entry"), &self.wants(choices)).await
    }

    pub async fn book(&self, slot: i64) -> Answer {
        let wanted = json!({
            "slot": slot, "for": "people", "people": [self.person], "service": "new", "passport": "electronic",
        });
        self.post("/api/v1/appointments", &wanted).await
    }
}

/// One browser or program.
#[derive(Clone)]
pub struct Client {
    router: Router,
    pub token: Option<String>,
    pub headers: HashMap<&'static str, String>,
    pub peer: Option<SocketAddr>,
}

impl Client {
    /// The same client with one header more on every request.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.headers.insert(name, value.into());
        other
    }

    /// The same client, speaking English.
    pub fn in_english(&self) -> Self {
        self.with("accept-language", "en")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.with("content-type", "application/json").send(Method::POST, path, Body::from(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.with("content-type", "application/json").send(Method::PUT, path, Body::from(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::empty()).await
    }

    /// Sends anything. Adds the token, and a fresh idempotency key unless the client has one.
    pub async fn send(&self, method: Method, path: &str, body: Body) -> Answer {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        let mut request = Request::builder().method(&method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if method != Method::GET && !self.headers.contains_key("idempotency-key") {
            request = request.header("idempotency-key", format!("test-{}", KEYS.fetch_add(1, Ordering::Relaxed)));
        }
        for (name, value) in self.headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, value);
        }
        let mut request = request.body(body).unwrap();
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { what: format!("{method} {path}"), status: parts.status, headers: parts.headers, body }
    }
}

/// What came back.
pub struct Answer {
    what: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The JSON, if the status is the one expected.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document, checked for its form.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let what = &self.what;
        assert_eq!(self.status.as_u16(), status, "{what}: {}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{what}: {problem}");
        assert_eq!(problem["status"], status, "{what}");
        assert_eq!(problem["type"], format!("urn:antrean:problem:{code}"), "{what}");
        for text in ["title", "detail", "instance", "trace_id"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{what}: {text} in {problem}");
        }
        problem
    }

    /// The codes of the single fields by pointer.
    pub fn fields(&self) -> Vec<(String, String)> {
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned()))
            .collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}
