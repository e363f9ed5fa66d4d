//! Whether it works right now, for people; programs read the same as JSON.

use std::sync::Arc;

use antrean_app::caller::HOME_ZONE;
use antrean_app::overview::ReleaseView;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::caller::Who;
use crate::pages::offices::closed_now;
use crate::pages::release::{Phase, days, figures, moment};
use crate::pages::{Page, PageError, shared};
use crate::state::WebState;

/// The page on the state of the service.
pub fn routes() -> Router<WebState> {
    Router::new().route("/status", get(status))
}

struct Line {
    id: String,
    days: String,
    state: String,
    kind: &'static str,
    figures: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    page: Page,
    figures: Vec<(String, String)>,
    releases: Vec<Line>,
    /// Office, its address here, and what it has closed.
    closures: Vec<(String, String, String)>,
    refreshed: String,
}

async fn status(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/status", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("status-title"), "/status");
        let (overview, catalogue, now) = (state.app.overview(), state.app.catalogue(), state.app.now());
        let number = |number: u32| page.w.number(number);
        let line = |release: &Arc<ReleaseView>| {
            let phase = Phase::of(release, now);
            Line {
                id: release.id.to_string(),
                days: days(&page, &release.plan),
                state: phase.say(&page),
                kind: phase.kind(),
                figures: figures(&page, release, phase),
            }
        };
        Ok(StatusPage {
            figures: vec![
                (page.say("figure-offices"), number(catalogue.offices.len() as u32)),
                (page.say("status-releases"), number(overview.releases.len() as u32)),
                (page.say("figure-entries"), number(overview.releases.iter().map(|release| release.entries).sum())),
            ],
            releases: overview.releases.iter().map(line).collect(),
            closures: overview
                .closures
                .iter()
                .filter_map(|closure| {
                    let office = catalogue.offices.get(&closure.office)?;
                    let (name, href) = (office.short_name().to_owned(), format!("/kantor/{}", office.code));
                    Some((name, href, closed_now(&page, closure, office.zone)))
                })
                .collect(),
            refreshed: page.say_text("status-refreshed", "at", moment(&page, overview.at, HOME_ZONE)),
            page,
        })
    })
}
