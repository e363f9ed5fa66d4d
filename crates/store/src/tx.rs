//! A transaction as operations see it.

use crate::Fault;
use crate::locks::Lock;
use crate::sql::Sql;
use crate::value::{RowRef, Value};

/// What an engine does for a transaction. Each engine has one type for it, in its own module.
pub(crate) trait Engine {
    /// Runs a statement without rows; the number of rows it changed itself, not by cascade or trigger.
    fn execute(&self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Fault>;

    /// Runs a statement from whose success nothing can be learnt. An engine that is far away need not wait for it: then it fails
    /// with a later statement, or with the commit.
    fn post(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault>;

    /// Runs an `INSERT` of one row; the row's number, or `None` if `ON CONFLICT DO NOTHING` did nothing.
    fn insert(&self, sql: Sql, values: &[Value<'_>]) -> Result<Option<i64>, Fault>;

    /// Runs a statement to its end and hands over each row.
    fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&RowRef<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault>;

    /// The highest number that a table which numbers its rows has ever given, 0 if none; a row that is gone counts too where the
    /// engine remembers it.
    fn last_number(&self, table: &'static str) -> Result<i64, Fault>;

    /// Makes the table give the numbers after `last` from now on.
    fn set_last_number(&self, table: &'static str, last: i64) -> Result<(), Fault>;

    /// Holds what a statement selects to the end of the transaction, where others could change or lose it meanwhile.
    fn hold(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault>;

    /// Waits until no other transaction holds the lock in a way that excludes this one, and holds it to the end of the transaction.
    fn lock(&self, lock: &Lock<'_>) -> Result<(), Fault>;

    /// Begins something that may be undone by itself.
    fn savepoint(&self) -> Result<(), Fault>;

    /// Undoes everything since the innermost savepoint, which stays.
    fn undo(&self) -> Result<(), Fault>;

    /// Ends the innermost savepoint, keeping what was done since.
    fn release(&self) -> Result<(), Fault>;
}

/// One transaction: everything done through it is kept together or not at all.
///
/// Statements use `?1`, `?2`, ... and run in the order in which they are called. A row's function must not call the transaction
/// again; collect first.
pub struct Tx<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// Runs a statement without rows; returns how many rows it changed itself, not by cascade or trigger.
    pub fn execute(&self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.engine.execute(sql.into(), values)
    }

    /// Runs a statement from whose success nothing can be learnt: it changes what it must, or the whole operation fails, here or at
    /// one of the next statements.
    pub(crate) fn post(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault> {
        self.engine.post(sql, values)
    }

    /// Holds what a statement selects to the end of the transaction: what is read of it after this stays so.
    pub(crate) fn hold(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault> {
        self.engine.hold(sql, values)
    }

    /// Whether a statement changed anything.
    pub(crate) fn changed(&self, sql: Sql, values: &[Value<'_>]) -> Result<bool, Fault> {
        Ok(self.execute(sql, values)? > 0)
    }

    /// Runs an `INSERT` of one row into a table with a column `id`, and returns that; `None` if `ON CONFLICT DO NOTHING` did nothing.
    ///
    /// The statement has no `RETURNING`: SQLite builds a table in memory for it each time, which costs more than the insert.
    pub fn insert(&self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<Option<i64>, Fault> {
        self.engine.insert(sql.into(), values)
    }

    /// The only row. No row, or more than one, is `Fault::Corrupt`.
    pub fn one<T>(
        &self,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        row: impl FnMut(&RowRef<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let sql = sql.into();
        self.opt(sql, values, row)?.ok_or_else(|| Fault::corrupt(format!("no row from: {sql}")))
    }

    /// The only row, or `None`. More than one is `Fault::Corrupt`.
    pub fn opt<T>(
        &self,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        mut row: impl FnMut(&RowRef<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let sql = sql.into();
        let mut found = None;
        self.each(sql, values, |cells| {
            if found.replace(row(cells)?).is_some() {
                return Err(Fault::corrupt(format!("more than one row from: {sql}")));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// All rows.
    pub fn all<T>(
        &self,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        mut row: impl FnMut(&RowRef<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        self.each(sql, values, |cells| {
            found.push(row(cells)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands over row after row without keeping any; an error of the function ends it.
    pub fn each(
        &self,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        mut row: impl FnMut(&RowRef<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.engine.each(sql.into(), values, &mut row)
    }

    /// Holds a lock to the end of the transaction: who else wants it waits. What is read after this is as it is until then.
    ///
    /// In a reading operation, and where only one writes at a time, there is nothing to be waited for.
    pub fn lock(&self, lock: &Lock<'_>) -> Result<(), Fault> {
        self.engine.lock(lock)
    }

    /// See [`Engine::last_number`].
    pub(crate) fn last_number(&self, table: &'static str) -> Result<i64, Fault> {
        self.engine.last_number(table)
    }

    /// See [`Engine::set_last_number`].
    pub(crate) fn set_last_number(&self, table: &'static str, last: i64) -> Result<(), Fault> {
        self.engine.set_last_number(table, last)
    }

    /// Tries something: if it returns `Err`, everything it wrote is undone, and the transaction goes on as if it had never run.
    pub fn attempt<T, E: From<Fault>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.engine.savepoint()?;
        let result = f(self);
        if result.is_err() {
            self.engine.undo()?;
        }
        self.engine.release()?;
        result
    }
}
