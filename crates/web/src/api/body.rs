//! How requests of programs are read: strictly, and saying everything that is wrong at once, each with its place.

use antrean_app::operation::IdempotencyKey;
use axum::RequestPartsExt as _;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::input::{Fields, LIST_MAX, Wrong};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// The header that makes a change safe to send twice.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a JSON body is read into: its documented shape, and the command that follows from it.
pub(crate) trait Shape {
    /// What the handler gets.
    type Read: Send;
    /// Reads every field, noting what is wrong; `None` after at least one note.
    fn read(object: &mut Object) -> Option<Self::Read>;
}

/// Extracts a JSON body of a shape. Unknown fields are refused.
pub(crate) struct Body<S: Shape>(pub S::Read);

impl<S: Shape> FromRequest<WebState> for Body<S> {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Trouble> {
        if !is_json(request.headers()) {
            return Err(BadRequest::MediaType.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| of_bytes(&rejection))?;
        read::<S>(&bytes, Fields::new(state.app.now())).map(Self)
    }
}

/// A body that axum could not take in whole.
pub(crate) fn of_bytes(rejection: &BytesRejection) -> Trouble {
    Trouble::from(match rejection.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => BadRequest::TooLarge,
        _ => BadRequest::Interrupted,
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn read<S: Shape>(bytes: &[u8], fields: Fields) -> Result<S::Read, Trouble> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadRequest::NotUtf8)?;
    let value: Value = serde_json::from_str(text)
        .map_err(|error| BadRequest::NotJson { line: error.line(), column: error.column() })?;
    let mut object = match value {
        Value::Object(map) => Object { map, fields },
        _ => Object { map: Map::new(), fields: wrong_root(fields) },
    };
    let read = if object.fields.is_fine() { S::read(&mut object) } else { None };
    let Object { map, mut fields } = object;
    if fields.is_fine() || read.is_none() {
        for name in map.keys().take(LIST_MAX) {
            // A name of a thousand characters would come back in the answer otherwise.
            let name: String = name.chars().take(60).collect();
            fields.note::<()>(name.replace('~', "~0").replace('/', "~1"), Wrong::Unknown);
        }
    }
    match read {
        Some(read) if fields.is_fine() => Ok(read),
        _ => Err(fields.wrong().into()),
    }
}

fn wrong_root(mut fields: Fields) -> Fields {
    fields.note::<()>("", Wrong::Type { wanted: "object" });
    fields
}

/// A JSON object whose fields are taken out one by one; what is left at the end is unknown.
pub(crate) struct Object {
    map: Map<String, Value>,
    /// Where errors are noted.
    pub fields: Fields,
}

impl Object {
    /// A text that must be there.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.map.remove(name) {
            None | Some(Value::Null) => self.fields.note(name, Wrong::Missing),
            Some(Value::String(text)) => Some(text),
            Some(_) => self.fields.note(name, Wrong::Type { wanted: "string" }),
        }
    }

    /// A text that may be left out or null. The outer `None` is an error.
    #[expect(clippy::option_option, reason = "left out and wrong are two things")]
    pub fn maybe_text(&mut self, name: &'static str) -> Option<Option<String>> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(_) => self.fields.note(name, Wrong::Type { wanted: "string" }),
        }
    }

    /// True or false; `by_default` where it is left out, or an error where there is no default.
    pub fn flag(&mut self, name: &'static str, by_default: Option<bool>) -> Option<bool> {
        match (self.map.remove(name), by_default) {
            (None | Some(Value::Null), Some(flag)) | (Some(Value::Bool(flag)), _) => Some(flag),
            (None | Some(Value::Null), None) => self.fields.note(name, Wrong::Missing),
            (Some(_), _) => self.fields.note(name, Wrong::Type { wanted: "boolean" }),
        }
    }

    /// A whole number that must be there.
    pub fn number(&mut self, name: &'static str) -> Option<i64> {
        match self.map.remove(name) {
            None | Some(Value::Null) => self.fields.note(name, Wrong::Missing),
            Some(value) => match value.as_i64() {
                Some(number) => Some(number),
                None => self.fields.note(name, Wrong::Type { wanted: "integer" }),
            },
        }
    }

    /// A list of whole numbers that must be there.
    pub fn numbers(&mut self, name: &'static str) -> Option<Vec<i64>> {
        self.list(name, |value| value.as_i64().ok_or(Wrong::Type { wanted: "integer" }))
    }

    /// A list of texts that must be there.
    pub fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.list(name, |value| match value {
            Value::String(text) => Ok(text),
            _ => Err(Wrong::Type { wanted: "string" }),
        })
    }

    fn list<T>(&mut self, name: &'static str, read: impl Fn(Value) -> Result<T, Wrong>) -> Option<Vec<T>> {
        let values = match self.map.remove(name) {
            None | Some(Value::Null) => return self.fields.note(name, Wrong::Missing),
            Some(Value::Array(values)) if values.len() > LIST_MAX => {
                return self.fields.note(name, Wrong::TooMany { max: LIST_MAX });
            }
            Some(Value::Array(values)) => values,
            Some(_) => return self.fields.note(name, Wrong::Type { wanted: "array" }),
        };
        let mut items = Vec::with_capacity(values.len());
        let mut fine = true;
        for (index, value) in values.into_iter().enumerate() {
            match read(value) {
                Ok(item) => items.push(item),
                Err(wrong) => {
                    self.fields.note::<()>(format!("{name}/{index}"), wrong);
                    fine = false;
                }
            }
        }
        fine.then_some(items)
    }
}

/// Extracts the `Idempotency-Key` that every change for an account needs.
pub(crate) struct Once(pub IdempotencyKey);

impl FromRequestParts<WebState> for Once {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Trouble> {
        let value = parts.headers.get(IDEMPOTENCY_KEY).ok_or(BadRequest::KeyMissing)?;
        let key = value.to_str().ok().map(str::trim).and_then(IdempotencyKey::parse);
        Ok(Self(key.ok_or(BadRequest::KeyUnusable)?))
    }
}

/// Extracts the variable part of a path. What is no UTF-8 names nothing, so it is not found.
pub(crate) struct At(pub String);

impl FromRequestParts<WebState> for At {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Trouble> {
        let Path(text) = parts.extract::<Path<String>>().await.map_err(|_| BadRequest::NotFound)?;
        Ok(Self(text))
    }
}

/// Reads a query: every field known, each at most once. Values in the order of `known`.
pub(crate) async fn query<const N: usize>(
    parts: &mut Parts,
    known: [&'static str; N],
) -> Result<[Option<String>; N], Trouble> {
    let Query(pairs) = parts.extract::<Query<Vec<(String, String)>>>().await.map_err(|_| BadRequest::NotAForm)?;
    let mut values = [const { None }; N];
    let mut wrong = crate::input::FieldErrors::default();
    for (name, value) in pairs.into_iter().take(LIST_MAX) {
        match known.iter().position(|known| *known == name) {
            Some(place) if values[place].is_none() => values[place] = Some(value),
            _ => {
                let name: String = name.chars().take(60).collect();
                wrong.0.push(crate::input::FieldError { field: format!("?{name}"), wrong: Wrong::Unknown });
            }
        }
    }
    if wrong.0.is_empty() { Ok(values) } else { Err(wrong.into()) }
}

/// A query that takes no field at all.
pub(crate) struct NoQuery;

impl FromRequestParts<WebState> for NoQuery {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Trouble> {
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            query(parts, []).await?;
        }
        Ok(Self)
    }
}
