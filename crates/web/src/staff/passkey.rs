//! What a browser is asked for a passkey: data for `assets/passkey.js`, which sends the answer with the form of a page.

use antrean_app::Failure;
use antrean_app::staff::{self, Question, Site};
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse as _;
use serde_json::json;

use super::desk::Desk;
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Named, Visit};
use crate::problem::BadRequest;

/// The field with what a browser answers.
pub(super) const ANSWER_FIELD: &str = "passkey";
/// The field with the name that an owner gives a passkey.
pub(super) const NAME_FIELD: &str = "passkey_name";

pub(super) fn routes(table: Table) -> Table {
    table
        .post("/petugas/masuk/passkey", Needs::Nothing, to_sign_in)
        .post("/petugas/undangan/{token}/passkey", Needs::Nothing, to_begin)
        .post("/petugas/saya/passkey", Needs::Duty, to_add)
}

/// The site that passkeys are for, where browsers have them.
pub(super) fn site(visit: &Visit) -> Option<Site> {
    visit.state.settings.base_url.as_deref().and_then(Site::of)
}

/// The same, for what is not there without.
pub(super) fn site_or_nothing(visit: &Visit) -> Result<Site, BadRequest> {
    site(visit).ok_or(BadRequest::NotFound)
}

async fn to_sign_in(visit: Visit) -> Answer {
    let site = site_or_nothing(&visit)?;
    say(&visit, staff::to_sign_in(visit.app(), &site))
}

async fn to_begin(visit: Visit, Named(token): Named<String>) -> Answer {
    let site = site_or_nothing(&visit)?;
    say(&visit, staff::to_begin(visit.app(), visit.caller.clone(), &site, &token).await)
}

async fn to_add(desk: Desk) -> Answer {
    let site = site_or_nothing(&desk)?;
    say(&desk, staff::to_add(desk.app(), desk.caller.clone(), &site).await)
}

/// The question; or what is wrong, for the reader.
fn say(visit: &Visit, question: Result<Question, Failure>) -> Answer {
    let body = match question {
        Ok(question) => json!(question),
        Err(Failure::Refused(refusal)) => json!({ "refused": visit.explain(&refusal) }),
        Err(failure) => return Err(failure.into()),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
