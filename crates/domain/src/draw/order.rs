//! The order: entries sorted by a keyed hash of their id. No modulo, no shuffle, no generator with a state.

use super::encoding::{Feed as _, finish_keyed, hex_value, keyed};
use super::entry::EntryId;
use super::seed::Seed;

hex_value!(
    /// The key by which an entry is sorted: `HMAC-SHA256(seed, "order\n" || entry id)`. 32 bytes, smallest first.
    OrderKey,
    32
);

/// Gives each entry its order key under one seed.
#[derive(Clone, Debug)]
pub struct Orderer {
    // The seed and the first word are hashed once; each key starts from here.
    started: hmac::Hmac<sha2::Sha256>,
}

impl Orderer {
    /// An orderer under `seed`.
    pub fn new(seed: &Seed) -> Self {
        Self { started: keyed(&seed.0).raw(b"order\n") }
    }

    /// The key of one entry.
    pub fn key(&self, id: &EntryId) -> OrderKey {
        OrderKey(finish_keyed(self.started.clone().raw(&id.0)))
    }
}

/// The order of a list of ids that is sorted ascending: indexes into the list, first rank first.
pub fn order<'a>(seed: &Seed, ids: impl IntoIterator<Item = &'a EntryId>) -> Vec<u32> {
    let orderer = Orderer::new(seed);
    // The index stands for the id where two keys are equal, as the ids ascend.
    let mut keyed: Vec<(OrderKey, u32)> =
        ids.into_iter().zip(0..).map(|(id, index)| (orderer.key(id), index)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::draw::encoding::Hash32;

    #[test]
    fn every_order_of_five_comes_up_and_none_too_often() {
        const SEEDS: u32 = 24_000;
        let mut ids: Vec<_> = (0..5_u8).map(|id| EntryId(Hash32::of(&[id]).0[..16].try_into().unwrap())).collect();
        ids.sort();
        let mut times: HashMap<Vec<u32>, u32> = HashMap::new();
        for seed in 0..SEEDS {
            let seed = Seed(Hash32::of(&seed.to_be_bytes()).0);
            *times.entry(order(&seed, &ids)).or_default() += 1;
        }
        assert_eq!(times.len(), 120);
        let expected = f64::from(SEEDS) / 120.0;
        let chi_square: f64 = times.values().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // 119 degrees of freedom: 1 in 10,000 lies above 182. The seeds are fixed, so that this never changes from run to run.
        assert!(chi_square < 182.0, "chi square {chi_square}");
    }
}
