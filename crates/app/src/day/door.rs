//! The door: who arrives with a ticket, in whole or in part, is let in, and can be taken back for two minutes.

use antrean_domain::appointment::{AppointmentEvent, AppointmentState};
use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::slot::WindowStart;
use antrean_domain::staff::Task;
use antrean_domain::ticket::{LINK_LETTERS, LinkId, TicketToken, TokenError};
use antrean_domain::visit::{
    CallNumber, Class, Shown, Signal, Stage, UNDO_S, Verdict, VisitEvent, VisitState, verdict,
};
use antrean_store::ids::{PartyId, VisitId};
use antrean_store::parties::Party;
use antrean_store::slots::Slot;
use antrean_store::visits::{NewVisit, Visit};
use antrean_store::{Fault, Tx, appointments, parties, slots, visits};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::view::{VisitView, line, view};
use super::walk_in::{Received, received};
use super::{DayRefusal, Today, actor, keep, note, seen, step, take_along, work};
use crate::caller::Actor;
use crate::operation::{Context, Error, Note, Operation};
use crate::party::{self, MemberView, PartyRecord, link_of};
use crate::staff::Officer;
use crate::ticket::{code_of, window_ends, zone_of};

/// How far a device's clock may run ahead before what it says is not believed.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(2);
/// How old an arrival may be that a device kept without a network: a day's work.
const KEPT_MAX: SignedDuration = SignedDuration::from_hours(12);
/// Characters of what is scanned or typed.
const SHOWN_MAX: usize = 300;
/// People shown for a name.
const FOUND_MAX: usize = 20;
/// Letters of a name that is looked for, at least.
pub const NAME_MIN: u32 = 3;
/// The latest arrivals that the door shows.
const LATEST: usize = 12;

/// Shows a ticket at the door: whoever may come in is checked in by it.
#[derive(Serialize, Deserialize)]
pub struct CheckIn {
    /// At which office.
    pub office: OfficeCode,
    /// What was scanned or typed: the ticket's signed text, its address, the queue code, or the call number of a party that is here in
    /// part.
    pub shown: String,
    /// How many people arrive; everybody who is not there yet, if it was not said.
    pub people: Option<u32>,
    /// When it was shown, as the door's device says, if that had no network then.
    pub seen: Option<Timestamp>,
}

/// What the door says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoorAnswer {
    /// In one of the words of [`Verdict`].
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Its colour.
    pub signal: Signal,
    /// The visit, where there is one.
    pub visit: Option<VisitView>,
    /// The people of the ticket, masked.
    pub people: Vec<MemberView>,
    /// The ticket's window.
    pub window: Option<(WindowStart, WindowStart)>,
    /// The ticket's date.
    #[serde(default)]
    pub date: Option<Date>,
    /// Until when it can be taken back, if it was let in.
    pub undo_until: Option<Timestamp>,
}

impl DoorAnswer {
    fn bare(verdict: Verdict) -> Self {
        Self {
            verdict,
            signal: verdict.signal(),
            visit: None,
            people: Vec::new(),
            window: None,
            date: None,
            undo_until: None,
        }
    }
}

/// Whose ticket it is, or what is wrong with it.
fn read_shown(tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>, text: &str) -> Result<Result<PartyId, Verdict>, Fault> {
    let text = text.trim();
    if text.chars().count() > SHOWN_MAX {
        return Ok(Err(Verdict::Unknown));
    }
    let party = |number: u64| i64::try_from(number).map(PartyId).map_err(|_| Verdict::Unknown);
    // An address ends in the link.
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if last.len() == LINK_LETTERS {
        let number = LinkId::verify(&last.to_ascii_lowercase(), cx.keys.link_key());
        return Ok(number.ok_or(Verdict::Forged).and_then(party));
    }
    if let Ok(number) = CallNumber::parse(text) {
        let visit = visits::by_number(tx, &on.office, on.date, number)?;
        return Ok(visit.and_then(|visit| visit.party).ok_or(Verdict::Unknown));
    }
    if let Ok(code) = QueueCode::parse(text) {
        return Ok(party(code.number(cx.keys.queue_key())));
    }
    Ok(match TicketToken::verify(text, &[cx.keys.ticket_key().verifying_key()]) {
        Ok(facts) => party(facts.number),
        Err(TokenError::NotAToken) => Err(Verdict::Unknown),
        Err(_) => Err(Verdict::Forged),
    })
}

impl CheckIn {
    /// When it was shown: what the device says, within bounds; else now.
    fn at(&self, cx: &Context<'_>, on: &Today<'_>) -> Timestamp {
        let believed = |at: &Timestamp| {
            *at <= cx.now + AHEAD_MAX && *at >= cx.now - KEPT_MAX && on.zone.local(*at).date() == on.date
        };
        self.seen.filter(believed).map_or(cx.now, |at| at.min(cx.now))
    }
}

impl Operation for CheckIn {
    const NAME: &'static str = "check_in";
    type Outcome = DoorAnswer;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<DoorAnswer, Error> {
        let on = work(tx, cx, Task::Door, &self.office)?;
        let shown = match read_shown(tx, cx, &on, &self.shown)? {
            Err(verdict) => return self.turned_away(tx, cx, &on, None, DoorAnswer::bare(verdict)),
            Ok(party) => {
                parties::lock(tx, party)?;
                parties::get(tx, party)?
            }
        };
        let Some(party) = shown else {
            return self.turned_away(tx, cx, &on, None, DoorAnswer::bare(Verdict::Unknown));
        };
        let Some(appointment) = appointments::get(tx, party.id)? else {
            return self.turned_away(tx, cx, &on, None, DoorAnswer::bare(Verdict::Unknown));
        };
        let slot = slots::get(tx, appointment.slot)?
            .ok_or_else(|| Fault::Corrupt { what: format!("slot of party {}", party.id) })?;
        let visit = visits::of_party(tx, party.id)?.filter(|visit| visit.state != VisitState::Undone);
        let at = self.at(cx, &on);
        let facts = Shown {
            office: slot.key.office,
            date: slot.key.date,
            starts: slot.key.starts,
            ends: slot.ends,
            state: appointment.state,
            visit: visit.as_ref().map(|visit| visit.state),
            missing: visit.as_ref().map_or(0, |visit| (visit.people - visit.arrived_people) as u8),
            claimed: super::claim_of(tx, party.id)?,
        };
        let verdict = verdict(&facts, &self.office, on.zone.local(at));
        // Who it is, is for the office where they are expected.
        let people =
            if slot.key.office == self.office { party::members(tx, cx, party.id, slot.key.date)? } else { Vec::new() };
        let answer = DoorAnswer {
            people,
            window: Some((slot.key.starts, slot.ends)),
            date: Some(slot.key.date),
            ..DoorAnswer::bare(verdict)
        };
        let (verdict, visit) = match (verdict, visit) {
            (Verdict::Rest { .. }, Some(visit)) => {
                let visit = self.rest(tx, cx, visit)?;
                (Verdict::Rest { missing: visit.people - visit.arrived_people }, visit)
            }
            (verdict, _) if verdict.lets_in() => (verdict, self.enter(tx, cx, &on, &party, &slot, at)?),
            (_, visit) => {
                let visit = visit.filter(|visit| visit.office == self.office).map(|visit| view(tx, cx, &visit));
                let answer = DoorAnswer { visit: visit.transpose()?, ..answer };
                return self.turned_away(tx, cx, &on, Some(&party), answer);
            }
        };
        let undo_until = (!matches!(verdict, Verdict::Rest { .. })).then(|| cx.now + SignedDuration::from_secs(UNDO_S));
        Ok(DoorAnswer { verdict, signal: verdict.signal(), visit: Some(view(tx, cx, &visit)?), undo_until, ..answer })
    }
}

impl CheckIn {
    fn enter(
        &self,
        tx: &Tx<'_>,
        cx: &Context<'_>,
        on: &Today<'_>,
        party: &Party,
        slot: &Slot,
        at: Timestamp,
    ) -> Result<Visit, Error> {
        let people = self.people.unwrap_or(party.size);
        if !(1..=party.size).contains(&people) {
            return Err(DayRefusal::PeopleWrong { max: party.size }.into());
        }
        take_along(tx, cx, party.id, AppointmentEvent::CheckIn)?;
        let number =
            visits::next_number(tx, &on.office, on.date, Class::Scheduled)?.ok_or(DayRefusal::NumbersUsedUp)?;
        let new = NewVisit {
            office: on.office,
            date: on.date,
            number,
            party: Some(party.id),
            slot: None,
            service: party.service,
            passport: party.passport,
            reason: None,
            people: party.size,
            arrived_people: people,
            stage: Stage::Papers,
            due: at.max(on.zone.at(slot.key.date.to_datetime(slot.key.starts.time()))),
            arrived: at,
            kept: self.seen.is_some(),
        };
        let visit = arrive(tx, cx, &new)?;
        let how = if new.kept { format!("{people} kept") } else { people.to_string() };
        note(tx, cx, actor(tx, cx)?, "visit_arrived", &visit, &how)?;
        Ok(visit)
    }

    fn rest(&self, tx: &Tx<'_>, cx: &Context<'_>, mut visit: Visit) -> Result<Visit, Error> {
        let missing = visit.people - visit.arrived_people;
        let people = self.people.unwrap_or(missing);
        if !(1..=missing).contains(&people) {
            return Err(DayRefusal::PeopleWrong { max: missing }.into());
        }
        visit.arrived_people += people;
        keep(tx, cx, &mut visit)?;
        note(tx, cx, actor(tx, cx)?, "visit_rest_arrived", &visit, &people.to_string())?;
        Ok(visit)
    }

    /// Nobody was let in; that is written down too.
    fn turned_away(
        &self,
        tx: &Tx<'_>,
        cx: &Context<'_>,
        on: &Today<'_>,
        party: Option<&Party>,
        answer: DoorAnswer,
    ) -> Result<DoorAnswer, Error> {
        let note = Note {
            kind: "door_no",
            party: party.map(|party| party.id),
            office: Some(self.office.as_str()),
            reason: Some(answer.verdict.as_str()),
            ..Note::default()
        };
        cx.note(tx, Actor::Staff(on.officer.id), note)?;
        Ok(answer)
    }
}

/// Writes an arrival and reads it.
pub(super) fn arrive(tx: &Tx<'_>, cx: &Context<'_>, new: &NewVisit) -> Result<Visit, Error> {
    let id = visits::insert(tx, new, cx.now)?;
    visits::get(tx, id)?.ok_or_else(|| Fault::Corrupt { what: format!("visit {id} after it was written") }.into())
}

/// Takes a check-in back: the wrong ticket was scanned, the wrong button pressed. For two minutes, and before anybody called it.
#[derive(Serialize, Deserialize)]
pub struct UndoCheckIn {
    /// At which office.
    pub office: OfficeCode,
    /// The visit.
    pub visit: VisitId,
    /// As it was seen.
    pub version: i64,
}

impl Operation for UndoCheckIn {
    const NAME: &'static str = "undo_check_in";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let on = work(tx, cx, Task::Door, &self.office)?;
        let mut visit = seen(tx, &on, self.visit, self.version)?;
        let in_time = cx.now <= visit.changed + SignedDuration::from_secs(UNDO_S);
        if visit.first_called.is_some() || !in_time {
            return Err(DayRefusal::UndoTooLate { seconds: UNDO_S as u32 }.into());
        }
        visit.finished = Some(cx.now);
        step(tx, cx, &mut visit, VisitEvent::UndoCheckIn, "")?;
        if let Some(slot) = visit.slot {
            slots::put_back(tx, slot, visit.people)?;
        }
        Ok(())
    }
}

/// Somebody expected today, found by name or by the last digits of the NIK.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The ticket's link id, by which they are checked in.
    pub link: String,
    /// The queue code.
    pub code: QueueCode,
    /// The people, masked.
    pub people: Vec<MemberView>,
    /// When they are expected.
    pub starts: WindowStart,
    /// Until when.
    pub ends: WindowStart,
    /// Where the appointment stands.
    pub state: AppointmentState,
}

/// Those expected here today whose name has this in it, or whose NIK ends in these four digits.
pub fn find(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, text: &str) -> Result<Vec<Found>, Error> {
    cx.officer_for(tx, Task::Door, Some(office))?;
    let date = zone_of(cx, office).local(cx.now).date();
    let wanted = text.trim().to_lowercase();
    let digits = wanted.len() == 4 && wanted.bytes().all(|byte| byte.is_ascii_digit());
    if !digits && wanted.chars().count() < NAME_MIN as usize {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (appointment, _) in appointments::live_on(tx, office, date)? {
        let mut matches = false;
        for person in parties::people(tx, appointment.party)?.iter().filter(|person| !person.sealed.is_empty()) {
            let record: PartyRecord = crate::me::open_person(cx.keys, &person.sealed)?;
            matches |= if digits {
                record.person.nik.as_str().ends_with(&wanted)
            } else {
                record.person.name.as_str().to_lowercase().contains(&wanted)
            };
        }
        let Some(slot) = slots::get(tx, appointment.slot)?.filter(|_| matches) else { continue };
        found.push(Found {
            link: link_of(cx, appointment.party),
            code: code_of(cx, office, appointment.party),
            people: party::members(tx, cx, appointment.party, date)?,
            starts: slot.key.starts,
            ends: slot.ends,
            state: appointment.state,
        });
        if found.len() == FOUND_MAX {
            break;
        }
    }
    Ok(found)
}

/// What the door sees of the day.
#[derive(Debug, Clone)]
pub struct DoorView {
    /// Who looks.
    pub officer: Officer,
    /// The last arrivals, the newest first.
    pub latest: Vec<VisitView>,
    /// Those of them that can be taken back now.
    pub undoable: Vec<VisitId>,
    /// People expected with a ticket who have not come.
    pub expected: u32,
    /// Visits that wait.
    pub waiting: u32,
    /// Places left for priority today.
    pub priority_left: u32,
    /// Places left in the hands of the head today.
    pub reserve_left: u32,
    /// What people without a ticket can have here.
    pub received: Received,
}

/// Whether an arrival is offered to be taken back. Who is there longer is not, though the rest of the party has just come.
fn can_undo(visit: &Visit, now: Timestamp) -> bool {
    let since = |at: Timestamp| now <= at + SignedDuration::from_secs(UNDO_S);
    let fresh = since(visit.changed) && (visit.kept || since(visit.arrived));
    visit.state == VisitState::Waiting && visit.first_called.is_none() && fresh
}

/// A visit of today that was taken back, with its names, for whoever has just done it.
pub fn undone(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode, id: VisitId) -> Result<Option<VisitView>, Error> {
    cx.officer_for(tx, Task::Door, Some(office))?;
    let today = zone_of(cx, office).local(cx.now).date();
    let visit = visits::get(tx, id)?.filter(|visit| visit.office == *office && visit.date == today);
    let visit = visit.filter(|visit| visit.state == VisitState::Undone);
    Ok(visit.map(|visit| view(tx, cx, &visit)).transpose()?)
}

/// The day as the door sees it.
pub fn door(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<DoorView, Error> {
    use antrean_domain::slot::Pool;
    let officer = cx.officer_for(tx, Task::Door, Some(office))?.clone();
    let zone = zone_of(cx, office);
    let date = zone.local(cx.now).date();
    let visits = visits::on_day(tx, office, date)?;
    let live = appointments::live_on(tx, office, date)?;
    let expected = live.iter().filter(|(appointment, _)| appointment.state == AppointmentState::Booked);
    // The rest of a party of which some are here.
    let in_part = visits.iter().filter(|visit| visit.party.is_some() && visit.state.is_open());
    let missing = in_part.map(|visit| visit.people - visit.arrived_people);
    let left = |pool| -> Result<u32, Error> {
        let open = slots::of_pool(tx, office, date, pool)?;
        Ok(open.iter().filter(|slot| window_ends(slot, zone) > cx.now || pool == Pool::Reserve).map(Slot::left).sum())
    };
    Ok(DoorView {
        officer,
        latest: visits.iter().rev().take(LATEST).map(|visit| line(cx, visit)).collect::<Result<_, _>>()?,
        undoable: visits.iter().filter(|visit| can_undo(visit, cx.now)).map(|visit| visit.id).collect(),
        expected: expected.map(|(_, size)| size).sum::<u32>() + missing.sum::<u32>(),
        waiting: visits.iter().filter(|visit| visit.state == VisitState::Waiting).count() as u32,
        priority_left: left(Pool::Priority)?,
        reserve_left: left(Pool::Reserve)?,
        received: cx.catalogue.offices.get(office).map(|at| received(at, date)).unwrap_or_default(),
    })
}
