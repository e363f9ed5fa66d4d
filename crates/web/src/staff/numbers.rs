//! What offices did, in numbers: one office by day, hour and service; all that somebody reaches side by side; the standing questions.
//! Each of it to look at, to print, and as a table.

use std::sync::Arc;

use antrean_app::numbers::{self, Numbers, Span};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::numbers::{Tally, percentile};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use antrean_words::Words;
use askama::Template;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::desk::{Desk, Screen};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Faults, Sent, show};
use crate::sheet::{Cell, Form, Sheet};

/// A column: the key of its words, and what it counts.
type Column = (&'static str, fn(&Tally) -> u32);

/// What is counted, in the order of the tables.
const COLUMNS: &[Column] = &[
    ("numbers-released", |tally| tally.released),
    ("numbers-closed", |tally| tally.closed),
    ("numbers-given", |tally| tally.given),
    ("numbers-open", |tally| tally.open),
    ("numbers-came", |tally| tally.came),
    ("numbers-late", |tally| tally.late),
    ("numbers-absent", |tally| tally.absent),
    ("numbers-cancelled", |tally| tally.cancelled),
    ("numbers-cancelled-late", |tally| tally.cancelled_late),
    ("numbers-revoked", |tally| tally.revoked),
    ("numbers-unrecorded", |tally| tally.unrecorded),
    ("numbers-moved", |tally| tally.moved),
    ("numbers-walk-in", |tally| tally.walk_in),
    ("numbers-priority", |tally| tally.priority),
    ("numbers-served", |tally| tally.served),
    ("numbers-papers", |tally| tally.papers_missing),
    ("numbers-refused", |tally| tally.refused),
    ("numbers-rescheduled", |tally| tally.rescheduled),
    ("numbers-gone", |tally| tally.gone),
    ("numbers-strikes", |tally| tally.strikes),
];
/// Those that a screen has room for; all of them are in the files.
const ON_SCREEN: [usize; 9] = [0, 2, 4, 5, 6, 12, 13, 14, 18];
/// Minutes of waits and at counters: half of the parties, and 90 of 100.
const TIMES: [&str; 4] = ["numbers-wait-median", "numbers-wait-p90", "numbers-service-median", "numbers-service-p90"];
/// Days that are shown if nothing else was asked for.
const DAYS: i64 = 7;
const NO_STORE: &str = "no-store";

pub(super) fn routes(table: Table) -> Table {
    let at_office = Needs::AtOffice(Task::Report);
    table
        .get("/petugas/{office}/angka", at_office, of_office)
        .get("/petugas/{office}/angka/tabel.csv", at_office, office_csv)
        .get("/petugas/{office}/angka/tabel.xlsx", at_office, office_xlsx)
        .get("/petugas/angka", Needs::Task(Task::Report), of_all)
        .get("/petugas/angka/tabel.csv", Needs::Task(Task::Report), all_csv)
        .get("/petugas/angka/tabel.xlsx", Needs::Task(Task::Report), all_xlsx)
        .get("/petugas/angka/pertanyaan", Needs::Task(Task::Report), questions)
}

fn minutes(values: &[u32], percent: u32) -> Option<u32> {
    percentile(values, percent).map(|seconds| seconds.div_ceil(60))
}

fn times(tally: &Tally) -> [Option<u32>; 4] {
    let (waits, services) = (&tally.waits, &tally.services);
    [minutes(waits, 50), minutes(waits, 90), minutes(services, 50), minutes(services, 90)]
}

/// One line of a table on a page.
struct Row {
    name: String,
    /// Where the name leads, if it does.
    href: String,
    counts: Vec<String>,
    times: [String; 4],
    /// Persons who were there, for the bar: thousandths of the longest.
    bar: u32,
}

struct Group {
    title: String,
    head: String,
    rows: Vec<Row>,
}

fn group(words: &Words, title: &str, head: &str, lines: Vec<(String, String, &Tally)>) -> Group {
    let there = |tally: &Tally| tally.came + tally.walk_in + tally.priority;
    let most = lines.iter().map(|(_, _, tally)| there(tally)).max().unwrap_or(0).max(1);
    let rows = lines.into_iter().map(|(name, href, tally)| Row {
        name,
        href,
        counts: ON_SCREEN.iter().map(|at| words.number(COLUMNS[*at].1(tally))).collect(),
        times: times(tally).map(|time| time.map_or_else(|| "–".to_owned(), |minutes| words.number(minutes))),
        bar: there(tally) * 1_000 / most,
    });
    Group { title: words.say(title), head: words.say(head), rows: rows.collect() }
}

/// The span that was asked for, or what is wrong with it.
fn span(desk: &Desk, sent: &Sent) -> (Span, Faults) {
    let today = desk.zone().local(desk.app().now()).date();
    let usual = Span { from: today.saturating_sub((DAYS - 1).days()), through: today };
    let (from, through) = (sent.get("dari"), sent.get("sampai"));
    if from.is_empty() && through.is_empty() {
        return (usual, Faults::none());
    }
    let read = from.parse::<Date>().ok().zip(through.parse::<Date>().ok());
    match read.and_then(|(from, through)| Span::new(from, through)) {
        Some(span) => (span, Faults::none()),
        None => (usual, Faults::one("dari", desk.words().say("numbers-span-wrong"))),
    }
}

#[derive(Template)]
#[template(path = "staff/numbers.html")]
struct NumbersPage {
    page: Screen,
    faults: Faults,
    here: String,
    from: Date,
    through: Date,
    columns: Vec<String>,
    times: Vec<String>,
    figures: Vec<(String, String)>,
    groups: Vec<Group>,
    /// Whether there is a page with the standing questions to go to.
    questions: bool,
}

fn columns(words: &Words) -> Vec<String> {
    ON_SCREEN.iter().map(|at| words.say(COLUMNS[*at].0)).collect()
}

fn figures(words: &Words, total: &Tally) -> Vec<(String, String)> {
    let counts =
        [0, 2, 4, 6, 12, 13, 14].map(|at: usize| (words.say(COLUMNS[at].0), words.number(COLUMNS[at].1(total))));
    let times = TIMES
        .iter()
        .zip(times(total))
        .map(|(key, time)| (words.say(key), time.map_or_else(|| "–".to_owned(), |minutes| words.number(minutes))));
    counts.into_iter().chain(times).collect()
}

fn services<'a>(words: &Words, numbers: &'a Numbers) -> Vec<(String, String, &'a Tally)> {
    numbers.services.iter().map(|(service, tally)| (words.service(*service), String::new(), tally)).collect()
}

fn groups(words: &Words, numbers: &Numbers) -> Vec<Group> {
    let day = |(date, tally)| {
        let date: &Date = date;
        (format!("{}, {}", words.weekday(date.weekday()), words.date_short(*date)), String::new(), tally)
    };
    let hour = |(hour, tally)| {
        let hour: &i8 = hour;
        (format!("{hour:02}.00"), String::new(), tally)
    };
    let weekdays = numbers.weekdays();
    let of_week = weekdays.iter().map(|(weekday, tally)| (words.weekday(*weekday), String::new(), tally));
    vec![
        group(words, "numbers-by-day", "numbers-day", numbers.days.iter().map(day).collect()),
        group(words, "numbers-by-hour", "numbers-hour", numbers.hours.iter().map(hour).collect()),
        group(words, "numbers-by-service", "numbers-service", services(words, numbers)),
        group(words, "numbers-by-weekday", "numbers-weekday", of_week.collect()),
    ]
}

async fn read(desk: &Desk, span: Span) -> Result<Numbers, crate::pages::visit::Detour> {
    let office = desk.office()?.code;
    Ok(desk.ask(move |tx, cx| numbers::of_office(tx, cx, &office, span)).await??)
}

async fn of_office(desk: Desk, sent: Sent) -> Answer {
    let (span, faults) = span(&desk, &sent);
    office_page(&desk, span, faults).await
}

async fn office_page(desk: &Desk, span: Span, faults: Faults) -> Answer {
    let numbers = read(desk, span).await?;
    let words = desk.words();
    let page = NumbersPage {
        page: desk.screen("numbers-title", &faults),
        here: format!("/petugas/{}/angka", desk.office()?.code),
        from: span.from,
        through: span.through,
        columns: columns(words),
        times: TIMES.iter().map(|key| words.say(key)).collect(),
        figures: figures(words, &numbers.total()),
        groups: groups(words, &numbers),
        questions: false,
        faults,
    };
    show(page.faults.status(), &page)
}

/// A sheet of everything that is counted.
fn sheet(words: &Words, name: &str, head: &[&str], lines: Vec<(Vec<Cell>, &Tally)>) -> Sheet {
    let keys = head.iter().copied().chain(COLUMNS.iter().map(|(key, _)| *key)).chain(TIMES);
    let row = |(mut cells, tally): (Vec<Cell>, &Tally)| {
        cells.extend(COLUMNS.iter().map(|(_, count)| Cell::from(count(tally))));
        cells.extend(times(tally).map(Cell::from));
        cells
    };
    Sheet {
        name: words.say(name),
        head: keys.map(|key| words.say(key)).collect(),
        rows: lines.into_iter().map(row).collect(),
    }
}

fn text(text: impl Into<String>) -> Vec<Cell> {
    vec![Cell::Text(text.into())]
}

fn sheets(words: &Words, numbers: &Numbers) -> Vec<Sheet> {
    let days = numbers.days.iter().map(|(date, tally)| (text(date.to_string()), tally));
    let hours = numbers.hours.iter().map(|(hour, tally)| (text(format!("{hour:02}:00")), tally));
    let services = numbers.services.iter().map(|(service, tally)| (text(words.service(*service)), tally));
    let weekdays = numbers.weekdays();
    let weekdays = weekdays.iter().map(|(weekday, tally)| (text(words.weekday(*weekday)), tally));
    vec![
        sheet(words, "numbers-by-day", &["numbers-day"], days.collect()),
        sheet(words, "numbers-by-hour", &["numbers-hour"], hours.collect()),
        sheet(words, "numbers-by-service", &["numbers-service"], services.collect()),
        sheet(words, "numbers-by-weekday", &["numbers-weekday"], weekdays.collect()),
    ]
}

async fn office_csv(desk: Desk, sent: Sent) -> Answer {
    office_file(&desk, &sent, Form::Csv).await
}

async fn office_xlsx(desk: Desk, sent: Sent) -> Answer {
    office_file(&desk, &sent, Form::Xlsx).await
}

/// A table, or the page that says what is wrong with the dates: a file of other dates than asked for would be believed.
async fn office_file(desk: &Desk, sent: &Sent, form: Form) -> Answer {
    let (span, faults) = span(desk, sent);
    if faults.any() {
        return office_page(desk, span, faults).await;
    }
    let numbers = read(desk, span).await?;
    let name = format!("angka-{}-{}-{}", desk.office()?.code, span.from, span.through);
    Ok(Sheet::download(&sheets(desk.words(), &numbers), form, &name, NO_STORE)?)
}

fn name_of(catalogue: &Arc<Catalogue>, code: OfficeCode) -> String {
    catalogue.offices.get(&code).map_or_else(|| code.to_string(), |office| office.name.clone())
}

async fn of_all(desk: Desk, sent: Sent) -> Answer {
    let (span, faults) = span(&desk, &sent);
    page_of_all(&desk, span, faults).await
}

async fn page_of_all(desk: &Desk, span: Span, faults: Faults) -> Answer {
    let all = desk.ask(move |tx, cx| numbers::of_all(tx, cx, span)).await??;
    let (words, catalogue) = (desk.words(), desk.app().catalogue());
    let mut total = Tally::default();
    for (_, tally) in &all {
        total.add(tally);
    }
    let query = format!("?dari={}&sampai={}", span.from, span.through);
    let lines = all
        .iter()
        .map(|(code, tally)| (name_of(&catalogue, *code), format!("/petugas/{code}/angka{query}"), tally))
        .collect();
    let page = NumbersPage {
        page: desk.screen("numbers-title", &faults),
        here: "/petugas/angka".to_owned(),
        from: span.from,
        through: span.through,
        columns: columns(words),
        times: TIMES.iter().map(|key| words.say(key)).collect(),
        figures: figures(words, &total),
        groups: vec![group(words, "numbers-by-office", "numbers-office", lines)],
        questions: true,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn all_csv(desk: Desk, sent: Sent) -> Answer {
    all_file(&desk, &sent, Form::Csv).await
}

async fn all_xlsx(desk: Desk, sent: Sent) -> Answer {
    all_file(&desk, &sent, Form::Xlsx).await
}

async fn all_file(desk: &Desk, sent: &Sent, form: Form) -> Answer {
    let (span, faults) = span(desk, sent);
    if faults.any() {
        return page_of_all(desk, span, faults).await;
    }
    let all = desk.ask(move |tx, cx| numbers::of_all(tx, cx, span)).await??;
    let catalogue = desk.app().catalogue();
    let lines = all.iter().map(|(code, tally)| {
        let cells = vec![Cell::Text(code.to_string()), Cell::Text(name_of(&catalogue, *code))];
        (cells, tally)
    });
    let sheet = sheet(desk.words(), "numbers-by-office", &["numbers-code", "numbers-office"], lines.collect());
    let name = format!("angka-{}-{}", span.from, span.through);
    Ok(Sheet::download(&[sheet], form, &name, NO_STORE)?)
}

#[derive(Template)]
#[template(path = "staff/questions.html")]
struct QuestionsPage {
    page: Screen,
    draw: String,
    demand: Vec<[String; 4]>,
    idle: Vec<[String; 3]>,
    counters: Vec<[String; 6]>,
}

async fn questions(desk: Desk) -> Answer {
    let today = desk.zone().local(desk.app().now()).date();
    let found = desk.ask(move |tx, cx| numbers::questions(tx, cx, today)).await??;
    let (words, catalogue) = (desk.words(), desk.app().catalogue());
    let number = |number: u32| words.number(number);
    let minutes = |seconds: u32| words.number(seconds.div_ceil(60));
    let share = |part: u32, of: u32| format!("{} %", u64::from(part) * 100 / u64::from(of.max(1)));
    let page = QuestionsPage {
        page: desk.screen("questions-title", &Faults::none()),
        draw: found.draw.as_ref().map(|id| words.release(id)).unwrap_or_default(),
        demand: found
            .demand
            .iter()
            .filter(|demand| demand.unmet > 0)
            .map(|demand| {
                let (first, unmet) = (demand.first, demand.unmet);
                [name_of(&catalogue, demand.office), number(first), number(unmet), share(unmet, first)]
            })
            .collect(),
        idle: found
            .idle
            .iter()
            .map(|(code, released, idle)| {
                [
                    name_of(&catalogue, *code),
                    format!("{} / {}", number(*idle), number(*released)),
                    share(*idle, *released),
                ]
            })
            .collect(),
        counters: found
            .counters
            .iter()
            .map(|one| {
                [
                    name_of(&catalogue, one.office),
                    number(one.days),
                    number(one.counters),
                    minutes(one.waited),
                    minutes(one.reckoned),
                    minutes(one.with_one_more),
                ]
            })
            .collect(),
    };
    show(axum::http::StatusCode::OK, &page)
}
