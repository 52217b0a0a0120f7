//! Accepted bytes, in order, until the object has taken them.
//!
//! Bytes leave the outbox only when they have been written: a job that drains it is an attempt, and
//! whoever comes next may make another. So neither cancellation, nor an error, nor a full pool can
//! lose any, and `drop` can write them itself. The lock is never held while something may wait.

use std::io::{self, ErrorKind, SeekFrom};
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Signalled when a drain ends.
    drained: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// Where the object's cursor must go before the first of `bytes` is written.
    start: Option<SeekFrom>,
    /// The size of the batch that a drain has taken out, if one is at work. What it cannot write, it
    /// will put back.
    draining: Option<usize>,
    /// The last batch's buffer, kept while bytes keep coming.
    spare: Vec<u8>,
    /// Whoever waits for room.
    waker: Option<Waker>,
}

impl State {
    /// How many bytes may wait. With the batch that is on its way, and may come back, it is twice the
    /// capacity at most.
    fn most(&self, capacity: usize) -> usize {
        let batch = self.draining.unwrap_or(0);
        capacity.min(capacity.saturating_mul(2).saturating_sub(batch))
    }
}

impl Outbox {
    /// Whether every accepted byte has been written.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.bytes.is_empty() && state.draining.is_none()
    }

    /// Accepts what fits in below `capacity`: how much, and how many bytes wait then. If nothing does,
    /// `waker` is woken as soon as there is room.
    pub(super) fn accept(
        &self,
        bufs: &[io::IoSlice<'_>],
        capacity: usize,
        start: Option<SeekFrom>,
        waker: &Waker,
    ) -> (usize, usize) {
        let mut state = self.lock();
        let before = state.bytes.len();
        let capacity = state.most(capacity);
        for buf in bufs {
            let room = capacity.saturating_sub(state.bytes.len());
            state.bytes.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        let waiting = state.bytes.len();
        if waiting == before {
            state.waker = Some(waker.clone());
        } else {
            state.waker = None;
            state.start = start.or(state.start);
        }
        (waiting - before, waiting)
    }

    /// Whether something would be accepted, as far as can be told without waiting.
    pub(super) fn has_room(&self, capacity: usize) -> bool {
        let state = self.state.try_lock();
        state.is_ok_and(|state| state.bytes.len() < state.most(capacity))
    }

    /// Writes batches while at least `least` bytes wait, after any drain that is under way.
    pub(super) fn drain(
        &self,
        least: usize,
        seek: impl Fn(SeekFrom) -> io::Result<()>,
        write: impl Fn(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while let Some(mut batch) = self.take_batch(least) {
            batch.write(&seek, &write)?;
        }
        Ok(())
    }

    fn take_batch(&self, least: usize) -> Option<Batch<'_>> {
        let mut state = self.lock();
        while state.draining.is_some() {
            state = self
                .drained
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.bytes.len() < least.max(1) {
            return None;
        }
        state.draining = Some(state.bytes.len());
        let spare = mem::take(&mut state.spare);
        let batch = Batch {
            outbox: self,
            bytes: mem::replace(&mut state.bytes, spare),
            written: 0,
            start: state.start.take(),
        };
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        Some(batch)
    }

    /// No code that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes on their way out. Dropping it, also in a panic, puts back what has not been written.
struct Batch<'a> {
    outbox: &'a Outbox,
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
        let mut state = self.outbox.lock();
        let mut bytes = mem::take(&mut self.bytes);
        bytes.drain(..self.written);
        if !bytes.is_empty() {
            bytes.extend_from_slice(&state.bytes);
            state.bytes = bytes;
            state.start = self.start;
        } else if !state.bytes.is_empty() {
            state.spare = bytes;
        } else {
            // An idle file costs no buffer.
            state.bytes = Vec::new();
            state.spare = Vec::new();
        }
        state.draining = None;
        drop(state);
        self.outbox.drained.notify_all();
    }
}
