//! Open data: what every office did in a week, for anybody, as a page and as CSV. Small counts are hidden.

use std::collections::HashMap;
use std::sync::Arc;

use antrean_app::caller::HOME_ZONE;
use antrean_app::numbers::{self, PublicWeek, Span};
use antrean_domain::numbers::Cell as Told;
use antrean_words::Words;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use tokio::sync::Mutex;

use crate::pages::Page;
use crate::pages::visit::{Answer, Detour, Faults, Sent, Visit, show};
use crate::sheet::{Cell, Form, Sheet};
use crate::state::WebState;

/// A week is read anew after so long, whoever asks.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// Weeks that can be looked at: two years.
const WEEKS_MAX: i64 = 104;
/// Caches may keep it as long.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The page of open data and its files.
pub fn routes() -> Router<WebState> {
    Router::new().route("/data", get(page)).route("/data/minggu.csv", get(file))
}

/// The weeks that were read last. Whoever wants one that is not there waits for whoever reads it.
#[derive(Default)]
pub(crate) struct Weeks(Mutex<HashMap<Date, Kept>>);

/// A week and when it was read.
type Kept = (Timestamp, Arc<Vec<PublicWeek>>);

/// The week that was asked for, of those that can be: its Monday, and whether there are one before and one after.
fn week(visit: &Visit, sent: &Sent) -> (Date, bool, bool) {
    let this = Span::week(HOME_ZONE.local(visit.app().now()).date()).from;
    let first = this.saturating_sub((7 * (WEEKS_MAX - 1)).days());
    let monday = sent.get("minggu").parse::<Date>().map_or(this, |day| Span::week(day).from).clamp(first, this);
    (monday, monday > first, monday < this)
}

async fn read(visit: &Visit, monday: Date) -> Result<Arc<Vec<PublicWeek>>, Detour> {
    let mut weeks = visit.state.weeks.0.lock().await;
    let now = visit.app().now();
    if let Some((at, week)) = weeks.get(&monday)
        && *at <= now
        && now.duration_since(*at) < FRESH
    {
        return Ok(Arc::clone(week));
    }
    let week = visit.ask(move |tx, cx| Ok(numbers::public_week(tx, cx, monday)?)).await??;
    let week = Arc::new(week);
    weeks.insert(monday, (now, Arc::clone(&week)));
    Ok(week)
}

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    page: Page,
    title: String,
    monday: Date,
    before: Option<Date>,
    after: Option<Date>,
    head: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    code: String,
    office: String,
    cells: Vec<String>,
}

const HEAD: [&str; 9] = [
    "numbers-released",
    "numbers-closed",
    "numbers-given",
    "numbers-came",
    "numbers-absent",
    "data-without",
    "numbers-served",
    "data-wait-median",
    "data-wait-p90",
];

fn counts(week: &PublicWeek) -> [Told; 7] {
    let places = [week.released, week.closed].map(Told::Count);
    let [released, closed] = places;
    [released, closed, week.given, week.came, week.absent, week.without, week.served]
}

fn row(words: &Words, office: &str, week: &PublicWeek) -> Row {
    let told = |cell: Told| match cell {
        Told::Count(count) => words.number(count),
        Told::Few => words.say("data-few"),
    };
    let minutes = |minutes: Option<u32>| minutes.map_or_else(|| "–".to_owned(), |minutes| words.number(minutes));
    let times = [week.wait_median_min, week.wait_p90_min].map(minutes);
    Row {
        code: week.office.to_string(),
        office: office.to_owned(),
        cells: counts(week).map(told).into_iter().chain(times).collect(),
    }
}

async fn page(visit: Visit, sent: Sent) -> Answer {
    let (monday, before, after) = week(&visit, &sent);
    let weeks = read(&visit, monday).await?;
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let name = |week: &PublicWeek| catalogue.offices.get(&week.office).map_or("", |office| office.name.as_str());
    let through = monday.saturating_add(6.days());
    let args = [("from", words.date_short(monday).into()), ("through", words.date_short(through).into())];
    let page = DataPage {
        page: visit.page("data-title", &Faults::none()),
        title: words.say_with("data-week", &args),
        monday,
        before: before.then(|| monday.saturating_sub(7.days())),
        after: after.then(|| monday.saturating_add(7.days())),
        head: HEAD.iter().map(|key| words.say(key)).collect(),
        rows: weeks.iter().map(|week| row(words, name(week), week)).collect(),
    };
    show(StatusCode::OK, &page)
}

/// The same for programs: names of columns that stay, `<5` for what is hidden, nothing where there is no number.
async fn file(visit: Visit, sent: Sent) -> Answer {
    let (monday, _, _) = week(&visit, &sent);
    let weeks = read(&visit, monday).await?;
    let catalogue = visit.app().catalogue();
    let head = [
        "week",
        "office",
        "name",
        "released",
        "closed",
        "given",
        "came",
        "absent",
        "without_appointment",
        "served",
        "wait_median_min",
        "wait_p90_min",
    ];
    let rows = weeks.iter().map(|week| {
        let name = catalogue.offices.get(&week.office).map_or("", |office| office.name.as_str());
        let texts = [monday.to_string(), week.office.to_string(), name.to_owned()].map(Cell::Text);
        let told = |cell: Told| match cell {
            Told::Count(count) => Cell::from(count),
            Told::Few => Cell::Text("<5".to_owned()),
        };
        let times = [week.wait_median_min, week.wait_p90_min].map(Cell::from);
        texts.into_iter().chain(counts(week).map(told)).chain(times).collect()
    });
    let sheet = Sheet { name: "data".to_owned(), head: head.map(str::to_owned).to_vec(), rows: rows.collect() };
    Ok(Sheet::download(&[sheet], Form::Csv, &format!("antrean-{monday}"), CACHE_CONTROL)?)
}
