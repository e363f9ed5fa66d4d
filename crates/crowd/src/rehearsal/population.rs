//! Who comes: people of every kind with what they want and when they arrive. All of it follows from a seed.

use std::net::Ipv4Addr;

use antrean_domain::catalogue::Catalogue;
use jiff::civil::Date;

use super::kind::Kind;
use super::schedule;
use crate::dice::Dice;
use crate::market::Market;
use crate::people::{HOUSEHOLDS_MAX, Household, Registry};

/// Accounts of one operator.
const PER_OPERATOR: u32 = 20;
/// Accounts that state the same NIK.
const PER_NIK: u32 = 5;
/// Windows that somebody tries where places go first come.
pub const WINDOWS_MAX: usize = 6;
/// Most people and programs together: each has a phone of their own.
pub const ACCOUNTS_MAX: u32 = HOUSEHOLDS_MAX;
/// Purposes of streams of chance; households use their own numbers.
const WISHES: u64 = 1 << 41;
const SHUFFLE: u64 = 1 << 42;

/// Somebody who comes, with one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What kind of client.
    pub kind: Kind,
    /// Who: the holder first. Accounts of one NIK share their people, nobody else does.
    pub household: Household,
    /// The party that this account speaks for: its own number, or that of the first account with the same people.
    pub party: u32,
    /// The office they want first.
    pub office: String,
    /// Their ranked choices.
    pub choices: Vec<String>,
    /// Windows to try where places go first come, with their ids.
    pub windows: Vec<i64>,
    /// The address that they come from.
    pub from: Ipv4Addr,
    /// When they arrive in a phase, in millionths of it, by phase.
    pub arrives: [u32; schedule::PHASES],
}

/// What a population is made of.
#[derive(Debug, Clone, Copy)]
pub struct Makeup {
    /// Accounts of citizens.
    pub citizens: u32,
    /// Accounts of bots.
    pub bots: u32,
    /// Everything that is chance follows from it.
    pub seed: u64,
    /// The day on which people have their ages.
    pub today: Date,
}

/// Makes everybody. A release without offices has nobody come to it.
pub fn gather(market: &Market, makeup: Makeup) -> Vec<Visitor> {
    let Makeup { citizens, bots, seed, today } = makeup;
    if market.offices.is_empty() {
        return Vec::new();
    }
    let mut registry = Registry::new(Catalogue::builtin(), seed, today);
    let mut visitors: Vec<Visitor> = Vec::with_capacity((citizens + bots) as usize);
    for (kind, count) in Kind::divide(citizens, bots) {
        let mut first = 0;
        for nth in 0..count {
            let number = visitors.len() as u32;
            // One stream of chance for each: what one of them wants does not hang on how many others there are.
            let mut dice = Dice::new(seed, WISHES + u64::from(number));
            let home = market.home(&mut dice);
            let mut household = registry.household(number, &market.offices[home].province, market.party_max);
            let mut party = number;
            if kind == Kind::SameNik {
                if nth % PER_NIK == 0 {
                    first = number;
                } else {
                    let of: &Household = &visitors[first as usize].household;
                    household = Household { number, phone: household.phone, ..of.clone() };
                    party = first;
                }
            }
            let size = household.people.len() as u32;
            visitors.push(Visitor {
                kind,
                party,
                office: market.offices[home].code.clone(),
                choices: market.choices(home, size, &mut dice),
                windows: market.windows(home, size, WINDOWS_MAX, &mut dice).into_iter().map(|slot| slot.id).collect(),
                from: network(if kind == Kind::ManyAccounts { number - nth % PER_OPERATOR } else { number }),
                arrives: schedule::arrivals(kind, &mut dice),
                household,
            });
        }
    }
    visitors
}

/// Visitors in an order that says nothing about their kind: where two arrive in the same instant, chance decides.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut dice = Dice::new(seed, SHUFFLE);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, dice.below(last as u64 + 1) as usize);
    }
    order
}

/// An address in a network (/24) of one's own, as far as private addresses go: 65,536 networks.
fn network(number: u32) -> Ipv4Addr {
    let number = number % (1 << 16);
    Ipv4Addr::new(10, (number >> 8) as u8, (number & 255) as u8, 7)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use jiff::civil::date;

    use super::*;
    use crate::market::tests::market;

    fn makeup(seed: u64) -> Makeup {
        Makeup { citizens: 300, bots: 100, seed, today: date(2026, 11, 21) }
    }

    #[test]
    fn the_same_seed_brings_the_same_people_with_the_same_plans() {
        assert_eq!(gather(&market(), makeup(1)), gather(&market(), makeup(1)));
        assert_ne!(gather(&market(), makeup(1)), gather(&market(), makeup(2)));
        assert_eq!(shuffled(9, 1), shuffled(9, 1));
    }

    #[test]
    fn only_accounts_of_one_nik_share_people_and_only_those_of_one_operator_a_network() {
        let visitors = gather(&market(), makeup(3));
        assert_eq!(visitors.len(), 400);
        let (mut phones, mut parties) = (HashSet::new(), HashMap::new());
        let mut networks: HashMap<Ipv4Addr, Vec<Kind>> = HashMap::new();
        for visitor in &visitors {
            assert!(phones.insert(visitor.household.phone.clone()));
            for person in &visitor.household.people {
                let party = *parties.entry(person.nik).or_insert(visitor.party);
                assert_eq!(party, visitor.party, "{:?}", visitor.kind);
            }
            networks.entry(visitor.from).or_default().push(visitor.kind);
        }
        let shared: Vec<_> = networks.values().filter(|kinds| kinds.len() > 1).collect();
        assert!(shared.iter().all(|kinds| kinds.iter().all(|kind| *kind == Kind::ManyAccounts)));
        assert_eq!(shared.len(), 2, "30 accounts of two operators");
        let same_nik = visitors.iter().filter(|visitor| visitor.kind == Kind::SameNik);
        assert_eq!(same_nik.map(|visitor| visitor.party).collect::<HashSet<_>>().len(), 5, "25 accounts");
    }
}
