//! Why something was not done for somebody of the staff: a value with the data needed to explain it.

use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use serde::{Deserialize, Serialize};

use crate::operation::{Error, Failure};
use crate::refusal::Refusal;

/// What only staff run into. `code()` is the stable name for programs.
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "staff", rename_all = "snake_case")]
pub enum StaffRefusal {
    // Coming in.
    /// No staff session, or one that has ended.
    SignedOut,
    /// The sign-in name, the password or the code of the second factor is wrong; which of them is not said.
    SignInWrong,
    /// The code does not prove the second factor that is being set up.
    SecondFactorWrong,
    /// The link of an invitation was used, is too old, or was replaced by a newer one.
    LinkGone,

    /// The passkey is not known, not for this site, or did not sign what it was asked to; which of them is not said.
    PasskeyWrong,
    /// What the passkey has signed was used before, or is too old.
    PasskeyTooLate,
    /// The device of the passkey has counted back: it may have been copied.
    PasskeyCopied,
    /// The passkey belongs to somebody already.
    PasskeyKnown,
    /// Nobody has more than `max` passkeys.
    PasskeysEnough { max: u32 },
    /// The name of a passkey is missing or has more than `max` characters.
    PasskeyNameMissing { max: u32 },
    /// A passkey that is somebody's only way in stays.
    LastWayIn,
    /// The caller signed in too long ago for this.
    SignInAgain,

    // What one may do.
    /// The caller's role does not do this.
    TaskNotYours { task: Task },
    /// The office is not one of the caller's.
    OfficeNotYours { office: OfficeCode },

    // Staff.
    /// The sign-in name belongs to somebody already.
    LoginTaken,
    /// There is no such member of staff.
    MemberUnknown,
    /// A name is missing or has more than `max` characters.
    NameMissing { max: u32 },
    /// The role and the offices do not go together: officers and heads have 1 to `max`, administrators and auditors none.
    OfficesWrong { max: u32 },
    /// The last administrator who can sign in stays one.
    LastAdmin,
    /// Nobody disables themselves: a slip would lock them out.
    NotYourself,

    // Closures.
    /// A window of the range has begun: who is there is served, or sent home by name.
    ClosureBegun,
    /// There is no window in the range that could be closed.
    NothingToClose,
    /// The places of the range are being drawn just now.
    ClosureDuringDraw,
    /// There is no such closure.
    ClosureUnknown,
    /// The party lost no place by this closure, so nobody has to call it.
    NotToCall,

    // Hours and quotas.
    /// The change cannot be made of the timetable as it is now.
    TimetableWrong,

    // What is known of an office.
    /// A field of an office cannot be like that.
    OfficeDataWrong {
        /// The column.
        field: String,
        /// Why, in English.
        why: String,
        /// Other columns that cannot be like that either.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<String>,
    },
    /// The code of a new office belongs to one already.
    OfficeCodeTaken { office: OfficeCode },

    // Changes, and a second person.
    /// Somebody else changed this since it was looked at.
    ChangedMeanwhile,
    /// A reason is missing or has more than `max` characters.
    ReasonMissing { max: u32 },
    /// There is no such request for a second person.
    RequestUnknown,
    /// Whoever asked cannot decide.
    SecondPersonNeeded,
    /// Somebody decided before.
    DecidedAlready,
}

impl StaffRefusal {
    /// The stable name for programs: the variant in kebab-case, behind `staff-`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "staff-signed-out",
            Self::SignInWrong => "staff-sign-in-wrong",
            Self::SecondFactorWrong => "staff-second-factor-wrong",
            Self::LinkGone => "staff-link-gone",
            Self::PasskeyWrong => "staff-passkey-wrong",
            Self::PasskeyTooLate => "staff-passkey-too-late",
            Self::PasskeyCopied => "staff-passkey-copied",
            Self::PasskeyKnown => "staff-passkey-known",
            Self::PasskeysEnough { .. } => "staff-passkeys-enough",
            Self::PasskeyNameMissing { .. } => "staff-passkey-name-missing",
            Self::LastWayIn => "staff-last-way-in",
            Self::SignInAgain => "staff-sign-in-again",
            Self::TaskNotYours { .. } => "staff-task-not-yours",
            Self::OfficeNotYours { .. } => "staff-office-not-yours",
            Self::LoginTaken => "staff-login-taken",
            Self::MemberUnknown => "staff-member-unknown",
            Self::NameMissing { .. } => "staff-name-missing",
            Self::OfficesWrong { .. } => "staff-offices-wrong",
            Self::LastAdmin => "staff-last-admin",
            Self::NotYourself => "staff-not-yourself",
            Self::ClosureBegun => "staff-closure-begun",
            Self::NothingToClose => "staff-nothing-to-close",
            Self::ClosureDuringDraw => "staff-closure-during-draw",
            Self::ClosureUnknown => "staff-closure-unknown",
            Self::NotToCall => "staff-not-to-call",
            Self::TimetableWrong => "staff-timetable-wrong",
            Self::OfficeDataWrong { .. } => "staff-office-data-wrong",
            Self::OfficeCodeTaken { .. } => "staff-office-code-taken",
            Self::ChangedMeanwhile => "staff-changed-meanwhile",
            Self::ReasonMissing { .. } => "staff-reason-missing",
            Self::RequestUnknown => "staff-request-unknown",
            Self::SecondPersonNeeded => "staff-second-person-needed",
            Self::DecidedAlready => "staff-decided-already",
        }
    }
}

impl From<StaffRefusal> for Refusal {
    fn from(refusal: StaffRefusal) -> Self {
        Self::Staff(refusal)
    }
}

impl From<StaffRefusal> for Error {
    fn from(refusal: StaffRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<StaffRefusal> for Failure {
    fn from(refusal: StaffRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}
