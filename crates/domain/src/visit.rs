//! A visit: what happens to a party, or to somebody without an appointment, at the office on the day; and what the door says of a ticket.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::appointment::AppointmentState;
use crate::office::OfficeCode;
use crate::slot::WindowStart;

/// How somebody comes to be at the office; each has a series of call numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// With a ticket.
    Scheduled,
    /// From the places for the elderly, the disabled, the pregnant and those with small children.
    Priority,
    /// Without a ticket.
    WalkIn,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Scheduled, Self::Priority, Self::WalkIn];

    /// The letter before the call number.
    pub const fn letter(self) -> char {
        match self {
            Self::Scheduled => 'A',
            Self::Priority => 'P',
            Self::WalkIn => 'W',
        }
    }

    /// The class's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Priority => "priority",
            Self::WalkIn => "walk_in",
        }
    }
}

/// The highest call number of a class on a day: three digits are what a slip and a display have room for. The largest offices see some
/// hundreds a day.
pub const NUMBER_MAX: u16 = 999;

/// What is called out: `A-017`. It says nothing about who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallNumber {
    /// The series.
    pub class: Class,
    number: u16,
}

/// A text that is no call number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a call number is A, P or W, a dash and a number from 1 to 999, not {found:?}")]
pub struct CallNumberError {
    /// The text as given, as far as it is shown.
    pub found: String,
}

impl CallNumber {
    /// The number in its series, from 1; `None` beyond [`NUMBER_MAX`].
    pub fn new(class: Class, number: u16) -> Option<Self> {
        (1..=NUMBER_MAX).contains(&number).then_some(Self { class, number })
    }

    /// The number in its series.
    pub const fn number(self) -> u16 {
        self.number
    }

    /// Reads what somebody types at a counter: `a17`, `A-017`, `A 17`.
    pub fn parse(text: &str) -> Result<Self, CallNumberError> {
        let refused = || CallNumberError { found: text.chars().take(12).collect() };
        let mut letters = text.trim().chars();
        let letter = letters.next().ok_or_else(refused)?.to_ascii_uppercase();
        let class = Class::ALL.into_iter().find(|class| class.letter() == letter).ok_or_else(refused)?;
        let digits = letters.as_str().trim_start_matches(['-', ' ']);
        let good = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| good).ok_or_else(refused)?;
        Self::new(class, number).ok_or_else(refused)
    }
}

impl fmt::Display for CallNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:03}", self.class.letter(), self.number)
    }
}

impl FromStr for CallNumber {
    type Err = CallNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CallNumber {
    type Error = CallNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CallNumber> for String {
    fn from(number: CallNumber) -> Self {
        number.to_string()
    }
}

/// What is done at a counter, in the order in which an application goes through it. A small office does all of it at one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Papers are looked through.
    Papers,
    /// Photo and fingerprints are taken.
    Photo,
    /// The interview.
    Interview,
}

impl Stage {
    /// All stages in their order.
    pub const ALL: [Self; 3] = [Self::Papers, Self::Photo, Self::Interview];

    /// The stage that follows.
    pub const fn following(self) -> Option<Self> {
        match self {
            Self::Papers => Some(Self::Photo),
            Self::Photo => Some(Self::Interview),
            Self::Interview => None,
        }
    }

    /// The stage's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Papers => "papers",
            Self::Photo => "photo",
            Self::Interview => "interview",
        }
    }
}

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// In the waiting room.
    Waiting,
    /// Called to a counter, not there yet.
    Called,
    /// At a counter.
    Serving,
    /// Set aside for a while: a copy is being made, a paper fetched.
    Parked,
    /// The counter is done.
    Done,
    /// Called and not there; may come back for a while.
    Absent,
    /// Went home without having been served.
    Left,
    /// The check-in was a mistake.
    Undone,
    /// The office took the place back while the party was there.
    Revoked,
    /// The day ended and nobody wrote down what became of it.
    Unrecorded,
}

impl VisitState {
    /// All states.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Called,
        Self::Serving,
        Self::Parked,
        Self::Done,
        Self::Absent,
        Self::Left,
        Self::Undone,
        Self::Revoked,
        Self::Unrecorded,
    ];

    /// Whether somebody of the office still has something to do with it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Called | Self::Serving | Self::Parked)
    }

    /// The state's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Called => "called",
            Self::Serving => "serving",
            Self::Parked => "parked",
            Self::Done => "done",
            Self::Absent => "absent",
            Self::Left => "left",
            Self::Undone => "undone",
            Self::Revoked => "revoked",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// What can happen to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitEvent {
    /// A counter calls it, for the first time or at its next stage.
    Call,
    /// The same counter calls it again.
    Recall,
    /// It is at the counter.
    Start,
    /// Set aside.
    Park,
    /// Fetched from where it was set aside.
    Unpark,
    /// Sent on to wait for another stage.
    Transfer,
    /// Sent back to wait: the counter closes, or the call was a mistake.
    PutBack,
    /// The counter is done.
    Finish,
    /// Called and not there.
    Absent,
    /// Who was absent is there after all.
    Reinsert,
    /// Says that it goes, or was seen going.
    Leave,
    /// The check-in was a mistake.
    UndoCheckIn,
    /// The office took the place back: a closure, or a claim that was proved.
    Revoke,
    /// The day is over.
    DayEnded,
}

/// An event that cannot happen in the state the visit is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a visit that is {} cannot take the event {event:?}", .state.as_str())]
pub struct NotAllowed {
    /// Where the visit stands.
    pub state: VisitState,
    /// What was asked for.
    pub event: VisitEvent,
}

/// Where a visit stands after an event.
pub fn next(state: VisitState, event: VisitEvent) -> Result<VisitState, NotAllowed> {
    use VisitEvent as Event;
    use VisitState as State;
    match (state, event) {
        (State::Waiting, Event::Call) | (State::Called, Event::Recall) => Ok(State::Called),
        (State::Called, Event::Start) => Ok(State::Serving),
        (State::Waiting | State::Called | State::Serving, Event::Park) => Ok(State::Parked),
        (State::Called | State::Serving, Event::PutBack | Event::Transfer)
        | (State::Parked, Event::Unpark)
        | (State::Absent, Event::Reinsert) => Ok(State::Waiting),
        // A counter that forgot to say when it began is still done.
        (State::Called | State::Serving, Event::Finish) => Ok(State::Done),
        (State::Called, Event::Absent) => Ok(State::Absent),
        (State::Waiting | State::Called | State::Serving | State::Parked | State::Absent, Event::Leave) => {
            Ok(State::Left)
        }
        (State::Waiting, Event::UndoCheckIn) => Ok(State::Undone),
        (State::Waiting | State::Called | State::Serving | State::Parked | State::Absent, Event::Revoke) => {
            Ok(State::Revoked)
        }
        (State::Waiting | State::Called | State::Serving | State::Parked, Event::DayEnded) => Ok(State::Unrecorded),
        _ => Err(NotAllowed { state, event }),
    }
}

impl VisitEvent {
    /// All events.
    pub const ALL: [Self; 14] = [
        Self::Call,
        Self::Recall,
        Self::Start,
        Self::Park,
        Self::Unpark,
        Self::Transfer,
        Self::PutBack,
        Self::Finish,
        Self::Absent,
        Self::Reinsert,
        Self::Leave,
        Self::UndoCheckIn,
        Self::Revoke,
        Self::DayEnded,
    ];
}

/// What a counter came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The application was taken.
    Done,
    /// Papers are missing; which, is written beside it.
    PapersMissing,
    /// The application was refused.
    Refused,
    /// Nobody's fault but the office's: the party is free to take another day, and nothing follows.
    Reschedule,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Done, Self::PapersMissing, Self::Refused, Self::Reschedule];

    /// The outcome's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::PapersMissing => "papers_missing",
            Self::Refused => "refused",
            Self::Reschedule => "reschedule",
        }
    }
}

/// Why somebody without a ticket goes before others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorityReason {
    /// Sixty years or older.
    Elderly,
    /// With a disability.
    Disability,
    /// Pregnant or nursing.
    Pregnant,
    /// With a child under five.
    SmallChild,
    /// An emergency of another kind: the head of the office decides.
    Other,
}

impl PriorityReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [Self::Elderly, Self::Disability, Self::Pregnant, Self::SmallChild, Self::Other];

    /// Whether an officer at the door cannot decide it alone.
    pub const fn needs_head(self) -> bool {
        matches!(self, Self::Other)
    }

    /// The reason's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elderly => "elderly",
            Self::Disability => "disability",
            Self::Pregnant => "pregnant",
            Self::SmallChild => "small_child",
            Self::Other => "other",
        }
    }
}

/// What may be missing when papers are missing; the names follow the list of papers that applicants are told to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPaper {
    /// The identity card.
    IdentityCard,
    /// The family card.
    FamilyCard,
    /// Birth certificate, marriage book, diploma or baptism letter.
    Certificate,
    /// The old passport.
    OldPassport,
    /// A parent, or a parent's papers and declaration.
    Parents,
    /// The police report of a loss.
    PoliceReport,
    /// A recommendation, such as for a pilgrimage.
    Recommendation,
    /// Another one, named in the note.
    Other,
}

impl MissingPaper {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::IdentityCard,
        Self::FamilyCard,
        Self::Certificate,
        Self::OldPassport,
        Self::Parents,
        Self::PoliceReport,
        Self::Recommendation,
        Self::Other,
    ];

    /// The paper's name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity_card",
            Self::FamilyCard => "family_card",
            Self::Certificate => "certificate",
            Self::OldPassport => "old_passport",
            Self::Parents => "parents",
            Self::PoliceReport => "police_report",
            Self::Recommendation => "recommendation",
            Self::Other => "other",
        }
    }

    /// The paper with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|paper| paper.as_str() == name)
    }
}

/// What a counter takes on: which stages, of which classes. Kept as names with commas between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakesOn {
    /// The stages, in their order.
    pub stages: Vec<Stage>,
    /// The classes, in their order.
    pub classes: Vec<Class>,
}

impl TakesOn {
    /// Everything: what a small office has at each of its counters.
    pub fn everything() -> Self {
        Self { stages: Stage::ALL.to_vec(), classes: Class::ALL.to_vec() }
    }

    /// These stages and classes, each once and in order; `None` if there are none.
    pub fn new(stages: &[Stage], classes: &[Class]) -> Option<Self> {
        let stages: Vec<_> = Stage::ALL.into_iter().filter(|stage| stages.contains(stage)).collect();
        let classes: Vec<_> = Class::ALL.into_iter().filter(|class| classes.contains(class)).collect();
        (!stages.is_empty() && !classes.is_empty()).then_some(Self { stages, classes })
    }

    /// Whether a visit at this stage, of this class, may be called to the counter.
    pub fn does(&self, stage: Stage, class: Class) -> bool {
        self.stages.contains(&stage) && self.classes.contains(&class)
    }

    /// The names of the stages, as they are kept.
    pub fn stages_text(&self) -> String {
        self.stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The names of the classes, as they are kept.
    pub fn classes_text(&self) -> String {
        self.classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Reads what was kept; `None` for a name that is none.
    pub fn from_texts(stages: &str, classes: &str) -> Option<Self> {
        let stage = |name: &str| Stage::ALL.into_iter().find(|stage| stage.as_str() == name);
        let class = |name: &str| Class::ALL.into_iter().find(|class| class.as_str() == name);
        let stages: Option<Vec<_>> = stages.split(',').map(stage).collect();
        let classes: Option<Vec<_>> = classes.split(',').map(class).collect();
        Self::new(&stages?, &classes?)
    }
}

/// Minutes before its window from which a party is on time: offices ask people to come half an hour early.
pub const EARLY_MIN: i64 = 30;
/// Minutes after its window for which a party still is on time: the queue at the door itself.
pub const LATE_MIN: i64 = 15;
/// Seconds after a check-in for which it can be taken back.
pub const UNDO_S: i64 = 120;
/// Minutes after which somebody who was absent cannot be put back any more.
pub const REINSERT_MIN: i64 = 60;
/// Calls after which somebody who does not come is better marked absent.
pub const CALLS_BEFORE_ABSENT: u32 = 3;

/// What the door knows of a ticket that is shown to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Where the party is expected.
    pub office: OfficeCode,
    /// On which local date.
    pub date: Date,
    /// From when.
    pub starts: WindowStart,
    /// Until when.
    pub ends: WindowStart,
    /// Where the appointment stands.
    pub state: AppointmentState,
    /// Where the visit stands, if the party was checked in before.
    pub visit: Option<VisitState>,
    /// People of the party who have not arrived yet.
    pub missing: u8,
    /// Where a NIK in it was shown to be somebody else's, if that ended it.
    pub claimed: Option<OfficeCode>,
}

/// What the door says of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Come in.
    OnTime,
    /// Come in and wait: the window begins in so many minutes.
    Early {
        /// Minutes until the window begins.
        minutes: i64,
    },
    /// Come in and wait behind those who are on time: the window ended so many minutes ago.
    Late {
        /// Minutes since the window ended.
        minutes: i64,
    },
    /// More of a party of which some are here.
    Rest {
        /// People of it who are still missing.
        #[serde(default)]
        missing: u32,
    },
    /// Another day.
    WrongDay {
        /// The ticket's date.
        date: Date,
    },
    /// Another office.
    WrongOffice {
        /// The ticket's office.
        office: OfficeCode,
    },
    /// The holder gave the place back.
    Cancelled,
    /// The office took the place back.
    Revoked,
    /// The place was taken back since a NIK was shown to be somebody else's.
    Claimed {
        /// Where it was shown.
        office: OfficeCode,
    },
    /// Went home before it was served, today.
    WentHome,
    /// Checked in before, and waiting or being served.
    AlreadyIn,
    /// Called, not there, and back now: the counter or the door puts them back in the line.
    WasAbsent,
    /// Served before.
    AlreadyServed,
    /// The day had ended for it before.
    Missed,
    /// No such ticket.
    Unknown,
    /// A text that looks like a ticket and was not made by us, or was changed.
    Forged,
}

/// The colour of a verdict. It is always said in words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Goes in.
    Green,
    /// Goes in, with something to say.
    Amber,
    /// Does not go in like this.
    Red,
}

impl Verdict {
    /// Whether the party is let in.
    pub const fn lets_in(self) -> bool {
        matches!(self, Self::OnTime | Self::Early { .. } | Self::Late { .. } | Self::Rest { .. })
    }

    /// The colour.
    pub const fn signal(self) -> Signal {
        match self {
            Self::OnTime | Self::Rest { missing: 0 } => Signal::Green,
            Self::Rest { .. } | Self::Early { .. } | Self::Late { .. } | Self::AlreadyIn | Self::WasAbsent => {
                Signal::Amber
            }
            _ => Signal::Red,
        }
    }

    /// The verdict's name, for texts and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Early { .. } => "early",
            Self::Late { .. } => "late",
            Self::Rest { .. } => "rest",
            Self::WrongDay { .. } => "wrong_day",
            Self::WrongOffice { .. } => "wrong_office",
            Self::Cancelled => "cancelled",
            Self::Revoked => "revoked",
            Self::Claimed { .. } => "claimed",
            Self::WentHome => "went_home",
            Self::AlreadyIn => "already_in",
            Self::WasAbsent => "was_absent",
            Self::AlreadyServed => "already_served",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
            Self::Forged => "forged",
        }
    }
}

/// What the door of an office says of a ticket at a local time. What became of the appointment comes first: whoever gave the place back
/// is told so at whatever door.
pub fn verdict(shown: &Shown, here: &OfficeCode, now: DateTime) -> Verdict {
    match shown.state {
        AppointmentState::Cancelled | AppointmentState::CancelledLate => return Verdict::Cancelled,
        AppointmentState::Revoked => {
            return shown.claimed.map_or(Verdict::Revoked, |office| Verdict::Claimed { office });
        }
        AppointmentState::Served => return Verdict::AlreadyServed,
        AppointmentState::NoShow if shown.visit == Some(VisitState::Left) && shown.date == now.date() => {
            return Verdict::WentHome;
        }
        AppointmentState::NoShow | AppointmentState::Unrecorded => return Verdict::Missed,
        AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Called => {}
    }
    if shown.office != *here {
        return Verdict::WrongOffice { office: shown.office };
    }
    if shown.date != now.date() {
        return Verdict::WrongDay { date: shown.date };
    }
    match (shown.state, shown.visit) {
        (AppointmentState::Booked, _) => at_its_time(shown, now),
        (_, Some(VisitState::Absent)) => Verdict::WasAbsent,
        (_, Some(visit)) if visit.is_open() && shown.missing > 0 => Verdict::Rest { missing: shown.missing.into() },
        _ => Verdict::AlreadyIn,
    }
}

fn at_its_time(shown: &Shown, now: DateTime) -> Verdict {
    let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
    let (starts, ends) = (i64::from(shown.starts.minutes()), i64::from(shown.ends.minutes()));
    if minute < starts - EARLY_MIN {
        Verdict::Early { minutes: starts - minute }
    } else if minute > ends + LATE_MIN {
        Verdict::Late { minutes: minute - ends }
    } else {
        Verdict::OnTime
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Every event (rows) in every state (columns); a dot is refused.
    const TABLE: &str = "
        state     waiting    called     serving    parked     done absent  left undone revoked unrecorded
        Call      called     .          .          .          .    .       .    .      .       .
        Recall    .          called     .          .          .    .       .    .      .       .
        Start     .          serving    .          .          .    .       .    .      .       .
        Park      parked     parked     parked     .          .    .       .    .      .       .
        Unpark    .          .          .          waiting    .    .       .    .      .       .
        Transfer  .          waiting    waiting    .          .    .       .    .      .       .
        PutBack   .          waiting    waiting    .          .    .       .    .      .       .
        Finish    .          done       done       .          .    .       .    .      .       .
        Absent    .          absent     .          .          .    .       .    .      .       .
        Reinsert  .          .          .          .          .    waiting .    .      .       .
        Leave     left       left       left       left       .    left    .    .      .       .
        UndoCheckIn undone   .          .          .          .    .       .    .      .       .
        Revoke    revoked    revoked    revoked    revoked    .    revoked .    .      .       .
        DayEnded  unrecorded unrecorded unrecorded unrecorded .    .       .    .      .       .
    ";

    fn named(name: &str) -> VisitState {
        VisitState::ALL.into_iter().find(|state| state.as_str() == name).unwrap()
    }

    #[test]
    fn every_event_in_every_state_leads_where_the_table_says() {
        let rows: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|row: &Vec<_>| !row.is_empty())
            .collect();
        assert_eq!(rows[0][1..], VisitState::ALL.map(VisitState::as_str));
        assert_eq!(rows.len(), 1 + VisitEvent::ALL.len());
        for (row, event) in rows[1..].iter().zip(VisitEvent::ALL) {
            assert_eq!((row[0], row.len()), (format!("{event:?}").as_str(), 1 + VisitState::ALL.len()));
            for (cell, state) in row[1..].iter().zip(VisitState::ALL) {
                let expected = if *cell == "." { Err(NotAllowed { state, event }) } else { Ok(named(cell)) };
                assert_eq!(next(state, event), expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn only_the_absent_come_back_from_where_nobody_waits_for_them() {
        for state in VisitState::ALL.into_iter().filter(|state| !state.is_open()) {
            for event in VisitEvent::ALL {
                let revived = next(state, event).is_ok_and(VisitState::is_open);
                assert_eq!(
                    revived,
                    state == VisitState::Absent && event == VisitEvent::Reinsert,
                    "{state:?} {event:?}"
                );
            }
        }
    }

    #[test]
    fn a_call_number_is_read_as_people_write_it() {
        let number = CallNumber::new(Class::Scheduled, 17).unwrap();
        assert_eq!(number.to_string(), "A-017");
        for text in ["A-017", "a17", "A 17", " a-17 ", "A-17"] {
            assert_eq!(CallNumber::parse(text), Ok(number), "{text}");
        }
        for text in ["", "A", "A-", "A-0", "A-1000", "B-1", "A-1x", "A--", "A-+1"] {
            assert!(CallNumber::parse(text).is_err(), "{text}");
        }
        assert_eq!(CallNumber::new(Class::WalkIn, 0), None);
        assert_eq!(CallNumber::new(Class::WalkIn, 1000), None);
    }

    #[test]
    fn what_a_counter_takes_on_is_read_as_it_was_kept() {
        let photo = TakesOn::new(&[Stage::Interview, Stage::Photo], &[Class::Priority]).unwrap();
        assert_eq!((photo.stages_text().as_str(), photo.classes_text().as_str()), ("photo,interview", "priority"));
        assert_eq!(TakesOn::from_texts("photo,interview", "priority").as_ref(), Some(&photo));
        assert!(photo.does(Stage::Photo, Class::Priority) && !photo.does(Stage::Papers, Class::Priority));
        assert!(!photo.does(Stage::Photo, Class::WalkIn));
        assert_eq!(TakesOn::new(&[], &[Class::Priority]), None);
        assert_eq!(TakesOn::from_texts("photo", ""), None);
        assert_eq!(TakesOn::from_texts("nothing", "priority"), None);
    }

    fn shown() -> Shown {
        Shown {
            office: OfficeCode::parse("BTM").unwrap(),
            date: date(2026, 12, 1),
            starts: WindowStart::parse("09:00").unwrap(),
            ends: WindowStart::parse("10:00").unwrap(),
            state: AppointmentState::Booked,
            visit: None,
            missing: 0,
            claimed: None,
        }
    }

    fn said(shown: &Shown, hour: i8, minute: i8) -> Verdict {
        verdict(shown, &OfficeCode::parse("BTM").unwrap(), date(2026, 12, 1).at(hour, minute, 0, 0))
    }

    #[test]
    fn a_ticket_is_early_on_time_or_late_to_the_minute() {
        assert_eq!(said(&shown(), 8, 29), Verdict::Early { minutes: 31 });
        assert_eq!(said(&shown(), 8, 30), Verdict::OnTime);
        assert_eq!(said(&shown(), 10, 15), Verdict::OnTime);
        assert_eq!(said(&shown(), 10, 16), Verdict::Late { minutes: 16 });
        assert_eq!(said(&shown(), 0, 0), Verdict::Early { minutes: 540 });
        for (hour, signal) in [(7, Signal::Amber), (9, Signal::Green), (15, Signal::Amber)] {
            assert_eq!(said(&shown(), hour, 0).signal(), signal);
            assert!(said(&shown(), hour, 0).lets_in());
        }
    }

    #[test]
    fn a_ticket_for_elsewhere_or_another_day_does_not_open_the_door() {
        let elsewhere = OfficeCode::parse("BTM-HB").unwrap();
        let at = date(2026, 12, 1).at(9, 0, 0, 0);
        assert_eq!(verdict(&shown(), &elsewhere, at), Verdict::WrongOffice { office: shown().office });
        let tomorrow = date(2026, 12, 2).at(9, 0, 0, 0);
        assert_eq!(verdict(&shown(), &shown().office, tomorrow), Verdict::WrongDay { date: shown().date });
    }

    #[test]
    fn what_became_of_an_appointment_is_said_before_anything_else() {
        for (state, verdict) in [
            (AppointmentState::Cancelled, Verdict::Cancelled),
            (AppointmentState::CancelledLate, Verdict::Cancelled),
            (AppointmentState::Revoked, Verdict::Revoked),
            (AppointmentState::Served, Verdict::AlreadyServed),
            (AppointmentState::NoShow, Verdict::Missed),
            (AppointmentState::Unrecorded, Verdict::Missed),
        ] {
            let gone = Shown { state, office: OfficeCode::parse("KPG").unwrap(), ..shown() };
            assert_eq!(said(&gone, 9, 0), verdict);
            assert_eq!((verdict.signal(), verdict.lets_in()), (Signal::Red, false));
        }
    }

    #[test]
    fn who_went_home_today_and_whose_nik_was_claimed_hear_that() {
        let home = Shown { state: AppointmentState::NoShow, visit: Some(VisitState::Left), ..shown() };
        assert_eq!(said(&home, 9, 0), Verdict::WentHome);
        assert_eq!(verdict(&home, &home.office, date(2026, 12, 2).at(9, 0, 0, 0)), Verdict::Missed);
        let office = shown().office;
        let claimed = Shown { state: AppointmentState::Revoked, claimed: Some(office), ..shown() };
        assert_eq!(said(&claimed, 9, 0), Verdict::Claimed { office });
    }

    #[test]
    fn who_is_in_is_told_so_and_the_rest_of_a_party_may_follow() {
        let inside =
            |visit, missing| Shown { state: AppointmentState::CheckedIn, visit: Some(visit), missing, ..shown() };
        assert_eq!(said(&inside(VisitState::Waiting, 0), 9, 0), Verdict::AlreadyIn);
        assert_eq!(said(&inside(VisitState::Serving, 2), 9, 0), Verdict::Rest { missing: 2 });
        assert_eq!([0, 2].map(|missing| Verdict::Rest { missing }.signal()), [Signal::Green, Signal::Amber]);
        assert_eq!(said(&inside(VisitState::Absent, 0), 9, 0), Verdict::WasAbsent);
    }
}
