//! The write buffer of a file: accepted bytes, and the jobs that write them.
//!
//! | state | bytes in the queue | job | leaves it by |
//! | --- | --- | --- | --- |
//! | clean | none | none | a write |
//! | dirty | any number | none, `MakeRoom`, `Flush` or `Through` | a `Flush` that succeeds |
//!
//! A job that fails leaves the buffer dirty: the bytes that it could not write are in the queue again, and the
//! next write, flush or close tries again.

mod queue;
mod staged;

use std::io::{self, IoSlice, SeekFrom};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_lite::ready;

use super::object::Shared;
use crate::error::Operation;
use crate::pool::{self, Slot};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};
use queue::Queue;
use staged::Staged;

pub(super) use queue::Bound;

/// The maximum number of bytes that one call accepts.
const ACCEPT: usize = 128 * 1024;

#[derive(Debug)]
pub(super) struct WriteBuffer {
    /// How many bytes may be unwritten; 0 writes through.
    bound: Bound,
    /// The last accepted bytes. A write owns them and does not lock; methods that take `&self` do.
    staged: Mutex<Staged>,
    /// Absent until the first write.
    queue: Option<Arc<Queue>>,
    /// Whether there are bytes to write, or an object to flush.
    dirty: bool,
    job: Slot<io::Result<usize>, Job>,
}

#[derive(Debug)]
enum Job {
    /// Writes full pieces.
    MakeRoom,
    /// Writes all bytes, and flushes the object.
    Flush,
    /// Writes bytes that are not in the queue.
    Through(Vec<u8>),
}

impl Default for WriteBuffer {
    fn default() -> WriteBuffer {
        WriteBuffer {
            bound: Bound::Shared,
            staged: Mutex::default(),
            queue: None,
            dirty: false,
            job: Slot::default(),
        }
    }
}

impl WriteBuffer {
    pub(super) fn set_bound(&mut self, bound: Bound) {
        self.bound = bound;
    }

    pub(super) fn bound(&self) -> Bound {
        self.bound
    }

    #[inline]
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Returns `true` if every accepted byte is written.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        let is_empty = |queue: &Arc<Queue>| self.lock().is_empty() && queue.is_empty();
        self.queue.as_ref().is_none_or(is_empty)
    }

    /// Returns a handle with which a job can write the accepted bytes, as methods that take `&self` do first.
    pub(super) fn drainer(&self) -> Drainer {
        if let Some(queue) = &self.queue {
            self.lock().hand_over(queue);
        }
        Drainer(self.queue.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn staged(&mut self) -> &mut Staged {
        let staged = self.staged.get_mut();
        staged.unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts bytes that follow others, which are not all written yet. Returns `false` if that takes a
    /// [`poll_write`](WriteBuffer::poll_write).
    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8]) -> bool {
        !self.job.is_finished() && self.staged().add(bytes)
    }

    /// Accepts bytes, or writes them through. `start` is where the first of them goes, if the object's cursor
    /// is elsewhere. `begun` is called once the write is certain, although the call may return `Pending`.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
        bufs: &[IoSlice<'_>],
        start: Option<SeekFrom>,
        begun: impl FnMut(),
    ) -> Poll<io::Result<usize>> {
        // Direct I/O aligns the memory of each write. Joining writes would split blocks.
        if self.bound == Bound::Fixed(0) || shared.access().direct {
            self.poll_through(cx, shared, bufs, start, begun)
        } else {
            self.poll_accept(cx, shared, bufs, start, begun)
        }
    }

    /// Accepts bytes, and starts a job as soon as there is a full piece.
    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
        bufs: &[IoSlice<'_>],
        start: Option<SeekFrom>,
        mut begun: impl FnMut(),
    ) -> Poll<io::Result<usize>> {
        if self.job.is_finished() {
            ready!(self.poll_job(cx))?;
        }
        loop {
            let bound = self.bound;
            let queue = self.queue.get_or_insert_default().clone();
            let accepted = self.staged().accept(&queue, bound, bufs, start, ACCEPT);
            let is_full = accepted.len == 0;
            if (accepted.is_queued || is_full) && self.job.is_empty() {
                self.make_room(shared);
            }
            if !is_full {
                self.dirty = true;
                begun();
                return Poll::Ready(Ok(accepted.len));
            }
            // There is room as soon as the job has written enough. If it fails, the job ends.
            if !pool::stay(|| queue.has_room()) && queue.poll_room(cx).is_pending() {
                ready!(self.poll_job(cx))?;
            }
        }
    }

    /// Writes on the pool, and accepts nothing until the write is done.
    ///
    /// A write that was given up may or may not have happened. If the next one has the same bytes, it is taken
    /// for the same write; otherwise it comes after it.
    fn poll_through(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
        bufs: &[IoSlice<'_>],
        mut start: Option<SeekFrom>,
        mut begun: impl FnMut(),
    ) -> Poll<io::Result<usize>> {
        let buf = bufs.iter().find(|buf| !buf.is_empty());
        let buf = buf.map_or(&[][..], |buf| &buf[..buf.len().min(ACCEPT)]);
        loop {
            match ready!(self.job.poll(cx)) {
                Some((Job::Through(bytes), written)) if bytes == buf => {
                    return Poll::Ready(written);
                }
                _ => {}
            }
            self.dirty = true;
            begun();
            let (bytes, start) = (buf.to_vec(), start.take());
            let write = shared.work(Operation::Write, move |shared| {
                start.map_or(Ok(0), |start| shared.seek(start))?;
                shared.write(&bytes)
            });
            let job = Job::Through(buf.to_vec());
            self.job.start(job, shared.lane().run_short(write));
        }
    }

    /// Writes full pieces.
    fn make_room(&mut self, shared: &Arc<Shared>) {
        let drainer = Drainer(self.queue.clone());
        let drain = shared.work(Operation::Write, move |shared| {
            drainer.drain(shared, None).map(|()| 0)
        });
        self.job.start(Job::MakeRoom, shared.lane().run(drain));
    }

    /// Writes all bytes, and flushes the object.
    fn flush(&mut self, shared: &Arc<Shared>, drainer: Drainer) {
        let drain = shared.work(Operation::Flush, move |shared| {
            drainer.drain_and_flush(shared).map(|()| 0)
        });
        self.job.start(Job::Flush, shared.lane().run_short(drain));
    }

    /// Waits for the job, if there is one.
    pub(super) fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((job, result)) = ready!(self.job.poll(cx)) else {
            return Poll::Ready(Ok(()));
        };
        match job {
            Job::Flush if result.is_ok() && self.is_empty() => self.dirty = false,
            // What failed then may have been written since. The result of a write that was given up does not
            // matter.
            Job::MakeRoom if self.is_empty() => return Poll::Ready(Ok(())),
            Job::Through(_) => return Poll::Ready(Ok(())),
            Job::Flush | Job::MakeRoom => {}
        }
        Poll::Ready(result.map(drop))
    }

    /// Waits until the object has every accepted byte and is flushed.
    pub(super) fn poll_drain(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
    ) -> Poll<io::Result<()>> {
        if let Some(Job::Through(_)) = self.job.kind() {
            ready!(self.poll_job(cx))?;
        }
        while self.is_dirty() {
            // A job that is running writes the last piece, too.
            let drainer = self.drainer();
            if self.job.is_empty() {
                // A file has no buffer of its own to flush.
                if self.is_empty() && !shared.is_exclusive() {
                    self.dirty = false;
                    break;
                }
                self.flush(shared, drainer);
            }
            ready!(self.poll_job(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Marks the buffer as clean.
    pub(super) fn set_clean(&mut self) {
        self.dirty = false;
    }

    /// Cancels the job if it has not begun. Accepted bytes stay, for a [`Drainer`].
    pub(super) fn cancel_job(&mut self) {
        self.job = Slot::default();
    }
}

/// Writes accepted bytes, from any thread. These calls block.
#[derive(Debug, Clone)]
pub(super) struct Drainer(Option<Arc<Queue>>);

impl Drainer {
    /// Writes every accepted byte and flushes the object.
    pub(super) fn drain_and_flush(&self, shared: &Shared) -> io::Result<()> {
        self.drain(shared, None)?;
        shared.name(Operation::Flush, shared.flush())
    }

    /// Discards unwritten bytes, and moves the object's cursor to where the first of them was to go. Returns
    /// their number.
    pub(super) fn discard(&self, shared: &Shared) -> io::Result<usize> {
        let Some(queue) = &self.0 else {
            return Ok(0);
        };
        let (len, start) = queue.discard();
        let moved = start.map_or(Ok(0), |start| shared.seek(start));
        shared.name(Operation::Seek, moved).map(|_| len)
    }

    /// Writes every accepted byte.
    ///
    /// Fails with [`TimedOut`](io::ErrorKind::TimedOut) if another thread that is writing has not finished by
    /// `deadline`.
    pub(super) fn drain(&self, shared: &Shared, deadline: Option<Instant>) -> io::Result<()> {
        let Some(queue) = &self.0 else {
            return Ok(());
        };
        // So that a drop knows the type of the file.
        shared.learn_facts();
        let drained = queue.drain(
            deadline,
            |to| shared.seek(to).map(drop),
            |bufs| shared.write_vectored(bufs),
        );
        shared.name(Operation::Write, drained)
    }
}
