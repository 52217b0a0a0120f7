//! Creating links.

use std::fs;
use std::io;

use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;

/// Creating links.
impl Path {
    /// Creates a symbolic link at this path that points to `target`.
    ///
    /// Semantics of `pathlib`'s `symlink_to`, and on Unix of [`std::os::unix::fs::symlink`]: `target` is stored
    /// as it is, whether it exists or not. A relative `target` is relative to the directory of the link.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, no link is created. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// The message names the link and its target.
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the path of the link exists.
    /// - The parent directory does not exist, or the process lacks permission to write to it.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "notes").write_text("first\n").await?;
    /// (&dir / "link").symlink_to("notes").await?;
    /// assert_eq!((&dir / "link").read_text().await?, "first\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "symlink")]
    #[doc(alias = "symlink_dir")]
    #[doc(alias = "symlink_file")]
    pub fn symlink_to(&self, target: impl AsRef<std::path::Path>) -> SymlinkTo {
        SymlinkTo(Lazy::New(SymlinkCall {
            path: self.clone(),
            target: self.derive(target.as_ref()),
            target_is_directory: false,
        }))
    }

    /// Creates a hard link at this path to the existing file `target`.
    ///
    /// Semantics of [`std::fs::hard_link`] (`link`), with the arguments in `pathlib`'s order: std takes the
    /// original first.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, no link is created. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// The message names both paths.
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the path exists.
    /// - `target` does not exist, is a directory, or is on another filesystem.
    /// - The process lacks permission to write to the parent directory.
    ///
    /// # Platform behavior
    ///
    /// Whether a symbolic link at `target` is followed depends on the system. On Linux, it is not.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "notes").write_text("first\n").await?;
    /// (&dir / "same").hardlink_to(&dir / "notes").await?;
    /// assert_eq!((&dir / "same").read_text().await?, "first\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "hard_link")]
    #[doc(alias = "link_to")]
    pub fn hardlink_to(&self, target: impl AsRef<std::path::Path>) -> HardlinkTo {
        HardlinkTo(Lazy::New(HardlinkCall {
            path: self.clone(),
            target: self.derive(target.as_ref()),
        }))
    }
}

future! {
    /// Future returned by [`Path::symlink_to`]. The option can be set until it is first polled.
    pub struct SymlinkTo(SymlinkCall {
        path: Path,
        target: Path,
        target_is_directory: bool,
    }) -> io::Result<()>;
}

impl SymlinkTo {
    /// Sets whether the target is a directory. The default is `false`.
    ///
    /// This option has an effect on Windows only, where links to files and to directories differ.
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
    /// # #[cfg(unix)] {
    /// (&dir / "real").mkdir().await?;
    /// let link = &dir / "link";
    /// link.symlink_to("real").target_is_directory(true).await?;
    /// assert!(link.is_dir().await);
    /// # }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn target_is_directory(mut self, target_is_directory: bool) -> Self {
        self.0.options().target_is_directory = target_is_directory;
        self
    }
}

impl SymlinkCall {
    async fn run(self) -> io::Result<()> {
        let (path, target) = (self.path.clone(), self.target.clone());
        ops::named_pair(Operation::Symlink, path, target, self.link()).await
    }
}

impl SymlinkCall {
    #[cfg(not(windows))]
    async fn link(self) -> io::Result<()> {
        use std::os::unix::fs::symlink;
        ops::shield_pair(&self.target, &self.path, async_fs::unix::symlink, symlink).await
    }

    #[cfg(windows)]
    async fn link(self) -> io::Result<()> {
        use std::os::windows::fs::{symlink_dir, symlink_file};
        let (target, path) = (&self.target, &self.path);
        if self.target_is_directory {
            let call = async_fs::windows::symlink_dir;
            ops::shield_pair(target, path, call, symlink_dir).await
        } else {
            let call = async_fs::windows::symlink_file;
            ops::shield_pair(target, path, call, symlink_file).await
        }
    }
}

future! {
    /// Future returned by [`Path::hardlink_to`].
    pub struct HardlinkTo(HardlinkCall {
        path: Path,
        target: Path,
    }) -> io::Result<()>;
}

impl HardlinkCall {
    async fn run(self) -> io::Result<()> {
        let Self { path, target } = &self;
        let link = ops::shield_pair(target, path, async_fs::hard_link, fs::hard_link);
        ops::named_pair(Operation::HardLink, path.clone(), target.clone(), link).await
    }
}
