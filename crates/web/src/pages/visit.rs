//! One visit of a person to one of their own pages: who they are, what their form said, where to send them, what was wrong.

use antrean_app::caller::{Caller, hex};
use antrean_app::me::{self, Mine};
use antrean_app::operation::{Context, Error, IdempotencyKey};
use antrean_app::staff::StaffRefusal;
use antrean_app::{App, Failure, Operation, Refusal, entropy};
use antrean_store::Tx;
use antrean_words::Words;
use askama::Template;
use axum::extract::{Form, FromRequest, FromRequestParts, OriginalUri, Path, Request};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::caller::Who;
use crate::input::FieldErrors;
use crate::pages::Page;
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// The hidden field that makes a form safe to send twice.
pub(crate) const KEY_FIELD: &str = "kunci";
/// Where to go on after a detour: a path of this site.
pub(crate) const ONWARD_FIELD: &str = "lanjut";

/// Longest path that is remembered for going on.
const ONWARD_BYTES_MAX: usize = 500;

/// What a handler of these pages answers.
pub(crate) type Answer = Result<Response, Detour>;

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum Detour {
    /// The person has to go elsewhere first.
    To(String),
    /// Another page was shown in its place.
    Shown(Box<Response>),
    /// It cannot be had; the error page says why.
    Trouble(Trouble),
}

impl IntoResponse for Detour {
    fn into_response(self) -> Response {
        match self {
            Self::To(path) => onward(&path),
            Self::Shown(response) => *response,
            Self::Trouble(trouble) => trouble.into_response(),
        }
    }
}

impl<T: Into<Trouble>> From<T> for Detour {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

/// One request to one of these pages.
pub(crate) struct Visit {
    pub state: WebState,
    pub caller: Caller,
    pub words: &'static Words,
    /// Path and query, for coming back.
    pub path: String,
}

impl FromRequestParts<WebState> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Self::Rejection> {
        let Who(caller) = Who::from_request_parts(parts, state).await?;
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
        Ok(Self { state: state.clone(), words: Words::of(caller.language), caller, path })
    }
}

impl Visit {
    pub fn app(&self) -> &App {
        &self.state.app
    }

    /// Everything about the caller's account; who is signed out signs in first and comes back here.
    pub async fn mine(&self) -> Result<Mine, Detour> {
        self.ask(me::mine).await?.map_err(Detour::from)
    }

    /// The same, for pages that need to know who the holder is: who has not said it yet says it first.
    pub async fn known(&self) -> Result<Mine, Detour> {
        let mine = self.mine().await?;
        if mine.people.is_empty() { Err(Detour::To(with_onward("/daftar", &self.path))) } else { Ok(mine) }
    }

    /// Asks the store. Being signed out is a detour, any other refusal is the page's to explain.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Tx<'_>, &Context<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<Result<T, Refusal>, Detour> {
        let answer = self.app().ask(self.caller.clone(), question).await;
        self.sort(answer)
    }

    /// Performs an operation, once per key of the form. Being signed out is a detour, any other refusal is the page's to explain.
    pub async fn perform<O: Operation>(
        &self,
        sent: &Sent,
        operation: O,
    ) -> Result<Result<O::Outcome, Refusal>, Detour> {
        let answer = self.app().perform(self.caller.clone(), self.key(sent), operation).await;
        self.sort(answer)
    }

    pub fn sort<T>(&self, answer: Result<T, Failure>) -> Result<Result<T, Refusal>, Detour> {
        match answer {
            Ok(answer) => Ok(Ok(answer)),
            Err(Failure::Refused(Refusal::SignedOut)) => Err(Detour::To(with_onward("/masuk", &self.path))),
            Err(Failure::Refused(Refusal::Staff(StaffRefusal::SignedOut))) => {
                Err(Detour::To(with_onward("/petugas/masuk", &self.path)))
            }
            Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The key of a form together with what was filled in: sent twice it is the same; after "back" and a correction it is
    /// another, since then something else is wanted.
    fn key(&self, sent: &Sent) -> Option<IdempotencyKey> {
        let kept = sent.get(KEY_FIELD);
        let filled = self.app().keys().keyed16("form", format!("{:?}", sent.0).as_bytes());
        (!kept.is_empty()).then(|| IdempotencyKey::parse(&format!("{kept}-{}", hex(&filled)))).flatten()
    }

    /// A new key for a form that is about to be shown.
    pub fn new_key(&self) -> String {
        hex(&entropy::bytes::<12>(self.app().entropy()))
    }

    /// The whole address of a path, where the operator said how the site is reached.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.state.settings.base_url.as_deref().unwrap_or_default())
    }

    /// The frame of a page with this title (a key), marked as failed where something is wrong.
    pub fn page(&self, title: &str, faults: &Faults) -> Page {
        let page = self.titled(self.words.say(title));
        if faults.any() { page.failed() } else { page }
    }

    /// The frame of a page whose title is put into words already.
    pub fn titled(&self, title: String) -> Page {
        Page::new(&self.state, self.caller.language, title, self.path.clone())
    }

    /// What is wrong and what to do, for a refusal.
    pub fn explain(&self, refusal: &Refusal) -> String {
        self.words.refusal(refusal, &self.app().catalogue()).detail
    }
}

/// The fields that a form sent (or that stand in the query of a GET), with repeated ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Vec<(String, String)>);

impl FromRequest<WebState> for Sent {
    type Rejection = Trouble;

    async fn from_request(mut request: Request, state: &WebState) -> Result<Self, Self::Rejection> {
        let sent = request.method() == Method::POST;
        if request.method() == Method::HEAD {
            // A HEAD asks what a GET would say; the reader of forms knows the query of a GET only.
            *request.method_mut() = Method::GET;
        }
        let read = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let Form(fields) = read.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => BadRequest::TooLarge,
            _ => BadRequest::NotAForm,
        })?;
        // What is no UTF-8 comes out of the decoder as U+FFFD, which nobody types. A search for it finds nothing; a form with it
        // would keep a name that nobody has.
        if sent && fields.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
            return Err(BadRequest::NotAForm.into());
        }
        Ok(Self(fields))
    }
}

/// The names and numbers in an address. One that cannot be read names nothing, so nothing lives there.
pub(crate) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<WebState> for Named<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Self::Rejection> {
        let Path(named) = Path::from_request_parts(parts, state).await.map_err(|_| BadRequest::NotFound)?;
        Ok(Self(named))
    }
}

impl Sent {
    /// Fields to show a form with before anything was sent.
    pub fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// All fields as a query, to come back to the form that they filled in.
    pub fn query(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{}={}", query_value(name), query_value(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The same fields with one more.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first value of a field as typed, without the spaces around it; empty where it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a field holds this value, for ticking what was ticked.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, sent)| known == name && sent == value)
    }

    /// Where to go on, if it is a path of this site.
    pub fn onward(&self) -> Option<&str> {
        own_path(self.get(ONWARD_FIELD))
    }

    /// A birth date from its three fields, as `Fields::birth_date` reads it; empty where all three are.
    pub fn birth_date(&self) -> String {
        let parts = ["birth_day", "birth_month", "birth_year"].map(|name| self.get(name));
        if parts.iter().all(|part| part.is_empty()) { String::new() } else { parts.join("-") }
    }
}

/// What is wrong with a form, in the order of its fields: the id of the field (for the link in the summary) and the words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(pub Vec<(String, String)>);

impl Faults {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn one(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self(vec![(field.into(), text.into())])
    }

    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push((field.into(), text.into()));
    }

    /// The errors of fields in words; an error in an item of a list counts for the list.
    pub fn read(errors: &FieldErrors, words: &Words) -> Self {
        let fault = |error: &crate::input::FieldError| {
            let field = error.field.split('/').next().unwrap_or_default();
            (field.to_owned(), error.wrong.say(words))
        };
        Self(errors.0.iter().map(fault).collect())
    }

    /// What is wrong with a field; empty where nothing is.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(known, _)| known == field).map_or("", |(_, text)| text.as_str())
    }

    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// 422 for a form with something wrong, else 200.
    pub fn status(&self) -> StatusCode {
        if self.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// A page of one's own: never kept by anybody on the way.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Answer {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Trouble::Broken
    })?;
    Ok((status, [(CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// On to another page, by GET.
pub(crate) fn onward(path: &str) -> Response {
    // Paths are our own or passed `own_path`, so they are visible ASCII; anything else goes to the start.
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

/// On to another page with cookies set.
pub(crate) fn onward_with(path: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = onward(path);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// A text if it is a path of this site: another site behind `//` or `/\` is none.
pub(crate) fn own_path(text: &str) -> Option<&str> {
    let mut bytes = text.bytes();
    let own = text.len() <= ONWARD_BYTES_MAX
        && bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    own.then_some(text)
}

/// A path that remembers where to go on.
pub(crate) fn with_onward(path: &str, next: &str) -> String {
    format!("{path}?{ONWARD_FIELD}={}", query_value(next))
}

/// A text as a value in a query.
pub(crate) fn query_value(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_on_to() {
        for own in ["/", "/saya", "/antrean/2026-W49/daftar/pilihan?provinsi=21"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in [
            "",
            "saya",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nSet-Cookie: x",
            "/ä",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(600))), None);
    }

    #[test]
    fn a_path_survives_the_way_through_a_query() {
        assert_eq!(with_onward("/masuk", "/a?b=c&d=ä"), "/masuk?lanjut=/a%3Fb%3Dc%26d%3D%C3%A4");
    }
}
