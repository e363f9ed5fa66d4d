//! One's own sign-in: who one is here, another password, and one's passkeys.

use antrean_app::staff::{self, RemovePasskey, Site};
use antrean_app::{Failure, Refusal};
use antrean_domain::staff::{Login, PASSWORD_MIN, Password};
use antrean_store::ids::PasskeyId;
use antrean_words::Arg;
use askama::Template;

use super::desk::{Desk, Screen};
use super::passkey::{self, ANSWER_FIELD, NAME_FIELD};
use super::sign_in::{new_password, passkey_faults, passkey_name};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, onward, show};
use crate::problem::Trouble;

/// The field that names a passkey to be removed.
const REMOVE_FIELD: &str = "hapus";

pub(super) fn routes(table: Table) -> Table {
    table.get("/petugas/saya", Needs::Duty, own).post("/petugas/saya", Needs::Duty, change)
}

#[derive(Template)]
#[template(path = "staff/own.html")]
struct OwnPage {
    page: Screen,
    faults: Faults,
    login: String,
    has_password: bool,
    password_hint: String,
    site: Option<Site>,
    passkeys: Vec<Key>,
    passkey_name: String,
    done: Option<Done>,
}

/// A passkey as it is shown.
struct Key {
    id: PasskeyId,
    name: String,
    created: String,
    used: Option<String>,
}

/// What was just done, in the keys of its words.
struct Done {
    title: &'static str,
    detail: &'static str,
}

async fn own(desk: Desk, sent: Sent) -> Answer {
    let done = match sent.get("ganti") {
        "1" => Some(Done { title: "staff-own-changed", detail: "staff-own-changed-detail" }),
        "passkey" => Some(Done { title: "staff-passkey-added", detail: "staff-passkey-added-detail" }),
        REMOVE_FIELD => Some(Done { title: "staff-passkey-removed", detail: "staff-passkey-removed-detail" }),
        _ => None,
    };
    own_page(&desk, &Sent::default(), Faults::none(), done).await
}

async fn own_page(desk: &Desk, sent: &Sent, faults: Faults, done: Option<Done>) -> Answer {
    let ways = desk.app().ask(desk.caller.clone(), staff::ways_in).await?;
    let when = |at| desk.words().instant(at, desk.zone());
    let shown = ways.passkeys.into_iter().map(|passkey| Key {
        id: passkey.id,
        name: passkey.name,
        created: when(passkey.created),
        used: passkey.used.map(when),
    });
    let page = OwnPage {
        page: desk.screen("staff-own-title", &faults),
        login: desk.officer.login.clone(),
        has_password: ways.has_password,
        password_hint: desk.words().say_with("staff-password-hint", &[("min", Arg::from(PASSWORD_MIN))]),
        site: passkey::site(desk),
        passkeys: shown.collect(),
        passkey_name: passkey_name(desk, sent),
        done,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn change(desk: Desk, sent: Sent) -> Answer {
    if !sent.get(ANSWER_FIELD).is_empty() {
        return add_passkey(&desk, &sent).await;
    }
    if !sent.get(REMOVE_FIELD).is_empty() {
        return remove_passkey(&desk, &sent).await;
    }
    let login = Login::parse(&desk.officer.login).map_err(|_| Trouble::Broken)?;
    let mut faults = Faults::none();
    let old = sent.all("password").first().and_then(|text| Password::typed(text));
    if old.is_none() {
        faults.add("password", desk.words().say("staff-password-missing"));
    }
    let new = new_password(&desk, &sent, &login, &mut faults);
    let (Some(old), Some(new), false) = (old, new, faults.any()) else {
        return own_page(&desk, &sent, faults, None).await;
    };
    let wrong = match staff::change_password(desk.app(), desk.caller.clone(), old, new).await {
        Ok(()) => return Ok(onward("/petugas/saya?ganti=1")),
        Err(Failure::Refused(Refusal::Staff(staff::StaffRefusal::SignInWrong))) => {
            desk.words().say("staff-password-old-wrong")
        }
        Err(Failure::Refused(refusal)) => desk.explain(&refusal),
        Err(failure) => return Err(failure.into()),
    };
    own_page(&desk, &sent, Faults::one("password", wrong), None).await
}

async fn add_passkey(desk: &Desk, sent: &Sent) -> Answer {
    let site = passkey::site_or_nothing(desk)?;
    let (name, answer) = (sent.get(NAME_FIELD), sent.get(ANSWER_FIELD));
    match staff::add(desk.app(), desk.caller.clone(), &site, name, answer).await {
        Ok(()) => Ok(onward("/petugas/saya?ganti=passkey")),
        Err(Failure::Refused(refusal)) => own_page(desk, sent, passkey_faults(desk, &refusal), None).await,
        Err(failure) => Err(failure.into()),
    }
}

async fn remove_passkey(desk: &Desk, sent: &Sent) -> Answer {
    // What is no number is the number of none.
    let id = PasskeyId(sent.get(REMOVE_FIELD).parse().unwrap_or(0));
    match desk.app().perform(desk.caller.clone(), None, RemovePasskey { id }).await {
        Ok(()) => Ok(onward("/petugas/saya?ganti=hapus")),
        Err(Failure::Refused(refusal)) => own_page(desk, sent, passkey_faults(desk, &refusal), None).await,
        Err(failure) => Err(failure.into()),
    }
}
