//! The public, simulated: made-up people who reach a server over HTTP alone, as the public does.
//! It borrows `domain` to make valid people; it never looks into a server, and nobody in it exists.

pub mod api;
pub mod citizen;
pub mod crowd;
pub mod dice;
pub mod market;
pub mod people;
pub mod rehearsal;
pub mod wire;

pub use crowd::{Crowd, Settings};
