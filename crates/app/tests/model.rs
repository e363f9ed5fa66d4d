//! Random weeks on the real store, each step foretold by a model of plain maps, every rule looked at after every step.
//!
//! `ANTREAN_MODEL_WEEKS` is the number of weeks (without it some 2,000, but no more than fit into 90 seconds) and
//! `ANTREAN_MODEL_SEED` the seed of the first; every further week has the next. A week that fails is told with its seed and
//! its steps, and `ANTREAN_MODEL_SEED=<seed> ANTREAN_MODEL_WEEKS=1` plays it again.
//!
//! A week may run into the next, and that into a third: only then can it be seen that people rest.

#[path = "model/act.rs"]
mod act;
#[path = "model/dice.rs"]
mod dice;
#[path = "model/reference.rs"]
mod reference;
#[path = "model/rows.rs"]
mod rows;
#[path = "model/stage.rs"]
mod stage;
#[path = "model/story.rs"]
mod story;
#[path = "model/week.rs"]
mod week;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stage::Template;
use week::{Log, START};

/// Weeks of an ordinary run.
const WEEKS: u64 = 2_000;
/// An ordinary run ends after this time, however many weeks it came to.
const PATIENCE: Duration = Duration::from_secs(90);
/// What must have happened in so many weeks: a rule that is never put to the test is not tested.
const MUST_HAPPEN: [&str; 24] = [
    "cancel",
    "change",
    "enter",
    "entry at the end: expired",
    "entry at the end: left",
    "entry at the end: withdrawn",
    "key reused",
    "move",
    "place at the end: cancelled_late",
    "place at the end: no_show",
    "place at the end: served",
    "place at the end: unrecorded",
    "place from: draw",
    "place from: first_come",
    "place from: leftover",
    "place from: wave",
    "recorded: booked",
    "refused: already-live",
    "refused: full",
    "refused: person-already-live",
    "refused: person-rests",
    "sent again",
    "wish",
    "wish granted",
];
/// In fewer weeks than this some of it may not have happened.
const ENOUGH_WEEKS: u64 = 500;
/// More would only share the same machine.
const WORKERS_MAX: usize = 8;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text:?}")))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

#[test]
fn no_random_week_breaks_a_rule() {
    let first = number("ANTREAN_MODEL_SEED").unwrap_or(1);
    let asked = number("ANTREAN_MODEL_WEEKS");
    let weeks = asked.unwrap_or(WEEKS);
    let began = Instant::now();
    let template = runtime().block_on(Template::new(START));
    let (next, done, steps) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failed: Mutex<Option<(u64, String, Vec<String>)>> = Mutex::new(None);
    let counts: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let stop = AtomicBool::new(false);
    let work = || {
        while !stop.load(Ordering::Relaxed) && (asked.is_some() || began.elapsed() < PATIENCE) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= weeks {
                return;
            }
            let seed = first.wrapping_add(index);
            let log = Log::default();
            let played = catch_unwind(AssertUnwindSafe(|| runtime().block_on(week::play(&template, seed, &log))));
            let log_steps = log.steps();
            steps.fetch_add(log_steps.len() as u64, Ordering::Relaxed);
            for (what, count) in log.counts() {
                *counts.lock().expect("no panic here").entry(what).or_default() += count;
            }
            if let Err(panic) = played {
                stop.store(true, Ordering::Relaxed);
                failed.lock().expect("no panic here").get_or_insert((seed, said(&*panic), log_steps));
                return;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(WORKERS_MAX);
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let done = done.into_inner();
    for (what, count) in counts.lock().expect("no panic here").iter() {
        println!("{count:>8} {what}");
    }
    println!(
        "{done} weeks of {} steps from seed {first} in {:.1} s",
        steps.into_inner() / done.max(1),
        began.elapsed().as_secs_f64()
    );
    let failed = failed.into_inner().expect("no panic here");
    let counts = counts.into_inner().expect("no panic here");
    if done >= ENOUGH_WEEKS && failed.is_none() {
        let never: Vec<&str> = MUST_HAPPEN.into_iter().filter(|what| !counts.contains_key(*what)).collect();
        assert!(never.is_empty(), "in {done} weeks this never happened: {never:?}");
    }
    if let Some((seed, why, steps)) = failed {
        panic!(
            "week {seed} failed; play it again with ANTREAN_MODEL_SEED={seed} ANTREAN_MODEL_WEEKS=1\n{}\n{why}",
            steps.join("\n")
        );
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
