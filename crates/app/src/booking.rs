//! Taking a place that is free now: the whole of a first-come release, and what a draw left over.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::keys::Keyring;
use antrean_domain::office::NotOffered;
use antrean_domain::release::{Mode, ReleasePlan, booking_closes};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::appointments::{Appointment, Source};
use antrean_store::entries::EntryState;
use antrean_store::ids::{AccountId, ApplicantId, PartyId, SlotId};
use antrean_store::parties::Party;
use antrean_store::releases::{ReleaseState, Standing};
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, entries, parties, slots};
use serde::{Deserialize, Serialize};

use crate::caller::Actor;
use crate::choices::open_here;
use crate::limit::{self, Limited, MINUTE_S};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};
use crate::overview::SlotOffer;
use crate::party;
use crate::refusal::Refusal;
use crate::ticket::{self, TicketView, place_told, ticket_view, zone_of};
use crate::waiting::{self, Turn};

/// Other windows named when one is full.
const ALTERNATIVES_MAX: usize = 5;

/// Who takes the place.
#[derive(Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum BookFor {
    /// A new party of people of the account.
    People {
        /// The people, the first of them first.
        people: Vec<ApplicantId>,
        /// What is applied for.
        service: ServiceCode,
        /// Which passport.
        passport: PassportKind,
    },
    /// The account's own party that is on standby: it stops waiting and takes this place.
    Standby,
}

/// Takes a place in a slot. Knows at once: the place, or why not and what else is free.
#[derive(Serialize, Deserialize)]
pub struct Book {
    /// The arrival window.
    pub slot: SlotId,
    /// Who takes it.
    #[serde(flatten)]
    pub who: BookFor,
}

impl Operation for Book {
    const NAME: &'static str = "book";
    type Outcome = TicketView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<TicketView, Error> {
        let account = cx.account(tx)?;
        let whom = account.0.to_be_bytes();
        limit::take(tx, cx, Limited::BookingsOfAccount, &whom, MINUTE_S, cx.policy.bookings_per_account_minute)?;
        // A try that is refused counts as well: who tries a thousand times a second must not find what others give back.
        tx.attempt(|tx| self.take(tx, cx, account)).map_err(|error| match error {
            Error::Refused(refusal) => Error::Counted(refusal),
            other => other,
        })
    }

    fn complete(ticket: &mut TicketView, keys: &Keyring) {
        ticket.sign(keys);
    }
}

impl Book {
    fn take(&self, tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<TicketView, Error> {
        let slot = slots::get(tx, self.slot)?.ok_or(Refusal::SlotUnknown)?;
        let (release, plan) = party::release_and_plan(tx, cx, &slot.release)?;
        bookable(cx, &release, &plan, &slot)?;
        let turn =
            if plan.mode == Mode::FirstCome { waiting::turn(tx, cx, &slot.release, account)? } else { Turn::Free };
        let (party, taken_by) = match &self.who {
            BookFor::People { people, service, passport } => {
                let office = cx.catalogue.offices.get(&slot.key.office).ok_or(Refusal::SlotUnknown)?;
                if let Err(NotOffered { why }) = office.offers(*service, *passport, slot.key.date) {
                    return Err(Refusal::NotOfferedHere { index: 0, office: slot.key.office, why }.into());
                }
                // Under a rush most who ask for a full slot are too late: they are told before anything is written for them. It
                // stays true, for freed places wait for a wave (rule 7); who takes the last place is decided by `slots::take`.
                if slot.left() < people.len() as u32 {
                    return Err(full(cx, &slot, people.len() as u32).into());
                }
                let draft = party::draft(tx, cx, account, &release, &plan, people)?;
                if let Turn::Of(person) = turn
                    && draft.holder != Some(person)
                {
                    return Err(Refusal::HolderChanged.into());
                }
                let party = party::insert(tx, cx, account, &slot.release, *service, *passport, &draft.people)?;
                (party, Some(draft))
            }
            BookFor::Standby => (standby_party(tx, cx, account, &slot)?, None),
        };
        if !slots::take(tx, slot.id, party.size)? {
            return Err(full(cx, &slot, party.size).into());
        }
        let source = if plan.mode == Mode::Draw { Source::Leftover } else { Source::FirstCome };
        let appointment = give(tx, cx, party.id, &slot, source, None)?;
        let place = place_told(cx, party.id, &slot.key);
        tell(tx, cx, Recipient::Account(account), Message::Booked { place })?;
        note_place(tx, cx, Actor::Account(account), "booked", party.id, &slot)?;
        match taken_by {
            // Everything that the ticket shows was just written: it need not be read again.
            Some(draft) => {
                let people = draft.members(slot.key.date);
                let made = ticket::Parts {
                    party: &party,
                    appointment: &appointment,
                    slot: &slot,
                    people,
                    wish: None,
                    rank: None,
                };
                Ok(ticket::compose(cx, made)?)
            }
            None => read(tx, cx, party.id),
        }
    }
}

/// The account's party on standby in the release of the slot, made ready to take a place.
fn standby_party(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId, slot: &Slot) -> Result<Party, Error> {
    let party = parties::live_of_account(tx, account)?
        .filter(|party| party.release == slot.release)
        .ok_or(Refusal::EntryUnknown)?;
    parties::lock(tx, party.id)?;
    if !entries::advance(tx, party.id, &[EntryState::Standby], EntryState::Placed, cx.now)? {
        return Err(Refusal::EntryFinal.into());
    }
    let office = cx.catalogue.offices.get(&slot.key.office).ok_or(Refusal::SlotUnknown)?;
    if let Err(NotOffered { why }) = office.offers(party.service, party.passport, slot.key.date) {
        return Err(Refusal::NotOfferedHere { index: 0, office: slot.key.office, why }.into());
    }
    Ok(party)
}

/// Refuses while places of this slot are not to be had first come: closed, not open yet, before the draw, too late.
pub(crate) fn bookable(cx: &Context<'_>, release: &Standing, plan: &ReleasePlan, slot: &Slot) -> Result<(), Refusal> {
    if slot.closed {
        return Err(Refusal::SlotClosed { slot: slot.key });
    }
    if slot.pool != antrean_domain::slot::Pool::Public {
        return Err(Refusal::SlotUnknown);
    }
    let zone = zone_of(cx, &slot.key.office);
    let closes = booking_closes(slot.key.date, zone);
    if cx.now >= closes {
        return Err(Refusal::BookingClosed { since: closes });
    }
    match (plan.mode, release.state) {
        (Mode::FirstCome, ReleaseState::Open) => open_here(plan, cx.now, &slot.key.office, zone),
        (Mode::Draw, ReleaseState::Drawn) => Ok(()),
        (_, ReleaseState::Planned) => Err(Refusal::NotOpenYet { opens: plan.opening.opens(zone), office: None }),
        (Mode::Draw, ReleaseState::Open | ReleaseState::Frozen | ReleaseState::Drawing) => {
            Err(Refusal::NotDrawnYet { draw: crate::release::draw_instant(release.round, plan) })
        }
        _ => Err(Refusal::BookingClosed { since: release.ends }),
    }
}

/// Writes the appointment for places that were taken in the slot just before.
pub(crate) fn give(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    party: PartyId,
    slot: &Slot,
    source: Source,
    choice: Option<u32>,
) -> Result<Appointment, Error> {
    if appointments::insert(tx, party, slot.id, source, choice, cx.now)? {
        return Ok(Appointment {
            party,
            slot: slot.id,
            state: AppointmentState::Booked,
            source,
            choice,
            moves: 0,
            sequence: 0,
            booked: cx.now,
            changed: cx.now,
        });
    }
    let state = appointments::get(tx, party)?.map_or(AppointmentState::Booked, |appointment| appointment.state);
    Err(Refusal::NotPossibleNow { state }.into())
}

/// Notes a change about a place.
pub(crate) fn note_place(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    actor: Actor,
    kind: &str,
    party: PartyId,
    slot: &Slot,
) -> Result<(), Fault> {
    let note = Note {
        kind,
        release: Some(slot.release.as_str()),
        party: Some(party),
        slot: Some(slot.id),
        office: Some(slot.key.office.as_str()),
        reason: None,
    };
    cx.note(tx, actor, note)
}

/// The refusal of a slot without room, with windows of the same office, then of its neighbours in the family of units, that still had
/// room at the last look at the public state: most who rush for a slot are refused, and they must not read the store for it.
fn full(cx: &Context<'_>, full: &Slot, size: u32) -> Refusal {
    let mut offices = vec![full.key.office];
    if let Some(office) = cx.catalogue.offices.get(&full.key.office) {
        let head = office.main();
        let units = cx.catalogue.offices.units_of(&head).into_iter().map(|unit| unit.code);
        for office in std::iter::once(head).chain(units) {
            if !offices.contains(&office) {
                offices.push(office);
            }
        }
    }
    let alternatives = cx.overview.release(&full.release).map(|release| {
        let offered = offices
            .iter()
            .flat_map(|office| release.slots_of(office))
            .filter(|slot| !slot.closed && slot.left >= size && slot.id != full.id && cx.now < slot.bookable_until);
        let offers = offered.map(|slot| SlotOffer { id: slot.id, ends: slot.ends, left: slot.left, key: slot.key });
        offers.take(ALTERNATIVES_MAX).collect()
    });
    Refusal::SlotFull { alternatives: alternatives.unwrap_or_default() }
}

/// The ticket just written.
pub(crate) fn read(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId) -> Result<TicketView, Error> {
    let missing = || Fault::Corrupt { what: format!("appointment {party} is missing after it was written") };
    let row: Party = parties::get(tx, party)?.ok_or_else(missing)?;
    let appointment = appointments::get(tx, party)?.ok_or_else(missing)?;
    ticket_view(tx, cx, &row, &appointment)
}
