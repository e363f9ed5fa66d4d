//! `antrean key`: makes a master key, and tells keys apart without showing them.

use std::path::PathBuf;

use antrean_app::caller::hex;
use antrean_domain::keys::Keyring;

use crate::keys;
use crate::stop::Stop;
use crate::terminal;

/// Work with master keys.
#[derive(Debug, clap::Subcommand)]
pub enum Key {
    /// Makes a master key in a file that only its owner can read; never writes over a file
    #[command(after_help = "Example:\n  antrean key new /etc/antrean/master.key\n\n\
        Put a copy into a safe, apart from the backups: without the key no backup can be read, with it anybody can read one.")]
    New(File),
    /// Shows the fingerprint of a master key: what tells it from another, and nothing that helps to guess it
    #[command(after_help = "Example:\n  antrean key fingerprint /etc/antrean/master.key")]
    Fingerprint(File),
}

/// The file of a key.
#[derive(Debug, clap::Args)]
pub struct File {
    /// The file with the key
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

impl Key {
    /// Runs the command.
    pub fn run(&self) -> Result<(), Stop> {
        let (Self::New(File { path }) | Self::Fingerprint(File { path })) = self;
        if matches!(self, Self::New(_)) {
            keys::make_new(path)?;
        }
        let key = keys::read(path)?;
        terminal::line(hex(&Keyring::derive(&key).fingerprint()));
        Ok(())
    }
}
