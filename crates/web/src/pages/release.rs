//! The current release and any other: its state in words, when what happens, how many places and entries where.

use std::collections::BTreeMap;

use antrean_app::Refusal;
use antrean_app::caller::HOME_ZONE;
use antrean_app::overview::{OfficePlaces, Overview, ReleaseView};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::Office;
use antrean_domain::region::Zone;
use antrean_domain::release::{BeaconPlan, Mode, Opening, ReleaseId, ReleasePlan};
use antrean_domain::waiting::LinePhase;
use antrean_store::releases::ReleaseState;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Time;
use serde::Deserialize;

use crate::caller::Who;
use crate::pages::offices::{SEARCH_MAX, why_not};
use crate::pages::visit::Named;
use crate::pages::wait::wait_path;
use crate::pages::{Action, Page, PageError, error, render, shared};
use crate::state::WebState;

/// The current release, and one by its id.
pub fn routes() -> Router<WebState> {
    Router::new().route("/antrean", get(current)).route("/antrean/{release}", get(one))
}

/// Where a release stands for somebody who wonders what to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Announced, not open yet.
    Planned,
    /// Takes entries for the draw.
    Entering,
    /// The list is final; the draw is to come.
    Waiting,
    /// The draw is being written down.
    Drawing,
    /// Drawn, and no place is free right now.
    Drawn,
    /// Places can be booked first come.
    Free,
    /// First come, and no place is free right now.
    Full,
    /// Its last day is over.
    Over,
}

impl Phase {
    /// The phase of a release at an instant.
    pub fn of(release: &ReleaseView, now: Timestamp) -> Self {
        match (release.state, release.mode) {
            (ReleaseState::Planned, _) => Self::Planned,
            (ReleaseState::Open, Mode::Draw) if now < release.plan.freeze => Self::Entering,
            (ReleaseState::Open | ReleaseState::Frozen, Mode::Draw) => Self::Waiting,
            (ReleaseState::Drawing, Mode::Draw) => Self::Drawing,
            (ReleaseState::Closed, _) => Self::Over,
            (_, _) if release.left > 0 => Self::Free,
            (_, Mode::Draw) => Self::Drawn,
            // Offices further west may not have opened yet; then nothing is full.
            (_, Mode::FirstCome) if now < release.plan.opening.latest() => Self::Free,
            (_, Mode::FirstCome) => Self::Full,
        }
    }

    /// Its name.
    pub fn say(self, page: &Page) -> String {
        page.say(match self {
            Self::Planned => "phase-planned",
            Self::Entering => "phase-entering",
            Self::Waiting => "phase-waiting",
            Self::Drawing => "phase-drawing",
            Self::Drawn => "phase-drawn",
            Self::Free => "phase-free",
            Self::Full => "phase-full",
            Self::Over => "phase-over",
        })
    }

    /// The look of its tag.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Entering | Self::Free => "live",
            Self::Waiting | Self::Drawing => "warn",
            Self::Drawn => "good",
            Self::Full => "bad",
            Self::Planned | Self::Over => "",
        }
    }
}

/// A release as a card: what it is, where it stands, what can be done now.
pub struct Card {
    /// Its phase in words.
    pub state: String,
    /// The look of the tag.
    pub kind: &'static str,
    /// The days for which it gives places; empty where the page says them.
    pub heading: String,
    /// What the phase means for the reader.
    pub sentence: String,
    /// Numbers with their names.
    pub figures: Vec<(String, String)>,
    /// Instants with their names.
    pub times: Vec<(String, String)>,
    /// What can be done now, the main thing first.
    pub actions: Vec<Action>,
}

impl Card {
    /// The card of a release at an instant.
    pub fn of(page: &Page, release: &ReleaseView, now: Timestamp) -> Self {
        let phase = Phase::of(release, now);
        // While people gather, nothing is free yet and nothing is closed any more.
        if let Some(line) = release.line.as_ref().filter(|line| line.phase == LinePhase::Joining) {
            return Self {
                state: page.say("wait-tag-joining"),
                kind: "live",
                heading: days(page, &release.plan),
                sentence: page.say_text("wait-joining", "opens", moment(page, line.opens, HOME_ZONE)),
                figures: figures(page, release, Phase::Planned),
                times: times(page, release),
                actions: actions(page, release, phase),
            };
        }
        Self {
            state: phase.say(page),
            kind: phase.kind(),
            heading: days(page, &release.plan),
            sentence: sentence(page, release, phase),
            figures: figures(page, release, phase),
            times: times(page, release),
            actions: actions(page, release, phase),
        }
    }
}

fn sentence(page: &Page, release: &ReleaseView, phase: Phase) -> String {
    let plan = &release.plan;
    let wave = || release.next_wave.map(|at| moment(page, at, HOME_ZONE));
    match phase {
        Phase::Planned => {
            let key = if release.mode == Mode::Draw { "card-planned" } else { "card-planned-first-come" };
            page.say_text(key, "opens", opens(page, plan))
        }
        Phase::Entering => page.say_text("card-entering", "closes", moment(page, plan.freeze, HOME_ZONE)),
        Phase::Waiting => page.say_text("card-waiting", "draw", moment(page, release.draw, HOME_ZONE)),
        Phase::Drawing => page.say("card-drawing"),
        Phase::Free => page.say_count("card-free", release.left),
        Phase::Drawn => match wave() {
            Some(wave) => page.say_text("card-drawn", "wave", wave),
            None => page.say("card-drawn-last"),
        },
        Phase::Full => match wave() {
            Some(wave) => page.say_text("card-full", "wave", wave),
            None => page.say("card-full-last"),
        },
        Phase::Over => page.say("card-over"),
    }
}

/// The numbers of a release that matter in its phase, with their names.
pub fn figures(page: &Page, release: &ReleaseView, phase: Phase) -> Vec<(String, String)> {
    let number = |number: u32| page.w.number(number);
    let mut figures = vec![(page.say("figure-places"), number(release.places))];
    if phase == Phase::Free {
        figures.push((page.say("figure-left"), number(release.left)));
    }
    if release.mode == Mode::Draw && phase != Phase::Planned {
        figures.push((page.say("figure-entries"), number(release.entries)));
        figures.push((page.say("figure-people"), number(release.people)));
    }
    if matches!(phase, Phase::Drawn | Phase::Free) && release.standby() > 0 {
        figures.push((page.say("figure-standby"), number(release.standby())));
    }
    if matches!(phase, Phase::Planned | Phase::Full) || release.mode == Mode::FirstCome {
        figures.push((page.say("figure-offices"), number(release.offices.len() as u32)));
    }
    figures
}

fn times(page: &Page, release: &ReleaseView) -> Vec<(String, String)> {
    let mut times = vec![(page.say("time-opens"), opens(page, &release.plan))];
    if release.mode == Mode::Draw {
        times.push((page.say("time-closes"), moment(page, release.plan.freeze, HOME_ZONE)));
        times.push((page.say("time-draw"), moment(page, release.draw, HOME_ZONE)));
    }
    times
}

fn actions(page: &Page, release: &ReleaseView, phase: Phase) -> Vec<Action> {
    let id = &release.id;
    let mine = || Action::second(page.say("menu-mine"), "/saya");
    let proof = || Action::second(page.say("action-proof"), format!("/undian/{id}"));
    let room = || Action::main(page.say("wait-action-join"), wait_path(id));
    let line = release.line.as_ref().map(|line| line.phase);
    match phase {
        Phase::Planned | Phase::Free
            if matches!(line, Some(LinePhase::Joining | LinePhase::Ordering | LinePhase::Admitting)) =>
        {
            vec![room(), mine()]
        }
        Phase::Planned => {
            vec![
                Action::main(page.say("action-prepare"), "/saya"),
                Action::second(page.say("action-offices"), format!("/antrean/{id}#kantor")),
            ]
        }
        Phase::Entering => vec![Action::main(page.say("action-enter"), format!("/antrean/{id}/daftar")), mine()],
        Phase::Waiting | Phase::Drawing => vec![Action::main(page.say("action-my-entry"), "/saya"), proof()],
        Phase::Drawn => vec![Action::main(page.say("action-my-result"), "/saya"), proof()],
        Phase::Free => {
            let main = Action::main(page.say("action-places"), format!("/antrean/{id}/tempat"));
            if release.mode == Mode::Draw {
                vec![main, Action::second(page.say("action-my-result"), "/saya"), proof()]
            } else {
                vec![main, mine()]
            }
        }
        Phase::Full => vec![
            Action::main(page.say("menu-mine"), "/saya"),
            Action::second(page.say("action-offices"), format!("/antrean/{id}#kantor")),
        ],
        Phase::Over => {
            if release.mode == Mode::Draw {
                vec![mine(), proof()]
            } else {
                vec![mine()]
            }
        }
    }
}

/// When an office opens, as long as it has not: where places go first come, offices further west open later. Until then it is
/// not full but not open yet.
pub fn opens_later(release: &ReleaseView, office: &Office, now: Timestamp) -> Option<Timestamp> {
    let opens = release.plan.opens(office.zone);
    (release.mode == Mode::FirstCome && now < opens).then_some(opens)
}

/// The days of a release: `30 November – 4 Desember 2026`.
pub fn days(page: &Page, plan: &ReleasePlan) -> String {
    match plan.dates.as_slice() {
        [] => plan.id.to_string(),
        [day] => page.w.date(*day),
        [first, .., last] => {
            let from = if (first.year(), first.month()) == (last.year(), last.month()) {
                first.day().to_string()
            } else if first.year() == last.year() {
                format!("{} {}", first.day(), page.say(&format!("month-{}", first.month())))
            } else {
                page.w.date_short(*first)
            };
            page.w.say_with("release-days", &[("from", from.into()), ("to", page.w.date_short(*last).into())])
        }
    }
}

/// An instant without its year, which the days of the release make plain: `Jumat, 27 November pukul 14.00 WIB`.
pub fn moment(page: &Page, at: Timestamp, zone: Zone) -> String {
    let local = zone.local(at);
    let time = page.w.time(local.time(), zone);
    page.w.say_with("instant", &[("date", page.w.date_without_year(local.date()).into()), ("time", time.into())])
}

/// When a release opens: at one clock reading in each zone, or at one instant everywhere.
fn opens(page: &Page, plan: &ReleasePlan) -> String {
    match plan.opening {
        Opening::At(at) => moment(page, at, HOME_ZONE),
        Opening::Local(local) => {
            let time = page.say_text("time-local", "time", clock(local.time()));
            page.w
                .say_with("instant", &[("date", page.w.date_without_year(local.date()).into()), ("time", time.into())])
        }
    }
}

fn clock(time: Time) -> String {
    format!("{:02}.{:02}", time.hour(), time.minute())
}

/// Rough odds of one place, as a range: what is known is the first choices only, and entries still come and go.
///
/// `None` where nobody has entered yet or there is nothing to get.
pub fn odds(page: &Page, places: u32, people: u32) -> Option<String> {
    if places == 0 || people == 0 {
        return None;
    }
    // In tenths. Others come with their later choices, so the lower end leaves a third of the places to them; some of
    // these people get a place elsewhere or leave, so the upper end lets a fifth of them go.
    let tenths = |of: f64| of * 10.0 * f64::from(places) / f64::from(people);
    let (low, high) = (tenths(0.67).floor(), tenths(1.25).ceil());
    Some(if low >= 10.0 {
        page.say("odds-enough")
    } else if high <= 1.0 {
        page.say("odds-below-one")
    } else {
        let bound = |bound: f64| page.w.number(bound.clamp(0.0, 10.0) as i64);
        page.w.say_with("odds-range", &[("low", bound(low).into()), ("high", bound(high).into())])
    })
}

/// What the query of a release's page may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Code of a province.
    provinsi: Option<String>,
    /// Words to find offices by.
    q: Option<String>,
}

async fn current(
    State(state): State<WebState>,
    Who(caller): Who,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let overview = state.app.overview();
    let Some(release) = overview.current() else {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("start-none-title"), "/antrean");
        let detail = page.say("start-none");
        let actions =
            vec![Action::main(page.say("menu-offices"), "/kantor"), Action::second(page.say("menu-guide"), "/panduan")];
        return shared(&state, &caller, &headers, "/antrean", || Ok(error::notice(page, detail, actions)));
    };
    answer(&state, &caller, &headers, "/antrean", &overview, release, &asked)
}

async fn one(
    State(state): State<WebState>,
    Who(caller): Who,
    Named(id): Named<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let overview = state.app.overview();
    let id = ReleaseId::parse(&id).map_err(|_| Refusal::ReleaseUnknown)?;
    let release = overview.release(&id).ok_or(Refusal::ReleaseUnknown)?;
    answer(&state, &caller, &headers, &format!("/antrean/{id}"), &overview, release, &asked)
}

fn answer(
    state: &WebState,
    caller: &antrean_app::caller::Caller,
    headers: &HeaderMap,
    here: &str,
    overview: &Overview,
    release: &ReleaseView,
    asked: &Asked,
) -> Result<Response, PageError> {
    let catalogue = state.app.catalogue();
    let make = |scope: Scope<'_>, address: &str| {
        let page = Page::new(state, caller.language, "", address);
        release_page(page, here, overview, release, &catalogue, scope, state.app.now())
    };
    if let Some(text) = asked.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        // What people search for is without end, so these answers are not kept.
        let text: String = text.chars().take(100).collect();
        let address = format!("{here}?q={}", super::visit::query_value(&text));
        return Ok(Html(render(&make(Scope::Search(&text), &address))?).into_response());
    }
    let province = asked
        .provinsi
        .as_deref()
        .filter(|code| catalogue.regions.provinces().iter().any(|province| province.code == **code));
    match province {
        Some(code) => {
            let address = format!("{here}?provinsi={code}");
            shared(state, caller, headers, &address, || Ok(make(Scope::Province(code), &address)))
        }
        None => shared(state, caller, headers, here, || Ok(make(Scope::Country, here))),
    }
}

/// Which offices the table shows.
#[derive(Clone, Copy)]
enum Scope<'a> {
    /// One row for each province.
    Country,
    /// The offices of a province.
    Province(&'a str),
    /// The offices that a text finds.
    Search(&'a str),
}

#[derive(Template)]
#[template(path = "release.html")]
struct ReleasePage {
    page: Page,
    card: Card,
    columns: Vec<String>,
    zones: Vec<(&'static str, Vec<String>)>,
    steps: Vec<String>,
    lead: String,
    here: String,
    asked: String,
    /// The heading of the table when it does not show the provinces.
    chosen: Option<String>,
    first_column: String,
    second_column: String,
    rows: Vec<Row>,
    others: Vec<Other>,
}

struct Row {
    href: String,
    name: String,
    note: String,
    places: String,
    second: String,
}

/// Another release, in a list.
pub struct Other {
    /// Where it is.
    pub href: String,
    /// Its days.
    pub name: String,
    /// Its phase.
    pub state: String,
}

fn release_page(
    page: Page,
    here: &str,
    overview: &Overview,
    release: &ReleaseView,
    catalogue: &Catalogue,
    scope: Scope<'_>,
    now: Timestamp,
) -> ReleasePage {
    // The title says the days already.
    let card = Card { heading: String::new(), ..Card::of(&page, release, now) };
    let title = page.say_text("release-title", "days", days(&page, &release.plan));
    let page = page.titled(title);
    let phase = Phase::of(release, now);
    let given_first_come = release.mode == Mode::FirstCome || matches!(phase, Phase::Free | Phase::Full | Phase::Drawn);
    let table = Table { page: &page, release, catalogue, given_first_come, phase, now };
    let (chosen, rows) = match scope {
        Scope::Country => (None, table.provinces(here)),
        Scope::Province(code) => {
            let name = catalogue.regions.get(code).map(|province| province.name.clone());
            (name, catalogue.offices.in_province(code).into_iter().map(|office| table.office(office)).collect())
        }
        Scope::Search(text) => {
            let found = catalogue.offices.search(text, SEARCH_MAX);
            (
                Some(page.say_text("offices-found", "text", text)),
                found.into_iter().map(|office| table.office(office)).collect(),
            )
        }
    };
    let others = overview.releases.iter().filter(|other| other.id != release.id).map(|other| Other {
        href: format!("/antrean/{}", other.id),
        name: days(&page, &other.plan),
        state: Phase::of(other, now).say(&page),
    });
    ReleasePage {
        columns: times(&page, release).into_iter().map(|(name, _)| name).collect(),
        zones: zones(&page, release, catalogue),
        steps: steps(&page, release),
        lead: page.say(match (given_first_come, phase) {
            (_, Phase::Over) => "card-over",
            (true, Phase::Planned) => "release-offices-planned",
            (true, _) => "release-offices-free",
            (false, _) => "release-offices-lead",
        }),
        here: here.to_owned(),
        asked: if let Scope::Search(text) = scope { text.to_owned() } else { String::new() },
        first_column: page.say(if matches!(scope, Scope::Country) { "release-province" } else { "release-office" }),
        second_column: page.say(if given_first_come { "figure-left" } else { "release-people" }),
        others: others.collect(),
        chosen,
        rows,
        card,
        page,
    }
}

/// The zones of the offices that take part, each with its own clock's times.
fn zones(page: &Page, release: &ReleaseView, catalogue: &Catalogue) -> Vec<(&'static str, Vec<String>)> {
    let takes_part = |zone: &Zone| {
        release.offices.keys().filter_map(|code| catalogue.offices.get(code)).any(|office| office.zone == *zone)
    };
    let times = |zone: Zone| {
        let mut instants = vec![release.plan.opens(zone)];
        if release.mode == Mode::Draw {
            instants.extend([release.plan.freeze, release.draw]);
        }
        let short = |at: Timestamp| {
            let local = zone.local(at);
            format!("{} {}", page.w.weekday(local.weekday()), clock(local.time()))
        };
        instants.into_iter().map(short).collect()
    };
    Zone::ALL.into_iter().filter(takes_part).map(|zone| (zone.label(), times(zone))).collect()
}

fn steps(page: &Page, release: &ReleaseView) -> Vec<String> {
    let plan = &release.plan;
    let waves: Vec<String> = plan.wave_times.iter().take(4).map(|time| clock(*time)).collect();
    let key = if release.mode == Mode::Draw { "release-step-waves" } else { "release-step-waves-first-come" };
    let waves = page.say_text(key, "times", page.w.list(&waves));
    // Only a value that nobody here can choose comes from outside.
    let local = matches!(plan.beacon, BeaconPlan::Local { .. });
    let draw = if local { "release-step-draw-local" } else { "release-step-draw" };
    match release.mode {
        Mode::Draw => vec![
            page.say_text("release-step-enter", "closes", moment(page, plan.freeze, HOME_ZONE)),
            page.say("release-step-freeze"),
            page.say_text(draw, "draw", moment(page, release.draw, HOME_ZONE)),
            page.say("release-step-result"),
            waves,
        ],
        Mode::FirstCome => vec![page.say("release-step-choose"), page.say("release-step-ticket"), waves],
    }
}

struct Table<'a> {
    page: &'a Page,
    release: &'a ReleaseView,
    catalogue: &'a Catalogue,
    given_first_come: bool,
    phase: Phase,
    now: Timestamp,
}

impl Table<'_> {
    fn provinces(&self, here: &str) -> Vec<Row> {
        let mut sums: BTreeMap<&str, OfficePlaces> = BTreeMap::new();
        for (code, office) in &self.release.offices {
            let Some(known) = self.catalogue.offices.get(code) else { continue };
            let sum = sums.entry(&known.province).or_default();
            sum.places += office.places;
            sum.left += office.left;
            sum.people += office.people;
        }
        let none = OfficePlaces::default();
        let row = |province: &antrean_domain::region::Region| {
            let sum = sums.get(province.code.as_str()).unwrap_or(&none);
            let number = |number: u32| if sum.places == 0 { "–".to_owned() } else { self.page.w.number(number) };
            Row {
                href: format!("{here}?provinsi={}#kantor", province.code),
                name: province.name.clone(),
                note: String::new(),
                places: number(sum.places),
                second: match (self.given_first_come, self.phase) {
                    (true, Phase::Planned) => "–".to_owned(),
                    (true, _) => number(sum.left),
                    (false, _) => number(sum.people),
                },
            }
        };
        // Those that take part come first.
        let mut provinces = self.catalogue.regions.provinces();
        provinces.sort_by_key(|province| !sums.contains_key(province.code.as_str()));
        provinces.into_iter().map(row).collect()
    }

    fn office(&self, office: &Office) -> Row {
        let page = self.page;
        let held = self.release.offices.get(&office.code);
        let later = opens_later(self.release, office, self.now).is_some();
        let (places, second) = held.map_or((String::from("–"), String::from("–")), |held| {
            let second = match (self.given_first_come, later) {
                (true, true) => "–".to_owned(),
                (true, false) => page.w.number(held.left),
                (false, _) => page.w.number(held.people),
            };
            (page.w.number(held.places), second)
        });
        Row {
            href: format!("/kantor/{}", office.code),
            name: office.name.clone(),
            note: match held {
                Some(_) if later => page.say("availability-not-open"),
                Some(held) if self.given_first_come && held.left == 0 => page.say("availability-full"),
                Some(held) => {
                    odds(page, held.places, held.people).filter(|_| !self.given_first_come).unwrap_or_default()
                }
                None => why_not(page, self.catalogue, office, &self.release.plan),
            },
            places,
            second,
        }
    }
}
