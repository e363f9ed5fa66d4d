//! The checkpointer: brings what is in the write-ahead log into the database file, beside the writer.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Shared;
use super::connection::Session;

/// How often the log is worked off: often enough that little is left for the writer, seldom enough to cost it nothing.
const EVERY: Duration = Duration::from_secs(1);

/// Frames in the log (64 MiB of pages) from which the writer is asked to begin it anew. While writes come without a pause a
/// passive checkpoint never reaches the end of the log, so that it would grow for ever; a long log makes reads and restarts slow.
const LOG_FRAMES_MAX: u64 = 16 * 1024;

/// Until the store is closed.
pub(super) fn run(session: &Session, shared: &Shared) {
    let mut complained = false;
    let mut closing = shared.closing.lock().unwrap_or_else(PoisonError::into_inner);
    while !*closing {
        (closing, _) = shared.closed.wait_timeout(closing, EVERY).unwrap_or_else(PoisonError::into_inner);
        match session.checkpoint() {
            Ok(checkpoint) => {
                shared.log_frames.store(checkpoint.frames, Ordering::Relaxed);
                if checkpoint.frames > LOG_FRAMES_MAX {
                    shared.restart_log.store(true, Ordering::Relaxed);
                }
                complained = false;
            }
            Err(fault) => {
                // Once, not each second: a full disk lasts.
                if !complained {
                    tracing::warn!(%fault, "the write-ahead log could not be worked off");
                }
                complained = true;
            }
        }
    }
}
