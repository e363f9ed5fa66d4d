//! The program in a real browser on a small phone: the whole way to a ticket without scripts, and what every page weighs and keeps.

mod camera;
mod chromium;
mod counters;
mod demo;
mod door;
mod head;
mod journey;
mod office;
mod pages;
mod passkey;
mod scale;
mod sight;
