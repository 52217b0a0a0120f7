//! Seeking: `AsyncSeek`, and seeks that keep the buffer.

use std::io::{self, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncSeek, future, ready};

use super::async_file::AsyncFile;

impl<T: Seek + Send + 'static> AsyncFile<T> {
    /// Moves the position to the start of the file.
    ///
    /// Semantics of [`Seek::rewind`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the position may or may not have been moved.
    ///
    /// # Errors
    ///
    /// - The object cannot seek.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new("one\ntwo\n"));
    /// let mut line = String::new();
    /// file.read_line(&mut line).await?;
    /// assert_eq!(file.stream_position().await?, 4);
    /// file.rewind().await?;
    /// file.read_line(&mut line).await?;
    /// assert_eq!(line, "one\none\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn rewind(&mut self) -> io::Result<()> {
        self.seek_to(SeekFrom::Start(0)).await.map(drop)
    }

    /// Returns the position.
    ///
    /// Semantics of [`Seek::stream_position`]. It is a seek by 0, which keeps read-ahead.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect.
    ///
    /// # Errors
    ///
    /// The errors of [`rewind`](AsyncFile::rewind).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use std::io::SeekFrom;
    ///
    /// use anyfile::open_file;
    /// use futures_lite::AsyncSeekExt;
    ///
    /// # std::fs::write(&path, "0123456789")?;
    /// let mut file = open_file(&path).await?;
    /// file.seek(SeekFrom::End(-3)).await?;
    /// assert_eq!(file.stream_position().await?, 7);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "tell")]
    pub async fn stream_position(&mut self) -> io::Result<u64> {
        self.seek_to(SeekFrom::Current(0)).await
    }

    async fn seek_to(&mut self, to: SeekFrom) -> io::Result<u64> {
        future::poll_fn(|cx| Pin::new(&mut *self).poll_seek(cx, to)).await
    }

    /// Moves the position by `offset` bytes, keeping the buffer where possible.
    ///
    /// Semantics of [`BufReader::seek_relative`](std::io::BufReader::seek_relative). A seek within the buffered
    /// bytes needs no system call, and later reads do not see what others wrote there in the meantime. Any
    /// other `seek` drops the buffer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the position may or may not have been moved.
    ///
    /// # Errors
    ///
    /// The errors of a `seek` from the current position.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new("one two three"));
    /// let mut word = Vec::new();
    /// file.read_until(b' ', &mut word).await?;
    /// file.seek_relative(4).await?;
    /// file.read_until(b' ', &mut word).await?;
    /// assert_eq!(word, b"one three");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn seek_relative(&mut self, offset: i64) -> io::Result<()> {
        self.shared()?.learn_seek::<T>();
        let to = SeekFrom::Current(offset);
        let seek = |cx: &mut Context<'_>| {
            if !self.is_moving(Some(to)) {
                ready!(self.poll_readable(cx))?;
                if self.reads.shift(offset) {
                    self.position.pass(offset);
                    self.charge(0);
                    return Poll::Ready(Ok(()));
                }
            }
            self.poll_seek_to(cx, to).map_ok(drop)
        };
        future::poll_fn(seek).await
    }
}

impl<T: Seek + Send + 'static> AsyncSeek for AsyncFile<T> {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.shared()?.learn_seek::<T>();
        self.poll_seek_to(cx, to)
    }
}
