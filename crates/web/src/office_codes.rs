//! Codes of offices as people type them: `btm`, or with a space. They lead to the address as it is written everywhere else.

use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::OfficeCode;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::state::WebState;

/// In front of the code of an office in an address.
const IN_FRONT: [&str; 4] = ["/layar/", "/kantor/", "/petugas/", "/api/v1/offices/"];
/// Bytes of a code as it is typed, with all spaces around and in it.
const TYPED_MAX: usize = 40;

/// The code that somebody meant: spaces, and small letters for capitals, are how it was typed.
pub(crate) fn meant(typed: &str, catalogue: &Catalogue) -> Option<OfficeCode> {
    if typed.len() > TYPED_MAX {
        return None;
    }
    let spaces = typed.replace("%20", " ").replace("%09", " ").replace('+', " ");
    let written: String = spaces.chars().filter(|sign| !sign.is_whitespace()).collect();
    let code = OfficeCode::parse(&written.to_ascii_uppercase()).ok()?;
    catalogue.offices.get(&code).map(|office| office.code)
}

/// The same address with the code of the office as it is written, if that is another.
fn written(uri: &Uri, catalogue: &Catalogue) -> Option<String> {
    let front = IN_FRONT.into_iter().find(|front| uri.path().starts_with(front))?;
    let rest = &uri.path()[front.len()..];
    let (typed, end) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let code = meant(typed, catalogue)?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    (code.as_str() != typed).then(|| format!("{front}{code}{end}{query}"))
}

/// Leads whoever looks for an office by a code that is typed otherwise to its address. What is found as it was asked for, and what
/// changes something, is left alone.
pub(crate) async fn lead(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let uri = request.uri().clone();
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    let to = written(&uri, &state.app.catalogue()).and_then(|to| HeaderValue::try_from(to).ok());
    match to {
        Some(to) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response(),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_it_is_typed_and_an_address_stays_on_this_site() {
        let catalogue = Catalogue::builtin();
        let to = |uri: &str| written(&uri.parse().unwrap(), &catalogue);
        for (typed, address) in [
            ("/layar/btm", "/layar/BTM"),
            ("/layar/btm?suara=0", "/layar/BTM?suara=0"),
            ("/layar/%20Btm%20/data", "/layar/BTM/data"),
            ("/kantor/btm-hb", "/kantor/BTM-HB"),
            ("/petugas/btm/pintu", "/petugas/BTM/pintu"),
            ("/api/v1/offices/b+t+m/slots", "/api/v1/offices/BTM/slots"),
        ] {
            assert_eq!(to(typed).as_deref(), Some(address), "{typed}");
        }
        let long = format!("/layar/{}btm", "%20".repeat(50));
        for other in ["/layar/BTM", "/layar/xxq", "/layar/", "/kantor", "/petugas//evil.example/btm", "/btm", &long] {
            assert_eq!(to(other), None, "{other}");
        }
    }
}
