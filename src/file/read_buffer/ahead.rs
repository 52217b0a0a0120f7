//! Read-ahead: chunks that jobs have read and that are not taken yet, in order.
//!
//! A job fills the queue chunk by chunk, and ends when there are enough. The call that takes a chunk sends the
//! next job. So the next chunk is read while the caller uses this one, no thread waits for a caller, and a
//! dropped future loses nothing: its bytes are still in the queue.
//!
//! The lock is a leaf: it is held neither during a read nor while a waker is called.
//!
//! # The end of the file
//!
//! A read of 0 bytes is valid only at that moment, because files grow. It is stored with the number of the call
//! that was waiting for it, and is the end of the file for that call. For a later call it is outdated: that
//! call sends a new job. A call that arrives while the read is in flight is a later one, too, because the file
//! may have grown in between.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::task::{Context, Poll};

use super::chunk::{CHUNK, Chunk, Form};
use crate::allowance::Grant;
use crate::pool::Waiters;
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a job reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The number of bytes of a chunk.
    pub(super) size: usize,
    /// The number of waiting chunks at which the job ends; one if the file is not streamed.
    pub(super) high_water: usize,
    /// The number of chunks by which it goes further if the allowance has the memory.
    pub(super) further: usize,
    pub(super) form: Form,
    /// Whether a chunk is filled with as many reads as it takes: a regular file is short only at its end.
    pub(super) whole: bool,
}

#[derive(Debug)]
pub(super) struct ReadAhead {
    state: Mutex<State>,
    /// The tasks that wait for a chunk or the end of a job.
    waiters: Waiters,
}

#[derive(Debug)]
struct State {
    chunks: VecDeque<Chunk>,
    /// The start of a line whose end is not read yet. It is put in front of the next chunk.
    carry: Vec<u8>,
    phase: Phase,
    /// The offset of the next read, for a file that is read by offset.
    offset: Option<u64>,
    /// The number of waiting chunks at which the running job ends.
    high_water: usize,
    /// The memory of chunks beyond those that every stream has.
    grant: Grant,
    /// Used buffers.
    spare: Vec<Vec<u8>>,
}

/// What happens after the waiting chunks.
#[derive(Debug)]
enum Phase {
    /// Nothing. A job may be sent.
    Idle,
    /// A job is running or queued, and this call waits for it.
    Filling(Option<Call>),
    /// The last read returned no bytes, and this call was waiting when it began. No job is sent before this is
    /// taken.
    Ended(Option<Call>),
    /// The last read failed. No job is sent before the error is taken.
    Failed(io::Error),
}

/// The number of a reader's call: how many calls were completed before it.
pub(super) type Call = u64;

/// The result of taking a chunk.
pub(super) enum Taken {
    Chunk(Chunk),
    /// The end of the file, or an error. Each is reported once.
    End(io::Result<()>),
    /// The file ended here when it was read ahead. It may have grown since.
    OldEnd,
    /// Nothing yet. A job is running.
    Filling,
    /// Nothing, and no job is running.
    Nothing,
}

impl ReadAhead {
    pub(super) fn at(offset: Option<u64>) -> ReadAhead {
        ReadAhead {
            state: Mutex::new(State {
                chunks: VecDeque::new(),
                carry: Vec::new(),
                phase: Phase::Idle,
                offset,
                high_water: 0,
                grant: Grant::default(),
                spare: Vec::new(),
            }),
            waiters: Waiters::default(),
        }
    }

    /// Takes the next chunk. For lines, an unfinished last line is left until its end is read.
    pub(super) fn take(&self, form: Form, call: Call) -> Taken {
        let mut state = self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            return Taken::Chunk(chunk);
        }
        if let Phase::Filling(waiting) = &mut state.phase {
            *waiting = Some(call);
            return Taken::Filling;
        }
        let is_whole = form == Form::Bytes || !matches!(state.phase, Phase::Idle);
        if !state.carry.is_empty() && is_whole {
            return Taken::Chunk(Chunk::Bytes(mem::take(&mut state.carry)));
        }
        match mem::replace(&mut state.phase, Phase::Idle) {
            // Reading at a stream's cursor again might block forever.
            Phase::Ended(waiting) if state.offset.is_some() && waiting != Some(call) => {
                Taken::OldEnd
            }
            Phase::Ended(_) => Taken::End(Ok(())),
            Phase::Failed(error) => Taken::End(Err(error)),
            Phase::Idle | Phase::Filling(_) => Taken::Nothing,
        }
    }

    /// Waits for a chunk while a job is running.
    pub(super) fn poll_chunk(&self, cx: &Context<'_>) -> Poll<()> {
        self.waiters.add(cx);
        let state = self.lock();
        if state.chunks.is_empty() && matches!(state.phase, Phase::Filling(_)) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// Returns `true` if a job should be sent: none is running, none has ended the stream, and few chunks are
    /// left.
    pub(super) fn wants_job(&self) -> bool {
        let state = self.lock();
        matches!(state.phase, Phase::Idle) && state.is_low()
    }

    pub(super) fn is_filling(&self) -> bool {
        matches!(self.lock().phase, Phase::Filling(_))
    }

    /// Returns `true` if there is a chunk to take, and `false` if that cannot be determined without waiting.
    pub(super) fn has_chunk(&self) -> bool {
        let state = self.state.try_lock();
        state.is_ok_and(|state| !state.chunks.is_empty())
    }

    /// Must be called before a job is sent, with the call that will wait for it.
    pub(super) fn announce_job(&self, plan: Plan, waiting: Option<Call>) {
        let mut state = self.lock();
        state.phase = Phase::Filling(waiting);
        state.high_water = plan.high_water + state.further(plan);
    }

    /// Returns `true` if there is nothing to take and no job is running.
    pub(super) fn is_spent(&self) -> bool {
        let state = self.lock();
        matches!(state.phase, Phase::Idle) && state.len() == 0
    }

    /// Returns the number of bytes that can be taken.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns a used buffer, which is kept if a job will need it soon.
    pub(super) fn recycle(&self, buffer: Vec<u8>) {
        let mut state = self.lock();
        let is_filling = matches!(state.phase, Phase::Filling(_));
        let soon = is_filling || state.is_low();
        let room = state.room() > state.spare.len() + usize::from(is_filling);
        if soon && room && (CHUNK..2 * CHUNK).contains(&buffer.capacity()) {
            state.spare.push(buffer);
        }
    }

    /// Reads as planned; runs on the pool. Stops early if the reader was dropped.
    pub(super) fn fill(
        self: Arc<Self>,
        plan: Plan,
        read: impl Fn(Option<u64>, &mut [u8]) -> io::Result<usize>,
    ) {
        let _end = FillEnd(&self);
        loop {
            let waiting = self.waiting();
            let (buffer, carried, offset) = self.buffer(plan);
            let mut outcome = read_chunk(&read, buffer, carried, offset, plan);
            if self.is_ahead() {
                outcome.chunk.prepare(plan.form);
            }
            let more = self.put(outcome, waiting, plan);
            if !more || Arc::strong_count(&self) == 1 {
                break;
            }
        }
    }

    /// Returns `true` if the reader still has chunks to consume.
    fn is_ahead(&self) -> bool {
        !self.lock().chunks.is_empty() && self.waiters.is_empty()
    }

    /// Returns the call that waits for the job.
    fn waiting(&self) -> Option<Call> {
        match self.lock().phase {
            Phase::Filling(waiting) => waiting,
            _ => None,
        }
    }

    /// Returns a buffer, the number of bytes at its start that were carried over, and the offset to read at.
    fn buffer(&self, plan: Plan) -> (Vec<u8>, usize, Option<u64>) {
        let mut state = self.lock();
        let mut buffer = state.spare.pop().unwrap_or_default();
        let carried = state.carry.len();
        // A used buffer is not cleared, which would take as long as reading half of it.
        let len = plan.size.max(carried + plan.size / 2);
        buffer.reserve_exact(len.saturating_sub(buffer.len()));
        buffer.resize(len, 0);
        // A copy: after a panic the original is still there.
        buffer[..carried].copy_from_slice(&state.carry);
        (buffer, carried, state.offset)
    }

    /// Stores what was read, and returns whether there is room for more. `waiting` is the call that was waiting
    /// before the read.
    fn put(&self, read: Read, waiting: Option<Call>, plan: Plan) -> bool {
        let mut state = self.lock();
        if let Some(offset) = &mut state.offset {
            *offset += read.fresh as u64;
        }
        if !read.chunk.as_bytes().is_empty() {
            state.chunks.push_back(read.chunk);
        }
        state.carry = read.carry;
        match read.end {
            Some(Ok(())) => state.phase = Phase::Ended(waiting),
            Some(Err(error)) => state.phase = Phase::Failed(error),
            None => {}
        }
        let room = state.room();
        let goes_on = matches!(state.phase, Phase::Filling(_));
        let more = goes_on && plan.high_water > 1 && room > 0;
        if !more {
            state.spare.truncate(room);
        }
        // For the first chunk only: waking a task takes as long as reading half of one. The end of the job wakes,
        // too.
        let wakes = more && state.chunks.len() == 1;
        drop(state);
        if wakes {
            self.waiters.wake_all();
        }
        more
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the number of chunks by which a job may go further ahead, and takes their memory from the allowance.
    fn further(&mut self, plan: Plan) -> usize {
        if self.grant.is_too_large() {
            // For others, until the next job.
            self.grant.shrink_to(0);
            return 0;
        }
        let is_granted = self.grant.grow_to(plan.further * plan.form.weight());
        if is_granted { plan.further } else { 0 }
    }

    /// Returns `true` if there are so few waiting chunks that the next job is sent.
    fn is_low(&self) -> bool {
        self.chunks.len() <= self.high_water / 2
    }

    /// Returns the number of chunks that are missing.
    fn room(&self) -> usize {
        self.high_water.saturating_sub(self.chunks.len())
    }

    fn len(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.as_bytes().len()).sum();
        chunks + self.carry.len()
    }
}

/// Ends a job, also if it panics.
struct FillEnd<'a>(&'a ReadAhead);

impl Drop for FillEnd<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if let Phase::Filling(_) = state.phase {
            state.phase = Phase::Idle;
        }
        drop(state);
        self.0.waiters.wake_all();
    }
}

/// The result of reading one chunk.
struct Read {
    chunk: Chunk,
    carry: Vec<u8>,
    /// The number of bytes just read. The chunk also holds the carried-over bytes.
    fresh: usize,
    end: Option<io::Result<()>>,
}

fn read_chunk(
    read: impl Fn(Option<u64>, &mut [u8]) -> io::Result<usize>,
    mut buffer: Vec<u8>,
    carried: usize,
    offset: Option<u64>,
    plan: Plan,
) -> Read {
    let mut filled = carried;
    let end = loop {
        let offset = offset.map(|offset| offset + (filled - carried) as u64);
        match read(offset, &mut buffer[filled..]) {
            Ok(0) => break Some(Ok(())),
            Ok(fresh) => filled += fresh,
            Err(error) => break Some(Err(error)),
        }
        if filled == buffer.len() || !plan.whole {
            break None;
        }
    };
    buffer.truncate(filled);
    let fresh = filled - carried;
    let (chunk, carry) = match fresh {
        0 => (Chunk::default(), buffer),
        _ => plan.form.cut(buffer, carried),
    };
    Read {
        chunk,
        carry,
        fresh,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_buffers_are_kept_for_chunks_to_come_only() {
        let plan = Plan {
            size: CHUNK,
            high_water: 3,
            further: 0,
            form: Form::Bytes,
            whole: true,
        };
        let ahead = Arc::new(ReadAhead::at(Some(0)));
        for _ in 0..8 {
            ahead.announce_job(plan, None);
            ahead.clone().fill(plan, |_, buf| Ok(buf.len()));
            while let Taken::Chunk(chunk) = ahead.take(plan.form, 0) {
                ahead.recycle(chunk.into_bytes());
                ahead.recycle(vec![0; CHUNK]);
                let state = ahead.lock();
                assert!(state.chunks.len() + state.spare.len() <= plan.high_water);
            }
        }
    }

    /// The only unit test that uses the allowance, which belongs to the process.
    #[test]
    fn a_lone_stream_is_read_further_ahead_and_many_share_the_allowance() {
        let plan = Plan {
            size: CHUNK,
            high_water: 2,
            further: 4,
            form: Form::Lines,
            whole: true,
        };
        let ahead = || {
            let ahead = Arc::new(ReadAhead::at(Some(0)));
            ahead.announce_job(plan, None);
            ahead.clone().fill(plan, |_, buf| {
                buf.fill(b'\n');
                Ok(buf.len())
            });
            let chunks = ahead.lock().chunks.len();
            (ahead, chunks)
        };
        let lone = ahead();
        assert_eq!(lone.1, 6);
        let many: Vec<_> = (0..200).map(|_| ahead()).collect();
        let least = many.iter().map(|(_, chunks)| *chunks).min();
        assert_eq!(least, Some(2));
        let further: usize = many.iter().map(|(_, chunks)| chunks - 2).sum();
        let bytes = (further + 4) * plan.form.weight();
        assert!((8..=16).contains(&(bytes >> 20)), "{bytes} bytes");

        // A stream gives back what is more than its part now, and all of it in the end.
        while let Taken::Chunk(_) = lone.0.take(plan.form, 0) {}
        lone.0.announce_job(plan, None);
        assert_eq!(lone.0.lock().high_water, 2);
        drop((lone, many));
        assert_eq!(ahead().1, 6);
    }
}
