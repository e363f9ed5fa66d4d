//! The log of changes as staff read it: what happened at an office on a day, what one of them did, what became of one ticket. Nothing in it
//! can be read about a person.

use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_store::events::{self, Recorded};
use antrean_store::ids::StaffId;
use antrean_store::{Tx, staff};
use jiff::civil::Date;

use super::{Officer, StaffRefusal, open_record};
use crate::operation::{Context, Error};
use crate::party;
use crate::refusal::Refusal;
use crate::ticket::zone_of;

/// Lines read at once.
pub const LINES_MAX: u32 = 1_000;

/// A line of the log with the name of the member of staff who did it.
#[derive(Debug, Clone)]
pub struct Line {
    /// What was written down.
    pub event: Recorded,
    /// Who did it, where it was somebody of the staff.
    pub by: Option<String>,
    /// The link of the ticket that it is about.
    pub link: Option<String>,
}

/// What is looked for in the log.
#[derive(Debug, Clone)]
pub enum Trail {
    /// What happened at an office on one of its days.
    Office(OfficeCode, Date),
    /// What somebody did, the newest first.
    Staff(StaffId),
    /// What became of a ticket or an entry, the oldest first.
    Link(String),
}

/// At most [`LINES_MAX`] lines of the log.
pub fn trail(tx: &Tx<'_>, cx: &Context<'_>, of: &Trail) -> Result<Vec<Line>, Error> {
    let found = match of {
        Trail::Office(office, date) => {
            cx.officer_for(tx, Task::Audit, Some(office))?;
            let zone = zone_of(cx, office);
            let day = |date: Date| zone.at(date.at(0, 0, 0, 0));
            let next = date.tomorrow().unwrap_or(*date);
            events::of_office(tx, office.as_str(), day(*date), day(next), LINES_MAX)?
        }
        Trail::Staff(id) => {
            let officer = cx.officer_for(tx, Task::Audit, None)?.clone();
            reads_everywhere_or(tx, &officer, *id)?;
            events::of_actor(tx, "staff", id.0, LINES_MAX)?
        }
        Trail::Link(link) => {
            let officer = cx.officer_for(tx, Task::Audit, None)?.clone();
            let party = party::by_link(tx, cx, link)?.ok_or(Refusal::TicketUnknown)?;
            let lines = events::of_party(tx, party.id)?;
            // A head reads of the tickets of their own offices.
            let theirs = |event: &Recorded| {
                let office = event.office.as_deref().and_then(|code| OfficeCode::parse(code).ok());
                office.is_some_and(|office| officer.reaches(&office))
            };
            if officer.reach.is_some() && !lines.iter().any(theirs) {
                return Err(Refusal::TicketUnknown.into());
            }
            lines
        }
    };
    let line = |event: Recorded| -> Result<Line, Error> {
        let by = match (event.actor.as_str(), event.actor_id) {
            ("staff", Some(id)) => match staff::get(tx, StaffId(id))? {
                Some(member) => Some(open_record(cx, &member)?.name),
                None => None,
            },
            _ => None,
        };
        let link = event.party.map(|party| party::link_of(cx, party));
        Ok(Line { event, by, link })
    };
    found.into_iter().map(line).collect()
}

/// Whoever does not read everywhere reads what the staff of their own offices did.
fn reads_everywhere_or(tx: &Tx<'_>, officer: &Officer, id: StaffId) -> Result<(), Error> {
    if officer.reach.is_none() || officer.id == id {
        return Ok(());
    }
    let put_at = staff::offices(tx, id)?;
    if !put_at.is_empty() && put_at.iter().all(|office| officer.reaches(office)) {
        return Ok(());
    }
    Err(StaffRefusal::MemberUnknown.into())
}
