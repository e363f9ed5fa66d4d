//! Names of services, passports, offices, states and choices.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::entry::{Choice, WindowChoice};
use antrean_domain::nik::Sex;
use antrean_domain::office::{OfficeCode, OfficeKind};
use antrean_domain::region::Zone;
use antrean_domain::release::Mode;
use antrean_domain::service::{PassportKind, ServiceCode, Text, Validity};
use antrean_store::entries::EntryState;
use antrean_store::releases::ReleaseState;

use crate::Words;

impl Words {
    /// A text of the catalogue in this language.
    pub fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.in_language(self.language.tag())
    }

    /// `Paspor baru`: the same as the catalogue's name, which a test sees to.
    pub fn service(&self, service: ServiceCode) -> String {
        self.say(match service {
            ServiceCode::New => "service-new",
            ServiceCode::Replacement => "service-replacement",
            ServiceCode::Child => "service-child",
            ServiceCode::Lost => "service-lost",
            ServiceCode::Damaged => "service-damaged",
            ServiceCode::DataChange => "service-data-change",
        })
    }

    /// `Paspor biasa`.
    pub fn passport(&self, passport: PassportKind) -> String {
        self.say(match passport {
            PassportKind::Ordinary => "passport-ordinary",
            PassportKind::Electronic => "passport-electronic",
        })
    }

    /// `5 tahun`.
    pub fn validity(&self, validity: Validity) -> String {
        self.say(match validity {
            Validity::Five => "validity-five",
            Validity::Ten => "validity-ten",
        })
    }

    /// `Perempuan`.
    pub fn sex(&self, sex: Sex) -> String {
        self.say(match sex {
            Sex::Female => "sex-female",
            Sex::Male => "sex-male",
        })
    }

    /// `Kantor imigrasi`.
    pub fn office_kind(&self, kind: OfficeKind) -> String {
        self.say(match kind {
            OfficeKind::Office => "office-kind-office",
            OfficeKind::Ulp => "office-kind-ulp",
            OfficeKind::Ukk => "office-kind-ukk",
            OfficeKind::Mpp => "office-kind-mpp",
        })
    }

    /// `Undian`.
    pub fn mode(&self, mode: Mode) -> String {
        self.say(match mode {
            Mode::Draw => "mode-draw",
            Mode::FirstCome => "mode-first-come",
        })
    }

    /// Where an appointment stands: `Terjadwal`.
    pub fn state(&self, state: AppointmentState) -> String {
        self.say(state_keys(state).0)
    }

    /// What its holder does next, in a sentence or two.
    pub fn state_next(&self, state: AppointmentState) -> String {
        self.say(state_keys(state).1)
    }

    /// Where an entry stands: `Cadangan`.
    pub fn entry_state(&self, state: EntryState) -> String {
        self.say(entry_keys(state).0)
    }

    /// What its holder does next, in a sentence or two.
    pub fn entry_state_next(&self, state: EntryState) -> String {
        self.say(entry_keys(state).1)
    }

    /// Where a release stands: `Menunggu undian`.
    pub fn release_state(&self, state: ReleaseState) -> String {
        self.say(match state {
            ReleaseState::Planned => "release-planned",
            ReleaseState::Open => "release-open",
            ReleaseState::Frozen => "release-frozen",
            ReleaseState::Drawing => "release-drawing",
            ReleaseState::Drawn => "release-drawn",
            ReleaseState::Closed => "release-closed",
        })
    }

    /// A choice in words: `Kantor Imigrasi Batam, Selasa, 12 Januari 2027, pukul 08.00 WIB`.
    pub fn choice(&self, choice: &Choice, catalogue: &Catalogue) -> String {
        let date = choice.date.map_or_else(|| self.say("choice-any-date"), |date| self.date(date));
        let window = match choice.window {
            WindowChoice::Any => self.say("choice-any-time"),
            WindowChoice::Morning => self.say("choice-morning"),
            WindowChoice::Afternoon => self.say("choice-afternoon"),
            WindowChoice::Start(starts) => {
                let zone = zone_of(choice.office, catalogue);
                self.say_with("choice-at", &[("time", self.time(starts.time(), zone).into())])
            }
        };
        let office = office_name(choice.office, catalogue);
        self.say_with("choice", &[("office", office.into()), ("date", date.into()), ("window", window.into())])
    }
}

/// The name of an office; one that has left the catalogue is known by its code.
pub(crate) fn office_name(office: OfficeCode, catalogue: &Catalogue) -> String {
    catalogue.offices.get(&office).map_or_else(|| office.to_string(), |office| office.name.clone())
}

/// The zone of an office; one that has left the catalogue keeps the home zone.
pub(crate) fn zone_of(office: OfficeCode, catalogue: &Catalogue) -> Zone {
    catalogue.offices.get(&office).map_or(antrean_app::caller::HOME_ZONE, |office| office.zone)
}

fn state_keys(state: AppointmentState) -> (&'static str, &'static str) {
    match state {
        AppointmentState::Booked => ("state-booked", "state-booked.next"),
        AppointmentState::CheckedIn => ("state-checked-in", "state-checked-in.next"),
        AppointmentState::Called => ("state-called", "state-called.next"),
        AppointmentState::Served => ("state-served", "state-served.next"),
        AppointmentState::Cancelled => ("state-cancelled", "state-cancelled.next"),
        AppointmentState::CancelledLate => ("state-cancelled-late", "state-cancelled-late.next"),
        AppointmentState::Revoked => ("state-revoked", "state-revoked.next"),
        AppointmentState::NoShow => ("state-no-show", "state-no-show.next"),
        AppointmentState::Unrecorded => ("state-unrecorded", "state-unrecorded.next"),
    }
}

fn entry_keys(state: EntryState) -> (&'static str, &'static str) {
    match state {
        EntryState::Entered => ("entry-entered", "entry-entered.next"),
        EntryState::Withdrawn => ("entry-withdrawn", "entry-withdrawn.next"),
        EntryState::Left => ("entry-left", "entry-left.next"),
        EntryState::Standby => ("entry-standby", "entry-standby.next"),
        EntryState::Placed => ("entry-placed", "entry-placed.next"),
        EntryState::Expired => ("entry-expired", "entry-expired.next"),
    }
}

#[cfg(test)]
mod tests {
    use antrean_app::caller::Language;
    use antrean_domain::catalogue::CatalogueFiles;

    use super::*;

    fn builtin() -> Catalogue {
        Catalogue::parse(&CatalogueFiles::builtin()).unwrap()
    }

    #[test]
    fn a_choice_is_told_with_office_day_and_hour() {
        let catalogue = builtin();
        let told = |text: &str| Words::of(Language::Id).choice(&Choice::parse(text).unwrap(), &catalogue);
        assert_eq!(told("BTM/2027-01-12/08:00"), "Kantor Imigrasi Batam, Selasa, 12 Januari 2027, pukul 08.00 WIB");
        assert_eq!(told("BTM/*/am"), "Kantor Imigrasi Batam, tanggal berapa pun, pagi (sebelum pukul 12.00)");
        assert_eq!(told("ZZZ/*/*"), "ZZZ, tanggal berapa pun, jam berapa pun");
    }

    #[test]
    fn services_have_the_names_of_the_catalogue() {
        let catalogue = builtin();
        for language in [Language::Id, Language::En] {
            let words = Words::of(language);
            for code in ServiceCode::ALL {
                let service = catalogue.services.get(code);
                assert_eq!(words.service(code), words.text(&service.name), "{code:?}");
            }
        }
    }

    #[test]
    fn every_state_says_what_to_do_next() {
        for language in [Language::Id, Language::En] {
            for state in AppointmentState::ALL {
                assert_ne!(Words::of(language).state(state), Words::of(language).state_next(state));
            }
        }
    }
}
