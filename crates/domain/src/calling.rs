//! Who is called next: a rule that everybody can read, that says why, and that leaves nobody waiting for ever.
//!
//! Of every four calls one goes to priority, two to people with a ticket and one to people without; a class that has nobody leaves its
//! turns to the others. Within a class the one who has been due longest goes first. Whoever has waited longer than the guard goes before
//! all that, at every second call: were it at every call, a late day would be first come, first served, and priority would mean nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::visit::Class;

/// Of four calls, how many go to each class while all have somebody.
const SHARES: [(Class, i64); 3] = [(Class::Priority, 1), (Class::Scheduled, 2), (Class::WalkIn, 1)];
/// Calls over which the shares are kept.
const ROUND: i64 = 4;
/// Calls that the rule looks back at: with the one it decides they make a round.
pub const LOOKS_BACK: usize = ROUND as usize - 1;
/// Whoever has been due for longer goes first, at every second call.
pub const GUARD: SignedDuration = SignedDuration::from_mins(60);
/// Whoever is due within this is as good as due: a counter does not wait while a window is about to begin.
const NEARLY_DUE: SignedDuration = SignedDuration::from_mins(15);

/// Somebody in the waiting room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting<T> {
    /// Who, for the caller of the rule.
    pub id: T,
    /// How they came.
    pub class: Class,
    /// From when they may expect to be called: the later of their window's beginning and their arrival.
    pub due: Timestamp,
}

/// A call that was made: the last ones decide whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The class that was called.
    pub class: Class,
    /// Whether it was for having waited too long.
    pub guarded: bool,
}

/// Why somebody is called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It is the turn of their class, and they have been due longest in it.
    Turn {
        /// The class.
        class: Class,
    },
    /// Nobody else has been due for so long.
    LongestWait {
        /// Minutes since they were due.
        minutes: i64,
    },
    /// Nobody is due; they are due first.
    BeforeTime {
        /// Minutes until they are due.
        minutes: i64,
    },
    /// An officer asked for them by number.
    ByNumber,
}

impl Why {
    /// The reason in the log, such as `turn scheduled` or `longest_wait 75`.
    pub fn code(self) -> String {
        match self {
            Self::Turn { class } => format!("turn {}", class.as_str()),
            Self::LongestWait { minutes } => format!("longest_wait {minutes}"),
            Self::BeforeTime { minutes } => format!("before_time {minutes}"),
            Self::ByNumber => "by_number".to_owned(),
        }
    }

    /// Reads what [`Why::code`] wrote.
    pub fn from_code(code: &str) -> Option<Self> {
        let (word, rest) = code.split_once(' ').unwrap_or((code, ""));
        match word {
            "turn" => Class::ALL.into_iter().find(|class| class.as_str() == rest).map(|class| Self::Turn { class }),
            "longest_wait" => rest.parse().ok().map(|minutes| Self::LongestWait { minutes }),
            "before_time" => rest.parse().ok().map(|minutes| Self::BeforeTime { minutes }),
            "by_number" => rest.is_empty().then_some(Self::ByNumber),
            _ => None,
        }
    }

    /// Whether it was for having waited too long.
    pub const fn is_guard(self) -> bool {
        matches!(self, Self::LongestWait { .. })
    }
}

/// Who is called next, and why; `None` when nobody waits. `last` are the calls before, the newest last; only the last
/// [`LOOKS_BACK`] count. Whoever comes first in `waiting` goes first among equals.
pub fn next<T: Copy>(waiting: &[Waiting<T>], last: &[Made], now: Timestamp) -> Option<(T, Why)> {
    let due: Vec<&Waiting<T>> = waiting.iter().filter(|one| one.due <= now + NEARLY_DUE).collect();
    let Some(longest) = first(due.iter().copied()) else {
        let soonest = first(waiting.iter())?;
        return Some((soonest.id, Why::BeforeTime { minutes: soonest.due.duration_since(now).as_mins() }));
    };
    let waited = now.duration_since(longest.due);
    if waited > GUARD && !last.last().is_some_and(|call| call.guarded) {
        return Some((longest.id, Why::LongestWait { minutes: waited.as_mins() }));
    }
    let last = &last[last.len().saturating_sub(LOOKS_BACK)..];
    let calls = last.len() as i64 + 1;
    // What a class lacks of its share, counting the call that is about to be made; the first of equals in the order of the shares.
    let lacks = |class: Class, share: i64| {
        share * calls - ROUND * last.iter().filter(|call| call.class == class).count() as i64
    };
    let mut turn: Option<(i64, &Waiting<T>)> = None;
    for (class, share) in SHARES {
        let Some(one) = first(due.iter().copied().filter(|one| one.class == class)) else { continue };
        let lacking = lacks(class, share);
        if turn.is_none_or(|(most, _)| lacking > most) {
            turn = Some((lacking, one));
        }
    }
    turn.map(|(_, one)| (one.id, Why::Turn { class: one.class }))
}

/// Who has been due longest; the first of equals.
fn first<'a, T: 'a>(waiting: impl Iterator<Item = &'a Waiting<T>>) -> Option<&'a Waiting<T>> {
    waiting.min_by_key(|one| one.due)
}

/// How long somebody with so many before them waits, from and to in minutes: a promise of a minute would not be kept.
///
/// `service_min` are the minutes that a quarter, and three quarters, of the visits of the day took at most.
pub fn wait_minutes(ahead: u32, counters: u32, service_min: (u32, u32)) -> (u32, u32) {
    const STEP: u32 = 5;
    let counters = counters.max(1);
    let quick = ahead * service_min.0.max(1) / counters;
    let slow = (ahead + 1) * service_min.1.max(service_min.0).max(1) / counters;
    (quick / STEP * STEP, slow.div_ceil(STEP).max(1) * STEP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minute(of: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + of * 60).unwrap()
    }

    fn waits(id: u32, class: Class, due: i64) -> Waiting<u32> {
        Waiting { id, class, due: minute(due) }
    }

    fn made(class: Class, why: Why) -> Made {
        Made { class, guarded: why.is_guard() }
    }

    /// Calls until nobody waits, all at one instant; ids with their reasons.
    fn all(mut waiting: Vec<Waiting<u32>>, now: i64) -> Vec<(u32, Why)> {
        let (mut calls, mut last) = (Vec::new(), Vec::new());
        while let Some((id, why)) = next(&waiting, &last, minute(now)) {
            let at = waiting.iter().position(|one| one.id == id).unwrap();
            last.push(made(waiting.remove(at).class, why));
            calls.push((id, why));
        }
        calls
    }

    #[test]
    fn of_four_calls_one_is_priority_two_have_a_ticket_and_one_has_none() {
        let room = (0..12).map(|id| waits(id, Class::ALL[id as usize % 3], 0)).collect();
        let classes: String = all(room, 10).iter().map(|(id, _)| Class::ALL[*id as usize % 3].letter()).collect();
        assert_eq!(&classes[..8], "APWAAPWA", "and then nobody with a ticket is left: {classes}");
    }

    #[test]
    fn who_has_waited_beyond_the_guard_goes_first_at_every_second_call() {
        let mut room: Vec<_> = (0..4).map(|id| waits(id, Class::Scheduled, i64::from(id))).collect();
        room.extend((4..6).map(|id| waits(id, Class::Priority, 70)));
        let calls = all(room, 75);
        let ids: Vec<u32> = calls.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [0, 4, 1, 5, 2, 3]);
        assert_eq!(calls[0].1, Why::LongestWait { minutes: 75 });
        assert_eq!(calls[1].1, Why::Turn { class: Class::Priority });
    }

    #[test]
    fn who_is_not_due_is_called_only_when_nobody_is() {
        let room = vec![waits(1, Class::Scheduled, 100), waits(2, Class::Scheduled, 160), waits(3, Class::WalkIn, 130)];
        assert_eq!(all(room.clone(), 90)[0], (1, Why::Turn { class: Class::Scheduled }));
        assert_eq!(all(room, 20)[0], (1, Why::BeforeTime { minutes: 80 }));
        assert_eq!(next::<u32>(&[], &[], minute(0)), None);
    }

    #[test]
    fn a_reason_is_read_as_it_was_written() {
        for why in [
            Why::Turn { class: Class::Priority },
            Why::LongestWait { minutes: 61 },
            Why::BeforeTime { minutes: 5 },
            Why::ByNumber,
        ] {
            assert_eq!(Why::from_code(&why.code()), Some(why));
        }
        assert_eq!(Why::from_code("turn nobody"), None);
    }

    #[test]
    fn a_wait_is_a_range_in_steps_of_five_minutes() {
        assert_eq!(wait_minutes(0, 4, (8, 15)), (0, 5));
        assert_eq!(wait_minutes(10, 4, (8, 15)), (20, 45));
        assert_eq!(wait_minutes(3, 0, (0, 0)), (0, 5));
    }

    fn room() -> impl Strategy<Value = Vec<Waiting<u32>>> {
        proptest::collection::vec((0..3_usize, -200..200_i64), 0..60).prop_map(|all| {
            all.into_iter().enumerate().map(|(id, (class, due))| waits(id as u32, Class::ALL[class], due)).collect()
        })
    }

    fn history() -> impl Strategy<Value = Vec<Made>> {
        proptest::collection::vec((0..3_usize, any::<bool>()), 0..8).prop_map(|all| {
            all.into_iter().map(|(class, guarded)| Made { class: Class::ALL[class], guarded }).collect()
        })
    }

    proptest! {
        #[test]
        fn everybody_is_called_exactly_once(room in room()) {
            let mut ids: Vec<u32> = all(room.clone(), 0).into_iter().map(|(id, _)| id).collect();
            ids.sort_unstable();
            prop_assert_eq!(ids, (0..room.len() as u32).collect::<Vec<_>>());
        }

        #[test]
        fn who_is_called_depends_on_nothing_but_the_room_and_the_last_calls(room in room(), last in history()) {
            let again = &last[last.len().saturating_sub(LOOKS_BACK)..];
            prop_assert_eq!(next(&room, &last, minute(0)), next(&room, again, minute(0)));
        }

        #[test]
        fn within_a_class_nobody_is_overtaken_by_somebody_due_later(room in room(), last in history()) {
            let Some((id, _)) = next(&room, &last, minute(0)) else { return Ok(()) };
            let called = room[id as usize];
            prop_assert!(room.iter().filter(|one| one.class == called.class).all(|one| one.due >= called.due));
        }

        #[test]
        fn who_waits_longest_beyond_the_guard_is_called_at_the_second_call_at_the_latest(room in room(), last in history()) {
            let now = minute(0);
            let Some(longest) = first(room.iter()).filter(|one| now.duration_since(one.due) > GUARD) else { return Ok(()) };
            let Some((id, why)) = next(&room, &last, now) else { return Err(TestCaseError::fail("nobody called")) };
            if id != longest.id {
                let called = room[id as usize];
                let rest: Vec<_> = room.iter().copied().filter(|one| one.id != id).collect();
                let second = next(&rest, &[made(called.class, why)], now).map(|(id, _)| id);
                prop_assert_eq!(second, Some(longest.id));
            }
        }

        #[test]
        fn nobody_starves_while_others_keep_coming(arrivals in proptest::collection::vec((0..3_usize, 0..3_usize), 60..200)) {
            // Somebody of each class waits from the beginning; from then on up to two arrive a minute and one is called.
            let mut waiting: Vec<_> = Class::ALL.iter().enumerate().map(|(id, class)| waits(id as u32, *class, 0)).collect();
            let mut last = Vec::new();
            for (at, (class, more)) in arrivals.iter().enumerate() {
                let at = at as i64;
                for _ in 0..*more {
                    waiting.push(waits(1_000 + waiting.len() as u32 + at as u32 * 1_000, Class::ALL[*class], at));
                }
                let (id, why) = next(&waiting, &last, minute(at)).unwrap_or((u32::MAX, Why::ByNumber));
                let Some(place) = waiting.iter().position(|one| one.id == id) else { continue };
                last.push(made(waiting.remove(place).class, why));
            }
            prop_assert!(waiting.iter().all(|one| one.id >= 3), "{waiting:?}");
        }

        #[test]
        fn a_class_with_somebody_due_is_called_within_eight_calls(last in history(), now in 0..120_i64) {
            for class in Class::ALL {
                let mut room = vec![waits(0, class, now)];
                room.extend((1..40).map(|id| waits(id, Class::ALL[id as usize % 3], -(i64::from(id) * 7))));
                let mut last = last.clone();
                let mut called = false;
                for _ in 0..8 {
                    let Some((id, why)) = next(&room, &last, minute(now)) else { break };
                    let place = room.iter().position(|one| one.id == id).unwrap();
                    let one = room.remove(place);
                    called |= one.class == class;
                    last.push(made(one.class, why));
                }
                prop_assert!(called, "{class:?}");
            }
        }
    }
}
