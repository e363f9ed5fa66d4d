//! What everybody may know without signing in: regions, offices, their arrival windows, services with papers and fees.
#![expect(clippy::struct_field_names, reason = "fields are called what the JSON calls them")]

use antrean_app::Refusal;
use antrean_app::overview::SlotView;
use antrean_domain::office::Office as DomainOffice;
use antrean_domain::region::{Region as DomainRegion, Zone};
use antrean_domain::service::{PassportKind, Service as DomainService, Text as DomainText, Validity};
use antrean_domain::slot::SlotKey;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{At, NoQuery, query};
use crate::input::{FieldErrors, Fields, Wrong};
use crate::prepared::{Key, Made, answer};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// Offices in an answer that depends on a place or a search.
const FOUND_MAX: usize = 30;
/// Characters of a search that are taken; nobody types more.
const SEARCH_CHARS_MAX: usize = 100;

pub(super) fn routes() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(list_regions))
        .routes(routes!(list_offices))
        .routes(routes!(read_office))
        .routes(routes!(list_slots))
        .routes(routes!(list_services))
}

/// A text in both languages.
#[derive(Serialize, ToSchema)]
pub(super) struct Text {
    /// Indonesian.
    id: String,
    /// English.
    en: String,
}

impl From<&DomainText> for Text {
    fn from(text: &DomainText) -> Self {
        Self { id: text.id.clone(), en: text.en.clone() }
    }
}

/// All regions.
#[derive(Serialize, ToSchema)]
pub(super) struct Regions {
    /// Provinces, each followed by its regencies and cities.
    regions: Vec<Region>,
}

/// A province, regency or city (Kepmendagri 300.2.2-2138/2025).
#[derive(Serialize, ToSchema)]
pub(super) struct Region {
    /// Two digits for a province, four for a regency or city; a NIK begins with it.
    #[schema(example = "2171")]
    code: String,
    /// Name.
    #[schema(example = "Kota Batam")]
    name: String,
    /// `province`, `regency` or `city`.
    #[schema(example = "city")]
    level: &'static str,
    /// Code of its province.
    #[schema(example = "21")]
    province: String,
    /// Degrees north of the equator.
    #[schema(example = 1.08)]
    latitude: f64,
    /// Degrees east of Greenwich.
    #[schema(example = 104.03)]
    longitude: f64,
    /// IANA time zone.
    #[schema(example = "Asia/Jakarta")]
    time_zone: &'static str,
}

impl From<&DomainRegion> for Region {
    fn from(region: &DomainRegion) -> Self {
        use antrean_domain::region::RegionLevel;
        Self {
            code: region.code.clone(),
            name: region.name.clone(),
            level: match region.level {
                RegionLevel::Province => "province",
                RegionLevel::Regency => "regency",
                RegionLevel::City => "city",
            },
            province: region.province.clone(),
            latitude: region.latitude,
            longitude: region.longitude,
            time_zone: region.zone.iana(),
        }
    }
}

/// Provinces, regencies and cities.
#[utoipa::path(
    get, path = "/api/v1/regions", tag = "places", operation_id = "list_regions",
    responses((status = 200, description = "All regions.", body = Regions))
)]
async fn list_regions(State(state): State<WebState>, _: NoQuery, headers: HeaderMap) -> Result<Response, Trouble> {
    answer(&state, Key::data("/api/v1/regions"), &headers, || {
        let catalogue = state.app.catalogue();
        Ok(Made::json(&Regions { regions: catalogue.regions.iter().map(Region::from).collect() }))
    })
}

/// Offices and units.
#[derive(Serialize, ToSchema)]
pub(super) struct Offices {
    /// By code; nearest or best match first where a point or a text was given.
    offices: Vec<Office>,
}

/// A place of service.
#[derive(Serialize, ToSchema)]
pub(super) struct Office {
    /// Its code; our own, not an official one.
    #[schema(example = "BTM-HB")]
    code: String,
    /// Name in full.
    #[schema(example = "Unit Layanan Paspor Harbour Bay")]
    name: String,
    /// `office`, `ulp`, `ukk` or `mpp`.
    #[schema(example = "ulp")]
    kind: &'static str,
    /// Class of an office; null for units and where it is not established.
    class: Option<String>,
    /// The office that a unit belongs to.
    #[schema(example = "BTM")]
    parent: Option<String>,
    /// Code of the province.
    #[schema(example = "21")]
    province: String,
    /// Code of the regency or city.
    #[schema(example = "2171")]
    regency: String,
    /// Degrees north of the equator.
    #[schema(example = 1.15)]
    latitude: f64,
    /// Degrees east of Greenwich.
    #[schema(example = 104.02)]
    longitude: f64,
    /// `office` where the point is the building, `district` or `regency` where it is the middle of one.
    #[schema(example = "office")]
    position_quality: &'static str,
    /// IANA time zone of all its times.
    #[schema(example = "Asia/Jakarta")]
    time_zone: &'static str,
    /// Street address; may be empty.
    address: String,
    /// Telephone as the office gives it to the public; may be empty.
    #[schema(example = "(0778) 000 000")]
    phone: String,
    /// What the office tells everybody who looks at it; null where it says nothing.
    notice: Option<Text>,
    /// Services that can be booked online here: `new`, `replacement`.
    #[schema(example = json!(["new", "replacement"]))]
    services: Vec<&'static str>,
    /// From this day on only electronic passports are issued; null while both kinds are.
    electronic_only_from: Option<Date>,
    /// Kilometres from the point that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3.2)]
    distance_km: Option<f64>,
}

impl From<&DomainOffice> for Office {
    fn from(office: &DomainOffice) -> Self {
        use antrean_domain::office::PositionQuality;
        Self {
            code: office.code.to_string(),
            name: office.name.clone(),
            kind: office.kind.as_str(),
            class: office.class.clone(),
            parent: office.parent.map(|code| code.to_string()),
            province: office.province.clone(),
            regency: office.regency.clone(),
            latitude: office.latitude,
            longitude: office.longitude,
            position_quality: match office.position_quality {
                PositionQuality::Office => "office",
                PositionQuality::District => "district",
                PositionQuality::Regency => "regency",
            },
            time_zone: office.zone.iana(),
            address: office.address.clone(),
            phone: office.phone.clone(),
            notice: office.notice.as_ref().map(Text::from),
            services: office.services.iter().map(|service| service.as_str()).collect(),
            electronic_only_from: office.electronic_only_from,
            distance_km: None,
        }
    }
}

/// What offices are asked for.
struct Sought {
    province: Option<String>,
    near: Option<(f64, f64)>,
    text: Option<String>,
}

impl FromRequestParts<WebState> for Sought {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Trouble> {
        let [province, near, text] = query(parts, ["province", "near", "q"]).await?;
        let catalogue = state.app.catalogue();
        let mut fields = Fields::new(state.app.now());
        if let Some(code) = &province
            && !catalogue.regions.provinces().iter().any(|known| known.code == *code)
        {
            fields.note::<()>("?province", Wrong::NotAnId);
        }
        let near = near.and_then(|text| fields.point("?near", &text));
        if text.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
            fields.note::<()>("?q", Wrong::TooLong { max: SEARCH_CHARS_MAX });
        }
        fields.done()?;
        Ok(Self { province, near, text })
    }
}

/// Offices and units: all, those of a province, the nearest, or those that a text finds.
#[utoipa::path(
    get, path = "/api/v1/offices", tag = "places", operation_id = "list_offices",
    params(
        ("province" = Option<String>, Query, description = "Two digits, as in the list of regions.", example = "21"),
        ("near" = Option<String>, Query, description = "Latitude and longitude in degrees: the 30 nearest, nearest first.",
            example = "1.13,104.05"),
        ("q" = Option<String>, Query, description = "Words of a name, address, regency or province, or a code; at most \
            100 characters.", example = "batam"),
    ),
    responses((status = 200, description = "The offices.", body = Offices))
)]
async fn list_offices(State(state): State<WebState>, sought: Sought, headers: HeaderMap) -> Result<Response, Trouble> {
    let Sought { province, near, text } = sought;
    if near.is_none() && text.is_none() {
        let address = format!("/api/v1/offices?province={}", province.as_deref().unwrap_or_default());
        return answer(&state, Key::data(address), &headers, || {
            let catalogue = state.app.catalogue();
            let offices = match &province {
                None => catalogue.offices.iter().map(Office::from).collect(),
                Some(code) => catalogue.offices.in_province(code).into_iter().map(Office::from).collect(),
            };
            Ok(Made::json(&Offices { offices }))
        });
    }
    // Somebody's own place or words: never kept, here or on the way.
    let catalogue = state.app.catalogue();
    let in_province = |office: &&DomainOffice| province.as_ref().is_none_or(|code| office.province == *code);
    let everywhere = catalogue.offices.len();
    let mut found: Vec<&DomainOffice> = match &text {
        None => catalogue.offices.iter().collect(),
        Some(text) => catalogue.offices.search(text, everywhere),
    };
    found.retain(|office| in_province(office));
    let mut offices: Vec<Office> = Vec::with_capacity(found.len());
    for office in found {
        let distance_km = near.map(|(latitude, longitude)| office.distance_km(latitude, longitude));
        offices.push(Office { distance_km: distance_km.map(|km| (km * 10.0).round() / 10.0), ..Office::from(office) });
    }
    if near.is_some() {
        let km = |office: &Office| office.distance_km.unwrap_or(f64::MAX);
        offices.sort_by(|a, b| km(a).total_cmp(&km(b)).then_with(|| a.code.cmp(&b.code)));
    }
    offices.truncate(FOUND_MAX);
    Ok(Json(Offices { offices }).into_response())
}

/// One office.
#[utoipa::path(
    get, path = "/api/v1/offices/{code}", tag = "places", operation_id = "read_office",
    params(("code" = String, Path, description = "The office's code.", example = "BTM-HB")),
    responses((status = 200, description = "The office.", body = Office))
)]
async fn read_office(
    State(state): State<WebState>,
    At(code): At,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let code = antrean_domain::office::OfficeCode::parse(&code).map_err(|_| BadRequest::NotFound)?;
    let catalogue = state.app.catalogue();
    let office = catalogue.offices.get(&code).ok_or(BadRequest::NotFound)?;
    answer(&state, Key::data(format!("/api/v1/offices/{code}")), &headers, || Ok(Made::json(&Office::from(office))))
}

/// The arrival windows of an office in a release.
#[derive(Serialize, ToSchema)]
pub(super) struct Slots {
    /// The release.
    #[schema(example = "2026-W49")]
    release: String,
    /// The office.
    #[schema(example = "BTM")]
    office: String,
    /// By date and start.
    slots: Vec<Slot>,
}

/// An arrival window.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": 812, "slot": "BTM/2026-12-01/08:00", "date": "2026-12-01", "starts": "08:00", "ends": "09:00",
    "time_zone": "Asia/Jakarta", "starts_at": "2026-12-01T01:00:00Z", "ends_at": "2026-12-01T02:00:00Z",
    "places": 12, "left": 0, "closed": false, "bookable_until": "2026-11-30T17:00:00Z"
}))]
pub(super) struct Slot {
    /// Names it in bookings and moves.
    id: i64,
    /// `OFFICE/YYYY-MM-DD/HH:MM`; also a choice of an entry, where the date may be `*` and the time `am`, `pm` or `*`.
    slot: String,
    /// Date at the office.
    date: Date,
    /// Start, local time.
    starts: String,
    /// End, local time.
    ends: String,
    /// IANA time zone of the office.
    time_zone: &'static str,
    /// Start as an instant.
    starts_at: Timestamp,
    /// End as an instant.
    ends_at: Timestamp,
    /// Places released, one for each person.
    places: u32,
    /// Places that can be taken now; 0 while they wait for the draw or a wave.
    left: u32,
    /// Closed by the office.
    closed: bool,
    /// Until when it can be booked or moved to.
    bookable_until: Timestamp,
}

impl Slot {
    fn of(view: &SlotView, zone: Zone) -> Self {
        let SlotKey { date, starts, .. } = view.key;
        Self {
            id: view.id.0,
            slot: view.key.to_string(),
            date,
            starts: starts.to_string(),
            ends: view.ends.to_string(),
            time_zone: zone.iana(),
            starts_at: zone.at(date.to_datetime(starts.time())),
            ends_at: zone.at(date.to_datetime(view.ends.time())),
            places: view.capacity,
            left: view.left,
            closed: view.closed,
            bookable_until: view.bookable_until,
        }
    }
}

/// Whose slots are asked for.
struct OfRelease(Option<antrean_domain::release::ReleaseId>);

impl FromRequestParts<WebState> for OfRelease {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Trouble> {
        let [release] = query(parts, ["release"]).await?;
        let parse = |text: String| {
            antrean_domain::release::ReleaseId::parse(&text)
                .map_err(|_| Trouble::from(FieldErrors::one("?release", Wrong::NotAnId)))
        };
        Ok(Self(release.map(parse).transpose()?))
    }
}

/// The arrival windows of an office in a release, with the places left now.
#[utoipa::path(
    get, path = "/api/v1/offices/{code}/slots", tag = "places", operation_id = "list_slots",
    params(
        ("code" = String, Path, description = "The office's code.", example = "BTM"),
        ("release" = Option<String>, Query, description = "The release; the one that matters most now if left out.",
            example = "2026-W49"),
    ),
    responses((status = 200, description = "The windows; none where the office is not part of the release.", body = Slots))
)]
async fn list_slots(
    State(state): State<WebState>,
    At(code): At,
    OfRelease(release): OfRelease,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let code = antrean_domain::office::OfficeCode::parse(&code).map_err(|_| BadRequest::NotFound)?;
    let catalogue = state.app.catalogue();
    let zone = catalogue.offices.get(&code).ok_or(BadRequest::NotFound)?.zone;
    let overview = state.app.overview();
    let release = match &release {
        Some(id) => overview.release(id),
        None => overview.current(),
    };
    let release = release.ok_or(Refusal::ReleaseUnknown)?;
    answer(&state, Key::data(format!("/api/v1/offices/{code}/slots?release={}", release.id)), &headers, || {
        let slots = release.slots_of(&code).iter().map(|slot| Slot::of(slot, zone)).collect();
        Ok(Made::json(&Slots { release: release.id.to_string(), office: code.to_string(), slots }))
    })
}

/// All services, fees and further papers.
#[derive(Serialize, ToSchema)]
pub(super) struct Services {
    /// Those booked online first.
    services: Vec<Service>,
    /// Fees by passport and validity, in whole rupiah.
    fees: Vec<Fee>,
    /// What may come on top, in whole rupiah.
    charges: Vec<Charge>,
    /// The regulation that sets the fees.
    #[schema(example = "PP 45/2024")]
    fees_law: String,
}

/// One service.
#[derive(Serialize, ToSchema)]
pub(super) struct Service {
    /// `new`, `replacement`, `child`, `lost`, `damaged` or `data_change`.
    #[schema(example = "new")]
    code: &'static str,
    /// Its name.
    name: Text,
    /// Whether it is booked online.
    online: bool,
    /// Whom it is for.
    who: Text,
    /// The papers to bring.
    papers: Vec<Text>,
    /// Further things to know.
    hints: Vec<Text>,
    /// Why it is not booked online.
    why_not_online: Option<Text>,
    /// What to do instead.
    instead: Option<Text>,
}

/// The fee of a passport.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"passport": "electronic", "years": 10, "rupiah": 950_000}))]
pub(super) struct Fee {
    /// `ordinary` or `electronic`.
    passport: &'static str,
    /// Years of validity, 5 or 10.
    years: u8,
    /// Whole rupiah.
    rupiah: u32,
}

/// A charge on top.
#[derive(Serialize, ToSchema)]
pub(super) struct Charge {
    /// Names it.
    #[schema(example = "lost")]
    code: String,
    /// What it is for.
    name: Text,
    /// Whole rupiah.
    #[schema(example = 1_000_000)]
    rupiah: u32,
}

impl From<&DomainService> for Service {
    fn from(service: &DomainService) -> Self {
        Self {
            code: service.code.as_str(),
            name: Text::from(&service.name),
            online: service.online,
            who: Text::from(&service.who),
            papers: service.papers.iter().map(Text::from).collect(),
            hints: service.hints.iter().map(Text::from).collect(),
            why_not_online: service.why_not_online.as_ref().map(Text::from),
            instead: service.instead.as_ref().map(Text::from),
        }
    }
}

/// Services with their papers and fees.
#[utoipa::path(
    get, path = "/api/v1/services", tag = "places", operation_id = "list_services",
    responses((status = 200, description = "The services.", body = Services))
)]
async fn list_services(State(state): State<WebState>, _: NoQuery, headers: HeaderMap) -> Result<Response, Trouble> {
    answer(&state, Key::data("/api/v1/services"), &headers, || {
        let catalogue = state.app.catalogue();
        let services = &catalogue.services;
        let fees = PassportKind::ALL
            .into_iter()
            .flat_map(|passport| Validity::ALL.map(|validity| (passport, validity)))
            .map(|(passport, validity)| Fee {
                passport: passport.as_str(),
                years: validity.years(),
                rupiah: services.fee(passport, validity).0,
            })
            .collect();
        let charge = |charge: &antrean_domain::service::Charge| Charge {
            code: charge.code.clone(),
            name: Text::from(&charge.name),
            rupiah: charge.amount.0,
        };
        Ok(Made::json(&Services {
            services: services.iter().map(Service::from).collect(),
            fees,
            charges: services.charges.iter().map(charge).collect(),
            fees_law: services.fees.law.clone(),
        }))
    })
}

/// The papers of a service for a person, as the API gives them.
pub(super) fn papers(texts: &[DomainText]) -> Vec<Text> {
    texts.iter().map(Text::from).collect()
}
