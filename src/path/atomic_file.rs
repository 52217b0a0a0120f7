//! [`AtomicFile`]: new contents of a file that are written bit by bit and put in place in one step.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::AsyncWrite;

use super::atomic::{self, New};
use super::{Path, in_use};
use crate::cached::Facts;
use crate::error::{Operation, PathError, invalid_input};
use crate::file::{AsyncFile, leave_to_pool};
use crate::pool::{Closing, Lane};

/// New contents of a file, which are put in place in one step.
///
/// [`Path::open_atomic`] opens one. What is written goes to a temporary file, whose name begins with `.tmp`, in the
/// directory of the file. Writes are buffered as those of an [`AsyncFile`].
///
/// # Closing
///
/// `close` of [`AsyncWrite`] writes the buffered bytes, as `flush` does, and puts nothing in place: an adapter that
/// closes its writer on error must not commit. Only [`commit`](AtomicFile::commit) replaces the old file.
///
/// # Drop
///
/// Dropping the file without a commit, also in a panic, removes the temporary file and leaves the old one. On a
/// local filesystem, `drop` itself removes the name, which takes microseconds, and leaves freeing the blocks to the
/// thread pool. On any other filesystem both are done on the pool, and `drop` waits for one second at most, as
/// [the drop of a file](crate#drop) does. [`discard`](AtomicFile::discard) never blocks, and reports errors. Only if
/// the process is killed is a temporary file left behind.
///
/// # Cancel safety
///
/// Every future of this type may be dropped at any time: the path has the old contents or the new ones.
///
/// # Errors
///
/// The errors name the path that was opened, not that of the temporary file. A failed write is not forgotten: each
/// `flush` and `commit` fails until the bytes are written.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::{AsyncWriteExt, io};
///
/// # let dir = tempfile::tempdir()?;
/// # let target = anyfile::Path::new(dir.path()) / "target";
/// let download: &[u8] = b"what a server sends";
/// let mut file = target.open_atomic().await?;
/// io::copy(download, &mut file).await?;
/// file.commit().await?;
/// assert_eq!(target.read_bytes().await?, download);
///
/// let mut file = target.open_atomic().await?;
/// file.write_all(b"half of").await?;
/// drop(file);
/// assert_eq!(target.read_bytes().await?, download);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct AtomicFile {
    path: Path,
    stage: Stage,
}

enum Stage {
    Writing(Temporary),
    /// A commit has begun. If its future was dropped, it may be under way.
    Committing(Temporary),
    /// The new contents are in place.
    Over,
}

/// The temporary file.
struct Temporary {
    file: AsyncFile,
    /// Shared with the commit that is under way.
    new: Arc<New>,
    /// Whether removing a name never waits long.
    is_local: bool,
    device: u64,
}

impl AtomicFile {
    /// Returns the handle of a temporary file. May block.
    pub(super) fn created(path: Path, file: File, new: New) -> AtomicFile {
        let facts = Facts::of_opened(&file, true);
        let (is_local, device) = (facts.closes_on_the_spot(), facts.device);
        let named: Arc<std::path::Path> = path.as_std_path().into();
        let file = AsyncFile::opened(file, named, facts, path.lane.clone());
        let temporary = Temporary {
            file,
            new: Arc::new(new),
            is_local,
            device,
        };
        AtomicFile {
            path,
            stage: Stage::Writing(temporary),
        }
    }

    /// Returns the path of the file whose contents are to be replaced, as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// let file = notes.open_atomic().await?;
    /// assert_eq!(*file.path(), notes);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the buffered bytes, and puts the new contents in place.
    ///
    /// The new file gets the [permissions](Path::write_atomic) that the old one has by now. File and
    /// directory are synced, unless [`sync`](super::OpenAtomic::sync) is `false`. When this returns, the file is
    /// closed. Another commit has no effect, and every write is an error.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the old file stays. A commit that has begun is
    /// finished, even if the `AtomicFile` is dropped as well. Afterwards nothing can be written, but `commit` may
    /// be called again: it waits for the first one, or begins.
    ///
    /// # Errors
    ///
    /// The old file is still there, and nothing is lost: what was written stays in the temporary file, so that more
    /// can be written and `commit` can be called again. If only syncing the directory failed, the new contents are
    /// in place, and another `commit` syncs it again.
    ///
    /// - The buffered bytes cannot be written, for example because the disk is full.
    /// - Syncing fails, or the process may no longer write to the directory.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) and [`Unsupported`](io::ErrorKind::Unsupported): see
    ///   [`no_replace`](super::OpenAtomic::no_replace).
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is no longer a regular file.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// let mut file = notes.open_atomic().await?;
    /// file.write_all(b"all of it").await?;
    /// assert!(!notes.exists().await);
    /// file.commit().await?;
    /// assert_eq!(notes.read_text().await?, "all of it");
    /// assert!(file.write_all(b"more").await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "persist")]
    pub async fn commit(&mut self) -> io::Result<()> {
        self.stage = self.stage.take().map_or(Stage::Over, Stage::Committing);
        let Stage::Committing(temporary) = &mut self.stage else {
            return Ok(());
        };
        let committed = temporary.commit().await;
        if committed.is_ok() {
            self.stage = Stage::Over;
        } else if let Some(temporary) = self.stage.take() {
            self.stage = temporary.after_failure();
        }
        committed
    }

    /// Removes the temporary file. The old file stays.
    ///
    /// # Cancel safety
    ///
    /// The future owns the file, so dropping it removes the temporary file, too.
    ///
    /// # Errors
    ///
    /// - The temporary file cannot be removed.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the new contents are in place, by a `commit` that has
    ///   completed, or whose future was dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_text("old").await?;
    /// let mut file = notes.open_atomic().await?;
    /// file.write_all(b"new").await?;
    /// file.discard().await?;
    /// assert_eq!(notes.read_text().await?, "old");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn discard(mut self) -> io::Result<()> {
        self.remove().await.map_err(|error| {
            let path = self.path.as_std_path();
            PathError::wrap(Operation::Discard, path, error)
        })?;
        if let Some(Temporary { file, new, .. }) = self.stage.take() {
            // Closing the file frees its blocks.
            let lane = self.path.lane.clone();
            let open = Closing::new((file.abandon(), new), lane.clone());
            lane.call(move || drop(open.into_inner())).await;
        }
        Ok(())
    }

    async fn remove(&self) -> io::Result<()> {
        let (Stage::Writing(temporary) | Stage::Committing(temporary)) = &self.stage else {
            return Err(atomic::in_place());
        };
        let new = Arc::downgrade(&temporary.new);
        // If the file was dropped in the meantime, its drop has removed the temporary file.
        let lane = self.path.lane.clone();
        lane.call(move || new.upgrade().map_or(Ok(()), |new| new.remove()))
            .await
    }

    /// Returns the file to write to, unless a commit was begun.
    fn writer(&mut self) -> io::Result<Pin<&mut AsyncFile>> {
        let refused = match &mut self.stage {
            Stage::Writing(temporary) => return Ok(Pin::new(&mut temporary.file)),
            Stage::Committing(_) => invalid_input("a commit has begun"),
            Stage::Over => atomic::in_place(),
        };
        let path = self.path.as_std_path();
        Err(PathError::wrap(Operation::Write, path, refused))
    }
}

impl Stage {
    /// Ends the stage, and returns the temporary file.
    fn take(&mut self) -> Option<Temporary> {
        match mem::replace(self, Stage::Over) {
            Stage::Writing(temporary) | Stage::Committing(temporary) => Some(temporary),
            Stage::Over => None,
        }
    }
}

impl Temporary {
    async fn commit(&mut self) -> io::Result<()> {
        // After a commit whose future was dropped, the file may be closed already.
        if !self.file.is_closed() {
            // While the job waits for a thread, which may be long after the file was dropped, it keeps nothing.
            let new = Arc::downgrade(&self.new);
            let put = || {
                let new = new.clone();
                let put =
                    move |file: &File| new.upgrade().map_or(Ok(()), |new| new.put_in_place(file));
                self.file.on_pool(Operation::Replace, put)
            };
            in_use::repeat(in_use::RENAMING, put).await?;
        }
        self.file.close().await
    }

    fn after_failure(self) -> Stage {
        if self.new.is_in_place() {
            // Only syncing the directory failed. Another write would change the file that readers see.
            Stage::Committing(self)
        } else {
            Stage::Writing(self)
        }
    }

    /// Closes the file and removes its name, unless it is in place.
    fn clear_away(self, lane: &Lane) {
        let Temporary { file, new, .. } = self;
        let open = file.abandon();
        // A commit that is under way has another reference. It removes the file if it fails.
        match Arc::into_inner(new) {
            Some(new) if !self.is_local => leave_to_pool(lane, self.device, || {
                drop(open);
                drop(new);
            }),
            new => {
                drop(new);
                // This frees the blocks, which takes long for a large file.
                drop(Closing::new(open, lane.clone()));
            }
        }
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.stage.take() {
            temporary.clear_away(&self.path.lane);
        }
    }
}

impl AsyncWrite for AtomicFile {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().writer()?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().writer()?.poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stage {
            Stage::Writing(temporary) | Stage::Committing(temporary) => {
                Pin::new(&mut temporary.file).poll_flush(cx)
            }
            Stage::Over => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl fmt::Debug for AtomicFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
