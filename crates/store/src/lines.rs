//! Lines: the waiting room of a first-come release. Who waits is on disk; how far the line has come is one row that never goes back.

use antrean_domain::keys::PersonKey;
use antrean_domain::release::ReleaseId;
use antrean_domain::waiting::{Front, KeySource};
use jiff::Timestamp;

use crate::columns::{name, named};
use crate::ids::AccountId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

/// Places removed at once: a few milliseconds of the writer's time.
const REMOVE_MAX: i64 = 1_000;

named!(KeySource { Beacon = "beacon", Secret = "secret" });

statements! {
    INSERT = "INSERT INTO lines (release_id, joins_ms, opens_ms, secret, commitment, moved_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    INSERT_ARRIVALS = "INSERT INTO line_arrivals (line_id, last) VALUES (?1, 0)";
    GET = "SELECT id, joins_ms, opens_ms, secret, commitment, present, order_key, key_source, key_round, randomness, \
                  threshold, admitted, is_open, rate, pace_milli, at_work_milli, carry_milli, places_left, moved_ms, version
           FROM lines WHERE release_id = ?1";
    OPEN = "UPDATE lines SET present = ?2, threshold = ?3, admitted = ?4, is_open = ?5, rate = ?6, pace_milli = ?7,
                             at_work_milli = ?8, carry_milli = ?9, places_left = ?10, moved_ms = ?11, version = version + 1
            WHERE release_id = ?1 AND present IS NULL";
    SET_KEY = "UPDATE lines SET order_key = ?2, key_source = ?3, key_round = ?4, randomness = ?5, version = version + 1
               WHERE release_id = ?1 AND order_key IS NULL AND present IS NOT NULL";
    // Conditional on the state that the mover has seen: of two movers one comes too late, and nothing is moved twice.
    MOVE = "UPDATE lines SET threshold = ?3, admitted = ?4, is_open = ?5, rate = ?6, pace_milli = ?7, at_work_milli = ?8,
                             carry_milli = ?9, places_left = ?10, moved_ms = ?11, version = version + 1
            WHERE release_id = ?1 AND version = ?2 AND present IS NOT NULL";
    // On an engine with row locks joiners wait here for the commit of the one before: a number is never given out twice.
    NEXT_NUMBER = "UPDATE line_arrivals SET last = last + 1 WHERE line_id = ?1";
    LAST_NUMBER = "SELECT last FROM line_arrivals WHERE line_id = ?1";
    PLACE = "SELECT person, number, joined_ms FROM line_places
             WHERE line_id = (SELECT id FROM lines WHERE release_id = ?1) AND account_id = ?2";
    JOIN = "INSERT INTO line_places (line_id, account_id, person, number, joined_ms) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (line_id, account_id) DO NOTHING";
    COUNT = "SELECT count(*) FROM line_places WHERE line_id = ?1 AND number IS NULL";
    REMOVE_ENDED = "DELETE FROM line_places WHERE (line_id, account_id) IN
                    (SELECT line_id, account_id FROM line_places
                     WHERE line_id IN (SELECT l.id FROM lines l JOIN releases r ON r.id = l.release_id
                                       WHERE r.state = 'closed' AND r.ends_ms < ?1)
                     LIMIT ?2)";
}

/// A line to be kept, with the release that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The release.
    pub release: ReleaseId,
    /// When joining begins.
    pub joins: Timestamp,
    /// The opening: who joined before is present at it.
    pub opens: Timestamp,
    /// The secret behind the order, sealed.
    pub secret: Vec<u8>,
    /// Its hash, which is published.
    pub commitment: [u8; 32],
}

/// The key of a line's order with what it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderKey {
    /// The key.
    pub key: [u8; 32],
    /// Beacon or secret.
    pub source: KeySource,
    /// The beacon's round; 0 for the secret.
    pub round: u64,
    /// The beacon's value, or the secret.
    pub randomness: [u8; 32],
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub id: i64,
    /// When joining begins.
    pub joins: Timestamp,
    /// The opening.
    pub opens: Timestamp,
    /// The secret behind the order, sealed.
    pub secret: Vec<u8>,
    /// The secret's hash.
    pub commitment: [u8; 32],
    /// How many were present at the opening; `None` before it.
    pub present: Option<u64>,
    /// The order's key, once it is known.
    pub key: Option<OrderKey>,
    /// How far it has come.
    pub front: Front,
    /// Counts the changes.
    pub version: i64,
}

/// A place in a line as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The account's holder when it joined.
    pub person: PersonKey,
    /// The arrival number; `None` for those present at the opening.
    pub number: Option<u64>,
    /// When it joined.
    pub joined: Timestamp,
}

fn whole(number: u64) -> Value<'static> {
    Value::Int(number.cast_signed())
}

/// Keeps a line beside its release, which is still planned.
pub fn insert(tx: &Tx<'_>, new: &NewLine, now: Timestamp) -> Result<(), Fault> {
    let release = Value::Text(new.release.as_str());
    let values = [
        release,
        Value::instant(new.joins),
        Value::instant(new.opens),
        Value::Blob(&new.secret),
        Value::Blob(&new.commitment),
        Value::instant(now),
    ];
    let id = tx.insert(INSERT, &values)?.ok_or_else(|| Fault::corrupt("a line was not inserted"))?;
    tx.execute(INSERT_ARRIVALS, &[Value::Int(id)]).map(drop)
}

/// The line of a release; `None` if it has no waiting room.
pub fn get(tx: &Tx<'_>, release: &ReleaseId) -> Result<Option<Line>, Fault> {
    tx.opt(GET, &[Value::Text(release.as_str())], |row| {
        let count = |column| row.small::<u64>(column);
        let key = match row.bytes_opt(6)? {
            None => None,
            Some(key) => Some(OrderKey { key, source: row.named(7)?, round: count(8)?, randomness: row.bytes(9)? }),
        };
        Ok(Line {
            id: row.int(0)?,
            joins: row.instant(1)?,
            opens: row.instant(2)?,
            secret: row.blob(3)?.to_vec(),
            commitment: row.bytes(4)?,
            present: row.int_opt(5)?.map(i64::cast_unsigned),
            key,
            front: Front {
                threshold: count(10)?,
                admitted: count(11)?,
                open: row.flag(12)?,
                rate: row.small(13)?,
                pace_milli: count(14)?,
                at_work_milli: count(15)?,
                carry_milli: count(16)?,
                left: row.small(17)?,
                moved: row.instant(18)?,
            },
            version: row.int(19)?,
        })
    })
}

fn front_values(front: &Front) -> [Value<'static>; 9] {
    [
        whole(front.threshold),
        whole(front.admitted),
        Value::Int(front.open.into()),
        Value::Int(front.rate.into()),
        whole(front.pace_milli),
        whole(front.at_work_milli),
        whole(front.carry_milli),
        Value::Int(front.left.into()),
        Value::instant(front.moved),
    ]
}

/// Opens a line with the number of those present, once; `false` if it is open already. From then on nobody becomes present.
pub fn open(tx: &Tx<'_>, release: &ReleaseId, present: u64, front: &Front) -> Result<bool, Fault> {
    let mut values = vec![Value::Text(release.as_str()), whole(present)];
    values.extend(front_values(front));
    tx.changed(OPEN, &values)
}

/// Writes the key of the order, once and after the opening; `false` if it is there already, or it is too early.
pub fn set_key(tx: &Tx<'_>, release: &ReleaseId, key: &OrderKey) -> Result<bool, Fault> {
    let values = [
        Value::Text(release.as_str()),
        Value::Blob(&key.key),
        name(key.source),
        whole(key.round),
        Value::Blob(&key.randomness),
    ];
    tx.changed(SET_KEY, &values)
}

/// Moves a line on from the version that was seen; `false` if somebody else has moved it since. It never goes back: that is a
/// fault of the rule `lines_never_go_back`.
pub fn advance(tx: &Tx<'_>, release: &ReleaseId, version: i64, front: &Front) -> Result<bool, Fault> {
    let mut values = vec![Value::Text(release.as_str()), Value::Int(version)];
    values.extend(front_values(front));
    tx.changed(MOVE, &values)
}

/// Joins a line before its opening; `false` if the account has a place already. After the opening it is a fault of the rule
/// `line_places_present_before_the_opening`.
pub fn join_present(
    tx: &Tx<'_>,
    line: i64,
    account: AccountId,
    person: &PersonKey,
    now: Timestamp,
) -> Result<bool, Fault> {
    let values = [Value::Int(line), Value::Int(account.0), Value::Blob(&person.0), Value::Null, Value::instant(now)];
    tx.changed(JOIN, &values)
}

/// Joins a line after its opening, behind everybody; the arrival number, or `None` if the account has a place already.
///
/// Look for the place first: a number that is given out and not used makes a gap, which does no harm but tells nothing either.
pub fn join_late(
    tx: &Tx<'_>,
    line: i64,
    account: AccountId,
    person: &PersonKey,
    now: Timestamp,
) -> Result<Option<u64>, Fault> {
    let of = [Value::Int(line)];
    tx.execute(NEXT_NUMBER, &of)?;
    let number: u64 = tx.one(LAST_NUMBER, &of, |row| row.small(0))?;
    let values = [Value::Int(line), Value::Int(account.0), Value::Blob(&person.0), whole(number), Value::instant(now)];
    Ok(tx.changed(JOIN, &values)?.then_some(number))
}

/// The place of an account in a line.
pub fn place(tx: &Tx<'_>, release: &ReleaseId, account: AccountId) -> Result<Option<Place>, Fault> {
    tx.opt(PLACE, &[Value::Text(release.as_str()), Value::Int(account.0)], |row| {
        Ok(Place { person: row.person(0)?, number: row.int_opt(1)?.map(i64::cast_unsigned), joined: row.instant(2)? })
    })
}

/// The highest arrival number given out so far.
pub fn arrivals(tx: &Tx<'_>, line: i64) -> Result<u64, Fault> {
    Ok(tx.opt(LAST_NUMBER, &[Value::Int(line)], |row| row.small(0))?.unwrap_or(0))
}

/// Counts those who joined without an arrival number. It reads the whole line, a million places in some hundredths of a second.
pub fn count_present(tx: &Tx<'_>, line: i64) -> Result<u64, Fault> {
    tx.one(COUNT, &[Value::Int(line)], |row| row.small(0))
}

/// Removes up to 1,000 places in lines of closed releases that ended before an instant; returns how many, so that 0 means done.
pub fn remove_ended_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, Fault> {
    tx.execute(REMOVE_ENDED, &[Value::instant(before), Value::Int(REMOVE_MAX)])
}
