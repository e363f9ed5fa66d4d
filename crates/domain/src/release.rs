//! A release: one period's places of a set of offices, opened together, and the instants that follow from its plan.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalogue::Catalogue;
use crate::draw::beacon::{BeaconId, Chain, LEAD, Label, QUICKNET};
use crate::draw::encoding::Hash32;
use crate::draw::entry;
use crate::office::{Office, OfficeCode};
use crate::region::Zone;
use crate::slot::{Places, open_windows};
use crate::wave;

/// Most choices in one entry, as the draw protocol has it.
pub const CHOICES_MAX: u8 = entry::CHOICES_MAX as u8;

/// Most people in one party, as the draw protocol has it: an adult and up to four of the same family card.
pub const PARTY_MAX: u8 = entry::PEOPLE_MAX as u8;

/// Most service days in one release; a month is the longest that any office ever released at once.
pub const DATES_MAX: usize = 31;

/// The last service day lies at most this many days after the opening; beyond, holidays are not decreed yet.
pub const HORIZON_DAYS: i64 = 120;

/// Most waves in a day: one every five minutes, so that a demonstration can show some.
pub const WAVES_A_DAY_MAX: usize = 288;

/// A weekly release leaves so long between freeze and beacon: twice what the protocol's [`LEAD`] asks for.
const WEEKLY_FREEZE_TO_BEACON: SignedDuration = SignedDuration::from_mins(60);

/// The weekly opening, Friday 14.00 in each zone: the custom since 2019 (services.md section 8).
const WEEKLY_OPENS: Time = Time::constant(14, 0, 0, 0);

/// Entries of a weekly release close on Sunday at 16.00 WIB.
const WEEKLY_FREEZES: Time = Time::constant(16, 0, 0, 0);

/// Names a release: 1 to 32 characters of `A-Z`, `0-9` and `-`, such as `2026-W49`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

/// A text that is no release id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a release is named by 1 to 32 of A-Z, 0-9 and -, such as 2026-W49, not {found:?}")]
pub struct ReleaseIdError {
    /// The text as given.
    pub found: String,
}

impl ReleaseId {
    /// Parses exactly: an id is hashed into the draw, so there is one way to write it.
    pub fn parse(text: &str) -> Result<Self, ReleaseIdError> {
        let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReleaseIdError { found: text.chars().take(64).collect() })
        }
    }

    /// The id of a release for the ISO week in which this date lies: `2026-W49`.
    pub fn of_week(date: Date) -> Self {
        let week = date.iso_week_date();
        Self(format!("{:04}-W{:02}", week.year(), week.week()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReleaseId {
    type Err = ReleaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = ReleaseIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseId({self})")
    }
}

/// How a release gives out its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everybody enters in a long window; a public draw makes the order.
    Draw,
    /// Who comes first, behind a waiting room.
    FirstCome,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Draw, Self::FirstCome];

    /// The mode's name in files, tables and options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draw => "draw",
            Self::FirstCome => "first_come",
        }
    }
}

/// A text that names no mode.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a release's mode is draw or first_come, not {found:?}")]
pub struct ModeError {
    /// The text as given.
    pub found: String,
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| ModeError { found: text.to_owned() })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a release opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// At one clock reading, in each zone as its clocks show it: the east opens two hours before the west.
    Local(DateTime),
    /// At one instant everywhere.
    At(Timestamp),
}

impl Opening {
    /// When the offices of a zone open.
    pub fn opens(self, zone: Zone) -> Timestamp {
        match self {
            Self::Local(local) => zone.at(local),
            Self::At(at) => at,
        }
    }

    /// When the first zone opens.
    pub fn earliest(self) -> Timestamp {
        Zone::ALL.into_iter().map(|zone| self.opens(zone)).min().expect("there are zones")
    }

    /// When the last zone opens.
    pub fn latest(self) -> Timestamp {
        Zone::ALL.into_iter().map(|zone| self.opens(zone)).max().expect("there are zones")
    }
}

/// Which public randomness will order the entries, fixed before the release opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BeaconPlan {
    /// A round of a drand chain.
    Drand {
        /// The chain's hash, 64 digits of lower-case hex; only [`QUICKNET`] is known.
        chain: Hash32,
        /// The round; its time lies after the freeze.
        round: u64,
    },
    /// A value announced in public after the freeze, such as a lottery's numbers.
    Manual {
        /// How the value comes about, in words that go into the proof.
        label: Label,
    },
    /// Made by the server itself after the freeze, for demonstrations: it proves nothing.
    Local {
        /// What the value is called in the proof.
        label: Label,
    },
}

impl BeaconPlan {
    /// The beacon's name, as it stands in the rules and goes into the seed.
    pub fn id(&self) -> BeaconId {
        match self {
            Self::Drand { chain, .. } => BeaconId::Drand(*chain),
            Self::Manual { label } => BeaconId::Manual(label.clone()),
            Self::Local { label } => BeaconId::Local(label.clone()),
        }
    }

    /// The planned round; 0 for a beacon without rounds.
    pub fn round(&self) -> u64 {
        match self {
            Self::Drand { round, .. } => *round,
            Self::Manual { .. } | Self::Local { .. } => 0,
        }
    }
}

/// Which kind of beacon a plan made by rule shall use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeaconKind {
    /// The first drand quicknet round an hour after the freeze.
    Drand,
    /// A value to be announced, labelled with the release's id.
    Manual,
    /// The server's own, labelled with the release's id.
    Local,
}

/// What is decided about a release before it opens, and never changed after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// Its name.
    pub id: ReleaseId,
    /// How it gives out its places.
    pub mode: Mode,
    /// When it opens.
    pub opening: Opening,
    /// When entries close, one instant for the whole country. In first-come mode nothing hangs on it.
    pub freeze: Timestamp,
    /// The service days, ascending; each is a local date at each office.
    pub dates: Vec<Date>,
    /// The offices that take part.
    pub offices: Vec<OfficeCode>,
    /// The randomness of its order.
    pub beacon: BeaconPlan,
    /// Most choices in an entry, 1 to [`CHOICES_MAX`].
    #[serde(default = "choices_max")]
    pub choices_max: u8,
    /// Most people in a party, 1 to [`PARTY_MAX`].
    #[serde(default = "party_max")]
    pub party_max: u8,
    /// At which times of every day freed places go out, ascending, read on clocks in WIB for the whole country: one
    /// order of standby needs one instant.
    #[serde(default = "wave_times")]
    pub wave_times: Vec<Time>,
    /// Whether places given first come are behind a waiting room. Means nothing in a draw.
    #[serde(default = "waiting_room", skip_serializing_if = "Clone::clone")]
    pub waiting_room: bool,
}

fn choices_max() -> u8 {
    CHOICES_MAX
}

fn party_max() -> u8 {
    PARTY_MAX
}

/// Places first come have a waiting room unless the plan says otherwise; a plan that has one need not say so.
fn waiting_room() -> bool {
    true
}

fn wave_times() -> Vec<Time> {
    vec![Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)]
}

/// Why no weekly plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WeeklyProblem {
    /// The date given is no Friday.
    #[error("a weekly release opens on a Friday; {date} is none")]
    NotAFriday {
        /// The date as given.
        date: Date,
    },
    /// No office serves the public on any day of the week after.
    #[error("no office is open from {from} to {to}; choose another Friday")]
    NoOpenDay {
        /// The Monday.
        from: Date,
        /// The Friday.
        to: Date,
    },
}

/// Something in a plan that must be put right before the release can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanProblem {
    /// No service day.
    #[error("the plan names no dates; name at least one")]
    NoDates,
    /// Too many service days.
    #[error("the plan names {found} dates; at most {max} fit in one release")]
    TooManyDates {
        /// Dates in the plan.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The dates are not in ascending order, or one stands twice.
    #[error("{date} does not follow the date before it; list each date once, the earliest first")]
    DatesOutOfOrder {
        /// The first date that does not follow.
        date: Date,
    },
    /// A service day begins before its places can have been given out.
    #[error("{date} begins before places can be given out at {given_out}; drop it, or freeze and draw earlier")]
    DateTooEarly {
        /// The date.
        date: Date,
        /// When the draw is made, or the last zone opens.
        given_out: Timestamp,
    },
    /// A service day too far ahead.
    #[error("{date} is more than {max} days after the opening; open its release later")]
    DateTooLate {
        /// The date.
        date: Date,
        /// The limit, days.
        max: i64,
    },
    /// No office of the plan has public places on a service day.
    #[error("none of the offices has public places on {date}; drop the date or change a timetable")]
    NobodyOpen {
        /// The date.
        date: Date,
    },
    /// No office.
    #[error("the plan names no offices; name at least one")]
    NoOffices,
    /// An office that stands twice.
    #[error("office {office} stands twice in the plan")]
    OfficeTwice {
        /// The office.
        office: OfficeCode,
    },
    /// An office that does not exist.
    #[error("there is no office {office}; correct the code or add the office first")]
    UnknownOffice {
        /// The code as given.
        office: OfficeCode,
    },
    /// An office that offers no service online.
    #[error("office {office} offers no service online; leave it out")]
    NothingOnline {
        /// The office.
        office: OfficeCode,
    },
    /// Entries close before everybody could enter.
    #[error("entries close at {freeze}, but the last zone opens at {opens}; close later")]
    FreezeBeforeOpening {
        /// When entries close.
        freeze: Timestamp,
        /// When the last zone opens.
        opens: Timestamp,
    },
    /// A drand chain that cannot be verified.
    #[error("drand chain {chain} is not known; only quicknet, {}, can be verified", QUICKNET.hash)]
    UnknownChain {
        /// The chain as given.
        chain: Hash32,
    },
    /// A round that the chain does not have.
    #[error("drand has no round {round}; take round {instead} or a later one")]
    NoSuchRound {
        /// The round as given.
        round: u64,
        /// The first round that may be taken.
        instead: u64,
    },
    /// A round that is known too early.
    #[error("drand round {round} comes at {comes}, before {earliest}; take round {instead} or a later one")]
    RoundTooEarly {
        /// The round as given.
        round: u64,
        /// When it comes.
        comes: Timestamp,
        /// When a round may come at the earliest.
        earliest: Timestamp,
        /// The first round that may be taken.
        instead: u64,
    },
    /// A number of choices out of range.
    #[error("choices_max is {found}; it must be 1 to {CHOICES_MAX}")]
    ChoicesMax {
        /// The number as given.
        found: u8,
    },
    /// A size of parties out of range.
    #[error("party_max is {found}; it must be 1 to {PARTY_MAX}")]
    PartyMax {
        /// The number as given.
        found: u8,
    },
    /// No wave: a freed place would never reach anybody.
    #[error("wave_times is empty; name at least one time, or freed places reach nobody")]
    NoWaves,
    /// Too many waves.
    #[error("wave_times has {found} times; at most {max} fit in a day")]
    TooManyWaves {
        /// Waves a day in the plan.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The wave times are not in ascending order, or one stands twice.
    #[error("wave time {time} does not follow the one before it; list each once, the earliest first")]
    WavesOutOfOrder {
        /// The first time that does not follow.
        time: Time,
    },
}

/// Everything that is wrong with a plan, each in a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// At least one problem, in the order of the plan's fields.
    pub problems: Vec<PlanProblem>,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let lead = if place == 0 { "" } else { "\n" };
            write!(f, "{lead}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {}

/// A plan's file that cannot be read: no JSON, a field missing, unknown or of another form.
#[derive(Debug, Error)]
#[error("the plan cannot be read")]
pub struct PlanUnreadable(#[from] serde_json::Error);

impl ReleasePlan {
    /// The plan of the week after a Friday: opens that Friday at 14.00 local, freezes on Sunday at 16.00 WIB, and gives
    /// out the places of Monday to Friday. Days on which no office serves the public (national holidays, collective
    /// leave) are left out, and so is an office without a public place in that week.
    pub fn weekly(friday: Date, catalogue: &Catalogue, beacon: BeaconKind) -> Result<Self, WeeklyProblem> {
        if friday.weekday() != Weekday::Friday {
            return Err(WeeklyProblem::NotAFriday { date: friday });
        }
        let after = |days: i64| friday.saturating_add(days.days());
        let (from, to) = (after(3), after(7));
        let week: Vec<Date> = (3..=7).map(after).collect();
        let offices: Vec<&Office> = catalogue.offices.iter().filter(|office| !office.services.is_empty()).collect();
        let dates: Vec<Date> =
            week.into_iter().filter(|date| offices.iter().any(|office| serves(office, *date, catalogue))).collect();
        if dates.is_empty() {
            return Err(WeeklyProblem::NoOpenDay { from, to });
        }
        let id = ReleaseId::of_week(from);
        let freeze = Zone::Wib.at(after(2).to_datetime(WEEKLY_FREEZES));
        Ok(Self {
            mode: Mode::Draw,
            opening: Opening::Local(friday.to_datetime(WEEKLY_OPENS)),
            freeze,
            offices: offices
                .into_iter()
                .filter(|office| dates.iter().any(|date| serves(office, *date, catalogue)))
                .map(|office| office.code)
                .collect(),
            dates,
            beacon: match beacon {
                BeaconKind::Drand => BeaconPlan::Drand {
                    chain: QUICKNET.hash,
                    round: QUICKNET.first_round_from(freeze + WEEKLY_FREEZE_TO_BEACON),
                },
                BeaconKind::Manual => BeaconPlan::Manual { label: label_of(&id) },
                BeaconKind::Local => BeaconPlan::Local { label: label_of(&id) },
            },
            choices_max: choices_max(),
            party_max: party_max(),
            wave_times: wave_times(),
            waiting_room: waiting_room(),
            id,
        })
    }

    /// The plan for all its offices but these, without the days that only they serve; `None` if no office is left.
    pub fn without(mut self, offices: &BTreeSet<OfficeCode>, catalogue: &Catalogue) -> Option<Self> {
        self.offices.retain(|code| !offices.contains(code));
        let left: Vec<&Office> = self.offices.iter().filter_map(|code| catalogue.offices.get(code)).collect();
        self.dates.retain(|date| left.iter().any(|office| serves(office, *date, catalogue)));
        (!self.dates.is_empty()).then_some(self)
    }

    /// Reads a plan from JSON. A field nobody knows is an error: it may be a misspelt one that matters.
    pub fn parse(json: &str) -> Result<Self, PlanUnreadable> {
        Ok(serde_json::from_str(json)?)
    }

    /// The plan as JSON, for people to read and change.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a plan has only text keys")
    }

    /// Everything that is wrong with the plan, all at once, so that it can be put right in one go.
    pub fn validate(&self, catalogue: &Catalogue) -> Result<(), PlanError> {
        let mut problems = Vec::new();
        self.check_times(&mut problems);
        self.check_dates(catalogue, &mut problems);
        self.check_offices(catalogue, &mut problems);
        self.check_beacon(&mut problems);
        self.check_limits(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(PlanError { problems }) }
    }

    fn check_times(&self, problems: &mut Vec<PlanProblem>) {
        let opens = self.opening.latest();
        if self.freeze <= opens {
            problems.push(PlanProblem::FreezeBeforeOpening { freeze: self.freeze, opens });
        }
    }

    fn check_dates(&self, catalogue: &Catalogue, problems: &mut Vec<PlanProblem>) {
        if self.dates.is_empty() {
            problems.push(PlanProblem::NoDates);
        }
        if self.dates.len() > DATES_MAX {
            problems.push(PlanProblem::TooManyDates { found: self.dates.len(), max: DATES_MAX });
            return;
        }
        if let Some(pair) = self.dates.windows(2).find(|pair| pair[0] >= pair[1]) {
            problems.push(PlanProblem::DatesOutOfOrder { date: pair[1] });
        }
        let offices: Vec<&Office> = self.offices.iter().filter_map(|code| catalogue.offices.get(code)).collect();
        let given_out = self.places_given_out();
        let horizon = Zone::Wib.local(self.opening.earliest()).date().saturating_add(HORIZON_DAYS.days());
        for date in self.dates.iter().copied() {
            // The day begins first in the east; an absent office cannot say which zones matter, so all do.
            if booking_closes(date, Zone::Wit) <= given_out {
                problems.push(PlanProblem::DateTooEarly { date, given_out });
            }
            if date > horizon {
                problems.push(PlanProblem::DateTooLate { date, max: HORIZON_DAYS });
            }
            if !offices.is_empty() && !offices.iter().any(|office| serves(office, date, catalogue)) {
                problems.push(PlanProblem::NobodyOpen { date });
            }
        }
    }

    fn check_offices(&self, catalogue: &Catalogue, problems: &mut Vec<PlanProblem>) {
        if self.offices.is_empty() {
            problems.push(PlanProblem::NoOffices);
        }
        let mut seen = BTreeSet::new();
        for code in self.offices.iter().copied() {
            if !seen.insert(code) {
                problems.push(PlanProblem::OfficeTwice { office: code });
                continue;
            }
            match catalogue.offices.get(&code) {
                None => problems.push(PlanProblem::UnknownOffice { office: code }),
                Some(office) if office.services.is_empty() => {
                    problems.push(PlanProblem::NothingOnline { office: code });
                }
                Some(_) => {}
            }
        }
    }

    fn check_beacon(&self, problems: &mut Vec<PlanProblem>) {
        let BeaconPlan::Drand { chain: hash, round } = self.beacon else {
            return;
        };
        let Some(chain) = Chain::known(&hash) else {
            problems.push(PlanProblem::UnknownChain { chain: hash });
            return;
        };
        let earliest = match self.mode {
            Mode::Draw => self.freeze.saturating_add(LEAD).expect("a signed duration has no calendar units"),
            Mode::FirstCome => self.opening.latest(),
        };
        let instead = chain.first_round_from(earliest);
        match chain.time_of(round) {
            None => problems.push(PlanProblem::NoSuchRound { round, instead }),
            Some(comes) if comes < earliest => {
                problems.push(PlanProblem::RoundTooEarly { round, comes, earliest, instead });
            }
            Some(_) => {}
        }
    }

    fn check_limits(&self, problems: &mut Vec<PlanProblem>) {
        if !(1..=CHOICES_MAX).contains(&self.choices_max) {
            problems.push(PlanProblem::ChoicesMax { found: self.choices_max });
        }
        if !(1..=PARTY_MAX).contains(&self.party_max) {
            problems.push(PlanProblem::PartyMax { found: self.party_max });
        }
        if self.wave_times.is_empty() {
            problems.push(PlanProblem::NoWaves);
        }
        if self.wave_times.len() > WAVES_A_DAY_MAX {
            problems.push(PlanProblem::TooManyWaves { found: self.wave_times.len(), max: WAVES_A_DAY_MAX });
        }
        if let Some(pair) = self.wave_times.windows(2).find(|pair| pair[0] >= pair[1]) {
            problems.push(PlanProblem::WavesOutOfOrder { time: pair[1] });
        }
    }

    /// When the offices of a zone open.
    pub fn opens(&self, zone: Zone) -> Timestamp {
        self.opening.opens(zone)
    }

    /// Whether entries (draw) or bookings (first come) for offices of a zone are taken now: from the zone's opening until
    /// the freeze in a draw, until the last day begins there in first-come mode.
    pub fn is_open_for(&self, zone: Zone, now: Timestamp) -> bool {
        let closes = match (self.mode, self.dates.last()) {
            (Mode::Draw, _) => self.freeze,
            (Mode::FirstCome, Some(last)) => booking_closes(*last, zone),
            (Mode::FirstCome, None) => return false,
        };
        self.opens(zone) <= now && now < closes
    }

    /// The earliest instant at which places are given out: in a draw when its beacon speaks (a drand round's own time,
    /// otherwise the freeze), in first-come mode when the last zone opens.
    pub fn places_given_out(&self) -> Timestamp {
        let speaks = match &self.beacon {
            BeaconPlan::Drand { chain, round } => Chain::known(chain).and_then(|chain| chain.time_of(*round)),
            BeaconPlan::Manual { .. } | BeaconPlan::Local { .. } => None,
        };
        match self.mode {
            Mode::Draw => speaks.unwrap_or(self.freeze).max(self.freeze),
            Mode::FirstCome => self.opening.latest(),
        }
    }

    /// The last wave that can still fill the last date; then standby ends. The freeze when there is no such wave.
    pub fn standby_ends(&self) -> Timestamp {
        wave::wave_instants(self).last().copied().unwrap_or(self.freeze)
    }
}

fn label_of(id: &ReleaseId) -> Label {
    Label::parse(id.as_str()).expect("a release id is printable ASCII")
}

/// Whether an office has public places on a date.
fn serves(office: &Office, date: Date, catalogue: &Catalogue) -> bool {
    open_windows(office, date, &catalogue.timetables, &catalogue.holidays)
        .iter()
        .any(|window| window.public > Places::NONE)
}

/// When places of a date can no longer be booked or filled: the local midnight with which the date begins, the end of
/// H-1. A cancellation before it is free.
pub fn booking_closes(date: Date, zone: Zone) -> Timestamp {
    zone.at(date.to_datetime(Time::midnight()))
}

/// Until when cancelling is free: the same instant at which booking closes.
pub fn cancel_free_until(date: Date, zone: Zone) -> Timestamp {
    booking_closes(date, zone)
}

/// The next Friday on which a weekly release can still be opened: its opening in the east, the first, is yet to come.
pub fn next_release_friday(now: Timestamp) -> Date {
    let today = Zone::Wit.local(now).date();
    (0..=7)
        .map(|days: i64| today.saturating_add(days.days()))
        .find(|date| date.weekday() == Weekday::Friday && Zone::Wit.at(date.to_datetime(WEEKLY_OPENS)) > now)
        // Only on a Friday after the opening is it none of today and the six days after; the eighth day is a Friday then.
        .expect("there is a Friday in eight days")
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn weekly(friday: Date) -> ReleasePlan {
        ReleasePlan::weekly(friday, &Catalogue::builtin(), BeaconKind::Drand).unwrap()
    }

    fn an_ordinary_week() -> ReleasePlan {
        weekly(date(2026, 11, 27))
    }

    fn problems(plan: &ReleasePlan) -> Vec<PlanProblem> {
        plan.validate(&Catalogue::builtin()).map_or_else(|error| error.problems, |()| Vec::new())
    }

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_ordinary_week_opens_on_friday_and_freezes_on_sunday() {
        let plan = an_ordinary_week();
        assert_eq!(plan.id.as_str(), "2026-W49");
        assert_eq!(plan.opens(Zone::Wit), utc("2026-11-27T05:00:00Z"));
        assert_eq!(plan.opens(Zone::Wita), utc("2026-11-27T06:00:00Z"));
        assert_eq!(plan.opens(Zone::Wib), utc("2026-11-27T07:00:00Z"));
        assert_eq!(plan.opening.earliest(), plan.opens(Zone::Wit));
        assert_eq!(plan.opening.latest(), plan.opens(Zone::Wib));
        assert_eq!(plan.freeze, utc("2026-11-29T09:00:00Z"));
        assert_eq!(plan.places_given_out(), utc("2026-11-29T10:00:00Z"));
        assert_eq!(plan.dates, (0..5).map(|day| date(2026, 11, 30).saturating_add(day.days())).collect::<Vec<_>>());
        assert_eq!(plan.standby_ends(), utc("2026-12-03T10:00:00Z"));
        assert_eq!(plan.offices.len(), plan.offices.iter().collect::<BTreeSet<_>>().len());
        assert_eq!(problems(&plan), []);
    }

    #[test]
    fn holidays_and_collective_leave_are_no_service_days() {
        // 24 December 2026 is collective leave, the 25th is Christmas.
        let plan = weekly(date(2026, 12, 18));
        assert_eq!(plan.dates, [date(2026, 12, 21), date(2026, 12, 22), date(2026, 12, 23)]);
        assert_eq!(problems(&plan), []);
    }

    #[test]
    fn a_week_without_an_open_day_has_no_release() {
        let mut catalogue = Catalogue::builtin();
        let rows =
            (7..=11).map(|day| format!("2026-12-{day:02},Libur,Holiday,national")).collect::<Vec<_>>().join("\n");
        catalogue.holidays = crate::calendar::Holidays::parse(&format!("date,name_id,name_en,kind\n{rows}")).unwrap();
        assert_eq!(
            ReleasePlan::weekly(date(2026, 12, 4), &catalogue, BeaconKind::Drand),
            Err(WeeklyProblem::NoOpenDay { from: date(2026, 12, 7), to: date(2026, 12, 11) })
        );
    }

    #[test]
    fn a_plan_without_some_offices_is_a_plan_for_the_others() {
        let catalogue = Catalogue::builtin();
        let whole = weekly(date(2026, 11, 27));
        let out: BTreeSet<OfficeCode> = whole.offices.iter().take(100).copied().collect();
        let rest = whole.clone().without(&out, &catalogue).unwrap();
        assert_eq!(rest.offices.len(), whole.offices.len() - 100);
        assert!(rest.offices.iter().all(|code| !out.contains(code)));
        rest.validate(&catalogue).unwrap();
        assert_eq!(whole.clone().without(&BTreeSet::new(), &catalogue), Some(whole.clone()));
        assert_eq!(whole.clone().without(&whole.offices.iter().copied().collect(), &catalogue), None);
    }

    #[test]
    fn a_weekly_release_opens_on_no_other_day() {
        let thursday = date(2026, 11, 26);
        let problem = ReleasePlan::weekly(thursday, &Catalogue::builtin(), BeaconKind::Local);
        assert_eq!(problem, Err(WeeklyProblem::NotAFriday { date: thursday }));
    }

    #[test]
    fn the_week_over_new_year_is_named_by_its_iso_year() {
        assert_eq!(ReleaseId::of_week(date(2026, 12, 28)).as_str(), "2026-W53");
        assert_eq!(ReleaseId::of_week(date(2027, 1, 4)).as_str(), "2027-W01");
    }

    #[test]
    fn entries_are_taken_from_the_zones_opening_to_the_common_freeze() {
        let plan = an_ordinary_week();
        for zone in Zone::ALL {
            assert!(!plan.is_open_for(zone, plan.opens(zone) - SignedDuration::from_nanos(1)));
            assert!(plan.is_open_for(zone, plan.opens(zone)));
            assert!(plan.is_open_for(zone, plan.freeze - SignedDuration::from_nanos(1)));
            assert!(!plan.is_open_for(zone, plan.freeze));
        }
        assert!(plan.is_open_for(Zone::Wit, utc("2026-11-27T05:30:00Z")));
        assert!(!plan.is_open_for(Zone::Wib, utc("2026-11-27T05:30:00Z")));
    }

    #[test]
    fn first_come_bookings_go_on_until_the_last_day_begins_where_the_office_is() {
        let plan = ReleasePlan { mode: Mode::FirstCome, ..an_ordinary_week() };
        assert!(plan.is_open_for(Zone::Wib, plan.freeze));
        assert!(plan.is_open_for(Zone::Wib, utc("2026-12-03T16:59:59Z")));
        assert!(!plan.is_open_for(Zone::Wib, utc("2026-12-03T17:00:00Z")));
        assert!(!plan.is_open_for(Zone::Wit, utc("2026-12-03T15:00:00Z")));
        assert!(!ReleasePlan { dates: vec![], ..plan }.is_open_for(Zone::Wib, utc("2026-11-30T00:00:00Z")));
    }

    #[test]
    fn booking_closes_with_the_local_midnight() {
        assert_eq!(booking_closes(date(2026, 12, 1), Zone::Wib), utc("2026-11-30T17:00:00Z"));
        assert_eq!(booking_closes(date(2026, 12, 1), Zone::Wit), utc("2026-11-30T15:00:00Z"));
        assert_eq!(cancel_free_until(date(2026, 12, 1), Zone::Wit), booking_closes(date(2026, 12, 1), Zone::Wit));
    }

    #[test]
    fn the_next_release_friday_is_one_that_has_not_opened_anywhere() {
        assert_eq!(next_release_friday(utc("2026-11-23T00:00:00Z")), date(2026, 11, 27));
        assert_eq!(next_release_friday(utc("2026-11-27T04:59:59Z")), date(2026, 11, 27));
        assert_eq!(next_release_friday(utc("2026-11-27T05:00:00Z")), date(2026, 12, 4));
        assert_eq!(next_release_friday(utc("2026-11-27T20:00:00Z")), date(2026, 12, 4));
    }

    #[test]
    fn a_plan_is_read_back_from_its_json() {
        let label = Label::parse("lottery of 2026-11-29, first prize").unwrap();
        let manual = ReleasePlan { beacon: BeaconPlan::Manual { label }, ..an_ordinary_week() };
        for plan in [an_ordinary_week(), manual] {
            assert_eq!(ReleasePlan::parse(&plan.to_json()).unwrap(), plan);
        }
    }

    #[test]
    fn limits_and_wave_times_may_be_left_out() {
        let mut json: serde_json::Value = serde_json::from_str(&an_ordinary_week().to_json()).unwrap();
        for field in ["choices_max", "party_max", "wave_times"] {
            json.as_object_mut().unwrap().remove(field).unwrap();
        }
        assert_eq!(ReleasePlan::parse(&json.to_string()).unwrap(), an_ordinary_week());
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused() {
        let json = an_ordinary_week().to_json();
        for (here, there) in [("\"mode\"", "\"choice_max\": 3, \"mode\""), ("\"round\"", "\"rounds\": 3, \"round\"")] {
            let misspelt = json.replacen(here, there, 1);
            assert_ne!(misspelt, json);
            assert!(ReleasePlan::parse(&misspelt).is_err(), "{there}");
        }
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let btm = OfficeCode::parse("BTM").unwrap();
        let nowhere = OfficeCode::parse("ZZZZZZ").unwrap();
        let plan = an_ordinary_week();
        let broken = ReleasePlan {
            freeze: plan.opens(Zone::Wib),
            dates: vec![date(2026, 12, 1), date(2026, 11, 30), date(2026, 12, 25), date(2028, 1, 3)],
            offices: vec![btm, btm, nowhere],
            beacon: BeaconPlan::Drand { chain: QUICKNET.hash, round: 1 },
            choices_max: 21,
            party_max: 0,
            wave_times: vec![time(9, 0, 0, 0), time(9, 0, 0, 0)],
            ..plan.clone()
        };
        let earliest = broken.freeze + LEAD;
        assert_eq!(
            problems(&broken),
            [
                PlanProblem::FreezeBeforeOpening { freeze: broken.freeze, opens: plan.opens(Zone::Wib) },
                PlanProblem::DatesOutOfOrder { date: date(2026, 11, 30) },
                PlanProblem::NobodyOpen { date: date(2026, 12, 25) },
                PlanProblem::DateTooLate { date: date(2028, 1, 3), max: HORIZON_DAYS },
                PlanProblem::OfficeTwice { office: btm },
                PlanProblem::UnknownOffice { office: nowhere },
                PlanProblem::RoundTooEarly {
                    round: 1,
                    comes: utc("2023-08-23T15:09:27Z"),
                    earliest,
                    instead: QUICKNET.first_round_from(earliest),
                },
                PlanProblem::ChoicesMax { found: 21 },
                PlanProblem::PartyMax { found: 0 },
                PlanProblem::WavesOutOfOrder { time: time(9, 0, 0, 0) },
            ]
        );
        let told = broken.validate(&Catalogue::builtin()).unwrap_err().to_string();
        assert_eq!(told.lines().count(), 10, "{told}");
    }

    #[test]
    fn an_empty_plan_says_what_to_add() {
        let plan = ReleasePlan { dates: vec![], offices: vec![], wave_times: vec![], ..an_ordinary_week() };
        assert_eq!(problems(&plan), [PlanProblem::NoDates, PlanProblem::NoOffices, PlanProblem::NoWaves]);
    }

    #[test]
    fn a_day_that_begins_before_the_draw_cannot_be_given_out() {
        let plan = an_ordinary_week();
        let dates = [vec![date(2026, 11, 27)], plan.dates.clone()].concat();
        let given_out = plan.places_given_out();
        assert_eq!(
            problems(&ReleasePlan { dates, ..plan }),
            [PlanProblem::DateTooEarly { date: date(2026, 11, 27), given_out }]
        );
    }

    #[test]
    fn a_round_or_chain_that_drand_does_not_have_is_refused() {
        let plan = an_ordinary_week();
        let instead = QUICKNET.first_round_from(plan.freeze + LEAD);
        for round in [0, u64::MAX] {
            let beacon = BeaconPlan::Drand { chain: QUICKNET.hash, round };
            let broken = ReleasePlan { beacon, ..plan.clone() };
            assert_eq!(problems(&broken), [PlanProblem::NoSuchRound { round, instead }]);
        }
        let chain = Hash32([7; 32]);
        let broken = ReleasePlan { beacon: BeaconPlan::Drand { chain, round: 5 }, ..plan };
        assert_eq!(problems(&broken), [PlanProblem::UnknownChain { chain }]);
    }

    #[test]
    fn far_too_many_of_anything_is_refused_without_counting_on() {
        let plan = an_ordinary_week();
        let dates: Vec<Date> = (0..32).map(|days| date(2026, 11, 30).saturating_add(days.days())).collect();
        let wave_times: Vec<Time> = (0..300_i16).map(|at| time((at / 60) as i8, (at % 60) as i8, 0, 0)).collect();
        assert_eq!(
            problems(&ReleasePlan { dates, wave_times, ..plan }),
            [
                PlanProblem::TooManyDates { found: 32, max: DATES_MAX },
                PlanProblem::TooManyWaves { found: 300, max: WAVES_A_DAY_MAX }
            ]
        );
    }

    #[test]
    fn an_id_is_written_in_capitals() {
        for text in ["2026-W49", "A", "DEMO-1"] {
            assert_eq!(ReleaseId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "2026-w49", "2026 W49", "2026/W49", &"A".repeat(33)] {
            assert!(ReleaseId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mode_is_named_alike_in_options_and_in_json() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
            assert_eq!(serde_json::to_string(&mode).unwrap(), format!("\"{mode}\""));
        }
        assert!("raffle".parse::<Mode>().is_err());
    }

    proptest! {
        #[test]
        fn a_local_opening_shows_the_same_clock_reading_in_every_zone(days in 0..20_000_i64, minute in 0..1440_i64) {
            let local = date(2020, 1, 1).at(0, 0, 0, 0).saturating_add(days.days().minutes(minute));
            let opening = Opening::Local(local);
            for zone in Zone::ALL {
                prop_assert_eq!(zone.local(opening.opens(zone)), local);
            }
            prop_assert!(opening.opens(Zone::Wit) < opening.opens(Zone::Wita));
            prop_assert!(opening.opens(Zone::Wita) < opening.opens(Zone::Wib));
            prop_assert_eq!(opening.earliest(), opening.opens(Zone::Wit));
            prop_assert_eq!(opening.latest(), opening.opens(Zone::Wib));
        }

        #[test]
        fn an_opening_at_one_instant_is_the_same_everywhere(second in 0..4_000_000_000_i64) {
            let at = Timestamp::from_second(second).unwrap();
            for zone in Zone::ALL {
                prop_assert_eq!(Opening::At(at).opens(zone), at);
            }
        }

        #[test]
        fn the_next_release_friday_is_within_eight_days(second in 0..4_000_000_000_i64) {
            let now = Timestamp::from_second(second).unwrap();
            let friday = next_release_friday(now);
            let opens = Opening::Local(friday.to_datetime(WEEKLY_OPENS)).earliest();
            prop_assert_eq!(friday.weekday(), Weekday::Friday);
            prop_assert!(opens > now && opens.duration_since(now) <= SignedDuration::from_hours(7 * 24));
        }

        #[test]
        fn every_weekly_plan_is_valid(weeks in 0..150_i64) {
            let friday = date(2026, 1, 2).saturating_add(weeks.weeks());
            let catalogue = Catalogue::builtin();
            if let Ok(plan) = ReleasePlan::weekly(friday, &catalogue, BeaconKind::Drand) {
                prop_assert_eq!(plan.validate(&catalogue), Ok(()));
                prop_assert!(wave::wave_instants(&plan).iter().all(|at| *at > plan.freeze));
            }
        }
    }
}
