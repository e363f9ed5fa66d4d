//! What staff are refused, as text.

use antrean_app::staff::StaffRefusal;
use antrean_domain::catalogue::Catalogue;

use crate::Words;
use crate::names::office_name;
use crate::refusals::Said;

impl Words {
    pub(crate) fn said_to_staff<'a>(&self, refusal: &'a StaffRefusal, catalogue: &'a Catalogue) -> Said<'a> {
        match refusal {
            StaffRefusal::SignedOut => Said::new("staff-refusal-signed-out"),
            StaffRefusal::SignInWrong => Said::new("staff-refusal-sign-in-wrong"),
            StaffRefusal::SecondFactorWrong => Said::new("staff-refusal-second-factor-wrong"),
            StaffRefusal::LinkGone => Said::new("staff-refusal-link-gone"),
            StaffRefusal::PasskeyWrong => Said::new("staff-refusal-passkey-wrong"),
            StaffRefusal::PasskeyTooLate => Said::new("staff-refusal-passkey-too-late"),
            StaffRefusal::PasskeyCopied => Said::new("staff-refusal-passkey-copied"),
            StaffRefusal::PasskeyKnown => Said::new("staff-refusal-passkey-known"),
            StaffRefusal::PasskeysEnough { max } => Said::new("staff-refusal-passkeys-enough").with("max", *max),
            StaffRefusal::PasskeyNameMissing { max } => {
                Said::new("staff-refusal-passkey-name-missing").with("max", *max)
            }
            StaffRefusal::LastWayIn => Said::new("staff-refusal-last-way-in"),
            StaffRefusal::SignInAgain => Said::new("staff-refusal-sign-in-again"),
            StaffRefusal::TaskNotYours { task } => {
                Said::new("staff-refusal-task-not-yours").with("task", self.task(*task))
            }
            StaffRefusal::OfficeNotYours { office } => {
                Said::new("staff-refusal-office-not-yours").with("office", office_name(*office, catalogue))
            }
            StaffRefusal::LoginTaken => Said::new("staff-refusal-login-taken"),
            StaffRefusal::MemberUnknown => Said::new("staff-refusal-member-unknown"),
            StaffRefusal::NameMissing { max } => Said::new("staff-refusal-name-missing").with("max", *max),
            StaffRefusal::OfficesWrong { max } => Said::new("staff-refusal-offices-wrong").with("max", *max),
            StaffRefusal::LastAdmin => Said::new("staff-refusal-last-admin"),
            StaffRefusal::NotYourself => Said::new("staff-refusal-not-yourself"),
            StaffRefusal::ClosureBegun => Said::new("staff-refusal-closure-begun"),
            StaffRefusal::NothingToClose => Said::new("staff-refusal-nothing-to-close"),
            StaffRefusal::ClosureDuringDraw => Said::new("staff-refusal-closure-during-draw"),
            StaffRefusal::ClosureUnknown => Said::new("staff-refusal-closure-unknown"),
            StaffRefusal::NotToCall => Said::new("staff-refusal-not-to-call"),
            StaffRefusal::TimetableWrong => Said::new("staff-refusal-timetable-wrong"),
            StaffRefusal::OfficeDataWrong { field, .. } => {
                Said::new("staff-refusal-office-data-wrong").with("field", field.as_str())
            }
            StaffRefusal::OfficeCodeTaken { office } => {
                Said::new("staff-refusal-office-code-taken").with("office", office_name(*office, catalogue))
            }
            StaffRefusal::ChangedMeanwhile => Said::new("staff-refusal-changed-meanwhile"),
            StaffRefusal::ReasonMissing { max } => Said::new("staff-refusal-reason-missing").with("max", *max),
            StaffRefusal::RequestUnknown => Said::new("staff-refusal-request-unknown"),
            StaffRefusal::SecondPersonNeeded => Said::new("staff-refusal-second-person-needed"),
            StaffRefusal::DecidedAlready => Said::new("staff-refusal-decided-already"),
        }
    }
}

/// One of each; the match above is exhaustive, and a test counts this list.
#[cfg(test)]
pub(crate) fn every_refusal() -> Vec<StaffRefusal> {
    use antrean_domain::staff::Task;
    let office = antrean_domain::office::OfficeCode::parse("BTM").unwrap();
    let mut all = vec![
        StaffRefusal::SignedOut,
        StaffRefusal::SignInWrong,
        StaffRefusal::SecondFactorWrong,
        StaffRefusal::LinkGone,
        StaffRefusal::PasskeyWrong,
        StaffRefusal::PasskeyTooLate,
        StaffRefusal::PasskeyCopied,
        StaffRefusal::PasskeyKnown,
        StaffRefusal::PasskeysEnough { max: 10 },
        StaffRefusal::PasskeyNameMissing { max: 60 },
        StaffRefusal::LastWayIn,
        StaffRefusal::SignInAgain,
        StaffRefusal::OfficeNotYours { office },
        StaffRefusal::LoginTaken,
        StaffRefusal::MemberUnknown,
        StaffRefusal::NameMissing { max: 100 },
        StaffRefusal::OfficesWrong { max: 50 },
        StaffRefusal::LastAdmin,
        StaffRefusal::NotYourself,
        StaffRefusal::ClosureBegun,
        StaffRefusal::NothingToClose,
        StaffRefusal::ClosureDuringDraw,
        StaffRefusal::ClosureUnknown,
        StaffRefusal::NotToCall,
        StaffRefusal::TimetableWrong,
        StaffRefusal::OfficeDataWrong {
            field: "latitude".to_owned(),
            why: "is no number".to_owned(),
            others: Vec::new(),
        },
        StaffRefusal::OfficeCodeTaken { office },
        StaffRefusal::ChangedMeanwhile,
        StaffRefusal::ReasonMissing { max: 500 },
        StaffRefusal::RequestUnknown,
        StaffRefusal::SecondPersonNeeded,
        StaffRefusal::DecidedAlready,
    ];
    all.extend(Task::ALL.map(|task| StaffRefusal::TaskNotYours { task }));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_refusal_of_staff_is_forgotten_here() {
        let tried: BTreeSet<&str> = every_refusal().iter().map(StaffRefusal::code).collect();
        assert_eq!(tried.len(), 33, "a refusal was added or removed: bring `every_refusal` up to date");
    }
}
