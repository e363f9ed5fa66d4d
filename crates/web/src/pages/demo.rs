//! The inbox of the demo as a page: what would have gone to phones. Nowhere else does it exist.

use antrean_app::caller::HOME_ZONE;
use antrean_domain::phone::Phone;
use antrean_domain::region::Zone;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::caller::Who;
use crate::demo::{DemoOffice, inbox};
use crate::pages::release::moment;
use crate::pages::{Page, PageError, render};
use crate::state::WebState;

/// The inbox; 404 outside the demo.
pub fn routes() -> Router<WebState> {
    Router::new().route("/demo/pesan", get(messages))
}

/// What the query may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Only messages to this number.
    to: Option<String>,
}

struct Message {
    to: String,
    at: String,
    text: String,
    code: Option<String>,
}

struct Office {
    code: String,
    password: &'static str,
    workers: Vec<Worker>,
    arrivals: Vec<Arrival>,
}

struct Worker {
    login: String,
    role: String,
    code: String,
}

struct Arrival {
    code: String,
    about: String,
}

fn office(page: &Page, shown: DemoOffice, zone: Zone) -> Office {
    Office {
        code: shown.office.to_string(),
        password: shown.password,
        workers: shown
            .workers
            .into_iter()
            .map(|worker| Worker { role: page.w.role(worker.role), login: worker.login, code: worker.code })
            .collect(),
        arrivals: shown
            .arrivals
            .into_iter()
            .map(|arrival| Arrival {
                about: format!(
                    "{}, {}",
                    page.w.window(arrival.window.0, arrival.window.1, zone),
                    page.w.people(arrival.people)
                ),
                code: arrival.code,
            })
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    page: Page,
    office: Option<Office>,
    asked: String,
    messages: Vec<Message>,
}

async fn messages(
    State(state): State<WebState>,
    Who(caller): Who,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let page = Page::new(&state, caller.language, Page::words(caller.language).say("demo-title"), "/demo/pesan");
    let messages = inbox(&state, asked.to.as_deref())?
        .into_iter()
        .map(|message| Message {
            // Everybody in the demo is made up, and without the number nobody could find their own message.
            to: Phone::parse(&message.to).map_or(message.to, |phone| phone.e164().to_owned()),
            at: moment(&page, message.at, HOME_ZONE),
            text: message.text,
            code: message.code,
        })
        .collect();
    let office = state.settings.demo.as_ref().and_then(|demo| demo.office()).map(|shown| {
        let zone = state.app.catalogue().offices.get(&shown.office).map_or(HOME_ZONE, |office| office.zone);
        office(&page, shown, zone)
    });
    Ok(Html(render(&DemoPage { office, asked: asked.to.unwrap_or_default(), messages, page })?).into_response())
}
