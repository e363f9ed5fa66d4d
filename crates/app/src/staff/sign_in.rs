//! How staff come in: a one-time link to begin, then password and second factor; `passkey.rs` has the other way. A password
//! is hashed on a thread of its own, never inside a transaction, where it would hold everybody up.

use antrean_domain::keys::Keyring;
use antrean_domain::staff::{Login, Password};
use antrean_store::ids::StaffId;
use antrean_store::staff::{Member, StaffState};
use antrean_store::{Fault, Lane, Tx, staff};
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};

use super::{SEAL_TOTP, StaffRecord, StaffRefusal, browser, open_record};
use crate::app::App;
use crate::caller::{Actor, Caller, SessionToken, hex, unhex};
use crate::entropy;
use crate::limit::{self, HOUR_S, Limited};
use crate::operation::{Context, Error, Failure, Note, Operation};

/// A session is noted as used at most so often: a page a second must not be a write a second.
pub const TOUCH_GRAIN: SignedDuration = SignedDuration::from_secs(60);

/// Hashing as OWASP asks for at least: Argon2id, 19 MiB, two passes, one lane.
fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("fixed parameters are within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password for keeping, on a thread of its own.
async fn hashed(app: &App, password: Password) -> Result<String, Failure> {
    let salt: [u8; 16] = entropy::bytes(app.entropy());
    let work = move || hasher().hash_password_with_salt(password.bytes(), &salt).map(|hash| hash.to_string());
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => {
            tracing::error!(%error, "a password cannot be hashed");
            Err(Failure::Broken)
        }
        Err(_) => Err(Failure::Broken),
    }
}

/// Whether a password is the one that was hashed, on a thread of its own. Where there is none to compare with it takes as long and is
/// wrong: how long an answer takes must not say who works here.
async fn is_right(password: Password, hash: Option<String>) -> bool {
    let compare = move || {
        let Some(hash) = hash else {
            let _ = hasher().hash_password_with_salt(password.bytes(), &[0; 16]);
            return false;
        };
        hasher().verify_password(password.bytes(), hash.as_str()).is_ok()
    };
    tokio::task::spawn_blocking(compare).await.unwrap_or(false)
}

/// The second factor for a secret: RFC 6238 as every authenticator app has it (SHA-1, six digits, 30 seconds, one step either side).
fn totp(secret: &[u8]) -> Totp {
    Builder::new().with_secret(secret.to_vec()).build().expect("a secret of 20 bytes is long enough")
}

/// The time step of a typed code, if it is one of the secret's about now. Spaces are for reading.
fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(|char| !char.is_whitespace()).collect();
    totp(secret).check(&digits, now.as_second().max(0) as u64).and_then(|step| i64::try_from(step).ok())
}

/// The code that an authenticator app shows for a secret at an instant: for the demo and for tests, where nobody holds a phone.
pub fn code_at(secret: &[u8], now: Timestamp) -> String {
    totp(secret).generate(now.as_second().max(0) as u64).to_string()
}

/// The secret that a link offers for the second factor. It follows from the link's token, so that it lies nowhere before it is used.
pub fn totp_of_link(keys: &Keyring, token: &[u8; 32]) -> [u8; 20] {
    let mut secret = [0; 20];
    secret[..16].copy_from_slice(&keys.keyed16("staff-totp-first-part", token));
    secret[16..].copy_from_slice(&keys.keyed16("staff-totp-second-part", token)[..4]);
    secret
}

/// The token of the link by which somebody begins. It follows from who they are and how often they were changed, so that an answer
/// that was lost can be given again, and it is stored nowhere.
pub(super) fn link_token(keys: &Keyring, id: StaffId, version: i64) -> [u8; 32] {
    let whom = [id.0.to_be_bytes(), version.to_be_bytes()].concat();
    let mut token = [0; 32];
    token[..16].copy_from_slice(&keys.keyed16("staff-link-first-half", &whom));
    token[16..].copy_from_slice(&keys.keyed16("staff-link-second-half", &whom));
    token
}

/// What is stored of a link.
pub(super) fn link_id(keys: &Keyring, token: &[u8; 32]) -> [u8; 16] {
    keys.keyed16("staff-link", token)
}

/// What the page behind a link shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// What they will sign in with.
    pub login: Login,
    /// The name that colleagues read.
    pub name: String,
    /// The secret to be put into an authenticator app, in base 32.
    pub secret: String,
    /// The same as an address, for a QR code.
    pub address: String,
    /// Until when the link is good.
    pub expires: Timestamp,
}

/// The member behind a link that is still good, and until when it is.
pub(super) fn member_of_link(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    token: &str,
) -> Result<([u8; 32], Member, Timestamp), Error> {
    let gone = || Error::from(StaffRefusal::LinkGone);
    let token = unhex::<32>(token).ok_or_else(gone)?;
    let (id, expires) = staff::link(tx, &link_id(cx.keys, &token))?.ok_or_else(gone)?;
    staff::lock(tx, id)?;
    let member = staff::get(tx, id)?.filter(|member| member.state == StaffState::Invited).ok_or_else(gone)?;
    if expires <= cx.now { Err(gone()) } else { Ok((token, member, expires)) }
}

/// What a link is for. Looking at it uses nothing up.
pub fn link(tx: &Tx<'_>, cx: &Context<'_>, token: &str) -> Result<LinkView, Error> {
    let (token, member, expires) = member_of_link(tx, cx, token)?;
    let StaffRecord { name } = open_record(cx, &member)?;
    let secret = totp_rs::Secret::from(totp_of_link(cx.keys, &token).to_vec()).to_base32();
    let login = login_of(&member)?;
    // Names and secret need no escaping: letters, digits, `. _ - @` and base 32.
    let address =
        format!("otpauth://totp/Antrean:{login}?secret={secret}&issuer=Antrean&algorithm=SHA1&digits=6&period=30");
    Ok(LinkView { login, name, secret, address, expires })
}

fn login_of(member: &Member) -> Result<Login, Fault> {
    Login::parse(&member.login).map_err(|_| Fault::Corrupt { what: format!("sign-in name of staff {}", member.id) })
}

/// Sets what somebody invited signs in with, and signs them in.
pub async fn begin(
    app: &App,
    caller: Caller,
    token: &str,
    password: Password,
    code: &str,
) -> Result<StaffSignedIn, Failure> {
    let (wanted, now) = (token.to_owned(), app.now_of_phones());
    app.ask(caller.clone(), move |tx, cx| member_of_link(tx, cx, &wanted).map(drop)).await?;
    let gone = || Failure::from(StaffRefusal::LinkGone);
    let bytes = unhex::<32>(token).ok_or_else(gone)?;
    let step = step_of(&totp_of_link(app.keys(), &bytes), code, now).ok_or(StaffRefusal::SecondFactorWrong)?;
    let password = hashed(app, password).await?;
    app.perform(caller, None, Begun { link: token.to_owned(), password, step }).await
}

/// Uses a link up: the password and the second factor that were chosen hold from now on.
#[derive(Serialize, Deserialize)]
pub struct Begun {
    /// The link's token: 64 hexadecimal digits.
    pub link: String,
    /// The password, hashed.
    pub password: String,
    /// The time step of the code that proved the second factor.
    pub step: i64,
}

impl Operation for Begun {
    const NAME: &'static str = "staff_begin";
    const LANE: Lane = Lane::SignIn;
    type Outcome = StaffSignedIn;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<StaffSignedIn, Error> {
        let (token, member, _) = member_of_link(tx, cx, &self.link)?;
        let secret = totp_of_link(cx.keys, &token);
        let sealed = cx.keys.seal(SEAL_TOTP, &secret, entropy::bytes(cx.entropy));
        if !staff::use_link(tx, &link_id(cx.keys, &token))?
            || !staff::activate(tx, member.id, &self.password, &sealed, self.step)?
        {
            return Err(StaffRefusal::LinkGone.into());
        }
        cx.note(tx, Actor::Staff(member.id), Note { kind: "staff_began", ..Note::default() })?;
        begin_session(tx, cx, member.id)
    }
}

/// Signed in as staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StaffSignedIn {
    /// The session token: 64 hexadecimal digits, shown once.
    pub session: String,
    /// When the session ends at the latest; sooner when it is idle.
    pub expires: Timestamp,
    /// The mark that the browser is to keep, by which it is known the next time; 64 hexadecimal digits.
    pub mark: Option<String>,
}

pub(super) fn begin_session(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<StaffSignedIn, Error> {
    let token: [u8; 32] = entropy::bytes(cx.entropy);
    let expires = cx.now + SignedDuration::from_hours(i64::from(cx.policy.staff_session_hours));
    staff::begin_session(tx, id, &cx.keys.session_hash(&token), cx.now, expires)?;
    cx.note(tx, Actor::Staff(id), Note { kind: "staff_signed_in", ..Note::default() })?;
    let mark = staff::get(tx, id)?.and_then(|member| browser::mark(cx, &member)).map(|mark| mark.to_text());
    Ok(StaffSignedIn { session: SessionToken(token).to_text(), expires, mark })
}

/// Signs somebody in by password and second factor. Says the same whatever was wrong.
pub async fn sign_in(
    app: &App,
    caller: Caller,
    login: Login,
    password: Password,
    code: &str,
) -> Result<StaffSignedIn, Failure> {
    app.perform(caller.clone(), None, CountTry { login: login.clone() }).await?;
    let known = app.ask(caller.clone(), move |tx, _| Ok(staff::by_login(tx, &login)?)).await?;
    let member = known.filter(|member| member.state == StaffState::Active);
    let right = is_right(password, member.as_ref().and_then(|member| member.password.clone())).await;
    let wrong = || Failure::from(StaffRefusal::SignInWrong);
    let member = member.ok_or_else(wrong)?;
    let secret = member.totp.as_deref().and_then(|sealed| app.keys().open(SEAL_TOTP, sealed).ok()).ok_or_else(wrong)?;
    let Some(step) = step_of(&secret, code, app.now_of_phones()).filter(|_| right) else {
        app.perform(caller, None, NoteWrong { staff: member.id }).await?;
        return Err(wrong());
    };
    app.perform(caller, None, SignIn { staff: member.id, version: member.version, step }).await
}

/// Counts a try before anything is compared: guesses at once cannot share one.
#[derive(Serialize, Deserialize)]
struct CountTry {
    login: Login,
}

impl Operation for CountTry {
    const NAME: &'static str = "staff_try";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        browser::count(tx, cx, &self.login)
    }
}

/// Counts a try at the caller's own password. It is theirs alone: strangers cannot use it up.
#[derive(Serialize, Deserialize)]
struct CountOwnTry {}

impl Operation for CountOwnTry {
    const NAME: &'static str = "staff_own_try";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let whom = [b"own\n".as_slice(), &cx.officer(tx)?.id.0.to_be_bytes()].concat();
        limit::take(tx, cx, Limited::StaffSignIns, &whom, HOUR_S, cx.policy.staff_tries_per_login_hour)
    }
}

/// A line in the log for a try that was wrong, beside the name it was for.
#[derive(Serialize, Deserialize)]
pub(super) struct NoteWrong {
    pub(super) staff: StaffId,
}

impl Operation for NoteWrong {
    const NAME: &'static str = "staff_wrong";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let reason = self.staff.to_string();
        let note = Note { kind: "staff_sign_in_wrong", reason: Some(&reason), ..Note::default() };
        Ok(cx.note(tx, Actor::Nobody, note)?)
    }
}

/// Begins a session, once per code of the second factor.
#[derive(Serialize, Deserialize)]
struct SignIn {
    staff: StaffId,
    /// What the password was compared with; whoever was changed since signs in anew.
    version: i64,
    step: i64,
}

impl Operation for SignIn {
    const NAME: &'static str = "staff_sign_in";
    const LANE: Lane = Lane::SignIn;
    type Outcome = StaffSignedIn;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<StaffSignedIn, Error> {
        if !staff::use_step(tx, self.staff, self.version, self.step)? {
            return Err(StaffRefusal::SignInWrong.into());
        }
        begin_session(tx, cx, self.staff)
    }
}

/// Notes that a session is used, so that it does not end as idle.
#[derive(Serialize, Deserialize)]
pub struct Touch {}

impl Operation for Touch {
    const NAME: &'static str = "staff_touch";
    const LANE: Lane = Lane::Read;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        cx.officer(tx)?;
        let Some(token) = &cx.caller.staff else { return Err(StaffRefusal::SignedOut.into()) };
        Ok(staff::touch(tx, &cx.keys.session_hash(&token.0), cx.now)?)
    }
}

/// Ends the caller's staff session.
#[derive(Serialize, Deserialize)]
pub struct SignOutStaff {}

impl Operation for SignOutStaff {
    const NAME: &'static str = "staff_sign_out";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let officer = cx.officer(tx)?.id;
        if let Some(token) = &cx.caller.staff {
            staff::end_session(tx, &cx.keys.session_hash(&token.0))?;
        }
        cx.note(tx, Actor::Staff(officer), Note { kind: "staff_signed_out", ..Note::default() })?;
        Ok(())
    }
}

/// Changes the caller's own password; the old one is asked for, and every other session of theirs ends.
pub async fn change_password(app: &App, caller: Caller, old: Password, new: Password) -> Result<(), Failure> {
    let member = app
        .ask(caller.clone(), |tx, cx| {
            let id = cx.officer(tx)?.id;
            staff::get(tx, id)?.ok_or_else(|| StaffRefusal::SignedOut.into())
        })
        .await?;
    app.perform(caller.clone(), None, CountOwnTry {}).await?;
    if !is_right(old, member.password.clone()).await {
        return Err(StaffRefusal::SignInWrong.into());
    }
    let password = hashed(app, new).await?;
    app.perform(caller, None, ChangePassword { version: member.version, password }).await
}

/// Sets a password that was checked and hashed before.
#[derive(Serialize, Deserialize)]
pub struct ChangePassword {
    /// The state of the member that the old password was compared with.
    pub version: i64,
    /// The new password, hashed.
    pub password: String,
}

impl Operation for ChangePassword {
    const NAME: &'static str = "staff_password";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let id = cx.officer(tx)?.id;
        let Some(token) = &cx.caller.staff else { return Err(StaffRefusal::SignedOut.into()) };
        if !staff::set_password(tx, id, self.version, &self.password)? {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        // The session that changes it goes on; whoever sits at another screen signs in anew.
        let this = cx.keys.session_hash(&token.0);
        let session = staff::session(tx, &this)?.ok_or(StaffRefusal::SignedOut)?;
        staff::end_sessions(tx, id)?;
        staff::begin_session(tx, id, &this, cx.now, session.expires)?;
        cx.note(tx, Actor::Staff(id), Note { kind: "staff_password_changed", ..Note::default() })?;
        Ok(())
    }
}

/// The text form of a link's token.
pub(super) fn link_text(token: &[u8; 32]) -> String {
    hex(token)
}
