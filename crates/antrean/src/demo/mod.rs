//! `antrean demo`: everything in one process. Real offices, a release that opens at once, a made-up crowd that enters live over HTTP, a
//! draw within two minutes, and its own proof checked at the end; then the day at an office, to be tried by whoever watches. Nothing in
//! it is a secret, and nobody in it exists.

mod clock;
mod office;

use std::collections::HashSet;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use antrean_app::App;
use antrean_app::caller::{Actor, HOME_ZONE};
use antrean_app::clock::Clock;
use antrean_app::overview::ReleaseView;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_app::release_clock::NoBeacon;
use antrean_channels::inbox::Inbox;
use antrean_crowd::citizen::DemoInbox;
use antrean_crowd::crowd::Results;
use antrean_crowd::people::HOUSEHOLDS_MAX;
use antrean_crowd::{Crowd, Settings};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::beacon::Label;
use antrean_domain::draw::verify::Report;
use antrean_domain::office::OfficeCode;
use antrean_domain::phone::Phone;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleaseId, ReleasePlan};
use antrean_store::releases::ReleaseState;
use antrean_web::WebSettings;
use antrean_web::demo::{DemoMessage, DemoOffice};
use antrean_web::door::DoorLimits;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tokio::sync::watch;

use self::clock::DemoClock;
use self::office::{Desk, FREE_COUNTER, Happened, OfficeDay, PASSWORD, Pace, workers};
use crate::config::{Config, LogForm};
use crate::data::{DataDir, MadeUpBy, made_up_by};
use crate::release::{Bundled, bundle_url, count, fetch};
use crate::serve::{Parts, Site, bind, told_to_stop};
use crate::stop::{Stop, whole};
use crate::terminal::{self, Progress};

/// Offices of the demo, in the order in which they are taken until there is nearly enough for the crowd: Batam and its units,
/// Makassar, Jayapura, Surabaya, Jakarta Selatan. Three zones, large and small.
const OFFICES: [&str; 14] = [
    "BTM-HB",
    "BTM-MPP",
    "MKS-GWA",
    "JAP",
    "BTM",
    "SBY-BGJ",
    "SBY",
    "MKS",
    "JAKSEL",
    "JAKSEL-PS",
    "JAKSEL-KT",
    "SBY-MSP",
    "TNJ",
    "JAKPUS",
];
/// Whoever serves on a day makes it a working day.
const OPEN_WITH: &str = "BTM";
/// The office whose day can be tried, if the release has it.
const OFFICE_DAY: &str = "BTM";
/// So much later than the freeze the clock goes on to that day: a wave has gone out by then.
const DAY_AFTER: Duration = Duration::from_secs(150);
/// How often the terminal says how the day goes.
const DAY_TOLD_EVERY: Duration = Duration::from_mins(1);
/// With `--once` the day ends when so many have been served.
const SERVED_ONCE: u32 = 3;
/// Nobody waits longer than this for them.
const DAY_WITHIN: Duration = Duration::from_mins(5);
/// Places for so many in a hundred of the crowd; as main offices are wanted more than units, some go empty and some wait.
const PLACES_PERCENT: u32 = 85;
/// A demo is one day of service, or a week of it for a large crowd.
const DATES_MAX: usize = 5;
/// Days ahead in which a day of service is looked for.
const DAYS_AHEAD: i64 = 60;
/// Waves go out this often after the draw, and so many of them.
const WAVE_EVERY: SignedDuration = SignedDuration::from_mins(2);
const WAVES: i32 = 30;
/// Everybody has arrived when so much of the time to the freeze is over.
const ARRIVE_WITHIN: f64 = 0.85;
/// Requests of the crowd on their way at once.
const AT_ONCE: usize = 48;
/// Households that one run may use up; the next run on the same directory takes others.
const HOUSEHOLDS: u32 = 25_000;
/// After the draw every so-manieth gives the place back, so that a wave has something to give.
const CANCELS: usize = 20;
const CANCEL_WITHIN: Duration = Duration::from_mins(1);
/// How often progress is shown and the release looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So long after the opening the last of the crowd join the line.
const JOIN_LATE: Duration = Duration::from_secs(2);
/// A line that is not worked off by then has gone wrong.
const TURNS_WITHIN: Duration = Duration::from_mins(10);
/// The draw is waited for so long after the freeze.
const DRAW_WITHIN: Duration = Duration::from_mins(10);
/// In the demo nothing is limited: the whole crowd comes from one address.
const NO_LIMIT: u32 = 10_000_000;

/// Arguments of `antrean demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean demo\n  antrean demo --people 10000 --minutes 5\n  \
    antrean demo --mode first_come --listen 127.0.0.1:9000\n  antrean demo --day\n  antrean demo --once --json\n\n\
    Everybody in the demo is made up; one-time codes are read at /demo/pesan. Ends with ctrl-c.")]
pub struct Demo {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keeps everything in this directory instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How places are given
    #[arg(long, value_name = "draw|first_come", default_value = "draw")]
    mode: Mode,
    /// People in the crowd, families included
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=40_000))]
    people: u32,
    /// Minutes until the draw, or until the release opens where places go first come
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: u32,
    /// Seconds instead of minutes
    #[arg(long, value_name = "N", hide = true, conflicts_with = "minutes")]
    seconds: Option<u32>,
    /// Everything that is chance about the crowd follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Goes on to the day at the office as soon as places are given, instead of a few minutes later
    #[arg(long)]
    day: bool,
    /// Ends after the summary instead of serving on; with --day, after the first few were served at the office
    #[arg(long)]
    once: bool,
    /// Prints the summary as JSON
    #[arg(long)]
    json: bool,
}

/// The channels' inbox as the demo's pages read it, and the office that can be tried.
pub struct Messages {
    inbox: Arc<Inbox>,
    desk: Arc<OnceLock<Arc<Desk>>>,
}

impl Messages {
    /// An inbox alone.
    pub fn of(inbox: Arc<Inbox>) -> Self {
        Self { inbox, desk: Arc::default() }
    }
}

impl antrean_web::demo::DemoInbox for Messages {
    fn newest(&self, to: Option<&Phone>, limit: usize) -> Vec<DemoMessage> {
        let found = match to {
            None => self.inbox.newest(limit),
            Some(phone) => self.inbox.of(phone, limit),
        };
        let shown = found.iter().map(|message| DemoMessage {
            at: message.at,
            to: message.to.e164().to_owned(),
            kind: message.kind.to_owned(),
            text: message.text.clone(),
            code: message.code.clone(),
        });
        shown.collect()
    }

    fn office(&self) -> Option<DemoOffice> {
        self.desk.get().map(|desk| desk.shown())
    }

    fn ahead_ms(&self) -> i64 {
        self.desk.get().map_or(0, |desk| desk.ahead_ms())
    }
}

/// A demo that runs.
struct Stage<'a> {
    demo: &'a Demo,
    app: App,
    desk: Arc<Desk>,
    url: String,
    plan: ReleasePlan,
    /// How many demos this directory has seen before.
    runs: u32,
}

impl Demo {
    /// Runs the command.
    pub async fn run(&self, started: Instant) -> Result<(), Stop> {
        terminal::start_log(Some(LogForm::Text), "warn");
        let listener = bind("--listen", self.listen)?;
        // Held until the end, when it is removed with everything in it.
        let temporary = match &self.data {
            Some(_) => None,
            None => {
                Some(tempfile::tempdir().map_err(|error| Stop::failed(format!("no temporary directory: {error}")))?)
            }
        };
        let mut config = Config { policy: policy(), ..Config::default() };
        let kept = self.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
        config.server.data = kept.unwrap_or_default();
        let data = DataDir::of(&config);
        let _lock = data.lock()?;
        let clock = Arc::new(DemoClock::default());
        let was_there = data.database().exists();
        let app = data.open_by(config.policy.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await?;
        if was_there && made_up_by(app.store()).await?.as_deref() != Some("demo") {
            app.store().close().await;
            return Err(Stop::wrong("--data: that directory was not made by a demo; name a new one"));
        }
        MadeUpBy::Demo.mark(app.store()).await?;
        self.serve(app, clock, listener, started).await
    }

    async fn serve(
        &self,
        app: App,
        clock: Arc<DemoClock>,
        listener: TcpListener,
        started: Instant,
    ) -> Result<(), Stop> {
        let told = told_to_stop()?;
        let address = listener.local_addr().map_err(|error| Stop::failed(whole(&error)))?;
        let url = format!("http://{address}");
        let inbox = Arc::new(Inbox::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let messages = Messages::of(Arc::clone(&inbox));
        let desk = Arc::clone(&messages.desk);
        let site = Site::start(Parts {
            app: app.clone(),
            listener,
            metrics: None,
            web: WebSettings {
                base_url: Some(url.clone()),
                secure_cookies: false,
                demo: Some(Arc::new(messages)),
                sign_ins_per_network_hour: None,
                ..WebSettings::default()
            },
            door: DoorLimits::default(),
            channel: inbox,
            beacons: Arc::new(NoBeacon),
        })?;
        eprintln!("listening on {url}, started in {} ms", started.elapsed().as_millis());
        let (end, mut ended) = watch::channel(false);
        let mut running = tokio::spawn(site.run(async move {
            tokio::select! {
                () = told => {}
                _ = ended.wait_for(|set| *set) => {}
            }
        }));
        let played = tokio::select! {
            played = self.play(app, clock, url, &desk) => played,
            stopped = &mut running => return stopped.unwrap_or_else(|error| Err(Stop::failed(error.to_string()))),
        };
        if played.is_ok() && !self.once {
            return running.await.unwrap_or_else(|error| Err(Stop::failed(error.to_string())));
        }
        end.send_replace(true);
        let stopped = running.await.unwrap_or_else(|error| Err(Stop::failed(error.to_string())));
        played.and(stopped)
    }

    async fn play(&self, app: App, clock: Arc<DemoClock>, url: String, desk: &OnceLock<Arc<Desk>>) -> Result<(), Stop> {
        let mut stage = Stage::set(self, app, &clock, url, desk).await?;
        let mut told = match self.mode {
            Mode::Draw => stage.draw().await?,
            Mode::FirstCome => stage.rush().await?,
        };
        // Without `--once` the day has no end, and nobody wants to wait for the summary until then.
        if self.once && self.day {
            let day = stage.day().await?;
            told = told.map(|mut told| {
                told["day"] = day;
                told
            });
        }
        if let Some(told) = told {
            terminal::json(&told);
        }
        if self.once { Ok(()) } else { stage.day().await.map(drop) }
    }

    fn pace(&self) -> Pace {
        if self.once { Pace::QUICK } else { Pace::CALM }
    }

    fn wait(&self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds.map_or(60 * i64::from(self.minutes), i64::from))
    }
}

impl<'a> Stage<'a> {
    /// Plans the release and says what there is to see.
    async fn set(
        demo: &'a Demo,
        app: App,
        clock: &Arc<DemoClock>,
        url: String,
        shown: &OnceLock<Arc<Desk>>,
    ) -> Result<Self, Stop> {
        let overview = app.overview();
        let runs = overview.releases.iter().filter(|release| release.id.as_str().starts_with("DEMO-")).count() as u32;
        let taken: HashSet<Date> = overview.releases.iter().flat_map(|release| release.plan.dates.clone()).collect();
        let id = ReleaseId::parse(&format!("DEMO-{}", runs + 1)).expect("capitals and digits");
        let plan = plan(&app.catalogue(), app.now(), demo, id, &taken)?;
        let (windows, places) = count(&plan, &app.catalogue());
        app.perform_as(Actor::Operator, Plan { plan: plan.clone() }).await?;
        app.refresh_overview().await?;
        let desk = office::hire(&app, clock, &plan, code(OFFICE_DAY)).await?;
        shown.get_or_init(|| Arc::clone(&desk));
        let stage = Self { demo, app, desk, url, plan, runs };
        stage.welcome(windows, places);
        Ok(stage)
    }

    fn welcome(&self, windows: u32, places: u32) {
        let Self { url, plan, .. } = self;
        let first = plan.dates.first().map(ToString::to_string).unwrap_or_default();
        let wait = self.demo.wait().as_secs();
        let what = match plan.mode {
            Mode::Draw => format!("takes entries now and is drawn in {}", minutes(wait)),
            Mode::FirstCome => format!("opens in {}, first come; the waiting room is open", minutes(wait)),
        };
        self.say(&format!(
            "\n  Antrean, the demo. Nobody in it exists.\n\n  \
            release  {id}: {places} places in {windows} windows of {offices} offices from {first}; {what}\n  \
            crowd    {people} made-up people, arriving over HTTP\n\n  \
            1. open  {url}\n  \
            2. sign in with any number such as 0812-0000-0001; read the code at {url}/demo/pesan\n  \
            3. say who you are: any 16 digits are a NIK, such as 2171014505900000 for a woman born on 5 May 1990\n  \
            4. {enter} at {url}/antrean/{id}, then look at {url}/saya\n\n  \
            office   {office}: its day can be tried once places are given; the addresses are printed here then\n           \
            sign in  {url}/petugas/masuk as {staff}\n           \
            password {PASSWORD}\n           \
            code     of each name: {url}/demo/pesan\n",
            office = self.desk.shown().office,
            staff = workers().map(|(login, role)| format!("{login} ({role})")).collect::<Vec<_>>().join(", "),
            id = plan.id,
            offices = plan.offices.len(),
            people = self.demo.people,
            enter = if plan.mode == Mode::Draw { "enter" } else { "book" },
        ));
    }

    /// Says where to look: on standard output, unless that is for programs.
    fn say(&self, text: &str) {
        if self.demo.json {
            eprintln!("{text}");
        } else {
            terminal::line(text);
        }
    }

    async fn gather(&self) -> Result<Crowd, Stop> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build();
        let settings = Settings {
            client: client.map_err(|error| Stop::failed(whole(&error)))?,
            base: self.url.clone(),
            release: self.plan.id.to_string(),
            people: self.demo.people,
            seed: self.demo.seed.wrapping_add(u64::from(self.runs)),
            first: self.runs % (HOUSEHOLDS_MAX / HOUSEHOLDS) * HOUSEHOLDS,
            today: HOME_ZONE.local(self.app.now()).date(),
            at_once: AT_ONCE,
            codes: Arc::new(DemoInbox),
        };
        Crowd::gather(settings).await.map_err(|trouble| Stop::failed(format!("the crowd cannot gather: {trouble}")))
    }

    fn view(&self) -> Result<Arc<ReleaseView>, Stop> {
        let gone = || Stop::failed(format!("release {} is gone", self.plan.id));
        self.app.overview().release(&self.plan.id).cloned().ok_or_else(gone)
    }

    /// The arc of a draw: the crowd enters, the list is frozen, the draw is made, its proof checked, and waves go out.
    async fn draw(&mut self) -> Result<Option<Value>, Stop> {
        let mut crowd = self.gather().await?;
        let (counters, citizens) = (crowd.counters(), crowd.len() as u64);
        let mut progress = Progress::new(citizens, "entries");
        // The clock opens the release within half a second; who came before would be sent away.
        while self.view()?.state == ReleaseState::Planned {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let within = self.until(self.plan.freeze).mul_f64(ARRIVE_WITHIN);
        watched(crowd.enter(within), || {
            let done = counters.done.load(Ordering::Relaxed);
            progress.show(
                u64::from(done),
                &format!("{} to the freeze", minutes(self.until(self.plan.freeze).as_secs() as i64)),
            );
        })
        .await;
        let release = self.drawn(&mut progress, citizens).await?;
        progress.done(&format!("{}: frozen, drawn; every result is written", release.id));
        crowd.look().await;
        let page = format!("{}/undian/{}", self.url, release.id);
        let (report, bundle) = self.proof(&page).await?;
        let told = self.tell(&Summary {
            report: &report,
            results: &crowd.results(),
            left: release.left,
            page: &page,
            bundle: &bundle,
        });
        if !self.demo.once && !self.demo.day {
            eprintln!(
                "\nNow some of the crowd give their places back; the next wave passes them on. Ctrl-c ends the demo."
            );
            let day = Instant::now() + DAY_AFTER;
            crowd.cancel(CANCELS, CANCEL_WITHIN).await;
            self.waves(day).await?;
        }
        Ok(told)
    }

    /// Waits until the draw is complete.
    async fn drawn(&self, progress: &mut Progress, citizens: u64) -> Result<Arc<ReleaseView>, Stop> {
        let give_up = self.until(self.plan.freeze) + DRAW_WITHIN;
        let started = Instant::now();
        loop {
            let release = self.view()?;
            if release.state == ReleaseState::Drawn {
                return Ok(release);
            }
            if started.elapsed() > give_up {
                return Err(Stop::failed(format!("release {} is still {}", release.id, release.state.as_str())));
            }
            let left = self.until(self.plan.freeze).as_secs() as i64;
            let says =
                if left > 0 { format!("{} to the freeze", minutes(left)) } else { release.state.as_str().to_owned() };
            progress.show(citizens, &says);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes the bundle as anybody would, and checks it.
    async fn proof(&self, page: &str) -> Result<(Box<Report>, String), Stop> {
        let failed = |why: String| Stop::failed(format!("the draw's own proof: {why}"));
        let url = bundle_url(page).map_err(failed)?;
        match Bundled::check(&fetch(&url).await.map_err(failed)?) {
            Bundled::Holds(report) => Ok((report, url.to_string())),
            Bundled::Broken { step, why } => Err(failed(format!("broken at {step}: {why}"))),
        }
    }

    /// Says it on the terminal, or gives it as JSON.
    fn tell(&self, summary: &Summary<'_>) -> Option<Value> {
        let Summary { report, results, left, page, bundle } = summary;
        let Report { release, entries, people, places, given, standby, .. } = report;
        let verify = format!("{} release verify {page}", own_name());
        if self.demo.json {
            return Some(json!({
                "release": release, "mode": "draw", "entries": entries, "people": people, "places": places, "given": given,
                "left": left, "standby": standby, "median_choice": results.median_choice(), "crowd": results, "page": page,
                "bundle": bundle, "verify": verify, "verified": true,
            }));
        }
        let middle = results.median_choice().map_or_else(|| "-".to_owned(), |rank| rank.to_string());
        let ranks = results.by_choice.iter().zip(1..).filter(|(count, _)| **count > 0);
        let ranks: Vec<String> = ranks.map(|(count, rank)| format!("{rank}: {count}")).collect();
        terminal::line(format_args!(
            "\n  entries     {entries} with {people} people\n  \
            places      {places}; {given} given, {left} left over, open to all until the day before\n  \
            standby     {standby} entries, in drawn order\n  \
            choice      half of those with a place got choice {middle} or better ({ranks})\n  \
            draw        {page}\n  \
            proof       recomputed from its bundle over HTTP: it holds. Check it yourself:\n              {verify}",
            ranks = ranks.join(", ")
        ));
        tell_failed(results);
        None
    }

    /// Says of every wave what it gave, until the day at the office begins.
    async fn waves(&self, until: Instant) -> Result<(), Stop> {
        let mut told = 0;
        while Instant::now() < until {
            let release = self.view()?;
            for wave in release.waves.iter().skip(told) {
                let at = HOME_ZONE.local(wave.at).time();
                eprintln!("wave at {at} WIB: {} got a place; {} still on standby", wave.placed, release.standby());
            }
            told = release.waves.len();
            if release.next_wave.is_none() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The day at the office: until somebody ends the demo, or with `--once` until the first few were served.
    async fn day(&self) -> Result<Value, Stop> {
        let (app, desk, pace) = (self.app.clone(), Arc::clone(&self.desk), self.demo.pace());
        let mut day = OfficeDay::begin(app, desk, &self.plan, pace, self.demo.seed).await?;
        let (office, date) = (day.office(), day.date());
        self.say(&ways_in(&self.url, office, &format!("{date}, {}", day.wall_clock())));
        let (begun, mut told) = (Instant::now(), Instant::now());
        loop {
            day.look().await?;
            let happened = day.happened().await?;
            if self.demo.once && (happened.served >= SERVED_ONCE || begun.elapsed() > DAY_WITHIN) {
                return Ok(json!({
                    "office": office, "date": date, "arrived": happened.arrived, "served": happened.served,
                }));
            }
            if told.elapsed() > DAY_TOLD_EVERY {
                told = Instant::now();
                let Happened { arrived, served, waiting, .. } = happened;
                eprintln!("{}: {arrived} parties came, {waiting} wait, {served} were served", day.wall_clock());
            }
            tokio::time::sleep(day.look_every()).await;
        }
    }

    /// The rush of a first-come release: all are ready and in line, it opens, all book in turn.
    async fn rush(&mut self) -> Result<Option<Value>, Stop> {
        let mut crowd = self.gather().await?;
        let opens = self.plan.opening.earliest();
        let (counters, citizens) = (crowd.counters(), crowd.len() as u64);
        let mut progress = Progress::new(citizens, "signed in");
        let says = || format!("{} to the opening", minutes(self.until(opens).as_secs() as i64));
        watched(crowd.prepare(self.until(opens).mul_f64(ARRIVE_WITHIN)), || {
            progress.show(u64::from(counters.done.load(Ordering::Relaxed)), &says());
        })
        .await;
        // The last of them come after the opening, and stand behind.
        let mut progress = Progress::new(citizens, "in line");
        watched(crowd.join(self.until(opens) + JOIN_LATE), || {
            progress.show(u64::from(counters.done.load(Ordering::Relaxed)), &says());
        })
        .await;
        while self.view()?.state == ReleaseState::Planned {
            progress.show(citizens, &says());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        progress.done(&format!("{}: open", self.plan.id));
        let mut progress = Progress::new(citizens, "let in");
        let took = crowd
            .book_in_turn(TURNS_WITHIN, |waiting| {
                progress.show(citizens.saturating_sub(waiting), &format!("{waiting} wait for their turn"));
            })
            .await
            .map_err(|trouble| Stop::failed(format!("the line cannot be read: {trouble}")))?;
        progress.done("everybody has an answer");
        self.app.refresh_overview().await?;
        self.tell_rush(&crowd.results(), took)
    }

    fn tell_rush(&self, results: &Results, took: Duration) -> Result<Option<Value>, Stop> {
        let release = self.view()?;
        let given = release.places - release.left;
        let seconds = took.as_secs_f64();
        if self.demo.json {
            return Ok(Some(json!({
                "release": release.id, "mode": "first_come", "asked": results.citizens, "given": results.placed, "full": results.full,
                "places": release.places, "places_given": given, "left": release.left, "seconds": seconds, "crowd": results,
            })));
        }
        terminal::line(format_args!(
            "\n  asked       {} parties with {} people\n  \
                given       {} parties have a place at once\n  \
                full        {} found every window full that they tried\n  \
                places      {given} of {} taken, {} left\n  \
                time        {seconds:.1} s from the first booking to the last answer",
            results.citizens, results.people, results.placed, results.full, release.places, release.left
        ));
        tell_failed(results);
        Ok(None)
    }

    fn until(&self, instant: Timestamp) -> Duration {
        instant.duration_since(self.app.now()).try_into().unwrap_or_default()
    }
}

/// Where to try the day at an office, for somebody who has read nothing else.
fn ways_in(url: &str, office: OfficeCode, now: &str) -> String {
    format!(
        "\n  The day at the office {office} has begun. The demo's clock has gone on to {now}: people come with their tickets.\n\n  \
        display  {url}/layar/{office}\n           \
        nobody signs in; numbers appear as they are called\n  \
        codes    {url}/demo/pesan\n           \
        keep this open: six digits for each name, new every 30 seconds and good once; and the tickets of who stands at the door\n  \
        door     {url}/petugas/{office}/pintu\n           \
        sign in as pintu, password {PASSWORD}, and a code; then type a ticket\n  \
        counter  {url}/petugas/{office}/loket\n           \
        sign in as loket, password {PASSWORD}, and a code; open counter {FREE_COUNTER}, then F2 calls\n           \
        made-up officers sit at the other counters\n  \
        head     {url}/petugas/{office}\n           \
        sign in as kepala, password {PASSWORD}, and a code: approvals, quotas, closures, numbers\n\n  \
        A browser holds one session of staff: open the second in a private window. Ends with ctrl-c.\n"
    )
}

fn tell_failed(results: &Results) {
    for (why, count) in &results.failed {
        terminal::line(format_args!("  gave up     {count}: {why}"));
    }
}

/// What there is to tell of a draw.
struct Summary<'a> {
    report: &'a Report,
    results: &'a Results,
    left: u32,
    page: &'a str,
    bundle: &'a str,
}

/// Does something and calls `look` now and then while it lasts.
async fn watched(work: impl Future<Output = ()>, mut look: impl FnMut()) {
    tokio::pin!(work);
    loop {
        tokio::select! {
            () = &mut work => return,
            () = tokio::time::sleep(LOOK_EVERY) => look(),
        }
    }
}

fn minutes(seconds: i64) -> String {
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

/// A server for one crowd from one address.
fn policy() -> Policy {
    Policy {
        codes_per_phone_hour: NO_LIMIT,
        codes_per_phone_day: NO_LIMIT,
        codes_per_network_hour: NO_LIMIT,
        codes_per_day: NO_LIMIT,
        checks_per_phone_day: NO_LIMIT,
        people_per_account_day: NO_LIMIT,
        entries_per_account_hour: NO_LIMIT,
        bookings_per_account_minute: NO_LIMIT,
        moves_per_account_day: NO_LIMIT,
        tell_standby: true,
        plan_weekly: false,
        ..Policy::default()
    }
}

/// The demo's release: the next days of service that no other release has, at as many offices as the crowd nearly fills.
fn plan(
    catalogue: &Catalogue,
    now: Timestamp,
    demo: &Demo,
    id: ReleaseId,
    taken: &HashSet<Date>,
) -> Result<ReleasePlan, Stop> {
    let then = now + demo.wait();
    let (opening, freeze) = match demo.mode {
        Mode::Draw => (now, then),
        Mode::FirstCome => (then, then + SignedDuration::from_hours(1)),
    };
    let mut plan = ReleasePlan {
        id,
        mode: demo.mode,
        opening: Opening::At(opening),
        freeze,
        dates: Vec::new(),
        offices: Vec::new(),
        beacon: BeaconPlan::Local { label: Label::parse("demo").expect("printable ASCII") },
        choices_max: 20,
        party_max: 5,
        wave_times: wave_times(then),
        waiting_room: true,
    };
    let today = HOME_ZONE.local(then).date();
    let free = (2..DAYS_AHEAD).map(|days| today.saturating_add(days.days())).filter(|date| !taken.contains(date));
    for date in free {
        plan.dates.push(date);
        plan.offices = vec![code(OPEN_WITH)];
        if count(&ReleasePlan { dates: vec![date], ..plan.clone() }, catalogue).1 == 0 {
            plan.dates.pop();
            continue;
        }
        if take_offices(&mut plan, catalogue, demo.people * PLACES_PERCENT / 100) || plan.dates.len() == DATES_MAX {
            return Ok(plan);
        }
    }
    Err(Stop::failed("no free day of service is left; start with an empty directory"))
}

/// Takes offices until there are about as many places as wanted; `false` if there are not so many. An office that would give
/// far too many is passed over, except as the first.
fn take_offices(plan: &mut ReleasePlan, catalogue: &Catalogue, wanted: u32) -> bool {
    plan.offices.clear();
    for office in OFFICES {
        plan.offices.push(code(office));
        let places = count(plan, catalogue).1;
        if places > wanted + wanted / 10 && plan.offices.len() > 1 {
            plan.offices.pop();
        } else if places >= wanted {
            return true;
        }
    }
    // What is missing is less than the smallest office that was passed over.
    count(plan, catalogue).1 * 4 >= wanted * 3
}

fn code(text: &str) -> OfficeCode {
    OfficeCode::parse(text).expect("a code of ours")
}

/// Soon after the draw and often, so that a freed place can be seen to go to standby; besides, as in real life.
fn wave_times(draw: Timestamp) -> Vec<Time> {
    let minute = |instant: Timestamp| {
        let local = HOME_ZONE.local(instant).time();
        Time::new(local.hour(), local.minute(), 0, 0).expect("a time without its seconds")
    };
    let mut times: Vec<Time> = (1..=WAVES).map(|number| minute(draw + WAVE_EVERY * number)).collect();
    times.extend([Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)]);
    times.sort_unstable();
    times.dedup();
    times
}

/// The program as it was called, so that what is printed can be typed.
fn own_name() -> String {
    std::env::args().next().unwrap_or_else(|| "antrean".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        demo: Demo,
    }

    fn demo(args: &[&str]) -> Demo {
        Cli::parse_from(std::iter::once("demo").chain(args.iter().copied())).demo
    }

    fn planned(demo: &Demo, now: &str, taken: &[Date]) -> ReleasePlan {
        let catalogue = Catalogue::builtin();
        let taken = taken.iter().copied().collect();
        let id = ReleaseId::parse("DEMO-1").unwrap();
        let plan = plan(&catalogue, now.parse().unwrap(), demo, id, &taken).unwrap();
        plan.validate(&catalogue).unwrap();
        plan
    }

    #[test]
    fn the_release_is_good_at_any_hour_of_the_week() {
        let demo = demo(&[]);
        let start: Timestamp = "2026-11-20T00:30:00Z".parse().unwrap();
        for hours in (0..7 * 24).step_by(5) {
            let now = start + SignedDuration::from_hours(hours);
            let plan = planned(&demo, &now.to_string(), &[]);
            assert_eq!(plan.dates.len(), 1, "{now}");
            let places = count(&plan, &Catalogue::builtin()).1;
            assert!((1_900..=2_850).contains(&places), "{now}: {places} places");
        }
    }

    #[test]
    fn a_small_crowd_has_small_offices_and_a_large_one_more_days() {
        let now = "2026-11-21T21:00:00Z";
        let catalogue = Catalogue::builtin();
        let places = |people: &str| count(&planned(&demo(&["--people", people]), now, &[]), &catalogue).1;
        assert!((20..=90).contains(&places("40")), "{}", places("40"));
        assert!((125..=190).contains(&places("200")), "{}", places("200"));
        assert_eq!(planned(&demo(&["--people", "40000"]), now, &[]).dates.len(), DATES_MAX);
    }

    #[test]
    fn whoever_has_read_nothing_else_finds_display_door_counter_and_codes() {
        let says = ways_in("http://127.0.0.1:8080", code("BTM"), "2026-12-01, 07.50 WIB");
        for needed in ["/layar/BTM\n", "/demo/pesan\n", "/petugas/BTM/pintu\n", "/petugas/BTM/loket\n", PASSWORD] {
            assert!(says.contains(needed), "{needed} in {says}");
        }
        for (login, _) in workers().take(3) {
            assert!(says.contains(&format!("sign in as {login},")), "{login} in {says}");
        }
    }

    #[test]
    fn a_second_demo_takes_other_days_than_the_first() {
        let demo = demo(&["--mode", "first_come"]);
        let first = planned(&demo, "2026-11-21T21:00:00Z", &[]);
        let second = planned(&demo, "2026-11-21T21:00:00Z", &first.dates);
        assert!(first.dates.iter().all(|date| !second.dates.contains(date)));
    }

    #[test]
    fn waves_ascend_even_over_midnight() {
        let times = wave_times("2026-11-21T16:50:00Z".parse().unwrap());
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(times.len(), WAVES as usize + 2);
    }
}
