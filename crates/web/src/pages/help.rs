//! Help: the questions that people have, answered in a few sentences each.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::caller::Who;
use crate::pages::{Page, PageError, shared};
use crate::state::WebState;

/// The page of questions.
pub fn routes() -> Router<WebState> {
    Router::new().route("/bantuan", get(help))
}

/// The questions by group; the answer of a question is its attribute `answer`.
const GROUPS: [(&str, &[(&str, &str)]); 4] = [
    (
        "help-entering",
        &[
            ("help-who", "help-who.answer"),
            ("help-early", "help-early.answer"),
            ("help-family", "help-family.answer"),
            ("help-choices", "help-choices.answer"),
            ("help-change", "help-change.answer"),
            ("help-nik-taken", "help-nik-taken.answer"),
        ],
    ),
    (
        "help-drawing",
        &[
            ("help-odds", "help-odds.answer"),
            ("help-standby", "help-standby.answer"),
            ("help-result", "help-result.answer"),
            ("help-broker", "help-broker.answer"),
        ],
    ),
    (
        "help-coming",
        &[
            ("help-late", "help-late.answer"),
            ("help-cancel", "help-cancel.answer"),
            ("help-move", "help-move.answer"),
            ("help-no-show", "help-no-show.answer"),
            ("help-walk-in", "help-walk-in.answer"),
            ("help-office-closed", "help-office-closed.answer"),
        ],
    ),
    (
        "help-signing-in",
        &[
            ("help-no-code", "help-no-code.answer"),
            ("help-new-phone", "help-new-phone.answer"),
            ("help-lost-phone", "help-lost-phone.answer"),
            ("help-data", "help-data.answer"),
        ],
    ),
];

struct Group {
    title: String,
    items: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    page: Page,
    groups: Vec<Group>,
}

async fn help(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/bantuan", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("help-title"), "/bantuan");
        let groups = GROUPS.into_iter().map(|(title, items)| Group {
            title: page.say(title),
            items: items.iter().map(|(question, answer)| (page.say(question), page.say(answer))).collect(),
        });
        Ok(HelpPage { groups: groups.collect(), page })
    })
}
