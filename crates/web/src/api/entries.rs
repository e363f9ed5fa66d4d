//! My entry in a release that is drawn: enter, look, change, withdraw.
#![expect(clippy::struct_field_names, reason = "fields are called what the JSON calls them")]

use antrean_app::Refusal;
use antrean_app::entry::{Change, Enter, EntryView, Withdraw};
use antrean_app::limit::HOUR_S;
use antrean_app::me::mine;
use antrean_app::party::{LiveView, MemberView, ReceiptLine as ReceiptView};
use antrean_domain::draw::entry::Choice;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::ids::ApplicantId;
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
use super::me::Live;
use crate::caller::Who;
use crate::limits::policy;
use crate::problem::Trouble;
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new().routes(routes!(read_entry, enter, change_entry, withdraw_entry))
}

/// An entry, before and after the draw.
#[derive(Serialize, ToSchema)]
pub(super) struct Entry {
    /// Link id: the entry's address now, the ticket's address later.
    #[schema(example = "A1Q77K2M9FXR")]
    link: String,
    /// The release.
    #[schema(example = "2026-W49")]
    release: String,
    /// `entered`, `withdrawn`, `left`, `standby`, `placed` or `expired`.
    #[schema(example = "entered")]
    state: &'static str,
    /// Where the release stands: `planned`, `open`, `frozen`, `drawing`, `drawn` or `closed`.
    #[schema(example = "open")]
    release_state: &'static str,
    /// `new` or `replacement`.
    #[schema(example = "new")]
    service: &'static str,
    /// `ordinary` or `electronic`.
    #[schema(example = "electronic")]
    passport: &'static str,
    /// The people, masked.
    people: Vec<Member>,
    /// Ranked, best first.
    #[schema(example = json!(["BTM/2026-12-01/08:00", "BTM/*/am", "BTM-HB/*/*"]))]
    choices: Vec<String>,
    /// When it was entered.
    entered: Timestamp,
    /// When it was last changed.
    changed: Timestamp,
    /// The entry in the published list: 32 hexadecimal digits.
    #[schema(example = "0f3a5c7e9b1d2f4a6c8e0a2c4e6f8091")]
    entry_id: String,
    /// Rank in the drawn order, from 1; null before the draw.
    rank: Option<u32>,
    /// Place among those on standby, from 1, as of the last wave.
    standby_position: Option<u32>,
    /// Until when it can be changed.
    freeze: Timestamp,
    /// When the draw is expected.
    draw: Timestamp,
    /// The next wave that can give it a place.
    next_wave: Option<Timestamp>,
    /// After this instant no wave can give it a place.
    standby_ends: Timestamp,
    /// What is needed to check the published commitments; keep it to yourself.
    receipt: Vec<ReceiptLine>,
}

/// A person of a party, masked.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"name": "Siti C***", "nik": "************0000", "minor": false}))]
pub(super) struct Member {
    /// First name and initials.
    name: String,
    /// Stars and the last four digits.
    nik: String,
    /// Under 17 on the day: brings the papers of a child.
    minor: bool,
}

/// What a holder needs to check the commitment to one person.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptLine {
    /// The name exactly as hashed.
    #[schema(example = "Siti Contoh")]
    name: String,
    /// The birth date exactly as hashed.
    birth_date: Date,
    /// 64 hexadecimal digits.
    salt: String,
    /// 64 hexadecimal digits.
    tag: String,
    /// 64 hexadecimal digits.
    commitment: String,
}

impl From<MemberView> for Member {
    fn from(MemberView { name, nik, minor }: MemberView) -> Self {
        Self { name, nik, minor }
    }
}

impl From<ReceiptView> for ReceiptLine {
    fn from(ReceiptView { name, birth_date, salt, tag, commitment }: ReceiptView) -> Self {
        Self { name, birth_date, salt, tag, commitment }
    }
}

impl Entry {
    /// The view of an entry; its place among those on standby comes from the public state.
    pub(super) fn of(state: &WebState, view: EntryView) -> Self {
        let overview = state.app.overview();
        let waits = view.state == antrean_store::entries::EntryState::Standby;
        let standby_position = view
            .rank
            .filter(|_| waits)
            .and_then(|rank| overview.release(&view.release)?.standby_position(rank))
            .or(view.standby_position);
        Self {
            link: view.link,
            release: view.release.to_string(),
            state: view.state.as_str(),
            release_state: view.release_state.as_str(),
            service: view.service.as_str(),
            passport: view.passport.as_str(),
            people: view.people.into_iter().map(Member::from).collect(),
            choices: view.choices.iter().map(Choice::to_string).collect(),
            entered: view.entered,
            changed: view.changed,
            entry_id: view.entry_id,
            rank: view.rank,
            standby_position,
            freeze: view.freeze,
            draw: view.draw,
            next_wave: view.next_wave,
            standby_ends: view.standby_ends,
            receipt: view.receipt.into_iter().map(ReceiptLine::from).collect(),
        }
    }
}

/// Who applies for what, and where and when.
#[derive(ToSchema)]
#[schema(example = json!({
    "people": [41, 42], "service": "new", "passport": "electronic",
    "choices": ["BTM/2026-12-01/08:00", "BTM/*/am", "BTM-HB/*/*"]
}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct EntryRequest {
    /// Numbers of people of the account, 1 to 5; the first of them stands for the entry.
    people: Vec<i64>,
    /// `new` or `replacement`.
    service: String,
    /// `ordinary` or `electronic`.
    passport: String,
    /// Ranked, best first, 1 to 20: `OFFICE/DATE/WINDOW`, the date `YYYY-MM-DD` or `*`, the window `HH:MM`, `am`, `pm` or `*`.
    choices: Vec<String>,
}

/// What an entry request was read into.
pub(super) struct Wanted {
    people: Vec<ApplicantId>,
    service: ServiceCode,
    passport: PassportKind,
    choices: Vec<Choice>,
}

impl Shape for EntryRequest {
    type Read = Wanted;

    fn read(object: &mut Object) -> Option<Wanted> {
        let people = object.numbers("people").map(|people| people.into_iter().map(ApplicantId).collect());
        let service = object.text("service").and_then(|text| object.fields.service("service", &text));
        let passport = object.text("passport").and_then(|text| object.fields.passport("passport", &text));
        let choices = choices(object);
        Some(Wanted { people: people?, service: service?, passport: passport?, choices: choices? })
    }
}

/// The ranked choices of a body.
pub(super) fn choices(object: &mut Object) -> Option<Vec<Choice>> {
    let texts = object.texts("choices")?;
    object.fields.choices("choices", texts.iter().map(String::as_str))
}

fn release_of(text: &str) -> Result<ReleaseId, Refusal> {
    ReleaseId::parse(text).map_err(|_| Refusal::ReleaseUnknown)
}

/// What the caller has live in a release; `EntryUnknown` where there is nothing.
async fn live_in(state: &WebState, caller: antrean_app::caller::Caller, id: &ReleaseId) -> Result<LiveView, Trouble> {
    let mine = state.app.ask(caller, mine).await?;
    let in_release = |live: &LiveView| match live {
        LiveView::Entry(entry) => entry.release == *id,
        LiveView::Appointment(ticket) => ticket.release == *id,
    };
    Ok(mine.live.filter(in_release).ok_or(Refusal::EntryUnknown)?)
}

/// The link of the caller's own party in a release: the live one, else the last. What can be done with it, the operation
/// says; a request that is sent again must reach it, to get the answer it got before.
async fn link_in(state: &WebState, caller: antrean_app::caller::Caller, id: &str) -> Result<String, Trouble> {
    let id = release_of(id)?;
    let mine = state.app.ask(caller, mine).await?;
    let live = mine.live.map(|live| match live {
        LiveView::Entry(entry) => (entry.release, entry.link),
        LiveView::Appointment(ticket) => (ticket.release, ticket.link),
    });
    let ended = mine.earlier.into_iter().map(|past| (past.release, past.link));
    let mut all = live.into_iter().chain(ended);
    Ok(all.find_map(|(release, link)| (release == id).then_some(link)).ok_or(Refusal::EntryUnknown)?)
}

/// My live entry in a release, or the place that came of it.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}/entry", tag = "entries", operation_id = "read_entry",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    responses((status = 200, description = "The entry, or the appointment.", body = Live))
)]
async fn read_entry(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
) -> Result<Json<Live>, Trouble> {
    let live = live_in(&state, caller, &release_of(&id)?).await?;
    Ok(Json(Live::of(&state, live)))
}

/// Enters a release: one party, ranked choices. When in the window it is done changes nothing.
#[utoipa::path(
    post, path = "/api/v1/releases/{id}/entry", tag = "entries", operation_id = "enter",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    request_body = EntryRequest,
    responses((status = 201, description = "Entered.", body = Entry,
        headers(("Location" = String, description = "Where the entry is."))))
)]
async fn enter(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    Once(key): Once,
    Body(wanted): Body<EntryRequest>,
) -> Result<Response, Trouble> {
    let Wanted { people, service, passport, choices } = wanted;
    let release = release_of(&id)?;
    let location = format!("/api/v1/releases/{release}/entry");
    let view = state.app.perform(caller, Some(key), Enter { release, people, service, passport, choices }).await?;
    let mut response = (StatusCode::CREATED, Json(Entry::of(&state, view))).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(limited(&state, response))
}

/// Changes people, service or choices while the release is open. The entry keeps its number: changing gains nothing.
#[utoipa::path(
    put, path = "/api/v1/releases/{id}/entry", tag = "entries", operation_id = "change_entry",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    request_body = EntryRequest,
    responses((status = 200, description = "The entry as it is now.", body = Entry))
)]
async fn change_entry(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    Once(key): Once,
    Body(wanted): Body<EntryRequest>,
) -> Result<Response, Trouble> {
    let Wanted { people, service, passport, choices } = wanted;
    let link = link_in(&state, caller.clone(), &id).await?;
    let view = state.app.perform(caller, Some(key), Change { link, people, service, passport, choices }).await?;
    Ok(limited(&state, Json(Entry::of(&state, view)).into_response()))
}

/// Withdraws the entry, or gives up waiting on standby.
#[utoipa::path(
    delete, path = "/api/v1/releases/{id}/entry", tag = "entries", operation_id = "withdraw_entry",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    responses((status = 204, description = "Withdrawn."))
)]
async fn withdraw_entry(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    Once(key): Once,
) -> Result<Response, Trouble> {
    let link = link_in(&state, caller.clone(), &id).await?;
    state.app.perform(caller, Some(key), Withdraw { link }).await?;
    Ok(limited(&state, StatusCode::NO_CONTENT.into_response()))
}

fn limited(state: &WebState, mut response: Response) -> Response {
    policy(response.headers_mut(), "account", state.app.policy().entries_per_account_hour, HOUR_S as u32);
    response
}
