//! Rule 10: the log of changes alone tells where every party, every release and every place stands.

use std::collections::{BTreeMap, BTreeSet};

use antrean_store::{Fault, Tx};
use jiff::Timestamp;

use crate::rows::Rows;

#[derive(Debug)]
struct Event {
    at: i64,
    actor: String,
    actor_id: Option<i64>,
    kind: String,
    release: Option<String>,
    party: Option<i64>,
    slot: Option<i64>,
    office: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Debug)]
struct Told {
    account: i64,
    release: String,
    entry: Option<&'static str>,
    place: Option<(String, i64)>,
}

/// The log as it lies, oldest first.
pub struct Story(Vec<Event>);

impl Story {
    pub fn read(tx: &Tx<'_>) -> Result<Self, Fault> {
        let events = tx.all(
            "SELECT at_ms, actor, actor_id, kind, release_id, party_id, slot_id, office, reason FROM events ORDER BY id",
            &[],
            |row| {
                Ok(Event {
                    at: row.int(0)?,
                    actor: row.text(1)?.to_owned(),
                    actor_id: row.int_opt(2)?,
                    kind: row.text(3)?.to_owned(),
                    release: row.text_opt(4)?.map(str::to_owned),
                    party: row.int_opt(5)?,
                    slot: row.int_opt(6)?,
                    office: row.text_opt(7)?.map(str::to_owned),
                    reason: row.text_opt(8)?.map(str::to_owned),
                })
            },
        )?;
        Ok(Self(events))
    }

    /// The instants of the events never go back: as it must be where there is one clock that never does.
    pub fn assert_in_order_of_time(&self) {
        let mut before = i64::MIN;
        for event in &self.0 {
            assert!(event.at >= before, "events are in order of time: {event:?}");
            before = event.at;
        }
    }

    /// Tells the story from its beginning and compares the end with the rows. `freezes` holds when the lists become final.
    pub fn assert_explains(&self, rows: &Rows, freezes: &BTreeMap<String, i64>) {
        let mut telling = Telling { sizes: sizes(rows), ..Telling::new(freezes) };
        for event in &self.0 {
            match event.party {
                Some(party) => telling.of_party(party, event),
                None => telling.of_release(event),
            }
        }
        for (id, row) in &rows.parties {
            let told = telling.parties.get(id).unwrap_or_else(|| panic!("rule 10: nothing is told of party {id}"));
            assert_eq!((told.account, &told.release), (row.account, &row.release), "rule 10: party {id}");
            let entry = row.entry.as_ref().map(|entry| entry.state.as_str());
            // Who gets no place in a draw is told of when the draw is complete.
            let drawing = rows.releases[&row.release] == "drawing" && entry == Some("standby");
            let foretold = if drawing { Some("entered") } else { entry };
            assert_eq!(told.entry, foretold, "rule 10: the entry of party {id}");
            let place = row.place.as_ref().map(|place| (place.state.clone(), place.slot));
            assert_eq!(told.place, place, "rule 10: the place of party {id}");
        }
        assert_eq!(telling.parties.len(), rows.parties.len(), "every party that is told of is there");
        for (id, state) in &rows.releases {
            assert_eq!(telling.releases.get(id), Some(&state.as_str()), "rule 10: release {id}");
        }
        for (id, row) in &rows.slots {
            let (taken, freed) = telling.slots.get(id).copied().unwrap_or_default();
            assert_eq!((taken, freed), (row.taken.into(), row.freed.into()), "rule 10: taken and freed in slot {id}");
        }
        let waves: BTreeSet<_> = rows.waves.keys().cloned().collect();
        assert_eq!(telling.waves, waves, "rule 10: the waves that were run or missed");
        assert_eq!(telling.closed_days, rows.closed_days, "rule 10: the days that were ended");
    }
}

fn sizes(rows: &Rows) -> BTreeMap<i64, i64> {
    rows.parties.iter().map(|(id, party)| (*id, party.size.into())).collect()
}

/// What the log has told so far.
struct Telling<'a> {
    parties: BTreeMap<i64, Told>,
    releases: BTreeMap<String, &'static str>,
    /// By slot: places taken, places freed.
    slots: BTreeMap<i64, (i64, i64)>,
    waves: BTreeSet<(String, i64)>,
    closed_days: BTreeSet<(String, String)>,
    /// People of each party: the log has no number of them.
    sizes: BTreeMap<i64, i64>,
    freezes: &'a BTreeMap<String, i64>,
}

impl<'a> Telling<'a> {
    fn new(freezes: &'a BTreeMap<String, i64>) -> Self {
        Self {
            parties: BTreeMap::new(),
            releases: BTreeMap::new(),
            slots: BTreeMap::new(),
            waves: BTreeSet::new(),
            closed_days: BTreeSet::new(),
            sizes: BTreeMap::new(),
            freezes,
        }
    }

    fn slot(&mut self, slot: i64, taken: i64, freed: i64) {
        let told = self.slots.entry(slot).or_default();
        told.0 += taken;
        told.1 += freed;
    }

    fn of_party(&mut self, party: i64, event: &Event) {
        let release = event.release.clone().unwrap_or_else(|| panic!("in which release? {event:?}"));
        let size = self.sizes.get(&party).copied().unwrap_or_else(|| panic!("party {party} is not there: {event:?}"));
        let told = self.parties.entry(party).or_default();
        let slot = || event.slot.unwrap_or_else(|| panic!("at which slot? {event:?}"));
        let by_account = |told: &Told| {
            assert_eq!((event.actor.as_str(), event.actor_id), ("account", Some(told.account)), "who? {event:?}");
        };
        let by = |actor: &str| assert_eq!(event.actor, actor, "who? {event:?}");
        match event.kind.as_str() {
            "entered" => {
                let account = event.actor_id.expect("an account entered");
                *told = Told { account, release, entry: Some("entered"), place: None };
            }
            "changed" | "wished" => by_account(told),
            "withdrawn" => {
                by_account(told);
                let open = self.releases.get(&release) == Some(&"open");
                let in_time = open && told.entry == Some("entered") && event.at < self.freezes[&release];
                told.entry = Some(if in_time { "withdrawn" } else { "left" });
            }
            // An officer took a check-in back.
            "booked" if event.actor == "operator" => told.place = Some(("booked".to_owned(), slot())),
            "booked" => {
                if told.entry.is_some() {
                    by_account(told);
                    told.entry = Some("placed");
                } else {
                    let account = event.actor_id.expect("an account booked");
                    *told = Told { account, release, entry: None, place: None };
                }
                told.place = Some(("booked".to_owned(), slot()));
                self.slot(slot(), size, 0);
            }
            "drawn" => {
                by("clock");
                told.entry = Some("placed");
                told.place = Some(("booked".to_owned(), slot()));
                self.slot(slot(), size, 0);
            }
            // The place that the draw gave to somebody who had left.
            "place_left" => {
                by("clock");
                self.slot(slot(), 0, size);
            }
            "waved" => {
                by("clock");
                told.entry = told.entry.map(|_| "placed");
                let before = told.place.replace(("booked".to_owned(), slot()));
                self.slot(slot(), size, -size);
                if let Some((_, from)) = before {
                    self.slot(from, -size, size);
                }
            }
            "expired" => {
                by("clock");
                told.entry = Some("expired");
            }
            "moved" => {
                by_account(told);
                let (_, from) = told.place.replace(("booked".to_owned(), slot())).expect("who moves has a place");
                self.slot(slot(), size, 0);
                self.slot(from, -size, size);
            }
            "cancelled" | "cancelled_late" => {
                by_account(told);
                told.place = Some((event.kind.clone(), slot()));
                self.slot(slot(), -size, size);
            }
            "checked_in" | "called" | "served" => {
                by("operator");
                told.place = Some((event.kind.clone(), slot()));
            }
            "no_show" | "unrecorded" => {
                by("clock");
                told.place = Some((event.kind.clone(), slot()));
            }
            other => panic!("an event {other} that the story does not know: {event:?}"),
        }
    }

    fn of_release(&mut self, event: &Event) {
        let reason = || event.reason.clone().unwrap_or_else(|| panic!("which? {event:?}"));
        if event.kind == "day_ended" {
            assert!(self.closed_days.insert((event.office.clone().expect("an office"), reason())), "once: {event:?}");
            return;
        }
        let Some(release) = event.release.clone() else { return };
        let state = match event.kind.as_str() {
            "planned" => "planned",
            "open" => "open",
            "frozen" | "freeze_published" => "frozen",
            "beacon_given" => "drawing",
            "draw_complete" => {
                // Who was drawn has an event of their own; everybody else in the list is on standby now.
                for told in
                    self.parties.values_mut().filter(|told| told.release == release && told.entry == Some("entered"))
                {
                    told.entry = Some("standby");
                }
                "drawn"
            }
            "closed" => "closed",
            "wave_done" | "wave_missed" => {
                let at: Timestamp = reason().parse().expect("an instant");
                assert!(self.waves.insert((release, at.as_millisecond())), "each wave once: {event:?}");
                return;
            }
            "places_opened" => {
                let places: i64 = reason().parse().expect("a number");
                self.slot(event.slot.unwrap_or_else(|| panic!("at which slot? {event:?}")), 0, -places);
                return;
            }
            other => panic!("an event {other} that the story does not know: {event:?}"),
        };
        self.releases.insert(release, state);
    }
}
