//! [`Lines`], and reading single lines and records.

#[cfg(feature = "encoding")]
mod encoded;
mod follow;
mod records;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(feature = "encoding")]
use encoding_rs::Encoding;
use futures_lite::{Stream, future, ready};

use crate::encoding::Malformed;
use crate::file::{AsyncFile, Record};
#[cfg(feature = "encoding")]
use encoded::Encoded;
use follow::Follow;

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Returns the lines of the file, starting at the current position.
    ///
    /// [`Lines`] is a stream of `String`s, and can also lend lines without allocating.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello\r\nworld")?;
    ///
    /// let mut lines = anyfile::open_file(&path).await?.lines();
    /// while let Some(line) = lines.try_next().await? {
    ///     println!("{line}");
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn lines(self) -> Lines<T> {
        Lines {
            file: self,
            number: 0,
            max_len: usize::MAX,
            skipping: false,
            malformed: Malformed::default(),
            follow: None,
            text: String::new(),
            #[cfg(feature = "encoding")]
            declared: None,
            #[cfg(feature = "encoding")]
            encoded: None,
        }
    }
}

/// A stream of the lines of a file. Returned by [`AsyncFile::lines`].
///
/// A line ends with `\n` or `\r\n`, which is removed. Bytes after the last line ending are a line, too. These
/// are the semantics of [`BufRead::lines`](std::io::BufRead::lines).
///
/// Iterate with [`next_line`](Lines::next_line), which lends each line without allocating, or use it as a
/// [`Stream`] of `io::Result<String>`.
///
/// The stream ends at the end of the file. If the file grows afterwards, polling the stream again continues.
/// With [`follow`](Lines::follow), the stream waits instead, as `tail -f` does.
///
/// # Cancel safety
///
/// The futures of `next_line` and of the stream's `next` may be dropped: the next call returns the line. Where
/// files use the thread pool, an end of file that was found for a dropped future may be reported once although
/// the file has grown since; the call after it continues.
///
/// # Errors
///
/// - [`InvalidData`](io::ErrorKind::InvalidData): a line is not valid in its encoding and
///   [`lossy`](Lines::lossy) is not set, or it is longer than [`max_len`](Lines::max_len). The message has its
///   number. The next call continues with the next line.
/// - Reading fails. Nothing is lost: the next call continues with the same line.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("greeting");
/// std::fs::write(&path, "hello\nworld\n")?;
///
/// let mut lines = anyfile::open_file(&path).await?.lines();
/// let mut longest = 0;
/// while let Some(line) = lines.next_line().await? {
///     longest = longest.max(line.len());
/// }
/// assert_eq!(longest, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Lines<T: Send + 'static = File> {
    file: AsyncFile<T>,
    /// The number of lines that were returned or reported.
    number: u64,
    max_len: usize,
    /// Whether the rest of a line that was too long is yet to be skipped.
    skipping: bool,
    malformed: Malformed,
    follow: Option<Follow>,
    /// Lines that differ from the bytes of the file.
    text: String,
    /// The encoding that was asked for.
    #[cfg(feature = "encoding")]
    declared: Option<&'static Encoding>,
    #[cfg(feature = "encoding")]
    encoded: Option<Encoded>,
}

/// Where the line is that was found.
enum Place {
    /// In the front chunk of the file.
    File(Range<usize>),
    /// In the text of [`Lines`].
    Text(Range<usize>),
}

impl<T: Send + 'static> Lines<T> {
    /// Sets the maximum length of a line in bytes, without its line ending. By default, the length is
    /// unlimited.
    ///
    /// At most that many bytes and one chunk of 64 KiB are kept in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let file = anyfile::wrap_file(std::io::Cursor::new("much too long\nshort\n"));
    /// let mut lines = file.lines().max_len(5);
    /// assert!(lines.next_line().await.is_err());
    /// assert_eq!(lines.next_line().await?, Some("short"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn max_len(mut self, bytes: usize) -> Lines<T> {
        self.max_len = bytes;
        self
    }

    /// Sets whether malformed sequences are replaced by U+FFFD. The default is `false`: such a line is an error.
    ///
    /// Semantics of [`String::from_utf8_lossy`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let file = anyfile::wrap_file(std::io::Cursor::new(b"caf\xE9\n"));
    /// let mut lines = file.lines().lossy(true);
    /// assert_eq!(lines.next_line().await?, Some("caf\u{FFFD}"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "errors")]
    pub fn lossy(mut self, yes: bool) -> Lines<T> {
        self.malformed = Malformed::lossy(yes);
        self
    }

    /// Returns a reference to the file that the lines are read from.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # std::fs::write(&path, "one\n")?;
    /// let lines = open_file(&path).await?.lines();
    /// assert_eq!(lines.get_ref().path(), Some(path.as_path()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &AsyncFile<T> {
        &self.file
    }

    /// Returns the file, positioned after the last line that was returned.
    ///
    /// A line that was too long was not returned: the file still has it, unless a later call has begun to skip
    /// it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # std::fs::write(&path, "header\nbody")?;
    /// let mut lines = open_file(&path).await?.lines();
    /// assert_eq!(lines.next_line().await?, Some("header"));
    /// let mut rest = String::new();
    /// lines.into_inner().read_to_string(&mut rest).await?;
    /// assert_eq!(rest, "body");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg_attr(
        not(feature = "encoding"),
        expect(unused_mut, reason = "nothing to settle")
    )]
    pub fn into_inner(mut self) -> AsyncFile<T> {
        #[cfg(feature = "encoding")]
        self.settle();
        self.file
    }
}

impl<T: Read + Send + 'static> Lines<T> {
    /// Returns the next line, borrowed until the next call, or `None` at the end of the file.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next call returns the line.
    ///
    /// # Errors
    ///
    /// See [`Lines`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # std::fs::write(&path, "one\nthree\n")?;
    /// let mut lines = open_file(&path).await?.lines();
    /// let mut longest = 0;
    /// while let Some(line) = lines.next_line().await? {
    ///     longest = longest.max(line.len());
    /// }
    /// assert_eq!(longest, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn next_line(&mut self) -> io::Result<Option<&str>> {
        match future::poll_fn(|cx| self.poll_line(cx)).await? {
            Some(place) => self.line(place).map(Some),
            None => Ok(None),
        }
    }

    /// Finds the next line, and consumes it.
    #[inline]
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Place>>> {
        if self.follow.is_some() {
            return self.poll_followed(cx);
        }
        self.poll_next_line(cx)
    }

    /// Finds the next line, and consumes it. Returns `None` at the end of the file.
    #[inline]
    fn poll_next_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Place>>> {
        #[cfg(feature = "encoding")]
        if self.encoded.is_some() {
            return self.poll_encoded(cx);
        }
        if self.skipping {
            let is_over = ready!(self.file.poll_skip(cx, b'\n'))?;
            if !self.end_skip(is_over) {
                return Poll::Ready(Ok(None));
            }
        }
        // One more byte, for a `\r` that may be part of the line ending.
        let limit = self.max_len.saturating_add(1);
        match ready!(self.file.poll_record(cx, b'\n', limit))? {
            Record::Found(range) => {
                let bytes = self.file.record_bytes(range.clone());
                let len = match bytes.strip_suffix(b"\n") {
                    Some(line) => line.strip_suffix(b"\r").unwrap_or(line).len(),
                    None if self.may_grow() => {
                        self.file.untake_record(&range);
                        return Poll::Ready(Ok(None));
                    }
                    None => bytes.len(),
                };
                self.number += 1;
                if len > self.max_len {
                    self.file.untake_record(&range);
                    self.skipping = true;
                    return Poll::Ready(self.too_long());
                }
                Poll::Ready(Ok(Some(self.place(range.start..range.start + len))))
            }
            Record::TooLong => {
                self.number += 1;
                self.skipping = true;
                Poll::Ready(self.too_long())
            }
            Record::End => Poll::Ready(Ok(None)),
        }
    }

    /// Returns where the line is that has this range of the front chunk. A malformed line may be replaced.
    #[inline]
    fn place(&mut self, range: Range<usize>) -> Place {
        if self.malformed == Malformed::Refuse || self.file.record_str(range.clone()).is_some() {
            return Place::File(range);
        }
        let line = self.file.record_bytes(range);
        self.text = String::from_utf8_lossy(line).into_owned();
        Place::Text(0..self.text.len())
    }

    #[inline]
    fn line(&self, place: Place) -> io::Result<&str> {
        let line = match place {
            Place::File(range) => self.file.record_str(range),
            Place::Text(range) => self.text.get(range),
        };
        match line {
            Some(line) => Ok(line),
            None => {
                let message = format!("line {} is not valid UTF-8", self.number);
                self.file.invalid_data(message)
            }
        }
    }

    #[cold]
    fn too_long<R>(&self) -> io::Result<R> {
        let (number, max_len) = (self.number, self.max_len);
        let message = format!("line {number} is longer than {max_len} bytes");
        self.file.invalid_data(message)
    }
}

impl<T: Read + Send + 'static> Stream for Lines<T> {
    type Item = io::Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let place = ready!(self.poll_line(cx)).transpose();
        Poll::Ready(place.map(|place| self.line(place?).map(String::from)))
    }
}

impl<T: Send + 'static> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("file", &self.file)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
