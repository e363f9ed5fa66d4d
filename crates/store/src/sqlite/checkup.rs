//! The engine's part of a checkup: opened for looking only, beside a server that may be at work.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::connection::{BUSY_TIMEOUT, Session, cannot_open, fault, newest_schema};
use crate::checkup::{self, Checkup, Depth};
use crate::{Fault, OpenError, Place, Tx};

/// Sentences about damage that are listed: whoever has a hundred needs the backup, not the rest.
const DAMAGE_LISTED_MAX: usize = 100;

/// Looks at a file that is there.
pub(crate) fn checkup(path: &Path, depth: Depth) -> Result<Checkup, OpenError> {
    // Not read-only as a file, for the same reason as readers: whoever reads takes part in the locks of the log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, &error))?;
    let set_up =
        connection.busy_timeout(BUSY_TIMEOUT).and_then(|()| connection.pragma_update(None, "query_only", true));
    set_up.map_err(|error| cannot_open(path, &error))?;
    let session = Session { connection };
    look(&session, depth)
        .map_err(|fault| OpenError::Database { place: Place::File(path.to_owned()), message: fault.to_string() })
}

fn look(session: &Session, depth: Depth) -> Result<Checkup, Fault> {
    let schema_known = newest_schema();
    let damage = match depth {
        Depth::Quick => sentences(session, "PRAGMA quick_check(100)")?,
        Depth::Thorough => {
            let mut damage = sentences(session, "PRAGMA integrity_check(100)")?;
            damage.extend(dangling(session)?);
            damage
        }
    };
    let schema = schema_of(session)?;
    let sound = damage.is_empty() && schema == schema_known;
    let contents = if sound {
        session.say("BEGIN")?;
        let contents = checkup::contents(&Tx::new(session), depth);
        session.say("ROLLBACK")?;
        Some(contents?)
    } else {
        None
    };
    Ok(Checkup { schema, schema_known, damage, contents })
}

fn schema_of(session: &Session) -> Result<u32, Fault> {
    let any = "SELECT count(*) FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    let number = |sql| session.connection.query_row(sql, [], |row| row.get::<_, u32>(0)).map_err(|error| fault(&error));
    if number(any)? == 0 { Ok(0) } else { number(newest) }
}

/// What the engine's own check says, without its "ok".
fn sentences(session: &Session, pragma: &str) -> Result<Vec<String>, Fault> {
    let mut statement = session.connection.prepare(pragma).map_err(|error| fault(&error))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).map_err(|error| fault(&error))?;
    let mut found = Vec::new();
    for line in lines {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => found.push(line),
            // The check itself may stumble over what it looks for.
            Err(error) => {
                found.push(error.to_string());
                break;
            }
        }
    }
    found.truncate(DAMAGE_LISTED_MAX);
    Ok(found)
}

/// Rows whose parents are gone.
fn dangling(session: &Session) -> Result<Vec<String>, Fault> {
    let mut statement = session.connection.prepare("PRAGMA foreign_key_check").map_err(|error| fault(&error))?;
    let rows = statement.query_map([], |row| {
        let (table, row_id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let row_id = row_id.map_or_else(String::new, |id| format!(" {id}"));
        Ok(format!("row{row_id} of {table} refers to a row of {parent} that is not there"))
    });
    let rows = rows.map_err(|error| fault(&error))?;
    rows.take(DAMAGE_LISTED_MAX).map(|row| row.map_err(|error| fault(&error))).collect()
}
