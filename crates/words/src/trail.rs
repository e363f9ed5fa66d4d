//! The log of changes in words: what happened, and why where the reason is a code.

use antrean_app::staff::KindGroup;
use antrean_domain::calling::Why;
use antrean_domain::service::ServiceCode;
use antrean_domain::visit::{Class, MissingPaper, Outcome, PriorityReason, Stage};
use antrean_store::events::Recorded;

use crate::{Arg, Words};

impl Words {
    /// What happened, such as "Dipanggil". A kind that this version does not know is shown as it was written.
    pub fn event(&self, line: &Recorded) -> String {
        // A release that is over and an office that closes are written with the same word.
        let is_release = line.kind == "closed" && line.release.is_some();
        let kind = if is_release { "release-closed".to_owned() } else { line.kind.replace('_', "-") };
        let key = format!("event-{kind}");
        if self.has(&key) { self.say(&key) } else { line.kind.clone() }
    }

    /// What a group of kinds is about.
    pub fn event_group(&self, group: KindGroup) -> String {
        self.say(&format!("event-group-{}", group.as_str()))
    }

    /// What was written beside it, in words where it is a code.
    pub fn event_why(&self, line: &Recorded) -> String {
        let Some(reason) = line.reason.as_deref() else { return String::new() };
        let (first, rest) = reason.split_once(' ').unwrap_or((reason, ""));
        match line.kind.as_str() {
            "visit_called" => {
                let (counter, why) = rest.split_once(' ').unwrap_or((rest, ""));
                let why = Why::from_code(why).map_or_else(|| why.to_owned(), |why| self.why_called(why));
                join(&[first.to_owned(), self.why_with("event-why-counter", "number", counter), why])
            }
            "visit_recalled" | "visit_absent" => join(&[first.to_owned(), self.why_count("event-why-times", rest)]),
            "visit_arrived" | "visit_rest_arrived" => {
                let (people, kept) = rest.split_once(' ').unwrap_or((rest, ""));
                join(&[first.to_owned(), self.why_count("event-why-people", people), self.why_word(kept)])
            }
            "counter_set" | "counter_removed" | "counter_opened" | "counter_taken_over" | "counter_closed" => {
                join(&[self.why_with("event-why-counter", "number", first), self.why_counter(rest)])
            }
            kind if kind.starts_with("visit_") => {
                let words = rest.split([' ', ',']).map(|code| self.why_word(code));
                join(&std::iter::once(first.to_owned()).chain(words).collect::<Vec<_>>())
            }
            "door_no" => self.why_door(reason),
            _ => self.why_numbered(reason),
        }
    }

    /// `staff 7: why`, `request 3`, `closure 2: why`, `staff 7, passkey 1`: the noun in words, what follows as it was written.
    fn why_numbered(&self, reason: &str) -> String {
        let part = |part: &str| {
            let (noun, number) = part.trim().split_once(' ')?;
            let key = match noun {
                "staff" => "event-why-staff",
                "request" => "event-why-request",
                "closure" => "event-why-closure",
                "passkey" => "event-why-passkey",
                _ => return None,
            };
            number.parse::<u64>().ok().map(|_| self.why_with(key, "number", number))
        };
        let (numbers, why) = reason.split_once(": ").unwrap_or((reason, ""));
        match numbers.split(',').map(part).collect::<Option<Vec<_>>>() {
            Some(parts) if why.is_empty() => parts.join(", "),
            Some(parts) => format!("{}: {why}", parts.join(", ")),
            None => reason.to_owned(),
        }
    }

    /// What a counter takes on, or whose it was.
    fn why_counter(&self, rest: &str) -> String {
        if rest.starts_with("staff ") {
            return self.why_numbered(rest);
        }
        let class = |code: &str| Class::ALL.into_iter().find(|it| it.as_str() == code).map(|it| self.class(it));
        let words = rest.split([' ', ',']).map(|code| class(code).unwrap_or_else(|| self.why_word(code)));
        join(&words.collect::<Vec<_>>())
    }

    fn why_door(&self, verdict: &str) -> String {
        let key = format!("day-verdict-{}", verdict.replace('_', "-"));
        if self.has(&key) { self.say(&key) } else { verdict.to_owned() }
    }

    fn why_count(&self, key: &str, number: &str) -> String {
        number
            .parse::<u32>()
            .map_or_else(|_| number.to_owned(), |count| self.say_with(key, &[("count", Arg::from(count))]))
    }

    fn why_with(&self, key: &str, name: &str, value: &str) -> String {
        if value.is_empty() { String::new() } else { self.say_with(key, &[(name, Arg::from(value))]) }
    }

    /// A code of the day in words. A code that several tables have means the same in all of them.
    fn why_word(&self, code: &str) -> String {
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == code).map(|stage| self.stage(stage));
        let outcome = || Outcome::ALL.into_iter().find(|it| it.as_str() == code).map(|it| self.outcome(it));
        let paper = || MissingPaper::ALL.into_iter().find(|it| it.as_str() == code).map(|it| self.missing_paper(it));
        let reason =
            || PriorityReason::ALL.into_iter().find(|it| it.as_str() == code).map(|it| self.priority_reason(it));
        let service = || ServiceCode::ALL.into_iter().find(|it| it.as_str() == code).map(|it| self.service(it));
        let known = stage.or_else(outcome).or_else(paper).or_else(reason).or_else(service);
        known.unwrap_or_else(|| match code {
            "kept" => self.say("event-why-kept"),
            "reserve" => self.say("event-why-reserve"),
            other => other.to_owned(),
        })
    }
}

fn join(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    fn line(kind: &str, reason: &str) -> Recorded {
        Recorded {
            id: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: "staff".to_owned(),
            actor_id: Some(1),
            kind: kind.to_owned(),
            release: None,
            party: None,
            slot: None,
            office: None,
            reason: Some(reason.to_owned()),
            network: None,
            device: None,
        }
    }

    #[test]
    fn every_kind_that_can_be_written_has_words_in_both_languages() {
        for language in [Language::Id, Language::En] {
            let words = Words::of(language);
            for group in KindGroup::ALL {
                assert!(!words.event_group(group).is_empty());
                for kind in group.kinds() {
                    assert!(words.has(&format!("event-{}", kind.replace('_', "-"))), "{kind} has no words");
                }
            }
        }
    }

    #[test]
    fn codes_beside_a_line_are_put_into_words() {
        let words = Words::of(Language::En);
        for (kind, reason, said) in [
            ("visit_called", "A-012 3 turn priority", "A-012, counter 3, "),
            ("visit_transferred", "A-012 photo", "A-012, "),
            ("visit_finished", "P-001 papers_missing family_card,certificate", "P-001, "),
            ("visit_arrived", "A-001 2 kept", "A-001, 2 people, kept at the door while the network was away"),
            ("visit_recalled", "A-001 2", "A-001, call number 2"),
            ("counter_opened", "4", "counter 4"),
            ("counter_taken_over", "4 staff 7", "counter 4, staff 7"),
            ("counter_set", "2 papers,photo priority", "counter 2, "),
            ("staff_disabled", "staff 7: has retired", "staff 7: has retired"),
            ("approval_given", "request 12", "request 12"),
            ("closed", "closure 2: flood", "closure 2: flood"),
            ("staff_passkey_used", "staff 3, passkey 1", "staff 3, passkey 1"),
            ("timetable_changed", "two more counters", "two more counters"),
        ] {
            let why = words.event_why(&line(kind, reason));
            assert!(why.starts_with(said), "{kind}: {why}");
            for code in ["turn priority", "photo ", "papers_missing", "family_card", "certificate,"] {
                assert!(!why.contains(code) || !reason.contains(code), "{kind}: {why}");
            }
        }
    }
}
