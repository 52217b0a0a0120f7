//! Handing jobs to the threads of the pool, and getting their results back.
//!
//! Waking a thread takes 20 to 25 µs, and waking the caller when its job is done takes as long again; most jobs
//! take 2 µs. So jobs are put into a queue, and `blocking` is only asked for workers. A worker runs one job
//! after the other, and spins for a moment before it gives its thread back. The caller of a short job spins for
//! a moment, too.
//!
//! While jobs wait, a worker is coming or [stands by](WorkQueue::stand_by), because the awake workers may hang.
//! How many more are asked for is learned from what each finds when it begins ([`Demand`]).
//!
//! The lock of the queue is a leaf: while it is held, no other lock is taken, and nothing is run, woken, cloned
//! or dropped. `has_jobs` is `Relaxed`, because it is a hint and guards no data: the queue is locked before a
//! job is taken, and a late or lost update costs one spin.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use async_task::Runnable;

use super::demand::{Demand, Kind, OVERDUE, SHARE};
use super::spin::AdaptiveSpin;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Instant, Mutex, MutexGuard, PoisonError, sleep};

/// How long a worker spins for its next job: somewhat longer than waking one takes, so that a caller that was
/// woken by one job finds a worker awake for the next.
const IDLE: Duration = Duration::from_micros(30);

/// How long a caller spins for its result: the time of several short jobs, and less than being woken takes.
const STAY: Duration = Duration::from_micros(10);

/// A worker gives its thread back after this many jobs or its [`SHARE`] of time, whichever is first, because
/// others use the pool, too. If none does, it gets the thread again at once, in 1 to 2 µs: 1 % of the time of
/// 64 short jobs.
const IN_A_ROW: u32 = 64;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` if this thread is running a job. A job must not wait for another one: its thread may be the only one,
/// and it may have the last turn of a limiter.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.get()
}

pub(super) static JOBS: WorkQueue = WorkQueue::new(Kind::Work);
pub(super) static FETCHES: WorkQueue = WorkQueue::new(Kind::Fetch);

/// Spins for a moment for a result that is about to come. Returns whether it came.
pub(crate) fn stay(is_over: impl Fn() -> bool) -> bool {
    JOBS.lock().awake > 0 && JOBS.staying.spin(STAY, is_over)
}

pub(super) struct WorkQueue {
    state: Mutex<State>,
    /// The spin of the worker.
    has_jobs: AtomicBool,
    idling: AdaptiveSpin,
    staying: AdaptiveSpin,
    kind: Kind,
}

/// While the lock is free, one of these holds: there is no job; a worker is coming; the caller that was the
/// first to wait is spinning, and asks for a worker afterwards.
struct State {
    /// The jobs, with the times at which they were handed over.
    jobs: VecDeque<(Instant, Runnable)>,
    taken: u64,
    done: u64,
    /// The number of workers that have begun and not left.
    awake: usize,
    /// The number of workers that are about to look for a job: those that were asked for, and the one that
    /// spins.
    coming: usize,
    /// Whether a worker spins. At most one does, because more would not be faster.
    is_spinning: bool,
    /// Whether a worker [stands by](WorkQueue::stand_by). At most one does, and it counts as coming.
    stands_by: bool,
    demand: Demand,
    /// Jobs that were handed over by this time would have a thread by now, had each been given to the pool by
    /// itself. A worker runs them beyond its share; otherwise a burst would wait for the pool twice.
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

    /// Puts a job into the queue, and makes sure that a worker comes for it.
    pub(super) fn hand_over(&'static self, job: Runnable) {
        self.ask(self.push(job));
    }

    /// Same as [`hand_over`](WorkQueue::hand_over), but if a worker is awake, spins for a moment until
    /// `is_over`.
    pub(super) fn hand_over_and_stay(&'static self, job: Runnable, is_over: impl Fn() -> bool) {
        let state = self.push(job);
        if state.jobs.len() > 1 || state.awake == 0 {
            return self.ask(state);
        }
        let before = state.taken;
        drop(state);
        let is_over = self.staying.spin(STAY, is_over);
        let state = self.lock();
        // The result may have come from elsewhere, while all awake workers hang.
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

    /// Asks for the workers that the jobs need in addition to those that are coming.
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

    /// Returns the state with a job in it, unless none came while spinning was worthwhile.
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

    /// Returns the state once another worker is needed, or `None` if this one has given its thread back.
    ///
    /// If fetches are short, one worker waits for all of them, and another one stands by: it joins if no job is
    /// taken for as long as a short one takes. If it joined at once, 64 random reads in flight would cost 20 µs
    /// of CPU each instead of 15.
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
                // Another one was asked for in its place.
                state.coming += 1;
            }
            if state.taken == taken {
                break;
            }
        }
        Some(state)
    }

    /// No code that can panic runs while the lock is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns `true` if the awake workers will take the jobs.
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
    /// Runs jobs. `asked` is when the worker was asked for, `done` how many jobs were done by then.
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
        // The jobs of a burst, even though each is handed over a little later than the last.
        state.due = state.due.max(Some(asked + OVERDUE));
        state.awake += 1;
        let mut worker = Worker {
            queue,
            begun,
            ran: 0,
        };
        IS_WORKER.set(true);
        while let Some(job) = worker.next(state) {
            job.run();
            state = queue.lock();
            state.done += 1;
        }
        IS_WORKER.set(false);
    }

    /// Returns the next job, while there is one and this worker may go on.
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

/// Also runs in a panic. Another worker was asked for when jobs were added, but it may stand by.
impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.awake -= 1;
        if state.awake == 0 && state.stands_by {
            // It sleeps, so another one takes its place.
            state.stands_by = false;
            state.coming -= 1;
            return self.queue.ask(state);
        }
        // What was learned from one burst says little about the next, except that jobs are short.
        let is_at_rest = state.awake + state.coming + state.jobs.len() == 0;
        if is_at_rest && state.demand != Demand::One {
            state.demand = self.queue.kind.first_demand();
        }
    }
}
