//! [`TryLockError`].

use std::error::Error;
use std::fmt;
use std::io;

/// The error of [`AsyncFile::try_lock`](crate::AsyncFile::try_lock) and [`AsyncFile::try_lock_shared`](crate::AsyncFile::try_lock_shared).
///
/// Same as [`std::fs::TryLockError`], on every supported Rust version. It converts into an [`io::Error`], so `?`
/// works in a function that returns an [`io::Result`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use std::io::ErrorKind;
///
/// use anyfile::file::TryLockError;
/// use anyfile::open_file;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// # std::fs::write(&path, "")?;
/// let (mut one, mut other) = (open_file(&path).await?, open_file(&path).await?);
/// one.lock().await?;
/// match other.try_lock().await {
///     Ok(()) => println!("locked"),
///     Err(TryLockError::WouldBlock) => println!("another one has a lock"),
///     Err(TryLockError::Error(error)) => return Err(error),
/// }
/// # assert_eq!(std::io::Error::from(TryLockError::WouldBlock).kind(), ErrorKind::WouldBlock);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub enum TryLockError {
    /// The lock could not be taken, for another reason than that others have it.
    Error(io::Error),
    /// Another handle, in this process or another, has a lock.
    WouldBlock,
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryLockError::Error(error) => error.fmt(f),
            TryLockError::WouldBlock => f.write_str("another handle has a lock on the file"),
        }
    }
}

impl Error for TryLockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TryLockError::Error(error) => error.source(),
            TryLockError::WouldBlock => None,
        }
    }
}

impl From<TryLockError> for io::Error {
    /// Returns the system's error, or one of the kind [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn from(error: TryLockError) -> io::Error {
        match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        }
    }
}
