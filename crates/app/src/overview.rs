//! The public state of all releases, read once a second and shared by every reader: no reader ever costs a query.

use std::collections::BTreeMap;
use std::sync::Arc;

use antrean_domain::draw::encoding::Hash32;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId, ReleasePlan, booking_closes};
use antrean_domain::slot::{Pool, SlotKey, WindowStart};
use antrean_store::ids::SlotId;
use antrean_store::releases::ReleaseState;
use antrean_store::{Fault, Tx, entries, releases, slots, waves};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::caller::hex;
use crate::closure::PublicClosure;
use crate::operation::Context;
use crate::party::plan_of;
use crate::ticket::zone_of;
use crate::waiting::{self, LineView};

/// A window with places left, as an answer offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotOffer {
    /// Number for booking it.
    pub id: SlotId,
    /// Office, date and start.
    pub key: SlotKey,
    /// End of the window.
    pub ends: WindowStart,
    /// Places left when this was said.
    pub left: u32,
}

/// A slot in the overview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotView {
    /// Number for booking it.
    pub id: SlotId,
    /// Office, date and start.
    pub key: SlotKey,
    /// End of the window.
    pub ends: WindowStart,
    /// Places released.
    pub capacity: u32,
    /// Places that can be taken first come right now: 0 while they wait for the draw or a wave.
    pub left: u32,
    /// Closed by the office.
    pub closed: bool,
    /// Until when it can be booked or moved to.
    pub bookable_until: Timestamp,
}

/// What a release holds at one office.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OfficePlaces {
    /// Public places released.
    pub places: u32,
    /// Places that can be taken first come right now.
    pub left: u32,
    /// Entries whose first choice is this office.
    pub entries: u32,
    /// People in those entries.
    pub people: u32,
}

/// A wave that went out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaveView {
    /// Its fixed time.
    pub at: Timestamp,
    /// Parties that got a place in it.
    pub placed: u32,
}

/// A release as everybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseView {
    /// Its id, such as `2026-W49`.
    pub id: ReleaseId,
    /// How it gives places.
    pub mode: Mode,
    /// Where it stands.
    pub state: ReleaseState,
    /// Everything that was decided about it before it opened.
    pub plan: ReleasePlan,
    /// SHA-256 of the rules file, hexadecimal: what capacity was promised.
    pub rules_sha256: String,
    /// When the draw is expected, or was made possible by the beacon.
    pub draw: Timestamp,
    /// The beacon's round; 0 for a beacon without rounds.
    pub round: u64,
    /// After this instant no standby entry can get a place.
    pub ends: Timestamp,
    /// Public places over all offices.
    pub places: u32,
    /// Places that can be taken first come right now.
    pub left: u32,
    /// Entries so far.
    pub entries: u32,
    /// People in them.
    pub people: u32,
    /// By office.
    pub offices: BTreeMap<OfficeCode, OfficePlaces>,
    /// The public slots, by office, date and start.
    pub slots: Vec<SlotView>,
    /// When the list was frozen: the text of the freeze file.
    pub freeze_file: Option<String>,
    /// The beacon file.
    pub beacon_file: Option<String>,
    /// The seed, hexadecimal.
    pub seed: Option<String>,
    /// When the draw was complete.
    pub drawn: Option<Timestamp>,
    /// Waves that went out.
    pub waves: Vec<WaveView>,
    /// The next wave.
    pub next_wave: Option<Timestamp>,
    /// Its waiting room, where it has one.
    pub line: Option<LineView>,
    /// Ranks still on standby, ascending.
    #[serde(skip)]
    pub standby_ranks: Arc<Vec<u32>>,
}

impl ReleaseView {
    /// How many entries are on standby.
    pub fn standby(&self) -> u32 {
        self.standby_ranks.len() as u32
    }

    /// The place of a rank among those on standby, from 1.
    pub fn standby_position(&self, rank: u32) -> Option<u32> {
        self.standby_ranks.binary_search(&rank).ok().map(|index| index as u32 + 1)
    }

    /// The slots of one office, by date and start.
    pub fn slots_of(&self, office: &OfficeCode) -> &[SlotView] {
        let first = self.slots.partition_point(|slot| slot.key.office < *office);
        let beyond = self.slots.partition_point(|slot| slot.key.office <= *office);
        &self.slots[first..beyond]
    }
}

/// All releases that are not long past, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// When it was read.
    pub at: Timestamp,
    /// Grows whenever anything in it changed.
    pub version: u64,
    /// The releases.
    pub releases: Vec<Arc<ReleaseView>>,
    /// What offices have closed, today and later, by its first day.
    pub closures: Arc<Vec<PublicClosure>>,
}

/// Standby lists up to this length are read anew every second.
const STANDBY_RESCAN_MAX: usize = 20_000;

/// Releases kept in the overview; older ones are read from the store when somebody asks.
const RELEASES_MAX: u32 = 12;

impl Overview {
    /// Nothing yet.
    pub fn empty(at: Timestamp) -> Self {
        Self { at, version: 0, releases: Vec::new(), closures: Arc::default() }
    }

    /// A release by id.
    pub fn release(&self, id: &ReleaseId) -> Option<&Arc<ReleaseView>> {
        self.releases.iter().find(|release| release.id == *id)
    }

    /// What an office has closed, today and later.
    pub fn closures_of(&self, office: &OfficeCode) -> impl Iterator<Item = &PublicClosure> {
        self.closures.iter().filter(move |closure| closure.office == *office)
    }

    /// The release that matters most now: one that is open, else the next planned, else the newest.
    pub fn current(&self) -> Option<&Arc<ReleaseView>> {
        let by_state = |wanted: &[ReleaseState]| {
            self.releases
                .iter()
                .filter(|release| wanted.contains(&release.state))
                .min_by_key(|release| release.plan.opening.earliest())
        };
        by_state(&[ReleaseState::Open])
            .or_else(|| by_state(&[ReleaseState::Frozen, ReleaseState::Drawing]))
            .or_else(|| self.releases.iter().find(|release| release.state == ReleaseState::Drawn))
            .or_else(|| by_state(&[ReleaseState::Planned]))
            .or_else(|| self.releases.first())
    }

    /// Reads the state anew, keeping what cannot have changed since `before`.
    pub(crate) fn read(tx: &Tx<'_>, cx: &Context<'_>, before: &Overview) -> Result<Self, Fault> {
        let mut views = Vec::new();
        for release in releases::newest(tx, RELEASES_MAX)? {
            let known = before.release(&release.id);
            if let Some(known) = known
                && release.state == ReleaseState::Closed
                && known.state == ReleaseState::Closed
            {
                views.push(Arc::clone(known));
                continue;
            }
            let fresh = read_release(tx, cx, &release, known)?;
            match known {
                Some(known) if **known == fresh => views.push(Arc::clone(known)),
                _ => views.push(Arc::new(fresh)),
            }
        }
        let same = views.len() == before.releases.len()
            && views.iter().zip(&before.releases).all(|(new, old)| Arc::ptr_eq(new, old));
        let closures = crate::closure::public(tx, cx.now)?;
        let closures = if closures == *before.closures { Arc::clone(&before.closures) } else { Arc::new(closures) };
        let same = same && Arc::ptr_eq(&closures, &before.closures);
        let version = if same { before.version } else { before.version + 1 };
        Ok(Self { at: cx.now, version, releases: views, closures })
    }
}

fn read_release(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    release: &releases::Release,
    known: Option<&Arc<ReleaseView>>,
) -> Result<ReleaseView, Fault> {
    let plan = plan_of(release)?;
    let mut offices: BTreeMap<OfficeCode, OfficePlaces> = BTreeMap::new();
    let mut views = Vec::new();
    let given_first_come =
        matches!((plan.mode, release.state), (Mode::Draw, ReleaseState::Drawn) | (Mode::FirstCome, ReleaseState::Open));
    for slot in slots::of_release(tx, &release.id)? {
        if slot.pool != Pool::Public {
            continue;
        }
        let zone = zone_of(cx, &slot.key.office);
        let bookable_until = booking_closes(slot.key.date, zone);
        let open = given_first_come && !slot.closed && cx.now < bookable_until && cx.now >= plan.opening.opens(zone);
        let left = if open { slot.left() } else { 0 };
        let office = offices.entry(slot.key.office).or_default();
        if !slot.closed {
            office.places += slot.capacity;
        }
        office.left += left;
        views.push(SlotView {
            id: slot.id,
            ends: slot.ends,
            capacity: slot.capacity,
            left,
            closed: slot.closed,
            bookable_until,
            key: slot.key,
        });
    }
    // Engines need not agree with us about the order of texts, and offices are looked up in this list.
    views.sort_unstable_by_key(|view| (view.key.office, view.key.date, view.key.starts));
    for (office, entries, people) in releases::counts(tx, &release.id)? {
        let counted = offices.entry(office).or_default();
        counted.entries = entries as u32;
        counted.people = people as u32;
    }
    let went_out = waves::list(tx, &release.id)?;
    let waves: Vec<WaveView> = went_out.iter().map(|wave| WaveView { at: wave.at, placed: wave.placed }).collect();
    // Standby only changes with the draw, a wave, a withdrawal or a leftover taken; a fresh scan of a large release
    // is not worth a second, so it is repeated when the state or the number of waves has changed, or the list is short.
    let standby_ranks = match known {
        Some(known)
            if known.state == release.state
                && known.waves.len() == waves.len()
                && known.standby_ranks.len() > STANDBY_RESCAN_MAX =>
        {
            Arc::clone(&known.standby_ranks)
        }
        _ if release.state == ReleaseState::Drawn => Arc::new(entries::standby_ranks(tx, &release.id)?),
        _ => Arc::default(),
    };
    let next_wave = antrean_domain::wave::wave_instants(&plan).into_iter().find(|at| *at > cx.now);
    let mut view = ReleaseView {
        id: release.id.clone(),
        mode: plan.mode,
        state: release.state,
        rules_sha256: Hash32::of(release.rules.as_bytes()).to_string(),
        draw: crate::release::draw_instant(release.round, &plan),
        round: release.round,
        ends: release.ends,
        places: offices.values().map(|office| office.places).sum(),
        left: offices.values().map(|office| office.left).sum(),
        entries: offices.values().map(|office| office.entries).sum(),
        people: offices.values().map(|office| office.people).sum(),
        offices,
        slots: views,
        freeze_file: release.freeze_file.clone(),
        beacon_file: release.beacon_file.clone(),
        seed: release.seed.as_ref().map(|seed| hex(seed)),
        drawn: release.drawn,
        waves,
        next_wave,
        line: None,
        standby_ranks,
        plan,
    };
    view.line = waiting::view_line(tx, cx, &view, known.and_then(|known| known.line.as_ref()))?;
    Ok(view)
}
