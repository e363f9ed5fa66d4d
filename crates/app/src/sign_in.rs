//! Signing in: a phone number, a one-time code, a session bound to the device that asked.

use antrean_domain::phone::Phone;
use antrean_store::locks::Lock;
use antrean_store::{Lane, Tx, accounts, challenges, sessions};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::caller::{Actor, SessionToken, hex, unhex};
use crate::entropy;
use crate::limit::{self, DAY_S, HOUR_S, Limited};
use crate::me::{AccountRecord, seal_account};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};
use crate::refusal::Refusal;

/// Wrong codes before the code is dead. The table refuses a sixth by constraint.
const TRIES_MAX: u32 = 5;
/// Pauses before another code can be sent, in seconds; after the last, only a new start helps.
const RESEND_PAUSES_S: [u32; 3] = [30, 60, 120];

/// What one number may use from all networks together, as a multiple of what it may use from one.
const NETWORKS_OF_A_PHONE: u32 = 4;

/// Takes one from a phone number's bucket for the caller's network, and one from its bucket for all networks.
///
/// A lock-out must not be a weapon: a stranger who uses up somebody's codes from elsewhere leaves the owner's network
/// alone, and the wider bucket still bounds cost and guessing.
fn take_of_phone(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    what: Limited,
    phone: &[u8; 16],
    window_s: i64,
    max: u32,
) -> Result<(), Error> {
    let here = [phone.as_slice(), cx.network().unwrap_or_default().as_slice()].concat();
    limit::take(tx, cx, what, &here, window_s, max)?;
    limit::take(tx, cx, what, phone, window_s, max.saturating_mul(NETWORKS_OF_A_PHONE))
}

/// Asks for a one-time code. Says the same whether the number is known or not.
#[derive(Serialize, Deserialize)]
pub struct RequestCode {
    /// The number to send the code to.
    pub phone: Phone,
}

/// A code is on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CodeSent {
    /// Binds the code to the device that asked; goes into a cookie or back to the API client. 64 hexadecimal digits.
    pub challenge: String,
    /// The number, masked, for the page that asks for the code.
    pub phone: String,
    /// When the code stops working.
    pub expires: Timestamp,
    /// Seconds until another can be sent; `None` when no more will be.
    pub resend_after_s: Option<u32>,
}

impl Operation for RequestCode {
    const NAME: &'static str = "request_code";
    const LANE: Lane = Lane::SignIn;
    type Outcome = CodeSent;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<CodeSent, Error> {
        let phone = cx.keys.phone_key(&self.phone);
        let policy = cx.policy;
        take_of_phone(tx, cx, Limited::CodesToPhone, &phone.0, HOUR_S, policy.codes_per_phone_hour)?;
        take_of_phone(tx, cx, Limited::CodesToPhone, &phone.0, DAY_S, policy.codes_per_phone_day)?;
        if let Some(network) = cx.network() {
            limit::take(tx, cx, Limited::CodesFromNetwork, &network, HOUR_S, policy.codes_per_network_hour)?;
        }
        limit::take(tx, cx, Limited::CodesToday, b"", DAY_S, policy.codes_per_day)?;

        let token: [u8; 32] = entropy::bytes(cx.entropy);
        let code = cx.keys.otp_code(&token);
        let expires = cx.now + SignedDuration::from_mins(i64::from(policy.code_minutes));
        let sealed = seal_account(cx, &AccountRecord { phone: Some(self.phone.clone()), family_card: None });
        challenges::insert(
            tx,
            &challenges::Challenge {
                id: cx.keys.keyed16("challenge", &token),
                phone: phone.0,
                sealed,
                code_hash: cx.keys.code_hash(&token, &code),
                created: cx.now,
                expires,
                tries: 0,
                sends: 1,
                sent: cx.now,
                used: None,
            },
        )?;
        send_code(tx, cx, &self.phone, code)?;
        cx.note(tx, Actor::Nobody, Note { kind: "code_sent", ..Note::default() })?;
        Ok(CodeSent {
            challenge: hex(&token),
            phone: self.phone.masked(),
            expires,
            resend_after_s: Some(RESEND_PAUSES_S[0]),
        })
    }
}

/// Sends the same code once more, after a pause that grows.
#[derive(Serialize, Deserialize)]
pub struct ResendCode {
    /// The challenge of [`CodeSent`].
    pub challenge: String,
}

impl Operation for ResendCode {
    const NAME: &'static str = "resend_code";
    const LANE: Lane = Lane::SignIn;
    type Outcome = CodeSent;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<CodeSent, Error> {
        let (token, challenge) = open_challenge(tx, cx, &self.challenge)?;
        if challenge.used.is_some() {
            return Err(Refusal::CodeExpired.into());
        }
        let sends = challenge.sends;
        let Some(pause) = RESEND_PAUSES_S.get(sends as usize - 1) else { return Err(Refusal::CodeExpired.into()) };
        let wait = i64::from(*pause) - cx.now.duration_since(challenge.sent).as_secs();
        if wait > 0 {
            return Err(Refusal::ResendTooSoon { seconds: wait as u32 }.into());
        }
        take_of_phone(tx, cx, Limited::CodesToPhone, &challenge.phone, DAY_S, cx.policy.codes_per_phone_day)?;
        limit::take(tx, cx, Limited::CodesToday, b"", DAY_S, cx.policy.codes_per_day)?;
        if !challenges::resent(tx, &challenge.id, cx.now, sends)? {
            return Err(Refusal::CodeExpired.into());
        }
        let phone = crate::me::open_account(cx.keys, &challenge.sealed)?.phone.ok_or(Refusal::CodeExpired)?;
        send_code(tx, cx, &phone, cx.keys.otp_code(&token))?;
        Ok(CodeSent {
            challenge: self.challenge.clone(),
            phone: phone.masked(),
            expires: challenge.expires,
            resend_after_s: RESEND_PAUSES_S.get(sends as usize).copied(),
        })
    }
}

fn send_code(tx: &Tx<'_>, cx: &Context<'_>, phone: &Phone, code: [u8; 6]) -> Result<(), Error> {
    let message = Message::Code { code: String::from_utf8_lossy(&code).into_owned(), minutes: cx.policy.code_minutes };
    Ok(tell(tx, cx, Recipient::Phone(phone.clone(), cx.caller.language), message)?)
}

/// The challenge behind a token, if it is not too old.
fn open_challenge(tx: &Tx<'_>, cx: &Context<'_>, text: &str) -> Result<([u8; 32], challenges::Challenge), Error> {
    let token = unhex::<32>(text).ok_or(Refusal::CodeExpired)?;
    let challenge = challenges::get(tx, &cx.keys.keyed16("challenge", &token))?.ok_or(Refusal::CodeExpired)?;
    if challenge.expires <= cx.now {
        return Err(Refusal::CodeExpired.into());
    }
    Ok((token, challenge))
}

/// Answers a challenge with the code. Signs in, and ends the account's session on any other device.
#[derive(Serialize, Deserialize)]
pub struct EnterCode {
    /// The challenge of [`CodeSent`].
    pub challenge: String,
    /// The six digits.
    pub code: String,
}

/// Signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session token: 64 hexadecimal digits, shown once.
    pub session: String,
    /// Whether the holder has said who they are already.
    pub complete: bool,
}

impl Operation for EnterCode {
    const NAME: &'static str = "enter_code";
    const LANE: Lane = Lane::SignIn;
    type Outcome = SignedIn;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<SignedIn, Error> {
        let (token, challenge) = open_challenge(tx, cx, &self.challenge)?;
        take_of_phone(tx, cx, Limited::ChecksOfPhone, &challenge.phone, DAY_S, cx.policy.checks_per_phone_day)?;
        if challenge.used.is_some() {
            return again(tx, cx, &token, &challenge, &self.code);
        }
        // The try is counted before the code is looked at: two guesses at once cannot share one try.
        if !challenges::count_try(tx, &challenge.id)? {
            return Err(Refusal::CodeExpired.into());
        }
        if !is_right(cx, &token, &challenge, &self.code) {
            let tries_left = TRIES_MAX.saturating_sub(challenge.tries + 1);
            cx.note(tx, Actor::Nobody, Note { kind: "code_wrong", ..Note::default() })?;
            return Err(Error::Counted(Refusal::CodeWrong { tries_left }));
        }
        if !challenges::use_up(tx, &challenge.id, cx.now)? {
            return Err(Refusal::CodeExpired.into());
        }
        let phone = antrean_domain::keys::PhoneKey(challenge.phone);
        // Two devices may answer for one new number at once.
        tx.lock(&Lock::Phone(&phone.0))?;
        let account = match accounts::by_phone(tx, &phone)? {
            Some(account) => account,
            None => accounts::insert(tx, &phone, &challenge.sealed, cx.caller.language.tag(), cx.now)?,
        };
        let session = session_of(cx, &token);
        let expires = cx.now + SignedDuration::from_hours(24 * i64::from(cx.policy.session_days));
        sessions::replace(tx, account, &cx.keys.session_hash(&session), cx.now, expires)?;
        cx.note(tx, Actor::Account(account), Note { kind: "signed_in", ..Note::default() })?;
        let complete = !antrean_store::applicants::list(tx, account)?.is_empty();
        Ok(SignedIn { session: SessionToken(session).to_text(), complete })
    }
}

fn is_right(cx: &Context<'_>, token: &[u8; 32], challenge: &challenges::Challenge, code: &str) -> bool {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    cx.keys.code_hash(token, digits.as_bytes()) == challenge.code_hash
}

/// The session that answering a challenge begins. It follows from the challenge, whose token only the device that asked
/// has: so the same answer sent twice, on a slow line, gives the same session and not a refusal.
fn session_of(cx: &Context<'_>, token: &[u8; 32]) -> [u8; 32] {
    let mut session = [0; 32];
    session[..16].copy_from_slice(&cx.keys.keyed16("session-first-half", token));
    session[16..].copy_from_slice(&cx.keys.keyed16("session-second-half", token));
    session
}

/// The answer to a challenge that was answered before: the same session, while it lasts.
fn again(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    token: &[u8; 32],
    challenge: &challenges::Challenge,
    code: &str,
) -> Result<SignedIn, Error> {
    let session = session_of(cx, token);
    let live = sessions::find(tx, &cx.keys.session_hash(&session))?;
    match live.filter(|_| is_right(cx, token, challenge, code)) {
        None => Err(Error::Counted(Refusal::CodeExpired)),
        Some(live) => {
            let complete = !antrean_store::applicants::list(tx, live.account)?.is_empty();
            Ok(SignedIn { session: SessionToken(session).to_text(), complete })
        }
    }
}

/// Ends the caller's session.
#[derive(Serialize, Deserialize)]
pub struct SignOut {}

impl Operation for SignOut {
    const NAME: &'static str = "sign_out";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let account = cx.account(tx)?;
        if let Some(token) = &cx.caller.session {
            sessions::remove(tx, &cx.keys.session_hash(&token.0))?;
        }
        cx.note(tx, Actor::Account(account), Note { kind: "signed_out", ..Note::default() })?;
        Ok(())
    }
}
