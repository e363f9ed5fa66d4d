//! The data directory: what lies in it, and how it is opened.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;

use antrean_app::App;
use antrean_app::app::Parts;
use antrean_app::clock::SystemClock;
use antrean_app::entropy::SystemEntropy;
use antrean_app::policy::Policy;
use antrean_store::{Store, StoreConfig};

use crate::config::Config;
use crate::keys;
use crate::stop::{Stop, whole};

/// The database in the directory.
const DATABASE: &str = "antrean.db";
/// Held by the one server of the directory. Commands beside it need none: each is a few operations of the store.
pub const LOCK: &str = "server.lock";
/// The published files of draws; everything in it can be written again from the database.
const PUBLISHED: &str = "published";

/// A data directory with the settings for opening it.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    master_key_file: Option<PathBuf>,
    readers: usize,
    queue_max: usize,
}

impl DataDir {
    /// The directory that the configuration names.
    pub fn of(config: &Config) -> Self {
        let server = &config.server;
        Self {
            path: server.data.clone(),
            master_key_file: server.master_key_file.clone(),
            readers: usize::from(server.readers.get()),
            queue_max: server.queue_max.get() as usize,
        }
    }

    /// The database file.
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
        if self.database().exists() {
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
                Err(Stop::failed(format!("--data: another server runs on {}", self.path.display())))
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
        let config =
            StoreConfig { readers: self.readers, queue_max: self.queue_max, ..StoreConfig::at(self.database()) };
        Store::open(&config).map_err(|error| Stop::failed(whole(&error)))
    }

    /// Opens what the directory holds, making it at the first start.
    pub async fn open(&self, policy: Policy) -> Result<App, Stop> {
        self.make()?;
        let master_key = match &self.master_key_file {
            Some(path) => keys::read(path)?,
            None => keys::read_or_make(&self.path.join(keys::FILE), &self.database())?,
        };
        let store = self.open_store()?;
        let parts = Parts {
            store: store.clone(),
            master_key,
            policy,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            published: self.path.join(PUBLISHED),
        };
        match App::start(parts).await {
            Ok(app) => Ok(app),
            Err(error) => {
                store.close().await;
                Err(Stop::failed(whole(&error)))
            }
        }
    }
}
