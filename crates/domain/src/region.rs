//! Provinces, regencies and cities with the codes that a NIK begins with, and the three time zones.

use crate::catalogue::{CatalogueError, FORMER, REGIONS, Row, Table};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Degrees north between which the country lies, south being less than nothing: from Dana island to Rondo island, rounded outwards.
pub const LATITUDES: RangeInclusive<f64> = -11.1..=6.2;
/// Degrees east between which the country lies: from Benggala island to the border of Papua, rounded outwards.
pub const LONGITUDES: RangeInclusive<f64> = 94.9..=141.1;

/// One of the three zones of Keppres 41/1987, none of which has daylight saving time. Serialized by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// Western, UTC+7.
    Wib,
    /// Central, UTC+8.
    Wita,
    /// Eastern, UTC+9.
    Wit,
}

/// The name of a zone that Indonesia does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone of Indonesia")]
pub struct UnknownZone(pub String);

/// What a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    /// Provinsi; two digits.
    Province,
    /// Kabupaten; four digits.
    Regency,
    /// Kota; four digits.
    City,
}

/// A province, regency or city of today (Kepmendagri 300.2.2-2138/2025).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Region {
    /// Two digits for a province, four for a regency or city.
    pub code: String,
    /// Name as in the decree, such as `Kota Batam`.
    pub name: String,
    /// What it is.
    pub level: RegionLevel,
    /// Code of its province; its own code for a province.
    pub province: String,
    /// Degrees north of the equator, of the polygon's centroid (for archipelagos it may lie at sea).
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// Its time zone.
    pub zone: Zone,
    /// Short names in use, separated by semicolons, such as `Kepri`; empty for most.
    pub also: String,
}

/// All regions of today, and the codes of former ones.
#[derive(Debug, Clone)]
pub struct Regions {
    all: Vec<Region>,
    by_code: HashMap<String, usize>,
    former: HashMap<String, String>,
}

/// What the first four digits of a NIK say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RegionLookup<'a> {
    /// A regency or city of today.
    Current(&'a Region),
    /// A code of the past, or of a province that was split.
    Former {
        /// Name of the region today, or of the former province where nothing succeeded it.
        now: &'a str,
    },
    /// No region known, now or then.
    Unknown,
}

impl Zone {
    /// All zones, west to east.
    pub const ALL: [Self; 3] = [Self::Wib, Self::Wita, Self::Wit];

    /// The name in the IANA database.
    pub const fn iana(self) -> &'static str {
        match self {
            Self::Wib => "Asia/Jakarta",
            Self::Wita => "Asia/Makassar",
            Self::Wit => "Asia/Jayapura",
        }
    }

    /// The abbreviation that stands after every time shown: `WIB`, `WITA`, `WIT`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Wib => "WIB",
            Self::Wita => "WITA",
            Self::Wit => "WIT",
        }
    }

    /// The zone of an IANA name; Pontianak keeps Jakarta's time.
    pub fn from_iana(name: &str) -> Option<Self> {
        match name {
            "Asia/Jakarta" | "Asia/Pontianak" => Some(Self::Wib),
            "Asia/Makassar" => Some(Self::Wita),
            "Asia/Jayapura" => Some(Self::Wit),
            _ => None,
        }
    }

    /// Distance from UTC; it has not changed since 1988 and has no summer time.
    pub const fn offset(self) -> Offset {
        match self {
            Self::Wib => Offset::constant(7),
            Self::Wita => Offset::constant(8),
            Self::Wit => Offset::constant(9),
        }
    }

    /// The zone as a fixed offset: no time zone database is read.
    pub const fn tz(self) -> TimeZone {
        TimeZone::fixed(self.offset())
    }

    /// What a clock on the wall shows at an instant.
    pub fn local(self, at: Timestamp) -> DateTime {
        self.offset().to_datetime(at)
    }

    /// The instant at which a clock on the wall shows this. The last hours of the year 9999 are all its last instant.
    pub fn at(self, local: DateTime) -> Timestamp {
        let edge = if local.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
        self.offset().to_timestamp(local).unwrap_or(edge)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Reads an IANA name or an abbreviation.
impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let by_label = || Self::ALL.into_iter().find(|zone| zone.label() == text);
        Self::from_iana(text).or_else(by_label).ok_or_else(|| UnknownZone(text.to_owned()))
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.iana())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for RegionLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "province" => Ok(Self::Province),
            "regency" => Ok(Self::Regency),
            "city" => Ok(Self::City),
            _ => Err(()),
        }
    }
}

impl Regions {
    /// Reads and checks `regions.csv` and `regions_former.csv`. Provinces must come before their regencies.
    pub fn parse(regions_csv: &str, former_csv: &str) -> Result<Self, CatalogueError> {
        let columns = ["code", "name", "level", "province_code", "latitude", "longitude", "time_zone"];
        let mut regions = Self { all: Vec::new(), by_code: HashMap::new(), former: HashMap::new() };
        for row in Table::read(REGIONS, regions_csv, &columns, &["also"])?.rows() {
            let region = regions.region(row)?;
            regions.by_code.insert(region.code.clone(), regions.all.len());
            regions.all.push(region);
        }
        let columns = ["former_code", "current_code", "current_name", "level", "year", "confidence", "note"];
        for row in Table::read(FORMER, former_csv, &columns, &[])?.rows() {
            let (code, now) = regions.former_region(row)?;
            regions.former.insert(code, now);
        }
        Ok(regions)
    }

    fn region(&self, row: Row<'_>) -> Result<Region, CatalogueError> {
        let level: RegionLevel = row.read("level", "province, regency or city")?;
        let digits = if level == RegionLevel::Province { 2 } else { 4 };
        let code = row.needed("code")?;
        if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(row.fault("code", format!("{code:?} is not {digits} digits")));
        }
        if self.by_code.contains_key(code) {
            return Err(row.fault("code", format!("{code} stands twice")));
        }
        let province = row.needed("province_code")?;
        if province != &code[..2] {
            return Err(row.fault("province_code", format!("{province} is not how {code} begins")));
        }
        if level != RegionLevel::Province && !self.by_code.contains_key(province) {
            return Err(row.fault("province_code", format!("there is no province {province} above this line")));
        }
        Ok(Region {
            code: code.to_owned(),
            name: row.needed("name")?.to_owned(),
            level,
            province: province.to_owned(),
            latitude: degrees(row, "latitude", &LATITUDES)?,
            longitude: degrees(row, "longitude", &LONGITUDES)?,
            zone: row.read("time_zone", "Asia/Jakarta, Asia/Makassar or Asia/Jayapura")?,
            also: row.get("also").to_owned(),
        })
    }

    fn former_region(&self, row: Row<'_>) -> Result<(String, String), CatalogueError> {
        let code = row.needed("former_code")?;
        let level = row.needed("level")?;
        let digits = match level {
            "regency" => 4,
            "province_prefix" => 2,
            _ => return Err(row.fault("level", format!("{level:?} is not regency or province_prefix"))),
        };
        if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(row.fault("former_code", format!("{code:?} is not {digits} digits")));
        }
        if digits == 4 && self.by_code.contains_key(code) {
            return Err(row.fault("former_code", format!("{code} is a region of today")));
        }
        if self.former.contains_key(code) {
            return Err(row.fault("former_code", format!("{code} stands twice")));
        }
        let current = row.get("current_code");
        if !current.is_empty() && !self.by_code.contains_key(current) {
            return Err(row.fault("current_code", format!("there is no region {current}")));
        }
        Ok((code.to_owned(), row.needed("current_name")?.to_owned()))
    }

    /// The region of today with this code (two digits for a province, four below).
    pub fn get(&self, code: &str) -> Option<&Region> {
        self.by_code.get(code).map(|at| &self.all[*at])
    }

    /// All regions in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.all.iter()
    }

    /// All provinces by code, which is roughly west to east.
    pub fn provinces(&self) -> Vec<&Region> {
        self.all.iter().filter(|region| region.level == RegionLevel::Province).collect()
    }

    /// The regencies and cities of a province, by code.
    pub fn in_province(&self, code: &str) -> Vec<&Region> {
        self.all.iter().filter(|region| region.level != RegionLevel::Province && region.province == code).collect()
    }

    /// What the first four digits of a NIK say. A four-digit code that nobody knows still counts as former where its
    /// province was split or has left, because code lists from before 2002 were never found whole.
    pub fn lookup_nik(&self, region4: &str) -> RegionLookup<'_> {
        if let Some(region) = self.get(region4).filter(|region| region.level != RegionLevel::Province) {
            return RegionLookup::Current(region);
        }
        let former =
            self.former.get(region4).or_else(|| region4.get(..2).and_then(|province| self.former.get(province)));
        former.map_or(RegionLookup::Unknown, |now| RegionLookup::Former { now })
    }
}

/// A coordinate in decimal degrees, between two limits.
pub(crate) fn degrees(row: Row<'_>, field: &str, limits: &RangeInclusive<f64>) -> Result<f64, CatalogueError> {
    let degrees: f64 = row.read(field, "a number of degrees")?;
    // `contains` is false for NaN as well.
    if limits.contains(&degrees) {
        Ok(degrees)
    } else {
        Err(row.fault(field, format!("{degrees} is not between {} and {}", limits.start(), limits.end())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CatalogueFiles;
    use jiff::civil::date;

    fn regions() -> Regions {
        let files = CatalogueFiles::builtin();
        Regions::parse(&files.regions_csv, &files.former_csv).unwrap()
    }

    #[test]
    fn the_country_has_38_provinces_416_regencies_and_98_cities() {
        let regions = regions();
        let count = |level| regions.iter().filter(|region| region.level == level).count();
        assert_eq!(
            (count(RegionLevel::Province), count(RegionLevel::Regency), count(RegionLevel::City)),
            (38, 416, 98)
        );
        assert_eq!(regions.provinces().len(), 38);
        assert_eq!(
            regions.provinces().iter().map(|province| regions.in_province(&province.code).len()).sum::<usize>(),
            514
        );
        assert_eq!(regions.get("2171").unwrap().name, "Kota Batam");
        assert_eq!(regions.get("21").unwrap().name, "Kepulauan Riau");
        assert!(regions.get("9999").is_none());
    }

    #[test]
    fn a_nik_may_begin_with_a_region_of_today_or_of_the_past() {
        let regions = regions();
        let said = |code: &str| match regions.lookup_nik(code) {
            RegionLookup::Current(region) => format!("now {}", region.name),
            RegionLookup::Former { now } => format!("former {now}"),
            RegionLookup::Unknown => "unknown".to_owned(),
        };
        for (code, expected) in [
            ("2171", "now Kota Batam"),
            ("3174", "now Kota Administrasi Jakarta Selatan"),
            ("6473", "former Kota Tarakan"),
            ("9271", "former Kota Sorong"),
            ("7319", "former Kabupaten Polewali Mandar"),
            ("5401", "former Timor Timur"),
            ("3299", "former Banten"),
            ("9999", "unknown"),
            ("0000", "unknown"),
            ("2199", "unknown"),
            ("21", "unknown"),
            ("", "unknown"),
            ("é1", "unknown"),
        ] {
            assert_eq!(said(code), expected, "{code}");
        }
    }

    #[test]
    fn zones_keep_their_distance_from_utc() {
        for (zone, label, noon) in [(Zone::Wib, "WIB", 5), (Zone::Wita, "WITA", 4), (Zone::Wit, "WIT", 3)] {
            let local = date(2027, 1, 12).at(12, 0, 0, 0);
            let at = zone.at(local);
            assert_eq!(at, Offset::UTC.to_timestamp(date(2027, 1, 12).at(noon, 0, 0, 0)).unwrap());
            assert_eq!(zone.local(at), local);
            assert_eq!(zone.tz().to_datetime(at), local);
            assert_eq!((zone.label(), zone.to_string().as_str()), (label, label));
            assert_eq!(Zone::from_iana(zone.iana()), Some(zone));
            assert_eq!(zone.label().parse(), Ok(zone));
            assert_eq!(serde_json::from_str::<Zone>(&serde_json::to_string(&zone).unwrap()).unwrap(), zone);
        }
        assert_eq!(Zone::from_iana("Asia/Pontianak"), Some(Zone::Wib));
        assert_eq!(Zone::from_iana("Asia/Singapore"), None);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for zone in Zone::ALL {
            let _ = (
                zone.local(Timestamp::MAX),
                zone.local(Timestamp::MIN),
                zone.at(DateTime::MAX),
                zone.at(DateTime::MIN),
            );
            assert!(zone.at(DateTime::MAX) > zone.at(DateTime::MIN));
        }
    }
}
