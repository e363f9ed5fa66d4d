//! Calling by the rule to a counter, and everything that happens to whoever was called.

use antrean_domain::calling::{self, LOOKS_BACK, Made, Waiting, Why};
use antrean_domain::coverage::Gap;
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_domain::visit::{CallNumber, MissingPaper, Outcome, REINSERT_MIN, Stage, TakesOn, VisitEvent, VisitState};
use antrean_store::ids::VisitId;
use antrean_store::visits::{Call, Visit};
use antrean_store::{Fault, Tx, counters, visits};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::seats::{self, CounterView, Relief, mine};
use super::view::{self, VisitView, line, open_note, reinsert_until, seal_note};
use super::{DayRefusal, Today, actor, keep, note, seen, step, today, work};
use crate::operation::{Context, Error, Operation};
use crate::staff::Officer;

/// Characters of all notes of a visit together.
const NOTE_MAX: usize = 1_000;
/// Visits that are over, as many as a counter looks back at.
const FINISHED_SHOWN: usize = 20;
/// Calls shown with their reasons.
const CALLS_SHOWN: u32 = 10;

/// Calls to the caller's counter: whoever is next by the rule, or a number that an officer asks for.
#[derive(Serialize, Deserialize)]
pub struct CallNext {
    /// At which office.
    pub office: OfficeCode,
    /// A number, out of turn; it is written down as that.
    pub number: Option<CallNumber>,
}

impl Operation for CallNext {
    const NAME: &'static str = "call_next";
    type Outcome = VisitView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<VisitView, Error> {
        let on = work(tx, cx, Task::Counter, &self.office)?;
        let counter = mine(tx, cx, &on)?;
        if let Some(before) = visits::at_counter(tx, &on.office, on.date, counter.number)? {
            return Err(DayRefusal::CounterBusy { number: before.number }.into());
        }
        let (mut visit, why) = match self.number {
            Some(number) => {
                let visit = visits::by_number(tx, &on.office, on.date, number)?.ok_or(DayRefusal::VisitUnknown)?;
                (visit, Why::ByNumber)
            }
            None => next(tx, cx, &on.office, on.date, &counter.takes_on)?.ok_or(DayRefusal::NobodyWaits)?,
        };
        if antrean_domain::visit::next(visit.state, VisitEvent::Call).is_err() {
            return Err(DayRefusal::stands(&visit).into());
        }
        visit.counter = Some(counter.number);
        visit.called = Some(cx.now);
        visit.first_called = visit.first_called.or(Some(cx.now));
        visit.calls = 1;
        visit.started = None;
        step(tx, cx, &mut visit, VisitEvent::Call, &format!("{} {}", counter.number, why.code()))?;
        visits::note_call(tx, &visit, counter.number, Some(&why.code()), cx.now)?;
        Ok(view::view(tx, cx, &visit)?)
    }
}

/// Who is next by the rule at a counter that takes this on, and why.
fn next(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    date: Date,
    takes_on: &TakesOn,
) -> Result<Option<(Visit, Why)>, Error> {
    let mut room = visits::in_state(tx, office, date, VisitState::Waiting)?;
    room.retain(|visit| takes_on.does(visit.stage, visit.number.class));
    let waiting: Vec<Waiting<usize>> =
        room.iter().enumerate().map(|(id, visit)| Waiting { id, class: visit.number.class, due: visit.due }).collect();
    let mut last: Vec<Made> = visits::decided_calls(tx, office, date, LOOKS_BACK as u32)?.iter().map(made).collect();
    last.reverse();
    Ok(calling::next(&waiting, &last, cx.now).map(|(id, why)| (room.swap_remove(id), why)))
}

fn made(call: &Call) -> Made {
    let why = call.why.as_deref().and_then(Why::from_code);
    Made { class: call.number.class, guarded: why.is_some_and(Why::is_guard) }
}

/// What an officer does with a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum Does {
    /// Calls it once more.
    Recall,
    /// It is at the counter.
    Start,
    /// Is done with it.
    Finish {
        /// What came of it.
        outcome: Outcome,
        /// The papers that were missing.
        missing: Vec<MissingPaper>,
    },
    /// It does not come.
    Absent,
    /// Sets it aside.
    Park,
    /// Fetches it from there.
    Unpark,
    /// Sends it on to wait for another stage.
    Transfer {
        /// Which.
        stage: Stage,
    },
    /// Sends it back to wait.
    PutBack,
    /// It was absent and is there.
    Reinsert,
    /// It goes home without having been served.
    Leave,
    /// Notes something.
    Note {
        /// What.
        text: String,
    },
    /// Says that its times are wrong: forgotten buttons, a wrong clock. Reports leave them out.
    Inaccurate,
}

/// Does something with a visit.
#[derive(Serialize, Deserialize)]
pub struct Act {
    /// At which office.
    pub office: OfficeCode,
    /// The visit.
    pub visit: VisitId,
    /// As it was seen: whoever was faster has won, and this one hears where the visit stands.
    pub version: i64,
    /// What.
    pub does: Does,
}

impl Operation for Act {
    const NAME: &'static str = "visit_act";
    type Outcome = VisitView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<VisitView, Error> {
        let on = work(tx, cx, Task::Counter, &self.office)?;
        let mut visit = seen(tx, &on, self.visit, self.version)?;
        self.check_counter(tx, cx, &on, &visit)?;
        self.act(tx, cx, &mut visit)?;
        Ok(view::view(tx, cx, &visit)?)
    }
}

impl Act {
    /// Whoever is before a counter is that counter's, and the head's.
    fn check_counter(&self, tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>, visit: &Visit) -> Result<(), Error> {
        let taken = matches!(visit.state, VisitState::Called | VisitState::Serving);
        let harmless = matches!(self.does, Does::Note { .. } | Does::Inaccurate);
        let Some(counter) = visit.counter.filter(|_| taken && !harmless && !on.officer.role.may(Task::Approve)) else {
            return Ok(());
        };
        match counters::of_officer(tx, on.officer.id)? {
            Some(own) if own.office == on.office && own.number == counter => Ok(()),
            _ if seats::relief(tx, cx, on)?.is_some_and(|relief| relief.counter == counter) => {
                Err(DayRefusal::Relieved { counter }.into())
            }
            _ => Err(DayRefusal::OtherCounter { counter }.into()),
        }
    }

    fn act(&self, tx: &Tx<'_>, cx: &Context<'_>, visit: &mut Visit) -> Result<(), Error> {
        match &self.does {
            Does::Recall => {
                visit.calls += 1;
                visit.called = Some(cx.now);
                step(tx, cx, visit, VisitEvent::Recall, &visit.calls.to_string())?;
                let counter = visit.counter.unwrap_or_default();
                Ok(visits::note_call(tx, visit, counter, None, cx.now)?)
            }
            Does::Start => {
                visit.started = Some(cx.now);
                step(tx, cx, visit, VisitEvent::Start, "")
            }
            Does::Finish { outcome, missing } => finish(tx, cx, visit, *outcome, missing),
            Does::Absent => {
                let calls = visit.calls.to_string();
                step(tx, cx, visit, VisitEvent::Absent, &calls)
            }
            Does::Park => {
                count_served(cx, visit);
                step(tx, cx, visit, VisitEvent::Park, "")
            }
            Does::Unpark => step(tx, cx, visit, VisitEvent::Unpark, ""),
            Does::Transfer { stage } => {
                count_served(cx, visit);
                (visit.stage, visit.calls, visit.called) = (*stage, 0, None);
                step(tx, cx, visit, VisitEvent::Transfer, stage.as_str())
            }
            Does::PutBack => {
                count_served(cx, visit);
                step(tx, cx, visit, VisitEvent::PutBack, "")
            }
            Does::Reinsert => {
                if visit.state == VisitState::Absent && cx.now > reinsert_until(visit) {
                    return Err(DayRefusal::ReinsertTooLate { minutes: REINSERT_MIN as u32 }.into());
                }
                visit.calls = 0;
                step(tx, cx, visit, VisitEvent::Reinsert, "")
            }
            Does::Leave => {
                count_served(cx, visit);
                visit.finished = Some(cx.now);
                step(tx, cx, visit, VisitEvent::Leave, "")
            }
            Does::Note { text } => jot(tx, cx, visit, text),
            Does::Inaccurate => {
                visit.inaccurate = true;
                keep(tx, cx, visit)?;
                Ok(note(tx, cx, actor(tx, cx)?, "visit_inaccurate", visit, "")?)
            }
        }
    }
}

/// Adds the time at the counter that ends now.
fn count_served(cx: &Context<'_>, visit: &mut Visit) {
    if visit.state == VisitState::Serving
        && let Some(started) = visit.started
    {
        visit.served_ms += u64::try_from(cx.now.duration_since(started).as_millis()).unwrap_or(0);
    }
}

fn finish(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    visit: &mut Visit,
    outcome: Outcome,
    missing: &[MissingPaper],
) -> Result<(), Error> {
    if outcome == Outcome::PapersMissing && missing.is_empty() {
        return Err(DayRefusal::PapersNotNamed.into());
    }
    // A counter that never said when it began has no time that could be counted.
    visit.inaccurate |= visit.state == VisitState::Called;
    count_served(cx, visit);
    visit.finished = Some(cx.now);
    visit.outcome = Some(outcome);
    if outcome == Outcome::PapersMissing {
        visit.missing = MissingPaper::ALL.into_iter().filter(|paper| missing.contains(paper)).collect();
    }
    let papers: Vec<&str> = visit.missing.iter().map(|paper| paper.as_str()).collect();
    step(tx, cx, visit, VisitEvent::Finish, &format!("{} {}", outcome.as_str(), papers.join(",")))
}

/// Adds a line to what is noted. What was noted is for officers: the log says only that something was.
fn jot(tx: &Tx<'_>, cx: &Context<'_>, visit: &mut Visit, text: &str) -> Result<(), Error> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let before = open_note(cx, visit)?;
    let whole = if before.is_empty() { text.clone() } else { format!("{before}\n{text}") };
    if text.is_empty() || text.chars().any(char::is_control) || whole.chars().count() > NOTE_MAX {
        return Err(DayRefusal::NoteTooLong { max: NOTE_MAX as u32 }.into());
    }
    visit.sealed = seal_note(cx, &whole);
    keep(tx, cx, visit)?;
    Ok(note(tx, cx, actor(tx, cx)?, "visit_noted", visit, "")?)
}

/// The day as a counter sees it.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Who looks.
    pub officer: Officer,
    /// The number of the counter where they sit.
    pub mine: Option<u32>,
    /// Who took the caller's counter over, where somebody did and they sit nowhere since.
    pub relieved: Option<Relief>,
    /// All counters of the office.
    pub counters: Vec<CounterView>,
    /// What no open counter takes on.
    pub gaps: Vec<Gap>,
    /// Whoever is before this counter, with names.
    pub current: Option<VisitView>,
    /// Whoever would be called now, and why.
    pub next: Option<(CallNumber, Why)>,
    /// The waiting, by when they are due.
    pub waiting: Vec<VisitView>,
    /// Those set aside.
    pub parked: Vec<VisitView>,
    /// Those who were called and did not come.
    pub missed: Vec<VisitView>,
    /// Those who are done, the last first.
    pub finished: Vec<VisitView>,
    /// The last calls with their reasons, the newest first.
    pub calls: Vec<(CallNumber, u32, Option<Why>, Timestamp)>,
}

/// The day as the caller's counter sees it.
pub fn desk(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<Desk, Error> {
    let officer = cx.officer_for(tx, Task::Counter, Some(office))?;
    let on = today(cx, officer, office);
    let own = counters::of_officer(tx, officer.id)?.filter(|counter| counter.office == *office);
    let day = visits::on_day(tx, office, on.date)?;
    let lines = |wanted: &[VisitState]| -> Result<Vec<VisitView>, Fault> {
        day.iter().filter(|visit| wanted.contains(&visit.state)).map(|visit| line(cx, visit)).collect()
    };
    let current = match &own {
        None => None,
        Some(counter) => visits::at_counter(tx, office, on.date, counter.number)?
            .map(|visit| view::view(tx, cx, &visit))
            .transpose()?,
    };
    let next = match &own {
        None => None,
        Some(counter) => next(tx, cx, office, on.date, &counter.takes_on)?.map(|(visit, why)| (visit.number, why)),
    };
    let mut waiting = lines(&[VisitState::Waiting])?;
    waiting.sort_by_key(|visit| visit.due);
    let mut finished = lines(&[VisitState::Done, VisitState::Left])?;
    finished.sort_by_key(|visit| std::cmp::Reverse(visit.finished));
    finished.truncate(FINISHED_SHOWN);
    let seats = seats::seats(tx, cx, office)?;
    let relieved = if own.is_none() { seats::relief(tx, cx, &on)? } else { None };
    let heard = visits::heard_calls(tx, office, on.date, CALLS_SHOWN)?.into_iter();
    Ok(Desk {
        officer: officer.clone(),
        mine: own.map(|counter| counter.number),
        relieved,
        gaps: seats::open_gaps(&seats, &day),
        counters: seats,
        current,
        next,
        waiting,
        parked: lines(&[VisitState::Parked])?,
        missed: lines(&[VisitState::Absent])?,
        finished,
        calls: heard
            .map(|call| (call.number, call.counter, call.why.as_deref().and_then(Why::from_code), call.at))
            .collect(),
    })
}
