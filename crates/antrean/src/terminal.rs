//! What a person at the command line sees: data on standard output, talk on standard error, progress where somebody is looking.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::LogForm;

/// Writes a line of data. A reader that has gone away, as in `| head`, is no mistake.
pub fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes JSON as people read it too.
pub fn json(value: &impl serde::Serialize) {
    line(serde_json::to_string_pretty(value).expect("answers are plain data"));
}

/// Whether a line may be in the log at all, whatever the filter asks for: what libraries say below `info` holds addresses, headers
/// and statements with their values, and with them the names and numbers of people. Ours is written so that it never does.
fn may_be_said(about: &Metadata<'_>) -> bool {
    *about.level() <= Level::INFO || about.target().starts_with("antrean")
}

/// Starts the log on standard error.
pub fn start_log(form: Option<LogForm>, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match form.unwrap_or(if terminal { LogForm::Text } else { LogForm::Json }) {
        LogForm::Json => log.json().flatten_event(true).boxed(),
        LogForm::Text => log.with_target(false).with_ansi(terminal && std::env::var_os("NO_COLOR").is_none()).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(filter_fn(may_be_said)).with(log).init();
}

/// Progress of long work: a bar for a person, now and then a line for a file.
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    told: std::time::Instant,
}

/// Seconds between two lines where nobody sees a bar.
const LINE_EVERY_S: u64 = 10;

impl Progress {
    /// Progress towards `total` of something.
    pub fn new(total: u64, what: &str) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len}  {msg}").expect("a template of ours");
        let bar = ProgressBar::with_draw_target(Some(total), target).with_style(style).with_prefix(what.to_owned());
        Self { bar, plain, told: std::time::Instant::now() }
    }

    /// Shows how far it is.
    pub fn show(&mut self, done: u64, says: &str) {
        self.bar.set_position(done);
        self.bar.set_message(says.to_owned());
        if self.plain && self.told.elapsed().as_secs() >= LINE_EVERY_S {
            self.told = std::time::Instant::now();
            let total = self.bar.length().unwrap_or(0);
            eprintln!("{} {done}/{total}  {says}", self.bar.prefix());
        }
    }

    /// Takes the bar away and leaves a line.
    pub fn done(self, says: &str) {
        self.bar.finish_and_clear();
        eprintln!("{says}");
    }
}
