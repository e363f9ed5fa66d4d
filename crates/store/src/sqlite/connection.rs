//! Connections: how the file is opened, and how statements run on it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};

use crate::locks::Lock;
use crate::sql::Sql;
use crate::tx::Engine;
use crate::value::{Cells, RowRef, Value};
use crate::{Fault, OpenError, Place};

/// How long a statement waits for another process (the command line beside the server) before it is turned away.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept for each connection: all that the nouns have, with room for half as many again.
const STATEMENTS_KEPT: usize = 768;

/// Page cache of the connection that writes, in KiB: the upper levels of all trees and the pages of the open release stay in it.
const WRITE_CACHE_KIB: i64 = 64 * 1024;

/// Page cache of each connection that reads, in KiB. Hot public reads never come here.
const READ_CACHE_KIB: i64 = 8 * 1024;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// A connection with its transaction state; what a transaction runs on.
pub(super) struct Session {
    pub(super) connection: Connection,
}

/// The newest version of the schema that this program knows.
pub(super) fn newest_schema() -> u32 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(|migration| u32::try_from(migration.version()).unwrap_or(0));
    versions.max().unwrap_or(0)
}

/// Opens a connection that may write, and brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Session, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = open(path, flags, WRITE_CACHE_KIB).map_err(|error| cannot_open(path, &error))?;
    embedded::migrations::runner()
        .run(&mut connection)
        .map_err(|error| OpenError::Migration { place: Place::File(path.to_owned()), message: chain(&error) })?;
    Ok(Session { connection })
}

/// Opens a connection that only reads, of a file that is there.
pub(super) fn open_reader(path: &Path) -> Result<Session, OpenError> {
    let session = open_checkpointer(path)?;
    let set = |name, value: &str| {
        session.connection.pragma_update(None, name, value).map_err(|error| cannot_open(path, &error))
    };
    set("query_only", "true")?;
    // Sorting for reports stays in memory: a server's temporary directory may be small, or not private.
    set("temp_store", "MEMORY")?;
    Ok(session)
}

/// Opens a connection for checkpoints, of a file that is there.
pub(super) fn open_checkpointer(path: &Path) -> Result<Session, OpenError> {
    // Not read-only as a file, for readers too: they take part in the locks of the log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags, READ_CACHE_KIB).map_err(|error| cannot_open(path, &error))?;
    Ok(Session { connection })
}

fn open(path: &Path, flags: OpenFlags, cache_kib: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Every commit is synced: what was answered is on disk (rule 4). Group commit makes it cheap.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // Plans follow from the statement alone: otherwise a value that might suit a partial index has the statement prepared anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // No memory map: a disk error would be a signal that kills the server instead of an error that is answered.
    connection.pragma_update(None, "mmap_size", 0)?;
    // The checkpointer does it, beside the writer instead of within its commits.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

pub(super) fn cannot_open(path: &Path, error: &rusqlite::Error) -> OpenError {
    OpenError::Database { place: Place::File(path.to_owned()), message: error.to_string() }
}

/// The message of an error with those of its causes, which refinery keeps apart.
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}

/// Frames of the write-ahead log after a checkpoint.
pub(super) struct Checkpoint {
    /// Whether somebody was in the way.
    pub(super) busy: bool,
    /// Frames in the log.
    pub(super) frames: u64,
}

impl Session {
    /// Whether no transaction is open, be it that it ended or that the engine gave it up after a disk error.
    pub(super) fn is_idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Copies what is in the log into the database file as far as nobody is disturbed by it.
    pub(super) fn checkpoint(&self) -> Result<Checkpoint, Fault> {
        self.run_checkpoint("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Copies the rest of the log, so that the next write begins it anew, waiting at most `patience` for readers of older states.
    ///
    /// The file keeps its length: cutting off 256 MiB held every write up for 0.4 s, and what is written over needs no new blocks.
    pub(super) fn restart_log(&self, patience: Duration) -> Result<Checkpoint, Fault> {
        self.connection.busy_timeout(patience).map_err(|error| fault(&error))?;
        let result = self.run_checkpoint("PRAGMA wal_checkpoint(RESTART)");
        self.connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| fault(&error))?;
        result
    }

    fn run_checkpoint(&self, sql: &str) -> Result<Checkpoint, Fault> {
        self.connection
            .query_row(sql, [], |row| {
                // The count is -1 where there is no log yet.
                let count = |number: i64| u64::try_from(number).unwrap_or(0);
                Ok(Checkpoint { busy: row.get::<_, i64>(0)? != 0, frames: count(row.get(1)?) })
            })
            .map_err(|error| fault(&error))
    }

    fn prepared(&self, sql: &'static str, values: &[Value<'_>]) -> Result<CachedStatement<'_>, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| fault(&error))?;
        assert_eq!(statement.parameter_count(), values.len(), "values for: {sql}");
        for (index, value) in values.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value).map_err(|error| fault(&error))?;
        }
        Ok(statement)
    }
}

impl Session {
    /// Runs a statement of the engine's own, about the transaction itself.
    pub(super) fn say(&self, sql: &'static str) -> Result<(), Fault> {
        self.prepared(sql, &[])?.raw_execute().map(drop).map_err(|error| fault(&error))
    }
}

impl Engine for Session {
    fn execute(&self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        let rows = self.prepared(sql.sqlite, values)?.raw_execute().map_err(|error| fault(&error))?;
        Ok(rows as u64)
    }

    fn post(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault> {
        self.execute(sql, values).map(drop)
    }

    fn insert(&self, sql: Sql, values: &[Value<'_>]) -> Result<Option<i64>, Fault> {
        let rows = self.execute(sql, values)?;
        Ok((rows > 0).then(|| self.connection.last_insert_rowid()))
    }

    fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&RowRef<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = self.prepared(sql.sqlite, values)?;
        let mut rows = statement.raw_query();
        // Always to the end: foreign keys are checked when a statement with RETURNING is done, not when it gives its row.
        while let Some(found) = rows.next().map_err(|error| fault(&error))? {
            row(&RowRef::new(&Row(found)))?;
        }
        Ok(())
    }

    // Most tables go on after their highest row and remember nothing; those with AUTOINCREMENT have a line in `sqlite_sequence`.
    fn last_number(&self, table: &'static str) -> Result<i64, Fault> {
        self.connection
            .query_row(
                &format!(
                    "SELECT max(coalesce((SELECT max(id) FROM {table}), 0),
                                coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0))"
                ),
                [table],
                |row| row.get(0),
            )
            .map_err(|error| fault(&error))
    }

    fn set_last_number(&self, table: &'static str, last: i64) -> Result<(), Fault> {
        let changed = self
            .connection
            .execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", (table, last))
            .and_then(|changed| match changed {
                // No row of it was ever written here. Only where the schema says AUTOINCREMENT is the line of any use.
                0 => self.connection.execute(
                    "INSERT INTO sqlite_sequence (name, seq)
                     SELECT name, ?2 FROM sqlite_schema WHERE name = ?1 AND sql LIKE '%AUTOINCREMENT%'",
                    (table, last),
                ),
                changed => Ok(changed),
            });
        changed.map(drop).map_err(|error| fault(&error))
    }

    fn hold(&self, _: Sql, _: &[Value<'_>]) -> Result<(), Fault> {
        // Only one writes at a time.
        Ok(())
    }

    fn lock(&self, _: &Lock<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn savepoint(&self) -> Result<(), Fault> {
        // Names may repeat: the innermost savepoint of a name is meant.
        self.say("SAVEPOINT attempt")
    }

    fn undo(&self) -> Result<(), Fault> {
        self.say("ROLLBACK TO SAVEPOINT attempt")
    }

    fn release(&self) -> Result<(), Fault> {
        self.say("RELEASE SAVEPOINT attempt")
    }
}

struct Row<'r>(&'r rusqlite::Row<'r>);

impl Cells for Row<'_> {
    fn cell(&self, column: usize) -> Result<Value<'_>, Fault> {
        Ok(match self.0.get_ref(column).map_err(|error| fault(&error))? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text),
                Err(_) => return Err(Fault::corrupt(format!("column {column}: a text that is not UTF-8"))),
            },
            ValueRef::Blob(bytes) => Value::Blob(bytes),
        })
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(number),
            Value::Real(number) => ValueRef::Real(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Names of the unique rules by the columns that SQLite tells instead.
const UNIQUE_RULES: &[(&str, &str)] = &[
    ("accounts.phone", "accounts_phone_once"),
    ("applicants.account_id, applicants.position", "applicants_position_once"),
    ("applicants.account_id, applicants.person", "applicants_person_once"),
    ("idempotency.key", "idempotency_once"),
    ("lines.release_id", "lines_one_per_release"),
    ("sessions.account_id", "sessions_one_per_account"),
    ("slots.office, slots.date, slots.starts, slots.pool", "slots_once"),
    ("visits.party_id", "one_open_visit_per_party"),
    ("visits.office, visits.date, visits.counter", "one_visit_at_a_counter"),
    ("visits.office, visits.date, visits.class, visits.number", "visits_number_once"),
    ("counters.staff_id", "one_open_counter_per_officer"),
    ("parties.account_id", "one_live_party_per_account"),
    ("party_people.person", "one_live_party_per_person"),
];

/// What SQLite said, as the store says it.
pub(super) fn fault(error: &rusqlite::Error) -> Fault {
    if let rusqlite::Error::SqliteFailure(code, message) = error {
        if matches!(code.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
            return Fault::Busy;
        }
        if matches!(code.code, ErrorCode::DiskFull | ErrorCode::SystemIoFailure) {
            complain(error);
            return Fault::Unavailable;
        }
        if code.code == ErrorCode::DatabaseCorrupt || code.code == ErrorCode::NotADatabase {
            return Fault::corrupt(error.to_string());
        }
        if code.code == ErrorCode::ConstraintViolation {
            let message = message.clone().unwrap_or_default();
            return Fault::Database { rule: rule(&message), message };
        }
    }
    Fault::Database { rule: None, message: error.to_string() }
}

/// The disk's trouble goes into the log once in a while, not once for everybody who comes meanwhile.
fn complain(error: &rusqlite::Error) {
    const PAUSE: Duration = Duration::from_secs(10);
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_none_or(|at| at.elapsed() > PAUSE) {
        *last = Some(Instant::now());
        tracing::error!(%error, "the disk keeps nothing; people are asked to come back");
    }
}

fn rule(message: &str) -> Option<String> {
    if let Some(columns) = message.strip_prefix("UNIQUE constraint failed: ") {
        let known = UNIQUE_RULES.iter().find(|(of, _)| *of == columns);
        return Some(known.map_or(columns, |(_, name)| name).to_owned());
    }
    if let Some(name) = message.strip_prefix("CHECK constraint failed: ") {
        return Some(name.to_owned());
    }
    // A trigger's own word; SQLite's words for other constraints have spaces.
    (!message.is_empty() && !message.contains(' ')).then(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::every_statement;

    fn fresh() -> (tempfile::TempDir, Session) {
        let directory = tempfile::tempdir().expect("a directory");
        let session = open_writer(&directory.path().join("antrean.db")).expect("a fresh database");
        (directory, session)
    }

    #[test]
    fn every_statement_can_be_prepared_and_all_fit_into_the_cache() {
        let (_directory, session) = fresh();
        let statements: Vec<_> = every_statement().into_iter().filter(|(_, sql)| !sql.sqlite.is_empty()).collect();
        for (name, sql) in &statements {
            if let Err(error) = session.connection.prepare(sql.sqlite) {
                panic!("{name}: {error}");
            }
        }
        let often = statements.iter().filter(|(name, _)| !name.starts_with("archive::")).count();
        assert!(often * 3 / 2 <= STATEMENTS_KEPT, "{often} statements");
    }

    /// Statements that read a whole table that grows, each for a reason.
    const MAY_SCAN: &[(&str, &str)] = &[
        ("archive::", "an archive holds everything, read on a reader"),
        ("audit::", "the audit reads everything, on a reader"),
        ("catalogue::LOAD", "a handful of rows"),
        ("releases::LIST", "one row a week"),
        ("releases::NEWEST", "one row a week"),
        ("releases::UNFINISHED", "one row a week"),
        ("releases::OPENED_BETWEEN", "one row a week"),
        ("lines::REMOVE_ENDED", "releases, one row a week; places by their release"),
        ("parties::OF_PERSON", "for audits, on a reader"),
        (
            "releases::REMOVE",
            "taking a planned release back is rare; an index of parties by release would cost every booking",
        ),
        ("wishes::OF_RELEASE", "only those who wish now have a row"),
        ("events::RECENT", "backwards by id, and stops at the limit"),
        ("approvals::RECENT", "backwards by id, and stops at the limit"),
        ("approvals::WAITING", "what waits for a second person is a handful"),
        ("staff::", "those who work at the offices are some thousands, and grow no more"),
        ("idempotency::REMOVE_BEFORE", "from the oldest on, and stops at the limit"),
    ];

    #[test]
    fn no_statement_scans_a_table_that_grows_unless_it_says_why() {
        let (_directory, session) = fresh();
        for (name, sql) in every_statement().into_iter().filter(|(_, sql)| !sql.sqlite.is_empty()) {
            if MAY_SCAN.iter().any(|(of, _)| name.starts_with(of)) {
                continue;
            }
            let mut plan = session.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(&name);
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().expect("a plan") {
                let step: String = row.get(3).expect("a step");
                let index_walk = step.contains("USING COVERING INDEX") || step.contains("USING INDEX");
                let harmless =
                    step.contains("CONSTANT ROW") || step.starts_with("SCAN due") || step.starts_with("SCAN recorded");
                assert!(!step.starts_with("SCAN ") || index_walk || harmless, "{name}: {step}\n{sql}");
            }
        }
    }

    /// What is written for every booking, entry and message, on a Friday a million times.
    const OFTEN: &[&str] = &[
        "accounts::INSERT",
        "appointments::INSERT",
        "appointments::ADVANCE",
        "entries::",
        "events::APPEND",
        "idempotency::INSERT",
        "outbox::PUSH",
        "outbox::SENT",
        "parties::INSERT",
        "slots::TAKE",
        "slots::GIVE_BACK",
    ];

    #[test]
    fn what_is_written_often_builds_no_table_in_memory_for_a_list_of_values() {
        let (_directory, session) = fresh();
        for start in OFTEN {
            let mut found = 0;
            for (name, sql) in every_statement().into_iter().filter(|(name, _)| name.starts_with(start)) {
                let mut program = session.connection.prepare(&format!("EXPLAIN {sql}")).expect(&name);
                let mut steps = program.raw_query();
                while let Some(step) = steps.next().expect("a program") {
                    let does: String = step.get(1).expect("what it does");
                    assert_ne!(does, "OpenEphemeral", "{name}: {sql}");
                }
                found += 1;
            }
            assert!(found > 0, "{start}");
        }
    }

    #[test]
    fn an_archive_names_every_table_and_every_column() {
        let (_directory, session) = fresh();
        let mut tables = session
            .connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .expect("a schema");
        let tables =
            tables.query_map([], |row| row.get::<_, String>(0)).expect("tables").map(|name| name.expect("a name"));
        let schema: Vec<_> = tables
            .map(|table| {
                let mut columns =
                    session.connection.prepare("SELECT name FROM pragma_table_info(?1)").expect("columns");
                let columns =
                    columns.query_map([&table], |row| row.get(0)).expect("columns").map(|name| name.expect("a name"));
                let columns: Vec<String> = columns.collect();
                (table, columns)
            })
            .collect();
        crate::archive::names_all_of(&schema);
    }

    #[test]
    fn a_refused_rule_is_told_by_its_name() {
        assert_eq!(rule("UNIQUE constraint failed: accounts.phone").as_deref(), Some("accounts_phone_once"));
        assert_eq!(rule("CHECK constraint failed: slots_never_oversold").as_deref(), Some("slots_never_oversold"));
        assert_eq!(rule("events_never_change").as_deref(), Some("events_never_change"));
        assert_eq!(rule("FOREIGN KEY constraint failed"), None);
    }

    #[test]
    fn every_unique_rule_in_the_list_exists_in_the_schema() {
        let (_directory, session) = fresh();
        let schema: String = session
            .connection
            .query_row("SELECT group_concat(sql, ' ') FROM sqlite_schema", [], |row| row.get(0))
            .expect("a schema");
        for (_, name) in UNIQUE_RULES {
            assert!(schema.contains(name), "{name}");
        }
    }

    #[test]
    fn opening_again_changes_nothing_and_keeps_the_settings_that_rule_4_needs() {
        let (directory, session) = fresh();
        drop(session);
        let session = open_writer(&directory.path().join("antrean.db")).expect("the same database");
        let pragma = |name: &str| -> String {
            session
                .connection
                .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0))
                .expect(name)
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
        assert_eq!(pragma("foreign_keys"), "1");
    }

    /// Part, instant, who, why, what.
    type Kept = (String, i64, i64, String, Option<String>);

    #[test]
    fn changes_of_offices_from_before_they_were_kept_are_taken_over_from_the_log() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("antrean.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = open(&path, flags, WRITE_CACHE_KIB).expect("a file");
        embedded::migrations::runner()
            .set_target(refinery::Target::Version(10))
            .run(&mut connection)
            .expect("the schema before");
        let before = "
            INSERT INTO staff (id, login, sealed, role, state, created_ms) VALUES (7, 'siti', x'00', 'head', 'invited', 1);
            INSERT INTO events (at_ms, actor, actor_id, kind, office, reason) VALUES
                (5, 'staff', 7, 'timetable_changed', 'BTM', 'loket'),
                (6, 'staff', 7, 'office_changed', 'BTM', 'telepon'),
                (7, 'staff', 7, 'closed', 'BTM', 'banjir');";
        connection.execute_batch(before).expect("some history");
        drop(connection);
        let session = open_writer(&path).expect("the schema of now");
        let kept = "SELECT part, at_ms, changed_by, reason, what FROM office_changes ORDER BY id";
        let mut kept = session.connection.prepare(kept).expect("a statement");
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        let kept: Vec<Kept> = kept.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect();
        let line = |part: &str, at, reason: &str| (part.to_owned(), at, 7, reason.to_owned(), None);
        assert_eq!(kept, [line("hours", 5, "loket"), line("data", 6, "telepon")]);
    }
}
