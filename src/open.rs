//! Opening files: [`open_file`], [`create_file`] and their options.

use std::fs::{File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::budget;
use crate::cached::{self, Facts, Unanswered};
use crate::call::{Lazy, future};
use crate::error::{Operation, PathError};
use crate::file::AsyncFile;
use crate::pool;

/// Opens a file for reading: await the future, or set options first.
///
/// The options mean what those of [`std::fs::OpenOptions`] mean; with none set, the file is opened for
/// reading. [`create_file`] opens a file to write it anew. Nothing happens before the future is polled.
///
/// # Errors
///
/// See [`OpenFile`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::open_file;
/// use futures_lite::{AsyncWriteExt, StreamExt};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("log");
/// let mut log = open_file(&path).append(true).create(true).await?;
/// log.write_all(b"started\n").await?;
/// log.close().await?;
///
/// let mut lines = open_file(&path).await?.lines();
/// assert_eq!(lines.try_next().await?.as_deref(), Some("started"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "OpenOptions")]
pub fn open_file(path: impl AsRef<Path>) -> OpenFile {
    OpenFile(Lazy::New(OpenCall {
        path: path.as_ref().into(),
        options: OpenOptions::new(),
        access_chosen: false,
        only_reads: true,
        buffering: None,
    }))
}

/// Opens a file for writing, creates it if it does not exist, and empties it if it does: await the future, or
/// set options first.
///
/// Same as [`open_file`] with [`write`](OpenFile::write), [`create`](OpenFile::create) and
/// [`truncate`](OpenFile::truncate), as [`std::fs::File::create`] and Python's mode `"w"`.
/// [`Path::write_atomic`](crate::Path::write_atomic) replaces the contents of a file without a moment at which
/// it is empty.
///
/// # Errors
///
/// See [`OpenFile`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::create_file;
/// use futures_lite::AsyncWriteExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// # std::fs::write(&path, "what was there before")?;
/// let mut file = create_file(&path).await?;
/// file.write_all(b"hello\n").await?;
/// file.close().await?;
/// assert_eq!(std::fs::read(&path)?, b"hello\n");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn create_file(path: impl AsRef<Path>) -> OpenFile {
    open_file(path).write(true).create(true).truncate(true)
}

future! {
    /// The future of [`open_file`] and [`create_file`], which takes its options until it is first polled.
    ///
    /// # Cancel safety
    ///
    /// A file whose opening was dropped before a pool thread began it is not opened or created; one that
    /// has been opened by then is closed again.
    ///
    /// # Errors
    ///
    /// Awaiting it fails, naming the path, as [`OpenOptions::open`] fails:
    ///
    /// * [`NotFound`](io::ErrorKind::NotFound): it does not exist, and is not to be created.
    /// * [`AlreadyExists`](io::ErrorKind::AlreadyExists): it exists, and `create_new` is set.
    /// * [`PermissionDenied`](io::ErrorKind::PermissionDenied): the process may not open it that way.
    /// * [`InvalidInput`](io::ErrorKind::InvalidInput): the options contradict each other, as `truncate`
    ///   with `append`, or `create` without `write` or `append`; or the path contains a NUL byte.
    /// * Whatever else the system reports.
    pub struct OpenFile(OpenCall {
        path: Arc<Path>,
        options: OpenOptions,
        /// Whether anything says how to open the file; else it is opened for reading.
        access_chosen: bool,
        /// Whether it opens an existing file for reading and nothing else.
        only_reads: bool,
        buffering: Option<usize>,
    }) -> io::Result<AsyncFile>;
}

impl OpenFile {
    /// Opens the file at `path` with a set of std's options, in place of [`open_file`] and setters.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::open::OpenFile;
    /// use std::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// OpenFile::with_options(&path, options).await?.close().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn with_options(path: impl AsRef<Path>, options: OpenOptions) -> OpenFile {
        open_file(path).set(|chosen| {
            *chosen = options;
            chosen
        })
    }

    #[track_caller]
    fn set(mut self, set: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions) -> OpenFile {
        let call = self.0.options();
        set(&mut call.options);
        call.access_chosen = true;
        call.only_reads = false;
        self
    }

    /// Opens the file for reading. Defaults to true if no other access is chosen.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn read(mut self, read: bool) -> OpenFile {
        let only_reads = read && self.0.options().only_reads;
        let mut this = self.set(|options| options.read(read));
        this.0.options().only_reads = only_reads;
        this
    }

    /// Opens the file for writing. Defaults to false.
    ///
    /// Without [`truncate`](OpenFile::truncate), writes go over what is there, and the rest of a longer old file
    /// stays. [`create_file`] empties the file.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn write(self, write: bool) -> OpenFile {
        self.set(|options| options.write(write))
    }

    /// Opens the file for writing, and appends each write to its end. Defaults to false.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn append(self, append: bool) -> OpenFile {
        self.set(|options| options.append(append))
    }

    /// Empties the file if it exists. Defaults to false. Needs `write`.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn truncate(self, truncate: bool) -> OpenFile {
        self.set(|options| options.truncate(truncate))
    }

    /// Creates the file if it does not exist. Defaults to false. Needs `write` or `append`.
    ///
    /// The contents of an existing file are kept, as by std's option of this name: to write a file anew, set
    /// [`truncate`](OpenFile::truncate) too, or use [`create_file`]. Otherwise, if the old file is longer than
    /// what is written, the rest of it stays.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn create(self, create: bool) -> OpenFile {
        self.set(|options| options.create(create))
    }

    /// Creates the file, and fails if it exists. Defaults to false. Needs `write` or `append`.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn create_new(self, create_new: bool) -> OpenFile {
        self.set(|options| options.create_new(create_new))
    }

    /// Sets how many written bytes may wait in the file's buffer. Defaults to 128 KiB.
    ///
    /// When the buffer is half full, a job of the pool begins to write it. With 0, each write waits until the
    /// system has it.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn buffering(mut self, bytes: usize) -> OpenFile {
        self.0.options().buffering = Some(bytes);
        self
    }
}

/// # Platform behavior
///
/// These exist on Unix.
#[cfg(unix)]
impl OpenFile {
    /// Sets the permission bits that a new file gets, less the process's umask. Defaults to `0o666`.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> OpenFile {
        self.0.options().options.mode(mode);
        self
    }

    /// Adds flags to those of `open(2)`, for example `O_NOFOLLOW`. Defaults to 0.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn custom_flags(mut self, flags: i32) -> OpenFile {
        let call = self.0.options();
        call.options.custom_flags(flags);
        call.only_reads = false;
        self
    }
}

impl OpenCall {
    /// Opens the file on the spot, if that is sure not to wait.
    fn open_cached(&self) -> Result<io::Result<AsyncFile>, Unanswered> {
        if !self.only_reads {
            return Err(Unanswered::default());
        }
        Ok(match cached::open(&self.path)? {
            Ok((file, facts)) => Ok(self.opened(file, facts)),
            Err(error) => Err(self.failed(error)),
        })
    }

    /// Opens the file, learns what it is, and finishes what could not be answered on the spot. May wait,
    /// for the other end of a FIFO for example.
    fn open(mut self, unanswered: Unanswered) -> io::Result<AsyncFile> {
        if !self.access_chosen {
            self.options.read(true);
        }
        let file = self
            .options
            .open(&self.path)
            .map_err(|error| self.failed(error))?;
        let facts = Facts::learn(&file);
        if facts.regular {
            unanswered.finish(&self.path, true);
        }
        Ok(self.opened(file, facts))
    }

    fn opened(&self, file: File, facts: Facts) -> AsyncFile {
        let mut file = AsyncFile::opened(file, self.path.clone(), facts);
        if let Some(bytes) = self.buffering {
            file.set_buffering(bytes);
        }
        file
    }

    fn failed(&self, error: io::Error) -> io::Error {
        PathError::wrap(Operation::Open, &self.path, error)
    }
}

impl OpenCall {
    async fn run(self) -> io::Result<AsyncFile> {
        let unanswered = match self.open_cached() {
            Ok(opened) => {
                budget::spend(0).await;
                return opened;
            }
            Err(unanswered) => unanswered,
        };
        pool::call(move || self.open(unanswered)).await
    }
}
