//! A PostgreSQL cluster of one's own for tests and benches, made from the system's binaries and removed afterwards; it must never be
//! part of the program, nor touch a cluster that it did not make.
//!
//! Tests share one cluster, over all test processes of a run ([`database`] gives each a database of its own); a test that kills or
//! restarts the server has one for itself ([`Cluster::own`]). Whoever uses a cluster holds a lock on a file as long as it lives; a
//! small process beside the server waits until nobody holds it any more and then stops and removes everything, however the tests ended.

mod cluster;
mod database;
mod patroni;
mod system;

pub use cluster::Cluster;
pub use database::{Database, database};
pub use patroni::Patroni;
