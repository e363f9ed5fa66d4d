//! The outbox: messages written in the same transaction as the change they tell of, sent afterwards, at least once.

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Messages removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    PUSH = "INSERT INTO outbox (at_ms, kind, patient, sealed, state, next_ms) VALUES (?2, ?1, ?4, ?3, 'waiting', ?2)";
    ANY_DUE = "SELECT count(*) FROM
               (SELECT 1 FROM outbox WHERE state = 'waiting' AND patient IN (0, 1) AND next_ms <= ?1 LIMIT 1) AS due";
    // A claimed message comes back by itself when its lease runs out: a sender that dies loses nothing.
    CLAIM = "UPDATE outbox SET next_ms = ?3, tries = tries + 1 WHERE id IN
             (SELECT id FROM outbox WHERE state = 'waiting' AND next_ms <= ?1 ORDER BY patient, next_ms, id LIMIT ?2)
             RETURNING id, kind, sealed, tries",
    // Two nodes look at once: what the other is just claiming is passed over, not claimed a second time.
    postgres "UPDATE outbox SET next_ms = ?3, tries = tries + 1 WHERE id IN
              (SELECT id FROM outbox WHERE state = 'waiting' AND next_ms <= ?1 ORDER BY patient, next_ms, id LIMIT ?2
               FOR UPDATE SKIP LOCKED)
              RETURNING id, kind, sealed, tries";
    SENT = "UPDATE outbox SET state = 'sent', sent_ms = ?2 WHERE id = ?1 AND state = 'waiting'";
    RETRY = "UPDATE outbox SET state = ?3, next_ms = ?2 WHERE id = ?1 AND state = 'waiting'";
    // Counted up to a million: more would take a reader longer than anybody needs to know it.
    WAITING = "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'waiting' AND patient IN (0, 1) LIMIT 1000000) AS due";
    NEXT = "SELECT at_ms FROM outbox WHERE state = 'waiting' AND patient = ?1 ORDER BY next_ms LIMIT 1";
    OLDEST_WAITING = "SELECT min(at_ms) FROM outbox WHERE state = 'waiting'";
    REMOVE_SETTLED_BEFORE = "DELETE FROM outbox WHERE id IN
                             (SELECT id FROM outbox WHERE state <> 'waiting' AND at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
}

/// A message claimed for sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub id: i64,
    /// What it tells.
    pub kind: String,
    /// Recipient and message, sealed.
    pub sealed: Vec<u8>,
    /// How often it was claimed, this time included.
    pub tries: u32,
}

/// How soon a message must go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for it, and it goes before all others: a one-time code must not stand behind the results of a draw.
    Urgent,
    /// It can stand in line.
    Patient,
}

/// Adds a message, due at once.
pub fn push(tx: &Tx<'_>, kind: &str, urgency: Urgency, sealed: &[u8], now: Timestamp) -> Result<(), Fault> {
    let patient = Value::Int((urgency == Urgency::Patient).into());
    tx.post(PUSH, &[Value::Text(kind), Value::instant(now), Value::Blob(sealed), patient])
}

/// Whether any message is due, for a look by a reader before the writer is troubled.
pub fn any_due(tx: &Tx<'_>, now: Timestamp) -> Result<bool, Fault> {
    tx.one(ANY_DUE, &[Value::instant(now)], |row| row.flag(0))
}

/// Claims at most `limit` messages that are due, until `lease_until`, in the order of their numbers.
pub fn claim(tx: &Tx<'_>, now: Timestamp, limit: u32, lease_until: Timestamp) -> Result<Vec<Outgoing>, Fault> {
    let values = [Value::instant(now), Value::Int(limit.into()), Value::instant(lease_until)];
    let mut claimed = tx.all(CLAIM, &values, |row| {
        Ok(Outgoing {
            id: row.int(0)?,
            kind: row.text(1)?.to_owned(),
            sealed: row.blob(2)?.to_vec(),
            tries: row.small(3)?,
        })
    })?;
    // The engine returns updated rows in any order.
    claimed.sort_unstable_by_key(|message| message.id);
    Ok(claimed)
}

/// Notes that a message was sent.
pub fn sent(tx: &Tx<'_>, id: i64, now: Timestamp) -> Result<(), Fault> {
    tx.post(SENT, &[Value::Int(id), Value::instant(now)])
}

/// Puts a message back until `next`, or gives it up for good if it is `dead`.
pub fn retry(tx: &Tx<'_>, id: i64, next: Timestamp, dead: bool) -> Result<(), Fault> {
    let state = if dead { "dead" } else { "waiting" };
    tx.post(RETRY, &[Value::Int(id), Value::instant(next), Value::Text(state)])
}

/// How many messages wait; 1,000,000 also stands for more.
pub fn waiting(tx: &Tx<'_>) -> Result<u64, Fault> {
    tx.one(WAITING, &[], |row| row.small(0))
}

/// When the message of an urgency was added that goes out next.
pub fn next(tx: &Tx<'_>, urgency: Urgency) -> Result<Option<Timestamp>, Fault> {
    tx.opt(NEXT, &[Value::Int((urgency == Urgency::Patient).into())], |row| row.instant(0))
}

/// When the oldest message that is not sent yet was added.
pub fn oldest_waiting(tx: &Tx<'_>) -> Result<Option<Timestamp>, Fault> {
    tx.one(OLDEST_WAITING, &[], |row| row.instant_opt(0))
}

/// Removes up to 1,000 messages that were added before an instant and were sent or given up; returns how many, so that 0
/// means done.
pub fn remove_settled_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_SETTLED_BEFORE, &[Value::instant(before), Value::Int(REMOVE_MAX)])
}
