//! Writing: `AsyncWrite`.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncWrite, AsyncWriteExt, ready};

use super::async_file::AsyncFile;
use super::cursor::Position;
use super::state::State;
use crate::error::Operation;
use crate::pool::Slot;

/// The number of bytes of lines that are written at once.
const JOINED: usize = 64 * 1024;

/// The error with which Windows refuses such a write.
#[cfg(windows)]
const ERROR_ACCESS_DENIED: i32 = 5;

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
        ready!(this.poll_abandoned(cx));
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

impl<T: Write + Send + 'static> AsyncFile<T> {
    /// Writes each of `lines`. Line endings are not added.
    ///
    /// Semantics of AnyIO's `writelines`. Lines are joined to pieces of about 64 KiB, also with
    /// [`buffering(0)`](crate::open::OpenFile::buffering), where each piece is one system call.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some of the lines were accepted, the last one possibly in part.
    ///
    /// # Errors
    ///
    /// The errors of [`write_all`](futures_lite::AsyncWriteExt::write_all). Some of the lines may have been accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("list");
    /// let mut file = anyfile::create_file(&path).await?;
    /// file.writelines(["one\n", "two\n"]).await?;
    /// file.writelines((3..5).map(|number| format!("{number}\n"))).await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path)?, b"one\ntwo\n3\n4\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "write_all_vectored")]
    #[doc(alias = "write_lines")]
    pub async fn writelines<I>(&mut self, lines: I) -> io::Result<()>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        // A write of each line would cost more than a second copy: its poll, and its share of the budget.
        let mut joined = Vec::new();
        for line in lines {
            joined.extend_from_slice(line.as_ref());
            if joined.len() >= JOINED {
                self.write_all(&joined).await?;
                joined.clear();
            }
        }
        self.write_all(&joined).await
    }
}

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns the error of a write to a handle that is not open for writing.
    #[cold]
    fn refuse_write(&self) -> io::Result<usize> {
        #[cfg(unix)]
        let error = rustix::io::Errno::BADF.into();
        #[cfg(windows)]
        let error = io::Error::from_raw_os_error(ERROR_ACCESS_DENIED);
        self.shared()?.name(Operation::Write, Err(error))
    }
}
