//! Pauses, which need no runtime and no timer of one.
//!
//! One thread of the pool sleeps for all pauses of the process. It is given back after each slice, so that in a
//! pool of one thread other jobs run in between. It is not a job of the queue, which learns from how long its jobs
//! take.
//!
//! The lock is a leaf: wakers are foreign code, which is cloned, woken and dropped without the lock.

use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::waiters::wake;

/// The longest time for which the thread sleeps before it is given back.
const SLICE: Duration = Duration::from_millis(10);

static PAUSES: Pauses = Pauses {
    state: Mutex::new(State {
        wakers: BTreeMap::new(),
        begun: 0,
        is_watched: false,
    }),
    sooner: Condvar::new(),
};

struct Pauses {
    state: Mutex<State>,
    /// Signalled when a pause is added that ends before all others.
    sooner: Condvar,
}

/// While the lock is free and there are pauses, a thread is watching or about to.
struct State {
    /// The tasks that wait, by the end and the number of the pause.
    wakers: BTreeMap<(Instant, u64), Waker>,
    /// The number of pauses that were begun.
    begun: u64,
    is_watched: bool,
}

/// Waits for `duration`, or somewhat longer.
pub(crate) fn pause(duration: Duration) -> Pause {
    let mut state = PAUSES.lock();
    state.begun += 1;
    Pause {
        key: (Instant::now() + duration, state.begun),
    }
}

/// Future returned by [`pause`].
#[derive(Debug)]
pub(crate) struct Pause {
    key: (Instant, u64),
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.key.0 {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let mut state = PAUSES.lock();
        let previous = state.wakers.insert(self.key, waker);
        let is_first = state.wakers.keys().next() == Some(&self.key);
        let is_watched = mem::replace(&mut state.is_watched, true);
        drop(state);
        drop(previous);
        if !is_watched {
            blocking::unblock(watch).detach();
        } else if is_first {
            PAUSES.sooner.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let waker = PAUSES.lock().wakers.remove(&self.key);
        drop(waker);
    }
}

/// Sleeps until the first pause ends, for a slice at most, and wakes the tasks whose pauses are over.
fn watch() {
    let mut state = PAUSES.lock();
    if let Some(&(end, _)) = state.wakers.keys().next() {
        let left = end.saturating_duration_since(Instant::now()).min(SLICE);
        let slept = PAUSES.sooner.wait_timeout(state, left);
        state = slept.unwrap_or_else(PoisonError::into_inner).0;
    }
    let later = state.wakers.split_off(&(Instant::now(), u64::MAX));
    let over = mem::replace(&mut state.wakers, later);
    state.is_watched = !state.wakers.is_empty();
    let goes_on = state.is_watched;
    drop(state);
    if goes_on {
        blocking::unblock(watch).detach();
    }
    over.into_values().for_each(wake);
}

impl Pauses {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_lite::future::{self, block_on, poll_once};

    use super::*;

    #[test]
    fn pauses_end_by_their_length() {
        let begun = Instant::now();
        let after = |millis| {
            let length = Duration::from_millis(millis);
            async move {
                pause(length).await;
                assert!(begun.elapsed() >= length);
                millis
            }
        };
        let (long, short) = block_on(async {
            let mut long = pin!(after(60));
            assert!(poll_once(long.as_mut()).await.is_none());
            // The thread sleeps already.
            let first = future::or(after(1), long.as_mut()).await;
            (long.await, first)
        });
        assert_eq!((long, short), (60, 1));
        assert_eq!(block_on(after(0)), 0);
    }

    #[test]
    fn a_pause_that_is_dropped_leaves_nothing() {
        let mut begun = pause(Duration::from_secs(3600));
        let key = begun.key;
        block_on(async {
            assert!(poll_once(&mut begun).await.is_none());
            assert!(poll_once(&mut begun).await.is_none());
        });
        assert!(PAUSES.lock().wakers.contains_key(&key));
        drop(begun);
        assert!(!PAUSES.lock().wakers.contains_key(&key));
        while PAUSES.lock().is_watched {
            std::thread::yield_now();
        }
    }
}
