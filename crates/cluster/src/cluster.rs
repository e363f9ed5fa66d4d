//! A cluster: one server with its data, for as long as somebody uses it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::system::System;

/// How long the shared cluster stays when no test uses it: the next test process of the run starts within this time.
const STAYS_S: u32 = 8;

/// Stops and removes a cluster when nobody holds its lock any more: lock file, seconds that it stays, directory, then the words that
/// stop it.
const REMOVER: &str = r#"
lock=$1; stays=$2; directory=$3; shift 3
while [ -d "$directory" ]; do
    flock -x "$lock" true
    sleep "$stays"
    flock -n -x "$lock" sh -c '
        directory=$1; shift
        "$@" -D "$directory/data" -m immediate stop
        rm -rf "$directory"' stop "$directory" "$@"
done
"#;

/// A server with its data in a directory of its own, on a free port of the loopback address. The user is `postgres`, without a
/// password. Stopped and removed when it is dropped, or when this process ends in whatever way.
pub struct Cluster {
    system: System,
    directory: PathBuf,
    port: u16,
    settings: String,
    owned: bool,
    /// Held shared by everybody who uses the cluster.
    _lock: File,
}

/// Settings for everybody: small, and quick to stop.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB -c logging_collector=off \
                        -c unix_socket_directories= -c deadlock_timeout=200ms -c autovacuum_naptime=5s -c log_min_messages=fatal";

/// For tests that do not cut the power: what is in the system's cache survives the death of any process.
const NO_SYNC: &str = "-c fsync=off -c full_page_writes=off";

impl Cluster {
    /// A fresh cluster for one test, with further settings such as `-c wal_level=logical`; `None`, and a line that says so, where
    /// there is no PostgreSQL.
    pub fn own(settings: &str) -> Option<Self> {
        let system = found()?;
        let directory =
            tempfile::Builder::new().prefix("antrean-cluster-").tempdir_in("/tmp").expect("a directory").keep();
        let lock = File::create(directory.join("lock")).expect("a lock file");
        lock.lock_shared().expect("a lock");
        let mut cluster =
            Self { system, directory, port: 0, settings: format!("{SETTINGS} {settings}"), owned: true, _lock: lock };
        cluster.make();
        cluster.remove_later(&cluster.directory.join("lock"), 0);
        Some(cluster)
    }

    /// The cluster that all tests of this machine's user share, started if need be.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        SHARED.get_or_init(Self::join).as_ref()
    }

    fn join() -> Option<Self> {
        let system = found()?;
        // One for each checkout, so that two of them with other schemas do not wait for each other.
        let here = env!("CARGO_MANIFEST_DIR").replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let directory = PathBuf::from(format!("/tmp/antrean-shared{here}"));
        let shown = directory.display().to_string();
        let beside = |name: &str| PathBuf::from(format!("{shown}.{name}"));
        let open =
            |path: &Path| File::options().create(true).write(true).truncate(false).open(path).expect("a lock file");
        // From here on nobody removes it; who is just removing it is waited for.
        let lock = open(&beside("users"));
        lock.lock_shared().expect("a lock");
        let starting = open(&beside("start"));
        starting.lock().expect("a lock");
        let settings = format!("{SETTINGS} {NO_SYNC}");
        let mut cluster = Self { system, directory, port: 0, settings, owned: false, _lock: lock };
        let port = fs::read_to_string(cluster.directory.join("port")).ok().and_then(|port| port.parse().ok());
        if let Some(port) = port.filter(|_| cluster.answers()) {
            cluster.port = port;
        } else {
            let _ = fs::remove_dir_all(&cluster.directory);
            fs::create_dir_all(&cluster.directory).expect("a directory");
            cluster.make();
            fs::write(cluster.directory.join("port"), cluster.port.to_string()).expect("a file");
            cluster.remove_later(&beside("users"), STAYS_S);
        }
        Some(cluster)
    }

    fn data(&self) -> String {
        self.directory.join("data").display().to_string()
    }

    fn answers(&self) -> bool {
        let data = self.directory.join("data");
        let running = fs::read_to_string(data.join("postmaster.pid")).ok();
        let process = running.and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
        process.is_some_and(|process| Path::new(&format!("/proc/{process}")).exists())
    }

    fn make(&mut self) {
        self.system.give(&self.directory);
        let data = self.data();
        self.system.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
                "--no-instructions",
            ],
        );
        // Free a moment ago; whoever takes it in between makes the start fail, which is seen and tried again with another.
        for _ in 0..5 {
            self.port =
                TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            if self.try_start() {
                return;
            }
        }
        panic!("the server did not start; see {}", self.directory.join("log").display());
    }

    fn try_start(&self) -> bool {
        let words = self.system.words("pg_ctl");
        let log = self.directory.join("log").display().to_string();
        let options = format!("-p {} {}", self.port, self.settings);
        let status = Command::new(&words[0])
            .args(&words[1..])
            .args(["-D", &self.data(), "-l", &log, "-w", "-s", "-o", &options, "start"])
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Starts a server that was stopped or killed, on the same port.
    pub fn start(&self) {
        // After a kill its children may live for a moment, and the server waits for them to be gone.
        for _ in 0..50 {
            if self.try_start() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the server did not start again; see {}", self.directory.join("log").display());
    }

    /// Stops the server, `fast` (connections are ended) or `immediate` (as if the power was cut).
    pub fn stop(&self, how: &str) {
        self.system.run("pg_ctl", &["-D", &self.data(), "-m", how, "-w", "-s", "stop"]);
    }

    /// Kills the server's first process with signal 9. Its children notice and end by themselves.
    pub fn kill(&self) {
        let _ = Command::new("kill").args(["-9", &self.postmaster().to_string()]).status();
    }

    /// The number of the server's first process.
    pub fn postmaster(&self) -> u32 {
        let text = fs::read_to_string(self.directory.join("data/postmaster.pid")).expect("a running server");
        text.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process number")
    }

    /// The address of a database of the cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port of the loopback address that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the server's binaries.
    pub fn binaries(&self) -> &Path {
        self.system.bin()
    }

    /// Starts the process that removes the cluster when nobody uses it any more.
    fn remove_later(&self, lock: &Path, stays_s: u32) {
        let mut remover = Command::new("setsid");
        remover
            .args(["--fork", "sh", "-c", REMOVER, "remover"])
            .arg(lock)
            .arg(stays_s.to_string())
            .arg(&self.directory);
        remover.args(self.system.words("pg_ctl"));
        remover.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // It goes on by itself when this has said that it began.
        remover.status().expect("setsid and sh are there");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.owned {
            let words = self.system.words("pg_ctl");
            let _ = Command::new(&words[0])
                .args(&words[1..])
                .args(["-D", &self.data(), "-m", "immediate", "-s", "stop"])
                .current_dir("/")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

fn found() -> Option<System> {
    let system = System::find();
    if system.is_none() {
        eprintln!("SKIPPED on PostgreSQL: there is no server of version 15 or newer under /usr/lib/postgresql");
    }
    system
}
