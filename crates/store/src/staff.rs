//! Staff: those who work at the offices, the links by which they begin, and their sessions. Nobody is ever removed.

use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Login, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::columns::{name, named};
use crate::ids::StaffId;
use crate::passkeys;
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// Sessions removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

/// Where somebody's access stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffState {
    /// Has a link and has not used it yet.
    Invited,
    /// Signs in, with password and second factor or with a passkey.
    Active,
    /// May not sign in.
    Disabled,
}

named!(StaffState { Invited = "invited", Active = "active", Disabled = "disabled" });
named!(Role { Officer = "officer", Head = "head", Admin = "admin", Auditor = "auditor" });

macro_rules! columns {
    () => {
        "s.id, s.login, s.sealed, s.role, s.state, s.password, s.totp, s.totp_step, s.created_ms, s.version"
    };
}

statements! {
    INSERT = "INSERT INTO staff (login, sealed, role, state, created_ms) VALUES (?1, ?2, ?3, 'invited', ?4)
              ON CONFLICT (login) DO NOTHING";
    GET = concat!("SELECT ", columns!(), " FROM staff s WHERE s.id = ?1");
    BY_LOGIN = concat!("SELECT ", columns!(), " FROM staff s WHERE s.login = ?1");
    LIST = concat!("SELECT ", columns!(), " FROM staff s ORDER BY s.login LIMIT ?1");
    // Whoever changes somebody looks first at what they are.
    LOCK = "", postgres "SELECT 1 FROM staff WHERE id = ?1 FOR NO KEY UPDATE";
    // Two administrators who disable each other at once must see each other.
    LOCK_ADMINS = "", postgres "SELECT 1 FROM staff WHERE role = 'admin' ORDER BY id FOR NO KEY UPDATE";
    ACTIVE_ADMINS = "SELECT count(*) FROM staff WHERE role = 'admin' AND state = 'active'";
    CHANGE = "UPDATE staff SET sealed = ?3, role = ?4, version = version + 1 WHERE id = ?1 AND version = ?2";
    SET_STATE = "UPDATE staff SET state = ?3, version = version + 1 WHERE id = ?1 AND version = ?2";
    // Whoever begins anew is invited again: what they signed in with before is good no more.
    INVITE = "UPDATE staff SET state = 'invited', password = NULL, totp = NULL, version = version + 1 WHERE id = ?1";
    ACTIVATE = "UPDATE staff SET state = 'active', password = ?2, totp = ?3, totp_step = ?4, version = version + 1
                WHERE id = ?1 AND state = 'invited'";
    // Who has a passkey needs neither password nor second factor; a trigger looks whether they have one.
    ACTIVATE_WITH_PASSKEY = "UPDATE staff SET state = 'active', version = version + 1 WHERE id = ?1 AND state = 'invited'";
    SET_PASSWORD = "UPDATE staff SET password = ?3, version = version + 1 WHERE id = ?1 AND version = ?2 AND state = 'active'";
    // A code is used up by the same statement that accepts it: it is good once, and so is none before it.
    USE_STEP = "UPDATE staff SET totp_step = ?3 WHERE id = ?1 AND version = ?2 AND state = 'active' AND totp_step < ?3";
    PUT_AT = "INSERT INTO staff_offices (staff_id, office) VALUES (?1, ?2) ON CONFLICT (staff_id, office) DO NOTHING";
    LEAVE_ALL = "DELETE FROM staff_offices WHERE staff_id = ?1";
    OFFICES = "SELECT office FROM staff_offices WHERE staff_id = ?1 ORDER BY office";
    EVERY_OFFICE = "SELECT staff_id, office FROM staff_offices ORDER BY staff_id, office";
    PUT_LINK = "INSERT INTO staff_links (staff_id, id, expires_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT (staff_id) DO UPDATE SET id = excluded.id, expires_ms = excluded.expires_ms";
    LINK = "SELECT staff_id, expires_ms FROM staff_links WHERE id = ?1";
    USE_LINK = "DELETE FROM staff_links WHERE id = ?1";
    BEGIN_SESSION = "INSERT INTO staff_sessions (id, staff_id, created_ms, seen_ms, expires_ms) VALUES (?1, ?2, ?3, ?3, ?4)";
    SESSION = "SELECT staff_id, created_ms, seen_ms, expires_ms FROM staff_sessions WHERE id = ?1";
    TOUCH = "UPDATE staff_sessions SET seen_ms = ?2 WHERE id = ?1 AND seen_ms < ?2";
    END_SESSION = "DELETE FROM staff_sessions WHERE id = ?1";
    END_SESSIONS = "DELETE FROM staff_sessions WHERE staff_id = ?1";
    SESSIONS = "SELECT count(*) FROM staff_sessions WHERE staff_id = ?1 AND expires_ms > ?2 AND seen_ms > ?3";
    REMOVE_ENDED = "DELETE FROM staff_sessions WHERE id IN
                    (SELECT id FROM staff_sessions WHERE expires_ms <= ?1 OR seen_ms <= ?2 ORDER BY expires_ms LIMIT ?3)";
}

/// Somebody as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their number, by which the log knows them.
    pub id: StaffId,
    /// What they sign in with.
    pub login: String,
    /// Their name, sealed.
    pub sealed: Vec<u8>,
    /// What they are.
    pub role: Role,
    /// Where their access stands.
    pub state: StaffState,
    /// Argon2id, as a PHC string, once they have begun with one.
    pub password: Option<String>,
    /// The secret of their second factor, sealed; whoever has a password has one.
    pub totp: Option<Vec<u8>>,
    /// The last time step whose code was used.
    pub totp_step: i64,
    /// When they were invited.
    pub created: Timestamp,
    /// Grows with every change; a change names the one it was decided on.
    pub version: i64,
}

/// A session as it is kept. Whether it has ended is for the caller to see: the store reads no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffSession {
    /// Whose it is.
    pub staff: StaffId,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the grain at which it is touched.
    pub seen: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

fn member(row: &RowRef<'_>) -> Result<Member, Fault> {
    Ok(Member {
        id: StaffId(row.int(0)?),
        login: row.text(1)?.to_owned(),
        sealed: row.blob(2)?.to_vec(),
        role: row.named(3)?,
        state: row.named(4)?,
        password: row.text_opt(5)?.map(str::to_owned),
        totp: row.blob_opt(6)?.map(<[u8]>::to_vec),
        totp_step: row.int(7)?,
        created: row.instant(8)?,
        version: row.int(9)?,
    })
}

/// Somebody new, invited; `None` if the sign-in name is taken.
pub fn insert(tx: &Tx<'_>, login: &Login, sealed: &[u8], role: Role, now: Timestamp) -> Result<Option<StaffId>, Fault> {
    let values = [Value::Text(login.as_str()), Value::Blob(sealed), name(role), Value::instant(now)];
    Ok(tx.insert(INSERT, &values)?.map(StaffId))
}

/// Somebody by their number.
pub fn get(tx: &Tx<'_>, id: StaffId) -> Result<Option<Member>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], member)
}

/// Somebody by what they sign in with.
pub fn by_login(tx: &Tx<'_>, login: &Login) -> Result<Option<Member>, Fault> {
    tx.opt(BY_LOGIN, &[Value::Text(login.as_str())], member)
}

/// At most so many of all staff, by sign-in name.
pub fn list(tx: &Tx<'_>, limit: u32) -> Result<Vec<Member>, Fault> {
    tx.all(LIST, &[Value::Int(limit.into())], member)
}

/// Holds somebody to the end of the transaction: what is read of them after this stays so.
pub fn lock(tx: &Tx<'_>, id: StaffId) -> Result<(), Fault> {
    tx.hold(LOCK, &[Value::Int(id.0)])
}

/// How many administrators can sign in; none of them changes until the end of the transaction.
pub fn active_admins(tx: &Tx<'_>) -> Result<u32, Fault> {
    tx.hold(LOCK_ADMINS, &[])?;
    tx.one(ACTIVE_ADMINS, &[], |row| row.small(0))
}

/// Changes name and role; `false` if somebody else changed them since `version`.
pub fn change(tx: &Tx<'_>, id: StaffId, version: i64, sealed: &[u8], role: Role) -> Result<bool, Fault> {
    tx.changed(CHANGE, &[Value::Int(id.0), Value::Int(version), Value::Blob(sealed), name(role)])
}

/// Sets where their access stands; `false` if somebody else changed them since `version`.
pub fn set_state(tx: &Tx<'_>, id: StaffId, version: i64, state: StaffState) -> Result<bool, Fault> {
    tx.changed(SET_STATE, &[Value::Int(id.0), Value::Int(version), name(state)])
}

/// Makes somebody begin anew: what they signed in with before is good no more, and their sessions end.
pub fn invite(tx: &Tx<'_>, id: StaffId, link: &[u8; 16], expires: Timestamp) -> Result<(), Fault> {
    tx.post(INVITE, &[Value::Int(id.0)])?;
    tx.post(END_SESSIONS, &[Value::Int(id.0)])?;
    passkeys::remove_all(tx, id)?;
    tx.post(PUT_LINK, &[Value::Int(id.0), Value::Blob(link), Value::instant(expires)])
}

/// Sets what somebody invited signs in with from now on; `false` if they are not invited.
pub fn activate(tx: &Tx<'_>, id: StaffId, password: &str, totp: &[u8], step: i64) -> Result<bool, Fault> {
    tx.changed(ACTIVATE, &[Value::Int(id.0), Value::Text(password), Value::Blob(totp), Value::Int(step)])
}

/// Lets somebody invited sign in with the passkey that they have; `false` if they are not invited.
pub fn activate_with_passkey(tx: &Tx<'_>, id: StaffId) -> Result<bool, Fault> {
    tx.changed(ACTIVATE_WITH_PASSKEY, &[Value::Int(id.0)])
}

/// Sets another password; `false` if somebody else changed them since `version`, or they may not sign in.
pub fn set_password(tx: &Tx<'_>, id: StaffId, version: i64, password: &str) -> Result<bool, Fault> {
    tx.changed(SET_PASSWORD, &[Value::Int(id.0), Value::Int(version), Value::Text(password)])
}

/// Uses up the code of a time step; `false` if it or a later one was used, or they were changed since `version`.
pub fn use_step(tx: &Tx<'_>, id: StaffId, version: i64, step: i64) -> Result<bool, Fault> {
    tx.changed(USE_STEP, &[Value::Int(id.0), Value::Int(version), Value::Int(step)])
}

/// Puts somebody at these offices and no others.
pub fn put_at(tx: &Tx<'_>, id: StaffId, offices: &[OfficeCode]) -> Result<(), Fault> {
    tx.post(LEAVE_ALL, &[Value::Int(id.0)])?;
    offices.iter().try_for_each(|office| tx.post(PUT_AT, &[Value::Int(id.0), Value::Text(office.as_str())]))
}

/// The offices somebody was put at.
pub fn offices(tx: &Tx<'_>, id: StaffId) -> Result<Vec<OfficeCode>, Fault> {
    tx.all(OFFICES, &[Value::Int(id.0)], |row| row.office(0))
}

/// Who was put at which office, all of it.
pub fn every_office(tx: &Tx<'_>) -> Result<Vec<(StaffId, OfficeCode)>, Fault> {
    tx.all(EVERY_OFFICE, &[], |row| Ok((StaffId(row.int(0)?), row.office(1)?)))
}

/// Whose link it is and until when it is good, by the keyed hash of its token.
pub fn link(tx: &Tx<'_>, id: &[u8; 16]) -> Result<Option<(StaffId, Timestamp)>, Fault> {
    tx.opt(LINK, &[Value::Blob(id)], |row| Ok((StaffId(row.int(0)?), row.instant(1)?)))
}

/// Uses a link up; `false` if it was used before.
pub fn use_link(tx: &Tx<'_>, id: &[u8; 16]) -> Result<bool, Fault> {
    tx.changed(USE_LINK, &[Value::Blob(id)])
}

/// Begins a session. `id` is the keyed hash of its token.
pub fn begin_session(
    tx: &Tx<'_>,
    staff: StaffId,
    id: &[u8; 16],
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), Fault> {
    tx.post(BEGIN_SESSION, &[Value::Blob(id), Value::Int(staff.0), Value::instant(now), Value::instant(expires)])
}

/// A session by the keyed hash of its token.
pub fn session(tx: &Tx<'_>, id: &[u8; 16]) -> Result<Option<StaffSession>, Fault> {
    tx.opt(SESSION, &[Value::Blob(id)], |row| {
        Ok(StaffSession {
            staff: StaffId(row.int(0)?),
            created: row.instant(1)?,
            seen: row.instant(2)?,
            expires: row.instant(3)?,
        })
    })
}

/// Notes that a session was used.
pub fn touch(tx: &Tx<'_>, id: &[u8; 16], now: Timestamp) -> Result<(), Fault> {
    tx.post(TOUCH, &[Value::Blob(id), Value::instant(now)])
}

/// Ends a session; `false` if there was none.
pub fn end_session(tx: &Tx<'_>, id: &[u8; 16]) -> Result<bool, Fault> {
    tx.changed(END_SESSION, &[Value::Blob(id)])
}

/// How many sessions of somebody go on: not expired, and used since `idle_since`.
pub fn sessions(tx: &Tx<'_>, id: StaffId, now: Timestamp, idle_since: Timestamp) -> Result<u32, Fault> {
    tx.one(SESSIONS, &[Value::Int(id.0), Value::instant(now), Value::instant(idle_since)], |row| row.small(0))
}

/// Ends all sessions of somebody.
pub fn end_sessions(tx: &Tx<'_>, id: StaffId) -> Result<(), Fault> {
    tx.post(END_SESSIONS, &[Value::Int(id.0)])
}

/// Removes up to 1,000 sessions that have expired, or were last used before `idle_since`; returns how many, so that 0 means done.
pub fn remove_ended(tx: &Tx<'_>, now: Timestamp, idle_since: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_ENDED, &[Value::instant(now), Value::instant(idle_since), Value::Int(REMOVE_MAX)])
}
