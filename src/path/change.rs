//! Changing permissions and times.

use std::fs::{FileTimes, Permissions};
use std::io;

use super::{Path, ops, times};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::pool;

/// Changing permissions and times.
impl Path {
    /// Sets the permissions of the file at the path, following symbolic links.
    ///
    /// Semantics of [`std::fs::set_permissions`] (`chmod`).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the permissions do not change. A change that
    /// has begun is finished.
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
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.touch().await?;
    /// let mut permissions = notes.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// notes.set_permissions(permissions).await?;
    /// assert!(notes.metadata().await?.permissions().readonly());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_permissions(&self, permissions: Permissions) -> SetPermissions {
        SetPermissions(Lazy::New(SetPermissionsCall {
            path: self.clone(),
            permissions,
        }))
    }

    /// Sets the permission bits of the file at the path, following symbolic links.
    ///
    /// Semantics of `pathlib`'s `chmod`. Available on Unix; see [`set_permissions`](Path::set_permissions) for
    /// other platforms.
    ///
    /// # Cancel safety
    ///
    /// Same as [`set_permissions`](Path::set_permissions).
    ///
    /// # Errors
    ///
    /// The errors of [`set_permissions`](Path::set_permissions).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// notes.touch().await?;
    /// notes.chmod(0o600).await?;
    /// assert_eq!(notes.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn chmod(&self, mode: u32) -> SetPermissions {
        self.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
    }

    /// Sets the times of the file at the path, following symbolic links.
    ///
    /// Semantics of [`File::set_times`](std::fs::File::set_times), and on Unix of `utimensat`: the file is not
    /// opened, so its mode does not matter, and it may be a FIFO, a socket or a device. [`touch`](Path::touch)
    /// sets the current time.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the times do not change. A change that has
    /// begun is finished.
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
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use std::time::{Duration, SystemTime};
    ///
    /// notes.touch().await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// notes.set_times(std::fs::FileTimes::new().set_modified(then)).await?;
    /// assert_eq!(notes.metadata().await?.modified()?, then);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "utime")]
    pub fn set_times(&self, times: FileTimes) -> SetTimes {
        SetTimes(Lazy::New(SetTimesCall {
            path: self.clone(),
            times,
        }))
    }
}

future! {
    /// Future returned by [`Path::set_permissions`] and `Path::chmod`.
    pub struct SetPermissions(SetPermissionsCall {
        path: Path,
        permissions: Permissions,
    }) -> io::Result<()>;
}

impl SetPermissionsCall {
    async fn run(self) -> io::Result<()> {
        let path = self.path.clone();
        let set = || async_fs::set_permissions(self.path.clone(), self.permissions.clone());
        ops::named(Operation::SetPermissions, path, pool::shield(set)).await
    }
}

future! {
    /// Future returned by [`Path::set_times`].
    pub struct SetTimes(SetTimesCall {
        path: Path,
        times: FileTimes,
    }) -> io::Result<()>;
}

impl SetTimesCall {
    async fn run(self) -> io::Result<()> {
        // One job, because several system calls are needed.
        let Self { path, times } = self;
        ops::run(Operation::SetTimes, path, move |path| {
            times::set(path, times)
        })
        .await
    }
}
