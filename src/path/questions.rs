//! Metadata, and questions about the type of a file.

use std::fs::Metadata;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt;

use super::{Path, ops};
use crate::error::Operation;

/// Metadata, and questions about the type of the file at the path.
///
/// Methods that return a `bool` return `false` if the answer cannot be determined, for example because the
/// process lacks permission. The methods of [`std::path::Path`] and of `pathlib` since Python 3.14 do the same.
/// All except `is_symlink` and `is_junction` follow symbolic links. On platforms without that file type the
/// answer is `false`: junctions exist on Windows; sockets, FIFOs and devices on Unix.
impl Path {
    /// Returns the metadata of the file at the path, following symbolic links.
    ///
    /// Semantics of [`std::fs::metadata`] (`stat`).
    ///
    /// # Errors
    ///
    /// - The path does not exist, or a symbolic link in it is broken or part of a loop.
    /// - The process lacks permission to search a directory in the path.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_text("first\n").await?;
    /// assert_eq!(notes.metadata().await?.len(), 6);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "stat")]
    pub fn metadata(&self) -> impl Future<Output = io::Result<Metadata>> + Send + 'static + use<> {
        query(Operation::Metadata, self.clone(), true)
    }

    /// Returns the metadata of the file at the path. A symbolic link at the path is not followed.
    ///
    /// Semantics of [`std::fs::symlink_metadata`] (`lstat`).
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](Path::metadata), except that a link at the path may be broken.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("nowhere").await?;
    /// assert!(link.symlink_metadata().await?.is_symlink());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "lstat")]
    pub fn symlink_metadata(
        &self,
    ) -> impl Future<Output = io::Result<Metadata>> + Send + 'static + use<> {
        query(Operation::SymlinkMetadata, self.clone(), false)
    }

    /// Returns `Ok(true)` if the path exists, `Ok(false)` if it does not, and an error if that cannot be
    /// determined.
    ///
    /// Semantics of [`std::path::Path::try_exists`].
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](Path::metadata), except that a missing file is not an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// assert!(!notes.try_exists().await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_exists(&self) -> impl Future<Output = io::Result<bool>> + Send + 'static + use<> {
        let path = self.clone();
        async move {
            match query(Operation::CheckExistence, path, true).await {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// Returns `true` if the path exists.
    ///
    /// Semantics of [`std::path::Path::exists`]: returns `false` also if the answer cannot be determined.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(dir.exists().await);
    /// assert!(!(dir / "notes").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn exists(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, |_| true)
    }

    /// Returns `true` if the path is a regular file.
    ///
    /// Semantics of [`std::path::Path::is_file`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(!dir.is_file().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_file(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, Metadata::is_file)
    }

    /// Returns `true` if the path is a directory.
    ///
    /// Semantics of [`std::path::Path::is_dir`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(dir.is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_dir(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, Metadata::is_dir)
    }

    /// Returns `true` if the path is a symbolic link, broken or not.
    ///
    /// Semantics of [`std::path::Path::is_symlink`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("nowhere").await?;
    /// assert!(link.is_symlink().await);
    /// assert!(!link.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_symlink(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), false, Metadata::is_symlink)
    }

    /// Returns `true` if the path is a junction, a kind of link to a directory on Windows.
    ///
    /// Semantics of `pathlib`'s `is_junction`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(!dir.is_junction().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_junction(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        let path = self.clone();
        async move { is_junction(path).await }
    }

    /// Returns `true` if the path is a Unix socket.
    ///
    /// Semantics of `pathlib`'s `is_socket`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = anyfile::Path::new(dir.path()) / "socket";
    /// let socket = std::os::unix::net::UnixListener::bind(path.as_std_path())?;
    /// assert!(path.is_socket().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_socket(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, |found| found.file_type().is_socket())
    }

    /// Returns `true` if the path is a FIFO (a named pipe). The FIFO is not opened.
    ///
    /// Semantics of `pathlib`'s `is_fifo`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(!dir.is_fifo().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_fifo(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, |found| found.file_type().is_fifo())
    }

    /// Returns `true` if the path is a block device, such as a disk.
    ///
    /// Semantics of `pathlib`'s `is_block_device`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// assert!(!anyfile::Path::new("/dev/null").is_block_device().await);
    /// # });
    /// ```
    pub fn is_block_device(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, |found| {
            found.file_type().is_block_device()
        })
    }

    /// Returns `true` if the path is a character device, such as a terminal.
    ///
    /// Semantics of `pathlib`'s `is_char_device`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// assert!(anyfile::Path::new("/dev/null").is_char_device().await);
    /// # });
    /// ```
    pub fn is_char_device(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        has(self.clone(), true, |found| {
            found.file_type().is_char_device()
        })
    }

    /// Returns `true` if the path is a mount point: a directory that is on another filesystem than its parent,
    /// or that has no parent.
    ///
    /// Semantics of `pathlib` 3.13's `is_mount`: returns `false` for a symbolic link to a mount point, and for a
    /// bind mount of the same filesystem.
    ///
    /// # Platform behavior
    ///
    /// On Windows, the roots of drives and shares are mount points. Volumes mounted in a directory are not
    /// recognized.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert!(anyfile::Path::new("/").is_mount().await);
    /// assert!(!dir.is_mount().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "ismount")]
    pub fn is_mount(&self) -> impl Future<Output = bool> + Send + 'static + use<> {
        let path = self.clone();
        // One job, because several system calls are needed.
        async move {
            let lane = path.lane.clone();
            lane.call(move || is_mount(path.as_ref()).unwrap_or(false))
                .await
        }
    }
}

async fn query(operation: Operation, path: Path, follow: bool) -> io::Result<Metadata> {
    ops::named(operation, path.clone(), ops::ask(path, follow)).await
}

/// Returns `true` if the file exists and has `property`.
async fn has(path: Path, follow: bool, property: fn(&Metadata) -> bool) -> bool {
    let found = ops::ask(path, follow).await;
    found.is_ok_and(|found| property(&found))
}

#[cfg(unix)]
fn is_mount(path: &std::path::Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    use crate::retry::retry;

    let found = retry(|| std::fs::symlink_metadata(path))?;
    if !found.is_dir() {
        return Ok(false);
    }
    // The parent is not looked up as `path/..`, which needs permission to search the directory itself.
    match retry(|| std::fs::canonicalize(path))?.parent() {
        Some(parent) => Ok(retry(|| std::fs::symlink_metadata(parent))?.dev() != found.dev()),
        None => Ok(true),
    }
}

#[cfg(not(unix))]
fn is_mount(path: &std::path::Path) -> io::Result<bool> {
    Ok(std::fs::canonicalize(path)?.parent().is_none())
}

#[cfg(not(windows))]
async fn is_junction(_: Path) -> bool {
    false
}

#[cfg(windows)]
async fn is_junction(path: Path) -> bool {
    let lane = path.lane.clone();
    lane.call(move || junction::exists(path).unwrap_or(false))
        .await
}

/// The file types that only Unix has. On other platforms, no file is of such a type.
#[cfg(not(unix))]
trait FileTypeExt {
    fn is_socket(&self) -> bool {
        false
    }

    fn is_fifo(&self) -> bool {
        false
    }

    fn is_block_device(&self) -> bool {
        false
    }

    fn is_char_device(&self) -> bool {
        false
    }
}

#[cfg(not(unix))]
impl FileTypeExt for std::fs::FileType {}
