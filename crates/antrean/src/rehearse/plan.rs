//! The release of a rehearsal: the coming days of service, at as many offices as give about the places that are wanted.

use antrean_app::caller::HOME_ZONE;
use antrean_crowd::dice::Dice;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::beacon::Label;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleaseId, ReleasePlan};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::release::count;
use crate::stop::Stop;

/// A week of service.
const DATES_MAX: usize = 5;
/// Days ahead in which days of service are looked for.
const DAYS_AHEAD: i64 = 30;
/// An office serves on a day on which this one does: a large one, with an ordinary week.
const OPEN_WITH: &str = "BTM";
/// No wave falls into a rehearsal: it is the farthest from now on the clock.
const WAVE_AFTER: SignedDuration = SignedDuration::from_hours(12);
/// A purpose of chance.
const OFFICES: u64 = 1 << 44;

/// What a release is wanted to be.
pub struct Wish<'a> {
    /// How it gives its places.
    pub mode: Mode,
    /// Places, as near as offices and days come to it.
    pub places: u32,
    /// Only these offices; any if empty.
    pub offices: &'a [OfficeCode],
    /// Which offices come first is chance.
    pub seed: u64,
    /// When it opens.
    pub opens: Timestamp,
    /// When its list is frozen.
    pub freeze: Timestamp,
}

/// A release as it is wanted.
pub fn plan(catalogue: &Catalogue, wish: &Wish<'_>) -> Result<ReleasePlan, Stop> {
    let wave = HOME_ZONE.local(wish.opens + WAVE_AFTER).time();
    let id = format!("RH-{}", wish.opens.strftime("%y%m%d-%H%M%S"));
    let mut plan = ReleasePlan {
        id: ReleaseId::parse(&id).map_err(|error| Stop::failed(error.to_string()))?,
        mode: wish.mode,
        opening: Opening::At(wish.opens),
        freeze: wish.freeze,
        dates: Vec::new(),
        offices: Vec::new(),
        beacon: BeaconPlan::Local { label: Label::parse("rehearsal").expect("printable ASCII") },
        choices_max: 20,
        party_max: 5,
        wave_times: vec![Time::new(wave.hour(), 0, 0, 0).expect("a whole hour")],
        waiting_room: true,
    };
    let today = HOME_ZONE.local(wish.freeze).date();
    for date in (2..DAYS_AHEAD).map(|days| today.saturating_add(days.days())) {
        if places(&plan, catalogue, code(OPEN_WITH), &[date]) == 0 {
            continue;
        }
        plan.dates.push(date);
        take_offices(&mut plan, catalogue, wish);
        let enough = count(&plan, catalogue).1 * 10 >= wish.places * 9;
        if enough || plan.dates.len() == DATES_MAX {
            break;
        }
    }
    if count(&plan, catalogue).1 == 0 {
        return Err(Stop::wrong("--offices: these offices have no places on the coming days of service"));
    }
    Ok(plan)
}

/// Takes offices, as chance has them, until there are about as many places as wanted. One that gives far too many is passed over.
fn take_offices(plan: &mut ReleasePlan, catalogue: &Catalogue, wish: &Wish<'_>) {
    if !wish.offices.is_empty() {
        plan.offices = wish.offices.to_vec();
        return;
    }
    let mut all: Vec<OfficeCode> = catalogue.offices.iter().map(|office| office.code).collect();
    let mut dice = Dice::new(wish.seed, OFFICES);
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last as u64 + 1) as usize);
    }
    plan.offices.clear();
    let mut given = 0;
    for office in all {
        let more = places(plan, catalogue, office, &plan.dates);
        let most = wish.places + wish.places / 20;
        if more > 0 && (given + more <= most || plan.offices.is_empty()) {
            plan.offices.push(office);
            given += more;
        }
        if given >= wish.places {
            return;
        }
    }
}

fn places(plan: &ReleasePlan, catalogue: &Catalogue, office: OfficeCode, dates: &[Date]) -> u32 {
    count(&ReleasePlan { offices: vec![office], dates: dates.to_vec(), ..plan.clone() }, catalogue).1
}

fn code(text: &str) -> OfficeCode {
    OfficeCode::parse(text).expect("a code of ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(places: u32, offices: &[OfficeCode], now: &str) -> (ReleasePlan, u32) {
        let catalogue = Catalogue::builtin();
        let opens: Timestamp = now.parse().unwrap();
        let freeze = opens + SignedDuration::from_mins(5);
        let plan = plan(&catalogue, &Wish { mode: Mode::Draw, places, offices, seed: 1, opens, freeze }).unwrap();
        plan.validate(&catalogue).unwrap();
        let places = count(&plan, &catalogue).1;
        (plan, places)
    }

    #[test]
    fn there_are_about_as_many_places_as_wanted() {
        for wanted in [150, 2_000, 20_000, 60_000] {
            let (plan, places) = planned(wanted, &[], "2026-11-21T21:00:00Z");
            assert!((wanted * 8 / 10..=wanted * 12 / 10).contains(&places), "{wanted}: {places}");
            assert!((1..=DATES_MAX).contains(&plan.dates.len()));
        }
    }

    #[test]
    fn the_offices_that_are_named_are_the_offices() {
        let (plan, places) = planned(100_000, &[code("BTM"), code("JAP")], "2026-11-21T21:00:00Z");
        assert_eq!((plan.offices.len(), plan.dates.len()), (2, DATES_MAX));
        assert!(places > 100);
    }

    #[test]
    fn the_release_is_good_at_any_hour_of_the_week() {
        let start: Timestamp = "2026-11-20T00:30:00Z".parse().unwrap();
        for hours in (0..7 * 24).step_by(11) {
            planned(500, &[], &(start + SignedDuration::from_hours(hours)).to_string());
        }
    }
}
