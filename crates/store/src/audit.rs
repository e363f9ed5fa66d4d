//! The rules of the design, asked of the whole database: what the constraints promise, checked again by another way.
//!
//! For tests, rehearsals and `antrean doctor`. It reads everything, so it belongs on a reader, not into an operation.

use crate::sql::Sql;
use crate::statements::statements;
use crate::{Fault, Tx};

/// Violations listed of each rule; a database that is wrong in a million rows is as wrong as one in a hundred.
const LISTED_MAX: usize = 100;

statements! {
    // Rule 1.
    PERSON_LIVE_TWICE = "SELECT min(party_id), max(party_id) FROM party_people WHERE live = 1
                         GROUP BY person HAVING count(*) > 1";
    // Rule 2.
    ACCOUNT_LIVE_TWICE = "SELECT min(id), max(id) FROM parties WHERE live = 1 GROUP BY account_id HAVING count(*) > 1";
    PEOPLE_LIVE_OTHERWISE = "SELECT DISTINCT m.party_id, 0 FROM party_people m LEFT JOIN parties p ON p.id = m.party_id
                             WHERE p.id IS NULL OR p.live <> m.live";
    SIZE_IS_NOT_PEOPLE = "SELECT p.id, 0 FROM parties p
                          WHERE p.size <> (SELECT count(*) FROM party_people m WHERE m.party_id = p.id)";
    // Rule 3.
    OVERSOLD = "SELECT id, 0 FROM slots WHERE taken < 0 OR freed < 0 OR taken + freed > capacity";
    TAKEN_IS_NOT_HELD = "SELECT s.id, 0 FROM slots s
                         LEFT JOIN (SELECT a.slot_id AS slot_id, sum(p.size) AS places
                                    FROM appointments a JOIN parties p ON p.id = a.party_id
                                    WHERE a.state NOT IN ('cancelled', 'cancelled_late', 'revoked')
                                    GROUP BY a.slot_id) held ON held.slot_id = s.id
                         LEFT JOIN (SELECT slot_id, sum(people) AS places FROM visits
                                    WHERE slot_id IS NOT NULL AND state <> 'undone'
                                    GROUP BY slot_id) came ON came.slot_id = s.id
                         WHERE s.taken <> coalesce(held.places, 0) + coalesce(came.places, 0)";
    // A party is live exactly as long as it waits or is expected.
    LIVE_WITHOUT_CAUSE = "SELECT p.id, 0 FROM parties p
                          LEFT JOIN entries e ON e.party_id = p.id AND e.state IN ('entered', 'standby')
                          LEFT JOIN appointments a ON a.party_id = p.id AND a.state IN ('booked', 'checked_in', 'called')
                          WHERE p.live = 1 AND e.party_id IS NULL AND a.party_id IS NULL";
    ENDED_BUT_WAITING = "SELECT e.party_id, 0 FROM entries e JOIN parties p ON p.id = e.party_id
                         WHERE e.state IN ('entered', 'standby') AND p.live = 0";
    ENDED_BUT_EXPECTED = "SELECT a.party_id, 0 FROM appointments a JOIN parties p ON p.id = a.party_id
                          WHERE a.state IN ('booked', 'checked_in', 'called') AND p.live = 0";
    THERE_BUT_NOT_EXPECTED = "SELECT v.party_id, 0 FROM visits v JOIN appointments a ON a.party_id = v.party_id
                              WHERE v.state IN ('waiting', 'called', 'serving', 'parked') AND a.state NOT IN ('checked_in', 'called')";
    DONE_BUT_EXPECTED = "SELECT v.party_id, 0 FROM visits v JOIN appointments a ON a.party_id = v.party_id
                         WHERE v.state IN ('done', 'left', 'revoked', 'unrecorded') AND a.state IN ('booked', 'checked_in', 'called')";
    CALLED_IN_ONE_ONLY = "SELECT v.party_id, 0 FROM visits v JOIN appointments a ON a.party_id = v.party_id
                          WHERE (v.state IN ('called', 'serving')) <> (a.state = 'called')
                                AND v.state IN ('waiting', 'called', 'serving', 'parked', 'absent')";
    CALLED_WITHOUT_CALL = "SELECT v.id, 0 FROM visits v
                           WHERE v.first_called_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.visit_id = v.id)";
    PLACED_WITHOUT_PLACE = "SELECT e.party_id, 0 FROM entries e LEFT JOIN appointments a ON a.party_id = e.party_id
                            WHERE e.state = 'placed' AND a.party_id IS NULL";
    PLACE_WITHOUT_PLACED = "SELECT e.party_id, 0 FROM entries e JOIN appointments a ON a.party_id = e.party_id
                            WHERE e.state <> 'placed'";
    ENTRY_IN_OTHER_RELEASE = "SELECT e.party_id, 0 FROM entries e JOIN parties p ON p.id = e.party_id
                              WHERE e.release_id <> p.release_id";
    // Rule 8.
    RANK_TWICE = "SELECT min(party_id), max(party_id) FROM entries WHERE rank IS NOT NULL
                  GROUP BY release_id, rank HAVING count(*) > 1";
    DRAWN_WITHOUT_RESULT = "SELECT e.party_id, 0 FROM entries e JOIN releases r ON r.id = e.release_id
                            WHERE (r.state = 'drawn' OR r.drawn_ms IS NOT NULL) AND e.rank IS NULL AND e.state <> 'withdrawn'";
    // Rule 10.
    PLACE_WITHOUT_EVENT = "SELECT a.party_id, 0 FROM appointments a
                           WHERE NOT EXISTS (SELECT 1 FROM events v WHERE v.party_id = a.party_id)";
}

/// Each rule: what a violation says, and the statement that finds the numbers for `{a}` and `{b}`.
const RULES: &[(&str, Sql)] = &[
    ("a person is live in party {a} and in party {b}", PERSON_LIVE_TWICE),
    ("an account has the live parties {a} and {b}", ACCOUNT_LIVE_TWICE),
    ("party {a} and its people do not agree on being live", PEOPLE_LIVE_OTHERWISE),
    ("party {a} has another number of people than its size", SIZE_IS_NOT_PEOPLE),
    ("slot {a} is oversold", OVERSOLD),
    ("slot {a} counts other places as taken than its appointments hold", TAKEN_IS_NOT_HELD),
    ("party {a} is live but neither waits nor is expected", LIVE_WITHOUT_CAUSE),
    ("party {a} has ended but its entry waits", ENDED_BUT_WAITING),
    ("party {a} has ended but its appointment is live", ENDED_BUT_EXPECTED),
    ("party {a} is at an office, but its appointment says otherwise", THERE_BUT_NOT_EXPECTED),
    ("party {a} was at an office and is done, but its appointment is live", DONE_BUT_EXPECTED),
    ("party {a} is called by its visit or its appointment, but not by both", CALLED_IN_ONE_ONLY),
    ("visit {a} was called, but no call is written down", CALLED_WITHOUT_CALL),
    ("entry {a} is placed but has no appointment", PLACED_WITHOUT_PLACE),
    ("entry {a} has an appointment but is not placed", PLACE_WITHOUT_PLACED),
    ("entry {a} is in another release than its party", ENTRY_IN_OTHER_RELEASE),
    ("entries {a} and {b} have the same rank", RANK_TWICE),
    ("entry {a} has no result in a release that is drawn", DRAWN_WITHOUT_RESULT),
    ("appointment {a} has no event", PLACE_WITHOUT_EVENT),
];

/// Every violation of a rule that can be found in the database, as a sentence; at most 100 of each rule. Empty is as it must be.
pub fn violations(tx: &Tx<'_>) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    for (says, sql) in RULES {
        let mut listed = 0;
        tx.each(*sql, &[], |row| {
            if listed < LISTED_MAX {
                found.push(says.replace("{a}", &row.int(0)?.to_string()).replace("{b}", &row.int(1)?.to_string()));
            }
            listed += 1;
            Ok(())
        })?;
    }
    Ok(found)
}
