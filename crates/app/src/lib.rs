//! What can be done: sign in, state who you are, enter, be drawn, book, move, cancel; and the clock that does the rest by itself.
//! An operation is a plain function over a transaction; it never speaks HTTP, never writes SQL, never turns a refusal into words.

pub mod app;
pub mod appointment;
pub mod booking;
pub mod bundle;
pub mod caller;
pub mod catalogue;
pub mod choices;
pub mod clock;
pub mod closure;
pub mod day;
pub mod draft;
pub mod entropy;
pub mod entry;
pub mod limit;
pub mod me;
pub mod message;
pub mod numbers;
pub mod office_change;
pub mod office_data;
pub mod operation;
pub mod outbox;
pub mod overview;
pub mod party;
pub mod policy;
pub mod pulse;
pub mod quota;
pub mod refusal;
pub mod release;
pub mod release_clock;
pub mod replacement;
pub mod retention;
pub mod sign_in;
pub mod staff;
pub mod tally;
pub mod ticket;
pub mod waiting;

pub use antrean_store::{Health, Lane};
pub use app::App;
pub use operation::{Error, Failure, Operation};
pub use refusal::Refusal;
