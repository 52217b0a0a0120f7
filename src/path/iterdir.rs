//! Listing a directory.

use std::fmt;
use std::future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::Path;
use crate::call::{Lazy, future};
use crate::dir::{self, Batches, Detail, Naming};

/// Listing a directory.
impl Path {
    /// Returns a stream of the entries of the directory, as paths in no particular order.
    ///
    /// Each entry is this path with a name appended; for `.` and the [empty path](Path#the-empty-path), it is
    /// the name alone. `.` and `..` are skipped. The entry's type comes with the listing; [`info`](Path::info)
    /// needs no system call. The directory is read ahead of the stream, a few hundred entries at a time. Entries
    /// that are created or removed during the listing may be missed.
    ///
    /// Semantics of `pathlib`'s `iterdir`. [`read_dir`](Path::read_dir) is the method with the semantics of std.
    /// The directory is opened at the first poll. A stream that is not polled holds no thread, but keeps the
    /// directory open. Dropping it ends the work on the pool.
    ///
    /// # Errors
    ///
    /// Errors are items; an error is always the last:
    ///
    /// - The path does not exist or is not a directory.
    /// - The process lacks permission to read the directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "notes").touch().await?;
    /// let mut entries = dir.iterdir();
    /// while let Some(entry) = entries.try_next().await? {
    ///     assert_eq!(entry, &dir / "notes");
    ///     assert_eq!(entry.info().is_file(), Some(true));
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "listdir")]
    #[doc(alias = "scandir")]
    pub fn iterdir(&self) -> Iterdir {
        self.entries(Naming::Pathlib)
    }

    fn entries(&self, naming: Naming) -> Iterdir {
        let iterdir = dir::Iterdir {
            dir: self.inner.clone(),
            naming,
            detail: Detail::Type,
        };
        Iterdir {
            found: Batches::new(iterdir, self.lane.clone()),
            first: None,
        }
    }

    /// Opens the directory and returns a stream of its entries.
    ///
    /// Semantics of [`std::fs::read_dir`]. There are two differences from [`iterdir`](Path::iterdir):
    ///
    /// - If the directory cannot be opened, `read_dir` fails instead of the first item of the stream.
    /// - Every entry has the path of the directory as its prefix: the entries of `.` are `./a` and `./b`, as
    ///   [`strip_prefix`](Path::strip_prefix) expects.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the directory and loses nothing.
    ///
    /// # Errors
    ///
    /// - The path does not exist or is not a directory. The empty path does not exist.
    /// - The process lacks permission to read the directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "notes").touch().await?;
    /// let mut entries = dir.read_dir().await?;
    /// while let Some(entry) = entries.try_next().await? {
    ///     assert_eq!(entry, &dir / "notes");
    /// }
    ///
    /// let error = (&dir / "missing").read_dir().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn read_dir(&self) -> ReadDir {
        ReadDir(Lazy::New(ReadDirCall { path: self.clone() }))
    }
}

/// Stream returned by [`Path::iterdir`] and [`Path::read_dir`].
///
/// Dropping it ends the work on the pool, after at most a few hundred more entries.
///
/// # Cancel safety
///
/// Dropping a future that waits for the next entry loses nothing: the stream returns that entry later.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Iterdir {
    found: Batches<dir::Iterdir>,
    /// The first entry, if it was read ahead.
    first: Option<Path>,
}

impl Iterdir {
    /// Sets whether each entry's metadata is queried as well. The default is `false`.
    ///
    /// It is queried on the pool when the entry is listed, which costs much less than a query for each path
    /// later. [`info().metadata()`](super::PathInfo::metadata) returns it. Semantics of
    /// [`DirEntry::metadata`](std::fs::DirEntry::metadata): symbolic links are not followed. An entry that cannot
    /// be queried, because it was removed in the meantime for example, is listed without metadata.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled. That includes every stream from [`Path::read_dir`], which has read
    /// the first entries.
    ///
    /// # Platform behavior
    ///
    /// On Linux with glibc, the query is relative to the open directory, so that it does not depend on the path. On
    /// Windows, the metadata comes with the listing. On Unix, a signal that interrupts the reading of a directory,
    /// which network filesystems allow, ends its listing with an error of kind
    /// [`Interrupted`](std::io::ErrorKind::Interrupted).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "notes").write_text("text").await?;
    /// let mut size = 0;
    /// let mut entries = dir.iterdir().metadata(true);
    /// while let Some(entry) = entries.try_next().await? {
    ///     size += entry.info().metadata().map_or(0, |metadata| metadata.len());
    /// }
    /// assert_eq!(size, 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn metadata(mut self, metadata: bool) -> Self {
        self.found.options().detail = Detail::of(metadata);
        self
    }

    fn poll_found(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Path>>> {
        let item = self.found.poll_next(cx);
        let lane = self.found.lane();
        item.map(|item| Some(item?.map(|entry| Path::listed(entry, lane))))
    }
}

impl Stream for Iterdir {
    type Item = io::Result<Path>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.poll_found(cx),
        }
    }
}

impl fmt::Debug for Iterdir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iterdir").finish_non_exhaustive()
    }
}

future! {
    /// Future returned by [`Path::read_dir`].
    pub struct ReadDir(ReadDirCall {
        path: Path,
    }) -> io::Result<Iterdir>;
}

impl ReadDirCall {
    async fn run(self) -> io::Result<Iterdir> {
        let mut entries = self.path.entries(Naming::Std);
        // Opening the directory in its own job would cost one more job.
        let first = future::poll_fn(|cx| entries.poll_found(cx)).await;
        entries.first = first.transpose()?;
        Ok(entries)
    }
}
