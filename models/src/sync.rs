//! What `src/sync.rs` of the library gives its concurrent parts, of shuttle.

pub(crate) use shuttle::hint;
pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic};

use std::cell::Cell;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{self, LockResult, WaitTimeoutResult};
use shuttle::thread;

thread_local! {
    /// The time in microseconds. Shuttle runs all threads of a model on one, and models beside each other.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// A time of a clock that goes on by a random amount whenever it is asked, so that all that depends on it
/// is seen both ways, and no spin is endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Instant {
        let steps = [0, 1, 1, 20, 100, 2_000, 10_000];
        let step = steps[thread_rng().gen_range(0..steps.len())];
        Instant::pass(Duration::from_micros(step));
        Instant(Duration::from_micros(NOW.get()))
    }

    fn pass(time: Duration) {
        NOW.set(NOW.get() + time.as_micros() as u64);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Instant::now() - *self
    }

    pub(crate) fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        *self - earlier
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, other: Instant) -> Duration {
        self.0.saturating_sub(other.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant(self.0 + duration)
    }
}

/// Lets the time pass, and the other threads go on.
pub(crate) fn sleep(time: Duration) {
    Instant::pass(time);
    thread::yield_now();
}

/// Shuttle's never times out, so here another thread lets the time pass.
#[derive(Debug, Default)]
pub(crate) struct Condvar(Arc<sync::Condvar>);

impl Condvar {
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let is_woken = Arc::new(AtomicBool::new(false));
        let (condvar, woken) = (self.0.clone(), is_woken.clone());
        let timer = thread::spawn(move || {
            Instant::pass(limit);
            // It may be early: then the other does not wait yet.
            while !woken.load(Ordering::Relaxed) {
                condvar.notify_all();
                thread::yield_now();
            }
        });
        let waited = self.0.wait_timeout(guard, limit);
        is_woken.store(true, Ordering::Relaxed);
        drop(timer);
        waited
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}
