//! Metrics for Prometheus: everything that is counted elsewhere, read when somebody asks and written in its text form. No label
//! names a person, a slot or an address; releases that are over are left out.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use antrean_app::Lane;
use antrean_app::outbox::{self, Waiting};
use antrean_domain::release::Mode;
use antrean_store::histogram::Distribution;
use antrean_store::releases::ReleaseState;
use antrean_web::{WebState, health};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// The outbox is looked at this often at most, however many ask.
const OUTBOX_EVERY: Duration = Duration::from_secs(5);
/// A store that is too busy to say how the outbox is has more important things to do.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(1);
/// The form that Prometheus asks for.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Microseconds in a second: times are counted in the one and told in the other.
const MICROS: f64 = 1_000_000.0;

/// `/metrics`, and the probes beside it.
pub fn router(state: &WebState) -> Router {
    let metrics = Arc::new(Metrics { state: state.clone(), outbox: Mutex::default(), started: state.app.now() });
    let probes = health::routes().with_state(state.clone());
    Router::new().route("/metrics", get(move || answer(Arc::clone(&metrics)))).merge(probes)
}

async fn answer(metrics: Arc<Metrics>) -> Response {
    metrics.look().await;
    let (mut ours, mut of_everybody) = (Registry::with_prefix("antrean"), Registry::default());
    ours.register_collector(Box::new(metrics));
    // These have the same names in every program.
    of_everybody.register_collector(Box::new(Process));
    let mut text = String::new();
    let written = encode_registry(&mut text, &ours)
        .and_then(|()| encode_registry(&mut text, &of_everybody))
        .and_then(|()| encode_eof(&mut text));
    match written {
        Ok(()) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

struct Metrics {
    state: WebState,
    /// The outbox as it was at the last look, and when that was.
    outbox: Mutex<Option<(Instant, Waiting)>>,
    started: Timestamp,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// The labels of one line: names and values out of small, fixed sets.
type Labels<'l> = Vec<(&'static str, &'l str)>;

/// Writes families of metrics.
struct Sheet<'a>(DescriptorEncoder<'a>);

impl Sheet<'_> {
    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &'s str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.family(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// A value that may not be known; then there is no line.
    fn gauge_opt(&mut self, name: &str, help: &str, value: Option<f64>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.gauge(name, help, value))
    }

    fn gauges<'l>(
        &mut self,
        name: &str,
        help: &str,
        lines: impl IntoIterator<Item = (Labels<'l>, f64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        for (labels, value) in lines {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.family(name, help, MetricType::Counter)?.encode_counter::<NoLabelSet, f64, f64>(&value, None)
    }

    fn counters<'l>(
        &mut self,
        name: &str,
        help: &str,
        lines: impl IntoIterator<Item = (Labels<'l>, u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        for (labels, value) in lines {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&value, None)?;
        }
        Ok(())
    }

    /// Distributions whose values are `unit` of what is told: a million for microseconds told as seconds.
    fn histograms<'l>(
        &mut self,
        name: &str,
        help: &str,
        unit: f64,
        lines: impl IntoIterator<Item = (Labels<'l>, Distribution)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Histogram)?;
        for (labels, spread) in lines {
            let bound = |bound: Option<u64>| bound.map_or(f64::INFINITY, |bound| bound as f64 / unit);
            let buckets: Vec<(f64, u64)> = spread.buckets().map(|(upper, count)| (bound(upper), count)).collect();
            let (sum, total) = (spread.sum as f64 / unit, spread.total());
            // An empty set of labels would be written as a stray pair of braces.
            if labels.is_empty() {
                family.encode_histogram::<NoLabelSet>(sum, total, &buckets, None)?;
            } else {
                let mut line = family.encode_family(&labels)?;
                line.encode_histogram::<NoLabelSet>(sum, total, &buckets, None)?;
            }
        }
        Ok(())
    }
}

impl Collector for Metrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        self.program(&mut sheet)?;
        self.traffic(&mut sheet)?;
        self.store(&mut sheet)?;
        self.releases(&mut sheet)?;
        self.work(&mut sheet)
    }
}

impl Metrics {
    /// Looks at what has to be asked for. What does not come in time stays as it was.
    async fn look(&self) {
        let known = *self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|(at, _)| at.elapsed() < OUTBOX_EVERY) {
            return;
        }
        if let Ok(Ok(waiting)) = tokio::time::timeout(OUTBOX_PATIENCE, outbox::waiting(&self.state.app)).await {
            *self.outbox.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), waiting));
        }
    }

    fn seconds_since(&self, at: Timestamp) -> f64 {
        self.state.app.now().duration_since(at).as_secs_f64().max(0.0)
    }

    fn program(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let labels = vec![("version", env!("CARGO_PKG_VERSION")), ("store", self.state.app.store().engine())];
        sheet.gauges("build_info", "Always 1; the labels say what runs", [(labels, 1.0)])?;
        sheet.gauge(
            "start_time_seconds",
            "When the server started, seconds since 1970",
            self.started.as_second() as f64,
        )
    }

    fn traffic(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let traffic = &self.state.traffic;
        sheet.gauge("requests_under_way", "Requests that are being answered", traffic.under_way() as f64)?;
        let answers = traffic.answers();
        let lines = answers.iter().map(|(route, class, times)| (vec![("route", &**route), ("status", *class)], *times));
        sheet.histograms(
            "request_seconds",
            "Time to an answer, by route template and kind of status",
            MICROS,
            lines,
        )?;
        let refusals = self.state.app.tally().refusals();
        let lines = refusals.iter().map(|(reason, count)| (vec![("reason", *reason)], *count));
        sheet.counters("refusals", "Requests that a rule said no to, by reason", lines)
    }

    fn store(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let store = self.state.app.store();
        let (stats, health) = (store.stats(), store.health());
        let lanes = || {
            [("write", health.writes), ("read", health.reads)].into_iter().flat_map(|(queue, of)| {
                Lane::ALL.map(|lane| (vec![("queue", queue), ("lane", lane.name())], of.lane(lane)))
            })
        };
        let of = lanes().map(|(labels, lane)| (labels, lane.waiting as f64));
        sheet.gauges("store_queue_waiting", "Operations that wait for the store", of)?;
        let of = lanes().map(|(labels, lane)| (labels, lane.room as f64));
        sheet.gauges("store_queue_room", "Operations that can wait", of)?;
        let of = lanes().map(|(labels, lane)| (labels, lane.wait.as_secs_f64()));
        sheet.gauges("store_queue_wait_seconds", "How long one that came now would wait, by the measured pace", of)?;
        let of = lanes().map(|(labels, lane)| (labels, lane.turned_away));
        sheet.counters("store_turned_away", "Operations refused on arrival: no room, or no hope to be in time", of)?;
        let of = lanes().map(|(labels, lane)| (labels, lane.expired));
        sheet.counters("store_expired", "Operations refused because they had waited too long", of)?;
        let done = [(vec![("kind", "write")], stats.writes), (vec![("kind", "read")], stats.reads)];
        sheet.counters("store_operations", "Operations answered", done)?;
        let one = |spread| [(Labels::new(), spread)];
        sheet.histograms("store_commit_seconds", "Time of each commit", MICROS, one(stats.commit_us))?;
        sheet.histograms("store_batch_operations", "Operations in one transaction", 1.0, one(stats.batch))?;
        sheet.gauge(
            "store_log_frames",
            "Pages of 4 KiB in the write-ahead log; the embedded store only",
            stats.log_frames as f64,
        )
    }

    fn releases(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let overview = self.state.app.overview();
        let of = |value: fn(&antrean_app::overview::ReleaseView) -> f64| {
            overview.releases.iter().filter(|release| release.state != ReleaseState::Closed).map(move |release| {
                let mode = match release.mode {
                    Mode::Draw => "draw",
                    Mode::FirstCome => "first_come",
                };
                let labels = vec![("release", release.id.as_str()), ("mode", mode), ("state", release.state.as_str())];
                (labels, value(release))
            })
        };
        sheet.gauges("release_places", "Public places of a release", of(|release| release.places.into()))?;
        sheet.gauges("release_places_left", "Places that can be taken right now", of(|release| release.left.into()))?;
        sheet.gauges("release_entries", "Entries that are in", of(|release| release.entries.into()))?;
        sheet.gauges("release_people", "People in them", of(|release| release.people.into()))?;
        sheet.gauges("release_standby", "Entries on standby", of(|release| release.standby().into()))?;
        let lines = || {
            let of = overview.releases.iter().filter(|release| release.state != ReleaseState::Closed);
            of.filter_map(|release| Some((vec![("release", release.id.as_str())], release.line.as_ref()?)))
        };
        let waiting = lines().map(|(labels, line)| (labels, line.waiting() as f64));
        sheet.gauges("line_waiting", "People in a waiting room, about", waiting)?;
        let rate = lines().map(|(labels, line)| (labels, f64::from(line.front.rate)));
        sheet.gauges("line_rate_per_minute", "People a minute that the server's health lets in", rate)?;
        let inside = lines().map(|(labels, line)| (labels, line.front.at_work_milli as f64 / 1_000.0));
        sheet.gauges("line_inside", "People let in who have neither booked nor, as it is reckoned, left", inside)?;
        sheet.gauge("overview_age_seconds", "Age of the public state that readers get", self.seconds_since(overview.at))
    }

    fn work(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let tally = self.state.app.tally();
        let holds = f64::from(u8::from(tally.holds_clock()));
        sheet.gauge("clock_held", "Whether this node runs the release clock", holds)?;
        let since = tally.clock_looked().map(|at| self.seconds_since(at));
        sheet.gauge_opt("clock_age_seconds", "Time since the release clock of this node looked", since)?;
        sheet.counter(
            "clock_errors",
            "Looks of the release clock in which something failed",
            tally.clock_errors() as f64,
        )?;
        let done = tally.messages();
        let outcomes = [("sent", done.sent), ("returned", done.returned), ("given_up", done.given_up)];
        let lines = outcomes.map(|(outcome, count)| (vec![("outcome", outcome)], count));
        sheet.counters("messages", "Messages that this node sent, will try again, gave up", lines)?;
        let known = *self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, waiting)) = known else { return Ok(()) };
        sheet.gauge("outbox_waiting", "Messages that wait, up to a million", waiting.messages as f64)?;
        let urgencies = [("urgent", waiting.next_urgent), ("patient", waiting.next_patient)];
        let ages = urgencies
            .into_iter()
            .filter_map(|(urgency, at)| Some((vec![("urgency", urgency)], self.seconds_since(at?))));
        sheet.gauges("outbox_age_seconds", "Age of the message that goes out next", ages)
    }
}

/// What every process has, by the names that every program uses. Nothing is told that the system does not tell.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        let Ok(process) = procfs::process::Process::myself() else { return Ok(()) };
        if let Ok(stat) = process.stat() {
            let cpu = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
            sheet.counter("process_cpu_seconds", "Time on the processors", cpu)?;
            let resident = stat.rss as f64 * procfs::page_size() as f64;
            sheet.gauge("process_resident_memory_bytes", "Memory in use", resident)?;
            sheet.gauge("process_threads", "Threads", stat.num_threads as f64)?;
        }
        let files = process.fd_count().ok().map(|count| count as f64);
        sheet.gauge_opt("process_open_fds", "Open files and connections", files)?;
        let limit = process.limits().ok().and_then(|limits| match limits.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(value) => Some(value as f64),
            procfs::process::LimitValue::Unlimited => None,
        });
        sheet.gauge_opt("process_max_fds", "Open files and connections that are allowed", limit)
    }
}
