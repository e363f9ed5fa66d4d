//! How a command ends when it does not succeed: one line on standard error and an exit code that means something.

use std::fmt;
use std::process::ExitCode;

use antrean_app::{Failure, Refusal};

/// Why a command stops. Shown as `antrean: LINE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    code: u8,
    line: String,
}

impl Stop {
    /// The command was run and came to a bad end: exit code 1.
    pub fn failed(line: impl Into<String>) -> Self {
        Self { code: 1, line: line.into() }
    }

    /// The command cannot be run like this, whatever it would find: configuration, flags, input. Exit code 2.
    pub fn wrong(line: impl Into<String>) -> Self {
        Self { code: 2, line: line.into() }
    }

    /// The exit code for the shell.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal::PlanRefused { problems }) => Self::failed(problems.join("; ")),
            Failure::Refused(Refusal::BeaconRefused { why }) => Self::failed(why),
            Failure::Refused(Refusal::ReleaseUnknown) => Self::failed("there is no such release"),
            other => Self::failed(other.to_string()),
        }
    }
}

/// An error with everything that lies beneath it, in one line.
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        let text = cause.to_string();
        // Some errors repeat what is beneath them; nobody needs to read it twice.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        below = cause.source();
    }
    line.replace('\n', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_one_line_with_its_causes() {
        let cause = std::io::Error::other("disk\nfull");
        let error = antrean_store::OpenError::Thread(cause);
        assert_eq!(whole(&error), "cannot start a thread of the store: disk; full");
    }
}
