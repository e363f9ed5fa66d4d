//! Whether there is a counter for everybody: who waits for something that no counter takes on waits for ever.

use crate::visit::{Class, Stage, TakesOn};

/// What no counter takes on: a whole stage, a whole class, a class at one stage, or (with neither) anything at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// At which stage; none for whatever stage.
    pub stage: Option<Stage>,
    /// Of which class; none for whatever class.
    pub class: Option<Class>,
    /// People who wait there.
    pub people: u32,
}

/// What none of these counters takes on, in the fewest words, with how many of the waiting (stage, class, people) it concerns.
pub fn gaps<'a>(counters: impl IntoIterator<Item = &'a TakesOn>, waiting: &[(Stage, Class, u32)]) -> Vec<Gap> {
    let counters: Vec<&TakesOn> = counters.into_iter().collect();
    let open = |stage, class| counters.iter().all(|counter| !counter.does(stage, class));
    let gap = |stage: Option<Stage>, class: Option<Class>| {
        let there = |at: &&(Stage, Class, u32)| {
            stage.is_none_or(|stage| stage == at.0) && class.is_none_or(|class| class == at.1) && open(at.0, at.1)
        };
        Gap { stage, class, people: waiting.iter().filter(there).map(|at| at.2).sum() }
    };
    let (missing, manned): (Vec<Stage>, Vec<Stage>) =
        Stage::ALL.into_iter().partition(|stage| Class::ALL.iter().all(|class| open(*stage, *class)));
    if manned.is_empty() {
        return vec![gap(None, None)];
    }
    let mut found: Vec<Gap> = missing.into_iter().map(|stage| gap(Some(stage), None)).collect();
    for class in Class::ALL {
        let without: Vec<Stage> = manned.iter().copied().filter(|stage| open(*stage, class)).collect();
        if without == manned {
            // Whoever of the class waits for a stage that nobody takes on at all is counted there already.
            let people = without.iter().map(|stage| gap(Some(*stage), Some(class)).people).sum();
            found.push(Gap { people, ..gap(None, Some(class)) });
        } else {
            found.extend(without.into_iter().map(|stage| gap(Some(stage), Some(class))));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING: [(Stage, Class, u32); 3] =
        [(Stage::Papers, Class::Scheduled, 4), (Stage::Photo, Class::Scheduled, 2), (Stage::Photo, Class::Priority, 1)];

    fn takes_on(stages: &[Stage], classes: &[Class]) -> TakesOn {
        TakesOn::new(stages, classes).unwrap()
    }

    fn of(counters: &[TakesOn]) -> Vec<(Option<Stage>, Option<Class>, u32)> {
        gaps(counters, &WAITING).into_iter().map(|gap| (gap.stage, gap.class, gap.people)).collect()
    }

    #[test]
    fn a_counter_that_takes_on_everything_leaves_no_gap_and_no_counter_leaves_one() {
        assert_eq!(of(&[TakesOn::everything()]), []);
        assert_eq!(of(&[]), [(None, None, 7)]);
    }

    #[test]
    fn a_stage_or_a_class_without_a_counter_is_named_once_with_who_waits_for_it() {
        let papers = takes_on(&[Stage::Papers], &Class::ALL);
        assert_eq!(of(&[papers]), [(Some(Stage::Photo), None, 3), (Some(Stage::Interview), None, 0)]);
        let early = takes_on(&[Stage::Papers, Stage::Photo], &[Class::Scheduled, Class::WalkIn]);
        assert_eq!(
            of(&[early]),
            [(Some(Stage::Interview), None, 0), (None, Some(Class::Priority), 1)],
            "the class is named once, not at each stage"
        );
    }

    #[test]
    fn a_class_that_is_forgotten_at_one_stage_is_named_there() {
        let papers = takes_on(&[Stage::Papers, Stage::Interview], &Class::ALL);
        let photo = takes_on(&[Stage::Photo], &[Class::Scheduled]);
        let without = [(Some(Stage::Photo), Some(Class::Priority), 1), (Some(Stage::Photo), Some(Class::WalkIn), 0)];
        assert_eq!(of(&[papers, photo]), without);
    }

    #[test]
    fn everybody_who_waits_in_vain_is_counted_once() {
        // Every set of stages and classes for two counters.
        let some = |bits: usize| {
            let stages: Vec<_> = Stage::ALL.into_iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).collect();
            let classes: Vec<_> =
                Class::ALL.into_iter().enumerate().filter(|(at, _)| bits >> (3 + at) & 1 == 1).collect();
            let (stages, classes): (Vec<_>, Vec<_>) =
                (stages.into_iter().map(|one| one.1).collect(), classes.into_iter().map(|one| one.1).collect());
            TakesOn::new(&stages, &classes)
        };
        for (one, other) in (0..64).flat_map(|one| (0..64).map(move |other| (one, other))) {
            let counters: Vec<TakesOn> = [some(one), some(other)].into_iter().flatten().collect();
            let in_vain: u32 = WAITING
                .iter()
                .filter(|(stage, class, _)| counters.iter().all(|counter| !counter.does(*stage, *class)))
                .map(|at| at.2)
                .sum();
            let told: u32 = gaps(&counters, &WAITING).iter().map(|gap| gap.people).sum();
            assert_eq!(told, in_vain, "{counters:?}");
        }
    }
}
