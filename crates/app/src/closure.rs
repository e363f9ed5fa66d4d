//! Closures: an office takes places back, and whoever held them gets others, or is told and called. The closing is one transaction; the
//! people are settled in small pieces after it, which may stop anywhere and go on, on any node.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use antrean_domain::appointment::{AppointmentEvent, AppointmentState, next};
use antrean_domain::closure::{Cause, Free, Range, Relocation, assign, best_first};
use antrean_domain::draw::closures::{Closure as DrawClosure, Closures as DrawClosures};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId, booking_closes};
use antrean_domain::slot::{Pool, SlotKey};
use antrean_domain::staff::Task;
use antrean_store::closures::{self, Calls, Closure, Fate, Holder, NewClosure, Part};
use antrean_store::ids::{ClosureId, PartyId, SlotId, StaffId};
use antrean_store::locks::Lock;
use antrean_store::releases::{self, ReleaseState};
use antrean_store::slots::Slot;
use antrean_store::{Fault, Tx, appointments, parties, replacements, slots, staff, wishes};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::appointment::release_place;
use crate::booking::note_place;
use crate::caller::Actor;
use crate::entropy;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Failure, Note, Operation};
use crate::party::{link_of, plan_of};
use crate::refusal::Refusal;
use crate::staff::{Approved, Ask, StaffRefusal, approval, name_of};
use crate::ticket::{code_of, place_told, zone_of};

/// Places that one person may take back alone; more need a second one.
pub const ALONE_PLACES_MAX: u32 = 20;
/// Parties settled in one operation: a few milliseconds of the writer's time, so that others are served in between.
const SETTLED_AT_ONCE: u32 = 50;
/// Closures listed at most.
const LISTED_MAX: u32 = 100;
/// Characters of the words for the public.
pub const WORDS_MAX: usize = 120;
/// Closures that the public is told of at once.
const PUBLIC_MAX: u32 = 500;
/// Whoever lost a place may choose another before others for so long: several releases.
const REPLACED_WITHIN: SignedDuration = SignedDuration::from_hours(60 * 24);
/// The purpose under which what was heard on the telephone is sealed.
const SEAL_CALL: &str = "closure-call";

/// What is to be closed, why, and where the people go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The office.
    pub office: OfficeCode,
    /// Which of its windows.
    pub range: Range,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, for the public: one line.
    pub words: String,
    /// Where the people go.
    pub relocation: Relocation,
}

/// What a closure would do, or why it cannot be.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What would be closed: hours that are touched are closed whole.
    pub range: Range,
    /// Hours of service that would be closed.
    pub windows: u32,
    /// Parties that hold places in them, and their people.
    pub parties: u32,
    /// Their people.
    pub people: u32,
    /// What would become of each party: its queue code, what it has, what it would have.
    pub effects: Vec<Effect>,
    /// Parties that would have nothing.
    pub unplaced: u32,
    /// Whether a second person has to agree.
    pub needs_second: bool,
}

/// What would become of one party.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Its queue code.
    pub code: String,
    /// How many people.
    pub size: u32,
    /// What it has.
    pub from: SlotKey,
    /// What it would have.
    pub to: Option<SlotKey>,
}

/// What closing would do, by the same rule by which it is done; between looking and doing others may book.
pub fn preview(tx: &Tx<'_>, cx: &Context<'_>, plan: &Plan) -> Result<Preview, Error> {
    cx.officer_for(tx, Task::Close, Some(&plan.office))?;
    let windows = future_windows(tx, cx, plan)?;
    let holders = closures::holders(tx, &plan.office, &plan.range)?;
    let is_closed =
        |slot: &Slot| slot.key.office == plan.office && plan.range.holds(slot.key.date, slot.key.starts, slot.ends);
    let mut effects = Vec::with_capacity(holders.len());
    for release in windows.iter().map(|slot| &slot.release).collect::<BTreeSet<_>>() {
        let free = free_places(tx, cx, &plan.office, plan.relocation, release, &is_closed)?;
        let of_release = holders.iter().filter(|held| held.release == *release);
        let wanted: Vec<(&Holder, SlotKey, u32)> = of_release.map(|held| (held, held.key, held.size)).collect();
        effects.extend(assign(&wanted, &free).into_iter().map(|(held, to)| Effect {
            code: code_of(cx, &held.key.office, held.party).to_string(),
            size: held.size,
            from: held.key,
            to: to.map(|to| to.slot),
        }));
    }
    let people = holders.iter().map(|held| held.size).sum();
    Ok(Preview {
        range: plan.range.over(windows.iter().map(|slot| (slot.key.starts, slot.ends))),
        windows: windows.iter().map(|slot| (slot.key.date, slot.key.starts)).collect::<BTreeSet<_>>().len() as u32,
        parties: holders.len() as u32,
        people,
        unplaced: effects.iter().filter(|effect| effect.to.is_none()).count() as u32,
        effects,
        needs_second: people > ALONE_PLACES_MAX,
    })
}

/// The closure that a request asks for and what it would do now, unless it can be done no more.
pub(crate) fn asked_for(tx: &Tx<'_>, cx: &Context<'_>, body: &str) -> Result<Option<(Plan, Option<Preview>)>, Error> {
    let Ok(StartClosure { plan }) = serde_json::from_str(body) else { return Ok(None) };
    match preview(tx, cx, &plan) {
        Ok(preview) => Ok(Some((plan, Some(preview)))),
        Err(Error::Fault(fault)) => Err(fault.into()),
        Err(Error::Refused(_) | Error::Counted(_)) => Ok(Some((plan, None))),
    }
}

/// The windows of the range that have not begun, refused where there are none or one cannot be closed now.
fn future_windows(tx: &Tx<'_>, cx: &Context<'_>, plan: &Plan) -> Result<Vec<closures::OpenSlot>, Error> {
    let zone = zone_of(cx, &plan.office);
    let mut windows = closures::open_slots(tx, &plan.office, &plan.range)?;
    if windows.iter().any(|slot| zone.at(slot.key.date.to_datetime(slot.key.starts.time())) <= cx.now) {
        return Err(StaffRefusal::ClosureBegun.into());
    }
    windows.retain(|slot| slot.state != ReleaseState::Closed);
    if windows.is_empty() {
        return Err(StaffRefusal::NothingToClose.into());
    }
    if windows.iter().any(|slot| matches!(slot.state, ReleaseState::Frozen | ReleaseState::Drawing)) {
        return Err(StaffRefusal::ClosureDuringDraw.into());
    }
    Ok(windows)
}

/// Closes windows, and names everybody whose places are taken back with it. More than a set number of places needs a second person.
#[derive(Debug, Serialize, Deserialize)]
pub struct StartClosure {
    /// What, why and where to.
    #[serde(flatten)]
    pub plan: Plan,
}

impl Operation for StartClosure {
    const NAME: &'static str = "closure_start";
    type Outcome = Approved<ClosureId>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<ClosureId>, Error> {
        let officer = cx.officer_for(tx, Task::Close, Some(&self.plan.office))?.id;
        let affected: u32 =
            closures::holders(tx, &self.plan.office, &self.plan.range)?.iter().map(|held| held.size).sum();
        if affected > ALONE_PLACES_MAX {
            future_windows(tx, cx, &self.plan)?;
            self.words()?;
            return Ok(Approved::Asked { request: approval::ask(tx, cx, self)? });
        }
        Ok(Approved::Done { outcome: self.close(tx, cx, officer)? })
    }
}

impl Ask for StartClosure {
    fn office(&self) -> Option<&OfficeCode> {
        Some(&self.plan.office)
    }

    fn reason(&self) -> &str {
        &self.plan.words
    }

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        self.close(tx, cx, asked_by).map(drop)
    }
}

impl StartClosure {
    fn words(&self) -> Result<String, StaffRefusal> {
        let words = approval::checked_reason(&self.plan.words)?;
        if words.chars().count() > WORDS_MAX {
            return Err(StaffRefusal::ReasonMissing { max: WORDS_MAX as u32 });
        }
        Ok(words)
    }

    fn close(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<ClosureId, Error> {
        let (plan, words) = (&self.plan, self.words()?);
        // Which releases there are, and where they stand, stays so: a list is not frozen while its places are taken out of it.
        tx.lock(&Lock::Planning)?;
        let mut releases_here: Vec<ReleaseId> = Vec::new();
        for slot in closures::open_slots(tx, &plan.office, &plan.range)? {
            if !releases_here.contains(&slot.release) {
                releases_here.push(slot.release);
            }
        }
        releases_here.sort();
        releases_here.iter().try_for_each(|release| tx.lock(&Lock::ReleaseMoves(release)))?;
        let windows = future_windows(tx, cx, plan)?;
        // Parties before slots, as everybody holds them.
        let mut held: Vec<PartyId> =
            closures::holders(tx, &plan.office, &plan.range)?.iter().map(|held| held.party).collect();
        held.sort();
        held.into_iter().try_for_each(|party| parties::lock(tx, party))?;
        slots::lock(tx, windows.iter().map(|slot| slot.id))?;
        let holders = closures::holders(tx, &plan.office, &plan.range)?;
        let new = NewClosure {
            office: &plan.office,
            range: plan.range.over(windows.iter().map(|slot| (slot.key.starts, slot.ends))),
            cause: plan.cause,
            words: &words,
            relocation: plan.relocation,
            asked_by,
        };
        let id = closures::insert(tx, &new, cx.now)?;
        for held in &holders {
            closures::name_party(tx, id, held.party, held.slot)?;
        }
        for slot in &windows {
            slots::close(tx, slot.id)?;
            closures::keep_slot(tx, id, slot.id)?;
        }
        releases_here.iter().try_for_each(|release| publish(tx, cx, release, &windows, &words))?;
        let reason = format!("closure {id}: {words}");
        let office = Some(plan.office.as_str());
        cx.note(tx, Actor::Staff(asked_by), Note { kind: "closed", office, reason: Some(&reason), ..Note::default() })?;
        Ok(id)
    }
}

/// Writes what was closed before the freeze into the closures file of the draw, which everybody can check (rule 9).
fn publish(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    id: &ReleaseId,
    windows: &[closures::OpenSlot],
    words: &str,
) -> Result<(), Error> {
    let Some(release) = releases::get(tx, id)? else { return Ok(()) };
    let before_freeze = matches!(release.state, ReleaseState::Planned | ReleaseState::Open);
    if plan_of(&release)?.mode != Mode::Draw || !before_freeze {
        return Ok(());
    }
    let broken = |why: String| Fault::Corrupt { what: format!("closures of {id}: {why}") };
    let known = DrawClosures::parse(release.closures.as_bytes()).map_err(|error| broken(error.to_string()))?;
    let mut all: Vec<DrawClosure> = known.iter().cloned().collect();
    let public: Vec<SlotKey> = slots::of_release(tx, id)?
        .into_iter()
        .filter(|slot| slot.pool == Pool::Public && windows.iter().any(|closed| closed.id == slot.id))
        .map(|slot| slot.key)
        .filter(|key| all.iter().all(|closed| closed.slot != *key))
        .collect();
    all.extend(public.into_iter().map(|slot| DrawClosure { slot, at: cx.now, reason: words.to_owned() }));
    let text = DrawClosures::new(all).map_err(|error| broken(error.to_string()))?.to_text();
    Ok(releases::set_closures(tx, id, &text)?)
}

/// An office with its main office and all the units of that.
pub(crate) fn family(cx: &Context<'_>, office: &OfficeCode) -> Vec<OfficeCode> {
    let head = cx.catalogue.offices.get(office).map_or(*office, antrean_domain::office::Office::main);
    let mut family = vec![head];
    family.extend(cx.catalogue.offices.units_of(&head).into_iter().map(|unit| unit.code));
    family
}

/// Places of a release that its people may be moved to now, at the offices that the relocation names: of a first-come release that is
/// open, or what a draw left over. Freed places belong to the next wave (rule 7) and are none of them; places of other releases are for
/// those who enter there.
fn free_places(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    relocation: Relocation,
    release: &ReleaseId,
    is_closed: &dyn Fn(&Slot) -> bool,
) -> Result<Vec<Free<SlotId>>, Error> {
    let offices = match relocation {
        Relocation::Choose | Relocation::Release => return Ok(Vec::new()),
        Relocation::SameOffice => vec![*office],
        Relocation::Family => family(cx, office),
    };
    let Some(known) = releases::get(tx, release)? else { return Ok(Vec::new()) };
    let mode = plan_of(&known)?.mode;
    if !matches!((mode, known.state), (Mode::FirstCome, ReleaseState::Open) | (Mode::Draw, ReleaseState::Drawn)) {
        return Ok(Vec::new());
    }
    let mut free = Vec::new();
    for office in offices {
        let zone = zone_of(cx, &office);
        for slot in slots::of_release_at(tx, release, &office)? {
            if slot.left() > 0 && !is_closed(&slot) && cx.now < booking_closes(slot.key.date, zone) {
                free.push(Free { id: slot.id, slot: slot.key, left: slot.left() });
            }
        }
    }
    Ok(free)
}

/// Settles the next parties of a closure. Says how many it came to; 0 means that all are settled.
#[derive(Serialize, Deserialize)]
pub(crate) struct SettlePeople {
    pub closure: ClosureId,
}

impl Operation for SettlePeople {
    const NAME: &'static str = "closure_settle";
    type Outcome = u32;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<u32, Error> {
        let Some(closure) = closures::get(tx, self.closure)? else { return Ok(0) };
        let waiting = closures::waiting(tx, closure.id, SETTLED_AT_ONCE)?;
        if waiting.is_empty() {
            if closures::done(tx, closure.id, cx.now)? {
                let reason = format!("closure {}", closure.id);
                let office = Some(closure.office.as_str());
                let note = Note { kind: "closure_done", office, reason: Some(&reason), ..Note::default() };
                cx.note(tx, Actor::Clock, note)?;
            }
            return Ok(0);
        }
        let mut in_order: Vec<PartyId> = waiting.iter().map(|(party, _)| *party).collect();
        in_order.sort();
        in_order.into_iter().try_for_each(|party| parties::lock(tx, party))?;
        let mut free: BTreeMap<ReleaseId, Vec<Free<SlotId>>> = BTreeMap::new();
        for (_, from) in &waiting {
            let Some(slot) = slots::get(tx, *from)? else { continue };
            let (office, relocation) = (&closure.office, closure.relocation);
            if let Entry::Vacant(unknown) = free.entry(slot.release.clone()) {
                unknown.insert(free_places(tx, cx, office, relocation, &slot.release, &|_| false)?);
            }
        }
        let places = free.values().flatten().map(|place| place.id);
        slots::lock(tx, places.chain(waiting.iter().map(|(_, slot)| *slot)))?;
        for (party, from) in &waiting {
            settle(tx, cx, &closure, *party, *from, &mut free)?;
        }
        Ok(waiting.len() as u32)
    }
}

fn settle(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    closure: &Closure,
    id: PartyId,
    from: SlotId,
    free: &mut BTreeMap<ReleaseId, Vec<Free<SlotId>>>,
) -> Result<(), Error> {
    let missing = || Fault::Corrupt { what: format!("party {id} of closure {}", closure.id) };
    let (party, slot) = (parties::get(tx, id)?.ok_or_else(missing)?, slots::get(tx, from)?.ok_or_else(missing)?);
    let appointment = appointments::get(tx, id)?.ok_or_else(missing)?;
    // Whoever moved or cancelled by themselves since needs nothing any more.
    if appointment.slot != from || appointment.state != AppointmentState::Booked {
        closures::settle(tx, closure.id, id, Fate::Gone, None, cx.now)?;
        return Ok(());
    }
    let free = free.entry(slot.release.clone()).or_default();
    let offers = |key: &SlotKey| {
        let office = cx.catalogue.offices.get(&key.office);
        office.is_some_and(|office| office.offers(party.service, party.passport, key.date).is_ok())
    };
    for place in best_first(&slot.key, party.size, free) {
        if !offers(&place.slot) || !slots::take(tx, place.id, party.size)? {
            continue;
        }
        // The holder's own move is not used up by the office's.
        if !appointments::move_to(tx, id, from, place.id, false, cx.now)? {
            return Err(Fault::Corrupt { what: format!("party {id} is booked and cannot be moved") }.into());
        }
        slots::give_back(tx, from, party.size)?;
        wishes::remove(tx, id)?;
        if let Some(taken) = free.iter_mut().find(|other| other.id == place.id) {
            taken.left = taken.left.saturating_sub(party.size);
        }
        closures::settle(tx, closure.id, id, Fate::Moved, Some(place.id), cx.now)?;
        let told = place_told(cx, id, &place.slot);
        tell(tx, cx, Recipient::Account(party.account), Message::MovedByOffice { place: told, from: slot.key })?;
        let to = slots::get(tx, place.id)?.ok_or_else(missing)?;
        note_place(tx, cx, Actor::Clock, "moved_by_office", id, &to)?;
        return Ok(());
    }
    let to = next(appointment.state, AppointmentEvent::Revoke).map_err(|_| missing())?;
    if !appointments::advance(tx, id, &[appointment.state], to, cx.now)? {
        return Err(Fault::Corrupt { what: format!("party {id} is booked and cannot be revoked") }.into());
    }
    release_place(tx, &party, &slot)?;
    closures::settle(tx, closure.id, id, Fate::Revoked, None, cx.now)?;
    replacements::insert(tx, id, closure.id, cx.now + REPLACED_WITHIN)?;
    tell(tx, cx, Recipient::Account(party.account), Message::Revoked { slot: slot.key })?;
    Ok(note_place(tx, cx, Actor::Clock, to.as_str(), id, &slot)?)
}

/// Settles everybody whom closures name, in small operations. Safe to run at any time, on any node, twice.
pub async fn tend(app: &App) -> Result<u32, Failure> {
    let mut settled = 0;
    for closure in app.store().read(closures::running).await? {
        loop {
            let now = app.perform_as(Actor::Clock, SettlePeople { closure: closure.id }).await?;
            settled += now;
            if now == 0 {
                break;
            }
        }
    }
    Ok(settled)
}

/// Lifts a closure: what it closed and has not begun is open again. Whoever was moved stays where they are; the places go to those who
/// wait, at the next wave, before anybody else can have them (rule 7).
#[derive(Serialize, Deserialize)]
pub struct LiftClosure {
    /// The closure.
    pub closure: ClosureId,
    /// Why, for the log.
    pub reason: String,
}

impl Operation for LiftClosure {
    const NAME: &'static str = "closure_lift";
    /// Windows that are open again.
    type Outcome = u32;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<u32, Error> {
        let closure = closures::get(tx, self.closure)?.ok_or(StaffRefusal::ClosureUnknown)?;
        let officer = cx.officer_for(tx, Task::Close, Some(&closure.office))?.id;
        let why = approval::checked_reason(&self.reason)?;
        tx.lock(&Lock::Planning)?;
        let closed = closures::closed_slots(tx, closure.id)?;
        let releases: BTreeSet<&ReleaseId> = closed.iter().map(|slot| &slot.release).collect();
        releases.iter().try_for_each(|release| tx.lock(&Lock::ReleaseMoves(release)))?;
        // As they stand now that nobody moves them on.
        let closed = closures::closed_slots(tx, closure.id)?;
        let zone = zone_of(cx, &closure.office);
        let to_come: Vec<_> = closed
            .into_iter()
            .filter(|slot| zone.at(slot.key.date.to_datetime(slot.key.starts.time())) > cx.now)
            .filter(|slot| slot.state != ReleaseState::Closed)
            .collect();
        if to_come.is_empty() {
            return Err(StaffRefusal::NothingToClose.into());
        }
        if to_come.iter().any(|slot| matches!(slot.state, ReleaseState::Frozen | ReleaseState::Drawing)) {
            return Err(StaffRefusal::ClosureDuringDraw.into());
        }
        slots::lock(tx, to_come.iter().map(|slot| slot.id))?;
        if !closures::lift(tx, closure.id, officer, cx.now)? {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        for release in to_come.iter().map(|slot| &slot.release).collect::<BTreeSet<_>>() {
            unpublish(tx, release, &to_come)?;
        }
        for slot in &to_come {
            let mode = match releases::get(tx, &slot.release)? {
                Some(release) => plan_of(&release)?.mode,
                None => continue,
            };
            // Before its draw, or before it opens, a release gives its places in its own way.
            let given =
                matches!((mode, slot.state), (Mode::Draw, ReleaseState::Drawn) | (Mode::FirstCome, ReleaseState::Open));
            slots::reopen(tx, slot.id, given)?;
        }
        let reason = format!("closure {}: {why}", closure.id);
        let office = Some(closure.office.as_str());
        let note = Note { kind: "closure_lifted", office, reason: Some(&reason), ..Note::default() };
        cx.note(tx, Actor::Staff(officer), note)?;
        Ok(to_come.len() as u32)
    }
}

/// Takes what is open again out of the closures file of a draw whose list is not frozen yet.
fn unpublish(tx: &Tx<'_>, id: &ReleaseId, open: &[closures::OpenSlot]) -> Result<(), Error> {
    let Some(release) = releases::get(tx, id)? else { return Ok(()) };
    if !matches!(release.state, ReleaseState::Planned | ReleaseState::Open) || release.closures.is_empty() {
        return Ok(());
    }
    let broken = |why: String| Fault::Corrupt { what: format!("closures of {id}: {why}") };
    let known = DrawClosures::parse(release.closures.as_bytes()).map_err(|error| broken(error.to_string()))?;
    let is_open = |closed: &&DrawClosure| open.iter().any(|slot| slot.release == *id && slot.key == closed.slot);
    let left: Vec<DrawClosure> = known.iter().filter(|closed| !is_open(closed)).cloned().collect();
    let text = DrawClosures::new(left).map_err(|error| broken(error.to_string()))?.to_text();
    Ok(releases::set_closures(tx, id, &text)?)
}

/// A closure as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicClosure {
    /// The office.
    pub office: OfficeCode,
    /// Which of its windows.
    pub range: Range,
    /// Why.
    pub words: String,
}

/// What the public is told now: closures of today and later, of which yesterday's are some for a few hours, as zones differ.
pub(crate) fn public(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<PublicClosure>, Fault> {
    let today = crate::caller::HOME_ZONE.local(now).date();
    let public =
        |closure: Closure| PublicClosure { office: closure.office, range: closure.range, words: closure.words };
    Ok(closures::current(tx, today, PUBLIC_MAX)?.into_iter().map(public).collect())
}

/// Notes what a call to somebody without a place came to.
#[derive(Serialize, Deserialize)]
pub struct NoteCall {
    /// The closure.
    pub closure: ClosureId,
    /// The party's link id.
    pub link: String,
    /// Whether they were reached: then nobody has to call any more.
    pub reached: bool,
    /// What came of it; may be empty where nobody answered.
    pub words: String,
    /// When the last call was that the officer saw: whoever noted another one meanwhile is not written over.
    pub seen: Option<Timestamp>,
}

/// A call as it is kept, under seal.
#[derive(Serialize, Deserialize)]
struct KeptCall {
    by: StaffId,
    at: Timestamp,
    reached: bool,
    words: String,
}

fn open_calls(cx: &Context<'_>, calls: &Calls) -> Result<Vec<KeptCall>, Fault> {
    let broken = || Fault::Corrupt { what: format!("the calls of {}", calls.last) };
    let plain = cx.keys.open(SEAL_CALL, &calls.sealed).map_err(|_| broken())?;
    if let Ok(kept) = serde_json::from_slice(&plain) {
        return Ok(kept);
    }
    // As the first version kept it: the words of one call, after which nobody called any more.
    let words = String::from_utf8(plain).map_err(|_| broken())?;
    Ok(vec![KeptCall { by: calls.by, at: calls.last, reached: true, words }])
}

impl Operation for NoteCall {
    const NAME: &'static str = "closure_called";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let closure = closures::get(tx, self.closure)?.ok_or(StaffRefusal::ClosureUnknown)?;
        let by = cx.officer_for(tx, Task::People, Some(&closure.office))?.id;
        let silent = !self.reached && self.words.trim().is_empty();
        let words = if silent { String::new() } else { approval::checked_reason(&self.words)? };
        let party = crate::party::by_link(tx, cx, &self.link)?.ok_or(Refusal::TicketUnknown)?;
        let before = closures::calls_to(tx, closure.id, party.id)?;
        let Some((Fate::Revoked, before)) = before else { return Err(StaffRefusal::NotToCall.into()) };
        let mut kept = before.as_ref().map_or_else(|| Ok(Vec::new()), |calls| open_calls(cx, calls))?;
        kept.push(KeptCall { by, at: cx.now, reached: self.reached, words });
        let plain = serde_json::to_vec(&kept).map_err(|error| Fault::Corrupt { what: format!("a call: {error}") })?;
        let sealed = cx.keys.seal(SEAL_CALL, &plain, entropy::bytes(cx.entropy));
        let calls = Calls { by, last: cx.now, reached: self.reached, sealed };
        if !closures::called(tx, closure.id, party.id, &calls, self.seen)? {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        let reason = format!("closure {}", closure.id);
        let note = Note {
            kind: "closure_called",
            party: Some(party.id),
            office: Some(closure.office.as_str()),
            reason: Some(&reason),
            ..Note::default()
        };
        Ok(cx.note(tx, Actor::Staff(by), note)?)
    }
}

/// A closure as staff see it.
#[derive(Debug, Clone)]
pub struct ClosureView {
    /// The closure.
    pub closure: Closure,
    /// How many parties have which fate.
    pub counts: Vec<(Fate, u32)>,
}

/// The closures of an office, the newest first.
pub fn list(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<Vec<ClosureView>, Error> {
    cx.officer_for(tx, Task::Look, Some(office))?;
    let view = |closure: Closure| Ok(ClosureView { counts: closures::counts(tx, closure.id)?, closure });
    closures::of_office(tx, office, LISTED_MAX)?.into_iter().map(view).collect()
}

/// What became of somebody, as the officer sees who calls them.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The party's link id.
    pub link: String,
    /// Its queue code at the office that was closed.
    pub code: String,
    /// What became of it.
    pub fate: Fate,
    /// What it had.
    pub from: SlotKey,
    /// What it has now.
    pub to: Option<SlotKey>,
    /// Whether its account chose another place since.
    pub replaced: bool,
    /// Whether somebody still has to call.
    pub to_call: bool,
    /// The calls, the first first. What came of them is for those who call; others see that somebody did.
    pub calls: Vec<CallView>,
}

/// A call to somebody, as officers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// Who called.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether somebody answered.
    pub reached: bool,
    /// What came of it.
    pub words: String,
}

/// A closure with a part of its people.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The closure.
    pub view: ClosureView,
    /// Some of the people.
    pub people: Vec<PersonView>,
    /// How many of all still have to be called.
    pub to_call: u32,
}

/// A closure with a part of its people.
pub fn show(tx: &Tx<'_>, cx: &Context<'_>, id: ClosureId, part: Part) -> Result<Shown, Error> {
    let closure = closures::get(tx, id)?.ok_or(StaffRefusal::ClosureUnknown)?;
    let hears = cx.officer_for(tx, Task::Look, Some(&closure.office))?.role.may(Task::People);
    let mut people = Vec::new();
    for settled in closures::people(tx, id, part)? {
        let reached = settled.calls.as_ref().is_some_and(|calls| calls.reached);
        let replaced = settled.replaced_by.is_some();
        let mut calls = Vec::new();
        for call in settled.calls.map_or_else(|| Ok(Vec::new()), |calls| open_calls(cx, &calls))? {
            let words = if hears { call.words } else { String::new() };
            let by = staff::get(tx, call.by)?.map(|member| name_of(cx, &member)).transpose()?.unwrap_or_default();
            calls.push(CallView { by, at: call.at, reached: call.reached, words });
        }
        people.push(PersonView {
            link: link_of(cx, settled.party),
            code: code_of(cx, &closure.office, settled.party).to_string(),
            fate: settled.fate,
            from: settled.from,
            to: settled.to,
            replaced,
            to_call: settled.fate == Fate::Revoked && !replaced && !reached,
            calls,
        });
    }
    let to_call = closures::to_call(tx, id)?;
    Ok(Shown { view: ClosureView { counts: closures::counts(tx, id)?, closure }, people, to_call })
}
