//! What is remembered: people, releases and places, kept so that the rules hold by themselves; it never decides what may be done.
//!
//! [`Store`] runs operations: closures over a transaction [`Tx`]. SQL is written here alone, one module a noun, as functions on a
//! transaction; an operation composes them. Which engine runs the SQL is known to `store` and to the engine's own module only.

pub mod accounts;
pub mod applicants;
pub mod appointments;
pub mod approvals;
pub mod archive;
pub mod audit;
pub mod catalogue;
pub mod challenges;
pub mod checkup;
pub mod closures;
mod columns;
pub mod counters;
pub mod days;
pub mod disowned;
pub mod drafts;
pub mod entries;
pub mod events;
mod fault;
pub mod histogram;
pub mod idempotency;
pub mod ids;
mod job;
pub mod leases;
pub mod limits;
pub mod lines;
pub mod locks;
pub mod mishap;
pub mod numbers;
pub mod office_changes;
pub mod outbox;
pub mod parties;
pub mod passkeys;
mod place;
mod postgres;
mod queue;
pub mod releases;
pub mod replacements;
pub mod sessions;
pub mod settings;
pub mod slots;
mod spread;
mod sql;
mod sqlite;
pub mod staff;
mod statements;
mod store;
pub mod strikes;
mod tx;
mod value;
pub mod visits;
pub mod waves;
pub mod wishes;

pub use fault::{Fault, OpenError};
pub use place::Place;
pub use postgres::{DatabaseUrl, UrlError};
pub use queue::{Health, Lane, LaneHealth, Patience, QueueHealth};
pub use sql::Sql;
pub use store::{Store, StoreConfig, StoreStats};
pub use tx::Tx;
pub use value::{RowRef, Value};
