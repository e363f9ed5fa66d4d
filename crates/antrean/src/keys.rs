//! The master key: 32 bytes in a file that only the server's user can read, made at the first start.
//!
//! Without it nothing sealed in the database can be read again, so it is never made anew beside a database that exists.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use antrean_app::caller::{hex, unhex};
use antrean_app::entropy::{self, SystemEntropy};

use crate::stop::Stop;

/// The key's file in a data directory, unless another place was named.
pub const FILE: &str = "master.key";
/// Owner reads and writes, nobody else anything.
const MODE: u32 = 0o600;

/// The key in a file that somebody else keeps, such as a mounted secret. It must be there.
pub fn read(path: &Path) -> Result<[u8; 32], Stop> {
    let text = fs::read_to_string(path)
        .map_err(|error| Stop::wrong(format!("master_key_file: cannot read {}: {error}", path.display())))?;
    let key = unhex(text.trim()).ok_or_else(|| {
        Stop::wrong(format!("master_key_file: {} must hold 64 digits of lower-case hexadecimal", path.display()))
    })?;
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if read_by_others(path, mode) {
        tracing::warn!(path = %path.display(), "other users can read the master key; set its mode to 0600");
    }
    Ok(key)
}

/// Whether somebody else than the owner can read a key with this mode.
///
/// The service manager hands a credential to its service by an access list, which shows as a right of the group although the group
/// has none; what lies there is for this service alone.
pub fn read_by_others(path: &Path, mode: u32) -> bool {
    let handed_over = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    mode & if handed_over { 0o007 } else { 0o077 } != 0
}

/// The key in the data directory; made now if neither it nor a database is there.
pub fn read_or_make(path: &Path, database: &Path) -> Result<[u8; 32], Stop> {
    if path.exists() {
        return read(path);
    }
    if database.exists() {
        let (path, database) = (path.display(), database.display());
        return Err(Stop::wrong(format!(
            "the master key {path} is missing, but {database} was made with it; give the key back or start with an empty directory"
        )));
    }
    make(path).map_err(|error| Stop::failed(format!("cannot write the master key {}: {error}", path.display())))?;
    // Another process may have been first; then this is its key.
    read(path)
}

/// Makes a key where there is no file yet.
pub fn make_new(path: &Path) -> Result<(), Stop> {
    if path.exists() {
        return Err(Stop::failed(format!("{} is there already; a key is never written over", path.display())));
    }
    make(path).map_err(|error| Stop::failed(format!("cannot write the master key {}: {error}", path.display())))
}

fn make(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Written beside its place and moved there whole, so that nobody ever reads half a key.
    let mut file = tempfile::Builder::new().permissions(fs::Permissions::from_mode(MODE)).tempfile_in(folder)?;
    let key: [u8; 32] = entropy::bytes(&SystemEntropy);
    writeln!(file, "{}", hex(&key))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => fs::File::open(folder)?.sync_all(),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let (path, database) = (folder.path().join(FILE), folder.path().join("antrean.db"));
        let made = read_or_make(&path, &database).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(read_or_make(&path, &database), Ok(made), "the second start reads the same key");
        assert_ne!(made, [0; 32]);
    }

    #[test]
    fn a_lost_key_is_not_replaced_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let (path, database) = (folder.path().join(FILE), folder.path().join("antrean.db"));
        fs::write(&database, "anything").unwrap();
        let refused = read_or_make(&path, &database).unwrap_err();
        assert!(refused.to_string().contains("is missing"), "{refused}");
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_holds_no_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "secret").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("64 digits"));
    }
}
