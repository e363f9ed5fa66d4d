//! The history of an office's hours, quotas and data; and what somebody is told who was overtaken in changing them.

use antrean_app::Refusal;
use antrean_app::office_change::{self, ChangeView, Overtaken};
use antrean_app::staff::StaffRefusal;
use antrean_domain::staff::Task;
use antrean_store::ids::OfficeChangeId;
use antrean_store::office_changes::Part;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Sent, show};

pub(super) fn routes(table: Table) -> Table {
    table.get("/petugas/{office}/kuota/riwayat", Needs::AtOffice(Task::Look), history)
}

#[derive(Template)]
#[template(path = "staff/history.html")]
struct HistoryPage {
    page: Screen,
    here: String,
    quota: String,
    rows: Vec<Row>,
    older: Option<OfficeChangeId>,
    /// Whether these are not the newest.
    is_later_page: bool,
}

struct Row {
    id: OfficeChangeId,
    when: String,
    who: String,
    second: String,
    what: String,
    why: String,
}

fn row(desk: &Desk, change: ChangeView) -> Row {
    let words = desk.words();
    let agreed = |colleague| words.say_with("history-second", &[("who", words.colleague(colleague).into())]);
    Row {
        id: change.id,
        when: words.instant(change.at, desk.zone()),
        who: words.colleague(&change.by),
        second: change.seconded_by.as_ref().map(agreed).unwrap_or_default(),
        what: words.office_change(&change),
        why: change.reason,
    }
}

fn base(desk: &Desk) -> Result<String, Detour> {
    Ok(format!("/petugas/{}/kuota", desk.office()?.code))
}

async fn history(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let before = sent.get("sebelum").parse().ok().map(OfficeChangeId);
    let found = desk.ask(move |tx, cx| office_change::history(tx, cx, &office, before)).await??;
    let page = HistoryPage {
        page: desk.screen("history-title", &Faults::none()),
        here: format!("{}/riwayat", base(&desk)?),
        quota: base(&desk)?,
        rows: found.changes.into_iter().map(|change| row(&desk, change)).collect(),
        older: found.older,
        is_later_page: before.is_some(),
    };
    show(StatusCode::OK, &page)
}

/// What somebody is told who was overtaken.
pub(super) struct Conflict {
    pub overtaken: Overtaken,
    /// Who changed what, when and why.
    pub lines: Vec<String>,
    /// What can be done now.
    pub again: String,
    /// Where the newest state is shown.
    pub newest: String,
    pub history: String,
}

/// Whether somebody else was first.
pub(super) fn is_conflict(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Staff(StaffRefusal::ChangedMeanwhile))
}

/// Who changed what since somebody saw it, when and why.
pub(super) fn lines(desk: &Desk, overtaken: &Overtaken) -> Vec<String> {
    let words = desk.words();
    let mut lines: Vec<String> =
        overtaken.changes.iter().map(|change| words.overtaken_by(change, desk.zone())).collect();
    if lines.is_empty() {
        lines.push(words.say("conflict-import"));
    }
    lines
}

/// What came before somebody who saw a version of a part of the office.
pub(super) async fn conflict(desk: &Desk, part: Part, seen: &str) -> Result<Conflict, Detour> {
    let (office, seen) = (desk.office()?.code, seen.to_owned());
    let overtaken = desk.ask(move |tx, cx| office_change::since(tx, cx, &office, part, &seen)).await??;
    let (again, newest) = match part {
        Part::Hours => ("conflict-again-quota", "kuota"),
        Part::Data => ("conflict-again-data", "kantor"),
    };
    Ok(Conflict {
        lines: lines(desk, &overtaken),
        again: desk.words().say(again),
        newest: format!("/petugas/{office}/{newest}"),
        history: format!("{}/riwayat", base(desk)?),
        overtaken,
    })
}

/// The mark at the top of a page that its reader was overtaken.
pub(super) fn fault(desk: &Desk) -> Faults {
    Faults::one("conflict", desk.words().say("conflict-title"))
}
