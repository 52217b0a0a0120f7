//! Adaptive spinning.

use std::time::Duration;

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Instant, hint};

/// A spin that backs off: after `OFTEN` timeouts in a row, only one call in `RARELY` spins.
pub(super) struct AdaptiveSpin {
    /// The number of timeouts and skipped spins since the last successful spin. Relaxed: it is a hint, and
    /// guards no data.
    failures: AtomicU32,
}

impl AdaptiveSpin {
    const OFTEN: u32 = 4;
    const RARELY: u32 = 32;

    pub(super) const fn new() -> AdaptiveSpin {
        AdaptiveSpin {
            failures: AtomicU32::new(0),
        }
    }

    pub(super) fn is_worthwhile(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        failures < AdaptiveSpin::OFTEN || failures % AdaptiveSpin::RARELY == 0
    }

    /// Spins until `is_over`, if it is worthwhile. Returns whether it came soon enough.
    pub(super) fn spin(&self, most: Duration, is_over: impl Fn() -> bool) -> bool {
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
