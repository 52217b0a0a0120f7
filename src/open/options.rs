//! The options of [`OpenFile`].

use std::fs::OpenOptions;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{OpenFile, open_file};
use crate::parents::parents_setter;
use crate::pool::{Lane, Limiter};

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
        let mut open = open_file(path).write(true).append(true);
        open.0.options().is_plain = false;
        open.create(true).create_new(true).set(|chosen| {
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
    /// of a longer file stays. [`create_file`](crate::create_file) truncates the file.
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
    pub fn write(mut self, write: bool) -> OpenFile {
        self.0.options().writes = write;
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
    pub fn append(mut self, append: bool) -> OpenFile {
        self.0.options().appends = append;
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
    /// [`create_file`](crate::create_file).
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
        call.is_plain = false;
        self
    }
}
