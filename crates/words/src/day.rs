//! The words of the day at an office: what the door says, where a visit stands, why somebody is called, and what is refused there.

use antrean_app::day::DayRefusal;
use antrean_domain::calling::Why;
use antrean_domain::catalogue::Catalogue;
use antrean_domain::coverage::Gap;
use antrean_domain::visit::{Class, MissingPaper, Outcome, PriorityReason, Stage, Verdict, VisitState};

use crate::names::office_name;
use crate::refusals::Said;
use crate::{Arg, Words};

/// A name of a table as the end of a key.
fn kebab(name: &str) -> String {
    name.replace('_', "-")
}

impl Words {
    /// How somebody comes to be there.
    pub fn class(&self, class: Class) -> String {
        self.say(&format!("day-class-{}", kebab(class.as_str())))
    }

    /// What is done at a counter.
    pub fn stage(&self, stage: Stage) -> String {
        self.say(&format!("day-stage-{}", kebab(stage.as_str())))
    }

    /// Where a visit stands.
    pub fn visit_state(&self, state: VisitState) -> String {
        self.say(&format!("day-state-{}", kebab(state.as_str())))
    }

    /// What a counter came to.
    pub fn outcome(&self, outcome: Outcome) -> String {
        self.say(&format!("day-outcome-{}", kebab(outcome.as_str())))
    }

    /// Why somebody goes before others.
    pub fn priority_reason(&self, reason: PriorityReason) -> String {
        self.say(&format!("day-reason-{}", kebab(reason.as_str())))
    }

    /// A paper that may be missing.
    pub fn missing_paper(&self, paper: MissingPaper) -> String {
        self.say(&format!("day-paper-{}", kebab(paper.as_str())))
    }

    /// Why somebody is called now.
    pub fn why_called(&self, why: Why) -> String {
        match why {
            Why::Turn { class } => self.say_with("day-why-turn", &[("class", self.class(class).into())]),
            Why::LongestWait { minutes } => self.say_with("day-why-longest-wait", &[("minutes", Arg::from(minutes))]),
            Why::BeforeTime { minutes } => self.say_with("day-why-before-time", &[("minutes", Arg::from(minutes))]),
            Why::ByNumber => self.say("day-why-by-number"),
        }
    }

    /// That no open counter takes on what people wait for, or may come to wait for.
    pub fn gap(&self, gap: Gap) -> String {
        self.uncovered(gap, |kind| format!("counter-gap-{kind}"))
    }

    /// That no counter at all is set to take something on.
    pub fn never_taken_on(&self, gap: Gap) -> String {
        self.uncovered(gap, |kind| format!("counter-never-{kind}"))
    }

    fn uncovered(&self, gap: Gap, key: impl Fn(&str) -> String) -> String {
        // A stage stands within the sentence, a class is a name.
        let stage = gap.stage.map(|stage| self.stage(stage).to_lowercase());
        let class = gap.class.map(|class| self.class(class));
        let kind = match (&stage, &class) {
            (None, None) => "all",
            (Some(_), None) => "stage",
            (None, Some(_)) => "class",
            (Some(_), Some(_)) => "both",
        };
        let mut args: Vec<(&str, Arg<'_>)> = vec![("people", gap.people.into())];
        args.extend(stage.map(|stage| ("stage", stage.into())));
        args.extend(class.map(|class| ("class", class.into())));
        self.say_with(&key(kind), &args)
    }

    /// What the door says, large: a few words, and what to do.
    pub fn verdict(&self, verdict: Verdict, catalogue: &Catalogue) -> (String, String) {
        let key = format!("day-verdict-{}", verdict.as_str().replace('_', "-"));
        let args: Vec<(&str, Arg<'_>)> = match verdict {
            Verdict::Early { minutes } | Verdict::Late { minutes } => vec![("minutes", Arg::from(minutes))],
            Verdict::Rest { missing } => vec![("missing", missing.into())],
            Verdict::WrongDay { date } => vec![("date", self.date(date).into())],
            Verdict::WrongOffice { office } | Verdict::Claimed { office } => {
                vec![("office", office_name(office, catalogue).into())]
            }
            _ => Vec::new(),
        };
        (self.say_with(&key, &args), self.say_with(&format!("{key}.do"), &args))
    }

    pub(crate) fn said_of_the_day<'a>(&self, refusal: &'a DayRefusal) -> Said<'a> {
        match refusal {
            DayRefusal::VisitUnknown => Said::new("day-refusal-visit-unknown"),
            DayRefusal::StandsElsewhere { number, state, counter, since: _ } => {
                Said::new("day-refusal-stands-elsewhere")
                    .with("number", number.to_string())
                    .with("state", self.visit_state(*state))
                    .with("counter", counter.unwrap_or_default())
            }
            DayRefusal::UndoTooLate { seconds } => Said::new("day-refusal-undo-too-late").with("seconds", *seconds),
            DayRefusal::ReinsertTooLate { minutes } => {
                Said::new("day-refusal-reinsert-too-late").with("minutes", *minutes)
            }
            DayRefusal::NobodyWaits => Said::new("day-refusal-nobody-waits"),
            DayRefusal::NoCounter => Said::new("day-refusal-no-counter"),
            DayRefusal::CounterBusy { number } => {
                Said::new("day-refusal-counter-busy").with("number", number.to_string())
            }
            DayRefusal::OtherCounter { counter } => Said::new("day-refusal-other-counter").with("counter", *counter),
            DayRefusal::CounterTaken { counter } => Said::new("day-refusal-counter-taken").with("counter", *counter),
            DayRefusal::Relieved { counter } => Said::new("day-refusal-relieved").with("counter", *counter),
            DayRefusal::CounterWrong { max } => Said::new("day-refusal-counter-wrong").with("max", *max),
            DayRefusal::CounterNumberWrong { max } => Said::new("day-refusal-counter-number-wrong").with("max", *max),
            DayRefusal::NumbersUsedUp => Said::new("day-refusal-numbers-used-up"),
            DayRefusal::PriorityFull => Said::new("day-refusal-priority-full"),
            DayRefusal::ReserveFull => Said::new("day-refusal-reserve-full"),
            DayRefusal::PeopleWrong { max } => Said::new("day-refusal-people-wrong").with("max", *max),
            DayRefusal::PapersNotNamed => Said::new("day-refusal-papers-not-named"),
            DayRefusal::NoteTooLong { max } => Said::new("day-refusal-note-too-long").with("max", *max),
            DayRefusal::NothingClaimed => Said::new("day-refusal-nothing-claimed"),
            DayRefusal::Disowned => Said::new("day-refusal-disowned"),
        }
    }
}

/// One of each; the match above is exhaustive, and a test counts this list.
#[cfg(test)]
pub(crate) fn every_refusal() -> Vec<DayRefusal> {
    use antrean_domain::visit::CallNumber;
    let number = CallNumber::new(Class::Scheduled, 17).unwrap();
    vec![
        DayRefusal::VisitUnknown,
        DayRefusal::StandsElsewhere {
            number,
            state: VisitState::Serving,
            counter: Some(3),
            since: jiff::Timestamp::UNIX_EPOCH,
        },
        DayRefusal::UndoTooLate { seconds: 120 },
        DayRefusal::ReinsertTooLate { minutes: 60 },
        DayRefusal::NobodyWaits,
        DayRefusal::NoCounter,
        DayRefusal::CounterBusy { number },
        DayRefusal::OtherCounter { counter: 3 },
        DayRefusal::CounterTaken { counter: 3 },
        DayRefusal::Relieved { counter: 3 },
        DayRefusal::CounterWrong { max: 99 },
        DayRefusal::CounterNumberWrong { max: 99 },
        DayRefusal::NumbersUsedUp,
        DayRefusal::PriorityFull,
        DayRefusal::ReserveFull,
        DayRefusal::PeopleWrong { max: 5 },
        DayRefusal::PapersNotNamed,
        DayRefusal::NoteTooLong { max: 1000 },
        DayRefusal::NothingClaimed,
        DayRefusal::Disowned,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use antrean_app::caller::Language;

    use super::*;
    use antrean_domain::catalogue::CatalogueFiles;

    #[test]
    fn no_refusal_of_the_day_is_forgotten_here() {
        let tried: BTreeSet<&str> = every_refusal().iter().map(DayRefusal::code).collect();
        assert_eq!(tried.len(), 20, "a refusal was added or removed: bring `every_refusal` up to date");
    }

    #[test]
    fn everything_of_the_day_has_words_in_both_languages() {
        let office = antrean_domain::office::OfficeCode::parse("BTM").unwrap();
        let date = jiff::civil::date(2026, 12, 1);
        let catalogue = Catalogue::parse(&CatalogueFiles::builtin()).unwrap();
        for language in [Language::Id, Language::En] {
            let words = Words::of(language);
            let mut all: Vec<String> = Vec::new();
            all.extend(Class::ALL.map(|class| words.class(class)));
            all.extend(Stage::ALL.map(|stage| words.stage(stage)));
            all.extend(VisitState::ALL.map(|state| words.visit_state(state)));
            all.extend(Outcome::ALL.map(|outcome| words.outcome(outcome)));
            all.extend(PriorityReason::ALL.map(|reason| words.priority_reason(reason)));
            all.extend(MissingPaper::ALL.map(|paper| words.missing_paper(paper)));
            for why in [
                Why::Turn { class: Class::Priority },
                Why::LongestWait { minutes: 61 },
                Why::BeforeTime { minutes: 5 },
                Why::ByNumber,
            ] {
                all.push(words.why_called(why));
            }
            for stage in [None, Some(Stage::Photo)] {
                for class in [None, Some(Class::Priority)] {
                    all.push(words.never_taken_on(Gap { stage, class, people: 0 }));
                    all.extend([0, 3].map(|people| words.gap(Gap { stage, class, people })));
                }
            }
            for verdict in [
                Verdict::OnTime,
                Verdict::Early { minutes: 40 },
                Verdict::Late { minutes: 20 },
                Verdict::Rest { missing: 0 },
                Verdict::Rest { missing: 2 },
                Verdict::WrongDay { date },
                Verdict::WrongOffice { office },
                Verdict::Cancelled,
                Verdict::Revoked,
                Verdict::Claimed { office },
                Verdict::WentHome,
                Verdict::AlreadyIn,
                Verdict::WasAbsent,
                Verdict::AlreadyServed,
                Verdict::Missed,
                Verdict::Unknown,
                Verdict::Forged,
            ] {
                let (says, then) = words.verdict(verdict, &catalogue);
                all.extend([says, then]);
            }
            for text in all {
                assert!(
                    text.contains(char::is_alphabetic) && !text.starts_with("day-") && !text.starts_with("counter-"),
                    "{language:?} {text}"
                );
            }
        }
    }
}
