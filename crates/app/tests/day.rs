//! The day at an office: the door, the counters, the display, the evening; and a whole day at a large office, in which nobody is lost.

pub(crate) mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use antrean_app::caller::{Actor, Caller};
use antrean_app::closure::{Plan, StartClosure};
use antrean_app::day::{
    Act, CallNext, CheckIn, CloseCounter, DayRefusal, Desk, Does, DoorAnswer, EndDay, MoveClaim, OpenCounter,
    RemoveCounter, Seat, SetCounter, UndoCheckIn, Unmask, VisitView, WalkIn, board, desk, door, find, last_set,
    line_of, seat, set_up,
};
use antrean_app::numbers::{self, Span};
use antrean_app::operation::IdempotencyKey;
use antrean_app::party::LiveView;
use antrean_app::policy::Policy;
use antrean_app::staff::{self, Approved, Content, Decide, StaffRefusal};
use antrean_app::ticket::TicketView;
use antrean_app::{Failure, Operation, Refusal};
use antrean_domain::appointment::AppointmentState;
use antrean_domain::calling::Why;
use antrean_domain::closure::{Cause, Range, Relocation};
use antrean_domain::coverage::Gap;
use antrean_domain::numbers::{Cell, Tally};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::Mode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{Places, Pool, WindowStart};
use antrean_domain::staff::Role;
use antrean_domain::timetable::{Exception, Timetable, Window};
use antrean_domain::visit::{
    CallNumber, Class, MissingPaper, Outcome, PriorityReason, Signal, Stage, TakesOn, Verdict, VisitState,
};
use antrean_store::ids::SlotId;
use antrean_store::visits::Visit;
use antrean_store::{appointments, events, slots, visits};
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp};
use town::{Person, Town, generous, nik_of, refusal, wib};

const TUESDAY: Date = date(2026, 12, 1);
const WEDNESDAY: Date = date(2026, 12, 2);

fn batam() -> OfficeCode {
    OfficeCode::parse("BTM").unwrap()
}

/// A town with an office that is open on Tuesday from eight, an hour a window, and a staff whose sessions outlast the day.
struct Day {
    town: Town,
    slots: Vec<SlotId>,
}

#[derive(Clone)]
struct Officer {
    app: antrean_app::App,
    caller: Caller,
}

impl Officer {
    async fn does<O: Operation>(&self, operation: O) -> Result<O::Outcome, Failure> {
        self.app.perform(self.caller.clone(), None, operation).await
    }

    async fn scans(&self, shown: &str) -> DoorAnswer {
        self.does(CheckIn { office: batam(), shown: shown.to_owned(), people: None, seen: None }).await.unwrap()
    }

    async fn sits_at(&self, number: u32) {
        self.does(OpenCounter { office: batam(), number, from: None }).await.unwrap();
    }

    async fn relieves(&self, seat: &Seat) -> Result<(), Failure> {
        let take_over = OpenCounter { office: batam(), number: seat.counter, from: Some(seat.staff) };
        self.does(take_over).await.map(|_| ())
    }

    async fn looks(&self) -> Desk {
        self.app.ask(self.caller.clone(), |tx, cx| desk(tx, cx, &batam())).await.unwrap()
    }

    async fn seat(&self, number: u32) -> Option<Seat> {
        self.app.ask(self.caller.clone(), move |tx, cx| seat(tx, cx, &batam(), number)).await.unwrap()
    }

    async fn calls(&self) -> Result<VisitView, Failure> {
        self.does(CallNext { office: batam(), number: None }).await
    }

    async fn act(&self, visit: &VisitView, does: Does) -> Result<VisitView, Failure> {
        self.does(Act { office: batam(), visit: visit.id, version: visit.version, does }).await
    }

    async fn receives(&self, priority: Option<PriorityReason>) -> Result<Approved<VisitView>, Failure> {
        self.does(walk_in(priority)).await
    }
}

fn walk_in(priority: Option<PriorityReason>) -> WalkIn {
    WalkIn {
        office: batam(),
        service: if priority.is_some() { ServiceCode::New } else { ServiceCode::Lost },
        passport: PassportKind::Electronic,
        people: 1,
        priority,
        from_reserve: false,
        reason: "Surat dokter diperlihatkan".to_owned(),
    }
}

fn done(received: Approved<VisitView>) -> VisitView {
    match received {
        Approved::Done { outcome } => outcome,
        Approved::Asked { request } => panic!("request {request} waits"),
    }
}

const FINISHED: Does = Does::Finish { outcome: Outcome::Done, missing: Vec::new() };

impl Day {
    async fn new(seed: u64, hours: i8, public: u32, priority: u32, reserve: u32) -> Self {
        let policy = Policy { staff_idle_minutes: 10_000, staff_session_hours: 100, ..generous() };
        let town = Town::with_policy(seed, policy).await;
        let mut catalogue = (*town.app.catalogue()).clone();
        let windows = (8..8 + hours).map(|hour| Window {
            starts: time(hour, 0, 0, 0),
            ends: time(hour + 1, 0, 0, 0),
            public: Places(public),
            priority: Places(priority),
            reserve: Places(reserve),
        });
        let windows: Vec<Window> = windows.collect();
        let open = [TUESDAY, WEDNESDAY].map(|date| (date, Exception::Windows(windows.clone())));
        catalogue.timetables.set(batam(), Some(Timetable::new(Default::default(), open.into()).unwrap()));
        town.app.set_catalogue(catalogue);
        let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
        let slots = town.app.overview().release(&release).unwrap().slots.clone();
        let slots = slots.iter().filter(|slot| slot.key.date == TUESDAY).map(|slot| slot.id).collect();
        Self { town, slots }
    }

    async fn staff(&self, name: &str, role: Role) -> Officer {
        let caller = self.town.on_duty(name, role, &["BTM"]).await;
        Officer { app: self.town.app.clone(), caller }
    }

    fn at(&self, hour: i8, minute: i8) {
        self.town.clock.set(wib(TUESDAY, hour, minute));
    }

    async fn visits(&self) -> Vec<Visit> {
        self.town.app.store().read(|tx| visits::on_day(tx, &batam(), TUESDAY)).await.unwrap()
    }

    async fn state(&self, ticket: &TicketView) -> AppointmentState {
        let link = ticket.link.clone();
        let shown = self.town.app.ask(Caller::default(), move |tx, cx| antrean_app::ticket::show(tx, cx, &link)).await;
        shown.unwrap().state
    }

    /// The power is cut: two heads close the office from two o'clock on. Returns which tickets were moved to another day.
    async fn closes_from_two(&self, order: &[TicketView]) -> BTreeSet<usize> {
        let (one, two) = (self.staff("kepala1", Role::Head).await, self.staff("kepala2", Role::Head).await);
        let hour = |text| WindowStart::parse(text).unwrap();
        let range = Range::new(TUESDAY, TUESDAY, Some((hour("14:00"), hour("16:00")))).unwrap();
        let (cause, words) = (Cause::Outage, "listrik padam".to_owned());
        let plan = Plan { office: batam(), range, cause, words, relocation: Relocation::SameOffice };
        let Approved::Asked { request } = one.does(StartClosure { plan }).await.unwrap() else {
            panic!("a hundred places alone");
        };
        two.does(Decide { request, yes: true, answer: String::new(), seen: String::new() }).await.unwrap();
        self.town.tick().await;
        let mut moved = BTreeSet::new();
        for (number, ticket) in order.iter().enumerate() {
            let link = ticket.link.clone();
            let shown = self.town.app.ask(Caller::default(), move |tx, cx| antrean_app::ticket::show(tx, cx, &link));
            if shown.await.unwrap().slot.date != TUESDAY {
                moved.insert(number);
            }
        }
        moved
    }

    async fn end(&self) {
        self.town.clock.set(wib(TUESDAY, 23, 59) + SignedDuration::from_mins(2));
        self.town.app.perform_as(Actor::Clock, EndDay { office: batam(), date: TUESDAY }).await.unwrap();
    }
}

fn day_refusal<T>(answer: Result<T, Failure>) -> DayRefusal {
    match refusal(answer) {
        Refusal::Day(refusal) => refusal,
        other => panic!("{other:?} is no refusal of the day"),
    }
}

#[tokio::test]
async fn a_ticket_comes_in_by_its_code_its_link_or_its_signature_and_goes_through_the_day() {
    let day = Day::new(1, 3, 5, 0, 0).await;
    let (one, two, three) = (day.town.applicant(1).await, day.town.applicant(2).await, day.town.applicant(3).await);
    let first = one.book(day.slots[0]).await.unwrap();
    let second = two.book(day.slots[0]).await.unwrap();
    let late = three.book(day.slots[2]).await.unwrap();
    day.at(8, 5);
    let siti = day.staff("siti", Role::Officer).await;

    let said = siti.scans(&first.code.to_string()).await;
    assert_eq!((said.verdict, said.signal), (Verdict::OnTime, Signal::Green));
    let visit = said.visit.unwrap();
    assert_eq!((visit.number.to_string().as_str(), visit.state), ("A-001", VisitState::Waiting));
    assert_eq!(visit.names[0].name, "Uji C***", "names are masked");
    assert_eq!(day.state(&first).await, AppointmentState::CheckedIn);
    assert_eq!(siti.scans(&first.token).await.verdict, Verdict::AlreadyIn);
    assert_eq!(siti.scans(&second.token.to_lowercase()).await.visit.unwrap().number.to_string(), "A-002");
    let early = siti.scans(&format!("https://antrean.example.id/tiket/{}", late.link)).await;
    assert_eq!((early.verdict, early.signal), (Verdict::Early { minutes: 115 }, Signal::Amber));

    for (shown, verdict) in [
        ("", Verdict::Unknown),
        ("BK-AAAAAA", Verdict::Unknown),
        (&"x".repeat(400), Verdict::Unknown),
        (&"a".repeat(39), Verdict::Forged),
        (&first.token.replacen(|letter: char| letter.is_ascii_digit(), "Z", 9), Verdict::Forged),
    ] {
        let said = siti.scans(shown).await;
        assert!(said.verdict == verdict || said.verdict == Verdict::Unknown, "{shown}: {:?}", said.verdict);
        assert_eq!((said.signal, said.visit), (Signal::Red, None));
    }

    siti.sits_at(3).await;
    let called = siti.calls().await.unwrap();
    assert_eq!((called.number, called.counter), (visit.number, Some(3)));
    assert_eq!(day.state(&first).await, AppointmentState::Called);
    assert_eq!(day_refusal(siti.calls().await), DayRefusal::CounterBusy { number: visit.number });
    let again = siti.act(&called, Does::Recall).await.unwrap();
    assert_eq!(again.calls, 2);
    assert!(matches!(day_refusal(siti.act(&called, Does::Start).await), DayRefusal::StandsElsewhere { .. }));
    let serving = siti.act(&again, Does::Start).await.unwrap();
    day.at(8, 12);
    let sent = siti.act(&serving, Does::Transfer { stage: Stage::Photo }).await.unwrap();
    assert_eq!((sent.state, sent.stage), (VisitState::Waiting, Stage::Photo));
    assert_eq!(day.state(&first).await, AppointmentState::CheckedIn);
    let called = siti.calls().await.unwrap();
    assert_eq!(called.number, visit.number, "it has been due longest");
    let serving = siti.act(&called, Does::Start).await.unwrap();
    day.at(8, 15);
    assert_eq!(
        day_refusal(siti.act(&serving, Does::Finish { outcome: Outcome::PapersMissing, missing: vec![] }).await),
        DayRefusal::PapersNotNamed
    );
    let missing = vec![MissingPaper::OldPassport, MissingPaper::FamilyCard];
    let noted = siti.act(&serving, Does::Note { text: " kembali  besok ".to_owned() }).await.unwrap();
    assert_eq!(noted.note, "kembali besok");
    let over = siti.act(&noted, Does::Finish { outcome: Outcome::PapersMissing, missing }).await.unwrap();
    assert_eq!(over.missing, [MissingPaper::FamilyCard, MissingPaper::OldPassport]);
    assert_eq!(day.state(&first).await, AppointmentState::Served);
    assert_eq!(day.visits().await[0].served_ms, 10 * 60_000, "seven minutes and three");
    assert_eq!(siti.scans(&first.token).await.verdict, Verdict::AlreadyServed);

    // Nobody is lost in the evening: who waited and was not called is written down as that, without consequence.
    day.end().await;
    assert_eq!(day.state(&second).await, AppointmentState::Unrecorded);
    assert_eq!(day.visits().await[1].state, VisitState::Unrecorded);
    assert!(one.mine().await.live.is_none() && two.mine().await.strikes.is_empty());
    day.town.check_rules().await;
    let said = day.town.app.store().read(|tx| events::of_office(tx, "BTM", Timestamp::MIN, Timestamp::MAX, 999)).await;
    let kinds: BTreeSet<String> = said.unwrap().into_iter().map(|event| event.kind).collect();
    for kind in [
        "visit_arrived",
        "visit_called",
        "visit_recalled",
        "visit_started",
        "visit_transferred",
        "visit_noted",
        "visit_finished",
        "visit_unrecorded",
        "door_no",
        "counter_opened",
    ] {
        assert!(kinds.contains(kind), "{kind} is not written down");
    }
}

#[tokio::test]
async fn a_check_in_is_taken_back_for_two_minutes_and_a_party_comes_in_part() {
    let day = Day::new(2, 3, 9, 0, 0).await;
    let family = day.town.family(1, 2).await;
    let ticket = family.book(day.slots[0]).await.unwrap();
    day.at(8, 0);
    let siti = day.staff("siti", Role::Officer).await;
    let part = |people| CheckIn { office: batam(), shown: ticket.token.clone(), people: Some(people), seen: None };
    assert_eq!(day_refusal(siti.does(part(4)).await), DayRefusal::PeopleWrong { max: 3 });
    let in_part = siti.does(part(1)).await.unwrap().visit.unwrap();
    let undo = |visit: &VisitView| UndoCheckIn { office: batam(), visit: visit.id, version: visit.version };
    siti.does(undo(&in_part)).await.unwrap();
    assert_eq!(day.state(&ticket).await, AppointmentState::Booked);
    let again = siti.does(part(1)).await.unwrap();
    let in_part = again.visit.unwrap();
    assert_eq!((again.verdict, in_part.number.to_string().as_str()), (Verdict::OnTime, "A-002"));
    // The rest comes later, by the number of those who are there.
    day.at(8, 40);
    assert_eq!(day_refusal(siti.does(undo(&in_part)).await), DayRefusal::UndoTooLate { seconds: 120 });
    let left = async || siti.app.ask(siti.caller.clone(), |tx, cx| door(tx, cx, &batam())).await.unwrap().expected;
    assert_eq!(left().await, 2, "one of three has come");
    let second = siti.does(part(1)).await.unwrap();
    assert_eq!((second.verdict, second.signal), (Verdict::Rest { missing: 1 }, Signal::Amber));
    assert_eq!((second.visit.unwrap().arrived_people, left().await), (2, 1));
    assert_eq!(day_refusal(siti.does(part(2)).await), DayRefusal::PeopleWrong { max: 1 });
    let rest = siti.scans("a2").await;
    assert_eq!((rest.verdict, rest.signal), (Verdict::Rest { missing: 0 }, Signal::Green));
    assert_eq!((rest.visit.unwrap().arrived_people, left().await), (3, 0));
    assert_eq!(siti.scans("a2").await.verdict, Verdict::AlreadyIn);
    day.town.check_rules().await;
}

#[tokio::test]
async fn who_is_absent_comes_back_within_the_hour_or_has_not_been_served() {
    let day = Day::new(3, 3, 9, 0, 0).await;
    let (one, two) = (day.town.applicant(1).await, day.town.applicant(2).await);
    let (back, gone) = (one.book(day.slots[0]).await.unwrap(), two.book(day.slots[0]).await.unwrap());
    day.at(8, 0);
    let siti = day.staff("siti", Role::Officer).await;
    siti.scans(&back.token).await;
    siti.scans(&gone.token).await;
    siti.sits_at(1).await;
    for _ in 0..2 {
        let called = siti.calls().await.unwrap();
        siti.act(&called, Does::Absent).await.unwrap();
    }
    assert_eq!(day_refusal(siti.calls().await), DayRefusal::NobodyWaits);
    assert_eq!(siti.scans(&back.token).await.verdict, Verdict::WasAbsent);
    day.at(8, 30);
    let seen = siti.app.ask(siti.caller.clone(), |tx, cx| desk(tx, cx, &batam())).await.unwrap();
    let returned = siti.act(&seen.missed[0], Does::Reinsert).await.unwrap();
    day.at(9, 1);
    let late = siti.act(&seen.missed[1], Does::Reinsert).await;
    assert_eq!(day_refusal(late), DayRefusal::ReinsertTooLate { minutes: 60 });
    assert_eq!(siti.calls().await.unwrap().number, returned.number);
    day.end().await;
    assert_eq!(day.state(&back).await, AppointmentState::Unrecorded, "called, and the counter forgot the rest");
    assert_eq!(day.state(&gone).await, AppointmentState::NoShow);
    assert_eq!((one.mine().await.strikes.len(), two.mine().await.strikes.len()), (0, 1));
    day.town.check_rules().await;
}

#[tokio::test]
async fn priority_has_places_of_its_own_and_the_reserve_is_the_heads() {
    let day = Day::new(4, 3, 9, 1, 1).await;
    day.at(9, 30);
    let siti = day.staff("siti", Role::Officer).await;
    let head = day.staff("kepala", Role::Head).await;
    let mut received = Vec::new();
    for reason in [PriorityReason::Elderly, PriorityReason::Pregnant, PriorityReason::SmallChild] {
        received.push(done(siti.receives(Some(reason)).await.unwrap()));
    }
    assert_eq!(received.iter().map(|visit| visit.number.to_string()).collect::<Vec<_>>(), ["P-001", "P-002", "P-003"]);
    assert_eq!(day_refusal(siti.receives(Some(PriorityReason::Disability)).await), DayRefusal::PriorityFull);

    // The head is asked, and says yes; then the place is there.
    let ask = WalkIn { from_reserve: true, ..walk_in(Some(PriorityReason::Disability)) };
    let Approved::Asked { request } = siti.does(ask).await.unwrap() else { panic!("the head is needed") };
    assert_eq!(day.visits().await.len(), 3);
    head.does(Decide { request, yes: true, answer: String::new(), seen: String::new() }).await.unwrap();
    assert_eq!(day.visits().await[3].number.to_string(), "P-004");
    let other = head.does(walk_in(Some(PriorityReason::Other))).await;
    assert_eq!(day_refusal(other), DayRefusal::PriorityFull, "nor does an emergency make a place");
    let own = WalkIn { from_reserve: true, ..walk_in(Some(PriorityReason::Other)) };
    done(head.does(own).await.unwrap());

    // What is taken back can be taken again at once.
    let last = received.pop().unwrap();
    siti.does(UndoCheckIn { office: batam(), visit: last.id, version: last.version }).await.unwrap();
    done(siti.receives(Some(PriorityReason::Disability)).await.unwrap());
    // A lost passport needs no place, and is not for a unit.
    assert_eq!(done(siti.receives(None).await.unwrap()).number.to_string(), "W-001");
    let seen = siti.app.ask(siti.caller.clone(), |tx, cx| door(tx, cx, &batam())).await.unwrap();
    assert_eq!((seen.priority_left, seen.reserve_left, seen.waiting), (0, 1, 6));
    // What the door offers is what the office receives.
    for service in seen.received.services.iter().copied().chain([ServiceCode::Child]) {
        for passport in [PassportKind::Electronic, PassportKind::Ordinary] {
            let offered = service != ServiceCode::Child && seen.received.passports.contains(&passport);
            let done = siti.does(WalkIn { service, passport, ..walk_in(None) }).await;
            assert_eq!(done.is_ok(), offered, "{service} {passport}");
        }
    }
    let unit = WalkIn { office: OfficeCode::parse("BTM-HB").unwrap(), ..walk_in(None) };
    assert!(matches!(refusal(siti.does(unit).await), Refusal::Staff(StaffRefusal::OfficeNotYours { .. })));
    day.town.check_rules().await;
}

#[tokio::test]
async fn an_arrival_kept_without_a_network_is_sent_later_once_with_the_time_it_happened() {
    let day = Day::new(5, 3, 9, 0, 0).await;
    let (one, two) = (day.town.applicant(1).await, day.town.applicant(2).await);
    let (ticket, other) = (one.book(day.slots[0]).await.unwrap(), two.book(day.slots[0]).await.unwrap());
    day.at(10, 0);
    let siti = day.staff("siti", Role::Officer).await;
    let kept = |shown: &str, hour, minute| CheckIn {
        office: batam(),
        shown: shown.to_owned(),
        people: None,
        seen: Some(wib(TUESDAY, hour, minute)),
    };
    let key = IdempotencyKey::parse("door-1-7").unwrap();
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(
            day.town.app.perform(siti.caller.clone(), Some(key.clone()), kept(&ticket.token, 8, 10)).await.unwrap(),
        );
    }
    assert_eq!(answers[0].verdict, Verdict::OnTime, "it was on time when it happened");
    assert_eq!((&answers[1], &answers[2]), (&answers[0], &answers[0]));
    // A clock that is hours ahead, or of yesterday, is not believed.
    let said = siti.does(kept(&other.token, 15, 0)).await.unwrap();
    assert_eq!(said.visit.unwrap().arrived, wib(TUESDAY, 10, 0));
    let there = day.visits().await;
    assert_eq!(there.len(), 2);
    assert_eq!((there[0].arrived, there[0].kept), (wib(TUESDAY, 8, 10), true));
    day.town.check_rules().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_counters_that_call_at_once_never_call_the_same_person() {
    let day = Day::new(6, 3, 9, 9, 0).await;
    day.at(8, 0);
    let door = day.staff("pintu", Role::Officer).await;
    for _ in 0..40 {
        done(door.receives(None).await.unwrap());
    }
    let mut tasks = Vec::new();
    let together = Arc::new(tokio::sync::Barrier::new(8));
    for number in 1..=8 {
        let officer = day.staff(&format!("loket{number}"), Role::Officer).await;
        officer.sits_at(number).await;
        let together = Arc::clone(&together);
        tasks.push(tokio::spawn(async move {
            together.wait().await;
            let mut called = Vec::new();
            loop {
                let visit = match officer.calls().await {
                    Ok(visit) => visit,
                    Err(Failure::Refused(Refusal::Day(DayRefusal::NobodyWaits))) => return called,
                    Err(other) => panic!("{other}"),
                };
                called.push(visit.number);
                officer.act(&visit, FINISHED).await.unwrap();
            }
        }));
    }
    let mut all: Vec<CallNumber> = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort();
    let expected: Vec<_> = (1..=40).map(|number| CallNumber::new(Class::WalkIn, number).unwrap()).collect();
    assert_eq!(all, expected, "everybody once");
    day.town.check_rules().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_officers_one_click_apart_one_wins_and_the_other_hears_what_happened() {
    let day = Day::new(7, 3, 9, 9, 0).await;
    day.at(8, 0);
    let door = day.staff("pintu", Role::Officer).await;
    let head = day.staff("kepala", Role::Head).await;
    let waits = done(door.receives(None).await.unwrap());
    let park = |officer: &Officer, does: Does| {
        let (officer, visit) = (officer.clone(), waits.clone());
        tokio::spawn(async move { officer.act(&visit, does).await })
    };
    let (first, second) = (park(&door, Does::Park), park(&head, Does::Leave));
    let answers = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let loser = answers.into_iter().find(Result::is_err).unwrap();
    let DayRefusal::StandsElsewhere { number, state, .. } = day_refusal(loser) else { panic!("told otherwise") };
    assert_eq!(number, waits.number);
    assert!(matches!(state, VisitState::Parked | VisitState::Left));

    // The same ticket at two doors at once: one check-in, one "already in".
    let applicant = day.town.applicant(1).await;
    day.town.clock.set(wib(town::FRIDAY, 15, 0));
    let ticket = applicant.book(day.slots[0]).await.unwrap();
    day.at(8, 1);
    let scan = |officer: &Officer| {
        let (officer, token) = (officer.clone(), ticket.token.clone());
        tokio::spawn(async move { officer.scans(&token).await.verdict })
    };
    let (first, second) = (scan(&door), scan(&head));
    let said = [first.await.unwrap(), second.await.unwrap()];
    assert!(said.contains(&Verdict::OnTime) && said.contains(&Verdict::AlreadyIn), "{said:?}");
    day.town.check_rules().await;
}

#[tokio::test]
async fn counters_take_on_what_they_are_set_to_and_nobody_touches_anothers() {
    let day = Day::new(8, 3, 9, 9, 0).await;
    day.at(8, 0);
    let (siti, budi) = (day.staff("siti", Role::Officer).await, day.staff("budi", Role::Officer).await);
    let head = day.staff("kepala", Role::Head).await;
    let only = TakesOn::new(&[Stage::Papers], &[Class::Priority]).unwrap();
    let set =
        |version| SetCounter { office: batam(), number: 1, name: "Prioritas".into(), takes_on: only.clone(), version };
    assert!(matches!(refusal(siti.does(set(None)).await), Refusal::Staff(StaffRefusal::TaskNotYours { .. })));
    head.does(set(None)).await.unwrap();
    assert_eq!(refusal(head.does(set(None)).await), Refusal::Staff(StaffRefusal::ChangedMeanwhile));
    assert_eq!(day_refusal(siti.calls().await), DayRefusal::NoCounter);
    siti.sits_at(1).await;
    budi.sits_at(2).await;
    let walked = done(siti.receives(None).await.unwrap());
    assert_eq!(day_refusal(siti.calls().await), DayRefusal::NobodyWaits, "it is not for priority");
    let called = budi.calls().await.unwrap();
    assert_eq!(called.number, walked.number);
    assert_eq!(day_refusal(siti.act(&called, Does::Park).await), DayRefusal::OtherCounter { counter: 2 });
    assert_eq!(
        day_refusal(budi.does(CloseCounter { office: batam() }).await),
        DayRefusal::CounterBusy { number: walked.number }
    );
    let parked = budi.act(&called, Does::Park).await.unwrap();
    budi.act(&parked, Does::Unpark).await.unwrap();
    let by_number = CallNext { office: batam(), number: Some(walked.number) };
    siti.does(by_number).await.unwrap();
    let seen = siti.app.ask(siti.caller.clone(), |tx, cx| desk(tx, cx, &batam())).await.unwrap();
    assert_eq!(
        seen.calls.iter().map(|call| (call.1, call.2)).collect::<Vec<_>>(),
        [(1, Some(Why::ByNumber)), (2, Some(Why::Turn { class: Class::WalkIn }))]
    );
    let shown = day.town.app.ask(Caller::default(), |tx, cx| board(tx, cx, &batam())).await.unwrap();
    assert_eq!((shown.calls.len(), shown.calls[0].counter, shown.counters), (1, 1, 2), "each number once");
    budi.does(CloseCounter { office: batam() }).await.unwrap();
    day.town.check_rules().await;
}

#[tokio::test]
async fn a_counter_where_a_colleague_sits_is_taken_over_by_name_and_they_hear_of_it() {
    let day = Day::new(14, 3, 9, 9, 0).await;
    day.at(8, 0);
    let (siti, budi) = (day.staff("siti", Role::Officer).await, day.staff("budi", Role::Officer).await);
    siti.sits_at(4).await;
    let number = done(siti.receives(None).await.unwrap()).number;
    let called = siti.calls().await.unwrap();
    let open = OpenCounter { office: batam(), number: 4, from: None };
    assert_eq!(day_refusal(budi.does(open).await), DayRefusal::CounterTaken { counter: 4 });
    assert_eq!((siti.looks().await.mine, budi.looks().await.mine), (Some(4), None), "nothing has happened yet");
    let seen = budi.seat(4).await.unwrap();
    assert_eq!((seen.officer.as_str(), seen.since), ("Nama siti", Some(wib(TUESDAY, 8, 0))));
    assert_eq!((seen.current, seen.relieved.as_deref()), (Some((number, VisitState::Called)), None));

    day.at(8, 12);
    budi.relieves(&seen).await.unwrap();
    let now = budi.seat(4).await.unwrap();
    assert_eq!((now.officer.as_str(), now.relieved.as_deref()), ("Nama budi", Some("Nama siti")));
    let relief = siti.looks().await.relieved.expect("she is told");
    assert_eq!((relief.counter, relief.by.as_str(), relief.at), (4, "Nama budi", wib(TUESDAY, 8, 12)));
    let relieved = DayRefusal::Relieved { counter: 4 };
    assert_eq!(day_refusal(siti.act(&called, FINISHED).await), relieved);
    assert_eq!(day_refusal(siti.calls().await), relieved);
    assert_eq!(day_refusal(siti.does(CloseCounter { office: batam() }).await), relieved);
    // What was before the counter stays there.
    assert_eq!(budi.looks().await.current.map(|visit| visit.number), Some(number));
    budi.act(&called, FINISHED).await.unwrap();
    // Whoever sits elsewhere since is not told any more; one's own counter again is one press.
    siti.sits_at(2).await;
    siti.sits_at(2).await;
    assert_eq!(siti.looks().await.relieved, None);
    siti.does(CloseCounter { office: batam() }).await.unwrap();
    assert_eq!((siti.looks().await.relieved, day_refusal(siti.calls().await)), (None, DayRefusal::NoCounter));
    // Whom one wanted to relieve has gone: the counter is simply opened.
    budi.does(CloseCounter { office: batam() }).await.unwrap();
    siti.relieves(&now).await.unwrap();
    assert_eq!((siti.seat(4).await.unwrap().relieved, budi.looks().await.relieved), (None, None));

    let log = day.town.app.store().read(|tx| events::of_office(tx, "BTM", Timestamp::MIN, Timestamp::MAX, 999)).await;
    let of = |kind: &str| -> Vec<_> {
        log.as_ref().unwrap().iter().filter(|event| event.kind == kind).map(|event| event.reason.clone()).collect()
    };
    assert_eq!(of("counter_taken_over"), [Some(format!("4 staff {}", seen.staff))]);
    assert_eq!(of("counter_opened").len(), 3);
    day.town.check_rules().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_relieve_the_same_officer_at_once_one_does() {
    let day = Day::new(15, 3, 9, 9, 0).await;
    day.at(8, 0);
    let siti = day.staff("siti", Role::Officer).await;
    siti.sits_at(4).await;
    let seen = siti.seat(4).await.unwrap();
    let together = Arc::new(tokio::sync::Barrier::new(6));
    let mut tasks = Vec::new();
    for number in 1..=6 {
        let officer = day.staff(&format!("petugas{number}"), Role::Officer).await;
        let (seen, together) = (seen.clone(), Arc::clone(&together));
        tasks.push(tokio::spawn(async move {
            together.wait().await;
            officer.relieves(&seen).await
        }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            lost => assert_eq!(day_refusal(lost), DayRefusal::CounterTaken { counter: 4 }),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(siti.seat(4).await.unwrap().relieved.as_deref(), Some("Nama siti"));
    day.town.check_rules().await;
}

#[tokio::test]
async fn a_counter_that_nobody_closed_is_closed_with_its_day_and_one_of_the_next_day_is_not() {
    let day = Day::new(17, 3, 9, 9, 0).await;
    day.at(8, 0);
    let (siti, budi) = (day.staff("siti", Role::Officer).await, day.staff("budi", Role::Officer).await);
    siti.sits_at(4).await;
    budi.sits_at(5).await;
    done(siti.receives(None).await.unwrap());
    siti.calls().await.unwrap();
    day.town.clock.set(wib(WEDNESDAY, 7, 30));
    budi.does(CloseCounter { office: batam() }).await.unwrap();
    budi.sits_at(5).await;
    assert_eq!(budi.seat(4).await.unwrap().since, None, "not since today");
    let end = EndDay { office: batam(), date: TUESDAY };
    day.town.app.perform_as(Actor::Clock, end).await.unwrap();
    assert_eq!((siti.looks().await.mine, budi.looks().await.mine), (None, Some(5)));
    assert_eq!(budi.seat(4).await, None);
    siti.sits_at(4).await;
    day.town.check_rules().await;
}

#[tokio::test]
async fn a_time_that_was_not_begun_or_is_said_to_be_wrong_is_not_counted_and_the_person_is() {
    let day = Day::new(18, 3, 9, 9, 0).await;
    day.at(8, 0);
    let (siti, head) = (day.staff("siti", Role::Officer).await, day.staff("kepala", Role::Head).await);
    siti.sits_at(4).await;
    for (minute, ways) in [(10, "begun"), (20, "not begun"), (30, "wrong")] {
        done(siti.receives(None).await.unwrap());
        day.at(8, minute);
        let mut visit = siti.calls().await.unwrap();
        if ways != "not begun" {
            visit = siti.act(&visit, Does::Start).await.unwrap();
        }
        if ways == "wrong" {
            visit = siti.act(&visit, Does::Inaccurate).await.unwrap();
        }
        day.at(8, minute + 5);
        let finished = siti.act(&visit, FINISHED).await.unwrap();
        assert_eq!(finished.inaccurate, ways != "begun", "{ways}");
    }
    let span = Span::new(TUESDAY, TUESDAY).unwrap();
    let asked = head.app.ask(head.caller.clone(), move |tx, cx| numbers::of_office(tx, cx, &batam(), span)).await;
    let total = asked.unwrap().total();
    assert_eq!((total.served, total.services), (3, vec![300]));
}

#[tokio::test]
async fn who_waits_for_what_no_open_counter_takes_on_is_told_and_a_counter_made_by_mistake_goes() {
    let day = Day::new(16, 3, 9, 9, 0).await;
    day.at(8, 0);
    let (siti, head) = (day.staff("siti", Role::Officer).await, day.staff("kepala", Role::Head).await);
    let told = |gaps: &[Gap]| gaps.iter().map(|gap| (gap.stage, gap.class, gap.people)).collect::<Vec<_>>();
    done(siti.receives(None).await.unwrap());
    done(siti.receives(Some(PriorityReason::Elderly)).await.unwrap());
    assert_eq!(told(&siti.looks().await.gaps), [(None, None, 2)], "no counter is open");
    let set = async |number: u32, stages: &[Stage], version| {
        let takes_on = TakesOn::new(stages, &[Class::Scheduled, Class::WalkIn]).unwrap();
        head.does(SetCounter { office: batam(), number, name: String::new(), takes_on, version }).await
    };
    set(1, &[Stage::Papers], None).await.unwrap();
    set(7, &[Stage::Photo], None).await.unwrap();
    siti.sits_at(1).await;
    let (photo, interview) = (Some(Stage::Photo), Some(Stage::Interview));
    let (priority, nobody) = (Some(Class::Priority), 0);
    let gaps = [(photo, None, nobody), (interview, None, nobody), (None, priority, 1)];
    assert_eq!(told(&siti.looks().await.gaps), gaps);
    let called = siti.calls().await.unwrap();
    siti.act(&called, Does::Transfer { stage: Stage::Photo }).await.unwrap();
    assert_eq!(told(&siti.looks().await.gaps)[0], (photo, None, 1));
    // The head sees the same, and what is wrong with how the counters are set, whoever sits where.
    let seen = head.app.ask(head.caller.clone(), |tx, cx| set_up(tx, cx, &batam())).await.unwrap();
    assert_eq!(told(&seen.gaps)[0], (photo, None, 1));
    assert_eq!(told(&seen.never), [(interview, None, 0), (None, priority, 0)]);
    let asked = siti.app.ask(siti.caller.clone(), |tx, cx| set_up(tx, cx, &batam())).await;
    assert!(matches!(refusal(asked), Refusal::Staff(StaffRefusal::TaskNotYours { .. })));

    // An officer who sits down changes nothing of what the head has seen.
    set(1, &Stage::ALL, Some(0)).await.unwrap();
    assert_eq!(refusal(set(1, &[Stage::Papers], Some(0)).await), Refusal::Staff(StaffRefusal::ChangedMeanwhile));
    let last = head.app.ask(head.caller.clone(), |tx, cx| last_set(tx, cx, &batam(), 1)).await.unwrap().unwrap();
    assert_eq!((last.by.as_str(), last.removed), ("Nama kepala", false));
    let remove = |number, version| RemoveCounter { office: batam(), number, version };
    assert!(matches!(refusal(siti.does(remove(7, 0)).await), Refusal::Staff(StaffRefusal::TaskNotYours { .. })));
    assert_eq!(day_refusal(head.does(remove(1, 1)).await), DayRefusal::CounterTaken { counter: 1 });
    assert_eq!(refusal(head.does(remove(7, 1)).await), Refusal::Staff(StaffRefusal::ChangedMeanwhile));
    head.does(remove(7, 0)).await.unwrap();
    assert_eq!(refusal(head.does(remove(7, 0)).await), Refusal::Staff(StaffRefusal::ChangedMeanwhile));
    assert_eq!(siti.looks().await.counters.len(), 1);
    day.town.check_rules().await;
}

#[tokio::test]
async fn a_claimed_nik_goes_back_to_its_owner_and_the_other_account_may_not_name_it_again() {
    let day = Day::new(9, 3, 9, 0, 0).await;
    let mut thief = day.town.family(1, 1).await;
    // Somebody names the NIK of a stranger as family, and books with it.
    thief.add_family(nik_of(77)).await.unwrap();
    let ticket = thief.book(day.slots[0]).await.unwrap();
    let mut owner = day.town.somebody(77).await;
    owner.state_self(nik_of(77)).await.unwrap();
    assert!(matches!(refusal(owner.book(day.slots[1]).await), Refusal::PersonHasLive { .. }));

    let (siti, head) = (day.staff("siti", Role::Officer).await, day.staff("kepala", Role::Head).await);
    let claim = |nik| MoveClaim::of(batam(), &nik_of(nik), "KTP asli diperlihatkan di loket 2", siti.app.keys());
    assert_eq!(day_refusal(siti.does(claim(78)).await), DayRefusal::NothingClaimed);
    let Approved::Asked { request } = siti.does(claim(77)).await.unwrap() else { panic!("the head is needed") };
    assert_eq!(day.state(&ticket).await, AppointmentState::Booked);
    let waiting = head.app.ask(head.caller.clone(), staff::requests).await.unwrap().waiting;
    let Some(Content::Claim(claimed)) = &waiting[0].content else { panic!("{:?}", waiting[0].content) };
    assert_eq!((claimed.nik.as_str(), claimed.code), ("************0000", Some(ticket.code)));
    head.does(Decide { request, yes: true, answer: String::new(), seen: String::new() }).await.unwrap();
    assert_eq!(day.state(&ticket).await, AppointmentState::Revoked);
    let link = ticket.link.clone();
    let seen =
        day.town.app.ask(Caller::default(), move |tx, cx| antrean_app::ticket::show(tx, cx, &link)).await.unwrap();
    assert_eq!(seen.claimed_at, Some(batam()), "whoever named it learns where it was shown to be somebody else's");
    let got = owner.book(day.slots[1]).await.unwrap();
    assert_eq!((got.state, got.people.len(), got.claimed_at), (AppointmentState::Booked, 1, None));
    assert_eq!(day_refusal(thief.add_family(nik_of(77)).await), DayRefusal::Disowned);
    assert_eq!(thief.mine().await.people.len(), 2, "the stranger is out of the account");
    assert!(thief.mine().await.strikes.is_empty());
    let told: Vec<_> = day.town.messages().await.into_iter().map(|(_, message)| message.kind()).collect();
    assert!(told.contains(&"claim_moved"), "{told:?}");
    let body =
        day.town.app.store().read(move |tx| antrean_store::approvals::get(tx, request)).await.unwrap().unwrap().body;
    assert!(!body.contains(nik_of(77).as_str()), "what waits for a second person names nobody");

    // The office erred, and the other account was the owner's: they show their card, and it is believed in its turn.
    let Approved::Done { .. } = head.does(claim(77)).await.unwrap() else { panic!("a head decides alone") };
    assert_eq!(day_refusal(owner.state_self(nik_of(77)).await), DayRefusal::Disowned);
    thief.add_family(nik_of(77)).await.unwrap();
    day.town.check_rules().await;
}

#[tokio::test]
async fn names_are_found_masked_and_seen_whole_only_for_a_reason_that_is_written_down() {
    let day = Day::new(10, 3, 9, 0, 0).await;
    let (one, other) = (day.town.applicant(1).await, day.town.applicant(2).await);
    let ticket = one.book(day.slots[0]).await.unwrap();
    other.book(day.slots[1]).await.unwrap();
    day.at(8, 0);
    let siti = day.staff("siti", Role::Officer).await;
    let look = async |text: &str| {
        let text = text.to_owned();
        siti.app.ask(siti.caller.clone(), move |tx, cx| find(tx, cx, &batam(), &text)).await.unwrap()
    };
    assert_eq!(look("coba").await.len(), 2);
    assert_eq!(look("0000").await.len(), 2);
    assert!(look("ju").await.is_empty() && look("tono").await.is_empty() && look("1234").await.is_empty());
    let found = &look("UJI").await[0];
    assert_eq!(found.people[0].name, "Uji C***");
    assert_eq!(siti.scans(&found.link).await.verdict, Verdict::OnTime);
    let unmask = |reason: &str| Unmask { office: batam(), ticket: ticket.link.clone(), reason: reason.to_owned() };
    assert!(matches!(refusal(siti.does(unmask(" ")).await), Refusal::Staff(StaffRefusal::ReasonMissing { .. })));
    let whole = siti.does(unmask("Nama di KTP berbeda")).await.unwrap();
    assert_eq!((whole.people[0].name.as_str(), whole.people[0].nik.as_str()), ("Uji Coba", nik_of(1).as_str()));
    let digits = whole.phone.strip_prefix("+62").unwrap_or_default();
    assert!(
        digits.len() > 8 && digits.bytes().all(|b| b.is_ascii_digit()),
        "an officer can call them: {:?}",
        whole.phone
    );
    let by_code = |ticket: String| Unmask { office: batam(), ticket, reason: "Tidak menjawab pesan".to_owned() };
    assert_eq!(siti.does(by_code(ticket.code.to_string())).await.unwrap(), whole);
    assert_eq!(refusal(siti.does(by_code("JS-QFJ8BD".to_owned())).await), Refusal::TicketUnknown);
    let log = day.town.app.store().read(|tx| events::recent(tx, 3)).await.unwrap();
    let noted: Vec<_> = log.iter().map(|one| (one.kind.as_str(), one.reason.as_deref())).collect();
    let expected = [
        ("refused", Some("ticket-unknown")),
        ("unmasked", Some("Tidak menjawab pesan")),
        ("unmasked", Some("Nama di KTP berbeda")),
    ];
    assert_eq!(noted, expected);
}

#[tokio::test]
async fn the_holder_sees_the_line_on_the_day_and_only_then() {
    let day = Day::new(11, 3, 9, 0, 0).await;
    let (one, two) = (day.town.applicant(1).await, day.town.applicant(2).await);
    let (first, second) = (one.book(day.slots[0]).await.unwrap(), two.book(day.slots[1]).await.unwrap());
    let look = async |ticket: &TicketView| {
        let link = ticket.link.clone();
        day.town.app.ask(Caller::default(), move |tx, cx| line_of(tx, cx, &link)).await.unwrap()
    };
    assert_eq!(look(&first).await, None);
    day.at(8, 0);
    let siti = day.staff("siti", Role::Officer).await;
    siti.scans(&first.token).await;
    let line = look(&second).await.unwrap();
    assert_eq!((line.own, line.ahead, line.come_by), (None, 1, wib(TUESDAY, 9, 0)));
    siti.sits_at(2).await;
    siti.calls().await.unwrap();
    let line = look(&first).await.unwrap();
    assert_eq!(line.own.map(|own| (own.1, own.2)), Some((VisitState::Called, Some(2))));
    assert_eq!(line.board.calls[0].number.to_string(), "A-001");
    let LiveView::Appointment(_) = one.mine().await.live.unwrap() else { panic!("a place") };
}

/// Four hundred with tickets and eighty without, eight counters, an hour without a network at the door, people who do not come, come
/// late, go away, are sent on, forget papers.
#[expect(clippy::too_many_lines, reason = "one day, told from its morning to its evening")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_whole_day_at_a_large_office_loses_nobody_and_its_numbers_agree() {
    const TICKETS: u32 = 400;
    const WITHOUT: u32 = 80;
    // Ten minutes before two: some of those of two o'clock are there already, and are served.
    const POWER_CUT: u32 = 380;
    let day = Day::new(12, 8, 50, 5, 0).await;
    let mut expected: BTreeMap<String, (Person, TicketView)> = BTreeMap::new();
    let mut order = Vec::new();
    for number in 0..TICKETS {
        let person = day.town.applicant(number).await;
        let ticket = person.book(day.slots[(number / 50) as usize]).await.unwrap();
        order.push(ticket.clone());
        expected.insert(ticket.link.clone(), (person, ticket));
    }
    day.at(7, 30);
    let door = day.staff("pintu", Role::Officer).await;
    let mut counters = Vec::new();
    for number in 1..=8 {
        let officer = day.staff(&format!("loket{number}"), Role::Officer).await;
        officer.sits_at(number).await;
        counters.push((officer, None::<VisitView>));
    }

    let mut kept: Vec<(String, Timestamp)> = Vec::new();
    let (mut walked, mut stayed_away) = (0, 0);
    let mut elsewhere: BTreeSet<usize> = BTreeSet::new();
    // Minute by minute, from half past seven to half past five.
    for minute in 0..600_u32 {
        let now = wib(TUESDAY, 7, 30) + SignedDuration::from_mins(minute.into());
        day.town.clock.set(now);
        let no_network = (150..210).contains(&minute);
        if minute == POWER_CUT {
            elsewhere = day.closes_from_two(&order).await;
        }
        // Everybody comes at a minute of their own around their window; every twentieth does not come at all.
        for (number, ticket) in order.iter().enumerate() {
            let comes = 30 + (number as u32 / 50) * 60 + (number as u32 * 7) % 75 - 15;
            if comes != minute || elsewhere.contains(&number) {
                continue;
            }
            if number % 20 == 19 {
                stayed_away += 1;
            } else if no_network {
                kept.push((ticket.token.clone(), now));
            } else {
                let said = door.scans(&ticket.token).await;
                assert!(said.verdict.lets_in(), "{:?}", said.verdict);
            }
        }
        if minute == 210 {
            // The network is back: everything is sent, and because the answers are slow, sent again.
            for _ in 0..2 {
                for (place, (token, at)) in kept.iter().enumerate() {
                    let sent = CheckIn { office: batam(), shown: token.clone(), people: None, seen: Some(*at) };
                    let key = IdempotencyKey::parse(&format!("door-{place}")).unwrap();
                    let said = door.app.perform(door.caller.clone(), Some(key), sent).await.unwrap();
                    assert!(said.verdict.lets_in(), "{:?}", said.verdict);
                }
            }
        }
        if minute % 4 == 0 && walked < WITHOUT && !no_network {
            let reason = (walked % 2 == 0).then_some(PriorityReason::Elderly);
            match door.receives(reason).await {
                Ok(received) => drop(done(received)),
                Err(_) => drop(done(door.receives(None).await.unwrap())),
            }
            walked += 1;
        }
        for (seat, (officer, before)) in counters.iter_mut().enumerate() {
            let turn = minute + seat as u32;
            if let Some(visit) = before.take() {
                if !turn.is_multiple_of(5) {
                    *before = Some(visit);
                    continue;
                }
                let number = u32::from(visit.number.number());
                let does = match number % 23 {
                    1 => Does::Finish { outcome: Outcome::PapersMissing, missing: vec![MissingPaper::Other] },
                    2 => Does::Finish { outcome: Outcome::Refused, missing: vec![] },
                    3 => Does::Finish { outcome: Outcome::Reschedule, missing: vec![] },
                    4 if visit.stage == Stage::Papers => Does::Transfer { stage: Stage::Interview },
                    5 => Does::Leave,
                    _ => FINISHED,
                };
                officer.act(&visit, does).await.unwrap();
            }
            match officer.calls().await {
                Ok(called) if called.number.number() % 29 == 7 => {
                    officer.act(&called, Does::Absent).await.unwrap();
                }
                Ok(called) => *before = Some(officer.act(&called, Does::Start).await.unwrap()),
                Err(Failure::Refused(Refusal::Day(DayRefusal::NobodyWaits))) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(kept.len() > 30, "{} arrived without a network", kept.len());
    assert!((80..100).contains(&elsewhere.len()), "{} of a hundred were moved, who were not there", elsewhere.len());
    let tickets = TICKETS - elsewhere.len() as u32;
    let at_home = |number: &usize| number % 20 == 19 && !elsewhere.contains(number);
    assert_eq!((walked, stayed_away), (WITHOUT, (0..TICKETS as usize).filter(at_home).count() as u32));
    day.town.check_rules().await;
    // Whoever was moved has a place on the next day, and has not used up their own right to move.
    for number in &elsewhere {
        let link = order[*number].link.clone();
        let shown = day.town.app.ask(Caller::default(), move |tx, cx| antrean_app::ticket::show(tx, cx, &link)).await;
        let shown = shown.unwrap();
        assert_eq!((shown.state, shown.slot.date, shown.can_move), (AppointmentState::Booked, WEDNESDAY, true));
    }
    day.end().await;
    day.town.check_rules().await;

    // Everybody who came has one visit, and nobody else; every visit is over; each appointment says what its visit says.
    let there = day.visits().await;
    assert_eq!(there.len() as u32, tickets - stayed_away + WITHOUT);
    assert!(there.iter().all(|visit| !visit.state.is_open()));
    assert_eq!(there.iter().filter(|visit| visit.kept).count(), kept.len());
    let mut by_party: BTreeMap<_, &Visit> = BTreeMap::new();
    for visit in there.iter().filter(|visit| visit.party.is_some()) {
        assert!(by_party.insert(visit.party.unwrap(), visit).is_none(), "somebody is there twice");
    }
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for slot in day.slots.clone() {
        for appointment in day.town.app.store().read(move |tx| appointments::of_slot(tx, slot)).await.unwrap() {
            let expected = match by_party.get(&appointment.party) {
                None => AppointmentState::NoShow,
                Some(visit) => match (visit.state, visit.outcome) {
                    (VisitState::Done, Some(Outcome::Reschedule)) => AppointmentState::Revoked,
                    (VisitState::Done, _) => AppointmentState::Served,
                    (VisitState::Absent | VisitState::Left, _) => AppointmentState::NoShow,
                    (VisitState::Unrecorded, _) => AppointmentState::Unrecorded,
                    other => panic!("a visit is {other:?} in the evening"),
                },
            };
            assert_eq!(appointment.state, expected);
            *told.entry(appointment.state.as_str()).or_default() += 1;
        }
    }
    assert_eq!(told.values().sum::<u32>(), tickets);
    // Whoever rests is exactly whoever was not served by their own doing.
    let mut resting = 0;
    for (person, ticket) in expected.values() {
        let strikes = person.mine().await.strikes.len();
        assert_eq!(strikes, usize::from(day.state(ticket).await == AppointmentState::NoShow));
        resting += strikes as u32;
    }
    assert_eq!(resting, told["no_show"]);
    // Nobody who was there at a time when counters worked was left waiting beyond measure by the rule.
    assert_eq!(there.iter().filter(|visit| visit.state == VisitState::Unrecorded).count(), 0, "{told:?}");
    let priority = day.town.app.store().read(|tx| slots::of_pool(tx, &batam(), TUESDAY, Pool::Priority)).await.unwrap();
    let came = there.iter().filter(|visit| visit.number.class == Class::Priority).count() as u32;
    assert_eq!(priority.iter().map(|slot| slot.taken).sum::<u32>(), came);

    // The report says of the day what happened, and counts everybody once.
    let head = day.staff("kepala", Role::Head).await;
    let span = Span::new(TUESDAY, TUESDAY).unwrap();
    let asked = day.town.app.ask(head.caller.clone(), move |tx, cx| numbers::of_office(tx, cx, &batam(), span)).await;
    let numbers = asked.unwrap();
    let total = &numbers.total();
    assert!(total.adds_up(), "{total:?}");
    let of = |class: Class| there.iter().filter(|visit| visit.number.class == class).count() as u32;
    let with = |outcome: Outcome| there.iter().filter(|visit| visit.outcome == Some(outcome)).count() as u32;
    assert_eq!((total.given, total.came, total.absent), (tickets, of(Class::Scheduled), stayed_away));
    assert_eq!((total.walk_in, total.priority), (of(Class::WalkIn), of(Class::Priority)));
    assert_eq!(total.walk_in + total.priority, WITHOUT);
    assert_eq!((total.served, total.refused), (with(Outcome::Done), with(Outcome::Refused)));
    assert_eq!((total.papers_missing, total.rescheduled), (with(Outcome::PapersMissing), with(Outcome::Reschedule)));
    let unserved = |visit: &&Visit| matches!(visit.state, VisitState::Absent | VisitState::Left);
    assert_eq!(total.gone, there.iter().filter(unserved).count() as u32);
    assert_eq!(total.strikes, resting);
    let timed = |visit: &&Visit| visit.state == VisitState::Done && !visit.inaccurate;
    assert_eq!(total.services.len(), there.iter().filter(timed).count());
    assert_eq!((total.released, total.closed), (6 * (50 + 5), 2 * (50 + 5)), "two hours were closed");
    let before = priority.iter().filter(|slot| !slot.closed).map(|slot| slot.taken).sum::<u32>();
    assert_eq!(total.idle, total.released - 6 * 50 - before, "every public place of the morning was held");
    let sums = [&numbers.days.values().collect::<Vec<_>>(), &numbers.hours.values().collect::<Vec<_>>()].map(|all| {
        let mut sum = Tally::default();
        for tally in all {
            sum.add(tally);
        }
        (sum.given, sum.came, sum.released, sum.walk_in, sum.waits.len())
    });
    assert_eq!(sums, [(total.given, total.came, total.released, total.walk_in, total.waits.len()); 2]);
    let questions = day.town.app.ask(head.caller.clone(), |tx, cx| numbers::questions(tx, cx, TUESDAY)).await.unwrap();
    let one = questions.counters.first().expect("a day with many visits says something about counters");
    assert_eq!((one.days, one.counters), (1, 8));
    assert!(one.with_one_more <= one.reckoned);
    let weeks = day.town.app.ask(Caller::default(), |tx, cx| Ok(numbers::public_week(tx, cx, TUESDAY)?)).await.unwrap();
    assert_eq!(
        weeks.iter().map(|week| (week.office, week.came)).collect::<Vec<_>>(),
        [(batam(), Cell::Count(total.came))]
    );
}
