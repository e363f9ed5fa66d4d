//! A look at a finished draw before it is published: does the rank depend on when somebody entered? It must not.
//!
//! A lottery of 14.7 million entries was once published whose winners came from its first two days (the US visa lottery of 2012);
//! anybody who had compared ranks with times would have seen it.

/// How far chance may go in [`Chance::parts`]: a fair draw goes further once in 3 million times.
pub const PARTS_MAX: f64 = 5.0;

/// How far chance may go in [`Chance::halves`]: a fair draw goes further once in a million times.
pub const HALVES_MAX: f64 = 2.7;

/// The list and the ranks are cut into so many equal parts for the first test.
const PARTS: usize = 10;

/// Fewer entries than this show nothing: five are expected in each field of the first test.
const ENTRIES_MIN: usize = PARTS * PARTS * 5;

/// What two tests say about the ranks of a draw in the order in which the entries were made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Chi-square over a table of ten parts of the entries by ten parts of the ranks, 81 degrees of freedom, as a normal deviate
    /// (Wilson and Hilferty 1931). Finds any part of the entries that got better or worse ranks.
    pub parts: f64,
    /// Largest distance between the ranks of the earlier and of the later half (Kolmogorov and Smirnov), in units in which fair
    /// draws are below 1.36 nineteen times out of twenty.
    pub halves: f64,
}

impl Chance {
    /// Tests the ranks (each of 1 to n once) in the order in which the entries were made; `None` for fewer than 500.
    pub fn of(ranks_by_entry: &[u32]) -> Option<Self> {
        let count = ranks_by_entry.len();
        (count >= ENTRIES_MIN).then(|| Self { parts: parts(ranks_by_entry), halves: halves(ranks_by_entry) })
    }

    /// Whether the draw looks like chance. If not, it must not be published before somebody knows why.
    pub fn is_plausible(&self) -> bool {
        self.parts < PARTS_MAX && self.halves < HALVES_MAX
    }
}

fn parts(ranks: &[u32]) -> f64 {
    let count = ranks.len();
    let mut table = [[0_u32; PARTS]; PARTS];
    let mut rows = [0_u32; PARTS];
    for (made, rank) in ranks.iter().enumerate() {
        let (row, column) = (made * PARTS / count, (*rank as usize - 1) * PARTS / count);
        table[row][column] += 1;
        rows[row] += 1;
    }
    // Ranks are cut like entries, so that a column has as many as the row of the same number.
    let expected = |row: usize, column: usize| f64::from(rows[row]) * f64::from(rows[column]) / count as f64;
    let chi_square: f64 = (0..PARTS)
        .flat_map(|row| (0..PARTS).map(move |column| (row, column)))
        .map(|(row, column)| (f64::from(table[row][column]) - expected(row, column)).powi(2) / expected(row, column))
        .sum();
    let freedom = ((PARTS - 1) * (PARTS - 1)) as f64;
    let spread = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

fn halves(ranks: &[u32]) -> f64 {
    let count = ranks.len();
    let half = count / 2;
    let mut is_early = vec![false; count];
    for rank in &ranks[..half] {
        is_early[*rank as usize - 1] = true;
    }
    let (early, late) = (half as f64, (count - half) as f64);
    let (mut distance, mut largest) = (0.0_f64, 0.0_f64);
    for is_early in is_early {
        distance += if is_early { 1.0 / early } else { -1.0 / late };
        largest = largest.max(distance.abs());
    }
    largest * (early * late / count as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::encoding::Hash32;
    use crate::draw::entry::EntryId;
    use crate::draw::order::order;
    use crate::draw::seed::Seed;

    /// Ranks of `count` entries, in the order in which they were made, under one seed.
    fn ranks(count: u32, seed: u32) -> Vec<u32> {
        let id = |made: u32| EntryId(*Hash32::of(&made.to_be_bytes()).0.first_chunk().expect("16 of 32 bytes"));
        let mut ids: Vec<_> = (0..count).map(|made| (id(made), made)).collect();
        ids.sort_unstable();
        let mut ranks = vec![0; count as usize];
        let seed = Seed(Hash32::of(&seed.to_be_bytes()).0);
        for (index, rank) in order(&seed, ids.iter().map(|(id, _)| id)).into_iter().zip(1..) {
            ranks[ids[index as usize].1 as usize] = rank;
        }
        ranks
    }

    #[test]
    fn real_draws_look_like_chance() {
        let chances: Vec<_> = (0..100).map(|seed| Chance::of(&ranks(2_000, seed)).expect("enough entries")).collect();
        assert!(chances.iter().all(Chance::is_plausible));
        // 100 normal deviates: their mean lies within 0.4 of zero but once in 15,000 times. The seeds are fixed.
        let mean = chances.iter().map(|chance| chance.parts).sum::<f64>() / 100.0;
        assert!(mean.abs() < 0.4, "mean {mean}");
        let beyond = chances.iter().filter(|chance| chance.halves > 1.36).count();
        assert!(beyond < 15, "{beyond} of 100 where 5 are expected");
    }

    #[test]
    fn a_draw_that_favours_the_first_is_seen() {
        let mut ranks = ranks(2_000, 1);
        ranks[..200].sort_unstable();
        assert!(Chance::of(&ranks).expect("enough entries").is_plausible(), "an order inside a part is not looked at");
        ranks.sort_by_key(|rank| rank / 200);
        let sorted = Chance::of(&ranks).expect("enough entries");
        assert!(!sorted.is_plausible() && sorted.parts > 50.0 && sorted.halves > 20.0, "{sorted:?}");
    }

    #[test]
    fn a_small_favour_to_one_part_is_seen() {
        // 60 of the first 200 entries change ranks with the 60 best.
        let mut ranks = ranks(2_000, 2);
        for best in 1..=60 {
            let holder = ranks.iter().position(|rank| *rank == best).expect("every rank is held");
            ranks.swap(holder, best as usize);
        }
        assert!(!Chance::of(&ranks).expect("enough entries").is_plausible());
    }

    #[test]
    fn few_entries_show_nothing() {
        assert_eq!(Chance::of(&ranks(499, 1)), None);
    }
}
