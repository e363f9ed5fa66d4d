//! The waiting room of a first-come release: its state for everybody, and one's own place in it.

use antrean_app::Refusal;
use antrean_app::overview::ReleaseView;
use antrean_app::waiting::{JoinLine, Joined, LineView, Standing, own_place, own_token};
use antrean_domain::release::ReleaseId;
use antrean_domain::waiting::{HALL, KeySource, PlaceToken};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{At, NoQuery, Once};
use crate::caller::Who;
use crate::prepared::{Key, Made, answer};
use crate::problem::Trouble;
use crate::state::WebState;

/// The header in which a program shows its place token.
pub(crate) const PLACE: &str = "antrean-place";

pub(super) fn routes() -> OpenApiRouter<WebState> {
    let line = OpenApiRouter::new().routes(routes!(read_line, join_line));
    line.routes(routes!(read_place))
}

/// The state of a line, for everybody. Every place token's standing follows from it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "release": "2026-W49-BTM", "phase": "admitting", "joins": "2026-11-27T06:00:00Z", "opens": "2026-11-27T07:00:00Z",
    "commitment": "5d1f0f1f0f4ea9f4bb0a3ef4a6b5dbb6a5f9d2a8c1b07a9b1a1b7d9c6b0a1234", "beacon": null, "present": 48_210, "key": null,
    "hall": 281_474_976_710_656_u64, "threshold": 70_368_744_177_664_u64, "arrivals": 9_120, "admitted": 0, "waiting": 45_277,
    "rate_per_minute": 4_200, "places_left": 11_034, "as_of": "2026-11-27T07:03:12Z", "look_again_s": 5
}))]
pub(super) struct Line {
    /// The release.
    release: String,
    /// `not_open`, `joining`, `ordering` (the key is awaited), `admitting`, `open` (nobody waits), `full` or `closed`.
    phase: &'static str,
    /// When joining begins.
    joins: Timestamp,
    /// The opening. Who joined before it stands in the order of a hash, whoever came first; later ones stand behind.
    opens: Timestamp,
    /// SHA-256 over a secret, fixed when the release was planned, 64 hexadecimal digits.
    commitment: String,
    /// The public randomness that will make the key; null where the secret does.
    beacon: Option<LineBeacon>,
    /// How many were present at the opening; before it, how many have joined so far.
    present: u64,
    /// The key of the order, once it is known.
    key: Option<LineKey>,
    /// Values of those present lie from 0 to below this.
    hall: u64,
    /// Those present with a value below it are let in.
    threshold: u64,
    /// The highest arrival number.
    arrivals: u64,
    /// Those who came later are let in up to this arrival number, once all present are.
    admitted: u64,
    /// About how many wait altogether.
    waiting: u64,
    /// People let in per minute lately.
    rate_per_minute: u64,
    /// Public places left.
    places_left: u32,
    /// When this was so.
    as_of: Timestamp,
    /// Seconds after which it is worth another look.
    look_again_s: u32,
}

/// Public randomness that a line waits for.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "drand:52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971", "round": 35_590_612
}))]
struct LineBeacon {
    /// Its name, as it goes into the key.
    id: String,
    /// The first round that comes out ten seconds after the opening or later.
    round: u64,
}

/// The key of a line's order and what it was made from.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key": "3f1f0f1f0f4ea9f4bb0a3ef4a6b5dbb6a5f9d2a8c1b07a9b1a1b7d9c6b0a1234", "source": "secret", "round": 0,
    "randomness": "9a1f0f1f0f4ea9f4bb0a3ef4a6b5dbb6a5f9d2a8c1b07a9b1a1b7d9c6b0a1234"
}))]
struct LineKey {
    /// 64 hexadecimal digits.
    key: String,
    /// `beacon`, or `secret`: the one behind the commitment.
    source: &'static str,
    /// The beacon's round; 0 for the secret.
    round: u64,
    /// The beacon's value or the secret, 64 hexadecimal digits.
    randomness: String,
}

impl Line {
    fn of(release: &ReleaseView, line: &LineView, as_of: Timestamp) -> Self {
        Self {
            release: release.id.to_string(),
            phase: line.phase.as_str(),
            joins: line.joins,
            opens: line.opens,
            commitment: line.commitment.clone(),
            beacon: line.beacon.clone().map(|(id, round)| LineBeacon { id, round }),
            present: line.present,
            key: line.key.as_ref().map(|known| LineKey {
                key: known.key.to_string(),
                source: match known.source {
                    KeySource::Beacon => "beacon",
                    KeySource::Secret => "secret",
                },
                round: known.round,
                randomness: known.randomness.clone(),
            }),
            hall: HALL,
            threshold: line.front.threshold,
            arrivals: line.arrivals,
            admitted: line.front.admitted,
            waiting: line.waiting(),
            rate_per_minute: line.front.pace_milli / 1_000,
            places_left: line.left,
            as_of,
            look_again_s: line.look_again_s(),
        }
    }
}

/// My place in a line. It is the account's: the same from every device, and kept whatever happens to this one.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "release": "2026-W49-BTM",
    "token": "v1.2026-W49-BTM.0f3a5c7e9b1d2f4a6c8e0a2c4e6f8091.9b1d2f4a6c8e0a2c.p.4e6f80910f3a5c7e9b1d2f4a6c8e0a2c",
    "line_id": "0f3a5c7e9b1d2f4a6c8e0a2c4e6f8091", "number": null, "value": 91_220_041_772_031_u64, "phase": "admitting",
    "your_turn": false, "ahead": 7_402, "estimate": {"from_minutes": 1, "to_minutes": 3}, "places_may_go": false, "look_again_s": 35
}))]
pub(super) struct Place {
    /// The release.
    release: String,
    /// The place as a signed text; shown in the header `Antrean-Place` it answers where it stands without a session.
    token: String,
    /// What is hashed for the order: 32 hexadecimal digits that follow from the release and the holder's NIK.
    line_id: String,
    /// The arrival number of those who came after the opening; null for those present at it.
    number: Option<u64>,
    /// The place in the order, from 0 to below `hall`, for those present, once the key is known.
    value: Option<u64>,
    /// The line's phase.
    phase: &'static str,
    /// Whether `POST /appointments` is taken now.
    your_turn: bool,
    /// About how many are let in before; null while the order is not known.
    ahead: Option<u64>,
    /// When the turn may come; null where that cannot be said.
    estimate: Option<Minutes>,
    /// More people are ahead than places are left.
    places_may_go: bool,
    /// Seconds after which to look again.
    look_again_s: u32,
}

/// A time as a range.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"from_minutes": 10, "to_minutes": 20}))]
struct Minutes {
    /// At least about so many; 0 is less than one.
    from_minutes: u32,
    /// At most about so many; null is more than can be said.
    to_minutes: Option<u32>,
}

impl Place {
    fn of(release: &ReleaseId, token: String, spot: &antrean_domain::waiting::Spot, standing: &Standing) -> Self {
        Self {
            release: release.to_string(),
            token,
            line_id: spot.line.to_string(),
            number: spot.number,
            value: standing.value,
            phase: standing.phase.as_str(),
            your_turn: standing.your_turn,
            ahead: standing.ahead,
            estimate: standing.estimate.map(|range| Minutes { from_minutes: range.from_min, to_minutes: range.to_min }),
            places_may_go: standing.places_may_go,
            look_again_s: standing.look_again_s,
        }
    }
}

/// The release of a path and its line, as of the last second.
pub(crate) fn line_of(state: &WebState, id: &str) -> Result<(Arc<ReleaseView>, LineView), Refusal> {
    let id = ReleaseId::parse(id).map_err(|_| Refusal::ReleaseUnknown)?;
    let overview = state.app.overview();
    let release = Arc::clone(overview.release(&id).ok_or(Refusal::ReleaseUnknown)?);
    let line = release.line.clone().ok_or(Refusal::NoWaitingRoom)?;
    Ok((release, line))
}

/// The state of a line: one small document for everybody, made for caches. However many wait, it is the same bytes.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}/line", tag = "line", operation_id = "read_line",
    params(("id" = String, Path, description = "The release.", example = "2026-W49-BTM")),
    responses((status = 200, description = "The state of the line.", body = Line))
)]
async fn read_line(
    State(state): State<WebState>,
    At(id): At,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (release, line) = line_of(&state, &id)?;
    answer(&state, Key::data(format!("/api/v1/releases/{}/line", release.id)), &headers, || {
        Ok(Made::json(&Line::of(&release, &line, state.app.overview().at)))
    })
}

/// Joins a line. Joining again, from any device and with any key, gives the same place; joining early gives nothing.
#[utoipa::path(
    post, path = "/api/v1/releases/{id}/line", tag = "line", operation_id = "join_line",
    params(("id" = String, Path, description = "The release.", example = "2026-W49-BTM")),
    responses((status = 200, description = "The place.", body = Place))
)]
async fn join_line(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    // There is one place however often it is asked for, so that no answer needs to be remembered under the key.
    Once(_): Once,
) -> Result<Json<Place>, Trouble> {
    let (release, line) = line_of(&state, &id)?;
    let joined = state.app.perform(caller, None, JoinLine { release: release.id.clone() }).await?;
    Ok(Json(shown(&state, &line, &joined)))
}

fn shown(state: &WebState, line: &LineView, joined: &Joined) -> Place {
    let standing = line.standing(&joined.spot, state.app.now());
    Place::of(&joined.release, joined.token(state.app.keys()), &joined.spot, &standing)
}

/// Where I stand in a line: by my session, or by the place token in `Antrean-Place` alone, which asks the store nothing.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}/line/place", tag = "line", operation_id = "read_place",
    params(
        ("id" = String, Path, description = "The release.", example = "2026-W49-BTM"),
        ("Antrean-Place" = Option<String>, Header, description = "The place token; a session beside it must be its owner's.")
    ),
    responses((status = 200, description = "The place.", body = Place))
)]
async fn read_place(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Json<Place>, Trouble> {
    let (release, line) = line_of(&state, &id)?;
    let Some(shown_token) = headers.get(PLACE) else {
        let id = release.id.clone();
        let place = state.app.ask(caller, move |tx, cx| own_place(tx, cx, &id)).await?;
        let not_joined = || Refusal::NotYourTurn {
            release: release.id.clone(),
            joined: false,
            ahead: None,
            retry_after_s: line.look_again_s(),
        };
        return Ok(Json(shown(&state, &line, &place.ok_or_else(not_joined)?)));
    };
    let token = token_of(&state, &release.id, shown_token.to_str().unwrap_or_default())?;
    if caller.session.is_some() {
        let asked = token.clone();
        state.app.ask(caller, move |tx, cx| own_token(tx, cx, &asked)).await?;
    }
    let standing = line.standing(&token.spot, state.app.now());
    Ok(Json(Place::of(&release.id, token.issue(state.app.keys()), &token.spot, &standing)))
}

/// A place token for a release: one that this server issued for it, unchanged.
pub(crate) fn token_of(state: &WebState, release: &ReleaseId, text: &str) -> Result<PlaceToken, Refusal> {
    let token = PlaceToken::verify(text, state.app.keys()).map_err(|_| Refusal::PlaceTokenInvalid)?;
    if token.release == *release { Ok(token) } else { Err(Refusal::PlaceTokenInvalid) }
}
