//! Several nodes on one database: the one that holds the release clock is killed in the midst of a draw, and the other finishes it,
//! once and as anybody can verify.

use std::fs;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_store::ids::PartyId;
use antrean_store::releases::{self, ReleaseState};
use antrean_store::{Fault, Store, StoreConfig, Value, audit, parties};
use jiff::SignedDuration;

use crate::running::{Server, arg, json, run};
use crate::storm::{Phones, RELEASE, configuration, gather};

/// Some two hundred parties: the draw is written in several pieces.
const PEOPLE: u32 = 400;
/// From the planning to the freeze: everybody has entered by then, on a slow machine too.
const ENTRIES_TAKE: SignedDuration = SignedDuration::from_secs(30);
/// So long before the freeze a party is taken hold of, and the draw waits for it.
const HELD_BEFORE: SignedDuration = SignedDuration::from_secs(3);
/// The lease of a node that is gone ends after half a minute.
const PATIENCE: Duration = Duration::from_mins(2);

/// Somebody who keeps a party to themselves, so that whatever concerns it stands still.
struct Held(Sender<()>, JoinHandle<Result<(), Fault>>);

impl Held {
    fn hold(store: &Store, party: PartyId) -> Self {
        let (release, released) = channel::<()>();
        let (holds, held): (Sender<()>, Receiver<()>) = channel();
        let store = store.clone();
        let thread = std::thread::spawn(move || {
            store.write_blocking(move |tx| {
                parties::lock(tx, party)?;
                // Read, so that the lock is had by now and not only asked for.
                parties::get(tx, party)?;
                let _ = holds.send(());
                let _ = released.recv();
                Ok(())
            })
        });
        held.recv().expect("it is held");
        Self(release, thread)
    }

    fn let_go(self) {
        drop(self.0);
        self.1.join().expect("no panic").expect("nothing was written");
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "no {what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn count(store: &Store, sql: &'static str) -> i64 {
    store.read_blocking(move |tx| tx.one(sql, &[Value::Text(RELEASE)], |row| row.int(0))).unwrap()
}

#[test]
fn a_node_that_is_killed_in_the_midst_of_a_draw_leaves_it_to_the_other_and_it_is_done_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(database) = antrean_cluster::database() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let phones = Phones::default();
    let (key, file) = (folder.path().join("key"), folder.path().join("antrean.toml"));
    fs::write(&key, "5a".repeat(32)).unwrap();
    let server = format!("[server]\ndatabase = \"{}\"\nmaster_key_file = \"{}\"", database.url(), arg(&key));
    fs::write(&file, configuration(&runtime.block_on(phones.listen())).replacen("[server]", &server, 1)).unwrap();
    let freezes = SystemClock.now() + ENTRIES_TAKE;
    let freeze = freezes.to_string();
    let config = arg(&file);
    json(&[
        "release",
        "plan",
        "--config",
        config,
        "--id",
        RELEASE,
        "--opens",
        "now",
        "--freeze",
        &freeze,
        "--beacon",
        "local",
        "--offices",
        "BTM,MKS,JAP",
        "--json",
    ]);
    let serve = |name: &str| {
        let data = folder.path().join(name);
        Server::start(&["--config", config, "--data", arg(&data), "--listen", "127.0.0.1:0"])
    };
    let small = StoreConfig { writers: 1, readers: 1, ..StoreConfig::url(database.url().parse().unwrap()) };
    let store = Store::open(&small).unwrap();
    let state = || store.read_blocking(|tx| releases::state(tx, &RELEASE.parse().unwrap())).unwrap();

    // The first has the clock before the second is there.
    let one = serve("one");
    until("open release", || state() == Some(ReleaseState::Open));
    let two = serve("two");
    let mut crowd = runtime.block_on(gather(&two.url, PEOPLE, 7, &phones));
    runtime.block_on(crowd.enter(Duration::ZERO));
    assert_eq!(crowd.results().failed, std::collections::BTreeMap::new());
    let entries = count(&store, "SELECT count(*) FROM entries WHERE release_id = ?1");
    assert!(entries > 100, "{entries} entries are written in one piece");

    let last = count(&store, "SELECT max(party_id) FROM entries WHERE release_id = ?1");
    // Not earlier: the database lets nobody hold anything for long without doing something.
    until("freeze to come", || SystemClock.now() + HELD_BEFORE > freezes);
    let held = Held::hold(&store, PartyId(last));
    let written = "SELECT count(*) FROM entries WHERE release_id = ?1 AND rank IS NOT NULL";
    until("first piece of the draw", || count(&store, written) > 0);
    one.kill();
    let left = count(&store, written);
    assert!(
        left < entries && state() == Some(ReleaseState::Drawing),
        "{left} of {entries}: it was not in the midst of it"
    );
    held.let_go();
    let gone = Instant::now();
    until("end of the draw", || state() == Some(ReleaseState::Drawn));
    println!("{left} of {entries} were written; the other node was done {:.1} s later", gone.elapsed().as_secs_f64());

    let verified = json(&["release", "verify", &format!("{}/undian/{RELEASE}", two.url), "--json"]);
    assert_eq!(verified["holds"], true, "{verified}");
    assert_eq!(count(&store, written), entries);
    let done = "SELECT count(*) FROM events WHERE release_id = ?1 AND kind = 'draw_complete'";
    assert_eq!(count(&store, done), 1);
    let placed = "SELECT count(*) FROM entries WHERE release_id = ?1 AND state = 'placed'";
    let told = "SELECT count(*) FROM events WHERE release_id = ?1 AND kind = 'drawn'";
    assert_eq!(count(&store, placed), count(&store, told), "everybody was told once");
    assert_eq!(store.read_blocking(audit::violations).unwrap(), Vec::<String>::new());
    store.close_blocking();
}

#[test]
fn a_node_without_the_key_of_the_others_is_told_what_it_needs() {
    let Some(database) = antrean_cluster::database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let url = database.url();
    let flags = |data| ["--database", &url, "--data", data, "--listen", "127.0.0.1:0"];
    let first = Server::start(&flags(arg(&one)));
    // Of the same directory there is one server, whatever the database.
    let same = run(&[&["serve"], &flags(arg(&one))[..]].concat());
    assert!(same.code == 1 && same.err.contains("every node needs a directory of its own"), "{}", same.err);
    let second = run(&[&["serve"], &flags(arg(&two))[..]].concat());
    assert!(second.code == 2 && second.err.contains("all nodes need the same"), "{}", second.err);
    fs::write(two.join("master.key"), "5a".repeat(32)).unwrap();
    let wrong = run(&[&["serve"], &flags(arg(&two))[..]].concat());
    assert!(wrong.code == 1 && wrong.err.contains("key does not belong to this database"), "{}", wrong.err);
    fs::copy(one.join("master.key"), two.join("master.key")).unwrap();
    let second = Server::start(&flags(arg(&two)));
    // Either stops for itself.
    assert_eq!((first.stop(), second.stop()), (Some(0), Some(0)));
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing listens on the port for nothing at all.
    let url = "postgres://antrean:rahasia@127.0.0.1:1/antrean";
    let ran = run(&["serve", "--database", url, "--data", arg(folder.path()), "--listen", "127.0.0.1:0"]);
    assert!(
        ran.code == 1 && ran.err.contains("cannot open the database postgres://antrean@127.0.0.1:1"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("rahasia"), "{}", ran.err);
}
