//! Taking the object out of its file. On error, the file is returned.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;

use futures_lite::future;

use super::async_file::AsyncFile;
use super::object::Shared;
use super::state::State;
use crate::error::Operation;
use crate::pool::Closing;

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns the wrapped object, with all bytes written to it and, if it can seek, its cursor at the logical
    /// position.
    ///
    /// Bytes that were read ahead from an object that cannot seek are lost, as with
    /// [`BufReader::into_inner`](std::io::BufReader::into_inner).
    ///
    /// # Cancel safety
    ///
    /// The future owns the file, so dropping it drops the file: written bytes are finished and the object is
    /// closed, see [the crate's documentation](crate#drop). If a worker thread has taken the object out by
    /// then, the object is written, flushed and dropped on the pool.
    ///
    /// # Errors
    ///
    /// - An earlier buffered write failed.
    /// - The object's cursor cannot be moved to the logical position.
    /// - A call whose future was dropped still uses the [`File`], and the process has too many open files for a
    ///   second handle.
    /// - The file is closed, or an earlier call on the object panicked.
    ///
    /// The error returns the file, see [`IntoInnerError`]. The file can be used as before: it has the same
    /// unwritten bytes, read-ahead and position. `into_inner` may be called again.
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

    /// Takes the object out after the file is settled, or leaves the file open.
    async fn take_object(&mut self) -> io::Result<Box<dyn Any + Send>> {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        if let Some(object) = self.take_unshared() {
            return Ok(object);
        }
        // A call whose future was dropped may still be running. An object that is not received is closed
        // on the pool.
        let lane = self.shared()?.lane();
        let closing = lane.clone();
        let take = |shared: &Shared| Ok(Closing::new(shared.take_object()?, closing));
        let take = self.shared()?.work(Operation::Access, take);
        let object = lane.clone().call(take).await?;
        // For a file, this was a second handle. Closing the first one may block.
        drop(self.take_shared().map(|it| Closing::new(it, lane)));
        Ok(object.into_inner())
    }

    /// Marks the file as closed and returns the object. If another handle uses it, or a call on it panicked,
    /// the file stays open.
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

/// The error of [`AsyncFile::into_inner`], which returns the file.
///
/// The file holds the bytes that could not be written, so nothing is lost: once there is room on the disk
/// again, another attempt writes them, once and in order. [`AsyncFile::discard_unwritten`] gives them up.
///
/// It converts into an [`io::Error`], so `?` works in a function that returns an [`io::Result`]. The file is
/// dropped then, which tries once more to write its bytes, see [the crate's documentation](crate#drop).
///
/// The message is that of the [`io::Error`], and [`source`](Error::source) is the source of that error, so a
/// report that prints the whole chain shows each reason once.
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
    /// Boxed, because the success value is usually small.
    file: Box<AsyncFile<T>>,
    error: io::Error,
}

impl<T: Send + 'static> IntoInnerError<T> {
    /// Returns the error with which [`AsyncFile::into_inner`] failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    ///
    /// let mut file = create_file(&path).await?;
    /// file.close().await?;
    /// let error = file.into_inner().await.unwrap_err();
    /// println!("{}", error.error());
    /// # assert!(error.error().to_string().contains("closed"), "{error}");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// Returns the file.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    ///
    /// let mut file = create_file(&path).await?;
    /// file.close().await?;
    /// let error = file.into_inner().await.unwrap_err();
    /// assert!(error.into_inner().is_closed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> AsyncFile<T> {
        *self.file
    }

    /// Returns the error with which [`AsyncFile::into_inner`] failed, and drops the file.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    ///
    /// let mut file = create_file(&path).await?;
    /// file.close().await?;
    /// let error = file.into_inner().await.unwrap_err();
    /// let error: std::io::Error = error.into_error();
    /// println!("{error}");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
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
    /// Same as [`IntoInnerError::into_error`].
    fn from(error: IntoInnerError<T>) -> io::Error {
        error.into_error()
    }
}
