//! The one hand-off point to the thread pool of the [`blocking`] crate.
//!
//! A [`Task`] that is dropped before a thread has begun it is not carried out; one that has begun is
//! finished, and its result dropped. What must happen in any case is [detached](Task::detach).

pub(crate) use blocking::Task;

/// Hands `work` to the pool. A panic in it resumes in whoever awaits the task.
pub(crate) fn run<R, F>(work: F) -> Task<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    blocking::unblock(work)
}
