//! [`AsyncFile`]: its state, and the order of reads, writes and cursor movements.

use std::fmt;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::task::{Context, Poll};

use futures_lite::{future, ready};

use super::closing::{self, Closing};
#[cfg(feature = "tokio")]
use super::cursor::Started;
use super::cursor::{CursorJob, Position};
use super::object::{Object, Shared};
use super::read_buffer::{Form, ReadBuffer, Source};
use super::state::State;
use super::write_buffer::{Bound, WriteBuffer};
use crate::budget::{self, Share};
use crate::cached::Facts;
use crate::pool::{Lane, Slot};
use crate::sync::Arc;

/// An open file, or any other blocking object, with asynchronous I/O under any executor.
///
/// [`open_file`](crate::open_file) opens a file by its path, [`wrap_file`](crate::wrap_file) wraps anything
/// that implements [`Read`](std::io::Read), [`Write`](std::io::Write) or [`Seek`](std::io::Seek). `AsyncFile`
/// implements [`AsyncRead`](futures_lite::AsyncRead), [`AsyncBufRead`](futures_lite::AsyncBufRead),
/// [`AsyncWrite`](futures_lite::AsyncWrite) and [`AsyncSeek`](futures_lite::AsyncSeek), each if the wrapped
/// type implements the blocking counterpart. With the feature `tokio`, it also implements tokio's traits of these
/// names and its `AsyncBufRead`; see [the crate's documentation](crate#features).
///
/// # How it works
///
/// A file has one logical position, where the next byte is read or written, and two buffers:
///
/// - The **read buffer** holds bytes that were read and not consumed yet. A regular file is read ahead on the
///   thread pool while it is read in sequence through the buffer (`lines`, `read_line`,
///   [`AsyncBufRead`](futures_lite::AsyncBufRead)), and small sequential reads are served from a larger one.
///   Anything else is read only on request. A `seek` drops the buffer, so that later reads see what others
///   wrote; [`seek_relative`](AsyncFile::seek_relative) and a seek by 0 keep it.
/// - The **write buffer** holds bytes that were accepted and not passed to the kernel yet. They are written in
///   the background once there are 64 KiB, and on `flush`, `close`, drop, a seek, a read and every
///   operation that must see them.
///
/// A `read` of up to 256 KiB from a regular file is short only at the end of the file.
///
/// On Linux, data in the page cache is read on the caller's thread, directly into the caller's buffer. Every
/// call that may block runs on the pool of the `blocking` crate.
///
/// # Two tasks
///
/// The halves returned by `split` of futures, futures-lite or tokio may be polled by two tasks in any order.
/// Every poll that returns `Pending` registers its own waker. Both halves share one position. An object other
/// than a [`File`] is used by one call at a time, see [`wrap_file`].
///
/// # Drop
///
/// When the drop of a file that was written to returns, its bytes are written and it is closed. A file on a
/// local filesystem is finished by `drop` itself. For any other file or object, `drop` waits for the pool, for
/// one second at most. See [the crate's documentation](crate#drop). Errors are lost;
/// [`close`](AsyncFile::close) reports them.
///
/// # Cancel safety
///
/// Every future of this type may be dropped at any time. Bytes that were taken from the file are returned by
/// the next read, and bytes that a write accepted stay accepted. An operation that is dropped before a worker
/// thread began it is not carried out. One that has begun is finished; if it changes or locks the file, later calls on
/// the same handle wait for that, so changes take effect in the order of the calls.
///
/// If a seek from the end is dropped while the pool determines the end, the next one may use that answer, even
/// if the file has grown since.
///
/// # Errors
///
/// The errors of a file that was opened by its path name the path, see [`PathError`](crate::PathError). The
/// error of a background write is reported by the next `write`, `flush` or other operation that needs the bytes
/// written. Each of these fails until the bytes are written, and nothing is lost.
/// [`discard_unwritten`](AsyncFile::discard_unwritten) gives them up.
///
/// A seek to a negative position fails with [`InvalidInput`](io::ErrorKind::InvalidInput) on every system; on
/// Windows, std's error has no specific kind.
///
/// Bytes that can never be written are not accepted: a `write` to a handle that is not open for writing fails
/// at once. Windows does not tell how a wrapped [`File`], or one that was opened with a set of std's options, was
/// opened: there, such a write is accepted, and the next `flush` fails. With `O_DIRECT`, reads work at any offset
/// and length; a write must consist of whole blocks at a multiple of the block size, is not buffered, and fails at
/// once otherwise.
///
/// # Panics
///
/// A panic in the wrapped object resumes in the task that awaits the call. Later calls return an error.
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
/// let mut file = anyfile::create_file(&path).read(true).await?;
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
    pub(super) state: State,
    pub(super) position: Position,
    pub(super) reads: ReadBuffer,
    pub(super) writes: WriteBuffer,
    /// The job that queries or moves the cursor.
    pub(super) cursor: Slot<io::Result<u64>, CursorJob>,
    #[cfg(feature = "tokio")]
    pub(super) started: Started,
    share: Share,
    /// The type of the object. Invariant, because `with_mut` lends the object.
    object: PhantomData<fn(T) -> T>,
}

/// Wraps the blocking object `inner` for asynchronous I/O.
///
/// The result implements the asynchronous counterpart of each of [`Read`](std::io::Read),
/// [`Write`](std::io::Write) and [`Seek`](std::io::Seek) that `inner` implements. Closing or dropping it closes
/// `inner`. A wrapped [`File`] is as fast as an opened one. Any other object is used on the thread pool, by one
/// call at a time, and is read only on request.
///
/// # Reading through a buffer and writing
///
/// `lines` and similar methods read more than they return. If `inner` can seek, a write after them still takes
/// place at the logical position, provided that the type is known to be seekable: [`File`] and
/// [`Cursor`](std::io::Cursor) always are, any other type is from its first successful seek on. So seek once
/// between the last buffered read and the first write, as ISO C requires of its streams. If `inner` cannot
/// seek, bytes that were read and not consumed are kept.
///
/// # Objects with two directions
///
/// Calls on `inner` are made one at a time, so its two directions are *not* independent: a read that waits for
/// a peer delays every write, and two peers that wait for each other's answer deadlock. Wrap one handle for
/// each direction, for example `socket.try_clone()?`.
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
    AsyncFile::with_shared(
        Shared::new(Object::new(inner), None, None, Lane::default()),
        Position::OfCursor,
    )
}

impl AsyncFile<File> {
    pub(crate) fn opened(
        file: File,
        path: impl Into<Option<Arc<Path>>>,
        facts: Facts,
        lane: Lane,
    ) -> AsyncFile<File> {
        let position = if facts.regular {
            Position::At(0)
        } else {
            Position::OfCursor
        };
        let shared = Shared::new(Object::File(file), path.into(), Some(facts), lane);
        AsyncFile::with_shared(shared, position)
    }

    /// Creates a second handle to the same open file. Either may write, and the other one be closed.
    pub(super) fn cloned(
        file: File,
        path: Option<Arc<Path>>,
        facts: Facts,
        bound: Bound,
        lane: Lane,
    ) -> AsyncFile<File> {
        let shared = Shared::new(Object::File(file), path, Some(facts), lane);
        shared.note_lent();
        let mut clone = AsyncFile::with_shared(shared, Position::OfCursor);
        clone.writes.set_bound(bound);
        clone
    }
}

impl<T: Send + 'static> AsyncFile<T> {
    fn with_shared(shared: Shared, position: Position) -> AsyncFile<T> {
        AsyncFile {
            state: State::Open(Arc::new(shared)),
            position,
            reads: ReadBuffer::default(),
            writes: WriteBuffer::default(),
            cursor: Slot::default(),
            #[cfg(feature = "tokio")]
            started: Started::default(),
            share: Share::default(),
            object: PhantomData,
        }
    }

    /// Sets the size of the write buffer in bytes. With 0, each write waits until the system has the bytes.
    pub(crate) fn set_buffering(&mut self, bytes: usize) {
        self.writes.set_bound(Bound::Fixed(bytes));
    }

    /// Sets how later jobs enter the pool.
    pub(crate) fn set_lane(&mut self, lane: Lane) {
        if let State::Open(shared) = &self.state {
            shared.set_lane(lane);
        }
    }

    #[inline]
    pub(super) fn shared(&self) -> io::Result<&Arc<Shared>> {
        self.state.shared()
    }

    /// Yields if this thread has used up its budget.
    #[inline]
    pub(crate) fn poll_proceed(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.share.poll_proceed(cx)
    }

    /// Prepares a read: accepted bytes are written, and stale bytes are dropped.
    #[inline]
    pub(super) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_proceed(cx));
        self.reads.forget_shown();
        self.poll_readable_at_once(cx)
    }

    /// Same as [`poll_readable`](Self::poll_readable), without yielding.
    #[inline]
    pub(super) fn poll_readable_at_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_started_seek(cx));
        let is_settled = self.state.shared()?.abandoned().is_empty();
        if self.writes.is_dirty() || !self.cursor.is_empty() || !is_settled {
            ready!(self.poll_written(cx))?;
        }
        self.reads.invalidate(self.state.shared()?);
        Poll::Ready(Ok(()))
    }

    /// Reads more bytes into the buffer. Returns `false` at the end of the file.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>, form: Form) -> Poll<io::Result<bool>> {
        let position = ready!(self.poll_offset(cx))?;
        let shared = self.state.shared()?;
        let source = Source { shared, position };
        self.reads.poll_more(cx, source, form)
    }

    /// Consumes bytes that were read ahead.
    #[inline]
    pub(super) fn consume_unread(&mut self, len: usize) {
        let len = self.reads.consume(len);
        self.position.pass(len as i64);
    }

    /// Waits until no job uses the object's cursor, if that matters for the next step.
    #[inline]
    pub(super) fn poll_read_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shared = self.state.shared()?;
        if shared.is_exclusive() || (shared.can_seek() && !shared.is_regular()) {
            ready!(self.reads.poll_idle(cx));
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until the object has every accepted byte and is flushed, and no seek is in flight.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_abandoned(cx));
        let shared = self.state.shared()?;
        self.writes.poll_drain(cx, shared)
    }

    /// Waits until accepted bytes are written and the object's cursor, if it has one, is at the logical
    /// position. Read-ahead is dropped, except from an object that cannot seek.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_moving(None) {
            ready!(self.poll_cursor(cx))?;
        }
        ready!(self.poll_written(cx))?;
        if !ready!(self.poll_is_regular(cx))? {
            ready!(self.poll_read_over(cx))?;
        }
        if let Some(to) = self.start_of_write() {
            ready!(self.poll_job(cx, CursorJob::Move(None, to)))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Marks the file as closed, and returns what was open.
    pub(super) fn take_shared(&mut self) -> Option<Arc<Shared>> {
        let shared = self.state.take()?;
        self.state = State::Closed(shared.path().cloned(), None);
        Some(shared)
    }

    /// Takes what was open out of a handle that is dropped, and cancels the jobs that have not begun.
    fn stop(&mut self) -> Option<Arc<Shared>> {
        let shared = self.state.take()?;
        self.writes.cancel_job();
        self.cursor = Slot::default();
        self.reads = ReadBuffer::default();
        Some(shared)
    }

    /// Gives up what is buffered. Dropping what this returns closes the file, which may block, but waits for no other
    /// job, as the drop of the handle does: in a job that would need a second thread, and a second turn of a limiter.
    pub(crate) fn abandon(mut self) -> impl Send + 'static + use<T> {
        self.stop()
    }

    /// Waits until everything is written, then until the file is closed.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Open(_) = self.state {
            ready!(self.poll_written(cx))?;
        }
        if let Some(shared) = self.take_shared() {
            self.reads = ReadBuffer::default();
            self.cursor = Slot::default();
            if !closing::is_quick(&shared) {
                let path = shared.path().cloned();
                self.state = State::Closed(path, Some(Closing::begin(shared, None)));
            }
        }
        if let State::Closed(_, closing) = &mut self.state {
            ready!(closing.as_mut().map_or(Poll::Ready(()), |it| it.poll(cx)));
            *closing = None;
        }
        Poll::Ready(Ok(()))
    }

    /// Returns the object once changes whose futures were dropped are over. For calls with `&self`; the others use
    /// [`poll_abandoned`](Self::poll_abandoned).
    pub(super) async fn in_order(&self) -> io::Result<&Arc<Shared>> {
        let shared = self.shared()?;
        future::poll_fn(|cx| shared.abandoned().poll_over(cx)).await;
        Ok(shared)
    }

    /// Returns a call that is made after accepted bytes are written.
    pub(super) fn after_writes<R>(
        &self,
        call: impl FnOnce(&Shared) -> io::Result<R> + Send + 'static,
    ) -> impl FnOnce(&Shared) -> io::Result<R> + Send + 'static {
        let drainer = self.writes.drainer();
        move |shared| {
            drainer.drain(shared, None)?;
            call(shared)
        }
    }

    /// Charges an answer that was given on the caller's thread. Bytes that are read are charged by the read buffer.
    #[inline]
    pub(crate) fn charge(&self, bytes: usize) {
        budget::charge(bytes);
    }
}

impl<T: Send + 'static> Drop for AsyncFile<T> {
    fn drop(&mut self) {
        let unwritten = self.writes.is_dirty().then(|| self.writes.drainer());
        if let Some(shared) = self.stop() {
            closing::on_drop(shared, unwritten);
        }
    }
}

impl<T: Send + 'static> fmt::Debug for AsyncFile<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AsyncFile");
        debug.field("path", &self.state.path());
        if let State::Closed(..) = self.state {
            debug.field("closed", &true);
        }
        debug
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl From<File> for AsyncFile<File> {
    /// Same as [`wrap_file`].
    fn from(file: File) -> AsyncFile<File> {
        wrap_file(file)
    }
}
