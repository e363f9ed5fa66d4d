//! The doctor: finds what is wrong and says what to do, all of it at once, beside a server that runs, and tells no secret.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::running::{Ran, Server, arg, run};

/// What the doctor found, with its exit code.
struct Found {
    code: i32,
    report: Value,
    whole: String,
}

impl Found {
    /// Whether something of this grade says so.
    fn has(&self, grade: &str, says: &str) -> bool {
        let findings = self.report["findings"].as_array().expect("a list");
        findings
            .iter()
            .any(|finding| finding["grade"] == grade && finding["says"].as_str().expect("a sentence").contains(says))
    }

    fn must(&self, grade: &str, says: &str) {
        assert!(self.has(grade, says), "no {grade} {says:?} in {}", self.whole);
    }
}

fn doctor(args: &[&str]) -> Found {
    let ran: Ran = run(&[&["doctor", "--json"], args].concat());
    let report: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err));
    assert_eq!(ran.code == 0, report["well"] == true, "{}", ran.out);
    for finding in report["findings"].as_array().expect("a list") {
        let bad = finding["grade"] == "warning" || finding["grade"] == "wrong";
        assert_eq!(bad, finding["do"].is_string(), "whatever is bad says what to do: {finding}");
    }
    Found { code: ran.code, report, whole: ran.out }
}

/// A server on loopback that answers every request with these bytes, until the test ends.
fn answering(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for line in listener.incoming() {
            let Ok(mut line) = line else { return };
            let _ = line.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(line, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    url
}

fn configured(folder: &Path, text: &str) -> String {
    let file = folder.join("antrean.toml");
    fs::write(&file, text).unwrap();
    arg(&file).to_owned()
}

#[test]
fn a_good_installation_is_well_while_its_server_runs_and_no_secret_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&["--data", arg(&data), "--listen", "127.0.0.1:0"]);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let found = doctor(&["--data", arg(&data), "--offline", "--thorough"]);
    assert_eq!(found.code, 0, "{}", found.whole);
    found.must("good", "every page, row and index was read");
    found.must("good", "every rule holds over the whole database");
    found.must("good", "was made with the master key that is there");
    found.must("good", "runs on this directory as process");
    found.must("good", "WIB, WITA and WIT are known");
    found.must("note", "--offline");
    let key = fs::read_to_string(data.join("master.key")).unwrap();
    assert!(!found.whole.contains(key.trim()));
    assert_eq!(server.stop(), Some(0), "it is none the worse for it");

    let ran = run(&["doctor", "--data", arg(&data), "--offline"]);
    assert!(ran.code == 0 && ran.out.contains("\ndatabase\n  good     "), "{}", ran.out);
    assert!(ran.out.trim_end().ends_with(" good"), "{}", ran.out);
}

#[test]
fn an_empty_machine_is_told_what_the_first_start_will_make() {
    let folder = tempfile::tempdir().unwrap();
    let found = doctor(&["--data", arg(&folder.path().join("data")), "--offline"]);
    assert_eq!(found.code, 0, "{}", found.whole);
    found.must("note", "the first start makes it");
    assert!(!folder.path().join("data").exists(), "the doctor makes nothing");
    found.must("warning", "no gateway is configured");
    found.must("warning", "server.base_url is not set");
    found.must("warning", "nobody can watch the server");
}

#[test]
fn every_mistake_of_a_configuration_is_told_and_the_gateways_password_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = configured(
        folder.path(),
        "[server]\nlisten = \"here\"\nport = 1\nbase_url = \"http://antrean.example.id\"\n[policy]\nbeacon = \"local\"\n\
         code_minutes = 0\n[gateway]\nurl = \"http://sms.example.id/?key=hush\"\nauthorization = \"Bearer hush\"\n",
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let found = doctor(&["--config", &file, "--data", arg(&folder.path().join("data")), "--offline"]);
    assert_eq!(found.code, 1);
    for says in [
        "line 2, server.listen",
        "line 3, server.port",
        "policy.code_minutes",
        "trusted_proxies is empty",
        "gateway.url",
    ] {
        found.must("wrong", says);
    }
    found.must("warning", "policy.beacon is local");
    found.must("warning", "travel in the open");
    found.must("warning", "may hold the gateway's password");
    assert!(!found.whole.contains("hush"), "{}", found.whole);

    let text = "[server]\nlisten = \"0.0.0.0:8080\"\nbase_url = \"https://antrean.example.id\"\nsecure_cookies = false\n\
                metrics = \"0.0.0.0:9464\"\ntrusted_proxies = [\"0.0.0.0/0\"]\n";
    let found = doctor(&["--config", &configured(folder.path(), text), "--offline"]);
    found.must("wrong", "anybody can claim any address");
    found.must("warning", "can be reached past the proxy");
    found.must("warning", "secure_cookies is false");
    found.must("warning", "beyond this machine");
    assert_eq!(doctor(&["--config", "/nowhere.toml", "--offline"]).code, 1);
    assert_eq!(run(&["doctor", "--quick"]).code, 2);
}

#[test]
fn a_lost_a_foreign_and_an_open_key_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    run(&["import", "--data", data, "--dir", concat!(env!("CARGO_MANIFEST_DIR"), "/../../data")]);
    let key = folder.path().join("master.key");
    let right = fs::read(&key).unwrap();
    let look = || doctor(&["--data", data, "--offline"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    look().must("warning", "other users of this machine can read");
    fs::write(&key, "ab".repeat(32)).unwrap();
    look().must("wrong", "was made with another master key");
    fs::write(&key, "ab").unwrap();
    look().must("wrong", "64 digits");
    fs::remove_file(&key).unwrap();
    look().must("wrong", "is missing, but there is a database");

    let elsewhere = folder.path().join("elsewhere.key");
    let file = configured(folder.path(), &format!("[server]\nmaster_key_file = \"{}\"\n", elsewhere.display()));
    fs::write(&elsewhere, right).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o400)).unwrap();
    let found = doctor(&["--config", &file, "--data", data, "--offline"]);
    found.must("good", "was made with the master key that is there");
    let none = folder.path().join("none");
    fs::remove_file(&elsewhere).unwrap();
    doctor(&["--config", &file, "--data", arg(&none), "--offline"]).must("wrong", "elsewhere.key is missing");
}

#[test]
fn a_damaged_database_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    run(&["import", "--data", data, "--dir", concat!(env!("CARGO_MANIFEST_DIR"), "/../../data")]);
    let file = folder.path().join("antrean.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..4096 * 4].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let found = doctor(&["--data", data, "--offline"]);
    assert_eq!(found.code, 1, "{}", found.whole);
    fs::write(&file, "a text in the place of a database, longer than its header would have been, to be sure of it")
        .unwrap();
    doctor(&["--data", data, "--offline"]).must("wrong", "cannot open the database");
}

#[test]
fn the_public_address_is_looked_at_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let dead = "http://127.0.0.1:1";
    let relays = format!("[beacons]\nrelays = [\"{dead}\"]\n");
    let file = configured(folder.path(), &relays);
    let data = folder.path().join("data");
    let look = |base: &str| doctor(&["--config", &file, "--data", arg(&data), "--base-url", base]);
    let found = look(dead);
    found.must("wrong", "does not answer");
    found.must("wrong", "0 of 1 relays");
    look(&answering("502 Bad Gateway", "")).must("wrong", "the proxy answers, but reaches no server (502)");
    look(&answering("301 Moved\r\nLocation: https://antrean.example.id/livez", ""))
        .must("wrong", "sends everybody on to https://antrean.example.id/livez");
    let other = look(&answering("200 OK\r\nDate: Fri, 20 Nov 2020 07:00:00 GMT", "It works!"));
    other.must("wrong", "is answered by something else (200)");
    other.must("wrong", "s ahead of the clock of");
    let stripped = look(&answering("200 OK", "ok\n"));
    stripped.must("wrong", "does not hand on ETag and Content-Security-Policy");
    stripped.must("warning", "hands on /metrics");

    let server = Server::start(&["--data", arg(&data), "--listen", "127.0.0.1:0"]);
    let found = look(&server.url);
    found.must("good", "reaches the server");
    found.must("good", "hands on the headers");
    found.must("good", "a forged address is not believed");
    found.must("good", "agrees with the clock of");
    drop(server);

    // Whoever asks is a trusted proxy here, so that its forged header is believed.
    let trusting = configured(folder.path(), &format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n{relays}"));
    let server = Server::start(&["--config", &trusting, "--data", arg(&data), "--listen", "127.0.0.1:0"]);
    look(&server.url).must("wrong", "a client can choose the address");
}

#[test]
fn a_relay_and_a_gateway_that_answer_are_good_and_a_relays_clock_counts() {
    let folder = tempfile::tempdir().unwrap();
    let relay = answering("200 OK\r\nDate: Fri, 20 Nov 2099 07:00:00 GMT", "{}");
    let file = configured(
        folder.path(),
        &format!("[beacons]\nrelays = [\"{relay}\"]\n[gateway]\nurl = \"https://127.0.0.1:1/key\"\n"),
    );
    let found = doctor(&["--config", &file, "--data", arg(&folder.path().join("data"))]);
    found.must("good", "1 of 1 relays");
    found.must("wrong", "behind the clock of 127.0.0.1");
    found.must("wrong", "127.0.0.1 does not answer");
    assert!(!found.whole.contains("/key"), "{}", found.whole);
}

#[test]
fn a_health_check_says_whether_the_server_lives() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--data", arg(folder.path()), "--listen", "127.0.0.1:0"]);
    let file = configured(folder.path(), &format!("[server]\nlisten = \"{}\"\n", server.address()));
    let live = || run(&["doctor", "--live", "--config", &file]).code;
    assert_eq!(live(), 0);
    server.kill();
    assert_eq!(live(), 1);
}

#[test]
fn a_key_is_made_once_and_told_by_its_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    let made = run(&["key", "new", arg(&file)]);
    assert_eq!((made.code, made.out.trim().len()), (0, 16), "{}", made.err);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(run(&["key", "fingerprint", arg(&file)]).out, made.out);
    let again = run(&["key", "new", arg(&file)]);
    assert!(again.code == 1 && again.err.contains("never written over"), "{}", again.err);
    assert!(!fs::read_to_string(&file).unwrap().contains(made.out.trim()));
}
