//! Backups of a server that runs, and servers that go on from them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::running::{Server, arg, json, run};
use crate::storm::{Phones, audited, configuration, gather, held, plan, told};

const PEOPLE: u32 = 60;

/// The rows of a table according to a manifest.
fn rows(manifest: &serde_json::Value, table: &str) -> u64 {
    let tables = manifest["tables"].as_array().expect("tables");
    tables.iter().find(|sum| sum["table"] == table).expect("the table")["rows"].as_u64().expect("a number")
}

/// A data directory beside another, with its master key and nothing else.
fn elsewhere(data: &Path, name: &str) -> PathBuf {
    let other = data.with_file_name(name);
    fs::create_dir(&other).unwrap();
    fs::copy(data.join("master.key"), other.join("master.key")).unwrap();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_midst_of_a_storm_is_restored_elsewhere_and_a_server_goes_on_from_it() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    fs::write(&file, configuration(&phones.listen().await)).unwrap();
    let (config, at) = (arg(&file).to_owned(), arg(&data).to_owned());
    plan(&config, &at);
    let server = Server::start(&["--config", &config, "--data", &at, "--listen", "127.0.0.1:0"]);
    let address = server.address().to_owned();
    let mut crowd = gather(&server.url, PEOPLE, 7, &phones).await;
    crowd.prepare(std::time::Duration::ZERO).await;
    crowd.book().await;

    let stormy = folder.path().join("stormy.gz");
    let over = Arc::new(AtomicBool::new(false));
    let (to, from, is_over) = (stormy.clone(), at.clone(), Arc::clone(&over));
    let backup = tokio::task::spawn_blocking(move || {
        let manifest = json(&["backup", "--data", &from, "--to", arg(&to), "--json"]);
        is_over.store(true, Ordering::Relaxed);
        manifest
    });
    while !over.load(Ordering::Relaxed) {
        crowd.churn().await;
    }
    let manifest = backup.await.unwrap();
    assert_eq!(crowd.results().failed, std::collections::BTreeMap::new(), "nobody was held up");
    assert!(rows(&manifest, "appointments") > 0);
    assert_eq!(fs::metadata(&stormy).unwrap().permissions().mode() & 0o777, 0o600);
    let listed: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|found| found.unwrap().file_name()).collect();
    assert_eq!(listed.len(), 3, "data, configuration, backup, and nothing half written: {listed:?}");

    // The one from the storm is one moment of it: whole, and with every rule in force.
    let there = elsewhere(&data, "from-the-storm");
    assert_eq!(run(&["restore", "--data", arg(&there), "--from", arg(&stormy)]).code, 0);
    let live = tokio::task::spawn_blocking(move || audited(&there)).await.unwrap();
    assert!(u64::from(live) <= rows(&manifest, "appointments"));

    // The one after it has everything that was acknowledged; a server goes on from it, and so does everybody.
    let calm = folder.path().join("calm.gz");
    json(&["backup", "--data", &at, "--to", arg(&calm), "--json"]);
    assert_eq!(server.stop(), Some(0));
    let there = elsewhere(&data, "from-the-calm");
    let restored = json(&["restore", "--data", arg(&there), "--from", arg(&calm), "--json"]);
    assert_eq!(restored["violations"], serde_json::json!([]));
    let _server = Server::start(&["--config", &config, "--data", arg(&there), "--listen", &address]);
    assert_eq!(told(&crowd).await, held(&crowd));
    crowd.churn().await;
    assert_eq!(crowd.results().failed, std::collections::BTreeMap::new());
    assert_eq!(told(&crowd).await, held(&crowd));
}

#[test]
fn a_restore_says_why_it_cannot_be_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("kept.gz"));
    let (at, kept) = (arg(&data), arg(&file));
    let none = run(&["backup", "--data", at, "--to", kept]);
    assert!(none.code == 2 && none.err.contains("there is no database in"), "{}", none.err);
    let server = Server::start(&["--data", at, "--listen", "127.0.0.1:0"]);
    let made = run(&["backup", "--data", at, "--to", kept]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("THE MASTER KEY IS NOT IN THIS FILE"), "{}", made.err);
    let again = run(&["backup", "--data", at, "--to", kept]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    let good = run(&["backup", "--verify", kept]);
    assert!(good.code == 0 && good.out.contains(": good; "), "{} {}", good.out, good.err);

    let refused = |data: &Path, file: &Path, code: i32, says: &str| {
        let ran = run(&["restore", "--data", arg(data), "--from", arg(file)]);
        assert!(ran.code == code && ran.err.contains(says), "{says}: {} {}", ran.code, ran.err);
    };
    refused(&data, &file, 1, "another server runs on");
    assert_eq!(server.stop(), Some(0));
    refused(&data, &file, 1, "not empty: there are rows in settings; nothing was restored");
    let fresh = folder.path().join("fresh");
    refused(&fresh, &file, 2, "master.key is missing; put the key with the fingerprint");
    fs::create_dir(&fresh).unwrap();
    fs::write(fresh.join("master.key"), "ab".repeat(32)).unwrap();
    refused(&fresh, &file, 1, "is another master key");

    let fresh = elsewhere(&data, "fresh-again");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = folder.path().join("damaged.gz");
    fs::write(&damaged, &bytes).unwrap();
    refused(&fresh, &damaged, 1, "it is damaged");
    assert!(!fresh.join("antrean.db").exists(), "nothing was touched");
    bytes.truncate(middle);
    fs::write(&damaged, &bytes).unwrap();
    refused(&fresh, &damaged, 1, "it is damaged");
    let bad = run(&["backup", "--verify", arg(&damaged)]);
    assert!(bad.code == 1 && bad.err.contains("it is damaged"), "{}", bad.err);
    assert_eq!(run(&["restore", "--data", arg(&fresh), "--from", kept]).code, 0);
}

/// Nobody in a rehearsal is real, and its one-time codes can be read by anybody: neither its directory nor its backup serves the public.
#[test]
fn made_up_people_are_not_served_to_the_public_not_even_out_of_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (folder.path().join("data"), folder.path().join("kept.antrean"));
    let server = Server::start(&["--rehearsal", "--data", arg(&data), "--listen", "127.0.0.1:0"]);
    drop(server);
    assert_eq!(run(&["backup", "--data", arg(&data), "--to", arg(&kept)]).code, 0);
    let copy = elsewhere(&data, "copy");
    assert_eq!(run(&["restore", "--data", arg(&copy), "--from", arg(&kept)]).code, 0);
    let ran = run(&["serve", "--data", arg(&copy), "--listen", "127.0.0.1:0"]);
    assert!(ran.code == 2 && ran.err.contains("made up by a rehearsal"), "{}", ran.err);
    let ran = run(&["demo", "--data", arg(&copy), "--listen", "127.0.0.1:0"]);
    assert!(ran.code == 2 && ran.err.contains("not made by a demo"), "{}", ran.err);
}
