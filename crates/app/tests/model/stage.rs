//! Where a week is played: a tiny catalogue, a database with a few accounts that is copied for every week, and the
//! application on it, which can be closed and opened again, or cut off and opened as its files lie.
//!
//! The folders are made in memory (`/dev/shm`) where there is such a place: the store syncs every commit, and thousands of
//! weeks of it would measure the disk. The program `postgres_model` plays on PostgreSQL, each week in a copy of one database.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antrean_app::app::{App, Parts};
use antrean_app::caller::{Caller, SessionToken};
use antrean_app::clock::ManualClock;
use antrean_app::entropy::SeededEntropy;
use antrean_app::me::{AddFamily, Mine, StateSelf};
use antrean_app::policy::Policy;
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_app::sign_in::{EnterCode, RequestCode};
use antrean_domain::catalogue::{Catalogue, CatalogueFiles, PARTS};
use antrean_domain::keys::{Keyring, PersonKey};
use antrean_domain::kk::FamilyCard;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, Sex};
use antrean_domain::phone::Phone;
use antrean_store::{Store, StoreConfig, catalogue};
use jiff::Timestamp;
use jiff::civil::date;
use tempfile::TempDir;

use crate::reference::{Account, Member};

/// Offices of the tiny catalogue. The first three take part in releases.
pub const OFFICES: [&str; 5] = ["BTM", "SMD-KKR", "JAP", "BTM-HB", "SMD"];

/// Who is in whose account at the start, by number of the NIK. The same people are in several accounts, even as holders.
const FAMILIES: [&[u32]; 9] =
    [&[0, 1, 2], &[3, 1, 4], &[5], &[3, 6, 7], &[], &[8, 0], &[9, 10], &[11, 12, 13, 9], &[14]];

/// NIKs in play.
pub const NIKS: u32 = 15;

const TIMETABLES: &str = r#"
[hours.any]
tue = ["08:00-09:00"]
[[usual]]
kind = "office"
hours = "any"
public = 1
[[usual]]
kind = "ulp"
hours = "any"
public = 1
[[usual]]
kind = "ukk"
hours = "any"
public = 1
[[usual]]
kind = "mpp"
hours = "any"
public = 1
"#;

/// The national catalogue cut down to a few offices, so that opening the application takes no time.
fn tiny_catalogue() -> CatalogueFiles {
    let whole = CatalogueFiles::builtin();
    let lines = |text: &str, keep: &dyn Fn(&str) -> bool| {
        let mut kept: String = text.lines().take(1).collect();
        for line in text.lines().skip(1).filter(|line| keep(line)) {
            kept.push('\n');
            kept.push_str(line);
        }
        Cow::Owned(kept + "\n")
    };
    CatalogueFiles {
        regions_csv: lines(&whole.regions_csv, &|line| ["21", "64", "91"].iter().any(|code| line.starts_with(code))),
        former_csv: lines(&whole.former_csv, &|_| false),
        offices_csv: lines(&whole.offices_csv, &|line| {
            OFFICES.iter().any(|code| line.strip_prefix(code).is_some_and(|rest| rest.starts_with(',')))
        }),
        timetables_toml: Cow::Borrowed(TIMETABLES),
        ..whole
    }
}

/// A synthetic NIK (serial 0000).
pub fn nik(number: u32) -> Nik {
    Nik::parse(&format!("217101{:02}01900000", 1 + number)).expect("a NIK")
}

pub fn phone(account: usize) -> Phone {
    Phone::parse(&format!("08120000{account:04}")).expect("a phone number")
}

/// Copies the files of a store that may be in the middle of anything.
pub fn copy_as_it_lies(from: &Path, to: &Path) {
    // The log last: a page that the checkpointer copies meanwhile is in the log all the same.
    for name in ["antrean.db", "antrean.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a copy of the files");
        }
    }
}

/// A folder in memory, if there is such a place.
pub fn folder(prefix: &str) -> TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    let made = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
    made.expect("a temporary folder")
}

/// Whether this program plays on PostgreSQL: its sources are the same, its name is not.
const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres_model");

/// What a week is played on: files, or a database, and a folder for what is published.
struct Home {
    folder: TempDir,
    database: Option<antrean_cluster::Database>,
}

impl Home {
    /// A place where nothing is yet.
    fn fresh(prefix: &str) -> Self {
        // The whole program is about PostgreSQL: without one there is nothing to play on, and the cluster has said so.
        let database = ON_POSTGRES.then(|| antrean_cluster::database().unwrap_or_else(|| std::process::exit(0)));
        Self { folder: folder(prefix), database }
    }

    /// The same once more, which nobody is using.
    fn copy(&self, prefix: &str) -> Self {
        let folder = folder(prefix);
        let database = self.database.as_ref().map(antrean_cluster::Database::copy);
        if database.is_none() {
            copy_as_it_lies(self.folder.path(), folder.path());
        }
        Self { folder, database }
    }

    fn config(&self) -> StoreConfig {
        match &self.database {
            None => config(self.folder.path()),
            Some(database) => {
                let url = database.url().parse().expect("an address");
                StoreConfig { writers: 2, readers: 1, ..StoreConfig::url(url) }
            }
        }
    }
}

/// The database every week starts from, and who is in it.
pub struct Template {
    home: Home,
    pub catalogue: Catalogue,
    pub accounts: Vec<Account>,
    pub persons: Vec<PersonKey>,
}

impl Template {
    /// Puts a copy of the start into a folder.
    pub fn copy_to(&self, folder: &Path) {
        copy_as_it_lies(self.home.folder.path(), folder);
    }

    pub async fn new(start: Timestamp) -> Self {
        let home = Home::fresh("antrean-model-start-");
        let files = tiny_catalogue();
        let catalogue = Catalogue::parse(&files).expect("the tiny catalogue");
        let store = Store::open(&home.config()).expect("a store");
        store
            .write(move |tx| {
                for part in PARTS {
                    catalogue::put(tx, part, files.part(part).unwrap_or_default(), start)?;
                }
                Ok(())
            })
            .await
            .expect("the catalogue is kept");
        store.close().await;
        drop(store);
        let clock = Arc::new(ManualClock::new(start));
        let app = open(&home, &clock, 0).await;
        let mut accounts = Vec::new();
        for (index, niks) in FAMILIES.iter().enumerate() {
            accounts.push(settle(&app, index, niks).await);
        }
        let persons = (0..NIKS).map(|number| app.keys().person_key(&nik(number))).collect();
        app.store().close().await;
        Self { home, catalogue, accounts, persons }
    }
}

/// One account: signed in, the holder stated, the family added.
async fn settle(app: &App, index: usize, niks: &[u32]) -> Account {
    let (number, session) = sign_in(app, index).await;
    let mut account = Account { number: Some(number), session: Some(session), consent: false, people: Vec::new() };
    let caller = caller(session);
    for (position, number) in niks.iter().enumerate() {
        let mine: Mine = if position == 0 {
            app.perform(caller.clone(), None, stating(*number, true, true)).await.expect("stated")
        } else {
            app.perform(caller.clone(), None, adding(*number)).await.expect("added")
        };
        let added = &mine.people[position];
        account.consent = true;
        account.people.push(Member { id: added.id.0, position: added.position, nik: *number });
    }
    account
}

pub fn stating(number: u32, adult: bool, consent: bool) -> StateSelf {
    StateSelf {
        nik: nik(number),
        family_card: FamilyCard::parse("2171010101010000").expect("a family card"),
        name: FullName::parse("Uji Coba").expect("a name"),
        birth_date: if adult { date(1990, 1, 1) } else { date(2015, 5, 5) },
        sex: Some(Sex::Male),
        consent,
        married: false,
    }
}

pub fn adding(number: u32) -> AddFamily {
    let name = FullName::parse("Uji Keluarga").expect("a name");
    AddFamily { nik: nik(number), name, birth_date: date(2015, 5, 5), sex: None }
}

pub fn caller(session: [u8; 32]) -> Caller {
    Caller { session: Some(SessionToken(session)), ..Caller::default() }
}

/// Signs in with the right code; the number of the account and its session.
pub async fn sign_in(app: &App, account: usize) -> (i64, [u8; 32]) {
    let session = enter_code(app, account).await;
    (account_of(app, account).await.expect("an account"), session)
}

/// Signs in with the right code. The code follows from the challenge, so no message is opened.
pub async fn enter_code(app: &App, account: usize) -> [u8; 32] {
    let sent = app.perform(Caller::default(), None, RequestCode { phone: phone(account) }).await.expect("a code");
    let code = code_of(app, &sent.challenge);
    let entered = EnterCode { challenge: sent.challenge, code };
    let signed_in = app.perform(Caller::default(), None, entered).await.expect("signed in");
    SessionToken::from_text(&signed_in.session).expect("a token").0
}

pub fn code_of(app: &App, challenge: &str) -> String {
    let token = SessionToken::from_text(challenge).expect("64 digits").0;
    String::from_utf8(app.keys().otp_code(&token).to_vec()).expect("digits")
}

/// The number of the account that the phone signs in to now.
pub async fn account_of(app: &App, account: usize) -> Option<i64> {
    account_in(app.store(), app.keys(), account).await
}

/// The same, asked of a store.
pub async fn account_in(store: &Store, keys: &Keyring, account: usize) -> Option<i64> {
    let phone = keys.phone_key(&phone(account));
    let found = store.read(move |tx| antrean_store::accounts::by_phone(tx, &phone)).await;
    found.expect("the accounts can be read").map(|account| account.0)
}

/// Where the store of a folder is and what it may do; a test adds its mishaps.
pub fn config(folder: &Path) -> StoreConfig {
    StoreConfig { readers: 1, ..StoreConfig::at(folder.join("antrean.db")) }
}

async fn open(home: &Home, clock: &Arc<ManualClock>, seed: u64) -> App {
    let store = Store::open(&home.config()).expect("the store opens");
    let published = home.folder.path().join("published");
    start(store, clock, seed, published).await.expect("the application starts")
}

/// Starts an application without limits that anybody could reach.
pub async fn start(
    store: Store,
    clock: &Arc<ManualClock>,
    seed: u64,
    published: PathBuf,
) -> Result<App, antrean_app::app::StartError> {
    let policy = Policy {
        plan_weekly: false,
        codes_per_phone_hour: 1_000_000,
        codes_per_phone_day: 1_000_000,
        codes_per_network_hour: 1_000_000,
        codes_per_day: 1_000_000,
        checks_per_phone_day: 1_000_000,
        people_per_account_day: 1_000_000,
        entries_per_account_hour: 1_000_000,
        bookings_per_account_minute: 1_000_000,
        moves_per_account_day: 1_000_000,
        trifles_per_account_hour: 1_000_000,
        tell_standby: true,
        ..Policy::default()
    };
    App::start(Parts {
        store,
        master_key: [7; 32],
        policy,
        clock: Arc::clone(clock) as _,
        entropy: Arc::new(SeededEntropy::new(seed)),
        published,
    })
    .await
}

/// The application of one week.
pub struct Stage {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub release_clock: ReleaseClock,
    catalogue: Catalogue,
    home: Home,
    seed: u64,
}

impl Stage {
    /// `catalogue` has the hours of this week's offices.
    pub async fn new(template: &Template, catalogue: Catalogue, start: Timestamp, seed: u64) -> Self {
        let home = template.home.copy("antrean-model-");
        let clock = Arc::new(ManualClock::new(start));
        let (app, release_clock) = begin(&home, &clock, &catalogue, seed).await;
        Self { app, clock, release_clock, catalogue, home, seed }
    }

    /// Closes the store and opens it again.
    pub async fn restart(&mut self) {
        self.app.store().close().await;
        self.again().await;
    }

    /// Leaves everything as it lies and goes on with a copy of the files, as after the power was cut: nothing is closed, the
    /// write-ahead log is as long as it was. On PostgreSQL every connection is ended by the server.
    pub async fn cut_off(&mut self) {
        let old = self.app.clone();
        if let Some(database) = &self.home.database {
            database.cut_off();
            self.again().await;
            old.store().close().await;
            return;
        }
        let rest = self.home.copy("antrean-model-");
        let before = std::mem::replace(&mut self.home, rest);
        self.again().await;
        old.store().close().await;
        drop(before);
    }

    async fn again(&mut self) {
        // Randomness that was used is not used again.
        self.seed = self.seed.wrapping_add(1_000_003);
        (self.app, self.release_clock) = begin(&self.home, &self.clock, &self.catalogue, self.seed).await;
    }
}

async fn begin(home: &Home, clock: &Arc<ManualClock>, catalogue: &Catalogue, seed: u64) -> (App, ReleaseClock) {
    let app = open(home, clock, seed).await;
    app.set_catalogue(catalogue.clone());
    let release_clock = ReleaseClock::new(app.clone(), Arc::new(NoBeacon), "model");
    (app, release_clock)
}
