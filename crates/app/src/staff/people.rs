//! Inviting, changing and disabling staff. Nobody gives more than they may give, and there is always somebody who can sign in and do it.

use std::collections::BTreeMap;

use antrean_domain::keys::Keyring;
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Login, Role, Task};
use antrean_domain::visit::CallNumber;
use antrean_store::ids::StaffId;
use antrean_store::staff::{Member, StaffState};
use antrean_store::{Tx, counters, staff, visits};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::sign_in::{link_id, link_text, link_token};
use super::{Approved, Ask, Officer, StaffRecord, StaffRefusal, approval, checked_reason, open_record, seal_record};
use crate::caller::Actor;
use crate::operation::{Context, Error, Note, Operation};
use crate::refusal::Refusal;
use crate::ticket::zone_of;

/// Members listed at once: more than a country's passport offices have.
const LISTED_MAX: u32 = 20_000;
/// Offices somebody is put at, at most: whoever needs more is head of the office that the units belong to.
const OFFICES_MAX: usize = 50;
/// Characters of a name that colleagues read.
const NAME_MAX: usize = 100;

/// Who is invited, and the link by which they begin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invited {
    /// Their number.
    pub id: StaffId,
    /// What they will sign in with.
    pub login: Login,
    /// Until when the link is good.
    pub expires: Timestamp,
    /// Grows with every change of them; the link follows from it.
    version: i64,
    /// The token of the link, 64 hexadecimal digits. It follows from the rest and the keys, so it is not remembered.
    #[serde(default, skip_serializing)]
    pub token: String,
}

impl Invited {
    fn complete(&mut self, keys: &Keyring) {
        self.token = link_text(&link_token(keys, self.id, self.version));
    }
}

/// Invites somebody new: they get a one-time link and choose password and second factor themselves.
#[derive(Serialize, Deserialize)]
pub struct AddStaff {
    /// What they will sign in with.
    pub login: Login,
    /// The name that colleagues read.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Where.
    pub offices: Vec<OfficeCode>,
}

impl Operation for AddStaff {
    const NAME: &'static str = "staff_add";
    type Outcome = Invited;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Invited, Error> {
        let actor = governs(tx, cx, &[self.role], &self.offices)?;
        let name = checked(cx, &self.name, self.role, &self.offices)?;
        let sealed = seal_record(cx, &StaffRecord { name });
        let Some(id) = staff::insert(tx, &self.login, &sealed, self.role, cx.now)? else {
            return Err(StaffRefusal::LoginTaken.into());
        };
        staff::put_at(tx, id, &self.offices)?;
        note(tx, cx, actor, "staff_added", id)?;
        invite(tx, cx, id)
    }

    fn complete(invited: &mut Invited, keys: &Keyring) {
        invited.complete(keys);
    }
}

/// Invites somebody again: a link was lost or has expired, or somebody who was disabled comes back. What they signed in with before
/// is good no more.
#[derive(Serialize, Deserialize)]
pub struct InviteStaff {
    /// Whom.
    pub id: StaffId,
    /// Why, for the log.
    pub reason: String,
}

impl Operation for InviteStaff {
    const NAME: &'static str = "staff_invite";
    type Outcome = Invited;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Invited, Error> {
        let member = held(tx, self.id)?;
        let actor = governs_member(tx, cx, &member)?;
        if member.state == StaffState::Active {
            stays_an_admin(tx, &member)?;
        }
        note(tx, cx, actor, "staff_invited_again", member.id)?;
        invite(tx, cx, member.id)
    }

    fn complete(invited: &mut Invited, keys: &Keyring) {
        invited.complete(keys);
    }
}

fn invite(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<Invited, Error> {
    let expires = cx.now + SignedDuration::from_hours(i64::from(cx.policy.staff_link_hours));
    let before = held(tx, id)?;
    // The version that inviting leads to: a link is never made twice for the same state of somebody.
    let version = before.version + 1;
    staff::invite(tx, id, &link_id(cx.keys, &link_token(cx.keys, id, version)), expires)?;
    let login = Login::parse(&before.login).map_err(|_| StaffRefusal::MemberUnknown)?;
    Ok(Invited { id, login, expires, version, token: String::new() })
}

/// Changes name, role and offices of somebody.
#[derive(Serialize, Deserialize)]
pub struct ChangeStaff {
    /// Whom.
    pub id: StaffId,
    /// The state that was looked at; if somebody else changed them since, this is refused.
    pub version: i64,
    /// The name that colleagues read.
    pub name: String,
    /// What they are from now on.
    pub role: Role,
    /// Where from now on.
    pub offices: Vec<OfficeCode>,
    /// Why; needed where a second person decides.
    pub reason: String,
}

impl Operation for ChangeStaff {
    const NAME: &'static str = "staff_change";
    type Outcome = Approved<()>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Approved<()>, Error> {
        let member = held(tx, self.id)?;
        governs_member(tx, cx, &member)?;
        let actor = governs(tx, cx, &[member.role, self.role], &self.offices)?;
        // Whoever may do everything is made by two, where there are two.
        let rises = self.role == Role::Admin && member.role != Role::Admin;
        if rises && cx.acting.is_none() && staff::active_admins(tx)? > 1 {
            self.fits(cx, &member)?;
            return Ok(Approved::Asked { request: approval::ask(tx, cx, self)? });
        }
        self.apply(tx, cx, &member, actor)?;
        Ok(Approved::Done { outcome: () })
    }
}

impl Ask for ChangeStaff {
    fn office(&self) -> Option<&OfficeCode> {
        None
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn carry_out(&self, tx: &Tx<'_>, cx: &Context<'_>, asked_by: StaffId) -> Result<(), Error> {
        self.apply(tx, cx, &held(tx, self.id)?, Actor::Staff(asked_by))
    }
}

impl ChangeStaff {
    /// The name that is to be kept, if everything fits together and nobody changed the member meanwhile.
    fn fits(&self, cx: &Context<'_>, member: &Member) -> Result<String, Error> {
        if member.version != self.version {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        checked(cx, &self.name, self.role, &self.offices)
    }

    fn apply(&self, tx: &Tx<'_>, cx: &Context<'_>, member: &Member, actor: Actor) -> Result<(), Error> {
        let name = self.fits(cx, member)?;
        if member.role == Role::Admin && self.role != Role::Admin {
            stays_an_admin(tx, member)?;
        }
        if !staff::change(tx, self.id, self.version, &seal_record(cx, &StaffRecord { name }), self.role)? {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        staff::put_at(tx, self.id, &self.offices)?;
        note(tx, cx, actor, "staff_changed", self.id)
    }
}

/// Ends somebody's access at once; their sessions end with it, and the log keeps what they did.
#[derive(Serialize, Deserialize)]
pub struct DisableStaff {
    /// Whom.
    pub id: StaffId,
    /// The state that was looked at.
    pub version: i64,
    /// Why, for the log.
    pub reason: String,
}

impl Operation for DisableStaff {
    const NAME: &'static str = "staff_disable";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let member = held(tx, self.id)?;
        let actor = governs_member(tx, cx, &member)?;
        stays_an_admin(tx, &member)?;
        if actor == Actor::Staff(self.id) {
            return Err(StaffRefusal::NotYourself.into());
        }
        let reason = checked_reason(&self.reason)?;
        if member.state == StaffState::Disabled || !staff::set_state(tx, self.id, self.version, StaffState::Disabled)? {
            return Err(StaffRefusal::ChangedMeanwhile.into());
        }
        staff::end_sessions(tx, self.id)?;
        leave_counter(tx, cx, actor, self.id)?;
        let reason = format!("staff {}: {reason}", self.id);
        Ok(cx.note(tx, actor, Note { kind: "staff_disabled", reason: Some(&reason), ..Note::default() })?)
    }
}

/// Closes the counter at which somebody sits. Whoever is before it stays there for whoever opens it next.
fn leave_counter(tx: &Tx<'_>, cx: &Context<'_>, actor: Actor, whose: StaffId) -> Result<(), Error> {
    let Some(counter) = counters::of_officer(tx, whose)? else { return Ok(()) };
    if !counters::close(tx, counter.id, whose)? {
        return Err(StaffRefusal::ChangedMeanwhile.into());
    }
    let (office, reason) = (Some(counter.office.as_str()), counter.number.to_string());
    Ok(cx.note(tx, actor, Note { kind: "counter_closed", office, reason: Some(&reason), ..Note::default() })?)
}

/// What ends with somebody's access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Sessions that go on now.
    pub sessions: u32,
    /// The counter at which they sit: office and number.
    pub counter: Option<(OfficeCode, u32)>,
    /// Who is before it.
    pub before: Option<CallNumber>,
}

/// What would end if somebody were disabled now, for whoever may do it.
pub fn leaving(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<Leaving, Error> {
    let member = staff::get(tx, id)?.ok_or(StaffRefusal::MemberUnknown)?;
    governs_member(tx, cx, &member)?;
    let idle = SignedDuration::from_mins(i64::from(cx.policy.staff_idle_minutes));
    let sessions = staff::sessions(tx, id, cx.now, cx.now - idle)?;
    let Some(counter) = counters::of_officer(tx, id)? else {
        return Ok(Leaving { sessions, counter: None, before: None });
    };
    let today = zone_of(cx, &counter.office).local(cx.now).date();
    let before = visits::at_counter(tx, &counter.office, today, counter.number)?.map(|visit| visit.number);
    Ok(Leaving { sessions, counter: Some((counter.office, counter.number)), before })
}

/// Somebody, held to the end of the transaction.
fn held(tx: &Tx<'_>, id: StaffId) -> Result<Member, Error> {
    staff::lock(tx, id)?;
    staff::get(tx, id)?.ok_or_else(|| StaffRefusal::MemberUnknown.into())
}

/// Refuses to take the last administrator away, who could never be replaced from a screen.
fn stays_an_admin(tx: &Tx<'_>, member: &Member) -> Result<(), Error> {
    if member.role != Role::Admin || member.state != StaffState::Active {
        return Ok(());
    }
    if staff::active_admins(tx)? > 1 { Ok(()) } else { Err(StaffRefusal::LastAdmin.into()) }
}

/// Who acts, if they may give or take all of these roles at all of these offices.
fn governs(tx: &Tx<'_>, cx: &Context<'_>, roles: &[Role], offices: &[OfficeCode]) -> Result<Actor, Error> {
    if let Some(actor) = cx.acting {
        return Ok(actor);
    }
    let on_duty = cx.officer_for(tx, Task::Staff, None)?;
    if !roles.iter().all(|role| on_duty.role.governs(*role)) {
        return Err(StaffRefusal::TaskNotYours { task: Task::Staff }.into());
    }
    match offices.iter().find(|office| !on_duty.reaches(office)) {
        Some(office) => Err(StaffRefusal::OfficeNotYours { office: *office }.into()),
        None => Ok(Actor::Staff(on_duty.id)),
    }
}

/// Who acts, if they may change this member: their role, and all the offices they have now.
fn governs_member(tx: &Tx<'_>, cx: &Context<'_>, member: &Member) -> Result<Actor, Error> {
    governs(tx, cx, &[member.role], &staff::offices(tx, member.id)?)
}

/// The name, if it, the role and the offices go together.
fn checked(cx: &Context<'_>, name: &str, role: Role, offices: &[OfficeCode]) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(StaffRefusal::NameMissing { max: NAME_MAX as u32 }.into());
    }
    if role.is_everywhere() != offices.is_empty() || offices.len() > OFFICES_MAX {
        return Err(StaffRefusal::OfficesWrong { max: OFFICES_MAX as u32 }.into());
    }
    match offices.iter().position(|office| cx.catalogue.offices.get(office).is_none()) {
        Some(index) => Err(Refusal::OfficeUnknown { index: index as u32 }.into()),
        None => Ok(name),
    }
}

fn note(tx: &Tx<'_>, cx: &Context<'_>, actor: Actor, kind: &str, whom: StaffId) -> Result<(), Error> {
    let reason = format!("staff {whom}");
    Ok(cx.note(tx, actor, Note { kind, reason: Some(&reason), ..Note::default() })?)
}

/// Somebody as those see them who may change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// Their number.
    pub id: StaffId,
    /// What they sign in with.
    pub login: String,
    /// The name that colleagues read.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Where their access stands.
    pub state: StaffState,
    /// The offices they were put at.
    pub offices: Vec<OfficeCode>,
    /// Since when.
    pub created: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// Everybody whom the caller may change.
#[derive(Debug, Clone)]
pub struct StaffList {
    /// The caller.
    pub officer: Officer,
    /// The members, by sign-in name.
    pub members: Vec<MemberView>,
}

/// Everybody whom the caller may change, by sign-in name.
pub fn list(tx: &Tx<'_>, cx: &Context<'_>) -> Result<StaffList, Error> {
    let officer = cx.officer_for(tx, Task::Staff, None)?.clone();
    let mut at: BTreeMap<StaffId, Vec<OfficeCode>> = BTreeMap::new();
    for (id, office) in staff::every_office(tx)? {
        at.entry(id).or_default().push(office);
    }
    let mut members = Vec::new();
    for member in staff::list(tx, LISTED_MAX)? {
        let put_at = at.remove(&member.id).unwrap_or_default();
        if officer.role.governs(member.role) && put_at.iter().all(|office| officer.reaches(office)) {
            members.push(view(cx, member, put_at)?);
        }
    }
    Ok(StaffList { officer, members })
}

/// One of them.
pub fn member(tx: &Tx<'_>, cx: &Context<'_>, id: StaffId) -> Result<MemberView, Error> {
    let member = staff::get(tx, id)?.ok_or(StaffRefusal::MemberUnknown)?;
    governs_member(tx, cx, &member)?;
    let offices = staff::offices(tx, id)?;
    view(cx, member, offices)
}

fn view(cx: &Context<'_>, member: Member, offices: Vec<OfficeCode>) -> Result<MemberView, Error> {
    let StaffRecord { name } = open_record(cx, &member)?;
    let Member { id, login, role, state, created, version, .. } = member;
    Ok(MemberView { id, login, name, role, state, offices, created, version })
}

/// What the command line does for a sign-in name: invites somebody new, or somebody known again.
#[derive(Serialize, Deserialize)]
pub struct OperatorInvites {
    /// Who it is for somebody new; for somebody known only the sign-in name counts.
    #[serde(flatten)]
    pub add: AddStaff,
}

impl Operation for OperatorInvites {
    const NAME: &'static str = "staff_operator_invites";
    type Outcome = Invited;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Invited, Error> {
        match staff::by_login(tx, &self.add.login)? {
            None => self.add.perform(tx, cx),
            Some(known) => {
                let actor = governs_member(tx, cx, &known)?;
                note(tx, cx, actor, "staff_invited_again", known.id)?;
                invite(tx, cx, known.id)
            }
        }
    }

    fn complete(invited: &mut Invited, keys: &Keyring) {
        invited.complete(keys);
    }
}
