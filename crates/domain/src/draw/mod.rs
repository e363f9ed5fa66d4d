//! The draw protocol `antrean/draw/v1`: a public order of a release's entries that anybody can compute again.
//!
//! The way of a draw, one file a step:
//!
//! 1. [`rules`]: what is promised before the release opens. [`closures`]: what is taken back before the freeze.
//! 2. [`person`], [`entry`]: an entry becomes a leaf. [`merkle`]: leaves become a root.
//! 3. [`freeze`]: the list is final and its root is published, before the [`beacon`]'s value exists.
//! 4. [`seed`], [`order`], [`allocate`], [`result`]: the value comes out, and everything else follows from it.
//! 5. [`chance`]: a look before it is published. [`bundle`], [`verify`]: what is published, and how anybody checks it.
//!
//! Every byte that is hashed is laid down in [`encoding`]; every file has one spelling, see [`text`]. Nothing here may change without
//! a new version of the protocol: `tests/draw_v1.rs` holds its test vector.
//!
//! ```
//! use antrean_domain::draw::{beacon::QUICKNET, entry::Choice};
//!
//! let choice = Choice::parse("BTM/*/am")?;
//! assert!(choice.takes(&"BTM/2027-01-12/08:00".parse()?));
//! let sunday = "2027-01-10T17:00:00+07:00".parse()?;
//! assert_eq!(QUICKNET.first_round_from(sunday), 35_590_612);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

pub mod allocate;
pub mod beacon;
pub mod bundle;
pub mod chance;
pub mod closures;
pub mod encoding;
pub mod entry;
pub mod freeze;
pub mod merkle;
pub mod order;
pub mod person;
pub mod result;
pub mod rules;
pub mod seed;
pub mod text;
pub mod verify;
