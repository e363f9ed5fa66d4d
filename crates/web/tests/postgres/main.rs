//! Stories, lines and races over the wire once more, on PostgreSQL: the same sources, in a program of another name.

#![allow(clippy::duplicate_mod, reason = "each file of tests brings its own people, as it does alone")]

#[path = "../api_story.rs"]
mod api_story;
#[path = "../line.rs"]
mod line;
#[path = "../pages_story.rs"]
mod pages_story;
#[path = "../races.rs"]
mod races;
#[path = "../staff_counters.rs"]
mod staff_counters;
#[path = "../staff_numbers.rs"]
mod staff_numbers;
#[path = "../staff_office_data.rs"]
mod staff_office_data;
#[path = "../staff_quota.rs"]
mod staff_quota;
