//! What needs a second person: asked for by one, decided by another, done in the same transaction as the decision.

use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_store::approvals::{Approval, ApprovalState, NewApproval};
use antrean_store::ids::{ApprovalId, StaffId};
use antrean_store::{Fault, Tx, approvals, staff};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ChangeStaff, Officer, StaffRefusal, open_record};
use crate::caller::Actor;
use crate::closure::{self, Plan, Preview, StartClosure};
use crate::day::{Claimed, MoveClaim, WalkIn, claimed};
use crate::operation::{Context, Error, Note, Operation};
use crate::quota::{self, AskedHours, ChangeTimetable};

/// Requests shown at once.
const SHOWN_MAX: u32 = 200;
/// Characters of a reason or an answer.
pub(crate) const REASON_MAX: usize = 500;

/// What an operation that may need a second person came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "came_to", rename_all = "snake_case")]
pub enum Approved<T> {
    /// It was done.
    Done {
        /// What came of it.
        outcome: T,
    },
    /// It waits for a second person.
    Asked {
        /// The number of the request.
        request: ApprovalId,
    },
}

/// An operation that needs a second person when it is sensitive. It says so itself, when it is performed.
pub trait Ask: Operation {
    /// At which office, if at one: whoever may approve there decides.
    fn office(&self) -> Option<&OfficeCode>;
    /// Why, as its asker says.
    fn reason(&self) -> &str;
    /// Refuses where the second person saw something else than would be done now.
    fn still_as_seen(&self, _tx: &Tx<'_>, _seen: &str) -> Result<(), Error> {
        Ok(())
    }
    /// Does it, in the name of whoever asked, now that a second person said yes.
    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error>;
}

/// Puts an operation before a second person instead of doing it.
pub(crate) fn ask<O: Ask>(tx: &Tx<'_>, cx: &Context<'_>, operation: &O) -> Result<ApprovalId, Error> {
    let asked_by = cx.officer(tx)?.id;
    let reason = checked_reason(operation.reason())?;
    let body = serde_json::to_string(operation)
        .map_err(|error| Fault::Corrupt { what: format!("command of {}: {error}", O::NAME) })?;
    let new = NewApproval { kind: O::NAME, office: operation.office(), body: &body, reason: &reason, asked_by };
    let request = approvals::insert(tx, &new, cx.now)?;
    note(tx, cx, asked_by, "approval_asked", operation.office(), request)?;
    Ok(request)
}

/// A reason as it is kept: in one line of bounded length, and there at all.
pub(crate) fn checked_reason(text: &str) -> Result<String, StaffRefusal> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text.is_empty() && text.chars().count() <= REASON_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(StaffRefusal::ReasonMissing { max: REASON_MAX as u32 }) }
}

/// Every kind of request, by the name of its operation.
fn carry_out(tx: &Tx<'_>, cx: &Context<'_>, request: &Approval, seen: &str) -> Result<(), Error> {
    fn read<O: Ask + for<'de> Deserialize<'de>>(
        tx: &Tx<'_>,
        cx: &Context<'_>,
        request: &Approval,
        seen: &str,
    ) -> Result<(), Error> {
        let operation: O = serde_json::from_str(&request.body)
            .map_err(|error| Fault::Corrupt { what: format!("request {}: {error}", request.id) })?;
        operation.still_as_seen(tx, seen)?;
        operation.carry_out(tx, cx, request.asked_by)
    }
    match request.kind.as_str() {
        WalkIn::NAME => read::<WalkIn>(tx, cx, request, seen),
        MoveClaim::NAME => read::<MoveClaim>(tx, cx, request, seen),
        ChangeStaff::NAME => read::<ChangeStaff>(tx, cx, request, seen),
        StartClosure::NAME => read::<StartClosure>(tx, cx, request, seen),
        ChangeTimetable::NAME => read::<ChangeTimetable>(tx, cx, request, seen),
        unknown => Err(Fault::Corrupt { what: format!("request {}: kind {unknown}", request.id) }.into()),
    }
}

/// A second person decides. Yes does what was asked for, or refuses with why it can be done no more: then it goes on waiting.
#[derive(Serialize, Deserialize)]
pub struct Decide {
    /// The request.
    pub request: ApprovalId,
    /// Yes or no.
    pub yes: bool,
    /// What the second person says to it; needed for a no.
    pub answer: String,
    /// The version of what it changes that they saw, where such a request has one.
    #[serde(default)]
    pub seen: String,
}

impl Operation for Decide {
    const NAME: &'static str = "approval_decide";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let request = approvals::hold(tx, self.request)?.ok_or(StaffRefusal::RequestUnknown)?;
        let officer = cx.officer_for(tx, Task::Approve, request.office.as_ref())?;
        // What concerns no office concerns all of them.
        if request.office.is_none() && officer.reach.is_some() {
            return Err(StaffRefusal::TaskNotYours { task: Task::Approve }.into());
        }
        if officer.id == request.asked_by {
            return Err(StaffRefusal::SecondPersonNeeded.into());
        }
        if request.state != ApprovalState::Waiting {
            return Err(StaffRefusal::DecidedAlready.into());
        }
        let answer =
            if self.yes && self.answer.trim().is_empty() { String::new() } else { checked_reason(&self.answer)? };
        let (state, kind) = if self.yes {
            carry_out(tx, cx, &request, &self.seen)?;
            (ApprovalState::Approved, "approval_given")
        } else {
            (ApprovalState::Declined, "approval_declined")
        };
        let by = officer.id;
        if !approvals::decide(tx, request.id, state, by, &answer, cx.now)? {
            return Err(StaffRefusal::DecidedAlready.into());
        }
        note(tx, cx, by, kind, request.office.as_ref(), request.id)
    }
}

/// Whoever asked takes it back.
#[derive(Serialize, Deserialize)]
pub struct Withdraw {
    /// The request.
    pub request: ApprovalId,
}

impl Operation for Withdraw {
    const NAME: &'static str = "approval_withdraw";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let request = approvals::hold(tx, self.request)?.ok_or(StaffRefusal::RequestUnknown)?;
        let officer = cx.officer(tx)?.id;
        if officer != request.asked_by {
            return Err(StaffRefusal::RequestUnknown.into());
        }
        if !approvals::decide(tx, request.id, ApprovalState::Withdrawn, officer, "", cx.now)? {
            return Err(StaffRefusal::DecidedAlready.into());
        }
        note(tx, cx, officer, "approval_withdrawn", request.office.as_ref(), request.id)
    }
}

fn note(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    by: StaffId,
    kind: &str,
    office: Option<&OfficeCode>,
    request: ApprovalId,
) -> Result<(), Error> {
    let reason = format!("request {request}");
    let office = office.map(OfficeCode::as_str);
    Ok(cx.note(tx, Actor::Staff(by), Note { kind, office, reason: Some(&reason), ..Note::default() })?)
}

/// What a request would do now.
#[derive(Debug, Clone)]
pub enum Content {
    /// Change hours or quotas.
    Hours(AskedHours),
    /// Close an office; what that comes to, unless it can no longer be done.
    Closure(Plan, Option<Preview>),
    /// Take somebody in without a ticket.
    WalkIn(WalkIn),
    /// Free a NIK for its owner.
    Claim(Claimed),
}

fn content(tx: &Tx<'_>, cx: &Context<'_>, kind: &str, body: &str) -> Result<Option<Content>, Error> {
    Ok(match kind {
        ChangeTimetable::NAME => quota::asked_for(tx, cx, body)?.map(Content::Hours),
        StartClosure::NAME => closure::asked_for(tx, cx, body)?.map(|(plan, preview)| Content::Closure(plan, preview)),
        WalkIn::NAME => serde_json::from_str(body).ok().map(Content::WalkIn),
        MoveClaim::NAME => claimed(tx, cx, body)?.map(Content::Claim),
        _ => None,
    })
}

/// A request as staff see it.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// Its number.
    pub id: ApprovalId,
    /// The name of the operation that is asked for.
    pub kind: String,
    /// At which office, if at one.
    pub office: Option<OfficeCode>,
    /// What it would do, where it waits.
    pub content: Option<Content>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// The name of whoever asked.
    pub asked_by: String,
    /// When.
    pub asked: Timestamp,
    /// The name of whoever decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<Timestamp>,
    /// What they said to it.
    pub answer: String,
    /// Whether the caller may decide on it now.
    pub can_decide: bool,
    /// Whether the caller may take it back now.
    pub can_withdraw: bool,
}

/// The requests that concern the caller.
#[derive(Debug, Clone)]
pub struct Requests {
    /// The caller.
    pub officer: Officer,
    /// Those that wait, the oldest first.
    pub waiting: Vec<RequestView>,
    /// Those that were decided, the newest first.
    pub decided: Vec<RequestView>,
}

/// The requests that the caller asked for or may decide on.
pub fn requests(tx: &Tx<'_>, cx: &Context<'_>) -> Result<Requests, Error> {
    let officer = cx.officer(tx)?.clone();
    let concerns = |request: &Approval| {
        request.asked_by == officer.id || (officer.role.may(Task::Approve) && is_theirs(&officer, request))
    };
    let views = |all: Vec<Approval>| -> Result<Vec<RequestView>, Error> {
        all.into_iter().filter(|request| concerns(request)).map(|request| view(tx, cx, &officer, request)).collect()
    };
    let waiting = views(approvals::waiting(tx, SHOWN_MAX)?)?;
    let decided = views(approvals::recent(tx, SHOWN_MAX)?)?;
    Ok(Requests { officer, waiting, decided })
}

/// Whether a request lies where somebody reaches: at one of their offices, or nowhere in particular and they reach everything.
fn is_theirs(officer: &Officer, request: &Approval) -> bool {
    match &request.office {
        Some(office) => officer.reaches(office),
        None => officer.reach.is_none(),
    }
}

fn view(tx: &Tx<'_>, cx: &Context<'_>, officer: &Officer, request: Approval) -> Result<RequestView, Error> {
    let name = |id: StaffId| -> Result<String, Error> {
        let member = staff::get(tx, id)?.ok_or(StaffRefusal::MemberUnknown)?;
        Ok(open_record(cx, &member)?.name)
    };
    let waits = request.state == ApprovalState::Waiting;
    let own = request.asked_by == officer.id;
    Ok(RequestView {
        can_decide: waits && !own && officer.role.may(Task::Approve) && is_theirs(officer, &request),
        can_withdraw: waits && own,
        asked_by: name(request.asked_by)?,
        decided_by: request.decided_by.map(name).transpose()?,
        content: if waits { content(tx, cx, &request.kind, &request.body)? } else { None },
        id: request.id,
        kind: request.kind,
        office: request.office,
        reason: request.reason,
        state: request.state,
        asked: request.asked,
        decided: request.decided,
        answer: request.answer,
    })
}
