//! What is known of an office, as a form; and a new office.

use std::collections::BTreeMap;

use antrean_app::Refusal;
use antrean_app::office_data::{self, CHANGEABLE, ChangeOffice, FOUNDED_WITH, FoundOffice};
use antrean_app::staff::StaffRefusal;
use antrean_domain::staff::Task;
use askama::Template;

use super::desk::{Desk, Screen};
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
    data_page(&desk, None, saved, Faults::none()).await
}

/// The form with what is stored, or with what was sent where that was refused.
async fn data_page(desk: &Desk, sent: Option<&Sent>, saved: bool, faults: Faults) -> Answer {
    let office = desk.office()?.code;
    let data = desk.ask(move |tx, cx| office_data::of_office(tx, cx, &office)).await??;
    let value = |column: &str| match sent {
        Some(sent) => sent.get(column).to_owned(),
        None => data.cells.get(column).cloned().unwrap_or_default(),
    };
    let page = DataPage {
        page: desk.screen("office-data-title", &faults),
        here: format!("/petugas/{office}/kantor"),
        key: desk.new_key(),
        lead: desk.words().say("office-data-lead"),
        button: desk.words().say("office-data-save"),
        seen: data.version,
        reason: sent.map(|sent| sent.get("alasan").to_owned()).unwrap_or_default(),
        fields: fields(desk, &CHANGEABLE, &faults, value),
        saved,
        faults,
    };
    show(page.faults.status(), &page)
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
        Err(refusal) => {
            let faults = faults_of(&desk, &refusal);
            data_page(&desk, Some(&sent), false, faults).await
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
