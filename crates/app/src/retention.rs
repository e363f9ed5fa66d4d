//! What is deleted when its purpose ends: codes, sessions, counters, answers, sent messages, the data of ended parties.

use antrean_store::{
    Fault, Tx, challenges, drafts, idempotency, limits, lines, outbox, parties, sessions, staff, visits,
};
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::operation::Failure;

/// Answers are replayed for a day; a client that retries later gets a fresh answer.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The longest window of a limit is a day.
const COUNTERS_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// A draft is for one release; by the next it is stale.
const DRAFTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Messages that were sent or given up are kept for disputes about delivery.
const MESSAGES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Who waited in a line is kept for disputes about the order.
const LINES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Parties erased in one operation, a few milliseconds of the writer's time like every other removal.
const PARTIES_AT_ONCE: u32 = 500;
/// Operations of one kind in one sweep: 50,000 rows in ten minutes are far more than a week leaves, and the release clock,
/// which sweeps, is kept from its other work for a few seconds at most. What is over waits for the next sweep.
const ROUNDS_MAX: usize = 50;

/// What is removed, and until when it was kept; says how many rows went, 0 when nothing is left to do.
type Removal = fn(&Tx<'_>, &Due) -> Result<u64, Fault>;

/// The instants before which things are past their purpose.
#[derive(Clone, Copy)]
struct Due {
    now: Timestamp,
    people: Timestamp,
    /// Staff sessions that were last used before this have ended.
    idle: Timestamp,
}

const REMOVALS: [Removal; 10] = [
    |tx, due| challenges::remove_expired(tx, due.now),
    |tx, due| sessions::remove_expired(tx, due.now),
    |tx, due| staff::remove_ended(tx, due.now, due.idle),
    |tx, due| limits::remove_before(tx, due.now - COUNTERS_KEPT),
    |tx, due| idempotency::remove_before(tx, due.now - ANSWERS_KEPT),
    |tx, due| drafts::remove_before(tx, due.now - DRAFTS_KEPT),
    |tx, due| outbox::remove_settled_before(tx, due.now - MESSAGES_KEPT),
    |tx, due| lines::remove_ended_before(tx, due.now - LINES_KEPT),
    |tx, due| visits::erase_notes_before(tx, due.people),
    |tx, due| parties::erase_ended_before(tx, due.people, PARTIES_AT_ONCE),
];

/// Deletes what is due, in small operations that let others in between. Safe to run at any time, on any node, twice.
pub async fn sweep(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let people_kept = SignedDuration::from_hours(24 * i64::from(app.policy().keep_people_days));
    let idle = SignedDuration::from_mins(i64::from(app.policy().staff_idle_minutes));
    let due = Due { now, people: now - people_kept, idle: now - idle };
    for removal in REMOVALS {
        for _ in 0..ROUNDS_MAX {
            if app.store().write(move |tx| removal(tx, &due)).await? == 0 {
                break;
            }
        }
    }
    Ok(())
}
