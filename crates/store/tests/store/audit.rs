//! The audit finds nothing in a database that is right, and each kind of wrong in one that was tampered with.

use antrean_domain::appointment::AppointmentState;
use antrean_store::appointments::Source;
use antrean_store::entries::EntryState;
use antrean_store::releases::ReleaseState;
use antrean_store::{appointments, audit, entries, events, parties, slots};

use crate::town::{Booked, Town, at, book, enter, event};

/// A release after its draw: party 1 entered and was placed, party 2 is on standby, party 3 booked a leftover place, party 4 did so and
/// cancelled. Slot 1 has ten places, slot 2 has five.
fn drawn() -> Town {
    let town = Town::new();
    let made = town.release(ReleaseState::Open, &[10, 5]);
    let accounts = town.accounts(4);
    let placed = {
        let account = accounts[0];
        town.write(move |tx| enter(tx, account, &[1, 2]))
    };
    let waiting = {
        let account = accounts[1];
        town.write(move |tx| enter(tx, account, &[3]))
    };
    town.advance(ReleaseState::Open, ReleaseState::Drawing);
    let slot = made[0];
    town.write(move |tx| {
        assert!(slots::take(tx, slot, 2)?);
        entries::write_result(tx, placed, 1, Some("BTM/2026-12-01/08:00"), EntryState::Placed, at(3))?;
        appointments::insert(tx, placed, slot, Source::Draw, Some(0), at(3))?;
        events::append(tx, &event(placed))?;
        entries::write_result(tx, waiting, 2, None, EntryState::Standby, at(3))
    });
    town.advance(ReleaseState::Drawing, ReleaseState::Drawn);
    let (third, fourth, slot) = (accounts[2], accounts[3], made[1]);
    town.write(move |tx| {
        assert!(matches!(book(tx, third, &[4, 5], slot)?, Booked::Party(_)));
        let Booked::Party(party) = book(tx, fourth, &[6], slot)? else { panic!("booked") };
        appointments::advance(tx, party, &[AppointmentState::Booked], AppointmentState::Cancelled, at(4))?;
        slots::give_back(tx, slot, 1)?;
        parties::end(tx, party)
    });
    town
}

#[test]
fn a_database_that_was_only_used_has_no_violation() {
    assert_eq!(drawn().violations(), Vec::<String>::new());
}

#[test]
fn every_kind_of_tampering_is_found_and_named() {
    // What is done to the database behind its back, with what the audit has to say at least.
    let tampered: &[(&str, &str)] = &[
        (
            "DROP INDEX one_live_party_per_person; UPDATE party_people SET person = (SELECT person FROM party_people WHERE party_id = 1
             AND position = 0) WHERE party_id = 2",
            "a person is live in party 1 and in party 2",
        ),
        (
            "DROP INDEX one_live_party_per_account; UPDATE parties SET account_id = 1 WHERE id = 3",
            "an account has the live parties 1 and 3",
        ),
        ("UPDATE party_people SET live = 0 WHERE party_id = 1", "party 1 and its people do not agree on being live"),
        ("DELETE FROM party_people WHERE party_id = 3 AND position = 1", "party 3 has another number of people than its size"),
        ("UPDATE slots SET freed = 6 WHERE id = 2", "slot 2 is oversold"),
        ("UPDATE slots SET taken = 3 WHERE id = 1", "slot 1 counts other places as taken than its appointments hold"),
        ("UPDATE appointments SET state = 'revoked' WHERE party_id = 1", "slot 1 counts other places as taken than its appointments hold"),
        ("UPDATE appointments SET state = 'served' WHERE party_id = 3", "party 3 is live but neither waits nor is expected"),
        ("UPDATE parties SET live = 0 WHERE id = 2", "party 2 has ended but its entry waits"),
        ("UPDATE parties SET live = 0 WHERE id = 3", "party 3 has ended but its appointment is live"),
        ("UPDATE entries SET state = 'placed' WHERE party_id = 2", "entry 2 is placed but has no appointment"),
        ("UPDATE entries SET state = 'standby' WHERE party_id = 1", "entry 1 has an appointment but is not placed"),
        ("UPDATE entries SET release_id = 'OTHER' WHERE party_id = 2", "entry 2 is in another release than its party"),
        ("UPDATE entries SET rank = 1 WHERE party_id = 2", "entries 1 and 2 have the same rank"),
        ("UPDATE entries SET rank = NULL WHERE party_id = 2", "entry 2 has no result in a release that is drawn"),
        ("DELETE FROM events WHERE party_id = 3", "appointment 3 has no event"),
    ];
    for (tampering, expected) in tampered {
        let town = drawn();
        town.tamper(tampering);
        let found = town.violations();
        assert!(found.iter().any(|violation| violation == expected), "{tampering}\nfound: {found:#?}");
    }
}

#[test]
fn a_database_that_is_wrong_everywhere_is_told_briefly() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[1]);
    town.tamper(
        "INSERT INTO slots (release_id, office, date, starts, ends, pool, capacity, freed)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         SELECT '2026-W49', 'BTM', '2026-12-02', i, i, 'public', 1, 2 FROM n",
    );
    assert_eq!(town.read(audit::violations).len(), 100);
}
