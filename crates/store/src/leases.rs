//! Leases: which node does a piece of background work.

use jiff::Timestamp;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    TAKE = "INSERT INTO leases (name, holder, until_ms) VALUES (?1, ?2, ?4)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
            WHERE leases.until_ms <= ?3 OR leases.holder = excluded.holder";
}

/// Takes or prolongs a lease until an instant; `false` if another holder has it now.
pub fn take(tx: &Tx<'_>, lease: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
    tx.changed(TAKE, &[Value::Text(lease), Value::Text(holder), Value::instant(now), Value::instant(until)])
}
