//! How messages leave: letters from the outbox become text and go to a phone, at least once each.
//! It decides nothing about whom to tell what, and never logs a whole number, or a text where a real channel is set up.

pub mod channel;
pub mod courier;
pub mod gateway;
pub mod inbox;
pub mod log;

pub use channel::{Channel, Outgoing, SendError};
pub use courier::Courier;
