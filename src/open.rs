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
use crate::parents::{Parents, parents_setter};
use crate::pool::{Lane, Limiter};

/// Opens a file for reading, or with the options that are set on the future.
///
/// The options are those of [`std::fs::OpenOptions`]; if none is set, the file is opened for reading.
/// [`create_file`] opens a file for writing and truncates it. Nothing happens until the future is first polled.
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
        creates: false,
        creates_new: false,
        parents: Parents::default(),
        buffering: None,
        lane: Lane::default(),
    }))
}

/// Opens a file for writing. Creates the file, or truncates an existing one.
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
    /// Future returned by [`open_file`] and [`create_file`]. Options can be set until it is first polled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread began to open the file, the file is neither opened nor
    /// created. If it was opened by then, it is closed again.
    ///
    /// # Errors
    ///
    /// The error names the path. The errors are those of [`OpenOptions::open`], among them:
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the file does not exist, and `create` is not set; or a parent
    ///   directory does not exist, and `parents` is not set.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the file exists, and `create_new` is set.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the process may not open the file with this
    ///   access.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the options contradict each other, for example
    ///   `truncate` with `append`, or `create` without `write` or `append`; or the path contains a NUL byte.
    pub struct OpenFile(OpenCall {
        path: Arc<Path>,
        options: OpenOptions,
        /// Whether an access was chosen. Otherwise the file is opened for reading.
        access_chosen: bool,
        /// Whether the options only open an existing file for reading.
        only_reads: bool,
        /// Whether `create` is set, or may be: a set of std's options does not tell.
        creates: bool,
        /// The same for `create_new`.
        creates_new: bool,
        parents: Parents,
        buffering: Option<usize>,
        lane: Lane,
    }) -> io::Result<AsyncFile>;
}

impl OpenFile {
    /// Creates a future that opens the file at `path` with the options in `options`.
    ///
    /// Setters that are called afterwards add to them.
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
        // The options may say this. They replace it.
        let open = open_file(path).create(true).create_new(true);
        open.set(|chosen| {
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

    /// Sets whether the file is opened for reading. The default is `true` if no other access is chosen, and `false`
    /// otherwise.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # std::fs::write(&path, "text")?;
    /// let mut file = open_file(&path).read(true).write(true).await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn read(mut self, read: bool) -> OpenFile {
        let only_reads = read && self.0.options().only_reads;
        let mut this = self.set(|options| options.read(read));
        this.0.options().only_reads = only_reads;
        this
    }

    /// Sets whether the file is opened for writing. The default is `false`.
    ///
    /// Without [`truncate`](OpenFile::truncate), writes overwrite an existing file from its start, and the rest
    /// of a longer file stays. [`create_file`] truncates the file.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # std::fs::write(&path, "0123456789")?;
    /// let mut file = open_file(&path).write(true).await?;
    /// file.write_all(b"abc").await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path)?, b"abc3456789");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn write(self, write: bool) -> OpenFile {
        self.set(|options| options.write(write))
    }

    /// Sets whether each write is appended to the end of the file. The default is `false`.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # std::fs::write(&path, "first\n")?;
    /// let mut log = open_file(&path).append(true).create(true).await?;
    /// log.write_all(b"second\n").await?;
    /// log.close().await?;
    /// assert_eq!(std::fs::read(&path)?, b"first\nsecond\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn append(self, append: bool) -> OpenFile {
        self.set(|options| options.append(append))
    }

    /// Sets whether an existing file is truncated. The default is `false`.
    ///
    /// Requires `write`.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # std::fs::write(&path, "old contents")?;
    /// let mut file = open_file(&path).write(true).truncate(true).await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path)?, b"");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn truncate(self, truncate: bool) -> OpenFile {
        self.set(|options| options.truncate(truncate))
    }

    /// Sets whether the file is created if it does not exist. The default is `false`.
    ///
    /// Requires `write` or `append`.
    ///
    /// The contents of an existing file are kept, as by std's option of this name, and the rest of a longer
    /// file stays after a write. To start with an empty file, also set [`truncate`](OpenFile::truncate), or use
    /// [`create_file`].
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// let mut file = open_file(&path).read(true).write(true).create(true).await?;
    /// file.close().await?;
    /// assert!(path.exists());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn create(mut self, create: bool) -> OpenFile {
        self.0.options().creates = create;
        self.set(|options| options.create(create))
    }

    /// Sets whether a new file is created, failing if it exists. The default is `false`.
    ///
    /// Requires `write` or `append`.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// open_file(&path).write(true).create_new(true).await?;
    /// let error = open_file(&path).write(true).create_new(true).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn create_new(mut self, create_new: bool) -> OpenFile {
        self.0.options().creates_new = create_new;
        self.set(|options| options.create_new(create_new))
    }

    /// Sets the size of the write buffer in bytes. The default is from 128 KiB to 2 MiB, see
    /// [Memory](crate#memory).
    ///
    /// Once the buffer is half full, or holds 64 KiB, a worker thread begins to write it. With 0, each write waits
    /// until the bytes are passed to the kernel. A buffer whose size is set has its own memory, and does not count
    /// as a part of what the files of the process share.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = create_file(&path).buffering(0).await?;
    /// file.write_all(b"there at once").await?;
    /// assert_eq!(std::fs::read(&path)?, b"there at once");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn buffering(mut self, bytes: usize) -> OpenFile {
        self.0.options().buffering = Some(bytes);
        self
    }

    /// Sets the limiter whose turns the open and all later calls on the file take. The default is none.
    ///
    /// [`Path::open`](crate::Path::open) takes over the limiter of its path. A path that is passed to [`open_file`]
    /// does not bring its limiter with it.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::{Limiter, open_file};
    ///
    /// # std::fs::write(&path, "text")?;
    /// let limiter = Limiter::new(4);
    /// let mut file = open_file(&path).limiter(&limiter).await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn limiter(mut self, limiter: &Limiter) -> OpenFile {
        self.0.options().lane = Lane::limited(limiter);
        self
    }

    /// Same as [`limiter`](OpenFile::limiter), with the limiter of a path.
    pub(crate) fn lane(mut self, lane: &Lane) -> OpenFile {
        self.0.options().lane = lane.clone();
        self
    }
}

parents_setter! {
    OpenFile: parents,
    ["" "A file that is not to be created, by [`create`](OpenFile::create) or [`create_new`](OpenFile::create_new),"
     "needs none."],
    "let notes = &dir / \"a/b/notes\";"
    "notes.create().parents(true).await?.close().await?;"
    "assert!(notes.is_file().await);"
}

/// # Platform behavior
///
/// Available on Unix.
#[cfg(unix)]
impl OpenFile {
    /// Sets the permission bits of a new file, before the umask is applied. The default is `0o666`.
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
    /// # let path = dir.path().join("notes");
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// use anyfile::create_file;
    ///
    /// let file = create_file(&path).mode(0o600).await?;
    /// assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn mode(mut self, mode: u32) -> OpenFile {
        self.0.options().options.mode(mode);
        self
    }

    /// Sets additional flags of `open(2)`, for example `O_NOFOLLOW`. The default is 0.
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
    /// # let path = dir.path().join("notes");
    /// use anyfile::open_file;
    ///
    /// # let link = path.with_extension("link");
    /// # std::fs::write(&path, "")?;
    /// # std::os::unix::fs::symlink(&path, &link)?;
    /// const O_NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    ///
    /// assert!(open_file(&path).custom_flags(O_NOFOLLOW).await.is_ok());
    /// assert!(open_file(&link).custom_flags(O_NOFOLLOW).await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn custom_flags(mut self, flags: i32) -> OpenFile {
        let call = self.0.options();
        call.options.custom_flags(flags);
        call.only_reads = false;
        self
    }
}

impl OpenCall {
    /// Opens the file on the caller's thread, if that cannot block.
    fn open_cached(&self) -> Result<io::Result<AsyncFile>, Unanswered> {
        if !self.only_reads {
            return Err(Unanswered::default());
        }
        Ok(match cached::open(&self.path)? {
            Ok((file, facts)) => Ok(self.opened(file, facts)),
            Err(error) => Err(self.failed(error)),
        })
    }

    /// Opens the file, determines its type, and finishes what could not be done on the caller's thread. May
    /// block, for example until a FIFO has a peer.
    fn open(mut self, mut unanswered: Unanswered) -> io::Result<AsyncFile> {
        if !self.access_chosen {
            self.options.read(true);
        }
        let opened = match unanswered.take_opened() {
            Some(file) => Ok(file),
            None => self
                .parents()
                .attempt(&self.path, || self.options.open(&self.path)),
        };
        let file = opened.map_err(|error| self.failed(error))?;
        let facts = Facts::learn(&file);
        if facts.regular {
            unanswered.finish(&self.path, true);
        }
        Ok(self.opened(file, facts))
    }

    fn parents(&self) -> Parents {
        if self.creates || self.creates_new {
            self.parents
        } else {
            Parents::Required
        }
    }

    fn opened(&self, file: File, facts: Facts) -> AsyncFile {
        let mut file = AsyncFile::opened(file, self.path.clone(), facts);
        file.set_lane(self.lane.clone());
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
        self.lane.clone().call(move || self.open(unanswered)).await
    }
}
