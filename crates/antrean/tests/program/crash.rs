//! Power cuts: the server, or its database, is killed in the midst of a storm of bookings and cancellations, again and again. Nothing
//! that was acknowledged may be lost, nothing may be there twice, and everybody goes on with what comes back.
//!
//! `ANTREAN_CRASH_SEED` replays a run, `ANTREAN_CRASH_ROUNDS` makes it longer.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use antrean_app::entropy::{self, SystemEntropy};
use antrean_cluster::{Cluster, Database};
use antrean_crowd::dice::Dice;
use antrean_store::StoreConfig;

use crate::running::{Server, arg};
use crate::storm::{Phones, audited_at, configuration, gather, held, number, plan, told};

const PEOPLE: u32 = 120;
const ROUNDS: u64 = 6;

/// What is killed, and what it keeps everything in.
enum Struck {
    /// A server with a database file.
    Server,
    /// A node on PostgreSQL; the database goes on without it.
    Node(Database),
    /// The database of a node, which goes on without it and finds it again.
    Database(Cluster),
}

impl Struck {
    /// The address of the database, where there is one.
    fn url(&self) -> Option<String> {
        match self {
            Self::Server => None,
            Self::Node(database) => Some(database.url()),
            Self::Database(cluster) => Some(cluster.url("postgres")),
        }
    }

    fn config(&self, data: &Path) -> StoreConfig {
        match self.url() {
            None => StoreConfig::at(data.join("antrean.db")),
            Some(url) => StoreConfig { writers: 1, readers: 1, ..StoreConfig::url(url.parse().unwrap()) },
        }
    }

    /// Kills it, looks at what it left, and brings it back.
    fn strike(&self, server: Server, again: impl FnOnce() -> Server, data: &Path) -> Server {
        if let Self::Database(cluster) = self {
            cluster.kill();
            cluster.start();
            audited_at(&self.config(data));
            return server;
        }
        server.kill();
        // What the dead server left is looked at before anybody else touches it.
        audited_at(&self.config(data));
        again()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_booking_is_lost_and_none_is_doubled_however_often_the_server_is_killed() {
    nothing_is_lost(Struck::Server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql_where_the_database_outlives_the_server() {
    if let Some(database) = tokio::task::spawn_blocking(antrean_cluster::database).await.unwrap() {
        nothing_is_lost(Struck::Node(database)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_booking_is_lost_and_none_is_doubled_however_often_the_database_is_killed() {
    if let Some(cluster) = Cluster::own("") {
        nothing_is_lost(Struck::Database(cluster)).await;
    }
}

async fn nothing_is_lost(struck: Struck) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = number("ANTREAN_CRASH_SEED", u64::from_be_bytes(entropy::bytes(&SystemEntropy)));
    println!("ANTREAN_CRASH_SEED={seed}");
    let struck = Arc::new(struck);
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    let mut text = configuration(&phones.listen().await);
    if let Some(url) = struck.url() {
        text = text.replacen("[server]", &format!("[server]\ndatabase = \"{url}\""), 1);
    }
    fs::write(&file, text).unwrap();
    let (config, at) = (arg(&file).to_owned(), arg(&data).to_owned());
    plan(&config, &at);
    let mut server = Server::start(&["--config", &config, "--data", &at, "--listen", "127.0.0.1:0"]);
    let address = server.address().to_owned();
    let mut crowd = gather(&server.url, PEOPLE, seed, &phones).await;
    crowd.prepare(Duration::ZERO).await;
    crowd.book().await;
    assert_eq!(crowd.results().failed, std::collections::BTreeMap::new());

    let mut dice = Dice::new(seed, 0xC4A5);
    let under_way = Arc::new(AtomicU32::new(0));
    for round in 0..number("ANTREAN_CRASH_ROUNDS", ROUNDS) {
        let wait = Duration::from_millis(5 + dice.below(120));
        let (at, config, address) = (at.clone(), config.clone(), address.clone());
        let back = Arc::new(AtomicBool::new(false));
        let (is_back, counters, under_way) = (Arc::clone(&back), crowd.counters(), Arc::clone(&under_way));
        let struck = Arc::clone(&struck);
        let cut = async move {
            tokio::time::sleep(wait).await;
            let (begun, done, _) = counters.read();
            under_way.fetch_add(begun - done, Ordering::Relaxed);
            tokio::task::spawn_blocking(move || {
                let started = Instant::now();
                let again = || Server::start(&["--config", &config, "--data", &at, "--listen", &address]);
                let server = struck.strike(server, again, Path::new(&at));
                println!(
                    "round {round}: killed after {} ms, audited and back in {} ms",
                    wait.as_millis(),
                    started.elapsed().as_millis()
                );
                is_back.store(true, Ordering::Relaxed);
                server
            })
            .await
            .unwrap()
        };
        let storm = async {
            while !back.load(Ordering::Relaxed) {
                crowd.churn().await;
            }
        };
        ((), server) = tokio::join!(storm, cut);
        assert_eq!(crowd.results().failed, std::collections::BTreeMap::new(), "round {round}");
        assert_eq!(told(&crowd).await, held(&crowd), "round {round}: what was acknowledged is what is there");
    }
    let under_way = under_way.load(Ordering::Relaxed);
    assert!(under_way > 0, "no request was under way at any cut: this run has shown nothing");
    let holding = held(&crowd).len() as u32;
    tokio::task::spawn_blocking(move || server.kill()).await.unwrap();
    let there = tokio::task::spawn_blocking(move || audited_at(&struck.config(&data))).await.unwrap();
    assert_eq!(there, holding, "and nothing else");
}
