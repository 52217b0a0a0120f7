//! Making directories, files and links.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::Path as StdPath;

use super::ops::awaited;
use super::{Path, ops};
use crate::error::Operation;
use crate::pool;
use crate::retry::retry;

/// Making directories, files and links.
impl Path {
    /// Makes a directory: await the result, or set options first.
    ///
    /// Semantics of `pathlib`; with no options, those of [`std::fs::create_dir`].
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a").mkdir().await?;
    /// assert!((&dir / "a").mkdir().await.is_err());
    ///
    /// (&dir / "a/b/c").mkdir().parents(true).exist_ok(true).await?;
    /// assert!((&dir / "a/b/c").is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "create_dir")]
    #[doc(alias = "create_dir_all")]
    #[doc(alias = "makedirs")]
    pub fn mkdir(&self) -> Mkdir {
        Mkdir {
            path: self.clone(),
            parents: false,
            exist_ok: false,
            mode: 0o777,
        }
    }

    /// Makes an empty file, or gives the file that is there the current time: await the result, or set
    /// options first.
    ///
    /// Semantics of `pathlib`: the time of last access and that of the last change are both set, of a
    /// directory or a device too, and a symbolic link is followed.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.touch().await?;
    /// assert!(notes.is_file().await);
    /// notes.touch().await?;
    /// assert!(notes.touch().exist_ok(false).await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn touch(&self) -> Touch {
        Touch {
            path: self.clone(),
            exist_ok: true,
            mode: 0o666,
        }
    }

    /// Makes the path a symbolic link to `target`: await the result, or set an option first.
    ///
    /// Semantics of `pathlib`, and on Unix of [`std::os::unix::fs::symlink`]: `target` is stored as it is,
    /// whether anything is there or not; if relative, it counts from the directory of the link.
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
    pub fn symlink_to(&self, target: impl AsRef<StdPath>) -> SymlinkTo {
        SymlinkTo {
            path: self.clone(),
            target: Path::new(target),
            target_is_directory: false,
        }
    }

    /// Makes the path one more name of the file at `target`.
    ///
    /// Semantics of [`std::fs::hard_link`] (`link`), with the new name first as in `pathlib`. Whether a
    /// symbolic link at `target` is followed depends on the system: Linux does not.
    ///
    /// # Errors
    ///
    /// The message names both paths.
    ///
    /// - Something is at the path already.
    /// - Nothing is at `target`, or it is a directory, or on another filesystem.
    /// - The process may not write to the directory.
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
    pub fn hardlink_to<P: AsRef<StdPath>>(
        &self,
        target: P,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<P> {
        let (path, target) = (self.clone(), Path::new(target));
        let (old, new) = (target.clone(), path.clone());
        let call = pool::shield(move || async_fs::hard_link(old.clone(), new.clone()));
        ops::named_pair(Operation::HardLink, path, target, call)
    }
}

/// The options of [`Path::mkdir`], awaited to make the directory.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is there; with `exist_ok`, something that
///   is not a directory.
/// - [`NotFound`](io::ErrorKind::NotFound): the parent does not exist, and is not to be made.
/// - A parent is not a directory, or the process may not write to it.
#[derive(Debug, Clone)]
#[must_use = "a directory is made when its builder is awaited"]
pub struct Mkdir {
    path: Path,
    parents: bool,
    exist_ok: bool,
    mode: u32,
}

impl Mkdir {
    /// Whether missing parents are made too, with default permissions; by default, they are not.
    ///
    /// Any number of tasks and processes may do this at the same time.
    pub fn parents(mut self, parents: bool) -> Self {
        self.parents = parents;
        self
    }

    /// Whether it is fine that the directory, or a symbolic link to one, is there already; by default, it
    /// is an error. With [`parents`](Mkdir::parents), the [empty path](Path#the-empty-path) is fine too.
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.exist_ok = exist_ok;
        self
    }

    /// The permission bits, less the umask, of the directory but not of its parents; `0o777` by default.
    /// Only Unix has them.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    async fn call(self) -> io::Result<()> {
        // One job, since there may be parents to make.
        let path = self.path.clone();
        ops::run(Operation::CreateDir, path, move |path| self.make(path)).await
    }

    fn make(&self, path: &StdPath) -> io::Result<()> {
        // The parent of a single name: as `create_dir_all` has it, nothing is missing on the way there.
        if path.as_os_str().is_empty() && self.parents && self.exist_ok {
            return Ok(());
        }
        // Without a `.` at the end, which the system would look for in what is yet to be made.
        let path = path.components().as_path();
        match self.make_last(path) {
            Err(error) if self.parents && error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().ok_or(error)?;
                retry(|| fs::create_dir_all(parent))?;
                self.make_last(path)
            }
            result => result,
        }
    }

    fn make_last(&self, path: &StdPath) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.mode);
        let is_dir = || retry(|| fs::metadata(path)).is_ok_and(|found| found.is_dir());
        match retry(|| builder.create(path)) {
            // Whatever the error: the system may find that it must not write before it finds the directory.
            Err(_) if self.exist_ok && is_dir() => Ok(()),
            result => result,
        }
    }
}

awaited!(Mkdir => io::Result<()>);

/// The options of [`Path::touch`], awaited to touch the file.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is there, and that was not to be.
/// - The directory does not exist, or the process may not write to it, or to the file that is there.
#[derive(Debug, Clone)]
#[must_use = "a file is touched when its builder is awaited"]
pub struct Touch {
    path: Path,
    exist_ok: bool,
    mode: u32,
}

impl Touch {
    /// Whether it is fine that the file is there already; by default, it is.
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.exist_ok = exist_ok;
        self
    }

    /// The permission bits, less the umask, of a new file; `0o666` by default. Only Unix has them.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    async fn call(self) -> io::Result<()> {
        // One job, since the file may have to be made.
        let path = self.path.clone();
        ops::run(Operation::Touch, path, move |path| self.touch(path)).await
    }

    fn touch(&self, path: &StdPath) -> io::Result<()> {
        if self.exist_ok && super::times::set_now(path).is_ok() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).create_new(!self.exist_ok);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode);
        options.open(path).map(drop)
    }
}

awaited!(Touch => io::Result<()>);

/// The option of [`Path::symlink_to`], awaited to make the link.
///
/// # Errors
///
/// The message names the link and its target.
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is at the path of the link.
/// - The directory does not exist, or the process may not write to it.
#[derive(Debug, Clone)]
#[must_use = "a link is made when its builder is awaited"]
pub struct SymlinkTo {
    path: Path,
    target: Path,
    target_is_directory: bool,
}

impl SymlinkTo {
    /// Whether the target is a directory, which Windows wants to know; by default, it is not.
    pub fn target_is_directory(mut self, target_is_directory: bool) -> Self {
        self.target_is_directory = target_is_directory;
        self
    }

    async fn call(self) -> io::Result<()> {
        let (path, target) = (self.path.clone(), self.target.clone());
        ops::named_pair(Operation::Symlink, path, target, self.link()).await
    }

    #[cfg(not(windows))]
    async fn link(self) -> io::Result<()> {
        let link = || async_fs::unix::symlink(self.target.clone(), self.path.clone());
        pool::shield(link).await
    }

    #[cfg(windows)]
    async fn link(self) -> io::Result<()> {
        use async_fs::windows::{symlink_dir, symlink_file};
        let (target, path) = (self.target, self.path);
        match self.target_is_directory {
            true => pool::shield(|| symlink_dir(target.clone(), path.clone())).await,
            false => pool::shield(|| symlink_file(target.clone(), path.clone())).await,
        }
    }
}

awaited!(SymlinkTo => io::Result<()>);
