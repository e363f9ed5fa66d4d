//! The tests of the application once more, on PostgreSQL: the same sources, in a program of another name.

#![allow(clippy::duplicate_mod, reason = "each file of tests brings its own town, as it does alone")]

#[path = "../clock.rs"]
mod clock;
#[path = "../closure.rs"]
mod closure;
#[path = "../day.rs"]
mod day;
#[path = "../found.rs"]
mod found;
mod lost;
#[path = "../moved.rs"]
mod moved;
#[path = "../passkey.rs"]
mod passkey;
#[path = "../quota.rs"]
mod quota;
#[path = "../races.rs"]
mod races;
#[path = "../sign_in.rs"]
mod sign_in;
#[path = "../waiting.rs"]
mod waiting;
#[path = "../week.rs"]
mod week;
#[path = "../weekly.rs"]
mod weekly;
