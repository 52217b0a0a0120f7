//! Writing: `AsyncWrite`.

use super::async_file::AsyncFile;
use super::cursor::Position;
use crate::error::Operation;
use crate::pool::Slot;
use futures_lite::{AsyncWrite, ready};
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

impl<T: Send + 'static> AsyncFile<T> {
    fn poll_write_bufs(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_proceed(cx));
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(self.shared().map(|_| 0));
        }
        if !self.shared()?.access().writable {
            return Poll::Ready(self.refuse_write());
        }
        ready!(self.poll_abandoned_move(cx));
        ready!(self.poll_read_over(cx))?;
        let start = self.start_of_write();
        let shared = self.state.shared()?;
        let (reads, position, cursor) = (&mut self.reads, &mut self.position, &mut self.cursor);
        let begun = || {
            shared.note_touch();
            reads.forget_shown();
            // The position is the cursor's from now on; only what cannot seek keeps what was read ahead.
            let is_at = matches!(position, Position::At(_));
            if is_at || (shared.can_seek() && !reads.is_idle()) {
                reads.clear();
                *position = Position::OfCursor;
            }
            if !cursor.is_empty() {
                *cursor = Slot::default();
            }
        };
        let written = ready!(self.writes.poll_write(cx, shared, bufs, start, begun))?;
        self.charge(written);
        Poll::Ready(Ok(written))
    }

    /// Bytes that can never be written are not accepted.
    #[cold]
    fn refuse_write(&self) -> io::Result<usize> {
        #[cfg(unix)]
        let error = rustix::io::Errno::BADF.into();
        #[cfg(not(unix))]
        let error = io::ErrorKind::PermissionDenied.into();
        self.shared()?.name(Operation::Write, Err(error))
    }
}

impl<T: Write + Send + 'static> AsyncWrite for AsyncFile<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared()?.learn_write::<T>();
        self.poll_write_bufs(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_closed(cx)
    }
}
