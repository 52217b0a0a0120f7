//! How jobs come to the threads of the pool, and how their outcomes come back.
//!
//! To wake a thread takes 20 to 25 µs, and as long again to wake the caller when its job is done; most jobs
//! take 2 µs. So jobs are put into a queue, and `blocking` is only asked for workers. A worker runs one job
//! after the other, and spins for a moment for the next before it gives its thread back. The caller of a
//! short job spins for a moment, too.
//!
//! While jobs wait, a worker is on its way to them or [stands by](WorkQueue::stand_by), since those that are
//! awake may hang. How many more are asked for is learned from what each finds when it begins ([`Demand`]).
//!
//! The lock of the queue is a leaf: under it no other lock is taken, and nothing is run, woken, cloned or
//! dropped. `has_jobs` is `Relaxed`: it is a hint, and guards no data. Whoever sees it locks the queue before
//! it takes a job; a late or lost update costs one spin.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use async_task::Runnable;

use super::demand::{Demand, Kind, OVERDUE, SHARE};
use super::spin::AdaptiveSpin;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Instant, Mutex, MutexGuard, PoisonError, sleep};

/// How long a worker spins for its next job: somewhat longer than it takes to wake one, so that a caller
/// that was woken by one job finds a worker awake for its next.
const IDLE: Duration = Duration::from_micros(30);

/// How long a caller spins for its outcome: several short jobs long, and less than it takes to be woken.
const STAY: Duration = Duration::from_micros(10);

/// A worker gives its thread back after so many jobs or its [`SHARE`] of time, whichever is first, since others
/// use the pool as well. Where none does it gets the thread again at once, for 1 to 2 µs: 1 % of 64 short jobs.
const IN_A_ROW: u32 = 64;

pub(super) static JOBS: WorkQueue = WorkQueue::new(Kind::Work);
pub(super) static FETCHES: WorkQueue = WorkQueue::new(Kind::Fetch);

/// Spins a moment for what a job is about to give; tells whether it came.
pub(crate) fn stay(is_over: impl Fn() -> bool) -> bool {
    JOBS.lock().awake > 0 && JOBS.staying.spin(STAY, is_over)
}

pub(super) struct WorkQueue {
    state: Mutex<State>,
    /// For the worker that spins.
    has_jobs: AtomicBool,
    idling: AdaptiveSpin,
    staying: AdaptiveSpin,
    kind: Kind,
}

/// While it is unlocked, one of these holds: there is no job; a worker is coming; a caller stays that was
/// the first to wait, and asks for a worker afterwards.
struct State {
    /// With the time at which each was handed over.
    jobs: VecDeque<(Instant, Runnable)>,
    taken: u64,
    done: u64,
    /// Workers that have begun and not left.
    awake: usize,
    /// Workers that are about to look for a job: those that were asked for, and the one that spins.
    coming: usize,
    /// Whether a worker spins. At most one does: more would not be faster.
    is_spinning: bool,
    /// Whether a worker [stands by](WorkQueue::stand_by). At most one does, and it is one of those that are
    /// coming.
    stands_by: bool,
    demand: Demand,
    /// Jobs that were handed over by then would have a thread by now, had each been given to the pool by
    /// itself. A worker runs them whatever its share, or a burst would wait for the pool twice.
    due: Option<Instant>,
}

impl WorkQueue {
    pub(super) const fn new(kind: Kind) -> WorkQueue {
        WorkQueue {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                taken: 0,
                done: 0,
                awake: 0,
                coming: 0,
                is_spinning: false,
                stands_by: false,
                demand: kind.first_demand(),
                due: None,
            }),
            has_jobs: AtomicBool::new(false),
            idling: AdaptiveSpin::new(),
            staying: AdaptiveSpin::new(),
            kind,
        }
    }

    /// Puts a job into the queue, and sees to it that there is a worker for it.
    pub(super) fn hand_over(&'static self, job: Runnable) {
        self.ask(self.push(job));
    }

    /// As [`hand_over`](WorkQueue::hand_over), but if a worker is awake spins a moment first, until `is_over`.
    pub(super) fn hand_over_and_stay(&'static self, job: Runnable, is_over: impl Fn() -> bool) {
        let state = self.push(job);
        if state.jobs.len() > 1 || state.awake == 0 {
            return self.ask(state);
        }
        let before = state.taken;
        drop(state);
        let is_over = self.staying.spin(STAY, is_over);
        let state = self.lock();
        // What the caller waits for may have come from elsewhere, while those that are awake hang.
        if !is_over || state.taken == before {
            self.ask(state);
        }
    }

    fn push(&self, job: Runnable) -> MutexGuard<'_, State> {
        let now = Instant::now();
        let mut state = self.lock();
        state.jobs.push_back((now, job));
        self.has_jobs.store(true, Ordering::Relaxed);
        state
    }

    /// Asks for the workers that the jobs need beside those that are coming.
    fn ask(&'static self, mut state: MutexGuard<'_, State>) {
        let missing = state.demand.missing(state.jobs.len(), state.coming);
        state.coming += missing;
        let done = state.done;
        drop(state);
        for _ in 0..missing {
            let asked = Instant::now();
            blocking::unblock(move || Worker::work(self, asked, done)).detach();
        }
    }

    /// The state, with a job in it unless none came while it was worthwhile to spin.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.jobs.is_empty() && !state.is_spinning {
            state.is_spinning = true;
            state.coming += 1;
            drop(state);
            self.idling
                .spin(IDLE, || self.has_jobs.load(Ordering::Relaxed));
            state = self.lock();
            state.is_spinning = false;
            state.coming -= 1;
        }
        state
    }

    /// The state, once another worker is needed; `None` if this one has given its thread back instead.
    ///
    /// Where fetches are short, one worker waits for all of them. One more stands by: if no job is taken for
    /// as long as a short one takes, it joins. Were it to join at once, 64 reads at random in flight would cost
    /// 20 µs of CPU each instead of 15.
    fn stand_by(&'static self) -> Option<MutexGuard<'static, State>> {
        let begun = Instant::now();
        let mut state = self.lock();
        while self.kind == Kind::Fetch && state.is_covered() {
            if state.stands_by || begun.elapsed() >= SHARE {
                state.coming -= 1;
                self.ask(state);
                return None;
            }
            let taken = state.taken;
            state.stands_by = true;
            drop(state);
            sleep(self.kind.short());
            state = self.lock();
            if !mem::replace(&mut state.stands_by, false) {
                // Another was asked for in its place.
                state.coming += 1;
            }
            if state.taken == taken {
                break;
            }
        }
        Some(state)
    }

    /// No code that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether those that are awake see to the jobs.
    fn is_covered(&self) -> bool {
        self.demand == Demand::One && self.awake > 0 && !self.jobs.is_empty()
    }
}

struct Worker {
    queue: &'static WorkQueue,
    begun: Instant,
    ran: u32,
}

impl Worker {
    /// Runs jobs; a worker was asked for at that time, when so many jobs were done.
    fn work(queue: &'static WorkQueue, asked: Instant, done: u64) {
        let begun = Instant::now();
        let Some(mut state) = queue.stand_by() else {
            return;
        };
        state.coming -= 1;
        if state.jobs.len() > 1 {
            let (at_work, done) = (state.awake, state.done - done);
            let latency = begun - asked;
            state.demand.learn(latency, at_work, done, queue.kind);
        }
        // The jobs of a burst, though each is handed over somewhat later than the last.
        state.due = state.due.max(Some(asked + OVERDUE));
        state.awake += 1;
        let mut worker = Worker {
            queue,
            begun,
            ran: 0,
        };
        while let Some(job) = worker.next(state) {
            job.run();
            state = queue.lock();
            state.done += 1;
        }
    }

    /// The next job, as long as there is one and this worker may go on.
    fn next(&mut self, mut state: MutexGuard<'_, State>) -> Option<Runnable> {
        let is_share_used = self.ran >= IN_A_ROW || self.ran > 0 && self.begun.elapsed() >= SHARE;
        if !is_share_used {
            state = self.queue.wait(state);
        } else if Some(state.jobs.front()?.0) > state.due {
            return None;
        }
        let (_, job) = state.jobs.pop_front()?;
        state.taken += 1;
        self.ran += 1;
        let has_jobs = !state.jobs.is_empty();
        self.queue.has_jobs.store(has_jobs, Ordering::Relaxed);
        self.queue.ask(state);
        Some(job)
    }
}

/// Also in a panic. Another was asked for when jobs came and went, but it may stand by.
impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.awake -= 1;
        if state.awake == 0 && state.stands_by {
            // It sleeps, so its place is another's.
            state.stands_by = false;
            state.coming -= 1;
            return self.queue.ask(state);
        }
        // What was learned of a burst says little about the next; that jobs are short does.
        let is_at_rest = state.awake + state.coming + state.jobs.len() == 0;
        if is_at_rest && state.demand != Demand::One {
            state.demand = self.queue.kind.first_demand();
        }
    }
}
