//! The channel of a server without a gateway: messages are written to the log, codes included, so that it can be tried out.

use std::future::ready;

use crate::channel::{Channel, Outgoing, Sending};

/// Writes messages to the log instead of sending them.
#[derive(Debug)]
pub struct Log(());

impl Log {
    /// Warns that nothing will be sent and that codes can be read in the log.
    pub fn new() -> Self {
        tracing::warn!(
            "no message gateway is set up: messages, with their one-time codes, are written to this log and sent to nobody"
        );
        Self(())
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Channel for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        tracing::info!(to = %outgoing.phone.masked(), kind = outgoing.kind, text = outgoing.text, "message not sent, only written here");
        Box::pin(ready(Ok(())))
    }
}
