//! What everybody in the waiting room may see: numbers and counters, never a name; and the same line on a ticket.

use antrean_domain::calling::wait_minutes;
use antrean_domain::office::OfficeCode;
use antrean_domain::region::Zone;
use antrean_domain::visit::{CallNumber, VisitState};
use antrean_store::visits::Visit;
use antrean_store::{Tx, counters, visits};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::operation::{Context, Error};
use crate::party;
use crate::refusal::Refusal;
use crate::ticket::zone_of;

/// Calls on the display: the current one and those before.
const CALLS_SHOWN: usize = 6;
/// Calls read for that; some are repeated.
const CALLS_READ: u32 = 30;
/// Minutes that a visit is reckoned to take before the day has shown it.
const SERVICE_MIN: (u32, u32) = (8, 15);
/// Visits that must be done before the day's own times are believed.
const ENOUGH: usize = 8;

/// A call on the display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardCall {
    /// The number.
    pub number: CallNumber,
    /// To which counter.
    pub counter: u32,
    /// When it was last called.
    pub at: Timestamp,
    /// Whether it still waits to be met at the counter.
    pub open: bool,
}

/// The display of an office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// The office.
    pub office: OfficeCode,
    /// Its zone.
    pub zone: Zone,
    /// When this was read.
    pub at: Timestamp,
    /// The last calls, the newest first, each number once.
    pub calls: Vec<BoardCall>,
    /// How many wait.
    pub waiting: u32,
    /// How many counters are open.
    pub counters: u32,
    /// How long somebody who arrives now waits, in minutes, from and to.
    pub wait: (u32, u32),
}

/// What the waiting room sees.
pub fn board(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<Board, Error> {
    let zone = zone_of(cx, office);
    let date = zone.local(cx.now).date();
    let day = visits::on_day(tx, office, date)?;
    let mut calls: Vec<BoardCall> = Vec::new();
    for call in visits::heard_calls(tx, office, date, CALLS_READ)? {
        if calls.len() < CALLS_SHOWN && calls.iter().all(|shown| shown.number != call.number) {
            let open = day.iter().any(|visit| visit.id == call.visit && visit.state == VisitState::Called);
            calls.push(BoardCall { number: call.number, counter: call.counter, at: call.at, open });
        }
    }
    let counters = counters::list(tx, office)?.iter().filter(|counter| counter.open).count() as u32;
    let waiting = day.iter().filter(|visit| visit.state == VisitState::Waiting).count() as u32;
    let wait = wait_minutes(waiting, counters, service_min(&day));
    Ok(Board { office: *office, zone, at: cx.now, calls, waiting, counters, wait })
}

/// The minutes that a quarter, and three quarters, of the day's visits took at most.
fn service_min(day: &[Visit]) -> (u32, u32) {
    let done = day.iter().filter(|visit| visit.state == VisitState::Done && !visit.inaccurate && visit.served_ms > 0);
    let mut minutes: Vec<u32> = done.map(|visit| (visit.served_ms / 60_000) as u32).collect();
    if minutes.len() < ENOUGH {
        return SERVICE_MIN;
    }
    minutes.sort_unstable();
    (minutes[minutes.len() / 4].max(1), minutes[minutes.len() * 3 / 4].max(1))
}

/// The line as the holder of a ticket sees it on the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketLine {
    /// What the waiting room sees.
    pub board: Board,
    /// The holder's own number and where it stands, once they were checked in.
    pub own: Option<(CallNumber, VisitState, Option<u32>)>,
    /// How many are before them.
    pub ahead: u32,
    /// How long that takes, in minutes, from and to.
    pub wait: (u32, u32),
    /// When to be there at the latest.
    pub come_by: Timestamp,
}

/// The line of a ticket, on its day; nothing on others.
pub fn line_of(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<Option<TicketLine>, Error> {
    let party = party::by_link(tx, cx, link)?.ok_or(Refusal::TicketUnknown)?;
    let Some(appointment) = antrean_store::appointments::get(tx, party.id)? else { return Ok(None) };
    let Some(slot) = antrean_store::slots::get(tx, appointment.slot)? else { return Ok(None) };
    let zone = zone_of(cx, &slot.key.office);
    if !appointment.state.is_live() || zone.local(cx.now).date() != slot.key.date {
        return Ok(None);
    }
    let board = board(tx, cx, &slot.key.office)?;
    let day = visits::on_day(tx, &slot.key.office, slot.key.date)?;
    let own = visits::of_party(tx, party.id)?.filter(|visit| visit.state != VisitState::Undone);
    let come_by = zone.at(slot.key.date.to_datetime(slot.key.starts.time()));
    let due = own.as_ref().map_or(come_by.max(cx.now), |visit| visit.due);
    let before = |visit: &&Visit| {
        visit.state == VisitState::Waiting && visit.due < due && own.as_ref().is_none_or(|own| own.id != visit.id)
    };
    let ahead = day.iter().filter(before).count() as u32;
    let wait = wait_minutes(ahead, board.counters, service_min(&day));
    let own = own.map(|visit| (visit.number, visit.state, visit.counter));
    Ok(Some(TicketLine { board, own, ahead, wait, come_by }))
}
