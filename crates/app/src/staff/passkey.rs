//! Passkeys: a way in beside password and second factor, or instead of both. A device asks its owner for a PIN or a fingerprint before it
//! signs; so one passkey is both factors.

use antrean_store::ids::{PasskeyId, StaffId};
use antrean_store::passkeys::Passkey;
use antrean_store::staff::StaffState;
use antrean_store::{Fault, Lane, Tx, passkeys, staff};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::browser::{self, NETWORKS_OF_A_LOGIN, PEOPLE_OF_A_NETWORK};
use super::ceremony::{self, Ceremony, Key, NewKey, Once, Owner, Question, Site};
use super::sign_in::{NoteWrong, StaffSignedIn, begin_session, link_id, member_of_link};
use super::{StaffRefusal, name_of};
use crate::app::App;
use crate::caller::{Actor, Caller, unhex};
use crate::entropy;
use crate::limit::{self, HOUR_S, Limited};
use crate::operation::{Context, Error, Failure, Note, Operation};

/// The purpose under which a public key and its owner's name for it are sealed.
const SEAL_PASSKEY: &str = "staff-passkey";
/// A passkey is added by whoever signed in so short a time ago: a screen that was left alone gives nobody a key of their own.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Passkeys of one person: a phone, two computers and a key in the drawer, and room.
const OWNED_MAX: u32 = 10;
/// Characters of the name that an owner gives a passkey.
const NAME_MAX: usize = 60;

/// What is sealed beside a passkey.
#[derive(Serialize, Deserialize)]
struct PasskeyRecord {
    name: String,
    key: Key,
}

fn open(cx: &Context<'_>, passkey: &Passkey) -> Result<PasskeyRecord, Fault> {
    let broken = || Fault::Corrupt { what: format!("passkey {}", passkey.id) };
    let plain = cx.keys.open(SEAL_PASSKEY, &passkey.sealed).map_err(|_| broken())?;
    serde_json::from_slice(&plain).map_err(|_| broken())
}

/// A passkey that is to be kept, with the name that its owner gave it.
#[derive(Serialize, Deserialize)]
struct NewPasskey {
    name: String,
    made: NewKey,
}

/// The name of a passkey, if it is one.
fn checked_name(name: &str) -> Result<String, StaffRefusal> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(StaffRefusal::PasskeyNameMissing { max: NAME_MAX as u32 });
    }
    Ok(name)
}

impl NewPasskey {
    fn keep(&self, tx: &Tx<'_>, cx: &Context<'_>, whose: StaffId) -> Result<(), Error> {
        if passkeys::of_staff(tx, whose)?.len() >= OWNED_MAX as usize {
            return Err(StaffRefusal::PasskeysEnough { max: OWNED_MAX }.into());
        }
        let record = PasskeyRecord { name: self.name.clone(), key: self.made.key.clone() };
        let plain = serde_json::to_vec(&record).expect("a record is plain data");
        let sealed = cx.keys.seal(SEAL_PASSKEY, &plain, entropy::bytes(cx.entropy));
        let added = passkeys::insert(tx, whose, &self.made.credential, &sealed, self.made.sign_count, cx.now)?;
        let id = added.ok_or(StaffRefusal::PasskeyKnown)?;
        note(tx, cx, Actor::Staff(whose), "staff_passkey_added", id)
    }
}

fn note(tx: &Tx<'_>, cx: &Context<'_>, actor: Actor, kind: &str, which: PasskeyId) -> Result<(), Error> {
    let reason = format!("passkey {which}");
    Ok(cx.note(tx, actor, Note { kind, reason: Some(&reason), ..Note::default() })?)
}

/// The keyed hash of the caller's session, if it was begun a short time ago.
fn fresh_session(tx: &Tx<'_>, cx: &Context<'_>) -> Result<[u8; 16], Error> {
    let Some(token) = &cx.caller.staff else { return Err(StaffRefusal::SignedOut.into()) };
    let id = cx.keys.session_hash(&token.0);
    let session = staff::session(tx, &id)?.ok_or(StaffRefusal::SignedOut)?;
    if session.created + FRESH <= cx.now {
        return Err(StaffRefusal::SignInAgain.into());
    }
    Ok(id)
}

/// What a browser is asked to add a passkey to the caller's own.
pub async fn to_add(app: &App, caller: Caller, site: &Site) -> Result<Question, Failure> {
    let (session, owner) = app
        .ask(caller, |tx, cx| {
            let officer = cx.officer(tx)?;
            let session = fresh_session(tx, cx)?;
            let owned = passkeys::of_staff(tx, officer.id)?;
            if owned.len() >= OWNED_MAX as usize {
                return Err(StaffRefusal::PasskeysEnough { max: OWNED_MAX }.into());
            }
            let (login, name) = (officer.login.clone(), officer.name.clone());
            Ok((session, Owner { id: officer.id, login, name, owned }))
        })
        .await?;
    ceremony::ask_to_make(app, site, Ceremony::Own { session }, &owner)
}

/// Adds a passkey to the caller's own.
pub async fn add(app: &App, caller: Caller, site: &Site, name: &str, answer: &str) -> Result<(), Failure> {
    let name = checked_name(name)?;
    let token = caller.staff.as_ref().ok_or(StaffRefusal::SignedOut)?;
    let session = app.keys().session_hash(&token.0);
    let (made, once) = ceremony::made(app, site, Ceremony::Own { session }, answer)?;
    app.perform(caller, None, AddPasskey { once, passkey: NewPasskey { name, made } }).await
}

/// Keeps a passkey of the caller that was looked at before.
#[derive(Serialize, Deserialize)]
struct AddPasskey {
    once: Once,
    passkey: NewPasskey,
}

impl Operation for AddPasskey {
    const NAME: &'static str = "staff_passkey_add";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let id = cx.officer(tx)?.id;
        fresh_session(tx, cx)?;
        self.once.use_up(tx)?;
        self.passkey.keep(tx, cx, id)
    }
}

/// What a browser is asked to make the passkey with which somebody invited begins.
pub async fn to_begin(app: &App, caller: Caller, site: &Site, token: &str) -> Result<Question, Failure> {
    let wanted = token.to_owned();
    let (link, owner) = app
        .ask(caller, move |tx, cx| {
            let (token, member, _) = member_of_link(tx, cx, &wanted)?;
            let name = name_of(cx, &member)?;
            Ok((link_id(cx.keys, &token), Owner { id: member.id, login: member.login, name, owned: Vec::new() }))
        })
        .await?;
    ceremony::ask_to_make(app, site, Ceremony::Link { link }, &owner)
}

/// Begins with a passkey instead of password and second factor, and signs in.
pub async fn begin_with_passkey(
    app: &App,
    caller: Caller,
    site: &Site,
    token: &str,
    name: &str,
    answer: &str,
) -> Result<StaffSignedIn, Failure> {
    let name = checked_name(name)?;
    let bytes = unhex::<32>(token).ok_or(StaffRefusal::LinkGone)?;
    let link = link_id(app.keys(), &bytes);
    let (made, once) = ceremony::made(app, site, Ceremony::Link { link }, answer)?;
    let begun = BegunWithPasskey { link: token.to_owned(), once, passkey: NewPasskey { name, made } };
    app.perform(caller, None, begun).await
}

/// Uses a link up: somebody signs in by the passkey that they made.
#[derive(Serialize, Deserialize)]
struct BegunWithPasskey {
    link: String,
    once: Once,
    passkey: NewPasskey,
}

impl Operation for BegunWithPasskey {
    const NAME: &'static str = "staff_begin_passkey";
    const LANE: Lane = Lane::SignIn;
    type Outcome = StaffSignedIn;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<StaffSignedIn, Error> {
        let (token, member, _) = member_of_link(tx, cx, &self.link)?;
        self.once.use_up(tx)?;
        if !staff::use_link(tx, &link_id(cx.keys, &token))? {
            return Err(StaffRefusal::LinkGone.into());
        }
        cx.note(tx, Actor::Staff(member.id), Note { kind: "staff_began", ..Note::default() })?;
        self.passkey.keep(tx, cx, member.id)?;
        if !staff::activate_with_passkey(tx, member.id)? {
            return Err(StaffRefusal::LinkGone.into());
        }
        begin_session(tx, cx, member.id)
    }
}

/// Signs in whoever holds a passkey. Says the same whatever is wrong, but for a key that was copied.
pub async fn sign_in_by_passkey(
    app: &App,
    caller: Caller,
    site: &Site,
    answer: &str,
) -> Result<StaffSignedIn, Failure> {
    let (signed, once) = ceremony::signed(app, answer)?;
    let credential = signed.credential.clone();
    app.perform(caller.clone(), None, TryPasskey { once, credential: credential.clone() }).await?;
    let known = app
        .ask(caller.clone(), move |tx, cx| {
            let Some(passkey) = passkeys::by_credential(tx, &credential)? else { return Ok(None) };
            let PasskeyRecord { key, .. } = open(cx, &passkey)?;
            Ok(staff::get(tx, passkey.staff)?.map(|member| (passkey.id, key, member)))
        })
        .await?;
    let (passkey, key, member) = known.ok_or(StaffRefusal::PasskeyWrong)?;
    match signed.counted(app, site, member.id, &key) {
        Ok(sign_count) if member.state == StaffState::Active => {
            let sign_in = SignInByPasskey { passkey, staff: member.id, version: member.version, sign_count };
            app.perform(caller, None, sign_in).await
        }
        Ok(_) | Err(_) => {
            app.perform(caller, None, NoteWrong { staff: member.id }).await?;
            Err(StaffRefusal::PasskeyWrong.into())
        }
    }
}

/// Counts a try and uses up what was signed, before the signature is looked at.
#[derive(Serialize, Deserialize)]
struct TryPasskey {
    once: Once,
    credential: Vec<u8>,
}

impl Operation for TryPasskey {
    const NAME: &'static str = "staff_passkey_try";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        self.once.use_up(tx)?;
        let owner = match passkeys::by_credential(tx, &self.credential)? {
            Some(passkey) => staff::get(tx, passkey.staff)?,
            None => None,
        };
        if browser::counted_as_known(tx, cx, owner.as_ref())? {
            return Ok(());
        }
        let max = cx.policy.staff_tries_per_login_hour;
        let network = cx.network().unwrap_or_default();
        let whom = [b"passkey\n", self.credential.as_slice()].concat();
        let here = [&whom[..], b"\n", &network].concat();
        limit::take(tx, cx, Limited::StaffSignIns, &here, HOUR_S, max)?;
        limit::take(tx, cx, Limited::StaffSignIns, &whom, HOUR_S, max.saturating_mul(NETWORKS_OF_A_LOGIN))?;
        let everybody = [b"passkeys\n", &network[..]].concat();
        limit::take(tx, cx, Limited::StaffSignIns, &everybody, HOUR_S, max.saturating_mul(PEOPLE_OF_A_NETWORK))
    }
}

/// Begins a session for whoever has signed, if their device has counted on.
#[derive(Serialize, Deserialize)]
struct SignInByPasskey {
    passkey: PasskeyId,
    staff: StaffId,
    /// The state of the member that was looked at; whoever was changed since signs in anew.
    version: i64,
    sign_count: u32,
}

impl Operation for SignInByPasskey {
    const NAME: &'static str = "staff_passkey_sign_in";
    const LANE: Lane = Lane::SignIn;
    type Outcome = StaffSignedIn;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<StaffSignedIn, Error> {
        staff::lock(tx, self.staff)?;
        let member = staff::get(tx, self.staff)?.ok_or(StaffRefusal::PasskeyWrong)?;
        let owned = passkeys::of_staff(tx, self.staff)?;
        let is_there = owned.iter().any(|passkey| passkey.id == self.passkey);
        if member.state != StaffState::Active || member.version != self.version || !is_there {
            return Err(StaffRefusal::PasskeyWrong.into());
        }
        if !passkeys::count(tx, self.passkey, self.sign_count, cx.now)? {
            let reason = format!("staff {}, passkey {}", self.staff, self.passkey);
            let kind = "staff_passkey_counted_back";
            cx.note(tx, Actor::Nobody, Note { kind, reason: Some(&reason), ..Note::default() })?;
            return Err(Error::Counted(StaffRefusal::PasskeyCopied.into()));
        }
        note(tx, cx, Actor::Staff(self.staff), "staff_passkey_used", self.passkey)?;
        begin_session(tx, cx, self.staff)
    }
}

/// Removes one of the caller's own passkeys, and never their last way in.
#[derive(Serialize, Deserialize)]
pub struct RemovePasskey {
    /// Which.
    pub id: PasskeyId,
}

impl Operation for RemovePasskey {
    const NAME: &'static str = "staff_passkey_remove";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        // Whoever is on duty is held: of two removals at once the second sees what the first has left.
        let whose = cx.officer(tx)?.id;
        if passkeys::remove(tx, self.id, whose)? {
            return note(tx, cx, Actor::Staff(whose), "staff_passkey_removed", self.id);
        }
        let is_there = passkeys::of_staff(tx, whose)?.iter().any(|passkey| passkey.id == self.id);
        Err(if is_there { StaffRefusal::LastWayIn } else { StaffRefusal::ChangedMeanwhile }.into())
    }
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// Its number.
    pub id: PasskeyId,
    /// The name that its owner gave it.
    pub name: String,
    /// Since when.
    pub created: Timestamp,
    /// When they last came in with it.
    pub used: Option<Timestamp>,
}

/// The ways in that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether they have password and second factor.
    pub has_password: bool,
    /// Their passkeys, oldest first.
    pub passkeys: Vec<PasskeyView>,
}

/// The caller's own ways in.
pub fn ways_in(tx: &Tx<'_>, cx: &Context<'_>) -> Result<WaysIn, Error> {
    let id = cx.officer(tx)?.id;
    let member = staff::get(tx, id)?.ok_or(StaffRefusal::SignedOut)?;
    let view = |passkey: Passkey| {
        let PasskeyRecord { name, .. } = open(cx, &passkey)?;
        Ok(PasskeyView { id: passkey.id, name, created: passkey.created, used: passkey.used })
    };
    let passkeys = passkeys::of_staff(tx, id)?.into_iter().map(view).collect::<Result<_, Fault>>()?;
    Ok(WaysIn { has_password: member.password.is_some(), passkeys })
}
