//! Who is expected at an office today and has not arrived yet.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::office::OfficeCode;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::slot::WindowStart;
use antrean_domain::staff::Task;
use antrean_store::{Tx, appointments, slots};
use jiff::Timestamp;

use crate::operation::{Context, Error};
use crate::ticket::{code_of, zone_of};

/// A party that is expected, without names: what its ticket says on the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its queue code.
    pub code: QueueCode,
    /// People.
    pub people: u32,
    /// Its window.
    pub window: (WindowStart, WindowStart),
    /// When the window begins.
    pub from: Timestamp,
}

/// Parties that are booked at an office for today, in the order of their windows.
pub fn expected(tx: &Tx<'_>, cx: &Context<'_>, office: &OfficeCode) -> Result<Vec<Expected>, Error> {
    cx.officer_for(tx, Task::Door, Some(office))?;
    let zone = zone_of(cx, office);
    let date = zone.local(cx.now).date();
    let mut all = Vec::new();
    for (appointment, people) in appointments::live_on(tx, office, date)? {
        if appointment.state != AppointmentState::Booked {
            continue;
        }
        let Some(slot) = slots::get(tx, appointment.slot)? else { continue };
        all.push(Expected {
            code: code_of(cx, office, appointment.party),
            people,
            window: (slot.key.starts, slot.ends),
            from: zone.at(slot.key.date.to_datetime(slot.key.starts.time())),
        });
    }
    all.sort_by_key(|party| party.from);
    Ok(all)
}
