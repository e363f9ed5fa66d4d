//! The published files of a draw: written once to a folder of the server, from where anybody can take them.
//! They follow from the store, so that a lost folder is written again, byte for byte.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::freeze::Freezer;
use antrean_domain::draw::result::{ResultHead, ResultLine};
use antrean_domain::draw::seed::Seed;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::SlotKey;
use antrean_store::releases::{self, Release};
use antrean_store::{Fault, Tx, entries};

use crate::app::App;
use crate::operation::Failure;
use crate::refusal::Refusal;
use crate::release::rules_of;

/// The name of the file that holds all the others.
pub const BUNDLE: &str = "bundle.tar";
/// The files that lie in the store as they are; all others are computed.
const SMALL: [&str; 3] = ["rules.txt", "closures.txt", "freeze.txt"];

/// The path of one published file, written now if it is not there yet.
///
/// `name` is one of [`Bundle::FILES`] or [`BUNDLE`]. Rules and closures can be had from the planning on, the freeze file
/// from the freeze, everything else once the draw is complete; before that the answer is `ReleaseUnknown`.
pub async fn file(app: &App, release: &ReleaseId, name: &str) -> Result<PathBuf, Failure> {
    if name != BUNDLE && !Bundle::FILES.contains(&name) {
        return Err(Refusal::ReleaseUnknown.into());
    }
    let folder = app.published().join(release.as_str());
    let path = folder.join(name);
    // Closures can grow until the freeze; every other file never changes once it is there.
    let is_there = || name != "closures.txt" && path.exists();
    if is_there() {
        return Ok(path);
    }
    // Thousands ask at once when a draw is complete: one writes a quarter of a gigabyte, the others wait for it.
    let writing = if SMALL.contains(&name) { None } else { Some(app.publishing().lock().await) };
    if writing.is_some() && is_there() {
        return Ok(path);
    }
    let (id, name) = (release.clone(), name.to_owned());
    let written = app
        .store()
        .read(move |tx| {
            let Some(release) = releases::get(tx, &id)? else { return Ok(false) };
            write(tx, &release, &folder, &name)
        })
        .await?;
    if written { Ok(path) } else { Err(Refusal::ReleaseUnknown.into()) }
}

fn write(tx: &Tx<'_>, release: &Release, folder: &Path, name: &str) -> Result<bool, Fault> {
    let small = match name {
        "rules.txt" => Some(release.rules.as_str()),
        "closures.txt" => Some(release.closures.as_str()),
        "freeze.txt" => match &release.freeze_file {
            None => return Ok(false),
            some => some.as_deref(),
        },
        _ => None,
    };
    let failed = |error: std::io::Error| Fault::Corrupt { what: format!("publishing {}: {error}", release.id) };
    fs::create_dir_all(folder).map_err(failed)?;
    if let Some(text) = small {
        if fs::read(folder.join(name)).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(true);
        }
        put(folder, name, |out| out.write_all(text.as_bytes())).map_err(failed)?;
        return Ok(true);
    }
    if release.drawn.is_none() {
        return Ok(false);
    }
    write_all(tx, release, folder)?;
    Ok(true)
}

/// Writes every file of a finished draw: about 0.25 GB for a million entries, a few seconds, once.
fn write_all(tx: &Tx<'_>, release: &Release, folder: &Path) -> Result<(), Fault> {
    let broken = |what: &str| Fault::Corrupt { what: format!("{what} of {}", release.id) };
    let failed = |error: std::io::Error| Fault::Corrupt { what: format!("publishing {}: {error}", release.id) };
    let (Some(freeze), Some(beacon)) = (&release.freeze_file, &release.beacon_file) else {
        return Err(broken("freeze or beacon"));
    };
    let rules = rules_of(release)?;
    let freezer = Freezer::new(release.id.clone(), rules.hash()).keeping_leaves();
    let frozen = crate::release::read_frozen(tx, release, freezer)?;
    // Straight to the file and back: at no time are there two copies of a quarter of a gigabyte.
    put(folder, "leaves.bin", |out| frozen.leaves().into_iter().flatten().try_for_each(|piece| out.write_all(piece)))
        .map_err(failed)?;
    drop(frozen);
    let leaves = fs::read(folder.join("leaves.bin")).map_err(failed)?;
    let head = ResultHead {
        release: release.id.clone(),
        freeze: Hash32::of(freeze.as_bytes()),
        seed: Seed(release.seed.ok_or_else(|| broken("seed"))?),
    };
    let mut result = head.to_text();
    entries::results(tx, &release.id, |rank, entry_id, size, place| {
        let slot = match place {
            None => None,
            Some(place) => Some(SlotKey::parse(place).map_err(|_| broken("a place"))?),
        };
        let line = ResultLine { rank, entry_id, size: size as u8, slot };
        writeln!(result, "{line}").expect("a String takes all");
        Ok(())
    })?;
    let bundle = Bundle {
        rules: release.rules.as_bytes(),
        closures: release.closures.as_bytes(),
        freeze: freeze.as_bytes(),
        leaves: &leaves,
        beacon: beacon.as_bytes(),
        result: result.as_bytes(),
    };
    for (name, bytes) in bundle.files().into_iter().filter(|(name, _)| *name != "leaves.bin") {
        put(folder, name, |out| out.write_all(bytes)).map_err(failed)?;
    }
    put(folder, BUNDLE, |out| bundle.write_to(|piece| out.write_all(piece))).map_err(failed)
}

/// Writes a file beside its place and moves it there when it is on disk: a reader never sees half of it, not even after
/// the power was cut, and two writers never mix.
fn put(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut BufWriter<tempfile::NamedTempFile>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut out = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    write(&mut out)?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    Ok(())
}
