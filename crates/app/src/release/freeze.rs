//! The freeze: from this instant the list of entries is final, and its root is published before the randomness exists.

use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::freeze::{Freezer, Frozen};
use antrean_domain::release::ReleaseId;
use antrean_store::releases::{self, Release};
use antrean_store::{Fault, Tx, entries};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rules_of;
use crate::app::App;
use crate::caller::Actor;
use crate::operation::{Context, Error, Failure, Note, Operation};

/// Computes and writes the freeze file of a release whose state is `frozen`. Does nothing if it is written already.
pub async fn freeze(app: &App, release: &ReleaseId) -> Result<(), Failure> {
    let id = release.clone();
    let now = app.now();
    let text = app
        .store()
        .read(move |tx| {
            let Some(release) = releases::get(tx, &id)? else { return Ok(None) };
            if release.freeze_file.is_some() {
                return Ok(None);
            }
            // A clock that was set back since the state changed must not make the list seem frozen before its time.
            file(tx, &release, now.max(release.freeze)).map(Some)
        })
        .await?;
    if let Some((text, round)) = text {
        app.perform_as(Actor::Clock, WriteFreeze { release: release.clone(), text, round }).await?;
    }
    Ok(())
}

/// The freeze file of the entries as they stand, and the round after sliding.
fn file(tx: &Tx<'_>, release: &Release, frozen_at: Timestamp) -> Result<(String, u64), Fault> {
    let rules = rules_of(release)?;
    let beacon = rules.head().beacon.clone();
    let round = beacon
        .round_for(rules.head().round, frozen_at)
        .map_err(|error| Fault::Corrupt { what: format!("beacon of {}: {error}", release.id) })?;
    let frozen = read_frozen(tx, release, Freezer::new(release.id.clone(), rules.hash()))?;
    let closures = Hash32::of(release.closures.as_bytes());
    Ok((frozen.freeze_file(rules.hash(), closures, beacon, round, frozen_at).to_text(), round))
}

/// Reads the frozen list into `freezer`: every entry that was live at the freeze, also those that left since.
pub(crate) fn read_frozen(tx: &Tx<'_>, release: &Release, mut freezer: Freezer) -> Result<Frozen, Fault> {
    let broken = |error: &dyn std::fmt::Display| Fault::Corrupt { what: format!("entries of {}: {error}", release.id) };
    entries::each_frozen(tx, &release.id, |party, _, leaf| {
        freezer.add(party.0 as u64, leaf).map(drop).map_err(|error| broken(&error))
    })?;
    freezer.finish().map_err(|error| broken(&error))
}

#[derive(Serialize, Deserialize)]
struct WriteFreeze {
    release: ReleaseId,
    text: String,
    round: u64,
}

impl Operation for WriteFreeze {
    const NAME: &'static str = "write_freeze";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        let written = releases::set_freeze(tx, &self.release, &self.text, self.round)?;
        if written {
            let note = Note { kind: "freeze_published", release: Some(self.release.as_str()), ..Note::default() };
            cx.note(tx, Actor::Clock, note)?;
        }
        Ok(written)
    }
}
