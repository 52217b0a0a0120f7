//! Fairness: how much cached data a task may take before it must let others in.

use futures_lite::future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

/// Bytes of ready data between two yields.
const LIMIT: u32 = 1024 * 1024;

/// What a ready poll costs at least, so that 128 of them also use up the budget.
const POLL: u32 = LIMIT / 128;

/// Counts ready answers and yields once when there have been enough of them.
///
/// Atomic only so that `&self` methods can share it: the count is a hint, its order means nothing.
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    /// Pending, once, with the task already woken again, when the budget is used up.
    #[inline]
    pub(crate) fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.load(Ordering::Relaxed) < LIMIT {
            return Poll::Ready(());
        }
        self.0.store(0, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Charges one ready answer of `bytes` bytes.
    #[inline]
    pub(crate) fn charge(&self, bytes: usize) {
        let cost = u32::try_from(bytes).unwrap_or(LIMIT).clamp(POLL, LIMIT);
        let spent = self.0.load(Ordering::Relaxed);
        self.0.store(spent.saturating_add(cost), Ordering::Relaxed);
    }
}

thread_local! {
    /// What the operations on paths share: each of them is over before it could count for itself.
    static OF_THREAD: Budget = const { Budget(AtomicU32::new(0)) };
}

/// Charges this thread for an operation on a path, which may turn out to need no waiting. If it has had
/// its share of them, waits for one turn of the executor first.
pub(crate) async fn proceed() {
    future::poll_fn(|cx| OF_THREAD.with(|budget| budget.poll_proceed(cx))).await;
    charge(0);
}

/// Charges this thread for the bytes that an operation on a path gave on the spot.
pub(crate) fn charge(bytes: usize) {
    OF_THREAD.with(|budget| budget.charge(bytes));
}
