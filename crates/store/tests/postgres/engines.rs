//! From one engine to the other and back: nothing is lost on the way, and nothing is otherwise.

use antrean_store::{Store, StoreConfig, audit};

use crate::archive::{archived, fill, full};
use crate::town::{Place, Town};

#[test]
fn a_backup_of_one_engine_is_restored_into_the_other_and_back_byte_for_byte() {
    let town = full();
    let (manifest, file) = archived(&town.store);
    let folder = tempfile::tempdir().expect("a directory");
    let embedded = Store::open(&StoreConfig::at(folder.path().join("antrean.db"))).expect("the embedded store");
    assert_eq!(fill(&embedded, &file), Ok(manifest.clone()));
    let (there, from_there) = archived(&embedded);
    assert_eq!(there, manifest);
    assert!(from_there == file, "the archive of the embedded store is the same file");
    let violations = embedded.read_blocking(audit::violations).expect("a read");
    assert_eq!(violations.len(), town.violations().len(), "{violations:?}");

    let back = Town::new();
    assert!(matches!(back.place, Place::Database(_)), "this program is about PostgreSQL");
    assert_eq!(fill(&back.store, &from_there), Ok(manifest));
    assert!(archived(&back.store).1 == file, "and so is the one of what came back");
    embedded.close_blocking();
}
