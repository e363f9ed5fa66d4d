//! What people typed, parsed into the domain's types. All fields are looked at, so that everything wrong is said at once.
//!
//! Pages and API share it. Nothing is put into words here: a [`Wrong`] is a value, [`Wrong::say`] asks `words`.

use antrean_app::caller::{HOME_ZONE, Language};
use antrean_domain::draw::entry::{Choice, ChoiceError};
use antrean_domain::kk::{FamilyCard, FamilyCardError};
use antrean_domain::name::{FullName, NameError};
use antrean_domain::nik::{Nik, NikError, Sex};
use antrean_domain::office::OfficeCode;
use antrean_domain::person::{BirthDate, BirthDateError};
use antrean_domain::phone::{Phone, PhoneError};
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::ids::{ApplicantId, SlotId};
use antrean_words::{Arg, Words};
use jiff::Timestamp;
use jiff::civil::Date;

/// Most items of any list in a request; more is refused before it is looked at.
pub const LIST_MAX: usize = 40;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// It is needed and not there, or empty.
    Missing,
    /// There is no field of this name.
    Unknown,
    /// It has another type than it should; `wanted` is a JSON type.
    Type {
        /// `string`, `number`, `boolean`, `array` or `object`.
        wanted: &'static str,
    },
    /// Not one of the words that are allowed.
    NotOneOf {
        /// The words.
        allowed: &'static [&'static str],
    },
    /// A number or name that names nothing.
    NotAnId,
    /// A list with too many items.
    TooMany {
        /// Most items.
        max: usize,
    },
    /// Longer than it can be.
    TooLong {
        /// Most characters.
        max: usize,
    },
    /// No NIK.
    Nik(NikError),
    /// No family card number.
    FamilyCard(FamilyCardError),
    /// No name.
    Name(NameError),
    /// No phone number that can be used.
    Phone(PhoneError),
    /// No birth date.
    Birth(BirthDateError),
    /// No choice.
    Choice(ChoiceError),
    /// No six digits.
    Code,
    /// No `latitude,longitude`.
    Point,
}

impl Wrong {
    /// The stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing
            | Self::Phone(PhoneError::Empty)
            | Self::Birth(BirthDateError::Empty)
            | Self::Name(NameError::Empty)
            | Self::Nik(NikError::Length { found: 0 })
            | Self::FamilyCard(FamilyCardError::Length { found: 0 }) => "missing",
            Self::Unknown => "unknown-field",
            Self::Type { .. } => "wrong-type",
            Self::NotOneOf { .. } => "not-one-of",
            Self::NotAnId => "not-an-id",
            Self::TooMany { .. } => "too-many",
            Self::TooLong { .. } | Self::Name(NameError::TooLong { .. }) => "too-long",
            Self::Nik(NikError::NotDigits) => "nik-not-digits",
            Self::Nik(NikError::Length { .. }) => "nik-length",
            Self::FamilyCard(FamilyCardError::NotDigits) => "family-card-not-digits",
            Self::FamilyCard(FamilyCardError::Length { .. }) => "family-card-length",
            Self::Name(NameError::NotAName) => "not-a-name",
            Self::Phone(PhoneError::NotANumber) => "not-a-phone",
            Self::Phone(PhoneError::NotIndonesian) => "phone-not-indonesian",
            Self::Phone(PhoneError::NotMobile) => "phone-not-mobile",
            Self::Phone(PhoneError::Length { .. }) => "phone-length",
            Self::Birth(BirthDateError::Unreadable) => "birth-date-unreadable",
            Self::Birth(BirthDateError::Impossible) => "birth-date-impossible",
            Self::Birth(BirthDateError::Future) => "birth-date-in-future",
            Self::Birth(BirthDateError::TooLongAgo) => "birth-date-too-long-ago",
            Self::Choice(_) => "not-a-choice",
            Self::Code => "not-a-code",
            Self::Point => "not-a-point",
        }
    }

    /// What is wrong and how to put it right, in the reader's language.
    pub fn say(&self, words: &Words) -> String {
        match self {
            Self::Nik(error) => words.nik_error(*error),
            Self::FamilyCard(error) => words.kk_error(*error),
            Self::Name(error) => words.name_error(*error),
            Self::Phone(error) => words.phone_error(*error),
            Self::Birth(error) => words.birth_error(*error),
            Self::Choice(error) => words.choice_error(error),
            Self::Missing => words.say("input-missing"),
            Self::Unknown => words.say("input-unknown"),
            Self::Type { wanted } => words.say_with("input-type", &[("wanted", Arg::from(*wanted))]),
            Self::NotOneOf { allowed } => {
                words.say_with("input-not-one-of", &[("allowed", Arg::from(allowed.join(", ")))])
            }
            Self::NotAnId => words.say("input-not-an-id"),
            Self::TooMany { max } => words.say_with("input-too-many", &[("max", Arg::Number(*max as i64))]),
            Self::TooLong { max } => words.say_with("input-too-long", &[("max", Arg::Number(*max as i64))]),
            Self::Code => words.say("input-code"),
            Self::Point => words.say("input-point"),
        }
    }
}

/// One field with what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// The field as the form or the JSON body names it; items of lists as `choices/0`.
    pub field: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// Everything wrong with one request, in the order of its fields. Never empty where it is an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// One field, one thing wrong.
    pub fn one(field: impl Into<String>, wrong: Wrong) -> Self {
        Self(vec![FieldError { field: field.into(), wrong }])
    }

    /// What is wrong with a field, if anything.
    pub fn of(&self, field: &str) -> Option<&Wrong> {
        self.0.iter().find(|error| error.field == field).map(|error| &error.wrong)
    }
}

/// Reads the fields of one request and gathers what is wrong.
///
/// Each reader gives `None` after it has noted an error, so that a handler reads all fields and then asks [`Fields::done`]:
///
/// ```ignore
/// let mut fields = Fields::new(app.now());
/// let nik = fields.nik("nik", &form.nik);
/// let name = fields.name("name", &form.name);
/// let (Some(nik), Some(name)) = (nik, name) else { return Err(fields.wrong().into()) };
/// ```
#[derive(Debug)]
pub struct Fields {
    today: Date,
    errors: FieldErrors,
}

impl Fields {
    /// For a request that arrives at `now`; birth dates are judged by the day it is then.
    pub fn new(now: Timestamp) -> Self {
        Self { today: HOME_ZONE.local(now).date(), errors: FieldErrors::default() }
    }

    /// Notes an error and gives `None`.
    pub fn note<T>(&mut self, field: impl Into<String>, wrong: Wrong) -> Option<T> {
        self.errors.0.push(FieldError { field: field.into(), wrong });
        None
    }

    fn keep<T>(&mut self, field: &str, read: Result<T, Wrong>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(wrong) => self.note(field, wrong),
        }
    }

    /// What was noted. Call it when a reader gave `None`.
    pub fn wrong(self) -> FieldErrors {
        self.errors
    }

    /// Whether nothing was noted.
    pub fn is_fine(&self) -> bool {
        self.errors.0.is_empty()
    }

    /// All fine, or what was noted.
    pub fn done(self) -> Result<(), FieldErrors> {
        if self.is_fine() { Ok(()) } else { Err(self.errors) }
    }

    /// A NIK.
    pub fn nik(&mut self, field: &str, text: &str) -> Option<Nik> {
        self.keep(field, Nik::parse(text).map_err(Wrong::Nik))
    }

    /// A family card number.
    pub fn family_card(&mut self, field: &str, text: &str) -> Option<FamilyCard> {
        self.keep(field, FamilyCard::parse(text).map_err(Wrong::FamilyCard))
    }

    /// A name.
    pub fn name(&mut self, field: &str, text: &str) -> Option<FullName> {
        self.keep(field, FullName::parse(text).map_err(Wrong::Name))
    }

    /// A phone number.
    pub fn phone(&mut self, field: &str, text: &str) -> Option<Phone> {
        self.keep(field, Phone::parse(text).map_err(Wrong::Phone))
    }

    /// A birth date.
    pub fn birth_date(&mut self, field: &str, text: &str) -> Option<Date> {
        let read = BirthDate::parse(text, self.today).map(BirthDate::date).map_err(Wrong::Birth);
        self.keep(field, read)
    }

    /// A sex, or none where the text is empty. The outer `None` is an error.
    pub fn sex(&mut self, field: &str, text: Option<&str>) -> Option<Option<Sex>> {
        match text.map(str::trim) {
            None | Some("") => Some(None),
            Some("female") => Some(Some(Sex::Female)),
            Some("male") => Some(Some(Sex::Male)),
            Some(_) => self.note(field, Wrong::NotOneOf { allowed: &["female", "male"] }),
        }
    }

    /// A one-time code: spaces and dashes are forgiven.
    pub fn code(&mut self, field: &str, text: &str) -> Option<String> {
        let digits: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').take(20).collect();
        if digits.is_empty() {
            return self.note(field, Wrong::Missing);
        }
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.note(field, Wrong::Code);
        }
        Some(digits)
    }

    /// A language, `id` or `en`.
    pub fn language(&mut self, field: &str, text: &str) -> Option<Language> {
        match text {
            "id" => Some(Language::Id),
            "en" => Some(Language::En),
            _ => self.note(field, Wrong::NotOneOf { allowed: &["id", "en"] }),
        }
    }

    /// A service.
    pub fn service(&mut self, field: &str, text: &str) -> Option<ServiceCode> {
        const ALLOWED: &[&str] = &["new", "replacement", "child", "lost", "damaged", "data_change"];
        self.keep(field, known(text, ALLOWED))
    }

    /// A kind of passport.
    pub fn passport(&mut self, field: &str, text: &str) -> Option<PassportKind> {
        self.keep(field, known(text, &["ordinary", "electronic"]))
    }

    /// The name of a release.
    pub fn release(&mut self, field: &str, text: &str) -> Option<ReleaseId> {
        self.keep(field, ReleaseId::parse(text).map_err(|_| Wrong::NotAnId))
    }

    /// The code of an office, in any case. Whether there is one is for the catalogue to say.
    pub fn office(&mut self, field: &str, text: &str) -> Option<OfficeCode> {
        self.keep(field, OfficeCode::parse(&text.trim().to_ascii_uppercase()).map_err(|_| Wrong::NotAnId))
    }

    /// The number of a slot, as text or number.
    pub fn slot(&mut self, field: &str, number: &str) -> Option<SlotId> {
        self.keep(field, number.trim().parse().map(SlotId).map_err(|_| Wrong::NotAnId))
    }

    /// The numbers of people.
    pub fn people<'a>(&mut self, field: &str, numbers: impl IntoIterator<Item = &'a str>) -> Option<Vec<ApplicantId>> {
        self.list(field, numbers, |text| text.trim().parse().map(ApplicantId).map_err(|_| Wrong::NotAnId))
    }

    /// Ranked choices, such as `BTM/2027-01-12/08:00` or `BTM/*/am`.
    pub fn choices<'a>(&mut self, field: &str, texts: impl IntoIterator<Item = &'a str>) -> Option<Vec<Choice>> {
        self.list(field, texts, |text| Choice::parse(text.trim()).map_err(Wrong::Choice))
    }

    /// Every item of a list; an error is noted at its item, `field/0`.
    pub fn list<'a, T>(
        &mut self,
        field: &str,
        texts: impl IntoIterator<Item = &'a str>,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::new();
        let mut fine = true;
        for (index, text) in texts.into_iter().enumerate() {
            if index == LIST_MAX {
                return self.note(field, Wrong::TooMany { max: LIST_MAX });
            }
            match read(text) {
                Ok(value) => values.push(value),
                Err(wrong) => {
                    self.note::<()>(format!("{field}/{index}"), wrong);
                    fine = false;
                }
            }
        }
        fine.then_some(values)
    }

    /// A point on the map, `latitude,longitude` in degrees.
    pub fn point(&mut self, field: &str, text: &str) -> Option<(f64, f64)> {
        let read = text.split_once(',').and_then(|(latitude, longitude)| {
            let latitude: f64 = latitude.trim().parse().ok()?;
            let longitude: f64 = longitude.trim().parse().ok()?;
            // `contains` is false for NaN as well.
            ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
                .then_some((latitude, longitude))
        });
        self.keep(field, read.ok_or(Wrong::Point))
    }
}

/// A word out of a fixed list.
fn known<T: std::str::FromStr>(text: &str, allowed: &'static [&'static str]) -> Result<T, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::Missing);
    }
    text.trim().parse().map_err(|_| Wrong::NotOneOf { allowed })
}
