//! Removing files and empty directories.

use std::fs;
use std::io;

use super::{Path, in_use, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;

/// Adds the setter `missing_ok` to a builder, which is returned by the method of this name.
macro_rules! missing_ok_setter {
    ($builder:ident, $method:literal) => {
        impl $builder {
            /// Sets whether a path that does not exist is accepted. The default is `false`.
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
            #[doc = concat!("assert!(cache.", $method, "().await.is_err());")]
            #[doc = concat!("cache.", $method, "().missing_ok(true).await?;")]
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn missing_ok(mut self, missing_ok: bool) -> Self {
                self.0.options().missing_ok = missing_ok;
                self
            }
        }
    };
}
pub(super) use missing_ok_setter;

/// Makes the error for a missing path a success if that is accepted.
pub(super) fn accept_missing(removed: io::Result<()>, missing_ok: bool) -> io::Result<()> {
    match removed {
        Err(error) if missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Removing files and directories.
impl Path {
    /// Removes a file or a symbolic link.
    ///
    /// Semantics of `pathlib`'s `unlink`; without options, those of [`std::fs::remove_file`] (`unlink`).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is removed. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the path does not exist, and [`missing_ok`](Unlink::missing_ok)
    ///   is not set.
    /// - The path is a directory; [`rmdir`](Path::rmdir) removes those.
    /// - The process lacks permission to write to the parent directory.
    ///
    /// # Platform behavior
    ///
    /// Windows refuses to remove a file that another process has open. The call is then repeated for 1.3 seconds,
    /// without holding a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.touch().await?;
    /// notes.unlink().await?;
    /// assert!(notes.unlink().await.is_err());
    /// notes.unlink().missing_ok(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn unlink(&self) -> Unlink {
        Unlink(Lazy::New(UnlinkCall {
            path: self.clone(),
            missing_ok: false,
        }))
    }

    /// Removes a file or a symbolic link. Same as [`unlink`](Path::unlink), with the name that std uses.
    ///
    /// # Cancel safety
    ///
    /// Same as [`unlink`](Path::unlink).
    ///
    /// # Errors
    ///
    /// The errors of [`unlink`](Path::unlink).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// # notes.touch().await?;
    /// notes.remove_file().await?;
    /// assert!(!notes.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn remove_file(&self) -> Unlink {
        self.unlink()
    }

    /// Removes an empty directory.
    ///
    /// Semantics of [`std::fs::remove_dir`] (`rmdir`).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is removed. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the path does not exist, and [`missing_ok`](Rmdir::missing_ok)
    ///   is not set.
    /// - [`NotADirectory`](io::ErrorKind::NotADirectory): the path is not a directory. A symbolic link to a
    ///   directory is not one.
    /// - [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty): the directory is not empty.
    /// - The process lacks permission to write to the parent directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.mkdir().await?;
    /// notes.rmdir().await?;
    /// assert!(!notes.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn rmdir(&self) -> Rmdir {
        Rmdir(Lazy::New(RmdirCall {
            path: self.clone(),
            missing_ok: false,
        }))
    }

    /// Removes an empty directory. Same as [`rmdir`](Path::rmdir), with the name that std uses.
    ///
    /// # Cancel safety
    ///
    /// Same as [`rmdir`](Path::rmdir).
    ///
    /// # Errors
    ///
    /// The errors of [`rmdir`](Path::rmdir).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// # notes.mkdir().await?;
    /// notes.remove_dir().await?;
    /// assert!(!notes.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn remove_dir(&self) -> Rmdir {
        self.rmdir()
    }
}

future! {
    /// Future returned by [`Path::unlink`] and [`Path::remove_file`]. The option can be set until it is first
    /// polled.
    pub struct Unlink(UnlinkCall {
        path: Path,
        missing_ok: bool,
    }) -> io::Result<()>;
}

missing_ok_setter!(Unlink, "unlink");

impl UnlinkCall {
    async fn run(self) -> io::Result<()> {
        let path = &self.path;
        let remove = || ops::shield(path, async_fs::remove_file, fs::remove_file);
        let call = in_use::repeat(in_use::REMOVING, remove);
        let removed = ops::named(Operation::Remove, path.clone(), call).await;
        accept_missing(removed, self.missing_ok)
    }
}

future! {
    /// Future returned by [`Path::rmdir`] and [`Path::remove_dir`]. The option can be set until it is first polled.
    pub struct Rmdir(RmdirCall {
        path: Path,
        missing_ok: bool,
    }) -> io::Result<()>;
}

missing_ok_setter!(Rmdir, "rmdir");

impl RmdirCall {
    async fn run(self) -> io::Result<()> {
        let path = &self.path;
        let remove = || ops::shield(path, async_fs::remove_dir, fs::remove_dir);
        let call = in_use::repeat(in_use::REMOVING, remove);
        let removed = ops::named(Operation::RemoveDir, path.clone(), call).await;
        accept_missing(removed, self.missing_ok)
    }
}
