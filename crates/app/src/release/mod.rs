//! The life of a release: planned, opened, frozen, drawn, followed by waves, closed. Every step is safe to run twice.

mod draw;
mod freeze;
mod plan;
mod wave;

use antrean_domain::draw::beacon::Chain;
use antrean_domain::draw::person::TagKey;
use antrean_domain::draw::rules::Rules;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, ReleaseId, ReleasePlan, booking_closes};
use antrean_store::locks::Lock;
use antrean_store::releases::{self, Release, ReleaseState, Standing};
use antrean_store::{Fault, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use draw::{Drawn, GiveBeacon, draw};
pub use freeze::freeze;
pub(crate) use freeze::read_frozen;
pub use plan::{Plan, PlanWeekly};
pub(crate) use wave::note_wave;
pub use wave::{Waved, wave};

use crate::operation::{Context, Error, Note, Operation};

const SEAL_TAG_KEY: &str = "tag_key";

/// The tag key of a release, opened.
pub(crate) fn tag_key(cx: &Context<'_>, release: &Standing) -> Result<TagKey, Fault> {
    let broken = || Fault::Corrupt { what: format!("tag key of {}", release.id) };
    let plain = cx.keys.open(SEAL_TAG_KEY, &release.tag_key).map_err(|_| broken())?;
    Ok(TagKey(plain.try_into().map_err(|_| broken())?))
}

/// The rules file of a release, read back.
pub(crate) fn rules_of(release: &Release) -> Result<Rules, Fault> {
    Rules::parse(release.rules.as_bytes())
        .map_err(|error| Fault::Corrupt { what: format!("rules of {}: {error}", release.id) })
}

/// When the draw can be made: the time of the beacon's round as it stands now, after sliding, else the freeze.
pub(crate) fn draw_instant(round: u64, plan: &ReleasePlan) -> Timestamp {
    match &plan.beacon {
        BeaconPlan::Drand { chain, .. } => {
            Chain::known(chain).and_then(|chain| chain.time_of(round)).unwrap_or(plan.freeze)
        }
        BeaconPlan::Manual { .. } | BeaconPlan::Local { .. } => plan.places_given_out(),
    }
}

/// Whether the last day of a release is over everywhere; midnight comes last in the west.
pub(crate) fn is_over(plan: &ReleasePlan, now: Timestamp) -> bool {
    let after = plan.dates.last().and_then(|date| date.tomorrow().ok());
    after.is_some_and(|after| now >= booking_closes(after, Zone::Wib))
}

/// Moves a release from one state to the next; nothing happens if another node did it already.
#[derive(Serialize, Deserialize)]
pub(crate) struct Advance {
    pub release: ReleaseId,
    pub from: ReleaseState,
    pub to: ReleaseState,
}

impl Operation for Advance {
    const NAME: &'static str = "advance_release";
    type Outcome = bool;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<bool, Error> {
        // Whoever relies on the state is waited for: an entry that was let in is in the list that is frozen.
        tx.lock(&Lock::ReleaseMoves(&self.release))?;
        let moved = releases::advance(tx, &self.release, &[self.from], self.to)?;
        if moved {
            let note = Note { kind: self.to.as_str(), release: Some(self.release.as_str()), ..Note::default() };
            cx.note(tx, crate::caller::Actor::Clock, note)?;
        }
        Ok(moved)
    }
}
