//! Cached information about a path.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::{FileType, Path, ops};
use crate::dir::{Entry, EntryType};
use crate::error::{Operation, PathError, is_symlink_loop};
use crate::pool::Lane;

/// What is known about the file at a path. Comparisons of paths ignore it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    kind: KnownType,
    /// The metadata of the file. If it is a symbolic link, that of the link.
    metadata: Option<Arc<Metadata>>,
}

/// What is known about the type of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum KnownType {
    #[default]
    Nothing,
    Missing,
    /// A file of this type. If it is a symbolic link, its target is unknown.
    Is(EntryType),
    /// A symbolic link whose target is known; `None` if it is broken.
    LinkTo(Option<EntryType>),
}

impl Path {
    /// Makes the path of an entry of a directory whose jobs take this lane.
    pub(super) fn listed(entry: Entry, lane: &Lane) -> Path {
        let kind = entry.kind.map_or(KnownType::Nothing, KnownType::Is);
        let metadata = entry.metadata;
        Path {
            inner: entry.path,
            known: Known { kind, metadata },
            lane: lane.clone(),
        }
    }
}

impl From<Option<Metadata>> for Known {
    fn from(found: Option<Metadata>) -> Known {
        let kind = match &found {
            None => KnownType::Missing,
            Some(found) => KnownType::Is(found.file_type().into()),
        };
        let metadata = found.map(Arc::new);
        Known { kind, metadata }
    }
}

impl KnownType {
    /// Returns the type of the file after following symbolic links, if it is known. `Some(None)` means that
    /// there is no file: the path does not exist, or the link is broken.
    fn end(self) -> Option<Option<EntryType>> {
        match self {
            KnownType::Nothing | KnownType::Is(EntryType::Link) => None,
            KnownType::Missing => Some(None),
            KnownType::Is(kind) => Some(Some(kind)),
            KnownType::LinkTo(kind) => Some(kind),
        }
    }
}

/// Cached information.
impl Path {
    /// Returns what is already known about the file at the path. No system call is made.
    ///
    /// The type of a directory entry comes with the listing, so `info` knows it for paths from
    /// [`iterdir`](Path::iterdir) and the other directory streams. Semantics of `pathlib` 3.14, except that an
    /// unknown answer is `None` instead of a blocking call; [`load`](PathInfo::load) queries it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert_eq!(dir.info().is_dir(), None);
    ///
    /// let info = dir.info().load().await?;
    /// assert_eq!(info.is_dir(), Some(true));
    /// assert_eq!(info.is_symlink(), Some(false));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn info(&self) -> PathInfo {
        PathInfo { path: self.clone() }
    }
}

/// Cached information about the file at a path, returned by [`Path::info`].
///
/// The answers are cached: they do not change when the file does. An answer that is not known is `None`; after
/// [`load`](PathInfo::load), all but [`metadata`](PathInfo::metadata) are known. `exists`, `is_file` and `is_dir`
/// follow symbolic links.
#[derive(Debug, Clone)]
pub struct PathInfo {
    path: Path,
}

impl PathInfo {
    /// Queries the type of the path (`lstat`) and, if it is a symbolic link, of its target (`stat`), as far as
    /// they are not known yet.
    ///
    /// If both are known, no system call is made. [`metadata`](PathInfo::metadata) then stays as it is.
    ///
    /// # Cancel safety
    ///
    /// The future owns the `PathInfo`. If it is dropped, only the answers known so far are lost.
    ///
    /// # Errors
    ///
    /// The errors of [`Path::metadata`]. A missing file is an answer, not an error. So is a path that contains a
    /// NUL byte, at which no file can exist, and a symbolic link that is part of a loop, which is broken.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// let info = notes.info().load().await?;
    /// assert_eq!(info.exists(), Some(false));
    ///
    /// notes.touch().await?;
    /// assert_eq!(info.exists(), Some(false));
    /// assert_eq!(notes.info().load().await?.exists(), Some(true));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn load(self) -> io::Result<PathInfo> {
        let PathInfo { mut path } = self;
        if path.known.kind == KnownType::Nothing {
            path.known = found(&path, false).await?.into();
        }
        if path.known.kind == KnownType::Is(EntryType::Link) {
            let end = found(&path, true).await?;
            path.known.kind = KnownType::LinkTo(end.map(|end| end.file_type().into()));
        }
        Ok(PathInfo { path })
    }

    fn end(&self) -> Option<Option<EntryType>> {
        self.path.known.kind.end()
    }

    /// Returns the metadata of the path, or `None` if that is not known.
    ///
    /// It is known for paths from a directory stream whose `metadata` option is set, such as
    /// [`Glob::metadata`](super::Glob::metadata), and after a [`load`](PathInfo::load) that queried the path.
    /// Symbolic links are not followed: the metadata of a link is that of the link itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "notes").write_text("text").await?;
    ///
    /// let entry = dir.iterdir().metadata(true).try_next().await?.unwrap();
    /// let metadata = entry.info().metadata();
    /// assert_eq!(metadata.map(|metadata| metadata.len()), Some(4));
    ///
    /// let entry = dir.iterdir().try_next().await?.unwrap();
    /// assert!(entry.info().metadata().is_none());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn metadata(&self) -> Option<Metadata> {
        self.path.known.metadata.as_deref().cloned()
    }

    /// Returns the type of the file, or `None` if that is not known or there is no file.
    ///
    /// Symbolic links are not followed. Semantics of [`DirEntry::file_type`](std::fs::DirEntry::file_type), except
    /// that no system call is made: a few filesystems do not tell the types of entries, and then
    /// [`load`](PathInfo::load) queries it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to(".").await?;
    /// assert!(link.info().file_type().is_none());
    ///
    /// let info = link.info().load().await?;
    /// assert!(info.file_type().is_some_and(|found| found.is_symlink()));
    /// assert_eq!(info.is_dir(), Some(true));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn file_type(&self) -> Option<FileType> {
        match self.path.known.kind {
            KnownType::Nothing | KnownType::Missing => None,
            KnownType::Is(kind) => Some(kind.into()),
            KnownType::LinkTo(_) => Some(EntryType::Link.into()),
        }
    }

    /// Returns `Some(true)` if the path exists, and `None` if that is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let info = anyfile::Path::new("no/such/file").info().load().await?;
    /// assert_eq!(info.exists(), Some(false));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn exists(&self) -> Option<bool> {
        self.end().map(|kind| kind.is_some())
    }

    /// Returns `Some(true)` if the path is a regular file, and `None` if that is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// let info = anyfile::Path::new(dir.path()).info().load().await?;
    /// assert_eq!(info.is_file(), Some(false));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_file(&self) -> Option<bool> {
        self.end().map(|kind| kind == Some(EntryType::File))
    }

    /// Returns `Some(true)` if the path is a directory, and `None` if that is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// let info = anyfile::Path::new(dir.path()).info().load().await?;
    /// assert_eq!(info.is_dir(), Some(true));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_dir(&self) -> Option<bool> {
        self.end().map(|kind| kind == Some(EntryType::Dir))
    }

    /// Returns `Some(true)` if the path is a symbolic link, broken or not, and `None` if that is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// let info = anyfile::Path::new(dir.path()).info().load().await?;
    /// assert_eq!(info.is_symlink(), Some(false));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_symlink(&self) -> Option<bool> {
        match self.path.known.kind {
            KnownType::Nothing => None,
            KnownType::Is(EntryType::Link) | KnownType::LinkTo(_) => Some(true),
            KnownType::Missing | KnownType::Is(_) => Some(false),
        }
    }
}

/// Returns the metadata of the file at `path`, or `None` if there is none.
async fn found(path: &Path, follow: bool) -> io::Result<Option<Metadata>> {
    match ops::ask(path.clone(), follow).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(PathError::wrap(Operation::Metadata, path.as_ref(), error)),
    }
}

/// Returns `true` if the error means that there is no file, and `false` if that could not be determined.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        // `InvalidInput`: the path contains a NUL byte, which no file name does.
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput
    ) || is_symlink_loop(error)
}
