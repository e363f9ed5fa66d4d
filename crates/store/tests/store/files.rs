//! What only a database file has: many operations in one commit, a log beside it, other programs that lock it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use antrean_store::{Store, StoreConfig};

use crate::town::Town;
use crate::transactions::{has, hold_the_writer, put, wait_for_queue};

/// The files as a crash would leave them: whatever is on disk now. The database first, for the log only grows.
fn crashed_copy(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a directory");
    for name in ["antrean.db", "antrean.db-wal"] {
        std::fs::copy(from.join(name), copy.path().join(name)).expect("a copy");
    }
    copy
}

#[test]
fn what_was_answered_is_on_disk() {
    let town = Town::new();
    for name in ["one", "two", "three"] {
        town.write(put(name));
        let copy = crashed_copy(town.path().parent().expect("a directory"));
        let after = Store::open(&StoreConfig::at(copy.path().join("antrean.db"))).expect("opens after a crash");
        assert!(has(&after, name), "{name}");
    }
}

#[test]
fn what_is_queued_together_is_committed_together() {
    let town = Town::new();
    let before = town.store.stats();
    let held = hold_the_writer(&town.store);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| town.write(put("same")));
        }
        wait_for_queue(&town.store, 50);
        drop(held);
    });
    let after = town.store.stats();
    assert_eq!(after.writes - before.writes, 51);
    assert_eq!(after.batches - before.batches, 2, "the one that held the writer, and one for the fifty");
    assert_eq!(after.batch_largest, 50);
    assert_eq!(after.write_queue, 0);
}

#[test]
fn the_writer_waits_for_a_command_that_has_the_database_locked() {
    let town = Town::new();
    let command = rusqlite::Connection::open(town.path()).expect("a connection");
    command
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO settings (name, value) VALUES ('command', x'01')")
        .expect("locked");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| town.store.write_blocking(put("server")));
        // The server may or may not have met the lock by now; it must get through either way.
        thread::sleep(Duration::from_millis(50));
        command.execute_batch("COMMIT").expect("unlocked");
        assert_eq!(waiting.join().expect("answered"), Ok(()));
    });
    assert!(has(&town.store, "command") && has(&town.store, "server"));
}

#[test]
fn a_file_that_is_no_database_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("antrean.db");
    std::fs::write(&path, "bukan basis data ".repeat(1_000)).expect("a file");
    let Err(error) = Store::open(&StoreConfig::at(&path)) else { panic!("opened") };
    assert!(error.to_string().contains("antrean.db"), "{error}");
}

#[test]
fn a_database_of_a_newer_program_is_not_touched() {
    let town = Town::new();
    town.store.close_blocking();
    let newer = rusqlite::Connection::open(town.path()).expect("a connection");
    newer
        .execute_batch(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             SELECT 999, 'from_the_future', applied_on, checksum FROM refinery_schema_history LIMIT 1",
        )
        .expect("a later version");
    drop(newer);
    let Err(error) = Store::open(&StoreConfig::at(town.path())) else { panic!("opened") };
    assert!(matches!(error, antrean_store::OpenError::Migration { .. }), "{error}");
}
