//! Waves: at fixed times, places that were given back go to standby entries in drawn order, then to those who wish to
//! move, and only what nobody on those lists wants becomes free for all.

use std::collections::{BTreeMap, BTreeSet};

use antrean_domain::draw::entry::Leaf;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::{Places, SlotKey};
use antrean_domain::wave::{Waiting, match_wave};
use antrean_store::appointments::Source;
use antrean_store::entries::{EntryState, Standby};
use antrean_store::ids::{PartyId, SlotId};
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, entries, parties, slots, waves, wishes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::appointment::parse_wish;
use crate::booking::note_place;
use crate::caller::{Actor, Caller};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Failure, Note, Operation};
use crate::ticket::{free_until, place_told, zone_of};

/// Tries at a wave in one look of the clock, when people keep leaving while it is computed; the next look tries again.
const TRIES_MAX: u32 = 5;
/// Entries on standby read at once: a few megabytes.
const STANDBY_AT_ONCE: u32 = 5_000;

/// What a wave came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waved {
    /// Done, with so many parties placed or moved.
    Done(u32),
    /// It was done before.
    Before,
    /// Somebody left while it was computed: compute it again.
    Stale,
}

/// Runs the wave of a release that was due at `at`.
pub async fn wave(app: &App, release: &ReleaseId, at: Timestamp) -> Result<Waved, Failure> {
    for _ in 0..TRIES_MAX {
        let id = release.clone();
        let plan = app.ask(Caller::default(), move |tx, cx| Ok(compute(tx, cx, &id)?)).await?;
        let wave = Wave { release: release.clone(), at, plan };
        match app.perform_as(Actor::Clock, wave).await? {
            Waved::Stale => {}
            done => return Ok(done),
        }
    }
    Ok(Waved::Stale)
}

/// A place found for somebody.
#[derive(Serialize, Deserialize)]
struct Found {
    party: PartyId,
    slot: SlotId,
    choice: u32,
    size: u32,
    /// The slot that a wish gives up; `None` for standby.
    from: Option<SlotId>,
}

/// What a wave will do, computed from one snapshot.
#[derive(Serialize, Deserialize, Default)]
struct WavePlan {
    found: Vec<Found>,
    /// Slots whose remaining freed places nobody on the lists wants.
    open: Vec<(SlotId, u32)>,
}

fn compute(tx: &Tx<'_>, cx: &Context<'_>, release: &ReleaseId) -> Result<WavePlan, Fault> {
    let mut free: BTreeMap<SlotKey, Places> = BTreeMap::new();
    let mut by_key: BTreeMap<SlotKey, Slot> = BTreeMap::new();
    for slot in slots::freed_of_release(tx, release)? {
        let zone = zone_of(cx, &slot.key.office);
        if !slot.closed && cx.now < antrean_domain::release::booking_closes(slot.key.date, zone) {
            free.insert(slot.key, Places(slot.freed));
            by_key.insert(slot.key, slot);
        }
    }
    if free.is_empty() {
        return Ok(WavePlan::default());
    }
    let mut plan = WavePlan::default();
    let mut line = Line { tx, release, page: Vec::new().into_iter(), rank: 0, fault: None };
    for filled in match_wave(line.by_ref(), &mut free) {
        let (party, size) = filled.id;
        let slot = by_key[&filled.slot].id;
        plan.found.push(Found { party, slot, choice: filled.choice as u32, size, from: None });
    }
    if let Some(fault) = line.fault {
        return Err(fault);
    }
    // One wish at a time, and without the slot that is held already: keeping what one has uses up nothing.
    for wish in wishes::of_release(tx, release)? {
        let Some(held) = slots::get(tx, wish.slot)? else { continue };
        // Who is expected today is on the way, or has missed it: moving ends with the day before.
        if cx.now >= free_until(&held, zone_of(cx, &held.key.office)) {
            continue;
        }
        let kept = free.remove(&held.key);
        let party = Waiting { rank: 0, size: Places(wish.size), choices: parse_wish(&wish.choices)?, id: wish.party };
        for filled in match_wave([party], &mut free) {
            let slot = by_key[&filled.slot].id;
            let choice = filled.choice as u32;
            plan.found.push(Found { party: filled.id, slot, choice, size: wish.size, from: Some(wish.slot) });
        }
        free.extend(kept.map(|places| (held.key, places)));
    }
    let taken_of =
        |slot: SlotId| plan.found.iter().filter(|found| found.slot == slot).map(|found| found.size).sum::<u32>();
    plan.open = by_key
        .values()
        .map(|slot| (slot.id, slot.freed.saturating_sub(taken_of(slot.id))))
        .filter(|(_, places)| *places > 0)
        .collect();
    Ok(plan)
}

/// Those who wait, in drawn order, read a page at a time: a million are never in memory at once, and a wave that has
/// nothing left to give reads no further.
struct Line<'a> {
    tx: &'a Tx<'a>,
    release: &'a ReleaseId,
    page: std::vec::IntoIter<Standby>,
    /// The last rank that was read.
    rank: u32,
    /// Why reading ended early; then nothing of the wave may be used.
    fault: Option<Fault>,
}

impl Line<'_> {
    fn read(&mut self) -> Result<Option<Waiting<(PartyId, u32)>>, Fault> {
        if self.page.len() == 0 {
            self.page = entries::standby_after(self.tx, self.release, self.rank, STANDBY_AT_ONCE)?.into_iter();
        }
        let Some(entry) = self.page.next() else { return Ok(None) };
        self.rank = entry.rank;
        let leaf = Leaf::parse(&entry.leaf)
            .map_err(|error| Fault::Corrupt { what: format!("leaf of {}: {error}", entry.party) })?;
        let (size, choices) = (Places(entry.size), leaf.choices().collect());
        Ok(Some(Waiting { rank: u64::from(entry.rank), size, choices, id: (entry.party, entry.size) }))
    }
}

impl Iterator for Line<'_> {
    type Item = Waiting<(PartyId, u32)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().unwrap_or_else(|fault| {
            self.fault = Some(fault);
            None
        })
    }
}

#[derive(Serialize)]
struct Wave {
    release: ReleaseId,
    at: Timestamp,
    plan: WavePlan,
}

/// Between the snapshot and the write somebody left, or a day began.
struct Left;

impl Operation for Wave {
    const NAME: &'static str = "wave";
    type Outcome = Waved;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Waved, Error> {
        if waves::done(tx, &self.release, self.at)? {
            return Ok(Waved::Before);
        }
        let placed = self.plan.found.len() as u32;
        let applied = tx.attempt(|tx| {
            // First, so that of two nodes that run the same wave the second waits here and finds it done.
            if !waves::insert(tx, &self.release, self.at, cx.now, placed)? {
                return Err(Applied::Before);
            }
            self.hold(tx)?;
            for found in &self.plan.found {
                match Self::place(tx, cx, found)? {
                    Ok(()) => {}
                    Err(Left) => return Err(Applied::Stale),
                }
            }
            for (slot, places) in &self.plan.open {
                if !slots::open_freed(tx, *slot, *places)? {
                    return Err(Applied::Stale);
                }
                self.note_opened(tx, cx, *slot, *places)?;
            }
            note_wave(tx, cx, "wave_done", &self.release, self.at)?;
            Ok(())
        });
        match applied {
            Ok(()) => Ok(Waved::Done(placed)),
            Err(Applied::Before) => Ok(Waved::Before),
            Err(Applied::Stale) => Ok(Waved::Stale),
            Err(Applied::Fault(fault)) => Err(fault.into()),
        }
    }
}

enum Applied {
    Before,
    Stale,
    Fault(Fault),
}

impl From<Fault> for Applied {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Writes down that a wave was run, or that it was missed; the reason says which one, by the instant at which it was due.
pub(crate) fn note_wave(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    kind: &str,
    release: &ReleaseId,
    at: Timestamp,
) -> Result<(), Fault> {
    let note = Note { kind, release: Some(release.as_str()), reason: Some(&at.to_string()), ..Note::default() };
    cx.note(tx, Actor::Clock, note)
}

impl Wave {
    /// Places that become free for all: the reason says how many.
    fn note_opened(&self, tx: &Tx<'_>, cx: &Context<'_>, slot: SlotId, places: u32) -> Result<(), Fault> {
        let office = slots::get(tx, slot)?.map(|slot| slot.key.office);
        let note = Note {
            kind: "places_opened",
            release: Some(self.release.as_str()),
            slot: Some(slot),
            office: office.as_ref().map(antrean_domain::office::OfficeCode::as_str),
            reason: Some(&places.to_string()),
            ..Note::default()
        };
        cx.note(tx, Actor::Clock, note)
    }

    /// Whether the day of a slot has begun, or there is no such slot. A wave that was computed before midnight and is written after
    /// it, by a node that stood still, must neither give a place of today nor take one away.
    fn has_begun(tx: &Tx<'_>, cx: &Context<'_>, slot: SlotId) -> Result<bool, Fault> {
        let begins = |slot: Slot| free_until(&slot, zone_of(cx, &slot.key.office));
        Ok(slots::get(tx, slot)?.map(begins).is_none_or(|begins| cx.now >= begins))
    }

    /// Holds everything that the wave changes, in the order in which everybody does.
    fn hold(&self, tx: &Tx<'_>) -> Result<(), Fault> {
        let parties: BTreeSet<PartyId> = self.plan.found.iter().map(|found| found.party).collect();
        parties.into_iter().try_for_each(|party| parties::lock(tx, party))?;
        let found = self.plan.found.iter().flat_map(|found| [Some(found.slot), found.from]).flatten();
        slots::lock(tx, found.chain(self.plan.open.iter().map(|(slot, _)| *slot)))
    }

    fn place(tx: &Tx<'_>, cx: &Context<'_>, found: &Found) -> Result<Result<(), Left>, Fault> {
        for slot in std::iter::once(found.slot).chain(found.from) {
            if Self::has_begun(tx, cx, slot)? {
                return Ok(Err(Left));
            }
        }
        if !slots::take_freed(tx, found.slot, found.size)? {
            return Ok(Err(Left));
        }
        match found.from {
            None => {
                if !entries::advance(tx, found.party, &[EntryState::Standby], EntryState::Placed, cx.now)?
                    || !appointments::insert(tx, found.party, found.slot, Source::Wave, Some(found.choice), cx.now)?
                {
                    return Ok(Err(Left));
                }
            }
            Some(from) => {
                if !appointments::move_to(tx, found.party, from, found.slot, true, cx.now)? {
                    return Ok(Err(Left));
                }
                slots::give_back(tx, from, found.size)?;
                wishes::remove(tx, found.party)?;
            }
        }
        let missing = |what: &str| Fault::Corrupt { what: format!("{what} of party {}", found.party) };
        let party = parties::get(tx, found.party)?.ok_or_else(|| missing("row"))?;
        let slot = slots::get(tx, found.slot)?.ok_or_else(|| missing("slot"))?;
        note_place(tx, cx, Actor::Clock, "waved", found.party, &slot)?;
        let place = place_told(cx, found.party, &slot.key);
        tell(tx, cx, Recipient::Account(party.account), Message::Waved { place })?;
        Ok(Ok(()))
    }
}
