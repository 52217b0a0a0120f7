//! How far a stream is read ahead.
//!
//! Two chunks are enough for a caller that works on what it reads. One that is faster than its source
//! would sleep and be woken for every chunk, which takes longer than to read it from a cache: it is
//! given more chunks at once. A slow source is not made faster by that.

use std::mem;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Chunks that may wait for the caller, at least and at most.
const ENOUGH: RangeInclusive<usize> = 2..=16;

/// Waits, one after the other, that make more chunks enough: only a long stream is to hold much.
const PATIENCE: usize = 4;

/// A source that lets its caller wait for longer is slow.
const SOON: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(super) struct Pace {
    enough: usize,
    /// Waits of an eager caller since `enough` has changed.
    waits: usize,
    waiting_since: Option<Instant>,
    /// The caller has waited for the job.
    waited: bool,
    /// Not for this one only, or not only once: the caller is faster than the jobs.
    eager: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            enough: *ENOUGH.start(),
            waits: 0,
            waiting_since: None,
            waited: false,
            eager: false,
        }
    }
}

impl Pace {
    /// How many chunks wait for the caller when a job gives its thread back.
    pub(super) fn enough(&self) -> usize {
        self.enough
    }

    /// How many chunks there are when a waiting caller is woken, or at most when a new job is sent.
    pub(super) fn few(&self) -> usize {
        self.enough / 2
    }

    pub(super) fn is_eager(&self) -> bool {
        self.eager
    }

    /// A job is sent.
    pub(super) fn send(&mut self) {
        self.eager = mem::take(&mut self.waited);
        if !self.eager {
            self.set(self.enough / 2);
        }
    }

    /// The caller begins to wait for the job.
    pub(super) fn wait(&mut self) {
        self.eager |= mem::replace(&mut self.waited, true);
        self.waiting_since = Some(Instant::now());
    }

    /// The caller need not wait any longer.
    pub(super) fn deliver(&mut self) {
        let Some(since) = self.waiting_since.take() else {
            return;
        };
        if since.elapsed() > SOON {
            self.set(0);
        } else if self.eager {
            self.waits += 1;
        }
        if self.waits >= PATIENCE {
            self.set(self.enough * 2);
        }
    }

    fn set(&mut self, enough: usize) {
        self.enough = enough.clamp(*ENOUGH.start(), *ENOUGH.end());
        self.waits = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wait that was over at once, however busy the machine is.
    fn wait(pace: &mut Pace) {
        pace.wait();
        pace.waiting_since = Some(Instant::now() + SOON);
        pace.deliver();
    }

    #[test]
    fn a_caller_that_works_on_what_it_reads_is_not_read_further_ahead() {
        let mut pace = Pace::default();
        for job in 0..100 {
            pace.send();
            // The pool was slow to begin, now and then.
            if job % 2 == 0 {
                wait(&mut pace);
            }
            assert_eq!(pace.enough(), 2, "job {job}");
        }
    }

    #[test]
    fn a_caller_that_waits_again_and_again_gets_more_at_once() {
        let mut pace = Pace::default();
        pace.send();
        wait(&mut pace);
        let enough = [4, 8, 16, 16].map(|_| {
            (0..PATIENCE).for_each(|_| wait(&mut pace));
            pace.enough()
        });
        assert_eq!(enough, [4, 8, 16, 16]);

        let mut pace = Pace::default();
        pace.send();
        wait(&mut pace);
        let enough = [4, 8, 16, 16].map(|more| {
            for _ in 0..PATIENCE {
                assert!(pace.enough() < more || more == 16);
                pace.send();
                wait(&mut pace);
            }
            pace.enough()
        });
        assert_eq!(enough, [4, 8, 16, 16]);
        assert_eq!(pace.few(), 8);

        pace.send();
        assert_eq!(pace.enough(), 16);
        let enough = [8, 4, 2, 2].map(|_| {
            pace.send();
            pace.enough()
        });
        assert_eq!(enough, [8, 4, 2, 2]);
    }

    #[test]
    fn a_slow_source_is_not_read_further_ahead() {
        let mut pace = Pace::default();
        pace.send();
        (0..4 * PATIENCE).for_each(|_| wait(&mut pace));
        assert_eq!(pace.enough(), 16);
        pace.wait();
        pace.waiting_since = Instant::now().checked_sub(2 * SOON);
        pace.deliver();
        assert_eq!(pace.enough(), 2);
    }
}
