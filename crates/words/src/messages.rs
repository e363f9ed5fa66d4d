//! Messages as text: short enough for a text message, in letters that every telephone has.

use antrean_app::caller::HOME_ZONE;
use antrean_app::message::{Message, PlaceTold};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::OfficeCode;

use crate::Words;
use crate::names::{office_name, zone_of};

impl Words {
    /// A message as it is sent. `base_url` is the public address of the site, such as `https://antrean.example.id`.
    ///
    /// At most 160 characters of GSM 03.38 (one text message) where there is no link, at most 306 (two) where there is one.
    pub fn message(&self, message: &Message, catalogue: &Catalogue, base_url: &str) -> String {
        match message {
            Message::Code { code, minutes } => {
                self.say_with("sms-code", &[("code", code.into()), ("minutes", (*minutes).into())])
            }
            Message::Entered { release: _, link, draw } => {
                let draw = self.instant(*draw, HOME_ZONE);
                self.say_with("sms-entered", &[("draw", draw.into()), ("url", entry_url(base_url, link).into())])
            }
            Message::Drawn { place } => self.with_place("sms-drawn", place, catalogue, base_url),
            Message::Standby { release: _, link, rank, next_wave } => {
                let wave = next_wave.map_or_else(String::new, |at| {
                    self.say_with("sms-standby-wave", &[("when", self.instant(at, HOME_ZONE).into())])
                });
                self.say_with(
                    "sms-standby",
                    &[("rank", (*rank).into()), ("wave", wave.into()), ("url", entry_url(base_url, link).into())],
                )
            }
            Message::Waved { place } => self.with_place("sms-waved", place, catalogue, base_url),
            Message::Booked { place } => self.with_place("sms-booked", place, catalogue, base_url),
            Message::Moved { place } => self.with_place("sms-moved", place, catalogue, base_url),
            Message::MovedByOffice { place, from } => {
                let date = [("date", self.date_short(from.date).into())];
                format!(
                    "{} {}",
                    self.say_with("sms-moved-by-office", &date),
                    self.with_place("sms-only-place", place, catalogue, base_url)
                )
            }
            Message::Revoked { slot } => self.say_with(
                "sms-revoked",
                &[("office", short_office(slot.office, catalogue).into()), ("date", self.date_short(slot.date).into())],
            ),
            Message::Cancelled { slot, late } => self.say_with(
                if *late { "sms-cancelled-late" } else { "sms-cancelled" },
                &[("office", short_office(slot.office, catalogue).into()), ("date", self.date_short(slot.date).into())],
            ),
            Message::StandbyEnded { release } => self.say_with(
                "sms-standby-ended",
                &[("release", self.release(release).into()), ("url", trimmed(base_url).into())],
            ),
            Message::ClaimMoved { office } => {
                self.say_with("sms-claim-moved", &[("office", short_office(*office, catalogue).into())])
            }
            Message::Missed { slot, office, rest_releases } => self.say_with(
                "sms-missed",
                &[
                    ("office", short_office(*office, catalogue).into()),
                    ("date", self.date_short(slot.date).into()),
                    ("rest", (*rest_releases).into()),
                ],
            ),
        }
    }

    fn with_place(&self, key: &str, told: &PlaceTold, catalogue: &Catalogue, base_url: &str) -> String {
        let slot = &told.slot;
        let zone = zone_of(slot.office, catalogue);
        let when = self.instant(zone.at(slot.date.to_datetime(slot.starts.time())), zone);
        let place = self.say_with(
            "sms-place",
            &[
                ("code", told.code.to_string().into()),
                ("office", short_office(slot.office, catalogue).into()),
                ("when", when.into()),
                ("url", ticket_url(base_url, &told.link).into()),
            ],
        );
        self.say_with(key, &[("place", place.into())])
    }
}

fn trimmed(base_url: &str) -> &str {
    base_url.trim_end_matches('/')
}

/// Where an entry is read; once it has a place, the page leads on to the ticket.
fn entry_url(base_url: &str, link: &str) -> String {
    format!("{}/entri/{link}", trimmed(base_url))
}

/// Where a ticket is read.
fn ticket_url(base_url: &str, link: &str) -> String {
    format!("{}/tiket/{link}", trimmed(base_url))
}

/// The office's name with the abbreviation that everybody uses.
fn short_office(office: OfficeCode, catalogue: &Catalogue) -> String {
    office_name(office, catalogue).replace("Kantor Imigrasi", "Kanim")
}

#[cfg(test)]
mod tests {
    use antrean_app::caller::Language;
    use antrean_domain::catalogue::CatalogueFiles;
    use antrean_domain::queue_code::QueueCode;
    use antrean_domain::release::ReleaseId;
    use antrean_domain::slot::SlotKey;
    use jiff::Timestamp;

    use super::*;

    const BASE: &str = "https://antrean.example.id/";
    /// The letters of GSM 03.38 that the texts may use; outside of them a message has 70 characters instead of 160.
    const GSM: &str = "@$_!\"#%&'()*+,-./0123456789:;<=>? \nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    fn builtin() -> Catalogue {
        Catalogue::parse(&CatalogueFiles::builtin()).unwrap()
    }

    fn link() -> String {
        "ab3d5fgh".repeat(5)[..39].to_owned()
    }

    fn told(office: OfficeCode) -> PlaceTold {
        let slot: SlotKey = format!("{office}/2026-09-30/08:00").parse().unwrap();
        PlaceTold { slot, code: QueueCode::parse("BK-QFJ8BD").unwrap(), link: link() }
    }

    fn with_link(office: OfficeCode) -> Vec<Message> {
        let release = ReleaseId::parse("2026-W49").unwrap();
        let at: Timestamp = "2026-09-30T10:00:00Z".parse().unwrap();
        vec![
            Message::Entered { release: release.clone(), link: link(), draw: at },
            Message::Drawn { place: told(office) },
            Message::Standby { release: release.clone(), link: link(), rank: 123_456, next_wave: Some(at) },
            Message::Standby { release: release.clone(), link: link(), rank: 1, next_wave: None },
            Message::Waved { place: told(office) },
            Message::Booked { place: told(office) },
            Message::Moved { place: told(office) },
            Message::MovedByOffice { place: told(office), from: told(office).slot },
            Message::StandbyEnded { release },
        ]
    }

    fn without_link(office: OfficeCode) -> Vec<Message> {
        let slot = told(office).slot;
        let mut messages = vec![
            Message::Code { code: "012345".to_owned(), minutes: 5 },
            Message::Cancelled { slot, late: false },
            Message::Cancelled { slot, late: true },
            Message::Revoked { slot },
        ];
        messages.push(Message::ClaimMoved { office });
        for rest_releases in 0..=2 {
            messages.push(Message::Missed { slot, office, rest_releases });
        }
        messages
    }

    #[test]
    fn every_message_fits_wherever_the_office_is() {
        let catalogue = builtin();
        for language in [Language::Id, Language::En] {
            for office in catalogue.offices.iter() {
                let short = without_link(office.code).into_iter().map(|message| (message, 160));
                let long = with_link(office.code).into_iter().map(|message| (message, 306));
                for (message, most) in short.chain(long) {
                    let text = Words::of(language).message(&message, &catalogue, BASE);
                    let length = text.chars().count();
                    assert!(length <= most, "{length} of {most}: {text}");
                    assert!(text.starts_with("Antrean: "), "{text}");
                    assert!(text.chars().all(|sign| GSM.contains(sign)), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_code_comes_after_the_name_and_before_the_warning() {
        let message = Message::Code { code: "012345".to_owned(), minutes: 5 };
        let text = Words::of(Language::Id).message(&message, &builtin(), BASE);
        assert!(text.starts_with("Antrean: 012345 adalah kode masuk Anda"), "{text}");
        assert!(text.ends_with("jangan beri tahu siapa pun"), "{text}");
    }

    #[test]
    fn a_place_is_told_with_code_office_hour_and_link() {
        let place = told(OfficeCode::parse("BTM").unwrap());
        let text = Words::of(Language::Id).message(&Message::Drawn { place }, &builtin(), BASE);
        let said = "Antrean: Anda mendapat tempat lewat undian. Kode BK-QFJ8BD, Kanim Batam, Rabu, 30 September 2026 pukul 08.00 WIB. \
                    Bawa surat asli. Daftarnya di tiket: https://antrean.example.id/tiket/";
        assert_eq!(text, format!("{said}{}", link()));
    }

    #[test]
    fn a_missed_appointment_says_what_follows_and_how_to_object() {
        let office = OfficeCode::parse("BTM").unwrap();
        let slot = told(office).slot;
        let text =
            Words::of(Language::Id).message(&Message::Missed { slot, office, rest_releases: 1 }, &builtin(), BASE);
        let said = "Antrean: Anda tercatat tidak hadir di Kanim Batam, 30 September 2026. Boleh ikut lagi setelah 1 pembukaan. \
                    Keliru? Hubungi kantor.";
        assert_eq!(text, said);
    }
}
