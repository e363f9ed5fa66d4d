//! What is not right yet in a form's field, and how to put it right; and what only deserves a second look.

use antrean_domain::draw::entry::ChoiceError;
use antrean_domain::kk::FamilyCardError;
use antrean_domain::name::NameError;
use antrean_domain::nik::{NikError, NikWarning};
use antrean_domain::person::{AGE_MAX, BirthDateError};
use antrean_domain::phone::{NATIONAL_DIGITS_MAX, NATIONAL_DIGITS_MIN, PhoneError};

use crate::Words;

impl Words {
    /// `NIK harus 16 angka. Anda menulis 15.`
    pub fn nik_error(&self, error: NikError) -> String {
        match error {
            NikError::NotDigits => self.say("nik-not-digits"),
            NikError::Length { found: 0 } => self.say("nik-empty"),
            NikError::Length { found } => self.say_with("nik-length", &[("found", found.into())]),
        }
    }

    /// As [`Words::nik_error`], for a family card number.
    pub fn kk_error(&self, error: FamilyCardError) -> String {
        match error {
            FamilyCardError::NotDigits => self.say("card-not-digits"),
            FamilyCardError::Length { found: 0 } => self.say("card-empty"),
            FamilyCardError::Length { found } => self.say_with("card-length", &[("found", found.into())]),
        }
    }

    /// What to do about a phone number.
    pub fn phone_error(&self, error: PhoneError) -> String {
        match error {
            PhoneError::Empty => self.say("phone-empty"),
            PhoneError::NotANumber => self.say("phone-not-a-number"),
            PhoneError::NotIndonesian => self.say("phone-not-indonesian"),
            PhoneError::NotMobile => self.say("phone-not-mobile"),
            PhoneError::Length { found } => self.say_with(
                "phone-length",
                &[("min", NATIONAL_DIGITS_MIN.into()), ("max", NATIONAL_DIGITS_MAX.into()), ("found", found.into())],
            ),
        }
    }

    /// What to do about a name.
    pub fn name_error(&self, error: NameError) -> String {
        match error {
            NameError::Empty => self.say("name-empty"),
            NameError::TooLong { max } => self.say_with("name-too-long", &[("max", max.into())]),
            NameError::NotAName => self.say("name-not-a-name"),
        }
    }

    /// What to do about a birth date.
    pub fn birth_error(&self, error: BirthDateError) -> String {
        match error {
            BirthDateError::Empty => self.say("birth-empty"),
            BirthDateError::Unreadable => self.say("birth-unreadable"),
            BirthDateError::Impossible => self.say("birth-impossible"),
            BirthDateError::Future => self.say("birth-future"),
            BirthDateError::TooLongAgo => self.say_with("birth-too-long-ago", &[("max", AGE_MAX.into())]),
        }
    }

    /// What to do about a choice. The same for all, because people choose from lists and only a damaged form gets here.
    pub fn choice_error(&self, _: &ChoiceError) -> String {
        self.say("choice-unreadable")
    }

    /// What about a NIK deserves a second look. [`NikWarning::FormerRegion`] is not a problem and need not be shown.
    pub fn warning(&self, warning: &NikWarning) -> String {
        match warning {
            NikWarning::UnknownRegion => self.say("warning-unknown-region"),
            NikWarning::FormerRegion { now } => self.say_with("warning-former-region", &[("now", now.into())]),
            NikWarning::ImpossibleDate => self.say("warning-impossible-date"),
            NikWarning::BirthDateDiffers => self.say("warning-birth-date-differs"),
            NikWarning::SexDiffers => self.say("warning-sex-differs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use antrean_app::caller::Language;
    use antrean_domain::nik::Nik;
    use antrean_domain::phone::Phone;

    use super::*;

    #[test]
    fn a_short_nik_is_told_how_long_it_is() {
        let error = Nik::parse("317401250187000").unwrap_err();
        assert_eq!(Words::of(Language::Id).nik_error(error), "NIK harus 16 angka. Anda menulis 15.");
    }

    #[test]
    fn an_empty_nik_is_not_told_that_it_has_0_digits() {
        let error = Nik::parse(" ").unwrap_err();
        assert!(Words::of(Language::Id).nik_error(error).starts_with("Tulis NIK Anda"));
    }

    #[test]
    fn a_short_phone_number_is_told_what_is_needed() {
        let said = Words::of(Language::Id).phone_error(Phone::parse("0812-0000").unwrap_err());
        assert_eq!(said, "Nomor HP setelah +62 berisi 9 sampai 12 angka. Anda menulis 7. Mohon periksa lagi.");
    }

    #[test]
    fn a_warning_never_blocks() {
        let said = Words::of(Language::Id).warning(&NikWarning::BirthDateDiffers);
        assert!(said.contains("Mohon periksa lagi") && said.contains("lanjutkan saja"));
    }
}
