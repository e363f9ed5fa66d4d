//! Disowned: accounts that named somebody who then showed their card at an office; they may not name them again.

use antrean_domain::keys::PersonKey;
use jiff::Timestamp;

use crate::ids::AccountId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    INSERT = "INSERT INTO disowned (person, account_id, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT (person, account_id) DO NOTHING";
    CLEAR = "DELETE FROM disowned WHERE person = ?1";
    HOLDS = "SELECT count(*) FROM disowned WHERE person = ?1 AND account_id = ?2";
}

/// Keeps an account from naming a person.
pub fn insert(tx: &Tx<'_>, person: &PersonKey, account: AccountId, now: Timestamp) -> Result<(), Fault> {
    tx.post(INSERT, &[Value::Blob(&person.0), Value::Int(account.0), Value::instant(now)])
}

/// Lets every account name a person again; `false` if none was kept from it.
pub fn clear(tx: &Tx<'_>, person: &PersonKey) -> Result<bool, Fault> {
    tx.changed(CLEAR, &[Value::Blob(&person.0)])
}

/// Whether an account may not name a person.
pub fn holds(tx: &Tx<'_>, person: &PersonKey, account: AccountId) -> Result<bool, Fault> {
    tx.one(HOLDS, &[Value::Blob(&person.0), Value::Int(account.0)], |row| row.flag(0))
}
