//! Creating directories and files.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;

use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::parents::{Parents, parents_setter};
use crate::retry::retry;

/// Creating directories and files.
impl Path {
    /// Creates a directory.
    ///
    /// Semantics of `pathlib`'s `mkdir`; without options, those of [`std::fs::create_dir`] (`mkdir`).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. A call that has begun is
    /// finished, including missing parents.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the path exists. With [`exist_ok`](Mkdir::exist_ok),
    ///   this is an error only if it is not a directory.
    /// - [`NotFound`](io::ErrorKind::NotFound): the parent directory does not exist, and
    ///   [`parents`](Mkdir::parents) is not set.
    /// - A parent is not a directory, or the process lacks permission to write to it.
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
            parents: Parents::default(),
            exist_ok: false,
            mode: 0o777,
        }))
    }

    /// Creates a directory. Same as [`mkdir`](Path::mkdir), with the name that std uses.
    ///
    /// # Cancel safety
    ///
    /// Same as [`mkdir`](Path::mkdir).
    ///
    /// # Errors
    ///
    /// The errors of [`mkdir`](Path::mkdir).
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

    /// Creates a directory and all missing parents. An existing directory is not an error.
    ///
    /// Same as [`mkdir`](Path::mkdir) with [`parents`](Mkdir::parents) and [`exist_ok`](Mkdir::exist_ok), with
    /// the name that std uses.
    ///
    /// # Cancel safety
    ///
    /// Same as [`mkdir`](Path::mkdir).
    ///
    /// # Errors
    ///
    /// The errors of [`mkdir`](Path::mkdir).
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

    /// Creates an empty file, or sets the times of an existing one to the current time.
    ///
    /// Semantics of `pathlib`'s `touch`: the times of last access and last modification are set, also those of a
    /// directory or a device. Symbolic links are followed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing changes. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the path exists, and [`exist_ok`](Touch::exist_ok) is
    ///   `false`.
    /// - The parent directory does not exist.
    /// - The process lacks permission to write to the parent directory or to the existing file.
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
}

future! {
    /// Future returned by [`Path::mkdir`], `create_dir` and `create_dir_all`. Options can be set until it is
    /// first polled.
    pub struct Mkdir(MkdirCall {
        path: Path,
        parents: Parents,
        exist_ok: bool,
        mode: u32,
    }) -> io::Result<()>;
}

parents_setter! {
    Mkdir: parents,
    ["" "They get the default permissions."],
    "(&dir / \"a/b/c\").mkdir().parents(true).await?;"
    "assert!((&dir / \"a/b/c\").is_dir().await);"
}

impl Mkdir {
    /// Sets whether an existing directory, or a symbolic link to one, is accepted. The default is `false`.
    ///
    /// With [`parents`](Mkdir::parents), the [empty path](Path#the-empty-path) is also accepted.
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
    /// cache.mkdir().exist_ok(true).await?;
    /// cache.mkdir().exist_ok(true).await?;
    /// assert!(cache.is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().exist_ok = exist_ok;
        self
    }

    /// Sets the permission bits of the directory, before the umask is applied. The default is `0o777`.
    ///
    /// Parents are not affected. This option has an effect on Unix only.
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
    /// let private = &dir / "private";
    /// private.mkdir().mode(0o700).await?;
    /// # #[cfg(unix)] {
    /// use std::os::unix::fs::PermissionsExt;
    /// assert_eq!(private.metadata().await?.permissions().mode() & 0o777, 0o700);
    /// # }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> Self {
        self.0.options().mode = mode;
        self
    }
}

impl MkdirCall {
    async fn run(self) -> io::Result<()> {
        // One job, because creating parents takes several calls.
        let path = self.path.clone();
        ops::run(Operation::CreateDir, path, move |path| self.make(path)).await
    }
}

impl MkdirCall {
    fn make(&self, path: &std::path::Path) -> io::Result<()> {
        // The empty path is the parent of a single name. As in `create_dir_all`, there is nothing to create.
        if path.as_os_str().is_empty() && self.parents == Parents::Created && self.exist_ok {
            return Ok(());
        }
        // This removes a trailing `.`, which the system would look up in the missing directory.
        let path = path.components().as_path();
        self.parents.attempt_dir(path, || self.make_last(path))
    }

    fn make_last(&self, path: &std::path::Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.mode);
        let is_dir = || retry(|| fs::metadata(path)).is_ok_and(|found| found.is_dir());
        match retry(|| builder.create(path)) {
            // The kind of the error does not matter: the system may report missing write permission before it
            // notices the directory.
            Err(_) if self.exist_ok && is_dir() => Ok(()),
            result => result,
        }
    }
}

future! {
    /// Future returned by [`Path::touch`]. Options can be set until it is first polled.
    pub struct Touch(TouchCall {
        path: Path,
        exist_ok: bool,
        mode: u32,
    }) -> io::Result<()>;
}

impl Touch {
    /// Sets whether an existing file is accepted. The default is `true`.
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
    /// let lock = &dir / "lock";
    /// lock.touch().exist_ok(false).await?;
    /// let error = lock.touch().exist_ok(false).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().exist_ok = exist_ok;
        self
    }

    /// Sets the permission bits of a new file, before the umask is applied. The default is `0o666`.
    ///
    /// This option has an effect on Unix only.
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
    /// let secret = &dir / "secret";
    /// secret.touch().mode(0o600).await?;
    /// # #[cfg(unix)] {
    /// use std::os::unix::fs::PermissionsExt;
    /// assert_eq!(secret.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> Self {
        self.0.options().mode = mode;
        self
    }
}

impl TouchCall {
    async fn run(self) -> io::Result<()> {
        // One job, because creating a file takes several calls.
        let path = self.path.clone();
        ops::run(Operation::Touch, path, move |path| self.touch(path)).await
    }
}

impl TouchCall {
    fn touch(&self, path: &std::path::Path) -> io::Result<()> {
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
