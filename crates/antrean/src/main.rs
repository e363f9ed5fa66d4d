//! Antrean, the program: commands, configuration, start-up, shutdown. What an appointment is, other crates know.

mod backup;
mod beacons;
mod config;
mod data;
mod demo;
mod doctor;
mod import;
mod key;
mod keys;
mod metrics;
mod release;
mod restore;
mod serve;
mod stop;
mod supervisor;
mod terminal;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use crate::stop::Stop;

/// A public appointment queue for passport offices: one person, one place, and no way to jump the queue.
#[derive(Debug, Parser)]
#[command(
    name = "antrean",
    version,
    propagate_version = true,
    after_help = "Examples:\n  antrean demo\n  antrean serve --data /var/lib/antrean\n  antrean release verify bundle.tar\n\n\
        Exit codes: 0 done, 1 it did not succeed, 2 it cannot be run like this."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Shows everything in one process: real offices, a simulated crowd, a draw within two minutes
    Demo(demo::Demo),
    /// Runs the server
    Serve(serve::Serve),
    /// Replaces parts of the catalogue: offices, timetables, holidays, services, regions
    Import(import::Import),
    /// Writes everything into one file while the server runs, or checks such a file
    Backup(backup::Backup),
    /// Fills an empty store from a backup, on either engine
    Restore(restore::Restore),
    /// Plans, lists, draws and verifies releases
    #[command(subcommand)]
    Release(release::Release),
    /// Looks at everything that a Friday hangs on, and says what to do
    Doctor(doctor::Doctor),
    /// Makes a master key, and tells keys apart without showing them
    #[command(subcommand)]
    Key(key::Key),
}

impl Command {
    async fn run(self, started: Instant) -> Result<(), Stop> {
        match self {
            Self::Demo(demo) => demo.run(started).await,
            Self::Serve(serve) => serve.run(started).await,
            Self::Import(import) => import.run().await,
            Self::Backup(backup) => backup.run().await,
            Self::Restore(restore) => restore.run().await,
            Self::Release(release) => release.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Key(key) => key.run(),
        }
    }
}

fn main() -> ExitCode {
    let started = Instant::now();
    beacons::install_tls();
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("antrean: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command.run(started)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("antrean: {stop}");
            stop.code()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_is_well_formed_and_has_an_example() {
        Cli::command().debug_assert();
        let mut command = Cli::command();
        command.build();
        let mut waiting: Vec<&clap::Command> =
            command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        while let Some(command) = waiting.pop() {
            let below: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!below.is_empty() || help.contains("Example"), "{} has no example", command.get_name());
            waiting.extend(below);
        }
    }
}
