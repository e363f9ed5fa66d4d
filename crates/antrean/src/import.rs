//! `antrean import`: replaces parts of the catalogue. Everything is checked as one whole before anything is written.

use std::fs;
use std::path::{Path, PathBuf};

use antrean_app::App;
use antrean_app::catalogue::{self, ImportError};
use antrean_domain::catalogue::{FILE_BYTES_MAX, PARTS};
use serde_json::json;

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::{Stop, whole};
use crate::terminal;

/// Arguments of `antrean import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean import --data /var/lib/antrean offices.csv timetables.toml\n  \
    antrean import --dir data/\n\nThe files are told apart by their names: regions.csv, regions_former.csv, services.toml, \
    offices.csv, holidays.csv, timetables.toml. A server that runs on the same directory uses the new files within seconds; \
    releases that are planned keep their places.")]
pub struct Import {
    #[command(flatten)]
    config: ConfigFlags,
    /// Files of the catalogue
    #[arg(value_name = "FILE", required_unless_present = "dir")]
    files: Vec<PathBuf>,
    /// Takes every file of the catalogue in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    dir: Option<PathBuf>,
    /// Checks the files and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Overwrites offices, hours and quotas that staff have changed on their pages since the last import
    #[arg(long)]
    replace_staff_changes: bool,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let config = self.config.load()?;
        let found = self.read()?;
        let (data, _empty) = if self.dry_run { DataDir::for_looking(&config)? } else { (DataDir::of(&config), None) };
        let app = data.open(config.policy).await?;
        let done = self.replace(&app, found).await;
        app.store().close().await;
        done
    }

    /// The files' texts by part.
    fn read(&self) -> Result<Vec<(&'static str, String)>, Stop> {
        let paths: Vec<PathBuf> = match &self.dir {
            None => self.files.clone(),
            Some(dir) => PARTS.iter().map(|part| dir.join(part)).filter(|path| path.exists()).collect(),
        };
        if paths.is_empty() {
            let known = PARTS.join(", ");
            return Err(Stop::wrong(format!("--dir: none of {known} is there")));
        }
        let mut found: Vec<(&'static str, String)> = Vec::new();
        for path in &paths {
            let part = part_of(path)?;
            if found.iter().any(|(known, _)| *known == part) {
                return Err(Stop::wrong(format!("{}: {part} is given twice", path.display())));
            }
            found.push((part, text_of(path)?));
        }
        Ok(found)
    }

    async fn replace(&self, app: &App, found: Vec<(&'static str, String)>) -> Result<(), Stop> {
        let names: Vec<&str> = found.iter().map(|(part, _)| *part).collect();
        let (anyway, now) = (self.replace_staff_changes, app.now());
        let done = if self.dry_run {
            app.store().read(move |tx| catalogue::check_import(tx, &found, anyway)).await
        } else {
            app.store().write(move |tx| catalogue::import(tx, &found, anyway, now)).await
        };
        let catalogue = match done.map_err(|fault| Stop::failed(whole(&fault)))? {
            Ok(catalogue) => catalogue,
            Err(error @ ImportError::ChangedByStaff { .. }) => {
                let line = format!("{error}. --replace-staff-changes puts the file in place of what they set");
                return Err(Stop::failed(line));
            }
            Err(ImportError::Wrong(error)) => return Err(Stop::failed(error.to_string())),
        };
        let (offices, regions) = (catalogue.offices.len(), catalogue.regions.iter().count());
        if self.json {
            terminal::json(
                &json!({"replaced": names, "offices": offices, "regions": regions, "dry_run": self.dry_run}),
            );
        } else {
            let did = if self.dry_run { "checked, nothing written" } else { "replaced" };
            terminal::line(format!("{}: {did}; {offices} offices, {regions} regions", names.join(", ")));
        }
        Ok(())
    }
}

fn part_of(path: &Path) -> Result<&'static str, Stop> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    PARTS.into_iter().find(|part| *part == name).ok_or_else(|| {
        let known = PARTS.join(", ");
        Stop::wrong(format!("{}: is no file of the catalogue; their names are {known}", path.display()))
    })
}

fn text_of(path: &Path) -> Result<String, Stop> {
    let wrong = |why: String| Stop::wrong(format!("{}: {why}", path.display()));
    let found = fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if found.len() > FILE_BYTES_MAX as u64 {
        return Err(wrong(format!("has more than {FILE_BYTES_MAX} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(good).lines().count().max(1);
        wrong(format!("line {line}: is not UTF-8"))
    })
}
