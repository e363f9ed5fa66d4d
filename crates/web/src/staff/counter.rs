//! The counter: who is before it, who is next and why, and one key for each thing that is done.

use antrean_app::day::{Act, CallNext, CloseCounter, Does, OpenCounter, VisitView, desk as day_at_counter};
use antrean_domain::staff::Task;
use antrean_domain::visit::{CALLS_BEFORE_ABSENT, CallNumber, MissingPaper, Outcome, Stage, VisitState};
use antrean_store::ids::VisitId;
use askama::Template;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, onward, show};

pub(super) fn routes(table: Table) -> Table {
    let needs = Needs::AtOffice(Task::Counter);
    table
        .get("/petugas/{office}/loket", needs, look)
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

/// Who is before the counter.
struct Current {
    row: Row,
    serving: bool,
    /// Since when, in milliseconds, for the stopwatch.
    since_ms: i64,
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
    let clock = |at| words.time(desk.zone().local(at).time(), desk.zone());
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

async fn page(desk: &Desk, sent: Sent, faults: Faults) -> Answer {
    let office = desk.office()?.code;
    let view = desk.ask(move |tx, cx| day_at_counter(tx, cx, &office)).await??;
    let words = desk.words();
    let rows = |visits: &[VisitView]| visits.iter().map(|visit| row(desk, visit)).collect();
    let current = view.current.as_ref().map(|visit| Current {
        row: row(desk, visit),
        serving: visit.state == VisitState::Serving,
        since_ms: visit.started.or(visit.called).map_or(0, jiff::Timestamp::as_millisecond),
        names: visit.names.iter().map(|one| format!("{} {}", one.name, one.nik)).collect(),
        facts: vec![
            words.visit_state(visit.state),
            words.service(visit.service),
            words.passport(visit.passport),
            words.say_with("counter-calls-count", &[("calls", visit.calls.into())]),
            words
                .say_with("door-people-there", &[("there", visit.arrived_people.into()), ("all", visit.people.into())]),
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
    let taken = |seat: &antrean_app::day::CounterView| {
        let who = seat.officer.clone().unwrap_or_else(|| words.say("counter-closed"));
        format!("{} {} – {who}", seat.number, seat.name)
    };
    let call =
        |(number, counter, why, at): &(CallNumber, u32, Option<antrean_domain::calling::Why>, jiff::Timestamp)| {
            let why = why.map_or_else(|| words.say("counter-again"), |why| words.why_called(why));
            let at = words.time(desk.zone().local(*at).time(), desk.zone());
            format!("{at} · {number} → {counter} · {why}")
        };
    let shown = CounterPage {
        page: desk.screen("counter-title", &faults),
        key: desk.new_key(),
        base: base(desk)?,
        mine: view.mine,
        seats: view.counters.iter().map(taken).collect(),
        current,
        next: view.next.map_or_else(String::new, |(number, why)| format!("{number} · {}", words.why_called(why))),
        waiting: rows(&view.waiting),
        parked: rows(&view.parked),
        missed: rows(&view.missed),
        finished: rows(&view.finished),
        calls: view.calls.iter().map(call).collect(),
        outcomes: Outcome::ALL.map(|outcome| (outcome.as_str(), words.outcome(outcome))).to_vec(),
        papers: MissingPaper::ALL.map(|paper| (paper.as_str(), words.missing_paper(paper))).to_vec(),
        stages: Stage::ALL.map(|stage| (stage.as_str(), words.stage(stage))).to_vec(),
        sent,
        faults,
    };
    show(shown.faults.status(), &shown)
}

async fn look(desk: Desk) -> Answer {
    page(&desk, Sent::of([]), Faults::none()).await
}

/// After something was done the page is the day as it is now; a refusal is said on top of it.
async fn after<T>(desk: &Desk, sent: Sent, done: Result<T, antrean_app::Refusal>) -> Answer {
    match done {
        Ok(_) => Ok(onward(&base(desk)?)),
        Err(refusal) => {
            let explained = desk.words().refusal(&refusal, &desk.app().catalogue());
            let end = if explained.title.ends_with('?') { "" } else { "." };
            page(desk, sent, Faults::one("loket", format!("{}{end} {}", explained.title, explained.detail))).await
        }
    }
}

async fn open(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let number = sent.get("number").parse().unwrap_or(0);
    let done = desk.perform(&sent, OpenCounter { office, number }).await?;
    after(&desk, sent, done).await
}

async fn close(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let done = desk.perform(&sent, CloseCounter { office }).await?;
    after(&desk, sent, done).await
}

async fn call(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let typed = sent.get("nomor");
    let number = CallNumber::parse(typed).ok();
    if number.is_none() && !typed.is_empty() {
        return page(&desk, sent, Faults::one("loket", desk.words().say("counter-number-wrong"))).await;
    }
    let done = desk.perform(&sent, CallNext { office, number }).await?;
    after(&desk, sent, done).await
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
        return page(&desk, sent, Faults::one("loket", desk.words().say("counter-nothing-chosen"))).await;
    };
    let visit = VisitId(sent.get("visit").parse().unwrap_or(0));
    let version = sent.get("version").parse().unwrap_or(-1);
    let done = desk.perform(&sent, Act { office, visit, version, does }).await?;
    after(&desk, sent, done).await
}
