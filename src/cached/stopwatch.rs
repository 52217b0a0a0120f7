//! Measures how long a call waited.

use std::cell::Cell;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use super::probation::SLOW;

/// A stopwatch that counts in ticks of the coarse clock.
///
/// Only milliseconds matter, and reading this clock takes 5 to 8 ns, while [`Instant`] takes 20 or more. A read
/// of cached data takes 370 ns.
///
/// [`Instant`]: std::time::Instant
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Timespec);

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch(clock_gettime(ClockId::MonotonicCoarse))
    }

    /// Returns how long the call took, minus the time that the thread may have waited for a core.
    ///
    /// On a busy machine a thread loses its core for tens of milliseconds, often at the end of a system call.
    /// That is not the filesystem's fault.
    pub(super) fn waited(&self) -> Duration {
        let elapsed = self.elapsed();
        if elapsed < SLOW {
            elapsed
        } else {
            elapsed.saturating_sub(core_delay())
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        // Never negative: the clock is monotonic.
        Duration::try_from(now - self.0).unwrap_or_default()
    }
}

/// Returns how long this thread was ready to run without a core since the last query, or since it started.
///
/// Querying before each call would take too long. So this covers more than the call: the first slow call of a
/// busy thread may be excused by earlier delays, the second is not. If the system does not tell, no call is
/// excused.
fn core_delay() -> Duration {
    thread_local! {
        static LAST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }
    // This reads memory and takes 4 µs, after a call that took 12 ms.
    let Ok(text) = std::fs::read_to_string("/proc/thread-self/schedstat") else {
        return Duration::ZERO;
    };
    let delay = run_delay(&text).unwrap_or_default();
    delay.saturating_sub(LAST.replace(delay))
}

/// Parses the second field: nanoseconds on a run queue.
fn run_delay(schedstat: &str) -> Option<Duration> {
    let nanos = schedstat.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Instant;

    #[test]
    fn the_delay_is_the_second_field() {
        let delay = run_delay("4213542 1500000000 17\n");
        assert_eq!(delay, Some(Duration::from_millis(1500)));
        assert_eq!(run_delay("17"), None);
        assert_eq!(run_delay(""), None);
    }

    #[test]
    fn sleeping_is_waiting() {
        // Discards earlier delays.
        core_delay();
        let watch = Stopwatch::start();
        thread::sleep(Duration::from_secs(1));
        assert!(watch.waited() >= Duration::from_millis(500));
        let watch = Stopwatch::start();
        assert!(watch.waited() < SLOW);
    }

    /// Many more threads than cores, each of which is always ready to run.
    #[test]
    fn a_thread_without_a_core_does_not_wait() {
        if run_delay(&std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default())
            .is_none()
        {
            println!("skipped: the system does not tell");
            return;
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spin = || {
            let (begun, mut gaps, mut waits) = (Instant::now(), 0, 0);
            while begun.elapsed() < Duration::from_secs(1) {
                let watch = Stopwatch::start();
                let instant = Instant::now();
                while instant.elapsed() < Duration::from_micros(100) {}
                gaps += usize::from(watch.elapsed() >= SLOW);
                waits += usize::from(watch.waited() >= SLOW);
            }
            (gaps, waits)
        };
        let threads: Vec<_> = (0..8 * cores).map(|_| thread::spawn(spin)).collect();
        let (mut gaps, mut waits) = (0, 0);
        for thread in threads {
            let (more_gaps, more_waits) = thread.join().unwrap();
            gaps += more_gaps;
            waits += more_waits;
        }
        println!("{gaps} gaps, of which {waits} count as waits");
        // A hypervisor that takes the core away leaves no trace.
        assert!(waits * 4 <= gaps, "{waits} of {gaps}");
    }
}
