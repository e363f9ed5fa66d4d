//! Pages for what went wrong: what happened in plain words, and the way on.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use antrean_app::Refusal;
use antrean_app::caller::Language;
use askama::Template;
use axum::body::Bytes;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::pages::visit::with_onward;
use crate::pages::{Action, Page};
use crate::prepared::gzip;
use crate::problem::{Asked, BadRequest, Problem, Trouble};
use crate::state::WebState;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

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

/// Pages of trouble in which nothing is about the request, made once: a flood of bad requests must cost next to nothing.
#[derive(Default)]
pub struct ErrorPages(RwLock<HashMap<(&'static str, Language), Made>>);

#[derive(Clone)]
struct Made {
    plain: Bytes,
    zipped: Bytes,
}

impl ErrorPages {
    /// The page, by the trouble's code and the language. Their number is that of the codes.
    fn page(
        &self,
        code: &'static str,
        language: Language,
        render: impl FnOnce() -> Result<String, askama::Error>,
    ) -> Result<Made, askama::Error> {
        let key = (code, language);
        if let Some(made) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(made.clone());
        }
        let plain = Bytes::from(render()?);
        let made = Made { zipped: gzip(&plain).into(), plain };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
        Ok(made)
    }
}

/// Renders trouble as a page. Called by the outermost layer for every error outside `/api` that is not HTML already;
/// the layer sets the status and keeps headers such as `Allow` and `Retry-After`.
pub fn render(state: &WebState, asked: &Asked, trouble: &Trouble) -> Response {
    let same_for_all = matches!(trouble, Trouble::Busy | Trouble::Request(_))
        && !matches!(trouble, Trouble::Request(BadRequest::NotJson { .. }));
    if !same_for_all {
        return match page_of(state, asked, trouble) {
            Ok(html) => (trouble.status(), [(CONTENT_TYPE, HTML)], html).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
    }
    // Links without a path lead to the address that was asked.
    let anybody = Asked { path: String::new(), trace_id: String::new(), ..asked.clone() };
    match state.error_pages.page(trouble.code(), asked.language, || page_of(state, &anybody, trouble)) {
        Ok(made) if asked.gzip => {
            let coding = HeaderValue::from_static("gzip");
            (trouble.status(), [(CONTENT_TYPE, HTML), (CONTENT_ENCODING, coding)], made.zipped).into_response()
        }
        Ok(made) => (trouble.status(), [(CONTENT_TYPE, HTML)], made.plain).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn page_of(state: &WebState, asked: &Asked, trouble: &Trouble) -> Result<String, askama::Error> {
    let problem = Problem::of(trouble, asked, &state.app.catalogue());
    let page = Page::new(state, asked.language, problem.title, asked.path.clone());
    let status = trouble.status();
    let mut actions = Vec::new();
    match trouble {
        Trouble::Refused(Refusal::SignedOut) => {
            actions.push(Action::main(page.say("menu-sign-in"), with_onward("/masuk", &asked.path)));
        }
        Trouble::Busy | Trouble::Broken => actions.push(Action::main(page.say("error-again"), asked.path.clone())),
        Trouble::Request(BadRequest::NoSuchOffice) => {
            actions.push(Action::main(page.say("boards-offices"), "/kantor"));
            actions.push(Action::second(page.say("boards-title"), "/layar"));
        }
        _ => actions.push(Action::main(page.say("error-start"), "/")),
    }
    actions.push(Action::second(page.say("menu-help"), "/bantuan"));
    let template = ErrorPage {
        detail: problem.detail,
        fields: problem.errors.into_iter().map(|error| error.detail).collect(),
        actions,
        trace: (status.is_server_error() && !asked.trace_id.is_empty()).then(|| asked.trace_id.clone()),
        page,
    };
    template.render()
}
