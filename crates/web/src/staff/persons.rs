//! Who somebody is: what is masked is shown for a reason, which is written down; and a NIK that others claimed is freed for its owner.

use antrean_app::Refusal;
use antrean_app::day::{MoveClaim, Unmask, Unmasked, UnmaskedPerson};
use antrean_app::staff::Approved;
use antrean_domain::staff::Task;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::input::Fields;
use crate::pages::visit::{Answer, Faults, Sent, onward, show};

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/petugas/{office}/data", Needs::AtOffice(Task::Unmask), ask_unmask)
        .post("/petugas/{office}/data", Needs::AtOffice(Task::Unmask), unmask)
        .get("/petugas/{office}/klaim", Needs::AtOffice(Task::People), ask_claim)
        .post("/petugas/{office}/klaim", Needs::AtOffice(Task::People), claim)
}

#[derive(Template)]
#[template(path = "staff/unmask.html")]
struct UnmaskPage {
    page: Screen,
    faults: Faults,
    key: String,
    here: String,
    ticket: String,
    reason: String,
    /// Name, NIK and date of birth of each, once they are shown.
    people: Vec<(String, String, String)>,
    /// The telephone number of those who are shown.
    phone: String,
}

async fn ask_unmask(desk: Desk, sent: Sent) -> Answer {
    unmask_page(&desk, &sent, None, Faults::none())
}

fn unmask_page(desk: &Desk, sent: &Sent, unmasked: Option<Unmasked>, faults: Faults) -> Answer {
    let (people, phone) = unmasked.map_or_else(Default::default, |unmasked| (unmasked.people, unmasked.phone));
    let shown = |one: UnmaskedPerson| (one.name, one.nik, desk.words().date(one.birth_date));
    let page = UnmaskPage {
        page: desk.screen("unmask-title", &faults),
        key: desk.new_key(),
        here: format!("/petugas/{}/data", desk.office()?.code),
        ticket: sent.get("tiket").to_owned(),
        reason: sent.get("alasan").to_owned(),
        people: people.into_iter().map(shown).collect(),
        phone,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn unmask(desk: Desk, sent: Sent) -> Answer {
    // An address ends in the link.
    let ticket = sent.get("tiket").trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let asked = Unmask { office: desk.office()?.code, ticket, reason: sent.get("alasan").to_owned() };
    let faults = match desk.perform(&sent, asked).await? {
        Ok(unmasked) => return unmask_page(&desk, &sent, Some(unmasked), Faults::none()),
        Err(Refusal::TicketUnknown) => Faults::one("tiket", desk.words().say("unmask-unknown")),
        Err(refusal) => Faults::one("alasan", desk.explain(&refusal)),
    };
    unmask_page(&desk, &sent, None, faults)
}

#[derive(Template)]
#[template(path = "staff/claim.html")]
struct ClaimPage {
    page: Screen,
    faults: Faults,
    key: String,
    here: String,
    nik: String,
    reason: String,
    done: bool,
}

async fn ask_claim(desk: Desk, sent: Sent) -> Answer {
    claim_page(&desk, &sent, false, Faults::none())
}

fn claim_page(desk: &Desk, sent: &Sent, done: bool, faults: Faults) -> Answer {
    let page = ClaimPage {
        page: desk.screen("claim-title", &faults),
        key: desk.new_key(),
        here: format!("/petugas/{}/klaim", desk.office()?.code),
        nik: if done { String::new() } else { sent.get("nik").to_owned() },
        reason: if done { String::new() } else { sent.get("alasan").to_owned() },
        done,
        faults,
    };
    show(if done { StatusCode::OK } else { page.faults.status() }, &page)
}

async fn claim(desk: Desk, sent: Sent) -> Answer {
    let mut fields = Fields::new(desk.app().now());
    let Some(nik) = fields.nik("nik", sent.get("nik")) else {
        return claim_page(&desk, &sent, false, Faults::read(&fields.wrong(), desk.words()));
    };
    let claim = MoveClaim::of(desk.office()?.code, &nik, sent.get("alasan"), desk.app().keys());
    match desk.perform(&sent, claim).await? {
        Ok(Approved::Done { .. }) => claim_page(&desk, &sent, true, Faults::none()),
        Ok(Approved::Asked { .. }) => Ok(onward("/petugas/persetujuan")),
        Err(refusal) => claim_page(&desk, &sent, false, Faults::one("alasan", desk.explain(&refusal))),
    }
}
