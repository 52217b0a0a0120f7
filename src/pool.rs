//! The one hand-off point to the thread pool of the [`blocking`] crate.
//!
//! A [`Task`] that is dropped before a thread has begun it is not carried out; one that has begun is
//! finished, and its result dropped. What must happen in any case is [detached](Task::detach).

mod handover;

pub(crate) use async_task::Task;
pub(crate) use handover::stay;

use crate::budget;
use async_task::{Builder, Runnable};
use futures_lite::future;
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe};

/// Hands `work` to the pool. A panic in it resumes in whoever awaits the task.
pub(crate) fn run<R, F>(work: F) -> Task<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (job, task) = job(work);
    handover::hand_over(job);
    task
}

/// As [`run`], for work that is short if it need not wait: it may be over when this returns.
pub(crate) fn run_short<R, F>(work: F) -> Task<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    run_until(|| false, work)
}

/// As [`run_short`], for longer work of which the caller awaits something that is soon ready.
pub(crate) fn run_until<R, F>(is_ready: impl Fn() -> bool, work: F) -> Task<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (job, task) = job(work);
    handover::hand_over_and_stay(job, || task.is_finished() || is_ready());
    task
}

/// Does short work on the pool. Whoever has made many calls lets other tasks in meanwhile.
pub(crate) async fn call<R, F>(work: F) -> R
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    if budget::is_left() {
        return run_short(work).await;
    }
    let task = run(work);
    future::yield_now().await;
    task.await
}

fn job<R, F>(work: F) -> (Runnable, Task<R>)
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let mut work = Queued(Some(work));
    let builder = Builder::new().propagate_panic(true);
    builder.spawn(
        |()| async move { work.0.take().expect(TAKEN)() },
        handover::hand_over,
    )
}

/// Work that may be given up, and holds objects whose drop may panic: in a task that would abort.
struct Queued<F>(Option<F>);

impl<F> Drop for Queued<F> {
    fn drop(&mut self) {
        let work = self.0.take();
        let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(work)));
    }
}

/// Something that may hold open files: to close one may wait, so it is dropped on the pool.
pub(crate) struct Closing<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Closing<T> {
    pub(crate) fn new(value: T) -> Closing<T> {
        Closing(Some(value))
    }

    /// Takes out what has nothing open any more.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the guard it aborts the process.
    #[test]
    fn work_that_was_given_up_may_panic_when_it_is_dropped() {
        struct Panicking;
        impl Drop for Panicking {
            fn drop(&mut self) {
                panic!("as agreed");
            }
        }
        let panicking = Panicking;
        let (job, task) = job(move || {
            let _panicking = panicking;
        });
        drop(task);
        job.run();
    }
}
