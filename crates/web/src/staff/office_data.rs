//! What is known of an office, as a form; and a new office.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use antrean_app::Refusal;
use antrean_app::office_change::{self, ChangeView};
use antrean_app::office_data::{self, CHANGEABLE, ChangeOffice, Changed, FOUNDED_WITH, FoundOffice};
use antrean_app::staff::StaffRefusal;
use antrean_domain::office::{ADDRESS_CHARS_MAX, NAME_CHARS_MAX, NOTICE_CHARS_MAX, PHONE_CHARS_MAX};
use antrean_domain::quota_table::date as date_of;
use antrean_domain::region::{LATITUDES, LONGITUDES};
use antrean_domain::service::ServiceCode;
use antrean_domain::staff::Task;
use antrean_store::office_changes::Part;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::office_changes::{self, Conflict, conflict, is_conflict};
use super::quota::{FOUNDED, SAVED};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, KEY_FIELD, Sent, onward, show};

/// In the address after a form that changed nothing.
const UNCHANGED: &str = "sama";
const FOUND: &str = "/petugas/kantor/baru";

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/petugas/{office}/kantor", Needs::AtOffice(Task::Describe), look)
        .post("/petugas/{office}/kantor", Needs::AtOffice(Task::Describe), save)
        .get(FOUND, Needs::Task(Task::Found), ask)
        .post(FOUND, Needs::Task(Task::Found), found)
}

/// A field of the form.
struct Field {
    id: &'static str,
    label: String,
    hint: String,
    value: String,
    fault: String,
    /// What can be chosen, where it is not typed.
    choices: Vec<Choice>,
    how: How,
}

/// How a field is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Text,
    Date,
    /// One of its choices.
    One,
    /// Some of its choices.
    Some,
}

impl Field {
    fn is_date(&self) -> bool {
        self.how == How::Date
    }

    fn is_one(&self) -> bool {
        self.how == How::One
    }

    fn is_some(&self) -> bool {
        self.how == How::Some
    }
}

/// One of the choices of a field.
struct Choice {
    id: String,
    value: String,
    says: String,
    chosen: bool,
}

/// What can be chosen in a field, as the cell has it and as people read it; nothing where it is typed.
fn choices(desk: &Desk, column: &str) -> (How, Vec<(String, String)>) {
    let words = desk.words();
    let named = |words_of: &str, values: &[&str]| {
        let choice = |value: &&str| ((*value).to_owned(), words.say(&format!("{words_of}-{value}")));
        values.iter().map(choice).collect()
    };
    let catalogue = desk.app().catalogue();
    match column {
        "position_quality" => (How::One, named("office-data-position_quality", &["office", "district", "regency"])),
        "kind" => (How::One, named("office-kind", &["office", "ulp", "ukk", "mpp"])),
        "services" => {
            let of = |service: ServiceCode| (service.as_str().to_owned(), words.service(service));
            (How::Some, catalogue.services.online().map(|service| of(service.code)).collect())
        }
        "parent_code" => {
            let main = catalogue.offices.iter().filter(|office| office.parent.is_none());
            let mut all: Vec<(String, String)> =
                main.map(|office| (office.code.to_string(), format!("{} ({})", office.name, office.code))).collect();
            all.sort_by(|one, other| one.1.cmp(&other.1));
            all.insert(0, (String::new(), words.say("office-data-parent_code-none")));
            (How::One, all)
        }
        "electronic_only_from" => (How::Date, Vec::new()),
        _ => (How::Text, Vec::new()),
    }
}

/// The cell that a field was filled in with. Of services that are all offered none is named, so that later ones are offered as well.
fn cell(desk: &Desk, sent: &Sent, column: &str) -> String {
    let (how, choices) = choices(desk, column);
    match how {
        How::Some => {}
        // As a browser without a calendar lets it be typed.
        How::Date => {
            let typed = sent.get(column);
            return date_of(typed).map_or_else(|| typed.to_owned(), |date| date.to_string());
        }
        How::Text | How::One => return sent.get(column).to_owned(),
    }
    let chosen: Vec<&str> =
        choices.iter().map(|(value, _)| value.as_str()).filter(|value| sent.has(column, value)).collect();
    // Nothing chosen is no cell that the file's reader takes: an office that offers nothing is closed down, not described.
    match chosen.len() {
        0 => NO_SERVICE.to_owned(),
        all if all == choices.len() => String::new(),
        _ => chosen.join(" "),
    }
}

/// What stands for no service at all, which cannot be.
const NO_SERVICE: &str = "-";

/// A cell as people read it, of a field that is chosen.
fn as_chosen(desk: &Desk, column: &str, cell: &str) -> String {
    let (how, choices) = choices(desk, column);
    let says = |value: &str| choices.iter().find(|(known, _)| known == value).map(|(_, says)| says.clone());
    match how {
        How::One => says(cell).unwrap_or_else(|| cell.to_owned()),
        How::Some if cell.is_empty() => choices.into_iter().map(|(_, says)| says).collect::<Vec<_>>().join(", "),
        How::Some => cell.split_whitespace().filter_map(says).collect::<Vec<_>>().join(", "),
        How::Text | How::Date => cell.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "staff/office_data.html")]
struct DataPage {
    page: Screen,
    faults: Faults,
    here: String,
    key: String,
    lead: String,
    button: String,
    /// The version that the form was made of; empty for a new office.
    seen: String,
    reason: String,
    fields: Vec<Field>,
    /// What the reader has just saved.
    saved: String,
    conflict: Option<Conflict>,
}

fn fields(desk: &Desk, columns: &[&'static str], faults: &Faults, value: impl Fn(&str) -> String) -> Vec<Field> {
    let words = desk.words();
    let field = |id: &&'static str| {
        let (value, (how, offered)) = (value(id), choices(desk, id));
        let chosen = |offer: &str| match how {
            How::Some => value.is_empty() || value.split_whitespace().any(|word| word == offer),
            _ => value == offer,
        };
        let choice = |(at, (offer, says)): (usize, (String, String))| Choice {
            // The error summary leads to the first of them.
            id: if at == 0 { (*id).to_owned() } else { format!("{id}-{offer}") },
            chosen: chosen(&offer),
            value: offer,
            says,
        };
        Field {
            id,
            label: words.say(&format!("office-data-{id}")),
            hint: hint(desk, id),
            fault: faults.of(id).to_owned(),
            choices: offered.into_iter().enumerate().map(choice).collect(),
            how,
            value,
        }
    };
    columns.iter().map(field).collect()
}

/// What a field takes.
fn hint(desk: &Desk, column: &str) -> String {
    let max = |max: usize| vec![("max", u32::try_from(max).unwrap_or(u32::MAX).into())];
    let within = |limits: &RangeInclusive<f64>| {
        vec![("least", limits.start().to_string().into()), ("most", limits.end().to_string().into())]
    };
    let args = match column {
        "name" => max(NAME_CHARS_MAX),
        "address" => max(ADDRESS_CHARS_MAX),
        "phone" => max(PHONE_CHARS_MAX),
        "notice_id" | "notice_en" => max(NOTICE_CHARS_MAX),
        "latitude" => within(&LATITUDES),
        "longitude" => within(&LONGITUDES),
        _ => Vec::new(),
    };
    desk.words().say_with(&format!("office-data-{column}-hint"), &args)
}

/// What is wrong with a field: its name, and what would be right.
fn fault(desk: &Desk, column: &str) -> (String, String) {
    let words = desk.words();
    let known = CHANGEABLE.iter().chain(&FOUNDED_WITH).find(|known| **known == column);
    let id = known.copied().unwrap_or("name");
    let right = match id {
        "electronic_only_from" => words.say("office-data-electronic_only_from-right"),
        _ => hint(desk, id),
    };
    let field = words.say(&format!("office-data-{id}"));
    (id.to_owned(), words.say_with("office-data-wrong", &[("field", field.into()), ("hint", right.into())]))
}

/// Where a refusal belongs, and what to do about it.
fn faults_of(desk: &Desk, refusal: &Refusal) -> Faults {
    match refusal {
        Refusal::Staff(StaffRefusal::OfficeDataWrong { field, others, .. }) => {
            // In the order of the form.
            let wrong = |column: &&&str| **column == field || others.iter().any(|other| other == **column);
            let found: Vec<_> =
                FOUNDED_WITH.iter().chain(&CHANGEABLE).filter(wrong).map(|column| fault(desk, column)).collect();
            Faults(if found.is_empty() { vec![fault(desk, field)] } else { found })
        }
        taken @ Refusal::Staff(StaffRefusal::OfficeCodeTaken { .. }) => Faults::one("code", desk.explain(taken)),
        other => Faults::one("alasan", desk.explain(other)),
    }
}

fn cells(desk: &Desk, sent: &Sent, columns: &[&'static str]) -> BTreeMap<String, String> {
    columns.iter().map(|column| ((*column).to_owned(), cell(desk, sent, column))).collect()
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    let saved = match sent.get("simpan") {
        "ya" => just_saved(&desk).await?,
        UNCHANGED => desk.words().say("office-data-unchanged"),
        _ => String::new(),
    };
    data_page(&desk, None, saved, Faults::none(), None).await
}

/// What the reader has saved last, in words.
async fn just_saved(desk: &Desk) -> Result<String, Detour> {
    let office = desk.office()?.code;
    let history = desk.ask(move |tx, cx| office_change::history(tx, cx, &office, None)).await??;
    let own = |change: &&ChangeView| change.part == Part::Data && change.by.login == desk.officer.login;
    let words = desk.words();
    let catalogue = desk.app().catalogue();
    let says = |change: &ChangeView| {
        let mut says = format!("{} {}", words.say("office-data-saved"), words.office_change(change));
        let withdrawn = change.what.as_ref().map(|what| what.withdrawn(&catalogue.services)).unwrap_or_default();
        if !withdrawn.is_empty() {
            let named: Vec<String> = withdrawn.into_iter().map(|code| words.service(code)).collect();
            let told = words.say_with("office-data-withdrawn", &[("services", named.join(", ").into())]);
            says = format!("{says}. {told}");
        }
        says
    };
    Ok(history.changes.iter().find(own).map(says).unwrap_or_default())
}

/// The form with what is stored, or with what was sent where that was refused.
async fn data_page(
    desk: &Desk,
    sent: Option<&Sent>,
    saved: String,
    faults: Faults,
    conflict: Option<Conflict>,
) -> Answer {
    let office = desk.office()?.code;
    let data = desk.ask(move |tx, cx| office_data::of_office(tx, cx, &office)).await??;
    let shown = match (sent, &conflict) {
        (Some(sent), Some(conflict)) => {
            office_data::repeated(&data, &conflict.overtaken, &cells(desk, sent, &CHANGEABLE))
        }
        (Some(sent), None) => cells(desk, sent, &CHANGEABLE),
        (None, _) => data.cells.clone(),
    };
    let value = |column: &str| shown.get(column).cloned().unwrap_or_default();
    let mut fields = fields(desk, &CHANGEABLE, &faults, value);
    for field in fields.iter_mut().filter(|_| conflict.is_some()) {
        let now = data.cells.get(field.id).map(String::as_str).unwrap_or_default();
        if now != field.value.trim() {
            field.hint = format!("{} {}", field.hint, now_it_is(desk, &as_chosen(desk, field.id, now)));
        }
    }
    let page = DataPage {
        page: desk.screen("office-data-title", &faults),
        here: format!("/petugas/{office}/kantor"),
        key: desk.new_key(),
        lead: desk.words().say("office-data-lead"),
        button: desk.words().say("office-data-save"),
        seen: data.version,
        reason: sent.map(|sent| sent.get("alasan").to_owned()).unwrap_or_default(),
        fields,
        saved,
        conflict,
        faults,
    };
    show(if page.conflict.is_some() { StatusCode::CONFLICT } else { page.faults.status() }, &page)
}

/// What a field is now that somebody else has changed it.
fn now_it_is(desk: &Desk, now: &str) -> String {
    let words = desk.words();
    if now.is_empty() {
        words.say("conflict-now-empty")
    } else {
        words.say_with("conflict-now", &[("now", now.into())])
    }
}

async fn save(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let change = ChangeOffice {
        office,
        cells: cells(&desk, &sent, &CHANGEABLE),
        seen: sent.get("dilihat").to_owned(),
        reason: sent.get("alasan").to_owned(),
    };
    match desk.perform(&sent, change).await? {
        Ok(Changed::Saved) => {
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("/petugas/{office}/kantor?simpan=ya")))
        }
        Ok(Changed::Nothing) => Ok(onward(&format!("/petugas/{office}/kantor?simpan={UNCHANGED}"))),
        Err(refusal) if is_conflict(&refusal) => {
            let conflict = conflict(&desk, Part::Data, sent.get("dilihat")).await?;
            data_page(&desk, Some(&sent), String::new(), office_changes::fault(&desk), Some(conflict)).await
        }
        Err(refusal) => {
            let faults = faults_of(&desk, &refusal);
            data_page(&desk, Some(&sent), String::new(), faults, None).await
        }
    }
}

async fn ask(desk: Desk, sent: Sent) -> Answer {
    found_page(&desk, &sent, Faults::none())
}

fn found_page(desk: &Desk, sent: &Sent, faults: Faults) -> Answer {
    let columns = [&FOUNDED_WITH[..], &CHANGEABLE[..]].concat();
    let page = DataPage {
        page: desk.screen("office-found-title", &faults),
        here: FOUND.to_owned(),
        key: desk.new_key(),
        lead: desk.words().say("office-found-lead"),
        button: desk.words().say("office-found-save"),
        seen: String::new(),
        reason: sent.get("alasan").to_owned(),
        fields: fields(desk, &columns, &faults, |column| found_with(desk, sent, column)),
        saved: String::new(),
        conflict: None,
        faults,
    };
    show(page.faults.status(), &page)
}

/// What a field of a new office was filled in with; before anything was sent all services are offered.
fn found_with(desk: &Desk, sent: &Sent, column: &str) -> String {
    if sent.get(KEY_FIELD).is_empty() { sent.get(column).to_owned() } else { cell(desk, sent, column) }
}

async fn found(desk: Desk, sent: Sent) -> Answer {
    let columns = [&FOUNDED_WITH[..], &CHANGEABLE[..]].concat();
    let new = FoundOffice { cells: cells(&desk, &sent, &columns), reason: sent.get("alasan").to_owned() };
    match desk.perform(&sent, new).await? {
        Ok(office) => {
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("/petugas/{office}/kuota?{SAVED}={FOUNDED}")))
        }
        Err(refusal) => {
            let faults = faults_of(&desk, &refusal);
            found_page(&desk, &sent, faults)
        }
    }
}
