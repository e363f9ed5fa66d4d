//! What an operator sees of a server that runs: metrics, probes, how it stops, and what it does when the disk is full.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use antrean_crowd::citizen::Outcome;

use crate::running::{Server, arg, program};
use crate::storm::{Phones, audited, configuration, gather, plan};

const WAIT: Duration = Duration::from_mins(1);

/// Status and body of an address.
fn get(url: &str) -> (u16, String) {
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("an address");
    let mut line = TcpStream::connect(host).expect("somebody listens");
    write!(line, "GET /{path} HTTP/1.1\r\nHost: antrean\r\nConnection: close\r\n\r\n").unwrap();
    answer(line)
}

fn answer(mut line: TcpStream) -> (u16, String) {
    line.set_read_timeout(Some(WAIT)).unwrap();
    let mut text = String::new();
    line.read_to_string(&mut text).expect("an answer");
    let status = text.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// Asks until it is so; panics after a minute.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(got) = ask() {
            return got;
        }
        assert!(started.elapsed() < WAIT, "still not so: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The value of a line of metrics, by its name and labels.
fn value(metrics: &str, line: &str) -> Option<f64> {
    metrics.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_happened_and_nothing_about_anybody() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    fs::write(&file, configuration(&phones.listen().await)).unwrap();
    let (config, at) = (arg(&file), arg(&data));
    plan(config, at);
    let flags = ["--config", config, "--data", at, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
    let server = Server::start(&flags);
    let door = server.metrics.clone().expect("it says where");
    let door = door.trim_end_matches("/metrics").to_owned();
    let mut crowd = gather(&server.url, 20, 3, &phones).await;
    crowd.prepare(Duration::ZERO).await;
    crowd.book().await;
    let placed = crowd.results().placed;
    assert!(placed > 0);
    assert_eq!(get(&format!("{}/metrics", server.url)).0, 404, "nothing of it at the public door");
    assert_eq!(get(&format!("{}/api/v1/me", server.url)).0, 401);

    let booked = "antrean_request_seconds_count{route=\"/api/v1/appointments\",status=\"2xx\"}";
    let metrics = until("the public state is read", || {
        let (status, metrics) = get(&format!("{door}/metrics"));
        assert_eq!(status, 200);
        let all = value(&metrics, "antrean_release_places{release=\"UJI-CRASH\",mode=\"first_come\",state=\"open\"}")?;
        let left =
            value(&metrics, "antrean_release_places_left{release=\"UJI-CRASH\",mode=\"first_come\",state=\"open\"}")?;
        (all - left >= f64::from(placed)).then_some(metrics)
    });
    assert!(metrics.ends_with("# EOF\n"));
    assert_eq!(value(&metrics, booked), Some(f64::from(placed)), "{metrics}");
    assert_eq!(value(&metrics, "antrean_refusals_total{reason=\"signed-out\"}"), Some(1.0));
    assert_eq!(value(&metrics, "antrean_clock_held"), Some(1.0));
    assert_eq!(value(&metrics, "antrean_store_queue_waiting{queue=\"write\",lane=\"confirm\"}"), Some(0.0));
    for some in [
        "antrean_store_commit_seconds_count",
        "antrean_store_batch_operations_sum",
        "antrean_store_operations_total{kind=\"write\"}",
        "antrean_messages_total{outcome=\"sent\"}",
        "antrean_start_time_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(value(&metrics, some).is_some_and(|value| value > 0.0), "{some}\n{metrics}");
    }
    // Names and values are fixed words, templates and the names of releases.
    for citizen in crowd.citizens() {
        let Outcome::Placed { link, .. } = &citizen.outcome else { continue };
        assert!(!metrics.contains(link) && !metrics.contains(&citizen.household.phone.e164()[3..]));
    }
    assert!(metrics.lines().count() < 2_000, "{} lines", metrics.lines().count());
    let (status, ready) = get(&format!("{door}/readyz"));
    assert!(status == 200 && ready.contains("\"ready\":true"), "{ready}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_server_that_stops_answers_what_it_took_and_takes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut server =
        Server::start(&["--data", arg(folder.path()), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    let door = server.metrics.clone().unwrap().trim_end_matches("/metrics").to_owned();
    // A request that is under way: its last byte is still to come.
    let body = "{\"phone\":\"0812-0000-0001\"}";
    let mut held = TcpStream::connect(server.address()).unwrap();
    let length = body.len();
    write!(
        held,
        "POST /api/v1/sessions/codes HTTP/1.1\r\nHost: antrean\r\nContent-Type: application/json\r\n\
         Idempotency-Key: one\r\nContent-Length: {length}\r\n\r\n{}",
        &body[..length - 1]
    )
    .unwrap();
    until("it is under way", || {
        value(&get(&format!("{door}/metrics")).1, "antrean_requests_under_way").filter(|under_way| *under_way > 0.0)
    });

    server.tell_to_stop();
    until("nobody is let in", || TcpStream::connect(server.address()).is_err().then_some(()));
    let (status, why) = get(&format!("{door}/readyz"));
    assert!(status == 503 && why.contains("shutting down"), "{status} {why}");
    assert!(server.runs(), "it waits for the one that is under way");

    held.write_all(&body.as_bytes()[length - 1..]).unwrap();
    let (status, said) = answer(held);
    assert_eq!(status, 202, "{said}");
    until("it has gone", || (!server.runs()).then_some(()));
    assert_eq!(server.stop_code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_got_no_answer_from_a_server_that_stopped_has_nothing_and_all_others_have_their_place() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    fs::write(&file, configuration(&phones.listen().await)).unwrap();
    let (config, at) = (arg(&file).to_owned(), arg(&data).to_owned());
    plan(&config, &at);
    let server = Server::start(&["--config", &config, "--data", &at, "--listen", "127.0.0.1:0"]);
    let mut crowd = gather(&server.url, 240, 5, &phones).await;
    crowd.prepare(Duration::ZERO).await;
    assert_eq!(crowd.results().failed, BTreeMap::new());
    let counters = crowd.counters();
    let stop = tokio::task::spawn_blocking(move || {
        until("the storm is on", || (counters.read().1 > 10).then_some(()));
        let told = Instant::now();
        let code = server.stop();
        println!("stopped after {} ms", told.elapsed().as_millis());
        code
    });
    crowd.book().await;
    assert_eq!(stop.await.unwrap(), Some(0));
    let results = crowd.results();
    println!("{} of {} have a place, {} found nobody there", results.placed, results.citizens, results.failed.len());
    let there = tokio::task::spawn_blocking(move || audited(&data)).await.unwrap();
    assert_eq!(there, results.placed, "an effect for every answer, and an answer for every effect");
}

/// The server in a namespace of its own, on a disk of some megabytes; `None` where the system allows no namespaces.
fn on_a_small_disk(folder: &Path, config: &str) -> Option<Server> {
    let may = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("SKIPPED: this system lets nobody have a disk of their own");
        return None;
    }
    let binary = program();
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=12m tmpfs \"$0\" && exec \"$@\"";
    command.args(["-rm", "sh", "-c", script, arg(folder)]).arg(binary.get_program());
    command.args(["serve", "--config", config, "--data", arg(folder), "--listen", "127.0.0.1:0"]);
    for (name, value) in binary.get_envs() {
        if value.is_none() {
            command.env_remove(name);
        }
    }
    Some(Server::of(command))
}

#[test]
fn a_full_disk_is_told_as_such_loses_nothing_and_is_over_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    fs::create_dir(&data).unwrap();
    // Nobody's messages are sent, so that nothing but the requests of this test writes much.
    fs::write(
        &file,
        "[server]\nlog_filter = \"error\"\nsign_ins_per_network_hour = 0\n[policy]\nplan_weekly = false\n",
    )
    .unwrap();
    let Some(server) = on_a_small_disk(&data, arg(&file)) else { return };
    let ask = |number: u32| {
        let body = format!("{{\"phone\":\"0812-{number:08}\"}}");
        let mut line = TcpStream::connect(server.address()).unwrap();
        write!(
            line,
            "POST /api/v1/sessions/codes HTTP/1.1\r\nHost: antrean\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        line.read_to_string(&mut text).unwrap();
        text
    };
    assert!(ask(1).starts_with("HTTP/1.1 202"));
    // The disk as the server sees it.
    let disk = Path::new("/proc").join(server.id().to_string()).join("root").join(data.strip_prefix("/").unwrap());
    let rubbish = disk.join("something-else");
    let mut filler = fs::File::create(&rubbish).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}

    let mut number = 1;
    let mut acknowledged = 1;
    let refused = until("nothing can be kept", || {
        number += 1;
        let said = ask(number);
        if said.starts_with("HTTP/1.1 202") {
            acknowledged += 1;
            return None;
        }
        Some(said)
    });
    assert!(refused.starts_with("HTTP/1.1 503") && refused.to_lowercase().contains("\r\nretry-after: "), "{refused}");
    assert_eq!(get(&format!("{}/livez", server.url)).0, 200);
    assert_eq!(get(&format!("{}/", server.url)).0, 200, "who only looks is served");
    let why =
        until("it is not ready", || Some(get(&format!("{}/readyz", server.url))).filter(|(status, _)| *status == 503));
    assert!(why.1.contains("a full disk"), "{}", why.1);

    drop(filler);
    fs::remove_file(&rubbish).unwrap();
    until("it is ready again", || Some(get(&format!("{}/readyz", server.url))).filter(|(status, _)| *status == 200));
    assert!(ask(number).starts_with("HTTP/1.1 202"), "who was asked to come back is served");
    acknowledged += 1;

    // What the disk has: every code that was acknowledged, and none of those that were not.
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["antrean.db", "antrean.db-wal"] {
        fs::copy(disk.join(name), copy.join(name)).unwrap();
    }
    assert_eq!(server.stop(), Some(0));
    let store = antrean_store::Store::open(&antrean_store::StoreConfig::at(copy.join("antrean.db"))).unwrap();
    let kept = store.read_blocking(|tx| tx.one("SELECT count(*) FROM challenges", &[], |row| row.int(0))).unwrap();
    store.close_blocking();
    assert_eq!(kept, acknowledged);
}
