//! Many citizens at once: arriving over a time, never more than so many on the line, and counted while they do.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use antrean_domain::catalogue::Catalogue;
use antrean_domain::waiting::LinePhase;
use jiff::civil::Date;
use reqwest::Client;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::api::{Api, Trouble};
use crate::citizen::{Citizen, CodeSource, Line, Means, Outcome};
use crate::dice::Dice;
use crate::market::Market;
use crate::people::{HOUSEHOLDS_MAX, Registry};

/// Windows that a citizen tries where places go first come.
const WINDOWS: usize = 6;
/// The crowd looks at the line this often, once for all of them: everybody would see the same bytes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Purposes of streams of chance; households use their own numbers.
const HOMES: u64 = 1 << 40;
const ARRIVALS: u64 = HOMES + 1;

/// What a crowd is made of.
pub struct Settings {
    /// The client for all of them; the caller sets its limits.
    pub client: Client,
    /// Scheme and host of the server.
    pub base: String,
    /// The release they are in for.
    pub release: String,
    /// People altogether, families included.
    pub people: u32,
    /// Everything that is chance follows from it.
    pub seed: u64,
    /// The number of the first household; crowds on one server must not overlap.
    pub first: u32,
    /// The day on which they have their ages.
    pub today: Date,
    /// Requests on their way at once.
    pub at_once: usize,
    /// Where they read their codes.
    pub codes: Arc<dyn CodeSource>,
}

/// How far they are, for looking at while they go.
#[derive(Debug, Default)]
pub struct Counters {
    /// Citizens that have begun.
    pub begun: AtomicU32,
    /// Citizens that did what they came for.
    pub done: AtomicU32,
    /// Citizens for whom something went wrong.
    pub failed: AtomicU32,
}

impl Counters {
    /// Citizens that have begun, are done, have failed.
    pub fn read(&self) -> (u32, u32, u32) {
        (self.begun.load(Ordering::Relaxed), self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    fn reset(&self) {
        for counter in [&self.begun, &self.done, &self.failed] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// Many citizens.
pub struct Crowd {
    means: Means,
    citizens: Vec<Citizen>,
    counters: Arc<Counters>,
    at_once: usize,
    seed: u64,
}

/// What came of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Results {
    /// Citizens, each a household.
    pub citizens: u32,
    /// People in them.
    pub people: u32,
    /// Citizens with a place.
    pub placed: u32,
    /// People in those.
    pub placed_people: u32,
    /// Citizens on standby.
    pub standby: u32,
    /// Citizens for whom everything they tried was full.
    pub full: u32,
    /// Citizens who gave a place back.
    pub cancelled: u32,
    /// Citizens who never came to an end, by what stopped them.
    pub failed: BTreeMap<String, u32>,
    /// Places given by rank of the choice that came true; the first is choice 1.
    pub by_choice: Vec<u32>,
}

impl Results {
    /// The rank of choice in the middle of all that came true.
    pub fn median_choice(&self) -> Option<u32> {
        let all: u32 = self.by_choice.iter().sum();
        let mut seen = 0;
        self.by_choice.iter().zip(1..).find_map(|(count, rank)| {
            seen += count;
            (all > 0 && seen * 2 >= all).then_some(rank)
        })
    }
}

impl Crowd {
    /// Calls a crowd together: reads the release and makes the people who want something of it.
    pub async fn gather(settings: Settings) -> Result<Self, Trouble> {
        let Settings { client, base, release, people, seed, first, today, at_once, codes } = settings;
        let api = Api::new(client, &base);
        let market = Market::read(&api, &release).await?;
        let mut registry = Registry::new(Catalogue::builtin(), seed, today);
        let mut dice = Dice::new(seed, HOMES);
        let (mut citizens, mut left) = (Vec::new(), people);
        for number in first..HOUSEHOLDS_MAX {
            if left == 0 || market.offices.is_empty() {
                break;
            }
            let home = market.home(&mut dice);
            let most = market.party_max.min(left as usize);
            let household = registry.household(number, &market.offices[home].province, most);
            let size = household.people.len() as u32;
            let choices = market.choices(home, size, &mut dice);
            let windows = market.windows(home, size, WINDOWS, &mut dice);
            left -= size;
            citizens.push(Citizen::new(household, home, choices, windows));
        }
        let means = Means { api, market: Arc::new(market), codes, key_prefix: format!("crowd-{seed}-{release}") };
        Ok(Self { means, citizens, counters: Arc::default(), at_once, seed })
    }

    /// How far they are.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// How many citizens there are.
    pub fn len(&self) -> usize {
        self.citizens.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.citizens.is_empty()
    }

    /// What the release offers.
    pub fn market(&self) -> &Market {
        &self.means.market
    }

    /// All sign in, say who they are and enter, arriving over `within`: more at the beginning and at the end.
    pub async fn enter(&mut self, within: Duration) {
        self.each(Some(within), |mut citizen, means| async move {
            let done = async {
                citizen.sign_in(&means).await?;
                citizen.introduce(&means).await?;
                citizen.enter(&means).await
            }
            .await;
            (citizen, done)
        })
        .await;
    }

    /// All sign in and say who they are, arriving over `within`.
    pub async fn prepare(&mut self, within: Duration) {
        self.each(Some(within), |mut citizen, means| async move {
            let done = async {
                citizen.sign_in(&means).await?;
                citizen.introduce(&means).await
            }
            .await;
            (citizen, done)
        })
        .await;
    }

    /// All who are ready book at once. Says how long it took.
    pub async fn book(&mut self) -> Duration {
        let started = Instant::now();
        self.each(None, |mut citizen, means| async move {
            let done = citizen.book(&means).await;
            (citizen, done)
        })
        .await;
        started.elapsed()
    }

    /// All who are ready join the waiting room, arriving over `within`.
    pub async fn join(&mut self, within: Duration) {
        self.each(Some(within), |mut citizen, means| async move {
            let done = citizen.join(&means).await;
            (citizen, done)
        })
        .await;
    }

    /// All look at the line and book when it is their turn, or at once where nobody has to wait. Ends when everybody has an answer
    /// or `give_up` is over, and says how long it took; `look` hears how many wait.
    pub async fn book_in_turn(&mut self, give_up: Duration, mut look: impl FnMut(u64)) -> Result<Duration, Trouble> {
        let started = Instant::now();
        loop {
            let Some(line) = Line::read(&self.means).await? else { return Ok(self.book().await) };
            look(line.waiting);
            let over = matches!(line.phase, LinePhase::Full | LinePhase::Closed);
            let line = Arc::new(line);
            let of_all = Arc::clone(&line);
            self.each(None, move |mut citizen, means| {
                let line = Arc::clone(&of_all);
                async move {
                    let waits = citizen.outcome == Outcome::Nothing;
                    if waits && over {
                        citizen.outcome = Outcome::Full;
                    }
                    let done = if waits && citizen.has_turn(&line) { citizen.book(&means).await } else { Ok(()) };
                    match done {
                        // The room was closed, or moved on, in between: it waits on.
                        Err(trouble) if trouble.is("not-your-turn") => {
                            citizen.outcome = Outcome::Nothing;
                            // Who came to an open room without joining joins now.
                            let joined = citizen.join(&means).await;
                            (citizen, joined)
                        }
                        done => (citizen, done),
                    }
                }
            })
            .await;
            let waits = self.citizens.iter().any(|citizen| citizen.outcome == Outcome::Nothing);
            if !waits || started.elapsed() > give_up {
                return Ok(started.elapsed());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// All who have a place give it back, all others book: for seeing what a server makes of it when it is interrupted.
    pub async fn churn(&mut self) {
        self.each(None, |mut citizen, means| async move {
            let done = match citizen.outcome {
                Outcome::Placed { .. } => citizen.cancel(&means).await,
                _ => citizen.book(&means).await,
            };
            (citizen, done)
        })
        .await;
    }

    /// All look at what they have.
    pub async fn look(&mut self) {
        self.each(None, |mut citizen, means| async move {
            let done = citizen.look(&means).await;
            (citizen, done)
        })
        .await;
    }

    /// Every `nth` of those who have a place gives it back, over `within`.
    pub async fn cancel(&mut self, nth: usize, within: Duration) {
        let mut placed = 0;
        let mut chosen = std::collections::HashSet::new();
        for citizen in &self.citizens {
            if matches!(citizen.outcome, Outcome::Placed { .. }) {
                placed += 1;
                if placed % nth.max(1) == 0 {
                    chosen.insert(citizen.household.number);
                }
            }
        }
        let chosen = Arc::new(chosen);
        self.each(Some(within), move |mut citizen, means| {
            let chosen = Arc::clone(&chosen);
            async move {
                let leaves = chosen.contains(&citizen.household.number);
                let done = if leaves { citizen.cancel(&means).await } else { Ok(()) };
                (citizen, done)
            }
        })
        .await;
    }

    /// What came of them so far.
    pub fn results(&self) -> Results {
        let mut results = Results { citizens: self.citizens.len() as u32, ..Results::default() };
        for citizen in &self.citizens {
            let size = citizen.size();
            results.people += size;
            match &citizen.outcome {
                Outcome::Nothing | Outcome::Entered => {}
                Outcome::Placed { choice, .. } => {
                    results.placed += 1;
                    results.placed_people += size;
                    if let Some(index) = choice.and_then(|choice| choice.checked_sub(1)) {
                        let index = index as usize;
                        results.by_choice.resize(results.by_choice.len().max(index + 1), 0);
                        results.by_choice[index] += 1;
                    }
                }
                Outcome::Standby { .. } => results.standby += 1,
                Outcome::Full => results.full += 1,
                Outcome::Cancelled => results.cancelled += 1,
                Outcome::Failed(trouble) => *results.failed.entry(trouble.to_string()).or_default() += 1,
            }
        }
        results
    }

    /// What they need to act.
    pub fn means(&self) -> &Means {
        &self.means
    }

    /// What each of them is and has.
    pub fn citizens(&self) -> &[Citizen] {
        &self.citizens
    }

    /// Lets everybody who has not failed do something, each at their time, so many at once.
    async fn each<F, W>(&mut self, within: Option<Duration>, work: F)
    where
        F: Fn(Citizen, Means) -> W + Clone + Send + 'static,
        W: Future<Output = (Citizen, Result<(), Trouble>)> + Send + 'static,
    {
        self.counters.reset();
        let mut dice = Dice::new(self.seed, ARRIVALS);
        let places = Arc::new(Semaphore::new(self.at_once));
        let mut going = JoinSet::new();
        let mut back = Vec::with_capacity(self.citizens.len());
        for citizen in std::mem::take(&mut self.citizens) {
            if matches!(citizen.outcome, Outcome::Failed(_)) {
                back.push(citizen);
                continue;
            }
            let arrives = within.map(|within| within.mul_f64(arrival(&mut dice)));
            let (places, counters) = (Arc::clone(&places), Arc::clone(&self.counters));
            let (means, work) = (self.means.clone(), work.clone());
            going.spawn(async move {
                if let Some(arrives) = arrives {
                    tokio::time::sleep(arrives).await;
                }
                let _place = places.acquire_owned().await;
                counters.begun.fetch_add(1, Ordering::Relaxed);
                let (mut citizen, done) = work(citizen, means).await;
                match done {
                    Ok(()) => counters.done.fetch_add(1, Ordering::Relaxed),
                    Err(trouble) => {
                        tracing::debug!(household = citizen.household.number, %trouble, "a citizen gave up");
                        citizen.outcome = Outcome::Failed(trouble);
                        counters.failed.fetch_add(1, Ordering::Relaxed)
                    }
                };
                citizen
            });
        }
        while let Some(done) = going.join_next().await {
            back.push(done.expect("a citizen does not panic"));
        }
        back.sort_by_key(|citizen| citizen.household.number);
        self.citizens = back;
    }
}

/// When somebody arrives, from 0 to 1: a third right away, a third at the end, the others in between.
fn arrival(dice: &mut Dice) -> f64 {
    let at = dice.below(10_000) as f64 / 10_000.0;
    match dice.below(3) {
        0 => at * at * 0.4,
        1 => 1.0 - at * at * 0.4,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_choice_in_the_middle() {
        let with = |by_choice: &[u32]| Results { by_choice: by_choice.to_vec(), ..Results::default() }.median_choice();
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[0, 0]), None);
        assert_eq!(with(&[5]), Some(1));
        assert_eq!(with(&[4, 1, 5]), Some(2));
        assert_eq!(with(&[0, 0, 3]), Some(3));
    }

    #[test]
    fn everybody_arrives_in_time() {
        let mut dice = Dice::new(1, 2);
        assert!((0..1_000).map(|_| arrival(&mut dice)).all(|at| (0.0..=1.0).contains(&at)));
    }
}
