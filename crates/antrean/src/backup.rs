//! `antrean backup`: the whole store as one file, taken while the server goes on. The master key is never in it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_store::Store;
use antrean_store::archive::{self, Manifest};

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::{Stop, whole};
use crate::terminal;

/// Owner reads and writes, nobody else anything: names and numbers in it are sealed, but who stands in which line is not.
const MODE: u32 = 0o600;
/// Bytes handed to the disk at once.
const BUFFER_BYTES: usize = 1 << 20;
/// Names this program in the archives that it makes.
const PROGRAM: &str = concat!("antrean ", env!("CARGO_PKG_VERSION"));

/// Arguments of `antrean backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean backup --data /var/lib/antrean --to /backup/antrean-2026-11-21.gz\n  \
    antrean backup --verify /backup/antrean-2026-11-21.gz\n\nThe server may go on meanwhile; the file holds one moment. It is made under \
    another name and renamed when it is whole and on disk. The master key is not in it: keep a copy of the key in another place, for \
    without it nobody can read a name or a number again.")]
pub struct Backup {
    #[command(flatten)]
    config: ConfigFlags,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE", required_unless_present = "verify")]
    to: Option<PathBuf>,
    /// Checks every hash in a file and writes nothing
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    verify: Option<PathBuf>,
    /// Answers with the manifest as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        if let Some(path) = &self.verify {
            let manifest = verified(path)?;
            self.tell(&manifest, format_args!("{}: good", path.display()));
            return Ok(());
        }
        let to = self.to.as_deref().expect("the flags ask for one of the two");
        let data = DataDir::of(&self.config.load()?);
        data.must_exist()?;
        let folder = match to.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if to.exists() {
            return Err(Stop::wrong(format!(
                "--to: {} is there already; backups are never written over",
                to.display()
            )));
        }
        let failed = |error: &dyn std::fmt::Display| Stop::failed(format!("cannot write {}: {error}", to.display()));
        // Beside its place, so that the renaming is one step; whatever goes wrong before that leaves nothing behind.
        let file = tempfile::Builder::new()
            .prefix(".antrean-backup-")
            .permissions(fs::Permissions::from_mode(MODE))
            .tempfile_in(folder)
            .map_err(|error| failed(&error))?;
        let handle = file.as_file().try_clone().map_err(|error| failed(&error))?;
        let (store, started) = (data.open_store()?, Instant::now());
        let written = write(&store, handle).await;
        store.close().await;
        let manifest = written.map_err(|why| failed(&why))?;
        let bytes = file.as_file().metadata().map_err(|error| failed(&error))?.len();
        file.persist_noclobber(to).map_err(|error| failed(&error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(&error))?;
        let seconds = started.elapsed().as_secs_f64();
        self.tell(&manifest, format_args!("{}: {bytes} bytes in {seconds:.1} s", to.display()));
        eprintln!(
            "THE MASTER KEY IS NOT IN THIS FILE. It is {}. Keep a copy of it in another place than the backups: without it \
             nothing that is sealed can ever be read again, and with both anybody can read everything.",
            data.master_key().display()
        );
        Ok(())
    }

    fn tell(&self, manifest: &Manifest, did: std::fmt::Arguments<'_>) {
        if self.json {
            terminal::json(manifest);
            return;
        }
        let Manifest { header, rows, .. } = manifest;
        terminal::line(format_args!(
            "{did}; {rows} rows as of {}, schema {}, by {}, master key {}",
            header.made, header.schema, header.program, header.key_fingerprint
        ));
    }
}

/// Writes the archive and syncs it.
async fn write(store: &Store, file: File) -> Result<Manifest, String> {
    let mut progress = Some(Tables::new("backup"));
    let written = store
        .read(move |tx| {
            let mut progress = progress.take().expect("an operation that reads is run once");
            let to = BufWriter::with_capacity(BUFFER_BYTES, file);
            let made = SystemClock.now();
            let written = archive::write(tx, made, PROGRAM, to, &mut |table, rows| progress.show(table, rows));
            Ok(written.and_then(|(manifest, to)| {
                to.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
                Ok(manifest)
            }))
        })
        .await;
    written.map_err(|fault| whole(&fault))?.map_err(|error| whole(&error))
}

/// The manifest of a file in which everything is as it was written.
pub fn verified(path: &Path) -> Result<Manifest, Stop> {
    let wrong = |why: String| Stop::failed(format!("{}: {why}", path.display()));
    let mut file = File::open(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut progress = Tables::new("verify");
    archive::check(&mut file, &mut |table, rows| progress.show(table, rows)).map_err(|error| wrong(whole(&error)))
}

/// Progress through the tables of an archive.
pub struct Tables(terminal::Progress, u64, String);

/// For the bar alone: the length of an archive is known when it is over.
const TABLES: u64 = 24;

impl Tables {
    /// Nothing yet.
    pub fn new(what: &str) -> Self {
        Self(terminal::Progress::new(TABLES, what), 0, String::new())
    }

    /// So many rows of a table are done.
    pub fn show(&mut self, table: &str, rows: u64) {
        if self.2 != table {
            self.1 += 1;
            table.clone_into(&mut self.2);
        }
        self.0.show(self.1.min(TABLES), &format!("{table}: {rows} rows"));
    }
}
