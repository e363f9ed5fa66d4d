//! The store as operations meet it: its rules under 64 hands at once, its transactions, its nouns, its audit.

mod archive;
mod audit;
mod checkup;
mod day;
mod files;
mod lines;
mod mishaps;
mod nouns;
mod rules;
mod town;
mod transactions;
