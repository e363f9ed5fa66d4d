//! The town as plain maps: what must happen, written down a second time without SQL, savepoints or constraints.
//!
//! [`Reference::refusals`] lists every reason against an act. Where there is none it must succeed, and
//! [`Reference::apply`] says what then is; where there are some it must be refused with one of them.

use std::collections::{BTreeMap, BTreeSet};

use antrean_domain::appointment::{AppointmentEvent, AppointmentState};
use antrean_domain::draw::entry::{Choice, WindowChoice};
use antrean_domain::keys::PersonKey;
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{BeaconPlan, Mode, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::SlotKey;
use antrean_domain::ticket::LinkId;
use antrean_store::appointments::Source;
use antrean_store::entries::EntryState;
use antrean_store::releases::ReleaseState;
use jiff::civil::{Date, time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use crate::act::{Act, Wanted};
use crate::rows::{EntryRow, PartyRow, PlaceRow, Rows, SlotRow};
use crate::stage::OFFICES;

/// Reasons against something, by the stable names of the refusals.
pub type Reasons = BTreeSet<&'static str>;

/// Somebody with a phone.
#[derive(Clone, Debug)]
pub struct Account {
    /// None while nobody has signed in with the phone.
    pub number: Option<i64>,
    pub session: Option<[u8; 32]>,
    pub consent: bool,
    pub people: Vec<Member>,
}

#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub id: i64,
    pub position: u32,
    pub nik: u32,
}

#[derive(Clone, Debug)]
pub struct Release {
    pub plan: ReleasePlan,
    pub state: ReleaseState,
    pub waves: BTreeMap<Timestamp, u32>,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub release: usize,
    pub key: SlotKey,
    pub ends: u16,
    pub public: bool,
    pub capacity: u32,
    pub taken: u32,
    pub freed: u32,
}

#[derive(Clone, Debug)]
pub struct Party {
    pub account: i64,
    pub release: usize,
    pub service: ServiceCode,
    pub passport: PassportKind,
    pub people: Vec<u32>,
    pub live: bool,
    pub entry: Option<Entry>,
    pub place: Option<Place>,
    pub wish: Option<(Timestamp, Vec<Choice>)>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub id: String,
    pub state: EntryState,
    pub choices: Vec<Choice>,
    pub rank: Option<u32>,
    pub given: Option<SlotKey>,
}

#[derive(Clone, Debug)]
pub struct Place {
    pub slot: i64,
    pub state: AppointmentState,
    pub source: Source,
    pub choice: Option<u32>,
    pub moves: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Strike {
    pub nik: u32,
    pub no_show: bool,
    pub at: Timestamp,
    pub releases: u32,
}

/// One line of a published result, in drawn order.
#[derive(Debug)]
pub struct Line {
    pub entry_id: String,
    pub slot: Option<SlotKey>,
}

/// A place that a wave gives: to whom, which of their choices it is, and for a wish the slot that is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    pub party: i64,
    pub slot: i64,
    pub choice: u32,
    pub from: Option<i64>,
}

/// What a wave does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WavePlan {
    pub given: Vec<Given>,
    /// By slot: places that become free for all.
    pub open: BTreeMap<i64, u32>,
}

#[derive(Clone)]
pub struct Reference {
    pub now: Timestamp,
    pub accounts: Vec<Account>,
    pub releases: Vec<Release>,
    pub slots: BTreeMap<i64, Slot>,
    pub parties: BTreeMap<i64, Party>,
    pub strikes: Vec<Strike>,
    pub closed_days: BTreeSet<(OfficeCode, Date)>,
    pub counts: BTreeMap<(usize, OfficeCode), (i64, i64)>,
    /// Wishes that waves have granted.
    pub granted: u32,
    persons: Vec<PersonKey>,
    links: antrean_domain::keys::Keyring,
    /// Every number an applicant ever had: none comes to mean somebody else.
    applicants: BTreeMap<i64, i64>,
    /// The id of a person's entry in a release, from the first time.
    entry_ids: BTreeMap<(usize, u32), String>,
}

/// A clock reading in a zone so many hours east of Greenwich.
pub fn clock(date: Date, hour: i8, minute: i8, east: i64) -> Timestamp {
    let there = date.to_datetime(time(hour, minute, 0, 0));
    Offset::UTC.to_timestamp(there).expect("an instant") - SignedDuration::from_hours(east)
}

/// Hours east of Greenwich at an office.
pub fn east_of(office: OfficeCode) -> i64 {
    match office.as_str() {
        "JAP" => 9,
        "SMD" | "SMD-KKR" => 8,
        _ => 7,
    }
}

pub fn midnight(date: Date, office: OfficeCode) -> Timestamp {
    clock(date, 0, 0, east_of(office))
}

/// The midnight that ends a date in the west, when it is over everywhere.
pub fn over(date: Date) -> Timestamp {
    clock(date.saturating_add(1.day()), 0, 0, 7)
}

fn offered(office: OfficeCode, service: ServiceCode, passport: PassportKind) -> bool {
    let online = matches!(service, ServiceCode::New | ServiceCode::Replacement);
    // Of these offices only Jayapura still makes ordinary passports.
    online && (passport == PassportKind::Electronic || office.as_str() == "JAP")
}

fn takes(choice: &Choice, key: &SlotKey) -> bool {
    let window = match choice.window {
        WindowChoice::Any => true,
        WindowChoice::Morning => key.starts.minutes() < 720,
        WindowChoice::Afternoon => key.starts.minutes() >= 720,
        WindowChoice::Start(starts) => starts == key.starts,
    };
    choice.office == key.office && choice.date.is_none_or(|date| date == key.date) && window
}

/// Where an appointment goes from a state; everything else is not allowed.
pub fn after(state: AppointmentState, event: AppointmentEvent) -> Option<AppointmentState> {
    use AppointmentEvent as On;
    use AppointmentState as Is;
    Some(match (state, event) {
        (Is::Booked, On::CheckIn) | (Is::Called, On::Park) => Is::CheckedIn,
        (Is::CheckedIn, On::UndoCheckIn) => Is::Booked,
        (Is::CheckedIn | Is::Called, On::Call) => Is::Called,
        (Is::CheckedIn | Is::Called, On::Serve) => Is::Served,
        _ => return None,
    })
}

/// The wave times of a plan: those of every day after the places were given out and before the last date.
pub fn wave_instants(plan: &ReleasePlan) -> Vec<Timestamp> {
    let from = match plan.mode {
        Mode::Draw => plan.freeze,
        // The west opens last.
        Mode::FirstCome => clock(opening(plan), 12, 0, 7),
    };
    let last = *plan.dates.last().expect("dates");
    let mut instants = Vec::new();
    let mut day = opening(plan);
    while day < last {
        for time in &plan.wave_times {
            instants.push(clock(day, time.hour(), time.minute(), 7));
        }
        day = day.saturating_add(1.day());
    }
    instants.retain(|at| *at > from);
    instants
}

/// The Friday on which a plan opens.
fn opening(plan: &ReleasePlan) -> Date {
    match plan.opening {
        antrean_domain::release::Opening::Local(at) => at.date(),
        antrean_domain::release::Opening::At(_) => unreachable!("the model's releases open by the clocks of each zone"),
    }
}

impl Release {
    /// 14.00 on the clocks of a zone.
    pub fn opens(&self, east: i64) -> Timestamp {
        clock(opening(&self.plan), 14, 0, east)
    }

    /// 14.00 in the east.
    pub fn first_opens(&self) -> Timestamp {
        self.opens(9)
    }

    pub fn is_open(&self) -> bool {
        self.state == ReleaseState::Open
    }

    pub fn is_drawn_by_itself(&self) -> bool {
        matches!(self.plan.beacon, BeaconPlan::Local { .. })
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        self.plan.dates.last().is_some_and(|last| now >= over(*last))
    }

    pub fn last_wave(&self) -> Timestamp {
        wave_instants(&self.plan).last().copied().expect("waves")
    }

    fn given_out(&self) -> bool {
        match self.plan.mode {
            Mode::Draw => self.state == ReleaseState::Drawn,
            Mode::FirstCome => self.state == ReleaseState::Open,
        }
    }
}

impl Slot {
    fn window_ends(&self) -> Timestamp {
        midnight(self.key.date, self.key.office) + SignedDuration::from_mins(i64::from(self.ends))
    }
}

impl Party {
    pub fn size(&self) -> u32 {
        self.people.len() as u32
    }
}

// ---- looking ----

impl Reference {
    pub fn new(
        now: Timestamp,
        accounts: Vec<Account>,
        persons: Vec<PersonKey>,
        keys: antrean_domain::keys::Keyring,
    ) -> Self {
        let applicants = accounts
            .iter()
            .flat_map(|account| account.people.iter().map(|member| (member.id, account.number.unwrap_or_default())))
            .collect();
        Self {
            now,
            accounts,
            releases: Vec::new(),
            slots: BTreeMap::new(),
            parties: BTreeMap::new(),
            strikes: Vec::new(),
            closed_days: BTreeSet::new(),
            counts: BTreeMap::new(),
            granted: 0,
            persons,
            links: keys,
            applicants,
            entry_ids: BTreeMap::new(),
        }
    }

    pub fn link(&self, party: i64) -> String {
        LinkId::of(party as u64, self.links.link_key()).to_string()
    }

    pub fn party_of(&self, link: &str) -> Option<i64> {
        self.parties.keys().copied().find(|id| self.link(*id) == link)
    }

    fn own(&self, link: &str, account: i64) -> Option<(i64, &Party)> {
        let id = self.party_of(link)?;
        Some((id, &self.parties[&id])).filter(|(_, party)| party.account == account)
    }

    /// The account's live party.
    pub fn live_of(&self, account: i64) -> Option<i64> {
        self.parties.iter().find(|(_, party)| party.live && party.account == account).map(|(id, _)| *id)
    }

    fn is_live(&self, nik: u32, but: Option<i64>) -> bool {
        self.parties.iter().any(|(id, party)| party.live && Some(*id) != but && party.people.contains(&nik))
    }

    pub fn release_of(&self, id: &str) -> Option<usize> {
        self.releases.iter().position(|release| release.plan.id.as_str() == id)
    }

    /// Places of a slot that anybody can take now.
    pub fn left_of(&self, id: i64) -> u32 {
        let slot = &self.slots[&id];
        let release = &self.releases[slot.release];
        let open = slot.public
            && release.given_out()
            && self.now < midnight(slot.key.date, slot.key.office)
            && self.now >= release.opens(east_of(slot.key.office));
        if open { slot.capacity - slot.taken - slot.freed } else { 0 }
    }

    fn niks(&self, who: usize, people: &[i64]) -> Vec<u32> {
        let known = &self.accounts[who].people;
        people.iter().filter_map(|id| known.iter().find(|member| member.id == *id)).map(|member| member.nik).collect()
    }

    /// Every instant at which something begins or ends, in order.
    pub fn instants(&self) -> BTreeSet<Timestamp> {
        let mut all = BTreeSet::new();
        for release in &self.releases {
            all.extend([7, 8, 9].map(|east| release.opens(east)));
            all.insert(release.plan.freeze);
            all.extend(wave_instants(&release.plan));
            for date in &release.plan.dates {
                for office in &release.plan.offices {
                    all.insert(midnight(*date, *office));
                }
                all.insert(over(*date));
            }
        }
        all.extend(self.slots.values().map(Slot::window_ends));
        all
    }

    /// How the store's rows must look.
    pub fn rows(&self) -> Rows {
        let release = |index: usize| self.releases[index].plan.id.to_string();
        Rows {
            releases: self.releases.iter().map(|of| (of.plan.id.to_string(), of.state.as_str().to_owned())).collect(),
            slots: self.slots.iter().map(|(id, slot)| (*id, self.slot_row(slot))).collect(),
            parties: self.parties.iter().map(|(id, party)| (*id, self.party_row(party))).collect(),
            sessions: self
                .accounts
                .iter()
                .filter_map(|account| Some((account.number?, self.links.session_hash(&account.session?))))
                .collect(),
            applicants: self
                .accounts
                .iter()
                .flat_map(|account| account.people.iter().map(move |member| (account.number, member)))
                .filter_map(|(number, member)| {
                    Some(((number?, member.position), (member.id, self.persons[member.nik as usize].0)))
                })
                .collect(),
            strikes: self.strike_rows(),
            waves: self
                .releases
                .iter()
                .flat_map(|of| {
                    of.waves.iter().map(|(at, placed)| ((of.plan.id.to_string(), at.as_millisecond()), *placed))
                })
                .collect(),
            closed_days: self
                .closed_days
                .iter()
                .map(|(office, date)| (office.as_str().to_owned(), date.to_string()))
                .collect(),
            counts: self
                .counts
                .iter()
                .map(|((index, office), count)| ((release(*index), office.as_str().to_owned()), *count))
                .collect(),
        }
    }

    fn slot_row(&self, slot: &Slot) -> SlotRow {
        SlotRow {
            release: self.releases[slot.release].plan.id.to_string(),
            key: slot.key,
            ends: slot.ends,
            public: slot.public,
            capacity: slot.capacity,
            taken: slot.taken,
            freed: slot.freed,
            closed: false,
        }
    }

    fn party_row(&self, party: &Party) -> PartyRow {
        PartyRow {
            account: party.account,
            release: self.releases[party.release].plan.id.to_string(),
            wanted: (party.service, party.passport),
            size: party.size(),
            live: party.live,
            people: party.people.iter().map(|nik| self.persons[*nik as usize].0).collect(),
            entry: party.entry.as_ref().map(|entry| EntryRow {
                id: entry.id.clone(),
                state: entry.state.as_str().to_owned(),
                choices: entry.choices.clone(),
                rank: entry.rank,
                given: entry.given,
            }),
            place: party.place.as_ref().map(|place| PlaceRow {
                slot: place.slot,
                state: place.state.as_str().to_owned(),
                source: place.source.as_str().to_owned(),
                choice: place.choice,
                moves: place.moves,
            }),
            wish: party.wish.as_ref().map(|(_, choices)| choices.clone()),
        }
    }

    fn strike_rows(&self) -> Vec<([u8; 16], String, i64, u32)> {
        let kind = |strike: &Strike| if strike.no_show { "no_show" } else { "late_cancellation" };
        let mut rows: Vec<_> = self
            .strikes
            .iter()
            .map(|strike| {
                let person = self.persons[strike.nik as usize].0;
                (person, kind(strike).to_owned(), strike.at.as_millisecond(), strike.releases)
            })
            .collect();
        rows.sort_unstable();
        rows
    }
}

// ---- what speaks against an act ----

impl Reference {
    /// Every reason against an act of a signed-in account.
    pub fn refusals(&self, who: usize, act: &Act) -> Reasons {
        let account = self.accounts[who].number.expect("signed in");
        let mut why = Reasons::new();
        match act {
            Act::Enter { release, wanted, choices } => match self.release_of(release) {
                None => why.extend(["release-unknown"]),
                Some(release) => {
                    self.against_entering(&mut why, release);
                    self.against_people(&mut why, who, release, &wanted.people);
                    self.against_choices(&mut why, release, wanted, wanted.people.len(), choices);
                    self.against_zones(&mut why, release, choices);
                    self.against_being_live(&mut why, account, &self.niks(who, &wanted.people), None);
                }
            },
            Act::Change { link, wanted, choices } => {
                let Some((id, party, entry)) =
                    self.own(link, account).and_then(|(id, party)| Some((id, party, party.entry.as_ref()?)))
                else {
                    return ["entry-unknown"].into();
                };
                self.against_entering(&mut why, party.release);
                self.against_people(&mut why, who, party.release, &wanted.people);
                self.against_choices(&mut why, party.release, wanted, wanted.people.len(), choices);
                self.against_zones(&mut why, party.release, choices);
                if entry.state != EntryState::Entered {
                    why.insert("entry-final");
                }
                if self.niks(who, &wanted.people).iter().any(|nik| self.is_live(*nik, Some(id))) {
                    why.insert("person-already-live");
                }
            }
            Act::Withdraw { link } => match self.own(link, account).and_then(|(_, party)| party.entry.as_ref()) {
                None => why.extend(["entry-unknown"]),
                Some(entry) if !matches!(entry.state, EntryState::Entered | EntryState::Standby) => {
                    why.insert("entry-final");
                }
                Some(_) => {}
            },
            Act::Book { slot, wanted } => {
                let size = wanted.people.len() as u32;
                let Some(slot) = self.against_slot(&mut why, *slot, size, wanted.service, wanted.passport) else {
                    return why;
                };
                self.against_people(&mut why, who, slot.release, &wanted.people);
                self.against_being_live(&mut why, account, &self.niks(who, &wanted.people), None);
            }
            Act::BookOnStandby { slot } => self.against_standby(&mut why, account, *slot),
            Act::Cancel { link } => match self.held(link, account) {
                None => why.extend(["ticket-unknown"]),
                Some((_, place)) => {
                    if place.state != AppointmentState::Booked || self.now >= self.slots[&place.slot].window_ends() {
                        why.insert("not-possible-now");
                    }
                }
            },
            Act::Move { link, slot } => match self.held(link, account) {
                None => why.extend(["ticket-unknown"]),
                Some((party, place)) => {
                    self.against_moving(&mut why, place);
                    if *slot == place.slot {
                        why.insert("same-slot");
                    }
                    self.against_slot(&mut why, *slot, party.size(), party.service, party.passport);
                    if self.slots.get(slot).is_some_and(|to| to.release != party.release) {
                        why.insert("other-release");
                    }
                }
            },
            Act::Wish { link, choices } => match self.held(link, account) {
                None => why.extend(["ticket-unknown"]),
                Some((party, place)) => {
                    self.against_moving(&mut why, place);
                    if !choices.is_empty() {
                        let wanted = Wanted { people: Vec::new(), service: party.service, passport: party.passport };
                        self.against_choices(&mut why, party.release, &wanted, party.people.len(), choices);
                    }
                }
            },
            Act::StateSelf { .. } | Act::AddFamily { .. } | Act::RemoveFamily { .. } => {
                self.against_stating(&mut why, who, account, act);
            }
            Act::Forget => {
                if self.live_of(account).is_some() {
                    why.insert("in-live-party");
                }
            }
            Act::SaveDraft { .. } | Act::SetLanguage | Act::SignOut => {}
        }
        why
    }

    fn held(&self, link: &str, account: i64) -> Option<(&Party, &Place)> {
        let (_, party) = self.own(link, account)?;
        Some((party, party.place.as_ref()?))
    }

    fn against_entering(&self, why: &mut Reasons, release: usize) {
        let release = &self.releases[release];
        if release.plan.mode != Mode::Draw {
            why.insert("other-mode");
        }
        if self.now >= release.plan.freeze || !matches!(release.state, ReleaseState::Planned | ReleaseState::Open) {
            why.insert("entries-closed");
        }
        if self.now < release.first_opens() || release.state == ReleaseState::Planned {
            why.insert("not-open");
        }
    }

    fn against_people(&self, why: &mut Reasons, who: usize, release: usize, people: &[i64]) {
        let niks = self.niks(who, people);
        if people.is_empty() {
            why.insert("nobody-chosen");
        }
        if people.len() > usize::from(self.releases[release].plan.party_max) {
            why.insert("party-too-large");
        }
        if self.accounts[who].people.is_empty() {
            why.insert("details-missing");
        }
        if niks.len() != people.len() {
            why.insert("person-unknown");
        }
        if (1..niks.len()).any(|at| niks[..at].contains(&niks[at])) {
            why.insert("person-twice");
        }
        if niks.iter().any(|nik| self.rests(*nik, release)) {
            why.insert("person-rests");
        }
    }

    /// Whether a release is one of those that a person sits out: the first so many that open after a strike.
    fn rests(&self, nik: u32, release: usize) -> bool {
        let opens = self.releases[release].first_opens();
        self.strikes.iter().filter(|strike| strike.nik == nik && strike.at < opens).any(|strike| {
            let since = self.releases.iter().map(Release::first_opens).filter(|at| *at > strike.at && *at <= opens);
            since.count() <= strike.releases as usize
        })
    }

    fn against_being_live(&self, why: &mut Reasons, account: i64, niks: &[u32], but: Option<i64>) {
        if self.live_of(account).is_some() {
            why.insert("already-live");
        }
        if niks.iter().any(|nik| self.is_live(*nik, but)) {
            why.insert("person-already-live");
        }
    }

    fn against_choices(&self, why: &mut Reasons, release: usize, wanted: &Wanted, size: usize, choices: &[Choice]) {
        if choices.is_empty() {
            why.insert("no-choice");
        }
        if choices.len() > usize::from(self.releases[release].plan.choices_max) {
            why.insert("too-many-choices");
        }
        for (index, choice) in choices.iter().enumerate() {
            if choices[..index].contains(choice) {
                why.insert("choice-twice");
            }
            if !OFFICES.contains(&choice.office.as_str()) {
                why.insert("office-unknown");
                continue;
            }
            let public = |slot: &&Slot| slot.release == release && slot.public;
            if !self.slots.values().filter(public).any(|slot| slot.key.office == choice.office) {
                why.insert("office-not-in-release");
                continue;
            }
            let largest = self
                .slots
                .values()
                .filter(public)
                .filter(|slot| takes(choice, &slot.key))
                .map(|slot| slot.capacity)
                .max();
            match largest {
                None => why.insert("nothing-matches"),
                Some(largest) => (largest as usize) < size && why.insert("never-fits"),
            };
            if !offered(choice.office, wanted.service, wanted.passport) {
                why.insert("not-offered");
            }
        }
    }

    fn against_zones(&self, why: &mut Reasons, release: usize, choices: &[Choice]) {
        let known = choices.iter().filter(|choice| OFFICES.contains(&choice.office.as_str()));
        if known.into_iter().any(|choice| self.now < self.releases[release].opens(east_of(choice.office))) {
            why.insert("not-open");
        }
    }

    fn against_slot(
        &self,
        why: &mut Reasons,
        slot: i64,
        size: u32,
        service: ServiceCode,
        passport: PassportKind,
    ) -> Option<&Slot> {
        let Some(slot) = self.slots.get(&slot).filter(|slot| slot.public) else {
            why.insert("slot-unknown");
            return None;
        };
        let release = &self.releases[slot.release];
        if self.now >= midnight(slot.key.date, slot.key.office) {
            why.insert("booking-closed");
        }
        match (release.plan.mode, release.state) {
            (_, ReleaseState::Planned) => {
                why.insert("not-open");
            }
            (Mode::FirstCome, ReleaseState::Open) => {
                if self.now < release.opens(east_of(slot.key.office)) {
                    why.insert("not-open");
                }
            }
            (Mode::Draw, ReleaseState::Open | ReleaseState::Frozen | ReleaseState::Drawing) => {
                why.insert("not-drawn-yet");
            }
            (Mode::Draw, ReleaseState::Drawn) => {}
            _ => {
                why.insert("booking-closed");
            }
        }
        if !offered(slot.key.office, service, passport) {
            why.insert("not-offered");
        }
        // Freed places are not there (rule 7).
        if slot.taken + slot.freed + size > slot.capacity {
            why.insert("full");
        }
        Some(slot)
    }

    fn against_standby(&self, why: &mut Reasons, account: i64, slot: i64) {
        let party = self.live_of(account).map(|id| &self.parties[&id]);
        let (size, service, passport) = party.map_or((1, ServiceCode::New, PassportKind::Electronic), |party| {
            (party.size(), party.service, party.passport)
        });
        let Some(slot) = self.against_slot(why, slot, size, service, passport) else { return };
        match party.filter(|party| party.release == slot.release) {
            None => why.insert("entry-unknown"),
            Some(party) => {
                let waits = party.entry.as_ref().is_some_and(|entry| entry.state == EntryState::Standby);
                !waits && why.insert("entry-final")
            }
        };
    }

    fn against_moving(&self, why: &mut Reasons, place: &Place) {
        if place.state != AppointmentState::Booked {
            why.insert("not-possible-now");
        }
        if place.moves > 0 {
            why.insert("moved-already");
        }
        let held = &self.slots[&place.slot].key;
        if self.now >= midnight(held.date, held.office) {
            why.insert("too-late");
        }
    }

    fn against_stating(&self, why: &mut Reasons, who: usize, account: i64, act: &Act) {
        let people = &self.accounts[who].people;
        match act {
            Act::StateSelf { nik, adult, consent } => {
                if !consent && !self.accounts[who].consent {
                    why.insert("consent-missing");
                }
                if !adult {
                    why.insert("underage");
                }
                if self.live_of(account).is_some() {
                    why.insert("in-live-party");
                }
                if people.iter().any(|member| member.position > 0 && member.nik == *nik) {
                    why.insert("already-in-family");
                }
            }
            Act::AddFamily { nik } => {
                if people.is_empty() {
                    why.insert("details-missing");
                }
                if people.iter().any(|member| member.nik == *nik) {
                    why.insert("already-in-family");
                }
                if people.len() == 5 {
                    why.insert("family-full");
                }
            }
            Act::RemoveFamily { person } => match people.iter().find(|member| member.id == *person) {
                Some(member) if member.position > 0 => {
                    let live = self.live_of(account).map(|id| &self.parties[&id]);
                    if live.is_some_and(|party| party.people.contains(&member.nik)) {
                        why.insert("in-live-party");
                    }
                }
                _ => why.extend(["person-unknown"]),
            },
            _ => unreachable!("only statements about people"),
        }
    }
}

// ---- what an act does ----

impl Reference {
    /// An act succeeded with this answer.
    pub fn apply(&mut self, who: usize, act: &Act, answer: &Value) {
        let account = self.accounts[who].number.expect("signed in");
        match act {
            Act::Enter { release, wanted, choices } => {
                let release = self.release_of(release).expect("known");
                let entry = self.entry(answer, who, release, wanted, choices);
                self.count(release, choices, 1, wanted.people.len());
                let party = self.new_party(account, who, release, wanted);
                self.add(answer, Party { entry: Some(entry), ..party });
            }
            Act::Change { link, wanted, choices } => {
                let id = self.party_of(link).expect("known");
                let release = self.parties[&id].release;
                let before = self.parties[&id].entry.as_ref().expect("an entry").choices.clone();
                self.count(release, &before, -1, self.parties[&id].people.len());
                self.count(release, choices, 1, wanted.people.len());
                let entry = self.entry(answer, who, release, wanted, choices);
                let party = self.new_party(account, who, release, wanted);
                self.parties.insert(id, Party { entry: Some(entry), ..party });
            }
            Act::Withdraw { link } => self.withdraw(self.party_of(link).expect("known")),
            Act::Book { slot, wanted } => {
                let release = self.slots[slot].release;
                let source = match self.releases[release].plan.mode {
                    Mode::Draw => Source::Leftover,
                    Mode::FirstCome => Source::FirstCome,
                };
                let party = self.new_party(account, who, release, wanted);
                self.take(*slot, party.size());
                self.add(answer, Party { place: Some(Place::new(*slot, source, None)), ..party });
            }
            Act::BookOnStandby { slot } => {
                let id = self.live_of(account).expect("a live party");
                self.take(*slot, self.parties[&id].size());
                let party = self.party(id);
                party.entry.as_mut().expect("an entry").state = EntryState::Placed;
                party.place = Some(Place::new(*slot, Source::Leftover, None));
            }
            Act::Cancel { link } => self.cancel(self.party_of(link).expect("known")),
            Act::Move { link, slot } => {
                let id = self.party_of(link).expect("known");
                self.take(*slot, self.parties[&id].size());
                self.move_place(id, *slot);
            }
            Act::Wish { link, choices } => {
                let (id, now) = (self.party_of(link).expect("known"), self.now);
                self.party(id).wish = (!choices.is_empty()).then(|| (now, choices.clone()));
            }
            Act::StateSelf { nik, .. } => {
                let id = answer["people"][0]["id"].as_i64().expect("an id");
                self.accounts[who].consent = true;
                let people = &mut self.accounts[who].people;
                match people.first_mut() {
                    Some(holder) => {
                        assert_eq!(holder.id, id, "the holder keeps the number");
                        holder.nik = *nik;
                    }
                    None => self.new_member(who, account, Member { id, position: 0, nik: *nik }),
                }
            }
            Act::AddFamily { nik } => {
                let known: Vec<i64> = self.accounts[who].people.iter().map(|member| member.id).collect();
                let people = answer["people"].as_array().expect("people");
                let number = |of: &Value, name: &str| of[name].as_i64().expect("a number");
                let new: Vec<&Value> = people.iter().filter(|one| !known.contains(&number(one, "id"))).collect();
                assert_eq!(new.len(), 1, "one more person: {known:?}, then {people:?}");
                let (id, position) = (number(new[0], "id"), number(new[0], "position") as u32);
                self.new_member(who, account, Member { id, position, nik: *nik });
            }
            Act::RemoveFamily { person } => self.accounts[who].people.retain(|member| member.id != *person),
            Act::SignOut => self.accounts[who].session = None,
            Act::Forget => {
                self.accounts[who] = Account { number: None, session: None, consent: false, people: Vec::new() };
            }
            Act::SaveDraft { .. } | Act::SetLanguage => {}
        }
    }

    fn new_member(&mut self, who: usize, account: i64, member: Member) {
        let before = self.applicants.insert(member.id, account);
        assert_eq!(before, None, "the number {} of an applicant now means another person", member.id);
        let people = &mut self.accounts[who].people;
        people.push(member);
        people.sort_by_key(|member| member.position);
    }

    pub fn party(&mut self, id: i64) -> &mut Party {
        self.parties.get_mut(&id).expect("a known party")
    }

    fn new_party(&self, account: i64, who: usize, release: usize, wanted: &Wanted) -> Party {
        Party {
            account,
            release,
            service: wanted.service,
            passport: wanted.passport,
            people: self.niks(who, &wanted.people),
            live: true,
            entry: None,
            place: None,
            wish: None,
        }
    }

    fn add(&mut self, answer: &Value, party: Party) {
        let link = answer["link"].as_str().expect("a link");
        let id = LinkId::verify(link, self.links.link_key()).expect("our own link") as i64;
        assert!(self.parties.insert(id, party).is_none(), "party {id} was there before");
    }

    fn entry(&mut self, answer: &Value, who: usize, release: usize, wanted: &Wanted, choices: &[Choice]) -> Entry {
        let id = answer["entry_id"].as_str().expect("an id").to_owned();
        let first = self.niks(who, &wanted.people)[0];
        let known = self.entry_ids.entry((release, first)).or_insert_with(|| id.clone());
        assert_eq!(*known, id, "entering again, or changing, is no second draw");
        Entry { id, state: EntryState::Entered, choices: choices.to_vec(), rank: None, given: None }
    }

    fn count(&mut self, release: usize, choices: &[Choice], entries: i64, people: usize) {
        let count = self.counts.entry((release, choices[0].office)).or_default();
        count.0 += entries;
        count.1 += entries * people as i64;
    }

    fn withdraw(&mut self, id: i64) {
        let party = &self.parties[&id];
        let (release, size) = (party.release, party.people.len());
        let entry = party.entry.as_ref().expect("an entry");
        let in_time = entry.state == EntryState::Entered
            && self.releases[release].is_open()
            && self.now < self.releases[release].plan.freeze;
        if in_time {
            let choices = entry.choices.clone();
            self.count(release, &choices, -1, size);
        }
        let party = self.party(id);
        party.live = false;
        let state = if in_time { EntryState::Withdrawn } else { EntryState::Left };
        party.entry.as_mut().expect("an entry").state = state;
    }

    fn cancel(&mut self, id: i64) {
        let party = &self.parties[&id];
        let slot = party.place.as_ref().expect("a place").slot;
        let size = party.size();
        let held = self.slots[&slot].key;
        let late = self.now >= midnight(held.date, held.office);
        if late {
            self.strike(&party.people.clone(), false);
        }
        let row = self.slots.get_mut(&slot).expect("a slot");
        row.taken -= size;
        row.freed += size;
        let party = self.party(id);
        party.live = false;
        party.wish = None;
        let state = if late { AppointmentState::CancelledLate } else { AppointmentState::Cancelled };
        party.place.as_mut().expect("a place").state = state;
    }

    pub fn take(&mut self, slot: i64, size: u32) {
        self.slots.get_mut(&slot).expect("a slot").taken += size;
    }

    /// The place in the new slot is taken already.
    fn move_place(&mut self, id: i64, to: i64) {
        let size = self.parties[&id].size();
        let party = self.party(id);
        party.wish = None;
        let place = party.place.as_mut().expect("a place");
        place.moves += 1;
        let from = std::mem::replace(&mut place.slot, to);
        let left = self.slots.get_mut(&from).expect("a slot");
        left.taken -= size;
        left.freed += size;
    }

    fn strike(&mut self, niks: &[u32], no_show: bool) {
        for nik in niks {
            let half_a_year = SignedDuration::from_hours(180 * 24);
            let again = self.strikes.iter().any(|strike| {
                // A late cancellation never makes a no-show graver.
                let counts = strike.no_show || !no_show;
                strike.nik == *nik && counts && self.now.duration_since(strike.at) <= half_a_year
            });
            let releases = u32::from(no_show) + u32::from(again);
            self.strikes.push(Strike { nik: *nik, no_show, at: self.now, releases });
        }
    }

    /// What speaks against recording something at the office, and what comes of it.
    pub fn record(&self, link: &str, event: AppointmentEvent) -> Result<AppointmentState, &'static str> {
        let place = self.party_of(link).and_then(|id| self.parties[&id].place.as_ref()).ok_or("ticket-unknown")?;
        after(place.state, event).ok_or("not-possible-now")
    }

    /// Live parties whose day has begun.
    pub fn expected_today(&self) -> Vec<i64> {
        let begun = |party: &Party| {
            let key = party.place.as_ref().map(|place| self.slots[&place.slot].key);
            key.is_some_and(|key| self.now >= midnight(key.date, key.office))
        };
        self.parties.iter().filter(|(_, party)| party.live && begun(party)).map(|(id, _)| *id).collect()
    }

    pub fn recorded(&mut self, link: &str, to: AppointmentState) {
        let id = self.party_of(link).expect("known");
        let party = self.party(id);
        party.place.as_mut().expect("a place").state = to;
        if to == AppointmentState::Served {
            party.live = false;
            party.wish = None;
        }
    }
}

impl Place {
    pub fn new(slot: i64, source: Source, choice: Option<u32>) -> Self {
        Self { slot, state: AppointmentState::Booked, source, choice, moves: 0 }
    }
}

// ---- what the clock does ----

impl Reference {
    /// The releases that a look of the clock will draw now.
    pub fn draw_due(&self) -> Vec<usize> {
        let due = |release: &Release| {
            let by_itself = release.is_drawn_by_itself() && !release.is_over(self.now);
            release.plan.mode == Mode::Draw
                && match release.state {
                    ReleaseState::Drawing => true,
                    ReleaseState::Frozen => by_itself,
                    ReleaseState::Planned | ReleaseState::Open => by_itself && self.now >= release.plan.freeze,
                    ReleaseState::Drawn | ReleaseState::Closed => false,
                }
        };
        (0..self.releases.len()).filter(|index| due(&self.releases[*index])).collect()
    }

    /// One look of the release clock; `drawn` holds what was published of the releases that were due.
    pub fn tick(&mut self, drawn: &BTreeMap<usize, Vec<Line>>) {
        for index in 0..self.releases.len() {
            self.step(index, drawn);
        }
    }

    fn step(&mut self, index: usize, drawn: &BTreeMap<usize, Vec<Line>>) {
        let now = self.now;
        let release = &mut self.releases[index];
        if release.state == ReleaseState::Planned && now >= release.first_opens() {
            release.state = ReleaseState::Open;
        }
        if release.plan.mode == Mode::Draw && release.state == ReleaseState::Open && now >= release.plan.freeze {
            release.state = ReleaseState::Frozen;
        }
        if let Some(lines) = drawn.get(&index) {
            release.state = ReleaseState::Drawn;
            self.draw(index, lines);
        }
        let release = &self.releases[index];
        let ended = release.is_over(now);
        if release.plan.mode == Mode::Draw && release.state == ReleaseState::Frozen && ended {
            // It was not drawn in time: whoever entered is free again.
            self.end_waiting(index);
            self.releases[index].state = ReleaseState::Closed;
        }
        if !self.releases[index].given_out() {
            return;
        }
        let release = &self.releases[index];
        let done = |at: &Timestamp| release.waves.contains_key(at);
        let due: Vec<Timestamp> =
            wave_instants(&release.plan).into_iter().filter(|at| *at <= now && !done(at)).collect();
        if let Some(newest) = due.last() {
            let placed = self.wave(index);
            let waves = &mut self.releases[index].waves;
            waves.extend(due.iter().map(|at| (*at, 0)));
            waves.insert(*newest, placed);
        }
        let (dates, offices) = (self.releases[index].plan.dates.clone(), self.releases[index].plan.offices.clone());
        for date in dates.iter().filter(|date| now >= over(**date)) {
            for office in &offices {
                self.end_day(*office, *date);
            }
        }
        let release = &self.releases[index];
        if release.state == ReleaseState::Drawn && now >= release.last_wave() {
            self.end_waiting(index);
        }
        if ended {
            self.releases[index].state = ReleaseState::Closed;
        }
    }

    /// Serial dictatorship in the published order, by trying everything.
    fn draw(&mut self, index: usize, lines: &[Line]) {
        let listed: BTreeMap<String, i64> = self
            .parties
            .iter()
            .filter(|(_, party)| party.release == index)
            .filter_map(|(id, party)| Some((party.entry.as_ref()?, *id)))
            .filter(|(entry, _)| entry.state != EntryState::Withdrawn)
            .map(|(entry, id)| (entry.id.clone(), id))
            .collect();
        assert_eq!(lines.len(), listed.len(), "every entry that was in at the freeze is in the result, once");
        for (line, rank) in lines.iter().zip(1..) {
            let id = listed[&line.entry_id];
            let party = &self.parties[&id];
            let room = |_, slot: &Slot| slot.capacity - slot.taken - slot.freed;
            let entry = party.entry.as_ref().expect("an entry");
            let found = self.first_fit(index, &entry.choices, party.size(), None, room);
            let given = found.map(|(slot, _)| self.slots[&slot].key);
            assert_eq!(line.slot, given, "rank {rank} gets the first of its choices that fits");
            let left = entry.state == EntryState::Left;
            assert!(entry.rank.is_none(), "nobody is drawn twice");
            let size = party.size();
            let party = self.party(id);
            let entry = party.entry.as_mut().expect("an entry");
            (entry.rank, entry.given) = (Some(rank), given);
            match found {
                None if !left => entry.state = EntryState::Standby,
                None => {}
                Some((slot, _)) if left => self.slots.get_mut(&slot).expect("a slot").freed += size,
                Some((slot, choice)) => {
                    entry.state = EntryState::Placed;
                    party.place = Some(Place::new(slot, Source::Draw, Some(choice)));
                    self.take(slot, size);
                }
            }
        }
    }

    /// The first choice, and in it the first slot by date and window, that has room for all.
    pub fn first_fit(
        &self,
        release: usize,
        choices: &[Choice],
        size: u32,
        but: Option<i64>,
        room: impl Fn(i64, &Slot) -> u32,
    ) -> Option<(i64, u32)> {
        choices.iter().zip(0..).find_map(|(choice, place)| {
            self.slots
                .iter()
                .filter(|(id, slot)| slot.release == release && slot.public && Some(**id) != but)
                .filter(|(id, slot)| takes(choice, &slot.key) && room(**id, slot) >= size)
                .min_by_key(|(_, slot)| (slot.key.date, slot.key.starts))
                .map(|(id, _)| (*id, place))
        })
    }

    /// A wave, run at once.
    fn wave(&mut self, index: usize) -> u32 {
        let plan = self.plan_wave_at(index, self.now);
        self.apply_wave(index, &plan);
        plan.given.len() as u32
    }

    /// What a wave gives at an instant: freed places to standby in drawn order, then to wishes, the rest to everybody.
    pub fn plan_wave_at(&self, index: usize, now: Timestamp) -> WavePlan {
        let mut free: BTreeMap<i64, u32> = BTreeMap::new();
        for (id, slot) in self.slots.iter().filter(|(_, slot)| slot.release == index && slot.public) {
            if now < midnight(slot.key.date, slot.key.office) {
                free.insert(*id, slot.freed);
            }
        }
        let mut given = Vec::new();
        let mut give = |free: &mut BTreeMap<i64, u32>, party: i64, choices: &[Choice], from: Option<i64>| {
            let size = self.parties[&party].size();
            let Some((slot, choice)) = self.first_fit_of(index, choices, size, from, free) else { return };
            *free.get_mut(&slot).expect("a free slot") -= size;
            given.push(Given { party, slot, choice, from });
        };
        let mut waiting: Vec<(u32, i64)> = self
            .parties
            .iter()
            .filter(|(_, party)| party.release == index)
            .filter_map(|(id, party)| Some((party.entry.as_ref()?, *id)))
            .filter(|(entry, _)| entry.state == EntryState::Standby)
            .map(|(entry, id)| (entry.rank.expect("a rank"), id))
            .collect();
        waiting.sort_unstable();
        for (_, id) in waiting {
            give(&mut free, id, &self.parties[&id].entry.as_ref().expect("an entry").choices, None);
        }
        let mut wishing: Vec<(Timestamp, i64)> = self
            .parties
            .iter()
            .filter(|(_, party)| party.release == index)
            .filter(|(_, party)| party.place.as_ref().is_some_and(|place| place.state == AppointmentState::Booked))
            .filter_map(|(id, party)| Some((party.wish.as_ref()?.0, *id)))
            .collect();
        wishing.sort_unstable();
        for (_, id) in wishing {
            let party = &self.parties[&id];
            let held = party.place.as_ref().expect("a place").slot;
            let key = self.slots[&held].key;
            // Whoever is expected today is not sent elsewhere.
            if now < midnight(key.date, key.office) {
                give(&mut free, id, &party.wish.as_ref().expect("a wish").1, Some(held));
            }
        }
        free.retain(|_, places| *places > 0);
        WavePlan { given, open: free }
    }

    fn first_fit_of(
        &self,
        index: usize,
        choices: &[Choice],
        size: u32,
        but: Option<i64>,
        free: &BTreeMap<i64, u32>,
    ) -> Option<(i64, u32)> {
        self.first_fit(index, choices, size, but, |id, _| free.get(&id).copied().unwrap_or(0))
    }

    /// Does what a wave planned. What was free before it and nobody wanted is open to all; what it freed itself waits for the next.
    pub fn apply_wave(&mut self, index: usize, plan: &WavePlan) {
        for Given { party: id, slot, choice, from } in plan.given.iter().copied() {
            let size = self.parties[&id].size();
            let row = self.slots.get_mut(&slot).expect("a slot");
            assert_eq!((row.release, row.freed >= size), (index, true), "rule 7: a wave gives out what was freed");
            row.freed -= size;
            row.taken += size;
            if from.is_some() {
                self.move_place(id, slot);
                self.granted += 1;
            } else {
                let party = self.party(id);
                party.entry.as_mut().expect("an entry").state = EntryState::Placed;
                party.place = Some(Place::new(slot, Source::Wave, Some(choice)));
            }
        }
        for (slot, places) in &plan.open {
            self.slots.get_mut(slot).expect("a slot").freed -= places;
        }
    }

    pub fn end_day(&mut self, office: OfficeCode, date: Date) {
        if !self.closed_days.insert((office, date)) {
            return;
        }
        let there: Vec<i64> = self
            .parties
            .iter()
            .filter(|(_, party)| {
                let key = party.place.as_ref().map(|place| self.slots[&place.slot].key);
                key.is_some_and(|key| key.office == office && key.date == date)
            })
            .map(|(id, _)| *id)
            .collect();
        let state = |town: &Self, id: &i64| town.parties[id].place.as_ref().expect("a place").state;
        let came = |state| {
            use AppointmentState as Is;
            matches!(state, Is::CheckedIn | Is::Called | Is::Served)
        };
        let recorded = there.iter().any(|id| came(state(self, id)));
        for id in there {
            let to = match state(self, &id) {
                AppointmentState::Booked if recorded => AppointmentState::NoShow,
                AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Called => {
                    AppointmentState::Unrecorded
                }
                _ => continue,
            };
            if to == AppointmentState::NoShow {
                self.strike(&self.parties[&id].people.clone(), true);
            }
            let party = self.party(id);
            party.live = false;
            party.wish = None;
            party.place.as_mut().expect("a place").state = to;
        }
    }

    pub fn end_waiting(&mut self, index: usize) {
        for party in self.parties.values_mut().filter(|party| party.release == index) {
            let waits = |entry: &&mut Entry| matches!(entry.state, EntryState::Entered | EntryState::Standby);
            if let Some(entry) = party.entry.as_mut().filter(waits) {
                entry.state = EntryState::Expired;
                party.live = false;
            }
        }
    }
}
