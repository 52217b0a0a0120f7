//! Where the chunks come from: the page cache, on the spot, or jobs that read ahead.

use super::ahead::{Call, Plan, ReadAhead, Taken};
use super::chunk::{CHUNK, Chunk};
use super::{AHEAD_AFTER, ReadBuffer, Source};
use crate::cached::Answer;
use crate::error::Operation;
use crate::file::object::Shared;
use crate::pool;
use crate::sync::Arc;
use futures_lite::ready;
use std::io::{self, IoSliceMut};
use std::task::{Context, Poll};

/// Chunks that wait when a streaming job gives its thread back: with the one that is consumed, four. Of lines
/// one less, since the places of their ends are held too.
const HIGH_WATER: usize = 3;
const HIGH_WATER_OF_LINES: usize = 2;

impl ReadBuffer {
    /// The next chunk, from the page cache if that holds it; `None` at the end of the file.
    pub(super) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        source: &Source<'_>,
        size: usize,
        lines: bool,
    ) -> Poll<io::Result<Option<Chunk>>> {
        if source.position.is_some() && self.is_all_here() {
            if let Some(chunk) = self.cached_chunk(source, size) {
                return Poll::Ready(chunk);
            }
        }
        self.poll_chunk_ahead(cx, source, size, lines)
    }

    /// What the page cache holds next. `None` means that the pool has to be asked.
    fn cached_chunk(
        &mut self,
        source: &Source<'_>,
        size: usize,
    ) -> Option<io::Result<Option<Chunk>>> {
        if !source.shared.facts()?.reads_cached() {
            return None;
        }
        let offset = source.position? + self.len_here() as u64;
        let mut bytes = self.buffer(size);
        let bufs = &mut [IoSliceMut::new(&mut bytes)];
        Some(read_cached(source.shared, bufs, offset)?.map(|read| {
            bytes.truncate(read);
            if read == 0 {
                self.rest();
                return None;
            }
            Some(Chunk::Bytes(bytes))
        }))
    }

    /// The next chunk of those that jobs read, after sending a job where there is none.
    pub(super) fn poll_chunk_ahead(
        &mut self,
        cx: &mut Context<'_>,
        source: &Source<'_>,
        want: usize,
        lines: bool,
    ) -> Poll<io::Result<Option<Chunk>>> {
        let plan = self.plan(source, want, lines);
        loop {
            let offset = source
                .position
                .map(|position| position + self.len_here() as u64);
            let ahead = self
                .ahead
                .get_or_insert_with(|| Arc::new(ReadAhead::at(offset)));
            let ahead = ahead.clone();
            if ahead.is_filling() && !ahead.has_chunk() {
                pool::stay(|| ahead.has_chunk() || !ahead.is_filling());
            }
            match ahead.take(lines, self.call) {
                Taken::Chunk(chunk) => {
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
                // A new job asks again.
                Taken::OldEnd => self.forget_ahead(),
                Taken::Nothing if self.job.is_empty() => {
                    self.send_job(source.shared, ahead, plan, Some(self.call));
                }
                Taken::Filling if ahead.poll_chunk(cx).is_ready() => {}
                Taken::Filling | Taken::Nothing => ready!(self.job.poll(cx).map(drop)),
            }
        }
    }

    /// What a job is to read for a call that wants so many bytes.
    fn plan(&self, source: &Source<'_>, want: usize, lines: bool) -> Plan {
        let is_regular = source.position.is_some();
        let streams = is_regular && self.run >= AHEAD_AFTER;
        let high_water = match lines {
            _ if !streams => 1,
            true => HIGH_WATER_OF_LINES,
            false => HIGH_WATER.max(want.div_ceil(CHUNK)),
        };
        let size = match self.run {
            _ if streams => CHUNK,
            1.. if is_regular => want.max(CHUNK),
            _ => want,
        };
        Plan {
            size,
            high_water,
            lines,
            whole: is_regular,
        }
    }

    /// Whether a file that can be asked on the spot is longer than what was read of it: its end was
    /// found for a future that was dropped then.
    fn has_grown(&self, source: &Source<'_>) -> bool {
        let read = source
            .position
            .map(|position| position + self.len_here() as u64);
        read.is_some_and(|read| {
            source.shared.is_local() && source.shared.size().is_ok_and(|size| size > read)
        })
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
            Some(_) => pool::run_until(|| ready.has_chunk(), fill),
            None => pool::run(fill),
        };
        self.job.start((), task);
    }
}

/// Reads what the page cache holds at `offset`; `None` if that takes the pool.
pub(super) fn read_cached(
    shared: &Shared,
    bufs: &mut [IoSliceMut<'_>],
    offset: u64,
) -> Option<io::Result<usize>> {
    let (file, facts) = (shared.file()?, shared.facts()?);
    if !facts.reads_cached() {
        return None;
    }
    match facts.read_at(file, bufs, offset) {
        Answer::Now(answer) => Some(shared.name(Operation::Read, answer)),
        Answer::AskPool => None,
    }
}
