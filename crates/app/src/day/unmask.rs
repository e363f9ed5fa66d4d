//! Seeing what is masked, for a reason that is written down.

use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::staff::Task;
use antrean_store::{Tx, accounts, appointments, parties, slots};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::caller::Actor;
use crate::me::{account_record, open_person};
use crate::operation::{Context, Error, Note, Operation};
use crate::party::{self, PartyRecord};
use crate::refusal::Refusal;
use crate::staff::checked_reason;

/// Shows who the people of a ticket of this office are.
#[derive(Serialize, Deserialize)]
pub struct Unmask {
    /// At which office.
    pub office: OfficeCode,
    /// The ticket's link id, or its queue code.
    pub ticket: String,
    /// Why.
    pub reason: String,
}

/// Who holds a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unmasked {
    /// The people, as they stated themselves.
    pub people: Vec<UnmaskedPerson>,
    /// The telephone number with which their account signs in; empty once the account is deleted.
    pub phone: String,
}

/// A person as they stated themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnmaskedPerson {
    /// The whole name.
    pub name: String,
    /// The whole NIK.
    pub nik: String,
    /// The date of birth.
    pub birth_date: Date,
}

impl Operation for Unmask {
    const NAME: &'static str = "unmask";
    type Outcome = Unmasked;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Unmasked, Error> {
        let officer = cx.officer_for(tx, Task::Unmask, Some(&self.office))?.id;
        let reason = checked_reason(&self.reason)?;
        let party = match QueueCode::parse(&self.ticket) {
            Ok(code) => party::by_code(tx, cx, &self.office, code)?,
            Err(_) => party::by_link(tx, cx, &self.ticket)?,
        };
        let party = party.ok_or(Refusal::TicketUnknown)?;
        let appointment = appointments::get(tx, party.id)?.ok_or(Refusal::TicketUnknown)?;
        let slot = slots::get(tx, appointment.slot)?.filter(|slot| slot.key.office == self.office);
        slot.ok_or(Refusal::TicketUnknown)?;
        let account = accounts::get(tx, party.account)?;
        let account = account.map(|row| account_record(cx.keys, &row)).transpose()?;
        let phone = account.and_then(|account| account.phone).map(|phone| phone.e164().to_owned()).unwrap_or_default();
        let mut people = Vec::new();
        for person in parties::people(tx, party.id)?.iter().filter(|person| !person.sealed.is_empty()) {
            let record: PartyRecord = open_person(cx.keys, &person.sealed)?;
            let person = record.person;
            let (name, nik) = (person.name.as_str().to_owned(), person.nik.as_str().to_owned());
            people.push(UnmaskedPerson { name, nik, birth_date: person.birth_date });
        }
        let note = Note {
            kind: "unmasked",
            party: Some(party.id),
            office: Some(self.office.as_str()),
            reason: Some(&reason),
            ..Note::default()
        };
        cx.note(tx, Actor::Staff(officer), note)?;
        Ok(Unmasked { people, phone })
    }
}
