//! What lies outside of this machine: the address that citizens use, its certificate and its proxy, the beacon's relays, the gateway,
//! and what all of their clocks say about ours.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_channels::gateway::GatewayConfig;
use antrean_domain::draw::beacon::QUICKNET;
use antrean_domain::release::BeaconKind;
use antrean_web::caller::Network;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_SECURITY_POLICY, DATE, ETAG, HeaderMap, LOCATION};
use reqwest::{Client, StatusCode, Url};
use rustls::crypto::CryptoProvider;
use tokio::task::JoinSet;

use super::certificate::{Seen, Watch};
use super::finding::Report;
use crate::config::Config;
use crate::stop::whole;

const ADDRESS: &str = "public address";
const CERTIFICATE: &str = "certificate";
const PROXY: &str = "proxy";
const CLOCK: &str = "clock";
const RELAYS: &str = "beacon";
const GATEWAY: &str = "gateway";

/// Whatever does not answer within this time is told as not answering.
const PATIENCE: Duration = Duration::from_secs(5);
/// Authorities that renew by themselves do so a month before the end; whoever is later has a broken renewal.
const CERTIFICATE_DAYS_LOW: u64 = 14;
/// A weekend with nobody at work, and a Friday.
const CERTIFICATE_DAYS_LEAST: u64 = 3;
/// The header has whole seconds, and the answer was under way: less cannot be told.
const SKEW_SEEN: SignedDuration = SignedDuration::from_secs(2);
/// By so much the opening of a release would be visibly early or late.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(30);
/// Addresses for examples only (RFC 5737): no client has one of them, so a server that sees one was lied to and believed it.
const FORGED: [&str; 2] = ["192.0.2.77", "198.51.100.99"];

/// Looks outside; not at all if `offline`.
pub async fn examine(report: &mut Report, config: &Config, offline: bool) {
    if offline {
        report.note(ADDRESS, "left out, with certificate, proxy, beacon and gateway (--offline)");
        return;
    }
    let watch = CryptoProvider::get_default().cloned().map(Watch::new);
    let watch = match watch {
        Some(Ok(watch)) => Arc::new(watch),
        Some(Err(error)) => {
            let remedy = "apt-get install ca-certificates";
            report.wrong(CERTIFICATE, format!("no authorities of certificates can be read here: {error}"), remedy);
            return;
        }
        None => unreachable!("the program installs TLS before anything else"),
    };
    let client = match client(&watch) {
        Ok(client) => client,
        Err(error) => return report.wrong(CERTIFICATE, format!("cannot use TLS: {}", whole(&error)), "report this"),
    };
    match &config.server.base_url {
        None => report.note(ADDRESS, "server.base_url is not set, so certificate and proxy are left out"),
        Some(url) => public_address(report, &client, &watch, &url.0).await,
    }
    relays(report, &client, config).await;
    gateway(report, &client, config).await;
}

/// Whether a server that listens on `listen` says that it lives; an error says why not.
pub async fn lives(listen: SocketAddr) -> Result<(), String> {
    // A server that listens everywhere is asked here.
    let ip = match listen.ip() {
        IpAddr::V4(any) if any.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(any) if any.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        known => known,
    };
    let url = format!("http://{}/livez", SocketAddr::new(ip, listen.port()));
    let client = Client::builder().timeout(PATIENCE).build().map_err(|error| whole(&error))?;
    let answer = client.get(url).send().await.map_err(|error| whole(&error.without_url()))?;
    if answer.status() == StatusCode::OK { Ok(()) } else { Err(format!("it answers {}", answer.status().as_u16())) }
}

fn client(watch: &Arc<Watch>) -> reqwest::Result<Client> {
    let tls = rustls::ClientConfig::builder()
        .dangerous()
        // It asks the platform's own verifier and takes its answer; it only listens.
        .with_custom_certificate_verifier(Arc::clone(watch) as Arc<_>)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("antrean-doctor/", env!("CARGO_PKG_VERSION")))
        .build()
}

async fn public_address(report: &mut Report, client: &Client, watch: &Watch, base: &str) {
    let answer = client.get(format!("{base}/livez")).send().await;
    certificate(report, watch, base);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let remedy = "does the name lead here (DNS)? does the proxy run? does the firewall let port 443 in?";
            return report.wrong(ADDRESS, format!("{base} does not answer: {}", whole(&error.without_url())), remedy);
        }
    };
    skew(report, base, answer.headers());
    let (status, location) = (answer.status(), answer.headers().get(LOCATION).cloned());
    let text = answer.text().await.unwrap_or_default();
    if status.is_redirection() {
        let to = location.as_ref().and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
        let remedy = "set base_url to the address at which citizens end up";
        return report.wrong(ADDRESS, format!("{base} sends everybody on to {to}"), remedy);
    }
    if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
        let remedy = "is the server running? does the proxy lead to the address that it listens on?";
        return report.wrong(
            ADDRESS,
            format!("the proxy answers, but reaches no server ({})", status.as_u16()),
            remedy,
        );
    }
    if status != StatusCode::OK || text != "ok\n" {
        let remedy = "lead every path of this host to the server, also /livez";
        return report.wrong(ADDRESS, format!("{base} is answered by something else ({})", status.as_u16()), remedy);
    }
    report.good(ADDRESS, format!("{base} reaches the server"));
    headers(report, client, base).await;
    addresses(report, client, base).await;
}

fn certificate(report: &mut Report, watch: &Watch, base: &str) {
    let remedy = "renew it (certbot renew; caddy does so by itself) and reload the proxy";
    match watch.take() {
        None if base.starts_with("https://") => {
            report.note(CERTIFICATE, "none was shown, for no connection came about");
        }
        None => report.note(CERTIFICATE, "none, for base_url is not https"),
        Some(Seen::Refused(why)) => report.wrong(CERTIFICATE, format!("of {base}: {why}"), remedy),
        Some(Seen::Good(days)) => {
            let says = format!("of {base} is good for {days} days more");
            if days < CERTIFICATE_DAYS_LEAST {
                report.wrong(CERTIFICATE, says, remedy);
            } else if days < CERTIFICATE_DAYS_LOW {
                report.warning(CERTIFICATE, says, remedy);
            } else {
                report.good(CERTIFICATE, says);
            }
        }
    }
}

/// What the server sends has to arrive: without its headers caches and browsers do other things than intended.
async fn headers(report: &mut Report, client: &Client, base: &str) {
    let Ok(answer) = client.get(format!("{base}/")).send().await else { return };
    let lost: Vec<&str> = [(ETAG, "ETag"), (CONTENT_SECURITY_POLICY, "Content-Security-Policy")]
        .into_iter()
        .filter_map(|(header, name)| (!answer.headers().contains_key(header)).then_some(name))
        .collect();
    if lost.is_empty() {
        report.good(PROXY, "hands on the headers of the server");
    } else {
        let remedy = "take the lines out of the proxy's configuration that hide or replace headers";
        report.wrong(PROXY, format!("does not hand on {}", lost.join(" and ")), remedy);
    }
    // What it measures is for the operators: it says when the machine is weak.
    if client.get(format!("{base}/metrics")).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
        report.warning(PROXY, "hands on /metrics to the whole world", "answer /metrics with 404 in the proxy");
    }
}

/// Whether limits see the citizen: asks the server which network it sees, with a lie in the headers.
async fn addresses(report: &mut Report, client: &Client, base: &str) {
    let asked = client
        .get(format!("{base}/seen"))
        .header("X-Forwarded-For", FORGED.join(", "))
        .header("X-Real-IP", FORGED[0])
        .header("Forwarded", format!("for={}", FORGED[0]))
        .send()
        .await;
    let Ok(answer) = asked else { return };
    if answer.status() != StatusCode::OK {
        return report.note(PROXY, "the server does not say which address it sees");
    }
    let seen = answer.text().await.unwrap_or_default();
    let seen = seen.trim();
    let forged = FORGED
        .iter()
        .filter_map(|address| address.parse().ok())
        .any(|address| Network::coarse(address).to_string() == seen);
    if forged {
        report.wrong(
            PROXY,
            "a client can choose the address that the server sees, and so escape every limit",
            "let the proxy set X-Forwarded-For itself (deploy/nginx.conf) and name only the proxy in trusted_proxies",
        );
        return;
    }
    let Some(from) = own_address(base) else { return };
    let sees_loopback = seen.parse::<Network>().is_ok_and(|seen| seen.contains(IpAddr::from([127, 0, 0, 1])));
    if from.is_loopback() {
        report.good(PROXY, "a forged address is not believed");
        report.note(
            PROXY,
            "whether the true one arrives can only be seen from another machine: antrean doctor --base-url ... there",
        );
    } else if sees_loopback || seen.is_empty() {
        report.wrong(
            PROXY,
            "the server sees the proxy's address instead of the client's: all citizens share one network's limits",
            "set trusted_proxies, and let the proxy send X-Forwarded-For (deploy/nginx.conf)",
        );
    } else {
        report.good(PROXY, format!("the server sees a client of {seen}, and believes no forged address"));
    }
}

/// The address from which this machine speaks to a host; nothing is sent for finding out.
fn own_address(base: &str) -> Option<IpAddr> {
    let url = Url::parse(base).ok()?;
    let to = *url.socket_addrs(|| None).ok()?.first()?;
    let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// How far our clock is from the one in a `Date` header, rounded to what can be told.
fn skew_of(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    // The header is cut to whole seconds: half a second more is the best guess.
    Some(now.duration_since(theirs) - SignedDuration::from_millis(500))
}

fn skew(report: &mut Report, whose: &str, headers: &HeaderMap) {
    let Some(skew) = skew_of(headers, SystemClock.now()) else { return };
    let way = if skew.is_negative() { "behind" } else { "ahead of" };
    let says = format!("is {} s {way} the clock of {whose}", skew.abs().as_secs());
    let remedy = "timedatectl set-ntp true; until it is right, releases open at the wrong moment";
    if skew.abs() > SKEW_MAX {
        report.wrong(CLOCK, says, remedy);
    } else if skew.abs() > SKEW_SEEN {
        report.warning(CLOCK, says, remedy);
    } else {
        report.good(CLOCK, format!("agrees with the clock of {whose}"));
    }
}

async fn relays(report: &mut Report, client: &Client, config: &Config) {
    let mut asked = JoinSet::new();
    for (position, relay) in config.beacons.relays.iter().enumerate() {
        let request = client.get(format!("{}/{}/public/latest", relay.0, QUICKNET.hash));
        asked.spawn(async move { (position, request.send().await) });
    }
    let mut answered = asked.join_all().await;
    answered.sort_by_key(|(position, _)| *position);
    let of = answered.len();
    let mut good = 0;
    for (position, answer) in answered {
        if let Ok(answer) = answer
            && answer.status().is_success()
        {
            good += 1;
            if good == 1 {
                skew(report, &host_of(&config.beacons.relays[position].0), answer.headers());
            }
        }
    }
    let says = format!("{good} of {of} relays of the public randomness answer");
    let remedy = "let the server speak to them through the firewall, or name others in beacons.relays; a draw waits for one of them";
    match good {
        0 if config.policy.beacon == BeaconKind::Drand => report.wrong(RELAYS, says, remedy),
        0 => report.note(RELAYS, format!("{says}; releases here use another beacon")),
        1 if of > 1 => report.warning(RELAYS, says, remedy),
        _ => report.good(RELAYS, says),
    }
}

async fn gateway(report: &mut Report, client: &Client, config: &Config) {
    if config.gateway == GatewayConfig::default() {
        return;
    }
    // The host only: a path or a query may carry the provider's key.
    let host = host_of(&config.gateway.url);
    let Ok(mut url) = Url::parse(&config.gateway.url) else { return };
    url.set_path("/");
    url.set_query(None);
    match client.head(url).send().await {
        // Whatever it says about its start page: it is there and its certificate is good.
        Ok(_) => report.good(GATEWAY, format!("{host} answers")),
        Err(error) => report.wrong(
            GATEWAY,
            format!("{host} does not answer: {}", whole(&error.without_url())),
            "no code reaches anybody before it does: ask the provider, look at the firewall",
        ),
    }
}

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "the host".to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_clock_is_compared_with_a_date_header() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Fri, 20 Nov 2026 07:00:00 GMT"));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let told = |now: &str| skew_of(&headers, at(now)).unwrap().as_millis();
        assert_eq!(told("2026-11-20T07:00:00.5Z"), 0);
        assert_eq!(told("2026-11-20T07:01:00.5Z"), 60_000);
        assert_eq!(told("2026-11-20T06:59:00.5Z"), -60_000);
        assert_eq!(skew_of(&HeaderMap::new(), at("2026-11-20T07:00:00Z")), None);
    }

    #[test]
    fn the_own_address_for_a_loopback_host_is_loopback() {
        assert!(own_address("http://127.0.0.1:9").is_some_and(|address| address.is_loopback()));
        assert_eq!(own_address("nonsense"), None);
    }

    #[test]
    fn a_provider_is_named_by_its_host_alone() {
        assert_eq!(host_of("https://sms.example.id/send?key=hush"), "sms.example.id");
    }
}
