//! Archives: everything that was there is there again, in force, and nothing that was changed on the way is believed.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use antrean_domain::closure::{Cause, Range, Relocation};
use antrean_domain::consequence::StrikeKind;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::staff::{Login, Role};
use antrean_domain::visit::{Class, PriorityReason, Stage, TakesOn, VisitState};
use antrean_domain::waiting::{Front, Terms};
use antrean_store::approvals::{self, ApprovalState, NewApproval};
use antrean_store::archive::{self, ArchiveError, Manifest};
use antrean_store::challenges::Challenge;
use antrean_store::closures::{self, Calls, Fate, NewClosure};
use antrean_store::entries::EntryState;
use antrean_store::ids::{AccountId, PartyId, StaffId};
use antrean_store::lines::NewLine;
use antrean_store::office_changes::{self, NewOfficeChange, Part};
use antrean_store::outbox::Urgency;
use antrean_store::releases::ReleaseState;
use antrean_store::visits::NewVisit;
use antrean_store::{
    Fault, Store, Tx, applicants, catalogue, challenges, days, drafts, entries, events, idempotency, leases, lines,
};
use antrean_store::{counters, disowned, visits};
use antrean_store::{
    limits, outbox, parties, passkeys, releases, replacements, sessions, settings, slots, staff, strikes, waves, wishes,
};

use crate::town::{self, Booked, DAY, Town, at, key, office, person, release};

/// Archives a store, as of an instant that is always the same.
pub fn archived(store: &Store) -> (Manifest, Vec<u8>) {
    store
        .read_blocking(|tx| {
            Ok(archive::write(tx, at(0), "antrean 0.0.0", Vec::new(), &mut |_, _| {}).expect("an archive"))
        })
        .expect("a read")
}

/// Fills a store; what was wrong with the archive as text, or the store's fault.
pub fn fill(store: &Store, file: &[u8]) -> Result<Manifest, String> {
    let file = file.to_vec();
    let filled = store.write_blocking(move |tx| match archive::restore(tx, &mut Cursor::new(&file), &mut |_, _| {}) {
        Ok(manifest) => Ok(manifest),
        Err(ArchiveError::Store(fault)) => Err(fault),
        Err(other) => Err(Fault::Corrupt { what: other.to_string() }),
    });
    filled.map_err(|fault| fault.to_string())
}

fn check(file: &[u8]) -> Result<Manifest, ArchiveError> {
    archive::check(&mut Cursor::new(file), &mut |_, _| {})
}

/// A town with at least one row in every table, in the middle of its life: a release that was drawn, people on standby, somebody
/// with a place, somebody who gave one back.
pub fn full() -> Town {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[2, 1])[0];
    let accounts = town.accounts(4);
    town.write(move |tx| {
        settings::put(tx, settings::KEY_FINGERPRINT, &[7; 8])?;
        settings::put(tx, "nothing", b"")?;
        catalogue::put(tx, "offices.csv", "code,name\n\"BTM\",\"Batam \u{1F6C2}\"\n", at(0))?;
        for (position, account) in accounts.iter().enumerate() {
            applicants::add(tx, *account, 0, &person(position as u32), b"sealed\0\xff", at(1))?.expect("a place");
        }
        let gone = applicants::add(tx, accounts[0], 1, &person(99), b"", at(1))?.expect("a place");
        applicants::remove(tx, gone, accounts[0])?;
        drafts::put(tx, accounts[0], "{\"people\":[1]}", at(1))?;
        sessions::replace(tx, accounts[0], &key(1), at(1), at(100))?;
        challenges::insert(
            tx,
            &Challenge {
                id: key(2),
                phone: key(3),
                sealed: b"sealed".to_vec(),
                code_hash: [9; 32],
                created: at(1),
                expires: at(2),
                tries: 1,
                sends: 2,
                sent: at(1),
                used: None,
            },
        )?;
        limits::take(tx, &key(4), at(0), 1, 9)?;
        idempotency::insert(tx, &key(5), &key(6), b"answer", at(1))?;
        releases::add_counts(tx, &release(), &office(), 3, 3)?;
        for number in 0..3 {
            town::enter(tx, accounts[number as usize], &[number, 10 + number])?;
        }
        Ok(())
    });
    town.advance(ReleaseState::Open, ReleaseState::Frozen);
    town.write(move |tx| {
        releases::set_freeze(tx, &release(), "antrean/draw/v1\nfreeze", 7)?;
        releases::set_beacon(tx, &release(), "antrean/draw/v1\nbeacon", &[3; 32])?;
        releases::advance(tx, &release(), &[ReleaseState::Frozen], ReleaseState::Drawing)?;
        let place = Some("BTM/2026-12-01/08:00");
        entries::write_result(tx, PartyId(1), 1, place, EntryState::Placed, at(3))?;
        entries::write_result(tx, PartyId(2), 2, None, EntryState::Standby, at(3))?;
        entries::write_result(tx, PartyId(3), 3, None, EntryState::Standby, at(3))?;
        assert!(slots::take(tx, slot, 2)?);
        let source = antrean_store::appointments::Source::Draw;
        assert!(antrean_store::appointments::insert(tx, PartyId(1), slot, source, Some(0), at(3))?);
        events::append(tx, &town::event(PartyId(1)))?;
        releases::set_drawn(tx, &release(), at(3))?;
        releases::advance(tx, &release(), &[ReleaseState::Drawing], ReleaseState::Drawn)?;
        wishes::put(tx, PartyId(1), "[]", at(4))?;
        let (joins, opens) = (at(0), at(5));
        let line = NewLine { release: release(), joins, opens, secret: b"sealed".to_vec(), commitment: [8; 32] };
        lines::insert(tx, &line, at(4))?;
        let id = lines::get(tx, &release())?.map_or(0, |line| line.id);
        lines::join_present(tx, id, AccountId(1), &person(50), at(4))?;
        let terms = Terms { rate_start: 60, rate_min: 60, rate_max: 60, at_work_min: 1, decide_s: 60 };
        lines::open(tx, &release(), 1, &Front::opening(at(5), 1, &terms))?;
        lines::join_late(tx, id, AccountId(2), &person(51), at(6))?;
        waves::insert(tx, &release(), at(4), at(5), 0)?;
        strikes::insert(tx, &person(50), PartyId(1), StrikeKind::NoShow, at(5), 1)?;
        outbox::push(tx, "drawn", Urgency::Patient, b"sealed", at(3))?;
        leases::take(tx, "release_clock", "server", at(0), at(30))?;
        days::close(tx, &office(), DAY, at(9))?;
        Ok(())
    });
    town.write(work);
    town
}

/// Those who work there: somebody who has begun, somebody invited, and a request that was decided.
fn work(tx: &Tx<'_>) -> Result<(), Fault> {
    let invited = |name: &str, role| {
        let login = Login::parse(name).expect("a sign-in name");
        staff::insert(tx, &login, b"sealed", role, at(10)).map(|id| id.expect("a name that is free"))
    };
    let (head, officer) = (invited("head", Role::Head)?, invited("officer", Role::Officer)?);
    staff::activate(tx, head, "$argon2id$", b"sealed", 4)?;
    staff::put_at(tx, head, &[office()])?;
    staff::invite(tx, officer, &key(70), at(99))?;
    staff::begin_session(tx, head, &key(71), at(11), at(99))?;
    passkeys::insert(tx, head, b"credential", b"sealed", 3, at(11))?;
    let (body, reason) = ("{}", "flood");
    let new = NewApproval { kind: "close", office: Some(&office()), body, reason, asked_by: head };
    let request = approvals::insert(tx, &new, at(12))?;
    approvals::decide(tx, request, ApprovalState::Approved, officer, "", at(13))?;
    let change = NewOfficeChange {
        office: &town::office(),
        part: Part::Hours,
        changed_by: head,
        seconded_by: Some(officer),
        places: 60,
        what: "{}",
        version_before: "a",
        version_after: "b",
        reason: "flood",
    };
    office_changes::insert(tx, &change, at(13))?;
    let range = Range { from: DAY, to: DAY, hours: None };
    let (cause, relocation) = (Cause::Outage, Relocation::SameOffice);
    let closure = NewClosure { office: &office(), range, cause, words: "no power", relocation, asked_by: head };
    let closure = closures::insert(tx, &closure, at(14))?;
    let slot = slots::of_release(tx, &release())?[0].id;
    closures::name_party(tx, closure, PartyId(1), slot)?;
    closures::settle(tx, closure, PartyId(1), Fate::Moved, Some(slot), at(15))?;
    let calls = Calls { by: officer, last: at(16), reached: true, sealed: b"told".to_vec() };
    closures::called(tx, closure, PartyId(1), &calls, None)?;
    closures::keep_slot(tx, closure, slot)?;
    replacements::insert(tx, PartyId(1), closure, at(1_000))?;
    the_day(tx, head)
}

/// The day there: somebody without an appointment is called to a counter, and somebody proved who they are.
fn the_day(tx: &Tx<'_>, officer: StaffId) -> Result<(), Fault> {
    let counter = counters::insert(tx, &office(), 3, "", &TakesOn::everything())?.expect("a free number");
    assert!(counters::open(tx, counter, officer)?);
    let new = NewVisit {
        office: office(),
        date: DAY,
        number: visits::next_number(tx, &office(), DAY, Class::Priority)?.expect("a number"),
        party: None,
        slot: None,
        service: ServiceCode::New,
        passport: PassportKind::Electronic,
        reason: Some(PriorityReason::Elderly),
        people: 2,
        arrived_people: 1,
        stage: Stage::Papers,
        due: at(20),
        arrived: at(20),
        kept: true,
    };
    let id = visits::insert(tx, &new, at(20))?;
    let mut visit = visits::get(tx, id)?.expect("it was just written");
    (visit.state, visit.counter, visit.sealed) = (VisitState::Called, Some(3), Some(b"sealed".to_vec()));
    (visit.first_called, visit.called, visit.calls) = (Some(at(21)), Some(at(21)), 1);
    assert!(visits::change(tx, &visit, at(21))?);
    visits::note_call(tx, &visit, 3, Some("turn priority"), at(21))?;
    disowned::insert(tx, &person(50), AccountId(2), at(22))
}

#[test]
fn what_was_archived_is_there_again_row_by_row_and_so_are_its_guards() {
    let town = full();
    let (manifest, file) = archived(&town.store);
    for table in &manifest.tables {
        assert!(table.rows > 0, "the story leaves {} empty, so this test says nothing about it", table.table);
    }
    assert_eq!(check(&file).expect("as it was written"), manifest);

    let elsewhere = Town::new();
    assert_eq!(fill(&elsewhere.store, &file), Ok(manifest));
    assert!(archived(&elsewhere.store).1 == file, "an archive of the copy is the same file, byte for byte");
    assert_eq!(elsewhere.violations(), town.violations());

    // The rules that guard what is frozen were never out of force.
    let refused = |sql: &'static str| {
        let done = elsewhere.store.write_blocking(move |tx| tx.execute(sql, &[]));
        done.expect_err(sql).rule().map(str::to_owned)
    };
    for (guard, sql) in [
        ("entries_frozen_never_change", "UPDATE entries SET leaf = entry_id"),
        ("entries_drawn_once", "UPDATE entries SET rank = 9"),
        ("releases_never_go_back", "UPDATE releases SET state = 'open'"),
        ("releases_drawn_once", "UPDATE releases SET seed = tag_key"),
        ("slots_open_never_change", "UPDATE slots SET capacity = 99"),
        ("party_people_with_a_place_stay", "DELETE FROM party_people"),
        ("events_never_go", "DELETE FROM events"),
        ("office_changes_never_go", "DELETE FROM office_changes"),
    ] {
        assert_eq!(refused(sql).as_deref(), Some(guard));
    }

    // Life goes on: numbers go on where they were, also behind rows that are gone.
    let next = |town: &Town| {
        town.write(|tx| {
            let account = antrean_store::ids::AccountId(4);
            let applicant = applicants::add(tx, account, 1, &person(77), b"", at(9))?.expect("a place");
            let parties::Inserted::Party(party) = town::join(tx, account, &[77])? else {
                panic!("nobody is live there")
            };
            Ok((applicant, party))
        })
    };
    assert_eq!(next(&elsewhere), next(&town));
}

#[test]
fn every_byte_that_is_changed_and_every_cut_is_noticed() {
    let (_, file) = archived(&full().store);
    let mut changed = file.clone();
    for index in 0..file.len() {
        // One bit in each byte, another one from byte to byte.
        changed[index] ^= 1 << (index % 8);
        assert!(check(&changed).is_err(), "byte {index} of {}", file.len());
        changed[index] = file[index];
    }
    for length in (0..file.len()).step_by(7) {
        assert!(check(&file[..length]).is_err(), "cut after {length} of {}", file.len());
    }
    let longer = [file.as_slice(), b"\0"].concat();
    assert!(check(&longer).is_err(), "one byte more");
    check(&file).expect("and unchanged it is good");
}

#[test]
fn a_store_with_anything_in_it_is_not_filled_and_a_damaged_file_leaves_it_empty() {
    let town = full();
    let (_, file) = archived(&town.store);
    let refused = fill(&town.store, &file).expect_err("it is full");
    assert!(refused.contains("not empty: there are rows in settings"), "{refused}");

    let empty = Town::new();
    let refused = fill(&empty.store, &file[..file.len() - 1]).expect_err("it is cut");
    assert!(refused.contains("damaged"), "{refused}");
    assert_eq!(empty.read(archive::first_filled), None);
    fill(&empty.store, &file).expect("and the whole one fills it");
}

#[test]
fn a_store_that_was_never_started_has_no_archive() {
    let town = Town::new();
    let refused = town.read(|tx| Ok(archive::write(tx, at(0), "antrean", Vec::new(), &mut |_, _| {}).err()));
    assert!(matches!(refused, Some(ArchiveError::NeverStarted)), "{refused:?}");
}

#[test]
fn an_archive_taken_in_a_storm_of_bookings_is_one_moment_of_it() {
    const PEOPLE: u32 = 2_000;
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[PEOPLE])[0];
    let accounts = town.accounts(PEOPLE);
    town.write(|tx| settings::put(tx, settings::KEY_FINGERPRINT, &[7; 8]));
    let (acknowledged, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let bookers: Vec<_> = (0..4_usize)
        .map(|first| {
            let (store, accounts) = (town.store.clone(), accounts.clone());
            let (acknowledged, over) = (Arc::clone(&acknowledged), Arc::clone(&over));
            thread::spawn(move || {
                for number in (first..accounts.len()).step_by(4) {
                    let account = accounts[number];
                    let booked = store
                        .write_blocking(move |tx| town::book(tx, account, &[number as u32], slot))
                        .expect("a write");
                    assert!(matches!(booked, Booked::Party(_)));
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            })
        })
        .collect();
    while acknowledged.load(Ordering::SeqCst) < 50 {
        thread::yield_now();
    }
    let before = acknowledged.load(Ordering::SeqCst);
    let (manifest, file) = archived(&town.store);
    let after = acknowledged.load(Ordering::SeqCst);
    over.store(true, Ordering::SeqCst);
    for booker in bookers {
        booker.join().expect("a booker");
    }

    let rows = |name: &str| manifest.tables.iter().find(|table| table.table == name).expect("a table").rows;
    let held = rows("appointments");
    assert!(held >= before.into(), "{held}: what was acknowledged before it began is in it ({before})");
    // Each of the four may have had one more that was committed and not yet counted here.
    assert!(held <= u64::from(after) + 4, "{held}: nothing is in it that came after ({after})");
    assert_eq!((rows("events"), rows("parties"), rows("party_people")), (held, held, held));

    let elsewhere = Town::new();
    fill(&elsewhere.store, &file).expect("a good archive");
    assert_eq!(elsewhere.violations(), Vec::<String>::new());
    assert!(archived(&elsewhere.store).1 == file);
}
