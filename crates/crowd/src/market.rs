//! What a release offers, read from the API, and what people want of it: more of the main offices than there is, less of the rest.

use serde::Deserialize;

use crate::api::{Api, Call, Trouble};
use crate::dice::Dice;

/// How much a place at a main office is wanted, against one at a unit: everybody knows the main office.
const MAIN: u64 = 6;
const UNIT: u64 = 2;

/// A release as its people see it.
#[derive(Debug, Clone)]
pub struct Market {
    /// The release.
    pub release: String,
    /// Offices with places, by code.
    pub offices: Vec<Office>,
    /// Most choices in an entry.
    pub choices_max: usize,
    /// Most people in a party.
    pub party_max: usize,
}

/// An office with places in the release.
#[derive(Debug, Clone)]
pub struct Office {
    /// Its code.
    pub code: String,
    /// The province, two digits.
    pub province: String,
    /// The main office of a unit, or itself.
    pub main: String,
    /// Its public places.
    pub places: u32,
    /// Its arrival windows.
    pub slots: Vec<Slot>,
}

/// An arrival window.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Slot {
    /// Names it in bookings.
    pub id: i64,
    /// `OFFICE/DATE/HH:MM`.
    pub slot: String,
    /// The date.
    pub date: String,
    /// The start.
    pub starts: String,
    /// Its places.
    pub places: u32,
}

#[derive(Deserialize)]
struct Release {
    choices_max: usize,
    party_max: usize,
    offices: Vec<AtOffice>,
}

#[derive(Deserialize)]
struct AtOffice {
    office: String,
    places: u32,
}

#[derive(Deserialize)]
struct Offices {
    offices: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    code: String,
    parent: Option<String>,
    province: String,
    services: Vec<String>,
}

#[derive(Deserialize)]
struct Slots {
    slots: Vec<Slot>,
}

impl Market {
    /// Reads what a release offers for people who want a first passport.
    pub async fn read(api: &Api, release: &str) -> Result<Self, Trouble> {
        let told: Release = api.ask(Call::get(&format!("/api/v1/releases/{release}"))).await?;
        let known: Offices = api.ask(Call::get("/api/v1/offices")).await?;
        let mut offices = Vec::new();
        for at in told.offices.into_iter().filter(|at| at.places > 0) {
            let Some(found) = known.offices.iter().find(|known| known.code == at.office) else { continue };
            if !found.services.iter().any(|service| service == "new") {
                continue;
            }
            let path = format!("/api/v1/offices/{}/slots?release={release}", at.office);
            let Slots { slots } = api.ask(Call::get(&path)).await?;
            let main = found.parent.clone().unwrap_or_else(|| at.office.clone());
            let province = found.province.clone();
            offices.push(Office { code: at.office, province, main, places: at.places, slots });
        }
        let (choices_max, party_max) = (told.choices_max, told.party_max);
        Ok(Self { release: release.to_owned(), offices, choices_max, party_max })
    }

    /// All public places.
    pub fn places(&self) -> u32 {
        self.offices.iter().map(|office| office.places).sum()
    }

    /// The office that a household wants first, as an index.
    pub fn home(&self, dice: &mut Dice) -> usize {
        let weight = |office: &Office| {
            let wanted = if office.main == office.code { MAIN } else { UNIT };
            wanted * u64::from(office.places)
        };
        dice.weighed(&self.offices.iter().map(weight).collect::<Vec<_>>())
    }

    /// Ranked choices of a party of `size` that wants the office `home`: some want one hour, some any, some would go elsewhere.
    pub fn choices(&self, home: usize, size: u32, dice: &mut Dice) -> Vec<String> {
        let mut choices = Vec::new();
        let Some(office) = self.offices.get(home) else { return choices };
        let fitting: Vec<&Slot> = office.slots.iter().filter(|slot| slot.places >= size).collect();
        if !fitting.is_empty() {
            let best = *dice.pick(&fitting);
            let code = &office.code;
            match dice.below(4) {
                0 => choices.push(format!("{code}/*/*")),
                1 => choices.extend([best.slot.clone(), format!("{code}/{}/*", best.date)]),
                _ => {
                    let half = if best.starts.as_str() < "12:00" { "am" } else { "pm" };
                    choices.extend([best.slot.clone(), format!("{code}/*/{half}"), format!("{code}/*/*")]);
                }
            }
        }
        if choices.is_empty() || dice.percent(30) {
            let fits = |other: &&Office| other.slots.iter().any(|slot| slot.places >= size);
            let others = self.offices.iter().filter(|other| other.code != office.code).filter(fits);
            let near = others.clone().filter(|other| other.main == office.main);
            choices.extend(near.map(|other| format!("{}/*/*", other.code)));
            if choices.is_empty() {
                choices.extend(others.map(|other| format!("{}/*/*", other.code)));
            }
        }
        let mut seen = std::collections::HashSet::new();
        choices.retain(|choice| seen.insert(choice.clone()));
        choices.truncate(self.choices_max);
        choices
    }

    /// Windows that a party of `size` tries one after the other where places go first come.
    pub fn windows(&self, home: usize, size: u32, tries: usize, dice: &mut Dice) -> Vec<Slot> {
        let Some(office) = self.offices.get(home) else { return Vec::new() };
        let mut slots: Vec<Slot> = office.slots.iter().filter(|slot| slot.places >= size).cloned().collect();
        let mut windows = Vec::new();
        while windows.len() < tries && !slots.is_empty() {
            windows.push(slots.swap_remove(dice.below(slots.len() as u64) as usize));
        }
        windows
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use antrean_domain::draw::entry::Choice;
    use antrean_domain::slot::SlotKey;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn market() -> Market {
        let office = |code: &str, main: &str, places: u32| Office {
            code: code.to_owned(),
            province: "21".to_owned(),
            main: main.to_owned(),
            places: places * 4,
            slots: ["08:00", "09:00", "13:00", "14:00"]
                .iter()
                .zip(1..)
                .map(|(starts, id)| Slot {
                    id,
                    slot: format!("{code}/2026-11-24/{starts}"),
                    date: "2026-11-24".to_owned(),
                    starts: (*starts).to_owned(),
                    places,
                })
                .collect(),
        };
        let offices = vec![office("BTM", "BTM", 50), office("BTM-HB", "BTM", 20), office("TNJ", "TNJ", 3)];
        Market { release: "DEMO-1".to_owned(), offices, choices_max: 20, party_max: 5 }
    }

    proptest! {
        #[test]
        fn every_choice_is_one_that_the_release_can_meet(seed in any::<u64>(), home in 0..3_usize, size in 1..=5_u32) {
            let market = market();
            let choices = market.choices(home, size, &mut Dice::new(seed, 1));
            prop_assert!(!choices.is_empty());
            for text in &choices {
                let choice = Choice::parse(text).unwrap();
                let mut slots = market.offices.iter().flat_map(|office| &office.slots);
                prop_assert!(slots.any(|slot| {
                    slot.places >= size && choice.takes(&slot.slot.parse::<SlotKey>().unwrap())
                }), "{text}");
            }
            let mut once = choices.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), choices.len());
        }
    }

    #[test]
    fn main_offices_are_wanted_more_than_they_have() {
        let market = market();
        let mut dice = Dice::new(5, 5);
        let homes = (0..7_000).filter(|_| market.home(&mut dice) == 0).count();
        // 200 of 292 places would be 68 of a hundred.
        assert!(homes > 5_200, "{homes}");
    }

    #[test]
    fn windows_are_tried_once_each() {
        let windows = market().windows(0, 2, 9, &mut Dice::new(1, 1));
        let mut ids: Vec<i64> = windows.iter().map(|slot| slot.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4]);
    }
}
