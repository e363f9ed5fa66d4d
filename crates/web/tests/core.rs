//! What every answer has in common: headers, caches, languages, limits, and what is told to whom.

mod people;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use antrean_app::policy::Policy;
use antrean_domain::phone::Phone;
use antrean_domain::release::Mode;
use antrean_web::WebSettings;
use antrean_web::demo::{DemoInbox, DemoMessage};
use axum::body::Body;
use axum::http::Method;
use people::{Server, phone_of, policy, settings};
use serde_json::json;

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::new().await;
    for path in ["/", "/api/v1/offices", "/api/v1/me", "/nothing", "/api/nothing", "/demo/messages"] {
        let answer = server.stranger().get(path).await;
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    let plain = Server::with(WebSettings { secure_cookies: false, ..settings() }, policy()).await;
    assert_eq!(plain.stranger().get("/").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn public_answers_are_prepared_once_and_known_by_their_tag() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let stranger = server.stranger();
    let path = "/api/v1/offices";
    let plain = stranger.get(path).await;
    plain.expect(200);
    assert!(plain.header("cache-control").starts_with("public"));
    assert_eq!(plain.header("content-encoding"), "");
    let tag = plain.header("etag").to_owned();
    let zipped = stranger.with("accept-encoding", "br;q=1, gzip").get(path).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert!(zipped.body.len() * 3 < plain.body.len());
    assert_ne!(zipped.header("etag"), tag, "two forms of bytes, two strong tags");
    let refused = stranger.with("accept-encoding", "gzip;q=0").get(path).await;
    assert_eq!(refused.header("content-encoding"), "");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let same = stranger.with("if-none-match", known).get(path).await;
        assert_eq!(same.status, 304);
        assert!(same.body.is_empty());
        assert_eq!(same.header("etag"), tag);
    }
    let reads = server.app.store().stats().reads;
    for _ in 0..50 {
        stranger.get(path).await.expect(200);
        stranger.get("/api/v1/releases").await.expect(200);
    }
    assert_eq!(server.app.store().stats().reads, reads, "a public reader cost a query");
}

#[tokio::test]
async fn a_prepared_answer_changes_when_the_public_state_does() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let stranger = server.stranger();
    let before = stranger.get("/api/v1/releases/2026-W49").await;
    assert_eq!(before.expect(200)["entries"], 0);
    server.applicant(1).await.enter(&["BTM/*/*"]).await.expect(201);
    server.app.refresh_overview().await.unwrap();
    let after = stranger.with("if-none-match", before.header("etag")).get("/api/v1/releases/2026-W49").await;
    assert_eq!(after.expect(200)["entries"], 1);
}

#[tokio::test]
async fn what_lies_ready_is_answered_as_when_it_was_made() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let stranger = server.stranger();
    let told = |answer: &people::Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id").expect("every answer has a name");
        // Written on the line if it is not there.
        headers.remove("content-length");
        (answer.status, headers, answer.body.clone())
    };
    for path in ["/", "/antrean", "/kantor/BTM", "/api/v1/releases", "/api/v1/releases/2026-W49", "/api/v1/offices/BTM"]
    {
        for coding in ["", "gzip"] {
            let reader = stranger.with("accept-encoding", coding);
            let made = reader.get(path).await;
            assert_eq!(told(&made), told(&reader.get(path).await), "{path} {coding}");
            let known = reader.with("if-none-match", made.header("etag"));
            assert_eq!(known.get(path).await.status, 304, "{path} {coding}");
        }
    }
    // The same address in another way is another matter.
    stranger.get("/api/v1/releases/2026-W49?x=1").await.problem(422, "fields");
    assert_eq!(stranger.post("/api/v1/releases/2026-W49", &json!({})).await.status, 405);
    let english = stranger.with("cookie", "bahasa=en").get("/").await;
    assert_eq!(english.body, stranger.with("accept-language", "en").get("/").await.body);
    assert_ne!(english.body, stranger.get("/").await.body);
}

#[tokio::test]
async fn the_shelf_of_prepared_answers_cannot_be_filled_by_strangers() {
    let server = Server::new().await;
    let stranger = server.stranger();
    for number in 0..200 {
        stranger.get(&format!("/api/v1/offices?near=1.{number},104")).await.expect(200);
        stranger.get(&format!("/api/v1/offices?q=kota{number}")).await.expect(200);
        stranger.get(&format!("/api/v1/offices?x={number}")).await.problem(422, "fields");
        stranger.get(&format!("/api/v1/offices/X{number}")).await.problem(404, "not-found");
    }
    assert!(server.state.prepared.len() < 5, "{} answers are kept", server.state.prepared.len());
}

#[tokio::test]
async fn personal_answers_are_kept_by_nobody() {
    let server = Server::new().await;
    let applicant = server.applicant(1).await;
    let me = applicant.get("/api/v1/me").await;
    me.expect(200);
    assert_eq!(me.header("cache-control"), "no-store");
    assert_eq!(me.header("etag"), "");
}

#[tokio::test]
async fn a_flood_of_sign_ins_from_one_network_is_slowed_and_others_are_not() {
    let limited = WebSettings { sign_ins_per_network_hour: Some(3), ..settings() };
    let server = Server::with(limited, policy()).await;
    let from = |address: &str| {
        let mut client = server.stranger();
        client.peer = Some(SocketAddr::new(address.parse().unwrap(), 4_000));
        client
    };
    for number in 0..3 {
        let sent = from(&format!("203.0.113.{number}"))
            .post("/api/v1/sessions/codes", &json!({"phone": phone_of(number)}))
            .await;
        sent.expect(202);
        assert_eq!(sent.header("ratelimit"), format!("\"network\";r={};t=1200", 2 - number));
    }
    let before = server.writes();
    let refused = from("203.0.113.200").post("/api/v1/sessions/codes", &json!({"phone": phone_of(9)})).await;
    refused.problem(429, "rate-limited");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| (1..=1_201).contains(&seconds)));
    assert_eq!(server.writes(), before, "a flood must not reach the store");
    from("198.51.100.7").post("/api/v1/sessions/codes", &json!({"phone": phone_of(9)})).await.expect(202);
    from("203.0.113.9").get("/api/v1/offices").await.expect(200);
}

#[tokio::test]
async fn only_a_trusted_proxy_may_say_where_somebody_comes_from() {
    let limited = WebSettings {
        sign_ins_per_network_hour: Some(1),
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..settings()
    };
    let server = Server::with(limited, policy()).await;
    let ask = async |peer: &str, forwarded: &str, number: u32| {
        let mut client = server.stranger().with("x-forwarded-for", forwarded);
        client.peer = Some(SocketAddr::new(peer.parse().unwrap(), 4_000));
        client.post("/api/v1/sessions/codes", &json!({"phone": phone_of(number)})).await.status.as_u16()
    };
    assert_eq!(ask("10.1.2.3", "203.0.113.1", 1).await, 202);
    assert_eq!(ask("10.1.2.3", "203.0.113.2", 2).await, 429, "the same network behind the proxy");
    assert_eq!(ask("10.1.2.3", "198.51.100.1", 3).await, 202, "another network behind the proxy");
    assert_eq!(
        ask("10.1.2.3", "192.0.2.1, 198.51.100.9", 4).await,
        429,
        "what the client adds on the left is not believed"
    );
    assert_eq!(ask("192.0.2.55", "198.18.0.1", 5).await, 202, "no proxy of ours: the peer counts");
    assert_eq!(ask("192.0.2.56", "198.18.0.2", 6).await, 429, "and a made-up header does not help");
}

#[tokio::test]
async fn a_limit_of_the_store_is_answered_with_when_to_come_back() {
    let server = Server::with(settings(), Policy { codes_per_phone_hour: 1, ..policy() }).await;
    let stranger = server.stranger();
    stranger.post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await.expect(202);
    let refused = stranger.post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await;
    let problem = refused.problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), problem["data"]["retry_after_s"].to_string());
}

#[tokio::test]
async fn codes_are_limited_by_number_by_network_and_over_all_each_by_itself() {
    let limits = Policy { codes_per_phone_hour: 2, codes_per_network_hour: 3, codes_per_day: 5, ..policy() };
    let server = Server::with(settings(), limits).await;
    let ask = async |network: u8, number: u32| {
        let mut client = server.stranger();
        client.peer = Some(SocketAddr::new([203, 0, network, 1].into(), 4_000));
        let answer = client.post("/api/v1/sessions/codes", &json!({"phone": phone_of(number)})).await;
        let what = if answer.status == 202 {
            "sent".into()
        } else {
            answer.problem(429, "rate-limited")["data"]["what"].clone()
        };
        what.as_str().unwrap().to_owned()
    };
    assert_eq!(ask(1, 1).await, "sent");
    assert_eq!(ask(1, 1).await, "sent");
    assert_eq!(ask(1, 1).await, "codes_to_phone");
    assert_eq!(ask(2, 1).await, "sent", "nobody locks the owner out from elsewhere");
    assert_eq!(ask(1, 2).await, "sent");
    assert_eq!(ask(1, 3).await, "codes_from_network");
    assert_eq!(ask(2, 3).await, "sent", "another network goes on");
    assert_eq!(ask(3, 4).await, "codes_today", "each costs money");
    server.clock.advance(jiff::SignedDuration::from_hours(24));
    assert_eq!(ask(3, 5).await, "sent", "and tomorrow is another day");
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let server = Server::new().await;
    let form =
        server.stranger().with("content-type", "application/x-www-form-urlencoded").with("host", "antrean.example.id");
    let foreign = form.with("sec-fetch-site", "cross-site").with("origin", "https://evil.example");
    let answer = foreign.send(Method::POST, "/masuk", Body::from("telepon=081200000001")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn pages_that_do_not_exist_are_pages_and_addresses_of_the_api_are_problems() {
    let server = Server::new().await;
    let page = server.stranger().get("/tidak-ada").await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("lang=\"id\""));
    let page = server.stranger().in_english().get("/tidak-ada").await;
    assert!(page.text().contains("lang=\"en\""));
    server.stranger().get("/api/tidak-ada").await.problem(404, "not-found");
    server.stranger().get("/apian").await;
}

#[tokio::test]
async fn the_demo_inbox_does_not_exist_outside_the_demo() {
    let server = Server::new().await;
    assert_eq!(server.stranger().get("/demo/messages").await.status, 404);
    assert_eq!(server.stranger().get("/demo/pesan").await.status, 404);
}

#[tokio::test]
async fn long_answers_are_compressed_and_short_ones_and_pictures_are_not_twice() {
    let server = Server::new().await;
    let client = server.stranger().with("accept-encoding", "gzip");
    let answer = client.get("/api/v1/regions").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(&answer.body[..2], [0x1f, 0x8b]);
    assert_ne!(&answer.body[10..12], [0x1f, 0x8b]);
}

struct Inbox;

impl DemoInbox for Inbox {
    fn newest(&self, to: Option<&Phone>, _limit: usize) -> Vec<DemoMessage> {
        let message = DemoMessage {
            at: jiff::Timestamp::UNIX_EPOCH,
            to: "+6281200000001".to_owned(),
            kind: "code".to_owned(),
            text: "Antrean: 123456".to_owned(),
            code: Some("123456".to_owned()),
        };
        if to.is_none_or(|to| to.e164() == message.to) { vec![message] } else { Vec::new() }
    }
}

#[tokio::test]
async fn the_demo_inbox_shows_messages_to_a_number_or_to_all() {
    let demo = WebSettings { demo: Some(Arc::new(Inbox)), ..settings() };
    let server = Server::with(demo, policy()).await;
    let stranger = server.stranger();
    assert_eq!(stranger.get("/demo/messages").await.expect(200)[0]["code"], "123456");
    assert_eq!(stranger.get("/demo/messages?to=0812-0000-0001").await.expect(200)[0]["to"], "+6281200000001");
    let none = stranger.get("/demo/messages?to=%2B6281200000002").await;
    assert_eq!(none.expect(200), json!([]));
    assert_eq!(none.header("cache-control"), "no-store");
    assert_eq!(stranger.get("/demo/messages?to=nobody").await.status, 422);
}

#[tokio::test]
async fn a_supervisor_learns_that_it_lives_and_serves() {
    let server = Server::new().await;
    let alive = server.stranger().get("/livez").await;
    assert_eq!((alive.status.as_u16(), alive.text().as_str()), (200, "ok\n"));
    let before = server.app.store().stats().batches;
    for _ in 0..50 {
        let ready = server.stranger().get("/readyz").await.expect(200);
        assert_eq!((&ready["ready"], &ready["store"]), (&true.into(), &"sqlite".into()));
        assert!(ready["last_commit_ms"].is_u64(), "{ready}");
    }
    let commits = server.app.store().stats().batches - before;
    assert!((1..50).contains(&commits), "{commits}: something is really committed, and not for every probe");
    server.app.begin_closing();
    let closing = server.stranger().get("/readyz").await;
    assert_eq!((closing.status.as_u16(), closing.header("retry-after")), (503, "2"));
    assert_eq!(closing.json()["why"], "shutting down");

    let server = Server::new().await;
    server.app.store().close().await;
    assert_eq!(server.stranger().get("/livez").await.status, 200);
    let gone = server.stranger().get("/readyz").await;
    assert_eq!((gone.status.as_u16(), &gone.json()["why"]), (503, &"the store is closed".into()));
    server.stranger().post("/api/v1/sessions/codes", &json!({"phone": phone_of(1)})).await.problem(500, "broken");
}

#[tokio::test]
async fn a_request_keeps_the_name_that_a_proxy_gave_it_if_it_is_one() {
    let server = Server::new().await;
    let named = async |name: &str| {
        server.stranger().with("x-request-id", name).get("/").await.header("x-request-id").to_owned()
    };
    let good = "0123456789abcdef0123456789abcdef";
    assert_eq!(named(good).await, good);
    let uuid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    assert_eq!(named(uuid).await, uuid);
    for bad in ["", "2171010101900000", "081200000001", "x", &"0".repeat(33), "1b4e28ba-2fa1-11d2-883f-0016d3cca42g"] {
        let own = named(bad).await;
        assert!(own != bad && own.len() == 16, "{bad:?}: {own:?}");
    }
    assert_ne!(named("").await, named("").await);
}

#[tokio::test]
async fn a_real_connection_is_limited_by_its_own_address() {
    let limited = WebSettings { sign_ins_per_network_hour: Some(1), ..settings() };
    let server = Server::with(limited, policy()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = server.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let ask = move |phone: String| {
        let body = json!({"phone": phone}).to_string();
        let request = format!(
            "POST /api/v1/sessions/codes HTTP/1.1\r\nHost: antrean\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let (first, second) = tokio::task::spawn_blocking(move || (ask(phone_of(1)), ask(phone_of(2)))).await.unwrap();
    assert!(first.starts_with("HTTP/1.1 202"), "{first}");
    assert!(second.starts_with("HTTP/1.1 429"), "{second}");
    serving.abort();
}
