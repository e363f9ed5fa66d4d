//! The report: one HTML file with everything in it, for a screen of any size, by day and by night, and on paper.

use askama::Template;

use super::Outcome;
use super::chart::{Line, Scale, Stretch, bars, number, over_time};
use super::recorder::Step;
use super::verdict::{Goal, OfKind, Verdict};

/// Kinds of request shown as lines; each has a p50 and a p99.
const SHOWN: [Step; 6] = [Step::Enter, Step::Book, Step::SignIn, Step::Introduce, Step::Read, Step::Result];
/// Refusals shown; the rest are in the JSON.
const REFUSALS_MAX: usize = 14;

#[derive(Template)]
#[template(path = "rehearsal.html")]
struct Page<'a> {
    at: &'a str,
    title: String,
    verdict: &'static str,
    class: &'static str,
    outcome: &'a Outcome,
    facts: Vec<(&'static str, String)>,
    goals: Vec<Goal>,
    rules: Vec<(&'static str, u32)>,
    cautions: Vec<String>,
    requests: Vec<(&'static str, [String; 6])>,
    kinds: Vec<(&'a OfKind, String)>,
    charts: Vec<String>,
}

/// The report as one file. `at` says when, for its reader.
pub fn html(outcome: &Outcome, at: &str) -> String {
    let verdict = outcome.verdict();
    let page = Page {
        at,
        title: format!("Rehearsal {}", outcome.release),
        verdict: verdict.label(),
        class: match verdict {
            Verdict::Holds => "good",
            Verdict::Missed | Verdict::Partial => "fair",
            Verdict::Broken => "bad",
        },
        outcome,
        facts: facts(outcome),
        goals: outcome.goals(),
        rules: outcome.rules().into_iter().map(|(rule, broken)| (rule.sentence(), broken)).collect(),
        cautions: outcome.cautions(),
        requests: requests(outcome),
        kinds: outcome.kinds.iter().map(|of| (of, format!("{:.1} %", 100.0 * of.chance()))).collect(),
        charts: charts(outcome),
    };
    page.render().expect("a template of ours")
}

fn facts(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let (people, bots) = outcome.measured.answers;
    let (peak_at, peak) = outcome.peak();
    let mut facts = vec![
        ("citizens' accounts", outcome.makeup.citizens.to_string()),
        ("bots' accounts", outcome.makeup.bots.to_string()),
        ("places", format!("{} at {} offices", outcome.places, outcome.offices)),
        ("answers", (people + bots).to_string()),
        ("most answers in a second", format!("{peak} (second {peak_at})")),
        ("connections", outcome.lines_opened.to_string()),
    ];
    if let Some(draw) = outcome.draw {
        facts.push(("from the freeze to the result", format!("{:.1} s", draw.as_secs_f64())));
    }
    if let Some(peak) = outcome.memory_peak {
        facts.push(("the server's memory at its peak", format!("{:.0} MB", peak as f64 / 1e6)));
    }
    facts.push(("seed", outcome.makeup.seed.to_string()));
    facts
}

fn requests(outcome: &Outcome) -> Vec<(&'static str, [String; 6])> {
    let steps = outcome.measured.steps.iter().filter(|(_, figures)| figures.count > 0);
    let cells = steps.map(|(step, of)| {
        let ms = [of.p50_ms, of.p90_ms, of.p99_ms, of.p999_ms, of.longest_ms].map(number);
        let [p50, p90, p99, p999, longest] = ms;
        (step.label(), [of.count.to_string(), p50, p90, p99, p999, longest])
    });
    cells.collect()
}

fn charts(outcome: &Outcome) -> Vec<String> {
    let stretches: Vec<Stretch> = outcome
        .phases
        .iter()
        .map(|passed| Stretch { name: passed.label.to_owned(), from: passed.from_s, to: passed.to_s })
        .collect();
    let mut charts = vec![
        over_time("Half wait less than this", "p50 in ms, by tens", Scale::Log, &latency(outcome, false), &stretches),
        over_time(
            "99 of 100 wait less than this",
            "p99 in ms, by tens",
            Scale::Log,
            &latency(outcome, true),
            &stretches,
        ),
        over_time("Answers", "in a second", Scale::Linear, &answers(outcome), &stretches),
        over_time(
            "The release",
            "entries, places left, people in the line",
            Scale::Linear,
            &release(outcome),
            &stretches,
        ),
    ];
    charts.extend(fairness(outcome));
    charts.extend(refusals(outcome));
    if outcome.memory_peak.is_some() {
        let of = |name: &str, value: fn(&super::Sample) -> Option<f64>| Line {
            name: name.to_owned(),
            points: outcome.samples.iter().map(|sample| (sample.at_s, value(sample))).collect(),
        };
        let memory = of("memory", |sample| sample.memory_mb);
        let cpus = of("processors", |sample| sample.cpus);
        charts.push(over_time("The server's memory", "MB", Scale::Linear, &[memory], &stretches));
        charts.push(over_time("The server's processors", "kept busy", Scale::Linear, &[cpus], &stretches));
    }
    charts
}

fn latency(outcome: &Outcome, p99: bool) -> Vec<Line> {
    let lines = SHOWN.into_iter().filter_map(|step| {
        let index = Step::ALL.iter().position(|known| *known == step)?;
        let seconds = outcome.measured.seconds.iter().enumerate();
        let points: Vec<(f64, Option<f64>)> = seconds
            .map(|(at, second)| {
                let (count, half, most) = second.steps[index];
                (at as f64, (count > 0).then(|| f64::from(if p99 { most } else { half })))
            })
            .collect();
        let name = step.label().to_owned();
        points.iter().any(|(_, value)| value.is_some()).then_some(Line { name, points })
    });
    lines.collect()
}

fn answers(outcome: &Outcome) -> Vec<Line> {
    let of = |name: &str, value: fn(&super::recorder::Second) -> u32| Line {
        name: name.to_owned(),
        points: outcome
            .measured
            .seconds
            .iter()
            .enumerate()
            .map(|(at, second)| (at as f64, Some(f64::from(value(second)))))
            .collect(),
    };
    vec![
        of("success", |second| second.done),
        of("refused by a rule", |second| second.refused),
        of("come back later", |second| second.later),
        of("no answer or a fault", |second| second.broken),
    ]
}

fn release(outcome: &Outcome) -> Vec<Line> {
    let of = |name: &str, value: fn(&super::Sample) -> u32| Line {
        name: name.to_owned(),
        points: outcome.samples.iter().map(|sample| (sample.at_s, Some(f64::from(value(sample))))).collect(),
    };
    let lines = [
        of("entries so far", |sample| sample.entries),
        of("places that can be taken", |sample| sample.left),
        of("people in the line", |sample| sample.waiting),
    ];
    lines.into_iter().filter(|line| line.points.iter().any(|(_, value)| *value > Some(0.0))).collect()
}

/// The share of places beside the share of people, for each kind that asked for any.
fn fairness(outcome: &Outcome) -> Option<String> {
    let asked: Vec<&OfKind> = outcome.kinds.iter().filter(|of| of.parties > 0).collect();
    let people: u32 = asked.iter().map(|of| of.people).sum();
    let placed: u32 = asked.iter().map(|of| of.people_placed).sum();
    let percent = |part: u32, of: u32| 100.0 * f64::from(part) / f64::from(of.max(1));
    let groups = asked
        .iter()
        .map(|of| (of.label.to_owned(), vec![percent(of.people, people), percent(of.people_placed, placed)]));
    let groups: Vec<(String, Vec<f64>)> = groups.collect();
    (!groups.is_empty()).then(|| bars("Who got the places", "%", &["of the people", "of the places"], &groups))
}

fn refusals(outcome: &Outcome) -> Option<String> {
    let mut refusals: Vec<(&String, &(u64, u64))> = outcome.measured.refusals.iter().collect();
    refusals.sort_by_key(|(_, (people, bots))| std::cmp::Reverse(people + bots));
    let groups: Vec<(String, Vec<f64>)> = refusals
        .into_iter()
        .take(REFUSALS_MAX)
        .map(|(why, (people, bots))| (why.clone(), vec![*people as f64, *bots as f64]))
        .collect();
    (!groups.is_empty()).then(|| bars("Refusals", "by reason", &["to people", "to bots"], &groups))
}
