//! Hours of an office as a table for a spreadsheet, there and back. A spreadsheet gives back other separators, hours and dates than it was
//! given, so that all of its ways of writing are read; whatever cannot be is named by line and column, everything at once.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};

use crate::office::OfficeCode;
use crate::quota::WHY_CHARS_MAX;
use crate::service::Text;
use crate::slot::Places;
use crate::timetable::{
    EXCEPTIONS_MAX, Exception, PLACES_MAX, Timetable, TimetableError, WINDOWS_MAX, Window, check_windows,
};

/// Most bytes of a table: two years of exceptions have less.
pub const TABLE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most characters of a cell that are told back to whoever wrote it.
const TOLD_CHARS_MAX: usize = 30;

/// Whose words the head and the days of a table are in. Both are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableWords {
    /// Those of the people who mostly fill it in.
    Indonesian,
    /// The others.
    English,
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The code of the office.
    Office,
    /// A day of the week, or a date.
    Day,
    /// When the window begins.
    Starts,
    /// When it ends.
    Ends,
    /// Places released online.
    Public,
    /// Places for those who walk in.
    Priority,
    /// Places kept back.
    Reserve,
    /// Why the office is closed, in Indonesian.
    ClosedId,
    /// The same in English.
    ClosedEn,
}

impl Column {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Office,
        Self::Day,
        Self::Starts,
        Self::Ends,
        Self::Public,
        Self::Priority,
        Self::Reserve,
        Self::ClosedId,
        Self::ClosedEn,
    ];
    /// So many have to be there; the reasons may be left out.
    const NEEDED: usize = 7;

    /// What stands at its head.
    pub fn head(self, words: TableWords) -> &'static str {
        let (id, en) = match self {
            Self::Office => ("kantor", "office"),
            Self::Day => ("hari", "day"),
            Self::Starts => ("mulai", "starts"),
            Self::Ends => ("selesai", "ends"),
            Self::Public => ("umum", "public"),
            Self::Priority => ("prioritas", "priority"),
            Self::Reserve => ("cadangan", "reserve"),
            Self::ClosedId => ("sebab_tutup", "closed_id"),
            Self::ClosedEn => ("sebab_tutup_inggris", "closed_en"),
        };
        if words == TableWords::Indonesian { id } else { en }
    }

    fn at_head(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let heads = |column: &Self| [TableWords::Indonesian, TableWords::English].map(|words| column.head(words));
        Self::ALL.into_iter().find(|column| heads(column).contains(&text.as_str()))
    }
}

/// What is wrong with a cell, a row, or the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing can be read at all.
    Unreadable,
    /// A column is not there.
    NoColumn,
    /// A column that nobody knows, or that stands twice.
    ColumnUnknown,
    /// Nothing stands in a cell that needs something.
    Empty,
    /// No office but the one whose table it is.
    OtherOffice,
    /// Neither a day of the week nor a date.
    Day,
    /// No hour.
    Hour,
    /// No number of places.
    Number,
    /// More places than any office has.
    TooMany {
        /// Most.
        max: u32,
    },
    /// Places without hours.
    PlacesWithoutHours,
    /// A day of the week without hours, which is a day without a row.
    DayWithoutHours,
    /// The window ends when or before it begins.
    Backwards,
    /// The window begins before another of that day has ended.
    Overlap,
    /// More windows in a day than can be.
    TooManyWindows {
        /// Most.
        max: u32,
    },
    /// More dates than are kept.
    TooManyDates {
        /// Most.
        max: u32,
    },
    /// The date is closed, or said to be without hours, in another row.
    Twice,
    /// A reason is too long.
    TooLong {
        /// Most characters.
        max: u32,
    },
    /// What holds on a date that has come is changed no more.
    Past,
}

/// Something wrong in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFault {
    /// The line, counted from 1.
    pub line: usize,
    /// In which column, as it is called at the head of this table.
    pub column: String,
    /// What stands there, cut short.
    pub found: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

const DAYS_ID: [&str; 7] = ["senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu"];
const DAYS_EN: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Further ways in which people write the days.
const DAYS_ALSO: [[&str; 4]; 7] = [
    ["sen", "monday", "", ""],
    ["sel", "tuesday", "", ""],
    ["rab", "wednesday", "", ""],
    ["kam", "thursday", "", ""],
    ["jum", "friday", "jum'at", "jum’at"],
    ["sab", "saturday", "", ""],
    ["min", "sunday", "ahad", ""],
];

/// A day of the week in either language.
fn weekday(text: &str) -> Option<Weekday> {
    let text = text.to_lowercase();
    let is = |at: &usize| DAYS_ID[*at] == text || DAYS_EN[*at] == text || DAYS_ALSO[*at].contains(&text.as_str());
    let at = (0..7).find(is).filter(|_| !text.is_empty())?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// `2026-12-07`, or `07/12/2026` with the day first, as people here write it and their spreadsheets do.
pub fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let &[first, month, last] = parts.as_slice() else { return None };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let short = |text: &str| (1..=2).contains(&text.len());
    if year.len() != 4 || !short(month) || !short(day) {
        return None;
    }
    Date::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

/// `08:00`, or `08.00` as people here write it; with seconds, where a spreadsheet put them there and they are none.
pub fn hour(text: &str) -> Option<Time> {
    let text = text.trim().replace('.', ":");
    let text = text.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(&text);
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=2).contains(&hours.len()) && minutes.len() == 2 && digits(hours) && digits(minutes);
    if !fits {
        return None;
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

/// A number that may be larger than any that is kept: then it is the largest, and found to be too much where it is used.
pub fn number(text: &str) -> Option<u32> {
    let is = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is.then(|| text.parse().unwrap_or(u32::MAX))
}

/// A cell that no spreadsheet takes for a formula: an apostrophe goes before whatever could begin one.
pub fn guarded(cell: &str) -> String {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'']);
    if begins { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was before it was guarded.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// The timetable of an office as a table: a row a window, first the week, then the dates that differ.
pub fn to_csv(office: OfficeCode, timetable: &Timetable, words: TableWords) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut row = |cells: [String; 9]| writer.write_record(cells).expect("memory takes every row");
    row(Column::ALL.map(|column| column.head(words).to_owned()));
    let names = if words == TableWords::Indonesian { DAYS_ID } else { DAYS_EN };
    for (at, name) in (0_i8..).zip(names) {
        let weekday = Weekday::from_monday_zero_offset(at).expect("a week has seven days");
        for window in timetable.on_weekday(weekday) {
            row(cells(office, name, Some(window), None));
        }
    }
    for (date, exception) in timetable.exceptions() {
        let date = date.to_string();
        match exception {
            Exception::Closed { why } => row(cells(office, &date, None, Some(why))),
            // A day without windows and without a reason.
            Exception::Windows(windows) if windows.is_empty() => row(cells(office, &date, None, None)),
            Exception::Windows(windows) => {
                for window in windows {
                    row(cells(office, &date, Some(window), None));
                }
            }
        }
    }
    String::from_utf8(writer.into_inner().expect("memory takes every row")).expect("texts are UTF-8")
}

fn cells(office: OfficeCode, day: &str, window: Option<&Window>, why: Option<&Text>) -> [String; 9] {
    let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let of = |cell: &dyn Fn(&Window) -> String| window.map(cell).unwrap_or_default();
    [
        office.to_string(),
        day.to_owned(),
        of(&|window| clock(window.starts)),
        of(&|window| clock(window.ends)),
        of(&|window| window.public.to_string()),
        of(&|window| window.priority.to_string()),
        of(&|window| window.reserve.to_string()),
        why.map(|why| guarded(&why.id)).unwrap_or_default(),
        why.map(|why| guarded(&why.en)).unwrap_or_default(),
    ]
}

// ---- reading ----

/// The lines of a table, cut into cells.
struct Sheet {
    /// The names of the columns as they stand there, with what they are.
    head: Vec<(String, Option<Column>)>,
    head_line: usize,
    rows: Vec<(usize, csv::StringRecord)>,
}

impl Sheet {
    /// Takes the separator that the first line has most of, or that a spreadsheet's own first line (`sep=;`) names.
    fn cut(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default().trim_end();
        let separators = [b',', b';', b'\t'];
        let named = text.strip_prefix("sep=").and_then(|rest| rest.bytes().next());
        let named = named.filter(|sign| separators.contains(sign));
        let most = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
        let separator = named.unwrap_or_else(|| separators.into_iter().max_by_key(most).unwrap_or(b','));
        let (text, skipped) = match named {
            Some(_) => (text.split_once('\n').map_or("", |(_, rest)| rest), 1),
            None => (text, 0),
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        // The reader counts empty lines before a row to the row: whoever looks for it in the text does not.
        let (mut line, mut counted) = (1, 0);
        for record in reader.records() {
            let record = record.ok()?;
            let begins = record.position().map_or(counted, |position| position.byte() as usize);
            let rest = text.get(begins..).unwrap_or_default();
            let begins = begins + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
            line += text.get(counted..begins).unwrap_or_default().matches('\n').count();
            counted = begins;
            // A spreadsheet keeps lines of which nothing is left.
            if record.iter().any(|cell| !cell.is_empty()) {
                rows.push((line + skipped, record));
            }
        }
        if rows.is_empty() {
            return None;
        }
        let (head_line, head) = rows.remove(0);
        let head = head.iter().map(|name| (name.to_owned(), Column::at_head(name))).collect();
        Some(Self { head, head_line, rows })
    }

    fn faults_of_head(&self, words: TableWords) -> Vec<TableFault> {
        let fault = |column: &str, wrong| {
            let column = short(column);
            TableFault { line: self.head_line, column, found: String::new(), wrong }
        };
        let mut faults = Vec::new();
        for column in Column::ALL.into_iter().take(Column::NEEDED) {
            if !self.head.iter().any(|(_, known)| *known == Some(column)) {
                faults.push(fault(column.head(words), Wrong::NoColumn));
            }
        }
        for (at, (name, column)) in self.head.iter().enumerate().filter(|(_, (name, _))| !name.is_empty()) {
            if column.is_none() || self.head[..at].iter().any(|(_, before)| before == column) {
                faults.push(fault(name, Wrong::ColumnUnknown));
            }
        }
        faults
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(TOLD_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// One line of a table.
#[derive(Clone, Copy)]
struct Line<'a> {
    sheet: &'a Sheet,
    number: usize,
    record: &'a csv::StringRecord,
}

impl<'a> Line<'a> {
    fn at(self, column: Column) -> Option<usize> {
        self.sheet.head.iter().position(|(_, known)| *known == Some(column))
    }

    fn get(self, column: Column) -> &'a str {
        self.at(column).and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    fn fault(self, column: Column, wrong: Wrong) -> TableFault {
        let name = self.at(column).map_or(column.head(TableWords::Indonesian), |at| self.sheet.head[at].0.as_str());
        TableFault { line: self.number, column: name.to_owned(), found: short(self.get(column)), wrong }
    }

    fn hour(self, column: Column, faults: &mut Vec<TableFault>) -> Option<Time> {
        let text = self.get(column);
        let found = hour(text);
        if found.is_none() {
            faults.push(self.fault(column, if text.is_empty() { Wrong::Empty } else { Wrong::Hour }));
        }
        found
    }

    fn places(self, column: Column, faults: &mut Vec<TableFault>) -> Option<Places> {
        let text = self.get(column);
        if text.is_empty() {
            return Some(Places::NONE);
        }
        match number(text) {
            Some(places) if places <= PLACES_MAX => Some(Places(places)),
            Some(_) => {
                faults.push(self.fault(column, Wrong::TooMany { max: PLACES_MAX }));
                None
            }
            None => {
                faults.push(self.fault(column, Wrong::Number));
                None
            }
        }
    }

    /// The window of the line; nothing where it has none, or where it is wrong.
    fn window(self, faults: &mut Vec<TableFault>) -> Option<Window> {
        if self.get(Column::Starts).is_empty() && self.get(Column::Ends).is_empty() {
            for column in [Column::Public, Column::Priority, Column::Reserve] {
                if !self.get(column).is_empty() {
                    faults.push(self.fault(column, Wrong::PlacesWithoutHours));
                }
            }
            return None;
        }
        let (starts, ends) = (self.hour(Column::Starts, faults), self.hour(Column::Ends, faults));
        let public = self.places(Column::Public, faults);
        let priority = self.places(Column::Priority, faults);
        let reserve = self.places(Column::Reserve, faults);
        Some(Window { starts: starts?, ends: ends?, public: public?, priority: priority?, reserve: reserve? })
    }

    /// What a line without hours says of its date.
    fn closed(self, faults: &mut Vec<TableFault>) -> Option<Exception> {
        let [id, en] = [Column::ClosedId, Column::ClosedEn].map(|column| unguarded(self.get(column)));
        if id.is_empty() && en.is_empty() {
            return Some(Exception::Windows(Vec::new()));
        }
        let before = faults.len();
        for (column, text) in [(Column::ClosedId, id), (Column::ClosedEn, en)] {
            if text.is_empty() {
                faults.push(self.fault(column, Wrong::Empty));
            } else if text.chars().count() > WHY_CHARS_MAX || text.chars().any(char::is_control) {
                faults.push(self.fault(column, Wrong::TooLong { max: WHY_CHARS_MAX as u32 }));
            }
        }
        let why = Text { id: id.to_owned(), en: en.to_owned() };
        (faults.len() == before).then_some(Exception::Closed { why })
    }
}

/// What the lines of one day say.
#[derive(Default)]
struct Day<'a> {
    windows: Vec<(Line<'a>, Window)>,
    /// Closed, or without hours: at most one line says so.
    closed: Option<(Line<'a>, Exception)>,
    first: Option<Line<'a>>,
}

impl Day<'_> {
    /// Its windows in order; a spreadsheet may have sorted the lines.
    fn in_order(mut self, faults: &mut Vec<TableFault>) -> Vec<Window> {
        self.windows.sort_by_key(|(line, window)| (window.starts, line.number));
        let all: Vec<Window> = self.windows.iter().map(|(_, window)| *window).collect();
        let before = faults.len();
        for (at, (line, window)) in self.windows.iter().enumerate() {
            if window.ends <= window.starts {
                faults.push(line.fault(Column::Ends, Wrong::Backwards));
            } else if at > 0 && window.starts < all[at - 1].ends {
                faults.push(line.fault(Column::Starts, Wrong::Overlap));
            }
        }
        if let Some((line, _)) = self.windows.get(WINDOWS_MAX) {
            faults.push(line.fault(Column::Starts, Wrong::TooManyWindows { max: WINDOWS_MAX as u32 }));
        }
        debug_assert!(faults.len() > before || check_windows(&all).is_ok(), "what a timetable refuses is found above");
        all
    }
}

/// Reads the table of an office: a whole new timetable, or everything that is wrong with it. What holds on dates up to today may stand in
/// it as it is, and be left out, but not be changed.
pub fn from_csv(
    text: &str,
    office: OfficeCode,
    words: TableWords,
    before: &Timetable,
    today: Date,
) -> Result<Timetable, Vec<TableFault>> {
    let unreadable = |wrong| vec![TableFault { line: 1, column: String::new(), found: String::new(), wrong }];
    let sheet = Sheet::cut(text).ok_or_else(|| unreadable(Wrong::Unreadable))?;
    let mut faults = sheet.faults_of_head(words);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut week: [Day<'_>; 7] = Default::default();
    let mut dates: BTreeMap<Date, Day<'_>> = BTreeMap::new();
    let mut others = false;
    for (line, record) in &sheet.rows {
        let line = Line { sheet: &sheet, number: *line, record };
        if !line.get(Column::Office).eq_ignore_ascii_case(office.as_str()) {
            // Of a table of another office every line is wrong in the same way.
            if !std::mem::replace(&mut others, true) {
                faults.push(line.fault(Column::Office, Wrong::OtherOffice));
            }
            continue;
        }
        let before = faults.len();
        let window = line.window(&mut faults);
        let said = line.get(Column::Day);
        if let Some(weekday) = weekday(said) {
            match window {
                Some(window) => week[weekday.to_monday_zero_offset() as usize].windows.push((line, window)),
                None if faults.len() == before => faults.push(line.fault(Column::Starts, Wrong::DayWithoutHours)),
                None => {}
            }
            continue;
        }
        let Some(date) = date(said) else {
            faults.push(line.fault(Column::Day, if said.is_empty() { Wrong::Empty } else { Wrong::Day }));
            continue;
        };
        let day = dates.entry(date).or_default();
        day.first = day.first.or(Some(line));
        let closed = if window.is_none() && faults.len() == before { line.closed(&mut faults) } else { None };
        let is_twice = day.closed.is_some() || (closed.is_some() && !day.windows.is_empty());
        if is_twice && (window.is_some() || closed.is_some()) {
            faults.push(line.fault(Column::Day, Wrong::Twice));
        } else if let Some(window) = window {
            day.windows.push((line, window));
        } else if let Some(closed) = closed {
            day.closed = Some((line, closed));
        }
    }
    let hours = week.map(|day| day.in_order(&mut faults));
    let exceptions = exceptions(dates, before, today, &mut faults);
    faults.sort_by_key(|fault| fault.line);
    if !faults.is_empty() {
        return Err(faults);
    }
    Timetable::new(hours, exceptions).map_err(|error| {
        unreadable(match error {
            TimetableError::TooManyExceptions { .. } => Wrong::TooManyDates { max: EXCEPTIONS_MAX as u32 },
            _ => Wrong::Unreadable,
        })
    })
}

fn exceptions(
    dates: BTreeMap<Date, Day<'_>>,
    before: &Timetable,
    today: Date,
    faults: &mut Vec<TableFault>,
) -> BTreeMap<Date, Exception> {
    let mut exceptions = BTreeMap::new();
    for (date, day) in dates {
        let first = day.first.filter(|_| day.closed.is_some() || !day.windows.is_empty());
        let exception = match day.closed {
            Some((_, closed)) => closed,
            None => Exception::Windows(day.in_order(faults)),
        };
        if date <= today
            && before.exceptions().get(&date) != Some(&exception)
            && let Some(first) = first
        {
            faults.push(first.fault(Column::Day, Wrong::Past));
        }
        exceptions.insert(date, exception);
    }
    exceptions
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use proptest::prelude::*;

    use super::*;

    const MONDAY: Date = civil::date(2026, 11, 30);

    fn batam() -> OfficeCode {
        "BTM".parse().unwrap()
    }

    fn read(text: &str) -> Result<Timetable, Vec<TableFault>> {
        from_csv(text, batam(), TableWords::Indonesian, &Timetable::default(), MONDAY)
    }

    fn head(words: TableWords) -> String {
        Column::ALL.map(|column| column.head(words)).join(",")
    }

    #[test]
    fn a_cell_is_never_a_formula_and_comes_back_as_it_was() {
        for cell in ["=1+1", "+62", "-1", "@sum", "'quoted", "\tx", "Rapat kerja", ""] {
            assert!(!guarded(cell).starts_with(['=', '+', '-', '@', '\t']), "{cell:?}");
            assert_eq!(unguarded(&guarded(cell)), cell);
        }
    }

    #[test]
    fn what_a_spreadsheet_makes_of_a_table_is_read_as_the_table() {
        let plain = "office,day,starts,ends,public,priority,reserve,closed_id,closed_en\n\
                     BTM,mon,08:00,09:00,20,2,1,,\n\
                     BTM,mon,09:00,10:00,20,,,,\n\
                     BTM,2026-12-07,,,,,,Rapat; pindah,\"Meeting, moving\"\n";
        let expected = read(plain).unwrap();
        assert_eq!(expected.on_weekday(Weekday::Monday).len(), 2);
        let semicolons = "\u{feff}Kantor;Hari;Mulai;Selesai;Umum;Prioritas;Cadangan;sebab_tutup;sebab_tutup_inggris;;\r\n\
                          btm;Senin;9.00;10.00;20;;;;;;\r\n\
                          ;;;;;;;;;;\r\n\
                          BTM;SENIN;08.00.00;09:00:00;\"20\";2;1;;;;\r\n\
                          BTM;07/12/2026;;;;;;\"Rapat; pindah\";Meeting, moving;;\r\n";
        assert_eq!(read(semicolons).unwrap(), expected);
        assert_eq!(read(&format!("sep=;\r\n{}", &semicolons[3..])).unwrap(), expected);
        let tabs = "hari\tkantor\tmulai\tselesai\tumum\tprioritas\tcadangan\tsebab_tutup\tsebab_tutup_inggris\r\n\
                    sen\tBTM\t08.00\t09.00\t20\t2\t1\r\n\
                    monday\tBTM\t09:00\t10:00\t20\t0\t0\r\n\
                    7/12/2026\tBTM\t\t\t\t\t\tRapat; pindah\tMeeting, moving\r\n";
        assert_eq!(read(tabs).unwrap(), expected);
    }

    #[test]
    fn every_fault_is_named_by_line_and_column_all_at_once() {
        for (rows, line, column, wrong) in [
            ("JAP,mon,08:00,09:00,1,0,0,,", 2, "kantor", Wrong::OtherOffice),
            ("BTM,hari raya,08:00,09:00,1,0,0,,", 2, "hari", Wrong::Day),
            ("BTM,31/02/2027,08:00,09:00,1,0,0,,", 2, "hari", Wrong::Day),
            ("BTM,07/12/26,08:00,09:00,1,0,0,,", 2, "hari", Wrong::Day),
            ("BTM,,08:00,09:00,1,0,0,,", 2, "hari", Wrong::Empty),
            ("BTM,mon,8,09:00,1,0,0,,", 2, "mulai", Wrong::Hour),
            ("BTM,mon,8.3,09:00,1,0,0,,", 2, "mulai", Wrong::Hour),
            ("BTM,mon,08:00,25:00,1,0,0,,", 2, "selesai", Wrong::Hour),
            ("BTM,mon,08:00,,1,0,0,,", 2, "selesai", Wrong::Empty),
            ("BTM,mon,08:00,09:00,many,0,0,,", 2, "umum", Wrong::Number),
            ("BTM,mon,08:00,09:00,-5,0,0,,", 2, "umum", Wrong::Number),
            ("BTM,mon,08:00,09:00,1,10001,0,,", 2, "prioritas", Wrong::TooMany { max: PLACES_MAX }),
            ("BTM,mon,08:00,09:00,99999999999,0,0,,", 2, "umum", Wrong::TooMany { max: PLACES_MAX }),
            ("BTM,mon,08:00,09:00,1,0,0,,\nBTM,mon,08:30,09:30,1,0,0,,", 3, "mulai", Wrong::Overlap),
            ("BTM,mon,09:00,08:00,1,0,0,,", 2, "selesai", Wrong::Backwards),
            ("BTM,mon,,,,,,,", 2, "mulai", Wrong::DayWithoutHours),
            ("BTM,2027-01-12,,,5,,,,", 2, "umum", Wrong::PlacesWithoutHours),
            ("BTM,2027-01-12,,,,,,Rapat,", 2, "sebab_tutup_inggris", Wrong::Empty),
            ("BTM,2027-01-12,,,,,,Rapat,Meeting\nBTM,2027-01-12,08:00,09:00,1,0,0,,", 3, "hari", Wrong::Twice),
            ("BTM,2027-01-12,08:00,09:00,1,0,0,,\nBTM,2027-01-12,,,,,,Rapat,Meeting", 3, "hari", Wrong::Twice),
            ("BTM,2026-11-30,,,,,,Rapat,Meeting", 2, "hari", Wrong::Past),
        ] {
            let found = read(&format!("{}\n{rows}\n", head(TableWords::Indonesian))).unwrap_err();
            assert_eq!(found.len(), 1, "{rows}: {found:?}");
            let TableFault { line: at, column: called, wrong: why, .. } = &found[0];
            assert_eq!((*at, called.as_str(), why), (line, column, &wrong), "{rows}");
        }
        let rows = "BTM,mon,8,09:00,x,0,0,,\n\nBTM,xyz,08:00,09:00,1,0,0,,";
        let found = read(&format!("{}\n{rows}\n", head(TableWords::English))).unwrap_err();
        let told: Vec<_> =
            found.iter().map(|fault| (fault.line, fault.column.as_str(), fault.found.as_str())).collect();
        assert_eq!(told, [(2, "starts", "8"), (2, "public", "x"), (4, "day", "xyz")]);
    }

    #[test]
    fn a_head_that_is_not_one_is_told_by_the_columns_that_are_missing() {
        let missing = read("kantor;hari;mulai;selesai;umum;prioritas\nBTM;sen;08.00;09.00;1;1\n").unwrap_err();
        let found: Vec<_> = missing.iter().map(|fault| (fault.column.as_str(), &fault.wrong)).collect();
        assert_eq!(found, [("cadangan", &Wrong::NoColumn)]);
        let unknown = read(&format!("{},catatan\n", head(TableWords::English))).unwrap_err();
        assert_eq!((unknown[0].column.as_str(), &unknown[0].wrong), ("catatan", &Wrong::ColumnUnknown));
        assert_eq!(read("").unwrap_err()[0].wrong, Wrong::Unreadable);
    }

    #[test]
    fn what_has_passed_may_stand_as_it_is_or_go_but_does_not_change() {
        let passed = civil::date(2026, 11, 2);
        let closed = |id: &str| Exception::Closed { why: Text { id: id.to_owned(), en: "x".to_owned() } };
        let with = |id: &str| Timetable::default().with_exception(passed, Some(closed(id))).unwrap();
        let before = with("Rapat");
        let table = |timetable: &Timetable| to_csv(batam(), timetable, TableWords::Indonesian);
        let read = |text: &str| from_csv(text, batam(), TableWords::Indonesian, &before, MONDAY);
        assert_eq!(read(&table(&before)).unwrap(), before);
        assert_eq!(read(&table(&Timetable::default())).unwrap(), Timetable::default());
        assert_eq!(read(&table(&with("Lain"))).unwrap_err()[0].wrong, Wrong::Past);
    }

    proptest! {
        #[test]
        fn a_table_is_read_as_it_was_written(
            one in crate::quota::tests::any_timetable(),
            indonesian in any::<bool>(),
            separator in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let words = if indonesian { TableWords::Indonesian } else { TableWords::English };
            // A spreadsheet reads it and writes it with the separator of its country.
            let mut again = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
            for record in csv::ReaderBuilder::new().has_headers(false).from_reader(to_csv(batam(), &one, words).as_bytes()).records() {
                again.write_record(&record.unwrap()).unwrap();
            }
            let text = String::from_utf8(again.into_inner().unwrap()).unwrap();
            prop_assert_eq!(from_csv(&text, batam(), words, &one, MONDAY).unwrap(), one);
        }

        #[test]
        fn nothing_that_is_pasted_breaks_the_reader(text in "[a-z0-9,;\t\n\"':./-]{0,80}") {
            let _ = read(&text);
            let _ = read(&format!("{}\n{text}", head(TableWords::Indonesian)));
        }
    }
}
