//! The day itself, as far as the main job needs it: who came, and what follows at the end of the day.

use std::collections::BTreeSet;

use antrean_domain::appointment::{AppointmentEvent, AppointmentState, next};
use antrean_domain::consequence::StrikeKind;
use antrean_domain::office::OfficeCode;
use antrean_store::ids::PartyId;
use antrean_store::{Fault, Tx, appointments, days, parties, slots, wishes};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::appointment::strike;
use crate::booking::note_place;
use crate::caller::Actor;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};
use crate::party;
use crate::refusal::Refusal;

/// Records what happened to an appointment at the office: checked in, called, served, absent.
#[derive(Serialize, Deserialize)]
pub struct Record {
    /// The ticket's link id.
    pub link: String,
    /// What happened.
    pub event: AppointmentEvent,
}

impl Operation for Record {
    const NAME: &'static str = "record";
    type Outcome = AppointmentState;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<AppointmentState, Error> {
        let party = party::by_link(tx, cx, &self.link)?.ok_or(Refusal::TicketUnknown)?;
        let appointment = appointments::get(tx, party.id)?.ok_or(Refusal::TicketUnknown)?;
        let not_now = Refusal::NotPossibleNow { state: appointment.state };
        let at_the_office = matches!(
            self.event,
            AppointmentEvent::CheckIn
                | AppointmentEvent::UndoCheckIn
                | AppointmentEvent::Call
                | AppointmentEvent::Park
                | AppointmentEvent::Serve
        );
        let Ok(to) = next(appointment.state, self.event) else { return Err(not_now.into()) };
        if !at_the_office || !appointments::advance(tx, party.id, &[appointment.state], to, cx.now)? {
            return Err(not_now.into());
        }
        if !to.is_live() {
            end(tx, party.id)?;
        }
        if let Some(slot) = slots::get(tx, appointment.slot)? {
            note_place(tx, cx, Actor::Operator, to.as_str(), party.id, &slot)?;
        }
        Ok(to)
    }
}

/// Ends a party's life; with its day its wish to be moved is over too.
fn end(tx: &Tx<'_>, party: PartyId) -> Result<(), Fault> {
    wishes::remove(tx, party)?;
    parties::end(tx, party)?;
    Ok(())
}

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
        if !days::close(tx, &self.office, self.date, cx.now)? {
            return Ok(0);
        }
        let (office, reason) = (Some(self.office.as_str()), self.date.to_string());
        cx.note(tx, Actor::Clock, Note { kind: "day_ended", office, reason: Some(&reason), ..Note::default() })?;
        let recorded = days::was_anyone_recorded(tx, &self.office, self.date)?;
        let event = if recorded { AppointmentEvent::DayEnded } else { AppointmentEvent::DayEndedUnrecorded };
        let mut ended = 0;
        let live = appointments::live_on(tx, &self.office, self.date)?;
        let parties: BTreeSet<PartyId> = live.iter().map(|(appointment, _)| appointment.party).collect();
        parties.into_iter().try_for_each(|party| parties::lock(tx, party))?;
        for (appointment, _) in live {
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
