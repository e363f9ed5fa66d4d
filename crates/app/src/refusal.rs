//! Why something was not done, in the citizen's terms: a value with the data needed to explain it.
//! The crate `words` turns it into text; `web` gives it a status. A fault is not a refusal.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::office::{OfficeCode, WhyNotOffered};
use antrean_domain::release::{Mode, ReleaseId};
use antrean_domain::slot::SlotKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day::DayRefusal;
use crate::limit::Limited;
use crate::overview::SlotOffer;
use crate::staff::StaffRefusal;

/// Every way in which a well-formed request can be refused. `code()` is the stable name for programs.
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    // Signing in.
    /// A limit is reached; it opens again after `retry_after_s` seconds.
    TooMany { what: Limited, retry_after_s: u32 },
    /// The one-time code is not the one that was sent.
    CodeWrong { tries_left: u32 },
    /// The one-time code was used, is too old, was tried too often or was never asked for here.
    CodeExpired,
    /// Another code can be sent in so many seconds.
    ResendTooSoon { seconds: u32 },
    /// No session, or one that has ended.
    SignedOut,

    // Saying who one is.
    /// The account holder has not said who they are yet.
    DetailsMissing,
    /// The holder has not agreed to the use of their data.
    ConsentMissing,
    /// An account belongs to an adult (17 or older, or married).
    Underage { years: u8 },
    /// No more people fit into the account.
    FamilyFull { max: u32 },
    /// This NIK is in the account already.
    AlreadyInFamily,
    /// There is no such person in the account.
    PersonUnknown,
    /// The person, or the account, is part of a live entry or appointment and cannot change now.
    InLiveParty,

    // Releases and entries.
    /// There is no such release.
    ReleaseUnknown,
    /// The release is not open yet, here or at all.
    NotOpenYet { opens: Timestamp, office: Option<OfficeCode> },
    /// Entries were closed at `since`.
    EntriesClosed { since: Timestamp },
    /// The release gives its places the other way.
    OtherMode { mode: Mode },
    /// The account has a live entry or appointment already; `link` leads to it.
    AccountHasLive { link: String },
    /// This person (position in the request, from 0) has a live entry or appointment, perhaps through another account.
    PersonHasLive { position: u32 },
    /// This person rests after a missed appointment, until `releases` further releases have opened.
    PersonRests { position: u32, releases: u32 },
    /// Nobody was chosen.
    NobodyChosen,
    /// More people than the release allows in one party.
    PartyTooLarge { max: u32 },
    /// The same person twice in one party.
    PersonTwice { position: u32 },
    /// No choice at all.
    NoChoice,
    /// More choices than the release allows.
    TooManyChoices { max: u32 },
    /// The same choice twice (index from 0).
    ChoiceTwice { index: u32 },
    /// The office of a choice does not exist.
    OfficeUnknown { index: u32 },
    /// The office of a choice has no places in this release.
    OfficeNotInRelease { index: u32, office: OfficeCode },
    /// The office has places, but none at that date and hour.
    NothingMatches { index: u32, office: OfficeCode },
    /// The office does not offer the service or passport that was asked for.
    NotOfferedHere { index: u32, office: OfficeCode, why: WhyNotOffered },
    /// The party is larger than any matching arrival window has places.
    NeverFits { index: u32, office: OfficeCode, largest: u32 },
    /// There is no such entry, or it is another account's.
    EntryUnknown,
    /// The entry has ended or was drawn; it cannot be changed or withdrawn any more.
    EntryFinal,

    // Places.
    /// There is no such arrival window.
    SlotUnknown,
    /// Not enough places are left in this window; these have some.
    SlotFull { alternatives: Vec<SlotOffer> },
    /// The office closed this window.
    SlotClosed { slot: SlotKey },
    /// Booking for this window ended at `since`.
    BookingClosed { since: Timestamp },
    /// The places of this release are drawn first; what is left opens after the draw.
    NotDrawnYet { draw: Timestamp },

    // The waiting room.
    /// The release has no waiting room: whoever comes can book.
    NoWaitingRoom,
    /// The line can be joined from `joins` on; being early gives nothing.
    LineNotOpen { joins: Timestamp },
    /// The line is over.
    LineOver,
    /// It is not this account's turn, or it has not joined the line. About `ahead` people are let in before it, where that is
    /// known; ask again after `retry_after_s` seconds.
    NotYourTurn { release: ReleaseId, joined: bool, ahead: Option<u64>, retry_after_s: u32 },
    /// The account has another holder than when it joined the line.
    HolderChanged,
    /// No place token of this server, of another release, or of another account.
    PlaceTokenInvalid,

    // Tickets.
    /// There is no such ticket, or it is another account's.
    TicketUnknown,
    /// The appointment is in a state that does not allow this.
    NotPossibleNow { state: AppointmentState },
    /// A place may be moved once.
    MovedAlready,
    /// Moving ended at `since` (the start of the day of the appointment).
    TooLateToMove { since: Timestamp },
    /// It is the very same window.
    SameSlot,
    /// The move goes to another release.
    OtherRelease { release: ReleaseId },

    // The operator.
    /// A plan with problems, each a sentence.
    PlanRefused { problems: Vec<String> },
    /// A beacon value that cannot be used, and why.
    BeaconRefused { why: String },

    // The offices.
    /// Something that only staff run into.
    Staff(StaffRefusal),
    /// What only the day at an office runs into.
    Day(DayRefusal),

    // Programs.
    /// The idempotency key was used for a different request.
    KeyReused,
}

impl Refusal {
    /// Whether the refusal only says when to come back. It is no answer to the request itself, so it is not remembered
    /// under an idempotency key: a form sent a moment too early can be sent again as it is.
    pub fn says_come_back(&self) -> bool {
        matches!(
            self,
            Self::SignedOut
                | Self::TooMany { .. }
                | Self::ResendTooSoon { .. }
                | Self::NotOpenYet { .. }
                | Self::NotDrawnYet { .. }
                | Self::LineNotOpen { .. }
                | Self::NotYourTurn { .. }
                | Self::Staff(StaffRefusal::SignedOut)
        )
    }

    /// The stable name for programs: the variant in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "rate-limited",
            Self::CodeWrong { .. } => "code-wrong",
            Self::CodeExpired => "code-expired",
            Self::ResendTooSoon { .. } => "resend-too-soon",
            Self::SignedOut => "signed-out",
            Self::DetailsMissing => "details-missing",
            Self::ConsentMissing => "consent-missing",
            Self::Underage { .. } => "underage",
            Self::FamilyFull { .. } => "family-full",
            Self::AlreadyInFamily => "already-in-family",
            Self::PersonUnknown => "person-unknown",
            Self::InLiveParty => "in-live-party",
            Self::ReleaseUnknown => "release-unknown",
            Self::NotOpenYet { .. } => "not-open",
            Self::EntriesClosed { .. } => "entries-closed",
            Self::OtherMode { .. } => "other-mode",
            Self::AccountHasLive { .. } => "already-live",
            Self::PersonHasLive { .. } => "person-already-live",
            Self::PersonRests { .. } => "person-rests",
            Self::NobodyChosen => "nobody-chosen",
            Self::PartyTooLarge { .. } => "party-too-large",
            Self::PersonTwice { .. } => "person-twice",
            Self::NoChoice => "no-choice",
            Self::TooManyChoices { .. } => "too-many-choices",
            Self::ChoiceTwice { .. } => "choice-twice",
            Self::OfficeUnknown { .. } => "office-unknown",
            Self::OfficeNotInRelease { .. } => "office-not-in-release",
            Self::NothingMatches { .. } => "nothing-matches",
            Self::NotOfferedHere { .. } => "not-offered",
            Self::NeverFits { .. } => "never-fits",
            Self::EntryUnknown => "entry-unknown",
            Self::EntryFinal => "entry-final",
            Self::SlotUnknown => "slot-unknown",
            Self::SlotFull { .. } => "full",
            Self::SlotClosed { .. } => "slot-closed",
            Self::BookingClosed { .. } => "booking-closed",
            Self::NotDrawnYet { .. } => "not-drawn-yet",
            Self::NoWaitingRoom => "no-waiting-room",
            Self::LineNotOpen { .. } => "line-not-open",
            Self::LineOver => "line-over",
            Self::NotYourTurn { .. } => "not-your-turn",
            Self::HolderChanged => "holder-changed",
            Self::PlaceTokenInvalid => "place-token-invalid",
            Self::TicketUnknown => "ticket-unknown",
            Self::NotPossibleNow { .. } => "not-possible-now",
            Self::MovedAlready => "moved-already",
            Self::TooLateToMove { .. } => "too-late",
            Self::SameSlot => "same-slot",
            Self::OtherRelease { .. } => "other-release",
            Self::PlanRefused { .. } => "plan-refused",
            Self::BeaconRefused { .. } => "beacon-refused",
            Self::Staff(refusal) => refusal.code(),
            Self::Day(refusal) => refusal.code(),
            Self::KeyReused => "key-reused",
        }
    }
}
