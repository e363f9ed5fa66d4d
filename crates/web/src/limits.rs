//! Limits by network, kept in memory: they only slow a flood down before it reaches the store, and never ban anybody.
//!
//! What costs money or can be guessed is counted in the store, by account and phone, in `antrean_app::limit`.

use std::num::NonZeroU32;
use std::time::Duration;

use antrean_app::Refusal;
use antrean_app::limit::Limited;
use axum::http::{HeaderMap, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::state::WebSettings;

/// Networks remembered before those that are quiet again are forgotten: a few megabytes.
const NETWORKS_MAX: usize = 50_000;
/// One hour, in seconds.
const HOUR_S: u32 = 3_600;

type Buckets = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The limits by network.
pub struct Floods {
    sign_ins: Option<Flood>,
}

struct Flood {
    buckets: Buckets,
    per_hour: u32,
}

/// What is left of a limit, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Which limit, such as `network`.
    pub name: &'static str,
    /// Requests in the window.
    pub quota: u32,
    /// The window in seconds.
    pub window_s: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until at least one more is there.
    pub reset_s: u32,
}

impl Floods {
    /// The limits that the settings ask for.
    pub fn new(settings: &WebSettings) -> Self {
        let sign_ins = settings.sign_ins_per_network_hour.and_then(NonZeroU32::new).map(|per_hour| {
            let refill = Duration::from_secs(u64::from(HOUR_S)) / per_hour.get();
            let quota = Quota::with_period(refill).expect("an hour divided is not zero").allow_burst(per_hour);
            Flood {
                buckets: RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>(),
                per_hour: per_hour.get(),
            }
        });
        Self { sign_ins }
    }

    /// Takes one sign-in request of a network. `None` where there is no limit or no network is known.
    pub fn sign_in(&self, network: Option<&str>) -> Result<Option<Left>, Refusal> {
        let (Some(flood), Some(network)) = (&self.sign_ins, network) else { return Ok(None) };
        if flood.buckets.len() > NETWORKS_MAX {
            flood.buckets.retain_recent();
        }
        match flood.buckets.check_key(&network.to_owned()) {
            Ok(snapshot) => Ok(Some(Left {
                name: "network",
                quota: flood.per_hour,
                window_s: HOUR_S,
                remaining: snapshot.remaining_burst_capacity(),
                reset_s: HOUR_S.div_ceil(flood.per_hour),
            })),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(Refusal::TooMany { what: Limited::Requests, retry_after_s: wait.as_secs() as u32 + 1 })
            }
        }
    }
}

impl Left {
    /// Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11).
    pub fn write(&self, headers: &mut HeaderMap) {
        policy(headers, self.name, self.quota, self.window_s);
        let now = format!("\"{}\";r={};t={}", self.name, self.remaining, self.reset_s);
        headers.insert("ratelimit", HeaderValue::try_from(now).expect("visible ASCII"));
    }
}

/// Adds a `RateLimit-Policy` to an answer.
pub(crate) fn policy(headers: &mut HeaderMap, name: &str, quota: u32, window_s: u32) {
    let line = format!("\"{name}\";q={quota};w={window_s}");
    headers.append("ratelimit-policy", HeaderValue::try_from(line).expect("visible ASCII"));
}
