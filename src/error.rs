//! [`PathError`], and the words of each operation.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What was attempted on a path, in the words that an error message uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Open,
    Read,
    Write,
    Seek,
    Flush,
    Sync,
    SetLen,
    Metadata,
    SetPermissions,
    SetTimes,
    Clone,
    Access,
    WriteAll,
    Replace,
    CheckExistence,
    SymlinkMetadata,
    Compare,
    #[cfg(feature = "user-db")]
    Owner,
    #[cfg(feature = "user-db")]
    Group,
    CreateDir,
    Touch,
    Remove,
    RemoveDir,
    RemoveTree,
    Rename,
    Copy,
    Move,
    RemoveMoved,
    Symlink,
    HardLink,
    Canonicalize,
    Resolve,
    MakeAbsolute,
    ExpandUser,
    ReadLink,
    CurrentDir,
    ChangeName,
    ChangeStem,
    ChangeSuffix,
    Relate,
    CompilePattern,
    MakeUri,
    ReadUri,
    ReadDir,
    Glob,
}

impl Operation {
    fn words(self) -> &'static str {
        match self {
            Operation::Open => "open file",
            Operation::Read => "read file",
            Operation::Write => "write to file",
            Operation::Seek => "seek in file",
            Operation::Flush => "flush file",
            Operation::Sync => "sync file",
            Operation::SetLen => "set length of file",
            Operation::Metadata => "query metadata of file",
            Operation::SetPermissions => "set permissions of file",
            Operation::SetTimes => "set times of file",
            Operation::Clone => "clone handle of file",
            Operation::Access => "access file",
            Operation::WriteAll => "write file",
            Operation::Replace => "atomically write file",
            Operation::CheckExistence => "check existence of",
            Operation::SymlinkMetadata => "query metadata of symbolic link",
            Operation::Compare => "compare",
            #[cfg(feature = "user-db")]
            Operation::Owner => "find owner of",
            #[cfg(feature = "user-db")]
            Operation::Group => "find group of",
            Operation::CreateDir => "create directory",
            Operation::Touch => "touch",
            Operation::Remove => "remove file",
            Operation::RemoveDir => "remove directory",
            Operation::RemoveTree => "remove directory and all in it",
            Operation::Rename => "rename",
            Operation::Copy => "copy",
            Operation::Move => "move",
            Operation::RemoveMoved => "remove after copying",
            Operation::Symlink => "create symbolic link",
            Operation::HardLink => "create hard link",
            Operation::Canonicalize => "canonicalize",
            Operation::Resolve => "resolve",
            Operation::MakeAbsolute => "make absolute",
            Operation::ExpandUser => "expand home directory in",
            Operation::ReadLink => "read symbolic link",
            Operation::CurrentDir => "find current directory",
            Operation::ChangeName => "change name of",
            Operation::ChangeStem => "change stem of",
            Operation::ChangeSuffix => "change suffix of",
            Operation::Relate => "relate",
            Operation::CompilePattern => "compile pattern",
            Operation::MakeUri => "make URI of",
            Operation::ReadUri => "read URI",
            Operation::ReadDir => "read directory",
            Operation::Glob => "match what is in",
        }
    }
}

/// The operation, the path and the original error behind an [`io::Error`] that this crate returned.
///
/// Every operation on a path, and every operation on a file that was opened by its path, returns an
/// [`io::Error`] that carries a `PathError`. Its [`kind`](io::Error::kind) is the original error's;
/// its message names the operation and the path before the reason of the operating system. Control
/// characters in the path, line separators and what changes the direction of text are shown escaped, so
/// that a message stays on its line and cannot be made to look like another.
///
/// An [`io::Error`] with such a payload has no [`raw_os_error`](io::Error::raw_os_error) of its own:
/// [`PathError::raw_os_error`] returns the code of either kind of error.
///
/// The message contains that of the original error. So [`source`](Error::source) is the source of the
/// original, and a report that prints the whole chain shows each reason once.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::{PathError, open_file};
///
/// let error = open_file("no/such/file").await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("failed to open file `no/such/file`: "));
///
/// let details = PathError::of(&error).unwrap();
/// assert_eq!(details.operation(), "open file");
/// assert_eq!(details.path(), std::path::Path::new("no/such/file"));
/// assert!(details.original().raw_os_error().is_some());
/// # });
/// ```
#[derive(Debug)]
pub struct PathError {
    operation: Operation,
    path: PathBuf,
    target: Option<PathBuf>,
    original: io::Error,
}

impl PathError {
    /// Wraps `original` into an [`io::Error`] of the same kind that names `operation` and `path`.
    pub(crate) fn wrap(operation: Operation, path: &Path, original: io::Error) -> io::Error {
        PathError::wrap_all(operation, path, None, original)
    }

    /// As [`wrap`](PathError::wrap), for an operation that takes two paths.
    pub(crate) fn wrap_pair(
        operation: Operation,
        path: &Path,
        target: &Path,
        original: io::Error,
    ) -> io::Error {
        PathError::wrap_all(operation, path, Some(target), original)
    }

    fn wrap_all(
        operation: Operation,
        path: &Path,
        target: Option<&Path>,
        original: io::Error,
    ) -> io::Error {
        let kind = original.kind();
        let error = PathError {
            operation,
            path: path.to_path_buf(),
            target: target.map(Path::to_path_buf),
            original,
        };
        io::Error::new(kind, error)
    }

    /// The details of `error`, if it came from an operation of this crate on a path.
    pub fn of(error: &io::Error) -> Option<&PathError> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns the code of the operating system for `error`, whether it carries a `PathError` or not.
    ///
    /// As [`io::Error::raw_os_error`], which returns `None` for an error with a payload.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{PathError, open_file};
    ///
    /// let error = open_file("no/such/file").await.unwrap_err();
    /// assert_eq!(error.raw_os_error(), None);
    /// assert_eq!(PathError::raw_os_error(&error), Some(2)); // ENOENT
    /// # });
    /// ```
    pub fn raw_os_error(error: &io::Error) -> Option<i32> {
        PathError::of(error)
            .map_or(error, PathError::original)
            .raw_os_error()
    }

    /// The path that the operation was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The second path of an operation on two: where to, relative to what, or the pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::{Path, PathError};
    ///
    /// let error = Path::new("a/b").relative_to("c").unwrap_err();
    /// assert!(error.to_string().starts_with("failed to relate `a/b` to `c`: "));
    /// let details = PathError::of(&error).unwrap();
    /// assert_eq!(details.target(), Some(std::path::Path::new("c")));
    /// ```
    pub fn target(&self) -> Option<&Path> {
        self.target.as_deref()
    }

    /// What was attempted, as in the message: `"open file"`, for example.
    ///
    /// The words are for people. They may change in any release, so don't compare them.
    pub fn operation(&self) -> &'static str {
        self.operation.words()
    }

    /// The error as the operating system or the wrapped object reported it, with its
    /// [`raw_os_error`](io::Error::raw_os_error).
    pub fn original(&self) -> &io::Error {
        &self.original
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operation, path) = (self.operation.words(), Escaped(&self.path));
        write!(f, "failed to {operation} `{path}`")?;
        if let Some(target) = &self.target {
            write!(f, " to `{}`", Escaped(target))?;
        }
        write!(f, ": {}", self.original)
    }
}

impl Error for PathError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.original.source()
    }
}

/// An original error for what this crate itself refuses.
pub(crate) fn invalid_input(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// The error of a path whose symbolic links never end, as the system reports it.
pub(crate) fn symlink_loop() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::LOOP.into();
    // ERROR_CANT_RESOLVE_FILENAME
    #[cfg(not(unix))]
    return io::Error::from_raw_os_error(1921);
}

/// Whether symbolic links never end. The kind that std has for that is not stable yet.
pub(crate) fn is_symlink_loop(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| symlink_loop().raw_os_error() == Some(code))
}

/// Shows a path on one line, whatever it contains.
struct Escaped<'a>(&'a Path);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if is_deceptive(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

/// Whether a character would move the cursor of a terminal, end the line, or turn round what stands
/// beside it.
fn is_deceptive(c: char) -> bool {
    match c {
        '\u{2028}' | '\u{2029}' => true,
        '\u{61C}' | '\u{200E}' | '\u{200F}' => true,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}
