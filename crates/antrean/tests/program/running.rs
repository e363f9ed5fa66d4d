//! Running the binary: once to its end, or as a server that can be stopped or killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What a run came to.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// The binary, without anything of the environment that could configure it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antrean"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANTREAN_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub fn run(args: &[&str]) -> Ran {
    program().args(args).output().expect("the binary runs").into()
}

/// Runs the binary to its end, which must be a good one, and reads what it printed as JSON.
pub fn json(args: &[&str]) -> serde_json::Value {
    let ran = run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ran.out))
}

/// A path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

/// A server that runs.
pub struct Server {
    child: Child,
    /// Scheme, address and port.
    pub url: String,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(args: &[&str]) -> Self {
        let mut child = program().arg("serve").args(args).stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("it says where it listens").expect("text");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        Self { url: url.trim_end_matches(',').to_owned(), child }
    }

    /// The address and port.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop; gives the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already in most tests; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
