//! What `src/pool.rs` of the library gives its other parts: the waiters, and jobs on threads of shuttle.

#[path = "../../src/pool/turns.rs"]
pub(crate) mod turns;
#[path = "../../src/pool/waiters.rs"]
mod waiters;

pub(crate) use waiters::{Event, Job, Slot, Waiters};

use async_task::Builder;

/// Hands `work` to a thread. A panic in it resumes in the task that awaits the job.
pub(crate) fn run<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Job<R> {
    let builder = Builder::new().propagate_panic(true);
    let (runnable, task) = builder.spawn(|()| async { work() }, |_| {});
    crate::unblock(move || {
        runnable.run();
    });
    Job::new(task, None)
}
