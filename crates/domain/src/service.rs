//! What can be applied for: who may, with which papers, at what fee, and what needs a visit without a booking.

use crate::catalogue::{CatalogueError, SERVICES, fault, line_at, read_toml};
use crate::person::ADULT_AGE;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use toml::Spanned;

/// Most papers, hints or extra lists in one place of the file: a page with more helps nobody.
const LIST_MAX: usize = 30;
/// Longest text in the file, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Indonesian.
    pub id: String,
    /// English.
    pub en: String,
}

/// A paper to bring.
pub type Paper = Text;

/// Names a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceCode {
    /// A first passport, or one in place of a passport older than 2009.
    New,
    /// A passport in place of one issued in Indonesia since 2009, expired or not.
    Replacement,
    /// The papers of each person under 17; booked as new or replacement.
    Child,
    /// A lost passport.
    Lost,
    /// A damaged passport.
    Damaged,
    /// Other data in the passport.
    DataChange,
}

/// Which book is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassportKind {
    /// Paspor biasa.
    Ordinary,
    /// Paspor elektronik.
    Electronic,
}

/// For how long a passport is valid at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Five years.
    Five,
    /// Ten years: from 17 years of age, or married (Permenkumham 18/2022 art. 2A).
    Ten,
}

/// An amount in whole rupiah. `Display` writes `Rp650.000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rupiah(pub u32);

/// A word that names no service, passport kind or validity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a {what}")]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// What was given.
    pub found: String,
}

/// One service as citizens read about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its code.
    pub code: ServiceCode,
    /// Its name.
    pub name: Text,
    /// Whether it is booked online.
    pub online: bool,
    /// Whom it is for.
    pub who: Text,
    /// The papers to bring, originals with a copy.
    pub papers: Vec<Paper>,
    /// Further things to know.
    pub hints: Vec<Text>,
    /// Why it is not booked online; there exactly where `online` is false.
    pub why_not_online: Option<Text>,
    /// What to do instead; there exactly where `online` is false.
    pub instead: Option<Text>,
}

/// Something that may come on top of the fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Names the charge, such as `lost`.
    pub code: String,
    /// What it is for.
    pub name: Text,
    /// The amount.
    pub amount: Rupiah,
}

/// Papers for a particular purpose, beside those of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Names the purpose, such as `hajj_umrah`.
    pub code: String,
    /// What it is.
    pub name: Text,
    /// The papers.
    pub papers: Vec<Paper>,
}

/// The fees of a regulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// The regulation.
    pub law: String,
    /// From when on it holds.
    pub since: Date,
    /// Ordinary passport, five years.
    pub ordinary_five: Rupiah,
    /// Ordinary passport, ten years.
    pub ordinary_ten: Rupiah,
    /// Electronic passport, five years.
    pub electronic_five: Rupiah,
    /// Electronic passport, ten years.
    pub electronic_ten: Rupiah,
}

/// All services, fees and charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Services {
    by_code: BTreeMap<ServiceCode, Service>,
    /// The fees of the passports.
    pub fees: Fees,
    /// What may come on top.
    pub charges: Vec<Charge>,
    /// Papers for particular purposes.
    pub purposes: Vec<Purpose>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fees: Spanned<Fees>,
    #[serde(default)]
    charge: Vec<Spanned<Charge>>,
    #[serde(default)]
    purpose: Vec<Spanned<Purpose>>,
    service: Vec<Spanned<ServiceEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    code: ServiceCode,
    name: Text,
    online: bool,
    who: Text,
    papers: Vec<Text>,
    #[serde(default)]
    hints: Vec<Text>,
    why_not_online: Option<Text>,
    instead: Option<Text>,
}

impl Text {
    /// The text in a language: English for `en` and its variants, Indonesian for every other.
    pub fn in_language(&self, language: &str) -> &str {
        if language.split(['-', '_']).next().is_some_and(|tag| tag.eq_ignore_ascii_case("en")) {
            &self.en
        } else {
            &self.id
        }
    }
}

impl ServiceCode {
    /// All services, those booked online first.
    pub const ALL: [Self; 6] = [Self::New, Self::Replacement, Self::Child, Self::Lost, Self::Damaged, Self::DataChange];

    /// The code as it is written in files and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Replacement => "replacement",
            Self::Child => "child",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::DataChange => "data_change",
        }
    }
}

impl PassportKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Ordinary, Self::Electronic];

    /// The kind as it is written in files and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Electronic => "electronic",
        }
    }
}

impl Validity {
    /// Both validities.
    pub const ALL: [Self; 2] = [Self::Five, Self::Ten];

    /// The number of years.
    pub const fn years(self) -> u8 {
        match self {
            Self::Five => 5,
            Self::Ten => 10,
        }
    }

    /// The validity as it is written in files and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Five => "five",
            Self::Ten => "ten",
        }
    }

    /// The longest validity open to an unmarried person of this age.
    pub const fn longest_at(age: u8) -> Self {
        if age < ADULT_AGE { Self::Five } else { Self::Ten }
    }
}

macro_rules! words {
    ($type:ty, $what:literal) => {
        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
                known.ok_or_else(|| UnknownWord { what: $what, found: text.chars().take(20).collect() })
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(ServiceCode, "service");
words!(PassportKind, "kind of passport");
words!(Validity, "validity");

impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::from("Rp");
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push('.');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

impl Services {
    /// Reads and checks `services.toml`: every service exactly once, both languages everywhere, a reason where it is not online.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File = read_toml(SERVICES, text)?;
        let mut by_code = BTreeMap::new();
        for entry in file.service {
            let line = line_at(text, &entry.span());
            let service = Service::from(entry.into_inner());
            let code = service.code;
            check_service(&service)
                .map_err(|(field, why)| fault(SERVICES, line, &format!("service {code}, {field}"), why))?;
            if by_code.insert(code, service).is_some() {
                return Err(fault(SERVICES, line, "service", format!("{code} stands twice")));
            }
        }
        if let Some(missing) = ServiceCode::ALL.into_iter().find(|code| !by_code.contains_key(code)) {
            return Err(fault(SERVICES, 1, "service", format!("{missing} is missing")));
        }
        let fees_line = line_at(text, &file.fees.span());
        let fees = file.fees.into_inner();
        for (field, cheaper, dearer) in [
            ("ordinary_ten", fees.ordinary_five, fees.ordinary_ten),
            ("electronic_ten", fees.electronic_five, fees.electronic_ten),
        ] {
            if cheaper == Rupiah(0) || dearer < cheaper {
                return Err(fault(
                    SERVICES,
                    fees_line,
                    &format!("fees, {field}"),
                    "five years must cost something, and ten years not less",
                ));
            }
        }
        let mut charges: Vec<Charge> = Vec::new();
        for charge in file.charge {
            let line = line_at(text, &charge.span());
            let charge = charge.into_inner();
            check_texts([&charge.name])
                .map_err(|why| fault(SERVICES, line, &format!("charge {}", charge.code), why))?;
            if charges.iter().any(|other| other.code == charge.code) {
                return Err(fault(SERVICES, line, "charge", format!("{} stands twice", charge.code)));
            }
            charges.push(charge);
        }
        let mut purposes: Vec<Purpose> = Vec::new();
        for purpose in file.purpose {
            let line = line_at(text, &purpose.span());
            let purpose = purpose.into_inner();
            let texts = purpose.papers.iter().chain([&purpose.name]);
            check_texts(texts).map_err(|why| fault(SERVICES, line, &format!("purpose {}", purpose.code), why))?;
            if purposes.iter().any(|other| other.code == purpose.code) {
                return Err(fault(SERVICES, line, "purpose", format!("{} stands twice", purpose.code)));
            }
            purposes.push(purpose);
        }
        Ok(Self { by_code, fees, charges, purposes })
    }

    /// A service; every code is there.
    pub fn get(&self, code: ServiceCode) -> &Service {
        &self.by_code[&code]
    }

    /// All services.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        self.by_code.values()
    }

    /// Services that can be booked.
    pub fn online(&self) -> impl Iterator<Item = &Service> {
        self.iter().filter(|service| service.online)
    }

    /// Services for which one goes to a main office without a booking.
    pub fn walk_in(&self) -> impl Iterator<Item = &Service> {
        self.iter().filter(|service| !service.online && service.code != ServiceCode::Child)
    }

    /// The papers that a person of this age brings for a service: those of a child under 17 where the service is booked online.
    pub fn papers_for(&self, service: ServiceCode, age: u8) -> &[Paper] {
        let service = self.get(service);
        let of = if service.online && age < ADULT_AGE { self.get(ServiceCode::Child) } else { service };
        &of.papers
    }

    /// The fee of a passport, without charges on top.
    pub fn fee(&self, kind: PassportKind, validity: Validity) -> Rupiah {
        match (kind, validity) {
            (PassportKind::Ordinary, Validity::Five) => self.fees.ordinary_five,
            (PassportKind::Ordinary, Validity::Ten) => self.fees.ordinary_ten,
            (PassportKind::Electronic, Validity::Five) => self.fees.electronic_five,
            (PassportKind::Electronic, Validity::Ten) => self.fees.electronic_ten,
        }
    }

    /// A charge on top by its code, such as `lost`, `damaged` or `same_day`.
    pub fn charge(&self, code: &str) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.code == code)
    }
}

impl From<ServiceEntry> for Service {
    fn from(entry: ServiceEntry) -> Self {
        let ServiceEntry { code, name, online, who, papers, hints, why_not_online, instead } = entry;
        Self { code, name, online, who, papers, hints, why_not_online, instead }
    }
}

fn check_service(service: &Service) -> Result<(), (&'static str, String)> {
    let in_field = |field| move |why| (field, why);
    check_texts([&service.name]).map_err(in_field("name"))?;
    check_texts([&service.who]).map_err(in_field("who"))?;
    check_texts(&service.papers).map_err(in_field("papers"))?;
    check_texts(&service.hints).map_err(in_field("hints"))?;
    check_texts(service.why_not_online.iter().chain(&service.instead)).map_err(in_field("why_not_online"))?;
    if service.papers.is_empty() {
        return Err(("papers", "is empty".to_owned()));
    }
    let can_be_online = matches!(service.code, ServiceCode::New | ServiceCode::Replacement);
    if service.online && !can_be_online {
        return Err(("online", "only new and replacement can be booked online".to_owned()));
    }
    for (field, text) in [("why_not_online", &service.why_not_online), ("instead", &service.instead)] {
        if service.online == text.is_some() {
            return Err((field, "is needed where the service is not online, and only there".to_owned()));
        }
    }
    Ok(())
}

fn check_texts<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Result<(), String> {
    for (count, text) in texts.into_iter().enumerate() {
        if count == LIST_MAX {
            return Err(format!("has more than {LIST_MAX} texts"));
        }
        text.check()?;
    }
    Ok(())
}

impl Text {
    /// Both languages are there and not too long.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (language, text) in [("id", &self.id), ("en", &self.en)] {
            if text.trim().is_empty() {
                return Err(format!("the text in {language} is empty"));
            }
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(format!("the text in {language} has more than {TEXT_CHARS_MAX} characters"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CatalogueFiles;

    fn services() -> Services {
        Services::parse(&CatalogueFiles::builtin().services_toml).unwrap()
    }

    #[test]
    fn fees_are_those_of_the_regulation() {
        let services = services();
        for (kind, validity, rupiah, shown) in [
            (PassportKind::Ordinary, Validity::Five, 350_000, "Rp350.000"),
            (PassportKind::Ordinary, Validity::Ten, 650_000, "Rp650.000"),
            (PassportKind::Electronic, Validity::Five, 650_000, "Rp650.000"),
            (PassportKind::Electronic, Validity::Ten, 950_000, "Rp950.000"),
        ] {
            assert_eq!(services.fee(kind, validity), Rupiah(rupiah));
            assert_eq!(services.fee(kind, validity).to_string(), shown);
        }
        assert_eq!(services.charge("lost").unwrap().amount.to_string(), "Rp1.000.000");
        assert_eq!(services.charge("damaged").unwrap().amount, Rupiah(500_000));
        assert_eq!((Rupiah(0).to_string(), Rupiah(950).to_string()), ("Rp0".to_owned(), "Rp950".to_owned()));
    }

    #[test]
    fn new_and_replacement_are_booked_and_the_rest_is_explained() {
        let services = services();
        let codes = |list: Vec<&Service>| list.iter().map(|service| service.code).collect::<Vec<_>>();
        assert_eq!(codes(services.online().collect()), [ServiceCode::New, ServiceCode::Replacement]);
        assert_eq!(
            codes(services.walk_in().collect()),
            [ServiceCode::Lost, ServiceCode::Damaged, ServiceCode::DataChange]
        );
        for service in services.iter().filter(|service| !service.online) {
            assert!(service.why_not_online.is_some() && service.instead.is_some(), "{}", service.code);
        }
    }

    #[test]
    fn persons_under_17_bring_the_papers_of_a_child() {
        let services = services();
        let child = &services.get(ServiceCode::Child).papers;
        assert_eq!(services.papers_for(ServiceCode::New, 16), child);
        assert_eq!(services.papers_for(ServiceCode::Replacement, 0), child);
        assert_eq!(services.papers_for(ServiceCode::New, 17), services.get(ServiceCode::New).papers);
        assert_eq!(services.papers_for(ServiceCode::Lost, 5), services.get(ServiceCode::Lost).papers);
        assert_eq!((Validity::longest_at(16), Validity::longest_at(17)), (Validity::Five, Validity::Ten));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for code in ServiceCode::ALL {
            assert_eq!(code.to_string().parse(), Ok(code));
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
        for kind in PassportKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for validity in Validity::ALL {
            assert_eq!(validity.to_string().parse(), Ok(validity));
        }
        assert!("NEW".parse::<ServiceCode>().is_err() && "".parse::<PassportKind>().is_err());
    }

    #[test]
    fn texts_are_indonesian_unless_english_is_asked_for() {
        let text = Text { id: "Paspor baru".to_owned(), en: "New passport".to_owned() };
        for (language, expected) in [
            ("id", "Paspor baru"),
            ("en", "New passport"),
            ("en-GB", "New passport"),
            ("EN_us", "New passport"),
            ("", "Paspor baru"),
            ("eno", "Paspor baru"),
        ] {
            assert_eq!(text.in_language(language), expected, "{language}");
        }
    }
}
