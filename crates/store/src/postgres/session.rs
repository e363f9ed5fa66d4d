//! A session: one connection with its transaction, and how statements run on it.
//!
//! Waiting is what costs: each statement that is waited for is a way to the server and back. So whatever can be learnt nothing from
//! (the beginning of a transaction, savepoints, locks, lines of the log) is sent along with the next statement that is waited for.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::runtime::Runtime;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, RowStream, Statement};

use super::connect::At;
use super::fault::{Trouble, is_stale, trouble};
use super::hosts::Hosts;
use super::values::{Param, Row};
use crate::Fault;
use crate::locks::Lock;
use crate::sql::Sql;
use crate::tx::Engine;
use crate::value::{RowRef, Value};

/// How long a statement or a commit may take before the connection is given up. Waiting for locks ends much sooner (`lock_timeout`);
/// what takes longer than this has no server behind it, or a server that waits for a standby in vain.
const PATIENCE: Duration = Duration::from_secs(15);

/// The same for reading, where a report or a draw of a million entries may be computed before the first row comes.
const READING_PATIENCE: Duration = Duration::from_mins(2);

/// How often somebody who waits looks whether others have found the primary elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// Statements sent and not waited for, at most: a bound on what lies in memory on both sides.
const POSTED_MAX: usize = 64;

/// A statement that was sent and whose answer nobody has waited for yet.
type Posted = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// What a commit came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    /// It is on disk.
    Kept,
    /// Nothing is kept, for this reason.
    Undone(Trouble),
    /// The connection was lost while the commit was under way.
    Unknown,
}

/// One connection and what is known about its transaction. It stays on the thread that made it.
pub(super) struct Session {
    runtime: Runtime,
    client: Rc<Client>,
    reads_only: bool,
    prepared: RefCell<HashMap<(*const u8, bool), Statement>>,
    posted: RefCell<VecDeque<Posted>>,
    /// Why nothing more can be done in this transaction, if so.
    trouble: RefCell<Option<Trouble>>,
    /// Set by the connection when the server warns, which it does when a commit did not become what was asked for.
    warned: Arc<AtomicBool>,
    lost: Cell<bool>,
    /// Where this leads.
    hosts: Arc<Hosts>,
    at: At,
}

/// Runs a connection until it ends.
pub(super) async fn drive<S, T>(mut connection: Connection<S, T>, warned: Arc<AtomicBool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                if notice.code().code().starts_with("01") {
                    tracing::warn!(notice = notice.message(), "the database warns");
                    warned.store(true, Ordering::Relaxed);
                }
            }
            Some(Ok(_)) => {}
            // Whoever waits for an answer hears of it there.
            Some(Err(_)) | None => return,
        }
    }
}

impl Session {
    /// A session on a connection that `drive` runs on the same runtime.
    pub(super) fn new(
        runtime: Runtime,
        client: Client,
        (hosts, at): (Arc<Hosts>, At),
        warned: Arc<AtomicBool>,
        reads_only: bool,
    ) -> Self {
        Self {
            hosts,
            at,
            runtime,
            client: Rc::new(client),
            reads_only,
            prepared: RefCell::default(),
            posted: RefCell::default(),
            trouble: RefCell::default(),
            warned,
            lost: Cell::new(false),
        }
    }

    /// Whether the connection can be used for another transaction: it stands, and leads to no primary that others have left.
    pub(super) fn is_usable(&self) -> bool {
        !self.lost.get() && !self.client.is_closed() && !self.hosts.is_left(self.at.timeline)
    }

    /// Begins a transaction; the server hears of it with the first statement that is waited for.
    pub(super) fn begin(&self) -> Result<(), Trouble> {
        self.trouble.replace(None);
        self.posted.borrow_mut().clear();
        let begin = if self.reads_only {
            // One state of the database for the whole of it.
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        } else {
            "BEGIN"
        };
        self.say(begin).map_err(|_| self.trouble())
    }

    /// Waits for everything that was posted.
    pub(super) fn settle(&self) -> Result<(), Trouble> {
        self.runtime.block_on(self.answers()).map_err(|_| self.trouble())
    }

    /// Commits. Everything that was posted has succeeded if it is kept.
    pub(super) fn commit(&self) -> Committed {
        if self.trouble.borrow().is_some() {
            return Committed::Undone(self.roll_back());
        }
        self.warned.store(false, Ordering::Relaxed);
        let result = self.runtime.block_on(async {
            let client = Rc::clone(&self.client);
            let mut commit = pin!(async move { client.batch_execute("COMMIT").await });
            let sent = poll_once(commit.as_mut()).await;
            // An answer to these is an answer to the commit as well: after a failed statement it is a rollback.
            self.answers().await.map_err(Some)?;
            match sent {
                Some(done) => done.map_err(|error| self.note(&error)).map_err(Some),
                None => match self.wait(PATIENCE, commit).await {
                    Some(done) => done.map_err(|error| self.note(&error)).map_err(Some),
                    None => Err(None),
                },
            }
        });
        match result {
            Ok(()) if self.warned.load(Ordering::Relaxed) => {
                // Somebody cancelled the wait for the standby: kept here, and perhaps only here.
                Committed::Unknown
            }
            // Others have found a newer primary meanwhile: what the old one says is kept there need not be so.
            Ok(()) if self.hosts.is_left(self.at.timeline) => Committed::Unknown,
            Ok(()) => Committed::Kept,
            Err(Some(_)) => match self.trouble() {
                Trouble::Lost => {
                    self.lost.set(true);
                    Committed::Unknown
                }
                // Whatever the server said in so many words, it did not commit.
                known => Committed::Undone(known),
            },
            Err(None) => {
                self.lost.set(true);
                Committed::Unknown
            }
        }
    }

    /// Ends the transaction without keeping anything; tells why, if it was for trouble.
    pub(super) fn roll_back(&self) -> Trouble {
        let why = self.trouble();
        if !self.lost.get() {
            let ended = self.runtime.block_on(async {
                // What was posted is of no interest any more, but its answers come first.
                let posted = self.posted.take();
                let client = Rc::clone(&self.client);
                let mut end = pin!(async move { client.batch_execute("ROLLBACK").await });
                let sent = poll_once(end.as_mut()).await;
                for answer in posted {
                    let _ = self.wait(PATIENCE, answer).await;
                }
                match sent {
                    Some(done) => done.is_ok(),
                    None => self.wait(PATIENCE, end).await.is_some_and(|done| done.is_ok()),
                }
            });
            if !ended {
                self.lost.set(true);
            }
        }
        self.trouble.replace(None);
        why
    }

    /// What stands in the way of this transaction; a plain failure if nothing does.
    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.borrow().clone().unwrap_or(Trouble::None)
    }

    /// Waits for the server; `None` if it took too long, or if others have found the primary elsewhere: then this one is none any
    /// more, and may be silent for ever without the line being cut.
    async fn wait<F: Future>(&self, patience: Duration, waited: F) -> Option<F::Output> {
        let (started, mut waited) = (Instant::now(), pin!(waited));
        loop {
            let left = patience.saturating_sub(started.elapsed());
            match tokio::time::timeout(left.min(LOOK), waited.as_mut()).await {
                Ok(done) => return Some(done),
                Err(_) if left <= LOOK || self.hosts.moved_from(self.at.host) => return None,
                Err(_) => {}
            }
        }
    }

    fn patience(&self) -> Duration {
        if self.reads_only { READING_PATIENCE } else { PATIENCE }
    }

    /// Whether anything can still be done in this transaction.
    fn goes_on(&self) -> Result<(), Fault> {
        match &*self.trouble.borrow() {
            None => Ok(()),
            Some(trouble) => Err(trouble.fault()),
        }
    }

    /// Remembers why a statement failed, and tells it as a fault. The first trouble counts: what follows are its echoes.
    fn note(&self, error: &Error) -> Fault {
        let found = trouble(error, self.reads_only);
        if found == Trouble::Lost || is_stale(error) {
            self.lost.set(true);
        }
        let mut known = self.trouble.borrow_mut();
        let first = known.get_or_insert(found);
        first.fault()
    }

    fn note_lost(&self) -> Fault {
        self.lost.set(true);
        self.trouble.replace(Some(Trouble::Lost));
        Trouble::Lost.fault()
    }

    /// Sends a statement without values whose answer is waited for later.
    fn say(&self, text: &'static str) -> Result<(), Fault> {
        let client = Rc::clone(&self.client);
        self.put(Box::pin(async move { client.batch_execute(text).await }))
    }

    /// Sends a statement whose answer is waited for later.
    fn put(&self, mut statement: Posted) -> Result<(), Fault> {
        let sent = self.runtime.block_on(poll_once(statement.as_mut()));
        match sent {
            Some(Err(error)) => return Err(self.note(&error)),
            Some(Ok(())) => return Ok(()),
            None => self.posted.borrow_mut().push_back(statement),
        }
        if self.posted.borrow().len() >= POSTED_MAX {
            return self.runtime.block_on(self.answers());
        }
        Ok(())
    }

    /// Waits for the answers to everything that was posted.
    async fn answers(&self) -> Result<(), Fault> {
        loop {
            let Some(next) = self.posted.borrow_mut().pop_front() else { return self.goes_on() };
            match self.wait(self.patience(), next).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    self.note(&error);
                }
                None => return Err(self.note_lost()),
            }
        }
    }

    /// A statement of this connection, prepared at its first use.
    async fn statement(&self, sql: Sql, returning: bool) -> Result<Statement, Fault> {
        let key = (sql.postgres.as_ptr(), returning);
        if let Some(known) = self.prepared.borrow().get(&key) {
            return Ok(known.clone());
        }
        let text = super::values::numbered(sql.postgres, returning);
        // Behind everything that was sent before, whose trouble would otherwise be taken for this statement's.
        self.answers().await?;
        let prepared = match self.wait(self.patience(), self.client.prepare(&text)).await {
            Some(Ok(prepared)) => prepared,
            Some(Err(error)) => return Err(self.note(&error)),
            None => return Err(self.note_lost()),
        };
        self.prepared.borrow_mut().insert(key, prepared.clone());
        Ok(prepared)
    }

    /// Prepares a statement, for tests of all of them.
    #[cfg(test)]
    pub(super) fn prepare(&self, sql: Sql) -> Result<(), Fault> {
        self.trouble.replace(None);
        self.runtime.block_on(self.statement(sql, false)).map(drop)
    }

    /// Runs a statement with everything that was posted before it.
    async fn run(&self, sql: Sql, returning: bool, values: &[Value<'_>]) -> Result<RowStream, Fault> {
        self.goes_on()?;
        let statement = self.statement(sql, returning).await?;
        assert_eq!(statement.params().len(), values.len(), "values for: {sql}");
        let mut running = pin!(self.client.query_raw(&statement, values.iter().map(|value| Param::of(*value))));
        // Sent at once; then the answers come in the order in which the statements were sent.
        let sent = poll_once(running.as_mut()).await;
        self.answers().await?;
        let begun = match sent {
            Some(begun) => begun,
            None => match self.wait(self.patience(), running).await {
                Some(begun) => begun,
                None => return Err(self.note_lost()),
            },
        };
        begun.map_err(|error| self.note(&error))
    }

    /// The next row of a running statement.
    async fn next(&self, rows: &mut Pin<&mut RowStream>) -> Result<Option<tokio_postgres::Row>, Fault> {
        match self.wait(self.patience(), rows.next()).await {
            Some(None) => Ok(None),
            Some(Some(Ok(row))) => Ok(Some(row)),
            Some(Some(Err(error))) => Err(self.note(&error)),
            None => Err(self.note_lost()),
        }
    }
}

/// Polls a future once, which sends what it has to send; its output if it is done with that.
async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        })
    })
    .await
}

impl Engine for Session {
    fn execute(&self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.runtime.block_on(async {
            let mut rows = pin!(self.run(sql, false, values).await?);
            while self.next(&mut rows).await?.is_some() {}
            Ok(rows.rows_affected().unwrap_or(0))
        })
    }

    fn post(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault> {
        // A reading transaction has no commit in which a refusal would be heard of.
        if self.reads_only {
            return self.execute(sql, values).map(drop);
        }
        self.goes_on()?;
        let statement = self.runtime.block_on(self.statement(sql, false))?;
        assert_eq!(statement.params().len(), values.len(), "values for: {sql}");
        let values: Vec<Param<'static>> = values.iter().map(|value| Param::keep(*value)).collect();
        let client = Rc::clone(&self.client);
        self.put(Box::pin(async move { client.execute_raw(&statement, values).await.map(drop) }))
    }

    fn insert(&self, sql: Sql, values: &[Value<'_>]) -> Result<Option<i64>, Fault> {
        self.runtime.block_on(async {
            let mut rows = pin!(self.run(sql, true, values).await?);
            let mut id = None;
            while let Some(row) = self.next(&mut rows).await? {
                id = Some(RowRef::new(&Row(&row)).int(0)?);
            }
            Ok(id)
        })
    }

    fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&RowRef<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.runtime.block_on(async {
            let mut rows = pin!(self.run(sql, false, values).await?);
            // One after the other as they come: the server sends no more than what is taken.
            while let Some(found) = self.next(&mut rows).await? {
                row(&RowRef::new(&Row(&found)))?;
            }
            Ok(())
        })
    }

    fn last_number(&self, table: &'static str) -> Result<i64, Fault> {
        let mut last = 0;
        self.each(LAST_NUMBER, &[Value::Text(table)], &mut |row| {
            last = row.int(0)?;
            Ok(())
        })?;
        Ok(last)
    }

    fn set_last_number(&self, table: &'static str, last: i64) -> Result<(), Fault> {
        // A table that never numbered a row goes on with 1.
        if last <= self.last_number(table)? {
            Ok(())
        } else {
            self.post(SET_LAST_NUMBER, &[Value::Text(table), Value::Int(last)])
        }
    }

    fn hold(&self, sql: Sql, values: &[Value<'_>]) -> Result<(), Fault> {
        if self.reads_only { Ok(()) } else { self.post(sql, values) }
    }

    fn lock(&self, lock: &Lock<'_>) -> Result<(), Fault> {
        // Who only reads has one state of the database, and nobody to wait for.
        if self.reads_only {
            return Ok(());
        }
        match lock {
            Lock::ReleaseStays(release) => self.post(RELEASE_STAYS, &[Value::Text(release.as_str())]),
            Lock::ReleaseMoves(release) => self.post(RELEASE_MOVES, &[Value::Text(release.as_str())]),
            line @ Lock::LineStays(_) => self.post(LOCK_SHARED, &[Value::Int(line.number())]),
            other => self.post(LOCK, &[Value::Int(other.number())]),
        }
    }

    fn savepoint(&self) -> Result<(), Fault> {
        self.goes_on()?;
        // Names may repeat: the innermost savepoint of a name is meant.
        self.say("SAVEPOINT attempt")
    }

    fn undo(&self) -> Result<(), Fault> {
        // Everything that was tried must have been answered, or its failure would be taken for one of what follows.
        let _ = self.runtime.block_on(self.answers());
        match self.trouble() {
            Trouble::None => {}
            // The statement that was refused is undone with the rest.
            Trouble::Refused(_) => {
                self.trouble.replace(None);
            }
            lasting => return Err(lasting.fault()),
        }
        self.say("ROLLBACK TO SAVEPOINT attempt")
    }

    fn release(&self) -> Result<(), Fault> {
        self.goes_on()?;
        self.say("RELEASE SAVEPOINT attempt")
    }
}

const LAST_NUMBER: Sql =
    Sql::both("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?1, 'id')::regclass), 0)");
const SET_LAST_NUMBER: Sql = Sql::both("SELECT setval(pg_get_serial_sequence(?1, 'id')::regclass, ?2)");
const LOCK: Sql = Sql::both("SELECT pg_advisory_xact_lock(?1)");
const LOCK_SHARED: Sql = Sql::both("SELECT pg_advisory_xact_lock_shared(?1)");
const RELEASE_STAYS: Sql = Sql::both("SELECT release_stays(?1)");
const RELEASE_MOVES: Sql = Sql::both("SELECT release_moves(?1)");
