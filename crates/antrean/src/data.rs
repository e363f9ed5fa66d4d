//! The data directory: what lies in it, and how it is opened.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;

use antrean_app::App;
use antrean_app::app::{Parts, StartError};
use antrean_app::clock::{Clock, SystemClock};
use antrean_app::entropy::SystemEntropy;
use antrean_app::policy::Policy;
use antrean_store::{DatabaseUrl, Store, StoreConfig, Tx, settings};
use tempfile::TempDir;

use crate::config::Config;
use crate::keys;
use crate::stop::{Stop, whole};

/// The database in the directory.
const DATABASE: &str = "antrean.db";
/// Held by the one server of the directory. Commands beside it need none: each is a few operations of the store.
pub const LOCK: &str = "server.lock";
/// The published files of draws; everything in it can be written again from the database.
const PUBLISHED: &str = "published";

/// The setting that says that everybody in a database is made up, and by what. It is in the database itself, so that a backup has it.
const MADE_UP_BY: &str = "made_up_by";

/// By whom the people of a database are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeUpBy {
    /// `antrean demo`.
    Demo,
    /// `antrean rehearse`, or `antrean serve --rehearsal`.
    Rehearsal,
}

impl MadeUpBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// Writes it down.
    pub async fn mark(self, store: &Store) -> Result<(), Stop> {
        let put = move |tx: &Tx<'_>| settings::put(tx, MADE_UP_BY, self.as_str().as_bytes());
        store.write(put).await.map_err(|fault| Stop::failed(whole(&fault)))
    }
}

/// By what the people of a database are made up, if they are; `demo` or `rehearsal`.
pub async fn made_up_by(store: &Store) -> Result<Option<String>, Stop> {
    let known = store.read(|tx| settings::get(tx, MADE_UP_BY)).await.map_err(|fault| Stop::failed(whole(&fault)))?;
    Ok(known.map(|by| String::from_utf8_lossy(&by).into_owned()))
}

/// A data directory with the settings for opening it.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    master_key_file: Option<PathBuf>,
    url: Option<DatabaseUrl>,
    readers: usize,
    writers: usize,
    queue_max: usize,
}

impl DataDir {
    /// The directory that the configuration names.
    pub fn of(config: &Config) -> Self {
        let server = &config.server;
        Self {
            path: server.data.clone(),
            master_key_file: server.master_key_file.clone(),
            url: server.database.as_ref().map(|database| database.0.clone()),
            readers: usize::from(server.readers.get()),
            writers: usize::from(server.writers.get()),
            queue_max: server.queue_max.get() as usize,
        }
    }

    /// The directory that the configuration names, or an empty one that goes again where nothing is there yet: for commands that only
    /// look, and must not leave a database and a key behind.
    pub fn for_looking(config: &Config) -> Result<(Self, Option<TempDir>), Stop> {
        let named = Self::of(config);
        if named.url.is_some() || named.database().exists() {
            return Ok((named, None));
        }
        let empty = tempfile::tempdir().map_err(|error| Stop::failed(format!("no temporary directory: {error}")))?;
        let path = empty.path().to_owned();
        Ok((Self { path, master_key_file: None, ..named }, Some(empty)))
    }

    /// The database that is shared with other nodes, if there is one.
    pub fn url(&self) -> Option<&DatabaseUrl> {
        self.url.as_ref()
    }

    /// The database file, where there is no such database.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The file with the master key.
    pub fn master_key(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.path.join(keys::FILE))
    }

    /// Whether the first start makes the key, because it is kept in the directory itself.
    pub fn makes_its_key(&self) -> bool {
        self.master_key_file.is_none()
    }

    /// Stops where nothing was ever kept: for commands that only make sense with a database.
    pub fn must_exist(&self) -> Result<(), Stop> {
        if self.url.is_some() || self.database().exists() {
            return Ok(());
        }
        Err(Stop::wrong(format!(
            "--data: there is no database in {}; serve or plan a release first",
            self.path.display()
        )))
    }

    /// Makes this process the one server of the directory, until the file is dropped or the process ends, however it ends.
    pub fn lock(&self) -> Result<File, Stop> {
        self.make()?;
        let path = self.path.join(LOCK);
        let failed = |error: std::io::Error| Stop::failed(format!("cannot lock {}: {error}", path.display()));
        let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let own = if self.url.is_some() { "; every node needs a directory of its own" } else { "" };
                Err(Stop::failed(format!("--data: another server runs on {}{own}", self.path.display())))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn make(&self) -> Result<(), Stop> {
        fs::create_dir_all(&self.path)
            .map_err(|error| Stop::wrong(format!("--data: cannot make {}: {error}", self.path.display())))
    }

    /// Opens the store alone, making it if it is not there: for commands that work on it as a whole.
    pub fn open_store(&self) -> Result<Store, Stop> {
        self.make()?;
        let place = match &self.url {
            Some(url) => StoreConfig::url(url.clone()),
            None => StoreConfig::at(self.database()),
        };
        let config = StoreConfig { readers: self.readers, writers: self.writers, queue_max: self.queue_max, ..place };
        Store::open(&config).map_err(|error| Stop::failed(whole(&error)))
    }

    /// The key for a database that other nodes may have been the first to use.
    async fn shared_key(&self, store: &Store, makes: bool) -> Result<[u8; 32], Stop> {
        let path = self.master_key();
        if makes {
            let known = store.read(|tx| settings::get(tx, settings::KEY_FINGERPRINT)).await;
            if known.map_err(|fault| Stop::failed(whole(&fault)))?.is_some() {
                return Err(Stop::wrong(format!(
                    "the master key {} is missing, but the database was made with one; all nodes need the same: copy the file of \
                     another node here, or name it with master_key_file",
                    path.display()
                )));
            }
            keys::make_new(&path)?;
        }
        keys::read(&path)
    }

    /// Opens what the directory holds, making it at the first start.
    pub async fn open(&self, policy: Policy) -> Result<App, Stop> {
        self.open_by(policy, Arc::new(SystemClock)).await
    }

    /// As [`DataDir::open`], by a clock of one's own.
    pub async fn open_by(&self, policy: Policy, clock: Arc<dyn Clock>) -> Result<App, Stop> {
        self.make()?;
        let known = self.master_key();
        let makes = self.makes_its_key() && !known.exists();
        // A file says by its being there whether it was made with another key; a database has to be asked.
        let (store, master_key) = if self.url.is_none() {
            let key =
                if self.makes_its_key() { keys::read_or_make(&known, &self.database())? } else { keys::read(&known)? };
            (self.open_store()?, key)
        } else {
            let store = self.open_store()?;
            match self.shared_key(&store, makes).await {
                Ok(key) => (store, key),
                Err(stop) => {
                    store.close().await;
                    return Err(stop);
                }
            }
        };
        let parts = Parts {
            store: store.clone(),
            master_key,
            policy,
            clock,
            entropy: Arc::new(SystemEntropy),
            published: self.path.join(PUBLISHED),
        };
        match App::start(parts).await {
            Ok(app) => Ok(app),
            Err(error) => {
                store.close().await;
                if makes && matches!(error, StartError::WrongKey) {
                    // Another node was first with a key of its own: this one belongs to nothing.
                    let _ = fs::remove_file(&known);
                }
                Err(Stop::failed(whole(&error)))
            }
        }
    }
}
