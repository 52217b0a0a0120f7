//! [`Path::open_atomic`].

use std::io;

use super::atomic::{self, Options};
use super::{AtomicFile, Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;

/// Replacing the contents of a file in one step, bit by bit.
impl Path {
    /// Opens an [`AtomicFile`], to which new contents of the file are written.
    ///
    /// The contents go to a temporary file in the same directory. [`commit`](AtomicFile::commit) puts it in place
    /// in one step: readers see the old or the new contents, never a mix. Until then the old file stays.
    ///
    /// Same as [`write_atomic`](Path::write_atomic), for contents that are not in memory as a whole: symbolic
    /// links, [permissions](Path::write_atomic) and syncing are as described there.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. Otherwise the temporary file is
    /// removed, as by the drop of an [`AtomicFile`].
    ///
    /// # Errors
    ///
    /// - The parent directory does not exist, or the process lacks permission to read it or to create files in
    ///   it. Write permission for the old file is not needed.
    /// - [`IsADirectory`](io::ErrorKind::IsADirectory): the path is a directory.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is a device, a FIFO or a socket.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at the path, and
    ///   [`no_replace`](OpenAtomic::no_replace) is set.
    ///
    /// # Platform behavior
    ///
    /// Same as [`write_atomic`](Path::write_atomic).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let list = anyfile::Path::new(dir.path()) / "list";
    /// list.write_text("old").await?;
    /// let mut file = list.open_atomic().await?;
    /// for number in 0..1000 {
    ///     file.write_all(format!("{number}\n").as_bytes()).await?;
    /// }
    /// assert_eq!(list.read_text().await?, "old");
    /// file.commit().await?;
    /// assert!(list.read_text().await?.ends_with("999\n"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open_atomic(&self) -> OpenAtomic {
        OpenAtomic(Lazy::New(OpenAtomicCall {
            path: self.clone(),
            options: Options::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::open_atomic`]. Options can be set until it is first polled.
    pub struct OpenAtomic(OpenAtomicCall {
        path: Path,
        options: Options,
    }) -> io::Result<AtomicFile>;
}

impl OpenAtomic {
    /// Sets whether [`commit`](AtomicFile::commit) syncs the file and its directory (`fsync`). The default is
    /// `true`.
    ///
    /// If `false`, the new contents are still put in place in one step, and a killed process leaves the old or the
    /// new ones. But a power failure may leave an empty or incomplete file.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let cache = anyfile::Path::new(dir.path()) / "cache";
    /// let mut file = cache.open_atomic().sync(false).await?;
    /// file.commit().await?;
    /// assert!(cache.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn sync(mut self, sync: bool) -> Self {
        self.0.options().options.sync = sync;
        self
    }

    /// Sets whether an existing file is kept, and opening or [committing](AtomicFile::commit) fails. The default is
    /// `false`.
    ///
    /// Checking and putting in place are one step: if several tasks or processes create one file, exactly one of
    /// them succeeds. A symbolic link at the path is not followed; it is an existing file, even if it is broken.
    ///
    /// # Errors
    ///
    /// The future, or `commit`, fails with:
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at the path.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), from `commit` only: the filesystem can neither rename without
    ///   replacing nor create hard links.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// let mut first = notes.open_atomic().no_replace(true).await?;
    /// let mut second = notes.open_atomic().no_replace(true).await?;
    /// first.commit().await?;
    /// let error = second.commit().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn no_replace(mut self, no_replace: bool) -> Self {
        self.0.options().options.no_replace = no_replace;
        self
    }
}

/// # Platform behavior
///
/// Available on Unix.
#[cfg(unix)]
impl OpenAtomic {
    /// Sets the permission bits of a new file, before the umask is applied. The default is `0o666`.
    ///
    /// If a file is replaced, its permissions are kept.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let secret = anyfile::Path::new(dir.path()) / "secret";
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// secret.open_atomic().mode(0o600).await?.commit().await?;
    /// assert_eq!(secret.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> Self {
        self.0.options().options.mode = mode;
        self
    }
}

impl OpenAtomicCall {
    async fn run(self) -> io::Result<AtomicFile> {
        let Self { path, options } = self;
        let named = path.clone();
        let open = move |path: &std::path::Path| {
            let (file, new) = atomic::begin(path, options)?;
            Ok(AtomicFile::created(named, file, new))
        };
        ops::run(Operation::Replace, path, open).await
    }
}
