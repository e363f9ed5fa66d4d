//! Made-up people: households with a phone, a family card and one to five people. Valid in form, real in nothing: every NIK has the
//! serial 0000 and every phone number four zeros, which no office and no carrier ever gave out.

use std::collections::HashSet;

use antrean_domain::catalogue::Catalogue;
use antrean_domain::kk::FamilyCard;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, Sex};
use antrean_domain::phone::Phone;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::dice::Dice;

/// Carriers' prefixes; 812 is left to people who try out the demo.
const PREFIXES: [u32; 32] = [
    811, 813, 814, 815, 816, 817, 818, 819, 821, 822, 823, 831, 832, 833, 838, 851, 852, 853, 855, 856, 857, 858, 859,
    877, 878, 881, 882, 883, 895, 896, 897, 898,
];
/// Numbers behind one prefix: `+62 8xx 0000 xxxx`.
const PER_PREFIX: u32 = 10_000;
/// Households that can have a phone of their own.
pub const HOUSEHOLDS_MAX: u32 = PREFIXES.len() as u32 * PER_PREFIX;

const FEMALE: [&str; 24] = [
    "Siti",
    "Dewi",
    "Ayu",
    "Rina",
    "Wulan",
    "Fitri",
    "Lestari",
    "Indah",
    "Ratna",
    "Yuni",
    "Maria",
    "Nurul",
    "Putri",
    "Sari",
    "Kartika",
    "Melati",
    "Tuti",
    "Endang",
    "Rosmawati",
    "Hasna",
    "Yohana",
    "Ni Luh",
    "Ketut",
    "Aminah",
];
const MALE: [&str; 24] = [
    "Budi", "Agus", "Joko", "Ahmad", "Rudi", "Eko", "Hendra", "Bayu", "Yusuf", "Andi", "Made", "Wayan", "Yohanes",
    "Rizki", "Fajar", "Slamet", "Dedi", "Arif", "Markus", "Zulkifli", "Hasan", "Petrus", "Gilang", "Bambang",
];
const SECOND: [&str; 20] = [
    "Santoso",
    "Wijaya",
    "Pratama",
    "Lestari",
    "Hidayat",
    "Nugroho",
    "Siregar",
    "Nasution",
    "Simanjuntak",
    "Tambunan",
    "Daeng",
    "Latuconsina",
    "Wenda",
    "Saputra",
    "Rahman",
    "Kusuma",
    "Hutapea",
    "Mandala",
    "Utami",
    "Firmansyah",
];

/// A person in a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Serial 0000.
    pub nik: Nik,
    /// Common given names, thrown together; some have one name only.
    pub name: FullName,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex.
    pub sex: Sex,
}

/// A household: the holder of the account first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// Its number, from 0; phone and keys follow from it.
    pub number: u32,
    /// The holder's phone.
    pub phone: Phone,
    /// The family card.
    pub family_card: FamilyCard,
    /// One to five people; the first is an adult.
    pub people: Vec<Resident>,
}

/// Makes households; no two people of one registry have the same NIK.
pub struct Registry {
    catalogue: Catalogue,
    seed: u64,
    today: Date,
    known: HashSet<Nik>,
}

impl Registry {
    /// An empty registry of a seed; people have the ages they have on `today`.
    pub fn new(catalogue: Catalogue, seed: u64, today: Date) -> Self {
        Self { catalogue, seed, today, known: HashSet::new() }
    }

    /// The household of a number, below [`HOUSEHOLDS_MAX`], living in a province (two digits).
    pub fn household(&mut self, number: u32, province: &str, people_max: usize) -> Household {
        let mut dice = Dice::new(self.seed, u64::from(number));
        let regions = self.catalogue.regions.in_province(province);
        let codes: Vec<String> =
            regions.into_iter().map(|region| region.code.clone()).filter(|code| code.len() == 4).collect();
        let region = if codes.is_empty() { "3171".to_owned() } else { dice.pick(&codes).clone() };
        let size = (dice.weighed(&[52, 24, 12, 8, 4]) + 1).min(people_max.max(1));
        let people: Vec<Resident> = (0..size).map(|place| self.resident(&mut dice, &region, place)).collect();
        let issued = people[0].birth_date.strftime("%d%m%y");
        let family_card = FamilyCard::parse(&format!("{region}01{issued}0000")).expect("sixteen digits");
        Household { number, phone: phone(number), family_card, people }
    }

    fn resident(&mut self, dice: &mut Dice, region: &str, place: usize) -> Resident {
        let sex = if dice.percent(50) { Sex::Female } else { Sex::Male };
        // The holder and the second of a family are adults, the others are mostly children.
        let years = match place {
            0 => 20 + dice.below(45),
            1 => 18 + dice.below(50),
            _ if dice.percent(85) => 1 + dice.below(16),
            _ => 60 + dice.below(25),
        };
        let name = name(dice, sex);
        loop {
            let district = format!("{:02}", 1 + dice.below(40));
            let birth_date = self.today - (years as i64 * 365 + 1 + dice.below(364) as i64).days();
            let nik = Nik::synthetic(region, &district, birth_date, sex);
            if self.known.insert(nik) {
                return Resident { nik, name, birth_date, sex };
            }
        }
    }
}

fn name(dice: &mut Dice, sex: Sex) -> FullName {
    let first = *dice.pick(if sex == Sex::Female { &FEMALE } else { &MALE });
    let name = if dice.percent(12) { first.to_owned() } else { format!("{first} {}", dice.pick(&SECOND)) };
    FullName::parse(&name).expect("a list of ours")
}

/// The phone of a household.
fn phone(number: u32) -> Phone {
    let prefix = PREFIXES[(number / PER_PREFIX) as usize % PREFIXES.len()];
    Phone::parse(&format!("+62{prefix}0000{:04}", number % PER_PREFIX)).expect("an Indonesian mobile number")
}

#[cfg(test)]
mod tests {
    use antrean_domain::person::age_on;
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    fn registry(seed: u64) -> Registry {
        Registry::new(Catalogue::builtin(), seed, TODAY)
    }

    #[test]
    fn the_same_seed_makes_the_same_people() {
        let all = |seed| {
            let mut registry = registry(seed);
            (0..50).map(|number| registry.household(number, "21", 5)).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn everybody_is_valid_and_nobody_is_real() {
        let catalogue = Catalogue::builtin();
        let mut registry = registry(3);
        let (mut niks, mut phones) = (HashSet::new(), HashSet::new());
        for number in 0..2_000 {
            let province = ["21", "31", "35", "73", "91"][number as usize % 5];
            let household = registry.household(number, province, 5);
            assert!(phones.insert(household.phone.e164().to_owned()), "{}", household.phone.e164());
            assert!(household.phone.e164()[6..].starts_with("0000") && !household.phone.e164().starts_with("+62812"));
            assert!((1..=5).contains(&household.people.len()));
            assert!(age_on(household.people[0].birth_date, TODAY) >= 18);
            for person in &household.people {
                assert!(niks.insert(person.nik) && person.nik.as_str().ends_with("0000"));
                assert!(person.nik.region().starts_with(province));
                assert!(person.birth_date < TODAY);
                let warnings = person.nik.warnings(Some(person.birth_date), Some(person.sex), &catalogue.regions);
                assert_eq!(warnings, [], "{person:?}");
            }
        }
    }

    #[test]
    fn a_household_is_no_larger_than_asked_for() {
        let mut registry = registry(4);
        assert!((0..200).all(|number| registry.household(number, "21", 2).people.len() <= 2));
    }

    #[test]
    fn every_household_has_a_phone_of_its_own() {
        assert_ne!(phone(0), phone(PER_PREFIX));
        assert_eq!(phone(HOUSEHOLDS_MAX - 1).e164(), "+6289800009999");
    }
}
