//! [`PathError`], and the names of the operations.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An operation on a path, with the words of its error message.
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
    #[cfg(unix)]
    Chown,
    SetTimes,
    Clone,
    Lock,
    Unlock,
    Access,
    WriteAll,
    Replace,
    Discard,
    CheckExistence,
    SymlinkMetadata,
    Compare,
    #[cfg(feature = "user-db")]
    Owner,
    #[cfg(feature = "user-db")]
    Group,
    CreateDir,
    #[cfg(feature = "tempfile")]
    CreateTempDir,
    #[cfg(feature = "tempfile")]
    CreateTempFile,
    Touch,
    Remove,
    RemoveDir,
    RemoveTree,
    RemoveAny,
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
            #[cfg(unix)]
            Operation::Chown => "change owners of file",
            Operation::SetTimes => "set times of file",
            Operation::Clone => "clone handle of file",
            Operation::Lock => "lock file",
            Operation::Unlock => "unlock file",
            Operation::Access => "access file",
            Operation::WriteAll => "write file",
            Operation::Replace => "atomically write file",
            Operation::Discard => "discard new contents of file",
            Operation::CheckExistence => "check existence of",
            Operation::SymlinkMetadata => "query metadata of symbolic link",
            Operation::Compare => "compare",
            #[cfg(feature = "user-db")]
            Operation::Owner => "find owner of",
            #[cfg(feature = "user-db")]
            Operation::Group => "find group of",
            Operation::CreateDir => "create directory",
            #[cfg(feature = "tempfile")]
            Operation::CreateTempDir => "create temporary directory in",
            #[cfg(feature = "tempfile")]
            Operation::CreateTempFile => "create temporary file in",
            Operation::Touch => "touch",
            Operation::Remove => "remove file",
            Operation::RemoveDir => "remove directory",
            Operation::RemoveTree => "recursively remove directory",
            Operation::RemoveAny => "remove",
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
            Operation::CurrentDir => "get current directory",
            Operation::ChangeName => "change name of",
            Operation::ChangeStem => "change stem of",
            Operation::ChangeSuffix => "change suffix of",
            Operation::Relate => "relate",
            Operation::CompilePattern => "compile pattern",
            Operation::MakeUri => "create URI of",
            Operation::ReadUri => "parse URI",
            Operation::ReadDir => "read directory",
            Operation::Glob => "match entries of",
        }
    }
}

/// The operation, the path and the original error of an [`io::Error`] that this crate returned.
///
/// Every operation on a path, and every operation on a file that was opened by its path, returns an
/// [`io::Error`] that carries a `PathError`. Its [`kind`](io::Error::kind) is that of the original error; its
/// message names the operation and the path before the reason of the operating system. Control characters, line
/// separators and characters that change the direction of text are shown escaped, so that a path can neither
/// break the line of a message nor disguise it.
///
/// An [`io::Error`] with a payload has no [`raw_os_error`](io::Error::raw_os_error) of its own;
/// [`PathError::raw_os_error`] returns the code with or without a payload.
///
/// The message contains that of the original error. Therefore [`source`](Error::source) is the source of the
/// original error, and a report that prints the whole chain shows each reason once.
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
    /// Wraps `original` in an [`io::Error`] of the same kind that names `operation` and `path`.
    pub(crate) fn wrap(operation: Operation, path: &Path, original: io::Error) -> io::Error {
        PathError::wrap_all(operation, path, None, original)
    }

    /// Same as [`wrap`](PathError::wrap), for an operation on two paths.
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

    /// Returns the `PathError` of `error`, if this crate returned it for an operation on a path.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{PathError, open_file};
    ///
    /// let error = open_file("no/such/file").await.unwrap_err();
    /// assert!(PathError::of(&error).is_some());
    /// assert!(PathError::of(&std::io::Error::other("anything")).is_none());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn of(error: &io::Error) -> Option<&PathError> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns the operating system's code for `error`, whether it carries a `PathError` or not.
    ///
    /// [`io::Error::raw_os_error`] returns `None` for an error with a payload.
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

    /// Returns the path that was passed to the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{PathError, open_file};
    ///
    /// let error = open_file("no/such/file").await.unwrap_err();
    /// let details = PathError::of(&error).expect("the file was opened by its path");
    /// assert_eq!(details.path(), std::path::Path::new("no/such/file"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the second path of an operation on two paths: the target, the base of a relative path, or the
    /// pattern.
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

    /// Returns the operation in the words of the message, for example `"open file"`.
    ///
    /// The words are for humans and may change in any release. Do not compare them.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{PathError, open_file};
    ///
    /// let error = open_file("no/such/file").await.unwrap_err();
    /// let details = PathError::of(&error).expect("the file was opened by its path");
    /// println!("could not {}", details.operation());
    /// # assert_eq!(details.operation(), "open file");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn operation(&self) -> &'static str {
        self.operation.words()
    }

    /// Returns the original error of the operating system or the wrapped object, with its
    /// [`raw_os_error`](io::Error::raw_os_error).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{PathError, open_file};
    ///
    /// let error = open_file("no/such/file").await.unwrap_err();
    /// let details = PathError::of(&error).expect("the file was opened by its path");
    /// assert_eq!(details.original().kind(), std::io::ErrorKind::NotFound);
    /// assert!(details.original().raw_os_error().is_some());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
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

/// Returns an original error for input that this crate itself refuses.
pub(crate) fn invalid_input(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// Returns the system's error for a loop of symbolic links.
pub(crate) fn symlink_loop() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::LOOP.into();
    // ERROR_CANT_RESOLVE_FILENAME
    #[cfg(not(unix))]
    return io::Error::from_raw_os_error(1921);
}

/// Returns `true` if the error is a loop of symbolic links, for which std has no stable kind yet.
pub(crate) fn is_symlink_loop(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| symlink_loop().raw_os_error() == Some(code))
}

/// Displays a path on one line, whatever it contains.
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

/// Returns `true` if a character would move the cursor of a terminal, end the line, or change the direction of
/// the text around it.
fn is_deceptive(c: char) -> bool {
    match c {
        '\u{2028}' | '\u{2029}' => true,
        '\u{61C}' | '\u{200E}' | '\u{200F}' => true,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}
