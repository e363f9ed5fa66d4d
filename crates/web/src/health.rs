//! What a supervisor asks: whether the process lives, and whether it can serve.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::caller::Who;
use crate::problem::Trouble;
use crate::state::WebState;

/// `/livez`, `/readyz` and `/seen`. None says anything about versions or insides.
pub(crate) fn routes() -> Router<WebState> {
    // Whether the process lives must not depend on anything else, or a busy store gets it killed.
    Router::new().route("/livez", get(async || "ok\n")).route("/readyz", get(ready)).route("/seen", get(seen))
}

/// Serves when the store answers; a full queue is a 503.
async fn ready(State(state): State<WebState>, Who(caller): Who) -> Result<&'static str, Trouble> {
    state.app.ask(caller, |_, _| Ok(())).await?;
    Ok("ok\n")
}

/// The network that the caller's limits count under, such as `203.0.113.0/24`: whoever runs the server sees with it whether the
/// proxies hand on true addresses. It tells nobody more than their own address.
async fn seen(Who(caller): Who) -> String {
    format!("{}\n", caller.network.unwrap_or_default())
}
