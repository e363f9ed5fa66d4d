//! Why something was not done at the door or at a counter.

use antrean_domain::visit::{CallNumber, VisitState};
use antrean_store::visits::Visit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::operation::Error;
use crate::refusal::Refusal;

/// What only the day runs into. `code()` is the stable name for programs.
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "day", rename_all = "snake_case")]
pub enum DayRefusal {
    /// There is no such visit here today.
    VisitUnknown,
    /// The visit stands elsewhere than was thought: somebody was faster, or this cannot happen to it now.
    StandsElsewhere { number: CallNumber, state: VisitState, counter: Option<u32>, since: Timestamp },
    /// A check-in can be taken back for `seconds` only, and before it was called.
    UndoTooLate { seconds: u32 },
    /// Whoever was absent can be put back for `minutes` only.
    ReinsertTooLate { minutes: u32 },
    /// Nobody waits that this counter takes on.
    NobodyWaits,
    /// The caller sits at no open counter.
    NoCounter,
    /// The counter has this number before it.
    CounterBusy { number: CallNumber },
    /// The visit is before another counter.
    OtherCounter { counter: u32 },
    /// Somebody sits at the counter.
    CounterTaken { counter: u32 },
    /// A colleague took over the caller's counter.
    Relieved { counter: u32 },
    /// A counter has a number from 1 to `max`, something that it takes on, and a name of bounded length.
    CounterWrong { max: u32 },
    /// A counter has a number from 1 to `max`.
    CounterNumberWrong { max: u32 },
    /// All numbers of the class are used up.
    NumbersUsedUp,
    /// The places for priority are taken.
    PriorityFull,
    /// The places in the hands of the head are taken.
    ReserveFull,
    /// From 1 to `max` people.
    PeopleWrong { max: u32 },
    /// Papers are missing, but it was not said which.
    PapersNotNamed,
    /// A note has at most `max` characters.
    NoteTooLong { max: u32 },
    /// Nothing live is held under this NIK.
    NothingClaimed,
    /// An office was shown that this NIK is somebody else's.
    Disowned,
}

impl DayRefusal {
    /// The stable name for programs: the variant in kebab-case, behind `day-`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::VisitUnknown => "day-visit-unknown",
            Self::StandsElsewhere { .. } => "day-stands-elsewhere",
            Self::UndoTooLate { .. } => "day-undo-too-late",
            Self::ReinsertTooLate { .. } => "day-reinsert-too-late",
            Self::NobodyWaits => "day-nobody-waits",
            Self::NoCounter => "day-no-counter",
            Self::CounterBusy { .. } => "day-counter-busy",
            Self::OtherCounter { .. } => "day-other-counter",
            Self::CounterTaken { .. } => "day-counter-taken",
            Self::Relieved { .. } => "day-relieved",
            Self::CounterWrong { .. } => "day-counter-wrong",
            Self::CounterNumberWrong { .. } => "day-counter-number-wrong",
            Self::NumbersUsedUp => "day-numbers-used-up",
            Self::PriorityFull => "day-priority-full",
            Self::ReserveFull => "day-reserve-full",
            Self::PeopleWrong { .. } => "day-people-wrong",
            Self::PapersNotNamed => "day-papers-not-named",
            Self::NoteTooLong { .. } => "day-note-too-long",
            Self::NothingClaimed => "day-nothing-claimed",
            Self::Disowned => "day-disowned",
        }
    }

    /// Where a visit stands, told to whoever thought otherwise.
    pub(crate) fn stands(visit: &Visit) -> Self {
        let (number, state, counter) = (visit.number, visit.state, visit.counter);
        Self::StandsElsewhere { number, state, counter, since: visit.changed }
    }
}

impl From<DayRefusal> for Refusal {
    fn from(refusal: DayRefusal) -> Self {
        Self::Day(refusal)
    }
}

impl From<DayRefusal> for Error {
    fn from(refusal: DayRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}
