//! The logical position, and the object's own cursor.

use std::io::{self, ErrorKind, SeekFrom};
use std::task::{Context, Poll};

use futures_lite::ready;

use super::async_file::AsyncFile;
#[cfg(feature = "tokio")]
use super::cursor::Started;
use super::cursor::{CursorJob, Position};
use crate::error::Operation;

/// Offsets up to this are valid on every filesystem. A seek beyond it calls `lseek`, which fails if the
/// filesystem does not support the offset. Otherwise a write there would be accepted but could never succeed.
const EVERYWHERE: u64 = i32::MAX as u64;

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
        ready!(self.poll_abandoned(cx));
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
            let work = self.shared()?.lane().run_short(work);
            self.cursor.start(job, work);
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

    /// Waits for a seek that was started, and for changes and a move whose futures were dropped. An error does not
    /// concern the caller, but the new position does.
    pub(super) fn poll_abandoned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_started_seek(cx));
        if let Ok(shared) = self.shared() {
            ready!(shared.abandoned().poll_over(cx));
        }
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

impl<T: Send + 'static> AsyncFile<T> {
    /// Moves the position, and returns the new one.
    pub(super) fn poll_seek_to(
        &mut self,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        ready!(self.poll_started_seek(cx));
        if self.is_moving(Some(to)) {
            return self.poll_cursor(cx);
        }
        ready!(self.poll_proceed(cx));
        ready!(self.poll_written(cx))?;
        self.reads.forget_shown();
        if ready!(self.poll_is_regular(cx))? {
            return self.poll_seek_regular(cx, to);
        }
        ready!(self.poll_read_over(cx))?;
        let ahead = self.reads.len_ahead();
        let adjusted = match to {
            SeekFrom::Current(by) => match by.checked_sub_unsigned(ahead as u64) {
                Some(by) => SeekFrom::Current(by),
                None => return Poll::Ready(self.refuse_seek()),
            },
            to => to,
        };
        self.poll_job(cx, CursorJob::Move(Some(to), adjusted))
    }

    /// Makes the seek that tokio's `start_seek` was called for, if there is one.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn poll_started_seek(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Started::Wanted(to) = self.started else {
            return Poll::Ready(());
        };
        // A seek waits for the one that was started before it, which must not be this one.
        self.started = Started::Nothing;
        let polled = self.poll_seek_to(cx, to);
        let (started, made) = match polled {
            Poll::Ready(result) => (Started::Done(result), Poll::Ready(())),
            Poll::Pending => (Started::Wanted(to), Poll::Pending),
        };
        self.started = started;
        made
    }

    #[cfg(not(feature = "tokio"))]
    #[inline]
    pub(super) fn poll_started_seek(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Moves only the logical position. The cursor of a regular file is moved when a write needs it.
    ///
    /// Read-ahead is dropped, so that later reads see what others wrote.
    fn poll_seek_regular(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let (from, by) = match to {
            SeekFrom::Start(offset) => (offset, 0),
            SeekFrom::Current(by) => (ready!(self.poll_offset(cx))?.unwrap_or(0), by),
            SeekFrom::End(by) => (ready!(self.poll_size(cx))?, by),
        };
        let target = from.checked_add_signed(by);
        let Some(target) = target.filter(|&target| i64::try_from(target).is_ok()) else {
            return Poll::Ready(self.refuse_seek());
        };
        self.charge(0);
        if to == SeekFrom::Current(0) {
            return Poll::Ready(Ok(target));
        }
        let shared = self.shared()?;
        if target > EVERYWHERE && !shared.has_offset(target) {
            let job = CursorJob::Move(Some(to), SeekFrom::Start(target));
            return self.poll_job(cx, job);
        }
        self.reads.clear();
        self.position = Position::At(target);
        Poll::Ready(Ok(target))
    }

    fn refuse_seek(&self) -> io::Result<u64> {
        let message = "invalid seek to a negative or overflowing position";
        let error = io::Error::new(ErrorKind::InvalidInput, message);
        self.shared()?.name(Operation::Seek, Err(error))
    }
}
