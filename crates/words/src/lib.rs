//! What people read: refusals, dates, places and messages as text, Indonesian first, English second.
//! It decides nothing, reads no clock and asks no store; a text that is missing in one language is a failing test.

mod dates;
mod day;
mod fields;
mod messages;
mod names;
mod numbers;
mod office_changes;
mod refusals;
mod staff;
mod staff_refusals;
mod texts;
mod trail;

pub use antrean_app::caller::Language;
pub use refusals::Explained;
pub use texts::{Arg, Words};
