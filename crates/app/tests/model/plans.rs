//! The releases of a week: few places, so that not everybody gets one, and what must be there when one is planned or drawn.

use std::collections::BTreeMap;

use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::beacon::{BeaconValue, Label};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::result::{ResultFile, ResultLine};
use antrean_domain::draw::verify::verify;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleasePlan};
use antrean_domain::slot::Places;
use antrean_domain::timetable::{Exception, Timetable, Window};
use antrean_store::releases::ReleaseState;
use jiff::civil::{Date, date, time};
use jiff::{Timestamp, ToSpan};

use crate::dice::Dice;
use crate::reference::{Line, Reference, Release, Slot, clock};
use crate::rows::Rows;
use crate::stage::OFFICES;

/// The Friday on which the first release opens.
pub const FRIDAY: Date = date(2026, 11, 27);
/// Friday, 08.00 WIB.
pub const START: Timestamp = Timestamp::constant(1_795_741_200, 0);
/// Weeks that follow each other at most.
pub const RELEASES_MAX: usize = 3;
/// The manual beacon's label.
pub const LOTTERY: &str = "a-lottery";

/// Hours of each office on each date: windows with their public and priority places.
pub type Hours = BTreeMap<(OfficeCode, Date), Vec<Window>>;

fn dates_of(index: usize) -> Vec<Date> {
    let tuesday = FRIDAY.saturating_add((4 + 7 * index as i64).days());
    vec![tuesday, tuesday.saturating_add(1.day())]
}

/// Few places, so that not everybody gets one: one or two windows a day with at most two places each.
pub fn random_hours(dice: &mut Dice, catalogue: &mut Catalogue) -> Hours {
    let mut hours = BTreeMap::new();
    for code in &OFFICES[..3] {
        let office: OfficeCode = code.parse().expect("an office");
        let mut timetable = Timetable::new(Default::default(), BTreeMap::new()).expect("no hours");
        for date in (0..RELEASES_MAX).flat_map(dates_of) {
            let mut windows = Vec::new();
            for hour in [8, 13] {
                let places = [0, 0, 0, 0, 1, 2][dice.below(6)];
                // Somebody is open on every day.
                let public = if *code == "BTM" && hour == 8 { places.max(1) } else { places };
                let (priority, reserve) = (Places(dice.below(2) as u32), Places::NONE);
                if public > 0 || priority > Places::NONE {
                    let (starts, ends) = (time(hour, 0, 0, 0), time(hour + 1, 0, 0, 0));
                    windows.push(Window { starts, ends, public: Places(public), priority, reserve });
                }
            }
            timetable = timetable.with_exception(date, Some(Exception::Windows(windows.clone()))).expect("hours");
            hours.insert((office, date), windows);
        }
        catalogue.timetables.set(office, Some(timetable));
    }
    hours
}

/// The plan of the so-manieth release, counted from 0.
pub fn random_plan(dice: &mut Dice, index: usize) -> ReleasePlan {
    let friday = FRIDAY.saturating_add((7 * index as i64).days());
    let label = Label::parse(LOTTERY).expect("a label");
    ReleasePlan {
        id: format!("2026-W{}", 49 + index).parse().expect("an id"),
        mode: if dice.percent(70) { Mode::Draw } else { Mode::FirstCome },
        opening: Opening::Local(friday.to_datetime(time(14, 0, 0, 0))),
        freeze: clock(friday.saturating_add(2.days()), 16, 0, 7),
        dates: dates_of(index),
        offices: OFFICES[..3].iter().map(|code| code.parse().expect("an office")).collect(),
        beacon: if dice.percent(60) { BeaconPlan::Local { label } } else { BeaconPlan::Manual { label } },
        choices_max: 4,
        party_max: 3,
        wave_times: vec![time(9, 0, 0, 0), time(17, 0, 0, 0)],
        // The line has tests of its own; here everybody comes at once.
        waiting_room: false,
    }
}

/// Whether it is too late to plan the so-manieth release.
pub fn is_too_late(index: usize, now: Timestamp) -> bool {
    clock(FRIDAY.saturating_add((7 * index as i64).days()), 14, 1, 9) < now
}

/// Some numbers of the lottery; now and then those of another.
pub fn random_beacon(dice: &mut Dice) -> (&'static str, BeaconValue) {
    let label = if dice.percent(90) { LOTTERY } else { "another-lottery" };
    let text = format!("{:02} {:02} {:02}", dice.below(50), dice.below(50), dice.below(50));
    (label, BeaconValue::manual(Label::parse(label).expect("a label"), &text).expect("a value"))
}

impl Reference {
    /// A release was planned: its slots are those of the hours; their numbers are the store's.
    pub fn planned(&mut self, plan: ReleasePlan, hours: &Hours, found: Rows) {
        let (index, id) = (self.releases.len(), plan.id.to_string());
        let mut expected = Vec::new();
        for office in &plan.offices {
            for date in &plan.dates {
                for window in &hours[&(*office, *date)] {
                    let minute = |time: jiff::civil::Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
                    let slot = (*office, *date, minute(window.starts), minute(window.ends));
                    expected.extend((window.public > Places::NONE).then_some((slot, true, window.public.0)));
                    expected.extend((window.priority > Places::NONE).then_some((slot, false, window.priority.0)));
                }
            }
        }
        self.releases.push(Release { plan, state: ReleaseState::Planned, waves: BTreeMap::new() });
        let mut slots = Vec::new();
        for (number, row) in found.slots.into_iter().filter(|(_, row)| row.release == id) {
            let (key, ends) = (row.key, row.ends);
            let starts = i64::from(key.starts.minutes());
            slots.push(((key.office, key.date, starts, i64::from(ends)), row.public, row.capacity));
            let (public, capacity) = (row.public, row.capacity);
            self.slots.insert(number, Slot { release: index, key, ends, public, capacity, taken: 0, freed: 0 });
        }
        slots.sort_unstable();
        expected.sort_unstable();
        assert_eq!(slots, expected, "the slots of {id} are those of its offices' hours");
    }

    /// When the list of each release becomes final, by its id.
    pub fn freezes(&self) -> BTreeMap<String, i64> {
        let plans = self.releases.iter().map(|release| &release.plan);
        plans.map(|plan| (plan.id.to_string(), plan.freeze.as_millisecond())).collect()
    }

    /// Rule 7 as everybody sees it in the public state `shown`: a freed place is not there before a wave has opened it.
    pub fn assert_shown(&self, shown: &antrean_app::overview::Overview, rows: &Rows) {
        for release in &self.releases {
            let view = shown.release(&release.plan.id).expect("every release is shown");
            assert_eq!(view.state, release.state, "the state that is shown");
            let mut sum = 0;
            for slot in &view.slots {
                let left = self.left_of(slot.id.0);
                assert_eq!(slot.left, left, "rule 7: places shown of {} in {}", slot.key, view.id);
                sum += left;
            }
            assert_eq!(view.left, sum, "places shown of {}", view.id);
            let standby = rows.parties.values().filter(|party| party.release == view.id.as_str());
            let waiting = standby.filter_map(|party| party.entry.as_ref()).filter(|entry| entry.state == "standby");
            assert_eq!(view.standby() as usize, waiting.count(), "standby shown of {}", view.id);
        }
    }
}

/// The result of a draw from its published file alone, which must verify.
pub fn verified(bytes: &[u8]) -> Vec<Line> {
    let bundle = Bundle::read(bytes).expect("a bundle");
    verify(&bundle).expect("rule 8: the draw follows from what was published");
    let result = ResultFile::parse(bundle.result).expect("a result");
    let line = |line: ResultLine| Line { entry_id: antrean_app::caller::hex(&line.entry_id.0), slot: line.slot };
    result.lines().map(|found| line(found.expect("a line"))).collect()
}
