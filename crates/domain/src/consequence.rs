//! What follows when a party does not come, or cancels too late: the person rests for a release or two.
//!
//! Graded and open to appeal. What an office did (a closure, a revoked place, a day on which it recorded nobody) is
//! never a strike and never comes here.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a strike counts against a later one.
pub const STRIKE_COUNTS: SignedDuration = SignedDuration::from_hours(180 * 24);

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrikeKind {
    /// Cancelled on the day itself, when nobody else can be given the place.
    LateCancellation,
    /// Did not come and did not say so.
    NoShow,
}

impl StrikeKind {
    /// All kinds, the lighter first.
    pub const ALL: [Self; 2] = [Self::LateCancellation, Self::NoShow];

    /// The kind's name in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LateCancellation => "late_cancellation",
            Self::NoShow => "no_show",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A strike that stands: one taken back on appeal is not given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strike {
    /// What the person did.
    pub kind: StrikeKind,
    /// When.
    pub at: Timestamp,
}

/// What follows from a strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// Releases that the person sits out; 0 is a warning.
    pub rest_releases: u8,
}

/// What follows from a strike of this kind now, given the person's earlier strikes.
///
/// A no-show rests one release, and two when there was another no-show in the 180 days before. A late cancellation is a
/// warning, and rests one release when there was any strike in the 180 days before: who cancels late still did better
/// than who stayed away, so it never makes the next no-show graver.
pub fn consequence(kind: StrikeKind, earlier: &[Strike], now: Timestamp) -> Consequence {
    let repeated = earlier.iter().any(|strike| {
        let age = now.duration_since(strike.at);
        strike.kind >= kind && !age.is_negative() && age <= STRIKE_COUNTS
    });
    let rest_releases = match (kind, repeated) {
        (StrikeKind::LateCancellation, false) => 0,
        (StrikeKind::LateCancellation, true) | (StrikeKind::NoShow, false) => 1,
        (StrikeKind::NoShow, true) => 2,
    };
    Consequence { rest_releases }
}

#[cfg(test)]
mod tests {
    use super::StrikeKind::{LateCancellation, NoShow};
    use super::*;

    const DAY: i64 = 86_400;

    fn rest(kind: StrikeKind, earlier: &[(StrikeKind, i64)]) -> u8 {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000);
        let earlier: Vec<Strike> = earlier
            .iter()
            .map(|(kind, days_ago)| Strike { kind: *kind, at: now - SignedDuration::from_secs(days_ago * DAY) })
            .collect();
        consequence(kind, &earlier, now).rest_releases
    }

    #[test]
    fn the_first_late_cancellation_is_a_warning() {
        assert_eq!(rest(LateCancellation, &[]), 0);
    }

    #[test]
    fn the_first_no_show_rests_one_release() {
        assert_eq!(rest(NoShow, &[]), 1);
    }

    #[test]
    fn a_repeat_within_half_a_year_is_graver() {
        assert_eq!(rest(NoShow, &[(NoShow, 30)]), 2);
        assert_eq!(rest(NoShow, &[(NoShow, 180)]), 2);
        assert_eq!(rest(LateCancellation, &[(LateCancellation, 30)]), 1);
        assert_eq!(rest(LateCancellation, &[(NoShow, 30)]), 1);
    }

    #[test]
    fn having_once_cancelled_late_does_not_make_a_no_show_graver() {
        assert_eq!(rest(NoShow, &[(LateCancellation, 30)]), 1);
    }

    #[test]
    fn what_is_longer_ago_is_forgotten() {
        assert_eq!(rest(NoShow, &[(NoShow, 181), (NoShow, 400)]), 1);
        assert_eq!(rest(LateCancellation, &[(NoShow, 181)]), 0);
    }

    #[test]
    fn three_strikes_are_not_worse_than_two() {
        assert_eq!(rest(NoShow, &[(NoShow, 1), (NoShow, 2), (NoShow, 3)]), 2);
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in StrikeKind::ALL {
            assert_eq!(StrikeKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(StrikeKind::from_name("closure"), None);
    }
}
