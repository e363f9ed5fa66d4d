//! What every request goes through, outermost first: a trace id and a line in the log, security headers, compression,
//! rendering of trouble, catching of panics, and a limit on time.

use std::any::Any;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use antrean_app::Lane;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;
use tower_http::csrf::ProtectionError;

use crate::BODY_BYTES_MAX;
use crate::caller::{Who, is_api, language_of};
use crate::lanes::lane_of;
use crate::measure::NO_ROUTE;
use crate::pages;
use crate::prepared::takes_gzip;
use crate::problem::{Asked, BadRequest, Carried, NO_STORE, PROBLEM_JSON, Problem, Trouble};
use crate::state::WebState;

/// Nothing but what comes from here; no inline script, no inline style, no frame.
const CONTENT_SECURITY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// Location is asked for by the list of offices only; nothing else of the device is, but for the camera at the door.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), bluetooth=(), midi=(), \
     browsing-topics=(), interest-cohort=()",
);
/// What the page of the door may ask of the device: the camera, which reads tickets.
pub(crate) const PERMISSIONS_WITH_CAMERA: HeaderValue = HeaderValue::from_static(
    "geolocation=(), camera=(self), microphone=(), payment=(), usb=(), serial=(), bluetooth=(), midi=(), \
     browsing-topics=(), interest-cohort=()",
);
pub(crate) const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Two years, the least that browsers' lists ask for.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Names a request in the log and in the problem that its caller gets.
#[derive(Debug, Clone)]
pub(crate) struct TraceId(pub String);

/// Makes trace ids: a count from a random start, mixed so that neighbours look different. They name, they do not protect.
pub(crate) struct TraceIds(AtomicU64);

impl TraceIds {
    /// Ids from a start on.
    pub(crate) fn from(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }

    fn next(&self) -> TraceId {
        TraceId(format!("{:016x}", self.dice()))
    }

    /// A number that nobody expects, for spreading things; not for secrets.
    fn dice(&self) -> u64 {
        let mut word = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word ^ (word >> 31)
    }
}

/// The name of a request, as proxies and programs hand it on and get it back.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A name that somebody in front of us gave the request: 32 hexadecimal digits, or a UUID. Nothing else gets into the log: a phone
/// number or a NIK has neither form.
fn given_name(headers: &HeaderMap) -> Option<TraceId> {
    let name = headers.get(REQUEST_ID)?.to_str().ok()?;
    let dashes: &[usize] = if name.len() == 32 { &[] } else { &[8, 13, 18, 23] };
    let good = |(at, sign): (usize, u8)| if dashes.contains(&at) { sign == b'-' } else { sign.is_ascii_hexdigit() };
    (matches!(name.len(), 32 | 36) && name.bytes().enumerate().all(good)).then(|| TraceId(name.to_ascii_lowercase()))
}

/// The name of a request: the one that it came with, or a new one.
pub(crate) fn name_of(state: &WebState, headers: &HeaderMap) -> TraceId {
    given_name(headers).unwrap_or_else(|| state.trace_ids.next())
}

/// Tells the name of a request to whoever sent it.
pub(crate) fn write_name(headers: &mut HeaderMap, trace: &TraceId) {
    if let Ok(name) = HeaderValue::try_from(&trace.0) {
        headers.insert(REQUEST_ID, name);
    }
}

/// Names the request, counts it, and writes one line about it: the route's template, never the address itself, which may hold a
/// ticket or a phone number.
pub(crate) async fn observe(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let _under_way = state.traffic.begin();
    let trace = name_of(&state, request.headers());
    let started = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let counts = state.traffic.route(route);
    request.extensions_mut().insert(trace.clone());
    if let Some(lane) = lane_of(&method, route) {
        request.extensions_mut().insert(lane);
    }
    let mut response = next.run(request).await;
    let (status, took) = (response.status(), started.elapsed());
    counts.answered(status, took);
    write_name(response.headers_mut(), &trace);
    let ms = took.as_secs_f64() * 1_000.0;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        if let Some(count) = state.refused.count() {
            tracing::warn!(count, last_trace_id = %trace.0, %method, %route, "requests told to come back since the last line");
        }
    } else if status.is_server_error() {
        tracing::warn!(trace_id = %trace.0, %method, %route, status = status.as_u16(), ms, "request failed");
    } else {
        tracing::debug!(trace_id = %trace.0, %method, %route, status = status.as_u16(), ms, "request");
    }
    response
}

/// Adds the security headers, and keeps everything out of caches that does not say otherwise.
pub(crate) async fn secure(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    write_security(response.headers_mut(), state.settings.secure_cookies);
    response
}

/// The headers that every answer carries; `by_https` where citizens come that way.
pub(crate) fn write_security(headers: &mut HeaderMap, by_https: bool) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CONTENT_SECURITY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(PERMISSIONS_POLICY).or_insert(PERMISSIONS);
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    if by_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}

/// Marks an answer for programs that stays as it is, though its status is an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// Turns trouble, and errors that axum answered with itself, into a problem document or a page.
pub(crate) async fn render(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let asked = Asked {
        language: language_of(request.uri(), request.headers()),
        path: request.uri().path().to_owned(),
        trace_id: request.extensions().get::<TraceId>().map(|trace| trace.0.clone()).unwrap_or_default(),
        gzip: takes_gzip(request.headers()),
    };
    let lane = request.extensions().get::<Lane>().copied().unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    // Answers about a part or a version of a file mean just that; whoever asked for a range understands them.
    if matches!(status, StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE)
        || response.extensions().get::<AsItIs>().is_some()
    {
        return response;
    }
    let carried = response.extensions().get::<Carried>().map(|carried| Arc::clone(&carried.0));
    if !(status.is_client_error() || status.is_server_error()) || (carried.is_none() && is_rendered(response.headers()))
    {
        return response;
    }
    let trouble = match carried {
        Some(trouble) => (*trouble).clone(),
        None if response.extensions().get::<ProtectionError>().is_some() => BadRequest::OtherSite.into(),
        None => Trouble::of_status(status).unwrap_or(Trouble::Broken),
    };
    if trouble == Trouble::Broken {
        tracing::error!(trace_id = %asked.trace_id, "a request was answered with our fault");
    }
    let mut rendered = if is_api(&asked.path) {
        Problem::of(&trouble, &asked, &state.app.catalogue()).respond()
    } else {
        pages::error::render(&state, &asked, &trouble)
    };
    *rendered.status_mut() = trouble.status();
    // What the handler or axum said beside the body holds for the rendered answer too: Allow, Retry-After, RateLimit.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH && !rendered.headers().contains_key(name) {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    if trouble == Trouble::Busy {
        let seconds = state.app.health().come_back_s(lane, state.trace_ids.dice());
        rendered.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    rendered.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(asked.language.tag()));
    rendered
}

fn is_rendered(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return false };
    *kind == PROBLEM_JSON || kind.as_bytes().starts_with(b"text/html")
}

/// What a panic in a handler turns into. The panic itself was printed by the hook; its payload may hold anything.
pub(crate) fn caught(_payload: Box<dyn Any + Send + 'static>) -> Response {
    Trouble::Broken.into_response()
}

/// Addresses whose `POST` asks for codes or tries them, on pages and in the API.
const SIGN_IN: [&str; 2] = ["/masuk", "/api/v1/sessions"];

/// Slows a flood of sign-ins from one network down before it costs a message or a look into the store.
pub(crate) async fn slow_floods(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if *request.method() != Method::POST || !SIGN_IN.iter().any(|sign_in| path.starts_with(sign_in)) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(Who(caller)) = Who::from_request_parts(&mut parts, &state).await;
    match state.floods.sign_in(caller.network.as_deref()) {
        Err(refusal) => Trouble::from(refusal).into_response(),
        Ok(left) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(left) = left {
                left.write(response.headers_mut());
            }
            response
        }
    }
}

/// Refuses a request whose lane has too many under way, before anything of it is read.
pub(crate) async fn shed(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let Some(lane) = request.extensions().get::<Lane>().copied() else { return next.run(request).await };
    match state.under_way.enter(lane) {
        Some(_entered) => next.run(request).await,
        None => Trouble::Busy.into_response(),
    }
}

/// Refuses a body that says itself that it is too long, before any of it is read, and ends a request whose body does not arrive in
/// time, with 408: whoever sends a byte a second would hold it up for hours.
pub(crate) async fn end_slow_bodies(State(state): State<WebState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    if request.body().size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Trouble::from(BadRequest::TooLarge).into_response();
    }
    let late = Arc::new(AtomicBool::new(false));
    let deadline = Box::pin(tokio::time::sleep(state.settings.body_timeout));
    let request = request.map(|body| Body::new(Awaited { body, deadline, late: Arc::clone(&late) }));
    let response = next.run(request).await;
    if !late.load(Ordering::Relaxed) {
        return response;
    }
    let mut response = Trouble::from(BadRequest::TooSlow).into_response();
    // The rest of the body is still to come, and is not waited for.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The body of a request, which has to be there by its deadline.
struct Awaited {
    body: Body,
    deadline: Pin<Box<Sleep>>,
    late: Arc<AtomicBool>,
}

impl HttpBody for Awaited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            return frame;
        }
        ready!(self.deadline.as_mut().poll(cx));
        self.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Gives a request up that takes too long. An operation that was accepted is still finished by the store.
pub(crate) async fn give_up_late(State(state): State<WebState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Trouble::Busy.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use antrean_app::app::{App, Parts};
    use antrean_app::clock::SystemClock;
    use antrean_app::entropy::SeededEntropy;
    use antrean_app::policy::Policy;
    use antrean_store::{Store, StoreConfig};
    use axum::Router;
    use axum::body::to_bytes;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::WebSettings;

    /// Routes that misbehave, behind the layers of the real router.
    async fn misbehaving(folder: &tempfile::TempDir) -> Router {
        let app = App::start(Parts {
            store: Store::open(&StoreConfig::at(folder.path().join("antrean.db"))).unwrap(),
            master_key: [7; 32],
            policy: Policy { plan_weekly: false, ..Policy::default() },
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SeededEntropy::new(1)),
            published: folder.path().join("published"),
        })
        .await
        .unwrap();
        let settings = WebSettings { request_timeout: Duration::from_millis(20), ..WebSettings::default() };
        let panics = || async { panic!("a secret of somebody: 2171010101900000") };
        let sleeps = || async { std::future::pending::<&str>().await };
        let routes = Router::new()
            .route("/api/panics", get(async move || -> &'static str { panics().await }))
            .route("/panics", get(async move || -> &'static str { panics().await }))
            .route("/api/sleeps", get(sleeps))
            .route("/teapot", get(|| async { StatusCode::IM_A_TEAPOT }));
        crate::layered(routes, WebState::new(app, settings))
    }

    async fn ask(router: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn a_panic_is_our_fault_and_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let router = misbehaving(&folder).await;
        let (status, headers, body) = ask(&router, "/api/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(body.contains("\"code\":\"broken\"") && !body.contains("secret") && !body.contains("2171"), "{body}");
        let (status, headers, body) = ask(&router, "/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
        assert!(!body.contains("secret"), "{body}");
        assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_to_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let (status, headers, body) = ask(&misbehaving(&folder).await, "/api/sleeps").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(["1", "2"].contains(&headers[header::RETRY_AFTER].to_str().unwrap()), "{headers:?}");
        assert!(body.contains("\"code\":\"busy\""), "{body}");
    }

    #[tokio::test]
    async fn every_bare_error_outside_the_api_becomes_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let (status, headers, _) = ask(&misbehaving(&folder).await, "/teapot").await;
        assert!(status.is_client_error());
        assert!(headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    }

    #[test]
    fn trace_ids_differ() {
        let ids = TraceIds::from(7);
        let all: std::collections::BTreeSet<String> = (0..10_000).map(|_| ids.next().0).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|id| id.len() == 16));
    }
}
