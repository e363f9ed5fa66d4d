//! Whether ranked choices can be met at all: each is checked against the release before it is accepted, and says why not.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use antrean_domain::draw::entry::Choice;
use antrean_domain::office::{NotOffered, OfficeCode};
use antrean_domain::release::{Mode, ReleaseId, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::SlotKey;
use antrean_store::releases::ReleaseState;
use antrean_store::slots;
use antrean_store::{Fault, Tx};
use jiff::Timestamp;

use crate::operation::Context;
use crate::refusal::Refusal;

/// No release allows more choices than this.
const CHOICES_READ_MAX: usize = 20;

/// A public slot as far as a choice is concerned.
struct Offer {
    key: SlotKey,
    capacity: u32,
    closed: bool,
}

/// The public slots of the chosen offices, looked up once for all choices of a request.
pub(crate) struct Offered(BTreeMap<OfficeCode, Vec<Offer>>);

impl Offered {
    /// Looks the slots of every chosen office up; more choices than any release allows are not looked at.
    ///
    /// Nothing about the slots of an open release changes but closures, so the public state does: a choice of a window that was
    /// closed this second is as good as one that will be closed in the next.
    pub(crate) fn read(tx: &Tx<'_>, cx: &Context<'_>, release: &ReleaseId, choices: &[Choice]) -> Result<Self, Fault> {
        let shown = cx.overview.release(release).filter(|view| view.state != ReleaseState::Planned);
        let mut by_office = BTreeMap::new();
        for choice in choices.iter().take(CHOICES_READ_MAX) {
            let Entry::Vacant(office) = by_office.entry(choice.office) else { continue };
            let offers: Vec<Offer> = match shown {
                Some(view) => view
                    .slots_of(&choice.office)
                    .iter()
                    .map(|slot| Offer { key: slot.key, capacity: slot.capacity, closed: slot.closed })
                    .collect(),
                None => slots::of_release_at(tx, release, &choice.office)?
                    .into_iter()
                    .map(|slot| Offer { key: slot.key, capacity: slot.capacity, closed: slot.closed })
                    .collect(),
            };
            office.insert(offers);
        }
        by_office.retain(|_, offers| !offers.is_empty());
        Ok(Self(by_office))
    }
}

/// What a party wants, as far as its choices are concerned.
pub(crate) struct Wanted<'a> {
    pub service: ServiceCode,
    pub passport: PassportKind,
    pub size: u32,
    pub choices: &'a [Choice],
}

/// Refuses choices of an entry: those that could never be met, and those at offices where the release is not open now.
pub(crate) fn check(
    cx: &Context<'_>,
    plan: &ReleasePlan,
    offered: &Offered,
    wanted: &Wanted<'_>,
) -> Result<(), Refusal> {
    check_places(cx, plan, offered, wanted)?;
    for choice in wanted.choices {
        if let Some(office) = cx.catalogue.offices.get(&choice.office) {
            open_here(plan, cx.now, &choice.office, office.zone)?;
        }
    }
    Ok(())
}

/// Refuses choices that could never be met: unknown office, nothing at that hour, service not offered, party too large.
pub(crate) fn check_places(
    cx: &Context<'_>,
    plan: &ReleasePlan,
    offered: &Offered,
    wanted: &Wanted<'_>,
) -> Result<(), Refusal> {
    if wanted.choices.is_empty() {
        return Err(Refusal::NoChoice);
    }
    if wanted.choices.len() > usize::from(plan.choices_max) {
        return Err(Refusal::TooManyChoices { max: u32::from(plan.choices_max) });
    }
    let mut seen = BTreeSet::new();
    for (index, choice) in wanted.choices.iter().enumerate() {
        let index = index as u32;
        if !seen.insert(choice.to_string()) {
            return Err(Refusal::ChoiceTwice { index });
        }
        let code = &choice.office;
        let Some(office) = cx.catalogue.offices.get(code) else { return Err(Refusal::OfficeUnknown { index }) };
        let Some(slots) = offered.0.get(code) else {
            return Err(Refusal::OfficeNotInRelease { index, office: *code });
        };
        let matching: Vec<&Offer> = slots.iter().filter(|slot| !slot.closed && choice.takes(&slot.key)).collect();
        let Some(first) = matching.first() else {
            return Err(Refusal::NothingMatches { index, office: *code });
        };
        if let Err(NotOffered { why }) = office.offers(wanted.service, wanted.passport, first.key.date) {
            return Err(Refusal::NotOfferedHere { index, office: *code, why });
        }
        let largest = matching.iter().map(|slot| slot.capacity).max().unwrap_or(0);
        if largest < wanted.size {
            return Err(Refusal::NeverFits { index, office: *code, largest });
        }
    }
    Ok(())
}

/// Refuses while the release has not opened in the zone of the office: 14.00 comes first in the east.
pub(crate) fn open_here(
    plan: &ReleasePlan,
    now: Timestamp,
    office: &OfficeCode,
    zone: antrean_domain::region::Zone,
) -> Result<(), Refusal> {
    let opens = plan.opening.opens(zone);
    if now < opens {
        return Err(Refusal::NotOpenYet { opens, office: Some(*office) });
    }
    if plan.mode == Mode::Draw && now >= plan.freeze {
        return Err(Refusal::EntriesClosed { since: plan.freeze });
    }
    Ok(())
}
