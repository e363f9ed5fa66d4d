//! The ticket: an appointment as its holder sees it, and as a scanner checks it.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::entry::Choice;
use antrean_domain::keys::Keyring;
use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::{QueueCode, QueuePrefix};
use antrean_domain::region::Zone;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{SlotKey, WindowStart};
use antrean_domain::ticket::{LinkId, TicketFacts, TicketToken};
use antrean_store::appointments::{Appointment, Source};
use antrean_store::parties::Party;
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, entries, slots, wishes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day;
use crate::message::PlaceTold;
use crate::operation::{Context, Error};
use crate::party::{self, MemberView, link_of};
use crate::refusal::Refusal;

/// A ticket. Carries masked names only: whoever has the link may see it, only the holder may change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketView {
    /// Link id of the party.
    pub link: String,
    /// `BK-QFJ8BD`.
    pub code: QueueCode,
    /// Where the appointment stands.
    pub state: AppointmentState,
    /// The release that the place came from.
    pub release: ReleaseId,
    /// Office, date and start.
    pub slot: SlotKey,
    /// End of the arrival window.
    pub ends: WindowStart,
    /// The office's zone.
    pub zone: Zone,
    /// Start of the arrival window as an instant.
    pub starts_at: Timestamp,
    /// End of the arrival window as an instant.
    pub ends_at: Timestamp,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// The people, masked.
    pub people: Vec<MemberView>,
    /// `draw`, `wave`, `leftover` or `first_come`.
    pub source: Source,
    /// Which choice it was, from 1, where the place came from ranked choices.
    pub choice: Option<u32>,
    /// Rank in the drawn order, where there was a draw.
    pub rank: Option<u32>,
    /// Cancelling and moving are free until this instant (start of the day at the office).
    pub free_until: Timestamp,
    /// Whether it can be cancelled now.
    pub can_cancel: bool,
    /// Whether cancelling now counts as late.
    pub cancel_is_late: bool,
    /// Whether it can be moved now.
    pub can_move: bool,
    /// Choices of the wish to be moved at the next wave.
    pub wish: Option<Vec<Choice>>,
    /// At which office a NIK of it was shown to be somebody else's, where the place was taken back for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<OfficeCode>,
    /// Counts the changes, for calendars.
    pub sequence: u32,
    /// When the place was given.
    pub booked: Timestamp,
    /// Signed text for the QR code; a scanner checks it without a network. No NIK, no name.
    ///
    /// It follows from the rest and the keys, and signing is slow: it is put in outside the transaction, and not remembered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
}

impl TicketView {
    /// Puts the signed text in.
    pub(crate) fn sign(&mut self, keys: &Keyring) {
        let Some(number) = LinkId::verify(&self.link, keys.link_key()) else { return };
        let facts = TicketFacts {
            number,
            office: self.slot.office,
            date: self.slot.date,
            starts: self.slot.starts,
            size: self.people.len() as u8,
            sequence: self.sequence as u16,
        };
        self.token = TicketToken::sign(&facts, keys.ticket_key()).to_string();
    }
}

/// The end of free cancelling and moving: the start of the day of the appointment at the office.
pub(crate) fn free_until(slot: &Slot, zone: Zone) -> Timestamp {
    zone.at(slot.key.date.at(0, 0, 0, 0))
}

/// The end of the arrival window at the office; from then on nobody can cancel any more.
pub(crate) fn window_ends(slot: &Slot, zone: Zone) -> Timestamp {
    zone.at(slot.key.date.to_datetime(slot.ends.time()))
}

/// The zone of an office; offices that have left the catalogue keep the home zone.
pub(crate) fn zone_of(cx: &Context<'_>, office: &OfficeCode) -> Zone {
    cx.catalogue.offices.get(office).map_or(crate::caller::HOME_ZONE, |office| office.zone)
}

/// The queue code of a party at an office.
pub(crate) fn code_of(cx: &Context<'_>, office: &OfficeCode, party: antrean_store::ids::PartyId) -> QueueCode {
    // Tickets of an office that has left the catalogue keep working under a prefix that no office has.
    let gone = || QueuePrefix::parse("XX").expect("two letters");
    let prefix = cx.catalogue.offices.get(office).map_or_else(gone, |office| office.queue_prefix);
    QueueCode::of(prefix, party.0 as u64, cx.keys.queue_key())
}

/// The place as messages tell it.
pub(crate) fn place_told(cx: &Context<'_>, party: antrean_store::ids::PartyId, slot: &SlotKey) -> PlaceTold {
    PlaceTold { slot: *slot, code: code_of(cx, &slot.office, party), link: link_of(cx, party) }
}

/// What a ticket is made from, as it is in the store.
pub(crate) struct Parts<'a> {
    pub party: &'a Party,
    pub appointment: &'a Appointment,
    pub slot: &'a Slot,
    /// The people, masked.
    pub people: Vec<MemberView>,
    /// Choices of the wish, one a line.
    pub wish: Option<String>,
    /// Rank in the drawn order.
    pub rank: Option<u32>,
}

/// Builds the view of an appointment from what was read or written just before, without the signature.
pub(crate) fn compose(cx: &Context<'_>, parts: Parts<'_>) -> Result<TicketView, Error> {
    let Parts { party, appointment, slot, people, wish, rank } = parts;
    let zone = zone_of(cx, &slot.key.office);
    let free_until = free_until(slot, zone);
    let ends_at = window_ends(slot, zone);
    let booked = appointment.state == AppointmentState::Booked;
    Ok(TicketView {
        link: link_of(cx, party.id),
        code: code_of(cx, &slot.key.office, party.id),
        state: appointment.state,
        release: party.release.clone(),
        ends: slot.ends,
        zone,
        starts_at: zone.at(slot.key.date.to_datetime(slot.key.starts.time())),
        ends_at,
        service: party.service,
        passport: party.passport,
        people,
        source: appointment.source,
        choice: appointment.choice.map(|choice| choice + 1),
        rank,
        free_until,
        can_cancel: booked && cx.now < ends_at,
        cancel_is_late: cx.now >= free_until,
        can_move: booked && appointment.moves == 0 && cx.now < free_until,
        wish: wish.map(|text| crate::appointment::parse_wish(&text)).transpose()?,
        claimed_at: None,
        sequence: appointment.sequence,
        booked: appointment.booked,
        token: String::new(),
        slot: slot.key,
    })
}

/// Reads what a ticket shows of an appointment, without the signature.
pub(crate) fn ticket_view(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    party: &Party,
    appointment: &Appointment,
) -> Result<TicketView, Error> {
    let slot = slots::get(tx, appointment.slot)?
        .ok_or_else(|| Fault::Corrupt { what: format!("slot of party {}", party.id) })?;
    let people = party::members(tx, cx, party.id, slot.key.date)?;
    let wish = wishes::get(tx, party.id)?;
    let rank = entries::get(tx, party.id)?.and_then(|entry| entry.rank);
    let mut ticket = compose(cx, Parts { party, appointment, slot: &slot, people, wish, rank })?;
    if ticket.state == AppointmentState::Revoked {
        ticket.claimed_at = day::claim_of(tx, party.id)?;
    }
    Ok(ticket)
}

/// The ticket behind a link id. The link is the key: 128 bits that nobody guesses.
pub fn show(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<TicketView, Error> {
    let party = party::by_link(tx, cx, link)?.ok_or(Refusal::TicketUnknown)?;
    let appointment = appointments::get(tx, party.id)?.ok_or(Refusal::TicketUnknown)?;
    let mut ticket = ticket_view(tx, cx, &party, &appointment)?;
    ticket.sign(cx.keys);
    Ok(ticket)
}
