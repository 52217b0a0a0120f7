//! [`open_file`] and its options.

use crate::budget;
use crate::cached::{self, Facts, Unanswered};
use crate::error::{Operation, PathError};
use crate::file::AsyncFile;
use crate::pool;
use futures_lite::future::Boxed;
use std::fs::{File, OpenOptions};
use std::future::IntoFuture;
use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;

/// Opens a file: await it to read, or set options first.
///
/// The options mean what those of [`std::fs::OpenOptions`] mean; with none set, the file is opened
/// for reading. Nothing happens before the builder is awaited.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::{AsyncWriteExt, StreamExt};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("greeting");
/// let mut file = anyfile::open_file(&path).write(true).create_new(true).await?;
/// file.write_all(b"hello\nworld\n").await?;
/// file.close().await?;
///
/// let mut lines = anyfile::open_file(&path).await?.lines();
/// assert_eq!(lines.try_next().await?.as_deref(), Some("hello"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "OpenOptions")]
#[doc(alias = "create")]
pub fn open_file(path: impl AsRef<Path>) -> OpenFile {
    OpenFile {
        path: path.as_ref().into(),
        options: OpenOptions::new(),
        access_chosen: false,
        only_reads: true,
        buffering: None,
    }
}

/// The options of [`open_file`], awaited to open the file.
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
#[must_use = "a file is opened when its builder is awaited"]
#[derive(Debug, Clone)]
pub struct OpenFile {
    path: Arc<Path>,
    options: OpenOptions,
    /// Whether anything says how to open the file; else it is opened for reading.
    access_chosen: bool,
    /// Whether it opens an existing file for reading and nothing else.
    only_reads: bool,
    buffering: Option<usize>,
}

impl OpenFile {
    fn set(mut self, set: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions) -> OpenFile {
        set(&mut self.options);
        self.access_chosen = true;
        self.only_reads = false;
        self
    }

    /// Opens the file for reading.
    pub fn read(self, read: bool) -> OpenFile {
        let only_reads = self.only_reads && read;
        let mut this = self.set(|options| options.read(read));
        this.only_reads = only_reads;
        this
    }

    /// Opens the file for writing, at its start and over what is there.
    pub fn write(self, write: bool) -> OpenFile {
        self.set(|options| options.write(write))
    }

    /// Opens the file for writing, every write going to its end.
    pub fn append(self, append: bool) -> OpenFile {
        self.set(|options| options.append(append))
    }

    /// Empties the file if it exists. Needs `write`.
    pub fn truncate(self, truncate: bool) -> OpenFile {
        self.set(|options| options.truncate(truncate))
    }

    /// Creates the file if it does not exist. Needs `write` or `append`.
    pub fn create(self, create: bool) -> OpenFile {
        self.set(|options| options.create(create))
    }

    /// Creates the file, and fails if it exists. Needs `write` or `append`.
    pub fn create_new(self, create_new: bool) -> OpenFile {
        self.set(|options| options.create_new(create_new))
    }

    /// Opens the file with these options in place of all that were set before.
    pub fn options(mut self, options: OpenOptions) -> OpenFile {
        self.options = options;
        self.access_chosen = true;
        self.only_reads = false;
        self
    }

    /// Sets how many written bytes may wait in the file's buffer (128 KiB if it is not set); when it is
    /// half full, they begin to leave it in the background. With 0, each write waits until the system
    /// has it.
    pub fn buffering(mut self, bytes: usize) -> OpenFile {
        self.buffering = Some(bytes);
        self
    }
}

/// # Platform behavior
///
/// These exist on Unix.
#[cfg(unix)]
impl OpenFile {
    /// Sets the permission bits that a new file gets, less the process's umask (`0o666` if it is not
    /// set).
    pub fn mode(mut self, mode: u32) -> OpenFile {
        self.options.mode(mode);
        self
    }

    /// Adds flags to those of `open(2)`, for example `O_NOFOLLOW`.
    pub fn custom_flags(mut self, flags: i32) -> OpenFile {
        self.options.custom_flags(flags);
        self.only_reads = false;
        self
    }
}

impl OpenFile {
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

impl IntoFuture for OpenFile {
    type Output = io::Result<AsyncFile>;
    type IntoFuture = Boxed<io::Result<AsyncFile>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let unanswered = match self.open_cached() {
                Ok(opened) => {
                    budget::spend(0).await;
                    return opened;
                }
                Err(unanswered) => unanswered,
            };
            pool::call(move || self.open(unanswered)).await
        })
    }
}
