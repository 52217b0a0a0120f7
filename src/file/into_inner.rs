//! The object taken out of its file; on error, the file given back.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;

use futures_lite::future;

use super::async_file::{AsyncFile, State};
use super::object::Shared;
use crate::error::Operation;
use crate::pool;

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns the wrapped object, with everything written to it and, where it can seek, with its cursor at the
    /// logical position.
    ///
    /// Bytes that were read ahead from an object that cannot seek are dropped, as
    /// [`BufReader::into_inner`](std::io::BufReader::into_inner) does.
    ///
    /// # Cancel safety
    ///
    /// The future owns the file, so dropping it drops the file: what was written is finished and the object is
    /// closed, see [the crate's documentation](crate#drop). If a pool thread has taken the object out by then, it
    /// is written and flushed, and is dropped on the pool.
    ///
    /// # Errors
    ///
    /// * A write that was accepted earlier cannot be carried out.
    /// * The object's cursor cannot be moved to the logical position.
    /// * A call whose future was dropped is still at work on the [`File`], and the process has too many open files
    ///   for a second handle.
    /// * The file has been closed, or an earlier call on the object panicked.
    ///
    /// The error gives the file back, see [`IntoInnerError`]. The file can be used as before: it holds the bytes
    /// that are not written and those that were read ahead, and its position is the same. `into_inner` may be
    /// called again.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = anyfile::wrap_file(Vec::new());
    /// file.write_all(b"abc").await?;
    /// assert_eq!(file.into_inner().await?, b"abc");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn into_inner(mut self) -> Result<T, IntoInnerError<T>> {
        match self.take_object().await {
            Ok(object) => {
                let object = object.downcast().map(|object| *object);
                Ok(object.expect("BUG: the object is not of its handle's type"))
            }
            Err(error) => Err(IntoInnerError {
                file: Box::new(self),
                error,
            }),
        }
    }

    /// Takes the object out, after everything is in its place; or leaves the file open.
    async fn take_object(&mut self) -> io::Result<Box<dyn Any + Send>> {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        if let Some(object) = self.take_unshared() {
            return Ok(object);
        }
        // A call whose future was dropped may still be at work. What nobody takes is closed elsewhere.
        let take = |shared: &Shared| shared.take_object().map(pool::Closing::new);
        let object = pool::call(self.shared()?.work(Operation::Access, take)).await?;
        // Of a file, that was a second handle: to close the first may wait.
        drop(self.take_shared().map(pool::Closing::new));
        Ok(object.into_inner())
    }

    /// Leaves the file closed, and gives back the object. Where somebody else works on it, or a call on it has
    /// panicked, the file stays open.
    fn take_unshared(&mut self) -> Option<Box<dyn Any + Send>> {
        match self.take_shared()?.into_object() {
            Ok(object) => Some(object),
            Err(shared) => {
                self.state = State::Open(shared);
                None
            }
        }
    }
}

/// The error of [`AsyncFile::into_inner`], which gives the file back.
///
/// The file holds what could not be written, so that nothing is lost: a second attempt writes it, once and in
/// order, when there is room on the disk again. [`AsyncFile::discard_unwritten`] gives it up.
///
/// It converts into an [`io::Error`], so `?` works in a function that returns an [`io::Result`]. The file is
/// dropped then, which tries once more to write what it holds, see [the crate's documentation](crate#drop).
///
/// The message is that of the [`io::Error`]. So [`source`](Error::source) is the source of that error, and a report
/// that prints the whole chain shows each reason once.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::AsyncWriteExt;
/// use std::io::{self, ErrorKind, Write};
///
/// /// A disk that has room for nothing at first.
/// struct Disk {
///     is_full: bool,
///     bytes: Vec<u8>,
/// }
///
/// impl Write for Disk {
///     fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
///         if std::mem::take(&mut self.is_full) {
///             return Err(ErrorKind::StorageFull.into());
///         }
///         self.bytes.extend_from_slice(buf);
///         Ok(buf.len())
///     }
///
///     # fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// }
///
/// let disk = Disk { is_full: true, bytes: Vec::new() };
/// let mut file = anyfile::wrap_file(disk);
/// file.write_all(b"hello").await?;
///
/// let error = file.into_inner().await.err().unwrap();
/// assert_eq!(error.error().kind(), ErrorKind::StorageFull);
///
/// let file = error.into_inner();
/// assert_eq!(file.into_inner().await?.bytes, b"hello");
/// # io::Result::Ok(()) }).unwrap();
/// ```
pub struct IntoInnerError<T: Send + 'static = File> {
    /// Boxed, since what is returned on success is small as a rule.
    file: Box<AsyncFile<T>>,
    error: io::Error,
}

impl<T: Send + 'static> IntoInnerError<T> {
    /// Returns the error that made [`AsyncFile::into_inner`] fail.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// Returns the file.
    pub fn into_inner(self) -> AsyncFile<T> {
        *self.file
    }

    /// Returns the error that made [`AsyncFile::into_inner`] fail, and drops the file.
    pub fn into_error(self) -> io::Error {
        self.error
    }

    /// Returns the error and the file.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = anyfile::open_file(&path).await?;
    /// file.close().await?;
    ///
    /// let (error, file) = file.into_inner().await.unwrap_err().into_parts();
    /// assert!(error.to_string().ends_with("the file has been closed"));
    /// assert_eq!(file.path(), Some(path.as_path()));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_parts(self) -> (io::Error, AsyncFile<T>) {
        (self.error, *self.file)
    }
}

impl<T: Send + 'static> fmt::Debug for IntoInnerError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoInnerError")
            .field("error", &self.error)
            .field("file", &self.file)
            .finish()
    }
}

impl<T: Send + 'static> fmt::Display for IntoInnerError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T: Send + 'static> Error for IntoInnerError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl<T: Send + 'static> From<IntoInnerError<T>> for io::Error {
    /// As [`IntoInnerError::into_error`].
    fn from(error: IntoInnerError<T>) -> io::Error {
        error.into_error()
    }
}
