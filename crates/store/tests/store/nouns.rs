//! What each noun promises to an operation.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::consequence::StrikeKind;
use antrean_domain::keys::PhoneKey;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::appointments::Source;
use antrean_store::challenges::Challenge;
use antrean_store::entries::EntryState;
use antrean_store::events::Event;
use antrean_store::ids::PartyId;
use antrean_store::releases::ReleaseState;
use antrean_store::{
    accounts, applicants, appointments, catalogue, challenges, days, drafts, entries, events, idempotency, leases,
    limits, outbox, parties, releases, sessions, slots, strikes, waves, wishes,
};

use crate::town::{Booked, DAY, Town, at, book, enter, event, key, new_slot, office, person, release};

#[test]
fn signing_in_on_a_new_device_ends_the_old_session() {
    let town = Town::new();
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    town.write(move |tx| sessions::replace(tx, one, &key(1), at(0), at(100)));
    town.write(move |tx| sessions::replace(tx, other, &key(2), at(0), at(100)));
    town.write(move |tx| sessions::replace(tx, one, &key(3), at(10), at(200)));
    assert_eq!(town.read(|tx| sessions::find(tx, &key(1))), None);
    let session = town.read(|tx| sessions::find(tx, &key(3))).expect("the new session");
    assert_eq!((session.account, session.created, session.expires), (one, at(10), at(200)));
    town.write(|tx| sessions::touch(tx, &key(3), at(50), at(300)));
    let session = town.read(|tx| sessions::find(tx, &key(3))).expect("the session");
    assert_eq!((session.created, session.seen, session.expires), (at(10), at(50), at(300)));
    assert_eq!(town.write(|tx| sessions::remove_expired(tx, at(100))), 1);
    assert!(town.write(|tx| sessions::remove(tx, &key(3))));
    assert!(!town.write(|tx| sessions::remove(tx, &key(3))));
}

#[test]
fn an_erased_account_keeps_its_row_and_nothing_that_can_be_read() {
    let town = Town::new();
    let account = town.accounts(1)[0];
    town.write(move |tx| {
        sessions::replace(tx, account, &key(1), at(0), at(100))?;
        applicants::put_holder(tx, account, &person(1), b"sealed", at(0))?;
        drafts::put(tx, account, "half", at(0))?;
        accounts::set_consent(tx, account, at(1))?;
        accounts::erase(tx, account, [9; 16])
    });
    let erased = town.read(move |tx| accounts::get(tx, account)).expect("the row");
    assert_eq!((erased.phone, erased.sealed), (PhoneKey([9; 16]), Vec::new()));
    assert_eq!(town.read(|tx| accounts::by_phone(tx, &PhoneKey(key(0)))), None);
    assert_eq!(town.read(move |tx| applicants::list(tx, account)), []);
    assert_eq!(town.read(move |tx| drafts::get(tx, account)), None);
    assert_eq!(town.read(|tx| sessions::find(tx, &key(1))), None);
}

#[test]
fn a_phone_number_has_one_account() {
    let town = Town::new();
    let account = town.accounts(1)[0];
    assert_eq!(town.read(|tx| accounts::by_phone(tx, &PhoneKey(key(0)))), Some(account));
    let again = town.store.write_blocking(|tx| accounts::insert(tx, &PhoneKey(key(0)), b"", "id", at(1)));
    assert_eq!(again.expect_err("refused").rule(), Some("accounts_phone_once"));
    town.write(move |tx| {
        accounts::set_language(tx, account, "en")?;
        accounts::set_sealed(tx, account, b"other")
    });
    let changed = town.read(move |tx| accounts::get(tx, account)).expect("the account");
    assert_eq!((changed.language.as_str(), changed.sealed.as_slice()), ("en", b"other".as_slice()));
}

#[test]
fn an_account_has_one_holder_and_up_to_four_of_their_family() {
    let town = Town::new();
    let accounts = town.accounts(2);
    let (account, other) = (accounts[0], accounts[1]);
    town.write(move |tx| {
        let holder = applicants::put_holder(tx, account, &person(1), b"a", at(0))?.expect("the holder");
        assert_eq!(applicants::put_holder(tx, account, &person(1), b"b", at(1))?, Some(holder), "restated");
        let child = applicants::add(tx, account, 1, &person(2), b"c", at(2))?.expect("a child");
        assert_eq!(applicants::add(tx, account, 1, &person(3), b"d", at(2))?, None, "the position is taken");
        assert_eq!(applicants::add(tx, account, 2, &person(2), b"d", at(2))?, None, "the person is there");
        assert_eq!(applicants::put_holder(tx, account, &person(2), b"e", at(3))?, None, "the child is not the holder");
        assert!(
            applicants::add(tx, other, 1, &person(2), b"f", at(3))?.is_some(),
            "a NIK is no secret: anybody may state it"
        );
        assert!(!applicants::change(tx, child, other, b"g")?, "not of that account");
        assert!(applicants::change(tx, child, account, b"g")?);
        let listed = applicants::list(tx, account)?;
        let seen: Vec<_> = listed.iter().map(|one| (one.position, one.person, one.sealed.as_slice())).collect();
        assert_eq!(seen, [(0, person(1), b"b".as_slice()), (1, person(2), b"g".as_slice())]);
        assert_eq!(applicants::get(tx, child, account)?.map(|one| one.created), Some(at(2)));
        assert_eq!(applicants::get(tx, child, other)?, None);
        assert!(!applicants::remove(tx, child, other)?);
        assert!(applicants::remove(tx, child, account)?);
        Ok(())
    });
    let sixth = town.store.write_blocking(move |tx| applicants::add(tx, account, 5, &person(9), b"", at(4)));
    assert_eq!(sixth.expect_err("refused").rule(), Some("applicants_position"));
}

fn challenge() -> Challenge {
    Challenge {
        id: key(1),
        phone: key(2),
        sealed: b"sealed".to_vec(),
        code_hash: [3; 32],
        created: at(0),
        expires: at(300),
        tries: 0,
        sends: 1,
        sent: at(0),
        used: None,
    }
}

#[test]
fn a_code_can_be_tried_five_times_and_used_once() {
    let town = Town::new();
    town.write(|tx| challenges::insert(tx, &challenge()));
    assert_eq!(town.read(|tx| challenges::get(tx, &key(1))), Some(challenge()));
    let tries: Vec<bool> = (0..6).map(|_| town.write(|tx| challenges::count_try(tx, &key(1)))).collect();
    assert_eq!(tries, [true, true, true, true, true, false]);
    assert!(town.write(|tx| challenges::resent(tx, &key(1), at(30), 1)));
    assert!(!town.write(|tx| challenges::resent(tx, &key(1), at(31), 1)), "somebody sent it meanwhile");
    assert!(town.write(|tx| challenges::use_up(tx, &key(1), at(40))));
    assert!(!town.write(|tx| challenges::use_up(tx, &key(1), at(41))));
    let used = town.read(|tx| challenges::get(tx, &key(1))).expect("the challenge");
    assert_eq!((used.tries, used.sends, used.sent, used.used), (5, 2, at(30), Some(at(40))));
    assert_eq!(town.write(|tx| challenges::remove_expired(tx, at(299))), 0);
    assert_eq!(town.write(|tx| challenges::remove_expired(tx, at(300))), 1);
}

#[test]
fn a_limit_is_never_exceeded_and_what_would_exceed_it_takes_nothing() {
    let town = Town::new();
    let take = |amount: i64| town.write(move |tx| limits::take(tx, &key(1), at(0), amount, 5));
    assert!(!take(6), "more than the limit at once");
    assert!(take(3) && take(2) && !take(1));
    assert_eq!(town.read(|tx| limits::used(tx, &key(1), at(0))), 5);
    assert_eq!(town.read(|tx| limits::used(tx, &key(1), at(60))), 0, "another window");
    assert!(town.write(|tx| limits::take(tx, &key(1), at(60), 1, 5)));
    assert_eq!(town.write(|tx| limits::remove_before(tx, at(60))), 1);
    assert_eq!(town.read(|tx| limits::used(tx, &key(1), at(60))), 1);
}

#[test]
fn the_same_key_has_one_answer() {
    let town = Town::new();
    assert!(town.write(|tx| idempotency::insert(tx, &key(1), &key(2), b"answer", at(0))));
    assert!(!town.write(|tx| idempotency::insert(tx, &key(1), &key(3), b"another", at(1))));
    let answered = town.read(|tx| idempotency::find(tx, &key(1))).expect("an answer");
    assert_eq!((answered.request, answered.answer.as_slice()), (key(2), b"answer".as_slice()));
    assert_eq!(town.write(|tx| idempotency::remove_before(tx, at(1))), 1);
    assert_eq!(town.read(|tx| idempotency::find(tx, &key(1))), None);
}

#[test]
fn parts_of_the_catalogue_are_replaced_by_name() {
    let town = Town::new();
    town.write(|tx| {
        catalogue::put(tx, "regions.csv", "one", at(0))?;
        catalogue::put(tx, "offices.csv", "two", at(0))?;
        catalogue::put(tx, "regions.csv", "three", at(1))
    });
    let parts = town.read(catalogue::load);
    let parts: Vec<_> = parts.iter().map(|(part, body)| (part.as_str(), body.as_str())).collect();
    assert_eq!(parts, [("offices.csv", "two"), ("regions.csv", "three")]);
}

#[test]
fn a_release_moves_on_only_from_the_states_named() {
    let town = Town::new();
    town.release(ReleaseState::Planned, &[1]);
    let advance = |from: &'static [ReleaseState], to| town.write(move |tx| releases::advance(tx, &release(), from, to));
    assert!(!advance(&[ReleaseState::Open], ReleaseState::Frozen));
    assert!(!advance(&[], ReleaseState::Open), "from nowhere");
    assert!(advance(&[ReleaseState::Open, ReleaseState::Planned], ReleaseState::Open));
    assert_eq!(town.read(releases::list)[0].state, ReleaseState::Open);
    let other = ReleaseId::parse("2026-W50").expect("a release");
    assert_eq!(town.read(move |tx| releases::get(tx, &other)), None);
    assert_eq!(town.read(|tx| releases::opened_between(tx, at(-1), at(0))), 1);
    assert_eq!(town.read(|tx| releases::opened_between(tx, at(0), at(10))), 0, "after the first instant");
}

#[test]
fn a_planned_release_can_be_taken_back_with_its_slots() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Planned, &[1, 2])[0];
    let twice = town.store.write_blocking(|tx| slots::insert(tx, &new_slot(8, 3)));
    assert_eq!(twice.expect_err("refused").rule(), Some("slots_once"));
    assert!(town.write(|tx| releases::remove_planned(tx, &release())));
    assert!(!town.write(|tx| releases::remove_planned(tx, &release())));
    assert_eq!(town.read(move |tx| slots::get(tx, slot)), None);
}

#[test]
fn counts_go_up_and_down_by_office() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[1]);
    town.write(|tx| {
        releases::add_counts(tx, &release(), &office(), 1, 3)?;
        releases::add_counts(tx, &release(), &office(), 1, 2)?;
        releases::add_counts(tx, &release(), &office(), -1, -3)
    });
    assert_eq!(town.read(|tx| releases::counts(tx, &release())), [(office(), 1, 2)]);
}

#[test]
fn slots_are_listed_by_release_by_office_and_by_what_is_freed() {
    let town = Town::new();
    let made = town.release(ReleaseState::Planned, &[4, 6]);
    town.write(|tx| {
        let mut reserve = new_slot(8, 2);
        reserve.pool = antrean_domain::slot::Pool::Reserve;
        slots::insert(tx, &reserve)
    });
    town.advance(ReleaseState::Planned, ReleaseState::Open);
    let (first, second) = (made[0], made[1]);
    town.write(move |tx| {
        assert!(slots::free_directly(tx, second, 2)?);
        assert!(!slots::free_directly(tx, second, 5)?, "more than are free");
        Ok(())
    });
    assert_eq!(town.read(|tx| slots::of_release(tx, &release())).len(), 3);
    let ids = |found: Vec<slots::Slot>| found.iter().map(|slot| slot.id).collect::<Vec<_>>();
    assert_eq!(ids(town.read(|tx| slots::of_release_at(tx, &release(), &office()))), [first, second]);
    assert_eq!(ids(town.read(|tx| slots::of_office(tx, &office(), DAY))), [first, second]);
    assert_eq!(ids(town.read(|tx| slots::of_office(tx, &office(), DAY.tomorrow().expect("a day")))), []);
    let freed = town.read(|tx| slots::freed_of_release(tx, &release()));
    assert_eq!((freed.len(), freed[0].left()), (1, 4));
    assert_eq!(freed[0].key.to_string(), "BTM/2026-12-01/09:00");
}

#[test]
fn the_frozen_list_is_everybody_but_those_who_withdrew_in_the_order_of_entering() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[10]);
    let accounts = town.accounts(4);
    let entered: Vec<PartyId> = accounts
        .iter()
        .enumerate()
        .map(|(number, account)| {
            let account = *account;
            town.write(move |tx| enter(tx, account, &[number as u32]))
        })
        .collect();
    let (withdrawn, left) = (entered[1], entered[2]);
    town.write(move |tx| {
        assert!(entries::advance(tx, withdrawn, &[EntryState::Entered], EntryState::Withdrawn, at(5))?);
        assert!(!entries::advance(tx, withdrawn, &[EntryState::Entered], EntryState::Left, at(5))?);
        assert!(entries::advance(tx, left, &[EntryState::Entered], EntryState::Left, at(5))?);
        assert!(!entries::set_leaf(tx, left, &antrean_domain::draw::entry::EntryId(key(9)), b"late", at(6))?);
        Ok(())
    });
    let frozen = town.read(|tx| {
        let mut frozen = Vec::new();
        entries::each_frozen(tx, &release(), |party, state, leaf| {
            assert_eq!(leaf, b"leaf");
            frozen.push((party, state));
            Ok(())
        })?;
        Ok(frozen)
    });
    assert_eq!(
        frozen,
        [(entered[0], EntryState::Entered), (left, EntryState::Left), (entered[3], EntryState::Entered)]
    );
}

#[test]
fn results_and_those_who_wait_come_in_drawn_order_and_end_in_portions() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[10]);
    let accounts = town.accounts(4);
    let entered: Vec<PartyId> = accounts
        .iter()
        .map(|account| {
            let account = *account;
            town.write(move |tx| enter(tx, account, &[account.0 as u32]))
        })
        .collect();
    let (first, second, third, left) = (entered[0], entered[1], entered[2], entered[3]);
    town.write(move |tx| entries::advance(tx, left, &[EntryState::Entered], EntryState::Left, at(5)));
    town.advance(ReleaseState::Open, ReleaseState::Drawing);
    town.write(move |tx| {
        assert!(entries::write_result(tx, first, 4, None, EntryState::Standby, at(6))?);
        assert!(entries::write_result(tx, second, 1, None, EntryState::Standby, at(6))?);
        assert!(entries::write_result(tx, third, 3, Some("BTM/2026-12-01/08:00"), EntryState::Placed, at(6))?);
        assert!(entries::write_result(tx, left, 2, Some("BTM/2026-12-01/08:00"), EntryState::Placed, at(6))?);
        Ok(())
    });
    assert_eq!(
        town.read(move |tx| entries::get(tx, left)).expect("the entry").state,
        EntryState::Left,
        "who left stays away"
    );
    let standby = town.read(|tx| entries::standby_after(tx, &release(), 0, 10));
    let seen: Vec<_> = standby.iter().map(|one| (one.party, one.rank, one.size, one.leaf.as_slice())).collect();
    assert_eq!(seen, [(second, 1, 1, b"leaf".as_slice()), (first, 4, 1, b"leaf".as_slice())]);
    assert_eq!(town.read(|tx| entries::standby_after(tx, &release(), 0, 1)), standby[..1], "a page");
    assert_eq!(town.read(|tx| entries::standby_after(tx, &release(), 1, 1)), standby[1..], "the page behind it");
    assert_eq!(town.read(|tx| entries::standby_ranks(tx, &release())), [1, 4]);
    let ranks = town.read(|tx| {
        let mut ranks = Vec::new();
        entries::results(tx, &release(), |rank, _, size, place| {
            ranks.push((rank, size, place.is_some()));
            Ok(())
        })?;
        Ok(ranks)
    });
    assert_eq!(ranks, [(1, 1, false), (2, 1, true), (3, 1, true), (4, 1, false)]);
    assert_eq!(town.write(|tx| entries::expire(tx, &release(), PartyId(0), at(9), 1)), [(first, true)]);
    assert_eq!(town.write(move |tx| entries::expire(tx, &release(), first, at(9), 10)), [(second, true)]);
    assert_eq!(town.write(|tx| entries::expire(tx, &release(), PartyId(0), at(9), 10)), []);
    assert!(!town.read(move |tx| parties::get(tx, first)).expect("the party").live);
}

#[test]
fn an_appointment_is_moved_by_its_holder_once_and_by_others_at_any_time() {
    let town = Town::new();
    let made = town.release(ReleaseState::Open, &[5, 5]);
    let account = town.accounts(1)[0];
    let (here, there) = (made[0], made[1]);
    let Booked::Party(party) = town.write(move |tx| book(tx, account, &[1], here)) else { panic!("booked") };
    let moved =
        |from, to, own, second| town.write(move |tx| appointments::move_to(tx, party, from, to, own, at(second)));
    assert!(!moved(there, here, true, 3), "it is not there");
    assert!(moved(here, there, true, 4));
    assert!(!moved(there, here, true, 5), "once");
    assert!(moved(there, here, false, 6), "not the holder's doing");
    let held = town.read(move |tx| appointments::get(tx, party)).expect("the appointment");
    assert_eq!((held.slot, held.moves, held.sequence, held.changed), (here, 1, 2, at(6)));
    let booked = AppointmentState::Booked;
    assert!(town.write(move |tx| appointments::advance(tx, party, &[booked], AppointmentState::CheckedIn, at(7))));
    assert!(!town.write(move |tx| appointments::advance(tx, party, &[booked], AppointmentState::Cancelled, at(8))));
    assert!(!moved(here, there, false, 9), "the party is at the office");
}

#[test]
fn a_day_at_an_office_is_closed_once_and_knows_whether_anybody_was_recorded() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[5])[0];
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    let Booked::Party(party) = town.write(move |tx| book(tx, one, &[1, 2], slot)) else { panic!("booked") };
    let Booked::Party(second) = town.write(move |tx| book(tx, other, &[3], slot)) else { panic!("booked") };
    assert!(!town.read(|tx| days::was_anyone_recorded(tx, &office(), DAY)));
    let live = town.read(|tx| appointments::live_on(tx, &office(), DAY));
    assert_eq!(live.iter().map(|(held, size)| (held.party, *size)).collect::<Vec<_>>(), [(party, 2), (second, 1)]);
    let booked = AppointmentState::Booked;
    town.write(move |tx| appointments::advance(tx, party, &[booked], AppointmentState::Served, at(5)));
    assert!(town.read(|tx| days::was_anyone_recorded(tx, &office(), DAY)));
    assert!(!town.read(|tx| days::was_anyone_recorded(tx, &office(), DAY.tomorrow().expect("a day"))));
    assert_eq!(town.read(|tx| appointments::live_on(tx, &office(), DAY)).len(), 1);
    assert_eq!(town.read(move |tx| appointments::of_slot(tx, slot)).len(), 2);
    let counts = town.read(|tx| appointments::counts_by_state(tx, &release()));
    let counts: Vec<_> = counts.iter().map(|count| (count.state, count.parties, count.people)).collect();
    assert_eq!(counts, [(booked, 1, 1), (AppointmentState::Served, 1, 2)]);
    assert!(town.write(|tx| days::close(tx, &office(), DAY, at(9))));
    assert!(!town.write(|tx| days::close(tx, &office(), DAY, at(9))));
}

#[test]
fn a_party_is_found_by_its_account_and_its_people() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[5])[0];
    let account = town.accounts(1)[0];
    let Booked::Party(first) = town.write(move |tx| book(tx, account, &[1], slot)) else { panic!("booked") };
    town.write(move |tx| parties::end(tx, first));
    let Booked::Party(second) = town.write(move |tx| book(tx, account, &[1, 2], slot)) else { panic!("booked") };
    assert!(town.write(move |tx| parties::set_service(tx, second, ServiceCode::Lost, PassportKind::Ordinary)));
    assert!(
        !town.write(move |tx| parties::set_service(tx, first, ServiceCode::Lost, PassportKind::Ordinary)),
        "it has ended"
    );
    let live = town.read(move |tx| parties::live_of_account(tx, account)).expect("a live party");
    assert_eq!(
        (live.id, live.service, live.passport, live.size),
        (second, ServiceCode::Lost, PassportKind::Ordinary, 2)
    );
    assert_eq!(town.read(|tx| parties::live_of_person(tx, &person(2))).map(|party| party.id), Some(second));
    assert_eq!(town.read(|tx| parties::live_of_person(tx, &person(3))), None);
    let ids = |found: Vec<parties::Party>| found.iter().map(|party| party.id).collect::<Vec<_>>();
    assert_eq!(ids(town.read(move |tx| parties::ended_of_account(tx, account, 10))), [first]);
    town.write(move |tx| parties::end(tx, second));
    assert_eq!(ids(town.read(move |tx| parties::ended_of_account(tx, account, 10))), [second, first]);
    assert_eq!(ids(town.read(move |tx| parties::ended_of_account(tx, account, 1))), [second]);
    assert_eq!(ids(town.read(|tx| parties::of_person(tx, &person(1)))), [first, second]);
}

#[test]
fn a_wish_is_kept_until_granted_and_the_longest_wait_comes_first() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[5])[0];
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    let Booked::Party(late) = town.write(move |tx| book(tx, one, &[1], slot)) else { panic!("booked") };
    let Booked::Party(early) = town.write(move |tx| book(tx, other, &[2, 3], slot)) else { panic!("booked") };
    town.write(move |tx| {
        wishes::put(tx, late, "a", at(3))?;
        wishes::put(tx, early, "b", at(4))?;
        wishes::put(tx, late, "c", at(5))
    });
    let found = town.read(|tx| wishes::of_release(tx, &release()));
    let found: Vec<_> = found.iter().map(|wish| (wish.party, wish.choices.as_str(), wish.slot, wish.size)).collect();
    assert_eq!(found, [(early, "b", slot, 2), (late, "c", slot, 1)]);
    assert_eq!(town.read(move |tx| wishes::get(tx, late)).as_deref(), Some("c"));
    assert!(town.write(move |tx| wishes::remove(tx, late)));
    assert!(!town.write(move |tx| wishes::remove(tx, late)));
    let state = AppointmentState::Booked;
    town.write(move |tx| appointments::advance(tx, early, &[state], AppointmentState::CheckedIn, at(6)));
    assert_eq!(town.read(|tx| wishes::of_release(tx, &release())), [], "who has come wishes for nothing");
}

#[test]
fn a_wave_is_run_once() {
    let town = Town::new();
    town.release(ReleaseState::Open, &[5]);
    assert!(!town.read(|tx| waves::done(tx, &release(), at(10))));
    assert!(town.write(|tx| waves::insert(tx, &release(), at(10), at(11), 3)));
    assert!(!town.write(|tx| waves::insert(tx, &release(), at(10), at(12), 0)));
    assert!(town.read(|tx| waves::done(tx, &release(), at(10))));
    assert_eq!(town.read(|tx| waves::list(tx, &release())), [waves::Wave { at: at(10), done: at(11), placed: 3 }]);
}

#[test]
fn a_strike_stays_on_the_list_when_it_is_taken_back() {
    let town = Town::new();
    let party = town.entered();
    town.write(move |tx| strikes::insert(tx, &person(1), party, StrikeKind::NoShow, at(5), 1));
    let strike = town.read(|tx| strikes::of_person(tx, &person(1))).remove(0);
    assert_eq!((strike.kind, strike.releases, strike.lifted, strike.party), (StrikeKind::NoShow, 1, None, party));
    assert!(town.write(move |tx| strikes::lift(tx, strike.id, at(9))));
    assert!(!town.write(move |tx| strikes::lift(tx, strike.id, at(10))));
    assert_eq!(town.read(|tx| strikes::of_person(tx, &person(1)))[0].lifted, Some(at(9)));
    assert_eq!(town.read(|tx| strikes::of_person(tx, &person(2))), []);
}

#[test]
fn events_are_listed_by_party_by_office_and_by_actor() {
    let town = Town::new();
    town.write(|tx| {
        for number in 1..=3 {
            let network = key(5);
            let told = Event {
                at: at(number),
                party: Some(PartyId(number)),
                network: Some(&network),
                ..event(PartyId(number))
            };
            events::append(tx, &told)?;
        }
        events::append(tx, &Event { actor: "clock", actor_id: None, office: None, party: None, ..event(PartyId(1)) })
    });
    assert_eq!(town.read(|tx| events::recent(tx, 2)).len(), 2);
    assert_eq!(town.read(|tx| events::recent(tx, 2))[0].actor, "clock");
    let of_party = town.read(|tx| events::of_party(tx, PartyId(2)));
    assert_eq!((of_party.len(), of_party[0].at, of_party[0].network), (1, at(2), Some(key(5))));
    let of_office = town.read(|tx| events::of_office(tx, "BTM", at(2), at(4), 10));
    assert_eq!(of_office.iter().map(|event| event.at).collect::<Vec<_>>(), [at(2), at(3)]);
    assert_eq!(town.read(|tx| events::of_actor(tx, "account", 1, 2)).len(), 2);
    assert_eq!(town.read(|tx| events::of_actor(tx, "staff", 1, 2)), []);
}

#[test]
fn a_message_is_claimed_by_one_sender_and_comes_back_if_that_one_dies() {
    let town = Town::new();
    town.write(|tx| {
        outbox::push(tx, "code", outbox::Urgency::Patient, b"one", at(0))?;
        outbox::push(tx, "booked", outbox::Urgency::Patient, b"two", at(1))
    });
    assert_eq!(town.read(outbox::oldest_waiting), Some(at(0)));
    assert!(town.read(|tx| outbox::any_due(tx, at(0))));
    let claimed = town.write(|tx| outbox::claim(tx, at(5), 10, at(60)));
    let seen: Vec<_> =
        claimed.iter().map(|message| (message.kind.as_str(), message.sealed.as_slice(), message.tries)).collect();
    assert_eq!(seen, [("code", b"one".as_slice(), 1), ("booked", b"two".as_slice(), 1)]);
    assert_eq!(town.write(|tx| outbox::claim(tx, at(6), 10, at(61))), [], "leased");
    assert!(!town.read(|tx| outbox::any_due(tx, at(6))));
    let (first, second) = (claimed[0].id, claimed[1].id);
    town.write(move |tx| outbox::sent(tx, first, at(7)));
    let again = town.write(|tx| outbox::claim(tx, at(60), 10, at(120)));
    assert_eq!(again.iter().map(|message| (message.id, message.tries)).collect::<Vec<_>>(), [(second, 2)]);
    town.write(move |tx| outbox::retry(tx, second, at(200), false));
    assert_eq!(town.write(|tx| outbox::claim(tx, at(199), 10, at(300))), []);
    assert_eq!(town.write(|tx| outbox::claim(tx, at(200), 10, at(300))).len(), 1);
    town.write(move |tx| outbox::retry(tx, second, at(400), true));
    assert_eq!(town.write(|tx| outbox::claim(tx, at(999), 10, at(1_999))), [], "given up");
    assert_eq!(town.read(outbox::oldest_waiting), None);
    assert_eq!(town.write(|tx| outbox::remove_settled_before(tx, at(1))), 1, "the one that was sent");
    assert_eq!(town.write(|tx| outbox::remove_settled_before(tx, at(2))), 1, "the one that was given up");
}

#[test]
fn a_lease_is_held_by_one_node_until_it_runs_out() {
    let town = Town::new();
    let take =
        |holder: &'static str, now, until| town.write(move |tx| leases::take(tx, "clock", holder, at(now), at(until)));
    assert!(take("a", 0, 30));
    assert!(!take("b", 10, 40));
    assert!(take("a", 20, 50), "prolonged");
    assert!(!take("b", 49, 80));
    assert!(take("b", 50, 80), "it has run out");
    assert!(!take("a", 60, 90));
}

#[test]
fn an_account_has_one_draft() {
    let town = Town::new();
    let account = town.accounts(1)[0];
    town.write(move |tx| {
        drafts::put(tx, account, "one", at(0))?;
        drafts::put(tx, account, "two", at(5))
    });
    assert_eq!(town.read(move |tx| drafts::get(tx, account)).as_deref(), Some("two"));
    assert_eq!(town.write(|tx| drafts::remove_before(tx, at(5))), 0);
    assert_eq!(town.write(|tx| drafts::remove_before(tx, at(6))), 1);
    assert!(!town.write(move |tx| drafts::remove(tx, account)));
}

#[test]
fn a_place_of_a_wave_says_so() {
    let town = Town::new();
    let party = town.entered();
    let slot = town.read(|tx| slots::of_release(tx, &release()))[0].id;
    assert!(town.write(move |tx| appointments::insert(tx, party, slot, Source::Wave, Some(2), at(5))));
    let held = town.read(move |tx| appointments::get(tx, party)).expect("the appointment");
    assert_eq!((held.source, held.source.as_str(), held.choice), (Source::Wave, "wave", Some(2)));
}

#[test]
fn a_code_goes_out_before_the_results_of_a_draw() {
    let town = Town::new();
    let claimed = town.write(|tx| {
        for _ in 0..100 {
            outbox::push(tx, "drawn", outbox::Urgency::Patient, b"result", at(0))?;
        }
        outbox::push(tx, "code", outbox::Urgency::Urgent, b"code", at(5))?;
        outbox::claim(tx, at(9), 2, at(60))
    });
    assert!(claimed.iter().any(|message| message.kind == "code"), "{claimed:?}");
}
