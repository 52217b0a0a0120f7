//! Removing files and directories.

use std::io;

use super::{Path, in_use, ops};
use crate::call::{Lazy, future};
use crate::dir::tree::{self, RemoveProgress, Reporter};
use crate::error::Operation;
use crate::pool;

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
    /// - The path does not exist or is not a directory. A symbolic link to a directory is not one.
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
        Rmdir(Lazy::New(RmdirCall { path: self.clone() }))
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

    /// Removes a directory and its contents.
    ///
    /// Semantics of [`std::fs::remove_dir_all`]: symbolic links are removed, not followed. The differences are
    /// in the [errors](RemoveDirAll#errors).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the rest of the tree stays. See [`RemoveDirAll`](RemoveDirAll#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`RemoveDirAll`](RemoveDirAll#errors).
    ///
    /// # Examples
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
}

future! {
    /// Future returned by [`Path::unlink`] and [`Path::remove_file`]. The option can be set until it is first
    /// polled.
    pub struct Unlink(UnlinkCall {
        path: Path,
        missing_ok: bool,
    }) -> io::Result<()>;
}

impl Unlink {
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
    /// # let dir = anyfile::Path::new(dir.path());
    /// let notes = &dir / "notes";
    /// assert!(notes.unlink().await.is_err());
    /// notes.unlink().missing_ok(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn missing_ok(mut self, missing_ok: bool) -> Self {
        self.0.options().missing_ok = missing_ok;
        self
    }
}

impl UnlinkCall {
    async fn run(self) -> io::Result<()> {
        let path = self.path.clone();
        let remove = || async_fs::remove_file(path.clone());
        let call = in_use::repeat(in_use::REMOVING, || pool::shield(remove));
        match ops::named(Operation::Remove, self.path, call).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

future! {
    /// Future returned by [`Path::rmdir`] and [`Path::remove_dir`].
    pub struct Rmdir(RmdirCall {
        path: Path,
    }) -> io::Result<()>;
}

impl RmdirCall {
    async fn run(self) -> io::Result<()> {
        let path = self.path.clone();
        let remove = || async_fs::remove_dir(path.clone());
        let call = in_use::repeat(in_use::REMOVING, || pool::shield(remove));
        ops::named(Operation::RemoveDir, self.path, call).await
    }
}

future! {
    /// Future returned by [`Path::remove_dir_all`]. Options can be set until it is first polled.
    ///
    /// The depth of the tree is not limited: neither the stack nor the number of open files grows with it, and
    /// paths in the tree may be of any length.
    ///
    /// # Cancel safety
    ///
    /// The work is done in short slices. If the future is dropped, the slice that has begun is finished,
    /// and the rest of the tree stays. While the future is not polled, no thread is held.
    ///
    /// # Errors
    ///
    /// The message names the file or directory that cannot be removed: ``failed to remove directory and all in
    /// it `a/b/c`: Permission denied``. Others may have been removed by then. It is not an error if another
    /// process removes entries at the same time.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the path does not exist, and
    ///   [`missing_ok`](RemoveDirAll::missing_ok) is not set.
    /// - [`NotADirectory`](io::ErrorKind::NotADirectory): the path is a file, or a symbolic link followed by a
    ///   separator (`link/`). For the latter, std empties the directory that the link points to; here nothing
    ///   is removed.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path does not end with a name (`.`, `a/.`, `a/..`,
    ///   `/`). std removes the contents before it fails; here nothing is removed.
    /// - The process lacks permission to read a directory or to write to it.
    ///
    /// # Platform behavior
    ///
    /// On Unix, entries are looked up relative to open directories, so renames by other processes cannot lead
    /// out of the tree. On other platforms, [`std::fs::remove_dir_all`] does the work in one slice: the error
    /// names only the path, and progress is reported once, at the end, with the whole tree as one entry.
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
    /// assert!(!(&dir / "cache").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct RemoveDirAll(RemoveDirAllCall {
        path: Path,
        missing_ok: bool,
        reporter: Reporter<RemoveProgress>,
    }) -> io::Result<()>;
}

impl RemoveDirAll {
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
    /// # let dir = anyfile::Path::new(dir.path());
    /// let cache = &dir / "cache";
    /// assert!(cache.remove_dir_all().await.is_err());
    /// cache.remove_dir_all().missing_ok(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn missing_ok(mut self, missing_ok: bool) -> Self {
        self.0.options().missing_ok = missing_ok;
        self
    }

    /// Calls `f` with the progress after each slice of the work and at the end. There is no callback by
    /// default.
    ///
    /// `f` runs where the future is polled, not on the thread pool. There is no total, because the tree is not
    /// counted first.
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
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a/b").mkdir().parents(true).await?;
    /// let (send, receive) = std::sync::mpsc::channel();
    /// (&dir / "a").remove_dir_all().on_progress(move |progress| { let _ = send.send(progress); }).await?;
    /// assert!(receive.iter().count() >= 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(RemoveProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}

impl RemoveDirAllCall {
    async fn run(self) -> io::Result<()> {
        match tree::remove(self.path.into(), self.reporter).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}
