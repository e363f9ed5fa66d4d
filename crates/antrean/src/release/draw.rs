//! `antrean release draw`: the operator's hand where the clock waits for it, through the same operations as the clock.

use std::sync::Arc;
use std::time::Duration;

use antrean_app::App;
use antrean_app::caller::Actor;
use antrean_app::overview::ReleaseView;
use antrean_app::release::{GiveBeacon, draw};
use antrean_app::release_clock::{BeaconSource as _, NoBeacon, ReleaseClock};
use antrean_domain::draw::beacon::{BeaconValue, Chain};
use antrean_domain::release::{BeaconPlan, Mode, ReleaseId};
use antrean_store::releases::ReleaseState;
use serde_json::json;

use crate::beacons::Relays;
use crate::config::{Config, ConfigFlags};
use crate::data::DataDir;
use crate::serve::holder;
use crate::stop::{Stop, whole};
use crate::terminal;

/// A server on the same directory makes each step within half a second; a large draw takes it longer.
const LOOKS_MAX: u32 = 1_200;
/// Between two looks at what the server has done.
const PAUSE: Duration = Duration::from_millis(250);

/// Arguments of `antrean release draw`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  antrean release draw 2026-W49 --value \"12 34 56 78\"\n  antrean release draw 2026-W49\n\n\
    A value is given for a manual beacon only, exactly as it was announced, once. For drand the value is fetched. Nothing \
    is drawn before the freeze, and nothing is drawn twice."
)]
pub struct Draw {
    #[command(flatten)]
    config: ConfigFlags,
    /// The release
    #[arg(value_name = "RELEASE")]
    release: ReleaseId,
    /// The announced value of a manual beacon
    #[arg(long, value_name = "TEXT")]
    value: Option<String>,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Draw {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let mut config = self.config.load()?;
        // A command that draws one release does not plan another by the way.
        config.policy.plan_weekly = false;
        let data = DataDir::of(&config);
        data.must_exist()?;
        let app = data.open(config.policy.clone()).await?;
        // Where a server runs, its clock does the steps; where none does, ours may.
        let lock = data.lock().ok();
        let clock = lock.is_some().then(|| ReleaseClock::new(app.clone(), Arc::new(NoBeacon), holder(&app)));
        let done = self.draw(&app, &config, clock).await;
        app.store().close().await;
        done
    }

    async fn draw(&self, app: &App, config: &Config, mut clock: Option<ReleaseClock>) -> Result<(), Stop> {
        let release = self.view(app).await?;
        if release.mode != Mode::Draw {
            return Err(Stop::failed(format!(
                "{} gives its places first come; there is nothing to draw",
                self.release
            )));
        }
        if self.value.is_some() && !matches!(release.plan.beacon, BeaconPlan::Manual { .. }) {
            return Err(Stop::wrong(format!(
                "--value: the beacon of {} is {}",
                self.release,
                release.plan.beacon.id()
            )));
        }
        if let Some(drawn) = release.drawn {
            return Err(Stop::failed(format!(
                "{} was drawn at {drawn}; a draw is never run a second time",
                self.release
            )));
        }
        if app.now() < release.plan.freeze {
            let freeze = release.plan.freeze;
            return Err(Stop::failed(format!(
                "{} takes entries until {freeze}; nothing is drawn before",
                self.release
            )));
        }
        let ready = |release: &ReleaseView| match &release.plan.beacon {
            // The clock makes this value itself, right after the freeze.
            BeaconPlan::Local { .. } => release.beacon_file.is_some(),
            BeaconPlan::Drand { .. } | BeaconPlan::Manual { .. } => release.freeze_file.is_some(),
        };
        let release = self.wait(app, &mut clock, ready).await?;
        if release.beacon_file.is_none() {
            let file = self.value(app, config, &release).await?.to_text();
            app.perform_as(Actor::Operator, GiveBeacon { release: self.release.clone(), file }).await?;
        }
        if self.view(app).await?.state == ReleaseState::Drawing {
            draw(app, &self.release).await?;
        }
        let drawn = self
            .wait(app, &mut clock, |release| !matches!(release.state, ReleaseState::Frozen | ReleaseState::Drawing))
            .await?;
        let (entries, standby) = (drawn.entries, drawn.standby());
        if self.json {
            terminal::json(&json!({
                "release": drawn.id, "state": drawn.state, "entries": entries, "standby": standby, "places": drawn.places,
                "left": drawn.left, "seed": drawn.seed
            }));
        } else {
            let (id, places, left) = (&drawn.id, drawn.places, drawn.left);
            terminal::line(format!(
                "{id} is drawn: {entries} entries, {standby} on standby, {left} of {places} places left"
            ));
        }
        Ok(())
    }

    /// The value that the frozen list waits for.
    async fn value(&self, app: &App, config: &Config, release: &ReleaseView) -> Result<BeaconValue, Stop> {
        match &release.plan.beacon {
            BeaconPlan::Manual { label } => {
                let Some(text) = &self.value else {
                    let how = label.as_str();
                    return Err(Stop::wrong(format!("--value: is needed; {} waits for: {how}", self.release)));
                };
                BeaconValue::manual(label.clone(), text).map_err(|error| Stop::wrong(format!("--value: {error}")))
            }
            BeaconPlan::Drand { chain, .. } => {
                let chain = Chain::known(chain).ok_or_else(|| Stop::failed("the drand chain is not known"))?;
                let comes = chain.time_of(release.round).unwrap_or(release.draw);
                if app.now() < comes {
                    return Err(Stop::failed(format!("round {} of drand comes at {comes}", release.round)));
                }
                let relays = Relays::new(config.beacons.relays.clone())?;
                let signature = relays.signature(chain, release.round).await.map_err(Stop::failed)?;
                BeaconValue::drand_from_hex(chain, release.round, &signature)
                    .map_err(|error| Stop::failed(whole(&error)))
            }
            BeaconPlan::Local { .. } => Err(Stop::failed("the server makes the value of a local beacon by itself")),
        }
    }

    /// The release as it stands, read anew.
    async fn view(&self, app: &App) -> Result<Arc<ReleaseView>, Stop> {
        app.refresh_overview().await?;
        let unknown = || Stop::failed(format!("there is no release {}", self.release));
        app.overview().release(&self.release).cloned().ok_or_else(unknown)
    }

    /// Waits until the release is so far; `clock` is ours, where no server has one.
    async fn wait(
        &self,
        app: &App,
        clock: &mut Option<ReleaseClock>,
        until: impl Fn(&ReleaseView) -> bool,
    ) -> Result<Arc<ReleaseView>, Stop> {
        for _ in 0..LOOKS_MAX {
            let release = self.view(app).await?;
            if until(&release) {
                return Ok(release);
            }
            if let Some(clock) = clock {
                clock.tick().await?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Stop::failed(format!("{} does not move on; see the log of the server", self.release)))
    }
}
