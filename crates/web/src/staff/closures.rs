//! Closing an office for hours or days: what and why, what it would do to whom, the one button, and who is to be called afterwards.

use antrean_app::closure::{
    self, CallView, ClosureView, Effect, LiftClosure, NoteCall, PersonView, Plan, Preview, StartClosure,
};
use antrean_app::staff::Approved;
use antrean_domain::closure::{Cause, Range, RangeError, Relocation};
use antrean_domain::office::OfficeCode;
use antrean_domain::slot::{SlotKey, WindowStart};
use antrean_domain::staff::Task;
use antrean_store::closures::{Fate, Part};
use antrean_store::ids::ClosureId;
use antrean_words::Arg;
use askama::Template;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, onward, show};
use crate::problem::BadRequest;

/// Effects shown on one page; the sums above them are of all.
const SHOWN_MAX: usize = 300;
/// People of a closure on one page.
const PAGE_SIZE: u32 = 100;
/// The field and its value that ask for those who still have to be called.
const LIST_FIELD: &str = "daftar";
const TO_CALL: &str = "telepon";

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/petugas/{office}/penutupan", Needs::AtOffice(Task::Look), list)
        .get("/petugas/{office}/penutupan/baru", Needs::AtOffice(Task::Close), ask)
        .get("/petugas/{office}/penutupan/periksa", Needs::AtOffice(Task::Close), check)
        .post("/petugas/{office}/penutupan", Needs::AtOffice(Task::Close), start)
        .get("/petugas/{office}/penutupan/{closure}", Needs::AtOffice(Task::Look), one)
        .post("/petugas/{office}/penutupan/{closure}/buka", Needs::AtOffice(Task::Close), lift)
        .post("/petugas/{office}/penutupan/{closure}/telepon", Needs::AtOffice(Task::People), call)
}

#[derive(Template)]
#[template(path = "staff/closures.html")]
struct ListPage {
    page: Screen,
    rows: Vec<Row>,
    may_close: bool,
    new: String,
}

struct Row {
    href: String,
    when: String,
    why: String,
    state: String,
    state_kind: &'static str,
    counts: String,
}

pub(super) fn when(desk: &Desk, range: &Range) -> String {
    let words = desk.words();
    match range.hours {
        Some((starts, ends)) => format!("{}, {}", words.date(range.from), words.window(starts, ends, desk.zone())),
        None if range.from == range.to => words.date(range.from),
        None => format!("{} – {}", words.date(range.from), words.date(range.to)),
    }
}

fn counts(desk: &Desk, counts: &[(Fate, u32)]) -> String {
    let one = |(fate, count): &(Fate, u32)| {
        let key = match fate {
            Fate::Waiting => "closure-count-waiting",
            Fate::Moved => "closure-count-moved",
            Fate::Revoked => "closure-count-revoked",
            Fate::Gone => "closure-count-gone",
        };
        desk.words().say_with(key, &[("count", Arg::from(*count))])
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn row(desk: &Desk, base: &str, view: &ClosureView) -> Row {
    let (state, state_kind) = match (view.closure.done, view.closure.lifted) {
        (_, Some(_)) => ("closure-state-lifted", ""),
        (Some(_), None) => ("closure-state-done", "good"),
        (None, None) => ("closure-state-running", "warn"),
    };
    Row {
        href: format!("{base}/{}", view.closure.id),
        when: when(desk, &view.closure.range),
        why: view.closure.words.clone(),
        state: desk.words().say(state),
        state_kind,
        counts: counts(desk, &view.counts),
    }
}

fn base(desk: &Desk) -> Result<String, Detour> {
    Ok(format!("/petugas/{}/penutupan", desk.office()?.code))
}

async fn list(desk: Desk) -> Answer {
    let (office, here) = (desk.office()?.code, base(&desk)?);
    let all = desk.ask(move |tx, cx| closure::list(tx, cx, &office)).await??;
    let page = ListPage {
        page: desk.screen("closures-title", &Faults::none()),
        rows: all.iter().map(|view| row(&desk, &here, view)).collect(),
        may_close: desk.officer.role.may(Task::Close),
        new: format!("{here}/baru"),
    };
    show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "staff/closure_new.html")]
struct AskPage {
    page: Screen,
    faults: Faults,
    here: String,
    sent: Sent,
    causes: Vec<(&'static str, String)>,
    relocations: Vec<(&'static str, String, String)>,
}

async fn ask(desk: Desk, sent: Sent) -> Answer {
    ask_page(&desk, sent, Faults::none())
}

fn ask_page(desk: &Desk, sent: Sent, faults: Faults) -> Answer {
    let words = desk.words();
    let page = AskPage {
        page: desk.screen("closure-new", &faults),
        here: base(desk)?,
        causes: Cause::ALL.iter().map(|cause| (cause.as_str(), words.cause(*cause))).collect(),
        relocations: Relocation::ALL
            .iter()
            .map(|to| (to.as_str(), words.relocation(*to), words.relocation_hint(*to)))
            .collect(),
        sent,
        faults,
    };
    show(page.faults.status(), &page)
}

/// What the form asks for, or what is wrong with it.
fn plan(desk: &Desk, sent: &Sent) -> Result<Result<Plan, Faults>, Detour> {
    let (words, mut faults) = (desk.words(), Faults::none());
    let date = |name: &str| sent.get(name).parse::<Date>().ok();
    let from = date("dari");
    let to = if sent.get("sampai").is_empty() { from } else { date("sampai") };
    if from.is_none() {
        faults.add("dari", words.say("audit-date-wrong"));
    }
    if to.is_none() && !sent.get("sampai").is_empty() {
        faults.add("sampai", words.say("audit-date-wrong"));
    }
    let today = desk.zone().local(desk.app().now()).date();
    if from.is_some_and(|from| from < today) {
        faults.add("dari", words.say("closure-past"));
    }
    let hour = |name: &str| WindowStart::parse(sent.get(name)).ok();
    let hours = hour("mulai").zip(hour("selesai"));
    if hours.is_none() && !(sent.get("mulai").is_empty() && sent.get("selesai").is_empty()) {
        faults.add("mulai", words.say("closure-hours-wrong"));
    }
    let (cause, relocation) = (sent.get("sebab").parse::<Cause>(), sent.get("pindah").parse::<Relocation>());
    if cause.is_err() {
        faults.add("sebab", words.say("closure-cause-missing"));
    }
    if sent.get("kata").is_empty() {
        faults.add("kata", words.say("closure-words-missing"));
    }
    if sent.get("kata").chars().count() > closure::WORDS_MAX {
        faults.add("kata", words.say_with("closure-words-long", &[("max", Arg::from(closure::WORDS_MAX as u32))]));
    }
    if relocation.is_err() {
        faults.add("pindah", words.say("closure-relocation-missing"));
    }
    let (Some(from), Some(to), Ok(cause), Ok(relocation), false) = (from, to, cause, relocation, faults.any()) else {
        return Ok(Err(faults));
    };
    let range = match Range::new(from, to, hours) {
        Ok(range) => range,
        Err(error) => {
            let key = match error {
                RangeError::Backwards => "closure-range-backwards",
                RangeError::TooLong => "closure-range-long",
                RangeError::HoursOfSeveralDays => "closure-range-hours",
            };
            return Ok(Err(Faults::one("sampai", words.say(key))));
        }
    };
    Ok(Ok(Plan { office: desk.office()?.code, range, cause, words: sent.get("kata").to_owned(), relocation }))
}

#[derive(Template)]
#[template(path = "staff/closure_check.html")]
struct CheckPage {
    page: Screen,
    here: String,
    key: String,
    back: String,
    sent: Sent,
    when: String,
    cause: String,
    relocation: String,
    preview: Preview,
    effects: Vec<(String, String, String, String)>,
    more: bool,
    moved_message: String,
    revoked_message: String,
}

fn place(desk: &Desk, key: &SlotKey) -> String {
    let words = desk.words();
    let time = words.time(key.starts.time(), desk.zone());
    let own = desk.office().is_ok_and(|office| office.code == key.office);
    let when = format!("{}, {time}", words.date_short(key.date));
    if own { when } else { format!("{when}, {}", key.office) }
}

async fn check(desk: Desk, sent: Sent) -> Answer {
    let plan = match plan(&desk, &sent)? {
        Ok(plan) => plan,
        Err(faults) => return ask_page(&desk, sent, faults),
    };
    let asked = plan.clone();
    let preview = match desk.ask(move |tx, cx| closure::preview(tx, cx, &asked)).await? {
        Ok(preview) => preview,
        Err(refusal) => {
            let words = desk.explain(&refusal);
            return ask_page(&desk, sent, Faults::one("dari", words));
        }
    };
    let here = base(&desk)?;
    let words = desk.words();
    let shown = preview.effects.iter().take(SHOWN_MAX).map(|Effect { code, size, from, to }| {
        let to = to.map_or_else(|| words.say("closure-nowhere"), |to| place(&desk, &to));
        (code.clone(), words.people(*size), place(&desk, from), to)
    });
    let date = [("date", Arg::from(words.date_short(plan.range.from)))];
    let office = Arg::from(desk.office()?.short_name().to_owned());
    let page = CheckPage {
        effects: shown.collect(),
        more: preview.effects.len() > SHOWN_MAX,
        page: desk.screen("closure-check", &Faults::none()),
        key: desk.new_key(),
        back: format!("{here}/baru?{}", sent.query()),
        when: when(&desk, &preview.range),
        cause: words.cause(plan.cause),
        relocation: words.relocation(plan.relocation),
        moved_message: words.say_with("sms-moved-by-office", &date),
        revoked_message: words.say_with("sms-revoked", &[("office", office), date[0].clone()]),
        preview,
        here,
        sent,
    };
    show(StatusCode::OK, &page)
}

async fn start(desk: Desk, sent: Sent) -> Answer {
    let plan = match plan(&desk, &sent)? {
        Ok(plan) => plan,
        Err(faults) => return ask_page(&desk, sent, faults),
    };
    match desk.perform(&sent, StartClosure { plan }).await? {
        Ok(Approved::Done { outcome }) => Ok(onward(&format!("{}/{outcome}", base(&desk)?))),
        Ok(Approved::Asked { .. }) => Ok(onward("/petugas/persetujuan")),
        Err(refusal) => {
            let words = desk.explain(&refusal);
            ask_page(&desk, sent, Faults::one("dari", words))
        }
    }
}

#[derive(Template)]
#[template(path = "staff/closure.html")]
struct OnePage {
    page: Screen,
    faults: Faults,
    here: String,
    key: String,
    row: Row,
    people: Vec<Person>,
    /// The two lists: where they are, what they are called, whether this is it.
    lists: Vec<(String, String, bool)>,
    /// The form's fields that lead back to this list and page.
    list: &'static str,
    number: u32,
    before: Option<String>,
    after: Option<String>,
    may_call: bool,
    may_lift: bool,
    /// Whether a call was noted just now.
    noted: bool,
    sent: Sent,
}

struct Person {
    link: String,
    code: String,
    fate: String,
    fate_kind: &'static str,
    from: String,
    to: String,
    /// What came of the calls so far.
    calls: Vec<String>,
    /// When the last of them was, as a form says which it saw.
    seen: String,
    to_call: bool,
    /// Where their telephone number is shown.
    data: String,
}

fn person(desk: &Desk, view: PersonView, office: &OfficeCode) -> Person {
    let words = desk.words();
    let (fate, fate_kind) = match view.fate {
        Fate::Revoked if view.replaced => ("closure-fate-replaced", "good"),
        Fate::Revoked if !view.to_call => ("closure-fate-reached", "good"),
        Fate::Waiting => ("closure-fate-waiting", "warn"),
        Fate::Moved => ("closure-fate-moved", "good"),
        Fate::Revoked => ("closure-fate-revoked", "bad"),
        Fate::Gone => ("closure-fate-gone", ""),
    };
    let call = |call: &CallView| {
        let key = if call.reached { "closure-call-reached" } else { "closure-call-silent" };
        let about = [("at", Arg::from(words.instant(call.at, desk.zone()))), ("by", Arg::from(call.by.clone()))];
        let line = words.say_with(key, &about);
        if call.words.is_empty() { line } else { format!("{line}: {}", call.words) }
    };
    Person {
        fate: words.say(fate),
        fate_kind,
        from: place(desk, &view.from),
        to: view.to.map(|key| place(desk, &key)).unwrap_or_default(),
        to_call: view.to_call,
        seen: view.calls.last().map_or_else(String::new, |call| call.at.as_millisecond().to_string()),
        calls: view.calls.iter().map(call).collect(),
        data: format!("/petugas/{office}/data?tiket={}", view.link),
        link: view.link,
        code: view.code,
    }
}

async fn one(desk: Desk, Named((_, closure)): Named<(String, String)>, sent: Sent) -> Answer {
    one_page(&desk, &closure, sent, Faults::none()).await
}

fn number(text: &str) -> Result<ClosureId, BadRequest> {
    text.parse().map(ClosureId).map_err(|_| BadRequest::NotFound)
}

/// Which list somebody is at, and which page of it, the first being 1.
fn at(sent: &Sent) -> (bool, u32) {
    (sent.get(LIST_FIELD) == TO_CALL, sent.get("halaman").parse().unwrap_or(1).clamp(1, u32::MAX / PAGE_SIZE))
}

/// Where a page of a list is.
fn way(to_call: bool, number: u32) -> String {
    let list = if to_call { TO_CALL } else { "" };
    format!("?{LIST_FIELD}={list}&halaman={number}")
}

async fn one_page(desk: &Desk, closure: &str, sent: Sent, faults: Faults) -> Answer {
    let (id, office) = (number(closure)?, desk.office()?.code);
    let (to_call, number) = at(&sent);
    // One more than a page has, to know whether there is another.
    let part = Part { to_call, skip: (number - 1) * PAGE_SIZE, limit: PAGE_SIZE + 1 };
    let shown = desk.ask(move |tx, cx| closure::show(tx, cx, id, part)).await??;
    let view = shown.view;
    // A closure of another office is none of this one.
    if view.closure.office != office {
        return Err(BadRequest::NotFound.into());
    }
    let (here, words) = (base(desk)?, desk.words());
    let row = row(desk, &here, &view);
    let all: u32 = view.counts.iter().map(|(_, count)| count).sum();
    let list = |key: &str, count: u32, calls: bool| {
        (
            format!("{}{}", row.href, way(calls, 1)),
            words.say_with(key, &[("count", Arg::from(count))]),
            calls == to_call,
        )
    };
    let more = shown.people.len() > PAGE_SIZE as usize;
    let page = OnePage {
        page: desk.screen("closure-title", &faults),
        lists: vec![list("closure-list-all", all, false), list("closure-list-to-call", shown.to_call, true)],
        list: if to_call { TO_CALL } else { "" },
        number,
        before: (number > 1).then(|| format!("{}{}", row.href, way(to_call, number - 1))),
        after: more.then(|| format!("{}{}", row.href, way(to_call, number + 1))),
        people: shown.people.into_iter().take(PAGE_SIZE as usize).map(|view| person(desk, view, &office)).collect(),
        may_call: desk.officer.role.may(Task::People),
        may_lift: desk.officer.role.may(Task::Close) && view.closure.done.is_some() && view.closure.lifted.is_none(),
        noted: !sent.get("dicatat").is_empty(),
        key: desk.new_key(),
        row,
        here,
        sent,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn call(desk: Desk, Named((_, closure)): Named<(String, String)>, sent: Sent) -> Answer {
    let (link, words) = (sent.get("tiket").to_owned(), sent.get("hasil").to_owned());
    let id = format!("hasil-{link}");
    let typed_nothing = words.is_empty();
    let reached = match sent.get("tersambung") {
        "ya" => true,
        "belum" => false,
        _ => {
            let missing = Faults::one(id, desk.words().say("closure-call-choose"));
            return one_page(&desk, &closure, sent, missing).await;
        }
    };
    let seen = sent.get("terlihat").parse().ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    match desk.perform(&sent, NoteCall { closure: number(&closure)?, link, reached, words, seen }).await? {
        Ok(()) => {
            let (to_call, number) = at(&sent);
            Ok(onward(&format!("{}/{closure}{}&dicatat=1", base(&desk)?, way(to_call, number))))
        }
        Err(refusal) => {
            // Their line may be gone from the list meanwhile; what was heard must not be.
            let typed = [("words", Arg::from(sent.get("hasil").to_owned()))];
            let heard = if typed_nothing { String::new() } else { desk.words().say_with("closure-call-typed", &typed) };
            let words = format!("{} {heard}", desk.explain(&refusal));
            one_page(&desk, &closure, sent, Faults::one(id, words.trim_end())).await
        }
    }
}

async fn lift(desk: Desk, Named((_, closure)): Named<(String, String)>, sent: Sent) -> Answer {
    let reason = sent.get("alasan").to_owned();
    match desk.perform(&sent, LiftClosure { closure: number(&closure)?, reason }).await? {
        Ok(_) => Ok(onward(&format!("{}/{closure}", base(&desk)?))),
        Err(refusal) => {
            let words = desk.explain(&refusal);
            one_page(&desk, &closure, sent, Faults::one("alasan", words)).await
        }
    }
}
