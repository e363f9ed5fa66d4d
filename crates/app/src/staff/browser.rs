//! Browsers where a member of staff has signed in before. Tries from there are counted apart, so that a stranger who guesses locks out
//! strangers and not the officer. The way is the one that OWASP describes as device cookies.
//!
//! A browser keeps a mark for everybody who signs in with it. A mark is nothing that opens a door: it says where a try is counted.

use antrean_domain::keys::Keyring;
use antrean_domain::staff::Login;
use antrean_store::staff::{Member, StaffState};
use antrean_store::{Tx, staff};

use crate::caller::BrowserMark;
use crate::entropy;
use crate::limit::{self, DAY_S, HOUR_S, Limited};
use crate::operation::{Context, Error};

/// Tries of strangers at one name in an hour from all networks together, as a multiple of those from one network.
pub(super) const NETWORKS_OF_A_LOGIN: u32 = 4;
/// Tries of strangers at one name in a day, as a multiple of those of an hour from one network: what bounds whoever never stops.
const HOURS_OF_A_LOGIN: u32 = 20;
/// Tries of strangers from one network in an hour, as a multiple of those at one name: a whole office sits behind one address.
pub(super) const PEOPLE_OF_A_NETWORK: u32 = 100;
/// Tries of strangers at all names from everywhere in an hour, as a multiple of those at one name: more than all offices of the country
/// have people in new browsers, and few enough that hashing passwords for guesses never holds up the server.
const STRANGERS: u32 = 300;

/// What binds a mark: to the name, to this mark, and to the secret that somebody was invited to last. Whoever is invited anew begins with
/// another secret, so that the marks of before are worth nothing.
fn signature(keys: &Keyring, member: &Member, nonce: &[u8]) -> Option<[u8; 16]> {
    let secret = member.totp.as_deref()?;
    Some(keys.keyed16("staff-browser", &[member.login.as_bytes(), b"\n", nonce, secret].concat()))
}

/// The mark of a browser that just signed somebody in: the one that it brought, or a new one. Who has no password needs none.
pub(super) fn mark(cx: &Context<'_>, member: &Member) -> Option<BrowserMark> {
    known(cx, member).or_else(|| {
        let nonce: [u8; 16] = entropy::bytes(cx.entropy);
        let mut mark = [0; 32];
        mark[..16].copy_from_slice(&nonce);
        mark[16..].copy_from_slice(&signature(cx.keys, member, &nonce)?);
        Some(BrowserMark(mark))
    })
}

/// The mark that the caller's browser brought for somebody who may sign in.
pub(super) fn known(cx: &Context<'_>, member: &Member) -> Option<BrowserMark> {
    let is_theirs = |mark: &&BrowserMark| {
        let (nonce, signed) = mark.0.split_at(16);
        signature(cx.keys, member, nonce).is_some_and(|right| right == signed)
    };
    let may_sign_in = member.state == StaffState::Active;
    cx.caller.browser.iter().find(is_theirs).filter(|_| may_sign_in).cloned()
}

/// Counts a try in a browser that is known for whom it is for; `false` where it is not known, and nothing is counted.
pub(super) fn counted_as_known(tx: &Tx<'_>, cx: &Context<'_>, member: Option<&Member>) -> Result<bool, Error> {
    let Some(mark) = member.and_then(|member| known(cx, member)) else { return Ok(false) };
    let whom = [b"browser\n".as_slice(), &mark.0].concat();
    limit::take(tx, cx, Limited::StaffSignIns, &whom, HOUR_S, cx.policy.staff_tries_per_login_hour)?;
    Ok(true)
}

/// Counts a try at a sign-in name, before anything is compared: guesses at once cannot share one.
pub(super) fn count(tx: &Tx<'_>, cx: &Context<'_>, login: &Login) -> Result<(), Error> {
    if counted_as_known(tx, cx, staff::by_login(tx, login)?.as_ref())? {
        return Ok(());
    }
    let max = cx.policy.staff_tries_per_login_hour;
    let whom = [b"login\n", login.as_str().as_bytes()].concat();
    let network = [b"network\n".as_slice(), &cx.network().unwrap_or_default()].concat();
    let here = [&whom[..], b"\n", &network].concat();
    let strangers = |whom: &[u8], window_s, times| {
        limit::take(tx, cx, Limited::StaffStrangers, whom, window_s, max.saturating_mul(times))
    };
    strangers(&here, HOUR_S, 1)?;
    strangers(&whom, HOUR_S, NETWORKS_OF_A_LOGIN)?;
    strangers(&whom, DAY_S, HOURS_OF_A_LOGIN)?;
    strangers(&network, HOUR_S, PEOPLE_OF_A_NETWORK)?;
    strangers(b"everybody", HOUR_S, STRANGERS)
}
