//! The courier against a provider that fails now and then, on a loopback socket.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antrean_app::app::{App, Parts};
use antrean_app::caller::{Actor, Language};
use antrean_app::clock::{Clock, ManualClock};
use antrean_app::entropy::SeededEntropy;
use antrean_app::message::{Message, Recipient, tell};
use antrean_app::operation::{Context, Error, Operation};
use antrean_app::policy::Policy;
use antrean_channels::channel::Sending;
use antrean_channels::gateway::{Body, Gateway, GatewayConfig, NumberForm, Secret};
use antrean_channels::inbox::Inbox;
use antrean_channels::log::Log;
use antrean_channels::{Channel, Courier, Outgoing};
use antrean_domain::phone::Phone;
use antrean_store::{Store, StoreConfig, Tx, outbox};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Form, Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::Notify;

const BASE: &str = "https://antrean.example.id";
const LETTERS: usize = 150;

/// Puts a message into the outbox, as operations do.
#[derive(Serialize)]
struct Tell {
    phone: Phone,
    message: Message,
}

impl Operation for Tell {
    const NAME: &'static str = "tell_in_a_test";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        Ok(tell(tx, cx, Recipient::Phone(self.phone.clone(), Language::Id), self.message.clone())?)
    }
}

struct Office {
    app: App,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-27T07:00:00Z".parse().unwrap()));
        let app = App::start(Parts {
            store: Store::open(&StoreConfig::at(folder.path().join("antrean.db"))).unwrap(),
            master_key: [7; 32],
            policy: Policy::default(),
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(1)),
            published: folder.path().join("published"),
        })
        .await
        .unwrap();
        Self { app, clock, _folder: folder }
    }

    async fn tell(&self, number: usize) {
        let message = Message::Code { code: code(number), minutes: 5 };
        self.app.perform_as(Actor::Operator, Tell { phone: phone(number), message }).await.unwrap();
    }

    /// A message that is worth sending for longer than a code; its link is the code of that number.
    async fn tell_entered(&self, number: usize) {
        let draw = "2026-11-29T10:00:00Z".parse().unwrap();
        let message = Message::Entered { release: "2026-W49".parse().unwrap(), link: code(number), draw };
        self.app.perform_as(Actor::Operator, Tell { phone: phone(number), message }).await.unwrap();
    }

    async fn waiting(&self) -> Option<Timestamp> {
        self.app.store().read(outbox::oldest_waiting).await.unwrap()
    }
}

fn phone(number: usize) -> Phone {
    Phone::parse(&format!("0812-0000-{number:04}")).unwrap()
}

fn code(number: usize) -> String {
    format!("{:06}", 700_000 + number)
}

/// What the provider was sent, by number; and how it answers.
#[derive(Default)]
struct Provider {
    received: Mutex<HashMap<String, Vec<String>>>,
    headers: Mutex<Vec<HeaderMap>>,
    fields: Mutex<Vec<BTreeMap<String, String>>>,
    asked: Mutex<usize>,
    /// The answer to the nth request for a number.
    answer: Option<fn(&str, usize) -> u16>,
}

impl Provider {
    fn take(&self, headers: HeaderMap, fields: BTreeMap<String, String>) -> StatusCode {
        *self.asked.lock().unwrap() += 1;
        let asked = *self.asked.lock().unwrap();
        let status = self.answer.map_or(202, |answer| answer(&fields["to"], asked));
        if status < 300 {
            self.received.lock().unwrap().entry(fields["to"].clone()).or_default().push(fields["text"].clone());
        }
        self.headers.lock().unwrap().push(headers);
        self.fields.lock().unwrap().push(fields);
        StatusCode::from_u16(status).unwrap()
    }
}

async fn open(provider: Arc<Provider>) -> SocketAddr {
    let router = Router::new()
        .route(
            "/form",
            post(
                |State(provider): State<Arc<Provider>>,
                 headers: HeaderMap,
                 Form(fields): Form<BTreeMap<String, String>>| async move { provider.take(headers, fields) },
            ),
        )
        .route(
            "/json",
            post(
                |State(provider): State<Arc<Provider>>,
                 headers: HeaderMap,
                 Json(fields): Json<BTreeMap<String, String>>| async move { provider.take(headers, fields) },
            ),
        )
        .route("/never", post(|| async { std::future::pending::<StatusCode>().await }))
        .with_state(provider);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn gateway(address: SocketAddr, path: &str) -> Arc<Gateway> {
    let url = format!("http://{address}{path}?key=hush");
    Arc::new(Gateway::new(GatewayConfig { url, timeout_s: 1, ..GatewayConfig::default() }).unwrap())
}

/// Carries letters until none is waiting, letting the pauses between tries pass. Returns how many rounds it took.
async fn carry_all(office: &Office, courier: &Courier) -> usize {
    for rounds in 1..200 {
        let round = courier.round().await.unwrap();
        if round == antrean_channels::courier::Round::default() {
            if office.waiting().await.is_none() {
                return rounds;
            }
            office.clock.advance(SignedDuration::from_hours(12));
        }
    }
    panic!("letters are still waiting");
}

#[tokio::test]
async fn every_letter_arrives_though_the_provider_fails_now_and_then() {
    let office = Office::new().await;
    let provider = Arc::new(Provider {
        answer: Some(|_, asked| match asked % 7 {
            0 => 503,
            3 => 429,
            5 => 401,
            _ => 200,
        }),
        ..Provider::default()
    });
    for number in 0..LETTERS {
        office.tell_entered(number).await;
    }
    let courier = Courier::new(office.app.clone(), gateway(open(Arc::clone(&provider)).await, "/form"), BASE);
    carry_all(&office, &courier).await;
    let received = provider.received.lock().unwrap();
    for number in 0..LETTERS {
        let texts = &received[phone(number).e164()];
        assert_eq!(texts.len(), 1, "what was taken is not sent again");
        assert!(texts[0].starts_with("Antrean: ") && texts[0].contains(&code(number)), "{}", texts[0]);
    }
}

#[tokio::test]
async fn a_letter_that_is_wrong_itself_is_given_up_at_once() {
    let office = Office::new().await;
    let provider = Arc::new(Provider {
        answer: Some(|to, _| if to.ends_with("0001") { 422 } else { 200 }),
        ..Provider::default()
    });
    for number in 0..3 {
        office.tell(number).await;
    }
    let courier = Courier::new(office.app.clone(), gateway(open(Arc::clone(&provider)).await, "/form"), BASE);
    let round = courier.round().await.unwrap();
    assert_eq!((round.sent, round.given_up, round.returned), (2, 1, 0));
    assert_eq!(office.waiting().await, None);
}

#[tokio::test]
async fn a_letter_that_never_goes_is_given_up_after_some_tries() {
    let office = Office::new().await;
    let provider = Arc::new(Provider { answer: Some(|_, _| 500), ..Provider::default() });
    office.tell_entered(1).await;
    let courier = Courier::new(office.app.clone(), gateway(open(Arc::clone(&provider)).await, "/form"), BASE);
    carry_all(&office, &courier).await;
    assert_eq!(*provider.asked.lock().unwrap(), 12);
}

#[tokio::test]
async fn a_code_is_not_sent_any_more_when_it_has_long_expired() {
    let office = Office::new().await;
    let provider = Arc::new(Provider { answer: Some(|_, _| 500), ..Provider::default() });
    office.tell(1).await;
    let courier = Courier::new(office.app.clone(), gateway(open(Arc::clone(&provider)).await, "/form"), BASE);
    carry_all(&office, &courier).await;
    assert_eq!(*provider.asked.lock().unwrap(), 5);
}

#[tokio::test]
async fn a_provider_that_is_silent_or_away_gets_the_letter_later() {
    let office = Office::new().await;
    office.tell(1).await;
    let address = open(Arc::default()).await;
    let silent = Courier::new(office.app.clone(), gateway(address, "/never"), BASE);
    assert_eq!(silent.round().await.unwrap().returned, 1);
    office.clock.advance(SignedDuration::from_hours(1));
    let nobody: SocketAddr = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let away = Courier::new(office.app.clone(), gateway(nobody, "/form"), BASE);
    assert_eq!(away.round().await.unwrap().returned, 1);
    assert!(office.waiting().await.is_some());
}

#[tokio::test]
async fn the_provider_gets_its_own_names_and_its_key() {
    let provider = Arc::new(Provider::default());
    let office = Office::new().await;
    let address = open(Arc::clone(&provider)).await;
    let config = GatewayConfig {
        url: format!("http://{address}/json"),
        body: Body::Json,
        header: "X-Api-Key".to_owned(),
        authorization: Some(Secret("hush".to_owned())),
        sender_field: "sender".to_owned(),
        sender: Some("ANTREAN".to_owned()),
        number_form: NumberForm::Digits,
        fields: [("userkey".to_owned(), Secret("u1".to_owned()))].into(),
        ..GatewayConfig::default()
    };
    office.tell(7).await;
    let courier = Courier::new(office.app.clone(), Arc::new(Gateway::new(config).unwrap()), BASE);
    assert_eq!(courier.round().await.unwrap().sent, 1);
    let fields = provider.fields.lock().unwrap()[0].clone();
    let of = |name: &str| fields[name].as_str();
    assert_eq!([of("to"), of("sender"), of("userkey")], ["6281200000007", "ANTREAN", "u1"]);
    assert!(of("text").starts_with("Antrean: 700007 "));
    assert_eq!(provider.headers.lock().unwrap()[0]["x-api-key"], "hush");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Everything that this thread logs from now on.
    fn watch() -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn what_goes_wrong_is_logged_without_number_text_or_key() {
    let office = Office::new().await;
    let provider = Arc::new(Provider { answer: Some(|_, asked| [503, 422][asked % 2]), ..Provider::default() });
    office.tell(1).await;
    office.tell(2).await;
    let courier = Courier::new(office.app.clone(), gateway(open(provider).await, "/form"), BASE);
    let (lines, _watching) = Lines::watch();
    courier.round().await.unwrap();
    let text = lines.text();
    assert!(text.contains("is tried again") && text.contains("is given up") && text.contains("status 503"), "{text}");
    for secret in ["81200000001", "81200000002", "700001", "700002", "kode masuk", "hush"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn without_a_gateway_the_code_is_in_the_log_but_not_the_number() {
    let office = Office::new().await;
    office.tell(1).await;
    let (lines, _watching) = Lines::watch();
    let courier = Courier::new(office.app.clone(), Arc::new(Log::new()), BASE);
    assert_eq!(courier.round().await.unwrap().sent, 1);
    let text = lines.text();
    assert!(text.contains("WARN") && text.contains("no message gateway is set up"), "{text}");
    assert!(text.contains("700001") && text.contains("+62 812-****-0001"), "{text}");
    assert!(!text.contains("81200000001"), "{text}");
}

#[tokio::test]
async fn the_demo_reads_its_codes_in_the_inbox() {
    let office = Office::new().await;
    let inbox = Arc::new(Inbox::new(Arc::clone(&office.clock) as Arc<dyn Clock>));
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let courier = Courier::new(office.app.clone(), Arc::clone(&inbox) as Arc<dyn Channel>, BASE);
    let poke = courier.poke();
    let running = tokio::spawn(courier.run(async move { stopped.notified().await }));
    for number in 1..=100 {
        office.tell(number).await;
    }
    poke.notify_one();
    while inbox.newest(200).len() < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.notify_one();
    running.await.unwrap();
    let received = inbox.of(&phone(42), 10);
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].kind, received[0].code.as_deref()), ("code", Some("700042")));
    assert!(received[0].text.ends_with("jangan beri tahu siapa pun"));
    assert_eq!(office.waiting().await, None, "what was sent was noted before the courier stopped");
}

#[tokio::test]
async fn a_letter_whose_courier_died_goes_again_when_its_lease_has_ended() {
    let office = Office::new().await;
    office.tell(1).await;
    assert_eq!(antrean_app::outbox::claim(&office.app).await.unwrap().len(), 1);
    let inbox = Arc::new(Inbox::new(Arc::clone(&office.clock) as Arc<dyn Clock>));
    let courier = Courier::new(office.app.clone(), Arc::clone(&inbox) as Arc<dyn Channel>, BASE);
    assert_eq!(courier.round().await.unwrap().sent, 0);
    office.clock.advance(SignedDuration::from_mins(2));
    assert_eq!(courier.round().await.unwrap().sent, 1);
}

/// A channel that takes a message only when it is let through.
#[derive(Default)]
struct Gate {
    begun: Notify,
    open: Notify,
    taken: Mutex<usize>,
}

impl Channel for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn send<'a>(&'a self, _: &'a Outgoing) -> Sending<'a> {
        Box::pin(async {
            self.begun.notify_one();
            self.open.notified().await;
            *self.taken.lock().unwrap() += 1;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_courier_that_is_stopped_ends_what_it_began_and_begins_nothing_else() {
    let office = Office::new().await;
    for number in 0..200 {
        office.tell(number).await;
    }
    let gate = Arc::new(Gate::default());
    let courier = Courier::new(office.app.clone(), Arc::clone(&gate) as Arc<dyn Channel>, BASE);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(courier.run(async move { drop(stopped.await) }));
    gate.begun.notified().await;
    stop.send(()).unwrap();
    while !running.is_finished() {
        gate.open.notify_waiters();
        tokio::task::yield_now().await;
    }
    let begun = *gate.taken.lock().unwrap();
    assert!((1..200).contains(&begun), "{begun}");
    office.clock.advance(SignedDuration::from_mins(2));
    assert_eq!(antrean_app::outbox::claim(&office.app).await.unwrap().len(), 200 - begun);
}
