//! The master key: whether it is there, and whether only its owner can read it. Of the key itself nothing is ever shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use antrean_domain::keys::Keyring;

use super::finding::Report;
use crate::data::DataDir;
use crate::keys;

const AREA: &str = "master key";

/// The fingerprint of the key, 8 bytes, where there is a key.
pub type Fingerprint = [u8; 8];

/// Looks at the key.
pub fn examine(report: &mut Report, data: &DataDir) -> Option<Fingerprint> {
    let path = data.master_key();
    if !path.exists() {
        if data.url().is_none() && data.database().exists() {
            report.wrong(
                AREA,
                format!("{} is missing, but there is a database that was made with it", path.display()),
                "give the key back from the safe; without it no name, number or NIK in the database can be read again",
            );
        } else if data.makes_its_key() {
            report.note(AREA, format!("{} is not there yet; the first start makes it", path.display()));
        } else {
            report.wrong(
                AREA,
                format!("{} is missing", path.display()),
                format!("make one with `antrean key new {}`, and put a copy into the safe", path.display()),
            );
        }
        return None;
    }
    let key = match keys::read(&path) {
        Ok(key) => key,
        Err(stop) => {
            report.wrong(
                AREA,
                stop.to_string(),
                "give the key back from the safe, or run this as the user of the server",
            );
            return None;
        }
    };
    let mode = fs::metadata(&path).map_or(0, |found| found.permissions().mode()) & 0o777;
    if keys::read_by_others(&path, mode) {
        report.warning(
            AREA,
            format!("other users of this machine can read {} (mode {mode:04o})", path.display()),
            format!("chmod 0400 {}", path.display()),
        );
    } else {
        report.good(AREA, format!("{} is there, and only its owner can read it", path.display()));
    }
    Some(Keyring::derive(&key).fingerprint())
}
