//! Random weeks on the real store, each step foretold by a model of plain maps, every rule looked at after every step.
//!
//! `ANTREAN_MODEL_WEEKS` is the number of weeks (without it some 2,000, but no more than fit into 90 seconds),
//! `ANTREAN_MODEL_SECONDS` a time to fill, and `ANTREAN_MODEL_SEED` the seed of the first; every further week has the next. A
//! week that fails is told with its seed and its steps, and `ANTREAN_MODEL_SEED=<seed>` plays it again.
//!
//! A week may run into the next, and that into a third: only then can it be seen that people rest.

#[path = "model/act.rs"]
mod act;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "model/campaign.rs"]
mod campaign;
#[path = "model/dice.rs"]
mod dice;
#[path = "model/plans.rs"]
mod plans;
#[path = "model/reference.rs"]
mod reference;
#[path = "model/rows.rs"]
mod rows;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "model/stage.rs"]
mod stage;
#[path = "model/story.rs"]
mod story;
#[path = "model/week.rs"]
mod week;

use std::time::Duration;

use campaign::{Campaign, runtime};
use plans::START;
use stage::Template;

/// What must have happened in so many weeks: a rule that is never put to the test is not tested.
const MUST_HAPPEN: &[&str] = &[
    "cancel",
    "change",
    "enter",
    "entry at the end: expired",
    "entry at the end: left",
    "entry at the end: withdrawn",
    "key reused",
    "move",
    "place at the end: cancelled_late",
    "place at the end: no_show",
    "place at the end: served",
    "place at the end: unrecorded",
    "place from: draw",
    "place from: first_come",
    "place from: leftover",
    "place from: wave",
    "recorded: booked",
    "refused: already-live",
    "refused: full",
    "refused: person-already-live",
    "refused: person-rests",
    "sent again",
    "wish",
    "wish granted",
];

#[test]
fn no_random_week_breaks_a_rule() {
    let template = runtime().block_on(Template::new(START));
    let campaign = Campaign {
        variables: "ANTREAN_MODEL",
        weeks: 2_000,
        patience: Duration::from_secs(90),
        must_happen: MUST_HAPPEN,
        enough_weeks: 500,
    };
    campaign.run(|seed, log| runtime().block_on(week::play(&template, seed, log)));
}
