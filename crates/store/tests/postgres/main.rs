//! The tests of the store once more, on PostgreSQL: the same sources, in a program of another name.

#[path = "../store/archive.rs"]
mod archive;
#[path = "../store/audit.rs"]
mod audit;
#[path = "../store/day.rs"]
mod day;
mod engines;
#[path = "../store/lines.rs"]
mod lines;
#[path = "../store/nouns.rs"]
mod nouns;
#[path = "../store/rules.rs"]
mod rules;
#[path = "../store/town.rs"]
mod town;
#[path = "../store/transactions.rs"]
mod transactions;
