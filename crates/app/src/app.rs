//! The application: one store, one catalogue, one clock, and the two ways in, `perform` and `ask`.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use antrean_domain::catalogue::{Catalogue, CatalogueError, CatalogueFiles, PARTS};
use antrean_domain::keys::Keyring;
use antrean_store::locks::Lock;
use antrean_store::{Fault, Health, Lane, Store, Tx, catalogue as parts, settings};
use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::caller::{Actor, Caller};
use crate::catalogue;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::operation::{Attempt, Context, Error, Failure, IdempotencyKey, Operation, SharedCatalogue, run};
use crate::overview::Overview;
use crate::policy::Policy;
use crate::pulse::Pulse;
use crate::refusal::Refusal;
use crate::tally::Tally;

/// Everything that `App::start` needs from outside.
pub struct Parts {
    /// Where things are remembered.
    pub store: Store,
    /// The 32 bytes from which every key is derived.
    pub master_key: [u8; 32],
    /// Limits and terms.
    pub policy: Policy,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The folder for the published files of draws.
    pub published: PathBuf,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store(#[from] Fault),
    /// The reference data is wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The database was made with another master key: nothing sealed in it could be read.
    #[error(
        "the key does not belong to this database; give back the key file that was made with it (all nodes of a database have the same)"
    )]
    WrongKey,
}

/// The application. Cheap to clone.
#[derive(Clone)]
pub struct App {
    core: Arc<Core>,
}

struct Core {
    store: Store,
    keys: Keyring,
    catalogue: SharedCatalogue,
    policy: Policy,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    overview: ArcSwap<Overview>,
    published: PathBuf,
    /// Held while the files of a draw are written.
    publishing: tokio::sync::Mutex<()>,
    tally: Tally,
    pulse: Pulse,
    /// When the catalogue in memory was put into the store.
    loaded: Mutex<Option<Timestamp>>,
}

impl App {
    /// Loads the catalogue (the built-in one at the very first start) and checks that the key fits the database.
    pub async fn start(from: Parts) -> Result<Self, StartError> {
        let keys = Keyring::derive(&from.master_key);
        let now = from.clock.now();
        let fingerprint = keys.fingerprint();
        let (known, files, loaded) = from
            .store
            .write(move |tx| {
                // Two nodes may start at once on an empty database.
                tx.lock(&Lock::Setup)?;
                let known = if let Some(known) = settings::get(tx, settings::KEY_FINGERPRINT)? {
                    known
                } else {
                    settings::put(tx, settings::KEY_FINGERPRINT, &fingerprint)?;
                    fingerprint.to_vec()
                };
                let mut files = parts::load(tx)?;
                if files.is_empty() {
                    let builtin = CatalogueFiles::builtin();
                    for part in PARTS {
                        parts::put(tx, part, builtin.part(part).unwrap_or_default(), now)?;
                    }
                    files = parts::load(tx)?;
                }
                Ok((known, files, parts::loaded(tx)?))
            })
            .await?;
        if known != fingerprint {
            return Err(StartError::WrongKey);
        }
        let catalogue = catalogue::read(files)?;
        let app = Self {
            core: Arc::new(Core {
                store: from.store,
                keys,
                catalogue: Arc::new(ArcSwap::from_pointee(catalogue)),
                policy: from.policy,
                clock: from.clock,
                entropy: from.entropy,
                overview: ArcSwap::from_pointee(Overview::empty(now)),
                published: from.published,
                publishing: tokio::sync::Mutex::new(()),
                tally: Tally::default(),
                pulse: Pulse::default(),
                loaded: Mutex::new(loaded),
            }),
        };
        app.store_overview().await?;
        Ok(app)
    }

    /// Performs an operation for a caller: once per idempotency key, all or nothing, durable when it answers.
    pub async fn perform<O: Operation>(
        &self,
        caller: Caller,
        key: Option<IdempotencyKey>,
        operation: O,
    ) -> Result<O::Outcome, Failure> {
        self.attempt(O::LANE, Attempt { operation, key, caller, acting: None }).await
    }

    /// Performs an operation for the clock or the operator.
    pub async fn perform_as<O: Operation>(&self, actor: Actor, operation: O) -> Result<O::Outcome, Failure> {
        self.attempt(Lane::Clock, Attempt { operation, key: None, caller: Caller::default(), acting: Some(actor) })
            .await
    }

    async fn attempt<O: Operation>(&self, lane: Lane, attempt: Attempt<O>) -> Result<O::Outcome, Failure> {
        let app = self.clone();
        let answer = self
            .core
            .store
            .write_in(lane, move |tx| app.in_context(&attempt.caller, attempt.acting, |cx| run(tx, cx, &attempt)))
            .await?;
        let mut outcome = answer.map_err(|refusal| self.refused(refusal))?;
        O::complete(&mut outcome, &self.core.keys);
        Ok(outcome)
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        self.core.tally.refused(refusal.code());
        Failure::Refused(refusal)
    }

    /// Asks the store something on behalf of a caller, in the caller's lane; nothing can be written.
    pub async fn ask<T: Send + 'static>(
        &self,
        caller: Caller,
        question: impl FnOnce(&Tx<'_>, &Context<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let app = self.clone();
        let answer = self
            .core
            .store
            .read_in(caller.lane, move |tx| {
                app.in_context(&caller, None, |cx| match question(tx, cx) {
                    Ok(answer) => Ok(Ok(answer)),
                    Err(Error::Refused(refusal) | Error::Counted(refusal)) => Ok(Err(refusal)),
                    Err(Error::Fault(fault)) => Err(fault),
                })
            })
            .await?;
        answer.map_err(|refusal| self.refused(refusal))
    }

    fn in_context<T>(&self, caller: &Caller, acting: Option<Actor>, work: impl FnOnce(&Context<'_>) -> T) -> T {
        // Read before the catalogue itself: it may say too old, never too new.
        let catalogue_of = *self.core.loaded.lock().expect("no one panics while holding the instant");
        let catalogue = self.core.catalogue.load();
        let overview = self.core.overview.load();
        work(&Context {
            now: self.core.clock.now(),
            keys: &self.core.keys,
            catalogue: &catalogue,
            policy: &self.core.policy,
            entropy: &*self.core.entropy,
            overview: &overview,
            caller,
            acting,
            signed_in: OnceCell::new(),
            catalogue_of,
            on_duty: OnceCell::new(),
        })
    }

    /// Runs work in the context of the clock, for steps that compose store functions themselves.
    pub(crate) fn in_clock_context<T>(&self, work: impl FnOnce(&Context<'_>) -> T) -> T {
        self.in_context(&Caller::default(), Some(Actor::Clock), work)
    }

    /// The folder for the published files of draws.
    pub fn published(&self) -> &Path {
        &self.core.published
    }

    /// Held while the files of a draw are written.
    pub(crate) fn publishing(&self) -> &tokio::sync::Mutex<()> {
        &self.core.publishing
    }

    /// The instant now, as operations see it.
    pub fn now(&self) -> jiff::Timestamp {
        self.core.clock.now()
    }

    /// The instant by which the codes of an authenticator app are made and checked.
    pub fn now_of_phones(&self) -> jiff::Timestamp {
        self.core.clock.of_phones()
    }

    /// The catalogue as it is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.core.catalogue.load_full()
    }

    /// Replaces the catalogue in memory, for tests that need tiny offices.
    pub fn set_catalogue(&self, catalogue: Catalogue) {
        self.core.catalogue.store(Arc::new(catalogue));
    }

    /// Reads the catalogue again if another process has imported one since. A faulty one cannot be there: it is checked
    /// before it is written; should it be, the one in memory stays.
    pub async fn reload_catalogue(&self) -> Result<(), Failure> {
        let known = *self.core.loaded.lock().expect("no one panics while holding the instant");
        let newer = self
            .core
            .store
            .read(move |tx| {
                let loaded = parts::loaded(tx)?;
                Ok(if loaded == known { None } else { Some((loaded, parts::load(tx)?)) })
            })
            .await?;
        let Some((loaded, files)) = newer else { return Ok(()) };
        match catalogue::read(files) {
            Ok(catalogue) => {
                self.core.catalogue.store(Arc::new(catalogue));
                tracing::info!("the catalogue was imported anew");
            }
            Err(error) => tracing::error!(%error, "the imported catalogue cannot be read; the one before stays"),
        }
        *self.core.loaded.lock().expect("no one panics while holding the instant") = loaded;
        Ok(())
    }

    /// The public state of all releases, as of the last refresh.
    pub fn overview(&self) -> Arc<Overview> {
        self.core.overview.load_full()
    }

    /// Reads the public state anew. The release clock calls it every second and after every step.
    pub async fn refresh_overview(&self) -> Result<(), Failure> {
        Ok(self.store_overview().await?)
    }

    async fn store_overview(&self) -> Result<(), Fault> {
        let app = self.clone();
        let fresh = self
            .core
            .store
            .read(move |tx| app.in_context(&Caller::default(), None, |cx| Overview::read(tx, cx, &app.overview())))
            .await?;
        self.core.overview.store(Arc::new(fresh));
        Ok(())
    }

    /// How much waits in the store, how long it takes, and how much was turned away.
    pub fn health(&self) -> Health {
        self.core.store.health()
    }

    /// What happened since the start, in numbers.
    pub fn tally(&self) -> &Tally {
        &self.core.tally
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.core.pulse
    }

    /// The store, for the program (`doctor`, closing down) and for tests.
    pub fn store(&self) -> &Store {
        &self.core.store
    }

    /// The keys, for the program: public ticket key, demo.
    pub fn keys(&self) -> &Keyring {
        &self.core.keys
    }

    /// Limits and terms.
    pub fn policy(&self) -> &Policy {
        &self.core.policy
    }

    /// The source of randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.core.entropy
    }
}
