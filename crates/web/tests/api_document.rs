//! The API's description: committed, complete, and true.

mod people;

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use people::Server;
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&antrean_web::api::openapi_json()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    found
}

/// Run with `ANTREAN_WRITE=1` to write the file anew after a change that is meant.
#[test]
fn the_committed_description_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let fresh = antrean_web::api::openapi_json();
    if std::env::var_os("ANTREAN_WRITE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "openapi.json is not up to date; run this test with ANTREAN_WRITE=1 and look at the change"
    );
}

#[tokio::test]
async fn the_description_is_served_as_openapi_3_1() {
    let server = Server::new().await;
    let answer = server.stranger().get("/api/openapi.json").await;
    let document = answer.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(answer.text(), antrean_web::api::openapi_json());
}

#[tokio::test]
async fn every_operation_described_is_there() {
    let server = Server::new().await;
    for (path, method, operation) in operations(&document()) {
        let path = path.replace("{challenge}", "00").replace("{id}", "1").replace("{code}", "BTM");
        let path = path.replace("{link}", "A").replace("{file}", "rules.txt");
        let answer = server.stranger().send(method.parse::<Method>().unwrap(), &path, Body::empty()).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        if answer.status == 404 {
            assert_ne!(answer.json()["code"], "not-found", "{method} {path}");
        }
        let status = answer.status.as_u16().to_string();
        assert!(
            operation["responses"].get(&status).is_some(),
            "{method} {path} answered {status}, which is not described"
        );
    }
}

#[test]
fn every_route_of_the_api_is_described() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut plain = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        plain.extend(text.lines().filter(|line| line.contains(".route(\"")).map(|line| line.trim().to_owned()));
        let handlers = text.matches("#[utoipa::path(").count();
        let listed: usize = text
            .lines()
            .filter_map(|line| line.split_once("routes!(").map(|(_, rest)| rest))
            .map(|rest| rest.split(')').next().unwrap_or_default().split(',').count())
            .sum();
        assert_eq!(handlers, listed, "{}: a described handler without a route, or the other way round", file.display());
    }
    assert_eq!(plain, ["router.route(\"/api/openapi.json\", get(document))"], "routes beside the description");
}

#[test]
fn every_operation_says_who_may_call_it_and_how_it_can_fail() {
    for (path, method, operation) in operations(&document()) {
        let what = format!("{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        for always in ["422", "429", "500", "503"] {
            assert!(responses.contains_key(always), "{what}: no {always}");
        }
        let signed_in = operation.get("security").is_some();
        assert_eq!(signed_in, responses.contains_key("401"), "{what}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        assert_eq!(has("Idempotency-Key"), signed_in && method != "GET", "{what}");
        assert!(has("Accept-Language"), "{what}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}: no summary");
        if let Some(body) = operation.get("requestBody") {
            let name = body["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
            let schema = document().pointer(name.trim_start_matches('#')).cloned().unwrap_or_default();
            assert_eq!(schema["additionalProperties"], false, "{what}: the body is not closed");
        }
    }
}

#[test]
fn every_field_of_every_schema_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            let described = of.get("description").is_some()
                || of.get("$ref").is_some()
                || of.get("oneOf").is_some_and(|kinds| kinds.to_string().contains("$ref"));
            assert!(described, "{name}.{field} has no description");
        }
    }
}

#[test]
fn people_in_examples_are_made_up() {
    let text = antrean_web::api::openapi_json();
    let mut digits = String::new();
    for sign in text.chars().chain([' ']) {
        if sign.is_ascii_digit() {
            digits.push(sign);
        } else {
            let is_nik = digits.len() == 16;
            assert!(!is_nik || digits.ends_with("0000"), "{digits} might be somebody's");
            digits.clear();
        }
    }
}
