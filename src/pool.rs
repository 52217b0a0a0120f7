//! The interface to the thread pool of the [`blocking`] crate.
//!
//! A [`Job`] that is dropped before a thread began it is not carried out. One that has begun is finished, and
//! its result dropped. Work that must be done in any case is [detached](Job::detach).

mod demand;
mod handover;
mod limiter;
mod pause;
mod spin;
mod turns;
mod waiters;

pub(crate) use handover::{is_worker, stay};
pub use limiter::Limiter;
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
use crate::retry::{Interruption, retry};
use crate::sync::Arc;
use handover::{FETCHES, JOBS, WorkQueue};
use turns::Turn;

/// The way onto the pool: at once, or in the turns of a [`Limiter`]. Every job takes one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane(Option<Limiter>);

impl Lane {
    pub(crate) fn limited(limiter: &Limiter) -> Lane {
        Lane(Some(limiter.clone()))
    }

    /// Returns `true` if others wait for a turn.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.as_ref().is_some_and(|limiter| limiter.waiting() > 0)
    }

    /// Returns `true` if jobs may have to wait for others of the same limiter.
    pub(crate) fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// Runs `work` on the pool. A panic in it resumes in the task that awaits the job.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Job<R> {
        let (runnable, job) = self.job(&JOBS, work);
        runnable.into_iter().for_each(|it| JOBS.hand_over(it));
        job
    }

    /// Same as [`run`](Lane::run), for work that is short unless it has to wait: it may be complete when this
    /// returns.
    pub(crate) fn run_short<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Job<R> {
        self.run_until(|| false, work)
    }

    /// Same as [`run_short`](Lane::run_short), for longer work, a part of which the caller awaits.
    pub(crate) fn run_until<R: Send + 'static>(
        &self,
        is_ready: impl Fn() -> bool,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Job<R> {
        let (runnable, job) = self.job(&JOBS, work);
        if let Some(runnable) = runnable {
            JOBS.hand_over_and_stay(runnable, || job.is_finished() || is_ready());
        }
        job
    }

    /// Runs short work on the pool. A task that makes many calls in a row yields now and then.
    pub(crate) async fn call<R: Send + 'static>(
        self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        self.call_on(&JOBS, work).await
    }

    /// Same as [`call`](Lane::call), for work that waits for data that the kernel is already fetching.
    pub(crate) async fn call_fetch<R: Send + 'static>(
        self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        self.call_on(&FETCHES, work).await
    }

    async fn call_on<R: Send + 'static>(
        self,
        queue: &'static WorkQueue,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        let (mut runnable, mut job) = self.job(queue, work);
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

    /// Awaits a call that async-fs makes on the pool, and repeats it if a signal interrupted it. In the turns of a
    /// limiter, it is the call of std: a thread that async-fs uses may still be blocked when the future is dropped.
    pub(crate) async fn shield<A, T, F>(
        self,
        arguments: A,
        call: impl Fn(A) -> F,
        blocking: impl Fn(A) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T>
    where
        A: Clone + Send + 'static,
        T: Send + 'static,
        F: Future<Output = io::Result<T>>,
    {
        if self.is_limited() {
            let work = move || retry(|| blocking(arguments.clone()));
            return self.call(work).await;
        }
        loop {
            match shield_once(call(arguments.clone())).await {
                Err(error) if error.is_interruption() => {}
                result => return result,
            }
        }
    }

    /// Returns a job, and what is to be handed over to the queue unless the job waits for its turn.
    fn job<R: Send + 'static>(
        &self,
        queue: &'static WorkQueue,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> (Option<Runnable>, Job<R>) {
        let (turn, place) = self.0.as_ref().map(Limiter::line_up).unzip();
        let work = Some(work);
        let mut work = Queued { work, _turn: turn };
        let builder = Builder::new().propagate_panic(true);
        let (runnable, task) = builder.spawn(
            |()| async move { work.work.take().expect(TAKEN)() },
            |runnable| queue.hand_over(runnable),
        );
        let runnable = match &place {
            Some(place) => place.begin(runnable, |it| queue.hand_over(it)),
            None => Some(runnable),
        };
        (runnable, Job::new(task, place))
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
struct Queued<F> {
    work: Option<F>,
    /// Dropped after the work.
    _turn: Option<Turn>,
}

impl<F> Drop for Queued<F> {
    fn drop(&mut self) {
        let work = self.work.take();
        let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(work)));
    }
}

/// A value that may hold open files. It is dropped on the pool, because closing a file may block.
pub(crate) struct Closing<T: Send + 'static> {
    value: Option<T>,
    lane: Lane,
}

impl<T: Send + 'static> Closing<T> {
    pub(crate) fn new(value: T, lane: Lane) -> Closing<T> {
        let value = Some(value);
        Closing { value, lane }
    }

    /// Takes out a value that no longer holds open files.
    pub(crate) fn into_inner(mut self) -> T {
        self.value.take().expect(TAKEN)
    }
}

const TAKEN: &str = "BUG: the value is used after it was taken out";

impl<T: Send + 'static> Deref for Closing<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect(TAKEN)
    }
}

impl<T: Send + 'static> DerefMut for Closing<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect(TAKEN)
    }
}

impl<T: Send + 'static> Drop for Closing<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.lane.run(move || drop(value)).detach();
        }
    }
}
