//! An outcome for programs, as one JSON object, and for a terminal, as lines.

use serde_json::{Value, json};

use super::Outcome;
use super::recorder::{Figures, Step};

/// The version of the JSON's shape; grows when a reader of an older one would misread it.
const SHAPE: u32 = 1;

impl Outcome {
    /// Everything, for programs. Seconds are counted from the start; latencies are milliseconds from when a request was due.
    pub fn object(&self) -> Value {
        let step_names = Step::ALL;
        json!({
            "shape": SHAPE,
            "verdict": self.verdict(),
            "interrupted": self.interrupted,
            "release": self.release,
            "mode": self.mode.as_str(),
            "citizens": self.makeup.citizens,
            "bots": self.makeup.bots,
            "seed": self.makeup.seed,
            "places": self.places,
            "offices": self.offices,
            "phases": self.phases,
            "goals": self.goals(),
            "rules": self.rules().into_iter()
                .map(|(rule, broken)| json!({"rule": rule, "says": rule.sentence(), "broken": broken})).collect::<Vec<_>>(),
            "audit": self.audit,
            "cautions": self.cautions(),
            "kinds": self.kinds,
            "ends": self.ends,
            "requests": self.measured.steps.iter().filter(|(_, figures)| figures.count > 0)
                .map(|(step, figures)| json!({"step": step, "label": step.label(), "latency": figures})).collect::<Vec<_>>(),
            "entering_or_booking": self.measured.asking,
            "everything_else": self.measured.others,
            "refusals": self.measured.refusals.iter()
                .map(|(why, (people, bots))| json!({"why": why, "people": people, "bots": bots})).collect::<Vec<_>>(),
            "answers": {"people": self.measured.answers.0, "bots": self.measured.answers.1},
            "come_back_later": {"people": self.measured.later.0, "bots": self.measured.later.1},
            "generator": {
                "late": self.measured.late, "lateness": self.measured.lateness, "connections": self.lines_opened,
                "waited_for_connection": self.lines_waited,
            },
            "draw_s": self.draw.map(|draw| draw.as_secs_f64()),
            "server": {"memory_peak_bytes": self.memory_peak},
            "seconds": {"steps": step_names, "answers": self.measured.seconds, "samples": self.samples},
        })
    }

    /// The summary for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new(), format!("  {}", self.verdict().label()), String::new()];
        let mut say = |name: &str, text: String| lines.push(format!("  {name:<11} {text}"));
        say(
            "came",
            format!(
                "{} accounts of citizens and {} of bots, for {} places at {} offices ({}, seed {})",
                self.makeup.citizens, self.makeup.bots, self.places, self.offices, self.mode, self.makeup.seed
            ),
        );
        let (people, bots) = self.measured.answers;
        let (peak_at, peak) = self.peak();
        say("answers", format!("{} in all, at most {peak} in a second (second {peak_at})", people + bots));
        let named = [("entering", Step::Enter), ("booking", Step::Book)];
        for (name, step) in named {
            let figures = self.measured.steps.iter().find(|(known, _)| *known == step).map(|(_, figures)| figures);
            if let Some(figures) = figures.filter(|figures| figures.count > 0) {
                say(name, latency(figures));
            }
        }
        say("others", latency(&self.measured.others));
        if let Some(draw) = self.draw {
            say("draw", format!("{:.1} s from the freeze until its result was public", draw.as_secs_f64()));
        }
        if let Some(peak) = self.memory_peak {
            say("memory", format!("the server's at its peak: {:.0} MB", peak as f64 / 1e6));
        }
        for of in self.kinds.iter().filter(|of| of.parties > 0) {
            let share = 100.0 * of.chance();
            say(
                "",
                format!(
                    "{:<28} {:>7} of {:>7} parties have a place, {share:.1} %",
                    of.label, of.parties_placed, of.parties
                ),
            );
        }
        lines.push(String::new());
        for (rule, broken) in self.rules() {
            let mark = if broken == 0 { "ok " } else { "NO " };
            let times = if broken == 0 { String::new() } else { format!(" ({broken} times)") };
            lines.push(format!("  {mark} {}{times}", rule.sentence()));
        }
        lines.extend(self.audit.findings.iter().take(10).map(|found| format!("       {found}")));
        lines.push(String::new());
        for goal in self.goals() {
            let mark = if goal.met { "ok " } else { "NO " };
            lines.push(format!("  {mark} {}: {}", goal.wanted, goal.found));
        }
        lines.extend(self.cautions().into_iter().map(|caution| format!("  !   {caution}")));
        let gave_up = self.ends.iter().map(|(why, count)| format!("       {count} {why}"));
        lines.extend(gave_up.take(12));
        lines
    }

    /// The second with the most answers, and how many there were.
    pub fn peak(&self) -> (usize, u32) {
        let answers =
            self.measured.seconds.iter().map(|second| second.done + second.refused + second.later + second.broken);
        answers.enumerate().max_by_key(|(_, answers)| *answers).unwrap_or_default()
    }
}

fn latency(figures: &Figures) -> String {
    let Figures { count, p50_ms, p99_ms, p999_ms, longest_ms, .. } = figures;
    format!(
        "{count} answers; p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, p99.9 {p999_ms:.1} ms, longest {longest_ms:.0} ms"
    )
}
