//! Changes whose futures were dropped while a worker carried them out.
//!
//! Such a change cannot be stopped. Every later call on the handle waits for it, because it would otherwise take effect
//! after them: a `set_len` would cut off what was written since. A change that has not begun is not carried out, and
//! nothing waits for it: it may be long before a thread is free.

use std::task::{Context, Poll};

use crate::pool::Waiters;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// The abandoned changes of a handle.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    count: AtomicUsize,
    waiters: Waiters,
}

impl Abandoned {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        // Whoever finds that a change is over sees what it did.
        self.count.load(Ordering::Acquire) == 0
    }

    /// Waits until none is left.
    #[inline]
    pub(super) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.is_empty() {
            self.waiters.add(cx);
            if !self.is_empty() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn remove(&self) {
        self.count.fetch_sub(1, Ordering::Release);
        self.waiters.wake_all();
    }
}

const WAITS: u8 = 0;
const BEGUN: u8 = 1;
const OVER: u8 = 2;
const GIVEN_UP: u8 = 3;

/// The stage of a change. The worker and the future agree on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Change(Arc<AtomicU8>);

impl Change {
    /// Begins the change, which lasts until the result is dropped, also by a panic. Returns `None` if it was given up.
    pub(super) fn begin(self, abandoned: &Abandoned) -> Option<Running<'_>> {
        self.advance(WAITS, BEGUN).ok()?;
        let change = self;
        Some(Running { change, abandoned })
    }

    /// Gives up the change when the result is dropped, unless it is over.
    pub(super) fn awaited(self, abandoned: &Abandoned) -> Awaited<'_> {
        let change = self;
        Awaited { change, abandoned }
    }

    fn advance(&self, from: u8, to: u8) -> Result<u8, u8> {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.0.compare_exchange(from, to, success, failure)
    }
}

/// The worker's side of a change.
pub(super) struct Running<'a> {
    change: Change,
    abandoned: &'a Abandoned,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.change.advance(BEGUN, OVER).is_err() {
            self.abandoned.remove();
        }
    }
}

/// The future's side of a change.
pub(super) struct Awaited<'a> {
    change: Change,
    abandoned: &'a Abandoned,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if self.change.advance(WAITS, GIVEN_UP) == Err(BEGUN) {
            // Before the worker can remove it.
            self.abandoned.add();
            if self.change.advance(BEGUN, GIVEN_UP).is_err() {
                self.abandoned.remove();
            }
        }
    }
}
