//! Privacy: which data, why, for how long, and what a person may ask for (UU 27/2022), in plain words.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::caller::Who;
use crate::pages::{Page, PageError, shared};
use crate::state::WebState;

/// The page on privacy.
pub fn routes() -> Router<WebState> {
    Router::new().route("/privasi", get(privacy))
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    page: Page,
    /// What is kept, why, and for how long.
    data: Vec<(String, String, String)>,
    how: Vec<String>,
    rights: Vec<String>,
}

async fn privacy(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/privasi", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("privacy-title"), "/privasi");
        let kept = page.say_count("privacy-kept-days", state.app.policy().keep_people_days);
        let account = page.say("privacy-kept-account");
        let datum = |what: &str, why: &str, how_long: &str| (page.say(what), page.say(why), how_long.to_owned());
        Ok(PrivacyPage {
            data: vec![
                datum("privacy-nik", "privacy-nik.why", &kept),
                datum("privacy-name", "privacy-name.why", &kept),
                datum("privacy-phone", "privacy-phone.why", &account),
                datum("privacy-card", "privacy-card.why", &account),
                datum("privacy-missed", "privacy-missed.why", &page.say("privacy-kept-missed")),
                datum("privacy-network", "privacy-network.why", &page.say("privacy-kept-network")),
            ],
            how: ["privacy-how-sealed", "privacy-how-masked", "privacy-how-no-photo", "privacy-how-no-third"]
                .map(|key| page.say(key))
                .into(),
            rights: [
                "privacy-right-read",
                "privacy-right-correct",
                "privacy-right-delete",
                "privacy-right-withdraw",
                "privacy-right-complain",
            ]
            .map(|key| page.say(key))
            .into(),
            page,
        })
    })
}
