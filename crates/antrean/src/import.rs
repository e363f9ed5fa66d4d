//! `antrean import`: replaces parts of the catalogue. Everything is checked as one whole before anything is written.

use std::fs;
use std::path::{Path, PathBuf};

use antrean_app::{App, office_data, quota};
use antrean_domain::catalogue::{Catalogue, CatalogueFiles, FILE_BYTES_MAX, OFFICES, PARTS};
use antrean_store::locks::Lock;
use antrean_store::{Tx, catalogue as parts};
use serde_json::json;

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::{Stop, whole};
use crate::terminal;

const CHANGED_BY_STAFF: &str = "staff have changed offices, hours or quotas on their pages since these files were imported last; \
    nothing was written. --replace-staff-changes puts the files in place of what they set";

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
        let mut files = CatalogueFiles::builtin();
        let stored = app.store().read(parts::load).await.map_err(|fault| Stop::failed(whole(&fault)))?;
        if !self.replace_staff_changes && names_of_staff(&stored, &found) {
            return Err(Stop::failed(CHANGED_BY_STAFF));
        }
        for (part, text) in stored {
            // A part of another version of the program is not ours to check.
            let _ = files.replace(&part, text);
        }
        for (part, text) in &found {
            let replaced = files.replace(part, text.clone());
            debug_assert!(replaced.is_ok(), "part_of gives known parts only");
        }
        let catalogue = Catalogue::parse(&files).map_err(|error| Stop::failed(error.to_string()))?;
        let names: Vec<&str> = found.iter().map(|(part, _)| *part).collect();
        if !self.dry_run {
            let now = app.now();
            let replace_all = self.replace_staff_changes;
            let put = move |tx: &Tx<'_>| {
                tx.lock(&Lock::Catalogue)?;
                // Somebody may have saved hours since they were looked at: then nothing is written.
                if !replace_all && names_of_staff(&parts::load(tx)?, &found) {
                    return Ok(false);
                }
                found.iter().try_for_each(|(part, text)| parts::put(tx, part, text, now))?;
                if found.iter().any(|(part, _)| *part == OFFICES) {
                    parts::put(tx, office_data::CHANGED_PART, "", now)?;
                }
                Ok(true)
            };
            if !app.store().write(put).await.map_err(|fault| Stop::failed(whole(&fault)))? {
                return Err(Stop::failed(CHANGED_BY_STAFF));
            }
        }
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

/// Whether one of the files would overwrite what staff have set.
fn names_of_staff(stored: &[(String, String)], found: &[(&'static str, String)]) -> bool {
    let replaces = |part: &str| found.iter().any(|(new, _)| *new == part);
    stored.iter().any(|(part, text)| match part.as_str() {
        office_data::CHANGED_PART => text == office_data::CHANGED && replaces(OFFICES),
        part => quota::changed_by_staff(text) && replaces(part),
    })
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
