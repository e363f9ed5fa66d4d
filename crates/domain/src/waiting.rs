//! The waiting room of a first-come release: the order of those who wait, how fast they are let in, what their place token says.
//!
//! The protocol `antrean/line/v1` is laid down in `docs/waiting-room.md`. Who joined before the opening stands in the order of a
//! keyed hash over their line id; who joined later stands behind them, in the order of arrival. Nothing is sorted and nobody is
//! kept in memory: the state of a line is a few numbers, and everybody's standing follows from them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::draw::encoding::{Feed as _, Hash32, finish_keyed, hex_value, keyed};
use crate::keys::{Keyring, PersonKey};
use crate::release::ReleaseId;

/// The values of those present lie below this: 48 bits, exact in every JSON reader and in every database.
pub const HALL: u64 = 1 << 48;

/// A move takes account of at most so much time. A lease that changed hands or a clock that jumped lets nobody leap.
const MOVE_MS_MAX: u64 = 2_000;
/// Moves closer together than this wait for the next: rounding would eat their share.
const MOVE_MS_MIN: u64 = 100;
/// In good health the rate climbs from nothing to its highest in this time.
const CLIMB_MS: u64 = 60_000;
/// In bad health the rate loses this part of itself in a millisecond: a half in less than three seconds.
const FALL_MS: u64 = 4_000;
/// The pace that people are told is that of about the last half minute.
const PACE_MS: u64 = 30_000;

hex_value!(
    /// Somebody in one line: a keyed hash of the release and of the NIK of the account's holder. It cannot be shopped for: another
    /// phone, session or device gives the same.
    LineId,
    16
);
hex_value!(
    /// The key of a line's order; public as soon as it is known, which is after the opening.
    LineKey,
    32
);

impl LineId {
    /// The line id of a person in the line of a release.
    pub fn of(keys: &Keyring, release: &ReleaseId, person: &PersonKey) -> Self {
        let name = Vec::new().lp(release.as_str().as_bytes()).raw(&person.0);
        Self(keys.keyed16("line-id", &name))
    }
}

/// Where the key of a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// A round of the public beacon that lies after the opening: nobody can have known it before.
    Beacon,
    /// The secret whose hash was published with the plan: it cannot have been chosen afterwards, but the operator knew it.
    Secret,
}

/// What is published of a line's secret when the release is planned: `SHA-256("antrean/line/commitment/v1\n" || lp(release) || secret)`.
pub fn commitment(release: &ReleaseId, secret: &[u8; 32]) -> Hash32 {
    let hash = Sha256::new().raw(b"antrean/line/commitment/v1\n").lp(release.as_str().as_bytes()).raw(secret);
    Hash32::finish(hash)
}

impl LineKey {
    /// The key of a line: `SHA-256("antrean/line/v1\n" || lp(release) || lp(source) || round || lp(randomness))`, where the source
    /// is the beacon's name, or `secret` with round 0.
    pub fn derive(release: &ReleaseId, source: &str, round: u64, randomness: &[u8; 32]) -> Self {
        let hash = Sha256::new()
            .raw(b"antrean/line/v1\n")
            .lp(release.as_str().as_bytes())
            .lp(source.as_bytes())
            .u64(round)
            .lp(randomness);
        Self(Hash32::finish(hash).0)
    }

    /// The value of somebody who was present: the first six bytes of `HMAC-SHA256(key, "line\n" || line id)`, big-endian.
    /// Smallest first.
    pub fn value(&self, id: &LineId) -> u64 {
        let mac = finish_keyed(keyed(&self.0).raw(b"line\n").raw(&id.0));
        mac[..6].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}

/// What an operator may set about letting people in; a rate is people per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The rate at the opening.
    pub rate_start: u32,
    /// The rate in bad health. Above 0: a line never stands still while there are places.
    pub rate_min: u32,
    /// The rate that good health may climb to.
    pub rate_max: u32,
    /// So many may be at work however few places are left.
    pub at_work_min: u32,
    /// About how long somebody let in takes to book or to leave, seconds, above 0.
    pub decide_s: u32,
}

/// How the server is, as far as letting people in goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Work is done as it comes.
    Good,
    /// Work waits a little: no more people than now.
    Strained,
    /// Work waits long or was turned away: fewer people.
    Bad,
}

/// How far a line has come. Everything in it but the rates only grows, and the store refuses anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// Those present whose value is below it are let in; [`HALL`] is all of them.
    pub threshold: u64,
    /// Those who came later are let in up to this arrival number.
    pub admitted: u64,
    /// Nobody waits and the server is well: whoever comes goes in.
    pub open: bool,
    /// The rate that health allows, people per minute.
    pub rate: u32,
    /// People let in lately, thousandths per minute, smoothed: for estimates.
    pub pace_milli: u64,
    /// People let in who have neither booked nor, as it is reckoned, left; thousandths.
    pub at_work_milli: u64,
    /// A part of a person that the last move could not let in, thousandths.
    pub carry_milli: u64,
    /// Places left at the last move.
    pub left: u32,
    /// When the line was last moved.
    pub moved: Timestamp,
}

/// What a move has to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The instant of the move.
    pub now: Timestamp,
    /// How many were there at the opening.
    pub present: u64,
    /// The highest arrival number given out so far.
    pub arrivals: u64,
    /// Places left now.
    pub left: u32,
    /// How the server is.
    pub health: Health,
}

impl Front {
    /// A line at its opening: nobody is in yet, or nobody waits at all.
    pub fn opening(now: Timestamp, present: u64, terms: &Terms) -> Self {
        Self {
            threshold: if present == 0 { HALL } else { 0 },
            admitted: 0,
            open: present == 0,
            rate: terms.rate_start,
            pace_milli: 0,
            at_work_milli: 0,
            carry_milli: 0,
            left: 0,
            moved: now,
        }
    }

    /// The line a moment later.
    ///
    /// The rate follows health and time, additively up and multiplicatively down. Besides, no more people are at work than there are
    /// places left (or a few), and people at work are reckoned to leave: who does not come holds up nobody. A clock that stands, goes
    /// back or jumps moves nobody, or no further than two seconds would.
    #[must_use]
    pub fn step(&self, seen: &Seen, terms: &Terms) -> Self {
        let elapsed = seen.now.as_millisecond() - self.moved.as_millisecond();
        let Ok(elapsed) = u64::try_from(elapsed) else { return Self { moved: seen.now, ..*self } };
        if elapsed < MOVE_MS_MIN {
            return *self;
        }
        let ms = elapsed.min(MOVE_MS_MAX);
        let mut next = Self { moved: seen.now, left: seen.left, ..*self };
        next.rate = next_rate(self.rate, ms, seen.health, terms);
        let leave = self.at_work_milli.saturating_mul(ms) / (1_000 * u64::from(terms.decide_s.max(1)));
        let sold = 1_000 * u64::from(self.left.saturating_sub(seen.left));
        next.at_work_milli = self.at_work_milli.saturating_sub(leave.max(1)).saturating_sub(sold);
        let granted = next.grant(ms, seen, terms);
        let let_in = next.let_in(granted, seen);
        next.at_work_milli += 1_000 * let_in;
        let now_milli = 1_000 * let_in * 60_000 / ms;
        next.pace_milli = (self.pace_milli * (PACE_MS - ms) + now_milli * ms) / PACE_MS;
        let waits = next.threshold < HALL || next.admitted < seen.arrivals;
        next.open = match seen.health {
            Health::Good => !waits,
            // An open room stays open while the server can bear it.
            Health::Strained => self.open && !waits,
            Health::Bad => false,
        };
        if next.open {
            // Nobody is counted while nobody waits; the line begins anew when it has to.
            next = Self { rate: terms.rate_max.max(terms.rate_start), pace_milli: 0, at_work_milli: 0, ..next };
        }
        next
    }

    /// Whether two states differ in anything that is worth writing down.
    pub fn differs(&self, other: &Self) -> bool {
        Self { moved: other.moved, ..*self } != *other
    }

    /// How many may be let in now; what is left of a person is carried on.
    fn grant(&mut self, ms: u64, seen: &Seen, terms: &Terms) -> u64 {
        if seen.left == 0 {
            self.carry_milli = 0;
            return 0;
        }
        if self.open && seen.health != Health::Bad {
            self.carry_milli = 0;
            return u64::MAX;
        }
        let by_rate = self.carry_milli + u64::from(self.rate.max(terms.rate_min).max(1)) * ms / 60;
        let room = 1_000 * u64::from(seen.left.max(terms.at_work_min).max(1));
        let room = room.saturating_sub(self.at_work_milli);
        if by_rate <= room {
            self.carry_milli = by_rate % 1_000;
            by_rate / 1_000
        } else {
            self.carry_milli = room % 1_000;
            room / 1_000
        }
    }

    /// Lets in up to `granted` people, those present first; says how many that are, as far as can be told.
    fn let_in(&mut self, granted: u64, seen: &Seen) -> u64 {
        let mut left = granted;
        let mut let_in = 0;
        if self.threshold < HALL {
            let waiting = expected(HALL - self.threshold, seen.present);
            if granted >= waiting {
                self.threshold = HALL;
                let_in = waiting;
                left = granted - waiting;
            } else {
                let step = u128::from(granted) * u128::from(HALL) / u128::from(seen.present.max(1));
                self.threshold = (self.threshold + step as u64).min(HALL);
                let_in = granted;
                left = 0;
            }
        }
        if self.threshold == HALL && left > 0 {
            let late = left.min(seen.arrivals.saturating_sub(self.admitted));
            self.admitted += late;
            let_in += late;
        }
        let_in
    }
}

fn next_rate(rate: u32, ms: u64, health: Health, terms: &Terms) -> u32 {
    let rate = u64::from(rate);
    let next = match health {
        Health::Good => rate + (u64::from(terms.rate_max) * ms).div_ceil(CLIMB_MS),
        Health::Strained => rate,
        Health::Bad => rate - rate * ms / FALL_MS,
    };
    next.clamp(terms.rate_min.into(), terms.rate_max.max(terms.rate_min).into()) as u32
}

/// How many of `present` have their value in a part of the hall, rounded up.
fn expected(part: u64, present: u64) -> u64 {
    (u128::from(part) * u128::from(present)).div_ceil(u128::from(HALL)) as u64
}

/// Where somebody stands: among those present, by value, or behind them, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The line id.
    pub line: LineId,
    /// The arrival number, from 1; `None` for those present at the opening.
    pub number: Option<u64>,
}

impl Spot {
    /// Whether this place is let in. Those present have no place in the order before the key is known.
    pub fn is_in(&self, front: &Front, key: Option<&LineKey>) -> bool {
        front.open
            || match (self.number, key) {
                (Some(number), _) => front.threshold == HALL && number <= front.admitted,
                (None, _) if front.threshold == HALL => true,
                (None, Some(key)) => key.value(&self.line) < front.threshold,
                (None, None) => false,
            }
    }

    /// About how many are let in before this place; `None` while the order is not known. 0 also for who is next.
    pub fn ahead(&self, front: &Front, key: Option<&LineKey>, present: u64) -> Option<u64> {
        if self.is_in(front, key) {
            return Some(0);
        }
        match self.number {
            Some(number) => Some(expected(HALL - front.threshold, present) + number.saturating_sub(front.admitted + 1)),
            None => key.map(|key| expected(key.value(&self.line).saturating_sub(front.threshold), present)),
        }
    }
}

/// A time as a range, whole minutes. The ends are numbers that people say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// At least about so many minutes; 0 is less than one.
    pub from_min: u32,
    /// At most about so many minutes; `None` is more than can be said.
    pub to_min: Option<u32>,
}

/// Minutes that people say.
const SAID: [u32; 16] = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 720];

/// How long until so many people are let in, at the pace of late; `None` where nobody is let in.
pub fn estimate(ahead: u64, pace_milli: u64) -> Option<Estimate> {
    let per_minute = pace_milli / 1_000;
    if per_minute == 0 {
        return None;
    }
    // The pace changes while one waits: a good third less to two thirds more.
    let (low, high) = (ahead * 60 / 100 / per_minute, (ahead * 160 / 100).div_ceil(per_minute));
    Some(Estimate {
        from_min: SAID.iter().rev().copied().find(|said| u64::from(*said) <= low).unwrap_or(0),
        to_min: SAID.iter().copied().find(|said| u64::from(*said) >= high),
    })
}

/// Seconds after which somebody should look again: soon when near, later when far, and never all at once.
///
/// `waiting` is how many wait altogether: a long line looks more rarely, so that looking costs the server the same. `spread` is any
/// number that differs between people.
pub fn look_again_s(ahead: Option<u64>, pace_milli: u64, waiting: u64, spread: u64) -> u32 {
    let away_s = match ahead {
        Some(ahead) => ahead.saturating_mul(60_000) / pace_milli.max(1_000),
        None => 30,
    };
    let mut wait_s = (away_s / 3).clamp(5, 120);
    if away_s > 300 {
        wait_s = wait_s.max(waiting / 5_000).min(300);
    }
    (wait_s + spread % (wait_s / 4 + 1)) as u32
}

/// A place as a text that its holder can keep: checked without asking anything, of no use to another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceToken {
    /// The release.
    pub release: ReleaseId,
    /// The place.
    pub spot: Spot,
    /// Whose it is: eight bytes that follow from the account's number.
    pub owner: Owner,
}

hex_value!(
    /// The account behind a place token, without its number.
    Owner,
    8
);

impl Owner {
    /// The owner's mark of an account in a release.
    pub fn of(keys: &Keyring, release: &ReleaseId, account: i64) -> Self {
        let name = Vec::new().lp(release.as_str().as_bytes()).u64(account.cast_unsigned());
        let hash = keys.keyed16("line-owner", &name);
        Self(*hash.first_chunk().expect("eight of sixteen bytes"))
    }
}

/// A text that is no place token of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place token of this server")]
pub struct NoPlaceToken;

impl PlaceToken {
    /// The token: `v1.RELEASE.LINE.OWNER.NUMBER.MAC`, of which the last part signs the others. The number of those present is `p`.
    pub fn issue(&self, keys: &Keyring) -> String {
        let body = self.to_string();
        format!("{body}.{}", LineId(keys.keyed16("line-place", body.as_bytes())))
    }

    /// Reads a token that this server has issued; anything else, changed in whatever way, is refused.
    pub fn verify(text: &str, keys: &Keyring) -> Result<Self, NoPlaceToken> {
        let (body, mac) = text.rsplit_once('.').ok_or(NoPlaceToken)?;
        let mac: LineId = mac.parse().map_err(|_| NoPlaceToken)?;
        // Compared as keyed hashes of what was given and of what should be, so that time tells nothing.
        let blind = |mac: &[u8; 16]| keys.keyed16("line-place-compare", mac);
        if blind(&mac.0) != blind(&keys.keyed16("line-place", body.as_bytes())) {
            return Err(NoPlaceToken);
        }
        let mut parts = body.split('.');
        let mut part = || parts.next().ok_or(NoPlaceToken);
        if part()? != "v1" {
            return Err(NoPlaceToken);
        }
        let release = ReleaseId::parse(part()?).map_err(|_| NoPlaceToken)?;
        let line = part()?.parse().map_err(|_| NoPlaceToken)?;
        let owner = part()?.parse().map_err(|_| NoPlaceToken)?;
        let number = match part()? {
            "p" => None,
            number => Some(number.parse().map_err(|_| NoPlaceToken)?),
        };
        Ok(Self { release, spot: Spot { line, number }, owner })
    }
}

impl fmt::Display for PlaceToken {
    /// What is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { release, spot: Spot { line, number }, owner } = self;
        write!(f, "v1.{release}.{line}.{owner}.")?;
        match number {
            Some(number) => write!(f, "{number}"),
            None => f.write_str("p"),
        }
    }
}

/// Where a line stands for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinePhase {
    /// Joining has not begun.
    NotOpen,
    /// Joining has begun; the opening is to come, and joining early gives nothing.
    Joining,
    /// It has opened; the key of the order is awaited.
    Ordering,
    /// People are let in.
    Admitting,
    /// Nobody waits: whoever comes goes in.
    Open,
    /// No place is left right now.
    Full,
    /// It is over.
    Closed,
}

impl LinePhase {
    /// The phase's name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::Joining => "joining",
            Self::Ordering => "ordering",
            Self::Admitting => "admitting",
            Self::Open => "open",
            Self::Full => "full",
            Self::Closed => "closed",
        }
    }
}
