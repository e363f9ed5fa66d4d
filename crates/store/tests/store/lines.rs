//! A line as the database itself holds it: one place an account, nobody present after the opening, and never a step back.

use std::collections::BTreeSet;

use antrean_domain::waiting::{Front, HALL, KeySource};
use antrean_store::ids::AccountId;
use antrean_store::lines::{self, Line, NewLine, OrderKey};
use antrean_store::releases::{self, ReleaseState};
use antrean_store::{Fault, Tx};

use crate::town::{Town, at, person, release};

/// A release with a line that opens at 100.
fn town() -> Town {
    let town = Town::new();
    town.release(ReleaseState::Planned, &[10]);
    let new =
        NewLine { release: release(), joins: at(0), opens: at(100), secret: b"sealed".to_vec(), commitment: [5; 32] };
    town.write(move |tx| lines::insert(tx, &new, at(0)));
    town
}

fn line(tx: &Tx<'_>) -> Result<Line, Fault> {
    Ok(lines::get(tx, &release())?.expect("the line"))
}

fn front(threshold: u64, admitted: u64) -> Front {
    Front {
        threshold,
        admitted,
        open: false,
        rate: 60,
        pace_milli: 1,
        at_work_milli: 2,
        carry_milli: 3,
        left: 4,
        moved: at(101),
    }
}

fn open(town: &Town) -> bool {
    town.write(|tx| {
        let present = lines::count_present(tx, line(tx)?.id)?;
        lines::open(tx, &release(), present, &front(0, 0))
    })
}

fn rule<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    result.expect_err("refused").rule().expect("a rule").to_owned()
}

#[test]
fn an_account_joins_once_however_often_it_tries() {
    let town = town();
    let accounts = town.accounts(2);
    let (one, other) = (accounts[0], accounts[1]);
    town.write(move |tx| {
        let id = line(tx)?.id;
        assert!(lines::join_present(tx, id, one, &person(1), at(10))?);
        assert!(!lines::join_present(tx, id, one, &person(2), at(11))?, "not even as somebody else");
        assert!(lines::join_present(tx, id, other, &person(1), at(12))?);
        let place = lines::place(tx, &release(), one)?.expect("the place");
        assert_eq!((place.person, place.number, place.joined), (person(1), None, at(10)));
        assert_eq!(lines::count_present(tx, id)?, 2);
        Ok(())
    });
    assert!(open(&town));
    assert_eq!(town.write(move |tx| lines::join_late(tx, line(tx)?.id, one, &person(1), at(200))), None);
}

#[test]
fn nobody_becomes_present_after_the_opening() {
    let town = town();
    let account = town.accounts(1)[0];
    assert!(open(&town));
    assert!(!open(&town), "a line opens once");
    let late = town.store.write_blocking(move |tx| lines::join_present(tx, line(tx)?.id, account, &person(1), at(99)));
    assert_eq!(rule(late), "line_places_present_before_the_opening");
}

#[test]
fn sixty_four_late_ones_at_once_get_sixty_four_numbers() {
    let town = town();
    let accounts = town.accounts(64);
    assert!(open(&town));
    let numbers: BTreeSet<u64> = std::thread::scope(|scope| {
        let join = |account: AccountId| {
            let town = &town;
            scope.spawn(move || town.write(move |tx| lines::join_late(tx, line(tx)?.id, account, &person(1), at(200))))
        };
        let hands: Vec<_> = accounts.into_iter().map(join).collect();
        hands.into_iter().map(|hand| hand.join().expect("a hand").expect("a number")).collect()
    });
    assert_eq!(numbers, (1..=64).collect());
    assert_eq!(town.read(|tx| lines::arrivals(tx, line(tx)?.id)), 64);
}

#[test]
fn a_line_moves_forward_only_and_for_one_mover_at_a_time() {
    let town = town();
    let before = town.store.write_blocking(|tx| lines::advance(tx, &release(), 0, &front(7, 0)));
    assert_eq!(before, Ok(false), "not before it has opened");
    assert!(open(&town));
    let version = town.read(|tx| Ok(line(tx)?.version));
    assert!(town.write(move |tx| lines::advance(tx, &release(), version, &front(HALL / 2, 0))));
    assert!(!town.write(move |tx| lines::advance(tx, &release(), version, &front(HALL, 0))), "it came too late");
    let kept = town.read(line);
    assert_eq!((kept.front, kept.present), (front(HALL / 2, 0), Some(0)));
    for (threshold, admitted) in [(HALL / 2 - 1, 0), (0, 5)] {
        let version = kept.version;
        let back =
            town.store.write_blocking(move |tx| lines::advance(tx, &release(), version, &front(threshold, admitted)));
        assert_eq!(rule(back), "lines_never_go_back");
    }
    let version = kept.version;
    let beyond = town.store.write_blocking(move |tx| lines::advance(tx, &release(), version, &front(HALL + 1, 0)));
    assert_eq!(rule(beyond), "lines_within_bounds");
}

#[test]
fn the_key_comes_after_the_opening_and_is_never_another() {
    let town = town();
    let key = |byte| OrderKey { key: [byte; 32], source: KeySource::Beacon, round: 9, randomness: [byte; 32] };
    assert!(!town.write(move |tx| lines::set_key(tx, &release(), &key(1))), "nobody knows the order in advance");
    assert!(open(&town));
    assert!(town.write(move |tx| lines::set_key(tx, &release(), &key(1))));
    assert!(!town.write(move |tx| lines::set_key(tx, &release(), &key(2))));
    assert_eq!(town.read(line).key, Some(key(1)));
}

#[test]
fn places_go_two_weeks_after_their_release_and_not_before() {
    let town = town();
    let accounts = town.accounts(3);
    town.write(move |tx| {
        let id = line(tx)?.id;
        for account in &accounts {
            lines::join_present(tx, id, *account, &person(1), at(1))?;
        }
        Ok(())
    });
    let far = "2100-01-01T00:00:00Z".parse().expect("an instant");
    town.advance(ReleaseState::Planned, ReleaseState::Open);
    assert_eq!(town.write(move |tx| lines::remove_ended_before(tx, far)), 0, "it is not over");
    town.advance(ReleaseState::Open, ReleaseState::Closed);
    assert_eq!(town.write(|tx| lines::remove_ended_before(tx, at(-1_000_000))), 0, "it ended later than that");
    assert_eq!(town.write(move |tx| lines::remove_ended_before(tx, far)), 3);
    assert_eq!(town.write(move |tx| lines::remove_ended_before(tx, far)), 0);
}

#[test]
fn a_release_that_is_taken_back_takes_its_line_along() {
    let town = town();
    let account = town.accounts(1)[0];
    town.write(move |tx| lines::join_present(tx, line(tx)?.id, account, &person(1), at(1)));
    assert!(town.write(|tx| releases::remove_planned(tx, &release())));
    assert_eq!(town.read(|tx| lines::get(tx, &release())), None);
    assert_eq!(town.read(move |tx| lines::place(tx, &release(), account)), None);
}
