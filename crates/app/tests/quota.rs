//! Hours and quotas of an office: what no second person has seen counts together, whoever is overtaken learns by whom, a place that is
//! closed down loses nobody, and all of it can be read afterwards.

mod town;

use std::collections::BTreeMap;

use antrean_app::caller::{Actor, Caller};
use antrean_app::office_change::{self, COUNTED_FOR, ChangeView, Overtaken, PAGE_CHANGES, What};
use antrean_app::office_data::{self, ChangeOffice};
use antrean_app::quota::{self, AskedHours, ChangeTimetable, Preview};
use antrean_app::staff::{self, Approved, Content, Decide, StaffRefusal};
use antrean_app::{Failure, Refusal};
use antrean_domain::office::OfficeCode;
use antrean_domain::quota::{Amount, SecondPerson, TimetableChange, Weekdays};
use antrean_domain::release::Mode;
use antrean_domain::rework::{Clash, On};
use antrean_domain::service::Text;
use antrean_domain::slot::Pool;
use antrean_domain::staff::Role;
use antrean_domain::timetable::{DayPlan, Ended};
use antrean_store::ids::ApprovalId;
use antrean_store::office_changes::Part;
use antrean_store::slots;
use jiff::SignedDuration;
use jiff::civil::{Date, Weekday, date, time};
use town::{FRIDAY, Town, wib};

const TUESDAY: Date = date(2026, 12, 1);

fn batam() -> OfficeCode {
    "BTM".parse().unwrap()
}

async fn on_duty(town: &Town, name: &str, role: Role) -> Caller {
    town.on_duty(name, role, if role.is_everywhere() { &[] } else { &["BTM"] }).await
}

/// So many places more in the first window of Tuesdays.
fn more(places: i32) -> TimetableChange {
    TimetableChange::Places {
        days: Weekdays::only(Weekday::Tuesday),
        from: time(8, 0, 0, 0),
        until: time(9, 0, 0, 0),
        pool: Pool::Public,
        amount: Amount::Add(places),
    }
}

fn ends(from: Date) -> TimetableChange {
    let why = Text { id: "Pindah gedung".to_owned(), en: "Moved".to_owned() };
    TimetableChange::Service { ended: Some(Ended { from: Some(from), why }) }
}

/// What the hours are known by now.
async fn seen(town: &Town, who: &Caller) -> String {
    town.app.ask(who.clone(), |tx, cx| quota::calendar(tx, cx, &batam(), FRIDAY)).await.unwrap().version
}

async fn preview(town: &Town, who: &Caller, change: TimetableChange) -> Preview {
    let preview = town.app.ask(who.clone(), move |tx, cx| quota::preview(tx, cx, &batam(), &change)).await;
    preview.unwrap().unwrap()
}

async fn change_seen(
    town: &Town,
    who: &Caller,
    change: TimetableChange,
    seen: String,
    reason: &str,
) -> Result<Approved<()>, Failure> {
    let change = ChangeTimetable { office: batam(), change, seen, reason: reason.to_owned(), made_of: None };
    town.app.perform(who.clone(), None, change).await
}

async fn change(town: &Town, who: &Caller, change: TimetableChange, reason: &str) -> Approved<()> {
    let seen = seen(town, who).await;
    change_seen(town, who, change, seen, reason).await.unwrap()
}

fn asked(answer: &Approved<()>) -> ApprovalId {
    match answer {
        Approved::Asked { request } => *request,
        Approved::Done { .. } => panic!("a second person was needed"),
    }
}

/// Agrees to what a request comes to now.
async fn agree(town: &Town, who: &Caller, request: ApprovalId) -> Result<(), Failure> {
    let seen = seen(town, who).await;
    agree_seen(town, who, request, seen).await
}

async fn agree_seen(town: &Town, who: &Caller, request: ApprovalId, seen: String) -> Result<(), Failure> {
    town.app.perform(who.clone(), None, Decide { request, yes: true, answer: String::new(), seen }).await
}

/// What a request that waits comes to now.
async fn asked_hours(town: &Town, who: &Caller, request: ApprovalId) -> AskedHours {
    let all = town.app.ask(who.clone(), staff::requests).await.unwrap().waiting;
    match all.into_iter().find(|waiting| waiting.id == request).unwrap().content {
        Some(Content::Hours(asked)) => asked,
        other => panic!("{other:?} is no change of hours"),
    }
}

async fn history(town: &Town, who: &Caller) -> Vec<ChangeView> {
    town.app.ask(who.clone(), |tx, cx| office_change::history(tx, cx, &batam(), None)).await.unwrap().changes
}

fn refused(answer: Result<impl std::fmt::Debug, Failure>) -> StaffRefusal {
    match answer {
        Err(Failure::Refused(Refusal::Staff(refusal))) => refusal,
        other => panic!("{other:?} is no refusal of staff"),
    }
}

#[tokio::test]
async fn small_changes_count_together_until_a_second_person_has_seen_them_or_a_day_has_passed() {
    let town = Town::new(1).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    assert_eq!(change(&town, &one, more(60), "loket baru").await, Approved::Done { outcome: () });
    assert_eq!(change(&town, &two, more(40), "loket baru").await, Approved::Done { outcome: () });
    let why = preview(&town, &one, more(1)).await.effect.second;
    assert_eq!(why, [SecondPerson::ManyTogether { places: 1, earlier: 100, most: 100 }]);
    let request = asked(&change(&town, &one, more(1), "satu lagi").await);
    agree(&town, &two, request).await.unwrap();
    // What a second person agreed to is not counted; what was made before it still is.
    asked(&change(&town, &two, more(1), "dan satu").await);
    town.clock.advance(COUNTED_FOR + SignedDuration::from_secs(1));
    let (one, two) = (on_duty(&town, "tiga", Role::Head).await, on_duty(&town, "empat", Role::Head).await);
    assert_eq!(change(&town, &one, more(60), "hari lain").await, Approved::Done { outcome: () });
    asked(&change(&town, &two, more(60), "hari lain").await);
    town.check_rules().await;
}

#[tokio::test]
async fn of_two_changes_of_sixty_at_once_one_passes_at_most_without_a_second_person() {
    let town = Town::new(2).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    // Each tries again on the newest hours as long as it is overtaken, as people do who press the button once more.
    let insist = async |who: Caller| loop {
        let version = seen(&town, &who).await;
        match change_seen(&town, &who, more(60), version, "loket baru").await {
            Err(Failure::Refused(Refusal::Staff(StaffRefusal::ChangedMeanwhile))) => {}
            answer => break answer.unwrap(),
        }
    };
    let (first, second) = tokio::join!(insist(one.clone()), insist(two.clone()));
    let done = [&first, &second].into_iter().filter(|answer| matches!(answer, Approved::Done { .. })).count();
    assert_eq!(done, 1, "{first:?} {second:?}");
    assert_eq!(history(&town, &one).await.len(), 1);
    town.check_rules().await;
}

#[tokio::test]
async fn whoever_is_overtaken_learns_who_changed_what_and_why() {
    let town = Town::new(3).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    let before = seen(&town, &two).await;
    let asked_before = asked(&change(&town, &two, more(101), "banyak").await);
    change(&town, &one, more(1), "pertama").await;
    change(&town, &one, more(2), "kedua").await;
    let late = change_seen(&town, &two, more(3), before.clone(), "terlambat").await;
    assert_eq!(refused(late), StaffRefusal::ChangedMeanwhile);
    let since = |seen: String| {
        let ask = move |tx: &antrean_store::Tx<'_>, cx: &antrean_app::operation::Context<'_>| {
            office_change::since(tx, cx, &batam(), Part::Hours, &seen)
        };
        town.app.ask(two.clone(), ask)
    };
    let told = since(before.clone()).await.unwrap();
    assert!(told.whole);
    let lines: Vec<(&str, &str)> =
        told.changes.iter().map(|change| (change.by.login.as_str(), change.reason.as_str())).collect();
    assert_eq!(lines, [("satu", "kedua"), ("satu", "pertama")]);
    assert_eq!(told.changes[1].what, Some(What::Hours { change: Box::new(more(1)) }));
    assert_eq!(told.changes[1].by.name, "Nama satu");
    // Whoever is up to date was not overtaken; of whoever saw something unknown that is said.
    let version = seen(&town, &two).await;
    assert_eq!(since(version).await.unwrap(), Overtaken { changes: Vec::new(), whole: true });
    assert!(!since("something else".to_owned()).await.unwrap().whole);
    // The second person is told the same of a request that was overtaken; its cell was changed, so that nobody can agree to it.
    let waiting = asked_hours(&town, &one, asked_before).await;
    assert_eq!(waiting.since, Some(told));
    let (on, starts, pool) = (On::Week(Weekday::Tuesday), time(8, 0, 0, 0), Pool::Public);
    assert_eq!(waiting.came_to.unwrap_err(), [Clash::Places { on, starts, pool }]);
    assert_eq!(refused(agree(&town, &one, asked_before).await), StaffRefusal::TimetableWrong);
}

/// So many places more in the second window of Tuesdays.
fn more_later(places: i32) -> TimetableChange {
    let change = more(places);
    let TimetableChange::Places { days, pool, amount, .. } = change else { unreachable!("it is one of places") };
    TimetableChange::Places { days, from: time(9, 0, 0, 0), until: time(10, 0, 0, 0), pool, amount }
}

#[tokio::test]
async fn of_two_changes_that_wait_the_second_is_put_on_top_of_the_first_and_nobody_agrees_to_what_they_did_not_see() {
    let town = Town::new(7).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    let publics = async || -> Vec<u32> {
        let calendar = town.app.ask(one.clone(), |tx, cx| quota::calendar(tx, cx, &batam(), FRIDAY)).await.unwrap();
        let tuesdays = calendar.timetable.on_weekday(Weekday::Tuesday).iter();
        tuesdays.take(2).map(|window| window.public.get()).collect()
    };
    let before = publics().await;
    let first = asked(&change(&town, &one, more(101), "loket kiri").await);
    let second = asked(&change(&town, &two, more_later(202), "loket kanan").await);
    let old = seen(&town, &one).await;
    agree(&town, &two, first).await.unwrap();

    // Whoever had the page open before does not approve unseen what it has become.
    assert_eq!(refused(agree_seen(&town, &one, second, old.clone()).await), StaffRefusal::ChangedMeanwhile);
    assert_eq!(refused(agree_seen(&town, &one, second, String::new()).await), StaffRefusal::ChangedMeanwhile);
    let now = asked_hours(&town, &one, second).await;
    assert_eq!(now.since.unwrap().changes[0].reason, "loket kiri");
    assert_eq!(now.came_to.unwrap().places, 202, "what the first made is there already");
    assert_eq!(publics().await, [before[0] + 101, before[1]]);
    agree_seen(&town, &one, second, now.version).await.unwrap();
    assert_eq!(publics().await, [before[0] + 101, before[1] + 202]);

    // The history is one chain: whoever saw the oldest is told of both.
    let told = town.app.ask(one.clone(), move |tx, cx| office_change::since(tx, cx, &batam(), Part::Hours, &old)).await;
    let told = told.unwrap();
    assert_eq!((told.changes.len(), told.whole), (2, true));
    town.check_rules().await;
}

#[tokio::test]
async fn of_two_changes_that_two_approve_at_once_neither_is_lost_and_neither_is_unseen() {
    let town = Town::new(8).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    let first = asked(&change(&town, &one, more(101), "loket kiri").await);
    let second = asked(&change(&town, &two, more_later(202), "loket kanan").await);
    let old = seen(&town, &one).await;
    let (left, right) =
        tokio::join!(agree_seen(&town, &two, first, old.clone()), agree_seen(&town, &one, second, old.clone()));
    assert_eq!([&left, &right].iter().filter(|answer| answer.is_ok()).count(), 1, "{left:?} {right:?}");
    let (late, who, request) = if left.is_ok() { (right, &one, second) } else { (left, &two, first) };
    assert_eq!(refused(late), StaffRefusal::ChangedMeanwhile);
    agree(&town, who, request).await.unwrap();
    assert_eq!(history(&town, &one).await.len(), 2);
    town.check_rules().await;
}

#[tokio::test]
async fn who_was_overtaken_in_an_offices_data_repeats_their_own_change_alone() {
    let town = Town::new(4).await;
    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    let data = async || town.app.ask(two.clone(), |tx, cx| office_data::of_office(tx, cx, &batam())).await.unwrap();
    let shown = data().await;
    let send = async |who: &Caller, column: &str, cell: &str, seen: &str| {
        let as_shown = |column: &&str| ((*column).to_owned(), shown.cells.get(*column).cloned().unwrap_or_default());
        let mut cells: BTreeMap<String, String> = office_data::CHANGEABLE.iter().map(as_shown).collect();
        cells.insert(column.to_owned(), cell.to_owned());
        let (office, seen, reason) = (batam(), seen.to_owned(), "nomor baru".to_owned());
        let answer = town.app.perform(who.clone(), None, ChangeOffice { office, cells: cells.clone(), seen, reason });
        (answer.await, cells)
    };
    send(&one, "phone", "111", &shown.version).await.0.unwrap();
    let (late, typed) = send(&two, "address", "Jalan Uji 1", &shown.version).await;
    assert_eq!(refused(late), StaffRefusal::ChangedMeanwhile);
    let version = shown.version.clone();
    let overtaken =
        town.app.ask(two.clone(), move |tx, cx| office_change::since(tx, cx, &batam(), Part::Data, &version)).await;
    let overtaken = overtaken.unwrap();
    let old = shown.cells.get("phone").cloned().unwrap_or_default();
    let cells = [("phone".to_owned(), (old, "111".to_owned()))].into();
    assert_eq!(overtaken.changes[0].what, Some(What::Data { cells }));
    let repeated = office_data::repeated(&data().await, &overtaken, &typed);
    assert_eq!((repeated["phone"].as_str(), repeated["address"].as_str()), ("111", "Jalan Uji 1"));
}

#[tokio::test]
async fn a_place_is_closed_down_with_a_second_person_keeps_its_appointments_and_opens_again() {
    let town = Town::new(5).await;
    let plan = antrean_domain::release::ReleasePlan { waiting_room: false, ..Town::plan(Mode::FirstCome, &["BTM"]) };
    let release = plan.id.clone();
    town.app.perform_as(Actor::Operator, antrean_app::release::Plan { plan }).await.unwrap();
    town.at(wib(FRIDAY, 14, 0)).await;
    let person = town.applicant(1).await;
    let all = town.app.store().read(move |tx| slots::of_release_at(tx, &release, &batam())).await.unwrap();
    let tuesday = all.iter().find(|slot| slot.key.date == TUESDAY && slot.pool == Pool::Public).unwrap();
    person.book(tuesday.id).await.unwrap();

    let (one, two) = (on_duty(&town, "satu", Role::Head).await, on_duty(&town, "dua", Role::Head).await);
    let begun = town.app.ask(one.clone(), |tx, cx| quota::preview(tx, cx, &batam(), &ends(FRIDAY))).await.unwrap();
    assert_eq!(begun.unwrap_err(), antrean_domain::quota::ChangeError::Begun, "of today a closure takes care");
    let looked = preview(&town, &one, ends(TUESDAY)).await;
    assert!(looked.effect.second.contains(&SecondPerson::ClosesDown { booked: 1 }), "{:?}", looked.effect.second);
    let left = looked.left_over.unwrap();
    assert_eq!((left.from, left.people), (TUESDAY, 1));
    let request = asked(&change(&town, &one, ends(TUESDAY), "pindah gedung").await);
    agree(&town, &two, request).await.unwrap();

    let calendar = async || town.app.ask(one.clone(), |tx, cx| quota::calendar(tx, cx, &batam(), FRIDAY)).await;
    let closed = calendar().await.unwrap();
    assert_eq!(closed.left_over, Some(left), "nothing is lost, and nobody is forgotten");
    let holidays = &town.app.catalogue().holidays;
    assert!(matches!(closed.timetable.on(date(2026, 11, 30), holidays), DayPlan::Open(_)));
    assert!(matches!(closed.timetable.on(date(2026, 12, 7), holidays), DayPlan::Closed { .. }));
    let kept = &history(&town, &one).await[0];
    assert_eq!(kept.seconded_by.as_ref().unwrap().login, "dua");
    assert_eq!(kept.by.login, "satu");

    let reopened = change(&town, &one, TimetableChange::Service { ended: None }, "batal pindah").await;
    if let Approved::Asked { request } = reopened {
        agree(&town, &two, request).await.unwrap();
    }
    let open = calendar().await.unwrap();
    assert!(matches!(open.timetable.on(date(2026, 12, 7), holidays), DayPlan::Open(_)));
    assert_eq!(open.left_over, None);
    town.check_rules().await;
}

#[tokio::test]
async fn the_history_is_read_page_by_page_by_whoever_may_look() {
    let town = Town::new(6).await;
    let (head, auditor) = (on_duty(&town, "kepala", Role::Head).await, on_duty(&town, "audit", Role::Auditor).await);
    for number in 0..=PAGE_CHANGES {
        let places = if number % 2 == 0 { 1 } else { -1 };
        change(&town, &head, more(places), &format!("perubahan {number}")).await;
    }
    let page = async |before| {
        town.app.ask(auditor.clone(), move |tx, cx| office_change::history(tx, cx, &batam(), before)).await.unwrap()
    };
    let first = page(None).await;
    assert_eq!(first.changes.len(), PAGE_CHANGES as usize);
    assert_eq!(first.changes[0].reason, format!("perubahan {PAGE_CHANGES}"));
    let last = page(first.older).await;
    let reasons: Vec<&str> = last.changes.iter().map(|change| change.reason.as_str()).collect();
    assert_eq!((reasons, last.older), (vec!["perubahan 0"], None));
    let elsewhere = town.app.ask(head, |tx, cx| office_change::history(tx, cx, &"JAKSEL".parse().unwrap(), None)).await;
    assert!(matches!(refused(elsewhere.map(|_| ())), StaffRefusal::OfficeNotYours { .. }));
}

#[tokio::test]
async fn a_change_of_the_week_adds_no_place_to_days_that_are_over() {
    let town = Town::new(9).await;
    let head = on_duty(&town, "kepala", Role::Head).await;
    let _ = change(&town, &head, more(30), "loket tambahan").await;
    let past = |from: Date| town.app.ask(head.clone(), move |tx, cx| quota::calendar(tx, cx, &batam(), from));
    let before = past(date(2026, 10, 5)).await.unwrap();
    assert!(before.days.iter().all(|day| day.windows.is_empty()), "nothing was given on them");
    let now = past(FRIDAY).await.unwrap();
    let planned = |day: Date| now.days.iter().any(|line| line.date == day && !line.windows.is_empty());
    assert!(planned(TUESDAY), "what is to come follows the week");
}
