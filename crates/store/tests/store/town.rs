//! A small town to book in: one office, a release, people who do not exist.

use antrean_domain::draw::entry::EntryId;
use antrean_domain::keys::{PersonKey, PhoneKey};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{Pool, SlotKey, WindowStart};
use antrean_store::appointments::Source;
use antrean_store::events::Event;
use antrean_store::ids::{AccountId, PartyId, SlotId};
use antrean_store::parties::{Inserted, PartyPerson};
use antrean_store::releases::{NewRelease, ReleaseState};
use antrean_store::slots::NewSlot;
use antrean_store::{Fault, Store, StoreConfig, Tx};
use antrean_store::{accounts, appointments, entries, events, parties, releases, slots};
use jiff::Timestamp;
use jiff::civil::{Date, date};

/// The day everybody wants.
pub const DAY: Date = date(2026, 12, 1);

/// An instant of the story, in seconds after its start.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("an instant of this century")
}

pub fn office() -> OfficeCode {
    OfficeCode::parse("BTM").expect("an office code")
}

pub fn release() -> ReleaseId {
    ReleaseId::parse("2026-W49").expect("a release")
}

/// 16 bytes that only this number has.
pub fn key(number: u32) -> [u8; 16] {
    let mut key = [0x5a; 16];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key
}

pub fn person(number: u32) -> PersonKey {
    PersonKey(key(number))
}

pub fn party_of(numbers: &[u32]) -> Vec<PartyPerson> {
    let member = |(position, number): (usize, &u32)| PartyPerson {
        position: position as u32,
        person: person(*number),
        sealed: b"sealed".to_vec(),
    };
    numbers.iter().enumerate().map(member).collect()
}

/// Whether this program tests on PostgreSQL: its sources are the same, its name is not.
pub const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres");

/// A store in a place of its own, which goes when the town goes.
pub struct Town {
    pub store: Store,
    config: StoreConfig,
    pub place: Place,
}

/// Where a town's store is.
pub enum Place {
    Directory(tempfile::TempDir),
    Database(antrean_cluster::Database),
}

impl Place {
    /// A place where nothing is yet.
    pub fn fresh() -> Self {
        if !ON_POSTGRES {
            return Self::Directory(tempfile::tempdir().expect("a directory"));
        }
        // The whole program is about PostgreSQL: without one all of its tests are left out, and the cluster has said so.
        antrean_cluster::database().map_or_else(|| std::process::exit(0), Self::Database)
    }

    /// The settings of a store that is there.
    pub fn config(&self) -> StoreConfig {
        match self {
            Self::Directory(directory) => StoreConfig::at(directory.path().join("antrean.db")),
            Self::Database(database) => {
                let url = database.url().parse().expect("an address");
                // Enough to be in each other's way, few enough to be connected soon.
                StoreConfig { writers: 8, readers: 2, ..StoreConfig::url(url) }
            }
        }
    }
}

impl Town {
    /// A fresh store.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A fresh store with other settings.
    pub fn with(change: impl FnOnce(&mut StoreConfig)) -> Self {
        let place = Place::fresh();
        let mut config = place.config();
        change(&mut config);
        let store = Store::open(&config).expect("a fresh store");
        Self { store, config, place }
    }

    /// Another store on the same place, as another process would have it.
    pub fn beside(&self) -> Store {
        Store::open(&self.config).expect("opens beside")
    }

    /// The database file, on SQLite.
    pub fn path(&self) -> std::path::PathBuf {
        let Place::Directory(directory) = &self.place else { panic!("a file is asked for on PostgreSQL") };
        directory.path().join("antrean.db")
    }

    /// Does something to the database that no constraint and no trigger sees.
    pub fn tamper(&self, statements: &str) {
        match &self.place {
            Place::Directory(_) => {
                let file = rusqlite::Connection::open(self.path()).expect("a connection");
                let triggers: String = file
                    .query_row(
                        "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'",
                        [],
                        |row| row.get(0),
                    )
                    .expect("the triggers");
                let unguarded = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
                file.execute_batch(&format!("{unguarded}; {triggers}; {statements}")).expect(statements);
            }
            Place::Database(database) => {
                let unguarded = "SET session_replication_role = replica;
                                 ALTER TABLE slots DROP CONSTRAINT slots_never_oversold";
                database.run(&format!("{unguarded}; {statements}"));
            }
        }
    }

    /// A write that must succeed.
    pub fn write<T: Send + 'static>(&self, op: impl FnMut(&Tx<'_>) -> Result<T, Fault> + Send + 'static) -> T {
        self.store.write_blocking(op).expect("a write")
    }

    /// A read that must succeed.
    pub fn read<T: Send + 'static>(&self, op: impl FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static) -> T {
        self.store.read_blocking(op).expect("a read")
    }

    /// A release with one public slot for each capacity, at 08:00, 09:00 and so on, in the state named.
    pub fn release(&self, state: ReleaseState, capacities: &[u32]) -> Vec<SlotId> {
        let capacities = capacities.to_vec();
        self.write(move |tx| {
            releases::insert(tx, &new_release())?;
            let mut made = Vec::new();
            for (index, capacity) in capacities.iter().enumerate() {
                made.push(slots::insert(tx, &new_slot(8 + index as u16, *capacity))?);
            }
            releases::advance(tx, &release(), &[ReleaseState::Planned], state)?;
            Ok(made)
        })
    }

    /// So many accounts.
    pub fn accounts(&self, count: u32) -> Vec<AccountId> {
        self.write(move |tx| {
            (0..count).map(|number| accounts::insert(tx, &PhoneKey(key(number)), b"sealed", "id", at(0))).collect()
        })
    }

    /// An open release with one slot, and one account with an entry of one person in it.
    pub fn entered(&self) -> PartyId {
        self.release(ReleaseState::Open, &[10]);
        let account = self.accounts(1)[0];
        self.write(move |tx| enter(tx, account, &[1]))
    }

    /// The release moves on.
    pub fn advance(&self, from: ReleaseState, to: ReleaseState) {
        assert!(self.write(move |tx| releases::advance(tx, &release(), &[from], to)));
    }

    /// What the audit finds.
    pub fn violations(&self) -> Vec<String> {
        self.read(antrean_store::audit::violations)
    }
}

pub fn new_release() -> NewRelease {
    NewRelease {
        id: release(),
        mode: Mode::Draw,
        plan: "{}".to_owned(),
        opens: at(0),
        freeze: at(1_000),
        ends: at(2_000),
        rules: "rules".to_owned(),
        tag_key: b"sealed".to_vec(),
        round: 7,
    }
}

pub fn new_slot(hour: u16, capacity: u32) -> NewSlot {
    let start = |hour: u16| WindowStart::from_minutes(hour * 60).expect("an hour of the day");
    NewSlot {
        release: release(),
        key: SlotKey { office: office(), date: DAY, starts: start(hour) },
        ends: start(hour + 1),
        pool: Pool::Public,
        capacity,
    }
}

pub fn join(tx: &Tx<'_>, account: AccountId, people: &[u32]) -> Result<Inserted, Fault> {
    parties::insert(tx, account, &release(), ServiceCode::New, PassportKind::Electronic, &party_of(people), at(1))
}

/// Enters a party, which must be possible.
pub fn enter(tx: &Tx<'_>, account: AccountId, people: &[u32]) -> Result<PartyId, Fault> {
    let Inserted::Party(party) = join(tx, account, people)? else { panic!("{people:?} are live already") };
    entries::insert(tx, party, &release(), &EntryId(key(people[0])), b"leaf", at(1))?;
    Ok(party)
}

/// What can come of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    Party(PartyId),
    AccountTaken,
    PersonTaken,
    Full,
}

/// Books as an operation does: party, place, appointment, event; nothing is left of what is refused.
pub fn book(tx: &Tx<'_>, account: AccountId, people: &[u32], slot: SlotId) -> Result<Booked, Fault> {
    enum Undone {
        Full,
        Fault(Fault),
    }
    impl From<Fault> for Undone {
        fn from(fault: Fault) -> Self {
            Self::Fault(fault)
        }
    }
    let booked = tx.attempt(|tx| {
        let party = match join(tx, account, people)? {
            Inserted::Party(party) => party,
            Inserted::AccountTaken => return Ok(Booked::AccountTaken),
            Inserted::PersonTaken(_) => return Ok(Booked::PersonTaken),
        };
        if !slots::take(tx, slot, people.len() as u32)? {
            return Err(Undone::Full);
        }
        assert!(appointments::insert(tx, party, slot, Source::FirstCome, None, at(2))?, "a new party has no place");
        events::append(tx, &event(party))?;
        Ok(Booked::Party(party))
    });
    match booked {
        Ok(booked) => Ok(booked),
        Err(Undone::Full) => Ok(Booked::Full),
        Err(Undone::Fault(fault)) => Err(fault),
    }
}

pub fn event(party: PartyId) -> Event<'static> {
    Event {
        at: at(2),
        actor: "account",
        actor_id: Some(1),
        kind: "booked",
        release: Some("2026-W49"),
        party: Some(party),
        slot: None,
        office: Some("BTM"),
        reason: None,
        network: None,
        device: None,
    }
}
