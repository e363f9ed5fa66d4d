//! People without a ticket: what they come for, and whether they go before others.

use antrean_domain::office::{NotOffered, Office, OfficeCode, WhyNotOffered};
use antrean_domain::release::PARTY_MAX;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::Pool;
use antrean_domain::staff::Task;
use antrean_domain::visit::{Class, PriorityReason, Stage};
use antrean_store::ids::{SlotId, StaffId};
use antrean_store::locks::Lock;
use antrean_store::slots::Slot;
use antrean_store::visits::NewVisit;
use antrean_store::{Tx, slots, visits};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::door::arrive;
use super::view::{VisitView, view};
use super::{DayRefusal, Today, note, today, work};
use crate::caller::Actor;
use crate::operation::{Context, Error, Operation};
use crate::refusal::Refusal;
use crate::staff::{Approved, Ask, approval_of, checked_reason};
use crate::ticket::window_ends;

/// Receives people without a ticket and gives them a number. An emergency of another kind, and a place from the head's reserve, are for
/// the head of the office: an officer's request waits for the head's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WalkIn {
    /// At which office.
    pub office: OfficeCode,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// How many people.
    pub people: u32,
    /// Why they go before others, if they do.
    pub priority: Option<PriorityReason>,
    /// Whether the place comes from the head's reserve.
    pub from_reserve: bool,
    /// Why the head should say yes, where the head is needed.
    pub reason: String,
}

/// What people without a ticket come for; children are counted with what their party comes for.
const SERVICES: [ServiceCode; 5] =
    [ServiceCode::New, ServiceCode::Replacement, ServiceCode::Lost, ServiceCode::Damaged, ServiceCode::DataChange];
const PASSPORTS: [PassportKind; 2] = [PassportKind::Electronic, PassportKind::Ordinary];

/// What an office does for people without a ticket on a day, and why not the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// What can be applied for, with one passport at least.
    pub services: Vec<ServiceCode>,
    /// What cannot.
    pub not_services: Vec<(ServiceCode, WhyNotOffered)>,
    /// Passports that can be had, with one service at least.
    pub passports: Vec<PassportKind>,
    /// Those that cannot.
    pub not_passports: Vec<(PassportKind, WhyNotOffered)>,
}

/// What the door of an office can offer to people without a ticket.
pub(super) fn received(office: &Office, date: Date) -> Received {
    let mut all = Received::default();
    let why = |service, passport| office.receives(service, passport, date).err().map(|NotOffered { why }| why);
    for service in SERVICES {
        let refused: Option<Vec<_>> = PASSPORTS.into_iter().map(|passport| why(service, passport)).collect();
        match refused.and_then(|all| all.first().copied()) {
            None => all.services.push(service),
            Some(why) => all.not_services.push((service, why)),
        }
    }
    for passport in PASSPORTS {
        let refused: Option<Vec<_>> = all.services.iter().map(|service| why(*service, passport)).collect();
        match refused.and_then(|all| all.first().copied()) {
            None => all.passports.push(passport),
            Some(why) => all.not_passports.push((passport, why)),
        }
    }
    all
}

impl WalkIn {
    fn needs_head(&self) -> bool {
        self.from_reserve || self.priority.is_some_and(PriorityReason::needs_head)
    }

    fn check(&self, cx: &Context<'_>, on: &Today<'_>) -> Result<(), Error> {
        if !(1..=u32::from(PARTY_MAX)).contains(&self.people) {
            return Err(DayRefusal::PeopleWrong { max: PARTY_MAX.into() }.into());
        }
        let Some(office) = cx.catalogue.offices.get(&self.office) else { return Ok(()) };
        let refused = |NotOffered { why }| Refusal::NotOfferedHere { index: 0, office: self.office, why }.into();
        office.receives(self.service, self.passport, on.date).map_err(refused)
    }

    fn receive(&self, tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>, by: StaffId) -> Result<VisitView, Error> {
        let pool = if self.from_reserve { Pool::Reserve } else { Pool::Priority };
        let slot = match (self.priority, self.from_reserve) {
            (None, false) => None,
            _ => Some(self.place(tx, cx, on, pool)?),
        };
        let class = if self.priority.is_some() { Class::Priority } else { Class::WalkIn };
        let number = visits::next_number(tx, &on.office, on.date, class)?.ok_or(DayRefusal::NumbersUsedUp)?;
        let new = NewVisit {
            office: on.office,
            date: on.date,
            number,
            party: None,
            slot,
            service: self.service,
            passport: self.passport,
            reason: self.priority,
            people: self.people,
            arrived_people: self.people,
            stage: Stage::Papers,
            due: cx.now,
            arrived: cx.now,
            kept: false,
        };
        let visit = arrive(tx, cx, &new)?;
        let why = self.priority.map_or("", PriorityReason::as_str);
        let from = if self.from_reserve { " reserve" } else { "" };
        note(tx, cx, Actor::Staff(by), "visit_walked_in", &visit, &format!("{} {why}{from}", self.service.as_str()))?;
        Ok(view(tx, cx, &visit)?)
    }

    /// Takes the places: of the window that is now, then of the later ones, then what the earlier ones left over.
    fn place(&self, tx: &Tx<'_>, cx: &Context<'_>, on: &Today<'_>, pool: Pool) -> Result<SlotId, Error> {
        let slots = slots::of_pool(tx, &on.office, on.date, pool)?;
        let (over, ahead): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| window_ends(slot, on.zone) <= cx.now);
        for slot in ahead.iter().chain(over.iter().rev()) {
            if slots::take(tx, slot.id, self.people)? {
                return Ok(slot.id);
            }
        }
        Err(if pool == Pool::Reserve { DayRefusal::ReserveFull } else { DayRefusal::PriorityFull }.into())
    }
}

impl Operation for WalkIn {
    const NAME: &'static str = "walk_in";
    type Outcome = Approved<VisitView>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<VisitView>, Error> {
        let on = work(tx, cx, Task::Door, &self.office)?;
        self.check(cx, &on)?;
        if self.needs_head() {
            checked_reason(&self.reason)?;
            if !on.officer.role.may(Task::Approve) {
                return Ok(Approved::Asked { request: approval_of(tx, cx, self)? });
            }
        }
        let outcome = self.receive(tx, cx, &on, on.officer.id)?;
        Ok(Approved::Done { outcome })
    }
}

impl Ask for WalkIn {
    fn office(&self) -> Option<&OfficeCode> {
        Some(&self.office)
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        tx.lock(&Lock::Day(&self.office))?;
        let on = today(cx, cx.officer(tx)?, &self.office);
        self.check(cx, &on)?;
        self.receive(tx, cx, &on, asked_by).map(drop)
    }
}
