//! [`AsyncFile`]: its state, and the order in which reads, writes and moves of the cursor happen.

use std::fmt;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::task::{Context, Poll};

use futures_lite::ready;

use super::closing::{self, Closing};
use super::cursor::{CursorJob, Position};
use super::object::{Object, Shared, closed};
use super::read_buffer::{Form, ReadBuffer, Source};
use super::write_buffer::WriteBuffer;
use crate::budget::{self, Share};
use crate::cached::Facts;
use crate::error::Operation;
use crate::pool::Slot;
use crate::sync::Arc;

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
/// * the **read buffer**: bytes that were read but not consumed yet. A regular file is read ahead on the
///   thread pool while it is read in sequence through a buffer (`lines`, `read_line`,
///   [`AsyncBufRead`](futures_lite::AsyncBufRead)), and small reads in sequence share a larger one.
///   Anything else is read only when asked. A `seek` drops it, so that what others have written since is
///   seen; [`seek_relative`](AsyncFile::seek_relative) and a seek by 0 keep it.
/// * the **write buffer**: bytes that were written but which the kernel does not have yet. They leave it
///   in the background when it is half full, and on `flush`, `close`, drop, a seek, a read and
///   every operation that must see them.
///
/// A `read` of a regular file of up to 256 KiB is short only at the end of the file.
///
/// On Linux, reads that the page cache can answer are made on the spot, straight into the caller's
/// buffer. Everything that may wait runs on the pool of the `blocking` crate.
///
/// # Two tasks
///
/// The halves that `split` of futures, futures-lite or tokio makes may be polled by two tasks, in any order: each
/// poll that returns `Pending` leaves its own waker. There is one position for both. An object other than
/// a [`File`] is worked on by one call at a time, see [`wrap_file`].
///
/// # Drop
///
/// When the drop of a file that was written returns, its bytes are written and it is closed. A file on a
/// local filesystem is finished by `drop` itself; for any other file, and for any other object, `drop`
/// waits for the pool, for a second at most. See [the crate's documentation](crate#drop). Errors are
/// lost: [`close`](AsyncFile::close) reports them.
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
/// [`discard_unwritten`](AsyncFile::discard_unwritten) gives them up.
///
/// A seek to before the start is [`InvalidInput`](io::ErrorKind::InvalidInput) on every system; std's has no
/// kind of its own on Windows.
///
/// Bytes that can never be written are not accepted: a handle that is not open for writing refuses the
/// `write` itself. With `O_DIRECT`, reads of any offset and length work; a write must be whole blocks at a
/// multiple of a block, is not buffered, and any other fails at once.
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
    /// The job that asks for the cursor, or moves it.
    pub(super) cursor: Slot<io::Result<u64>, CursorJob>,
    share: Share,
    /// Of this type is the object. Not less, since `with_mut` lends it.
    object: PhantomData<fn(T) -> T>,
}

pub(super) enum State {
    Open(Arc<Shared>),
    /// Nothing can be done with it any more; an error still names the path that it was opened by. On the
    /// way to it, the pool closes the file.
    Closed(Option<Arc<Path>>, Option<Closing>),
}

impl State {
    #[inline]
    pub(super) fn shared(&self) -> io::Result<&Arc<Shared>> {
        match self {
            State::Open(shared) => Ok(shared),
            State::Closed(path, _) => Err(closed(path.as_deref())),
        }
    }

    /// The path that the file was opened by.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            State::Open(shared) => shared.path().map(|path| &**path),
            State::Closed(path, _) => path.as_deref(),
        }
    }
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
/// Where `inner` cannot seek, what was read and not consumed is kept.
///
/// # Objects with two directions
///
/// Calls on `inner` are made one at a time, so its two directions are *not* independent: a read that waits
/// for a peer holds up every write, and two peers that wait for each other's answer wait for ever. Wrap
/// one handle for each direction, for example `socket.try_clone()?`.
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
        Shared::new(Object::new(inner), None, None),
        Position::OfCursor,
    )
}

impl AsyncFile<File> {
    pub(crate) fn opened(file: File, path: Arc<Path>, facts: Facts) -> AsyncFile<File> {
        let position = match facts.regular {
            true => Position::At(0),
            false => Position::OfCursor,
        };
        let shared = Shared::new(Object::File(file), Some(path), Some(facts));
        AsyncFile::with_shared(shared, position)
    }

    /// A second handle to the same open file. Either may write what the other one closes.
    pub(super) fn cloned(
        file: File,
        path: Option<Arc<Path>>,
        facts: Facts,
        capacity: usize,
    ) -> AsyncFile<File> {
        let shared = Shared::new(Object::File(file), path, Some(facts));
        shared.note_lent();
        let mut clone = AsyncFile::with_shared(shared, Position::OfCursor);
        clone.set_buffering(capacity);
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
            share: Share::default(),
            object: PhantomData,
        }
    }

    /// Sets how many written bytes may wait before they are handed to the system; 0 makes each write
    /// wait until the system has it.
    pub(crate) fn set_buffering(&mut self, bytes: usize) {
        self.writes.set_capacity(bytes);
    }

    #[inline]
    pub(super) fn shared(&self) -> io::Result<&Arc<Shared>> {
        self.state.shared()
    }

    /// Lets other tasks in, if this thread has answered much on the spot.
    #[inline]
    pub(super) fn poll_proceed(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.share.poll_proceed(cx)
    }

    /// What comes before each read: written bytes go out, and what has become stale is dropped.
    #[inline]
    pub(super) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_proceed(cx));
        self.reads.forget_shown();
        self.poll_readable_at_once(cx)
    }

    /// The same, without a turn of the executor.
    #[inline]
    pub(super) fn poll_readable_at_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writes.is_dirty() || !self.cursor.is_empty() {
            ready!(self.poll_written(cx))?;
        }
        self.reads.invalidate(self.state.shared()?);
        Poll::Ready(Ok(()))
    }

    /// Gets more unread bytes, or tells that the file ends.
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

    /// Waits until no job reads at the object's cursor, where that matters for what comes next.
    #[inline]
    pub(super) fn poll_read_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shared = self.state.shared()?;
        if shared.is_exclusive() || (shared.can_seek() && !shared.is_regular()) {
            ready!(self.reads.poll_idle(cx));
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until the object has every accepted byte and is flushed, and no seek is on its way.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_abandoned_move(cx));
        let shared = self.state.shared()?;
        self.writes.poll_drain(cx, shared)
    }

    /// Puts everything in its place: accepted bytes written, the object's cursor, where there is one,
    /// at the position, and nothing read ahead but from an object that cannot seek.
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

    /// Leaves the file closed, and gives back what was open.
    pub(super) fn take_shared(&mut self) -> Option<Arc<Shared>> {
        let State::Open(shared) = &self.state else {
            return None;
        };
        let shared = shared.clone();
        self.state = State::Closed(shared.path().cloned(), None);
        Some(shared)
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

    /// Work for the pool, as [`Shared::work`], which sees what was written.
    pub(super) fn work<R>(
        &self,
        operation: Operation,
        call: impl FnOnce(&Shared) -> io::Result<R> + Send + 'static,
    ) -> io::Result<impl FnOnce() -> io::Result<R> + Send + 'static> {
        let drainer = self.writes.drainer();
        Ok(self.shared()?.work(operation, move |shared| {
            drainer.drain(shared)?;
            call(shared)
        }))
    }

    /// Charges an answer that was given on the spot.
    #[inline]
    pub(super) fn charge(&self, bytes: usize) {
        budget::charge(bytes);
    }
}

impl<T: Send + 'static> Drop for AsyncFile<T> {
    fn drop(&mut self) {
        let Some(shared) = self.take_shared() else {
            return;
        };
        let unwritten = self.writes.is_dirty().then(|| self.writes.drainer());
        // Jobs that have not begun are not carried out: what they would do is done now.
        self.writes.cancel_job();
        self.cursor = Slot::default();
        self.reads = ReadBuffer::default();
        closing::on_drop(shared, unwritten);
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
    /// As [`wrap_file`].
    fn from(file: File) -> AsyncFile<File> {
        wrap_file(file)
    }
}
