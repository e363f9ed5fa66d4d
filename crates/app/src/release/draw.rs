//! The draw: a function of what was published, written down in pieces that can be repeated, announced when complete.

use std::collections::HashMap;
use std::sync::Arc;

use antrean_domain::draw::allocate::Board;
use antrean_domain::draw::beacon::BeaconValue;
use antrean_domain::draw::chance::Chance;
use antrean_domain::draw::closures::Closures;
use antrean_domain::draw::freeze::{FreezeFile, Freezer};
use antrean_domain::draw::seed::Seed;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::{Pool, SlotKey};
use antrean_store::appointments::Source;
use antrean_store::entries::EntryState;
use antrean_store::ids::{PartyId, SlotId};
use antrean_store::locks::Lock;
use antrean_store::releases::{self, Release, ReleaseState};
use antrean_store::{Fault, Store, Tx, appointments, entries, parties, slots};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::freeze::read_frozen;
use super::{is_over, rules_of};
use crate::app::App;
use crate::caller::Actor;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Failure, Note, Operation};
use crate::party::{link_of, plan_of};
use crate::refusal::Refusal;
use crate::ticket::place_told;

/// Results written in one operation: a few milliseconds of the writer's time, so that nobody else waits for a whole draw.
/// More would be slower too: what the engine keeps to undo an operation is walked at the end of each of its statements.
const CHUNK: usize = 100;
/// Pieces on their way at once; together they are a commit of a tenth of a second at most.
const CHUNKS_AT_ONCE: usize = 32;

/// Puts the beacon's value and the seed into a frozen release, once. A second value is refused: nothing is drawn twice.
#[derive(Serialize, Deserialize)]
pub struct GiveBeacon {
    /// The release.
    pub release: ReleaseId,
    /// The beacon file, as published.
    pub file: String,
}

impl Operation for GiveBeacon {
    const NAME: &'static str = "give_beacon";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        tx.lock(&Lock::ReleaseMoves(&self.release))?;
        let release = releases::get(tx, &self.release)?.ok_or(Refusal::ReleaseUnknown)?;
        let Some(freeze) = &release.freeze_file else {
            return Err(Refusal::BeaconRefused { why: "there is no freeze file yet".to_owned() }.into());
        };
        let freeze = FreezeFile::parse(freeze.as_bytes())
            .map_err(|error| Fault::Corrupt { what: format!("freeze file of {}: {error}", release.id) })?;
        let refuse = |why: String| Error::Refused(Refusal::BeaconRefused { why });
        let value = BeaconValue::parse(self.file.as_bytes()).map_err(|error| refuse(error.to_string()))?;
        value.verify().map_err(|error| refuse(error.to_string()))?;
        if value.id() != freeze.beacon || value.round() != freeze.round {
            let wanted = format!("the freeze file names {} round {}", freeze.beacon, freeze.round);
            return Err(refuse(format!("{wanted}, the value is of {} round {}", value.id(), value.round())));
        }
        let seed = Seed::derive(&release.id, &freeze.root, freeze.size, &value);
        if !releases::set_beacon(tx, &self.release, &self.file, &seed.0)? {
            return Err(refuse("the release has its value already; a draw is never run a second time".to_owned()));
        }
        let over = is_over(&plan_of(&release)?, cx.now);
        if over || !releases::advance(tx, &self.release, &[ReleaseState::Frozen], ReleaseState::Drawing)? {
            return Err(refuse("the release is over; its places cannot be used any more".to_owned()));
        }
        cx.note(
            tx,
            Actor::Clock,
            Note { kind: "beacon_given", release: Some(self.release.as_str()), ..Note::default() },
        )?;
        Ok(())
    }
}

/// What a draw came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// Entries in the frozen list.
    pub entries: u32,
    /// Entries that got a place.
    pub placed: u32,
}

/// One entry's result, small: a draw has a million of them.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    party: u64,
    rank: u32,
    /// Index into the table of slots; `NO_PLACE` for standby.
    slot: u32,
    choice: u8,
    size: u8,
}

const NO_PLACE: u32 = u32::MAX;

/// Draws a release whose state is `drawing`, from where an interrupted draw left off. Computes everything anew: the same
/// input gives the same result, on every node and after every crash.
pub async fn draw(app: &App, release: &ReleaseId) -> Result<Drawn, Failure> {
    let store = app.store().clone();
    let (outcomes, table, through) = compute(&store, release).await?;
    let chance = Chance::of(&outcomes.iter().map(|outcome| outcome.rank).collect::<Vec<_>>());
    if let Some(chance) = chance.filter(|chance| !chance.is_plausible()) {
        // The order stands whatever it looks like; but somebody must look before they trust the program again.
        tracing::error!(%release, parts = chance.parts, halves = chance.halves, "ranks depend on the time of entry");
    }
    let placed = outcomes.iter().filter(|outcome| outcome.slot != NO_PLACE).count() as u32;
    let entries = outcomes.len() as u32;
    let next_wave = app.overview().release(release).and_then(|release| release.next_wave);
    let (outcomes, table) = (Arc::new(outcomes), Arc::new(table));
    let mut from = outcomes.partition_point(|outcome| outcome.party <= through);
    while from < outcomes.len() {
        // Pieces are independent: each entry's result is written only where there is none. So some are on their way at
        // once and share commits, and a piece that is repeated after a crash changes nothing.
        let mut writing = JoinSet::new();
        for _ in 0..CHUNKS_AT_ONCE {
            let to = (from + CHUNK).min(outcomes.len());
            if from == to {
                break;
            }
            let chunk = Chunk {
                release: release.clone(),
                outcomes: Arc::clone(&outcomes),
                range: (from, to),
                table: Arc::clone(&table),
                next_wave,
            };
            let app = app.clone();
            writing.spawn(async move { app.perform_as(Actor::Clock, chunk).await });
            from = to;
        }
        while let Some(written) = writing.join_next().await {
            let written = written.unwrap_or_else(|stopped| {
                tracing::error!(%stopped, "a piece of a draw was not written");
                Err(Failure::Broken)
            })?;
            if !written {
                // Another node has completed this draw; its work and ours are the same.
                return Ok(Drawn { entries, placed });
            }
        }
        let through = PartyId(outcomes[from - 1].party as i64);
        app.perform_as(Actor::Clock, Progress { release: release.clone(), through }).await?;
    }
    app.perform_as(
        Actor::Clock,
        Complete { release: release.clone(), chance: chance.map(|chance| (chance.parts, chance.halves)) },
    )
    .await?;
    Ok(Drawn { entries, placed })
}

type Computed = (Vec<Outcome>, Vec<(SlotId, SlotKey)>, u64);

async fn compute(store: &Store, id: &ReleaseId) -> Result<Computed, Failure> {
    let id = id.clone();
    Ok(store
        .read(move |tx| {
            let release =
                releases::get(tx, &id)?.ok_or_else(|| Fault::Corrupt { what: format!("release {id} is gone") })?;
            compute_in(tx, &release)
        })
        .await?)
}

fn compute_in(tx: &Tx<'_>, release: &Release) -> Result<Computed, Fault> {
    let broken =
        |what: &str, why: &dyn std::fmt::Display| Fault::Corrupt { what: format!("{what} of {}: {why}", release.id) };
    let rules = rules_of(release)?;
    let closures = Closures::parse(release.closures.as_bytes()).map_err(|error| broken("closures", &error))?;
    let seed = Seed(release.seed.ok_or_else(|| broken("seed", &"missing"))?);
    let frozen = read_frozen(tx, release, Freezer::new(release.id.clone(), rules.hash()))?;
    let freeze = release.freeze_file.as_deref().unwrap_or_default();
    let freeze = FreezeFile::parse(freeze.as_bytes()).map_err(|error| broken("freeze file", &error))?;
    if freeze.root != frozen.root() || freeze.size != frozen.size() {
        return Err(broken("entries", &"not what was frozen"));
    }
    let ids: HashMap<SlotKey, SlotId> = slots::of_release(tx, &release.id)?
        .into_iter()
        .filter(|slot| slot.pool == Pool::Public)
        .map(|slot| (slot.key, slot.id))
        .collect();
    let mut table = Vec::with_capacity(rules.slots().len());
    for (key, _) in rules.slots() {
        table.push((*ids.get(key).ok_or_else(|| broken("slot", key))?, *key));
    }
    let board = Board::new(&rules, &closures).map_err(|error| broken("closures", &error))?;
    let drawing = frozen.draw(&seed, board);
    let mut outcomes: Vec<Outcome> = drawing
        .placements()
        .map(|placement| Outcome {
            party: placement.party,
            rank: placement.rank,
            slot: placement.place.map_or(NO_PLACE, |given| given.slot as u32),
            choice: placement.place.map_or(0, |given| given.choice),
            size: placement.size,
        })
        .collect();
    // By party, as the rows lie: the writer then touches each page once.
    outcomes.sort_unstable_by_key(|outcome| outcome.party);
    Ok((outcomes, table, release.drawn_through.0 as u64))
}

/// Notes how far the results are written, so that a draw that was cut off goes on from there.
#[derive(Serialize, Deserialize)]
struct Progress {
    release: ReleaseId,
    through: PartyId,
}

impl Operation for Progress {
    const NAME: &'static str = "draw_progress";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, _: &Context<'_>) -> Result<(), Error> {
        Ok(releases::set_progress(tx, &self.release, self.through)?)
    }
}

/// Writes the results of some entries that have none yet. `false` if the draw is complete already.
struct Chunk {
    release: ReleaseId,
    outcomes: Arc<Vec<Outcome>>,
    range: (usize, usize),
    table: Arc<Vec<(SlotId, SlotKey)>>,
    next_wave: Option<Timestamp>,
}

impl Serialize for Chunk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Only asked for with an idempotency key, which the clock never sends.
        (&self.release, self.range).serialize(serializer)
    }
}

impl Operation for Chunk {
    const NAME: &'static str = "write_results";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        if releases::state(tx, &self.release)? != Some(ReleaseState::Drawing) {
            return Ok(false);
        }
        let outcomes = &self.outcomes[self.range.0..self.range.1];
        // They are in the order of the parties' numbers. Pieces written at once share slots.
        outcomes.iter().try_for_each(|outcome| parties::lock(tx, PartyId(outcome.party as i64)))?;
        let placed = outcomes.iter().filter(|outcome| outcome.slot != NO_PLACE);
        slots::lock(tx, placed.map(|outcome| self.table[outcome.slot as usize].0))?;
        for outcome in outcomes {
            self.write(tx, cx, outcome)?;
        }
        Ok(true)
    }
}

impl Chunk {
    fn write(&self, tx: &Tx<'_>, cx: &Context<'_>, outcome: &Outcome) -> Result<(), Fault> {
        let party = PartyId(outcome.party as i64);
        let Outcome { rank, size, .. } = *outcome;
        let impossible =
            |what: &str| Fault::Corrupt { what: format!("draw of {}: {what} for party {party}", self.release) };
        if outcome.slot == NO_PLACE {
            if !entries::write_result(tx, party, rank, None, EntryState::Standby, cx.now)? {
                return Ok(());
            }
            if cx.policy.tell_standby
                && let Some(live) = parties::get(tx, party)?.filter(|party| party.live)
            {
                let message = Message::Standby {
                    release: self.release.clone(),
                    link: link_of(cx, party),
                    rank,
                    next_wave: self.next_wave,
                };
                tell(tx, cx, Recipient::Account(live.account), message)?;
            }
            return Ok(());
        }
        let (slot, key) = &self.table[outcome.slot as usize];
        if !entries::write_result(tx, party, rank, Some(&key.to_string()), EntryState::Placed, cx.now)? {
            return Ok(());
        }
        let row = parties::get(tx, party)?.ok_or_else(|| impossible("no row"))?;
        if !row.live {
            // Left after the freeze: the line stands, the place goes to the next wave.
            if !slots::free_directly(tx, *slot, u32::from(size))? {
                return Err(impossible("no room to free"));
            }
            return self.note(tx, cx, "place_left", party, *slot, key);
        }
        if !slots::take(tx, *slot, u32::from(size))? {
            return Err(impossible("no room"));
        }
        if !appointments::insert(tx, party, *slot, Source::Draw, Some(u32::from(outcome.choice)), cx.now)? {
            return Err(impossible("an appointment already"));
        }
        self.note(tx, cx, "drawn", party, *slot, key)?;
        tell(tx, cx, Recipient::Account(row.account), Message::Drawn { place: place_told(cx, party, key) })
    }

    fn note(
        &self,
        tx: &Tx<'_>,
        cx: &Context<'_>,
        kind: &str,
        party: PartyId,
        slot: SlotId,
        key: &SlotKey,
    ) -> Result<(), Fault> {
        let note = Note {
            kind,
            release: Some(self.release.as_str()),
            party: Some(party),
            slot: Some(slot),
            office: Some(key.office.as_str()),
            reason: None,
        };
        cx.note(tx, Actor::Clock, note)
    }
}

/// Marks the draw complete: from now on it is published, and leftovers can be taken.
#[derive(Serialize, Deserialize)]
struct Complete {
    release: ReleaseId,
    /// The two figures of [`Chance`], for the log of changes.
    chance: Option<(f64, f64)>,
}

impl Operation for Complete {
    const NAME: &'static str = "complete_draw";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        if !releases::advance(tx, &self.release, &[ReleaseState::Drawing], ReleaseState::Drawn)? {
            return Ok(false);
        }
        releases::set_drawn(tx, &self.release, cx.now)?;
        let chance = self.chance.map(|(parts, halves)| format!("rank against time: {parts:.2} {halves:.2}"));
        let (release, reason) = (Some(self.release.as_str()), chance.as_deref());
        cx.note(tx, Actor::Clock, Note { kind: "draw_complete", release, reason, ..Note::default() })?;
        Ok(true)
    }
}
