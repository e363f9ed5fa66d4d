//! Help, configuration and the commands that work on files.

use std::fs;

use crate::running::{arg, json, program, run};

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in [
        &["--help"][..],
        &["demo", "--help"],
        &["serve", "--help"],
        &["import", "--help"],
        &["release", "plan", "--help"],
        &["release", "list", "--help"],
        &["release", "draw", "--help"],
        &["release", "verify", "--help"],
        &["doctor", "--help"],
        &["staff", "add", "--help"],
        &["key", "new", "--help"],
        &["key", "fingerprint", "--help"],
    ] {
        let ran = run(command);
        assert_eq!(ran.code, 0, "{command:?}");
        assert!(ran.out.contains("Example"), "{command:?}: {}", ran.out);
        assert!(ran.err.is_empty(), "{command:?}: {}", ran.err);
    }
    assert_eq!(run(&[]).code, 2);
    assert_eq!(run(&["srve"]).code, 2);
    assert!(run(&["--version"]).out.starts_with("antrean "));
}

#[test]
fn a_bad_configuration_stops_with_one_line_that_names_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("antrean.toml");
    for (text, field) in [
        ("[server]\nlisten = \"nowhere\"\n", "server.listen"),
        ("[server]\nlissen = \"127.0.0.1:0\"\n", "server.lissen"),
        ("[server]\nbase_url = \"antrean\"\n", "server.base_url"),
        ("[server]\ntrusted_proxies = [\"proxy\"]\n", "server.trusted_proxies"),
        ("[policy]\ncodes_per_day = -1\n", "policy.codes_per_day"),
        ("[policy]\ncode_minutes = 0\n", "policy.code_minutes"),
        ("[policy]\nbeacon = \"coin\"\n", "policy.beacon"),
        ("[gateway]\nurl = \"http://sms.example.id\"\n", "gateway.url"),
        ("[gateway]\nsender = \"A\"\n", "gateway.url"),
        ("[gateway]\nurl = \"https://sms.example.id\"\ntimeout_s = 0\n", "gateway.timeout_s"),
        ("[beacons]\nrelays = [\"drand\"]\n", "beacons.relays"),
        ("[clock]\n", "clock"),
        ("[server]\nmaster_key_file = \"/nowhere/key\"\n", "master_key_file"),
        ("nonsense", "antrean.toml, line 1"),
    ] {
        fs::write(&file, text).unwrap();
        let data = folder.path().join("data");
        let ran = run(&["serve", "--config", arg(&file), "--data", arg(&data), "--listen", "127.0.0.1:0"]);
        assert_eq!(ran.code, 2, "{text:?}: {}", ran.err);
        let told: Vec<&str> = ran.err.lines().filter(|line| !line.starts_with('{')).collect();
        assert_eq!(told.len(), 1, "{text:?}: {}", ran.err);
        assert!(told[0].contains(field), "{text:?}: {}", told[0]);
    }
}

#[test]
fn a_bad_variable_or_flag_is_named() {
    let serve = |name: &str, value: &str| {
        let ran = program().env(name, value).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    };
    for (name, value) in [
        ("ANTREAN_LISTEN", "8080"),
        ("ANTREAN_POLICY_SESSION_DAYS", "a month"),
        ("ANTREAN_LISTENN", "127.0.0.1:0"),
        ("ANTREAN_GATEWAY_AUTHORIZATION_FILE", "/nowhere"),
    ] {
        let (code, told) = serve(name, value);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(name) && told.lines().count() == 1, "{told}");
    }
    let (code, told) = serve("ANTREAN_DATABASE", "postgres://antrean:rahasia@localhost:port/antrean");
    assert!(code == Some(2) && told.contains("ANTREAN_DATABASE") && !told.contains("rahasia"), "{told}");
    let ran = run(&["serve", "--database", "mysql://localhost/antrean"]);
    assert!(ran.code == 2 && ran.err.contains("must begin with postgres://"), "{}", ran.err);
    let ran = run(&["serve", "--database", "postgres://antrean@localhost/antrean?sslmode=prefer"]);
    assert!(ran.code == 2 && ran.err.contains("sslmode=prefer is not known here"), "{}", ran.err);
    let ran = run(&["serve", "--config", "/nowhere.toml"]);
    assert!(ran.code == 2 && ran.err.contains("--config: cannot read /nowhere.toml"), "{}", ran.err);
}

#[test]
fn an_import_with_a_mistake_names_it_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let good = include_str!("../../../../data/offices.csv");
    let file = folder.path().join("offices.csv");
    fs::write(&file, good.replacen("Langsa,office,II TPI", "Langsa,office,IX TPI", 1)).unwrap();
    let import = |more: &[&str]| run(&[&["import", "--data", arg(&data), arg(&file)], more].concat());
    let ran = import(&[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("offices.csv, line 3, class: \"IX TPI\""), "{}", ran.err);

    fs::write(&file, good.replacen("Kantor Imigrasi Langsa", "Kantor Imigrasi Uji", 1)).unwrap();
    assert_eq!(import(&["--dry-run"]).code, 0);
    assert_eq!(import(&["--json"]).code, 0);
    assert_eq!(run(&["import", "--data", arg(&data), "/etc/hostname"]).code, 2);
    assert_eq!(run(&["import", "--data", arg(&data)]).code, 2);
    let everything = arg(folder.path());
    let told = json(&["import", "--data", arg(&data), "--dir", everything, "--json"]);
    assert_eq!(told["replaced"], serde_json::json!(["offices.csv"]));
}

#[test]
fn what_only_looks_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("mistyped");
    let file = folder.path().join("offices.csv");
    fs::write(&file, include_str!("../../../../data/offices.csv")).unwrap();
    assert_eq!(run(&["import", "--data", arg(&data), arg(&file), "--dry-run"]).code, 0);
    assert_eq!(run(&["release", "plan", "--data", arg(&data), "--offices", "BTM", "--dry-run"]).code, 0);
    assert!(!data.exists());
    let ran = run(&["rehearse", "--quick", "--report", arg(&folder.path().join("none/report.html"))]);
    assert!(ran.code == 2 && ran.err.contains("there is no directory"), "{}", ran.err);
}

#[tokio::test]
async fn an_import_does_not_overwrite_what_staff_have_set_unless_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("timetables.toml");
    let text = include_str!("../../../../data/timetables.toml");
    fs::write(&file, text).unwrap();
    let import = |more: &[&str]| run(&[&["import", "--data", arg(&data), arg(&file)], more].concat());
    assert_eq!(import(&[]).code, 0);
    assert_eq!(import(&[]).code, 0, "what was imported may be imported again");

    let store = antrean_store::Store::open(&antrean_store::StoreConfig::at(data.join("antrean.db"))).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    store.write(move |tx| antrean_app::catalogue::put_by_staff(tx, "timetables.toml", text, now)).await.unwrap();
    store.close().await;
    for more in [&[][..], &["--dry-run"]] {
        let ran = import(more);
        assert!(ran.code == 1 && ran.err.contains("--replace-staff-changes"), "{}", ran.err);
    }
    assert_eq!(import(&["--replace-staff-changes"]).code, 0);
    assert_eq!(import(&[]).code, 0);
}

#[test]
fn a_release_is_planned_shown_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    assert_eq!(run(&["release", "list", "--data", data]).code, 2, "nothing is there yet");
    let dry = json(&["release", "plan", "--data", data, "--offices", "BTM,BTM-HB", "--dry-run", "--json"]);
    assert_eq!(run(&["release", "list", "--data", data]).code, 2, "and nothing after looking");

    // What was shown can be changed by hand and planned.
    let file = folder.path().join("plan.json");
    let mut plan = dry["plan"].clone();
    plan["choices_max"] = 3.into();
    fs::write(&file, plan.to_string()).unwrap();
    let planned =
        json(&["release", "plan", "--data", data, "--file", arg(&file), "--beacon", "manual:the lottery", "--json"]);
    assert_eq!((&planned["places"], &planned["slots"]), (&dry["places"], &dry["slots"]));
    let other = ["--week", "2027-01-08", "--choices", "3", "--party", "2", "--waves", "12:00", "--dry-run", "--json"];
    let other = json(&[&["release", "plan", "--data", data][..], &other].concat());
    assert_eq!((&other["plan"]["choices_max"], &other["plan"]["party_max"]), (&3.into(), &2.into()));
    assert_eq!(other["plan"]["wave_times"], serde_json::json!(["12:00:00"]));
    let listed = json(&["release", "list", "--data", data, "--json"]);
    assert_eq!(listed[0]["release"], planned["release"]);
    assert_eq!(listed[0]["beacon"], "manual:the lottery");

    for (args, code, says) in [
        (&["--offices", "BTM"][..], 1, "already"),
        (&["--offices", "QQQ", "--id", "X"], 1, "there is no office QQQ"),
        (&["--week", "2026-12-03"], 2, "opens on a Friday"),
        (&["--opens", "soon"], 2, "is not now, nor a time"),
        (&["--id", "X", "--choices", "21"], 1, "choices"),
        (&["--id", "X", "--party", "6"], 1, "part"),
        (&["--id", "X", "--waves", "17:00,09:00"], 1, "09:00"),
        (&["--waves", "noon"], 2, "noon"),
        (&["--mode", "auction"], 2, "auction"),
        (&["--file", "/nowhere"], 2, "cannot read /nowhere"),
    ] {
        let ran = run(&[&["release", "plan", "--data", data], args].concat());
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
    }
}
