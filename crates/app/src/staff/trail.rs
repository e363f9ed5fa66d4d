//! The log of changes as staff read it: what happened at an office, what one of them did, what became of one ticket. Nothing in it
//! can be read about a person.

use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::staff::Task;
use antrean_domain::visit::CallNumber;
use antrean_store::events::{self, Recorded, Search};
use antrean_store::ids::{PartyId, StaffId};
use antrean_store::parties::Party;
use antrean_store::{Tx, appointments, slots, staff};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{KindGroup, Officer, StaffRefusal, open_record};
use crate::caller::HOME_ZONE;
use crate::operation::{Context, Error};
use crate::party;
use crate::refusal::Refusal;
use crate::ticket::zone_of;

/// Lines of one page.
pub const LINES_MAX: u32 = 200;
/// Members of staff whose names are looked through.
const MEMBERS_MAX: u32 = 20_000;
/// Members offered where several have what was typed in their names.
const OFFERED_MAX: usize = 20;

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

/// What is looked for in the log. A ticket goes before an office, an office before a member of staff; the rest narrows it down.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    /// At which office.
    pub office: Option<OfficeCode>,
    /// About which ticket or entry: its link, or its queue code.
    pub ticket: String,
    /// By which member of staff: number, sign-in name, or a part of the name.
    pub staff: String,
    /// About which call number; only at an office.
    pub number: Option<CallNumber>,
    /// Of which group.
    pub group: Option<KindGroup>,
    /// From this day on.
    pub from: Option<Date>,
    /// To the end of this day.
    pub to: Option<Date>,
    /// Where the page before has ended: the instant and the number of its last line.
    pub before: Option<(Timestamp, i64)>,
}

impl Trail {
    /// Whether it says enough to look for anything.
    pub fn is_asked(&self) -> bool {
        self.office.is_some() || !self.ticket.is_empty() || !self.staff.is_empty()
    }
}

/// A member of staff who may be meant: number, sign-in name and name.
pub type Meant = (StaffId, String, String);

/// What was found, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// At most [`LINES_MAX`] lines.
    pub lines: Vec<Line>,
    /// Where older lines begin, if there may be some.
    pub older: Option<(Timestamp, i64)>,
    /// Who may be meant, where several are; nothing was looked for then.
    pub meant: Vec<Meant>,
}

/// At most [`LINES_MAX`] lines of the log.
pub fn trail(tx: &Tx<'_>, cx: &Context<'_>, of: &Trail) -> Result<Found, Error> {
    let officer = cx.officer_for(tx, Task::Audit, of.office.as_ref())?.clone();
    let by = match who(tx, cx, &officer, &of.staff)?.as_slice() {
        [] if of.staff.is_empty() => None,
        [] => return Err(StaffRefusal::MemberUnknown.into()),
        [(id, _, _)] => Some(*id),
        several => return Ok(Found { meant: several.to_vec(), ..Found::default() }),
    };
    let zone = of.office.map_or(HOME_ZONE, |office| zone_of(cx, &office));
    let start = |date: Date| zone.at(date.at(0, 0, 0, 0));
    let from = of.from.map_or(Timestamp::UNIX_EPOCH, start);
    let end = of.to.map_or(cx.now, |date| start(date.tomorrow().unwrap_or(date)));
    // Whoever asks for all of it also gets what was written in this very millisecond.
    let end = if of.to.is_none() { end + jiff::SignedDuration::from_millis(1) } else { end };
    let kinds = of.group.map_or(&[][..], KindGroup::kinds);
    let search = Search {
        from,
        to: of.before.map_or(end, |(at, _)| at),
        before: of.before.map(|(_, id)| id),
        kinds,
        limit: LINES_MAX,
    };
    let found = if !of.ticket.is_empty() {
        let lines = of_ticket(tx, cx, &officer, &of.ticket)?.into_iter().rev();
        let fits = |line: &Recorded| {
            line.at >= from
                && line.at < end
                && (kinds.is_empty() || kinds.contains(&line.kind.as_str()))
                && by.is_none_or(|by| line.actor == "staff" && line.actor_id == Some(by.0))
        };
        lines.filter(fits).collect()
    } else if let Some(office) = &of.office {
        let number = of.number.map(|number| number.to_string()).unwrap_or_default();
        events::search_office(tx, office.as_str(), by.map(|by| by.0), &number, &search)?
    } else if let Some(by) = by {
        // The index gives what somebody did in the order of numbers: the page before ended at a number, not at an instant.
        let search = Search { to: end, ..search };
        events::search_staff(tx, by.0, "", &search)?
    } else {
        Vec::new()
    };
    let is_full = of.ticket.is_empty() && found.len() == LINES_MAX as usize;
    let older = found.last().filter(|_| is_full).map(|line| (line.at, line.id));
    let lines = found.into_iter().map(|event| line(tx, cx, event)).collect::<Result<_, Error>>()?;
    Ok(Found { lines, older, meant: Vec::new() })
}

fn line(tx: &Tx<'_>, cx: &Context<'_>, event: Recorded) -> Result<Line, Error> {
    let by = match (event.actor.as_str(), event.actor_id) {
        ("staff", Some(id)) => match staff::get(tx, StaffId(id))? {
            Some(member) => Some(open_record(cx, &member)?.name),
            None => None,
        },
        _ => None,
    };
    let link = event.party.map(|party| party::link_of(cx, party));
    Ok(Line { event, by, link })
}

/// What became of a ticket or an entry, the oldest first.
fn of_ticket(tx: &Tx<'_>, cx: &Context<'_>, officer: &Officer, ticket: &str) -> Result<Vec<Recorded>, Error> {
    let party = match QueueCode::parse(ticket) {
        Ok(code) => of_code(tx, cx, code)?,
        Err(_) => party::by_link(tx, cx, ticket)?,
    };
    let party = party.ok_or(Refusal::TicketUnknown)?;
    let lines = events::of_party(tx, party.id)?;
    // A head reads of the tickets of their own offices.
    let theirs = |event: &Recorded| {
        let office = event.office.as_deref().and_then(|code| OfficeCode::parse(code).ok());
        office.is_some_and(|office| officer.reaches(&office))
    };
    if officer.reach.is_some() && !lines.iter().any(theirs) {
        return Err(Refusal::TicketUnknown.into());
    }
    Ok(lines)
}

/// The party that a queue code names, at whichever office its place is.
fn of_code(tx: &Tx<'_>, cx: &Context<'_>, code: QueueCode) -> Result<Option<Party>, Error> {
    let Ok(number) = i64::try_from(code.number(cx.keys.queue_key())) else { return Ok(None) };
    let Some(held) = appointments::get(tx, PartyId(number))? else { return Ok(None) };
    let Some(slot) = slots::get(tx, held.slot)? else { return Ok(None) };
    party::by_code(tx, cx, &slot.key.office, code)
}

/// Who is meant by a number, a sign-in name or a part of a name, of those whom the officer may read of.
fn who(tx: &Tx<'_>, cx: &Context<'_>, officer: &Officer, typed: &str) -> Result<Vec<Meant>, Error> {
    let typed = typed.trim().to_lowercase();
    let mut meant = Vec::new();
    if typed.is_empty() {
        return Ok(meant);
    }
    let number = typed.parse::<i64>().ok();
    for member in staff::list(tx, MEMBERS_MAX)? {
        let name = open_record(cx, &member)?.name;
        let is_named = member.login == typed || number == Some(member.id.0);
        if !(is_named || number.is_none() && name.to_lowercase().contains(&typed)) || !may_read(tx, officer, member.id)?
        {
            continue;
        }
        if is_named {
            return Ok(vec![(member.id, member.login, name)]);
        }
        meant.push((member.id, member.login, name));
    }
    meant.truncate(OFFERED_MAX);
    Ok(meant)
}

/// Whoever does not read everywhere reads what the staff of their own offices did.
fn may_read(tx: &Tx<'_>, officer: &Officer, id: StaffId) -> Result<bool, Error> {
    if officer.reach.is_none() || officer.id == id {
        return Ok(true);
    }
    let put_at = staff::offices(tx, id)?;
    Ok(!put_at.is_empty() && put_at.iter().all(|office| officer.reaches(office)))
}
