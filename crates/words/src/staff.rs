//! The words of the offices: what somebody is, and what staff do.

use antrean_domain::closure::{Cause, Relocation};
use antrean_domain::staff::{Role, Task};

use crate::Words;

impl Words {
    /// What somebody is, such as "Kepala kantor".
    pub fn role(&self, role: Role) -> String {
        self.say(match role {
            Role::Officer => "role-officer",
            Role::Head => "role-head",
            Role::Admin => "role-admin",
            Role::Auditor => "role-auditor",
        })
    }

    /// Why an office closes, as a kind.
    pub fn cause(&self, cause: Cause) -> String {
        self.say(match cause {
            Cause::Disaster => "cause-disaster",
            Cause::Outage => "cause-outage",
            Cause::Order => "cause-order",
            Cause::Staff => "cause-staff",
            Cause::Security => "cause-security",
            Cause::Other => "cause-other",
        })
    }

    /// Where the people of a closure go.
    pub fn relocation(&self, relocation: Relocation) -> String {
        self.say(match relocation {
            Relocation::SameOffice => "relocation-same-office",
            Relocation::Family => "relocation-family",
            Relocation::Choose => "relocation-choose",
            Relocation::Release => "relocation-release",
        })
    }

    /// The same in a sentence, for whoever chooses.
    pub fn relocation_hint(&self, relocation: Relocation) -> String {
        self.say(match relocation {
            Relocation::SameOffice => "relocation-same-office-hint",
            Relocation::Family => "relocation-family-hint",
            Relocation::Choose => "relocation-choose-hint",
            Relocation::Release => "relocation-release-hint",
        })
    }

    /// Who does something, for the log of changes, where it is nobody with a name: `account`, `nobody`, `clock`, `operator`.
    pub fn actor(&self, kind: &str) -> String {
        self.say(match kind {
            "account" => "actor-account",
            "nobody" => "actor-nobody",
            "clock" => "actor-clock",
            "operator" => "actor-operator",
            _ => "actor-staff",
        })
    }

    /// What is asked for that needs a second person, by the name of its operation.
    pub fn approval_kind(&self, kind: &str) -> String {
        match kind {
            "walk_in" => self.say("approval-walk-in"),
            "move_claim" => self.say("approval-move-claim"),
            "staff_change" => self.say("approval-staff-change"),
            "closure_start" => self.say("approval-closure-start"),
            "timetable_change" => self.say("approval-timetable-change"),
            other => other.to_owned(),
        }
    }

    /// What staff do, as it is put into a sentence.
    pub fn task(&self, task: Task) -> String {
        self.say(match task {
            Task::Look => "task-look",
            Task::Door => "task-door",
            Task::Counter => "task-counter",
            Task::People => "task-people",
            Task::Unmask => "task-unmask",
            Task::Quota => "task-quota",
            Task::Close => "task-close",
            Task::Describe => "task-describe",
            Task::Found => "task-found",
            Task::Staff => "task-staff",
            Task::Approve => "task-approve",
            Task::Report => "task-report",
            Task::Audit => "task-audit",
        })
    }
}
