//! tokio's I/O traits, by the methods of those of `futures-io`.

use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::ready;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::async_file::AsyncFile;
use super::cursor::{Position, Started};
use crate::cached::INLINE;

#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
impl<T: Read + Send + 'static> AsyncRead for AsyncFile<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // One read returns no more than this, so the rest of a large buffer need not be zeroed.
        let len = buf.remaining().min(INLINE);
        let unfilled = buf.initialize_unfilled_to(len);
        let read = ready!(futures_lite::AsyncRead::poll_read(self, cx, unfilled))?;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
impl<T: Read + Send + 'static> AsyncBufRead for AsyncFile<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        futures_lite::AsyncBufRead::poll_fill_buf(self, cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        futures_lite::AsyncBufRead::consume(self, amt);
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
impl<T: Write + Send + 'static> AsyncWrite for AsyncFile<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        futures_lite::AsyncWrite::poll_write(self, cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        futures_lite::AsyncWrite::poll_write_vectored(self, cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        futures_lite::AsyncWrite::poll_flush(self, cx)
    }

    /// Writes all buffered bytes and closes the file, as [`close`](AsyncFile::close) does.
    ///
    /// tokio's own file is only flushed, and can be used afterwards.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        futures_lite::AsyncWrite::poll_close(self, cx)
    }
}

/// A seek that was started is made by `poll_complete`, or by whatever uses the position first.
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
impl<T: Seek + Send + 'static> AsyncSeek for AsyncFile<T> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        this.shared()?.learn_seek::<T>();
        if let Started::Wanted(_) = this.started {
            return Err(io::Error::other("another seek is in progress"));
        }
        this.reads.forget_shown();
        this.started = Started::Wanted(position);
        Ok(())
    }

    /// Waits for the seek that was started, and returns the new position. If none was started, returns the
    /// position if it is known, and 0 otherwise.
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        ready!(this.poll_started_seek(cx));
        Poll::Ready(match mem::take(&mut this.started) {
            Started::Done(result) => result,
            Started::Nothing | Started::Wanted(_) => Ok(match this.position {
                Position::At(offset) => offset,
                Position::OfCursor => 0,
            }),
        })
    }
}
