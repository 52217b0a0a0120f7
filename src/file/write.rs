//! Writing: `AsyncWrite`.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncWrite, ready};

use super::async_file::{AsyncFile, State};
use super::cursor::Position;
use crate::error::Operation;
use crate::pool::Slot;

impl<T: Write + Send + 'static> AsyncWrite for AsyncFile<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.shared()?.learn_write::<T>();
        ready!(this.poll_proceed(cx));
        if let [buf] = bufs {
            if this.writes.add(buf) {
                this.charge(buf.len());
                return Poll::Ready(Ok(buf.len()));
            }
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(this.shared().map(|_| 0));
        }
        if !this.shared()?.access().writable {
            return Poll::Ready(this.refuse_write());
        }
        ready!(this.poll_abandoned_move(cx));
        ready!(this.poll_read_over(cx))?;
        let start = this.start_of_write();
        let shared = this.state.shared()?;
        let (reads, position, cursor) = (&mut this.reads, &mut this.position, &mut this.cursor);
        let begun = || {
            shared.note_touch();
            reads.forget_shown();
            // From now on the position is the cursor's. Only an object that cannot seek keeps its read-ahead.
            let is_at = matches!(position, Position::At(_));
            if is_at || (shared.can_seek() && !reads.is_idle()) {
                reads.clear();
                *position = Position::OfCursor;
            }
            *cursor = Slot::default();
        };
        let written = ready!(this.writes.poll_write(cx, shared, bufs, start, begun))?;
        this.charge(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.state {
            State::Open(_) => self.poll_written(cx),
            // Nothing is left to flush. Adapters flush before each poll of `close`.
            State::Closed(..) => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_closed(cx)
    }
}

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns the error of a write to a handle that is not open for writing.
    #[cold]
    fn refuse_write(&self) -> io::Result<usize> {
        #[cfg(unix)]
        let error = rustix::io::Errno::BADF.into();
        #[cfg(not(unix))]
        let error = io::ErrorKind::PermissionDenied.into();
        self.shared()?.name(Operation::Write, Err(error))
    }
}
