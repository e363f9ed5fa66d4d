//! `antrean release`: what an operator does with releases, and what anybody does with a published draw.

mod draw;
mod list;
mod plan;
mod verify;

use crate::stop::Stop;

pub use plan::count;
pub use verify::{Bundled, bundle_url, fetch};

/// Arguments of `antrean release`.
#[derive(Debug, clap::Subcommand)]
pub enum Release {
    /// Plans a release: its places, its opening, its rules
    Plan(plan::Plan),
    /// Lists the releases of a database, the newest first
    List(list::List),
    /// Draws a release now, with the announced value where its beacon is manual
    Draw(draw::Draw),
    /// Checks a published draw from nothing but its bundle
    Verify(verify::Verify),
}

impl Release {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        match self {
            Self::Plan(plan) => plan.run().await,
            Self::List(list) => list.run().await,
            Self::Draw(draw) => draw.run().await,
            Self::Verify(verify) => verify.run().await,
        }
    }
}
