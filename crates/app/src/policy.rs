//! The limits and terms that an operator may set. Defaults follow the facts on abuse (five separate buckets, money bounded).

use antrean_domain::release::BeaconKind;
use serde::{Deserialize, Serialize};

/// What an operator may set; every number says its unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// One-time codes sent to one phone number in an hour, asked for from one network; four times as many from all.
    pub codes_per_phone_hour: u32,
    /// One-time codes sent to one phone number in a day, asked for from one network; four times as many from all.
    pub codes_per_phone_day: u32,
    /// One-time codes sent to one network (/24, /48) in an hour; carriers put thousands behind one address.
    pub codes_per_network_hour: u32,
    /// One-time codes sent in a day over the whole system: each costs money.
    pub codes_per_day: u32,
    /// Codes checked for one phone number in a day from one network, four times as many from all: so many guesses in a million.
    pub checks_per_phone_day: u32,
    /// People stated, added or changed by one account in a day.
    pub people_per_account_day: u32,
    /// Entries made, changed or withdrawn by one account in an hour.
    pub entries_per_account_hour: u32,
    /// First-come bookings tried by one account in a minute.
    pub bookings_per_account_minute: u32,
    /// Places cancelled, places moved and wishes made by one account in a day, so many of each.
    pub moves_per_account_day: u32,
    /// Minutes before its opening for which the waiting room of a first-come release may be joined; being early gives nothing.
    pub line_join_minutes: u32,
    /// People let in from a waiting room in a minute at its opening; from then on the server's health moves the rate.
    pub line_rate_start: u32,
    /// People let in in a minute while the server is overloaded, and at the very least.
    pub line_rate_min: u32,
    /// People let in in a minute at the very most.
    pub line_rate_max: u32,
    /// People who may choose at once however few places are left.
    pub line_at_work_min: u32,
    /// Seconds that somebody let in is reckoned to need; who has not booked by then no longer keeps others out.
    pub line_decide_s: u32,
    /// Refused requests and choices of language of one account in an hour: each leaves a line, none may fill the disk.
    pub trifles_per_account_hour: u32,
    /// Minutes for which a one-time code holds.
    pub code_minutes: u32,
    /// Days for which a session holds, from the signing in.
    pub session_days: u32,
    /// Minutes after which a staff session that nobody uses ends.
    pub staff_idle_minutes: u32,
    /// Hours after which a staff session ends in any case: a shift.
    pub staff_session_hours: u32,
    /// Hours for which the link that invites somebody holds.
    pub staff_link_hours: u32,
    /// Sign-ins of one staff name tried in an hour in a browser that is known, and by strangers from one network;
    /// `staff/browser.rs` has what strangers try together, as multiples of it.
    pub staff_tries_per_login_hour: u32,
    /// Whether people on standby are told by message as well; each message costs money.
    pub tell_standby: bool,
    /// Whether the clock plans next Friday's release by itself.
    pub plan_weekly: bool,
    /// The beacon of the releases that the clock plans.
    pub beacon: BeaconKind,
    /// Days after which the personal data of a party is erased, counted from its making, but never before it has ended.
    pub keep_people_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            codes_per_phone_hour: 3,
            codes_per_phone_day: 5,
            codes_per_network_hour: 300,
            codes_per_day: 200_000,
            checks_per_phone_day: 15,
            people_per_account_day: 10,
            entries_per_account_hour: 20,
            bookings_per_account_minute: 10,
            moves_per_account_day: 5,
            line_join_minutes: 60,
            line_rate_start: 1_200,
            line_rate_min: 60,
            line_rate_max: 60_000,
            line_at_work_min: 20,
            line_decide_s: 180,
            trifles_per_account_hour: 600,
            code_minutes: 5,
            session_days: 30,
            staff_idle_minutes: 30,
            staff_session_hours: 12,
            staff_link_hours: 72,
            staff_tries_per_login_hour: 10,
            tell_standby: false,
            plan_weekly: true,
            beacon: BeaconKind::Drand,
            keep_people_days: 90,
        }
    }
}
