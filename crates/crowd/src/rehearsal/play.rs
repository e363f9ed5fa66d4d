//! The course of a rehearsal: phase after phase, an observer beside it, the audit at the end.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use antrean_domain::release::Mode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::audit::{self, Audit, Drawn, MeDocument, Owner, Rule, Seen, Window};
use super::ledger::{Account, End};
use super::population::{self, Makeup};
use super::recorder::Recorder;
use super::schedule::{self, Lengths, Phase};
use super::verdict::{self, Goals};
use super::visitor::{self, Scene};
use super::{Audience, Machine, Now, Outcome, Passed, Sample, Settings, Usage};
use crate::wire::{Ask, Wire};

/// Between two looks at the server.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Whoever is still there when a phase ends gets so long to finish; a request has 30 s.
const GRACE: Duration = Duration::from_secs(35);
/// A release opens by its clock, which looks twice a second.
const OPENS_WITHIN: Duration = Duration::from_secs(30);
/// The draw is waited for so long after the freeze.
const DRAW_WITHIN: Duration = Duration::from_mins(10);
/// Whoever waits in a line waits for at most so many times the length of the phase.
const LINE_FACTOR: u32 = 4;
/// Owners that are asked at once in the audit.
const AUDIT_AT_ONCE: usize = 64;
/// Tries of a question in the audit, a second apart.
const AUDIT_TRIES: u32 = 8;

#[derive(Debug, Clone, Default, Deserialize)]
struct ReleaseDocument {
    state: String,
    entries: u32,
    left: u32,
}

#[derive(Default, Deserialize)]
struct LineDocument {
    waiting: u32,
}

#[derive(Deserialize)]
struct SlotsDocument {
    slots: Vec<SlotDocument>,
}

#[derive(Deserialize)]
struct SlotDocument {
    slot: String,
    places: u32,
    left: u32,
}

/// A rehearsal that runs.
struct Play {
    scene: Arc<Scene>,
    offices: Vec<String>,
    lengths: Lengths,
    origin: Instant,
    watched: Arc<Watched>,
    told_to_stop: watch::Receiver<bool>,
    phases: Vec<Passed>,
    /// What the draw gave, by entry id: whether it was a place.
    drawn: BTreeMap<String, bool>,
}

/// What the observer sees and shows.
struct Watched {
    state: watch::Sender<ReleaseDocument>,
    /// When the result was first seen.
    drawn: Mutex<Option<Instant>>,
    samples: Mutex<Vec<Sample>>,
    phase: Mutex<&'static str>,
    come: AtomicU64,
    expected: AtomicU64,
    memory_peak: AtomicU64,
}

/// What is known before it begins and told at the end.
struct Frame {
    makeup: Makeup,
    places: u32,
    offices: u32,
    goals: Goals,
}

/// Runs a rehearsal to its end, or until `stop` becomes true; then what is known is audited and told.
///
/// An error says why it could not begin; whatever happens later is in the outcome.
pub async fn run(settings: Settings, stop: watch::Receiver<bool>) -> Result<Outcome, String> {
    let origin = Instant::now();
    let Settings { address, host, market, mode, makeup, lengths, goals, alone, machine, audience, .. } = settings;
    let frame = Frame { makeup, places: market.places(), offices: market.offices.len() as u32, goals };
    let visitors = population::gather(&market, makeup);
    let unusable = |error: hyper::header::InvalidHeaderValue| error.to_string();
    let scene = Arc::new(Scene {
        accounts: visitors.iter().map(|_| Mutex::default()).collect(),
        wire: Wire::new(address, &host, settings.lines_max).map_err(unusable)?,
        release: market.release.clone(),
        mode,
        visitors,
        recorder: Recorder::new(origin),
        seed: makeup.seed,
        ease: lengths.ease(),
        has_line: AtomicBool::new(false),
        broken_rules: Mutex::default(),
    });
    let watched = Arc::new(Watched {
        state: watch::Sender::default(),
        drawn: Mutex::default(),
        samples: Mutex::default(),
        phase: Mutex::new("starting"),
        come: AtomicU64::new(0),
        expected: AtomicU64::new(0),
        memory_peak: AtomicU64::new(0),
    });
    let mut play = Play {
        scene: Arc::clone(&scene),
        offices: market.offices.iter().map(|office| office.code.clone()).collect(),
        lengths,
        origin,
        watched: Arc::clone(&watched),
        told_to_stop: stop,
        phases: Vec::new(),
        drawn: BTreeMap::new(),
    };
    let opens = origin + settings.opens_in;
    let closes = settings.closes_in.map(|closes_in| origin + closes_in);
    let wire = Wire::new(address, &host, 1).map_err(unusable)?;
    let observer = Observer { scene, watched, wire, origin, machine, audience };
    let observer = tokio::spawn(observer.watch());
    let draw = match (mode, closes) {
        (Mode::Draw, Some(closes)) => play.draw(opens, closes).await,
        _ => play.rush(opens).await,
    };
    let interrupted = play.stopped();
    let audit = play.audit(draw.is_some(), alone).await;
    observer.abort();
    Ok(play.outcome(frame, draw, audit, interrupted))
}

impl Play {
    fn stopped(&self) -> bool {
        *self.told_to_stop.borrow()
    }

    /// Everybody comes and enters; the list is frozen, the draw made; everybody looks. Gives the time from freeze to result.
    async fn draw(&mut self, opens: Instant, closes: Instant) -> Option<Duration> {
        if !self.until_state(opens + OPENS_WITHIN, "waiting for the opening", |state| state != "planned").await {
            return None;
        }
        // What people do takes its time; nobody begins so late that they could not end before the freeze.
        let begin = Instant::now();
        let length = self.lengths.coming.min(closes.saturating_duration_since(begin));
        self.arrive(Phase::Coming, begin, length, closes, |index, due, deadline, scene| {
            Box::pin(visitor::come(scene, index, due, deadline))
        })
        .await;
        let from = Instant::now();
        self.show(Phase::Drawing);
        let drawn = self.until_state(closes + DRAW_WITHIN, "drawing", is_drawn).await;
        let seen = *self.watched.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let took = drawn.then(|| seen.unwrap_or_else(Instant::now).saturating_duration_since(closes));
        self.passed(Phase::Drawing, from);
        if took.is_some() {
            self.results().await;
        }
        took
    }

    /// Everybody signs in; the release opens; all book.
    async fn rush(&mut self, opens: Instant) -> Option<Duration> {
        let begin = Instant::now();
        let until_opens = opens.saturating_duration_since(begin);
        let length = if until_opens.is_zero() { self.lengths.coming } else { self.lengths.coming.min(until_opens) };
        self.arrive(Phase::Coming, begin, length, begin + length, |index, due, deadline, scene| {
            Box::pin(visitor::come(scene, index, due, deadline))
        })
        .await;
        if !self.until_state(opens + OPENS_WITHIN, "waiting for the opening", |state| state == "open").await {
            return None;
        }
        let (begin, length) = (Instant::now(), self.lengths.booking);
        // A line lets people in as fast as the server can take them, so it may last longer than their coming does.
        self.arrive(Phase::Booking, begin, length, begin + length * LINE_FACTOR, |index, due, deadline, scene| {
            Box::pin(visitor::book(scene, index, due, deadline))
        })
        .await;
        self.results().await;
        None
    }

    async fn results(&mut self) {
        let (begin, length) = (Instant::now(), self.lengths.results);
        self.arrive(Phase::Results, begin, length, begin + length, |index, due, deadline, scene| {
            Box::pin(visitor::look(scene, index, due, deadline))
        })
        .await;
    }

    fn show(&self, phase: Phase) {
        *self.watched.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase.label(self.scene.mode);
    }

    fn passed(&mut self, phase: Phase, from: Instant) {
        let seconds = |instant: Instant| instant.saturating_duration_since(self.origin).as_secs_f64();
        let label = phase.label(self.scene.mode);
        self.phases.push(Passed { phase, label, from_s: seconds(from), to_s: seconds(Instant::now()) });
    }

    /// Waits until the release is in a state; false when that did not come in time, or the rehearsal was ended.
    async fn until_state(&mut self, deadline: Instant, says: &'static str, wished: fn(&str) -> bool) -> bool {
        *self.watched.phase.lock().unwrap_or_else(PoisonError::into_inner) = says;
        let mut state = self.watched.state.subscribe();
        let mut stop = self.told_to_stop.clone();
        let reached = state.wait_for(|release| !release.state.is_empty() && wished(&release.state));
        tokio::select! {
            reached = reached => reached.is_ok(),
            _ = stop.wait_for(|stop| *stop) => false,
            () = tokio::time::sleep_until(deadline.into()) => false,
        }
    }

    /// Lets everybody arrive by schedule, and waits until all are through or the time is over.
    async fn arrive<W>(&mut self, phase: Phase, begin: Instant, length: Duration, deadline: Instant, visit: W)
    where
        W: Fn(usize, Instant, Instant, Arc<Scene>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    {
        if self.stopped() {
            return;
        }
        self.show(phase);
        let slot = match phase {
            Phase::Coming => 0,
            Phase::Booking => 1,
            _ => 2,
        };
        let visitors = &self.scene.visitors;
        let mut order = population::shuffled(visitors.len(), self.scene.seed ^ slot as u64);
        order.retain(|index| phase == Phase::Coming || self.scene.account(*index).bearer.is_some());
        order.sort_by_key(|index| visitors[*index].arrives[slot]);
        self.watched.come.store(0, Ordering::Relaxed);
        self.watched.expected.store(order.len() as u64, Ordering::Relaxed);
        let mut stop = self.told_to_stop.clone();
        let mut here = JoinSet::new();
        for index in order {
            let due = begin + schedule::instant(visitors[index].arrives[slot], length);
            if due > Instant::now() {
                tokio::select! {
                    () = tokio::time::sleep_until(due.into()) => {}
                    _ = stop.wait_for(|stop| *stop) => break,
                }
            }
            if phase != Phase::Results {
                self.scene.account(index).end = End::Unfinished;
            }
            here.spawn(visit(index, due, deadline, Arc::clone(&self.scene)));
            self.watched.come.fetch_add(1, Ordering::Relaxed);
            while here.try_join_next().is_some() {}
        }
        let all_through = async { while here.join_next().await.is_some() {} };
        tokio::select! {
            () = all_through => {}
            () = tokio::time::sleep_until((deadline + GRACE).into()) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // Whoever is still waiting for an answer is cut off; their account says that it is unsure.
        here.shutdown().await;
        self.passed(phase, begin);
    }

    /// Asks every owner, reads every window and the draw's bundle, and holds it all against what was acknowledged.
    async fn audit(&mut self, drawn: bool, alone: bool) -> Audit {
        let from = Instant::now();
        self.show(Phase::Audit);
        let places = Arc::new(Semaphore::new(AUDIT_AT_ONCE));
        let mut asked = JoinSet::new();
        let owners = self.scene.visitors.len();
        self.watched.come.store(0, Ordering::Relaxed);
        self.watched.expected.store(owners as u64, Ordering::Relaxed);
        let mut seen = vec![Seen::Nothing; owners];
        for index in 0..owners {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            let scene = Arc::clone(&self.scene);
            asked.spawn(async move {
                let seen = ask_owner(&scene, index).await;
                drop(place);
                (index, seen)
            });
            while let Some(done) = asked.try_join_next() {
                let (index, found) = done.expect("asking does not panic");
                seen[index] = found;
                self.watched.come.fetch_add(1, Ordering::Relaxed);
            }
        }
        while let Some(done) = asked.join_next().await {
            let (index, found) = done.expect("asking does not panic");
            seen[index] = found;
        }
        let owners: Vec<Owner> = seen.into_iter().enumerate().map(|(index, seen)| self.owner(index, seen)).collect();
        let mut troubles = Vec::new();
        let windows = self.windows(&mut troubles).await;
        let drawn = if drawn { Some(self.bundle().await) } else { None };
        let mut audit = audit::check(&owners, &windows, drawn.as_ref(), alone);
        for trouble in troubles {
            audit.found(Rule::EverybodyAsked, trouble);
        }
        for broken in self.scene.broken_rules.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            audit.found(Rule::SameAnswerAgain, broken);
        }
        self.drawn = drawn
            .map(|drawn| drawn.results)
            .unwrap_or_default()
            .into_iter()
            .map(|(id, slot)| (id, slot.is_some()))
            .collect();
        self.passed(Phase::Audit, from);
        audit
    }

    fn owner(&self, index: usize, seen: Seen) -> Owner {
        let account = self.scene.account(index);
        let visitor = &self.scene.visitors[index];
        Owner {
            number: index as u32,
            niks: visitor.household.people.iter().map(|person| person.nik).collect(),
            holds: account.holds.clone(),
            entry_id: account.entry_id.clone(),
            gave_back: account.gave_back.clone(),
            unsure: account.unsure,
            seen,
        }
    }

    async fn windows(&self, troubles: &mut Vec<String>) -> Vec<Window> {
        let mut windows = Vec::new();
        for office in &self.offices {
            let path = format!("/api/v1/offices/{office}/slots?release={}", self.scene.release);
            match ask::<SlotsDocument>(&self.scene.wire, &Ask::get(&path)).await {
                Ok(SlotsDocument { slots }) => windows
                    .extend(slots.into_iter().map(|SlotDocument { slot, places, left }| Window { slot, places, left })),
                Err(why) => troubles.push(format!("the windows of {office} cannot be read: {why}")),
            }
        }
        windows
    }

    async fn bundle(&self) -> Drawn {
        let path = format!("/api/v1/releases/{}/draw/bundle.tar", self.scene.release);
        let mut tar = Vec::new();
        match insist(&self.scene.wire, &Ask::get(&path), &mut tar).await {
            // Verifying a large draw takes seconds of computing.
            Ok(()) => tokio::task::spawn_blocking(move || Drawn::of(&tar)).await.expect("verifying does not panic"),
            Err(why) => Drawn { broken: Some(format!("it cannot be fetched: {why}")), ..Drawn::default() },
        }
    }

    fn outcome(self, frame: Frame, draw: Option<Duration>, audit: Audit, interrupted: bool) -> Outcome {
        let accounts: Vec<Account> =
            (0..self.scene.accounts.len()).map(|index| self.scene.account(index).clone()).collect();
        let mut ends: BTreeMap<String, u32> = BTreeMap::new();
        for account in &accounts {
            let why = match &account.end {
                End::Refused(code) => format!("refused: {code}"),
                End::GaveUp(why) => format!("gave up: {why}"),
                End::Unfinished => "still waiting when the time was over".to_owned(),
                End::Open | End::Left | End::Done => continue,
            };
            *ends.entry(why).or_default() += 1;
        }
        let peak = self.watched.memory_peak.load(Ordering::Relaxed);
        let samples = std::mem::take(&mut *self.watched.samples.lock().unwrap_or_else(PoisonError::into_inner));
        Outcome {
            release: self.scene.release.clone(),
            mode: self.scene.mode,
            makeup: frame.makeup,
            places: frame.places,
            offices: frame.offices,
            phases: self.phases,
            measured: self.scene.recorder.finish(),
            samples,
            memory_peak: (peak > 0).then_some(peak),
            lines_opened: self.scene.wire.opened(),
            lines_waited: self.scene.wire.waited(),
            draw,
            kinds: verdict::by_kind(&self.scene.visitors, &accounts, &self.drawn),
            ends,
            audit,
            store_audited: false,
            interrupted,
            wanted: frame.goals,
        }
    }
}

fn is_drawn(state: &str) -> bool {
    matches!(state, "drawn" | "closed")
}

/// What an owner sees now, with the ticket of a place.
async fn ask_owner(scene: &Scene, index: usize) -> Seen {
    let Some(bearer) = scene.account(index).bearer.clone() else { return Seen::Nothing };
    let me = match ask::<MeDocument>(&scene.wire, &Ask::get("/api/v1/me").by(&bearer)).await {
        Ok(me) => Seen::from(me),
        Err(why) => return Seen::Unanswered(why),
    };
    let Seen::Place { link, slot, size, .. } = me else { return me };
    let path = format!("/api/v1/appointments/{link}/ticket");
    let ticket = insist(&scene.wire, &Ask::get(&path), &mut Vec::new()).await.is_ok();
    Seen::Place { link, slot, size, ticket }
}

async fn ask<T: DeserializeOwned>(wire: &Wire, ask: &Ask<'_>) -> Result<T, String> {
    let mut body = Vec::new();
    insist(wire, ask, &mut body).await?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

/// Asks until there is an answer, for some seconds: an audit is no part of the load.
async fn insist(wire: &Wire, ask: &Ask<'_>, body: &mut Vec<u8>) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..AUDIT_TRIES {
        let mut pause = LOOK_EVERY;
        match wire.exchange(ask, body).await {
            Ok(answer) if answer.is_success() => return Ok(()),
            Ok(answer) if answer.says_come_back() || answer.status >= 500 => {
                pause = answer.retry_after.unwrap_or(pause).min(GRACE);
                last = format!("status {}", answer.status);
            }
            Ok(answer) => return Err(format!("status {}", answer.status)),
            Err(broken) => last = broken.to_string(),
        }
        tokio::time::sleep(pause).await;
    }
    Err(last)
}

/// Looks at the public state and the server once a second, and tells how far it is.
struct Observer {
    scene: Arc<Scene>,
    watched: Arc<Watched>,
    wire: Wire,
    origin: Instant,
    machine: Option<Box<dyn Machine>>,
    audience: Box<dyn Audience>,
}

impl Observer {
    async fn watch(self) {
        let path = format!("/api/v1/releases/{}", self.scene.release);
        let line_path = format!("{path}/line");
        let mut body = Vec::new();
        let mut before: Option<(Instant, Usage)> = None;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.wire.exchange(&Ask::get(&path), &mut body).await.is_ok_and(|answer| answer.is_success())
                && let Ok(release) = serde_json::from_slice::<ReleaseDocument>(&body)
            {
                if is_drawn(&release.state) {
                    self.watched.drawn.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
                }
                self.watched.state.send_replace(release);
            }
            let line_exists = self.scene.has_line.load(Ordering::Relaxed);
            let mut waiting = 0;
            if line_exists && self.wire.exchange(&Ask::get(&line_path), &mut body).await.is_ok() {
                waiting = serde_json::from_slice::<LineDocument>(&body).unwrap_or_default().waiting;
            }
            let now = Instant::now();
            let usage = self.machine.as_ref().and_then(|machine| machine.usage());
            let cpus = before.zip(usage).map(|((at, before), usage)| {
                usage.cpu.saturating_sub(before.cpu).as_secs_f64() / (now - at).as_secs_f64().max(0.001)
            });
            before = usage.map(|usage| (now, usage));
            self.note(now, usage, cpus, waiting);
        }
    }

    fn note(&self, now: Instant, usage: Option<Usage>, cpus: Option<f64>, waiting: u32) {
        let release = self.watched.state.borrow().clone();
        if let Some(usage) = usage {
            self.watched.memory_peak.fetch_max(usage.memory_peak.max(usage.memory), Ordering::Relaxed);
        }
        self.watched.samples.lock().unwrap_or_else(PoisonError::into_inner).push(Sample {
            at_s: (now - self.origin).as_secs_f64(),
            entries: release.entries,
            left: release.left,
            waiting,
            memory_mb: usage.map(|usage| usage.memory as f64 / 1e6),
            cpus,
        });
        let phase = *self.watched.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, answers_per_s) = self.scene.recorder.so_far();
        self.audience.look(&Now {
            phase,
            come: (self.watched.come.load(Ordering::Relaxed), self.watched.expected.load(Ordering::Relaxed)),
            answers_per_s,
            entries: release.entries,
            memory: usage.map(|usage| usage.memory),
        });
    }
}
