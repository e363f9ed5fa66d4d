//! Applicants: up to five people an account applies for. Position 0 is the account's holder.

use antrean_domain::keys::PersonKey;
use jiff::Timestamp;

use crate::ids::{AccountId, ApplicantId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

statements! {
    LIST = "SELECT id, account_id, position, person, sealed, created_ms FROM applicants
            WHERE account_id = ?1 ORDER BY position";
    GET = "SELECT id, account_id, position, person, sealed, created_ms FROM applicants
           WHERE id = ?1 AND account_id = ?2";
    AS_ANOTHER = "SELECT id FROM applicants WHERE account_id = ?1 AND person = ?2 AND position <> 0";
    PUT_HOLDER = "INSERT INTO applicants (account_id, position, person, sealed, created_ms) VALUES (?1, 0, ?2, ?3, ?4)
                  ON CONFLICT (account_id, position) DO UPDATE SET person = excluded.person, sealed = excluded.sealed
                  RETURNING id";
    ADD = "INSERT INTO applicants (account_id, position, person, sealed, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT DO NOTHING";
    CHANGE = "UPDATE applicants SET sealed = ?3 WHERE id = ?1 AND account_id = ?2";
    REMOVE = "DELETE FROM applicants WHERE id = ?1 AND account_id = ?2";
}

/// An applicant as kept in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// The applicant's number.
    pub id: ApplicantId,
    /// Whose account.
    pub account: AccountId,
    /// 0 is the holder, 1 to 4 the family.
    pub position: u32,
    /// Keyed hash of the NIK.
    pub person: PersonKey,
    /// NIK, name, birth date, sex, sealed.
    pub sealed: Vec<u8>,
    /// When the applicant was first stated.
    pub created: Timestamp,
}

fn applicant(row: &RowRef<'_>) -> Result<Applicant, Fault> {
    Ok(Applicant {
        id: row.applicant(0)?,
        account: row.account(1)?,
        position: row.small(2)?,
        person: row.person(3)?,
        sealed: row.blob(4)?.to_vec(),
        created: row.instant(5)?,
    })
}

/// The account's applicants by position.
pub fn list(tx: &Tx<'_>, account: AccountId) -> Result<Vec<Applicant>, Fault> {
    tx.all(LIST, &[Value::Int(account.0)], applicant)
}

/// An applicant, if it is of this account.
pub fn get(tx: &Tx<'_>, id: ApplicantId, account: AccountId) -> Result<Option<Applicant>, Fault> {
    tx.opt(GET, &[Value::Int(id.0), Value::Int(account.0)], applicant)
}

/// States or restates the holder. `None` if that person is one of the account's family already.
pub fn put_holder(
    tx: &Tx<'_>,
    account: AccountId,
    person: &PersonKey,
    sealed: &[u8],
    now: Timestamp,
) -> Result<Option<ApplicantId>, Fault> {
    let another = tx.opt(AS_ANOTHER, &[Value::Int(account.0), Value::Blob(&person.0)], |row| row.applicant(0))?;
    if another.is_some() {
        return Ok(None);
    }
    let values = [Value::Int(account.0), Value::Blob(&person.0), Value::Blob(sealed), Value::instant(now)];
    tx.one(PUT_HOLDER, &values, |row| row.applicant(0)).map(Some)
}

/// Adds an applicant at a free position, 0 to 4. `None` if the position is taken or the person is in the account already.
pub fn add(
    tx: &Tx<'_>,
    account: AccountId,
    position: u32,
    person: &PersonKey,
    sealed: &[u8],
    now: Timestamp,
) -> Result<Option<ApplicantId>, Fault> {
    let values = [
        Value::Int(account.0),
        Value::Int(position.into()),
        Value::Blob(&person.0),
        Value::Blob(sealed),
        Value::instant(now),
    ];
    Ok(tx.insert(ADD, &values)?.map(ApplicantId))
}

/// Replaces what is sealed; `false` if the applicant is not of this account.
pub fn change(tx: &Tx<'_>, id: ApplicantId, account: AccountId, sealed: &[u8]) -> Result<bool, Fault> {
    tx.changed(CHANGE, &[Value::Int(id.0), Value::Int(account.0), Value::Blob(sealed)])
}

/// Removes an applicant; `false` if it is not of this account.
pub fn remove(tx: &Tx<'_>, id: ApplicantId, account: AccountId) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Int(id.0), Value::Int(account.0)])
}
