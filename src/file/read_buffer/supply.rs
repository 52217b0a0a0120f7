//! The sources of chunks: the page cache, on the caller's thread, and jobs that read ahead.

use std::io::{self, IoSliceMut};
use std::task::{Context, Poll};

use futures_lite::ready;

use super::ahead::{Call, Plan, ReadAhead, Taken};
use super::chunk::{CHUNK, Chunk, Form};
use super::{AHEAD_AFTER, ReadBuffer};
use crate::budget;
use crate::error::Operation;
use crate::file::object::Shared;
use crate::pool;
use crate::sync::Arc;

/// The number of waiting chunks at which a streaming job ends: four with the one that is consumed. For lines
/// one less, because the positions of their ends take memory, too, or their text.
const HIGH_WATER: usize = 3;
const HIGH_WATER_OF_LINES: usize = 2;

/// The number of chunks by which a stream is read further ahead if the allowance has the memory. Without them, the
/// reader and the worker wait for each other, and lines take a third longer. Two are enough if both cores are free.
const FURTHER: usize = 4;

/// The number of bytes read in sequence after which a stream takes memory of the allowance.
const FURTHER_AFTER: u64 = 4 * AHEAD_AFTER;

/// Where to read: the object, and for a regular file the logical position.
#[derive(Clone, Copy)]
pub(in crate::file) struct Source<'a> {
    pub(in crate::file) shared: &'a Arc<Shared>,
    pub(in crate::file) position: Option<u64>,
}

/// The next chunk, or `None` at the end of the file.
type Next = io::Result<Option<Chunk>>;

impl ReadBuffer {
    /// Returns the next chunk, from the page cache if possible.
    pub(super) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        size: usize,
        form: Form,
    ) -> Poll<Next> {
        match self.cached_chunk(source, size) {
            Some(chunk) => Poll::Ready(chunk),
            None => self.poll_chunk_ahead(cx, source, size, form),
        }
    }

    /// Returns the next chunk if the page cache has it, or `None` if the pool is needed.
    fn cached_chunk(&mut self, source: Source<'_>, size: usize) -> Option<Next> {
        let offset = self.end(source).filter(|_| self.is_all_here())?;
        if !source.shared.facts()?.reads_cached() {
            return None;
        }
        let mut bytes = self.buffer(size);
        let bufs = &mut [IoSliceMut::new(&mut bytes)];
        Some(source.shared.read_cached(bufs, offset)?.map(|read| {
            if read == 0 {
                self.rest();
                return None;
            }
            bytes.truncate(read);
            budget::charge_copy(read);
            Some(Chunk::Bytes(bytes))
        }))
    }

    /// Returns the offset after the bytes in the buffer, for a regular file.
    fn end(&self, source: Source<'_>) -> Option<u64> {
        let position = source.position?;
        Some(position + self.len_here() as u64)
    }

    /// Returns the next chunk from the jobs, and sends a job if there is none.
    pub(super) fn poll_chunk_ahead(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        want: usize,
        form: Form,
    ) -> Poll<Next> {
        let plan = self.plan(source, want, form);
        loop {
            let offset = self.end(source);
            let ahead = self
                .ahead
                .get_or_insert_with(|| Arc::new(ReadAhead::at(offset)))
                .clone();
            if ahead.is_filling() && !ahead.has_chunk() {
                pool::stay(|| ahead.has_chunk() || !ahead.is_filling());
            }
            match ahead.take(form, self.call) {
                Taken::Chunk(chunk) => {
                    budget::charge_copy(chunk.as_bytes().len());
                    if plan.high_water > 1 && ahead.wants_job() {
                        self.send_job(source.shared, ahead, plan, None);
                    }
                    return Poll::Ready(Ok(Some(chunk)));
                }
                Taken::End(Ok(())) if self.has_grown(source) => self.forget_ahead(),
                Taken::End(end) => {
                    self.rest();
                    return Poll::Ready(end.map(|()| None));
                }
                // A new job reads again.
                Taken::OldEnd => self.forget_ahead(),
                Taken::Nothing if self.job.is_empty() => {
                    self.send_job(source.shared, ahead, plan, Some(self.call));
                }
                Taken::Filling if ahead.poll_chunk(cx).is_ready() => {}
                Taken::Filling | Taken::Nothing => ready!(self.job.poll(cx).map(drop)),
            }
        }
    }

    /// Returns what a job reads for a call that wants `want` bytes.
    fn plan(&self, source: Source<'_>, want: usize, form: Form) -> Plan {
        let is_regular = source.position.is_some();
        let streams = is_regular && self.run >= AHEAD_AFTER;
        let high_water = match form {
            _ if !streams => 1,
            Form::Bytes => HIGH_WATER.max(want.div_ceil(CHUNK)),
            _ => HIGH_WATER_OF_LINES,
        };
        let size = match self.run {
            _ if streams => CHUNK,
            1.. if is_regular => want.max(CHUNK),
            _ => want,
        };
        Plan {
            size,
            high_water,
            further: if streams && self.run >= FURTHER_AFTER {
                FURTHER
            } else {
                0
            },
            form,
            whole: is_regular,
        }
    }

    /// Returns `true` if a file whose size is known without waiting is longer than what was read: its end was
    /// found for a future that was then dropped.
    fn has_grown(&self, source: Source<'_>) -> bool {
        let is_longer = |end| source.shared.size().is_ok_and(|size| size > end);
        source.shared.is_local() && self.end(source).is_some_and(is_longer)
    }

    fn send_job(
        &mut self,
        shared: &Arc<Shared>,
        ahead: Arc<ReadAhead>,
        plan: Plan,
        waiting: Option<Call>,
    ) {
        ahead.announce_job(plan, waiting);
        let ready = ahead.clone();
        let fill = shared.work(Operation::Read, move |shared| {
            let read = |offset, buf: &mut [u8]| shared.read(offset, buf);
            ahead.fill(plan, |offset, buf| {
                shared.name(Operation::Read, read(offset, buf))
            });
            Ok(())
        });
        let task = match waiting {
            Some(_) => shared.lane().run_until(|| ready.has_chunk(), fill),
            None => shared.lane().run(fill),
        };
        self.job.start((), task);
    }
}
