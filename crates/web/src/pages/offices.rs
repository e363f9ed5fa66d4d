//! Offices: by province, by search, by distance; and one page for each. No office is ever left out; what cannot be had there is said.

use antrean_app::caller::{Caller, HOME_ZONE};
use antrean_app::closure::PublicClosure;
use antrean_app::overview::{OfficePlaces, ReleaseView};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::{NotOffered, Office, OfficeCode, OfficeKind, PositionQuality, WhyNotOffered};
use antrean_domain::region::Zone;
use antrean_domain::release::ReleasePlan;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::timetable::{DayPlan, Exception, Window};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use crate::caller::Who;
use crate::pages::release::{Phase, days, odds, opens_later};
use crate::pages::visit::{Named, query_value};
use crate::pages::{Action, Page, PageError, render, shared};
use crate::problem::BadRequest;
use crate::state::WebState;

/// Most results of a search: more would only be scrolled past.
pub const SEARCH_MAX: usize = 40;
/// Places in a list by distance.
const NEAR_MAX: usize = 20;
/// Closed days that the page of an office names ahead.
const CLOSED_MAX: usize = 8;
/// How far ahead it looks for them, in days.
const CLOSED_AHEAD_DAYS: i64 = 60;

/// The list and the page of one office.
pub fn routes() -> Router<WebState> {
    Router::new().route("/kantor", get(list)).route("/kantor/{code}", get(one))
}

/// An office in a list.
pub struct Row {
    /// Its code.
    pub code: OfficeCode,
    /// Its name.
    pub name: String,
    /// Where it is and what it is, or how far away.
    pub place: String,
    /// Why something cannot be had there.
    pub note: Option<String>,
    /// Whether it stands below its main office.
    pub unit: bool,
}

struct Province {
    code: String,
    name: String,
    count: String,
    rows: Vec<Row>,
}

struct Results {
    title: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "offices.html")]
struct OfficesPage {
    page: Page,
    lead: String,
    asked: String,
    results: Option<Results>,
    provinces: Vec<Province>,
}

/// What the query of the list may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    q: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
}

async fn list(
    State(state): State<WebState>,
    Who(caller): Who,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let catalogue = state.app.catalogue();
    let today = HOME_ZONE.local(state.app.now()).date();
    let words = Page::words(caller.language);
    let title = words.say("offices-title");
    let lister =
        |here: String| Lister { page: Page::new(&state, caller.language, title, here), catalogue: &catalogue, today };
    if let Some(text) = asked.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let text: String = text.chars().take(100).collect();
        let lister = lister(format!("/kantor?q={}", query_value(&text)));
        let rows = catalogue
            .offices
            .search(&text, SEARCH_MAX)
            .into_iter()
            .map(|office| Row { unit: false, ..lister.row(office, None) })
            .collect();
        let title = lister.page.say_text("offices-found", "text", &text);
        return found(&lister.page(text, Some(Results { title, rows })));
    }
    if let (Some(lat), Some(lon)) = (asked.lat, asked.lon) {
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return Err(BadRequest::NotAForm.into());
        }
        let lister = lister(format!("/kantor?lat={lat}&lon={lon}"));
        let near = catalogue.offices.near(lat, lon, NEAR_MAX);
        let rows = near.into_iter().map(|(office, km)| lister.row(office, Some(km))).collect();
        let title = lister.page.say("offices-nearest");
        return found(&lister.page(String::new(), Some(Results { title, rows })));
    }
    shared(&state, &caller, &headers, "/kantor", || Ok(lister("/kantor".to_owned()).page(String::new(), None)))
}

/// What people search for is without end, so these answers are not kept.
fn found(page: &OfficesPage) -> Result<Response, PageError> {
    Ok(Html(render(page)?).into_response())
}

struct Lister<'a> {
    page: Page,
    catalogue: &'a Catalogue,
    today: Date,
}

impl Lister<'_> {
    fn page(self, asked: String, results: Option<Results>) -> OfficesPage {
        let provinces = if results.is_some() { Vec::new() } else { self.provinces() };
        let lead = self.page.say_count("offices-lead", self.catalogue.offices.len() as u32);
        OfficesPage { lead, asked, results, provinces, page: self.page }
    }

    fn provinces(&self) -> Vec<Province> {
        let province = |region: &antrean_domain::region::Region| {
            let offices = self.catalogue.offices.in_province(&region.code);
            Province {
                code: region.code.clone(),
                name: region.name.clone(),
                count: self.page.w.number(offices.len() as u32),
                rows: offices.into_iter().map(|office| self.row(office, None)).collect(),
            }
        };
        self.catalogue.regions.provinces().into_iter().map(province).collect()
    }

    fn row(&self, office: &Office, km: Option<f64>) -> Row {
        row(&self.page, self.catalogue, office, self.today, km)
    }
}

fn row(page: &Page, catalogue: &Catalogue, office: &Office, today: Date, km: Option<f64>) -> Row {
    let regency = catalogue.regions.get(&office.regency).map(|regency| regency.name.as_str()).unwrap_or_default();
    Row {
        code: office.code,
        name: office.short_name().to_owned(),
        place: match km {
            Some(km) => {
                page.w.say_with("offices-away", &[("km", page.w.distance(km).into()), ("place", regency.into())])
            }
            None => regency.to_owned(),
        },
        note: closed_down(page, catalogue, office).or_else(|| {
            let since = office.electronic_only_from.filter(|since| *since <= today)?;
            (since <= today).then(|| page.say("offices-electronic-only"))
        }),
        unit: km.is_none() && office.parent.is_some(),
    }
}

/// That an office is closed down, or will be, and since when.
fn closed_down(page: &Page, catalogue: &Catalogue, office: &Office) -> Option<String> {
    catalogue.timetables.for_office(office).service_ended().map(|ended| page.w.closed_down(ended))
}

/// The same, where it is on all days of a release.
fn closed_down_in(page: &Page, catalogue: &Catalogue, office: &Office, plan: &ReleasePlan) -> Option<String> {
    let ended = catalogue.timetables.for_office(office).service_ended()?;
    plan.dates.iter().all(|date| ended.holds_on(*date)).then(|| page.w.closed_down(ended))
}

/// Why an office has no places in a release, in a few words.
pub fn why_not(page: &Page, catalogue: &Catalogue, office: &Office, plan: &ReleasePlan) -> String {
    if let Some(why) = closed_down_in(page, catalogue, office, plan) {
        return why;
    }
    let closed = |date: &Date| match catalogue.timetables.windows_on(office, *date, &catalogue.holidays) {
        DayPlan::Open(windows) => windows.iter().all(|window| window.public.0 == 0),
        DayPlan::Closed { .. } => true,
    };
    if plan.dates.iter().all(closed) { page.say("availability-closed") } else { page.say("offices-not-in-release") }
}

struct Day {
    name: String,
    windows: String,
    places: String,
}

struct Map {
    geo: String,
    web: String,
}

struct Now {
    state: String,
    kind: &'static str,
    heading: String,
    sentence: String,
    figures: Vec<(String, String)>,
    odds: Option<String>,
    actions: Vec<Action>,
}

#[derive(Template)]
#[template(path = "office.html")]
struct OfficePage {
    page: Page,
    back: String,
    kind: String,
    /// What cannot be had here at all.
    refused: Vec<String>,
    now: Option<Now>,
    days: Vec<Day>,
    hours_note: String,
    closed: Vec<(String, String)>,
    address: String,
    phone: String,
    notice: Option<String>,
    map: Option<Map>,
    map_rough: bool,
    near: String,
    services: Vec<(String, String)>,
    units_title: String,
    units: Vec<Row>,
}

async fn one(
    State(state): State<WebState>,
    Who(caller): Who,
    Named(code): Named<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let catalogue = state.app.catalogue();
    let office =
        OfficeCode::parse(&code).ok().and_then(|code| catalogue.offices.get(&code)).ok_or(BadRequest::NoSuchOffice)?;
    let here = format!("/kantor/{}", office.code);
    shared(&state, &caller, &headers, &here, || Ok(office_page(&state, &caller, &catalogue, office, here.clone())))
}

fn office_page(state: &WebState, caller: &Caller, catalogue: &Catalogue, office: &Office, here: String) -> OfficePage {
    let page = Page::new(state, caller.language, office.name.clone(), here);
    let now = state.app.now();
    let today = office.zone.local(now).date();
    let overview = state.app.overview();
    let related: Vec<&Office> = match office.parent {
        None => catalogue.offices.units_of(&office.code),
        Some(parent) => catalogue.offices.get(&parent).into_iter().collect(),
    };
    let units = related.iter().map(|unit| Row { unit: false, ..row(&page, catalogue, unit, today, None) }).collect();
    let office_is_mapped = office.position_quality != PositionQuality::Regency;
    OfficePage {
        back: format!("/kantor#p{}", office.province),
        kind: kind(&page, catalogue, office),
        refused: refused(&page, catalogue, office, today)
            .into_iter()
            .chain(overview.closures_of(&office.code).map(|closure| closed_now(&page, closure, office.zone)))
            .collect(),
        now: overview.current().map(|release| now_here(&page, catalogue, office, release, now)),
        days: week(&page, catalogue, office),
        hours_note: page.say_text("office-hours-note", "zone", office.zone.label()),
        closed: closed_days(&page, catalogue, office, today),
        address: address(catalogue, office),
        phone: office.phone.clone(),
        notice: office.notice.as_ref().map(|notice| page.w.text(notice).to_owned()),
        map: office_is_mapped.then(|| map(office)),
        map_rough: office.position_quality != PositionQuality::Office,
        near: format!("/kantor?lat={:.2}&lon={:.2}", office.latitude, office.longitude),
        services: services(&page, catalogue, office, today),
        units_title: page.say(if office.parent.is_some() { "office-parent" } else { "office-units" }),
        units,
        page,
    }
}

/// What an office has closed, in a sentence: `Tutup Selasa, 1 Desember 2026, 12.00–15.00 WIB: banjir di sekitar kantor`.
pub fn closed_now(page: &Page, closure: &PublicClosure, zone: Zone) -> String {
    let range = &closure.range;
    let when = match range.hours {
        Some((starts, ends)) => format!("{}, {}", page.w.date(range.from), page.w.window(starts, ends, zone)),
        None if range.from == range.to => page.w.date(range.from),
        None => format!("{} – {}", page.w.date(range.from), page.w.date(range.to)),
    };
    page.w.say_with("office-closed-now", &[("when", when.into()), ("why", closure.words.clone().into())])
}

fn kind(page: &Page, catalogue: &Catalogue, office: &Office) -> String {
    let kind = page.w.office_kind(office.kind);
    let place = catalogue.regions.get(&office.regency).map(|regency| regency.name.clone()).unwrap_or_default();
    let province = catalogue.regions.get(&office.province).map(|province| province.name.clone()).unwrap_or_default();
    page.w.say_with("office-kind", &[("kind", kind.into()), ("place", place.into()), ("province", province.into())])
}

fn refused(page: &Page, catalogue: &Catalogue, office: &Office, today: Date) -> Vec<String> {
    let mut refused: Vec<String> = closed_down(page, catalogue, office).into_iter().collect();
    if let Some(since) = office.electronic_only_from {
        let key = if since <= today { "office-electronic-only" } else { "office-electronic-soon" };
        refused.push(page.say_text(key, "since", page.w.date_short(since)));
    }
    refused
}

fn now_here(page: &Page, catalogue: &Catalogue, office: &Office, release: &ReleaseView, now: Timestamp) -> Now {
    let phase = Phase::of(release, now);
    let heading = days(page, &release.plan);
    let all = Action::second(page.say("office-release"), format!("/antrean/{}", release.id));
    let Some(held) = release.offices.get(&office.code) else {
        // An office that sits this release out may well be in the next: only one that never serves is "not offered here".
        let (state, sentence) = match closed_down_in(page, catalogue, office, &release.plan) {
            Some(why) => (page.say("availability-not-offered"), why),
            None => (why_not(page, catalogue, office, &release.plan), page.say("office-now-none")),
        };
        return Now {
            state,
            kind: "",
            heading,
            sentence,
            figures: Vec::new(),
            odds: None,
            actions: vec![
                Action::second(
                    page.say("offices-near-here"),
                    format!("/kantor?lat={:.2}&lon={:.2}", office.latitude, office.longitude),
                ),
                all,
            ],
        };
    };
    let number = |number: u32| page.w.number(number);
    let mut figures = vec![(page.say("figure-places"), number(held.places))];
    let mut actions = Vec::new();
    let mut state = (phase.say(page), phase.kind());
    let sentence = match phase {
        Phase::Free if opens_later(release, office, now).is_some() => {
            state = (page.say("availability-not-open"), "");
            let opens = super::release::moment(page, release.plan.opens(office.zone), office.zone);
            page.say_text("office-now-planned", "opens", opens)
        }
        Phase::Free if held.left == 0 => {
            state = (page.say("availability-full"), "bad");
            page.say("office-now-full")
        }
        Phase::Free => {
            figures.push((page.say("figure-left"), number(held.left)));
            let link = format!("/antrean/{}/tempat/jam?kantor={}", release.id, office.code);
            actions.push(Action::main(page.say("action-places"), link));
            page.say("office-now-free")
        }
        Phase::Entering => {
            actions.push(Action::main(page.say("action-enter"), format!("/antrean/{}/daftar", release.id)));
            page.say_text("card-entering", "closes", super::release::moment(page, release.plan.freeze, office.zone))
        }
        Phase::Planned => page.say_text(
            "office-now-planned",
            "opens",
            super::release::moment(page, release.plan.opens(office.zone), office.zone),
        ),
        Phase::Waiting | Phase::Drawing => page.say("office-now-waiting"),
        Phase::Drawn => page.say("office-now-drawn"),
        Phase::Full => page.say("office-now-full"),
        Phase::Over => page.say("card-over"),
    };
    if has_entries(phase, held) {
        figures.push((page.say("release-people"), number(held.people)));
    }
    let odds = odds(page, held.places, held.people).filter(|_| matches!(phase, Phase::Entering | Phase::Waiting));
    actions.push(all);
    Now {
        state: state.0,
        kind: state.1,
        heading,
        sentence,
        figures,
        odds: odds.map(|odds| page.say_text("office-odds", "odds", odds)),
        actions,
    }
}

fn has_entries(phase: Phase, held: &OfficePlaces) -> bool {
    matches!(phase, Phase::Entering | Phase::Waiting | Phase::Drawing | Phase::Drawn) || held.people > 0
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn week(page: &Page, catalogue: &Catalogue, office: &Office) -> Vec<Day> {
    let timetable = catalogue.timetables.for_office(office);
    WEEK.into_iter()
        .filter(|day| !timetable.on_weekday(*day).is_empty())
        .map(|day| {
            let windows = timetable.on_weekday(day);
            let places: u32 = windows.iter().map(|window| window.public.0).sum();
            Day { name: page.w.weekday(day), windows: spans(windows), places: page.w.number(places) }
        })
        .collect()
}

/// Windows that follow each other without a gap, as one span each: `08.00–12.00, 13.00–15.00`.
fn spans(windows: &[Window]) -> String {
    let mut spans: Vec<(jiff::civil::Time, jiff::civil::Time)> = Vec::new();
    for window in windows {
        match spans.last_mut() {
            Some(last) if last.1 == window.starts => last.1 = window.ends,
            _ => spans.push((window.starts, window.ends)),
        }
    }
    let clock = |time: jiff::civil::Time| format!("{:02}.{:02}", time.hour(), time.minute());
    spans.iter().map(|(from, to)| format!("{}–{}", clock(*from), clock(*to))).collect::<Vec<_>>().join(", ")
}

fn closed_days(page: &Page, catalogue: &Catalogue, office: &Office, today: Date) -> Vec<(String, String)> {
    let timetable = catalogue.timetables.for_office(office);
    let last = today.saturating_add(jiff::Span::new().days(CLOSED_AHEAD_DAYS));
    let open_weekday = |date: Date| !timetable.on_weekday(date.weekday()).is_empty();
    let mut closed: Vec<(Date, String)> = timetable
        .exceptions()
        .range(today..=last)
        .filter_map(|(date, exception)| match exception {
            Exception::Closed { why } => Some((*date, page.w.text(why).to_owned())),
            Exception::Windows(_) => None,
        })
        .collect();
    let holidays = catalogue
        .holidays
        .iter()
        .filter(|holiday| (today..=last).contains(&holiday.date) && open_weekday(holiday.date));
    closed.extend(holidays.map(|holiday| (holiday.date, page.w.text(&holiday.name).to_owned())));
    closed.sort_unstable();
    closed.into_iter().take(CLOSED_MAX).map(|(date, why)| (page.w.date(date), why)).collect()
}

fn address(catalogue: &Catalogue, office: &Office) -> String {
    if office.address.is_empty() {
        catalogue.regions.get(&office.regency).map(|regency| regency.name.clone()).unwrap_or_default()
    } else {
        office.address.clone()
    }
}

fn map(office: &Office) -> Map {
    let (lat, lon) = (office.latitude, office.longitude);
    let name = query_value(&office.name);
    Map {
        geo: format!("geo:{lat},{lon}?q={lat},{lon}({name})"),
        web: format!("https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}"),
    }
}

/// Each service with how it is to be had here.
fn services(page: &Page, catalogue: &Catalogue, office: &Office, today: Date) -> Vec<(String, String)> {
    let of = |service: ServiceCode| {
        let kinds: Vec<String> = PassportKind::ALL
            .into_iter()
            .filter(|kind| office.offers(service, *kind, today).is_ok())
            .map(|kind| page.w.passport(kind))
            .collect();
        let note = if kinds.is_empty() {
            match office.offers(service, PassportKind::Electronic, today) {
                Err(NotOffered { why }) => why_service(page, catalogue, office, why),
                Ok(()) => String::new(),
            }
        } else {
            page.w.list(&kinds)
        };
        (page.w.service(service), note)
    };
    let shown = ServiceCode::ALL.into_iter().filter(|service| *service != ServiceCode::Child);
    shown.map(of).collect()
}

fn why_service(page: &Page, catalogue: &Catalogue, office: &Office, why: WhyNotOffered) -> String {
    match why {
        WhyNotOffered::WalkIn { at } if at == office.code && office.kind == OfficeKind::Office => {
            page.say("office-walk-in")
        }
        WhyNotOffered::WalkIn { at } => {
            let name = catalogue.offices.get(&at).map_or_else(|| at.to_string(), |office| office.name.clone());
            page.say_text("office-walk-in-at", "office", name)
        }
        WhyNotOffered::PerPerson | WhyNotOffered::NotHere { .. } => page.say("availability-not-offered"),
        WhyNotOffered::ElectronicOnly { since } => {
            page.say_text("office-electronic-only", "since", page.w.date_short(since))
        }
    }
}
