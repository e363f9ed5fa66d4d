//! Hours and quotas of an office: four weeks as they are, a change as a form, what it comes to, the one button; and the same as a table
//! for a spreadsheet, there and back.

use antrean_app::caller::Language;
use antrean_app::office_change::{self, ChangeView, What};
use antrean_app::quota::{self, Calendar, ChangeTimetable, LeftOver, Preview};
use antrean_app::staff::{self, Approved, RequestView};
use antrean_domain::quota::{
    Amount, ChangeError, DayLine, DaySum, Effect, SecondPerson, Standing, TimetableChange, Weekdays, WindowLine,
    Withheld,
};
use antrean_domain::quota_table::{
    TABLE_BYTES_MAX, TableFault, TableWords, Wrong, date as date_of, from_csv, hour, number, to_csv,
};
use antrean_domain::service::Text;
use antrean_domain::slot::{Places, Pool};
use antrean_domain::staff::Task;
use antrean_domain::timetable::{Ended, Exception, Timetable, WhyClosed, Window};
use antrean_store::ids::ApprovalId;
use antrean_store::office_changes::Part;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time, Weekday};

use super::desk::{Desk, Screen};
use super::office_changes::{self, Conflict, conflict, is_conflict};
use super::table::{Needs, Table};
use crate::pages::visit::{Answer, Detour, Faults, Sent, onward, show};

/// What the forms send; the page that checks a change carries all of it on.
const FIELDS: [&str; 17] = [
    "jenis", "hari", "dari", "sampai", "jatah", "cara", "jumlah", "mulai", "akhir", "isi", "sebab", "why", "jam",
    "csv", "henti", "sebab-h", "why-h",
];
const WEEK: [(&str, Weekday); 7] = [
    ("sen", Weekday::Monday),
    ("sel", Weekday::Tuesday),
    ("rab", Weekday::Wednesday),
    ("kam", Weekday::Thursday),
    ("jum", Weekday::Friday),
    ("sab", Weekday::Saturday),
    ("min", Weekday::Sunday),
];
/// In the address after a change: that it was saved, or which request waits for a second person.
pub(super) const SAVED: &str = "simpan";
const WAITS: &str = "menunggu";
/// In the address after an office was founded, which has no hours yet.
pub(super) const FOUNDED: &str = "baru";
/// Days whose change is shown one by one.
const SHOWN_MAX: usize = 40;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/petugas/{office}/kuota", Needs::AtOffice(Task::Look), look)
        .get("/petugas/{office}/kuota/tabel.csv", Needs::AtOffice(Task::Look), export)
        .get("/petugas/{office}/kuota/ubah", Needs::AtOffice(Task::Quota), ask)
        .post("/petugas/{office}/kuota/periksa", Needs::AtOffice(Task::Quota), check)
        .post("/petugas/{office}/kuota", Needs::AtOffice(Task::Quota), save)
}

pub(super) struct Row {
    pub date: String,
    pub says: String,
    /// That the place is closed down on it, or that a closure took windows away; empty where neither is so.
    pub tag: String,
    pub windows: usize,
    pub public: [u32; 3],
    /// Where the public places are that are neither given out nor left; empty where there are none.
    pub withheld: String,
    pub priority: u32,
    pub reserve: u32,
}

fn closed(desk: &Desk, why: &WhyClosed) -> String {
    let words = desk.words();
    match why {
        WhyClosed::OutOfService { why } | WhyClosed::Exception { why } => words.text(why).to_owned(),
        WhyClosed::Holiday { name } => words.text(name).to_owned(),
        WhyClosed::Weekday(_) => words.say("quota-no-service"),
    }
}

/// The days that an effect changes, as they are and as they would be: the first of them, and whether there are more.
pub(super) fn changed_days(desk: &Desk, effect: &Effect) -> (Vec<(Row, Row)>, bool) {
    let days = effect.days.iter().take(SHOWN_MAX).map(|(old, new)| (row(desk, old), row(desk, new)));
    (days.collect(), effect.days.len() > SHOWN_MAX)
}

/// Why an effect needs a second person, in words.
pub(super) fn second_person(desk: &Desk, effect: &Effect) -> Vec<String> {
    let words = desk.words();
    let say = |why: &SecondPerson| match why {
        SecondPerson::ManyPlaces { places, most } => {
            words.say_with("quota-second-many", &[("places", (*places).into()), ("most", (*most).into())])
        }
        SecondPerson::BelowBooked { windows } => {
            words.say_with("quota-second-booked", &[("windows", (*windows).into())])
        }
        SecondPerson::OpensOnHoliday { date } => {
            words.say_with("quota-second-holiday", &[("date", words.date_short(*date).into())])
        }
        SecondPerson::ManyTogether { places, earlier, most } => words.say_with(
            "quota-second-together",
            &[("places", (*places).into()), ("earlier", (*earlier).into()), ("most", (*most).into())],
        ),
        SecondPerson::ClosesDown { booked } => words.say_with("quota-second-ends", &[("booked", (*booked).into())]),
    };
    effect.second.iter().map(say).collect()
}

fn tag(desk: &Desk, day: &DayLine) -> String {
    if matches!(day.closed, Some(WhyClosed::OutOfService { .. })) {
        return desk.words().say("quota-closed-down");
    }
    let is_shut = |window: &&WindowLine| window.pools.iter().any(|pool| pool.standing == Standing::Closed);
    match day.windows.iter().filter(is_shut).count() {
        0 => String::new(),
        shut if shut == day.windows.len() => desk.words().say("quota-shut"),
        shut => desk.words().say_with("quota-shut-some", &[("windows", shut.into())]),
    }
}

/// What is missing between the public places of a day, those given out and those left.
fn withheld(desk: &Desk, day: &DayLine) -> String {
    let Withheld { freed, closed } = day.withheld(Pool::Public);
    // On a day that has begun no wave is to come.
    let waits = if day.date > today(desk) { "quota-withheld-freed" } else { "quota-withheld-unused" };
    let told = [(waits, freed), ("quota-withheld-closed", closed)].into_iter().filter(|(_, places)| *places > 0);
    let say = |(key, places): (&str, u32)| desk.words().say_with(key, &[("places", places.into())]);
    told.map(say).collect::<Vec<_>>().join("; ")
}

fn row(desk: &Desk, day: &DayLine) -> Row {
    let public = day.of_pool(Pool::Public);
    Row {
        date: format!("{}, {}", desk.words().weekday(day.date.weekday()), desk.words().date_short(day.date)),
        says: day.closed.as_ref().map(|why| closed(desk, why)).unwrap_or_default(),
        tag: tag(desk, day),
        windows: day.windows.len(),
        public: [public.capacity, public.booked, public.left],
        withheld: withheld(desk, day),
        priority: day.of_pool(Pool::Priority).capacity,
        reserve: day.of_pool(Pool::Reserve).capacity,
    }
}

fn base(desk: &Desk) -> Result<String, Detour> {
    Ok(format!("/petugas/{}/kuota", desk.office()?.code))
}

fn today(desk: &Desk) -> Date {
    desk.zone().local(desk.app().now()).date()
}

#[derive(Template)]
#[template(path = "staff/quota.html")]
struct LookPage {
    page: Screen,
    here: String,
    change: String,
    table: String,
    rows: Vec<Row>,
    week: Vec<(String, String)>,
    before: Date,
    after: Date,
    may_change: bool,
    history: String,
    /// What the reader has just saved, or what waits for a second person.
    saved: String,
    /// Where the request is that waits.
    waits: String,
    /// That the place is closed down, or will be.
    ended: Option<String>,
    left: Option<Left>,
}

/// What is left over of days on which the place is closed down, and where it is closed.
struct Left {
    says: String,
    close: String,
}

/// The wizard takes so many days at once.
const WIZARD_DAYS: i64 = antrean_domain::closure::DAYS_MAX as i64 - 1;

fn left(desk: &Desk, key: &str, left: &LeftOver) -> Result<Left, Detour> {
    let words = desk.words();
    let says = words.say_with(
        key,
        &[
            ("people", left.people.into()),
            ("places", left.places.into()),
            ("from", words.date_short(left.from).into()),
            ("to", words.date_short(left.to).into()),
        ],
    );
    let to = left.to.min(left.from.saturating_add(WIZARD_DAYS.days()));
    let close = format!("/petugas/{}/penutupan/baru?dari={}&sampai={to}", desk.office()?.code, left.from);
    Ok(Left { says, close })
}

/// What the reader has just saved, in words; and where it waits, if it waits for a second person. The address says only where to look.
async fn just_saved(desk: &Desk, sent: &Sent) -> Result<(String, String), Detour> {
    let words = desk.words();
    if let Ok(request) = sent.get(WAITS).parse().map(ApprovalId) {
        let all = desk.ask(staff::requests).await??;
        let own = |view: &RequestView| view.id == request && view.can_withdraw;
        return Ok(if all.waiting.iter().any(own) {
            (words.say("quota-waits"), format!("/petugas/persetujuan#request-{request}"))
        } else {
            Default::default()
        });
    }
    let is_founded = sent.has(SAVED, FOUNDED);
    if !is_founded && !sent.has(SAVED, "ya") {
        return Ok(Default::default());
    }
    let office = desk.office()?.code;
    let history = desk.ask(move |tx, cx| office_change::history(tx, cx, &office, None)).await??;
    let part = if is_founded { Part::Data } else { Part::Hours };
    let own = |change: &&ChangeView| change.part == part && change.by.login == desk.officer.login;
    let says = history.changes.iter().find(own).map(|change| match &change.what {
        Some(What::Founded) => words.say("office-found-saved"),
        _ => words.say_with("quota-saved", &[("what", words.office_change(change).into())]),
    });
    Ok((says.unwrap_or_default(), String::new()))
}

async fn look(desk: Desk, sent: Sent) -> Answer {
    let office = desk.office()?.code;
    let (saved, waits) = just_saved(&desk, &sent).await?;
    let date = sent.get("mulai").parse().unwrap_or_else(|_| today(&desk));
    let calendar: Calendar = desk.ask(move |tx, cx| quota::calendar(tx, cx, &office, date)).await??;
    let week = WEEK
        .iter()
        .map(|(_, day)| (desk.words().weekday(*day), desk.words().windows(calendar.timetable.on_weekday(*day))));
    let page = LookPage {
        page: desk.screen("quota-title", &Faults::none()),
        here: base(&desk)?,
        change: format!("{}/ubah", base(&desk)?),
        table: format!("{}/tabel.csv", base(&desk)?),
        rows: calendar.days.iter().map(|day| row(&desk, day)).collect(),
        week: week.filter(|(_, line)| !line.is_empty()).collect(),
        before: calendar.from.saturating_sub(quota::CALENDAR_DAYS.days()),
        after: calendar.from.saturating_add(quota::CALENDAR_DAYS.days()),
        may_change: desk.officer.role.may(Task::Quota),
        history: format!("{}/riwayat", base(&desk)?),
        saved,
        waits,
        ended: calendar.timetable.service_ended().map(|ended| desk.words().closed_down(ended)),
        left: calendar.left_over.as_ref().map(|over| left(&desk, "quota-over", over)).transpose()?,
    };
    show(StatusCode::OK, &page)
}

async fn export(desk: Desk) -> Answer {
    let (office, date) = (desk.office()?.code, today(&desk));
    let calendar: Calendar = desk.ask(move |tx, cx| quota::calendar(tx, cx, &office, date)).await??;
    let text = to_csv(office, &calendar.timetable, table_words(&desk));
    let name = format!("attachment; filename=\"kuota-{office}.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], text)
        .into_response())
}

#[derive(Template)]
#[template(path = "staff/quota_change.html")]
struct AskPage {
    page: Screen,
    faults: Faults,
    here: String,
    key: String,
    sent: Sent,
    days: Vec<(&'static str, String)>,
    /// That the place is closed down, or will be.
    ended: Option<String>,
    conflict: Option<Conflict>,
}

async fn ask(desk: Desk, sent: Sent) -> Answer {
    ask_page(&desk, sent, Faults::none(), None).await
}

async fn ask_page(desk: &Desk, sent: Sent, faults: Faults, conflict: Option<Conflict>) -> Answer {
    let (office, date) = (desk.office()?.code, today(desk));
    let calendar: Calendar = desk.ask(move |tx, cx| quota::calendar(tx, cx, &office, date)).await??;
    let page = AskPage {
        ended: calendar.timetable.service_ended().map(|ended| desk.words().closed_down(ended)),
        conflict,
        page: desk.screen("quota-change", &faults),
        here: base(desk)?,
        key: desk.new_key(),
        days: WEEK.iter().map(|(value, day)| (*value, desk.words().weekday(*day))).collect(),
        sent,
        faults,
    };
    show(if page.conflict.is_some() { StatusCode::CONFLICT } else { page.faults.status() }, &page)
}

fn days_of(sent: &Sent) -> Weekdays {
    let mut days = Weekdays::default();
    for (at, (value, _)) in WEEK.iter().enumerate() {
        days.0[at] = sent.has("hari", value);
    }
    days
}

fn table_words(desk: &Desk) -> TableWords {
    match desk.caller.language {
        Language::Id => TableWords::Indonesian,
        Language::En => TableWords::English,
    }
}

/// A number with its sign, which may be larger than any that is kept: then it is the largest.
fn signed(text: &str) -> Option<i32> {
    let (digits, sign) =
        text.strip_prefix(['-', '−']).map_or((text.strip_prefix('+').unwrap_or(text), 1), |rest| (rest, -1));
    number(digits).map(|places| sign * i32::try_from(places).unwrap_or(i32::MAX))
}

/// Windows, one a line: `08:00-09:00 20 2 1`, of which the last two may be left out.
fn windows(text: &str) -> Option<Vec<Window>> {
    let window = |line: &str| {
        let mut parts = line.split_whitespace();
        let (starts, ends) = parts.next()?.split_once(['-', '–'])?;
        let places: Option<Vec<u32>> = parts.map(number).collect();
        let places = places.filter(|places| (1..=3).contains(&places.len()))?;
        let of = |at: usize| Places(places.get(at).copied().unwrap_or(0));
        Some(Window { starts: hour(starts)?, ends: hour(ends)?, public: of(0), priority: of(1), reserve: of(2) })
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(window).collect()
}

/// Which of two dates is none, and how one is written.
fn dates_wrong(desk: &Desk, first: bool, last: bool) -> Faults {
    let words = desk.words();
    let mut faults = Faults::none();
    for (id, label, _) in
        [("mulai", "closure-from", first), ("akhir", "closure-to", last)].into_iter().filter(|of| of.2)
    {
        faults.add(id, words.say_with("quota-date-wrong", &[("field", words.say(label).into())]));
    }
    faults
}

/// The change that a form describes, or the field that is wrong and why.
fn change(desk: &Desk, sent: &Sent) -> Result<Result<TimetableChange, Faults>, Detour> {
    let wrong = |field: &str, key: &str| Ok(Err(Faults::one(field, desk.words().say(key))));
    let change = match sent.get("jenis") {
        "tempat" => {
            let (Some(from), Some(until)) = (hour(sent.get("dari")), hour(sent.get("sampai"))) else {
                return wrong("dari", "quota-time-wrong");
            };
            let Some(pool) = Pool::ALL.into_iter().find(|pool| pool.as_str() == sent.get("jatah")) else {
                return wrong("jatah", "quota-pool-missing");
            };
            let amount = match sent.get("cara") {
                "tambah" => signed(sent.get("jumlah")).map(Amount::Add),
                "persen" => number(sent.get("jumlah")).map(Amount::Percent),
                "tepat" => number(sent.get("jumlah")).map(Amount::Set),
                _ => return wrong("cara", "quota-how-missing"),
            };
            let Some(amount) = amount else { return wrong("jumlah", "quota-number-wrong") };
            TimetableChange::Places { days: days_of(sent), from, until, pool, amount }
        }
        "tanggal" => {
            let last = sent.get("akhir").trim();
            let first = date_of(sent.get("mulai"));
            // One day, where only the first is given.
            let (from, through) = match (first, if last.is_empty() { first } else { date_of(last) }) {
                (Some(from), Some(through)) => (from, through),
                (from, through) => {
                    return Ok(Err(dates_wrong(desk, from.is_none(), through.is_none() && !last.is_empty())));
                }
            };
            let exception = match sent.get("isi") {
                "tutup" => {
                    let (id, en) = (sent.get("sebab").trim().to_owned(), sent.get("why").trim().to_owned());
                    Some(Exception::Closed { why: Text { id, en } })
                }
                "jam" => match windows(sent.get("jam")) {
                    Some(windows) if !windows.is_empty() => Some(Exception::Windows(windows)),
                    _ => return wrong("jam", "quota-windows-wrong"),
                },
                "biasa" => None,
                _ => return wrong("pada", "quota-dates-what-missing"),
            };
            TimetableChange::Dates { from, through, exception }
        }
        "minggu" => match windows(sent.get("jam")) {
            Some(windows) => TimetableChange::Weekdays { days: days_of(sent), windows },
            None => return wrong("jam-m", "quota-windows-wrong"),
        },
        "henti" => {
            let Some(from) = date_of(sent.get("henti")) else { return wrong("henti", "quota-end-wrong") };
            let (id, en) = (sent.get("sebab-h").trim().to_owned(), sent.get("why-h").trim().to_owned());
            TimetableChange::Service { ended: Some(Ended { from: Some(from), why: Text { id, en } }) }
        }
        "lagi" => TimetableChange::Service { ended: None },
        "csv" => match table(desk, sent.get("csv"))? {
            Ok(timetable) => TimetableChange::Whole { timetable },
            Err(faults) => return Ok(Err(faults)),
        },
        _ => return wrong("jenis", "quota-kind-missing"),
    };
    Ok(Ok(change))
}

/// The timetable of this office in a table, or everything that is wrong with it.
fn table(desk: &Desk, text: &str) -> Result<Result<Timetable, Faults>, Detour> {
    let words = desk.words();
    if text.trim().is_empty() || text.len() > TABLE_BYTES_MAX {
        return Ok(Err(Faults::one("csv", words.say("quota-csv-missing"))));
    }
    let office = desk.office()?;
    let catalogue = desk.app().catalogue();
    let before = catalogue.timetables.for_office(office);
    Ok(from_csv(text, office.code, table_words(desk), before, today(desk)).map_err(|found| table_faults(desk, &found)))
}

/// Faults of a table that are told at once: whoever has more has made the same mistake in every line.
const TABLE_FAULTS_MAX: usize = 20;

fn table_faults(desk: &Desk, found: &[TableFault]) -> Faults {
    let mut faults = Faults::none();
    for fault in found.iter().take(TABLE_FAULTS_MAX) {
        faults.add("csv", table_fault(desk, fault));
    }
    if found.len() > TABLE_FAULTS_MAX {
        let more = found.len() - TABLE_FAULTS_MAX;
        faults.add("csv", desk.words().say_with("quota-csv-more", &[("more", (more as u32).into())]));
    }
    faults
}

fn table_fault(desk: &Desk, fault: &TableFault) -> String {
    let words = desk.words();
    let (key, max) = match fault.wrong {
        Wrong::Unreadable => return words.say("quota-csv-unreadable"),
        Wrong::NoColumn => ("quota-csv-no-column", 0),
        Wrong::ColumnUnknown => ("quota-csv-column-unknown", 0),
        Wrong::Empty => ("quota-csv-empty", 0),
        Wrong::OtherOffice => ("quota-csv-other", 0),
        Wrong::Day => ("quota-csv-day", 0),
        Wrong::Hour => ("quota-csv-hour", 0),
        Wrong::Number => ("quota-csv-number", 0),
        Wrong::TooMany { max } => ("quota-csv-too-many", max),
        Wrong::PlacesWithoutHours => ("quota-csv-places-alone", 0),
        Wrong::DayWithoutHours => ("quota-csv-day-alone", 0),
        Wrong::Backwards => ("quota-csv-backwards", 0),
        Wrong::Overlap => ("quota-csv-overlap", 0),
        Wrong::TooManyWindows { max } => ("quota-csv-too-many-windows", max),
        Wrong::TooManyDates { max } => {
            return words.say_with("quota-error-too-many-dates", &[("max", max.into())]);
        }
        Wrong::Twice => ("quota-csv-twice", 0),
        Wrong::TooLong { max } => ("quota-csv-too-long", max),
        Wrong::Past => ("quota-csv-past", 0),
    };
    let office = desk.office().map(|office| office.code.to_string()).unwrap_or_default();
    let why =
        words.say_with(key, &[("found", fault.found.as_str().into()), ("max", max.into()), ("office", office.into())]);
    let at = [
        ("line", u32::try_from(fault.line).unwrap_or(u32::MAX).into()),
        ("column", fault.column.as_str().into()),
        ("why", why.into()),
    ];
    words.say_with("quota-csv-at", &at)
}

fn why_not(desk: &Desk, sent: &Sent, error: &ChangeError) -> Faults {
    let words = desk.words();
    let kind = sent.get("jenis");
    // Where the hours were typed: as lines, as a table, or changed by a number.
    let hours = match kind {
        "minggu" => "jam-m",
        "csv" => "csv",
        "tempat" => "jumlah",
        _ => "jam",
    };
    let one = |field: &str, key: &str, max: u32| Faults::one(field, words.say_with(key, &[("max", max.into())]));
    let window = |key: &str, starts: Time| {
        let starts = format!("{:02}.{:02}", starts.hour(), starts.minute());
        Faults::one(hours, words.say_with(key, &[("starts", starts.into())]))
    };
    match error {
        ChangeError::NoDay => one(if kind == "minggu" { "m-sen" } else { "t-sen" }, "quota-error-no-day", 0),
        ChangeError::NoWindow => one("dari", "quota-error-no-window", 0),
        ChangeError::Range { max } => one("akhir", "quota-error-range", *max),
        ChangeError::Percent { max } => one("jumlah", "quota-error-percent", *max),
        ChangeError::Why { max } => one(if kind == "henti" { "sebab-h" } else { "sebab" }, "quota-error-why", *max),
        ChangeError::Overlap { starts } => window("quota-error-overlap", *starts),
        ChangeError::Backwards { starts } => window("quota-error-backwards", *starts),
        ChangeError::TooManyPlaces { max } => one(hours, "quota-error-too-many", *max),
        ChangeError::TooManyWindows { max } => one(hours, "quota-error-too-many-windows", *max),
        ChangeError::TooManyDates { max } => {
            one(if kind == "csv" { "csv" } else { "mulai" }, "quota-error-too-many-dates", *max)
        }
        ChangeError::Past { date } => {
            let field = if kind == "csv" { "csv" } else { "mulai" };
            let tomorrow = today(desk).saturating_add(1.day());
            let args = [("date", words.date_short(*date).into()), ("tomorrow", words.date_short(tomorrow).into())];
            Faults::one(field, words.say_with("quota-error-past", &args))
        }
        ChangeError::Begun => one("henti", "quota-end-wrong", 0),
        ChangeError::Nothing => one("jenis", "quota-error-nothing", 0),
    }
}

/// What a change of places comes to on a whole day, for the number that was typed is of one window.
fn sums(desk: &Desk, sums: &[DaySum]) -> Vec<String> {
    let words = desk.words();
    let line = |sum: &DaySum| {
        words.say_with(
            "quota-sum",
            &[
                ("day", words.weekday(sum.weekday).into()),
                ("windows", sum.windows.into()),
                ("before", sum.before.into()),
                ("after", sum.after.into()),
            ],
        )
    };
    sums.iter().map(line).collect()
}

#[derive(Template)]
#[template(path = "staff/quota_check.html")]
struct CheckPage {
    page: Screen,
    faults: Faults,
    here: String,
    change: String,
    key: String,
    seen: String,
    reason: String,
    /// Name and value of every field, for the form that saves.
    fields: Vec<(&'static str, String)>,
    changes: Vec<(Row, Row)>,
    more: bool,
    stays: Vec<String>,
    /// What a change of places comes to on whole days.
    sums: Vec<String>,
    second: Vec<String>,
    week: Vec<(String, String)>,
    /// That the place will be closed down by this.
    ends: Option<String>,
    /// What would be left over then.
    left: Option<Left>,
    conflict: Option<Conflict>,
}

async fn check(desk: Desk, sent: Sent) -> Answer {
    check_page(&desk, sent, Faults::none(), None).await
}

async fn check_page(desk: &Desk, sent: Sent, faults: Faults, conflict: Option<Conflict>) -> Answer {
    let change = match change(desk, &sent)? {
        Ok(change) => change,
        Err(faults) => return ask_page(desk, sent, faults, None).await,
    };
    let ends = match &change {
        TimetableChange::Service { ended: Some(ended) } => Some(desk.words().closed_down(ended)),
        _ => None,
    };
    let office = desk.office()?.code;
    let Preview { effect, after, sums: by_day, version, left_over } =
        match desk.ask(move |tx, cx| quota::preview(tx, cx, &office, &change)).await?? {
            Ok(preview) => preview,
            Err(error) => {
                let again = desk.words().say("conflict-again-nothing");
                let conflict = conflict.map(|conflict| Conflict { again, ..conflict });
                let faults = if conflict.is_some() { faults } else { why_not(desk, &sent, &error) };
                return ask_page(desk, sent, faults, conflict).await;
            }
        };
    let words = desk.words();
    let stays = effect.stays.iter().map(|stays| {
        words.say_with(
            "quota-stays-line",
            &[
                ("date", words.date_short(stays.date).into()),
                ("time", words.time(stays.starts.time(), desk.zone()).into()),
                ("capacity", stays.capacity.into()),
                ("booked", stays.booked.into()),
                ("release", stays.release.to_string().into()),
            ],
        )
    });
    let (changes, more) = changed_days(desk, &effect);
    let week = WEEK.iter().map(|(_, day)| (words.weekday(*day), words.windows(after.on_weekday(*day))));
    let page = CheckPage {
        page: desk.screen("quota-check", &faults),
        here: base(desk)?,
        change: format!("{}/ubah", base(desk)?),
        key: desk.new_key(),
        seen: version,
        reason: sent.get("alasan").to_owned(),
        fields: FIELDS
            .iter()
            .flat_map(|name| sent.all(name).into_iter().map(|value| (*name, value.to_owned())).collect::<Vec<_>>())
            .collect(),
        changes,
        more,
        stays: stays.take(SHOWN_MAX).collect(),
        sums: sums(desk, &by_day),
        second: second_person(desk, &effect),
        week: week.filter(|(_, line)| !line.is_empty()).collect(),
        left: match (&ends, &left_over) {
            (Some(_), Some(over)) => Some(left(desk, "quota-over-planned", over)?),
            _ => None,
        },
        ends,
        conflict,
        faults,
    };
    show(if page.conflict.is_some() { StatusCode::CONFLICT } else { page.faults.status() }, &page)
}

async fn save(desk: Desk, sent: Sent) -> Answer {
    let change = match change(&desk, &sent)? {
        Ok(change) => change,
        Err(faults) => return ask_page(&desk, sent, faults, None).await,
    };
    let asked = ChangeTimetable {
        office: desk.office()?.code,
        change,
        seen: sent.get("dilihat").to_owned(),
        reason: sent.get("alasan").to_owned(),
        made_of: None,
    };
    match desk.perform(&sent, asked).await? {
        Ok(Approved::Done { outcome: () }) => {
            desk.app().reload_catalogue().await.map_err(Detour::from)?;
            Ok(onward(&format!("{}?{SAVED}=ya", base(&desk)?)))
        }
        Ok(Approved::Asked { request }) => Ok(onward(&format!("{}?{WAITS}={request}", base(&desk)?))),
        Err(refusal) if is_conflict(&refusal) => {
            let conflict = conflict(&desk, Part::Hours, sent.get("dilihat")).await?;
            check_page(&desk, sent, office_changes::fault(&desk), Some(conflict)).await
        }
        Err(refusal) => {
            let words = desk.explain(&refusal);
            check_page(&desk, sent, Faults::one("alasan", words), None).await
        }
    }
}
