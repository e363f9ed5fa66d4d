//! What every channel does: take one worded message and say whether it went.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use antrean_app::caller::Language;
use antrean_domain::phone::Phone;

/// A message ready to leave.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub phone: Phone,
    /// What it says.
    pub text: String,
    /// The kind of message, such as `code` or `drawn`; see `antrean_app::message::Message::kind`.
    pub kind: &'static str,
    /// The language of the text.
    pub language: Language,
    /// The one-time code in the text, if it has one, so that the demo can offer it for copying.
    pub code: Option<String>,
}

/// Shows the kind and the masked number; never the text.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("kind", &self.kind).field("phone", &self.phone).finish_non_exhaustive()
    }
}

/// Why a message did not go. Carries no number, no text and nothing that the other side answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SendError {
    /// Whether it may go at a later try; otherwise it is given up.
    pub retry: bool,
    /// What happened.
    pub why: Why,
}

/// What happened instead of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No connection, or it broke.
    #[error("the channel cannot be reached")]
    Unreachable,
    /// No answer in time; the message may have gone all the same.
    #[error("the channel did not answer in time")]
    Timeout,
    /// The other side answered with this status.
    #[error("the channel answered with status {0}")]
    Status(u16),
}

/// A sending on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// A way to reach phones.
pub trait Channel: Send + Sync {
    /// The channel's name in logs and metrics: `gateway`, `log` or `inbox`.
    fn name(&self) -> &'static str;

    /// Sends one message. `Ok` means that the other side took it, not that it arrived.
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a>;
}
