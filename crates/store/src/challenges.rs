//! Challenges: one-time codes that were asked for. The code itself is nowhere; it is derived from the caller's token.

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Challenges removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    INSERT = "INSERT INTO challenges (id, phone, sealed, code_hash, created_ms, expires_ms, tries, sends, sent_ms, used_ms)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    GET = "SELECT id, phone, sealed, code_hash, created_ms, expires_ms, tries, sends, sent_ms, used_ms
           FROM challenges WHERE id = ?1";
    // Whoever looks goes on to count a try, to use the code up or to send it again.
    LOCK = "", postgres "SELECT 1 FROM challenges WHERE id = ?1 FOR UPDATE";
    // A try is counted before the code is compared, in one statement: guesses at once cannot share a try.
    COUNT_TRY = "UPDATE challenges SET tries = tries + 1 WHERE id = ?1 AND tries < 5 AND used_ms IS NULL";
    USE_UP = "UPDATE challenges SET used_ms = ?2 WHERE id = ?1 AND used_ms IS NULL";
    RESENT = "UPDATE challenges SET sends = sends + 1, sent_ms = ?2 WHERE id = ?1 AND sends = ?3 AND used_ms IS NULL";
    REMOVE_EXPIRED = "DELETE FROM challenges WHERE id IN
                      (SELECT id FROM challenges WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)";
}

/// A challenge as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Keyed hash of the caller's token.
    pub id: [u8; 16],
    /// Keyed hash of the phone number.
    pub phone: [u8; 16],
    /// The phone number, sealed.
    pub sealed: Vec<u8>,
    /// Keyed hash of the code.
    pub code_hash: [u8; 32],
    /// When the code was asked for.
    pub created: Timestamp,
    /// When it can no longer be used.
    pub expires: Timestamp,
    /// Wrong or right codes entered so far, at most 5.
    pub tries: u32,
    /// How often the code was sent.
    pub sends: u32,
    /// When it was last sent.
    pub sent: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// A new challenge.
pub fn insert(tx: &Tx<'_>, new: &Challenge) -> Result<(), Fault> {
    let values = [
        Value::Blob(&new.id),
        Value::Blob(&new.phone),
        Value::Blob(&new.sealed),
        Value::Blob(&new.code_hash),
        Value::instant(new.created),
        Value::instant(new.expires),
        Value::Int(new.tries.into()),
        Value::Int(new.sends.into()),
        Value::instant(new.sent),
        Value::from(new.used.map(Timestamp::as_millisecond)),
    ];
    tx.post(INSERT, &values)
}

/// A challenge by the keyed hash of its token; who gets it in an operation that writes has it alone until the end.
pub fn get(tx: &Tx<'_>, id: &[u8; 16]) -> Result<Option<Challenge>, Fault> {
    tx.hold(LOCK, &[Value::Blob(id)])?;
    tx.opt(GET, &[Value::Blob(id)], |row| {
        Ok(Challenge {
            id: row.bytes(0)?,
            phone: row.bytes(1)?,
            sealed: row.blob(2)?.to_vec(),
            code_hash: row.bytes(3)?,
            created: row.instant(4)?,
            expires: row.instant(5)?,
            tries: row.small(6)?,
            sends: row.small(7)?,
            sent: row.instant(8)?,
            used: row.instant_opt(9)?,
        })
    })
}

/// Counts one try; `false` if there were five, or the code is used up. Count first, then compare.
pub fn count_try(tx: &Tx<'_>, id: &[u8; 16]) -> Result<bool, Fault> {
    tx.changed(COUNT_TRY, &[Value::Blob(id)])
}

/// Uses the code up; `false` if somebody was faster.
pub fn use_up(tx: &Tx<'_>, id: &[u8; 16], now: Timestamp) -> Result<bool, Fault> {
    tx.changed(USE_UP, &[Value::Blob(id), Value::instant(now)])
}

/// Notes that the code was sent again; `false` if it was not sent `sends` times before, or is used up.
pub fn resent(tx: &Tx<'_>, id: &[u8; 16], now: Timestamp, sends: u32) -> Result<bool, Fault> {
    tx.changed(RESENT, &[Value::Blob(id), Value::instant(now), Value::Int(sends.into())])
}

/// Removes up to 1,000 challenges that have expired; returns how many, so that 0 means done.
pub fn remove_expired(tx: &Tx<'_>, now: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_EXPIRED, &[Value::instant(now), Value::Int(REMOVE_MAX)])
}
