//! Who somebody is: what is masked is shown for a reason, which is written down; and a NIK that others claimed is freed for its owner.

use antrean_app::day::{MoveClaim, Unmask};
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
    link: String,
    reason: String,
    /// Name, NIK and date of birth of each, once they are shown.
    people: Vec<(String, String, String)>,
}

async fn ask_unmask(desk: Desk, sent: Sent) -> Answer {
    unmask_page(&desk, &sent, Vec::new(), Faults::none())
}

fn unmask_page(desk: &Desk, sent: &Sent, people: Vec<(String, String, String)>, faults: Faults) -> Answer {
    let page = UnmaskPage {
        page: desk.screen("unmask-title", &faults),
        key: desk.new_key(),
        here: format!("/petugas/{}/data", desk.office()?.code),
        link: sent.get("tiket").to_owned(),
        reason: sent.get("alasan").to_owned(),
        people,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn unmask(desk: Desk, sent: Sent) -> Answer {
    // An address ends in the link.
    let link = sent.get("tiket").trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let asked = Unmask { office: desk.office()?.code, link, reason: sent.get("alasan").to_owned() };
    match desk.perform(&sent, asked).await? {
        Ok(people) => {
            let words = desk.words();
            let people = people.into_iter().map(|one| (one.name, one.nik, words.date(one.birth_date))).collect();
            unmask_page(&desk, &sent, people, Faults::none())
        }
        Err(refusal) => unmask_page(&desk, &sent, Vec::new(), Faults::one("alasan", desk.explain(&refusal))),
    }
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
