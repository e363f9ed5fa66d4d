//! Idempotency: answers by the key of the request, so that the same request twice has one effect and one answer (rule 5).

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

/// Answers removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    FIND = "SELECT request, answer FROM idempotency WHERE key = ?1";
    // A record in the log that stands for nothing: with it the commit waits for the standby like any other.
    AS_DURABLE = "", postgres "SELECT pg_logical_emit_message(true, 'antrean', '')";
    INSERT = "INSERT INTO idempotency (key, request, answer, created_ms) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT (key) DO NOTHING";
    // The oldest have the smallest numbers; clocks that disagree by a second make no difference here.
    REMOVE_BEFORE = "DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency ORDER BY id LIMIT ?2) AND created_ms < ?1";
}

/// What was answered to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Hash of what was asked: the same key with another request is a mistake of the caller.
    pub request: [u8; 16],
    /// The answer.
    pub answer: Vec<u8>,
}

/// The answer to a key, if it was used. The key is hashed with the account and the operation.
///
/// An answer that is found is as durable as a new one when the operation that found it is answered: after a crash the primary may have
/// kept what no standby has, and whoever asks again must not be told so before one does.
pub fn find(tx: &Tx<'_>, key: &[u8; 16]) -> Result<Option<Answered>, Fault> {
    let read = |row: &RowRef<'_>| Ok(Answered { request: row.bytes(0)?, answer: row.blob(1)?.to_vec() });
    let found = tx.opt(FIND, &[Value::Blob(key)], read)?;
    if found.is_some() {
        tx.hold(AS_DURABLE, &[])?;
    }
    Ok(found)
}

/// Remembers an answer; `false`, and nothing changed, if the key has one.
pub fn insert(tx: &Tx<'_>, key: &[u8; 16], request: &[u8; 16], answer: &[u8], now: Timestamp) -> Result<bool, Fault> {
    tx.changed(INSERT, &[Value::Blob(key), Value::Blob(request), Value::Blob(answer), Value::instant(now)])
}

/// Removes up to 1,000 answers older than an instant; returns how many, so that 0 means done.
pub fn remove_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_BEFORE, &[Value::instant(before), Value::Int(REMOVE_MAX)])
}
