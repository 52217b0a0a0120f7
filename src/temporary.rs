//! Temporary files and directories, with the feature `tempfile`.
//!
//! The functions are [`temp_file`], [`named_temp_file`], [`spooled_temp_file`] and [`temp_dir`]. This module has
//! their futures, and the types of what they create.
//!
//! Whatever happens, nothing is left behind: not after a drop, a panic, or a future that is dropped while the file is
//! created. Only a process that is killed, or ends while a removal is under way, leaves a name behind; [`TempDir`] says
//! when its end waits. A file of [`temp_file`] never has a name on most systems.

mod dir;
mod left;
mod named;

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::cached::Facts;
use crate::call::{Lazy, future};
use crate::error::{Operation, PathError};
use crate::file::{AsyncFile, wrap_file};
use crate::pool::{Lane, Limiter};
use crate::retry::retry;

pub use dir::{CreateTempDir, TempDir, temp_dir};
pub use named::{CreateNamedTempFile, NamedTempFile, named_temp_file};
#[doc(no_inline)]
pub use tempfile::SpooledTempFile;

/// Creates a temporary file without a name, open for reading and writing.
///
/// The system removes the file when it is closed, even if the process is killed. On Linux, it never has a name
/// (`O_TMPFILE`) if the filesystem supports that; otherwise the name is removed as soon as the file is open. Semantics
/// of [`tempfile::tempfile`] and of Python's `TemporaryFile`.
///
/// # Errors
///
/// See [`CreateTempFile`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::temp_file;
/// use futures_lite::AsyncWriteExt;
///
/// let mut scratch = temp_file().await?;
/// scratch.write_all(b"intermediate results").await?;
/// scratch.rewind().await?;
/// let mut text = String::new();
/// scratch.read_to_string(&mut text).await?;
/// assert_eq!(text, "intermediate results");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "TemporaryFile")]
#[doc(alias = "tempfile")]
pub fn temp_file() -> CreateTempFile {
    CreateTempFile(Lazy::New(CreateTempFileCall {
        dir: None,
        lane: Lane::default(),
    }))
}

future! {
    /// Future returned by [`temp_file`]. Options can be set until it is first polled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no file is left.
    ///
    /// # Errors
    ///
    /// The error names the directory.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the directory does not exist.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the process may not create files there.
    pub struct CreateTempFile(CreateTempFileCall {
        dir: Option<PathBuf>,
        lane: Lane,
    }) -> io::Result<AsyncFile>;
}

impl CreateTempFile {
    /// Sets the directory in whose filesystem the file is created. The default is [`std::env::temp_dir`].
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
    /// let scratch = anyfile::temp_file().dir(dir.path()).await?;
    /// assert_eq!(scratch.metadata().await?.len(), 0);
    /// assert_eq!(std::fs::read_dir(dir.path())?.count(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "gettempdir")]
    #[track_caller]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.0.options().dir = Some(dir.as_ref().into());
        self
    }

    /// Sets the limiter whose turns the creation and all later calls on the file take. The default is none.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::Limiter;
    ///
    /// let limiter = Limiter::new(4);
    /// let scratch = anyfile::temp_file().limiter(&limiter).await?;
    /// assert_eq!(scratch.metadata().await?.len(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn limiter(mut self, limiter: &Limiter) -> Self {
        self.0.options().lane = Lane::limited(limiter);
        self
    }
}

impl CreateTempFileCall {
    async fn run(self) -> io::Result<AsyncFile> {
        let lane = self.lane.clone();
        let create = move || {
            let dir = self.dir.unwrap_or_else(env::temp_dir);
            let created = tempfile::tempfile_in(&dir).or_else(|error| {
                // The error of the crate hides the system's. Most often, the directory is missing.
                retry(|| fs::metadata(&dir))?;
                Err(error)
            });
            match created {
                Ok(file) => {
                    let facts = Facts::of_opened(&file, true);
                    Ok(AsyncFile::opened(file, None, facts, self.lane))
                }
                Err(error) => Err(PathError::wrap(Operation::CreateTempFile, &dir, error)),
            }
        };
        lane.call(create).await
    }
}

/// Returns a temporary file that stays in memory until it is larger than `max_size` bytes.
///
/// Then it becomes a file without a name, as that of [`temp_file`], in the directory [`std::env::temp_dir`]. Nothing is
/// created before that, so this function does not fail. Semantics of [`tempfile::spooled_tempfile`] and of Python's
/// `SpooledTemporaryFile`.
///
/// It is a wrapped object, see [`wrap_file`]: each call uses the thread pool, unless the buffers of
/// the file suffice. [`with_mut`](AsyncFile::with_mut) gives access to [`SpooledTempFile::roll`] and
/// [`SpooledTempFile::is_rolled`], and [`limiter`](AsyncFile::limiter) sets a limiter.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::spooled_temp_file;
/// use futures_lite::AsyncWriteExt;
///
/// let mut spool = spooled_temp_file(1024);
/// spool.write_all(b"a short upload").await?;
/// assert!(!spool.with_mut(|spool| spool.is_rolled()).await?);
/// spool.write_all(&[0; 2048]).await?;
/// assert!(spool.with_mut(|spool| spool.is_rolled()).await?);
///
/// spool.rewind().await?;
/// let mut bytes = Vec::new();
/// spool.read_to_end(&mut bytes).await?;
/// assert!(bytes.starts_with(b"a short upload"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "SpooledTemporaryFile")]
#[doc(alias = "spooled_tempfile")]
pub fn spooled_temp_file(max_size: usize) -> AsyncFile<SpooledTempFile> {
    wrap_file(SpooledTempFile::new(max_size))
}

/// Where a temporary file or directory is created, how it is named, and how its jobs enter the pool.
#[derive(Debug, Default)]
struct Location {
    lane: Lane,
    dir: Option<PathBuf>,
    prefix: Option<OsString>,
    suffix: OsString,
}

impl Location {
    /// Calls `create` with new names until one is free. Returns what it created, and the path. May block.
    fn create<R>(
        &self,
        operation: Operation,
        mut create: impl FnMut(&Path) -> io::Result<R>,
    ) -> io::Result<(R, crate::Path)> {
        let dir = self.dir.clone().unwrap_or_else(env::temp_dir);
        let mut builder = Builder::new();
        if let Some(prefix) = &self.prefix {
            builder.prefix(prefix);
        }
        builder.suffix(&self.suffix).disable_cleanup(true);
        // The error of the crate hides the system's.
        let mut reason = None;
        let created = builder.make_in(&dir, |path| {
            create(path).map_err(|error| {
                let kind = error.kind();
                reason = Some(error);
                kind.into()
            })
        });
        match created {
            Ok(created) => {
                let (created, path) = created.into_parts();
                let path = crate::Path::in_lane(path.to_path_buf(), &self.lane);
                Ok((created, path))
            }
            Err(error) => {
                let error = reason.unwrap_or(error);
                Err(PathError::wrap(operation, &dir, error))
            }
        }
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Declares the setters of a [`Location`], for a builder whose call has one.
macro_rules! location {
    ($builder:ident, $function:literal, $what:literal) => {
        impl $builder {
            #[doc = concat!("Sets the directory in which the ", $what, " is created. The default is")]
            /// [`std::env::temp_dir`].
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
            #[doc = concat!("let temporary = anyfile::", $function, "().dir(dir.path()).await?;")]
            /// assert!(temporary.path().starts_with(dir.path()));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[doc(alias = "gettempdir")]
            #[track_caller]
            pub fn dir(mut self, dir: impl AsRef<std::path::Path>) -> Self {
                self.0.options().location.dir = Some(dir.as_ref().into());
                self
            }

            /// Sets the beginning of the name. The default is `.tmp`.
            ///
            /// # Panics
            ///
            /// Panics if the future has been polled.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let temporary = anyfile::", $function, "().prefix(\"report-\").await?;")]
            /// let name = temporary.path().file_name().unwrap().to_string_lossy();
            /// assert!(name.starts_with("report-"));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn prefix(mut self, prefix: impl AsRef<std::ffi::OsStr>) -> Self {
                self.0.options().location.prefix = Some(prefix.as_ref().into());
                self
            }

            /// Sets the end of the name. The default is empty.
            ///
            /// # Panics
            ///
            /// Panics if the future has been polled.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            #[doc = concat!("let temporary = anyfile::", $function, "().suffix(\".d\").await?;")]
            /// assert_eq!(temporary.path().extension(), Some("d".as_ref()));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn suffix(mut self, suffix: impl AsRef<std::ffi::OsStr>) -> Self {
                self.0.options().location.suffix = suffix.as_ref().into();
                self
            }

            #[doc = concat!("Sets the limiter whose turns the creation and all later calls on the ", $what, " take.")]
            /// The default is none. The path of the result has the limiter, too.
            ///
            /// # Panics
            ///
            /// Panics if the future has been polled.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            /// use anyfile::Limiter;
            ///
            /// let limiter = Limiter::new(4);
            #[doc = concat!("let mut temporary = anyfile::", $function, "().limiter(&limiter).await?;")]
            /// assert!(temporary.path().exists().await);
            /// temporary.close().await?;
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn limiter(mut self, limiter: &crate::Limiter) -> Self {
                self.0.options().location.lane = crate::pool::Lane::limited(limiter);
                self
            }
        }
    };
}
use location;
