//! `antrean doctor`: looks at everything that a Friday hangs on and says in plain sentences what is well, what is not, and what to do.
//! It changes nothing, prints no secret, and may run beside a server that is at work.

mod certificate;
mod configuration;
mod database;
mod directory;
mod finding;
mod key;
mod machine;
mod outside;

use antrean_store::checkup::Depth;

use crate::config::{BaseUrl, ConfigFlags};
use crate::data::DataDir;
use crate::stop::Stop;
use crate::terminal;
use finding::{Grade, Report};

/// Arguments of `antrean doctor`.
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are truths")]
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean doctor --config /etc/antrean/antrean.toml\n  \
    antrean doctor --data /var/lib/antrean --thorough --offline\n  antrean doctor --json\n  \
    antrean doctor --live\n\n\
    Run it as the user of the server, or as root. Warnings do not fail.\n\
    Exit codes: 0 nothing is wrong, 1 something is wrong, 2 it cannot be run like this.")]
pub struct Doctor {
    #[command(flatten)]
    config: ConfigFlags,
    /// Scheme and host under which citizens reach the server, if not as configured
    #[arg(long, value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// Also asks the whole database for every rule; takes minutes where there are millions of rows
    #[arg(long)]
    thorough: bool,
    /// Leaves out whatever asks another machine
    #[arg(long)]
    offline: bool,
    /// Only asks the server on this machine whether it lives; for the health check of a container
    #[arg(long, conflicts_with_all = ["thorough", "offline", "json"])]
    live: bool,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        if self.live {
            let listen = self.config.load()?.server.listen;
            return outside::lives(listen)
                .await
                .map_err(|why| Stop::failed(format!("the server does not live: {why}")));
        }
        let mut report = Report::default();
        let mut examined = self.config.examine();
        let server = &mut examined.config.server;
        server.base_url = self.base_url.clone().or(server.base_url.take());
        configuration::examine(&mut report, &examined, self.config.config.as_deref());
        let config = examined.config;
        let data = DataDir::of(&config);
        directory::examine(&mut report, &config.server.data);
        let key = key::examine(&mut report, &data);
        let depth = if self.thorough { Depth::Thorough } else { Depth::Quick };
        database::examine(&mut report, &data, depth, key.as_ref()).await;
        machine::examine(&mut report, &config.server.data);
        outside::examine(&mut report, &config, self.offline).await;
        if self.json {
            terminal::json(&report.as_json());
        } else {
            terminal::line(report.as_text());
        }
        match report.count(Grade::Wrong) {
            0 => Ok(()),
            1 => Err(Stop::failed("one thing is wrong")),
            many => Err(Stop::failed(format!("{many} things are wrong"))),
        }
    }
}
