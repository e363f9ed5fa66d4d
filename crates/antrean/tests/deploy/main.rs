//! What a city's IT office gets besides the program: proxies' samples, units, packages, alarms and the guide, tried out as far as the
//! machine lets them be.

mod caddy;
mod container;
mod debian;
mod documents;
mod nginx;
mod package;
#[path = "../program/running.rs"]
#[expect(dead_code, reason = "the tests of the program use the rest")]
mod running;
mod site;
mod units;
