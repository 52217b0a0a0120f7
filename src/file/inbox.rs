//! Bytes that pool jobs have read and nobody has taken yet, in order.
//!
//! A job fills the inbox chunk by chunk and gives its thread back when there are enough; whoever
//! takes a chunk sends the next job. So the next chunk is read while the caller works on this one,
//! no thread waits for a caller, and a dropped future loses nothing: its bytes are still here.

use super::chunk::{CHUNK, Chunk, cut_lines};
use super::object::Shared;
use crate::error::Operation;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Chunks that wait in the inbox when the next job is sent.
const FEW: usize = 1;

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

impl Plan {
    /// With the one that is consumed, a stream holds four chunks at the most. Of lines one less, since
    /// the places of their ends are held too.
    fn enough(self) -> usize {
        if self.lines { 2 } else { 3 }
    }
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
    /// Chunks that wait here when a streaming job gives its thread back.
    enough: usize,
    /// Used buffers.
    spare: Vec<Vec<u8>>,
}

impl State {
    /// How many more chunks would be enough.
    fn room(&self) -> usize {
        self.enough.saturating_sub(self.chunks.len())
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
            state.waiting = Some(waker.clone());
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
        !state.filling && state.end.is_none() && state.chunks.len() <= FEW
    }

    pub(super) fn is_filling(&self) -> bool {
        self.lock().filling
    }

    /// Whether there is a chunk to take, as far as can be told without waiting.
    pub(super) fn has_chunk(&self) -> bool {
        let state = self.0.try_lock();
        state.is_ok_and(|state| !state.chunks.is_empty())
    }

    /// Must be called before a job is sent; `wanted` if there is nothing else to take.
    pub(super) fn announce_job(&self, plan: Plan, wanted: bool) {
        let mut state = self.lock();
        state.filling = true;
        state.wanted = wanted;
        state.enough = plan.enough();
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
        let soon = state.filling || state.chunks.len() <= FEW;
        let room = state.room() > state.spare.len() + usize::from(state.filling);
        if soon && room && (CHUNK..2 * CHUNK).contains(&buffer.capacity()) {
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
            let more = self.put(read, plan) && plan.stream;
            if !more || Arc::strong_count(&self) == 1 {
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
        let more = state.end.is_none() && state.room() > 0;
        if !more {
            let room = state.room();
            state.spare.truncate(room);
        }
        // Not for every chunk: to wake a task takes as long as to read half of one. The end of the job
        // wakes too.
        if more && plan.stream && state.room() == 1 {
            let waker = state.waiting.take();
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
            state.waiting.take()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const PLAN: Plan = Plan {
        size: CHUNK,
        stream: true,
        lines: false,
    };

    fn long_file() -> Shared<File> {
        let file = tempfile::tempfile().unwrap();
        file.set_len(64 * CHUNK as u64).unwrap();
        Shared::new(file, None, None)
    }

    fn fill(inbox: &Arc<Inbox>, shared: &Shared<File>, plan: Plan) {
        inbox.announce_job(plan, false);
        inbox.clone().fill(shared, plan);
    }

    #[test]
    fn a_stream_holds_four_chunks_at_the_most() {
        for (lines, most) in [(false, 3), (true, 2)] {
            let plan = Plan { lines, ..PLAN };
            let (shared, inbox) = (long_file(), Arc::new(Inbox::at(Some(0))));
            for _ in 0..8 {
                fill(&inbox, &shared, plan);
                assert_eq!(inbox.lock().chunks.len(), most);
                // The fourth is the one that was taken.
                while let Taken::Chunk(chunk) = inbox.take(lines, Waker::noop()) {
                    inbox.recycle(chunk.into_bytes());
                    inbox.recycle(vec![0; CHUNK]);
                    let state = inbox.lock();
                    assert!(state.chunks.len() + state.spare.len() <= most);
                }
            }
        }
    }

    #[test]
    fn a_line_that_goes_on_in_the_next_chunk_is_put_together_in_a_used_buffer() {
        let mut contents = "ab\n".repeat(CHUNK / 3 * 10);
        contents.truncate(contents.len() - 2);
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, contents.as_bytes()).unwrap();
        let (shared, inbox) = (Shared::new(file, None, None), Arc::new(Inbox::at(Some(0))));
        let mut read = Vec::new();
        // As many jobs as it takes, and one for the end.
        for _ in 0..16 {
            fill(
                &inbox,
                &shared,
                Plan {
                    lines: true,
                    ..PLAN
                },
            );
            while let Taken::Chunk(chunk) = inbox.take(true, Waker::noop()) {
                read.extend_from_slice(chunk.as_bytes());
                inbox.recycle(vec![b'x'; CHUNK]);
            }
        }
        assert!(read == contents.as_bytes());
    }
}
