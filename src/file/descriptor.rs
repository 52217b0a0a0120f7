//! A file's descriptor on Unix, its handle on Windows.

use super::async_file::{AsyncFile, wrap_file};
use std::fs::File;

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};

#[cfg(unix)]
impl From<OwnedFd> for AsyncFile<File> {
    /// As [`wrap_file`] of the [`File`] that owns `fd`.
    fn from(fd: OwnedFd) -> AsyncFile<File> {
        wrap_file(File::from(fd))
    }
}

#[cfg(unix)]
impl AsFd for AsyncFile<File> {
    /// The file's descriptor. Its own cursor and contents lag behind the logical ones while bytes
    /// wait in a buffer: `flush` first, or use [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// If the file has been closed.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lent_file().as_fd()
    }
}

#[cfg(windows)]
impl From<OwnedHandle> for AsyncFile<File> {
    /// As [`wrap_file`] of the [`File`] that owns `handle`.
    fn from(handle: OwnedHandle) -> AsyncFile<File> {
        wrap_file(File::from(handle))
    }
}

#[cfg(windows)]
impl AsHandle for AsyncFile<File> {
    /// The file's handle. Its own cursor and contents lag behind the logical ones while bytes
    /// wait in a buffer: `flush` first, or use [`with_mut`](AsyncFile::with_mut).
    ///
    /// # Panics
    ///
    /// If the file has been closed.
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.lent_file().as_handle()
    }
}

impl AsyncFile<File> {
    fn lent_file(&self) -> &File {
        let shared = self.shared().expect("the file has been closed");
        shared.note_lent();
        shared
            .file()
            .expect("BUG: an `AsyncFile<File>` holds a file")
    }
}
