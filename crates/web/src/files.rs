//! The style sheets, the scripts, the pictures and the voice: built into the program, compressed once, kept by browsers for ever.
//!
//! The address carries a hash of the bytes, so a changed file has another address: `files::url("antrean.css")`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::prepared::{gzip, takes_gzip};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// A year, the longest that caches keep anything.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Files that must keep one address (the icon browsers ask for by themselves, a service worker).
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

struct File {
    hash: String,
    kind: HeaderValue,
    plain: Bytes,
    zipped: Option<Bytes>,
}

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    Assets::iter()
        .filter_map(|name| Assets::get(&name).map(|file| (name, file)))
        .map(|(name, file)| {
            let zipped = gzip(&file.data);
            let hash = antrean_app::caller::hex(&file.metadata.sha256_hash()[..6]);
            let plain = Bytes::from(file.data.into_owned());
            let worth_it = zipped.len() < plain.len();
            let kind = HeaderValue::from_static(kind_of(&name));
            (name.into_owned(), File { hash, kind, plain, zipped: worth_it.then(|| Bytes::from(zipped)) })
        })
        .collect()
});

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("wav") => "audio/wav",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The address of a file of `assets/`, for templates. A name that is not there is a mistake of the template and panics.
pub fn url(name: &str) -> String {
    let file = FILES.get(name).unwrap_or_else(|| panic!("assets/{name} does not exist"));
    format!("/aset/{}/{name}", file.hash)
}

/// Serves the files.
pub(crate) fn routes() -> Router<WebState> {
    Router::new().route("/aset/{hash}/{name}", get(file)).route("/favicon.ico", get(icon))
}

async fn file(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Trouble> {
    let file = FILES.get(&name).filter(|file| file.hash == hash).ok_or(BadRequest::NotFound)?;
    Ok(respond(file, &headers, FOR_EVER))
}

async fn icon(headers: HeaderMap) -> Result<Response, Trouble> {
    let file = FILES.get("favicon.ico").or_else(|| FILES.get("favicon.svg")).ok_or(BadRequest::NotFound)?;
    Ok(respond(file, &headers, FOR_AN_HOUR))
}

fn respond(file: &File, asked: &HeaderMap, keep: HeaderValue) -> Response {
    let zipped = file.zipped.as_ref().filter(|_| takes_gzip(asked));
    let mut response = Response::new(Body::from(zipped.unwrap_or(&file.plain).clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, file.kind.clone());
    headers.insert(header::CACHE_CONTROL, keep);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if zipped.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
