//! Who asks, as far as the request itself says: session, network, language. Whether the session is good, the store says.
//!
//! Pages know a session by its cookie, the API by `Authorization: Bearer` alone: a browser adds cookies to requests that
//! another site made it send, but never that header.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use antrean_app::caller::{BrowserMark, Caller, Language, SessionToken};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::state::{WebSettings, WebState};

/// The cookie with the session token.
pub const SESSION_COOKIE: &str = "antrean_sesi";
/// The cookie and the query field with the language.
pub const LANGUAGE_FIELD: &str = "bahasa";
/// The cookie with the token of a staff session.
pub const STAFF_COOKIE: &str = "antrean_petugas";
/// The cookie with the marks of staff who have signed in with this browser.
pub const KNOWN_COOKIE: &str = "antrean_dikenal";
/// Under this prefix live the pages of staff.
pub const STAFF_PREFIX: &str = "/petugas";
/// Under this prefix lives everything for programs.
pub const API_PREFIX: &str = "/api";

/// Marks that one browser keeps: those who share a computer at a counter. The latest stay.
const MARKS_MAX: usize = 16;
/// How long a browser keeps its marks: as long as browsers keep anything.
const MARKS_KEPT_S: u64 = 400 * 24 * 60 * 60;

/// Addresses of `X-Forwarded-For` that are looked at, from the right; no honest chain is longer.
const FORWARDED_MAX: usize = 10;

/// A block of addresses, such as `10.0.0.0/8`, `::1` or `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address or a block such as 10.0.0.0/8")]
pub struct NetworkError(pub String);

impl Network {
    /// The block of `prefix` bits around an address.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        let address = match address {
            IpAddr::V4(v4) => {
                let keep = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & keep))
            }
            IpAddr::V6(v6) => {
                let keep = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & keep))
            }
        };
        Self { address, prefix }
    }

    /// The block that an address is remembered and limited by: /24, or /48 for IPv6.
    pub fn coarse(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self::of(address, if address.is_ipv4() { 24 } else { 48 })
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && Self::of(address, self.prefix) == *self
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.chars().take(60).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) => digits.trim().parse().ok().filter(|prefix| *prefix <= most).ok_or_else(wrong)?,
        };
        Ok(Self::of(address, prefix))
    }
}

/// Extracts the caller. Never refuses: a request without a session, or with a broken one, is simply signed out.
#[derive(Debug, Clone)]
pub struct Who(pub Caller);

impl FromRequestParts<WebState> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        Ok(Self(Caller {
            session: session_of(parts.uri.path(), &parts.headers),
            staff: staff_session_of(parts.uri.path(), &parts.headers),
            browser: marks_of(parts.uri.path(), &parts.headers),
            network: address_of(parts, &state.settings).map(|address| Network::coarse(address).to_string()),
            language: language_of(&parts.uri, &parts.headers),
            lane: parts.extensions.get().copied().unwrap_or_default(),
        }))
    }
}

/// Whether an address is for programs.
pub fn is_api(path: &str) -> bool {
    path.strip_prefix(API_PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn session_of(path: &str, headers: &HeaderMap) -> Option<SessionToken> {
    if is_staff(path) {
        return None;
    }
    let token = if is_api(path) {
        let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())?
    } else {
        cookie(headers, SESSION_COOKIE)?
    };
    SessionToken::from_text(token)
}

/// Whether a path belongs to staff.
pub fn is_staff(path: &str) -> bool {
    path.strip_prefix(STAFF_PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn staff_session_of(path: &str, headers: &HeaderMap) -> Option<SessionToken> {
    if is_staff(path) { SessionToken::from_text(cookie(headers, STAFF_COOKIE)?) } else { None }
}

/// `Set-Cookie` for a staff session: for the pages of staff alone, never sent along from another site, gone with the browser.
pub fn staff_cookie(settings: &WebSettings, token: &str) -> HeaderValue {
    let (end, secure) =
        (if token.is_empty() { "; Max-Age=0" } else { "" }, if settings.secure_cookies { "; Secure" } else { "" });
    let line = format!("{STAFF_COOKIE}={token}; Path={STAFF_PREFIX}{end}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(line).expect("cookies hold visible ASCII")
}

/// The marks that a browser sends to the pages of staff; what is none is left out.
fn marks_of(path: &str, headers: &HeaderMap) -> Vec<BrowserMark> {
    let sent = if is_staff(path) { cookie(headers, KNOWN_COOKIE).unwrap_or_default() } else { "" };
    sent.split('.').take(MARKS_MAX).filter_map(BrowserMark::from_text).collect()
}

/// `Set-Cookie` for the marks of staff: the latest in front of those that the browser has.
pub fn known_cookie(settings: &WebSettings, latest: &str, kept: &[BrowserMark]) -> HeaderValue {
    let others = kept.iter().map(BrowserMark::to_text).filter(|mark| mark != latest);
    let marks: Vec<String> = std::iter::once(latest.to_owned()).chain(others).take(MARKS_MAX).collect();
    let secure = if settings.secure_cookies { "; Secure" } else { "" };
    let (path, marks) = (STAFF_PREFIX, marks.join("."));
    let line =
        format!("{KNOWN_COOKIE}={marks}; Path={path}; Max-Age={MARKS_KEPT_S}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(line).expect("cookies hold visible ASCII")
}

/// The value of a cookie, where the browser sent it.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// The language to answer in: pages look at the query, then the cookie, then `Accept-Language`; the API at the last only.
pub fn language_of(uri: &Uri, headers: &HeaderMap) -> Language {
    if !is_api(uri.path()) {
        let asked = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("bahasa=")));
        if let Some(known) = asked.or_else(|| cookie(headers, LANGUAGE_FIELD)).and_then(known_language) {
            return known;
        }
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best: Option<(Language, f32)> = None;
    for part in accepted.split(',').take(20) {
        let (tag, weight) = part.split_once(';').map_or((part, None), |(tag, weight)| (tag, Some(weight)));
        let weight = weight.and_then(|weight| weight.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if let Some(language) = known_language(tag.trim())
            && weight > best.map_or(0.0, |(_, found)| found)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language).unwrap_or_default()
}

fn known_language(tag: &str) -> Option<Language> {
    match tag.split('-').next()?.to_ascii_lowercase().as_str() {
        // `in` is what old Android phones still call Indonesian.
        "id" | "in" => Some(Language::Id),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// The client's address: the peer, or what a trusted proxy says of it. `None` in tests without a connection.
fn address_of(parts: &Parts, settings: &WebSettings) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|proxy| proxy.contains(address));
    if !trusted(peer) {
        return Some(peer);
    }
    let said = parts.headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let chain: Vec<&str> = said.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for text in chain.iter().rev().take(FORWARDED_MAX) {
        let Some(address) = read_address(text) else { break };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    Some(nearest)
}

/// Some proxies add the port.
fn read_address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

/// `Set-Cookie` for the session: kept by the browser for `days`, out of reach of scripts.
pub fn session_cookie(settings: &WebSettings, token: &str, days: u32) -> HeaderValue {
    kept_cookie(settings, SESSION_COOKIE, token, 24 * 60 * 60 * u64::from(days))
}

/// `Set-Cookie` that removes the session.
pub fn no_session_cookie(settings: &WebSettings) -> HeaderValue {
    kept_cookie(settings, SESSION_COOKIE, "", 0)
}

/// `Set-Cookie` for any small value: `HttpOnly`, `SameSite=Lax`, for the whole site.
pub fn kept_cookie(settings: &WebSettings, name: &str, value: &str, max_age_s: u64) -> HeaderValue {
    let secure = if settings.secure_cookies { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(line).expect("cookies hold visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_block_holds_its_addresses_and_no_others() {
        assert!(network("10.0.0.0/8").contains("10.255.0.1".parse().unwrap()));
        assert!(!network("10.0.0.0/8").contains("11.0.0.1".parse().unwrap()));
        assert!(
            network("10.0.0.0/8").contains("::ffff:10.1.1.1".parse().unwrap()),
            "mapped addresses are the same host"
        );
        assert!(network("0.0.0.0/0").contains("203.0.113.1".parse().unwrap()));
        assert!(!network("0.0.0.0/0").contains("2001:db8::1".parse().unwrap()));
        assert!(network("2001:db8::/32").contains("2001:db8:1::1".parse().unwrap()));
        assert!(network("::1").contains("::1".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "localhost"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_remembered_by_its_network_only() {
        let coarse = |text: &str| Network::coarse(text.parse().unwrap()).to_string();
        assert_eq!(coarse("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(coarse("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(coarse("2001:db8:aaaa:bbbb::1"), "2001:db8:aaaa::/48");
    }

    #[test]
    fn the_language_is_the_one_asked_for_and_indonesian_otherwise() {
        let language = |uri: &str, cookie: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
            language_of(&uri.parse().unwrap(), &headers)
        };
        assert_eq!(language("/", "", ""), Language::Id);
        assert_eq!(language("/", "", "fr,de;q=0.9"), Language::Id);
        assert_eq!(language("/", "", "en-US,en;q=0.9"), Language::En);
        assert_eq!(language("/", "", "en;q=0.3, in-ID;q=0.8"), Language::Id);
        assert_eq!(language("/", "", "en;q=0"), Language::Id);
        assert_eq!(language("/", "a=b; bahasa=en", "id"), Language::En);
        assert_eq!(language("/?x=1&bahasa=id", "bahasa=en", "en"), Language::Id);
        assert_eq!(language("/api/v1/me?bahasa=en", "bahasa=en", "id"), Language::Id);
    }

    #[test]
    fn a_browser_keeps_the_marks_of_those_who_signed_in_last() {
        let mark = |byte| BrowserMark([byte; 32]);
        let kept: Vec<BrowserMark> = (0..20).map(mark).collect();
        let line = known_cookie(&WebSettings::default(), &mark(3).to_text(), &kept);
        let line = line.to_str().unwrap();
        assert!(line.ends_with("; Path=/petugas; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure"), "{line}");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(line.split(';').next().unwrap()).unwrap());
        let sent = marks_of("/petugas/masuk", &headers);
        assert_eq!((sent.len(), sent[0].clone(), sent[1].clone(), sent[4].clone()), (16, mark(3), mark(0), mark(4)));
        assert_eq!(marks_of("/masuk", &headers), [], "a citizen's page knows nothing of it");
        assert!(line.len() < 2_000);
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        let settings = WebSettings::default();
        let line = session_cookie(&settings, "ab", 30);
        assert_eq!(line, "antrean_sesi=ab; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert!(no_session_cookie(&settings).to_str().unwrap().contains("Max-Age=0"));
    }
}
