//! The log of changes: of an office's day, of one member of staff, of one ticket.

use antrean_app::staff::{Line, Trail, trail};
use antrean_domain::staff::Task;
use antrean_store::ids::StaffId;
use askama::Template;
use axum::http::StatusCode;
use jiff::civil::Date;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, show};

pub(super) fn routes(table: Table) -> Table {
    table.get("/petugas/{office}/jejak", Needs::AtOffice(Task::Audit), of_office).get(
        "/petugas/jejak",
        Needs::Task(Task::Audit),
        of_anything,
    )
}

#[derive(Template)]
#[template(path = "staff/audit.html")]
struct AuditPage {
    page: Screen,
    faults: Faults,
    /// The day shown, where it is a day's log.
    date: Option<String>,
    staff: String,
    link: String,
    lines: Vec<Row>,
    /// Whether anything was asked for.
    asked: bool,
}

struct Row {
    at: String,
    who: String,
    what: String,
    office: String,
    link: String,
    reason: String,
}

fn rows(desk: &Desk, lines: Vec<Line>) -> Vec<Row> {
    let words = desk.words();
    lines
        .into_iter()
        .map(|Line { event, by, link }| Row {
            at: words.instant(event.at, desk.zone()),
            who: match by {
                Some(name) => name,
                None => words.actor(&event.actor),
            },
            what: event.kind,
            office: event.office.unwrap_or_default(),
            link: link.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
        })
        .collect()
}

async fn of_office(desk: Desk, sent: Sent) -> Answer {
    let today = desk.zone().local(desk.app().now()).date();
    let typed = sent.get("tanggal");
    let (date, faults) = match typed.parse::<Date>() {
        Ok(date) => (date, Faults::none()),
        Err(_) if typed.is_empty() => (today, Faults::none()),
        Err(_) => (today, Faults::one("tanggal", desk.words().say("audit-date-wrong"))),
    };
    let office = desk.office()?.code;
    let lines = desk.ask(move |tx, cx| trail(tx, cx, &Trail::Office(office, date))).await??;
    let page = AuditPage {
        page: desk.screen("audit-title", &faults),
        date: Some(date.to_string()),
        staff: String::new(),
        link: String::new(),
        lines: rows(&desk, lines),
        asked: true,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn of_anything(desk: Desk, sent: Sent) -> Answer {
    let (staff, link) = (sent.get("petugas").to_owned(), sent.get("tiket").to_owned());
    let of = match (staff.parse().map(StaffId), link.is_empty()) {
        (Ok(id), _) => Some(Trail::Staff(id)),
        // A whole address may have been copied.
        (Err(_), false) => Some(Trail::Link(link.rsplit('/').next().unwrap_or_default().to_owned())),
        (Err(_), true) => None,
    };
    let asked = of.is_some();
    let (lines, faults) = match of {
        None => (Vec::new(), Faults::none()),
        Some(of) => match desk.ask(move |tx, cx| trail(tx, cx, &of)).await? {
            Ok(lines) => (lines, Faults::none()),
            Err(refusal) => (Vec::new(), Faults::one("tiket", desk.explain(&refusal))),
        },
    };
    let page = AuditPage {
        page: desk.screen("audit-title", &faults),
        date: None,
        staff,
        link,
        lines: rows(&desk, lines),
        asked,
        faults,
    };
    show(if page.faults.any() { page.faults.status() } else { StatusCode::OK }, &page)
}
