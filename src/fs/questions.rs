//! Metadata, and where paths lead.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::at;

/// Returns the metadata of the file at the path, following symbolic links.
///
/// Semantics of [`std::fs::metadata`] (`stat`). Same as [`Path::metadata`](crate::Path::metadata).
///
/// # Cancel safety
///
/// Dropping the future has no effect.
///
/// # Errors
///
/// - The path does not exist, or is a symbolic link that leads nowhere or to itself.
/// - The process lacks permission to search a directory above it.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::write(&path, "text").await?;
/// assert_eq!(fs::metadata(&path).await?.len(), 4);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    at(path).metadata().await
}

/// Returns the metadata of the file at the path. That of a symbolic link is the link's own.
///
/// Semantics of [`std::fs::symlink_metadata`] (`lstat`). Same as
/// [`Path::symlink_metadata`](crate::Path::symlink_metadata).
///
/// # Cancel safety
///
/// Dropping the future has no effect.
///
/// # Errors
///
/// - The path does not exist.
/// - The process lacks permission to search a directory above it.
///
/// # Examples
///
/// ```
/// # #[cfg(unix)]
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::unix::symlink("nowhere", &path).await?;
/// assert!(fs::symlink_metadata(&path).await?.is_symlink());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    at(path).symlink_metadata().await
}

/// Returns the absolute path with all symbolic links resolved.
///
/// Semantics of [`std::fs::canonicalize`] (`realpath`). Same as [`Path::canonicalize`](crate::Path::canonicalize).
///
/// # Cancel safety
///
/// Dropping the future has no effect.
///
/// # Errors
///
/// - The path does not exist, or a part of it other than the last is not a directory.
/// - The path leads through a loop of symbolic links.
/// - The process lacks permission to search a directory.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// fs::create_dir(dir.join("notes")).await?;
/// let there_and_back = dir.join("notes/..");
/// assert_eq!(fs::canonicalize(there_and_back).await?, std::fs::canonicalize(dir)?);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    Ok(at(path).canonicalize().await?.into())
}

/// Returns the path to which a symbolic link points, as it is stored in the link.
///
/// Semantics of [`std::fs::read_link`] (`readlink`). Same as [`Path::read_link`](crate::Path::read_link).
///
/// # Cancel safety
///
/// Dropping the future has no effect.
///
/// # Errors
///
/// - The path does not exist.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is not a symbolic link.
///
/// # Examples
///
/// ```
/// # #[cfg(unix)]
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("link");
/// fs::unix::symlink("notes", &path).await?;
/// assert_eq!(fs::read_link(&path).await?, std::path::Path::new("notes"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    Ok(at(path).read_link().await?.into())
}
