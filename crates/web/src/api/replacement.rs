//! Another place instead of one that a closure took back.

use antrean_app::Refusal;
use antrean_app::replacement::{self, Choosing, Replace};
use antrean_store::ids::SlotId;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::appointments::{Appointment, taken};
use super::body::{At, Body, NoQuery, Object, Once, Shape};
use crate::caller::Who;
use crate::problem::Trouble;
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    let router = OpenApiRouter::new().routes(routes!(read_replacement));
    router.routes(routes!(replace))
}

/// The right to choose another place before other people.
#[derive(Serialize, ToSchema)]
pub(super) struct Replacement {
    /// Why the office took the place back, in its own words.
    #[schema(example = "Banjir di jalan ke kantor")]
    why: String,
    /// Until when another place can be chosen.
    until: Timestamp,
    /// Whether one was chosen already, or the time is over.
    over: bool,
    /// Windows that can be had now, the nearest first; none when it is over.
    slots: Vec<Offer>,
}

/// A window with room for the party.
#[derive(Serialize, ToSchema)]
pub(super) struct Offer {
    /// Names it in the choice.
    #[schema(example = 813)]
    id: i64,
    /// `OFFICE/YYYY-MM-DD/HH:MM`.
    #[schema(example = "BTM/2026-12-02/08:00")]
    slot: String,
    /// End, local time.
    #[schema(example = "09:00")]
    ends: String,
    /// Places that are left in it.
    #[schema(example = 4)]
    left: u32,
}

impl From<Choosing> for Replacement {
    fn from(right: Choosing) -> Self {
        let offers = right.offers.into_iter().map(|offer| Offer {
            id: offer.id.0,
            slot: offer.key.to_string(),
            ends: offer.ends.to_string(),
            left: offer.left,
        });
        Self { why: right.why, until: right.until, over: right.is_over, slots: offers.collect() }
    }
}

/// Where a closure took the place of my appointment back: the places that I may have instead, before other people.
#[utoipa::path(
    get, path = "/api/v1/appointments/{link}/replacement", tag = "appointments", operation_id = "read_replacement",
    params(("link" = String, Path, description = "The link id of the appointment that was lost.", example = "A1Q77K2M9FXR")),
    responses((status = 200, description = "What can be chosen.", body = Replacement))
)]
async fn read_replacement(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
) -> Result<Json<Replacement>, Trouble> {
    match state.app.ask(caller, move |tx, cx| replacement::choosing(tx, cx, &link)).await? {
        Some(right) => Ok(Json(right.into())),
        None => Err(Refusal::TicketUnknown.into()),
    }
}

/// Which place is taken instead.
#[derive(ToSchema)]
#[schema(example = json!({"slot": 813}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct ReplaceRequest {
    /// The number of one of the windows that can be had.
    slot: i64,
}

impl Shape for ReplaceRequest {
    type Read = SlotId;

    fn read(object: &mut Object) -> Option<SlotId> {
        object.number("slot").map(SlotId)
    }
}

/// Takes one of them, once. The same people, a new ticket; the one move is not used up.
#[utoipa::path(
    post, path = "/api/v1/appointments/{link}/replacement", tag = "appointments", operation_id = "replace",
    params(("link" = String, Path, description = "The link id of the appointment that was lost.", example = "A1Q77K2M9FXR")),
    request_body = ReplaceRequest,
    responses((status = 201, description = "The place is taken.", body = Appointment,
        headers(("Location" = String, description = "Where the new appointment is."))))
)]
async fn replace(
    State(state): State<WebState>,
    Who(caller): Who,
    At(link): At,
    _: NoQuery,
    Once(key): Once,
    Body(slot): Body<ReplaceRequest>,
) -> Result<Response, Trouble> {
    let view = state.app.perform(caller, Some(key), Replace { link, slot }).await?;
    Ok(taken(&state, view))
}
