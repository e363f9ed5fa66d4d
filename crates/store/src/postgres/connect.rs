//! How a connection is made, and what is settled on it before anything else.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

use super::hosts::Hosts;
use super::session::{Session, drive};
use super::url::{DatabaseUrl, Security};

/// The oldest server that is known to work, as `server_version_num` says it.
const VERSION_MIN: u32 = 15_00_00;

/// A host that takes a connection and has not settled everything on it after this time is passed over. The time for reaching it at all
/// is a part of this, and of the address.
const HOST_PATIENCE: Duration = Duration::from_secs(5);

/// What every connection has.
///
/// No time limit on statements: it would also end the wait of a commit for its standby, and the server would then say that all is
/// well. A lost connection is noticed on this side instead. The server in turn must not keep the locks of a node that is gone.
const SETTINGS: &str = "
    SET statement_timeout = 0;
    SET client_min_messages = 'warning';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET jit = off";

/// Who writes waits for a lock so long and no longer, sees at once what others have committed, and finds rows by their index: tables
/// grow by a million rows in a minute, and a plan made when they were empty must not read them whole.
const WRITER_SETTINGS: &str = "
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '3s';
    SET idle_in_transaction_session_timeout = '20s';
    SET enable_seqscan = off";

/// A report, or the files of a draw, may be made from one state of the database; nothing waits for it.
const READER_SETTINGS: &str = "
    SET idle_in_transaction_session_timeout = '15min'";

/// Why there is no connection. Says neither password nor anything of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotConnected {
    /// The server cannot be reached, or turned us away.
    #[error("{0}")]
    Failed(String),
    /// The server is too old.
    #[error("PostgreSQL {0} is too old; Antrean needs 15 or newer")]
    TooOld(String),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Operations that write.
    Write,
    /// Operations that only read.
    Read,
    /// Bringing the schema up to date.
    Migrate,
}

/// A fresh session.
pub(super) fn session(url: &DatabaseUrl, purpose: Purpose, hosts: &Arc<Hosts>) -> Result<Session, NotConnected> {
    let runtime = runtime()?;
    let warned = Arc::new(AtomicBool::new(false));
    let (client, at) = runtime.block_on(client(url, purpose, Arc::clone(&warned), hosts))?;
    let at = (Arc::clone(hosts), at);
    Ok(Session::new(runtime, client, at, warned, purpose == Purpose::Read))
}

/// A runtime for one connection: it lives on the thread that waits for it.
pub(super) fn runtime() -> Result<Runtime, NotConnected> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| NotConnected::Failed(error.to_string()))
}

/// Where a connection leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The number of the host.
    pub(super) host: usize,
    /// The timeline that it was the primary of; 0 where it was none.
    pub(super) timeline: i64,
}

/// The timeline of a primary, which is in the names of its log's files; 0 for a standby. What the control file says of it comes later.
const TIMELINE: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 0
                        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END";

/// A fresh connection to the host that takes writes, with everything settled, and which host that is; it is run by a task of the
/// runtime.
pub(super) async fn client(
    url: &DatabaseUrl,
    purpose: Purpose,
    warned: Arc<AtomicBool>,
    hosts: &Hosts,
) -> Result<(Client, At), NotConnected> {
    let count = url.hosts.len();
    let mut why = Vec::with_capacity(count);
    // Whoever has seen no primary yet asks all hosts: of two that say they are the one, the newer timeline is right.
    let first_of_all = !hosts.knows_a_timeline();
    let mut newest: Option<(Client, At)> = None;
    for host in hosts.in_turn(count) {
        let trying = client_of(&url.hosts[host], &url.security, purpose, Arc::clone(&warned));
        match tokio::time::timeout(HOST_PATIENCE, trying).await {
            Ok(Ok((client, timeline))) if first_of_all => {
                if newest.as_ref().is_none_or(|(_, known)| known.timeline < timeline) {
                    newest = Some((client, At { host, timeline }));
                }
                continue;
            }
            Ok(Ok((client, timeline))) => match hosts.found(host, timeline) {
                Ok(()) => return Ok((client, At { host, timeline })),
                Err(left_behind) => why.push(left_behind.to_string()),
            },
            Ok(Err(NotConnected::Failed(reason))) => why.push(reason),
            Ok(Err(too_old @ NotConnected::TooOld(_))) => return Err(too_old),
            Err(_) => why.push("it takes connections and says nothing".to_owned()),
        }
        hosts.passed(host, count);
    }
    if let Some((client, at)) = newest {
        match hosts.found(at.host, at.timeline) {
            Ok(()) => return Ok((client, at)),
            Err(left_behind) => why.push(left_behind.to_string()),
        }
    }
    // Said once, where several have the same reason.
    why.dedup();
    Err(NotConnected::Failed(why.join("; ")))
}

async fn client_of(
    config: &Config,
    security: &Security,
    purpose: Purpose,
    warned: Arc<AtomicBool>,
) -> Result<(Client, i64), NotConnected> {
    let failed = |error: tokio_postgres::Error| NotConnected::Failed(told(&error));
    let (client, version) = match security {
        Security::Plain => {
            let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
            let version = connection.parameter("server_version").unwrap_or_default().to_owned();
            tokio::spawn(drive(connection, warned));
            (client, version)
        }
        Security::Verified { authorities } => {
            let tls = super::tls::connector(authorities.as_deref()).map_err(NotConnected::Failed)?;
            let (client, connection) = config.connect(tls).await.map_err(failed)?;
            let version = connection.parameter("server_version").unwrap_or_default().to_owned();
            tokio::spawn(drive(connection, warned));
            (client, version)
        }
    };
    let number = client.query_one("SELECT current_setting('server_version_num')", &[]).await.map_err(failed)?;
    if number.get::<_, &str>(0).parse::<u32>().unwrap_or(0) < VERSION_MIN {
        return Err(NotConnected::TooOld(version));
    }
    client.batch_execute(SETTINGS).await.map_err(failed)?;
    match purpose {
        Purpose::Write => client.batch_execute(WRITER_SETTINGS).await.map_err(failed)?,
        Purpose::Read => client.batch_execute(READER_SETTINGS).await.map_err(failed)?,
        Purpose::Migrate => {}
    }
    if purpose != Purpose::Read {
        durable(&client).await.map_err(failed)?;
    }
    let timeline = client.query_one(TIMELINE, &[]).await.map_err(failed)?.get(0);
    Ok((client, timeline))
}

/// What was answered is on disk (rule 4): a weaker default of the role or the database is raised, a stronger one stays.
async fn durable(client: &Client) -> Result<(), tokio_postgres::Error> {
    let weak = "SELECT current_setting('synchronous_commit') IN ('off', 'local')";
    if client.query_one(weak, &[]).await?.get(0) {
        client.batch_execute("SET synchronous_commit = on").await?;
    }
    Ok(())
}

/// An error with its causes, in one line.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_told = cause.to_string();
        if !message.ends_with(&cause_told) {
            message = format!("{message}: {cause_told}");
        }
        source = cause.source();
    }
    message
}
