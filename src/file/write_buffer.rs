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

use std::io::{self, IoSlice, SeekFrom};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_lite::ready;

use super::object::Shared;
use crate::error::Operation;
use crate::pool::{self, Slot};
use crate::sync::Arc;
use queue::Queue;

/// The default size of the buffer.
const CAPACITY: usize = 128 * 1024;

/// A job that makes room goes on while more than this fraction of the capacity is waiting, so that a caller
/// that fills the rest in the meantime need not send the next job.
const BATCHES: usize = 4;

#[derive(Debug)]
pub(super) struct WriteBuffer {
    /// The size of the buffer; 0 writes through.
    capacity: usize,
    /// Absent until the first write.
    queue: Option<Arc<Queue>>,
    /// Whether there are bytes to write, or an object to flush.
    dirty: bool,
    job: Slot<io::Result<usize>, Job>,
}

#[derive(Debug)]
enum Job {
    /// Writes batches until few bytes are waiting.
    MakeRoom,
    /// Writes all bytes, and flushes the object.
    Flush,
    /// Writes bytes that are not in the queue.
    Through(Vec<u8>),
}

impl Default for WriteBuffer {
    fn default() -> WriteBuffer {
        WriteBuffer {
            capacity: CAPACITY,
            queue: None,
            dirty: false,
            job: Slot::default(),
        }
    }
}

impl WriteBuffer {
    pub(super) fn set_capacity(&mut self, bytes: usize) {
        self.capacity = bytes;
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Returns `true` if every accepted byte is written.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.queue.as_ref().is_none_or(|queue| queue.is_empty())
    }

    /// Returns a handle with which a job can write the accepted bytes, as methods that take `&self` do first.
    pub(super) fn drainer(&self) -> Drainer {
        Drainer(self.queue.clone())
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
        if self.capacity == 0 || shared.access().direct {
            self.poll_through(cx, shared, bufs, start, begun)
        } else {
            self.poll_accept(cx, shared, bufs, start, begun)
        }
    }

    /// Puts bytes into the queue. Starts a job when it is half full, so that there is room until the job runs.
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
        let capacity = self.capacity;
        loop {
            let queue = self.queue.get_or_insert_default();
            let accepted = queue.accept(bufs, capacity, start);
            if accepted.waiting >= capacity.div_ceil(2) && self.job.is_empty() {
                self.make_room(shared);
            }
            if accepted.len > 0 {
                self.dirty = true;
                begun();
                return Poll::Ready(Ok(accepted.len));
            }
            // There is room as soon as the job takes a batch. If it fails, the job ends.
            let queue = self.queue.get_or_insert_default();
            if !pool::stay(|| queue.has_room(capacity))
                && queue.poll_room(cx, capacity).is_pending()
            {
                // Without a job of this buffer, a call whose future was dropped may be writing a batch. The
                // end of that batch wakes this task. If it has ended since the bytes were offered, they are
                // offered again, which starts a job.
                if !self.job.is_empty() {
                    ready!(self.poll_job(cx))?;
                } else if queue.is_draining() {
                    return Poll::Pending;
                }
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
        let buf = buf.map_or(&[][..], |buf| &buf[..buf.len().min(CAPACITY)]);
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
            self.job.start(job, pool::run_short(write));
        }
    }

    /// Writes batches until few bytes are waiting.
    fn make_room(&mut self, shared: &Arc<Shared>) {
        let (drainer, least) = (self.drainer(), self.capacity / BATCHES);
        let drain = shared.work(Operation::Write, move |shared| {
            drainer.drain_to(shared, least, None).map(|()| 0)
        });
        self.job.start(Job::MakeRoom, pool::run(drain));
    }

    /// Writes all bytes, and flushes the object.
    fn flush(&mut self, shared: &Arc<Shared>) {
        let drainer = self.drainer();
        let drain = shared.work(Operation::Flush, move |shared| {
            drainer.drain_and_flush(shared).map(|()| 0)
        });
        self.job.start(Job::Flush, pool::run_short(drain));
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
        // A file has no buffer of its own to flush.
        if self.is_dirty() && self.job.is_empty() && !shared.is_exclusive() && self.is_empty() {
            self.dirty = false;
        }
        while self.is_dirty() {
            if self.job.is_empty() {
                self.flush(shared);
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
    /// Writes every accepted byte.
    pub(super) fn drain(&self, shared: &Shared) -> io::Result<()> {
        self.drain_to(shared, 1, None)
    }

    /// Writes every accepted byte and flushes the object.
    pub(super) fn drain_and_flush(&self, shared: &Shared) -> io::Result<()> {
        self.drain(shared)?;
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

    /// Writes batches while at least `least` bytes are waiting.
    ///
    /// Fails with [`TimedOut`](io::ErrorKind::TimedOut) if another thread that is writing a batch has not
    /// finished by `deadline`.
    pub(super) fn drain_to(
        &self,
        shared: &Shared,
        least: usize,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        let Some(queue) = &self.0 else {
            return Ok(());
        };
        // So that a drop knows the type of the file.
        shared.learn_facts();
        let drained = queue.drain(
            least,
            deadline,
            |to| shared.seek(to).map(drop),
            |bytes| shared.write(bytes),
        );
        shared.name(Operation::Write, drained)
    }
}
