//! Removing, renaming, linking, and changing permissions.

use std::fs::Permissions;
use std::io;
use std::path::Path;

use super::at;

/// Removes a file or a symbolic link.
///
/// Semantics of [`std::fs::remove_file`] (`unlink`). Same as [`Path::remove_file`](crate::Path::remove_file).
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is removed. A call that has begun is finished.
///
/// # Errors
///
/// - The path does not exist or is a directory.
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
/// fs::write(&path, "").await?;
/// fs::remove_file(&path).await?;
/// assert!(!path.exists());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    at(path).remove_file().await
}

/// Removes an empty directory.
///
/// Semantics of [`std::fs::remove_dir`] (`rmdir`). Same as [`Path::remove_dir`](crate::Path::remove_dir).
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is removed. A call that has begun is finished.
///
/// # Errors
///
/// - The path does not exist or is not a directory.
/// - [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty): the directory is not empty.
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
/// fs::remove_dir(&path).await?;
/// assert!(!path.exists());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    at(path).remove_dir().await
}

/// Removes a directory and its contents.
///
/// Semantics of [`std::fs::remove_dir_all`]: symbolic links are removed, not followed. Same as
/// [`Path::remove_dir_all`](crate::Path::remove_dir_all), which works on trees of any depth.
/// A path that ends with `.`, or with a symbolic link and a separator, is refused; std removes what is in the directory
/// before it fails.
///
/// # Cancel safety
///
/// If the future is dropped, the removal stops soon. What was removed by then stays removed.
///
/// # Errors
///
/// - The path does not exist or is not a directory.
/// - The process lacks permission to remove an entry.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::create_dir_all(path.join("2024/may")).await?;
/// fs::remove_dir_all(&path).await?;
/// assert!(!path.exists());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    at(path).remove_dir_all().await
}

/// Renames a file or directory, and replaces an existing file at `dst`.
///
/// Semantics of [`std::fs::rename`]. Same as [`Path::rename`](crate::Path::rename), which returns the new path.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, nothing is renamed. A rename that has begun is finished.
///
/// # Errors
///
/// - `src` or the parent directory of `dst` does not exist.
/// - Only one of the two is a directory, or `dst` is a directory that is not empty.
/// - The paths are on different filesystems.
/// - The process lacks permission to write to one of the parent directories.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = |name| dir.path().join(name);
/// fs::write(path("draft"), "text").await?;
/// fs::rename(path("draft"), path("notes")).await?;
/// assert_eq!(fs::read(path("notes")).await?, b"text");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn rename<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<()> {
    at(src).rename(dst).await.map(drop)
}

/// Creates a hard link at `dst` to the file at `src`.
///
/// Semantics of [`std::fs::hard_link`] (`link`). Same as [`Path::hardlink_to`](crate::Path::hardlink_to) of `dst`.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, no link is created. A call that has begun is finished.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at `dst`.
/// - `src` does not exist or is a directory, or the paths are on different filesystems.
/// - The process lacks permission to write to the parent directory of `dst`.
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
/// fs::hard_link(path("a"), path("b")).await?;
/// assert_eq!(fs::read(path("b")).await?, b"text");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<()> {
    at(dst).hardlink_to(src).await
}

/// Sets the permissions of the file at the path, following symbolic links.
///
/// Semantics of [`std::fs::set_permissions`] (`chmod`). Same as
/// [`Path::set_permissions`](crate::Path::set_permissions).
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, the permissions do not change. A change that has begun
/// is finished.
///
/// # Errors
///
/// - The path does not exist.
/// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the file belongs to another user.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// fs::write(&path, "").await?;
/// let mut permissions = fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&path, permissions).await?;
/// assert!(fs::metadata(&path).await?.permissions().readonly());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn set_permissions<P: AsRef<Path>>(path: P, perm: Permissions) -> io::Result<()> {
    at(path).set_permissions(perm).await
}
