//! What the server does over HTTP, load and server sharing the machine: `cargo bench -p antrean-web --bench http`. It prints; it
//! judges nothing.
//!
//! `-- bookings [COUNT]`, `-- entries [COUNT]`: confirmed work of signed-in people, each with a session, an idempotency key, a line in
//! the log of changes and a message in the outbox. `-- polls [COUNT]`: the public state of a release, from prepared bytes.
//!
//! `DATABASE=postgres` has the store in a PostgreSQL cluster of the bench's own.
//! `CONNECTIONS` sets how many people ask at once (64), `BENCH_DIR` where the database lies.

mod load;
mod nginx;
mod town;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use antrean_domain::release::Mode;

use load::Load;
use nginx::Nginx;
use town::Town;

fn main() {
    tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(std::io::stderr).init();
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let what = args.next().unwrap_or_else(|| "bookings".to_owned());
    let count: usize = args.next().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let connections = std::env::var("CONNECTIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(64);
    match what.as_str() {
        "bookings" => work(Mode::FirstCome, count, connections),
        "entries" => work(Mode::Draw, count, connections),
        "polls" => polls(count, connections),
        other => panic!("{other}: say bookings, entries or polls"),
    }
}

/// Signed-in people who book, or enter, once each.
fn work(mode: Mode, count: usize, connections: usize) {
    let town = Town::open(mode);
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(town.requests(count));
    let before = town.app.store().stats();
    let used = cpu();
    let done = Load { address: town.address, connections, expect: 201 }.run(&requests, count);
    let used = cpu().saturating_sub(used);
    let after = town.app.store().stats();
    say(&format!(
        "{count} {} over {connections} connections in {:.2?}: {:.0}/s",
        if mode == Mode::Draw { "entries" } else { "bookings" },
        done.took,
        count as f64 / done.took.as_secs_f64()
    ));
    say(&done.waits());
    let batches = after.batches - before.batches;
    say(&format!(
        "{batches} transactions, {:.1} operations each; in commits {:.2?}; processor {:.0} µs each, load included",
        count as f64 / batches as f64,
        after.commit_time.saturating_sub(before.commit_time),
        used.as_secs_f64() * 1e6 / count as f64
    ));
    for (thread, time) in threads() {
        say(&format!("  thread {thread:<16} {:6.2} s", time.as_secs_f64()));
    }
    town.close();
    say("audit clean");
}

/// Readers of the public state of a release, and readers of the same bytes from nginx.
fn polls(count: usize, connections: usize) {
    let town = Town::open(Mode::FirstCome);
    let request = Arc::new(vec![town.poll()]);
    let load = Load { address: town.address, connections, expect: 200 };
    load.run(&request, count / 10);
    let before = Town::cpu();
    let done = load.run(&request, count);
    report("antrean", &done, count, connections, Town::cpu().saturating_sub(before));
    let body = load.body(&request[0]);
    town.close();
    let Some(nginx) = Nginx::with(&body) else {
        say("nginx is not installed: nothing to compare with");
        return;
    };
    let load = Load { address: nginx.address, connections, expect: 200 };
    load.run(&request, count / 10);
    let before = nginx.cpu();
    let done = load.run(&request, count);
    report("nginx", &done, count, connections, nginx.cpu().saturating_sub(before));
}

fn report(who: &str, done: &load::Done, count: usize, connections: usize, used: Duration) {
    say(&format!(
        "{who}: {count} polls of {} bytes over {connections} connections in {:.2?}: {:.0}/s; processor {:.1} µs each, load apart",
        done.bytes / count as u64,
        done.took,
        count as f64 / done.took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / count as f64
    ));
    say(&done.waits());
}

/// Prints a line at once.
fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").expect("standard output");
}

/// Processor time of this process so far, as Linux counts it in ticks of 10 ms.
fn cpu() -> Duration {
    stat_time("/proc/self/stat").unwrap_or_default()
}

/// Processor time by name of the thread, the busiest first.
fn threads() -> Vec<(String, Duration)> {
    let mut by_name = std::collections::BTreeMap::<String, Duration>::new();
    for thread in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default().trim().to_owned();
        let time = stat_time(thread.path().join("stat").to_str().unwrap_or_default()).unwrap_or_default();
        *by_name.entry(name).or_default() += time;
    }
    let mut all: Vec<_> = by_name.into_iter().filter(|(_, time)| *time > Duration::from_millis(50)).collect();
    all.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    all
}

fn stat_time(path: &str) -> Option<Duration> {
    let text = std::fs::read_to_string(path).ok()?;
    // The name in parentheses may hold anything; the numbers come behind it.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
