//! Waiting of any number of tasks for one event.
//!
//! Most futures hold a single waker, which is overwritten by the last poll. Here the halves of a split file, or
//! several tasks that share one, may wait for the same job: each poll that returns `Pending` adds its own
//! waker, and replaces none.
//!
//! The lock is a leaf: wakers are foreign code, which is cloned, woken and dropped without the lock.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

use async_task::Task;

use super::turns::Place;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The maximum number of wakers. A task that comes with a new waker at each poll would add one each time;
/// beyond this, the oldest is woken. That loses nothing: a task that still waits polls again.
const MOST: usize = 32;

/// The wakers of the waiting tasks.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    /// Adds a task. The event may have happened just before, so the caller must check again afterwards.
    pub(crate) fn add(&self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut wakers = self.lock();
        let known = wakers.iter().any(|known| known.will_wake(&waker));
        let oldest = (!known && wakers.len() == MOST).then(|| wakers.remove(0));
        let duplicate = if known {
            Some(waker)
        } else {
            wakers.push(waker);
            None
        };
        drop(wakers);
        drop(duplicate);
        oldest.into_iter().for_each(wake);
    }

    pub(crate) fn wake_all(&self) {
        let wakers = mem::take(&mut *self.lock());
        wakers.into_iter().for_each(wake);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic in a waker concerns only its task: the others are woken all the same.
pub(super) fn wake(waker: Waker) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

/// An event that happens once.
#[derive(Debug, Default)]
pub(crate) struct Event {
    happened: AtomicBool,
    waiters: Waiters,
}

impl Event {
    pub(crate) fn set(&self) {
        // Released before the wakers are taken: a task that is added after that sees it.
        self.happened.store(true, Ordering::Release);
        self.waiters.wake_all();
    }

    pub(crate) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Acquire)
    }

    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.has_happened() {
            self.waiters.add(cx);
            if !self.has_happened() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

/// A job of the pool, and its result. Any number of tasks may poll it. A panic in the job resumes in the first
/// of them.
///
/// Dropping a job that has not begun cancels it. One that has begun is finished, and its result dropped. The
/// tasks that wait for it are woken.
#[derive(Debug)]
pub(crate) struct Job<R> {
    /// The place in the queue of a limiter, if there is one. Boxed, because each file has room for several jobs.
    place: Option<Box<Place>>,
    task: Task<R>,
    /// Absent until a task has to wait: most short jobs are complete by then.
    waiting: Option<Waiting>,
}

/// The task of the job has a single waker, which wakes all of these.
#[derive(Debug, Default)]
struct Waiting(Arc<Waiters>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.wake_all();
    }
}

impl<R> Job<R> {
    pub(super) fn new(task: Task<R>, place: Option<Place>) -> Job<R> {
        Job {
            place: place.map(Box::new),
            task,
            waiting: None,
        }
    }

    /// Lets the job run to its end in any case.
    pub(crate) fn detach(self) {
        if let Some(place) = self.place {
            place.keep();
        }
        self.task.detach();
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<R> Future for Job<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = &mut *self;
        if this.waiting.is_none() && this.task.is_finished() {
            let polled = Pin::new(&mut this.task).poll(&mut Context::from_waker(Waker::noop()));
            // A job that panicked is finished, but its result may still be on its way.
            if polled.is_ready() {
                return polled;
            }
        }
        let waiters = &this.waiting.get_or_insert_default().0;
        waiters.add(cx);
        let fan_out = Waker::from(waiters.clone());
        Pin::new(&mut this.task).poll(&mut Context::from_waker(&fan_out))
    }
}

/// At most one job, with its kind.
#[derive(Debug)]
pub(crate) struct Slot<R, K = ()>(Option<(K, Job<R>)>);

impl<R, K> Default for Slot<R, K> {
    fn default() -> Slot<R, K> {
        Slot(None)
    }
}

impl<R, K> Slot<R, K> {
    /// Starts a job, and drops the previous one.
    pub(crate) fn start(&mut self, kind: K, job: Job<R>) {
        self.0 = Some((kind, job));
    }

    /// Returns the kind of the job, if there is one.
    pub(crate) fn kind(&self) -> Option<&K> {
        self.0.as_ref().map(|(kind, _)| kind)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns `true` if there is a job that has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.as_ref().is_some_and(|(_, job)| job.is_finished())
    }

    /// Lets the job run to its end in any case.
    pub(crate) fn detach(&mut self) {
        if let Some((_, job)) = self.0.take() {
            job.detach();
        }
    }

    /// Waits for the job and takes its result, or `None` if there is no job.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(K, R)>> {
        // If the job panics, the slot is empty.
        let Some((kind, mut job)) = self.0.take() else {
            return Poll::Ready(None);
        };
        match Pin::new(&mut job).poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some((kind, outcome))),
            Poll::Pending => {
                self.0 = Some((kind, job));
                Poll::Pending
            }
        }
    }
}
