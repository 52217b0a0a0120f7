//! What is known of a path without asking for it again.

use std::fs::Metadata;
use std::io::{self, ErrorKind};

use super::{Path, ops};
use crate::dir::{Entry, EntryType};
use crate::error::{Operation, PathError, is_symlink_loop};

/// What is known of the file at a path, as a directory scan tells it in passing. It takes no part in
/// comparisons of paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Known {
    #[default]
    Nothing,
    Missing,
    Is(Kind),
    /// A symbolic link, to what is not known.
    Link,
    /// A symbolic link; to nothing, if it is broken.
    LinkTo(Option<Kind>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Dir,
    Other,
}

impl Kind {
    fn of(found: &Metadata) -> Kind {
        match found.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Dir,
            _ => Kind::Other,
        }
    }
}

impl From<EntryType> for Known {
    fn from(found: EntryType) -> Known {
        match found {
            EntryType::File => Known::Is(Kind::File),
            EntryType::Dir => Known::Is(Kind::Dir),
            EntryType::Other => Known::Is(Kind::Other),
            EntryType::Link => Known::Link,
        }
    }
}

impl From<Entry> for Path {
    fn from(Entry { path, kind }: Entry) -> Path {
        Path {
            inner: path,
            known: kind.map_or(Known::Nothing, Known::from),
        }
    }
}

impl Known {
    /// What lies at the end of the links, or that nothing does.
    fn end(self) -> Option<Option<Kind>> {
        match self {
            Known::Nothing | Known::Link => None,
            Known::Missing => Some(None),
            Known::Is(kind) => Some(Some(kind)),
            Known::LinkTo(kind) => Some(kind),
        }
    }
}

/// What is known.
impl Path {
    /// What is known of the file at the path already; this asks nobody.
    ///
    /// Semantics of `pathlib` 3.14, but that an answer which is not known yet is `None` rather than a
    /// call that blocks: [`load`](PathInfo::load) gets it.
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
        PathInfo {
            path: self.clone(),
            known: self.known,
        }
    }
}

/// What is known of the file at a path, and stays so however that changes; see [`Path::info`].
///
/// Each question is answered with `None` as long as that is not known; after [`load`](PathInfo::load),
/// all are. `exists`, `is_file` and `is_dir` look through symbolic links.
#[derive(Debug, Clone)]
pub struct PathInfo {
    path: Path,
    known: Known,
}

impl PathInfo {
    /// Finds out what is not known yet: with one call, and for a symbolic link a second one.
    ///
    /// If all is known, it asks nobody.
    ///
    /// # Errors
    ///
    /// - Those of [`Path::metadata`], except that nothing is there or can be there: that is an answer. A
    ///   symbolic link that leads to itself is one to nothing, and nothing is at a path with a NUL byte.
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
        let PathInfo { path, mut known } = self;
        if known == Known::Nothing {
            known = match found(&path, false).await? {
                None => Known::Missing,
                Some(found) if found.is_symlink() => Known::Link,
                Some(found) => Known::Is(Kind::of(&found)),
            };
        }
        if known == Known::Link {
            let end = found(&path, true).await?;
            known = Known::LinkTo(end.as_ref().map(Kind::of));
        }
        Ok(PathInfo { path, known })
    }

    /// Whether something is there.
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
        self.known.end().map(|kind| kind.is_some())
    }

    /// Whether a regular file is there.
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
        self.known.end().map(|kind| kind == Some(Kind::File))
    }

    /// Whether a directory is there.
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
        self.known.end().map(|kind| kind == Some(Kind::Dir))
    }

    /// Whether a symbolic link is there, broken or not.
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
        match self.known {
            Known::Nothing => None,
            Known::Missing | Known::Is(_) => Some(false),
            Known::Link | Known::LinkTo(_) => Some(true),
        }
    }
}

/// The metadata of what is at `path`, if there is something.
async fn found(path: &Path, follow: bool) -> io::Result<Option<Metadata>> {
    match ops::ask(path.clone(), follow).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(PathError::wrap(Operation::Metadata, path.as_ref(), error)),
    }
}

/// Whether this says that nothing is there, and not that it cannot be told.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        // A NUL byte, which no name has.
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput
    ) || is_symlink_loop(error)
}
