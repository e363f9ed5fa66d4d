//! Waves: the fixed times at which freed places go to those on standby, in drawn order.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::draw::entry::Choice;
use crate::office::OfficeCode;
use crate::region::Zone;
use crate::release::{Mode, ReleasePlan, booking_closes};
use crate::slot::{Places, SlotKey, WindowStart};

/// The instants of a release's waves, ascending: its wave times on every day, after the places were given out and before
/// the last date begins in the west (the latest midnight). In the east the last date may have begun by then: take only
/// slots whose [`booking_closes`] is still to come.
///
/// The plan must be valid; one that spans centuries would have as many waves.
pub fn wave_instants(plan: &ReleasePlan) -> Vec<Timestamp> {
    let Some(last) = plan.dates.last() else {
        return Vec::new();
    };
    let from = match plan.mode {
        Mode::Draw => plan.places_given_out(),
        // Who was here when the east had opened may already have cancelled.
        Mode::FirstCome => plan.opening.earliest(),
    };
    let until = booking_closes(*last, Zone::Wib);
    let first_day = Zone::Wib.local(from).date();
    first_day
        .series(1.day())
        .take_while(|day| day < last)
        .flat_map(|day| plan.wave_times.iter().map(move |time| Zone::Wib.at(day.to_datetime(*time))))
        .filter(|at| *at > from && *at < until)
        .collect()
}

/// A party on standby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting<Id> {
    /// Its place in the drawn order; the lowest is served first.
    pub rank: u64,
    /// How many places it needs, all in one slot.
    pub size: Places,
    /// What it wants, the dearest first.
    pub choices: Vec<Choice>,
    /// Who it is.
    pub id: Id,
}

/// A party that a wave gave places to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled<Id> {
    /// Who it is.
    pub id: Id,
    /// Where and when.
    pub slot: SlotKey,
    /// Which of its choices came true, from 0.
    pub choice: usize,
}

/// Gives free places to those on standby: in rank order, each takes the first of its choices in which the whole party
/// fits; a choice that leaves the date or the window open is tried by date, then by window. Who fits nowhere stays on
/// standby, and smaller parties behind may still fit. `free` holds what is left afterwards.
///
/// Stops reading `standby` as soon as no place is left.
///
/// # Panics
/// When `standby` is not in ascending order of rank: somebody would be passed over.
pub fn match_wave<Id>(
    standby: impl IntoIterator<Item = Waiting<Id>>,
    free: &mut BTreeMap<SlotKey, Places>,
) -> Vec<Filled<Id>> {
    // By office, so that the many who want an office with nothing left cost one look each.
    let mut offices: HashMap<OfficeCode, BTreeMap<(Date, WindowStart), Places>> = HashMap::new();
    let mut left = Places::NONE;
    for (key, places) in free.iter().filter(|(_, places)| !places.is_none()) {
        offices.entry(key.office).or_default().insert((key.date, key.starts), *places);
        left = left.plus(*places);
    }
    let mut filled = Vec::new();
    let mut served: Option<u64> = None;
    let mut standby = standby.into_iter();
    while !left.is_none()
        && let Some(party) = standby.next()
    {
        assert!(served < Some(party.rank), "standby must come in drawn order: rank {} after {served:?}", party.rank);
        served = Some(party.rank);
        let found = party.choices.iter().enumerate().find_map(|(place, choice)| {
            let slots = offices.get(&choice.office)?;
            let (at, _) = slots_of(choice, slots).find(|(_, places)| **places >= party.size)?;
            Some((place, SlotKey { office: choice.office, date: at.0, starts: at.1 }))
        });
        let Some((choice, slot)) = found else { continue };
        take(&mut offices, slot, party.size);
        let rest = free.get_mut(&slot).expect("every slot looked at is in the table");
        *rest = rest.take(party.size).expect("the party fits");
        left = left.take(party.size).expect("what fits in a slot fits in the sum");
        filled.push(Filled { id: party.id, slot, choice });
    }
    filled
}

/// The free slots of a choice, by date, then by window.
fn slots_of<'a>(
    choice: &'a Choice,
    slots: &'a BTreeMap<(Date, WindowStart), Places>,
) -> impl Iterator<Item = (&'a (Date, WindowStart), &'a Places)> {
    let (from, to) = choice.date.map_or((Date::MIN, Date::MAX), |date| (date, date));
    slots
        .range((from, WindowStart::FIRST)..=(to, WindowStart::LAST))
        .filter(|((date, starts), _)| choice.takes(&SlotKey { office: choice.office, date: *date, starts: *starts }))
}

fn take(offices: &mut HashMap<OfficeCode, BTreeMap<(Date, WindowStart), Places>>, slot: SlotKey, size: Places) {
    let slots = offices.get_mut(&slot.office).expect("the office has free slots");
    let places = slots.get_mut(&(slot.date, slot.starts)).expect("the slot is free");
    *places = places.take(size).expect("the party fits");
    if places.is_none() {
        slots.remove(&(slot.date, slot.starts));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Time, date, time};
    use proptest::prelude::*;

    use super::*;
    use crate::draw::beacon::{Label, QUICKNET};
    use crate::release::{BeaconPlan, Opening, ReleaseId};

    fn plan() -> ReleasePlan {
        let freeze = Zone::Wib.at(date(2026, 11, 29).at(16, 0, 0, 0));
        ReleasePlan {
            id: ReleaseId::parse("2026-W49").unwrap(),
            mode: Mode::Draw,
            opening: Opening::Local(date(2026, 11, 27).at(14, 0, 0, 0)),
            freeze,
            dates: (0..5).map(|days| date(2026, 11, 30).saturating_add(days.days())).collect(),
            offices: vec![OfficeCode::parse("BTM").unwrap()],
            beacon: BeaconPlan::Drand { chain: QUICKNET.hash, round: QUICKNET.first_round_from(freeze + 60.minutes()) },
            choices_max: 20,
            party_max: 5,
            wave_times: vec![time(9, 0, 0, 0), time(17, 0, 0, 0)],
            waiting_room: true,
        }
    }

    fn wib(day: i8, time: Time) -> Timestamp {
        let first = date(2026, 11, 1);
        Zone::Wib.at(first.saturating_add(i64::from(day - 1).days()).to_datetime(time))
    }

    #[test]
    fn waves_run_from_the_morning_after_the_draw_to_the_evening_before_the_last_day() {
        let (nine, five) = (time(9, 0, 0, 0), time(17, 0, 0, 0));
        // The beacon speaks on Sunday at 17.00, so Sunday's evening wave would find nothing drawn yet.
        let expected: Vec<Timestamp> = (30..=33).flat_map(|day| [wib(day, nine), wib(day, five)]).collect();
        assert_eq!(wave_instants(&plan()), expected);
        assert_eq!(plan().standby_ends(), wib(33, five));
    }

    #[test]
    fn with_a_beacon_of_our_own_the_evening_of_the_freeze_is_a_wave() {
        let label = Label::parse("2026-W49").unwrap();
        let plan = ReleasePlan { beacon: BeaconPlan::Local { label }, ..plan() };
        assert_eq!(wave_instants(&plan)[0], wib(29, time(17, 0, 0, 0)));
    }

    #[test]
    fn in_first_come_mode_waves_begin_with_the_opening() {
        let plan = ReleasePlan { mode: Mode::FirstCome, ..plan() };
        assert_eq!(wave_instants(&plan)[0], wib(27, time(17, 0, 0, 0)));
    }

    #[test]
    fn without_a_wave_in_time_standby_ends_with_the_freeze() {
        let plan = ReleasePlan { dates: vec![date(2026, 11, 30)], ..plan() };
        assert_eq!(wave_instants(&plan), []);
        assert_eq!(plan.standby_ends(), plan.freeze);
        assert_eq!(wave_instants(&ReleasePlan { dates: vec![], ..plan }), []);
    }

    fn key(text: &str) -> SlotKey {
        SlotKey::parse(text).unwrap()
    }

    fn party(rank: u64, size: u32, choices: &[&str]) -> Waiting<u64> {
        let choices = choices.iter().map(|text| Choice::parse(text).unwrap()).collect();
        Waiting { rank, size: Places(size), choices, id: rank }
    }

    /// Runs a wave and tells who got what, and what is left, as text.
    fn wave(free: &[(&str, u32)], standby: Vec<Waiting<u64>>) -> (Vec<String>, Vec<u32>) {
        let mut free = free.iter().map(|(text, places)| (key(text), Places(*places))).collect();
        let filled = match_wave(standby, &mut free);
        let told = filled.iter().map(|fill| format!("{} {} {}", fill.id, fill.slot, fill.choice)).collect();
        (told, free.values().map(|places| places.get()).collect())
    }

    #[test]
    fn the_first_in_drawn_order_is_served_first() {
        let free = [("BTM/2026-12-01/08:00", 1)];
        let standby = vec![party(3, 1, &["BTM/*/*"]), party(9, 1, &["BTM/2026-12-01/08:00"])];
        assert_eq!(wave(&free, standby), (vec!["3 BTM/2026-12-01/08:00 0".to_owned()], vec![0]));
    }

    #[test]
    fn an_open_choice_is_tried_by_date_and_then_by_window() {
        let free = [("BTM/2026-12-01/13:00", 1), ("BTM/2026-12-02/08:00", 1), ("BTM/2026-12-02/10:00", 1)];
        let standby =
            vec![party(1, 1, &["BTM/*/am"]), party(2, 1, &["BTM/*/*"]), party(3, 1, &["BTM/*/pm", "BTM/*/am"])];
        let expected = ["1 BTM/2026-12-02/08:00 0", "2 BTM/2026-12-01/13:00 0", "3 BTM/2026-12-02/10:00 1"];
        assert_eq!(wave(&free, standby), (expected.map(String::from).to_vec(), vec![0, 0, 0]));
    }

    #[test]
    fn a_smaller_party_behind_may_still_fit() {
        let free = [("BTM/2026-12-01/08:00", 2)];
        let standby = vec![party(1, 3, &["BTM/*/*"]), party(2, 2, &["BTM/*/*"])];
        assert_eq!(wave(&free, standby), (vec!["2 BTM/2026-12-01/08:00 0".to_owned()], vec![0]));
    }

    #[test]
    fn a_family_is_never_divided_over_two_slots() {
        let free = [("BTM/2026-12-01/08:00", 2), ("BTM/2026-12-01/09:00", 2)];
        assert_eq!(wave(&free, vec![party(1, 3, &["BTM/*/*"])]), (vec![], vec![2, 2]));
    }

    #[test]
    fn a_wave_reads_no_further_once_nothing_is_left() {
        let mut free = BTreeMap::from([(key("BTM/2026-12-01/08:00"), Places(1))]);
        let mut read = 0;
        let endless = (1..).map(|rank| party(rank, 1, &["BTM/*/*"])).inspect(|_| read += 1);
        assert_eq!(match_wave(endless, &mut free).len(), 1);
        assert_eq!(read, 1);
    }

    #[test]
    #[should_panic(expected = "drawn order")]
    fn standby_out_of_order_is_a_broken_invariant() {
        wave(&[("BTM/2026-12-01/08:00", 9)], vec![party(2, 1, &["BTM/*/*"]), party(1, 1, &["BTM/*/*"])]);
    }

    /// The rule as fairness.md section 3 says it, without any thought for speed.
    fn by_the_letter(standby: &[Waiting<u64>], free: &mut BTreeMap<SlotKey, Places>) -> Vec<Filled<u64>> {
        let mut filled = Vec::new();
        for party in standby {
            'choices: for (choice, wanted) in party.choices.iter().enumerate() {
                for (slot, places) in free.iter_mut().filter(|(slot, _)| wanted.takes(slot)) {
                    if let Some(rest) = places.take(party.size) {
                        *places = rest;
                        filled.push(Filled { id: party.id, slot: *slot, choice });
                        break 'choices;
                    }
                }
            }
        }
        filled
    }

    fn any_choice() -> impl Strategy<Value = Choice> {
        let text = (
            prop::sample::select(vec!["AA", "AA-A", "BB"]),
            prop::sample::select(vec!["*", "2026-12-01", "2026-12-02"]),
            prop::sample::select(vec!["*", "am", "pm", "08:00", "13:00"]),
        );
        text.prop_map(|(office, date, window)| Choice::parse(&format!("{office}/{date}/{window}")).unwrap())
    }

    fn any_standby() -> impl Strategy<Value = Vec<Waiting<u64>>> {
        prop::collection::vec((1..=5_u32, prop::collection::vec(any_choice(), 1..5)), 0..40).prop_map(|parties| {
            (0_u64..)
                .zip(parties)
                .map(|(rank, (size, choices))| Waiting { rank, size: Places(size), choices, id: rank })
                .collect()
        })
    }

    fn any_free() -> impl Strategy<Value = BTreeMap<SlotKey, Places>> {
        let slot = (
            prop::sample::select(vec!["AA", "AA-A", "BB"]),
            prop::sample::select(vec!["2026-12-01", "2026-12-02"]),
            prop::sample::select(vec!["08:00", "10:00", "13:00"]),
        );
        let slot = slot.prop_map(|(office, date, window)| key(&format!("{office}/{date}/{window}")));
        prop::collection::btree_map(slot, (0..8_u32).prop_map(Places), 0..18)
    }

    proptest! {
        #[test]
        fn a_wave_gives_exactly_what_the_rule_says(standby in any_standby(), free in any_free()) {
            let (mut left, mut expected_left) = (free.clone(), free);
            let expected = by_the_letter(&standby, &mut expected_left);
            prop_assert_eq!(match_wave(standby, &mut left), expected);
            prop_assert_eq!(left, expected_left);
        }

        #[test]
        fn no_place_is_given_twice_and_none_is_lost(standby in any_standby(), free in any_free()) {
            let mut left = free.clone();
            let sizes: Vec<Places> = standby.iter().map(|party| party.size).collect();
            for fill in match_wave(standby, &mut left) {
                let places = left.get_mut(&fill.slot).unwrap();
                *places = places.plus(sizes[fill.id as usize]);
            }
            prop_assert_eq!(left, free);
        }

        #[test]
        fn nobody_behind_changes_what_those_before_get(standby in any_standby(), free in any_free(), cut: prop::sample::Index) {
            let cut = cut.index(standby.len() + 1);
            let front = match_wave(standby[..cut].to_vec(), &mut free.clone());
            let all = match_wave(standby, &mut free.clone());
            prop_assert_eq!(&all[..front.len()], &front[..]);
        }
    }
}
