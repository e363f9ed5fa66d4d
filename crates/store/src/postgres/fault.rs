//! What PostgreSQL said, as the store says it, and what can be done about it.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use super::values::Unfit;
use crate::Fault;

/// Why a transaction cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing is in the way.
    None,
    /// A statement was refused or failed: the operation's own matter.
    Refused(Fault),
    /// Others were in the way; the whole operation may succeed if it is run again.
    Again,
    /// The connection is gone, or the server is no longer one that writes.
    Lost,
}

impl Trouble {
    /// The same as a fault.
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Refused(fault) => fault.clone(),
            Self::None | Self::Again => Fault::Busy,
            Self::Lost => Fault::Unavailable,
        }
    }
}

/// What an error means.
pub(super) fn trouble(error: &Error, reads_only: bool) -> Trouble {
    let Some(said) = error.as_db_error() else {
        let source = std::error::Error::source(error);
        if let Some(unfit) = source.and_then(|source| source.downcast_ref::<Unfit>()) {
            return Trouble::Refused(Fault::corrupt(unfit.to_string()));
        }
        return Trouble::Lost;
    };
    let code = said.code();
    let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE];
    if again.contains(code) || is_stale(error) {
        return Trouble::Again;
    }
    let (class, severity) = (&code.code()[..2], said.severity());
    let standby = !reads_only && *code == SqlState::READ_ONLY_SQL_TRANSACTION;
    // 08 connection, 57P operator, 25P03 idle for too long; whatever is FATAL ends the connection.
    if class == "08" || code.code().starts_with("57P") || severity == "FATAL" || severity == "PANIC" || standby {
        return Trouble::Lost;
    }
    Trouble::Refused(fault(said))
}

/// Whether a prepared statement is no longer what the server knows: a newer node has changed the schema, or a pooler in between has
/// lost the statement. A fresh connection knows better.
pub(super) fn is_stale(error: &Error) -> bool {
    let stale = |said: &DbError| {
        *said.code() == SqlState::INVALID_SQL_STATEMENT_NAME || said.routine() == Some("RevalidateCachedQuery")
    };
    error.as_db_error().is_some_and(stale)
}

fn fault(said: &DbError) -> Fault {
    let code = said.code();
    if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
        return Fault::corrupt(said.message());
    }
    // A row that points nowhere breaks no rule of ours by name, on either engine.
    let named = *code != SqlState::FOREIGN_KEY_VIOLATION;
    let rule = said.constraint().filter(|_| named).map(str::to_owned);
    // Only the message: details and hints repeat values.
    Fault::Database { rule, message: format!("{} ({})", said.message(), code.code()) }
}
