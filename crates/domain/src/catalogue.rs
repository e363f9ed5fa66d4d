//! The reference data as one checked whole: regions, offices, services, holidays and timetables, read from the files in `data/`.
//!
//! Nothing half-checked leaves this module: every cross reference between the files holds, or the fault is named by file, line and field.

use crate::calendar::Holidays;
use crate::office::Offices;
use crate::region::Regions;
use crate::service::Services;
use crate::timetable::Timetables;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Names of the files, in the order in which they are read (each refers only to earlier ones).
pub const PARTS: [&str; 6] = [REGIONS, FORMER, SERVICES, OFFICES, HOLIDAYS, TIMETABLES];

pub(crate) const REGIONS: &str = "regions.csv";
pub(crate) const FORMER: &str = "regions_former.csv";
pub(crate) const SERVICES: &str = "services.toml";
/// Name of the file with the offices and units.
pub const OFFICES: &str = "offices.csv";
pub(crate) const HOLIDAYS: &str = "holidays.csv";
/// Name of the file with the hours and quotas.
pub const TIMETABLES: &str = "timetables.toml";

/// Largest file that is read: the largest of ours has 50 KB, so more is a mistake.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The texts of the six files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFiles {
    /// Provinces, regencies and cities.
    pub regions_csv: Cow<'static, str>,
    /// Region codes that older NIKs still carry.
    pub former_csv: Cow<'static, str>,
    /// Offices and their units.
    pub offices_csv: Cow<'static, str>,
    /// National holidays and collective leave.
    pub holidays_csv: Cow<'static, str>,
    /// Services, papers, fees.
    pub services_toml: Cow<'static, str>,
    /// Weekly hours and quotas.
    pub timetables_toml: Cow<'static, str>,
}

/// Reference data that has been checked.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Provinces, regencies, cities and former codes.
    pub regions: Regions,
    /// Offices and units.
    pub offices: Offices,
    /// What can be applied for.
    pub services: Services,
    /// Days on which every office is closed.
    pub holidays: Holidays,
    /// Hours and quotas.
    pub timetables: Timetables,
}

/// A fault in one of the files, for the person who edits it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogueError {
    /// Name of the file, one of [`PARTS`].
    pub file: &'static str,
    /// Line, counted from 1.
    pub line: usize,
    /// Column or key.
    pub field: String,
    /// What is wrong, in English.
    pub why: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, {}: {}", self.file, self.line, self.field, self.why)
    }
}

impl CatalogueFiles {
    /// The national catalogue that is compiled into the program.
    pub const fn builtin() -> Self {
        Self {
            regions_csv: Cow::Borrowed(include_str!("../../../data/regions.csv")),
            former_csv: Cow::Borrowed(include_str!("../../../data/regions_former.csv")),
            offices_csv: Cow::Borrowed(include_str!("../../../data/offices.csv")),
            holidays_csv: Cow::Borrowed(include_str!("../../../data/holidays.csv")),
            services_toml: Cow::Borrowed(include_str!("../../../data/services.toml")),
            timetables_toml: Cow::Borrowed(include_str!("../../../data/timetables.toml")),
        }
    }

    /// The text of a part by its file name; `None` where [`PARTS`] has no such name.
    pub fn part(&self, name: &str) -> Option<&str> {
        Some(match name {
            REGIONS => &self.regions_csv,
            FORMER => &self.former_csv,
            OFFICES => &self.offices_csv,
            HOLIDAYS => &self.holidays_csv,
            SERVICES => &self.services_toml,
            TIMETABLES => &self.timetables_toml,
            _ => return None,
        })
    }

    /// Puts another text in place of a part; gives the text back where [`PARTS`] has no such name.
    pub fn replace(&mut self, name: &str, text: String) -> Result<(), String> {
        let part = match name {
            REGIONS => &mut self.regions_csv,
            FORMER => &mut self.former_csv,
            OFFICES => &mut self.offices_csv,
            HOLIDAYS => &mut self.holidays_csv,
            SERVICES => &mut self.services_toml,
            TIMETABLES => &mut self.timetables_toml,
            _ => return Err(text),
        };
        *part = Cow::Owned(text);
        Ok(())
    }
}

impl Catalogue {
    /// Reads and checks all six files; the first fault found is returned.
    pub fn parse(files: &CatalogueFiles) -> Result<Self, CatalogueError> {
        for name in PARTS {
            if files.part(name).is_some_and(|text| text.len() > FILE_BYTES_MAX) {
                return Err(fault(name, 1, "file", format!("is larger than {FILE_BYTES_MAX} bytes")));
            }
        }
        let regions = Regions::parse(&files.regions_csv, &files.former_csv)?;
        let services = Services::parse(&files.services_toml)?;
        let offices = Offices::parse(&files.offices_csv, &regions, &services)?;
        let holidays = Holidays::parse(&files.holidays_csv)?;
        let timetables = Timetables::parse(&files.timetables_toml, &offices)?;
        Ok(Self { regions, offices, services, holidays, timetables })
    }

    /// The national catalogue that is compiled into the program; a test keeps it free of faults.
    pub fn builtin() -> Self {
        Self::parse(&CatalogueFiles::builtin()).expect("the built-in catalogue is tested")
    }
}

/// A fault at a place.
pub(crate) fn fault(file: &'static str, line: usize, field: &str, why: impl Into<String>) -> CatalogueError {
    CatalogueError { file, line, field: field.to_owned(), why: why.into() }
}

/// A CSV file with a header row, its columns checked.
pub(crate) struct Table {
    file: &'static str,
    columns: Vec<String>,
    rows: Vec<(usize, csv::StringRecord)>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    line: usize,
    record: &'a csv::StringRecord,
}

impl Table {
    /// Reads a file. Every column of `required` must be there; others only if they are `optional`; none twice.
    pub(crate) fn read(
        file: &'static str,
        text: &str,
        required: &[&str],
        optional: &[&str],
    ) -> Result<Self, CatalogueError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns: Vec<String> =
            reader.headers().map_err(|error| unreadable(file, &error))?.iter().map(str::to_owned).collect();
        for (at, column) in columns.iter().enumerate() {
            if !required.contains(&column.as_str()) && !optional.contains(&column.as_str()) {
                return Err(fault(file, 1, column, "is not a column of this file"));
            }
            if columns[..at].contains(column) {
                return Err(fault(file, 1, column, "stands twice in the header"));
            }
        }
        if let Some(missing) = required.iter().find(|wanted| !columns.iter().any(|column| column == *wanted)) {
            return Err(fault(file, 1, missing, "is missing in the header"));
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|error| unreadable(file, &error))?;
            let line = record.position().map_or(0, |position| position.line() as usize);
            rows.push((line, record));
        }
        Ok(Self { file, columns, rows })
    }

    /// The rows below the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }
}

impl<'a> Row<'a> {
    /// The text in a column, without spaces around; empty where the file has no such column.
    pub(crate) fn get(self, field: &str) -> &'a str {
        let at = self.table.columns.iter().position(|column| column == field);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// The text in a column that must not be empty.
    pub(crate) fn needed(self, field: &str) -> Result<&'a str, CatalogueError> {
        let text = self.get(field);
        if text.is_empty() { Err(self.fault(field, "is empty")) } else { Ok(text) }
    }

    /// A column read as something, said in `what` for the error.
    pub(crate) fn read<T: FromStr>(self, field: &str, what: &str) -> Result<T, CatalogueError> {
        let text = self.needed(field)?;
        text.parse().map_err(|_| self.fault(field, format!("{text:?} is not {what}")))
    }

    /// A column read as something where it is not empty.
    pub(crate) fn read_optional<T: FromStr>(self, field: &str, what: &str) -> Result<Option<T>, CatalogueError> {
        if self.get(field).is_empty() { Ok(None) } else { self.read(field, what).map(Some) }
    }

    /// A fault in this row.
    pub(crate) fn fault(self, field: &str, why: impl Into<String>) -> CatalogueError {
        fault(self.table.file, self.line, field, why)
    }
}

/// The cells of the row of a CSV file whose first column says `key`, by column; nothing where there is no such row.
pub fn row_of(text: &str, key: &str) -> Option<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().ok()?.clone();
    let row = reader.records().filter_map(Result::ok).find(|row| row.get(0) == Some(key))?;
    Some(columns.iter().zip(row.iter()).map(|(column, cell)| (column.to_owned(), cell.to_owned())).collect())
}

/// A CSV file with other cells in the row whose first column says `key`, or with that row added at its end. Columns that it does not
/// have yet are added. Whether it can be read as what it is meant to be, its own reader says.
pub fn with_row(text: &str, key: &str, cells: &BTreeMap<String, String>) -> Result<String, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    for column in cells.keys() {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    let mut found = false;
    let changed = |at: usize, old: &str| cells.get(&columns[at]).map_or_else(|| old.to_owned(), Clone::clone);
    for row in reader.records() {
        let row = row?;
        let mine = row.get(0) == Some(key);
        found |= mine;
        let cell = |at: usize| {
            let old = row.get(at).unwrap_or_default();
            if mine { changed(at, old) } else { old.to_owned() }
        };
        writer.write_record((0..columns.len()).map(cell))?;
    }
    if !found {
        writer.write_record((0..columns.len()).map(|at| if at == 0 { key.to_owned() } else { changed(at, "") }))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8(bytes).expect("what was text stays text"))
}

fn unreadable(file: &'static str, error: &csv::Error) -> CatalogueError {
    let line = error.position().map_or(1, |position| position.line() as usize);
    let why = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} columns instead of {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    fault(file, line, "row", why)
}

/// Reads a TOML file into a shape; a fault carries the line and the key as far as the reader knows them.
pub(crate) fn read_toml<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, CatalogueError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, &span));
        fault(file, line, &key_at(text, line), error.message())
    })
}

/// The line, counted from 1, on which a span of bytes begins.
pub(crate) fn line_at(text: &str, span: &Range<usize>) -> usize {
    1 + text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count()
}

/// The key or table header on a line, for pointing at it.
fn key_at(text: &str, line: usize) -> String {
    let line = text.lines().nth(line - 1).unwrap_or_default().trim();
    let key = line.split('=').next().unwrap_or_default().trim().trim_matches(['[', ']', '"', ' ']);
    if key.is_empty() { "file".to_owned() } else { key.chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes one place of a built-in file and returns the fault that is found.
    fn fault_after(file: &str, from: &str, to: &str) -> CatalogueError {
        let mut files = CatalogueFiles::builtin();
        let text = files.part(file).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        let changed = text.replacen(from, to, 1);
        files.replace(file, changed).unwrap();
        Catalogue::parse(&files).err().unwrap_or_else(|| panic!("{file}: no fault after {from:?} became {to:?}"))
    }

    #[test]
    fn a_row_is_changed_or_added_and_the_others_stay_as_they_are() {
        let cells = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect()
        };
        let text = "code,name\nA,\"x, y\"\nB,z\n";
        let changed = with_row(text, "B", &cells(&[("name", "a \"b\""), ("phone", "1")])).unwrap();
        assert_eq!(changed, "code,name,phone\nA,\"x, y\",\nB,\"a \"\"b\"\"\",1\n");
        assert_eq!(row_of(&changed, "A").unwrap()["name"], "x, y");
        assert_eq!(row_of(&changed, "C"), None);
        assert_eq!(with_row(text, "C", &cells(&[("name", "new")])).unwrap(), format!("{text}C,new\n"));
    }

    #[test]
    fn the_built_in_catalogue_is_free_of_faults() {
        let catalogue = Catalogue::parse(&CatalogueFiles::builtin()).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!((catalogue.regions.iter().count(), catalogue.offices.len()), (552, 207));
        assert_eq!(catalogue.services.iter().count(), 6);
    }

    #[test]
    fn every_part_can_be_read_and_replaced_by_name() {
        let mut files = CatalogueFiles::builtin();
        for name in PARTS {
            assert!(!files.part(name).unwrap().is_empty());
            files.replace(name, "x".to_owned()).unwrap();
            assert_eq!(files.part(name), Some("x"));
        }
        assert!(files.part("secrets.toml").is_none() && files.replace("secrets.toml", String::new()).is_err());
    }

    #[test]
    fn a_fault_names_file_line_and_field() {
        let found = fault_after(
            OFFICES,
            "LGS,Kantor Imigrasi Langsa,office,II TPI",
            "LGS,Kantor Imigrasi Langsa,office,IV TPI",
        );
        assert_eq!((found.file, found.line, found.field.as_str()), (OFFICES, 3, "class"));
        let shown = found.to_string();
        assert!(shown.starts_with("offices.csv, line 3, class: \"IV TPI\" is none of"), "{shown}");
    }

    #[test]
    fn every_kind_of_fault_in_a_table_is_found() {
        for (file, from, to, field, why) in [
            (REGIONS, "code,name,", "code,title,", "title", "is not a column"),
            (REGIONS, "code,name,", "name,name,", "name", "stands twice in the header"),
            (REGIONS, ",time_zone,", ",also,", "also", "stands twice in the header"),
            (REGIONS, "11,Aceh,", "12,Aceh,", "province_code", "is not how 12 begins"),
            (REGIONS, "1102,Kab", "1101,Kab", "code", "stands twice"),
            (REGIONS, "1102,Kab", "110,Kab", "code", "is not 4 digits"),
            (REGIONS, "1101,Kabupaten Aceh Selatan", "1101,", "name", "is empty"),
            (REGIONS, ",regency,11,3.1619", ",town,11,3.1619", "level", "is not province, regency or city"),
            (REGIONS, "3.1619,97.4365", "93.2,97.4365", "latitude", "is not between"),
            (REGIONS, "3.1619,97.4365", "NaN,97.4365", "latitude", "is not between"),
            (REGIONS, "3.1619,97.4365", "3.1619,timur", "longitude", "is not a number"),
            (REGIONS, "97.4365,Asia/Jakarta", "97.4365,Asia/Singapore", "time_zone", "is not Asia/Jakarta"),
            (REGIONS, "3.1619,97.4365", "3.1619,97.4365,1", "row", "columns instead of"),
            (FORMER, "6404,6501,", "6404,6599,", "current_code", "there is no region 6599"),
            (FORMER, "6404,6501,", "6401,6501,", "former_code", "is a region of today"),
            (FORMER, "6404,6501,", "64O4,6501,", "former_code", "is not 4 digits"),
            (FORMER, "6405,", "6404,", "former_code", "stands twice"),
            (FORMER, "province_prefix", "province", "level", "is not regency or province_prefix"),
            (HOLIDAYS, "2025-01-01", "2025-02-30", "date", "is not a date"),
            (HOLIDAYS, "Isra and Miraj of the Prophet Muhammad", "", "name_en", "is empty"),
            (HOLIDAYS, "Day,national", "Day,regional", "kind", "is not national or cuti_bersama"),
            (HOLIDAYS, "2025-04-01", "2025-03-31", "date", "stands twice on 2025-03-31"),
            (OFFICES, "LGS,Kantor", "BNA,Kantor", "code", "stands twice"),
            (OFFICES, "LGS,Kantor", "lgs,Kantor", "code", "is not an office code"),
            (OFFICES, "LGS,Kantor", "LGS-A,Kantor", "code", "is a unit's code"),
            (
                OFFICES,
                "LGS,Kantor Imigrasi Langsa,office,",
                "LGS,Kantor Imigrasi Langsa,kanim,",
                "kind",
                "is not office, ulp, ukk or mpp",
            ),
            (OFFICES, "Langsa,office,II TPI,,", "Langsa,office,II TPI,BNA,", "parent_code", "an office has no parent"),
            (OFFICES, "ulp,,MDN,", "ulp,,,", "parent_code", "a unit needs"),
            (OFFICES, "ulp,,MDN,", "ulp,,BNA,", "code", "begins with BNA-"),
            (
                OFFICES,
                "MDN-KNO,ULP Kualanamu,ulp,,MDN,",
                "XX-KNO,ULP Kualanamu,ulp,,XX,",
                "parent_code",
                "there is no office XX",
            ),
            (OFFICES, "ulp,,MDN,", "ulp,I TPI,MDN,", "class", "a unit has no class"),
            (
                OFFICES,
                "Langsa,office,II TPI,,11,1174",
                "Langsa,office,II TPI,,1174,1174",
                "province_code",
                "there is no province 1174",
            ),
            (
                OFFICES,
                "Langsa,office,II TPI,,11,1174",
                "Langsa,office,II TPI,,11,1199",
                "regency_code",
                "there is no regency or city 1199",
            ),
            (
                OFFICES,
                "Langsa,office,II TPI,,11,1174",
                "Langsa,office,II TPI,,11,11",
                "regency_code",
                "there is no regency or city 11",
            ),
            (
                OFFICES,
                "Langsa,office,II TPI,,11,1174",
                "Langsa,office,II TPI,,11,2171",
                "regency_code",
                "Kota Batam does not lie in Aceh",
            ),
            (
                OFFICES,
                "97.9593,office,Asia/Jakarta",
                "97.9593,office,Asia/Makassar",
                "time_zone",
                "WITA is not the zone of Kota Langsa, WIB",
            ),
            (OFFICES, "97.9593,office,", "97.9593,exact,", "position_quality", "is not office, district or regency"),
            (OFFICES, "4.4754,97.9593", "4.4754,197.9593", "longitude", "is no number between"),
            (OFFICES, "Langsa\",high", "Langsa\",sure", "confidence", "is not high, medium or low"),
            (OFFICES, "code TD,TD,", "code TD,TC,", "queue_prefix", "TC belongs to another office already"),
            (OFFICES, "code TD,TD,", "code TD,T,", "queue_prefix", "is not two letters or digits"),
            (OFFICES, "code TD,TD,", "code TD,,", "queue_prefix", "is empty"),
            (OFFICES, "opened Dec 2015,GD", "opened Dec 2015,G2", "queue_prefix", "is not that of its parent, GD"),
            (OFFICES, "code TD,TD,,", "code TD,TD,soon,", "electronic_only_from", "is not a date"),
            (OFFICES, "code TD,TD,,,", "code TD,TD,,visa,", "services", "\"visa\" is not a service"),
            (OFFICES, "code TD,TD,,,", "code TD,TD,,lost,", "services", "cannot be booked online"),
            (OFFICES, "code TD,TD,,,", "code TD,TD,,new new,", "services", "stands twice"),
            (OFFICES, ",queue_prefix,", ",", "queue_prefix", "is missing in the header"),
        ] {
            let found = fault_after(file, from, to);
            assert_eq!((found.file, found.field.as_str()), (file, field), "{from:?} -> {to:?}: {found}");
            assert!(found.why.contains(why), "{from:?} -> {to:?}: {found}");
        }
    }

    #[test]
    fn every_kind_of_fault_in_the_services_is_found() {
        for (from, to, field, why) in [
            ("[fees]", "[fees", "fees", ""),
            ("ordinary_five = 350000", "ordinary_five = \"350000\"", "ordinary_five", "invalid type"),
            ("ordinary_five = 350000", "ordinary_five = 900000", "fees, ordinary_ten", "ten years not less"),
            ("ordinary_five = 350000", "ordinary_fiv = 350000", "ordinary_fiv", "unknown field"),
            ("since = \"2024-12-17\"", "since = \"soon\"", "since", ""),
            (
                "code = \"damaged\"\nname = { id = \"Denda",
                "code = \"lost\"\nname = { id = \"Denda",
                "charge",
                "lost stands twice",
            ),
            ("code = \"replacement\"", "code = \"new\"", "service", "new stands twice"),
            ("code = \"data_change\"", "code = \"visa\"", "code", "unknown variant"),
            (
                "{ id = \"Paspor baru\", en = \"New passport\" }\n",
                "{ id = \"Paspor baru\", en = \" \" }\n",
                "service new, name",
                "the text in en is empty",
            ),
            (
                "{ id = \"Paspor baru\", en = \"New passport\" }\n",
                "{ id = \"Paspor baru\" }\n",
                "name",
                "missing field",
            ),
            ("online = true", "online = false", "service new, why_not_online", "is needed"),
            (
                "code = \"child\"\nname = { id = \"Anak di bawah 17 tahun\", en = \"Child under 17\" }\nonline = false",
                "code = \"child\"\nname = { id = \"Anak di bawah 17 tahun\", en = \"Child under 17\" }\nonline = true",
                "service child, online",
                "only new and replacement",
            ),
            ("code = \"seafarer\"", "code = \"hajj_umrah\"", "purpose", "hajj_umrah stands twice"),
        ] {
            let found = fault_after(SERVICES, from, to);
            assert_eq!((found.file, found.field.as_str()), (SERVICES, field), "{to:?}: {found}");
            assert!(found.why.contains(why), "{to:?}: {found}");
        }
        let long = format!("law = \"PP 45/2024\"\nsince = \"2024-12-17\"\n{}", "# \n".repeat(3));
        assert!(
            fault_after(SERVICES, "law = \"PP 45/2024\"\nsince = \"2024-12-17\"", &long.replace("since", "sinc")).line
                > 4
        );
    }

    #[test]
    fn every_kind_of_fault_in_the_timetables_is_found() {
        let batam = "[office.BTM]\nhours = \"office\"\npublic = 200";
        for (from, to, field, why) in [
            ("[hours.office]", "[hours.bureau]", "usual, hours", "there are no hours named \"office\""),
            ("mon = [\"08:00-09:00\"", "mon = [\"8-9\"", "hours.office", "\"8-9\" is not a window"),
            ("mon = [\"08:00-09:00\"", "mon = [\"08:00-25:00\"", "hours.office", "is not a window"),
            ("mon = [\"08:00-09:00\"", "monday = [\"08:00-09:00\"", "monday", "unknown field"),
            ("mon = [\"08:00-09:00\"", "mon = [\"08:00-09:30\"", "usual", "begins before the one above it ends"),
            ("mon = [\"08:00-09:00\"", "mon = [\"09:00-08:00\"", "usual", "ends at"),
            (
                "tue = [\"08:00-09:00\", \"09:00-10:00\", \"10:00-11:00\", \"11:00-12:00\"]\n\n[hours.mon",
                "\n[hours.mon",
                "hours.tuesday_morning",
                "no window on any day",
            ),
            ("class = \"I Khusus\"", "class = \"I\"", "usual, class", "is never reached"),
            ("kind = \"mpp\"", "kind = \"ukk\"", "usual, class", "is never reached"),
            ("kind = \"mpp\"\n", "kind = \"mpp\"\nclass = \"I\"\n", "usual", "mpp has no entry without a class"),
            ("public = 400", "public = -1", "public", "invalid value"),
            ("public = 400", "public = 400000", "usual", "at most"),
            ("[office.BTM]", "[office.XYZ]", "office.XYZ", "there is no such office"),
            ("[office.BTM]", "[office.btm]", "office.btm", "there is no such office"),
            (batam, "[office.BTM]\npublic = 200", "office.BTM", "needs hours and public"),
            (
                batam,
                "[office.BTM]\nhours = \"night\"\npublic = 200",
                "office.BTM",
                "there are no hours named \"night\"",
            ),
            (batam, &format!("{batam}\nout_of_service = {{ id = \"a\", en = \"b\" }}"), "office.BTM", "has no hours"),
            (batam, &format!("{batam}\nout_of_service_from = \"2027-01-04\""), "office.BTM", "needs out_of_service"),
            (
                batam,
                &format!("{batam}\non.soon = {{ closed = {{ id = \"a\", en = \"b\" }} }}"),
                "office.BTM",
                "\"soon\" is not a date",
            ),
            (batam, &format!("{batam}\non.2027-01-12 = {{}}"), "office.BTM", "needs either closed or windows"),
            (
                batam,
                &format!("{batam}\non.2027-01-12 = {{ closed = {{ id = \"\", en = \"b\" }} }}"),
                "office.BTM",
                "the text in id is empty",
            ),
            (
                batam,
                &format!("{batam}\non.2027-01-12 = {{ windows = [\"09:00-08:00\"], public = 1 }}"),
                "office.BTM",
                "ends at",
            ),
        ] {
            let found = fault_after(TIMETABLES, from, to);
            assert_eq!((found.file, found.field.as_str()), (TIMETABLES, field), "{to:?}: {found}");
            assert!(found.why.contains(why), "{to:?}: {found}");
        }
        let mut files = CatalogueFiles::builtin();
        let text = files.part(TIMETABLES).unwrap().replacen(
            batam,
            &format!("{batam}\non.2027-01-12 = {{ windows = [\"09:00-12:00\"], public = 7 }}"),
            1,
        );
        files.replace(TIMETABLES, text).unwrap();
        let catalogue = Catalogue::parse(&files).unwrap();
        let timetable = catalogue.timetables.for_office(catalogue.offices.get(&"BTM".parse().unwrap()).unwrap());
        assert_eq!(timetable.exceptions().len(), 1);
    }

    #[test]
    fn a_huge_file_is_refused_before_it_is_read() {
        let mut files = CatalogueFiles::builtin();
        files.replace(HOLIDAYS, " ".repeat(FILE_BYTES_MAX + 1)).unwrap();
        assert_eq!(Catalogue::parse(&files).unwrap_err().field, "file");
    }

    #[test]
    fn files_may_come_with_a_byte_order_mark_and_windows_line_ends() {
        let mut files = CatalogueFiles::builtin();
        let windows = format!("\u{feff}{}", files.part(HOLIDAYS).unwrap().replace('\n', "\r\n"));
        files.replace(HOLIDAYS, windows).unwrap();
        assert!(Catalogue::parse(&files).is_ok());
    }
}
