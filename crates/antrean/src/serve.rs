//! `antrean serve`: puts the parts together, runs them until it is told to stop, and stops them in order: the door first, the work
//! behind it next, the store last.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use antrean_app::App;
use antrean_app::caller::hex;
use antrean_app::entropy;
use antrean_app::release_clock::{BeaconSource, ReleaseClock};
use antrean_channels::gateway::{Gateway, GatewayConfig, GatewayError};
use antrean_channels::log::Log;
use antrean_channels::{Channel, Courier};
use antrean_web::door::{Door, DoorLimits};
use antrean_web::{WebSettings, WebState, router};
use tokio::net::TcpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::beacons::Relays;
use crate::config::{Config, ConfigFlags, LogForm};
use crate::data::{DataDir, MadeUpBy, made_up_by};
use crate::rehearse::setting;
use crate::stop::Stop;
use crate::{metrics, supervisor, terminal};

/// Requests that are under way when the server is told to stop get so long to finish.
const DRAIN: Duration = Duration::from_secs(10);
/// The work behind the door finishes a step and a message within this time, or is cut off; it is safe to run twice.
const FINISH: Duration = Duration::from_secs(10);

/// Connections that the system keeps ready until they are taken: at 14.00 thousands come in one second, and one that finds no room
/// tries again only after a second, then three. The system may have a lower limit of its own (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// Arguments of `antrean serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean serve --data /var/lib/antrean\n  \
    antrean serve --config /etc/antrean/antrean.toml --listen 0.0.0.0:8080\n  \
    ANTREAN_BASE_URL=https://antrean.example.id antrean serve\n\n\
    Stops on SIGTERM and ctrl-c: takes no more requests, finishes those under way, closes the database.")]
pub struct Serve {
    #[command(flatten)]
    config: ConfigFlags,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Address and port for metrics and probes; port 0 takes a free one [default: none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// Scheme and host under which citizens reach the server
    #[arg(long, value_name = "URL")]
    base_url: Option<crate::config::BaseUrl>,
    /// How the log on standard error is written [default: text to a terminal, else json]
    #[arg(long, value_enum)]
    log: Option<LogForm>,
    /// Serves a rehearsal: nobody is real, nothing is sent, and one-time codes can be read at /demo/messages
    #[arg(long)]
    rehearsal: bool,
    /// Stops when standard input ends, and so never outlives who started it
    #[arg(long, hide = true, requires = "rehearsal")]
    while_input: bool,
}

impl Serve {
    /// Runs the command.
    pub async fn run(&self, started: Instant) -> Result<(), Stop> {
        let mut config = self.config.load()?;
        let server = &mut config.server;
        server.listen = self.listen.unwrap_or(server.listen);
        server.metrics = self.metrics.or(server.metrics);
        server.base_url = self.base_url.clone().or(server.base_url.take());
        server.log = self.log.or(server.log);
        terminal::start_log(server.log, &server.log_filter);
        // A rehearsal sends nothing, and its releases are planned for it.
        let channel = if self.rehearsal { None } else { Some(channel(&config)?) };
        config.policy.plan_weekly &= !self.rehearsal;
        let beacons = Arc::new(Relays::new(config.beacons.relays.clone())?);
        let listener = bind("--listen", config.server.listen)?;
        let metrics = config.server.metrics.map(|address| bind("--metrics", address)).transpose()?;
        let data = DataDir::of(&config);
        if self.rehearsal {
            setting::take(&config, &data)?;
        } else {
            setting::must_not_be(&config)?;
        }
        let _lock = data.lock()?;
        let is_new = data.url().is_none() && !data.database().exists();
        let app = data.open(config.policy.clone()).await?;
        if is_new {
            tracing::info!(data = %config.server.data.display(), "there was no database: a new one was made");
        }
        if self.rehearsal {
            MadeUpBy::Rehearsal.mark(app.store()).await?;
        } else if let Some(by) = made_up_by(app.store()).await? {
            app.store().close().await;
            let line = format!(
                "--data: everybody in this database was made up by a {by}; the public cannot be served from it"
            );
            return Err(Stop::wrong(line));
        }
        let (web, door) = (web_settings(&config), door_limits(&config));
        let (web, channel) = match channel {
            Some(channel) => (web, channel),
            None => setting::inbox(web),
        };
        let site = Site::start(Parts { app, listener, metrics, web, door, channel, beacons })?;
        if config.server.base_url.is_none() && !site.address.ip().is_loopback() {
            tracing::warn!("base_url is not set: links in messages lead to {}", site.url());
        }
        let told = told_to_stop()?;
        let left_alone = self.while_input.then(input_ends).transpose()?;
        let told = async move {
            tokio::select! {
                () = told => {}
                () = async { if let Some(ends) = left_alone { ends.await } else { std::future::pending().await } } => {}
            }
        };
        let metrics = site.metrics.map_or_else(String::new, |address| format!(", metrics on http://{address}/metrics"));
        let ms = started.elapsed().as_millis();
        terminal::line(format_args!("listening on {}, started in {ms} ms{metrics}", site.url()));
        site.run(told).await
    }
}

/// Takes the address before anything else is done, so that a second server on it stops at once. Within a runtime.
pub fn bind(flag: &str, listen: SocketAddr) -> Result<TcpListener, Stop> {
    let take = || {
        let socket = if listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A server that was just stopped left connections behind that keep the port for a minute otherwise.
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        socket.listen(BACKLOG)?.into_std()
    };
    take().map_err(|error| {
        Stop::failed(format!("{flag}: cannot listen on {listen}: {error}; choose another address or port"))
    })
}

/// How messages leave, as the configuration says; an error names the field.
pub fn channel(config: &Config) -> Result<Arc<dyn Channel>, Stop> {
    if config.gateway == GatewayConfig::default() {
        return Ok(Arc::new(Log::new()));
    }
    let gateway = Gateway::new(config.gateway.clone()).map_err(|error| {
        let field = match &error {
            GatewayError::Url | GatewayError::NotHttps => "gateway.url",
            GatewayError::Header => "gateway.authorization",
            GatewayError::Field { .. } => "gateway.fields",
            GatewayError::Timeout => "gateway.timeout_s",
            GatewayError::Client => "gateway",
        };
        Stop::wrong(format!("{field}: {error}"))
    })?;
    Ok(Arc::new(gateway))
}

fn web_settings(config: &Config) -> WebSettings {
    let server = &config.server;
    let sign_ins = server.sign_ins_per_network_hour;
    WebSettings {
        base_url: server.base_url.as_ref().map(|url| url.0.clone()),
        secure_cookies: server.secure_cookies(),
        trusted_proxies: server.trusted_proxies.clone(),
        demo: None,
        sign_ins_per_network_hour: (sign_ins > 0).then_some(sign_ins),
        request_timeout: Duration::from_secs(server.request_timeout_s.get().into()),
        requests_max: server.requests_max.get() as usize,
        ..WebSettings::default()
    }
}

fn door_limits(config: &Config) -> DoorLimits {
    let server = &config.server;
    DoorLimits {
        connections_max: server.connections_max.get() as usize,
        connections_per_peer_max: server.connections_per_address_max.get() as usize,
        trusted_proxies: server.trusted_proxies.clone(),
        ..DoorLimits::default()
    }
}

/// What a site is put together from.
pub struct Parts {
    /// The application.
    pub app: App,
    /// Where it listens.
    pub listener: TcpListener,
    /// Where metrics and probes are asked for, if anywhere.
    pub metrics: Option<TcpListener>,
    /// What the operator decided about the web side.
    pub web: WebSettings,
    /// How many connections it takes, and for how long.
    pub door: DoorLimits,
    /// How messages leave.
    pub channel: Arc<dyn Channel>,
    /// Where public randomness comes from.
    pub beacons: Arc<dyn BeaconSource>,
}

/// A server that runs.
pub struct Site {
    app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where metrics and probes are asked for, if anywhere.
    pub metrics: Option<SocketAddr>,
    web: JoinHandle<()>,
    close_door: watch::Sender<bool>,
    behind: JoinSet<&'static str>,
    end_work: watch::Sender<bool>,
}

impl Site {
    /// Starts everything. Within a runtime.
    pub fn start(parts: Parts) -> Result<Self, Stop> {
        let Parts { app, listener, metrics, mut web, door, channel, beacons } = parts;
        let failed = |error: std::io::Error| Stop::failed(format!("cannot listen: {error}"));
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let base_url = web.base_url.get_or_insert_with(|| format!("http://{address}")).clone();
        let (close_door, closes) = watch::channel(false);
        let (end_work, ends) = watch::channel(false);
        let mut behind = JoinSet::new();
        let clock = ReleaseClock::new(app.clone(), beacons, holder(&app));
        let courier = Courier::new(app.clone(), channel, base_url);
        behind.spawn(named("the release clock", clock.run(becomes_true(ends.clone()))));
        behind.spawn(named("the courier", courier.run(becomes_true(ends.clone()))));
        behind.spawn(named("the watchdog", supervisor::watch(app.clone(), becomes_true(ends.clone()))));
        let state = WebState::new(app.clone(), web);
        let mut metrics_at = None;
        if let Some(listener) = metrics {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
            metrics_at = Some(listener.local_addr().map_err(failed)?);
            let serving = axum::serve(listener, metrics::router(&state)).with_graceful_shutdown(becomes_true(ends));
            behind.spawn(named("the door for metrics", async move { drop(serving.await) }));
        }
        let (router, door) = (router(state), Door::new(door));
        let web = tokio::spawn(async move { door.serve(listener, router, becomes_true(closes)).await });
        Ok(Self { app, address, metrics: metrics_at, web, close_door, behind, end_work })
    }

    /// The address for a browser on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs until `told`, then stops in order. An error if a part ended by itself.
    pub async fn run(mut self, told: impl Future<Output = ()>) -> Result<(), Stop> {
        supervisor::ready();
        let ended = tokio::select! {
            () = told => None,
            ended = &mut self.web => Some(format!("the web server ended: {ended:?}")),
            Some(ended) = self.behind.join_next() => Some(match ended {
                Ok(name) => format!("{name} ended"),
                Err(error) => format!("a part of the server ended: {error}"),
            }),
        };
        if let Some(ended) = &ended {
            tracing::error!(ended, "stopping, for a part of the server is gone");
        }
        self.stop().await;
        ended.map_or(Ok(()), |ended| Err(Stop::failed(ended)))
    }

    async fn stop(mut self) {
        self.app.begin_closing();
        supervisor::stopping();
        self.close_door.send_replace(true);
        if !self.web.is_finished() && tokio::time::timeout(DRAIN, &mut self.web).await.is_err() {
            tracing::warn!("some requests were not finished in time");
            self.web.abort();
        }
        self.end_work.send_replace(true);
        let finished = tokio::time::timeout(FINISH, async { while self.behind.join_next().await.is_some() {} });
        if finished.await.is_err() {
            tracing::warn!("some work was not finished in time; the next start goes on with it");
            self.behind.abort_all();
        }
        self.app.store().close().await;
        tracing::info!("stopped");
    }
}

async fn named(name: &'static str, work: impl Future<Output = ()>) -> &'static str {
    work.await;
    name
}

async fn becomes_true(mut flag: watch::Receiver<bool>) {
    // An error says that whoever could set it is gone, which means the same.
    let _ = flag.wait_for(|set| *set).await;
}

/// The name under which a server holds the release clock. The one server of a database file has the same after every restart, so that
/// it goes on at once when it was killed instead of waiting for its own lease to end. Of many nodes each process has its own: one
/// that was started again must not take itself for the one before, whose last steps may still be under way.
pub fn holder(app: &App) -> String {
    if app.store().is_shared() {
        let own: [u8; 8] = entropy::bytes(app.entropy());
        format!("node {}", hex(&own))
    } else {
        "server".to_owned()
    }
}

/// Is ready when whoever holds the other end of standard input lets go of it, however they end.
fn input_ends() -> Result<impl Future<Output = ()>, Stop> {
    let (ended, ends) = tokio::sync::oneshot::channel();
    let wait = move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    };
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(wait)
        .map_err(|error| Stop::failed(format!("cannot watch standard input: {error}")))?;
    Ok(async move {
        let _ = ends.await;
    })
}

/// Is ready when the process is asked to stop.
pub fn told_to_stop() -> Result<impl Future<Output = ()>, Stop> {
    let failed = |error: std::io::Error| Stop::failed(format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop; finishing what is under way");
    })
}
