//! What the system has: the server's binaries, and a user who may run them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where Debian and its relatives keep the binaries of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The oldest version that Antrean works with.
const VERSION_MIN: u32 = 15;

/// The binaries of the newest version that is there, and who runs them.
#[derive(Clone, Debug)]
pub(crate) struct System {
    bin: PathBuf,
    /// Numbers of the user and group `postgres`, if we are root: the server refuses to run as root.
    user: Option<(u32, u32)>,
}

impl System {
    /// `None` where there is no PostgreSQL, or nobody to run it.
    pub(crate) fn find() -> Option<Self> {
        let version = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
        let newest = fs::read_dir(VERSIONS).ok()?.flatten().filter_map(version).max()?;
        let bin = Path::new(VERSIONS).join(newest.to_string()).join("bin");
        if newest < VERSION_MIN || !bin.join("postgres").exists() || !bin.join("initdb").exists() {
            return None;
        }
        let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let user = if root { Some(postgres_user()?) } else { None };
        Some(Self { bin, user })
    }

    /// The directory of the binaries.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// Makes a directory that the server's user may write to.
    pub(crate) fn give(&self, directory: &Path) {
        if let Some((user, group)) = self.user {
            chown(directory, Some(user), Some(group)).expect("root can give a directory away");
        }
    }

    /// The words that run one of the binaries as the user who may.
    pub(crate) fn words(&self, binary: &str) -> Vec<String> {
        let mut words = Vec::new();
        if let Some((user, group)) = self.user {
            words.extend(["setpriv".to_owned(), format!("--reuid={user}"), format!("--regid={group}")]);
            words.push("--clear-groups".to_owned());
        }
        words.push(self.bin.join(binary).display().to_string());
        words
    }

    /// Runs any program as the user who may run the server.
    pub(crate) fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("env");
        if let Some((user, group)) = self.user {
            command = Command::new("setpriv");
            command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
        }
        command.arg(program).args(arguments);
        command
    }

    /// Runs one of the binaries to its end; panics with what it said if it fails.
    pub(crate) fn run(&self, binary: &str, arguments: &[&str]) -> Output {
        let words = self.words(binary);
        let output = Command::new(&words[0])
            .args(&words[1..])
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{binary} cannot be run: {error}"));
        let said = || [output.stdout.as_slice(), &output.stderr].concat();
        assert!(output.status.success(), "{binary} failed: {}", String::from_utf8_lossy(&said()));
        output
    }
}

fn postgres_user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
