//! How operations are run: many in one transaction, each on its own, answered when it is on disk.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use antrean_store::{Fault, Lane, Store, StoreConfig, Tx, Value, settings};

use crate::town::{ON_POSTGRES, Town, at};

/// One connection that writes, as a database file has, so that it can be kept busy.
fn one_writer(config: &mut StoreConfig) {
    config.writers = 1;
}

pub fn put(name: &'static str) -> impl FnMut(&Tx<'_>) -> Result<(), Fault> + Send + 'static {
    move |tx| settings::put(tx, name, b"here")
}

pub fn has(store: &Store, name: &'static str) -> bool {
    store.read_blocking(move |tx| settings::get(tx, name)).expect("a read").is_some()
}

/// Keeps the writer busy until the guard is dropped, so that what is sent meanwhile waits in the queue.
pub fn hold_the_writer(store: &Store) -> impl Drop + use<> {
    struct Held(Option<std::sync::mpsc::Sender<()>>, Option<thread::JoinHandle<()>>);
    impl Drop for Held {
        fn drop(&mut self) {
            drop(self.0.take());
            self.1.take().expect("once").join().expect("the held write");
        }
    }
    let (release, released) = channel::<()>();
    let (started, has_started) = channel();
    let store = store.clone();
    let holder = thread::spawn(move || {
        store
            .write_blocking(move |_| {
                started.send(()).expect("the test waits");
                // Ends with an error when the sender is dropped.
                let _ = released.recv();
                Ok(())
            })
            .expect("the held write");
    });
    has_started.recv().expect("the writer runs it");
    Held(Some(release), Some(holder))
}

pub fn wait_for_queue(store: &Store, waiting: u64) {
    while store.stats().write_queue < waiting {
        thread::yield_now();
    }
}

#[test]
fn an_operation_may_change_more_than_is_kept_in_memory_to_undo_it() {
    const ROWS: u32 = 2_000;
    let town = Town::new();
    let write_all =
        |tx: &Tx<'_>, byte: u8| (0..ROWS).try_for_each(|row| settings::put(tx, &format!("row {row}"), &[byte; 4_000]));
    town.write(move |tx| write_all(tx, 1));
    // Each row has a page of its own by now: some eight megabytes of pages are changed, and can be changed back.
    let failed: Result<(), Fault> = town.store.write_blocking(move |tx| {
        write_all(tx, 2)?;
        Err(Fault::Busy)
    });
    assert_eq!(failed, Err(Fault::Busy));
    let all_are = |byte: u8| {
        let is = move |tx: &Tx<'_>, row: u32| Ok(settings::get(tx, &format!("row {row}"))? == Some(vec![byte; 4_000]));
        town.read(move |tx| (0..ROWS).try_fold(true, |all, row| Ok(all && is(tx, row)?)))
    };
    assert!(all_are(1), "nothing of it is left behind");
    town.write(move |tx| write_all(tx, 3));
    assert!(all_are(3));
}

#[test]
fn an_operation_that_fails_or_panics_does_not_hurt_its_neighbours() {
    let town = Town::with(one_writer);
    let held = hold_the_writer(&town.store);
    let (failed, panicked) = thread::scope(|scope| {
        let store = &town.store;
        scope.spawn(|| town.write(put("before")));
        wait_for_queue(store, 1);
        let failed = scope.spawn(move || {
            store.write_blocking(|tx| -> Result<(), Fault> {
                settings::put(tx, "failed", b"gone")?;
                Err(Fault::Corrupt { what: "made up".to_owned() })
            })
        });
        wait_for_queue(store, 2);
        let panicked = scope.spawn(move || {
            store.write_blocking(|tx| -> Result<(), Fault> {
                settings::put(tx, "panicked", b"gone")?;
                tx.attempt(|tx| {
                    settings::put(tx, "panicked deeper", b"gone")?;
                    panic!("a defect in an operation")
                })
            })
        });
        wait_for_queue(store, 3);
        scope.spawn(|| town.write(put("after")));
        wait_for_queue(store, 4);
        drop(held);
        (failed.join().expect("answered"), panicked.join().expect("answered"))
    });
    assert_eq!(failed, Err(Fault::Corrupt { what: "made up".to_owned() }));
    assert_eq!(panicked, Err(Fault::Panicked));
    if !ON_POSTGRES {
        assert_eq!(town.store.stats().batch_largest, 4, "they were neighbours");
    }
    for (name, kept) in
        [("before", true), ("failed", false), ("panicked", false), ("panicked deeper", false), ("after", true)]
    {
        assert_eq!(has(&town.store, name), kept, "{name}");
    }
}

#[test]
fn a_full_queue_says_busy_at_once_and_takes_more_when_there_is_room() {
    let town = Town::with(|config| {
        one_writer(config);
        config.queue_max = 4;
    });
    let held = hold_the_writer(&town.store);
    thread::scope(|scope| {
        scope.spawn(|| town.store.write_in_blocking(Lane::Confirm, put("first")));
        scope.spawn(|| town.store.write_in_blocking(Lane::Confirm, put("second")));
        wait_for_queue(&town.store, 2);
        assert_eq!(town.store.write_in_blocking(Lane::Confirm, put("third")), Err(Fault::Busy));
        drop(held);
    });
    assert_eq!(town.store.stats().turned_away, 1);
    assert!(has(&town.store, "first") && has(&town.store, "second") && !has(&town.store, "third"));
    town.write(put("third"));
}

#[test]
fn a_lane_full_of_readers_and_sign_ins_refuses_no_booking_and_bookings_go_first() {
    let town = Town::with(|config| {
        one_writer(config);
        config.queue_max = 64;
    });
    let held = hold_the_writer(&town.store);
    let (order, ran) = channel();
    thread::scope(|scope| {
        let store = &town.store;
        let send = |lane: Lane| {
            let order = order.clone();
            store.write_in_blocking(lane, move |_| {
                order.send(lane).expect("the test reads it later");
                Ok(())
            })
        };
        let mut queued = 0;
        for (lane, room) in [(Lane::Read, 12), (Lane::SignIn, 16)] {
            for _ in 0..room {
                scope.spawn(move || send(lane));
            }
            queued += room;
            wait_for_queue(store, queued);
            assert_eq!(send(lane), Err(Fault::Busy), "{lane:?} is full");
        }
        let booking = scope.spawn(move || send(Lane::Confirm));
        wait_for_queue(store, queued + 1);
        drop(held);
        assert_eq!(booking.join().expect("answered"), Ok(()));
    });
    assert_eq!(ran.try_recv(), Ok(Lane::Confirm), "it came last and went first");
    assert_eq!(ran.try_iter().count(), 28);
    let health = town.store.health();
    assert_eq!(health.writes.lane(Lane::Read).turned_away, 1);
    assert_eq!(health.writes.lane(Lane::SignIn).turned_away, 1);
    assert_eq!(health.writes.lane(Lane::Confirm).turned_away, 0);
}

#[test]
fn an_operation_that_waited_too_long_is_refused_and_leaves_nothing() {
    let town = Town::with(|config| {
        one_writer(config);
        config.patience.sign_in = Duration::from_millis(20);
    });
    let held = hold_the_writer(&town.store);
    thread::scope(|scope| {
        let late = scope.spawn(|| town.store.write_in_blocking(Lane::SignIn, put("late")));
        let patient = scope.spawn(|| town.store.write_in_blocking(Lane::Confirm, put("patient")));
        while town.store.health().writes.waiting() < 2 && !late.is_finished() {
            thread::yield_now();
        }
        // However long this really takes, it is longer than the patience of the one and shorter than that of the other.
        thread::sleep(Duration::from_millis(40));
        drop(held);
        assert_eq!(late.join().expect("answered"), Err(Fault::Busy));
        assert_eq!(patient.join().expect("answered"), Ok(()));
    });
    assert!(has(&town.store, "patient") && !has(&town.store, "late"));
}

#[test]
fn a_read_that_nobody_waits_for_is_not_run() {
    let town = Town::with(|config| config.readers = 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (release, released) = channel::<()>();
    let (started, has_started) = channel();
    let (ran, was_run) = channel::<()>();
    thread::scope(|scope| {
        let store = &town.store;
        let holding = scope.spawn(move || {
            store.read_blocking(move |_| {
                started.send(()).expect("the test waits");
                let _ = released.recv();
                Ok(())
            })
        });
        has_started.recv().expect("the reader runs it");
        runtime.block_on(async {
            let asked = store.read_in(Lane::Read, move |_| {
                let _ = ran.send(());
                Ok(())
            });
            let gone = tokio::time::timeout(Duration::from_millis(1), asked).await;
            assert!(gone.is_err(), "the reader was busy");
        });
        drop(release);
        assert_eq!(holding.join().expect("answered"), Ok(()));
    });
    // The next read comes after it in the one reader.
    assert!(!has(&town.store, "anything"));
    assert!(was_run.try_recv().is_err());
}

#[test]
fn an_attempt_that_fails_is_undone_and_the_transaction_goes_on() {
    let town = Town::new();
    let inner = town.write(|tx| {
        settings::put(tx, "outer", b"here")?;
        let inner: Result<(), Fault> = tx.attempt(|tx| {
            settings::put(tx, "inner", b"gone")?;
            tx.attempt(|tx| settings::put(tx, "innermost", b"gone"))?;
            Err(Fault::Busy)
        });
        let kept: Result<(), Fault> = tx.attempt(|tx| {
            settings::put(tx, "second", b"here")?;
            let _: Result<(), Fault> = tx.attempt(|tx| {
                settings::put(tx, "second deeper", b"gone")?;
                Err(Fault::Busy)
            });
            Ok(())
        });
        kept?;
        Ok(inner)
    });
    assert_eq!(inner, Err(Fault::Busy));
    let names = [("outer", true), ("inner", false), ("innermost", false), ("second", true), ("second deeper", false)];
    for (name, kept) in names {
        assert_eq!(has(&town.store, name), kept, "{name}");
    }
}

#[test]
fn an_attempt_goes_on_after_a_refused_statement() {
    let town = Town::new();
    town.write(|tx| {
        let refused: Result<(), Fault> =
            tx.attempt(|tx| crate::town::join(tx, antrean_store::ids::AccountId(1), &[1]).map(drop));
        assert!(refused.is_err(), "there is no such account");
        settings::put(tx, "after", b"here")
    });
    assert!(has(&town.store, "after"));
}

#[test]
fn a_store_dropped_without_closing_has_everything_it_answered() {
    let town = Town::new();
    for name in ["one", "two", "three"] {
        town.write(put(name));
    }
    let Town { store, place, .. } = town;
    drop(store);
    let again = Store::open(&place.config()).expect("opens again");
    for name in ["one", "two", "three"] {
        assert!(has(&again, name), "{name}");
    }
}

#[test]
fn closing_finishes_what_was_accepted_and_then_takes_nothing() {
    let town = Town::with(one_writer);
    let held = hold_the_writer(&town.store);
    thread::scope(|scope| {
        let writing: Vec<_> = (0..20).map(|_| scope.spawn(|| town.store.write_blocking(put("accepted")))).collect();
        wait_for_queue(&town.store, 20);
        let closing = scope.spawn(|| town.store.close_blocking());
        drop(held);
        closing.join().expect("closed");
        for write in writing {
            assert_eq!(write.join().expect("answered"), Ok(()));
        }
    });
    assert_eq!(town.store.write_blocking(put("late")), Err(Fault::Closed));
    assert_eq!(town.store.read_blocking(|tx| settings::get(tx, "accepted")), Err(Fault::Closed));
    if !ON_POSTGRES {
        assert!(!town.path().with_extension("db-wal").exists(), "the log went into the database");
    }
    let again = town.beside();
    assert!(has(&again, "accepted") && !has(&again, "late"));
}

#[test]
fn the_last_clone_may_be_dropped_by_an_operation() {
    let town = Town::new();
    let Town { store, place, .. } = town;
    let clone = store.clone();
    let (dropped, was_dropped) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async move {
        let mut clone = Some(clone);
        store
            .write(move |_| {
                drop(clone.take());
                dropped.send(()).expect("the test waits");
                Ok(())
            })
            .await
            .expect("a write");
    });
    was_dropped.recv().expect("it was dropped");
    drop(place);
}

#[test]
fn async_callers_are_answered_while_others_wait() {
    let town = Town::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..100_i64)
            .map(|number| {
                let store = town.store.clone();
                tokio::spawn(async move {
                    store.write(move |tx| settings::put(tx, &format!("task {number}"), b"")).await?;
                    store.read(move |tx| settings::get(tx, &format!("task {number}"))).await
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.expect("a task").expect("a read").is_some(), "a read sees every write answered before");
        }
        town.store.close().await;
        assert_eq!(town.store.write(put("late")).await, Err(Fault::Closed));
    });
}

#[test]
fn a_read_sees_one_state_and_changes_nothing() {
    let town = Town::new();
    town.write(put("before"));
    let (look, again) = channel::<()>();
    let (looked, first) = channel();
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            town.read(move |tx| {
                let before = settings::get(tx, "before")?.is_some();
                looked.send(()).expect("the test waits");
                again.recv().expect("the test goes on");
                Ok((before, settings::get(tx, "meanwhile")?.is_some()))
            })
        });
        first.recv().expect("the read has begun");
        town.write(put("meanwhile"));
        look.send(()).expect("the read waits");
        assert_eq!(reading.join().expect("read"), (true, false));
    });
    assert!(has(&town.store, "meanwhile"));
    let refused = town.store.read_blocking(|tx| settings::put(tx, "by a reader", b""));
    assert!(matches!(refused, Err(Fault::Database { .. })), "{refused:?}");
    let panicked = town.store.read_blocking(|_| -> Result<(), Fault> { panic!("a defect in a read") });
    assert_eq!(panicked, Err(Fault::Panicked));
    assert!(has(&town.store, "before"), "the readers go on");
}

#[test]
fn a_second_process_can_read_and_write_beside_the_first() {
    let town = Town::new();
    let beside = town.beside();
    thread::scope(|scope| {
        for store in [&town.store, &beside] {
            scope.spawn(move || {
                for _ in 0..50 {
                    let counted = store.write_blocking(|tx| {
                        tx.execute(
                            "INSERT INTO limits (bucket, window_ms, used) VALUES (?1, 0, 1)
                             ON CONFLICT (bucket, window_ms) DO UPDATE SET used = limits.used + 1",
                            &[Value::Blob(&[1])],
                        )
                    });
                    assert_eq!(counted, Ok(1));
                }
            });
        }
    });
    for store in [&town.store, &beside] {
        let used = store.read_blocking(|tx| tx.one("SELECT used FROM limits", &[], |row| row.int(0)));
        assert_eq!(used, Ok(100));
    }
}

#[test]
fn time_and_values_come_back_as_they_went_in() {
    let town = Town::new();
    town.write(|tx| settings::put(tx, "bytes", &[0, 1, 255]));
    assert_eq!(town.read(|tx| settings::get(tx, "bytes")), Some(vec![0, 1, 255]));
    assert_eq!(town.read(|tx| settings::get(tx, "nothing")), None);
    let id = antrean_domain::keys::PhoneKey([7; 16]);
    let account = town.write(move |tx| antrean_store::accounts::insert(tx, &id, b"sealed", "en", at(12)));
    let account = town.read(move |tx| antrean_store::accounts::get(tx, account)).expect("the account");
    assert_eq!((account.created, account.language.as_str(), account.consent), (at(12), "en", None));
}

#[test]
fn one_row_means_one_row() {
    let town = Town::new();
    town.write(|tx| {
        settings::put(tx, "a", b"")?;
        settings::put(tx, "b", b"")
    });
    let none = town.store.read_blocking(|tx| tx.one("SELECT name FROM settings WHERE name = 'c'", &[], |_| Ok(())));
    let two = town.store.read_blocking(|tx| tx.opt("SELECT name FROM settings", &[], |_| Ok(())));
    assert!(matches!(none, Err(Fault::Corrupt { .. })) && matches!(two, Err(Fault::Corrupt { .. })));
    let wrong = town.store.read_blocking(|tx| tx.all("SELECT name FROM settings", &[], |row| row.int(0)));
    assert!(matches!(wrong, Err(Fault::Corrupt { .. })), "{wrong:?}");
}
