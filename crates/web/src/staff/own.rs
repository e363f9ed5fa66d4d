//! One's own sign-in: who one is here, and another password.

use antrean_app::staff;
use antrean_app::{Failure, Refusal};
use antrean_domain::staff::{Login, PASSWORD_MIN, Password};
use antrean_words::Arg;
use askama::Template;

use super::desk::{Desk, Screen};
use super::sign_in::new_password;
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, onward, show};
use crate::problem::Trouble;

pub(super) fn routes(table: Table) -> Table {
    table.get("/petugas/saya", Needs::Duty, own).post("/petugas/saya", Needs::Duty, change)
}

#[derive(Template)]
#[template(path = "staff/own.html")]
struct OwnPage {
    page: Screen,
    faults: Faults,
    login: String,
    password_hint: String,
    changed: bool,
}

async fn own(desk: Desk, sent: Sent) -> Answer {
    own_page(&desk, Faults::none(), sent.has("ganti", "1"))
}

fn own_page(desk: &Desk, faults: Faults, changed: bool) -> Answer {
    let page = OwnPage {
        page: desk.screen("staff-own-title", &faults),
        login: desk.officer.login.clone(),
        password_hint: desk.words().say_with("staff-password-hint", &[("min", Arg::from(PASSWORD_MIN))]),
        changed,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn change(desk: Desk, sent: Sent) -> Answer {
    let login = Login::parse(&desk.officer.login).map_err(|_| Trouble::Broken)?;
    let mut faults = Faults::none();
    let old = sent.all("password").first().and_then(|text| Password::typed(text));
    if old.is_none() {
        faults.add("password", desk.words().say("staff-password-missing"));
    }
    let new = new_password(&desk, &sent, &login, &mut faults);
    let (Some(old), Some(new), false) = (old, new, faults.any()) else {
        return own_page(&desk, faults, false);
    };
    match staff::change_password(desk.app(), desk.caller.clone(), old, new).await {
        Ok(()) => Ok(onward("/petugas/saya?ganti=1")),
        Err(Failure::Refused(Refusal::Staff(staff::StaffRefusal::SignInWrong))) => {
            own_page(&desk, Faults::one("password", desk.words().say("staff-password-old-wrong")), false)
        }
        Err(Failure::Refused(refusal)) => own_page(&desk, Faults::one("password", desk.explain(&refusal)), false),
        Err(failure) => Err(failure.into()),
    }
}
