//! Rule 10: the log of changes alone tells where every party and every release stands.

use std::collections::BTreeMap;

use antrean_store::{Fault, Tx};

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
            "SELECT at_ms, actor, actor_id, kind, release_id, party_id, slot_id FROM events ORDER BY id",
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
                })
            },
        )?;
        Ok(Self(events))
    }

    /// Tells the story from its beginning and compares the end with the rows. `freezes` holds when the lists become final.
    pub fn assert_explains(&self, rows: &Rows, freezes: &BTreeMap<String, i64>) {
        let mut parties: BTreeMap<i64, Told> = BTreeMap::new();
        let mut releases: BTreeMap<String, &'static str> = BTreeMap::new();
        let mut before = i64::MIN;
        for event in &self.0 {
            assert!(event.at >= before, "events are in order of time: {event:?}");
            before = event.at;
            match event.party {
                Some(party) => of_party(&mut parties, party, event, freezes),
                None => of_release(&mut releases, &mut parties, event),
            }
        }
        for (id, row) in &rows.parties {
            let told = parties.get(id).unwrap_or_else(|| panic!("rule 10: nothing is told of party {id}"));
            assert_eq!((told.account, &told.release), (row.account, &row.release), "rule 10: party {id}");
            let entry = row.entry.as_ref().map(|entry| entry.state.as_str());
            assert_eq!(told.entry, entry, "rule 10: the entry of party {id}");
            let place = row.place.as_ref().map(|place| (place.state.clone(), place.slot));
            assert_eq!(told.place, place, "rule 10: the place of party {id}");
        }
        assert_eq!(parties.len(), rows.parties.len(), "every party that is told of is there");
        for (id, state) in &rows.releases {
            assert_eq!(releases.get(id), Some(&state.as_str()), "rule 10: release {id}");
        }
    }
}

fn of_party(parties: &mut BTreeMap<i64, Told>, party: i64, event: &Event, freezes: &BTreeMap<String, i64>) {
    let release = event.release.clone().unwrap_or_else(|| panic!("in which release? {event:?}"));
    let told = parties.entry(party).or_default();
    let slot = || event.slot.unwrap_or_else(|| panic!("at which slot? {event:?}"));
    let by_account = || {
        assert_eq!((event.actor.as_str(), event.actor_id), ("account", Some(told.account)), "who? {event:?}");
    };
    let by = |actor: &str| assert_eq!(event.actor, actor, "who? {event:?}");
    match event.kind.as_str() {
        "entered" => {
            let account = event.actor_id.expect("an account entered");
            *told = Told { account, release, entry: Some("entered"), place: None };
        }
        "changed" | "wished" => by_account(),
        "withdrawn" => {
            by_account();
            let in_time = told.entry == Some("entered") && event.at < freezes[&release];
            told.entry = Some(if in_time { "withdrawn" } else { "left" });
        }
        // An officer took a check-in back.
        "booked" if event.actor == "operator" => told.place = Some(("booked".to_owned(), slot())),
        "booked" => {
            if told.entry.is_some() {
                by_account();
                told.entry = Some("placed");
            } else {
                *told = Told { account: event.actor_id.expect("an account booked"), release, entry: None, place: None };
            }
            told.place = Some(("booked".to_owned(), slot()));
        }
        "drawn" | "waved" => {
            by("clock");
            told.entry = told.entry.map(|_| "placed");
            told.place = Some(("booked".to_owned(), slot()));
        }
        "expired" => {
            by("clock");
            told.entry = Some("expired");
        }
        "moved" => {
            by_account();
            told.place = Some(("booked".to_owned(), slot()));
        }
        "cancelled" | "cancelled_late" => {
            by_account();
            told.place = Some((event.kind.clone(), slot()));
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

fn of_release(releases: &mut BTreeMap<String, &'static str>, parties: &mut BTreeMap<i64, Told>, event: &Event) {
    let Some(release) = event.release.clone() else { return };
    let state = match event.kind.as_str() {
        "planned" => "planned",
        "open" => "open",
        "frozen" | "freeze_published" => "frozen",
        "beacon_given" => "drawing",
        "draw_complete" => {
            // Who was drawn has an event of their own; everybody else in the list is on standby now.
            for told in parties.values_mut().filter(|told| told.release == release && told.entry == Some("entered")) {
                told.entry = Some("standby");
            }
            "drawn"
        }
        "closed" => "closed",
        other => panic!("an event {other} that the story does not know: {event:?}"),
    };
    releases.insert(release, state);
}
