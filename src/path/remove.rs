//! Removing files and directories.

use std::io;

use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::dir::tree::{self, RemoveProgress, Reporter};
use crate::error::Operation;
use crate::pool;

/// Removing.
impl Path {
    /// Removes a file or a symbolic link: await the future, or set an option first.
    ///
    /// Semantics of `pathlib`; with no options, those of [`std::fs::remove_file`] (`unlink`).
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

    /// Same as [`unlink`](Path::unlink), under the name that std has for it.
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
    /// # Errors
    ///
    /// - Nothing is there, or it is not a directory; a symbolic link to one is not, either.
    /// - The directory is not empty.
    /// - The process may not write to the directory that it is in.
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

    /// Same as [`rmdir`](Path::rmdir), under the name that std has for it.
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

    /// Removes a directory and all that is in it: await the future, or set options first.
    ///
    /// Semantics of [`std::fs::remove_dir_all`]: symbolic links are removed and not followed, and neither
    /// is the path itself if it names one. See [`RemoveDirAll`] for what differs.
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
    /// The future of [`Path::unlink`], which takes its option until it is first polled.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): nothing is there, and `missing_ok` is not set.
    /// - It is a directory: [`rmdir`](Path::rmdir) removes that.
    /// - The process may not write to the directory that it is in.
    pub struct Unlink(UnlinkCall {
        path: Path,
        missing_ok: bool,
    }) -> io::Result<()>;
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

impl UnlinkCall {
    async fn run(self) -> io::Result<()> {
        let path = self.path.clone();
        let call = pool::shield(move || async_fs::remove_file(path.clone()));
        match ops::named(Operation::Remove, self.path, call).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

future! {
    /// The future of [`Path::rmdir`].
    pub struct Rmdir(RmdirCall {
        path: Path,
    }) -> io::Result<()>;
}

impl RmdirCall {
    async fn run(self) -> io::Result<()> {
        let path = self.path.clone();
        let call = pool::shield(move || async_fs::remove_dir(path.clone()));
        ops::named(Operation::RemoveDir, self.path, call).await
    }
}

future! {
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
    pub struct RemoveDirAll(RemoveDirAllCall {
        path: Path,
        missing_ok: bool,
        reporter: Reporter<RemoveProgress>,
    }) -> io::Result<()>;
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

impl RemoveDirAllCall {
    async fn run(self) -> io::Result<()> {
        match tree::remove(self.path.into(), self.reporter).await {
            Err(error) if self.missing_ok && error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}
