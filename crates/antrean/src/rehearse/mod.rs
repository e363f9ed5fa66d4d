//! `antrean rehearse`: a whole public comes to a server by schedule, and in the end everything that was acknowledged is asked for
//! again. Proves on the operator's own machines, before the day, that it will hold.

mod machine;
mod plan;
mod server;
pub mod setting;

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use antrean_app::caller::HOME_ZONE;
use antrean_app::clock::{Clock as _, SystemClock};
use antrean_crowd::api::{Api, Call};
use antrean_crowd::market::Market;
use antrean_crowd::rehearsal::population::{ACCOUNTS_MAX, Makeup};
use antrean_crowd::rehearsal::schedule::Lengths;
use antrean_crowd::rehearsal::verdict::{Goals, Verdict};
use antrean_crowd::rehearsal::{Audience, Machine, Now, Outcome, Settings, report, run};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_store::audit;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::watch;

use crate::config::{Config, HttpUrl};
use crate::data::DataDir;
use crate::serve::told_to_stop;
use crate::stop::{Stop, whole};
use crate::terminal::{self, Progress};
use machine::Process;
use server::{NewDatabase, Server};

/// A number that nobody has, to see whether there is an inbox that can be read.
const NOBODY: &str = "%2B6281200000000";
/// The release of a rehearsal opens so long after it was planned: the server starts, the people are made.
const READY_S: i64 = 4;
/// People made in a second, with a wide margin.
const MADE_PER_S: i64 = 8_000;
/// Between the last thing that people do and the freeze or the opening.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// A first-come release has a freeze by form; nothing happens at it.
const FIRST_COME_FREEZE: SignedDuration = SignedDuration::from_hours(6);
/// People in a household on average, in hundredths; see `antrean_crowd::people`.
const HOUSEHOLD_PERCENT: u64 = 188;
/// Places for so many in a hundred of the people who come.
const PLACES_PERCENT: u64 = 70;
/// Files that the operating system lets a process open leave so many for other things than connections.
const FILES_KEPT: usize = 128;

/// Arguments of `antrean rehearse`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean rehearse\n  \
    antrean rehearse --citizens 50000 --bots 5000 --report rehearsal.html\n  \
    antrean rehearse --mode first_come --places 500 --json -\n  antrean rehearse --quick\n\n\
    It starts a server of its own on a free port of this machine, with a temporary directory, and removes it at the end. A staging \
    server is started with `antrean serve --rehearsal --data NEW`, given a release with `antrean release plan`, and rehearsed \
    with --against URL. Ctrl-c ends it early with a partial report.\n\n\
    Exit codes: 0 every rule held and every goal was met, 1 some goal was missed or a rule was broken, 2 it cannot be run like this.")]
pub struct Rehearse {
    /// Accounts of citizens, each a household of one to five people [default: 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=300_000))]
    citizens: Option<u32>,
    /// Accounts of bots [default: a tenth of the citizens]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=20_000))]
    bots: Option<u32>,
    /// How places are given
    #[arg(long, value_name = "draw|first_come", default_value = "draw", conflicts_with = "against")]
    mode: Mode,
    /// Minutes over which people come; results and booking take a third of it [default: 200 accounts a second]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=240))]
    minutes: Option<u32>,
    /// Seconds instead of minutes
    #[arg(long, value_name = "N", hide = true, conflicts_with = "minutes")]
    seconds: Option<u32>,
    /// Accounts that come in a second, instead of --minutes
    #[arg(long, value_name = "N", conflicts_with_all = ["minutes", "seconds"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// Places, as near as offices and days come to it [default: seven for ten people]
    #[arg(long, value_name = "N", conflicts_with = "against", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    places: Option<u32>,
    /// Only these offices
    #[arg(long, value_name = "CODE,..", value_delimiter = ',', conflicts_with = "against")]
    offices: Vec<OfficeCode>,
    /// The population and its plans follow from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Connections open at once, shared by all as behind a proxy
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,
    /// Small and short, as a test: 300 citizens and 60 bots within half a minute
    #[arg(long, conflicts_with_all = ["citizens", "bots", "minutes", "seconds", "rate"])]
    quick: bool,
    /// A database for the server that is started, instead of a file in its temporary directory; it must be new
    #[arg(long, value_name = "URL", conflicts_with = "against")]
    database: Option<NewDatabase>,
    /// Rehearses a staging server that was started with --rehearsal, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    against: Option<HttpUrl>,
    /// The release on that server [default: its current one]
    #[arg(long, value_name = "ID", requires = "against")]
    release: Option<ReleaseId>,
    /// Says that the server at an address that is not of this machine is yours to put under load
    #[arg(long, requires = "against")]
    i_run_this_server: bool,
    /// Writes the report, one HTML file, here
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Writes everything as JSON, to a file or with - to standard output
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    #[command(flatten)]
    goals: GoalFlags,
}

/// What must be reached.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Goals")]
struct GoalFlags {
    /// p99 of entering and booking, in milliseconds [default: 150]
    #[arg(long, value_name = "MS")]
    goal_p99_ms: Option<f64>,
    /// p99 of all other requests, in milliseconds [default: 150]
    #[arg(long, value_name = "MS")]
    goal_others_p99_ms: Option<f64>,
    /// Answers to people that say to come back later, in hundredths [default: 1]
    #[arg(long, value_name = "PERCENT")]
    goal_later_percent: Option<f64>,
    /// People who stayed and came to no end, in hundredths [default: 0.1]
    #[arg(long, value_name = "PERCENT")]
    goal_lost_percent: Option<f64>,
    /// From the freeze until the result is public, in seconds [default: 20]
    #[arg(long, value_name = "SECONDS")]
    goal_draw_s: Option<f64>,
    /// The server's memory at its peak, in millions of bytes [default: 500]
    #[arg(long, value_name = "MB")]
    goal_memory_mb: Option<f64>,
    /// Does not ask that bots do no better than citizens
    #[arg(long)]
    no_goal_fair: bool,
}

impl GoalFlags {
    fn goals(&self) -> Goals {
        let by_default = Goals::default();
        Goals {
            p99_ms: self.goal_p99_ms.unwrap_or(by_default.p99_ms),
            others_p99_ms: self.goal_others_p99_ms.unwrap_or(by_default.others_p99_ms),
            later_percent: self.goal_later_percent.unwrap_or(by_default.later_percent),
            lost_percent: self.goal_lost_percent.unwrap_or(by_default.lost_percent),
            draw_s: self.goal_draw_s.unwrap_or(by_default.draw_s),
            memory_mb: self.goal_memory_mb.unwrap_or(by_default.memory_mb),
            fair: !self.no_goal_fair,
        }
    }
}

/// A server that is ready to be rehearsed.
struct Ready {
    url: String,
    address: SocketAddr,
    host: String,
    release: ReleaseDocument,
    own: Option<Server>,
}

#[derive(Debug, Deserialize)]
struct ReleasesDocument {
    current: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ReleaseDocument {
    id: String,
    mode: Mode,
    state: String,
    opens: Timestamp,
    closes: Timestamp,
}

impl Rehearse {
    /// Runs the command.
    pub async fn run(&self) -> Result<ExitCode, Stop> {
        let citizens = self.citizens.unwrap_or(if self.quick { 300 } else { 2_000 });
        let bots = self.bots.unwrap_or(if self.quick { 60 } else { citizens / 10 });
        if citizens + bots > ACCOUNTS_MAX {
            return Err(Stop::wrong(format!("--citizens: with the bots there are more than {ACCOUNTS_MAX} accounts")));
        }
        for (flag, path) in [("--report", &self.report), ("--json", &self.json)] {
            // Said now, not after a run of many minutes.
            let folder = path.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(Stop::wrong(format!("{flag}: there is no directory {}", folder.display())));
            }
        }
        let now = SystemClock.now();
        let makeup = Makeup { citizens, bots, seed: self.seed, today: HOME_ZONE.local(now).date() };
        let seconds = self.seconds.map(u64::from).or(self.minutes.map(|minutes| 60 * u64::from(minutes)));
        let coming = seconds.or(self.quick.then_some(12)).map(Duration::from_secs);
        let lengths = Lengths::of(citizens + bots, coming, self.rate);
        let mut ready = match &self.against {
            Some(url) => self.staging(url).await?,
            None => self.own(now, makeup, lengths).await?,
        };
        let result = self.rehearse(&ready, makeup, lengths).await;
        let mut outcome = match result {
            Ok(outcome) => outcome,
            // A server that ended by itself is the better explanation.
            Err(stop) => return Err(ready.own.as_mut().and_then(|own| own.stop().err()).unwrap_or(stop)),
        };
        if let Some(own) = &mut ready.own {
            self.audit_store(own, &mut outcome).await;
        }
        self.tell(&outcome)
    }

    /// Starts a server of our own on a release made for this.
    async fn own(&self, now: Timestamp, makeup: Makeup, lengths: Lengths) -> Result<Ready, Stop> {
        let accounts = makeup.citizens + makeup.bots;
        let by_default = u64::from(accounts) * HOUSEHOLD_PERCENT / 100 * PLACES_PERCENT / 100;
        let coming = SignedDuration::try_from(lengths.coming).unwrap_or_default();
        let begin = now + SignedDuration::from_secs(READY_S + i64::from(accounts) / MADE_PER_S);
        let end = begin + coming + PAUSE;
        let (opens, freeze) = match self.mode {
            Mode::Draw => (begin, end),
            Mode::FirstCome => (end, end + FIRST_COME_FREEZE),
        };
        let wish = plan::Wish {
            mode: self.mode,
            places: self.places.unwrap_or(by_default.max(1) as u32),
            offices: &self.offices,
            seed: self.seed,
            opens,
            freeze,
        };
        let plan = plan::plan(&Catalogue::builtin(), &wish)?;
        let database = self.database.clone();
        let starting = tokio::task::spawn_blocking(move || Server::start(&plan, database.as_ref()));
        let own = starting.await.map_err(|error| Stop::failed(error.to_string()))??;
        let mut ready = reach(&own.url, None).await?;
        ready.own = Some(own);
        Ok(ready)
    }

    /// Finds a server that was started for this.
    async fn staging(&self, url: &HttpUrl) -> Result<Ready, Stop> {
        reach_as(&url.0, self.release.as_ref(), self.i_run_this_server).await
    }

    async fn rehearse(&self, ready: &Ready, makeup: Makeup, lengths: Lengths) -> Result<Outcome, Stop> {
        let api = api(&ready.url)?;
        let market = Market::read(&api, &ready.release.id).await;
        let market = market.map_err(|trouble| Stop::failed(format!("the release cannot be read: {trouble}")))?;
        if market.offices.is_empty() {
            return Err(Stop::failed(format!("release {} has no places", ready.release.id)));
        }
        let now = SystemClock.now();
        let until = |instant: Timestamp| Duration::try_from(instant.duration_since(now)).unwrap_or_default();
        let machine: Option<Box<dyn Machine>> = ready.own.as_ref().map(|own| Box::new(Process(own.pid())) as _);
        let settings = Settings {
            address: ready.address,
            host: ready.host.clone(),
            mode: ready.release.mode,
            opens_in: until(ready.release.opens),
            closes_in: (ready.release.mode == Mode::Draw).then(|| until(ready.release.closes)),
            market,
            makeup,
            lengths,
            lines_max: (self.connections as usize).min(files_max().saturating_sub(FILES_KEPT).max(1)),
            goals: self.goals.goals(),
            alone: ready.own.is_some(),
            machine,
            audience: Box::new(Teller::default()),
        };
        let (stop, stopped) = watch::channel(false);
        let told = told_to_stop()?;
        let ending = tokio::spawn(async move {
            told.await;
            eprintln!("ending early; what was acknowledged so far is asked for again. Once more ends at once.");
            stop.send_replace(true);
            if let Ok(again) = told_to_stop() {
                again.await;
                std::process::exit(1);
            }
        });
        let outcome = run(settings, stopped).await.map_err(Stop::failed);
        ending.abort();
        outcome
    }

    /// Stops the server and audits what it left behind.
    async fn audit_store(&self, own: &mut Server, outcome: &mut Outcome) {
        let violations = match own.stop() {
            Err(stop) => vec![stop.to_string()],
            Ok(()) => self.violations(own).await.unwrap_or_else(|stop| vec![stop.to_string()]),
        };
        outcome.add_store(violations);
    }

    async fn violations(&self, own: &Server) -> Result<Vec<String>, Stop> {
        let mut config = Config::default();
        config.server.data = own.data();
        config.server.database = self.database.as_ref().map(|new| new.database.clone());
        let store = DataDir::of(&config).open_store()?;
        let found = store.read(audit::violations).await.map_err(|fault| Stop::failed(whole(&fault)));
        store.close().await;
        found
    }

    fn tell(&self, outcome: &Outcome) -> Result<ExitCode, Stop> {
        let written = |what: &str, path: &PathBuf, bytes: Vec<u8>| {
            let failed = |error| Stop::failed(format!("{what}: cannot write {}: {error}", path.display()));
            fs::write(path, bytes).map_err(failed)
        };
        match &self.json {
            Some(path) if path.as_os_str() == "-" => terminal::json(&outcome.object()),
            Some(path) => {
                let bytes = serde_json::to_vec_pretty(&outcome.object()).expect("an outcome is plain data");
                written("--json", path, bytes)?;
                outcome.lines().iter().for_each(terminal::line);
            }
            None => outcome.lines().iter().for_each(terminal::line),
        }
        if let Some(path) = &self.report {
            let at = HOME_ZONE.local(SystemClock.now()).strftime("%Y-%m-%d %H:%M WIB").to_string();
            written("--report", path, report::html(outcome, &at).into_bytes())?;
            eprintln!("\nreport: {}", path.display());
        }
        Ok(if outcome.verdict() == Verdict::Holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn api(url: &str) -> Result<Api, Stop> {
    let client =
        reqwest::Client::builder().timeout(Duration::from_secs(30)).redirect(reqwest::redirect::Policy::none());
    Ok(Api::new(client.build().map_err(|error| Stop::failed(whole(&error)))?, url))
}

async fn reach(url: &str, release: Option<&ReleaseId>) -> Result<Ready, Stop> {
    reach_as(url, release, false).await
}

/// Makes sure that a server may be put under load: it is on this machine or its operator says so, and it says itself that it
/// is in rehearsal, by an inbox that no other server has.
async fn reach_as(url: &str, release: Option<&ReleaseId>, confirmed: bool) -> Result<Ready, Stop> {
    let (address, host) = resolve(url).await?;
    if !is_of_this_machine(address.ip()) && !confirmed {
        return Err(Stop::wrong(format!(
            "--against: {host} is not this machine; if the server is yours to put under load, say so with --i-run-this-server"
        )));
    }
    let api = api(url)?;
    let inbox = api.ask::<Vec<serde::de::IgnoredAny>>(Call::get(&format!("/demo/messages?to={NOBODY}"))).await;
    inbox.map_err(|trouble| {
        Stop::wrong(format!(
            "--against: the server does not say that it is in rehearsal ({trouble}); start it with `antrean serve --rehearsal`"
        ))
    })?;
    let read = |trouble| Stop::failed(format!("the releases cannot be read: {trouble}"));
    let id = if let Some(id) = release {
        id.to_string()
    } else {
        let releases: ReleasesDocument = api.ask(Call::get("/api/v1/releases")).await.map_err(read)?;
        let none = || Stop::wrong("--against: there is no release; plan one with `antrean release plan`");
        releases.current.ok_or_else(none)?
    };
    let release: ReleaseDocument = api.ask(Call::get(&format!("/api/v1/releases/{id}"))).await.map_err(read)?;
    if !matches!(release.state.as_str(), "planned" | "open") {
        let line = format!("--release: {} is {}; plan another with `antrean release plan`", release.id, release.state);
        return Err(Stop::wrong(line));
    }
    Ok(Ready { url: url.to_owned(), address, host, release, own: None })
}

/// The address behind an URL, and what goes into `Host`.
async fn resolve(url: &str) -> Result<(SocketAddr, String), Stop> {
    let wrong = |why: &str| Stop::wrong(format!("--against: {url}: {why}"));
    let parsed = reqwest::Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
    if parsed.scheme() != "http" {
        return Err(wrong(
            "plain http only; rehearse the server itself, from a machine beside it, not through its proxy",
        ));
    }
    if parsed.path() != "/" || parsed.query().is_some() {
        return Err(wrong("only scheme, host and port"));
    }
    let (host, port) = (parsed.host_str().unwrap_or_default(), parsed.port_or_known_default().unwrap_or(80));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut found = tokio::net::lookup_host((bare, port)).await.map_err(|error| wrong(&error.to_string()))?;
    let address = found.next().ok_or_else(|| wrong("no such host"))?;
    Ok((address, format!("{host}:{port}")))
}

fn is_of_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// How many files this process may have open.
fn files_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}

/// Shows how far it is: a bar for a person, a line now and then for a file.
#[derive(Default)]
struct Teller(Mutex<Option<(String, Progress)>>);

impl Audience for Teller {
    fn look(&self, now: &Now<'_>) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (come, expected) = now.come;
        if shown.as_ref().is_none_or(|(phase, _)| phase != now.phase) {
            if let Some((phase, progress)) = shown.take() {
                progress.done(&format!("{phase}: over"));
            }
            *shown = Some((now.phase.to_owned(), Progress::new(expected, now.phase)));
        }
        if let Some((_, progress)) = shown.as_mut() {
            let memory = now.memory.map_or_else(String::new, |bytes| format!(", server {} MB", bytes / 1_000_000));
            progress.show(come, &format!("{} answers/s, {} entries{memory}", now.answers_per_s, now.entries));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_of_this_machine() {
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_of_this_machine(own.parse().unwrap()), "{own}");
        }
        for other in ["10.0.0.1", "192.168.1.1", "203.0.113.1", "::", "2001:db8::1"] {
            assert!(!is_of_this_machine(other.parse().unwrap()), "{other}");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_more_than_a_server_is_refused() {
        for wrong in ["https://127.0.0.1:1", "http://127.0.0.1:1/x", "http://127.0.0.1:1/?x=1", "ftp://127.0.0.1"] {
            assert!(resolve(wrong).await.is_err(), "{wrong}");
        }
        let (address, host) = resolve("http://127.0.0.1:81").await.unwrap();
        assert_eq!((address.port(), host.as_str()), (81, "127.0.0.1:81"));
        assert_eq!(resolve("http://[::1]:81").await.unwrap().0, "[::1]:81".parse().unwrap());
    }

    #[test]
    fn goals_that_are_not_named_are_those_of_the_design() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            rehearse: Rehearse,
        }
        let goals = |args: &[&str]| {
            let cli: Cli = clap::Parser::parse_from(["x"].iter().chain(args));
            cli.rehearse.goals.goals()
        };
        assert_eq!(goals(&[]), Goals::default());
        assert_eq!(goals(&["--goal-p99-ms", "7.5"]), Goals { p99_ms: 7.5, ..Goals::default() });
    }
}
