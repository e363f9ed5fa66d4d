//! The short way: a public answer that lies ready goes out before routes and layers are asked.
//!
//! On the day of a result almost every request is for one of a few addresses whose bytes were made beforehand. They need no route, no
//! deadline, no compression and no place among the requests under way; without those an answer costs a third.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::caller::{is_api, language_of};
use crate::layers::{name_of, write_name, write_security};
use crate::prepared;
use crate::state::WebState;

/// What these answers are counted as, in place of a route.
const READY: &str = "ready";

/// Answers from the shelf where that is possible, and hands everything else on.
pub(crate) async fn serve(State(state): State<WebState>, request: Request, next: Next) -> Response {
    if *request.method() != Method::GET {
        return next.run(request).await;
    }
    let began = Instant::now();
    match ready(&state, request.uri(), request.headers()) {
        None => next.run(request).await,
        Some(response) => {
            state.traffic.route(READY).answered(response.status(), began.elapsed());
            response
        }
    }
}

fn ready(state: &WebState, uri: &Uri, asked: &HeaderMap) -> Option<Response> {
    // With a query an address may mean something else; and somebody who is signed in may be shown more, if not now, then some day.
    if uri.query().is_some() || asked.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let language = if is_api(uri.path()) {
        None
    } else if asked.contains_key(header::COOKIE) {
        return None;
    } else {
        Some(language_of(uri, asked))
    };
    let mut response = prepared::ready(state, uri.path(), language, asked)?;
    write_name(response.headers_mut(), &name_of(state, asked));
    write_security(response.headers_mut(), state.settings.secure_cookies);
    Some(response)
}
