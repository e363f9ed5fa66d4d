//! The checkpointer: brings what is in the write-ahead log into the database file, beside the writer.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Shared;
use super::connection::Session;

/// How often the log is worked off: often enough that little is left for the writer, seldom enough to cost it nothing.
const EVERY: Duration = Duration::from_secs(1);

/// Size of the log from which the writer is asked to empty it. While writes come without a pause a passive checkpoint never reaches the
/// end of the log, so that it would grow for ever; a long log makes reads and restarts slow.
const LOG_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Until the store is closed.
pub(super) fn run(session: &Session, shared: &Shared) {
    let mut complained = false;
    let mut closing = shared.closing.lock().unwrap_or_else(PoisonError::into_inner);
    while !*closing {
        (closing, _) = shared.closed.wait_timeout(closing, EVERY).unwrap_or_else(PoisonError::into_inner);
        match session.checkpoint() {
            Ok(checkpoint) => {
                tracing::trace!(frames = checkpoint.frames, done = checkpoint.done, "checkpoint");
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
        let bytes = log_bytes(shared);
        shared.log_bytes.store(bytes, Ordering::Relaxed);
        if bytes > LOG_BYTES_MAX {
            shared.empty_log.store(true, Ordering::Relaxed);
        }
    }
}

/// The size of the file; it stays after a checkpoint and is written over from the start.
fn log_bytes(shared: &Shared) -> u64 {
    let mut name = shared.path.clone().into_os_string();
    name.push("-wal");
    std::fs::metadata(name).map_or(0, |file| file.len())
}
