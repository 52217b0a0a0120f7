//! Functions and options of Unix.

use std::io;
use std::path::Path;

use super::at;
use super::sealed::Sealed;

#[doc(no_inline)]
pub use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

/// Creates a symbolic link at `dst` that points to `src`.
///
/// Semantics of [`std::os::unix::fs::symlink`]. Same as [`Path::symlink_to`](crate::Path::symlink_to) of `dst`.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, no link is created. A call that has begun is finished.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at `dst`.
/// - The parent directory of `dst` does not exist, or the process lacks permission to write to it.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("link");
/// fs::unix::symlink("notes", &path).await?;
/// assert_eq!(fs::read_link(&path).await?, std::path::Path::new("notes"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<()> {
    at(dst).symlink_to(src).await
}

/// Options of a [`DirBuilder`](super::DirBuilder) on Unix.
///
/// This trait is sealed: other types cannot implement it.
pub trait DirBuilderExt: Sealed {
    /// Sets the permission bits of the directories that are created, before the umask is applied. The default is
    /// `0o777`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::unix::{DirBuilderExt, PermissionsExt};
    /// use anyfile::fs::{self, DirBuilder};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// DirBuilder::new().mode(0o700).create(&path).await?;
    /// assert_eq!(fs::metadata(&path).await?.permissions().mode() & 0o777, 0o700);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn mode(&mut self, mode: u32) -> &mut Self;
}

/// Methods of a [`DirEntry`](super::DirEntry) on Unix.
///
/// This trait is sealed: other types cannot implement it.
pub trait DirEntryExt: Sealed {
    /// Returns the inode number that came with the listing (`d_ino`).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs;
    /// use anyfile::fs::unix::{DirEntryExt, MetadataExt};
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// fs::write(dir.path().join("notes"), "").await?;
    /// let entry = fs::read_dir(dir.path()).await?.try_next().await?.unwrap();
    /// assert_eq!(entry.ino(), entry.metadata().await?.ino());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn ino(&self) -> u64;
}

/// Options of [`OpenOptions`](super::OpenOptions) on Unix.
///
/// This trait is sealed: other types cannot implement it.
pub trait OpenOptionsExt: Sealed {
    /// Sets the permission bits of a new file, before the umask is applied. The default is `0o666`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    /// use anyfile::fs::unix::{OpenOptionsExt, PermissionsExt};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true).mode(0o600);
    /// let file = options.open(&path).await?;
    /// assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn mode(&mut self, mode: u32) -> &mut Self;

    /// Sets additional flags of `open(2)`, for example `O_NOFOLLOW`. The default is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::unix::{OpenOptionsExt, symlink};
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("link");
    /// const O_NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    ///
    /// symlink("/", &path).await?;
    /// let mut options = OpenOptions::new();
    /// assert!(options.read(true).open(&path).await.is_ok());
    /// assert!(options.custom_flags(O_NOFOLLOW).open(&path).await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn custom_flags(&mut self, flags: i32) -> &mut Self;
}
