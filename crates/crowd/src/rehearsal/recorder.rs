//! What was measured: for every second and for the whole, how long answers took from the instant at which they were due to be
//! asked for, how many there were, and what they said.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart, in microseconds; longer ones count as this.
const LONGEST_US: u64 = 120_000_000;
/// Digits that are kept of a latency.
const DIGITS: u8 = 2;
/// Seconds that are kept one by one; whatever comes later counts in the last.
const SECONDS_MAX: usize = 6 * 60 * 60;
/// A request that leaves so long after it was due was held up by the generator.
pub const LATE: Duration = Duration::from_millis(50);

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The public state: release, windows of an office.
    Read,
    /// Asking for a one-time code.
    Code,
    /// Exchanging the code for a session.
    SignIn,
    /// Saying who one is, and the family.
    Introduce,
    /// The waiting room: joining, and looking how far it is.
    Line,
    /// Entering a draw.
    Enter,
    /// Booking a place.
    Book,
    /// Giving a place back, or withdrawing.
    Cancel,
    /// Looking at one's own result and ticket.
    Result,
    /// Reading the code in the rehearsal's inbox: no part of the system that is rehearsed.
    Inbox,
}

impl Step {
    /// Every kind, in the order of a visit.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::Code,
        Self::SignIn,
        Self::Introduce,
        Self::Line,
        Self::Enter,
        Self::Book,
        Self::Cancel,
        Self::Result,
        Self::Inbox,
    ];

    /// What it is called in a report.
    pub fn label(self) -> &'static str {
        match self {
            Self::Read => "public pages",
            Self::Code => "asking for a code",
            Self::SignIn => "signing in",
            Self::Introduce => "saying who one is",
            Self::Line => "waiting room",
            Self::Enter => "entering",
            Self::Book => "booking",
            Self::Cancel => "giving back",
            Self::Result => "own result, ticket",
            Self::Inbox => "(inbox of the rehearsal)",
        }
    }
}

/// What an answer said, as far as the count of answers goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Success, or "you have it already".
    Done,
    /// A refusal by a rule.
    Refused,
    /// Come back later: 429 or 503.
    Later,
    /// No answer, or our fault (5xx).
    Broken,
}

/// Percentiles of some latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many.
    pub count: u64,
    /// Half were at most this long, in milliseconds.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// 99 of a hundred.
    pub p99_ms: f64,
    /// 999 of a thousand.
    pub p999_ms: f64,
    /// The longest.
    pub longest_ms: f64,
}

impl Figures {
    fn of(histogram: &Histogram<u32>) -> Self {
        let ms = |us: u64| us as f64 / 1_000.0;
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            longest_ms: ms(histogram.max()),
        }
    }
}

/// One second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Second {
    /// By kind of request, in the order of [`Step::ALL`]: how many answers, and their p50 and p99 in milliseconds.
    pub steps: [(u32, f32, f32); Step::ALL.len()],
    /// Answers of success.
    pub done: u32,
    /// Refusals by a rule.
    pub refused: u32,
    /// Answers that say to come back.
    pub later: u32,
    /// No answer, or a fault.
    pub broken: u32,
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// By kind of request.
    pub steps: Vec<(Step, Figures)>,
    /// Entering and booking, and everything else but the inbox, together.
    pub asking: Figures,
    /// Everything but entering, booking and the inbox.
    pub others: Figures,
    /// Second by second from the start.
    pub seconds: Vec<Second>,
    /// How often each refusal was said: to people, to programs.
    pub refusals: BTreeMap<String, (u64, u64)>,
    /// Answers that said to come back: to people, to programs.
    pub later: (u64, u64),
    /// Answers: to people, to programs.
    pub answers: (u64, u64),
    /// Requests that left later than they were due because of the generator.
    pub late: u64,
    /// How much later than due requests left.
    pub lateness: Figures,
}

/// One request that was answered, or was not.
#[derive(Debug, Clone)]
pub struct Noted<'a> {
    /// What it was.
    pub step: Step,
    /// Whether a program sent it.
    pub bot: bool,
    /// When it was due.
    pub due: Instant,
    /// When it left.
    pub left: Instant,
    /// When its answer was whole.
    pub answered: Instant,
    /// What it said.
    pub reply: Reply,
    /// The name of the refusal, or what broke.
    pub why: Option<&'a str>,
}

/// Takes notes. One lock for all: a note takes less than a microsecond.
pub struct Recorder {
    origin: Instant,
    tally: Mutex<Tally>,
}

struct Tally {
    now: usize,
    of_now: Vec<Histogram<u32>>,
    counts: Second,
    whole: Vec<Histogram<u32>>,
    lateness: Histogram<u32>,
    measured: Measured,
}

fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("bounds of ours")
}

impl Recorder {
    /// A recorder whose first second begins at `origin`.
    pub fn new(origin: Instant) -> Self {
        let each = || Step::ALL.map(|_| histogram()).to_vec();
        let measured = Measured {
            steps: Vec::new(),
            asking: Figures::default(),
            others: Figures::default(),
            seconds: Vec::new(),
            refusals: BTreeMap::new(),
            later: (0, 0),
            answers: (0, 0),
            late: 0,
            lateness: Figures::default(),
        };
        let counts = Second::default();
        let tally = Tally { now: 0, of_now: each(), counts, whole: each(), lateness: histogram(), measured };
        Self { origin, tally: Mutex::new(tally) }
    }

    /// Notes a request.
    pub fn note(&self, noted: &Noted<'_>) {
        let second = noted.answered.saturating_duration_since(self.origin).as_secs() as usize;
        let mut tally = self.tally();
        tally.turn_to(second.min(SECONDS_MAX - 1));
        tally.note(noted);
    }

    /// How many answers there were so far, and how many of them in the second before this one.
    pub fn so_far(&self) -> (u64, u64) {
        let tally = self.tally();
        let (people, bots) = tally.measured.answers;
        let last = tally.measured.seconds.last();
        let rate = last.map_or(0, |last| last.done + last.refused + last.later + last.broken);
        (people + bots, u64::from(rate))
    }

    /// Everything, once it is over.
    pub fn finish(&self) -> Measured {
        let mut tally = self.tally();
        let next = tally.now + 1;
        tally.turn_to(next);
        let mut measured = tally.measured.clone();
        measured.steps = Step::ALL.into_iter().zip(tally.whole.iter().map(Figures::of)).collect();
        let together = |wanted: fn(Step) -> bool| {
            let mut all = histogram();
            for (step, whole) in Step::ALL.into_iter().zip(&tally.whole) {
                if wanted(step) {
                    all.add(whole).expect("the same bounds");
                }
            }
            Figures::of(&all)
        };
        measured.asking = together(|step| matches!(step, Step::Enter | Step::Book));
        measured.others = together(|step| !matches!(step, Step::Enter | Step::Book | Step::Inbox));
        measured.lateness = Figures::of(&tally.lateness);
        measured
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn us(duration: Duration) -> u64 {
    (duration.as_micros() as u64).clamp(1, LONGEST_US)
}

impl Tally {
    /// Closes every second before this one. What comes a moment too late for its own counts in the one that is open.
    fn turn_to(&mut self, second: usize) {
        while self.now < second {
            let mut closed = std::mem::take(&mut self.counts);
            for ((figures, now), whole) in closed.steps.iter_mut().zip(&mut self.of_now).zip(&mut self.whole) {
                if now.is_empty() {
                    continue;
                }
                let ms = |quantile| now.value_at_quantile(quantile) as f32 / 1_000.0;
                *figures = (now.len() as u32, ms(0.5), ms(0.99));
                whole.add(&*now).expect("the same bounds");
                now.reset();
            }
            self.measured.seconds.push(closed);
            self.now += 1;
        }
    }

    fn note(&mut self, noted: &Noted<'_>) {
        let Noted { step, bot, due, left, answered, reply, why } = noted;
        let index = Step::ALL.iter().position(|known| known == step).expect("all are listed");
        self.of_now[index].saturating_record(us(answered.saturating_duration_since(*due)));
        let lateness = left.saturating_duration_since(*due);
        self.lateness.saturating_record(us(lateness));
        self.measured.late += u64::from(lateness >= LATE);
        let of_whom = |pair: &mut (u64, u64)| if *bot { pair.1 += 1 } else { pair.0 += 1 };
        of_whom(&mut self.measured.answers);
        match reply {
            Reply::Done => self.counts.done += 1,
            Reply::Refused => self.counts.refused += 1,
            Reply::Later => {
                self.counts.later += 1;
                of_whom(&mut self.measured.later);
            }
            Reply::Broken => self.counts.broken += 1,
        }
        if let Some(why) = why {
            match self.measured.refusals.get_mut(*why) {
                Some(pair) => of_whom(pair),
                None => of_whom(self.measured.refusals.entry((*why).to_owned()).or_default()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(recorder: &Recorder, step: Step, at_ms: u64, took_ms: u64, late_ms: u64) {
        let due = recorder.origin + Duration::from_millis(at_ms);
        recorder.note(&Noted {
            step,
            bot: false,
            due,
            left: due + Duration::from_millis(late_ms),
            answered: due + Duration::from_millis(took_ms),
            reply: Reply::Done,
            why: None,
        });
    }

    fn near(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() <= wanted * 0.01 + 0.01
    }

    #[test]
    fn seconds_add_up_to_the_whole() {
        let recorder = Recorder::new(Instant::now());
        for at in 0..3_000 {
            note(&recorder, if at % 3 == 0 { Step::Enter } else { Step::Read }, at, 1 + at / 30, 0);
        }
        let measured = recorder.finish();
        let by_seconds: u32 = measured.seconds.iter().flat_map(|second| second.steps.map(|step| step.0)).sum();
        assert_eq!(by_seconds, 3_000);
        let read = measured.steps[0].1;
        assert_eq!((read.count, measured.asking.count, measured.others.count), (2_000, 1_000, 2_000));
        assert!(near(read.p50_ms, 50.5) && near(read.p99_ms, 99.0), "{read:?}");
        assert!(near(read.longest_ms, 100.0), "{read:?}");
    }

    #[test]
    fn a_second_knows_its_own_percentiles() {
        let recorder = Recorder::new(Instant::now());
        (0..100).for_each(|at| note(&recorder, Step::Book, at, 10, 0));
        (0..100).for_each(|at| note(&recorder, Step::Book, 2_000 + at, 200, 0));
        let measured = recorder.finish();
        let book = |second: usize| measured.seconds[second].steps[6];
        assert_eq!((book(0).0, book(1).0, book(2).0), (100, 0, 100));
        assert!(near(f64::from(book(0).2), 10.0) && near(f64::from(book(2).1), 200.0), "{:?}", book(2));
    }

    #[test]
    fn time_that_the_generator_lost_counts_as_waiting_and_is_said() {
        let recorder = Recorder::new(Instant::now());
        note(&recorder, Step::Read, 0, 510, 500);
        note(&recorder, Step::Read, 0, 10, 1);
        let measured = recorder.finish();
        assert_eq!(measured.late, 1);
        assert!(near(measured.steps[0].1.longest_ms, 510.0), "from the instant it was due");
        assert!(near(measured.lateness.longest_ms, 500.0));
    }

    #[test]
    fn refusals_are_counted_by_reason_and_by_who_heard_them() {
        let recorder = Recorder::new(Instant::now());
        let now = Instant::now();
        for (bot, reply, why) in
            [(true, Reply::Refused, "full"), (false, Reply::Refused, "full"), (false, Reply::Later, "busy")]
        {
            let why = Some(why);
            recorder.note(&Noted { step: Step::Book, bot, due: now, left: now, answered: now, reply, why });
        }
        let measured = recorder.finish();
        assert_eq!(measured.refusals["full"], (1, 1));
        assert_eq!((measured.later, measured.answers), ((1, 0), (2, 1)));
    }
}
