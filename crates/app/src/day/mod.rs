//! The day at an office: the door, the counters, the display, and the evening.
//!
//! Whatever changes the visits of a day first takes the lock of the office's day: numbers are given and people are called one after
//! another, whoever asks. A visit and its appointment go on together, in one place: `step`.

mod board;
mod claim;
mod counter;
mod door;
mod evening;
mod expected;
mod record;
mod refusal;
mod seats;
mod unmask;
mod view;
mod walk_in;

use antrean_domain::appointment::{self, AppointmentEvent, AppointmentState};
use antrean_domain::consequence::StrikeKind;
use antrean_domain::office::OfficeCode;
use antrean_domain::region::Zone;
use antrean_domain::staff::Task;
use antrean_domain::visit::{self, VisitEvent, VisitState};
use antrean_store::ids::{PartyId, VisitId};
use antrean_store::locks::Lock;
use antrean_store::visits::Visit;
use antrean_store::{Fault, Tx, appointments, parties, slots, visits, wishes};
use jiff::civil::Date;

pub use board::{Board, BoardCall, TicketLine, board, line_of};
pub(crate) use claim::claim_of;
pub(crate) use claim::claimed;
pub use claim::{Claimed, MoveClaim, claimed_at};
pub use counter::{Act, CallNext, Desk, Does, desk};
pub use door::{CheckIn, DoorAnswer, DoorView, Found, NAME_MIN, UndoCheckIn, door, find, undone};
pub use evening::EndDay;
pub use expected::{Expected, expected};
pub use record::Record;
pub use refusal::DayRefusal;
pub use seats::{
    CloseCounter, CounterView, LastSet, OpenCounter, Relief, RemoveCounter, Seat, SetCounter, SetUp, last_set, seat,
    set_up,
};
pub use unmask::{Unmask, Unmasked, UnmaskedPerson};
pub use view::{VisitView, one, slip};
pub use walk_in::{Received, WalkIn};

use crate::appointment::{release_place, strike};
use crate::booking::note_place;
use crate::caller::Actor;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note};
use crate::refusal::Refusal;
use crate::staff::{Officer, StaffRefusal};
use crate::ticket::zone_of;

/// The day of an office that an officer works on.
struct Today<'a> {
    officer: &'a Officer,
    office: OfficeCode,
    date: Date,
    zone: Zone,
}

/// Lets an officer work on the day of an office, alone until it is done.
fn work<'a>(tx: &Tx<'_>, cx: &'a Context<'_>, task: Task, office: &OfficeCode) -> Result<Today<'a>, Error> {
    let officer = cx.officer_for(tx, task, Some(office))?;
    tx.lock(&Lock::Day(office))?;
    Ok(today(cx, officer, office))
}

fn today<'a>(cx: &'a Context<'_>, officer: &'a Officer, office: &OfficeCode) -> Today<'a> {
    let zone = zone_of(cx, office);
    Today { officer, office: *office, date: zone.local(cx.now).date(), zone }
}

/// The visit as it was seen, of this office and day. Whoever saw an older one hears where it stands now.
fn seen(tx: &Tx<'_>, on: &Today<'_>, id: VisitId, version: i64) -> Result<Visit, Error> {
    let visit = visits::get(tx, id)?.filter(|visit| visit.office == on.office && visit.date == on.date);
    let visit = visit.ok_or(DayRefusal::VisitUnknown)?;
    if visit.version != version {
        return Err(DayRefusal::stands(&visit).into());
    }
    Ok(visit)
}

/// Takes a visit on by an event, its appointment with it, and writes both. What else changes of the visit was changed before.
fn step(tx: &Tx<'_>, cx: &Context<'_>, visit: &mut Visit, event: VisitEvent, why: &str) -> Result<(), Error> {
    let from = visit.state;
    let Ok(to) = visit::next(from, event) else { return Err(DayRefusal::stands(visit).into()) };
    visit.state = to;
    let at_counter = matches!(from, VisitState::Called | VisitState::Serving);
    let appointment = match event {
        VisitEvent::Call => Some(AppointmentEvent::Call),
        VisitEvent::Park | VisitEvent::Transfer | VisitEvent::PutBack | VisitEvent::Absent if at_counter => {
            Some(AppointmentEvent::Park)
        }
        VisitEvent::Finish if visit.outcome == Some(visit::Outcome::Reschedule) => Some(AppointmentEvent::Revoke),
        VisitEvent::Finish => Some(AppointmentEvent::Serve),
        VisitEvent::Leave => Some(AppointmentEvent::Absent),
        VisitEvent::UndoCheckIn => Some(AppointmentEvent::UndoCheckIn),
        VisitEvent::Revoke => Some(AppointmentEvent::Revoke),
        _ => None,
    };
    if let (Some(party), Some(event)) = (visit.party, appointment) {
        take_along(tx, cx, party, event)?;
    }
    keep(tx, cx, visit)?;
    note(tx, cx, actor(tx, cx)?, &kind(event), visit, why)?;
    Ok(())
}

/// Writes a visit that was changed; whoever changed it meanwhile has won.
fn keep(tx: &Tx<'_>, cx: &Context<'_>, visit: &mut Visit) -> Result<(), Error> {
    if !visits::change(tx, visit, cx.now)? {
        return Err(StaffRefusal::ChangedMeanwhile.into());
    }
    visit.version += 1;
    visit.changed = cx.now;
    Ok(())
}

/// What the log calls an event of a visit.
pub(crate) fn kind(event: VisitEvent) -> String {
    let word = match event {
        VisitEvent::Call => "called",
        VisitEvent::Recall => "recalled",
        VisitEvent::Start => "started",
        VisitEvent::Park => "parked",
        VisitEvent::Unpark => "unparked",
        VisitEvent::Transfer => "transferred",
        VisitEvent::PutBack => "put_back",
        VisitEvent::Finish => "finished",
        VisitEvent::Absent => "absent",
        VisitEvent::Reinsert => "reinserted",
        VisitEvent::Leave => "left",
        VisitEvent::UndoCheckIn => "undone",
        VisitEvent::Revoke => "revoked",
        VisitEvent::DayEnded => "unrecorded",
    };
    format!("visit_{word}")
}

/// Takes the appointment of a party on by an event, with everything that follows.
fn take_along(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId, event: AppointmentEvent) -> Result<(), Error> {
    parties::lock(tx, party)?;
    let missing = |what: &str| Fault::Corrupt { what: format!("{what} of party {party}") };
    let held = appointments::get(tx, party)?.ok_or_else(|| missing("appointment"))?;
    let not_now = || Error::from(Refusal::NotPossibleNow { state: held.state });
    let to = appointment::next(held.state, event).map_err(|_| not_now())?;
    if !appointments::advance(tx, party, &[held.state], to, cx.now)? {
        return Err(not_now());
    }
    let slot = slots::get(tx, held.slot)?.ok_or_else(|| missing("slot"))?;
    if !to.is_live() {
        let row = parties::get(tx, party)?.ok_or_else(|| missing("row"))?;
        if to == AppointmentState::Revoked {
            release_place(tx, &row, &slot)?;
        } else {
            end(tx, party)?;
        }
        if to == AppointmentState::NoShow {
            let rest_releases = strike(tx, cx, party, StrikeKind::NoShow)?;
            let message = Message::Missed { slot: slot.key, office: slot.key.office, rest_releases };
            tell(tx, cx, Recipient::Account(row.account), message)?;
        }
    }
    note_place(tx, cx, actor(tx, cx)?, to.as_str(), party, &slot)?;
    Ok(())
}

/// Takes back what a party has at the office, for whoever takes its appointment back: a closure. The appointment is the caller's.
pub(crate) fn revoke_visit(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId) -> Result<(), Error> {
    let Some(mut found) = visits::of_party(tx, party)? else { return Ok(()) };
    let Ok(to) = visit::next(found.state, VisitEvent::Revoke) else { return Ok(()) };
    (found.state, found.finished) = (to, Some(cx.now));
    keep(tx, cx, &mut found)?;
    note(tx, cx, actor(tx, cx)?, &kind(VisitEvent::Revoke), &found, "")?;
    Ok(())
}

/// Ends a party's life; with its day its wish to be moved is over too.
fn end(tx: &Tx<'_>, party: PartyId) -> Result<(), Fault> {
    wishes::remove(tx, party)?;
    parties::end(tx, party)?;
    Ok(())
}

/// Who acts: the officer on duty, or the clock.
fn actor(tx: &Tx<'_>, cx: &Context<'_>) -> Result<Actor, Error> {
    match cx.acting {
        Some(actor) => Ok(actor),
        None => Ok(Actor::Staff(cx.officer(tx)?.id)),
    }
}

/// Writes down what happened to a visit: its number, and why.
fn note(tx: &Tx<'_>, cx: &Context<'_>, actor: Actor, kind: &str, visit: &Visit, why: &str) -> Result<(), Fault> {
    let reason = format!("{} {why}", visit.number);
    let note = Note {
        kind,
        party: visit.party,
        office: Some(visit.office.as_str()),
        reason: Some(reason.trim_end()),
        ..Note::default()
    };
    cx.note(tx, actor, note)
}
