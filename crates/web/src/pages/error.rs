//! Pages for what went wrong: what happened in plain words, and the way on.

use antrean_app::Refusal;
use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::pages::visit::with_onward;
use crate::pages::{Action, Page};
use crate::problem::{Asked, Problem, Trouble};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    detail: String,
    /// What is wrong with single fields, where a form of an old page was sent.
    fields: Vec<String>,
    actions: Vec<Action>,
    /// Names the request, where somebody will have to look into the log.
    trace: Option<String>,
}

/// A page that says one thing and offers ways on.
pub(super) fn notice(page: Page, detail: String, actions: Vec<Action>) -> impl Template {
    ErrorPage { page, detail, fields: Vec::new(), actions, trace: None }
}

/// Renders trouble as a page. Called by the outermost layer for every error outside `/api` that is not HTML already;
/// the layer sets the status and keeps headers such as `Allow` and `Retry-After`.
pub fn render(state: &WebState, asked: &Asked, trouble: &Trouble) -> Response {
    let problem = Problem::of(trouble, asked, &state.app.catalogue());
    let page = Page::new(state, asked.language, problem.title, asked.path.clone());
    let status = trouble.status();
    let mut actions = Vec::new();
    match trouble {
        Trouble::Refused(Refusal::SignedOut) => {
            actions.push(Action::main(page.say("menu-sign-in"), with_onward("/masuk", &asked.path)));
        }
        Trouble::Busy | Trouble::Broken => actions.push(Action::main(page.say("error-again"), asked.path.clone())),
        _ => actions.push(Action::main(page.say("error-start"), "/")),
    }
    actions.push(Action::second(page.say("menu-help"), "/bantuan"));
    let template = ErrorPage {
        detail: problem.detail,
        fields: problem.errors.into_iter().map(|error| error.detail).collect(),
        actions,
        trace: status.is_server_error().then(|| asked.trace_id.clone()),
        page,
    };
    match template.render() {
        Ok(html) => {
            (status, [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
