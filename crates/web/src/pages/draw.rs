//! Draws, and how anybody can check them: what was promised, what was frozen, which randomness came, what followed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use antrean_app::caller::{Caller, HOME_ZONE, hex};
use antrean_app::overview::ReleaseView;
use antrean_app::{Refusal, bundle};
use antrean_domain::draw::beacon::{BeaconId, BeaconValue};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::entry::EntryId;
use antrean_domain::draw::freeze::FreezeFile;
use antrean_domain::draw::result::ResultLine;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_store::releases::ReleaseState;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::caller::Who;
use crate::pages::release::{Other, Phase, days, moment};
use crate::pages::visit::Named;
use crate::pages::{Page, PageError, render, shared};
use crate::problem::Trouble;
use crate::state::WebState;

/// Lists of entry ids kept in memory: 16 bytes an entry, so a release of a million takes 16 MB.
const LISTS_MAX: usize = 2;
/// Waves that the page names; a demonstration has one every few minutes.
const WAVES_MAX: usize = 12;

/// All draws, one draw, and its files.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/undian", get(all))
        .route("/undian/{release}", get(one))
        .route("/undian/{release}/{file}", get(file))
}

#[derive(Template)]
#[template(path = "draws.html")]
struct DrawsPage {
    page: Page,
    draws: Vec<Other>,
}

async fn all(State(state): State<WebState>, Who(caller): Who, headers: HeaderMap) -> Result<Response, PageError> {
    shared(&state, &caller, &headers, "/undian", || {
        let page = Page::new(&state, caller.language, Page::words(caller.language).say("draws-title"), "/undian");
        let (overview, now) = (state.app.overview(), state.app.now());
        let with_draw = overview.releases.iter().filter(|release| release.mode == Mode::Draw);
        let draws = with_draw.map(|release| Other {
            href: format!("/undian/{}", release.id),
            name: days(&page, &release.plan),
            state: drawn_phase(release, now).say(&page),
        });
        Ok(DrawsPage { draws: draws.collect(), page })
    })
}

struct Fact {
    name: String,
    value: String,
    /// What it is for, in plain words.
    what: String,
    /// Whether it is a number or a hash rather than words.
    code: bool,
}

struct Published {
    name: &'static str,
    what: String,
}

#[derive(Template)]
#[template(path = "draw.html")]
struct DrawPage {
    page: Page,
    id: String,
    state: String,
    kind: &'static str,
    sentence: String,
    /// What has to be said honestly about the randomness.
    warning: Option<String>,
    figures: Vec<(String, String)>,
    facts: Vec<Fact>,
    /// What the program is told to check: an address or a file.
    verify: String,
    files: Vec<Published>,
    /// Whether entries can be looked up: the list is out.
    listed: bool,
    asked: String,
    answer: Option<String>,
    found: bool,
    waves: Vec<String>,
    next_wave: Option<String>,
}

/// What the query may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// The id of an entry, 32 hexadecimal digits.
    entri: Option<String>,
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
    let release = overview.release(&id).filter(|release| release.mode == Mode::Draw).ok_or(Refusal::ReleaseUnknown)?;
    let asked =
        asked.entri.map(|text| text.trim().chars().take(64).collect::<String>()).filter(|text| !text.is_empty());
    match asked {
        None => {
            shared(&state, &caller, &headers, &format!("/undian/{id}"), || draw_page(&state, &caller, release, None))
        }
        Some(text) => {
            let entry: Option<EntryId> = text.to_ascii_lowercase().parse().ok();
            let found = match entry {
                Some(entry) if is_listed(release) => Some(holds(&state, &id, &entry).await?),
                _ => None,
            };
            let page = draw_page(&state, &caller, release, Some((text, found)))?;
            Ok(Html(render(&page)?).into_response())
        }
    }
}

/// The phase as far as the draw goes: places left over do not matter here.
fn drawn_phase(release: &ReleaseView, now: Timestamp) -> Phase {
    match Phase::of(release, now) {
        Phase::Free => Phase::Drawn,
        Phase::Over if is_listed(release) => Phase::Drawn,
        phase => phase,
    }
}

/// Whether the list of entries is published.
fn is_listed(release: &ReleaseView) -> bool {
    release.drawn.is_some()
}

/// `asked` is what was looked up and whether it is in the list; `None` for what is no id.
fn draw_page(
    state: &WebState,
    caller: &Caller,
    release: &ReleaseView,
    asked: Option<(String, Option<bool>)>,
) -> Result<DrawPage, Trouble> {
    let broken = |error: antrean_domain::draw::text::FileError| {
        tracing::error!(release = %release.id, %error, "a published file cannot be read");
        Trouble::Broken
    };
    let freeze =
        release.freeze_file.as_ref().map(|file| FreezeFile::parse(file.as_bytes()).map_err(broken)).transpose()?;
    let beacon =
        release.beacon_file.as_ref().map(|file| BeaconValue::parse(file.as_bytes()).map_err(broken)).transpose()?;
    let page = Page::new(state, caller.language, "", format!("/undian/{}", release.id));
    let title = page.say_text("draw-title", "days", days(&page, &release.plan));
    let page = page.titled(title);
    let phase = drawn_phase(release, state.app.now());
    let answer = asked.as_ref().map(|(_, found)| match found {
        Some(true) => page.say("draw-find-yes"),
        Some(false) => page.say("draw-find-no"),
        None => page.say("draw-find-unreadable"),
    });
    Ok(DrawPage {
        id: release.id.to_string(),
        state: phase.say(&page),
        kind: phase.kind(),
        sentence: sentence(&page, release),
        warning: match release.plan.beacon.id() {
            BeaconId::Local(_) => Some(page.say("draw-local")),
            BeaconId::Manual(_) => Some(page.say("draw-manual")),
            BeaconId::Drand(_) => None,
        },
        figures: figures(&page, release, freeze.as_ref()),
        facts: facts(&page, release, freeze.as_ref(), beacon.as_ref()),
        // Without a known address of the site the file that was taken from it is checked.
        verify: match &state.settings.base_url {
            Some(base) => format!("{base}/undian/{}/{}", release.id, bundle::BUNDLE),
            None => bundle::BUNDLE.to_owned(),
        },
        files: files(&page, release),
        listed: is_listed(release),
        found: asked.as_ref().is_some_and(|(_, found)| *found == Some(true)),
        asked: asked.map(|(text, _)| text).unwrap_or_default(),
        answer,
        waves: waves(&page, release, state.app.now()),
        next_wave: release.next_wave.map(|at| page.say_text("draw-wave-next", "at", moment(&page, at, HOME_ZONE))),
        page,
    })
}

fn sentence(page: &Page, release: &ReleaseView) -> String {
    let at = |at: Timestamp| moment(page, at, HOME_ZONE);
    match release.state {
        ReleaseState::Planned | ReleaseState::Open => page
            .w
            .say_with("draw-before", &[("closes", at(release.plan.freeze).into()), ("draw", at(release.draw).into())]),
        ReleaseState::Frozen => page.say_text("draw-frozen", "draw", at(release.draw)),
        ReleaseState::Drawing => page.say("card-drawing"),
        ReleaseState::Drawn | ReleaseState::Closed => match release.drawn {
            Some(drawn) => page.say_text("draw-done", "at", at(drawn)),
            None => page.say("draw-not-held"),
        },
    }
}

fn figures(page: &Page, release: &ReleaseView, freeze: Option<&FreezeFile>) -> Vec<(String, String)> {
    let number = |number: u32| page.w.number(number);
    let mut figures = vec![(page.say("figure-places"), number(release.places))];
    let listed = freeze.map(|freeze| u32::try_from(freeze.size).unwrap_or(u32::MAX));
    figures.push((page.say("figure-entries"), number(listed.unwrap_or(release.entries))));
    figures.push((page.say("figure-people"), number(release.people)));
    if is_listed(release) {
        figures.push((page.say("figure-standby"), number(release.standby())));
        if release.left > 0 {
            figures.push((page.say("figure-left"), number(release.left)));
        }
        let waved: u32 = release.waves.iter().map(|wave| wave.placed).sum();
        if !release.waves.is_empty() {
            figures.push((page.say("figure-waved"), number(waved)));
        }
    }
    figures
}

fn facts(page: &Page, release: &ReleaseView, freeze: Option<&FreezeFile>, beacon: Option<&BeaconValue>) -> Vec<Fact> {
    let code = |name: &str, value: String, what: String| Fact { name: page.say(name), value, what, code: true };
    let mut facts = vec![code("draw-rules", release.rules_sha256.clone(), page.say("draw-rules-what"))];
    if let Some(freeze) = freeze {
        facts.push(code(
            "draw-root",
            freeze.root.to_string(),
            page.say_text("draw-root-what", "at", moment(page, freeze.frozen_at, HOME_ZONE)),
        ));
    }
    let (name, what) = match release.plan.beacon.id() {
        BeaconId::Drand(_) => {
            let round =
                [("round", release.round.to_string().into()), ("at", moment(page, release.draw, HOME_ZONE).into())];
            (page.w.say_with("draw-beacon-drand", &round), page.say("draw-beacon-drand-what"))
        }
        BeaconId::Manual(label) => {
            (page.say_text("draw-beacon-manual", "label", label.as_str()), page.say("draw-beacon-manual-what"))
        }
        BeaconId::Local(_) => (page.say("draw-beacon-local"), page.say("draw-local")),
    };
    facts.push(Fact { name: page.say("draw-beacon"), value: name, what, code: false });
    if let Some(beacon) = beacon {
        let value = match beacon {
            BeaconValue::Manual { text, .. } => text.clone(),
            BeaconValue::Drand { .. } | BeaconValue::Local { .. } => hex(beacon.randomness()),
        };
        facts.push(code("draw-value", value, page.say("draw-value-what")));
    }
    if let Some(seed) = &release.seed {
        facts.push(code("draw-seed", seed.clone(), page.say("draw-seed-what")));
    }
    facts
}

fn files(page: &Page, release: &ReleaseView) -> Vec<Published> {
    let what = |name: &str| {
        page.say(match name {
            "rules.txt" => "draw-file-rules",
            "closures.txt" => "draw-file-closures",
            "freeze.txt" => "draw-file-freeze",
            "leaves.bin" => "draw-file-leaves",
            "beacon.txt" => "draw-file-beacon",
            "result.txt" => "draw-file-result",
            _ => "draw-file-bundle",
        })
    };
    let is_out = |name: &str| match name {
        "rules.txt" | "closures.txt" => true,
        "freeze.txt" => release.freeze_file.is_some(),
        _ => is_listed(release),
    };
    let names = Bundle::FILES.into_iter().chain([bundle::BUNDLE]);
    names.filter(|name| is_out(name)).map(|name| Published { name, what: what(name) }).collect()
}

fn waves(page: &Page, release: &ReleaseView, now: Timestamp) -> Vec<String> {
    let mut went_out: Vec<_> = release.waves.iter().filter(|wave| wave.at <= now).collect();
    went_out.sort_by_key(|wave| std::cmp::Reverse(wave.at));
    went_out
        .into_iter()
        .take(WAVES_MAX)
        .map(|wave| {
            let at = moment(page, wave.at, HOME_ZONE);
            page.w.say_with("draw-wave", &[("at", at.into()), ("count", wave.placed.into())])
        })
        .collect()
}

/// The files live under the API; here they have the address that the page of the draw shows.
async fn file(Named((release, file)): Named<(String, String)>) -> Result<Redirect, PageError> {
    let release = ReleaseId::parse(&release).map_err(|_| Refusal::ReleaseUnknown)?;
    let known =
        Bundle::FILES.into_iter().chain([bundle::BUNDLE]).find(|name| *name == file).ok_or(Refusal::ReleaseUnknown)?;
    Ok(Redirect::permanent(&format!("/api/v1/releases/{release}/draw/{known}")))
}

type Lists = Vec<(PathBuf, Arc<[EntryId]>)>;

/// Whether the published list of a release holds an entry. The first question of a release reads the list, later ones search it.
async fn holds(state: &WebState, release: &ReleaseId, entry: &EntryId) -> Result<bool, PageError> {
    // One lock for reading as well: two readers of one large file would only slow each other down.
    static LISTS: Mutex<Lists> = Mutex::const_new(Vec::new());
    let path = bundle::file(&state.app, release, "result.txt").await?;
    let mut lists = LISTS.lock().await;
    let known = lists.iter().find(|(known, _)| *known == path).map(|(_, list)| Arc::clone(list));
    let list = if let Some(list) = known {
        list
    } else {
        let from = path.clone();
        let read = tokio::task::spawn_blocking(move || read_ids(&from)).await;
        let list: Arc<[EntryId]> = read.map_err(|_| Trouble::Broken)?.map_err(|error| {
            tracing::error!(%release, %error, "a published result cannot be read");
            Trouble::Broken
        })?;
        if lists.len() == LISTS_MAX {
            lists.remove(0);
        }
        lists.push((path, Arc::clone(&list)));
        list
    };
    drop(lists);
    Ok(list.binary_search(entry).is_ok())
}

/// The ids in a result file, ascending.
fn read_ids(path: &FilePath) -> std::io::Result<Arc<[EntryId]>> {
    let mut ids = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        // The lines of the head are no results.
        if let Some(result) = ResultLine::parse(&line?) {
            ids.push(result.entry_id);
        }
    }
    ids.sort_unstable();
    Ok(ids.into())
}
