//! Random weeks on PostgreSQL, each step foretold by the model: the same weeks as in the model test, fewer of them, since each is played
//! in a database of its own. A power cut is the end of every connection at once.
//!
//! `ANTREAN_MODEL_WEEKS`, `ANTREAN_MODEL_SECONDS` and `ANTREAN_MODEL_SEED` are those of the model test.

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

/// Weeks begin elsewhere than in the model test, so that the two do not play the same ones.
#[test]
fn no_random_week_breaks_a_rule_on_postgresql() {
    let template = runtime().block_on(Template::new(START));
    let campaign = Campaign {
        variables: "ANTREAN_MODEL",
        weeks: 150,
        patience: Duration::from_mins(1),
        must_happen: &[
            "cancel",
            "enter",
            "move",
            "place from: draw",
            "place from: wave",
            "refused: already-live",
            "sent again",
        ],
        enough_weeks: 60,
    };
    campaign.run(|seed, log| runtime().block_on(week::play(&template, seed, log)));
}
