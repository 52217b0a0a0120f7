//! A file's descriptor on Unix, and its handle on Windows.

use std::fs::File;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};

use super::async_file::{AsyncFile, wrap_file};

#[cfg(unix)]
impl From<OwnedFd> for AsyncFile<File> {
    /// Same as [`wrap_file`] of a [`File`] that owns `fd`.
    fn from(fd: OwnedFd) -> AsyncFile<File> {
        wrap_file(File::from(fd))
    }
}

#[cfg(unix)]
impl AsFd for AsyncFile<File> {
    /// Borrows the file's descriptor. Its cursor and contents lag behind the logical ones while bytes are
    /// buffered: call `flush` first, or use [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// Panics if the file is closed.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lent_file().as_fd()
    }
}

#[cfg(unix)]
impl AsRawFd for AsyncFile<File> {
    /// Returns the file's descriptor, which is valid until the file is closed or dropped. Its cursor and
    /// contents lag behind the logical ones while bytes are buffered: call `flush` first, or use
    /// [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// Panics if the file is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    /// use std::os::fd::AsRawFd;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let mut file = anyfile::open_file(&path).write(true).create_new(true).await?;
    /// file.write_all(b"hello").await?;
    /// file.flush().await?;
    /// let fd = file.as_raw_fd();
    /// # let std = file.into_inner().await?;
    /// # assert_eq!(fd, std.as_raw_fd());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn as_raw_fd(&self) -> RawFd {
        self.lent_file().as_raw_fd()
    }
}

#[cfg(windows)]
impl From<OwnedHandle> for AsyncFile<File> {
    /// Same as [`wrap_file`] of a [`File`] that owns `handle`.
    fn from(handle: OwnedHandle) -> AsyncFile<File> {
        wrap_file(File::from(handle))
    }
}

#[cfg(windows)]
impl AsHandle for AsyncFile<File> {
    /// Borrows the file's handle. Its cursor and contents lag behind the logical ones while bytes are buffered:
    /// call `flush` first, or use [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// Panics if the file is closed.
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.lent_file().as_handle()
    }
}

#[cfg(windows)]
impl AsRawHandle for AsyncFile<File> {
    /// Returns the file's handle, which is valid until the file is closed or dropped. Its cursor and contents
    /// lag behind the logical ones while bytes are buffered: call `flush` first, or use
    /// [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// Panics if the file is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    /// use std::os::windows::io::AsRawHandle;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let mut file = anyfile::open_file(&path).write(true).create_new(true).await?;
    /// file.write_all(b"hello").await?;
    /// file.flush().await?;
    /// let handle = file.as_raw_handle();
    /// # let std = file.into_inner().await?;
    /// # assert_eq!(handle, std.as_raw_handle());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn as_raw_handle(&self) -> RawHandle {
        self.lent_file().as_raw_handle()
    }
}

impl AsyncFile<File> {
    fn lent_file(&self) -> &File {
        let shared = self.shared().expect("the file has been closed");
        shared.note_lent();
        shared
            .lend_file()
            .expect("BUG: an `AsyncFile<File>` holds a file")
    }
}
