//! Bytes that pool jobs have read and nobody has taken yet, in order.
//!
//! A job fills the inbox chunk by chunk and gives its thread back when there are enough; whoever
//! takes a chunk sends the next job. So the next chunk is read while the caller works on this one,
//! no thread waits for a caller, and a dropped future loses nothing: its bytes are still here.
//!
//! How many are enough, [`Pace`] knows.

use super::object::Shared;
use super::pace::Pace;
use crate::error::Operation;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// The size of the chunks in which a stream is read.
pub(super) const CHUNK: usize = 64 * 1024;

/// How many line ends are noted in a chunk; of those after them nothing is known.
const NOTED: usize = 2048;

/// Bytes in the form that they were read in.
#[derive(Debug)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    /// Whole lines that are known to be UTF-8.
    Lines {
        text: String,
        /// Where the first of them end, in order; it may be none.
        ends: Vec<u32>,
    },
}

impl Chunk {
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.as_bytes(),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.into_bytes(),
        }
    }

    /// Looks for the line ends, so that whoever takes the chunk need not.
    fn note_ends(&mut self) {
        if let Chunk::Lines { text, ends } = self {
            let found = memchr::memchr_iter(b'\n', text.as_bytes());
            *ends = found.take(NOTED).map(|at| at as u32 + 1).collect();
        }
    }
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk::Bytes(Vec::new())
    }
}

/// What a job is to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Bytes to ask for, a chunk.
    pub(super) size: usize,
    /// Go on until there are enough chunks.
    pub(super) stream: bool,
    /// Cut chunks at line ends and check that they are UTF-8.
    pub(super) lines: bool,
}

#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    /// The start of a line whose end has not been read: it goes before the next chunk.
    carry: Vec<u8>,
    /// How the last read ended, if not with bytes.
    end: Option<io::Result<()>>,
    /// Somebody was waiting for that read.
    end_awaited: bool,
    /// The next read is not read-ahead: whoever sent the job has nothing, and will wait for it.
    wanted: bool,
    /// Where the next read goes, for a file that is read by offset.
    offset: Option<u64>,
    /// A job is filling the inbox.
    filling: bool,
    /// Who waits for it.
    waiting: Option<Waker>,
    pace: Pace,
    /// Used buffers.
    spare: Vec<Vec<u8>>,
}

impl State {
    /// How many more chunks would be enough.
    fn room(&self) -> usize {
        self.pace.enough().saturating_sub(self.chunks.len())
    }

    fn wait(&mut self, waker: &Waker) {
        if self.waiting.replace(waker.clone()).is_none() {
            self.pace.wait();
        }
    }

    /// Whom to wake.
    fn awaited(&mut self) -> Option<Waker> {
        let waker = self.waiting.take()?;
        self.pace.deliver();
        Some(waker)
    }

    fn held(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.as_bytes().len()).sum();
        chunks + self.carry.len()
    }
}

/// What there is to take from an inbox.
pub(super) enum Taken {
    Chunk(Chunk),
    /// The end of the file, or an error, which is reported once.
    End(io::Result<()>),
    /// The file ended here when it was read ahead; it may have grown since.
    EndThen,
    /// Nothing yet: a job is at work, and will wake the caller.
    Filling,
    Nothing,
}

impl Inbox {
    pub(super) fn at(offset: Option<u64>) -> Inbox {
        Inbox(Mutex::new(State {
            offset,
            ..State::default()
        }))
    }

    /// Takes the next chunk. With `lines`, the start of a line is left until its end is there.
    pub(super) fn take(&self, lines: bool, waker: &Waker) -> Taken {
        let mut state = self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            return Taken::Chunk(chunk);
        }
        if state.filling {
            state.wait(waker);
            return Taken::Filling;
        }
        if !state.carry.is_empty() && (!lines || state.end.is_some()) {
            // Whoever waited may be content with this, and the file may grow before the next one comes.
            state.end_awaited = false;
            return Taken::Chunk(Chunk::Bytes(mem::take(&mut state.carry)));
        }
        match state.end.take() {
            Some(Ok(())) if state.offset.is_some() && !state.end_awaited => Taken::EndThen,
            Some(end) => Taken::End(end),
            None => Taken::Nothing,
        }
    }

    /// Whether a job should be sent: none is at work, none has ended the stream, and few chunks
    /// are left.
    pub(super) fn wants_job(&self) -> bool {
        let state = self.lock();
        !state.filling && state.end.is_none() && state.chunks.len() <= state.pace.few()
    }

    pub(super) fn is_filling(&self) -> bool {
        self.lock().filling
    }

    /// Must be called before a job is sent; `wanted` if there is nothing else to take.
    pub(super) fn announce_job(&self, wanted: bool) {
        let mut state = self.lock();
        state.filling = true;
        state.wanted = wanted;
        state.pace.send();
    }

    /// Whether there is nothing to take, and no job at work.
    pub(super) fn is_spent(&self) -> bool {
        let state = self.lock();
        !state.filling && state.end.is_none() && state.held() == 0
    }

    /// How many bytes there are to take.
    pub(super) fn held(&self) -> usize {
        self.lock().held()
    }

    /// Gives a used buffer back, which is kept if a job will need it soon.
    pub(super) fn recycle(&self, buffer: Vec<u8>) {
        let mut state = self.lock();
        let soon = state.filling || state.pace.is_eager() || state.chunks.len() <= state.pace.few();
        if soon
            && state.room() > state.spare.len()
            && (CHUNK..2 * CHUNK).contains(&buffer.capacity())
        {
            state.spare.push(buffer);
        }
    }

    /// The job: reads as planned. Stops early when nobody is left to take the chunks.
    pub(super) fn fill<T: Send + 'static>(self: Arc<Self>, shared: &Shared<T>, plan: Plan) {
        let _end = FillEnd(&self);
        loop {
            let (buffer, carried, offset) = self.buffer(plan);
            let mut read = read_chunk(shared, buffer, carried, offset, plan);
            if self.is_ahead() {
                read.chunk.note_ends();
            }
            let more = self.put(read, plan) && plan.stream && Arc::strong_count(&self) > 1;
            if !more {
                break;
            }
        }
    }

    /// Whether whoever takes the chunks is busy with those that it has.
    fn is_ahead(&self) -> bool {
        let state = self.lock();
        state.waiting.is_none() && !state.chunks.is_empty()
    }

    /// A buffer that begins with so many bytes that were carried over.
    fn buffer(&self, plan: Plan) -> (Vec<u8>, usize, Option<u64>) {
        let mut state = self.lock();
        let mut buffer = state.spare.pop().unwrap_or_default();
        let carried = state.carry.len();
        // What is in a used buffer stays there: to clear it would take as long as to read half of it.
        let len = plan.size.max(carried + plan.size / 2);
        buffer.reserve_exact(len.saturating_sub(buffer.len()));
        buffer.resize(len, 0);
        // Only a copy: in a panic the original is still there.
        buffer[..carried].copy_from_slice(&state.carry);
        (buffer, carried, state.offset)
    }

    /// Puts what was read, and tells whether there is room for more.
    fn put(&self, read: Read, plan: Plan) -> bool {
        let mut state = self.lock();
        if let Some(offset) = &mut state.offset {
            *offset += read.fresh as u64;
        }
        if !read.chunk.as_bytes().is_empty() {
            state.chunks.push_back(read.chunk);
        }
        state.carry = read.carry;
        state.end = read.end;
        state.end_awaited = mem::take(&mut state.wanted) || state.waiting.is_some();
        let more = state.end.is_none() && state.chunks.len() < state.pace.enough();
        if !more {
            let room = state.room();
            state.spare.truncate(room);
        }
        // The end of the job wakes too.
        if more && plan.stream && state.chunks.len() >= state.pace.few() {
            let waker = state.awaited();
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        }
        more
    }

    /// No code that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a job, also in a panic.
struct FillEnd<'a>(&'a Inbox);

impl Drop for FillEnd<'_> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.0.lock();
            state.filling = false;
            state.awaited()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

/// The outcome of one read.
struct Read {
    chunk: Chunk,
    carry: Vec<u8>,
    /// Bytes read just now: the chunk also holds what was carried over.
    fresh: usize,
    end: Option<io::Result<()>>,
}

fn read_chunk<T: Send + 'static>(
    shared: &Shared<T>,
    mut buffer: Vec<u8>,
    carried: usize,
    offset: Option<u64>,
    plan: Plan,
) -> Read {
    let result = shared.read(offset, &mut buffer[carried..]);
    let (fresh, end) = match shared.name(Operation::Read, result) {
        Ok(0) => (0, Some(Ok(()))),
        Ok(fresh) => (fresh, None),
        Err(error) => (0, Some(Err(error))),
    };
    buffer.truncate(carried + fresh);
    let (chunk, carry) = match end {
        None if plan.lines => cut_lines(buffer, carried),
        None => (Chunk::Bytes(buffer), Vec::new()),
        Some(_) => (Chunk::default(), buffer),
    };
    Read {
        chunk,
        carry,
        fresh,
        end,
    }
}

/// Splits off the start of the last line. What is not UTF-8, or has no line end, stays as it is.
fn cut_lines(mut buffer: Vec<u8>, carried: usize) -> (Chunk, Vec<u8>) {
    match memchr::memrchr(b'\n', &buffer[carried..]) {
        Some(end) => {
            let carry = buffer.split_off(carried + end + 1);
            let chunk = match String::from_utf8(buffer) {
                Ok(text) => Chunk::Lines {
                    text,
                    ends: Vec::new(),
                },
                Err(error) => Chunk::Bytes(error.into_bytes()),
            };
            (chunk, carry)
        }
        // A long line is put together by whoever asks for it, who knows how long it may get.
        None if buffer.len() >= CHUNK / 2 => (Chunk::Bytes(buffer), Vec::new()),
        None => (Chunk::default(), buffer),
    }
}
