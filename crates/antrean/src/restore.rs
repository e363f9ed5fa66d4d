//! `antrean restore`: fills an empty store from a backup. Everything is checked before anything is touched, and it is all or nothing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use antrean_app::caller::hex;
use antrean_domain::keys::Keyring;
use antrean_store::archive::{self, ArchiveError, Manifest};
use antrean_store::{Fault, Store, audit};
use serde_json::json;

use crate::backup::{Tables, verified};
use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::keys;
use crate::stop::{Stop, whole};
use crate::terminal;

/// Arguments of `antrean restore`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  antrean restore --data /var/lib/antrean --from /backup/antrean-2026-11-21.gz\n\nPut the master key in \
    its place first, then restore, then start the server. The store must be empty, and may be of another engine than the one the backup \
    came from. Afterwards every rule is checked over the whole store."
)]
pub struct Restore {
    #[command(flatten)]
    config: ConfigFlags,
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let data = DataDir::of(&self.config.load()?);
        let started = Instant::now();
        let manifest = verified(&self.from)?;
        right_key(&data.master_key(), &manifest)?;
        let _lock = data.lock()?;
        let store = data.open_store()?;
        let filled = fill(&store, &self.from).await;
        store.close().await;
        let violations = filled?;
        let (rows, seconds) = (manifest.rows, started.elapsed().as_secs_f64());
        if self.json {
            terminal::json(&json!({"manifest": manifest, "violations": violations}));
        } else {
            terminal::line(format_args!("{}: {rows} rows restored in {seconds:.1} s", self.from.display()));
        }
        if violations.is_empty() {
            return Ok(());
        }
        for violation in &violations {
            eprintln!("antrean: {violation}");
        }
        // Everything is as it was kept; throwing it away would help nobody, and nor would silence.
        Err(Stop::failed(format!("restored as it was, and {} rules do not hold in it; see above", violations.len())))
    }
}

/// Stops unless the key that is in its place opens what is sealed in the archive.
fn right_key(path: &Path, manifest: &Manifest) -> Result<(), Stop> {
    let wants = &manifest.header.key_fingerprint;
    if !path.exists() {
        return Err(Stop::wrong(format!(
            "the master key {} is missing; put the key with the fingerprint {wants} there before you restore",
            path.display()
        )));
    }
    let found = hex(&Keyring::derive(&keys::read(path)?).fingerprint());
    if found == *wants {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "{} is another master key (fingerprint {found}) than the backup was made with ({wants}); nothing in it could be read",
        path.display()
    )))
}

/// Fills the store, and says which rules do not hold in it.
async fn fill(store: &Store, from: &Path) -> Result<Vec<String>, Stop> {
    let failed = |why: String| Stop::failed(format!("--from: {}: {why}; nothing was restored", from.display()));
    let mut file = File::open(from).map_err(|error| failed(error.to_string()))?;
    // The operation has to fail as a whole; what was wrong with the file is told beside the fault that it fails with.
    let wrong = Arc::new(Mutex::new(None));
    let (wrong_inside, mut progress) = (Arc::clone(&wrong), Tables::new("restore"));
    let filled = store
        .write(move |tx| {
            let filled = archive::restore(tx, &mut file, &mut |table, rows| progress.show(table, rows));
            filled.map(drop).map_err(|error| match error {
                ArchiveError::Store(fault) => fault,
                other => {
                    let what = whole(&other);
                    *wrong_inside.lock().expect("nobody panics while holding it") = Some(what.clone());
                    Fault::Corrupt { what }
                }
            })
        })
        .await;
    if let Err(fault) = filled {
        let why = wrong.lock().expect("nobody panics while holding it").take();
        return Err(failed(why.unwrap_or_else(|| whole(&fault))));
    }
    store.read(audit::violations).await.map_err(|fault| Stop::failed(whole(&fault)))
}
