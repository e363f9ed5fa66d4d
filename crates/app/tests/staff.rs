//! Staff come in, and do no more than they may: links, passwords, second factors, roles, offices, and the word of a second person.

mod town;

use std::sync::Arc;

use antrean_app::caller::{Actor, Caller, SessionToken, unhex};
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
use town::Town;

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

    let disable =
        async |id| town.app.perform(head.clone(), None, DisableStaff { id, version: 1, reason: String::new() }).await;
    assert_eq!(refused(disable(other).await), StaffRefusal::OfficeNotYours { office: office("JAKSEL") });
    assert_eq!(refused(disable(admin).await), StaffRefusal::TaskNotYours { task: Task::Staff });
    let door = begin(&town, &invited).await;
    admitted(&town, &door, Task::Door, "BTM-HB").await.unwrap();
    assert_eq!(refused(disable(invited.id).await), StaffRefusal::ChangedMeanwhile, "they began since");
    let list = town.app.ask(head.clone(), staff::list).await.unwrap();
    assert_eq!(list.members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["door.one"]);
    let version = list.members[0].version;
    let now = DisableStaff { id: invited.id, version, reason: "pindah".to_owned() };
    town.app.perform(head.clone(), None, now).await.unwrap();
    assert_eq!(refused(admitted(&town, &door, Task::Door, "BTM").await), StaffRefusal::SignedOut);

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
        let operation = DisableStaff { id, version: 2, reason: String::new() };
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
