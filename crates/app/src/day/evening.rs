//! The end of a day: who did not come, what nobody wrote down, and what follows.

use std::collections::BTreeSet;

use antrean_domain::appointment::{AppointmentEvent, AppointmentState, next};
use antrean_domain::consequence::StrikeKind;
use antrean_domain::office::OfficeCode;
use antrean_domain::visit::{self, VisitEvent, VisitState};
use antrean_store::ids::PartyId;
use antrean_store::locks::Lock;
use antrean_store::{Fault, Tx, appointments, days, parties, slots, visits};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{end, note, seats};
use crate::appointment::strike;
use crate::booking::note_place;
use crate::caller::Actor;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};

/// Ends a day at an office, once. Whoever is still booked did not come, unless the office recorded nobody at all that
/// day: then it is the office's record that is missing, and nothing follows.
#[derive(Serialize, Deserialize)]
pub struct EndDay {
    /// The office.
    pub office: OfficeCode,
    /// Its local date, which must be over.
    pub date: Date,
}

impl Operation for EndDay {
    const NAME: &'static str = "end_day";
    type Outcome = u32;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<u32, Error> {
        tx.lock(&Lock::Day(&self.office))?;
        if !days::close(tx, &self.office, self.date, cx.now)? {
            return Ok(0);
        }
        let (office, reason) = (Some(self.office.as_str()), self.date.to_string());
        cx.note(tx, Actor::Clock, Note { kind: "day_ended", office, reason: Some(&reason), ..Note::default() })?;
        let recorded = days::was_anyone_recorded(tx, &self.office, self.date)?;
        let ends = if recorded { AppointmentEvent::DayEnded } else { AppointmentEvent::DayEndedUnrecorded };
        let mut ended = 0;
        let live = appointments::live_on(tx, &self.office, self.date)?;
        let parties: BTreeSet<PartyId> = live.iter().map(|(appointment, _)| appointment.party).collect();
        parties.into_iter().try_for_each(|party| parties::lock(tx, party))?;
        let absent = self.end_visits(tx, cx)?;
        seats::close_left_open(tx, cx, &self.office, self.date)?;
        for (appointment, _) in live {
            // Whoever was called, did not come and never came back has not been served, and that is no gap in the record.
            let event = if absent.contains(&appointment.party) { AppointmentEvent::Absent } else { ends };
            let Ok(to) = next(appointment.state, event) else { continue };
            if !appointments::advance(tx, appointment.party, &[appointment.state], to, cx.now)? {
                continue;
            }
            end(tx, appointment.party)?;
            ended += 1;
            let Some(slot) = slots::get(tx, appointment.slot)? else { continue };
            note_place(tx, cx, Actor::Clock, to.as_str(), appointment.party, &slot)?;
            if to == AppointmentState::NoShow {
                let rest_releases = strike(tx, cx, appointment.party, StrikeKind::NoShow)?;
                if let Some(party) = parties::get(tx, appointment.party)? {
                    let message = Message::Missed { slot: slot.key, office: self.office, rest_releases };
                    tell(tx, cx, Recipient::Account(party.account), message)?;
                }
            }
        }
        Ok(ended)
    }
}

impl EndDay {
    /// Ends the visits that nobody ended; the parties that were called and did not come.
    fn end_visits(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<BTreeSet<PartyId>, Error> {
        let mut absent = BTreeSet::new();
        for mut one in visits::on_day(tx, &self.office, self.date)? {
            if one.state == VisitState::Absent {
                absent.extend(one.party);
            }
            let Ok(to) = visit::next(one.state, VisitEvent::DayEnded) else { continue };
            (one.state, one.finished) = (to, Some(cx.now));
            if !visits::change(tx, &one, cx.now)? {
                return Err(
                    Fault::Corrupt { what: format!("visit {} changed under the lock of its day", one.id) }.into()
                );
            }
            note(tx, cx, Actor::Clock, "visit_unrecorded", &one, "")?;
        }
        Ok(absent)
    }
}
