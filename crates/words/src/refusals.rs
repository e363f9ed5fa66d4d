//! Refusals and faults as text: a title that says what it is, a detail that says what to do now.

use antrean_app::caller::HOME_ZONE;
use antrean_app::limit::Limited;
use antrean_app::overview::SlotOffer;
use antrean_app::{Failure, Refusal};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::office::{OfferedHere, OfficeCode, WhyNotOffered};
use antrean_domain::release::Mode;
use jiff::Timestamp;

use crate::names::{office_name, zone_of};
use crate::{Arg, Words};

/// Full windows name so many others at most: a list to choose from, not a timetable.
const ALTERNATIVES_MAX: usize = 3;

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What it is, in a few words without a full stop.
    pub title: String,
    /// What is the matter and what to do now, in whole sentences.
    pub detail: String,
    /// The field of a form that it is about: `phone`, `code`, `nik`, `birth_date`, `consent`, `people`, `choices` or `slot`.
    pub field: Option<&'static str>,
}

impl Words {
    /// Why something was refused, and what to do now.
    pub fn refusal(&self, refusal: &Refusal, catalogue: &Catalogue) -> Explained {
        let Said { title, detail, args } = self.said(refusal, catalogue);
        Explained {
            title: self.say_with(title, &args),
            detail: match detail {
                Detail::Attribute => self.say_with(&format!("{title}.detail"), &args),
                Detail::Key(key) => self.say_with(key, &args),
            },
            field: field(refusal),
        }
    }

    /// Why there is no outcome: a refusal, too much work, or our fault.
    pub fn failure(&self, failure: &Failure, catalogue: &Catalogue) -> Explained {
        let fault =
            |title: &str, detail: &str| Explained { title: self.say(title), detail: self.say(detail), field: None };
        match failure {
            Failure::Refused(refusal) => self.refusal(refusal, catalogue),
            Failure::Busy => fault("failure-busy", "failure-busy.detail"),
            Failure::Broken => fault("failure-broken", "failure-broken.detail"),
        }
    }

    fn said<'a>(&self, refusal: &'a Refusal, catalogue: &'a Catalogue) -> Said<'a> {
        let choice = |index: &u32| ("choice", Arg::from(index + 1));
        let person = |position: &u32| ("person", Arg::from(position + 1));
        let office = |code: &OfficeCode| ("office", Arg::from(office_name(*code, catalogue)));
        let home = |at: &Timestamp| Arg::from(self.instant(*at, HOME_ZONE));
        match refusal {
            Refusal::TooMany { what, retry_after_s } => {
                Said::new("refusal-rate-limited").detail(limited(*what)).with("wait", self.duration(*retry_after_s))
            }
            Refusal::CodeWrong { tries_left } => Said::new("refusal-code-wrong").with("tries", *tries_left),
            Refusal::CodeExpired => Said::new("refusal-code-expired"),
            Refusal::ResendTooSoon { seconds } => {
                Said::new("refusal-resend-too-soon").with("wait", self.duration(*seconds))
            }
            Refusal::SignedOut => Said::new("refusal-signed-out"),

            Refusal::DetailsMissing => Said::new("refusal-details-missing"),
            Refusal::ConsentMissing => Said::new("refusal-consent-missing"),
            Refusal::Underage { years } => Said::new("refusal-underage").with("years", *years),
            Refusal::FamilyFull { max } => Said::new("refusal-family-full").with("max", *max),
            Refusal::AlreadyInFamily => Said::new("refusal-already-in-family"),
            Refusal::PersonUnknown => Said::new("refusal-person-unknown"),
            Refusal::InLiveParty => Said::new("refusal-in-live-party"),

            Refusal::ReleaseUnknown => Said::new("refusal-release-unknown"),
            Refusal::NotOpenYet { opens, office: None } => Said::new("refusal-not-open").with("opens", home(opens)),
            Refusal::NotOpenYet { opens, office: Some(code) } => {
                let opens = self.instant_also_home(*opens, zone_of(*code, catalogue));
                Said::new("refusal-not-open")
                    .detail("refusal-not-open.detail-at")
                    .and(office(code))
                    .with("opens", opens)
            }
            Refusal::EntriesClosed { since } => Said::new("refusal-entries-closed").with("since", home(since)),
            Refusal::OtherMode { mode: Mode::Draw } => Said::new("refusal-other-mode-draw"),
            Refusal::OtherMode { mode: Mode::FirstCome } => Said::new("refusal-other-mode-first-come"),
            Refusal::AccountHasLive { link: _ } => Said::new("refusal-already-live"),
            Refusal::PersonHasLive { position } => Said::new("refusal-person-already-live").and(person(position)),
            Refusal::PersonRests { position, releases } => {
                Said::new("refusal-person-rests").and(person(position)).with("releases", *releases)
            }
            Refusal::NobodyChosen => Said::new("refusal-nobody-chosen"),
            Refusal::PartyTooLarge { max } => Said::new("refusal-party-too-large").with("max", *max),
            Refusal::PersonTwice { position } => Said::new("refusal-person-twice").and(person(position)),
            Refusal::NoChoice => Said::new("refusal-no-choice"),
            Refusal::TooManyChoices { max } => Said::new("refusal-too-many-choices").with("max", *max),
            Refusal::ChoiceTwice { index } => Said::new("refusal-choice-twice").and(choice(index)),
            Refusal::OfficeUnknown { index } => Said::new("refusal-office-unknown").and(choice(index)),
            Refusal::OfficeNotInRelease { index, office: code } => {
                Said::new("refusal-office-not-in-release").and(choice(index)).and(office(code))
            }
            Refusal::NothingMatches { index, office: code } => {
                Said::new("refusal-nothing-matches").and(choice(index)).and(office(code))
            }
            Refusal::NotOfferedHere { index: _, office: code, why } => self.not_offered(*code, *why, catalogue),
            Refusal::NeverFits { index, office: code, largest } => {
                Said::new("refusal-never-fits").and(choice(index)).and(office(code)).with("largest", *largest)
            }
            Refusal::EntryUnknown => Said::new("refusal-entry-unknown"),
            Refusal::EntryFinal => Said::new("refusal-entry-final"),

            Refusal::SlotUnknown => Said::new("refusal-slot-unknown"),
            Refusal::SlotFull { alternatives } if alternatives.is_empty() => Said::new("refusal-full"),
            Refusal::SlotFull { alternatives } => Said::new("refusal-full")
                .detail("refusal-full.detail-alternatives")
                .with("alternatives", self.alternatives(alternatives, catalogue)),
            Refusal::SlotClosed { slot } => Said::new("refusal-slot-closed")
                .and(office(&slot.office))
                .with("date", self.date(slot.date))
                .with("time", self.time(slot.starts.time(), zone_of(slot.office, catalogue))),
            Refusal::BookingClosed { since } => Said::new("refusal-booking-closed").with("since", home(since)),
            Refusal::NotDrawnYet { draw } => Said::new("refusal-not-drawn-yet").with("draw", home(draw)),

            Refusal::NoWaitingRoom => Said::new("refusal-no-waiting-room"),
            Refusal::LineNotOpen { joins } => Said::new("refusal-line-not-open").with("joins", home(joins)),
            Refusal::LineOver => Said::new("refusal-line-over"),
            Refusal::NotYourTurn { joined: false, .. } => Said::new("refusal-not-in-line"),
            Refusal::NotYourTurn { ahead, retry_after_s, .. } => {
                let said = Said::new("refusal-not-your-turn").with("wait", self.duration(*retry_after_s));
                match ahead {
                    Some(ahead) if *ahead > 0 => {
                        said.detail("refusal-not-your-turn.detail-ahead").with("ahead", *ahead as i64)
                    }
                    _ => said,
                }
            }
            Refusal::HolderChanged => Said::new("refusal-holder-changed"),
            Refusal::PlaceTokenInvalid => Said::new("refusal-place-token-invalid"),
            Refusal::TicketUnknown => Said::new("refusal-ticket-unknown"),
            Refusal::NotPossibleNow { state } => Said::new("refusal-not-possible-now")
                .with("state", self.state(*state))
                .with("next", self.state_next(*state)),
            Refusal::MovedAlready => Said::new("refusal-moved-already"),
            Refusal::TooLateToMove { since } => Said::new("refusal-too-late").with("since", home(since)),
            Refusal::SameSlot => Said::new("refusal-same-slot"),
            Refusal::OtherRelease { release: _ } => Said::new("refusal-other-release"),

            Refusal::PlanRefused { problems } => {
                Said::new("refusal-plan-refused").with("problems", problems.join("; "))
            }
            Refusal::BeaconRefused { why } => Said::new("refusal-beacon-refused").with("why", why),

            Refusal::Staff(refusal) => self.said_to_staff(refusal, catalogue),
            Refusal::Day(refusal) => self.said_of_the_day(refusal),

            Refusal::KeyReused => Said::new("refusal-key-reused"),
        }
    }

    fn not_offered<'a>(&self, office: OfficeCode, why: WhyNotOffered, catalogue: &Catalogue) -> Said<'a> {
        let said = Said::new("refusal-not-offered").with("office", office_name(office, catalogue));
        match why {
            WhyNotOffered::WalkIn { at } => said.detail("not-offered-walk-in").with("at", office_name(at, catalogue)),
            WhyNotOffered::PerPerson => said.detail("not-offered-per-person"),
            WhyNotOffered::NotHere { offered: OfferedHere { new: true, replacement: false } } => {
                said.detail("not-offered-new-only")
            }
            WhyNotOffered::NotHere { offered: OfferedHere { new: false, replacement: true } } => {
                said.detail("not-offered-replacement-only")
            }
            WhyNotOffered::NotHere { offered: _ } => said.detail("not-offered-nothing"),
            WhyNotOffered::ElectronicOnly { since } => {
                said.detail("not-offered-electronic-only").with("since", self.date_short(since))
            }
        }
    }

    /// Why an office does not offer what is wanted, and what to do instead; for lists that show every office.
    pub fn why_not_offered(&self, office: OfficeCode, why: WhyNotOffered, catalogue: &Catalogue) -> Explained {
        let Said { title, detail, args } = self.not_offered(office, why, catalogue);
        let Detail::Key(detail) = detail else { unreachable!("every reason has its own text") };
        Explained { title: self.say_with(title, &args), detail: self.say_with(detail, &args), field: Some("choices") }
    }

    fn alternatives(&self, offers: &[SlotOffer], catalogue: &Catalogue) -> String {
        let told: Vec<String> = offers
            .iter()
            .take(ALTERNATIVES_MAX)
            .map(|offer| {
                let zone = zone_of(offer.key.office, catalogue);
                let args = [
                    ("office", office_name(offer.key.office, catalogue).into()),
                    ("date", self.date(offer.key.date).into()),
                    ("window", self.window(offer.key.starts, offer.ends, zone).into()),
                ];
                self.say_with("refusal-full.alternative", &args)
            })
            .collect();
        // Each has commas of its own.
        told.join("; ")
    }
}

/// Which texts are said, with what is put in; title and detail share it.
pub(crate) struct Said<'a> {
    title: &'static str,
    detail: Detail,
    args: Vec<(&'static str, Arg<'a>)>,
}

/// Where the detail is found.
enum Detail {
    /// At the title's key, as `.detail`.
    Attribute,
    /// At another key.
    Key(&'static str),
}

impl<'a> Said<'a> {
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, detail: Detail::Attribute, args: Vec::new() }
    }

    fn detail(mut self, key: &'static str) -> Self {
        self.detail = Detail::Key(key);
        self
    }

    pub(crate) fn with(self, name: &'static str, arg: impl Into<Arg<'a>>) -> Self {
        self.and((name, arg.into()))
    }

    fn and(mut self, arg: (&'static str, Arg<'a>)) -> Self {
        self.args.push(arg);
        self
    }
}

fn limited(what: Limited) -> &'static str {
    match what {
        Limited::CodesToPhone => "limited-codes-to-phone",
        Limited::CodesFromNetwork => "limited-codes-from-network",
        Limited::CodesToday => "limited-codes-today",
        Limited::ChecksOfPhone => "limited-checks-of-phone",
        Limited::PeopleOfAccount => "limited-people-of-account",
        Limited::EntriesOfAccount => "limited-entries-of-account",
        Limited::BookingsOfAccount => "limited-bookings-of-account",
        Limited::MovesOfAccount => "limited-moves-of-account",
        Limited::StaffSignIns => "limited-staff-sign-ins",
        Limited::StaffStrangers => "limited-staff-strangers",
        Limited::Requests => "limited-requests",
    }
}

fn field(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::TooMany { what: Limited::CodesToPhone, .. } => Some("phone"),
        Refusal::TooMany { what: Limited::ChecksOfPhone, .. } | Refusal::CodeWrong { .. } | Refusal::CodeExpired => {
            Some("code")
        }
        Refusal::AlreadyInFamily => Some("nik"),
        Refusal::Underage { .. } => Some("birth_date"),
        Refusal::ConsentMissing => Some("consent"),
        Refusal::PersonUnknown
        | Refusal::PersonHasLive { .. }
        | Refusal::PersonRests { .. }
        | Refusal::NobodyChosen
        | Refusal::PartyTooLarge { .. }
        | Refusal::PersonTwice { .. } => Some("people"),
        Refusal::NoChoice
        | Refusal::TooManyChoices { .. }
        | Refusal::ChoiceTwice { .. }
        | Refusal::OfficeUnknown { .. }
        | Refusal::OfficeNotInRelease { .. }
        | Refusal::NothingMatches { .. }
        | Refusal::NotOfferedHere { .. }
        | Refusal::NeverFits { .. } => Some("choices"),
        Refusal::SlotUnknown
        | Refusal::SlotFull { .. }
        | Refusal::SlotClosed { .. }
        | Refusal::BookingClosed { .. }
        | Refusal::SameSlot
        | Refusal::OtherRelease { .. } => Some("slot"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use antrean_app::caller::Language;
    use antrean_domain::appointment::AppointmentState;
    use antrean_domain::catalogue::CatalogueFiles;
    use antrean_domain::release::ReleaseId;
    use antrean_domain::slot::{SlotKey, WindowStart};
    use antrean_store::ids::SlotId;
    use jiff::civil::date;

    use super::*;

    fn builtin() -> Catalogue {
        Catalogue::parse(&CatalogueFiles::builtin()).unwrap()
    }

    fn office(code: &str) -> OfficeCode {
        OfficeCode::parse(code).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn slot() -> SlotKey {
        "BTM/2027-01-12/08:00".parse().unwrap()
    }

    fn offer() -> SlotOffer {
        SlotOffer { id: SlotId(1), key: slot(), ends: WindowStart::parse("08:30").unwrap(), left: 3 }
    }

    /// One of each; the match in `said` is exhaustive, this list is counted against the codes in the source of the enum.
    fn every_refusal() -> Vec<Refusal> {
        let then = at("2026-11-27T07:00:00Z");
        let limits = [
            Limited::CodesToPhone,
            Limited::CodesFromNetwork,
            Limited::CodesToday,
            Limited::ChecksOfPhone,
            Limited::PeopleOfAccount,
            Limited::EntriesOfAccount,
            Limited::BookingsOfAccount,
            Limited::MovesOfAccount,
            Limited::StaffSignIns,
            Limited::StaffStrangers,
            Limited::Requests,
        ];
        let reasons = [
            WhyNotOffered::WalkIn { at: office("BTM") },
            WhyNotOffered::PerPerson,
            WhyNotOffered::NotHere { offered: OfferedHere { new: true, replacement: false } },
            WhyNotOffered::NotHere { offered: OfferedHere { new: false, replacement: true } },
            WhyNotOffered::NotHere { offered: OfferedHere { new: false, replacement: false } },
            WhyNotOffered::ElectronicOnly { since: date(2024, 12, 1) },
        ];
        let mut all: Vec<Refusal> = vec![
            Refusal::CodeWrong { tries_left: 4 },
            Refusal::CodeWrong { tries_left: 0 },
            Refusal::CodeExpired,
            Refusal::ResendTooSoon { seconds: 30 },
            Refusal::SignedOut,
            Refusal::DetailsMissing,
            Refusal::ConsentMissing,
            Refusal::Underage { years: 15 },
            Refusal::FamilyFull { max: 5 },
            Refusal::AlreadyInFamily,
            Refusal::PersonUnknown,
            Refusal::InLiveParty,
            Refusal::ReleaseUnknown,
            Refusal::NotOpenYet { opens: then, office: None },
            Refusal::NotOpenYet { opens: then, office: Some(office("BTM")) },
            Refusal::EntriesClosed { since: then },
            Refusal::OtherMode { mode: Mode::Draw },
            Refusal::OtherMode { mode: Mode::FirstCome },
            Refusal::AccountHasLive { link: "abc".to_owned() },
            Refusal::PersonHasLive { position: 0 },
            Refusal::PersonRests { position: 1, releases: 2 },
            Refusal::NobodyChosen,
            Refusal::PartyTooLarge { max: 5 },
            Refusal::PersonTwice { position: 1 },
            Refusal::NoChoice,
            Refusal::TooManyChoices { max: 20 },
            Refusal::ChoiceTwice { index: 1 },
            Refusal::OfficeUnknown { index: 0 },
            Refusal::OfficeNotInRelease { index: 0, office: office("BTM") },
            Refusal::NothingMatches { index: 0, office: office("BTM") },
            Refusal::NeverFits { index: 0, office: office("BTM"), largest: 3 },
            Refusal::EntryUnknown,
            Refusal::EntryFinal,
            Refusal::SlotUnknown,
            Refusal::SlotFull { alternatives: Vec::new() },
            Refusal::SlotFull { alternatives: vec![offer(), offer()] },
            Refusal::SlotClosed { slot: slot() },
            Refusal::BookingClosed { since: then },
            Refusal::NotDrawnYet { draw: then },
            Refusal::NoWaitingRoom,
            Refusal::LineNotOpen { joins: then },
            Refusal::LineOver,
            Refusal::NotYourTurn {
                release: ReleaseId::parse("2026-W49").unwrap(),
                joined: false,
                ahead: None,
                retry_after_s: 5,
            },
            Refusal::NotYourTurn {
                release: ReleaseId::parse("2026-W49").unwrap(),
                joined: true,
                ahead: None,
                retry_after_s: 5,
            },
            Refusal::NotYourTurn {
                release: ReleaseId::parse("2026-W49").unwrap(),
                joined: true,
                ahead: Some(9),
                retry_after_s: 5,
            },
            Refusal::HolderChanged,
            Refusal::PlaceTokenInvalid,
            Refusal::TicketUnknown,
            Refusal::MovedAlready,
            Refusal::TooLateToMove { since: then },
            Refusal::SameSlot,
            Refusal::OtherRelease { release: ReleaseId::parse("2026-W49").unwrap() },
            Refusal::PlanRefused { problems: vec!["no dates".to_owned(), "no offices".to_owned()] },
            Refusal::BeaconRefused { why: "the signature does not verify".to_owned() },
            Refusal::KeyReused,
        ];
        all.extend(crate::staff_refusals::every_refusal().into_iter().map(Refusal::Staff));
        all.extend(crate::day::every_refusal().into_iter().map(Refusal::Day));
        all.extend(limits.map(|what| Refusal::TooMany { what, retry_after_s: 1_800 }));
        all.extend(AppointmentState::ALL.map(|state| Refusal::NotPossibleNow { state }));
        all.extend(reasons.map(|why| Refusal::NotOfferedHere { index: 0, office: office("BTM"), why }));
        all
    }

    #[test]
    fn every_refusal_says_what_it_is_and_what_to_do() {
        let catalogue = builtin();
        for language in [Language::Id, Language::En] {
            for refusal in every_refusal() {
                let Explained { title, detail, field: _ } = Words::of(language).refusal(&refusal, &catalogue);
                assert!(!title.is_empty() && !title.ends_with('.'), "{}: {title}", refusal.code());
                assert!(detail.ends_with('.') && detail.len() > 20, "{}: {detail}", refusal.code());
                assert_ne!(title, detail);
            }
        }
    }

    #[test]
    fn no_refusal_is_forgotten_here() {
        use std::collections::BTreeSet;
        let citizens =
            every_refusal().into_iter().filter(|refusal| !matches!(refusal, Refusal::Staff(_) | Refusal::Day(_)));
        let tried: BTreeSet<&str> = citizens.map(|refusal| refusal.code()).collect();
        assert_eq!(tried.len(), 52, "a refusal was added or removed: bring `every_refusal` up to date");
    }

    #[test]
    fn not_open_full_closed_and_not_offered_are_told_apart() {
        let catalogue = builtin();
        let words = Words::of(Language::Id);
        let title = |refusal| words.refusal(&refusal, &catalogue).title;
        let why = WhyNotOffered::PerPerson;
        assert_eq!(
            [
                title(Refusal::NotOpenYet { opens: at("2026-11-27T07:00:00Z"), office: None }),
                title(Refusal::SlotFull { alternatives: Vec::new() }),
                title(Refusal::SlotClosed { slot: slot() }),
                title(Refusal::NotOfferedHere { index: 0, office: office("BTM"), why }),
            ],
            ["Belum dibuka", "Penuh", "Tutup", "Tidak dilayani di sini"]
        );
    }

    #[test]
    fn an_opening_in_the_east_is_told_in_both_zones() {
        let catalogue = builtin();
        let refusal = Refusal::NotOpenYet { opens: at("2026-11-27T05:00:00Z"), office: Some(office("AMB")) };
        let detail = Words::of(Language::Id).refusal(&refusal, &catalogue).detail;
        assert!(detail.contains("Jumat, 27 November 2026 pukul 14.00 WIT (12.00 WIB)"), "{detail}");
    }

    #[test]
    fn a_full_window_names_others() {
        let refusal = Refusal::SlotFull { alternatives: vec![offer()] };
        let detail = Words::of(Language::Id).refusal(&refusal, &builtin()).detail;
        assert!(
            detail.ends_with("Yang masih kosong: Kantor Imigrasi Batam, Selasa, 12 Januari 2027, 08.00–08.30 WIB."),
            "{detail}"
        );
    }

    #[test]
    fn people_and_choices_are_counted_from_one() {
        let words = Words::of(Language::Id);
        assert!(words.refusal(&Refusal::PersonHasLive { position: 0 }, &builtin()).title.starts_with("Orang ke-1 "));
        assert!(words.refusal(&Refusal::ChoiceTwice { index: 2 }, &builtin()).title.starts_with("Pilihan ke-3 "));
    }
}
