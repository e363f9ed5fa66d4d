//! The catalogue as it is stored: read as one whole, changed part by part under one lock. What staff have changed is marked, so that an
//! import does not overwrite it unawares.

use std::borrow::Cow;

use antrean_domain::catalogue::{Catalogue, CatalogueError, CatalogueFiles};
use antrean_domain::timetable::Timetables;
use antrean_store::catalogue as parts;
use antrean_store::locks::Lock;
use antrean_store::{Fault, Tx};
use jiff::{Timestamp, ToSpan as _};

use crate::operation::Context;

/// A part beside the files: the names of those that staff have changed since they were imported, with spaces between.
const CHANGED_BY_STAFF: &str = "changed_by_staff";

/// The files of the stored parts. A part that this version does not know is left alone: another version may read it.
fn files_of(parts: Vec<(String, String)>) -> CatalogueFiles {
    let mut files = CatalogueFiles::builtin();
    for (part, body) in parts {
        let _ = files.replace(&part, body);
    }
    files
}

/// The catalogue that parts make.
pub(crate) fn read(parts: Vec<(String, String)>) -> Result<Catalogue, CatalogueError> {
    Catalogue::parse(&files_of(parts))
}

/// The catalogue as it is stored now, whatever this node has in memory.
pub(crate) fn stored(tx: &Tx<'_>) -> Result<(CatalogueFiles, Catalogue), Fault> {
    let files = files_of(parts::load(tx)?);
    let catalogue = Catalogue::parse(&files).map_err(|error| Fault::Corrupt { what: error.to_string() })?;
    Ok((files, catalogue))
}

/// All timetables as they are stored now.
pub(crate) fn timetables<'a>(tx: &Tx<'_>, cx: &Context<'a>) -> Result<Cow<'a, Timetables>, Fault> {
    if parts::loaded(tx)? == cx.catalogue_of {
        return Ok(Cow::Borrowed(&cx.catalogue.timetables));
    }
    Ok(Cow::Owned(stored(tx)?.1.timetables))
}

/// Puts a part at an instant after the last: nodes look whether that has changed, and two changes may fall into one millisecond.
fn put(tx: &Tx<'_>, part: &str, text: &str, now: Timestamp) -> Result<(), Fault> {
    let at = parts::loaded(tx)?.map_or(now, |last| now.max(last + 1.millisecond()));
    parts::put(tx, part, text, at)
}

fn changed_by_staff(tx: &Tx<'_>) -> Result<Vec<String>, Fault> {
    let marked = parts::load(tx)?.into_iter().find(|(part, _)| part == CHANGED_BY_STAFF);
    Ok(marked.map_or_else(Vec::new, |(_, names)| names.split_whitespace().map(str::to_owned).collect()))
}

/// Puts a part that staff have changed. Whoever does holds the catalogue's lock and has read the whole with it.
pub fn put_by_staff(tx: &Tx<'_>, part: &str, text: &str, now: Timestamp) -> Result<(), Fault> {
    put(tx, part, text, now)?;
    let mut names = changed_by_staff(tx)?;
    if !names.iter().any(|name| name == part) {
        names.push(part.to_owned());
        put(tx, CHANGED_BY_STAFF, &names.join(" "), now)?;
    }
    Ok(())
}

/// Why files cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The catalogue cannot be read with them.
    #[error(transparent)]
    Wrong(#[from] CatalogueError),
    /// Staff have changed what one of them would replace.
    #[error("staff have changed {part} on their pages since it was imported last; nothing was written")]
    ChangedByStaff {
        /// The part.
        part: String,
    },
}

/// The catalogue as it would be with these parts, and the files of it. `anyway` replaces what staff have changed as well.
pub fn check_import(
    tx: &Tx<'_>,
    found: &[(&'static str, String)],
    anyway: bool,
) -> Result<Result<Catalogue, ImportError>, Fault> {
    let changed = if anyway { Vec::new() } else { changed_by_staff(tx)? };
    if let Some(part) = changed.into_iter().find(|name| found.iter().any(|(part, _)| part == name)) {
        return Ok(Err(ImportError::ChangedByStaff { part }));
    }
    let mut files = files_of(parts::load(tx)?);
    for (part, text) in found {
        let _ = files.replace(part, text.clone());
    }
    Ok(Catalogue::parse(&files).map_err(ImportError::from))
}

/// Puts parts in place of those that there are, if the whole can be read with them.
pub fn import(
    tx: &Tx<'_>,
    found: &[(&'static str, String)],
    anyway: bool,
    now: Timestamp,
) -> Result<Result<Catalogue, ImportError>, Fault> {
    tx.lock(&Lock::Catalogue)?;
    let checked = check_import(tx, found, anyway)?;
    if checked.is_ok() {
        for (part, text) in found {
            put(tx, part, text, now)?;
        }
        let mut names = changed_by_staff(tx)?;
        let before = names.len();
        names.retain(|name| !found.iter().any(|(part, _)| part == name));
        if names.len() < before {
            put(tx, CHANGED_BY_STAFF, &names.join(" "), now)?;
        }
    }
    Ok(checked)
}
