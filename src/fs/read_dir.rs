//! Listing a directory.

use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::at;
use crate::dir::{self, Batches};
use crate::pool::Lane;

/// Opens a directory and returns a stream of its entries.
///
/// Semantics of [`std::fs::read_dir`]: the entries are in no particular order, and `.` and `..` are skipped. The
/// directory is read ahead of the stream, a few hundred entries at a time.
/// [`Path::read_dir`](crate::Path::read_dir) returns paths.
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
/// use anyfile::fs;
/// use futures_lite::StreamExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// fs::write(dir.join("notes"), "").await?;
/// let mut entries = fs::read_dir(dir).await?;
/// while let Some(entry) = entries.try_next().await? {
///     assert_eq!(entry.path(), dir.join("notes"));
/// }
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let mut found = Batches::new(dir::ReadDir(path.as_ref().into()), Lane::default());
    // Opening the directory in its own job would cost one more job.
    let first = future::poll_fn(|cx| found.poll_next(cx)).await;
    let first = first.transpose()?;
    Ok(ReadDir { found, first })
}

/// Stream returned by [`read_dir`].
///
/// An error ends the stream. A stream that is not polled holds no thread. Dropping it ends the work on the pool.
///
/// # Cancel safety
///
/// Dropping a future that waits for the next entry loses nothing: the stream returns that entry later.
#[must_use = "a stream does nothing unless it is polled"]
pub struct ReadDir {
    found: Batches<dir::ReadDir>,
    /// The first entry, which was read when the directory was opened.
    first: Option<dir::DirEntry>,
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.found.poll_next(cx),
        };
        next.map(|next| Some(next?.map(DirEntry)))
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir").finish_non_exhaustive()
    }
}

/// An entry of a directory, as [`std::fs::DirEntry`].
///
/// It does not keep the directory open.
#[derive(Clone)]
pub struct DirEntry(dir::DirEntry);

impl DirEntry {
    /// Returns the path of the entry: that of the directory, as it was passed to [`read_dir`], with the name
    /// appended.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs;
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// fs::write(dir.join("notes"), "").await?;
    /// let entry = fs::read_dir(dir).await?.try_next().await?.unwrap();
    /// assert_eq!(entry.path(), dir.join("notes"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn path(&self) -> PathBuf {
        self.0.path.to_path_buf()
    }

    /// Returns the name of the entry.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs;
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// fs::write(dir.join("notes"), "").await?;
    /// let entry = fs::read_dir(dir).await?.try_next().await?.unwrap();
    /// assert_eq!(entry.file_name(), "notes");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn file_name(&self) -> OsString {
        self.0.path.file_name().unwrap_or_default().into()
    }

    /// Returns the metadata of the entry. That of a symbolic link is the link's own.
    ///
    /// Same as [`symlink_metadata`](super::symlink_metadata) of its path.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect.
    ///
    /// # Errors
    ///
    /// - The entry has been removed in the meantime.
    /// - The process lacks permission to search the directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs;
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// fs::write(dir.join("notes"), "text").await?;
    /// let entry = fs::read_dir(dir).await?.try_next().await?.unwrap();
    /// assert_eq!(entry.metadata().await?.len(), 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        at(&self.0.path).symlink_metadata().await
    }

    /// Returns the type of the entry. A symbolic link is not followed.
    ///
    /// The type comes with the listing: no system call is made, unless it could not be determined then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect.
    ///
    /// # Errors
    ///
    /// Fails if the type did not come with the listing, for the reasons of [`metadata`](DirEntry::metadata).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs;
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// fs::write(dir.join("notes"), "text").await?;
    /// let entry = fs::read_dir(dir).await?.try_next().await?.unwrap();
    /// assert!(entry.file_type().await?.is_file());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        match self.0.file_type {
            Some(file_type) => Ok(file_type),
            None => Ok(self.metadata().await?.file_type()),
        }
    }
}

#[cfg(unix)]
impl super::unix::DirEntryExt for DirEntry {
    fn ino(&self) -> u64 {
        self.0.ino
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.0.path).finish()
    }
}
