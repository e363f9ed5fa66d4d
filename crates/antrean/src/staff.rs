//! `antrean staff`: the first administrator, and anybody who cannot get in any more.

use antrean_app::App;
use antrean_app::caller::{Actor, HOME_ZONE};
use antrean_app::staff::{AddStaff, Invited, OperatorInvites};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Login, Role};
use jiff::SignedDuration;
use serde_json::json;

use crate::config::ConfigFlags;
use crate::data::DataDir;
use crate::stop::Stop;
use crate::terminal;

/// Arguments of `antrean staff`.
#[derive(Debug, clap::Subcommand)]
pub enum Staff {
    /// Invites somebody: prints a link, good once, by which they choose password and second factor, or a passkey
    #[command(
        after_help = "Examples:\n  antrean staff add siti.rahma --name \"Siti Rahma\" --data /var/lib/antrean\n  \
        antrean staff add pintu.btm --name \"Rina Contoh\" --role officer --offices BTM,BTM-HB\n\n\
        Whoever is known by this sign-in name already is invited again: what they signed in with before is good no more. \
        The server may go on running meanwhile."
    )]
    Add(Add),
}

/// Arguments of `antrean staff add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    #[command(flatten)]
    config: ConfigFlags,
    /// The name that they sign in with
    #[arg(value_name = "SIGN-IN-NAME")]
    login: Login,
    /// The name that colleagues read
    #[arg(long)]
    name: String,
    /// What they are: officer, head, admin or auditor
    #[arg(long, default_value = "admin")]
    role: Role,
    /// Where officers and heads work
    #[arg(long, value_name = "CODE,..", value_delimiter = ',')]
    offices: Vec<OfficeCode>,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Staff {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let Self::Add(add) = self;
        add.run().await
    }
}

impl Add {
    async fn run(&self) -> Result<(), Stop> {
        let config = self.config.load()?;
        if config.server.base_url.is_none() {
            eprintln!(
                "base_url is not set: put the address of your server in place of the one that the link begins with"
            );
        }
        let base = config.server.base_url.as_ref();
        let base = base.map_or_else(|| format!("http://{}", config.server.listen), |url| url.0.clone());
        let app = DataDir::of(&config).open(config.policy).await?;
        let done = self.invite(&app, &base).await;
        app.store().close().await;
        done
    }

    async fn invite(&self, app: &App, base: &str) -> Result<(), Stop> {
        let add = AddStaff {
            login: self.login.clone(),
            name: self.name.clone(),
            role: self.role,
            offices: self.offices.clone(),
        };
        let Invited { login, expires, token, .. } = app.perform_as(Actor::Operator, OperatorInvites { add }).await?;
        let link = format!("{base}/petugas/undangan/{token}");
        if self.json {
            terminal::json(&json!({"login": login, "role": self.role, "link": link, "expires": expires}));
            return Ok(());
        }
        terminal::line(&link);
        // A moment has passed since it was made.
        let hours =
            (expires.duration_since(app.now()).max(SignedDuration::ZERO) + SignedDuration::from_mins(1)).as_hours();
        let until = HOME_ZONE.local(expires).strftime("%Y-%m-%d %H:%M WIB");
        eprintln!("good once, for {login}, until {until} ({hours} hours); hand it over in person");
        Ok(())
    }
}
