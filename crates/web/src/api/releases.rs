//! Releases as everybody may see them, and draws with the files that prove them.
#![expect(clippy::struct_field_names, reason = "fields are called what the JSON calls them")]

use antrean_app::overview::{OfficePlaces, ReleaseView};
use antrean_app::{Refusal, bundle};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, ReleaseId};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use std::sync::Arc;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{At, NoQuery};
use crate::prepared::{Key, Made, answer};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(list_releases))
        .routes(routes!(read_release))
        .routes(routes!(read_draw))
        .routes(routes!(read_draw_file))
}

/// Releases that are not long past.
#[derive(Serialize, ToSchema)]
pub(super) struct Releases {
    /// The one that matters most now: open, else just frozen or drawn, else the next.
    #[schema(example = "2026-W49")]
    current: Option<String>,
    /// Newest first.
    releases: Vec<ReleaseSummary>,
}

/// A release without its offices.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "2026-W49", "mode": "draw", "state": "open", "opens": "2026-11-27T05:00:00Z",
    "opens_local": {"Asia/Jakarta": "2026-11-27T07:00:00Z", "Asia/Makassar": "2026-11-27T06:00:00Z",
        "Asia/Jayapura": "2026-11-27T05:00:00Z"},
    "closes": "2026-11-29T09:00:00Z", "draw": "2026-11-29T10:00:00Z", "ends": "2026-12-04T02:00:00Z",
    "dates": ["2026-11-30", "2026-12-01"], "places": 63_000, "left": 0, "entries": 91_204, "people": 120_337,
    "standby": 0, "next_wave": null, "choices_max": 20, "party_max": 5
}))]
pub(super) struct ReleaseSummary {
    /// Its id.
    id: String,
    /// `draw` or `first_come`.
    mode: &'static str,
    /// `planned`, `open`, `frozen`, `drawing`, `drawn` or `closed`.
    state: &'static str,
    /// When the first offices open.
    opens: Timestamp,
    /// When offices open, by their time zone.
    #[schema(value_type = Object)]
    opens_local: std::collections::BTreeMap<&'static str, Timestamp>,
    /// When entries close, for the whole country at once. Means nothing in a first-come release.
    closes: Timestamp,
    /// When the draw is expected, or could be made.
    draw: Timestamp,
    /// After this instant nobody on standby can get a place.
    ends: Timestamp,
    /// The service days.
    dates: Vec<Date>,
    /// Public places over all offices, one for each person.
    places: u32,
    /// Places that can be taken now, first come.
    left: u32,
    /// Entries so far.
    entries: u32,
    /// People in them.
    people: u32,
    /// Entries on standby.
    standby: u32,
    /// When freed places go out next.
    next_wave: Option<Timestamp>,
    /// Most choices in an entry.
    choices_max: u8,
    /// Most people in an entry.
    party_max: u8,
}

/// A release.
#[derive(Serialize, ToSchema)]
pub(super) struct Release {
    /// What the list says as well.
    #[serde(flatten)]
    summary: ReleaseSummary,
    /// By office.
    offices: Vec<AtOffice>,
    /// Waves that went out.
    waves: Vec<Wave>,
}

/// What a release holds at one office.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"office": "BTM", "places": 480, "left": 0, "entries": 702, "people": 903}))]
pub(super) struct AtOffice {
    /// The office.
    office: String,
    /// Public places.
    places: u32,
    /// Places that can be taken now, first come.
    left: u32,
    /// Entries whose first choice is this office.
    entries: u32,
    /// People in those.
    people: u32,
}

/// A wave that went out.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"at": "2026-11-30T02:00:00Z", "placed": 117}))]
pub(super) struct Wave {
    /// Its fixed time.
    at: Timestamp,
    /// Parties that got a place in it.
    placed: u32,
}

impl From<&ReleaseView> for ReleaseSummary {
    fn from(view: &ReleaseView) -> Self {
        let opening = view.plan.opening;
        Self {
            id: view.id.to_string(),
            mode: view.mode.as_str(),
            state: view.state.as_str(),
            opens: opening.earliest(),
            opens_local: Zone::ALL.map(|zone| (zone.iana(), opening.opens(zone))).into(),
            closes: view.plan.freeze,
            draw: view.draw,
            ends: view.ends,
            dates: view.plan.dates.clone(),
            places: view.places,
            left: view.left,
            entries: view.entries,
            people: view.people,
            standby: view.standby(),
            next_wave: view.next_wave,
            choices_max: view.plan.choices_max,
            party_max: view.plan.party_max,
        }
    }
}

impl From<&ReleaseView> for Release {
    fn from(view: &ReleaseView) -> Self {
        let at_office = |(code, held): (&antrean_domain::office::OfficeCode, &OfficePlaces)| AtOffice {
            office: code.to_string(),
            places: held.places,
            left: held.left,
            entries: held.entries,
            people: held.people,
        };
        Self {
            summary: view.into(),
            offices: view.offices.iter().map(at_office).collect(),
            waves: view.waves.iter().map(|wave| Wave { at: wave.at, placed: wave.placed }).collect(),
        }
    }
}

/// Releases that are not long past, newest first.
#[utoipa::path(
    get, path = "/api/v1/releases", tag = "releases", operation_id = "list_releases",
    responses((status = 200, description = "The releases.", body = Releases))
)]
async fn list_releases(State(state): State<WebState>, _: NoQuery, headers: HeaderMap) -> Result<Response, Trouble> {
    answer(&state, Key::data("/api/v1/releases"), &headers, || {
        let overview = state.app.overview();
        let releases = overview.releases.iter().map(|view| ReleaseSummary::from(&**view)).collect();
        Ok(Made::json(&Releases { current: overview.current().map(|view| view.id.to_string()), releases }))
    })
}

/// The release of a path, as of the last second.
fn find(state: &WebState, id: &str) -> Result<Arc<ReleaseView>, Trouble> {
    let id = ReleaseId::parse(id).map_err(|_| Refusal::ReleaseUnknown)?;
    let overview = state.app.overview();
    Ok(Arc::clone(overview.release(&id).ok_or(Refusal::ReleaseUnknown)?))
}

/// One release: where it stands, how many places and entries, by office.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}", tag = "releases", operation_id = "read_release",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    responses((status = 200, description = "The release.", body = Release))
)]
async fn read_release(
    State(state): State<WebState>,
    At(id): At,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let view = find(&state, &id)?;
    answer(&state, Key::data(format!("/api/v1/releases/{}", view.id)), &headers, || {
        Ok(Made::json(&Release::from(&*view)))
    })
}

/// A draw: how its order comes about, and the files with which anybody can compute it again.
#[derive(Serialize, ToSchema)]
pub(super) struct Draw {
    /// The release.
    #[schema(example = "2026-W49")]
    release: String,
    /// `planned`, `open`, `frozen`, `drawing`, `drawn` or `closed`.
    #[schema(example = "drawn")]
    state: &'static str,
    /// Where the randomness comes from.
    beacon: Beacon,
    /// SHA-256 of the rules file, hexadecimal: fixed before the release opened.
    rules_sha256: String,
    /// When the draw is expected, or could be made.
    draw: Timestamp,
    /// When it was complete.
    drawn: Option<Timestamp>,
    /// The seed, 64 hexadecimal digits; null before the draw.
    seed: Option<String>,
    /// The published files. `antrean release verify` takes `bundle.tar`, which holds all the others.
    files: Vec<DrawFile>,
}

/// Where a draw's randomness comes from, fixed when the release was planned.
#[derive(Serialize, ToSchema)]
pub(super) struct Beacon {
    /// `drand`, `manual` or `local`; a local value proves nothing.
    #[schema(example = "drand")]
    kind: &'static str,
    /// Its name as it goes into the seed.
    id: String,
    /// The round; 0 for beacons without rounds.
    #[schema(example = 17_120_000)]
    round: u64,
}

/// A published file.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "rules.txt", "href": "/api/v1/releases/2026-W49/draw/rules.txt", "published": true
}))]
pub(super) struct DrawFile {
    /// Its name.
    name: &'static str,
    /// Its address.
    href: String,
    /// Whether it can be had now.
    published: bool,
}

/// The bytes of a published file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the documented form of a file")]
pub(super) struct FileBytes(Vec<u8>);

impl From<&ReleaseView> for Draw {
    fn from(view: &ReleaseView) -> Self {
        let published = |name: &str| match name {
            "rules.txt" | "closures.txt" => true,
            "freeze.txt" => view.freeze_file.is_some(),
            _ => view.drawn.is_some(),
        };
        Self {
            release: view.id.to_string(),
            state: view.state.as_str(),
            beacon: Beacon {
                kind: match &view.plan.beacon {
                    BeaconPlan::Drand { .. } => "drand",
                    BeaconPlan::Manual { .. } => "manual",
                    BeaconPlan::Local { .. } => "local",
                },
                id: view.plan.beacon.id().to_string(),
                round: view.round,
            },
            rules_sha256: view.rules_sha256.clone(),
            draw: view.draw,
            drawn: view.drawn,
            seed: view.seed.clone(),
            files: Bundle::FILES
                .into_iter()
                .chain([bundle::BUNDLE])
                .map(|name| DrawFile {
                    name,
                    href: format!("/api/v1/releases/{}/draw/{name}", view.id),
                    published: published(name),
                })
                .collect(),
        }
    }
}

/// The draw of a release, and how to check it.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}/draw", tag = "releases", operation_id = "read_draw",
    params(("id" = String, Path, description = "The release.", example = "2026-W49")),
    responses((status = 200, description = "The draw.", body = Draw))
)]
async fn read_draw(
    State(state): State<WebState>,
    At(id): At,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let view = find(&state, &id)?;
    if view.mode != antrean_domain::release::Mode::Draw {
        return Err(Refusal::OtherMode { mode: view.mode }.into());
    }
    answer(&state, Key::data(format!("/api/v1/releases/{}/draw", view.id)), &headers, || {
        Ok(Made::json(&Draw::from(&*view)))
    })
}

/// A published file of a draw, byte for byte as it was hashed. Takes `Range`.
#[utoipa::path(
    get, path = "/api/v1/releases/{id}/draw/{file}", tag = "releases", operation_id = "read_draw_file",
    params(
        ("id" = String, Path, description = "The release.", example = "2026-W49"),
        ("file" = String, Path, description = "`rules.txt`, `closures.txt`, `freeze.txt`, `leaves.bin`, `beacon.txt`, \
            `result.txt` or `bundle.tar`.", example = "rules.txt"),
    ),
    responses((status = 200, description = "The file.", content(
        (String = "text/plain; charset=utf-8"), (FileBytes = "application/octet-stream"), (FileBytes = "application/x-tar")
    )))
)]
async fn read_draw_file(
    State(state): State<WebState>,
    path: Option<Path<(String, String)>>,
    _: NoQuery,
    request: Request,
) -> Result<Response, Trouble> {
    let Some(Path((id, name))) = path else { return Err(BadRequest::NotFound.into()) };
    file(&state, &id, &name, request).await
}

/// Serves a published file; for the page of the draw as well.
pub(crate) async fn file(state: &WebState, id: &str, name: &str, request: Request) -> Result<Response, Trouble> {
    let id = ReleaseId::parse(id).map_err(|_| Refusal::ReleaseUnknown)?;
    let path = bundle::file(&state.app, &id, name).await?;
    let Ok(served) = ServeFile::new(&path).oneshot(request).await;
    if served.status() == StatusCode::NOT_FOUND || served.status().is_server_error() {
        tracing::error!(status = served.status().as_u16(), file = name, "a published file cannot be read");
        return Err(Trouble::Broken);
    }
    let mut response = served.into_response();
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("txt") => "text/plain; charset=utf-8",
        Some("tar") => "application/x-tar",
        _ => "application/octet-stream",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let keep = if name == "closures.txt" { "public, max-age=60" } else { "public, max-age=86400" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if kind != "text/plain; charset=utf-8" {
        let named = format!("attachment; filename=\"{id}-{name}\"");
        if let Ok(named) = HeaderValue::try_from(named) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
        }
    }
    Ok(response)
}
