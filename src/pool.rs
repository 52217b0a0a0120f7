//! The interface to the thread pool of the [`blocking`] crate.
//!
//! A [`Job`] that is dropped before a thread began it is not carried out. One that has begun is finished, and
//! its result dropped. Work that must be done in any case is [detached](Job::detach).

mod demand;
mod handover;
mod pause;
mod spin;
mod waiters;

pub(crate) use handover::stay;
pub(crate) use pause::{Pause, pause};
pub(crate) use waiters::{Event, Job, Slot, Waiters};

use std::future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use async_task::{Builder, Runnable};

use crate::budget;
use crate::retry::Interruption;
use crate::sync::Arc;
use handover::{FETCHES, JOBS, WorkQueue};

/// Runs `work` on the pool. A panic in it resumes in the task that awaits the job.
pub(crate) fn run<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Job<R> {
    let (runnable, job) = job(work);
    JOBS.hand_over(runnable);
    job
}

/// Same as [`run`], for work that is short unless it has to wait: it may be complete when this returns.
pub(crate) fn run_short<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Job<R> {
    run_until(|| false, work)
}

/// Same as [`run_short`], for longer work, a part of which the caller awaits.
pub(crate) fn run_until<R: Send + 'static>(
    is_ready: impl Fn() -> bool,
    work: impl FnOnce() -> R + Send + 'static,
) -> Job<R> {
    let (runnable, job) = job(work);
    JOBS.hand_over_and_stay(runnable, || job.is_finished() || is_ready());
    job
}

/// Runs short work on the pool. A task that makes many calls in a row yields now and then.
pub(crate) async fn call<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    call_on(&JOBS, work).await
}

/// Same as [`call`], for work that waits for data that the kernel is already fetching.
pub(crate) async fn call_fetch<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    call_on(&FETCHES, work).await
}

async fn call_on<R: Send + 'static>(
    queue: &'static WorkQueue,
    work: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (runnable, mut job) = job(work);
    let mut runnable = Some(runnable);
    let mut share = budget::Share::default();
    future::poll_fn(move |cx| {
        let proceeds = share.poll_proceed(cx);
        if let Some(runnable) = runnable.take() {
            match proceeds {
                Poll::Ready(()) => queue.hand_over_and_stay(runnable, || job.is_finished()),
                // A task that has to yield anyway does not spin for the result.
                Poll::Pending => queue.hand_over(runnable),
            }
        }
        ready!(proceeds);
        let outcome = ready!(Pin::new(&mut job).poll(cx));
        budget::charge(0);
        Poll::Ready(outcome)
    })
    .await
}

/// Awaits a call that another crate makes on the pool, and repeats it if a signal interrupted it.
pub(crate) async fn shield<T, F>(mut call: impl FnMut() -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    loop {
        match shield_once(call()).await {
            Err(error) if error.is_interruption() => {}
            result => return result,
        }
    }
}

/// Awaits a call with a waker that cannot panic: in another crate's job, a panic would abort the process.
async fn shield_once<F: Future>(call: F) -> F::Output {
    let waiters = Arc::new(Waiters::default());
    let waker = Waker::from(waiters.clone());
    let mut call = pin!(call);
    future::poll_fn(|cx| {
        waiters.add(cx);
        call.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

fn job<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> (Runnable, Job<R>) {
    let mut work = Queued(Some(work));
    let builder = Builder::new().propagate_panic(true);
    let (runnable, task) = builder.spawn(
        |()| async move { work.0.take().expect(TAKEN)() },
        |runnable| JOBS.hand_over(runnable),
    );
    (runnable, Job::new(task))
}

/// Blocks this thread until `poll` is ready, for at most `limit`. Returns whether it was.
pub(crate) fn block_for(
    limit: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>,
) -> bool {
    let end = Instant::now() + limit;
    // Not `thread::park`, which the executor of this thread may use itself.
    let (parker, unparker) = parking::pair();
    let waker = Waker::from(unparker);
    let mut cx = Context::from_waker(&waker);
    while poll(&mut cx).is_pending() {
        if !parker.park_deadline(end) {
            return poll(&mut cx).is_ready();
        }
    }
    true
}

/// Work that may be cancelled and holds objects whose drop may panic, which would abort the process in a task.
struct Queued<F>(Option<F>);

impl<F> Drop for Queued<F> {
    fn drop(&mut self) {
        let work = self.0.take();
        let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(work)));
    }
}

/// A value that may hold open files. It is dropped on the pool, because closing a file may block.
pub(crate) struct Closing<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Closing<T> {
    pub(crate) fn new(value: T) -> Closing<T> {
        Closing(Some(value))
    }

    /// Takes out a value that no longer holds open files.
    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect(TAKEN)
    }
}

const TAKEN: &str = "BUG: the value is used after it was taken out";

impl<T: Send + 'static> Deref for Closing<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect(TAKEN)
    }
}

impl<T: Send + 'static> DerefMut for Closing<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect(TAKEN)
    }
}

impl<T: Send + 'static> Drop for Closing<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            run(move || drop(value)).detach();
        }
    }
}
