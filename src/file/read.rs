//! Reading: `AsyncRead` and `AsyncBufRead`.

use std::io::{self, IoSliceMut, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncBufRead, AsyncRead, ready};

use super::async_file::AsyncFile;
use super::read_buffer::{Form, Source};

impl<T: Read + Send + 'static> AsyncRead for AsyncFile<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_vectored(cx, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.shared()?.learn_read::<T>();
        ready!(this.poll_readable(cx))?;
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let position = ready!(this.poll_offset(cx))?;
        let shared = this.state.shared()?;
        let source = Source { shared, position };
        let read = ready!(this.reads.poll_read(cx, source, bufs))?;
        this.position.pass(read as i64);
        this.charge(0);
        Poll::Ready(Ok(read))
    }
}

impl<T: Read + Send + 'static> AsyncBufRead for AsyncFile<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let shared = this.state.shared()?;
        shared.learn_read::<T>();
        if this.reads.shows(shared) {
            return Poll::Ready(Ok(this.reads.unread()));
        }
        let stays = this.reads.stays_at_end();
        match this.poll_look(cx) {
            Poll::Ready(looked) => looked?,
            Poll::Pending if stays => this.reads.stay_at_end(),
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(Ok(this.reads.unread()))
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        self.consume_unread(amt);
    }
}

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Reads more if no bytes are unread, and remembers the answer.
    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An answer that was already given does not yield, either.
        if !self.reads.stays_at_end() {
            ready!(self.poll_proceed(cx));
        }
        ready!(self.poll_readable_at_once(cx))?;
        if self.reads.unread().is_empty() {
            ready!(self.poll_more(cx, Form::Bytes))?;
        }
        self.charge(0);
        self.reads.note_shown();
        Poll::Ready(Ok(()))
    }
}
