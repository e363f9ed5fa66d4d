//! A server from start to stop, and the commands that work beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use antrean_app::clock::{Clock as _, SystemClock};
use jiff::SignedDuration;

use crate::running::{Server, arg, json, run};

const WAIT: Duration = Duration::from_mins(1);

/// Asks the server until the answer is as wished; panics after a minute.
fn until(url: &str, wished: impl Fn(u16, &str) -> bool) -> String {
    let started = Instant::now();
    loop {
        let got = get(url);
        if wished(got.0, &got.1) {
            return got.1;
        }
        assert!(started.elapsed() < WAIT, "{url} still answers {} {}", got.0, got.1);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn get(url: &str) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

#[test]
fn a_server_starts_stops_and_starts_again_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    let args = ["--data", data, "--listen", "127.0.0.1:0"];
    let server = Server::start(&args);
    assert_eq!(get(&format!("{}/", server.url)).0, 200);
    assert_eq!(get(&format!("{}/demo/pesan", server.url)).0, 404, "the inbox is the demo's");
    assert_eq!(get(&format!("{}/demo/messages?to=0812-0000-0001", server.url)).0, 404);
    let releases = until(&format!("{}/api/v1/releases", server.url), |_, body| body.contains("\"planned\""));

    let second = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("another server runs on"), "{}", second.err);
    let taken = run(&["serve", "--data", "/nowhere/else", "--listen", server.address()]);
    assert!(taken.code == 1 && taken.err.contains("cannot listen on"), "{}", taken.err);

    let key = fs::read(folder.path().join("master.key")).unwrap();
    for file in fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is open to others: {mode:o}", file.path().display());
    }
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&args);
    assert_eq!(until(&format!("{}/api/v1/releases", server.url), |status, _| status == 200), releases);
    assert_eq!(fs::read(folder.path().join("master.key")).unwrap(), key);
    assert_eq!(server.stop(), Some(0));

    fs::remove_file(folder.path().join("master.key")).unwrap();
    let lost = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(lost.code == 2 && lost.err.contains("master.key is missing"), "{}", lost.err);
    fs::write(folder.path().join("master.key"), "ab".repeat(32)).unwrap();
    let other = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(other.code == 1 && other.err.contains("key does not belong to this database"), "{}", other.err);
}

#[test]
fn an_import_is_taken_up_by_a_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&["--data", arg(&data), "--listen", "127.0.0.1:0"]);
    let office = format!("{}/api/v1/offices/LGS", server.url);
    assert!(get(&office).1.contains("Kantor Imigrasi Langsa"));
    let file = folder.path().join("offices.csv");
    let good = include_str!("../../../../data/offices.csv");
    fs::write(&file, good.replacen("Kantor Imigrasi Langsa", "Kantor Imigrasi Uji", 1)).unwrap();
    assert_eq!(run(&["import", "--data", arg(&data), arg(&file)]).code, 0);
    until(&office, |_, body| body.contains("Kantor Imigrasi Uji"));
}

#[test]
fn an_announced_value_draws_a_release_and_the_draw_is_verified_from_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    let freeze = (SystemClock.now() + SignedDuration::from_secs(4)).to_string();
    let planned = json(&[
        "release",
        "plan",
        "--data",
        data,
        "--id",
        "UJI-1",
        "--opens",
        "now",
        "--freeze",
        &freeze,
        "--beacon",
        "manual:the lottery of Sunday",
        "--offices",
        "BTM,JAP",
        "--json",
    ]);
    assert_eq!(planned["release"], "UJI-1");
    let early = run(&["release", "draw", "UJI-1", "--data", data, "--value", "12 34 56"]);
    assert!(early.code == 1 && early.err.contains("nothing is drawn before"), "{}", early.err);

    let server = Server::start(&["--data", data, "--listen", "127.0.0.1:0"]);
    until(&format!("{}/api/v1/releases/UJI-1", server.url), |_, body| body.contains("\"frozen\""));
    let page = format!("{}/undian/UJI-1", server.url);
    let soon = run(&["release", "verify", &page]);
    assert!(soon.code == 2 && soon.err.contains("the server answers 404"), "{}", soon.err);
    let without = run(&["release", "draw", "UJI-1", "--data", data]);
    assert!(without.code == 2 && without.err.contains("the lottery of Sunday"), "{}", without.err);
    let drawn = json(&["release", "draw", "UJI-1", "--data", data, "--value", "12 34 56", "--json"]);
    assert_eq!((&drawn["state"], &drawn["entries"]), (&"drawn".into(), &0.into()));
    let again = run(&["release", "draw", "UJI-1", "--data", data, "--value", "65 43 21"]);
    assert!(again.code == 1 && again.err.contains("never run a second time"), "{}", again.err);

    until(&format!("{}/api/v1/releases/UJI-1", server.url), |_, body| body.contains("\"drawn\""));
    let report = json(&["release", "verify", &page, "--json"]);
    assert_eq!((&report["holds"], &report["release"], &report["given"]), (&true.into(), &"UJI-1".into(), &0.into()));
    assert_eq!(report["cautions"].as_array().map(Vec::len), Some(1), "an announced value has to be looked up");
}

#[test]
fn a_release_without_a_server_is_drawn_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    let freeze = (SystemClock.now() + SignedDuration::from_secs(2)).to_string();
    json(&[
        "release",
        "plan",
        "--data",
        data,
        "--id",
        "UJI-2",
        "--opens",
        "now",
        "--freeze",
        &freeze,
        "--beacon",
        "local",
        "--offices",
        "BTM",
        "--json",
    ]);
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(json(&["release", "draw", "UJI-2", "--data", data, "--json"])["state"], "drawn");
    let given = run(&["release", "draw", "UJI-2", "--data", data, "--value", "1"]);
    assert!(given.code == 2 && given.err.contains("--value: the beacon of UJI-2 is local:UJI-2"), "{}", given.err);
}
