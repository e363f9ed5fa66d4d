//! The log, at its most talkative: it tells what happens and nothing about anybody.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::time::Duration;

use antrean_crowd::citizen::Outcome;
use serde_json::Value;

use crate::running::{Server, arg, program};
use crate::storm::{Phones, configuration, gather, plan};

/// Everything in a line that a person could have been written into. Instants and times are digits by themselves.
fn said(line: &Value, into: &mut Vec<String>) {
    match line {
        Value::String(text) => into.push(text.to_lowercase()),
        Value::Number(number) if number.is_u64() => into.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|value| said(value, into)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name != "timestamp" && name != "trace_id" {
                    said(value, into);
                }
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_journey_at_the_most_talkative_level_names_nobody() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    let quiet = configuration(&phones.listen().await);
    fs::write(&file, quiet.replace("log_filter = \"error\"", "log_filter = \"trace\"\nlog = \"json\"")).unwrap();
    let (config, at) = (arg(&file), arg(&data));
    plan(config, at);
    let log = folder.path().join("log");
    let mut command = program();
    command.args(["serve", "--config", config, "--data", at, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    command.stderr(File::create(&log).unwrap());
    let server = Server::of(command);

    let mut crowd = gather(&server.url, 12, 11, &phones).await;
    crowd.prepare(Duration::ZERO).await;
    crowd.book().await;
    let client = reqwest::Client::new();
    let mut secrets = BTreeSet::from_iter(phones.codes());
    for citizen in crowd.citizens() {
        let Outcome::Placed { link, .. } = &citizen.outcome else { panic!("{:?}", citizen.outcome) };
        let (phone, token) = (citizen.household.phone.e164(), citizen.token());
        // As a browser, with a cookie; from another site; with everything in the address; with what is wrong.
        let page = |path: String| {
            client.get(format!("{}{path}", server.url)).header("cookie", format!("antrean_sesi={token}"))
        };
        let ticket = page(format!("/tiket/{link}")).send().await.unwrap();
        assert_eq!(ticket.status(), 200);
        page(format!("/saya?telepon={phone}")).send().await.unwrap();
        page(format!("/kantor?q={phone}")).header("x-request-id", &phone[1..]).send().await.unwrap();
        let cancel = client.post(format!("{}/tiket/{link}/batal", server.url)).header("sec-fetch-site", "cross-site");
        cancel.header("origin", "https://elsewhere.example").body(format!("telepon={phone}")).send().await.unwrap();
        client.post(format!("{}/api/v1/sessions", server.url)).body(format!("{{{phone}")).send().await.unwrap();
        client.get(format!("{}/{token}", server.url)).bearer_auth(token).send().await.unwrap();
        let national = phone.trim_start_matches("+62").to_owned();
        secrets.extend([link.clone(), token.to_owned(), national]);
        for resident in &citizen.household.people {
            secrets.extend([resident.nik.as_str().to_owned(), resident.name.as_str().to_owned()]);
        }
    }
    crowd.look().await;
    crowd.cancel(1, Duration::ZERO).await;
    assert_eq!(server.stop(), Some(0));

    let text = fs::read_to_string(&log).unwrap();
    let mut words = Vec::new();
    for line in text.lines() {
        said(&serde_json::from_str(line).unwrap_or_else(|_| panic!("each line is JSON: {line}")), &mut words);
    }
    for wanted in ["/api/v1/appointments", "request", "stopped", "told to stop; finishing what is under way"] {
        assert!(words.iter().any(|word| word == wanted), "{wanted}: the log tells what happens");
    }
    assert!(secrets.len() > 50);
    for secret in &secrets {
        let secret = secret.to_lowercase();
        let told = words.iter().find(|word| word.contains(&secret));
        assert_eq!(told, None, "{secret} is in the log");
    }
}
