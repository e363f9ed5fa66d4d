//! Public answers, made once and shared: the bytes, their gzip form and their ETag, per address and language.
//!
//! An answer holds for one version of the public state and for at most a minute; the first reader after that makes it anew
//! while all others still get the one before. No reader ever waits for another, and none costs a query.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use antrean_app::caller::Language;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use crate::problem::Trouble;
use crate::state::WebState;

/// Answers kept at once: every office in both languages, as page and as JSON, with its slots, several times over.
const ANSWERS_MAX: usize = 8_192;
/// Bytes kept at once, plain and compressed together.
const BYTES_MAX: usize = 128 << 20;
/// An answer is made anew after this time even if nothing changed: pages speak of today.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// Below this many bytes compressing gains nothing.
const GZIP_BYTES_MIN: usize = 600;
/// Browsers and caches in between may keep a public answer for so long; the public state is read once a second.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=2, stale-while-revalidate=30");

/// Names an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Path and query, the query with known fields only and in one fixed order, so that nobody can fill the shelf with
    /// made-up fields.
    pub address: String,
    /// The language; `None` for data that is the same in all.
    pub language: Option<Language>,
}

impl Key {
    /// The key of a page.
    pub fn page(address: impl Into<String>, language: Language) -> Self {
        Self { address: address.into(), language: Some(language) }
    }

    /// The key of data for programs.
    pub fn data(address: impl Into<String>) -> Self {
        Self { address: address.into(), language: None }
    }
}

/// What an answer is made of: content type and bytes.
#[derive(Debug, Clone)]
pub struct Made {
    /// The content type.
    pub kind: &'static str,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Made {
    /// An HTML page.
    pub fn html(text: String) -> Self {
        Self { kind: "text/html; charset=utf-8", bytes: text.into_bytes() }
    }

    /// JSON.
    pub fn json<T: serde::Serialize>(value: &T) -> Self {
        let bytes = serde_json::to_vec(value).expect("answers are plain data");
        Self { kind: "application/json", bytes }
    }
}

struct Answer {
    version: u64,
    catalogue: usize,
    made: Timestamp,
    kind: HeaderValue,
    plain: Bytes,
    plain_tag: HeaderValue,
    zipped: Option<(Bytes, HeaderValue)>,
    renewing: AtomicBool,
}

impl Answer {
    fn is_fresh(&self, version: u64, catalogue: usize, now: Timestamp) -> bool {
        self.version == version && self.catalogue == catalogue && now.duration_since(self.made).abs() < FRESH
    }

    fn size(&self) -> usize {
        self.plain.len() + self.zipped.as_ref().map_or(0, |(bytes, _)| bytes.len())
    }
}

#[derive(Default)]
struct Shelf {
    /// By language, and there by address: an address is looked up as it stands in the request.
    answers: [HashMap<String, Arc<Answer>>; 3],
    bytes: usize,
}

/// Where the answers of a language lie.
fn board(language: Option<Language>) -> usize {
    match language {
        None => 0,
        Some(Language::Id) => 1,
        Some(Language::En) => 2,
    }
}

/// The answers made so far.
#[derive(Default)]
pub struct Prepared(RwLock<Shelf>);

impl Prepared {
    /// How many answers are kept, for tests and metrics.
    pub fn len(&self) -> usize {
        self.0.read().expect("nobody panics while holding the shelf").answers.iter().map(HashMap::len).sum()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, address: &str, language: Option<Language>) -> Option<Arc<Answer>> {
        let kept = self.0.read().expect("nobody panics while holding the shelf");
        kept.answers[board(language)].get(address).cloned()
    }

    fn put(&self, key: Key, answer: Arc<Answer>) {
        let mut kept = self.0.write().expect("nobody panics while holding the shelf");
        let size = answer.size();
        if kept.answers.iter().map(HashMap::len).sum::<usize>() >= ANSWERS_MAX || kept.bytes + size > BYTES_MAX {
            // Whoever is asked for again is made again; that is cheaper than keeping order among thousands.
            kept.answers.iter_mut().for_each(HashMap::clear);
            kept.bytes = 0;
        }
        kept.bytes += size;
        if let Some(before) = kept.answers[board(key.language)].insert(key.address, answer) {
            kept.bytes = kept.bytes.saturating_sub(before.size());
        }
    }
}

/// Answers a public GET: 304 where the client has it, gzip where it takes that, made by `make` where it is not there yet.
///
/// `make` must depend on nothing but the key, the overview and the catalogue. An error is passed on and not kept.
pub fn answer(
    state: &WebState,
    key: Key,
    asked: &HeaderMap,
    make: impl FnOnce() -> Result<Made, Trouble>,
) -> Result<Response, Trouble> {
    let version = state.app.overview().version;
    let catalogue = Arc::as_ptr(&state.app.catalogue()) as usize;
    let now = state.app.now();
    let by_language = key.language.is_some();
    let known = state.prepared.find(&key.address, key.language);
    if let Some(known) = &known {
        let fresh = known.is_fresh(version, catalogue, now);
        if fresh || known.renewing.swap(true, Ordering::AcqRel) {
            return Ok(respond(known, asked, by_language));
        }
    }
    let _mark = known.as_deref().map(Renewing);
    let fresh = Arc::new(shelve(state, make()?, version, catalogue, now));
    state.prepared.put(key, Arc::clone(&fresh));
    Ok(respond(&fresh, asked, by_language))
}

/// The answer to a public GET of this very address if it was made before and still holds; nothing else is looked at.
///
/// An address lies on the shelf only because its handler put it there for everybody, so whoever asks for it may have it.
pub(crate) fn ready(
    state: &WebState,
    address: &str,
    language: Option<Language>,
    asked: &HeaderMap,
) -> Option<Response> {
    let known = state.prepared.find(address, language)?;
    let catalogue = Arc::as_ptr(&state.app.catalogue()) as usize;
    let fresh = known.is_fresh(state.app.overview().version, catalogue, state.app.now());
    fresh.then(|| respond(&known, asked, language.is_some()))
}

/// Takes the mark off again, also when the maker fails or panics: the next reader tries.
struct Renewing<'a>(&'a Answer);

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        self.0.renewing.store(false, Ordering::Release);
    }
}

fn shelve(state: &WebState, made: Made, version: u64, catalogue: usize, now: Timestamp) -> Answer {
    let hash = antrean_app::caller::hex(&state.app.keys().keyed16("etag", &made.bytes));
    let tag = |suffix: &str| HeaderValue::try_from(format!("\"{hash}{suffix}\"")).expect("hexadecimal digits");
    let zipped = (made.bytes.len() >= GZIP_BYTES_MIN).then(|| (Bytes::from(gzip(&made.bytes)), tag("-gz")));
    Answer {
        version,
        catalogue,
        made: now,
        kind: HeaderValue::from_static(made.kind),
        plain_tag: tag(""),
        plain: Bytes::from(made.bytes),
        zipped,
        renewing: AtomicBool::new(false),
    }
}

/// Compresses once, for many readers.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

fn respond(answer: &Answer, asked: &HeaderMap, by_language: bool) -> Response {
    let (bytes, tag, zipped) = match &answer.zipped {
        Some((bytes, tag)) if takes_gzip(asked) => (bytes, tag, true),
        _ => (&answer.plain, &answer.plain_tag, false),
    };
    let same = is_known(asked, tag);
    let mut response = Response::new(if same { Body::empty() } else { Body::from(bytes.clone()) });
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    // With those that every answer carries: the map grows once.
    headers.reserve(24);
    headers.insert(header::ETAG, tag.clone());
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    let vary = if by_language { "Accept-Encoding, Accept-Language, Cookie" } else { "Accept-Encoding" };
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    if !same {
        headers.insert(header::CONTENT_TYPE, answer.kind.clone());
        if zipped {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// Whether the client takes gzip: named, and not with a weight of zero.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|part| {
            let (coding, weight) = part.split_once(';').map_or((part, ""), |(coding, weight)| (coding, weight));
            let refused = weight
                .trim()
                .to_ascii_lowercase()
                .strip_prefix("q=")
                .and_then(|q| q.parse::<f32>().ok())
                .is_some_and(|q| q <= 0.0);
            coding.trim().eq_ignore_ascii_case("gzip") && !refused
        })
}

/// Whether `If-None-Match` names this tag.
pub(crate) fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
