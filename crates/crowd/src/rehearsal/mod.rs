//! A rehearsal: a whole population comes to a release by schedule, everything it is told is written down, and in the end every
//! acknowledgement is asked for again.
//!
//! The load is open: arrivals follow a schedule made beforehand, and no arrival waits for an answer to another. A person's next
//! request is due when they have read and typed long enough after the answer before. Latency counts from the instant at which a
//! request was due, so that a stall is felt by all whom it would have kept waiting. Simulated people share a pool of kept-alive
//! connections, as they do behind a proxy; whoever finds none free waits, and that is counted and said.
//!
//! It is bounded: every phase has an end, every request a time-out and every retry a count. It speaks HTTP only.

pub mod audit;
pub mod chart;
pub mod kind;
pub mod ledger;
mod play;
pub mod population;
pub mod recorder;
pub mod report;
pub mod schedule;
mod summary;
pub mod verdict;
mod visitor;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use antrean_domain::release::Mode;
use serde::Serialize;

use crate::market::Market;
use audit::{Audit, Rule};
use population::Makeup;
use recorder::Measured;
use schedule::{Lengths, Phase};
use verdict::{Found, Goal, Goals, OfKind, Verdict};

pub use play::run;

/// What a rehearsal is made of.
pub struct Settings {
    /// Where the server is.
    pub address: SocketAddr,
    /// What goes into `Host`.
    pub host: String,
    /// What the release offers.
    pub market: Market,
    /// How it gives its places.
    pub mode: Mode,
    /// Time until the release opens, from now; zero if it is open.
    pub opens_in: Duration,
    /// Time until the list is frozen, from now; nothing without a draw.
    pub closes_in: Option<Duration>,
    /// Who comes.
    pub makeup: Makeup,
    /// How long the phases last.
    pub lengths: Lengths,
    /// Connections open at once.
    pub lines_max: usize,
    /// What must be reached.
    pub goals: Goals,
    /// Whether the server was started for this rehearsal and nobody else is on it.
    pub alone: bool,
    /// Looks at the server's process, where it is on this machine.
    pub machine: Option<Box<dyn Machine>>,
    /// Is told how far it is, about once a second.
    pub audience: Box<dyn Audience>,
}

/// Looks at the process of a server on this machine.
pub trait Machine: Send + Sync {
    /// What it uses now; nothing if it cannot be seen.
    fn usage(&self) -> Option<Usage>;
}

/// What a process uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in bytes.
    pub memory: u64,
    /// Resident memory at its peak, in bytes.
    pub memory_peak: u64,
    /// Processor time used so far.
    pub cpu: Duration,
}

/// Is told how far a rehearsal is.
pub trait Audience: Send + Sync {
    /// About once a second.
    fn look(&self, now: &Now<'_>);
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// What is happening.
    pub phase: &'a str,
    /// How many have come in this phase, and of how many.
    pub come: (u64, u64),
    /// Answers in the last second.
    pub answers_per_s: u64,
    /// Entries so far, or places taken.
    pub entries: u32,
    /// What the server's process uses, in bytes.
    pub memory: Option<u64>,
}

/// The public state and the server at one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Seconds from the start.
    pub at_s: f64,
    /// Entries so far.
    pub entries: u32,
    /// Places that can be taken.
    pub left: u32,
    /// People who wait in the line.
    pub waiting: u32,
    /// Resident memory of the server, in millions of bytes.
    pub memory_mb: Option<f64>,
    /// Processors that the server kept busy since the sample before.
    pub cpus: Option<f64>,
}

/// A phase that was gone through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passed {
    /// What it was.
    pub phase: Phase,
    /// What it is called.
    pub label: &'static str,
    /// When it began, in seconds from the start.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
}

/// Everything that a rehearsal shows.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The release.
    pub release: String,
    /// How it gave its places.
    pub mode: Mode,
    /// What the population was made of.
    pub makeup: Makeup,
    /// Public places.
    pub places: u32,
    /// Offices with places.
    pub offices: u32,
    /// The phases.
    pub phases: Vec<Passed>,
    /// Latencies, answers, refusals.
    pub measured: Measured,
    /// The state of release and server, second by second.
    pub samples: Vec<Sample>,
    /// The server's memory at its peak, in bytes.
    pub memory_peak: Option<u64>,
    /// Connections made.
    pub lines_opened: u64,
    /// Requests that waited for a free connection.
    pub lines_waited: u64,
    /// From the freeze to the last result.
    pub draw: Option<Duration>,
    /// What became of everybody.
    pub kinds: Vec<OfKind>,
    /// How visits ended that did not get through, by reason.
    pub ends: BTreeMap<String, u32>,
    /// What the audit came to.
    pub audit: Audit,
    /// Whether the store itself was audited.
    pub store_audited: bool,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// What must be reached.
    pub wanted: Goals,
}

impl Outcome {
    /// The goals with what was found.
    pub fn goals(&self) -> Vec<Goal> {
        self.wanted.hold_against(&Found {
            mode: self.mode,
            measured: &self.measured,
            kinds: &self.kinds,
            draw: self.draw,
            memory: self.memory_peak,
        })
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(&self.goals(), &self.audit, self.interrupted)
    }

    /// What the reader has to know beside the numbers.
    pub fn cautions(&self) -> Vec<String> {
        verdict::cautions(&self.measured, self.lines_waited, self.interrupted, self.audit.unsure)
    }

    /// The rules with how often each was found broken.
    pub fn rules(&self) -> Vec<(Rule, u32)> {
        verdict::rule_lines(&self.audit, self.draw.is_some(), self.store_audited)
    }

    /// Adds what an audit of the stopped store found; an empty list is as it must be.
    pub fn add_store(&mut self, violations: Vec<String>) {
        self.store_audited = true;
        for violation in violations {
            self.audit.found(Rule::StoreHolds, violation);
        }
    }
}
