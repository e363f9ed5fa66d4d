//! Programs of Debian that a test wants: from the system, or as `scripts/test` unpacked them below `target/debian`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the tree.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A file of the tree.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A program by its name; `None` where it is not, with one line that says so.
pub fn tool(name: &str) -> Option<PathBuf> {
    let unpacked = root().join("target/debian");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into(), "/bin".into()]);
    let found =
        system.chain(["usr/bin", "usr/sbin"].map(|folder| unpacked.join(folder))).map(|folder| folder.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        eprintln!(
            "SKIPPED: {name} is not on this machine; scripts/test fetches it where Debian's archive can be reached"
        );
    }
    found
}

/// Runs a program to a good end and gives its standard output.
pub fn done(command: &mut Command) -> String {
    let ran = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{command:?}\n{out}{err}");
    out.into_owned()
}
