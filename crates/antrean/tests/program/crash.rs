//! Power cuts: the server is killed in the midst of a storm of bookings and cancellations, again and again. Nothing that was
//! acknowledged may be lost, nothing may be there twice, and everybody goes on with the server that comes back.
//!
//! `ANTREAN_CRASH_SEED` replays a run, `ANTREAN_CRASH_ROUNDS` makes it longer.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_app::entropy::{self, SystemEntropy};
use antrean_crowd::api::Api;
use antrean_crowd::citizen::{Code, CodeSource, Outcome};
use antrean_crowd::dice::Dice;
use antrean_crowd::{Crowd, Settings};
use antrean_domain::phone::Phone;
use antrean_domain::region::Zone;
use antrean_store::{Store, StoreConfig, appointments, audit};
use axum::Router;
use axum::extract::State;
use axum::routing::post;

use crate::running::{Server, arg, json};

const PEOPLE: u32 = 120;
const ROUNDS: u64 = 6;

/// The phones of a town: the last text that came to each, as the real gateway channel delivers it.
#[derive(Clone, Default)]
struct Phones(Arc<Mutex<HashMap<String, String>>>);

impl Phones {
    /// Takes messages at the address it returns.
    async fn listen(&self) -> String {
        let router = Router::new().route("/send", post(take)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn take(State(phones): State<Phones>, axum::Json(message): axum::Json<HashMap<String, String>>) {
    if let Some(code) = message["text"].split(|sign: char| !sign.is_ascii_digit()).find(|digits| digits.len() == 6) {
        phones.0.lock().unwrap().insert(message["to"].clone(), code.to_owned());
    }
}

impl CodeSource for Phones {
    fn newest<'a>(&'a self, _: &'a Api, phone: &'a Phone) -> Code<'a> {
        // Taken out, so that a second code is waited for and not mistaken for the first.
        let code = self.0.lock().unwrap().remove(phone.e164());
        Box::pin(async move { code })
    }
}

fn configuration(gateway: &str) -> String {
    let mut text = String::from(
        "[server]\nsign_ins_per_network_hour = 0\nlog_filter = \"error\"\n[policy]\nplan_weekly = false\n",
    );
    for limit in ["codes_per_network_hour", "bookings_per_account_minute", "moves_per_account_day"] {
        writeln!(text, "{limit} = 1000000").unwrap();
    }
    writeln!(text, "[gateway]\nurl = \"{gateway}\"\nbody = \"json\"").unwrap();
    text
}

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Looks at the database of a server that is gone: every rule, and how many places are held.
fn audited(data: &Path) -> u32 {
    let store = Store::open(&StoreConfig::at(data.join("antrean.db"))).unwrap();
    let (violations, booked) = store
        .read_blocking(|tx| {
            let states = appointments::counts_by_state(tx, &"UJI-CRASH".parse().unwrap())?;
            let booked =
                states.iter().filter(|count| count.state.is_live()).map(|count| count.parties as u32).sum::<u32>();
            Ok((audit::violations(tx)?, booked))
        })
        .unwrap();
    store.close_blocking();
    assert_eq!(violations, Vec::<String>::new());
    booked
}

fn held(crowd: &Crowd) -> HashMap<u32, (String, String)> {
    let placed = crowd.citizens().iter().filter_map(|citizen| match &citizen.outcome {
        Outcome::Placed { link, slot, .. } => Some((citizen.household.number, (link.clone(), slot.clone()))),
        _ => None,
    });
    placed.collect()
}

/// What every citizen has according to the server, asked anew.
async fn told(crowd: &Crowd) -> HashMap<u32, (String, String)> {
    let mut told = HashMap::new();
    for citizen in crowd.citizens() {
        let mut citizen = citizen.clone();
        citizen.outcome = Outcome::Nothing;
        citizen.look(crowd.means()).await.unwrap();
        if let Outcome::Placed { link, slot, .. } = citizen.outcome {
            told.insert(citizen.household.number, (link, slot));
        }
    }
    told
}

async fn gather(url: &str, seed: u64, phones: &Phones) -> Crowd {
    let settings = Settings {
        client: reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap(),
        base: url.to_owned(),
        release: "UJI-CRASH".to_owned(),
        people: PEOPLE,
        seed,
        first: 0,
        today: Zone::Wib.local(SystemClock.now()).date(),
        at_once: 32,
        codes: Arc::new(phones.clone()),
    };
    Crowd::gather(settings).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_booking_is_lost_and_none_is_doubled_however_often_the_server_is_killed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = number("ANTREAN_CRASH_SEED", u64::from_be_bytes(entropy::bytes(&SystemEntropy)));
    println!("ANTREAN_CRASH_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("antrean.toml"));
    let phones = Phones::default();
    fs::write(&file, configuration(&phones.listen().await)).unwrap();
    let (config, at) = (arg(&file).to_owned(), arg(&data).to_owned());
    json(&[
        "release",
        "plan",
        "--config",
        &config,
        "--data",
        &at,
        "--id",
        "UJI-CRASH",
        "--mode",
        "first_come",
        "--opens",
        "now",
        "--offices",
        "BTM,BTM-HB,MKS,JAP",
        "--json",
    ]);
    let mut server = Server::start(&["--config", &config, "--data", &at, "--listen", "127.0.0.1:0"]);
    let address = server.address().to_owned();
    let mut crowd = gather(&server.url, seed, &phones).await;
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
        let cut = async move {
            tokio::time::sleep(wait).await;
            let (begun, done, _) = counters.read();
            under_way.fetch_add(begun - done, Ordering::Relaxed);
            tokio::task::spawn_blocking(move || {
                server.kill();
                // What the dead server left is looked at before anybody else touches it.
                audited(Path::new(&at));
                let started = Instant::now();
                let server = Server::start(&["--config", &config, "--data", &at, "--listen", &address]);
                println!(
                    "round {round}: killed after {} ms, back in {} ms",
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
    let there = tokio::task::spawn_blocking(move || audited(&data)).await.unwrap();
    assert_eq!(there, holding, "and nothing else");
}
