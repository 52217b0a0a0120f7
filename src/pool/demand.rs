//! How many workers the jobs need, which is learned from what each worker finds when it begins.

use std::time::Duration;

/// A worker that takes longer to begin waits for a thread or a core. To start a thread takes about 100 µs.
pub(super) const OVERDUE: Duration = Duration::from_micros(500);

/// Jobs that take as long as this fill a worker's share of its thread.
pub(super) const SHARE: Duration = Duration::from_millis(5);

/// What the jobs of a queue spend their time with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Calls that compute or copy: two workers are done with them sooner than one.
    Work,
    /// Waiting for data that the kernel is fetching already: while one worker waits, more of it arrives. To wait
    /// for 64 reads with one thread takes as long as with 64, and half of the CPU time.
    Fetch,
}

impl Kind {
    /// Jobs that take less are short: those that are awake are done with them before another is.
    pub(super) const fn short(self) -> Duration {
        match self {
            Kind::Work => Duration::from_micros(50),
            Kind::Fetch => Duration::from_micros(200),
        }
    }

    /// What is asked for while nothing is known.
    pub(super) const fn first_demand(self) -> Demand {
        match self {
            // Enough for the usual pool of a burst that meets others there, and few for one of short jobs.
            Kind::Work => Demand::UpTo(16),
            Kind::Fetch => Demand::One,
        }
    }
}

/// How many workers may be coming at once. It is never more than there are jobs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Demand {
    /// Jobs are short: one.
    One,
    /// Up to this many, and half as many as there are jobs, since those that are awake will be done with
    /// some of them. Each worker that finds jobs waiting doubles it, so that they grow as a tree does.
    UpTo(usize),
    /// Jobs are long and workers come late, so the pool is taken by others: one for each job, as if each
    /// had been given to the pool by itself.
    All,
}

impl Demand {
    /// How many workers to ask for, while so many jobs wait and so many workers are coming.
    pub(super) fn missing(self, waiting: usize, coming: usize) -> usize {
        let most = match self {
            Demand::One => 1,
            Demand::UpTo(most) => most.min((waiting / 2).max(1)),
            Demand::All => waiting,
        };
        most.min(waiting).saturating_sub(coming)
    }

    /// Learns from a worker that begins, so long after it was asked for, while there are jobs also for others:
    /// meanwhile so many at work have done so many jobs.
    pub(super) fn learn(&mut self, latency: Duration, at_work: usize, done: u64, kind: Kind) {
        let at_work = u32::try_from(at_work).unwrap_or(u32::MAX);
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        // Nothing where all that are awake hang, or none is.
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
