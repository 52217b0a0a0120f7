//! How jobs come to the threads of the pool, and how their outcomes come back.
//!
//! To wake a thread takes longer than most jobs do, on either way. So jobs are put into a queue. A worker
//! is what a thread of the pool does that was woken for it: one job after the other, and when there is
//! none it spins for a moment before it gives the thread back. Whoever has a short job spins for a
//! moment too, if a worker is awake, instead of being woken. Both are bounded, and become rare where they
//! are in vain.

use async_task::Runnable;
use std::collections::VecDeque;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a worker spins for its next job.
const IDLE: Duration = Duration::from_micros(30);

/// How long a caller stays for an outcome: less than it takes to be woken.
const STAY: Duration = Duration::from_micros(10);

/// Jobs of one worker. Then the thread looks for what else the pool has to do.
const IN_A_ROW: u32 = 64;

static QUEUE: Queue = Queue::new();
static IDLING: Spinning = Spinning::new();
static STAYING: Spinning = Spinning::new();

/// Puts a job into the queue, and sees to it that there is a worker for it.
pub(super) fn hand_over(job: Runnable) {
    QUEUE.push(job);
    QUEUE.wake_worker();
}

/// The same, but if a worker is awake stays a moment first, until `is_over`.
pub(super) fn hand_over_and_stay(job: Runnable, is_over: impl Fn() -> bool) {
    let is_next = QUEUE.push(job);
    if !(is_next && stay(is_over)) {
        QUEUE.wake_worker();
    }
}

/// Stays a moment for what a job is about to give; tells whether it came.
pub(crate) fn stay(is_over: impl Fn() -> bool) -> bool {
    QUEUE.lock().workers > 0 && STAYING.is_worthwhile() && STAYING.spin(STAY, is_over)
}

struct Queue {
    state: Mutex<State>,
    /// For the worker that spins.
    has_jobs: AtomicBool,
}

struct State {
    jobs: VecDeque<Runnable>,
    /// Those that are awake.
    workers: usize,
    /// One of them spins for a job.
    is_spinning: bool,
    /// One more is being woken.
    is_waking: bool,
}

impl Queue {
    const fn new() -> Queue {
        Queue {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                workers: 0,
                is_spinning: false,
                is_waking: false,
            }),
            has_jobs: AtomicBool::new(false),
        }
    }

    /// Tells whether no other job comes before this one.
    fn push(&self, job: Runnable) -> bool {
        let mut state = self.lock();
        state.jobs.push_back(job);
        self.has_jobs.store(true, Ordering::Release);
        state.jobs.len() == 1
    }

    /// Wakes a worker if there are jobs and none comes for them.
    ///
    /// One at a time: it will see to the next one, and those that are at work may be done before. But one
    /// is always on its way, since those that are at work may also hang.
    fn wake_worker(&'static self) {
        let mut state = self.lock();
        if state.jobs.is_empty() || state.is_spinning || state.is_waking {
            return;
        }
        state.is_waking = true;
        drop(state);
        blocking::unblock(move || Worker::new(self).work()).detach();
    }

    /// The next job; `None` if none came while it was worthwhile to spin.
    fn pop(&self) -> Option<Runnable> {
        let mut state = self.lock();
        if state.jobs.is_empty() {
            if state.is_spinning || !IDLING.is_worthwhile() {
                return None;
            }
            state.is_spinning = true;
            drop(state);
            IDLING.spin(IDLE, || self.has_jobs.load(Ordering::Acquire));
            state = self.lock();
            state.is_spinning = false;
        }
        let job = state.jobs.pop_front();
        let has_jobs = !state.jobs.is_empty();
        self.has_jobs.store(has_jobs, Ordering::Relaxed);
        job
    }

    /// No code that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker(&'static Queue);

impl Worker {
    fn new(queue: &'static Queue) -> Worker {
        let mut state = queue.lock();
        state.is_waking = false;
        state.workers += 1;
        Worker(queue)
    }

    fn work(self) {
        for _ in 0..IN_A_ROW {
            let Some(job) = self.0.pop() else { break };
            self.0.wake_worker();
            job.run();
        }
    }
}

/// Also in a panic, for instance of somebody's waker.
impl Drop for Worker {
    fn drop(&mut self) {
        self.0.lock().workers -= 1;
        self.0.wake_worker();
    }
}

/// Counts how often it was in vain, since it last was not.
struct Spinning(AtomicU32);

impl Spinning {
    /// It is tried so many times in a row, and then once in `RARELY`.
    const ENOUGH: u32 = 4;
    const RARELY: u32 = 32;

    const fn new() -> Spinning {
        Spinning(AtomicU32::new(0))
    }

    fn is_worthwhile(&self) -> bool {
        let in_vain = self.0.load(Ordering::Relaxed);
        let is_worthwhile = in_vain < Spinning::ENOUGH || in_vain % Spinning::RARELY == 0;
        if !is_worthwhile {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        is_worthwhile
    }

    /// Spins until `is_over`; tells whether that was soon enough.
    fn spin(&self, most: Duration, is_over: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < most {
            if is_over() {
                self.0.store(0, Ordering::Relaxed);
                return true;
            }
            hint::spin_loop();
        }
        self.0.fetch_add(1, Ordering::Relaxed);
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
        let spinning = Spinning::new();
        let tried = |times: u32| {
            let tries = (0..times).filter(|_| {
                let worthwhile = spinning.is_worthwhile();
                worthwhile && !spinning.spin(Duration::ZERO, || false)
            });
            tries.count()
        };
        assert_eq!(tried(4), 4);
        assert_eq!(tried(28), 0);
        assert_eq!(tried(320), 10);
        while !spinning.is_worthwhile() {}
        assert!(spinning.spin(Duration::from_secs(60), || true));
        assert_eq!(tried(4), 4, "after luck as at first");
    }

    #[test]
    fn jobs_that_hang_hold_up_no_others() {
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let hanging: Vec<_> = (0..20)
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
}
