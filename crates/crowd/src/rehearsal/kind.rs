//! The kinds of client that come to a rehearsal, and how many of each.

use serde::Serialize;

/// A kind of client. What each does stands in `visitor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reads, thinks, types; waits when told to.
    Citizen,
    /// The same on a slow line: takes answers in pieces, and sometimes sends a request again because the answer was lost.
    SlowPhone,
    /// Looks at the state of the release every second besides.
    Reloader,
    /// Goes away half way.
    Leaver,
    /// A program that asks at once and does not wait when told to.
    FastBot,
    /// One operator's program with many accounts, each for another person, all from one network.
    ManyAccounts,
    /// One person's NIK stated by several accounts.
    SameNik,
    /// A program that gives back what it has and takes again, to pass places on or find better ones.
    Churner,
}

/// How citizens divide, in hundredths.
const CITIZENS: [(Kind, u64); 4] =
    [(Kind::Citizen, 50), (Kind::SlowPhone, 30), (Kind::Reloader, 12), (Kind::Leaver, 8)];
/// How bots divide, in hundredths.
const BOTS: [(Kind, u64); 4] =
    [(Kind::FastBot, 30), (Kind::ManyAccounts, 30), (Kind::SameNik, 25), (Kind::Churner, 15)];

impl Kind {
    /// Every kind, citizens first.
    pub const ALL: [Self; 8] = [
        Self::Citizen,
        Self::SlowPhone,
        Self::Reloader,
        Self::Leaver,
        Self::FastBot,
        Self::ManyAccounts,
        Self::SameNik,
        Self::Churner,
    ];

    /// What it is called in a report.
    pub fn label(self) -> &'static str {
        match self {
            Self::Citizen => "citizens",
            Self::SlowPhone => "citizens on slow phones",
            Self::Reloader => "impatient reloaders",
            Self::Leaver => "people who leave half way",
            Self::FastBot => "fast bots",
            Self::ManyAccounts => "bots with many accounts",
            Self::SameNik => "one NIK in several accounts",
            Self::Churner => "cancel-and-rebook bots",
        }
    }

    /// Whether it is a program that wants to be faster than people.
    pub fn is_bot(self) -> bool {
        matches!(self, Self::FastBot | Self::ManyAccounts | Self::SameNik | Self::Churner)
    }

    /// The kinds of `citizens` people and `bots` programs, as near to their shares as whole numbers come.
    pub fn divide(citizens: u32, bots: u32) -> Vec<(Self, u32)> {
        [(citizens, CITIZENS), (bots, BOTS)]
            .into_iter()
            .flat_map(|(total, shares)| {
                let (mut given, mut percent) = (0, 0);
                shares.map(|(kind, share)| {
                    percent += share;
                    let until = (u64::from(total) * percent / 100) as u32;
                    let count = until - given;
                    given = until;
                    (kind, count)
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_of_some_kind_and_bots_are_bots() {
        for (citizens, bots) in [(0, 0), (1, 1), (7, 3), (50_000, 5_000)] {
            let divided = Kind::divide(citizens, bots);
            let count =
                |bot: bool| divided.iter().filter(|(kind, _)| kind.is_bot() == bot).map(|(_, n)| n).sum::<u32>();
            assert_eq!((count(false), count(true)), (citizens, bots));
        }
        assert_eq!(Kind::divide(100, 0)[0], (Kind::Citizen, 50));
    }
}
