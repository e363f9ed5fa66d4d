//! Offices and units: where people are served, which passports they issue there, and how to find one.

use crate::catalogue::{CatalogueError, OFFICES, Row, Table};
use crate::queue_code::QueuePrefix;
use crate::region::{LATITUDES, LONGITUDES, Region, RegionLevel, Regions, Zone, degrees};
use crate::service::{PassportKind, ServiceCode, Services, Text};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters of the office part.
const OFFICE_LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
/// Letters and digits of the unit part.
const UNIT_SIGNS: std::ops::RangeInclusive<usize> = 1..=5;
/// Longest code: six letters, a dash, five signs.
const CODE_BYTES: usize = 12;
/// Words of a search that are looked at; nobody means more.
const SEARCH_WORDS_MAX: usize = 8;
/// Characters of a search that are looked at.
const SEARCH_CHARS_MAX: usize = 100;
/// Mean radius of the earth (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.009;

/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Most characters of an address.
pub const ADDRESS_CHARS_MAX: usize = 200;
/// Most characters of a telephone number with what stands around it.
pub const PHONE_CHARS_MAX: usize = 40;
/// Fewest digits of a telephone number.
pub const PHONE_DIGITS_MIN: usize = 3;
/// What may stand between the digits of a telephone number, or of two.
const PHONE_SIGNS: &str = " +-()/,";
/// Most characters of a notice.
pub const NOTICE_CHARS_MAX: usize = 300;

/// Names an office (`BTM`) or a unit (`BTM-HB`). Our own codes, not official ones.
///
/// Twelve bytes and no heap, because a million entries hold up to twenty of them each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficeCode([u8; CODE_BYTES]);

/// A text that is not two to six letters, then perhaps a dash and one to five letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not an office code such as BTM or BTM-HB")]
pub struct OfficeCodeError {
    /// What was given, shortened to what a code could hold.
    pub found: String,
}

/// What a place of service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeKind {
    /// Kantor imigrasi.
    Office,
    /// Unit layanan paspor, also UP3 counters and immigration lounges.
    Ulp,
    /// Unit kerja keimigrasian, run with a local government.
    Ukk,
    /// A counter in a mal pelayanan publik.
    Mpp,
}

/// How exact a point on the map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionQuality {
    /// The point published for the site.
    Office,
    /// Centre of the district.
    District,
    /// Centre of the regency: good for a list by distance, not for a map link.
    Regency,
}

/// How well existence, place and address are witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Witnesses agree.
    High,
    /// Older, inferred or incomplete.
    Medium,
    /// A single or doubtful witness.
    Low,
}

/// A place of service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Office {
    /// Its code.
    pub code: OfficeCode,
    /// Its name in full, such as `Kantor Imigrasi Batam`.
    pub name: String,
    /// What it is.
    pub kind: OfficeKind,
    /// Class of an office, such as `I Khusus TPI`; none for units and where it is not established.
    pub class: Option<String>,
    /// The office that a unit belongs to.
    pub parent: Option<OfficeCode>,
    /// First part of the queue codes given here; a unit uses its parent's.
    pub queue_prefix: QueuePrefix,
    /// Code of the province where the building stands.
    pub province: String,
    /// Code of the regency or city where the building stands.
    pub regency: String,
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// How exact the point is.
    pub position_quality: PositionQuality,
    /// Its time zone.
    pub zone: Zone,
    /// Street address; may be empty.
    pub address: String,
    /// How well witnessed the row is.
    pub confidence: Confidence,
    /// Where the row comes from and what is doubtful, in English, for staff.
    pub note: String,
    /// Other names people search by, separated by semicolons.
    pub also: String,
    /// From this day on only electronic passports are issued; `None` while both kinds are.
    pub electronic_only_from: Option<Date>,
    /// Services that can be booked online here.
    pub services: Vec<ServiceCode>,
    /// Telephone as the office gives it to the public; empty where it gives none.
    pub phone: String,
    /// What the office tells everybody who looks at it, in both languages.
    pub notice: Option<Text>,
}

/// Why an office does not offer something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not offered here: {why:?}")]
pub struct NotOffered {
    /// The reason.
    pub why: WhyNotOffered,
}

/// Reasons why something cannot be booked at an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WhyNotOffered {
    /// Needs an interview first: without a booking, at this main office.
    WalkIn {
        /// The main office to go to.
        at: OfficeCode,
    },
    /// Not a booking of its own: children are booked as new or replacement, and their papers follow from their age.
    PerPerson,
    /// This place does other services only.
    NotHere {
        /// What it does.
        offered: OfferedHere,
    },
    /// Ordinary passports are no longer issued here.
    ElectronicOnly {
        /// Since when.
        since: Date,
    },
}

/// The bookable services of a place, as a value that can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedHere {
    /// First passports.
    pub new: bool,
    /// Replacements.
    pub replacement: bool,
}

/// All offices and units, with an index for searching.
#[derive(Debug, Clone)]
pub struct Offices {
    all: Vec<Office>,
    by_code: HashMap<OfficeCode, usize>,
    /// For each office, the words it can be found by.
    words: Vec<Vec<Word>>,
}

/// A word that finds an office.
#[derive(Debug, Clone)]
struct Word {
    folded: String,
    /// What a hit is worth: the name and code most, the address least.
    worth: u32,
}

impl OfficeCode {
    /// Reads a code exactly as written: capital letters, then perhaps a dash and capitals or digits.
    pub fn parse(text: &str) -> Result<Self, OfficeCodeError> {
        let error = || OfficeCodeError { found: text.chars().take(CODE_BYTES + 1).collect() };
        let (office, unit) = text.split_once('-').map_or((text, None), |(office, unit)| (office, Some(unit)));
        if !OFFICE_LETTERS.contains(&office.len()) || !office.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(error());
        }
        let is_unit = |unit: &str| {
            UNIT_SIGNS.contains(&unit.len())
                && unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        if !unit.is_none_or(is_unit) {
            return Err(error());
        }
        let mut code = [0; CODE_BYTES];
        code[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(CODE_BYTES);
        std::str::from_utf8(&self.0[..length]).expect("an office code holds ASCII")
    }

    /// Whether it names a unit.
    pub fn is_unit(&self) -> bool {
        self.0.contains(&b'-')
    }
}

impl fmt::Display for OfficeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for OfficeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OfficeCode({})", self.as_str())
    }
}

impl FromStr for OfficeCode {
    type Err = OfficeCodeError;

    fn from_str(text: &str) -> Result<Self, OfficeCodeError> {
        Self::parse(text)
    }
}

impl Serialize for OfficeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OfficeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl OfficeKind {
    /// The kind as it is written in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Ulp => "ulp",
            Self::Ukk => "ukk",
            Self::Mpp => "mpp",
        }
    }
}

impl FromStr for OfficeKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Office, Self::Ulp, Self::Ukk, Self::Mpp].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl FromStr for PositionQuality {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "office" => Ok(Self::Office),
            "district" => Ok(Self::District),
            "regency" => Ok(Self::Regency),
            _ => Err(()),
        }
    }
}

impl FromStr for Confidence {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "high" => Ok(Self::High),
            "medium" => Ok(Self::Medium),
            "low" => Ok(Self::Low),
            _ => Err(()),
        }
    }
}

impl Office {
    /// Whether a service in a kind of passport can be booked here for a date, or why not.
    pub fn offers(&self, service: ServiceCode, passport: PassportKind, date: Date) -> Result<(), NotOffered> {
        let refuse = |why| Err(NotOffered { why });
        match service {
            ServiceCode::Lost | ServiceCode::Damaged | ServiceCode::DataChange => {
                return refuse(WhyNotOffered::WalkIn { at: self.main() });
            }
            ServiceCode::Child => return refuse(WhyNotOffered::PerPerson),
            ServiceCode::New | ServiceCode::Replacement if !self.services.contains(&service) => {
                return refuse(WhyNotOffered::NotHere { offered: self.offered() });
            }
            ServiceCode::New | ServiceCode::Replacement => {}
        }
        self.issues(passport, date)
    }

    /// Whether people without a booking can have this here on that date: what is booked here, and at a main office also what needs an
    /// interview first.
    pub fn receives(&self, service: ServiceCode, passport: PassportKind, date: Date) -> Result<(), NotOffered> {
        match self.offers(service, passport, date) {
            Err(NotOffered { why: WhyNotOffered::WalkIn { at } }) if at == self.code => self.issues(passport, date),
            other => other,
        }
    }

    fn issues(&self, passport: PassportKind, date: Date) -> Result<(), NotOffered> {
        match self.electronic_only_from {
            Some(since) if passport == PassportKind::Ordinary && date >= since => {
                Err(NotOffered { why: WhyNotOffered::ElectronicOnly { since } })
            }
            _ => Ok(()),
        }
    }

    /// The main office: the parent of a unit, else the office itself.
    pub fn main(&self) -> OfficeCode {
        self.parent.unwrap_or(self.code)
    }

    /// The name without `Kantor Imigrasi` in front, for lists where that goes without saying.
    pub fn short_name(&self) -> &str {
        self.name.strip_prefix("Kantor Imigrasi ").unwrap_or(&self.name)
    }

    /// Kilometres along the earth's surface from a point in degrees.
    pub fn distance_km(&self, latitude: f64, longitude: f64) -> f64 {
        let (here, there) = (self.latitude.to_radians(), latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let chord = half(latitude - self.latitude) + here.cos() * there.cos() * half(longitude - self.longitude);
        2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    fn offered(&self) -> OfferedHere {
        OfferedHere {
            new: self.services.contains(&ServiceCode::New),
            replacement: self.services.contains(&ServiceCode::Replacement),
        }
    }
}

impl Offices {
    /// Reads and checks `offices.csv` against the regions and services. A unit must come after its parent.
    pub fn parse(text: &str, regions: &Regions, services: &Services) -> Result<Self, CatalogueError> {
        let required = [
            "code",
            "name",
            "kind",
            "class",
            "parent_code",
            "province_code",
            "regency_code",
            "latitude",
            "longitude",
            "position_quality",
            "time_zone",
            "address",
            "confidence",
            "note",
            "queue_prefix",
        ];
        let optional = ["electronic_only_from", "services", "also", "phone", "notice_id", "notice_en"];
        let mut offices = Self { all: Vec::new(), by_code: HashMap::new(), words: Vec::new() };
        let mut prefixes = HashSet::new();
        for row in Table::read(OFFICES, text, &required, &optional)?.rows() {
            let office = offices.office(row, regions, services)?;
            if office.parent.is_none() && !prefixes.insert(office.queue_prefix) {
                return Err(
                    row.fault("queue_prefix", format!("{} belongs to another office already", office.queue_prefix))
                );
            }
            offices.by_code.insert(office.code, offices.all.len());
            offices.words.push(words_of(&office, regions));
            offices.all.push(office);
        }
        Ok(offices)
    }

    fn office(&self, row: Row<'_>, regions: &Regions, services: &Services) -> Result<Office, CatalogueError> {
        let code: OfficeCode = row.read("code", "an office code such as BTM or BTM-HB")?;
        if self.by_code.contains_key(&code) {
            return Err(row.fault("code", format!("{code} stands twice")));
        }
        let kind: OfficeKind = row.read("kind", "office, ulp, ukk or mpp")?;
        let parent = self.parent(row, code, kind)?;
        let queue_prefix: QueuePrefix = row.read("queue_prefix", "two letters or digits")?;
        if let Some(parent) = parent.filter(|parent| parent.queue_prefix != queue_prefix) {
            return Err(
                row.fault("queue_prefix", format!("{queue_prefix} is not that of its parent, {}", parent.queue_prefix))
            );
        }
        let (province, regency) = place(row, regions)?;
        let zone: Zone = row.read("time_zone", "Asia/Jakarta, Asia/Makassar or Asia/Jayapura")?;
        if zone != regency.zone {
            return Err(row.fault("time_zone", format!("{zone} is not the zone of {}, {}", regency.name, regency.zone)));
        }
        let services = offered(row, services)?;
        if let Some(wrong) = wrong_cells(|column| row.get(column)).into_iter().next() {
            return Err(row.fault(wrong.column, wrong.why));
        }
        Ok(Office {
            code,
            name: row.needed("name")?.to_owned(),
            kind,
            class: class(row, kind)?,
            parent: parent.map(|parent| parent.code),
            queue_prefix,
            province: province.code.clone(),
            regency: regency.code.clone(),
            latitude: degrees(row, "latitude", &LATITUDES)?,
            longitude: degrees(row, "longitude", &LONGITUDES)?,
            position_quality: row.read("position_quality", "office, district or regency")?,
            zone,
            address: row.get("address").to_owned(),
            confidence: row.read("confidence", "high, medium or low")?,
            note: row.get("note").to_owned(),
            also: row.get("also").to_owned(),
            electronic_only_from: row.read_optional("electronic_only_from", "a date such as 2024-12-01")?,
            services,
            phone: row.get("phone").to_owned(),
            notice: notice(row),
        })
    }

    fn parent(&self, row: Row<'_>, code: OfficeCode, kind: OfficeKind) -> Result<Option<&Office>, CatalogueError> {
        let parent: Option<OfficeCode> = row.read_optional("parent_code", "an office code such as BTM")?;
        match (kind, parent) {
            (OfficeKind::Office, None) if code.is_unit() => {
                Err(row.fault("code", format!("{code} is a unit's code, but this is an office")))
            }
            (OfficeKind::Office, None) => Ok(None),
            (OfficeKind::Office, Some(_)) => Err(row.fault("parent_code", "an office has no parent")),
            (_, None) => Err(row.fault("parent_code", "a unit needs the office it belongs to")),
            (_, Some(parent)) => {
                if code.as_str().split_once('-').map(|(office, _)| office) != Some(parent.as_str()) {
                    return Err(row.fault("code", format!("the code of a unit of {parent} begins with {parent}-")));
                }
                let parent = self
                    .get(&parent)
                    .ok_or_else(|| row.fault("parent_code", format!("there is no office {parent} above this line")))?;
                Ok(Some(parent))
            }
        }
    }

    /// The office or unit with this code.
    pub fn get(&self, code: &OfficeCode) -> Option<&Office> {
        self.by_code.get(code).map(|at| &self.all[*at])
    }

    /// All offices and units in the order of the file: by province, each office before its units.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Office> {
        self.all.iter()
    }

    /// How many offices and units there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What stands in a province: offices by name, each followed by its units by name; units whose office is elsewhere come last.
    pub fn in_province(&self, code: &str) -> Vec<&Office> {
        let mut found: Vec<&Office> = self.all.iter().filter(|office| office.province == code).collect();
        found.sort_by_cached_key(|office| {
            let main = self.get(&office.main()).filter(|main| main.province == code);
            (
                main.is_none(),
                main.map(|main| fold(main.short_name())),
                office.parent.is_some(),
                fold(office.short_name()),
                office.code,
            )
        });
        found
    }

    /// The units of an office, by name.
    pub fn units_of(&self, code: &OfficeCode) -> Vec<&Office> {
        let mut units: Vec<&Office> = self.all.iter().filter(|office| office.parent == Some(*code)).collect();
        units.sort_by_cached_key(|unit| (fold(&unit.name), unit.code));
        units
    }

    /// The nearest places to a point in degrees, with the distance in kilometres, nearest first.
    pub fn near(&self, latitude: f64, longitude: f64, limit: usize) -> Vec<(&Office, f64)> {
        let mut found: Vec<_> =
            self.all.iter().map(|office| (office, office.distance_km(latitude, longitude))).collect();
        found.sort_by(|(one, near), (other, far)| near.total_cmp(far).then_with(|| one.code.cmp(&other.code)));
        found.truncate(limit);
        found
    }

    /// The places that every word of a text fits (by name, code, other names, address, regency or province), best first.
    ///
    /// Capitals, accents and punctuation do not matter, and words may be unfinished. An empty search finds nothing.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&Office> {
        let text: String = text.chars().take(SEARCH_CHARS_MAX).collect();
        let wanted: Vec<String> = folded_words(&text).take(SEARCH_WORDS_MAX).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let score = |words: &[Word]| wanted.iter().try_fold(0, |sum, wanted| Some(sum + best_hit(words, wanted)?));
        let mut found: Vec<(u32, &Office)> =
            self.all.iter().zip(&self.words).filter_map(|(office, words)| Some((score(words)?, office))).collect();
        found.sort_by_cached_key(|(score, office)| {
            (std::cmp::Reverse(*score), office.parent.is_some(), fold(office.short_name()), office.code)
        });
        found.into_iter().take(limit).map(|(_, office)| office).collect()
    }
}

/// What the best fitting word is worth: whole words double, beginnings once; parts of a word do not count.
fn best_hit(words: &[Word], wanted: &str) -> Option<u32> {
    words
        .iter()
        .filter(|word| word.folded.starts_with(wanted))
        .map(|word| if word.folded.len() == wanted.len() { word.worth * 2 } else { word.worth })
        .max()
}

fn words_of(office: &Office, regions: &Regions) -> Vec<Word> {
    let region =
        |code: &str| regions.get(code).map(|region| format!("{} {}", region.name, region.also)).unwrap_or_default();
    let sources = [
        (office.name.clone(), 8),
        (office.code.as_str().to_owned(), 8),
        (office.also.clone(), 8),
        (region(&office.regency), 4),
        (region(&office.province), 2),
        (office.address.clone(), 1),
    ];
    let mut words: Vec<Word> = Vec::new();
    for (text, worth) in sources {
        for folded in folded_words(&text) {
            // The first source is the most valuable one, so a later copy of the word adds nothing.
            if !words.iter().any(|word| word.folded == folded) {
                words.push(Word { folded, worth });
            }
        }
    }
    words
}

/// The words of a text in small letters without accents, split at everything that is no letter or digit.
fn folded_words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let words: Vec<String> =
        folded.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.into_iter()
}

/// Small letters without accents.
fn fold(text: &str) -> String {
    text.nfd().filter(|sign| !is_combining_mark(*sign)).flat_map(char::to_lowercase).collect()
}

fn class(row: Row<'_>, kind: OfficeKind) -> Result<Option<String>, CatalogueError> {
    const CLASSES: [&str; 8] =
        ["I Khusus TPI", "I Khusus Non TPI", "I TPI", "I Non TPI", "II TPI", "II Non TPI", "III TPI", "III Non TPI"];
    let class = row.get("class");
    if class.is_empty() {
        Ok(None)
    } else if kind != OfficeKind::Office {
        Err(row.fault("class", "a unit has no class"))
    } else if CLASSES.contains(&class) {
        Ok(Some(class.to_owned()))
    } else {
        Err(row.fault("class", format!("{class:?} is none of {}", CLASSES.join(", "))))
    }
}

fn place<'a>(row: Row<'_>, regions: &'a Regions) -> Result<(&'a Region, &'a Region), CatalogueError> {
    let province = row.needed("province_code")?;
    let province = regions
        .get(province)
        .filter(|region| region.level == RegionLevel::Province)
        .ok_or_else(|| row.fault("province_code", format!("there is no province {province}")))?;
    let regency = row.needed("regency_code")?;
    let regency = regions
        .get(regency)
        .filter(|region| region.level != RegionLevel::Province)
        .ok_or_else(|| row.fault("regency_code", format!("there is no regency or city {regency}")))?;
    if regency.province != province.code {
        return Err(row.fault("regency_code", format!("{} does not lie in {}", regency.name, province.name)));
    }
    Ok((province, regency))
}

/// A cell of an office's row that cannot be like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongCell {
    /// Its column.
    pub column: &'static str,
    /// Why, in English.
    pub why: String,
}

/// Everything that is wrong with what an office says of itself: name, address, telephone, position, the date and the notice. Whether the
/// rest fits other offices, regions and services is seen where the whole file is read.
pub fn wrong_cells<'a>(cell: impl Fn(&str) -> &'a str) -> Vec<WrongCell> {
    let mut all: Vec<WrongCell> = Vec::new();
    let mut wrong = |column: &'static str, why: String| {
        if all.iter().all(|known| known.column != column) {
            all.push(WrongCell { column, why });
        }
    };
    if cell("name").is_empty() {
        wrong("name", "is empty".to_owned());
    }
    for (column, max) in [
        ("name", NAME_CHARS_MAX),
        ("address", ADDRESS_CHARS_MAX),
        ("phone", PHONE_CHARS_MAX),
        ("notice_id", NOTICE_CHARS_MAX),
        ("notice_en", NOTICE_CHARS_MAX),
    ] {
        let text = cell(column);
        if text.chars().count() > max || text.chars().any(char::is_control) {
            wrong(column, format!("has more than {max} characters, or more than one line"));
        }
    }
    if !is_phone(cell("phone")) {
        wrong(
            "phone",
            format!("is no telephone number: {PHONE_DIGITS_MIN} digits or more, and only {PHONE_SIGNS:?} between"),
        );
    }
    for (column, limits) in [("latitude", LATITUDES), ("longitude", LONGITUDES)] {
        // `contains` is false for NaN as well.
        if !cell(column).parse().is_ok_and(|degrees: f64| limits.contains(&degrees)) {
            wrong(column, format!("is no number between {} and {}", limits.start(), limits.end()));
        }
    }
    if cell("position_quality").parse::<PositionQuality>().is_err() {
        wrong("position_quality", "is not office, district or regency".to_owned());
    }
    let since = cell("electronic_only_from");
    if !since.is_empty() && since.parse::<Date>().is_err() {
        wrong("electronic_only_from", "is not a date such as 2024-12-01".to_owned());
    }
    match (cell("notice_id").is_empty(), cell("notice_en").is_empty()) {
        (true, false) => wrong("notice_id", "is empty while there is one in English".to_owned()),
        (false, true) => wrong("notice_en", "is empty while there is one in Indonesian".to_owned()),
        (true, true) | (false, false) => {}
    }
    all
}

/// Whether a text is a telephone number as people write it, or several, or none at all.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let fits = |sign: char| sign.is_ascii_digit() || PHONE_SIGNS.contains(sign);
    text.is_empty() || (digits >= PHONE_DIGITS_MIN && text.chars().all(fits))
}

fn notice(row: Row<'_>) -> Option<Text> {
    let (id, en) = (row.get("notice_id"), row.get("notice_en"));
    (!id.is_empty() && !en.is_empty()).then(|| Text { id: id.to_owned(), en: en.to_owned() })
}

/// The services that can be booked here: those of the column, or all that are online where it is empty.
fn offered(row: Row<'_>, services: &Services) -> Result<Vec<ServiceCode>, CatalogueError> {
    let mut offered = Vec::new();
    for word in row.get("services").split_whitespace() {
        let code: ServiceCode =
            word.parse().map_err(|_| row.fault("services", format!("{word:?} is not a service")))?;
        if !services.get(code).online {
            return Err(row.fault("services", format!("{word} cannot be booked online (services.toml)")));
        }
        if offered.contains(&code) {
            return Err(row.fault("services", format!("{word} stands twice")));
        }
        offered.push(code);
    }
    if offered.is_empty() { Ok(services.online().map(|service| service.code).collect()) } else { Ok(offered) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn code(text: &str) -> OfficeCode {
        OfficeCode::parse(text).unwrap()
    }

    #[test]
    fn office_codes_have_one_form() {
        for good in ["BTM", "BTM-HB", "JAKSEL-PIM", "SHT-T3", "AB", "ABCDEF-12345", "AB-1"] {
            assert_eq!(code(good).to_string(), good);
            assert_eq!(serde_json::to_string(&code(good)).unwrap(), format!("\"{good}\""));
            assert_eq!(code(good).is_unit(), good.contains('-'));
        }
        for bad in [
            "",
            "B",
            "btm",
            "BTM-",
            "-HB",
            "BTM-HB-1",
            "ABCDEFG",
            "BTM-123456",
            "BT1",
            "BTM HB",
            "BTM-hb",
            "BTÉ",
            "\u{0}\u{0}",
            "BTM\u{0}",
        ] {
            assert!(OfficeCode::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_an_office_is_told_at_once() {
        let right = [
            ("name", "Kantor Imigrasi Batam"),
            ("latitude", "1.13"),
            ("longitude", "104.05"),
            ("position_quality", "office"),
        ];
        let wrong = |cells: &[(&str, &str)]| -> Vec<&'static str> {
            let cells: HashMap<&str, &str> = right.iter().chain(cells).copied().collect();
            wrong_cells(|column| cells.get(column).copied().unwrap_or_default())
                .iter()
                .map(|wrong| wrong.column)
                .collect()
        };
        assert!(wrong(&[]).is_empty());
        for phone in ["111", "(0778) 462069", "+62 778-462069", "0778 462069 / 462070, 1500 123"] {
            assert!(wrong(&[("phone", phone)]).is_empty(), "{phone}");
        }
        for phone in ["bukan nomor <b>", "12", "-", "0778 x", "0".repeat(PHONE_CHARS_MAX + 1).as_str()] {
            assert_eq!(wrong(&[("phone", phone)]), ["phone"], "{phone}");
        }
        let long = "x".repeat(500);
        let all = [("name", long.as_str()), ("latitude", "-89"), ("longitude", "0"), ("electronic_only_from", "besok")];
        assert_eq!(wrong(&all), ["name", "latitude", "longitude", "electronic_only_from"]);
        assert_eq!(wrong(&[("latitude", "NaN"), ("notice_id", "Tutup")]), ["latitude", "notice_en"]);
    }

    #[test]
    fn units_share_the_prefix_of_their_office_and_offices_share_none() {
        let offices = Catalogue::builtin().offices;
        assert_eq!(offices.len(), 207);
        assert_eq!(offices.iter().filter(|office| office.kind == OfficeKind::Office).count(), 150);
        let prefixes: HashSet<_> = offices.iter().map(|office| office.queue_prefix).collect();
        assert_eq!(prefixes.len(), 150);
        assert_eq!(offices.get(&code("BTM-HB")).unwrap().queue_prefix.as_str(), "BK");
        assert_eq!(offices.units_of(&code("BTM")).len(), 5);
        assert!(offices.units_of(&code("BTM-HB")).is_empty());
    }

    #[test]
    fn what_is_offered_depends_on_place_service_kind_and_date() {
        use PassportKind::{Electronic, Ordinary};
        use ServiceCode::{Child, DataChange, Lost, New, Replacement};
        let offices = Catalogue::builtin().offices;
        let (early, late) = (date(2024, 11, 30), date(2027, 1, 12));
        let why = |at: &str, service, kind, day| {
            offices.get(&code(at)).unwrap().offers(service, kind, day).err().map(|error| error.why)
        };
        let walk_in = |at: &str| Some(WhyNotOffered::WalkIn { at: code(at) });
        let since = |since| Some(WhyNotOffered::ElectronicOnly { since });
        for (at, service, kind, day, expected) in [
            ("BTM", New, Electronic, late, None),
            ("BTM", New, Ordinary, late, since(date(2025, 1, 1))),
            ("BTM-HB", Replacement, Ordinary, late, since(date(2025, 1, 1))),
            ("BTM-HB", Lost, Electronic, late, walk_in("BTM")),
            ("BTM", DataChange, Electronic, late, walk_in("BTM")),
            ("BTM", Child, Electronic, late, Some(WhyNotOffered::PerPerson)),
            ("SHT", New, Ordinary, early, None),
            ("SHT", New, Ordinary, date(2024, 12, 1), since(date(2024, 12, 1))),
            ("BPN", New, Ordinary, date(2025, 6, 30), None),
            ("TRK", New, Ordinary, date(2025, 7, 1), since(date(2025, 7, 1))),
            ("AGM", New, Ordinary, late, None),
            ("AGM", New, Electronic, late, None),
            (
                "TNG-TC",
                New,
                Electronic,
                late,
                Some(WhyNotOffered::NotHere { offered: OfferedHere { new: false, replacement: true } }),
            ),
            ("TNG-TC", Replacement, Electronic, late, None),
        ] {
            assert_eq!(why(at, service, kind, day), expected, "{at} {service} {kind} {day}");
        }
    }

    #[test]
    fn a_search_finds_offices_by_the_words_people_use() {
        let offices = Catalogue::builtin().offices;
        let first =
            |text: &str| offices.search(text, 5).first().map(|office| office.code.to_string()).unwrap_or_default();
        for (text, expected) in [
            ("harbour bay", "BTM-HB"),
            ("Harbour-Bay", "BTM-HB"),
            ("harb", "BTM-HB"),
            ("harbourbay", "BTM-HB"),
            ("batam", "BTM"),
            ("BATAM", "BTM"),
            ("btm", "BTM"),
            ("btm-hb", "BTM-HB"),
            ("bátam", "BTM"),
            ("jaksel", "JAKSEL"),
            ("jakarta selatan", "JAKSEL"),
            ("selatan jakarta", "JAKSEL"),
            ("kantor imigrasi medan", "MDN"),
            ("soetta", "SHT"),
            ("solo", "SKA"),
            ("jogja", "YOG"),
            ("bukittinggi", "AGM"),
            ("timika", "MMK"),
            ("pim", "JAKSEL-PIM"),
            ("", ""),
            (" - ", ""),
            ("zzzz", ""),
        ] {
            assert_eq!(first(text), expected, "{text:?}");
        }
        assert!(offices.search("kepri", 50).iter().all(|office| office.province == "21"));
        assert!(offices.search("kepri", 50).len() > 5);
        assert_eq!(offices.search("kantor", 7).len(), 7);
        assert_eq!(offices.search("batam", 0).len(), 0);
    }

    #[test]
    fn a_province_lists_each_office_and_then_its_units() {
        let offices = Catalogue::builtin().offices;
        let listed = |province: &str| -> Vec<String> {
            offices.in_province(province).iter().map(|office| office.code.to_string()).collect()
        };
        assert_eq!(
            listed("21"),
            ["BTM", "BTM-MPP", "BTM-BA", "BTM-HN", "BTM-HB", "BTM-SK", "BPD", "DBS", "RAN", "TBK", "TNJ", "TUB", "TRP"]
        );
        assert!(listed("95").is_empty());
        let everywhere: usize =
            Catalogue::builtin().regions.provinces().iter().map(|province| listed(&province.code).len()).sum();
        assert_eq!(everywhere, 207);
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let offices = Catalogue::builtin().offices;
        let near: Vec<_> = offices.near(1.13, 104.05, 3);
        assert_eq!(near[0].0.code, code("BTM"));
        assert!(near[0].1 < 1.0 && near.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        let jakarta_to_surabaya = offices.get(&code("JAKPUS")).unwrap().distance_km(-7.2575, 112.7521);
        assert!((jakarta_to_surabaya - 663.0).abs() < 15.0, "{jakarta_to_surabaya}");
        assert!(offices.near(90.0, 180.0, 1)[0].1.is_finite());
        assert!(offices.near(f64::NAN, 0.0, 2).len() == 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = OfficeCode::parse(&text);
        }

        #[test]
        fn a_code_shown_is_read_back_and_sorts_as_its_text(one in "[A-Z]{2,6}(-[A-Z0-9]{1,5})?", other in "[A-Z]{2,6}(-[A-Z0-9]{1,5})?") {
            let (a, b) = (OfficeCode::parse(&one).unwrap(), OfficeCode::parse(&other).unwrap());
            prop_assert_eq!(a.as_str(), &one);
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        }
    }

    #[test]
    fn any_search_is_answered() {
        let offices = Catalogue::builtin().offices;
        proptest!(|(text in any::<String>())| {
            let _ = offices.search(&text, 10);
        });
    }
}
