//! The reading half of a file: bytes that were read and are not consumed yet, and where more come from.
//!
//! ```text
//! consumed | front: start.. | more | ahead: chunks, carry | the object
//!          ^ the logical position
//! ```
//!
//! More comes from the page cache, on the spot, or from jobs that read ahead. Only what is read by offset
//! may be read on the spot: a stream's bytes come in the order of its jobs.

mod ahead;
mod chunk;
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
use crate::cached::INLINE;
use crate::pool::Slot;
use crate::sync::Arc;
use ahead::{Call, ReadAhead};
use chunk::{CHUNK, Chunk};
use shown::Shown;

/// What is read first through a buffer, before it is known that the file is read in sequence.
const FIRST: usize = 16 * 1024;

/// Bytes read in sequence after which a regular file is read ahead.
const AHEAD_AFTER: u64 = 2 * CHUNK as u64;

/// Reads in sequence up to this size share a call: to copy within memory takes less than a call each.
const SMALL: usize = CHUNK / 4;

#[derive(Debug, Default)]
pub(super) struct ReadBuffer {
    /// The chunk that is being consumed, and how much of it has been.
    front: Chunk,
    start: usize,
    /// Chunks between the front and what is read ahead: taken by a call that needs several at once.
    more: VecDeque<Chunk>,
    ahead: Option<Arc<ReadAhead>>,
    /// The job that fills `ahead`.
    job: Slot<io::Result<()>>,
    scan: record::Scan,
    shown: Shown,
    /// The number of the call that is under way.
    call: Call,
    /// Bytes read in sequence.
    run: u64,
    /// The state of the file that the bytes here are of.
    generation: u64,
}

impl ReadBuffer {
    /// The unread bytes of the front.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        &self.front.as_bytes()[self.start..]
    }

    /// Whether there is nothing: no bytes, and no job that reads some.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.unread().is_empty() && self.more.is_empty() && self.ahead.is_none()
    }

    /// How many bytes were read and not consumed.
    pub(super) fn len_ahead(&self) -> usize {
        self.len_here() + self.ahead.as_ref().map_or(0, |ahead| ahead.len())
    }

    /// Those of them that no job has a hand in.
    fn len_here(&self) -> usize {
        let more: usize = self.more.iter().map(|chunk| chunk.as_bytes().len()).sum();
        self.unread().len() + more
    }

    /// Drops what was read ahead. A job that has not begun is not carried out.
    pub(super) fn clear(&mut self) {
        *self = ReadBuffer {
            generation: self.generation,
            call: self.call + 1,
            ..ReadBuffer::default()
        };
    }

    /// Drops what was read of a regular file before it was changed.
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

    /// Takes note that something else than `poll_fill_buf` is done.
    #[inline]
    pub(super) fn forget_shown(&mut self) {
        self.shown = Shown::Nothing;
    }

    /// Consumes bytes of the front. Returns how many those were.
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

    /// Puts back bytes that were consumed just now.
    pub(super) fn unconsume(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(self.unread());
        self.front = Chunk::Bytes(bytes);
        self.start = 0;
        self.scan.restart();
    }

    /// Moves by `offset` within the front, if the target lies there or at its end.
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

    /// Reads into `bufs`, without waiting where the page cache can answer. The caller moves the position.
    ///
    /// A regular file gives up to 256 KiB at once, less only at its end.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = |sum: usize, buf: &IoSliceMut<'_>| sum.saturating_add(buf.len());
        let want = bufs.iter().fold(0, len).min(INLINE);
        // A call that was given up may have left chunks here: they come before all others.
        let is_empty = !self.advance();
        // Small reads in sequence share a call.
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
                // The bytes before it come first: the next call gets it anew.
                Err(_) if !self.unread().is_empty() && source.position.is_some() => break,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(self.copy_to(bufs)))
    }

    /// Reads what the page cache holds straight into the caller's buffers, past the front. `None` means
    /// that there is more than it holds; what it does hold is in the front then.
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

    /// Gets more unread bytes into the front, or tells that the file ends.
    pub(super) fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        form: Form,
    ) -> Poll<io::Result<bool>> {
        let size = if self.run == 0 { FIRST } else { CHUNK };
        let chunk = match self.more.pop_front() {
            None if self.run < AHEAD_AFTER => ready!(self.poll_chunk(cx, source, size, form))?,
            // In sequence, the next chunk is read elsewhere while the caller works on this one.
            None => ready!(self.poll_chunk_ahead(cx, source, size, form))?,
            chunk => chunk,
        };
        let more = chunk.is_some();
        chunk.into_iter().for_each(|chunk| self.push(chunk));
        Poll::Ready(Ok(more))
    }

    /// Waits until no job reads. If it panicked, so does this.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.ahead.as_ref().is_some_and(|ahead| ahead.is_filling()) {
            true => self.job.poll(cx).map(drop),
            false => Poll::Ready(()),
        }
    }

    /// Whether nothing comes from the jobs without a new one. What is spent is dropped.
    fn is_all_here(&mut self) -> bool {
        let spent = self.ahead.as_ref().is_none_or(|ahead| ahead.is_spent());
        if spent {
            self.forget_ahead();
        }
        spent
    }

    /// Nothing more comes for now: a file that is at rest costs no buffer.
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

    /// A buffer for `size` bytes: that of the front, if nobody needs it any more.
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

    /// Adds a chunk after the unread bytes of the front.
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

    /// Moves on to the next chunk that is here, if the front is used up. Returns whether there are unread bytes.
    fn advance(&mut self) -> bool {
        if self.unread().is_empty() {
            let chunk = self.more.pop_front();
            chunk.into_iter().for_each(|chunk| self.push(chunk));
        }
        !self.unread().is_empty()
    }

    /// Copies and consumes what fits.
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
