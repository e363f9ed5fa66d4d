//! What staff changed of offices, with who, when and why: kept beside every change, read as a history, and told to whoever changed the
//! same at the same time. What no second person has seen counts together.

use std::collections::BTreeMap;

use antrean_domain::office::OfficeCode;
use antrean_domain::quota::TimetableChange;
use antrean_domain::service::{ServiceCode, Services};
use antrean_domain::staff::Task;
use antrean_store::ids::{OfficeChangeId, StaffId};
use antrean_store::office_changes::{self, NewOfficeChange, OfficeChange, Part};
use antrean_store::{Fault, Tx, staff};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::office_data;
use crate::operation::{Context, Error};
use crate::quota;
use crate::staff::{StaffRefusal, open_record};

/// Changes of one page of a history.
pub const PAGE_CHANGES: u32 = 25;
/// Changes told to somebody who was overtaken: more than a few are read in the history.
const TOLD_MAX: u32 = 5;
/// Changes that no second person has seen count together for so long: whoever wants to split a large one waits days for it.
pub const COUNTED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a change was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Hours or quotas.
    Hours {
        /// How.
        change: Box<TimetableChange>,
    },
    /// What is known of the office.
    Data {
        /// By column: the cell before and after.
        cells: BTreeMap<String, (String, String)>,
    },
    /// The office was founded.
    Founded,
}

impl What {
    /// Services that could be booked before it and cannot be after it.
    pub fn withdrawn(&self, services: &Services) -> Vec<ServiceCode> {
        let Self::Data { cells } = self else { return Vec::new() };
        let Some((old, new)) = cells.get("services") else { return Vec::new() };
        // None named is all of them.
        let has = |cell: &str, code: ServiceCode| {
            cell.is_empty() || cell.split_whitespace().any(|word| word == code.as_str())
        };
        let online = services.online().map(|service| service.code);
        online.filter(|code| has(old, *code) && !has(new, *code)).collect()
    }
}

/// A change that was made, to be kept.
pub(crate) struct Made<'a> {
    pub office: &'a OfficeCode,
    pub part: Part,
    pub by: StaffId,
    pub seconded_by: Option<StaffId>,
    /// Places that came or went in the week with the most.
    pub places: u32,
    pub what: &'a What,
    /// The versions before and after.
    pub versions: (&'a str, &'a str),
    pub reason: &'a str,
}

/// Keeps a change, in the transaction that makes it.
pub(crate) fn keep(tx: &Tx<'_>, cx: &Context<'_>, made: &Made<'_>) -> Result<(), Fault> {
    let what =
        serde_json::to_string(made.what).map_err(|error| Fault::Corrupt { what: format!("a change: {error}") })?;
    let new = NewOfficeChange {
        office: made.office,
        part: made.part,
        changed_by: made.by,
        seconded_by: made.seconded_by,
        places: made.places,
        what: &what,
        version_before: made.versions.0,
        version_after: made.versions.1,
        reason: made.reason,
    };
    office_changes::insert(tx, &new, cx.now)
}

/// Places that were changed lately and that no second person has seen. Whoever counts holds the catalogue's lock until they have changed.
pub(crate) fn alone(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<u32, Fault> {
    office_changes::alone_since(tx, office, cx.now - COUNTED_FOR)
}

/// Somebody of the staff, as colleagues know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub login: String,
}

/// A change as staff see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeView {
    /// Its number.
    pub id: OfficeChangeId,
    /// Who changed it.
    pub by: Colleague,
    /// Who agreed, where a second person was needed.
    pub seconded_by: Option<Colleague>,
    /// When.
    pub at: Timestamp,
    /// Hours and quotas, or what is known of the office.
    pub part: Part,
    /// What changed; not kept of the oldest.
    pub what: Option<What>,
    /// Why.
    pub reason: String,
}

fn colleague(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<Colleague, Error> {
    let member = staff::get(tx, id)?.ok_or(StaffRefusal::MemberUnknown)?;
    Ok(Colleague { name: open_record(cx, &member)?.name, login: member.login })
}

fn view(tx: &Tx<'_>, cx: &Context<'_>, change: OfficeChange) -> Result<ChangeView, Error> {
    let broken = |error: serde_json::Error| Fault::Corrupt { what: format!("change {}: {error}", change.id) };
    Ok(ChangeView {
        id: change.id,
        by: colleague(tx, cx, change.changed_by)?,
        seconded_by: change.seconded_by.map(|id| colleague(tx, cx, id)).transpose()?,
        at: change.at,
        part: change.part,
        what: change.what.as_deref().map(serde_json::from_str).transpose().map_err(broken)?,
        reason: change.reason,
    })
}

/// One page of an office's history.
#[derive(Debug, Clone)]
pub struct History {
    /// The changes, the newest first.
    pub changes: Vec<ChangeView>,
    /// The change before which the next page goes on, if there is one.
    pub older: Option<OfficeChangeId>,
}

/// What was changed of an office before one of its changes, or lately.
pub fn history(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    before: Option<OfficeChangeId>,
) -> Result<History, Error> {
    cx.officer_for(tx, Task::Look, Some(office))?;
    let mut found = office_changes::before(tx, office, before, PAGE_CHANGES + 1)?;
    let more = found.len() > PAGE_CHANGES as usize;
    found.truncate(PAGE_CHANGES as usize);
    let older = found.last().map(|last| last.id).filter(|_| more);
    let changes = found.into_iter().map(|change| view(tx, cx, change)).collect::<Result<_, _>>()?;
    Ok(History { changes, older })
}

/// What came before somebody who changed the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    /// What staff changed since, the newest first; at most the last few.
    pub changes: Vec<ChangeView>,
    /// Whether that is all, and nothing else came between, as an import does.
    pub whole: bool,
}

/// What changed of a part of an office since it had a version.
pub fn since(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, part: Part, seen: &str) -> Result<Overtaken, Error> {
    cx.officer_for(tx, Task::Look, Some(office))?;
    overtaken(tx, cx, office, part, seen)
}

/// The same for whoever asked for something there, also where they are at another office by now.
pub(crate) fn overtaken(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    part: Part,
    seen: &str,
) -> Result<Overtaken, Error> {
    let mut version = match part {
        Part::Hours => quota::version(tx, office)?,
        Part::Data => office_data::version(tx, office)?,
    };
    let mut changes = Vec::new();
    for change in office_changes::of_part(tx, office, part, TOLD_MAX)? {
        if version == seen || change.version_after != version {
            break;
        }
        version.clone_from(&change.version_before);
        changes.push(view(tx, cx, change)?);
    }
    Ok(Overtaken { whole: version == seen, changes })
}
