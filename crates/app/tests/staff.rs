//! Staff come in, and do no more than they may: links, passwords, second factors, roles, offices, and the word of a second person.

mod town;

use std::sync::Arc;

use antrean_app::caller::{Actor, BrowserMark, Caller, SessionToken, unhex};
use antrean_app::limit::Limited;
use antrean_app::policy::Policy;
use antrean_app::staff::{
    self, AddStaff, Approved, ChangeStaff, Decide, DisableStaff, InviteStaff, Invited, OperatorInvites, StaffRefusal,
    Touch,
};
use antrean_app::{Failure, Refusal};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Login, Password, Role, Task};
use antrean_store::events;
use antrean_store::ids::StaffId;
use jiff::SignedDuration;
use town::{Town, generous};

const PASSWORD: &str = "kuda hijau minum teh";

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

fn office(code: &str) -> OfficeCode {
    OfficeCode::parse(code).unwrap()
}

fn password(text: &str) -> Password {
    Password::typed(text).unwrap()
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Failure>) -> StaffRefusal {
    match answer {
        Err(Failure::Refused(Refusal::Staff(refusal))) => refusal,
        other => panic!("{other:?} is no refusal of staff"),
    }
}

fn add(name: &str, role: Role, offices: &[&str]) -> AddStaff {
    let offices = offices.iter().map(|code| office(code)).collect();
    AddStaff { login: login(name), name: format!("Nama {name}"), role, offices }
}

/// The code that an authenticator app shows now for the secret of an invitation.
fn code(town: &Town, invited: &Invited) -> String {
    let secret = staff::totp_of_link(town.app.keys(), &unhex(&invited.token).unwrap());
    let totp = totp_rs::Builder::new().with_secret(secret.to_vec()).build().unwrap();
    totp.generate(town.app.now().as_second() as u64).to_string()
}

async fn operator_invites(town: &Town, add: AddStaff) -> Invited {
    town.app.perform_as(Actor::Operator, OperatorInvites { add }).await.unwrap()
}

/// Begins with an invitation.
async fn begin(town: &Town, invited: &Invited) -> Caller {
    let code = code(town, invited);
    let signed_in =
        staff::begin(&town.app, Caller::default(), &invited.token, password(PASSWORD), &code).await.unwrap();
    on_duty(&signed_in.session)
}

fn on_duty(session: &str) -> Caller {
    Caller { staff: SessionToken::from_text(session), ..Caller::default() }
}

async fn somebody(town: &Town, name: &str, role: Role, offices: &[&str]) -> (StaffId, Caller) {
    let invited = operator_invites(town, add(name, role, offices)).await;
    (invited.id, begin(town, &invited).await)
}

async fn admitted(town: &Town, who: &Caller, task: Task, at: &str) -> Result<(), Failure> {
    let at = office(at);
    town.app.ask(who.clone(), move |tx, cx| staff::admit(tx, cx, Some(task), Some(&at)).map(drop)).await
}

#[tokio::test]
async fn an_invitation_is_used_once_and_leads_to_password_and_second_factor() {
    let town = Town::new(1).await;
    let invited = operator_invites(&town, add("siti", Role::Admin, &[])).await;
    let token = invited.token.clone();
    let shown = town.app.ask(Caller::default(), move |tx, cx| staff::link(tx, cx, &token)).await.unwrap();
    assert_eq!((shown.login.as_str(), shown.name.as_str()), ("siti", "Nama siti"));
    assert!(shown.address.starts_with("otpauth://totp/Antrean:siti?secret="));

    let wrong = staff::begin(&town.app, Caller::default(), &invited.token, password(PASSWORD), "000000").await;
    assert_eq!(refused(wrong), StaffRefusal::SecondFactorWrong);
    begin(&town, &invited).await;
    let again =
        staff::begin(&town.app, Caller::default(), &invited.token, password(PASSWORD), &code(&town, &invited)).await;
    assert_eq!(refused(again), StaffRefusal::LinkGone);

    // A code is good once: the one that began cannot sign in.
    let sign_in = async |code: String, typed: &str| {
        staff::sign_in(&town.app, Caller::default(), login("SITI"), password(typed), &code).await
    };
    assert_eq!(refused(sign_in(code(&town, &invited), PASSWORD).await), StaffRefusal::SignInWrong);
    town.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(refused(sign_in(code(&town, &invited), "another password").await), StaffRefusal::SignInWrong);
    let session = sign_in(code(&town, &invited), PASSWORD).await.unwrap().session;
    assert_eq!(refused(sign_in(code(&town, &invited), PASSWORD).await), StaffRefusal::SignInWrong);
    admitted(&town, &on_duty(&session), Task::Found, "BTM").await.unwrap();
    let nobody = staff::sign_in(&town.app, Caller::default(), login("nobody"), password(PASSWORD), "123456").await;
    assert_eq!(refused(nobody), StaffRefusal::SignInWrong);
}

#[tokio::test]
async fn an_invitation_ends_by_time_and_by_a_newer_one() {
    let town = Town::new(2).await;
    let first = operator_invites(&town, add("siti", Role::Admin, &[])).await;
    let second = operator_invites(&town, add("siti", Role::Admin, &[])).await;
    assert_eq!(first.id, second.id);
    let look = async |token: String| town.app.ask(Caller::default(), move |tx, cx| staff::link(tx, cx, &token)).await;
    assert_eq!(refused(look(first.token.clone()).await), StaffRefusal::LinkGone);
    look(second.token.clone()).await.unwrap();
    town.clock.advance(SignedDuration::from_hours(72));
    assert_eq!(refused(look(second.token.clone()).await), StaffRefusal::LinkGone);
    for text in ["", "zz", &"0".repeat(64)] {
        assert_eq!(refused(look(text.to_owned()).await), StaffRefusal::LinkGone);
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_after_a_shift() {
    let town = Town::new(3).await;
    let (_, siti) = somebody(&town, "siti", Role::Officer, &["BTM"]).await;
    for _ in 0..20 {
        town.clock.advance(SignedDuration::from_mins(29));
        town.app.perform(siti.clone(), None, Touch {}).await.unwrap();
    }
    town.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(refused(admitted(&town, &siti, Task::Door, "BTM").await), StaffRefusal::SignedOut);

    let (_, budi) = somebody(&town, "budi", Role::Officer, &["BTM"]).await;
    for _ in 0..35 {
        town.clock.advance(SignedDuration::from_mins(20));
        town.app.perform(budi.clone(), None, Touch {}).await.unwrap();
    }
    town.clock.advance(SignedDuration::from_mins(20));
    assert_eq!(refused(town.app.perform(budi, None, Touch {}).await), StaffRefusal::SignedOut);
}

#[tokio::test]
async fn everybody_reaches_their_own_offices_and_does_their_own_tasks() {
    let town = Town::new(4).await;
    let (_, officer) = somebody(&town, "officer", Role::Officer, &["BTM"]).await;
    let (_, head) = somebody(&town, "head", Role::Head, &["BTM"]).await;
    let (_, admin) = somebody(&town, "admin", Role::Admin, &[]).await;
    let (_, auditor) = somebody(&town, "auditor", Role::Auditor, &[]).await;
    // A unit of the office, and an office elsewhere.
    for (who, task, at, may) in [
        (&officer, Task::Door, "BTM", true),
        (&officer, Task::Door, "BTM-HB", false),
        (&officer, Task::Quota, "BTM", false),
        (&head, Task::Quota, "BTM-HB", true),
        (&head, Task::Quota, "JAKSEL", false),
        (&head, Task::Found, "BTM", false),
        (&admin, Task::Close, "JAKSEL", true),
        (&auditor, Task::Audit, "JAKSEL", true),
        (&auditor, Task::Door, "BTM", false),
    ] {
        assert_eq!(admitted(&town, who, task, at).await.is_ok(), may, "{task:?} at {at}");
    }
    // A citizen's session opens nothing here, nor does a staff session there.
    let citizen = Caller { session: officer.staff.clone(), ..Caller::default() };
    assert_eq!(refused(admitted(&town, &citizen, Task::Door, "BTM").await), StaffRefusal::SignedOut);
    let mine = town.app.ask(citizen, antrean_app::me::mine).await;
    assert!(matches!(mine, Err(Failure::Refused(Refusal::SignedOut))));
}

#[tokio::test]
async fn a_head_governs_the_officers_of_their_offices_and_nobody_else() {
    let town = Town::new(5).await;
    let (_, head) = somebody(&town, "head", Role::Head, &["BTM"]).await;
    let (other, _) = somebody(&town, "other", Role::Officer, &["JAKSEL"]).await;
    let (admin, _) = somebody(&town, "admin", Role::Admin, &[]).await;
    let perform = async |add| town.app.perform(head.clone(), None, add).await;

    let invited = perform(add("door.one", Role::Officer, &["BTM", "BTM-HB"])).await.unwrap();
    assert_eq!(refused(perform(add("Door.One", Role::Officer, &["BTM"])).await), StaffRefusal::LoginTaken);
    let elsewhere = perform(add("door.two", Role::Officer, &["JAKSEL"])).await;
    assert_eq!(refused(elsewhere), StaffRefusal::OfficeNotYours { office: office("JAKSEL") });
    for (role, at) in [(Role::Head, &["BTM"][..]), (Role::Admin, &[]), (Role::Auditor, &[])] {
        let above = perform(add("above", role, at)).await;
        assert_eq!(refused(above), StaffRefusal::TaskNotYours { task: Task::Staff });
    }
    assert_eq!(refused(perform(add("nowhere", Role::Officer, &[])).await), StaffRefusal::OfficesWrong { max: 50 });

    let disable = async |id| {
        town.app.perform(head.clone(), None, DisableStaff { id, version: 1, reason: "pindah".to_owned() }).await
    };
    assert_eq!(refused(disable(other).await), StaffRefusal::OfficeNotYours { office: office("JAKSEL") });
    assert_eq!(refused(disable(admin).await), StaffRefusal::TaskNotYours { task: Task::Staff });
    let door = begin(&town, &invited).await;
    admitted(&town, &door, Task::Door, "BTM-HB").await.unwrap();
    assert_eq!(refused(disable(invited.id).await), StaffRefusal::ChangedMeanwhile, "they began since");
    let list = town.app.ask(head.clone(), staff::list).await.unwrap();
    assert_eq!(list.members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["door.one"]);
    let version = list.members[0].version;
    let silent = DisableStaff { id: invited.id, version, reason: " ".to_owned() };
    let silent = town.app.perform(head.clone(), None, silent).await;
    assert!(matches!(refused(silent), StaffRefusal::ReasonMissing { .. }));
    let id = invited.id;
    let ends = town.app.ask(head.clone(), move |tx, cx| staff::leaving(tx, cx, id)).await.unwrap();
    assert_eq!((ends.sessions, ends.counter, ends.before), (1, None, None));
    let now = DisableStaff { id: invited.id, version, reason: "pindah".to_owned() };
    town.app.perform(head.clone(), None, now).await.unwrap();
    assert_eq!(refused(admitted(&town, &door, Task::Door, "BTM").await), StaffRefusal::SignedOut);

    let again = DisableStaff { id: invited.id, version: version + 1, reason: "pindah".to_owned() };
    assert_eq!(refused(town.app.perform(head.clone(), None, again).await), StaffRefusal::ChangedMeanwhile);

    // Everything they did is found by their number.
    let listed = town.app.store().read(move |tx| events::of_actor(tx, "staff", 1, 100)).await.unwrap();
    let kinds: Vec<&str> = listed.iter().map(|event| event.kind.as_str()).collect();
    for kind in ["staff_added", "staff_disabled", "refused"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn who_may_do_everything_is_made_by_two_and_the_last_of_them_stays() {
    let town = Town::new(6).await;
    let (one, first) = somebody(&town, "one", Role::Admin, &[]).await;
    let refusal = refused(town.app.perform(first.clone(), None, InviteStaff { id: one, reason: String::new() }).await);
    assert_eq!(refusal, StaffRefusal::LastAdmin);
    let disable = DisableStaff { id: one, version: 2, reason: String::new() };
    assert_eq!(refused(town.app.perform(first.clone(), None, disable).await), StaffRefusal::LastAdmin);

    let (_, second) = somebody(&town, "two", Role::Admin, &[]).await;
    let (head, _) = somebody(&town, "head", Role::Head, &["BTM"]).await;
    let rise = || ChangeStaff {
        id: head,
        version: 2,
        name: "Nama head".to_owned(),
        role: Role::Admin,
        offices: Vec::new(),
        reason: "pengganti".to_owned(),
    };
    let Approved::Asked { request } = town.app.perform(first.clone(), None, rise()).await.unwrap() else {
        panic!("one alone made an administrator")
    };
    let decide = |answer: &str| Decide { request, yes: true, answer: answer.to_owned(), seen: String::new() };
    let own = town.app.perform(first.clone(), None, decide("")).await;
    assert_eq!(refused(own), StaffRefusal::SecondPersonNeeded);
    let seen = town.app.ask(second.clone(), staff::requests).await.unwrap();
    assert_eq!((seen.waiting.len(), seen.waiting[0].can_decide), (1, true));
    town.app.perform(second.clone(), None, decide("")).await.unwrap();
    let again = town.app.perform(second.clone(), None, decide("")).await;
    assert_eq!(refused(again), StaffRefusal::DecidedAlready);
    let member = town.app.ask(first.clone(), move |tx, cx| staff::member(tx, cx, head)).await.unwrap();
    assert_eq!(member.role, Role::Admin);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_who_disable_each_other_at_once_do_not_both_succeed() {
    let town = Arc::new(Town::new(7).await);
    let (one, first) = somebody(&town, "one", Role::Admin, &[]).await;
    let (two, second) = somebody(&town, "two", Role::Admin, &[]).await;
    let disable = |who: Caller, id| {
        let town = Arc::clone(&town);
        let operation = DisableStaff { id, version: 2, reason: "berselisih".to_owned() };
        tokio::spawn(async move { town.app.perform(who, None, operation).await })
    };
    let (a, b) = (disable(first, two), disable(second, one));
    let done = [a.await.unwrap(), b.await.unwrap()].iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_signs_in_once_however_often_it_is_sent_at_once() {
    let town = Arc::new(Town::new(8).await);
    let invited = operator_invites(&town, add("siti", Role::Officer, &["BTM"])).await;
    begin(&town, &invited).await;
    town.clock.advance(SignedDuration::from_secs(30));
    let code = code(&town, &invited);
    let tries = (0..8).map(|_| {
        let (town, code) = (Arc::clone(&town), code.clone());
        tokio::spawn(async move {
            staff::sign_in(&town.app, Caller::default(), login("siti"), password(PASSWORD), &code).await
        })
    });
    let mut signed_in = 0;
    for one in tries.collect::<Vec<_>>() {
        signed_in += usize::from(one.await.unwrap().is_ok());
    }
    assert_eq!(signed_in, 1);
}

#[tokio::test]
async fn guessing_ends_soon_and_the_password_can_be_changed() {
    let town = Town::new(9).await;
    let invited = operator_invites(&town, add("siti", Role::Officer, &["BTM"])).await;
    let siti = begin(&town, &invited).await;
    let old =
        staff::change_password(&town.app, siti.clone(), password("wrong"), password("kuda biru minum kopi")).await;
    assert_eq!(refused(old), StaffRefusal::SignInWrong);
    staff::change_password(&town.app, siti.clone(), password(PASSWORD), password("kuda biru minum kopi"))
        .await
        .unwrap();
    admitted(&town, &siti, Task::Door, "BTM").await.unwrap();
    let mut told = None;
    for _ in 0..20 {
        let answer = staff::sign_in(&town.app, Caller::default(), login("siti"), password(PASSWORD), "000000")
            .await
            .unwrap_err();
        if let Failure::Refused(Refusal::TooMany { .. }) = answer {
            told = Some(answer);
            break;
        }
    }
    assert!(told.is_some(), "nobody is told to wait");
}

/// A browser somewhere, with the marks that it keeps.
fn browser(network: &str, marks: &[&str]) -> Caller {
    let browser = marks.iter().filter_map(|mark| BrowserMark::from_text(mark)).collect();
    Caller { network: Some(network.to_owned()), browser, ..Caller::default() }
}

/// Somebody invited who has begun in a browser, and the mark that it keeps.
async fn marked(town: &Town, name: &str) -> (Invited, String) {
    let invited = operator_invites(town, add(name, Role::Officer, &["BTM"])).await;
    let signed_in =
        staff::begin(&town.app, Caller::default(), &invited.token, password(PASSWORD), &code(town, &invited)).await;
    town.clock.advance(SignedDuration::from_mins(2));
    (invited, signed_in.unwrap().mark.unwrap())
}

async fn tries(town: &Town, from: Caller, name: &str, typed: &str, code: &str) -> Result<Option<String>, Failure> {
    Ok(staff::sign_in(&town.app, from, login(name), password(typed), code).await?.mark)
}

/// Wrong passwords from one place until somebody is told to wait: how many were looked at, and what was said.
async fn guess(town: &Town, from: Caller, name: &str, most: u32) -> (u32, Option<Limited>) {
    for count in 0..most {
        match tries(town, from.clone(), name, "salah sama sekali", "000000").await.unwrap_err() {
            Failure::Refused(Refusal::Staff(StaffRefusal::SignInWrong)) => {}
            Failure::Refused(Refusal::TooMany { what, .. }) => return (count, Some(what)),
            other => panic!("{other:?}"),
        }
    }
    (most, None)
}

fn strict() -> Policy {
    Policy { staff_tries_per_login_hour: 3, ..generous() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn strangers_who_guess_all_at_once_lock_out_strangers_and_not_the_officer() {
    let mut town = Town::with_policy(20, strict()).await;
    let (siti, mark) = marked(&town, "siti").await;
    let town_then = Arc::new(town);
    let attack = (0..24).map(|number| {
        let town = Arc::clone(&town_then);
        tokio::spawn(async move { guess(&town, browser(&format!("198.51.{number}.0/24"), &[]), "siti", 4).await })
    });
    let attack: Vec<_> = attack.collect();
    // In the middle of it, in the browser where she has signed in before.
    let known = || browser("203.0.113.0/24", &[&mark]);
    let kept = tries(&town_then, known(), "siti", PASSWORD, &code(&town_then, &siti)).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&mark), "a browser that is known keeps its mark");
    let mut looked_at = 0;
    for guesses in attack {
        let (count, told) = guesses.await.unwrap();
        looked_at += count;
        assert_eq!(told, Some(Limited::StaffStrangers));
    }
    assert_eq!(looked_at, 12, "four networks' worth in an hour, however many networks there are");

    // It holds through a restart, for strangers and for her.
    town = Arc::into_inner(town_then).unwrap();
    town.restart_with(strict()).await;
    town.clock.advance(SignedDuration::from_mins(1));
    let told = guess(&town, browser("192.0.2.0/24", &[]), "siti", 1).await;
    assert_eq!(told, (0, Some(Limited::StaffStrangers)));
    tries(&town, known(), "siti", PASSWORD, &code(&town, &siti)).await.unwrap();
    // A day of it is bounded as well.
    let mut in_a_day = 0;
    for _ in 0..24 {
        town.clock.advance(SignedDuration::from_hours(1));
        for number in 0..5 {
            in_a_day += guess(&town, browser(&format!("198.51.{number}.0/24"), &[]), "siti", 4).await.0;
        }
    }
    assert!((60..=120).contains(&in_a_day), "{in_a_day} guesses in 24 hours, which touch two days");
    town.clock.advance(SignedDuration::from_mins(1));
    tries(&town, known(), "siti", PASSWORD, &code(&town, &siti)).await.unwrap();
}

#[tokio::test]
async fn typos_in_a_known_browser_cost_nobody_else() {
    let town = Town::with_policy(21, strict()).await;
    let (siti, of_siti) = marked(&town, "siti").await;
    let (budi, of_budi) = marked(&town, "budi").await;
    // One computer at a counter, one address for the office.
    let shared = || browser("203.0.113.0/24", &[&of_siti, &of_budi]);
    assert_eq!(guess(&town, shared(), "siti", 9).await, (3, Some(Limited::StaffSignIns)));
    tries(&town, shared(), "budi", PASSWORD, &code(&town, &budi)).await.unwrap();
    // In another browser of hers she can go on: it counts for itself.
    let new = tries(&town, browser("203.0.113.0/24", &[&of_budi]), "siti", PASSWORD, &code(&town, &siti)).await;
    let new = new.unwrap().unwrap();
    assert!(new != of_siti && new != of_budi);
    // What is typed for her own password is hers alone, whoever guesses meanwhile.
    assert_eq!(guess(&town, browser("198.51.100.0/24", &[]), "siti", 9).await, (3, Some(Limited::StaffStrangers)));
}

#[tokio::test]
async fn a_mark_is_for_one_person_and_worthless_after_a_new_invitation() {
    let town = Town::with_policy(22, strict()).await;
    let (siti, of_siti) = marked(&town, "siti").await;
    let (_, of_budi) = marked(&town, "budi").await;
    let (_, admin) = somebody(&town, "admin", Role::Admin, &[]).await;
    let forged = format!("{}{}", &of_siti[..32], &of_budi[32..]);
    for other in [of_budi.as_str(), &forged, "", "00"] {
        let told = guess(&town, browser("203.0.113.0/24", &[other]), "siti", 9).await.1;
        assert_eq!(told, Some(Limited::StaffStrangers), "{other}");
    }
    let again = InviteStaff { id: siti.id, reason: "ponsel hilang".to_owned() };
    let again = town.app.perform(admin.clone(), None, again).await.unwrap();
    let told = guess(&town, browser("203.0.113.0/24", &[&of_siti]), "siti", 9).await;
    assert_eq!(told, (0, Some(Limited::StaffStrangers)), "whoever is invited is known nowhere");
    begin(&town, &again).await;
    let told = guess(&town, browser("203.0.113.0/24", &[&of_siti]), "siti", 9).await;
    assert_eq!(told, (0, Some(Limited::StaffStrangers)), "the mark was of the secret before");

    let (rina, of_rina) = marked(&town, "rina").await;
    guess(&town, browser("203.0.113.0/24", &[]), "rina", 9).await;
    let disable = DisableStaff { id: rina.id, version: 2, reason: "pensiun".to_owned() };
    town.app.perform(admin, None, disable).await.unwrap();
    let told = guess(&town, browser("203.0.113.0/24", &[&of_rina]), "rina", 9).await;
    assert_eq!(told, (0, Some(Limited::StaffStrangers)));
}
