//! A node whose connections are cut in the midst of its work, as when it dies or its database moves: the work is done once all the same.

use std::sync::mpsc::channel;
use std::time::Duration;

use antrean_app::release::{Waved, wave};
use antrean_store::{Fault, Sql, Store, StoreConfig, slots};
use jiff::Span;

use crate::races::town::{FRIDAY, Town, wib};
use crate::races::{assert_held, freed_place};

const WAITING: Sql =
    Sql::both("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
const CUT: Sql = Sql::both(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'",
);

fn number(store: &Store, sql: Sql) -> i64 {
    store.read_blocking(move |tx| tx.one(sql, &[], |row| row.int(0))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wave_whose_connection_is_cut_in_the_midst_of_it_is_run_once() {
    let town = Town::new(800).await;
    let (release, freed, waiting) = freed_place(&town, true).await;
    let at = wib(FRIDAY.saturating_add(Span::new().days(2)), 17, 0);
    town.clock.set(at);

    // Somebody has the slot, so that the wave stands still after it has begun to write.
    let beside = StoreConfig { writers: 1, readers: 1, ..town.folder.config() };
    let beside = tokio::task::spawn_blocking(move || Store::open(&beside).unwrap()).await.unwrap();
    let (let_go, wait) = channel::<()>();
    let (holds, held) = channel();
    let holder = beside.clone();
    let holding = tokio::task::spawn_blocking(move || {
        holder.write_blocking(move |tx| -> Result<(), Fault> {
            slots::lock(tx, [freed])?;
            slots::get(tx, freed)?;
            let _ = holds.send(());
            let _ = wait.recv();
            Ok(())
        })
    });
    tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
    let waving = tokio::spawn({
        let (app, release) = (town.app.clone(), release.clone());
        async move { wave(&app, &release, at).await }
    });
    let cutter = beside.clone();
    let cut = tokio::task::spawn_blocking(move || {
        while number(&cutter, WAITING) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        number(&cutter, CUT)
    });
    assert_eq!(cut.await.unwrap(), 1);
    drop(let_go);
    holding.await.unwrap().unwrap();
    assert_eq!(waving.await.unwrap(), Ok(Waved::Done(1)), "begun anew on another connection");
    assert_eq!(wave(&town.app, &release, at).await, Ok(Waved::Before));

    let live = waiting.unwrap().mine().await.live;
    assert!(matches!(live, Some(antrean_app::party::LiveView::Appointment(_))), "{live:?}");
    assert_held(&town, &[freed], 1).await;
    tokio::task::spawn_blocking(move || beside.close_blocking()).await.unwrap();
}
