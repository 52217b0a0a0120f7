//! The number of workers that the jobs need, learned from what each worker finds when it begins.

use std::time::Duration;

/// A worker that begins later than this had to wait for a thread or a core. Starting a thread takes about 100
/// µs.
pub(super) const OVERDUE: Duration = Duration::from_micros(500);

/// Jobs of this total duration fill a worker's share of its thread.
pub(super) const SHARE: Duration = Duration::from_millis(5);

/// What the jobs of a queue spend their time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Calls that compute or copy: two workers finish them sooner than one.
    Work,
    /// Waiting for data that the kernel is already fetching: while one worker waits, more of it arrives.
    /// Waiting for 64 reads with one thread takes as long as with 64, and half of the CPU time.
    Fetch,
}

impl Kind {
    /// Jobs shorter than this are short: the awake workers finish them before another one is awake.
    pub(super) const fn short(self) -> Duration {
        match self {
            Kind::Work => Duration::from_micros(50),
            Kind::Fetch => Duration::from_micros(200),
        }
    }

    /// The demand while nothing is known.
    pub(super) const fn first_demand(self) -> Demand {
        match self {
            // Enough for a burst in a pool that others use, and few for a burst of short jobs.
            Kind::Work => Demand::UpTo(16),
            Kind::Fetch => Demand::One,
        }
    }
}

/// The number of workers that may be coming at once. It is never more than the number of jobs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Demand {
    /// One worker: jobs are short.
    One,
    /// Up to this many workers, and at most half as many as there are jobs, since the awake workers will
    /// finish some of them. Each worker that finds waiting jobs doubles the number, so that workers grow
    /// like a tree.
    UpTo(usize),
    /// Jobs are long and workers come late, so others use the pool: one for each job, as if each job had been
    /// given to the pool by itself.
    All,
}

impl Demand {
    /// Returns the number of workers to ask for, given the numbers of waiting jobs and of coming workers.
    pub(super) fn missing(self, waiting: usize, coming: usize) -> usize {
        let most = match self {
            Demand::One => 1,
            Demand::UpTo(most) => most.min((waiting / 2).max(1)),
            Demand::All => waiting,
        };
        most.min(waiting).saturating_sub(coming)
    }

    /// Learns from a worker that begins while there are more jobs: how long ago it was asked for, how many
    /// workers are running, and how many jobs they have done since.
    pub(super) fn learn(&mut self, latency: Duration, at_work: usize, done: u64, kind: Kind) {
        let at_work = u32::try_from(at_work).unwrap_or(u32::MAX);
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        // Zero if all running workers hang, or none is running.
        let job = latency.saturating_mul(at_work).checked_div(done);
        let is_late = latency > OVERDUE;
        *self = match *self {
            _ if job.is_some_and(|job| job < kind.short()) => Demand::One,
            _ if is_late && job.is_some_and(|job| job >= SHARE) => Demand::All,
            Demand::One => Demand::UpTo(2),
            Demand::UpTo(most) => Demand::UpTo(most.saturating_mul(2)),
            Demand::All if is_late => Demand::All,
            Demand::All => kind.first_demand(),
        };
    }
}
