//! The logical position, and the object's own cursor.

use std::io::{self, SeekFrom};
use std::task::{Context, Poll};

use futures_lite::ready;

use super::async_file::AsyncFile;
use super::cursor::{CursorJob, Position};
use crate::error::Operation;
use crate::pool;

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns the offset of the next byte if the object is a regular file. Learns the object's facts, once.
    #[inline]
    pub(super) fn poll_offset(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<u64>>> {
        if let Position::At(position) = self.position {
            return Poll::Ready(Ok(Some(position)));
        }
        let shared = self.shared()?;
        if shared.facts().is_some() && !shared.is_regular() {
            return Poll::Ready(Ok(None));
        }
        let cursor = ready!(self.poll_ask(cx, CursorJob::Ask))?;
        if !self.shared()?.is_regular() {
            return Poll::Ready(Ok(None));
        }
        self.position = Position::At(cursor);
        Poll::Ready(Ok(Some(cursor)))
    }

    /// Learns the object's facts, once. Returns whether it is a regular file.
    pub(super) fn poll_is_regular(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.shared()?.facts().is_none() {
            ready!(self.poll_offset(cx))?;
        }
        Poll::Ready(Ok(self.shared()?.is_regular()))
    }

    pub(super) fn poll_size(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let shared = self.shared()?;
        if shared.is_local() {
            Poll::Ready(shared.name(Operation::Seek, shared.size()))
        } else {
            self.poll_ask(cx, CursorJob::AskSize)
        }
    }

    #[cold]
    fn poll_ask(
        &mut self,
        cx: &mut Context<'_>,
        question: fn(u64) -> CursorJob,
    ) -> Poll<io::Result<u64>> {
        ready!(self.poll_abandoned_move(cx));
        let generation = self.shared()?.generation();
        self.poll_job(cx, question(generation))
    }

    /// Queries or moves the cursor on the pool, unless such a job is in flight.
    pub(super) fn poll_job(
        &mut self,
        cx: &mut Context<'_>,
        job: CursorJob,
    ) -> Poll<io::Result<u64>> {
        if self.cursor.kind() != Some(&job) {
            let work = self
                .shared()?
                .work(Operation::Seek, move |shared| match job {
                    CursorJob::Move(_, to) => shared.seek(to),
                    CursorJob::AskSize(_) => shared.size(),
                    CursorJob::Ask(_) if shared.learn_facts().regular => {
                        shared.seek(SeekFrom::Current(0))
                    }
                    CursorJob::Ask(_) => Ok(0),
                });
            self.cursor.start(job, pool::run_short(work));
        }
        self.poll_cursor(cx)
    }

    /// Waits for the job that queries or moves the cursor, if there is one. After a move, nothing is read
    /// ahead.
    pub(super) fn poll_cursor(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Some((job, answer)) = ready!(self.cursor.poll(cx)) else {
            return Poll::Ready(Ok(0));
        };
        if let (CursorJob::Move(asked, _), &Ok(position)) = (job, &answer) {
            self.reads.clear();
            self.position = if asked.is_some() && self.shared()?.is_regular() {
                Position::At(position)
            } else {
                // `with_mut` and `into_inner` settle the cursor, and then the object may move it.
                Position::OfCursor
            };
        }
        Poll::Ready(answer)
    }

    /// Returns `true` if the cursor is being moved for this seek.
    pub(super) fn is_moving(&self, seek: Option<SeekFrom>) -> bool {
        matches!(self.cursor.kind(), Some(CursorJob::Move(asked, _)) if *asked == seek)
    }

    /// Waits for a move whose future was dropped. Its error does not concern the caller, but the new position
    /// does.
    pub(super) fn poll_abandoned_move(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.cursor.kind() {
            Some(CursorJob::Move(..)) => self.poll_cursor(cx).map(drop),
            _ => Poll::Ready(()),
        }
    }

    /// Returns where the object's cursor must be moved before the next byte is written, if it is elsewhere.
    pub(super) fn start_of_write(&self) -> Option<SeekFrom> {
        if let Position::At(position) = self.position {
            return Some(SeekFrom::Start(position));
        }
        if self.reads.is_idle() {
            return None;
        }
        let ahead = self.reads.len_ahead();
        let can_seek = self.shared().is_ok_and(|shared| shared.can_seek());
        (ahead > 0 && can_seek).then(|| SeekFrom::Current(-(ahead as i64)))
    }
}
