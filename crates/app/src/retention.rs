//! What is deleted when its purpose ends: codes, sessions, counters, answers, sent messages, the data of ended parties.

use antrean_store::{Fault, challenges, drafts, idempotency, limits, outbox, parties, sessions};
use jiff::SignedDuration;

use crate::app::App;
use crate::operation::Failure;

/// Answers are replayed for a day; a client that retries later gets a fresh answer.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The longest window of a limit is a day.
const COUNTERS_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// A draft is for one release; by the next it is stale.
const DRAFTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Sent messages are kept for disputes about delivery.
const MESSAGES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Parties erased in one operation.
const PARTIES_AT_ONCE: u32 = 500;

/// Deletes what is due. Safe to run at any time, on any node, twice.
pub async fn sweep(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let people_kept = SignedDuration::from_hours(24 * i64::from(app.policy().keep_people_days));
    app.store()
        .write(move |tx| {
            challenges::remove_expired(tx, now)?;
            sessions::remove_expired(tx, now)?;
            limits::remove_before(tx, now - COUNTERS_KEPT)?;
            idempotency::remove_before(tx, now - ANSWERS_KEPT)?;
            drafts::remove_before(tx, now - DRAFTS_KEPT)?;
            outbox::remove_sent_before(tx, now - MESSAGES_KEPT)?;
            parties::erase_ended_before(tx, now - people_kept, PARTIES_AT_ONCE)?;
            Ok::<_, Fault>(())
        })
        .await?;
    Ok(())
}
