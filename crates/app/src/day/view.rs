//! A visit as officers see it.

use antrean_domain::office::OfficeCode;
use antrean_domain::region::Zone;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::staff::Task;
use antrean_domain::visit::{CallNumber, MissingPaper, Outcome, PriorityReason, REINSERT_MIN, Stage, VisitState};
use antrean_store::ids::VisitId;
use antrean_store::visits::Visit;
use antrean_store::{Fault, Tx, visits};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::DayRefusal;
use crate::entropy;
use crate::operation::{Context, Error};
use crate::party::{self, MemberView, link_of};
use crate::ticket::zone_of;

/// The purpose under which notes are sealed.
const SEAL_NOTE: &str = "visit-note";

/// A visit. Names are masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitView {
    /// Its number in the store.
    pub id: VisitId,
    /// The version that a change of it names.
    pub version: i64,
    /// What is called out.
    pub number: CallNumber,
    /// Link id of the party, if it has an appointment.
    pub link: Option<String>,
    /// The people, masked; nobody is known of those without an appointment.
    pub names: Vec<MemberView>,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// Why they go before others, if they do.
    pub reason: Option<PriorityReason>,
    /// People.
    pub people: u32,
    /// How many of them are there.
    pub arrived_people: u32,
    /// The stage.
    pub stage: Stage,
    /// Where it stands.
    pub state: VisitState,
    /// The counter that called it last.
    pub counter: Option<u32>,
    /// From when they may expect to be called.
    pub due: Timestamp,
    /// When they arrived.
    pub arrived: Timestamp,
    /// The last call at this stage.
    pub called: Option<Timestamp>,
    /// Calls at this stage.
    pub calls: u32,
    /// Since when at the counter.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// What the counter came to.
    pub outcome: Option<Outcome>,
    /// Papers that were missing.
    pub missing: Vec<MissingPaper>,
    /// What officers noted.
    pub note: String,
    /// Whether its times are said to be wrong.
    pub inaccurate: bool,
    /// Until when somebody absent can be put back.
    pub reinsert_until: Option<Timestamp>,
    /// When it last changed.
    pub changed: Timestamp,
}

/// The line of a visit in a list: without names, which only the counter and the door need.
pub(super) fn line(cx: &Context<'_>, visit: &Visit) -> Result<VisitView, Fault> {
    Ok(VisitView {
        id: visit.id,
        version: visit.version,
        number: visit.number,
        link: visit.party.map(|party| link_of(cx, party)),
        names: Vec::new(),
        service: visit.service,
        passport: visit.passport,
        reason: visit.reason,
        people: visit.people,
        arrived_people: visit.arrived_people,
        stage: visit.stage,
        state: visit.state,
        counter: visit.counter,
        due: visit.due,
        arrived: visit.arrived,
        called: visit.called,
        calls: visit.calls,
        started: visit.started,
        finished: visit.finished,
        outcome: visit.outcome,
        missing: visit.missing.clone(),
        note: open_note(cx, visit)?,
        inaccurate: visit.inaccurate,
        reinsert_until: (visit.state == VisitState::Absent).then(|| reinsert_until(visit)),
        changed: visit.changed,
    })
}

/// A visit with its names.
pub(super) fn view(tx: &Tx<'_>, cx: &Context<'_>, visit: &Visit) -> Result<VisitView, Fault> {
    let names = match visit.party {
        Some(party) => party::members(tx, cx, party, visit.date)?,
        None => Vec::new(),
    };
    Ok(VisitView { names, ..line(cx, visit)? })
}

/// Until when somebody absent can be put back.
pub(super) fn reinsert_until(visit: &Visit) -> Timestamp {
    visit.changed + SignedDuration::from_mins(REINSERT_MIN)
}

/// What officers noted of a visit.
pub(super) fn open_note(cx: &Context<'_>, visit: &Visit) -> Result<String, Fault> {
    let Some(sealed) = &visit.sealed else { return Ok(String::new()) };
    let broken = || Fault::Corrupt { what: format!("the note of visit {}", visit.id) };
    let plain = cx.keys.open(SEAL_NOTE, sealed).map_err(|_| broken())?;
    String::from_utf8(plain).map_err(|_| broken())
}

/// A note as it is kept; nothing for an empty one.
pub(super) fn seal_note(cx: &Context<'_>, text: &str) -> Option<Vec<u8>> {
    (!text.is_empty()).then(|| cx.keys.seal(SEAL_NOTE, text.as_bytes(), entropy::bytes(cx.entropy)))
}

/// What is printed on a slip: number, when, how many; no name.
pub fn slip(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, id: VisitId) -> Result<(VisitView, Zone), Error> {
    cx.officer_for(tx, Task::Door, Some(office))?;
    let visit = visits::get(tx, id)?.filter(|visit| visit.office == *office).ok_or(DayRefusal::VisitUnknown)?;
    Ok((line(cx, &visit)?, zone_of(cx, office)))
}

/// A visit of today, as a line: what became of it, for whoever has just done something with it.
pub fn one(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, id: VisitId) -> Result<Option<VisitView>, Error> {
    cx.officer_for(tx, Task::Counter, Some(office))?;
    let today = zone_of(cx, office).local(cx.now).date();
    let visit = visits::get(tx, id)?.filter(|visit| visit.office == *office && visit.date == today);
    Ok(visit.map(|visit| line(cx, &visit)).transpose()?)
}
