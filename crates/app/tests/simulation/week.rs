//! One week on one to three nodes: people whose requests get lost, come twice or late, nodes that die, stand still or have a wrong
//! clock, and release clocks that work on all of them at once. Everything follows from the seed.

use std::collections::BTreeMap;

use antrean_app::caller::{Actor, Caller};
use antrean_app::day::Record;
use antrean_app::operation::IdempotencyKey;
use antrean_app::release::{GiveBeacon, Plan};
use antrean_app::{Failure, Refusal, bundle};
use antrean_domain::appointment::AppointmentEvent;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::keys::Keyring;
use antrean_domain::release::Mode;
use antrean_store::releases::ReleaseState;
use antrean_store::{Store, audit};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::act::{self, Act, Door as _};
use crate::campaign::Log;
use crate::dice::Dice;
use crate::gate::Trouble;
use crate::history::{Errand, History, News};
use crate::node::{Attempt, Node, NodeDoor, Recorder};
use crate::plans::{self, Hours, RELEASES_MAX, START};
use crate::reference::{Account, Reference, Release};
use crate::rows::{Seen, assert_rules, assert_same};
use crate::stage::{self, Template, caller};
use crate::story::Story;

/// A request that was not answered after so many rounds is sent again.
const PATIENCE_ROUNDS: u32 = 5;
/// Nobody sends the same more often.
const TRIES_MAX: u32 = 4;
/// Rounds between two looks at everything.
const LOOK_EVERY: u32 = 8;

/// How bad the week is, in cases of a hundred.
#[derive(Clone, Copy)]
struct Weather {
    /// A transaction goes wrong.
    trouble: u64,
    /// A request or an answer is lost, comes twice, or comes late; each.
    network: u64,
    /// In a round, a node stands still, dies, or its clock jumps; each.
    node: u64,
}

/// A request in the network.
struct Packet {
    due: u32,
    delivery: u64,
}

/// A request that a node works on.
struct Working {
    delivery: u64,
    node: usize,
    handle: JoinHandle<Result<Value, Failure>>,
}

/// Somebody who waits for an answer.
struct Waiting {
    errand: Errand,
    /// Everything that was sent for it.
    deliveries: Vec<u64>,
    again: u32,
}

struct Week<'t> {
    dice: Dice,
    seed: u64,
    log: &'t Log,
    weather: Weather,
    catalogue: Catalogue,
    hours: Hours,
    folder: TempDir,
    observer: Store,
    nodes: Vec<Node>,
    recorder: Arc<Recorder>,
    history: History,
    seen: Seen,
    /// The right time.
    now: Timestamp,
    round: u32,
    deliveries: u64,
    errands: BTreeMap<u64, Errand>,
    packets: Vec<Packet>,
    working: Vec<Working>,
    answers: Vec<(u32, u64, Result<Value, Refusal>)>,
    /// Answers that left a node before it died.
    last_words: Vec<(u64, Result<Value, Refusal>)>,
    /// By account.
    waiting: BTreeMap<usize, Waiting>,
    keys: u32,
    rushed: Vec<usize>,
    holder: Option<String>,
    /// Everything goes well from now on.
    calm: bool,
}

/// Plays one week.
pub async fn play(template: &Template, seed: u64, log: &Log) {
    let mut dice = Dice::new(seed);
    let mut catalogue = template.catalogue.clone();
    let hours = plans::random_hours(&mut dice, &mut catalogue);
    let folder = stage::folder("antrean-simulation-");
    template.copy_to(folder.path());
    let observer = Store::open(&stage::config(folder.path())).expect("the store opens");
    let mut nodes: Vec<Node> =
        (0..dice.weighted(&[(35, 1), (40, 2), (25, 3)])).map(|of| Node::new(of, START)).collect();
    for node in &mut nodes {
        node.start(folder.path(), &catalogue, seed).await;
    }
    let keys = Keyring::derive(&[7; 32]);
    let town = Reference::new(START, template.accounts.clone(), template.persons.clone(), keys);
    let weather = dice.weighted(&[
        (25, Weather { trouble: 1, network: 1, node: 0 }),
        (50, Weather { trouble: 5, network: 6, node: 2 }),
        (25, Weather { trouble: 15, network: 15, node: 4 }),
    ]);
    let start = observer.read(Seen::read).await.expect("the store can be read");
    let history = History::new(town, start.traces.events.0);
    let mut week = Week {
        dice,
        seed,
        log,
        weather,
        catalogue,
        hours,
        folder,
        observer,
        nodes,
        recorder: Arc::default(),
        history,
        seen: start,
        now: START,
        round: 0,
        deliveries: 0,
        errands: BTreeMap::new(),
        packets: Vec::new(),
        working: Vec::new(),
        answers: Vec::new(),
        last_words: Vec::new(),
        waiting: BTreeMap::new(),
        keys: 0,
        rushed: Vec::new(),
        holder: None,
        calm: false,
    };
    week.plan().await;
    let rounds = week.dice.weighted(&[(40, 60), (40, 110), (20, 180)]);
    for _ in 0..rounds {
        week.round().await;
    }
    week.end().await;
    for node in &mut week.nodes {
        node.bury();
    }
}

/// Lets every task that can go on do so until it waits for a store.
async fn settle() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

// ---- a round ----

impl Week<'_> {
    fn note(&self, line: impl std::fmt::Display) {
        self.log.note(format!("{:>3} {} {line}", self.round, self.now));
    }

    fn count(&self, what: &str) {
        self.log.count(what);
    }

    async fn round(&mut self) {
        self.round += 1;
        self.misfortunes().await;
        self.time_passes();
        self.clocks_look();
        for _ in 0..self.dice.below(4) {
            let who = self.somebody();
            self.wants_something(who).await;
        }
        if self.dice.percent(15) {
            self.officer();
        }
        self.operator().await;
        self.ask_again();
        self.deliver();
        self.nodes_work().await;
        self.hear();
        if self.round.is_multiple_of(LOOK_EVERY) {
            self.look().await;
        }
    }

    /// Anybody; rather somebody who is in nothing, as long as there is something to enter.
    fn somebody(&mut self) -> usize {
        let town = &self.history.town;
        let entering = town.releases.iter().any(Release::is_open);
        let idle: Vec<usize> = (0..town.accounts.len())
            .filter(|who| town.accounts[*who].number.is_some_and(|account| town.live_of(account).is_none()))
            .collect();
        if idle.is_empty() || !entering || self.dice.percent(40) {
            return self.dice.below(self.history.town.accounts.len());
        }
        *self.dice.pick(&idle)
    }

    async fn wants_something(&mut self, who: usize) {
        if self.history.town.accounts[who].session.is_none() {
            self.sign_in(who).await;
            return;
        }
        // Most wait for their answer; some do something else meanwhile, and what they sent before may still arrive.
        if self.waiting.contains_key(&who) && !self.dice.percent(10) {
            return;
        }
        self.history.town.now = self.now;
        let act = act::think(&mut self.dice, &self.history.town, who);
        self.begin(who, act);
    }

    fn begin(&mut self, who: usize, act: Act) {
        let Some(session) = self.history.town.accounts[who].session else { return };
        self.keys += 1;
        let key = self.dice.percent(85).then(|| format!("key-{}", self.keys));
        if self.waiting.remove(&who).is_some() {
            self.count("request given up for another");
        }
        let keyed = key.is_some();
        let errand = Errand::Act { who, session, key, act };
        let delivery = self.send(&errand);
        if keyed {
            let again = self.round + PATIENCE_ROUNDS;
            self.waiting.insert(who, Waiting { errand, deliveries: vec![delivery], again });
        }
    }

    /// Puts a request into the network, which may lose it, hold it up or deliver it twice.
    fn send(&mut self, errand: &Errand) -> u64 {
        let bad = if self.calm { 0 } else { self.weather.network };
        self.deliveries += 1;
        let first = self.deliveries;
        self.note(format!("{first} is sent: {errand:?}"));
        let (lost, twice) = (self.dice.percent(bad), self.dice.percent(bad));
        let copies = if lost { 0 } else { 1 + u64::from(twice) };
        if lost {
            self.count("fault: request lost");
        } else if twice {
            self.count("fault: request twice");
        }
        for copy in 0..copies {
            let late = self.dice.percent(bad);
            let wait = if late { 3 + self.dice.below(25) } else { self.dice.below(2) };
            self.errands.insert(first + copy, errand.clone());
            self.packets.push(Packet { due: self.round + wait as u32, delivery: first + copy });
            self.deliveries = first + copy;
        }
        first
    }

    /// Whoever has waited long enough sends the same again.
    fn ask_again(&mut self) {
        let due: Vec<usize> =
            self.waiting.iter().filter(|(_, waiting)| waiting.again <= self.round).map(|(who, _)| *who).collect();
        for who in due {
            let mut waiting = self.waiting.remove(&who).expect("it is there");
            if waiting.deliveries.len() as u32 >= TRIES_MAX {
                continue;
            }
            self.count("request sent again");
            waiting.deliveries.push(self.send(&waiting.errand));
            waiting.again = self.round + PATIENCE_ROUNDS;
            self.waiting.insert(who, waiting);
        }
    }

    /// What is due arrives, in any order, at any node.
    fn deliver(&mut self) {
        let mut due: Vec<u64> = Vec::new();
        let round = self.round;
        self.packets.retain(|packet| {
            let arrives = packet.due <= round;
            due.extend(arrives.then_some(packet.delivery));
            !arrives
        });
        self.dice.shuffle(&mut due);
        for delivery in due {
            let node = self.dice.below(self.nodes.len());
            let errand = self.errands[&delivery].clone();
            if let Errand::Act { who, .. } = &errand
                && self.errands.range(delivery + 1..).any(|(_, later)| {
                    let other = |waiting: &Waiting| !waiting.deliveries.contains(&delivery);
                    matches!(later, Errand::Act { who: of, .. } if of == who)
                        && self.waiting.get(who).is_some_and(other)
                })
            {
                self.count("fault: request after a later one");
            }
            let Some(up) = &self.nodes[node].up else {
                self.note(format!("{delivery} finds {} down", self.nodes[node].name));
                continue;
            };
            let name = &self.nodes[node].name;
            self.note(format!("{delivery} arrives at {name}"));
            let mut door = NodeDoor {
                app: up.app.clone(),
                recorder: Arc::clone(&self.recorder),
                delivery,
                caller: Caller::default(),
                key: None,
                acting: None,
            };
            let handle = match errand {
                Errand::Act { session, key, act, .. } => {
                    door.caller = caller(session);
                    door.key = key.map(|key| IdempotencyKey::parse(&key).expect("a key"));
                    tokio::spawn(async move { act.through(door).await })
                }
                Errand::Record { link, event } => {
                    door.acting = Some(Actor::Operator);
                    tokio::spawn(door.send(Record { link, event }))
                }
                Errand::Beacon { release, file, .. } => {
                    door.acting = Some(Actor::Operator);
                    let release = self.history.town.releases[release].plan.id.clone();
                    tokio::spawn(door.send(GiveBeacon { release, file }))
                }
            };
            self.working.push(Working { delivery, node, handle });
        }
    }

    /// Answers that arrive.
    fn hear(&mut self) {
        let round = self.round;
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.answers).into_iter().partition(|(due, ..)| *due <= round);
        self.answers = later;
        for (_, delivery, answer) in now {
            let Errand::Act { who, .. } = &self.errands[&delivery] else { continue };
            let who = *who;
            let told = match &answer {
                Ok(_) => "done",
                Err(refusal) => refusal.code(),
            };
            self.note(format!("account {who} hears of {delivery}: {told}"));
            if self.waiting.get(&who).is_some_and(|waiting| waiting.deliveries.contains(&delivery)) {
                let before = self.waiting.remove(&who).expect("it is there");
                if before.deliveries.len() > 1 && answer.is_ok() {
                    self.count("acknowledged after another try");
                }
            }
        }
    }
}

// ---- the nodes ----

impl Week<'_> {
    async fn nodes_work(&mut self) {
        settle().await;
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        self.dice.shuffle(&mut order);
        for index in order {
            let stalled = self.nodes[index].stalled_until > self.round && !self.calm;
            if stalled {
                continue;
            }
            for _ in 0..=self.dice.below(3) {
                let trouble = self.trouble(index);
                if !self.work(index, trouble).await {
                    break;
                }
            }
        }
        self.collect().await;
    }

    /// What goes wrong with the next transaction of a node.
    fn trouble(&mut self, index: usize) -> Trouble {
        let Some(up) = &self.nodes[index].up else { return Trouble::None };
        let waiting = up.writes_waiting();
        if self.calm || waiting == 0 || !self.dice.percent(self.weather.trouble) {
            return Trouble::None;
        }
        let at = self.dice.below(waiting as usize) as u32;
        self.dice.weighted(&[
            (15, Trouble::CrashAtOperation(at)),
            (20, Trouble::CrashBeforeCommit),
            (30, Trouble::CrashAfterCommit),
            (6, Trouble::PowerCutBeforeCommit),
            (9, Trouble::PowerCutAfterCommit),
            (12, Trouble::BusyAtOperation(at)),
            (8, Trouble::BusyAtCommit),
        ])
    }

    /// Lets a node read what it wants to read, and commit once. Whether there was anything to do.
    async fn work(&mut self, index: usize, trouble: Trouble) -> bool {
        let mut busy = self.read(index).await;
        let Some(up) = &self.nodes[index].up else { return busy };
        let waiting = up.writes_waiting();
        if waiting > 0 {
            self.commit(index, trouble).await;
            busy = true;
        }
        self.read(index).await | busy
    }

    async fn read(&mut self, index: usize) -> bool {
        let mut busy = false;
        while let Some(up) = &self.nodes[index].up
            && up.reads_waiting() > 0
        {
            if up.is_looking() {
                self.history.looked_at(self.nodes.iter().map(Node::now).collect());
            }
            up.gate.pass_read();
            busy = true;
            settle().await;
        }
        busy
    }

    async fn commit(&mut self, index: usize, trouble: Trouble) {
        let up = self.nodes[index].up.as_mut().expect("it is up");
        let rest = trouble.is_power_cut().then(|| stage::folder("antrean-simulation-"));
        let to = rest.as_ref().map_or_else(Default::default, |rest| rest.path().to_owned());
        let ended = up.gate.pass_writes(trouble, (self.folder.path().to_owned(), to));
        up.excused |= ended.busy;
        let attempts = self.recorder.take();
        let name = self.nodes[index].name.clone();
        let told = |attempt: &Attempt| match &attempt.execution {
            Some(_) => attempt.delivery.to_string(),
            None => format!("{} remembered", attempt.delivery),
        };
        let told: Vec<_> = attempts.iter().map(told).collect();
        self.note(format!("{name}: {told:?} of {} operations, {trouble:?}, {ended:?}", ended.operations));
        if trouble != Trouble::None {
            let kind = format!("{trouble:?}");
            self.count(&format!("fault: {}", kind.split('(').next().unwrap_or_default()));
        }
        if ended.committed && ended.operations > 1 {
            self.count("several operations in one transaction");
        }
        if let Some(rest) = rest {
            self.machine_dies(rest).await;
        } else if ended.died {
            self.node_dies(index).await;
        }
        if ended.committed {
            let since = self.history.told;
            let news = self.observer.read(move |tx| News::read(tx, since)).await.expect("the store can be read");
            self.count_hand_over(news.holder.as_deref());
            self.history.committed(&self.errands, attempts, news);
        }
        for (delivery, answer) in std::mem::take(&mut self.last_words) {
            self.history.assert_answer(delivery, &self.errands[&delivery], &answer);
        }
        settle().await;
    }

    /// A release clock that loses the lease while it works, and does not know it.
    fn count_hand_over(&mut self, holder: Option<&str>) {
        let before = std::mem::replace(&mut self.holder, holder.map(str::to_owned));
        if before == self.holder {
            return;
        }
        let works = |node: &Node| {
            Some(&node.name) == before.as_ref() && node.up.as_ref().is_some_and(crate::node::Up::is_looking)
        };
        if self.nodes.iter().any(works) {
            self.count("fault: lease lost at work");
            if self.history.town.releases.iter().any(|release| release.state == ReleaseState::Drawing) {
                self.count("lease lost in the middle of a draw");
            }
        }
    }

    async fn node_dies(&mut self, index: usize) {
        // What left before it died has left: whoever heard of success is owed it.
        settle().await;
        let ended = |working: &mut Working| working.node == index && working.handle.is_finished();
        let heard: Vec<Working> = self.working.extract_if(.., ended).collect();
        for working in heard {
            match working.handle.await.expect("a request does not panic") {
                Ok(outcome) => self.last_words.push((working.delivery, Ok(outcome))),
                Err(Failure::Refused(refusal)) => self.last_words.push((working.delivery, Err(refusal))),
                // That it failed is all that it was told.
                Err(_) => {}
            }
        }
        let lost: Vec<u64> = self
            .working
            .extract_if(.., |working| working.node == index)
            .map(|working| {
                working.handle.abort();
                working.delivery
            })
            .collect();
        self.note(format!("{} dies, and with it {lost:?}", self.nodes[index].name));
        if self.nodes[index].up.as_ref().is_some_and(crate::node::Up::is_looking)
            && self.history.town.releases.iter().any(|release| release.state == ReleaseState::Drawing)
        {
            self.count("crash in the middle of a draw");
        }
        self.nodes[index].bury();
        settle().await;
    }

    /// All nodes are gone; what lies in `rest` is what was on the disk.
    async fn machine_dies(&mut self, rest: TempDir) {
        for index in 0..self.nodes.len() {
            self.node_dies(index).await;
        }
        self.observer.close_blocking();
        self.folder = rest;
        self.observer = Store::open(&stage::config(self.folder.path())).expect("the store opens after a power cut");
    }

    /// Requests and looks of the clocks that have ended.
    async fn collect(&mut self) {
        settle().await;
        let ended: Vec<Working> = self.working.extract_if(.., |working| working.handle.is_finished()).collect();
        for Working { delivery, node, handle } in ended {
            let answer = match handle.await.expect("a request does not panic") {
                Ok(outcome) => Ok(outcome),
                Err(Failure::Refused(refusal)) => Err(refusal),
                Err(Failure::Busy) => {
                    self.note(format!("{delivery} is told to come back"));
                    continue;
                }
                Err(Failure::Broken) => panic!("{delivery} failed on {}, which is well", self.nodes[node].name),
            };
            if self.history.assert_answer(delivery, &self.errands[&delivery], &answer) {
                self.count("answered from memory");
            }
            let bad = if self.calm { 0 } else { self.weather.network };
            if self.dice.percent(bad) {
                self.count("fault: answer lost");
                continue;
            }
            let late = self.dice.percent(bad);
            let wait = if late { 3 + self.dice.below(10) as u32 } else { 0 };
            self.answers.push((self.round + wait, delivery, answer));
        }
        for index in 0..self.nodes.len() {
            let Some(up) = &mut self.nodes[index].up else { continue };
            let Some(steps) = up.looked().await else { continue };
            let excused = up.excused;
            match steps {
                Ok(steps) if steps.is_empty() => {}
                Ok(steps) => self.note(format!("{} moved on: {steps:?}", self.nodes[index].name)),
                Err(Failure::Busy) if excused => self.count("a look of the clock was turned away"),
                // Another node has given the value meanwhile, or ended the release.
                Err(Failure::Refused(Refusal::BeaconRefused { .. })) => self.count("a second value was refused"),
                Err(failure) => panic!("{}: the release clock failed: {failure:?}", self.nodes[index].name),
            }
        }
        if !self.nodes.iter().any(|node| node.up.as_ref().is_some_and(crate::node::Up::is_looking)) {
            self.history.forget_what_was_seen();
        }
    }

    /// Nodes die, come back, stand still, and their clocks jump.
    async fn misfortunes(&mut self) {
        let bad = self.weather.node;
        for index in 0..self.nodes.len() {
            if self.nodes[index].up.is_none() {
                if self.dice.percent(40) {
                    self.note(format!("{} starts", self.nodes[index].name));
                    self.nodes[index].start(self.folder.path(), &self.catalogue, self.seed).await;
                }
                continue;
            }
            if self.dice.percent(bad) {
                self.count("fault: node killed");
                self.node_dies(index).await;
                continue;
            }
            if self.nodes[index].stalled_until <= self.round && self.dice.percent(bad) {
                self.count("fault: node stands still");
                self.nodes[index].stalled_until = self.round + 2 + self.dice.below(20) as u32;
                let until = self.nodes[index].stalled_until;
                self.note(format!("{} stands still until {until}", self.nodes[index].name));
            }
            if self.dice.percent(bad) {
                self.count("fault: clock jumps");
                let most = self.dice.weighted(&[(50, 10), (30, 900), (15, 7_200), (5, 0)]);
                let by = self.dice.below(2 * most + 1) as i64 - most as i64;
                self.nodes[index].ahead = SignedDuration::from_secs(by);
                self.nodes[index].set_clock(self.now);
                self.note(format!("the clock of {} is {by} s ahead", self.nodes[index].name));
            }
        }
    }
}

// ---- time, officers, the operator ----

impl Week<'_> {
    /// The clock moves on: a little, or to where something begins or ends, to the second or just beside it.
    fn time_passes(&mut self) {
        if self.packets.len() + self.working.len() > 12 || !self.dice.percent(self.hurry()) {
            return;
        }
        let now = self.now;
        let town = &self.history.town;
        let entering = town.releases.iter().any(|release| release.is_open() && now < release.plan.freeze);
        let ahead: Vec<Timestamp> = town.instants().range(now..).skip(1).copied().collect();
        let to = if self.dice.percent(if entering { 50 } else { 35 }) {
            now + SignedDuration::from_secs(1 + self.dice.below(3_600) as i64)
        } else {
            let index = self.dice.weighted(&[(70, 0), (20, 1), (10, 3)]);
            let Some(at) = ahead.get(index).or(ahead.last()) else { return };
            *at + SignedDuration::from_secs(*self.dice.pick(&[-1, 0, 0, 1, 20]))
        };
        self.now = to.max(now);
        for node in &self.nodes {
            node.set_clock(self.now);
        }
        self.note("is the time now");
    }

    /// Before anything is open there is little to do; while people can enter there is most.
    fn hurry(&self) -> u64 {
        let town = &self.history.town;
        let going_on = |release: &Release| {
            use ReleaseState as Is;
            !matches!(release.state, Is::Planned | Is::Closed) || self.now >= release.first_opens()
        };
        match town.releases.iter().rev().find(|release| going_on(release)).map(|release| release.state) {
            None | Some(ReleaseState::Closed) => 90,
            Some(ReleaseState::Planned | ReleaseState::Open) => 25,
            Some(ReleaseState::Drawing) => 10,
            Some(ReleaseState::Frozen | ReleaseState::Drawn) => 35,
        }
    }

    fn clocks_look(&mut self) {
        for index in 0..self.nodes.len() {
            if !self.dice.percent(40) {
                continue;
            }
            let looks = self.nodes[index].up.as_mut().is_some_and(crate::node::Up::look);
            if looks {
                self.note(format!("the clock of {} looks", self.nodes[index].name));
            }
        }
        // Only a crowd makes places scarce.
        let now = self.now;
        let opened = |release: &Release| release.is_open() && now >= release.opens(7) && now < release.plan.freeze;
        if let Some(release) = self.history.town.releases.iter().position(opened)
            && !self.rushed.contains(&release)
        {
            self.rushed.push(release);
            let mut order: Vec<usize> = (0..self.history.town.accounts.len()).collect();
            self.dice.shuffle(&mut order);
            for who in order {
                let act = act::rush(&mut self.dice, &self.history.town, who, release);
                self.begin(who, act);
            }
        }
    }

    fn officer(&mut self) {
        self.history.town.now = self.now;
        let today = self.history.town.expected_today();
        if today.is_empty() {
            return;
        }
        let link = self.history.town.link(*self.dice.pick(&today));
        let event = self.dice.weighted(&[
            (40, AppointmentEvent::CheckIn),
            (10, AppointmentEvent::UndoCheckIn),
            (15, AppointmentEvent::Call),
            (10, AppointmentEvent::Park),
            (25, AppointmentEvent::Serve),
        ]);
        self.send(&Errand::Record { link, event });
    }

    async fn operator(&mut self) {
        let waits = self.history.town.releases.iter().any(|release| {
            release.state == ReleaseState::Frozen && !release.is_drawn_by_itself() && release.plan.mode == Mode::Draw
        });
        if self.dice.percent(if waits { 15 } else { 2 }) {
            self.give_beacon();
        }
        if self.dice.percent(3) {
            self.plan().await;
        }
    }

    fn give_beacon(&mut self) {
        if self.history.town.releases.is_empty() {
            return;
        }
        let release = self.dice.below(self.history.town.releases.len());
        let (label, value) = plans::random_beacon(&mut self.dice);
        self.send(&Errand::Beacon { release, label, file: value.to_text() });
    }

    /// Plans the next release, if it is not too late, on a node that is well.
    async fn plan(&mut self) {
        let index = self.history.town.releases.len();
        let slack = SignedDuration::from_hours(3);
        if index >= RELEASES_MAX || plans::is_too_late(index, self.now + slack) {
            return;
        }
        let Some(node) = self.nodes.iter().position(|node| node.up.is_some()) else { return };
        let plan = plans::random_plan(&mut self.dice, index);
        self.note(format!("plan {} {}", plan.id, plan.mode));
        let app = self.nodes[node].up.as_ref().expect("it is up").app.clone();
        let asked = Plan { plan: plan.clone() };
        let planned = self.quietly(node, async move { app.perform_as(Actor::Operator, asked).await }).await;
        planned.expect("a release that can be planned is planned");
        let rows = self.observer.read(Seen::read).await.expect("the store can be read").rows;
        self.history.town.planned(plan, &self.hours, rows);
    }

    async fn sign_in(&mut self, who: usize) {
        let Some(node) = self.nodes.iter().position(|node| node.up.is_some()) else { return };
        self.note(format!("account {who} signs in"));
        let app = self.nodes[node].up.as_ref().expect("it is up").app.clone();
        let observer = self.observer.clone();
        let keys = app.keys().clone();
        let session = self.quietly(node, async move { stage::enter_code(&app, who).await }).await;
        let number = stage::account_in(&observer, &keys, who).await.expect("an account");
        let account = &mut self.history.town.accounts[who];
        if account.number != Some(number) {
            *account = Account { number: Some(number), session: None, consent: false, people: Vec::new() };
        }
        account.session = Some(session);
    }

    /// Does something on a node with nothing going wrong meanwhile, and waits for it.
    async fn quietly<T: Send + 'static>(&mut self, node: usize, work: impl Future<Output = T> + Send + 'static) -> T {
        let handle = tokio::spawn(work);
        settle().await;
        while !handle.is_finished() {
            assert!(self.work(node, Trouble::None).await, "nothing is left to do, and it is not done");
        }
        handle.await.expect("it does not panic")
    }
}

// ---- looking ----

impl Week<'_> {
    /// Everything is as the reference says, and the rules hold.
    async fn look(&mut self) {
        let seen = self.observer.read(Seen::read).await.expect("the store can be read");
        self.history.look_at_standby(&seen.rows);
        assert_same(&seen.rows, &self.history.town.rows());
        assert_rules(&seen, &self.seen);
        self.seen = seen;
        if self.dice.percent(25) {
            self.check_story().await;
        }
    }

    async fn check_story(&self) {
        let story = self.observer.read(Story::read).await.expect("the events can be read");
        story.assert_explains(&self.seen.rows, &self.history.town.freezes());
    }

    /// Everything is put right; what is under way ends; the clock runs past the last day; and all is looked at once more.
    async fn end(&mut self) {
        self.note("from now on all goes well");
        self.calm = true;
        for index in 0..self.nodes.len() {
            self.nodes[index].ahead = SignedDuration::ZERO;
            self.nodes[index].set_clock(self.now);
            if self.nodes[index].up.is_none() {
                self.nodes[index].start(self.folder.path(), &self.catalogue, self.seed).await;
            }
        }
        if self.dice.percent(60) {
            for _ in 0..3 {
                self.give_beacon();
            }
        }
        self.drain().await;
        self.clocks_finish().await;
        self.look().await;
        self.everything_is_answered_again().await;
        if let Some(last) = self.history.town.instants().last() {
            self.now = self.now.max(*last);
        }
        for node in &self.nodes {
            node.set_clock(self.now);
        }
        self.note("is the end");
        self.clocks_finish().await;
        self.look().await;
        self.check_story().await;
        let violations = self.observer.read(audit::violations).await.expect("an audit");
        assert!(violations.is_empty(), "{violations:#?}");
        self.draws_can_be_checked().await;
        for release in &self.history.town.releases {
            let id = release.plan.id.as_str();
            let live: Vec<_> =
                self.seen.rows.parties.iter().filter(|(_, party)| party.live && party.release == id).collect();
            let over = release.state == ReleaseState::Closed;
            assert!(!over || live.is_empty(), "live in {id}, which is over: {live:?}");
            self.count(&format!("{} release at the end: {}", release.plan.mode, release.state.as_str()));
        }
        for place in self.seen.rows.parties.values().filter_map(|party| party.place.as_ref()) {
            self.count(&format!("place from: {}", place.source));
            self.count(&format!("place at the end: {}", place.state));
        }
        if self.history.town.granted > 0 {
            self.count("wish granted");
        }
    }

    /// Until nothing is in the network and no node has work.
    async fn drain(&mut self) {
        for _ in 0..200 {
            self.round += 1;
            self.deliver();
            self.nodes_work().await;
            self.hear();
            let looking = |node: &Node| node.up.as_ref().is_some_and(crate::node::Up::is_looking);
            if self.packets.is_empty() && self.working.is_empty() && !self.nodes.iter().any(looking) {
                return;
            }
        }
        panic!("the nodes never come to rest");
    }

    /// Every release clock looks until nothing is left to do, one after the other.
    async fn clocks_finish(&mut self) {
        for index in 0..self.nodes.len() {
            // The lease of another runs out while this one waits for it.
            self.now += SignedDuration::from_secs(31);
            for node in &self.nodes {
                node.set_clock(self.now);
            }
            self.nodes[index].up.as_mut().expect("it is up").look();
            self.drain().await;
            let shown = self.nodes[index].up.as_ref().expect("it is up").app.overview();
            self.history.town.now = self.now;
            let rows = self.observer.read(Seen::read).await.expect("the store can be read").rows;
            self.history.town.assert_shown(&shown, &rows);
        }
    }

    /// Rule 5 at the end: whoever asks the same again hears the same, and nothing happens.
    async fn everything_is_answered_again(&mut self) {
        let mut known = self.history.remembered(self.now);
        self.dice.shuffle(&mut known);
        known.truncate(6);
        let before = self.seen.rows.parties.len();
        for (number, key, act, answer) in known {
            let town = &self.history.town;
            let Some(who) = town.accounts.iter().position(|account| account.number == Some(number)) else { continue };
            let Some(session) = town.accounts[who].session else { continue };
            let delivery = self.send(&Errand::Act { who, session, key: Some(key), act: act.clone() });
            self.drain().await;
            let remembered = self.history.was_recalled(delivery);
            assert!(remembered, "rule 5: {act:?} was not remembered, which was answered {answer:?} before");
        }
        self.look().await;
        assert_eq!(self.seen.rows.parties.len(), before, "rule 5: a request sent again makes nothing new");
    }

    /// Rule 8: every draw follows from what was published, and from nothing else.
    async fn draws_can_be_checked(&mut self) {
        for index in 0..self.history.town.releases.len() {
            let Some(lines) = self.history.result_of(index) else { continue };
            let release = self.history.town.releases[index].plan.id.clone();
            let mut files = Vec::new();
            for node in 0..self.nodes.len() {
                let (app, id) = (self.nodes[node].up.as_ref().expect("it is up").app.clone(), release.clone());
                let path = self.quietly(node, async move { bundle::file(&app, &id, bundle::BUNDLE).await }).await;
                files.push(std::fs::read(path.expect("a published file")).expect("it can be read"));
            }
            assert!(files.iter().all(|file| *file == files[0]), "rule 8: every node publishes the same bytes");
            let published = plans::verified(&files[0]).into_iter().map(|line| (line.entry_id, line.slot));
            assert_eq!(published.collect::<Vec<_>>(), lines, "rule 8: the published draw is the one that was held");
            self.count("draw checked");
        }
    }
}
