//! `antrean release plan`: the coming week by rule, or any plan from a file, with single points changed by flags.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use antrean_app::App;
use antrean_app::caller::{Actor, HOME_ZONE};
use antrean_app::release::Plan as PlanRelease;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::beacon::{LEAD, Label, QUICKNET};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleaseId, ReleasePlan, next_release_friday};
use antrean_domain::slot::{Pool, slots_for};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde_json::json;

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::{Stop, whole};
use crate::terminal;

/// Arguments of `antrean release plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean release plan --data /var/lib/antrean\n  \
    antrean release plan --week 2026-12-04 --offices BTM,BTM-HB --dry-run\n  \
    antrean release plan --opens now --mode first_come --offices JAP\n  \
    antrean release plan --file plan.json --beacon \"manual:Undian negara, hari Minggu\"\n\n\
    Without --file the plan is that of a week: open on the Friday at 14.00 local, frozen on Sunday at 16.00 WIB, for the \
    places of Monday to Friday. Times without an offset are read on the clocks of each office (--opens) or in WIB (--freeze).")]
pub struct Plan {
    #[command(flatten)]
    config: ConfigFlags,
    /// The Friday on which it opens [default: the next]
    #[arg(long, value_name = "FRIDAY", conflicts_with = "file")]
    week: Option<Date>,
    /// A plan as JSON, as --json prints it under `plan`
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Its name, such as 2026-W49
    #[arg(long)]
    id: Option<ReleaseId>,
    /// How it gives its places
    #[arg(long, value_name = "draw|first_come")]
    mode: Option<Mode>,
    /// Only these offices
    #[arg(long, value_name = "CODE,..", value_delimiter = ',')]
    offices: Vec<OfficeCode>,
    /// Only these service days
    #[arg(long, value_name = "DATE,..", value_delimiter = ',')]
    dates: Vec<Date>,
    /// When it opens: now, a time on every office's clocks, or an instant with its offset
    #[arg(long, value_name = "WHEN")]
    opens: Option<When>,
    /// When the list of entries is made final
    #[arg(long, value_name = "WHEN")]
    freeze: Option<When>,
    /// What will order the entries: drand, manual, local, or manual:LABEL, local:LABEL
    #[arg(long, value_name = "BEACON")]
    beacon: Option<BeaconWish>,
    /// Choices that an entry may have
    #[arg(long, value_name = "N")]
    choices: Option<u8>,
    /// People that one entry may bring
    #[arg(long, value_name = "N")]
    party: Option<u8>,
    /// When freed places go out, on the clocks of the west
    #[arg(long, value_name = "TIME,..", value_delimiter = ',')]
    waves: Vec<Time>,
    /// First come without a waiting room: whoever is fastest is first
    #[arg(long)]
    no_waiting_room: bool,
    /// Shows the plan and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

/// A time as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    Local(DateTime),
    At(Timestamp),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        // An offset makes it an instant; a civil time would parse too and lose it.
        if let Ok(instant) = text.parse() {
            return Ok(Self::At(instant));
        }
        let local = text.parse().map(Self::Local);
        local.map_err(|_| "is not now, nor a time such as 2026-11-27T14:00 or 2026-11-27T14:00+07:00".to_owned())
    }
}

/// A beacon as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum BeaconWish {
    Drand,
    Manual(Option<Label>),
    Local(Option<Label>),
}

impl FromStr for BeaconWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, label) = text.split_once(':').map_or((text, None), |(kind, label)| (kind, Some(label)));
        let label = label.map(Label::parse).transpose().map_err(|error| error.to_string())?;
        match kind {
            "drand" if label.is_none() => Ok(Self::Drand),
            "manual" => Ok(Self::Manual(label)),
            "local" => Ok(Self::Local(label)),
            _ => Err("is not drand, manual[:LABEL] or local[:LABEL]".to_owned()),
        }
    }
}

impl Plan {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let config = self.config.load()?;
        let text = match &self.file {
            None => None,
            Some(path) => Some(
                fs::read_to_string(path)
                    .map_err(|error| Stop::wrong(format!("--file: cannot read {}: {error}", path.display())))?,
            ),
        };
        let (data, _empty) = if self.dry_run { DataDir::for_looking(&config)? } else { (DataDir::of(&config), None) };
        let app = data.open(config.policy).await?;
        let done = self.plan(&app, text.as_deref()).await;
        app.store().close().await;
        done
    }

    async fn plan(&self, app: &App, text: Option<&str>) -> Result<(), Stop> {
        let catalogue = app.catalogue();
        let plan = self.changed(self.base(app, &catalogue, text)?, app.now());
        let (slots, places) = if self.dry_run {
            plan.validate(&catalogue).map_err(|error| Stop::failed(error.to_string().replace('\n', "; ")))?;
            if app.overview().release(&plan.id).is_some() {
                return Err(Stop::failed(format!("there is a release {} already", plan.id)));
            }
            count(&plan, &catalogue)
        } else {
            let planned = app.perform_as(Actor::Operator, PlanRelease { plan: plan.clone() }).await?;
            (planned.slots, planned.places)
        };
        if self.json {
            terminal::json(&json!({
                "release": plan.id, "slots": slots, "places": places, "dry_run": self.dry_run, "plan": plan
            }));
        } else {
            let did = if self.dry_run { "would be planned" } else { "planned" };
            let (first, last) = (plan.dates.first(), plan.dates.last());
            terminal::line(format!(
                "{} ({}) {did}: {places} places in {slots} windows of {} offices",
                plan.id,
                plan.mode,
                plan.offices.len()
            ));
            terminal::line(format!("opens   {}", plan.opening.earliest()));
            if plan.mode == Mode::Draw {
                terminal::line(format!("freezes {}", plan.freeze));
                terminal::line(format!("beacon  {}, draw at {}", plan.beacon.id(), plan.places_given_out()));
            }
            if plan.mode == Mode::FirstCome {
                let room = if plan.waiting_room { "with a waiting room" } else { "none: whoever is fastest is first" };
                terminal::line(format!("line    {room}"));
            }
            if let (Some(first), Some(last)) = (first, last) {
                terminal::line(format!("dates   {first} to {last}, {} days", plan.dates.len()));
            }
        }
        Ok(())
    }

    /// The plan before the flags change it.
    fn base(&self, app: &App, catalogue: &Catalogue, text: Option<&str>) -> Result<ReleasePlan, Stop> {
        if let Some(text) = text {
            return ReleasePlan::parse(text).map_err(|error| Stop::wrong(format!("--file: {}", whole(&error))));
        }
        let friday = self.week.unwrap_or_else(|| next_release_friday(app.now()));
        let beacon = app.policy().beacon;
        ReleasePlan::weekly(friday, catalogue, beacon).map_err(|error| Stop::wrong(format!("--week: {error}")))
    }

    fn changed(&self, mut plan: ReleasePlan, now: Timestamp) -> ReleasePlan {
        if let Some(id) = &self.id {
            plan.id = id.clone();
        }
        if let Some(mode) = self.mode {
            plan.mode = mode;
        }
        if !self.offices.is_empty() {
            plan.offices.clone_from(&self.offices);
        }
        if !self.dates.is_empty() {
            plan.dates.clone_from(&self.dates);
        }
        plan.choices_max = self.choices.unwrap_or(plan.choices_max);
        plan.party_max = self.party.unwrap_or(plan.party_max);
        if self.no_waiting_room {
            plan.waiting_room = false;
        }
        if !self.waves.is_empty() {
            plan.wave_times.clone_from(&self.waves);
        }
        match self.opens {
            None => {}
            Some(When::Now) => plan.opening = Opening::At(now),
            Some(When::Local(local)) => plan.opening = Opening::Local(local),
            Some(When::At(at)) => plan.opening = Opening::At(at),
        }
        match self.freeze {
            None => {}
            Some(When::Now) => plan.freeze = now,
            Some(When::Local(local)) => plan.freeze = HOME_ZONE.at(local),
            Some(When::At(at)) => plan.freeze = at,
        }
        let label = |label: &Option<Label>| {
            label.clone().unwrap_or_else(|| Label::parse(plan.id.as_str()).expect("an id is printable ASCII"))
        };
        // As in a weekly release: twice the time between freeze and value that the protocol asks for.
        let drand =
            || BeaconPlan::Drand { chain: QUICKNET.hash, round: QUICKNET.first_round_from(plan.freeze + 2 * LEAD) };
        plan.beacon = match (&self.beacon, &plan.beacon) {
            (Some(BeaconWish::Drand), _) => drand(),
            (Some(BeaconWish::Manual(wish)), _) => BeaconPlan::Manual { label: label(wish) },
            (Some(BeaconWish::Local(wish)), _) => BeaconPlan::Local { label: label(wish) },
            (None, BeaconPlan::Drand { .. }) if self.freeze.is_some() => drand(),
            (None, _) => plan.beacon,
        };
        plan
    }
}

/// Arrival windows with public places, and the places in them.
pub fn count(plan: &ReleasePlan, catalogue: &Catalogue) -> (u32, u32) {
    let offices = plan.offices.iter().filter_map(|code| catalogue.offices.get(code));
    let public = offices
        .flat_map(|office| slots_for(office, &plan.dates, &catalogue.timetables, &catalogue.holidays))
        .filter(|slot| slot.pool == Pool::Public);
    public.fold((0, 0), |(slots, places), slot| (slots + 1, places + slot.capacity.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_now_or_local_or_an_instant() {
        assert_eq!("now".parse(), Ok(When::Now));
        assert_eq!("2026-11-27T14:00".parse(), Ok(When::Local("2026-11-27T14:00".parse().unwrap())));
        assert_eq!("2026-11-27T14:00+07:00".parse(), Ok(When::At("2026-11-27T07:00:00Z".parse().unwrap())));
        assert!("Friday".parse::<When>().is_err());
    }

    #[test]
    fn a_beacon_may_have_a_label() {
        assert_eq!("drand".parse(), Ok(BeaconWish::Drand));
        assert_eq!("manual".parse(), Ok(BeaconWish::Manual(None)));
        assert_eq!("local:a test".parse(), Ok(BeaconWish::Local(Some(Label::parse("a test").unwrap()))));
        assert!("drand:x".parse::<BeaconWish>().is_err() && "dice".parse::<BeaconWish>().is_err());
    }
}
