//! `antrean release verify`: recomputes a published draw. Works on nothing but the bundle, without a database or a configuration.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::verify::{Broken, Caution, Report, verify};
use serde_json::{Value, json};

use crate::stop::{Stop, whole};
use crate::terminal;

/// The largest bundle that is read: ten million entries have some 3 GB.
const BUNDLE_BYTES_MAX: u64 = 4 << 30;
/// A server that sends nothing for so long is given up.
const PATIENCE: Duration = Duration::from_mins(1);
/// The file of a draw's page that holds all the others.
const BUNDLE: &str = "bundle.tar";

/// Arguments of `antrean release verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antrean release verify bundle.tar\n  \
    antrean release verify https://antrean.example.id/undian/2026-W49\n\n\
    Exit code 0: every step holds. 1: the draw does not follow from its own rules; the step and the reason are said. \
    2: the bundle cannot be read.")]
pub struct Verify {
    /// A bundle, its address, or the address of a draw's page
    #[arg(value_name = "FILE|URL")]
    bundle: String,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs the command.
    pub async fn run(&self) -> Result<(), Stop> {
        let unreadable = |why: String| Stop::wrong(format!("{}: {why}", self.bundle));
        let bytes = if self.bundle.starts_with("http://") || self.bundle.starts_with("https://") {
            let url = bundle_url(&self.bundle).map_err(unreadable)?;
            fetch(&url).await.map_err(unreadable)?
        } else {
            read(&self.bundle).map_err(|error| unreadable(error.to_string()))?
        };
        let outcome = Bundled::check(&bytes);
        if self.json {
            terminal::json(&outcome.object());
        } else if let Bundled::Holds(report) = &outcome {
            told(report).iter().for_each(terminal::line);
        }
        match outcome {
            Bundled::Holds(_) => Ok(()),
            Bundled::Broken { step, why } => Err(Stop::failed(format!("BROKEN at {step}: {why}"))),
        }
    }
}

/// What a check of bytes came to.
pub enum Bundled {
    /// Every step holds.
    Holds(Box<Report>),
    /// The first step that does not.
    Broken {
        /// The step; `bundle` where the bytes are no bundle.
        step: &'static str,
        /// The reason.
        why: String,
    },
}

impl Bundled {
    /// Checks the bytes of a bundle.
    pub fn check(bytes: &[u8]) -> Self {
        match Bundle::read(bytes) {
            Err(error) => Self::Broken { step: "bundle", why: error.to_string() },
            Ok(bundle) => match verify(&bundle) {
                Ok(report) => Self::Holds(Box::new(report)),
                Err(Broken { step, why }) => Self::Broken { step: step.name(), why },
            },
        }
    }

    fn object(&self) -> Value {
        match self {
            Self::Broken { step, why } => json!({"holds": false, "step": step, "why": why}),
            Self::Holds(report) => json!({
                "holds": true,
                "release": report.release,
                "entries": report.entries,
                "people": report.people,
                "places": report.places,
                "given": report.given,
                "standby": report.standby,
                "rules": report.rules.to_string(),
                "freeze": report.freeze.to_string(),
                "root": report.root.to_string(),
                "seed": report.seed.to_string(),
                "checks": report.checks.iter()
                    .map(|check| json!({"step": check.step.name(), "found": check.found})).collect::<Vec<_>>(),
                "cautions": report.cautions.iter().map(caution).collect::<Vec<_>>(),
            }),
        }
    }
}

/// A report as lines for a person.
pub fn told(report: &Report) -> Vec<String> {
    let mut lines = vec![format!("release {}", report.release)];
    lines.extend(report.checks.iter().map(|check| format!("  ok  {:<12} {}", check.step.name(), check.found)));
    lines.extend(report.cautions.iter().map(|found| format!("  !   {}", caution(found))));
    let Report { entries, people, places, given, standby, .. } = report;
    lines.push(format!(
        "HOLDS: {entries} entries with {people} people, {given} of {places} places given, {standby} entries on standby"
    ));
    lines
}

/// What the bundle alone cannot show.
fn caution(caution: &Caution) -> String {
    match caution {
        Caution::PublishedBefore { instant } => {
            format!("look up elsewhere that the freeze file was public before {instant}")
        }
        Caution::RoundMoved { days } => format!("the list was frozen late; the round moved by {days} days"),
        Caution::FallbackUsed { line } => {
            format!("fallback {line} of the rules was used; right only if the first beacon had no value for a day")
        }
        Caution::ManualBeacon => "look up that the value is the one that was announced".to_owned(),
        Caution::LocalBeacon => {
            "the server made the randomness itself: this shows that the rules were followed, not that nobody chose"
                .to_owned()
        }
    }
}

fn read(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BUNDLE_BYTES_MAX {
        return Err(std::io::Error::other(format!("has more than {BUNDLE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// The address of the bundle behind an address that a person copies: the bundle's own, or that of the draw's page.
pub fn bundle_url(text: &str) -> Result<reqwest::Url, String> {
    let mut url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.to_ascii_lowercase().ends_with(".tar") {
        url.set_path(&format!("{path}/{BUNDLE}"));
        url.set_query(None);
    }
    url.set_fragment(None);
    Ok(url)
}

/// Fetches a bundle.
pub async fn fetch(url: &reqwest::Url) -> Result<Vec<u8>, String> {
    let client = reqwest::Client::builder()
        .read_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .build()
        .map_err(|error| whole(&error))?;
    let mut answer = client.get(url.clone()).send().await.map_err(|error| whole(&error.without_url()))?;
    if !answer.status().is_success() {
        return Err(format!("the server answers {} for {url}", answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| whole(&error.without_url()))? {
        if bytes.len() as u64 + piece.len() as u64 > BUNDLE_BYTES_MAX {
            return Err(format!("the bundle has more than {BUNDLE_BYTES_MAX} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_page_leads_to_its_bundle() {
        for (typed, leads_to) in [
            ("https://a.id/undian/2026-W49", "https://a.id/undian/2026-W49/bundle.tar"),
            ("https://a.id/undian/2026-W49/?bahasa=en#periksa", "https://a.id/undian/2026-W49/bundle.tar"),
            ("http://a.id:8080/x/bundle.tar?v=1", "http://a.id:8080/x/bundle.tar?v=1"),
        ] {
            assert_eq!(bundle_url(typed).unwrap().as_str(), leads_to);
        }
    }

    #[test]
    fn bytes_that_are_no_bundle_are_broken_at_the_first_step() {
        assert!(matches!(Bundled::check(b"PK"), Bundled::Broken { step: "bundle", .. }));
    }
}
