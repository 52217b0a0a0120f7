//! The read buffer of a file: bytes that were read and not consumed, and the jobs that read more.
//!
//! ```text
//! consumed | front: start.. | more | ahead: chunks, carry | the object
//!          ^ the logical position
//! ```
//!
//! More bytes come from the page cache, on the caller's thread, or from jobs that read ahead. Only files that
//! are read by offset may be read on the caller's thread: the bytes of a stream come in the order of its jobs.
//!
//! The budget is charged for bytes when they come, once. To consume them is an answer of no size: a small one may
//! have read a whole chunk.

mod ahead;
mod chunk;
mod owned;
mod record;
mod shown;
mod supply;

pub(super) use chunk::Form;
pub(super) use supply::Source;

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem;
use std::task::{Context, Poll};

use futures_lite::ready;

use super::object::Shared;
use crate::budget;
use crate::cached::INLINE;
use crate::pool::Slot;
use crate::sync::Arc;
use ahead::{Call, ReadAhead};
use chunk::{CHUNK, Chunk};
use shown::Shown;

/// The size of the first buffered read, before the file is known to be read in sequence.
const FIRST: usize = 16 * 1024;

/// The number of bytes read in sequence after which a regular file is read ahead.
const AHEAD_AFTER: u64 = 2 * CHUNK as u64;

/// Sequential reads up to this size share a system call, because copying within memory costs less than a call
/// each.
const SMALL: usize = CHUNK / 4;

#[derive(Debug, Default)]
pub(super) struct ReadBuffer {
    /// The chunk that is being consumed, and the number of its consumed bytes.
    front: Chunk,
    start: usize,
    /// Chunks between the front and the read-ahead, taken by a call that needs several at once.
    more: VecDeque<Chunk>,
    ahead: Option<Arc<ReadAhead>>,
    /// The job that fills `ahead`.
    job: Slot<io::Result<()>>,
    scan: record::Scan,
    shown: Shown,
    /// The number of the call that is in flight.
    call: Call,
    /// The number of bytes read in sequence.
    run: u64,
    /// The generation of the file when the bytes were read.
    generation: u64,
}

impl ReadBuffer {
    /// Returns the unread bytes of the front chunk.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        &self.front.as_bytes()[self.start..]
    }

    /// Returns `true` if there are no bytes, and no job that reads some.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.unread().is_empty() && self.more.is_empty() && self.ahead.is_none()
    }

    /// Returns the number of bytes that were read and not consumed.
    pub(super) fn len_ahead(&self) -> usize {
        self.len_here() + self.ahead.as_ref().map_or(0, |ahead| ahead.len())
    }

    /// Returns the number of unread bytes that are not in the read-ahead.
    fn len_here(&self) -> usize {
        let more: usize = self.more.iter().map(|chunk| chunk.as_bytes().len()).sum();
        self.unread().len() + more
    }

    /// Drops all bytes. A job that has not begun is cancelled.
    pub(super) fn clear(&mut self) {
        *self = ReadBuffer {
            generation: self.generation,
            call: self.call + 1,
            ..ReadBuffer::default()
        };
    }

    /// Drops bytes of a regular file that were read before it was changed.
    #[inline]
    pub(super) fn invalidate(&mut self, shared: &Shared) {
        let generation = shared.generation();
        if generation != self.generation {
            self.generation = generation;
            if shared.is_regular() {
                self.clear();
            }
        }
    }

    /// Records that something other than `poll_fill_buf` was called.
    #[inline]
    pub(super) fn forget_shown(&mut self) {
        self.shown = Shown::Nothing;
    }

    /// Consumes bytes of the front chunk, and returns their number.
    #[inline]
    pub(super) fn consume(&mut self, len: usize) -> usize {
        let len = len.min(self.unread().len());
        if len > 0 {
            self.shown = Shown::Nothing;
            self.call += 1;
        }
        self.start += len;
        self.scan.pass(len);
        len
    }

    /// Puts back bytes that were just consumed.
    pub(super) fn unconsume(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(self.unread());
        self.front = Chunk::Bytes(bytes);
        self.start = 0;
        self.scan.restart();
    }

    /// Moves by `offset` within the front chunk, if the target is in it or at its end.
    pub(super) fn shift(&mut self, offset: i64) -> bool {
        let start = (self.start as u64).checked_add_signed(offset);
        match start.and_then(|start| usize::try_from(start).ok()) {
            Some(start) if start <= self.front.as_bytes().len() => {
                self.start = start;
                self.scan.restart();
                self.shown = Shown::Nothing;
                self.call += 1;
                true
            }
            _ => false,
        }
    }

    /// Reads into `bufs`, without waiting if the page cache has the data. The caller moves the position.
    ///
    /// A regular file returns up to 256 KiB at once, and less only at its end.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = |sum: usize, buf: &IoSliceMut<'_>| sum.saturating_add(buf.len());
        let want = bufs.iter().fold(0, len).min(INLINE);
        // A call that was given up may have left chunks, which come first.
        let is_empty = !self.advance();
        // Small sequential reads share a system call.
        let shares = self.run >= AHEAD_AFTER && want <= SMALL;
        let size = if shares { CHUNK } else { want };
        if is_empty && !shares {
            if let Some(read) = self.read_past(source, bufs, want) {
                return Poll::Ready(read);
            }
        }
        let enough = source.position.map_or(1, |_| want);
        while self.len_here() < enough {
            match ready!(self.poll_chunk(cx, source, size, Form::Bytes)) {
                Ok(Some(chunk)) if self.unread().is_empty() => self.push(chunk),
                Ok(Some(chunk)) => self.more.push_back(chunk),
                Ok(None) => break,
                // The bytes before the error come first. The next call finds the error again.
                Err(_) if !self.unread().is_empty() && source.position.is_some() => break,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(self.copy_to(bufs)))
    }

    /// Reads cached data directly into the caller's buffers, after the front chunk. Returns `None` if there is
    /// more than is cached; the cached part is in the front chunk then.
    fn read_past(
        &mut self,
        source: Source<'_>,
        bufs: &mut [IoSliceMut<'_>],
        want: usize,
    ) -> Option<io::Result<usize>> {
        let offset = source.position.filter(|_| self.is_all_here())?;
        let read = match source.shared.read_cached(bufs, offset)? {
            Ok(read) => read,
            error => return Some(error),
        };
        budget::charge_copy(read);
        self.run += read as u64;
        self.front = Chunk::default();
        self.start = 0;
        self.call += 1;
        let end = offset + read as u64;
        if read == 0 || read >= want || source.shared.size().is_ok_and(|size| size <= end) {
            return Some(Ok(read));
        }
        let mut prefix = Vec::with_capacity(read);
        for buf in bufs.iter() {
            let rest = read - prefix.len();
            prefix.extend_from_slice(&buf[..rest.min(buf.len())]);
        }
        self.front = Chunk::Bytes(prefix);
        None
    }

    /// Reads more bytes into the front chunk. Returns `false` at the end of the file.
    pub(super) fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        form: Form,
    ) -> Poll<io::Result<bool>> {
        let size = if self.run == 0 { FIRST } else { CHUNK };
        let chunk = match self.more.pop_front() {
            None if self.run < AHEAD_AFTER => ready!(self.poll_chunk(cx, source, size, form))?,
            // In sequence, a worker reads the next chunk while the caller uses this one.
            None => ready!(self.poll_chunk_ahead(cx, source, size, form))?,
            chunk => chunk,
        };
        let more = chunk.is_some();
        chunk.into_iter().for_each(|chunk| self.push(chunk));
        Poll::Ready(Ok(more))
    }

    /// Waits until no job reads. Resumes the panic of the job, if there was one.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ahead.as_ref().is_some_and(|ahead| ahead.is_filling()) {
            self.job.poll(cx).map(drop)
        } else {
            Poll::Ready(())
        }
    }

    /// Returns `true` if no job will add anything. A finished read-ahead is dropped.
    fn is_all_here(&mut self) -> bool {
        let spent = self.ahead.as_ref().is_none_or(|ahead| ahead.is_spent());
        if spent {
            self.forget_ahead();
        }
        spent
    }

    /// Frees the buffer at the end of the file: an idle file costs no memory.
    fn rest(&mut self) {
        self.forget_ahead();
        if self.len_here() == 0 {
            self.front = Chunk::default();
            self.start = 0;
            self.run = 0;
            self.scan.restart();
        }
    }

    fn forget_ahead(&mut self) {
        self.ahead = None;
        self.job = Slot::default();
    }

    /// Returns a buffer for `size` bytes: that of the front chunk if it is free.
    fn buffer(&mut self, size: usize) -> Vec<u8> {
        let mut used = Vec::new();
        if self.unread().is_empty() {
            used = mem::take(&mut self.front).into_bytes();
            self.start = 0;
        }
        if !(size..2 * CHUNK).contains(&used.capacity()) {
            return vec![0; size];
        }
        used.resize(size, 0);
        used
    }

    /// Adds a chunk after the unread bytes of the front chunk.
    fn push(&mut self, chunk: Chunk) {
        self.run += chunk.as_bytes().len() as u64;
        if self.unread().is_empty() {
            let used = mem::replace(&mut self.front, chunk).into_bytes();
            if let Some(ahead) = &self.ahead {
                ahead.recycle(used);
            }
        } else {
            let mut bytes = mem::take(&mut self.front).into_bytes();
            bytes.drain(..self.start);
            bytes.extend_from_slice(chunk.as_bytes());
            self.front = Chunk::Bytes(bytes);
        }
        self.start = 0;
        self.scan.begin_chunk();
    }

    /// Advances to the next chunk if the front chunk is used up. Returns whether there are unread bytes.
    fn advance(&mut self) -> bool {
        if self.unread().is_empty() {
            let chunk = self.more.pop_front();
            chunk.into_iter().for_each(|chunk| self.push(chunk));
        }
        !self.unread().is_empty()
    }

    /// Copies and consumes as many bytes as fit.
    fn copy_to(&mut self, bufs: &mut [IoSliceMut<'_>]) -> usize {
        let mut copied = 0;
        for mut buf in bufs.iter_mut().map(|buf| &mut buf[..]) {
            while !buf.is_empty() && self.advance() {
                let fits = self.unread().len().min(buf.len());
                let (filled, rest) = buf.split_at_mut(fits);
                filled.copy_from_slice(&self.unread()[..fits]);
                copied += self.consume(fits);
                buf = rest;
            }
        }
        copied
    }
}
