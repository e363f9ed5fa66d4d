//! The display of the waiting room: numbers and counters, large, for everybody; never a name.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use antrean_app::day::{Board, board};
use antrean_domain::office::OfficeCode;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::pages::Page;
use crate::pages::visit::{Answer, Detour, Faults, Named, Visit, show};
use crate::problem::BadRequest;
use crate::state::WebState;

/// A display reads what is at most so old: however many look, the store is asked once a second an office.
const KEPT: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn routes() -> Router<WebState> {
    Router::new().route("/layar/{office}", get(look)).route("/layar/{office}/data", get(data))
}

/// The boards that were read last, by office.
#[derive(Default)]
pub(crate) struct Boards(Mutex<HashMap<OfficeCode, (Timestamp, Board)>>);

impl Boards {
    fn fresh(&self, office: &OfficeCode, now: Timestamp) -> Option<Board> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read.get(office).filter(|(at, _)| *at <= now && now.duration_since(*at) < KEPT);
        known.map(|(_, board)| board.clone())
    }

    fn keep(&self, board: &Board, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(board.office, (now, board.clone()));
    }
}

async fn read(visit: &Visit, office: &str) -> Result<Board, Detour> {
    let code = OfficeCode::parse(office).map_err(|_| BadRequest::NotFound)?;
    if visit.app().catalogue().offices.get(&code).is_none() {
        return Err(BadRequest::NotFound.into());
    }
    let now = visit.app().now();
    if let Some(board) = visit.state.boards.fresh(&code, now) {
        return Ok(board);
    }
    let fresh = visit.ask(move |tx, cx| board(tx, cx, &code)).await??;
    visit.state.boards.keep(&fresh, now);
    Ok(fresh)
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
    office: String,
    href: String,
    zone: &'static str,
    offset_min: i64,
    lang: &'static str,
    calls: Vec<(String, String)>,
    waiting: String,
}

fn call_words(visit: &Visit, counter: u32) -> String {
    visit.words.say_with("board-to-counter", &[("counter", counter.into())])
}

async fn look(visit: Visit, Named(office): Named<String>) -> Answer {
    let shown = read(&visit, &office).await?;
    let name = visit.app().catalogue().offices.get(&shown.office).map(|office| office.name.clone()).unwrap_or_default();
    let page = BoardPage {
        page: visit.page("board-title", &Faults::none()),
        office: name,
        href: format!("/layar/{}/data", shown.office),
        zone: shown.zone.label(),
        offset_min: i64::from(shown.zone.offset().seconds()) / 60,
        lang: visit.caller.language.tag(),
        calls: shown.calls.iter().map(|call| (call.number.to_string(), call_words(&visit, call.counter))).collect(),
        waiting: waiting(&visit, &shown),
    };
    show(StatusCode::OK, &page)
}

fn waiting(visit: &Visit, board: &Board) -> String {
    let args = [("waiting", board.waiting.into()), ("from", board.wait.0.into()), ("to", board.wait.1.into())];
    visit.words.say_with("board-waiting", &args)
}

async fn data(visit: Visit, Named(office): Named<String>) -> Answer {
    let shown = read(&visit, &office).await?;
    let calls: Vec<_> = shown
        .calls
        .iter()
        .map(|call| {
            let at = call.at.as_millisecond();
            json!({ "number": call.number.to_string(), "counter": call_words(&visit, call.counter), "at": at })
        })
        .collect();
    let body = json!({ "calls": calls, "waiting": waiting(&visit, &shown) });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
