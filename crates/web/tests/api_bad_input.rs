//! What the API answers to nonsense: always a problem in the reader's language, never a change, never a 500.

mod people;

use antrean_domain::release::Mode;
use axum::body::Body;
use axum::http::Method;
use people::{Client, RELEASE, Server, nik_of, statement};
use serde_json::{Value, json};

/// A request with a body that is well formed, though a rule may refuse it.
struct Good {
    method: Method,
    path: String,
    body: Value,
    /// Fields that may be left out.
    optional: &'static [&'static str],
    needs_key: bool,
}

fn every_body() -> Vec<Good> {
    let good = |method: Method, path: &str, body: Value, optional, needs_key| Good {
        method,
        path: path.to_owned(),
        body,
        optional,
        needs_key,
    };
    let entry = format!("/api/v1/releases/{RELEASE}/entry");
    let wanted = json!({"people": [1], "service": "new", "passport": "electronic", "choices": ["BTM/*/*"]});
    let link = "AAAAAAAAAAAA";
    vec![
        good(Method::POST, "/api/v1/sessions/codes", json!({"phone": "0812-0000-0001"}), &[], false),
        good(Method::POST, "/api/v1/sessions", json!({"challenge": "00", "code": "123456"}), &[], false),
        good(Method::PUT, "/api/v1/me", with(&statement(1), "married", json!(false)), &["sex", "married"], true),
        good(
            Method::POST,
            "/api/v1/me/family",
            json!({"nik": nik_of(2), "name": "Budi Contoh", "birth_date": "2015-03-02", "sex": "male"}),
            &["sex"],
            true,
        ),
        good(Method::PUT, "/api/v1/me/language", json!({"language": "en"}), &[], true),
        good(Method::POST, &entry, wanted.clone(), &[], true),
        good(Method::PUT, &entry, wanted, &[], true),
        good(
            Method::POST,
            "/api/v1/appointments",
            json!({"for": "people", "slot": 1, "people": [1], "service": "new", "passport": "electronic"}),
            &[],
            true,
        ),
        good(Method::POST, &format!("/api/v1/appointments/{link}/move"), json!({"slot": 1}), &[], true),
        good(Method::POST, &format!("/api/v1/appointments/{link}/wish"), json!({"choices": ["BTM/*/*"]}), &[], true),
    ]
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

fn without(body: &Value, field: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(field);
    body
}

async fn send(client: &Client, good: &Good, body: impl Into<Body>) -> people::Answer {
    client.with("content-type", "application/json").send(good.method.clone(), &good.path, body.into()).await
}

/// Runs a check as an Indonesian and as an English reader, and makes sure that nothing reached the store as a write.
async fn in_both_languages(check: impl AsyncFn(&Client)) {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let applicant = server.applicant(1).await;
    let before = server.writes();
    check(&applicant.client).await;
    check(&applicant.in_english()).await;
    assert_eq!(server.writes(), before, "something was written");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_its_place() {
    in_both_languages(async |client| {
        for good in every_body() {
            for broken in ["", "{", "{\"phone\": \"08", "nonsense", "{\"a\": 1,}", "{} {}"] {
                send(client, &good, broken).await.problem(400, "not-json");
            }
            let deep = "[".repeat(10_000);
            send(client, &good, deep).await.problem(400, "not-json");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_utf8_is_refused() {
    in_both_languages(async |client| {
        for good in every_body() {
            send(client, &good, b"{\"phone\": \"\xff\xfe\"}".to_vec()).await.problem(400, "not-utf8");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_of_more_than_64_kib_is_refused() {
    in_both_languages(async |client| {
        for good in every_body() {
            let padded = format!("{}{}", good.body, " ".repeat(64 << 10));
            send(client, &good, padded).await.problem(413, "too-large");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    in_both_languages(async |client| {
        for good in every_body() {
            for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
                let body = Body::from(good.body.to_string());
                let answer = client.with("content-type", kind).send(good.method.clone(), &good.path, body).await;
                answer.problem(415, "media-type");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused() {
    in_both_languages(async |client| {
        for good in every_body() {
            for root in ["[]", "null", "1", "\"text\"", "true"] {
                let answer = send(client, &good, root).await;
                answer.problem(422, "fields");
                assert_eq!(answer.fields(), [(String::new(), "wrong-type".to_owned())]);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_field_of_another_type_is_named() {
    in_both_languages(async |client| {
        for good in every_body() {
            for (field, value) in good.body.as_object().unwrap() {
                for odd in [json!("text"), json!(1.5), json!(true), json!([{}]), json!({"a": 1})] {
                    let same_type = (odd.is_string() && value.is_string())
                        || (odd.is_boolean() && value.is_boolean())
                        || (odd.is_f64() && value.is_f64());
                    if same_type {
                        continue;
                    }
                    let answer = send(client, &good, with(&good.body, field, odd).to_string()).await;
                    answer.problem(422, "fields");
                    let (pointer, code) = &answer.fields()[0];
                    assert!(pointer.starts_with(&format!("/{field}")), "{pointer} for {field}");
                    assert_eq!(code, "wrong-type");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_field_that_is_missing_is_named() {
    in_both_languages(async |client| {
        for good in every_body() {
            for field in good.body.as_object().unwrap().keys() {
                if good.optional.contains(&field.as_str()) {
                    continue;
                }
                let answer = send(client, &good, without(&good.body, field).to_string()).await;
                answer.problem(422, "fields");
                assert!(
                    answer.fields().contains(&(format!("/{field}"), "missing".to_owned())),
                    "{}: {field}: {:?}",
                    good.path,
                    answer.fields()
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn fields_that_do_not_exist_are_refused() {
    in_both_languages(async |client| {
        for good in every_body() {
            let answer = send(client, &good, with(&good.body, "status/x~", json!("served")).to_string()).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [("/status~1x~0".to_owned(), "unknown-field".to_owned())]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_without_a_usable_idempotency_key_is_refused() {
    in_both_languages(async |client| {
        for good in every_body().iter().filter(|good| good.needs_key) {
            let long = "k".repeat(256);
            for (key, code) in [
                ("", "idempotency-key-missing"),
                ("two words", "idempotency-key-unusable"),
                (long.as_str(), "idempotency-key-unusable"),
            ] {
                let client = client.with("idempotency-key", key);
                send(&client, good, good.body.to_string()).await.problem(400, code);
            }
        }
        let client = client.with("idempotency-key", "");
        for path in ["/api/v1/me", "/api/v1/sessions/current", "/api/v1/me/family/1", "/api/v1/releases/2026-W49/entry"]
        {
            client.delete(path).await.problem(400, "idempotency-key-missing");
        }
        client.post("/api/v1/appointments/A/cancel", &json!(null)).await.problem(400, "idempotency-key-missing");
    })
    .await;
}

#[tokio::test]
async fn everything_wrong_with_a_person_is_said_at_once() {
    in_both_languages(async |client| {
        let nonsense = json!({
            "nik": "217101010190000", "family_card": "21710101010100001", "name": "x".repeat(10_000),
            "birth_date": "1990-02-30", "sex": "robot", "consent": "yes", "married": 1, "admin": true,
        });
        let answer = client.put("/api/v1/me", &nonsense).await;
        answer.problem(422, "fields");
        let expected = [
            ("/nik", "nik-length"),
            ("/family_card", "family-card-length"),
            ("/name", "too-long"),
            ("/birth_date", "birth-date-impossible"),
            ("/sex", "not-one-of"),
            ("/consent", "wrong-type"),
            ("/married", "wrong-type"),
            ("/admin", "unknown-field"),
        ];
        assert_eq!(answer.fields(), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    })
    .await;
}

#[tokio::test]
async fn nonsense_in_single_fields_is_explained() {
    in_both_languages(async |client| {
        let person = statement(1);
        for (field, value, code) in [
            ("nik", "", "missing"),
            ("nik", "217101010190000a", "nik-not-digits"),
            ("nik", "21710101019000000", "nik-length"),
            ("family_card", "no", "family-card-not-digits"),
            ("name", "   ", "missing"),
            ("name", "<script>", "not-a-name"),
            ("name", "12345", "not-a-name"),
            ("birth_date", "", "missing"),
            ("birth_date", "yesterday", "birth-date-unreadable"),
            ("birth_date", "2027-01-01", "birth-date-in-future"),
            ("birth_date", "1850-01-01", "birth-date-too-long-ago"),
        ] {
            let answer = client.put("/api/v1/me", &with(&person, field, json!(value))).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [(format!("/{field}"), code.to_owned())]);
        }
        for (phone, code) in [
            ("", "missing"),
            ("call me", "not-a-phone"),
            ("+1 202 555 0100", "phone-not-indonesian"),
            ("021-5550100", "phone-not-mobile"),
            ("0812", "phone-length"),
        ] {
            let answer = client.post("/api/v1/sessions/codes", &json!({"phone": phone})).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [("/phone".to_owned(), code.to_owned())]);
        }
        for code in ["12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
            let answer = client.post("/api/v1/sessions", &json!({"challenge": "00", "code": code})).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [("/code".to_owned(), "not-a-code".to_owned())]);
        }
        let many: Vec<String> = (0..1_000).map(|n| format!("BTM/2026-12-01/{n}")).collect();
        let wanted = json!({"people": [1], "service": "visa", "passport": "gold", "choices": many});
        let answer = client.post(&format!("/api/v1/releases/{RELEASE}/entry"), &wanted).await;
        answer.problem(422, "fields");
        let expected = [("/service", "not-one-of"), ("/passport", "not-one-of"), ("/choices", "too-many")];
        assert_eq!(answer.fields(), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        let wanted = json!({
            "people": [1], "service": "new", "passport": "ordinary",
            "choices": ["BTM/*/*", "btm/*/*", "BTM/2026-02-30/*", "BTM/*/25:00", "'; DROP TABLE slots; --"],
        });
        let answer = client.post(&format!("/api/v1/releases/{RELEASE}/entry"), &wanted).await;
        let expected = [1, 2, 3, 4].map(|index| (format!("/choices/{index}"), "not-a-choice".to_owned()));
        assert_eq!(answer.fields(), expected);
        let wanted = json!({"slot": 1, "for": "my friend"});
        let answer = client.post("/api/v1/appointments", &wanted).await;
        assert_eq!(answer.fields(), [("/for".to_owned(), "not-one-of".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn queries_are_read_strictly() {
    in_both_languages(async |client| {
        for path in
            ["regions", "services", "releases", "me", "offices/BTM", "releases/2026-W49", "releases/2026-W49/draw"]
        {
            let answer = client.get(&format!("/api/v1/{path}?debug=1")).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [("?debug".to_owned(), "unknown-field".to_owned())]);
        }
        for (query, pointer, code) in [
            ("province=99", "?province", "not-an-id"),
            ("near=batam", "?near", "not-a-point"),
            ("near=1,200", "?near", "not-a-point"),
            ("near=NaN,NaN", "?near", "not-a-point"),
            ("q=a&q=b", "?q", "unknown-field"),
        ] {
            let answer = client.get(&format!("/api/v1/offices?{query}")).await;
            answer.problem(422, "fields");
            assert_eq!(answer.fields(), [(pointer.to_owned(), code.to_owned())]);
        }
        let long = client.get(&format!("/api/v1/offices?q={}", "a".repeat(101))).await;
        assert_eq!(long.fields(), [("?q".to_owned(), "too-long".to_owned())]);
        let answer = client.get("/api/v1/offices/BTM/slots?release=next%20week").await;
        assert_eq!(answer.fields(), [("?release".to_owned(), "not-an-id".to_owned())]);
        client.get("/api/v1/offices?q=%ff").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn addresses_that_name_nothing_are_not_found() {
    in_both_languages(async |client| {
        for path in [
            "/api",
            "/api/",
            "/api/v1",
            "/api/v2/me",
            "/api/v1/nothing",
            "/api/v1/offices/",
            "/api/v1/offices/xxq",
            "/api/v1/offices/%ff",
            "/api/v1/offices/BTM/slots/1",
        ] {
            client.get(path).await.problem(404, "not-found");
        }
        client.get("/api/v1/releases/%F0%9F%98%80").await.problem(404, "release-unknown");
        client.get("/api/v1/releases/2026-W49/draw/secrets.txt").await.problem(404, "release-unknown");
        client.get("/api/v1/appointments/nothing").await.problem(404, "ticket-unknown");
        client.get("/api/v1/appointments/nothing/ticket").await.problem(404, "ticket-unknown");
        client.get(&format!("/api/v1/appointments/{}/ticket", "A".repeat(5_000))).await.problem(404, "ticket-unknown");
        client.delete("/api/v1/me/family/abc").await.problem(404, "not-found");
        client.delete("/api/v1/me/family/99999999999999999999").await.problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_refused_with_those_it_takes() {
    in_both_languages(async |client| {
        for (method, path, allowed) in [
            (Method::DELETE, "/api/v1/offices", "GET"),
            (Method::POST, "/api/v1/me", "GET"),
            (Method::PATCH, "/api/v1/me", "DELETE"),
            (Method::GET, "/api/v1/appointments", "POST"),
            (Method::PUT, "/api/openapi.json", "GET"),
        ] {
            let answer = client.send(method, path, Body::empty()).await;
            answer.problem(405, "method-not-allowed");
            assert!(answer.header("allow").contains(allowed), "{path}: {}", answer.header("allow"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_broken_authorization_header_is_signed_out() {
    let server = Server::new().await;
    for value in ["Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer \u{fc}"] {
        server.stranger().with("authorization", value).get("/api/v1/me").await.problem(401, "signed-out");
    }
    let mut cookie = server.applicant(1).await.client;
    let token = cookie.token.take().unwrap();
    let cookie = cookie.with("cookie", format!("antrean_sesi={token}"));
    cookie.get("/api/v1/me").await.problem(401, "signed-out");
}

#[tokio::test]
async fn problems_speak_the_readers_language() {
    let server = Server::new().await;
    let stranger = server.stranger();
    let path = "/api/v1/sessions/codes";
    let body = json!({"phone": "021-5550100"});
    let id = stranger.post(path, &body).await.problem(422, "fields");
    let en = stranger.in_english().post(path, &body).await.problem(422, "fields");
    assert_ne!(id["title"], en["title"]);
    assert_ne!(id["errors"][0]["detail"], en["errors"][0]["detail"]);
    let weighted = stranger.with("accept-language", "fr, en;q=0.4, id;q=0.9");
    assert_eq!(weighted.post(path, &body).await.problem(422, "fields")["title"], id["title"]);
}
