//! A NIK that somebody else claimed: its owner shows the card at an office, and the claim is taken from whoever made it.

use antrean_domain::appointment::AppointmentEvent;
use antrean_domain::keys::{Keyring, PersonKey};
use antrean_domain::nik::Nik;
use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::staff::Task;
use antrean_store::ids::{AccountId, PartyId, StaffId};
use antrean_store::locks::Lock;
use antrean_store::parties::Party;
use antrean_store::{Fault, Tx, applicants, appointments, disowned, entries, events, parties, slots, strikes};
use serde::{Deserialize, Serialize};

use super::{DayRefusal, revoke_visit, take_along};
use crate::caller::{Actor, hex, unhex};
use crate::entry;
use crate::me::open_person;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};
use crate::party::{PartyRecord, own_by_link};
use crate::staff::{Approved, Ask, approval_of, checked_reason};
use crate::ticket::code_of;

/// Frees a person from a party that somebody else made in their name. Names in a party never change (rule 6): the whole party is ended,
/// without consequence for anybody in it; its account may not name the person again, and the person can enter or walk in at once.
///
/// Whoever could do this alone could take anybody's place away: an officer asks, the head of the office decides.
#[derive(Serialize, Deserialize)]
pub struct MoveClaim {
    /// At which office the card was shown.
    pub office: OfficeCode,
    /// The keyed hash of the NIK, hexadecimal: what waits for a second person names nobody.
    pub person: String,
    /// How it was proved.
    pub reason: String,
}

impl MoveClaim {
    /// For the NIK on the card that was shown.
    pub fn of(office: OfficeCode, nik: &Nik, reason: &str, keys: &Keyring) -> Self {
        Self { office, person: hex(&keys.person_key(nik).0), reason: reason.to_owned() }
    }

    fn person(&self) -> Result<PersonKey, DayRefusal> {
        unhex(&self.person).map(PersonKey).ok_or(DayRefusal::NothingClaimed)
    }

    fn move_it(&self, tx: &Tx<'_>, cx: &Context<'_>, by: StaffId) -> Result<(), Error> {
        let person = self.person()?;
        let seen = parties::live_of_person(tx, &person)?.ok_or(DayRefusal::NothingClaimed)?;
        tx.lock(&Lock::ReleaseStays(&seen.release))?;
        let at = match appointments::get(tx, seen.id)? {
            Some(appointment) => slots::get(tx, appointment.slot)?.map(|slot| slot.key.office),
            None => None,
        };
        if let Some(office) = &at {
            tx.lock(&Lock::Day(office))?;
        }
        parties::lock(tx, seen.id)?;
        let party = parties::get(tx, seen.id)?.filter(|party| party.live).ok_or(DayRefusal::NothingClaimed)?;
        let reason = checked_reason(&self.reason)?;
        let note = Note {
            kind: "claim_moved",
            release: Some(party.release.as_str()),
            party: Some(party.id),
            office: Some(self.office.as_str()),
            reason: Some(&reason),
            ..Note::default()
        };
        cx.note(tx, Actor::Staff(by), note)?;
        end_party(tx, cx, &party)?;
        disown(tx, cx, &person, party.account)?;
        Ok(tell(tx, cx, Recipient::Account(party.account), Message::ClaimMoved { office: self.office })?)
    }
}

/// At which office a NIK of a party was shown to be somebody else's, if that ended it.
pub(crate) fn claim_of(tx: &Tx<'_>, party: PartyId) -> Result<Option<OfficeCode>, Fault> {
    let lines = events::of_party(tx, party)?;
    let office = lines.iter().rfind(|line| line.kind == "claim_moved").and_then(|line| line.office.as_deref());
    Ok(office.and_then(|code| OfficeCode::parse(code).ok()))
}

/// The same for the caller's own ticket or entry.
pub fn claimed_at(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<Option<OfficeCode>, Error> {
    let account = cx.account(tx)?;
    match own_by_link(tx, cx, link, account)? {
        Some(party) => Ok(claim_of(tx, party.id)?),
        None => Ok(None),
    }
}

/// Whose NIK a request would free, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The NIK, masked.
    pub nik: String,
    /// The queue code of the place that would be taken back, if there is one.
    pub code: Option<QueueCode>,
}

/// What a request to free a NIK would free now; nothing when it is free already.
pub(crate) fn claimed(tx: &Tx<'_>, cx: &Context<'_>, body: &str) -> Result<Option<Claimed>, Error> {
    let claim = serde_json::from_str::<MoveClaim>(body).ok();
    let Some(person) = claim.and_then(|claim| claim.person().ok()) else { return Ok(None) };
    let Some(party) = parties::live_of_person(tx, &person)? else { return Ok(None) };
    let people = parties::people(tx, party.id)?;
    let Some(member) = people.iter().find(|member| member.person == person) else { return Ok(None) };
    let record: PartyRecord = open_person(cx.keys, &member.sealed)?;
    let slot = appointments::get(tx, party.id)?.map(|held| slots::get(tx, held.slot)).transpose()?.flatten();
    let code = slot.map(|slot| code_of(cx, &slot.key.office, party.id));
    Ok(Some(Claimed { nik: record.person.nik.masked(), code }))
}

/// Ends a party, whatever it has: a place or an entry.
fn end_party(tx: &Tx<'_>, cx: &Context<'_>, party: &Party) -> Result<(), Error> {
    if appointments::get(tx, party.id)?.is_some() {
        revoke_visit(tx, cx, party.id)?;
        return take_along(tx, cx, party.id, AppointmentEvent::Revoke);
    }
    match entries::get(tx, party.id)? {
        Some(held) => entry::leave(tx, cx, party, &held).map(drop),
        None => Ok(parties::end(tx, party.id).map(drop)?),
    }
}

/// Takes the person out of the account, keeps it from naming them again, and takes back what it brought upon them. Whoever showed the card
/// last is believed: an account that was kept from the name before may be the owner's, who was believed to be somebody else then.
fn disown(tx: &Tx<'_>, cx: &Context<'_>, person: &PersonKey, account: AccountId) -> Result<(), Error> {
    for applicant in applicants::list(tx, account)?.iter().filter(|applicant| applicant.person == *person) {
        applicants::remove(tx, applicant.id, account)?;
    }
    disowned::clear(tx, person)?;
    disowned::insert(tx, person, account, cx.now)?;
    for strike in strikes::of_person(tx, person)?.iter().filter(|strike| strike.lifted.is_none()) {
        if parties::get(tx, strike.party)?.is_some_and(|party| party.account == account) {
            strikes::lift(tx, strike.id, cx.now)?;
        }
    }
    Ok(())
}

impl Operation for MoveClaim {
    const NAME: &'static str = "move_claim";
    type Outcome = Approved<()>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<()>, Error> {
        let officer = cx.officer_for(tx, Task::People, Some(&self.office))?;
        checked_reason(&self.reason)?;
        if parties::live_of_person(tx, &self.person()?)?.is_none() {
            return Err(DayRefusal::NothingClaimed.into());
        }
        if !officer.role.may(Task::Approve) {
            return Ok(Approved::Asked { request: approval_of(tx, cx, self)? });
        }
        self.move_it(tx, cx, officer.id)?;
        Ok(Approved::Done { outcome: () })
    }
}

impl Ask for MoveClaim {
    fn office(&self) -> Option<&OfficeCode> {
        Some(&self.office)
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        self.move_it(tx, cx, asked_by)
    }
}
