//! The waiting room of a first-come release: joining it, whose turn it is, and the clock's part in letting people in.
//!
//! Who waits is a row on disk; how far the line has come is one small row that the holder of the release clock moves. The
//! arithmetic is `antrean_domain::waiting`, the protocol `docs/waiting-room.md`.

use antrean_domain::draw::beacon::{BeaconValue, Chain};
use antrean_domain::keys::PersonKey;
use antrean_domain::release::{BeaconPlan, ReleaseId, ReleasePlan};
use antrean_domain::waiting::{
    Estimate, Front, HALL, Health, KeySource, LineId, LineKey, LinePhase, Owner, PlaceToken, Seen, Spot, Terms,
    commitment, estimate, look_again_s,
};
use antrean_store::ids::AccountId;
use antrean_store::lines::{self, Line, NewLine, OrderKey};
use antrean_store::locks::Lock;
use antrean_store::releases::{self, ReleaseState};
use antrean_store::{Fault, Lane, Store, Tx, applicants};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::{Actor, hex};
use crate::entropy;
use crate::operation::{Context, Error, Failure, Note, Operation};
use crate::overview::ReleaseView;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::release_clock::BeaconSource;

const SEAL_SECRET: &str = "line_secret";

/// The beacon's round comes out so long after the opening at the earliest: by then nobody can be present any more, on any
/// node and with any clock.
const BEACON_LEAD: SignedDuration = SignedDuration::from_secs(10);
/// When the round has been due for so long and cannot be had, the secret takes its place: a line must not wait for another's server.
const BEACON_PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// The longest that one look of the clock waits for the beacon.
const BEACON_ANSWER: std::time::Duration = std::time::Duration::from_secs(2);
/// Up to so many, those who joined are counted at every look; more are counted every [`COUNT_EVERY`].
const COUNT_ALWAYS_MAX: u64 = 20_000;
const COUNT_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// Seconds after which those who wait look again while nothing is known of their turn.
const LOOK_AGAIN_S: u32 = 5;
/// Joining is over so long before an opening that nobody needs to look sooner.
const LOOK_BEFORE_S: u64 = 60;

/// A line as everybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineView {
    /// Where it stands.
    pub phase: LinePhase,
    /// When joining begins.
    pub joins: Timestamp,
    /// The opening: who joined before stands in the order of the hash.
    pub opens: Timestamp,
    /// Hash of the secret, hexadecimal; published with the plan.
    pub commitment: String,
    /// The beacon's name and the round that will make the key, where one will.
    pub beacon: Option<(String, u64)>,
    /// Those present at the opening, or those who have joined so far.
    pub present: u64,
    /// The key of the order, once it is known, and what it was made from.
    pub key: Option<KeyView>,
    /// The highest arrival number.
    pub arrivals: u64,
    /// How far it has come.
    pub front: Front,
    /// Public places left.
    pub left: u32,
    opened: bool,
    counted: Timestamp,
}

/// The key of an order, public.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyView {
    /// The key.
    pub key: LineKey,
    /// Beacon or secret.
    pub source: KeySource,
    /// The beacon's round; 0 for the secret.
    pub round: u64,
    /// The beacon's value or the secret, hexadecimal.
    pub randomness: String,
}

impl LineView {
    /// The key alone.
    pub fn order_key(&self) -> Option<&LineKey> {
        self.key.as_ref().map(|key| &key.key)
    }

    /// About how many wait altogether.
    pub fn waiting(&self) -> u64 {
        let present = u128::from(HALL - self.front.threshold) * u128::from(self.present) / u128::from(HALL);
        present as u64 + self.arrivals.saturating_sub(self.front.admitted)
    }

    /// Seconds after which the public document is worth another look.
    pub fn look_again_s(&self) -> u32 {
        match self.phase {
            LinePhase::Ordering | LinePhase::Admitting | LinePhase::Open => LOOK_AGAIN_S,
            LinePhase::NotOpen | LinePhase::Joining | LinePhase::Full | LinePhase::Closed => 30,
        }
    }

    /// Where a place stands, at an instant.
    pub fn standing(&self, spot: &Spot, now: Timestamp) -> Standing {
        let over = matches!(self.phase, LinePhase::Full | LinePhase::Closed);
        let opened = self.opened && self.phase != LinePhase::Ordering;
        let your_turn = opened && !over && spot.is_in(&self.front, self.order_key());
        let ahead = if opened && !over { spot.ahead(&self.front, self.order_key(), self.present) } else { None };
        let pace = self.pace_milli();
        let spread = self.order_key().map_or(spot.line.0[0].into(), |key| key.value(&spot.line));
        let look_again_s = if your_turn || over {
            30
        } else if self.opened {
            look_again_s(ahead, pace, self.waiting(), spread)
        } else {
            // Everybody looks within some seconds after the opening, and not all in the same.
            let away = u64::try_from(self.opens.duration_since(now).as_secs()).unwrap_or(0);
            let after = away + 2 + spread % 10;
            after.min(LOOK_BEFORE_S + spread % 15).max(LOOK_AGAIN_S.into()) as u32
        };
        Standing {
            phase: self.phase,
            your_turn,
            ahead,
            estimate: ahead.filter(|ahead| *ahead > 0).and_then(|ahead| estimate(ahead, pace)),
            places_may_go: ahead.is_some_and(|ahead| ahead > u64::from(self.left)),
            value: spot.number.is_none().then(|| self.order_key().map(|key| key.value(&spot.line))).flatten(),
            look_again_s,
        }
    }

    /// The pace for estimates: that of late, or the rate of the health while nobody was let in yet.
    fn pace_milli(&self) -> u64 {
        if self.front.threshold == 0 && self.front.admitted == 0 {
            return u64::from(self.front.rate) * 1_000;
        }
        self.front.pace_milli
    }
}

/// Where one place stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The line's phase.
    pub phase: LinePhase,
    /// May book now.
    pub your_turn: bool,
    /// About how many are let in before; `None` while the order is not known.
    pub ahead: Option<u64>,
    /// When the turn may come, where that can be said.
    pub estimate: Option<Estimate>,
    /// More people are ahead than places are left.
    pub places_may_go: bool,
    /// The value in the order, for those present, once the key is known.
    pub value: Option<u64>,
    /// Seconds after which to look again.
    pub look_again_s: u32,
}

/// A place in a line, as its holder may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The release.
    pub release: ReleaseId,
    /// The place.
    pub spot: Spot,
    /// The account's mark.
    pub owner: Owner,
    /// When it joined.
    pub joined: Timestamp,
}

impl Joined {
    /// The signed token for it.
    pub fn token(&self, keys: &antrean_domain::keys::Keyring) -> String {
        PlaceToken { release: self.release.clone(), spot: self.spot, owner: self.owner }.issue(keys)
    }
}

fn joined(cx: &Context<'_>, release: &ReleaseId, account: AccountId, place: &lines::Place) -> Joined {
    Joined {
        release: release.clone(),
        spot: Spot { line: LineId::of(cx.keys, release, &place.person), number: place.number },
        owner: Owner::of(cx.keys, release, account.0),
        joined: place.joined,
    }
}

/// Joins the line of a release. Joining again, from any device, session or tab, gives the same place.
#[derive(Serialize, Deserialize)]
pub struct JoinLine {
    /// The release.
    pub release: ReleaseId,
}

impl Operation for JoinLine {
    const NAME: &'static str = "join_line";
    // Whoever has a turn goes before whoever wants one.
    const LANE: Lane = Lane::SignIn;
    type Outcome = Joined;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Joined, Error> {
        let account = cx.account(tx)?;
        tx.lock(&Lock::LineStays(&self.release))?;
        if let Some(place) = lines::place(tx, &self.release, account)? {
            return Ok(joined(cx, &self.release, account, &place));
        }
        let state = releases::state(tx, &self.release)?.ok_or(Refusal::ReleaseUnknown)?;
        let line = lines::get(tx, &self.release)?.ok_or(Refusal::NoWaitingRoom)?;
        if state == ReleaseState::Closed {
            return Err(Refusal::LineOver.into());
        }
        if cx.now < line.joins {
            return Err(Refusal::LineNotOpen { joins: line.joins }.into());
        }
        let holder = applicants::list(tx, account)?.into_iter().find(|applicant| applicant.position == 0);
        let person = holder.ok_or(Refusal::DetailsMissing)?.person;
        // The place itself says who joined when, and never changes: it needs no line in the log of changes.
        if line.present.is_none() && cx.now < line.opens {
            lines::join_present(tx, line.id, account, &person, cx.now)?;
        } else {
            lines::join_late(tx, line.id, account, &person, cx.now)?;
        }
        let missing = || Fault::Corrupt { what: format!("a place in the line of {} is missing", self.release) };
        let place = lines::place(tx, &self.release, account)?.ok_or_else(missing)?;
        Ok(joined(cx, &self.release, account, &place))
    }
}

/// The caller's own place, if they have joined.
pub fn own_place(tx: &Tx<'_>, cx: &Context<'_>, release: &ReleaseId) -> Result<Option<Joined>, Error> {
    let account = cx.account(tx)?;
    let place = lines::place(tx, release, account)?;
    Ok(place.map(|place| joined(cx, release, account, &place)))
}

/// Refuses a token that is not the caller's own. A token needs no session to be looked at; with one, the two must agree.
pub fn own_token(tx: &Tx<'_>, cx: &Context<'_>, token: &PlaceToken) -> Result<(), Error> {
    let account = cx.account(tx)?;
    if token.owner == Owner::of(cx.keys, &token.release, account.0) {
        Ok(())
    } else {
        Err(Refusal::PlaceTokenInvalid.into())
    }
}

/// By what right an account books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is no line, or nobody waits.
    Free,
    /// It waited as the account of this holder.
    Of(PersonKey),
}

/// Whether an account may book now in a release that is open. Costs nothing while nobody waits, else one read of its place;
/// only who would be refused costs a second, for the overview is up to a second old.
pub(crate) fn turn(tx: &Tx<'_>, cx: &Context<'_>, release: &ReleaseId, account: AccountId) -> Result<Turn, Error> {
    let known = cx.overview.release(release);
    let line = match known {
        Some(view) => match &view.line {
            None => return Ok(Turn::Free),
            Some(line) if line.opened && line.front.open => return Ok(Turn::Free),
            Some(line) => Some(line),
        },
        None => None,
    };
    let place = lines::place(tx, release, account)?;
    let spot = place.map(|place| Spot { line: LineId::of(cx.keys, release, &place.person), number: place.number });
    if let (Some(line), Some(spot), Some(place)) = (line, spot, place)
        && line.opened
        && spot.is_in(&line.front, line.order_key())
    {
        return Ok(Turn::Of(place.person));
    }
    let Some(fresh) = lines::get(tx, release)? else { return Ok(Turn::Free) };
    if fresh.present.is_some() {
        if fresh.front.open {
            return Ok(Turn::Free);
        }
        let key = fresh.key.map(|key| LineKey(key.key));
        if let (Some(spot), Some(place)) = (spot, place)
            && spot.is_in(&fresh.front, key.as_ref())
        {
            return Ok(Turn::Of(place.person));
        }
    }
    let standing = line.zip(spot).map(|(line, spot)| line.standing(&spot, cx.now));
    Err(Refusal::NotYourTurn {
        release: release.clone(),
        joined: place.is_some(),
        ahead: standing.as_ref().and_then(|standing| standing.ahead),
        retry_after_s: standing.map_or(LOOK_AGAIN_S, |standing| standing.look_again_s),
    }
    .into())
}

/// Makes the line of a release that is being planned.
pub(crate) fn plan_line(tx: &Tx<'_>, cx: &Context<'_>, plan: &ReleasePlan) -> Result<(), Fault> {
    let secret: [u8; 32] = entropy::bytes(cx.entropy);
    // The line opens with the first of its offices; further west they open later, to the same line.
    let zones = plan.offices.iter().filter_map(|code| cx.catalogue.offices.get(code)).map(|office| office.zone);
    let opens = zones.map(|zone| plan.opens(zone)).min().unwrap_or_else(|| plan.opening.earliest());
    let new = NewLine {
        release: plan.id.clone(),
        joins: opens - SignedDuration::from_mins(i64::from(cx.policy.line_join_minutes)),
        opens,
        secret: cx.keys.seal(SEAL_SECRET, &secret, entropy::bytes(cx.entropy)),
        commitment: commitment(&plan.id, &secret).0,
    };
    lines::insert(tx, &new, cx.now)
}

/// The beacon and the round that make the key of a line: the first that comes out ten seconds after the opening or later.
fn round_of(plan: &ReleasePlan, opens: Timestamp) -> Option<(&'static Chain, u64)> {
    let BeaconPlan::Drand { chain, .. } = &plan.beacon else { return None };
    let chain = Chain::known(chain)?;
    Some((chain, chain.first_round_from(opens + BEACON_LEAD)))
}

/// The public view of a release's line, of which `known` was the last.
pub(crate) fn view_line(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    release: &ReleaseView,
    known: Option<&LineView>,
) -> Result<Option<LineView>, Fault> {
    if release.mode != antrean_domain::release::Mode::FirstCome {
        return Ok(None);
    }
    let Some(line) = lines::get(tx, &release.id)? else { return Ok(None) };
    let (present, counted) = match (line.present, known) {
        (Some(present), _) => (present, line.opens),
        (None, Some(known))
            if known.present > COUNT_ALWAYS_MAX && cx.now.duration_since(known.counted).abs() < COUNT_EVERY =>
        {
            (known.present, known.counted)
        }
        (None, _) if cx.now < line.joins => (0, line.joins),
        (None, _) => {
            let present = lines::count_present(tx, line.id)?;
            // The instant matters for long lines alone; a short one that nobody joins must not look changed.
            (present, if present > COUNT_ALWAYS_MAX { cx.now } else { line.joins })
        }
    };
    Ok(Some(LineView {
        phase: phase(&line, release, cx.now),
        joins: line.joins,
        opens: line.opens,
        commitment: hex(&line.commitment),
        beacon: round_of(&release.plan, line.opens).map(|(_, round)| (release.plan.beacon.id().to_string(), round)),
        present,
        key: line.key.map(|key| KeyView {
            key: LineKey(key.key),
            source: key.source,
            round: key.round,
            randomness: hex(&key.randomness),
        }),
        arrivals: lines::arrivals(tx, line.id)?,
        front: line.front,
        left: release.left,
        opened: line.present.is_some(),
        counted,
    }))
}

fn phase(line: &Line, release: &ReleaseView, now: Timestamp) -> LinePhase {
    if release.state == ReleaseState::Closed {
        LinePhase::Closed
    } else if line.present.is_none() {
        if now < line.joins {
            LinePhase::NotOpen
        } else if now < line.opens {
            LinePhase::Joining
        } else {
            LinePhase::Ordering
        }
    } else if release.left == 0 && now >= release.plan.opening.latest() {
        LinePhase::Full
    } else if line.front.open {
        LinePhase::Open
    } else if line.key.is_none() && line.front.threshold < HALL {
        LinePhase::Ordering
    } else {
        LinePhase::Admitting
    }
}

impl Policy {
    /// How people are let in.
    pub(crate) fn line_terms(&self) -> Terms {
        Terms {
            rate_start: self.line_rate_start,
            rate_min: self.line_rate_min,
            rate_max: self.line_rate_max,
            at_work_min: self.line_at_work_min,
            decide_s: self.line_decide_s,
        }
    }
}

/// Opens a line: from then on nobody becomes present. Done once; again it does nothing.
#[derive(Serialize, Deserialize)]
struct OpenLine {
    release: ReleaseId,
}

impl Operation for OpenLine {
    const NAME: &'static str = "open_line";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        // Whoever is just becoming present is waited for, and counted.
        tx.lock(&Lock::LineMoves(&self.release))?;
        let line = lines::get(tx, &self.release)?.ok_or(Refusal::NoWaitingRoom)?;
        if line.present.is_some() {
            return Ok(false);
        }
        let present = lines::count_present(tx, line.id)?;
        let front = Front::opening(cx.now, present, &cx.policy.line_terms());
        let opened = lines::open(tx, &self.release, present, &front)?;
        if opened {
            cx.note(tx, Actor::Clock, line_note("line_opened", &self.release))?;
        }
        Ok(opened)
    }
}

/// Gives a line the key of its order, once. Without a beacon's value it is the secret, revealed.
#[derive(Serialize, Deserialize)]
struct GiveLineKey {
    release: ReleaseId,
    beacon: Option<String>,
}

impl Operation for GiveLineKey {
    const NAME: &'static str = "give_line_key";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        let line = lines::get(tx, &self.release)?.ok_or(Refusal::NoWaitingRoom)?;
        let (source, name, round, randomness): (_, _, _, [u8; 32]) = if let Some(file) = &self.beacon {
            let value = BeaconValue::parse(file.as_bytes())
                .map_err(|error| Refusal::BeaconRefused { why: error.to_string() })?;
            value.verify().map_err(|error| Refusal::BeaconRefused { why: error.to_string() })?;
            let randomness = value.randomness().try_into();
            let randomness = randomness.map_err(|_| Refusal::BeaconRefused { why: "not 32 bytes".to_owned() })?;
            (KeySource::Beacon, value.id().to_string(), value.round(), randomness)
        } else {
            let broken = || Fault::Corrupt { what: format!("secret of the line of {}", self.release) };
            let secret = cx.keys.open(SEAL_SECRET, &line.secret).map_err(|_| broken())?;
            (KeySource::Secret, "secret".to_owned(), 0, secret.try_into().map_err(|_| broken())?)
        };
        let key = LineKey::derive(&self.release, &name, round, &randomness).0;
        let given = lines::set_key(tx, &self.release, &OrderKey { key, source, round, randomness })?;
        if given {
            let kind = if source == KeySource::Beacon { "line_ordered_by_beacon" } else { "line_ordered_by_secret" };
            cx.note(tx, Actor::Clock, line_note(kind, &self.release))?;
        }
        Ok(given)
    }
}

fn line_note<'a>(kind: &'a str, release: &'a ReleaseId) -> Note<'a> {
    Note { kind, release: Some(release.as_str()), ..Note::default() }
}

/// Takes the line of an open release as far as it can go now: opens it, gets its key, lets people in. Every step is conditional on
/// what the store says, so that it may be repeated, by another node as well.
pub(crate) async fn tend(
    app: &App,
    beacons: &dyn BeaconSource,
    release: &ReleaseId,
    plan: &ReleasePlan,
    health: Health,
) -> Result<(), Failure> {
    let id = release.clone();
    let read = move |tx: &Tx<'_>| match lines::get(tx, &id)? {
        None => Ok(None),
        Some(line) => Ok(Some((lines::arrivals(tx, line.id)?, line))),
    };
    let Some((arrivals, mut line)) = app.store().read(read.clone()).await? else { return Ok(()) };
    let now = app.now();
    if line.present.is_none() {
        if now < line.opens {
            return Ok(());
        }
        app.perform_as(Actor::Clock, OpenLine { release: release.clone() }).await?;
        let Some((_, opened)) = app.store().read(read).await? else { return Ok(()) };
        line = opened;
    }
    let Some(present) = line.present else { return Ok(()) };
    if line.key.is_none() && line.front.threshold < HALL {
        let Some(beacon) = order_value(beacons, plan, &line, now).await else { return Ok(()) };
        app.perform_as(Actor::Clock, GiveLineKey { release: release.clone(), beacon }).await?;
        // The order is known from the next look on, to everybody at once.
        return Ok(());
    }
    let left = app.overview().release(release).map_or(0, |view| view.left);
    let next = line.front.step(&Seen { now, present, arrivals, left, health }, &app.policy().line_terms());
    if next.differs(&line.front) {
        let (id, version) = (release.clone(), line.version);
        // Whoever moved it in between has moved it as well: nothing to do then.
        app.store().write(move |tx| lines::advance(tx, &id, version, &next)).await?;
    }
    Ok(())
}

/// What the order is made from: the beacon's file, the secret (`Some(None)`), or nothing yet.
async fn order_value(
    beacons: &dyn BeaconSource,
    plan: &ReleasePlan,
    line: &Line,
    now: Timestamp,
) -> Option<Option<String>> {
    let Some((chain, round)) = round_of(plan, line.opens) else { return Some(None) };
    let due = chain.time_of(round).unwrap_or(line.opens);
    if now < due {
        return None;
    }
    let fetched = tokio::time::timeout(BEACON_ANSWER, beacons.signature(chain, round)).await;
    let value = fetched
        .unwrap_or_else(|_| Err("no answer in time".to_owned()))
        .and_then(|signature| BeaconValue::drand_from_hex(chain, round, &signature).map_err(|error| error.to_string()));
    match value {
        Ok(value) => Some(Some(value.to_text())),
        Err(why) => {
            let give_up = now >= due + BEACON_PATIENCE;
            tracing::warn!(release = %plan.id, round, why, give_up, "no beacon value for the line");
            // The secret was fixed before anybody joined, and everybody can see that the round was out.
            give_up.then_some(None)
        }
    }
}

/// Feels the store's pulse between two looks of the clock.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    before: Beat,
    now: Beat,
}

/// What one look found. Counts grow from the opening of the store on.
#[derive(Debug, Clone, Copy, Default)]
struct Beat {
    /// People in the middle of confirming who were refused, or who waited too long.
    confirm_refused: u64,
    /// Anybody who was.
    refused: u64,
    /// How long somebody who confirms would wait now, milliseconds.
    wait_ms: u64,
    batches: u64,
    commit_ms: u64,
}

/// Work that waits longer than this is bad for those who are in already, milliseconds; half of it is enough not to let in more.
const WAIT_MS_MAX: u64 = 400;

impl Pulse {
    /// Notes how the store is now.
    pub fn beat(&mut self, store: &Store) {
        let (health, stats) = (store.health(), store.stats());
        let confirm = health.writes.lane(Lane::Confirm);
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let beat = Beat {
            confirm_refused: confirm.turned_away + confirm.expired,
            refused: health.writes.turned_away() + health.writes.expired(),
            wait_ms: ms(confirm.wait),
            batches: stats.batches,
            commit_ms: ms(stats.commit_time),
        };
        self.before = std::mem::replace(&mut self.now, beat);
    }

    /// How the store was between the last two looks. The lease's holder speaks for all nodes: they share the database.
    pub fn health(&self) -> Health {
        let Self { before, now } = self;
        let batches = now.batches.saturating_sub(before.batches).max(1);
        let commit_ms = now.commit_ms.saturating_sub(before.commit_ms) / batches;
        let worst = now.wait_ms.max(commit_ms);
        if now.confirm_refused > before.confirm_refused || worst > WAIT_MS_MAX {
            Health::Bad
        } else if now.refused > before.refused || worst > WAIT_MS_MAX / 2 {
            Health::Strained
        } else {
            Health::Good
        }
    }
}
