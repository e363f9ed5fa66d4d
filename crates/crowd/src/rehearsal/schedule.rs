//! When everybody comes. The schedule is made before the first request and does not wait for any answer: a server that is slow
//! does not get fewer visitors for it, and whoever has to wait is counted as waiting.

use std::time::Duration;

use antrean_domain::release::Mode;
use serde::Serialize;

use super::kind::Kind;
use crate::dice::Dice;

/// Phases with arrivals of their own: coming, the rush, the results.
pub const PHASES: usize = 3;
/// Accounts that come in a second over the whole of a phase, where nobody says how many.
const PER_SECOND: u32 = 200;
/// No phase is shorter: people need some seconds to read and type.
pub const PHASE_MIN: Duration = Duration::from_secs(6);
/// Nor is the first one, unless it was asked for.
const COMING_MIN: Duration = Duration::from_secs(20);
/// No phase is longer, whatever was asked for.
pub const PHASE_MAX: Duration = Duration::from_hours(4);
/// Everybody has arrived when so many hundredths of the phase are over, so that there is time to finish.
const ARRIVED_PERCENT: u32 = 75;
/// A phase in which people take a minute or two to get through their forms; in shorter ones they read and type faster.
const AT_EASE: Duration = Duration::from_mins(4);

/// What happens, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// People sign in and say who they are; where places are drawn, they enter as well.
    Coming,
    /// Places go to whoever comes first.
    Booking,
    /// The list is final, the draw is made.
    Drawing,
    /// Everybody looks at what they got.
    Results,
    /// Every acknowledgement is asked for again.
    Audit,
}

impl Phase {
    /// What it is called while it lasts.
    pub fn label(self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Coming, Mode::Draw) => "entering",
            (Self::Coming, Mode::FirstCome) => "signing in",
            (Self::Booking, _) => "booking",
            (Self::Drawing, _) => "drawing",
            (Self::Results, _) => "results",
            (Self::Audit, _) => "audit",
        }
    }
}

/// How long the phases with arrivals last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Signing in, and entering where places are drawn.
    pub coming: Duration,
    /// Booking, where places go first come.
    pub booking: Duration,
    /// Looking at the results.
    pub results: Duration,
}

impl Lengths {
    /// Lengths for so many accounts: by rate (accounts a second), else by rule.
    pub fn of(accounts: u32, coming: Option<Duration>, rate: Option<u32>) -> Self {
        let by_rate = Duration::from_secs(u64::from(accounts.div_ceil(rate.unwrap_or(PER_SECOND).max(1))));
        let by_rate = (by_rate * 100 / ARRIVED_PERCENT).max(COMING_MIN);
        let coming = coming.unwrap_or(by_rate).clamp(PHASE_MIN, PHASE_MAX);
        Self { coming, booking: (coming / 3).max(PHASE_MIN), results: (coming / 3).max(PHASE_MIN) }
    }

    /// By how much people's reading and typing times are stretched or shrunk, from 0 to 1.
    pub fn ease(&self) -> f64 {
        (self.coming.as_secs_f64() / AT_EASE.as_secs_f64()).min(1.0)
    }
}

/// The instant of an arrival after the beginning of a phase of that length.
pub fn instant(arrives: u32, phase: Duration) -> Duration {
    phase * ARRIVED_PERCENT / 100 * arrives / 1_000_000
}

/// When somebody arrives in each phase, in millionths. Programs come in the first instant.
pub fn arrivals(kind: Kind, dice: &mut Dice) -> [u32; PHASES] {
    let mut at = || {
        let early = if kind.is_bot() { 100 } else { 35 };
        if dice.percent(early) {
            // The rush: half of those who come early are there in the first fortieth.
            let within = if kind.is_bot() { 5_000 } else { 120_000 };
            let chance = dice.below(1_000) * dice.below(1_000);
            (chance * within / 1_000_000) as u32
        } else {
            dice.below(1_000_000) as u32
        }
    };
    [at(), at(), at()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_lies_inside_its_phase_and_begins_with_a_rush() {
        let mut dice = Dice::new(1, 1);
        let phase = Duration::from_secs(100);
        let times: Vec<Duration> = (0..10_000).map(|_| instant(arrivals(Kind::Citizen, &mut dice)[0], phase)).collect();
        assert!(times.iter().all(|time| *time <= phase * ARRIVED_PERCENT / 100));
        let early = times.iter().filter(|time| **time < phase / 10).count();
        assert!((3_800..5_200).contains(&early), "{early} of 10,000 within the first tenth");
        let bots = (0..1_000).map(|_| arrivals(Kind::FastBot, &mut dice)[1]);
        assert!(bots.max() < Some(5_000), "programs are there at once");
    }

    #[test]
    fn lengths_follow_from_the_size_unless_they_are_given() {
        let of = |accounts, coming, rate| Lengths::of(accounts, coming, rate).coming.as_secs();
        assert_eq!(of(10, None, None), COMING_MIN.as_secs());
        assert_eq!(of(10, Some(Duration::ZERO), None), PHASE_MIN.as_secs());
        assert_eq!(of(55_000, None, None), 366);
        assert_eq!(of(55_000, None, Some(1_000)), 73);
        assert_eq!(of(55_000, Some(Duration::from_mins(10)), Some(1_000)), 600);
        assert!((Lengths::of(10, None, None).ease() - 1.0 / 12.0).abs() < 1e-9);
        assert!((Lengths::of(55_000, None, None).ease() - 1.0).abs() < 1e-9);
    }
}
