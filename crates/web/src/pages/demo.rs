//! The inbox of the demo as a page: what would have gone to phones. Nowhere else does it exist.

use antrean_app::caller::HOME_ZONE;
use antrean_domain::phone::Phone;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::caller::Who;
use crate::demo::inbox;
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

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    page: Page,
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
    Ok(Html(render(&DemoPage { asked: asked.to.unwrap_or_default(), messages, page })?).into_response())
}
