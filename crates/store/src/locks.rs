//! Locks: what must happen one after another where many write at once. On SQLite everything does.
//!
//! Rules 1 to 10 hold by constraints and conditional writes alone. Locks are for the rest of an answer: what an operation read must
//! still be so when it writes. Every operation takes them in this order, so that no two wait for each other: account or staff, request,
//! phone, planning, catalogue, release, line, day, then parties by number ([`crate::parties::lock`]), then slots by number
//! ([`crate::slots::lock`]). Who works on the account's own party may hold that before the release: only operations of the same account
//! do, one after the other.

use antrean_domain::office::OfficeCode;
use antrean_domain::release::ReleaseId;

use crate::ids::{AccountId, StaffId};

/// What only one transaction may work on at a time. Held to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock<'a> {
    /// The setting up of an empty database.
    Setup,
    /// The answer to an idempotency key, by its keyed hash: the second of two equal requests waits for the answer to the first.
    Request(&'a [u8; 16]),
    /// What belongs to an account: its people, its draft, its session, whether something of it is live.
    Account(AccountId),
    /// What somebody of the staff does, one thing after the other.
    Staff(StaffId),
    /// Who signs in with a phone number, by its keyed hash.
    Phone(&'a [u8; 16]),
    /// Which releases there are.
    Planning,
    /// Offices, hours, quotas and the rest of the catalogue.
    Catalogue,
    /// A release's state, which stays as it is while this is held; many may hold it.
    ReleaseStays(&'a ReleaseId),
    /// A release's state, which its holder changes.
    ReleaseMoves(&'a ReleaseId),
    /// Whether a release's line is open, which stays as it is while this is held; many may hold it.
    LineStays(&'a ReleaseId),
    /// Whether a release's line is open, which its holder changes.
    LineMoves(&'a ReleaseId),
    /// What happens at an office on the day: numbers and calls are given one after another.
    Day(&'a OfficeCode),
}

impl Lock<'_> {
    /// The lock's number for an engine that knows locks by number. Two locks may share one: then somebody waits in vain.
    pub(crate) fn number(&self) -> i64 {
        match self {
            Self::Setup => number(b'S', b""),
            Self::Request(key) => number(b'R', *key),
            Self::Account(account) => number(b'A', &account.0.to_be_bytes()),
            Self::Staff(staff) => number(b'D', &staff.0.to_be_bytes()),
            Self::Phone(key) => number(b'P', *key),
            Self::Planning => number(b'W', b""),
            Self::Catalogue => number(b'C', b""),
            Self::ReleaseStays(release) | Self::ReleaseMoves(release) => number(b'M', release.as_str().as_bytes()),
            Self::Day(office) => number(b'O', office.as_str().as_bytes()),
            Self::LineStays(release) | Self::LineMoves(release) => number(b'L', release.as_str().as_bytes()),
        }
    }
}

/// FNV-1a of kind and name: locks need no more than numbers that seldom meet.
fn number(kind: u8, name: &[u8]) -> i64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    [kind].iter().chain(name).fold(0xcbf2_9ce4_8422_2325, step).cast_signed()
}
