//! The first page: what this is, what can be done now, and why nobody gains by being fast.

use antrean_app::overview::Overview;
use antrean_domain::release::Mode;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;

use crate::caller::Who;
use crate::pages::release::{Card, Phase, days};
use crate::pages::{Page, PageError, shared};
use crate::state::WebState;

/// The start page.
pub fn routes() -> Router<WebState> {
    Router::new().route("/", get(start))
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    page: Page,
    card: Option<Card>,
    /// The release after the one on the card: where it is and its words.
    next: Option<(String, String)>,
    drawn: bool,
}

async fn start(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("site-description"), "/");
        Ok(start_page(page, &state.app.overview(), state.app.now()))
    })
}

fn start_page(page: Page, overview: &Overview, now: Timestamp) -> StartPage {
    let current = overview.current();
    let next = overview
        .releases
        .iter()
        .filter(|release| {
            current.is_none_or(|current| current.id != release.id) && Phase::of(release, now) == Phase::Planned
        })
        .min_by_key(|release| release.plan.opening.earliest())
        .map(|next| (format!("/antrean/{}", next.id), page.say_text("start-next", "days", days(&page, &next.plan))));
    StartPage {
        card: current.map(|release| Card::of(&page, release, now)),
        drawn: current.is_none_or(|release| release.mode == Mode::Draw),
        next,
        page,
    }
}
