//! How browsers and API clients reach it: a request becomes a call of one operation, its outcome a page or JSON.
//! No rule lives here, no SQL, and nothing personal is ever logged.

pub mod api;
pub mod caller;
pub mod demo;
pub mod door;
mod express;
pub mod files;
pub mod health;
pub mod input;
mod lanes;
mod layers;
pub mod limits;
pub mod measure;
mod office_codes;
pub mod pages;
pub mod prepared;
pub mod problem;
mod sheet;
pub mod staff;
pub mod state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::csrf::CsrfLayer;

pub use lanes::RequestStats;
pub use state::{WebSettings, WebState};

use problem::{BadRequest, Trouble};

/// Longest body of a request: the largest form has forty choices and five people.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// Everything that the server answers to.
///
/// Serve it through a [`door::Door`]; without the `ConnectInfo` that it gives, no network is known and none is limited.
pub fn router(state: WebState) -> Router {
    let pages = pages::routes().merge(demo::routes()).merge(staff::routes(&state)).layer(CsrfLayer::new());
    let routes = Router::new().merge(pages).merge(files::routes()).merge(health::routes()).merge(api::routes());
    let routes = layered(routes, state.clone());
    // Before all routes: most of what is asked for on the day of a result lies ready.
    Router::new().fallback_service(routes).layer(from_fn_with_state(state, express::serve))
}

/// Puts the layers around some routes.
fn layered(routes: Router<WebState>, state: WebState) -> Router {
    routes
        .fallback(|| async { Trouble::from(BadRequest::NotFound) })
        .layer(from_fn_with_state(state.clone(), office_codes::lead))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(state.clone(), layers::slow_floods))
        .layer(from_fn_with_state(state.clone(), layers::end_slow_bodies))
        .layer(from_fn_with_state(state.clone(), layers::give_up_late))
        .layer(CatchPanicLayer::custom(layers::caught))
        .layer(from_fn_with_state(state.clone(), layers::shed))
        .layer(from_fn_with_state(state.clone(), layers::render))
        .layer(CompressionLayer::new().gzip(true).compress_when(worth_compressing()))
        .layer(from_fn_with_state(state.clone(), layers::secure))
        .layer(from_fn_with_state(state.clone(), layers::observe))
        .with_state(state)
}

/// Hashes, commitments and archives of them do not get smaller.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("application/x-tar"))
}
