//! My account: who I am, my family, what I have live, and the rights to read, correct and delete.

use antrean_app::limit::DAY_S;
use antrean_app::me::{self, AddFamily, Forget, RemoveFamily, SetLanguage, StateSelf, mine};
use antrean_app::party::{LiveView, PastView};
use antrean_domain::nik::{NikWarning, Sex};
use antrean_store::ids::ApplicantId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::appointments::Appointment;
use super::body::{At, Body, NoQuery, Object, Once, Shape};
use super::entries::Entry;
use crate::caller::Who;
use crate::limits::policy;
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(read_me, state_self, forget_me))
        .routes(routes!(add_family))
        .routes(routes!(remove_family))
        .routes(routes!(set_language))
}

/// Everything about an account. NIKs, the family card and the phone number are masked.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The verified number, masked.
    #[schema(example = "+62 812-****-1234")]
    phone: String,
    /// The language of messages, `id` or `en`.
    #[schema(example = "id")]
    language: &'static str,
    /// The family card, masked; null until it was stated.
    #[schema(example = "************0000")]
    family_card: Option<String>,
    /// When the holder agreed to the use of their data.
    consent: Option<Timestamp>,
    /// The holder (position 0) and the family; empty until the holder has said who they are.
    people: Vec<Person>,
    /// What is live, if anything: exactly one of entry and appointment.
    live: Option<Live>,
    /// What has ended, newest first, at most 20.
    earlier: Vec<Past>,
    /// Missed appointments and late cancellations that still count.
    strikes: Vec<Strike>,
}

/// A person of an account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": 41, "position": 0, "name": "Siti Contoh", "nik": "************0000", "birth_date": "1990-05-17",
    "sex": "female", "minor": false, "warnings": []
}))]
pub(super) struct Person {
    /// Names the person in entries and bookings.
    id: i64,
    /// 0 is the holder, 1 to 4 the family.
    position: u32,
    /// Name as stated.
    name: String,
    /// Stars and the last four digits.
    nik: String,
    /// Date of birth.
    birth_date: Date,
    /// `female` or `male`; null where it was not stated.
    sex: Option<&'static str>,
    /// Under 17 today: brings the papers of a child.
    minor: bool,
    /// What should be looked at again; never a reason to refuse.
    warnings: Vec<Warning>,
}

/// Something in a NIK that does not fit.
#[derive(Serialize, ToSchema)]
pub(super) struct Warning {
    /// `unknown_region`, `former_region`, `impossible_date`, `birth_date_differs` or `sex_differs`.
    #[schema(example = "birth_date_differs")]
    code: &'static str,
    /// Of `former_region`: the name of the region today.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<String>,
}

/// What is live for an account: one of the two is there.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    /// An entry, before the draw or on standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    /// A place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<Appointment>,
}

/// Something that has ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Past {
    /// Link id.
    #[schema(example = "A1Q77K2M9FXR")]
    link: String,
    /// The release.
    #[schema(example = "2026-W49")]
    release: String,
    /// When it was made.
    created: Timestamp,
    /// How many people.
    #[schema(example = 2)]
    size: u32,
    /// The appointment's last state, if there was one.
    #[schema(example = "served")]
    state: Option<String>,
    /// Its slot.
    #[schema(example = "BTM/2026-12-01/08:00")]
    slot: Option<String>,
}

/// A missed appointment or late cancellation.
#[derive(Serialize, ToSchema)]
pub(super) struct Strike {
    /// Position of the person.
    #[schema(example = 0)]
    position: u32,
    /// `no_show` or `late_cancellation`.
    #[schema(example = "no_show")]
    kind: String,
    /// When.
    at: Timestamp,
    /// For how many releases the person rests.
    #[schema(example = 1)]
    releases: u32,
}

impl Me {
    fn of(state: &WebState, mine: me::Mine) -> Self {
        let me::Mine { phone, language, family_card, consent, people, live, earlier, strikes } = mine;
        Self {
            phone,
            language: language.tag(),
            family_card,
            consent,
            people: people.into_iter().map(Person::from).collect(),
            live: live.map(|live| Live::of(state, live)),
            earlier: earlier.into_iter().map(Past::from).collect(),
            strikes: strikes
                .into_iter()
                .map(|me::StrikeView { position, kind, at, releases }| Strike { position, kind, at, releases })
                .collect(),
        }
    }
}

impl From<me::PersonView> for Person {
    fn from(view: me::PersonView) -> Self {
        Self {
            id: view.id.0,
            position: view.position,
            name: view.name.as_str().to_owned(),
            nik: view.nik,
            birth_date: view.birth_date,
            sex: view.sex.map(|sex| match sex {
                Sex::Female => "female",
                Sex::Male => "male",
            }),
            minor: view.minor,
            warnings: view.warnings.into_iter().map(Warning::from).collect(),
        }
    }
}

impl From<NikWarning> for Warning {
    fn from(warning: NikWarning) -> Self {
        let (code, now) = match warning {
            NikWarning::UnknownRegion => ("unknown_region", None),
            NikWarning::FormerRegion { now } => ("former_region", Some(now)),
            NikWarning::ImpossibleDate => ("impossible_date", None),
            NikWarning::BirthDateDiffers => ("birth_date_differs", None),
            NikWarning::SexDiffers => ("sex_differs", None),
        };
        Self { code, now }
    }
}

impl Live {
    pub(super) fn of(state: &WebState, view: LiveView) -> Self {
        match view {
            LiveView::Entry(entry) => Self { entry: Some(Entry::of(state, entry)), appointment: None },
            LiveView::Appointment(ticket) => Self { entry: None, appointment: Some(ticket.into()) },
        }
    }
}

impl From<PastView> for Past {
    fn from(view: PastView) -> Self {
        let (state, slot) = view.appointment.map(|(state, slot)| (state.as_str().to_owned(), slot.to_string())).unzip();
        Self { link: view.link, release: view.release.to_string(), created: view.created, size: view.size, state, slot }
    }
}

/// Everything that is known about me.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "me", operation_id = "read_me",
    responses((status = 200, description = "The account.", body = Me))
)]
async fn read_me(State(state): State<WebState>, Who(caller): Who, _: NoQuery) -> Result<Json<Me>, Trouble> {
    let mine = state.app.ask(caller, mine).await?;
    Ok(Json(Me::of(&state, mine)))
}

/// Who the holder of the account is.
#[derive(ToSchema)]
#[schema(example = json!({
    "nik": "2171015705900000", "family_card": "2171010101200000", "name": "Siti Contoh", "birth_date": "1990-05-17",
    "sex": "female", "consent": true
}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct SelfStatement {
    /// The holder's own NIK: 16 digits; spaces, dots and dashes are ignored.
    nik: String,
    /// The family card (KK): 16 digits.
    family_card: String,
    /// Full name as on the identity card, in one field; 1 to 100 characters.
    #[schema(max_length = 100)]
    name: String,
    /// `YYYY-MM-DD`, or `DD-MM-YYYY`.
    birth_date: String,
    /// `female` or `male`; may be left out.
    sex: Option<String>,
    /// Agreement to the use of the data (UU 27/2022); must be true the first time.
    consent: bool,
    /// Married people count as adults whatever their age.
    #[schema(default = false)]
    married: Option<bool>,
}

impl Shape for SelfStatement {
    type Read = StateSelf;

    fn read(object: &mut Object) -> Option<StateSelf> {
        let nik = object.text("nik").and_then(|text| object.fields.nik("nik", &text));
        let family_card = object.text("family_card").and_then(|text| object.fields.family_card("family_card", &text));
        let name = object.text("name").and_then(|text| object.fields.name("name", &text));
        let birth_date = object.text("birth_date").and_then(|text| object.fields.birth_date("birth_date", &text));
        let sex = object.maybe_text("sex").and_then(|text| object.fields.sex("sex", text.as_deref()));
        let consent = object.flag("consent", None);
        let married = object.flag("married", Some(false));
        Some(StateSelf {
            nik: nik?,
            family_card: family_card?,
            name: name?,
            birth_date: birth_date?,
            sex: sex?,
            consent: consent?,
            married: married?,
        })
    }
}

/// Says who I am, or corrects it while nothing is live.
#[utoipa::path(
    put, path = "/api/v1/me", tag = "me", operation_id = "state_self",
    request_body = SelfStatement,
    responses((status = 200, description = "The account as it is now.", body = Me))
)]
async fn state_self(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
    Body(statement): Body<SelfStatement>,
) -> Result<Response, Trouble> {
    let mine = state.app.perform(caller, Some(key), statement).await?;
    Ok(people_limited(&state, Json(Me::of(&state, mine)).into_response()))
}

/// Deletes the account: phone number, family card, people and session. Refused while something is live.
#[utoipa::path(
    delete, path = "/api/v1/me", tag = "me", operation_id = "forget_me",
    responses((status = 204, description = "The account is gone."))
)]
async fn forget_me(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
) -> Result<StatusCode, Trouble> {
    state.app.perform(caller, Some(key), Forget {}).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person of the same family card.
#[derive(ToSchema)]
#[schema(example = json!({
    "nik": "2171010203150000", "name": "Budi Contoh", "birth_date": "2015-03-02", "sex": "male"
}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct FamilyMember {
    /// Their NIK; children have one on the family card.
    nik: String,
    /// Full name, in one field; 1 to 100 characters.
    #[schema(max_length = 100)]
    name: String,
    /// `YYYY-MM-DD`, or `DD-MM-YYYY`.
    birth_date: String,
    /// `female` or `male`; may be left out.
    sex: Option<String>,
}

impl Shape for FamilyMember {
    type Read = AddFamily;

    fn read(object: &mut Object) -> Option<AddFamily> {
        let nik = object.text("nik").and_then(|text| object.fields.nik("nik", &text));
        let name = object.text("name").and_then(|text| object.fields.name("name", &text));
        let birth_date = object.text("birth_date").and_then(|text| object.fields.birth_date("birth_date", &text));
        let sex = object.maybe_text("sex").and_then(|text| object.fields.sex("sex", text.as_deref()));
        Some(AddFamily { nik: nik?, name: name?, birth_date: birth_date?, sex: sex? })
    }
}

/// Adds a person of the family; at most five people with the holder.
#[utoipa::path(
    post, path = "/api/v1/me/family", tag = "me", operation_id = "add_family",
    request_body = FamilyMember,
    responses((status = 201, description = "The account as it is now.", body = Me))
)]
async fn add_family(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
    Body(member): Body<FamilyMember>,
) -> Result<Response, Trouble> {
    let mine = state.app.perform(caller, Some(key), member).await?;
    Ok(people_limited(&state, (StatusCode::CREATED, Json(Me::of(&state, mine))).into_response()))
}

/// Takes a person of the family out of the account. Refused while they are part of something live.
#[utoipa::path(
    delete, path = "/api/v1/me/family/{id}", tag = "me", operation_id = "remove_family",
    params(("id" = i64, Path, description = "The person's number.", example = 42)),
    responses((status = 200, description = "The account as it is now.", body = Me))
)]
async fn remove_family(
    State(state): State<WebState>,
    Who(caller): Who,
    At(id): At,
    _: NoQuery,
    Once(key): Once,
) -> Result<Json<Me>, Trouble> {
    let person = ApplicantId(id.parse().map_err(|_| BadRequest::NotFound)?);
    let mine = state.app.perform(caller, Some(key), RemoveFamily { person }).await?;
    Ok(Json(Me::of(&state, mine)))
}

/// The language of messages.
#[derive(ToSchema)]
#[schema(example = json!({"language": "en"}))]
#[expect(dead_code, reason = "the documented form of what `Shape` reads")]
pub(super) struct LanguageChoice {
    /// `id` or `en`.
    language: String,
}

impl Shape for LanguageChoice {
    type Read = SetLanguage;

    fn read(object: &mut Object) -> Option<SetLanguage> {
        let text = object.text("language")?;
        object.fields.language("language", &text).map(|language| SetLanguage { language })
    }
}

/// Sets the language of messages. Answers of this API follow `Accept-Language` instead.
#[utoipa::path(
    put, path = "/api/v1/me/language", tag = "me", operation_id = "set_language",
    request_body = LanguageChoice,
    responses((status = 204, description = "Set."))
)]
async fn set_language(
    State(state): State<WebState>,
    Who(caller): Who,
    _: NoQuery,
    Once(key): Once,
    Body(choice): Body<LanguageChoice>,
) -> Result<StatusCode, Trouble> {
    state.app.perform(caller, Some(key), choice).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn people_limited(state: &WebState, mut response: Response) -> Response {
    policy(response.headers_mut(), "account", state.app.policy().people_per_account_day, DAY_S as u32);
    response
}
