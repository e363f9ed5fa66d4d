//! What a rehearsal came to: goals that were met or missed, rules that held or were broken, and what the numbers cannot say.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use antrean_domain::release::Mode;
use serde::Serialize;

use super::audit::{Audit, Rule};
use super::kind::Kind;
use super::ledger::{Account, End, Holds};
use super::population::Visitor;
use super::recorder::Measured;

/// Of so many requests in a hundred that left late, the generator was the limit.
const LATE_PERCENT: f64 = 1.0;
/// A kind of bot does better when it lies above the citizens by more than so many standard errors: one time in thirty thousand by chance.
const ERRORS: f64 = 4.0;
/// Fewer parties of a kind show nothing.
const PARTIES_MIN: u32 = 20;

/// What must be reached; the defaults are those of the design, section 10.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goals {
    /// p99 of entering and booking, in milliseconds, from the instant the request was due.
    pub p99_ms: f64,
    /// p99 of all other requests, in milliseconds.
    pub others_p99_ms: f64,
    /// Answers to people that say to come back later, in hundredths.
    pub later_percent: f64,
    /// People who stayed and came to no end, in hundredths.
    pub lost_percent: f64,
    /// Seconds from the freeze to the last result.
    pub draw_s: f64,
    /// The server's memory at its peak, in millions of bytes; only where the server is on this machine.
    pub memory_mb: f64,
    /// Whether no kind of bot may do better than citizens.
    pub fair: bool,
}

impl Default for Goals {
    fn default() -> Self {
        Self {
            p99_ms: 150.0,
            others_p99_ms: 150.0,
            later_percent: 1.0,
            lost_percent: 0.1,
            draw_s: 20.0,
            memory_mb: 500.0,
            fair: true,
        }
    }
}

/// A goal and what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// Names it for programs.
    pub name: &'static str,
    /// What it asks for, as a sentence.
    pub wanted: String,
    /// What was found.
    pub found: String,
    /// Whether it is met.
    pub met: bool,
}

/// How a rehearsal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every rule held and every goal was met.
    Holds,
    /// Every rule held, but some goal was missed.
    Missed,
    /// A rule was broken.
    Broken,
    /// It was ended before its time; whatever it shows is only a part.
    Partial,
}

impl Verdict {
    /// The verdict of a rehearsal.
    pub fn of(goals: &[Goal], audit: &Audit, interrupted: bool) -> Self {
        if !audit.holds() {
            Self::Broken
        } else if interrupted {
            Self::Partial
        } else if goals.iter().all(|goal| goal.met) {
            Self::Holds
        } else {
            Self::Missed
        }
    }

    /// The verdict in a word or two.
    pub fn label(self) -> &'static str {
        match self {
            Self::Holds => "IT HOLDS",
            Self::Missed => "GOALS MISSED",
            Self::Broken => "A RULE IS BROKEN",
            Self::Partial => "ENDED EARLY",
        }
    }
}

/// What became of the clients of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfKind {
    /// The kind.
    pub kind: Kind,
    /// What it is called.
    pub label: &'static str,
    /// Accounts.
    pub accounts: u32,
    /// Parties that asked for a place; accounts of one NIK are one party.
    pub parties: u32,
    /// People in them.
    pub people: u32,
    /// Parties that came to a place, at the draw or by booking.
    pub parties_placed: u32,
    /// People in those.
    pub people_placed: u32,
    /// Accounts that got through.
    pub done: u32,
    /// Accounts that went away by their own choice.
    pub left: u32,
    /// Accounts that were refused.
    pub refused: u32,
    /// Accounts that came to no end.
    pub lost: u32,
}

impl OfKind {
    /// The share of parties with a place, from 0 to 1.
    pub fn chance(&self) -> f64 {
        f64::from(self.parties_placed) / f64::from(self.parties.max(1))
    }
}

/// Counts what became of everybody, by kind. Only kinds that came are listed.
pub fn by_kind(visitors: &[Visitor], accounts: &[Account], drawn: &BTreeMap<String, bool>) -> Vec<OfKind> {
    let mut kinds = Vec::new();
    for kind in Kind::ALL {
        let mut of = OfKind {
            kind,
            label: kind.label(),
            accounts: 0,
            parties: 0,
            people: 0,
            parties_placed: 0,
            people_placed: 0,
            done: 0,
            left: 0,
            refused: 0,
            lost: 0,
        };
        let (mut asked, mut placed) = (HashSet::new(), HashSet::new());
        for (visitor, account) in visitors.iter().zip(accounts).filter(|(visitor, _)| visitor.kind == kind) {
            of.accounts += 1;
            match account.end {
                End::Done => of.done += 1,
                End::Left | End::Open => of.left += 1,
                End::Refused(_) => of.refused += 1,
                End::GaveUp(_) | End::Unfinished => of.lost += 1,
            }
            let size = visitor.household.people.len() as u32;
            if account.asked && asked.insert(visitor.party) {
                of.parties += 1;
                of.people += size;
            }
            if had_place(account, drawn) && placed.insert(visitor.party) {
                of.parties_placed += 1;
                of.people_placed += size;
            }
        }
        if of.accounts > 0 {
            kinds.push(of);
        }
    }
    kinds
}

/// Whether an account came to a place, even if it gave it back: what a draw gave, or what was booked.
fn had_place(account: &Account, drawn: &BTreeMap<String, bool>) -> bool {
    match &account.entry_id {
        Some(id) if !drawn.is_empty() => drawn.get(id).copied().unwrap_or_default(),
        _ => matches!(account.holds, Holds::Place { .. }) || (drawn.is_empty() && !account.gave_back.is_empty()),
    }
}

/// What the goals are held against.
pub struct Found<'a> {
    /// How places were given.
    pub mode: Mode,
    /// The measurements.
    pub measured: &'a Measured,
    /// What became of everybody.
    pub kinds: &'a [OfKind],
    /// From the freeze to the last result.
    pub draw: Option<Duration>,
    /// The server's memory at its peak, in bytes.
    pub memory: Option<u64>,
}

impl Goals {
    /// Every goal that this rehearsal can say something about.
    pub fn hold_against(&self, found: &Found<'_>) -> Vec<Goal> {
        let Found { mode, measured, kinds, draw, memory } = found;
        let mut goals = Vec::new();
        let mut at_most = |name, what: &str, most: f64, found: f64, unit: &str| {
            goals.push(Goal {
                name,
                wanted: format!("{what} at most {most}{unit}"),
                found: format!("{found:.1}{unit}"),
                met: found <= most,
            });
        };
        let asking = if *mode == Mode::Draw { "entering, and booking leftovers: p99" } else { "booking: p99" };
        at_most("asking_p99_ms", asking, self.p99_ms, measured.asking.p99_ms, " ms");
        at_most("others_p99_ms", "everything else: p99", self.others_p99_ms, measured.others.p99_ms, " ms");
        let percent = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
        let later = percent(measured.later.0, measured.answers.0);
        at_most("later_percent", "answers to people that say to come back later:", self.later_percent, later, " %");
        let people = || kinds.iter().filter(|of| !of.kind.is_bot());
        let stayed: u32 = people().map(|of| of.accounts - of.left).sum();
        let lost: u32 = people().map(|of| of.lost).sum();
        let lost = percent(lost.into(), stayed.into());
        at_most("lost_percent", "people who came to no end:", self.lost_percent, lost, " %");
        if let Some(draw) = draw {
            at_most("draw_s", "from the freeze to the last result", self.draw_s, draw.as_secs_f64(), " s");
        }
        if let Some(memory) = memory {
            at_most("memory_mb", "the server's memory", self.memory_mb, *memory as f64 / 1e6, " MB");
        }
        if self.fair {
            goals.extend(fairness(kinds));
        }
        goals
    }
}

/// No kind of bot does better than citizens, as far as so many can tell it from chance.
fn fairness(kinds: &[OfKind]) -> Option<Goal> {
    let citizens = kinds.iter().filter(|of| !of.kind.is_bot());
    let (parties, placed) = citizens.fold((0, 0), |(n, k), of| (n + of.parties, k + of.parties_placed));
    let bots: Vec<&OfKind> = kinds.iter().filter(|of| of.kind.is_bot() && of.parties >= PARTIES_MIN).collect();
    if parties < PARTIES_MIN || bots.is_empty() {
        return None;
    }
    let chance = f64::from(placed) / f64::from(parties);
    let better = bots.iter().filter(|of| {
        let all = f64::from(placed + of.parties_placed) / f64::from(parties + of.parties);
        let error = (all * (1.0 - all) * (1.0 / f64::from(parties) + 1.0 / f64::from(of.parties))).sqrt();
        of.chance() - chance > ERRORS * error
    });
    let better: Vec<&str> = better.map(|of| of.label).collect();
    let shares = bots.iter().map(|of| format!("{} {:.1} %", of.label, 100.0 * of.chance()));
    let shares = shares.collect::<Vec<_>>().join(", ");
    Some(Goal {
        name: "fair",
        wanted: "no kind of bot comes to a place more often than citizens".to_owned(),
        found: format!("citizens {:.1} %; {shares}", 100.0 * chance),
        met: better.is_empty(),
    })
}

/// What the reader has to know beside the numbers.
pub fn cautions(measured: &Measured, waited_for_line: u64, interrupted: bool, unsure: u32) -> Vec<String> {
    let mut cautions = Vec::new();
    let all = measured.lateness.count.max(1);
    let late = 100.0 * measured.late as f64 / all as f64;
    if interrupted {
        cautions.push("The rehearsal was ended early: it shows a part, and proves nothing.".to_owned());
    }
    if late >= LATE_PERCENT {
        cautions.push(format!(
            "The generator was the limit: {} of {all} requests ({late:.1} %) left more than 50 ms after they were due, \
             1 % of them {:.0} ms and more. Their latencies include that; the server may be faster than this shows.",
            measured.late, measured.lateness.p99_ms
        ));
    }
    if waited_for_line > 0 {
        cautions.push(format!(
            "{waited_for_line} requests waited for a free connection of the generator; their latencies include that."
        ));
    }
    if unsure > 0 {
        cautions.push(format!(
            "The answers to {unsure} changes never came; what became of them is not held against the server."
        ));
    }
    cautions
}

/// Says of a rule whether it held.
pub fn rule_lines(audit: &Audit, draw: bool, store: bool) -> Vec<(Rule, u32)> {
    let applies = |rule: &Rule| match rule {
        Rule::DrawHolds => draw,
        Rule::StoreHolds => store,
        _ => true,
    };
    let count = |rule: Rule| audit.broken.get(&rule).copied().unwrap_or_default();
    Rule::ALL.into_iter().filter(applies).map(|rule| (rule, count(rule))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::recorder::{Noted, Recorder, Reply, Step};
    use super::*;

    fn kind(kind: Kind, parties: u32, parties_placed: u32) -> OfKind {
        OfKind {
            kind,
            label: kind.label(),
            accounts: parties,
            parties,
            people: parties,
            parties_placed,
            people_placed: parties_placed,
            done: parties,
            left: 0,
            refused: 0,
            lost: 0,
        }
    }

    fn measured(took_ms: u64) -> Measured {
        let now = Instant::now();
        let recorder = Recorder::new(now);
        recorder.note(&Noted {
            step: Step::Enter,
            bot: false,
            due: now,
            left: now,
            answered: now + Duration::from_millis(took_ms),
            reply: Reply::Done,
            why: None,
        });
        recorder.finish()
    }

    fn goals(took_ms: u64, kinds: &[OfKind]) -> Vec<Goal> {
        let measured = measured(took_ms);
        Goals::default().hold_against(&Found {
            mode: Mode::Draw,
            measured: &measured,
            kinds,
            draw: None,
            memory: Some(1),
        })
    }

    #[test]
    fn a_goal_is_met_or_missed_by_what_was_found() {
        let missed = |goals: &[Goal]| goals.iter().filter(|goal| !goal.met).map(|goal| goal.name).collect::<Vec<_>>();
        let fine = [kind(Kind::Citizen, 100, 50)];
        assert_eq!(missed(&goals(10, &fine)), [""; 0]);
        assert_eq!(missed(&goals(500, &fine)), ["asking_p99_ms"]);
        let mut gave_up = kind(Kind::Citizen, 100, 50);
        gave_up.lost = 3;
        assert_eq!(missed(&goals(10, &[gave_up])), ["lost_percent"]);
    }

    #[test]
    fn bots_may_be_lucky_but_not_better() {
        let fair = |bots: OfKind| fairness(&[kind(Kind::Citizen, 10_000, 5_000), bots]).map(|goal| goal.met);
        assert_eq!(fair(kind(Kind::FastBot, 1_000, 520)), Some(true));
        assert_eq!(fair(kind(Kind::FastBot, 1_000, 900)), Some(false));
        assert_eq!(fair(kind(Kind::FastBot, 1_000, 100)), Some(true), "worse is no fault");
        assert_eq!(fair(kind(Kind::FastBot, 3, 3)), None, "three show nothing");
    }

    #[test]
    fn a_broken_rule_outweighs_everything_and_an_early_end_proves_nothing() {
        let missed = [Goal { name: "x", wanted: String::new(), found: String::new(), met: false }];
        let mut audit = Audit::default();
        assert_eq!(Verdict::of(&[], &audit, false), Verdict::Holds);
        assert_eq!(Verdict::of(&missed, &audit, false), Verdict::Missed);
        assert_eq!(Verdict::of(&[], &audit, true), Verdict::Partial);
        audit.found(Rule::NothingLost, "x".to_owned());
        assert_eq!(Verdict::of(&[], &audit, true), Verdict::Broken);
    }

    #[test]
    fn a_generator_that_was_late_says_so() {
        let now = Instant::now();
        let recorder = Recorder::new(now);
        let noted = |late_ms| {
            let left = now + Duration::from_millis(late_ms);
            let (step, reply) = (Step::Read, Reply::Done);
            recorder.note(&Noted { step, bot: false, due: now, left, answered: left, reply, why: None });
        };
        (0..10).for_each(|_| noted(0));
        assert_eq!(cautions(&recorder.finish(), 0, false, 0), [""; 0]);
        noted(400);
        let said = cautions(&recorder.finish(), 0, false, 0);
        assert!(said[0].starts_with("The generator was the limit: 1 of 11"), "{said:?}");
    }
}
