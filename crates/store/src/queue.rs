//! The one queue in front of an engine: bounded, the important first, and honest about what cannot be done in time.
//!
//! Every lane has room of its own, so that a flood in one never takes a place of another. Whoever works takes the important lanes
//! first, but a few of every sixteen turns belong to each of the others, so that none starves. A job that has waited longer than its
//! lane's patience is refused without being run, for whoever asked has gone or is about to; and one that the measured pace says
//! would end like that is refused when it arrives, which costs nothing and tells people sooner.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Fault;
use crate::job::{ReadJob, WriteJob};

/// Who waits, the most important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// People in the middle of confirming: they enter, book, move, cancel.
    Confirm,
    /// The program's own work: the release clock, messages, commands.
    Clock,
    /// People signing in and saying who they are.
    SignIn,
    /// People who look.
    #[default]
    Read,
}

impl Lane {
    /// All lanes, the most important first.
    pub const ALL: [Self; 4] = [Self::Confirm, Self::Clock, Self::SignIn, Self::Read];

    /// The lane's name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Clock => "clock",
            Self::SignIn => "sign_in",
            Self::Read => "read",
        }
    }

    /// Sixteenths of the whole queue that are this lane's room. A million who look must not fill what those who confirm need.
    const fn room_16(self) -> usize {
        match self {
            Self::Confirm => 8,
            Self::Clock => 1,
            Self::SignIn => 4,
            Self::Read => 3,
        }
    }

    /// Of sixteen turns, how many begin with this lane however much waits in the others.
    const fn turns_16(self) -> usize {
        match self {
            Self::Confirm => 11,
            Self::Clock | Self::SignIn => 2,
            Self::Read => 1,
        }
    }
}

/// Which lane is looked at first in each of sixteen turns; the others follow by importance. Spread, so that nobody waits for a round.
const TURNS: [Lane; 16] = {
    use Lane::{Clock, Confirm, Read, SignIn};
    [
        Confirm, Confirm, Clock, Confirm, Confirm, SignIn, Confirm, Confirm, Read, Confirm, Clock, Confirm, Confirm,
        SignIn, Confirm, Confirm,
    ]
};

/// How long a job of each lane may wait before it is refused instead of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Of people who confirm: as long as a browser and a person wait before they try again.
    pub confirm: Duration,
    /// Of the program's own work: nobody looks at a screen, and putting it off costs more than waiting.
    pub clock: Duration,
    /// Of people who sign in.
    pub sign_in: Duration,
    /// Of people who look: the page can be asked for again at any time.
    pub read: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            confirm: Duration::from_secs(10),
            clock: Duration::from_mins(1),
            sign_in: Duration::from_secs(6),
            read: Duration::from_secs(4),
        }
    }
}

impl Patience {
    /// The patience of a lane.
    pub fn of(&self, lane: Lane) -> Duration {
        match lane {
            Lane::Confirm => self.confirm,
            Lane::Clock => self.clock,
            Lane::SignIn => self.sign_in,
            Lane::Read => self.read,
        }
    }
}

/// One lane of one queue as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneHealth {
    /// Jobs that wait now.
    pub waiting: u64,
    /// Jobs that can wait.
    pub room: u64,
    /// How long a job that came now would wait, by the measured pace.
    pub wait: Duration,
    /// Jobs refused on arrival since the store was opened: no room, or no hope to be done in time.
    pub turned_away: u64,
    /// Jobs refused since the store was opened because they had waited too long when their turn came.
    pub expired: u64,
}

/// One queue as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueHealth {
    lanes: [LaneHealth; 4],
}

impl QueueHealth {
    /// One lane of it.
    pub fn lane(&self, lane: Lane) -> LaneHealth {
        self.lanes[lane as usize]
    }

    /// Jobs that wait now, in all lanes.
    pub fn waiting(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.waiting).sum()
    }

    /// Jobs refused on arrival, in all lanes.
    pub fn turned_away(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.turned_away).sum()
    }

    /// Jobs that waited too long, in all lanes.
    pub fn expired(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.expired).sum()
    }
}

/// How the store is: cheap to ask for, at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Operations that write.
    pub writes: QueueHealth,
    /// Operations that read.
    pub reads: QueueHealth,
}

impl Health {
    /// Whoever is refused is never asked to stay away longer than this: a rush is over sooner than anybody expects.
    const COME_BACK_S_MAX: u64 = 30;

    /// Whole seconds after which somebody of a lane should come back, 1 to 60: as long as the wait is now, and up to as much again by
    /// the `dice`, so that those who were refused together do not return together.
    pub fn come_back_s(&self, lane: Lane, dice: u64) -> u32 {
        let wait = self.writes.lane(lane).wait.max(self.reads.lane(lane).wait);
        let least = (wait.as_secs() + 1).min(Self::COME_BACK_S_MAX);
        (least + dice % (least + 1)) as u32
    }
}

/// What can stand in the queue: it can be told that it will not be run.
pub(crate) trait Refusable {
    /// Answers whoever asked, without running it.
    fn refuse(self, fault: Fault);
}

impl Refusable for Box<dyn WriteJob> {
    fn refuse(mut self, fault: Fault) {
        self.fail(fault);
        self.answer();
    }
}

impl Refusable for Box<dyn ReadJob> {
    fn refuse(self, fault: Fault) {
        self.run(Err(fault));
    }
}

/// The queue between those who ask and the threads that work.
pub(crate) struct Queue<J> {
    inside: Mutex<Inside<J>>,
    arrived: Condvar,
    /// Jobs that may wait, by lane.
    room: [usize; 4],
    patience: Patience,
    /// How many threads take from it.
    workers: usize,
    /// The most that one of them takes at once.
    batch_max: usize,
}

struct Inside<J> {
    lanes: [VecDeque<Waiting<J>>; 4],
    turned_away: [u64; 4],
    expired: [u64; 4],
    /// Counts the jobs taken; the place in `TURNS`.
    turn: usize,
    /// How long a worker needs for what it takes at once: a running mean of the last few.
    pace: Duration,
    /// Workers that wait for a job.
    idle: usize,
    last_taken: Instant,
    closed: bool,
}

struct Waiting<J> {
    job: J,
    until: Instant,
}

impl<J: Refusable> Queue<J> {
    /// A queue for at most `room` jobs (each lane at least one), worked off by `workers` threads that take up to `batch_max` at once.
    pub(crate) fn new(room: usize, patience: Patience, workers: usize, batch_max: usize) -> Self {
        Self {
            inside: Mutex::new(Inside {
                lanes: std::array::from_fn(|_| VecDeque::new()),
                turned_away: [0; 4],
                expired: [0; 4],
                turn: 0,
                pace: Duration::ZERO,
                idle: 0,
                last_taken: Instant::now(),
                closed: false,
            }),
            arrived: Condvar::new(),
            room: Lane::ALL.map(|lane| (room * lane.room_16() / 16).max(1)),
            patience,
            workers: workers.max(1),
            batch_max: batch_max.max(1),
        }
    }

    /// Puts a job into its lane. `Busy` if there is no room or no hope that its turn comes in time, `Closed` after `close`.
    pub(crate) fn push(&self, lane: Lane, job: J) -> Result<(), Fault> {
        self.push_at(Instant::now(), lane, job)
    }

    fn push_at(&self, now: Instant, lane: Lane, job: J) -> Result<(), Fault> {
        let mut overdue = Vec::new();
        let result = self.admit(now, lane, job, &mut overdue);
        refuse_all(overdue);
        result
    }

    fn admit(&self, now: Instant, lane: Lane, job: J, overdue: &mut Vec<J>) -> Result<(), Fault> {
        let mut inside = self.lock();
        if inside.closed {
            return Err(Fault::Closed);
        }
        // While the worker stands still (a slow disk, a lost database), those who wait are told here, not when it goes on.
        inside.expire(now, overdue);
        let patience = self.patience.of(lane);
        if inside.lanes[lane as usize].len() >= self.room[lane as usize] || self.wait(&inside, now, lane) > patience {
            inside.turned_away[lane as usize] += 1;
            return Err(Fault::Busy);
        }
        inside.lanes[lane as usize].push_back(Waiting { job, until: now + patience });
        if inside.idle > 0 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits until something is there and puts up to a batch of it into `taken`; nothing only if the queue is closed and empty.
    pub(crate) fn take(&self, taken: &mut Vec<J>) {
        while taken.is_empty() {
            let mut inside = self.lock();
            while inside.is_empty() {
                if inside.closed {
                    return;
                }
                inside.idle += 1;
                inside = self.arrived.wait(inside).unwrap_or_else(PoisonError::into_inner);
                inside.idle -= 1;
            }
            let mut overdue = Vec::new();
            inside.pick(Instant::now(), self.batch_max, taken, &mut overdue);
            drop(inside);
            refuse_all(overdue);
        }
    }

    /// Tells the queue how long one `take` was worked on.
    pub(crate) fn worked(&self, took: Duration) {
        let mut inside = self.lock();
        // The mean of about the last eight: it follows a disk that gets slow within moments and forgets one slow commit.
        inside.pace = if inside.pace.is_zero() { took } else { (inside.pace * 7 + took) / 8 };
    }

    /// Takes nothing more; the workers finish what is there.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Takes nothing more and refuses what is there: nobody will work it off.
    pub(crate) fn abandon(&self) {
        let mut inside = self.lock();
        inside.closed = true;
        let waiting: Vec<J> =
            inside.lanes.iter_mut().flat_map(|lane| lane.drain(..)).map(|waiting| waiting.job).collect();
        drop(inside);
        self.arrived.notify_all();
        for job in waiting {
            job.refuse(Fault::Closed);
        }
    }

    /// How the queue is now.
    pub(crate) fn health(&self) -> QueueHealth {
        let now = Instant::now();
        let inside = self.lock();
        let lane = |lane: Lane| LaneHealth {
            waiting: inside.lanes[lane as usize].len() as u64,
            room: self.room[lane as usize] as u64,
            wait: self.wait(&inside, now, lane),
            turned_away: inside.turned_away[lane as usize],
            expired: inside.expired[lane as usize],
        };
        QueueHealth { lanes: Lane::ALL.map(lane) }
    }

    /// How long a job that came now would wait at least: for what is under way, if that takes longer than usual, and for those before
    /// it. Too low rather than too high; whoever was let in too generously is refused at its deadline.
    fn wait(&self, inside: &Inside<J>, now: Instant, lane: Lane) -> Duration {
        if inside.idle > 0 {
            return Duration::ZERO;
        }
        let before: usize = inside.lanes[..=lane as usize].iter().map(VecDeque::len).sum();
        // However much waits above, some turns are the lane's own.
        let by_turns = inside.lanes[lane as usize].len() * 16 / lane.turns_16();
        let rounds = before.min(by_turns).div_ceil(self.batch_max).div_ceil(self.workers);
        let under_way = now.saturating_duration_since(inside.last_taken).saturating_sub(inside.pace);
        under_way + inside.pace * rounds as u32
    }

    fn lock(&self) -> MutexGuard<'_, Inside<J>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Inside<J> {
    fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }

    /// Moves whoever waited too long to `overdue`. Within a lane all have the same patience, so they stand at its front.
    fn expire(&mut self, now: Instant, overdue: &mut Vec<J>) {
        for (lane, expired) in self.lanes.iter_mut().zip(&mut self.expired) {
            while let Some(waiting) = lane.pop_front_if(|waiting| waiting.until < now) {
                *expired += 1;
                overdue.push(waiting.job);
            }
        }
    }

    fn pick(&mut self, now: Instant, most: usize, taken: &mut Vec<J>, overdue: &mut Vec<J>) {
        self.expire(now, overdue);
        while taken.len() < most {
            let first = TURNS[self.turn % TURNS.len()];
            let Some(waiting) =
                std::iter::once(first).chain(Lane::ALL).find_map(|lane| self.lanes[lane as usize].pop_front())
            else {
                break;
            };
            self.turn = self.turn.wrapping_add(1);
            taken.push(waiting.job);
        }
        self.last_taken = now;
    }
}

fn refuse_all<J: Refusable>(overdue: Vec<J>) {
    for job in overdue {
        job.refuse(Fault::Busy);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    /// A job that counts how it ended.
    struct Job {
        name: u32,
        refused: Arc<AtomicU64>,
    }

    impl Refusable for Job {
        fn refuse(self, fault: Fault) {
            assert_eq!(fault, Fault::Busy);
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[derive(Default)]
    struct Jobs(Arc<AtomicU64>);

    impl Jobs {
        fn job(&self, name: u32) -> Job {
            Job { name, refused: Arc::clone(&self.0) }
        }

        fn refused(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn queue(room: usize, batch_max: usize) -> Queue<Job> {
        Queue::new(room, Patience::default(), 1, batch_max)
    }

    fn take_at(queue: &Queue<Job>, now: Instant) -> Vec<u32> {
        let (mut taken, mut overdue) = (Vec::new(), Vec::new());
        queue.lock().pick(now, queue.batch_max, &mut taken, &mut overdue);
        refuse_all(overdue);
        taken.iter().map(|job| job.name).collect()
    }

    #[test]
    fn the_turns_of_every_lane_are_as_many_as_it_is_promised() {
        for lane in Lane::ALL {
            assert_eq!(TURNS.iter().filter(|turn| **turn == lane).count(), lane.turns_16(), "{lane:?}");
        }
        assert_eq!(Lane::ALL.map(Lane::room_16).iter().sum::<usize>(), 16);
        assert!(Lane::ALL.is_sorted() && Lane::ALL.iter().enumerate().all(|(index, lane)| *lane as usize == index));
    }

    #[test]
    fn a_flood_in_one_lane_takes_no_room_of_another() {
        let (queue, jobs) = (queue(160, 256), Jobs::default());
        for flood in [Lane::Read, Lane::SignIn, Lane::Clock] {
            let taken = (0..1_000).filter(|name| queue.push(flood, jobs.job(*name)).is_ok()).count();
            assert_eq!(taken, 160 * flood.room_16() / 16, "{flood:?}");
        }
        for name in 0..80 {
            assert_eq!(queue.push(Lane::Confirm, jobs.job(name)), Ok(()));
        }
        assert_eq!(queue.push(Lane::Confirm, jobs.job(80)), Err(Fault::Busy));
        let health = queue.health();
        assert_eq!(health.waiting(), 160);
        assert_eq!(health.lane(Lane::Read).turned_away, 970);
        assert_eq!((health.lane(Lane::Confirm).turned_away, health.lane(Lane::Confirm).room), (1, 80));
    }

    #[test]
    fn the_important_go_first_and_nobody_starves() {
        let (queue, jobs) = (queue(4096, 16), Jobs::default());
        for (kind, lane) in Lane::ALL.into_iter().enumerate().rev() {
            for _ in 0..64 {
                queue.push(lane, jobs.job(kind as u32)).unwrap();
            }
        }
        let mut of_each = BTreeMap::new();
        for kind in take_at(&queue, Instant::now()) {
            *of_each.entry(kind).or_insert(0) += 1;
        }
        assert_eq!(of_each, BTreeMap::from([(0, 11), (1, 2), (2, 2), (3, 1)]));
        let mut all = Vec::new();
        while !queue.lock().is_empty() {
            all.extend(take_at(&queue, Instant::now()));
        }
        assert_eq!(all.len(), 4 * 64 - 16);
        let last_confirmed = all.iter().rposition(|kind| *kind == 0).unwrap();
        let last_read = all.iter().rposition(|kind| *kind == 3).unwrap();
        assert!(last_confirmed < 100 && last_read == all.len() - 1, "{last_confirmed} {last_read}");
    }

    #[test]
    fn in_one_lane_the_first_is_first() {
        let (queue, jobs) = (queue(4096, 256), Jobs::default());
        for name in 0..500 {
            queue.push(Lane::SignIn, jobs.job(name)).unwrap();
        }
        let mut all = take_at(&queue, Instant::now());
        assert_eq!(all.len(), 256);
        all.extend(take_at(&queue, Instant::now()));
        assert_eq!(all, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_waited_too_long_is_refused_and_not_run() {
        let (queue, jobs, now) = (queue(4096, 256), Jobs::default(), Instant::now());
        queue.push_at(now, Lane::Read, jobs.job(1)).unwrap();
        queue.push_at(now, Lane::Confirm, jobs.job(2)).unwrap();
        queue.push_at(now + SECOND, Lane::Read, jobs.job(3)).unwrap();
        assert_eq!(take_at(&queue, now + 4 * SECOND + SECOND / 2), [2, 3]);
        assert_eq!(jobs.refused(), 1);
        assert_eq!(queue.health().lane(Lane::Read).expired, 1);
        assert_eq!(queue.health().lane(Lane::Confirm).expired, 0);
    }

    #[test]
    fn while_the_worker_stands_still_newcomers_are_refused_and_the_waiting_are_told() {
        let (queue, jobs, now) = (queue(4096, 256), Jobs::default(), Instant::now());
        queue.lock().last_taken = now;
        queue.push_at(now, Lane::Read, jobs.job(1)).unwrap();
        queue.push_at(now, Lane::Confirm, jobs.job(2)).unwrap();
        assert_eq!(queue.push_at(now + 5 * SECOND, Lane::Read, jobs.job(3)), Err(Fault::Busy));
        assert_eq!(jobs.refused(), 1, "the reader was told");
        queue.push_at(now + 5 * SECOND, Lane::Confirm, jobs.job(4)).unwrap();
        assert_eq!(queue.push_at(now + 11 * SECOND, Lane::Confirm, jobs.job(5)), Err(Fault::Busy));
        assert_eq!(jobs.refused(), 2);
        assert_eq!(take_at(&queue, now + 11 * SECOND), [4]);
        queue.push_at(now + 11 * SECOND, Lane::Read, jobs.job(6)).unwrap();
    }

    #[test]
    fn what_cannot_be_done_in_time_is_refused_on_arrival() {
        let (queue, jobs, now) = (queue(4096, 1), Jobs::default(), Instant::now());
        queue.worked(SECOND);
        queue.lock().last_taken = now;
        let admitted = |lane, most| (0..most).filter(|name| queue.push_at(now, lane, jobs.job(*name)).is_ok()).count();
        // One a second and a patience of ten seconds: the eleventh has nobody's ten before it that could be done.
        assert_eq!(admitted(Lane::Confirm, 100), 11);
        assert_eq!(
            admitted(Lane::Read, 100),
            1,
            "one of sixteen turns is theirs, and the first in their lane needs it"
        );
        assert_eq!(jobs.refused(), 0);
        // A quick worker changes that.
        for _ in 0..100 {
            queue.worked(Duration::from_micros(100));
        }
        assert_eq!(admitted(Lane::Confirm, 100), 100);
    }

    #[test]
    fn a_batch_counts_as_one_round() {
        let (queue, jobs, now) = (queue(4096, 256), Jobs::default(), Instant::now());
        queue.worked(SECOND);
        queue.lock().last_taken = now;
        for name in 0..1_024 {
            queue.push_at(now, Lane::Confirm, jobs.job(name)).unwrap();
        }
        let wait = queue.wait(&queue.lock(), now, Lane::Confirm);
        assert_eq!(wait, 4 * SECOND);
    }

    #[test]
    fn whoever_is_refused_comes_back_when_there_may_be_room_and_not_with_all_the_others() {
        let mut health = Health::default();
        assert!((0..100).all(|dice| (1..=2).contains(&health.come_back_s(Lane::Read, dice))));
        health.writes.lanes[Lane::Read as usize].wait = 7 * SECOND;
        let waits: Vec<u32> = (0..9).map(|dice| health.come_back_s(Lane::Read, dice)).collect();
        assert_eq!(waits, (8..=16).collect::<Vec<_>>());
        health.writes.lanes[Lane::Read as usize].wait = 7_000 * SECOND;
        assert!((0..100).all(|dice| (30..=60).contains(&health.come_back_s(Lane::Read, dice))));
    }

    #[test]
    fn many_threads_lose_nothing_and_do_nothing_twice() {
        const PUSHERS: u32 = 8;
        const EACH: u32 = 2_000;
        let queue = Queue::new(1 << 20, Patience { read: 600 * SECOND, ..Patience::default() }, 4, 7);
        let jobs = Jobs::default();
        let done: Vec<u32> = thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let (mut done, mut taken) = (Vec::new(), Vec::new());
                        loop {
                            queue.take(&mut taken);
                            if taken.is_empty() {
                                return done;
                            }
                            assert!(taken.len() <= 7);
                            done.extend(taken.drain(..).map(|job: Job| job.name));
                        }
                    })
                })
                .collect();
            let pushers: Vec<_> = (0..PUSHERS)
                .map(|pusher| {
                    let (queue, jobs) = (&queue, &jobs);
                    scope.spawn(move || {
                        for number in 0..EACH {
                            let lane = Lane::ALL[(pusher as usize + number as usize) % 4];
                            queue.push(lane, jobs.job(pusher * EACH + number)).unwrap();
                        }
                    })
                })
                .collect();
            for pusher in pushers {
                pusher.join().unwrap();
            }
            queue.close();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        let mut done = done;
        done.sort_unstable();
        assert_eq!(done, (0..PUSHERS * EACH).collect::<Vec<_>>());
        assert_eq!((jobs.refused(), queue.health().waiting()), (0, 0));
        assert_eq!(queue.push(Lane::Read, jobs.job(0)), Err(Fault::Closed));
    }
}
