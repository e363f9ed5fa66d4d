//! The door of an office: one field for a scanner, a camera or a hand; people without a ticket; slips; arrivals that were kept.

use antrean_app::Refusal;
use antrean_app::day::{
    CheckIn, DayRefusal, DoorAnswer, Found, NAME_MIN, Received, UndoCheckIn, VisitView, WalkIn, door, find, slip,
    undone,
};
use antrean_app::staff::Approved;
use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::staff::Task;
use antrean_domain::visit::{CallNumber, PriorityReason, Signal, Verdict};
use antrean_store::ids::VisitId;
use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use serde_json::json;

use super::desk::{Desk, Screen};
use super::table::{Needs, SIGN_IN, Table};
use crate::layers::{PERMISSIONS_POLICY, PERMISSIONS_WITH_CAMERA};
use crate::pages::visit::{Answer, Faults, Named, Sent, onward, show, with_onward};
use crate::problem::BadRequest;

/// The field of an address that says whose arrival was just taken back.
const UNDONE: &str = "urung";

pub(super) fn routes(table: Table) -> Table {
    let needs = Needs::AtOffice(Task::Door);
    table
        .get("/petugas/{office}/pintu", needs, look)
        .post("/petugas/{office}/pintu", needs, scan)
        .post("/petugas/{office}/pintu/kirim", needs, send_kept)
        .post("/petugas/{office}/pintu/urung", needs, undo)
        .post("/petugas/{office}/pintu/tanpa-tiket", needs, receive)
        .get("/petugas/{office}/pintu/slip/{id}", needs, print)
}

#[derive(Template)]
#[template(path = "staff/door.html")]
struct DoorPage {
    page: Screen,
    faults: Faults,
    key: String,
    base: String,
    /// The office and the public half of the key that signs tickets, for a door without a network.
    office: String,
    ticket_key: String,
    /// The time here, how far a demo's clock is ahead of it, and the zone: a door without a network goes by them.
    now_ms: i64,
    ahead_ms: i64,
    offset_min: i64,
    /// Who keeps arrivals here, and where they sign in to come back.
    officer: String,
    sign_in: String,
    done: String,
    said: Option<Said>,
    found: Vec<FoundRow>,
    typed: String,
    /// How many people were typed, where that has to be put right.
    typed_people: String,
    counts: String,
    services: Vec<(&'static str, String)>,
    passports: Vec<(&'static str, String)>,
    /// What cannot be had here, and why.
    not_here: Vec<(String, String)>,
    reasons: Vec<(&'static str, String)>,
    may_decide: bool,
    /// What was chosen for somebody without a ticket, where that has to be put right.
    chosen: Sent,
    latest: Vec<ArrivalRow>,
}

/// What the door says, in words, with its colour and its sign.
struct Said {
    signal: &'static str,
    sign: &'static str,
    title: String,
    detail: String,
    number: String,
    id: i64,
    version: i64,
    facts: Vec<String>,
    can_undo: bool,
}

struct FoundRow {
    link: String,
    /// How many of them are there, as it was typed with the name.
    people: String,
    names: String,
    window: String,
    state: String,
}

struct ArrivalRow {
    id: i64,
    version: i64,
    can_undo: bool,
    number: String,
    class: String,
    people: String,
    at: String,
    state: String,
}

/// What a page of the door shows besides the day itself.
#[derive(Default)]
struct Shows {
    /// What was just done; empty where nothing was.
    done: String,
    said: Option<Said>,
    found: Vec<FoundRow>,
    typed: String,
    typed_people: String,
    chosen: Sent,
    faults: Faults,
}

fn signal(of: Signal) -> (&'static str, &'static str) {
    match of {
        Signal::Green => ("green", "✔"),
        Signal::Amber => ("amber", "!"),
        Signal::Red => ("red", "✖"),
    }
}

fn said(desk: &Desk, answer: &DoorAnswer) -> Said {
    let words = desk.words();
    let (title, detail) = words.verdict(answer.verdict, &desk.app().catalogue());
    let (signal, sign) = signal(answer.signal);
    let mut facts: Vec<String> = answer.people.iter().map(|one| one.name.clone()).collect();
    // A ticket for elsewhere has the hours of the place there, and its date is asked for too.
    let elsewhere = match answer.verdict {
        Verdict::WrongOffice { office } => desk.app().catalogue().offices.get(&office).map(|at| at.zone),
        _ => None,
    };
    facts.extend(elsewhere.and(answer.date).map(|date| words.date(date)));
    let zone = elsewhere.unwrap_or_else(|| desk.zone());
    facts.extend(answer.window.map(|(starts, ends)| words.window(starts, ends, zone)));
    let visit = answer.visit.as_ref();
    facts.extend(visit.filter(|visit| visit.people > 1).map(|visit| people(desk, visit)));
    Said {
        signal,
        sign,
        title,
        detail,
        number: visit.map(|visit| visit.number.to_string()).unwrap_or_default(),
        id: visit.map_or(0, |visit| visit.id.0),
        version: visit.map_or(0, |visit| visit.version),
        facts,
        can_undo: answer.undo_until.is_some(),
    }
}

/// How many of a party are there, and how many are not.
pub(super) fn people(desk: &Desk, visit: &VisitView) -> String {
    let missing = visit.people.saturating_sub(visit.arrived_people);
    let args = [("there", visit.arrived_people.into()), ("all", visit.people.into()), ("missing", missing.into())];
    desk.words().say_with("door-people-there", &args)
}

fn base(desk: &Desk) -> Result<String, crate::problem::Trouble> {
    Ok(format!("/petugas/{}/pintu", desk.office()?.code))
}

/// What people without a ticket cannot have here: all that one reason refuses, and the reason.
fn not_here(desk: &Desk, office: OfficeCode, received: &Received) -> Vec<(String, String)> {
    let (words, catalogue) = (desk.words(), desk.app().catalogue());
    let services = received.not_services.iter().map(|(service, why)| (words.service(*service), *why));
    let passports = received.not_passports.iter().map(|(kind, why)| (words.passport(*kind), *why));
    let mut reasons: Vec<(String, String)> = Vec::new();
    for (what, why) in services.chain(passports) {
        let why = words.why_not_offered(office, why, &catalogue).detail;
        match reasons.iter_mut().find(|(_, known)| *known == why) {
            Some((all, _)) => *all = format!("{all}, {what}"),
            None => reasons.push((what, why)),
        }
    }
    reasons
}

/// How far the clock here is ahead of everybody's: in a demo alone.
fn ahead_ms(desk: &Desk) -> i64 {
    desk.state.settings.demo.as_ref().map_or(0, |demo| demo.ahead_ms())
}

async fn page(desk: &Desk, answer: Shows) -> Answer {
    let office = desk.office()?.code;
    let view = desk.ask(move |tx, cx| door(tx, cx, &office)).await??;
    let words = desk.words();
    let latest = view.latest.iter().map(|visit| ArrivalRow {
        id: visit.id.0,
        version: visit.version,
        can_undo: view.undoable.contains(&visit.id),
        number: visit.number.to_string(),
        class: words.class(visit.number.class),
        people: people(desk, visit),
        at: words.time(desk.zone().local(visit.arrived).time(), desk.zone()),
        state: words.visit_state(visit.state),
    });
    let counts = [
        ("expected", view.expected.into()),
        ("waiting", view.waiting.into()),
        ("priority", view.priority_left.into()),
        ("reserve", view.reserve_left.into()),
    ];
    let shown = DoorPage {
        page: desk.screen("door-title", &answer.faults),
        key: desk.new_key(),
        base: base(desk)?,
        office: office.to_string(),
        ticket_key: antrean_app::caller::hex(desk.app().keys().ticket_key().verifying_key().as_bytes()),
        now_ms: desk.app().now().as_millisecond(),
        ahead_ms: ahead_ms(desk),
        offset_min: i64::from(desk.zone().offset().seconds()) / 60,
        officer: desk.officer.id.to_string(),
        sign_in: with_onward(SIGN_IN, &base(desk)?),
        counts: words.say_with("door-counts", &counts),
        services: view.received.services.iter().map(|one| (one.as_str(), words.service(*one))).collect(),
        passports: view.received.passports.iter().map(|kind| (kind.as_str(), words.passport(*kind))).collect(),
        not_here: not_here(desk, office, &view.received),
        reasons: PriorityReason::ALL.map(|reason| (reason.as_str(), words.priority_reason(reason))).to_vec(),
        may_decide: desk.officer.role.may(Task::Approve),
        latest: latest.collect(),
        done: answer.done,
        said: answer.said,
        found: answer.found,
        typed: answer.typed,
        typed_people: answer.typed_people,
        chosen: answer.chosen,
        faults: answer.faults,
    };
    let mut answer = show(shown.faults.status(), &shown)?;
    answer.headers_mut().insert(PERMISSIONS_POLICY, PERMISSIONS_WITH_CAMERA);
    Ok(answer)
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    let (office, id) = (desk.office()?.code, VisitId(sent.get(UNDONE).parse().unwrap_or(0)));
    let visit = desk.ask(move |tx, cx| undone(tx, cx, &office, id)).await??;
    let says = |visit: VisitView| {
        let names: Vec<String> = visit.names.iter().map(|one| one.name.clone()).collect();
        let who = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        desk.words().say_with("door-undone", &[("who", format!("{}{who}", visit.number).into())])
    };
    page(&desk, Shows { done: visit.map(says).unwrap_or_default(), ..Shows::default() }).await
}

/// Whether somebody typed a name, or the last four digits of a NIK, and not a ticket.
fn is_name(text: &str) -> bool {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let letters = text.chars().all(|letter| letter.is_alphabetic() || " .'".contains(letter));
    let is_code = QueueCode::parse(text).is_ok() || CallNumber::parse(text).is_ok();
    digits || (letters && text.chars().count() >= NAME_MIN as usize && text.len() < 39 && !is_code)
}

/// Whether it is the beginning of a name, or of the end of a NIK, with too little of it to be looked for.
fn is_short(text: &str) -> bool {
    let letters = text.chars().all(|letter| letter.is_alphabetic() || " .'".contains(letter));
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (letters && text.chars().count() < NAME_MIN as usize) || (digits && text.len() < 4)
}

/// How many people are there; nothing said is everybody, and what is no number is nobody, which is refused.
fn how_many(sent: &Sent) -> Option<u32> {
    let typed = sent.get("people").trim();
    (!typed.is_empty()).then(|| typed.parse().unwrap_or(0))
}

async fn scan(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let typed = sent.get("shown").to_owned();
    if typed.is_empty() {
        let faults = Faults::one("shown", desk.words().say("door-field-empty"));
        return page(&desk, Shows { faults, ..Shows::default() }).await;
    }
    if is_name(&typed) {
        let text = typed.clone();
        let found = desk.ask(move |tx, cx| find(tx, cx, &office, &text)).await??;
        let row = |found: &Found| FoundRow {
            people: sent.get("people").to_owned(),
            link: found.link.clone(),
            names: found.people.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
            window: desk.words().window(found.starts, found.ends, desk.zone()),
            state: desk.words().state(found.state),
        };
        let faults =
            if found.is_empty() { Faults::one("shown", desk.words().say("door-nobody-found")) } else { Faults::none() };
        return page(&desk, Shows { found: found.iter().map(row).collect(), typed, faults, ..Shows::default() }).await;
    }
    if is_short(&typed) {
        let faults = Faults::one("shown", desk.words().say_with("door-name-short", &[("letters", NAME_MIN.into())]));
        return page(&desk, Shows { typed, faults, ..Shows::default() }).await;
    }
    let people = how_many(&sent);
    match desk.perform(&sent, CheckIn { office, shown: typed.clone(), people, seen: None }).await? {
        Ok(answer) => page(&desk, Shows { said: Some(said(&desk, &answer)), ..Shows::default() }).await,
        Err(refusal) => {
            let counted = matches!(refusal, Refusal::Day(DayRefusal::PeopleWrong { .. }));
            let faults = Faults::one(if counted { "people" } else { "shown" }, desk.explain(&refusal));
            let typed_people = if counted { sent.get("people").to_owned() } else { String::new() };
            page(&desk, Shows { typed, typed_people, faults, ..Shows::default() }).await
        }
    }
}

/// One arrival that the door kept while it had no network; sent again until it is answered. The key makes it happen once.
async fn send_kept(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    // Without a time it is a scan whose answer was lost, sent once more under its key.
    let seen = match sent.get("seen") {
        "" => None,
        ms => Some(ms.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).ok_or(BadRequest::NotAForm)?),
    };
    if sent.get("kunci").is_empty() || sent.get("shown").is_empty() {
        return Err(BadRequest::NotAForm.into());
    }
    // The page was made for somebody else than whose session this is by now: what they kept is not sent under another name.
    let by = sent.get("by");
    if !by.is_empty() && by != desk.officer.id.to_string() {
        return Ok((StatusCode::CONFLICT, Json(json!({ "signal": "amber" }))).into_response());
    }
    // A form counts once as it was filled in: as the page's own form was, then.
    let once = match seen {
        Some(_) => sent.clone(),
        None => Sent::of(["kunci", "shown", "people"].map(|name| (name, sent.get(name).to_owned()))),
    };
    let people = how_many(&sent);
    let kept = CheckIn { office, shown: sent.get("shown").to_owned(), people, seen };
    let mut answer = match desk.perform(&once, kept).await? {
        Ok(answer) => {
            let said = said(&desk, &answer);
            json!({ "signal": said.signal, "title": said.title, "number": said.number })
        }
        Err(refusal) => json!({ "signal": "red", "title": desk.explain(&refusal), "number": "" }),
    };
    answer["now"] = desk.app().now().as_millisecond().into();
    answer["ahead"] = ahead_ms(&desk).into();
    Ok(Json(answer).into_response())
}

async fn undo(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let visit = VisitId(sent.get("visit").parse().unwrap_or(0));
    let version = sent.get("version").parse().unwrap_or(-1);
    match desk.perform(&sent, UndoCheckIn { office, visit, version }).await? {
        Ok(()) => Ok(onward(&format!("{}?{UNDONE}={visit}", base(&desk)?))),
        Err(refusal) => {
            let why = desk.words().refusal(&refusal, &desk.app().catalogue());
            let faults = Faults::one("shown", format!("{}. {}", why.title, why.detail));
            page(&desk, Shows { faults, ..Shows::default() }).await
        }
    }
}

async fn receive(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let service = ServiceCode::ALL.into_iter().find(|service| service.as_str() == sent.get("service"));
    let passport = PassportKind::ALL.into_iter().find(|kind| kind.as_str() == sent.get("passport"));
    let priority = PriorityReason::ALL.into_iter().find(|reason| reason.as_str() == sent.get("priority"));
    let (Some(service), Some(passport)) = (service, passport) else {
        let faults = Faults::one("service", desk.words().say("door-service-missing"));
        return page(&desk, Shows { faults, chosen: sent, ..Shows::default() }).await;
    };
    let walk_in = WalkIn {
        office,
        service,
        passport,
        people: sent.get("count").parse().unwrap_or(0),
        priority,
        from_reserve: sent.has("reserve", "1"),
        reason: sent.get("reason").to_owned(),
    };
    match desk.perform(&sent, walk_in).await? {
        Ok(Approved::Done { outcome }) => Ok(onward(&format!("{}/slip/{}", base(&desk)?, outcome.id))),
        Ok(Approved::Asked { .. }) => Ok(onward("/petugas/persetujuan")),
        Err(refusal) => {
            let field = match &refusal {
                Refusal::Staff(_) => "reason",
                _ => "service",
            };
            let faults = Faults::one(field, desk.explain(&refusal));
            page(&desk, Shows { faults, chosen: sent, ..Shows::default() }).await
        }
    }
}

#[derive(Template)]
#[template(path = "staff/slip.html")]
struct SlipPage {
    page: Screen,
    base: String,
    number: String,
    office: String,
    class: String,
    service: String,
    when: String,
    people: String,
}

async fn print(desk: Desk, Named((_, id)): Named<(String, i64)>) -> Answer {
    let office = desk.office()?;
    let code = office.code;
    let (visit, zone) = desk.ask(move |tx, cx| slip(tx, cx, &code, VisitId(id))).await??;
    let words = desk.words();
    let shown = SlipPage {
        page: desk.screen_titled(visit.number.to_string(), &Faults::none()),
        base: base(&desk)?,
        number: visit.number.to_string(),
        office: office.name.clone(),
        class: words.class(visit.number.class),
        service: words.service(visit.service),
        when: words.instant(visit.arrived, zone),
        people: people(&desk, &visit),
    };
    show(StatusCode::OK, &shown)
}
