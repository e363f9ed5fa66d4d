//! Limits on what costs money or can be guessed: counted in the store, each bucket separate, the strictest answer wins.

use antrean_store::{Tx, limits};
use serde::{Deserialize, Serialize};

use crate::operation::{Context, Error};
use crate::refusal::Refusal;

/// What a limit is about, so that the answer can say what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// Codes sent to one phone number.
    CodesToPhone,
    /// Codes asked for from one network.
    CodesFromNetwork,
    /// Codes sent by the whole system today.
    CodesToday,
    /// Codes checked for one phone number.
    ChecksOfPhone,
    /// People stated or changed in one account.
    PeopleOfAccount,
    /// Entries made or changed by one account.
    EntriesOfAccount,
    /// Bookings tried by one account.
    BookingsOfAccount,
    /// Places cancelled, moved or wished for by one account, each counted for itself.
    MovesOfAccount,
    /// Sign-ins of staff tried in a browser that is known, or with a passkey.
    StaffSignIns,
    /// Sign-ins of staff tried in browsers where nobody of that name has signed in before.
    StaffStrangers,
    /// Requests of any kind: refused before the store was asked, or after they were refused too often.
    Requests,
}

/// One minute, in seconds.
pub const MINUTE_S: i64 = 60;
/// One hour, in seconds.
pub const HOUR_S: i64 = 60 * MINUTE_S;
/// One day, in seconds.
pub const DAY_S: i64 = 24 * HOUR_S;

/// Takes one from the bucket of `what` and `whom` for the window of `window_s` seconds that `cx.now` lies in.
///
/// Refuses with the seconds until the next window. What was taken is given back with everything else when the operation
/// is refused; where a try itself must count, the operation refuses with [`Error::Counted`].
pub fn take(tx: &Tx<'_>, cx: &Context<'_>, what: Limited, whom: &[u8], window_s: i64, max: u32) -> Result<(), Error> {
    let window = cx.now.as_second().div_euclid(window_s) * window_s;
    let mut name = format!("{what:?}\n{window_s}\n").into_bytes();
    name.extend_from_slice(whom);
    let bucket = cx.keys.keyed16("limit", &name);
    let starts = jiff::Timestamp::from_second(window).expect("a window starts near now");
    if limits::take(tx, &bucket, starts, 1, i64::from(max))? {
        return Ok(());
    }
    let retry_after_s = (window + window_s - cx.now.as_second()).max(1) as u32;
    Err(Refusal::TooMany { what, retry_after_s }.into())
}
