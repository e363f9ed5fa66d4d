//! Staff themselves: who works where, inviting, changing, disabling.

use antrean_app::staff::{self, AddStaff, Approved, ChangeStaff, DisableStaff, InviteStaff, Leaving, MemberView};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::{Login, Role, Task};
use antrean_store::ids::StaffId;
use antrean_store::staff::StaffState;
use antrean_words::Arg;
use askama::Template;
use axum::http::StatusCode;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, onward, show};
use crate::problem::BadRequest;

const LIST: &str = "/petugas/staf";

pub(super) fn routes(table: Table) -> Table {
    let needs = Needs::Task(Task::Staff);
    table
        .get(LIST, needs, list)
        .get("/petugas/staf/baru", needs, ask_new)
        .post("/petugas/staf/baru", needs, add)
        .get("/petugas/staf/{id}", needs, one)
        .post("/petugas/staf/{id}", needs, change)
        .post("/petugas/staf/{id}/undang", needs, invite)
        .post("/petugas/staf/{id}/nonaktif", needs, disable)
}

#[derive(Template)]
#[template(path = "staff/people.html")]
struct ListPage {
    page: Screen,
    /// What was just done.
    done: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    id: StaffId,
    name: String,
    login: String,
    role: String,
    offices: String,
    state: String,
    state_kind: &'static str,
}

fn state_key(state: StaffState) -> (&'static str, &'static str) {
    match state {
        StaffState::Invited => ("staff-state-invited", "warn"),
        StaffState::Active => ("staff-state-active", "good"),
        StaffState::Disabled => ("staff-state-disabled", "bad"),
    }
}

/// What was just done to somebody, for the line above the list.
fn done(desk: &Desk, sent: &Sent, members: &[MemberView]) -> Option<String> {
    let key = match sent.get("selesai") {
        "ubah" => "staff-done-changed",
        "nonaktif" => "staff-done-disabled",
        "sudah" => "staff-done-before",
        _ => return None,
    };
    let who = members.iter().find(|member| member.id.to_string() == sent.get("siapa"))?;
    let args = [("name", Arg::from(&who.name)), ("login", Arg::from(&who.login))];
    Some(desk.words().say_with(key, &args))
}

async fn list(desk: Desk, sent: Sent) -> Answer {
    let list = match desk.ask(staff::list).await? {
        Ok(list) => list,
        Err(refusal) => return Err(refusal.into()),
    };
    let row = |member: MemberView| {
        let (state, state_kind) = state_key(member.state);
        Row {
            id: member.id,
            name: member.name,
            login: member.login,
            role: desk.words().role(member.role),
            offices: codes(&member.offices),
            state: desk.words().say(state),
            state_kind,
        }
    };
    let page = ListPage {
        done: done(&desk, &sent, &list.members),
        page: desk.screen("staff-people-title", &Faults::none()),
        rows: list.members.into_iter().map(row).collect(),
    };
    show(StatusCode::OK, &page)
}

fn codes(offices: &[OfficeCode]) -> String {
    offices.iter().map(OfficeCode::as_str).collect::<Vec<_>>().join(", ")
}

#[derive(Template)]
#[template(path = "staff/person.html")]
struct PersonPage {
    page: Screen,
    faults: Faults,
    key: String,
    action: String,
    /// Somebody known: their sign-in name stays.
    known: Option<Known>,
    login: String,
    name: String,
    role: String,
    /// Name and words of the roles that the caller may give.
    roles: Vec<(&'static str, String)>,
    offices: String,
    reason: String,
    /// Why somebody is to be disabled, as it was typed.
    why: String,
}

struct Known {
    id: StaffId,
    version: i64,
    state: String,
    state_kind: &'static str,
    is_disabled: bool,
    /// What ends when they are disabled.
    ends: Vec<String>,
}

/// What ends when somebody is disabled, in sentences.
async fn ends(desk: &Desk, id: StaffId) -> Result<Vec<String>, Detour> {
    let Leaving { sessions, counter, before } = desk.ask(move |tx, cx| staff::leaving(tx, cx, id)).await??;
    let words = desk.words();
    let mut ends = vec![words.say_with("staff-ends-sessions", &[("count", Arg::from(sessions))])];
    if let Some((office, counter)) = counter {
        let args = [("office", Arg::from(office.to_string())), ("counter", Arg::from(counter.to_string()))];
        ends.push(words.say_with("staff-ends-counter", &args));
        if let Some(number) = before {
            let args = [("number", Arg::from(number.to_string())), ("counter", Arg::from(counter.to_string()))];
            ends.push(words.say_with("staff-ends-before", &args));
        }
    }
    ends.push(words.say("staff-ends-log"));
    Ok(ends)
}

async fn person_page(desk: &Desk, known: Option<&MemberView>, sent: &Sent, faults: Faults) -> Answer {
    let ends = match known {
        Some(member) => ends(desk, member.id).await?,
        None => Vec::new(),
    };
    let roles = Role::ALL.into_iter().filter(|role| desk.officer.role.governs(*role));
    let title = known.map_or_else(|| desk.words().say("staff-person-new"), |member| member.name.clone());
    let page = PersonPage {
        page: desk.screen_titled(title, &faults),
        key: desk.new_key(),
        action: known.map_or_else(|| format!("{LIST}/baru"), |member| format!("{LIST}/{}", member.id)),
        login: known.map_or_else(|| sent.get("login").to_owned(), |member| member.login.clone()),
        name: sent.get("name").to_owned(),
        role: sent.get("role").to_owned(),
        roles: roles.map(|role| (role.as_str(), desk.words().role(role))).collect(),
        offices: sent.get("offices").to_owned(),
        reason: sent.get("reason").to_owned(),
        why: sent.get("alasan").to_owned(),
        known: known.map(|member| {
            let (state, state_kind) = state_key(member.state);
            Known {
                id: member.id,
                version: member.version,
                state: desk.words().say(state),
                state_kind,
                is_disabled: member.state == StaffState::Disabled,
                ends,
            }
        }),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn ask_new(desk: Desk) -> Answer {
    let sent = Sent::of([("role", Role::Officer.as_str().to_owned())]);
    person_page(&desk, None, &sent, Faults::none()).await
}

/// Role and offices as they were typed, or what is wrong with them.
fn role_and_offices(desk: &Desk, sent: &Sent, faults: &mut Faults) -> (Option<Role>, Vec<OfficeCode>) {
    let role = sent.get("role").parse::<Role>().ok();
    if role.is_none() {
        faults.add("role", desk.words().say("staff-role-missing"));
    }
    let mut offices = Vec::new();
    let typed = sent.get("offices").to_ascii_uppercase();
    for text in typed.split([',', ' ', ';']).filter(|text| !text.is_empty()) {
        match OfficeCode::parse(text).ok().filter(|code| desk.app().catalogue().offices.get(code).is_some()) {
            Some(code) if !offices.contains(&code) => offices.push(code),
            Some(_) => {}
            None => {
                let code: String = text.chars().take(20).collect();
                let words = desk.words().say_with("staff-office-unknown", &[("code", code.into())]);
                faults.add("offices", words);
                break;
            }
        }
    }
    (role, offices)
}

/// The field that a refusal of these forms is about.
fn field(refusal: &antrean_app::Refusal) -> &'static str {
    use antrean_app::staff::StaffRefusal as R;
    match refusal {
        antrean_app::Refusal::Staff(R::LoginTaken) => "login",
        antrean_app::Refusal::Staff(R::NameMissing { .. }) => "name",
        antrean_app::Refusal::Staff(R::ReasonMissing { .. }) => "reason",
        antrean_app::Refusal::Staff(R::TaskNotYours { .. }) => "role",
        _ => "offices",
    }
}

async fn add(desk: Desk, sent: Sent) -> Answer {
    let mut faults = Faults::none();
    let login = Login::parse(sent.get("login"));
    if login.is_err() {
        faults.add("login", desk.words().say("staff-login-wrong"));
    }
    let (role, offices) = role_and_offices(&desk, &sent, &mut faults);
    let (Ok(login), Some(role), false) = (login, role, faults.any()) else {
        return person_page(&desk, None, &sent, faults).await;
    };
    let add = AddStaff { login, name: sent.get("name").to_owned(), role, offices };
    match desk.perform(&sent, add).await? {
        Ok(invited) => invited_page(&desk, &invited.token, invited.login.as_str(), invited.expires),
        Err(refusal) => person_page(&desk, None, &sent, Faults::one(field(&refusal), desk.explain(&refusal))).await,
    }
}

#[derive(Template)]
#[template(path = "staff/invited.html")]
struct InvitedPage {
    page: Screen,
    login: String,
    address: String,
    until: String,
}

/// The link is shown once, here, to be handed over; it is stored nowhere.
fn invited_page(desk: &Desk, token: &str, login: &str, expires: jiff::Timestamp) -> Answer {
    let page = InvitedPage {
        page: desk.screen("staff-invited-title", &Faults::none()),
        login: login.to_owned(),
        address: desk.address(&format!("/petugas/undangan/{token}")),
        until: desk.words().instant(expires, desk.zone()),
    };
    show(StatusCode::OK, &page)
}

async fn member(desk: &Desk, id: &str) -> Result<MemberView, Detour> {
    let id = id.parse().map(StaffId).map_err(|_| BadRequest::NotFound)?;
    Ok(desk.ask(move |tx, cx| staff::member(tx, cx, id)).await??)
}

/// The form with somebody as they are.
fn as_they_are(member: &MemberView) -> Sent {
    Sent::of([
        ("login", member.login.clone()),
        ("name", member.name.clone()),
        ("role", member.role.as_str().to_owned()),
        ("offices", codes(&member.offices)),
    ])
}

async fn one(desk: Desk, Named(id): Named<String>) -> Answer {
    let member = member(&desk, &id).await?;
    person_page(&desk, Some(&member), &as_they_are(&member), Faults::none()).await
}

fn version(sent: &Sent) -> i64 {
    sent.get("version").parse().unwrap_or(-1)
}

async fn change(desk: Desk, Named(id): Named<String>, sent: Sent) -> Answer {
    let member = member(&desk, &id).await?;
    let mut faults = Faults::none();
    let (role, offices) = role_and_offices(&desk, &sent, &mut faults);
    let (Some(role), false) = (role, faults.any()) else {
        return person_page(&desk, Some(&member), &sent, faults).await;
    };
    let change = ChangeStaff {
        id: member.id,
        version: version(&sent),
        name: sent.get("name").to_owned(),
        role,
        offices,
        reason: sent.get("reason").to_owned(),
    };
    match desk.perform(&sent, change).await? {
        Ok(Approved::Done { .. }) => Ok(onward(&format!("{LIST}?selesai=ubah&siapa={}", member.id))),
        Ok(Approved::Asked { .. }) => Ok(onward("/petugas/persetujuan")),
        Err(refusal) => {
            person_page(&desk, Some(&member), &sent, Faults::one(field(&refusal), desk.explain(&refusal))).await
        }
    }
}

async fn invite(desk: Desk, Named(id): Named<String>, sent: Sent) -> Answer {
    let member = member(&desk, &id).await?;
    let again = InviteStaff { id: member.id, reason: sent.get("reason").to_owned() };
    let invited = desk.perform(&sent, again).await??;
    invited_page(&desk, &invited.token, invited.login.as_str(), invited.expires)
}

async fn disable(desk: Desk, Named(id): Named<String>, sent: Sent) -> Answer {
    let before = member(&desk, &id).await?;
    let disable = DisableStaff { id: before.id, version: version(&sent), reason: sent.get("alasan").to_owned() };
    let refusal = match desk.perform(&sent, disable).await? {
        Ok(()) => return Ok(onward(&format!("{LIST}?selesai=nonaktif&siapa={}", before.id))),
        Err(refusal) => refusal,
    };
    // Whoever was overtaken sees them as they are now.
    let now = member(&desk, &id).await?;
    if now.state == StaffState::Disabled {
        return Ok(onward(&format!("{LIST}?selesai=sudah&siapa={}", now.id)));
    }
    let sent = as_they_are(&now).and("alasan", sent.get("alasan"));
    person_page(&desk, Some(&now), &sent, Faults::one("alasan", desk.explain(&refusal))).await
}
