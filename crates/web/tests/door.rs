//! Attacks on the door, over real connections on loopback: whoever dawdles, floods or shouts is dealt with, and ordinary people get
//! their answers all the while. What is asserted is what is answered, never how long it took.

mod people;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use antrean_domain::release::Mode;
use antrean_web::WebSettings;
use antrean_web::door::{Door, DoorLimits, DoorStats};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::routing::get;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use people::{RELEASE, Server, policy, settings};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// No test waits longer for anything; a machine that needs more is broken.
const AT_MOST: Duration = Duration::from_mins(1);

/// Limits that a test can wait for.
fn limits() -> DoorLimits {
    DoorLimits {
        head_timeout: Duration::from_millis(400),
        idle_timeout: Duration::from_millis(600),
        write_timeout: Duration::from_millis(400),
        grace: Duration::ZERO,
        ..DoorLimits::default()
    }
}

/// A router behind a door on a port of its own.
struct Open {
    address: SocketAddr,
    door: Door,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn open(router: Router, limits: DoorLimits) -> Open {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = Door::new(limits);
    let (stop, told) = oneshot::channel();
    let serving = tokio::spawn({
        let door = door.clone();
        async move {
            door.serve(listener, router, async {
                let _ = told.await;
            })
            .await;
        }
    });
    Open { address, door, stop: Some(stop), serving }
}

impl Open {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What the server says to some bytes until it closes the connection; empty if it only closes it.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may have stopped listening before everything was said.
        let _ = stream.write_all(bytes).await;
        hear(&mut stream).await
    }

    /// What an ordinary visitor of a page gets.
    async fn visit(&self, path: &str) -> String {
        self.say(format!("GET {path} HTTP/1.1\r\nhost: antrean\r\nconnection: close\r\n\r\n").as_bytes()).await
    }

    /// Looks at the door until it is as expected.
    async fn until(&self, expected: impl Fn(DoorStats) -> bool) {
        let looking = async {
            while !expected(self.door.stats()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let seen = tokio::time::timeout(AT_MOST, looking).await;
        assert!(seen.is_ok(), "{:?}", self.door.stats());
    }
}

/// Everything until the other side closes, also by a reset.
async fn hear(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(AT_MOST, stream.read_to_end(&mut heard)).await;
    assert!(ended.is_ok(), "still open after {:?}", String::from_utf8_lossy(&heard));
    String::from_utf8_lossy(&heard).into_owned()
}

fn ok() -> Router {
    Router::new().route("/", get(async || "halo"))
}

#[tokio::test]
async fn five_hundred_half_open_connections_keep_nobody_out() {
    let server = Server::new().await;
    let open = open(server.router.clone(), DoorLimits { connections_max: 100, ..limits() }).await;
    let mut silent = Vec::new();
    for number in 0..500 {
        silent.push(open.connect().await);
        if number % 50 == 0 {
            let page = open.visit("/").await;
            assert!(page.starts_with("HTTP/1.1 200"), "{number}: {page}");
        }
    }
    let page = open.visit("/kantor").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(open.door.stats().made_room >= 300, "{:?}", open.door.stats());
    assert!(open.door.stats().open <= 100);
    // Those that are left are closed without anybody asking for their place.
    open.until(|stats| stats.open == 0).await;
    drop(silent);
}

#[tokio::test]
async fn a_connection_that_sends_its_head_byte_by_byte_is_closed() {
    let open = open(ok(), limits()).await;
    let mut slow = JoinSet::new();
    for _ in 0..50 {
        let mut stream = open.connect().await;
        slow.spawn(async move {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    assert!(open.visit("/").await.ends_with("halo"));
    assert!(tokio::time::timeout(AT_MOST, slow.join_all()).await.is_ok(), "they were all closed");
    open.until(|stats| stats.open == 0 && stats.timed_out == 50).await;
}

#[tokio::test]
async fn a_second_head_has_no_more_time_than_the_first_and_an_idle_connection_ends() {
    let open = open(ok(), limits()).await;
    let mut stream = open.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: antrean\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..length]).starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(hear(&mut stream).await, "", "half a head is not answered");
    let mut idle = open.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: antrean\r\n\r\n").await.unwrap();
    assert!(hear(&mut idle).await.ends_with("halo"), "answered, and closed after a while");
    assert_eq!(open.door.stats().timed_out, 2);
}

#[tokio::test]
async fn when_everybody_is_at_work_a_newcomer_is_told_to_come_back() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let works = Router::new().route(
        "/",
        get(async move || {
            let _ = waiting.acquire().await;
            "halo"
        }),
    );
    let open = open(works, DoorLimits { connections_max: 3, ..limits() }).await;
    let mut busy = Vec::new();
    for _ in 0..3 {
        let mut stream = open.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: antrean\r\nconnection: close\r\n\r\n").await.unwrap();
        busy.push(stream);
    }
    // A connection counts as at work when its head has arrived; before that a newcomer may take its place.
    open.until(|stats| stats.open == 3).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = open.visit("/").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: "), "{refused}");
    assert!(refused.contains("Sedang ramai") && refused.contains("It is busy"), "{refused}");
    gate.add_permits(3);
    for mut stream in busy {
        assert!(hear(&mut stream).await.ends_with("halo"));
    }
    gate.add_permits(1);
    assert!(open.visit("/").await.ends_with("halo"), "there is room again");
    assert_eq!(open.door.stats().turned_away, 1);
}

#[tokio::test]
async fn heads_that_are_too_long_and_nonsense_are_refused_without_a_handler() {
    let open = open(ok(), limits()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: antrean\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nhost: antrean\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    let some = format!("GET / HTTP/1.1\r\nhost: antrean\r\n{}\r\n", "x: y\r\n".repeat(200));
    let address = format!("GET /{} HTTP/1.1\r\nhost: antrean\r\n\r\n", "a".repeat(70_000));
    for wrong in [long, many, some, address] {
        let answer = open.say(wrong.as_bytes()).await;
        // Whoever still sends while the answer comes may lose it to a reset.
        let refused = answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 414") || answer.is_empty();
        assert!(refused, "{answer}");
    }
    for nonsense in
        ["\r\n\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "SSH-2.0-x\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"]
    {
        let answer = open.say(nonsense.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{nonsense:?}: {answer}");
    }
    let pipelined = "GET / HTTP/1.1\r\nhost: antrean\r\n\r\n".repeat(3) + "nonsense nonsense\r\n\r\n";
    let answers = open.say(pipelined.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 400").count(), 1, "{answers}");
    assert!(open.visit("/").await.ends_with("halo"));
}

#[tokio::test]
async fn a_body_that_trickles_is_ended_with_408_and_one_of_64_mb_is_not_read() {
    let quick = WebSettings { body_timeout: Duration::from_millis(300), ..settings() };
    let server = Server::with(quick, policy()).await;
    let open = open(server.router.clone(), limits()).await;
    let writes = server.writes();
    for (path, kind, telling) in [
        ("/api/v1/sessions/codes", "application/json", "\"code\":\"too-slow\""),
        ("/masuk", "application/x-www-form-urlencoded", "terlalu lambat"),
    ] {
        let mut stream = open.connect().await;
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: antrean\r\ncontent-type: {kind}\r\ncontent-length: 500\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut listening, mut sending) = stream.into_split();
        let trickle = tokio::spawn(async move {
            while sending.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(AT_MOST, listening.read_to_end(&mut answer)).await.expect("it was ended");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("retry-after: 1") && answer.contains(telling), "{answer}");
        drop(listening);
        assert!(tokio::time::timeout(AT_MOST, trickle).await.is_ok(), "the connection is closed");
    }
    let mut stream = open.connect().await;
    let head = "POST /api/v1/sessions/codes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 67108864\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // Nothing of the body was sent: the answer comes for its length alone.
    let answer = hear(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let piece = vec![b' '; 1 << 16];
    let mut sent = 0;
    let mut stream = open.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    while sent < 64 << 20 && stream.write_all(&piece).await.is_ok() {
        sent += 1 << 16;
    }
    assert!(sent < 32 << 20, "it took {sent} bytes");
    assert_eq!(server.writes(), writes, "none of it reached the store");
}

#[tokio::test]
async fn whoever_does_not_read_the_answer_is_left() {
    const LARGE: usize = 64 << 20;
    let large = Router::new().route("/", get(async || vec![b'a'; LARGE])).route("/small", get(async || "halo"));
    let open = open(large, limits()).await;
    let mut deaf = Vec::new();
    for _ in 0..4 {
        let mut stream = open.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: antrean\r\n\r\n").await.unwrap();
        deaf.push(stream);
    }
    assert!(open.visit("/small").await.ends_with("halo"));
    open.until(|stats| stats.stalled == 4 && stats.open == 0).await;
    let whole = open.visit("/").await;
    assert!(whole.len() > LARGE, "whoever reads gets all of it");
}

#[tokio::test]
async fn a_flood_of_bad_requests_reaches_no_store_and_people_still_get_their_places() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    server.app.refresh_overview().await.unwrap();
    let applicant = server.applicant(1).await;
    let slots = server.stranger().get(&format!("/api/v1/offices/BTM/slots?release={RELEASE}")).await.expect(200);
    let slot = slots["slots"][0]["id"].as_i64().unwrap();
    let open = open(server.router.clone(), limits()).await;
    let (writes, reads) = (server.writes(), server.app.store().stats().reads);
    let json = "content-type: application/json\r\nauthorization: Bearer x\r\nidempotency-key: k\r\n";
    let kinds = [
        ("POST /api/v1/appointments", json.to_owned(), "{\"slot\":", "HTTP/1.1 400"),
        ("POST /api/v1/appointments", "content-type: text/plain\r\n".to_owned(), "x", "HTTP/1.1 4"),
        ("POST /api/v1/appointments", json.to_owned(), "{\"slot\":\"x\"}", "HTTP/1.1 422"),
        ("GET /tidak/ada", String::new(), "", "HTTP/1.1 404"),
        ("DELETE /kantor", String::new(), "", "HTTP/1.1 405"),
    ];
    let kinds = Arc::new(kinds);
    let mut flood = JoinSet::new();
    for thread in 0..20 {
        let (kinds, address) = (Arc::clone(&kinds), open.address);
        flood.spawn(async move {
            for number in 0..20 {
                let (line, fields, body, expected) = &kinds[(thread + number) % kinds.len()];
                let request = format!(
                    "{line} HTTP/1.1\r\nhost: antrean\r\nconnection: close\r\n{fields}content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                let answer = hear(&mut stream).await;
                assert!(answer.starts_with(expected), "{line}: {answer}");
            }
        });
    }
    flood.join_all().await;
    assert_eq!((server.writes(), server.app.store().stats().reads), (writes, reads), "none of it reached the store");
    applicant.book(slot).await.expect(201);
}

#[tokio::test]
async fn what_is_over_the_limit_of_a_lane_is_told_to_come_back_and_the_others_go_on() {
    // One request a lane at a time.
    let narrow = WebSettings { requests_max: 1, body_timeout: Duration::from_secs(30), ..settings() };
    let server = Server::with(narrow, policy()).await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    server.app.refresh_overview().await.unwrap();
    let applicant = server.applicant(1).await;
    let open = open(server.router.clone(), limits()).await;
    // Somebody signs in with a body that does not come.
    let mut slow = open.connect().await;
    let head = "POST /api/v1/sessions/codes HTTP/1.1\r\nhost: antrean\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    let entered = async {
        while server.state.requests(antrean_app::Lane::SignIn).under_way == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(AT_MOST, entered).await.unwrap();
    let stranger = server.stranger();
    let refused = stranger.post("/api/v1/sessions/codes", &json!({"phone": "081200000009"})).await;
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    refused.problem(503, "busy");
    let page = stranger.send(Method::GET, "/masuk", Body::empty()).await;
    assert_eq!(page.status, 503);
    assert!(page.text().contains("Sedang ramai") && page.text().len() < 20_000, "{}", page.text());
    assert!(page.header("retry-after").parse::<u32>().unwrap() >= 1);
    // Who confirms, and who reads what is in memory, is not touched by it.
    let slots = stranger.get(&format!("/api/v1/offices/BTM/slots?release={RELEASE}")).await.expect(200);
    applicant.book(slots["slots"][0]["id"].as_i64().unwrap()).await.expect(201);
    assert_eq!(server.state.requests(antrean_app::Lane::SignIn).shed, 2);
    drop(slow);
}

#[tokio::test]
async fn told_to_stop_it_finishes_what_is_under_way_and_takes_nothing_new() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let works = Router::new().route(
        "/",
        get(async move || {
            let _ = waiting.acquire().await;
            "halo"
        }),
    );
    let mut open = open(works, limits()).await;
    let mut silent = open.connect().await;
    let mut stream = open.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: antrean\r\n\r\n").await.unwrap();
    open.until(|stats| stats.open == 2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    open.stop.take().unwrap().send(()).unwrap();
    assert_eq!(hear(&mut silent).await, "", "nobody waits for what was never asked");
    assert!(!open.serving.is_finished());
    gate.add_permits(1);
    let answer = hear(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("halo"), "{answer}");
    assert!(tokio::time::timeout(AT_MOST, &mut open.serving).await.is_ok());
    assert!(TcpStream::connect(open.address).await.is_err());
}

#[tokio::test]
async fn a_proxy_that_speaks_http_2_in_the_clear_is_understood() {
    let open = open(ok(), limits()).await;
    let stream = TokioIo::new(open.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let running = tokio::spawn(connection);
    for _ in 0..3 {
        let request = Request::builder().uri(format!("http://{}/", open.address)).body(Empty::<&[u8]>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "halo");
    }
    drop(sender);
    let _ = tokio::time::timeout(AT_MOST, running).await.expect("closed");
    open.until(|stats| stats.open == 0).await;
}
