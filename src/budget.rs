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
        if !self.is_used_up() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// If it is, begins a new one.
    #[inline]
    fn is_used_up(&self) -> bool {
        let used_up = self.0.load(Ordering::Relaxed) >= LIMIT;
        if used_up {
            self.0.store(0, Ordering::Relaxed);
        }
        used_up
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

/// Charges this thread for an operation on a path that gave so many bytes on the spot. If it has had its
/// share of them, waits for one turn of the executor.
pub(crate) async fn spend(bytes: usize) {
    OF_THREAD.with(|budget| budget.charge(bytes));
    future::poll_fn(|cx| OF_THREAD.with(|budget| budget.poll_proceed(cx))).await;
}

/// Charges this thread for something new that may be over on the spot: a file or a stream that is new has
/// its whole budget before it.
pub(crate) fn poll_begin(cx: &mut Context<'_>) -> Poll<()> {
    OF_THREAD.with(|budget| {
        budget.charge(0);
        budget.poll_proceed(cx)
    })
}

/// Charges this thread for a call that may be over on the spot. If it has had its share of them, the
/// answer is `false`, and the caller waits for one turn of the executor.
pub(crate) fn is_left() -> bool {
    OF_THREAD.with(|budget| {
        budget.charge(0);
        !budget.is_used_up()
    })
}
