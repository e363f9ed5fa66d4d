//! The setting of a rehearsal: a server on which nobody is real. Its inbox can be read by whoever reaches it, so it must never be
//! a server that people use: it only opens a data directory that was new or belonged to a rehearsal before, and sends nothing.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use antrean_app::clock::SystemClock;
use antrean_channels::Channel;
use antrean_channels::gateway::GatewayConfig;
use antrean_channels::inbox::Inbox;
use antrean_web::WebSettings;
use antrean_web::caller::Network;

use crate::config::Config;
use crate::data::DataDir;
use crate::demo::Messages;
use crate::stop::Stop;

/// The file that says that a data directory belongs to rehearsals.
const MARK: &str = "rehearsal";
const SAYS: &str = "Everybody in this directory is made up; see antrean rehearse --help.\n";
/// Each simulated person comes from a network of their own, through this machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

/// Refuses what must not be mixed with a rehearsal, and marks a new directory as belonging to rehearsals.
pub fn take(config: &Config, data: &DataDir) -> Result<(), Stop> {
    if config.gateway != GatewayConfig::default() {
        return Err(Stop::wrong("--rehearsal: a gateway is configured; a rehearsal must not be able to reach people"));
    }
    let folder = &config.server.data;
    if folder.join(MARK).exists() {
        return Ok(());
    }
    if let Some(url) = data.url()
        && !url.database().contains(MARK)
    {
        let line = format!("--rehearsal: the database {url} is not named for it; use one with \"{MARK}\" in its name");
        return Err(Stop::wrong(line));
    }
    if data.url().is_none() && data.database().exists() {
        let line = format!("--rehearsal: {} was not made for rehearsals; name a new directory", folder.display());
        return Err(Stop::wrong(line));
    }
    mark(folder).map_err(|error| Stop::wrong(format!("--data: cannot mark {}: {error}", folder.display())))
}

/// Marks a directory, making it if need be.
pub fn mark(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(MARK), SAYS)
}

/// Refuses to serve the public from a directory full of made-up people.
pub fn must_not_be(config: &Config) -> Result<(), Stop> {
    let folder = &config.server.data;
    if folder.join(MARK).exists() {
        let line = format!("--data: {} belongs to rehearsals; serve it with --rehearsal", folder.display());
        return Err(Stop::wrong(line));
    }
    Ok(())
}

/// The channel that keeps one-time codes for reading, and the settings with which they can be read.
pub fn inbox(mut web: WebSettings) -> (WebSettings, Arc<dyn Channel>) {
    // Only codes: a draw tells everybody something at once, and none of it is ever read.
    let inbox = Arc::new(Inbox::of_codes(Arc::new(SystemClock)));
    web.demo = Some(Arc::new(Messages::of(Arc::clone(&inbox))));
    web.secure_cookies = false;
    web.trusted_proxies.extend(LOOPBACK.map(|text| text.parse::<Network>().expect("a network of ours")));
    (web, inbox)
}
