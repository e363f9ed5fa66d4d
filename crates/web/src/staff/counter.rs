//! The counter: who is before it, who is next and why, and one key for each thing that is done.

use antrean_app::Refusal;
use antrean_app::day::{
    self, Act, CallNext, CloseCounter, DayRefusal, Does, OpenCounter, Seat, VisitView, desk as day_at_counter,
};
use antrean_domain::coverage::Gap;
use antrean_domain::staff::Task;
use antrean_domain::visit::{CALLS_BEFORE_ABSENT, CallNumber, MissingPaper, Outcome, Stage, VisitState};
use antrean_store::ids::{StaffId, VisitId};
use askama::Template;
use axum::http::StatusCode;
use jiff::Timestamp;

use super::desk::{Desk, Screen};
use super::door::people;
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Sent, onward, show};

/// The field of an address that says what was just done.
pub(super) const DID: &str = "sudah";

pub(super) fn routes(table: Table) -> Table {
    let needs = Needs::AtOffice(Task::Counter);
    table
        .get("/petugas/{office}/loket", needs, look)
        // The same page, asked for by its script: that nobody touches the computer is no reason to let a session go on.
        .poll("/petugas/{office}/loket/segar", needs, look)
        .post("/petugas/{office}/loket/buka", needs, open)
        .post("/petugas/{office}/loket/tutup", needs, close)
        .post("/petugas/{office}/loket/panggil", needs, call)
        .post("/petugas/{office}/loket/kerja", needs, act)
}

#[derive(Template)]
#[template(path = "staff/counter.html")]
struct CounterPage {
    page: Screen,
    faults: Faults,
    key: String,
    base: String,
    mine: Option<u32>,
    /// What was just done; empty where nothing was.
    done: String,
    /// Who took the caller's counter over; empty where nobody did.
    relieved: String,
    /// A colleague sits where the caller wants to sit.
    taken: Option<Taken>,
    gaps: Gaps,
    /// Whether the caller may set the counters up.
    sets_up: bool,
    seats: Vec<String>,
    current: Option<Current>,
    next: String,
    waiting: Vec<Row>,
    parked: Vec<Row>,
    missed: Vec<Row>,
    finished: Vec<Row>,
    calls: Vec<String>,
    outcomes: Vec<(&'static str, String)>,
    papers: Vec<(&'static str, String)>,
    stages: Vec<(&'static str, String)>,
    /// What was chosen for whoever is before the counter, where it was refused.
    sent: Sent,
}

/// What a colleague's counter is about, for whoever is about to take it over.
struct Taken {
    counter: u32,
    from: StaffId,
    title: String,
    lines: Vec<String>,
    button: String,
}

/// What no open counter takes on, in words.
pub(super) struct Gaps {
    /// What people wait for.
    pub waited: Vec<String>,
    /// What nobody waits for yet.
    pub idle: Vec<String>,
}

impl Gaps {
    pub fn of(desk: &Desk, gaps: &[Gap]) -> Self {
        let (waited, idle): (Vec<&Gap>, Vec<&Gap>) = gaps.iter().partition(|gap| gap.people > 0);
        let say = |gaps: Vec<&Gap>| gaps.into_iter().map(|gap| desk.words().gap(*gap)).collect();
        // That no counter is open is no news while nobody waits: it is the morning or the evening.
        let idle = idle.into_iter().filter(|gap| gap.stage.is_some() || gap.class.is_some()).collect();
        Self { waited: say(waited), idle: say(idle) }
    }
}

/// Who is before the counter.
struct Current {
    row: Row,
    serving: bool,
    /// Since when, and the time here, in milliseconds: the stopwatch starts at the difference, whatever the device's clock says.
    since_ms: i64,
    now_ms: i64,
    names: Vec<String>,
    facts: Vec<String>,
    /// What is better done now: after so many calls nobody comes any more.
    suggest_absent: bool,
    note: String,
    inaccurate: bool,
    /// Where the whole data of whoever has a ticket is shown.
    data: Option<String>,
}

struct Row {
    id: i64,
    version: i64,
    number: String,
    class: String,
    stage: String,
    people: u32,
    at: String,
    says: String,
}

fn row(desk: &Desk, visit: &VisitView) -> Row {
    let words = desk.words();
    let clock = |at| clock(desk, at);
    let says = match visit.state {
        VisitState::Done => visit.outcome.map(|outcome| words.outcome(outcome)).unwrap_or_default(),
        VisitState::Absent => visit.reinsert_until.map(clock).unwrap_or_default(),
        _ => visit.reason.map(|reason| words.priority_reason(reason)).unwrap_or_default(),
    };
    Row {
        id: visit.id.0,
        version: visit.version,
        number: visit.number.to_string(),
        class: words.class(visit.number.class),
        stage: words.stage(visit.stage),
        people: visit.people,
        at: clock(visit.finished.unwrap_or(visit.due)),
        says,
    }
}

fn base(desk: &Desk) -> Result<String, crate::problem::Trouble> {
    Ok(format!("/petugas/{}/loket", desk.office()?.code))
}

/// What a page says beside the day as it is now.
#[derive(Default)]
struct Shown {
    sent: Sent,
    faults: Faults,
    taken: Option<Seat>,
}

fn clock(desk: &Desk, at: Timestamp) -> String {
    desk.words().time(desk.zone().local(at).time(), desk.zone())
}

fn taken(desk: &Desk, seat: &Seat) -> Taken {
    let words = desk.words();
    let (officer, counter) = (("officer", seat.officer.as_str().into()), ("counter", seat.counter.into()));
    let mut lines = vec![match (seat.since, &seat.relieved) {
        (None, _) => words.say("counter-seat-before"),
        (Some(at), None) => words.say_with("counter-seat-since", &[("when", clock(desk, at).into())]),
        (Some(at), Some(before)) => {
            let (before, when) = (("before", before.as_str().into()), ("when", clock(desk, at).into()));
            words.say_with("counter-seat-took", &[officer.clone(), counter.clone(), before, when])
        }
    }];
    lines.push(match &seat.current {
        None => words.say("counter-seat-nobody"),
        Some((number, state)) => {
            let (number, state) = (("number", number.to_string().into()), ("state", words.visit_state(*state).into()));
            words.say_with("counter-seat-current", &[number, state])
        }
    });
    lines.push(words.say_with("counter-seat-told", std::slice::from_ref(&officer)));
    Taken {
        counter: seat.counter,
        from: seat.staff,
        title: words.say_with("counter-seat-title", &[officer, counter.clone()]),
        lines,
        button: words.say_with("counter-take-over", &[counter]),
    }
}

/// Whether a visit stands as what was done with it has left it. An address says what was done; what it says is looked up, so that none
/// can be made that tells something else.
fn left_it_so(does: &str, visit: &VisitView) -> bool {
    match does {
        "call" | "recall" => visit.state == VisitState::Called,
        "start" => visit.state == VisitState::Serving,
        "finish" => visit.state == VisitState::Done,
        "absent" => visit.state == VisitState::Absent,
        "park" => visit.state == VisitState::Parked,
        // Another counter may have called them by now.
        "unpark" | "transfer" | "put_back" | "reinsert" => {
            matches!(visit.state, VisitState::Waiting | VisitState::Called | VisitState::Serving)
        }
        "leave" => visit.state == VisitState::Left,
        "note" => !visit.note.is_empty(),
        "inaccurate" => visit.inaccurate,
        _ => false,
    }
}

/// What was just done, in words; empty where nothing was.
async fn done(desk: &Desk, sent: &Sent, day: &day::Desk) -> Result<String, Detour> {
    let words = desk.words();
    let did = sent.get(DID);
    let here = |key: &str| day.mine.map(|mine| words.say_with(key, &[("counter", mine.into())])).unwrap_or_default();
    match did {
        "" => return Ok(String::new()),
        "open" => return Ok(here("counter-did-open")),
        "taken" => return Ok(here("counter-did-taken")),
        "closed" if day.mine.is_none() && day.relieved.is_none() => return Ok(words.say("counter-did-closed")),
        _ => {}
    }
    let (office, id) = (desk.office()?.code, VisitId(sent.get("kunjungan").parse().unwrap_or(0)));
    let visit = desk.ask(move |tx, cx| day::one(tx, cx, &office, id)).await??;
    let Some(visit) = visit.filter(|visit| left_it_so(did, visit)) else { return Ok(String::new()) };
    let args = [
        ("number", visit.number.to_string().into()),
        ("stage", words.stage(visit.stage).into()),
        ("outcome", visit.outcome.map(|outcome| words.outcome(outcome)).unwrap_or_default().into()),
    ];
    Ok(words.say_with(&format!("counter-did-{}", did.replace('_', "-")), &args))
}

async fn page(desk: &Desk, with: Shown) -> Answer {
    let office = desk.office()?.code;
    let view = desk.ask(move |tx, cx| day_at_counter(tx, cx, &office)).await??;
    let Shown { sent, faults, taken: seat } = with;
    let done = done(desk, &sent, &view).await?;
    let words = desk.words();
    let rows = |visits: &[VisitView]| visits.iter().map(|visit| row(desk, visit)).collect();
    let current = view.current.as_ref().map(|visit| Current {
        row: row(desk, visit),
        serving: visit.state == VisitState::Serving,
        since_ms: visit.started.or(visit.called).map_or(0, jiff::Timestamp::as_millisecond),
        now_ms: desk.app().now().as_millisecond(),
        names: visit.names.iter().map(|one| format!("{} {}", one.name, one.nik)).collect(),
        facts: vec![
            words.visit_state(visit.state),
            words.service(visit.service),
            words.passport(visit.passport),
            words.say_with("counter-calls-count", &[("calls", visit.calls.into())]),
            people(desk, visit),
        ],
        suggest_absent: visit.state == VisitState::Called && visit.calls >= CALLS_BEFORE_ABSENT,
        note: visit.note.clone(),
        inaccurate: visit.inaccurate,
        data: visit
            .link
            .as_ref()
            .zip(desk.office().ok())
            .map(|(link, at)| format!("/petugas/{}/data?tiket={link}", at.code)),
    });
    let relieved = view.relieved.as_ref().map(|relief| {
        let (officer, counter) = (("officer", relief.by.as_str().into()), ("counter", relief.counter.into()));
        words.say_with("counter-relieved", &[officer, counter, ("when", clock(desk, relief.at).into())])
    });
    let sits = |seat: &day::CounterView| {
        let who = seat.officer.clone().unwrap_or_else(|| words.say("counter-closed"));
        format!("{} {} – {who}", seat.number, seat.name)
    };
    let call = |(number, counter, why, at): &(CallNumber, u32, Option<antrean_domain::calling::Why>, Timestamp)| {
        let why = why.map_or_else(|| words.say("counter-again"), |why| words.why_called(why));
        let at = clock(desk, *at);
        format!("{at} · {number} → {counter} · {why}")
    };
    // Nobody is sent on to where they are.
    let at = view.current.as_ref().map(|visit| visit.stage);
    let onward_stages = Stage::ALL.into_iter().filter(|stage| at != Some(*stage));
    let shown = CounterPage {
        page: desk.screen("counter-title", &faults),
        key: desk.new_key(),
        base: base(desk)?,
        mine: view.mine,
        done,
        relieved: relieved.unwrap_or_default(),
        taken: seat.as_ref().map(|seat| taken(desk, seat)),
        gaps: Gaps::of(desk, &view.gaps),
        sets_up: desk.officer.role.may(Task::Describe),
        seats: view.counters.iter().map(sits).collect(),
        current,
        next: view.next.map_or_else(String::new, |(number, why)| format!("{number} · {}", words.why_called(why))),
        waiting: rows(&view.waiting),
        parked: rows(&view.parked),
        missed: rows(&view.missed),
        finished: rows(&view.finished),
        calls: view.calls.iter().map(call).collect(),
        outcomes: Outcome::ALL.map(|outcome| (outcome.as_str(), words.outcome(outcome))).to_vec(),
        papers: MissingPaper::ALL.map(|paper| (paper.as_str(), words.missing_paper(paper))).to_vec(),
        stages: onward_stages.map(|stage| (stage.as_str(), words.stage(stage))).collect(),
        sent,
        faults,
    };
    show(if shown.taken.is_some() { StatusCode::CONFLICT } else { shown.faults.status() }, &shown)
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    page(&desk, Shown { sent, ..Shown::default() }).await
}

/// The page with something that is wrong.
async fn wrong(desk: &Desk, sent: Sent, text: String) -> Answer {
    page(desk, Shown { sent, faults: Faults::one("loket", text), taken: None }).await
}

/// After something was done the page is the day as it is now, and says so; a refusal is said on top of it.
async fn after(desk: &Desk, sent: Sent, done: Result<String, Refusal>) -> Answer {
    match done {
        Ok(did) => Ok(onward(&format!("{}?{DID}={did}", base(desk)?))),
        Err(refusal) => {
            let explained = desk.words().refusal(&refusal, &desk.app().catalogue());
            let end = if explained.title.ends_with('?') { "" } else { "." };
            wrong(desk, sent, format!("{}{end} {}", explained.title, explained.detail)).await
        }
    }
}

/// What was done with a visit, for the address of the page that says so.
fn did(does: &str, visit: &VisitView) -> String {
    format!("{does}&kunjungan={}", visit.id)
}

/// Opens a counter. Where a colleague sits, the page first says who, since when and with whom, and asks.
async fn open(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let number = sent.get("number").parse().unwrap_or(0);
    let from = sent.get("dari").parse().ok().map(StaffId);
    let done = desk.perform(&sent, OpenCounter { office, number, from }).await?;
    if done == Err(Refusal::Day(DayRefusal::CounterTaken { counter: number })) {
        let taken = desk.ask(move |tx, cx| day::seat(tx, cx, &office, number)).await??;
        if taken.is_some() {
            return page(&desk, Shown { sent, faults: Faults::none(), taken }).await;
        }
    }
    let did = if from.is_some() { "taken" } else { "open" };
    after(&desk, sent, done.map(|_| did.to_owned())).await
}

async fn close(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let done = desk.perform(&sent, CloseCounter { office }).await?;
    after(&desk, sent, done.map(|()| "closed".to_owned())).await
}

async fn call(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let typed = sent.get("nomor");
    let number = CallNumber::parse(typed).ok();
    if number.is_none() && !typed.is_empty() {
        return wrong(&desk, sent, desk.words().say("counter-number-wrong")).await;
    }
    let done = desk.perform(&sent, CallNext { office, number }).await?;
    after(&desk, sent, done.map(|visit| did("call", &visit))).await
}

/// What a button of the page does; nothing for a button that it does not have.
fn does(sent: &Sent) -> Option<Does> {
    Some(match sent.get("does") {
        "recall" => Does::Recall,
        "start" => Does::Start,
        "finish" => {
            let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == sent.get("outcome"));
            let missing = sent.all("missing").into_iter().filter_map(MissingPaper::from_name).collect();
            Does::Finish { outcome: outcome?, missing }
        }
        "absent" => Does::Absent,
        "park" => Does::Park,
        "unpark" => Does::Unpark,
        "transfer" => {
            Does::Transfer { stage: Stage::ALL.into_iter().find(|stage| stage.as_str() == sent.get("stage"))? }
        }
        "put_back" => Does::PutBack,
        "reinsert" => Does::Reinsert,
        "leave" => Does::Leave,
        "note" => Does::Note { text: sent.get("note").to_owned() },
        "inaccurate" => Does::Inaccurate,
        _ => return None,
    })
}

async fn act(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let Some(does) = does(&sent) else {
        return wrong(&desk, sent, desk.words().say("counter-nothing-chosen")).await;
    };
    let visit = VisitId(sent.get("visit").parse().unwrap_or(0));
    let version = sent.get("version").parse().unwrap_or(-1);
    let done = desk.perform(&sent, Act { office, visit, version, does }).await?;
    let pressed = sent.get("does").to_owned();
    after(&desk, sent, done.map(|visit| did(&pressed, &visit))).await
}
