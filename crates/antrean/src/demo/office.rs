//! The day at one office of the demo: people come with the tickets that the draw gave them, made-up officers let them in and serve
//! them, and whoever tries the demo works beside them, under names and codes that are printed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use antrean_app::caller::{Actor, Caller, SessionToken, unhex};
use antrean_app::clock::Clock as _;
use antrean_app::day::{Act, CallNext, CheckIn, Does, OpenCounter, SetCounter, VisitView, expected};
use antrean_app::operation::Operation;
use antrean_app::staff::{
    AddStaff, Invited, OperatorInvites, StaffRefusal, Touch, begin, code_at, sign_in, totp_of_link,
};
use antrean_app::{App, Failure, Refusal};
use antrean_crowd::dice::Dice;
use antrean_domain::office::OfficeCode;
use antrean_domain::region::Zone;
use antrean_domain::release::ReleasePlan;
use antrean_domain::staff::{Login, Password, Role};
use antrean_domain::visit::{MissingPaper, Outcome, TakesOn, VisitState};
use antrean_web::demo::{DemoArrival, DemoOffice, DemoWorker};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::clock::DemoClock;
use crate::stop::{Stop, whole};

/// The password of everybody who works in the demo. It is printed and shown: nothing in the demo is a secret.
pub const PASSWORD: &str = "loket-nomor-tiga";
/// The counter that is left to whoever tries the demo, behind those of the made-up officers.
pub const FREE_COUNTER: u32 = 3;
/// A code of a phone is good for so long, seconds.
const CODE_S: i64 = 30;
/// People come from so long before their window to so long after its beginning, seconds.
const COMES_BEFORE_S: u64 = 20 * 60;
const COMES_AFTER_S: u64 = 10 * 60;
/// So many in a hundred do not come at all.
const STAYS_AWAY_PERCENT: u64 = 4;
/// So many in a hundred come without a paper.
const PAPERS_MISSING_PERCENT: u64 = 7;
/// Arrivals shown to whoever stands at the door.
const SHOWN_MAX: usize = 12;
/// An unattended session ends when idle; made-up officers are never idle so long.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Who works there: name to sign in with, name, role, and whether a made-up officer uses it.
const WORKERS: [(&str, &str, Role); 8] = [
    ("pintu", "Rina Contoh", Role::Officer),
    ("loket", "Budi Contoh", Role::Officer),
    ("kepala", "Sari Contoh", Role::Head),
    ("pusat", "Dewi Contoh", Role::Admin),
    ("pusat2", "Agus Contoh", Role::Admin),
    ("auditor", "Joko Contoh", Role::Auditor),
    ("robot1", "Petugas Demo 1", Role::Officer),
    ("robot2", "Petugas Demo 2", Role::Officer),
];
/// The last two are the made-up officers: the first of them also stands at the door.
const ROBOTS: usize = 2;

/// How fast the made-up ones are.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The clock goes on to so long before the first window.
    pub early: SignedDuration,
    /// How long a made-up officer at the door takes for one party, so that another can be first.
    pub door: SignedDuration,
    /// How long they leave somebody in the waiting room to whoever tries the demo before they call themselves.
    pub leave: SignedDuration,
    /// From the call to the counter.
    pub walk: SignedDuration,
    /// At the counter, at least and at most, seconds.
    pub serve_s: (u64, u64),
    /// How often they look.
    pub look_every: Duration,
}

impl Pace {
    /// As in an office, a little quicker.
    pub const CALM: Self = Self {
        early: SignedDuration::from_mins(10),
        door: SignedDuration::from_secs(25),
        leave: SignedDuration::from_secs(45),
        walk: SignedDuration::from_secs(8),
        serve_s: (50, 150),
        look_every: Duration::from_secs(1),
    };
    /// For a demo of some seconds.
    pub const QUICK: Self = Self {
        early: SignedDuration::ZERO,
        door: SignedDuration::ZERO,
        leave: SignedDuration::ZERO,
        walk: SignedDuration::ZERO,
        serve_s: (0, 1),
        look_every: Duration::from_millis(50),
    };
}

/// Somebody who works there.
struct Worker {
    login: Login,
    name: String,
    role: Role,
    secret: [u8; 20],
}

/// Somebody with a ticket who comes today.
struct Visitor {
    arrival: DemoArrival,
    comes: Timestamp,
}

/// What `/demo/pesan` shows of the office.
pub struct Desk {
    office: OfficeCode,
    clock: Arc<DemoClock>,
    workers: Vec<Worker>,
    door: Mutex<Vec<DemoArrival>>,
}

impl Desk {
    /// How far the demo's clock is ahead of the machine's.
    pub fn ahead_ms(&self) -> i64 {
        self.clock.ahead_ms()
    }

    /// The office as it is now.
    pub fn shown(&self) -> DemoOffice {
        let worker = |worker: &Worker| DemoWorker {
            login: worker.login.to_string(),
            name: worker.name.clone(),
            role: worker.role,
            code: code_at(&worker.secret, self.clock.of_phones()),
        };
        DemoOffice {
            office: self.office,
            password: PASSWORD,
            workers: self.workers[..self.workers.len() - ROBOTS].iter().map(worker).collect(),
            arrivals: self.door.lock().expect("nobody panics while holding the door").clone(),
        }
    }
}

/// The names to sign in with, and what each is, for the terminal.
pub fn workers() -> impl Iterator<Item = (&'static str, Role)> {
    WORKERS[..WORKERS.len() - ROBOTS].iter().map(|(login, _, role)| (*login, *role))
}

/// The day at the office.
pub struct OfficeDay {
    app: App,
    desk: Arc<Desk>,
    date: Date,
    zone: Zone,
    pace: Pace,
    dice: Dice,
    visitors: Vec<Visitor>,
    counters: Vec<(Caller, Option<Served>)>,
    touched: Timestamp,
    /// From then on the made-up officer at the door has time for the next party.
    door_next: Timestamp,
}

/// Who is before a made-up officer.
struct Served {
    visit: VisitView,
    next: Timestamp,
}

/// What has happened at the office so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Happened {
    /// Parties let in.
    pub arrived: u32,
    /// Whose visit is over.
    pub served: u32,
    /// Parties that wait to be called.
    pub waiting: u32,
    /// Those of them whom nobody has called for a while.
    left: u32,
}

/// Hires everybody who works at the office of a release, and gives them password and second factor.
pub async fn hire(
    app: &App,
    clock: &Arc<DemoClock>,
    plan: &ReleasePlan,
    preferred: OfficeCode,
) -> Result<Arc<Desk>, Stop> {
    let first = plan.offices.first().copied().unwrap_or(preferred);
    let office = if plan.offices.contains(&preferred) { preferred } else { first };
    let mut workers = Vec::with_capacity(WORKERS.len());
    for (login, name, role) in WORKERS {
        let login = Login::parse(login).expect("a sign-in name of ours");
        let offices = if role.is_everywhere() { Vec::new() } else { vec![office] };
        let add = AddStaff { login: login.clone(), name: name.to_owned(), role, offices };
        let Invited { token, .. } = app.perform_as(Actor::Operator, OperatorInvites { add }).await?;
        let secret = totp_of_link(app.keys(), &unhex(&token).ok_or_else(|| Stop::failed("a link of staff"))?);
        let password = Password::typed(PASSWORD).expect("a password of ours");
        begin(app, Caller::default(), &token, password, &code_at(&secret, app.now_of_phones())).await?;
        workers.push(Worker { login, name: name.to_owned(), role, secret });
    }
    Ok(Arc::new(Desk { office, clock: Arc::clone(clock), workers, door: Mutex::default() }))
}

impl OfficeDay {
    /// The clock goes on to the morning of the release's first day, and everybody takes their place.
    pub async fn begin(app: App, desk: Arc<Desk>, plan: &ReleasePlan, pace: Pace, seed: u64) -> Result<Self, Stop> {
        let catalogue = app.catalogue();
        let zone = catalogue.offices.get(&desk.office).map_or(Zone::Wib, |office| office.zone);
        let date = *plan.dates.first().ok_or_else(|| Stop::failed("the release has no day"))?;
        let midnight = zone.at(date.to_datetime(jiff::civil::Time::midnight()));
        desk.clock.go_on_to(midnight);
        let (office, robots) = (desk.office, &desk.workers[desk.workers.len() - ROBOTS..]);
        // Not the head: a code is good once, and whoever tries the demo as head should not have to wait for the next. For the same reason
        // everybody comes in once, the administrator before the morning and the made-up officers in it.
        let admin = desk.workers.iter().rfind(|worker| worker.role == Role::Admin);
        let admin = come_in(&app, admin.ok_or_else(|| Stop::failed("nobody may describe the office"))?).await?;
        set_counters(&app, &admin, office).await?;
        let all = app.ask(admin, move |tx, cx| expected(tx, cx, &office)).await?;
        let first = all.first().map_or(midnight + SignedDuration::from_hours(8), |party| party.from);
        desk.clock.go_on_to(first - pace.early);
        let mut counters = Vec::with_capacity(ROBOTS);
        for robot in robots {
            counters.push((come_in(&app, robot).await?, None));
        }
        let mut dice = Dice::new(seed, 7);
        let mut visitors: Vec<Visitor> = Vec::with_capacity(all.len());
        for party in all {
            let stays_away = dice.percent(STAYS_AWAY_PERCENT);
            let lag = dice.below(COMES_BEFORE_S + COMES_AFTER_S) as i64 - COMES_BEFORE_S as i64;
            if !stays_away {
                let arrival = DemoArrival { code: party.code.to_string(), people: party.people, window: party.window };
                visitors.push(Visitor { arrival, comes: party.from + SignedDuration::from_secs(lag) });
            }
        }
        visitors.sort_by_key(|visitor| visitor.comes);
        let touched = app.now();
        let door_next = touched + pace.door;
        let day = Self { app, desk, date, zone, pace, dice, visitors, counters, touched, door_next };
        day.sit_down().await?;
        Ok(day)
    }

    /// The made-up officers sit down at the first counters.
    async fn sit_down(&self) -> Result<(), Stop> {
        for (number, (caller, _)) in (1..).zip(&self.counters) {
            // Somebody who tried a demo here before may still sit there.
            self.done(caller, OpenCounter { office: self.desk.office, number, from: None }).await?;
        }
        Ok(())
    }

    /// The office.
    pub fn office(&self) -> OfficeCode {
        self.desk.office
    }

    /// The day.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time on the wall there.
    pub fn wall_clock(&self) -> String {
        self.zone.local(self.app.now()).strftime("%H.%M").to_string() + " " + self.zone.label()
    }

    /// How often there is something to do.
    pub fn look_every(&self) -> Duration {
        self.pace.look_every
    }

    /// What is to be done now, at the door and at the counters of the made-up officers.
    pub async fn look(&mut self) -> Result<(), Stop> {
        let now = self.app.now();
        if now.duration_since(self.touched) > TOUCH_EVERY {
            self.touched = now;
            for (caller, _) in &self.counters {
                self.done(caller, Touch {}).await?;
            }
        }
        self.door(now).await?;
        let mut left = self.happened().await?.left;
        for at in 0..self.counters.len() {
            // Whoever calls into an empty room is refused, and refusals are written down.
            if self.counters[at].1.is_some() || left > 0 {
                left = left.saturating_sub(1);
                self.counter(at, now).await?;
            }
        }
        Ok(())
    }

    async fn door(&mut self, now: Timestamp) -> Result<(), Stop> {
        let office = self.desk.office;
        let caller = self.counters[0].0.clone();
        while now >= self.door_next && self.visitors.first().is_some_and(|visitor| visitor.comes <= now) {
            self.door_next = now + self.pace.door;
            let shown = self.visitors.remove(0).arrival.code;
            // Whoever was let in by somebody else is in already, and the door says so.
            self.done(&caller, CheckIn { office, shown, people: None, seen: None }).await?;
        }
        let there = self.visitors.iter().take_while(|visitor| visitor.comes <= now).take(SHOWN_MAX);
        let there = there.map(|visitor| visitor.arrival.clone()).collect();
        *self.desk.door.lock().expect("nobody panics while holding the door") = there;
        Ok(())
    }

    async fn counter(&mut self, at: usize, now: Timestamp) -> Result<(), Stop> {
        let office = self.desk.office;
        let (caller, served) = (self.counters[at].0.clone(), self.counters[at].1.take());
        let Some(served) = served else {
            if let Some(visit) = self.done(&caller, CallNext { office, number: None }).await? {
                self.counters[at].1 = Some(Served { visit, next: now + self.pace.walk });
            }
            return Ok(());
        };
        if now < served.next {
            self.counters[at].1 = Some(served);
            return Ok(());
        }
        let begins = served.visit.state == VisitState::Called;
        let does = if begins {
            Does::Start
        } else if self.dice.percent(PAPERS_MISSING_PERCENT) {
            Does::Finish { outcome: Outcome::PapersMissing, missing: vec![MissingPaper::ALL[0]] }
        } else {
            Does::Finish { outcome: Outcome::Done, missing: Vec::new() }
        };
        let act = Act { office, visit: served.visit.id, version: served.visit.version, does };
        // Refused: somebody else took the visit on meanwhile, and this counter calls the next.
        let after = self.done(&caller, act).await?;
        if let Some(visit) = after.filter(|_| begins) {
            let (least, most) = self.pace.serve_s;
            let takes = SignedDuration::from_secs((least + self.dice.below(most - least + 1)) as i64);
            self.counters[at].1 = Some(Served { visit, next: now + takes });
        }
        Ok(())
    }

    /// Does something as a made-up officer; `None` where it is refused for what others have done meanwhile.
    async fn done<O: Operation>(&self, caller: &Caller, operation: O) -> Result<Option<O::Outcome>, Stop> {
        match self.app.perform(caller.clone(), None, operation).await {
            Ok(outcome) => Ok(Some(outcome)),
            Err(Failure::Refused(_) | Failure::Busy) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// What has happened so far.
    pub async fn happened(&self) -> Result<Happened, Stop> {
        let (office, date, late) = (self.desk.office, self.date, self.app.now() - self.pace.leave);
        let all = self.app.store().read(move |tx| antrean_store::visits::on_day(tx, &office, date)).await;
        let mut happened = Happened::default();
        for visit in all.map_err(|fault| Stop::failed(whole(&fault)))? {
            happened.arrived += u32::from(visit.state != VisitState::Undone);
            happened.served += u32::from(visit.state == VisitState::Done);
            happened.waiting += u32::from(visit.state == VisitState::Waiting);
            happened.left += u32::from(visit.state == VisitState::Waiting && visit.changed <= late);
        }
        Ok(happened)
    }
}

/// Three counters with names.
async fn set_counters(app: &App, admin: &Caller, office: OfficeCode) -> Result<(), Stop> {
    for number in 1..=FREE_COUNTER {
        let name = format!("Loket {number}");
        let set = SetCounter { office, number, name, takes_on: TakesOn::everything(), version: None };
        match app.perform(admin.clone(), None, set).await {
            // A directory that had a demo before has them already.
            Ok(()) | Err(Failure::Refused(Refusal::Staff(StaffRefusal::ChangedMeanwhile))) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// Signs somebody in, with the password and the code of the moment. A code is good once: where it was used, the next is waited for.
async fn come_in(app: &App, worker: &Worker) -> Result<Caller, Stop> {
    loop {
        // Their phones are half a minute fast, which is allowed: the code of this moment may be the one that they began with.
        let fast = app.now_of_phones() + SignedDuration::from_secs(30);
        let (login, code) = (worker.login.clone(), code_at(&worker.secret, fast));
        let password = Password::typed(PASSWORD).expect("a password of ours");
        match sign_in(app, Caller::default(), login, password, &code).await {
            Ok(signed_in) => {
                let staff = SessionToken::from_text(&signed_in.session);
                return Ok(Caller { staff, ..Caller::default() });
            }
            Err(Failure::Refused(Refusal::Staff(StaffRefusal::SignInWrong))) => {
                // Tries are counted: the next one comes with the next code.
                let until = CODE_S - app.now_of_phones().as_second().rem_euclid(CODE_S);
                tokio::time::sleep(Duration::from_secs(until.unsigned_abs())).await;
            }
            Err(other) => return Err(other.into()),
        }
    }
}
