//! Opening files.

use std::fs;
use std::path::Path;

use crate::file::AsyncFile;
use crate::open::{OpenFile, create_file, open_file};

/// An open file: an [`AsyncFile`] of [`std::fs::File`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs::File;
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// let mut file = File::create(&path).await?;
/// file.write_all(b"first\n").await?;
/// file.flush().await?;
///
/// let mut contents = Vec::new();
/// let mut file = File::open(&path).await?;
/// file.read_to_end(&mut contents).await?;
/// assert_eq!(contents, b"first\n");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub type File = AsyncFile<fs::File>;

/// Opening by path, with the names of [`std::fs::File`].
impl AsyncFile<fs::File> {
    /// Opens a file for reading.
    ///
    /// Semantics of [`std::fs::File::open`]. Same as [`open_file`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file is closed if it was opened.
    ///
    /// # Errors
    ///
    /// See [`OpenFile`](OpenFile#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::File;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// std::fs::write(&path, "text")?;
    /// let file = File::open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open<P: AsRef<Path>>(path: P) -> OpenFile {
        open_file(path)
    }

    /// Opens a file for writing. Creates a missing file, and truncates an existing one.
    ///
    /// Semantics of [`std::fs::File::create`]. Same as [`create_file`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the file is neither created nor truncated. A call
    /// that has begun is finished, and the file is closed.
    ///
    /// # Errors
    ///
    /// See [`OpenFile`](OpenFile#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::File;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"text").await?;
    /// drop(file);
    /// assert_eq!(std::fs::read(&path)?, b"text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create<P: AsRef<Path>>(path: P) -> OpenFile {
        create_file(path)
    }
}

/// Options for opening a file, as [`std::fs::OpenOptions`].
///
/// [`open_file`] is a future with the same options. `OpenOptions` can be used for several files. `OpenOptionsExt` of
/// `fs::unix` and of `fs::windows` has more options.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs::OpenOptions;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("notes");
/// let file = OpenOptions::new()
///     .read(true)
///     .write(true)
///     .create(true)
///     .open(&path)
///     .await?;
/// assert_eq!(file.metadata().await?.len(), 0);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    options: fs::OpenOptions,
    reads: bool,
    /// Whether an option other than `read` was set.
    more: bool,
}

impl OpenOptions {
    /// Creates options that are all `false`. To open a file with them, set an access at least.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// # std::fs::write(&path, "text")?;
    /// assert!(OpenOptions::new().open(&path).await.is_err());
    /// assert!(OpenOptions::new().read(true).open(&path).await.is_ok());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions {
            options: fs::OpenOptions::new(),
            reads: false,
            more: false,
        }
    }

    /// Returns the options in order to set one of them, other than `read`.
    pub(super) fn more(&mut self) -> &mut fs::OpenOptions {
        self.more = true;
        &mut self.options
    }

    /// Sets whether the file is opened for reading. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// std::fs::write(&path, "text")?;
    /// let mut text = String::new();
    /// let mut file = OpenOptions::new().read(true).open(&path).await?;
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.reads = read;
        self.options.read(read);
        self
    }

    /// Sets whether the file is opened for writing. The default is `false`.
    ///
    /// Without [`truncate`](OpenOptions::truncate), writes overwrite an existing file from its start.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// std::fs::write(&path, "0123456789")?;
    /// let mut file = OpenOptions::new().write(true).open(&path).await?;
    /// file.write_all(b"abc").await?;
    /// file.flush().await?;
    /// assert_eq!(std::fs::read(&path)?, b"abc3456789");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.more().write(write);
        self
    }

    /// Sets whether each write is appended to the end of the file. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// std::fs::write(&path, "first\n")?;
    /// let mut file = OpenOptions::new().append(true).open(&path).await?;
    /// file.write_all(b"second\n").await?;
    /// file.flush().await?;
    /// assert_eq!(std::fs::read(&path)?, b"first\nsecond\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.more().append(append);
        self
    }

    /// Sets whether an existing file is truncated. Requires `write`. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// std::fs::write(&path, "old contents")?;
    /// OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(std::fs::read(&path)?, b"");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.more().truncate(truncate);
        self
    }

    /// Sets whether a missing file is created. Requires `write` or `append`. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// OpenOptions::new().write(true).create(true).open(&path).await?;
    /// assert!(path.exists());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.more().create(create);
        self
    }

    /// Sets whether a new file is created, failing if it exists. Requires `write` or `append`. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// options.open(&path).await?;
    /// let error = options.open(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.more().create_new(create_new);
        self
    }

    /// Opens the file at `path` with these options. Nothing happens until the future is first polled.
    ///
    /// Semantics of [`std::fs::OpenOptions::open`].
    ///
    /// # Cancel safety
    ///
    /// See [`OpenFile`](OpenFile#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`OpenFile`](OpenFile#errors). Without an access, the error is
    /// [`InvalidInput`](std::io::ErrorKind::InvalidInput).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::OpenOptions;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// # std::fs::write(&path, "text")?;
    /// let file = OpenOptions::new().read(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open<P: AsRef<Path>>(&self, path: P) -> OpenFile {
        if self.reads && !self.more {
            // May be opened without a thread hop, which is not possible with std's options: they cannot be read.
            open_file(path)
        } else {
            OpenFile::with_options(path, self.options.clone())
        }
    }
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

#[cfg(unix)]
impl super::unix::OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::mode(self.more(), mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::custom_flags(self.more(), flags);
        self
    }
}

#[cfg(windows)]
impl super::windows::OpenOptionsExt for OpenOptions {
    fn access_mode(&mut self, access: u32) -> &mut Self {
        std::os::windows::fs::OpenOptionsExt::access_mode(self.more(), access);
        self
    }

    fn share_mode(&mut self, val: u32) -> &mut Self {
        std::os::windows::fs::OpenOptionsExt::share_mode(self.more(), val);
        self
    }

    fn custom_flags(&mut self, flags: u32) -> &mut Self {
        std::os::windows::fs::OpenOptionsExt::custom_flags(self.more(), flags);
        self
    }

    fn attributes(&mut self, val: u32) -> &mut Self {
        std::os::windows::fs::OpenOptionsExt::attributes(self.more(), val);
        self
    }

    fn security_qos_flags(&mut self, flags: u32) -> &mut Self {
        std::os::windows::fs::OpenOptionsExt::security_qos_flags(self.more(), flags);
        self
    }
}
