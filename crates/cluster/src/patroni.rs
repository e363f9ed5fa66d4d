//! A highly available cluster on one machine: etcd, and several "machines" of one PostgreSQL each under Patroni, which can be lost,
//! frozen, thawed and given back one by one. Made from the very configuration that operators are told to use.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::system::System;

/// What operators are told to write, for the machine db1.
const SAMPLE: &str = include_str!("../../../deploy/patroni/patroni.yml");

/// Where Debian puts the programs.
const PATRONI: &str = "/usr/bin/patroni";
const ETCD: &str = "/usr/bin/etcd";

/// Below the ports that a system gives to whoever connects: the port of a lost machine must be free when it comes back.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How long a machine may take for an answer about itself. One that is frozen takes connections and says nothing.
const ASKED: Duration = Duration::from_millis(700);

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Kills what runs in a directory and removes it, as soon as nobody holds its lock. A process is known by the number that its file
/// names and by the directory in its words: nothing else is touched.
const REMOVER: &str = r#"
directory=$1
flock -x "$directory/lock" true
for again in 1 2 3; do
    for file in "$directory"/*.pid "$directory"/*/data/postmaster.pid; do
        [ -f "$file" ] || continue
        process=$(head -n 1 "$file")
        grep -qsF "$directory" "/proc/$process/cmdline" && kill -9 "$process"
    done
    sleep 0.2
done
rm -rf "$directory" || { sleep 1; rm -rf "$directory"; }
"#;

/// A cluster of several machines, numbered from 0, of which one is the primary and one a synchronous standby. Its superuser is
/// `postgres`. Stopped and removed when it is dropped, or when this process ends in whatever way.
pub struct Patroni {
    system: System,
    directory: PathBuf,
    machines: Vec<Machine>,
    etcd: Child,
    remover: Child,
    /// Held as long as the cluster is used.
    lock: Option<File>,
}

/// One "machine": PostgreSQL and the Patroni that looks after it.
struct Machine {
    name: String,
    patroni: Option<Child>,
    /// The ports of PostgreSQL and of Patroni.
    ports: (u16, u16),
}

impl Patroni {
    /// The password of the superuser.
    const PASSWORD: &'static str = "CHANGE-superuser";

    /// Starts a cluster whose primary is replaced when it was silent for `ttl_s` seconds, and waits until a standby is synchronous.
    /// `None`, and a line that says so, where the packages are missing.
    ///
    /// # Panics
    /// When it does not come up within two minutes; with the ends of its logs.
    pub fn start(machines: usize, ttl_s: u32) -> Option<Self> {
        let missing = [PATRONI, ETCD].into_iter().find(|program| !Path::new(program).exists());
        let system = System::find();
        let (None, Some(system)) = (missing, system) else {
            let missing = missing.unwrap_or("PostgreSQL 15 or newer under /usr/lib/postgresql");
            eprintln!("SKIPPED the failover: there is no {missing} (packages patroni, etcd-server, postgresql)");
            return None;
        };
        let directory =
            tempfile::Builder::new().prefix("antrean-patroni-").tempdir_in("/tmp").expect("a directory").keep();
        let lock = File::create(directory.join("lock")).expect("a lock file");
        lock.lock().expect("a lock");
        system.give(&directory);
        let remover = quiet(Command::new("setsid").args(["sh", "-c", REMOVER, "remover"]).arg(&directory), None);
        let mut free = free_ports(2 + 2 * machines);
        let mut port = || free.pop().expect("as many as were asked for");
        let (client, peer) = (port(), port());
        let etcd = start_etcd(&system, &directory, client, peer);
        let machines = (1..=machines).map(|number| {
            let machine = Machine { name: format!("db{number}"), patroni: None, ports: (port(), port()) };
            write_configuration(&system, &directory, &machine, client, ttl_s);
            machine
        });
        let machines = machines.collect();
        let mut cluster = Self { system, directory, machines, etcd, remover, lock: Some(lock) };
        // Whoever is first makes the cluster, the others copy it.
        for number in 0..cluster.machines.len() {
            cluster.give_back(number);
        }
        cluster.until("a primary with a synchronous standby", Duration::from_mins(2), |cluster| {
            cluster.primary().is_some() && cluster.synchronous().is_some()
        });
        Some(cluster)
    }

    /// How many machines there are, lost ones included.
    pub fn len(&self) -> usize {
        self.machines.len()
    }

    /// Never: a cluster has machines.
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// The machine that says it is the primary and holds the key that says so too.
    pub fn primary(&self) -> Option<usize> {
        (0..self.machines.len()).find(|number| self.says(*number, "/primary"))
    }

    /// The machine whose disk a commit waits for.
    pub fn synchronous(&self) -> Option<usize> {
        (0..self.machines.len()).find(|number| self.says(*number, "/synchronous"))
    }

    /// Whether a machine streams from the primary.
    pub fn is_replica(&self, number: usize) -> bool {
        self.says(number, "/replica")
    }

    /// Whether a machine's Patroni answers a question with yes.
    fn says(&self, number: usize, path: &str) -> bool {
        let machine = &self.machines[number];
        machine.patroni.is_some() && asked(machine.ports.1, path).is_ok_and(|answer| answer.contains(" 200 "))
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// When it is not within the time; with the ends of the cluster's logs.
    pub fn until(&self, what: &str, within: Duration, is_so: impl Fn(&Self) -> bool) -> Duration {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < within, "no {what} within {} s\n{}", within.as_secs(), self.tails(40));
            std::thread::sleep(LOOK);
        }
        started.elapsed()
    }

    /// Loses a machine: everything on it is killed at once.
    pub fn lose(&mut self, number: usize) {
        self.signal(number, "-KILL");
        if let Some(mut patroni) = self.machines[number].patroni.take() {
            let _ = patroni.wait();
        }
    }

    /// Stops a machine in the midst of whatever it does, as a host does that moves or starves it: lines stay open, nobody answers.
    pub fn freeze(&self, number: usize) {
        self.signal(number, "-STOP");
    }

    /// Lets the database of a frozen machine go on, as if no time had gone by, and no more than that. Its Patroni is gone: the watchdog of
    /// the recipe sees to it, for a Patroni that goes on where it stood takes the lock back from whoever has it now.
    pub fn wake(&mut self, number: usize) {
        if let Some(mut patroni) = self.machines[number].patroni.take() {
            send("-KILL", vec![patroni.id()]);
            let _ = patroni.wait();
        }
        self.signal(number, "-CONT");
    }

    /// Starts a machine, with whatever is on its disk.
    pub fn give_back(&mut self, number: usize) {
        let name = &self.machines[number].name;
        let file = self.directory.join(format!("{name}.yml")).display().to_string();
        let log = self.directory.join(format!("{name}.log"));
        let patroni = quiet(&mut self.system.command(Path::new(PATRONI), &[&file]), Some(&log));
        remember(&self.directory, name, &patroni);
        self.machines[number].patroni = Some(patroni);
    }

    /// Signals everything on a machine: Patroni first, so that it does not notice what becomes of the rest.
    fn signal(&self, number: usize, signal: &str) {
        let machine = &self.machines[number];
        let postmaster = fs::read_to_string(self.data(number).join("postmaster.pid")).ok();
        let postmaster = postmaster.and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
        send(signal, machine.patroni.as_ref().map(Child::id).into_iter().chain(postmaster).collect());
    }

    fn data(&self, number: usize) -> PathBuf {
        self.directory.join(&self.machines[number].name).join("data")
    }

    /// The address of a database for a client that follows the primary: all machines, in their order.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let hosts = self.machines.iter().map(|machine| format!("127.0.0.1:{}", machine.ports.0));
        let hosts = hosts.collect::<Vec<_>>().join(",");
        format!("postgres://{user}:{password}@{hosts}/{database}?target_session_attrs=read-write")
    }

    /// Runs statements on the primary as its superuser, each by itself; panics if one fails.
    pub fn run(&self, database: &str, statements: &[&str]) {
        for statement in statements {
            self.ask(database, statement);
        }
    }

    /// What a statement gives on the primary, as `psql` prints it without any frame; panics if it fails.
    pub fn ask(&self, database: &str, statement: &str) -> String {
        self.told(database, statement).unwrap_or_else(|said| panic!("{statement}: {said}\n{}", self.tails(20)))
    }

    /// Whether there is a primary that can be written to: it says so of itself a moment earlier.
    pub fn is_writable(&self) -> bool {
        self.told("postgres", "SHOW transaction_read_only").is_ok_and(|answer| answer == "off")
    }

    fn told(&self, database: &str, statement: &str) -> Result<String, String> {
        // The primary is whom Patroni says: one that woke up beside it says so of itself as well.
        let url = match self.primary() {
            Some(number) => {
                let port = self.machines[number].ports.0;
                format!(
                    "postgres://postgres:{}@127.0.0.1:{port}/{database}?target_session_attrs=read-write",
                    Self::PASSWORD
                )
            }
            None => self.url("postgres", Self::PASSWORD, database),
        };
        let answer = Command::new(self.system.bin().join("psql"))
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement])
            .env("PGCONNECT_TIMEOUT", "2")
            .output()
            .expect("psql stands beside the server");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if answer.status.success() { Ok(text(&answer.stdout)) } else { Err(text(&answer.stderr)) }
    }

    /// The last lines of every log.
    pub fn tails(&self, lines: usize) -> String {
        let names = self.machines.iter().map(|machine| machine.name.as_str()).chain(["etcd"]);
        names.fold(String::new(), |mut all, name| {
            let text = fs::read(self.directory.join(format!("{name}.log"))).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let last: Vec<&str> = text.lines().collect();
            let last = &last[last.len().saturating_sub(lines)..];
            let _ = writeln!(all, "--- {name}\n{}", last.join("\n"));
            all
        })
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        // The remover waits for this; it does the same when this process is killed.
        self.lock = None;
        let _ = self.remover.wait();
        let _ = self.etcd.wait();
        for machine in &mut self.machines {
            if let Some(mut patroni) = machine.patroni.take() {
                let _ = patroni.wait();
            }
        }
    }
}

fn start_etcd(system: &System, directory: &Path, client: u16, peer: u16) -> Child {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let (data, cluster) = (directory.join("etcd").display().to_string(), format!("one={peer}"));
    let words = [
        ["--name", "one"],
        ["--data-dir", &data],
        ["--listen-client-urls", &client],
        ["--advertise-client-urls", &client],
        ["--listen-peer-urls", &peer],
        ["--initial-advertise-peer-urls", &peer],
        ["--initial-cluster", &cluster],
        ["--logger", "zap"],
        ["--log-level", "warn"],
    ];
    let etcd = quiet(&mut system.command(Path::new(ETCD), words.as_flattened()), Some(&directory.join("etcd.log")));
    remember(directory, "etcd", &etcd);
    etcd
}

/// The sample with this machine's name, ports and directories. Whatever is not found in it is a change that nobody told the test.
fn write_configuration(system: &System, directory: &Path, machine: &Machine, etcd: u16, ttl_s: u32) {
    let (postgres, rest) = machine.ports;
    let own = directory.join(&machine.name).display().to_string();
    let bin = system.bin().display().to_string();
    // As Patroni asks: the primary renews its key and tries twice to reach etcd within the time.
    let loop_s = (ttl_s / 4).max(1);
    let changes = [
        ("name: db1", format!("name: {}", machine.name)),
        ("10.0.0.11:2379,10.0.0.12:2379,10.0.0.13:2379", format!("127.0.0.1:{etcd}")),
        ("10.0.0.11:8008", format!("127.0.0.1:{rest}")),
        ("listen: 10.0.0.11,127.0.0.1:5432", format!("listen: 127.0.0.1:{postgres}")),
        ("connect_address: 10.0.0.11:5432", format!("connect_address: 127.0.0.1:{postgres}")),
        ("ttl: 20", format!("ttl: {ttl_s}")),
        ("loop_wait: 5", format!("loop_wait: {loop_s}")),
        ("retry_timeout: 5", format!("retry_timeout: {loop_s}")),
        ("/var/lib/postgresql/15/antrean", format!("{own}/data")),
        ("/var/lib/postgresql/antrean.pgpass", format!("{own}/pgpass")),
        ("/usr/lib/postgresql/15/bin", bin),
        ("/var/run/postgresql", own.clone()),
        // One machine: nothing leaves it.
        ("ssl: \"on\"", "ssl: \"off\"".to_owned()),
        ("hostssl", "host   ".to_owned()),
        ("10.0.0.0/24 ", "127.0.0.1/32".to_owned()),
        ("wal_keep_size: 1GB", "wal_keep_size: 64MB".to_owned()),
        // There is no such device here; what it does is done by hand.
        ("mode: required", "mode: \"off\"".to_owned()),
    ];
    let mut text = SAMPLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "deploy/patroni/patroni.yml has no {from:?} any more");
        text = text.replace(from, &to);
    }
    fs::create_dir(&own).expect("a directory");
    system.give(Path::new(&own));
    fs::write(directory.join(format!("{}.yml", machine.name)), text).expect("a file");
}

/// Signals processes and everything below them.
fn send(signal: &str, mut processes: Vec<u32>) {
    let children = children();
    let mut seen = 0;
    while let Some(process) = processes.get(seen).copied() {
        let below = children.iter().filter(|(_, parent)| *parent == process).map(|(child, _)| *child);
        let new: Vec<u32> = below.filter(|child| !processes.contains(child)).collect();
        processes.extend(new);
        seen += 1;
    }
    let numbers = processes.iter().map(ToString::to_string);
    // Some may have ended in the meantime.
    let _ = Command::new("kill").arg(signal).args(numbers).stderr(Stdio::null()).status();
}

/// Starts something that lives on its own; what it says goes to a file.
fn quiet(command: &mut Command, log: Option<&Path>) -> Child {
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(log) = log {
        let log = File::options().create(true).append(true).open(log).expect("a log");
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
    }
    command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
}

/// Writes down which process it is, for whoever has to end it.
fn remember(directory: &Path, name: &str, child: &Child) {
    fs::write(directory.join(format!("{name}.pid")), format!("{}\n", child.id())).expect("a file");
}

/// Ports of the loopback address that nobody listens on, all different.
fn free_ports(count: usize) -> Vec<u16> {
    let span = PORTS.end - PORTS.start;
    let first = (std::process::id().wrapping_mul(101) % u32::from(span)) as u16;
    let ports = (0..span).map(|step| PORTS.start + (first + step) % span);
    ports.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).take(count).collect()
}

/// The first line of the answer to a question.
fn asked(port: u16, path: &str) -> std::io::Result<String> {
    let mut line = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ASKED)?;
    line.set_read_timeout(Some(ASKED))?;
    write!(line, "GET {path} HTTP/1.0\r\n\r\n")?;
    // To its end: who hangs up before is a line of complaint in Patroni's log.
    let mut answer = String::new();
    line.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// All processes with their parents.
fn children() -> Vec<(u32, u32)> {
    let read = |entry: fs::DirEntry| {
        let process = entry.file_name().to_str()?.parse::<u32>().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // Number, name in parentheses (which may hold anything), state, parent.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((process, parent))
    };
    fs::read_dir("/proc").map(|entries| entries.flatten().filter_map(read).collect()).unwrap_or_default()
}
