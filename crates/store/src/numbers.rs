//! What an office's days come to: questions for reports alone. They read, and hold nothing.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::office::OfficeCode;
use antrean_domain::service::ServiceCode;
use antrean_domain::slot::{Pool, WindowStart};
use antrean_domain::visit::{Class, Outcome, VisitState};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    // A place that was used is not idle, though it is given back when somebody who came is sent away until another day.
    PLACES = "SELECT date, starts, pool, capacity, closed, taken + coalesce((
                  SELECT sum(p.size) FROM appointments a JOIN parties p ON p.id = a.party_id
                  WHERE a.slot_id = s.id AND a.state = 'revoked'
                  AND EXISTS (SELECT 1 FROM visits v WHERE v.party_id = a.party_id AND v.state <> 'undone')), 0)
              FROM slots s WHERE office = ?1 AND date >= ?2 AND date <= ?3 ORDER BY date, starts, pool";
    // Whoever came is told apart: what became of their appointment says less than their visit.
    GIVEN = "SELECT date, starts, service, state, there, sum(size), sum(moves) FROM (
                 SELECT s.date, s.starts, p.service, a.state, p.size, a.moves,
                        CASE WHEN EXISTS (SELECT 1 FROM visits v WHERE v.party_id = a.party_id AND v.state <> 'undone')
                             THEN 1 ELSE 0 END AS there
                 FROM slots s
                 JOIN appointments a ON a.slot_id = s.id
                 JOIN parties p ON p.id = a.party_id
                 WHERE s.office = ?1 AND s.date >= ?2 AND s.date <= ?3) AS one
             GROUP BY date, starts, service, state, there ORDER BY date, starts, service, state, there";
    // Whoever was checked in by mistake has a visit that was undone; a party has one that counts.
    VISITS = "SELECT v.date, v.class, v.service, v.state, v.outcome, v.people, v.arrived, v.due_ms, v.arrived_ms, v.first_called_ms,
                     v.served_ms, v.counter, s.starts, s.ends, v.inaccurate
              FROM visits v LEFT JOIN appointments a ON a.party_id = v.party_id LEFT JOIN slots s ON s.id = a.slot_id
              WHERE v.office = ?1 AND v.date >= ?2 AND v.date <= ?3 AND v.state <> 'undone' ORDER BY v.date, v.id";
    STRIKES = "SELECT s.date, s.starts, p.service, count(*) FROM slots s
               JOIN appointments a ON a.slot_id = s.id
               JOIN parties p ON p.id = a.party_id
               JOIN strikes t ON t.party_id = a.party_id AND t.lifted_ms IS NULL
               WHERE s.office = ?1 AND s.date >= ?2 AND s.date <= ?3
               GROUP BY s.date, s.starts, p.service ORDER BY s.date, s.starts, p.service";
}

/// The places of a pool of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// On which date.
    pub date: Date,
    /// When the window begins.
    pub starts: WindowStart,
    /// Of which pool.
    pub pool: Pool,
    /// How many.
    pub capacity: u32,
    /// Whether a closure took them away.
    pub closed: bool,
    /// How many of them somebody has or had on the day.
    pub used: u32,
}

/// Those who were given places of a window, of one service, who stand alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// On which date.
    pub date: Date,
    /// When the window begins.
    pub starts: WindowStart,
    /// What they apply for.
    pub service: ServiceCode,
    /// Where they stand.
    pub state: AppointmentState,
    /// Whether they came, all of their party or some.
    pub there: bool,
    /// Persons.
    pub people: u32,
    /// Parties that moved here.
    pub moves: u32,
}

/// A visit as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// On which local date.
    pub date: Date,
    /// With an appointment, before others, or neither.
    pub class: Class,
    /// What is applied for.
    pub service: ServiceCode,
    /// Where it stands.
    pub state: VisitState,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Persons of the party.
    pub people: u32,
    /// Persons who came.
    pub arrived: u32,
    /// From when they could expect to be called.
    pub due: Timestamp,
    /// When they arrived.
    pub at: Timestamp,
    /// When they were called first.
    pub first_called: Option<Timestamp>,
    /// Milliseconds at counters.
    pub served_ms: u64,
    /// Whether an officer said that these are not right, or never said when they began.
    pub inaccurate: bool,
    /// The counter that called them last.
    pub counter: Option<u32>,
    /// Their window, where they had one.
    pub window: Option<(WindowStart, WindowStart)>,
}

/// Consequences of the appointments of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// On which date.
    pub date: Date,
    /// When the window begins.
    pub starts: WindowStart,
    /// What was applied for.
    pub service: ServiceCode,
    /// How many persons.
    pub people: u32,
}

fn between<T>(
    tx: &Tx<'_>,
    sql: crate::sql::Sql,
    office: &OfficeCode,
    (from, through): (Date, Date),
    row: impl FnMut(&crate::RowRef<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let (from, through) = (from.to_string(), through.to_string());
    tx.all(sql, &[Value::Text(office.as_str()), Value::Text(&from), Value::Text(&through)], row)
}

/// The places of an office between two dates.
pub fn places(tx: &Tx<'_>, office: &OfficeCode, dates: (Date, Date)) -> Result<Vec<Places>, Fault> {
    between(tx, PLACES, office, dates, |row| {
        Ok(Places {
            date: row.date(0)?,
            starts: row.starts(1)?,
            pool: row.named(2)?,
            capacity: row.small(3)?,
            closed: row.int(4)? > 0,
            used: row.small(5)?,
        })
    })
}

/// Who was given places there.
pub fn given(tx: &Tx<'_>, office: &OfficeCode, dates: (Date, Date)) -> Result<Vec<Given>, Fault> {
    between(tx, GIVEN, office, dates, |row| {
        Ok(Given {
            date: row.date(0)?,
            starts: row.starts(1)?,
            service: row.named(2)?,
            state: row.named(3)?,
            there: row.flag(4)?,
            people: row.small(5)?,
            moves: row.small(6)?,
        })
    })
}

/// Who was there.
pub fn visits(tx: &Tx<'_>, office: &OfficeCode, dates: (Date, Date)) -> Result<Vec<Came>, Fault> {
    between(tx, VISITS, office, dates, |row| {
        let window = if row.int_opt(12)?.is_some() { Some((row.starts(12)?, row.starts(13)?)) } else { None };
        Ok(Came {
            date: row.date(0)?,
            class: row.named(1)?,
            service: row.named(2)?,
            state: row.named(3)?,
            outcome: row.text_opt(4)?.map(|_| row.named(4)).transpose()?,
            people: row.small(5)?,
            arrived: row.small(6)?,
            due: row.instant(7)?,
            at: row.instant(8)?,
            first_called: row.instant_opt(9)?,
            served_ms: row.small(10)?,
            inaccurate: row.flag(14)?,
            counter: row.int_opt(11)?.map(|_| row.small(11)).transpose()?,
            window,
        })
    })
}

/// Whom it had consequences for.
pub fn strikes(tx: &Tx<'_>, office: &OfficeCode, dates: (Date, Date)) -> Result<Vec<Struck>, Fault> {
    between(tx, STRIKES, office, dates, |row| {
        Ok(Struck { date: row.date(0)?, starts: row.starts(1)?, service: row.named(2)?, people: row.small(3)? })
    })
}
