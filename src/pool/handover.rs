//! How jobs come to the threads of the pool, and how their outcomes come back.
//!
//! To wake a thread takes 20 to 25 µs, and as long again to wake the caller when its job is done; most jobs
//! take 2 µs. So jobs are put into a queue, and `blocking` is only asked for workers. A worker runs one job
//! after the other, and spins for a moment for the next before it gives its thread back. The caller of a
//! short job spins for a moment, too.
//!
//! While jobs wait, a worker is on its way to them, since those that are awake may hang. How many more are
//! asked for is learned from what each finds when it begins ([`Demand`]).
//!
//! The lock of the queue is a leaf: under it no other lock is taken, and nothing is run, woken, cloned or
//! dropped. Every atomic here is `Relaxed`: they are hints, and guard no data. Whoever sees `has_jobs`
//! locks the queue before it takes a job; a late or lost update costs one spin.

use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sync::{Instant, Mutex, MutexGuard, PoisonError, hint, sleep};
use async_task::Runnable;
use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

/// How long a worker spins for its next job: somewhat longer than it takes to wake one, so that a caller
/// that was woken by one job finds a worker awake for its next.
const IDLE: Duration = Duration::from_micros(30);

/// How long a caller spins for its outcome: several short jobs long, and less than it takes to be woken.
const STAY: Duration = Duration::from_micros(10);

/// A worker gives its thread back after so many jobs or so much time, whichever is first, since others use
/// the pool as well. Where none does it gets the thread again at once, for 1 to 2 µs: 1 % of 64 short jobs.
const IN_A_ROW: u32 = 64;
const SHARE: Duration = Duration::from_millis(5);

/// Jobs that take less are short: those that are awake are done with them before another is.
const SHORT: Duration = Duration::from_micros(50);

/// Waiting for data that the kernel is fetching already counts as short up to this: to wait for 64 of them
/// with one thread takes as long as with 64, and half of the CPU time.
const SHORT_FETCH: Duration = Duration::from_micros(200);

/// A worker that takes longer to begin waits for a thread or a core. To start a thread takes about 100 µs.
const OVERDUE: Duration = Duration::from_micros(500);

pub(super) static JOBS: WorkQueue = WorkQueue::new(Kind::Work);
pub(super) static FETCHES: WorkQueue = WorkQueue::new(Kind::Fetch);

/// What the jobs of a queue spend their time with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Calls that compute or copy: two workers are done with them sooner than one.
    Work,
    /// Waiting for data that the kernel is fetching already: while one worker waits, more of it arrives.
    Fetch,
}

impl Kind {
    /// Jobs that take less are short.
    const fn short(self) -> Duration {
        match self {
            Kind::Work => SHORT,
            Kind::Fetch => SHORT_FETCH,
        }
    }

    /// What is asked for as long as nothing is known.
    const fn first_demand(self) -> Demand {
        match self {
            // Enough for the usual pool of a burst that meets others there, and few for one of short jobs.
            Kind::Work => Demand::UpTo(16),
            Kind::Fetch => Demand::One,
        }
    }
}

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
    /// At most one: more would not be faster.
    spinner: Spinner,
    /// At most one, and it is one of those that are coming.
    standby: Standby,
    kind: Kind,
    demand: Demand,
    /// Jobs that were handed over by then would have a thread by now, had each been given to the pool by
    /// itself. A worker runs them whatever its share, or a burst would wait for the pool twice.
    due: Option<Instant>,
}

#[derive(PartialEq)]
enum Spinner {
    Absent,
    Present,
}

/// A worker that leaves short fetches to another, as long as that one gets on with them.
#[derive(PartialEq)]
enum Standby {
    Absent,
    Present,
}

/// How many workers may be coming at once. It is never more than there are jobs.
#[derive(Clone, Copy)]
enum Demand {
    /// Jobs are short: one.
    One,
    /// Up to this many, and half as many as there are jobs, since those that are awake will be done with
    /// some of them. Each worker that finds jobs waiting doubles it, so that they grow as a tree does.
    UpTo(usize),
    /// Jobs are long and workers come late, so the pool is taken by others: one for each job, as if each
    /// had been given to the pool by itself.
    All,
}

/// What was the case when a worker was asked for.
#[derive(Clone, Copy)]
struct Request {
    asked: Instant,
    done: u64,
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
                spinner: Spinner::Absent,
                standby: Standby::Absent,
                kind,
                demand: kind.first_demand(),
                due: None,
            }),
            has_jobs: AtomicBool::new(false),
            idling: AdaptiveSpin::new(),
            staying: AdaptiveSpin::new(),
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
        let missing = state.missing();
        state.coming += missing;
        let done = state.done;
        drop(state);
        for _ in 0..missing {
            let asked = Instant::now();
            let request = Request { asked, done };
            blocking::unblock(move || Worker::work(self, request)).detach();
        }
    }

    /// The state, with a job in it unless none came while it was worthwhile to spin.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.jobs.is_empty() && state.spinner == Spinner::Absent {
            state.spinner = Spinner::Present;
            state.coming += 1;
            drop(state);
            self.idling
                .spin(IDLE, || self.has_jobs.load(Ordering::Relaxed));
            state = self.lock();
            state.spinner = Spinner::Absent;
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
        while state.is_covered() {
            if state.standby == Standby::Present || begun.elapsed() >= SHARE {
                state.coming -= 1;
                self.ask(state);
                return None;
            }
            let taken = state.taken;
            state.standby = Standby::Present;
            drop(state);
            sleep(SHORT_FETCH);
            state = self.lock();
            if mem::replace(&mut state.standby, Standby::Absent) == Standby::Absent {
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
        let is_short = matches!(self.demand, Demand::One);
        self.kind == Kind::Fetch && is_short && self.awake > 0 && !self.jobs.is_empty()
    }

    fn missing(&self) -> usize {
        let waiting = self.jobs.len();
        let most = match self.demand {
            Demand::One => 1,
            Demand::UpTo(most) => most.min((waiting / 2).max(1)),
            Demand::All => waiting,
        };
        most.min(waiting).saturating_sub(self.coming)
    }

    fn begin(&mut self, request: Request, begun: Instant) {
        self.coming -= 1;
        if self.jobs.len() > 1 {
            self.learn(request, begun - request.asked);
        }
        // The jobs of a burst, though each is handed over somewhat later than the last.
        self.due = self.due.max(Some(request.asked + OVERDUE));
        self.awake += 1;
    }

    /// Learns from a worker that begins while there are jobs also for others.
    fn learn(&mut self, request: Request, latency: Duration) {
        let at_work = u32::try_from(self.awake).unwrap_or(u32::MAX);
        let done = u32::try_from(self.done - request.done).unwrap_or(u32::MAX);
        // Nothing where all that are awake hang, or none is.
        let job = latency.saturating_mul(at_work).checked_div(done);
        let is_late = latency > OVERDUE;
        self.demand = match self.demand {
            _ if job.is_some_and(|job| job < self.kind.short()) => Demand::One,
            _ if is_late && job.is_some_and(|job| job >= SHARE) => Demand::All,
            Demand::One => Demand::UpTo(2),
            Demand::UpTo(most) => Demand::UpTo(most.saturating_mul(2)),
            Demand::All if is_late => Demand::All,
            Demand::All => self.kind.first_demand(),
        };
    }
}

struct Worker {
    queue: &'static WorkQueue,
    begun: Instant,
    ran: u32,
}

impl Worker {
    fn work(queue: &'static WorkQueue, request: Request) {
        let begun = Instant::now();
        let Some(mut state) = queue.stand_by() else {
            return;
        };
        state.begin(request, begun);
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
        if state.awake == 0 && state.standby == Standby::Present {
            // It sleeps, so its place is another's.
            state.standby = Standby::Absent;
            state.coming -= 1;
            return self.queue.ask(state);
        }
        // What was learned of a burst says little about the next; that jobs are short does.
        let is_at_rest = state.awake + state.coming + state.jobs.len() == 0;
        if is_at_rest && !matches!(state.demand, Demand::One) {
            state.demand = state.kind.first_demand();
        }
    }
}

/// A spin that backs off: after `OFTEN` timeouts in a row, only one call in `RARELY` spins.
struct AdaptiveSpin {
    /// Timeouts and skipped spins since the last spin that succeeded.
    failures: AtomicU32,
}

impl AdaptiveSpin {
    const OFTEN: u32 = 4;
    const RARELY: u32 = 32;

    const fn new() -> AdaptiveSpin {
        AdaptiveSpin {
            failures: AtomicU32::new(0),
        }
    }

    fn is_worthwhile(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        failures < AdaptiveSpin::OFTEN || failures % AdaptiveSpin::RARELY == 0
    }

    /// Spins until `is_over`, if it is worthwhile; tells whether that was soon enough.
    fn spin(&self, most: Duration, is_over: impl Fn() -> bool) -> bool {
        if self.is_worthwhile() {
            let begun = Instant::now();
            while begun.elapsed() < most {
                if is_over() {
                    self.failures.store(0, Ordering::Relaxed);
                    return true;
                }
                hint::spin_loop();
            }
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool;
    use futures_lite::future;
    use std::sync::{Arc, mpsc};
    use std::thread;

    #[test]
    fn spinning_in_vain_becomes_rare_and_is_tried_again() {
        let spin = AdaptiveSpin::new();
        let tried = |times: u32| {
            let tries = (0..times).filter(|_| {
                let is_worthwhile = spin.is_worthwhile();
                assert!(!spin.spin(Duration::ZERO, || false));
                is_worthwhile
            });
            tries.count()
        };
        assert_eq!(tried(4), 4);
        assert_eq!(tried(28), 0);
        assert_eq!(tried(320), 10);
        while !spin.spin(Duration::from_secs(60), || true) {}
        assert_eq!(tried(4), 4, "after luck as at first");
    }

    /// How many workers are asked for when 64 jobs come to nobody, and then by each that begins with so
    /// much latency, while those at work have done so many jobs.
    fn asked(begins: &[(Duration, u64)]) -> Vec<usize> {
        let queue = WorkQueue::new(Kind::Work);
        let mut state = queue.lock();
        let asked = Instant::now();
        state
            .jobs
            .extend((0..64).map(|_| (asked, async_task::spawn(async {}, |_| ()).0)));
        let mut missing = vec![state.missing()];
        for &(latency, done) in begins {
            state.coming += missing.last().unwrap();
            let request = Request {
                asked,
                done: state.done,
            };
            state.done += done;
            state.begin(request, asked + latency);
            state.jobs.pop_front();
            missing.push(state.missing());
        }
        missing
    }

    #[test]
    fn workers_grow_as_the_jobs_need() {
        let (prompt, late) = (Duration::from_micros(25), Duration::from_millis(30));
        assert_eq!(asked(&[(prompt, 0); 4]), [16, 16, 1, 0, 1], "long jobs");
        assert_eq!(
            asked(&[(prompt, 0), (prompt, 12)]),
            [16, 16, 0],
            "short ones"
        );
        assert_eq!(
            asked(&[(late, 0), (late, 2)]),
            [16, 16, 32],
            "a pool that others fill"
        );
    }

    #[test]
    fn jobs_that_hang_hold_up_no_others() {
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(released));
        // As many as leave the pool a thread.
        let threads = std::env::var("BLOCKING_MAX_THREADS").map(|most| most.parse().unwrap());
        let hanging: Vec<_> = (1..threads.unwrap_or(500).min(21))
            .map(|_| {
                let released = released.clone();
                pool::run(move || released.lock().unwrap().recv().is_err())
            })
            .collect();
        for i in 0..2_000 {
            assert_eq!(future::block_on(pool::call(move || i)), i);
        }
        assert!(hanging.iter().all(|task| !task.is_finished()));
        drop(release);
        for task in hanging {
            assert!(future::block_on(task));
        }
    }

    #[test]
    fn no_job_of_many_threads_is_lost() {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                thread::spawn(|| {
                    future::block_on(async {
                        let mut sum = 0;
                        for i in 0..2_000_u64 {
                            let detached = pool::run(move || i);
                            sum += pool::call(move || i).await + detached.await;
                        }
                        sum
                    })
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), 2_000 * 1_999);
        }
    }

    /// Such as a job of which the task does not catch it.
    #[test]
    fn a_worker_that_panics_takes_nothing_along() {
        for _ in 0..10 {
            let (job, task) = async_task::spawn(async { panic!("as agreed") }, |_| ());
            task.detach();
            JOBS.hand_over(job);
            assert_eq!(future::block_on(pool::call(|| 1)), 1);
        }
    }
}
