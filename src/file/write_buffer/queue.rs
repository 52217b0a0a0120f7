//! Accepted bytes, in order, until the object has them.
//!
//! Bytes leave the queue only when they are written. A job that drains it is an attempt, and others may make
//! another. So neither cancellation, nor an error, nor a full pool can lose bytes, and `drop` can write them
//! itself.
//!
//! The lock is a leaf: it is held neither during a blocking call nor while a waker is called.

use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::mem;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::pool::Waiters;
use crate::sync::{Condvar, Instant, Mutex, MutexGuard, PoisonError};

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
    bytes: Vec<u8>,
    /// Where the object's cursor must be before the first of `bytes` is written.
    start: Option<SeekFrom>,
    /// The size of the batch that a running drain has taken out. It puts back what it cannot write.
    draining: Option<usize>,
    /// The buffer of the last batch, kept while bytes keep coming.
    spare: Vec<u8>,
}

impl State {
    /// Returns how many bytes may wait. With the batch in flight, which may come back, it is at most twice the
    /// capacity.
    fn most(&self, capacity: usize) -> usize {
        let batch = self.draining.unwrap_or(0);
        capacity.min(capacity.saturating_mul(2).saturating_sub(batch))
    }
}

/// The result of offering bytes.
pub(super) struct Accepted {
    /// The number of accepted bytes.
    pub(super) len: usize,
    /// The number of waiting bytes.
    pub(super) waiting: usize,
}

impl Queue {
    /// Returns `true` if every accepted byte has been written.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.bytes.is_empty() && state.draining.is_none()
    }

    /// Returns `true` if a batch is in flight. Its end wakes the tasks that wait for room by then.
    pub(super) fn is_draining(&self) -> bool {
        self.lock().draining.is_some()
    }

    /// Accepts the bytes that fit into `capacity`. `start` is where the first of them goes, if the object's
    /// cursor is elsewhere.
    pub(super) fn accept(
        &self,
        bufs: &[IoSlice<'_>],
        capacity: usize,
        start: Option<SeekFrom>,
    ) -> Accepted {
        let mut state = self.lock();
        let before = state.bytes.len();
        let capacity = state.most(capacity);
        for buf in bufs {
            let room = capacity.saturating_sub(state.bytes.len());
            state.bytes.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        let waiting = state.bytes.len();
        if waiting > before {
            state.start = start.or(state.start);
        }
        let len = waiting - before;
        Accepted { len, waiting }
    }

    /// Waits for room. By the time the caller looks, there may be none or too little.
    pub(super) fn poll_room(&self, cx: &Context<'_>, capacity: usize) -> Poll<()> {
        self.waiters.add(cx);
        let state = self.lock();
        if state.bytes.len() < state.most(capacity) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Returns `true` if bytes would be accepted, and if that can be determined without waiting.
    pub(super) fn has_room(&self, capacity: usize) -> bool {
        let state = self.state.try_lock();
        state.is_ok_and(|state| state.bytes.len() < state.most(capacity))
    }

    /// Writes batches while at least `least` bytes are waiting, after any drain that is in flight.
    ///
    /// Fails with [`TimedOut`](ErrorKind::TimedOut) if another drain has not ended by `deadline`.
    pub(super) fn drain(
        &self,
        least: usize,
        deadline: Option<Instant>,
        seek: impl Fn(SeekFrom) -> io::Result<()>,
        write: impl Fn(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while let Some(mut batch) = self.take_batch(least, deadline)? {
            batch.write(&seek, &write)?;
        }
        Ok(())
    }

    /// Discards unwritten bytes, after any drain that is in flight. Returns their number, and where they were
    /// to go.
    pub(super) fn discard(&self) -> (usize, Option<SeekFrom>) {
        match self.take_batch(1, None) {
            Ok(Some(mut batch)) => {
                let given_up = (batch.bytes.len(), batch.start);
                batch.written = batch.bytes.len();
                given_up
            }
            _ => (0, None),
        }
    }

    fn take_batch(&self, least: usize, deadline: Option<Instant>) -> io::Result<Option<Batch<'_>>> {
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
        if state.bytes.len() < least.max(1) {
            return Ok(None);
        }
        state.draining = Some(state.bytes.len());
        let spare = mem::take(&mut state.spare);
        let batch = Batch {
            queue: self,
            bytes: mem::replace(&mut state.bytes, spare),
            written: 0,
            start: state.start.take(),
        };
        drop(state);
        self.waiters.wake_all();
        Ok(Some(batch))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch in flight. Dropping it, also in a panic, puts back what is not written.
struct Batch<'a> {
    queue: &'a Queue,
    bytes: Vec<u8>,
    written: usize,
    start: Option<SeekFrom>,
}

impl Batch<'_> {
    fn write(
        &mut self,
        seek: &impl Fn(SeekFrom) -> io::Result<()>,
        write: &impl Fn(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        if let Some(start) = self.start {
            seek(start)?;
            self.start = None;
        }
        while self.written < self.bytes.len() {
            match write(&self.bytes[self.written..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                written => self.written += written,
            }
        }
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        let mut bytes = mem::take(&mut self.bytes);
        bytes.drain(..self.written);
        if !bytes.is_empty() {
            bytes.extend_from_slice(&state.bytes);
            state.bytes = bytes;
            state.start = self.start;
        } else if !state.bytes.is_empty() {
            state.spare = bytes;
        } else {
            // An idle file has no buffer.
            state.bytes = Vec::new();
            state.spare = Vec::new();
        }
        state.draining = None;
        drop(state);
        self.queue.drained.notify_all();
        // The room that this batch took may be free now.
        self.queue.waiters.wake_all();
    }
}
