//! Waiting: any number of tasks for one event.
//!
//! A single place for a waker, as most futures have, is overwritten by whoever polls last. Here the halves
//! of a split file, or several tasks that share one, may wait for the same job: each poll that returns
//! `Pending` leaves its own waker, and none of them replaces another.
//!
//! The lock is a leaf: wakers are foreign code, and are cloned, woken and dropped without it.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

use async_task::Task;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most wakers that are kept. A task that comes with a new waker at each poll would add one each time;
/// beyond this the oldest is woken, which loses nothing: whoever still waits polls again.
const MOST: usize = 32;

/// The wakers of the tasks that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    /// Adds a task. What it waits for may have happened just before, so the caller looks again
    /// afterwards.
    pub(crate) fn add(&self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut wakers = self.lock();
        let known = wakers.iter().any(|known| known.will_wake(&waker));
        let oldest = (!known && wakers.len() == MOST).then(|| wakers.remove(0));
        let duplicate = match known {
            true => Some(waker),
            false => {
                wakers.push(waker);
                None
            }
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

/// A panic in a waker is its task's affair: the others are woken all the same.
fn wake(waker: Waker) {
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

/// Something that happens once.
#[derive(Debug, Default)]
pub(crate) struct Event {
    happened: AtomicBool,
    waiters: Waiters,
}

impl Event {
    pub(crate) fn set(&self) {
        // Released before the wakers are taken: whoever adds one after that sees it.
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

/// A job of the pool, and its outcome: any number of tasks may poll it. A panic in the job resumes in the one
/// that comes first.
///
/// Dropping a job that has not begun cancels it. One that has begun is finished, and its outcome dropped.
/// Whoever waited for it is woken.
#[derive(Debug)]
pub(crate) struct Job<R> {
    task: Task<R>,
    /// Absent until somebody has to wait: most short jobs are over by then.
    waiting: Option<Waiting>,
}

/// The task itself knows one waker only, which wakes these.
#[derive(Debug, Default)]
struct Waiting(Arc<Waiters>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.wake_all();
    }
}

impl<R> Job<R> {
    pub(super) fn new(task: Task<R>) -> Job<R> {
        let waiting = None;
        Job { task, waiting }
    }

    /// Lets the job be carried out in any case.
    pub(crate) fn detach(self) {
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
            // A job that panicked is finished, but its outcome may still be on its way.
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

/// At most one job, of a certain kind.
#[derive(Debug)]
pub(crate) struct Slot<R, K = ()>(Option<(K, Job<R>)>);

impl<R, K> Default for Slot<R, K> {
    fn default() -> Slot<R, K> {
        Slot(None)
    }
}

impl<R, K> Slot<R, K> {
    /// Begins a job in place of the one that is there, which is dropped.
    pub(crate) fn start(&mut self, kind: K, job: Job<R>) {
        self.0 = Some((kind, job));
    }

    /// What the job is for, if there is one.
    pub(crate) fn kind(&self) -> Option<&K> {
        self.0.as_ref().map(|(kind, _)| kind)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether there is a job that has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.as_ref().is_some_and(|(_, job)| job.is_finished())
    }

    /// Lets the job be carried out in any case.
    pub(crate) fn detach(&mut self) {
        if let Some((_, job)) = self.0.take() {
            job.detach();
        }
    }

    /// Waits for the job and takes its outcome; `None` if there is no job.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(K, R)>> {
        // In a panic of the job, the slot is empty.
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
