//! Creating directories.

use std::io;
use std::path::Path;

use super::at;

/// Creates a directory.
///
/// Semantics of [`std::fs::create_dir`] (`mkdir`). Same as [`Path::create_dir`](crate::Path::create_dir).
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is created. A call that has begun is finished.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at the path, even a broken symbolic link.
/// - [`NotFound`](io::ErrorKind::NotFound): the parent directory does not exist.
/// - The process lacks permission to write to the parent directory.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::create_dir(&path).await?;
/// assert!(fs::metadata(&path).await?.is_dir());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    at(path).create_dir().await
}

/// Creates a directory and its missing parents, and succeeds if it exists.
///
/// Semantics of [`std::fs::create_dir_all`]. Same as [`Path::create_dir_all`](crate::Path::create_dir_all).
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is created. A call that has begun is finished.
///
/// # Errors
///
/// - Something other than a directory exists at the path or above it.
/// - The process lacks permission to write to the directory in which the first one is missing.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a/b/c");
/// fs::create_dir_all(&path).await?;
/// fs::create_dir_all(&path).await?;
/// assert!(fs::metadata(&path).await?.is_dir());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    at(path).create_dir_all().await
}
