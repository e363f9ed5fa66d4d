//! The schema of a PostgreSQL database, brought up to date before anything else.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::connect::{self, NotConnected, Purpose, told};
use super::hosts::Hosts;
use super::url::DatabaseUrl;
use crate::{OpenError, Place};

mod embedded {
    refinery::embed_migrations!("migrations/postgres");
}

/// Held while the schema is brought up: of two nodes that start at once on an empty database, one waits for the other. "ANTREAN" in
/// ASCII.
const LOCK: &str = "SET lock_timeout = '5min'; SELECT pg_advisory_lock(18386036285235534)";

/// The newest version of the schema that this program knows.
pub(super) fn newest() -> u32 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(|migration| u32::try_from(migration.version()).unwrap_or(0));
    versions.max().unwrap_or(0)
}

/// Brings the schema of a database up to date. One that is newer than this program is not touched.
pub(super) fn bring_up(url: &DatabaseUrl) -> Result<(), OpenError> {
    // On a thread of its own: whoever opens a store may be within a runtime, where no other can be waited for.
    let done = thread::scope(|scope| scope.spawn(|| bring_up_here(url)).join());
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

fn bring_up_here(url: &DatabaseUrl) -> Result<(), OpenError> {
    let runtime = connect::runtime().map_err(|why| super::not_open(url, &why))?;
    runtime.block_on(async {
        let warned = Arc::new(AtomicBool::new(false));
        let (mut client, _) = connect::client(url, Purpose::Migrate, warned, &Hosts::default())
            .await
            .map_err(|why| super::not_open(url, &why))?;
        // Given back with the connection, however this ends.
        let locked = client.batch_execute(LOCK).await;
        locked.map_err(|error| super::not_open(url, &NotConnected::Failed(told(&error))))?;
        embedded::migrations::runner()
            .run_async(&mut client)
            .await
            .map(drop)
            .map_err(|error| OpenError::Migration { place: Place::Url(url.clone()), message: told(&error) })
    })
}
