//! [`AsyncFile`]: its state, and the operations that concern the file as a whole.

mod attributes;
mod chunk;
mod descriptor;
mod inbox;
mod object;
mod outbox;
mod pending;
mod positional;
mod read;
mod reading;
mod record;
mod seek;
mod to_end;
mod write;

use crate::budget::Budget;
use crate::cached::Facts;
use crate::error::Operation;
use crate::pool::{self, Task};
use futures_lite::{future, ready};
use object::{Shared, closed};
use reading::Reading;
pub(crate) use record::Record;
use seek::{Asking, Move, Position};
use std::fmt;
use std::fs::File;
use std::io;
use std::mem;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use write::Writing;

/// An open file, or any other blocking object, with asynchronous I/O under any executor.
///
/// [`open_file`](crate::open_file) opens one by its path, [`wrap_file`](crate::wrap_file) makes one
/// of anything that implements [`Read`](std::io::Read), [`Write`](std::io::Write) or
/// [`Seek`](std::io::Seek). It implements [`AsyncRead`](futures_lite::AsyncRead),
/// [`AsyncBufRead`](futures_lite::AsyncBufRead), [`AsyncWrite`](futures_lite::AsyncWrite) and
/// [`AsyncSeek`](futures_lite::AsyncSeek) as far as what it wraps implements the blocking forms.
///
/// # How it works
///
/// There is one position, the logical one: where the next byte is read or written. Around it stand
///
/// * the **inbox**: bytes that were read but not asked for yet. A regular file is read ahead on the
///   thread pool while it is read in sequence through a buffer (`lines`, `read_line`,
///   [`AsyncBufRead`](futures_lite::AsyncBufRead)), and small reads in sequence share a larger one.
///   Anything else is read only when asked.
/// * the **outbox**: bytes that were written but which the kernel does not have yet. They leave it
///   in the background when it is half full, and on `flush`, `close`, drop, a seek, a read and
///   every operation that must see them.
///
/// On Linux, reads that the page cache can answer are made on the spot, straight into the caller's
/// buffer. Everything that may wait runs on the pool of the `blocking` crate.
///
/// # Drop
///
/// A dropped `AsyncFile<File>` has written every accepted byte when `drop` returns: on the calling
/// thread, without an executor, and without waiting for the pool to find a free thread. Any other
/// object is finished and closed on the pool, in order. Errors are lost: [`close`](AsyncFile::close)
/// reports them.
///
/// # Cancel safety
///
/// Every future of this type may be dropped at any time. Bytes that were taken from the file are
/// delivered by the next read, bytes that a write accepted stay accepted. An operation that was
/// dropped before a pool thread began it is not carried out; one that has begun is finished.
///
/// If a seek from the end was dropped while it asked the thread pool where the end is, the next one may
/// take that answer, even if somebody else has made the file longer since.
///
/// # Errors
///
/// A file that was opened by its path names it in every error, see [`PathError`](crate::PathError).
/// An error of a background write is reported by the next `write`, `flush` or other operation that
/// needs the bytes written; until they can be written each of these fails, and nothing is lost.
///
/// # Panics
///
/// A panic in the wrapped object resumes in the task that waits for the call. Later calls return an
/// error.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
/// use std::io::SeekFrom;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("greeting");
/// let mut file = anyfile::open_file(&path).read(true).write(true).create(true).await?;
/// file.write_all(b"hello world").await?;
/// file.seek(SeekFrom::Start(6)).await?;
///
/// let mut word = [0; 5];
/// file.read_exact(&mut word).await?;
/// assert_eq!(&word, b"world");
/// file.close().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct AsyncFile<T: Send + 'static = File> {
    state: State<T>,
    position: Position,
    reading: Reading,
    writing: Writing,
    asking: Option<Asking>,
    moving: Option<Move>,
    closing: Option<Task<()>>,
    budget: Budget,
}

enum State<T> {
    Open(Arc<Shared<T>>),
    /// Closed; an error still names the path that the file was opened by.
    Closed(Option<Arc<Path>>),
}

/// Makes the blocking object `inner` asynchronous.
///
/// The result has the asynchronous form of each of [`Read`](std::io::Read),
/// [`Write`](std::io::Write) and [`Seek`](std::io::Seek) that `inner` has. Closing or dropping it
/// closes what it wraps. A wrapped [`File`] is as fast as an opened one; anything else works on the
/// thread pool, one call at a time, and is read only when asked.
///
/// # Reading through a buffer and writing
///
/// `lines` and its relatives read more than they return. Where `inner` can seek, a write after them
/// lands at the logical position all the same, provided that its `Seek` is known: that of [`File`]
/// and [`Cursor`](std::io::Cursor) always is, that of any other type from the first seek that succeeds
/// on. So seek once between the last buffered read and the first write, as ISO C asks of its streams.
/// Where `inner` cannot seek, as a socket, reading and writing are independent.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::StreamExt;
///
/// let mut child = std::process::Command::new("echo")
///     .arg("hello")
///     .stdout(std::process::Stdio::piped())
///     .spawn()?;
/// let stdout = child.stdout.take().unwrap();
///
/// let lines: Vec<String> = anyfile::wrap_file(stdout).lines().try_collect().await?;
/// assert_eq!(lines, ["hello"]);
/// # child.wait()?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn wrap_file<T: Send + 'static>(inner: T) -> AsyncFile<T> {
    AsyncFile::with_shared(Shared::new(inner, None, None), Position::OfCursor)
}

impl AsyncFile<File> {
    /// A file that was opened just now.
    pub(crate) fn opened(file: File, path: Arc<Path>, facts: Facts) -> AsyncFile<File> {
        let position = match facts.regular {
            true => Position::At(0),
            false => Position::OfCursor,
        };
        AsyncFile::with_shared(Shared::new(file, Some(path), Some(facts)), position)
    }

    /// A second handle to the same open file.
    fn cloned(file: File, path: Option<Arc<Path>>, facts: Facts, buffering: usize) -> Self {
        let shared = Shared::new(file, path, Some(facts));
        let mut clone = AsyncFile::with_shared(shared, Position::OfCursor);
        clone.set_buffering(buffering);
        clone
    }
}

impl<T: Send + 'static> AsyncFile<T> {
    fn with_shared(shared: Shared<T>, position: Position) -> AsyncFile<T> {
        AsyncFile {
            state: State::Open(Arc::new(shared)),
            position,
            reading: Reading::default(),
            writing: Writing::default(),
            asking: None,
            moving: None,
            closing: None,
            budget: Budget::default(),
        }
    }

    /// Sets how many written bytes may wait before they are handed to the system; 0 makes each write
    /// wait until the system has it.
    pub(crate) fn set_buffering(&mut self, bytes: usize) {
        self.writing.capacity = bytes;
    }

    #[inline]
    fn shared(&self) -> io::Result<&Arc<Shared<T>>> {
        match &self.state {
            State::Open(shared) => Ok(shared),
            State::Closed(path) => Err(closed(path.as_deref())),
        }
    }

    /// Leaves the file closed.
    fn take_shared(&mut self) -> Option<Arc<Shared<T>>> {
        let path = match &self.state {
            State::Open(shared) => shared.path().cloned(),
            State::Closed(_) => return None,
        };
        match mem::replace(&mut self.state, State::Closed(path)) {
            State::Open(shared) => Some(shared),
            State::Closed(_) => None,
        }
    }

    /// Runs `f` on the wrapped object, on the thread pool.
    ///
    /// What was written goes out first, and the object's own cursor is put at the logical position,
    /// where it can be; afterwards the logical position is where `f` has left the cursor. Bytes that
    /// were read ahead from an object that cannot seek are kept, and the next read delivers them.
    ///
    /// A [`File`] is lent as a second handle to the same open file: everything that its methods do
    /// takes effect, but replacing the handle as a whole does not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a pool thread has begun `f`, `f` is not called.
    ///
    /// # Errors
    ///
    /// * The file has been closed, or an earlier call on the object panicked.
    /// * A write that was accepted earlier cannot be carried out.
    ///
    /// # Platform behavior
    ///
    /// On Unix, closing any handle to a file gives up the process's record locks (`fcntl`) on it, and
    /// the second handle is closed afterwards. `flock`, which [`File::lock`] uses, is not affected.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new(Vec::new()));
    /// file.write_all(b"abc").await?;
    /// let len = file.with_mut(|cursor| cursor.get_ref().len()).await?;
    /// assert_eq!(len, 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn with_mut<R, F>(&mut self, f: F) -> io::Result<R>
    where
        F: FnOnce(&mut T) -> R + Send + 'static,
        R: Send + 'static,
    {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        let shared = self.shared()?.clone();
        pool::call(move || {
            let result = shared.with_mut(f);
            shared.note_edit();
            shared.name(Operation::Access, result)
        })
        .await
    }

    /// Gives back the wrapped object, with everything written to it and, where it can seek, with its
    /// cursor at the logical position.
    ///
    /// Bytes that were read ahead from an object that cannot seek are dropped, as
    /// [`BufReader::into_inner`](std::io::BufReader::into_inner) does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the file, as dropping the file does.
    ///
    /// # Errors
    ///
    /// * What was written cannot be carried out; the file is then closed, and those bytes are lost.
    ///   A successful `flush` before rules this out.
    /// * The file has been closed, or an earlier call on the object panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = anyfile::wrap_file(Vec::new());
    /// file.write_all(b"abc").await?;
    /// assert_eq!(file.into_inner().await?, b"abc");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn into_inner(mut self) -> io::Result<T> {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        let shared = self.take_shared().ok_or_else(|| closed(None))?;
        let shared = match Arc::try_unwrap(shared) {
            Ok(shared) if !shared.is_poisoned() => return shared.into_object(),
            // After a panic nobody gets the object, and to drop it may wait.
            Ok(shared) => Arc::new(shared),
            // A call whose future was dropped is still at work.
            Err(shared) => shared,
        };
        // If nobody takes it any more, it is closed as any file is: elsewhere.
        let mut taken = pool::call(move || {
            let object = shared.name(Operation::Access, shared.take_object())?;
            io::Result::Ok(wrap_file(object))
        })
        .await?;
        let shared = taken.take_shared().and_then(Arc::into_inner);
        shared.ok_or_else(|| closed(None))?.into_object()
    }

    /// Writes what waits, then closes the file; reports what went wrong.
    ///
    /// Closing a closed file does nothing, as in Python; any other operation on it is an error. This
    /// is also what [`AsyncWrite`](futures_lite::AsyncWrite)'s `close` does.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the file may be closed again, or dropped.
    ///
    /// # Errors
    ///
    /// Accepted bytes could not be written. The file stays open with those bytes still in its buffer,
    /// so that `close` or `flush` may be called again once there is room.
    ///
    /// As in the standard library, an error that the system reports only as it closes a descriptor is
    /// not seen: [`sync_all`](AsyncFile::sync_all) before closing makes sure of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let mut file = anyfile::open_file(&path).write(true).create(true).await?;
    /// file.write_all(b"hello").await?;
    /// file.close().await?;
    /// assert!(file.write_all(b"again").await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn close(&mut self) -> io::Result<()> {
        future::poll_fn(|cx| self.poll_closed(cx)).await
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Open(_) = self.state {
            ready!(self.poll_written(cx))?;
        }
        if let Some(shared) = self.take_shared() {
            self.reading = Reading::default();
            self.asking = None;
            self.moving = None;
            if shared.is_local() && !self.writing.is_touched() {
                drop(shared);
            } else {
                self.closing = Some(pool::run_short(move || match shared.is_exclusive() {
                    true => drop(shared.take_object()),
                    false => drop(shared),
                }));
            }
        }
        if let Some(closing) = &mut self.closing {
            ready!(Pin::new(closing).poll(cx));
            self.closing = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Send + 'static> Drop for AsyncFile<T> {
    fn drop(&mut self) {
        let Some(shared) = self.take_shared() else {
            return;
        };
        let unwritten = self.writing.is_unwritten();
        if unwritten && !shared.is_exclusive() {
            let _ = shared.drain(1);
        }
        if !shared.is_local() || self.writing.is_touched() {
            pool::run(move || {
                if unwritten && shared.is_exclusive() {
                    let _ = shared.drain_and_flush();
                }
            })
            .detach();
        }
    }
}

impl<T: Send + 'static> fmt::Debug for AsyncFile<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AsyncFile");
        match &self.state {
            State::Open(shared) => debug.field("path", &shared.path()),
            State::Closed(path) => debug.field("path", path).field("closed", &true),
        };
        debug
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl From<File> for AsyncFile<File> {
    /// As [`wrap_file`].
    fn from(file: File) -> AsyncFile<File> {
        wrap_file(file)
    }
}
