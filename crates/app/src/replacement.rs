//! Choosing another place before others, after a closure took one back: free places of the office and its units, and those that the
//! offices keep in reserve, of this release and of the next.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::closure::Relocation;
use antrean_domain::keys::Keyring;
use antrean_domain::release::{Mode, ReleaseId, booking_closes};
use antrean_domain::slot::Pool;
use antrean_store::appointments::Source;
use antrean_store::closures::{self, Closure};
use antrean_store::ids::{AccountId, SlotId};
use antrean_store::parties::Party;
use antrean_store::releases::{self, ReleaseState, Standing};
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, parties, replacements, slots};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::booking::{bookable, give, note_place, read};
use crate::caller::Actor;
use crate::closure::family;
use crate::limit::{self, Limited, MINUTE_S};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Operation};
use crate::overview::SlotOffer;
use crate::party::{self, own_by_link, plan_of};
use crate::refusal::Refusal;
use crate::ticket::{TicketView, place_told, zone_of};

/// Windows offered at once, of all offices together.
const OFFERS_MAX: u32 = 120;

/// The right to choose another place, as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosing {
    /// Why the office took the place back, in its own words.
    pub why: String,
    /// Until when another can be chosen.
    pub until: Timestamp,
    /// Whether that was done, or its time is over.
    pub is_over: bool,
    /// Windows that can be had now.
    pub offers: Vec<SlotOffer>,
}

/// The right that came from the caller's own party, if a closure took its place.
pub fn choosing(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<Option<Choosing>, Error> {
    let account = cx.account(tx)?;
    let Some(party) = own_by_link(tx, cx, link, account)? else { return Ok(None) };
    let Some(right) = replacements::of_party(tx, party.id)? else { return Ok(None) };
    let Some(closure) = closures::get(tx, right.closure)? else { return Ok(None) };
    let is_over = right.used_by.is_some() || right.until <= cx.now;
    let offers = if is_over { Vec::new() } else { offers(tx, cx, &party, &closure)? };
    Ok(Some(Choosing { why: closure.words, until: right.until, is_over, offers }))
}

fn offers(tx: &Tx<'_>, cx: &Context<'_>, party: &Party, closure: &Closure) -> Result<Vec<SlotOffer>, Error> {
    let mut offers: Vec<SlotOffer> = Vec::new();
    for office in family(cx, &closure.office) {
        let today = zone_of(cx, &office).local(cx.now).date();
        for id in replacements::free(tx, &office, today, party.size, OFFERS_MAX)? {
            let Some(slot) = slots::get(tx, id)? else { continue };
            let Some(release) = releases::standing(tx, &slot.release)? else { continue };
            if may_have(tx, cx, party, closure, &release, &slot).is_ok()
                // Of a window that has room in both, the public places go first: the reserve is for when they are gone.
                && offers.iter().all(|offer| offer.key != slot.key)
            {
                offers.push(SlotOffer { id, ends: slot.ends, left: slot.left(), key: slot.key });
            }
        }
    }
    offers
        .sort_by_key(|offer| (offer.key.date, offer.key.office != closure.office, offer.key.office, offer.key.starts));
    offers.truncate(OFFERS_MAX as usize);
    Ok(offers)
}

/// The release in which the place was that is replaced.
fn lost_in(tx: &Tx<'_>, party: &Party) -> Result<ReleaseId, Error> {
    let gone = || Fault::Corrupt { what: format!("the place that party {} lost", party.id) };
    let lost = appointments::get(tx, party.id)?.ok_or_else(gone)?;
    Ok(slots::get(tx, lost.slot)?.ok_or_else(gone)?.release)
}

/// Refuses a window that this right does not reach.
fn may_have(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    party: &Party,
    closure: &Closure,
    release: &Standing,
    slot: &Slot,
) -> Result<(), Error> {
    if slot.closed {
        return Err(Refusal::SlotClosed { slot: slot.key }.into());
    }
    if !family(cx, &closure.office).contains(&slot.key.office) {
        return Err(Refusal::SlotUnknown.into());
    }
    let office = cx.catalogue.offices.get(&slot.key.office).ok_or(Refusal::SlotUnknown)?;
    if let Err(not) = office.offers(party.service, party.passport, slot.key.date) {
        return Err(Refusal::NotOfferedHere { index: 0, office: slot.key.office, why: not.why }.into());
    }
    let since = booking_closes(slot.key.date, office.zone);
    if cx.now >= since || release.state == ReleaseState::Closed {
        return Err(Refusal::BookingClosed { since }.into());
    }
    if closure.relocation == Relocation::Release && slot.release == lost_in(tx, party)? {
        return Err(Refusal::SlotUnknown.into());
    }
    match slot.pool {
        // The reserve is the head's to give; the closure that took the place gave it to whoever held it.
        Pool::Reserve => Ok(()),
        Pool::Public => {
            let stored = releases::get(tx, &slot.release)?.ok_or(Refusal::ReleaseUnknown)?;
            Ok(bookable(cx, release, &plan_of(&stored)?, slot)?)
        }
        Pool::Priority => Err(Refusal::SlotUnknown.into()),
    }
}

/// Chooses another place instead of one that a closure took back. The same people, a new ticket.
#[derive(Serialize, Deserialize)]
pub struct Replace {
    /// The link of the ticket that the closure ended.
    pub link: String,
    /// The window.
    pub slot: SlotId,
}

impl Operation for Replace {
    const NAME: &'static str = "replace";
    type Outcome = TicketView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<TicketView, Error> {
        let account = cx.account(tx)?;
        let whom = account.0.to_be_bytes();
        limit::take(tx, cx, Limited::BookingsOfAccount, &whom, MINUTE_S, cx.policy.bookings_per_account_minute)?;
        self.replace(tx, cx, account)
    }

    fn complete(ticket: &mut TicketView, keys: &Keyring) {
        ticket.sign(keys);
    }
}

impl Replace {
    fn replace(&self, tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<TicketView, Error> {
        let slot = slots::get(tx, self.slot)?.ok_or(Refusal::SlotUnknown)?;
        let (release, plan) = party::release_and_plan(tx, cx, &slot.release)?;
        let lost = own_by_link(tx, cx, &self.link, account)?.ok_or(Refusal::TicketUnknown)?;
        let over = || Refusal::NotPossibleNow { state: AppointmentState::Revoked };
        let right = replacements::of_party(tx, lost.id)?.ok_or_else(over)?;
        let closure = closures::get(tx, right.closure)?.ok_or_else(over)?;
        may_have(tx, cx, &lost, &closure, &release, &slot)?;
        let people = parties::people(tx, lost.id)?;
        if people.iter().any(|person| person.sealed.is_empty()) {
            return Err(over().into());
        }
        let made = party::insert(tx, cx, account, &slot.release, lost.service, lost.passport, &people)?;
        if !replacements::use_up(tx, lost.id, made.id, cx.now)? {
            return Err(over().into());
        }
        if !slots::take(tx, slot.id, made.size)? {
            return Err(Refusal::SlotFull { alternatives: Vec::new() }.into());
        }
        let source = if plan.mode == Mode::Draw { Source::Leftover } else { Source::FirstCome };
        give(tx, cx, made.id, &slot, source, None)?;
        let place = place_told(cx, made.id, &slot.key);
        tell(tx, cx, Recipient::Account(account), Message::Booked { place })?;
        note_place(tx, cx, Actor::Account(account), "replaced", made.id, &slot)?;
        read(tx, cx, made.id)
    }
}
