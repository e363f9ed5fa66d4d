//! The configuration: every mistake at once, and what is no mistake but does not fit together.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use antrean_channels::gateway::GatewayConfig;
use antrean_domain::release::BeaconKind;

use super::finding::Report;
use crate::config::{Config, Examined};
use crate::serve;

const AREA: &str = "configuration";

/// Looks at a configuration that was read from `file`, with variables and flags over it.
pub fn examine(report: &mut Report, examined: &Examined, file: Option<&Path>) {
    for problem in &examined.problems {
        report.wrong(AREA, problem, "put it right; the server does not start before");
    }
    if examined.problems.is_empty() {
        let from =
            file.map_or_else(|| "no file, so defaults and variables".to_owned(), |path| path.display().to_string());
        report.good(AREA, format!("can be read: {from}"));
    }
    let config = &examined.config;
    readers(report, config, file);
    address(report, config);
    proxies(report, config);
    gateway(report, config);
    metrics(report, config);
    if config.policy.beacon == BeaconKind::Local {
        report.warning(
            AREA,
            "policy.beacon is local: the operator could choose the result of a draw, and the pages say so",
            "set policy.beacon = \"drand\", or \"manual\" with a public lottery",
        );
    }
}

/// A secret in the file is as secret as the file.
fn readers(report: &mut Report, config: &Config, file: Option<&Path>) {
    let Some(path) = file else { return };
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
    let has_secret =
        config.gateway.authorization.is_some() && std::env::var_os("ANTREAN_GATEWAY_AUTHORIZATION").is_none();
    if has_secret && mode & 0o007 != 0 {
        report.warning(
            AREA,
            format!("{} may hold the gateway's password, and every user of this machine can read it", path.display()),
            format!("chmod 0640 {}, or name a file in ANTREAN_GATEWAY_AUTHORIZATION_FILE", path.display()),
        );
    }
}

fn address(report: &mut Report, config: &Config) {
    let server = &config.server;
    let Some(url) = &server.base_url else {
        report.warning(
            AREA,
            format!("server.base_url is not set: links in messages lead to http://{}", server.listen),
            "set base_url = \"https://...\" to the address that citizens use",
        );
        return;
    };
    if url.0.starts_with("https://") {
        if server.secure_cookies == Some(false) {
            report.warning(
                AREA,
                "server.secure_cookies is false although base_url is https: sessions may travel in the open",
                "take secure_cookies out of the configuration",
            );
        }
    } else {
        report.warning(
            AREA,
            format!("server.base_url is {}: one-time codes and sessions travel in the open", url.0),
            "put a proxy with TLS in front (deploy/nginx.conf or deploy/Caddyfile) and set base_url to https",
        );
    }
}

/// Whether limits see citizens or only the proxy.
fn proxies(report: &mut Report, config: &Config) {
    let server = &config.server;
    let everybody = server.trusted_proxies.iter().map(ToString::to_string).find(|network| network.ends_with("/0"));
    if let Some(network) = everybody {
        report.wrong(
            AREA,
            format!("server.trusted_proxies has {network}: anybody can claim any address and escape every limit"),
            "name the proxies' own addresses only",
        );
    }
    let behind = server.base_url.is_some() && server.listen.ip().is_loopback();
    if behind && server.trusted_proxies.is_empty() {
        report.wrong(
            AREA,
            "a proxy stands in front, but server.trusted_proxies is empty: all citizens look like one network and share its limits",
            "set trusted_proxies = [\"127.0.0.1\", \"::1\"], or the proxy's address if it is another machine",
        );
    }
    let https = server.base_url.as_ref().is_some_and(|url| url.0.starts_with("https://"));
    if https && !server.listen.ip().is_loopback() {
        report.warning(
            AREA,
            format!("the server listens on {}: it can be reached past the proxy, without TLS", server.listen),
            "listen on 127.0.0.1, or let only the proxies through the firewall",
        );
    }
    if sees_everybody(config) {
        report.good(AREA, "addresses of clients come from the proxies that are named");
    }
}

fn sees_everybody(config: &Config) -> bool {
    let named = &config.server.trusted_proxies;
    !named.is_empty() && !named.iter().any(|network| network.to_string().ends_with("/0"))
}

fn gateway(report: &mut Report, config: &Config) {
    if config.gateway == GatewayConfig::default() {
        report.warning(
            AREA,
            "no gateway is configured: one-time codes and tickets are only written to the log, so nobody can sign in",
            "fill in the section [gateway] with what the provider of text messages gave you",
        );
        return;
    }
    match serve::channel(config) {
        Ok(_) => report.good(AREA, "a gateway for messages is configured"),
        Err(stop) => report.wrong(AREA, stop.to_string(), "put it right; the server does not start before"),
    }
}

fn metrics(report: &mut Report, config: &Config) {
    match config.server.metrics {
        None => report.warning(
            AREA,
            "server.metrics is not set: nobody can watch the server",
            "set metrics = \"127.0.0.1:9464\" and let Prometheus read it (deploy/alerts.yml has the alarms)",
        ),
        Some(address) if address.ip().is_loopback() => report.good(AREA, format!("metrics can be read at {address}")),
        Some(address) => report.warning(
            AREA,
            format!("metrics are handed out at {address}, beyond this machine"),
            "listen on 127.0.0.1, or let only Prometheus through the firewall",
        ),
    }
}
