//! A small town for tests: one application on a temporary store, a clock moved by hand, people who sign in and act.
#![allow(dead_code, reason = "each test uses a part of the town")]

use std::sync::Arc;

use antrean_app::app::{App, Parts};
use antrean_app::caller::{Actor, Caller, SessionToken, unhex};
use antrean_app::clock::ManualClock;
use antrean_app::entropy::SeededEntropy;
use antrean_app::entry::{Enter, EntryView};
use antrean_app::me::{AddFamily, Mine, StateSelf, mine};
use antrean_app::message::Message;
use antrean_app::outbox;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_app::release_clock::{NoBeacon, ReleaseClock, Step};
use antrean_app::sign_in::{EnterCode, RequestCode};
use antrean_app::staff::{self, AddStaff, OperatorInvites};
use antrean_app::{Failure, Refusal};
use antrean_domain::kk::FamilyCard;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, Sex};
use antrean_domain::phone::Phone;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleaseId, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::staff::{Login, Password, Role};
use antrean_store::ids::{ApplicantId, SlotId};
use antrean_store::{Store, StoreConfig, archive, audit};
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp};

/// The Friday on which the town's release opens.
pub const FRIDAY: Date = date(2026, 11, 27);

pub struct Town {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub folder: Place,
    seed: u64,
}

/// An instant on the clocks of the west.
pub fn wib(day: Date, hour: i8, minute: i8) -> Timestamp {
    Zone::Wib.at(day.to_datetime(time(hour, minute, 0, 0)))
}

/// Limits that no test reaches by chance.
pub fn generous() -> Policy {
    Policy {
        plan_weekly: false,
        codes_per_phone_hour: 1_000_000,
        codes_per_phone_day: 1_000_000,
        checks_per_phone_day: 1_000_000,
        people_per_account_day: 1_000_000,
        entries_per_account_hour: 1_000_000,
        bookings_per_account_minute: 1_000_000,
        moves_per_account_day: 1_000_000,
        tell_standby: true,
        ..Policy::default()
    }
}

/// Whether this program tests on PostgreSQL: its sources are the same, its name is not.
pub const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres");

/// Where a town keeps what it knows: a folder for its files, and a database on PostgreSQL.
pub struct Place {
    folder: tempfile::TempDir,
    database: Option<antrean_cluster::Database>,
}

impl Place {
    fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The whole program is about PostgreSQL: without one all of its tests are left out, and the cluster has said so.
        let database = ON_POSTGRES.then(|| antrean_cluster::database().unwrap_or_else(|| std::process::exit(0)));
        Self { folder, database }
    }

    /// The settings of a store that is there.
    pub fn config(&self) -> StoreConfig {
        match &self.database {
            None => StoreConfig::at(self.folder.path().join("antrean.db")),
            Some(database) => {
                StoreConfig { writers: 8, readers: 2, ..StoreConfig::url(database.url().parse().unwrap()) }
            }
        }
    }
}

async fn open(folder: &Place, clock: &Arc<ManualClock>, seed: u64, policy: Policy) -> App {
    let store = Store::open(&folder.config()).unwrap();
    App::start(Parts {
        store,
        master_key: [7; 32],
        policy,
        clock: Arc::clone(clock) as _,
        entropy: Arc::new(SeededEntropy::new(seed)),
        published: folder.folder.path().join("published"),
    })
    .await
    .unwrap()
}

impl Town {
    /// Somebody of the staff who has come in, at these offices.
    pub async fn on_duty(&self, name: &str, role: Role, offices: &[&str]) -> Caller {
        let offices = offices.iter().map(|code| code.parse().unwrap()).collect();
        let add = AddStaff { login: Login::parse(name).unwrap(), name: format!("Nama {name}"), role, offices };
        let invited = self.app.perform_as(Actor::Operator, OperatorInvites { add }).await.unwrap();
        let secret = staff::totp_of_link(self.app.keys(), &unhex(&invited.token).unwrap());
        let (code, password) =
            (staff::code_at(&secret, self.app.now()), Password::typed("kuda hijau minum teh").unwrap());
        let begun = staff::begin(&self.app, Caller::default(), &invited.token, password, &code).await.unwrap();
        Caller { staff: SessionToken::from_text(&begun.session), ..Caller::default() }
    }

    pub async fn new(seed: u64) -> Self {
        Self::with_policy(seed, generous()).await
    }

    /// A town with limits of its own.
    pub async fn with_policy(seed: u64, policy: Policy) -> Self {
        let folder = Place::fresh();
        let clock = Arc::new(ManualClock::new(wib(FRIDAY, 9, 0)));
        Self { app: open(&folder, &clock, seed, policy).await, clock, folder, seed }
    }

    /// Another application on the same store, with a clock of its own.
    pub async fn with_clock(&self, clock: Arc<dyn antrean_app::clock::Clock>) -> App {
        App::start(Parts {
            store: self.app.store().clone(),
            master_key: [7; 32],
            policy: generous(),
            clock,
            entropy: Arc::new(SeededEntropy::new(self.seed + 1)),
            published: self.folder.folder.path().join("published"),
        })
        .await
        .unwrap()
    }

    /// Stops the application and starts it again on the same files.
    pub async fn restart(&mut self) {
        self.restart_with(generous()).await;
    }

    /// The same, with limits of its own.
    pub async fn restart_with(&mut self, policy: Policy) {
        self.app.store().close().await;
        self.seed += 1_000_003;
        self.app = open(&self.folder, &self.clock, self.seed, policy).await;
    }

    /// Another town, filled from an archive of this one: other files, the same keys, an instant of its own.
    pub async fn moved(&self) -> Self {
        let archived = self.app.store().read(|tx| {
            let at = Timestamp::UNIX_EPOCH;
            Ok(archive::write(tx, at, "antrean", Vec::new(), &mut |_, _| {}).unwrap().1)
        });
        let file = archived.await.unwrap();
        let folder = Place::fresh();
        let store = Store::open(&folder.config()).unwrap();
        store
            .write(move |tx| Ok(archive::restore(tx, &mut std::io::Cursor::new(&file), &mut |_, _| {}).unwrap()))
            .await
            .unwrap();
        store.close().await;
        let clock = Arc::new(ManualClock::new(self.app.now()));
        let seed = self.seed + 7;
        Self { app: open(&folder, &clock, seed, generous()).await, clock, folder, seed }
    }

    /// A plan for the named offices: opens on Friday at 14.00, Monday and Tuesday of the next week.
    pub fn plan(mode: Mode, offices: &[&str]) -> ReleasePlan {
        ReleasePlan {
            id: "2026-W49".parse().unwrap(),
            mode,
            opening: Opening::Local(FRIDAY.to_datetime(time(14, 0, 0, 0))),
            freeze: wib(date(2026, 11, 29), 16, 0),
            dates: vec![date(2026, 12, 1), date(2026, 12, 2)],
            offices: offices.iter().map(|code| code.parse().unwrap()).collect(),
            beacon: BeaconPlan::Local { label: antrean_domain::draw::beacon::Label::parse("a-test").unwrap() },
            choices_max: 20,
            party_max: 5,
            wave_times: vec![time(9, 0, 0, 0), time(17, 0, 0, 0)],
            waiting_room: true,
        }
    }

    /// Plans a release and opens it.
    pub async fn open_release(&self, mode: Mode, offices: &[&str]) -> ReleaseId {
        let plan = Self::plan(mode, offices);
        let id = plan.id.clone();
        self.app.perform_as(antrean_app::caller::Actor::Operator, Plan { plan }).await.unwrap();
        self.clock.set(wib(FRIDAY, 14, 0));
        self.tick().await;
        id
    }

    /// Lets the clock do what is due.
    pub async fn tick(&self) -> Vec<Step> {
        ReleaseClock::new(self.app.clone(), Arc::new(NoBeacon), "test").tick().await.unwrap()
    }

    /// Moves the clock and lets it do what is due.
    pub async fn at(&self, instant: Timestamp) -> Vec<Step> {
        self.clock.set(instant);
        self.tick().await
    }

    /// Freezes and draws.
    pub async fn draw(&self) -> Vec<Step> {
        self.at(wib(date(2026, 11, 29), 16, 0)).await
    }

    /// The messages that are due, oldest first, marked as sent.
    pub async fn messages(&self) -> Vec<(Phone, Message)> {
        let mut all = Vec::new();
        loop {
            let opened = outbox::claim(&self.app).await.unwrap();
            if opened.is_empty() {
                return all;
            }
            outbox::settle(&self.app, opened.iter().map(|letter| letter.id).collect(), Vec::new()).await.unwrap();
            all.extend(opened.into_iter().map(|letter| (letter.phone, letter.message)));
        }
    }

    /// Somebody with a phone and a session, who has not said who they are.
    pub async fn somebody(&self, number: u32) -> Person {
        let phone = Phone::parse(&format!("0812{number:08}")).unwrap();
        let sent = self.app.perform(Caller::default(), None, RequestCode { phone: phone.clone() }).await.unwrap();
        let code = self
            .messages()
            .await
            .into_iter()
            .find_map(|(to, message)| match message {
                Message::Code { code, .. } if to == phone => Some(code),
                _ => None,
            })
            .unwrap();
        let signed_in =
            self.app.perform(Caller::default(), None, EnterCode { challenge: sent.challenge, code }).await.unwrap();
        let session = SessionToken::from_text(&signed_in.session).unwrap();
        Person { app: self.app.clone(), caller: Caller { session: Some(session), ..Caller::default() }, people: vec![] }
    }

    /// An adult who has said who they are; `number` makes phone and NIK.
    pub async fn applicant(&self, number: u32) -> Person {
        let mut person = self.somebody(number).await;
        person.state_self(nik_of(number)).await.unwrap();
        person
    }

    /// The same, with so many more people on the family card.
    pub async fn family(&self, number: u32, others: u32) -> Person {
        let mut person = self.applicant(number).await;
        for other in 0..others {
            person.add_family(nik_of(1_000_000 + number * 10 + other)).await.unwrap();
        }
        person
    }

    /// Every rule that the store can check about itself.
    pub async fn check_rules(&self) {
        let violations = self.app.store().read(audit::violations).await.unwrap();
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// A synthetic NIK (serial 0000), different for every number below 10 million.
pub fn nik_of(number: u32) -> Nik {
    let day = 1 + number % 28;
    let month = 1 + number / 28 % 12;
    let year = 60 + number / (28 * 12) % 40;
    let rest = number / (28 * 12 * 40);
    Nik::parse(&format!("2171{:02}{day:02}{month:02}{year:02}0000", 1 + rest)).unwrap()
}

pub struct Person {
    pub app: App,
    pub caller: Caller,
    pub people: Vec<ApplicantId>,
}

impl Person {
    pub async fn state_self(&mut self, nik: Nik) -> Result<Mine, Failure> {
        let mine = self
            .app
            .perform(
                self.caller.clone(),
                None,
                StateSelf {
                    nik,
                    family_card: FamilyCard::parse("2171010101010000").unwrap(),
                    name: FullName::parse("Uji Coba").unwrap(),
                    birth_date: date(1990, 1, 1),
                    sex: Some(Sex::Male),
                    consent: true,
                    married: false,
                },
            )
            .await?;
        self.people = mine.people.iter().map(|person| person.id).collect();
        Ok(mine)
    }

    pub async fn add_family(&mut self, nik: Nik) -> Result<Mine, Failure> {
        let name = FullName::parse("Uji Keluarga").unwrap();
        let add = AddFamily { nik, name, birth_date: date(2015, 5, 5), sex: None };
        let mine = self.app.perform(self.caller.clone(), None, add).await?;
        self.people = mine.people.iter().map(|person| person.id).collect();
        Ok(mine)
    }

    pub async fn mine(&self) -> Mine {
        self.app.ask(self.caller.clone(), mine).await.unwrap()
    }

    pub fn entering(&self, release: &ReleaseId, choices: &[&str]) -> Enter {
        Enter {
            release: release.clone(),
            people: self.people.clone(),
            service: ServiceCode::New,
            passport: PassportKind::Electronic,
            choices: choices.iter().map(|choice| choice.parse().unwrap()).collect(),
        }
    }

    pub async fn enter(&self, release: &ReleaseId, choices: &[&str]) -> Result<EntryView, Failure> {
        self.app.perform(self.caller.clone(), None, self.entering(release, choices)).await
    }

    pub async fn book(&self, slot: SlotId) -> Result<antrean_app::ticket::TicketView, Failure> {
        self.app.perform(self.caller.clone(), None, self.booking(slot)).await
    }

    pub fn booking(&self, slot: SlotId) -> antrean_app::booking::Book {
        antrean_app::booking::Book {
            slot,
            who: antrean_app::booking::BookFor::People {
                people: self.people.clone(),
                service: ServiceCode::New,
                passport: PassportKind::Electronic,
            },
        }
    }

    pub async fn perform<O: antrean_app::Operation>(&self, operation: O) -> Result<O::Outcome, Failure> {
        self.app.perform(self.caller.clone(), None, operation).await
    }
}

/// The refusal in a result that must be one.
pub fn refusal<T>(result: Result<T, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// So many seconds.
pub fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}
