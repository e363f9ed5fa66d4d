//! What goes wrong between a request and its answer: one enum for all of it, a status for each, RFC 9457 for programs.
//!
//! Handlers return [`Trouble`] (or anything that turns into it). It travels in the answer's extensions to the layer
//! in `lib.rs`, which knows the address, the language and the trace id, and renders it: a problem document under `/api`,
//! an error page everywhere else (`pages::error::render`). So do answers that axum itself refuses with: 404, 405, 413.

use std::sync::Arc;

use antrean_app::caller::Language;
use antrean_app::day::DayRefusal;
use antrean_app::limit::Limited;
use antrean_app::staff::StaffRefusal;
use antrean_app::{Failure, Refusal};
use antrean_domain::catalogue::Catalogue;
use antrean_words::{Arg, Explained, Words};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::input::FieldErrors;

/// Seconds after which a client may come back when too much work was waiting, where nobody knows better.
pub const BUSY_RETRY_S: u32 = 2;
/// Seconds after which a request whose body was too slow may be sent again: it was the line, and the line may be better at once.
const SLOW_RETRY_S: u32 = 1;

/// Why a request got no good answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// A rule says no.
    Refused(Refusal),
    /// Fields are missing, unknown or cannot be read.
    Fields(FieldErrors),
    /// The request itself is not usable.
    Request(BadRequest),
    /// Too much work is waiting, or it took too long.
    Busy,
    /// Our fault; it was logged where it happened.
    Broken,
}

/// Why a request is not usable, whatever it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRequest {
    /// No JSON; where it stops being some.
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// Longer than [`crate::BODY_BYTES_MAX`].
    TooLarge,
    /// Another content type than this address reads.
    MediaType,
    /// A form or query that cannot be taken apart.
    NotAForm,
    /// The connection ended before the body did.
    Interrupted,
    /// The body did not arrive in time.
    TooSlow,
    /// No `Idempotency-Key` where one is needed.
    KeyMissing,
    /// An `Idempotency-Key` of more than 255 characters or with others than visible ASCII.
    KeyUnusable,
    /// Nothing lives at this address.
    NotFound,
    /// A page of an office that there is not.
    NoSuchOffice,
    /// The address does not take this method.
    Method,
    /// A form that another site's page has sent.
    OtherSite,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Busy => Self::Busy,
            Failure::Broken => Self::Broken,
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FieldErrors> for Trouble {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl From<BadRequest> for Trouble {
    fn from(bad: BadRequest) -> Self {
        Self::Request(bad)
    }
}

impl Trouble {
    /// The trouble behind a bare status that axum or a layer answered with; `None` for statuses that are none.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(BadRequest::NotFound.into()),
            StatusCode::METHOD_NOT_ALLOWED => Some(BadRequest::Method.into()),
            StatusCode::FORBIDDEN => Some(BadRequest::OtherSite.into()),
            StatusCode::PAYLOAD_TOO_LARGE => Some(BadRequest::TooLarge.into()),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(BadRequest::MediaType.into()),
            StatusCode::TOO_MANY_REQUESTS => {
                Some(Refusal::TooMany { what: Limited::Requests, retry_after_s: 60 }.into())
            }
            StatusCode::REQUEST_TIMEOUT => Some(BadRequest::TooSlow.into()),
            StatusCode::SERVICE_UNAVAILABLE => Some(Self::Busy),
            other if other.is_client_error() => Some(BadRequest::NotAForm.into()),
            other if other.is_server_error() => Some(Self::Broken),
            _ => None,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => status_of(refusal),
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Request(bad) => bad.status(),
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Fields(_) => "fields",
            Self::Request(bad) => bad.code(),
            Self::Busy => "busy",
            Self::Broken => "broken",
        }
    }

    /// Seconds for `Retry-After`, where waiting helps.
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Refused(Refusal::TooMany { retry_after_s, .. } | Refusal::NotYourTurn { retry_after_s, .. }) => {
                Some(*retry_after_s)
            }
            Self::Refused(Refusal::ResendTooSoon { seconds }) => Some(*seconds),
            Self::Request(BadRequest::TooSlow) => Some(SLOW_RETRY_S),
            Self::Busy => Some(BUSY_RETRY_S),
            _ => None,
        }
    }
}

/// Carries a trouble from where it happened to the layer that renders it.
#[derive(Debug, Clone)]
pub(crate) struct Carried(pub Arc<Trouble>);

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            if let Self::Refused(Refusal::TooMany { .. }) = &self
                && let Ok(none_left) = HeaderValue::try_from(format!("\"limit\";r=0;t={seconds}"))
            {
                response.headers_mut().insert("ratelimit", none_left);
            }
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

impl BadRequest {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotJson { .. }
            | Self::NotUtf8
            | Self::NotAForm
            | Self::Interrupted
            | Self::KeyMissing
            | Self::KeyUnusable => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound | Self::NoSuchOffice => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::OtherSite => StatusCode::FORBIDDEN,
        }
    }

    /// The stable name for programs; with `problem-` in front also the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not-json",
            Self::NotUtf8 => "not-utf8",
            Self::TooLarge => "too-large",
            Self::MediaType => "media-type",
            Self::NotAForm => "not-a-form",
            Self::Interrupted => "interrupted",
            Self::TooSlow => "too-slow",
            Self::KeyMissing => "idempotency-key-missing",
            Self::KeyUnusable => "idempotency-key-unusable",
            Self::NotFound => "not-found",
            Self::NoSuchOffice => "no-such-office",
            Self::Method => "method-not-allowed",
            Self::OtherSite => "other-site",
        }
    }
}

/// The status of a refusal (interface.md section 9).
pub fn status_of(refusal: &Refusal) -> StatusCode {
    use Refusal as R;
    match refusal {
        R::TooMany { .. } | R::ResendTooSoon { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::SignedOut => StatusCode::UNAUTHORIZED,
        R::NotOpenYet { .. }
        | R::NotDrawnYet { .. }
        | R::PersonRests { .. }
        | R::LineNotOpen { .. }
        | R::NotYourTurn { .. }
        | R::PlaceTokenInvalid => StatusCode::FORBIDDEN,
        R::PersonUnknown
        | R::ReleaseUnknown
        | R::EntryUnknown
        | R::SlotUnknown
        | R::TicketUnknown
        | R::NoWaitingRoom => StatusCode::NOT_FOUND,
        R::DetailsMissing
        | R::FamilyFull { .. }
        | R::AlreadyInFamily
        | R::InLiveParty
        | R::OtherMode { .. }
        | R::AccountHasLive { .. }
        | R::PersonHasLive { .. }
        | R::EntryFinal
        | R::SlotFull { .. }
        | R::SlotClosed { .. }
        | R::NotPossibleNow { .. }
        | R::HolderChanged
        | R::MovedAlready => StatusCode::CONFLICT,
        R::CodeExpired | R::EntriesClosed { .. } | R::BookingClosed { .. } | R::LineOver => StatusCode::GONE,
        R::CodeWrong { .. }
        | R::ConsentMissing
        | R::Underage { .. }
        | R::NobodyChosen
        | R::PartyTooLarge { .. }
        | R::PersonTwice { .. }
        | R::NoChoice
        | R::TooManyChoices { .. }
        | R::ChoiceTwice { .. }
        | R::OfficeUnknown { .. }
        | R::OfficeNotInRelease { .. }
        | R::NothingMatches { .. }
        | R::NotOfferedHere { .. }
        | R::NeverFits { .. }
        | R::TooLateToMove { .. }
        | R::SameSlot
        | R::OtherRelease { .. }
        | R::PlanRefused { .. }
        | R::BeaconRefused { .. }
        | R::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        R::Staff(refusal) => status_of_staff(refusal),
        R::Day(refusal) => status_of_day(refusal),
    }
}

fn status_of_staff(refusal: &StaffRefusal) -> StatusCode {
    use StaffRefusal as R;
    match refusal {
        R::SignedOut => StatusCode::UNAUTHORIZED,
        R::TaskNotYours { .. } | R::OfficeNotYours { .. } | R::SecondPersonNeeded => StatusCode::FORBIDDEN,
        R::MemberUnknown | R::RequestUnknown | R::ClosureUnknown => StatusCode::NOT_FOUND,
        R::LinkGone => StatusCode::GONE,
        R::LoginTaken
        | R::LastAdmin
        | R::NotYourself
        | R::LastWayIn
        | R::PasskeyKnown
        | R::PasskeysEnough { .. }
        | R::TimetableWrong
        | R::OfficeCodeTaken { .. }
        | R::ChangedMeanwhile
        | R::DecidedAlready
        | R::ClosureBegun
        | R::NotToCall
        | R::NothingToClose
        | R::ClosureDuringDraw => StatusCode::CONFLICT,
        R::SignInWrong
        | R::SecondFactorWrong
        | R::PasskeyWrong
        | R::PasskeyTooLate
        | R::OfficeDataWrong { .. }
        | R::PasskeyCopied
        | R::PasskeyNameMissing { .. }
        | R::SignInAgain
        | R::NameMissing { .. }
        | R::OfficesWrong { .. }
        | R::ReasonMissing { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_of_day(refusal: &DayRefusal) -> StatusCode {
    use DayRefusal as R;
    match refusal {
        R::VisitUnknown | R::NothingClaimed => StatusCode::NOT_FOUND,
        R::OtherCounter { .. } => StatusCode::FORBIDDEN,
        R::StandsElsewhere { .. }
        | R::UndoTooLate { .. }
        | R::ReinsertTooLate { .. }
        | R::NobodyWaits
        | R::NoCounter
        | R::CounterBusy { .. }
        | R::CounterTaken { .. }
        | R::Relieved { .. }
        | R::NumbersUsedUp
        | R::PriorityFull
        | R::ReserveFull
        | R::Disowned => StatusCode::CONFLICT,
        R::CounterWrong { .. }
        | R::CounterNumberWrong { .. }
        | R::PeopleWrong { .. }
        | R::PapersNotNamed
        | R::NoteTooLong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The field of a request that a refusal is about, as a form names it; items of lists as `choices/0`.
pub fn field_of(refusal: &Refusal) -> Option<String> {
    use Refusal as R;
    let field = match refusal {
        R::CodeWrong { .. } | R::CodeExpired => "code",
        R::ConsentMissing => "consent",
        R::Underage { .. } => "birth_date",
        R::AlreadyInFamily => "nik",
        R::NobodyChosen | R::PartyTooLarge { .. } => "people",
        R::PersonHasLive { position } | R::PersonRests { position, .. } | R::PersonTwice { position } => {
            return Some(format!("people/{position}"));
        }
        R::NoChoice | R::TooManyChoices { .. } => "choices",
        R::ChoiceTwice { index }
        | R::OfficeUnknown { index }
        | R::OfficeNotInRelease { index, .. }
        | R::NothingMatches { index, .. }
        | R::NotOfferedHere { index, .. }
        | R::NeverFits { index, .. } => return Some(format!("choices/{index}")),
        R::SlotUnknown | R::SlotFull { .. } | R::SlotClosed { .. } | R::SameSlot | R::OtherRelease { .. } => "slot",
        _ => return None,
    };
    Some(field.to_owned())
}

/// What the layer that renders trouble knows of the request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The language to answer in.
    pub language: Language,
    /// The path, without the query.
    pub path: String,
    /// Names this request in the log: 16 hexadecimal digits.
    pub trace_id: String,
    /// Whether the client takes gzip.
    pub gzip: bool,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:antrean:problem:fields", "title": "Ada yang perlu diperbaiki", "status": 422,
    "detail": "Perbaiki kolom yang disebut, lalu kirim lagi.", "instance": "/api/v1/me", "code": "fields",
    "errors": [{"pointer": "/nik", "code": "nik-length", "detail": "NIK harus 16 angka. Anda menulis 15."}],
    "trace_id": "9f86d081884c7d65"
}))]
pub struct Problem {
    /// Names the kind of problem: `urn:antrean:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a few words, in the language of `Accept-Language`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do.
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// The stable name for programs.
    pub code: String,
    /// What is wrong with single fields; left out where the request as a whole is meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// What a program may go on with, by code: `alternatives` of `full`, `link` of `already-live`, `opens` of `not-open`,
    /// `tries_left` of `code-wrong`, `retry_after_s` of `rate-limited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<serde_json::Map<String, serde_json::Value>>,
    /// Names this request in the server's log.
    pub trace_id: String,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the body, or `?name` for a field of the query.
    pub pointer: String,
    /// The stable name for programs.
    pub code: String,
    /// What is wrong and how to put it right.
    pub detail: String,
}

impl Problem {
    /// Puts trouble into words.
    pub fn of(trouble: &Trouble, asked: &Asked, catalogue: &Catalogue) -> Self {
        let words = Words::of(asked.language);
        let code = trouble.code();
        let (title, detail, errors, data): Explanation = match trouble {
            Trouble::Refused(refusal) => {
                let said = words.refusal(refusal, catalogue);
                let errors = field_of(refusal)
                    .map(|field| ProblemField {
                        pointer: pointer(&field),
                        code: code.to_owned(),
                        detail: said.detail.clone(),
                    })
                    .into_iter()
                    .collect();
                (said.title, said.detail, errors, data_of(refusal))
            }
            Trouble::Fields(wrong) => {
                let errors = wrong
                    .0
                    .iter()
                    .map(|error| ProblemField {
                        pointer: pointer(&error.field),
                        code: error.wrong.code().to_owned(),
                        detail: error.wrong.say(words),
                    })
                    .collect();
                (words.say("problem-fields"), words.say("problem-fields.detail"), errors, None)
            }
            Trouble::Request(BadRequest::NotJson { line, column }) => {
                let place = [("line", Arg::Number(*line as i64)), ("column", Arg::Number(*column as i64))];
                (words.say("problem-not-json"), words.say_with("problem-not-json.detail", &place), Vec::new(), None)
            }
            Trouble::Request(bad) => {
                let key = format!("problem-{}", bad.code());
                (words.say(&key), words.say(&format!("{key}.detail")), Vec::new(), None)
            }
            Trouble::Busy => unexplained(words.failure(&Failure::Busy, catalogue)),
            Trouble::Broken => unexplained(words.failure(&Failure::Broken, catalogue)),
        };
        Self {
            kind: format!("urn:antrean:problem:{code}"),
            title,
            status: trouble.status().as_u16(),
            detail,
            instance: asked.path.clone(),
            code: code.to_owned(),
            errors,
            data,
            trace_id: asked.trace_id.clone(),
        }
    }

    /// The answer, without the headers that the trouble itself brings.
    pub(crate) fn respond(&self) -> Response {
        let body = serde_json::to_vec(self).expect("a problem is plain data");
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, PROBLEM_JSON), (header::CACHE_CONTROL, NO_STORE)], body).into_response()
    }
}

type Explanation = (String, String, Vec<ProblemField>, Option<serde_json::Map<String, serde_json::Value>>);

/// A fault has a title and a way on, and nothing that a field or a program could do about it.
fn unexplained(said: Explained) -> Explanation {
    (said.title, said.detail, Vec::new(), None)
}

/// The content type of problem documents.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// What must not be kept by anybody.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn pointer(field: &str) -> String {
    if field.starts_with('?') || field.is_empty() { field.to_owned() } else { format!("/{field}") }
}

/// The data in a refusal, without its name, for programs. A refusal never holds personal data.
fn data_of(refusal: &Refusal) -> Option<serde_json::Map<String, serde_json::Value>> {
    let Ok(serde_json::Value::Object(mut data)) = serde_json::to_value(refusal) else { return None };
    data.remove("refusal");
    (!data.is_empty()).then_some(data)
}
