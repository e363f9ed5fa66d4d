//! A checkup of an embedded database: finds what is wrong, changes nothing, works beside a store that is open.

use std::fs;
use std::path::{Path, PathBuf};

use antrean_store::checkup::{Checkup, Depth, of_file};
use antrean_store::{Store, StoreConfig, settings};

fn fresh() -> (tempfile::TempDir, PathBuf, Store) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("antrean.db");
    let store = Store::open(&StoreConfig::at(&path)).expect("a fresh store");
    (directory, path, store)
}

fn look(path: &Path, depth: Depth) -> Checkup {
    of_file(path, depth).expect("a database that can be opened")
}

#[test]
fn a_good_database_is_looked_at_while_a_store_is_at_work_on_it() {
    let (_directory, path, store) = fresh();
    store.write_blocking(|tx| settings::put(tx, settings::KEY_FINGERPRINT, &[7; 8])).expect("a write");
    let quick = look(&path, Depth::Quick);
    assert!(quick.damage.is_empty(), "{quick:?}");
    assert!(quick.schema > 0 && quick.schema == quick.schema_known, "{quick:?}");
    let contents = quick.contents.expect("a schema of this program");
    assert_eq!((contents.key_fingerprint.as_deref(), contents.violations), (Some(&[7; 8][..]), None));
    let contents = look(&path, Depth::Thorough).contents.expect("a schema of this program");
    assert_eq!(contents.violations, Some(Vec::new()));
    store.write_blocking(|tx| settings::put(tx, "after", b"it")).expect("nobody is in the way");
}

#[test]
fn pages_that_were_overwritten_are_told_as_damage() {
    let (_directory, path, store) = fresh();
    store.close_blocking();
    let mut bytes = fs::read(&path).expect("a file");
    // Page 1 stays, so that it still opens; the first tree behind it does not.
    bytes[4096..4096 * 3].fill(0xa5);
    fs::write(&path, bytes).expect("written");
    match of_file(&path, Depth::Quick) {
        Ok(found) => assert!(!found.damage.is_empty() && found.contents.is_none(), "{found:?}"),
        Err(error) => assert!(error.to_string().contains("antrean.db"), "{error}"),
    }
    fs::write(&path, "no database at all, only a text that is long enough").expect("written");
    assert!(of_file(&path, Depth::Quick).is_err());
}

#[test]
fn a_checkup_makes_no_file_and_brings_no_schema() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("antrean.db");
    assert!(of_file(&path, Depth::Quick).is_err());
    assert!(!path.exists());
    fs::write(&path, b"").expect("an empty file is an empty database");
    let found = look(&path, Depth::Quick);
    assert_eq!((found.schema, found.contents), (0, None));
}
