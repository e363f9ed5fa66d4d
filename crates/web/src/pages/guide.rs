//! The guide: papers, fees, hours, what happens at the office; and one page for each service.

use antrean_app::caller::HOME_ZONE;
use antrean_domain::service::{Paper, PassportKind, Service, ServiceCode, Text, Validity};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::caller::Who;
use crate::pages::visit::Named;
use crate::pages::{Action, Page, PageError, shared};
use crate::problem::BadRequest;
use crate::state::WebState;

/// Holidays that the guide names ahead.
const HOLIDAYS_MAX: usize = 12;

/// The guide and its pages by service.
pub fn routes() -> Router<WebState> {
    Router::new().route("/panduan", get(all)).route("/panduan/{service}", get(one))
}

/// The last part of a service's address, in Indonesian as all addresses of pages are.
pub fn slug(service: ServiceCode) -> &'static str {
    match service {
        ServiceCode::New => "baru",
        ServiceCode::Replacement => "ganti",
        ServiceCode::Child => "anak",
        ServiceCode::Lost => "hilang",
        ServiceCode::Damaged => "rusak",
        ServiceCode::DataChange => "ubah-data",
    }
}

struct Tile {
    slug: &'static str,
    name: String,
    who: String,
}

struct Fee {
    name: String,
    five: String,
    ten: String,
}

struct ForPurpose {
    name: String,
    papers: Vec<String>,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    page: Page,
    online: Vec<Tile>,
    walk_in: Vec<Tile>,
    five: String,
    ten: String,
    fees: Vec<Fee>,
    charges: Vec<(String, String)>,
    law: String,
    holidays: Vec<(String, String)>,
    purposes: Vec<ForPurpose>,
}

async fn all(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/panduan", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("guide-title"), "/panduan");
        let catalogue = state.app.catalogue();
        let services = &catalogue.services;
        let today = HOME_ZONE.local(state.app.now()).date();
        let tile = |service: &Service| Tile {
            slug: slug(service.code),
            name: page.w.text(&service.name).to_owned(),
            who: page.w.text(&service.who).to_owned(),
        };
        let fee = |kind| Fee {
            name: page.w.passport(kind),
            five: page.w.rupiah(services.fee(kind, Validity::Five)),
            ten: page.w.rupiah(services.fee(kind, Validity::Ten)),
        };
        let law =
            [("law", services.fees.law.as_str().into()), ("since", page.w.date_short(services.fees.since).into())];
        let holidays = catalogue.holidays.iter().filter(|holiday| holiday.date >= today).take(HOLIDAYS_MAX);
        // Children are booked as new or replacement, and stand beside them here.
        let child = services.get(ServiceCode::Child);
        Ok(GuidePage {
            online: services.online().chain([child]).map(tile).collect(),
            walk_in: services.walk_in().map(tile).collect(),
            five: page.w.validity(Validity::Five),
            ten: page.w.validity(Validity::Ten),
            fees: PassportKind::ALL.into_iter().map(fee).collect(),
            charges: services
                .charges
                .iter()
                .map(|charge| (page.w.text(&charge.name).to_owned(), page.w.rupiah(charge.amount)))
                .collect(),
            law: page.w.say_with("guide-fee-law", &law),
            holidays: holidays
                .map(|holiday| (page.w.date(holiday.date), page.w.text(&holiday.name).to_owned()))
                .collect(),
            purposes: services
                .purposes
                .iter()
                .map(|purpose| ForPurpose {
                    name: page.w.text(&purpose.name).to_owned(),
                    papers: texts(&page, &purpose.papers),
                })
                .collect(),
            page,
        })
    })
}

fn texts(page: &Page, papers: &[Paper]) -> Vec<String> {
    papers.iter().map(|paper| page.w.text(paper).to_owned()).collect()
}

#[derive(Template)]
#[template(path = "guide_service.html")]
struct ServicePage {
    page: Page,
    who: String,
    /// Why it is not booked by itself, and what to do instead.
    walk_in: Option<(String, String)>,
    papers: Vec<String>,
    child_papers: Vec<String>,
    hints: Vec<String>,
    fees: Vec<(String, String)>,
    actions: Vec<Action>,
}

async fn one(
    State(state): State<WebState>,
    Who(caller): Who,
    Named(name): Named<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let code = ServiceCode::ALL.into_iter().find(|code| slug(*code) == name).ok_or(BadRequest::NotFound)?;
    let here = format!("/panduan/{name}");
    shared(&state, &caller, &headers, &here, || {
        let catalogue = state.app.catalogue();
        let service = catalogue.services.get(code);
        let page = Page::new(&state, caller.language, Page::words(caller.language).text(&service.name), here.clone());
        let text = |text: &Text| page.w.text(text).to_owned();
        let walk_in = service.why_not_online.as_ref().zip(service.instead.as_ref());
        let mut fees: Vec<(String, String)> = Vec::new();
        for kind in PassportKind::ALL {
            let validities: &[Validity] = if code == ServiceCode::Child { &[Validity::Five] } else { &Validity::ALL };
            for validity in validities {
                let name = page.w.say_with(
                    "guide-fee",
                    &[("passport", page.w.passport(kind).into()), ("years", page.w.validity(*validity).into())],
                );
                fees.push((name, page.w.rupiah(catalogue.services.fee(kind, *validity))));
            }
        }
        if let Some(charge) = catalogue.services.charge(code.as_str()) {
            fees.push((text(&charge.name), page.w.rupiah(charge.amount)));
        }
        let booked = service.online || code == ServiceCode::Child;
        let actions = if booked {
            vec![Action::main(page.say("guide-enter"), "/antrean"), Action::second(page.say("menu-offices"), "/kantor")]
        } else {
            vec![Action::main(page.say("guide-find-office"), "/kantor")]
        };
        Ok(ServicePage {
            who: text(&service.who),
            walk_in: walk_in.map(|(why, instead)| (text(why), text(instead))),
            papers: texts(&page, &service.papers),
            child_papers: if service.online {
                texts(&page, &catalogue.services.get(ServiceCode::Child).papers)
            } else {
                Vec::new()
            },
            hints: texts(&page, &service.hints),
            fees,
            actions,
            page,
        })
    })
}
