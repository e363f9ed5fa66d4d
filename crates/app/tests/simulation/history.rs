//! What really happened, in the order in which it was committed, told to the reference: acts as they were run, and between them
//! what the release clocks wrote down. Whatever the reference would not have done is a failure.

use std::collections::{BTreeMap, BTreeSet};

use antrean_app::Refusal;
use antrean_domain::appointment::AppointmentEvent;
use antrean_domain::draw::entry::EntryId;
use antrean_domain::draw::order::{OrderKey, Orderer};
use antrean_domain::draw::seed::Seed;
use antrean_domain::release::Mode;
use antrean_domain::slot::SlotKey;
use antrean_store::appointments::Source;
use antrean_store::entries::EntryState;
use antrean_store::releases::ReleaseState;
use antrean_store::{Fault, Tx, Value as Cell};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::act::Act;
use crate::node::{Attempt, Execution};
use crate::plans::LOTTERY;
use crate::reference::{Place, Reference, WavePlan, midnight, over, wave_instants};
use crate::rows::Rows;

/// Something that somebody wants done.
#[derive(Clone, Debug)]
pub enum Errand {
    /// By an account, on the session that it had when it was sent.
    Act { who: usize, session: [u8; 32], key: Option<String>, act: Act },
    /// By an officer.
    Record { link: String, event: AppointmentEvent },
    /// By the operator: the numbers of a lottery for a release.
    Beacon { release: usize, label: &'static str, file: String },
}

/// What a release clock wrote down.
#[derive(Debug)]
pub struct ClockEvent {
    id: i64,
    at: Timestamp,
    kind: String,
    release: Option<String>,
    party: Option<i64>,
    slot: Option<i64>,
    office: Option<String>,
    reason: Option<String>,
}

/// News from the store: what the clocks wrote since, every seed there is, and who has the lease.
pub struct News {
    pub last: i64,
    pub events: Vec<ClockEvent>,
    pub seeds: BTreeMap<String, [u8; 32]>,
    pub holder: Option<String>,
}

impl News {
    pub fn read(tx: &Tx<'_>, since: i64) -> Result<Self, Fault> {
        let events = tx.all(
            "SELECT id, at_ms, kind, release_id, party_id, slot_id, office, reason FROM events
             WHERE id > ?1 AND actor = 'clock' ORDER BY id",
            &[Cell::Int(since)],
            |row| {
                Ok(ClockEvent {
                    id: row.int(0)?,
                    at: row.instant(1)?,
                    kind: row.text(2)?.to_owned(),
                    release: row.text_opt(3)?.map(str::to_owned),
                    party: row.int_opt(4)?,
                    slot: row.int_opt(5)?,
                    office: row.text_opt(6)?.map(str::to_owned),
                    reason: row.text_opt(7)?.map(str::to_owned),
                })
            },
        )?;
        let last = tx.opt("SELECT id FROM events ORDER BY id DESC LIMIT 1", &[], |row| row.int(0))?;
        let seeds = tx.all("SELECT id, seed FROM releases WHERE seed IS NOT NULL", &[], |row| {
            Ok((row.text(0)?.to_owned(), row.bytes(1)?))
        })?;
        let holder =
            tx.opt("SELECT holder FROM leases WHERE name = 'release_clock'", &[], |row| Ok(row.text(0)?.to_owned()))?;
        Ok(Self { last: last.unwrap_or(0), events, seeds: seeds.into_iter().collect(), holder })
    }
}

/// An answer that must be given again to the same request.
struct Answered {
    act: Act,
    answer: Result<Value, Refusal>,
    at: Timestamp,
}

/// What a delivery must be answered, by what was committed.
enum Owed {
    /// It was run, and this came of it.
    Run(Result<Value, Refusal>),
    /// This was remembered under its key when it asked; by the time it is answered the memory may say something else, if the answer was
    /// forgotten meanwhile and the same request was run anew.
    FromMemory(Result<Value, Refusal>),
}

/// What a draw must give to one party.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    party: i64,
    rank: u32,
    place: Option<(i64, u32)>,
}

/// How much of a wave has been told; the last of its events ends it.
#[derive(Debug, Default)]
struct WaveSoFar {
    given: Vec<(i64, i64)>,
    open: BTreeMap<i64, u32>,
}

/// Answers are remembered for a day by the clock of whoever sweeps, and clocks differ by this much at most, with some to spare.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 - 5);

pub struct History {
    pub town: Reference,
    /// The last event that was told.
    pub told: i64,
    /// Releases whose frozen list is published.
    listed: BTreeSet<usize>,
    draws: BTreeMap<usize, Vec<Drawn>>,
    wave: WaveSoFar,
    /// What a release clock that is looking may have seen, with the instants on the clocks then.
    seen: Vec<(Reference, Vec<Timestamp>)>,
    /// By account and key.
    answers: BTreeMap<(i64, String), Answered>,
    /// By delivery.
    owed: BTreeMap<u64, Owed>,
    seeds: BTreeMap<String, [u8; 32]>,
}

impl History {
    /// `told` is the last event of what was there before.
    pub fn new(town: Reference, told: i64) -> Self {
        Self {
            town,
            told,
            listed: BTreeSet::new(),
            draws: BTreeMap::new(),
            wave: WaveSoFar::default(),
            seen: Vec::new(),
            answers: BTreeMap::new(),
            owed: BTreeMap::new(),
            seeds: BTreeMap::new(),
        }
    }

    /// A transaction was committed.
    pub fn committed(&mut self, errands: &BTreeMap<u64, Errand>, attempts: Vec<Attempt>, news: News) {
        self.seeds = news.seeds;
        let mut events = news.events.into_iter().peekable();
        for Attempt { delivery, execution } in attempts {
            let Some(execution) = execution else {
                self.recalled(delivery, &errands[&delivery]);
                continue;
            };
            while let Some(event) = events.next_if(|event| event.id <= execution.after_event) {
                self.by_clock(&event);
            }
            self.executed(delivery, &errands[&delivery], execution);
        }
        for event in events {
            self.by_clock(&event);
        }
        assert!(self.wave.given.is_empty() && self.wave.open.is_empty(), "half a wave was committed: {:?}", self.wave);
        self.told = news.last;
    }

    /// A release clock may look at the store as it is now.
    pub fn looked_at(&mut self, clocks: Vec<Timestamp>) {
        self.seen.push((self.town.clone(), clocks));
    }

    /// No release clock is looking.
    pub fn forget_what_was_seen(&mut self) {
        self.seen.clear();
    }

    // ---- acts ----

    fn executed(&mut self, delivery: u64, errand: &Errand, execution: Execution) {
        self.town.now = execution.now;
        let Execution { answer, now, .. } = execution;
        match errand {
            Errand::Act { who, session, key, act } => {
                let number = self.signed_in(*who, *session);
                let why = match number {
                    Some(_) => self.town.refusals(*who, act),
                    None => ["signed-out"].into(),
                };
                if let (Some(number), Some(key)) = (number, key) {
                    self.remember((number, key.clone()), act, &answer, now);
                }
                match &answer {
                    Ok(outcome) => {
                        assert!(why.is_empty(), "{act:?} of account {who} was accepted against {why:?}");
                        self.town.apply(*who, act, outcome);
                    }
                    Err(refusal) => {
                        let code = refusal.code();
                        assert!(why.contains(code), "{act:?} of {who} was refused for {refusal:?}, not {why:?}");
                    }
                }
            }
            Errand::Record { link, event } => match (&answer, self.town.record(link, *event)) {
                (Ok(state), Ok(to)) => {
                    assert_eq!(*state, to.as_str());
                    self.town.recorded(link, to);
                }
                (Err(refusal), Err(code)) if refusal.code() == code => {}
                (found, foretold) => panic!("{event:?} of {link}: found {found:?}, foretold {foretold:?}"),
            },
            Errand::Beacon { release: index, label, .. } => {
                let release = &self.town.releases[*index];
                let frozen = release.state == ReleaseState::Frozen && self.listed.contains(index);
                let waits = frozen && !release.is_over(now) && !release.is_drawn_by_itself() && *label == LOTTERY;
                match &answer {
                    Ok(_) => {
                        assert!(waits, "rule 8: a value is taken once, when the list is final");
                        self.begin_draw(*index);
                    }
                    Err(refusal) => assert!(!waits && refusal.code() == "beacon-refused", "{refusal:?}"),
                }
            }
        }
        self.owed.insert(delivery, Owed::Run(answer));
    }

    /// The account whose session this is now.
    fn signed_in(&self, who: usize, session: [u8; 32]) -> Option<i64> {
        let account = &self.town.accounts[who];
        account.number.filter(|_| account.session == Some(session))
    }

    /// A request was not run: it can only have been answered with what is remembered now, for the account that asks now.
    fn recalled(&mut self, delivery: u64, errand: &Errand) {
        let Errand::Act { who, session, key: Some(key), act } = errand else { panic!("{errand:?} has no key") };
        let Some(number) = self.signed_in(*who, *session) else { return };
        if let Some(known) = self.answers.get(&(number, key.clone())) {
            assert_eq!(known.act, *act, "keys are used once here");
            self.owed.insert(delivery, Owed::FromMemory(known.answer.clone()));
        }
    }

    fn remember(&mut self, key: (i64, String), act: &Act, answer: &Result<Value, Refusal>, now: Timestamp) {
        if let Some(before) = self.answers.get(&key) {
            let forgotten = now.duration_since(before.at).abs() >= REMEMBERED;
            assert!(forgotten, "rule 5: {act:?} under {key:?} was run twice, at {} and at {now}", before.at);
        }
        if !answer.as_ref().is_err_and(Refusal::says_come_back) {
            self.answers.insert(key, Answered { act: act.clone(), answer: answer.clone(), at: now });
        }
    }

    /// Somebody was given an answer. Rule 4: it was committed before; rule 5: it is the first one under its key. Says whether it
    /// came from memory.
    pub fn assert_answer(&self, delivery: u64, errand: &Errand, answer: &Result<Value, Refusal>) -> bool {
        match self.owed.get(&delivery) {
            Some(Owed::Run(owed)) => {
                assert_eq!(owed, answer, "rule 4: the answer to {errand:?} is not what was committed");
                false
            }
            Some(Owed::FromMemory(owed)) => {
                assert_eq!(owed, answer, "rule 5: the same request has the same answer: {errand:?}");
                true
            }
            None => panic!("rule 4: {errand:?} was answered {answer:?} but never committed"),
        }
    }

    /// Keys whose answers are still remembered, each with its act.
    pub fn remembered(&self, now: Timestamp) -> Vec<(i64, String, Act, Result<Value, Refusal>)> {
        let fresh = |answered: &&Answered| now.duration_since(answered.at).abs() < REMEMBERED;
        let answers = self.answers.iter().filter(|(_, answered)| fresh(answered));
        answers
            .map(|((account, key), known)| (*account, key.clone(), known.act.clone(), known.answer.clone()))
            .collect()
    }

    /// Whether a delivery was answered from memory.
    pub fn was_recalled(&self, delivery: u64) -> bool {
        matches!(self.owed.get(&delivery), Some(Owed::FromMemory(_)))
    }

    /// The lines of a complete draw in drawn order: entry and place.
    pub fn result_of(&self, index: usize) -> Option<Vec<(String, Option<SlotKey>)>> {
        let draw = self.draws.get(&index).filter(|_| self.town.releases[index].state >= ReleaseState::Drawn)?;
        let line = |drawn: &Drawn| {
            let id = self.town.parties[&drawn.party].entry.as_ref().expect("an entry").id.clone();
            (id, drawn.place.map(|(slot, _)| self.town.slots[&slot].key))
        };
        Some(draw.iter().map(line).collect())
    }

    // ---- the release clocks ----

    fn index_of(&self, event: &ClockEvent) -> usize {
        let id = event.release.as_deref().unwrap_or_else(|| panic!("of which release? {event:?}"));
        self.town.release_of(id).unwrap_or_else(|| panic!("release {id} was never planned"))
    }

    /// The latest instant at which a release clock may have decided on what it then wrote down: clocks are set back, too.
    fn latest(&self, event: &ClockEvent) -> Timestamp {
        self.seen.iter().flat_map(|(_, clocks)| clocks).copied().fold(event.at, Timestamp::max)
    }

    fn by_clock(&mut self, event: &ClockEvent) {
        self.town.now = event.at;
        let party = || event.party.unwrap_or_else(|| panic!("of which party? {event:?}"));
        let slot = || event.slot.unwrap_or_else(|| panic!("at which slot? {event:?}"));
        let reason = || event.reason.as_deref().unwrap_or_else(|| panic!("why? {event:?}"));
        match event.kind.as_str() {
            "open" => {
                let index = self.index_of(event);
                let opens = self.town.releases[index].first_opens();
                assert!(self.latest(event) >= opens, "opened too early: {event:?}");
                self.advance(index, ReleaseState::Planned, ReleaseState::Open);
            }
            "frozen" => {
                let index = self.index_of(event);
                let plan = &self.town.releases[index].plan;
                let due = plan.mode == Mode::Draw && self.latest(event) >= plan.freeze;
                assert!(due, "frozen too early: {event:?}");
                self.advance(index, ReleaseState::Open, ReleaseState::Frozen);
            }
            "freeze_published" => {
                let index = self.index_of(event);
                assert_eq!(self.town.releases[index].state, ReleaseState::Frozen);
                assert!(self.listed.insert(index), "rule 8: a list is frozen once: {event:?}");
            }
            "beacon_given" => {
                let index = self.index_of(event);
                let release = &self.town.releases[index];
                assert!(release.is_drawn_by_itself() && self.listed.contains(&index), "no value yet: {event:?}");
                assert!(!release.is_over(event.at), "its places cannot be used any more: {event:?}");
                self.begin_draw(index);
            }
            "drawn" => self.drawn(self.index_of(event), party(), slot(), true),
            "place_left" => self.drawn(self.index_of(event), party(), slot(), false),
            "draw_complete" => self.draw_complete(self.index_of(event)),
            "waved" => self.wave.given.push((party(), slot())),
            "places_opened" => {
                self.wave.open.insert(slot(), reason().parse().expect("a number of places"));
            }
            "wave_done" | "wave_missed" => {
                let (index, at) = (self.index_of(event), reason().parse::<Timestamp>().expect("an instant"));
                let release = &self.town.releases[index];
                let due = at <= self.latest(event) && wave_instants(&release.plan).contains(&at);
                assert!(due, "no wave was due: {event:?}");
                let placed = if event.kind == "wave_done" { self.wave_done(index, event.at) } else { 0 };
                let before = self.town.releases[index].waves.insert(at, placed);
                assert_eq!(before, None, "each wave once: {event:?}");
            }
            "day_ended" => {
                let office = event.office.as_deref().expect("an office").parse().expect("an office");
                let date: Date = reason().parse().expect("a date");
                assert!(self.latest(event) >= over(date), "the day is not over: {event:?}");
                self.town.end_day(office, date);
            }
            "no_show" | "unrecorded" => {
                let place = self.town.parties[&party()].place.as_ref().expect("a place");
                assert_eq!(place.state.as_str(), event.kind, "what becomes of {event:?}");
            }
            "expired" => {
                let party = self.town.party(party());
                let entry = party.entry.as_mut().expect("an entry");
                assert!(matches!(entry.state, EntryState::Entered | EntryState::Standby), "{event:?}");
                (entry.state, party.live) = (EntryState::Expired, false);
            }
            "closed" => {
                let index = self.index_of(event);
                let over = self.town.releases[index].is_over(self.latest(event));
                assert!(over, "closed too early: {event:?}");
                self.town.releases[index].state = ReleaseState::Closed;
            }
            // A step that another node has done meanwhile.
            "refused" => assert_eq!(event.reason.as_deref(), Some("beacon-refused"), "{event:?}"),
            other => panic!("the clock wrote {other}, which the simulation does not know: {event:?}"),
        }
    }

    fn advance(&mut self, index: usize, from: ReleaseState, to: ReleaseState) {
        let release = &mut self.town.releases[index];
        assert_eq!(release.state, from, "{} becomes {}", release.plan.id, to.as_str());
        release.state = to;
    }

    /// The randomness is there: from now on it is settled who gets what, and in which order.
    fn begin_draw(&mut self, index: usize) {
        self.advance(index, ReleaseState::Frozen, ReleaseState::Drawing);
        let seed = Seed(self.seeds[self.town.releases[index].plan.id.as_str()]);
        let orderer = Orderer::new(&seed);
        let mut order: Vec<(OrderKey, i64)> = self
            .town
            .parties
            .iter()
            .filter(|(_, party)| party.release == index)
            .filter_map(|(id, party)| Some((party.entry.as_ref()?, *id)))
            .filter(|(entry, _)| entry.state != EntryState::Withdrawn)
            .map(|(entry, id)| (orderer.key(&entry_id(&entry.id)), id))
            .collect();
        order.sort_unstable();
        let mut room: BTreeMap<i64, u32> = self.town.slots.iter().map(|(id, slot)| (*id, slot.capacity)).collect();
        let mut drawn = Vec::new();
        for ((_, party), rank) in order.into_iter().zip(1..) {
            let row = &self.town.parties[&party];
            let choices = &row.entry.as_ref().expect("an entry").choices;
            let place = self.town.first_fit(index, choices, row.size(), None, |slot, _| room[&slot]);
            if let Some((slot, _)) = place {
                *room.get_mut(&slot).expect("a slot") -= row.size();
            }
            drawn.push(Drawn { party, rank, place });
        }
        assert!(self.draws.insert(index, drawn).is_none(), "rule 8: a draw is never run a second time");
    }

    /// A place of a draw was written.
    fn drawn(&mut self, index: usize, party: i64, slot: i64, stays: bool) {
        assert_eq!(self.town.releases[index].state, ReleaseState::Drawing, "a result outside the draw");
        let drawn = self.draws[&index].iter().find(|drawn| drawn.party == party).copied().expect("a line of the draw");
        let (given, choice) = drawn.place.unwrap_or_else(|| panic!("rule 8: party {party} was drawn without a place"));
        assert_eq!(given, slot, "rule 8: the place of party {party}");
        let key = self.town.slots[&slot].key;
        let size = self.town.parties[&party].size();
        let row = self.town.slots.get_mut(&slot).expect("a slot");
        *(if stays { &mut row.taken } else { &mut row.freed }) += size;
        let party = self.town.party(party);
        assert_eq!(party.live, stays, "who has left gets no place: {drawn:?}");
        let entry = party.entry.as_mut().expect("an entry");
        assert_eq!(entry.rank.replace(drawn.rank), None, "rule 8: nobody is drawn twice: {drawn:?}");
        entry.given = Some(key);
        if stays {
            entry.state = EntryState::Placed;
            party.place = Some(Place::new(slot, Source::Draw, Some(choice)));
        }
    }

    fn draw_complete(&mut self, index: usize) {
        self.advance(index, ReleaseState::Drawing, ReleaseState::Drawn);
        for drawn in self.draws[&index].clone() {
            let entry = self.town.party(drawn.party).entry.as_mut().expect("an entry");
            match drawn.place {
                Some(_) => assert_eq!(entry.rank, Some(drawn.rank), "complete without the place of {drawn:?}"),
                None => without_a_place(entry, drawn.rank),
            }
        }
    }

    /// Who gets no place in a draw has no event of their own: what is written of them must be what the draw says.
    pub fn look_at_standby(&mut self, rows: &Rows) {
        for (index, draw) in &self.draws {
            if self.town.releases[*index].state != ReleaseState::Drawing {
                continue;
            }
            for drawn in draw.iter().filter(|drawn| drawn.place.is_none()) {
                let found = rows.parties[&drawn.party].entry.as_ref().and_then(|entry| entry.rank);
                if found.is_some() {
                    let party = self.town.parties.get_mut(&drawn.party).expect("a party");
                    without_a_place(party.entry.as_mut().expect("an entry"), drawn.rank);
                }
            }
        }
    }

    /// A wave gave what it planned when it looked, and that was right when it looked.
    fn wave_done(&mut self, index: usize, at: Timestamp) -> u32 {
        let WaveSoFar { given, open } = std::mem::take(&mut self.wave);
        for (party, slot) in &given {
            let key = self.town.slots[slot].key;
            assert!(at < midnight(key.date, key.office), "party {party} was given a place of a day that has begun");
        }
        let matches = |plan: &WavePlan| {
            plan.open == open && plan.given.iter().map(|given| (given.party, given.slot)).eq(given.iter().copied())
        };
        let now = std::iter::once((self.town.clone(), vec![at]));
        let mut views = now
            .chain(self.seen.iter().rev().cloned())
            .flat_map(|(town, clocks)| clocks.into_iter().map(move |clock| town.plan_wave_at(index, clock)));
        let Some(plan) = views.find(matches) else {
            let now = self.town.plan_wave_at(index, at);
            panic!("rule 7: a wave gave {given:?} and opened {open:?}; now it would be {now:?}");
        };
        drop(views);
        self.town.apply_wave(index, &plan);
        plan.given.len() as u32
    }
}

fn without_a_place(entry: &mut crate::reference::Entry, rank: u32) {
    assert!(entry.rank.is_none_or(|before| before == rank), "rule 8: a rank of a draw changed");
    entry.rank = Some(rank);
    if entry.state == EntryState::Entered {
        entry.state = EntryState::Standby;
    }
}

fn entry_id(hex: &str) -> EntryId {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    EntryId(std::array::from_fn(|index| byte(2 * index)))
}
