//! The release clock: plans, opens, freezes, draws, runs waves and ends days by itself. Every step looks at the store
//! first and is safe to run twice, so the clock can die anywhere and go on anywhere.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use antrean_domain::draw::beacon::{BeaconValue, Chain};
use antrean_domain::draw::freeze::FreezeFile;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, Mode, ReleaseId, ReleasePlan, booking_closes, next_release_friday};
use antrean_domain::wave::wave_instants;
use antrean_store::ids::PartyId;
use antrean_store::releases::{self, Release, ReleaseState};
use antrean_store::{Fault, entries, leases, waves};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::caller::Actor;
use crate::closure;
use crate::day::EndDay;
use crate::entropy;
use crate::message::{Message, Recipient, tell};
use crate::operation::{Failure, Note};
use crate::party::plan_of;
use crate::release::{Advance, GiveBeacon, PlanWeekly, Waved, draw, draw_instant, freeze, is_over, note_wave, wave};
use crate::retention;
use crate::waiting::{self, Pulse};

/// How often the clock looks.
const PAUSE: Duration = Duration::from_millis(500);
/// A node that has not renewed for so long has lost the clock to another.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The lease is renewed when less than this is left of it.
const LEASE_SPARE: SignedDuration = SignedDuration::from_secs(20);
/// Releases that the clock looks at; no more can be unfinished at once.
const RELEASES_MAX: u32 = 32;
/// The public state is read anew when something was written, and this often in any case, since windows close by themselves.
const OVERVIEW_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// As often at least where other nodes write to the same database.
const OVERVIEW_SHARED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Old data is looked for this often.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Standby entries ended in one operation.
const EXPIRE_AT_ONCE: u32 = 1_000;
/// After a failure to get the beacon's value, the next try.
const BEACON_RETRY: SignedDuration = SignedDuration::from_secs(10);

/// Where the value of a public beacon is fetched from. The value is checked here, so any source will do.
pub trait BeaconSource: Send + Sync {
    /// The signature of a round in hexadecimal, or why it cannot be had yet.
    fn signature<'a>(
        &'a self,
        chain: &'a Chain,
        round: u64,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;
}

/// No public beacon can be reached: for tests and for installations that use `manual`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBeacon;

impl BeaconSource for NoBeacon {
    fn signature<'a>(
        &'a self,
        _: &'a Chain,
        _: u64,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(async { Err("no source of beacon values is set".to_owned()) })
    }
}

/// Something the clock did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A weekly release was planned.
    Planned(ReleaseId),
    /// A release opened.
    Opened(ReleaseId),
    /// Its list was made final and published.
    Frozen(ReleaseId),
    /// It was drawn: entries, and how many of them got a place.
    Drawn(ReleaseId, u32, u32),
    /// A wave went out: parties placed or moved.
    Waved(ReleaseId, Timestamp, u32),
    /// So many entries ended without a place: on standby, or in a release that was never drawn.
    StandbyEnded(ReleaseId, u32),
    /// The release is over.
    Closed(ReleaseId),
}

/// The clock of one node.
pub struct ReleaseClock {
    app: App,
    beacons: Arc<dyn BeaconSource>,
    holder: String,
    /// Days that are ended everywhere, and releases whose standby is: what need not be looked at again.
    ended: HashSet<(ReleaseId, Date)>,
    standby_ended: HashSet<ReleaseId>,
    swept: Option<Timestamp>,
    /// When each release's beacon was last asked for: one that does not come must not keep another from being asked for.
    beacon_tried: HashMap<ReleaseId, Timestamp>,
    held_until: Option<Timestamp>,
    planned_for: Option<Date>,
    seen: Option<(u64, Timestamp)>,
    pulse: Pulse,
}

impl ReleaseClock {
    /// A clock for the node named `holder`; names of nodes on one database must differ.
    pub fn new(app: App, beacons: Arc<dyn BeaconSource>, holder: impl Into<String>) -> Self {
        Self {
            app,
            beacons,
            holder: holder.into(),
            ended: HashSet::new(),
            standby_ended: HashSet::new(),
            swept: None,
            beacon_tried: HashMap::new(),
            held_until: None,
            planned_for: None,
            seen: None,
            pulse: Pulse::default(),
        }
    }

    /// Ticks until told to stop; failures are logged and tried again.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        loop {
            let mut steps = Vec::new();
            // What failed was logged where it failed.
            let _ = self.look(&mut steps).await;
            for step in steps {
                tracing::info!(?step, "the release clock moved on");
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Does everything that is due now, if this node holds the clock, and refreshes the public state in any case.
    ///
    /// What fails holds up nothing else, and is tried again at the next tick; the first failure is returned.
    pub async fn tick(&mut self) -> Result<Vec<Step>, Failure> {
        let mut steps = Vec::new();
        self.look(&mut steps).await.map(|()| steps)
    }

    async fn look(&mut self, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let mut first = Ok(());
        keep_first(&mut first, "the catalogue", self.app.reload_catalogue().await);
        let held = self.holds().await;
        if let Ok(true) = held {
            self.pulse.beat(self.app.store());
            keep_first(&mut first, "planning", self.plan(steps).await);
            // Before their days are ended: nobody misses a day on which the office was closed.
            keep_first(&mut first, "closures", closure::tend(&self.app).await.map(drop));
            match self.releases().await {
                Ok(releases) => {
                    for release in releases {
                        let id = release.id.clone();
                        keep_first(&mut first, id.as_str(), self.step(release, steps).await);
                    }
                }
                Err(failure) => keep_first(&mut first, "the releases", Err(failure)),
            }
            keep_first(&mut first, "sweeping", self.sweep().await);
        }
        let holds = matches!(held, Ok(true));
        keep_first(&mut first, "the lease", held.map(drop));
        keep_first(&mut first, "the public state", self.refresh().await);
        self.app.tally().looked(self.app.now(), holds, first.is_ok());
        first
    }

    /// Reads the public state anew unless nothing was written since the last look. Another node's writes show a little later.
    async fn refresh(&mut self) -> Result<(), Failure> {
        let (writes, now) = (self.app.store().stats().writes, self.app.now());
        // What other nodes write is not counted here.
        let every = if self.app.store().is_shared() { OVERVIEW_SHARED_EVERY } else { OVERVIEW_EVERY };
        let unchanged = |(seen, at)| seen == writes && at <= now && now < at + every;
        if !self.seen.is_some_and(unchanged) {
            self.app.refresh_overview().await?;
            self.seen = Some((writes, now));
        }
        Ok(())
    }

    /// Whether this node has the clock. The lease is renewed in good time, not at every look: an idle server writes little.
    async fn holds(&mut self) -> Result<bool, Failure> {
        let (holder, now) = (self.holder.clone(), self.app.now());
        if self.held_until.is_some_and(|until| now + LEASE_SPARE < until && now + LEASE >= until) {
            return Ok(true);
        }
        let taken =
            self.app.store().write(move |tx| leases::take(tx, "release_clock", &holder, now, now + LEASE)).await?;
        self.held_until = taken.then(|| now + LEASE);
        Ok(taken)
    }

    async fn releases(&self) -> Result<Vec<Release>, Failure> {
        Ok(self.app.store().read(|tx| releases::unfinished(tx, RELEASES_MAX)).await?)
    }

    async fn plan(&mut self, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let friday = next_release_friday(self.app.now());
        if !self.app.policy().plan_weekly || self.planned_for == Some(friday) {
            return Ok(());
        }
        let beacon = self.app.policy().beacon;
        if let Some(planned) = self.app.perform_as(Actor::Clock, PlanWeekly { beacon }).await? {
            steps.push(Step::Planned(planned.release));
        }
        self.planned_for = Some(friday);
        Ok(())
    }

    /// Takes one release as far as it can go at the instant at which it begins. Midnight may pass while it works: a release must not
    /// be closed by a later instant than its days were ended by, or those who came that day would be live in it for ever.
    async fn step(&mut self, mut release: Release, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let plan = plan_of(&release)?;
        let now = self.app.now();
        if release.state == ReleaseState::Planned && now >= release.opens {
            self.advance(&mut release, ReleaseState::Open).await?;
            steps.push(Step::Opened(release.id.clone()));
        }
        if plan.mode == Mode::Draw {
            if release.state == ReleaseState::Open && now >= plan.freeze {
                self.advance(&mut release, ReleaseState::Frozen).await?;
            }
            if release.state == ReleaseState::Frozen {
                if release.freeze_file.is_none() {
                    freeze(&self.app, &release.id).await?;
                    steps.push(Step::Frozen(release.id.clone()));
                    release = self.read(&release.id).await?;
                }
                if is_over(&plan, now) {
                    // Its beacon never came, and nobody must wait any longer for days that are over.
                    return self.end(&mut release, steps).await;
                }
                self.beacon(&mut release, &plan).await?;
            }
            if release.state == ReleaseState::Drawing {
                let drawn = draw(&self.app, &release.id).await?;
                release.state = self.read(&release.id).await?.state;
                steps.push(Step::Drawn(release.id.clone(), drawn.entries, drawn.placed));
            }
        }
        if plan.mode == Mode::FirstCome && release.state == ReleaseState::Open {
            let health = self.pulse.health();
            waiting::tend(&self.app, &*self.beacons, &release.id, &plan, health).await?;
        }
        if given_out(&plan, release.state) {
            let all_out = self.waves(&release, &plan, now, steps).await?;
            self.end_days(&release, &plan, now).await?;
            // Who waits must not be sent away while a wave that could give them a place is still to be run.
            if all_out {
                self.close(&mut release, &plan, now, steps).await?;
            }
        }
        Ok(())
    }

    async fn advance(&self, release: &mut Release, to: ReleaseState) -> Result<(), Failure> {
        let step = Advance { release: release.id.clone(), from: release.state, to };
        self.app.perform_as(Actor::Clock, step).await?;
        release.state = to;
        Ok(())
    }

    async fn read(&self, id: &ReleaseId) -> Result<Release, Failure> {
        let id = id.clone();
        let release = self
            .app
            .store()
            .read(move |tx| {
                releases::get(tx, &id)?.ok_or_else(|| Fault::Corrupt { what: format!("release {id} is gone") })
            })
            .await?;
        Ok(release)
    }

    /// Gets the beacon's value when its time has come. A manual value is given by the operator.
    async fn beacon(&mut self, release: &mut Release, plan: &ReleasePlan) -> Result<(), Failure> {
        let now = self.app.now();
        let Some(freeze) = &release.freeze_file else { return Ok(()) };
        let frozen = FreezeFile::parse(freeze.as_bytes())
            .map_err(|error| Fault::Corrupt { what: format!("freeze file of {}: {error}", release.id) })?;
        let value = match &plan.beacon {
            BeaconPlan::Manual { .. } => return Ok(()),
            BeaconPlan::Local { label } => {
                BeaconValue::Local { label: label.clone(), randomness: entropy::bytes(self.app.entropy()) }
            }
            BeaconPlan::Drand { chain, .. } => {
                let tried = self.beacon_tried.get(&release.id).is_some_and(|at| *at <= now && now < *at + BEACON_RETRY);
                if tried || now < draw_instant(release.round, plan) {
                    return Ok(());
                }
                self.beacon_tried.insert(release.id.clone(), now);
                let Some(chain) = Chain::known(chain) else { return Ok(()) };
                let fetched = self.beacons.signature(chain, frozen.round).await;
                match fetched.and_then(|hex| {
                    BeaconValue::drand_from_hex(chain, frozen.round, &hex).map_err(|error| error.to_string())
                }) {
                    Ok(value) => value,
                    Err(why) => {
                        tracing::warn!(release = %release.id, round = frozen.round, why, "no beacon value yet");
                        return Ok(());
                    }
                }
            }
        };
        let give = GiveBeacon { release: release.id.clone(), file: value.to_text() };
        self.app.perform_as(Actor::Clock, give).await?;
        *release = self.read(&release.id).await?;
        Ok(())
    }

    /// Runs the newest wave that is due; older ones that were missed are noted as empty, their places go out in it.
    /// `false` if it could not be run, and is tried again at the next look.
    async fn waves(
        &self,
        release: &Release,
        plan: &ReleasePlan,
        now: Timestamp,
        steps: &mut Vec<Step>,
    ) -> Result<bool, Failure> {
        let id = release.id.clone();
        let done: Vec<Timestamp> =
            self.app.store().read(move |tx| waves::list(tx, &id)).await?.into_iter().map(|wave| wave.at).collect();
        let mut due: Vec<Timestamp> =
            wave_instants(plan).into_iter().filter(|at| *at <= now && !done.contains(at)).collect();
        // A wave before the places were given out has nothing to give.
        let Some(newest) = due.pop() else { return Ok(true) };
        if !due.is_empty() {
            let (app, id) = (self.app.clone(), release.id.clone());
            self.app
                .store()
                .write(move |tx| {
                    for at in &due {
                        if waves::insert(tx, &id, *at, now, 0)? {
                            app.in_clock_context(|cx| note_wave(tx, cx, "wave_missed", &id, *at))?;
                        }
                    }
                    Ok(())
                })
                .await?;
        }
        let waved = wave(&self.app, &release.id, newest).await?;
        if let Waved::Done(placed) = waved {
            steps.push(Step::Waved(release.id.clone(), newest, placed));
        }
        Ok(waved != Waved::Stale)
    }

    /// Ends the days that are over, office by office; an office's day ends at its own midnight.
    async fn end_days(&mut self, release: &Release, plan: &ReleasePlan, now: Timestamp) -> Result<(), Failure> {
        for date in &plan.dates {
            let key = (release.id.clone(), *date);
            let Ok(after) = date.tomorrow() else { continue };
            // Midnight comes first in the east; the day is over everywhere when it is over in the west.
            if self.ended.contains(&key) || now < booking_closes(after, Zone::Wib) {
                continue;
            }
            for office in &plan.offices {
                self.app.perform_as(Actor::Clock, EndDay { office: *office, date: *date }).await?;
            }
            self.ended.insert(key);
        }
        Ok(())
    }

    async fn close(
        &mut self,
        release: &mut Release,
        plan: &ReleasePlan,
        now: Timestamp,
        steps: &mut Vec<Step>,
    ) -> Result<(), Failure> {
        let waits = release.state == ReleaseState::Drawn && !self.standby_ended.contains(&release.id);
        if waits && now >= release.ends {
            self.end_waiting(&release.id, steps).await?;
            self.standby_ended.insert(release.id.clone());
        }
        if is_over(plan, now) { self.end(release, steps).await } else { Ok(()) }
    }

    /// The end of a release; whoever still waits in it is free again.
    async fn end(&self, release: &mut Release, steps: &mut Vec<Step>) -> Result<(), Failure> {
        self.end_waiting(&release.id, steps).await?;
        self.advance(release, ReleaseState::Closed).await?;
        steps.push(Step::Closed(release.id.clone()));
        Ok(())
    }

    /// Ends the wait of everybody who still waits, in small pieces.
    async fn end_waiting(&self, id: &ReleaseId, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let (mut ended, mut after) = (0, PartyId(0));
        loop {
            let (app, release, now) = (self.app.clone(), id.clone(), self.app.now());
            let batch = self
                .app
                .store()
                .write(move |tx| {
                    let parties = entries::expire(tx, &release, after, now, EXPIRE_AT_ONCE)?;
                    app.in_clock_context(|cx| {
                        for (party, _) in parties.iter().filter(|(_, waited)| *waited) {
                            let release_id = Some(release.as_str());
                            let note =
                                Note { kind: "expired", release: release_id, party: Some(*party), ..Note::default() };
                            cx.note(tx, Actor::Clock, note)?;
                            if cx.policy.tell_standby
                                && let Some(party) = antrean_store::parties::get(tx, *party)?
                            {
                                let message = Message::StandbyEnded { release: release.clone() };
                                tell(tx, cx, Recipient::Account(party.account), message)?;
                            }
                        }
                        Ok::<_, Fault>(())
                    })?;
                    Ok(parties)
                })
                .await?;
            let Some(last) = batch.last() else { break };
            after = last.0;
            ended += batch.iter().filter(|(_, waited)| *waited).count() as u32;
        }
        if ended > 0 {
            steps.push(Step::StandbyEnded(id.clone(), ended));
        }
        Ok(())
    }

    async fn sweep(&mut self) -> Result<(), Failure> {
        let now = self.app.now();
        if self.swept.is_none_or(|at| now >= at + SWEEP_EVERY) {
            retention::sweep(&self.app).await?;
            self.swept = Some(now);
        }
        Ok(())
    }
}

/// Logs a failure and keeps it if it is the first.
fn keep_first(first: &mut Result<(), Failure>, what: &str, result: Result<(), Failure>) {
    if let Err(failure) = result {
        tracing::warn!(what, %failure, "the release clock will try again");
        if first.is_ok() {
            *first = Err(failure);
        }
    }
}

/// Whether places of the release are in people's hands.
fn given_out(plan: &ReleasePlan, state: ReleaseState) -> bool {
    match plan.mode {
        Mode::Draw => state == ReleaseState::Drawn,
        Mode::FirstCome => state == ReleaseState::Open,
    }
}
