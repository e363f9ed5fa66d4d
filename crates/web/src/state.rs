//! What every handler shares: the application, the settings, the prepared bytes and the flood limits.

use std::sync::Arc;
use std::time::Duration;

use antrean_app::{App, Lane};

use crate::caller::Network;
use crate::demo::DemoInbox;
use crate::lanes::{RequestStats, Seldom, UnderWay};
use crate::layers::TraceIds;
use crate::limits::Floods;
use crate::measure::Traffic;
use crate::pages::error::ErrorPages;
use crate::prepared::Prepared;

/// What an operator decides about the web side. Made by the program from its configuration.
#[derive(Clone)]
pub struct WebSettings {
    /// Scheme and host under which citizens reach the server, without a slash at the end, such as
    /// `https://antrean.example.id`; for links in calendars and QR codes. `None` falls back to relative links.
    pub base_url: Option<String>,
    /// Whether cookies carry `Secure` and answers HSTS: true wherever citizens come by https.
    pub secure_cookies: bool,
    /// Proxies whose `X-Forwarded-For` is believed. Empty believes nobody.
    pub trusted_proxies: Vec<Network>,
    /// The inbox of the demo; `None` everywhere else, and then its addresses do not exist.
    pub demo: Option<Arc<dyn DemoInbox>>,
    /// Sign-in requests taken from one network (/24, /48) in an hour, in a burst as well. `None` lifts the limit: for the
    /// demo and rehearsals, where the whole public comes from one address.
    pub sign_ins_per_network_hour: Option<u32>,
    /// After so long a request is given up with 503.
    pub request_timeout: Duration,
    /// After so long the body of a request must be there, or the request is ended with 408: shorter than `request_timeout`.
    pub body_timeout: Duration,
    /// Requests under way at once that are not answered from memory, shared out among the lanes.
    pub requests_max: usize,
}

impl WebSettings {
    /// At 12,000 requests a second and 150 ms each 1,800 are under way: with four times as many the machine only gets slower.
    pub const REQUESTS_MAX: usize = 8_192;
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            secure_cookies: true,
            trusted_proxies: Vec::new(),
            demo: None,
            // Carriers put thousands of people behind one address: generous, and never a ban.
            sign_ins_per_network_hour: Some(600),
            request_timeout: Duration::from_secs(20),
            // 64 KiB need six seconds at 80 kbit/s, the worst of 2G.
            body_timeout: Duration::from_secs(15),
            requests_max: WebSettings::REQUESTS_MAX,
        }
    }
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The application.
    pub app: App,
    /// The operator's settings.
    pub settings: Arc<WebSettings>,
    /// Public answers, built once and shared.
    pub prepared: Arc<Prepared>,
    /// Limits by network, kept in memory.
    pub floods: Arc<Floods>,
    /// What passes through the door, counted.
    pub traffic: Arc<Traffic>,
    /// Requests under way, by lane.
    pub(crate) under_way: Arc<UnderWay>,
    /// Error pages in which nothing is about the request.
    pub(crate) error_pages: Arc<ErrorPages>,
    /// When requests that were refused were logged last.
    pub(crate) refused: Arc<Seldom>,
    /// What displays show, read at most once a second.
    pub(crate) boards: Arc<crate::staff::Boards>,
    /// Weeks of the open data, read at most once a minute.
    pub(crate) weeks: Arc<crate::pages::data::Weeks>,
    /// Names for requests.
    pub(crate) trace_ids: Arc<TraceIds>,
}

impl WebState {
    /// The shared state for an application.
    pub fn new(app: App, settings: WebSettings) -> Self {
        let floods = Floods::new(&settings);
        let start = u64::from_be_bytes(antrean_app::entropy::bytes(app.entropy()));
        Self {
            app,
            under_way: Arc::new(UnderWay::new(settings.requests_max)),
            error_pages: Arc::default(),
            refused: Arc::new(Seldom::new()),
            settings: Arc::new(settings),
            prepared: Arc::default(),
            floods: Arc::new(floods),
            traffic: Arc::default(),
            boards: Arc::default(),
            weeks: Arc::default(),
            trace_ids: Arc::new(TraceIds::from(start)),
        }
    }

    /// How many requests of a lane are under way, and how many were refused.
    pub fn requests(&self, lane: Lane) -> RequestStats {
        self.under_way.stats(lane)
    }
}
