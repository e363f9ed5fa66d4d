//! The seed: one hash over the frozen list and the public randomness that came after it, and nothing else.

use sha2::{Digest as _, Sha256};

use super::beacon::BeaconValue;
use super::encoding::{Feed as _, Hash32, hex_value};
use crate::release::ReleaseId;

hex_value!(
    /// The seed of one draw. 32 bytes; no secret of the operator goes into it, since withholding one would be a free second try.
    Seed,
    32
);

impl Seed {
    /// Derives the seed of `release` from the root and size of its frozen list and the beacon's value.
    pub fn derive(release: &ReleaseId, root: &Hash32, size: u64, beacon: &BeaconValue) -> Self {
        let hash = Sha256::new()
            .raw(b"antrean/draw/v1\n")
            .lp(release.as_str().as_bytes())
            .raw(&root.0)
            .u64(size)
            .lp(beacon.id().to_string().as_bytes())
            .u64(beacon.round())
            .lp(beacon.randomness());
        Self(Hash32::finish(hash).0)
    }
}
