//! Every kind of line that the log of changes can hold, in groups as they are looked for. A line of a kind that is not here is a fault
//! of the program; tests stop at it, and `words` has a sentence for each.

/// What a kind is about, for whoever looks for lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindGroup {
    /// Places: entries, appointments, what became of them.
    Places,
    /// The day at an office: door and counters.
    Day,
    /// Hours, quotas, closures, what is known of an office.
    Office,
    /// Staff: coming in, changes of people, requests.
    Staff,
    /// Releases: opening, freezing, drawing, waves.
    Release,
    /// Accounts of applicants.
    Account,
    /// What was refused.
    Refused,
}

impl KindGroup {
    /// All groups.
    pub const ALL: [Self; 7] =
        [Self::Places, Self::Day, Self::Office, Self::Staff, Self::Release, Self::Account, Self::Refused];

    /// The group's name in addresses and keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Places => "places",
            Self::Day => "day",
            Self::Office => "office",
            Self::Staff => "staff",
            Self::Release => "release",
            Self::Account => "account",
            Self::Refused => "refused",
        }
    }

    /// The group of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == name)
    }

    /// The kinds of the group.
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Places => PLACES,
            Self::Day => DAY,
            Self::Office => OFFICE,
            Self::Staff => STAFF,
            Self::Release => RELEASE,
            Self::Account => ACCOUNT,
            Self::Refused => REFUSED,
        }
    }
}

const PLACES: &[&str] = &[
    "entered",
    "changed",
    "withdrawn",
    "drawn",
    "place_left",
    "waved",
    "booked",
    "moved",
    "moved_by_office",
    "wished",
    "replaced",
    "expired",
    "places_opened",
    "cancelled",
    "cancelled_late",
    "revoked",
    "checked_in",
    "called",
    "served",
    "no_show",
    "unrecorded",
    "claim_moved",
    "unmasked",
];

const DAY: &[&str] = &[
    "door_no",
    "visit_arrived",
    "visit_rest_arrived",
    "visit_walked_in",
    "visit_called",
    "visit_recalled",
    "visit_started",
    "visit_parked",
    "visit_unparked",
    "visit_transferred",
    "visit_put_back",
    "visit_finished",
    "visit_absent",
    "visit_reinserted",
    "visit_left",
    "visit_undone",
    "visit_revoked",
    "visit_unrecorded",
    "visit_inaccurate",
    "visit_noted",
    "counter_set",
    "counter_removed",
    "counter_opened",
    "counter_taken_over",
    "counter_closed",
    "day_ended",
];

const OFFICE: &[&str] = &[
    "timetable_changed",
    "office_changed",
    "office_founded",
    "closed",
    "closure_done",
    "closure_lifted",
    "closure_called",
];

const STAFF: &[&str] = &[
    "staff_added",
    "staff_invited_again",
    "staff_began",
    "staff_changed",
    "staff_disabled",
    "staff_signed_in",
    "staff_signed_out",
    "staff_sign_in_wrong",
    "staff_password_changed",
    "staff_passkey_added",
    "staff_passkey_used",
    "staff_passkey_removed",
    "staff_passkey_counted_back",
    "approval_asked",
    "approval_given",
    "approval_declined",
    "approval_withdrawn",
];

const RELEASE: &[&str] = &[
    "planned",
    "open",
    "frozen",
    "freeze_published",
    "beacon_given",
    "drawing",
    "draw_complete",
    "wave_done",
    "wave_missed",
    "line_opened",
    "line_ordered_by_beacon",
    "line_ordered_by_secret",
];

const ACCOUNT: &[&str] = &[
    "code_sent",
    "code_wrong",
    "signed_in",
    "signed_out",
    "stated_self",
    "family_added",
    "family_removed",
    "forgotten",
];

const REFUSED: &[&str] = &["refused"];

/// Whether lines of this kind are written.
pub fn is_kind(kind: &str) -> bool {
    KindGroup::ALL.iter().any(|group| group.kinds().contains(&kind))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use antrean_domain::appointment::AppointmentState;
    use antrean_domain::visit::VisitEvent;

    use super::*;

    /// The code of all crates but this file, as lines.
    fn lines() -> Vec<String> {
        fn gather(folder: &Path, into: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    gather(&path, into);
                } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("kinds.rs") {
                    into.extend(fs::read_to_string(&path).unwrap().lines().map(str::to_owned));
                }
            }
        }
        let mut lines = Vec::new();
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut lines);
        lines
    }

    /// The words in quotes of a line.
    fn quoted(line: &str) -> impl Iterator<Item = &str> {
        line.split('"')
            .skip(1)
            .step_by(2)
            .filter(|word| !word.is_empty() && word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()))
    }

    #[test]
    fn every_kind_that_the_code_writes_is_in_a_group() {
        let writes = ["note(tx", "note(cx", "note_wave(tx", "note_place(tx", "note_counter(tx", "line_note("];
        let mut found = 0;
        for line in lines() {
            let kind = match line.split_once("kind: ") {
                Some((_, rest)) if rest.starts_with('"') => quoted(rest).next(),
                _ if line.starts_with("const ") && line.contains("\"counter_") => quoted(&line).next(),
                _ if writes.iter().any(|write| line.contains(write)) => quoted(&line).next(),
                _ => None,
            };
            if let Some(kind) = kind {
                assert!(is_kind(kind), "{kind} is in no group: {line}");
                found += 1;
            }
        }
        assert!(found > 50, "{found}");
        for event in VisitEvent::ALL {
            assert!(is_kind(&crate::day::kind(event)), "{event:?}");
        }
        for state in AppointmentState::ALL {
            assert!(is_kind(state.as_str()), "{state}");
        }
        for state in ["planned", "open", "frozen", "drawing", "drawn", "closed"] {
            assert!(is_kind(state), "{state}");
        }
    }

    #[test]
    fn no_kind_is_in_two_groups() {
        let mut all: Vec<&str> = KindGroup::ALL.iter().flat_map(|group| group.kinds()).copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
