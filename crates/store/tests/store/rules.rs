//! The rules that the database itself holds, whoever comes and however many at once.

use std::sync::Barrier;
use std::thread;

use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::entry::EntryId;
use antrean_domain::staff::{Login, Role};
use antrean_store::appointments::Source;
use antrean_store::entries::EntryState;
use antrean_store::locks::Lock;
use antrean_store::office_changes::{self, NewOfficeChange, Part};
use antrean_store::parties::Inserted;
use antrean_store::releases::ReleaseState;
use antrean_store::{Fault, Value, appointments, entries, events, parties, passkeys, releases, slots, staff};

use crate::town::{Booked, Town, at, book, event, join, key, new_slot, office, party_of, person, release};

/// As many as a well-known system of a government needed to sell a place five times over.
const HANDS: u32 = 64;

/// Runs the same at once from 64 threads, each with its number.
fn at_once<T: Send>(run: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let together = Barrier::new(HANDS as usize);
    thread::scope(|scope| {
        let start = |hand| {
            let (run, together) = (&run, &together);
            scope.spawn(move || {
                together.wait();
                run(hand)
            })
        };
        let hands: Vec<_> = (0..HANDS).map(start).collect();
        hands.into_iter().map(|hand| hand.join().expect("a hand")).collect()
    })
}

fn successes(outcomes: &[Booked]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Booked::Party(_))).count()
}

#[test]
fn sixty_four_people_at_once_get_the_ten_places_that_there_are() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let accounts = town.accounts(HANDS);
    let outcomes = at_once(|hand| {
        let account = accounts[hand as usize];
        town.write(move |tx| book(tx, account, &[hand], slot))
    });
    assert_eq!(successes(&outcomes), 10);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Booked::Full).count(), 54);
    let slot = town.read(move |tx| slots::get(tx, slot)).expect("the slot");
    assert_eq!((slot.taken, slot.freed, slot.left()), (10, 0, 0));
    assert_eq!(town.violations(), Vec::<String>::new());
}

#[test]
fn a_person_named_in_sixty_four_accounts_at_once_is_booked_once() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[1_000])[0];
    let accounts = town.accounts(HANDS);
    let outcomes = at_once(|hand| {
        let account = accounts[hand as usize];
        town.write(move |tx| book(tx, account, &[1_000 + hand, 7], slot))
    });
    assert_eq!(successes(&outcomes), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Booked::PersonTaken).count(), 63);
    let live = town.read(|tx| parties::live_of_person(tx, &person(7))).expect("a live party");
    assert_eq!(live.size, 2);
    assert_eq!(town.violations(), Vec::<String>::new());
}

#[test]
fn an_account_that_books_sixty_four_times_at_once_books_once() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[1_000])[0];
    let account = town.accounts(1)[0];
    let outcomes = at_once(|hand| town.write(move |tx| book(tx, account, &[hand], slot)));
    assert_eq!(successes(&outcomes), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Booked::AccountTaken).count(), 63);
    assert_eq!(town.violations(), Vec::<String>::new());
}

#[test]
fn booking_cancelling_and_moving_from_sixty_four_hands_leaves_every_rule_true() {
    let town = Town::new();
    let slots_made = town.release(ReleaseState::Open, &[3, 5, 8]);
    let accounts = town.accounts(40);
    at_once(|hand| {
        // A small generator, so that each hand does the same in every run.
        let mut state = hand.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..25 {
            let account = accounts[next(40) as usize];
            let (slot, other) = (slots_made[next(3) as usize], slots_made[next(3) as usize]);
            match next(3) {
                0 => {
                    let people: Vec<u32> = (0..=next(3)).map(|_| next(60)).collect();
                    town.write(move |tx| book(tx, account, &people, slot).map(drop));
                }
                1 => town.write(move |tx| {
                    tx.lock(&Lock::Account(account))?;
                    let Some(party) = parties::live_of_account(tx, account)? else { return Ok(()) };
                    let held = appointments::get(tx, party.id)?.expect("a live party here has a place");
                    let to = AppointmentState::Cancelled;
                    assert!(appointments::advance(tx, party.id, &[AppointmentState::Booked], to, at(3))?);
                    slots::give_back(tx, held.slot, party.size)?;
                    parties::end(tx, party.id).map(drop)
                }),
                _ => town.write(move |tx| {
                    tx.lock(&Lock::Account(account))?;
                    let Some(party) = parties::live_of_account(tx, account)? else { return Ok(()) };
                    let held = appointments::get(tx, party.id)?.expect("a live party here has a place");
                    slots::lock(tx, [held.slot, other])?;
                    if held.slot == other || held.moves > 0 || !slots::take(tx, other, party.size)? {
                        return Ok(());
                    }
                    assert!(appointments::move_to(tx, party.id, held.slot, other, true, at(3))?);
                    slots::give_back(tx, held.slot, party.size)
                }),
            }
        }
    });
    assert_eq!(town.violations(), Vec::<String>::new());
}

#[test]
fn a_refused_party_leaves_nothing_behind() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[10]);
    let accounts = town.accounts(2);
    let outcomes = town.write(move |tx| {
        let first = join(tx, accounts[0], &[1])?;
        let second = join(tx, accounts[1], &[2, 3, 1])?;
        let rest = tx.one("SELECT count(*) FROM party_people", &[], |row| row.int(0))?;
        Ok((first, second, rest))
    });
    assert!(matches!(outcomes, (Inserted::Party(_), Inserted::PersonTaken(2), 1)), "{outcomes:?}");
}

#[test]
fn a_person_who_is_twice_in_one_party_is_refused() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[10]);
    let account = town.accounts(1)[0];
    assert_eq!(town.write(move |tx| join(tx, account, &[1, 1])), Inserted::PersonTaken(1));
}

#[test]
fn the_people_of_a_party_are_free_again_when_it_ends() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    let Booked::Party(party) = town.write(move |tx| book(tx, one, &[1, 2], slot)) else { panic!("booked") };
    assert_eq!(town.write(move |tx| book(tx, other, &[2], slot)), Booked::PersonTaken);
    assert!(town.write(move |tx| parties::end(tx, party)));
    assert!(!town.write(move |tx| parties::end(tx, party)), "it ends once");
    let live = town.read(|tx| tx.one("SELECT count(*) FROM party_people WHERE live = 1", &[], |row| row.int(0)));
    assert_eq!(live, 0);
    assert!(matches!(town.write(move |tx| book(tx, other, &[2], slot)), Booked::Party(_)));
    assert!(matches!(town.write(move |tx| book(tx, one, &[1], slot)), Booked::Party(_)));
}

#[test]
fn the_people_of_a_party_cannot_disagree_with_it_about_being_live() {
    let town = Town::new();
    town.entered();
    let refused = town.store.write_blocking(|tx| tx.execute("UPDATE party_people SET live = 0", &[]));
    assert!(matches!(refused, Err(Fault::Database { .. })), "{refused:?}");
}

/// The name of the rule that refuses a statement.
fn refused(town: &Town, sql: &'static str) -> String {
    refused_with(town, sql, &[])
}

/// The name of the rule that refuses a statement with bytes in it.
fn refused_with(town: &Town, sql: &'static str, bytes: &'static [&'static [u8]]) -> String {
    let values: Vec<Value<'static>> = bytes.iter().map(|bytes| Value::Blob(bytes)).collect();
    let fault = town.store.write_blocking(move |tx| tx.execute(sql, &values)).expect_err(sql);
    fault.rule().unwrap_or_else(|| panic!("{sql}: {fault}")).to_owned()
}

#[test]
fn who_a_place_belongs_to_never_changes() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let account = town.accounts(1)[0];
    let Booked::Party(party) = town.write(move |tx| book(tx, account, &[1, 2], slot)) else { panic!("booked") };
    assert_eq!(refused_with(&town, "UPDATE party_people SET person = ?1", &[&[0]]), "party_people_never_change");
    assert_eq!(refused_with(&town, "UPDATE party_people SET sealed = ?1", &[&[0]]), "party_people_never_change");
    assert_eq!(refused(&town, "DELETE FROM party_people WHERE position = 1"), "party_people_with_a_place_stay");
    let another = "INSERT INTO party_people (party_id, position, live, person, sealed) VALUES (1, 4, 1, ?1, ?2)";
    assert_eq!(refused_with(&town, another, &[&[9], &[]]), "party_people_with_a_place_stay_alone");
    assert_eq!(refused(&town, "UPDATE appointments SET party_id = 99"), "appointments_keep_their_party");
    let replaced = town.store.write_blocking(move |tx| parties::replace_people(tx, party, &party_of(&[3])));
    assert_eq!(replaced.expect_err("refused").rule(), Some("party_people_with_a_place_stay"));
    let people = town.read(move |tx| parties::people(tx, party));
    assert_eq!(people, party_of(&[1, 2]));
}

#[test]
fn what_can_be_read_about_ended_parties_is_erased_and_the_rest_stays() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    let Booked::Party(ended) = town.write(move |tx| book(tx, one, &[1, 2], slot)) else { panic!("booked") };
    let Booked::Party(live) = town.write(move |tx| book(tx, other, &[3], slot)) else { panic!("booked") };
    town.write(move |tx| parties::end(tx, ended));
    assert_eq!(town.write(|tx| parties::erase_ended_before(tx, at(1), 10)), 0, "made at that instant, not before it");
    assert_eq!(town.write(|tx| parties::erase_ended_before(tx, at(100), 10)), 1);
    assert_eq!(town.write(|tx| parties::erase_ended_before(tx, at(100), 10)), 0, "done");
    let people = town.read(move |tx| parties::people(tx, ended));
    assert!(people.iter().all(|member| member.sealed.is_empty()));
    assert_eq!(people[1].person, person(2), "the hash stays, for strikes and audits");
    assert_eq!(town.read(move |tx| parties::people(tx, live)), party_of(&[3]));
}

#[test]
fn people_can_be_replaced_while_the_release_is_open_and_not_after_the_freeze() {
    let town = Town::new();
    let party = town.entered();
    let other = town
        .write(|tx| antrean_store::accounts::insert(tx, &antrean_domain::keys::PhoneKey(key(99)), b"", "id", at(0)));
    town.write(move |tx| crate::town::enter(tx, other, &[50]));
    assert_eq!(town.write(move |tx| parties::replace_people(tx, party, &party_of(&[1, 2]))), Inserted::Party(party));
    let taken = town.write(move |tx| parties::replace_people(tx, party, &party_of(&[4, 50])));
    assert_eq!(taken, Inserted::PersonTaken(1));
    assert_eq!(town.read(move |tx| parties::people(tx, party)), party_of(&[1, 2]), "as before the conflict");
    assert_eq!(town.read(move |tx| parties::get(tx, party)).expect("the party").size, 2);
    town.advance(ReleaseState::Open, ReleaseState::Frozen);
    let refused = town.store.write_blocking(move |tx| parties::replace_people(tx, party, &party_of(&[3])));
    assert_eq!(refused.expect_err("refused").rule(), Some("party_people_with_a_place_stay"));
}

#[test]
fn the_list_of_entries_is_final_at_the_freeze() {
    let town = Town::new();
    let party = town.entered();
    assert!(town.write(move |tx| entries::set_leaf(tx, party, &EntryId(key(1)), b"other leaf", at(2))));
    town.advance(ReleaseState::Open, ReleaseState::Frozen);
    let leaf = town.store.write_blocking(move |tx| entries::set_leaf(tx, party, &EntryId(key(1)), b"late", at(3)));
    assert_eq!(leaf.expect_err("refused").rule(), Some("entries_frozen_never_change"));
    let withdrawn = town
        .store
        .write_blocking(move |tx| entries::advance(tx, party, &[EntryState::Entered], EntryState::Withdrawn, at(3)));
    assert_eq!(withdrawn.expect_err("refused").rule(), Some("entries_frozen_stay"));
    assert!(town.write(move |tx| entries::advance(tx, party, &[EntryState::Entered], EntryState::Left, at(3))));
    let account =
        town.write(|tx| antrean_store::accounts::insert(tx, &antrean_domain::keys::PhoneKey(key(9)), b"", "id", at(0)));
    let late = town.store.write_blocking(move |tx| crate::town::enter(tx, account, &[9]));
    assert_eq!(late.expect_err("refused").rule(), Some("entries_only_while_open"));
    assert_eq!(refused(&town, "UPDATE releases SET state = 'open'"), "releases_never_go_back");
}

#[test]
fn what_a_draw_gave_is_written_once() {
    let town = Town::new();
    let party = town.entered();
    town.advance(ReleaseState::Open, ReleaseState::Drawing);
    let place = Some("BTM/2026-12-01/08:00");
    assert!(town.write(move |tx| entries::write_result(tx, party, 1, place, EntryState::Placed, at(4))));
    assert!(!town.write(move |tx| entries::write_result(tx, party, 2, None, EntryState::Standby, at(5))));
    assert_eq!(refused(&town, "UPDATE entries SET rank = 9"), "entries_drawn_once");
    assert_eq!(refused(&town, "UPDATE entries SET place = 'BTM/2026-12-02/08:00'"), "entries_drawn_once");
    let entry = town.read(move |tx| entries::get(tx, party)).expect("the entry");
    assert_eq!((entry.rank, entry.place.as_deref(), entry.state), (Some(1), place, EntryState::Placed));
}

#[test]
fn a_release_is_frozen_and_drawn_once() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[1]);
    assert!(town.write(|tx| releases::set_freeze(tx, &release(), "freeze", 8)));
    assert!(!town.write(|tx| releases::set_freeze(tx, &release(), "another", 9)));
    assert!(town.write(|tx| releases::set_beacon(tx, &release(), "beacon", &[1; 32])));
    assert!(!town.write(|tx| releases::set_beacon(tx, &release(), "another", &[2; 32])));
    assert_eq!(refused_with(&town, "UPDATE releases SET seed = ?1", &[&[0]]), "releases_drawn_once");
    assert_eq!(refused(&town, "UPDATE releases SET round = 99"), "releases_drawn_once");
    let drawn = town.read(|tx| releases::get(tx, &release())).expect("the release");
    assert_eq!((drawn.round, drawn.freeze_file.as_deref(), drawn.seed), (8, Some("freeze"), Some([1; 32])));
}

#[test]
fn nothing_about_a_release_changes_after_it_opens_except_closures() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    assert_eq!(refused(&town, "UPDATE releases SET plan = '[]'"), "releases_open_never_change");
    assert_eq!(refused(&town, "UPDATE slots SET capacity = 11"), "slots_open_never_change");
    assert_eq!(refused(&town, "DELETE FROM slots"), "slots_open_never_go");
    let late = town.store.write_blocking(|tx| slots::insert(tx, &new_slot(15, 3)));
    assert_eq!(late.expect_err("refused").rule(), Some("slots_only_while_planned"));
    assert!(town.write(move |tx| slots::close(tx, slot)));
    town.write(|tx| releases::set_closures(tx, &release(), "BTM/2026-12-01/08:00 listrik padam"));
    assert!(!town.write(move |tx| slots::take(tx, slot, 1)), "closed");
    assert!(!town.write(|tx| releases::remove_planned(tx, &release())), "no longer planned");
}

#[test]
fn who_is_active_has_a_way_in_and_keeps_it() {
    let town = Town::new();
    let (siti, budi) = town.write(|tx| {
        let invited = |name: &str| staff::insert(tx, &Login::parse(name).unwrap(), b"sealed", Role::Admin, at(1));
        Ok((invited("siti")?.unwrap(), invited("budi")?.unwrap()))
    });
    assert_eq!(refused(&town, "UPDATE staff SET state = 'active' WHERE login = 'siti'"), "staff_active_can_sign_in");
    assert_eq!(refused(&town, "UPDATE staff SET password = 'x' WHERE login = 'siti'"), "staff_password_with_factor");
    let add = |whose, name: &'static [u8]| town.write(move |tx| passkeys::insert(tx, whose, name, b"sealed", 0, at(2)));
    let first = add(siti, b"first").unwrap();
    assert!(town.write(move |tx| staff::activate_with_passkey(tx, siti)));
    assert_eq!(add(budi, b"first"), None, "a key has one owner");
    assert_eq!(refused(&town, "DELETE FROM passkeys"), "passkeys_last_way_in");
    assert!(!town.write(move |tx| passkeys::remove(tx, first, siti)));
    let second = add(siti, b"second").unwrap();
    assert!(!town.write(move |tx| passkeys::remove(tx, second, budi)), "only one's own");
    assert!(town.write(move |tx| passkeys::remove(tx, first, siti)));

    let count = |to| town.write(move |tx| passkeys::count(tx, second, to, at(3)));
    assert_eq!([0, 0, 7, 7, 6, 0, 8].map(count), [true, true, true, false, false, false, true], "it never counts back");
    // Whoever is invited again begins anew.
    town.write(move |tx| staff::invite(tx, siti, &key(1), at(9)));
    assert_eq!(town.read(move |tx| passkeys::of_staff(tx, siti)), []);
}

#[test]
fn changes_of_an_office_stay_are_agreed_to_by_another_and_count_until_one_did() {
    let town = Town::new();
    let (siti, budi) = town.write(|tx| {
        let invited = |name: &str| staff::insert(tx, &Login::parse(name).unwrap(), b"sealed", Role::Head, at(1));
        Ok((invited("siti")?.unwrap(), invited("budi")?.unwrap()))
    });
    let keep = |seconded_by, places, second| {
        town.store.write_blocking(move |tx| {
            let change = NewOfficeChange {
                office: &office(),
                part: Part::Hours,
                changed_by: siti,
                seconded_by,
                places,
                what: "{}",
                version_before: "a",
                version_after: "b",
                reason: "loket tambahan",
            };
            office_changes::insert(tx, &change, at(second))
        })
    };
    let own_word = keep(Some(siti), 500, 1).expect_err("one's own word is not a second one");
    assert_eq!(own_word.rule(), Some("office_changes_need_another_person"));
    for (seconded_by, places, second) in [(None, 60, 10), (Some(budi), 500, 11), (None, 7, 12)] {
        keep(seconded_by, places, second).unwrap();
    }
    let alone = |since| town.read(move |tx| office_changes::alone_since(tx, &office(), at(since)));
    assert_eq!([9, 10, 12].map(alone), [67, 7, 0]);
    let all = town.read(|tx| office_changes::before(tx, &office(), None, 2));
    assert_eq!(all.iter().map(|change| change.at).collect::<Vec<_>>(), [at(12), at(11)]);
    let older = town.read(move |tx| office_changes::before(tx, &office(), Some(all[1].id), 9));
    assert_eq!(older.iter().map(|change| change.at).collect::<Vec<_>>(), [at(10)]);
    assert_eq!(town.read(|tx| office_changes::of_part(tx, &office(), Part::Data, 9)), []);
    assert_eq!(refused(&town, "UPDATE office_changes SET places = 0"), "office_changes_never_change");
    assert_eq!(refused(&town, "DELETE FROM office_changes"), "office_changes_never_go");
}

#[test]
fn events_are_only_ever_added() {
    let town = Town::new();
    town.write(|tx| events::append(tx, &event(antrean_store::ids::PartyId(1))));
    assert_eq!(refused(&town, "UPDATE events SET reason = 'none'"), "events_never_change");
    assert_eq!(refused(&town, "DELETE FROM events"), "events_never_go");
    assert_eq!(town.read(|tx| events::recent(tx, 10)).len(), 1);
}

#[test]
fn a_freed_place_cannot_be_booked_until_a_wave_has_passed() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[2])[0];
    assert!(town.write(move |tx| slots::take(tx, slot, 2)));
    town.write(move |tx| slots::give_back(tx, slot, 1));
    assert!(!town.write(move |tx| slots::take(tx, slot, 1)), "freed is not free");
    assert!(town.write(move |tx| slots::take_freed(tx, slot, 1)), "the wave may");
    town.write(move |tx| slots::give_back(tx, slot, 2));
    assert!(town.write(move |tx| slots::open_freed(tx, slot, 2)), "what the wave left over is open to all");
    assert!(town.write(move |tx| slots::take(tx, slot, 2)));
    let fault = town.store.write_blocking(move |tx| slots::give_back(tx, slot, 3)).expect_err("more than were taken");
    assert!(matches!(fault, Fault::Corrupt { .. }), "{fault:?}");
}

#[test]
fn even_a_statement_that_forgets_the_condition_cannot_oversell() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[2]);
    assert_eq!(refused(&town, "UPDATE slots SET taken = taken + 3"), "slots_never_oversold");
}

#[test]
fn a_row_that_points_nowhere_is_refused_even_when_the_statement_returns_it() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[2]);
    let nobody = antrean_store::ids::AccountId(4711);
    let fault = town.store.write_blocking(move |tx| join(tx, nobody, &[1])).expect_err("no such account");
    assert!(matches!(fault, Fault::Database { rule: None, .. }), "{fault:?}");
}

#[test]
fn a_party_has_one_appointment_for_good() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let account = town.accounts(1)[0];
    let Booked::Party(party) = town.write(move |tx| book(tx, account, &[1], slot)) else { panic!("booked") };
    assert!(!town.write(move |tx| appointments::insert(tx, party, slot, Source::Wave, Some(0), at(5))));
    let held = town.read(move |tx| appointments::get(tx, party)).expect("the appointment");
    assert_eq!((held.source, held.choice, held.sequence), (Source::FirstCome, None, 0));
    assert_eq!(
        town.read(
            |tx| tx.one("SELECT count(*) FROM events WHERE kind = ?1", &[Value::Text("booked")], |row| row.int(0))
        ),
        1
    );
}
