//! Tasks: what polls, waits to be woken, and gives up.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Mutex, MutexGuard, PoisonError};
use shuttle::thread::{self, Thread};

/// Decides at random, with this probability.
pub(crate) fn chance(probability: f64) -> bool {
    thread_rng().gen_bool(probability)
}

/// Up to so many, and at least one.
pub(crate) fn up_to(most: usize) -> usize {
    thread_rng().gen_range(1..=most)
}

/// A panic that belongs to the model.
struct Agreed;

/// Panics without the hook, which would report a failed run.
pub(crate) fn panic_as_agreed() -> ! {
    panic::resume_unwind(Box::new(Agreed))
}

/// Catches such a panic; any other is a failure of the model, and goes on.
pub(crate) fn catch_agreed<R>(run: impl FnOnce() -> R) -> Option<R> {
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => Some(outcome),
        Err(panic) if panic.is::<Agreed>() => None,
        Err(panic) => panic::resume_unwind(panic),
    }
}

/// Locks a part of a model. Threads of shuttle are all one thread to std, so a mutex is also poisoned by
/// one that does not panic while another does.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The waker of one poll, or of a few.
struct Signal {
    woken: AtomicBool,
    thread: Thread,
}

impl Signal {
    fn new() -> Arc<Signal> {
        Arc::new(Signal {
            woken: AtomicBool::new(false),
            thread: thread::current(),
        })
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Polls until it is ready, as the strictest executor does: most polls have a waker of their own, and only
/// the last one counts. A few polls come without having been woken.
pub(crate) fn wait<R>(poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
    wait_or_give_up(0.0, poll).expect("a task that waits")
}

/// As [`wait`], but gives up with this probability whenever it would wait.
pub(crate) fn wait_or_give_up<R>(
    gives_up: f64,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
) -> Option<R> {
    let mut signal = Signal::new();
    let mut spurious = 3;
    loop {
        if chance(0.7) {
            signal = Signal::new();
        }
        signal.woken.store(false, Ordering::SeqCst);
        let waker = Waker::from(signal.clone());
        if let Poll::Ready(outcome) = poll(&mut Context::from_waker(&waker)) {
            return Some(outcome);
        }
        if chance(gives_up) {
            return None;
        }
        if spurious > 0 && chance(0.2) {
            spurious -= 1;
            continue;
        }
        while !signal.woken.load(Ordering::SeqCst) {
            thread::park();
        }
    }
}
