//! What an operator types in later of a day without counters: who came, was called, was served.

use antrean_domain::appointment::{AppointmentEvent, AppointmentState, next};
use antrean_store::{Tx, appointments, slots};
use serde::{Deserialize, Serialize};

use super::end;
use crate::booking::note_place;
use crate::caller::Actor;
use crate::operation::{Context, Error, Operation};
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
