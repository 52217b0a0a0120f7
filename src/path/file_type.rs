//! The type of a file, as a directory listing tells it.

use std::fs;

use crate::dir::EntryType;
#[cfg(unix)]
use crate::dir::Special;

/// The type of a file, returned by [`PathInfo::file_type`](super::PathInfo::file_type).
///
/// It has the methods of [`std::fs::FileType`], including those that std offers on Unix only. That type itself
/// can only be made from the metadata of a file. A symbolic link is a type of its own.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::StreamExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// (&dir / "notes").touch().await?;
/// (&dir / "inner").create_dir().await?;
///
/// let mut dirs = 0;
/// let mut entries = dir.iterdir();
/// while let Some(entry) = entries.try_next().await? {
///     let found = entry.info().file_type();
///     dirs += usize::from(found.is_some_and(|found| found.is_dir()));
/// }
/// assert_eq!(dirs, 1);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileType(EntryType);

impl FileType {
    /// Returns `true` if it is a regular file.
    ///
    /// # Examples
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use anyfile::path::FileType;
    ///
    /// let found = FileType::from(std::fs::metadata(dir.path())?.file_type());
    /// assert!(!found.is_file());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn is_file(self) -> bool {
        self.0 == EntryType::File
    }

    /// Returns `true` if it is a directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use anyfile::path::FileType;
    ///
    /// let found = FileType::from(std::fs::metadata(dir.path())?.file_type());
    /// assert!(found.is_dir());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn is_dir(self) -> bool {
        self.0 == EntryType::Dir
    }

    /// Returns `true` if it is a symbolic link.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("missing").await?;
    /// let found = link.info().load().await?.file_type();
    /// assert!(found.is_some_and(|found| found.is_symlink()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn is_symlink(self) -> bool {
        self.0 == EntryType::Link
    }

    /// Returns `true` if it is a FIFO.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// let found = anyfile::Path::new("/dev/null").info().load().await?.file_type();
    /// assert!(found.is_some_and(|found| !found.is_fifo()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn is_fifo(self) -> bool {
        self.0 == EntryType::Special(Special::Fifo)
    }

    /// Returns `true` if it is a socket.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let socket = anyfile::Path::new(dir.path()) / "socket";
    /// let _listener = std::os::unix::net::UnixListener::bind(&socket)?;
    /// let found = socket.info().load().await?.file_type();
    /// assert!(found.is_some_and(|found| found.is_socket()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn is_socket(self) -> bool {
        self.0 == EntryType::Special(Special::Socket)
    }

    /// Returns `true` if it is a block device.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// let found = anyfile::Path::new("/dev/null").info().load().await?.file_type();
    /// assert!(found.is_some_and(|found| !found.is_block_device()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn is_block_device(self) -> bool {
        self.0 == EntryType::Special(Special::BlockDevice)
    }

    /// Returns `true` if it is a character device.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// let found = anyfile::Path::new("/dev/null").info().load().await?.file_type();
    /// assert!(found.is_some_and(|found| found.is_char_device()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn is_char_device(self) -> bool {
        self.0 == EntryType::Special(Special::CharDevice)
    }
}

impl From<EntryType> for FileType {
    fn from(found: EntryType) -> FileType {
        FileType(found)
    }
}

impl From<fs::FileType> for FileType {
    fn from(found: fs::FileType) -> FileType {
        FileType(found.into())
    }
}
