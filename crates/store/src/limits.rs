//! Limits: how much was used of what is limited, for whom, in a window of time.

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Rows removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

statements! {
    // Conditional: a row that would exceed the limit is left as it is, and no row counts as changed.
    TAKE = "INSERT INTO limits (bucket, window_ms, used) VALUES (?1, ?2, ?3)
            ON CONFLICT (bucket, window_ms) DO UPDATE SET used = limits.used + excluded.used
            WHERE limits.used + excluded.used <= ?4";
    USED = "SELECT used FROM limits WHERE bucket = ?1 AND window_ms = ?2";
    REMOVE_BEFORE = "DELETE FROM limits WHERE (bucket, window_ms) IN
                     (SELECT bucket, window_ms FROM limits WHERE window_ms < ?1 ORDER BY window_ms LIMIT ?2)";
}

/// Takes an amount from a bucket in the window that starts then; `false`, and nothing taken, if it would exceed `max`.
pub fn take(tx: &Tx<'_>, bucket: &[u8; 16], window_start: Timestamp, amount: i64, max: i64) -> Result<bool, Fault> {
    // The condition of the statement guards the rows that exist; a first amount has to fit as well.
    if amount > max {
        return Ok(false);
    }
    tx.changed(TAKE, &[Value::Blob(bucket), Value::instant(window_start), Value::Int(amount), Value::Int(max)])
}

/// What was taken so far in the window that starts then.
pub fn used(tx: &Tx<'_>, bucket: &[u8; 16], window_start: Timestamp) -> Result<i64, Fault> {
    let used = tx.opt(USED, &[Value::Blob(bucket), Value::instant(window_start)], |row| row.int(0))?;
    Ok(used.unwrap_or(0))
}

/// Removes up to 1,000 windows that started before an instant; returns how many, so that 0 means done.
pub fn remove_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_BEFORE, &[Value::instant(before), Value::Int(REMOVE_MAX)])
}
