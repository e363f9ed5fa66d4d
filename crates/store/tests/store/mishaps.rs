//! What the simulation relies on: a crash before the commit loses everything, one after it loses only the answers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use antrean_store::mishap::{Mishap, Mishaps, Point};
use antrean_store::{Fault, Store, StoreConfig, Tx, settings};

fn put(tx: &Tx<'_>) -> Result<(), Fault> {
    settings::put(tx, "name", b"here")
}

/// Writes while `mishap` happens at `point`, once; what the caller heard, and whether it is there after the next start.
fn write_with(point: Point, mishap: Mishap) -> (Result<(), Fault>, Result<(), Fault>, bool) {
    let directory = tempfile::tempdir().expect("a directory");
    let config = StoreConfig::at(directory.path().join("antrean.db"));
    let once = Mutex::new(Some(mishap));
    let mishaps = Mishaps::by(move |at| {
        let due = (at == point).then(|| once.lock().expect("no panic here").take());
        due.flatten().unwrap_or_default()
    });
    let store = Store::open(&StoreConfig { mishaps, ..config.clone() }).expect("a store");
    let first = store.write_blocking(put);
    let second = store.write_blocking(|tx| settings::put(tx, "other", b"here"));
    drop(store);
    let after = Store::open(&config).expect("it opens again");
    let there = after.read_blocking(|tx| settings::get(tx, "name")).expect("a read").is_some();
    (first, second, there)
}

#[test]
fn a_crash_before_the_commit_leaves_nothing_and_nobody_hears_of_success() {
    for point in [Point::Operation, Point::Commit] {
        let (heard, later, there) = write_with(point, Mishap::Crash);
        assert_eq!((heard, later, there), (Err(Fault::Closed), Err(Fault::Closed), false), "{point:?}");
    }
}

#[test]
fn a_crash_after_the_commit_loses_the_answer_only() {
    let (heard, later, there) = write_with(Point::Committed, Mishap::Crash);
    assert_eq!((heard, later, there), (Err(Fault::Closed), Err(Fault::Closed), true));
}

#[test]
fn a_store_that_is_busy_for_once_goes_on_afterwards() {
    for point in [Point::Operation, Point::Commit] {
        let (heard, later, there) = write_with(point, Mishap::Busy);
        assert_eq!((heard, later, there), (Err(Fault::Busy), Ok(()), false), "{point:?}");
    }
}

#[test]
fn every_write_and_read_passes_the_points_in_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
    let done = std::sync::Arc::new(AtomicU32::new(0));
    let (record, answered) = (std::sync::Arc::clone(&seen), std::sync::Arc::clone(&done));
    let mishaps = Mishaps::by(move |point| {
        record.lock().expect("no panic here").push(point);
        answered.fetch_add(u32::from(point == Point::Answered || point == Point::ReadDone), Ordering::Relaxed);
        Mishap::None
    });
    let config = StoreConfig { readers: 1, mishaps, ..StoreConfig::at(directory.path().join("antrean.db")) };
    let store = Store::open(&config).expect("a store");
    store.write_blocking(put).expect("a write");
    store.read_blocking(|tx| settings::get(tx, "name")).expect("a read");
    store.close_blocking();
    assert_eq!(done.load(Ordering::Relaxed), 2);
    let seen = seen.lock().expect("no panic here");
    let of = |read: bool| {
        let reads = |point: &Point| matches!(point, Point::Read | Point::ReadDone);
        seen.iter().copied().filter(|point| reads(point) == read).collect::<Vec<_>>()
    };
    let writes = [Point::Take, Point::Operation, Point::Commit, Point::Committed, Point::Answered, Point::Take];
    assert_eq!(of(false), writes);
    assert_eq!(of(true), [Point::Read, Point::ReadDone, Point::Read]);
}
