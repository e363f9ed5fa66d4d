//! Coming in: an invitation that is used once, signing in with password and second factor or with a passkey, signing out.

use antrean_app::staff::{self, LinkView, SignOutStaff, Site, StaffRefusal, StaffSignedIn};
use antrean_app::{Failure, Refusal};
use antrean_domain::staff::{Login, PASSWORD_MIN, Password, PasswordError};
use antrean_words::Arg;
use askama::Template;
use axum::response::Response;

use super::passkey::{self, ANSWER_FIELD, NAME_FIELD};
use super::table::{Needs, SIGN_IN, Table};
use crate::caller::{STAFF_PREFIX, known_cookie, staff_cookie};
use crate::pages::Page;
use crate::pages::qr;
use crate::pages::visit::{Answer, Faults, Named, Sent, Visit, onward, onward_with, show};

pub(super) fn routes(table: Table) -> Table {
    table
        .get(SIGN_IN, Needs::Nothing, ask)
        .post(SIGN_IN, Needs::Nothing, sign_in)
        .get("/petugas/undangan/{token}", Needs::Nothing, invitation)
        .post("/petugas/undangan/{token}", Needs::Nothing, begin)
        .post("/petugas/keluar", Needs::Nothing, sign_out)
}

#[derive(Template)]
#[template(path = "staff/sign_in.html")]
struct SignInPage {
    page: Page,
    faults: Faults,
    login: String,
    onward: Option<String>,
    site: Option<Site>,
}

async fn ask(visit: Visit, sent: Sent) -> Answer {
    let on_duty = visit.caller.staff.is_some()
        && visit.app().ask(visit.caller.clone(), |tx, cx| staff::admit(tx, cx, None, None)).await.is_ok();
    if on_duty {
        return Ok(onward(goal(&sent)));
    }
    sign_in_page(&visit, &sent, Faults::none())
}

/// Where somebody wanted to go: a page of staff, or their start page.
fn goal(sent: &Sent) -> &str {
    sent.onward().filter(|path| is_page_of_staff(path)).unwrap_or(STAFF_PREFIX)
}

/// Whether a path of this site is one of staff as it is written: browsers take steps up, also written `%2e%2e`, and would leave.
fn is_page_of_staff(path: &str) -> bool {
    let written = path.split(['?', '#']).next().unwrap_or_default();
    let steps = written.split('/').skip(1);
    crate::caller::is_staff(written)
        && !steps
            .map(str::to_ascii_lowercase)
            .any(|step| step.is_empty() || matches!(step.replace("%2e", ".").as_str(), "." | ".."))
}

fn sign_in_page(visit: &Visit, sent: &Sent, faults: Faults) -> Answer {
    let page = SignInPage {
        page: visit.page("staff-sign-in-title", &faults),
        login: sent.get("login").to_owned(),
        onward: sent.onward().map(str::to_owned),
        site: passkey::site(visit),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn sign_in(visit: Visit, sent: Sent) -> Answer {
    if !sent.get(ANSWER_FIELD).is_empty() {
        return sign_in_by_passkey(&visit, &sent).await;
    }
    let mut faults = Faults::none();
    let login = Login::parse(sent.get("login"));
    if login.is_err() {
        faults.add("login", visit.words.say("staff-login-wrong"));
    }
    // A password may begin or end with a space: it is taken as it was typed.
    let password = sent.all("password").first().and_then(|text| Password::typed(text));
    if password.is_none() {
        faults.add("password", visit.words.say("staff-password-missing"));
    }
    if sent.get("code").is_empty() {
        faults.add("code", visit.words.say("staff-code-missing"));
    }
    let (Ok(login), Some(password), false) = (login, password, faults.any()) else {
        return sign_in_page(&visit, &sent, faults);
    };
    let code = sent.get("code");
    match staff::sign_in(visit.app(), visit.caller.clone(), login, password, code).await {
        Ok(signed_in) => Ok(come_in(&visit, &signed_in, goal(&sent))),
        Err(Failure::Refused(refusal)) => sign_in_page(&visit, &sent, Faults::one("login", visit.explain(&refusal))),
        Err(failure) => Err(failure.into()),
    }
}

async fn sign_in_by_passkey(visit: &Visit, sent: &Sent) -> Answer {
    let site = passkey::site_or_nothing(visit)?;
    match staff::sign_in_by_passkey(visit.app(), visit.caller.clone(), &site, sent.get(ANSWER_FIELD)).await {
        Ok(signed_in) => Ok(come_in(visit, &signed_in, goal(sent))),
        Err(Failure::Refused(refusal)) => sign_in_page(visit, sent, Faults::one(ANSWER_FIELD, visit.explain(&refusal))),
        Err(failure) => Err(failure.into()),
    }
}

fn come_in(visit: &Visit, signed_in: &StaffSignedIn, to: &str) -> Response {
    let settings = &visit.state.settings;
    let session = staff_cookie(settings, &signed_in.session);
    let known = signed_in.mark.as_ref().map(|mark| known_cookie(settings, mark, &visit.caller.browser));
    onward_with(to, std::iter::once(session).chain(known))
}

#[derive(Template)]
#[template(path = "staff/invitation.html")]
struct InvitationPage {
    page: Page,
    faults: Faults,
    here: String,
    begin: String,
    link: LinkView,
    qr: String,
    password_hint: String,
    until: String,
    site: Option<Site>,
    passkey_name: String,
}

async fn invitation(visit: Visit, Named(token): Named<String>) -> Answer {
    invitation_page(&visit, token, &Sent::default(), Faults::none()).await
}

async fn invitation_page(visit: &Visit, token: String, sent: &Sent, faults: Faults) -> Answer {
    let asked = token.clone();
    let link = visit.app().ask(visit.caller.clone(), move |tx, cx| staff::link(tx, cx, &asked)).await?;
    let page = InvitationPage {
        page: visit.page("staff-invitation-title", &faults),
        qr: qr::svg(&link.address, &visit.words.say("staff-invitation-qr")).unwrap_or_default(),
        password_hint: visit.words.say_with("staff-password-hint", &[("min", Arg::from(PASSWORD_MIN))]),
        until: visit.words.instant(link.expires, antrean_app::caller::HOME_ZONE),
        site: passkey::site(visit),
        passkey_name: passkey_name(visit, sent),
        here: format!("/petugas/undangan/{token}"),
        begin: format!("/petugas/undangan/{token}/passkey"),
        link,
        faults,
    };
    show(page.faults.status(), &page)
}

/// What stands in the field for the name of a passkey: what was typed, or a name to begin with.
pub(super) fn passkey_name(visit: &Visit, sent: &Sent) -> String {
    match sent.all(NAME_FIELD).first() {
        Some(typed) => (*typed).to_owned(),
        None => visit.words.say("staff-passkey-name-first"),
    }
}

/// A new password as it was typed twice, or what is wrong with it.
pub(super) fn new_password(visit: &Visit, sent: &Sent, login: &Login, faults: &mut Faults) -> Option<Password> {
    let (first, second) = (sent.all("new_password"), sent.all("again"));
    let typed = first.first().copied().unwrap_or_default();
    match Password::choose(typed, login) {
        Ok(_) if second.first() != Some(&typed) => {
            faults.add("again", visit.words.say("staff-password-differs"));
            None
        }
        Ok(password) => Some(password),
        Err(error) => {
            let words = visit.words;
            faults.add(
                "new_password",
                match error {
                    PasswordError::Short { found } => {
                        let args = [("min", Arg::from(PASSWORD_MIN)), ("found", Arg::from(found))];
                        words.say_with("staff-password-short", &args)
                    }
                    PasswordError::Long => words.say("staff-password-long"),
                    PasswordError::Obvious => words.say("staff-password-obvious"),
                },
            );
            None
        }
    }
}

async fn begin(visit: Visit, Named(token): Named<String>, sent: Sent) -> Answer {
    if !sent.get(ANSWER_FIELD).is_empty() {
        return begin_with_passkey(&visit, token, &sent).await;
    }
    let asked = token.clone();
    let link = visit.app().ask(visit.caller.clone(), move |tx, cx| staff::link(tx, cx, &asked)).await?;
    let mut faults = Faults::none();
    let password = new_password(&visit, &sent, &link.login, &mut faults);
    if sent.get("code").is_empty() {
        faults.add("code", visit.words.say("staff-code-missing"));
    }
    let (Some(password), false) = (password, faults.any()) else {
        return invitation_page(&visit, token, &sent, faults).await;
    };
    match staff::begin(visit.app(), visit.caller.clone(), &token, password, sent.get("code")).await {
        Ok(signed_in) => Ok(come_in(&visit, &signed_in, STAFF_PREFIX)),
        Err(Failure::Refused(refusal @ Refusal::Staff(StaffRefusal::SecondFactorWrong))) => {
            invitation_page(&visit, token, &sent, Faults::one("code", visit.explain(&refusal))).await
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn begin_with_passkey(visit: &Visit, token: String, sent: &Sent) -> Answer {
    let site = passkey::site_or_nothing(visit)?;
    let (name, answer) = (sent.get(NAME_FIELD), sent.get(ANSWER_FIELD));
    match staff::begin_with_passkey(visit.app(), visit.caller.clone(), &site, &token, name, answer).await {
        Ok(signed_in) => Ok(come_in(visit, &signed_in, STAFF_PREFIX)),
        // Where the link is gone, the page says so.
        Err(Failure::Refused(refusal)) => invitation_page(visit, token, sent, passkey_faults(visit, &refusal)).await,
        Err(failure) => Err(failure.into()),
    }
}

/// What is wrong with a new passkey, at its name or at the whole.
pub(super) fn passkey_faults(visit: &Visit, refusal: &Refusal) -> Faults {
    let of_name = matches!(refusal, Refusal::Staff(StaffRefusal::PasskeyNameMissing { .. }));
    Faults::one(if of_name { NAME_FIELD } else { ANSWER_FIELD }, visit.explain(refusal))
}

async fn sign_out(visit: Visit) -> Answer {
    // Whoever has no session any more is signed out already.
    let _ended = visit.app().perform(visit.caller.clone(), None, SignOutStaff {}).await;
    Ok(onward_with(SIGN_IN, [staff_cookie(&visit.state.settings, "")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signs_in_goes_on_to_a_page_of_staff_and_nowhere_else() {
        let to = |next: &str| goal(&Sent::of([("lanjut", next.to_owned())])).to_owned();
        for own in ["/petugas", "/petugas/BTM/pintu", "/petugas/BTM/angka?dari=2026-12-01&sampai=2026-12-02"] {
            assert_eq!(to(own), own);
        }
        for other in [
            "",
            "/",
            "/saya",
            "/petugasku",
            "//evil.example/petugas",
            "/\\evil.example/petugas",
            "https://evil.example/petugas",
            "petugas",
            "/petugas//evil.example",
            "/petugas/../saya",
            "/petugas/..//evil.example",
            "/petugas/%2e%2E/saya",
            "/petugas/.%2e/saya",
            "/petugas/./BTM",
            "/petugas\r\nSet-Cookie: x=1",
            "/petugas/BTM\tpintu",
            "javascript:alert(1)//petugas",
        ] {
            assert_eq!(to(other), "/petugas", "{other:?}");
        }
    }
}
