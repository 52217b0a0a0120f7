//! Accepted bytes, in order, until the object has them.
//!
//! They come in pieces, which leave the queue only when they are written. A job that drains it is an attempt,
//! and others may make another. So neither cancellation, nor an error, nor a full pool can lose bytes, and
//! `drop` can write them itself.
//!
//! The lock is a leaf: it is held neither during a blocking call nor while a waker is called.

use std::array;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::mem;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::allowance::Grant;
use crate::pool::Waiters;
use crate::sync::{Condvar, Instant, Mutex, MutexGuard, PoisonError};

/// The size of a piece. All have the same, so that each buffer can be used again. Buffers of 128 KiB and more
/// come from the system and go back to it: in a new one each page faults, which takes as long as writing it.
const PIECE: usize = 64 * 1024;

/// The number of pieces that are written by one call: the kernel writes 256 KiB in four fifths of the time that
/// it takes for four times 64 KiB.
const BATCH: usize = 4;

/// The number of unwritten bytes that every writer may have, and the most that one may have.
pub(super) const LEAST: usize = 2 * PIECE;
const MOST: usize = 2 * 1024 * 1024;

/// How many accepted bytes may be unwritten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// As many as the allowance has for this stream.
    Shared,
    /// The size that the user has set.
    Fixed(usize),
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Signalled when a drain ends.
    drained: Condvar,
    /// The tasks that wait for room.
    waiters: Waiters,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Vec<u8>>,
    /// The number of bytes in `pieces`.
    waiting: usize,
    /// The size of the piece that the writer is filling.
    filling: usize,
    /// The size of the batch that a running drain has taken out. It puts back what it cannot write.
    draining: Option<usize>,
    /// Where the object's cursor must be before the first of the bytes is written.
    start: Option<SeekFrom>,
    /// The buffers of written pieces, kept while bytes keep coming.
    spare: Vec<Vec<u8>>,
    grant: Grant,
    /// A writer that waits goes on when so few bytes are behind. One that was woken for each piece would have
    /// its thread sleep and wake for each.
    low_water: usize,
}

impl State {
    /// Returns the number of bytes that are not written, including the piece that is being filled.
    fn behind(&self) -> usize {
        self.waiting + self.filling + self.draining.unwrap_or(0)
    }

    /// Returns the size of the next piece, 0 if there is no room.
    fn next_piece(&mut self, bound: Bound) -> usize {
        let behind = self.behind();
        let (piece, most) = match bound {
            Bound::Fixed(most) => (most.div_ceil(2).min(PIECE), most),
            Bound::Shared if self.grows_to(behind + PIECE) => (PIECE, MOST),
            Bound::Shared => (PIECE, LEAST),
        };
        piece.min(most.saturating_sub(behind))
    }

    /// Returns `true` if so many bytes may be behind.
    fn grows_to(&mut self, bytes: usize) -> bool {
        bytes <= MOST && self.grant.grow_to(bytes.saturating_sub(LEAST))
    }

    /// Returns `true` if a writer that found no room may go on.
    fn has_room(&self) -> bool {
        self.behind() <= self.low_water
    }

    /// Gives back what is not needed.
    fn shrink(&mut self) {
        let behind = self.behind();
        if behind == 0 {
            // An idle file has no buffer.
            self.pieces = VecDeque::new();
            self.spare = Vec::new();
        } else if self.grant.is_too_large() {
            self.spare.truncate(1);
        } else if self.waiting == 0 {
            // The writer may pause here, and what it has filled so far stays.
            self.spare.truncate(BATCH);
        }
        let spare: usize = self.spare.iter().map(Vec::capacity).sum();
        self.grant.shrink_to((behind + spare).saturating_sub(LEAST));
    }
}

impl Queue {
    /// Returns `true` if every byte in the queue has been written.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.waiting == 0 && state.draining.is_none()
    }

    /// Returns a buffer for the next piece and the number of bytes that may be put into it, or `None` if there
    /// is no room.
    pub(super) fn begin_piece(&self, bound: Bound) -> Option<(Vec<u8>, usize)> {
        let mut state = self.lock();
        let is_first = state.behind() == 0;
        let size = state.next_piece(bound);
        if size == 0 {
            state.low_water = state.behind() / 2;
            return None;
        }
        state.filling = size;
        // A small file needs a small buffer only.
        let new = if is_first { 0 } else { size };
        let spare = state.spare.pop();
        Some((spare.unwrap_or_else(|| Vec::with_capacity(new)), size))
    }

    /// Adds a piece. `start` is where the first byte goes, if the object's cursor is elsewhere.
    pub(super) fn push(&self, piece: Vec<u8>, start: Option<SeekFrom>) {
        let mut state = self.lock();
        state.filling = 0;
        state.waiting += piece.len();
        state.pieces.push_back(piece);
        state.start = start.or(state.start);
    }

    /// Waits for room. By the time the caller looks, there may be none or too little.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.waiters.add(cx);
        if self.lock().has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Returns `true` if few bytes are behind, and if that can be determined without waiting.
    pub(super) fn has_room(&self) -> bool {
        let state = self.state.try_lock();
        state.is_ok_and(|state| state.has_room())
    }

    /// Writes all pieces, after any drain that is in flight.
    ///
    /// Fails with [`TimedOut`](ErrorKind::TimedOut) if another drain has not ended by `deadline`.
    pub(super) fn drain(
        &self,
        deadline: Option<Instant>,
        seek: impl Fn(SeekFrom) -> io::Result<()>,
        write: impl Fn(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while let Some(mut batch) = self.take_batch(deadline)? {
            batch.write(&seek, &write)?;
        }
        Ok(())
    }

    /// Discards unwritten bytes, after any drain that is in flight. Returns their number, and where they were
    /// to go.
    pub(super) fn discard(&self) -> (usize, Option<SeekFrom>) {
        let Ok(mut state) = self.wait_until_drained(None) else {
            return (0, None);
        };
        let len = mem::take(&mut state.waiting);
        let start = state.start.take();
        let discarded = mem::take(&mut state.pieces);
        state.shrink();
        drop(state);
        drop(discarded);
        self.waiters.wake_all();
        (len, start)
    }

    /// Takes out at most half of the pieces, so that there is room soon.
    fn take_batch(&self, deadline: Option<Instant>) -> io::Result<Option<Batch<'_>>> {
        let mut state = self.wait_until_drained(deadline)?;
        if state.pieces.is_empty() {
            return Ok(None);
        }
        let count = (state.pieces.len() / 2).clamp(1, BATCH);
        let pieces: VecDeque<_> = state.pieces.drain(..count).collect();
        let len = pieces.iter().map(Vec::len).sum();
        state.waiting -= len;
        state.draining = Some(len);
        Ok(Some(Batch {
            queue: self,
            pieces,
            written: Vec::new(),
            start: state.start.take(),
        }))
    }

    /// Waits until no batch is in flight.
    fn wait_until_drained(&self, deadline: Option<Instant>) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        while state.draining.is_some() {
            state = match deadline.map(|end| end.saturating_duration_since(Instant::now())) {
                None => {
                    let waited = self.drained.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
                Some(Duration::ZERO) => return Err(ErrorKind::TimedOut.into()),
                Some(left) => {
                    let waited = self.drained.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Ok(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch in flight. Dropping it, also in a panic, puts back what is not written.
struct Batch<'a> {
    queue: &'a Queue,
    pieces: VecDeque<Vec<u8>>,
    /// The buffers of written pieces.
    written: Vec<Vec<u8>>,
    start: Option<SeekFrom>,
}

impl Batch<'_> {
    fn write(
        &mut self,
        seek: &impl Fn(SeekFrom) -> io::Result<()>,
        write: &impl Fn(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        if let Some(start) = self.start {
            seek(start)?;
            self.start = None;
        }
        while !self.pieces.is_empty() {
            let piece = |at| self.pieces.get(at).map_or(&[][..], Vec::as_slice);
            let bufs: [_; BATCH] = array::from_fn(|at| IoSlice::new(piece(at)));
            match write(&bufs[..self.pieces.len()])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                written => self.pass(written),
            }
        }
        Ok(())
    }

    /// Records that bytes were written.
    fn pass(&mut self, mut written: usize) {
        while let Some(mut piece) = self.pieces.pop_front() {
            if written < piece.len() {
                piece.drain(..written);
                self.pieces.push_front(piece);
                return;
            }
            written -= piece.len();
            piece.clear();
            self.written.push(piece);
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.draining = None;
        let has_failed = !self.pieces.is_empty();
        if has_failed {
            state.start = self.start;
        }
        while let Some(piece) = self.pieces.pop_back() {
            state.waiting += piece.len();
            state.pieces.push_front(piece);
        }
        state.spare.append(&mut self.written);
        state.shrink();
        let wakes = has_failed || state.has_room();
        drop(state);
        self.queue.drained.notify_all();
        if wakes {
            self.queue.waiters.wake_all();
        }
    }
}
