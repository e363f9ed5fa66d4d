//! `antrean rehearse`, small and short, against a server of its own in both modes; and what it refuses to do.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_store::{Store, StoreConfig, Tx};
use jiff::SignedDuration;
use serde_json::Value;

use crate::running::{Server, arg, program, run};

/// A rehearsal of some hundreds, with goals so wide that a busy machine reaches them, and its report.
fn rehearsed(p99_ms: &str, more: &[&str]) -> (i32, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.html");
    let wide = ["--goal-p99-ms", p99_ms, "--goal-others-p99-ms", "30000", "--goal-later-percent", "50"];
    let people =
        ["--citizens", "220", "--bots", "60", "--seconds", "8", "--goal-lost-percent", "100", "--no-goal-fair"];
    let out = ["--json", "-", "--report", arg(&report)];
    let args: Vec<&str> = ["rehearse"].iter().chain(&wide).chain(&people).chain(&out).chain(more).copied().collect();
    let ran = run(&args);
    let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err));
    (ran.code, told, fs::read_to_string(&report).unwrap_or_default())
}

/// The report must be whole by itself: nothing is fetched from anywhere, and nothing runs in it.
fn is_one_file(html: &str) {
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    for outside in ["src=", "href=", "url(", "@import", "<script", "<link", "http://", "https://", "onclick"] {
        assert!(!html.contains(outside), "the report refers to something by {outside}");
    }
    assert!(html.matches("<svg").count() >= 6 && html.matches("<svg").count() == html.matches("</svg>").count());
}

/// Every rule held, and everything that was acknowledged was asked for again.
fn holds(told: &Value) {
    let rules = told["rules"].as_array().expect("a list");
    assert!(rules.len() >= 6, "{told}");
    for rule in rules {
        assert_eq!(rule["broken"], 0, "{}: {}", rule["says"], told["audit"]["findings"]);
    }
    assert!(rules.iter().any(|rule| rule["rule"] == "store_holds"), "the stopped store was audited as well");
    assert_eq!(told["audit"]["findings"], Value::Array(Vec::new()));
    assert_eq!(told["audit"]["accounts"], 280);
    for field in ["goals", "kinds", "requests", "refusals", "phases", "cautions"] {
        assert!(told[field].is_array(), "{field}");
    }
    let seconds = told["seconds"]["answers"].as_array().expect("a list");
    let in_seconds: u64 = seconds
        .iter()
        .flat_map(|second| ["done", "refused", "later", "broken"].map(|what| second[what].as_u64().expect("a number")))
        .sum();
    let answers = told["answers"]["people"].as_u64().zip(told["answers"]["bots"].as_u64());
    assert_eq!(answers.map(|(people, bots)| people + bots), Some(in_seconds), "seconds add up to the whole");
}

fn of_kind<'a>(told: &'a Value, kind: &str) -> &'a Value {
    let kinds = told["kinds"].as_array().expect("a list");
    kinds.iter().find(|of| of["kind"] == kind).unwrap_or_else(|| panic!("{kind} of {told}"))
}

#[test]
fn a_draw_is_rehearsed_and_everything_acknowledged_is_there() {
    let (code, told, report) = rehearsed("30000", &[]);
    holds(&told);
    is_one_file(&report);
    assert_eq!((code, &told["verdict"]), (0, &"holds".into()), "{} {}", told["goals"], told["cautions"]);
    assert!(told["draw_s"].is_number() && report.contains("IT HOLDS"));
    assert!(told["audit"]["drawn"].as_u64() > Some(100), "{}", told["audit"]);
    let placed = |kind: &str| of_kind(&told, kind)["parties_placed"].as_u64().expect("a number");
    assert!(placed("citizen") > 0 && placed("slow_phone") > 0, "{}", told["kinds"]);
    let same_nik = of_kind(&told, "same_nik");
    assert!(same_nik["parties"].as_u64() <= Some(3), "15 accounts of three people: {same_nik}");
}

#[test]
fn a_rush_is_rehearsed_and_a_goal_that_cannot_be_reached_is_missed() {
    let (code, told, report) = rehearsed("0.001", &["--mode", "first_come", "--places", "150"]);
    holds(&told);
    is_one_file(&report);
    assert_eq!((code, &told["verdict"]), (1, &"missed".into()), "{}", told["goals"]);
    let missed = told["goals"].as_array().expect("a list").iter().filter(|goal| goal["met"] == false);
    assert_eq!(missed.map(|goal| goal["name"].as_str().expect("a name")).collect::<Vec<_>>(), ["asking_p99_ms"]);
    let places = told["places"].as_u64().expect("a number");
    assert!(told["audit"]["people_placed"].as_u64() <= Some(places), "nothing oversold: {}", told["audit"]);
    assert!(told["audit"]["places"].as_u64() > Some(20), "{}", told["audit"]);
}

#[test]
fn a_rehearsal_on_postgres_keeps_its_word_there_and_takes_no_database_that_is_in_use() {
    let Some(database) = antrean_cluster::database() else { return };
    let url = database.url();
    let (code, told, _) = rehearsed("30000", &["--database", &url]);
    holds(&told);
    assert_eq!((code, &told["verdict"]), (0, &"holds".into()), "{} {}", told["goals"], told["cautions"]);
    let entries = told["audit"]["drawn"].as_u64().expect("a number");
    assert!(entries > 100, "{}", told["audit"]);
    // What the audit of the stopped store has read is there, and nowhere else.
    let kept = Store::open(&StoreConfig::url(url.parse().unwrap())).unwrap();
    let of_release = move |tx: &Tx<'_>| tx.one("SELECT count(*) FROM entries", &[], |row| row.int(0));
    assert!(kept.read_blocking(of_release).unwrap() >= entries.cast_signed());
    drop(kept);
    let again = run(&["rehearse", "--quick", "--database", &url]);
    assert!(again.code == 2 && again.err.contains("is not new"), "{} {}", again.code, again.err);
    let wrong = run(&["rehearse", "--quick", "--database", "mysql://127.0.0.1/x"]);
    assert!(wrong.code == 2 && wrong.err.contains("must begin with postgres://"), "{}", wrong.err);
}

#[test]
fn a_server_that_does_not_say_that_it_is_in_rehearsal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--data", arg(folder.path()), "--listen", "127.0.0.1:0"]);
    let refused = run(&["rehearse", "--quick", "--against", &server.url]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("does not say that it is in rehearsal"), "{}", refused.err);
    let elsewhere = run(&["rehearse", "--quick", "--against", "http://192.0.2.1:9"]);
    assert!(elsewhere.code == 2 && elsewhere.err.contains("--i-run-this-server"), "{}", elsewhere.err);
    for wrong in [&["--citizens", "0"][..], &["--quick", "--citizens", "5"], &["--release", "X"], &["--minutes", "x"]] {
        let args: Vec<&str> = ["rehearse"].iter().chain(wrong).copied().collect();
        assert_eq!(run(&args).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_staging_server_is_rehearsed_over_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    let staging = Server::start(&["--rehearsal", "--data", data, "--listen", "127.0.0.1:0"]);
    let none = run(&["rehearse", "--quick", "--release", "NO-1", "--against", &staging.url]);
    assert!(none.code == 1 && none.err.contains("cannot be read"), "{}", none.err);
    let freeze = (SystemClock.now() + SignedDuration::from_secs(14)).to_string();
    let plan = ["release", "plan", "--data", data, "--id", "GLADI-1", "--opens", "now", "--freeze", &freeze];
    let planned =
        program().args(plan).args(["--beacon", "local", "--offices", "BTM", "--waves", "00:00"]).output().unwrap();
    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
    // The server takes a release up within a second.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let people =
        ["--citizens", "40", "--bots", "8", "--seconds", "6", "--release", "GLADI-1", "--against", &staging.url];
    let wide = ["--goal-p99-ms", "30000", "--goal-others-p99-ms", "30000", "--goal-lost-percent", "100", "--json", "-"];
    let ran = program().arg("rehearse").args(people).args(wide).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"));
    assert_eq!(
        (ran.status.code(), &told["release"]),
        (Some(0), &"GLADI-1".into()),
        "{} {}",
        told["goals"],
        told["audit"]
    );
    assert!(told["audit"]["drawn"].as_u64() > Some(20), "{}", told["audit"]);
    assert!(told["rules"].as_array().unwrap().iter().all(|rule| rule["rule"] != "store_holds"), "not ours to open");
    assert_eq!(staging.stop(), Some(0));
}

#[test]
fn a_directory_is_for_people_or_for_rehearsals_and_never_for_both() {
    let folder = tempfile::tempdir().unwrap();
    let (real, made_up) = (folder.path().join("real"), folder.path().join("made-up"));
    assert_eq!(Server::start(&["--data", arg(&real), "--listen", "127.0.0.1:0"]).stop(), Some(0));
    let refused = run(&["serve", "--rehearsal", "--data", arg(&real), "--listen", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.err.contains("was not made for rehearsals"), "{}", refused.err);
    let staging = Server::start(&["--rehearsal", "--data", arg(&made_up), "--listen", "127.0.0.1:0"]);
    assert_eq!(staging.stop(), Some(0));
    let refused = run(&["serve", "--data", arg(&made_up), "--listen", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.err.contains("belongs to rehearsals"), "{}", refused.err);
}

#[test]
fn ctrl_c_ends_it_with_what_is_known_and_nothing_stays_behind() {
    let mut running = program();
    running.args(["rehearse", "--citizens", "60", "--bots", "6", "--minutes", "5", "--json", "-"]);
    let mut child = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    // By then people are coming.
    assert!(talk.any(|line| line.unwrap().starts_with("waiting for the opening: over")));
    std::thread::sleep(std::time::Duration::from_secs(2));
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["verdict"], &told["interrupted"]), (&"partial".into(), &true.into()));
    assert!(told["cautions"][0].as_str().unwrap().contains("ended early"), "{}", told["cautions"]);
}
