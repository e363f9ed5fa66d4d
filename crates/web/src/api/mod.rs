//! The JSON API: the same operations as the pages, described by one document at `/api/openapi.json`.

mod appointments;
mod body;
mod document;
mod entries;
pub(crate) mod line;
mod me;
mod places;
pub(crate) mod releases;
mod replacement;
mod sessions;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::prepared::{Key, Made, answer};
use crate::problem::Trouble;
use crate::state::WebState;

fn described() -> OpenApiRouter<WebState> {
    OpenApiRouter::with_openapi(document::base())
        .merge(sessions::routes())
        .merge(me::routes())
        .merge(places::routes())
        .merge(releases::routes())
        .merge(line::routes())
        .merge(entries::routes())
        .merge(appointments::routes())
        .merge(replacement::routes())
}

/// The API's description, complete.
pub fn openapi() -> OpenApi {
    let (_, document) = described().split_for_parts();
    document::complete(document)
}

/// The description as it is served and committed: JSON with line breaks.
pub fn openapi_json() -> String {
    let mut text = openapi().to_pretty_json().expect("the description is plain data");
    text.push('\n');
    text
}

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);

/// All addresses of the API.
pub(crate) fn routes() -> Router<WebState> {
    let (router, _) = described().split_for_parts();
    router.route("/api/openapi.json", get(document))
}

async fn document(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, Trouble> {
    answer(&state, Key::data("/api/openapi.json"), &headers, || {
        Ok(Made { kind: "application/json", bytes: DOCUMENT.clone().into_bytes() })
    })
}
