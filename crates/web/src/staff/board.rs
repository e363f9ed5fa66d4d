//! The display of the waiting room: numbers and counters, large, for everybody; never a name.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use antrean_app::day::{Board, board};
use antrean_domain::office::{Office, OfficeCode};
use askama::Template;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::pages::Page;
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, show};
use crate::problem::{BadRequest, Trouble};
use crate::staff::announcement::announcement;
use crate::state::WebState;

/// A display reads what is at most so old: however many look, the store is asked once a second an office.
const KEPT: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/layar", get(choose))
        .route("/layar/{office}", get(look))
        .route("/layar/{office}/data", get(data))
        .route("/layar/{office}/arus", get(live))
}

/// A display that listens hears of a call at most so much later.
const EVERY: Duration = Duration::from_secs(1);
/// A stream of events ends after so long.
const LISTENING_MAX: Duration = Duration::from_secs(30);
/// Displays that may listen at once; further ones ask every two seconds.
const LISTENERS_MAX: usize = 500;

/// The boards that were read last, by office, and who listens.
pub(crate) struct Boards {
    last: Mutex<HashMap<OfficeCode, (Timestamp, Board)>>,
    listening: Arc<Semaphore>,
}

impl Default for Boards {
    fn default() -> Self {
        Self { last: Mutex::default(), listening: Arc::new(Semaphore::new(LISTENERS_MAX)) }
    }
}

impl Boards {
    fn fresh(&self, office: &OfficeCode, now: Timestamp) -> Option<Board> {
        let read = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read.get(office).filter(|(at, _)| *at <= now && now.duration_since(*at) < KEPT);
        known.map(|(_, board)| board.clone())
    }

    fn keep(&self, board: &Board, now: Timestamp) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(board.office, (now, board.clone()));
    }
}

async fn read(visit: &Visit, office: &str) -> Result<Board, Detour> {
    let code = OfficeCode::parse(office).map_err(|_| BadRequest::NoSuchOffice)?;
    if visit.app().catalogue().offices.get(&code).is_none() {
        return Err(BadRequest::NoSuchOffice.into());
    }
    let now = visit.app().now();
    if let Some(board) = visit.state.boards.fresh(&code, now) {
        return Ok(board);
    }
    let fresh = visit.ask(move |tx, cx| board(tx, cx, &code)).await??;
    visit.state.boards.keep(&fresh, now);
    Ok(fresh)
}

/// Offices found at once; more would only be scrolled past.
const FOUND_MAX: usize = 40;

/// The offices whose display can be opened: somebody stands before a television and picks one by hand.
#[derive(Template)]
#[template(path = "boards.html")]
struct BoardsPage {
    page: Page,
    asked: String,
    /// What was found, where something was asked for.
    found: Option<Vec<Display>>,
    provinces: Vec<(String, Vec<Display>)>,
}

struct Display {
    code: OfficeCode,
    name: String,
}

async fn choose(visit: Visit, sent: Sent) -> Answer {
    let catalogue = visit.app().catalogue();
    let display = |office: &Office| Display { code: office.code, name: office.short_name().to_owned() };
    let asked: String = sent.get("q").chars().take(100).collect();
    let found: Option<Vec<Display>> =
        (!asked.is_empty()).then(|| catalogue.offices.search(&asked, FOUND_MAX).into_iter().map(display).collect());
    let provinces = catalogue.regions.provinces().into_iter().filter(|_| found.is_none()).map(|province| {
        let offices = catalogue.offices.in_province(&province.code);
        (province.name.clone(), offices.into_iter().map(display).collect::<Vec<_>>())
    });
    let page = BoardsPage {
        page: visit.page("boards-title", &Faults::none()),
        provinces: provinces.filter(|(_, offices)| !offices.is_empty()).collect(),
        asked,
        found,
    };
    show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
    office: String,
    href: String,
    zone: &'static str,
    now_ms: i64,
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
        href: format!("/layar/{}", shown.office),
        zone: shown.zone.label(),
        now_ms: visit.app().now().as_millisecond(),
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

/// What a display shows, as its script reads it.
fn shown(visit: &Visit, shown: &Board) -> Value {
    let calls: Vec<_> = shown
        .calls
        .iter()
        .map(|call| {
            let at = call.at.as_millisecond();
            // Whoever is at the counter already is not called out any more, however late a display hears of it.
            let says = if call.open { announcement(call.number, call.counter) } else { Vec::new() };
            json!({ "number": call.number.to_string(), "counter": call_words(visit, call.counter), "at": at, "says": says })
        })
        .collect();
    json!({ "calls": calls, "waiting": waiting(visit, shown) })
}

async fn data(visit: Visit, Named(office): Named<String>) -> Answer {
    let board = read(&visit, &office).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(with_time(&visit, shown(&visit, &board)))).into_response())
}

/// What a display shows, with the time by which it goes on: its own clock may be wrong.
fn with_time(visit: &Visit, mut shown: Value) -> Value {
    shown["now"] = visit.app().now().as_millisecond().into();
    shown
}

/// The same as it happens: an event `board` when something changed, and `tick` while nothing does, so that a display knows that it is
/// not cut off. A stream ends by itself after half a minute and the browser opens the next; so a server that stops waits for none.
async fn live(visit: Visit, Named(office): Named<String>) -> Answer {
    let Ok(seat) = Arc::clone(&visit.state.boards.listening).try_acquire_owned() else {
        // The display asks again and again instead, which costs no connection.
        return Err(Trouble::Busy.into());
    };
    let first = read(&visit, &office).await?;
    let begun = Instant::now();
    let start = Listening { visit, office, last: None, next: Some(first), _seat: seat };
    let events = stream::unfold(start, move |mut on| async move {
        if on.last.is_some() {
            tokio::time::sleep(EVERY).await;
        }
        if begun.elapsed() > LISTENING_MAX {
            return None;
        }
        let board = match on.next.take() {
            Some(board) => board,
            None => read(&on.visit, &on.office).await.ok()?,
        };
        let body = shown(&on.visit, &board);
        let event = if on.last.as_ref() == Some(&body) {
            Event::default().event("tick").data(on.visit.app().now().as_millisecond().to_string())
        } else {
            Event::default().event("board").data(with_time(&on.visit, body.clone()).to_string())
        };
        on.last = Some(body);
        Some((Ok::<_, Infallible>(event.retry(EVERY)), on))
    });
    // A proxy that collects an answer before it passes it on would hold back every call.
    let headers = [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Sse::new(events)).into_response())
}

/// One display that listens.
struct Listening {
    visit: Visit,
    office: String,
    last: Option<Value>,
    next: Option<Board>,
    _seat: OwnedSemaphorePermit,
}
