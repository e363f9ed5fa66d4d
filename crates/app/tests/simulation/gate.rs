//! The gate in front of a node's store: nothing is written or read until the simulation lets it pass, one thing at a time, and
//! what goes wrong on the way is decided beforehand. So threads do not decide about the order of anything.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use antrean_store::mishap::{Mishap, Mishaps, Point};

use crate::stage::copy_as_it_lies;

/// What goes wrong with one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// The process dies before the so-manieth operation is run, counted from 0.
    CrashAtOperation(u32),
    CrashBeforeCommit,
    CrashAfterCommit,
    /// The machine dies, and with it every node; what lies on the disk is all there is.
    PowerCutBeforeCommit,
    PowerCutAfterCommit,
    /// One operation, or the whole transaction, is turned away.
    BusyAtOperation(u32),
    BusyAtCommit,
}

impl Trouble {
    pub fn is_power_cut(self) -> bool {
        matches!(self, Self::PowerCutBeforeCommit | Self::PowerCutAfterCommit)
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub operations: u32,
    pub committed: bool,
    pub died: bool,
    /// An operation, or all, was told that the store is busy.
    pub busy: bool,
}

/// Longer than any transaction takes on any machine: a store that stands still for so long has a deadlock.
const PATIENCE: Duration = Duration::from_mins(1);

struct State {
    /// Every transaction, every read passes: while the application starts.
    open: (bool, bool),
    dead: bool,
    /// Whether the thread that writes, and the one that reads, stand before the gate.
    at_gate: (bool, bool),
    /// Transactions, and reads, that may pass now.
    writes: u32,
    reads: u32,
    trouble: Trouble,
    /// Where the files are, and where they are copied to when the power is cut.
    folders: (PathBuf, PathBuf),
    now: Ended,
    answered: u64,
    read: u64,
}

pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

impl Gate {
    pub fn new() -> Arc<Self> {
        let state = State {
            open: (true, true),
            dead: false,
            at_gate: (false, false),
            writes: 0,
            reads: 0,
            trouble: Trouble::None,
            folders: Default::default(),
            now: Ended::default(),
            answered: 0,
            read: 0,
        };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    pub fn mishaps(self: &Arc<Self>) -> Mishaps {
        let gate = Arc::clone(self);
        Mishaps::by(move |point| gate.at(point))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic at the gate")
    }

    /// Called on the threads of the store.
    fn at(&self, point: Point) -> Mishap {
        let mut state = self.lock();
        match point {
            Point::Take => {
                state.at_gate.0 = true;
                self.changed.notify_all();
                let stays = |state: &mut State| !state.open.0 && !state.dead && state.writes == 0;
                state = self.changed.wait_while(state, stays).expect("no panic at the gate");
                state.at_gate.0 = false;
                state.writes = state.writes.saturating_sub(1);
                state.now = Ended::default();
                if state.dead {
                    return Mishap::Crash;
                }
            }
            Point::Operation => {
                let index = state.now.operations;
                state.now.operations += 1;
                match state.trouble {
                    Trouble::CrashAtOperation(at) if at == index => return state.die(),
                    Trouble::BusyAtOperation(at) if at == index => return state.turn_away(),
                    _ => {}
                }
            }
            Point::Commit => match state.trouble {
                Trouble::CrashBeforeCommit | Trouble::PowerCutBeforeCommit => return state.die(),
                Trouble::BusyAtCommit => return state.turn_away(),
                _ => {}
            },
            Point::Committed => {
                state.now.committed = true;
                if matches!(state.trouble, Trouble::CrashAfterCommit | Trouble::PowerCutAfterCommit) {
                    return state.die();
                }
            }
            Point::Answered => {
                state.answered += 1;
                self.changed.notify_all();
            }
            Point::Read => {
                state.at_gate.1 = true;
                self.changed.notify_all();
                let stays = |state: &mut State| !state.open.1 && !state.dead && state.reads == 0;
                state = self.changed.wait_while(state, stays).expect("no panic at the gate");
                state.at_gate.1 = false;
                state.reads = state.reads.saturating_sub(1);
            }
            Point::ReadDone => {
                state.read += 1;
                self.changed.notify_all();
            }
        }
        Mishap::None
    }

    /// Lets one transaction pass, with everything that waits in it, and waits until all have their answers.
    pub fn pass_writes(&self, trouble: Trouble, folders: (PathBuf, PathBuf)) -> Ended {
        let mut state = self.lock();
        let before = state.answered;
        (state.trouble, state.folders, state.writes) = (trouble, folders, 1);
        self.changed.notify_all();
        let (mut state, late) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.answered == before)
            .expect("no panic at the gate");
        assert!(!late.timed_out(), "a transaction never ends");
        state.trouble = Trouble::None;
        state.now
    }

    /// Lets one read pass and waits until it is answered.
    pub fn pass_read(&self) {
        let mut state = self.lock();
        let before = state.read;
        state.reads = 1;
        self.changed.notify_all();
        let (state, late) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.read == before)
            .expect("no panic at the gate");
        drop(state);
        assert!(!late.timed_out(), "a read never ends");
    }

    /// After the transaction in which this is called, none passes unless it is let.
    pub fn shut_for_writes(&self) {
        self.lock().open.0 = false;
    }

    /// After the read in which this is called, none passes unless it is let.
    pub fn shut_for_reads(&self) {
        self.lock().open.1 = false;
    }

    /// Waits until both threads stand before the gate, which was shut.
    pub fn wait_for_threads(&self) {
        let away = |state: &mut State| state.at_gate != (true, true);
        let (state, late) = self.changed.wait_timeout_while(self.lock(), PATIENCE, away).expect("no panic at the gate");
        drop(state);
        assert!(!late.timed_out(), "a thread of the store never comes to the gate");
    }

    /// The process is gone: whatever waited is lost.
    pub fn kill(&self) {
        self.lock().dead = true;
        self.changed.notify_all();
    }
}

impl State {
    fn die(&mut self) -> Mishap {
        self.now.died = true;
        if self.trouble.is_power_cut() {
            // In the middle of the transaction, or just after it: what lies there now is what the next start finds.
            copy_as_it_lies(&self.folders.0, &self.folders.1);
        }
        Mishap::Crash
    }

    fn turn_away(&mut self) -> Mishap {
        self.now.busy = true;
        Mishap::Busy
    }
}
