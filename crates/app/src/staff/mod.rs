//! Those who work at the offices: who is on duty, what they may do and where, and how they come in.

pub(crate) mod approval;
mod browser;
mod ceremony;
mod kinds;
mod passkey;
mod people;
mod refusal;
mod sign_in;
mod trail;

use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Role, Task};
use antrean_store::ids::StaffId;
use antrean_store::staff::{Member, StaffState};
use antrean_store::{Fault, Tx, staff};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use approval::{Approved, Ask, Content, Decide, RequestView, Requests, Withdraw, requests};
pub(crate) use approval::{ask as approval_of, checked_reason};
pub use ceremony::{Question, Site, to_sign_in};
pub use kinds::{KindGroup, is_kind};
pub use passkey::{
    PasskeyView, RemovePasskey, WaysIn, add, begin_with_passkey, sign_in_by_passkey, to_add, to_begin, ways_in,
};
pub use people::{
    AddStaff, ChangeStaff, DisableStaff, InviteStaff, Invited, Leaving, MemberView, OperatorInvites, StaffList,
    leaving, list, member,
};
pub use refusal::StaffRefusal;
pub use sign_in::{
    Begun, ChangePassword, LinkView, SignOutStaff, StaffSignedIn, TOUCH_GRAIN, Touch, begin, change_password, code_at,
    link, sign_in, totp_of_link,
};

pub use trail::{Found, LINES_MAX, Line, Meant, Trail, trail};

use crate::entropy;
use crate::operation::{Context, Error};

/// The purpose under which what is known of staff is sealed.
const SEAL_STAFF: &str = "staff";
/// The purpose under which the secret of a second factor is sealed.
const SEAL_TOTP: &str = "staff-totp";

/// What is sealed beside somebody: the name that colleagues read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StaffRecord {
    pub name: String,
}

pub(crate) fn seal_record(cx: &Context<'_>, record: &StaffRecord) -> Vec<u8> {
    let plain = serde_json::to_vec(record).expect("a record is plain data");
    cx.keys.seal(SEAL_STAFF, &plain, entropy::bytes(cx.entropy))
}

pub(crate) fn open_record(cx: &Context<'_>, member: &Member) -> Result<StaffRecord, Fault> {
    let broken = || Fault::Corrupt { what: format!("the sealed name of staff {}", member.id) };
    let plain = cx.keys.open(SEAL_STAFF, &member.sealed).map_err(|_| broken())?;
    serde_json::from_slice(&plain).map_err(|_| broken())
}

/// The name that colleagues read.
pub(crate) fn name_of(cx: &Context<'_>, member: &Member) -> Result<String, Fault> {
    Ok(open_record(cx, member)?.name)
}

/// Somebody on duty: signed in, active, with what they may do and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Their number.
    pub id: StaffId,
    /// What they sign in with.
    pub login: String,
    /// The name that colleagues read.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The offices they reach, by code; `None` is all of them.
    pub reach: Option<Vec<OfficeCode>>,
    /// When their session was last used, to the grain at which it is touched.
    pub seen: Timestamp,
}

impl Officer {
    /// Whether they reach an office.
    pub fn reaches(&self, office: &OfficeCode) -> bool {
        self.reach.as_ref().is_none_or(|reach| reach.contains(office))
    }

    /// Refuses what their role does not do, and offices that are not theirs.
    pub fn check(&self, task: Task, office: Option<&OfficeCode>) -> Result<(), StaffRefusal> {
        if !self.role.may(task) {
            return Err(StaffRefusal::TaskNotYours { task });
        }
        match office.filter(|office| !self.reaches(office)) {
            Some(office) => Err(StaffRefusal::OfficeNotYours { office: *office }),
            None => Ok(()),
        }
    }
}

impl Context<'_> {
    /// Who is on duty: the officer of the caller's staff session, or `StaffSignedOut`. Looked up once in an attempt.
    pub fn officer(&self, tx: &Tx<'_>) -> Result<&Officer, Error> {
        if let Some(officer) = self.on_duty.get() {
            return Ok(officer);
        }
        let officer = self.look_up_officer(tx)?;
        Ok(self.on_duty.get_or_init(|| officer))
    }

    /// Who is on duty and may do this, at this office if it is at one. Every operation of staff begins with it.
    pub fn officer_for(&self, tx: &Tx<'_>, task: Task, office: Option<&OfficeCode>) -> Result<&Officer, Error> {
        let officer = self.officer(tx)?;
        officer.check(task, office)?;
        Ok(officer)
    }

    fn look_up_officer(&self, tx: &Tx<'_>) -> Result<Officer, Error> {
        let signed_out = || Error::from(StaffRefusal::SignedOut);
        let token = self.caller.staff.as_ref().ok_or_else(signed_out)?;
        let session = staff::session(tx, &self.keys.session_hash(&token.0))?.ok_or_else(signed_out)?;
        let idle = SignedDuration::from_mins(i64::from(self.policy.staff_idle_minutes));
        if session.expires <= self.now || session.seen + idle <= self.now {
            return Err(signed_out());
        }
        // What somebody may do stays as it is until the operation is done.
        staff::lock(tx, session.staff)?;
        let member = staff::get(tx, session.staff)?.ok_or_else(signed_out)?;
        if member.state != StaffState::Active {
            return Err(signed_out());
        }
        officer_of(tx, self, &member, session.seen)
    }
}

/// What somebody may do and where, as it is now.
pub(crate) fn officer_of(tx: &Tx<'_>, cx: &Context<'_>, member: &Member, seen: Timestamp) -> Result<Officer, Error> {
    let reach = if member.role.is_everywhere() {
        None
    } else {
        let mut reach = staff::offices(tx, member.id)?;
        if member.role.reaches_units() {
            let units: Vec<OfficeCode> = reach
                .iter()
                .flat_map(|office| cx.catalogue.offices.units_of(office))
                .map(|unit| unit.code)
                .filter(|unit| !reach.contains(unit))
                .collect();
            reach.extend(units);
        }
        Some(reach)
    };
    let StaffRecord { name } = open_record(cx, member)?;
    Ok(Officer { id: member.id, login: member.login.clone(), name, role: member.role, reach, seen })
}

/// Who is on duty, checked for a task: what every page of staff asks first.
pub fn admit(tx: &Tx<'_>, cx: &Context<'_>, task: Option<Task>, office: Option<&OfficeCode>) -> Result<Officer, Error> {
    let officer = match task {
        None => cx.officer(tx)?,
        Some(task) => cx.officer_for(tx, task, office)?,
    };
    Ok(officer.clone())
}
