//! The log of changes: of an office, of one member of staff, of one ticket, as it is asked for.

use antrean_app::Refusal;
use antrean_app::staff::{Found, KindGroup, Line, Meant, StaffRefusal, Trail, trail};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_domain::visit::CallNumber;
use antrean_words::Arg;
use askama::Template;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, query_value, show};

/// The field that says where the page before has ended.
const BEFORE_FIELD: &str = "sebelum";
/// Everything that can be asked for, as it stands in the form and in the link to older lines.
const FIELDS: [&str; 7] = ["kantor", "tiket", "petugas", "nomor", "jenis", "dari", "sampai"];

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
    here: String,
    /// Whether an office can be named: there is none in the path.
    everywhere: bool,
    sent: Sent,
    /// Name and words of the groups of kinds.
    groups: Vec<(&'static str, String)>,
    lines: Vec<Row>,
    /// The link to older lines.
    older: Option<String>,
    /// Links to those who may be meant.
    meant: Vec<(String, String)>,
    /// Whether anything was asked for.
    asked: bool,
}

struct Row {
    at: String,
    who: String,
    what: String,
    code: String,
    office: String,
    link: String,
    reason: String,
}

fn row(desk: &Desk, line: Line) -> Row {
    let words = desk.words();
    let Line { event, by, link } = line;
    // What was refused is written with the name of what was tried in the place of an office.
    let is_refused = event.kind == "refused";
    let tried = event.office.clone().filter(|_| is_refused);
    Row {
        at: words.instant(event.at, desk.zone()),
        who: by.unwrap_or_else(|| words.actor(&event.actor)),
        what: words.event(&event),
        reason: words.event_why(&event),
        office: event.office.filter(|_| !is_refused).unwrap_or_default(),
        code: tried.map_or(event.kind.clone(), |tried| format!("{}: {tried}", event.kind)),
        link: link.unwrap_or_default(),
    }
}

async fn of_office(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let today = desk.zone().local(desk.app().now()).date().to_string();
    // Whoever comes from the menu sees today; whoever empties the dates sees all days.
    let is_new = FIELDS.iter().all(|field| sent.all(field).is_empty());
    let sent = if is_new { Sent::of([("dari", today.clone()), ("sampai", today)]) } else { sent };
    page(&desk, sent, Some(office)).await
}

async fn of_anything(desk: Desk, sent: Sent) -> Answer {
    page(&desk, sent, None).await
}

/// What is asked for, as far as it can be read; what cannot is a fault.
fn wanted(desk: &Desk, sent: &Sent, office: Option<OfficeCode>) -> (Trail, Faults) {
    let mut faults = Faults::none();
    let mut date = |field: &str| -> Option<Date> {
        let typed = sent.get(field);
        let read = typed.parse().ok();
        if read.is_none() && !typed.is_empty() {
            faults.add(field, desk.words().say("audit-date-wrong"));
        }
        read
    };
    let (from, to) = (date("dari"), date("sampai"));
    let typed = sent.get("kantor").to_ascii_uppercase();
    let named = OfficeCode::parse(&typed).ok().filter(|code| desk.app().catalogue().offices.get(code).is_some());
    if named.is_none() && !typed.is_empty() && office.is_none() {
        let code: String = typed.chars().take(20).collect();
        faults.add("kantor", desk.words().say_with("staff-office-unknown", &[("code", code.into())]));
    }
    let number = sent.get("nomor");
    let read = CallNumber::parse(number).ok();
    if read.is_none() && !number.is_empty() {
        faults.add("nomor", desk.words().say("audit-number-wrong"));
    }
    // A whole address may have been copied.
    let ticket = sent.get("tiket").trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let before = sent
        .get(BEFORE_FIELD)
        .split_once('-')
        .and_then(|(at, id)| Some((Timestamp::from_millisecond(at.parse().ok()?).ok()?, id.parse().ok()?)));
    let of = Trail {
        office: office.or(named),
        ticket,
        staff: sent.get("petugas").to_owned(),
        number: read,
        group: KindGroup::from_name(sent.get("jenis")),
        from,
        to,
        before,
    };
    if of.number.is_some() && of.office.is_none() {
        faults.add("nomor", desk.words().say("audit-number-where"));
    }
    (of, faults)
}

/// The same question with one field said otherwise.
fn query(sent: &Sent, name: &str, value: &str) -> String {
    let kept = FIELDS.iter().filter(|field| **field != name).map(|field| (*field, sent.get(field)));
    let pairs = kept.chain([(name, value)]).filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| format!("{name}={}", query_value(value))).collect::<Vec<_>>().join("&")
}

async fn page(desk: &Desk, sent: Sent, office: Option<OfficeCode>) -> Answer {
    let (of, mut faults) = wanted(desk, &sent, office);
    let asked = of.is_asked() && !faults.any();
    let mut found = Found::default();
    if asked {
        match desk.ask(move |tx, cx| trail(tx, cx, &of)).await? {
            Ok(lines) => found = lines,
            Err(refusal @ Refusal::TicketUnknown) => faults.add("tiket", desk.explain(&refusal)),
            Err(Refusal::Staff(StaffRefusal::MemberUnknown)) => {
                faults.add("petugas", desk.words().say("audit-staff-unknown"));
            }
            // Only who names an office can name one that is not theirs.
            Err(refusal) if office.is_none() => faults.add("kantor", desk.explain(&refusal)),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    let here = office.map_or_else(|| "/petugas/jejak".to_owned(), |office| format!("/petugas/{office}/jejak"));
    let link = |name: &str, value: &str| format!("{here}?{}", query(&sent, name, value));
    let meant = |(id, login, name): Meant| {
        let said = desk.words().say_with("audit-meant", &[("name", Arg::from(name)), ("login", Arg::from(login))]);
        (link("petugas", &id.to_string()), said)
    };
    let page = AuditPage {
        page: desk.screen("audit-title", &faults),
        everywhere: office.is_none(),
        groups: KindGroup::ALL.iter().map(|group| (group.as_str(), desk.words().event_group(*group))).collect(),
        lines: found.lines.into_iter().map(|line| row(desk, line)).collect(),
        older: found.older.map(|(at, id)| link(BEFORE_FIELD, &format!("{}-{id}", at.as_millisecond()))),
        meant: found.meant.into_iter().map(meant).collect(),
        asked: asked && !faults.any(),
        here,
        sent,
        faults,
    };
    show(if page.faults.any() { page.faults.status() } else { StatusCode::OK }, &page)
}
