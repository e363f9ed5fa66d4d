//! Signing in: ask for a code, have it sent again, exchange it for a token, end the session.

use antrean_app::limit::{DAY_S, HOUR_S};
use antrean_app::sign_in::{self, EnterCode, RequestCode, ResendCode, SignOut};
use antrean_domain::phone::Phone;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{At, Body, NoQuery, Object, Once, Shape};
use crate::caller::Who;
use crate::limits::policy;
use crate::problem::Trouble;
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(request_code))
        .routes(routes!(resend_code))
        .routes(routes!(enter_code))
        .routes(routes!(sign_out))
}

/// Where a code is to be sent.
#[derive(ToSchema)]
#[schema(example = json!({"phone": "0812-0000-1234"}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct CodeRequest {
    /// Indonesian mobile number: `08...`, `62...` or `+62...`; spaces, dashes, dots and brackets are ignored.
    #[schema(max_length = 40)]
    phone: String,
}

impl Shape for CodeRequest {
    type Read = Phone;

    fn read(object: &mut Object) -> Option<Phone> {
        let phone = object.text("phone")?;
        object.fields.phone("phone", &phone)
    }
}

/// A code is on its way.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "challenge": "5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e", "phone": "+62 812-****-1234",
    "expires": "2026-11-27T07:05:00Z", "resend_after_s": 30
}))]
pub(super) struct CodeSent {
    /// Goes back with the code; 64 hexadecimal digits. Keep it as secret as the code.
    challenge: String,
    /// The number, masked.
    phone: String,
    /// When the code stops working.
    expires: Timestamp,
    /// Seconds until another can be sent; null when no more will be.
    resend_after_s: Option<u32>,
}

impl From<sign_in::CodeSent> for CodeSent {
    fn from(sent: sign_in::CodeSent) -> Self {
        let sign_in::CodeSent { challenge, phone, expires, resend_after_s } = sent;
        Self { challenge, phone, expires, resend_after_s }
    }
}

/// Asks for a one-time code by SMS.
///
/// The answer is the same whether the number is known or not. The code has six digits.
#[utoipa::path(
    post, path = "/api/v1/sessions/codes", tag = "sessions", operation_id = "request_code",
    request_body = CodeRequest,
    responses((status = 202, description = "A code is on its way.", body = CodeSent))
)]
async fn request_code(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Body(phone): Body<CodeRequest>,
) -> Result<Response, Trouble> {
    let sent = state.app.perform(caller, None, RequestCode { phone }).await?;
    let mut response = (StatusCode::ACCEPTED, Json(CodeSent::from(sent))).into_response();
    policy(response.headers_mut(), "phone", state.app.policy().codes_per_phone_hour, HOUR_S as u32);
    policy(response.headers_mut(), "phone-day", state.app.policy().codes_per_phone_day, DAY_S as u32);
    Ok(response)
}

/// Sends the same code once more.
///
/// Possible 30, then 60, then 120 seconds after the last; after that only a new code helps.
#[utoipa::path(
    post, path = "/api/v1/sessions/codes/{challenge}/resend", tag = "sessions", operation_id = "resend_code",
    params(("challenge" = String, Path, description = "As in the answer to the request for the code.")),
    responses((status = 202, description = "The code is on its way again.", body = CodeSent))
)]
async fn resend_code(
    State(state): State<WebState>,
    Who(caller): Who,
    At(challenge): At,
    _: NoQuery,
) -> Result<Response, Trouble> {
    let sent = state.app.perform(caller, None, ResendCode { challenge }).await?;
    Ok((StatusCode::ACCEPTED, Json(CodeSent::from(sent))).into_response())
}

/// A code to be exchanged for a session.
#[derive(ToSchema)]
#[schema(example = json!({
    "challenge": "5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e5f1c0e7bd2a94c8e", "code": "402913"
}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct CodeAnswer {
    /// As in the answer to the request for the code.
    challenge: String,
    /// The six digits of the message; spaces and dashes are ignored.
    code: String,
}

impl Shape for CodeAnswer {
    type Read = EnterCode;

    fn read(object: &mut Object) -> Option<EnterCode> {
        let challenge = object.text("challenge");
        let code = object.text("code").and_then(|code| object.fields.code("code", &code));
        Some(EnterCode { challenge: challenge?, code: code? })
    }
}

/// Signed in.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "token": "c7be1ed902fb8dd4d48997c6452f5d7ec7be1ed902fb8dd4d48997c6452f5d7e", "token_type": "Bearer",
    "complete": false, "expires_in_s": 2_592_000
}))]
pub(super) struct Session {
    /// Goes into `Authorization: Bearer`; 64 hexadecimal digits, shown once.
    token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Whether the holder has said who they are; if not, `PUT /api/v1/me` comes next.
    complete: bool,
    /// Seconds for which the session holds without being used.
    expires_in_s: u32,
}

/// Exchanges a code for a session.
///
/// An account has one session: signing in on a new device ends the old one. Five wrong codes make the code useless.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions", operation_id = "sign_in",
    request_body = CodeAnswer,
    responses((status = 201, description = "Signed in.", body = Session))
)]
async fn enter_code(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Body(answer): Body<CodeAnswer>,
) -> Result<Response, Trouble> {
    let signed_in = state.app.perform(caller, None, answer).await?;
    let session = Session {
        token: signed_in.session,
        token_type: "Bearer",
        complete: signed_in.complete,
        expires_in_s: state.app.policy().session_days.saturating_mul(DAY_S as u32),
    };
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

/// Ends the session.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current", tag = "sessions", operation_id = "sign_out",
    responses((status = 204, description = "The session has ended."))
)]
async fn sign_out(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
) -> Result<StatusCode, Trouble> {
    state.app.perform(caller, Some(key), SignOut {}).await?;
    Ok(StatusCode::NO_CONTENT)
}
