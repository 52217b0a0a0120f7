//! Temporary directories.

use std::fs::DirBuilder;
use std::io;

use super::left::Removal;
use super::{Location, location};
use crate::call::{Lazy, future};
use crate::dir::tree;
use crate::error::Operation;
use crate::path::Path;

/// Creates a temporary directory, which is removed with all its contents when it is closed or dropped.
///
/// Only the user may access it. Semantics of [`tempfile::tempdir`], and of Python's `TemporaryDirectory` and `mkdtemp`.
///
/// # Errors
///
/// See [`CreateTempDir`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut dir = anyfile::temp_dir().await?;
/// let notes = dir.path() / "notes";
/// notes.write_text("text").await?;
/// dir.close().await?;
/// assert!(!notes.exists().await);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "TemporaryDirectory")]
#[doc(alias = "mkdtemp")]
#[doc(alias = "tempdir")]
pub fn temp_dir() -> CreateTempDir {
    let location = Location::default();
    CreateTempDir(Lazy::New(CreateTempDirCall { location }))
}

future! {
    /// Future returned by [`temp_dir`]. Options can be set until it is first polled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. A directory that was created is
    /// removed.
    ///
    /// # Errors
    ///
    /// The error names the directory in which the new one was to be created.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): that directory does not exist.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the process may not create directories there.
    pub struct CreateTempDir(CreateTempDirCall {
        location: Location,
    }) -> io::Result<TempDir>;
}

location!(CreateTempDir, "temp_dir", "directory");

impl CreateTempDirCall {
    async fn run(self) -> io::Result<TempDir> {
        let lane = self.location.lane.clone();
        let create = move || {
            #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            let location = &self.location;
            let created = location.create(Operation::CreateTempDir, |path| builder.create(path));
            created.map(|((), path)| TempDir {
                path,
                is_temporary: true,
            })
        };
        lane.call(create).await
    }
}

/// A temporary directory, as created by [`temp_dir`].
///
/// # Drop
///
/// Dropping it removes the directory and all its contents in the background, in short slices on the thread pool. So a
/// drop never blocks. The end of the thread that has dropped it waits until the directory is removed, but for one second
/// at most: if that is the main thread, the process may end with the drop. [`close`](TempDir::close) waits as long as
/// it takes, and reports errors.
///
/// # Platform behavior
///
/// The end of the main thread waits where the system runs the destructors of its thread-local values, see
/// [`LocalKey`](std::thread::LocalKey): on Linux with glibc, macOS and FreeBSD. On Windows, no thread waits. `close` the
/// directory there before the process ends.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut dir = anyfile::temp_dir().prefix("build-").await?;
/// dir.path().join("output").write_text("text").await?;
/// dir.close().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct TempDir {
    path: Path,
    /// Whether it is to be removed.
    is_temporary: bool,
}

impl TempDir {
    /// Returns the path of the directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let dir = anyfile::temp_dir().await?;
    /// assert!(dir.path().is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "name")]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the directory: it is not removed any more. Returns its path.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let path = anyfile::temp_dir().await?.keep();
    /// assert!(path.is_dir().await);
    /// path.rmdir().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "into_path")]
    #[must_use = "the directory is not removed by anything else"]
    pub fn keep(mut self) -> Path {
        self.is_temporary = false;
        self.path.clone()
    }

    /// Removes the directory and all its contents.
    ///
    /// Same as [`Path::remove_dir_all`] with [`missing_ok`](crate::path::RemoveDirAll::missing_ok). Later calls do
    /// nothing.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some of the contents may be removed already. Another call goes on, and so does the
    /// drop of the directory.
    ///
    /// # Errors
    ///
    /// Something cannot be removed. The directory stays temporary: another call, or the drop, tries again.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut dir = anyfile::temp_dir().await?;
    /// dir.path().join("notes").write_text("text").await?;
    /// dir.close().await?;
    /// assert!(!dir.path().exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "cleanup")]
    pub async fn close(&mut self) -> io::Result<()> {
        if self.is_temporary {
            self.path.remove_dir_all().missing_ok(true).await?;
            self.is_temporary = false;
        }
        Ok(())
    }
}

impl AsRef<std::path::Path> for TempDir {
    fn as_ref(&self) -> &std::path::Path {
        self.path.as_ref()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if self.is_temporary {
            let (path, lane) = (self.path.to_path_buf(), self.path.lane().clone());
            tree::remove_in_background(path, lane, Removal::leave());
        }
    }
}
