//! Decides where and when a file is closed. No other module does.
//!
//! | the handle | local file | other file | other object |
//! | --- | --- | --- | --- |
//! | dropped, may have changed the file | here | on the pool; drop waits | on the pool; drop waits |
//! | dropped, only read | here if it is small | on the pool | on the pool |
//! | `close`, may have changed the file | on the pool | on the pool | on the pool |
//! | `close`, only read | here if it is small | on the pool | on the pool |
//!
//! Written files must be complete when `drop` returns: the process may exit, execute the file or take its lock.
//! A drop that waits forever would stall an executor, so it waits for at most one second. The pool then
//! finishes in the background. Only if no worker thread takes a regular file soon does the drop finish it itself,
//! which may block for longer.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_lite::ready;

use super::object::Shared;
use super::write_buffer::Drainer;
use crate::pool::{self, Event, Lane, Slot};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a drop waits for a call that may block.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a drop waits for a worker thread. After that, the drop itself finishes a regular file: blocking
/// here is better than writing late.
const NO_THREAD: Duration = Duration::from_millis(5);

/// The remaining work for a file, until a thread takes it.
type Unclaimed = Mutex<Option<(Arc<Shared>, Option<Drainer>)>>;

/// Devices on which a drop has timed out. Later drops there do not wait until the pool has finished one.
static STUCK: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Returns `true` if closing a handle is fast: nothing was changed through it, and closing it frees nothing.
pub(super) fn is_quick(shared: &Shared) -> bool {
    let (file, facts) = (shared.file(), shared.facts());
    !shared.is_touched()
        && file
            .zip(facts)
            .is_some_and(|(file, facts)| facts.closes_quickly(file))
}

/// Closes a file whose handle is dropped, after the bytes in `unwritten` are written.
pub(super) fn on_drop(shared: Arc<Shared>, unwritten: Option<Drainer>) {
    if is_quick(&shared) {
        return;
    }
    if shared.is_touched() && shared.closes_on_the_spot() {
        here(shared, unwritten)
    } else {
        drop(Closing::begin(shared, unwritten))
    }
}

/// Writes and closes a file on this thread, without an executor and without a free worker thread.
fn here(shared: Arc<Shared>, unwritten: Option<Drainer>) {
    let deadline = Instant::now() + PATIENCE;
    if let Some(drainer) = unwritten {
        // Another thread may be writing a batch.
        let drained = drainer.drain(&shared, Some(deadline));
        if drained.is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
            let lane = shared.lane();
            lane.run(move || finish(shared, Some(drainer))).detach();
            return;
        }
    }
    // A running job that shares the file closes it.
    if let Err(shared) = Arc::try_unwrap(shared) {
        let gone = shared.gone();
        drop(shared);
        wait_for(&gone, deadline);
    }
}

/// A file that is being closed on the pool. Dropping it waits as the drop of the file does.
pub(super) struct Closing {
    left: Arc<Unclaimed>,
    job: Slot<()>,
    gone: Arc<Event>,
    /// The device, of a regular file whose facts are known. All pipes appear to be on one device.
    device: Option<u64>,
    waits: bool,
    /// How long a drop leaves a regular file to the pool. Writing to anything else may block forever, and so may
    /// writing to a file whose jobs are limited: its turns may be taken because they block.
    patience: Option<Duration>,
}

impl Closing {
    pub(super) fn begin(shared: Arc<Shared>, unwritten: Option<Drainer>) -> Closing {
        let gone = shared.gone();
        let facts = shared.facts().filter(|facts| facts.regular);
        let device = facts.map(|facts| facts.device);
        // A read that waits for a peer may hold the object forever.
        let is_free = unwritten.is_some() || !shared.is_at_work();
        let waits = shared.is_touched() && is_free;
        let lane = shared.lane();
        let patience = if shared.closes_on_the_spot() {
            Some(Duration::ZERO)
        } else {
            (!lane.is_limited()).then_some(NO_THREAD)
        }
        .filter(|_| device.is_some());
        let left = Arc::new(Mutex::new(Some((shared, unwritten))));
        let (claimed, mut job) = (left.clone(), Slot::default());
        let close = move || {
            let Some((shared, unwritten)) = claim(&claimed) else {
                return;
            };
            finish(shared, unwritten);
            if let Some(device) = device {
                stuck().remove(&device);
            }
        };
        job.start((), lane.run_short(close));
        Closing {
            left,
            job,
            gone,
            device,
            waits,
            patience,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.job.poll(cx));
        self.gone.poll(cx)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.job.detach();
        let is_stuck = self.device.is_some_and(|device| stuck().contains(&device));
        if !self.waits || is_stuck || self.gone.has_happened() {
            return;
        }
        let begun = Instant::now();
        let hurries = |patience| !wait_for(&self.gone, begun + patience);
        if self.patience.is_some_and(hurries) {
            if let Some((shared, unwritten)) = claim(&self.left) {
                here(shared, unwritten);
            }
        }
        if !wait_for(&self.gone, begun + PATIENCE) {
            stuck().extend(self.device);
        }
    }
}

/// Does work that a drop has left, on the pool. Waits for it for as long as the drop of a file on this device
/// waits, but not in a job.
pub(crate) fn leave_to_pool(lane: &Lane, device: u64, work: impl FnOnce() + Send + 'static) {
    let mut job = Slot::default();
    let work = move || {
        work();
        stuck().remove(&device);
    };
    job.start((), lane.run_short(work));
    let waits = !pool::is_worker() && !stuck().contains(&device);
    if waits && !pool::block_for(PATIENCE, |cx| job.poll(cx).map(drop)) {
        stuck().insert(device);
    }
    job.detach();
}

/// Takes the remaining work, unless another thread has taken it.
fn claim<R>(left: &Mutex<Option<R>>) -> Option<R> {
    left.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn wait_for(gone: &Event, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    gone.has_happened() || pool::block_for(left, |cx| gone.poll(cx))
}

fn stuck() -> MutexGuard<'static, BTreeSet<u64>> {
    STUCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the buffered bytes, flushes and closes. An object is closed even if another job shares it.
fn finish(shared: Arc<Shared>, unwritten: Option<Drainer>) {
    if let Some(drainer) = unwritten {
        let _ = drainer.drain_and_flush(&shared);
    }
    if shared.is_exclusive() {
        drop(shared.take_object());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn a_drop_waits_for_the_pool_but_not_in_a_job() {
        let lane = Lane::default();
        let leave = |device| {
            let (end, ended) = channel::<()>();
            leave_to_pool(&Lane::default(), device, move || ended.recv().unwrap_or(()));
            end
        };
        let (outside, inside) = (u64::MAX, u64::MAX - 1);
        let ends = (leave(outside), block_on(lane.run(move || leave(inside))));
        assert!(stuck().contains(&outside));
        assert!(!stuck().contains(&inside));
        drop(ends);
    }
}
