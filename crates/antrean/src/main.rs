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
mod rehearse;
mod release;
mod restore;
mod serve;
mod staff;
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
    /// Invites those who work at the offices, the first administrator before all
    #[command(subcommand)]
    Staff(staff::Staff),
    /// Looks at everything that a Friday hangs on, and says what to do
    Doctor(doctor::Doctor),
    /// Makes a master key, and tells keys apart without showing them
    #[command(subcommand)]
    Key(key::Key),
    /// Puts a server under the load of a whole public, and asks for everything again that it acknowledged
    Rehearse(rehearse::Rehearse),
}

impl Command {
    async fn run(self, started: Instant) -> Result<ExitCode, Stop> {
        match self {
            Self::Rehearse(rehearse) => return rehearse.run().await,
            Self::Demo(demo) => demo.run(started).await,
            Self::Serve(serve) => serve.run(started).await,
            Self::Import(import) => import.run().await,
            Self::Backup(backup) => backup.run().await,
            Self::Restore(restore) => restore.run().await,
            Self::Release(release) => release.run().await,
            Self::Staff(staff) => staff.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Key(key) => key.run(),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn main() -> ExitCode {
    let started = Instant::now();
    beacons::install_tls();
    // Whatever is written is its owner's alone: who holds which place is nobody else's business on this machine.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("antrean: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command.run(started)) {
        Ok(code) => code,
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

    /// The words of each line in a box of a document that begins with this program, whoever is asked to run it.
    fn commands_in(document: &str) -> Vec<Vec<String>> {
        let mut boxed = false;
        let mut found = Vec::new();
        for line in document.lines() {
            if line.starts_with("```") {
                boxed = !boxed;
                continue;
            }
            let before = ["sudo", "-u", "antrean", "env"];
            let command = line.split("&&").map(str::trim).find_map(|part| {
                let words = words_of(part);
                let skipped =
                    words.iter().take_while(|word| before.contains(&word.as_str()) || word.contains('=')).count();
                // The user has the program's name: what counts is the last word of that name before the arguments.
                let at = words.iter().take(skipped).rposition(|word| word == "antrean")?;
                (at + 1 == skipped || words.get(at + 1).is_some()).then(|| words[at..].to_vec())
            });
            found.extend(command.filter(|_| boxed));
        }
        found
    }

    fn words_of(line: &str) -> Vec<String> {
        let quoted = line.split('"').enumerate();
        let words = quoted.flat_map(|(position, part)| match position % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.take_while(|word| word != "#" && word != "|" && word != ">").collect()
    }

    #[test]
    fn every_command_in_the_documents_is_understood() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|file| file.unwrap().path());
        let mut seen = 0;
        for path in docs.chain([root.join("README.md")]).filter(|path| path.extension().is_some_and(|end| end == "md"))
        {
            for words in commands_in(&std::fs::read_to_string(&path).unwrap()) {
                seen += 1;
                let Err(error) = Cli::try_parse_from(&words) else { continue };
                let harmless = matches!(
                    error.kind(),
                    clap::error::ErrorKind::DisplayVersion | clap::error::ErrorKind::DisplayHelp
                );
                assert!(harmless, "{}: {}\n{error}", path.display(), words.join(" "));
            }
        }
        assert!(seen > 20, "{seen} commands");
    }

    #[test]
    fn a_command_is_found_behind_whoever_runs_it() {
        let document = "antrean outside\n```sh\nsudo -u antrean env A=b antrean doctor --json # all\nsudo antrean key new F && ls\n\
                        sudo chown antrean:antrean x\nantrean release plan --beacon \"manual:a b\"\nsystemctl status antrean\n```\n";
        let found = commands_in(document);
        let joined: Vec<String> = found.iter().map(|words| words.join(" ")).collect();
        assert_eq!(joined, ["antrean doctor --json", "antrean key new F", "antrean release plan --beacon manual:a b"]);
    }
}
