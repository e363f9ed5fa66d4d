//! What the API's description says beside the single operations: who may call them, which errors each can give, and why.

use std::collections::BTreeMap;

use utoipa::OpenApi as _;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr, Required};

use crate::problem::Problem;

/// What every reader of the description should know first.
const ABOUT: &str = "\
The public appointment queue for passport offices: the same operations as the citizen pages.

**People.** Every person in the examples is made up; serial 0000 of a NIK is never given out.

**Signing in.** Ask for a one-time code, exchange it for a token, send it as `Authorization: Bearer`. Cookies are not read here. \
An account has one session.

**Sending twice.** `PUT`, `POST` and `DELETE` for an account need an `Idempotency-Key`, 1 to 255 visible ASCII characters, \
best a random UUID. The same key with the same request gives the same answer for a day, refusals included, and has one \
effect; with another request it is refused (`key-reused`). A refusal that only says when to come back (`not-open`, \
`not-drawn-yet`, `not-your-turn`, `line-not-open`, `rate-limited`, `signed-out`) is not remembered. Signing in needs none.

**Times** are RFC 3339 instants in UTC; local dates and times stand beside the IANA zone of their office. **Money** is whole \
rupiah. **Places** are for one person each.

**Errors** are problem documents (RFC 9457) in Indonesian or English, by `Accept-Language`. Programs go by `code`; `errors` \
names single fields by JSON pointer, or `?name` for the query. Unknown fields are refused.

**Limits** are named in `RateLimit-Policy`; 429 and 503 carry `Retry-After` in seconds.

**Public data** (places, releases, draws) carries an `ETag`: ask again with `If-None-Match` and get 304 while nothing changed.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Antrean", version = "1", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    tags(
        (name = "sessions", description = "Signing in and out."),
        (name = "me", description = "My account and my family."),
        (name = "places", description = "Regions, offices, arrival windows, services."),
        (name = "releases", description = "Releases and draws, for everybody."),
        (name = "line", description = "The waiting room of a release that gives its places first come."),
        (name = "entries", description = "My entry in a draw."),
        (name = "appointments", description = "Places and tickets."),
    ),
    components(schemas(Problem))
)]
struct Base;

/// The description before any operation is in it.
pub(super) fn base() -> OpenApi {
    let mut document = Base::openapi();
    document.info.description = Some(ABOUT.to_owned());
    document
}

/// How an operation is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// By anybody, without a trace.
    Public,
    /// By anybody, to sign in.
    SigningIn,
    /// By the holder of an account, without changing anything.
    Reading,
    /// By the holder of an account, to change something.
    Changing,
}

/// One operation: how it is called, and the codes of refusals that only it can give.
struct Called {
    id: &'static str,
    access: Access,
    codes: &'static [&'static str],
}

const fn called(id: &'static str, access: Access, codes: &'static [&'static str]) -> Called {
    Called { id, access, codes }
}

const PARTY: [&str; 8] = [
    "details-missing",
    "nobody-chosen",
    "party-too-large",
    "person-already-live",
    "person-rests",
    "person-twice",
    "person-unknown",
    "already-live",
];

macro_rules! with_party {
    ($($code:literal),* $(,)?) => {
        &["release-unknown", $($code,)* PARTY[0], PARTY[1], PARTY[2], PARTY[3], PARTY[4], PARTY[5], PARTY[6], PARTY[7]]
    };
}

/// Every operation. A test fails when one is missing here.
const CALLED: &[Called] = &[
    called("request_code", Access::SigningIn, &[]),
    called("resend_code", Access::SigningIn, &["code-expired", "resend-too-soon"]),
    called("sign_in", Access::SigningIn, &["code-expired", "code-wrong"]),
    called("sign_out", Access::Changing, &[]),
    called("read_me", Access::Reading, &[]),
    called("state_self", Access::Changing, &["consent-missing", "underage", "in-live-party", "already-in-family"]),
    called("forget_me", Access::Changing, &["in-live-party"]),
    called("add_family", Access::Changing, &["details-missing", "already-in-family", "family-full"]),
    called("remove_family", Access::Changing, &["person-unknown", "in-live-party"]),
    called("set_language", Access::Changing, &[]),
    called("list_regions", Access::Public, &[]),
    called("list_offices", Access::Public, &[]),
    called("read_office", Access::Public, &["not-found"]),
    called("list_slots", Access::Public, &["not-found", "release-unknown"]),
    called("list_services", Access::Public, &[]),
    called("list_releases", Access::Public, &[]),
    called("read_release", Access::Public, &["release-unknown"]),
    called("read_draw", Access::Public, &["release-unknown", "other-mode"]),
    called("read_draw_file", Access::Public, &["release-unknown"]),
    called("read_line", Access::Public, &["release-unknown", "no-waiting-room"]),
    called(
        "join_line",
        Access::Changing,
        &["release-unknown", "no-waiting-room", "line-not-open", "line-over", "details-missing"],
    ),
    called(
        "read_place",
        Access::Reading,
        &["release-unknown", "no-waiting-room", "not-your-turn", "place-token-invalid"],
    ),
    called("read_entry", Access::Reading, &["release-unknown", "entry-unknown"]),
    called(
        "enter",
        Access::Changing,
        with_party![
            "not-open",
            "entries-closed",
            "other-mode",
            "no-choice",
            "too-many-choices",
            "choice-twice",
            "office-unknown",
            "office-not-in-release",
            "nothing-matches",
            "not-offered",
            "never-fits",
        ],
    ),
    called(
        "change_entry",
        Access::Changing,
        with_party![
            "not-open",
            "entries-closed",
            "entry-unknown",
            "entry-final",
            "other-mode",
            "no-choice",
            "too-many-choices",
            "choice-twice",
            "office-unknown",
            "office-not-in-release",
            "nothing-matches",
            "not-offered",
            "never-fits",
        ],
    ),
    called("withdraw_entry", Access::Changing, &["release-unknown", "entry-unknown", "entry-final"]),
    called(
        "book",
        Access::Changing,
        with_party![
            "slot-unknown",
            "slot-closed",
            "full",
            "booking-closed",
            "not-open",
            "not-drawn-yet",
            "not-your-turn",
            "holder-changed",
            "not-offered",
            "entry-unknown",
            "entry-final",
        ],
    ),
    called("read_appointment", Access::Reading, &["ticket-unknown"]),
    called("read_ticket", Access::Public, &["ticket-unknown"]),
    called("cancel", Access::Changing, &["ticket-unknown", "not-possible-now"]),
    called(
        "move",
        Access::Changing,
        &[
            "ticket-unknown",
            "not-possible-now",
            "moved-already",
            "too-late",
            "same-slot",
            "other-release",
            "slot-unknown",
            "slot-closed",
            "full",
            "booking-closed",
            "not-open",
            "not-drawn-yet",
            "not-offered",
        ],
    ),
    called(
        "wish",
        Access::Changing,
        &[
            "ticket-unknown",
            "not-possible-now",
            "moved-already",
            "too-late",
            "too-many-choices",
            "choice-twice",
            "office-unknown",
            "office-not-in-release",
            "nothing-matches",
            "not-offered",
            "never-fits",
        ],
    ),
    called("read_replacement", Access::Reading, &["ticket-unknown"]),
    called(
        "replace",
        Access::Changing,
        &[
            "ticket-unknown",
            "release-unknown",
            "not-possible-now",
            "slot-unknown",
            "slot-closed",
            "full",
            "booking-closed",
            "not-open",
            "not-drawn-yet",
            "not-offered",
            "already-live",
            "person-already-live",
        ],
    ),
];

/// Every code with its status and the words for integrators. A test compares the statuses with `problem::status_of`.
pub(super) const CODES: &[(&str, u16, &str)] = &[
    ("already-in-family", 409, "this NIK is in the account already"),
    ("already-live", 409, "the account has a live entry or appointment; `data.link` leads to it"),
    ("booking-closed", 410, "booking for this window has ended"),
    ("broken", 500, "our fault; it is in the log under `trace_id`"),
    ("busy", 503, "too much work is waiting; come back after `Retry-After`"),
    ("choice-twice", 422, "the same choice twice"),
    ("code-expired", 410, "the code was used, is too old, was tried too often, or was never asked for here"),
    ("code-wrong", 422, "not the code that was sent; `data.tries_left`"),
    ("consent-missing", 422, "the holder has not agreed to the use of the data"),
    ("details-missing", 409, "the holder has not said who they are yet"),
    ("entries-closed", 410, "entries have closed"),
    ("entry-final", 409, "the entry has ended or was drawn"),
    ("entry-unknown", 404, "the account has no such entry"),
    ("family-full", 409, "no more people fit into the account"),
    ("fields", 422, "fields are missing, unknown, of another type or cannot be read; each is in `errors`"),
    ("full", 409, "not enough places left; `data.alternatives` have some"),
    ("holder-changed", 409, "the account has another holder than when it joined the line"),
    ("idempotency-key-missing", 400, "no `Idempotency-Key`"),
    ("idempotency-key-unusable", 400, "the `Idempotency-Key` is not 1 to 255 visible ASCII characters"),
    ("in-live-party", 409, "part of something live; cannot change now"),
    ("interrupted", 400, "the connection ended before the body did"),
    ("key-reused", 422, "the `Idempotency-Key` was used for another request"),
    ("line-not-open", 403, "the line cannot be joined yet; `data.joins`"),
    ("line-over", 410, "the line is over"),
    ("media-type", 415, "the body is not `application/json`"),
    ("method-not-allowed", 405, "the address does not take this method; `Allow` names those it takes"),
    ("moved-already", 409, "a place may be moved once"),
    ("never-fits", 422, "the party is larger than any matching window"),
    ("no-choice", 422, "no choice at all"),
    ("no-waiting-room", 404, "the release has no waiting room: whoever comes can book"),
    ("nobody-chosen", 422, "nobody was chosen"),
    ("not-a-form", 400, "the query cannot be taken apart"),
    ("not-drawn-yet", 403, "the places are drawn first; what is left opens after the draw"),
    ("not-found", 404, "nothing lives at this address"),
    ("not-json", 400, "the body is not JSON"),
    ("not-offered", 422, "not offered at this office; `data.why` says why"),
    ("not-open", 403, "not open yet; `data.opens`"),
    ("not-possible-now", 409, "the appointment is in a state that does not allow this; `data.state`"),
    ("not-utf8", 400, "the body is not UTF-8"),
    (
        "not-your-turn",
        403,
        "others are let in first, or the line was not joined; `data.joined`, `data.ahead`, `Retry-After`",
    ),
    ("nothing-matches", 422, "the office has no places at that date and hour"),
    ("office-not-in-release", 422, "the office has no places in this release"),
    ("office-unknown", 422, "there is no such office"),
    ("other-mode", 409, "the release gives its places the other way"),
    ("other-release", 422, "the slot belongs to another release"),
    ("party-too-large", 422, "more people than a party may have; `data.max`"),
    ("person-already-live", 409, "a person has a live entry or appointment, perhaps through another account"),
    ("person-rests", 403, "a person rests after a missed appointment; `data.releases`"),
    ("person-twice", 422, "the same person twice"),
    ("person-unknown", 404, "the account has no such person"),
    ("place-token-invalid", 403, "no place token of this server, of another release or of another account"),
    ("rate-limited", 429, "a limit is reached; come back after `Retry-After`"),
    ("release-unknown", 404, "there is no such release, or the file is not published yet"),
    ("resend-too-soon", 429, "another code can be sent after `Retry-After`"),
    ("same-slot", 422, "it is the very same window"),
    ("signed-out", 401, "no session, or one that has ended"),
    ("slot-closed", 409, "the office closed this window"),
    ("slot-unknown", 404, "there is no such window"),
    ("ticket-unknown", 404, "there is no such ticket, or it is another account's"),
    ("too-large", 413, "the body is longer than 64 KiB"),
    ("too-late", 422, "moving has ended"),
    ("too-many-choices", 422, "more choices than the release allows; `data.max`"),
    ("too-slow", 408, "the body did not arrive in time; send it again"),
    ("underage", 422, "an account belongs to an adult"),
];

/// Adds to every operation who may call it, the headers it needs, and all its errors.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            let Some(called) = CALLED.iter().find(|called| called.id == id) else { continue };
            describe(operation, called);
        }
    }
    close_request_bodies(&mut document);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("session", bearer);
    document
}

/// Says of every request body that fields beside those described are refused.
fn close_request_bodies(document: &mut OpenApi) {
    let mut names = Vec::new();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let Some(RefOr::T(body)) = &operation.request_body else { continue };
            for content in body.content.values() {
                if let RefOr::T(content) = content
                    && let Some(RefOr::Ref(reference)) = &content.schema
                {
                    names.extend(reference.ref_location.rsplit_once('/').map(|(_, name)| name.to_owned()));
                }
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for name in names {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().filter_map(Option::as_mut)
}

fn describe(operation: &mut Operation, called: &Called) {
    let has_body = operation.request_body.is_some();
    let mut codes: Vec<&str> = called.codes.to_vec();
    codes.extend(["fields", "rate-limited", "busy", "broken", "not-a-form"]);
    if has_body {
        codes.extend(["not-json", "not-utf8", "interrupted", "too-slow", "too-large", "media-type"]);
    }
    if matches!(called.access, Access::Reading | Access::Changing) {
        codes.push("signed-out");
        operation.security = Some(vec![SecurityRequirement::new("session", Vec::<String>::new())]);
    }
    if called.access == Access::Changing {
        codes.extend(["idempotency-key-missing", "idempotency-key-unusable", "key-reused"]);
        operation.parameters.get_or_insert_default().insert(0, idempotency_key().into());
    }
    operation.parameters.get_or_insert_default().push(accept_language().into());
    for (status, codes) in by_status(&codes) {
        operation.responses.responses.insert(status.to_string(), problem(status, &codes).into());
    }
}

fn by_status<'a>(codes: &[&'a str]) -> BTreeMap<u16, Vec<(&'a str, &'static str)>> {
    let mut statuses: BTreeMap<u16, Vec<(&str, &'static str)>> = BTreeMap::new();
    for code in codes {
        let (_, status, why) =
            CODES.iter().find(|(known, ..)| known == code).unwrap_or_else(|| panic!("{code} is not described"));
        let of_status = statuses.entry(*status).or_default();
        if !of_status.iter().any(|(known, _)| known == code) {
            of_status.push((code, why));
        }
    }
    for codes in statuses.values_mut() {
        codes.sort_unstable();
    }
    statuses
}

fn problem(status: u16, codes: &[(&str, &str)]) -> utoipa::openapi::Response {
    let description: Vec<String> = codes.iter().map(|(code, why)| format!("`{code}`: {why}")).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let mut response = ResponseBuilder::new()
        .description(format!("{}.", description.join("; ")))
        .content("application/problem+json", content);
    if matches!(status, 429 | 503) {
        let header = HeaderBuilder::new()
            .description(Some("Seconds to wait."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer).build()))
            .build();
        response = response.header("Retry-After", header);
    }
    response.build()
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(
            "Makes the request safe to send twice: 1 to 255 visible ASCII characters, best a random UUID.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build()))
        .example(Some("6f1c9a52-7d0e-4e0b-9b62-0d7f2f5f8c11".into()))
        .build()
}

fn accept_language() -> Parameter {
    ParameterBuilder::new()
        .name("Accept-Language")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Language of problems: `id` (default) or `en`."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .example(Some("id".into()))
        .build()
}

#[cfg(test)]
mod tests {
    use antrean_app::Refusal;
    use antrean_app::limit::Limited;
    use antrean_domain::appointment::AppointmentState;
    use antrean_domain::office::WhyNotOffered;
    use antrean_domain::release::Mode;
    use jiff::Timestamp;

    use super::*;
    use crate::problem::{BadRequest, Trouble};

    fn every_refusal() -> Vec<Refusal> {
        use Refusal as R;
        let at = Timestamp::UNIX_EPOCH;
        let office: antrean_domain::office::OfficeCode = "BTM".parse().unwrap();
        let state = AppointmentState::Served;
        vec![
            R::TooMany { what: Limited::Requests, retry_after_s: 1 },
            R::CodeWrong { tries_left: 1 },
            R::CodeExpired,
            R::ResendTooSoon { seconds: 1 },
            R::SignedOut,
            R::DetailsMissing,
            R::ConsentMissing,
            R::Underage { years: 10 },
            R::FamilyFull { max: 5 },
            R::AlreadyInFamily,
            R::PersonUnknown,
            R::InLiveParty,
            R::ReleaseUnknown,
            R::NotOpenYet { opens: at, office: None },
            R::EntriesClosed { since: at },
            R::OtherMode { mode: Mode::Draw },
            R::AccountHasLive { link: String::new() },
            R::PersonHasLive { position: 0 },
            R::PersonRests { position: 0, releases: 1 },
            R::NobodyChosen,
            R::PartyTooLarge { max: 5 },
            R::PersonTwice { position: 1 },
            R::NoChoice,
            R::TooManyChoices { max: 20 },
            R::ChoiceTwice { index: 1 },
            R::OfficeUnknown { index: 0 },
            R::OfficeNotInRelease { index: 0, office },
            R::NothingMatches { index: 0, office },
            R::NotOfferedHere { index: 0, office, why: WhyNotOffered::PerPerson },
            R::NeverFits { index: 0, office, largest: 1 },
            R::EntryUnknown,
            R::EntryFinal,
            R::SlotUnknown,
            R::SlotFull { alternatives: Vec::new() },
            R::SlotClosed { slot: "BTM/2026-12-01/08:00".parse().unwrap() },
            R::BookingClosed { since: at },
            R::NotDrawnYet { draw: at },
            R::NoWaitingRoom,
            R::LineNotOpen { joins: at },
            R::LineOver,
            R::NotYourTurn { release: "2026-W49".parse().unwrap(), joined: true, ahead: None, retry_after_s: 5 },
            R::HolderChanged,
            R::PlaceTokenInvalid,
            R::TicketUnknown,
            R::NotPossibleNow { state },
            R::MovedAlready,
            R::TooLateToMove { since: at },
            R::SameSlot,
            R::OtherRelease { release: "2026-W49".parse().unwrap() },
            R::KeyReused,
        ]
    }

    #[test]
    fn every_code_is_described_with_the_status_it_is_answered_with() {
        let bad = [
            BadRequest::NotJson { line: 1, column: 1 },
            BadRequest::NotUtf8,
            BadRequest::TooLarge,
            BadRequest::MediaType,
            BadRequest::NotAForm,
            BadRequest::Interrupted,
            BadRequest::TooSlow,
            BadRequest::KeyMissing,
            BadRequest::KeyUnusable,
            BadRequest::NotFound,
            BadRequest::Method,
        ];
        let troubles = every_refusal()
            .into_iter()
            .map(Trouble::from)
            .chain(bad.into_iter().map(Trouble::from))
            .chain([Trouble::Busy, Trouble::Broken, Trouble::Fields(crate::input::FieldErrors::default())]);
        let mut answered: Vec<(&str, u16)> =
            troubles.map(|trouble| (trouble.code(), trouble.status().as_u16())).collect();
        answered.sort_unstable();
        let described: Vec<(&str, u16)> = CODES.iter().map(|(code, status, _)| (*code, *status)).collect();
        assert_eq!(answered, described);
    }

    #[test]
    fn every_operation_is_known_by_how_it_is_called() {
        let mut document = crate::api::openapi();
        let mut found: Vec<String> = document
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .map(|operation| operation.operation_id.clone().unwrap_or_default())
            .collect();
        let mut known: Vec<String> = CALLED.iter().map(|called| called.id.to_owned()).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
    }

    #[test]
    fn no_problem_carries_personal_data_or_the_name_of_its_variant() {
        for refusal in every_refusal() {
            let asked = crate::problem::Asked {
                language: antrean_app::caller::Language::En,
                path: "/api".to_owned(),
                trace_id: "0".to_owned(),
                gzip: false,
            };
            let files = antrean_domain::catalogue::CatalogueFiles::builtin();
            let catalogue = antrean_domain::catalogue::Catalogue::parse(&files).unwrap();
            let problem = Problem::of(&Trouble::Refused(refusal), &asked, &catalogue);
            assert!(problem.data.is_none_or(|data| !data.contains_key("refusal") && !data.contains_key("name")));
        }
    }
}
