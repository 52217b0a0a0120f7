//! [`Chunks`]: the bytes of a file in owned buffers.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{Stream, ready};

use crate::file::AsyncFile;

/// The default maximum length of a chunk. The read-ahead has chunks of this length, too.
const MAX_LEN: usize = 64 * 1024;

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Returns the bytes of the file as a stream of owned buffers, starting at the current position.
    ///
    /// Bodies of HTTP frameworks are made of such streams: `Bytes::from` takes a `Vec<u8>` without copying it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("picture");
    /// std::fs::write(&path, [7; 100_000])?;
    ///
    /// let mut chunks = anyfile::open_file(&path).await?.chunks();
    /// let mut len = 0;
    /// while let Some(chunk) = chunks.try_next().await? {
    ///     assert!(chunk.len() <= 64 * 1024);
    ///     len += chunk.len();
    /// }
    /// assert_eq!(len, 100_000);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn chunks(self) -> Chunks<T> {
        Chunks {
            file: self,
            max_len: MAX_LEN,
            left: u64::MAX,
        }
    }
}

/// A stream of the bytes of a file in owned buffers. Returned by [`AsyncFile::chunks`].
///
/// Chunks are never empty, and have at most 64 KiB, or [`max_len`](Chunks::max_len) bytes. They may be shorter
/// anywhere in the file. Cached data is read directly into the buffer of the chunk. What is not cached is read ahead
/// on the thread pool, and the buffers of the read-ahead are handed out as they are.
///
/// The stream ends at the end of the file, or after [`limit`](Chunks::limit) bytes. If the file grows afterwards,
/// polling the stream again continues.
///
/// # Cancel safety
///
/// The future of the stream's `next` may be dropped: the next call returns the chunk.
///
/// # Errors
///
/// - Reading fails. Nothing is lost: the next call continues at the same position.
/// - An earlier buffered write failed.
///
/// # Examples
///
/// A range of a file:
///
/// ```
/// # futures_lite::future::block_on(async {
/// use std::io::SeekFrom;
///
/// use futures_lite::{AsyncSeekExt, StreamExt};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("greeting");
/// std::fs::write(&path, "hello world")?;
///
/// let mut file = anyfile::open_file(&path).await?;
/// file.seek(SeekFrom::Start(2)).await?;
/// let mut chunks = file.chunks().limit(5);
/// assert_eq!(chunks.try_next().await?.as_deref(), Some(&b"llo w"[..]));
/// assert_eq!(chunks.try_next().await?, None);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Chunks<T: Send + 'static = File> {
    file: AsyncFile<T>,
    max_len: usize,
    /// The number of bytes before the limit.
    left: u64,
}

impl<T: Send + 'static> Chunks<T> {
    /// Sets the maximum length of a chunk in bytes. The default is 64 KiB.
    ///
    /// Chunks of less than 64 KiB are copied out of a larger buffer. No chunk has more than 256 KiB.
    ///
    /// # Panics
    ///
    /// Panics if `bytes` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// let file = anyfile::wrap_file(std::io::Cursor::new("hello"));
    /// let chunks: Vec<Vec<u8>> = file.chunks().max_len(2).try_collect().await?;
    /// assert_eq!(chunks, [&b"he"[..], b"ll", b"o"]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn max_len(mut self, bytes: usize) -> Chunks<T> {
        assert!(bytes > 0, "the maximum length of a chunk is 0");
        self.max_len = bytes;
        self
    }

    /// Sets the number of bytes after which the stream ends. By default, it is unlimited.
    ///
    /// A body whose length was announced needs a limit, because the file may grow in the meantime.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// let file = anyfile::wrap_file(std::io::Cursor::new("hello world"));
    /// let chunks: Vec<Vec<u8>> = file.chunks().limit(5).try_collect().await?;
    /// assert_eq!(chunks.concat(), b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn limit(mut self, bytes: u64) -> Chunks<T> {
        self.left = bytes;
        self
    }

    /// Returns a reference to the file that the chunks are read from.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("picture");
    /// # std::fs::write(&path, [7; 100])?;
    /// let chunks = anyfile::open_file(&path).await?.chunks();
    /// assert_eq!(chunks.get_ref().path(), Some(path.as_path()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &AsyncFile<T> {
        &self.file
    }

    /// Returns the file, positioned after the last chunk that was returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// let file = anyfile::wrap_file(std::io::Cursor::new("hello world"));
    /// let mut chunks = file.chunks().max_len(6);
    /// chunks.try_next().await?;
    ///
    /// let mut rest = String::new();
    /// chunks.into_inner().read_to_string(&mut rest).await?;
    /// assert_eq!(rest, "world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> AsyncFile<T> {
        self.file
    }
}

impl<T: Read + Send + 'static> Stream for Chunks<T> {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let max_len = self.max_len.min(left);
        if max_len == 0 {
            return Poll::Ready(None);
        }
        let size = self.max_len.max(MAX_LEN).min(left);
        let chunk = ready!(self.file.poll_owned(cx, max_len, size))?;
        self.left -= chunk.len() as u64;
        let is_end = chunk.is_empty();
        Poll::Ready((!is_end).then_some(Ok(chunk)))
    }
}

impl<T: Send + 'static> fmt::Debug for Chunks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("file", &self.file)
            .field("max_len", &self.max_len)
            .finish_non_exhaustive()
    }
}
