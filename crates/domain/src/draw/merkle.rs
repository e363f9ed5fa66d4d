//! The tree of RFC 6962 over the frozen entries: its root, the audit path of one entry, and the check of a path.

use sha2::{Digest as _, Sha256};

use super::encoding::{Feed as _, Hash32};

/// Hash of a leaf: `SHA-256(00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Hash32 {
    Hash32::finish(Sha256::new().u8(0).raw(leaf))
}

/// Hash of an inner node: `SHA-256(01 || left || right)`.
pub fn node_hash(left: &Hash32, right: &Hash32) -> Hash32 {
    Hash32::finish(Sha256::new().u8(1).raw(&left.0).raw(&right.0))
}

/// Root of the tree over `leaves` (leaf hashes in order), in memory of the order of log n; the root of nothing is SHA-256 of nothing.
pub fn root(leaves: impl IntoIterator<Item = Hash32>) -> Hash32 {
    // Complete subtrees still waiting for a right neighbour, the largest first. Their sizes are the binary digits of the count so far.
    let mut waiting: Vec<Hash32> = Vec::new();
    for (count, mut node) in (0_u64..).zip(leaves) {
        for _ in 0..count.trailing_ones() {
            let left = waiting.pop().expect("one subtree waits for each binary digit of the count");
            node = node_hash(&left, &node);
        }
        waiting.push(node);
    }
    waiting.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(|| Hash32::of(b""))
}

/// All levels of one tree, 64 bytes a leaf, to give many audit paths without hashing again.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Leaf hashes first, the root last; a node without a right neighbour goes up unchanged.
    levels: Vec<Vec<Hash32>>,
}

impl Tree {
    /// Builds the tree over the leaf hashes in order.
    pub fn new(leaves: Vec<Hash32>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => node_hash(left, right),
                    alone => alone[0],
                })
                .collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The root; the same value as [`root`] of the same leaves.
    pub fn root(&self) -> Hash32 {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or_else(|| Hash32::of(b""))
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.levels[0].len() as u64
    }

    /// The audit path of the leaf at `index`, from the leaf upwards; `None` when there is no such leaf.
    pub fn path(&self, index: u64) -> Option<Vec<Hash32>> {
        let mut index = usize::try_from(index).ok().filter(|index| *index < self.levels[0].len())?;
        let mut path = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            path.extend(level.get(index ^ 1));
            index >>= 1;
        }
        Some(path)
    }
}

/// Whether `path` leads from `leaf` (a leaf hash) at `index` to the `root` of a tree of `size` leaves (RFC 9162, section 2.1.3.2).
pub fn path_leads_to(leaf: Hash32, index: u64, size: u64, path: &[Hash32], root: &Hash32) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut node = leaf;
    for neighbour in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(neighbour, &node);
            // Levels at which this node had no right neighbour are not in the path.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, neighbour);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash32> {
        (0..count).map(|leaf| leaf_hash(&[leaf])).collect()
    }

    /// The definition of RFC 6962, word for word: split at the largest power of two below n.
    fn by_definition(leaves: &[Hash32]) -> Hash32 {
        match leaves {
            [] => Hash32::of(b""),
            [leaf] => *leaf,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                node_hash(&by_definition(&leaves[..half]), &by_definition(&leaves[half..]))
            }
        }
    }

    #[test]
    fn three_ways_give_one_root() {
        for count in 0..=130 {
            let leaves = leaves(count);
            let expected = by_definition(&leaves);
            assert_eq!(root(leaves.iter().copied()), expected, "{count} leaves");
            assert_eq!(Tree::new(leaves).root(), expected, "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_proves_its_place_and_no_other() {
        for count in 1..=40_u8 {
            let leaves = leaves(count);
            let (tree, size) = (Tree::new(leaves.clone()), u64::from(count));
            let root = tree.root();
            for (index, leaf) in (0..).zip(&leaves) {
                let path = tree.path(index).expect("the leaf is in the tree");
                for claimed in 0..size {
                    assert_eq!(
                        path_leads_to(*leaf, claimed, size, &path, &root),
                        claimed == index,
                        "{index} as {claimed} of {count}"
                    );
                }
                assert!(!path_leads_to(leaf_hash(b"other"), index, size, &path, &root));
                assert!(!path_leads_to(*leaf, index, size, &path, &Hash32::of(b"other")));
                let longer: Vec<_> = path.iter().copied().chain([root]).collect();
                assert!(!path_leads_to(*leaf, index, size, &longer, &root));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!path_leads_to(*leaf, index, size, shorter, &root));
                }
            }
            assert_eq!(tree.path(size), None);
            assert!(!path_leads_to(leaves[0], size, size, &[], &root));
        }
    }
}
