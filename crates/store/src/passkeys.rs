//! Passkeys of staff: a public key each, of which the private half never leaves its owner's device.

use jiff::Timestamp;

use crate::ids::{PasskeyId, StaffId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

statements! {
    INSERT = "INSERT INTO passkeys (staff_id, credential, sealed, sign_count, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
              ON CONFLICT (credential) DO NOTHING";
    BY_CREDENTIAL = "SELECT id, staff_id, credential, sealed, sign_count, created_ms, used_ms FROM passkeys WHERE credential = ?1";
    OF_STAFF = "SELECT id, staff_id, credential, sealed, sign_count, created_ms, used_ms FROM passkeys
                WHERE staff_id = ?1 ORDER BY id";
    // A device that counts nothing says 0 each time; one that counts never says the same twice.
    USE = "UPDATE passkeys SET sign_count = ?2, used_ms = ?3
           WHERE id = ?1 AND (sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))";
    // The last way in stays: who has no password keeps a passkey.
    REMOVE = "DELETE FROM passkeys WHERE id = ?1 AND staff_id = ?2
              AND (EXISTS (SELECT 1 FROM staff WHERE id = ?2 AND password IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM passkeys other WHERE other.staff_id = ?2 AND other.id <> ?1))";
    REMOVE_ALL = "DELETE FROM passkeys WHERE staff_id = ?1";
}

/// A passkey as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its number.
    pub id: PasskeyId,
    /// Whose it is.
    pub staff: StaffId,
    /// The name by which the device knows it.
    pub credential: Vec<u8>,
    /// The public key and the name that its owner gave it, sealed.
    pub sealed: Vec<u8>,
    /// What the device counted last; 0 if it counts nothing.
    pub sign_count: u32,
    /// When it was added.
    pub created: Timestamp,
    /// When somebody last came in with it.
    pub used: Option<Timestamp>,
}

fn passkey(row: &RowRef<'_>) -> Result<Passkey, Fault> {
    Ok(Passkey {
        id: PasskeyId(row.int(0)?),
        staff: StaffId(row.int(1)?),
        credential: row.blob(2)?.to_vec(),
        sealed: row.blob(3)?.to_vec(),
        sign_count: row.small(4)?,
        created: row.instant(5)?,
        used: row.instant_opt(6)?,
    })
}

/// Adds a passkey; `None` if somebody has it already.
pub fn insert(
    tx: &Tx<'_>,
    staff: StaffId,
    credential: &[u8],
    sealed: &[u8],
    sign_count: u32,
    now: Timestamp,
) -> Result<Option<PasskeyId>, Fault> {
    let values = [
        Value::Int(staff.0),
        Value::Blob(credential),
        Value::Blob(sealed),
        Value::Int(sign_count.into()),
        Value::instant(now),
    ];
    Ok(tx.insert(INSERT, &values)?.map(PasskeyId))
}

/// The passkey that a device knows by this name.
pub fn by_credential(tx: &Tx<'_>, credential: &[u8]) -> Result<Option<Passkey>, Fault> {
    tx.opt(BY_CREDENTIAL, &[Value::Blob(credential)], passkey)
}

/// All passkeys of somebody, oldest first.
pub fn of_staff(tx: &Tx<'_>, staff: StaffId) -> Result<Vec<Passkey>, Fault> {
    tx.all(OF_STAFF, &[Value::Int(staff.0)], passkey)
}

/// Notes that somebody came in with it; `false` if its device counted no further than before.
pub fn count(tx: &Tx<'_>, id: PasskeyId, sign_count: u32, now: Timestamp) -> Result<bool, Fault> {
    tx.changed(USE, &[Value::Int(id.0), Value::Int(sign_count.into()), Value::instant(now)])
}

/// Removes a passkey of somebody; `false` if it is not there, or their last way in.
pub fn remove(tx: &Tx<'_>, id: PasskeyId, staff: StaffId) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Int(id.0), Value::Int(staff.0)])
}

/// Removes all passkeys of somebody who begins anew.
pub(crate) fn remove_all(tx: &Tx<'_>, staff: StaffId) -> Result<(), Fault> {
    tx.post(REMOVE_ALL, &[Value::Int(staff.0)])
}
