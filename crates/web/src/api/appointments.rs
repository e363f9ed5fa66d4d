//! Places: take a free one, look at the ticket, cancel, move once, ask for a better one.

use antrean_app::Refusal;
use antrean_app::appointment::{Cancel, Move, Wish};
use antrean_app::booking::{Book, BookFor};
use antrean_app::limit::{DAY_S, MINUTE_S};
use antrean_app::party::LiveView;
use antrean_app::ticket::TicketView;
use antrean_domain::draw::entry::Choice;
use antrean_domain::person::ADULT_AGE;
use antrean_store::ids::{ApplicantId, SlotId};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{At, Body, NoQuery, Object, Once, Shape};
use super::entries::{Member, choices};
use super::places::{Office, Text, papers};
use crate::caller::Who;
use crate::input::Wrong;
use crate::limits::policy;
use crate::problem::Trouble;
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(book))
        .routes(routes!(read_appointment))
        .routes(routes!(read_ticket))
        .routes(routes!(cancel))
        .routes(routes!(move_appointment))
        .routes(routes!(wish))
}

/// A place held by a party.
#[derive(Serialize, ToSchema)]
pub(super) struct Appointment {
    /// Link id: whoever has it may see the ticket, only the holder may change it.
    #[schema(example = "A1Q77K2M9FXR")]
    link: String,
    /// Queue code.
    #[schema(example = "BK-QFJ8BD")]
    code: String,
    /// `booked`, `checked_in`, `called`, `served`, `cancelled`, `cancelled_late`, `revoked`, `no_show` or `unrecorded`.
    #[schema(example = "booked")]
    state: &'static str,
    /// The release that the place came from.
    #[schema(example = "2026-W49")]
    release: String,
    /// `OFFICE/YYYY-MM-DD/HH:MM`.
    #[schema(example = "BTM/2026-12-01/08:00")]
    slot: String,
    /// The office.
    #[schema(example = "BTM")]
    office: String,
    /// Date at the office.
    date: Date,
    /// Start of the arrival window, local time.
    #[schema(example = "08:00")]
    starts: String,
    /// End of the arrival window, local time.
    #[schema(example = "09:00")]
    ends: String,
    /// IANA time zone of the office.
    #[schema(example = "Asia/Jakarta")]
    time_zone: &'static str,
    /// Start as an instant.
    starts_at: Timestamp,
    /// End as an instant.
    ends_at: Timestamp,
    /// `new` or `replacement`.
    #[schema(example = "new")]
    service: &'static str,
    /// `ordinary` or `electronic`.
    #[schema(example = "electronic")]
    passport: &'static str,
    /// The people, masked.
    people: Vec<Member>,
    /// `draw`, `wave`, `leftover` or `first_come`.
    #[schema(example = "draw")]
    source: &'static str,
    /// Which choice it was, from 1, where the place came from ranked choices.
    choice: Option<u32>,
    /// Rank in the drawn order, where there was a draw.
    rank: Option<u32>,
    /// Cancelling and moving are free until this instant.
    free_until: Timestamp,
    /// Whether it can be cancelled now.
    can_cancel: bool,
    /// Whether cancelling now counts as late.
    cancel_is_late: bool,
    /// Whether it can be moved now.
    can_move: bool,
    /// Choices of the wish to be moved at a wave; null without one.
    wish: Option<Vec<String>>,
    /// Why the office took the place back, where it is `revoked` for a reason of its people: `claim_moved`, a NIK was shown at an office to
    /// be somebody else's. Null otherwise, as after a closure.
    revoked_because: Option<&'static str>,
    /// Counts the changes, for calendars.
    #[schema(example = 0)]
    sequence: u32,
    /// When the place was given.
    booked: Timestamp,
    /// Signed text for the QR code; a scanner checks it without a network. No NIK, no name.
    token: String,
}

impl From<TicketView> for Appointment {
    fn from(view: TicketView) -> Self {
        Self {
            link: view.link,
            code: view.code.to_string(),
            state: view.state.as_str(),
            release: view.release.to_string(),
            slot: view.slot.to_string(),
            office: view.slot.office.to_string(),
            date: view.slot.date,
            starts: view.slot.starts.to_string(),
            ends: view.ends.to_string(),
            time_zone: view.zone.iana(),
            starts_at: view.starts_at,
            ends_at: view.ends_at,
            service: view.service.as_str(),
            passport: view.passport.as_str(),
            people: view.people.into_iter().map(Member::from).collect(),
            source: view.source.as_str(),
            choice: view.choice,
            rank: view.rank,
            free_until: view.free_until,
            can_cancel: view.can_cancel,
            cancel_is_late: view.cancel_is_late,
            can_move: view.can_move,
            wish: view.wish.map(|choices| choices.iter().map(Choice::to_string).collect()),
            revoked_because: view.claimed_at.map(|_| "claim_moved"),
            sequence: view.sequence,
            booked: view.booked,
            token: view.token,
        }
    }
}

/// A ticket: the appointment with everything needed on the day.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// The appointment.
    appointment: Appointment,
    /// Where to go; null where the office has left the catalogue.
    office: Option<Office>,
    /// Papers to bring, for each person in turn.
    papers: Vec<Vec<Text>>,
}

/// Which place is taken, and for whom.
#[derive(ToSchema)]
#[schema(example = json!({
    "slot": 812, "for": "people", "people": [41], "service": "replacement", "passport": "electronic"
}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct BookRequest {
    /// The slot's number.
    slot: i64,
    /// `people` for a new party of people of the account, `standby` for the account's own party on standby.
    #[schema(rename = "for")]
    r#for: String,
    /// Of `people`: numbers of people of the account, 1 to 5.
    people: Option<Vec<i64>>,
    /// Of `people`: `new` or `replacement`.
    service: Option<String>,
    /// Of `people`: `ordinary` or `electronic`.
    passport: Option<String>,
}

impl Shape for BookRequest {
    type Read = Book;

    fn read(object: &mut Object) -> Option<Book> {
        let slot = object.number("slot").map(SlotId);
        let who = match object.text("for")?.as_str() {
            "standby" => Some(BookFor::Standby),
            "people" => {
                let people = object.numbers("people").map(|people| people.into_iter().map(ApplicantId).collect());
                let service = object.text("service").and_then(|text| object.fields.service("service", &text));
                let passport = object.text("passport").and_then(|text| object.fields.passport("passport", &text));
                Some(BookFor::People { people: people?, service: service?, passport: passport? })
            }
            _ => object.fields.note("for", Wrong::NotOneOf { allowed: &["people", "standby"] }),
        };
        Some(Book { slot: slot?, who: who? })
    }
}

/// Takes a free place at once: in a first-come release, or one that a draw left over.
#[utoipa::path(
    post, path = "/api/v1/appointments", tag = "appointments", operation_id = "book",
    request_body = BookRequest,
    responses((status = 201, description = "The place is taken.", body = Appointment,
        headers(("Location" = String, description = "Where the appointment is."))))
)]
async fn book(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
    Body(book): Body<BookRequest>,
) -> Result<Response, Trouble> {
    let view = state.app.perform(caller, Some(key), book).await?;
    Ok(taken(&state, view))
}

/// The answer to whoever has taken a place.
pub(super) fn taken(state: &WebState, view: TicketView) -> Response {
    let location = HeaderValue::try_from(format!("/api/v1/appointments/{}", view.link));
    let mut response = (StatusCode::CREATED, Json(Appointment::from(view))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    policy(response.headers_mut(), "account", state.app.policy().bookings_per_account_minute, MINUTE_S as u32);
    response
}

/// My appointment.
#[utoipa::path(
    get, path = "/api/v1/appointments/{link}", tag = "appointments", operation_id = "read_appointment",
    params(("link" = String, Path, description = "The link id.", example = "A1Q77K2M9FXR")),
    responses((status = 200, description = "The appointment.", body = Appointment))
)]
async fn read_appointment(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
) -> Result<Json<Appointment>, Trouble> {
    let live = state.app.ask(caller, move |tx, cx| antrean_app::entry::show(tx, cx, &link)).await;
    match live {
        Ok(LiveView::Appointment(ticket)) => Ok(Json(ticket.into())),
        // An entry without a place, or nothing of this account: either way there is no such appointment.
        Ok(LiveView::Entry(_)) | Err(antrean_app::Failure::Refused(Refusal::EntryUnknown)) => {
            Err(Refusal::TicketUnknown.into())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The ticket behind a link, for whoever has the link: masked, with the office and the papers to bring.
#[utoipa::path(
    get, path = "/api/v1/appointments/{link}/ticket", tag = "appointments", operation_id = "read_ticket",
    params(("link" = String, Path, description = "The link id.", example = "A1Q77K2M9FXR")),
    responses((status = 200, description = "The ticket.", body = Ticket))
)]
async fn read_ticket(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
) -> Result<Json<Ticket>, Trouble> {
    let view = state.app.ask(caller, move |tx, cx| antrean_app::ticket::show(tx, cx, &link)).await?;
    let catalogue = state.app.catalogue();
    let office = catalogue.offices.get(&view.slot.office).map(Office::from);
    let papers = view
        .people
        .iter()
        .map(|person| {
            let age = if person.minor { ADULT_AGE - 1 } else { ADULT_AGE };
            papers(catalogue.services.papers_for(view.service, age))
        })
        .collect();
    Ok(Json(Ticket { appointment: view.into(), office, papers }))
}

/// Gives the place up. Free until `free_until`; on the day itself it counts as late.
#[utoipa::path(
    post, path = "/api/v1/appointments/{link}/cancel", tag = "appointments", operation_id = "cancel",
    params(("link" = String, Path, description = "The link id.", example = "A1Q77K2M9FXR")),
    responses((status = 200, description = "Cancelled.", body = Appointment))
)]
async fn cancel(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
    Once(key): Once,
) -> Result<Response, Trouble> {
    let view = state.app.perform(caller, Some(key), Cancel { link }).await?;
    Ok(moves_limited(&state, view))
}

/// Where an appointment is moved to.
#[derive(ToSchema)]
#[schema(example = json!({"slot": 813}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct MoveRequest {
    /// The number of a slot of the same release with room for the party.
    slot: i64,
}

impl Shape for MoveRequest {
    type Read = SlotId;

    fn read(object: &mut Object) -> Option<SlotId> {
        object.number("slot").map(SlotId)
    }
}

/// Moves the appointment to another free slot of its release, once, until `free_until`. A refusal keeps the place.
#[utoipa::path(
    post, path = "/api/v1/appointments/{link}/move", tag = "appointments", operation_id = "move",
    params(("link" = String, Path, description = "The link id.", example = "A1Q77K2M9FXR")),
    request_body = MoveRequest,
    responses((status = 200, description = "Moved.", body = Appointment))
)]
async fn move_appointment(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
    Once(key): Once,
    Body(slot): Body<MoveRequest>,
) -> Result<Response, Trouble> {
    let view = state.app.perform(caller, Some(key), Move { link, slot }).await?;
    Ok(moves_limited(&state, view))
}

/// Better places, wished for.
#[derive(ToSchema)]
#[schema(example = json!({"choices": ["BTM/2026-12-02/am"]}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct WishRequest {
    /// Ranked as in an entry; an empty list takes the wish back.
    choices: Vec<String>,
}

impl Shape for WishRequest {
    type Read = Vec<Choice>;

    fn read(object: &mut Object) -> Option<Vec<Choice>> {
        choices(object)
    }
}

/// Asks for a better place at the coming waves. The present one is kept until a wave finds one; that uses the one move.
#[utoipa::path(
    post, path = "/api/v1/appointments/{link}/wish", tag = "appointments", operation_id = "wish",
    params(("link" = String, Path, description = "The link id.", example = "A1Q77K2M9FXR")),
    request_body = WishRequest,
    responses((status = 200, description = "Noted.", body = Appointment))
)]
async fn wish(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
    Once(key): Once,
    Body(choices): Body<WishRequest>,
) -> Result<Response, Trouble> {
    let view = state.app.perform(caller, Some(key), Wish { link, choices }).await?;
    Ok(moves_limited(&state, view))
}

fn moves_limited(state: &WebState, view: TicketView) -> Response {
    let mut response = Json(Appointment::from(view)).into_response();
    policy(response.headers_mut(), "account", state.app.policy().moves_per_account_day, DAY_S as u32);
    response
}
