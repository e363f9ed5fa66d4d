//! Approvals: what somebody asked for that needs a second person, and what that person decided. Decided once, never changed.

use antrean_domain::office::OfficeCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named};
use crate::ids::{ApprovalId, StaffId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided yet.
    Waiting,
    /// A second person said yes, and it was done.
    Approved,
    /// A second person said no.
    Declined,
    /// Whoever asked took it back.
    Withdrawn,
}

named!(ApprovalState {
    Waiting = "waiting",
    Approved = "approved",
    Declined = "declined",
    Withdrawn = "withdrawn",
});

macro_rules! columns {
    () => {
        "id, kind, office, body, reason, state, asked_by, asked_ms, decided_by, decided_ms, answer"
    };
}

statements! {
    INSERT = "INSERT INTO approvals (kind, office, body, reason, state, asked_by, asked_ms)
              VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?6)";
    GET = concat!("SELECT ", columns!(), " FROM approvals WHERE id = ?1");
    LOCK = "", postgres "SELECT 1 FROM approvals WHERE id = ?1 FOR NO KEY UPDATE";
    WAITING = concat!("SELECT ", columns!(), " FROM approvals WHERE state = 'waiting' ORDER BY id LIMIT ?1");
    RECENT = concat!("SELECT ", columns!(), " FROM approvals WHERE state <> 'waiting' ORDER BY id DESC LIMIT ?1");
    DECIDE = "UPDATE approvals SET state = ?2, decided_by = ?3, decided_ms = ?4, answer = ?5 WHERE id = ?1 AND state = 'waiting'";
}

/// Something to be decided by a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApproval<'a> {
    /// The name of the operation that is asked for.
    pub kind: &'a str,
    /// At which office, if at one.
    pub office: Option<&'a OfficeCode>,
    /// The operation, ready to be performed.
    pub body: &'a str,
    /// Why, as its asker says.
    pub reason: &'a str,
    /// Who asks.
    pub asked_by: StaffId,
}

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its number.
    pub id: ApprovalId,
    /// The name of the operation that is asked for.
    pub kind: String,
    /// At which office, if at one.
    pub office: Option<OfficeCode>,
    /// The operation, ready to be performed.
    pub body: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who asked.
    pub asked_by: StaffId,
    /// When.
    pub asked: Timestamp,
    /// Who decided.
    pub decided_by: Option<StaffId>,
    /// When.
    pub decided: Option<Timestamp>,
    /// What they said to it.
    pub answer: String,
}

fn approval(row: &RowRef<'_>) -> Result<Approval, Fault> {
    Ok(Approval {
        id: ApprovalId(row.int(0)?),
        kind: row.text(1)?.to_owned(),
        office: row.text_opt(2)?.map(|_| row.office(2)).transpose()?,
        body: row.text(3)?.to_owned(),
        reason: row.text(4)?.to_owned(),
        state: row.named(5)?,
        asked_by: StaffId(row.int(6)?),
        asked: row.instant(7)?,
        decided_by: row.int_opt(8)?.map(StaffId),
        decided: row.instant_opt(9)?,
        answer: row.text(10)?.to_owned(),
    })
}

/// Asks for a second person's word.
pub fn insert(tx: &Tx<'_>, new: &NewApproval<'_>, now: Timestamp) -> Result<ApprovalId, Fault> {
    let values = [
        Value::Text(new.kind),
        Value::from(new.office.map(OfficeCode::as_str)),
        Value::Text(new.body),
        Value::Text(new.reason),
        Value::Int(new.asked_by.0),
        Value::instant(now),
    ];
    tx.insert(INSERT, &values)?.map(ApprovalId).ok_or_else(|| Fault::corrupt("a request was not inserted"))
}

/// A request by its number, held to the end of the transaction.
pub fn hold(tx: &Tx<'_>, id: ApprovalId) -> Result<Option<Approval>, Fault> {
    tx.hold(LOCK, &[Value::Int(id.0)])?;
    get(tx, id)
}

/// A request by its number.
pub fn get(tx: &Tx<'_>, id: ApprovalId) -> Result<Option<Approval>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], approval)
}

/// At most so many requests that wait, the oldest first.
pub fn waiting(tx: &Tx<'_>, limit: u32) -> Result<Vec<Approval>, Fault> {
    tx.all(WAITING, &[Value::Int(limit.into())], approval)
}

/// At most so many requests that were decided, the newest first.
pub fn recent(tx: &Tx<'_>, limit: u32) -> Result<Vec<Approval>, Fault> {
    tx.all(RECENT, &[Value::Int(limit.into())], approval)
}

/// Decides; `false` if it was decided before. The word of the asker is refused by the rule `approvals_need_a_second_person`.
pub fn decide(
    tx: &Tx<'_>,
    id: ApprovalId,
    state: ApprovalState,
    by: StaffId,
    answer: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let values = [Value::Int(id.0), name(state), Value::Int(by.0), Value::instant(now), Value::Text(answer)];
    tx.changed(DECIDE, &values)
}
