//! Sessions: one live session an account; signing in on a new device ends the old one.

use jiff::Timestamp;

use crate::ids::AccountId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Sessions removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    REPLACE = "INSERT INTO sessions (id, account_id, created_ms, seen_ms, expires_ms) VALUES (?1, ?2, ?3, ?3, ?4)
               ON CONFLICT (account_id) DO UPDATE
               SET id = excluded.id, created_ms = excluded.created_ms, seen_ms = excluded.seen_ms, expires_ms = excluded.expires_ms";
    FIND = "SELECT account_id, created_ms, seen_ms, expires_ms FROM sessions WHERE id = ?1";
    TOUCH = "UPDATE sessions SET seen_ms = ?2, expires_ms = ?3 WHERE id = ?1";
    REMOVE = "DELETE FROM sessions WHERE id = ?1";
    REMOVE_EXPIRED = "DELETE FROM sessions WHERE id IN
                      (SELECT id FROM sessions WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)";
}

/// A session as it is kept. Whether it has expired is for the caller to see: the store reads no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub account: AccountId,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the grain at which it is touched.
    pub seen: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// Begins a session and ends the account's other one. `id` is the keyed hash of the token.
pub fn replace(
    tx: &Tx<'_>,
    account: AccountId,
    id: &[u8; 16],
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), Fault> {
    let values = [Value::Blob(id), Value::Int(account.0), Value::instant(now), Value::instant(expires)];
    tx.post(REPLACE, &values)
}

/// A session by the keyed hash of its token.
pub fn find(tx: &Tx<'_>, id: &[u8; 16]) -> Result<Option<Session>, Fault> {
    tx.opt(FIND, &[Value::Blob(id)], |row| {
        Ok(Session {
            account: row.account(0)?,
            created: row.instant(1)?,
            seen: row.instant(2)?,
            expires: row.instant(3)?,
        })
    })
}

/// Notes that a session was used and moves its end.
pub fn touch(tx: &Tx<'_>, id: &[u8; 16], now: Timestamp, expires: Timestamp) -> Result<(), Fault> {
    tx.post(TOUCH, &[Value::Blob(id), Value::instant(now), Value::instant(expires)])
}

/// Ends a session; `false` if there was none.
pub fn remove(tx: &Tx<'_>, id: &[u8; 16]) -> Result<bool, Fault> {
    tx.changed(REMOVE, &[Value::Blob(id)])
}

/// Removes up to 1,000 sessions that have expired; returns how many, so that 0 means done.
pub fn remove_expired(tx: &Tx<'_>, now: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_EXPIRED, &[Value::instant(now), Value::Int(REMOVE_MAX)])
}
