//! Reading, writing and copying whole files.

use std::io;
use std::path::Path;

use super::at;
use crate::error::{Operation, PathError};
use crate::pool::Lane;
use crate::retry::retry;

/// Reads the entire file.
///
/// Semantics of [`std::fs::read`]. Same as [`Path::read_bytes`](crate::Path::read_bytes).
///
/// # Cancel safety
///
/// Dropping the future has no effect on a regular file.
///
/// # Errors
///
/// The errors of [`Path::read_bytes`](crate::Path::read_bytes).
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::write(&path, b"first\xFF").await?;
/// assert_eq!(fs::read(&path).await?, b"first\xFF");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    at(path).read_bytes().await
}

/// Reads the entire file as UTF-8.
///
/// Semantics of [`std::fs::read_to_string`]. Same as [`Path::read_text`](crate::Path::read_text).
///
/// # Cancel safety
///
/// Dropping the future has no effect on a regular file.
///
/// # Errors
///
/// The errors of [`Path::read_text`](crate::Path::read_text), among them
/// [`InvalidData`](io::ErrorKind::InvalidData): the contents are not valid UTF-8.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::write(&path, "first\n").await?;
/// assert_eq!(fs::read_to_string(&path).await?, "first\n");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    at(path).read_text().await
}

/// Writes `contents` as the entire contents of the file. Creates a missing file.
///
/// Semantics of [`std::fs::write`]. Same as [`Path::write_bytes`](crate::Path::write_bytes), which moves an owned
/// buffer; this function copies it.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, the file does not change. A write that has begun is
/// finished completely.
///
/// # Errors
///
/// The errors of [`Path::write_bytes`](crate::Path::write_bytes).
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::write(&path, "first\n").await?;
/// fs::write(&path, [0; 3]).await?;
/// assert_eq!(std::fs::read(&path)?, [0; 3]);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    at(path).write_bytes(contents.as_ref()).await
}

/// Copies the contents and the permissions of a file, and returns the number of bytes.
///
/// Semantics of [`std::fs::copy`]: what was at `dst` is overwritten, symbolic links are followed. The copy is one
/// job on the pool. [`Path::copy`](crate::Path::copy) gives its thread back while it copies a large file, keeps
/// holes, and copies directories, too.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is copied. A copy that has begun is finished.
///
/// # Errors
///
/// The message names both paths.
///
/// - `src` does not exist or is not a regular file.
/// - `dst` is a directory, or its parent directory does not exist.
/// - The process lacks permission to read `src` or to write `dst`.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = |name| dir.path().join(name);
/// fs::write(path("a"), "text").await?;
/// assert_eq!(fs::copy(path("a"), path("b")).await?, 4);
/// assert_eq!(fs::read(path("b")).await?, b"text");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<u64> {
    let (src, dst) = (at(src), at(dst));
    let (from, to) = (src.clone(), dst.clone());
    let copied = Lane::default()
        .call(move || retry(|| std::fs::copy(&from, &to)))
        .await;
    copied.map_err(|error| PathError::wrap_pair(Operation::Copy, src.as_ref(), dst.as_ref(), error))
}
