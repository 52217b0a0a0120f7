//! The one hand-off point to the thread pool of the [`blocking`] crate.
//!
//! A [`Task`] that is dropped before a thread has begun it is not carried out; one that has begun is
//! finished, and its result dropped. What must happen in any case is [detached](Task::detach).

pub(crate) use blocking::Task;
use std::ops::{Deref, DerefMut};

/// Hands `work` to the pool. A panic in it resumes in whoever awaits the task.
pub(crate) fn run<R, F>(work: F) -> Task<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    blocking::unblock(work)
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
