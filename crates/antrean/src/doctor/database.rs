//! The database: whether it opens, belongs to this program and this key, is undamaged, and obeys the rules.

use std::cmp::Ordering;
use std::fs;

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_store::checkup::{Checkup, Contents, Depth, of_file, of_url};
use jiff::{SignedDuration, Timestamp};

use super::directory::bytes;
use super::finding::Report;
use super::key::Fingerprint;
use crate::data::DataDir;
use crate::stop::whole;

const AREA: &str = "database";

/// Sentences of one kind that are shown; the rest is counted.
const SHOWN_MAX: usize = 10;
/// Twice the size at which the server begins the log anew.
const LOG_BYTES_MAX: u64 = 1 << 30;
/// A message that waits for so long is not merely queued behind others.
const MESSAGE_WAITS_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Clocks of one machine may be set back by so much without harm.
const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(2);

/// Looks at the database, without changing it.
pub async fn examine(report: &mut Report, data: &DataDir, depth: Depth, key: Option<&Fingerprint>) {
    if let Some(url) = data.url().cloned() {
        let place = url.to_string();
        match tokio::task::spawn_blocking(move || of_url(&url, depth)).await {
            Ok(Ok(found)) => told(report, &found, depth, key),
            Ok(Err(error)) => report.wrong(AREA, whole(&error), format!("make {place} reachable for this node")),
            Err(error) => {
                report.wrong(AREA, format!("the checkup broke off: {error}"), "run it again; report it if it repeats");
            }
        }
        return;
    }
    let path = data.database();
    if !path.exists() {
        report.note(AREA, format!("{} is not there yet; the first start makes it", path.display()));
        return;
    }
    let looked_at = path.clone();
    let looked = tokio::task::spawn_blocking(move || of_file(&looked_at, depth)).await;
    match looked {
        Ok(Ok(found)) => told(report, &found, depth, key),
        Ok(Err(error)) => report.wrong(
            AREA,
            whole(&error),
            "stop the server, keep a copy of the whole directory, and restore the last backup (docs/operating.md)",
        ),
        Err(error) => {
            report.wrong(AREA, format!("the checkup broke off: {error}"), "run it again; report it if it repeats");
        }
    }
    let log = fs::metadata(path.with_extension("db-wal")).map_or(0, |found| found.len());
    if log > LOG_BYTES_MAX {
        report.warning(
            AREA,
            format!("the write-ahead log has {}", bytes(log)),
            "a long read keeps it from being begun anew: end reports, backups and shells that have the database open",
        );
    }
}

fn told(report: &mut Report, found: &Checkup, depth: Depth, key: Option<&Fingerprint>) {
    if found.damage.is_empty() {
        let how =
            if depth == Depth::Thorough { "every page, row and index was read" } else { "every page and row was read" };
        report.good(AREA, format!("{how}, and none is damaged"));
    } else {
        for line in found.damage.iter().take(SHOWN_MAX) {
            report.wrong(AREA, line, "stop the server, keep a copy of the whole directory, restore the last backup");
        }
        more(report, found.damage.len());
    }
    match found.schema.cmp(&found.schema_known) {
        Ordering::Less => {
            let says = format!("has schema {} of {}", found.schema, found.schema_known);
            report.note(AREA, format!("{says}; the next start of the server brings it up to date"));
        }
        Ordering::Equal => report.good(AREA, format!("has schema {}, as this program wants it", found.schema)),
        Ordering::Greater => report.wrong(
            AREA,
            format!("has schema {}, and this program knows {} only", found.schema, found.schema_known),
            "install the version of antrean that was used last, or a newer one",
        ),
    }
    if let Some(contents) = &found.contents {
        of_contents(report, contents, key, SystemClock.now());
    }
}

fn of_contents(report: &mut Report, contents: &Contents, key: Option<&Fingerprint>, now: Timestamp) {
    match (&contents.key_fingerprint, key) {
        (Some(made_with), Some(key)) if made_with != key => report.wrong(
            AREA,
            "was made with another master key than the one that is there",
            "give back the key that belongs to it; `antrean key fingerprint` tells keys apart without showing them",
        ),
        (Some(_), Some(_)) => report.good(AREA, "was made with the master key that is there"),
        _ => {}
    }
    if let Some(newest) = contents.newest_event {
        let ahead = newest.duration_since(now);
        if ahead > CLOCK_BEHIND_MAX {
            report.wrong(
                AREA,
                format!(
                    "its newest event lies {} s in the future: the clock of this machine was set back",
                    ahead.as_secs()
                ),
                "set the clock right (timedatectl) before the server runs again",
            );
        }
    }
    if let Some(oldest) = contents.oldest_waiting {
        let waits = now.duration_since(oldest);
        if waits > MESSAGE_WAITS_MAX {
            report.warning(
                AREA,
                format!("the oldest message to a citizen has been waiting for {} minutes", waits.as_secs() / 60),
                "is the server running? does the gateway answer? its log names the reason (courier)",
            );
        }
    }
    if let Some(violations) = &contents.violations {
        if violations.is_empty() {
            report.good(AREA, "every rule holds over the whole database");
        }
        for line in violations.iter().take(SHOWN_MAX) {
            report.wrong(
                AREA,
                line,
                "keep a copy of the directory and tell the developers; nobody loses a place by waiting",
            );
        }
        more(report, violations.len());
    }
}

fn more(report: &mut Report, all: usize) {
    if all > SHOWN_MAX {
        report.note(AREA, format!("and {} more of the same kind", all - SHOWN_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn said(contents: &Contents, key: Option<&Fingerprint>) -> Report {
        let mut report = Report::default();
        of_contents(&mut report, contents, key, at(0));
        report
    }

    #[test]
    fn a_clock_that_was_set_back_is_seen_by_the_newest_event() {
        let told = |second| {
            said(&Contents { newest_event: Some(at(second)), ..Contents::default() }, None).count(Grade::Wrong)
        };
        assert_eq!((told(-60), told(1), told(60)), (0, 0, 1));
    }

    #[test]
    fn messages_that_nobody_sends_are_warned_of() {
        let told = |second| {
            said(&Contents { oldest_waiting: Some(at(second)), ..Contents::default() }, None).count(Grade::Warning)
        };
        assert_eq!((told(-30), told(-3_600)), (0, 1));
    }

    #[test]
    fn a_rule_that_does_not_hold_is_wrong_and_a_flood_of_them_is_counted() {
        let violations = (0..25).map(|number| format!("slot {number} is oversold")).collect();
        let report = said(&Contents { violations: Some(violations), ..Contents::default() }, None);
        assert_eq!(report.count(Grade::Wrong), SHOWN_MAX);
        assert!(report.as_text().contains("and 15 more"), "{}", report.as_text());
    }

    #[test]
    fn a_database_from_tomorrow_and_one_from_yesterday_are_told_apart() {
        let told = |schema| {
            let mut report = Report::default();
            told(&mut report, &Checkup { schema, schema_known: 3, ..Checkup::default() }, Depth::Quick, None);
            (report.count(Grade::Note), report.count(Grade::Wrong))
        };
        assert_eq!((told(2), told(3), told(4)), ((1, 0), (0, 0), (0, 1)));
    }
}
