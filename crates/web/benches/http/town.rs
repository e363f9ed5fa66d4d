//! The server that is measured, and the people who are signed in to it.
//!
//! People are put into the store as signing in and stating their data would leave them; everything that is measured is the real thing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use antrean_app::app::{App, Parts};
use antrean_app::caller::{Actor, SessionToken};
use antrean_app::clock::ManualClock;
use antrean_app::entropy::SystemEntropy;
use antrean_app::policy::Policy;
use antrean_app::release::Plan;
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_cluster::Cluster;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, Sex};
use antrean_domain::person::Person;
use antrean_domain::phone::Phone;
use antrean_domain::release::{BeaconKind, Mode, ReleasePlan};
use antrean_store::ids::{AccountId, ApplicantId};
use antrean_store::{Store, StoreConfig, accounts, applicants, audit, sessions};
use antrean_web::{WebSettings, WebState, router};
use jiff::civil::date;
use jiff::{SignedDuration, ToSpan as _};

/// People put into the store in one transaction.
const CHUNK: usize = 200;

/// What a small server of PostgreSQL's own would be given; everything about durability stays as it comes.
const BIG_ENOUGH: &str = "-c shared_buffers=512MB -c max_wal_size=4GB -c checkpoint_timeout=15min";

/// `DATABASE=postgres` measures that engine, on a cluster of its own; the embedded store otherwise.
fn is_on_postgres() -> bool {
    std::env::var("DATABASE").is_ok_and(|database| database == "postgres")
}

/// A server on a free port of this machine.
pub struct Town {
    /// The application behind it.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    mode: Mode,
    plan: ReleasePlan,
    runtime: tokio::runtime::Runtime,
    _cluster: Option<Cluster>,
    _folder: tempfile::TempDir,
}

impl Town {
    /// A server with the national catalogue and a week's release that is open.
    pub fn open(mode: Mode) -> Self {
        let folder = match std::env::var_os("BENCH_DIR") {
            Some(there) => tempfile::tempdir_in(PathBuf::from(there)),
            None => tempfile::tempdir(),
        }
        .expect("a folder");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("server")
            .enable_all()
            .build()
            .expect("a runtime");
        let catalogue = Catalogue::builtin();
        let mut plan = ReleasePlan::weekly(date(2026, 11, 27), &catalogue, BeaconKind::Local).expect("a week");
        plan.mode = mode;
        let opens = plan.opening.earliest().checked_add(6.hours()).expect("an instant");
        let clock = Arc::new(ManualClock::new(opens));
        let cluster = is_on_postgres().then(|| Cluster::own(BIG_ENOUGH).expect("PostgreSQL's binaries"));
        let config = match &cluster {
            None => StoreConfig::at(folder.path().join("antrean.db")),
            Some(cluster) => StoreConfig::url(cluster.url("postgres").parse().expect("a URL")),
        };
        let (app, address) = runtime.block_on(async {
            let store = Store::open(&config).expect("a store");
            let app = App::start(Parts {
                store,
                master_key: [7; 32],
                policy: Policy { plan_weekly: false, ..Policy::default() },
                clock: Arc::clone(&clock) as _,
                entropy: Arc::new(SystemEntropy),
                published: folder.path().join("published"),
            })
            .await
            .expect("an application");
            clock.set(plan.opening.earliest().checked_sub(1.hour()).expect("an instant"));
            let planned = app.perform_as(Actor::Operator, Plan { plan: plan.clone() }).await.expect("a plan");
            crate::say(&format!("{} slots, {} places", planned.slots, planned.places));
            clock.set(opens);
            let mut release_clock = ReleaseClock::new(app.clone(), Arc::new(NoBeacon), "bench");
            release_clock.tick().await.expect("the release opens");
            let looking = app.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    if looking.refresh_overview().await.is_err() {
                        return;
                    }
                }
            });
            let settings = WebSettings { sign_ins_per_network_hour: None, ..WebSettings::default() };
            let service =
                router(WebState::new(app.clone(), settings)).into_make_service_with_connect_info::<SocketAddr>();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, service).await });
            (app, address)
        });
        Self { app, address, mode, plan, runtime, _cluster: cluster, _folder: folder }
    }

    /// One request for each of `count` new people: a booking, or an entry with four choices.
    pub fn requests(&self, count: usize) -> Vec<Vec<u8>> {
        let slots: Vec<(i64, u32, String)> = self.app.overview().releases[0]
            .slots
            .iter()
            .map(|slot| (slot.id.0, slot.left, slot.key.office.to_string()))
            .collect();
        let mut offices: Vec<&str> = slots.iter().map(|(_, _, office)| office.as_str()).collect();
        offices.dedup();
        let places: Vec<i64> =
            slots.iter().flat_map(|(id, left, _)| std::iter::repeat_n(*id, *left as usize)).collect();
        assert!(self.mode == Mode::Draw || places.len() >= count, "{} places only", places.len());
        let mut requests = Vec::with_capacity(count);
        for first in (0..count).step_by(CHUNK) {
            for (offset, (applicant, session)) in self.settle(first, CHUNK.min(count - first)).into_iter().enumerate() {
                let number = first + offset;
                // A stride that shares no factor with the count: neighbours in time want different offices.
                let (path, body) = match self.mode {
                    Mode::FirstCome => (
                        "/api/v1/appointments".to_owned(),
                        format!(
                            r#"{{"slot":{},"for":"people","people":[{}],"service":"replacement","passport":"electronic"}}"#,
                            places[number * 7_919 % places.len()],
                            applicant.0
                        ),
                    ),
                    Mode::Draw => {
                        let office = |turn: usize| offices[(number * 7_919 + turn) % offices.len()];
                        let choices =
                            (0..4).map(|turn| format!(r#""{}/*/*""#, office(turn))).collect::<Vec<_>>().join(",");
                        (
                            format!("/api/v1/releases/{}/entry", self.plan.id),
                            format!(
                                r#"{{"people":[{}],"service":"replacement","passport":"electronic","choices":[{choices}]}}"#,
                                applicant.0
                            ),
                        )
                    }
                };
                requests.push(
                    format!(
                        "POST {path} HTTP/1.1\r\nhost: antrean.test\r\nauthorization: Bearer {}\r\n\
                         idempotency-key: 6f1e0000-0000-4000-8000-{number:012}\r\ncontent-type: application/json\r\n\
                         content-length: {}\r\n\r\n{body}",
                        session.to_text(),
                        body.len()
                    )
                    .into_bytes(),
                );
            }
        }
        requests
    }

    /// The request of somebody who looks how the release stands.
    pub fn poll(&self) -> Vec<u8> {
        format!("GET /api/v1/releases/{} HTTP/1.1\r\nhost: antrean.test\r\naccept-encoding: gzip\r\n\r\n", self.plan.id)
            .into_bytes()
    }

    fn settle(&self, first: usize, count: usize) -> Vec<(ApplicantId, SessionToken)> {
        let app = self.app.clone();
        self.app
            .store()
            .write_blocking(move |tx| {
                let (keys, now) = (app.keys(), app.now());
                let mut settled = Vec::with_capacity(count);
                for number in first..first + count {
                    let person = person(number);
                    let phone = Phone::parse(&format!("0812{number:08}")).expect("a number");
                    let account = accounts::insert(tx, &keys.phone_key(&phone), &[0; 96], "id", now)?;
                    let plain = serde_json::to_vec(&person).expect("plain data");
                    let sealed = keys.seal("person", &plain, antrean_app::entropy::bytes(app.entropy()));
                    applicants::put_holder(tx, account, &keys.person_key(&person.nik), &sealed, now)?;
                    settled.push((account, session(number)));
                    let expires = now + SignedDuration::from_hours(24);
                    sessions::replace(tx, account, &keys.session_hash(&session(number).0), now, expires)?;
                }
                let applicant = |account: AccountId| {
                    let all = applicants::list(tx, account)?;
                    Ok(all.first().expect("the holder").id)
                };
                settled.into_iter().map(|(account, session)| Ok((applicant(account)?, session))).collect()
            })
            .expect("people")
    }

    /// Processor time of the server's threads so far.
    pub fn cpu() -> Duration {
        crate::threads().into_iter().filter(|(name, _)| name == "server").map(|(_, time)| time).sum()
    }

    /// Stops the server, and looks at every rule.
    pub fn close(self) {
        let violations = self.app.store().read_blocking(audit::violations).expect("an audit");
        assert!(violations.is_empty(), "{violations:?}");
        self.app.store().close_blocking();
        self.runtime.shutdown_background();
    }
}

/// A person of whom there is only one, and who is not anybody.
fn person(number: usize) -> Person {
    let birth = date(1950, 1, 1) + (i32::try_from(number % 18_000).expect("a small number")).days();
    let nik = Nik::synthetic("3273", &format!("{:02}", number / 18_000 + 1), birth, Sex::Female);
    let name = FullName::parse("Siti Contoh Rahmawati").expect("a name");
    Person { nik, name, birth_date: birth, sex: Some(Sex::Female) }
}

fn session(number: usize) -> SessionToken {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    SessionToken(bytes)
}
