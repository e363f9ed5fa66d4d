//! A node: an application on a store of its own over the shared database, with a clock that may be wrong.

use std::path::Path;
use std::sync::{Arc, Mutex};

use antrean_app::app::App;
use antrean_app::caller::{Actor, Caller};
use antrean_app::clock::{Clock as _, ManualClock};
use antrean_app::operation::{Context, Error, IdempotencyKey};
use antrean_app::release_clock::{NoBeacon, ReleaseClock, Step};
use antrean_app::{Failure, Operation, Refusal};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::keys::Keyring;
use antrean_store::{Patience, Store, StoreConfig, Tx, events};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::act::{Door, plain};
use crate::gate::Gate;
use crate::stage;

/// A request that reached the store.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery: u64,
    /// None if it was not run, because its answer was remembered.
    pub execution: Option<Execution>,
}

/// An operation that was really run, and not answered from memory.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The instant on the clock of the node.
    pub now: Timestamp,
    /// The last event that was there before it.
    pub after_event: i64,
    pub answer: Result<Value, Refusal>,
}

/// What reached the store, in order, since it was last asked for.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Attempt>>);

impl Recorder {
    pub fn take(&self) -> Vec<Attempt> {
        std::mem::take(&mut self.0.lock().expect("no panic here"))
    }

    /// An engine may begin anew from the start; only the last time counts.
    fn note(&self, attempt: Attempt) {
        let mut all = self.0.lock().expect("no panic here");
        all.retain(|before| before.delivery != attempt.delivery);
        all.push(attempt);
    }
}

/// An operation that says so when it is run.
struct Noted<O> {
    operation: O,
    delivery: u64,
    recorder: Arc<Recorder>,
}

/// An operation is written out in its transaction, to be compared with what was asked before under its key: so this is when it looks for
/// a remembered answer.
impl<O: Serialize> Serialize for Noted<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.recorder.note(Attempt { delivery: self.delivery, execution: None });
        self.operation.serialize(serializer)
    }
}

impl<O: Operation> Operation for Noted<O> {
    const NAME: &'static str = O::NAME;
    type Outcome = O::Outcome;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<O::Outcome, Error> {
        let after_event = events::recent(tx, 1)?.first().map_or(0, |event| event.id);
        let result = self.operation.perform(tx, cx);
        let answer = match &result {
            Ok(outcome) => Ok(completed::<O>(outcome, cx.keys)),
            Err(Error::Refused(refusal) | Error::Counted(refusal)) => Err(refusal.clone()),
            // Nothing of it is kept.
            Err(Error::Fault(_)) => return result,
        };
        let execution = Some(Execution { now: cx.now, after_event, answer });
        self.recorder.note(Attempt { delivery: self.delivery, execution });
        result
    }

    fn complete(outcome: &mut O::Outcome, keys: &Keyring) {
        O::complete(outcome, keys);
    }
}

/// The outcome as its caller gets it.
fn completed<O: Operation>(outcome: &O::Outcome, keys: &Keyring) -> Value {
    let data = serde_json::to_value(outcome).expect("an outcome is plain data");
    let mut whole: O::Outcome = serde_json::from_value(data).expect("an outcome can be read back");
    O::complete(&mut whole, keys);
    serde_json::to_value(whole).expect("an outcome is plain data")
}

/// The door of a node: what goes through it is noted.
pub struct NodeDoor {
    pub app: App,
    pub recorder: Arc<Recorder>,
    pub delivery: u64,
    pub caller: Caller,
    pub key: Option<IdempotencyKey>,
    /// The operator, instead of a caller.
    pub acting: Option<Actor>,
}

impl Door for NodeDoor {
    async fn send<O: Operation>(self, operation: O) -> Result<Value, Failure> {
        let noted = Noted { operation, delivery: self.delivery, recorder: self.recorder };
        match self.acting {
            None => plain(self.app.perform(self.caller, self.key, noted).await),
            Some(actor) => plain(self.app.perform_as(actor, noted).await),
        }
    }
}

type Ticked = (ReleaseClock, Result<Vec<Step>, Failure>);

pub struct Node {
    pub name: String,
    pub clock: Arc<ManualClock>,
    /// By how much its clock is ahead.
    pub ahead: SignedDuration,
    /// None while it is down.
    pub up: Option<Up>,
    /// It does nothing before this round, and does not know it.
    pub stalled_until: u32,
    starts: u64,
}

/// A node that is up.
pub struct Up {
    pub app: App,
    pub gate: Arc<Gate>,
    /// The release clock, unless it is looking just now.
    resting: Option<ReleaseClock>,
    looking: Option<JoinHandle<Ticked>>,
    /// Something was turned away while the release clock was looking: then it may fail, and tries again.
    pub excused: bool,
}

impl Node {
    pub fn new(number: usize, now: Timestamp) -> Self {
        Self {
            name: format!("node {number}"),
            clock: Arc::new(ManualClock::new(now)),
            ahead: SignedDuration::ZERO,
            up: None,
            stalled_until: 0,
            starts: 0,
        }
    }

    pub fn set_clock(&self, now: Timestamp) {
        self.clock.set(now + self.ahead);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Starts it on the files as they are.
    pub async fn start(&mut self, folder: &Path, catalogue: &Catalogue, seed: u64) {
        let gate = Gate::new();
        // While a node stands still, its requests wait: what real time passes meanwhile must not decide anything.
        let ever = std::time::Duration::from_hours(24);
        let patience = Patience { confirm: ever, clock: ever, sign_in: ever, read: ever };
        let config = StoreConfig { mishaps: gate.mishaps(), patience, ..stage::config(folder) };
        let store = Store::open(&config).expect("the store opens, whatever happened before");
        self.starts += 1;
        // Randomness that was used is not used again.
        let seed = seed.wrapping_mul(31).wrapping_add(self.starts).wrapping_mul(1_000_003);
        let seed = self.name.bytes().fold(seed, |seed, byte| seed.wrapping_mul(257).wrapping_add(byte.into()));
        let published = folder.join(&self.name);
        let app = stage::start(store, &self.clock, seed, published).await.expect("the application starts");
        app.set_catalogue(catalogue.clone());
        // Shut from within: the threads have passed the open gate already, and are past it until they come round again.
        let (writes, reads) = (Arc::clone(&gate), Arc::clone(&gate));
        let shut_for_writes = move |_: &Tx<'_>| {
            writes.shut_for_writes();
            Ok(())
        };
        let shut_for_reads = move |_: &Tx<'_>| {
            reads.shut_for_reads();
            Ok(())
        };
        app.store().write(shut_for_writes).await.expect("a write");
        app.store().read(shut_for_reads).await.expect("a read");
        gate.wait_for_threads();
        let resting = Some(ReleaseClock::new(app.clone(), Arc::new(NoBeacon), self.name.clone()));
        self.up = Some(Up { app, gate, resting, looking: None, excused: false });
    }

    /// Ends it without a word to anybody.
    pub fn bury(&mut self) {
        self.up = None;
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if let Some(looking) = &self.looking {
            looking.abort();
        }
        // Also when a test fails: the threads of the store must not wait for ever.
        self.gate.kill();
        self.app.store().close_blocking();
    }
}

impl Up {
    /// Lets the release clock look, unless it is looking.
    pub fn look(&mut self) -> bool {
        let Some(mut clock) = self.resting.take() else { return false };
        self.excused = false;
        self.looking = Some(tokio::spawn(async move {
            let steps = clock.tick().await;
            (clock, steps)
        }));
        true
    }

    pub fn is_looking(&self) -> bool {
        self.looking.is_some()
    }

    /// What a look of the release clock came to, if one has ended.
    pub async fn looked(&mut self) -> Option<Result<Vec<Step>, Failure>> {
        if !self.looking.as_ref().is_some_and(JoinHandle::is_finished) {
            return None;
        }
        let (clock, steps) = self.looking.take()?.await.expect("the release clock does not panic");
        self.resting = Some(clock);
        Some(steps)
    }

    pub fn writes_waiting(&self) -> u64 {
        self.app.store().stats().write_queue
    }

    pub fn reads_waiting(&self) -> u64 {
        self.app.store().stats().read_queue
    }
}
