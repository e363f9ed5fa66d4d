//! The loss of the database's primary: two nodes on a highly available cluster of three machines, a storm of bookings and entries, and
//! the primary is killed in the midst of it. What was acknowledged is there afterwards, nothing is there twice, nothing is oversold,
//! and a draw that was due while there was no database is done once.
//!
//! `ANTREAN_FAILOVER_ROUNDS` repeats it on the same cluster, where the lost machine comes back each time; `ANTREAN_FAILOVER_TTL_S` is
//! how long a primary may be silent.

mod clients;

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_app::entropy::{self, SystemEntropy};
use antrean_cluster::Patroni;
use antrean_crowd::{Crowd, Settings};
use antrean_domain::region::Zone;
use antrean_domain::release::next_release_friday;
use antrean_store::{Store, StoreConfig, audit};
use jiff::{SignedDuration, ToSpan as _};

use self::clients::{Act, Answer, Churned, Person, Seen, Town};
use crate::running::{Server, arg, json};
use crate::storm::{Phones, configuration, number};

const MACHINES: usize = 3;
/// A round is quick with this, and the machine is not too slow for it; operators are told to take 20.
const TTL_S: u64 = 8;
/// Who books and cancels all the time, and who enters once a round.
const BOOKERS: usize = 40;
const ENTRANTS: usize = 40;
/// Places that go first come, enough for many rounds of booking and cancelling, since what is freed is not free; and the office that
/// draws.
const OPEN: &str = "UJI-FAILOVER";
const OFFICES: &str =
    "BTM,BTM-HB,JAP,LGS,JAKBAR,JAKPUS,JAKSEL,JAKTIM,JAKUT,BDG,BKS,SBY,SMG,YOG,MDN,PDG,PLB,PKU,DPS,TNG";
const DRAWN_AT: &str = "MKS";
/// The list of entries is made final so long after it opened, just after the primary is gone.
const ENTRIES_TAKE: Duration = Duration::from_secs(7);
const LOST_AFTER: Duration = Duration::from_secs(5);
/// How long the storm goes on when bookings succeed again.
const GOES_ON: Duration = Duration::from_secs(3);
/// More than this is no failover.
const ROUND_MAX: Duration = Duration::from_mins(3);

/// What happens to the primary.
#[derive(Clone, Copy, PartialEq)]
enum Loss {
    /// It is gone, and comes back later with the disk it had.
    Killed,
    /// It stops in the midst of everything, lines open, and its database goes on when there is another primary.
    Frozen,
}

#[test]
fn what_was_acknowledged_survives_the_loss_of_the_primary_and_the_draw_is_done_once() {
    survives(Loss::Killed);
}

#[test]
fn a_primary_that_froze_and_wakes_up_has_acknowledged_nothing_that_the_new_one_does_not_know() {
    survives(Loss::Frozen);
}

fn survives(loss: Loss) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ttl_s = number("ANTREAN_FAILOVER_TTL_S", TTL_S) as u32;
    let rounds = number("ANTREAN_FAILOVER_ROUNDS", 1);
    let started = Instant::now();
    let Some(mut cluster) = Patroni::start(MACHINES, ttl_s) else { return };
    println!("a cluster of {MACHINES} machines, ttl {ttl_s} s, up in {:.1} s", started.elapsed().as_secs_f64());
    cluster.run(
        "postgres",
        &["CREATE ROLE antrean LOGIN PASSWORD 'CHANGE-antrean'", "CREATE DATABASE antrean OWNER antrean"],
    );
    let town = Nodes::start(&cluster, rounds);
    for round in 0..rounds {
        town.round(&mut cluster, round, loss);
    }
}

/// Two nodes, and the people who use them.
struct Nodes {
    runtime: tokio::runtime::Runtime,
    config: String,
    url: String,
    servers: Vec<Server>,
    bookers: Vec<Person>,
    entrants: Vec<Person>,
    slots: Arc<Vec<i64>>,
    /// What each booker has at the beginning of a round.
    had: Mutex<Vec<Option<String>>>,
    _folder: tempfile::TempDir,
}

impl Nodes {
    fn start(cluster: &Patroni, rounds: u64) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let phones = Phones::default();
        let url = cluster.url("antrean", "CHANGE-antrean", "antrean");
        let (key, file) = (folder.path().join("key"), folder.path().join("antrean.toml"));
        fs::write(&key, "5a".repeat(32)).unwrap();
        let mut text = configuration(&runtime.block_on(phones.listen()));
        text = text.replacen("[server]", &format!("[server]\nmaster_key_file = \"{}\"", arg(&key)), 1);
        fs::write(&file, text).unwrap();
        let config = arg(&file).to_owned();
        plan(
            &config,
            &url,
            &["--id", OPEN, "--mode", "first_come", "--opens", "now", "--no-waiting-room", "--offices", OFFICES],
        );
        let serve = |name: &str| {
            let data = folder.path().join(name);
            Server::start(&["--config", &config, "--database", &url, "--data", arg(&data), "--listen", "127.0.0.1:0"])
        };
        let servers = vec![serve("one"), serve("two")];
        let households = BOOKERS + ENTRANTS * rounds as usize;
        let crowd = runtime.block_on(gathered(&servers[0].url, households, &phones));
        assert_eq!(crowd.results().failed, std::collections::BTreeMap::new());
        let slots = crowd.market().offices.iter().flat_map(|office| office.slots.iter().map(|slot| slot.id)).collect();
        let mut bookers: Vec<Person> = crowd.citizens().iter().map(Person::of).collect();
        let entrants = bookers.split_off(BOOKERS);
        let had = Mutex::new(vec![None; BOOKERS]);
        Self { runtime, config, url, servers, bookers, entrants, slots: Arc::new(slots), had, _folder: folder }
    }

    /// A storm in whose midst the primary is lost, and what there is afterwards.
    fn round(&self, cluster: &mut Patroni, round: u64, loss: Loss) {
        let started = Instant::now();
        let release = format!("UJI-FAILOVER-{round}");
        let week = next_release_friday(SystemClock.now()).checked_add((round as i64).weeks()).unwrap().to_string();
        let opened = Instant::now();
        let freeze = (SystemClock.now() + SignedDuration::try_from(ENTRIES_TAKE).unwrap()).to_string();
        let flags = ["--id", &release, "--week", &week, "--opens", "now", "--freeze", &freeze, "--beacon", "local"];
        plan(&self.config, &self.url, &[&flags[..], &["--offices", DRAWN_AT]].concat());

        until(cluster, "release that is open", || state(cluster, &release) == "open");

        let town = Arc::new(self.town());
        let churning: Vec<_> = std::iter::zip(&self.bookers, self.had.lock().unwrap().drain(..))
            .map(|(person, has)| {
                let slots = Arc::clone(&self.slots);
                self.runtime.spawn(person.clone().churn(Arc::clone(&town), round, slots, has))
            })
            .collect();
        let first = ENTRANTS * round as usize;
        let entering: Vec<_> = (0_u32..)
            .zip(&self.entrants[first..first + ENTRANTS])
            .map(|(place, person)| {
                // The last of them come when the list is just made final.
                let after = ENTRIES_TAKE.mul_f64(f64::from(place) / ENTRANTS as f64).saturating_sub(opened.elapsed());
                let choice = format!("{DRAWN_AT}/*/*");
                self.runtime.spawn(person.clone().enter(Arc::clone(&town), release.clone(), choice, after))
            })
            .collect();

        std::thread::sleep(LOST_AFTER.saturating_sub(opened.elapsed()));
        let victim = cluster.primary().expect("a primary in the storm");
        let heir = cluster.synchronous().expect("a synchronous standby in the storm");
        assert!(town.last().is_some(), "nobody was served before the loss: this run has shown nothing");
        match loss {
            Loss::Killed => cluster.lose(victim),
            Loss::Frozen => cluster.freeze(victim),
        }
        let gone = Instant::now();
        println!("round {round}: db{} is lost {:.1} s into the storm", victim + 1, opened.elapsed().as_secs_f64());
        let promoted =
            cluster.until("new primary", ROUND_MAX, |cluster| cluster.primary().is_some_and(|now| now != victim));
        assert_eq!(cluster.primary(), Some(heir), "nobody but the synchronous standby has every commit");
        let again = until(cluster, "booking after the loss", || town.last().is_some_and(|last| last > gone + promoted));
        if loss == Loss::Frozen {
            cluster.wake(victim);
        }
        std::thread::sleep(GOES_ON);
        town.over.store(true, Ordering::Relaxed);
        let (churned, entered) = self.runtime.block_on(async {
            let mut churned = Vec::new();
            for one in churning {
                churned.push(one.await.expect("everybody gets an answer"));
            }
            let mut entered = Vec::new();
            for one in entering {
                entered.push(one.await.expect("everybody gets an answer"));
            }
            (churned, entered)
        });
        report(&town, round, (promoted, again), &churned, &entered);
        self.check(cluster, &town, &release, &churned, &entered);
        *self.had.lock().unwrap() = churned.into_iter().map(|one| one.has).collect();

        if loss == Loss::Frozen {
            cluster.lose(victim);
        }
        cluster.give_back(victim);
        let back = cluster.until("standby again", ROUND_MAX, |cluster| cluster.is_replica(victim));
        cluster.until("synchronous standby", ROUND_MAX, |cluster| cluster.synchronous().is_some());
        println!("round {round}: db{} is a standby again after {:.1} s", victim + 1, back.as_secs_f64());
        assert!(started.elapsed() < ROUND_MAX * 2, "a round without end");
    }

    fn town(&self) -> Town {
        // A request that hangs is given up a little after the server gives it up.
        let client = reqwest::Client::builder().timeout(Duration::from_secs(25)).build().unwrap();
        let nodes = self.servers.iter().map(|node| node.url.clone()).collect();
        Town { client, nodes, seen: Mutex::new(Seen::default()), over: AtomicBool::new(false) }
    }

    /// Everything that was acknowledged is there, and nothing else.
    fn check(&self, cluster: &Patroni, town: &Town, release: &str, churned: &[Churned], entered: &[(Act, Answer)]) {
        let acts = churned.iter().flat_map(|one| &one.acts).chain(entered);
        self.runtime.block_on(async {
            // What was refused because it was too late is not remembered, and refused again for a reason of its own.
            for (act, answer) in acts.filter(|(_, answer)| answer.is_success()) {
                for node in 0..self.servers.len() {
                    assert_eq!(town.insist(act, node).await, *answer, "{act:?}: the same key, another answer");
                }
            }
            for Churned { person, has, .. } in churned {
                let live = town.live(person).await;
                let has_now = live["appointment"]["link"].as_str().map(str::to_owned);
                assert_eq!(has_now, *has, "what {} was told is not what is there", person.number);
            }
        });

        // The draw that was due when nobody could draw.
        let drawn = "SELECT state FROM releases WHERE id = ";
        until(cluster, "draw", || cluster.ask("antrean", &format!("{drawn}'{release}'")) == "drawn");
        let verified = json(&["release", "verify", &format!("{}/undian/{release}", self.servers[1].url), "--json"]);
        let entries = entered.iter().filter(|(_, answer)| answer.is_success()).count();
        assert!(entries > 0 && entries < ENTRANTS + 1);
        assert_eq!(verified["holds"], true, "{verified}");
        let events = |kind: &str, release: &str| {
            let question = format!("SELECT count(*) FROM events WHERE kind = '{kind}' AND release_id = '{release}'");
            cluster.ask("antrean", &question).parse::<usize>().unwrap()
        };
        assert_eq!((events("entered", release), events("draw_complete", release)), (entries, 1));
        let parties = format!("SELECT count(*) FROM parties WHERE release_id = '{release}'");
        assert_eq!(cluster.ask("antrean", &parties), entries.to_string());
        let held = format!("SELECT count(*) FROM parties WHERE release_id = '{OPEN}' AND live = 1");
        let holding = churned.iter().filter(|one| one.has.is_some()).count();
        assert_eq!(cluster.ask("antrean", &held), holding.to_string(), "and nobody has anything else");

        let store = Store::open(&StoreConfig::url(self.url.parse().unwrap())).unwrap();
        assert_eq!(store.read_blocking(audit::violations).unwrap(), Vec::<String>::new());
        store.close_blocking();
    }
}

/// Plans a release in the database.
fn plan(config: &str, url: &str, flags: &[&str]) {
    json(&[&["release", "plan", "--config", config, "--database", url, "--json"], flags].concat());
}

/// So many households at least, all signed in.
async fn gathered(url: &str, households: usize, phones: &Phones) -> Crowd {
    let settings = Settings {
        client: reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap(),
        base: url.to_owned(),
        release: OPEN.to_owned(),
        // A household has at most five people.
        people: households as u32 * 5,
        seed: u64::from_be_bytes(entropy::bytes(&SystemEntropy)),
        first: 0,
        today: Zone::Wib.local(SystemClock.now()).date(),
        at_once: 16,
        codes: Arc::new(phones.clone()),
    };
    let mut crowd = Crowd::gather(settings).await.unwrap();
    crowd.prepare(Duration::ZERO).await;
    crowd
}

fn until(cluster: &Patroni, what: &str, is_so: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < ROUND_MAX, "no {what} within {ROUND_MAX:?}\n{}", cluster.tails(40));
        std::thread::sleep(Duration::from_millis(50));
    }
    started.elapsed()
}

fn state(cluster: &Patroni, release: &str) -> String {
    cluster.ask("antrean", &format!("SELECT state FROM releases WHERE id = '{release}'"))
}

fn report(
    town: &Town,
    round: u64,
    (promoted, again): (Duration, Duration),
    churned: &[Churned],
    entered: &[(Act, Answer)],
) {
    let acknowledged = |acts: &[(Act, Answer)], path: &str| {
        acts.iter().filter(|(act, answer)| answer.is_success() && act.path.ends_with(path)).count()
    };
    let count = |path| churned.iter().map(|one| acknowledged(&one.acts, path)).sum::<usize>();
    let seen = town.seen.lock().unwrap();
    println!(
        "round {round}: acknowledged {} bookings, {} cancellations, {} entries; new primary after {:.1} s, first booking {:.1} s \
         later, longest without any {:.1} s",
        count("/appointments"),
        count("/cancel"),
        acknowledged(entered, "/entry"),
        promoted.as_secs_f64(),
        again.as_secs_f64(),
        seen.silence.as_secs_f64(),
    );
    let kinds = seen.kinds.iter().fold(String::new(), |mut all, (kind, times)| {
        let _ = write!(all, " [{kind}] {times}");
        all
    });
    println!("round {round}: the clients saw{kinds}");
}
