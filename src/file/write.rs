//! Writing: into the outbox, and from there to the object in the background.

use super::AsyncFile;
use super::seek::Position;
use crate::error::Operation;
use crate::pool::{self, Task};
use futures_lite::{AsyncWrite, ready};
use std::io::{self, IoSlice, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes that are gathered before they are handed to the system.
const CAPACITY: usize = 128 * 1024;

/// A job that makes room goes on while this part of the capacity waits: whoever fills the rest
/// meanwhile need not send the next one.
const BATCHES: usize = 4;

/// The writing half of a file's state.
pub(super) struct Writing {
    /// How many bytes the outbox takes; 0 to write through.
    pub(super) capacity: usize,
    /// Bytes were accepted, and it is not known yet that all of them are written and flushed.
    unwritten: bool,
    /// Something was written at some time, so that closing the file may set the disk to work.
    touched: bool,
    /// A job that drains the outbox.
    behind: Option<Behind>,
    /// The write that is on its way, without an outbox.
    through: Option<Through>,
}

struct Behind {
    task: Task<io::Result<()>>,
    /// It drains everything and flushes the object; else it only makes room.
    flushes: bool,
}

struct Through {
    bytes: Vec<u8>,
    task: Task<io::Result<usize>>,
}

impl Default for Writing {
    fn default() -> Writing {
        Writing {
            capacity: CAPACITY,
            unwritten: false,
            touched: false,
            behind: None,
            through: None,
        }
    }
}

impl Writing {
    pub(super) fn is_unwritten(&self) -> bool {
        self.unwritten
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched
    }
}

impl<T: Send + 'static> AsyncFile<T> {
    fn poll_write_bufs(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.budget.poll_proceed(cx));
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(self.shared().map(|_| 0));
        }
        // A seek that was given up is none of the caller's business, but its outcome is.
        if self.moving.is_some() {
            let _ = ready!(self.poll_move(cx));
        }
        ready!(self.poll_read_over(cx))?;
        let written = match self.writing.capacity {
            0 => ready!(self.poll_write_through(cx, bufs)),
            _ => ready!(self.poll_accept(cx, bufs)),
        }?;
        self.budget.charge(written);
        Poll::Ready(Ok(written))
    }

    /// Puts bytes into the outbox; starts a job when it is half full, so that there is room until that
    /// is at work.
    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self
            .writing
            .behind
            .as_ref()
            .is_some_and(|behind| behind.task.is_finished())
        {
            ready!(self.poll_behind(cx))?;
        }
        let start = self.start_of_write();
        loop {
            let capacity = self.writing.capacity;
            let (accepted, waiting) =
                self.shared()?
                    .outbox
                    .accept(bufs, capacity, start, cx.waker());
            if accepted > 0 {
                self.note_write();
            }
            if waiting >= capacity.div_ceil(2) && self.writing.behind.is_none() {
                self.send_behind(false)?;
            }
            if accepted > 0 {
                return Poll::Ready(Ok(accepted));
            }
            let outbox = &self.shared()?.outbox;
            if !pool::stay(|| outbox.has_room(capacity)) {
                ready!(self.poll_behind(cx))?;
            }
        }
    }

    /// Writes on the pool, and accepts nothing before it is done.
    ///
    /// A write that was given up may have happened or not. If the next one is of the same bytes, it
    /// is taken for the same write; else it comes after it.
    fn poll_write_through(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let buf = bufs
            .iter()
            .find(|buf| !buf.is_empty())
            .map_or(&[][..], |buf| &buf[..]);
        let buf = &buf[..buf.len().min(CAPACITY)];
        loop {
            if let Some(mut through) = self.writing.through.take() {
                let Poll::Ready(written) = Pin::new(&mut through.task).poll(cx) else {
                    self.writing.through = Some(through);
                    return Poll::Pending;
                };
                if through.bytes == buf {
                    return Poll::Ready(written);
                }
            }
            let start = self.start_of_write();
            self.note_write();
            let (shared, bytes) = (self.shared()?.clone(), buf.to_vec());
            let task = pool::run_short(move || {
                let written = match start.map(|start| shared.seek(start)) {
                    Some(Err(error)) => Err(error),
                    _ => shared.write(&bytes),
                };
                shared.name(Operation::Write, written)
            });
            self.writing.through = Some(Through {
                bytes: buf.to_vec(),
                task,
            });
        }
    }

    /// Where the object's cursor must go before the next byte is written, if it is not there.
    fn start_of_write(&self) -> Option<SeekFrom> {
        if let Position::At(position) = self.position {
            return Some(SeekFrom::Start(position));
        }
        let ahead = self.reading.ahead();
        let can_seek = self.shared().is_ok_and(|shared| shared.can_seek());
        (ahead > 0 && can_seek).then(|| SeekFrom::Current(-(ahead as i64)))
    }

    /// The position is the cursor's from now on; only what cannot seek keeps what was read ahead.
    fn note_write(&mut self) {
        self.writing.unwritten = true;
        self.writing.touched = true;
        self.asking = None;
        let can_seek = self.shared().is_ok_and(|shared| shared.can_seek());
        if can_seek || matches!(self.position, Position::At(_)) {
            self.reading.clear();
            self.position = Position::OfCursor;
        }
    }

    fn send_behind(&mut self, flushes: bool) -> io::Result<()> {
        let shared = self.shared()?.clone();
        let capacity = self.writing.capacity;
        let task = match flushes {
            true => pool::run_short(move || shared.drain_and_flush()),
            false => pool::run(move || shared.drain(capacity / BATCHES)),
        };
        self.writing.behind = Some(Behind { task, flushes });
        Ok(())
    }

    /// Waits for the job that drains the outbox, if there is one.
    fn poll_behind(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(mut behind) = self.writing.behind.take() else {
            return Poll::Ready(Ok(()));
        };
        let Poll::Ready(result) = Pin::new(&mut behind.task).poll(cx) else {
            self.writing.behind = Some(behind);
            return Poll::Pending;
        };
        let is_empty = self.shared()?.outbox.is_empty();
        if is_empty && behind.flushes && result.is_ok() {
            self.writing.unwritten = false;
        }
        // What failed then may have been written since.
        Poll::Ready(if is_empty && !behind.flushes {
            Ok(())
        } else {
            result
        })
    }

    /// Waits until the object has every accepted byte and is flushed, and no seek is on its way.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.moving.is_some() {
            let _ = ready!(self.poll_move(cx));
        }
        if let Some(mut through) = self.writing.through.take() {
            if Pin::new(&mut through.task).poll(cx).is_pending() {
                self.writing.through = Some(through);
                return Poll::Pending;
            }
        }
        if self.writing.unwritten && self.writing.behind.is_none() {
            let shared = self.shared()?;
            // A file has no buffer of its own that would have to be flushed.
            self.writing.unwritten = shared.is_exclusive() || !shared.outbox.is_empty();
        }
        self.shared()?;
        while self.writing.unwritten {
            if self.writing.behind.is_none() {
                self.send_behind(true)?;
            }
            ready!(self.poll_behind(cx))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Send + 'static> AsyncWrite for AsyncFile<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared()?.learn_write();
        self.poll_write_bufs(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_closed(cx)
    }
}
