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
    /// The same for metrics and probes, where there are any.
    pub metrics: Option<String>,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(args: &[&str]) -> Self {
        let mut command = program();
        command.arg("serve").args(args);
        Self::of(command)
    }

    /// Starts a server by a command of the test's own and waits until it listens.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("it says where it listens").expect("text");
        let mut addresses = line.split_whitespace().filter(|word| word.starts_with("http://"));
        let mut address = || addresses.next().map(|address| address.trim_end_matches(',').to_owned());
        Self { url: address().expect("an address"), metrics: address(), child }
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

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop.
    pub fn tell_to_stop(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    /// The exit code of a server that was told to stop.
    pub fn stop_code(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }

    /// Asks it to stop; gives the exit code.
    pub fn stop(self) -> Option<i32> {
        self.tell_to_stop();
        self.stop_code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already in most tests; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
