//! What a city's IT office gets besides the program: proxies' samples, units, packages, alarms and the guide, tried out as far as the
//! machine lets them be.

mod caddy;
mod debian;
mod nginx;
#[path = "../program/running.rs"]
mod running;
mod site;
