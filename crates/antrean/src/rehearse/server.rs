//! A server of the rehearsal's own: this same program as a child, on a free port of this machine, with a directory that goes with it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use antrean_domain::release::ReleasePlan;
use antrean_store::checkup::{Depth, of_url};
use tempfile::TempDir;

use super::setting;
use crate::config::Database;
use crate::stop::{Stop, whole};

/// The server finishes what is under way within this time, or is cut off.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// Lines of the server's log that are shown when it ended by itself.
const LOG_LINES: usize = 5;

/// A PostgreSQL database for a server of our own, with its address as it was given: the server is told the same.
#[derive(Debug, Clone)]
pub struct NewDatabase {
    /// The address, parsed.
    pub database: Database,
    text: String,
}

impl FromStr for NewDatabase {
    type Err = <Database as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { database: text.parse()?, text: text.to_owned() })
    }
}

impl NewDatabase {
    /// Refuses a database in which anything was ever kept: made-up people must not come to real ones.
    fn must_be_new(&self) -> Result<(), Stop> {
        let url = &self.database.0;
        let known =
            of_url(url, Depth::Quick).map_err(|error| Stop::failed(format!("--database: {}", whole(&error))))?;
        if known.schema == 0 {
            return Ok(());
        }
        Err(Stop::wrong(format!("--database: {url} is not new; a rehearsal takes one in which nothing was ever kept")))
    }
}

/// A server that runs, and ends when this value does.
pub struct Server {
    child: Child,
    folder: TempDir,
    /// Scheme, address and port.
    pub url: String,
}

impl Server {
    /// Plans the release and starts a server on it.
    pub fn start(plan: &ReleasePlan, database: Option<&NewDatabase>) -> Result<Self, Stop> {
        if let Some(database) = database {
            database.must_be_new()?;
        }
        let failed = |error: std::io::Error| Stop::failed(format!("cannot start a server of our own: {error}"));
        let folder = tempfile::tempdir().map_err(failed)?;
        let data = folder.path().join("data");
        setting::mark(&data).map_err(failed)?;
        let file = folder.path().join("plan.json");
        fs::write(&file, serde_json::to_vec(plan).expect("a plan is plain data")).map_err(failed)?;
        let mut planning = program()?;
        planning.args(["release", "plan", "--file"]).arg(&file);
        let planned = with_data(&mut planning, &data, database).stdin(Stdio::null()).output().map_err(failed)?;
        if !planned.status.success() {
            let said = String::from_utf8_lossy(&planned.stderr).trim().trim_start_matches("antrean: ").to_owned();
            return Err(Stop::failed(format!("the release of the rehearsal cannot be planned: {said}")));
        }
        let log = fs::File::create(folder.path().join("server.log")).map_err(failed)?;
        let mut serving = program()?;
        serving.args(["serve", "--rehearsal", "--while-input", "--listen", "127.0.0.1:0", "--log", "text"]);
        let child = with_data(&mut serving, &data, database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-c at the terminal is for this process; it stops the server when the audit is done.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut server = Self { child, folder, url: String::new() };
        let said = server.child.stdout.take().map(BufReader::new);
        let line =
            said.and_then(|said| said.lines().map_while(Result::ok).find(|line| line.starts_with("listening on")));
        let url = line.as_deref().and_then(|line| line.split_whitespace().find(|word| word.starts_with("http://")));
        match url {
            Some(url) => url.trim_end_matches(',').clone_into(&mut server.url),
            None => return Err(Stop::failed(format!("the server of the rehearsal did not start: {}", server.log()))),
        }
        Ok(server)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Ends it in order, so that its store can be read. An error if it had ended before, or does not.
    pub fn stop(&mut self) -> Result<(), Stop> {
        // The server ends when its standard input does.
        drop(self.child.stdin.take());
        let asked = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(Stop::failed(format!("the server ended with {status}: {}", self.log())));
                }
                Ok(None) if asked.elapsed() < STOPS_WITHIN => std::thread::sleep(Duration::from_millis(50)),
                Ok(None) => return Err(Stop::failed("the server does not stop")),
                Err(error) => return Err(Stop::failed(whole(&error))),
            }
        }
    }

    /// The end of its log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join(" | ")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// This program, without anything of the environment that could lead it to real data or real people.
fn program() -> Result<Command, Stop> {
    let own = std::env::current_exe().map_err(|error| Stop::failed(format!("cannot find this program: {error}")))?;
    let mut command = Command::new(own);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANTREAN_") {
            command.env_remove(name);
        }
    }
    command.env("ANTREAN_LOG_FILTER", "warn");
    Ok(command)
}

fn with_data<'a>(command: &'a mut Command, data: &Path, database: Option<&NewDatabase>) -> &'a mut Command {
    command.arg("--data").arg(data);
    if let Some(database) = database {
        // Not as an argument, which everybody on this machine could read: it may have a password in it.
        command.env("ANTREAN_DATABASE", &database.text);
    }
    command
}
