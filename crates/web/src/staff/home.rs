//! Where staff begin: their offices, and what there is to do at one of them.

use antrean_domain::office::Office;
use antrean_domain::staff::Task;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, onward, show};

/// Offices listed at once; whoever has more of them searches.
const LISTED_MAX: usize = 60;

pub(super) fn routes(table: Table) -> Table {
    table.get("/petugas", Needs::Duty, home).get("/petugas/{office}", Needs::AtOffice(Task::Look), office)
}

#[derive(Template)]
#[template(path = "staff/home.html")]
struct HomePage {
    page: Screen,
    /// Code and name of each office.
    offices: Vec<(String, String)>,
    query: String,
    /// Whether there are more than are shown.
    more: bool,
}

async fn home(desk: Desk, sent: Sent) -> Answer {
    let catalogue = desk.app().catalogue();
    let query = sent.get("q").to_owned();
    let found: Vec<&Office> = match (&desk.officer.reach, query.as_str()) {
        (Some(reach), _) => reach.iter().filter_map(|code| catalogue.offices.get(code)).collect(),
        (None, "") => catalogue.offices.iter().collect(),
        (None, query) => catalogue.offices.search(query, LISTED_MAX + 1),
    };
    if let (Some(_), [only]) = (&desk.officer.reach, found.as_slice()) {
        return Ok(onward(&format!("/petugas/{}", only.code)));
    }
    let page = HomePage {
        page: desk.screen("staff-home-title", &Faults::none()),
        more: found.len() > LISTED_MAX,
        offices: found.iter().take(LISTED_MAX).map(|office| (office.code.to_string(), office.name.clone())).collect(),
        query,
    };
    show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "staff/office.html")]
struct OfficePage {
    page: Screen,
    /// Whether the caller sets up what the bar has no room for: the counters.
    sets_up: bool,
}

async fn office(desk: Desk) -> Answer {
    let title = desk.office()?.name.clone();
    let sets_up = desk.officer.role.may(Task::Describe);
    show(StatusCode::OK, &OfficePage { page: desk.screen_titled(title, &Faults::none()), sets_up })
}
