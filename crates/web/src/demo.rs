//! The inbox of the demo: messages and one-time codes that would have gone to phones. Nowhere else do its addresses exist.

use antrean_domain::office::OfficeCode;
use antrean_domain::phone::Phone;
use antrean_domain::slot::WindowStart;
use antrean_domain::staff::Role;
use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::input::Fields;
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// Messages shown on the page.
const SHOWN_MAX: usize = 50;

/// A message as the demo's inbox keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoMessage {
    /// When it was sent.
    pub at: Timestamp,
    /// The number it went to, in E.164; everybody in the demo is made up.
    pub to: String,
    /// `code`, `entered`, `drawn`, `standby`, `waved`, `booked`, `moved`, `cancelled`, `standby_ended` or `missed`.
    pub kind: String,
    /// The text.
    pub text: String,
    /// The one-time code, where the message carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Somebody who works at the demo's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoWorker {
    /// What they sign in with.
    pub login: String,
    /// The name that colleagues read.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The code of their second factor now.
    pub code: String,
}

/// Somebody with a ticket who stands at the door of the demo's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoArrival {
    /// The code on the ticket.
    pub code: String,
    /// People.
    pub people: u32,
    /// The window on the ticket.
    pub window: (WindowStart, WindowStart),
}

/// The office of the demo that can be tried as an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOffice {
    /// The office.
    pub office: OfficeCode,
    /// The password of everybody who works there.
    pub password: &'static str,
    /// Who works there.
    pub workers: Vec<DemoWorker>,
    /// Who stands at the door.
    pub arrivals: Vec<DemoArrival>,
}

/// Where the demo's messages are kept, newest first. The program joins it to the channel that fills it.
pub trait DemoInbox: Send + Sync {
    /// The newest messages, to one number or to all, at most `limit`.
    fn newest(&self, to: Option<&Phone>, limit: usize) -> Vec<DemoMessage>;

    /// The office that can be tried, where there is one.
    fn office(&self) -> Option<DemoOffice> {
        None
    }

    /// How far the demo's clock is ahead of everybody's, in milliseconds.
    fn ahead_ms(&self) -> i64 {
        0
    }
}

/// The addresses of the inbox; they answer 404 unless the settings carry one. Its page is `pages::demo`.
pub(crate) fn routes() -> Router<WebState> {
    Router::new().route("/demo/messages", get(messages))
}

/// The messages to show for a query; 404 outside the demo. For the page `/demo/pesan` as well.
pub fn inbox(state: &WebState, to: Option<&str>) -> Result<Vec<DemoMessage>, Trouble> {
    let inbox = state.settings.demo.as_ref().ok_or(BadRequest::NotFound)?;
    let mut fields = Fields::new(state.app.now());
    let phone = match to.map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match fields.phone("to", text) {
            None => return Err(fields.wrong().into()),
            Some(phone) => Some(phone),
        },
    };
    Ok(inbox.newest(phone.as_ref(), SHOWN_MAX))
}

#[derive(Deserialize)]
struct Asked {
    to: Option<String>,
}

async fn messages(State(state): State<WebState>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let messages = inbox(&state, asked.to.as_deref())?;
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(messages)).into_response())
}
