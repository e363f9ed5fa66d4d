//! What the holder of a place can do with it: cancel, move once, ask for a better one at the next wave.

use antrean_domain::appointment::{AppointmentEvent, AppointmentState, next};
use antrean_domain::consequence::{Strike, StrikeKind, consequence};
use antrean_domain::draw::entry::Choice;
use antrean_domain::keys::Keyring;
use antrean_domain::office::NotOffered;
use antrean_store::appointments::Appointment;
use antrean_store::ids::{AccountId, PartyId, SlotId};
use antrean_store::parties::Party;
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, parties, slots, strikes, wishes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::booking::{bookable, note_place, read};
use crate::caller::Actor;
use crate::choices::{Offered, Wanted, check_places};
use crate::limit::{self, DAY_S, Limited};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Operation};
use crate::party;
use crate::refusal::Refusal;
use crate::ticket::{TicketView, free_until, place_told, window_ends, zone_of};

/// Gives the place up, until the arrival window ends: who has not come by then has missed it. Free until the day before;
/// later it counts. The place goes to the next wave, to nobody else.
#[derive(Serialize, Deserialize)]
pub struct Cancel {
    /// The ticket's link id.
    pub link: String,
}

impl Operation for Cancel {
    const NAME: &'static str = "cancel";
    type Outcome = TicketView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<TicketView, Error> {
        let account = cx.account(tx)?;
        let (party, appointment, slot) = own(tx, cx, &self.link, account)?;
        moves_limit(tx, cx, account, Self::NAME)?;
        let zone = zone_of(cx, &slot.key.office);
        if cx.now >= window_ends(&slot, zone) {
            return Err(Refusal::NotPossibleNow { state: appointment.state }.into());
        }
        let late = cx.now >= free_until(&slot, zone);
        let event = if late { AppointmentEvent::CancelLate } else { AppointmentEvent::Cancel };
        let Ok(to) = next(appointment.state, event) else {
            return Err(Refusal::NotPossibleNow { state: appointment.state }.into());
        };
        if !appointments::advance(tx, party.id, &[appointment.state], to, cx.now)? {
            return Err(Refusal::NotPossibleNow { state: appointment.state }.into());
        }
        release_place(tx, &party, &slot)?;
        if late {
            strike(tx, cx, party.id, StrikeKind::LateCancellation)?;
        }
        let message = Message::Cancelled { slot: slot.key, late };
        tell(tx, cx, Recipient::Account(account), message)?;
        note_place(tx, cx, Actor::Account(account), to.as_str(), party.id, &slot)?;
        read(tx, cx, party.id)
    }

    fn complete(ticket: &mut TicketView, keys: &Keyring) {
        ticket.sign(keys);
    }
}

/// Moves the appointment to another free slot of the same release, once, until the day before.
///
/// The new place is taken before the old one is given back; whoever is refused keeps what they have.
#[derive(Serialize, Deserialize)]
pub struct Move {
    /// The ticket's link id.
    pub link: String,
    /// Where to.
    pub slot: SlotId,
}

impl Operation for Move {
    const NAME: &'static str = "move";
    type Outcome = TicketView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<TicketView, Error> {
        let account = cx.account(tx)?;
        let (party, appointment, from) = own(tx, cx, &self.link, account)?;
        moves_limit(tx, cx, account, Self::NAME)?;
        movable(cx, &appointment, &from)?;
        let to = slots::get(tx, self.slot)?.ok_or(Refusal::SlotUnknown)?;
        if to.id == from.id {
            return Err(Refusal::SameSlot.into());
        }
        if to.release != from.release {
            return Err(Refusal::OtherRelease { release: to.release }.into());
        }
        let (release, plan) = party::release_and_plan(tx, cx, &to.release)?;
        bookable(cx, &release, &plan, &to)?;
        let office = cx.catalogue.offices.get(&to.key.office).ok_or(Refusal::SlotUnknown)?;
        if let Err(NotOffered { why }) = office.offers(party.service, party.passport, to.key.date) {
            return Err(Refusal::NotOfferedHere { index: 0, office: to.key.office, why }.into());
        }
        slots::lock(tx, [from.id, to.id])?;
        if !slots::take(tx, to.id, party.size)? {
            return Err(Refusal::SlotFull { alternatives: Vec::new() }.into());
        }
        if !appointments::move_to(tx, party.id, from.id, to.id, true, cx.now)? {
            return Err(Refusal::MovedAlready.into());
        }
        slots::give_back(tx, from.id, party.size)?;
        wishes::remove(tx, party.id)?;
        let place = place_told(cx, party.id, &to.key);
        tell(tx, cx, Recipient::Account(account), Message::Moved { place })?;
        note_place(tx, cx, Actor::Account(account), "moved", party.id, &to)?;
        read(tx, cx, party.id)
    }

    fn complete(ticket: &mut TicketView, keys: &Keyring) {
        ticket.sign(keys);
    }
}

/// Asks for a better place at the coming waves. The present one is kept until a wave finds one; that uses the one move.
#[derive(Serialize, Deserialize)]
pub struct Wish {
    /// The ticket's link id.
    pub link: String,
    /// Ranked choices; empty takes the wish back.
    pub choices: Vec<Choice>,
}

impl Operation for Wish {
    const NAME: &'static str = "wish";
    type Outcome = TicketView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<TicketView, Error> {
        let account = cx.account(tx)?;
        let (party, appointment, slot) = own(tx, cx, &self.link, account)?;
        moves_limit(tx, cx, account, Self::NAME)?;
        movable(cx, &appointment, &slot)?;
        if self.choices.is_empty() {
            wishes::remove(tx, party.id)?;
        } else {
            let (_, plan) = party::release_and_plan(tx, cx, &party.release)?;
            let offered = Offered::read(tx, cx, &party.release, &self.choices)?;
            let wanted =
                Wanted { service: party.service, passport: party.passport, size: party.size, choices: &self.choices };
            check_places(cx, &plan, &offered, &wanted)?;
            wishes::put(tx, party.id, &write_wish(&self.choices), cx.now)?;
        }
        note_place(tx, cx, Actor::Account(account), "wished", party.id, &slot)?;
        read(tx, cx, party.id)
    }

    fn complete(ticket: &mut TicketView, keys: &Keyring) {
        ticket.sign(keys);
    }
}

fn write_wish(choices: &[Choice]) -> String {
    choices.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The choices of a stored wish, one a line.
pub(crate) fn parse_wish(text: &str) -> Result<Vec<Choice>, Fault> {
    text.lines().map(|line| line.parse().map_err(|_| Fault::Corrupt { what: format!("wish {line}") })).collect()
}

fn movable(cx: &Context<'_>, appointment: &Appointment, slot: &Slot) -> Result<(), Refusal> {
    if appointment.state != AppointmentState::Booked {
        return Err(Refusal::NotPossibleNow { state: appointment.state });
    }
    if appointment.moves > 0 {
        return Err(Refusal::MovedAlready);
    }
    let since: Timestamp = free_until(slot, zone_of(cx, &slot.key.office));
    if cx.now >= since {
        return Err(Refusal::TooLateToMove { since });
    }
    Ok(())
}

/// The caller's own ticket behind a link.
fn own(tx: &Tx<'_>, cx: &Context<'_>, link: &str, account: AccountId) -> Result<(Party, Appointment, Slot), Error> {
    let party = party::own_by_link(tx, cx, link, account)?.ok_or(Refusal::TicketUnknown)?;
    let appointment = appointments::get(tx, party.id)?.ok_or(Refusal::TicketUnknown)?;
    let slot = slots::get(tx, appointment.slot)?
        .ok_or_else(|| Fault::Corrupt { what: format!("slot of party {}", party.id) })?;
    Ok((party, appointment, slot))
}

/// Ends the party's life and sets its places aside for the next wave.
pub(crate) fn release_place(tx: &Tx<'_>, party: &Party, slot: &Slot) -> Result<(), Fault> {
    slots::give_back(tx, slot.id, party.size)?;
    wishes::remove(tx, party.id)?;
    parties::end(tx, party.id)?;
    Ok(())
}

/// Writes the consequence for every person of a party. Returns the longest rest, in releases.
pub(crate) fn strike(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId, kind: StrikeKind) -> Result<u32, Fault> {
    let mut longest = 0;
    for member in parties::people(tx, party)? {
        let earlier: Vec<Strike> = strikes::of_person(tx, &member.person)?
            .into_iter()
            .filter(|strike| strike.lifted.is_none())
            .map(|strike| Strike { kind: strike.kind, at: strike.at })
            .collect();
        let rest = u32::from(consequence(kind, &earlier, cx.now).rest_releases);
        strikes::insert(tx, &member.person, party, kind, cx.now, rest)?;
        longest = longest.max(rest);
    }
    Ok(longest)
}

/// Each of cancelling, moving and wishing for itself: whoever has wished often must still be able to cancel in time.
fn moves_limit(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId, operation: &str) -> Result<(), Error> {
    let mut whom = account.0.to_be_bytes().to_vec();
    whom.extend_from_slice(operation.as_bytes());
    limit::take(tx, cx, Limited::MovesOfAccount, &whom, DAY_S, cx.policy.moves_per_account_day)
}
