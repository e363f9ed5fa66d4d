//! Many weeks, each from its seed, side by side: what happened is counted, and a week that fails is told so that it can be replayed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// More would only share the same machine.
const WORKERS_MAX: usize = 8;

/// What happened in a week so far.
#[derive(Default)]
pub struct Log {
    steps: Mutex<Vec<String>>,
    /// How often what happened: whatever never happens is not tested.
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Log {
    pub fn note(&self, line: String) {
        self.steps.lock().expect("no panic here").push(line);
    }

    pub fn count(&self, what: impl Into<String>) {
        *self.counts.lock().expect("no panic here").entry(what.into()).or_default() += 1;
    }

    /// The same seed gives the same week, or a failure could not be replayed.
    pub fn assert_same_steps(&self, other: &Self) {
        let (one, other) = (self.steps.lock().expect("no panic here"), other.steps());
        let differs = one.iter().zip(&other).position(|(one, other)| one != other);
        let at = differs.or((one.len() != other.len()).then(|| one.len().min(other.len())));
        if let Some(at) = at {
            panic!("the same seed gave another week: first {:?}, then {:?}", one.get(at), other.get(at));
        }
    }

    /// The steps, oldest first; they are not kept.
    pub fn steps(&self) -> Vec<String> {
        std::mem::take(&mut self.steps.lock().expect("no panic here"))
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.counts.lock().expect("no panic here"))
    }
}

/// How many weeks, how they are asked for, and what must have happened in them.
pub struct Campaign {
    /// Before `_SEED`, `_WEEKS` and `_SECONDS` in the variables that ask for something else.
    pub variables: &'static str,
    /// Weeks of an ordinary run.
    pub weeks: u64,
    /// An ordinary run ends after this time, however many weeks it came to.
    pub patience: Duration,
    /// What must have happened: a rule that is never put to the test is not tested.
    pub must_happen: &'static [&'static str],
    /// In fewer weeks than this some of it may not have happened.
    pub enough_weeks: u64,
}

impl Campaign {
    fn number(&self, name: &str) -> Option<u64> {
        let variable = format!("{}_{name}", self.variables);
        let text = std::env::var(&variable).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text:?}")))
    }

    /// Plays the weeks; fails with the steps of the first one that fails.
    pub fn run(&self, play: impl Fn(u64, &Log) + Sync) {
        let first = self.number("SEED");
        let (asked, seconds) = (self.number("WEEKS"), self.number("SECONDS"));
        // Whoever names a seed wants that week, and whoever names a time as many as fit into it.
        let weeks = asked.unwrap_or(if first.is_some() { 1 } else { self.weeks });
        let weeks = if seconds.is_some() && asked.is_none() { u64::MAX } else { weeks };
        let patience = match (seconds, asked) {
            (Some(seconds), _) => Duration::from_secs(seconds),
            (None, Some(_)) => Duration::MAX,
            (None, None) => self.patience,
        };
        let first = first.unwrap_or(1);
        let began = Instant::now();
        let (next, done, steps) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let failed: Mutex<Option<(u64, String, Vec<String>)>> = Mutex::new(None);
        let counts: Mutex<BTreeMap<String, u64>> = Mutex::default();
        let stop = AtomicBool::new(false);
        let work = || {
            while !stop.load(Ordering::Relaxed) && began.elapsed() < patience {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= weeks {
                    return;
                }
                let seed = first.wrapping_add(index);
                let log = Log::default();
                let played = catch_unwind(AssertUnwindSafe(|| play(seed, &log)));
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
                if weeks == 1 {
                    println!("{}", log_steps.join("\n"));
                }
            }
        };
        std::thread::scope(|scope| {
            let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(WORKERS_MAX);
            for _ in 0..workers {
                scope.spawn(work);
            }
        });
        let done = done.into_inner();
        let counts = counts.into_inner().expect("no panic here");
        for (what, count) in &counts {
            println!("{count:>8} {what}");
        }
        let (steps, took) = (steps.into_inner(), began.elapsed().as_secs_f64());
        let rate = done as f64 / took;
        println!("{done} weeks of {} steps from seed {first} in {took:.1} s, {rate:.1} a second", steps / done.max(1));
        if let Some((seed, why, steps)) = failed.into_inner().expect("no panic here") {
            let variable = self.variables;
            panic!("week {seed} failed; play it again with {variable}_SEED={seed}\n{}\n{why}", steps.join("\n"));
        }
        if done >= self.enough_weeks {
            let never: Vec<_> = self.must_happen.iter().filter(|what| !counts.contains_key(**what)).collect();
            assert!(never.is_empty(), "in {done} weeks this never happened: {never:?}");
        }
    }
}

/// A runtime on this thread alone, so that everything in a week happens in one order.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
