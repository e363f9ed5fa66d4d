//! The choice of a language: kept in a cookie, and back to the page where it was made.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;

use crate::caller::{LANGUAGE_FIELD, kept_cookie};
use crate::pages::visit::{Sent, onward_with, own_path};
use crate::state::WebState;

/// A year: whoever chose English last month still reads English.
const KEPT_S: u64 = 365 * 24 * 60 * 60;

/// The switch in the header of every page.
pub fn routes() -> Router<WebState> {
    Router::new().route("/bahasa", post(choose))
}

async fn choose(State(state): State<WebState>, sent: Sent) -> Response {
    let chosen = antrean_app::caller::Language::from_tag(sent.get(LANGUAGE_FIELD));
    let back = own_path(sent.get("kembali")).unwrap_or("/");
    onward_with(back, [kept_cookie(&state.settings, LANGUAGE_FIELD, chosen.tag(), KEPT_S)])
}
