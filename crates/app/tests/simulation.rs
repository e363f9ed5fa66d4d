//! Weeks on one to three nodes in which everything that can go wrong does: crashes at any commit, lost and repeated answers,
//! requests that come twice, late and in another order, clocks that jump, nodes that stand still and come back with a lease that
//! is no longer theirs. Who does what, what goes wrong and when follows from one number, the seed; so a week can be replayed.
//!
//! What was committed is told to the reference of the model test in the order in which it was committed, and every answer, every
//! row and every line of the log must be as it says.
//!
//! `ANTREAN_SIM_WEEKS` is the number of weeks (without it some 2,000, but no more than fit into 90 seconds), `ANTREAN_SIM_SECONDS`
//! a time to fill, and `ANTREAN_SIM_SEED` the seed of the first. A week that fails is told with its seed and its steps, and
//! `ANTREAN_SIM_SEED=<seed>` plays it again.

#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/act.rs"]
mod act;
#[path = "model/campaign.rs"]
mod campaign;
#[path = "model/dice.rs"]
mod dice;
#[path = "simulation/gate.rs"]
mod gate;
#[path = "simulation/history.rs"]
mod history;
#[path = "simulation/node.rs"]
mod node;
#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/plans.rs"]
mod plans;
#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/reference.rs"]
mod reference;
#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/rows.rs"]
mod rows;
#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/stage.rs"]
mod stage;
#[allow(dead_code, reason = "the model test uses the rest")]
#[path = "model/story.rs"]
mod story;
#[path = "simulation/week.rs"]
mod week;

use std::time::Duration;

use campaign::{Campaign, Log, runtime};
use plans::START;
use stage::Template;

/// One week of so many is played twice, and must be the same to the letter.
const TWICE_EVERY: u64 = 20;

/// What must have happened: a fault that never comes up is not tested.
const MUST_HAPPEN: &[&str] = &[
    "fault: BusyAtCommit",
    "fault: BusyAtOperation",
    "fault: CrashAfterCommit",
    "fault: CrashAtOperation",
    "fault: CrashBeforeCommit",
    "fault: PowerCutAfterCommit",
    "fault: PowerCutBeforeCommit",
    "fault: answer lost",
    "fault: clock jumps",
    "fault: lease lost at work",
    "fault: node killed",
    "fault: node stands still",
    "fault: request after a later one",
    "fault: request lost",
    "fault: request twice",
    "acknowledged after another try",
    "answered from memory",
    "crash in the middle of a draw",
    "draw checked",
    "lease lost in the middle of a draw",
    "place from: wave",
    "several operations in one transaction",
    "wish granted",
];

#[test]
fn no_mishap_breaks_a_rule() {
    let template = runtime().block_on(Template::new(START));
    let campaign = Campaign {
        variables: "ANTREAN_SIM",
        weeks: 2_000,
        patience: Duration::from_secs(90),
        must_happen: MUST_HAPPEN,
        enough_weeks: 500,
    };
    campaign.run(|seed, log| {
        runtime().block_on(week::play(&template, seed, log));
        if seed.is_multiple_of(TWICE_EVERY) {
            let again = Log::default();
            runtime().block_on(week::play(&template, seed, &again));
            log.assert_same_steps(&again);
            log.count("played twice");
        }
    });
}
