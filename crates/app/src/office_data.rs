//! What is known of an office: its name, where it stands, its telephone, its services and a notice; changed by its head, and founded by
//! the national administrator. A change is of one row of `offices.csv` as it is stored; the file's own reader says whether it can be.

use std::collections::BTreeMap;

use antrean_domain::catalogue::{Catalogue, CatalogueFiles, OFFICES, TIMETABLES, row_of, with_row};
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::office::{OfficeCode, wrong_cells};
use antrean_domain::staff::Task;
use antrean_domain::timetable::Timetable;
use antrean_store::ids::StaffId;
use antrean_store::locks::Lock;
use antrean_store::office_changes::Part;
use antrean_store::{Fault, Tx};
use serde::{Deserialize, Serialize};

use crate::caller::Actor;
use crate::catalogue::{put_by_staff, stored};
use crate::office_change::{self, Made, Overtaken, What};
use crate::operation::{Context, Error, Note, Operation};
use crate::staff::{StaffRefusal, approval};

/// What a head may change. The code, the kind, the parent and what codes begin with stay: tickets are made of them.
pub const CHANGEABLE: [&str; 10] = [
    "name",
    "address",
    "phone",
    "latitude",
    "longitude",
    "position_quality",
    "services",
    "electronic_only_from",
    "notice_id",
    "notice_en",
];
/// What has to be said of a new office besides.
pub const FOUNDED_WITH: [&str; 6] = ["code", "kind", "class", "parent_code", "regency_code", "queue_prefix"];
/// Most characters of a field.
const CELL_CHARS_MAX: usize = 500;
/// An office's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeData {
    /// Its cells by column.
    pub cells: BTreeMap<String, String>,
    /// Tells a later change whether somebody else changed it since.
    pub version: String,
}

fn version_of(cells: &BTreeMap<String, String>) -> String {
    // An empty cell and none are the same.
    let told: Vec<_> = cells.iter().filter(|(_, cell)| !cell.is_empty()).collect();
    Hash32::of(&serde_json::to_vec(&told).unwrap_or_default()).to_string().chars().take(16).collect()
}

fn row(files: &CatalogueFiles, office: &OfficeCode) -> Result<BTreeMap<String, String>, StaffRefusal> {
    row_of(&files.offices_csv, office.as_str()).ok_or(StaffRefusal::OfficeNotYours { office: *office })
}

/// What the data of an office are known by now.
pub(crate) fn version(tx: &Tx<'_>, office: &OfficeCode) -> Result<String, Error> {
    let (files, _) = stored(tx)?;
    Ok(version_of(&row(&files, office)?))
}

/// What is known of an office.
pub fn of_office(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<OfficeData, Error> {
    cx.officer_for(tx, Task::Describe, Some(office))?;
    let (files, _) = stored(tx)?;
    let cells = row(&files, office)?;
    Ok(OfficeData { version: version_of(&cells), cells })
}

/// What somebody sent who was overtaken, on what is known now: the cells that they changed themselves as they sent them, and of those
/// that others changed meanwhile the new ones. Where it is not known what they saw, all is as they sent it.
pub fn repeated(now: &OfficeData, overtaken: &Overtaken, sent: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let now_in = |column: &String| now.cells.get(column).cloned().unwrap_or_default();
    if !overtaken.whole {
        return sent.clone();
    }
    // The oldest change tells what there was before all of them.
    let seen_in = |column: &String| {
        let before = overtaken.changes.iter().rev().find_map(|change| match &change.what {
            Some(What::Data { cells }) => cells.get(column).map(|(old, _)| old.clone()),
            _ => None,
        });
        before.unwrap_or_else(|| now_in(column))
    };
    let cell = |(column, cell): (&String, &String)| {
        let own = cell.trim() != seen_in(column);
        (column.clone(), if own { cell.clone() } else { now_in(column) })
    };
    sent.iter().map(cell).collect()
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It is saved, and kept in the history.
    Saved,
    /// All was so already: nothing was written.
    Nothing,
}

/// Changes what is known of an office. Whoever saw something else than there is now is refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeOffice {
    /// The office.
    pub office: OfficeCode,
    /// New cells by column, of those that may be changed.
    pub cells: BTreeMap<String, String>,
    /// The version that was looked at.
    pub seen: String,
    /// Why, for the log.
    pub reason: String,
}

impl Operation for ChangeOffice {
    const NAME: &'static str = "office_change";
    type Outcome = Changed;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Changed, Error> {
        let officer = cx.officer_for(tx, Task::Describe, Some(&self.office))?.id;
        let reason = approval::checked_reason(&self.reason)?;
        let cells = checked(&self.cells, &CHANGEABLE)?;
        tx.lock(&Lock::Catalogue)?;
        let (files, _) = stored(tx)?;
        let before = row(&files, &self.office)?;
        if version_of(&before) != self.seen {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        let old = |column: &str| before.get(column).cloned().unwrap_or_default();
        let changed = cells.iter().map(|(column, cell)| (old(column), column, cell));
        let differ = changed.filter(|(old, _, cell)| old != *cell);
        let differ: BTreeMap<_, _> = differ.map(|(old, column, cell)| (column.clone(), (old, cell.clone()))).collect();
        // Nothing is published, and nobody has to read in the history that nothing was done.
        if differ.is_empty() {
            return Ok(Changed::Nothing);
        }
        let after = write(tx, cx, files, &self.office, &cells)?;
        let what = What::Data { cells: differ };
        keep(tx, cx, &self.office, officer, (&self.seen, &after), &what, &reason)?;
        note(tx, cx, officer, "office_changed", &self.office, &reason)?;
        Ok(Changed::Saved)
    }
}

/// Founds an office or a unit. It serves nobody until its hours are set.
#[derive(Debug, Serialize, Deserialize)]
pub struct FoundOffice {
    /// Its cells by column.
    pub cells: BTreeMap<String, String>,
    /// Why, for the log.
    pub reason: String,
}

impl Operation for FoundOffice {
    const NAME: &'static str = "office_found";
    type Outcome = OfficeCode;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<OfficeCode, Error> {
        let officer = cx.officer_for(tx, Task::Found, None)?.id;
        let reason = approval::checked_reason(&self.reason)?;
        let mut cells = checked(&self.cells, &[&CHANGEABLE[..], &FOUNDED_WITH[..]].concat())?;
        let code = cells.get("code").cloned().unwrap_or_default();
        let office = OfficeCode::parse(&code).map_err(|error| wrong_besides(&cells, "code", &error.to_string()))?;
        tx.lock(&Lock::Catalogue)?;
        let (mut files, catalogue) = stored(tx)?;
        if catalogue.offices.get(&office).is_some() {
            return Err(StaffRefusal::OfficeCodeTaken { office }.into());
        }
        // What follows from the rest is not asked for.
        let regency = cells.get("regency_code").map(String::as_str).unwrap_or_default();
        let region = catalogue
            .regions
            .get(regency)
            .ok_or_else(|| wrong_besides(&cells, "regency_code", "there is no such regency"))?;
        let mut put = |column: &str, cell: &str| cells.insert(column.to_owned(), cell.to_owned());
        put("province_code", &region.province);
        put("time_zone", region.zone.iana());
        put("confidence", "high");
        put("note", "founded by staff");
        let parent = cells.get("parent_code").and_then(|code| OfficeCode::parse(code).ok());
        if let Some(parent) = parent.and_then(|parent| catalogue.offices.get(&parent)) {
            cells.insert("queue_prefix".to_owned(), parent.queue_prefix.to_string());
        }
        let mut timetables = catalogue.timetables;
        let nothing = Timetable::new(Default::default(), BTreeMap::new());
        timetables.set(office, Some(nothing.map_err(|error| Fault::Corrupt { what: error.to_string() })?));
        let hours = timetables.to_text();
        files.replace(TIMETABLES, hours.clone()).map_err(|_| Fault::Corrupt { what: TIMETABLES.to_owned() })?;
        let after = write(tx, cx, files, &office, &cells)?;
        put_by_staff(tx, TIMETABLES, &hours, cx.now)?;
        keep(tx, cx, &office, officer, ("", &after), &What::Founded, &reason)?;
        note(tx, cx, officer, "office_founded", &office, &reason)?;
        Ok(office)
    }
}

fn wrong(field: &str, why: &str) -> StaffRefusal {
    StaffRefusal::OfficeDataWrong { field: field.to_owned(), why: why.to_owned(), others: Vec::new() }
}

/// That a field is wrong, and with it whatever else is wrong in a row: all of it is told at once.
fn wrong_besides(row: &BTreeMap<String, String>, field: &str, why: &str) -> StaffRefusal {
    let others = wrong_cells(|column| row.get(column).map(String::as_str).unwrap_or_default()).into_iter();
    let others = others.map(|wrong| wrong.column.to_owned()).filter(|column| column != field).collect();
    StaffRefusal::OfficeDataWrong { field: field.to_owned(), why: why.to_owned(), others }
}

/// The cells that may be set, without spaces around, and none longer than a field holds. What is wrong with others is told with it.
fn checked(cells: &BTreeMap<String, String>, may: &[&str]) -> Result<BTreeMap<String, String>, StaffRefusal> {
    let mut all = BTreeMap::new();
    for (column, cell) in cells {
        let cell = cell.trim();
        if !may.contains(&column.as_str()) {
            return Err(wrong(column, "cannot be set here"));
        }
        all.insert(column.clone(), cell.to_owned());
    }
    // Names, addresses and notices have limits of their own; nothing else is longer than this.
    let unfit = |cell: &String| cell.chars().count() > CELL_CHARS_MAX || cell.chars().any(char::is_control);
    match all.iter().find(|(_, cell)| unfit(cell)) {
        Some((column, _)) => Err(wrong_besides(&all, column, "is too long, or has more than one line")),
        None => Ok(all),
    }
}

/// Writes an office's row; returns what its data are known by from now on.
fn write(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    mut files: CatalogueFiles,
    office: &OfficeCode,
    cells: &BTreeMap<String, String>,
) -> Result<String, Error> {
    let corrupt = |what: String| Fault::Corrupt { what };
    let text = with_row(&files.offices_csv, office.as_str(), cells).map_err(|error| corrupt(error.to_string()))?;
    files.replace(OFFICES, text.clone()).map_err(|_| corrupt(OFFICES.to_owned()))?;
    // Read as every node will read it: whatever is wrong is wrong in this row, for the others were read before.
    let read = Catalogue::parse(&files);
    let written = row(&files, office)?;
    read.map_err(|error| wrong_besides(&written, &error.field, &error.why))?;
    put_by_staff(tx, OFFICES, &text, cx.now)?;
    Ok(version_of(&written))
}

fn keep(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    by: StaffId,
    versions: (&str, &str),
    what: &What,
    reason: &str,
) -> Result<(), Error> {
    let made = Made { office, part: Part::Data, by, seconded_by: None, places: 0, what, versions, reason };
    Ok(office_change::keep(tx, cx, &made)?)
}

fn note(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    by: StaffId,
    kind: &str,
    office: &OfficeCode,
    reason: &str,
) -> Result<(), Error> {
    let note = Note { kind, office: Some(office.as_str()), reason: Some(reason), ..Note::default() };
    Ok(cx.note(tx, Actor::Staff(by), note)?)
}
