//! `antrean release list`.

use antrean_app::overview::ReleaseView;
use serde_json::{Value, json};

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::Stop;
use crate::terminal;

/// Arguments of `antrean release list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean release list --data /var/lib/antrean\n  antrean release list --json")]
pub struct List {
    #[command(flatten)]
    config: ConfigFlags,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let config = self.config.load()?;
        let data = DataDir::of(&config);
        data.must_exist()?;
        let app = data.open(config.policy).await?;
        let overview = app.overview();
        app.store().close().await;
        if self.json {
            terminal::json(&overview.releases.iter().map(|release| object(release)).collect::<Vec<_>>());
            return Ok(());
        }
        if overview.releases.is_empty() {
            eprintln!("no releases yet; plan one with: antrean release plan");
            return Ok(());
        }
        terminal::line(format_args!(
            "{:<16} {:<10} {:<8} {:<20} {:<20} {:>7} {:>7} {:>7} {:>7}",
            "RELEASE", "MODE", "STATE", "OPENS", "DRAW", "PLACES", "LEFT", "ENTRIES", "STANDBY"
        ));
        for release in &overview.releases {
            terminal::line(format_args!(
                "{:<16} {:<10} {:<8} {:<20} {:<20} {:>7} {:>7} {:>7} {:>7}",
                release.id.as_str(),
                release.mode.as_str(),
                release.state.as_str(),
                release.plan.opening.earliest().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                release.draw.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                release.places,
                release.left,
                release.entries,
                release.standby()
            ));
        }
        Ok(())
    }
}

fn object(release: &ReleaseView) -> Value {
    json!({
        "release": release.id,
        "mode": release.mode,
        "state": release.state,
        "opens": release.plan.opening.earliest(),
        "freeze": release.plan.freeze,
        "draw": release.draw,
        "ends": release.ends,
        "beacon": release.plan.beacon.id(),
        "round": release.round,
        "dates": release.plan.dates,
        "offices": release.plan.offices.len(),
        "places": release.places,
        "left": release.left,
        "entries": release.entries,
        "people": release.people,
        "standby": release.standby(),
        "next_wave": release.next_wave,
    })
}
