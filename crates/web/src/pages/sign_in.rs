//! Signing in and out: a phone number, the six digits that it got, and back to where the person was going.

use antrean_app::Refusal;
use antrean_app::sign_in::{CodeSent, EnterCode, RequestCode, ResendCode, SignOut};
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue};
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};

use crate::caller::{cookie, kept_cookie, no_session_cookie, session_cookie};
use crate::input::Fields;
use crate::pages::Page;
use crate::pages::visit::{Answer, Faults, Sent, Visit, onward, onward_with, show, with_onward};
use crate::state::WebState;

/// Binds the code to the device that asked for it.
const CHALLENGE_COOKIE: &str = "antrean_kode";
/// Longer than any code holds, so that the page can say that it has expired.
const CHALLENGE_KEPT_S: u64 = 30 * 60;
/// Where a person who signed in without a goal lands.
const HOME: &str = "/saya";

/// Signing in and out.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/masuk", get(ask_phone).post(send_code))
        .route("/masuk/kode", get(ask_code).post(enter_code))
        .route("/masuk/kode/ulang", get(back_to_code).post(resend))
        .route("/keluar", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct PhonePage {
    page: Page,
    faults: Faults,
    key: String,
    phone: String,
    onward: Option<String>,
    /// Why somebody who was signed in has to do it again.
    ended: Option<String>,
}

async fn ask_phone(visit: Visit, sent: Sent) -> Answer {
    let signed_in = visit.caller.session.is_some() && visit.mine().await.is_ok();
    if signed_in {
        return Ok(onward(sent.onward().unwrap_or(HOME)));
    }
    phone_page(&visit, &sent, Faults::none())
}

fn phone_page(visit: &Visit, sent: &Sent, faults: Faults) -> Answer {
    let page = PhonePage {
        page: visit.page("sign-in-title", &faults),
        key: visit.new_key(),
        phone: sent.get("phone").to_owned(),
        onward: sent.onward().map(str::to_owned),
        // The page is shown only to those whose session is good no more, if they have one at all.
        ended: visit.caller.session.is_some().then(|| visit.explain(&Refusal::SignedOut)),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn send_code(visit: Visit, sent: Sent) -> Answer {
    let mut fields = Fields::new(visit.app().now());
    let Some(phone) = fields.phone("phone", sent.get("phone")) else {
        return phone_page(&visit, &sent, Faults::read(&fields.wrong(), visit.words));
    };
    match visit.perform(&sent, RequestCode { phone }).await? {
        Ok(code) => {
            let challenge = Challenge::of(&code, visit.app().now());
            Ok(onward_with(&code_path(&sent), [challenge.to_cookie(&visit)]))
        }
        Err(refusal) => phone_page(&visit, &sent, Faults::one("phone", visit.explain(&refusal))),
    }
}

/// The page that asks for the code, with the goal kept.
fn code_path(sent: &Sent) -> String {
    sent.onward().map_or_else(|| "/masuk/kode".to_owned(), |goal| with_onward("/masuk/kode", goal))
}

/// What the device remembers between asking for a code and entering it.
struct Challenge {
    token: String,
    /// When another code can be sent; `None` when no more will be.
    resend_at: Option<Timestamp>,
    /// The number, masked.
    phone: String,
}

impl Challenge {
    fn of(code: &CodeSent, now: Timestamp) -> Self {
        let resend_at = code.resend_after_s.map(|seconds| now + SignedDuration::from_secs(i64::from(seconds)));
        Self { token: code.challenge.clone(), resend_at, phone: code.phone.clone() }
    }

    fn to_cookie(&self, visit: &Visit) -> HeaderValue {
        let resend_at = self.resend_at.map_or(0, Timestamp::as_second);
        // Cookies hold no spaces.
        let value = format!("{}.{resend_at}.{}", self.token, self.phone.replace(' ', "_"));
        kept_cookie(&visit.state.settings, CHALLENGE_COOKIE, &value, CHALLENGE_KEPT_S)
    }

    fn from_cookie(headers: &HeaderMap) -> Option<Self> {
        let mut parts = cookie(headers, CHALLENGE_COOKIE)?.splitn(3, '.');
        let (token, resend_at, phone) = (parts.next()?, parts.next()?, parts.next()?);
        let resend_at = resend_at
            .parse()
            .ok()
            .filter(|seconds| *seconds > 0)
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        Some(Self { token: token.to_owned(), resend_at, phone: phone.replace('_', " ") })
    }

    /// Whole seconds until another code can be sent.
    fn wait_s(&self, now: Timestamp) -> Option<i64> {
        self.resend_at.map(|at| at.duration_since(now).as_secs().max(0))
    }
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct CodePage {
    page: Page,
    faults: Faults,
    key: String,
    /// Where the code went. What was typed is not shown again: a wrong code is typed anew.
    sent_to: String,
    onward: Option<String>,
    /// What to do to get the code once more; `None` when it is sent no more.
    wait: Option<String>,
    resent: bool,
    /// The code is dead: only a new one helps.
    dead: bool,
}

async fn ask_code(visit: Visit, headers: HeaderMap, sent: Sent) -> Answer {
    let Some(challenge) = Challenge::from_cookie(&headers) else { return Ok(onward(&sign_in_path(&sent))) };
    code_page(&visit, &sent, &challenge, Faults::none(), false)
}

fn sign_in_path(sent: &Sent) -> String {
    sent.onward().map_or_else(|| "/masuk".to_owned(), |goal| with_onward("/masuk", goal))
}

/// A number that stays on one line.
fn unbroken(phone: &str) -> String {
    phone.replace(' ', "\u{a0}").replace('-', "\u{2011}")
}

fn code_page(visit: &Visit, sent: &Sent, challenge: &Challenge, faults: Faults, dead: bool) -> Answer {
    let page = CodePage {
        page: visit.page("sign-in-code-title", &faults),
        key: visit.new_key(),
        onward: sent.onward().map(str::to_owned),
        wait: challenge.wait_s(visit.app().now()).map(|seconds| match seconds {
            0 => visit.words.say("sign-in-resend-now"),
            _ => visit.words.say_with("sign-in-resend-wait", &[("seconds", Arg::from(seconds))]),
        }),
        sent_to: visit.words.say_with("sign-in-code-sent", &[("phone", Arg::from(unbroken(&challenge.phone)))]),
        resent: sent.has("ulang", "1") && !faults.any(),
        dead,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn enter_code(visit: Visit, headers: HeaderMap, sent: Sent) -> Answer {
    let Some(challenge) = Challenge::from_cookie(&headers) else { return Ok(onward(&sign_in_path(&sent))) };
    let mut fields = Fields::new(visit.app().now());
    let Some(code) = fields.code("code", sent.get("code")) else {
        return code_page(&visit, &sent, &challenge, Faults::read(&fields.wrong(), visit.words), false);
    };
    // Without a key: its answer would be kept, and it holds the session.
    let unkeyed = Sent::default();
    match visit.perform(&unkeyed, EnterCode { challenge: challenge.token.clone(), code }).await? {
        Ok(signed_in) => {
            let goal = sent.onward().unwrap_or(HOME);
            let settings = &visit.state.settings;
            let cookies = [
                session_cookie(settings, &signed_in.session, visit.app().policy().session_days),
                kept_cookie(settings, CHALLENGE_COOKIE, "", 0),
            ];
            let next = if signed_in.complete { goal.to_owned() } else { with_onward("/daftar", goal) };
            Ok(onward_with(&next, cookies))
        }
        Err(refusal) => {
            let dead = matches!(refusal, Refusal::CodeExpired | Refusal::CodeWrong { tries_left: 0 });
            code_page(&visit, &sent, &challenge, Faults::one("code", visit.explain(&refusal)), dead)
        }
    }
}

/// Who comes here by GET has signed in meanwhile or pressed "reload".
async fn back_to_code(sent: Sent) -> Answer {
    Ok(onward(&code_path(&sent)))
}

async fn resend(visit: Visit, headers: HeaderMap, sent: Sent) -> Answer {
    let Some(challenge) = Challenge::from_cookie(&headers) else { return Ok(onward(&sign_in_path(&sent))) };
    match visit.perform(&sent, ResendCode { challenge: challenge.token.clone() }).await? {
        Ok(code) => {
            let again = Challenge::of(&code, visit.app().now());
            let path = code_path(&sent);
            let mark = if path.contains('?') { '&' } else { '?' };
            Ok(onward_with(&format!("{path}{mark}ulang=1"), [again.to_cookie(&visit)]))
        }
        Err(refusal) => {
            let dead = matches!(refusal, Refusal::CodeExpired);
            code_page(&visit, &sent, &challenge, Faults::one("code", visit.explain(&refusal)), dead)
        }
    }
}

async fn sign_out(visit: Visit, sent: Sent) -> Answer {
    // Whoever has no session any more is signed out already.
    let _ended = visit.perform(&sent, SignOut {}).await;
    Ok(onward_with("/", [no_session_cookie(&visit.state.settings)]))
}
