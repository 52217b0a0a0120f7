//! Making directories, files and links.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::Path as StdPath;

use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::pool;
use crate::retry::retry;

/// Making directories, files and links.
impl Path {
    /// Creates a directory: await the future, or set options first.
    ///
    /// Semantics of `pathlib`; with no options, those of [`std::fs::create_dir`].
    ///
    /// # Examples
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
    #[doc(alias = "makedirs")]
    pub fn mkdir(&self) -> Mkdir {
        Mkdir(Lazy::New(MkdirCall {
            path: self.clone(),
            parents: false,
            exist_ok: false,
            mode: 0o777,
        }))
    }

    /// Same as [`mkdir`](Path::mkdir), under the name that std has for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a").create_dir().await?;
    /// assert!((&dir / "a").is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create_dir(&self) -> Mkdir {
        self.mkdir()
    }

    /// Same as [`mkdir`](Path::mkdir) with [`parents`](Mkdir::parents) and [`exist_ok`](Mkdir::exist_ok),
    /// under the name that std has for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a/b/c").create_dir_all().await?;
    /// assert!((&dir / "a/b/c").is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create_dir_all(&self) -> Mkdir {
        self.mkdir().parents(true).exist_ok(true)
    }

    /// Creates an empty file, or sets the times of an existing one to the current time: await the future, or
    /// set options first.
    ///
    /// Semantics of `pathlib`: the time of last access and that of the last change are both set, of a
    /// directory or a device too, and a symbolic link is followed.
    ///
    /// # Examples
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
        Touch(Lazy::New(TouchCall {
            path: self.clone(),
            exist_ok: true,
            mode: 0o666,
        }))
    }

    /// Creates a symbolic link to `target` at this path: await the future, or set an option first.
    ///
    /// Semantics of `pathlib`, and on Unix of [`std::os::unix::fs::symlink`]: `target` is stored as it is,
    /// whether anything is there or not; if relative, it counts from the directory of the link.
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
    pub fn symlink_to(&self, target: impl AsRef<StdPath>) -> SymlinkTo {
        SymlinkTo(Lazy::New(SymlinkCall {
            path: self.clone(),
            target: Path::new(target),
            target_is_directory: false,
        }))
    }

    /// Creates a hard link at this path to the file at `target`.
    ///
    /// Semantics of [`std::fs::hard_link`] (`link`), with the new name first as in `pathlib`; std takes the
    /// original first. Whether a
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
    pub fn hardlink_to(&self, target: impl AsRef<StdPath>) -> HardlinkTo {
        HardlinkTo(Lazy::New(HardlinkCall {
            path: self.clone(),
            target: Path::new(target),
        }))
    }
}

future! {
    /// The future of [`Path::mkdir`], which takes its options until it is first polled.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is there; with `exist_ok`, something that
    ///   is not a directory.
    /// - [`NotFound`](io::ErrorKind::NotFound): the parent does not exist, and is not to be made.
    /// - A parent is not a directory, or the process may not write to it.
    pub struct Mkdir(MkdirCall {
        path: Path,
        parents: bool,
        exist_ok: bool,
        mode: u32,
    }) -> io::Result<()>;
}

impl Mkdir {
    /// Creates missing parents too, with default permissions. Defaults to false.
    ///
    /// Any number of tasks and processes may do this at the same time.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn parents(mut self, parents: bool) -> Self {
        self.0.options().parents = parents;
        self
    }

    /// Accepts an existing directory, or a symbolic link to one. Defaults to false.
    ///
    /// With [`parents`](Mkdir::parents), the [empty path](Path#the-empty-path) is fine too.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().exist_ok = exist_ok;
        self
    }

    /// Sets the permission bits, less the umask, of the directory, not of its parents. Defaults to `0o777`.
    /// Has no effect except on Unix.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> Self {
        self.0.options().mode = mode;
        self
    }
}

impl MkdirCall {
    async fn run(self) -> io::Result<()> {
        // One job, since there may be parents to make.
        let path = self.path.clone();
        ops::run(Operation::CreateDir, path, move |path| self.make(path)).await
    }
}

impl MkdirCall {
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

future! {
    /// The future of [`Path::touch`], which takes its options until it is first polled.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is there, and that was not to be.
    /// - The directory does not exist, or the process may not write to it, or to the file that is there.
    pub struct Touch(TouchCall {
        path: Path,
        exist_ok: bool,
        mode: u32,
    }) -> io::Result<()>;
}

impl Touch {
    /// Accepts an existing file. Defaults to true.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().exist_ok = exist_ok;
        self
    }

    /// Sets the permission bits, less the umask, of a new file. Defaults to `0o666`. Has no effect except on
    /// Unix.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> Self {
        self.0.options().mode = mode;
        self
    }
}

impl TouchCall {
    async fn run(self) -> io::Result<()> {
        // One job, since the file may have to be made.
        let path = self.path.clone();
        ops::run(Operation::Touch, path, move |path| self.touch(path)).await
    }
}

impl TouchCall {
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

future! {
    /// The future of [`Path::symlink_to`], which takes its option until it is first polled.
    ///
    /// # Errors
    ///
    /// The message names the link and its target.
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something is at the path of the link.
    /// - The directory does not exist, or the process may not write to it.
    pub struct SymlinkTo(SymlinkCall {
        path: Path,
        target: Path,
        target_is_directory: bool,
    }) -> io::Result<()>;
}

impl SymlinkTo {
    /// Says whether the target is a directory. Defaults to false. Has no effect except on Windows, which has
    /// two kinds of links.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
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

future! {
    /// The future of [`Path::hardlink_to`].
    pub struct HardlinkTo(HardlinkCall {
        path: Path,
        target: Path,
    }) -> io::Result<()>;
}

impl HardlinkCall {
    async fn run(self) -> io::Result<()> {
        let (path, target) = (self.path.clone(), self.target.clone());
        let link = || async_fs::hard_link(self.target.clone(), self.path.clone());
        ops::named_pair(Operation::HardLink, path, target, pool::shield(link)).await
    }
}
