//! What every handler shares: the application, the settings, the prepared bytes and the flood limits.

use std::sync::Arc;
use std::time::Duration;

use antrean_app::App;

use crate::caller::Network;
use crate::demo::DemoInbox;
use crate::layers::TraceIds;
use crate::limits::Floods;
use crate::measure::Traffic;
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
            settings: Arc::new(settings),
            prepared: Arc::default(),
            floods: Arc::new(floods),
            traffic: Arc::default(),
            trace_ids: Arc::new(TraceIds::from(start)),
        }
    }
}
