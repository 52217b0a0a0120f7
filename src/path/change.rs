//! Changing permissions, owners and times.

use std::fs::{self, FileTimes, Permissions};
use std::io;

use super::{Path, ops, times};
use crate::call::{Lazy, future};
use crate::error::Operation;
#[cfg(unix)]
use crate::retry::retry;

/// Changing permissions, owners and times.
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

    /// Sets the user and the group that own the file at the path, by their numbers. `None` changes nothing.
    ///
    /// Semantics of [`std::os::unix::fs::chown`], and of [`lchown`](std::os::unix::fs::lchown) with
    /// [`follow_symlinks(false)`](Chown::follow_symlinks). Available on Unix.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the owners do not change. A change that has begun
    /// is finished.
    ///
    /// # Errors
    ///
    /// - The path does not exist.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): only a privileged process may give files away. An
    ///   owner may choose among the groups of the process.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// notes.touch().await?;
    /// let group = notes.metadata().await?.gid();
    /// notes.chown(None, group).await?;
    /// assert_eq!(notes.metadata().await?.gid(), group);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn chown(&self, uid: impl Into<Option<u32>>, gid: impl Into<Option<u32>>) -> Chown {
        Chown(Lazy::New(ChownCall {
            path: self.clone(),
            uid: uid.into(),
            gid: gid.into(),
            follow: true,
        }))
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
            follow: true,
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
        let Self { path, permissions } = self;
        let arguments = (path.clone(), permissions);
        let call = |(path, permissions)| async_fs::set_permissions(path, permissions);
        let set = |(path, permissions): (Path, Permissions)| fs::set_permissions(path, permissions);
        let set = path.lane.clone().shield(arguments, call, set);
        ops::named(Operation::SetPermissions, path, set).await
    }
}

#[cfg(unix)]
future! {
    /// Future returned by [`Path::chown`].
    ///
    /// Options can be set until it is first polled.
    pub struct Chown(ChownCall {
        path: Path,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    }) -> io::Result<()>;
}

#[cfg(unix)]
impl Chown {
    /// Sets whether symbolic links are followed. The default is `true`.
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
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// link.symlink_to("missing").await?;
    /// let group = link.symlink_metadata().await?.gid();
    /// link.chown(None, group).follow_symlinks(false).await?;
    /// assert!(link.chown(None, group).await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn follow_symlinks(mut self, follow: bool) -> Self {
        self.0.options().follow = follow;
        self
    }
}

#[cfg(unix)]
impl ChownCall {
    async fn run(self) -> io::Result<()> {
        use std::os::unix::fs::{chown, lchown};

        let Self {
            path,
            uid,
            gid,
            follow,
        } = self;
        let change = move |path: &std::path::Path| {
            if follow {
                chown(path, uid, gid)
            } else {
                lchown(path, uid, gid)
            }
        };
        ops::run(Operation::Chown, path, move |path| retry(|| change(path))).await
    }
}

future! {
    /// Future returned by [`Path::set_times`].
    ///
    /// Options can be set until it is first polled.
    pub struct SetTimes(SetTimesCall {
        path: Path,
        times: FileTimes,
        follow: bool,
    }) -> io::Result<()>;
}

impl SetTimes {
    /// Sets whether symbolic links are followed. The default is `true`.
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
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// use std::fs::FileTimes;
    /// use std::time::{Duration, SystemTime};
    ///
    /// link.symlink_to("missing").await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// let times = FileTimes::new().set_modified(then);
    /// link.set_times(times).follow_symlinks(false).await?;
    /// assert_eq!(link.symlink_metadata().await?.modified()?, then);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn follow_symlinks(mut self, follow: bool) -> Self {
        self.0.options().follow = follow;
        self
    }
}

impl SetTimesCall {
    async fn run(self) -> io::Result<()> {
        // One job, because several system calls are needed.
        let Self { times, follow, .. } = self;
        ops::run(Operation::SetTimes, self.path, move |path| {
            times::set(path, times, follow)
        })
        .await
    }
}
