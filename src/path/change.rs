//! Removing, renaming, and changing attributes.

use std::fs::{FileTimes, Permissions};
use std::io;
use std::path::Path as StdPath;

use super::{Path, ops, times};
use crate::call::{Call, Lazy, future};
use crate::dir::tree::{self, RemoveProgress, Reporter};
use crate::error::Operation;
use crate::pool;

/// Removing, renaming, and changing attributes.
impl Path {
    /// Removes a file or a symbolic link: await the future, or set an option first.
    ///
    /// Semantics of `pathlib`; with no options, those of [`std::fs::remove_file`] (`unlink`).
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

    /// Same as [`unlink`](Path::unlink), under the name that std has for it.
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
    /// # Errors
    ///
    /// - Nothing is there, or it is not a directory; a symbolic link to one is not, either.
    /// - The directory is not empty.
    /// - The process may not write to the directory that it is in.
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
        Rmdir(Lazy::New(RmdirCall { path: self.clone() }))
    }

    /// Same as [`rmdir`](Path::rmdir), under the name that std has for it.
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

    /// Removes a directory and all that is in it: await the future, or set options first.
    ///
    /// Semantics of [`std::fs::remove_dir_all`]: symbolic links are removed and not followed, and neither
    /// is the path itself if it names one. See [`RemoveDirAll`] for what differs.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a/b").mkdir().parents(true).await?;
    /// (&dir / "a").remove_dir_all().await?;
    /// assert!(!(&dir / "a").exists().await);
    /// (&dir / "a").remove_dir_all().missing_ok(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "rmtree")]
    pub fn remove_dir_all(&self) -> RemoveDirAll {
        RemoveDirAll(Lazy::New(RemoveDirAllCall {
            path: self.clone(),
            missing_ok: false,
            reporter: Reporter::default(),
        }))
    }

    /// Renames what is at the path to `target`, and returns the new path.
    ///
    /// Semantics of [`std::fs::rename`]: a file that is at `target` is replaced in one step, on every
    /// platform (`pathlib`'s `rename` refuses that on Windows). A relative `target` counts from the
    /// current directory.
    ///
    /// # Errors
    ///
    /// The message names both paths.
    ///
    /// - Nothing is at the path, or the directory of `target` does not exist.
    /// - Just one of the two is a directory, or `target` is a directory with something in it.
    /// - The paths are on different filesystems.
    /// - The process may not write to one of the directories.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let draft = &dir / "draft";
    /// draft.write_text("first\n").await?;
    /// let notes = draft.rename(&dir / "notes").await?;
    /// assert_eq!(notes.read_text().await?, "first\n");
    /// assert!(!draft.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "replace")]
    pub fn rename(&self, target: impl AsRef<StdPath>) -> Rename {
        Rename(Lazy::New(RenameCall {
            path: self.clone(),
            target: Path::new(target),
        }))
    }

    /// Sets the permissions of what is at the path, symbolic links followed.
    ///
    /// Semantics of [`std::fs::set_permissions`] (`chmod`).
    ///
    /// # Errors
    ///
    /// - Nothing is there.
    /// - It belongs to another user.
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

    /// Sets the permission bits of what is at the path, symbolic links followed.
    ///
    /// Semantics of `pathlib`, as `chmod`. Only Unix has this; see
    /// [`set_permissions`](Path::set_permissions).
    ///
    /// # Errors
    ///
    /// Those of [`set_permissions`](Path::set_permissions).
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

    /// Sets the times of what is at the path, symbolic links followed.
    ///
    /// Semantics of [`File::set_times`](std::fs::File::set_times), and on Unix of `utimensat`: what is there
    /// is not opened, so that its mode makes no difference, and it may be a FIFO, a socket or a device.
    /// [`touch`](Path::touch) sets the current time.
    ///
    /// # Errors
    ///
    /// - Nothing is there.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it belongs to another user.
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

/// The future of [`Path::unlink`], which takes its option until it is first polled.
///
/// # Errors
///
/// - [`NotFound`](io::ErrorKind::NotFound): nothing is there, and `missing_ok` is not set.
/// - It is a directory: [`rmdir`](Path::rmdir) removes that.
/// - The process may not write to the directory that it is in.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Unlink(Lazy<UnlinkCall>);

#[derive(Debug)]
struct UnlinkCall {
    path: Path,
    missing_ok: bool,
}

impl Unlink {
    /// Accepts that nothing is there. Defaults to false.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn missing_ok(mut self, missing_ok: bool) -> Self {
        self.0.options().missing_ok = missing_ok;
        self
    }
}

impl Call for UnlinkCall {
    type Output = io::Result<()>;

    async fn call(self) -> io::Result<()> {
        let path = self.path.clone();
        let call = pool::shield(move || async_fs::remove_file(path.clone()));
        match ops::named(Operation::Remove, self.path, call).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

future!(Unlink => io::Result<()>);

/// The future of [`Path::rmdir`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Rmdir(Lazy<RmdirCall>);

#[derive(Debug)]
struct RmdirCall {
    path: Path,
}

impl Call for RmdirCall {
    type Output = io::Result<()>;

    async fn call(self) -> io::Result<()> {
        let path = self.path.clone();
        let call = pool::shield(move || async_fs::remove_dir(path.clone()));
        ops::named(Operation::RemoveDir, self.path, call).await
    }
}

future!(Rmdir => io::Result<()>);

/// The future of [`Path::remove_dir_all`], which takes its options until it is first polled.
///
/// Any depth will do: neither the stack nor the number of open files grows with it, and no path in the tree
/// is too long.
///
/// # Errors
///
/// The message names the very file or directory that cannot be removed: ``failed to remove directory and
/// all in it `a/b/c`: Permission denied``. Others may have been removed by then. What somebody else removes
/// meanwhile is no error.
///
/// - [`NotFound`](io::ErrorKind::NotFound): nothing is there, and `missing_ok` is not set.
/// - [`NotADirectory`](io::ErrorKind::NotADirectory): it is a file, or a symbolic link with a separator
///   behind it (`link/`). std empties the directory that the link leads to; here nothing is removed.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path does not end with a name (`.`, `a/.`, `a/..`, `/`).
///   std removes all that is in there before it fails; here nothing is removed.
/// - A directory may not be read, or not be written to.
///
/// # Cancel safety
///
/// The work is done in slices of a few milliseconds. If the future is dropped, the slice that has begun is
/// finished, and no other follows: the rest of the tree stays. While the future is not polled, no thread
/// is held.
///
/// # Platform behavior
///
/// On Unix, everything below the path is looked up in open directories: what is done to names meanwhile
/// cannot lead out of the tree. Elsewhere, [`std::fs::remove_dir_all`] does the work in one slice; the
/// error names the path only, and progress is told at the end only, the whole as one entry.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// # (&dir / "cache/old").mkdir().parents(true).await?;
/// (&dir / "cache")
///     .remove_dir_all()
///     .on_progress(|progress| println!("{} entries removed", progress.entries))
///     .await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct RemoveDirAll(Lazy<RemoveDirAllCall>);

#[derive(Debug)]
struct RemoveDirAllCall {
    path: Path,
    missing_ok: bool,
    reporter: Reporter<RemoveProgress>,
}

impl RemoveDirAll {
    /// Accepts that nothing is there. Defaults to false.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn missing_ok(mut self, missing_ok: bool) -> Self {
        self.0.options().missing_ok = missing_ok;
        self
    }

    /// Calls `f` with the progress after each slice of the work, and at the end.
    ///
    /// `f` runs where the future is awaited, not on the thread pool. There is no total, since the tree is
    /// not counted first.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(RemoveProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}

impl Call for RemoveDirAllCall {
    type Output = io::Result<()>;

    async fn call(self) -> io::Result<()> {
        match tree::remove(self.path.into(), self.reporter).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

future!(RemoveDirAll => io::Result<()>);

/// The future of [`Path::rename`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Rename(Lazy<RenameCall>);

#[derive(Debug)]
struct RenameCall {
    path: Path,
    target: Path,
}

impl Call for RenameCall {
    type Output = io::Result<Path>;

    async fn call(self) -> io::Result<Path> {
        let (path, target) = (self.path.clone(), self.target.clone());
        let rename = || async_fs::rename(self.path.clone(), self.target.clone());
        ops::named_pair(Operation::Rename, path, target, pool::shield(rename)).await?;
        Ok(self.target)
    }
}

future!(Rename => io::Result<Path>);

/// The future of [`Path::set_permissions`] and `Path::chmod`.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct SetPermissions(Lazy<SetPermissionsCall>);

#[derive(Debug)]
struct SetPermissionsCall {
    path: Path,
    permissions: Permissions,
}

impl Call for SetPermissionsCall {
    type Output = io::Result<()>;

    async fn call(self) -> io::Result<()> {
        let path = self.path.clone();
        let set = || async_fs::set_permissions(self.path.clone(), self.permissions.clone());
        ops::named(Operation::SetPermissions, path, pool::shield(set)).await
    }
}

future!(SetPermissions => io::Result<()>);

/// The future of [`Path::set_times`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct SetTimes(Lazy<SetTimesCall>);

#[derive(Debug)]
struct SetTimesCall {
    path: Path,
    times: FileTimes,
}

impl Call for SetTimesCall {
    type Output = io::Result<()>;

    async fn call(self) -> io::Result<()> {
        // One job for its several calls.
        let Self { path, times } = self;
        ops::run(Operation::SetTimes, path, move |path| {
            times::set(path, times)
        })
        .await
    }
}

future!(SetTimes => io::Result<()>);
