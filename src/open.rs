//! Opening files: [`open_file`] and [`create_file`].

mod options;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::cached::{self, Facts, Unanswered};
use crate::call::{Lazy, Start, future};
use crate::error::{Operation, PathError};
use crate::file::AsyncFile;
use crate::parents::Parents;
use crate::pool::Lane;

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
        is_plain: true,
        writes: false,
        appends: false,
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
        /// Whether all options are known: there are no custom flags, and no set of std's options.
        is_plain: bool,
        /// Whether `write` is set, or may be: a set of std's options does not tell.
        writes: bool,
        /// The same for `append`.
        appends: bool,
        /// The same for `create`.
        creates: bool,
        /// The same for `create_new`.
        creates_new: bool,
        parents: Parents,
        buffering: Option<usize>,
        lane: Lane,
    }) -> io::Result<AsyncFile>, by start;
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
        let writable = self.writes || self.appends;
        let facts = if self.is_plain {
            Facts::of_opened(&file, writable)
        } else {
            Facts::learn(&file).restricted(writable)
        };
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
        let mut file = AsyncFile::opened(file, self.path.clone(), facts, self.lane.clone());
        if let Some(bytes) = self.buffering {
            file.set_buffering(bytes);
        }
        file
    }

    fn failed(&self, error: io::Error) -> io::Error {
        PathError::wrap(Operation::Open, &self.path, error)
    }

    fn start(self) -> Start<io::Result<AsyncFile>> {
        match self.open_cached() {
            Ok(opened) => Start::answered(opened, 0),
            Err(unanswered) => {
                let lane = self.lane.clone();
                Start::waits(lane.call(move || self.open(unanswered)))
            }
        }
    }
}
