//! The day at an office: numbers, counters, visits, and the rules that hold them.

use std::sync::Barrier;
use std::thread;

use antrean_domain::appointment::AppointmentState;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::Pool;
use antrean_domain::staff::{Login, Role};
use antrean_domain::visit::{CallNumber, Class, MissingPaper, Outcome, PriorityReason, Stage, TakesOn, VisitState};
use antrean_store::ids::{PartyId, StaffId, VisitId};
use antrean_store::locks::Lock;
use antrean_store::releases::ReleaseState;
use antrean_store::visits::NewVisit;
use antrean_store::{Fault, Tx, appointments, counters, disowned, slots, staff, visits};

use crate::town::{Booked, DAY, Town, at, book, new_slot, office, person};

fn walks_in(tx: &Tx<'_>) -> Result<VisitId, Fault> {
    tx.lock(&Lock::Day(&office()))?;
    let number = visits::next_number(tx, &office(), DAY, Class::WalkIn)?.expect("a number");
    let new = NewVisit {
        office: office(),
        date: DAY,
        number,
        party: None,
        slot: None,
        service: ServiceCode::Lost,
        passport: PassportKind::Electronic,
        reason: None,
        people: 1,
        arrived_people: 1,
        stage: Stage::Papers,
        due: at(10),
        arrived: at(10),
        kept: false,
    };
    visits::insert(tx, &new, at(10))
}

fn comes_with(tx: &Tx<'_>, party: PartyId) -> Result<VisitId, Fault> {
    let number = visits::next_number(tx, &office(), DAY, Class::Scheduled)?.expect("a number");
    let new = NewVisit {
        office: office(),
        date: DAY,
        number,
        party: Some(party),
        slot: None,
        service: ServiceCode::New,
        passport: PassportKind::Electronic,
        reason: None,
        people: 2,
        arrived_people: 1,
        stage: Stage::Papers,
        due: at(10),
        arrived: at(10),
        kept: false,
    };
    visits::insert(tx, &new, at(10))
}

fn called(tx: &Tx<'_>, id: VisitId, counter: u32) -> Result<bool, Fault> {
    let mut visit = visits::get(tx, id)?.expect("a visit");
    (visit.state, visit.counter, visit.calls, visit.first_called) =
        (VisitState::Called, Some(counter), 1, Some(at(11)));
    visits::note_call(tx, &visit, counter, Some("by_number"), at(11))?;
    visits::change(tx, &visit, at(11))
}

fn rule<T: std::fmt::Debug>(done: Result<T, Fault>) -> String {
    done.expect_err("a rule says no").rule().expect("a rule").to_owned()
}

fn officer(tx: &Tx<'_>, name: &str) -> Result<StaffId, Fault> {
    let login = Login::parse(name).expect("a sign-in name");
    Ok(staff::insert(tx, &login, b"sealed", Role::Officer, at(1))?.expect("a free name"))
}

#[test]
fn who_arrives_at_once_gets_a_number_each_and_no_number_is_left_out() {
    let town = Town::new();
    let together = Barrier::new(32);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                together.wait();
                town.write(walks_in)
            });
        }
    });
    let there = town.read(|tx| visits::on_day(tx, &office(), DAY));
    let mut numbers: Vec<String> = there.iter().map(|visit| visit.number.to_string()).collect();
    numbers.sort();
    assert_eq!(numbers, (1..=32).map(|number| format!("W-{number:03}")).collect::<Vec<_>>());
}

#[test]
fn a_visit_is_written_and_read_as_a_whole_and_of_two_changes_one_is_told() {
    let town = Town::new();
    let id = town.write(walks_in);
    let mut read = town.read(move |tx| visits::get(tx, id)).expect("it is there");
    assert_eq!((read.number.to_string().as_str(), read.state, read.version), ("W-001", VisitState::Waiting, 0));
    let stale = read.clone();
    read.state = VisitState::Done;
    read.stage = Stage::Interview;
    read.counter = Some(3);
    read.due = at(12);
    read.first_called = Some(at(13));
    read.called = Some(at(14));
    read.calls = 2;
    read.started = Some(at(15));
    read.served_ms = 61_000;
    read.finished = Some(at(16));
    read.outcome = Some(Outcome::PapersMissing);
    read.missing = vec![MissingPaper::FamilyCard, MissingPaper::Other];
    read.sealed = Some(b"note".to_vec());
    read.inaccurate = true;
    let written = read.clone();
    assert!(town.write(move |tx| {
        visits::note_call(tx, &written, 3, Some("turn walk_in"), at(13))?;
        visits::note_call(tx, &written, 3, None, at(14))?;
        visits::change(tx, &written, at(17))
    }));
    (read.changed, read.version) = (at(17), 1);
    assert_eq!(town.read(move |tx| visits::get(tx, id)), Some(read.clone()));
    let number = CallNumber::parse("w1").expect("a number");
    assert_eq!(town.read(move |tx| visits::by_number(tx, &office(), DAY, number)), Some(read));
    assert!(!town.write(move |tx| visits::change(tx, &stale, at(18))), "it was changed meanwhile");

    let calls = |heard: bool| {
        town.read(move |tx| {
            let calls = if heard { visits::heard_calls } else { visits::decided_calls };
            Ok(calls(tx, &office(), DAY, 9)?.into_iter().map(|call| (call.counter, call.why)).collect::<Vec<_>>())
        })
    };
    assert_eq!(calls(false), [(3, Some("turn walk_in".to_owned()))]);
    assert_eq!(calls(true), [(3, None), (3, Some("turn walk_in".to_owned()))]);
    assert_eq!(town.violations(), Vec::<String>::new());

    assert_eq!(town.write(|tx| visits::erase_notes_before(tx, at(10))), 0, "they arrived at that instant");
    assert_eq!(town.write(|tx| visits::erase_notes_before(tx, at(11))), 1);
    assert_eq!(town.read(move |tx| visits::get(tx, id)).and_then(|visit| visit.sealed), None);
}

#[test]
fn a_counter_has_one_visit_before_it_and_an_officer_one_counter() {
    let town = Town::new();
    let (first, second) = (town.write(walks_in), town.write(walks_in));
    assert!(town.write(move |tx| called(tx, first, 3)));
    let refused = town.store.write_blocking(move |tx| called(tx, second, 3));
    assert_eq!(rule(refused), "one_visit_at_a_counter");
    assert!(town.write(move |tx| called(tx, second, 4)));
    let before = town.read(|tx| visits::at_counter(tx, &office(), DAY, 3)).map(|visit| visit.id);
    assert_eq!(before, Some(first));

    let everything = TakesOn::everything();
    let (siti, three, four) = town.write(move |tx| {
        let three = counters::insert(tx, &office(), 3, "Depan", &everything)?.expect("a free number");
        let four = counters::insert(tx, &office(), 4, "", &everything)?.expect("a free number");
        assert_eq!(counters::insert(tx, &office(), 4, "again", &everything)?, None);
        Ok((officer(tx, "siti")?, three, four))
    });
    let budi = town.write(|tx| officer(tx, "budi"));
    assert!(town.write(move |tx| counters::open(tx, three, siti)));
    assert!(!town.write(move |tx| counters::open(tx, three, budi)), "somebody sits there");
    let elsewhere = town.store.write_blocking(move |tx| counters::open(tx, four, siti));
    assert_eq!(rule(elsewhere), "one_open_counter_per_officer");
    assert_eq!(town.read(move |tx| counters::of_officer(tx, siti)).map(|counter| counter.number), Some(3));
    assert!(!town.write(move |tx| counters::take_over(tx, three, budi, siti)), "budi does not sit there");
    assert!(!town.write(move |tx| counters::take_over(tx, four, siti, budi)), "nobody sits there");
    assert!(town.write(move |tx| counters::take_over(tx, three, siti, budi)));
    assert!(!town.write(move |tx| counters::take_over(tx, three, siti, budi)), "siti is relieved already");
    assert!(!town.write(move |tx| counters::close(tx, three, siti)), "it is budi's now");
    assert!(!town.write(move |tx| counters::remove(tx, three, 0)), "somebody sits there");
    assert!(town.write(move |tx| counters::close(tx, three, budi)));
    assert!(town.write(move |tx| counters::open(tx, four, siti)));
    let photo = TakesOn::new(&[Stage::Photo], &[Class::Priority]).expect("something");
    let wanted = photo.clone();
    assert!(town.write(move |tx| counters::change(tx, three, 0, "Foto", &photo)));
    let changed = town.read(move |tx| counters::get(tx, three)).expect("it is there");
    assert_eq!((changed.name.as_str(), changed.takes_on, changed.open), ("Foto", wanted, false));
    assert!(!town.write(move |tx| counters::remove(tx, three, 0)), "it was changed meanwhile");
    assert!(town.write(move |tx| counters::remove(tx, three, 1)));
    assert_eq!(town.read(move |tx| counters::get(tx, three)), None);
}

#[test]
fn a_party_is_there_once_and_the_audit_sees_an_appointment_that_says_otherwise() {
    let town = Town::new();
    let slot = town.release(ReleaseState::Open, &[10])[0];
    let account = town.accounts(1)[0];
    let Booked::Party(party) = town.write(move |tx| book(tx, account, &[1, 2], slot)) else { panic!("a free place") };
    let id = town.write(move |tx| comes_with(tx, party));
    let twice = town.store.write_blocking(move |tx| comes_with(tx, party));
    assert_eq!(rule(twice), "one_open_visit_per_party");
    assert!(town.violations()[0].contains("its appointment says otherwise"), "{:?}", town.violations());

    let advance = |from, to| assert!(town.write(move |tx| appointments::advance(tx, party, &[from], to, at(12))));
    advance(AppointmentState::Booked, AppointmentState::CheckedIn);
    assert_eq!(town.violations(), Vec::<String>::new());
    assert!(town.write(move |tx| called(tx, id, 1)));
    assert!(town.violations()[0].contains("but not by both"), "{:?}", town.violations());
    advance(AppointmentState::CheckedIn, AppointmentState::Called);
    assert_eq!(town.violations(), Vec::<String>::new());
    let who = town.store.write_blocking(|tx| tx.execute("UPDATE visits SET people = 1", &[]));
    assert_eq!(rule(who), "visits_keep_who_it_is");
}

#[test]
fn places_of_people_who_walk_in_are_counted_and_put_back_at_once() {
    let town = Town::new();
    let priority = town.write(|tx| {
        antrean_store::releases::insert(tx, &crate::town::new_release())?;
        slots::insert(tx, &antrean_store::slots::NewSlot { pool: Pool::Priority, ..new_slot(8, 2) })
    });
    let ids = town.read(|tx| slots::of_pool(tx, &office(), DAY, Pool::Priority));
    assert_eq!(ids.iter().map(|slot| slot.id).collect::<Vec<_>>(), [priority]);
    assert!(town.write(move |tx| slots::take(tx, priority, 2)));
    assert!(!town.write(move |tx| slots::take(tx, priority, 1)));
    assert!(town.violations()[0].contains("counts other places"), "{:?}", town.violations());
    let came = NewVisit {
        office: office(),
        date: DAY,
        number: CallNumber::new(Class::Priority, 1).expect("a number"),
        party: None,
        slot: Some(priority),
        service: ServiceCode::New,
        passport: PassportKind::Electronic,
        reason: Some(PriorityReason::Pregnant),
        people: 2,
        arrived_people: 2,
        stage: Stage::Papers,
        due: at(10),
        arrived: at(10),
        kept: false,
    };
    let id = town.write(move |tx| visits::insert(tx, &came, at(10)));
    assert_eq!(town.violations(), Vec::<String>::new());
    town.write(move |tx| {
        let mut visit = visits::get(tx, id)?.expect("a visit");
        visit.state = VisitState::Undone;
        assert!(visits::change(tx, &visit, at(11))?);
        slots::put_back(tx, priority, 2)
    });
    assert_eq!(town.violations(), Vec::<String>::new());
    let left = town.read(move |tx| slots::get(tx, priority)).expect("the slot").left();
    assert_eq!(left, 2, "nobody waits for a wave there");
    assert!(town.store.write_blocking(move |tx| slots::put_back(tx, priority, 1)).is_err());
}

#[test]
fn an_account_is_kept_from_naming_a_person_until_it_may_again() {
    let town = Town::new();
    let account = town.accounts(1)[0];
    let holds = || town.read(move |tx| disowned::holds(tx, &person(7), account));
    assert!(!holds());
    town.write(move |tx| disowned::insert(tx, &person(7), account, at(1)));
    town.write(move |tx| disowned::insert(tx, &person(7), account, at(2)));
    assert!(holds());
    assert!(!town.write(move |tx| disowned::clear(tx, &person(8))) && holds());
    assert!(town.write(move |tx| disowned::clear(tx, &person(7))));
    assert!(!holds() && !town.write(move |tx| disowned::clear(tx, &person(7))));
}
