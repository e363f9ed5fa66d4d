//! What needs a second person: the list, and the word of that person.

use antrean_app::quota::AskedHours;
use antrean_app::staff::{self, Content, Decide, RequestView, Withdraw};
use antrean_domain::staff::Task;
use antrean_store::approvals::ApprovalState;
use antrean_store::ids::ApprovalId;
use askama::Template;

use super::closures;
use super::desk::{Desk, Screen};
use super::office_changes;
use super::quota;
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, onward, show};
use crate::problem::BadRequest;

const LIST: &str = "/petugas/persetujuan";

pub(super) fn routes(table: Table) -> Table {
    table
        .get(LIST, Needs::Task(Task::Look), list)
        .post("/petugas/persetujuan/{id}", Needs::Task(Task::Approve), decide)
        .post("/petugas/persetujuan/{id}/tarik", Needs::Task(Task::Look), withdraw)
}

#[derive(Template)]
#[template(path = "staff/approvals.html")]
struct ListPage {
    page: Screen,
    faults: Faults,
    key: String,
    waiting: Vec<Row>,
    decided: Vec<Row>,
    done: String,
}

struct Row {
    id: ApprovalId,
    what: String,
    office: String,
    reason: String,
    asked: String,
    state: String,
    state_kind: &'static str,
    decided: String,
    can_decide: bool,
    can_withdraw: bool,
    effect: Option<Change>,
    /// What else would be done, as names and values.
    facts: Vec<(String, String)>,
}

impl Row {
    /// Whether it can be done at all.
    fn can_approve(&self) -> bool {
        self.effect.as_ref().is_none_or(|change| change.clashes.is_empty())
    }
}

/// What a change of hours or quotas comes to now.
struct Change {
    /// The version that it is worked out on.
    seen: String,
    /// What others changed since it was asked for.
    since: Vec<String>,
    /// Why it can be done no more.
    clashes: Vec<String>,
    second: Vec<String>,
    days: Vec<(quota::Row, quota::Row)>,
    more: bool,
}

fn change(desk: &Desk, asked: &AskedHours) -> Change {
    let since = asked.since.as_ref().map(|since| office_changes::lines(desk, since)).unwrap_or_default();
    let seen = asked.version.clone();
    match &asked.came_to {
        Ok(effect) => {
            let (days, more) = quota::changed_days(desk, effect);
            Change { seen, since, clashes: Vec::new(), second: quota::second_person(desk, effect), days, more }
        }
        Err(clashes) => {
            let clashes = clashes.iter().map(|clash| desk.words().clash(clash)).collect();
            Change { seen, since, clashes, second: Vec::new(), days: Vec::new(), more: false }
        }
    }
}

fn facts(desk: &Desk, content: &Content) -> Vec<(String, String)> {
    let words = desk.words();
    let fact = |key: &str, value: String| (words.say(key), value);
    match content {
        Content::Hours(_) => Vec::new(),
        Content::Closure(plan, preview) => {
            let mut facts = vec![
                fact("closure-when", closures::when(desk, &plan.range)),
                fact("closure-relocation", words.relocation(plan.relocation)),
            ];
            if let Some(preview) = preview {
                facts.push(fact("closure-windows", preview.windows.to_string()));
                facts.push(fact("closure-people", words.people(preview.people)));
                facts.push(fact("closure-unplaced", preview.unplaced.to_string()));
            }
            facts
        }
        Content::Claim(claimed) => {
            let code = claimed.code.map(|code| code.to_string()).unwrap_or_default();
            vec![fact("claim-nik", claimed.nik.clone()), fact("closure-code", code)]
        }
        Content::WalkIn(walk_in) => {
            let why = walk_in.priority.map(|reason| words.priority_reason(reason)).unwrap_or_default();
            vec![
                fact("door-service", words.service(walk_in.service)),
                fact("closure-people", words.people(walk_in.people)),
                fact("door-priority", why),
            ]
        }
    }
}

fn row(desk: &Desk, request: RequestView) -> Row {
    let words = desk.words();
    let (state, state_kind) = match request.state {
        ApprovalState::Waiting => ("approval-waiting", "warn"),
        ApprovalState::Approved => ("approval-approved", "good"),
        ApprovalState::Declined => ("approval-declined", "bad"),
        ApprovalState::Withdrawn => ("approval-withdrawn", ""),
    };
    let at = |instant| words.instant(instant, desk.zone());
    let decided = match (&request.decided_by, request.decided) {
        (Some(name), Some(instant)) => format!("{name}, {}", at(instant)),
        _ => String::new(),
    };
    Row {
        id: request.id,
        what: words.approval_kind(&request.kind),
        office: request.office.map(|office| office.to_string()).unwrap_or_default(),
        reason: request.reason,
        asked: format!("{}, {}", request.asked_by, at(request.asked)),
        state: words.say(state),
        state_kind,
        decided: if request.answer.is_empty() { decided } else { format!("{decided}: {}", request.answer) },
        can_decide: request.can_decide,
        can_withdraw: request.can_withdraw,
        facts: request.content.as_ref().map(|content| facts(desk, content)).unwrap_or_default(),
        effect: match &request.content {
            Some(Content::Hours(asked)) => Some(change(desk, asked)),
            _ => None,
        },
    }
}

async fn list(desk: Desk, sent: Sent) -> Answer {
    list_page(&desk, sent.get("sudah"), Faults::none()).await
}

/// The list, and in one line what was just decided: as the store knows it, whatever the address says.
async fn list_page(desk: &Desk, just: &str, faults: Faults) -> Answer {
    let requests = desk.ask(staff::requests).await??;
    let decided: Vec<Row> = requests.decided.into_iter().map(|request| row(desk, request)).collect();
    let done = decided.iter().find(|row| row.id.to_string() == just);
    let page = ListPage {
        done: done.map(|row| format!("{}: {}", row.what, row.state)).unwrap_or_default(),
        page: desk.screen("approvals-title", &faults),
        key: desk.new_key(),
        waiting: requests.waiting.into_iter().map(|request| row(desk, request)).collect(),
        decided,
        faults,
    };
    show(page.faults.status(), &page)
}

fn number(id: &str) -> Result<ApprovalId, BadRequest> {
    id.parse().map(ApprovalId).map_err(|_| BadRequest::NotFound)
}

async fn decide(desk: Desk, Named(id): Named<String>, sent: Sent) -> Answer {
    let request = number(&id)?;
    let decide = Decide {
        request,
        yes: sent.has("word", "yes"),
        answer: sent.get("answer").to_owned(),
        seen: sent.get("dilihat").to_owned(),
    };
    match desk.perform(&sent, decide).await? {
        Ok(()) => {
            // What was approved may have been hours or quotas: they are known here from now on.
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("{LIST}?sudah={request}")))
        }
        // The list says who was first, and what the request comes to now.
        Err(refusal) => list_page(&desk, "", Faults::one(format!("request-{request}"), desk.explain(&refusal))).await,
    }
}

async fn withdraw(desk: Desk, Named(id): Named<String>, sent: Sent) -> Answer {
    let request = number(&id)?;
    match desk.perform(&sent, Withdraw { request }).await? {
        Ok(()) => Ok(onward(&format!("{LIST}?sudah={request}"))),
        Err(refusal) => list_page(&desk, "", Faults::one(format!("request-{request}"), desk.explain(&refusal))).await,
    }
}
