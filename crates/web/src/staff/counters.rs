//! Setting up the counters of an office: what each is called, which stages and which queues it takes on.

use antrean_app::Refusal;
use antrean_app::day::{self, CounterView, RemoveCounter, SetCounter, SetUp};
use antrean_app::staff::StaffRefusal;
use antrean_domain::staff::Task;
use antrean_domain::visit::{Class, Stage, TakesOn};
use askama::Template;
use axum::http::StatusCode;

use super::counter::{DID, Gaps};
use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Sent, onward, show};

pub(super) fn routes(table: Table) -> Table {
    let needs = Needs::AtOffice(Task::Describe);
    table.get("/petugas/{office}/loket/atur", needs, look).post("/petugas/{office}/loket/atur", needs, save).post(
        "/petugas/{office}/loket/atur/hapus",
        needs,
        remove,
    )
}

#[derive(Template)]
#[template(path = "staff/counters.html")]
struct CountersPage {
    page: Screen,
    faults: Faults,
    key: String,
    /// The page of the counter; this page and what it sends are below.
    base: String,
    done: String,
    gaps: Gaps,
    /// What no counter at all is set to take on.
    never: Vec<String>,
    rows: Vec<Row>,
    form: Form,
    /// What somebody else did to the counter meanwhile.
    conflict: Option<Conflict>,
}

struct Row {
    number: u32,
    version: i64,
    name: String,
    stages: String,
    classes: String,
    officer: Option<String>,
}

/// The form of one counter.
struct Form {
    title: String,
    /// Empty for a new one, whose number is typed.
    version: String,
    number: String,
    name: String,
    stages: Vec<Choice>,
    classes: Vec<Choice>,
}

struct Choice {
    id: String,
    value: &'static str,
    text: String,
    chosen: bool,
}

struct Conflict {
    title: String,
    lines: Vec<String>,
}

fn stages(desk: &Desk, takes_on: &TakesOn) -> String {
    takes_on.stages.iter().map(|stage| desk.words().stage(*stage)).collect::<Vec<_>>().join(", ")
}

fn classes(desk: &Desk, takes_on: &TakesOn) -> String {
    takes_on.classes.iter().map(|class| desk.words().class(*class)).collect::<Vec<_>>().join(", ")
}

/// The check boxes of a group; the first has the group's id, where an error leads.
fn choices<T: Copy>(
    group: &str,
    all: &[T],
    name: impl Fn(T) -> (&'static str, String),
    chosen: impl Fn(T) -> bool,
) -> Vec<Choice> {
    let choice = |(at, one): (usize, &T)| {
        let (value, text) = name(*one);
        let id = if at == 0 { group.to_owned() } else { format!("{group}-{value}") };
        Choice { id, value, text, chosen: chosen(*one) }
    };
    all.iter().enumerate().map(choice).collect()
}

/// The form of a counter as it is, of a new one, or as it was sent.
fn form(desk: &Desk, known: Option<&CounterView>, sent: Option<&Sent>) -> Form {
    let words = desk.words();
    let takes_on = known.map_or_else(TakesOn::everything, |counter| counter.takes_on.clone());
    let stage = |one: Stage| sent.map_or(takes_on.stages.contains(&one), |sent| sent.has("tahap", one.as_str()));
    let class = |one: Class| sent.map_or(takes_on.classes.contains(&one), |sent| sent.has("jenis", one.as_str()));
    let typed = |field: &str| sent.map(|sent| sent.get(field).to_owned());
    Form {
        title: match known {
            Some(counter) => words.say_with("counters-change", &[("counter", counter.number.into())]),
            None => words.say("counters-new"),
        },
        version: known.map(|counter| counter.version.to_string()).unwrap_or_default(),
        number: known.map(|counter| counter.number.to_string()).or_else(|| typed("nomor")).unwrap_or_default(),
        name: typed("nama").or_else(|| known.map(|counter| counter.name.clone())).unwrap_or_default(),
        stages: choices("tahap", &Stage::ALL, |one| (one.as_str(), words.stage(one)), stage),
        classes: choices("jenis", &Class::ALL, |one| (one.as_str(), words.class(one)), class),
    }
}

/// What was just done, looked up: an address cannot say what is not so.
fn done(desk: &Desk, sent: &Sent, set_up: &SetUp) -> String {
    let Ok(counter) = sent.get("loket").parse::<u32>() else { return String::new() };
    let there = set_up.counters.iter().any(|one| one.number == counter);
    let key = match sent.get(DID) {
        "simpan" if there => "counters-saved",
        "hapus" if !there => "counters-removed",
        _ => return String::new(),
    };
    desk.words().say_with(key, &[("counter", counter.into())])
}

/// Which counter a page is about, and how it came to be shown.
enum About {
    /// Nothing was sent.
    Looking(Sent),
    /// Something is wrong with what was sent.
    Wrong(Sent, Faults),
    /// Somebody else was quicker.
    Overtaken(Sent),
}

async fn page(desk: &Desk, about: About) -> Answer {
    let office = desk.office()?.code;
    let set_up = desk.ask(move |tx, cx| day::set_up(tx, cx, &office)).await??;
    let (sent, faults, overtaken) = match about {
        About::Looking(sent) => (sent, Faults::none(), false),
        About::Wrong(sent, faults) => (sent, faults, false),
        About::Overtaken(sent) => (sent, Faults::none(), true),
    };
    let number = sent.get("nomor").parse::<u32>().ok();
    let known = number.and_then(|number| set_up.counters.iter().find(|one| one.number == number));
    let is_sent = faults.any() || overtaken;
    // A new counter with the number of one that is there is no change of that one, until somebody says so.
    let shown = known.filter(|_| overtaken || !is_sent || !sent.get("versi").is_empty());
    let mut filled = form(desk, shown, is_sent.then_some(&sent));
    if !overtaken && is_sent && shown.is_some() {
        // What was seen stays what was seen, though somebody may have changed it meanwhile.
        sent.get("versi").clone_into(&mut filled.version);
    }
    let conflict = match number.filter(|_| overtaken) {
        Some(number) => Some(conflict(desk, number, known, sent.get("versi").is_empty()).await?),
        None => None,
    };
    let words = desk.words();
    let row = |one: &CounterView| Row {
        number: one.number,
        version: one.version,
        name: one.name.clone(),
        stages: stages(desk, &one.takes_on),
        classes: classes(desk, &one.takes_on),
        officer: one.officer.clone(),
    };
    let page = CountersPage {
        page: desk.screen("counters-title", &faults),
        key: desk.new_key(),
        base: format!("/petugas/{office}/loket"),
        done: if is_sent { String::new() } else { done(desk, &sent, &set_up) },
        gaps: Gaps::of(desk, &set_up.gaps),
        never: set_up.never.iter().map(|gap| words.never_taken_on(*gap)).collect(),
        rows: set_up.counters.iter().map(row).collect(),
        form: filled,
        conflict,
        faults,
    };
    show(if page.conflict.is_some() { StatusCode::CONFLICT } else { page.faults.status() }, &page)
}

/// What somebody else did to a counter, and what it is now; or that one that was to be made is there already.
async fn conflict(desk: &Desk, number: u32, known: Option<&CounterView>, made: bool) -> Result<Conflict, Detour> {
    let office = desk.office()?.code;
    let last = desk.ask(move |tx, cx| day::last_set(tx, cx, &office, number)).await??;
    let words = desk.words();
    let counter = ("counter", number.into());
    let mut lines = Vec::new();
    if let Some(last) = last {
        let key = if last.removed { "counters-conflict-removed" } else { "counters-conflict-set" };
        let when = words.time(desk.zone().local(last.at).time(), desk.zone());
        lines.push(words.say_with(key, &[counter.clone(), ("officer", last.by.into()), ("when", when.into())]));
    }
    lines.push(match known {
        None => words.say_with("counters-conflict-gone", std::slice::from_ref(&counter)),
        Some(known) => {
            let now = [known.name.clone(), stages(desk, &known.takes_on), classes(desk, &known.takes_on)];
            let now: Vec<String> = now.into_iter().filter(|text| !text.is_empty()).collect();
            words.say_with("counters-conflict-now", &[("now", now.join(" · ").into())])
        }
    });
    let title = if made { "counters-conflict-known" } else { "counters-conflict" };
    Ok(Conflict { title: words.say_with(title, &[counter]), lines })
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    page(&desk, About::Looking(sent)).await
}

async fn save(desk: Desk, sent: Sent) -> Answer {
    let (office, words) = (desk.office()?.code, desk.words());
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(|one| sent.has("tahap", one.as_str())).collect();
    let classes: Vec<Class> = Class::ALL.into_iter().filter(|one| sent.has("jenis", one.as_str())).collect();
    let mut faults = Faults::none();
    let number = sent.get("nomor").parse::<u32>().ok();
    if number.is_none() {
        faults.add("nomor", words.say("counters-number-wrong"));
    }
    if stages.is_empty() {
        faults.add("tahap", words.say("counters-stages-missing"));
    }
    if classes.is_empty() {
        faults.add("jenis", words.say("counters-classes-missing"));
    }
    let (Some(number), Some(takes_on), false) = (number, TakesOn::new(&stages, &classes), faults.any()) else {
        return page(&desk, About::Wrong(sent, faults)).await;
    };
    let version = sent.get("versi").parse().ok();
    let name = sent.get("nama").to_owned();
    match desk.perform(&sent, SetCounter { office, number, name, takes_on, version }).await? {
        Ok(()) => Ok(onward(&format!("/petugas/{office}/loket/atur?{DID}=simpan&loket={number}"))),
        Err(Refusal::Staff(StaffRefusal::ChangedMeanwhile)) => page(&desk, About::Overtaken(sent)).await,
        Err(refusal) => {
            let faults = Faults::one("nama", desk.explain(&refusal));
            page(&desk, About::Wrong(sent, faults)).await
        }
    }
}

async fn remove(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let (number, version) = (sent.get("loket").parse().unwrap_or(0), sent.get("versi").parse().unwrap_or(-1));
    match desk.perform(&sent, RemoveCounter { office, number, version }).await? {
        Ok(()) => Ok(onward(&format!("/petugas/{office}/loket/atur?{DID}=hapus&loket={number}"))),
        // The form below is of a new counter, with nothing filled in.
        Err(refusal) => {
            let blank = Stage::ALL.iter().map(|one| ("tahap", one.as_str().to_owned()));
            let blank = blank.chain(Class::ALL.iter().map(|one| ("jenis", one.as_str().to_owned())));
            let faults = Faults::one("semua", desk.explain(&refusal));
            page(&desk, About::Wrong(Sent::of(blank), faults)).await
        }
    }
}
