//! What `src/sync.rs` of the library gives its concurrent parts, of shuttle.

pub(crate) use shuttle::hint;
pub(crate) use shuttle::sync::{Mutex, MutexGuard, PoisonError, atomic};

use shuttle::rand::{Rng, thread_rng};
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A time of a clock that goes on by a random amount whenever it is asked, so that all that depends on it
/// is seen both ways, and no spin is endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Instant {
        static MICROS: AtomicU64 = AtomicU64::new(0);
        let steps = [0, 1, 1, 20, 100, 2_000, 10_000];
        let step = steps[thread_rng().gen_range(0..steps.len())];
        let micros = MICROS.fetch_add(step, Ordering::Relaxed) + step;
        Instant(Duration::from_micros(micros))
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Instant::now() - *self
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
