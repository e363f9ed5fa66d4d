//! An account's half-filled entry: one, replaced by each save, gone when it is entered.

use jiff::Timestamp;

use crate::ids::AccountId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Drafts removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    GET = "SELECT body FROM drafts WHERE account_id = ?1";
    PUT = "INSERT INTO drafts (account_id, body, changed_ms) VALUES (?1, ?2, ?3)
           ON CONFLICT (account_id) DO UPDATE SET body = excluded.body, changed_ms = excluded.changed_ms";
    REMOVE = "DELETE FROM drafts WHERE account_id = ?1";
    REMOVE_BEFORE = "DELETE FROM drafts WHERE account_id IN
                     (SELECT account_id FROM drafts WHERE changed_ms < ?1 ORDER BY changed_ms LIMIT ?2)";
}

/// The account's draft.
pub fn get(tx: &Tx<'_>, account: AccountId) -> Result<Option<String>, Fault> {
    tx.opt(GET, &[Value::Int(account.0)], |row| Ok(row.text(0)?.to_owned()))
}

/// Keeps a draft in place of the one before.
pub fn put(tx: &Tx<'_>, account: AccountId, body: &str, now: Timestamp) -> Result<(), Fault> {
    tx.post(PUT, &[Value::Int(account.0), Value::Text(body), Value::instant(now)])
}

/// Drops the account's draft; `false` if there was none.
pub fn remove(tx: &Tx<'_>, account: AccountId) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Int(account.0)])
}

/// Drops up to 1,000 drafts that were last changed before an instant; returns how many, so that 0 means done.
pub fn remove_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_BEFORE, &[Value::instant(before), Value::Int(REMOVE_MAX)])
}
