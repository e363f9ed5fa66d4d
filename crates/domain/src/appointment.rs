//! The life of an appointment: which states there are, and what leads from one to another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where an appointment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentState {
    /// The party holds a place and is expected.
    Booked,
    /// The party is at the office and waits to be called.
    CheckedIn,
    /// The party was called to a counter.
    Called,
    /// The party was served.
    Served,
    /// The party gave the place back in time; it costs nothing.
    Cancelled,
    /// The party gave the place back on the day itself, too late for anybody else.
    CancelledLate,
    /// The office took the place back (a closure); never to the party's disadvantage.
    Revoked,
    /// The party did not come.
    NoShow,
    /// The day ended and nobody wrote down what became of the party; never to its disadvantage.
    Unrecorded,
}

/// What can happen to an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentEvent {
    /// The party cancels before the day.
    Cancel,
    /// The party cancels on the day itself.
    CancelLate,
    /// The party changes to another free slot and stays booked.
    Move,
    /// The office takes the place back.
    Revoke,
    /// The party is at the door.
    CheckIn,
    /// The check-in was a mistake: the wrong ticket was scanned.
    UndoCheckIn,
    /// A counter calls the party, for the first time, again, or from another counter.
    Call,
    /// The called party is sent back to wait: it is away for a moment, or a paper is missing.
    Park,
    /// The counter is done.
    Serve,
    /// The officer says that the party is not there, or has left without being served.
    Absent,
    /// The day ended at an office that recorded people that day.
    DayEnded,
    /// The day ended at an office that recorded nobody at all that day.
    DayEndedUnrecorded,
    /// The office shows after the day that the party was there: a paper list typed in late, an appeal that was right.
    ShownServed,
}

/// An event that cannot happen in the state the appointment is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an appointment that is {state} cannot take the event {event}")]
pub struct NotAllowed {
    /// Where the appointment stands.
    pub state: AppointmentState,
    /// What was asked for.
    pub event: AppointmentEvent,
}

/// Where an appointment stands after an event.
pub fn next(state: AppointmentState, event: AppointmentEvent) -> Result<AppointmentState, NotAllowed> {
    use AppointmentEvent as Event;
    use AppointmentState as State;
    match (state, event) {
        (State::Booked, Event::Cancel) => Ok(State::Cancelled),
        (State::Booked, Event::CancelLate) => Ok(State::CancelledLate),
        (State::Booked, Event::Move) | (State::CheckedIn, Event::UndoCheckIn) => Ok(State::Booked),
        (State::Booked, Event::CheckIn) | (State::Called, Event::Park) => Ok(State::CheckedIn),
        (State::CheckedIn | State::Called, Event::Call) => Ok(State::Called),
        // A small office serves at the door without calling.
        (State::CheckedIn | State::Called, Event::Serve) | (State::NoShow | State::Unrecorded, Event::ShownServed) => {
            Ok(State::Served)
        }
        (State::Booked | State::CheckedIn | State::Called, Event::Revoke) => Ok(State::Revoked),
        (State::Booked | State::CheckedIn | State::Called, Event::Absent) | (State::Booked, Event::DayEnded) => {
            Ok(State::NoShow)
        }
        // Who checked in did come, whatever the counter forgot to write down.
        (State::CheckedIn | State::Called, Event::DayEnded | Event::DayEndedUnrecorded)
        | (State::Booked, Event::DayEndedUnrecorded) => Ok(State::Unrecorded),
        _ => Err(NotAllowed { state, event }),
    }
}

impl AppointmentState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Booked,
        Self::CheckedIn,
        Self::Called,
        Self::Served,
        Self::Cancelled,
        Self::CancelledLate,
        Self::Revoked,
        Self::NoShow,
        Self::Unrecorded,
    ];

    /// Whether the appointment holds its place and bars its people from another.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Booked | Self::CheckedIn | Self::Called)
    }

    /// The state's name in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::CheckedIn => "checked_in",
            Self::Called => "called",
            Self::Served => "served",
            Self::Cancelled => "cancelled",
            Self::CancelledLate => "cancelled_late",
            Self::Revoked => "revoked",
            Self::NoShow => "no_show",
            Self::Unrecorded => "unrecorded",
        }
    }
}

impl AppointmentEvent {
    /// All events.
    pub const ALL: [Self; 13] = [
        Self::Cancel,
        Self::CancelLate,
        Self::Move,
        Self::Revoke,
        Self::CheckIn,
        Self::UndoCheckIn,
        Self::Call,
        Self::Park,
        Self::Serve,
        Self::Absent,
        Self::DayEnded,
        Self::DayEndedUnrecorded,
        Self::ShownServed,
    ];

    /// The event's name in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::CancelLate => "cancel_late",
            Self::Move => "move",
            Self::Revoke => "revoke",
            Self::CheckIn => "check_in",
            Self::UndoCheckIn => "undo_check_in",
            Self::Call => "call",
            Self::Park => "park",
            Self::Serve => "serve",
            Self::Absent => "absent",
            Self::DayEnded => "day_ended",
            Self::DayEndedUnrecorded => "day_ended_unrecorded",
            Self::ShownServed => "shown_served",
        }
    }
}

/// A text that names no state of an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{found:?} is not a state of an appointment")]
pub struct AppointmentStateError {
    /// The text as given.
    pub found: String,
}

impl FromStr for AppointmentState {
    type Err = AppointmentStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|state| state.as_str() == text);
        named.ok_or_else(|| AppointmentStateError { found: text.to_owned() })
    }
}

impl fmt::Display for AppointmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AppointmentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every event (rows) in every state (columns), both in the order of `ALL`; a dot is refused.
    const TABLE: &str = "
        state                booked         checked_in called     served cancelled cancelled_late revoked no_show unrecorded
        cancel               cancelled      .          .          .      .         .              .       .       .
        cancel_late          cancelled_late .          .          .      .         .              .       .       .
        move                 booked         .          .          .      .         .              .       .       .
        revoke               revoked        revoked    revoked    .      .         .              .       .       .
        check_in             checked_in     .          .          .      .         .              .       .       .
        undo_check_in        .              booked     .          .      .         .              .       .       .
        call                 .              called     called     .      .         .              .       .       .
        park                 .              .          checked_in .      .         .              .       .       .
        serve                .              served     served     .      .         .              .       .       .
        absent               no_show        no_show    no_show    .      .         .              .       .       .
        day_ended            no_show        unrecorded unrecorded .      .         .              .       .       .
        day_ended_unrecorded unrecorded     unrecorded unrecorded .      .         .              .       .       .
        shown_served         .              .          .          .      .         .              .       served  served
    ";

    #[test]
    fn every_event_in_every_state_leads_where_the_table_says() {
        let rows: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|row: &Vec<_>| !row.is_empty())
            .collect();
        assert_eq!(rows[0][1..], AppointmentState::ALL.map(AppointmentState::as_str));
        assert_eq!(rows.len(), 1 + AppointmentEvent::ALL.len());
        for (row, event) in rows[1..].iter().zip(AppointmentEvent::ALL) {
            assert_eq!((row[0], row.len()), (event.as_str(), 1 + AppointmentState::ALL.len()));
            for (cell, state) in row[1..].iter().zip(AppointmentState::ALL) {
                let expected = if *cell == "." { Err(NotAllowed { state, event }) } else { Ok(cell.parse().unwrap()) };
                assert_eq!(next(state, event), expected, "{state} {event}");
            }
        }
    }

    #[test]
    fn who_came_is_never_a_no_show_because_the_day_ended() {
        for state in [AppointmentState::CheckedIn, AppointmentState::Called] {
            assert_eq!(next(state, AppointmentEvent::DayEnded), Ok(AppointmentState::Unrecorded));
        }
    }

    #[test]
    fn a_place_once_given_up_never_comes_back_to_life() {
        for state in AppointmentState::ALL.into_iter().filter(|state| !state.is_live()) {
            for event in AppointmentEvent::ALL {
                assert!(next(state, event).map_or(true, |after| !after.is_live()), "{state} {event}");
            }
        }
    }

    #[test]
    fn names_in_files_are_the_names_in_json() {
        for state in AppointmentState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
        for event in AppointmentEvent::ALL {
            assert_eq!(serde_json::to_string(&event).unwrap(), format!("\"{event}\""));
        }
    }
}
