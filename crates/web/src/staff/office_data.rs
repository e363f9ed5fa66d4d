//! What is known of an office, as a form; and a new office.

use std::collections::BTreeMap;

use antrean_app::Refusal;
use antrean_app::office_data::{self, CHANGEABLE, ChangeOffice, FOUNDED_WITH, FoundOffice};
use antrean_app::staff::StaffRefusal;
use antrean_domain::staff::Task;
use antrean_store::office_changes::Part;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::office_changes::{self, Conflict, conflict, is_conflict};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Sent, onward, show};

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
    saved: bool,
    conflict: Option<Conflict>,
}

fn fields(desk: &Desk, columns: &[&'static str], faults: &Faults, value: impl Fn(&str) -> String) -> Vec<Field> {
    let words = desk.words();
    let field = |id: &&'static str| Field {
        id,
        label: words.say(&format!("office-data-{id}")),
        hint: words.say(&format!("office-data-{id}-hint")),
        value: value(id),
        fault: faults.of(id).to_owned(),
    };
    columns.iter().map(field).collect()
}

/// Where a refusal belongs, and what to do about it.
fn faults_of(desk: &Desk, refusal: &Refusal) -> Faults {
    let words = desk.words();
    match refusal {
        Refusal::Staff(StaffRefusal::OfficeDataWrong { field, .. }) => {
            let known = CHANGEABLE.iter().chain(&FOUNDED_WITH).find(|column| *column == field);
            let id = known.copied().unwrap_or("name");
            let hint = words.say(&format!("office-data-{id}-hint"));
            Faults::one(id, words.say_with("office-data-wrong", &[("hint", hint.into())]))
        }
        other => Faults::one("alasan", desk.explain(other)),
    }
}

fn cells(sent: &Sent, columns: &[&'static str]) -> BTreeMap<String, String> {
    columns.iter().map(|column| ((*column).to_owned(), sent.get(column).to_owned())).collect()
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    let saved = sent.has("simpan", "ya");
    data_page(&desk, None, saved, Faults::none(), None).await
}

/// The form with what is stored, or with what was sent where that was refused.
async fn data_page(
    desk: &Desk,
    sent: Option<&Sent>,
    saved: bool,
    faults: Faults,
    conflict: Option<Conflict>,
) -> Answer {
    let office = desk.office()?.code;
    let data = desk.ask(move |tx, cx| office_data::of_office(tx, cx, &office)).await??;
    let shown = match (sent, &conflict) {
        (Some(sent), Some(conflict)) => office_data::repeated(&data, &conflict.overtaken, &cells(sent, &CHANGEABLE)),
        (Some(sent), None) => cells(sent, &CHANGEABLE),
        (None, _) => data.cells.clone(),
    };
    let value = |column: &str| shown.get(column).cloned().unwrap_or_default();
    let mut fields = fields(desk, &CHANGEABLE, &faults, value);
    for field in fields.iter_mut().filter(|_| conflict.is_some()) {
        let now = data.cells.get(field.id).map(String::as_str).unwrap_or_default();
        if now != field.value.trim() {
            field.hint = format!("{} {}", field.hint, now_it_is(desk, now));
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
        cells: cells(&sent, &CHANGEABLE),
        seen: sent.get("dilihat").to_owned(),
        reason: sent.get("alasan").to_owned(),
    };
    match desk.perform(&sent, change).await? {
        Ok(()) => {
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("/petugas/{office}/kantor?simpan=ya")))
        }
        Err(refusal) if is_conflict(&refusal) => {
            let conflict = conflict(&desk, Part::Data, sent.get("dilihat")).await?;
            data_page(&desk, Some(&sent), false, office_changes::fault(&desk), Some(conflict)).await
        }
        Err(refusal) => {
            let faults = faults_of(&desk, &refusal);
            data_page(&desk, Some(&sent), false, faults, None).await
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
        fields: fields(desk, &columns, &faults, |column| sent.get(column).to_owned()),
        saved: false,
        conflict: None,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn found(desk: Desk, sent: Sent) -> Answer {
    let columns = [&FOUNDED_WITH[..], &CHANGEABLE[..]].concat();
    let new = FoundOffice { cells: cells(&sent, &columns), reason: sent.get("alasan").to_owned() };
    match desk.perform(&sent, new).await? {
        Ok(office) => {
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("/petugas/{office}/kuota")))
        }
        Err(refusal) => {
            let faults = faults_of(&desk, &refusal);
            found_page(&desk, &sent, faults)
        }
    }
}
