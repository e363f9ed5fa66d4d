//! What a supervisor asks: whether the process lives, and whether it can serve.

use antrean_app::pulse::Readiness;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::caller::Who;
use crate::layers::AsItIs;
use crate::state::WebState;

/// Seconds after which a balancer may look again at a node that is not ready.
const RETRY_S: u32 = 2;

/// `/livez`, `/readyz` and `/seen`. None says anything about versions or people.
pub fn routes() -> Router<WebState> {
    // Whether the process lives must not depend on anything else, or a busy store gets it killed.
    Router::new().route("/livez", get(async || "ok\n")).route("/readyz", get(ready)).route("/seen", get(seen))
}

/// Ready when it can commit, which is tried at most once a second however many ask.
async fn ready(State(state): State<WebState>) -> Response {
    let store = state.app.store().engine();
    let ms = |age: std::time::Duration| age.as_millis() as u64;
    match state.app.readiness().await {
        Readiness::Ready { age } => {
            Json(json!({"ready": true, "store": store, "last_commit_ms": ms(age)})).into_response()
        }
        Readiness::NotReady { why, age } => {
            let says = json!({"ready": false, "why": why, "store": store, "last_commit_ms": age.map(ms)});
            let mut response =
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_S)], Json(says)).into_response();
            response.extensions_mut().insert(AsItIs);
            response
        }
    }
}

/// The network that the caller's limits count under, such as `203.0.113.0/24`: whoever runs the server sees with it whether the
/// proxies hand on true addresses. It tells nobody more than their own address.
async fn seen(Who(caller): Who) -> String {
    format!("{}\n", caller.network.unwrap_or_default())
}
