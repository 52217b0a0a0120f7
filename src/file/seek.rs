//! The position: where it is, and moving it.

use super::AsyncFile;
use crate::error::Operation;
use crate::pool::{self, Task};
use futures_lite::{AsyncSeek, ready};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where the next byte is read or written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Position {
    /// At the object's own cursor, less the bytes that were read ahead.
    OfCursor,
    /// At this offset of a regular file, wherever its cursor is.
    At(u64),
}

/// A question that the pool answers with a number. Asking for the cursor may wait for its lock, even
/// where the file itself is quick.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Question {
    /// The cursor of a regular file, and on the way what the object is.
    Cursor,
    Size,
}

/// A question that is on its way.
pub(super) struct Asking {
    question: Question,
    /// The state of the file that the answer is true of.
    edits: u64,
    task: Task<io::Result<u64>>,
}

/// A move of the object's cursor that is on its way.
pub(super) struct Move {
    /// The seek that it serves, as the caller asked for it; `None` if it only settles the cursor.
    asked: Option<SeekFrom>,
    task: Task<io::Result<u64>>,
}

impl<T: Send + 'static> AsyncFile<T> {
    /// Asks the pool, unless the same question is on its way already.
    fn poll_ask(&mut self, cx: &mut Context<'_>, question: Question) -> Poll<io::Result<u64>> {
        let shared = self.shared()?.clone();
        let edits = shared.edits();
        let asked = self.asking.take();
        let asked = asked.filter(|asked| (asked.question, asked.edits) == (question, edits));
        let mut asking = asked.unwrap_or_else(|| Asking {
            question,
            edits,
            task: pool::run_short(move || {
                let answer = match question {
                    Question::Cursor if shared.learn_facts().regular => {
                        shared.seek(SeekFrom::Current(0))
                    }
                    Question::Cursor => Ok(0),
                    Question::Size => shared.size(),
                };
                shared.name(Operation::Seek, answer)
            }),
        });
        let answer = Pin::new(&mut asking.task).poll(cx);
        if answer.is_pending() {
            self.asking = Some(asking);
        }
        answer
    }

    /// Moves the object's cursor on the pool; then nothing is read ahead any more.
    fn poll_start_move(
        &mut self,
        cx: &mut Context<'_>,
        asked: Option<SeekFrom>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        let shared = self.shared()?.clone();
        let task = pool::run_short(move || shared.name(Operation::Seek, shared.seek(to)));
        self.moving = Some(Move { asked, task });
        self.poll_move(cx)
    }

    /// Waits for the move that is on its way, if there is one.
    pub(super) fn poll_move(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Some(mut moving) = self.moving.take() else {
            return Poll::Ready(Ok(0));
        };
        let Poll::Ready(moved) = Pin::new(&mut moving.task).poll(cx) else {
            self.moving = Some(moving);
            return Poll::Pending;
        };
        if moved.is_ok() {
            self.asking = None;
            self.reading.clear();
            self.position = Position::OfCursor;
        }
        Poll::Ready(moved)
    }

    /// Whether the move that is on its way serves this.
    fn is_moving(&self, asked: Option<SeekFrom>) -> bool {
        self.moving
            .as_ref()
            .is_some_and(|moving| moving.asked == asked)
    }

    /// Learns what the object is, once. Gives back whether it is a regular file.
    pub(super) fn poll_is_regular(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.shared()?.facts().is_none() {
            ready!(self.poll_position(cx))?;
        }
        Poll::Ready(Ok(self.shared()?.is_regular()))
    }

    /// The position in a regular file, or 0.
    pub(super) fn poll_position(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Position::At(position) = self.position {
            return Poll::Ready(Ok(position));
        }
        let cursor = ready!(self.poll_ask(cx, Question::Cursor))?;
        if self.shared()?.is_regular() {
            self.position = Position::At(cursor);
        }
        Poll::Ready(Ok(cursor))
    }

    fn poll_size(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let shared = self.shared()?;
        match shared.is_local() {
            true => Poll::Ready(shared.name(Operation::Seek, shared.size())),
            false => self.poll_ask(cx, Question::Size),
        }
    }

    /// Moves the position; gives back the new one.
    fn poll_seek_to(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        if self.is_moving(Some(to)) {
            return self.poll_move(cx);
        }
        ready!(self.budget.poll_proceed(cx));
        ready!(self.poll_written(cx))?;
        if ready!(self.poll_is_regular(cx))? {
            return self.poll_seek_regular(cx, to);
        }
        ready!(self.poll_read_over(cx))?;
        let ahead = self.reading.ahead();
        let adjusted = match to {
            SeekFrom::Current(by) => match by.checked_sub_unsigned(ahead as u64) {
                Some(by) => SeekFrom::Current(by),
                None => return Poll::Ready(self.refuse_seek()),
            },
            to => to,
        };
        self.poll_start_move(cx, Some(to), adjusted)
    }

    /// A regular file's cursor is left alone until a write needs it.
    fn poll_seek_regular(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => ready!(self.poll_position(cx))?.checked_add_signed(by),
            SeekFrom::End(by) => ready!(self.poll_size(cx))?.checked_add_signed(by),
        };
        let Some(target) = target.filter(|&target| i64::try_from(target).is_ok()) else {
            return Poll::Ready(self.refuse_seek());
        };
        self.check_edits()?;
        match self.position {
            Position::At(position) if self.reading.shift(position, target) => {}
            _ => self.reading.clear(),
        }
        self.position = Position::At(target);
        self.budget.charge(0);
        Poll::Ready(Ok(target))
    }

    fn refuse_seek(&self) -> io::Result<u64> {
        let message = "invalid seek to a negative or overflowing position";
        let error = io::Error::new(ErrorKind::InvalidInput, message);
        self.shared()?.name(Operation::Seek, Err(error))
    }

    /// Puts everything in its place: accepted bytes written, the object's cursor, where there is one,
    /// at the position, and nothing read ahead but from an object that cannot seek.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_moving(None) {
            ready!(self.poll_move(cx))?;
        }
        ready!(self.poll_written(cx))?;
        if ready!(self.poll_is_regular(cx))? {
            if let Position::At(position) = self.position {
                ready!(self.poll_start_move(cx, None, SeekFrom::Start(position)))?;
            }
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_read_over(cx))?;
        let ahead = self.reading.ahead();
        if ahead > 0 && self.shared()?.can_seek() {
            let back = SeekFrom::Current(-(ahead as i64));
            ready!(self.poll_start_move(cx, None, back))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Drops what was read ahead of a regular file before it was changed.
    #[inline]
    pub(super) fn check_edits(&mut self) -> io::Result<()> {
        let edits = self.shared()?.edits();
        if edits != self.reading.edits {
            self.reading.edits = edits;
            if self.shared()?.is_regular() {
                self.reading.clear();
            }
        }
        Ok(())
    }
}

impl<T: Seek + Send + 'static> AsyncSeek for AsyncFile<T> {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.shared()?.learn_seek();
        self.poll_seek_to(cx, to)
    }
}
