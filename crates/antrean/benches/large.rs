//! A server whose database is large: a million people waiting in a line and a million entries. How much memory it holds, how soon it
//! serves, and how soon after `kill -9` in the midst of writing. Nothing is asserted about time.
//!
//! `cargo bench -p antrean --bench large -- [PEOPLE] [KILLS]`, by default 1,000,000 of each and 5 kills. The rows are put into the
//! embedded store directly, without sign-in; the server is the real binary on a loopback address.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, EntryId, Leaf, LeafPerson};
use antrean_domain::draw::person::{Commitment, Tag};
use antrean_domain::keys::{PersonKey, PhoneKey};
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::parties::{Inserted, PartyPerson};
use antrean_store::releases::ReleaseState;
use antrean_store::{Fault, Store, StoreConfig, accounts, entries, lines, parties, releases};
use jiff::SignedDuration;
use reqwest::Client;

/// People written in one operation while the store is filled.
const FILL: u64 = 20_000;
/// The releases: one that is entered, one that is waited for.
const ENTERED: &str = "BESAR-UNDIAN";
const AWAITED: &str = "BESAR-ANTRE";
/// The waiting room stays open for joining while the bench runs.
const OPENS_IN: SignedDuration = SignedDuration::from_mins(50);
/// How long writing goes on before a kill, and by how many at once.
const WRITES_FOR: Duration = Duration::from_secs(3);
const HANDS: u64 = 16;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse::<u64>().ok());
    let (people, kills) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(5));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (config, data) = (folder.path().join("antrean.toml"), folder.path());
    let text = "[server]\nsign_ins_per_network_hour = 0\n\n[policy]\nplan_weekly = false\n\
                codes_per_network_hour = 10000000\ncodes_per_day = 10000000\n\
                codes_per_phone_hour = 10000000\ncodes_per_phone_day = 10000000\n";
    std::fs::write(&config, text).expect("a configuration");

    plan(&config, data, &["--id", ENTERED, "--offices", "BTM", "--opens", "now", "--beacon", "local"]);
    let opens = (SystemClock.now() + OPENS_IN).to_string();
    plan(&config, data, &["--id", AWAITED, "--mode", "first_come", "--offices", "JAP", "--opens", &opens]);
    let (first, took) = Server::start(&config, data);
    println!("start      {took:8.3} s, resident {} MB, nobody there", first.memory_mb("VmRSS:"));
    // The clock opens the release that is entered.
    runtime.block_on(first.until("/readyz"));
    std::thread::sleep(Duration::from_secs(2));
    first.stop();

    let begun = Instant::now();
    let store = Store::open(&StoreConfig::at(data.join("antrean.db"))).expect("the store");
    fill(&store, people);
    store.close_blocking();
    let (took, size) = (begun.elapsed().as_secs_f64(), bytes(&data.join("antrean.db")) / 1_000_000);
    println!("fill       {took:8.1} s, {people} people entered and {people} waiting, database {size} MB");

    let (mut server, took) = Server::start(&config, data);
    println!("start      {took:8.3} s with all of them");
    // Two looks of the clock a second, and pages of everything that is public.
    for _ in 0..20 {
        for path in ["/", "/antrean", "/api/v1/releases"] {
            runtime.block_on(server.get(path));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let (resident, peak) = (server.memory_mb("VmRSS:"), server.memory_mb("VmHWM:"));
    println!("memory     {resident:8} MB resident after 10 s of clock and pages, {peak} MB at its peak");

    for kill in 1..=kills {
        let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let writing: Vec<_> = (0..HANDS)
            .map(|hand| runtime.spawn(ask_for_codes(server.url.clone(), hand, Arc::clone(&over), Arc::clone(&done))))
            .collect();
        std::thread::sleep(WRITES_FOR);
        server.kill();
        over.store(true, Ordering::Relaxed);
        let log = bytes(&data.join("antrean.db-wal")) / 1_000;
        let begun = Instant::now();
        let (next, listening) = Server::start(&config, data);
        runtime.block_on(next.until("/readyz"));
        let (ready, written) = (begun.elapsed().as_secs_f64(), done.load(Ordering::Relaxed));
        println!(
            "kill -9 {kill:2} {listening:8.3} s until it listens, {ready:.3} s until a commit; {written} writes before, log {log} KB"
        );
        server = next;
        for one in writing {
            runtime.block_on(one).expect("nobody panics");
        }
    }
    server.stop();
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Plans a release with the program itself.
fn plan(config: &Path, data: &Path, flags: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antrean"));
    command.args(["release", "plan", "--json", "--config"]).arg(config).arg("--data").arg(data).args(flags);
    let planned = command.stdout(Stdio::null()).status().expect("the program runs");
    assert!(planned.success(), "{flags:?}");
}

fn fill(store: &Store, people: u64) {
    let entered: ReleaseId = ENTERED.parse().expect("a name");
    let awaited: ReleaseId = AWAITED.parse().expect("a name");
    let id = entered.clone();
    let release = store.read_blocking(move |tx| releases::get(tx, &id)).expect("a read").expect("the release");
    assert_eq!(release.state, ReleaseState::Open, "its clock has opened it");
    let rules = Hash32::of(release.rules.as_bytes());
    let line = store.read_blocking(move |tx| lines::get(tx, &awaited)).expect("a read").expect("a waiting room").id;
    let now = SystemClock.now();
    for start in (0..people).step_by(FILL as usize) {
        let entered = entered.clone();
        let filled = store.write_blocking(move |tx| {
            for number in start..(start + FILL).min(people) {
                let hash = Hash32::of(&number.to_be_bytes());
                let key: [u8; 16] = hash.0[..16].try_into().expect("16 of 32 bytes");
                let account = accounts::insert(tx, &PhoneKey(key), &[0; 96], "id", now)?;
                let person = PartyPerson { position: 0, person: PersonKey(key), sealed: vec![0; 256] };
                let (service, passport) = (ServiceCode::New, PassportKind::Electronic);
                let made = parties::insert(tx, account, &entered, service, passport, &[person], now)?;
                let Inserted::Party(party) = made else {
                    return Err(Fault::Corrupt { what: "the same person twice".to_owned() });
                };
                let published = LeafPerson { tag: Tag(hash.0), commitment: Commitment(hash.0) };
                let choice: Choice = "BTM/*/*".parse().expect("a choice");
                let leaf = Leaf::build(&entered, &rules, &[published], &[choice]).expect("a leaf");
                entries::insert(tx, party, &entered, &EntryId::of(&published.tag), leaf.as_bytes(), now)?;
                lines::join_present(tx, line, account, &PersonKey(key), now)?;
            }
            Ok(())
        });
        filled.expect("rows");
    }
}

/// Asks for one-time codes, each a write of its own, until told to stop.
async fn ask_for_codes(url: String, hand: u64, over: Arc<AtomicBool>, done: Arc<AtomicU64>) {
    let client = Client::builder().timeout(Duration::from_secs(2)).build().expect("a client");
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        // Numbers that nobody has.
        let phone = format!("0812-0000-{:04}", (turn * HANDS + hand) % 10_000);
        turn += 1;
        let asked = client
            .post(format!("{url}/api/v1/sessions/codes"))
            .header("idempotency-key", format!("large-{hand}-{turn}-{url}"))
            .json(&serde_json::json!({ "phone": phone }));
        if asked.send().await.is_ok_and(|answer| answer.status().is_success()) {
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A server of the real binary.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts one and waits until it listens; how long that took, in seconds.
    fn start(config: &Path, data: &Path) -> (Self, f64) {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_antrean"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(config).arg("--data").arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("it says where it listens").expect("text");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        (Self { child, url: url.trim_end_matches(',').to_owned() }, begun.elapsed().as_secs_f64())
    }

    async fn get(&self, path: &str) -> bool {
        reqwest::get(format!("{}{path}", self.url)).await.is_ok_and(|answer| answer.status().is_success())
    }

    async fn until(&self, path: &str) {
        while !self.get(path).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What Linux says of its memory, in MB: `VmRSS:` now, `VmHWM:` at most.
    fn memory_mb(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kb = line.and_then(|rest| rest.split_whitespace().next()).and_then(|kb| kb.parse::<u64>().ok());
        kb.unwrap_or(0) / 1_000
    }

    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
        self.child.wait().expect("it ends");
    }
}
